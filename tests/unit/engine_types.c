/* SPDX-License-Identifier: Apache-2.0 */
/* Types and fields that a company declares in its files: what is read and refused, that they are
 * the same as a module's, and how they change over data that is there. */
#include "base/csv.h"
#include "engine/conf_edit.h"
#include "engine/type_files.h"
#include "random.h"
#include "record/record.h"
#include "test.h"

static struct conn *conn;
static struct schema *schema;
static struct type_files *files;
static struct settings_problems problems;
static kith_error e;

static void begin(void) {
    e = (kith_error)KITH_ERROR_INIT;
    EXPECT_OK(conn_open(&conn, ":memory:", CONN_WRITER, NULL, &e), e);
}

static void end(void) {
    schema_free(schema);
    type_files_free(files);
    settings_problems_free(&problems);
    conn_close(conn);
    schema = NULL;
    files = NULL;
}

static const kith_type module_types[] = {{.name = "lead", .extends = 0}};
static const struct schema_source module = {
    .module = "sales", .version = 1, .types = KITH_ARRAY(module_types)};
static bool with_module;

static kith_status read_files(const char *a, const char *b) {
    const struct type_text texts[] = {{TYPES_FOLDER "/a.conf", str_of(a)},
                                      {TYPES_FOLDER "/b.conf", str_of(b ? b : "")}};
    type_files_free(files);
    settings_problems_free(&problems);
    return type_files_read(&files, "/nowhere", texts, b ? 2 : 1, &problems, &e);
}

/* The schema with what stands in these files, over the database as it is. */
static kith_status build(const char *a, const char *b) {
    struct schema_source sources[3] = {schema_core};
    size_t n = 1;
    TRY(read_files(a, b));
    if (with_module)
        sources[n++] = module;
    sources[n++] = *type_files_source(files);
    schema_free(schema);
    schema = NULL;
    return schema_build(&schema, conn, sources, n, "EUR", &e);
}

static void expect_built(const char *a, const char *b) {
    e = (kith_error)KITH_ERROR_INIT;
    EXPECT_OK(build(a, b), e);
}

static void expect_refused(const char *text, const char *sentence) {
    e = (kith_error)KITH_ERROR_INIT;
    EXPECT(build(text, NULL) != KITH_OK);
    EXPECT_STR(sentence, e.message);
}

static const struct rfield *field(const char *type, const char *name) {
    const struct rtype *t = schema_type(schema, str_of(type));
    const struct rfield *f = t ? type_field(schema, t, str_of(name)) : NULL;
    if (!f)
        TEST_FAIL("expected a field %s.%s", type, name);
    return f;
}

static bool has_field(const char *type, const char *name) {
    const struct rtype *t = schema_type(schema, str_of(type));
    return t && type_field(schema, t, str_of(name));
}

static int64_t number(const char *sql) {
    int64_t n = -1;
    EXPECT_OK(conn_int(conn, sql, 0, &n, &e), e);
    return n;
}

/* -- reading ----------------------------------------------------------------------------------- */

TEST("everything that is wrong with type files is told at once, each with its line") {
    begin();
    struct buf text = {0};
    EXPECT(read_files("name = \"visit\";\n"
                      "lable = \"x\";\n"
                      "fields = (\n"
                      "  { name = \"a\"; kind = \"txt\"; },\n"
                      "  { kind = \"text\"; },\n"
                      "  { name = \"b\"; },\n"
                      "  { name = \"c\"; kind = \"integer\"; measure = \"odd\"; },\n"
                      "  { name = \"c\"; kind = \"text\"; },\n"
                      "  { name = \"d\"; kind = \"choice[a,b\"; more = [\"c\"]; }\n"
                      ");\n",
                      "extend = \"contact\";\n"
                      "title = \"name\";\n"
                      "fields = (\n"
                      "  { name = \"city\"; unique = true; }\n"
                      ");\n") == KITH_E_INVAL);
    settings_problems_print(&problems, &text);
    EXPECT_STR("conf.d/types/a.conf:2: lable is not known here; did you mean \"label\"?\n"
               "conf.d/types/a.conf:5: fields[2].name is missing\n"
               "conf.d/types/a.conf:4: field a: 'txt' is no kind of field; did you mean 'text'?\n"
               "conf.d/types/a.conf:6: field b has no kind\n"
               "conf.d/types/a.conf:7: field c: the measure 'odd' is not known: nominal, ordinal, "
               "discrete, continuous, binary, time, spatial, text, semi-structured\n"
               "conf.d/types/a.conf:8: field visit.c stands twice; the first is at "
               "conf.d/types/a.conf:7\n"
               "conf.d/types/a.conf:9: field d: more is for fields that others declare; here it "
               "stands in the kind\n"
               "conf.d/types/a.conf:9: field d: 'choice[a,b' has no ] at its end\n"
               "conf.d/types/b.conf:2: title is for types of your own\n"
               "conf.d/types/b.conf:4: field city: unique is for fields of your own, which have a "
               "kind\n",
               text.ptr);
    buf_free(&text);
    end();
}

