/* SPDX-License-Identifier: Apache-2.0 */
/* Do visits keep customers? How many of those who were visited, or spoken to by another channel,
 * bought no more, and how many of the others; by how much that differs, and how sure that is. Who
 * is visited is chosen, so the difference may be that of the choice: unless chance chose. */
#include "sales.h"
#include <math.h>

#define NINETY_FIVE 1.959963984540054 /* of the normal distribution: 95 % lie within */
#define SMALL       30                /* below this an interval is not to be trusted much */

struct effect_args {
    kith_value since, until, by, channel, days, lookback;
};
/* Those who were visited, and the others. */
enum { TREATED, OTHERS, SIDES };
struct side {
    kith_value customers, churned;
};

static kith_status count_side(kith_instance *self, const kith_txn *txn, int by, int orders,
                              const struct effect_args *a, int side, struct side *out,
                              kith_error *err) {
    const kith_value from = kith_date(a->since.as.i - a->lookback.as.i),
                     end = kith_date(a->until.as.i + a->days.as.i);
    kith_value params[5] = {from, a->since, a->until};
    uint32_t n = 3;
    if (by == EFFECT_CHANNEL)
        params[n++] = a->channel;
    if (by == EFFECT_ASSIGNED) {
        params[2] = kith_text(side == TREATED ? "visit" : "control");
        n = 3;
    }
    const uint32_t *query = self->after.query.effect[orders][by][side];
    KITH_TRY(KITH_TOTAL(self, txn, query[0], n, params, &out->customers, err));
    if (by == EFFECT_ASSIGNED)
        params[n++] = a->until;
    params[n++] = end;
    return KITH_TOTAL(self, txn, query[1], n, params, &out->churned, err);
}

/* Wilson's interval of a share. */
static void interval(const struct side *s, double *low, double *high) {
    const double n = (double)s->customers.as.i, p = (double)s->churned.as.i / n, z = NINETY_FIVE;
    const double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
    const double half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    *low = middle - half;
    *high = middle + half;
}

static kith_value points(double share) {
    return kith_decimal((int64_t)llround(share * 10000), 2);
}

struct effect_results {
    kith_value difference, low, high, sure, random, warning;
};

/* Newcombe's interval of the difference of two shares (his method 10). */
static void compare(const struct side *s, struct effect_results *out) {
    double low[SIDES], high[SIDES], share[SIDES];
    if (s[TREATED].customers.as.i == 0 || s[OTHERS].customers.as.i == 0)
        return;
    for (int i = 0; i < SIDES; i++) {
        interval(&s[i], &low[i], &high[i]);
        share[i] = (double)s[i].churned.as.i / (double)s[i].customers.as.i;
    }
    const double d = share[TREATED] - share[OTHERS];
    const double below = d - hypot(share[TREATED] - low[TREATED], high[OTHERS] - share[OTHERS]);
    const double above = d + hypot(high[TREATED] - share[TREATED], share[OTHERS] - low[OTHERS]);
    out->difference = points(d);
    out->low = points(below);
    out->high = points(above);
    out->sure = kith_bool(below > 0 || above < 0);
}

static void warn(const struct side *s, int by, char *out, size_t room) {
    const int32_t few = s[TREATED].customers.as.i < SMALL || s[OTHERS].customers.as.i < SMALL;
    (void)snprintf(out, room, "%s%s%s",
                   by == EFFECT_ASSIGNED
                       ? ""
                       : "Who is spoken to is chosen: the difference may be that "
                         "of the choice. Let chance choose by sales.visit_groups, "
                         "and ask with by=assigned.",
                   few && by != EFFECT_ASSIGNED ? " " : "",
                   few ? "There are fewer than 30 customers in a group." : "");
}

static kith_status check_days(kith_instance *self, const struct effect_args *a, kith_error *err) {
    char day[KITH_NUMBER_TEXT];
    const kith_value end = kith_date(a->until.as.i + a->days.as.i);
    if (a->until.as.i < a->since.as.i)
        return kith_fail(err, KITH_E_INVAL, "until", "until: it lies before since; exchange them");
    self->numbers->text(&end, day);
    if (end.as.i >= KITH_TODAY(self).as.i)
        return kith_fail(err, KITH_E_INVAL, "days",
                         "days: who buys no more is known after %s; ask for fewer days, or for an "
                         "earlier time",
                         day);
    return KITH_OK;
}

