/* SPDX-License-Identifier: Apache-2.0 */
/* Random types with fields of most kinds, and random rows of them. */
#ifndef TESTS_UNIT_QUERY_RANDOM_H
#define TESTS_UNIT_QUERY_RANDOM_H

#include "base/date.h"
#include "random.h"
#include "record/member.h"
#include "record/query.h"
#include "test.h"

#define FIELDS  10u
#define SHAPED  7u /* of these, at most, stand before the random ones */
#define ROWS    30u
#define NOWHERE 999999u /* the id of no record */

static uint64_t seed;

static uint32_t below(uint32_t n) {
    return (uint32_t)(random_next(&seed) >> 33) % n;
}
static bool chance(uint32_t percent) {
    return below(100) < percent;
}

/* -- random types and rows --------------------------------------------------------------------- */

static struct arena arena;
static struct conn *conn;
static struct schema *schema;
static const struct principal everyone = {.name = "test", .all = true};
static struct query_env env = {.principal = &everyone};
static int64_t today; /* at env.now, in the company's zone */

enum {
    ALPHA,
    BETA,
    GAMMA,
    USER,
    TEAM,
    TERRITORY,
    ACCOUNT,
    SHARE,
    SEGMENT,
    CONTACT,
    POINT,
    PURPOSE,
    CONSENT,
    TYPES
};
/* The fields that rights and consents go by stand before the random ones. */
static const struct {
    const char *name;
    kith_field fields[SHAPED];
} shapes[TYPES] = {
    [ALPHA] = {.name = "alpha"},
    [BETA] = {.name = "beta"},
    [GAMMA] = {.name = "gamma"},
    [USER] = {"user",
              {{.name = "teams", .kind = KITH_F_LINKS, .options = "team"},
               {.name = "territories", .kind = KITH_F_LINKS, .options = "territory"}}},
    [TEAM] = {"team", {{.name = "parent", .kind = KITH_F_LINK, .options = "team"}}},
    [TERRITORY] = {"territory",
                   {{.name = "parent", .kind = KITH_F_LINK, .options = "territory"},
                    {.name = "manager", .kind = KITH_F_LINK, .options = "user"}}},
    [ACCOUNT] = {"account", {{.name = "territory", .kind = KITH_F_LINK, .options = "territory"}}},
    [SHARE] = {"share",
               {{.name = "record", .kind = KITH_F_LINK, .options = "*", .flags = KITH_FF_PARTOF},
                {.name = "team", .kind = KITH_F_LINK, .options = "team"}}},
    [SEGMENT] = {.name = "segment"},
    [CONTACT] = {"contact", {{.name = "restricted", .kind = KITH_F_TIME}}},
    [POINT] = {"contact_point", {{.name = "contact", .kind = KITH_F_LINK, .options = "contact"}}},
    [PURPOSE] = {"purpose", {{.name = "name", .kind = KITH_F_TEXT, .flags = KITH_FF_INDEXED}}},
    [CONSENT] = {"consent",
                 {{.name = "contact", .kind = KITH_F_LINK, .options = "contact"},
                  {.name = "contact_points", .kind = KITH_F_LINKS, .options = "contact_point"},
                  {.name = "address", .kind = KITH_F_TEXT},
                  {.name = "purpose", .kind = KITH_F_LINK, .options = "purpose"},
                  {.name = "state", .kind = KITH_F_CHOICE, .options = "given,withdrawn"},
                  {.name = "expires", .kind = KITH_F_TIME},
                  {.name = "replaced_by", .kind = KITH_F_LINK, .options = "consent"}}},
};
static struct table {
    const struct rtype *type;
    kith_id ids[ROWS];
    kith_value *values[ROWS];
} tables[TYPES];

