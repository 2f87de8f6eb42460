/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the reader of Lua: what Lua compiles is read, and the tree says the same. A tree is
 * written out again in one form, as by somebody who knows only what is in it; Lua must make the
 * same code of both. */
#include "base/file.h"
#include "random.h"
#include "script/syntax.h"
#include "test.h"

#include <glob.h>
#include <lauxlib.h>
#include <lua.h>

/* -- writing a tree ---------------------------------------------------------------------------- */

static void put(struct buf *out, const struct node *n);

static void put_list(struct buf *out, const struct node *n) {
    for (bool first = true; n; n = n->next, first = false) {
        buf_puts(out, first ? "" : ", ");
        put(out, n);
    }
}

static void put_block(struct buf *out, const struct node *n) {
    for (; n; n = n->next) {
        put(out, n);
        buf_puts(out, "; ");
    }
}

static void put_names(struct buf *out, const struct variable *v) {
    for (bool first = true; v; v = v->next, first = false)
        buf_printf(out, "%s%.*s", first ? "" : ", ", (int)v->name.len, v->name.ptr);
}

static void put_string(struct buf *out, kith_str s) {
    buf_putc(out, '"');
    for (uint64_t i = 0; i < s.len; i++)
        buf_printf(out, "\\%03u", (unsigned)(unsigned char)s.ptr[i]);
    buf_putc(out, '"');
}

static const char *const operators[] = {"or", "and", "<",  ">",   "<=", ">=", "~=", "==", "|",
                                        "~",  "&",   "<<", ">>",  "..", "+",  "-",  "*",  "/",
                                        "//", "%",   "^",  "not", "#",  "-",  "~"};

/* How strongly each binds on its left and on its right, as in Lua's manual. */
static const int binds[][2] = {{1, 1},   {2, 2},   {3, 3},   {3, 3},   {3, 3},   {3, 3},   {3, 3},
                               {3, 3},   {4, 4},   {5, 5},   {6, 6},   {7, 7},   {7, 7},   {9, 8},
                               {10, 10}, {10, 10}, {11, 11}, {11, 11}, {11, 11}, {11, 11}, {14, 13},
                               {0, 12},  {0, 12},  {0, 12},  {0, 12}};

/* Would the operator behind it take its last part away? */
static bool captured(const struct node *left, int op) {
    for (; left->kind == NODE_BINARY || left->kind == NODE_UNARY;
         left = left->kind == NODE_BINARY ? left->b : left->a)
        if (binds[op][0] > binds[left->op][1])
            return true;
    return false;
}

static void put_operand(struct buf *out, const struct node *n, bool bracket) {
    buf_puts(out, bracket ? "(" : "");
    put(out, n);
    buf_puts(out, bracket ? ")" : "");
}

static void put_call(struct buf *out, const struct node *n) {
    put(out, n->a);
    if (n->kind == NODE_METHOD)
        buf_printf(out, ":%.*s", (int)n->text.len, n->text.ptr);
    buf_putc(out, '(');
    put_list(out, n->b);
    buf_putc(out, ')');
}

/* What may be called, or asked for a part, only within brackets. */
static bool is_bare(const struct node *n) {
    return n->kind == NODE_STRING || n->kind == NODE_TABLE || n->kind == NODE_FUNCTION;
}

static void put_if(struct buf *out, const struct node *clause) {
    for (bool first = true; clause; clause = clause->next, first = false) {
        buf_puts(out, !clause->a ? "else " : first ? "if " : "elseif ");
        if (clause->a) {
            put(out, clause->a);
            buf_puts(out, " then ");
        }
        put_block(out, clause->b);
    }
    buf_puts(out, "end");
}

/* Lua keeps in which lines a function begins and ends. */
static void go_to_line(struct buf *out, uint32_t line) {
    uint32_t at = 1;
    for (size_t i = 0; i < out->len; i++)
        at += out->ptr[i] == '\n';
    for (; at < line; at++)
        buf_putc(out, '\n');
}

static void put_function(struct buf *out, const struct node *n, const char *word, kith_str name) {
    go_to_line(out, n->line);
    buf_printf(out, "%s%.*s(", word, (int)name.len, name.ptr);
    put_names(out, n->variables);
    buf_puts(out, n->op ? (n->variables ? ", ...) " : "...) ") : ") ");
    put_block(out, n->b);
    go_to_line(out, n->end);
    buf_puts(out, "end");
}

