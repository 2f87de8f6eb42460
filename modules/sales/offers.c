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
    int32_t is_up, by_catalogue;
    int64_t confidence; /* the highest, in ten-thousandths */
    kith_str kind;      /* of the relation; empty: an affinity alone */
    kith_value because; /* the product that leads to it */
    int64_t lift;
    kith_value price; /* read when the dearest comes first */
};
struct proposals {
    kith_instance *self;
    struct proposal *items;
    uint64_t count, room;
};

static kith_status no_memory(kith_error *err) {
    return kith_fail(err, KITH_E_NOMEM, NULL, "there is no memory for more offers");
}

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
    if (o->count == o->room) {
        const uint64_t room = o->room ? o->room * 2 : 64;
        kith_value *more = o->self->host->memory(txn, room * sizeof *more);
        if (!more)
            return no_memory(err);
        if (o->count)
            memcpy(more, o->items, (size_t)o->count * sizeof *more);
        o->items = more;
        o->room = room;
    }
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
    if (p->count == p->room) {
        const uint64_t room = p->room ? p->room * 2 : 64;
        struct proposal *more = p->self->host->memory(txn, room * sizeof *more);
        if (!more)
            return no_memory(err);
        if (p->count)
            memcpy(more, p->items, (size_t)p->count * sizeof *more);
        p->items = more;
        p->room = room;
    }
    *out = &p->items[p->count++];
    **out = (struct proposal){.product = product, .is_up = is_up};
    return KITH_OK;
}

static kith_status by_catalogue(struct proposals *p, const kith_txn *txn, const struct owned *owned,
                                kith_value products, kith_error *err) {
    struct offer_tie *ties = NULL;
    uint64_t count = 0;
    kith_status st = KITH_FIND(p->self, txn, offers.tie, p->self->offers.query.ties, 1, &products,
                               &ties, &count, err);
    for (uint64_t i = 0; st == KITH_OK && i < count; i++) {
        struct proposal *one;
        if (has(owned, ties[i].other))
            continue;
        st = proposal_of(p, txn, ties[i].other, !kith_str_is(ties[i].kind.as.s, "complement"), &one,
                         err);
        if (st != KITH_OK || one->by_catalogue)
            continue;
        one->by_catalogue = 1;
        one->kind = ties[i].kind.as.s;
        one->because = ties[i].product;
    }
    return st;
}

/* What others buy with it. Those that are bought together by chance are not found. */
static kith_status by_affinity(struct proposals *p, const kith_txn *txn, const struct owned *owned,
                               kith_value products, kith_error *err) {
    struct affinity *pairs = NULL;
    uint64_t count = 0;
    kith_status st = KITH_FIND(p->self, txn, offers.affinity, p->self->offers.query.pairs, 1,
                               &products, &pairs, &count, err);
    for (uint64_t i = 0; st == KITH_OK && i < count; i++) {
        struct proposal *one;
        if (has(owned, pairs[i].other))
            continue;
        st = proposal_of(p, txn, pairs[i].other, 0, &one, err);
        if (st != KITH_OK || one->confidence >= pairs[i].confidence.as.decimal.units)
            continue;
        one->confidence = pairs[i].confidence.as.decimal.units;
        one->lift = pairs[i].lift.as.decimal.units;
        if (!one->by_catalogue)
            one->because = pairs[i].product;
    }
    return st;
}

