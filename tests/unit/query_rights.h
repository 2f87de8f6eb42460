/* SPDX-License-Identifier: Apache-2.0 */
/* Random rights of a random user, and which records may be read with them: by what stands in the
 * rows, one by one. */
#ifndef TESTS_UNIT_QUERY_RIGHTS_H
#define TESTS_UNIT_QUERY_RIGHTS_H

#include "query_random.h"
#include "record/access.h"

#define TYPE_IDS 1000u /* all of them are below */

static struct access rights;
static const struct principal limited = {.name = "limited", .access = &rights};
static bool readable[TYPES][ROWS]; /* for `limited` */

static bool seen(const struct table *t, int row) {
    return env.principal->all || readable[t - tables][row];
}

/* -1: there is none that may be seen. */
static int seen_row(const struct table *t, kith_id id) {
    int row = row_of(t, id);
    return row >= 0 && seen(t, row) ? row : -1;
}

static const kith_value *value_at(const struct table *t, int row, const char *field) {
    return &t->values[row][type_field(schema, t->type, str_of(field))->index];
}

/* The record that a link leads to; -1: none. */
static int row_behind(const struct table *t, const kith_value *link) {
    return link->kind == KITH_LINK ? row_of(t, link->as.link.id) : -1;
}

static bool links_to(const kith_value *v, kith_id id) {
    for (uint64_t i = 0; v->kind == KITH_LIST && i < v->as.list.count; i++)
        if (v->as.list.items[i].as.link.id == id)
            return true;
    return v->kind == KITH_LINK && v->as.link.id == id;
}

/* -- teams and territories --------------------------------------------------------------------- */

static int user_row(void) {
    return row_of(&tables[USER], rights.of.user);
}

static bool works_in(kith_id team) {
    return links_to(value_at(&tables[USER], user_row(), "teams"), team);
}

static bool has_territory(kith_id id) {
    int row = row_of(&tables[TERRITORY], id);
    return links_to(value_at(&tables[USER], user_row(), "territories"), id) ||
           (row >= 0 && links_to(value_at(&tables[TERRITORY], row, "manager"), rights.of.user));
}

/* Is it one of those, or below one? Parents may go in a circle. */
static bool at_or_below(const struct table *t, kith_id id, bool (*one)(kith_id id)) {
    for (uint32_t i = 0; i <= ROWS; i++) {
        int row = row_of(t, id);
        if (one(id))
            return true;
        if (row < 0 || value_at(t, row, "parent")->kind != KITH_LINK)
            return false;
        id = value_at(t, row, "parent")->as.link.id;
    }
    return false;
}

static bool in_my_teams(kith_id id) {
    return at_or_below(&tables[TEAM], id, works_in);
}

static bool in_my_territories(kith_id id) {
    return at_or_below(&tables[TERRITORY], id, has_territory);
}

static kith_id climbed_to;

static bool is_climbed_to(kith_id id) {
    return id == climbed_to;
}

/* Or one of the user's teams is below it. */
static bool in_my_circles(kith_id id) {
    const kith_value *mine = value_at(&tables[USER], user_row(), "teams");
    climbed_to = id;
    for (uint64_t i = 0; mine->kind == KITH_LIST && i < mine->as.list.count; i++)
        if (at_or_below(&tables[TEAM], mine->as.list.items[i].as.link.id, is_climbed_to))
            return true;
    return in_my_teams(id);
}

static void add_id(struct id_set *s, struct buf *json, kith_id id) {
    s->ids[s->count++] = id;
    buf_printf(json, "%s%llu", s->count > 1 ? "," : "[", (unsigned long long)id);
}

/* What access_load would find: also a link to nowhere counts. */
static struct id_set set_of(const struct table *t, bool (*has)(kith_id id)) {
    struct id_set s = {.ids = ARENA_ARRAY(&arena, kith_id, ROWS + 1)};
    struct buf json = {0};
    for (uint32_t i = 0; i < ROWS; i++)
        if (has(t->ids[i]))
            add_id(&s, &json, t->ids[i]);
    if (has(NOWHERE))
        add_id(&s, &json, NOWHERE);
    buf_puts(&json, s.count ? "]" : "[]");
    s.json = arena_strdup(&arena, json.ptr);
    buf_free(&json);
    return s;
}

/* -- which records ----------------------------------------------------------------------------- */

static bool is_shared(const struct table *t, int row) {
    for (int i = 0; i < (int)ROWS; i++) {
        const kith_value *record = value_at(&tables[SHARE], i, "record");
        const kith_value *team = value_at(&tables[SHARE], i, "team");
        if (links_to(record, t->ids[row]) && record->as.link.type == t->type->id &&
            team->kind == KITH_LINK && in_my_circles(team->as.link.id))
            return true;
    }
    return false;
}

