/* SPDX-License-Identifier: Apache-2.0 */
/* What will be sold: the trend of the months that were, with an interval; and forecasts that are
 * kept once a month, to be compared with what came of them. Estimates are floating point; what was
 * sold is exact. */
#include "sales.h"
#include <math.h>

/* -- the trend ----------------------------------------------------------------------------------
 *
 * y(t) is what was won in month t = 0 ... n-1; this month, which is not over, is none of them.
 *   n >= 24  y = level(calendar month) + b t, by least squares
 *   n >= 6   y = a + b t, by least squares
 *   n >= 2   the mean, newer months weighing more: s = 0.3 y + 0.7 s (exponential smoothing)
 * The interval holds the true value in 8 of 10 cases, if months scatter as they did: 1.2816 times
 * the standard error of a single forecast. Nothing is sold below 0. */

#define SERIES_MAX 240
#define SEASONAL   24
#define STRAIGHT   6
#define ALPHA      0.3
#define EIGHTY     1.2815515655

struct series {
    double y[SERIES_MAX];
    int64_t first; /* the month of y[0], by its number */
    int n;
    char currency[4];
};

/* What was sold in each currency; a company that sells in more is told of the first ones. */
#define CURRENCIES_MAX 16
struct sold {
    struct series series[CURRENCIES_MAX];
    int count, n;
    int64_t first;
};

/* The model: a level for each calendar month, all the same without seasons; b for each month. */
struct trend {
    const char *method;
    double level[12], b, error; /* error: of one month, standard */
    double mean_t[12], sxx;
    int seen[12], smooth;
};

static int season_of(const struct series *s, int t, int seasons) {
    return seasons == 1 ? 0 : (int)((s->first + t) % 12);
}

static void add_up(const struct series *s, int seasons, struct trend *m) {
    double sy[12] = {0};
    for (int t = 0; t < s->n; t++) {
        const int k = season_of(s, t, seasons);
        m->seen[k]++;
        m->mean_t[k] += t;
        sy[k] += s->y[t];
    }
    for (int k = 0; k < seasons; k++) {
        m->mean_t[k] /= m->seen[k];
        m->level[k] = sy[k] / m->seen[k];
    }
}

/* Least squares with a level for each season: the slope within them, then the levels. */
static void fit_line(const struct series *s, int seasons, struct trend *m) {
    double sxy = 0, squares = 0;
    add_up(s, seasons, m);
    for (int t = 0; t < s->n; t++) {
        const int k = season_of(s, t, seasons);
        m->sxx += (t - m->mean_t[k]) * (t - m->mean_t[k]);
        sxy += (t - m->mean_t[k]) * (s->y[t] - m->level[k]);
    }
    m->b = sxy / m->sxx;
    for (int k = 0; k < seasons; k++)
        m->level[k] -= m->b * m->mean_t[k];
    for (int t = 0; t < s->n; t++) {
        const double off = s->y[t] - m->level[season_of(s, t, seasons)] - m->b * t;
        squares += off * off;
    }
    m->error = sqrt(squares / (s->n - seasons - 1));
}

static void fit_smooth(const struct series *s, struct trend *m) {
    double level = s->y[0], squares = 0;
    for (int t = 1; t < s->n; t++) {
        squares += (s->y[t] - level) * (s->y[t] - level);
        level = ALPHA * s->y[t] + (1 - ALPHA) * level;
    }
    m->level[0] = level;
    m->error = sqrt(squares / (s->n - 1));
    m->smooth = 1;
}

static int fit(const struct series *s, struct trend *m) {
    const int seasons = s->n >= SEASONAL ? 12 : 1;
    m->method = s->n >= SEASONAL   ? "seasonal"
                : s->n >= STRAIGHT ? "line"
                : s->n >= 2        ? "smoothing"
                                   : "none";
    if (s->n >= STRAIGHT)
        fit_line(s, seasons, m);
    else if (s->n >= 2)
        fit_smooth(s, m);
    return s->n >= 2;
}

