/* SPDX-License-Identifier: Apache-2.0 */
/* Roll-ups: what they refuse to be, that they follow every kind of write, undo and failure, and
 * thousands of random operations over three levels of them compared with all computed anew.
 * KITH_SEED=n repeats a run. */
#include "engine_fixture.h"

/* group <- shop <- buyer <- deal; a deal has a list of buyers, too, and a link to anything. */
static const kith_field group_fields[] = {
    {.name = "name", .kind = KITH_F_TEXT},
    {.name = "shops", .kind = KITH_F_INTEGER, .rollup = "count(shop)"},
    {.name = "total", .kind = KITH_F_MONEY, .rollup = "sum(shop.total)"},
    {.name = "last", .kind = KITH_F_TIME, .rollup = "max(shop.last where open)"},
    {.name = "best", .kind = KITH_F_INTEGER, .rollup = "max(shop.paid)"},
    {.name = "busy", .kind = KITH_F_INTEGER, .rollup = "count(shop where paid > 2)"},
};
static const kith_field shop_fields[] = {
    {.name = "name", .kind = KITH_F_TEXT},
    {.name = "open", .kind = KITH_F_BOOLEAN, .default_text = "true"},
    {.name = "group", .kind = KITH_F_LINK, .options = "group"},
    {.name = "above", .kind = KITH_F_LINK, .options = "shop"},
    {.name = "below", .kind = KITH_F_INTEGER, .rollup = "count(shop via above)"},
    {.name = "total", .kind = KITH_F_MONEY, .rollup = "sum(buyer.spent)"},
    {.name = "paid", .kind = KITH_F_INTEGER, .rollup = "sum(buyer.paid where name is not null)"},
    {.name = "last", .kind = KITH_F_TIME, .rollup = "max(buyer.last)"},
    {.name = "money", .kind = KITH_F_TEXT},
    {.name = "own", .kind = KITH_F_MONEY, .rollup = "sum(buyer.own) in money"},
    {.name = "fee", .kind = KITH_F_MONEY},
    {.name = "fees", .kind = KITH_F_MONEY, .rollup = "sum(shop.fee via above) in money"},
    {.name = "fee_most",
     .kind = KITH_F_MONEY,
     .rollup = "max(shop.fee via above where open) in money"},
};
static const kith_field buyer_fields[] = {
    {.name = "name", .kind = KITH_F_TEXT},
    {.name = "shop", .kind = KITH_F_LINK, .options = "shop"},
    {.name = "deals",
     .kind = KITH_F_INTEGER,
     .flags = KITH_FF_INDEXED,
     .rollup = "count(deal via buyer)"},
    {.name = "paid",
     .kind = KITH_F_INTEGER,
     .rollup = "count(deal via buyer where state = 'paid' and not (amount is null))"},
    {.name = "spent", .kind = KITH_F_MONEY, .rollup = "sum(deal.amount via buyer)"},
    {.name = "dollars",
     .kind = KITH_F_MONEY,
     .options = "USD",
     .rollup = "sum(deal.amount via buyer where state in ('paid', 'open'))"},
    {.name = "smallest", .kind = KITH_F_MONEY, .rollup = "min(deal.amount via buyer)"},
    {.name = "weight",
     .kind = KITH_F_DECIMAL,
     .options = "2",
     .rollup = "sum(deal.weight via buyer where title like 'a%')"},
    {.name = "heaviest",
     .kind = KITH_F_DECIMAL,
     .options = "2",
     .rollup = "max(deal.weight via buyer)"},
    {.name = "first_day", .kind = KITH_F_DATE, .rollup = "min(deal.day via buyer)"},
    {.name = "last",
     .kind = KITH_F_TIME,
     .rollup = "max(deal.at via buyer where at >= '2020-01-01')"},
    {.name = "titles", .kind = KITH_F_INTEGER, .rollup = "count(distinct deal.title via buyer)"},
    {.name = "states",
     .kind = KITH_F_INTEGER,
     .rollup = "count(distinct deal.state via buyer where tagged('hot'))"},
    {.name = "helped", .kind = KITH_F_INTEGER, .rollup = "count(deal.helpers)"},
    {.name = "helped_last",
     .kind = KITH_F_TIME,
     .rollup = "max(deal.at via helpers where buyer is not null)"},
    {.name = "about", .kind = KITH_F_INTEGER, .rollup = "count(deal via about)"},
    {.name = "about_titles",
     .kind = KITH_F_INTEGER,
     .rollup = "count(distinct deal.buyer via about)"},
    {.name = "money", .kind = KITH_F_CHOICE, .options = "EUR,USD,JPY"},
    {.name = "own", .kind = KITH_F_MONEY, .rollup = "sum(deal.amount via buyer) in money"},
    {.name = "own_least",
     .kind = KITH_F_MONEY,
     .rollup =
         "min(deal.amount via about where title in ('a', 'cc)') or state != 'lost') in money"},
    {.name = "own_most",
     .kind = KITH_F_MONEY,
     .rollup = "max(deal.amount via helpers where buyer is not null) in \"money\""},
};
static const kith_field deal_fields[] = {
    {.name = "title", .kind = KITH_F_TEXT, .flags = KITH_FF_SEARCHED},
    {.name = "buyer", .kind = KITH_F_LINK, .options = "buyer"},
    {.name = "helpers", .kind = KITH_F_LINKS, .options = "buyer"},
    {.name = "about", .kind = KITH_F_LINK, .options = "*"},
    {.name = "owned_by", .kind = KITH_F_LINK, .options = "buyer", .flags = KITH_FF_PARTOF},
    {.name = "state", .kind = KITH_F_CHOICE, .options = "open,paid,lost"},
    {.name = "amount", .kind = KITH_F_MONEY},
    {.name = "weight", .kind = KITH_F_DECIMAL, .options = "2"},
    {.name = "day", .kind = KITH_F_DATE},
    {.name = "at", .kind = KITH_F_TIME},
    {.name = "tags", .kind = KITH_F_TAGS},
    /* Named as the statements name what they add up. */
    {.name = "parent", .kind = KITH_F_TEXT},
    {.name = "value", .kind = KITH_F_TEXT},
};
static const kith_type types[] = {
    {.name = "group", .title = "name", .fields = KITH_ARRAY(group_fields)},
    {.name = "shop", .title = "name", .fields = KITH_ARRAY(shop_fields)},
    {.name = "buyer", .title = "name", .fields = KITH_ARRAY(buyer_fields)},
    {.name = "deal", .title = "title", .fields = KITH_ARRAY(deal_fields)},
};
static const struct schema_source trade = {
    .module = "trade", .version = 1, .types = KITH_ARRAY(types)};

