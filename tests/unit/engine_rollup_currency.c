/* SPDX-License-Identifier: Apache-2.0 */
/* Roll-ups of money in the currency that the record names: which amounts count, that they follow a
 * change of the currency, undo, deletion and merge, and that a hook sees them at once. Random
 * operations over them are in engine_rollup.c. */
#include "engine/merge.h"
#include "engine_fixture.h"

static const kith_field buyer_fields[] = {
    {.name = "name", .kind = KITH_F_TEXT},
    {.name = "currency", .kind = KITH_F_CHOICE, .options = "EUR,USD,JPY"},
    {.name = "turnover", .kind = KITH_F_MONEY, .rollup = "sum(order.total) in currency"},
};
static const kith_field order_fields[] = {
    {.name = "name", .kind = KITH_F_TEXT},
    {.name = "currency", .kind = KITH_F_TEXT},
    {.name = "buyer", .kind = KITH_F_LINK, .options = "buyer"},
    {.name = "lines", .kind = KITH_F_INTEGER, .rollup = "count(line)"},
    {.name = "total", .kind = KITH_F_MONEY, .rollup = "sum(line.total via order) in currency"},
    {.name = "paid",
     .kind = KITH_F_MONEY,
     .rollup = "sum(line.total via order where state in ('paid')) in currency"},
    {.name = "least", .kind = KITH_F_MONEY, .rollup = "min(line.total) in currency"},
    {.name = "most",
     .kind = KITH_F_MONEY,
     .rollup = "max(line.total where not (state = 'free')) in currency"},
    {.name = "part_of", .kind = KITH_F_LINK, .options = "order"},
    {.name = "fee", .kind = KITH_F_MONEY},
    {.name = "fees", .kind = KITH_F_MONEY, .rollup = "sum(order.fee via part_of) in currency"},
    {.name = "highest", .kind = KITH_F_MONEY, .rollup = "max(order.fee via part_of) in currency"},
};
static const kith_field line_fields[] = {
    {.name = "order", .kind = KITH_F_LINK, .options = "order", .flags = KITH_FF_PARTOF},
    {.name = "total", .kind = KITH_F_MONEY},
    {.name = "state", .kind = KITH_F_CHOICE, .options = "open,paid,free"},
};
static const kith_type types[] = {
    {.name = "buyer", .title = "name", .fields = KITH_ARRAY(buyer_fields)},
    {.name = "order", .title = "name", .fields = KITH_ARRAY(order_fields)},
    {.name = "line", .fields = KITH_ARRAY(line_fields)},
};
static const struct schema_source trade = {
    .module = "trade", .version = 1, .types = KITH_ARRAY(types)};

struct shop {
    struct fixture x;
    const struct rtype *buyer, *order, *line;
    size_t seen; /* by hooks */
};

static void shop_types(struct shop *s) {
    s->buyer = type_named(&s->x, "buyer");
    s->order = type_named(&s->x, "order");
    s->line = type_named(&s->x, "line");
}

static void shop_open(struct shop *s) {
    s->seen = 0;
    fixture_open_with(&s->x, &trade, 1);
    shop_types(s);
    fixture_start(&s->x);
}

static const char *link_to(struct shop *s, const char *name, kith_id id) {
    return arena_printf(&s->x.arena, "%s=%s", name, id_text(&s->x, id));
}

static kith_id add_line(struct shop *s, kith_id order, const char *total, const char *state) {
    return create(&s->x, s->line,
                  PAIRS(link_to(s, "order", order), arena_printf(&s->x.arena, "total=%s", total),
                        arena_printf(&s->x.arena, "state=%s", state)));
}

static void undo(struct shop *s, kith_id tx) {
    struct undo_report r;
    EXPECT_OK(engine_undo(s->x.g, &tester, tx, false, &s->x.arena, &r, &s->x.e), s->x.e);
    EXPECT_INT(0, r.kept + r.refused);
}

