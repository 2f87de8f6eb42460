/* SPDX-License-Identifier: Apache-2.0 */
/* What can be offered to whom: the catalogue with the prices of a customer, what goes with a
 * product or follows what somebody owns, and by which partners products reach the customers. */
#include "commerce.h"
#include <stdlib.h>

#define SHOWN_MAX 200 /* products in one answer */
#define LINKS_MAX 32  /* of a chain */
#define LEVELS    5   /* of distribution: none to three in between, and more */

/* The options that are given, or all of them: "good service". Gives their number. */
static kith_value options(kith_value given, const char *const *all, kith_value *items,
                          uint64_t count) {
    if (given.kind == KITH_LIST && given.as.list.count)
        return given;
    if (given.kind == KITH_TEXT) {
        items[0] = given;
        return kith_list(items, 1);
    }
    for (uint64_t i = 0; i < count; i++)
        items[i] = kith_text(all[i]);
    return kith_list(items, count);
}

/* -- price and advice ---------------------------------------------------------------------------
 */

struct buyer {
    kith_value account, contact, currency;
};

/* What one costs the customer; nothing where it has no price. */
static kith_status cost(kith_instance *self, const kith_txn *txn, const struct buyer *who,
                        kith_value product, struct price_answer *out, kith_error *err) {
    const struct price_question ask = {.account = who->account,
                                       .contact = who->contact,
                                       .product = product,
                                       .quantity = quantity_of(1),
                                       .currency = who->currency,
                                       .day = KITH_TODAY(self)};
    kith_status st = price_find(self, txn, &ask, out, err);
    return st == KITH_E_REFUSED ? KITH_OK : st;
}

/* Where goods of such a risk are sold best. */
static kith_value channel_for(kith_value risk) {
    if (risk.kind != KITH_TEXT)
        return kith_null();
    return kith_text(kith_is(risk, "commodity")   ? "web"
                     : kith_is(risk, "catalogue") ? "web, mail or phone, with pictures"
                                                  : "store or meeting, to try it");
}

/* -- the catalogue ------------------------------------------------------------------------------
 */

struct catalogue_args {
    kith_value words, category, kind, account, contact, currency, limit;
};
struct catalogue_row {
    kith_value product, code, name, kind, category, price, discount, list_price, unit,
        value_proposition, description, risk, channel, url;
};

static int by_id(const void *a, const void *b) {
    const kith_id x = ((const struct branch *)a)->id.as.link.id;
    const kith_id y = ((const struct branch *)b)->id.as.link.id;
    return (x > y) - (x < y);
}

/* A category and all inside it. One query for the tree, since a step for each level would be one
 * for each branch. */
static kith_status inside(kith_instance *self, const kith_txn *txn, kith_value category,
                          kith_value *out, kith_error *err) {
    struct branch *all;
    kith_value *ids;
    uint8_t *in;
    uint64_t count = 0, n = 0;
    int32_t more = 1;
    KITH_TRY(
        KITH_FIND(self, txn, own.branch, self->own.offering.branches, 0, NULL, &all, &count, err));
    KITH_TRY(KITH_MEMORY(self, txn, &ids, count, err));
    KITH_TRY(KITH_MEMORY(self, txn, &in, count, err));
    while (more) {
        more = 0;
        for (uint64_t i = 0; i < count; i++) {
            const struct branch key = {.id = all[i].parent};
            const struct branch *parent =
                all[i].parent.kind ? bsearch(&key, all, count, sizeof key, by_id) : NULL;
            if (in[i] ||
                (all[i].id.as.link.id != category.as.link.id && (!parent || !in[parent - all])))
                continue;
            in[i] = 1;
            ids[n++] = all[i].id;
            more = 1;
        }
    }
    *out = kith_list(ids, n);
    return KITH_OK;
}

