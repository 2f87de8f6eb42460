/* SPDX-License-Identifier: Apache-2.0 */
/* Settings for people: what a setting takes, what it is now, and the reference page. The value of a
 * secret never passes through here. */
#include "engine/settings_internal.h"

#include "base/date.h"
#include "base/err.h"
#include "base/number.h"
#include <string.h>

/* -- kinds and values -------------------------------------------------------------------------- */

static void bound_text(const kith_setting *d, int64_t bound, struct buf *out) {
    char text[DURATION_TEXT];
    if (d->kind == KITH_DURATION) {
        duration_format(bound, text);
        buf_puts(out, text);
    } else {
        buf_printf(out, "%lld", (long long)bound);
    }
}

static void range_text(const kith_setting *d, struct buf *out) {
    bool low = d->min != INT64_MIN, high = d->max != INT64_MAX;
    if ((d->min == 0 && d->max == 0) || (!low && !high))
        return;
    buf_puts(out, low && high ? " from " : low ? " of at least " : " of at most ");
    bound_text(d, low ? d->min : d->max, out);
    if (low && high) {
        buf_puts(out, " to ");
        bound_text(d, d->max, out);
    }
}

static void choices_text(const char *choices, struct buf *out) {
    kith_str rest = str_of(choices), choice;
    for (bool first = true; str_split(&rest, ',', &choice); first = false) {
        buf_puts(out, first ? "one of " : ", ");
        buf_printf(out, "\"%.*s\"", (int)choice.len, choice.ptr);
    }
}

static void condition_text(const char *over, struct buf *out) {
    if (over && *over == '=')
        buf_printf(out, ": a condition over what \"%s\" names", over + 1);
    else if (over)
        buf_printf(out, ": a condition over %s", over);
}

void setting_kind_text(const kith_setting *d, struct buf *out) {
    switch (d->kind) {
    case KITH_BOOL:
        buf_puts(out, "true or false");
        break;
    case KITH_INT:
        buf_puts(out, "a whole number");
        range_text(d, out);
        break;
    case KITH_REAL:
        buf_puts(out, "a number");
        range_text(d, out);
        break;
    case KITH_DURATION:
        buf_puts(out, "a duration");
        range_text(d, out);
        buf_puts(out, ", such as \"90s\", \"10m\", \"2h\" or \"3d\"");
        break;
    case KITH_TEXT:
        if (d->choices)
            choices_text(d->choices, out);
        else
            buf_puts(out, "a text in double quotes");
        condition_text(d->condition, out);
        break;
    case KITH_LIST:
        buf_puts(out, d->items.count ? "a list of groups: ( { ... }, { ... } )"
                                     : "a list of texts: [ \"...\", \"...\" ]");
        if (d->items.count && d->max)
            buf_printf(out, ", at most %lld", (long long)d->max);
        if (d->choices) {
            buf_puts(out, ", each ");
            choices_text(d->choices, out);
        }
        break;
    default:
        buf_puts(out, "unknown");
    }
}

void setting_quoted(kith_str s, struct buf *out) {
    buf_putc(out, '"');
    for (uint64_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\n') {
            buf_puts(out, "\\n");
            continue;
        }
        if (s.ptr[i] == '"' || s.ptr[i] == '\\')
            buf_putc(out, '\\');
        buf_putc(out, s.ptr[i]);
    }
    buf_putc(out, '"');
}

/* The first of the items from `i` on that is set and whose key begins with `prefix`; else count. */
static uint32_t next_item(const kith_setting *d, const kith_value *group, kith_str prefix,
                          uint32_t i) {
    uint32_t count = d->items.count;
    for (; i < count; i++)
        if (i < group->as.list.count && group->as.list.items[i].kind != KITH_NULL &&
            strncmp(setting_in(&d->items, i).key, prefix.ptr, (size_t)prefix.len) == 0)
            return i;
    return count;
}

/* The items whose keys begin with `prefix`: "limit.days" stands in a group of its own, with all
 * others of that group. */
static void group_text(const kith_setting *d, const kith_value *group, kith_str prefix,
                       struct buf *out) {
    buf_puts(out, "{ ");
    for (uint32_t i = 0; (i = next_item(d, group, prefix, i)) < d->items.count; i++) {
        kith_setting key = setting_in(&d->items, i);
        const char *name = key.key + prefix.len, *dot = strchr(name, '.');
        if (!dot) {
            buf_printf(out, "%s = ", name);
            setting_value_text(&key, &group->as.list.items[i], out);
        } else {
            kith_str inner = {key.key, (uint64_t)(dot + 1 - key.key)};
            if (next_item(d, group, inner, 0) < i)
                continue; /* stands there already */
            buf_printf(out, "%.*s : ", (int)(dot - name), name);
            group_text(d, group, inner, out);
        }
        buf_puts(out, "; ");
    }
    buf_putc(out, '}');
}

