/* SPDX-License-Identifier: Apache-2.0 */
/* kith privacy: which personal fields hold data, for which purposes and on which ground, and what
 * the company's regulations require. A regulation is rows of data: settings, and purposes. */
#include "base/date.h"
#include "base/number.h"
#include "cli/privacy.h"
#include "cli/show.h"
#include "record/purpose.h"

#include <string.h>

/* -- regulations ------------------------------------------------------------------------------- */

/* needs: "purposes" (each personal field that holds data has one), a setting that is set, or one
 * with "= VALUE", or with ">= VALUE", which is met when it is not set: for ever is long enough. */
struct control {
    const char *regulation, *needs, *why;
};
#define PURPOSES "purposes"

static const struct control shipped[] = {
    {"gdpr", PURPOSES, "Art. 5 (1) b, c: data are collected for purposes, and no more than these"},
    {"gdpr", "retention.rules", "Art. 5 (1) e: records are kept no longer than is needed"},
    {"gdpr", "journal.keep", "Art. 5 (1) e: the history holds personal data, too"},
    {"gdpr", "access.keep", "Art. 5 (1) e: so does the log of who read what"},
    {"gdpr", "backup.dir", "Art. 32 (1) c: data can be restored after an accident"},
    {"gdpr", "backup.recipient", "Art. 32 (1) a: backups are sealed"},
    {"ccpa", PURPOSES, "Sec. 1798.100 (a) (1): consumers are told for which purposes"},
    {"ccpa", "retention.rules", "Sec. 1798.100 (a) (3): and how long data are kept"},
    {"hipaa", PURPOSES, "45 CFR 164.502 (b): no more than the minimum that is necessary"},
    {"hipaa", "access.log = all", "45 CFR 164.312 (b): whoever looks at records is logged"},
    {"hipaa", "access.keep >= 2192d", "45 CFR 164.316 (b) (2) (i): for six years"},
    {"hipaa", "backup.dir", "45 CFR 164.308 (a) (7) (ii) (A): there are backups"},
    {"hipaa", "backup.recipient", "45 CFR 164.312 (a) (2) (iv): which are encrypted"},
};
#define SHIPPED (sizeof shipped / sizeof *shipped)

static const char *own_text(const struct settings *s, size_t i, const char *key) {
    kith_value v = settings_item(s, "", "privacy.controls", i, key);
    return v.kind == KITH_TEXT ? v.as.s.ptr : "";
}

/* The company's own come behind ours. false: past the end. */
static bool control_at(const struct settings *s, size_t i, struct control *out) {
    if (i < SHIPPED) {
        *out = shipped[i];
        return true;
    }
    i -= SHIPPED;
    if (i >= settings_count(s, "", "privacy.controls"))
        return false;
    *out = (struct control){own_text(s, i, "regulation"), own_text(s, i, "needs"),
                            own_text(s, i, "why")};
    return true;
}

static bool is_under(const struct settings *s, const char *regulation) {
    for (size_t i = 0; i < settings_count(s, "", "privacy.regulations"); i++) {
        kith_value v = settings_item(s, "", "privacy.regulations", i, NULL);
        if (v.kind == KITH_TEXT && str_eqz(v.as.s, regulation))
            return true;
    }
    return false;
}

static bool is_set(const struct setting *s) {
    const kith_value *v = &s->value;
    return v->kind != KITH_NULL && !(v->kind == KITH_TEXT && v->as.s.len == 0) &&
           !(v->kind == KITH_LIST && v->as.list.count == 0);
}

/* The value that a setting is compared with, of its kind. */
static bool want_of(const struct setting *s, kith_str text, int64_t *out) {
    return s->decl.kind == KITH_DURATION ? duration_parse(text, out)
                                         : s->decl.kind == KITH_INT && int_parse(text, out);
}

