/* SPDX-License-Identifier: Apache-2.0 */
/* Number series: given without a gap, kept for ever, counted on by numbers that come from
 * elsewhere.
 */
#include "base/zone.h"
#include "engine/bus.h"
#include "engine_fixture.h"

#define NEW_YEAR 1704063600000 /* 2024-01-01T00:00 in Berlin, 2023-12-31T23:00:00Z */

static const kith_field invoice_fields[] = {
    {.name = "name", .kind = KITH_F_TEXT, .flags = KITH_FF_REQUIRED},
    {.name = "number",
     .kind = KITH_F_SERIES,
     .flags = KITH_FF_SEARCHED,
     .options = "INV-{year}-0000"},
    {.name = "code", .kind = KITH_F_TEXT, .flags = KITH_FF_UNIQUE},
    {.name = "state", .kind = KITH_F_STATE, .options = "open>paid"},
};
static const kith_type types[] = {{.name = "invoice", .fields = KITH_ARRAY(invoice_fields)}};
static const struct schema_source sources[] = {
    {.module = "shop", .version = 1, .types = KITH_ARRAY(types)}};

static const struct rtype *open_shop(struct fixture *x) {
    fixture_open_with(x, sources, 1);
    fixture_start(x);
    return type_named(x, "invoice");
}

static const char *number_of_new(struct fixture *x, const struct rtype *t, const char *name) {
    const char *pair = arena_printf(&x->arena, "name=%s", name);
    return field(x, t, create(x, t, PAIRS(pair)), "number");
}

static void refused(struct fixture *x, const struct rtype *t, const char *const *pairs,
                    kith_status st) {
    kith_id id = 0;
    EXPECT_INT(st, try_job(x, ROW_CREATE, t, &id, pairs, NULL));
    err_clear(&x->e);
}

TEST("each new record has the next number, and no refused one takes it") {
    struct fixture x;
    const struct rtype *t = open_shop(&x);
    EXPECT_STR("INV-2023-0001", number_of_new(&x, t, "a"));
    refused(&x, t, PAIRS("code=c"), KITH_E_INVAL); /* no name */
    create(&x, t, PAIRS("name=b", "code=c"));
    refused(&x, t, PAIRS("name=d", "code=C"), KITH_E_CONFLICT);
    refused(&x, t, PAIRS("name=d", "state=paid"), KITH_E_INVAL);
    EXPECT_STR("INV-2023-0003", number_of_new(&x, t, "d"));
    EXPECT_INT(1, count(&x, "invoice where number = 'INV-2023-0002'", NULL));
    EXPECT_INT(3, count(&x, "invoice where number like 'INV-2023-%' order by number", NULL));
    expect_sound(&x);
    fixture_close(&x);
}

/* A whole transaction that goes on although some of its records were refused, and some taken back.
 */
static kith_status refuse_part(struct txn *t, void *arg, kith_error *e) {
    struct job good = {ROW_CREATE, arg, 0, PAIRS("name=taken back")};
    TRY(do_job(t, &good, e));
    return err_set(e, KITH_E_REFUSED, NULL, "taken back");
}

static kith_status pass_over(struct txn *t, void *arg, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    struct job taken = {ROW_CREATE, arg, 0, PAIRS("name=x", "code=c")};
    struct job bare = {ROW_CREATE, arg, 0, PAIRS("code=d")};
    struct job last = {ROW_CREATE, arg, 0, PAIRS("name=last")};
    EXPECT_INT(KITH_E_CONFLICT, do_job(t, &taken, &why));
    EXPECT_INT(KITH_E_INVAL, do_job(t, &bare, &why));
    EXPECT_INT(KITH_E_REFUSED, txn_try(t, refuse_part, arg, &why));
    return do_job(t, &last, e);
}