TEST("what only shows with the other types is refused with its line") {
    begin();
    expect_refused("name = \"contact\";\nfields = ();\n",
                   "conf.d/types/a.conf: module company: type contact is declared twice (also by "
                   "core): extend it to add fields");
    expect_refused("extend = \"contact\";\nfields = (\n{ name = \"city\"; kind = \"text\"; });\n",
                   "conf.d/types/a.conf:3: field contact.city is declared twice");
    expect_refused(
        "name = \"x\";\nfields = (\n{ name = \"Bad\"; kind = \"text\"; });\n",
        "conf.d/types/a.conf:3: \"Bad\" is no field name: lower-case letters, digits and "
        "single _, at most 48");
    expect_refused("name = \"x\";\nfields = (\n{ name = \"type\"; kind = \"text\"; });\n",
                   "conf.d/types/a.conf:3: \"type\" is no field name: every record shows its type "
                   "under it");
    expect_refused("name = \"x\";\nfields = (\n{ name = \"n\"; kind = \"boolean\"; min = 1; });\n",
                   "conf.d/types/a.conf:3: field x.n: a boolean has no min and no max");
    expect_refused(
        "name = \"x\";\nfields = (\n{ name = \"n\"; kind = \"integer\"; min = 5; max = 4; });\n",
        "conf.d/types/a.conf:3: field x.n: its max is below its min");
    expect_refused(
        "name = \"x\";\nfields = (\n{ name = \"n\"; kind = \"money\"; measure = \"nominal\"; });\n",
        "conf.d/types/a.conf:3: field x.n: a money cannot measure what is nominal, but: "
        "ordinal, continuous");
    expect_refused("extend = \"segment\";\nfields = (\n{ name = \"refresh\"; min = \"0s\"; });\n",
                   "conf.d/types/a.conf:3: field segment.refresh: its min is 0s, and Kith itself "
                   "needs 1m or more");
    expect_built("extend = \"segment\";\nfields = (\n{ name = \"refresh\"; min = \"1h\"; });\n",
                 NULL);
    EXPECT_INT(3600000, field("segment", "refresh")->min);
    expect_refused("extend = \"contact\";\nfields = (\n{ name = \"created\"; label = \"x\"; });\n",
                   "conf.d/types/a.conf:3: created is kept by Kith and cannot be changed");
    end();
}

/* -- the same as a module's -------------------------------------------------------------------- */

static const kith_field visit_fields[] = {
    {.name = "name",
     .kind = KITH_F_TEXT,
     .flags = KITH_FF_REQUIRED | KITH_FF_SEARCHED,
     .max = "40"},
    {.name = "contact", .kind = KITH_F_LINK, .flags = KITH_FF_PARTOF, .options = "contact"},
    {.name = "teams", .kind = KITH_F_LINKS, .options = "team"},
    {.name = "about", .kind = KITH_F_LINK, .options = "*"},
    {.name = "parent", .kind = KITH_F_LINK, .options = "visit", .flags = KITH_FF_TREE},
    {.name = "size",
     .kind = KITH_F_CHOICE,
     .options = "small,medium,very large",
     .default_text = "small",
     .measure = KITH_M_ORDINAL,
     .label = "How big",
     .doc = "Its size."},
    {.name = "stars", .kind = KITH_F_INTEGER, .min = "1", .max = "5", .flags = KITH_FF_INDEXED},
    {.name = "cost", .kind = KITH_F_MONEY, .options = "EUR,USD", .min = "0"},
    {.name = "rate", .kind = KITH_F_DECIMAL, .options = "2", .max = "99.5"},
    {.name = "on", .kind = KITH_F_DATE, .min = "2020-01-01"},
    {.name = "state", .kind = KITH_F_STATE, .options = "planned>done|missed,missed>planned"},
    {.name = "code", .kind = KITH_F_TEXT, .flags = KITH_FF_UNIQUE | KITH_FF_PERSONAL},
};
static const char *const visit_indexes[] = {"contact,-created"};
static const kith_type visit_types[] = {{.name = "visit",
                                         .label = "A visit",
                                         .doc = "One.",
                                         .title = "name",
                                         .fields = KITH_ARRAY(visit_fields),
                                         .indexes = KITH_ARRAY(visit_indexes)}};
