/* SPDX-License-Identifier: Apache-2.0 */
/* What a plugin declares and how it did in the checks, for people and for programs, without an
 * instance of it. Its code runs in a child process, so that a bad one harms nobody. */
#include "plugin/internal.h"

/* A table to print: one row of text per row that is declared. `text` writes what follows the name.
 */
struct section {
    const char *what, *plural;
    size_t array; /* its place in the description */
    void (*text)(const void *row, struct json_out *json, struct buf *out);
};

static void field_pair(struct json_out *json, struct buf *out, const char *key, const char *value) {
    if (!value || !*value)
        return;
    if (json) {
        json_key(json, key);
        json_strz(json, value);
    } else if (strcmp(key, "doc") == 0) {
        buf_printf(out, "  -- %s", value);
    } else {
        buf_printf(out, "  %s %s", key, value);
    }
}

static void number_pair(struct json_out *json, struct buf *out, const char *key, int64_t value) {
    if (json) {
        json_key(json, key);
        json_int(json, value);
    } else {
        buf_printf(out, "  %s %lld", key, (long long)value);
    }
}

static void texts_pair(struct json_out *json, struct buf *out, const char *key, kith_array texts) {
    struct buf list = {0};
    for (uint32_t i = 0; i < texts.count; i++)
        buf_printf(&list, "%s%s", i ? "; " : "", ROWS(texts, char *const)[i]);
    field_pair(json, out, key, list.ptr);
    buf_free(&list);
}

/* Names of the bits of a word, from the lowest; ends with NULL. */
static void flags_pair(struct json_out *json, struct buf *out, uint32_t flags,
                       const char *const *names) {
    struct buf list = {0};
    for (size_t i = 0; names[i]; i++)
        if (flags & (1u << i))
            buf_printf(&list, "%s%s", list.len ? "," : "", names[i]);
    field_pair(json, out, "flags", list.ptr);
    buf_free(&list);
}

static const char *const field_flags[] = {"required", "unique",   "indexed",  "searched",
                                          "personal", "readonly", "partof",   "tree",
                                          "derived",  "subject",  "assignee", NULL};
static const char *const setting_flags[] = {"required", "secret", "reload", NULL};
static const char *const reaction_flags[] = {"undo", NULL};

static void field_row(const kith_field *f, const char *indent, struct json_out *json,
                      struct buf *out) {
    if (json) {
        json_object_(json);
        field_pair(json, out, "name", f->name);
    } else {
        buf_printf(out, "\n%s%s", indent, f->name);
    }
    field_pair(json, out, "kind", field_kind_name(f->kind));
    flags_pair(json, out, f->flags, field_flags);
    field_pair(json, out, "options", f->options);
    field_pair(json, out, "default", f->default_text);
    field_pair(json, out, "rollup", f->rollup);
    field_pair(json, out, "min", f->min);
    field_pair(json, out, "max", f->max);
    field_pair(json, out, "measure", f->measure ? field_measure_name(f->measure) : NULL);
    field_pair(json, out, "label", f->label);
    field_pair(json, out, "doc", f->doc);
    if (json)
        json_object_end(json);
}

static void fields_list(const char *key, kith_array fields, struct json_out *json,
                        struct buf *out) {
    if (json) {
        json_key(json, key);
        json_array_(json);
    } else if (fields.count) {
        buf_printf(out, "\n    %s:", key);
    }
    for (uint32_t i = 0; i < fields.count; i++)
        field_row(&ROWS(fields, kith_field)[i], "      ", json, out);
    if (json)
        json_array_end(json);
}

/* -- the rows ---------------------------------------------------------------------------------- */

static void require_row(const void *row, struct json_out *json, struct buf *out) {
    const kith_require *r = row;
    number_pair(json, out, "version", r->min_version);
    if (r->flags & KITH_REQ_OPTIONAL)
        number_pair(json, out, "optional", 1);
}

static void permission_row(const void *row, struct json_out *json, struct buf *out) {
    field_pair(json, out, "doc", ((const kith_permission *)row)->why);
}