static void expect_order(struct shop *s, kith_id id, const char *total, const char *paid,
                         const char *least, const char *most) {
    EXPECT_STR(total, field(&s->x, s->order, id, "total"));
    EXPECT_STR(paid, field(&s->x, s->order, id, "paid"));
    EXPECT_STR(least, field(&s->x, s->order, id, "least"));
    EXPECT_STR(most, field(&s->x, s->order, id, "most"));
}

static void expect_turnover(struct shop *s, kith_id buyer, const char *want) {
    EXPECT_STR(want, field(&s->x, s->buyer, buyer, "turnover"));
}

/* -- which amounts count ----------------------------------------------------------------------- */

TEST("amounts of the record's own currency count, and of the company's where it names none") {
    struct shop s;
    shop_open(&s);
    kith_id dollars = create(&s.x, s.order, PAIRS("currency=USD")),
            none = create(&s.x, s.order, PAIRS("name=n"));
    expect_order(&s, dollars, "0.00 USD", "0.00 USD", "", "");
    expect_order(&s, none, "0.00 EUR", "0.00 EUR", "", "");
    kith_id first = add_line(&s, dollars, "10 USD", "paid");
    add_line(&s, dollars, "4 USD", "free");
    add_line(&s, dollars, "100 EUR", "paid");
    add_line(&s, none, "3 EUR", "open");
    add_line(&s, none, "8 USD", "paid");
    expect_order(&s, dollars, "14.00 USD", "10.00 USD", "4.00 USD", "10.00 USD");
    expect_order(&s, none, "3.00 EUR", "0.00 EUR", "3.00 EUR", "3.00 EUR");
    update(&s.x, s.line, first, PAIRS("total=10 EUR"));
    expect_order(&s, dollars, "4.00 USD", "0.00 USD", "4.00 USD", "");
    update(&s.x, s.line, first, PAIRS(link_to(&s, "order", none)));
    expect_order(&s, dollars, "4.00 USD", "0.00 USD", "4.00 USD", "");
    expect_order(&s, none, "13.00 EUR", "10.00 EUR", "3.00 EUR", "10.00 EUR");
    kith_id moved =
        update(&s.x, s.line, first, PAIRS("total=1 USD", link_to(&s, "order", dollars)));
    expect_order(&s, dollars, "5.00 USD", "1.00 USD", "1.00 USD", "1.00 USD");
    expect_order(&s, none, "3.00 EUR", "0.00 EUR", "3.00 EUR", "3.00 EUR");
    undo(&s, moved);
    expect_order(&s, none, "13.00 EUR", "10.00 EUR", "3.00 EUR", "10.00 EUR");
    delete_(&s.x, s.line, first);
    expect_order(&s, none, "3.00 EUR", "0.00 EUR", "3.00 EUR", "3.00 EUR");
    EXPECT_INT(1, count(&s.x, "order where total.currency = 'USD' and total > '3 USD'", NULL));
    expect_sound(&s.x);
    fixture_close(&s.x);
}