static kith_field random_field(uint32_t i) {
    static const struct {
        uint32_t kind;
        const char *options[4];
    } kinds[] = {
        {KITH_F_TEXT, {NULL}},
        {KITH_F_TEXT, {NULL}},
        {KITH_F_LONGTEXT, {NULL}},
        {KITH_F_INTEGER, {NULL}},
        {KITH_F_DECIMAL, {"0", "1", "2", "9"}},
        {KITH_F_MONEY, {NULL, "EUR", "EUR,USD", "JPY"}},
        {KITH_F_BOOLEAN, {NULL}},
        {KITH_F_DATE, {NULL}},
        {KITH_F_TIME, {NULL}},
        {KITH_F_DURATION, {NULL}},
        {KITH_F_CHOICE, {"red,green,blue", "low,high", "a", "x,y"}},
        {KITH_F_LINK, {"alpha", "beta", "gamma", "*"}},
        {KITH_F_LINK, {"alpha", "account", "territory", "user"}},
        {KITH_F_LINKS, {"alpha", "beta", "gamma", "user"}},
        {KITH_F_TAGS, {NULL}},
        {KITH_F_PLACE, {NULL}},
    };
    static const uint32_t flags[] = {0, KITH_FF_INDEXED, KITH_FF_SEARCHED};
    uint32_t k = below(sizeof kinds / sizeof *kinds), flag = flags[below(3)];
    return (kith_field){.name = arena_printf(&arena, "f%u", i),
                        .kind = kinds[k].kind,
                        .measure =
                            kinds[k].kind == KITH_F_CHOICE && chance(50) ? KITH_M_ORDINAL : 0,
                        .options = kinds[k].options[below(4)],
                        .flags = kinds[k].kind == KITH_F_LINKS   ? 0
                                 : kinds[k].kind == KITH_F_PLACE ? flag & KITH_FF_INDEXED
                                                                 : flag};
}

static kith_type random_type(uint32_t t) {
    kith_field *fields = ARENA_ARRAY(&arena, kith_field, FIELDS);
    uint32_t fixed = 0;
    for (uint32_t i = 0; i < FIELDS; i++) {
        bool shaped = fixed < SHAPED && shapes[t].fields[fixed].name;
        fields[i] = shaped ? shapes[t].fields[fixed++] : random_field(i);
    }
    return (kith_type){.name = shapes[t].name,
                       .fields = {fields, (uint32_t)sizeof *fields, FIELDS}};
}

static kith_status find_segment(void *arg, const struct principal *p, kith_str name,
                                struct segment_found *out, kith_error *e);
static const struct segment_names segment_names = {find_segment, NULL};

static void random_schema(void) {
    kith_error e = KITH_ERROR_INIT;
    static kith_type types[TYPES];
    for (uint32_t t = 0; t < TYPES; t++)
        types[t] = random_type(t);
    const struct schema_source source = {
        .module = "core", .version = 1, .types = KITH_ARRAY(types)};
    EXPECT_OK(schema_build(&schema, conn, &source, 1, "EUR", &e), e);
    schema->zone = env.zone;
    schema->segments = &segment_names;
    for (uint32_t t = 0; t < TYPES; t++)
        tables[t].type = schema_type(schema, str_of(shapes[t].name));
}

static struct table *table_of(const struct rtype *type) {
    for (uint32_t t = 0; t < TYPES; t++)
        if (tables[t].type == type)
            return &tables[t];
    return NULL;
}

static int row_of(const struct table *t, kith_id id) {
    for (uint32_t i = 0; i < ROWS; i++)
        if (t->ids[i] == id)
            return (int)i;
    return -1;
}

static const char *const purposes[] = {"news", "offers"};
/* clang-format off */
static const char *const words[] = {
    "a", "A", "ä", "Ä", "b", "a b", "A  B", "ab", "Straße", "STRASSE", "😀", "😀a", "zebra", "50%", "a_b",
    "O'Hara", "\"q\"", "  a ", "Łódź", "lodz", "東京", "東", "e\xCC\x81t\xC3\xA9", "ete", "a\nb", "Z",
    "\xC2\xA0x", "z"};
