/* SPDX-License-Identifier: Apache-2.0 */
/* Types of expressions: where they come from, what their parts are, and what operators make of
 * them. */
#include "script/lint.h"

#include <math.h>
#include <string.h>

/* -- kinds ------------------------------------------------------------------------------------- */

static struct type exact(uint8_t kind) {
    return (struct type){.kind = T_EXACT, .exact = kind};
}

/* In the words of signatures; the first that a type fits is its name. */
static const struct {
    const char *word, *text;
    uint8_t kind, exact;
} kinds[] = {
    {"string", "a text", T_TEXT, 0},
    {"integer", "a whole number", T_INTEGER, 0},
    {"number", "a number", T_NUMBER, 0},
    {"number", "a number", T_INTEGER, 0},
    {"boolean", "true or false", T_BOOLEAN, 0},
    {"nil", "nil", T_NIL, 0},
    {"null", "null", T_NULL, 0},
    {"record", "a record", T_RECORD, 0},
    {"Decimal", "a decimal", T_EXACT, KITH_DECIMAL},
    {"Money", "an amount of money", T_EXACT, KITH_MONEY},
    {"Date", "a date", T_EXACT, KITH_DATE},
    {"Time", "a time", T_EXACT, KITH_TIME},
    {"Duration", "a duration", T_EXACT, KITH_DURATION},
    {"table", "a table", T_TABLE, 0},
    {"table", "a list", T_LIST, 0},
    {"table", "the rows of totals()", T_ROWS, 0},
    {"table", "a row of totals()", T_ROW, 0},
    {"table", "the results of an action", T_RESULTS, 0},
    {"table", "the rows of an action", T_ANSWERS, 0},
    {"table", "a row of an action", T_ANSWER, 0},
    {"table", "the set of changed fields", T_CHANGED, 0},
    {"table", "a library", T_LIBRARY, 0},
    {"table", "the table of actions", T_ACTIONS, 0},
    {"function", "a function", T_FUNCTION, 0},
    {"function", "a function", T_WORD, 0},
    {"function", "an action", T_ACTION, 0},
    {"function", "the search that find() gives", T_FINDING, 0},
    {"function", "a rule without its function", T_FORM, 0},
    {"userdata", "a change", T_CHANGE, 0},
    {"userdata", "an event", T_EVENT, 0},
    {"table", "what an event carries", T_DATA, 0},
};
#define KINDS (sizeof kinds / sizeof *kinds)

const char *type_text(struct lint *l, const struct type *t) {
    if (t->kind == T_RECORD && t->record) {
        const char *text = arena_printf(&l->arena, "a record of type %s", t->record->name);
        return text ? text : "a record";
    }
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].kind == t->kind && kinds[i].exact == t->exact)
            return kinds[i].text;
    return "a value";
}

static bool is_known(const struct type *t) {
    return t->kind != T_NONE && t->kind != T_UNKNOWN && t->kind != T_FILE;
}

/* May Lua read a number there? */
static bool number_in(kith_str s) {
    for (uint64_t i = 0; i < s.len; i++)
        if (s.ptr[i] >= '0' && s.ptr[i] <= '9')
            return true;
    return false;
}

/* Lua's own functions take numbers for texts and the other way round. */
static bool fits_word(const struct type *t, kith_str word) {
    bool number = str_eqz(word, "integer") || str_eqz(word, "number");
    if (str_eqz(word, "any"))
        return true;
    if (t->kind == T_TEXT && number)
        return !t->literal || number_in(t->text);
    if (t->kind == T_EVENT && t->run)
        return str_eqz(word, "table");
    if (t->kind == T_NUMBER && str_eqz(word, "integer"))
        return !t->literal || t->real == (double)(int64_t)t->real;
    if (str_eqz(word, "string") && (t->kind == T_INTEGER || t->kind == T_NUMBER))
        return true;
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].kind == t->kind && kinds[i].exact == t->exact && str_eqz(word, kinds[i].word))
            return true;
    return false;
}

bool type_fits(const struct type *t, kith_str words) {
    kith_str rest = words, word;
    if (!is_known(t))
        return true;
    while (str_split(&rest, '|', &word))
        if (fits_word(t, word))
            return true;
    return false;
}