static kith_status find_shown(kith_instance *self, const kith_txn *txn,
                              const struct catalogue_args *args, struct shown **out,
                              uint64_t *count, kith_error *err) {
    static const char *const kinds[] = {"good", "service", "subscription", "content"};
    const int32_t words = kith_has(args->words), tree = kith_has(args->category);
    const uint32_t queries[] = {self->own.offering.all, self->own.offering.by_words,
                                self->own.offering.inside, self->own.offering.both};
    kith_value items[4], params[3] = {options(args->kind, kinds, items, 4)};
    uint32_t n = 1;
    if (tree)
        KITH_TRY(inside(self, txn, args->category, &params[n++], err));
    if (words)
        params[n++] = args->words;
    return KITH_FIND(self, txn, own.shown, queries[words + 2 * tree], n, params, out, count, err);
}

static kith_status catalogue_action(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *txn = self->calls->view(call);
    struct catalogue_args args;
    struct shown *found;
    uint64_t count = 0;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(find_shown(self, txn, &args, &found, &count, err));
    const struct buyer who = {args.account, args.contact, args.currency};
    for (uint64_t i = 0; i < count && i < (uint64_t)args.limit.as.i; i++) {
        const struct shown *p = &found[i];
        struct price_answer price = {0};
        KITH_TRY(cost(self, txn, &who, p->id, &price, err));
        const struct catalogue_row row = {p->id,
                                          p->code,
                                          p->name,
                                          p->kind,
                                          p->category,
                                          price.unit_price,
                                          price.discount,
                                          price.list_price,
                                          p->unit,
                                          p->value_proposition,
                                          p->description,
                                          p->risk,
                                          channel_for(p->risk),
                                          p->url};
        KITH_TRY(KITH_ROW(self, call, &row, err));
    }
    return KITH_OK;
}

/* -- what goes with it, and what comes next -----------------------------------------------------
 */

struct related_args {
    kith_value product, contact, account, kinds, limit;
};
struct related_row {
    kith_value product, code, name, kind, because, because_name, quantity, price, value_proposition,
        note;
};
struct ids {
    kith_instance *self;
    kith_value *items;
    uint64_t count, room;
};

static int32_t has_id(const struct ids *l, kith_value id) {
    for (uint64_t i = 0; i < l->count; i++)
        if (l->items[i].as.link.id == id.as.link.id)
            return 1;
    return 0;
}

static kith_status add_id(struct ids *l, const kith_txn *txn, kith_value id, kith_error *err) {
    if (id.kind != KITH_LINK || has_id(l, id))
        return KITH_OK;
    KITH_TRY(KITH_GROW(l->self, txn, l, err));
    l->items[l->count++] = id;
    return KITH_OK;
}

static kith_status note_product(void *arg, const kith_txn *txn, uint32_t count,
                                const kith_value *values, kith_error *err) {
    (void)count;
    return add_id(arg, txn, values[0], err);
}

/* What the customer has in use, and what they ordered and did not send back. */
static kith_status find_owned(kith_instance *self, const kith_txn *txn,
                              const struct related_args *args, struct ids *owned, kith_error *err) {
    const int32_t by_account = !kith_has(args->contact);
    const kith_value who = by_account ? args->account : args->contact;
    if (!kith_has(who))
        return KITH_OK;
    KITH_TRY(self->records->groups(txn, self->own.offering.owned[by_account], 1, &who, 0,
                                   note_product, owned, err));
    return self->records->groups(txn, self->own.offering.ordered[by_account], 1, &who, 0,
                                 note_product, owned, err);
}

static kith_status answer_tie(kith_instance *self, kith_call *call, const struct related_args *args,
                              const struct tie *tie, int64_t *rows, kith_error *err) {
    const kith_txn *txn = self->calls->view(call);
    const struct buyer who = {args->account, args->contact, kith_null()};
    struct price_answer price = {0};
    struct shown other, because;
    KITH_TRY(KITH_LOAD(self, txn, own.shown, tie->other.as.link.id, &other, err));
    if (!kith_is(other.state, "active"))
        return KITH_OK;
    KITH_TRY(KITH_LOAD(self, txn, own.shown, tie->product.as.link.id, &because, err));
    KITH_TRY(cost(self, txn, &who, other.id, &price, err));
    const struct related_row row = {other.id,      other.code,       other.name,
                                    tie->kind,     because.id,       because.name,
                                    tie->quantity, price.unit_price, other.value_proposition,
                                    tie->note};
    ++*rows;
    return KITH_ROW(self, call, &row, err);
}

