/* SPDX-License-Identifier: Apache-2.0 */
/* A paper as it is told, in JSON: checked, and added up. */
#include "documents.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#define LINES_MAX 20000

struct reading {
    const kith_instance *self;
    struct paper *paper;
    kith_error *err;
    char place[64]; /* "lines[3]", or "" */
};

static kith_status wrong(struct reading *r, const char *name, const char *what) {
    return kith_fail(r->err, KITH_E_INVAL, "paper", "paper: %s%s%s is no %s", r->place,
                     *r->place && *name ? "." : "", *name || *r->place ? name : "it", what);
}

/* Not there, or null: "". */
static kith_status take_text(struct reading *r, const json_t *object, const char *name,
                             const char **out) {
    const json_t *v = json_object_get(object, name);
    *out = json_is_string(v) ? json_string_value(v) : "";
    return !v || json_is_null(v) || json_is_string(v) ? KITH_OK : wrong(r, name, "text");
}

static kith_status take_minor(struct reading *r, const json_t *object, const char *name,
                              int64_t *out) {
    const json_t *v = json_object_get(object, name);
    *out = json_integer_value(v);
    return !v || json_is_null(v) || json_is_integer(v)
               ? KITH_OK
               : wrong(r, name, "whole number of minor units");
}

static kith_status only_known(struct reading *r, const json_t *object, const char *const *names) {
    const char *name;
    json_t *value;
    if (!json_is_object(object))
        return wrong(r, "", "object");
    json_object_foreach((json_t *)(uintptr_t)object, name, value) {
        size_t i = 0;
        while (names[i] && strcmp(names[i], name) != 0)
            i++;
        if (!names[i])
            return kith_fail(r->err, KITH_E_INVAL, "paper", "paper: %s%sthere is no '%.60s'",
                             r->place, *r->place ? ": " : "", name);
    }
    return KITH_OK;
}

static kith_status list_of(struct reading *r, const json_t *object, const char *name, size_t width,
                           void *out, size_t *count) {
    const json_t *list = json_object_get(object, name);
    void *items;
    if (list && !json_is_null(list) && !json_is_array(list))
        return wrong(r, name, "list");
    *count = json_array_size(list);
    if (*count > LINES_MAX)
        return kith_fail(r->err, KITH_E_LIMIT, "paper", "paper: there are more than %d %s",
                         LINES_MAX, name);
    items = calloc(*count + 1, width);
    memcpy(out, &items, sizeof items);
    return items ? KITH_OK : kith_fail(r->err, KITH_E_NOMEM, NULL, "no memory");
}

static void place(struct reading *r, const char *name, size_t i) {
    (void)snprintf(r->place, sizeof r->place, "%s[%zu]", name, i);
}

static kith_status read_to(struct reading *r, const json_t *root) {
    struct paper *p = r->paper;
    kith_status st = list_of(r, root, "to", sizeof *p->to, &p->to, &p->to_count);
    for (size_t i = 0; st == KITH_OK && i < p->to_count; i++) {
        p->to[i] = json_string_value(json_array_get(json_object_get(root, "to"), i));
        place(r, "to", i);
        if (!p->to[i])
            st = wrong(r, "", "text");
    }
    r->place[0] = '\0';
    return st;
}

static kith_status read_facts(struct reading *r, const json_t *root) {
    struct paper *p = r->paper;
    kith_status st = list_of(r, root, "facts", sizeof *p->facts, &p->facts, &p->fact_count);
    for (size_t i = 0; st == KITH_OK && i < p->fact_count; i++) {
        const json_t *pair = json_array_get(json_object_get(root, "facts"), i);
        p->facts[i].label = json_string_value(json_array_get(pair, 0));
        p->facts[i].value = json_string_value(json_array_get(pair, 1));
        place(r, "facts", i);
        if (!p->facts[i].label || !p->facts[i].value || json_array_size(pair) != 2)
            st = wrong(r, "", "list of a label and a text");
    }
    r->place[0] = '\0';
    return st;
}

static kith_status read_line(struct reading *r, const json_t *o, struct paper_line *l) {
    static const char *const names[] = {"text",  "code", "quantity", "discount", "rate",
                                        "price", "net",  "tax",      "total",    NULL};
    const char **const texts[] = {&l->text, &l->code, &l->quantity, &l->discount, &l->rate};
    int64_t *const minors[] = {&l->price, &l->net, &l->tax, &l->total};
    KITH_TRY(only_known(r, o, names));
    for (size_t i = 0; i < 5; i++)
        KITH_TRY(take_text(r, o, names[i], texts[i]));
    for (size_t i = 0; i < 4; i++)
        KITH_TRY(take_minor(r, o, names[5 + i], minors[i]));
    return KITH_OK;
}

