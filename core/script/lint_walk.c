/* SPDX-License-Identifier: Apache-2.0 */
/* The walk: statements in their order, expressions with their types. Parameters of a function get
 * the types of what it is called with, if all its calls are seen and agree: so a file is walked
 * several times, until what the innermost functions are given is known. */
#include "script/lint.h"

#include <string.h>

#define PASSES 4 /* a rule's function, and two helpers that call each other */

static void statements(struct lint *l, struct node *list);
static struct type type_of(struct lint *l, struct node *n);

/* -- symbols ----------------------------------------------------------------------------------- */

struct global *lint_global(struct lint *l, kith_str name) {
    struct global *g = map_get(&l->file->globals, name);
    if (g || !(g = ARENA_NEW(&l->arena, struct global)))
        return g;
    g->symbol = l->file->symbol_count++;
    if (!map_put(&l->file->globals, name, g)) {
        l->no_memory = true;
        return NULL;
    }
    return g;
}

/* Of a variable of the chunk or a global; false: one of a function. */
static bool symbol_of(struct lint *l, const struct node *name, uint32_t *out) {
    const struct variable *v = name->variables;
    if (v) {
        *out = v->number;
        return !v->inside;
    }
    const struct global *g = lint_global(l, name->text);
    *out = g ? g->symbol : 0;
    return g != NULL;
}

static void use(struct lint *l, const struct node *name) {
    uint32_t symbol;
    if (symbol_of(l, name, &symbol))
        use_add(l, symbol);
}

/* The function that a name stands for wherever it is seen. */
static const struct node *function_of(const struct node *name) {
    const struct variable *v = name->kind == NODE_NAME ? name->variables : NULL;
    bool fixed = v && !v->assigned && v->local && v->value && v->nth == 0;
    return fixed && v->value->kind == NODE_FUNCTION ? v->value : NULL;
}

/* -- functions --------------------------------------------------------------------------------- */

void lint_bind(struct lint *l, const struct node *function, const struct type *types, int count) {
    const struct variable *v = function ? function->variables : NULL;
    for (int i = 0; v; v = v->next, i++) {
        struct type given = i < count ? types[i] : (struct type){.kind = T_NIL};
        given.literal = false;
        l->file->next[v->number] = type_merge(l->file->next[v->number], given);
    }
}

/* It is handed on, so that not all of its calls are seen. */
static void escape(struct lint *l, const struct node *function) {
    for (const struct variable *v = function ? function->variables : NULL; v; v = v->next)
        l->file->next[v->number] = UNKNOWN;
}

/* To the statement of the chunk in which it stands; but nobody else calls that of a rule. */
static void function_add(struct lint *l, const struct node *n) {
    struct unit *u = l->form ? NULL : l->unit;
    if (!u)
        return;
    uint32_t *items =
        arena_grow(&l->arena, u->functions, u->function_count, &u->function_cap, sizeof *items);
    l->no_memory |= !items;
    if (!items)
        return;
    u->functions = items;
    items[u->function_count++] = n->number;
}

static struct type function_type(struct lint *l, struct node *n) {
    const struct node *outside = l->function;
    struct deeds *into = l->into;
    int branches = l->branches;
    bool left = l->left;
    for (const struct variable *v = n->variables; v; v = v->next) {
        struct type t = l->file->known[v->number];
        l->file->types[v->number] = v->assigned || t.kind == T_NONE ? UNKNOWN : t;
    }
    l->file->functions[n->number] = n;
    l->function = n;
    l->branches = outside ? branches + 1 : 0;
    l->left = false;
    if (!into) {
        l->into = &l->file->deeds[n->number];
        function_add(l, n);
    }
    statements(l, n->b);
    l->function = outside;
    l->into = into;
    l->branches = branches;
    l->left = left;
    return (struct type){.kind = T_FUNCTION, .function = n};
}

/* -- calls ------------------------------------------------------------------------------------- */