static kith_status related_action(kith_instance *self, kith_call *call, kith_error *err) {
    static const char *const usual[] = {"complement", "upgrade", "successor", "exchange"};
    const kith_txn *txn = self->calls->view(call);
    struct ids seen = {.self = self}, owned = seen, shown = seen;
    struct related_args args;
    struct tie *ties = NULL;
    uint64_t count = 0;
    int64_t rows = 0;
    kith_value items[4], params[2];
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    if (!args.product.kind && !args.contact.kind && !args.account.kind)
        return kith_fail(err, KITH_E_INVAL, "product",
                         "product: say to what: a product, or a contact or account and so all that "
                         "they own");
    KITH_TRY(find_owned(self, txn, &args, &seen, err));
    /* What they have is left out, whoever may see that they do. */
    KITH_TRY(find_owned(self, self->calls->whole(call), &args, &owned, err));
    params[0] = args.product.kind ? kith_list(&args.product, 1) : kith_list(seen.items, seen.count);
    params[1] = options(args.kinds, usual, items, 4);
    if (params[0].as.list.count)
        KITH_TRY(
            KITH_FIND(self, txn, own.tie, self->own.offering.ties, 2, params, &ties, &count, err));
    for (uint64_t i = 0; i < count && rows < args.limit.as.i; i++) {
        if (has_id(&owned, ties[i].other) || has_id(&shown, ties[i].other))
            continue;
        KITH_TRY(add_id(&shown, txn, ties[i].other, err));
        KITH_TRY(answer_tie(self, call, &args, &ties[i], &rows, err));
    }
    return KITH_OK;
}

/* -- the way to the customer --------------------------------------------------------------------
 */

struct chain_row {
    kith_value step, account, name, kind;
};

static kith_status chain_action(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *txn = self->calls->view(call);
    kith_value next, level = kith_int(0);
    KITH_TRY(self->calls->arg(call, 0, &next, err));
    for (int64_t i = 0; kith_has(next) && i < LINKS_MAX; i++) {
        struct chain a;
        KITH_TRY(KITH_LOAD(self, txn, own.chain, next.as.link.id, &a, err));
        const struct chain_row row = {kith_int(i), a.id, a.name, a.kind};
        level = row.step;
        KITH_TRY(KITH_ROW(self, call, &row, err));
        next = a.supplied_by;
    }
    return self->calls->result(call, 0, &level, err);
}