static kith_status read_lines(struct reading *r, const json_t *root) {
    struct paper *p = r->paper;
    kith_status st = list_of(r, root, "lines", sizeof *p->lines, &p->lines, &p->line_count);
    for (size_t i = 0; st == KITH_OK && i < p->line_count; i++) {
        place(r, "lines", i);
        st = read_line(r, json_array_get(json_object_get(root, "lines"), i), &p->lines[i]);
    }
    r->place[0] = '\0';
    if (st != KITH_OK || !p->line_count)
        return st;
    p->digits = *p->currency ? r->self->numbers->digits(p->currency) : -1;
    return p->digits >= 0 ? KITH_OK
                          : wrong(r, "currency", "currency, and lines have amounts of one");
}

/* -- sums ---------------------------------------------------------------------------------------
 */

static kith_status too_large(struct reading *r) {
    return kith_fail(r->err, KITH_E_LIMIT, "paper", "paper: its amounts are too large to add up");
}

static kith_status add_rate(struct reading *r, const struct paper_line *l) {
    struct paper *p = r->paper;
    size_t i = 0;
    while (i < p->rate_count && strcmp(p->rates[i].rate, l->rate) != 0)
        i++;
    if (i == RATES_MAX)
        return kith_fail(r->err, KITH_E_LIMIT, "paper", "paper: there are more than %d rates",
                         RATES_MAX);
    if (i == p->rate_count)
        p->rates[p->rate_count++] = (struct paper_rate){.rate = l->rate};
    return __builtin_add_overflow(p->rates[i].net, l->net, &p->rates[i].net) ||
                   __builtin_add_overflow(p->rates[i].tax, l->tax, &p->rates[i].tax)
               ? too_large(r)
               : KITH_OK;
}

/* How far what the prices come to is from the amounts without tax, and from those with it: that
 * tells which of them the prices are. */
static void weigh(const struct paper *p, const struct paper_line *l, double *off, double *within) {
    double units = 1;
    for (int i = 0; i < p->digits; i++)
        units *= 10;
    const double come_to = (double)l->price / units *
                           strtod(*l->quantity ? l->quantity : "1", NULL) *
                           (1 - strtod(l->discount, NULL) / 100) * units;
    *off += fabs(come_to - (double)l->net);
    *within += fabs(come_to - (double)l->total);
}

static kith_status add_up(struct reading *r) {
    struct paper *p = r->paper;
    double off = 0, within = 0;
    kith_status st = KITH_OK;
    for (size_t i = 0; st == KITH_OK && i < p->line_count; i++) {
        const struct paper_line *l = &p->lines[i];
        if (__builtin_add_overflow(p->net, l->net, &p->net) ||
            __builtin_add_overflow(p->tax, l->tax, &p->tax) ||
            __builtin_add_overflow(p->total, l->total, &p->total))
            return too_large(r);
        weigh(p, l, &off, &within);
        st = *l->rate || l->tax ? add_rate(r, l) : KITH_OK;
    }
    p->within = within < off;
    return st;
}

kith_status paper_read(const kith_instance *self, kith_str text, struct paper *out,
                       kith_error *err) {
    static const char *const names[] = {"kind",     "number", "date",  "intro", "terms",
                                        "currency", "to",     "facts", "lines", NULL};
    *out = (struct paper){0};
    struct reading r = {.self = self, .paper = out, .err = err};
    json_t *root = out->json = json_loadb(text.ptr, text.len, 0, NULL);
    const char **const texts[] = {&out->kind,  &out->number, &out->date,
                                  &out->intro, &out->terms,  &out->currency};
    KITH_TRY(only_known(&r, root, names));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        KITH_TRY(take_text(&r, root, names[i], texts[i]));
    KITH_TRY(read_to(&r, root));
    KITH_TRY(read_facts(&r, root));
    KITH_TRY(read_lines(&r, root));
    return add_up(&r);
}

void paper_free(struct paper *p) {
    json_decref(p->json);
    free(p->to);
    free(p->facts);
    free(p->lines);
}