static bool gives_many(const struct node *n) {
    return n->kind == NODE_CALL || n->kind == NODE_METHOD || n->kind == NODE_VARARG;
}

static void take_args(struct lint *l, struct called *c, struct node *list, bool guarded) {
    for (struct node *n = list; n; n = n->next) {
        const struct node *function = function_of(n);
        bool literal = guarded && (n->kind == NODE_FUNCTION);
        l->guarded += literal;
        struct type t = type_of(l, n);
        l->guarded -= literal;
        if (function)
            t = (struct type){.kind = T_FUNCTION, .function = function};
        c->open |= c->count == LINT_ARGS || (!n->next && gives_many(n));
        if (c->count == LINT_ARGS)
            continue;
        c->args[c->count] = n;
        c->types[c->count++] = t;
    }
}

static struct type unknown_global(struct lint *l, const struct node *n, bool used) {
    const struct global *g = lint_global(l, n->text);
    if (!g || g->assigned || !lint_tells(l))
        return UNKNOWN;
    enum weight w = used ? FAULT : WARNING;
    const char *other = word_instead(n->text), *near = near_word(l, n->text);
    if (other)
        lint_say(l, n->line, w, "there is no '%.*s': %s", (int)n->text.len, n->text.ptr, other);
    else if (near && str_eqz(n->text, near))
        lint_say(l, n->line, w,
                 "'%s' is not to be seen here: declare it further up, and not within another "
                 "function",
                 near);
    else
        lint_say(l, n->line, w, "there is no '%.*s'%s%s%s", (int)n->text.len, n->text.ptr,
                 STR_MEANT(near));
    return UNKNOWN;
}

/* used: it is called or asked for a part, which fails if it is nil. */
static struct type name_type(struct lint *l, const struct node *n, bool used) {
    use(l, n);
    if (n->variables) {
        struct type t = n->variables->assigned ? UNKNOWN : l->file->types[n->variables->number];
        return t.kind == T_NONE ? UNKNOWN : t;
    }
    const struct global *g = lint_global(l, n->text);
    if (!g || g->assigned)
        return UNKNOWN;
    const struct word *w = word_find(n->text);
    if (w && w->params)
        return (struct type){.kind = T_WORD, .word = w};
    if (w && str_eqz(n->text, "action"))
        return (struct type){.kind = T_ACTIONS};
    if (w)
        return type_of_word(str_of(w->result));
    if (word_library(n->text))
        return (struct type){.kind = T_LIBRARY, .text = n->text};
    return unknown_global(l, n, used);
}

static struct type index_type(struct lint *l, struct node *n, bool called);

/* What a function is, or what has a part. */
static struct type base_type(struct lint *l, struct node *n, bool called) {
    if (n->kind == NODE_NAME)
        return name_type(l, n, true);
    return n->kind == NODE_INDEX ? index_type(l, n, called) : type_of(l, n);
}

static struct type index_type(struct lint *l, struct node *n, bool called) {
    struct type of = base_type(l, n->a, false), key = type_of(l, n->b);
    return type_part(l, n, &of, &key, called);
}

static struct type call_type(struct lint *l, struct node *n) {
    struct called c = {.node = n};
    struct type callee = base_type(l, n->a, true);
    bool pcall = callee.kind == T_WORD && strcmp(callee.word->name, "pcall") == 0;
    const struct form *form = callee.kind == T_FORM   ? callee.form
                              : callee.kind == T_WORD ? form_find(str_of(callee.word->name))
                                                      : NULL;
    const struct form *outer = l->form;
    const struct node *function = function_of(n->a);
    l->form = form ? form : outer;
    take_args(l, &c, n->b, pcall);
    l->form = outer;
    for (int i = 0; i < c.count; i++)
        if (!form && !(pcall && i == 0))
            escape(l, function_of(c.args[i]));
    if (!function)
        return lint_call(l, &c, &callee);
    l->left |= l->function != NULL; /* it may refuse */
    if (c.open)
        escape(l, function);
    else
        lint_bind(l, function, c.types, c.count);
    struct type t = l->file->results[function->number];
    return t.kind == T_NONE || t.kind == T_NIL ? UNKNOWN : t;
}