static void put_loop(struct buf *out, const struct node *n) {
    buf_puts(out, "for ");
    put_names(out, n->variables);
    buf_puts(out, n->kind == NODE_FOR_IN ? " in " : " = ");
    put_list(out, n->a);
    buf_puts(out, " do ");
    put_block(out, n->b);
    buf_puts(out, "end");
}

static void put_statement(struct buf *out, const struct node *n) {
    switch (n->kind) {
    case NODE_BLOCK:
        buf_puts(out, "do ");
        put_block(out, n->b);
        buf_puts(out, "end");
        break;
    case NODE_LOCAL:
        if (n->op) {
            put_function(out, n->a, "local function ", n->variables->name);
            break;
        }
        buf_puts(out, "local ");
        put_names(out, n->variables);
        buf_puts(out, n->a ? " = " : "");
        put_list(out, n->a);
        break;
    case NODE_ASSIGN:
        put_list(out, n->a);
        buf_puts(out, " = ");
        put_list(out, n->b);
        break;
    case NODE_STATEMENT:
        put_call(out, n->a);
        break;
    case NODE_WHILE:
        buf_puts(out, "while ");
        put(out, n->a);
        buf_puts(out, " do ");
        put_block(out, n->b);
        buf_puts(out, "end");
        break;
    case NODE_REPEAT:
        buf_puts(out, "repeat ");
        put_block(out, n->b);
        buf_puts(out, "until ");
        put(out, n->a);
        break;
    case NODE_IF:
        put_if(out, n->a);
        break;
    case NODE_RETURN:
        buf_puts(out, "return ");
        put_list(out, n->a);
        break;
    case NODE_LEAVE:
        buf_puts(out, "break");
        break;
    default:
        put_loop(out, n);
    }
}

static void put_table(struct buf *out, const struct node *n) {
    buf_putc(out, '{');
    for (const struct node *i = n->a; i; i = i->next) {
        if (i->a) {
            buf_putc(out, '[');
            put(out, i->a);
            buf_puts(out, "] = ");
        }
        put(out, i->b);
        buf_puts(out, i->next ? ", " : "");
    }
    buf_putc(out, '}');
}

static void put(struct buf *out, const struct node *n) {
    switch (n->kind) {
    case NODE_NIL:
        buf_puts(out, "nil");
        break;
    case NODE_TRUE:
    case NODE_FALSE:
        buf_puts(out, n->kind == NODE_TRUE ? "true" : "false");
        break;
    case NODE_INTEGER:
        buf_printf(out, "0x%llx", (unsigned long long)n->integer);
        break;
    case NODE_FLOAT:
        buf_printf(out, n->real > 1e308 ? "1e999" : "%a", n->real);
        break;
    case NODE_STRING:
        put_string(out, n->text);
        break;
    case NODE_VARARG:
        buf_puts(out, "...");
        break;
    case NODE_FUNCTION:
        put_function(out, n, "function", STR(""));
        break;
    case NODE_NAME:
        buf_printf(out, "%.*s", (int)n->text.len, n->text.ptr);
        break;
    case NODE_INDEX:
        put(out, n->a);
        buf_putc(out, '[');
        put(out, n->b);
        buf_putc(out, ']');
        break;
    case NODE_CALL:
    case NODE_METHOD:
        EXPECT(!is_bare(n->a));
        put_call(out, n);
        break;
    case NODE_BINARY:
        put_operand(out, n->a, captured(n->a, n->op));
        buf_printf(out, " %s ", operators[n->op]);
        put_operand(out, n->b, n->b->kind == NODE_BINARY && binds[n->b->op][0] <= binds[n->op][1]);
        break;
    case NODE_UNARY:
        buf_printf(out, " %s ", operators[n->op]);
        put_operand(out, n->a, n->a->kind == NODE_BINARY && binds[n->a->op][0] <= 12);
        break;
    case NODE_PAREN:
        buf_putc(out, '(');
        put(out, n->a);
        buf_putc(out, ')');
        break;
    case NODE_TABLE:
        put_table(out, n);
        break;
    default:
        put_statement(out, n);
    }
}