enum { GROUP, SHOP, BUYER, DEAL, TYPES };
static const char *const type_names[TYPES] = {"group", "shop", "buyer", "deal"};

struct market {
    struct fixture x;
    const struct rtype *types[TYPES];
};

static void market_types(struct market *m) {
    for (int i = 0; i < TYPES; i++)
        m->types[i] = schema_type(engine_schema(m->x.g), str_of(type_names[i]));
}

static void market_open(struct market *m) {
    fixture_open_with(&m->x, &trade, 1);
    market_types(m);
    fixture_start(&m->x);
}

static const char *link_text(struct market *m, const char *name, kith_id id) {
    return arena_printf(&m->x.arena, "%s=%s", name, id_text(&m->x, id));
}

static void expect_field(struct market *m, int type, kith_id id, const char *name,
                         const char *want) {
    EXPECT_STR(want, field(&m->x, m->types[type], id, name));
}

/* -- one write after the other ----------------------------------------------------------------- */

TEST("a record starts with nothing, and its roll-ups follow every write of what links to it") {
    struct market m;
    market_open(&m);
    struct fixture *x = &m.x;
    kith_id ada = create(x, m.types[BUYER], PAIRS("name=Ada")),
            bob = create(x, m.types[BUYER], PAIRS("name=Bob"));
    expect_field(&m, BUYER, ada, "deals", "0");
    expect_field(&m, BUYER, ada, "spent", "0.00 EUR");
    expect_field(&m, BUYER, ada, "dollars", "0.00 USD");
    expect_field(&m, BUYER, ada, "last", "");
    kith_id first = create(x, m.types[DEAL],
                           PAIRS("title=a", link_text(&m, "buyer", ada), "amount=10 EUR",
                                 "state=open", "at=2024-01-02", "weight=1.25"));
    kith_id second = create(x, m.types[DEAL],
                            PAIRS("title=b", link_text(&m, "buyer", ada), "amount=5 EUR",
                                  "state=paid", "at=2024-05-02", "weight=2"));
    create(x, m.types[DEAL],
           PAIRS("title=a", link_text(&m, "buyer", ada), "amount=7 USD", "state=paid"));
    expect_field(&m, BUYER, ada, "deals", "3");
    expect_field(&m, BUYER, ada, "paid", "2");
    expect_field(&m, BUYER, ada, "spent", "15.00 EUR");
    expect_field(&m, BUYER, ada, "dollars", "7.00 USD");
    expect_field(&m, BUYER, ada, "smallest", "5.00 EUR");
    expect_field(&m, BUYER, ada, "weight", "1.25");
    expect_field(&m, BUYER, ada, "titles", "2");
    expect_field(&m, BUYER, ada, "last", "2024-05-02T00:00:00.000Z");
    update(x, m.types[DEAL], second, PAIRS("amount=20 EUR"));
    expect_field(&m, BUYER, ada, "smallest", "10.00 EUR");
    expect_field(&m, BUYER, ada, "spent", "30.00 EUR");
    kith_id moved = update(x, m.types[DEAL], second, PAIRS(link_text(&m, "buyer", bob)));
    expect_field(&m, BUYER, ada, "last", "2024-01-02T00:00:00.000Z");
    expect_field(&m, BUYER, ada, "titles", "1");
    expect_field(&m, BUYER, bob, "spent", "20.00 EUR");
    delete_(x, m.types[DEAL], first);
    expect_field(&m, BUYER, ada, "smallest", "");
    expect_field(&m, BUYER, ada, "last", "");
    struct undo_report r;
    EXPECT_OK(engine_undo(x->g, &tester, moved, false, &x->arena, &r, &x->e), x->e);
    expect_field(&m, BUYER, bob, "spent", "0.00 EUR");
    expect_field(&m, BUYER, ada, "last", "2024-05-02T00:00:00.000Z");
    EXPECT_INT(1, count(x, "buyer where deals > 1 and last > '2024-05-01' order by -deals", NULL));
    expect_sound(x);
    fixture_close(x);
}

