/* SPDX-License-Identifier: Apache-2.0 */
/* The schema as modules grow: what is added, renamed, retired and refused, on data that is there.
 */
#include "base/id.h"
#include "record/record.h"
#include "test.h"

#include <unistd.h>

struct file {
    char dir[64], path[96];
    struct conn *conn;
    struct schema *schema;
    struct arena arena;
    kith_error e;
};

static void file_open(struct file *x) {
    memset(x, 0, sizeof *x);
    x->e.struct_size = sizeof x->e;
    strcpy(x->dir, "/tmp/kith-test-XXXXXX");
    EXPECT(mkdtemp(x->dir) != NULL);
    snprintf(x->path, sizeof x->path, "%s/kith.db", x->dir);
    EXPECT_OK(conn_open(&x->conn, x->path, CONN_WRITER, NULL, &x->e), x->e);
}

static void file_close(struct file *x) {
    char command[160];
    schema_free(x->schema);
    conn_close(x->conn);
    arena_free(&x->arena);
    snprintf(command, sizeof command, "rm -rf %s", x->dir);
    EXPECT_INT(0, system(command));
}

/* One module with one type; the core's types are there, too. */
static kith_status build_as(struct file *x, const struct schema_source *module,
                            const char *currency) {
    struct schema_source sources[] = {schema_core, *module};
    schema_free(x->schema);
    return schema_build(&x->schema, x->conn, sources, 2, currency, &x->e);
}
static kith_status build(struct file *x, const struct schema_source *module) {
    return build_as(x, module, "EUR");
}

#define MODULE(v, types_, ...)                                                                     \
    { .module = "shop", .version = (v), .types = KITH_ARRAY(types_), __VA_ARGS__ }

static const kith_field first_fields[] = {
    {.name = "code", .kind = KITH_F_TEXT, .flags = KITH_FF_INDEXED},
    {.name = "colour", .kind = KITH_F_TEXT},
    {.name = "teams", .kind = KITH_F_LINKS, .options = "team"},
    {.name = "price", .kind = KITH_F_MONEY},
};
static const kith_type first_types[] = {{.name = "item", .fields = KITH_ARRAY(first_fields)}};
static const struct schema_source first = MODULE(1, first_types);

static const kith_field order_fields[] = {
    {.name = "state", .kind = KITH_F_STATE, .options = "new>done|lost,done.>new"},
    {.name = "was", .kind = KITH_F_CHOICE, .options = "=order.state,other"},
};
static const kith_field visit_fields[] = {
    {.name = "to", .kind = KITH_F_CHOICE, .options = "=order.state"},
};
static const kith_field odd_fields[] = {
    {.name = "to", .kind = KITH_F_CHOICE, .options = "=order.was"},
};

TEST("a choice has the options of another field, as that has them") {
    static const kith_type types[] = {{.name = "visit", .fields = KITH_ARRAY(visit_fields)},
                                      {.name = "order", .fields = KITH_ARRAY(order_fields)}};
    static const kith_type odd[] = {{.name = "order", .fields = KITH_ARRAY(order_fields)},
                                    {.name = "visit", .fields = KITH_ARRAY(odd_fields)}};
    static const struct schema_source shop = MODULE(1, types), other = MODULE(1, odd);
    struct file x;
    file_open(&x);
    EXPECT_OK(build(&x, &shop), x.e);
    const struct rtype *t = schema_type(x.schema, STR("visit"));
    const struct rfield *to = type_field(x.schema, t, STR("to"));
    EXPECT_INT(3, to->option_count);
    EXPECT_STR("new", to->options[0]);
    EXPECT_STR("done", to->options[1]);
    EXPECT_STR("lost", to->options[2]);
    t = schema_type(x.schema, STR("order"));
    EXPECT_INT(4, type_field(x.schema, t, STR("was"))->option_count);
    EXPECT(build(&x, &other) != KITH_OK);
    EXPECT_HAS("its options are those of order.was, which is no field with options of its own",
               x.e.message);
    file_close(&x);
}

/* A row from texts: "field", "value", ..., NULL. */
static kith_id put(struct file *x, const char *type, const char *const *pairs) {
    static kith_id last = 1000;
    const struct rtype *t = schema_type(x->schema, str_of(type));
    EXPECT(t != NULL);
    kith_value *values = ARENA_ARRAY(&x->arena, kith_value, t->field_count);
    for (; *pairs; pairs += 2) {
        const struct rfield *f = type_field(x->schema, t, str_of(pairs[0]));
        EXPECT(f != NULL);
        values[f->index] = value_str(str_of(pairs[1]));
        EXPECT_OK(value_check(x->schema, f, false, &x->arena, &values[f->index], &x->e), x->e);
    }
    EXPECT_OK(record_insert(x->conn, t, ++last, &x->arena, values, &x->e), x->e);
    return last;
}
#define PUT(x, type, ...) put((x), (type), (const char *const[]){__VA_ARGS__, NULL})