static kith_status effect_action(kith_instance *self, kith_call *call, kith_error *err) {
    static const char *const names[SIDES] = {"yes", "no"};
    const kith_txn *txn = self->calls->view(call);
    const int orders = counts_orders(self);
    struct effect_args a;
    struct side sides[SIDES];
    struct effect_results results = {.difference = kith_null()};
    char warning[300];
    KITH_TRY(KITH_ARGS(self, call, &a, err));
    KITH_TRY(check_days(self, &a, err));
    const int by = kith_is(a.by, "assigned") ? EFFECT_ASSIGNED
                   : kith_has(a.channel)     ? EFFECT_CHANNEL
                                             : EFFECT_VISIT;
    for (int i = 0; i < SIDES; i++)
        KITH_TRY(count_side(self, txn, by, orders, &a, i, &sides[i], err));
    for (int i = 0; i < SIDES; i++) {
        const struct {
            kith_value visited, customers, churned, churn;
        } row = {kith_text(names[i]), sides[i].customers, sides[i].churned,
                 percent_share(sides[i].churned.as.i, sides[i].customers.as.i)};
        KITH_TRY(KITH_ROW(self, call, &row, err));
    }
    compare(sides, &results);
    warn(sides, by, warning, sizeof warning);
    results.random = kith_bool(by == EFFECT_ASSIGNED);
    results.warning = *warning ? kith_text(warning) : kith_null();
    return KITH_RESULTS(self, call, &results, err);
}

/* -- chance -------------------------------------------------------------------------------------
 */

