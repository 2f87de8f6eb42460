/* SPDX-License-Identifier: Apache-2.0 */
/* Stubs of the record types. */
#include "cli/reference.h"
#include "cli/stubs.h"

void stubs_comment(struct stubs *s, const char *text) {
    if (!text || !*text)
        return;
    buf_puts(s->out, "---");
    for (; *text; text++)
        buf_putc(s->out, *text == '\n' || *text == '\r' ? ' ' : *text);
    buf_putc(s->out, '\n');
}

/* What can be written into a text between quotes. */
static void put_quoted(struct buf *out, const char *text) {
    buf_putc(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_putc(out, '\\');
        buf_putc(out, *text);
    }
    buf_putc(out, '"');
}

static void put_options(struct stubs *s, const struct rfield *f) {
    for (uint32_t i = 0; i < f->option_count; i++) {
        buf_puts(s->out, i ? "|" : "");
        put_quoted(s->out, f->options[i]);
    }
}

/* "record.contact"; one of any type has all fields, or may be any record. */
static void put_record(struct stubs *s, const struct rfield *f, bool written) {
    if (f->target)
        buf_printf(s->out, "record.%s", f->target->name);
    else
        buf_puts(s->out, written ? "record" : "any");
}

/* "A|B": what the field's value is; written: what it can be given. */
static void put_kind(struct stubs *s, const struct rfield *f, bool written) {
    static const char *const names[] = {
        [KITH_F_INTEGER] = "integer",   [KITH_F_DECIMAL] = "Decimal",
        [KITH_F_MONEY] = "Money",       [KITH_F_BOOLEAN] = "boolean",
        [KITH_F_DATE] = "Date",         [KITH_F_TIME] = "Time",
        [KITH_F_DURATION] = "Duration", [KITH_F_JSON] = "any",
        [KITH_F_TAGS] = "string[]",     [KITH_F_PLACE] = "{lat: number, lon: number}"};
    static const char *const more[] = {[KITH_F_DECIMAL] = "|integer|string",
                                       [KITH_F_MONEY] = "|string",
                                       [KITH_F_DATE] = "|Time|string",
                                       [KITH_F_TIME] = "|Date|string",
                                       [KITH_F_DURATION] = "|string",
                                       [KITH_F_LINK] = "|string",
                                       [KITH_F_TAGS] = "|string",
                                       [KITH_F_TEXT] = "|number",
                                       [KITH_F_LONGTEXT] = "|number",
                                       [KITH_F_JSON] = NULL};
    const char *name = f->kind < sizeof names / sizeof *names ? names[f->kind] : NULL;
    const char *also = f->kind < sizeof more / sizeof *more ? more[f->kind] : NULL;
    if (f->kind == KITH_F_CHOICE || f->kind == KITH_F_STATE)
        put_options(s, f);
    else if (f->kind == KITH_F_LINK || f->kind == KITH_F_LINKS)
        put_record(s, f, written);
    else
        buf_puts(s->out, name ? name : "string");
    buf_puts(s->out, f->kind == KITH_F_LINKS ? "[]" : "");
    if (!written)
        return;
    buf_puts(s->out, also ? also : "");
    buf_puts(s->out, f->kind == KITH_F_JSON ? "" : "|null");
}

/* "its label; money (required)": what the reference says of it, too. */
static void put_doc(struct stubs *s, const struct rfield *f) {
    struct buf text = {0};
    buf_printf(&text, "%s%s", f->doc && *f->doc ? f->doc : f->label,
               f->doc && *f->doc ? " " : "; ");
    field_text(f, &text);
    stubs_comment(s, text.ptr);
    s->out->failed |= text.failed;
    buf_free(&text);
}

static bool is_kept(const struct rfield *f) {
    return field_derived(f) || (f->flags & KITH_FF_READONLY);
}

static void put_members(struct stubs *s, struct rfield *const *fields, uint32_t count, bool written,
                        bool optional) {
    for (uint32_t i = 0; i < count; i++) {
        const struct rfield *f = fields[i];
        bool left_out = optional || !(f->flags & KITH_FF_REQUIRED) || f->default_text;
        if (written && is_kept(f))
            continue;
        put_doc(s, f);
        buf_printf(s->out, "---@field %s%s ", f->name, written && left_out ? "?" : "");
        put_kind(s, f, written);
        buf_putc(s->out, '\n');
    }
}

void stubs_class(struct stubs *s, const char *prefix, const char *name,
                 struct rfield *const *fields, uint32_t count, bool written, bool optional) {
    buf_printf(s->out, "---@class %s.%s\n", prefix, name);
    put_members(s, fields, count, written, optional);
    buf_putc(s->out, '\n');
}

void stubs_results(struct stubs *s, const char *name, struct rfield *const *results, uint32_t count,
                   struct rfield *const *columns, uint32_t column_count) {
    if (column_count)
        stubs_class(s, "row", name, columns, column_count, false, false);
    buf_printf(s->out, "---@class results.%s\n", name);
    put_members(s, results, count, false, false);
    if (column_count)
        buf_printf(s->out, "---@field rows row.%s[]\n", name);
    buf_putc(s->out, '\n');
}

static void put_names(struct stubs *s, const struct rtype *t) {
    buf_printf(s->out, "---@alias field.%s ", t->name);
    for (uint32_t i = 0; i < t->field_count; i++)
        buf_printf(s->out, "%s\"%s\"", i ? "|" : "", t->fields[i]->name);
    buf_puts(s->out, "\n\n");
}

static void one_type(struct stubs *s, const struct rtype *t) {
    const char *n = t->name;
    const char *record = arena_printf(s->arena, "%s: record", n);
    stubs_comment(s, t->doc);
    stubs_class(s, "record", record ? record : n, t->fields, t->field_count, false, false);
    buf_printf(s->out, "---What create and update are given for a %s.\n", n);
    stubs_class(s, "fields", n, t->fields, t->field_count, true, true);
    put_names(s, t);
    buf_printf(s->out,
               "---@class change.%s: change\n---@field before record.%s|nil\n"
               "---@field changed table<field.%s, true>\n\n",
               n, n, n);
    buf_printf(s->out,
               "---@class event.%s: event\n---@field before record.%s|nil\n"
               "---@field after record.%s|nil\n---@field changed table<field.%s, true>\n\n",
               n, n, n, n);
    buf_printf(s->out, "---@class rule.options.%s: rule.options\n---@field fields? field.%s[]\n\n",
               n, n);
}

void stubs_types(struct stubs *s) {
    for (uint32_t i = 0; i < s->schema->type_count; i++)
        one_type(s, s->schema->types[i]);
}