const char *type_words(struct lint *l, kith_str words) {
    kith_str rest = words, word;
    const char *out = NULL;
    while (str_split(&rest, '|', &word)) {
        for (size_t i = 0; i < KINDS; i++) {
            if (!str_eqz(word, kinds[i].word))
                continue;
            out =
                arena_printf(&l->arena, "%s%s%s", out ? out : "", out ? " or " : "", kinds[i].text);
            break;
        }
    }
    return out ? out : "something else";
}

struct type type_of_word(kith_str result) {
    kith_str rest = result, word = STR("");
    str_split(&rest, '|', &word);
    if (rest.len && !str_eqz(rest, "nil"))
        return UNKNOWN;
    for (size_t i = 0; i < KINDS; i++)
        if (str_eqz(word, kinds[i].word))
            return (struct type){.kind = kinds[i].kind, .exact = kinds[i].exact, .maybe = rest.len};
    return UNKNOWN;
}

/* Of a record's field, which may be empty. */
static struct type type_of_field(const struct rfield *f) {
    static const uint8_t exacts[] = {[KITH_F_DECIMAL] = KITH_DECIMAL,   [KITH_F_MONEY] = KITH_MONEY,
                                     [KITH_F_DATE] = KITH_DATE,         [KITH_F_TIME] = KITH_TIME,
                                     [KITH_F_DURATION] = KITH_DURATION, [KITH_F_TAGS] = 0};
    struct type t = {.kind = T_TEXT, .maybe = true};
    switch (f->kind) {
    case KITH_F_JSON:
        return UNKNOWN;
    case KITH_F_INTEGER:
        t.kind = T_INTEGER;
        break;
    case KITH_F_BOOLEAN:
        t.kind = T_BOOLEAN;
        break;
    case KITH_F_PLACE:
        t.kind = T_TABLE;
        break;
    case KITH_F_LINK:
        t.kind = T_RECORD;
        t.record = f->target;
        break;
    case KITH_F_LINKS:
    case KITH_F_TAGS:
        t.kind = T_LIST;
        t.field = f;
        break;
    case KITH_F_CHOICE:
    case KITH_F_STATE:
        t.field = f;
        break;
    default:
        if (f->kind < sizeof exacts && exacts[f->kind])
            t = (struct type){.kind = T_EXACT, .exact = exacts[f->kind], .maybe = true};
    }
    return t;
}

struct type type_merge(struct type a, struct type b) {
    if (a.kind == T_NONE)
        return b;
    if (b.kind == T_NONE)
        return a;
    if (a.kind == T_NIL || b.kind == T_NIL) {
        struct type t = a.kind == T_NIL ? b : a;
        t.maybe = true;
        t.literal = false;
        return t;
    }
    if (a.kind != b.kind || a.exact != b.exact)
        return UNKNOWN;
    if (a.kind == T_TEXT) /* whether it is a choice is only to be known of both */
        return (struct type){.kind = T_TEXT,
                             .maybe = a.maybe || b.maybe,
                             .field = a.field == b.field ? a.field : NULL};
    if (a.kind == T_FUNCTION && a.function != b.function)
        return (struct type){.kind = T_FUNCTION, .maybe = true};
    if (a.kind >= T_RECORD && (a.record != b.record || a.payload != b.payload || a.run != b.run))
        return a.kind == T_RECORD ? (struct type){.kind = T_RECORD, .maybe = true} : UNKNOWN;
    if ((a.kind == T_ACTIONS || a.kind == T_LIBRARY || a.kind == T_FORM) && !str_eq(a.text, b.text))
        return UNKNOWN;
    a.maybe |= b.maybe;
    a.writable |= b.writable; /* of a helper that is given both nothing is said */
    a.literal = false;
    return a;
}

/* -- names ------------------------------------------------------------------------------------- */

struct names {
    struct lint *l;
    const char **items;
    size_t count, cap;
};

static void name_add(struct names *n, kith_str name) {
    const char **items = arena_grow(&n->l->arena, n->items, n->count, &n->cap, sizeof *items);
    if (!items)
        return;
    n->items = items;
    n->items[n->count] = arena_strndup(&n->l->arena, name.ptr, name.len);
    n->count += n->items[n->count] != NULL;
}

