/* SPDX-License-Identifier: Apache-2.0 */
/* Territories: which one an account or a lead lies in, by its address, and what lies in each with
 * all below. Kith keeps the totals of each territory's own accounts as roll-ups; the sums over the
 * tree are made when they are asked for, since there are few territories and many accounts. */
#include "sales.h"
#include <stdlib.h>

/* -- the tree -----------------------------------------------------------------------------------
 */

static kith_id id_of(const struct area *area) {
    return area->id.as.link.id;
}

static int by_id(const void *a, const void *b) {
    const kith_id x = id_of(*(const struct area *const *)a),
                  y = id_of(*(const struct area *const *)b);
    return (x > y) - (x < y);
}

int64_t area_at(const struct area_tree *tree, kith_id id) {
    uint64_t low = 0, high = tree->count;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (id_of(tree->by_id[middle]) < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < tree->count && id_of(tree->by_id[low]) == id ? tree->by_id[low] - tree->areas : -1;
}

kith_status area_tree(kith_instance *self, const kith_txn *txn, struct area_tree *tree,
                      kith_error *err) {
    KITH_TRY(KITH_FIND(self, txn, regions.area, self->regions.query.areas, 0, NULL, &tree->areas,
                       &tree->count, err));
    KITH_TRY(KITH_MEMORY(self, txn, &tree->by_id, tree->count, err));
    KITH_TRY(KITH_MEMORY(self, txn, &tree->parents, tree->count, err));
    for (uint64_t i = 0; i < tree->count; i++)
        tree->by_id[i] = &tree->areas[i];
    if (tree->count)
        qsort(tree->by_id, (size_t)tree->count, sizeof *tree->by_id, by_id);
    for (uint64_t i = 0; i < tree->count; i++) {
        const kith_value *parent = &tree->areas[i].parent;
        tree->parents[i] = parent->kind == KITH_LINK ? area_at(tree, parent->as.link.id) : -1;
    }
    return KITH_OK;
}

/* -- totals -------------------------------------------------------------------------------------
 */

struct totals {
    int64_t accounts, deals, leads;
    kith_value pipeline, weighted, won;
};

static kith_status add(const kith_instance *self, struct totals *to, const struct totals *more,
                       kith_error *err) {
    to->accounts += more->accounts;
    to->deals += more->deals;
    to->leads += more->leads;
    KITH_TRY(self->numbers->add(&to->pipeline, 1, &more->pipeline, &to->pipeline, err));
    KITH_TRY(self->numbers->add(&to->weighted, 1, &more->weighted, &to->weighted, err));
    return self->numbers->add(&to->won, 1, &more->won, &to->won, err);
}

static struct totals totals_of(const struct area *a) {
    return (struct totals){.accounts = a->accounts.as.i,
                           .deals = a->open_opportunities.as.i,
                           .leads = a->open_leads.as.i,
                           .pipeline = a->pipeline,
                           .weighted = a->weighted,
                           .won = a->won};
}

/* The answer, and what it is made of. */
struct view {
    kith_instance *self;
    kith_call *call;
    const kith_txn *txn;
    struct area_tree tree;
    struct totals *own, *below; /* below: with its own */
    int8_t *holds;              /* something below it is of the level that is asked for */
    int64_t root;               /* -1: all */
    kith_value level;
    struct totals all;
};

static int32_t is_level(const struct view *v, int64_t i) {
    return kith_has(v->level) ? kith_equal(v->tree.areas[i].level, v->level)
                              : v->tree.parents[i] == v->root;
}

/* Each territory goes into all those that it lies in. */
static kith_status sum_up(struct view *v, kith_error *err) {
    const uint64_t n = v->tree.count;
    KITH_TRY(KITH_MEMORY(v->self, v->txn, &v->own, n, err));
    KITH_TRY(KITH_MEMORY(v->self, v->txn, &v->below, n, err));
    KITH_TRY(KITH_MEMORY(v->self, v->txn, &v->holds, n, err));
    for (uint64_t i = 0; i < n; i++)
        v->own[i] = totals_of(&v->tree.areas[i]);
    for (uint64_t i = 0; i < n; i++) {
        const int32_t level = is_level(v, (int64_t)i);
        for (int64_t at = (int64_t)i; at >= 0; at = v->tree.parents[at]) {
            v->holds[at] |= (int8_t)(level && at != (int64_t)i);
            KITH_TRY(add(v->self, &v->below[at], &v->own[i], err));
        }
    }
    return KITH_OK;
}

/* -- rows ---------------------------------------------------------------------------------------
 */

struct territory_row {
    kith_value territory, name, level, account, only_own, stage, accounts, deals, pipeline,
        weighted, won, leads;
};

static void put_totals(struct territory_row *row, const struct totals *t) {
    row->accounts = kith_int(t->accounts);
    row->deals = kith_int(t->deals);
    row->pipeline = t->pipeline;
    row->weighted = t->weighted;
    row->won = t->won;
    row->leads = kith_int(t->leads);
}

static kith_status area_row(struct view *v, const struct area *area, int32_t own,
                            const struct totals *totals, kith_error *err) {
    struct territory_row row = {.only_own = kith_bool(own)};
    if (area) {
        row.territory = area->id;
        row.name = area->name;
        row.level = area->level;
    }
    put_totals(&row, totals);
    KITH_TRY(add(v->self, &v->all, totals, err));
    return KITH_ROW(v->self, v->call, &row, err);
}

/* One that stands for all that lies in it: of the level, or with nothing of the level below. */
static int32_t is_whole(const struct view *v, int64_t i) {
    return is_level(v, i) || !v->holds[i];
}

enum { AWAY, WITHIN, COVERED };
/* Where it stands in what is asked for. */
static int place_of(const struct view *v, int64_t i) {
    int place = v->root < 0 || i == v->root ? WITHIN : AWAY;
    for (int64_t at = i; place == AWAY && at >= 0; at = v->tree.parents[at])
        if (at == v->root)
            place = WITHIN;
    for (int64_t at = i; place == WITHIN && at != v->root && at >= 0;) {
        at = v->tree.parents[at];
        if (at >= 0 && is_whole(v, at))
            place = COVERED;
    }
    return place;
}

static int32_t is_empty(const struct totals *t) {
    return t->accounts == 0 && t->leads == 0;
}

static kith_status account_rows(struct view *v, const struct area *area, kith_error *err) {
    kith_instance *self = v->self;
    struct firm *firms;
    uint64_t count;
    KITH_TRY(KITH_FIND(self, v->txn, regions.firm, self->regions.query.accounts_in, 1, &area->id,
                       &firms, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        const struct firm *f = &firms[i];
        const struct totals t = {1,     f->open_opportunities.as.i, 0, f->pipeline, f->weighted,
                                 f->won};
        struct territory_row row = {.territory = area->id,
                                    .name = f->name,
                                    .level = kith_text("account"),
                                    .account = f->id,
                                    .only_own = kith_bool(1)};
        put_totals(&row, &t);
        KITH_TRY(add(self, &v->all, &t, err));
        KITH_TRY(KITH_ROW(self, v->call, &row, err));
    }
    return KITH_OK;
}

static kith_status rows(struct view *v, kith_error *err) {
    const int32_t accounts = kith_is(v->level, "account");
    for (int64_t i = 0; i < (int64_t)v->tree.count; i++) {
        const struct area *area = &v->tree.areas[i];
        const int32_t whole = !accounts && is_whole(v, i);
        if (accounts ? place_of(v, i) == AWAY || v->own[i].accounts == 0
                     : place_of(v, i) != WITHIN || (!whole && is_empty(&v->own[i])))
            continue;
        KITH_TRY(accounts ? account_rows(v, area, err)
                          : area_row(v, area, !whole, whole ? &v->below[i] : &v->own[i], err));
    }
    return KITH_OK;
}

/* What lies in no territory stands in a row of its own, so that the rows are all there is. */
static kith_status nowhere_row(struct view *v, kith_error *err) {
    kith_instance *self = v->self;
    struct {
        kith_value accounts, deals, pipeline, weighted, won;
    } sums;
    kith_value leads;
    KITH_TRY(KITH_TOTAL(self, v->txn, self->regions.query.nowhere, 0, NULL, &sums, err));
    KITH_TRY(KITH_TOTAL(self, v->txn, self->regions.query.leads_nowhere, 0, NULL, &leads, err));
    const struct totals t = {.accounts = sums.accounts.as.i,
                             .deals = kith_has(sums.deals) ? sums.deals.as.i : 0,
                             .leads = leads.as.i,
                             .pipeline = sums.pipeline,
                             .weighted = sums.weighted,
                             .won = sums.won};
    return is_empty(&t) ? KITH_OK : area_row(v, NULL, 1, &t, err);
}

/* -- by stage -----------------------------------------------------------------------------------
 */

/* Open deals of a territory, or of an account, in one stage and currency. */
struct stage_group {
    kith_value of, name, stage, currency, deals, amount, weighted;
};
struct stage_item {
    const struct stage_group *group;
    int64_t run,
        at; /* the order that it is in before its stage; the place of its territory, or -1 */
    int place;
};
struct stage_items {
    struct stage_item *items;
    uint64_t count;
};

static int compare_text(kith_value a, kith_value b) {
    if (a.kind != KITH_TEXT || b.kind != KITH_TEXT)
        return (a.kind == KITH_TEXT) - (b.kind == KITH_TEXT);
    const uint64_t n = a.as.s.len < b.as.s.len ? a.as.s.len : b.as.s.len;
    const int differ = memcmp(a.as.s.ptr, b.as.s.ptr, (size_t)n);
    return differ ? differ : (a.as.s.len > b.as.s.len) - (a.as.s.len < b.as.s.len);
}

static int by_stage(const void *a, const void *b) {
    const struct stage_item *x = a, *y = b;
    if (x->run != y->run)
        return x->run < y->run ? -1 : 1;
    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    const int stage = compare_text(x->group->stage, y->group->stage);
    return stage ? stage : compare_text(x->group->currency, y->group->currency);
}

/* In the order of the stages; of accounts those of each behind each other, as they come. */
static kith_status read_stages(struct view *v, const struct area *of, struct stage_items *out,
                               kith_error *err) {
    kith_instance *self = v->self;
    const struct stage_group *g;
    KITH_TRY(KITH_GROUPS(self, v->txn,
                         of ? self->regions.query.account_stages : self->regions.query.area_stages,
                         of ? 1 : 0, of ? &of->id : NULL, &g, &out->count, err));
    KITH_TRY(KITH_MEMORY(self, v->txn, &out->items, out->count, err));
    for (uint64_t i = 0; i < out->count; i++) {
        struct stage_item *item = &out->items[i];
        const int other = i && !kith_equal(g[i].of, g[i - 1].of);
        *item = (struct stage_item){.group = &g[i], .place = stage_place(self, g[i].stage.as.s)};
        item->run = of && i ? out->items[i - 1].run + other : 0;
        item->at = !of && g[i].of.kind == KITH_LINK ? area_at(&v->tree, g[i].of.as.link.id) : -1;
    }
    if (out->count)
        qsort(out->items, (size_t)out->count, sizeof *out->items, by_stage);
    return KITH_OK;
}

static kith_status stage_row(struct view *v, struct territory_row row,
                             const struct stage_group *first, const struct totals *t,
                             kith_error *err) {
    row.stage = first->stage;
    row.deals = kith_int(t->deals);
    row.pipeline = t->pipeline;
    row.weighted = t->weighted;
    v->all.deals += t->deals;
    return KITH_ROW(v->self, v->call, &row, err);
}

static kith_status account_stage_rows(struct view *v, const struct area *area, kith_error *err) {
    struct stage_items all = {0};
    KITH_TRY(read_stages(v, area, &all, err));
    for (uint64_t i = 0; i < all.count; i++) {
        const struct stage_group *g = all.items[i].group;
        const struct totals t = {
            .deals = g->deals.as.i, .pipeline = g->amount, .weighted = g->weighted};
        const struct territory_row row = {.territory = area->id,
                                          .name = g->name,
                                          .level = kith_text("account"),
                                          .account = g->of,
                                          .only_own = kith_bool(1)};
        KITH_TRY(stage_row(v, row, g, &t, err));
    }
    return KITH_OK;
}

static int32_t lies_in(const struct view *v, int64_t at, int64_t area, int32_t whole) {
    for (; whole && at >= 0 && at != area;)
        at = v->tree.parents[at];
    return at == area;
}

/* area -1: what lies in none. */
static kith_status area_stage_rows(struct view *v, const struct stage_items *all, int64_t area,
                                   int32_t whole, kith_error *err) {
    const struct area *a = area < 0 ? NULL : &v->tree.areas[area];
    struct territory_row row = {.only_own = kith_bool(!whole)};
    if (a) {
        row.territory = a->id;
        row.name = a->name;
        row.level = a->level;
    }
    for (uint64_t i = 0, first = 0; i < all->count; first = i) {
        struct totals t = {0};
        for (; i < all->count && by_stage(&all->items[i], &all->items[first]) == 0; i++) {
            const struct stage_group *g = all->items[i].group;
            const struct totals more = {
                .deals = g->deals.as.i, .pipeline = g->amount, .weighted = g->weighted};
            if (lies_in(v, all->items[i].at, area, whole))
                KITH_TRY(add(v->self, &t, &more, err));
        }
        if (t.deals)
            KITH_TRY(stage_row(v, row, all->items[first].group, &t, err));
    }
    return KITH_OK;
}

static kith_status stage_rows(struct view *v, kith_error *err) {
    const int32_t accounts = kith_is(v->level, "account");
    struct stage_items all = {0};
    KITH_TRY(read_stages(v, NULL, &all, err));
    for (int64_t i = 0; i < (int64_t)v->tree.count; i++) {
        const int place = place_of(v, i);
        if (accounts && place != AWAY)
            KITH_TRY(account_stage_rows(v, &v->tree.areas[i], err));
        else if (!accounts && place == WITHIN)
            KITH_TRY(area_stage_rows(v, &all, i, is_whole(v, i), err));
    }
    return v->root < 0 ? area_stage_rows(v, &all, -1, 0, err) : KITH_OK;
}

/* -- the answer ---------------------------------------------------------------------------------
 */

static kith_status check_level(const struct view *v, kith_error *err) {
    if (!kith_has(v->level) || kith_is(v->level, "account"))
        return KITH_OK;
    for (uint64_t i = 0; i < v->tree.count; i++)
        if (is_level(v, (int64_t)i))
            return KITH_OK;
    return kith_fail(err, KITH_E_NOTFOUND, "level",
                     "level: no territory is a '%.*s'; the field level of territories names them, "
                     "and 'account' is below all",
                     KITH_CUT(v->level.as.s, 60));
}

static kith_status territory_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct view v = {.self = self, .call = call, .txn = self->calls->view(call), .root = -1};
    struct {
        kith_value territory, level, by_stage;
    } args;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(area_tree(self, v.txn, &v.tree, err));
    if (kith_has(args.territory))
        v.root = area_at(&v.tree, args.territory.as.link.id);
    v.level = args.level;
    KITH_TRY(check_level(&v, err));
    KITH_TRY(sum_up(&v, err));
    KITH_TRY(args.by_stage.as.i ? stage_rows(&v, err) : rows(&v, err));
    if (!kith_has(args.territory) && !args.by_stage.as.i)
        KITH_TRY(nowhere_row(&v, err));
    struct {
        kith_value accounts, deals, pipeline, weighted, won, leads;
    } results = {
        kith_int(v.all.accounts), kith_int(v.all.deals), v.all.pipeline, v.all.weighted, v.all.won,
        kith_int(v.all.leads)};
    if (args.by_stage.as.i) /* in several currencies, and of deals alone */
        results.accounts = results.won = results.leads = kith_null();
    return KITH_RESULTS(self, call, &results, err);
}

/* -- places -------------------------------------------------------------------------------------
 */

#define KEY_MAX  240
#define CODE_MAX 12 /* characters of a postal code that are compared */

/* False: it is longer than any place that is written down. */
static int32_t place_key(char key[KEY_MAX], const char *kind, kith_str value,
                         const kith_value *country) {
    const kith_str in = country && country->kind == KITH_TEXT ? country->as.s : kith_str_of("");
    return snprintf(key, KEY_MAX, "%s|%.*s|%.*s", kind, KITH_CHARS(value), KITH_CHARS(in)) <
           KEY_MAX;
}

static kith_status find_place(kith_instance *self, const kith_txn *txn, const char *kind,
                              kith_str value, const kith_value *country, struct place *place,
                              kith_error *err) {
    char key[KEY_MAX];
    if (!place_key(key, kind, value, country))
        return KITH_OK;
    const kith_value text = kith_text(key);
    return KITH_FIRST(self, txn, regions.place, self->regions.query.place_by_key, 1, &text, place,
                      err);
}

/* In that country, else wherever. */
static kith_status look_up(kith_instance *self, const kith_txn *txn, const char *kind,
                           kith_str value, const kith_value *country, kith_value *area,
                           kith_error *err) {
    struct place place = {.territory = kith_null()};
    if (kith_has(*country))
        KITH_TRY(find_place(self, txn, kind, value, country, &place, err));
    if (!kith_has(place.territory))
        KITH_TRY(find_place(self, txn, kind, value, NULL, &place, err));
    *area = place.territory;
    return KITH_OK;
}

/* Without blanks and dashes: 721 302 is 721302. */
static kith_str bare_code(kith_str code, char out[CODE_MAX]) {
    kith_str bare = {.ptr = out, .len = 0};
    for (uint64_t i = 0; i < code.len && bare.len < CODE_MAX; i++)
        if (code.ptr[i] != ' ' && code.ptr[i] != '-')
            out[bare.len++] = code.ptr[i];
    return bare;
}

static kith_status by_code(kith_instance *self, const kith_txn *txn, const struct address *where,
                           kith_value *area, kith_error *err) {
    char out[CODE_MAX];
    kith_str code = bare_code(where->postal_code.as.s, out);
    for (; area->kind == KITH_NULL && code.len; code.len--)
        KITH_TRY(look_up(self, txn, "postal_code", code, &where->country, area, err));
    return KITH_OK;
}

kith_status area_of(kith_instance *self, const kith_txn *txn, const struct address *where,
                    kith_value *area, kith_error *err) {
    *area = kith_null();
    if (where->postal_code.kind == KITH_TEXT)
        KITH_TRY(by_code(self, txn, where, area, err));
    if (area->kind == KITH_NULL && where->city.kind == KITH_TEXT)
        KITH_TRY(look_up(self, txn, "city", where->city.as.s, &where->country, area, err));
    if (area->kind == KITH_NULL && where->region.kind == KITH_TEXT)
        KITH_TRY(look_up(self, txn, "region", where->region.as.s, &where->country, area, err));
    if (area->kind == KITH_NULL && where->country.kind == KITH_TEXT)
        KITH_TRY(look_up(self, txn, "country", where->country.as.s,
                         &(kith_value){.kind = KITH_NULL}, area, err));
    return KITH_OK;
}

static kith_status place_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    struct place place, other = {.territory = kith_null()};
    char key[KEY_MAX], kind[16], out[CODE_MAX];
    KITH_TRY(KITH_CHANGE(self, txn, change, regions.place, &place, err));
    if (place.kind.kind != KITH_TEXT || place.value.kind != KITH_TEXT)
        return KITH_OK; /* it is refused anyhow */
    (void)snprintf(kind, sizeof kind, "%.*s", KITH_CHARS(place.kind.as.s));
    if (strcmp(kind, "country") == 0 && place.country.kind == KITH_TEXT)
        return kith_fail(err, KITH_E_REFUSED, "country",
                         "country: of a whole country its name stands in value; leave this empty");
    const kith_str value =
        strcmp(kind, "postal_code") == 0 ? bare_code(place.value.as.s, out) : place.value.as.s;
    if (!place_key(key, kind, value, &place.country))
        return kith_fail(err, KITH_E_REFUSED, "value", "value: the name of the place is too long");
    KITH_TRY(find_place(self, txn, kind, value, &place.country, &other, err));
    if (kith_has(other.territory) && !kith_equal(other.id, place.id))
        return kith_fail(err, KITH_E_REFUSED, "value",
                         "value: this %s lies in a territory already: see 'kith find "
                         "territory_place --where \"key = '%s'\"'",
                         kind, key);
    const kith_value text = kith_text(key);
    return self->records->set(txn, change, 1, &self->regions.place.key, &text, err);
}