/* -- comparing --------------------------------------------------------------------------------- */

static lua_State *L;

static int add_code(lua_State *state, const void *code, size_t size, void *out) {
    (void)state;
    buf_add(out, code, size);
    return 0;
}

/* Without lines and names of variables. false: Lua refuses it. */
static bool compile(kith_str text, struct buf *code) {
    if (luaL_loadbufferx(L, text.ptr, text.len, "=x", "t") != LUA_OK) {
        lua_settop(L, 0);
        return false;
    }
    lua_dump(L, add_code, code, 1);
    lua_settop(L, 0);
    return true;
}

/* true: Lua compiles it, we read it, and what is written out again becomes the same code. */
static bool agrees(kith_str text) {
    struct arena a = {0};
    struct buf code = {0}, again = {0}, written = {0};
    struct syntax s;
    bool compiled = compile(text, &code), read = syntax_parse(&s, &a, text);
    if (compiled && !read)
        TEST_FAIL("line %u: %s, but Lua compiles it:\n%.*s", s.error_line, s.error, (int)text.len,
                  text.ptr);
    if (compiled) {
        put_block(&written, s.body);
        if (!compile(buf_view(&written), &again))
            TEST_FAIL("what is written out is no Lua:\n%s\n-- of:\n%.*s", written.ptr,
                      (int)text.len, text.ptr);
        if (!str_eq(buf_view(&code), buf_view(&again)))
            TEST_FAIL("not the same:\n%s\n-- as:\n%.*s", written.ptr, (int)text.len, text.ptr);
    }
    buf_free(&code);
    buf_free(&again);
    buf_free(&written);
    arena_free(&a);
    return compiled;
}

static void begin(void) {
    L = luaL_newstate();
    EXPECT(L);
}

/* -- tests ------------------------------------------------------------------------------------- */

TEST("every example is read as Lua reads it") {
    glob_t files = {0};
    kith_error e = KITH_ERROR_INIT;
    begin();
    EXPECT_INT(0, glob(SOURCE_DIR "/lua/examples/*.lua", 0, NULL, &files));
    EXPECT_INT(0, glob(SOURCE_DIR "/lua/examples/workflows/*.lua", GLOB_APPEND, NULL, &files));
    EXPECT(files.gl_pathc >= 21);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct buf text = {0};
        EXPECT_OK(file_read(files.gl_pathv[i], 1 << 20, &text, &e), e);
        EXPECT(agrees(buf_view(&text)));
        buf_free(&text);
    }
    globfree(&files);
    lua_close(L);
}

TEST("every form of Lua is read as Lua reads it") {
    static const char *const chunks[] = {
        "",
        ";;; local a, b = 1, 'x' ;",
        "x = 0x10 + 0xffffffffffffffffff + 9223372036854775808 + 3. + .5 + 1e3 + 0x.8p1 + 0xA.8",
        "x = 'a\\n\\x41\\065\\z   \n   b\\u{20AC}\\u{7FFFFFFF}\\\nc' .. \"\\\"'\" .. '\\0'",
        ("x = [[\nline]] .. [==[a]]b]=]c]==] -- end\n--[[ many\nlines ]] y = 1 --[==[ x ]] ]==] z ="
         " 2"),
        "x = a.b['c'].d:e(1, 2).f{1, x = 2; [3] = 4,}'s':g[[t]]",
        "x = -x^2 + not a == b .. c .. d << 1 | 2 & ~3 ~ 4 // 5 % 6",
        "x = a or b and c < d == (e >= f) ~= g",
        "x = 2^3^2, -2^-3, #a + #b, not not a",
        "local function f(a, b, ...) local c = nil return ..., a, b, (f()) end",
        "function a.b.c:d(x) self.x = x end function a.b() end",
        "for i = 1, 10 do break end for i = 10, 1, -1 do end for k, v in pairs(t) do f(k, v) end",
        "while x do if y then break elseif z then y = 1 else z = 2 end end",
        "repeat local done = f() until done",
        "local t = {f(), (f()), ..., [1] = 2, 'x'; y = function() end}",
        "a, b.c, d[1] = 1, f() do local a = 1 end return",
        "local x = x local x = x + 1 return x;",
        "return f{...}, function(...) return ... end",
        "\r\n-- one line\r\nx = 1\n\rx = 2\r",
    };
    begin();
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++)
        if (!agrees(str_of(chunks[i])))
            TEST_FAIL("Lua refuses: %s", chunks[i]);
    struct arena a = {0};
    struct syntax s;
    EXPECT(syntax_parse(&s, &a,
                        STR("local a <const>, b <close> = 1 goto out do ::here:: goto here "
                            "end ::out::")));
    arena_free(&a);
    lua_close(L);
}