/* The forecast for month t, and how far the interval reaches to both sides. */
static double foresee(const struct series *s, const struct trend *m, int t, double *width) {
    const int k = season_of(s, t, s->n >= SEASONAL ? 12 : 1);
    double spread = 1 + (t - s->n) * ALPHA * ALPHA;
    if (!m->smooth)
        spread = 1 + 1.0 / m->seen[k] + (t - m->mean_t[k]) * (t - m->mean_t[k]) / m->sxx;
    *width = EIGHTY * m->error * sqrt(spread);
    return m->level[k] + m->b * t;
}

/* What was sold in one month, in one currency; without one, without an amount. */
struct sold_in {
    kith_value year, month, currency, amount;
};

static void add_month(struct sold *all, const struct sold_in *of) {
    int at = 0;
    if (!kith_has(of->year) || !kith_has(of->currency) || !kith_has(of->amount))
        return;
    const int64_t t = month_of(of->year, of->month) - all->first;
    const char *currency = of->amount.as.money.currency;
    while (at < all->count && strcmp(all->series[at].currency, currency) != 0)
        at++;
    if (t < 0 || t >= SERIES_MAX || at == CURRENCIES_MAX)
        return;
    struct series *s = &all->series[at];
    if (at == all->count) {
        all->count++;
        *s = (struct series){.first = all->first, .n = all->n};
        memcpy(s->currency, currency, sizeof s->currency);
    }
    s->y[t] += (double)of->amount.as.money.minor;
}

static int months_with_sales(const struct series *s) {
    int count = 0;
    for (int t = 0; t < s->n; t++)
        count += s->y[t] != 0;
    return count;
}

/* The one that is asked for; else that in which something was sold in most months. */
static struct series *choose(struct sold *all, const kith_value *currency, char *others,
                             size_t room) {
    struct series *best = NULL;
    size_t used = 0;
    others[0] = '\0';
    for (int i = 0; i < all->count; i++)
        if (currency->kind == KITH_TEXT
                ? kith_is(*currency, all->series[i].currency)
                : !best || months_with_sales(&all->series[i]) > months_with_sales(best))
            best = &all->series[i];
    for (int i = 0; i < all->count && used < room; i++)
        if (&all->series[i] != best)
            used += (size_t)snprintf(others + used, room - used, "%s%s", used ? ", " : "",
                                     all->series[i].currency);
    return best;
}

/* A series begins with the first month in which something was sold. */
static void cut(struct series *s) {
    int from = 0;
    while (from < s->n && s->y[from] == 0)
        from++;
    memmove(s->y, s->y + from, (size_t)(s->n - from) * sizeof *s->y);
    s->n -= from;
    s->first += from;
}

static kith_value money_of(const struct series *s, double minor) {
    return kith_money(minor < 0 ? 0 : (int64_t)llround(minor), s->currency);
}

/* In columns of sales.trend. */
struct trend_row {
    kith_value month, actual, forecast, low, high, leads, from_leads;
};

static kith_status give_trend(kith_instance *self, kith_call *call, const struct series *s,
                              const struct trend *m, const struct lead_trend *leads, int ahead,
                              kith_error *err) {
    for (int t = 0; t < s->n + ahead; t++) {
        struct trend_row row = {.month = kith_date(month_from(s->first + t))};
        double width, value;
        if (t < s->n) {
            row.actual = money_of(s, s->y[t]);
        } else {
            value = foresee(s, m, t, &width);
            row.forecast = money_of(s, value);
            row.low = money_of(s, value - width);
            row.high = money_of(s, value + width);
        }
        if (leads)
            row.leads = lead_trend_leads(leads, s->first + t);
        if (leads && lead_trend_brings(leads, s->first + t, &value))
            row.from_leads = money_of(s, value);
        KITH_TRY(KITH_ROW(self, call, &row, err));
    }
    return KITH_OK;
}

