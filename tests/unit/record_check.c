/* SPDX-License-Identifier: Apache-2.0 */
/* Values against the kind of their field: what is taken, in which form, and what is refused. */
#include "base/id.h"
#include "record/record.h"
#include "test.h"

#include <math.h>

static const kith_field fields[] = {
    {.name = "text", .kind = KITH_F_TEXT},
    {.name = "long", .kind = KITH_F_LONGTEXT},
    {.name = "integer", .kind = KITH_F_INTEGER},
    {.name = "decimal", .kind = KITH_F_DECIMAL, .options = "2"},
    {.name = "money", .kind = KITH_F_MONEY},
    {.name = "dollars", .kind = KITH_F_MONEY, .options = "USD"},
    {.name = "boolean", .kind = KITH_F_BOOLEAN},
    {.name = "date", .kind = KITH_F_DATE},
    {.name = "time", .kind = KITH_F_TIME},
    {.name = "duration", .kind = KITH_F_DURATION},
    {.name = "choice", .kind = KITH_F_CHOICE, .options = "small,medium,large"},
    {.name = "state", .kind = KITH_F_STATE, .options = "new>won|lost,won>new"},
    {.name = "link", .kind = KITH_F_LINK, .options = "user"},
    {.name = "any", .kind = KITH_F_LINK, .options = "*"},
    {.name = "links", .kind = KITH_F_LINKS, .options = "team"},
    {.name = "email", .kind = KITH_F_EMAIL},
    {.name = "phone", .kind = KITH_F_PHONE},
    {.name = "url", .kind = KITH_F_URL},
    {.name = "place", .kind = KITH_F_PLACE},
    {.name = "json", .kind = KITH_F_JSON},
    {.name = "tags", .kind = KITH_F_TAGS},
};
static const kith_type types[] = {{.name = "thing", .fields = KITH_ARRAY(fields)}};

struct checking {
    struct conn *conn;
    struct schema *schema;
    const struct rtype *type;
    struct arena arena;
    kith_error e;
};

static void begin(struct checking *x) {
    struct schema_source sources[] = {schema_core,
                                      {.module = "test", .version = 1, .types = KITH_ARRAY(types)}};
    memset(x, 0, sizeof *x);
    x->e.struct_size = sizeof x->e;
    EXPECT_OK(conn_open(&x->conn, ":memory:", CONN_WRITER, NULL, &x->e), x->e);
    EXPECT_OK(schema_build(&x->schema, x->conn, sources, 2, "EUR", &x->e), x->e);
    x->type = schema_type(x->schema, STR("thing"));
}

static void end(struct checking *x) {
    schema_free(x->schema);
    conn_close(x->conn);
    arena_free(&x->arena);
}

static kith_status check(struct checking *x, const char *field, kith_value *v) {
    const struct rfield *f = type_field(x->schema, x->type, str_of(field));
    EXPECT(f != NULL);
    err_clear(&x->e);
    return value_check(x->schema, f, false, &x->arena, v, &x->e);
}

/* The text that a text becomes; "!" and the message when it is refused, "null" when it is empty. */
static const char *becomes(struct checking *x, const char *field, const char *text) {
    kith_value v = value_str(str_of(text));
    if (check(x, field, &v) != KITH_OK) {
        EXPECT_STR(field, x->e.field);
        return arena_printf(&x->arena, "! %s", x->e.message);
    }
    if (v.kind == KITH_NULL)
        return "null";
    kith_str t = value_text(x->schema, &v, &x->arena);
    return arena_strndup(&x->arena, t.ptr, t.len);
}