static struct type method_type(struct lint *l, struct node *n) {
    struct called c = {.node = n, .count = 1};
    struct type of = base_type(l, n->a, false);
    struct type key = {.kind = T_TEXT, .literal = true, .text = n->text};
    c.args[0] = n->a;
    c.types[0] = of;
    if (of.kind == T_LIBRARY) { /* it would be handed over as the first argument */
        lint_say(l, n->line, FAULT, "write a dot, not a colon: %.*s.%.*s(...)", (int)of.text.len,
                 of.text.ptr, (int)n->text.len, n->text.ptr);
        take_args(l, &c, n->b, false);
        return UNKNOWN;
    }
    struct type callee = type_part(l, n, &of, &key, true);
    take_args(l, &c, n->b, false);
    for (int i = 1; i < c.count; i++)
        escape(l, function_of(c.args[i]));
    return lint_call(l, &c, &callee);
}

/* -- expressions ------------------------------------------------------------------------------- */

static struct type table_type(struct lint *l, struct node *n) {
    for (struct node *item = n->a; item; item = item->next) {
        if (item->a)
            type_of(l, item->a);
        struct type t = type_of(l, item->b);
        escape(l, function_of(item->b));
        if (!item->note)
            item->note = ARENA_NEW(&l->arena, struct type);
        l->no_memory |= !item->note;
        if (item->note)
            *(struct type *)item->note = t;
    }
    return (struct type){.kind = T_TABLE};
}

static struct type binary_type(struct lint *l, struct node *n) {
    bool sometimes = n->op == OP_AND || n->op == OP_OR;
    struct type a = type_of(l, n->a);
    l->branches += sometimes;
    struct type b = type_of(l, n->b);
    l->branches -= sometimes;
    escape(l, function_of(n->a));
    escape(l, function_of(n->b));
    return type_binary(l, n, &a, &b);
}

static struct type type_of(struct lint *l, struct node *n) {
    struct type t = {.literal = true};
    switch (n->kind) {
    case NODE_NIL:
        t.kind = T_NIL;
        return t;
    case NODE_TRUE:
    case NODE_FALSE:
        t.kind = T_BOOLEAN;
        t.integer = n->kind == NODE_TRUE;
        return t;
    case NODE_INTEGER:
        t.kind = T_INTEGER;
        t.integer = n->integer;
        return t;
    case NODE_FLOAT:
        t.kind = T_NUMBER;
        t.real = n->real;
        return t;
    case NODE_STRING:
        t.kind = T_TEXT;
        t.text = n->text;
        return t;
    case NODE_FUNCTION:
        return function_type(l, n);
    case NODE_NAME:
        return name_type(l, n, false);
    case NODE_INDEX:
        return index_type(l, n, false);
    case NODE_CALL:
        return call_type(l, n);
    case NODE_METHOD:
        return method_type(l, n);
    case NODE_BINARY:
        return binary_type(l, n);
    case NODE_UNARY:
        t = type_of(l, n->a);
        return type_unary(l, n, &t);
    case NODE_PAREN:
        return type_of(l, n->a);
    case NODE_TABLE:
        return table_type(l, n);
    default:
        return UNKNOWN;
    }
}

/* -- statements -------------------------------------------------------------------------------- */

static void values(struct lint *l, struct node *list) {
    for (struct node *n = list; n; n = n->next) {
        type_of(l, n);
        escape(l, function_of(n));
    }
}

static void local_statement(struct lint *l, struct node *n) {
    struct variable *v = n->variables;
    for (struct node *value = n->a; value; value = value->next) {
        struct type t = type_of(l, value);
        escape(l, function_of(value));
        for (; v && v->value == value; v = v->next) {
            bool first = v->nth == 0;
            l->file->types[v->number] = first ? t : UNKNOWN;
            if (!value->next && !first && !gives_many(value))
                l->file->types[v->number] = (struct type){.kind = T_NIL};
        }
    }
    for (v = n->variables; v; v = v->next)
        if (!v->value)
            l->file->types[v->number] = (struct type){.kind = T_NIL};
}