/* *problem: why it cannot be told; NULL: it can. */
static bool setting_meets(struct cmd *c, const char *needs, const char **problem) {
    const char *space = strchr(needs, ' ');
    const char *path = space ? arena_strndup(&c->arena, needs, (size_t)(space - needs)) : needs;
    const struct setting *s = path ? settings_find(c->company->settings, "", path) : NULL;
    bool least = space && strncmp(space, " >= ", 4) == 0;
    kith_str text = str_of(!space ? "" : least ? space + 4 : space + 3);
    int64_t want;
    if (!s || (space && !least && strncmp(space, " = ", 3) != 0)) {
        *problem =
            arena_printf(&c->arena, "'%s' is no setting, nor SETTING = VALUE or >= VALUE", needs);
        return false;
    }
    if (!space)
        return is_set(s);
    if (!least && s->decl.kind == KITH_TEXT)
        return s->value.kind == KITH_TEXT && str_eq(s->value.as.s, text);
    if (!want_of(s, text, &want)) {
        *problem = arena_printf(&c->arena, "%s cannot be compared with '%s'", path, text.ptr);
        return false;
    }
    return least ? s->value.kind == KITH_NULL || s->value.as.i >= want
                 : s->value.kind != KITH_NULL && s->value.as.i == want;
}

/* -- purposes ---------------------------------------------------------------------------------- */

struct use { /* a purpose that names fields */
    kith_str name, basis, fields;
};
struct privacy {
    struct cmd *c;
    struct conn *conn;
    struct use *uses;
    size_t count, cap;
};

static kith_status keep_use(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct privacy *p = arg;
    struct arena *a = &p->c->arena;
    const struct base_purpose *b = &cmd_schema(p->c)->base.purpose;
    (void)id;
    if (values[b->fields->index].kind != KITH_TEXT)
        return KITH_OK;
    struct use *uses = arena_grow(a, p->uses, p->count, &p->cap, sizeof *uses);
    if (!uses)
        return err_nomem(e);
    p->uses = uses;
    uses[p->count++] = (struct use){arena_str(a, values[b->name->index].as.s),
                                    arena_str(a, values[b->basis->index].as.s),
                                    arena_str(a, values[b->fields->index].as.s)};
    return KITH_OK;
}

static kith_status begin(struct privacy *p, kith_error *e) {
    struct find_page page = {.limit = 100000};
    struct cmd *c = p->c;
    struct query *q;
    TRY(query_parse(&q, cmd_schema(c), &c->arena, STR("purpose order by name"), e));
    TRY(engine_find(c->company->engine, &c->principal, q, NULL, &page, &c->arena, keep_use, p, e));
    return engine_snapshot(c->company->engine, &p->conn, e);
}

static bool is_used(const struct privacy *p, const struct use *u, const struct rfield *f) {
    return purpose_fields_have(cmd_schema(p->c), u->fields, f);
}

static bool has_purpose(const struct privacy *p, const struct rfield *f) {
    for (size_t i = 0; i < p->count; i++)
        if (is_used(p, &p->uses[i], f))
            return true;
    return false;
}

/* A personal field of a type, as far as it matters: it holds data, or has a purpose. */
typedef kith_status (*field_fn)(struct privacy *p, const struct rfield *f, bool filled, void *arg,
                                kith_error *e);

static kith_status each_field(struct privacy *p, const struct rtype *t, field_fn fn, void *arg,
                              kith_error *e) {
    const struct rfield *fields[FIELDS_MAX];
    bool filled[FIELDS_MAX];
    size_t n = 0;
    for (uint32_t i = 0; i < t->field_count && n < FIELDS_MAX; i++)
        if (t->fields[i]->flags & KITH_FF_PERSONAL)
            fields[n++] = t->fields[i];
    if (n == 0)
        return KITH_OK;
    TRY(purpose_fields_filled(p->conn, fields, n, filled, e));
    for (size_t i = 0; i < n; i++)
        if (filled[i] || has_purpose(p, fields[i]))
            TRY(fn(p, fields[i], filled[i], arg, e));
    return KITH_OK;
}

/* -- kith check -------------------------------------------------------------------------------- */

static kith_status add_open(struct privacy *p, const struct rfield *f, bool filled, void *arg,
                            kith_error *e) {
    struct buf *names = arg;
    if (filled && !has_purpose(p, f))
        buf_printf(names, "%s%s", names->len ? ", " : "", f->name);
    return names->failed ? err_nomem(e) : KITH_OK;
}

