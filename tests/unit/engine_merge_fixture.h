/* SPDX-License-Identifier: Apache-2.0 */
/* Merges to test: short ways to merge, to take apart and to look at both. */
#ifndef TESTS_ENGINE_MERGE_FIXTURE_H
#define TESTS_ENGINE_MERGE_FIXTURE_H

#include "engine/merge.h"
#include "engine_fixture.h"

static const kith_field card_fields[] = {
    {.name = "number", .kind = KITH_F_TEXT, .flags = KITH_FF_REQUIRED},
    {.name = "contact", .kind = KITH_F_LINK, .options = "contact", .flags = KITH_FF_UNIQUE},
    {.name = "readers", .kind = KITH_F_LINKS, .options = "contact"},
};
static const kith_field more_fields[] = {{.name = "any", .kind = KITH_F_LINK, .options = "*"}};
static const kith_type card_types[] = {
    {.name = "card", .fields = KITH_ARRAY(card_fields)},
    {.name = "lead", .fields = KITH_ARRAY(more_fields), .extends = 1}};
static struct schema_source merge_sources[2] = {
    [1] = {.module = "cards", .version = 1, .types = KITH_ARRAY(card_types)}};

struct world {
    struct fixture x;
    struct merge_report report;
    kith_id tx;
};

static inline const struct rtype *type_of(struct world *w, const char *name) {
    return schema_type(engine_schema(w->x.g), str_of(name));
}

static inline void begin(struct world *w) {
    memset(w, 0, sizeof *w);
    merge_sources[0] = lead_source;
    fixture_open_with(&w->x, merge_sources, 2);
}

static inline void open_world(struct world *w) {
    begin(w);
    fixture_start(&w->x);
}

static inline const char *pair(struct world *w, const char *name, kith_id id) {
    return arena_printf(&w->x.arena, "%s=%s", name, id_text(&w->x, id));
}
static inline const char *any(struct world *w, const char *name, const char *type, kith_id id) {
    return arena_printf(&w->x.arena, "%s=%s/%s", name, type, id_text(&w->x, id));
}

/* fields: JSON, or "". */
static inline kith_status merge_as(struct world *w, const struct principal *p,
                                   const struct rtype *t, kith_id keep, const char *others,
                                   const char *fields) {
    struct merge m;
    w->x.e.message[0] = '\0';
    TRY(merge_read(engine_schema(w->x.g), str_of(t->name), str_of(id_text(&w->x, keep)),
                   str_of(others), str_of(fields), &w->x.arena, &m, &w->x.e));
    return engine_merge(w->x.g, p, &m, &w->x.arena, &w->report, &w->tx, &w->x.e);
}

static inline kith_status try_merge(struct world *w, const struct rtype *t, kith_id keep,
                                    kith_id other, const char *fields) {
    return merge_as(w, &tester, t, keep, id_text(&w->x, other), fields);
}

static inline void merge(struct world *w, const struct rtype *t, kith_id keep, kith_id other) {
    EXPECT_OK(try_merge(w, t, keep, other, ""), w->x.e);
}

static inline void undo(struct world *w, kith_id tx) {
    struct undo_report r;
    EXPECT_OK(engine_undo(w->x.g, &tester, tx, false, &w->x.arena, &r, &w->x.e), w->x.e);
    if (r.kept + r.refused)
        TEST_FAIL("not undone: %s", r.items[r.item_count - 1].reason);
}

static inline const struct merge_links *links(struct world *w, const char *type, const char *name) {
    static const struct merge_links none;
    for (size_t i = 0; i < w->report.link_count; i++)
        if (strcmp(w->report.links[i].field->type->name, type) == 0 &&
            strcmp(w->report.links[i].field->name, name) == 0)
            return &w->report.links[i];
    return &none;
}

static inline void expect_unmerged(struct world *w, char *before) {
    undo(w, w->tx);
    expect_dump(before, dump_all(&w->x));
    expect_sound(&w->x);
}

static inline kith_status try_erase(struct world *w, kith_id contact) {
    const struct action *a = engine_action(w->x.g, STR("record.erase"));
    kith_value args[] = {value_link(contact, w->x.contact->id), value_str(STR("asked"))};
    kith_value *results = ARENA_ARRAY(&w->x.arena, kith_value, a->result_count);
    return engine_call(w->x.g, NULL, &by_tester, a, args, &w->x.arena, results, NULL, &w->x.e);
}

/* Where an id leads to. */
static inline const char *led(struct world *w, kith_id id) {
    kith_value *values;
    kith_status st = engine_read(w->x.g, &tester, w->x.contact, &id, &w->x.arena, &values, &w->x.e);
    return st == KITH_OK ? id_text(&w->x, id) : "(nowhere)";
}
#endif