TEST("what is no Lua is told with a line and a sentence") {
    static const struct {
        const char *text, *error;
        uint32_t line;
    } cases[] = {
        {"x = 1\ny = = 2", "a name is missing", 2},
        {"if x then\n  f(", "a name is missing", 2},
        {"x = 'abc\n'", "unfinished string", 1},
        {"x = [[abc\n\n", "unfinished long string", 3},
        {"x = 3x", "malformed number", 1},
        {"x = '\\q'", "unknown escape in a string", 1},
        {"f() = 1", "this cannot be assigned to", 1},
        {"x + 1", "this is no statement", 1},
        {"\nend", "an end too many", 2},
        {"x = $", "unexpected character", 1},
    };
    struct arena a = {0};
    struct syntax s;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        EXPECT(!syntax_parse(&s, &a, str_of(cases[i].text)));
        EXPECT_STR(cases[i].error, s.error);
        EXPECT_INT(cases[i].line, s.error_line);
    }
    arena_free(&a);
}

TEST("names are bound to their variables") {
    struct arena a = {0};
    struct syntax s;
    EXPECT(syntax_parse(&s, &a,
                        STR("local a = 1\n"
                            "local function f(b) return a, b, c, f end\n"
                            "do local a = a a = 2 end\n"
                            "g = a\n")));
    const struct variable *first = s.body->variables;
    const struct node *function = s.body->next->a, *values = function->b->a;
    EXPECT(values->variables == first);
    EXPECT(values->next->variables == function->variables);
    EXPECT(!values->next->next->variables);
    EXPECT(values->next->next->next->variables == s.body->next->variables);
    const struct node *inner = s.body->next->next->b;
    EXPECT(inner->a->variables == first);
    EXPECT(inner->next->a->variables == inner->variables);
    EXPECT(inner->variables->assigned && !first->assigned);
    EXPECT(s.body->next->next->next->b->variables == first);
    EXPECT_INT(2, function->line);
    EXPECT(s.assigned && str_eqz(s.assigned->name, "g") && !s.assigned->next);
    arena_free(&a);
}

/* -- programs that are made up ----------------------------------------------------------------- */

/* A pattern: %e an expression, %s statements, %n a name, %f what may be called or have parts, %c a
 * call, %v what can be assigned to, %p parameters. */
static const char *const statements_of[] = {
    "%v = %e",
    "%v, %v = %e, %e",
    "local %n = %e",
    "local %n, %n = %e",
    "local %n",
    "%c",
    "do %s end",
    "while %e do %s end",
    "repeat %s until %e",
    "if %e then %s end",
    "if %e then %s elseif %e then %s else %s end",
    "for %n = %e, %e do %s end",
    "for %n = %e, %e, %e do %s break end",
    "for %n, %n in %e do %s end",
    "local function %n(%p) %s end",
    "function %n.%n(%p) %s return %e end",
    "function %n:%n(%p) %s return %e, %e end",
    "do return %e end",
    "%s ; %s",
};
static const char *const expressions_of[] = {
    "nil",
    "true",
    "false",
    "1",
    "0x7f",
    "2.5e-1",
    "'t\\x41'",
    "[[\nt]]",
    "%n",
    "%n",
    "%f.%n",
    "%f[%e]",
    "%c",
    "(%c)",
    "(%e)",
    "not %e",
    "-%e",
    "#%e",
    "~%e",
    "%e + %e",
    "%e - %e",
    "%e * %e",
    "%e / %e",
    "%e // %e",
    "%e %% %e",
    "%e ^ %e",
    "%e .. %e",
    "%e < %e",
    "%e <= %e",
    "%e == %e",
    "%e ~= %e",
    "%e and %e",
    "%e or %e",
    "%e & %e",
    "%e | %e",
    "%e ~ %e",
    "%e << %e",
    "{}",
    "{%e, %n = %e; [%e] = %e, %c}",
    "function(%p) %s return %e end",
    "function(...) return ... end",
};
static const char *const calls_of[] = {"%f(%e)",   "%f()",   "%f(%e, %e)", "%f:%n(%e)",
                                       "%f'text'", "%f{%e}", "%f:%n[[x]]"};
