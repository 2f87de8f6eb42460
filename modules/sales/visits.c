/* SPDX-License-Identifier: Apache-2.0 */
/* Visits: whom a seller goes to see, where, when, and what is missing for each; and those that were
 * for nothing. */
#include "sales.h"

#define TEXT_MAX 300

struct visit_row {
    kith_value visit, at, ends, account, contact, place, purpose, problems, pipeline, last, missing,
        clash;
};

/* Behind what stands there, with a comma between, as long as there is room. */
static void append(char *out, const char *what, size_t len) {
    const size_t at = strlen(out);
    if (len && at + len + 3 < TEXT_MAX)
        (void)snprintf(out + at, TEXT_MAX - at, "%s%.*s", at ? ", " : "", (int)len, what);
}
static void append_text(char *out, const kith_value *text) {
    if (text->kind == KITH_TEXT)
        append(out, text->as.s.ptr, (size_t)text->as.s.len);
}

/* The place that was agreed on, else the address of the organisation, else of the person. */
static void place_of(const struct trip *t, const struct site *site, const struct home *home,
                     char *out) {
    append_text(out, &t->visit_place);
    if (!*out) {
        append_text(out, &site->shipping_street);
        append_text(out, &site->shipping_city);
    }
    if (!*out) {
        append_text(out, &site->billing_street);
        append_text(out, &site->billing_city);
    }
    if (!*out) {
        append_text(out, &home->street);
        append_text(out, &home->city);
    }
}

static void missing_of(const struct trip *t, const char *place, char *out) {
    const struct {
        int32_t is;
        const char *what;
    } list[] = {
        {!*place, "where"},
        {!kith_has(t->contact), "whom"},
        {!kith_has(t->subject), "about what"},
        {!kith_has(t->duration), "how long"},
        {t->confirmed.kind != KITH_BOOL || !t->confirmed.as.i, "the customer's word"},
        {t->open_problems.kind == KITH_INT && t->open_problems.as.i > 0, "problems to be solved"},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (list[i].is)
            append(out, list[i].what, strlen(list[i].what));
}

static int64_t end_of(const struct trip *t) {
    return t->at.as.i + (t->duration.kind == KITH_DURATION ? t->duration.as.i : 0);
}

/* The one before of the same seller lasts into it. */
static int32_t clashes(const struct trip *trips, uint64_t at) {
    const struct trip *t = &trips[at];
    for (uint64_t i = at; i-- > 0;)
        if (kith_has(t->owner) && kith_equal(trips[i].owner, t->owner) &&
            end_of(&trips[i]) > t->at.as.i)
            return 1;
    return 0;
}

static kith_status give_visit(kith_instance *self, kith_call *call, const struct trip *trips,
                              uint64_t i, kith_error *err) {
    const struct trip *t = &trips[i];
    const kith_txn *txn = self->calls->view(call);
    struct site site;
    struct home home;
    char place[TEXT_MAX] = "", missing[TEXT_MAX] = "";
    KITH_TRY(KITH_FOLLOW(self, txn, after.home, t->contact, &home, err));
    const kith_value *account = kith_has(t->account) ? &t->account : &home.account;
    const kith_status st = KITH_FOLLOW(self, txn, after.site, *account, &site, err);
    if (st == KITH_E_NOTFOUND && account == &home.account)
        account = &t->account; /* they see the person alone */
    else
        KITH_TRY(st);
    place_of(t, &site, &home, place);
    missing_of(t, place, missing);
    const struct visit_row row = {t->id,
                                  t->at,
                                  kith_time(end_of(t)),
                                  *account,
                                  t->contact,
                                  *place ? kith_text(place) : kith_null(),
                                  t->subject,
                                  t->open_problems,
                                  site.pipeline,
                                  site.id.kind ? site.last_interaction : home.last_interaction,
                                  *missing ? kith_text(missing) : kith_null(),
                                  kith_bool(clashes(trips, i))};
    return KITH_ROW(self, call, &row, err);
}

static kith_status plan_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct {
        kith_value seller, since, days;
    } args;
    struct trip *trips;
    uint64_t count;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    const int one = args.seller.kind == KITH_LINK;
    if (!kith_has(args.since))
        args.since = KITH_TODAY(self);
    const kith_value params[] = {args.since, kith_date(args.since.as.i + args.days.as.i),
                                 args.seller};
    KITH_TRY(KITH_FIND(self, self->calls->view(call), after.trip, self->after.query.trips[one],
                       one ? 3 : 2, params, &trips, &count, err));
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(give_visit(self, call, trips, i, err));
    return KITH_OK;
}

