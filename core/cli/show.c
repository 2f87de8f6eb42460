/* SPDX-License-Identifier: Apache-2.0 */
/* Show: values, records and causes as people and as programs read them. */
#include "cli/show.h"
#include "base/date.h"
#include "base/id.h"
#include "base/zone.h"
#include "record/access.h"
#include "record/record_json.h"
#include <string.h>

const struct schema *cmd_schema(const struct cmd *c) {
    return engine_schema(c->company->engine);
}

bool cmd_reads(const struct cmd *c, const struct rfield *f) {
    return f ? access_reads(&c->principal, f) : c->principal.all;
}

bool cmd_sees(struct cmd *c, const struct rtype *t, kith_id id) {
    kith_value *values;
    return c->principal.all || (t && engine_get(c->company->engine, &c->principal, t, id, &c->arena,
                                                &values, NULL) == KITH_OK);
}

bool cmd_shows(struct cmd *c, const struct rtype *t, kith_id id) {
    return cmd_sees(c, t, id) &&
           (!c->principal.all ||
            engine_shown(c->company->engine, &c->principal, t, id, NULL) == KITH_OK);
}

size_t changes_seen(const struct cmd *c, struct image_field *f, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (cmd_reads(c, f[i].field))
            f[kept++] = f[i];
    return kept;
}

/* -- for people -------------------------------------------------------------------------------- */

const char *show_id(struct cmd *c, kith_id id) {
    char text[ID_TEXT + 1];
    id_format(id, text);
    char *copy = arena_strdup(&c->arena, text);
    return copy ? copy : "";
}

kith_str time_text(const struct cmd *c, int64_t ms, struct arena *a) {
    struct civil t = zone_local(c->company->zone, ms);
    return str_of(arena_printf(a, "%04d-%02d-%02d %02d:%02d:%02d", t.year, t.month, t.day, t.hour,
                               t.minute, t.second));
}

kith_str show_time(struct cmd *c, int64_t ms) {
    return time_text(c, ms, &c->arena);
}

static kith_str show_link(struct cmd *c, const kith_value *v) {
    const struct rtype *t = schema_type_by_id(cmd_schema(c), v->as.link.type);
    kith_str title = t ? show_title(c, t, v->as.link.id) : (kith_str){0};
    kith_str id = value_text(cmd_schema(c), v, &c->arena);
    if (title.len == 0)
        return id;
    return str_of(
        arena_printf(&c->arena, "%.*s (%.*s)", (int)title.len, title.ptr, (int)id.len, id.ptr));
}

static kith_str show_list(struct cmd *c, const kith_value *v) {
    struct buf b = {0};
    for (uint64_t i = 0; i < v->as.list.count; i++) {
        if (i > 0)
            buf_puts(&b, ", ");
        buf_str(&b, show_value(c, &v->as.list.items[i]));
    }
    kith_str text = arena_str(&c->arena, buf_view(&b));
    buf_free(&b);
    return text;
}

kith_str show_value(struct cmd *c, const kith_value *v) {
    switch (v->kind) {
    case KITH_TIME:
        return show_time(c, v->as.i);
    case KITH_LINK:
        return show_link(c, v);
    case KITH_LIST:
        return show_list(c, v);
    default:
        return value_text(cmd_schema(c), v, &c->arena);
    }
}

kith_str title_of(struct cmd *c, const struct rtype *t, const kith_value *values) {
    const kith_value *v = t->title ? &values[t->title->index] : NULL;
    if (!v || v->kind == KITH_NULL)
        return (kith_str){0};
    const struct rtype *to =
        v->kind == KITH_LINK ? schema_type_by_id(cmd_schema(c), v->as.link.type) : NULL;
    /* One step, no more: titles of titles might never end. */
    kith_str title = to && to->title && to->title->kind != KITH_F_LINK
                         ? show_title(c, to, v->as.link.id)
                         : (kith_str){0};
    return title.len ? title : value_text(cmd_schema(c), v, &c->arena);
}

kith_str title_or_none(struct cmd *c, const struct rtype *t, const kith_value *values) {
    kith_str title = title_of(c, t, values);
    return title.len ? title : STR("(no title)");
}

kith_str show_title(struct cmd *c, const struct rtype *t, kith_id id) {
    kith_value *values;
    if (!t->title ||
        engine_get(c->company->engine, &c->principal, t, id, &c->arena, &values, NULL) != KITH_OK)
        return (kith_str){0};
    return title_of(c, t, values);
}

kith_str show_record(struct cmd *c, const struct rtype *t, kith_id id) {
    kith_str title = show_title(c, t, id);
    return str_of(arena_printf(&c->arena, "%s %s%s%.*s", t->name, show_id(c, id),
                               title.len > 0 ? " " : "", (int)title.len,
                               title.ptr ? title.ptr : ""));
}