static const char *get(struct file *x, const char *type, kith_id id, const char *field) {
    const struct rtype *t = schema_type(x->schema, str_of(type));
    EXPECT(t != NULL);
    const struct rfield *f = type_field(x->schema, t, str_of(field));
    EXPECT(f != NULL);
    kith_value *values = ARENA_ARRAY(&x->arena, kith_value, t->field_count);
    EXPECT_OK(record_read(x->conn, t, id, &x->arena, values, &x->e), x->e);
    kith_str text = value_text(x->schema, &values[f->index], &x->arena);
    return arena_strndup(&x->arena, text.ptr ? text.ptr : "", text.len);
}

static int64_t number(struct file *x, const char *sql) {
    int64_t n = 0;
    EXPECT_OK(conn_int(x->conn, sql, 0, &n, &x->e), x->e);
    return n;
}

static const struct rfield *field_of(struct file *x, const char *type, const char *name) {
    const struct rtype *t = schema_type(x->schema, str_of(type));
    EXPECT(t != NULL);
    return type_field(x->schema, t, str_of(name));
}

TEST("every type and field that code goes by is declared, and found under its name") {
    struct file x;
    file_open(&x);
    EXPECT_OK(build(&x, &first), x.e);
    const void *found[sizeof x.schema->base / sizeof(void *)];
    memcpy(found, &x.schema->base, sizeof found);
    for (size_t i = 0; i < sizeof found / sizeof *found; i++)
        if (!found[i])
            TEST_FAIL("the %zu. pointer of struct base_fields is NULL", i + 1);
    EXPECT_STR("contact_point", x.schema->base.contact_point.type->name);
    EXPECT_STR("media_type", x.schema->base.file.media_type->name);
    EXPECT_STR("saved_query", x.schema->base.saved_query.shared->type->name);
    file_close(&x);
}

TEST("a new field is added to a table that has rows, and numbers stay") {
    struct file x;
    static const kith_field fields[] = {
        {.name = "weight", .kind = KITH_F_INTEGER},
        {.name = "code", .kind = KITH_F_TEXT, .flags = KITH_FF_INDEXED},
        {.name = "colour", .kind = KITH_F_TEXT},
        {.name = "teams", .kind = KITH_F_LINKS, .options = "team"},
        {.name = "price", .kind = KITH_F_MONEY},
    };
    static const kith_type types[] = {{.name = "item", .fields = KITH_ARRAY(fields)}};
    const struct schema_source grown = MODULE(1, types);
    file_open(&x);
    EXPECT_OK(build(&x, &first), x.e);
    kith_id id = PUT(&x, "item", "code", "A1");
    uint32_t code = field_of(&x, "item", "code")->id;
    EXPECT_OK(build(&x, &grown), x.e);
    EXPECT_INT(code, field_of(&x, "item", "code")->id);
    EXPECT_STR("A1", get(&x, "item", id, "code"));
    EXPECT_STR("", get(&x, "item", id, "weight"));
    EXPECT_STR("7", get(&x, "item", PUT(&x, "item", "weight", "7"), "weight"));
    file_close(&x);
}