static const char *name_at(const void *arg, size_t i) {
    return ((const char *const *)arg)[i];
}

static const char *nearest(const struct names *n, kith_str wanted) {
    return str_nearest(wanted, name_at, n->items, n->count);
}

/* Of the words that begin with this and a dot, what is behind it; of none, all first parts. */
static void add_words(struct names *n, kith_str library) {
    const struct word *w;
    for (size_t i = 0; (w = word_at(i)); i++) {
        const char *dot = strchr(w->name, '.');
        if (!library.len)
            name_add(n, dot ? (kith_str){w->name, (uint64_t)(dot - w->name)} : str_of(w->name));
        else if (dot && str_eq((kith_str){w->name, (uint64_t)(dot - w->name)}, library))
            name_add(n, str_of(dot + 1));
    }
}

const char *near_word(struct lint *l, kith_str name) {
    struct names n = {.l = l};
    size_t pos = 0;
    kith_str global;
    void *value;
    add_words(&n, STR(""));
    while (map_next(&l->file->globals, &pos, &global, &value))
        if (((struct global *)value)->assigned)
            name_add(&n, global);
    for (size_t i = 0; i < l->file->syntax.function_count; i++) {
        const struct node *f = l->file->functions[i];
        for (const struct variable *v = f ? f->variables : NULL; v; v = v->next)
            name_add(&n, v->name);
    }
    for (const struct node *s = l->file->syntax.body; s; s = s->next)
        for (const struct variable *v = s->kind == NODE_LOCAL ? s->variables : NULL; v; v = v->next)
            name_add(&n, v->name);
    return nearest(&n, name);
}

/* -- parts ------------------------------------------------------------------------------------- */

struct part {
    const char *name;
    struct type type;
};

static struct type part_or(struct lint *l, const struct node *n, enum weight weight,
                           const char *what, kith_str name, const struct part *parts) {
    struct names all = {.l = l};
    const struct part *p = parts;
    while (p->name && !str_eqz(name, p->name))
        p++;
    if (p->name || !lint_tells(l))
        return p->name ? p->type : UNKNOWN;
    for (p = parts; p->name; p++)
        name_add(&all, str_of(p->name));
    const char *near = nearest(&all, name);
    lint_say(l, n->line, weight, "%s has no part '%.*s'%s%s%s", what, (int)name.len, name.ptr,
             STR_MEANT(near));
    return UNKNOWN;
}

static struct type fixed_part(struct lint *l, const struct node *n, const char *what, kith_str name,
                              const struct part *parts) {
    return part_or(l, n, FAULT, what, name, parts);
}

static struct type exact_part(struct lint *l, const struct node *n, const struct type *of,
                              kith_str name) {
    const struct type number = {.kind = T_INTEGER}, text = {.kind = T_TEXT};
    const struct part money[] = {{"amount", text}, {"currency", text}, {NULL, UNKNOWN}};
    const struct part time[] = {{"year", number},    {"month", number},          {"day", number},
                                {"weekday", number}, {"date", exact(KITH_DATE)}, {"hour", number},
                                {"minute", number},  {"second", number},         {NULL, UNKNOWN}};
    const struct part date[] = {time[0], time[1], time[2], time[3], time[4], {NULL, UNKNOWN}};
    const struct part duration[] = {{"days", number},
                                    {"hours", number},
                                    {"minutes", number},
                                    {"seconds", number},
                                    {NULL, UNKNOWN}};
    const struct part none[] = {{NULL, UNKNOWN}};
    const struct part *parts = of->exact == KITH_MONEY      ? money
                               : of->exact == KITH_DATE     ? date
                               : of->exact == KITH_TIME     ? time
                               : of->exact == KITH_DURATION ? duration
                                                            : none;
    return fixed_part(l, n, type_text(l, of), name, parts);
}

/* What is not carried is nil, and no mistake that ends the call. */
static struct type data_part(struct lint *l, const struct node *n, const struct rtype *payload,
                             kith_str name) {
    const struct rfield *f;
    kith_error e = KITH_ERROR_INIT;
    if (payload && payload_field(payload, name, &f, &e) != KITH_OK)
        lint_error(l, n->line, WARNING, &e);
    return UNKNOWN;
}