TEST("what follows from a roll-up follows, with neither journal row nor time of change") {
    struct market m;
    market_open(&m);
    struct fixture *x = &m.x;
    kith_id group = create(x, m.types[GROUP], PAIRS("name=G"));
    kith_id shop = create(x, m.types[SHOP], PAIRS(link_text(&m, "group", group)));
    kith_id ada = create(x, m.types[BUYER], PAIRS("name=Ada", link_text(&m, "shop", shop)));
    const char *updated = field(x, m.types[GROUP], group, "updated");
    clock_advance(&x->clock, 60000);
    struct engine_stats before, after;
    engine_stats(x->g, &before);
    kith_id tx = 0;
    for (int i = 0; i < 3; i++) {
        kith_id id = 0;
        EXPECT_OK(try_job(x, ROW_CREATE, m.types[DEAL], &id,
                          PAIRS(link_text(&m, "buyer", ada), "amount=1.50 EUR", "state=paid",
                                "at=2024-01-02"),
                          &tx),
                  x->e);
    }
    engine_stats(x->g, &after);
    EXPECT_INT(before.committed + 3, after.committed);
    expect_field(&m, GROUP, group, "total", "4.50 EUR");
    expect_field(&m, GROUP, group, "best", "3");
    expect_field(&m, GROUP, group, "busy", "1");
    expect_field(&m, GROUP, group, "last", "2024-01-02T00:00:00.000Z");
    expect_field(&m, GROUP, group, "updated", updated);
    update(x, m.types[SHOP], shop, PAIRS("open=false"));
    expect_field(&m, GROUP, group, "last", "");
    struct undo_report r;
    EXPECT_OK(engine_undo(x->g, &tester, tx, false, &x->arena, &r, &x->e), x->e);
    expect_field(&m, GROUP, group, "total", "3.00 EUR");
    expect_field(&m, GROUP, group, "busy", "0");
    delete_(x, m.types[BUYER], ada);
    expect_field(&m, GROUP, group, "total", "0.00 EUR");
    expect_sound(x);
    fixture_close(x);
}

static void undo(struct fixture *x, kith_id tx) {
    struct undo_report r;
    EXPECT_OK(engine_undo(x->g, &tester, tx, false, &x->arena, &r, &x->e), x->e);
    EXPECT_INT(0, r.kept + r.refused);
    EXPECT_INT(1, r.reversed);
}

TEST("a roll-up that changed since keeps no undo from taking its record away or bringing it back") {
    struct market m;
    market_open(&m);
    struct fixture *x = &m.x;
    kith_id ada = 0, made = 0;
    EXPECT_OK(try_job(x, ROW_CREATE, m.types[BUYER], &ada, PAIRS("name=Ada"), &made), x->e);
    kith_id deal = create(x, m.types[DEAL], PAIRS(link_text(&m, "buyer", ada), "amount=1 EUR"));
    update(x, m.types[DEAL], deal, PAIRS("buyer="));
    kith_id with = update(x, m.types[DEAL], deal, PAIRS(link_text(&m, "helpers", ada)));
    undo(x, with);
    undo(x, made);
    expect_field(&m, BUYER, ada, "deals", "(gone)");
    kith_id again = create(x, m.types[BUYER], PAIRS("name=Eve"));
    kith_id gone = delete_(x, m.types[BUYER], again);
    undo(x, gone);
    expect_field(&m, BUYER, again, "deals", "0");
    expect_field(&m, BUYER, again, "spent", "0.00 EUR");
    expect_sound(x);
    fixture_close(x);
}

