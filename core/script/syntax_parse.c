/* SPDX-License-Identifier: Apache-2.0 */
/* Lua's grammar by recursive descent, in the order of chapter 9 of its manual. */
#include "script/syntax_lex.h"

#include <string.h>

struct parser {
    struct lexer lexer;
    struct arena *arena;
    struct token token, ahead; /* ahead.kind 0: not looked at yet */
    uint32_t last_line;        /* of the token before */
    uint32_t nth, failed;      /* how many tokens were taken: at all, up to the error */
    struct variable *visible;  /* the newest; the others by `outer` */
    const struct node *function;
    struct assigned *assigned;
    uint32_t variables, functions;
    int levels;
};

/* A list under construction. */
struct list {
    struct node *first, **tail;
};

static struct node *expression(struct parser *p);
static struct node *block(struct parser *p);

/* -- small parts ------------------------------------------------------------------------------- */

static void next(struct parser *p) {
    p->last_line = p->token.line;
    p->nth++;
    p->token = p->ahead.kind ? p->ahead : lex_next(&p->lexer);
    p->ahead.kind = 0;
}

static void fail(struct parser *p, const char *error) {
    if (!p->lexer.error) {
        p->lexer.line = p->token.line;
        p->failed = p->nth;
    }
    lex_fail(&p->lexer, error);
    p->token = (struct token){.kind = TOKEN_END, .line = p->token.line};
    p->ahead.kind = 0;
}

static bool is(const struct parser *p, int kind) {
    return p->token.kind == kind;
}

static bool accept(struct parser *p, int kind) {
    bool yes = is(p, kind);
    if (yes)
        next(p);
    return yes;
}

static void expect(struct parser *p, int kind, const char *error) {
    if (!accept(p, kind))
        fail(p, error);
}

/* A place to put things where there is no memory: reading ends soon. */
static struct node *node_new(struct parser *p, enum node_kind kind, uint32_t line) {
    static _Thread_local struct node nowhere;
    struct node *n = ARENA_NEW(p->arena, struct node);
    if (!n) {
        fail(p, "no memory");
        n = &nowhere;
        *n = (struct node){0};
    }
    n->kind = (uint8_t)kind;
    n->line = line;
    n->depth = 1;
    return n;
}

/* Makes the parent deeper than the child, which may be NULL. */
static struct node *under(struct node *parent, struct node *child) {
    if (child && child->depth >= parent->depth)
        parent->depth = child->depth < UINT16_MAX ? (uint16_t)(child->depth + 1) : UINT16_MAX;
    return child;
}

static void add(struct list *l, struct node *parent, struct node *n) {
    if (!l->tail)
        l->tail = &l->first;
    *l->tail = under(parent, n);
    l->tail = &n->next;
}

static bool deeper(struct parser *p) {
    if (++p->levels > SYNTAX_LEVELS_MAX)
        fail(p, "too many levels");
    return !p->lexer.error;
}

static kith_str name(struct parser *p) {
    kith_str text = p->token.text;
    if (!is(p, TOKEN_NAME))
        fail(p, "a name is missing");
    next(p);
    return text;
}

/* -- variables --------------------------------------------------------------------------------- */

static struct variable *variable_new(struct parser *p, kith_str text) {
    struct variable *v = ARENA_NEW(p->arena, struct variable);
    if (!v) {
        fail(p, "no memory");
        return NULL;
    }
    v->name = text;
    v->number = p->variables++;
    v->line = p->last_line;
    v->inside = p->function;
    return v;
}

static void show(struct parser *p, struct variable *v) {
    for (; v; v = v->next) {
        v->outer = p->visible;
        p->visible = v;
    }
}

static struct variable *find(const struct parser *p, kith_str text) {
    struct variable *v = p->visible;
    while (v && !str_eq(v->name, text))
        v = v->outer;
    return v;
}

/* Names that are declared together: the attributes behind them are not looked at. */
static struct variable *names(struct parser *p, bool attributes) {
    struct variable *first = NULL, **tail = &first;
    do {
        kith_str text = name(p);
        if (!(*tail = variable_new(p, text)))
            break;
        tail = &(*tail)->next;
        if (attributes && accept(p, '<')) {
            name(p);
            expect(p, '>', "'>' is missing");
        }
    } while (accept(p, ','));
    return first;
}

/* -- functions --------------------------------------------------------------------------------- */