/* Of a record's event: what it has; of a published one what it carries as well. */
static struct type run_event_part(struct lint *l, const struct node *n, const struct type *of,
                                  kith_str name, const struct type *record) {
    const struct type text = {.kind = T_TEXT};
    const struct part parts[] = {
        {"topic", text},          {"data", {.kind = T_DATA, .payload = of->payload}},
        {"before", *record},      {"changed", {.kind = T_CHANGED, .record = of->record}},
        {"at", exact(KITH_TIME)}, {"origin", text},
        {"record", *record},      {NULL, UNKNOWN}};
    for (const struct part *p = parts; p->name; p++)
        if (str_eqz(name, p->name))
            return p->type;
    return of->record ? part_or(l, n, WARNING, type_text(l, of), name, parts)
                      : data_part(l, n, of->payload, name);
}

static struct type held_part(struct lint *l, const struct node *n, const struct type *of,
                             kith_str name) {
    const struct type text = {.kind = T_TEXT},
                      record = {.kind = of->record ? T_RECORD : T_UNKNOWN,
                                .record = of->record,
                                .maybe = true},
                      changed = {.kind = T_CHANGED, .record = of->record},
                      data = {.kind = T_DATA, .payload = of->payload};
    const struct part change[] = {{"before", record},
                                  {"changed", changed},
                                  {"kind", text},
                                  {"origin", text},
                                  {NULL, UNKNOWN}};
    const struct part event[] = {
        {"topic", text},   {"data", data},       {"before", record},
        {"after", record}, {"changed", changed}, {"at", exact(KITH_TIME)},
        {"kind", text},    {"origin", text},     {"attempt", {.kind = T_INTEGER}},
        {NULL, UNKNOWN}};
    if (of->kind == T_EVENT && of->run)
        return run_event_part(l, n, of, name, &record);
    return fixed_part(l, n, type_text(l, of), name, of->kind == T_CHANGE ? change : event);
}

static struct type record_part(struct lint *l, const struct node *n, const struct type *of,
                               kith_str name) {
    const struct rfield *f;
    kith_error e = KITH_ERROR_INIT;
    if (str_eqz(name, "id"))
        return (struct type){.kind = T_TEXT};
    if (schema_find_field(l->schema, of->record, name, &f, &e) != KITH_OK) {
        lint_error(l, n->line, FAULT, &e);
        return UNKNOWN;
    }
    lint_need(l, n->line, RIGHT_READ, of->record);
    deed_add(l, DEED_READ, n->line, f->type, f, NULL, -1);
    return type_of_field(f);
}

static struct type changed_part(struct lint *l, const struct node *n, const struct type *of,
                                kith_str name) {
    const struct rfield *f;
    kith_error e = KITH_ERROR_INIT;
    if (of->record && schema_find_field(l->schema, of->record, name, &f, &e) != KITH_OK)
        lint_error(l, n->line, WARNING, &e);
    return (struct type){.kind = T_BOOLEAN, .maybe = true};
}

static struct type word_part(struct lint *l, const struct node *n, kith_str library, kith_str name,
                             bool called) {
    struct names all = {.l = l};
    const char *full = arena_printf(&l->arena, "%.*s.%.*s", (int)library.len, library.ptr,
                                    (int)name.len, name.ptr);
    const struct word *w = full ? word_find(str_of(full)) : NULL;
    if (w && w->params)
        return (struct type){.kind = T_WORD, .word = w};
    if (w)
        return type_of_word(str_of(w->result));
    if (!lint_tells(l))
        return UNKNOWN;
    add_words(&all, library);
    const char *near = nearest(&all, name);
    const char *other = full ? word_instead(str_of(full)) : NULL;
    enum weight weight = called ? FAULT : WARNING;
    if (other)
        lint_say(l, n->line, weight, "there is no %s: %s", full, other);
    else
        lint_say(l, n->line, weight, "there is no %s%s%s%s", full ? full : "word", STR_MEANT(near));
    return UNKNOWN;
}