/* clang-format on */
static const char *const labels[] = {"vip", "VIP", "été", "x y", "it's"};
#define ANY(list) ((list)[below(sizeof(list) / sizeof *(list))])

static kith_value random_link(const struct rfield *f) {
    const struct table *t = f->any_target ? &tables[below(TYPES)] : table_of(f->target);
    return value_link(chance(6) ? NOWHERE : t->ids[below(ROWS)], t->type->id);
}

/* Mostly few, so that values meet; now and then years. */
static int64_t random_days(uint32_t few) {
    uint32_t most = chance(25) ? 800 : few;
    return (int64_t)below(2 * most + 1) - most;
}

/* Anywhere, but often at a pole, on the date line, or near others. No two lie opposite of each
 * other, where a distance has few digits, but the poles. */
static kith_value random_place(void) {
    static const double lats[] = {90, -90, 89.9, -89.95, 0, 48.2, 48.21, -17, 85},
                        lons[] = {180, -180, 179.9, -179.95, 0.5, 16.4, 16.3738};
    kith_value v = {.kind = KITH_PLACE};
    v.as.place.lat = chance(80) ? ANY(lats) : (double)below(1800000) / 1e4 - 90;
    v.as.place.lon = chance(80) ? ANY(lons) : (double)below(3600000) / 1e4 - 180;
    return v;
}

/* A value as a person might enter it; value_check makes it what is stored. */
static kith_value raw_value(const struct rfield *f) {
    static const int64_t ints[] = {-2, -1, 0, 1, 2, 3, 9007199254740991, -9007199254740991};
    static const char *const currencies[] = {"EUR", "USD", "JPY"};
    kith_value v = value_null(), *items;
    uint32_t n = below(4);
    switch (f->kind) {
    case KITH_F_INTEGER:
        return value_int(ANY(ints));
    case KITH_F_DECIMAL:
        v.kind = KITH_DECIMAL;
        v.as.decimal.units = (int64_t)below(41) - 20;
        v.as.decimal.scale = f->scale;
        return v;
    case KITH_F_MONEY:
        v.kind = KITH_MONEY;
        v.as.money.minor = (int64_t)below(7) * 50 - 100;
        snprintf(v.as.money.currency, 4, "%s",
                 f->option_count ? f->options[below(f->option_count)] : ANY(currencies));
        return v;
    case KITH_F_BOOLEAN:
        return (kith_value){.kind = KITH_BOOL, .as.i = below(2)};
    case KITH_F_DATE:
        return (kith_value){.kind = KITH_DATE, .as.i = today + random_days(3)};
    case KITH_F_TIME:
        return value_time(env.now + random_days(2) * DAY_MS +
                          ((int64_t)below(49) - 24) * 30 * 60 * 1000 - chance(10));
    case KITH_F_DURATION:
        return (kith_value){.kind = KITH_DURATION, .as.i = ((int64_t)below(9) - 4) * 1800000};
    case KITH_F_PLACE:
        return random_place();
    case KITH_F_CHOICE:
        return value_str(str_of(f->options[below(f->option_count)]));
    case KITH_F_LINK:
        return random_link(f);
    case KITH_F_LINKS:
    case KITH_F_TAGS:
        items = ARENA_ARRAY(&arena, kith_value, 4);
        for (uint32_t i = 0; i < n; i++)
            items[i] = f->kind == KITH_F_LINKS ? random_link(f) : value_str(str_of(ANY(labels)));
        return (kith_value){.kind = KITH_LIST, .as.list = {items, n}};
    default:
        return value_str(str_of(strcmp(f->type->name, "purpose") == 0 && chance(90) ? ANY(purposes)
                                                                                    : ANY(words)));
    }
}

/* What an amount is worth in the company's currency: a dollar two euros, a yen nobody knows. */
static kith_value naive_base(const kith_value *v) {
    bool euro = strcmp(v->as.money.currency, "EUR") == 0;
    bool dollar = strcmp(v->as.money.currency, "USD") == 0;
    return euro || dollar ? value_int(v->as.money.minor * (euro ? 1 : 2)) : value_null();
}