/* *open: fields that hold data and have no purpose; shown, if `show`. */
static kith_status open_fields(struct privacy *p, bool show, bool *open, kith_error *e) {
    const struct schema *s = cmd_schema(p->c);
    *open = false;
    for (uint32_t i = 0; i < s->type_count; i++) {
        struct buf names = {0};
        kith_status st = each_field(p, s->types[i], add_open, &names, e);
        *open = *open || names.len > 0;
        if (st == KITH_OK && names.len > 0 && show)
            show_problem(p->c, "", 0,
                         arena_printf(&p->c->arena,
                                      "%s: personal fields that hold data have no purpose: %s; name"
                                      " them in the fields of a purpose",
                                      s->types[i]->name, names.ptr));
        buf_free(&names);
        TRY(st);
    }
    return KITH_OK;
}

static void show_unmet(struct cmd *c, const struct control *k, const char *problem) {
    const struct setting *at = settings_find(c->company->settings, "", "privacy.regulations");
    show_problem(c, at && at->file ? at->file : "", at ? at->line : 0,
                 problem ? arena_printf(&c->arena, "%s: %s", k->regulation, problem)
                         : arena_printf(&c->arena, "%s needs %s%s (%s)", k->regulation, k->needs,
                                        strchr(k->needs, ' ') ? "" : " to be set", k->why));
}

static const char *regulation_at(const void *settings, size_t i) {
    struct control k = {0};
    return control_at(settings, i, &k) ? k.regulation : "";
}

static bool is_known(const struct settings *s, kith_str name, size_t *count) {
    bool known = false;
    struct control k;
    for (*count = 0; control_at(s, *count, &k); ++*count)
        known |= str_eqz(name, k.regulation);
    return known;
}

/* What is written as a regulation, and of which nothing is known, is one that nobody looks after.
 */
static void show_unknown(struct cmd *c, size_t *wrong) {
    const struct settings *s = c->company->settings;
    size_t count;
    for (size_t i = 0; i < settings_count(s, "", "privacy.regulations"); i++) {
        kith_str name = settings_item(s, "", "privacy.regulations", i, NULL).as.s;
        if (is_known(s, name, &count))
            continue;
        const char *near = str_nearest(name, regulation_at, s, count);
        ++*wrong;
        show_unmet(
            c, &(struct control){"privacy.regulations", NULL, NULL},
            arena_printf(&c->arena, "nothing is known of '%s'%s%s%s", name.ptr, STR_MEANT(near)));
    }
}

static kith_status check_all(struct privacy *p, size_t *wrong, kith_error *e) {
    const struct settings *s = p->c->company->settings;
    struct control k;
    bool needed = false, open;
    show_unknown(p->c, wrong);
    for (size_t i = 0; control_at(s, i, &k); i++) {
        const char *problem = NULL;
        if (!is_under(s, k.regulation))
            continue;
        if (strcmp(k.needs, PURPOSES) == 0) {
            needed = true;
        } else if (!setting_meets(p->c, k.needs, &problem)) {
            ++*wrong;
            show_unmet(p->c, &k, problem);
        }
    }
    if (!needed && p->count == 0)
        return KITH_OK;
    TRY(open_fields(p, true, &open, e));
    *wrong += needed && open;
    return KITH_OK;
}

kith_status privacy_check(struct cmd *c, size_t *wrong, kith_error *e) {
    struct privacy p = {.c = c};
    kith_status st = begin(&p, e);
    if (st == KITH_OK)
        st = check_all(&p, wrong, e);
    engine_snapshot_done(p.conn);
    return st;
}

/* -- kith privacy ------------------------------------------------------------------------------ */

static void json_field(struct privacy *p, const struct rfield *f, bool filled) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "field");
    json_strz(&j, arena_printf(&p->c->arena, "%s.%s", f->type->name, f->name));
    json_key(&j, "holds_data");
    json_bool_(&j, filled);
    json_key(&j, "purposes");
    json_array_(&j);
    for (size_t i = 0; i < p->count; i++) {
        if (!is_used(p, &p->uses[i], f))
            continue;
        json_object_(&j);
        json_key(&j, "name");
        json_str(&j, p->uses[i].name);
        json_key(&j, "basis");
        json_str(&j, p->uses[i].basis);
        json_object_end(&j);
    }
    json_array_end(&j);
    json_object_end(&j);
    json_print(p->c, &b);
}