static void list_text(const kith_setting *d, const kith_value *list, struct buf *out) {
    bool groups = d->items.count > 0;
    buf_putc(out, groups ? '(' : '[');
    for (uint64_t i = 0; i < list->as.list.count; i++) {
        const kith_value *item = &list->as.list.items[i];
        buf_puts(out, i ? ", " : " ");
        if (groups)
            group_text(d, item, STR(""), out);
        else
            setting_quoted(item->as.s, out);
    }
    buf_puts(out, list->as.list.count ? " " : "");
    buf_putc(out, groups ? ')' : ']');
}

void setting_value_text(const kith_setting *d, const kith_value *v, struct buf *out) {
    char text[DURATION_TEXT], real[REAL_TEXT];
    if (d->flags & KITH_SF_SECRET) {
        buf_puts(out, v->kind == KITH_NULL ? "(not set)" : "(set)");
        return;
    }
    switch (v->kind) {
    case KITH_NULL:
        buf_puts(out, "(not set)");
        break;
    case KITH_BOOL:
        buf_puts(out, v->as.i ? "true" : "false");
        break;
    case KITH_INT:
        buf_printf(out, "%lld", (long long)v->as.i);
        break;
    case KITH_REAL:
        real_format(v->as.r, real);
        buf_puts(out, real);
        break;
    case KITH_DURATION:
        duration_format(v->as.i, text);
        setting_quoted(str_of(text), out);
        break;
    case KITH_LIST:
        list_text(d, v, out);
        break;
    default:
        setting_quoted(v->as.s, out);
    }
}

/* -- explaining -------------------------------------------------------------------------------- */

static void explain_items(const struct leaf *leaf, struct buf *out) {
    for (size_t i = 0; leaf->items && i < leaf->items->count; i++) {
        const struct leaf *key = leaf->items->leaves[i];
        const kith_setting *d = &key->pub.decl;
        buf_printf(out, "  %s %s: ", i ? "          " : "each has  ", d->key);
        setting_kind_text(d, out);
        if (d->flags & KITH_SF_REQUIRED) {
            buf_puts(out, "; required");
        } else if (key->fallback.kind != KITH_NULL) {
            buf_puts(out, "; default ");
            setting_value_text(d, &key->fallback, out);
        }
        buf_printf(out, "%s%s\n", d->doc ? "; " : "", d->doc ? d->doc : "");
    }
}

/* Some value that the setting takes. */
static void example_value(const kith_setting *d, struct buf *out) {
    kith_str rest = str_of(d->choices), first = STR("...");
    switch (d->kind) {
    case KITH_BOOL:
        buf_puts(out, "true");
        break;
    case KITH_INT:
    case KITH_REAL:
        buf_printf(out, "%lld", (long long)(d->min > 0 ? d->min : d->max < 0 ? d->max : 0));
        break;
    case KITH_DURATION:
        buf_puts(out, "\"10m\"");
        break;
    case KITH_TEXT:
        str_split(&rest, ',', &first);
        setting_quoted(first, out);
        break;
    default:
        buf_puts(out, "[ \"...\" ]");
    }
}

/* "score.points" is written "score: { points = 25; };" */
static void written(const char *path, kith_str value, struct buf *out) {
    kith_str rest = str_of(path), part;
    size_t depth = 0;
    while (str_split(&rest, '.', &part)) {
        buf_str(out, part);
        buf_puts(out, rest.len > 0 ? ": { " : " = ");
        depth += rest.len > 0;
    }
    buf_str(out, value);
    buf_putc(out, ';');
    while (depth-- > 0)
        buf_puts(out, " };");
}

static void example_groups(const struct leaf *leaf, struct buf *out) {
    buf_puts(out, "( { ");
    for (size_t i = 0; i < leaf->items->count; i++) {
        const struct setting *x = &leaf->items->leaves[i]->pub;
        struct buf value = {0};
        example_value(&x->decl, &value);
        written(x->decl.key, buf_view(&value), out);
        buf_putc(out, ' ');
        out->failed |= value.failed;
        buf_free(&value);
    }
    buf_puts(out, "} )");
}

/* As it stands in a file: with the value that it has, unless that is none, secret, or long. */
static void example_text(const struct leaf *leaf, struct buf *out) {
    const struct setting *x = &leaf->pub;
    struct buf value = {0};
    if (leaf->items)
        example_groups(leaf, &value);
    else if (x->value.kind == KITH_NULL || x->decl.flags & KITH_SF_SECRET ||
             (x->value.kind == KITH_LIST && x->value.as.list.count == 0))
        example_value(&x->decl, &value);
    else
        setting_value_text(&x->decl, &x->value, &value);
    written(x->path, buf_view(&value), out);
    out->failed |= value.failed;
    buf_free(&value);
}