static int64_t score_of(const struct proposal *p) {
    return p->by_catalogue * 10000 + p->confidence;
}
static int by_score(const void *a, const void *b) {
    const struct proposal *x = a, *y = b;
    const int64_t one = score_of(x), two = score_of(y);
    if (one != two)
        return one < two ? 1 : -1;
    return (x->product.as.link.id > y->product.as.link.id) -
           (x->product.as.link.id < y->product.as.link.id);
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

/* The likeliest first, or the dearest, as the strategy for the customer says. */
static kith_status sort_proposals(struct proposals *p, const kith_txn *txn, kith_value who,
                                  kith_error *err) {
    int32_t dearest = 0;
    kith_status st = p->count ? strategy_dearest(p->self, txn, who, &dearest, err) : KITH_OK;
    for (uint64_t i = 0; st == KITH_OK && dearest && i < p->count; i++) {
        struct offer_ware ware = {.price = kith_null()};
        st = KITH_LOAD(p->self, txn, offers.ware, p->items[i].product.as.link.id, &ware, err);
        p->items[i].price = ware.price;
    }
    if (st == KITH_OK && p->count)
        qsort(p->items, (size_t)p->count, sizeof *p->items, dearest ? by_price : by_score);
    return st;
}

/* -- whom one offers nothing --------------------------------------------------------------------
 */

static kith_status found_one(void *arg, const kith_txn *txn, const kith_row *row, kith_error *err) {
    (void)txn, (void)row, (void)err;
    *(int *)arg = 1;
    return KITH_OK;
}

/* Appends a reason, as long as there is room. */
static void add_reason(char *out, size_t room, kith_str reason) {
    const size_t at = strlen(out);
    (void)snprintf(out + at, room - at, "%s%.*s", at ? "; " : "", (int)reason.len, reason.ptr);
}

#define REASON_MAX 1000
static kith_status check_guards(kith_instance *self, const kith_txn *txn, uint32_t of,
                                kith_value who, char *why, kith_error *err) {
    const struct offers *o = &self->offers;
    int late = 0, back = 0;
    const kith_row *row;
    kith_status st = self->records->get(txn, who.as.link.type, who.as.link.id, &row, err);
    for (uint64_t i = 0; st == KITH_OK && i < o->guard_count; i++) {
        if (o->guards[i].of != of)
            continue;
        const int32_t holds = self->records->match(txn, o->guards[i].predicate, row);
        if (holds < 0)
            return kith_fail(err, holds, NULL, "sales.guard.rules, rule %llu could not be asked",
                             (unsigned long long)i + 1);
        if (holds)
            add_reason(why, REASON_MAX, o->guards[i].reason);
    }
    if (st == KITH_OK)
        st = self->records->find(txn, o->query.overdue[of], 1, &who, 1, found_one, &late, err);
    if (st == KITH_OK)
        st = self->records->find(txn, o->query.returns[of], 1, &who, 1, found_one, &back, err);
    if (late)
        add_reason(why, REASON_MAX, kith_str_of("an invoice is overdue"));
    if (back)
        add_reason(why, REASON_MAX, kith_str_of("something is being returned"));
    return st;
}

/* -- the answer ---------------------------------------------------------------------------------
 */

struct suggest_args {
    kith_value contact, account, kind, limit;
};
struct suggest_row {
    kith_value product, kind, score, why, caution;
};

static kith_status name_of(kith_instance *self, const kith_txn *txn, kith_value product,
                           kith_str *name, kith_error *err) {
    struct offer_ware ware;
    kith_status st = KITH_LOAD(self, txn, offers.ware, product.as.link.id, &ware, err);
    if (st == KITH_OK)
        *name = ware.name.as.s;
    return st;
}

static kith_status give(kith_instance *self, kith_call *call, const struct proposal *p,
                        const char *caution, kith_error *err) {
    char why[500];
    kith_str name = {0};
    kith_status st = name_of(self, self->calls->view(call), p->because, &name, err);
    const int len = (int)(name.len < 300 ? name.len : 300);
    if (st != KITH_OK)
        return st;
    if (p->by_catalogue)
        (void)snprintf(why, sizeof why, "%.*s of %.*s", (int)p->kind.len, p->kind.ptr, len,
                       name.ptr);
    else
        (void)snprintf(
            why, sizeof why, "%lld %% who buy %.*s buy it too, %.2f times as many as all",
            (long long)(p->confidence + 50) / 100, len, name.ptr, (double)p->lift / 10000);
    const struct suggest_row row = {p->product, kith_text(p->is_up ? "up" : "cross"),
                                    share_of(score_of(p), 10000), kith_text(why),
                                    *caution ? kith_text(caution) : kith_null()};
    return KITH_ROW(self, call, &row, err);
}

static kith_status read_owned(struct owned *owned, const kith_txn *txn, uint32_t of, kith_value who,
                              kith_error *err) {
    const struct offers *o = &owned->self->offers;
    const kith_records_v1 *rec = owned->self->records;
    kith_status st = rec->groups(txn, o->query.owned[of], 1, &who, 0, take_owned, owned, err);
    return st == KITH_OK
               ? rec->groups(txn, o->query.ordered[of], 1, &who, 0, take_owned, owned, err)
               : st;
}

/* What leads to an offer is told with it, and so is what whoever asks may see. What is left out for
 * being there already is all that is there. */
static kith_status gather(struct proposals *p, const kith_txn *txn, const kith_txn *whole,
                          uint32_t of, kith_value who, kith_error *err) {
    struct owned seen = {.self = p->self}, owned = seen;
    kith_value products = kith_null();
    kith_status st = read_owned(&seen, txn, of, who, err);
    if (st == KITH_OK)
        st = read_owned(&owned, whole, of, who, err);
    if (st != KITH_OK || seen.count == 0)
        return st;
    products.kind = KITH_LIST;
    products.as.list.items = seen.items;
    products.as.list.count = seen.count;
    st = by_catalogue(p, txn, &owned, products, err);
    return st == KITH_OK ? by_affinity(p, txn, &owned, products, err) : st;
}

kith_status offers_buyer(kith_value contact, kith_value account, uint32_t *of, kith_value *who,
                         kith_error *err) {
    if ((contact.kind == KITH_NULL) == (account.kind == KITH_NULL))
        return kith_fail(err, KITH_E_INVAL, "contact",
                         "contact: say for whom: a contact, or an account, and not both");
    *of = contact.kind == KITH_NULL ? BUYER_ACCOUNT : BUYER_CONTACT;
    *who = *of == BUYER_CONTACT ? contact : account;
    return KITH_OK;
}

/* A person is guarded by the organisation too. */
static kith_status guard(kith_instance *self, const kith_txn *txn, uint32_t of, kith_value who,
                         char *why, kith_error *err) {
    kith_value account = kith_null();
    const kith_row *row;
    kith_status st = check_guards(self, txn, of, who, why, err);
    if (st != KITH_OK || of == BUYER_ACCOUNT)
        return st;
    st = self->records->get(txn, who.as.link.type, who.as.link.id, &row, err);
    if (st == KITH_OK)
        st = self->records->read(txn, row, 1, &self->contact.account, &account, err);
    return st == KITH_OK && account.kind == KITH_LINK && !*why
               ? check_guards(self, txn, BUYER_ACCOUNT, account, why, err)
               : st;
}

static kith_status suggest(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *txn = self->calls->view(call), *whole = self->calls->whole(call);
    struct suggest_args args;
    struct proposals p = {.self = self};
    uint32_t of = 0;
    kith_value who;
    char why[REASON_MAX] = "";
    int64_t given = 0, kept_back = 0;
    kith_status st = KITH_ARGS(self, call, &args, err);
    if (st == KITH_OK)
        st = offers_buyer(args.contact, args.account, &of, &who, err);
    if (st == KITH_OK)
        st = guard(self, whole, of, who, why, err);
    if (st == KITH_OK)
        st = gather(&p, txn, whole, of, who, err);
    if (st == KITH_OK)
        st = sort_proposals(&p, whole, who, err);
    for (uint64_t i = 0; st == KITH_OK && i < p.count; i++) {
        const char *kind = p.items[i].is_up ? "up" : "cross";
        if (!kith_str_is(args.kind.as.s, "both") && !kith_str_is(args.kind.as.s, kind))
            continue;
        if (p.items[i].is_up && *why)
            kept_back++;
        else if (given++ < args.limit.as.i)
            st = give(self, call, &p.items[i], why, err);
    }
    if (!*why && !p.count)
        add_reason(why, REASON_MAX,
                   kith_str_of("nothing is known that goes with what they have: no "
                               "product_relation, and nothing that sales.learn_baskets, which "
                               "counts orders every night, has found"));
    const struct {
        kith_value blocked, why;
    } out = {kith_number(KITH_INT, kept_back), *why ? kith_text(why) : kith_null()};
    return st == KITH_OK ? KITH_RESULTS(self, call, &out, err) : st;
}

/* -- declared -----------------------------------------------------------------------------------
 */

enum { GUARD_OF, GUARD_WHEN, GUARD_REASON }; /* as declared */
static kith_status read_guards(kith_instance *self, kith_error *err) {
    const kith_value *rules = &self->offers.guard_rules;
    const uint64_t count = rules->kind == KITH_LIST ? rules->as.list.count : 0;
    if (count > GUARDS_MAX)
        return kith_fail(err, KITH_E_INVAL, "guard.rules", "%s: there are more than %d rules",
                         sales_place(self, "guard.rules"), GUARDS_MAX);
    for (uint64_t i = 0; i < count; i++) {
        kith_error why = {.struct_size = sizeof why};
        const kith_value *row = rules->as.list.items[i].as.list.items;
        const int is_account = kith_str_is(row[GUARD_OF].as.s, "account");
        kith_status st = self->records->predicate(
            self->host, is_account ? self->account.type : self->contact.type, row[GUARD_WHEN].as.s,
            &self->offers.guards[i].predicate, &why);
        if (st != KITH_OK)
            return kith_fail(err, st, "guard.rules", "%s, rule %llu: %.300s",
                             sales_place(self, "guard.rules"), (unsigned long long)i + 1,
                             why.message);
        self->offers.guards[i].of = is_account ? BUYER_ACCOUNT : BUYER_CONTACT;
        self->offers.guards[i].reason = row[GUARD_REASON].as.s;
    }
    self->offers.guard_count = count;
    return KITH_OK;
}

static const kith_setting guard_items[] = {
    {.key = "of",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .choices = "contact,account",
     .doc = "Whether it is asked of people or of organisations."},
    {.key = "when",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .doc = "A condition on that record, in the query language."},
    {.key = "reason",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .doc = "What sellers are told when it is true."},
};
static const kith_setting settings[] = {
    {.key = "guard.rules",
     .kind = KITH_LIST,
     .default_text = "()",
     .doc = "To whom sales.suggest offers nothing dearer, besides who has an invoice overdue or "
            "returns something.",
     .items = KITH_ARRAY(guard_items)},
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
      .doc = "1 if the catalogue relates it, and the highest confidence of what is bought "
             "together."),
    F("why", TEXT, .doc = "Because of what."),
    F("caution", LONGTEXT, .doc = "What is to be settled first."),
};
static const kith_field suggest_results[] = {
    F("blocked", INTEGER, .doc = "How many of the kind up are kept back."),
    F("reason", LONGTEXT, .doc = "Why, or why there is nothing to offer."),
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
};

