/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of the reports of a module: what each of them tells of a company with known records. */
#ifndef TESTS_REPORTS_H
#define TESTS_REPORTS_H

#include "company.h"
#include "engine/import.h"

/* A report, the value of its one parameter (NULL: it has none), and the rows that it is to give, as
 * CSV without the header and without the ids that records begin with. The value of a link is a
 * query, that finds one record. */
struct told_report {
    const char *name, *value, *rows;
    const char *fields; /* look at these columns alone; NULL: at all */
};
#define TELLS(report, of, told, ...)                                                               \
    { .name = (report), .value = (of), .rows = told, ##__VA_ARGS__ }
/* Records, and what the reports tell of them. */
struct scene {
    void (*records)(struct company *c);
    const struct told_report *reports;
    size_t count;
};
#define SCENE(records, reports)                                                                    \
    { records, reports, sizeof(reports) / sizeof *(reports) }

static inline kith_status take_bytes(void *arg, kith_str bytes, kith_error *e) {
    (void)e;
    buf_str(arg, bytes);
    return KITH_OK;
}

static inline void export_rows(struct company *c, const struct report *r, const char *fields,
                               const struct query *q, const kith_value *params, struct buf *out) {
    kith_error e = KITH_ERROR_INIT;
    if (!fields && (fields = r->fields) && strncmp(fields, "id,", 3) == 0)
        fields += 3;
    if (!fields)
        TEST_FAIL("%s: it names no columns", r->name);
    struct export_options o = {.principal = &anna,
                               .query = q,
                               .params = params,
                               .fields = fields,
                               .put = take_bytes,
                               .arg = out};
    EXPECT_OK(engine_export(c->engine, &o, NULL, &e), e);
}

/* A link is told by the name of its record. */
static inline kith_str told_text(struct company *c, const kith_value *v) {
    if (v->kind != KITH_LINK)
        return value_text(engine_schema(c->engine), v, &c->arena);
    const struct rtype *t = schema_type_by_id(engine_schema(c->engine), v->as.link.type);
    return str_of(field(c, t->name, v->as.link.id, "name"));
}

static inline void total_rows(struct company *c, const struct query *q, const kith_value *params,
                              struct buf *out) {
    struct totals t;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_select(c->engine, &anna, q, params, &t, &c->arena, &e), e);
    for (size_t i = 0; i < t.count * t.columns; i++) {
        buf_str(out, told_text(c, &t.values[i]));
        buf_puts(out, (i + 1) % t.columns ? "," : "\n");
    }
}

static inline const char *report_rows(struct company *c, const struct report *r,
                                      const struct told_report *told) {
    const char *value = told->value;
    struct query *q;
    struct buf out = {0};
    const char *const *names;
    kith_value param = {0};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(query_parse(&q, engine_schema(c->engine), &c->arena, str_of(r->query), &e), e);
    if (query_params(q, &names) != (value ? 1 : 0))
        TEST_FAIL("%s: its row gives %s value", r->name, value ? "one" : "no");
    if (value && strstr(value, " where "))
        value = id_text(c, find(c, value).ids[0]);
    if (value)
        param = value_str(str_of(value));
    if (query_totals(q))
        total_rows(c, q, &param, &out);
    else
        export_rows(c, r, told->fields, q, &param, &out);
    const char *text = arena_strndup(&c->arena, out.ptr ? out.ptr : "", out.len);
    buf_free(&out);
    if (query_totals(q))
        return text;
    const char *line = strchr(text, '\n'); /* behind the header */
    return line ? line + 1 : text;
}

static inline const struct told_report *told_in(const struct scene *s, size_t scenes,
                                                const char *name) {
    for (size_t i = 0; i < scenes; i++)
        for (size_t k = 0; k < s[i].count; k++)
            if (strcmp(s[i].reports[k].name, name) == 0)
                return &s[i].reports[k];
    return NULL;
}

/* Every report of the module stands in the scenes. */
static inline void expect_all_told(struct company *c, const char *module, const struct scene *s,
                                   size_t scenes) {
    const struct report *r;
    size_t found = 0;
    for (size_t i = 0; (r = engine_report_at(c->engine, i)); i++) {
        const size_t len = strlen(module);
        if (strncmp(r->name, module, len) != 0 || r->name[len] != '.')
            continue;
        found++;
        if (!told_in(s, scenes, r->name))
            TEST_FAIL("no row says what the report %s tells: add one to a scene", r->name);
    }
    EXPECT(found > 0);
}

static inline void expect_scene(struct company *c, const struct scene *s) {
    s->records(c);
    for (size_t i = 0; i < s->count; i++) {
        const struct told_report *t = &s->reports[i];
        const struct report *r = engine_report(c->engine, str_of(t->name));
        if (!r)
            TEST_FAIL("there is no report %s", t->name);
        const char *got = report_rows(c, r, t);
        if (strcmp(t->rows, got) != 0)
            TEST_FAIL("%s: expected\n%sfound\n%s", t->name, t->rows, got);
    }
}

#endif