static const char visit_file[] =
    "name = \"visit\"; label = \"A visit\"; doc = \"One.\"; title = \"name\";\n"
    "fields = (\n"
    "  { name = \"name\"; kind = \"text\"; required = true; searched = true; max = 40; },\n"
    "  { name = \"contact\"; kind = \"link[contact]\"; part_of = true; },\n"
    "  { name = \"teams\"; kind = \"links[team]\"; },\n"
    "  { name = \"about\"; kind = \"link[*]\"; },\n"
    "  { name = \"parent\"; kind = \"link[visit]\"; tree = true; },\n"
    "  { name = \"size\"; kind = \"choice[ small, medium , very large ]\"; default = \"small\";\n"
    "    measure = \"ordinal\"; label = \"How big\"; doc = \"Its size.\"; },\n"
    "  { name = \"stars\"; kind = \"integer\"; min = 1; max = 5; indexed = true; },\n"
    "  { name = \"cost\"; kind = \"money[EUR,USD]\"; min = 0; },\n"
    "  { name = \"rate\"; kind = \"decimal[2]\"; max = 99.5; },\n"
    "  { name = \"on\"; kind = \"date\"; min = \"2020-01-01\"; },\n"
    "  { name = \"state\"; kind = \"state[planned > done | missed, missed > planned]\"; },\n"
    "  { name = \"code\"; kind = \"text\"; unique = true; personal = true; }\n"
    ");\n"
    "indexes = [\"contact, -created\"];\n";

static void describe(const struct rtype *t, struct buf *out) {
    buf_printf(out, "%s|%s|%s|%s|%u|%u|%s|%s|%s\n", t->name, t->label, t->doc,
               t->title ? t->title->name : "", t->history, t->undo, t->sql_select, t->sql_insert,
               t->sql_delete);
    for (uint32_t i = 0; i < t->field_count; i++) {
        const struct rfield *f = t->fields[i];
        buf_printf(out, "%u %u %u %u %s|%s|%s|%s|%s|%d %d|%u %u %d|%u|%s %s %lld %lld %s|", f->id,
                   f->index, f->kind, f->flags, f->name, f->label, f->doc,
                   f->default_text ? f->default_text : "-", f->target ? f->target->name : "-",
                   f->any_target, f->scale, f->column, f->column_count, f->folded, f->measure,
                   f->min_text ? f->min_text : "-", f->max_text ? f->max_text : "-",
                   (long long)f->min, (long long)f->max, f->range_currency);
        for (uint32_t k = 0; k < f->option_count; k++)
            buf_printf(out, "%s/%llx ", f->options[k],
                       f->arrows ? (unsigned long long)f->arrows[k] : 0ull);
        buf_putc(out, '\n');
    }
}

