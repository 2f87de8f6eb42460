/* SPDX-License-Identifier: Apache-2.0 */
/* The words of Lua's syntax, between the two files that read it. */
#ifndef SCRIPT_SYNTAX_LEX_H
#define SCRIPT_SYNTAX_LEX_H

#include "script/syntax.h"

/* Those of one character are themselves. */
enum token_kind {
    TOKEN_END = 256,
    TOKEN_NAME,
    TOKEN_STRING,
    TOKEN_INTEGER,
    TOKEN_FLOAT,
    TOKEN_CONCAT, /* .. */
    TOKEN_DOTS,   /* ... */
    TOKEN_EQUAL,
    TOKEN_UNEQUAL,
    TOKEN_LESS_EQUAL,
    TOKEN_GREATER_EQUAL,
    TOKEN_SHIFT_LEFT,
    TOKEN_SHIFT_RIGHT,
    TOKEN_DIVIDE_WHOLE,
    TOKEN_LABEL, /* :: */
    /* reserved words */
    TOKEN_AND,
    TOKEN_BREAK,
    TOKEN_DO,
    TOKEN_ELSE,
    TOKEN_ELSEIF,
    TOKEN_END_WORD,
    TOKEN_FALSE,
    TOKEN_FOR,
    TOKEN_FUNCTION,
    TOKEN_GOTO,
    TOKEN_IF,
    TOKEN_IN,
    TOKEN_LOCAL,
    TOKEN_NIL,
    TOKEN_NOT,
    TOKEN_OR,
    TOKEN_REPEAT,
    TOKEN_RETURN,
    TOKEN_THEN,
    TOKEN_TRUE,
    TOKEN_UNTIL,
    TOKEN_WHILE,
};

struct token {
    int kind;
    uint32_t line;
    kith_str text; /* of a name or a string */
    int64_t integer;
    double real;
};

struct lexer {
    struct arena *arena;
    const char *at, *end;
    const char *begin; /* of the newest token */
    uint32_t line;
    const char *error; /* the first one; from then on only TOKEN_END comes */
    uint32_t error_line;
};

struct token lex_next(struct lexer *x);
void lex_fail(struct lexer *x, const char *error);

#endif