static void expect_unjournaled(struct market *m, struct job *job) {
    struct fixture *x = &m->x;
    struct rehearsal would;
    EXPECT_OK(engine_rehearse(x->g, &by_tester, do_job, job, &x->arena, &would, &x->e), x->e);
    EXPECT_INT(1, would.count);
    EXPECT(would.effects[0].field_count > 0);
    for (size_t i = 0; i < would.effects[0].field_count; i++)
        if (would.effects[0].fields[i].field->rollup)
            TEST_FAIL("expected no roll-up in the journal, found %s",
                      would.effects[0].fields[i].field->name);
}

TEST("no roll-up is journaled, neither when its record is made nor when it goes") {
    struct market m;
    market_open(&m);
    kith_id ada = create(&m.x, m.types[BUYER], PAIRS("name=Ada"));
    expect_unjournaled(&m, &(struct job){ROW_CREATE, m.types[BUYER], 0, PAIRS("name=Eve")});
    expect_unjournaled(&m, &(struct job){ROW_DELETE, m.types[BUYER], ada, NULL});
    fixture_close(&m.x);
}

static void reopen(struct market *m) {
    engine_close(m->x.g);
    fixture_reopen(&m->x);
    market_types(m);
    fixture_start(&m->x);
}

TEST("a segment over a roll-up has those for whom it holds at every moment") {
    struct market m;
    market_open(&m);
    struct fixture *x = &m.x;
    create(x, schema_type(engine_schema(x->g), STR("segment")),
           PAIRS("name=buys", "query=buyer where paid > 1 and spent > '5 EUR'"));
    kith_id ada = create(x, m.types[BUYER], PAIRS("name=Ada"));
    const char *in = "buyer where in_segment('buys')";
    create(x, m.types[DEAL], PAIRS(link_text(&m, "buyer", ada), "state=paid", "amount=3 EUR"));
    EXPECT_INT(0, count(x, in, NULL));
    kith_id deal =
        create(x, m.types[DEAL], PAIRS(link_text(&m, "buyer", ada), "state=paid", "amount=4 EUR"));
    EXPECT_INT(1, count(x, in, NULL));
    kith_id tx = update(x, m.types[DEAL], deal, PAIRS("state=lost"));
    EXPECT_INT(0, count(x, in, NULL));
    undo(x, tx);
    EXPECT_INT(1, count(x, in, NULL));
    run_sql(x, "UPDATE buyer SET paid = 0; DELETE FROM kith_member");
    EXPECT_OK(engine_compute_rollups(x->g, &tester, &x->e), x->e);
    settle(x);
    EXPECT_INT(1, count(x, in, NULL));
    run_sql(x, "UPDATE buyer SET paid = 0; DELETE FROM kith_member;"
               "DELETE FROM kith_meta WHERE key LIKE 'rollup.%'");
    reopen(&m);
    settle(x);
    EXPECT_INT(1, count(x, in, NULL));
    expect_sound(x);
    fixture_close(x);
}

TEST("nobody sets a roll-up, and a sum that no number holds is refused as a whole") {
    struct market m;
    market_open(&m);
    struct fixture *x = &m.x;
    kith_id ada = create(x, m.types[BUYER], PAIRS("name=Ada")), deal = 0;
    EXPECT_INT(KITH_E_DENIED, try_job(x, ROW_UPDATE, m.types[BUYER], &ada, PAIRS("deals=3"), NULL));
    EXPECT_STR("buyer.deals is kept by Kith, from count(deal via buyer), and cannot be set",
               x->e.message);
    const char *most = "amount=92233720368547758.07 EUR";
    create(x, m.types[DEAL], PAIRS(link_text(&m, "buyer", ada), most));
    EXPECT_INT(KITH_E_LIMIT, try_job(x, ROW_CREATE, m.types[DEAL], &deal,
                                     PAIRS(link_text(&m, "buyer", ada), "amount=0.01 EUR"), NULL));
    EXPECT_STR("buyer.spent, kept from sum(deal.amount via buyer), would become larger than any "
               "number it can hold",
               x->e.message);
    expect_field(&m, BUYER, ada, "deals", "1");
    EXPECT_INT(1, count(x, "deal", NULL));
    expect_sound(x);
    fixture_close(x);
}