/* -- what is new, or moves ----------------------------------------------------------------------
 */

/* It keeps the territory that it has, and one that somebody empties stays so; else it lies where
 * its address does, or as what it belongs to. */
static kith_status put_area(kith_instance *self, kith_txn *txn, kith_change *change, uint32_t field,
                            kith_value now, const struct address *where, kith_value belongs_to,
                            kith_error *err) {
    struct firm firm;
    kith_value area;
    if (kith_has(now) || (change->before && self->records->changed(txn, change, field) == 1))
        return KITH_OK;
    KITH_TRY(area_of(self, txn, where, &area, err));
    if (!kith_has(area)) {
        KITH_TRY(kith_or_none(KITH_FOLLOW(self, txn, regions.firm, belongs_to, &firm, err)));
        area = firm.territory;
    }
    return kith_has(area) ? self->records->set(txn, change, 1, &field, &area, err) : KITH_OK;
}

static kith_status account_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                kith_error *err) {
    struct firm a;
    KITH_TRY(KITH_CHANGE(self, txn, change, regions.firm, &a, err));
    const struct address where = {a.billing_city, a.billing_region, a.billing_country,
                                  a.billing_postal_code};
    return put_area(self, txn, change, self->regions.firm.territory, a.territory, &where, a.parent,
                    err);
}