static kith_status levels_action(kith_instance *self, kith_call *call, kith_error *err) {
    static const char *const ways[LEVELS] = {"direct", "retailer", "wholesaler, retailer",
                                             "agent, wholesaler, retailer", "longer"};
    const kith_txn *txn = self->calls->view(call);
    for (int64_t i = 0; i < LEVELS; i++) {
        struct {
            kith_value level, way, accounts;
        } row = {kith_int(i), kith_text(ways[i]), kith_null()};
        KITH_TRY(KITH_TOTAL(self, txn, self->own.offering.levels[i], 0, NULL, &row.accounts, err));
        KITH_TRY(KITH_ROW(self, call, &row, err));
    }
    return KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field account_fields[] = {
    F("supplied_by", LINK, .options = "account", .flags = KITH_FF_TREE,
      .doc = "The partner by whom our products reach it: a retailer, whom a wholesaler supplies, "
             "whom an agent supplies; empty: we sell to it ourselves."),
};
static const kith_type types[] = {
    {.name = "account", .fields = KITH_ARRAY(account_fields), .extends = 1},
};

#define KINDS "good,service,subscription,content"
#define FOR_WHOM                                                                                   \
    F("account", LINK, .options = "account", .doc = "For whom: an organisation."),                 \
        F("contact", LINK, .options = "contact", .doc = "For whom: a person.")
static const kith_field catalogue_params[] = {
    F("words", TEXT, .doc = "Found by these words, as a search finds it; the last may be begun*."),
    F("category", LINK, .options = "product_category",
      .doc = "In this category, and all inside it."),
    F("kind", CHOICE, .options = KINDS, .doc = "Only this kind."),
    FOR_WHOM,
    F("currency", TEXT, .doc = "Prices in this one."),
    F("limit", INTEGER, .default_text = "50", .min = "1", .max = "200", .doc = "So many at most."),
};
static const kith_field catalogue_columns[] = {
    F("product", LINK, .options = "product", .doc = "The product."),
    F("code", TEXT, .doc = "Its article number."),
    F("name", TEXT, .doc = "What it is called."),
    F("kind", TEXT, .doc = "What it is."),
    F("category", LINK, .options = "product_category", .doc = "Where it stands."),
    F("price", MONEY, .doc = "What one costs this customer; empty: it has no price for them."),
    F("discount", PERCENT, .doc = "Percent less, by their terms."),
    F("list_price", MONEY, .doc = "What one costs without terms."),
    F("unit", TEXT, .doc = "What one is."),
    F("value_proposition", LONGTEXT, .doc = "Why to buy it."),
    F("description", LONGTEXT, .doc = "What it is, in full."),
    F("risk", TEXT, .doc = "How risky it seems to buy unseen."),
    F("channel", TEXT, .doc = "Where it is sold best for that."),
    F("url", URL, .doc = "Where it is shown."),
};
static const kith_field related_params[] = {
    F("product", LINK, .options = "product", .doc = "What goes with this one."),
    F("contact", LINK, .options = "contact", .doc = "What goes with all that this person owns."),
    F("account", LINK, .options = "account",
      .doc = "What goes with all that this organisation owns."),
    F("kinds", TAGS,
      .doc = "complement, upgrade, successor, exchange (these four when nothing is said), "
             "bundle_part, spare_part, substitute."),
    F("limit", INTEGER, .default_text = "50", .min = "1", .max = "200", .doc = "So many at most."),
};
static const kith_field related_columns[] = {
    F("product", LINK, .options = "product", .doc = "What can be offered; they do not own it yet."),
    F("code", TEXT, .doc = "Its article number."),
    F("name", TEXT, .doc = "What it is called."),
    F("kind", TEXT, .doc = "What it is to the other: complement, upgrade, ..."),
    F("because", LINK, .options = "product", .doc = "The other one, as what they own."),
    F("because_name", TEXT, .doc = "What that is called."),
    F("quantity", QUANTITY, .doc = "How many of it go with one."),
    F("price", MONEY, .doc = "What one costs them."),
    F("value_proposition", LONGTEXT, .doc = "Why to buy it."),
    F("note", TEXT, .doc = "What the relation says to who sells."),
};
static const kith_field chain_params[] = {
    F("account", LINK, .options = "account", .flags = KITH_FF_REQUIRED, .doc = "The customer."),
};
static const kith_field chain_results[] = {
    F("level", INTEGER,
      .doc = "How many stand in between: 0 direct, 1 a retailer, 2 a wholesaler, too, 3 an agent."),
};
static const kith_field chain_columns[] = {
    F("step", INTEGER, .doc = "0 is the customer, 1 who supplies it, and so on."),
    F("account", LINK, .options = "account", .doc = "Who."),
    F("name", TEXT, .doc = "What it is called."),
    F("kind", TEXT, .doc = "What it is to us."),
};
static const kith_field levels_columns[] = {
    F("level", INTEGER, .doc = "How many stand in between; 4 is four and more."),
    F("way", TEXT, .doc = "Who these are."),
    F("accounts", INTEGER, .doc = "How many accounts are reached in this way."),
};
static const kith_action actions[] = {
    {.name = "catalogue",
     .doc = "Searches the products on sale by words, category and kind, with a customer's prices.",
     .effect = KITH_EFFECT_READ,
     .fn = catalogue_action,
     .params = KITH_ARRAY(catalogue_params),
     .columns = KITH_ARRAY(catalogue_columns)},
    {.name = "related",
     .doc = "Lists what goes with a product, or with all that a customer owns, and is not owned.",
     .effect = KITH_EFFECT_READ,
     .flags = KITH_AF_WHOLE,
     .fn = related_action,
     .params = KITH_ARRAY(related_params),
     .columns = KITH_ARRAY(related_columns)},
    {.name = "chain",
     .doc = "Lists by whom products reach a customer, and on which level that is.",
     .effect = KITH_EFFECT_READ,
     .fn = chain_action,
     .params = KITH_ARRAY(chain_params),
     .results = KITH_ARRAY(chain_results),
     .columns = KITH_ARRAY(chain_columns)},
    {.name = "levels",
     .doc = "Counts the accounts on each level of distribution.",
     .effect = KITH_EFFECT_READ,
     .fn = levels_action,
     .columns = KITH_ARRAY(levels_columns)},
};

#define ON_SALE "product where state = 'active' and kind in (:kinds)"
#define BY_NAME " order by name limit 200"
#define OWNED(by)                                                                                  \
    "asset where " by                                                                              \
    " = :who and state = 'in_use' group by product order by -count() limit 2000 "                  \
    ": count()"
#define ORDERED(by)                                                                                \
    "order_line where order." by " = :who and order.state in ('ordered', 'paid', 'shipped', "      \
    "'delivered') group by product order by -count() limit 2000 : count()"
#define UP    "supplied_by"
#define TOTAL " : count() as accounts"
static const kith_want wants[] = {
    KITH_WANT_RECORD("product", own.shown, SHOWN),
    KITH_WANT_RECORD("product_relation", own.tie, TIE),
    KITH_WANT_RECORD("product_category", own.branch, BRANCH),
    KITH_WANT_RECORD("account", own.chain, CHAIN),
    KITH_WANT(QUERY, ON_SALE BY_NAME, own.offering.all),
    KITH_WANT(QUERY, ON_SALE " and matches(:words)" BY_NAME, own.offering.by_words),
    KITH_WANT(QUERY, ON_SALE " and category in (:categories)" BY_NAME, own.offering.inside),
    KITH_WANT(QUERY, ON_SALE " and category in (:categories) and matches(:words)" BY_NAME,
              own.offering.both),
    KITH_WANT(QUERY, "product_category order by id", own.offering.branches),
    KITH_WANT(QUERY,
              "product_relation where product in (:products) and kind in (:kinds) order by id "
              "limit 2000",
              own.offering.ties),
    KITH_WANT(QUERY, OWNED("contact"), own.offering.owned[0]),
    KITH_WANT(QUERY, OWNED("account"), own.offering.owned[1]),
    KITH_WANT(QUERY, ORDERED("contact"), own.offering.ordered[0]),
    KITH_WANT(QUERY, ORDERED("account"), own.offering.ordered[1]),
    KITH_WANT(QUERY, "account where " UP " is null" TOTAL, own.offering.levels[0]),
    KITH_WANT(QUERY, "account where " UP " is not null and " UP "." UP " is null" TOTAL,
              own.offering.levels[1]),
    KITH_WANT(QUERY,
              "account where " UP "." UP " is not null and " UP "." UP "." UP " is null" TOTAL,
              own.offering.levels[2]),
    KITH_WANT(QUERY,
              "account where " UP "." UP "." UP " is not null and " UP "." UP "." UP "." UP
              " is null" TOTAL,
              own.offering.levels[3]),
    KITH_WANT(QUERY, "account where " UP "." UP "." UP "." UP " is not null" TOTAL,
              own.offering.levels[4]),
};
const kith_part offering_part = {
    .struct_size = sizeof offering_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .actions = KITH_ARRAY(actions),
};