/* A buyer's before-hook writes a deal of that buyer, who moves to another shop in the same write:
 * the shops must agree on what moved. */
static kith_status deal_for_buyer(void *self, struct txn *t, struct change *c, kith_error *e) {
    struct market *m = self;
    struct assign set[] = {
        {type_field(m->types[DEAL]->schema, m->types[DEAL], STR("buyer")),
         value_link(c->id, m->types[BUYER]->id)},
        {type_field(m->types[DEAL]->schema, m->types[DEAL], STR("amount")),
         value_str(STR("5 EUR"))},
    };
    return txn_create(t, m->types[DEAL], set, 2, NULL, e);
}

TEST("a hook that changes a roll-up of the record being written is not forgotten") {
    struct market m;
    fixture_open_with(&m.x, &trade, 1);
    struct fixture *x = &m.x;
    market_types(&m);
    struct hook hook = {.type = m.types[BUYER],
                        .on = ON_UPDATE,
                        .fn = deal_for_buyer,
                        .self = &m,
                        .source = {SOURCE_RULE, "deal", "", 1}};
    EXPECT_OK(engine_add_hook(x->g, &hook, &x->e), x->e);
    fixture_start(x);
    kith_id one = create(x, m.types[SHOP], PAIRS("name=1")),
            two = create(x, m.types[SHOP], PAIRS("name=2"));
    kith_id ada = create(x, m.types[BUYER], PAIRS("name=Ada", link_text(&m, "shop", one)));
    kith_id tx = update(x, m.types[BUYER], ada, PAIRS(link_text(&m, "shop", two)));
    expect_field(&m, SHOP, one, "total", "0.00 EUR");
    expect_field(&m, SHOP, two, "total", "5.00 EUR");
    struct undo_report r;
    EXPECT_OK(engine_undo(x->g, &tester, tx, false, &x->arena, &r, &x->e), x->e);
    expect_field(&m, SHOP, two, "total", "0.00 EUR");
    expect_sound(x);
    fixture_close(x);
}

/* -- formulas that are refused ----------------------------------------------------------------- */

static void expect_refused(const char *type, const char *formula, uint32_t kind,
                           const char *options, const char *why) {
    const kith_field fields[] = {
        {.name = "n", .kind = kind, .options = options, .rollup = formula}};
    const kith_type extend[] = {{.name = type, .fields = KITH_ARRAY(fields), .extends = 1}};
    const struct schema_source sources[] = {
        trade, {.module = "more", .version = 1, .types = KITH_ARRAY(extend)}};
    struct fixture x = {.sources = sources, .source_count = 2, .e = KITH_ERROR_INIT};
    char command[160];
    clock_set(&x.clock, START_MS);
    strcpy(x.dir, "/tmp/kith-test-XXXXXX");
    EXPECT(mkdtemp(x.dir) != NULL);
    snprintf(x.path, sizeof x.path, "%s/kith.db", x.dir);
    struct engine_options o = fixture_options(&x);
    EXPECT(engine_open(&x.g, &o, &x.e) != KITH_OK);
    if (!strstr(x.e.message, why))
        TEST_FAIL("%s\nexpected: %s\nfound:    %s", formula, why, x.e.message);
    snprintf(command, sizeof command, "rm -rf %s", x.dir);
    EXPECT_INT(0, system(command));
}