TEST("within one transaction, too, only what is kept is numbered") {
    struct fixture x;
    const struct rtype *t = open_shop(&x);
    create(&x, t, PAIRS("name=first", "code=c"));
    EXPECT_OK(engine_write(x.g, &by_tester, pass_over, (void *)(uintptr_t)t, NULL, &x.e), x.e);
    EXPECT_INT(1, count(&x, "invoice where name = 'last' and number = 'INV-2023-0002'", NULL));
    expect_sound(&x);
    fixture_close(&x);
}

static kith_status create_one(struct txn *t, void *arg, kith_error *e) {
    struct job good = {ROW_CREATE, arg, 0, PAIRS("name=rehearsed")};
    TRY(do_job(t, &good, e));
    return KITH_OK;
}

TEST("a rehearsal uses none, nor does a write that the disk lost") {
    struct fixture x;
    const struct rtype *t = open_shop(&x);
    struct rehearsal r = {0};
    int left = 1;
    EXPECT_OK(
        engine_rehearse(x.g, &by_tester, create_one, (void *)(uintptr_t)t, &x.arena, &r, &x.e),
        x.e);
    lose_commit(&x, &left);
    kith_id id = 0;
    EXPECT(try_job(&x, ROW_CREATE, t, &id, PAIRS("name=lost"), NULL) != KITH_OK);
    err_clear(&x.e);
    EXPECT_STR("INV-2023-0001", number_of_new(&x, t, "a"));
    fixture_close(&x);
}

TEST("with the year of the company's zone the counter begins anew") {
    struct fixture x;
    struct zone *berlin;
    EXPECT_OK(zone_open(&berlin, "Europe/Berlin", &x.e), x.e);
    fixture_open_with(&x, sources, 1);
    engine_close(x.g);
    struct engine_options o = fixture_options(&x);
    o.zone = berlin;
    fixture_open_as(&x, &o);
    fixture_start(&x);
    const struct rtype *t = type_named(&x, "invoice");
    clock_set(&x.clock, NEW_YEAR - 1);
    EXPECT_STR("INV-2023-0001", number_of_new(&x, t, "a"));
    EXPECT_STR("INV-2023-0002", number_of_new(&x, t, "b"));
    clock_set(&x.clock, NEW_YEAR);
    EXPECT_STR("INV-2024-0001", number_of_new(&x, t, "c"));
    fixture_close(&x);
    zone_close(berlin);
}

TEST("a number that was given is kept, in its one form, and the counter goes on behind it") {
    struct fixture x;
    const struct rtype *t = open_shop(&x);
    kith_id id = create(&x, t, PAIRS("name=old", "number= inv-2023-0041 "));
    EXPECT_STR("inv-2023-0041", field(&x, t, id, "number"));
    EXPECT_STR("INV-2023-0042", number_of_new(&x, t, "next"));
    create(&x, t, PAIRS("name=lower", "number=INV-2023-0007"));
    create(&x, t, PAIRS("name=strange", "number=R 77"));
    create(&x, t, PAIRS("name=long zeros", "number=INV-2023-00099"));
    create(&x, t, PAIRS("name=another year", "number=INV-2031-0500"));
    EXPECT_STR("INV-2023-0043", number_of_new(&x, t, "behind those"));
    refused(&x, t, PAIRS("name=twice", "number=INV-2023-0041"), KITH_E_CONFLICT);
    create(&x, t, PAIRS("name=large", "number=INV-2023-9999"));
    EXPECT_STR("INV-2023-10000", number_of_new(&x, t, "five digits"));
    fixture_close(&x);
}

TEST("a number never changes, and is not given again") {
    struct fixture x;
    const struct rtype *t = open_shop(&x);
    struct undo_report r;
    kith_id tx = 0, id = 0;
    EXPECT_OK(try_job(&x, ROW_CREATE, t, &id, PAIRS("name=a"), &tx), x.e);
    EXPECT_INT(KITH_E_DENIED, try_job(&x, ROW_UPDATE, t, &id, PAIRS("number=INV-1"), NULL));
    EXPECT_STR("number: the invoice got the number 'INV-2023-0001' when it was created, and keeps"
               " it",
               x.e.message);
    EXPECT_INT(KITH_E_DENIED, try_job(&x, ROW_UPDATE, t, &id, PAIRS("number="), NULL));
    err_clear(&x.e);
    update(&x, t, id, PAIRS("name=b", "number=INV-2023-0001"));
    EXPECT_STR("b", field(&x, t, id, "name"));
    delete_(&x, t, create(&x, t, PAIRS("name=gone")));
    EXPECT_OK(engine_undo(x.g, &tester, tx, false, &x.arena, &r, &x.e), x.e);
    EXPECT_STR("INV-2023-0003", number_of_new(&x, t, "c"));
    fixture_close(&x);
}