kith_str show_source(struct cmd *c, const struct source *s) {
    if (s->kind == SOURCE_MODULE)
        return str_of(arena_printf(&c->arena, "the module %s", s->name));
    if (s->kind == SOURCE_CORE)
        return str_of(arena_printf(&c->arena, "Kith (%s)", s->name));
    if (s->kind != SOURCE_RULE)
        return str_of(s->name);
    /* "rules/score.lua: qualify" at line 12 */
    const char *colon = strstr(s->name, ": ");
    const char *what = strncmp(s->name, "workflows/", 10) == 0 ? "workflow" : "rule";
    if (!colon)
        return str_of(arena_printf(&c->arena, "the %s %s:%u", what, s->name, s->line));
    return str_of(arena_printf(&c->arena, "the %s %s at %.*s:%u", what, colon + 2,
                               (int)(colon - s->name), s->name, s->line));
}

kith_id show_run_of(const struct tx_head *tx) {
    return tx->origin == ORIGIN_WORKFLOW ? tx->run : 0;
}

kith_str show_change(struct cmd *c, const struct image_field *f) {
    kith_str before = show_value(c, &f->before), after = show_value(c, &f->after);
    const char *former = f->field ? NULL : schema_former_field(cmd_schema(c), f->field_id);
    const char *name = f->field ? f->field->name : former ? former : "a field that is not known";
    struct buf b = {0};
    buf_printf(&b, "%s: ", name);
    if (f->before.kind != KITH_NULL) {
        buf_str(&b, before);
        buf_puts(&b, " \xe2\x86\x92 ");
    }
    if (f->after.kind != KITH_NULL)
        buf_str(&b, after);
    else
        buf_puts(&b, "(empty)");
    kith_str text = arena_str(&c->arena, buf_view(&b));
    buf_free(&b);
    return text;
}

/* -- for programs ------------------------------------------------------------------------------ */

void json_time(struct json_out *j, int64_t ms) {
    char text[TIME_TEXT];
    time_format(ms, text);
    json_strz(j, text);
}

void json_user(struct json_out *j, const struct source *s) {
    if (s->kind != SOURCE_USER || !s->version[0])
        return;
    json_key(j, "user");
    json_strz(j, s->version);
}

void json_source(struct json_out *j, const struct source *s) {
    static const char *const kinds[] = {"", "user", "core", "module", "rule"};
    if (s->kind == 0 || s->kind >= sizeof kinds / sizeof kinds[0]) {
        json_nil(j);
        return;
    }
    json_object_(j);
    json_key(j, "kind");
    json_strz(j, kinds[s->kind]);
    json_key(j, "name");
    json_strz(j, s->name);
    json_user(j, s);
    if (s->kind != SOURCE_USER && s->version && s->version[0]) {
        json_key(j, "version");
        json_strz(j, s->version);
    }
    if (s->line) {
        json_key(j, "line");
        json_int(j, s->line);
    }
    json_object_end(j);
}

void json_changes(struct cmd *c, struct json_out *j, const struct image_field *f, size_t count) {
    json_object_(j);
    for (size_t i = 0; i < count; i++) {
        if (!f[i].field)
            continue;
        json_key(j, f[i].field->name);
        json_object_(j);
        json_key(j, "before");
        value_json(cmd_schema(c), &f[i].before, j);
        json_key(j, "after");
        value_json(cmd_schema(c), &f[i].after, j);
        json_object_end(j);
    }
    json_object_end(j);
}

void json_record(struct cmd *c, struct json_out *j, const struct rtype *t, kith_id id,
                 const kith_value *values) {
    record_json(cmd_schema(c), &c->principal, t, id, values, j);
}

void json_print(struct cmd *c, struct buf *b) {
    buf_putc(b, '\n');
    io_raw(c->io, buf_view(b));
    buf_free(b);
}

void json_mark_tail(struct buf *b, size_t at) {
    buf_putc(b, ' ');
    if (b->failed)
        return;
    memmove(b->ptr + at + 2, b->ptr + at + 1, b->len - at - 2);
    b->ptr[at + 1] = ' ';
}

static void show_place_and_text(struct cmd *c, const char *file, int64_t line, const char *text,
                                bool warning) {
    struct buf b = {0};
    struct json_out j;
    if (c->json) {
        json_begin(&j, &b, false);
        json_object_(&j);
        json_key(&j, "file");
        json_strz(&j, file);
        json_key(&j, "line");
        json_int(&j, line);
        json_key(&j, "problem");
        json_strz(&j, text);
        if (warning) {
            json_key(&j, "warning");
            json_bool_(&j, true);
        }
        json_object_end(&j);
        json_print(c, &b);
        return;
    }
    io_text(c->io, str_of(file));
    if (line > 0)
        io_printf(c->io, ":%lld", (long long)line);
    io_puts(c->io, file[0] ? ": " : "");
    io_puts(c->io, warning ? "warning: " : "");
    io_text(c->io, str_of(text));
    io_puts(c->io, "\n");
}