static void setting_pairs(const kith_setting *s, struct json_out *json, struct buf *out) {
    struct buf kind = {0};
    setting_kind_text(s, &kind);
    field_pair(json, out, "kind", kind.ptr);
    flags_pair(json, out, s->flags, setting_flags);
    field_pair(json, out, "default", s->default_text);
    field_pair(json, out, "doc", s->doc);
    buf_free(&kind);
}

static void setting_row(const void *row, struct json_out *json, struct buf *out) {
    const kith_setting *s = row;
    setting_pairs(s, json, out);
    if (json) {
        json_key(json, "items");
        json_array_(json);
    }
    for (uint32_t i = 0; i < s->items.count; i++) {
        const kith_setting *item = &ROWS(s->items, kith_setting)[i];
        if (json)
            json_object_(json);
        else
            buf_printf(out, "\n      %s", item->key);
        if (json)
            field_pair(json, out, "name", item->key);
        setting_pairs(item, json, out);
        if (json)
            json_object_end(json);
    }
    if (json)
        json_array_end(json);
}

static void type_row(const void *row, struct json_out *json, struct buf *out) {
    const kith_type *t = row;
    if (t->extends)
        number_pair(json, out, "extends", 1);
    field_pair(json, out, "title", t->title);
    field_pair(json, out, "label", t->label);
    field_pair(json, out, "history", t->history == KITH_HISTORY_NONE ? "none" : NULL);
    field_pair(json, out, "undo", t->undo == KITH_UNDO_REFUSE ? "refuse" : NULL);
    field_pair(json, out, "doc", t->doc);
    texts_pair(json, out, "indexes", t->indexes);
    fields_list("fields", t->fields, json, out);
}

static void topic_row(const void *row, struct json_out *json, struct buf *out) {
    const kith_topic *t = row;
    number_pair(json, out, "schema", t->schema);
    field_pair(json, out, "doc", t->doc);
    fields_list("fields", t->fields, json, out);
}

static void hook_row(const void *row, struct json_out *json, struct buf *out) {
    const kith_hook *h = row;
    struct buf on = {0}, except = {0};
    for (uint32_t from = 1; from <= KITH_ORIGIN_MERGE; from++)
        if (h->except & (1u << from))
            buf_printf(&except, "%s%s", except.len ? "," : "", origin_name(from));
    buf_puts(&on, h->when == KITH_AFTER ? "after" : h->when == KITH_SETTLE ? "settle" : "before");
    buf_puts(&on, h->on & KITH_ON_CREATE ? " create" : "");
    buf_puts(&on, h->on & KITH_ON_UPDATE ? " update" : "");
    buf_puts(&on, h->on & KITH_ON_DELETE ? " delete" : "");
    field_pair(json, out, "on", on.ptr);
    field_pair(json, out, "type", h->type);
    number_pair(json, out, "priority", h->priority);
    field_pair(json, out, "except", except.ptr);
    field_pair(json, out, "where", h->where);
    texts_pair(json, out, "fields", h->fields);
    field_pair(json, out, "doc", h->doc);
    buf_free(&except);
    buf_free(&on);
}

static void reaction_row(const void *row, struct json_out *json, struct buf *out) {
    const kith_reaction *r = row;
    field_pair(json, out, "topic", r->topic);
    flags_pair(json, out, r->flags, reaction_flags);
    field_pair(json, out, "where", r->where);
    texts_pair(json, out, "fields", r->fields);
    field_pair(json, out, "doc", r->doc);
}

static void timer_row(const void *row, struct json_out *json, struct buf *out) {
    const kith_timer *t = row;
    field_pair(json, out, "cron", t->cron);
    field_pair(json, out, "doc", t->doc);
}

static void delivery_row(const void *row, struct json_out *json, struct buf *out) {
    const kith_delivery *d = row;
    field_pair(json, out, "doc", d->doc);
}