static struct variable *parameters(struct parser *p, bool self, uint8_t *more) {
    struct variable *first = self ? variable_new(p, STR("self")) : NULL;
    struct variable **tail = first ? &first->next : &first;
    expect(p, '(', "'(' is missing");
    while (!is(p, ')') && !p->lexer.error) {
        if ((*more = accept(p, TOKEN_DOTS)))
            break;
        if (!(*tail = variable_new(p, name(p))))
            break;
        tail = &(*tail)->next;
        if (!accept(p, ','))
            break;
    }
    expect(p, ')', "')' is missing");
    return first;
}

/* Behind the word "function", which stands in `line`. */
static struct node *function_body(struct parser *p, uint32_t line, bool self) {
    struct node *f = node_new(p, NODE_FUNCTION, line);
    const struct node *outside = p->function;
    struct variable *visible = p->visible;
    f->number = p->functions++;
    p->function = f;
    f->variables = parameters(p, self, &f->op);
    show(p, f->variables);
    f->b = under(f, block(p));
    for (struct node *s = f->b; s; s = s->next)
        under(f, s);
    f->end = p->token.line;
    expect(p, TOKEN_END_WORD, "'end' is missing");
    p->visible = visible;
    p->function = outside;
    return f;
}

/* -- expressions ------------------------------------------------------------------------------- */

static struct node *expressions(struct parser *p, struct node *parent) {
    struct list l = {0};
    do
        add(&l, parent, expression(p));
    while (accept(p, ','));
    return l.first;
}

static struct node *string_node(struct parser *p, uint32_t line, kith_str text) {
    struct node *n = node_new(p, NODE_STRING, line);
    n->text = text;
    return n;
}

static void table_item(struct parser *p, struct node *item) {
    if (accept(p, '[')) {
        item->a = under(item, expression(p));
        expect(p, ']', "']' is missing");
        expect(p, '=', "'=' is missing");
    } else if (is(p, TOKEN_NAME)) {
        if (!p->ahead.kind)
            p->ahead = lex_next(&p->lexer);
        if (p->ahead.kind == '=') {
            item->a = under(item, string_node(p, p->token.line, p->token.text));
            next(p);
            next(p);
        }
    }
    item->b = under(item, expression(p));
}

static struct node *table(struct parser *p) {
    struct node *t = node_new(p, NODE_TABLE, p->token.line);
    struct list items = {0};
    expect(p, '{', "'{' is missing");
    while (!is(p, '}') && !p->lexer.error) {
        struct node *item = node_new(p, NODE_ITEM, p->token.line);
        table_item(p, item);
        add(&items, t, item);
        if (!accept(p, ',') && !accept(p, ';'))
            break;
    }
    expect(p, '}', "'}' is missing");
    t->a = items.first;
    return t;
}

static struct node *simple(struct parser *p, enum node_kind kind) {
    struct node *n = node_new(p, kind, p->token.line);
    if (kind == NODE_STRING)
        n->text = p->token.text;
    else if (kind == NODE_INTEGER)
        n->integer = p->token.integer;
    else if (kind == NODE_FLOAT)
        n->real = p->token.real;
    next(p);
    return n;
}

static struct node *primary(struct parser *p) {
    struct node *n;
    if (is(p, '(')) {
        n = node_new(p, NODE_PAREN, p->token.line);
        next(p);
        n->a = under(n, expression(p));
        expect(p, ')', "')' is missing");
        return n;
    }
    n = node_new(p, NODE_NAME, p->token.line);
    n->text = name(p);
    n->variables = find(p, n->text);
    return n;
}

static bool begins_arguments(const struct parser *p) {
    return is(p, '(') || is(p, '{') || is(p, TOKEN_STRING);
}

static struct node *arguments(struct parser *p, struct node *call) {
    struct node *list = NULL;
    if (is(p, TOKEN_STRING))
        return under(call, simple(p, NODE_STRING));
    if (is(p, '{'))
        return under(call, table(p));
    expect(p, '(', "arguments are missing");
    if (!is(p, ')'))
        list = expressions(p, call);
    expect(p, ')', "')' is missing");
    return list;
}

/* What follows `of`: one more of .name, [key], :name(...), (...). */
static struct node *suffix(struct parser *p, struct node *of) {
    bool method = is(p, ':'), index = is(p, '.') || is(p, '[');
    struct node *n = node_new(p,
                              index    ? NODE_INDEX
                              : method ? NODE_METHOD
                                       : NODE_CALL,
                              p->token.line);
    n->a = under(n, of);
    if (accept(p, '.')) {
        uint32_t line = p->token.line;
        n->b = under(n, string_node(p, line, name(p)));
    } else if (accept(p, '[')) {
        n->b = under(n, expression(p));
        expect(p, ']', "']' is missing");
    } else {
        if (accept(p, ':'))
            n->text = name(p);
        n->line = p->token.line;
        n->b = arguments(p, n);
    }
    return n;
}

