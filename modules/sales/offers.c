/* SPDX-License-Identifier: Apache-2.0 */
/* What to offer a customer next: what goes with what they bought or own, by the catalogue and by
 * what others buy together; and when not to: to somebody who complains one sells nothing dearer. */
#include "sales.h"
#include <stdlib.h>

/* Products of a customer, each once. */
struct owned {
    kith_instance *self;
    kith_value *items;
    uint64_t count, room;
};
struct proposal {
    kith_value product;
    int32_t is_up, by_catalogue, by_step, by_fit;
    int64_t confidence; /* the highest, in ten-thousandths */
    kith_str kind;      /* of the relation; empty: an affinity alone */
    kith_str fit;       /* by_fit: why it fits who they are */
    kith_value because; /* the product that leads to it */
    int64_t lift;
    kith_value price; /* of one by_step, and of all when the dearest comes first */
};
struct proposals {
    kith_instance *self;
    struct proposal *items;
    uint64_t count, room;
};

static int has(const struct owned *o, kith_value product) {
    for (uint64_t i = 0; i < o->count; i++)
        if (o->items[i].as.link.id == product.as.link.id)
            return 1;
    return 0;
}

/* product, how often */
static kith_status take_owned(void *arg, const kith_txn *txn, uint32_t count, const kith_value *v,
                              kith_error *err) {
    struct owned *o = arg;
    (void)count;
    if (v[0].kind != KITH_LINK || has(o, v[0]))
        return KITH_OK;
    KITH_TRY(KITH_GROW(o->self, txn, o, err));
    o->items[o->count++] = v[0];
    return KITH_OK;
}

static kith_status proposal_of(struct proposals *p, const kith_txn *txn, kith_value product,
                               int32_t is_up, struct proposal **out, kith_error *err) {
    for (uint64_t i = 0; i < p->count; i++)
        if (p->items[i].product.as.link.id == product.as.link.id && p->items[i].is_up == is_up) {
            *out = &p->items[i];
            return KITH_OK;
        }
    KITH_TRY(KITH_GROW(p->self, txn, p, err));
    *out = &p->items[p->count++];
    **out = (struct proposal){.product = product, .is_up = is_up};
    return KITH_OK;
}

/* 1 to 12: what is out of season then is not proposed. */
static kith_value this_month(const kith_instance *self) {
    return kith_int(month_number(KITH_TODAY(self).as.i) % 12 + 1);
}

static kith_status by_catalogue(struct proposals *p, const kith_txn *txn, const struct owned *owned,
                                kith_value products, kith_error *err) {
    struct offer_tie *ties;
    uint64_t count;
    const kith_value params[] = {products, this_month(p->self)};
    KITH_TRY(KITH_FIND(p->self, txn, offers.tie, p->self->offers.query.ties, 2, params, &ties,
                       &count, err));
    for (uint64_t i = 0; i < count; i++) {
        struct proposal *one;
        if (has(owned, ties[i].other))
            continue;
        KITH_TRY(
            proposal_of(p, txn, ties[i].other, !kith_is(ties[i].kind, "complement"), &one, err));
        if (one->by_catalogue)
            continue;
        one->by_catalogue = 1;
        one->kind = ties[i].kind.as.s;
        one->because = ties[i].product;
    }
    return KITH_OK;
}