TEST("what was deleted comes back with its number") {
    struct fixture x;
    const struct rtype *t = open_shop(&x);
    struct undo_report r;
    kith_id id = create(&x, t, PAIRS("name=a"));
    kith_id gone = delete_(&x, t, id);
    create(&x, t, PAIRS("name=b"));
    EXPECT_OK(engine_undo(x.g, &tester, gone, false, &x.arena, &r, &x.e), x.e);
    EXPECT_STR("INV-2023-0001", field(&x, t, id, "number"));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("another pattern goes on behind the numbers that fit it") {
    struct fixture x;
    const struct rtype *t = open_shop(&x);
    create(&x, t, PAIRS("name=a", "number=R-012"));
    engine_close(x.g);
    kith_field fields[4];
    memcpy(fields, invoice_fields, sizeof fields);
    fields[1].options = "R-000";
    const kith_type changed[] = {{.name = "invoice", .fields = KITH_ARRAY(fields)}};
    const struct schema_source other[] = {
        {.module = "shop", .version = 1, .types = KITH_ARRAY(changed)}};
    x.sources = other;
    fixture_reopen(&x);
    fixture_start(&x);
    t = type_named(&x, "invoice");
    EXPECT_STR("R-013", number_of_new(&x, t, "b"));
    fixture_close(&x);
}

static const char *fault(const kith_field *f) {
    struct fixture x;
    const kith_type bad[] = {{.name = "invoice", .fields = {f, sizeof *f, 1}}};
    const struct schema_source source[] = {
        {.module = "shop", .version = 1, .types = KITH_ARRAY(bad)}};
    static char message[448];
    fixture_open_with(&x, sources, 0);
    engine_close(x.g);
    x.sources = source;
    x.source_count = 1;
    const struct engine_options o = fixture_options(&x);
    EXPECT(engine_open(&x.g, &o, &x.e) != KITH_OK);
    strcpy(message, x.e.message);
    x.sources = NULL;
    x.source_count = 0;
    fixture_reopen(&x);
    fixture_close(&x);
    return message;
}

#define SERIES(...)                                                                                \
    &(const kith_field) {                                                                          \
        .name = "number", .kind = KITH_F_SERIES, __VA_ARGS__                                       \
    }
#define LOOKS "; it looks like INV-{year}-000000, where the zeros are the counter"

TEST("a pattern that numbers nothing is refused, with what is wrong about it") {
    static const struct {
        const char *pattern, *message;
    } rows[] = {
        {NULL, "has no zeros"},
        {"INV-{year}", "has no zeros"},
        {"A-00-00", "has two runs of zeros"},
        {"A-0000000000000000", "has more than 15 zeros"},
        {"A-{day}-00", "has a brace that belongs to neither {year} nor {month}"},
        {"A-00 ", "begins or ends with a blank"},
        {"\xC3\x89-00", "has what is no letter, digit or sign of ASCII"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char expected[400];
        snprintf(expected, sizeof expected,
                 "module shop, field invoice.number: the series \"%s\" %s" LOOKS,
                 rows[i].pattern ? rows[i].pattern : "", rows[i].message);
        EXPECT_STR(expected, fault(SERIES(.options = rows[i].pattern)));
    }
    EXPECT_STR("module shop, field invoice.number: a series gives each new record its number:"
               " it is neither required nor has a default",
               fault(SERIES(.options = "00", .flags = KITH_FF_REQUIRED)));
}