TEST("a formula that cannot be kept is refused with the reason") {
    static const struct {
        const char *formula;
        uint32_t kind;
        const char *options, *why;
    } cases[] = {
        {"", KITH_F_INTEGER, NULL, "begins with count("},
        {"average(deal.amount)", KITH_F_MONEY, NULL, "begins with count("},
        {"count deal", KITH_F_INTEGER, NULL, "expected '('"},
        {"count(", KITH_F_INTEGER, NULL, "expected the name of a type"},
        {"count(dael via buyer)", KITH_F_INTEGER, NULL, "did you mean 'deal'"},
        {"count(deal.amount via buyer)", KITH_F_INTEGER, NULL,
         "deal.amount does not link to buyer"},
        {"sum(deal via buyer)", KITH_F_MONEY, NULL, "expected a field"},
        {"sum(deal.amuont via buyer)", KITH_F_MONEY, NULL, "did you mean 'amount'"},
        {"count(deal)", KITH_F_INTEGER, NULL, "both buyer and helpers of deal link to buyer"},
        {"count(shop)", KITH_F_INTEGER, NULL, "no field of shop links to buyer"},
        {"count(deal via title)", KITH_F_INTEGER, NULL, "deal.title does not link to buyer"},
        {"count(deal via buyer", KITH_F_INTEGER, NULL, "expected 'via', 'where' or ')'"},
        {"count(deal via buyer) + 1", KITH_F_INTEGER, NULL, "nothing may follow"},
        {"count(deal via buyer where at < now())", KITH_F_INTEGER, NULL, "now() or today()"},
        {"count(deal via buyer where day < today() - 3d)", KITH_F_INTEGER, NULL, "time passes"},
        {"count(deal via buyer where buyer.name = 'x')", KITH_F_INTEGER, NULL,
         "the condition follows a link"},
        {"count(deal via buyer where exists(deal.about))", KITH_F_INTEGER, NULL,
         "the condition follows a link"},
        {"count(deal via buyer where amount > '1 EUR' and at in this_month())", KITH_F_INTEGER,
         NULL, "time passes"},
        {"count(deal via buyer where not matches('x') or day is null)", KITH_F_INTEGER, NULL,
         "the condition searches with matches()"},
        {"count(deal via buyer where in_segment('x'))", KITH_F_INTEGER, NULL, "segments"},
        {"count(deal via buyer where sate = 'x')", KITH_F_INTEGER, NULL,
         "in its condition, at 2: no field 'sate'"},
        {"count(deal via buyer where title = 'x'", KITH_F_INTEGER, NULL, "the last ')' is missing"},
        {"count(deal via buyer)", KITH_F_TEXT, NULL, "what is counted is an integer, not a text"},
        {"count(distinct deal.amount via buyer)", KITH_F_INTEGER, NULL, "cannot be told apart"},
        {"sum(deal.amount via buyer)", KITH_F_INTEGER, NULL, "they must be the same"},
        {"sum(deal.weight via buyer)", KITH_F_DECIMAL, "3", "of scale 2"},
        {"sum(deal.amount via buyer)", KITH_F_MONEY, "EUR,USD", "it adds up one currency"},
        {"sum(deal.day via buyer)", KITH_F_DATE, NULL, "it has no sum"},
        {"max(deal.title via buyer)", KITH_F_TEXT, NULL, "it has no order"},
        {"sum(buyer.n via owner)", KITH_F_INTEGER, NULL, "does not link to buyer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_refused("buyer", cases[i].formula, cases[i].kind, cases[i].options, cases[i].why);
    expect_refused("user", "sum(segment.members via owner)", KITH_F_INTEGER, NULL,
                   "segment.members is derived itself");
}

TEST("a ring of roll-ups is refused") {
    static const kith_field ring[] = {
        {.name = "sum_below", .kind = KITH_F_INTEGER, .rollup = "sum(shop.twice via above)"},
        {.name = "twice", .kind = KITH_F_INTEGER, .rollup = "sum(shop.sum_below via above)"},
    };
    static const kith_type extend[] = {{.name = "shop", .fields = KITH_ARRAY(ring), .extends = 1}};
    const struct schema_source sources[] = {
        trade, {.module = "more", .version = 1, .types = KITH_ARRAY(extend)}};
    struct fixture x;
    fixture_open_with(&x, &trade, 1);
    engine_close(x.g);
    x.sources = sources;
    x.source_count = 2;
    struct engine_options o = fixture_options(&x);
    EXPECT_INT(KITH_E_INVAL, engine_open(&x.g, &o, &x.e));
    EXPECT(strstr(x.e.message, "in the end it is kept from itself") != NULL);
    x.g = NULL;
    fixture_close(&x);
}

/* -- opening again ----------------------------------------------------------------------------- */

static void expect_found(struct fixture *x, const char *want) {
    struct findings found;
    EXPECT_INT(1, examine(x, &found));
    EXPECT_HAS(want, found.text);
}

TEST("the doctor names a roll-up that is wrong, and all can be computed anew") {
    struct market m;
    market_open(&m);
    struct fixture *x = &m.x;
    kith_id ada = create(x, m.types[BUYER], PAIRS("name=Ada"));
    create(x, m.types[DEAL],
           PAIRS(link_text(&m, "buyer", ada), "amount=10 EUR", "at=2024-01-02", "title=t"));
    run_sql(x, "UPDATE buyer SET deals = 7");
    expect_found(x, "deals is not count(deal via buyer)");
    run_sql(x, "UPDATE buyer SET deals = 1");
    run_sql(x, "UPDATE kith_rollup SET child = child + 1 WHERE value = 't'");
    expect_found(x, "what is kept for titles is not what its records give");
    run_sql(x, "DELETE FROM kith_rollup WHERE typeof(value) = 'text'");
    expect_found(x, "what is kept for titles");
    run_sql(x, "UPDATE buyer SET last = NULL, spent = 3, spent__base = 3");
    EXPECT_OK(engine_compute_rollups(x->g, &tester, &x->e), x->e);
    expect_field(&m, BUYER, ada, "last", "2024-01-02T00:00:00.000Z");
    expect_field(&m, BUYER, ada, "spent", "10.00 EUR");
    expect_sound(x);
    fixture_close(x);
}

TEST("a new formula is computed when the database is opened, and what is over it, too") {
    struct market m;
    kith_field shop2[sizeof shop_fields / sizeof *shop_fields];
    kith_field buyer2[sizeof buyer_fields / sizeof *buyer_fields];
    kith_type types2[TYPES];
    memcpy(shop2, shop_fields, sizeof shop2);
    memcpy(buyer2, buyer_fields, sizeof buyer2);
    memcpy(types2, types, sizeof types2);
    struct schema_source source = trade;
    market_open(&m);
    struct fixture *x = &m.x;
    kith_id shop = create(x, m.types[SHOP], PAIRS("name=S"));
    kith_id ada = create(x, m.types[BUYER], PAIRS("name=Ada", link_text(&m, "shop", shop)));
    create(x, m.types[DEAL], PAIRS(link_text(&m, "buyer", ada), "amount=10 EUR", "state=open"));
    create(x, m.types[DEAL], PAIRS(link_text(&m, "buyer", ada), "amount=4 EUR", "state=paid"));
    expect_field(&m, SHOP, shop, "total", "14.00 EUR");
    buyer2[4].rollup = "sum(deal.amount via buyer where state = 'paid')";
    types2[BUYER].fields.items = buyer2;
    source.types.items = types2;
    x->sources = &source;
    reopen(&m);
    expect_field(&m, BUYER, ada, "spent", "4.00 EUR");
    expect_field(&m, SHOP, shop, "total", "4.00 EUR");
    expect_sound(x);
    /* Without the module nobody keeps them: they are computed when it is back. */
    x->sources = NULL;
    x->source_count = 0;
    engine_close(x->g);
    fixture_reopen(x);
    fixture_start(x);
    run_sql(x, "DELETE FROM deal WHERE state = 'paid'");
    x->sources = &trade;
    x->source_count = 1;
    reopen(&m);
    expect_field(&m, SHOP, shop, "total", "10.00 EUR");
    expect_field(&m, BUYER, ada, "deals", "1");
    fixture_close(x);
}

/* -- random operations ------------------------------------------------------------------------- */

#define LIVE_MAX 24

struct random_market {
    struct market m;
    uint64_t seed;
    kith_id live[TYPES][LIVE_MAX];
    size_t count[TYPES];
};

static uint64_t below(struct random_market *w, uint64_t n) {
    uint64_t z = (w->seed += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (z ^ (z >> 31)) % n;
}

static kith_value some_link(struct random_market *w, const struct rfield *f) {
    int type = f->target ? 0 : (int)below(w, TYPES);
    while (f->target && type < TYPES && w->m.types[type] != f->target)
        type++;
    if (type == TYPES || w->count[type] == 0)
        return value_null();
    return value_link(w->live[type][below(w, w->count[type])], w->m.types[type]->id);
}

static kith_value random_value(struct random_market *w, const struct rfield *f) {
    static const char *const titles[] = {"a", "ab", "Ähre", "b", "cc"},
                             *const amounts[] = {"1 EUR", "2.50 EUR", "-3 EUR", "7 USD", "8 JPY"},
                             *const days[] = {"2019-12-31", "2020-01-01", "2021-06-01",
                                              "2024-02-29"};
    struct arena *a = &w->m.x.arena;
    if (below(w, 6) == 0)
        return value_null();
    if (f->kind == KITH_F_TEXT && strcmp(f->name, "money") == 0)
        return value_str(str_of(&"EUR\0USD\0JPY"[4 * below(w, 3)]));
    switch (f->kind) {
    case KITH_F_LINK:
        return some_link(w, f);
    case KITH_F_LINKS: {
        kith_value *items = ARENA_ARRAY(a, kith_value, 3);
        uint64_t n = 0;
        for (int i = 0; i < 3; i++) {
            items[n] = some_link(w, f);
            n += items[n].kind != KITH_NULL;
        }
        return n ? (kith_value){.kind = KITH_LIST, .as.list = {items, n}} : value_null();
    }
    case KITH_F_CHOICE:
        return value_str(str_of(f->options[below(w, f->option_count)]));
    case KITH_F_BOOLEAN:
        return value_str(below(w, 2) ? STR("true") : STR("false"));
    case KITH_F_MONEY:
        return value_str(str_of(amounts[below(w, 5)]));
    case KITH_F_DECIMAL:
        return value_str(str_of(arena_printf(a, "%d.25", (int)below(w, 4))));
    case KITH_F_DATE:
    case KITH_F_TIME:
        return value_str(str_of(days[below(w, 4)]));
    case KITH_F_TAGS:
        return value_str(below(w, 2) ? STR("hot,red") : STR("red"));
    default:
        return value_str(str_of(titles[below(w, 5)]));
    }
}

static kith_status random_write(struct random_market *w, struct txn *t, kith_error *e) {
    struct assign set[16];
    size_t n = 0;
    int type = (int)(below(w, 10) < 6 ? DEAL : below(w, TYPES));
    const struct rtype *rt = w->m.types[type];
    uint64_t what = w->count[type] ? below(w, 10) : 0;
    kith_id id = w->count[type] ? w->live[type][below(w, w->count[type])] : 0;
    for (uint32_t i = FIELD_FIRST; i < rt->field_count; i++)
        if (!rt->fields[i]->rollup && below(w, what < 3 ? 4 : 2) && n < 16)
            set[n++] = (struct assign){rt->fields[i], random_value(w, rt->fields[i])};
    if (what < 3) {
        TRY(txn_create(t, rt, set, n, &id, e));
        size_t at = w->count[type] < LIVE_MAX ? w->count[type]++ : below(w, LIVE_MAX);
        w->live[type][at] = id;
        return KITH_OK;
    }
    return what < 9 ? txn_update(t, rt, id, set, n < 3 ? n : 3, e) : txn_delete(t, rt, id, e);
}

static kith_status write_part(struct txn *t, void *arg, kith_error *e) {
    return random_write(arg, t, e);
}

/* Most failures are caught; some transactions fail at their end. */
static kith_status write_some(struct txn *t, void *arg, kith_error *e) {
    struct random_market *w = arg;
    for (uint64_t n = 1 + below(w, 4); n > 0; n--) {
        kith_error why = KITH_ERROR_INIT;
        (void)txn_try(t, write_part, w, &why);
    }
    return below(w, 6) ? KITH_OK : err_set(e, KITH_E_REFUSED, NULL, "changed my mind");
}

TEST("random writes, failures, rehearsals and undos leave what all records give") {
    struct random_market w = {0};
    struct fixture *x = &w.m.x;
    const char *seed = getenv("KITH_SEED");
    kith_id txs[50] = {0};
    int64_t seen[7] = {0};
    market_open(&w.m);
    w.seed = seed ? strtoull(seed, NULL, 10) : 1;
    printf("seed %llu\n", (unsigned long long)w.seed);
    for (int i = 0; i < 3000; i++) {
        kith_id tx = 0;
        struct rehearsal would;
        struct undo_report r;
        if (below(&w, 10) == 0)
            (void)engine_rehearse(x->g, &by_tester, write_some, &w, &x->arena, &would, &x->e);
        else
            (void)engine_write(x->g, &by_tester, write_some, &w, &tx, &x->e);
        if (tx)
            txs[below(&w, 50)] = tx;
        if (below(&w, 12) == 0 && (tx = txs[below(&w, 50)]))
            EXPECT_OK(engine_undo(x->g, &tester, tx, below(&w, 3) == 0, &x->arena, &r, &x->e),
                      x->e);
        clock_advance(&x->clock, 1000);
        if (i % 100 == 99) {
            expect_sound(x);
            seen[0] += count(x, "buyer where deals > 1 and titles > 0 and last is not null", NULL);
            seen[1] += count(x, "group where total != '0 EUR'", NULL);
            seen[2] += count(x, "buyer where helped > 0 and about > 0", NULL);
            seen[3] += count(x, "buyer where own.currency = 'USD' and own != '0 USD'", NULL);
            seen[4] += count(x, "buyer where own_least is not null", NULL);
            seen[5] += count(x, "buyer where own_most is not null and money is not null", NULL);
            seen[6] += count(x, "shop where fee_most is not null and fees != '0 EUR'", NULL);
        }
    }
    for (int i = 0; i < 7; i++)
        if (seen[i] < (i < 3 ? 5 : 1))
            TEST_FAIL("%d: expected roll-ups to be there in %d looks, found %lld", i, i < 3 ? 5 : 1,
                      (long long)seen[i]);
    fixture_close(x);
}