TEST("another currency has all of them computed anew, with what is over them, and undo, too") {
    struct shop s;
    shop_open(&s);
    kith_id ada = create(&s.x, s.buyer, PAIRS("name=Ada", "currency=USD"));
    kith_id order = create(&s.x, s.order, PAIRS(link_to(&s, "buyer", ada)));
    add_line(&s, order, "10 USD", "paid");
    add_line(&s, order, "20 USD", "free");
    add_line(&s, order, "5 EUR", "open");
    kith_id yen = add_line(&s, order, "700 JPY", "paid");
    expect_order(&s, order, "5.00 EUR", "0.00 EUR", "5.00 EUR", "5.00 EUR");
    expect_turnover(&s, ada, "0.00 USD");
    kith_id dollars = update(&s.x, s.order, order, PAIRS("currency=USD"));
    expect_order(&s, order, "30.00 USD", "10.00 USD", "10.00 USD", "10.00 USD");
    expect_turnover(&s, ada, "30.00 USD");
    add_line(&s, order, "1 USD", "paid");
    expect_order(&s, order, "31.00 USD", "11.00 USD", "1.00 USD", "10.00 USD");
    kith_id in_yen = update(&s.x, s.order, order, PAIRS("currency=JPY", "name=new"));
    expect_order(&s, order, "700 JPY", "700 JPY", "700 JPY", "700 JPY");
    expect_turnover(&s, ada, "0.00 USD");
    update(&s.x, s.buyer, ada, PAIRS("currency=JPY"));
    expect_turnover(&s, ada, "700 JPY");
    delete_(&s.x, s.line, yen);
    expect_order(&s, order, "0 JPY", "0 JPY", "", "");
    expect_sound(&s.x);
    undo(&s, in_yen);
    expect_order(&s, order, "31.00 USD", "11.00 USD", "1.00 USD", "10.00 USD");
    expect_turnover(&s, ada, "0 JPY");
    undo(&s, dollars);
    expect_order(&s, order, "5.00 EUR", "0.00 EUR", "5.00 EUR", "5.00 EUR");
    update(&s.x, s.order, order, PAIRS("currency=EUR"));
    expect_order(&s, order, "5.00 EUR", "0.00 EUR", "5.00 EUR", "5.00 EUR");
    expect_sound(&s.x);
    kith_id gone = delete_(&s.x, s.order, order);
    EXPECT_INT(0, count(&s.x, "line", NULL));
    expect_sound(&s.x);
    undo(&s, gone);
    expect_order(&s, order, "5.00 EUR", "0.00 EUR", "5.00 EUR", "5.00 EUR");
    expect_sound(&s.x);
    fixture_close(&s.x);
}

TEST("an order that comes back has its own currency again") {
    struct shop s;
    shop_open(&s);
    kith_id order = create(&s.x, s.order, PAIRS("currency=USD"));
    add_line(&s, order, "10 USD", "paid");
    kith_id gone = delete_(&s.x, s.order, order);
    undo(&s, gone);
    expect_order(&s, order, "10.00 USD", "10.00 USD", "10.00 USD", "10.00 USD");
    kith_id empty = create(&s.x, s.order, PAIRS("currency=JPY"));
    gone = delete_(&s.x, s.order, empty);
    undo(&s, gone);
    expect_order(&s, empty, "0 JPY", "0 JPY", "", "");
    expect_sound(&s.x);
    fixture_close(&s.x);
}

TEST("a change of currency stands in the history alone, without what follows from it") {
    struct shop s;
    struct rehearsal would;
    shop_open(&s);
    kith_id order = create(&s.x, s.order, PAIRS("name=n"));
    add_line(&s, order, "10 USD", "paid");
    struct job job = {ROW_UPDATE, s.order, order, PAIRS("currency=USD")};
    EXPECT_OK(engine_rehearse(s.x.g, &by_tester, do_job, &job, &s.x.arena, &would, &s.x.e), s.x.e);
    EXPECT_INT(1, would.count);
    EXPECT_INT(1, would.effects[0].field_count);
    EXPECT_STR("currency", would.effects[0].fields[0].field->name);
    expect_order(&s, order, "0.00 EUR", "0.00 EUR", "", "");
    expect_sound(&s.x);
    fixture_close(&s.x);
}