TEST("a renamed field keeps its data, its number and one index") {
    struct file x;
    static const kith_field fields[] = {
        {.name = "sku", .kind = KITH_F_TEXT, .flags = KITH_FF_INDEXED},
        {.name = "colour", .kind = KITH_F_TEXT},
        {.name = "groups", .kind = KITH_F_LINKS, .options = "team"},
        {.name = "price", .kind = KITH_F_MONEY},
    };
    static const kith_type types[] = {{.name = "item", .fields = KITH_ARRAY(fields)}};
    static const kith_migration moves[] = {
        {2, KITH_MIGRATE_RENAME_FIELD, "item", "code", "sku"},
        {2, KITH_MIGRATE_RENAME_FIELD, "item", "teams", "groups"},
    };
    const struct schema_source second = MODULE(2, types, .migrations = KITH_ARRAY(moves));
    char team[ID_TEXT + 1];
    file_open(&x);
    EXPECT_OK(build(&x, &first), x.e);
    id_format(PUT(&x, "team", "name", "north"), team);
    kith_id id = PUT(&x, "item", "code", "Ä1", "teams", team);
    uint32_t code = field_of(&x, "item", "code")->id;
    int64_t indexes = number(&x, "SELECT count(*) FROM sqlite_schema WHERE type = 'index'");
    EXPECT_OK(build(&x, &second), x.e);
    EXPECT_INT(code, field_of(&x, "item", "sku")->id);
    EXPECT(field_of(&x, "item", "code") == NULL);
    EXPECT_STR("Ä1", get(&x, "item", id, "sku"));
    EXPECT_STR(team, get(&x, "item", id, "groups"));
    EXPECT_INT(1, number(&x, "SELECT count(*) FROM item WHERE sku__fold = 'a1'"));
    EXPECT_INT(indexes, number(&x, "SELECT count(*) FROM sqlite_schema WHERE type = 'index'"));
    EXPECT_OK(build(&x, &second), x.e); /* once, not at every start */
    file_close(&x);
}

TEST("a renamed type keeps its rows, its links to many, and what links to it") {
    struct file x;
    static const kith_field others[] = {{.name = "item", .kind = KITH_F_LINK, .options = "item"},
                                        {.name = "more", .kind = KITH_F_LINKS, .options = "item"}},
                            later[] = {
                                {.name = "item", .kind = KITH_F_LINK, .options = "product"},
                                {.name = "more", .kind = KITH_F_LINKS, .options = "product"}};
    static const kith_type before[] = {{.name = "item", .fields = KITH_ARRAY(first_fields)},
                                       {.name = "sale", .fields = KITH_ARRAY(others)}},
                           after[] = {{.name = "product", .fields = KITH_ARRAY(first_fields)},
                                      {.name = "sale", .fields = KITH_ARRAY(later)}};
    static const kith_migration moves[] = {{2, KITH_MIGRATE_RENAME_TYPE, "item", NULL, "product"}};
    const struct schema_source one = MODULE(1, before),
                               two = MODULE(2, after, .migrations = KITH_ARRAY(moves));
    char team[ID_TEXT + 1], item[ID_TEXT + 1];
    file_open(&x);
    EXPECT_OK(build(&x, &one), x.e);
    id_format(PUT(&x, "team", "name", "north"), team);
    kith_id id = PUT(&x, "item", "code", "A1", "teams", team);
    id_format(id, item);
    kith_id sale = PUT(&x, "sale", "item", item, "more", item);
    uint32_t type = schema_type(x.schema, STR("item"))->id;
    int64_t indexes = number(&x, "SELECT count(*) FROM sqlite_schema WHERE type = 'index'");
    EXPECT_OK(build(&x, &two), x.e);
    EXPECT_INT(type, schema_type(x.schema, STR("product"))->id);
    EXPECT_STR("A1", get(&x, "product", id, "code"));
    EXPECT_STR(team, get(&x, "product", id, "teams"));
    EXPECT_STR(item, get(&x, "sale", sale, "item"));
    EXPECT_STR(item, get(&x, "sale", sale, "more"));
    EXPECT_INT(indexes, number(&x, "SELECT count(*) FROM sqlite_schema WHERE type = 'index'"));
    EXPECT_INT(0, number(&x, "SELECT count(*) FROM sqlite_schema WHERE name LIKE '%item.%' AND"
                             " name NOT LIKE '%sale%'"));
    file_close(&x);
}

TEST("a retired field leaves the schema, its data stays, and its name is free for another kind") {
    struct file x;
    static const kith_field fields[] = {{.name = "code", .kind = KITH_F_TEXT},
                                        {.name = "colour", .kind = KITH_F_INTEGER}};
    static const kith_type types[] = {{.name = "item", .fields = KITH_ARRAY(fields)}};
    static const kith_migration moves[] = {{2, KITH_MIGRATE_RETIRE_FIELD, "item", "colour", NULL}};
    const struct schema_source second = MODULE(2, types, .migrations = KITH_ARRAY(moves));
    file_open(&x);
    EXPECT_OK(build(&x, &first), x.e);
    kith_id id = PUT(&x, "item", "colour", "red");
    uint32_t old = field_of(&x, "item", "colour")->id;
    EXPECT_OK(build(&x, &second), x.e);
    EXPECT(field_of(&x, "item", "colour")->id != old);
    EXPECT_STR("", get(&x, "item", id, "colour"));
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM item WHERE colour__retired%u = 'red'", old);
    EXPECT_INT(1, number(&x, sql));
    file_close(&x);
}

