/* SPDX-License-Identifier: Apache-2.0 */
/* Syntax: the source text of a chunk of Lua 5.4 as a tree with lines, and its names bound to their
 * variables. Reads whatever Lua compiles, and some of what it refuses: gotos, <const> and the
 * bounds of a function are not looked at. Knows nothing of records, nor of Lua's own code. */
#ifndef SCRIPT_SYNTAX_H
#define SCRIPT_SYNTAX_H

#include "base/arena.h"
#include "base/str.h"

#define SYNTAX_LEVELS_MAX 250 /* of what stands inside each other; Lua's own bound is 200 */
#define SYNTAX_DEPTH_MAX  1000

/* What the parts of a node are: a, b and c are the first of a list where it says "list". */
enum node_kind {
    /* expressions */
    NODE_NIL,
    NODE_TRUE,
    NODE_FALSE,
    NODE_INTEGER,  /* integer */
    NODE_FLOAT,    /* real */
    NODE_STRING,   /* text: what it stands for */
    NODE_VARARG,   /* ... */
    NODE_FUNCTION, /* variables: its parameters, op 1: and more (...); b: list of statements; end:
                      its last line */
    NODE_NAME,     /* text; variables: the variable, NULL: a global */
    NODE_INDEX,    /* a[b]; b is a NODE_STRING in a.b */
    NODE_CALL,     /* a(b list); its line is that of the bracket, as Lua has it */
    NODE_METHOD,   /* a:text(b list) */
    NODE_BINARY,   /* a op b */
    NODE_UNARY,    /* op a */
    NODE_PAREN,    /* (a) */
    NODE_TABLE,    /* a list of NODE_ITEM */
    NODE_ITEM,     /* [a] = b; a NULL: the next of the list */
    /* statements */
    NODE_BLOCK,      /* do b list end */
    NODE_LOCAL,      /* local variables = a list; op 1: a local function */
    NODE_ASSIGN,     /* a list = b list; a function with a name that is not local, too */
    NODE_STATEMENT,  /* the call a */
    NODE_WHILE,      /* while a do b list end */
    NODE_REPEAT,     /* repeat b list until a */
    NODE_IF,         /* a list of NODE_CLAUSE */
    NODE_CLAUSE,     /* if a then b list; a NULL: else */
    NODE_FOR_NUMBER, /* for variables = a list do b list end */
    NODE_FOR_IN,     /* for variables in a list do b list end */
    NODE_RETURN,     /* return a list */
    NODE_LEAVE,      /* break and goto */
    NODE_LABEL,
};

enum operator_kind {
    OP_OR,
    OP_AND,
    OP_LESS,
    OP_GREATER,
    OP_LESS_EQUAL,
    OP_GREATER_EQUAL,
    OP_UNEQUAL,
    OP_EQUAL,
    OP_BIT_OR,
    OP_BIT_XOR,
    OP_BIT_AND,
    OP_SHIFT_LEFT,
    OP_SHIFT_RIGHT,
    OP_CONCAT,
    OP_ADD,
    OP_SUBTRACT,
    OP_MULTIPLY,
    OP_DIVIDE,
    OP_DIVIDE_WHOLE,
    OP_MODULO,
    OP_POWER,
    /* of one operand */
    OP_NOT,
    OP_LENGTH,
    OP_NEGATE,
    OP_BIT_NOT,
};

struct variable {
    kith_str name;
    uint32_t number, line;     /* numbered from 0 through the whole chunk */
    struct variable *next;     /* declared together with it */
    struct variable *outer;    /* the one declared before it that is still to be seen there */
    const struct node *value;  /* what it is first set to, in a local statement; or NULL */
    uint32_t nth;              /* which of the results of `value` */
    bool assigned;             /* somewhere else, too */
    bool local;                /* declared by a local statement */
    const struct node *inside; /* the function that declares it; NULL: the chunk */
};

struct node {
    uint8_t kind, op;
    uint16_t depth; /* of the tree below it, at most UINT16_MAX */
    uint32_t line, end;
    uint32_t number;   /* of a function, from 0 through the whole chunk */
    struct node *next; /* in its list */
    void *note;        /* for whoever walks the tree */
    struct node *a, *b;
    struct variable *variables;
    union {
        kith_str text;
        int64_t integer;
        double real;
    };
};

struct assigned { /* a global that is set */
    kith_str name;
    struct assigned *next;
};

struct syntax {
    struct node *body; /* list of statements */
    struct assigned *assigned;
    uint32_t variable_count, function_count;
    uint16_t depth;    /* of the deepest statement: beyond SYNTAX_DEPTH_MAX do not walk it */
    const char *error; /* NULL: it was read */
    uint32_t error_line;
    uint32_t error_token; /* the first token is 1; 0: it is no token */
};

/* Everything in it lives in the arena, or points into text. false: there is an error, or no
 * memory. */
bool syntax_parse(struct syntax *out, struct arena *a, kith_str text);

/* What is wrong with a text that Lua refuses, and how to mend it, for somebody who does not know
 * Lua; NULL: there is nothing better to say than Lua says. The error of the text goes by s. */
const char *syntax_explain(const struct syntax *s, struct arena *a, kith_str text);

#endif