/* The name before the dot; *rest: behind it. */
static kith_str module_of(const struct action *a, const char **rest) {
    const char *dot = strchr(a->name, '.');
    *rest = dot ? dot + 1 : "";
    return (kith_str){a->name, dot ? (uint64_t)(dot - a->name) : 0};
}

static void no_action(struct lint *l, const struct node *n, kith_str module, kith_str name) {
    struct names all = {.l = l};
    const struct action *a;
    const char *rest;
    for (size_t i = 0; (a = engine_action_at(l->engine, i)); i++) {
        kith_str of = module_of(a, &rest);
        if (!module.len)
            name_add(&all, of);
        else if (str_eq(of, module))
            name_add(&all, str_of(rest));
    }
    const char *near = nearest(&all, name);
    if (module.len)
        lint_say(l, n->line, FAULT, "the module %.*s has no action '%.*s'%s%s%s", (int)module.len,
                 module.ptr, (int)name.len, name.ptr, STR_MEANT(near));
    else if (near)
        lint_say(l, n->line, FAULT, "no module '%.*s' has actions%s%s%s", (int)name.len, name.ptr,
                 STR_MEANT(near));
    else
        lint_say(l, n->line, ABSENT,
                 "no module '%.*s' with actions is enabled: this fails until one is, by 'kith "
                 "module enable %.*s'",
                 (int)name.len, name.ptr, (int)name.len, name.ptr);
}

static struct type action_part(struct lint *l, const struct node *n, const struct type *of,
                               kith_str name) {
    const struct action *a;
    const char *rest;
    for (size_t i = 0; (a = engine_action_at(l->engine, i)); i++) {
        kith_str module = module_of(a, &rest);
        if (!of->text.len && module.len && str_eq(module, name))
            return (struct type){.kind = T_ACTIONS, .text = module};
        if (of->text.len && str_eq(module, of->text) && str_eqz(name, rest))
            return (struct type){.kind = T_ACTION, .action = a};
    }
    if (lint_tells(l))
        no_action(l, n, of->text, name);
    return UNKNOWN;
}

static struct type result_part(struct lint *l, const struct node *n, const struct type *of,
                               kith_str name) {
    const struct action *a = of->action;
    bool row = of->kind == T_ANSWER;
    struct rfield *const *fields = row ? a->columns : a->results;
    uint32_t count = row ? a->column_count : a->result_count;
    struct names all = {.l = l};
    if (!row && a->column_count && str_eqz(name, "rows"))
        return (struct type){.kind = T_ANSWERS, .action = a};
    for (uint32_t i = 0; i < count; i++)
        if (str_eqz(name, fields[i]->name))
            return type_of_field(fields[i]);
    for (uint32_t i = 0; lint_tells(l) && i < count; i++)
        name_add(&all, str_of(fields[i]->name));
    const char *near = nearest(&all, name);
    lint_say(l, n->line, WARNING, "%s gives no '%.*s'%s%s%s%s", a->name, (int)name.len, name.ptr,
             row ? " in its rows" : "", STR_MEANT(near));
    return UNKNOWN;
}

static struct type row_part(struct lint *l, const struct node *n, const struct type *of,
                            kith_str name) {
    struct names all = {.l = l};
    const struct query_column *columns;
    uint32_t count = query_columns(of->query, &columns);
    for (uint32_t i = 0; i < count; i++)
        if (str_eqz(name, columns[i].name))
            return UNKNOWN;
    for (uint32_t i = 0; lint_tells(l) && i < count; i++)
        name_add(&all, str_of(columns[i].name));
    const char *near = nearest(&all, name);
    lint_say(l, n->line, WARNING, "the totals have no column '%.*s'%s%s%s", (int)name.len, name.ptr,
             STR_MEANT(near));
    return UNKNOWN;
}

static struct type item_type(const struct type *of) {
    if (of->kind == T_ROWS)
        return (struct type){.kind = T_ROW, .query = of->query, .maybe = true};
    if (of->kind == T_ANSWERS)
        return (struct type){.kind = T_ANSWER, .action = of->action, .maybe = true};
    if (of->field->kind == KITH_F_LINKS)
        return (struct type){.kind = T_RECORD, .record = of->field->target, .maybe = true};
    return (struct type){.kind = T_TEXT, .maybe = true};
}