static const char *const bases_of[] = {"%n", "%n", "(%e)", "%f.%n", "%f[%e]", "%c"};
static const char *const targets_of[] = {"%n", "%f.%n", "%f[%e]"};
static const char *const names_of[] = {"a", "b", "c", "self", "_x1"};
static const char *const params_of[] = {"", "%n", "%n, %n", "%n, ..."};
#define CHOICES(of) of, sizeof(of) / sizeof *(of)

static void make(struct buf *out, uint64_t *r, int depth, const char *const *of, size_t n);

static void make_part(struct buf *out, uint64_t *r, int depth, char what) {
    static const char *const end[] = {"%n"}, *const nothing[] = {";"};
    bool deep = depth <= 0 || out->len > 4000;
    switch (what) {
    case 'e':
        make(out, r, depth - 1, deep ? end : expressions_of,
             deep ? 1 : sizeof expressions_of / sizeof *expressions_of);
        break;
    case 's':
        make(out, r, depth - 1, deep ? nothing : statements_of,
             deep ? 1 : sizeof statements_of / sizeof *statements_of);
        break;
    case 'f':
        make(out, r, depth - 1, deep ? end : bases_of,
             deep ? 1 : sizeof bases_of / sizeof *bases_of);
        break;
    case 'c':
        make(out, r, depth - 1, CHOICES(calls_of));
        break;
    case 'v':
        make(out, r, depth - 1, CHOICES(targets_of));
        break;
    case 'p':
        make(out, r, depth, CHOICES(params_of));
        break;
    case 'n':
        make(out, r, depth, CHOICES(names_of));
        break;
    default:
        buf_putc(out, '%');
    }
}

static void make(struct buf *out, uint64_t *r, int depth, const char *const *of, size_t n) {
    for (const char *z = of[random_next(r) % n]; *z; z++) {
        if (*z == '%')
            make_part(out, r, depth, *++z);
        else
            buf_putc(out, *z);
    }
}

TEST("programs that are made up are read as Lua reads them") {
    uint64_t r = RANDOM_SEED;
    int compiled = 0;
    begin();
    for (int i = 0; i < 4000; i++) {
        struct buf text = {0};
        for (uint64_t k = random_next(&r) % 5 + 1; k > 0; k--) {
            make(&text, &r, 5, CHOICES(statements_of));
            buf_puts(&text, random_next(&r) % 3 ? "\n" : " ; ");
        }
        compiled += agrees(buf_view(&text));
        if (text.len > 2) { /* and with a character out of its place */
            text.ptr[random_next(&r) % text.len] = text.ptr[random_next(&r) % text.len];
            agrees(buf_view(&text));
        }
        buf_free(&text);
    }
    lua_close(L);
    EXPECT(compiled > 2000);
}

TEST("what is nested as deeply as Lua allows is read, and more is told") {
    struct buf text = {0};
    struct arena a = {0};
    struct syntax s;
    begin();
    buf_puts(&text, "x = ");
    for (int i = 0; i < 180; i++)
        buf_putc(&text, '(');
    buf_putc(&text, '1');
    for (int i = 0; i < 180; i++)
        buf_putc(&text, ')');
    EXPECT(agrees(buf_view(&text)));
    buf_reset(&text);
    for (int i = 0; i < 100000; i++)
        buf_puts(&text, "x={");
    EXPECT(!syntax_parse(&s, &a, buf_view(&text)));
    EXPECT_STR("too many levels", s.error);
    buf_reset(&text);
    buf_puts(&text, "x = 1");
    for (int i = 0; i < 100000; i++)
        buf_puts(&text, "+1");
    EXPECT(syntax_parse(&s, &a, buf_view(&text)));
    EXPECT(s.depth > SYNTAX_DEPTH_MAX);
    arena_free(&a);
    buf_free(&text);
    lua_close(L);
}
