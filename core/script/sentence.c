/* SPDX-License-Identifier: Apache-2.0 */
/* Sentence: what Lua says where a script goes wrong as it runs, in words that somebody understands
 * who does not know Lua, with what to write. Names of variables and fields are all that is quoted,
 * as Lua quotes them: these sentences stand in the log. */
#include "script/script_internal.h"
#include "script/words.h"

#include <string.h>

/* "attempt to concatenate a nil value (field 'company')": its parts. */
struct complaint {
    kith_str kind; /* "nil", "string", "date" */
    kith_str sort; /* "field", "local", "global", "method", "upvalue", "constant"; empty: unknown */
    kith_str name;
};

#define NAMED(c) (int)(c)->name.len, (c)->name.ptr

static const char *kind_words(kith_str kind) {
    static const char *const words[][2] = {{"nil", "nothing (nil)"},
                                           {"string", "a text"},
                                           {"number", "a number"},
                                           {"boolean", "true or false"},
                                           {"table", "a table"},
                                           {"function", "a function"},
                                           {"userdata", "such a value"},
                                           {"date", "a date"},
                                           {"time", "a time"},
                                           {"duration", "a duration"},
                                           {"money", "an amount"},
                                           {"decimal", "a decimal"},
                                           {"null", "null"},
                                           {"no value", "nothing"},
                                           {"record", "a record"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eqz(kind, words[i][0]))
            return words[i][1];
    return NULL;
}

/* The kind of a record is the name of its type. */
static void put_kind(struct buf *out, kith_str kind) {
    const char *words = kind_words(kind);
    if (words)
        buf_puts(out, words);
    else
        buf_printf(out, "a record of type %.*s", (int)kind.len, kind.ptr);
}

/* Takes the text up to `end` off the front of rest, and the end as well. */
static bool take_until(kith_str *rest, const char *end, kith_str *out) {
    const char *at = rest->len ? memmem(rest->ptr, rest->len, end, strlen(end)) : NULL;
    if (!at)
        return false;
    *out = (kith_str){rest->ptr, (uint64_t)(at - rest->ptr)};
    rest->ptr = at + strlen(end);
    rest->len -= out->len + strlen(end);
    return true;
}

/* "nil value (field 'company')" */
static bool read_complaint(kith_str rest, struct complaint *c) {
    *c = (struct complaint){0};
    if (str_starts(rest, "a "))
        rest = (kith_str){rest.ptr + 2, rest.len - 2};
    if (!take_until(&rest, " value", &c->kind))
        return false;
    if (!rest.len)
        return true;
    return str_starts(rest, " (") && (rest.ptr += 2, rest.len -= 2, true) &&
           take_until(&rest, " '", &c->sort) && take_until(&rest, "')", &c->name) && !rest.len;
}

static bool is_sort(const struct complaint *c, const char *sort) {
    return str_eqz(c->sort, sort);
}

static bool is_kind(const struct complaint *c, const char *kind) {
    return str_eqz(c->kind, kind);
}

/* list[0], list[n] */
static bool of_a_list(const struct complaint *c) {
    return is_sort(c, "field") && (str_eqz(c->name, "integer index") || str_eqz(c->name, "?"));
}

/* As it may be written: a field of something, or a variable. */
static void put_name(struct buf *out, const struct complaint *c) {
    if (is_sort(c, "field"))
        buf_puts(out, "record.");
    buf_printf(out, "%.*s", NAMED(c));
}

/* "'company' is empty (nil) and "; false: Lua does not know a name. */
static bool put_empty(struct buf *out, const struct complaint *c) {
    if (of_a_list(c))
        buf_puts(out,
                 "there is nothing (nil) at that place of the list, whose first place is 1: it ");
    else if (c->name.len)
        buf_printf(out, "'%.*s' is empty (nil) and ", NAMED(c));
    else
        buf_puts(out, "something here is empty (nil) and ");
    return c->name.len && !of_a_list(c);
}

static bool unknown_word(struct buf *out, const struct complaint *c) {
    if (!is_kind(c, "nil") || !is_sort(c, "global"))
        return false;
    word_missing(out, c->name);
    return true;
}

/* Of nothing: that it cannot be used so, and what to write in place of it. */
static bool put_nothing(struct buf *out, const struct complaint *c, const char *what,
                        const char *instead) {
    if (unknown_word(out, c))
        return true;
    if (!is_kind(c, "nil"))
        return false;
    bool named = put_empty(out, c);
    buf_puts(out, what);
    if (named) {
        buf_puts(out, ": write (");
        put_name(out, c);
        buf_printf(out, " or %s)", instead);
    }
    return true;
}

static bool joins(struct buf *out, const struct complaint *c) {
    static const char what[] = "cannot be joined to a text";
    if (put_nothing(out, c, what, "\"\""))
        return true;
    put_kind(out, c->kind);
    buf_printf(out, " %s", what);
    if (is_kind(c, "table"))
        buf_puts(out, ": table.concat(list, \", \") joins what is in a list");
    else if (!is_kind(c, "function"))
        buf_puts(out, ": write tostring(...)");
    return true;
}

static bool calculates(struct buf *out, const struct complaint *c) {
    static const char what[] = "cannot be calculated with";
    if (put_nothing(out, c, what, "0"))
        return true;
    put_kind(out, c->kind);
    buf_printf(out, " %s", what);
    if (is_kind(c, "string"))
        buf_puts(out, ": .. joins texts, and tonumber(...) makes a number of one");
    return true;
}

static bool asks_for_part(struct buf *out, const struct complaint *c) {
    if (unknown_word(out, c))
        return true;
    if (!is_kind(c, "nil")) {
        put_kind(out, c->kind);
        buf_puts(out, " has no parts");
        return true;
    }
    bool named = put_empty(out, c);
    buf_puts(out, "has no parts");
    if (named) {
        buf_puts(out, ": ask first, as in 'if ");
        put_name(out, c);
        buf_puts(out, " then'");
    }
    return true;
}

static bool calls(struct buf *out, const struct complaint *c) {
    if (unknown_word(out, c))
        return true;
    if (is_sort(c, "for iterator")) {
        put_kind(out, c->kind);
        buf_puts(out, is_kind(c, "table") ? " is gone through by 'for _, item in ipairs(list) do'"
                                          : " cannot be gone through by 'for'");
    } else if (is_kind(c, "nil") && c->name.len && !of_a_list(c)) {
        buf_printf(out, "there is no function '%.*s' there", NAMED(c));
    } else {
        put_kind(out, c->kind);
        buf_puts(out, " is no function, which (...) or {...} behind it would call");
    }
    return true;
}

static bool measures(struct buf *out, const struct complaint *c) {
    if (unknown_word(out, c))
        return true;
    if (is_kind(c, "function"))
        buf_puts(out, "what find() gives has no length: count(\"...\") counts records");
    else if (is_kind(c, "nil"))
        put_empty(out, c), buf_puts(out, "has no length");
    else
        put_kind(out, c->kind), buf_puts(out, " has no length");
    return true;
}

/* "nil with number", or "two nil values" */
static bool compares(struct buf *out, kith_str rest) {
    kith_str a, b;
    if (str_starts(rest, "two ")) {
        rest = (kith_str){rest.ptr + 4, rest.len - 4};
        if (!take_until(&rest, " values", &a))
            return false;
        b = a;
    } else if (take_until(&rest, " with ", &a)) {
        b = rest;
    } else {
        return false;
    }
    sentence_compared(out, a, b);
    return true;
}

void sentence_compared(struct buf *out, kith_str a, kith_str b) {
    bool nil = str_eqz(a, "nil") || str_eqz(b, "nil");
    bool text = str_eqz(a, "string") || str_eqz(b, "string");
    bool number = str_eqz(a, "number") || str_eqz(b, "number");
    bool day = str_eqz(a, "date") || str_eqz(b, "date");
    bool money = str_eqz(a, "money") || str_eqz(b, "money");
    if (nil) {
        kith_str other = str_eqz(a, "nil") ? b : a;
        buf_puts(out, "something empty (nil) cannot be compared with ");
        put_kind(out, other);
        buf_puts(out, ": ask first whether it is there, as in 'if x and x < y then'");
        return;
    }
    put_kind(out, a);
    buf_puts(out, " cannot be compared with ");
    put_kind(out, b);
    buf_puts(out, text && number              ? ": tonumber(...) makes a number of a text"
                  : text && day               ? ": write date(\"2024-02-29\")"
                  : money && (number || text) ? ": write money(\"100 EUR\")"
                                              : "");
}

/* "#1 to 'parallel' (function expected, got number)": of a function of ours. */
static bool argument(struct buf *out, kith_str rest) {
    kith_str nth, name, wanted, got;
    if (!take_until(&rest, " to '", &nth) || !take_until(&rest, "' (", &name) ||
        !take_until(&rest, " expected, got ", &wanted) || !take_until(&rest, ")", &got))
        return false;
    const char *what = kind_words(wanted);
    bool known = name.len && !str_eqz(name, "?");
    if (!what)
        return false;
    buf_printf(out, "%.*s%sargument %.*s must be %s, and ", known ? (int)name.len : 0, name.ptr,
               known ? ": " : "", (int)nth.len, nth.ptr, what);
    if (str_eqz(got, "no value") || str_eqz(got, "nil"))
        buf_puts(out, "is empty (nil) or missing");
    else
        buf_puts(out, "is "), put_kind(out, got);
    if (str_eqz(nth, "1") && str_eqz(got, "table") && !str_eqz(wanted, "table"))
        buf_puts(out, "; with a colon in front of the name of a function, write a dot");
    return true;
}

static const struct {
    const char *begin;
    bool (*say)(struct buf *out, const struct complaint *c);
} kinds[] = {{"concatenate ", joins},
             {"perform arithmetic on ", calculates},
             {"index ", asks_for_part},
             {"call ", calls},
             {"get length of ", measures}};

static bool say(struct buf *out, kith_str text) {
    struct complaint c;
    static const char argument_begins[] = "bad argument #", attempt[] = "attempt to ";
    if (str_starts(text, argument_begins)) {
        size_t len = sizeof argument_begins - 1;
        return argument(out, (kith_str){text.ptr + len, text.len - len});
    }
    if (!str_starts(text, attempt))
        return false;
    text = (kith_str){text.ptr + sizeof attempt - 1, text.len - sizeof attempt + 1};
    if (str_starts(text, "compare "))
        return compares(out, (kith_str){text.ptr + 8, text.len - 8});
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t len = strlen(kinds[i].begin);
        if (str_starts(text, kinds[i].begin))
            return read_complaint((kith_str){text.ptr + len, text.len - len}, &c) &&
                   kinds[i].say(out, &c);
    }
    return false;
}

/* Behind "rules/a.lua:12: " or "console:1: ". */
static const char *behind_place(const char *message) {
    const char *at = strchr(message, ':');
    size_t digits = at ? strspn(at + 1, "0123456789") : 0;
    return digits && strncmp(at + 1 + digits, ": ", 2) == 0 ? at + 1 + digits + 2 : message;
}

const char *sentence(struct buf *out, const char *message) {
    const char *at = behind_place(message);
    buf_reset(out);
    buf_add(out, message, (size_t)(at - message));
    bool said = say(out, str_of(at)) && !out->failed;
    buf_putc(out, '\0');
    return said && !out->failed ? out->ptr : message;
}