static struct node *suffixed(struct parser *p) {
    struct node *n = primary(p);
    while (is(p, '.') || is(p, '[') || is(p, ':') || begins_arguments(p))
        n = suffix(p, n);
    return n;
}

static struct node *operand(struct parser *p) {
    static const struct {
        int token;
        enum node_kind kind;
    } kinds[] = {{TOKEN_INTEGER, NODE_INTEGER}, {TOKEN_FLOAT, NODE_FLOAT},
                 {TOKEN_STRING, NODE_STRING},   {TOKEN_NIL, NODE_NIL},
                 {TOKEN_TRUE, NODE_TRUE},       {TOKEN_FALSE, NODE_FALSE},
                 {TOKEN_DOTS, NODE_VARARG}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (is(p, kinds[i].token))
            return simple(p, kinds[i].kind);
    uint32_t line = p->token.line;
    if (is(p, '{'))
        return table(p);
    return accept(p, TOKEN_FUNCTION) ? function_body(p, line, false) : suffixed(p);
}

static const struct {
    int token, op, left, right; /* how strongly it binds on either side */
} binaries[] = {{TOKEN_OR, OP_OR, 1, 1},
                {TOKEN_AND, OP_AND, 2, 2},
                {'<', OP_LESS, 3, 3},
                {'>', OP_GREATER, 3, 3},
                {TOKEN_LESS_EQUAL, OP_LESS_EQUAL, 3, 3},
                {TOKEN_GREATER_EQUAL, OP_GREATER_EQUAL, 3, 3},
                {TOKEN_UNEQUAL, OP_UNEQUAL, 3, 3},
                {TOKEN_EQUAL, OP_EQUAL, 3, 3},
                {'|', OP_BIT_OR, 4, 4},
                {'~', OP_BIT_XOR, 5, 5},
                {'&', OP_BIT_AND, 6, 6},
                {TOKEN_SHIFT_LEFT, OP_SHIFT_LEFT, 7, 7},
                {TOKEN_SHIFT_RIGHT, OP_SHIFT_RIGHT, 7, 7},
                {TOKEN_CONCAT, OP_CONCAT, 9, 8},
                {'+', OP_ADD, 10, 10},
                {'-', OP_SUBTRACT, 10, 10},
                {'*', OP_MULTIPLY, 11, 11},
                {'/', OP_DIVIDE, 11, 11},
                {TOKEN_DIVIDE_WHOLE, OP_DIVIDE_WHOLE, 11, 11},
                {'%', OP_MODULO, 11, 11},
                {'^', OP_POWER, 14, 13}};
#define UNARY_BINDS 12

static int binary_at(const struct parser *p) {
    for (size_t i = 0; i < sizeof binaries / sizeof *binaries; i++)
        if (is(p, binaries[i].token))
            return (int)i;
    return -1;
}

static int unary_at(const struct parser *p) {
    return is(p, TOKEN_NOT) ? OP_NOT
           : is(p, '#')     ? OP_LENGTH
           : is(p, '-')     ? OP_NEGATE
           : is(p, '~')     ? OP_BIT_NOT
                            : -1;
}

/* With all operators behind it that bind more strongly than `limit`. */
static struct node *operation(struct parser *p, int limit) {
    uint32_t line = p->token.line;
    struct node *n;
    if (!deeper(p)) {
        p->levels--;
        return node_new(p, NODE_NIL, line);
    }
    int op = unary_at(p);
    if (op >= 0) {
        n = node_new(p, NODE_UNARY, line);
        n->op = (uint8_t)op;
        next(p);
        n->a = under(n, operation(p, UNARY_BINDS));
    } else {
        n = operand(p);
    }
    for (int i = binary_at(p); i >= 0 && binaries[i].left > limit; i = binary_at(p)) {
        struct node *both = node_new(p, NODE_BINARY, p->token.line);
        both->op = (uint8_t)binaries[i].op;
        next(p);
        both->a = under(both, n);
        both->b = under(both, operation(p, binaries[i].right));
        n = both;
    }
    p->levels--;
    return n;
}

static struct node *expression(struct parser *p) {
    return operation(p, 0);
}

/* -- statements -------------------------------------------------------------------------------- */

/* Up to the word that ends it, which is left; what is declared in it is not seen behind it. */
static struct node *scope(struct parser *p, struct node *parent) {
    struct variable *visible = p->visible;
    struct node *list = block(p);
    for (struct node *s = list; s; s = s->next)
        under(parent, s);
    p->visible = visible;
    return list;
}

static void end(struct parser *p) {
    expect(p, TOKEN_END_WORD, "'end' is missing");
}

static struct node *if_statement(struct parser *p, uint32_t line) {
    struct node *n = node_new(p, NODE_IF, line);
    struct list clauses = {0};
    for (bool more = true; more && !p->lexer.error;) {
        struct node *c = node_new(p, NODE_CLAUSE, p->token.line);
        more = !is(p, TOKEN_ELSE);
        next(p); /* if, elseif or else */
        if (more) {
            c->a = under(c, expression(p));
            expect(p, TOKEN_THEN, "'then' is missing");
        }
        c->b = scope(p, c);
        add(&clauses, n, c);
        more = more && (is(p, TOKEN_ELSEIF) || is(p, TOKEN_ELSE));
    }
    end(p);
    n->a = clauses.first;
    return n;
}

static struct node *for_statement(struct parser *p, uint32_t line) {
    next(p);
    struct node *n = node_new(p, NODE_FOR_IN, line);
    struct variable *visible = p->visible, *loop = names(p, false);
    if (loop && !loop->next && accept(p, '='))
        n->kind = NODE_FOR_NUMBER;
    else
        expect(p, TOKEN_IN, "'in' is missing");
    n->a = expressions(p, n);
    n->variables = loop;
    show(p, loop);
    expect(p, TOKEN_DO, "'do' is missing");
    n->b = scope(p, n);
    p->visible = visible;
    end(p);
    return n;
}

static struct node *while_statement(struct parser *p, uint32_t line) {
    struct node *n = node_new(p, NODE_WHILE, line);
    next(p);
    n->a = under(n, expression(p));
    expect(p, TOKEN_DO, "'do' is missing");
    n->b = scope(p, n);
    end(p);
    return n;
}

/* The condition sees what the block declares. */
static struct node *repeat_statement(struct parser *p, uint32_t line) {
    struct node *n = node_new(p, NODE_REPEAT, line);
    struct variable *visible = p->visible;
    next(p);
    n->b = block(p);
    for (struct node *s = n->b; s; s = s->next)
        under(n, s);
    expect(p, TOKEN_UNTIL, "'until' is missing");
    n->a = under(n, expression(p));
    p->visible = visible;
    return n;
}

static struct node *do_statement(struct parser *p, uint32_t line) {
    struct node *n = node_new(p, NODE_BLOCK, line);
    next(p);
    n->b = scope(p, n);
    end(p);
    return n;
}

static void set(struct parser *p, const struct node *target) {
    if (target->kind != NODE_NAME)
        return;
    if (target->variables) {
        target->variables->assigned = true;
        return;
    }
    struct assigned *a = ARENA_NEW(p->arena, struct assigned);
    if (!a) {
        fail(p, "no memory");
        return;
    }
    *a = (struct assigned){target->text, p->assigned};
    p->assigned = a;
}

/* function a.b:c() ... end: as a.b.c = function(self) ... end. */
static struct node *function_statement(struct parser *p, uint32_t line) {
    struct node *n = node_new(p, NODE_ASSIGN, line);
    bool method = false;
    next(p);
    struct node *target = node_new(p, NODE_NAME, p->token.line);
    target->text = name(p);
    target->variables = find(p, target->text);
    while (!method && (is(p, '.') || is(p, ':'))) {
        struct node *index = node_new(p, NODE_INDEX, p->token.line);
        method = is(p, ':');
        next(p);
        index->a = under(index, target);
        index->b = under(index, string_node(p, p->token.line, p->token.text));
        name(p);
        target = index;
    }
    set(p, target);
    n->a = under(n, target);
    n->b = under(n, function_body(p, line, method));
    return n;
}

static void first_values(struct variable *v, const struct node *values) {
    for (uint32_t nth = 0; v; v = v->next) {
        v->local = true;
        v->value = values;
        v->nth = nth;
        if (values && values->next)
            values = values->next;
        else
            nth++;
    }
}

static struct node *local_statement(struct parser *p, uint32_t line) {
    struct node *n = node_new(p, NODE_LOCAL, line);
    next(p);
    if (accept(p, TOKEN_FUNCTION)) {
        kith_str text = name(p);
        n->variables = variable_new(p, text);
        show(p, n->variables); /* seen in its own body */
        n->a = under(n, function_body(p, line, false));
        n->op = 1;
    } else {
        n->variables = names(p, true);
        if (accept(p, '='))
            n->a = expressions(p, n);
        show(p, n->variables);
    }
    first_values(n->variables, n->a);
    return n;
}

static struct node *return_statement(struct parser *p, uint32_t line) {
    struct node *n = node_new(p, NODE_RETURN, line);
    next(p);
    bool last = is(p, TOKEN_END) || is(p, TOKEN_END_WORD) || is(p, TOKEN_ELSE) ||
                is(p, TOKEN_ELSEIF) || is(p, TOKEN_UNTIL) || is(p, ';');
    if (!last)
        n->a = expressions(p, n);
    accept(p, ';');
    return n;
}

static struct node *leave_statement(struct parser *p, uint32_t line) {
    bool names_label = is(p, TOKEN_GOTO);
    next(p);
    if (names_label)
        name(p);
    return node_new(p, NODE_LEAVE, line);
}

static struct node *label_statement(struct parser *p, uint32_t line) {
    next(p);
    name(p);
    expect(p, TOKEN_LABEL, "'::' is missing");
    return node_new(p, NODE_LABEL, line);
}

/* Behind the first target. */
static struct node *assignment(struct parser *p, struct node *first) {
    struct node *n = node_new(p, NODE_ASSIGN, first->line);
    struct list targets = {0};
    add(&targets, n, first);
    while (accept(p, ','))
        add(&targets, n, suffixed(p));
    expect(p, '=', "'=' is missing");
    for (struct node *t = targets.first; t; t = t->next) {
        if (t->kind != NODE_NAME && t->kind != NODE_INDEX)
            fail(p, "this cannot be assigned to");
        set(p, t);
    }
    n->a = targets.first;
    n->b = expressions(p, n);
    return n;
}

static struct node *expression_statement(struct parser *p, uint32_t line) {
    struct node *e = suffixed(p);
    if (is(p, '=') || is(p, ','))
        return assignment(p, e);
    if (e->kind != NODE_CALL && e->kind != NODE_METHOD)
        fail(p, "this is no statement");
    struct node *n = node_new(p, NODE_STATEMENT, line);
    n->a = under(n, e);
    return n;
}

static struct node *statement(struct parser *p) {
    static const struct {
        int token;
        struct node *(*read)(struct parser *p, uint32_t line);
    } kinds[] = {{TOKEN_IF, if_statement},       {TOKEN_FOR, for_statement},
                 {TOKEN_WHILE, while_statement}, {TOKEN_REPEAT, repeat_statement},
                 {TOKEN_DO, do_statement},       {TOKEN_FUNCTION, function_statement},
                 {TOKEN_LOCAL, local_statement}, {TOKEN_RETURN, return_statement},
                 {TOKEN_BREAK, leave_statement}, {TOKEN_GOTO, leave_statement},
                 {TOKEN_LABEL, label_statement}};
    uint32_t line = p->token.line;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (is(p, kinds[i].token))
            return kinds[i].read(p, line);
    return expression_statement(p, line);
}

static bool block_ends(const struct parser *p) {
    return is(p, TOKEN_END) || is(p, TOKEN_END_WORD) || is(p, TOKEN_ELSE) || is(p, TOKEN_ELSEIF) ||
           is(p, TOKEN_UNTIL);
}

/* Its names stay visible: the caller hides them. */
static struct node *block(struct parser *p) {
    struct list statements = {0};
    struct node root = {0};
    bool last = false;
    if (deeper(p)) {
        while (!last && !block_ends(p)) {
            if (accept(p, ';'))
                continue;
            last = is(p, TOKEN_RETURN);
            add(&statements, &root, statement(p));
        }
    }
    p->levels--;
    return statements.first;
}

bool syntax_parse(struct syntax *out, struct arena *a, kith_str text) {
    const char *begin = text.ptr ? text.ptr : "";
    struct parser p = {.lexer = {.arena = a, .at = begin, .end = begin + text.len, .line = 1},
                       .arena = a};
    *out = (struct syntax){0};
    next(&p);
    out->body = block(&p);
    if (!is(&p, TOKEN_END))
        fail(&p, "an end too many");
    for (const struct node *s = out->body; s; s = s->next)
        out->depth = s->depth > out->depth ? s->depth : out->depth;
    out->assigned = p.assigned;
    out->variable_count = p.variables;
    out->function_count = p.functions;
    out->error = p.lexer.error;
    out->error_line = p.lexer.error_line;
    out->error_token = p.failed;
    return !out->error;
}