TEST("lines that a merge brings count in the currency of the order that is kept") {
    struct shop s;
    struct merge m;
    struct merge_report report;
    kith_id tx;
    shop_open(&s);
    kith_id kept = create(&s.x, s.order, PAIRS("currency=USD")),
            other = create(&s.x, s.order, PAIRS("currency=EUR"));
    add_line(&s, kept, "1 USD", "paid");
    add_line(&s, other, "2 USD", "paid");
    add_line(&s, other, "4 EUR", "paid");
    expect_order(&s, other, "4.00 EUR", "4.00 EUR", "4.00 EUR", "4.00 EUR");
    EXPECT_OK(merge_read(engine_schema(s.x.g), STR("order"), str_of(id_text(&s.x, kept)),
                         str_of(id_text(&s.x, other)), STR(""), &s.x.arena, &m, &s.x.e),
              s.x.e);
    EXPECT_OK(engine_merge(s.x.g, &tester, &m, &s.x.arena, &report, &tx, &s.x.e), s.x.e);
    expect_order(&s, kept, "3.00 USD", "3.00 USD", "1.00 USD", "2.00 USD");
    expect_sound(&s.x);
    undo(&s, tx);
    expect_order(&s, kept, "1.00 USD", "1.00 USD", "1.00 USD", "1.00 USD");
    expect_order(&s, other, "4.00 EUR", "4.00 EUR", "4.00 EUR", "4.00 EUR");
    expect_sound(&s.x);
    fixture_close(&s.x);
}

TEST("a record that links to itself is a part of its own sums, in whichever currency they are") {
    struct shop s;
    shop_open(&s);
    kith_id order = create(&s.x, s.order, PAIRS("currency=USD", "fee=3 USD"));
    update(&s.x, s.order, order, PAIRS(link_to(&s, "part_of", order)));
    EXPECT_STR("3.00 USD", field(&s.x, s.order, order, "fees"));
    kith_id tx = update(&s.x, s.order, order, PAIRS("currency=EUR", "fee=4 EUR"));
    EXPECT_STR("4.00 EUR", field(&s.x, s.order, order, "fees"));
    EXPECT_STR("4.00 EUR", field(&s.x, s.order, order, "highest"));
    expect_sound(&s.x);
    undo(&s, tx);
    EXPECT_STR("3.00 USD", field(&s.x, s.order, order, "fees"));
    EXPECT_STR("3.00 USD", field(&s.x, s.order, order, "highest"));
    expect_sound(&s.x);
    kith_id gone = delete_(&s.x, s.order, order);
    expect_sound(&s.x);
    undo(&s, gone);
    EXPECT_STR("3.00 USD", field(&s.x, s.order, order, "fees"));
    expect_sound(&s.x);
    fixture_close(&s.x);
}

/* -- many lines, and what is seen of them in their transaction ----------------------------------
 */

#define MANY 1000

struct many {
    struct shop *shop;
    kith_id order;
};

static kith_status set_field(struct txn *t, const struct rtype *type, kith_id id, const char *name,
                             const char *value, kith_error *e) {
    const struct assign set = {type_field(type->schema, type, str_of(name)),
                               value_str(str_of(value))};
    return txn_update(t, type, id, &set, 1, e);
}

static kith_status write_line(struct shop *s, struct txn *t, kith_id order, const char *total,
                              kith_error *e) {
    const struct schema *schema = s->line->schema;
    const struct assign set[] = {
        {type_field(schema, s->line, STR("order")), value_link(order, s->order->id)},
        {type_field(schema, s->line, STR("total")), value_str(str_of(total))},
        {type_field(schema, s->line, STR("state")), value_str(STR("open"))},
    };
    return txn_create(t, s->line, set, 3, NULL, e);
}

static kith_status see_total(struct shop *s, struct txn *t, kith_id order, const char *want,
                             kith_error *e) {
    const kith_value *values;
    TRY(txn_get(t, s->order, order, &values, e));
    kith_str found = value_text(
        s->order->schema, &values[type_field(s->order->schema, s->order, STR("total"))->index],
        &s->x.arena);
    EXPECT_STR(want, arena_strndup(&s->x.arena, found.ptr, found.len));
    return KITH_OK;
}

/* Half of the lines in dollars, half in euros, and between them the order changes from one to the
 * other: what an action reads is right after each of its writes. */