TEST("text of each kind is read as a person writes it") {
    static const struct {
        const char *field, *in, *out;
    } rows[] = {
        {"text", "caf\x65\xcc\x81", "café"},
        {"text", "", "null"},
        {"text", " as it is ", " as it is "},
        {"integer", " 42 ", "42"},
        {"integer", "9007199254740991", "9007199254740991"},
        {"decimal", "1.5", "1.50"},
        {"decimal", "-0.010", "-0.01"},
        {"money", "12.5", "12.50 EUR"},
        {"money", "jpy 100", "100 JPY"},
        {"dollars", "3", "3.00 USD"},
        {"boolean", "Yes", "true"},
        {"boolean", "off", "false"},
        {"date", "2024-02-29", "2024-02-29"},
        {"time", "2024-02-29 12:00", "2024-02-29T12:00:00.000Z"},
        {"duration", "90m", "1h30m"},
        {"choice", "MEDIUM", "medium"},
        {"state", "won", "won"},
        {"email", " Ada@b.example ", "Ada@b.example"},
        {"phone", "+43 1 234", "+43 1 234"},
        {"url", " example.com/a ", "example.com/a"},
        {"url", "  ", "null"},
        {"place", " 48.2, 16.37 ", "48.2,16.37"},
        {"place", "48.2,16.000000000000014", "48.2,16.000000000000014"},
        {"json", "{\"a\": [1]}", "{\"a\": [1]}"},
        {"tags", "b, a,,b", "a,b"},
        {"tags", " , ", "null"},
    };
    struct checking x;
    begin(&x);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        EXPECT_STR(rows[i].out, becomes(&x, rows[i].field, rows[i].in));
    end(&x);
}

TEST("what does not fit is refused with the field and the remedy") {
    static const struct {
        const char *field, *in, *says;
    } rows[] = {
        {"text", "a\xff", "byte 2 is not valid UTF-8"},
        {"integer", "1.5", "no whole number"},
        {"integer", "9007199254740992", "2^53-1"},
        {"integer", "99999999999999999999", "no whole number"},
        {"decimal", "1.555", "at most 2 digits"},
        {"decimal", "999999999999999999999", "no number"},
        {"money", "12.50 XXQ", "12.50 EUR"},
        {"money", "100.5 JPY", "12.50 EUR"},
        {"dollars", "3 EUR", "EUR is not allowed"},
        {"boolean", "perhaps", "true or false"},
        {"date", "2023-02-29", "2024-02-29"},
        {"time", "noon", "no time"},
        {"duration", "soon", "no duration"},
        {"choice", "meduim", "did you mean 'medium'"},
        {"state", "done", "none of new, won, lost"},
        {"link", "ABC", "13 characters"},
        {"any", "nothing/0123456789ABC", "no record"},
        {"links", "x", "no id"},
        {"email", "ada", "one @"},
        {"email", "a@b@c", "one @"},
        {"email", "a b@c", "no blanks"},
        {"phone", "12", "3 digits"},
        {"url", "a b", "no blanks"},
        {"place", "48.2", "48.2082,16.3738"},
        {"place", "91,0", "latitude"},
        {"place", "nan,0", "latitude"},
        {"place", "1,2,3", "48.2082,16.3738"},
        {"json", "{", "json: "},
        {"json", "{\"a\":1,\"a\":2}", "json: "},
    };
    struct checking x;
    begin(&x);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *got = becomes(&x, rows[i].field, rows[i].in);
        EXPECT_HAS("! ", got);
        EXPECT_HAS(rows[i].says, got);
    }
    end(&x);
}

TEST("values of other kinds are converted when that loses nothing, and refused when it does") {
    struct checking x;
    kith_value v;
    begin(&x);
    v = (kith_value){.kind = KITH_REAL, .as.r = 3.0};
    EXPECT_OK(check(&x, "integer", &v), x.e);
    EXPECT_INT(3, v.as.i);
    v = (kith_value){.kind = KITH_REAL, .as.r = 3.5};
    EXPECT_INT(KITH_E_INVAL, check(&x, "integer", &v));
    v = (kith_value){.kind = KITH_REAL, .as.r = (double)NAN};
    EXPECT_INT(KITH_E_INVAL, check(&x, "integer", &v));
    v = (kith_value){.kind = KITH_REAL, .as.r = 1.1};
    EXPECT_INT(KITH_E_INVAL, check(&x, "decimal", &v));
    v = value_int(7);
    EXPECT_OK(check(&x, "decimal", &v), x.e);
    EXPECT_INT(700, v.as.decimal.units);
    v = (kith_value){.kind = KITH_DECIMAL, .as.decimal = {.units = 15, .scale = 1}};
    EXPECT_OK(check(&x, "decimal", &v), x.e);
    EXPECT_INT(150, v.as.decimal.units);
    v = (kith_value){.kind = KITH_DECIMAL, .as.decimal = {.units = 15, .scale = 77}};
    EXPECT_INT(KITH_E_INVAL, check(&x, "decimal", &v));
    v = value_int(7);
    EXPECT_INT(KITH_E_INVAL, check(&x, "money", &v)); /* of which currency? */
    v = value_int(2);
    EXPECT_INT(KITH_E_INVAL, check(&x, "boolean", &v));
    v = value_int(7);
    EXPECT_OK(check(&x, "text", &v), x.e);
    EXPECT_INT(KITH_TEXT, v.kind);
    v = value_time(-1);
    EXPECT_OK(check(&x, "date", &v), x.e);
    EXPECT_INT(-1, v.as.i);
    v = value_link(5, x.type->id);
    EXPECT_INT(KITH_E_INVAL, check(&x, "link", &v));
    EXPECT_HAS("of type user, not thing", x.e.message);
    v = (kith_value){.kind = 4711};
    EXPECT_INT(KITH_E_UNSUPPORTED, check(&x, "text", &v));
    end(&x);
}