/* What was won in whole months, from the first day of one up to that of another: by the totals,
 * where they have it. */
static kith_status won_by_month(kith_instance *self, const kith_txn *view, const kith_value *range,
                                struct sold_in **out, uint64_t *count, kith_error *err) {
    int32_t hold = 0;
    KITH_TRY(totals_hold(self, view, range[0].as.i, kith_months_on(range[1].as.i, -1), &hold, err));
    return KITH_GROUPS(self, view,
                       hold ? self->deals.query.won_totals : self->deals.query.won_months, 2, range,
                       out, count, err);
}

struct trend_args {
    kith_value of, months, ahead, currency, leads, product;
};

static kith_status check_trend(kith_instance *self, const kith_txn *view,
                               const struct trend_args *a, kith_error *err) {
    const kith_str code = a->product.as.s;
    int32_t there = 0;
    if (kith_is(a->of, "orders") && !self->deals.query.sold_months)
        return kith_fail(err, KITH_E_INVAL, "of",
                         "of: there are orders with the module commerce alone; enable it");
    if (!kith_has(a->product))
        return KITH_OK;
    if (!self->deals.query.product_by_code)
        return kith_fail(err, KITH_E_INVAL, "product",
                         "product: there are products with the module commerce alone; enable it");
    if (a->leads.as.i)
        return kith_fail(err, KITH_E_INVAL, "leads",
                         "leads: a lead is about no product; leave one of them out");
    KITH_TRY(kith_any(self->records, view, self->deals.query.product_by_code, 1, &a->product,
                      &there, err));
    return there ? KITH_OK
                 : kith_fail(err, KITH_E_NOTFOUND, "product",
                             "product: none has the code '%.*s'; see 'kith find product'",
                             KITH_CUT(code, 60));
}

/* What was sold in each month, of all or of one product. */
static kith_status read_sold(kith_instance *self, const kith_txn *view, const struct trend_args *a,
                             const kith_value range[2], struct sold *all, kith_error *err) {
    const int32_t orders = kith_is(a->of, "orders"), one = kith_has(a->product);
    const kith_value params[] = {range[0], range[1], a->product};
    struct sold_in *of;
    uint64_t count;
    KITH_TRY(orders || one ? KITH_GROUPS(self, view,
                                         !one     ? self->deals.query.sold_months
                                         : orders ? self->deals.query.sold_of_product
                                                  : self->deals.query.won_of_product,
                                         one ? 3 : 2, params, &of, &count, err)
                           : won_by_month(self, view, range, &of, &count, err));
    for (; count--; of++)
        add_month(all, of);
    return KITH_OK;
}

static kith_status trend_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct trend_args args;
    struct lead_trend *leads = NULL;
    struct trend m = {.method = "none"};
    struct series none = {.n = 0}, *s;
    const kith_txn *view = self->calls->view(call);
    struct sold *all;
    KITH_TRY(KITH_MEMORY(self, view, &all, 1, err));
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    const int64_t now = month_number(KITH_TODAY(self).as.i);
    all->n = (int)args.months.as.i;
    all->first = now - all->n;
    const kith_value range[] = {kith_date(month_from(all->first)), kith_date(month_from(now))};
    KITH_TRY(check_trend(self, view, &args, err));
    KITH_TRY(read_sold(self, view, &args, range, all, err));
    char why[200] = "", others[CURRENCIES_MAX * 5];
    s = choose(all, &args.currency, others, sizeof others);
    s = s ? s : &none;
    cut(s);
    const int known = fit(s, &m);
    if (!known)
        snprintf(why, sizeof why,
                 "2 months with sales are needed at least, and of the %lld before this one there "
                 "are %d; months= looks further back",
                 (long long)args.months.as.i, s->n);
    const struct {
        kith_value method, months, why, others;
    } results = {kith_text(m.method), kith_int(s->n), *why ? kith_text(why) : kith_null(),
                 *others ? kith_text(others) : kith_null()};
    if (args.leads.as.i && known)
        KITH_TRY(lead_trend_read(self, view, all->first, now, s->currency, &leads, err));
    KITH_TRY(KITH_RESULTS(self, call, &results, err));
    return give_trend(self, call, s, &m, leads, known ? (int)args.ahead.as.i : 0, err);
}