struct type type_part(struct lint *l, const struct node *n, const struct type *of,
                      const struct type *key, bool called) {
    bool named = key->kind == T_TEXT && key->literal;
    switch (of->kind) {
    case T_NIL:
    case T_BOOLEAN:
    case T_INTEGER:
    case T_NUMBER:
    case T_NULL:
    case T_FUNCTION:
    case T_WORD:
    case T_ACTION:
        lint_say(l, n->line, FAULT, "%s has no parts", type_text(l, of));
        return UNKNOWN;
    case T_TEXT:
        return named ? word_part(l, n, STR("string"), key->text, called) : UNKNOWN;
    case T_LIBRARY:
        return named ? word_part(l, n, of->text, key->text, called) : UNKNOWN;
    case T_EXACT:
        return named ? exact_part(l, n, of, key->text) : UNKNOWN;
    case T_CHANGE:
    case T_EVENT:
        return named ? held_part(l, n, of, key->text) : UNKNOWN;
    case T_DATA:
        return named ? data_part(l, n, of->payload, key->text) : UNKNOWN;
    case T_RECORD:
        return named && of->record ? record_part(l, n, of, key->text) : UNKNOWN;
    case T_CHANGED:
        return named ? changed_part(l, n, of, key->text) : UNKNOWN;
    case T_ACTIONS:
        return named ? action_part(l, n, of, key->text) : UNKNOWN;
    case T_RESULTS:
    case T_ANSWER:
        return named ? result_part(l, n, of, key->text) : UNKNOWN;
    case T_ROW:
        return named ? row_part(l, n, of, key->text) : UNKNOWN;
    case T_LIST:
    case T_ROWS:
    case T_ANSWERS:
        return key->kind == T_INTEGER ? item_type(of) : UNKNOWN;
    default:
        return UNKNOWN;
    }
}

/* -- operators --------------------------------------------------------------------------------- */

static bool is_number(const struct type *t) {
    return t->kind == T_INTEGER || t->kind == T_NUMBER;
}

static bool is_exact(const struct type *t, uint8_t kind) {
    return t->kind == T_EXACT && t->exact == kind;
}

/* A number or a decimal, which mix. */
static bool is_decimal(const struct type *t) {
    return is_number(t) || is_exact(t, KITH_DECIMAL);
}

static bool is_moment(const struct type *t) {
    return is_exact(t, KITH_DATE) || is_exact(t, KITH_TIME);
}

/* A fraction such as 1.19, which is never what is written there. */
static bool inexact(struct lint *l, const struct node *n, const struct type *a,
                    const struct type *b) {
    const struct type *t = a->kind == T_EXACT ? b : a, *other = t == a ? b : a;
    if (other->kind != T_EXACT || t->kind != T_NUMBER || !t->literal || t->real == trunc(t->real))
        return false;
    lint_say(l, n->line, FAULT, "%.10g is no exact number: write decimal('%.10g')", t->real,
             t->real);
    return true;
}

/* T_NONE: it fails. */
static struct type add_exact(const struct type *a, const struct type *b, bool plus) {
    if (is_decimal(a) && is_decimal(b))
        return exact(KITH_DECIMAL);
    if (is_exact(a, KITH_MONEY) && is_exact(b, KITH_MONEY))
        return exact(KITH_MONEY);
    if (is_exact(b, KITH_DURATION) && (is_moment(a) || is_exact(a, KITH_DURATION)))
        return exact(a->exact);
    if (plus && is_exact(a, KITH_DURATION) && is_moment(b))
        return exact(b->exact);
    if (!plus && is_moment(a) && is_exact(b, a->exact))
        return exact(KITH_DURATION);
    return (struct type){0};
}

static struct type multiply_exact(const struct type *a, const struct type *b) {
    const struct type *by = is_decimal(b) ? b : a, *what = by == b ? a : b;
    if (is_decimal(by) &&
        (is_decimal(what) || is_exact(what, KITH_MONEY) || is_exact(what, KITH_DURATION)))
        return exact(what->kind == T_EXACT ? what->exact : KITH_DECIMAL);
    return (struct type){0};
}