#define OWNED(by)                                                                                  \
    "asset where " by " = :who and state = 'in_use' group by product limit 2000 : count()"
#define ORDERED(by)                                                                                \
    "order_line where order." by " = :who and order." PLACED                                       \
    " group by product limit 2000 : count()"
#define OVERDUE(by) "invoice where " by " = :who and state = 'overdue' limit 1"
#define RETURNS(by)                                                                                \
    "return_request where " by " = :who and state in ('requested', 'approved', 'received') limit " \
    "1"
static const kith_want wants[] = {
    KITH_WANT_RECORD("product_relation", offers.tie, OFFER_TIE),
    KITH_WANT(QUERY,
              "product_relation where product in (:products) and kind in ('complement', 'upgrade',"
              " 'successor') and other.state = 'active' order by id limit 2000",
              offers.query.ties),
    KITH_WANT(QUERY,
              "affinity where product in (:products) and lift > 1 and other.state = 'active'"
              " order by -confidence limit 2000",
              offers.query.pairs),
    KITH_WANT(QUERY, OWNED("contact"), offers.query.owned[BUYER_CONTACT]),
    KITH_WANT(QUERY, OWNED("account"), offers.query.owned[BUYER_ACCOUNT]),
    KITH_WANT(QUERY, ORDERED("contact"), offers.query.ordered[BUYER_CONTACT]),
    KITH_WANT(QUERY, ORDERED("account"), offers.query.ordered[BUYER_ACCOUNT]),
    KITH_WANT(QUERY, OVERDUE("contact"), offers.query.overdue[BUYER_CONTACT]),
    KITH_WANT(QUERY, OVERDUE("account"), offers.query.overdue[BUYER_ACCOUNT]),
    KITH_WANT(QUERY, RETURNS("contact"), offers.query.returns[BUYER_CONTACT]),
    KITH_WANT(QUERY, RETURNS("order.account"), offers.query.returns[BUYER_ACCOUNT]),
    KITH_WANT(SETTING, "guard.rules", offers.guard_rules),
};
kith_status offers_wants(kith_instance *self, kith_error *err) {
    if (!self->host->enabled(self->host, "commerce"))
        return KITH_OK;
    kith_status st = WANTS(self, wants, err);
    return st == KITH_OK ? read_guards(self, err) : st;
}

const kith_part offers_part = {
    .struct_size = sizeof offers_part,
    .module = "commerce",
    .permissions = KITH_ARRAY(permissions),
    .settings = KITH_ARRAY(settings),
    .actions = KITH_ARRAY(actions),
};