static kith_status write_many(struct txn *t, void *arg, kith_error *e) {
    struct many *m = arg;
    struct shop *s = m->shop;
    const struct assign currency = {type_field(s->order->schema, s->order, STR("currency")),
                                    value_str(STR("USD"))};
    TRY(txn_create(t, s->order, &currency, 1, &m->order, e));
    for (int i = 0; i < MANY; i++)
        TRY(write_line(s, t, m->order, i % 2 ? "0.50 EUR" : "1.25 USD", e));
    TRY(see_total(s, t, m->order, "625.00 USD", e));
    TRY(set_field(t, s->order, m->order, "currency", "EUR", e));
    TRY(see_total(s, t, m->order, "250.00 EUR", e));
    TRY(write_line(s, t, m->order, "7 EUR", e));
    return see_total(s, t, m->order, "257.00 EUR", e);
}

TEST("a thousand lines and a change of currency in one transaction give the sum at once") {
    struct shop s;
    kith_id tx;
    shop_open(&s);
    struct many m = {.shop = &s};
    EXPECT_OK(engine_write(s.x.g, &by_tester, write_many, &m, &tx, &s.x.e), s.x.e);
    expect_order(&s, m.order, "257.00 EUR", "0.00 EUR", "0.50 EUR", "7.00 EUR");
    EXPECT_STR("1001", field(&s.x, s.order, m.order, "lines"));
    expect_sound(&s.x);
    kith_id dollars = update(&s.x, s.order, m.order, PAIRS("currency=USD"));
    expect_order(&s, m.order, "625.00 USD", "0.00 USD", "1.25 USD", "1.25 USD");
    undo(&s, dollars);
    expect_order(&s, m.order, "257.00 EUR", "0.00 EUR", "0.50 EUR", "7.00 EUR");
    expect_sound(&s.x);
    undo(&s, tx);
    EXPECT_INT(0, count(&s.x, "line", NULL));
    expect_sound(&s.x);
    fixture_close(&s.x);
}

static kith_status line_of_order(void *self, struct txn *t, struct change *c, kith_error *e) {
    return write_line(self, t, c->id, "20 USD", e);
}

static kith_status saw_it(void *self, struct txn *t, struct change *c, kith_error *e) {
    struct shop *s = self;
    const struct rfield *total = type_field(s->order->schema, s->order, STR("total"));
    s->seen++;
    EXPECT_INT(2000, c->after[total->index].as.money.minor);
    return see_total(s, t, c->id, "20.00 USD", e);
}

/* The first hook of the moment writes a line; the second asks for what comes of it. */
static void expect_seen(bool after, const char *const *pairs, bool made) {
    struct shop s;
    struct predicate *large;
    s.seen = 0;
    fixture_open_with(&s.x, &trade, 1);
    shop_types(&s);
    EXPECT_OK(predicate_parse(&large, s.order->schema, s.order, &s.x.arena, STR("total > '10 USD'"),
                              &s.x.e),
              s.x.e);
    struct hook hooks[] = {
        {.fn = line_of_order, .priority = 1, .source = {SOURCE_RULE, "line", "", 1}},
        {.fn = saw_it, .priority = 2, .where = large, .source = {SOURCE_RULE, "seen", "", 1}},
    };
    for (int i = 0; i < 2; i++) {
        hooks[i].type = s.order;
        hooks[i].on = made ? ON_CREATE : ON_UPDATE;
        hooks[i].after = after;
        hooks[i].self = &s;
        EXPECT_OK(engine_add_hook(s.x.g, &hooks[i], &s.x.e), s.x.e);
    }
    fixture_start(&s.x);
    kith_id order = create(&s.x, s.order, PAIRS("currency=USD"));
    if (!made)
        update(&s.x, s.order, order, pairs);
    EXPECT_INT(1, s.seen);
    expect_order(&s, order, "20.00 USD", "0.00 USD", "20.00 USD", "20.00 USD");
    expect_sound(&s.x);
    fixture_close(&s.x);
}

TEST("a hook's condition sees a roll-up that another hook of the same write changed") {
    expect_seen(false, PAIRS("name=n"), false);
    expect_seen(true, PAIRS("name=n"), false);
    expect_seen(true, NULL, true);
}