/* What is about a deal is with whom the deal is. */
static kith_status of_deal_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                kith_error *err) {
    kith_value about;
    struct bid deal;
    KITH_TRY(self->records->read(txn, change->after, 1, &self->interaction.about, &about, err));
    if (about.kind != KITH_LINK || about.as.link.type != self->opportunity.type)
        return KITH_OK;
    KITH_TRY(KITH_LOAD(self, txn, regions.bid, about.as.link.id, &deal, err));
    return deal.account.kind == KITH_LINK
               ? self->records->set(txn, change, 1, &self->regions.talk.account, &deal.account, err)
               : KITH_OK;
}

static kith_status wasted_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                               kith_error *err) {
    (void)self, (void)txn, (void)change;
    return kith_fail(err, KITH_E_REFUSED, "wasted",
                     "wasted: only a visit that took place is; write visit=true and planned=false");
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field fields[] = {
    F("visit", BOOLEAN, .doc = "Somebody goes to see the customer."),
    F("visit_place", TEXT, .doc = "Where, when that is not the customer's address."),
    F("wasted", CHOICE, .options = "nobody_there,wrong_person,wrong_place,wrong_time,not_prepared",
      .doc = "The visit was for nothing, and why."),
};
static const kith_field account_fields[] = {
    F("visits", INTEGER, .rollup = "count(interaction via account where visit and planned = false)",
      .doc = "How often somebody went to see it."),
};
static const kith_type types[] = {
    {.name = "interaction", .fields = KITH_ARRAY(fields), .extends = 1},
    {.name = "account", .fields = KITH_ARRAY(account_fields), .extends = 1},
};
static const char *const waste[] = {"wasted", "visit", "planned"};
static const char *const about_what[] = {"about"};
static const kith_hook hooks[] = {
    {.name = "of_deal",
     .type = "interaction",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .priority = -10, /* the open problems of the account are counted behind it */
     .fn = of_deal_hook,
     .except = KITH_FROM(UNDO),
     .where = "about is not null and account is null",
     .fields = KITH_ARRAY(about_what),
     .doc = "A talk or visit about an opportunity is with its account."},
    {.name = "wasted",
     .type = "interaction",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .fn = wasted_hook,
     .where = "wasted is not null and (planned or visit is null or not visit)",
     .fields = KITH_ARRAY(waste),
     .doc = "Lets only visits that took place be wasted."},
};
static const kith_field params[] = {
    F("seller", LINK, .options = "user", .doc = "Of this one alone."),
    F("since", DATE, .doc = "From this day on; today without it."),
    F("days", INTEGER, .default_text = "7", .min = "1", .max = "366", .doc = "So many days."),
};
static const kith_field columns[] = {
    F("visit", LINK, .options = "interaction", .doc = "The visit."),
    F("at", TIME, .doc = "When it begins."),
    F("ends", TIME, .doc = "When it ends."),
    F("account", LINK, .options = "account", .doc = "To which organisation."),
    F("contact", LINK, .options = "contact", .doc = "To whom."),
    F("place", TEXT, .doc = "Where: as agreed, else the customer's address."),
    F("purpose", TEXT, .doc = "About what."),
    F("problems", INTEGER, .doc = "Open problems; sales.precall lists them."),
    F("pipeline", MONEY, .doc = "What open deals with the organisation may bring."),
    F("last", TIME, .doc = "When somebody last was in touch."),
    F("missing", TEXT, .doc = "What is not known or done yet; empty: it is prepared."),
    F("clash", BOOLEAN, .doc = "An earlier one of the same seller lasts into it."),
};
static const kith_action actions[] = {
    {.name = "visit_plan",
     .doc = "Visits of the next days: where, when, to whom, about what, and what is missing.",
     .effect = KITH_EFFECT_READ,
     .fn = plan_action,
     .params = KITH_ARRAY(params),
     .columns = KITH_ARRAY(columns)},
};
static const kith_report reports[] = {
    {.name = "visits",
     .doc = "Visits of each seller, and how many of them were for nothing and what they cost.",
     .query = "interaction where visit and planned = false group by owner.name as seller, wasted,"
              " cost.currency as currency : count() as visits, sum(cost) as cost"},
};

#define TRIPS "interaction where planned and visit and at >= :since and at < :until"
static const kith_want wants[] = {
    KITH_WANT_RECORD("interaction", after.trip, TRIP),
    KITH_WANT_RECORD("account", after.site, SITE),
    KITH_WANT_RECORD("contact", after.home, HOME),
    KITH_WANT(QUERY, TRIPS " order by at limit 500", after.query.trips[0]),
    KITH_WANT(QUERY, TRIPS " and owner = :seller order by at limit 500", after.query.trips[1]),
};
const kith_part visits_part = {
    .struct_size = sizeof visits_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .actions = KITH_ARRAY(actions),
    .reports = KITH_ARRAY(reports),
};