static const char *const operator_words[] = {
    [OP_LESS] = "compared with",       [OP_GREATER] = "compared with",
    [OP_LESS_EQUAL] = "compared with", [OP_GREATER_EQUAL] = "compared with",
    [OP_CONCAT] = "joined to",         [OP_ADD] = "added to",
    [OP_SUBTRACT] = "subtracted from", [OP_MULTIPLY] = "multiplied with",
    [OP_DIVIDE] = "divided by",        [OP_DIVIDE_WHOLE] = "divided by",
    [OP_MODULO] = "divided by",        [OP_POWER] = "raised to"};

static struct type fails(struct lint *l, const struct node *n, const struct type *a,
                         const struct type *b, const char *remedy) {
    bool turned = n->op == OP_ADD || n->op == OP_SUBTRACT; /* "b cannot be added to a" */
    const char *first = type_text(l, turned ? b : a), *second = type_text(l, turned ? a : b);
    lint_say(l, n->line, FAULT, "%s cannot be %s %s%s", first, operator_words[n->op], second,
             remedy);
    return UNKNOWN;
}

static struct type arithmetic(struct lint *l, const struct node *n, const struct type *a,
                              const struct type *b) {
    struct type out = {0};
    if (!is_known(a) || !is_known(b) || inexact(l, n, a, b))
        return UNKNOWN;
    if (is_number(a) && is_number(b)) {
        bool whole =
            a->kind == T_INTEGER && b->kind == T_INTEGER && n->op != OP_DIVIDE && n->op != OP_POWER;
        return (struct type){.kind = whole ? T_INTEGER : T_NUMBER};
    }
    if (n->op == OP_ADD || n->op == OP_SUBTRACT)
        out = add_exact(a, b, n->op == OP_ADD);
    else if (n->op == OP_MULTIPLY)
        out = multiply_exact(a, b);
    if (out.kind)
        return out;
    bool moved = (is_moment(a) && b->kind == T_INTEGER) || (is_moment(b) && a->kind == T_INTEGER);
    bool text = n->op == OP_ADD && (a->kind == T_TEXT || b->kind == T_TEXT);
    return fails(l, n, a, b,
                 moved  ? ": write days(n) or hours(n)"
                 : text ? ": texts are joined by .."
                        : "");
}

/* How a text or a number that is written out would be of the other's kind. */
static const char *other_kind(const struct type *a, const struct type *b) {
    const struct type *plain = a->kind == T_EXACT ? b : a, *other = plain == a ? b : a;
    bool number = is_number(plain);
    if ((is_number(other) && plain->kind == T_TEXT) || (number && other->kind == T_TEXT))
        return ": write the number without quotes, or tonumber(...)";
    if (plain->kind != T_TEXT && !number)
        return "";
    return is_exact(other, KITH_MONEY)             ? ": write money('100 EUR')"
           : is_exact(other, KITH_DATE) && !number ? ": write date('2024-02-29')"
           : is_exact(other, KITH_TIME) && !number ? ": write time('2024-02-29T12:00:00Z')"
           : is_exact(other, KITH_DURATION)        ? ": write days(3) or hours(2)"
           : is_exact(other, KITH_DECIMAL)         ? ": write decimal('1.5')"
                                                   : "";
}

static void compare(struct lint *l, const struct node *n, const struct type *a,
                    const struct type *b) {
    if (!is_known(a) || !is_known(b) || inexact(l, n, a, b) || (is_number(a) && is_number(b)) ||
        (is_decimal(a) && is_decimal(b)) || (a->kind == T_TEXT && b->kind == T_TEXT) ||
        (a->kind == T_EXACT && b->kind == T_EXACT && a->exact == b->exact))
        return;
    fails(l, n, a, b, other_kind(a, b));
}

static void join(struct lint *l, const struct node *n, const struct type *a, const struct type *b) {
    const struct type *both[] = {a, b};
    for (int i = 0; i < 2; i++) {
        const struct type *t = both[i];
        if (!is_known(t) || t->kind == T_TEXT || is_number(t))
            continue;
        bool text = t->kind == T_EXACT || t->kind == T_BOOLEAN || t->kind == T_RECORD;
        lint_say(l, n->line, FAULT, "%s cannot be joined to a text%s", type_text(l, t),
                 text ? ": write tostring(...)" : "");
        return;
    }
}