static kith_status in_dollars(void *self, struct txn *t, struct change *c, kith_error *e) {
    struct shop *s = self;
    const struct schema *schema = s->order->schema;
    if (c->after[type_field(schema, s->order, STR("name"))->index].kind == KITH_NULL)
        return KITH_OK;
    return change_set(t, c, type_field(schema, s->order, STR("currency")), value_str(STR("USD")),
                      e);
}

TEST("a before-hook may name the currency, and an after-hook sees the sum in it") {
    struct shop s;
    s.seen = 0;
    fixture_open_with(&s.x, &trade, 1);
    shop_types(&s);
    struct hook hooks[] = {
        {.fn = in_dollars, .on = ON_CREATE | ON_UPDATE, .source = {SOURCE_RULE, "in", "", 1}},
        {.fn = saw_it, .on = ON_UPDATE, .after = true, .source = {SOURCE_RULE, "seen", "", 1}},
    };
    for (int i = 0; i < 2; i++) {
        hooks[i].type = s.order;
        hooks[i].self = &s;
        EXPECT_OK(engine_add_hook(s.x.g, &hooks[i], &s.x.e), s.x.e);
    }
    fixture_start(&s.x);
    expect_order(&s, create(&s.x, s.order, PAIRS("currency=EUR", "name=n")), "0.00 USD", "0.00 USD",
                 "", "");
    kith_id order = create(&s.x, s.order, PAIRS("currency=EUR"));
    add_line(&s, order, "20 USD", "open");
    expect_order(&s, order, "0.00 EUR", "0.00 EUR", "", "");
    update(&s.x, s.order, order, PAIRS("name=n"));
    expect_order(&s, order, "20.00 USD", "0.00 USD", "20.00 USD", "20.00 USD");
    EXPECT_INT(1, s.seen);
    expect_sound(&s.x);
    fixture_close(&s.x);
}

/* -- what is refused --------------------------------------------------------------------------- */

TEST("a text that is no currency is refused where sums are kept in it, and before they are") {
    struct shop s;
    shop_open(&s);
    kith_id order = 0;
    static const char *const wrong[] = {"currency=Euro", "currency=usd", "currency=XQZ"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        EXPECT_INT(KITH_E_INVAL, try_job(&s.x, ROW_CREATE, s.order, &order, PAIRS(wrong[i]), NULL));
        EXPECT_HAS("' is no ISO 4217 currency, in which sums of order are kept; give its code, as"
                   " EUR",
                   s.x.e.message);
    }
    order = create(&s.x, s.order, PAIRS("currency=EUR"));
    EXPECT_INT(KITH_E_INVAL,
               try_job(&s.x, ROW_UPDATE, s.order, &order, PAIRS("currency=Pound"), NULL));
    add_line(&s, order, "1 EUR", "open");
    expect_order(&s, order, "1.00 EUR", "0.00 EUR", "1.00 EUR", "1.00 EUR");
    run_sql(&s.x, "UPDATE \"order\" SET currency = 'Pound';"
                  "DELETE FROM kith_meta WHERE key LIKE 'rollup.%'");
    engine_close(s.x.g);
    struct engine_options o = fixture_options(&s.x);
    EXPECT_INT(KITH_E_INVAL, engine_open(&s.x.g, &o, &s.x.e));
    EXPECT_HAS("has another text there: currency: 'Pound' is no ISO 4217 currency", s.x.e.message);
    EXPECT_HAS(id_text(&s.x, order), s.x.e.message);
    s.x.g = NULL;
    fixture_close(&s.x);
}

