/* SPDX-License-Identifier: Apache-2.0 */
/* Which seller gets a lead: by its territory, by what it is about, by who has the fewest, in turn.
 * Several are tried in the order of sales.assign.by; among equals, and in the end, the turn
 * decides. What is known of sellers and territories is read once for a call, however many leads it
 * has. */
#include "sales.h"

enum { BY_TURN, BY_LEAST_BUSY, BY_TERRITORY, BY_SPECIALIST, BY_COUNT };
static const char *const ways[BY_COUNT] = {"turn", "least_busy", "territory", "specialist"};

struct candidate {
    struct user *user; /* with the turn */
    int64_t open;      /* leads that they have */
    struct seller seller;
};
/* That somebody works in a territory, or manages it. */
struct member {
    struct candidate *who;
    struct member *next;
};
struct chooser {
    kith_instance *self;
    const kith_txn *txn;
    int ways[BY_COUNT + 1]; /* in their order; the last is the turn */
    int way_count;
    int32_t uses[BY_COUNT];
    struct candidate *all;
    uint64_t count;
    struct area_tree tree;
    struct member **members; /* of each territory of the tree */
};

/* -- the order ----------------------------------------------------------------------------------
 */

static int way_of(kith_str text) {
    for (int i = 0; i < BY_COUNT; i++)
        if (kith_str_is(text, ways[i]))
            return i;
    return -1;
}

static uint64_t ways_in(const kith_value *by) {
    return by->kind == KITH_LIST ? kith_rows(by) : by->kind == KITH_TEXT;
}
static kith_str way_at(const kith_value *by, uint64_t i) {
    return by->kind == KITH_LIST ? by->as.list.items[i].as.s : by->as.s;
}

kith_status assign_by_check(kith_instance *self, kith_error *err) {
    const kith_value *by = &self->regions.assign_by;
    for (uint64_t i = 0; i < ways_in(by); i++)
        if (way_of(way_at(by, i)) < 0 || i >= BY_COUNT)
            return kith_fail(err, KITH_E_INVAL, "assign.by",
                             "%s: '%.*s' is none of turn, least_busy, territory, specialist, or "
                             "stands there twice",
                             sales_place(self, "assign.by"), (int)way_at(by, i).len,
                             way_at(by, i).ptr);
    return KITH_OK;
}

int32_t assign_by_asks_all(const kith_value *by) {
    int32_t all = 0;
    for (uint64_t i = 0; i < ways_in(by); i++)
        all |= way_of(way_at(by, i)) >= BY_TERRITORY;
    return all;
}

/* -- what is known of the sellers ---------------------------------------------------------------
 */

static kith_status join_area(struct chooser *c, struct candidate *who, kith_id area,
                             kith_error *err) {
    const int64_t at = area_at(&c->tree, area);
    if (at < 0)
        return KITH_OK;
    struct member *m;
    KITH_TRY(KITH_MEMORY(c->self, c->txn, &m, 1, err));
    *m = (struct member){who, c->members[at]};
    c->members[at] = m;
    return KITH_OK;
}

static kith_status read_areas(struct chooser *c, kith_error *err) {
    KITH_TRY(area_tree(c->self, c->txn, &c->tree, err));
    KITH_TRY(KITH_MEMORY(c->self, c->txn, &c->members, c->tree.count, err));
    for (uint64_t i = 0; i < c->count; i++) {
        struct candidate *who = &c->all[i];
        const kith_value *areas = &who->seller.territories;
        for (uint64_t k = 0; k < kith_rows(areas); k++)
            KITH_TRY(join_area(c, who, areas->as.list.items[k].as.link.id, err));
        for (uint64_t k = 0; k < c->tree.count; k++)
            if (kith_equal(c->tree.areas[k].manager, who->user->id))
                KITH_TRY(join_area(c, who, c->tree.areas[k].id.as.link.id, err));
    }
    return KITH_OK;
}

static kith_status read_seller(struct chooser *c, struct candidate *who, kith_error *err) {
    kith_instance *self = c->self;
    const kith_value *user = &who->user->id;
    kith_value open = kith_int(0);
    KITH_TRY(KITH_LOAD(self, c->txn, regions.seller, user->as.link.id, &who->seller, err));
    if (c->uses[BY_LEAST_BUSY])
        KITH_TRY(KITH_TOTAL(self, c->txn, self->regions.query.open_leads_of, 1, user, &open, err));
    who->open = open.as.i;
    return KITH_OK;
}

kith_status assign_by_begin(kith_instance *self, const kith_txn *txn, const kith_value *by,
                            const struct sellers *sellers, struct chooser **out, kith_error *err) {
    KITH_TRY(KITH_MEMORY(self, txn, out, 1, err));
    struct chooser *c = *out;
    *c = (struct chooser){.self = self, .txn = txn, .count = sellers->count};
    KITH_TRY(KITH_MEMORY(self, txn, &c->all, c->count, err));
    for (uint64_t i = 0; i < ways_in(by) && c->way_count < BY_COUNT; i++)
        c->ways[c->way_count++] = way_of(way_at(by, i));
    c->ways[c->way_count++] = BY_TURN;
    for (int i = 0; i < c->way_count; i++)
        c->uses[c->ways[i]] = 1;
    for (uint64_t i = 0; i < c->count; i++) {
        c->all[i].user = &sellers->items[i];
        KITH_TRY(read_seller(c, &c->all[i], err));
    }
    return c->uses[BY_TERRITORY] ? read_areas(c, err) : KITH_OK;
}