void show_problem(struct cmd *c, const char *file, int64_t line, const char *text) {
    show_place_and_text(c, file, line, text, false);
}

void show_warning(struct cmd *c, const char *file, int64_t line, const char *text) {
    show_place_and_text(c, file, line, text, true);
}

/* -- what the user named ----------------------------------------------------------------------- */

kith_status arg_type(struct cmd *c, size_t i, const struct rtype **t, kith_error *e) {
    return schema_find_type(cmd_schema(c), str_of(c->args[i]), t, e);
}

kith_status arg_id(struct cmd *c, size_t i, kith_id *id, kith_error *e) {
    if (id_parse(str_of(c->args[i]), id))
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, "id", "'%s' is not an id: %s; 'kith find' shows ids",
                   c->args[i], id_unlike(str_of(c->args[i])));
}

kith_status option_moment(struct cmd *c, const char *option, bool end, int64_t *out,
                          kith_error *e) {
    const char *text = cmd_option(c, option);
    const struct zone *zone = engine_zone(c->company->engine);
    int64_t day;
    *out = 0;
    if (!text)
        return KITH_OK;
    if (date_parse(str_of(text), false, &day))
        *out = zone_day(zone, day + end);
    else if (!time_parse(str_of(text), false, zone, out))
        return option_fail(
            e, option, "takes a day, 2026-03-01, or a time, '2026-03-01 17:00', not '%s'", text);
    return KITH_OK;
}

const char *arg_file(const struct cmd *c, size_t i) {
    return c->arg_count > i && strcmp(c->args[i], "-") != 0 ? c->args[i] : NULL;
}

/* "number=O-000007" instead of an id: only by what is one record's alone, so that a forgotten id
 * does not become a record that happens to fit. */
static kith_status arg_key(struct cmd *c, const struct rtype *t, kith_str key, kith_str value,
                           kith_id *id, kith_error *e) {
    const struct rfield *f;
    TRY(schema_find_field(cmd_schema(c), t, key, &f, e));
    if (!(f->flags & KITH_FF_UNIQUE))
        return err_set(e, KITH_E_INVAL, f->name,
                       "several records may have the same %s: name one by its id, or by a field "
                       "that is unique; 'kith explain %s' shows them",
                       f->name, t->name);
    return engine_find_by(c->company->engine, &c->principal, t, key, value, &c->arena, id, e);
}

kith_status arg_record(struct cmd *c, size_t i, const struct rtype **t, kith_id *id,
                       kith_error *e) {
    TRY(arg_type(c, i, t, e));
    const char *word = c->args[i + 1], *eq = strchr(word, '=');
    return eq ? arg_key(c, *t, (kith_str){word, (uint64_t)(eq - word)}, str_of(eq + 1), id, e)
              : arg_id(c, i + 1, id, e);
}

static void show_merged(struct cmd *c, const struct rtype *t, kith_id given, kith_id kept) {
    c->merged = given;
    io_say(c->io, "%s %s was merged into %s %s", t->name, show_id(c, given), t->name,
           show_id(c, kept));
}

kith_status arg_follow(struct cmd *c, const struct rtype *t, kith_id *id, kith_error *e) {
    kith_id given = *id;
    TRY(engine_follow(c->company->engine, &c->principal, t, id, &c->arena, e));
    if (*id != given)
        show_merged(c, t, given, *id);
    return KITH_OK;
}

void json_merged(const struct cmd *c, struct json_out *j) {
    if (!c->merged)
        return;
    json_key(j, "merged_from");
    json_id(j, c->merged);
}

kith_status show_read(struct cmd *c, const struct rtype *t, kith_id *of, kith_value **values,
                      kith_error *e) {
    struct engine *g = c->company->engine;
    kith_id id = *of;
    kith_status st = engine_read(g, &c->principal, t, of, &c->arena, values, e);
    if (*of != id)
        show_merged(c, t, id, *of);
    const struct schema *s = cmd_schema(c);
    for (uint32_t i = 0; st == KITH_E_NOTFOUND && i < s->type_count; i++) {
        kith_value *other;
        if (engine_get(g, &c->principal, s->types[i], id, &c->arena, &other, NULL) != KITH_OK)
            continue;
        kith_str title = title_of(c, s->types[i], other);
        return err_set(e, st, NULL, "there is no %s %s; it is a %s: %.*s", t->name, show_id(c, id),
                       s->types[i]->name, (int)title.len, title.ptr ? title.ptr : "");
    }
    return st;
}