static bool is_of_team(const struct table *t, int row) {
    int owner = row_behind(&tables[USER], &t->values[row][FIELD_OWNER]);
    const kith_value *teams = owner < 0 ? NULL : value_at(&tables[USER], owner, "teams");
    for (uint64_t i = 0; teams && teams->kind == KITH_LIST && i < teams->as.list.count; i++)
        if (in_my_teams(teams->as.list.items[i].as.link.id))
            return true;
    return is_shared(t, row);
}

static const struct rfield *first_link_to(const struct rtype *t, uint32_t target) {
    for (uint32_t i = FIELD_FIRST; i < t->field_count; i++)
        if (t->fields[i]->kind == KITH_F_LINK && t->fields[i]->target == tables[target].type)
            return t->fields[i];
    return NULL;
}

/* A territory itself, a record that links to one, or one whose account does. */
static bool is_of_territory(const struct table *t, int row) {
    const struct rfield *own = first_link_to(t->type, TERRITORY);
    const struct rfield *of = t == &tables[ACCOUNT] ? NULL : first_link_to(t->type, ACCOUNT);
    const kith_value *v = own ? &t->values[row][own->index] : NULL;
    if (t == &tables[TERRITORY])
        return in_my_territories(t->ids[row]);
    if (!own && of) {
        int account = row_behind(&tables[ACCOUNT], &t->values[row][of->index]);
        v = account < 0 ? NULL : value_at(&tables[ACCOUNT], account, "territory");
    }
    return v && v->kind == KITH_LINK && in_my_territories(v->as.link.id);
}

static bool may_read(const struct table *t, int row) {
    const kith_value *owner = &t->values[row][FIELD_OWNER];
    if (t == &tables[CONTACT] && value_at(t, row, "restricted")->kind != KITH_NULL)
        return false;
    if (t == &tables[SHARE]) { /* it is part of another record */
        const kith_value *whole = value_at(t, row, "record");
        const struct table *of = whole->kind == KITH_LINK
                                     ? table_of(schema_type_by_id(schema, whole->as.link.type))
                                     : NULL;
        int at = of && of != t ? row_behind(of, whole) : -1;
        return at >= 0 && may_read(of, at);
    }
    uint8_t reach = rights.rights.types[t->type->id].reach[RIGHT_READ];
    bool self = t == &tables[USER] && t->ids[row] == rights.of.user;
    return reach == REACH_ALL || (reach && (links_to(owner, rights.of.user) || self)) ||
           ((reach & REACH_TEAM) == REACH_TEAM && is_of_team(t, row)) ||
           ((reach & REACH_TERRITORY) == REACH_TERRITORY && is_of_territory(t, row));
}

/* Every so often somebody asks who may not read everything. */
static void random_rights(void) {
    static const uint8_t reaches[] = {REACH_ALL,  REACH_ALL,       REACH_OWN,
                                      REACH_TEAM, REACH_TERRITORY, REACH_TEAM | REACH_TERRITORY,
                                      REACH_NONE};
    env.principal = chance(40) ? &limited : &everyone;
    if (env.principal->all)
        return;
    rights = (struct access){.rights.schema = schema};
    rights.of.user = tables[USER].ids[below(ROWS)];
    rights.rights.type_max = TYPE_IDS - 1;
    rights.rights.types = ARENA_ARRAY(&arena, struct type_rights, TYPE_IDS);
    rights.spread = ARENA_ARRAY(&arena, struct spread, TYPE_IDS);
    for (uint32_t t = 0; t < TYPES; t++) {
        uint32_t id = tables[t].type->id;
        EXPECT(id < TYPE_IDS);
        rights.rights.types[id].reach[RIGHT_READ] = ANY(reaches);
        rights.rights.types[id].open = true;
        rights.spread[id].asked = 1;
        rights.spread[id].many = chance(50);
    }
    rights.teams = set_of(&tables[TEAM], in_my_teams);
    rights.circles = set_of(&tables[TEAM], in_my_circles);
    rights.territories = set_of(&tables[TERRITORY], in_my_territories);
    for (uint32_t t = 0; t < TYPES; t++)
        for (int i = 0; i < (int)ROWS; i++)
            readable[t][i] = may_read(&tables[t], i);
}

/* The rule about one record in memory says the same. */
static void check_rights(const struct table *t) {
    kith_error e = KITH_ERROR_INIT;
    bool yes;
    for (int i = 0; i < (int)ROWS; i++) {
        EXPECT_OK(access_may(conn, env.principal, RIGHT_READ, t->type, t->ids[i], t->values[i],
                             &arena, &yes, NULL, &e),
                  e);
        if (yes != seen(t, i))
            TEST_FAIL("%s %d %s be read", t->type->name, (int)t->ids[i],
                      yes ? "should not" : "should");
    }
}
#endif