static kith_status lead_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                             kith_error *err) {
    struct prospect p;
    KITH_TRY(KITH_CHANGE(self, txn, change, regions.prospect, &p, err));
    const struct address where = {p.city, p.region, p.country, p.postal_code};
    return put_area(self, txn, change, self->regions.prospect.territory, p.territory, &where,
                    p.account, err);
}

/* Behind the pipeline's hook, which settles the probability. */
static kith_status weighted_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                 kith_error *err) {
    struct bid bid;
    kith_value weighted = kith_null();
    KITH_TRY(KITH_CHANGE(self, txn, change, regions.bid, &bid, err));
    if (bid.amount.kind == KITH_MONEY && bid.probability.kind == KITH_INT)
        KITH_TRY(self->numbers->multiply(&bid.amount, &bid.probability, 100, KITH_ROUND_HALF_EVEN,
                                         &weighted, err));
    return self->records->set(txn, change, 1, &self->regions.bid.weighted, &weighted, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

#define VIA "via territory"
static const kith_field territory_fields[] = {
    F("level", TEXT, .flags = KITH_FF_INDEXED,
      .doc = "What it is among territories: town, zone, country, region."),
    F("accounts", INTEGER, .rollup = "count(account " VIA ")", .doc = "Accounts that lie in it."),
    F("open_opportunities", INTEGER, .rollup = "sum(account.open_opportunities " VIA ")",
      .doc = "Deals with them that are neither won nor lost."),
    F("pipeline", MONEY, .rollup = "sum(account.pipeline " VIA ")",
      .doc = "What those are expected to bring, in the company's currency."),
    F("weighted", MONEY, .rollup = "sum(account.weighted " VIA ")",
      .doc = "What they are likely to bring, in the company's currency."),
    F("won", MONEY, .rollup = "sum(account.won " VIA ")",
      .doc = "What the deals that were won bring, in the company's currency."),
    F("open_leads", INTEGER, .rollup = "count(lead " VIA " where " OPEN_LEAD ")",
      .doc = "Open leads that lie in it."),
};
static const kith_field account_fields[] = {
    F("weighted", MONEY,
      .rollup = "sum(opportunity.weighted via account where stage not in ('won', 'lost'))",
      .doc = "What its open deals are likely to bring, in the company's currency."),
};
static const kith_field opportunity_fields[] = {
    F("weighted", MONEY, .flags = KITH_FF_READONLY,
      .doc = "What it is likely to bring: its amount times its probability."),
};
static const kith_field lead_fields[] = {
    F("city", TEXT, .flags = KITH_FF_PERSONAL, .doc = "Town."),
    F("region", TEXT, .flags = KITH_FF_PERSONAL, .doc = "State or region."),
    F("country", TEXT, .doc = "Country."),
    F("postal_code", TEXT, .flags = KITH_FF_PERSONAL, .doc = "Postal code."),
    F("industry", TEXT, .flags = KITH_FF_SEARCHED, .doc = "Line of business."),
    F("territory", LINK, .options = "territory",
      .doc = "The territory it lies in: by its address, else that of its account."),
};
static const kith_field place_fields[] = {
    F("territory", LINK, .options = "territory", .flags = KITH_FF_REQUIRED | KITH_FF_PARTOF,
      .doc = "The territory."),
    F("kind", CHOICE, .options = "postal_code,city,region,country", .flags = KITH_FF_REQUIRED,
      .doc = "What lies in it; the first of these that is known decides."),
    F("value", TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_SEARCHED,
      .doc = "Its name, or how the postal code begins: 7213."),
    F("country", TEXT, .doc = "In which country; empty: in any."),
    F("key", TEXT, .flags = KITH_FF_READONLY | KITH_FF_UNIQUE, .doc = "By which it is found."),
};
static const kith_type types[] = {
    {.name = "territory", .fields = KITH_ARRAY(territory_fields), .extends = 1},
    {.name = "opportunity", .fields = KITH_ARRAY(opportunity_fields), .extends = 1},
    {.name = "lead", .fields = KITH_ARRAY(lead_fields), .extends = 1},
    {.name = "account", .fields = KITH_ARRAY(account_fields), .extends = 1},
    {.name = "territory_place",
     .label = "Territory place",
     .doc = "A place that lies in a territory: accounts and leads from there belong to it.",
     .title = "value",
     .fields = KITH_ARRAY(place_fields)},
};

static const char *const account_address[] = {"territory",       "parent",
                                              "billing_city",    "billing_region",
                                              "billing_country", "billing_postal_code"};
static const char *const lead_address[] = {"territory", "account", "city",
                                           "region",    "country", "postal_code"};
static const char *const weighed[] = {"amount", "probability", "stage"};
static const kith_hook hooks[] = {
    {.name = "place",
     .type = "territory_place",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .fn = place_hook,
     .doc = "Lets a place lie in one territory only."},
    {.name = "account_territory",
     .type = "account",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .fn = account_hook,
     .where = "territory is null and (parent is not null or billing_city is not null or "
              "billing_region is not null or billing_country is not null or "
              "billing_postal_code is not null)",
     .fields = KITH_ARRAY(account_address),
     .doc = "Finds the territory of an account that has none, by its address or its parent."},
    {.name = "lead_territory",
     .type = "lead",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .fn = lead_hook,
     .where = "territory is null and (account is not null or city is not null or region is not "
              "null or country is not null or postal_code is not null)",
     .fields = KITH_ARRAY(lead_address),
     .doc = "Finds the territory of a lead that has none, by its address or its account."},
    {.name = "weighted",
     .type = "opportunity",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .priority = 200,
     .fn = weighted_hook,
     .fields = KITH_ARRAY(weighed),
     .doc = "Weighs the amount with the probability."},
};

#define TOTALS                                                                                     \
    F("accounts", INTEGER, .doc = "Accounts."),                                                    \
        F("open_opportunities", INTEGER, .doc = "Deals that are neither won nor lost."),           \
        F("pipeline", MONEY, .doc = "What those are expected to bring."),                          \
        F("weighted", MONEY, .doc = "What they are likely to bring."),                             \
        F("won", MONEY, .doc = "What the deals that were won bring."),                             \
        F("open_leads", INTEGER, .doc = "Open leads.")
static const kith_field params[] = {
    F("territory", LINK, .options = "territory", .doc = "The one to look at; without it all."),
    F("level", TEXT,
      .doc = "One row for each territory of this level, as 'zone', or for each 'account'; without "
             "it for each territory that is next below."),
    F("by_stage", BOOLEAN, .default_text = "false",
      .doc = "A row for each stage of the open deals there, and for each currency of their "
             "amounts, in place of the totals: of the deals that you may see."),
};
static const kith_field results[] = {TOTALS};
static const kith_field columns[] = {
    F("territory", LINK, .options = "territory", .doc = "The territory; empty: none."),
    F("name", TEXT, .doc = "Its name, or that of the account."),
    F("level", TEXT, .doc = "Its level."),
    F("account", LINK, .options = "account", .doc = "The account, where these are asked for."),
    F("only_own", BOOLEAN,
      .doc = "Only what lies in it directly, since those below have rows of their own; else all "
             "that lies in it."),
    F("stage", TEXT, .doc = "The stage of the deals, with by_stage."),
    TOTALS,
};
static const kith_action actions[] = {
    {.name = "territory",
     .doc = "What lies in a territory and all below it, at the level that is wanted.",
     .effect = KITH_EFFECT_READ,
     .fn = territory_action,
     .params = KITH_ARRAY(params),
     .results = KITH_ARRAY(results),
     .columns = KITH_ARRAY(columns)},
};

#define OPEN_DEAL "opportunity where stage not in ('won', 'lost')"
#define BY_STAGE(of)                                                                               \
    " group by " of ", " of ".name, stage, amount.currency order by " of ".name : count(), "       \
    "sum(amount), sum(weighted)"
static const kith_want wants[] = {
    KITH_WANT_RECORD("territory", regions.area, AREA),
    KITH_WANT_RECORD("territory_place", regions.place, PLACE),
    KITH_WANT_RECORD("account", regions.firm, FIRM),
    KITH_WANT_RECORD("lead", regions.prospect, PROSPECT),
    KITH_WANT_RECORD("opportunity", regions.bid, BID),
    KITH_WANT(QUERY, "territory order by name", regions.query.areas),
    KITH_WANT(QUERY, "territory_place where key >= :key and key <= :key limit 1",
              regions.query.place_by_key),
    KITH_WANT(QUERY, "account where territory = :territory order by name",
              regions.query.accounts_in),
    KITH_WANT(QUERY,
              "account where territory is null : count(), sum(open_opportunities), sum(pipeline), "
              "sum(weighted), sum(won)",
              regions.query.nowhere),
    KITH_WANT(QUERY, "lead where territory is null and " OPEN_LEAD " : count()",
              regions.query.leads_nowhere),
    KITH_WANT(QUERY, OPEN_DEAL BY_STAGE("account.territory"), regions.query.area_stages),
    KITH_WANT(QUERY, OPEN_DEAL " and account.territory = :territory" BY_STAGE("account"),
              regions.query.account_stages),
};
const kith_part territory_part = {
    .struct_size = sizeof territory_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .actions = KITH_ARRAY(actions),
};