static kith_status put_field(struct privacy *p, const struct rfield *f, bool filled, void *arg,
                             kith_error *e) {
    struct table *t = arg;
    struct buf b = {0};
    if (p->c->json) {
        json_field(p, f, filled);
        return KITH_OK;
    }
    for (size_t i = 0; i < p->count; i++)
        if (is_used(p, &p->uses[i], f))
            buf_printf(&b, "%s%s (%s)", b.len ? ", " : "", p->uses[i].name.ptr,
                       p->uses[i].basis.ptr);
    table_cellz(t, arena_printf(&p->c->arena, "%s.%s", f->type->name, f->name));
    table_cellz(t, filled ? "yes" : "no");
    table_cell(t, b.len ? arena_str(&p->c->arena, buf_view(&b)) : STR("none"));
    bool failed = b.failed;
    buf_free(&b);
    return failed ? err_nomem(e) : KITH_OK;
}

static kith_status put_fields(struct privacy *p, const struct rtype *only, kith_error *e) {
    const struct schema *s = cmd_schema(p->c);
    struct table t;
    table_begin(&t, p->c, (const char *const[]){"personal field", "holds data", "purposes", NULL});
    for (uint32_t i = 0; i < s->type_count; i++)
        if (!only || s->types[i] == only)
            TRY(each_field(p, s->types[i], put_field, &t, e));
    if (!p->c->json && t.count > 0)
        table_print(&t);
    else if (!p->c->json)
        io_puts(p->c->io, "No personal field holds data.\n");
    return KITH_OK;
}

static void json_control(struct cmd *c, const struct control *k, bool met) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "regulation");
    json_strz(&j, k->regulation);
    json_key(&j, "needs");
    json_strz(&j, k->needs);
    json_key(&j, "met");
    json_bool_(&j, met);
    json_key(&j, "why");
    json_strz(&j, k->why);
    json_object_end(&j);
    json_print(c, &b);
}

static void put_control(struct cmd *c, struct table *t, const struct control *k, bool met) {
    if (c->json) {
        json_control(c, k, met);
        return;
    }
    table_cellz(t, k->regulation);
    table_cellz(t, k->needs);
    table_cellz(t, met ? "yes" : "no");
    table_cellz(t, k->why);
}

static kith_status put_controls(struct privacy *p, kith_error *e) {
    const struct settings *s = p->c->company->settings;
    struct control k;
    struct table t;
    bool open;
    TRY(open_fields(p, false, &open, e));
    table_begin(&t, p->c, (const char *const[]){"regulation", "needs", "met", "why", NULL});
    for (size_t i = 0; control_at(s, i, &k); i++) {
        const char *problem = NULL;
        if (!is_under(s, k.regulation))
            continue;
        bool met = strcmp(k.needs, PURPOSES) == 0 ? !open : setting_meets(p->c, k.needs, &problem);
        put_control(p->c, &t, &k, met);
    }
    if (p->c->json || t.count == 0)
        return KITH_OK;
    io_puts(p->c->io, "\n");
    table_print(&t);
    return KITH_OK;
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct privacy p = {.c = c};
    const struct rtype *only = NULL;
    if (c->arg_count)
        TRY(arg_type(c, 0, &only, e));
    kith_status st = begin(&p, e);
    if (st == KITH_OK)
        st = put_fields(&p, only, e);
    if (st == KITH_OK && !only)
        st = put_controls(&p, e);
    engine_snapshot_done(p.conn);
    return st;
}

const struct command command_privacy = {
    .name = "privacy",
    .args = "[TYPE]",
    .help = "which personal fields hold data, for which purposes, and what regulations need",
    .more =
        "  kith create purpose name=newsletter basis=consent fields=\"contact.email, "
        "contact.name\"\n"
        "  kith create purpose name=orders basis=contract fields=\"contact.*, contact_point.*\"\n"
        "  kith privacy contact\n\n"
        "A purpose says which fields are used for it, and its basis what makes that lawful.\n"
        "privacy.regulations in kith.conf names the regulations that the company is under: gdpr,\n"
        "ccpa, hipaa, and those of privacy.controls. What they need and is not there is a\n"
        "problem that 'kith check' finds. They are a help for whoever is responsible, and no\n"
        "advice of a lawyer.",
    .needs = NEEDS_COMPANY,
    .args_max = 1,
    .run = run,
};