TEST("a field of another kind, an older module and a type that is declared twice are refused") {
    struct file x;
    static const kith_field other[] = {{.name = "code", .kind = KITH_F_INTEGER}};
    static const kith_type changed[] = {{.name = "item", .fields = KITH_ARRAY(other)}},
                           twice[] = {{.name = "task", .fields = KITH_ARRAY(other)}};
    const struct schema_source kind = MODULE(1, changed), old = MODULE(0, first_types),
                               again = MODULE(1, twice);
    file_open(&x);
    EXPECT_OK(build(&x, &first), x.e);
    PUT(&x, "item", "code", "A1");
    EXPECT_INT(KITH_E_CONFLICT, build(&x, &kind));
    EXPECT_HAS("item.code", x.e.message);
    EXPECT_HAS("a new kind needs a new name", x.e.message);
    EXPECT_INT(KITH_E_CONFLICT, build(&x, &old));
    EXPECT_HAS("module shop is older", x.e.message);
    EXPECT_INT(KITH_E_CONFLICT, build(&x, &again));
    EXPECT_HAS("type task is declared twice", x.e.message);
    EXPECT_OK(build(&x, &first), x.e); /* nothing of the refused ones was kept */
    EXPECT_INT(1, number(&x, "SELECT count(*) FROM item WHERE code = 'A1'"));
    file_close(&x);
}

TEST("a field is added to another's type, and not to one that nobody declares") {
    struct file x;
    static const kith_field fields[] = {{.name = "shoe_size", .kind = KITH_F_INTEGER}};
    static const kith_type types[] = {{.name = "contact",
                                       .fields = KITH_ARRAY(fields),
                                       .extends = 1}},
                           nowhere[] = {
                               {.name = "contract", .fields = KITH_ARRAY(fields), .extends = 1}};
    const struct schema_source custom = {.module = "shoes", .types = KITH_ARRAY(types)},
                               lost = {.module = "shoes", .types = KITH_ARRAY(nowhere)};
    file_open(&x);
    EXPECT_OK(build(&x, &custom), x.e);
    EXPECT_STR("shoes", field_of(&x, "contact", "shoe_size")->module);
    kith_id id = PUT(&x, "contact", "name", "Ada", "shoe_size", "37");
    EXPECT_STR("37", get(&x, "contact", id, "shoe_size"));
    EXPECT_INT(KITH_E_NOTFOUND, build(&x, &lost));
    EXPECT_HAS("contract", x.e.message);
    file_close(&x);
}

TEST("names and flags that cannot be are refused with the module and the field") {
    static const kith_field bad[][1] = {
        {{.name = "Code", .kind = KITH_F_TEXT}},
        {{.name = "a__b", .kind = KITH_F_TEXT}},
        {{.name = "id", .kind = KITH_F_TEXT}},
        {{.name = "x\" TEXT); --", .kind = KITH_F_TEXT}},
        {{.name = NULL, .kind = KITH_F_TEXT}},
        {{.name = "created", .kind = KITH_F_TIME}},
        {{.name = "new", .kind = 999}},
        {{.name = "pick", .kind = KITH_F_CHOICE}},
        {{.name = "rate", .kind = KITH_F_DECIMAL, .options = "12"}},
        {{.name = "to", .kind = KITH_F_LINK, .options = "nothing"}},
        {{.name = "part", .kind = KITH_F_TEXT, .flags = KITH_FF_PARTOF}},
        {{.name = "whom", .kind = KITH_F_TEXT, .flags = KITH_FF_SUBJECT}},
        {{.name = "by", .kind = KITH_F_TEXT, .flags = KITH_FF_ASSIGNEE}},
        {{.name = "by", .kind = KITH_F_LINK, .options = "team", .flags = KITH_FF_ASSIGNEE}},
        {{.name = "many", .kind = KITH_F_LINKS, .options = "team", .flags = KITH_FF_UNIQUE}},
    };
    struct file x;
    file_open(&x);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const kith_type types[] = {{.name = "item", .fields = KITH_ARRAY(bad[i])}};
        const struct schema_source module = MODULE(1, types);
        if (build(&x, &module) == KITH_OK)
            TEST_FAIL("field %zu was accepted", i);
        EXPECT(x.schema == NULL);
        EXPECT_HAS("shop", x.e.message);
    }
    EXPECT_INT(0, number(&x, "SELECT count(*) FROM sqlite_schema"));
    file_close(&x);
}