/* -- forecasts that are kept --------------------------------------------------------------------
 */

/* What one seller is likely to bring in one month, in one currency. */
struct outlook {
    kith_value owner, currency;
    int64_t month, deals, won, best, weighted, committed; /* amounts in minor units */
};
struct outlooks {
    kith_instance *self;
    struct outlook *items;
    uint64_t count, room;
};

/* That of the owner, the month and the currency of the amount. */
static kith_status outlook_of(struct outlooks *o, const kith_txn *txn, kith_value owner,
                              int64_t month, const kith_value *amount, struct outlook **out,
                              kith_error *err) {
    for (uint64_t i = 0; i < o->count; i++) {
        *out = &o->items[i];
        if ((*out)->month == month && kith_equal((*out)->owner, owner) &&
            strcmp((*out)->currency.as.money.currency, amount->as.money.currency) == 0)
            return KITH_OK;
    }
    KITH_TRY(KITH_GROW(o->self, txn, o, err));
    *out = &o->items[o->count++];
    **out = (struct outlook){.owner = owner, .month = month, .currency = *amount};
    return KITH_OK;
}

/* What is open, what is reckoned with, and what is won already in a month that goes on. */
static kith_status read_outlooks(struct outlooks *all, const kith_txn *txn,
                                 const kith_value params[3], kith_error *err) {
    kith_instance *self = all->self;
    const struct { kith_value owner, month, currency, deals, amount, weighted; } * open;
    const struct { kith_value owner, month, currency, amount; } * sure;
    const struct { kith_value owner, year, month, currency, amount; } * won;
    struct outlook *o;
    uint64_t n;
    KITH_TRY(KITH_GROUPS(self, txn, self->deals.query.pipeline, 2, params, &open, &n, err));
    for (; n--; open++) {
        if (!kith_has(open->month) || !kith_has(open->amount))
            continue;
        KITH_TRY(outlook_of(all, txn, open->owner, open->month.as.i, &open->amount, &o, err));
        o->deals += open->deals.as.i;
        o->best += minor_of(&open->amount);
        o->weighted += minor_of(&open->weighted);
    }
    KITH_TRY(KITH_GROUPS(self, txn, self->deals.query.committed, 3, params, &sure, &n, err));
    for (; n--; sure++) {
        if (!kith_has(sure->month) || !kith_has(sure->amount))
            continue;
        KITH_TRY(outlook_of(all, txn, sure->owner, sure->month.as.i, &sure->amount, &o, err));
        o->committed += minor_of(&sure->amount);
    }
    KITH_TRY(KITH_GROUPS(self, txn, self->deals.query.outcomes, 2, params, &won, &n, err));
    for (; n--; won++) {
        if (!kith_has(won->amount))
            continue;
        const int64_t month = kith_days((int32_t)won->year.as.i, (int32_t)won->month.as.i, 1);
        KITH_TRY(outlook_of(all, txn, won->owner, month, &won->amount, &o, err));
        o->won += minor_of(&won->amount);
    }
    return KITH_OK;
}

static kith_value outlook_money(const struct outlook *o, int64_t minor) {
    kith_value v = o->currency;
    v.as.money.minor = minor;
    return v;
}

