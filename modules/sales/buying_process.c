/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a customer from hearing of us to owning something of us, which module cares for each
 * step of it, and how many are there. */
#include "sales.h"

/* Who bought is a customer, also where nobody said so: only an order that is placed sets kind and
 * lifecycle by itself. */
#define WON(whom) "exists(opportunity." whom " where stage = 'won')"
#define ORDERED_BY(whom)                                                                           \
    "exists(order." whom " where placed_at is not null and state != 'cancelled')"
/* With the stages that stand before proposal, as the company has them. */
#define BEFORE_OFFER "opportunity where stage in ('won'%s) and stage != 'won' : count() as n"
#define WITH_OFFER   "opportunity where stage not in ('won', 'lost'%s) : count() as n"
#define STEP_MODULES 2
static const struct {
    const char *phase, *modules[STEP_MODULES], *what, *query, *with_orders;
} steps[] = {
    {"awareness", {"campaign"}, "new leads", "lead where state = 'new' : count() as n", NULL},
    {"search",
     {"campaign", "sales"},
     "leads that somebody cares for",
     "lead where state = 'working' : count() as n",
     NULL},
    {"evaluation",
     {"campaign", "sales"},
     "qualified leads",
     "lead where state = 'qualified' : count() as n",
     NULL},
    {"evaluation", {"campaign", "sales"}, "deals before an offer", BEFORE_OFFER, NULL},
    {"purchase", {"sales"}, "deals with an offer", WITH_OFFER, NULL},
    {"post_purchase",
     {"feedback"},
     "accounts that are customers or have bought",
     "account where kind = 'customer' or " WON("account") " : count() as n",
     "account where kind = 'customer' or " WON("account") " or " ORDERED_BY("account") " : count() "
                                                                                       "as n"},
    {"post_purchase",
     {"feedback"},
     "people who are customers or have bought",
     "contact where lifecycle not in ('prospect', 'lost') or " WON("contact") " : count() as n",
     "contact where lifecycle not in ('prospect', 'lost') or " WON("contact") " or " ORDERED_BY(
         "contact") " : count() as n"},
};
#define STEPS (sizeof steps / sizeof *steps)
_Static_assert(STEPS == BUYING_STEPS, "the instance has a query for each step");

static kith_status process_action(kith_instance *self, kith_call *call, kith_error *err) {
    for (size_t i = 0; i < STEPS; i++) {
        char modules[100] = "", absent[100] = "";
        struct {
            kith_value phase, modules, absent, what, count;
        } row = {.phase = kith_text(steps[i].phase), .what = kith_text(steps[i].what)};
        for (int k = 0; k < STEP_MODULES && steps[i].modules[k]; k++) {
            const char *name = steps[i].modules[k];
            char *lists[] = {modules, self->host->enabled(self->host, name) ? NULL : absent};
            for (int j = 0; j < 2; j++)
                if (lists[j]) {
                    const size_t at = strlen(lists[j]);
                    (void)snprintf(lists[j] + at, 100 - at, "%s%s", at ? ", " : "", name);
                }
        }
        row.modules = kith_text(modules);
        row.absent = *absent ? kith_text(absent) : kith_null();
        KITH_TRY(KITH_TOTAL(self, self->calls->view(call), self->after.query.steps[i], 0, NULL,
                            &row.count, err));
        KITH_TRY(KITH_ROW(self, call, &row, err));
    }
    return KITH_OK;
}

static const kith_field columns[] = {
    F("phase", CHOICE, .options = "awareness,search,evaluation,purchase,post_purchase",
      .doc = "How far they are."),
    F("modules", TEXT, .doc = "Which modules care for them there."),
    F("absent", TEXT, .doc = "Those of them that are not enabled."),
    F("what", TEXT, .doc = "Who is there."),
    F("count", INTEGER, .doc = "How many."),
};
static const kith_action actions[] = {
    {.name = "buying_process",
     .doc = "How many are in each phase of buying, and which module cares for them there.",
     .effect = KITH_EFFECT_READ,
     .fn = process_action,
     .columns = KITH_ARRAY(columns)},
};

/* A company without the stage proposal has all open ones before an offer. */
static void stages_before_offer(const kith_instance *self, char *out, size_t room) {
    const int offered = stage_place(self, kith_str_of("proposal"));
    size_t n = 0;
    *out = '\0';
    for (int i = 0; i < (offered < 0 ? self->deals.won : offered) && n < room; i++) {
        const kith_str name = self->deals.stages[i].name.as.s;
        n += (size_t)snprintf(out + n, room - n, ", '%.*s'", KITH_CHARS(name));
    }
}

static kith_status begin(kith_instance *self, kith_error *err) {
    char before[STAGES_MAX * 60], text[sizeof before + 200];
    const int32_t orders = self->host->enabled(self->host, "commerce");
    stages_before_offer(self, before, sizeof before);
    for (size_t i = 0; i < STEPS; i++) {
        const char *query = orders && steps[i].with_orders ? steps[i].with_orders : steps[i].query;
        const char *gap = strstr(query, "%s");
        (void)snprintf(text, sizeof text, "%.*s%s%s", gap ? (int)(gap - query) : (int)strlen(query),
                       query, gap ? before : "", gap ? gap + 2 : "");
        KITH_TRY(
            self->records->query(self->host, kith_str_of(text), &self->after.query.steps[i], err));
    }
    return KITH_OK;
}

const kith_part buying_process_part = {
    .struct_size = sizeof buying_process_part,
    .begin = begin,
    .actions = KITH_ARRAY(actions),
};