TEST("a type has one assignee, and none when its records are parts") {
#define SEES_TO(name_)                                                                             \
    { .name = (name_), .kind = KITH_F_LINK, .options = "user", .flags = KITH_FF_ASSIGNEE }
    static const kith_field two[] = {SEES_TO("agent"), SEES_TO("nurse")},
                            part[] = {SEES_TO("agent"),
                                      {.name = "of",
                                       .kind = KITH_F_LINK,
                                       .options = "contact",
                                       .flags = KITH_FF_PARTOF}};
    static const struct {
        kith_type type[1];
        const char *told;
    } bad[] = {{{{.name = "item", .fields = KITH_ARRAY(two)}}, "item.agent says already who"},
               {{{.name = "item", .fields = KITH_ARRAY(part)}}, "part of what of links to"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct file x;
        file_open(&x);
        const struct schema_source module = MODULE(1, bad[i].type);
        EXPECT_INT(KITH_E_INVAL, build(&x, &module));
        EXPECT_HAS("shop", x.e.message);
        EXPECT_HAS(bad[i].told, x.e.message);
        file_close(&x);
    }
}

TEST("a field that becomes indexed or unique holds for the rows that are there") {
    struct file x;
    static const kith_field fields[] = {
        {.name = "code", .kind = KITH_F_TEXT},
        {.name = "colour", .kind = KITH_F_TEXT, .flags = KITH_FF_UNIQUE}};
    static const kith_type types[] = {{.name = "item", .fields = KITH_ARRAY(fields)}};
    const struct schema_source second = MODULE(1, types);
    const struct rtype *t;
    kith_id owner;
    file_open(&x);
    EXPECT_OK(build(&x, &first), x.e);
    kith_id id = PUT(&x, "item", "colour", "Rosé", "code", "A");
    EXPECT_OK(build(&x, &second), x.e);
    t = schema_type(x.schema, STR("item"));
    kith_value wanted = value_str(STR("ROSE"));
    EXPECT_OK(record_unique_owner(x.conn, type_field(x.schema, t, STR("colour")), &wanted, &x.arena,
                                  &owner, &x.e),
              x.e);
    EXPECT_INT(id, owner);
    EXPECT_INT(0, number(&x, "SELECT count(*) FROM sqlite_schema WHERE name = 'i.item.code'"));
    EXPECT_INT(1, number(&x, "SELECT count(*) FROM sqlite_schema WHERE name = 'i.item.colour' AND"
                             " sql LIKE '%UNIQUE%'"));
    EXPECT_OK(build(&x, &first), x.e); /* no longer unique: two of a colour again */
    char one[ID_TEXT + 1], two[ID_TEXT + 1], pair[64];
    id_format(id, one);
    id_format(PUT(&x, "item", "colour", "rose"), two);
    EXPECT_INT(KITH_E_CONFLICT, build(&x, &second));
    EXPECT_HAS("item.colour is unique from now on", x.e.message);
    snprintf(pair, sizeof pair, "as %s and %s", one, two);
    EXPECT_HAS(pair, x.e.message);
    file_close(&x);
}

TEST("folded text written while a field was not folded is folded again") {
    struct file x;
    static const kith_field plain[] = {{.name = "code", .kind = KITH_F_TEXT}};
    static const kith_type types[] = {{.name = "item", .fields = KITH_ARRAY(plain)}};
    const struct schema_source without = MODULE(1, types);
    file_open(&x);
    EXPECT_OK(build(&x, &first), x.e);
    PUT(&x, "item", "code", "Old");
    EXPECT_OK(build(&x, &without), x.e);
    PUT(&x, "item", "code", "Néw");
    EXPECT_OK(build(&x, &first), x.e);
    EXPECT_INT(2, number(&x, "SELECT count(*) FROM item WHERE code__fold IN ('old', 'new')"));
    file_close(&x);
}

TEST("amounts follow the company's currency when that is changed") {
    struct file x;
    file_open(&x);
    EXPECT_OK(build(&x, &first), x.e);
    PUT(&x, "item", "price", "5 EUR");
    PUT(&x, "item", "price", "7 USD");
    EXPECT_INT(500, number(&x, "SELECT sum(price__base) FROM item"));
    EXPECT_OK(build_as(&x, &first, "USD"), x.e);
    EXPECT_INT(700, number(&x, "SELECT sum(price__base) FROM item"));
    file_close(&x);
}

TEST("a foreign, a broken and a truncated file are each refused with one sentence") {
    struct file x;
    struct conn *c;
    char command[256];
    file_open(&x);
    EXPECT_OK(build(&x, &first), x.e);
    for (int i = 0; i < 100; i++)
        PUT(&x, "item", "code", "A1");
    conn_close(x.conn);
    schema_free(x.schema);
    x.schema = NULL;
    x.conn = NULL;
    snprintf(command, sizeof command, "cd %s && head -c 6000 kith.db > short.db", x.dir);
    EXPECT_INT(0, system(command));
    snprintf(command, sizeof command, "cd %s && echo 'SQLite is not what this is' > text.db",
             x.dir);
    EXPECT_INT(0, system(command));
    static const struct {
        const char *name, *says;
    } files[] = {{"short.db", "damaged"},
                 {"text.db", "is not a Kith database"},
                 {"none/kith.db", "does its folder exist"}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s/%s", x.dir, files[i].name);
        kith_status st = conn_open(&c, path, CONN_WRITER, NULL, &x.e);
        if (st == KITH_OK) {
            struct schema_source core = schema_core;
            st = schema_build(&x.schema, c, &core, 1, "EUR", &x.e);
            conn_close(c);
        }
        EXPECT(st != KITH_OK);
        EXPECT_HAS(files[i].says, x.e.message);
        EXPECT(strchr(x.e.message, '\n') == NULL);
    }
    /* Another program's database. */
    sqlite3 *db;
    char path[160];
    snprintf(path, sizeof path, "%s/other.db", x.dir);
    EXPECT_INT(SQLITE_OK, sqlite3_open(path, &db));
    EXPECT_INT(SQLITE_OK, sqlite3_exec(db, "CREATE TABLE t(a)", NULL, NULL, NULL));
    sqlite3_close(db);
    EXPECT_INT(KITH_E_CORRUPT, conn_open(&c, path, CONN_WRITER, NULL, &x.e));
    EXPECT_HAS("of another program", x.e.message);
    file_close(&x);
}

/* -- ends and dated links ---------------------------------------------------------------------- */

static const kith_field ended_fields[] = {
    {.name = "state",
     .kind = KITH_F_STATE,
     .options = "new>working|gone,working>done.|new,done.>working,gone"},
    {.name = "at", .kind = KITH_F_TIME},
    {.name = "buyer", .kind = KITH_F_LINK, .options = "contact"},
    {.name = "seller", .kind = KITH_F_LINK, .options = "contact"},
};
static const char *const ended_indexes[] = {"buyer,at", "seller,-at"};
static const kith_type ended_types[] = {
    {.name = "sale", .fields = KITH_ARRAY(ended_fields), .indexes = KITH_ARRAY(ended_indexes)}};

static int64_t indexes_named(struct file *x, const char *name) {
    int64_t n;
    const char *sql = arena_printf(
        &x->arena, "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name = '%s'", name);
    EXPECT_OK(conn_int(x->conn, sql, -1, &n, &x->e), x->e);
    return n;
}

TEST("an end of a state has a dot or no arrow, and its name has none") {
    struct schema_source source = MODULE(1, ended_types);
    struct file x;
    file_open(&x);
    EXPECT_OK(build(&x, &source), x.e);
    const struct rtype *sale = schema_type(x.schema, STR("sale"));
    const struct rfield *state = type_field(x.schema, sale, STR("state"));
    static const char *const names[] = {"new", "working", "gone", "done"};
    EXPECT_INT(4, state->option_count);
    for (uint32_t i = 0; i < 4; i++) {
        EXPECT_STR(names[i], state->options[i]);
        EXPECT_INT(i >= 2, state->closed >> i & 1u);
    }
    EXPECT_INT(1 << 1, state->arrows[3]);
    const struct rtype *contact = schema_type(x.schema, STR("contact"));
    EXPECT_INT(0, type_field(x.schema, contact, STR("lifecycle"))->closed);
    file_close(&x);
}

TEST("a link with an index over it and its time needs none of its own, any other does") {
    struct schema_source source = MODULE(1, ended_types);
    struct file x;
    file_open(&x);
    EXPECT_OK(build(&x, &source), x.e);
    EXPECT_INT(1, indexes_named(&x, "i.sale.buyer,at"));
    EXPECT_INT(0, indexes_named(&x, "i.sale.buyer"));
    EXPECT_INT(1, indexes_named(&x, "i.sale.seller"));
    file_close(&x);
}
