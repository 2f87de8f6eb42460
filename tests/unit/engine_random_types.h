/* SPDX-License-Identifier: Apache-2.0 */
/* Record types made at random, as a company may declare them: fields of every kind, links of every
 * sort of deletion, several to one type and to themselves, roll-ups, states; and random values for
 * whatever field. Everything follows from the seed. */
#ifndef TESTS_ENGINE_RANDOM_TYPES_H
#define TESTS_ENGINE_RANDOM_TYPES_H

#include "engine_fixture.h"

#define OWN_MIN    3
#define OWN_MAX    5
#define FIELDS_OWN 22
#define NAMES      6 /* fields that all of them begin with */

struct made_type {
    const char *name;
    kith_field fields[FIELDS_OWN];
    size_t count;
};
struct random_types {
    uint64_t seed;
    struct made_type own[OWN_MAX], person; /* person: what contacts have besides */
    size_t own_count;
    kith_type types[OWN_MAX + 1];
    struct schema_source source;
    struct arena arena; /* of names and texts */
};

static uint64_t draw(uint64_t *seed) {
    uint64_t z = (*seed += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}
static uint64_t draw_below(uint64_t *seed, uint64_t n) {
    return draw(seed) % n;
}
#define ANY_OF(seed, list) (list)[draw_below(seed, sizeof(list) / sizeof *(list))]

/* -- fields ------------------------------------------------------------------------------------ */

static const struct {
    uint32_t kind;
    const char *options[3], *text; /* text: a default */
} field_kinds[] = {
    {KITH_F_TEXT, {NULL, NULL, NULL}, "as a rule"},
    {KITH_F_LONGTEXT, {NULL, NULL, NULL}, NULL},
    {KITH_F_INTEGER, {NULL, NULL, NULL}, "2"},
    {KITH_F_DECIMAL, {"0", "2", "6"}, "1"},
    {KITH_F_MONEY, {NULL, "EUR", "EUR,JPY"}, NULL},
    {KITH_F_BOOLEAN, {NULL, NULL, NULL}, "false"},
    {KITH_F_DATE, {NULL, NULL, NULL}, "2020-02-29"},
    {KITH_F_TIME, {NULL, NULL, NULL}, NULL},
    {KITH_F_DURATION, {NULL, NULL, NULL}, "1h"},
    {KITH_F_CHOICE, {"a,b,c", "low,high", "x"}, NULL},
    {KITH_F_STATE, {"new>open,open>won|lost|new", "a>b,b>c,c>d,d>a|b", "off>on,on>off"}, NULL},
    {KITH_F_EMAIL, {NULL, NULL, NULL}, NULL},
    {KITH_F_PHONE, {NULL, NULL, NULL}, NULL},
    {KITH_F_URL, {NULL, NULL, NULL}, NULL},
    {KITH_F_PLACE, {NULL, NULL, NULL}, NULL},
    {KITH_F_JSON, {NULL, NULL, NULL}, NULL},
    {KITH_F_TAGS, {NULL, NULL, NULL}, NULL},
};

static kith_field *add_field(struct random_types *r, struct made_type *t, const char *sort) {
    kith_field *f = &t->fields[t->count];
    f->name = arena_printf(&r->arena, "%s%zu", sort, t->count++);
    return f;
}

static void add_plain(struct random_types *r, struct made_type *t) {
    size_t i = draw_below(&r->seed, sizeof field_kinds / sizeof *field_kinds);
    uint64_t sort = draw_below(&r->seed, 8);
    kith_field *f = add_field(r, t, "f");
    bool text = field_kinds[i].kind == KITH_F_TEXT;
    f->kind = field_kinds[i].kind;
    f->options = field_kinds[i].options[draw_below(&r->seed, 3)];
    f->default_text = draw_below(&r->seed, 3) ? NULL : field_kinds[i].text;
    f->flags = sort == 0 ? KITH_FF_REQUIRED : sort == 1 ? KITH_FF_READONLY : 0;
    if (text && sort > 5)
        f->flags |= KITH_FF_SEARCHED | KITH_FF_INDEXED;
    if (sort == 2 && (text || f->kind == KITH_F_INTEGER || f->kind == KITH_F_EMAIL))
        f->flags |= KITH_FF_UNIQUE;
    if (f->kind == KITH_F_INTEGER && sort == 3)
        f->measure = draw_below(&r->seed, 2) ? KITH_M_NOMINAL : KITH_M_ORDINAL;
    if (f->kind == KITH_F_INTEGER && sort == 4)
        f->min = "0", f->max = "30";
    if (f->flags & KITH_FF_UNIQUE)
        f->default_text = NULL;
}

/* What becomes of it when its target goes: emptied, gone as well, or in the way. A required one
 * leads to what is declared before it, or nothing could ever be the first. */
static void add_link(struct random_types *r, struct made_type *t, size_t own) {
    static const char *const others[] = {"contact", "account", "*"};
    size_t to = draw_below(&r->seed, r->own_count + 2);
    uint64_t sort = draw_below(&r->seed, 9);
    kith_field *f = add_field(r, t, "l");
    f->kind = sort == 8 ? KITH_F_LINKS : KITH_F_LINK;
    f->options = to < r->own_count         ? r->own[to].name
                 : f->kind == KITH_F_LINKS ? "contact"
                                           : ANY_OF(&r->seed, others);
    if (f->kind == KITH_F_LINKS)
        return;
    if (sort < 2)
        f->flags = KITH_FF_PARTOF;
    else if (sort == 2 && to != own)
        f->flags = KITH_FF_UNIQUE;
    if (to == own && sort > 3)
        f->flags = KITH_FF_TREE;
    if ((to < own || (to >= r->own_count && own < r->own_count)) && draw_below(&r->seed, 4) == 0)
        f->flags |= KITH_FF_REQUIRED;
}

static void make_own(struct random_types *r, size_t i) {
    struct made_type *t = &r->own[i];
    uint64_t links = 1 + draw_below(&r->seed, 4), plain = 3 + draw_below(&r->seed, 6);
    t->fields[0] = (kith_field){.name = "name",
                                .kind = KITH_F_TEXT,
                                .flags = draw_below(&r->seed, 2) ? KITH_FF_SEARCHED : 0};
    t->fields[1] = (kith_field){.name = "key", .kind = KITH_F_TEXT, .flags = KITH_FF_UNIQUE};
    t->fields[2] = (kith_field){.name = "level", .kind = KITH_F_INTEGER, .default_text = "0"};
    t->fields[3] = (kith_field){.name = "day", .kind = KITH_F_DATE};
    t->fields[4] = (kith_field){.name = "fee", .kind = KITH_F_MONEY};
    t->fields[5] = (kith_field){.name = "cur", .kind = KITH_F_CHOICE, .options = "EUR,USD,JPY"};
    t->count = NAMES;
    while (plain-- > 0)
        add_plain(r, t);
    while (links-- > 0)
        add_link(r, t, i);
}

/* -- roll-ups ---------------------------------------------------------------------------------- */

static struct made_type *made_named(struct random_types *r, const char *name) {
    for (size_t i = 0; i < r->own_count; i++)
        if (strcmp(r->own[i].name, name) == 0)
            return &r->own[i];
    return strcmp(name, "contact") == 0 ? &r->person : NULL;
}

static void add_rollup(struct random_types *r, const struct made_type *child,
                       const struct kith_field *link, struct made_type *to) {
    static const struct {
        uint32_t kind;
        const char *what;
    } sorts[] = {
        {KITH_F_INTEGER, "count(%s via %s)"},
        {KITH_F_INTEGER, "count(%s via %s where level > 1)"},
        {KITH_F_INTEGER, "sum(%s.level via %s)"},
        {KITH_F_INTEGER, "max(%s.level via %s where name is not null)"},
        {KITH_F_DATE, "min(%s.day via %s)"},
        {KITH_F_INTEGER, "count(distinct %s.name via %s)"},
        {KITH_F_MONEY, "sum(%s.fee via %s) in cur"},
        {KITH_F_MONEY, "min(%s.fee via %s where level > 0) in cur"},
    };
    if (to->count == FIELDS_OWN)
        return;
    kith_field *f = add_field(r, to, "r");
    /* the last two are in a currency, which a person has none of */
    size_t i = draw_below(&r->seed, sizeof sorts / sizeof *sorts - (to == &r->person ? 2 : 0));
    char text[96];
    const char *format = sorts[i].what;
    const char *first = strstr(format, "%s"), *second = strstr(first + 2, "%s");
    snprintf(text, sizeof text, "%.*s%s%.*s%s%s", (int)(first - format), format, child->name,
             (int)(second - first - 2), first + 2, link->name, second + 2);
    f->kind = sorts[i].kind;
    f->rollup = arena_strdup(&r->arena, text);
}

static void make_rollups(struct random_types *r) {
    for (size_t i = 0; i < r->own_count; i++) {
        size_t n = r->own[i].count; /* those that are added meanwhile are none of these */
        for (size_t k = NAMES; k < n; k++) {
            const kith_field *f = &r->own[i].fields[k];
            struct made_type *to = f->kind == KITH_F_LINK ? made_named(r, f->options) : NULL;
            if (to && draw_below(&r->seed, 2))
                add_rollup(r, &r->own[i], f, to);
        }
    }
}

/* -- all of them ------------------------------------------------------------------------------- */

static void random_types_make(struct random_types *r, uint64_t seed) {
    *r = (struct random_types){.seed = seed};
    r->own_count = OWN_MIN + draw_below(&r->seed, OWN_MAX - OWN_MIN + 1);
    for (size_t i = 0; i < r->own_count; i++)
        r->own[i].name = arena_printf(&r->arena, "t%zu", i);
    for (size_t i = 0; i < r->own_count; i++)
        make_own(r, i);
    r->person.name = "contact";
    add_plain(r, &r->person);
    add_link(r, &r->person, SIZE_MAX); /* people are there before what leads to them */
    make_rollups(r);
    for (size_t i = 0; i <= r->own_count; i++) {
        struct made_type *t = i ? &r->own[i - 1] : &r->person;
        r->types[i] = (kith_type){.name = t->name,
                                  .title = i ? "name" : NULL,
                                  .fields = {t->fields, sizeof *t->fields, (uint32_t)t->count},
                                  .extends = i == 0};
    }
    r->source =
        (struct schema_source){.module = "random",
                               .version = 1,
                               .types = {r->types, sizeof *r->types, (uint32_t)r->own_count + 1}};
}

/* For whoever looks for the reason of a failure. */
static void random_types_print(const struct random_types *r) {
    for (size_t i = 0; i <= r->own_count; i++) {
        const struct made_type *t = i ? &r->own[i - 1] : &r->person;
        printf("  %s:", t->name);
        for (size_t k = 0; k < t->count; k++)
            printf(" %s %s%s%s%s;", t->fields[k].name, field_kind_name(t->fields[k].kind),
                   t->fields[k].options ? " " : "",
                   t->fields[k].options ? t->fields[k].options : "",
                   t->fields[k].flags
                       ? arena_printf((struct arena *)&r->arena, " (%u)", t->fields[k].flags)
                   : t->fields[k].rollup ? t->fields[k].rollup
                                         : "");
        printf("\n");
    }
}

/* -- values ------------------------------------------------------------------------------------ */

/* One that is not the only of its kind, so that unique ones meet. */
static const char *random_word(uint64_t *seed, struct arena *a, const struct rfield *f) {
    static const char *const words[] = {"Ada", "Grace Hopper", "Zo\xC3\xAB",
                                        "x",   "a b c",        "O'Neil; --"};
    return f->flags & KITH_FF_UNIQUE ? arena_printf(a, "u%d", (int)draw_below(seed, 30))
                                     : ANY_OF(seed, words);
}

/* A text for the field, at times one that is refused. NULL: it is a link. */
static const char *random_text(uint64_t *seed, struct arena *a, const struct rfield *f) {
    int n = (int)draw_below(seed, 60);
    switch (f->kind) {
    case KITH_F_LINK:
    case KITH_F_LINKS:
        return NULL;
    case KITH_F_CHOICE:
    case KITH_F_STATE:
        return f->options[draw_below(seed, f->option_count)];
    case KITH_F_INTEGER:
        return arena_printf(a, "%d", f->flags & KITH_FF_UNIQUE ? n : n % 5);
    case KITH_F_DECIMAL:
        return f->scale ? arena_printf(a, "%d.%d", n % 9 - 2, n % 10)
                        : arena_printf(a, "%d", n % 9);
    case KITH_F_MONEY:
        return n % 3 ? arena_printf(a, "%d.50 EUR", n) : arena_printf(a, "%d JPY", n);
    case KITH_F_BOOLEAN:
        return n % 2 ? "true" : "false";
    case KITH_F_DATE:
    case KITH_F_TIME:
        return arena_printf(a, "20%02d-02-%02d", 10 + n % 30, 1 + n % 28);
    case KITH_F_DURATION:
        return arena_printf(a, "%dh", n);
    case KITH_F_EMAIL:
        return arena_printf(a, "%c%d@b.example", 'a' + n % 2,
                            f->flags & KITH_FF_UNIQUE ? n : n % 5);
    case KITH_F_PHONE:
        return arena_printf(a, "+43 123%d", n % 5);
    case KITH_F_URL:
        return arena_printf(a, "https://%c.example/", 'a' + n % 5);
    case KITH_F_TAGS:
        return n % 2 ? "red,blue" : "blue";
    case KITH_F_JSON:
        return "{\"mail\":true}";
    case KITH_F_PLACE:
        return "48.2,16.4";
    default:
        return random_word(seed, a, f);
    }
}

#endif