/* A number that looks like chance, of an id and a moment (SplitMix64). */
static uint64_t scatter(uint64_t x) {
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static kith_status groups_action(kith_instance *self, kith_call *call, kith_error *err) {
    kith_txn *txn = self->calls->txn(call);
    const uint64_t moment = scatter((uint64_t)KITH_NOW(self).as.i);
    struct {
        kith_value tag, share;
    } args;
    struct grouped *accounts;
    uint64_t count;
    int64_t counts[SIDES] = {0};
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    const int one = kith_has(args.tag);
    KITH_TRY(KITH_FIND(self, txn, after.grouped, self->after.query.ungrouped[one], (uint32_t)one,
                       &args.tag, &accounts, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        const kith_id id = accounts[i].id.as.link.id;
        const int side = scatter(id ^ moment) % 100 < (uint64_t)args.share.as.i ? TREATED : OTHERS;
        counts[side]++;
        KITH_TRY(KITH_SET(self, txn, after.grouped, visit_group, id,
                          kith_text(side == TREATED ? "visit" : "control"), err));
    }
    const struct {
        kith_value visit, control;
    } results = {kith_int(counts[TREATED]), kith_int(counts[OTHERS])};
    return KITH_RESULTS(self, call, &results, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field account_fields[] = {
    F("visit_group", CHOICE, .options = "visit,control", .flags = KITH_FF_INDEXED,
      .doc = "Whether it is to be visited or left alone, to learn what visits do; chance says it."),
};
static const kith_type types[] = {
    {.name = "account", .fields = KITH_ARRAY(account_fields), .extends = 1},
};
static const kith_field effect_params[] = {
    F("since", DATE, .flags = KITH_FF_REQUIRED, .doc = "Visits from this day on."),
    F("until", DATE, .flags = KITH_FF_REQUIRED, .doc = "And up to this one."),
    F("by", CHOICE, .options = "contact,assigned", .default_text = "contact",
      .doc = "contact: who was visited and who was not; assigned: visit_group, whoever was."),
    F("channel", CHOICE,
      .options = "email,call,sms,meeting,chat,chatbot,social,web,form,mail,store,fax",
      .doc = "Instead of visits: contacts by this channel."),
    F("days", INTEGER, .default_text = "90", .min = "1", .max = "3650",
      .doc = "Who buys nothing for so long after until is lost."),
    F("lookback", INTEGER, .default_text = "365", .min = "1", .max = "3650",
      .doc = "Customers are those who bought in so many days before since."),
};
static const kith_field effect_columns[] = {
    F("visited", TEXT, .doc = "yes: they were, or are of the group visit; no: the others."),
    F("customers", INTEGER, .doc = "How many they are."),
    F("churned", INTEGER, .doc = "How many of them bought no more."),
    F("churn", PERCENT, .doc = "The share of these in percent."),
};
static const kith_field effect_results[] = {
    F("difference", PERCENT, .doc = "Churn of the visited less that of the others, in points."),
    F("low", PERCENT, .doc = "With 95 percent it is not below this,"),
    F("high", PERCENT, .doc = "nor above this (Newcombe's interval)."),
    F("sure", BOOLEAN, .doc = "The interval does not hold zero."),
    F("random", BOOLEAN, .doc = "Chance said who is visited."),
    F("warning", TEXT, .doc = "Why the difference may not be that of the visits."),
};
static const kith_field groups_params[] = {
    F("tag", TEXT, .doc = "Only accounts with this tag."),
    F("share", INTEGER, .default_text = "50", .min = "1", .max = "99",
      .doc = "How many percent are to be visited."),
};
static const kith_field groups_results[] = {
    F("visit", INTEGER, .doc = "So many are to be visited."),
    F("control", INTEGER, .doc = "So many are left alone."),
};
static const kith_action actions[] = {
    {.name = "visit_effect",
     .doc = "Whether customers who were visited are lost less often than others, and how sure that "
            "is.",
     .effect = KITH_EFFECT_READ,
     .fn = effect_action,
     .params = KITH_ARRAY(effect_params),
     .results = KITH_ARRAY(effect_results),
     .columns = KITH_ARRAY(effect_columns)},
    {.name = "visit_groups",
     .doc = "Has chance say which accounts are visited and which are left alone; 5,000 at once, "
            "those without a group.",
     .effect = KITH_EFFECT_WRITE,
     .fn = groups_action,
     .params = KITH_ARRAY(groups_params),
     .results = KITH_ARRAY(groups_results)},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("account", after.grouped, GROUPED),
    KITH_WANT(QUERY, "account where visit_group is null order by id limit 5000",
              after.query.ungrouped[0]),
    KITH_WANT(QUERY, "account where visit_group is null and tagged(:tag) order by id limit 5000",
              after.query.ungrouped[1]),
};

/* Who bought before, by which of three marks they are parted, and who bought no more. */
static kith_status ask_effect(kith_instance *self, int orders, int by, int side, kith_error *err) {
    static const char *const buys[] = {"opportunity.account where stage = 'won' and closed_at",
                                       "order.account where " PLACED " and placed_at"};
    static const char *const times[] = {"closed_at", "placed_at"};
    static const char *const marks[] = {
        "exists(interaction.account where planned = false and visit and at >= :since and at <= "
        ":until",
        "exists(interaction.account where planned = false and at >= :since and at <= :until and "
        "channel = :channel",
        "visit_group = :group"};
    /* An order that commerce notes as a purchase is no talk. */
    const char *const end = by == EFFECT_ASSIGNED                         ? ""
                            : self->host->enabled(self->host, "commerce") ? " and order is null)"
                                                                          : ")";
    const char *b = buys[orders], *t = times[orders];
    const char *no = side == OTHERS && by != EFFECT_ASSIGNED ? "not " : "";
    char text[800], lost[300];
    (void)snprintf(lost, sizeof lost, " and not exists(%s > :until and %s <= :end)", b, t);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(text, sizeof text,
                       "account where exists(%s >= :from and %s < :since) and %s%s%s%s"
                       " : count() as customers",
                       b, t, no, marks[by], end, i ? lost : "");
        KITH_TRY(self->records->query(self->host, kith_str_of(text),
                                      &self->after.query.effect[orders][by][side][i], err));
    }
    return KITH_OK;
}

static kith_status begin(kith_instance *self, kith_error *err) {
    const int ways = self->host->enabled(self->host, "commerce") ? 2 : 1;
    for (int orders = 0; orders < ways; orders++)
        for (int by = 0; by < EFFECT_BY; by++)
            for (int side = 0; side < SIDES; side++)
                KITH_TRY(ask_effect(self, orders, by, side, err));
    return KITH_OK;
}

const kith_part visit_effect_part = {
    .struct_size = sizeof visit_effect_part,
    .wants = KITH_ARRAY(wants),
    .begin = begin,
    .types = KITH_ARRAY(types),
    .actions = KITH_ARRAY(actions),
};