static void assign_global(struct lint *l, const struct node *name) {
    if (l->form)
        lint_say(l, name->line, FAULT,
                 "'%.*s' cannot be set inside a rule: write 'local %.*s', and keep what must last "
                 "in records",
                 (int)name->text.len, name->text.ptr, (int)name->text.len, name->text.ptr);
}

static void assign_field(struct lint *l, struct node *target, const struct type *of,
                         const struct type *key, const struct type *value, const struct node *n) {
    const struct rfield *f;
    kith_error e = KITH_ERROR_INIT;
    if (schema_find_field(l->schema, of->record, key->text, &f, &e) != KITH_OK) {
        lint_error(l, target->line, FAULT, &e);
        return;
    }
    if (!of->writable) {
        lint_say(l, target->line, FAULT,
                 "write update(%s, {%s = ...}): only the record of a 'before' rule is changed by "
                 "assigning",
                 of->record->name, f->name);
        return;
    }
    lint_need(l, target->line, RIGHT_WRITE, of->record);
    lint_value(l, target->line, f, true, false, value, n);
    l->own = true;
    deed_add(l, DEED_UPDATE, target->line, of->record, f, NULL,
             f->kind == KITH_F_STATE && value->literal && value->kind == T_TEXT
                 ? field_option(f, value->text)
                 : -1);
    l->own = false;
}

static void assign_part(struct lint *l, struct node *target, const struct type *value,
                        const struct node *n) {
    struct type of = base_type(l, target->a, false), key = type_of(l, target->b);
    bool named = key.kind == T_TEXT && key.literal;
    if (of.kind == T_RECORD && of.record && named)
        assign_field(l, target, &of, &key, value, n);
    else if (of.kind == T_EXACT || of.kind == T_CHANGE || (of.kind == T_EVENT && !of.run) ||
             of.kind == T_LIBRARY || of.kind == T_ACTIONS || of.kind == T_TEXT ||
             of.kind == T_INTEGER || of.kind == T_NUMBER || of.kind == T_BOOLEAN)
        lint_say(l, target->line, FAULT, "%s can only be read", type_text(l, &of));
}

static void assign_statement(struct lint *l, struct node *n) {
    struct node *value = n->b, *last = NULL;
    struct type t = {0};
    for (struct node *target = n->a; target; target = target->next) {
        t = value ? type_of(l, value) : UNKNOWN;
        if (value)
            escape(l, function_of(value));
        if (target->kind == NODE_INDEX) {
            assign_part(l, target, &t, value ? value : last);
        } else {
            use(l, target);
            if (!target->variables)
                assign_global(l, target);
            else if (l->form && !target->variables->inside)
                lint_say(l, target->line, WARNING,
                         "'%.*s' is declared outside of the rule, and what is set here may be gone "
                         "at the next call: keep what must last in records",
                         (int)target->text.len, target->text.ptr);
        }
        last = value ? value : last;
        value = value ? value->next : NULL;
    }
    values(l, value);
}

/* What runs only sometimes. */
static void branch(struct lint *l, struct node *list) {
    l->branches++;
    statements(l, list);
    l->branches--;
}

static void if_statement(struct lint *l, struct node *n) {
    for (struct node *c = n->a; c; c = c->next) {
        if (c->a)
            type_of(l, c->a);
        branch(l, c->b);
    }
}

static void loop_statement(struct lint *l, struct node *n) {
    if (n->kind == NODE_REPEAT)
        branch(l, n->b);
    type_of(l, n->a);
    if (n->kind == NODE_WHILE)
        branch(l, n->b);
}