static void describe_tables(struct buf *out) {
    sqlite3_stmt *st;
    bool row = true;
    EXPECT_OK(conn_prepare_once(conn,
                                "SELECT sql FROM sqlite_schema WHERE sql LIKE '%visit%'"
                                " ORDER BY name",
                                &st, &e),
              e);
    while (conn_step(conn, st, &row, &e) == KITH_OK && row)
        buf_printf(out, "%s\n", (const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
}

TEST("a type in a file is the same as the type that a module declares") {
    struct buf declared = {0}, written = {0};
    const struct schema_source source = {
        .module = "visits", .version = 1, .types = KITH_ARRAY(visit_types)};
    const struct schema_source sources[] = {schema_core, source};
    begin();
    EXPECT_OK(schema_build(&schema, conn, sources, 2, "EUR", &e), e);
    describe(schema_type(schema, STR("visit")), &declared);
    describe_tables(&declared);
    end();
    begin();
    expect_built(visit_file, NULL);
    describe(schema_type(schema, STR("visit")), &written);
    describe_tables(&written);
    EXPECT_STR(declared.ptr, written.ptr);
    buf_free(&declared);
    buf_free(&written);
    end();
}

/* -- ranges ------------------------------------------------------------------------------------ */

static void expect_range(const char *name, const char *text, const char *refusal) {
    struct arena a = {0};
    const struct rfield *f = field("visit", name);
    kith_value v = value_str(str_of(text));
    e = (kith_error)KITH_ERROR_INIT;
    EXPECT_OK(value_check(schema, f, false, &a, &v, &e), e);
    kith_status st = value_range(schema, f, &v, &e);
    EXPECT_STR(refusal, e.message);
    EXPECT_INT(refusal[0] ? KITH_E_INVAL : KITH_OK, st);
    arena_free(&a);
}

TEST("a value out of its range is refused with the range") {
    begin();
    expect_built(visit_file, NULL);
    expect_range("stars", "1", "");
    expect_range("stars", "5", "");
    expect_range("stars", "6", "stars: '6' is out of its range: 1 to 5");
    expect_range("stars", "0", "stars: '0' is out of its range: 1 to 5");
    expect_range("stars", "", "");
    expect_range("name", "1234567890123456789012345678901234567890", "");
    expect_range("name", "123456789012345678901234567890123456789\xC3\xA4", "");
    expect_range("name", "12345678901234567890123456789012345678901",
                 "name: '1234567890123456789012345678901234567890...' is out of its range: 40 "
                 "characters at most");
    expect_range("cost", "0", "");
    expect_range("cost", "-0.01 USD", "cost: '-0.01 USD' is out of its range: 0 or more");
    expect_range("rate", "99.50", "");
    expect_range("rate", "99.51", "rate: '99.51' is out of its range: 99.5 at most");
    expect_range("on", "2020-01-01", "");
    expect_range("on", "2019-12-31", "on: '2019-12-31' is out of its range: 2020-01-01 or more");
    end();
}

/* -- changes of what others declare ------------------------------------------------------------ */

TEST("a company changes label, default, flags, options and states of others' fields, not their "
     "kind") {
    begin();
    expect_built(
        "extend = \"account\";\n"
        "fields = (\n"
        "  { name = \"kind\"; more = [\"club\"]; default = \"club\"; label = \"Sort\"; },\n"
        "  { name = \"size\"; min = 1; measure = \"ordinal\"; required = true; },\n"
        "  { name = \"name\"; indexed = false; }\n"
        ");\n",
        "extend = \"contact\";\n"
        "fields = (\n"
        "  { name = \"lifecycle\"; states = \"new > fan, fan > new\"; default = \"new\"; }\n"
        ");\n");
    const struct rfield *kind = field("account", "kind"), *ladder = field("contact", "lifecycle");
    EXPECT_INT(9, field_option(kind, STR("club")));
    EXPECT_INT(0, field_option(kind, STR("prospect")));
    EXPECT_STR("club", kind->default_text);
    EXPECT_STR("Sort", kind->label);
    EXPECT_STR("core", kind->module);
    EXPECT_STR("conf.d/types/a.conf:3", kind->where);
    EXPECT_INT(KITH_M_ORDINAL, field("account", "size")->measure);
    EXPECT_INT(KITH_FF_REQUIRED, field("account", "size")->flags);
    EXPECT_INT(0, field("account", "name")->flags & KITH_FF_INDEXED);
    EXPECT_INT(0, number("SELECT count(*) FROM sqlite_schema WHERE name = 'i.account.name'"));
    EXPECT_INT(2, ladder->option_count);
    EXPECT_INT(2, ladder->arrows[0]);
    expect_refused("extend = \"contact\";\nfields = (\n{ name = \"city\"; more = [\"x\"]; });\n",
                   "conf.d/types/a.conf:3: only a choice takes more options");
    end();
}

TEST("an option that records have cannot be taken away, another can") {
    begin();
    expect_built("name = \"t\";\nfields = (\n{ name = \"s\"; kind = \"choice[a,b,c]\"; });\n",
                 NULL);
    EXPECT_OK(conn_exec(conn, "INSERT INTO t(id, s) VALUES(1, 'a'), (2, 'a'), (3, 'b')", &e), e);
    expect_refused("name = \"t\";\nfields = (\n{ name = \"s\"; kind = \"choice[b,c]\"; });\n",
                   "conf.d/types/a.conf:3: the option 'a' of t.s cannot be taken away: 2 records "
                   "have it; put it back, and change those first: kith update t --where \"s = 'a'\""
                   " s=OTHER");
    expect_built("name = \"t\";\nfields = (\n{ name = \"s\"; kind = \"choice[b,a]\"; });\n", NULL);
    EXPECT_INT(2, field("t", "s")->option_count);
    end();
}

TEST("what is said about types that are not there is passed over, and holds when they are") {
    static const char lead[] =
        "extend = \"lead\";\nfields = (\n{ name = \"x\"; kind = \"text\"; });\n";
    static const char rolled[] = "extend = \"contact\";\nfields = (\n{ name = \"leads\"; kind = "
                                 "\"integer\"; rollup = \"count(lead via owner)\"; });\n";
    static const char own[] =
        "name = \"t\";\nfields = (\n{ name = \"l\"; kind = \"link[lead]\"; },\n"
        "{ name = \"n\"; kind = \"text\"; });\n";
    begin();
    expect_built(lead, own);
    EXPECT_INT(2, schema->passed_count);
    EXPECT_STR("conf.d/types/a.conf: there is no type lead; is its module enabled?",
               schema->passed[0]);
    EXPECT_STR("conf.d/types/b.conf:3: field t.l links to lead, and there is no such type; is its "
               "module enabled?",
               schema->passed[1]);
    EXPECT(!has_field("t", "l"));
    expect_built(rolled, own);
    EXPECT_STR(
        "conf.d/types/a.conf:3: field contact.leads rolls up lead, and there is no such type; "
        "is its module enabled?",
        schema->passed[0]);
    expect_built(lead, own);
    EXPECT_INT(FIELD_FIRST, field("t", "n")->index);
    with_module = true;
    expect_built(lead, own);
    EXPECT_INT(0, schema->passed_count);
    EXPECT(has_field("t", "l") && has_field("lead", "x"));
    EXPECT_OK(conn_exec(conn, "INSERT INTO t(id, l, n) VALUES(1, 5, 'n')", &e), e);
    with_module = false;
    expect_built(lead, own);
    EXPECT_INT(2, schema->absent_count); /* and the owner of a lead */
    EXPECT_INT(1, number("SELECT count(*) FROM t WHERE l = 5"));
    end();
}

/* -- names ------------------------------------------------------------------------------------- */

#define FIRST                                                                                      \
    "name = \"call\";\nfields = (\n{ name = \"size\"; kind = \"text\"; unique = true; },\n{ name " \
    "= \"to\"; kind = \"links[contact]\"; });\n"
#define THEN                                                                                       \
    "name = \"visit\"; was = [\"call\"];\nfields = (\n{ name = \"extent\"; kind = \"text\"; "      \
    "unique = true; was = [\"width\", \"size\"]; },\n{ name = \"to\"; kind = \"links[contact]\"; " \
    "});\n"

TEST("new names keep numbers and data, and the same files lead to them everywhere, twice too") {
    begin();
    expect_built(FIRST, NULL);
    uint32_t type = schema_type(schema, STR("call"))->id, id = field("call", "size")->id;
    EXPECT_OK(conn_exec(conn,
                        "INSERT INTO call(id, size, size__fold) VALUES(1, 'X', 'x');"
                        "INSERT INTO \"call.to\" VALUES(1, 2)",
                        &e),
              e);
    for (int i = 0; i < 2; i++) {
        expect_built(THEN, NULL);
        EXPECT_INT(type, schema_type(schema, STR("visit"))->id);
        EXPECT_INT(id, field("visit", "extent")->id);
        EXPECT(!schema_type(schema, STR("call")));
        EXPECT_INT(1,
                   number("SELECT count(*) FROM visit WHERE extent = 'X' AND extent__fold = 'x'"));
        EXPECT_INT(1, number("SELECT count(*) FROM \"visit.to\" WHERE target = 2"));
        EXPECT_INT(0, number("SELECT count(*) FROM sqlite_schema WHERE name LIKE '%call%' OR sql"
                             " LIKE '%call%'"));
    }
    end();
    begin(); /* a database that never knew the old names */
    expect_built(THEN, NULL);
    EXPECT(has_field("visit", "extent"));
    end();
}

TEST("a retired field is out of sight with its data, and comes back with it") {
    static const char on[] = "name = \"t\";\nfields = (\n{ name = \"n\"; kind = \"text\"; },\n"
                             "{ name = \"s\"; kind = \"integer\"; });\n";
    static const char off[] = "name = \"t\";\nfields = (\n{ name = \"n\"; kind = \"text\"; },\n"
                              "{ name = \"s\"; kind = \"integer\"; retired = true; });\n";
    begin();
    expect_built(on, NULL);
    uint32_t id = field("t", "s")->id;
    EXPECT_OK(conn_exec(conn, "INSERT INTO t(id, n, s) VALUES(1, 'a', 7)", &e), e);
    expect_built(off, NULL);
    EXPECT(!has_field("t", "s"));
    EXPECT(type_files_find(files, "t", "s")->retired);
    expect_built(on, NULL);
    EXPECT_INT(id, field("t", "s")->id);
    EXPECT_INT(7, number("SELECT s FROM t"));
    expect_refused("name = \"t\";\nfields = (\n{ name = \"s\"; kind = \"text\"; });\n",
                   "conf.d/types/a.conf:3: field t.s (module company) was \"integer0\" and is "
                   "declared as \"text0\" now; a new kind needs a new name");
    expect_built(
        "name = \"t\"; retired = true;\nfields = (\n{ name = \"s\"; kind = \"integer\"; });\n",
        NULL);
    EXPECT(!schema_type(schema, STR("t")));
    expect_built(on, NULL);
    EXPECT_INT(7, number("SELECT s FROM t"));
    end();
}

TEST("what is a code or a rank is not added up") {
    begin();
    expect_refused(
        "name = \"t\";\nfields = (\n{ name = \"c\"; kind = \"link[contact]\"; },\n"
        "{ name = \"code\"; kind = \"integer\"; measure = \"nominal\"; },\n"
        "{ name = \"up\"; kind = \"link[t]\"; },\n"
        "{ name = \"sum\"; kind = \"integer\"; rollup = \"sum(t.code via up)\"; });\n",
        "conf.d/types/a.conf:6: field t.sum: roll-up \"sum(t.code via up)\": t.code is nominal: "
        "its numbers are names and have no sum");
    end();
}

/* -- editing the files ------------------------------------------------------------------------- */

static uint64_t seed = RANDOM_SEED;
static uint32_t below(uint32_t n) {
    return (uint32_t)(random_next(&seed) >> 11) % n;
}

#define MODEL_MAX 12
struct model { /* what the file must say */
    char names[MODEL_MAX][16], labels[MODEL_MAX][32];
    int required[MODEL_MAX]; /* -1: not set */
    int count;
    char title[16];
};

static int comments(const char *text) {
    int n = 0;
    for (const char *p = text; (p = strstr(p, "note")); p++)
        n++;
    return n;
}

static void edit(struct model *m, struct buf *text) {
    static const char *const labels[] = {"\"plain\"", "\"a # b\"", "\"q \\\" ( ] } ;\"",
                                         "\"a\" \"b\""};
    static const char *const read[] = {"plain", "a # b", "q \" ( ] } ;", "ab"};
    struct buf out = {0};
    uint32_t what = below(5), k = below(4);
    int i = m->count ? (int)below((uint32_t)m->count) : 0;
    if ((what == 0 || m->count == 0) && m->count < MODEL_MAX) {
        static const char *const forms[] = {
            "{ name = \"f%d\"; kind = \"text\"; }",
            "{\n    name = \"f%d\"; # note\n    kind = \"text\"\n  }",
            "{ kind : \"text\", name : \"f%d\" }"};
        char group[128];
        uint32_t form = below(3);
        /* clang-format off */
        snprintf(group, sizeof group, form == 0 ? "{ name = \"f%d\"; kind = \"text\"; }" : form == 1 ? "{\n    name = \"f%d\";\n    kind = \"text\"\n  }" : "{ kind : \"text\", name : \"f%d\" }", m->count);
        /* clang-format on */
        (void)forms;
        EXPECT_OK(conf_add(buf_view(text), "fields", str_of(group), &out, &e), e);
        snprintf(m->names[m->count], 16, "f%d", m->count);
        m->labels[m->count][0] = '\0';
        m->required[m->count++] = -1;
    } else if (what == 1 && m->count) {
        EXPECT_OK(conf_set(buf_view(text), "fields", i, "label", str_of(labels[k]), &out, &e), e);
        strcpy(m->labels[i], read[k]);
    } else if (what == 2 && m->count) {
        EXPECT_OK(conf_set(buf_view(text), "fields", i, "label", (kith_str){0}, &out, &e), e);
        m->labels[i][0] = '\0';
    } else if (what == 3 && m->count) {
        m->required[i] = (int)below(2);
        EXPECT_OK(conf_set(buf_view(text), "fields", i, "required",
                           str_of(m->required[i] ? "true" : "false"), &out, &e),
                  e);
    } else {
        kith_str title = k && m->count ? str_of("\"f0\"") : (kith_str){0};
        EXPECT_OK(conf_set(buf_view(text), NULL, 0, "title", title, &out, &e), e);
        strcpy(m->title, title.ptr ? "f0" : "");
    }
    buf_free(text);
    *text = out;
}

static void compare(const struct model *m, const char *text) {
    e = (kith_error)KITH_ERROR_INIT;
    if (read_files(text, NULL) != KITH_OK)
        TEST_FAIL("%s\n%s", e.message, text);
    const struct schema_source *s = type_files_source(files);
    const kith_type *t = s->types.items;
    EXPECT_STR(m->title, t->title ? t->title : "");
    EXPECT_INT(m->count, t->fields.count);
    for (int i = 0; i < m->count; i++) {
        const kith_field *f = (const kith_field *)t->fields.items + i;
        EXPECT_STR(m->names[i], f->name);
        EXPECT_STR(m->labels[i], f->label ? f->label : "");
        EXPECT_INT(m->required[i] > 0 ? KITH_FF_REQUIRED : 0, f->flags);
    }
}

static void extended(const char *text, const char *expected) {
    static const char *const items[] = {"read:note", "write:task"};
    struct buf out = {0};
    EXPECT_OK(conf_extend(str_of(text), "sales", "grant", items, 2, &out, &e), e);
    EXPECT_STR(expected, out.ptr);
    buf_free(&out);
}

TEST("texts are added at the end of a list, in the layout and with the comments that it has") {
    extended(
        "a = 1;\nsales: { hot = 3; grant = [ \"read:x\" ]; };\n",
        "a = 1;\nsales: { hot = 3; grant = [ \"read:x\", \"read:note\", \"write:task\" ]; };\n");
    extended("sales = { grant = []; };", "sales = { grant = [ \"read:note\", \"write:task\" ]; };");
    extended(
        "sales: {\n  grant = [\n    \"read:x\", # why\n    \"read:y\" /* ] */ # also\n  ];\n};\n",
        "sales: {\n  grant = [\n    \"read:x\", # why\n    \"read:y\", /* ] */ # also\n"
        "    \"read:note\", \"write:task\"\n  ];\n};\n");
    extended(
        "sales: {\n    grant = [ \"read:interaction\", \"write:account\", \"write:contact\",\n"
        "              \"read:territory\", \"write:order_line\", \"read:booking\", \"r:resource\" "
        "];\n};\n",
        "sales: {\n    grant = [ \"read:interaction\", \"write:account\", \"write:contact\",\n"
        "              \"read:territory\", \"write:order_line\", \"read:booking\", \"r:resource\", "
        "\"read:note\",\n              \"write:task\" ];\n};\n");
    struct buf none = {0};
    EXPECT_INT(KITH_E_NOTFOUND,
               conf_extend(str_of("sales: { hot = 1; };"), "sales", "grant", NULL, 0, &none, &e));
}

TEST("random edits of a file do what they say, and lose no comment") {
    static const char *const starts[] = {
        "name = \"t\"; # note",
        "# note\nname = \"t\";\nfields = (\n  # note: none yet }\n);\n# note",
        "name : \"t\", /* note ; ( */ fields : ()\n",
        "name = \"t\"; fields = ( { name = \"f0\"; kind = \"text\" /* note */ }\n) // note\n",
    };
    begin();
    for (int round = 0; round < 300; round++) {
        uint32_t start = below(4);
        struct model m = {.required = {-1}};
        struct buf text = {0};
        buf_puts(&text, starts[start]);
        if (start == 3)
            strcpy(m.names[m.count++], "f0");
        for (int i = 0; i < 25; i++) {
            edit(&m, &text);
            compare(&m, text.ptr);
            if (comments(starts[start]) != comments(text.ptr))
                TEST_FAIL("a comment is lost:\n%s", text.ptr);
        }
        buf_free(&text);
    }
    end();
}

/* -- random histories -------------------------------------------------------------------------- */

#define WORLD_FIELDS  8
#define WORLD_RECORDS 6
struct world { /* what must be there, whatever it was called meanwhile */
    char type[16];
    struct buf type_was;
    struct {
        char name[16];
        struct buf was;
        uint32_t kind, id;
        bool retired;
        int64_t values[WORLD_RECORDS]; /* 0: none */
    } fields[WORLD_FIELDS];
    int count, records, names;
};

static void put_was(struct buf *out, const struct buf *was) {
    if (was->len)
        buf_printf(out, " was = [%s];", was->ptr);
}

static void was_named(struct buf *was, const char *name) {
    buf_printf(was, "%s\"%s\"", was->len ? ", " : "", name);
}

static void write_world(const struct world *w, struct buf *out) {
    static const char *const kinds[] = {"text", "integer", "choice[v1,v2,v3]", "date"};
    buf_printf(out, "name = \"%s\";", w->type);
    put_was(out, &w->type_was);
    buf_puts(out, "\nfields = (");
    for (int i = 0; i < w->count; i++) {
        buf_printf(out, "%s\n  { name = \"%s\"; kind = \"%s\"; retired = %s;", i ? "," : "",
                   w->fields[i].name, kinds[w->fields[i].kind],
                   w->fields[i].retired ? "true" : "false");
        put_was(out, &w->fields[i].was);
        buf_puts(out, " }");
    }
    buf_puts(out, "\n);\n");
}

static kith_value world_value(const struct world *w, int f, int64_t n) {
    static char text[8];
    snprintf(text, sizeof text, "v%d", (int)n);
    if (n == 0)
        return value_null();
    if (w->fields[f].kind == 1)
        return value_int(n);
    return w->fields[f].kind == 3 ? (kith_value){.kind = KITH_DATE, .as.i = n}
                                  : value_str(str_of(text));
}

static void compare_world(struct world *w) {
    struct arena a = {0};
    const struct rtype *t = schema_type(schema, str_of(w->type));
    EXPECT(t != NULL);
    for (int r = 0; r < w->records; r++) {
        kith_value *values = ARENA_ARRAY(&a, kith_value, t->field_count);
        EXPECT_OK(record_read(conn, t, (kith_id)r + 1, &a, values, &e), e);
        for (int i = 0; i < w->count; i++) {
            const struct rfield *f = type_field(schema, t, str_of(w->fields[i].name));
            EXPECT_INT(w->fields[i].retired, f == NULL);
            if (!f)
                continue;
            w->fields[i].id = w->fields[i].id ? w->fields[i].id : f->id;
            EXPECT_INT(w->fields[i].id, f->id);
            kith_value want = world_value(w, i, w->fields[i].values[r]);
            if (!value_eq(&want, &values[f->index]))
                TEST_FAIL("record %d, field %s is not %d", r + 1, f->name,
                          (int)w->fields[i].values[r]);
        }
    }
    arena_free(&a);
}

static void write_record(struct world *w, bool new) {
    struct arena a = {0};
    const struct rtype *t = schema_type(schema, str_of(w->type));
    kith_value *values = ARENA_ARRAY(&a, kith_value, t->field_count);
    int r = new ? w->records++ : (int)below((uint32_t)w->records);
    struct fieldset changed = {{0}};
    if (!new)
        EXPECT_OK(record_read(conn, t, (kith_id)r + 1, &a, values, &e), e);
    for (int i = 0; i < w->count; i++) {
        const struct rfield *f = type_field(schema, t, str_of(w->fields[i].name));
        if (!f || below(2))
            continue;
        w->fields[i].values[r] = below(4);
        kith_value v = world_value(w, i, w->fields[i].values[r]);
        values[f->index] = value_copy(&a, &v);
        fieldset_add(&changed, f->index);
    }
    kith_status st = new ? record_insert(conn, t, (kith_id)r + 1, &a, values, &e)
                         : record_update(conn, t, (kith_id)r + 1, &a, values, &changed, &e);
    EXPECT(st == KITH_OK || !new);
    arena_free(&a);
}

static void step(struct world *w) {
    int i = w->count ? (int)below((uint32_t)w->count) : 0;
    switch (below(6)) {
    case 0:
        if (w->count < WORLD_FIELDS) {
            snprintf(w->fields[w->count].name, 16, "n%d", w->names++);
            w->fields[w->count++].kind = below(4);
        }
        break;
    case 1:
        if (w->count) {
            was_named(&w->fields[i].was, w->fields[i].name);
            snprintf(w->fields[i].name, 16, "n%d", w->names++);
        }
        break;
    case 2:
        if (w->count)
            w->fields[i].retired = !w->fields[i].retired;
        break;
    case 3:
        was_named(&w->type_was, w->type);
        snprintf(w->type, 16, "t%d", w->names++);
        break;
    default: /* records are written under the names that hold now */
        break;
    }
}

TEST("random histories of names and retirements keep every value") {
    for (int round = 0; round < 40; round++) {
        struct world w = {.type = "t"};
        begin();
        for (int i = 0; i < 40; i++) {
            struct buf text = {0};
            if (below(3)) /* several changes may come at once, as from a folder in git */
                step(&w);
            step(&w);
            write_world(&w, &text);
            expect_built(text.ptr, NULL);
            buf_free(&text);
            if (w.records < WORLD_RECORDS && below(2))
                write_record(&w, true);
            else if (w.records && w.count)
                write_record(&w, false);
            compare_world(&w);
        }
        for (int i = 0; i < w.count; i++)
            buf_free(&w.fields[i].was);
        buf_free(&w.type_was);
        end();
    }
}