static void explain_one(const struct leaf *leaf, struct buf *out) {
    const struct setting *x = &leaf->pub;
    const kith_setting *d = &x->decl;
    buf_printf(out, "%s\n", x->path);
    if (d->doc)
        buf_printf(out, "  %s\n", d->doc);
    buf_puts(out, "  kind       ");
    setting_kind_text(d, out);
    buf_puts(out, "\n");
    explain_items(leaf, out);
    buf_puts(out, "  default    ");
    if (d->flags & KITH_SF_REQUIRED && leaf->fallback.kind == KITH_NULL)
        buf_puts(out, "none: it must be set");
    else
        setting_value_text(d, &leaf->fallback, out);
    buf_puts(out, "\n  now        ");
    setting_value_text(d, &x->value, out);
    if (x->file)
        buf_printf(out, ", set in %s:%d", x->file, x->line);
    buf_puts(out, "\n  written    ");
    example_text(leaf, out);
    buf_printf(out, "\n  a change   takes effect %s\n",
               d->flags & KITH_SF_RELOAD ? "when 'kith serve' gets SIGHUP, or after a restart"
                                         : "after a restart");
}

/* "sales" and "sales.score" hold "sales.score.points". */
static bool is_within(const char *path, const char *group) {
    size_t len = strlen(group);
    return strncmp(path, group, len) == 0 && (path[len] == '.' || path[len] == '\0');
}

static const char *path_at(const void *arg, size_t i) {
    return settings_at(arg, i)->path;
}

/* The path with its first wrong part mended, as far as it then goes; empty: nothing is near. */
static void mended_path(const struct settings *s, const char *path, struct buf *out) {
    const struct node *at = &s->shape.root;
    kith_str rest = str_of(path), part;
    while (str_split(&rest, '.', &part)) {
        const struct node *child = at->child;
        while (child && !str_eqz(part, child->name))
            child = child->next;
        if (out->len > 0)
            buf_putc(out, '.');
        if (child) {
            buf_puts(out, child->name);
            at = child;
            continue;
        }
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)part.len, part.ptr);
        const char *near = node_nearest(at, name);
        if (near)
            buf_puts(out, near);
        else
            buf_reset(out);
        return;
    }
}

kith_status settings_explain(const struct settings *s, const char *path, struct buf *out,
                             kith_error *e) {
    bool any = false;
    for (size_t i = 0; i < s->shape.count; i++) {
        const struct leaf *leaf = s->shape.leaves[i];
        if (!is_within(leaf->pub.path, path))
            continue;
        if (any)
            buf_putc(out, '\n');
        any = true;
        explain_one(leaf, out);
    }
    if (any)
        return out->failed ? err_nomem(e) : KITH_OK;
    struct buf mended = {0};
    mended_path(s, path, &mended);
    const char *near =
        mended.len > 0 ? mended.ptr : str_nearest(str_of(path), path_at, s, s->shape.count);
    err_set(e, KITH_E_NOTFOUND, NULL, "there is no setting %s%s%s", path,
            near ? "; did you mean " : "", near ? near : "");
    buf_free(&mended);
    return KITH_E_NOTFOUND;
}

/* -- the reference page ------------------------------------------------------------------------ */

/* For a cell of a table: one line, bars escaped. */
static void cell(const char *text, struct buf *out) {
    for (; *text; text++) {
        if (*text == '|')
            buf_putc(out, '\\');
        buf_putc(out, *text == '\n' ? ' ' : *text);
    }
}

/* note: "" or what is said behind the meaning. */
static void reference_row(const char *prefix, const struct leaf *leaf, const char *note,
                          struct buf *out) {
    const kith_setting *d = &leaf->pub.decl;
    struct buf kind = {0}, fallback = {0};
    setting_kind_text(d, &kind);
    if (leaf->fallback.kind != KITH_NULL) {
        buf_putc(&fallback, '`');
        setting_value_text(d, &leaf->fallback, &fallback);
        buf_putc(&fallback, '`');
    } else if (d->flags & KITH_SF_REQUIRED) {
        buf_puts(&fallback, "must be set");
    }
    buf_printf(out, "| `%s%s` | ", prefix, leaf->pub.path);
    cell(buf_view(&kind).ptr, out);
    buf_puts(out, " | ");
    cell(buf_view(&fallback).ptr, out);
    buf_puts(out, " | ");
    cell(d->doc ? d->doc : "", out);
    buf_printf(out, "%s |\n", note);
    out->failed |= kind.failed || fallback.failed;
    buf_free(&kind);
    buf_free(&fallback);
    for (size_t i = 0; leaf->items && i < leaf->items->count; i++) {
        buf_printf(&kind, "%s%s[].", prefix, leaf->pub.path);
        reference_row(buf_view(&kind).ptr, leaf->items->leaves[i], "", out);
        buf_free(&kind);
    }
}

void settings_reference(const struct settings *s, const char *module, struct buf *out) {
    const char *now = NULL;
    for (size_t i = 0; i < s->shape.count; i++) {
        const struct leaf *leaf = s->shape.leaves[i];
        if (module && strcmp(module, leaf->pub.module) != 0)
            continue;
        if (!now || strcmp(now, leaf->pub.module) != 0) {
            buf_printf(out,
                       "%s## %s\n\n| setting | takes | default | meaning |\n|---|---|---|---|\n",
                       now ? "\n" : "", *leaf->pub.module ? leaf->pub.module : "The engine");
            now = leaf->pub.module;
        }
        bool reload = leaf->pub.decl.flags & KITH_SF_RELOAD;
        reference_row("", leaf, reload ? " *Reload.*" : "", out);
    }
}