/* -- one lead -----------------------------------------------------------------------------------
 */

/* Whose turn is before the other's, or who has fewer leads. */
static int32_t is_before(const struct candidate *a, const struct candidate *b, int32_t busy) {
    if (busy && a->open != b->open)
        return a->open < b->open;
    if (a->user->lead_turn.as.i != b->user->lead_turn.as.i)
        return a->user->lead_turn.as.i < b->user->lead_turn.as.i;
    return a->user->id.as.link.id < b->user->id.as.link.id;
}

static struct candidate *first_of_all(struct chooser *c, int32_t busy) {
    struct candidate *best = &c->all[0];
    for (uint64_t i = 1; i < c->count; i++)
        if (is_before(&c->all[i], best, busy))
            best = &c->all[i];
    return best;
}

static struct candidate *in_area(const struct chooser *c, const kith_value *area) {
    struct candidate *best = NULL;
    int64_t at = area->kind == KITH_LINK ? area_at(&c->tree, area->as.link.id) : -1;
    for (; !best && at >= 0; at = c->tree.parents[at])
        for (const struct member *m = c->members[at]; m; m = m->next)
            if (!best || is_before(m->who, best, c->uses[BY_LEAST_BUSY]))
                best = m->who;
    return best;
}

/* Whether a text has these words, as whole ones. */
static int32_t has_words(const kith_value *text, kith_str words) {
    const kith_str s = text->kind == KITH_TEXT ? text->as.s : kith_str_of("");
    for (uint64_t i = 0; words.len && i + words.len <= s.len; i++) {
        uint64_t k = 0;
        while (k < words.len && lower(s.ptr[i + k]) == lower(words.ptr[k]))
            k++;
        if (k == words.len && (i == 0 || !is_letter(s.ptr[i - 1])) &&
            (i + k == s.len || !is_letter(s.ptr[i + k])))
            return 1;
    }
    return 0;
}

static struct candidate *specialist(struct chooser *c, const struct prospect *lead) {
    struct candidate *best = NULL;
    for (uint64_t i = 0; i < c->count; i++) {
        const kith_value *tags = &c->all[i].seller.specialities;
        int32_t knows = 0;
        for (uint64_t k = 0; !knows && k < kith_rows(tags); k++)
            knows = has_words(&lead->industry, tags->as.list.items[k].as.s) ||
                    has_words(&lead->interest, tags->as.list.items[k].as.s);
        if (knows && (!best || is_before(&c->all[i], best, c->uses[BY_LEAST_BUSY])))
            best = &c->all[i];
    }
    return best;
}

/* A lead that came before the places of the territories were known lies in one all the same. */
static kith_status area_of_lead(const struct chooser *c, const struct prospect *lead,
                                kith_value *area, kith_error *err) {
    const struct address where = {lead->city, lead->region, lead->country, lead->postal_code};
    *area = lead->territory;
    return kith_has(*area) ? KITH_OK : area_of(c->self, c->txn, &where, area, err);
}

kith_status assign_by_choose(struct chooser *c, kith_id id, struct user **seller, kith_error *err) {
    struct prospect lead = {.territory = kith_null()};
    struct candidate *who = NULL;
    kith_value area = kith_null();
    if (c->uses[BY_TERRITORY] || c->uses[BY_SPECIALIST])
        KITH_TRY(KITH_LOAD(c->self, c->txn, regions.prospect, id, &lead, err));
    if (c->uses[BY_TERRITORY])
        KITH_TRY(area_of_lead(c, &lead, &area, err));
    for (int i = 0; !who && i < c->way_count; i++)
        who = c->ways[i] == BY_TERRITORY    ? in_area(c, &area)
              : c->ways[i] == BY_SPECIALIST ? specialist(c, &lead)
                                            : first_of_all(c, c->ways[i] == BY_LEAST_BUSY);
    who->open++;
    *seller = who->user;
    return KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field user_fields[] = {
    F("specialities", TAGS,
      .doc = "What the user is good at: an industry, a product; leads about it go to them."),
};
static const kith_type types[] = {
    {.name = "user", .fields = KITH_ARRAY(user_fields), .extends = 1},
};
static const kith_setting settings[] = {
    {.key = "assign.by",
     .kind = KITH_LIST,
     .default_text = "[ \"turn\" ]",
     .doc =
         "What decides who gets a lead, in this order: territory, specialist, least_busy, turn."},
};
static const kith_want wants[] = {
    KITH_WANT_RECORD("user", regions.seller, SELLER),
    KITH_WANT(QUERY, "user where blocked is null or not blocked", regions.query.everybody),
    KITH_WANT(QUERY, "lead where owner = :owner and " OPEN_LEAD " : count()",
              regions.query.open_leads_of),
};
const kith_part assign_by_part = {
    .struct_size = sizeof assign_by_part,
    .wants = KITH_ARRAY(wants),
    .settings = KITH_ARRAY(settings),
    .types = KITH_ARRAY(types),
};