/* What others buy with it. Those that are bought together by chance are not found. */
static kith_status by_affinity(struct proposals *p, const kith_txn *txn, const struct owned *owned,
                               kith_value products, kith_error *err) {
    struct affinity *pairs;
    uint64_t count;
    const kith_value params[] = {products, this_month(p->self)};
    KITH_TRY(KITH_FIND(p->self, txn, offers.affinity, p->self->offers.query.pairs, 2, params,
                       &pairs, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        struct proposal *one;
        if (has(owned, pairs[i].other))
            continue;
        KITH_TRY(proposal_of(p, txn, pairs[i].other, 0, &one, err));
        if (one->confidence >= pairs[i].confidence.as.decimal.units)
            continue;
        one->confidence = pairs[i].confidence.as.decimal.units;
        one->lift = pairs[i].lift.as.decimal.units;
        if (!one->by_catalogue)
            one->because = pairs[i].product;
    }
    return KITH_OK;
}

/* -- one price step up --------------------------------------------------------------------------
 */

static int32_t same_link(kith_value a, kith_value b) {
    return kith_has(a) && kith_equal(a, b);
}

/* Another size of it is no better one. */
static int32_t same_family(const struct offer_ware *a, const struct offer_ware *b) {
    return same_link(a->variant_of, b->variant_of) || kith_equal(a->variant_of, b->id) ||
           kith_equal(b->variant_of, a->id);
}

/* Dearer than the other one, by no more than the step. */
static int32_t is_step(const struct offer_ware *from, const struct offer_ware *to, int64_t step) {
    const int64_t have = from->price.as.money.minor, asked = to->price.as.money.minor;
    return same_link(from->category, to->category) && kith_equal(from->kind, to->kind) &&
           strcmp(from->price.as.money.currency, to->price.as.money.currency) == 0 &&
           !same_family(from, to) && asked > have &&
           asked - have <= (int64_t)((double)have * (double)step / 100);
}

/* The next dearer one of its category; when that is theirs, they have taken the step. */
static kith_status add_step(struct proposals *p, const kith_txn *txn, const struct owned *owned,
                            const struct offer_ware *from, const struct offer_ware *dearer,
                            uint64_t count, kith_error *err) {
    const struct offer_ware *next = NULL;
    struct proposal *one;
    for (uint64_t i = 0; i < count; i++)
        if (is_step(from, &dearer[i], p->self->offers.step.as.i) &&
            (!next || dearer[i].price.as.money.minor < next->price.as.money.minor))
            next = &dearer[i];
    if (!next || has(owned, next->id))
        return KITH_OK;
    KITH_TRY(proposal_of(p, txn, next->id, 1, &one, err));
    if (one->by_catalogue || one->by_step)
        return KITH_OK;
    one->by_step = 1;
    one->because = from->id;
    one->price = next->price;
    return KITH_OK;
}

static kith_status by_step(struct proposals *p, const kith_txn *txn, const struct owned *owned,
                           kith_value products, kith_error *err) {
    const struct offers *o = &p->self->offers;
    struct offer_ware *wares, *dearer;
    uint64_t count, others;
    kith_value *categories;
    if (!o->step.as.i)
        return KITH_OK;
    KITH_TRY(
        KITH_FIND(p->self, txn, offers.ware, o->query.wares, 1, &products, &wares, &count, err));
    if (!count)
        return KITH_OK;
    KITH_TRY(KITH_MEMORY(p->self, txn, &categories, count, err));
    for (uint64_t i = 0; i < count; i++)
        categories[i] = wares[i].category;
    const kith_value params[] = {kith_list(categories, count), this_month(p->self)};
    KITH_TRY(
        KITH_FIND(p->self, txn, offers.ware, o->query.dearer, 2, params, &dearer, &others, err));
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(add_step(p, txn, owned, &wares[i], dearer, others, err));
    return KITH_OK;
}

/* -- what fits them -----------------------------------------------------------------------------
 */

/* By who they are, and not by what they have: also for whom nothing was sold to yet. */
static kith_status by_fit(struct proposals *p, const kith_txn *txn, const struct owned *owned,
                          uint64_t rows, kith_error *err) {
    const kith_value *fits = &p->self->offers.fits;
    for (uint64_t i = 0; i < kith_rows(fits) && rows >> i; i++) {
        const kith_value month = this_month(p->self);
        struct offer_ware *wares;
        uint64_t count;
        if (!(rows >> i & 1))
            continue;
        KITH_TRY(KITH_FIND(p->self, txn, offers.ware, p->self->offers.query.fitting[i], 1, &month,
                           &wares, &count, err));
        const struct offer_rule *rule = kith_row_of(fits, i);
        for (uint64_t k = 0; k < count; k++) {
            struct proposal *one;
            if (has(owned, wares[k].id))
                continue;
            KITH_TRY(proposal_of(p, txn, wares[k].id, 0, &one, err));
            if (!one->by_fit)
                one->fit = rule->reason.as.s;
            one->by_fit = 1;
        }
    }
    return KITH_OK;
}

/* -- in which order -----------------------------------------------------------------------------
 */

#define FIT_SCORE  2500 /* it is no more than a guess */
#define STEP_SCORE 5000 /* the catalogue knows better, and what half of the others buy as well */
static int64_t score_of(const struct proposal *p) {
    return p->by_catalogue * 10000 + p->by_step * STEP_SCORE + p->by_fit * FIT_SCORE +
           p->confidence;
}
static int by_score(const void *a, const void *b) {
    const struct proposal *x = a, *y = b;
    const int64_t one = score_of(x), two = score_of(y);
    if (one != two)
        return one < two ? 1 : -1;
    return (x->product.as.link.id > y->product.as.link.id) -
           (x->product.as.link.id < y->product.as.link.id);
}

static int by_step_up(const void *a, const void *b) {
    const struct proposal *x = a, *y = b;
    return x->is_up != y->is_up ? y->is_up - x->is_up : by_score(a, b);
}

/* Each currency by itself, and what has no price last. */
static int by_price(const void *a, const void *b) {
    const struct proposal *x = a, *y = b;
    const int32_t priced = x->price.kind == KITH_MONEY;
    if (priced != (y->price.kind == KITH_MONEY))
        return priced ? -1 : 1;
    const int currency =
        priced ? strcmp(x->price.as.money.currency, y->price.as.money.currency) : 0;
    if (currency)
        return currency;
    if (priced && x->price.as.money.minor != y->price.as.money.minor)
        return x->price.as.money.minor < y->price.as.money.minor ? 1 : -1;
    return by_score(a, b);
}

/* The likeliest first, or the dearest, as the strategy for the customer says; the best customers
 * are shown first what is better than what they have. */
static kith_status sort_proposals(struct proposals *p, const kith_txn *txn, kith_value who,
                                  int32_t best, kith_error *err) {
    int32_t dearest;
    if (!p->count)
        return KITH_OK;
    KITH_TRY(strategy_dearest(p->self, txn, who, &dearest, err));
    for (uint64_t i = 0; dearest && i < p->count; i++) {
        struct offer_ware ware;
        KITH_TRY(KITH_FOLLOW(p->self, txn, offers.ware, p->items[i].product, &ware, err));
        p->items[i].price = ware.price;
    }
    qsort(p->items, (size_t)p->count, sizeof *p->items,
          dearest ? by_price
          : best  ? by_step_up
                  : by_score);
    return KITH_OK;
}

/* -- the answer ---------------------------------------------------------------------------------
 */

struct suggest_args {
    kith_value contact, account, kind, limit;
};
struct suggest_row {
    kith_value product, kind, score, why, caution;
};

static kith_status give(kith_instance *self, kith_call *call, const struct proposal *p,
                        const char *caution, kith_error *err) {
    char why[500];
    struct offer_ware because;
    KITH_TRY(KITH_FOLLOW(self, self->calls->view(call), offers.ware, p->because, &because, err));
    const kith_str name = because.name.as.s;
    if (!kith_has(p->because)) {
        (void)snprintf(why, sizeof why, "%.*s", KITH_CUT(p->fit, 400));
    } else if (p->by_step) {
        (void)snprintf(why, sizeof why, "one price step up from %.*s", KITH_CUT(name, 300));
    } else if (p->by_catalogue && kith_str_is(p->kind, "exchange")) {
        (void)snprintf(why, sizeof why, "%.*s is taken in part payment for it",
                       KITH_CUT(name, 300));
    } else if (p->by_catalogue) {
        (void)snprintf(why, sizeof why, "%.*s of %.*s", KITH_CHARS(p->kind), KITH_CUT(name, 300));
    } else {
        (void)snprintf(
            why, sizeof why, "%lld %% who buy %.*s buy it too, %.2f times as many as all",
            (long long)(p->confidence + 50) / 100, KITH_CUT(name, 300), (double)p->lift / 10000);
    }
    const struct suggest_row row = {p->product, kith_text(p->is_up ? "up" : "cross"),
                                    share_of(score_of(p), 10000), kith_text(why),
                                    *caution ? kith_text(caution) : kith_null()};
    return KITH_ROW(self, call, &row, err);
}

static kith_status read_owned(struct owned *owned, const kith_txn *txn, uint32_t of, kith_value who,
                              kith_error *err) {
    const struct offers *o = &owned->self->offers;
    const kith_records_v1 *rec = owned->self->records;
    KITH_TRY(rec->groups(txn, o->query.owned[of], 1, &who, 0, take_owned, owned, err));
    return rec->groups(txn, o->query.ordered[of], 1, &who, 0, take_owned, owned, err);
}

/* What leads to an offer is told with it, and so is what whoever asks may see. What is left out for
 * being there already is all that is there. */
static kith_status gather(struct proposals *p, const kith_txn *txn, const kith_txn *whole,
                          uint32_t of, kith_value who, uint64_t fits, kith_error *err) {
    struct owned seen = {.self = p->self}, owned = seen;
    KITH_TRY(read_owned(&seen, txn, of, who, err));
    KITH_TRY(read_owned(&owned, whole, of, who, err));
    KITH_TRY(by_fit(p, txn, &owned, fits, err));
    if (seen.count == 0)
        return KITH_OK;
    const kith_value products = kith_list(seen.items, seen.count);
    KITH_TRY(by_catalogue(p, txn, &owned, products, err));
    KITH_TRY(by_affinity(p, txn, &owned, products, err));
    return by_step(p, txn, &owned, products, err);
}

/* What was offered lately, and not bought, is not offered again; the others are kept. */
static kith_status leave_out(struct proposals *p, const kith_txn *whole, const struct customer *who,
                             int64_t *declined, kith_error *err) {
    struct owned made = {.self = p->self};
    const uint64_t count = p->count;
    KITH_TRY(offers_made(p->self, whole, who, take_owned, &made, err));
    p->count = 0;
    for (uint64_t i = 0; i < count; i++)
        if (!has(&made, p->items[i].product))
            p->items[p->count++] = p->items[i];
    *declined = (int64_t)(count - p->count);
    return KITH_OK;
}

kith_status offers_buyer(kith_value contact, kith_value account, uint32_t *of, kith_value *who,
                         kith_error *err) {
    if (kith_has(contact) == kith_has(account))
        return kith_fail(err, KITH_E_INVAL, "contact",
                         "contact: say for whom: a contact, or an account, and not both");
    *of = kith_has(contact) ? BUYER_CONTACT : BUYER_ACCOUNT;
    *who = *of == BUYER_CONTACT ? contact : account;
    return KITH_OK;
}

/* What there is to offer them, in its order. */
static kith_status propose(struct proposals *p, kith_call *call, uint32_t of, kith_value who,
                           char *why, int64_t *declined, kith_error *err) {
    kith_instance *self = p->self;
    const kith_txn *txn = self->calls->view(call), *whole = self->calls->whole(call);
    struct customer customer;
    int32_t best = 0;
    uint64_t fits = 0;
    KITH_TRY(offers_customer(self, whole, of, who, &customer, err));
    KITH_TRY(offers_guard(self, whole, &customer, why, err));
    KITH_TRY(offers_best(self, whole, &customer, &best, err));
    KITH_TRY(offers_fits(self, whole, &customer, &fits, err));
    KITH_TRY(gather(p, txn, whole, of, who, fits, err));
    KITH_TRY(leave_out(p, whole, &customer, declined, err));
    return sort_proposals(p, whole, who, best, err);
}

static const char *why_nothing(int64_t declined) {
    return declined
               ? "all that there is was offered to them lately, and not bought"
               : "nothing is known that goes with what they have: no product_relation, nothing "
                 "dearer in its category, and nothing that sales.learn_baskets, which counts "
                 "orders every night, has found; what is out of season is left out";
}

static kith_status suggest(kith_instance *self, kith_call *call, kith_error *err) {
    struct suggest_args args;
    struct proposals p = {.self = self};
    uint32_t of = 0;
    kith_value who;
    char why[REASON_MAX] = "";
    int64_t given = 0, kept_back = 0, declined = 0;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(offers_buyer(args.contact, args.account, &of, &who, err));
    KITH_TRY(propose(&p, call, of, who, why, &declined, err));
    for (uint64_t i = 0; i < p.count; i++) {
        const char *kind = p.items[i].is_up ? "up" : "cross";
        if (!kith_is(args.kind, "both") && !kith_is(args.kind, kind))
            continue;
        if (p.items[i].is_up && *why)
            kept_back++;
        else if (given++ < args.limit.as.i)
            KITH_TRY(give(self, call, &p.items[i], why, err));
    }
    if (!*why && !p.count)
        offers_say(why, kith_str_of(why_nothing(declined)));
    const struct {
        kith_value blocked, why, declined;
    } out = {kith_int(kept_back), *why ? kith_text(why) : kith_null(), kith_int(declined)};
    return KITH_RESULTS(self, call, &out, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_setting settings[] = {
    {.key = "upsell.step",
     .kind = KITH_INT,
     .default_text = "30",
     .min = 0,
     .max = 1000,
     .doc = "By how many percent the next dearer product of a category may cost more, to be "
            "suggested to who has the other one; 0: none is."},
};
static const kith_field suggest_params[] = {
    F("contact", LINK, .options = "contact", .doc = "For this person."),
    F("account", LINK, .options = "account", .doc = "Or this organisation."),
    F("kind", CHOICE, .options = "cross,up,both", .default_text = "both",
      .doc = "What goes with what they have, what is better than it, or both."),
    F("limit", INTEGER, .default_text = "20", .min = "1", .max = "200", .doc = "So many at most."),
};
static const kith_field suggest_columns[] = {
    F("product", LINK, .options = "product", .doc = "What to offer."),
    F("kind", TEXT, .doc = "cross: it goes with what they have; up: it is the next higher one."),
    F("score", DECIMAL, .options = "4",
      .doc = "1 if the catalogue relates it, 0.5 if it is one price step up, 0.25 if it fits who "
             "they are, and the highest confidence of what is bought together."),
    F("why", TEXT, .doc = "Because of what."),
    F("caution", LONGTEXT, .doc = "What is to be settled first."),
};
static const kith_field suggest_results[] = {
    F("blocked", INTEGER, .doc = "How many of the kind up are kept back."),
    F("reason", LONGTEXT, .doc = "Why, or why there is nothing to offer."),
    F("declined", INTEGER,
      .doc = "How many are left out since they were offered lately (sales.offer.again_after) and "
             "not bought."),
};
static const kith_action actions[] = {
    {.name = "suggest",
     .doc = "What to offer a customer next, and why; nothing dearer while something is wrong.",
     .effect = KITH_EFFECT_READ,
     .flags = KITH_AF_WHOLE,
     .fn = suggest,
     .params = KITH_ARRAY(suggest_params),
     .results = KITH_ARRAY(suggest_results),
     .columns = KITH_ARRAY(suggest_columns)},
};
static const kith_permission permissions[] = {
    {"read:product_relation", "Offers what goes with what somebody has."},
    {"read:asset", "Offers nothing that somebody owns."},
    {"read:return_request", "Offers nothing dearer to who returns something."},
    {"read:fault", "Offers nothing dearer to whom something is broken."},
};

#define OWNED(by)                                                                                  \
    "asset where " by " = :who and state = 'in_use' group by product limit 2000 : count()"
#define ORDERED(by)                                                                                \
    "order_line where order." by " = :who and order." PLACED                                       \
    " group by product limit 2000 : count()"
static const kith_want wants[] = {
    KITH_WANT_RECORD("product_relation", offers.tie, OFFER_TIE),
    KITH_WANT(QUERY,
              "product_relation where product in (:products) and kind in ('complement', 'upgrade',"
              " 'successor', 'exchange') and " SOLD_NOW("other.") " order by id limit 2000",
              offers.query.ties),
    KITH_WANT(QUERY,
              "affinity where product in (:products) and lift > 1 and " SOLD_NOW(
                  "other.") " order by -confidence limit 2000",
              offers.query.pairs),
    KITH_WANT(QUERY, OWNED("contact"), offers.query.owned[BUYER_CONTACT]),
    KITH_WANT(QUERY, OWNED("account"), offers.query.owned[BUYER_ACCOUNT]),
    KITH_WANT(QUERY, ORDERED("contact"), offers.query.ordered[BUYER_CONTACT]),
    KITH_WANT(QUERY, ORDERED("account"), offers.query.ordered[BUYER_ACCOUNT]),
    KITH_WANT(QUERY,
              "product where id in (:products) and category is not null and price is not null",
              offers.query.wares),
    KITH_WANT(QUERY,
              "product where category in (:categories) and price is not null and " SOLD_NOW(
                  "") " order by id limit 5000",
              offers.query.dearer),
    KITH_WANT(SETTING, "upsell.step", offers.step),
};
const kith_part offers_part = {
    .struct_size = sizeof offers_part,
    .wants = KITH_ARRAY(wants),
    .module = "commerce",
    .permissions = KITH_ARRAY(permissions),
    .settings = KITH_ARRAY(settings),
    .actions = KITH_ARRAY(actions),
};