static void action_row(const void *row, struct json_out *json, struct buf *out) {
    static const char *const effects[] = {"read", "write", "external"};
    const kith_action *a = row;
    field_pair(json, out, "effect", effects[a->effect]);
    field_pair(json, out, "reads", a->flags & KITH_AF_WHOLE ? "whole" : NULL);
    field_pair(json, out, "doc", a->doc);
    fields_list("params", a->params, json, out);
    fields_list("results", a->results, json, out);
    fields_list("columns", a->columns, json, out);
    field_pair(json, out, "file", a->file);
}

static void want_row(const void *row, struct json_out *json, struct buf *out) {
    field_pair(json, out, "of", want_sort(((const kith_want *)row)->what));
}

static void report_row(const void *row, struct json_out *json, struct buf *out) {
    const kith_report *r = row;
    field_pair(json, out, "query", r->query);
    field_pair(json, out, "fields", r->fields);
    field_pair(json, out, "doc", r->doc);
}

static const struct section sections[] = {
    {"requires", "requirements", offsetof(kith_plugin_desc, requirements), require_row},
    {"permission", "permissions", offsetof(kith_plugin_desc, permissions), permission_row},
    {"setting", "settings", offsetof(kith_plugin_desc, settings), setting_row},
    {"type", "types", offsetof(kith_plugin_desc, types), type_row},
    {"topic", "topics", offsetof(kith_plugin_desc, topics), topic_row},
    {"hook", "hooks", offsetof(kith_plugin_desc, hooks), hook_row},
    {"reaction", "reactions", offsetof(kith_plugin_desc, reactions), reaction_row},
    {"timer", "timers", offsetof(kith_plugin_desc, timers), timer_row},
    {"delivery", "deliveries", offsetof(kith_plugin_desc, deliveries), delivery_row},
    {"action", "actions", offsetof(kith_plugin_desc, actions), action_row},
    {"report", "reports", offsetof(kith_plugin_desc, reports), report_row},
    {"want", "wants", offsetof(kith_plugin_desc, wants), want_row},
};

/* -- the whole --------------------------------------------------------------------------------- */

static void part_pairs(const kith_plugin_desc *d, uint32_t part, struct json_out *json,
                       struct buf *out) {
    if (!part)
        return;
    const kith_part *from = ROWS(d->parts, kith_part *)[part - 1];
    number_pair(json, out, "part", part);
    field_pair(json, out, "for",
               from->struct_size >= UP_TO(kith_part, module) ? from->module : NULL);
}

/* The name is the first member of every row. */
static void print_section(const struct section *s, const kith_plugin_desc *d, struct json_out *json,
                          struct buf *out) {
    kith_array rows;
    memcpy(&rows, (const char *)d + s->array, sizeof rows);
    if (json) {
        json_key(json, s->plural);
        json_array_(json);
    }
    for (uint32_t i = 0; i < rows.count; i++) {
        const char *row = (const char *)rows.items + (size_t)i * rows.stride;
        const char *name = *(const char *const *)(const void *)row;
        name = name ? name : "host"; /* the only want without one */
        if (json)
            json_object_(json);
        else
            buf_printf(out, "\n%s %s", s->what, name);
        if (json)
            field_pair(json, out, "name", name);
        part_pairs(d, declare_part(d, s->array, i), json, out);
        s->text(row, json, out);
        if (json)
            json_object_end(json);
    }
    if (json)
        json_array_end(json);
}

static void print_head(const kith_plugin_desc *d, struct json_out *json, struct buf *out) {
    struct buf abi = {0};
    buf_printf(&abi, "%u.%u", d->abi_major, d->abi_minor);
    if (json)
        field_pair(json, out, "name", d->name);
    else
        buf_printf(out, "module %s", d->name);
    field_pair(json, out, "version", d->version_text);
    number_pair(json, out, "number", d->version);
    field_pair(json, out, "title", d->title);
    field_pair(json, out, "contract", abi.ptr);
    field_pair(json, out, "vendor", d->vendor);
    field_pair(json, out, "license", d->license);
    field_pair(json, out, "doc", d->doc);
    buf_free(&abi);
}