static void set_bases(const struct rtype *t) {
    kith_error e = KITH_ERROR_INIT;
    for (uint32_t i = 0; i < t->field_count; i++) {
        const char *f = t->fields[i]->name;
        if (t->fields[i]->kind == KITH_F_MONEY)
            EXPECT_OK(conn_exec(conn,
                                arena_printf(&arena,
                                             "UPDATE \"%s\" SET \"%s__base\" = 2 * \"%s\" WHERE"
                                             " \"%s__cur\" = 'USD'",
                                             t->name, f, f, f),
                                &e),
                      e);
    }
}

static kith_value random_value(const struct rfield *f) {
    kith_error e = KITH_ERROR_INIT;
    kith_value v = raw_value(f);
    EXPECT_OK(value_check(schema, f, false, &arena, &v, &e), e);
    return v;
}

/* So that consents are there that count. */
static uint32_t emptiness(const struct rfield *f) {
    bool rare = strcmp(f->name, "restricted") == 0 || strcmp(f->name, "replaced_by") == 0;
    return f->index <= FIELD_UPDATED                                            ? 0
           : rare                                                               ? 85
           : strcmp(f->name, "address") == 0 || strcmp(f->name, "expires") == 0 ? 50
                                                                                : 30;
}

static void random_rows(void) {
    kith_error e = KITH_ERROR_INIT;
    kith_id id = 1;
    EXPECT_OK(conn_exec(conn, "BEGIN", &e), e);
    for (uint32_t n = 0; n < TYPES * ROWS; n++)
        tables[n % TYPES].ids[n / TYPES] = id += 1 + below(3);
    for (uint32_t n = 0; n < TYPES * ROWS; n++) {
        struct table *t = &tables[n % TYPES];
        kith_value *v = t->values[n / TYPES] =
            ARENA_ARRAY(&arena, kith_value, t->type->field_count);
        for (uint32_t i = 0; i < t->type->field_count; i++)
            v[i] = chance(emptiness(t->type->fields[i])) ? value_null()
                                                         : random_value(t->type->fields[i]);
        EXPECT_OK(record_insert(conn, t->type, t->ids[n / TYPES], &arena, v, &e), e);
    }
    for (uint32_t t = 0; t < TYPES; t++)
        set_bases(tables[t].type);
    EXPECT_OK(conn_exec(conn, "COMMIT", &e), e);
}
/* -- segments ---------------------------------------------------------------------------------- */

/* Every record of the type segment is one, "s7", of the records of some type. */
static bool members[ROWS][ROWS];

static const struct table *members_of(uint32_t segment) {
    return &tables[segment % TYPES];
}

static kith_status find_segment(void *arg, const struct principal *p, kith_str name,
                                struct segment_found *out, kith_error *e) {
    (void)p;
    uint32_t segment = (uint32_t)strtoul(arena_strdup(&arena, name.ptr) + 1, NULL, 10);
    (void)arg;
    (void)e;
    EXPECT(name.ptr[0] == 's' && segment < ROWS);
    *out = (struct segment_found){tables[SEGMENT].ids[segment], members_of(segment)->type,
                                  segment % 2 ? 1 : 1000000};
    return KITH_OK;
}

static void random_members(void) {
    kith_error e = KITH_ERROR_INIT;
    bool changed;
    EXPECT_OK(member_setup(conn, &e), e);
    for (uint32_t s = 0; s < ROWS; s++)
        for (uint32_t i = 0; i < ROWS; i++) {
            members[s][i] = chance(40);
            if (members[s][i])
                EXPECT_OK(member_add(conn, tables[SEGMENT].ids[s], members_of(s)->ids[i], 0,
                                     chance(20), &changed, &e),
                          e);
        }
}
#endif