static kith_status keep_snapshots(kith_instance *self, kith_txn *txn, int64_t today,
                                  kith_error *err) {
    const int64_t from = month_first(today);
    struct outlooks all = {.self = self};
    const kith_value params[] = {kith_date(from),
                                 kith_date(kith_months_on(from, self->deals.horizon.as.i)),
                                 self->deals.committed};
    KITH_TRY(read_outlooks(&all, txn, params, err));
    for (uint64_t i = 0; i < all.count; i++) {
        const struct outlook *o = &all.items[i];
        struct snapshot s = {.day = kith_date(today),
                             .month = kith_date(o->month),
                             .deals = kith_int(o->deals),
                             .weighted = outlook_money(o, o->won + o->weighted),
                             .best_case = outlook_money(o, o->won + o->best),
                             .committed = outlook_money(o, o->won + o->committed),
                             .owner = o->owner};
        KITH_TRY(KITH_CREATE(self, txn, deals.snapshot, &s, err));
    }
    return KITH_OK;
}

/* Once a month, on the day that the setting says, or later when that night was missed. */
static kith_status snapshot_timer(kith_instance *self, kith_txn *txn, const kith_firing *firing,
                                  kith_error *err) {
    const int64_t today = KITH_TODAY(self).as.i, first = month_first(today);
    const kith_value since = kith_date(first);
    int32_t kept = 0;
    (void)firing;
    if (self->deals.snapshot_day.as.i == 0 || today - first + 1 < self->deals.snapshot_day.as.i)
        return KITH_OK;
    KITH_TRY(kith_any(self->records, txn, self->deals.query.snapshot_since, 1, &since, &kept, err));
    return kept ? KITH_OK : keep_snapshots(self, txn, today, err);
}

/* -- forecast and outcome -----------------------------------------------------------------------
 */

#define OUTCOMES_MAX (SERIES_MAX * 4)

/* Those with an amount. */
static kith_status read_outcomes(kith_instance *self, const kith_txn *view, const kith_value *range,
                                 struct sold_in **out, uint64_t *count, kith_error *err) {
    uint64_t n;
    KITH_TRY(won_by_month(self, view, range, out, &n, err));
    *count = 0;
    for (uint64_t i = 0; i < n; i++)
        if (kith_has((*out)[i].currency) && kith_has((*out)[i].amount))
            (*out)[(*count)++] = (*out)[i];
    return *count <= OUTCOMES_MAX
               ? KITH_OK
               : kith_fail(err, KITH_E_LIMIT, "since",
                           "since: %d months, each in each currency, are too many at once; ask "
                           "for fewer",
                           OUTCOMES_MAX);
}

/* In columns of sales.forecast_check. */
struct check_row {
    kith_value month, day, ahead, weighted, best_case, committed, outcome, error;
};
struct foreseen {
    kith_value month, day, currency, weighted, best_case, committed;
};

static struct check_row compare(const struct foreseen *f, const struct sold_in *outcomes,
                                uint64_t count, int64_t now) {
    const int64_t month = month_number(f->month.as.i);
    struct check_row row = {f->month,    f->day,       kith_int(month - month_number(f->day.as.i)),
                            f->weighted, f->best_case, .committed = f->committed};
    if (month >= now)
        return row; /* it is not over */
    row.outcome = f->weighted;
    row.outcome.as.money.minor = 0;
    for (uint64_t i = 0; i < count; i++)
        if (month_of(outcomes[i].year, outcomes[i].month) == month &&
            kith_equal(f->currency, outcomes[i].currency))
            row.outcome = outcomes[i].amount;
    if (minor_of(&row.outcome))
        row.error =
            percent_share(minor_of(&f->weighted) - minor_of(&row.outcome), minor_of(&row.outcome));
    return row;
}