/* Migrations have no name: each is one line of text. */
static void print_migrations(kith_array rows, struct json_out *json, struct buf *out) {
    static const char *const verbs[] = {"?", "rename type", "rename field", "retire field"};
    if (json) {
        json_key(json, "migrations");
        json_array_(json);
    }
    for (uint32_t i = 0; i < rows.count; i++) {
        const kith_migration *m = &ROWS(rows, kith_migration)[i];
        struct buf line = {0};
        buf_printf(&line, "%u: %s %s%s%s%s%s", m->version,
                   verbs[m->kind <= KITH_MIGRATE_RETIRE_FIELD ? m->kind : 0],
                   m->type ? m->type : "", m->field ? "." : "", m->field ? m->field : "",
                   m->to ? " to " : "", m->to ? m->to : "");
        if (json)
            json_str(json, buf_view(&line));
        else
            buf_printf(out, "\nmigration %s", line.ptr ? line.ptr : "");
        buf_free(&line);
    }
    if (json)
        json_array_end(json);
}

static void print_check(const struct findings *f, enum check c, struct json_out *json,
                        struct buf *out) {
    const kith_error *why = &f->items[c];
    bool ok = why->code == KITH_OK;
    if (json) {
        json_object_(json);
        json_key(json, "name");
        json_strz(json, check_name(c));
        json_key(json, "ok");
        if (f->looked[c])
            json_bool_(json, ok);
        else
            json_nil(json);
        json_key(json, "why");
        json_strz(json, ok ? "" : why->message);
        json_object_end(json);
        return;
    }
    buf_puts(out, out->len ? "\ncheck " : "check ");
    for (const char *p = check_name(c); *p; p++)
        buf_putc(out, *p == '_' ? ' ' : *p);
    buf_printf(out, ": %s%s",
               !f->looked[c] ? "not reached"
               : ok          ? "ok"
                             : "FAILED: ",
               ok ? "" : why->message);
}

static void print(const kith_plugin_desc *d, const struct findings *f, bool as_json,
                  struct buf *out) {
    struct json_out writer, *json = as_json ? &writer : NULL;
    json_begin(&writer, out, true);
    if (json)
        json_object_(json);
    if (d) {
        print_head(d, json, out);
        for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
            print_section(&sections[i], d, json, out);
        print_migrations(d->migrations, json, out);
    }
    if (json) {
        json_key(json, "checks");
        json_array_(json);
    }
    for (int i = 0; i < CHECKS; i++)
        print_check(f, (enum check)i, json, out);
    if (json) {
        json_array_end(json);
        json_object_end(json);
    }
    buf_putc(out, '\n');
}

/* What the child says is as good as the code that ran in it. */
static bool is_json(const struct buf *text) {
    json_t *value = NULL;
    bool good = json_read(buf_view(text), &value, NULL) == KITH_OK && json_is_object(value);
    json_decref(value);
    return good;
}

static kith_status inspect_file(const char *full, bool json, struct buf *out, kith_error *e) {
    struct binary binary;
    struct findings f = {0};
    struct buf text = {0};
    kith_status st = KITH_OK;
    TRY(binary_read(full, &binary, e));
    checks_look(&binary, &f);
    if (f.items[CHECK_FORMAT].code == KITH_OK && f.items[CHECK_EXPORT].code == KITH_OK)
        st = child_ask(&binary, full, print, json, &f, &text, e);
    if (json && text.len && !is_json(&text)) {
        kith_error why = KITH_ERROR_INIT;
        err_set(&why, KITH_E_INVAL, NULL, "what it declares is no text");
        findings_set(&f, CHECK_DECLARATION, why.code, &why);
        buf_reset(&text);
    }
    if (!text.len)
        print(NULL, &f, json, &text);
    buf_str(out, buf_view(&text));
    buf_free(&text);
    binary_free(&binary);
    return st == KITH_OK ? findings_verdict(&f, e) : st;
}

kith_status plugin_inspect(const char *path, bool json, struct buf *out, kith_error *e) {
    char *full = realpath(path, NULL); /* dlopen searches for names without a slash */
    if (!full)
        return err_errno(e, "open", path);
    kith_status st = inspect_file(full, json, out, e);
    free(full);
    return st == KITH_OK ? st : err_prefix(e, "%s: ", path);
}