/* for record in find(...), and for i, item in ipairs(...). */
static void for_in_statement(struct lint *l, struct node *n) {
    struct type first = UNKNOWN, second = UNKNOWN;
    struct type t = type_of(l, n->a);
    const struct type integer = {.kind = T_INTEGER};
    if (t.kind == T_FINDING)
        first = (struct type){.kind = T_RECORD, .record = t.record};
    if (t.each) {
        first = integer;
        second = type_part(l, n, &t, &integer, false);
        second.maybe = false;
    }
    values(l, n->a->next);
    for (struct variable *v = n->variables; v; v = v->next)
        l->file->types[v->number] = v == n->variables         ? first
                                    : v == n->variables->next ? second
                                                              : UNKNOWN;
    branch(l, n->b);
}

static void for_number_statement(struct lint *l, struct node *n) {
    values(l, n->a);
    if (n->variables)
        l->file->types[n->variables->number] = UNKNOWN;
    branch(l, n->b);
}

static void return_statement(struct lint *l, struct node *n) {
    struct type t = {.kind = T_NIL};
    if (n->a)
        t = type_of(l, n->a);
    values(l, n->a ? n->a->next : NULL);
    if (n->a)
        escape(l, function_of(n->a));
    t.literal = false;
    t.maybe = true;
    if (l->function) {
        struct type *result = &l->file->next_results[l->function->number];
        *result = type_merge(*result, t);
    }
    l->left = true;
}

static void statement(struct lint *l, struct node *n) {
    switch (n->kind) {
    case NODE_BLOCK:
        statements(l, n->b);
        break;
    case NODE_LOCAL:
        local_statement(l, n);
        break;
    case NODE_ASSIGN:
        assign_statement(l, n);
        break;
    case NODE_STATEMENT:
        type_of(l, n->a);
        break;
    case NODE_WHILE:
    case NODE_REPEAT:
        loop_statement(l, n);
        break;
    case NODE_IF:
        if_statement(l, n);
        break;
    case NODE_FOR_IN:
        for_in_statement(l, n);
        break;
    case NODE_FOR_NUMBER:
        for_number_statement(l, n);
        break;
    case NODE_RETURN:
        return_statement(l, n);
        break;
    case NODE_LEAVE:
        l->left = true;
        break;
    default:
        break;
    }
}

static void statements(struct lint *l, struct node *list) {
    for (struct node *n = list; n; n = n->next)
        statement(l, n);
}

/* -- the chunk --------------------------------------------------------------------------------- */

static struct unit *unit_new(struct lint *l) {
    struct lint_file *f = l->file;
    struct unit *items =
        arena_grow(&l->arena, f->units, f->unit_count, &f->unit_cap, sizeof *items);
    l->no_memory |= !items;
    if (!items)
        return NULL;
    f->units = items;
    items[f->unit_count] = (struct unit){0};
    return &items[f->unit_count++];
}

static void unit_of_locals(struct lint *l, const struct node *n) {
    for (const struct variable *v = n->kind == NODE_LOCAL ? n->variables : NULL; v; v = v->next)
        use_add(l, v->number);
}

static void walk_once(struct lint *l) {
    struct lint_file *f = l->file;
    for (struct node *n = f->syntax.body; n; n = n->next) {
        l->unit = l->last_pass ? unit_new(l) : NULL;
        l->into = NULL;
        l->branches = 0;
        unit_of_locals(l, n);
        statement(l, n);
    }
    l->unit = NULL;
    struct type *known = f->known, *results = f->results;
    f->known = f->next;
    f->next = known;
    f->results = f->next_results;
    f->next_results = results;
    memset(f->next, 0, sizeof *f->next * f->syntax.variable_count);
    memset(f->next_results, 0, sizeof *f->results * f->syntax.function_count);
}

void lint_walk(struct lint *l) {
    if (l->file->syntax.depth > SYNTAX_DEPTH_MAX)
        return;
    for (int pass = 1; pass <= PASSES; pass++) {
        l->last_pass = pass == PASSES;
        walk_once(l);
    }
}