static kith_status check_action(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *view = self->calls->view(call);
    struct {
        kith_value since, until;
    } args;
    struct sold_in *outcomes;
    const struct foreseen *f;
    uint64_t outcome_count, count;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    const kith_value months[] = {kith_date(month_first(args.since.as.i)),
                                 kith_date(kith_months_on(month_first(args.until.as.i), 1))};
    KITH_TRY(read_outcomes(self, view, months, &outcomes, &outcome_count, err));
    KITH_TRY(KITH_GROUPS(self, view, self->deals.query.snapshots, 2, months, &f, &count, err));
    for (; count--; f++) {
        const struct check_row row =
            compare(f, outcomes, outcome_count, month_number(KITH_TODAY(self).as.i));
        KITH_TRY(KITH_ROW(self, call, &row, err));
    }
    return KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

#define KEPT KITH_FF_READONLY
static const kith_field snapshot_fields[] = {
    F("day", DATE, .flags = KEPT | KITH_FF_INDEXED, .doc = "When it was foreseen."),
    F("month", DATE, .flags = KEPT | KITH_FF_INDEXED, .doc = "For which month, by its first day."),
    F("deals", INTEGER, .flags = KEPT, .doc = "Open opportunities that were to close in it."),
    F("weighted", MONEY, .flags = KEPT,
      .doc = "What was won in it by then, and what was likely to come: amount times probability."),
    F("best_case", MONEY, .flags = KEPT, .doc = "The same, if all were won."),
    F("committed", MONEY, .flags = KEPT,
      .doc = "The same, if those were won that were at sales.forecasts.committed or more."),
};
static const kith_type types[] = {
    {.name = "forecast_snapshot",
     .doc = "What one seller, its owner, was likely to bring in one month, as it was foreseen on "
            "one day.",
     .title = "month",
     .fields = KITH_ARRAY(snapshot_fields)},
};
static const kith_setting settings[] = {
    {.key = "forecasts.day",
     .kind = KITH_INT,
     .default_text = "1",
     .min = 0,
     .max = 28,
     .doc =
         "On this day of a month forecasts are kept, to be compared with the outcome; 0: never."},
    {.key = "forecasts.months",
     .kind = KITH_INT,
     .default_text = "3",
     .min = 1,
     .max = 24,
     .doc = "For so many months, this one included."},
    {.key = "forecasts.committed",
     .kind = KITH_INT,
     .default_text = "80",
     .min = 10,
     .max = 90,
     .doc = "From this probability on a deal is reckoned with."},
};
static const kith_timer timers[] = {
    {.name = "snapshot",
     .cron = "40 3 * * *",
     .fn = snapshot_timer,
     .doc = "Keeps the forecast once a month."},
};
static const kith_field trend_params[] = {
    F("of", CHOICE, .options = "deals,orders", .default_text = "deals",
      .doc = "Deals that were won, or orders that were placed, without tax."),
    F("months", INTEGER, .default_text = "36", .min = "2", .max = "240",
      .doc = "How many months back are looked at; this one is not over and none of them."),
    F("ahead", INTEGER, .default_text = "6", .min = "1", .max = "36",
      .doc = "How many are foreseen, this one included."),
    F("currency", TEXT,
      .doc = "What was sold in this one: EUR; without it that of the most months with sales."),
    F("leads", BOOLEAN, .default_text = "false",
      .doc = "Tell also how many leads came, and what those that are there will bring."),
    F("product", TEXT,
      .doc = "Of the product with this code alone, its variants included (commerce)."),
};
static const kith_field trend_results[] = {
    F("method", CHOICE, .options = "seasonal,line,smoothing,none",
      .doc = "By how many months there are: 24, 6, 2, fewer."),
    F("months", INTEGER, .doc = "How many there are, from the first with a sale on."),
    F("why", LONGTEXT, .doc = "Why nothing is foreseen."),
    F("others", TEXT, .doc = "In which currencies something was sold, too; none of that is here."),
};
static const kith_field trend_columns[] = {
    F("month", DATE, .doc = "Its first day."),
    F("actual", MONEY, .doc = "What was won, or ordered, in it."),
    F("forecast", MONEY, .doc = "What will be, as it looks."),
    F("low", MONEY, .doc = "In 8 of 10 cases it is between this"),
    F("high", MONEY, .doc = "and this."),
    F("leads", INTEGER, .doc = "With leads=true: how many leads came in it."),
    F("from_leads", MONEY,
      .doc = "With leads=true: what won deals of leads brought; of months to come: what the leads "
             "that are there will bring, if they do as those before."),
};
static const kith_field check_params[] = {
    F("since", DATE, .flags = KITH_FF_REQUIRED, .doc = "Forecasts for months from this one on."),
    F("until", DATE, .flags = KITH_FF_REQUIRED, .doc = "Up to this one."),
};
static const kith_field check_columns[] = {
    F("month", DATE, .doc = "The month that was foreseen."),
    F("day", DATE, .doc = "When."),
    F("ahead", INTEGER, .doc = "How many months before."),
    F("weighted", MONEY, .doc = "What was likely."),
    F("best_case", MONEY, .doc = "What was possible."),
    F("committed", MONEY, .doc = "What was reckoned with."),
    F("outcome", MONEY, .doc = "What was won; empty: the month is not over."),
    F("error", PERCENT, .doc = "By how many percent weighted was above the outcome."),
};
static const kith_action actions[] = {
    {.name = "trend",
     .doc = "What was won or ordered in each month, and what will be if it goes on like this.",
     .effect = KITH_EFFECT_READ,
     .fn = trend_action,
     .params = KITH_ARRAY(trend_params),
     .results = KITH_ARRAY(trend_results),
     .columns = KITH_ARRAY(trend_columns)},
    {.name = "forecast_check",
     .doc = "What was foreseen for each month, and what came of it.",
     .effect = KITH_EFFECT_READ,
     .fn = check_action,
     .params = KITH_ARRAY(check_params),
     .columns = KITH_ARRAY(check_columns)},
};

#define OPEN_IN                                                                                    \
    "pipeline_total where stage not in ('won', 'lost') and deals > 0 and month >= :since and "     \
    "month < :until"
#define WON_IN "opportunity where stage = 'won' and closed_at >= :since and closed_at < :until"
static const kith_want wants[] = {
    KITH_WANT_RECORD("forecast_snapshot", deals.snapshot, SNAPSHOT),
    KITH_WANT(QUERY,
              WON_IN " group by year(closed_at), month(closed_at), amount.currency : sum(amount)",
              deals.query.won_months),
    KITH_WANT(QUERY,
              "pipeline_total where stage = 'won' and deals > 0 and month >= :since and"
              " month < :until group by year(month), month(month), currency : sum(amount)",
              deals.query.won_totals),
    KITH_WANT(QUERY,
              OPEN_IN " group by owner, month, currency : sum(deals), sum(amount),"
                      " sum(amount * probability) / 100",
              deals.query.pipeline),
    KITH_WANT(QUERY,
              OPEN_IN " and probability >= :least group by owner, month, currency : sum(amount)",
              deals.query.committed),
    KITH_WANT(QUERY,
              WON_IN " group by owner, year(closed_at), month(closed_at), amount.currency :"
                     " sum(amount)",
              deals.query.outcomes),
    KITH_WANT(QUERY, "forecast_snapshot where day >= :since limit 1", deals.query.snapshot_since),
    KITH_WANT(QUERY,
              "forecast_snapshot where month >= :since and month < :until group by month, day,"
              " weighted.currency : sum(weighted), sum(best_case), sum(committed)",
              deals.query.snapshots),
    KITH_WANT(SETTING, "forecasts.day", deals.snapshot_day),
    KITH_WANT(SETTING, "forecasts.months", deals.horizon),
    KITH_WANT(SETTING, "forecasts.committed", deals.committed),
};
const kith_part outlook_part = {
    .struct_size = sizeof outlook_part,
    .wants = KITH_ARRAY(wants),
    .settings = KITH_ARRAY(settings),
    .types = KITH_ARRAY(types),
    .timers = KITH_ARRAY(timers),
    .actions = KITH_ARRAY(actions),
};