static void expect_refused(const char *formula, uint32_t kind, const char *options,
                           const char *why) {
    const kith_field fields[] = {
        {.name = "moneys", .kind = KITH_F_CHOICE, .options = "EUR,Dollar"},
        {.name = "n", .kind = kind, .options = options, .rollup = formula}};
    const kith_type extend[] = {{.name = "order", .fields = KITH_ARRAY(fields), .extends = 1}};
    const struct schema_source sources[] = {
        trade, {.module = "more", .version = 1, .types = KITH_ARRAY(extend)}};
    struct fixture x;
    fixture_open_with(&x, &trade, 1);
    engine_close(x.g);
    x.sources = sources;
    x.source_count = 2;
    struct engine_options o = fixture_options(&x);
    EXPECT(engine_open(&x.g, &o, &x.e) != KITH_OK);
    if (!strstr(x.e.message, why))
        TEST_FAIL("%s\nexpected: %s\nfound:    %s", formula, why, x.e.message);
    x.g = NULL;
    fixture_close(&x);
}

TEST("a formula whose currency cannot be known is refused with the reason") {
    expect_refused("sum(line.total) in curency", KITH_F_MONEY, NULL, "did you mean 'currency'");
    expect_refused("sum(line.total) in", KITH_F_MONEY, NULL,
                   "expected the field that names the currency");
    expect_refused("sum(line.total) in currency now", KITH_F_MONEY, NULL,
                   "nothing may follow the field");
    expect_refused("sum(line.total) by currency", KITH_F_MONEY, NULL, "nothing may follow the ')'");
    expect_refused("count(line) in currency", KITH_F_INTEGER, NULL, "only money is in a currency");
    expect_refused("max(line.created) in currency", KITH_F_TIME, NULL,
                   "only money is in a currency");
    expect_refused("sum(line.total) in lines", KITH_F_MONEY, NULL, "order.lines names no currency");
    expect_refused("sum(line.total) in buyer", KITH_F_MONEY, NULL, "order.buyer names no currency");
    expect_refused("sum(line.total) in moneys", KITH_F_MONEY, NULL,
                   "'Dollar' is no ISO 4217 currency");
    expect_refused("sum(line.total) in currency", KITH_F_MONEY, "EUR", "leave its options away");
    expect_refused("sum(line.total where state = 'open' in currency", KITH_F_MONEY, NULL,
                   "the last ')' is missing");
}

/* -- all at once ------------------------------------------------------------------------------- */

TEST("the doctor finds what is wrong, all can be computed anew, and a new formula is") {
    struct shop s;
    kith_field orders[sizeof order_fields / sizeof *order_fields];
    kith_type types2[3];
    struct schema_source before = trade;
    struct findings found;
    memcpy(orders, order_fields, sizeof orders);
    memcpy(types2, types, sizeof types2);
    orders[4].rollup = "sum(line.total via order)";
    types2[1].fields.items = orders;
    before.types.items = types2;
    fixture_open_with(&s.x, &before, 1);
    shop_types(&s);
    fixture_start(&s.x);
    kith_id order = create(&s.x, s.order, PAIRS("currency=USD"));
    add_line(&s, order, "2 USD", "open");
    add_line(&s, order, "3 EUR", "open");
    expect_order(&s, order, "3.00 EUR", "0.00 USD", "2.00 USD", "2.00 USD");
    engine_close(s.x.g);
    s.x.sources = &trade;
    fixture_reopen(&s.x);
    shop_types(&s);
    fixture_start(&s.x);
    expect_order(&s, order, "2.00 USD", "0.00 USD", "2.00 USD", "2.00 USD");
    expect_sound(&s.x);
    static const char *const damages[] = {
        "UPDATE \"order\" SET total__cur = 'EUR'",
        "UPDATE \"order\" SET total = 300",
        "UPDATE \"order\" SET least = NULL, least__cur = NULL",
        "UPDATE kith_rollup SET value = 300",
    };
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        run_sql(&s.x, damages[i]);
        EXPECT(examine(&s.x, &found) > 0);
        EXPECT_HAS("roll-ups: order", found.text);
        EXPECT_OK(engine_compute_rollups(s.x.g, &tester, &s.x.e), s.x.e);
        expect_order(&s, order, "2.00 USD", "0.00 USD", "2.00 USD", "2.00 USD");
        expect_sound(&s.x);
    }
    fixture_close(&s.x);
}
