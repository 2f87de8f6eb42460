/* SPDX-License-Identifier: Apache-2.0 */
/* Text templates: read and written in one pass, without a tree. */
#include "base/template.h"
#include "base/err.h"

#include <stdio.h>
#include <string.h>

struct tag {
    char kind; /* '#', '^', '/', '!', '{', or 0: a value */
    kith_str name, format;
    uint64_t begin, end; /* where it stands, and where the text goes on */
};

struct rendering {
    kith_str text;
    bool html;
    const struct template_source *source;
    struct buf *out;
    uint64_t at, limit; /* where it stands; what out may grow to */
    int depth;
    kith_error *e;
};

/* -- tags -------------------------------------------------------------------------------------- */

#define FAIL(r, at, ...) fail(r, at, KITH_E_INVAL, __VA_ARGS__)
static kith_status fail(struct rendering *r, uint64_t at, kith_status st, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static kith_status fail(struct rendering *r, uint64_t at, kith_status st, const char *fmt, ...) {
    uint64_t line = 1;
    char what[sizeof r->e->message];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    for (uint64_t i = 0; i < at; i++)
        line += r->text.ptr[i] == '\n';
    return err_set(r->e, st, NULL, "line %llu: %s", (unsigned long long)line, what);
}

static uint64_t find(const struct rendering *r, uint64_t from, const char *what) {
    const char *p = memmem(r->text.ptr + from, r->text.len - from, what, strlen(what));
    return p ? (uint64_t)(p - r->text.ptr) : r->text.len;
}

static bool is_name(kith_str s) {
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
    for (uint64_t i = 0; i < s.len; i++)
        if (!memchr(letters, s.ptr[i], sizeof letters - 1))
            return false;
    return s.len > 0;
}

static kith_status read_name(struct rendering *r, kith_str inner, struct tag *t) {
    const char *bar = t->kind == 0 || t->kind == '{' ? memchr(inner.ptr, '|', inner.len) : NULL;
    uint64_t len = bar ? (uint64_t)(bar - inner.ptr) : inner.len;
    t->name = str_trim((kith_str){inner.ptr, len});
    if (bar)
        t->format = str_trim((kith_str){bar + 1, inner.len - len - 1});
    return is_name(t->name) ? KITH_OK
                            : FAIL(r, t->begin, "'{{%.*s}}' names no value: write {{contact.name}}",
                                   inner.len < 40 ? (int)inner.len : 40, inner.ptr);
}

/* The next tag; *there false: no more. */
static kith_status next_tag(struct rendering *r, struct tag *t, bool *there) {
    *t = (struct tag){.begin = find(r, r->at, "{{")};
    *there = t->begin < r->text.len;
    if (!*there)
        return KITH_OK;
    uint64_t from = t->begin + 2;
    if (from < r->text.len && strchr("#^/!{", r->text.ptr[from]) && r->text.ptr[from])
        t->kind = r->text.ptr[from++];
    const char *close = t->kind == '{' ? "}}}" : "}}";
    uint64_t end = find(r, from, close);
    if (end == r->text.len)
        return FAIL(r, t->begin, "a tag begins with {{ and ends nowhere: write %s behind it",
                    close);
    t->end = end + strlen(close);
    return t->kind == '!' ? KITH_OK : read_name(r, (kith_str){r->text.ptr + from, end - from}, t);
}

/* Is there nothing else on the line of a tag that writes nothing? Then *begin is where its line
 * begins, and the tag ends behind it. */
static void take_line(const struct rendering *r, struct tag *t, uint64_t *begin) {
    const char *s = r->text.ptr;
    uint64_t from = t->begin, to = t->end;
    *begin = t->begin;
    if (t->kind == 0 || t->kind == '{')
        return;
    while (from > r->at && (s[from - 1] == ' ' || s[from - 1] == '\t'))
        from--;
    while (to < r->text.len && (s[to] == ' ' || s[to] == '\t' || s[to] == '\r'))
        to++;
    if ((from > 0 && s[from - 1] != '\n') || (to < r->text.len && s[to] != '\n'))
        return;
    *begin = from;
    t->end = to < r->text.len ? to + 1 : to;
}

/* -- writing ----------------------------------------------------------------------------------- */

static kith_status written(struct rendering *r) {
    if (r->out->failed)
        return err_nomem(r->e);
    return r->out->len <= r->limit ? KITH_OK
                                   : fail(r, r->at, KITH_E_LIMIT, "the text is longer than %u MiB",
                                          TEMPLATE_OUT_MAX >> 20);
}

static kith_status put_value(struct rendering *r, const struct tag *t) {
    struct template_value v;
    kith_error why = KITH_ERROR_INIT;
    kith_status st = r->source->find(r->source->arg, t->name, t->format, &v, &why);
    if (st != KITH_OK)
        return fail(r, t->begin, st, "%s", why.message);
    if (v.kind == TEMPLATE_TEXT && r->html && t->kind != '{')
        buf_html(r->out, v.text);
    else if (v.kind == TEMPLATE_TEXT)
        buf_str(r->out, v.text);
    bool whole = v.kind == TEMPLATE_LIST || v.kind == TEMPLATE_THING;
    r->source->let_go(r->source->arg);
    return whole ? FAIL(r, t->begin, "'%.*s' is no text but has parts: write {{#%.*s}} or a part",
                        (int)t->name.len, t->name.ptr, (int)t->name.len, t->name.ptr)
                 : written(r);
}

static kith_status render(struct rendering *r, const struct tag *part, bool quiet);

/* The inside of a part for each item. */
static kith_status each_item(struct rendering *r, const struct tag *t, uint64_t count) {
    uint64_t begin = r->at;
    for (uint64_t i = 0; i < count; i++) {
        kith_error why = KITH_ERROR_INIT;
        kith_status st = r->source->item(r->source->arg, i, &why);
        if (st != KITH_OK)
            return fail(r, t->begin, st, "%s", why.message);
        r->at = begin;
        st = render(r, t, false);
        r->source->let_go(r->source->arg);
        TRY(st);
    }
    return KITH_OK;
}

static kith_status held_part(struct rendering *r, const struct tag *t,
                             const struct template_value *v) {
    bool nothing = v->kind == TEMPLATE_NOTHING || (v->kind == TEMPLATE_LIST && !v->count);
    if (nothing != (t->kind == '^'))
        return render(r, t, true);
    return v->kind == TEMPLATE_LIST && !nothing ? each_item(r, t, v->count) : render(r, t, false);
}

static kith_status put_part(struct rendering *r, const struct tag *t, bool quiet) {
    struct template_value v;
    kith_error why = KITH_ERROR_INIT;
    if (r->depth == TEMPLATE_DEPTH_MAX)
        return FAIL(r, t->begin, "parts in parts go more than %d deep", TEMPLATE_DEPTH_MAX);
    r->depth++;
    kith_status st = KITH_OK;
    if (quiet) {
        st = render(r, t, true);
    } else {
        st = r->source->find(r->source->arg, t->name, (kith_str){0}, &v, &why);
        if (st != KITH_OK)
            return fail(r, t->begin, st, "%s", why.message);
        st = held_part(r, t, &v);
        r->source->let_go(r->source->arg);
    }
    r->depth--;
    return st;
}

static kith_status close_part(struct rendering *r, const struct tag *part, const struct tag *t) {
    if (!part)
        return FAIL(r, t->begin, "{{/%.*s}} ends a part that has not begun", (int)t->name.len,
                    t->name.ptr);
    if (!str_eq(part->name, t->name))
        return FAIL(r, t->begin, "{{/%.*s}} stands where {{/%.*s}} must", (int)t->name.len,
                    t->name.ptr, (int)part->name.len, part->name.ptr);
    return KITH_OK;
}

/* Up to the end of the part, or of the text when part is NULL. quiet: nothing is written. */
static kith_status render(struct rendering *r, const struct tag *part, bool quiet) {
    for (;;) {
        struct tag t;
        bool there;
        uint64_t begin;
        TRY(next_tag(r, &t, &there));
        if (!there && part)
            return FAIL(r, part->begin, "{{%c%.*s}} ends nowhere: write {{/%.*s}}", part->kind,
                        (int)part->name.len, part->name.ptr, (int)part->name.len, part->name.ptr);
        if (there)
            take_line(r, &t, &begin);
        else
            begin = t.end = r->text.len;
        if (!quiet)
            buf_add(r->out, r->text.ptr + r->at, begin - r->at);
        r->at = t.end;
        TRY(written(r));
        if (!there)
            return KITH_OK;
        if (t.kind == '/')
            return close_part(r, part, &t);
        if (t.kind == '#' || t.kind == '^')
            TRY(put_part(r, &t, quiet));
        else if (t.kind != '!' && !quiet)
            TRY(put_value(r, &t));
    }
}

kith_status template_render(kith_str text, bool html, const struct template_source *source,
                            struct buf *out, kith_error *e) {
    struct rendering r = {.text = text.ptr ? text : STR(""),
                          .html = html,
                          .source = source,
                          .out = out,
                          .limit = out->len + TEMPLATE_OUT_MAX,
                          .e = e};
    return render(&r, NULL, false);
}

kith_status template_check(kith_str text, kith_error *e) {
    struct buf none = {0};
    struct rendering r = {.text = text.ptr ? text : STR(""), .out = &none, .e = e};
    return render(&r, NULL, true);
}