TEST("dates and times lie in the years that can be written") {
    struct checking x;
    kith_value v;
    begin(&x);
    v = (kith_value){.kind = KITH_DATE, .as.i = INT64_MAX};
    EXPECT_INT(KITH_E_INVAL, check(&x, "time", &v));
    v = (kith_value){.kind = KITH_DATE, .as.i = INT64_MIN};
    EXPECT_INT(KITH_E_INVAL, check(&x, "date", &v));
    v = value_time(INT64_MAX);
    EXPECT_INT(KITH_E_INVAL, check(&x, "time", &v));
    EXPECT_STR("9999-12-31", becomes(&x, "date", "9999-12-31"));
    EXPECT_STR("0001-01-01", becomes(&x, "date", "0001-01-01"));
    v = value_str(STR("9999-12-31T23:59:59.999Z"));
    EXPECT_OK(check(&x, "time", &v), x.e);
    end(&x);
}

TEST("links are sorted, once each, and those to any record name their type") {
    struct checking x;
    char a[ID_TEXT + 1], b[ID_TEXT + 1];
    begin(&x);
    id_format(1000, a);
    id_format(2000, b);
    const char *in = arena_printf(&x.arena, "%s,%s, %s", b, a, b),
               *out = arena_printf(&x.arena, "%s,%s", a, b),
               *any = arena_printf(&x.arena, "user/%s", a);
    EXPECT_STR(out, becomes(&x, "links", in));
    EXPECT_STR(any, becomes(&x, "any", any));
    EXPECT_HAS("write it as type/", becomes(&x, "any", a));
    EXPECT_STR(a, becomes(&x, "link", a));
    end(&x);
}

TEST("a state goes along its arrows, from the first one on") {
    struct checking x;
    begin(&x);
    const struct rfield *f = type_field(x.schema, x.type, STR("state"));
    kith_value new = value_str(STR("new")), won = value_str(STR("won")),
               lost = value_str(STR("lost")), null = value_null();
    EXPECT_OK(state_check(f, NULL, &new, &x.e), x.e);
    EXPECT_INT(KITH_E_INVAL, state_check(f, NULL, &won, &x.e));
    EXPECT_OK(state_check(f, &new, &won, &x.e), x.e);
    EXPECT_OK(state_check(f, &won, &won, &x.e), x.e);
    EXPECT_INT(KITH_E_INVAL, state_check(f, &won, &lost, &x.e));
    EXPECT_HAS("from there it can: new", x.e.message);
    EXPECT_INT(KITH_E_INVAL, state_check(f, &lost, &new, &x.e));
    EXPECT_HAS("nothing", x.e.message);
    EXPECT_INT(KITH_E_INVAL, state_check(f, &new, &null, &x.e));
    end(&x);
}

TEST("a line of text has at most 10,000 bytes, and a longtext, or an argument, is not a line") {
    struct checking x;
    char *text = malloc(10002);
    begin(&x);
    memset(text, 'x', 10001);
    text[10001] = '\0';
    kith_value v = value_str((kith_str){text, 10000});
    EXPECT_OK(check(&x, "text", &v), x.e);
    static const char *const lines[] = {"text", "email", "url", "tags"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        v = value_str((kith_str){text, 10001});
        EXPECT_INT(KITH_E_INVAL, check(&x, lines[i], &v));
        EXPECT_HAS("it has 10001 bytes, and a line of text has at most 10000", x.e.message);
    }
    v = value_str((kith_str){text, 10001});
    EXPECT_OK(check(&x, "long", &v), x.e);
    free(text);
    end(&x);
}