static const char *option_at(const void *arg, size_t i) {
    return ((const struct rfield *)arg)->options[i];
}

/* Whose values are equal only to values of the same kind. */
static int family(const struct type *t) {
    switch (t->kind) {
    case T_BOOLEAN:
    case T_TEXT:
    case T_RECORD:
    case T_EXACT:
    case T_NULL:
        return t->kind;
    case T_INTEGER:
    case T_NUMBER:
        return T_INTEGER;
    default:
        return T_NONE;
    }
}

static void other_family(struct lint *l, const struct node *n, const struct type *a,
                         const struct type *b) {
    if (family(a) == T_NULL || family(b) == T_NULL)
        lint_say(l, n->line, WARNING, "nothing is equal to null: an empty field is nil");
    else if (family(a) && family(b) && family(a) != family(b))
        lint_say(l, n->line, WARNING, "%s is never equal to %s%s", type_text(l, a), type_text(l, b),
                 other_kind(a, b));
}

static void never_equal(struct lint *l, const struct node *n, const struct type *a,
                        const struct type *b) {
    const struct rfield *f = a->kind == T_TEXT && !a->literal ? a->field : NULL;
    if (!f || b->kind != T_TEXT || !b->literal || field_option(f, b->text) >= 0)
        return;
    const char *near = str_nearest(b->text, option_at, f, f->option_count);
    lint_say(l, n->line, WARNING, "%s.%s is never '%.*s'%s%s%s", f->type ? f->type->name : "it",
             f->name, (int)b->text.len, b->text.ptr, STR_MEANT(near));
}

static struct type joined(struct lint *l, const struct type *a, const struct type *b) {
    struct type t = {.kind = T_TEXT};
    if (a->kind == T_TEXT && b->kind == T_TEXT && a->literal && b->literal &&
        a->text.len + b->text.len < 65536) {
        char *text = arena_alloc(&l->arena, a->text.len + b->text.len + 1);
        if (!text)
            return t;
        memcpy(text, a->text.ptr, a->text.len);
        memcpy(text + a->text.len, b->text.ptr, b->text.len);
        text[a->text.len + b->text.len] = '\0';
        t.literal = true;
        t.text = (kith_str){text, a->text.len + b->text.len};
    }
    return t;
}

struct type type_binary(struct lint *l, const struct node *n, const struct type *a,
                        const struct type *b) {
    struct type t;
    switch (n->op) {
    case OP_AND:
        t = *b;
        t.maybe = true;
        t.literal = false;
        return t;
    case OP_OR:
        t = type_merge(*a, *b);
        t.maybe = b->maybe;
        return t;
    case OP_EQUAL:
    case OP_UNEQUAL:
        other_family(l, n, a, b);
        never_equal(l, n, a, b);
        never_equal(l, n, b, a);
        return (struct type){.kind = T_BOOLEAN};
    case OP_LESS:
    case OP_GREATER:
    case OP_LESS_EQUAL:
    case OP_GREATER_EQUAL:
        compare(l, n, a, b);
        return (struct type){.kind = T_BOOLEAN};
    case OP_CONCAT:
        join(l, n, a, b);
        return joined(l, a, b);
    case OP_BIT_OR:
    case OP_BIT_XOR:
    case OP_BIT_AND:
    case OP_SHIFT_LEFT:
    case OP_SHIFT_RIGHT:
        return UNKNOWN;
    default:
        return arithmetic(l, n, a, b);
    }
}

struct type type_unary(struct lint *l, const struct node *n, const struct type *a) {
    struct type t = *a;
    if (n->op == OP_NOT)
        return (struct type){.kind = T_BOOLEAN};
    if (n->op == OP_LENGTH)
        return (struct type){.kind = T_INTEGER};
    if (n->op != OP_NEGATE)
        return UNKNOWN;
    if (is_moment(a))
        lint_say(l, n->line, FAULT, "%s cannot be negated", type_text(l, a));
    if (is_number(a)) {
        t.integer = a->integer == INT64_MIN ? INT64_MIN : -a->integer;
        t.real = -a->real;
        return t;
    }
    return a->kind == T_EXACT && !is_moment(a) ? exact(a->exact) : UNKNOWN;
}
