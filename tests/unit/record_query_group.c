/* SPDX-License-Identifier: Apache-2.0 */
/* group by, having and totals. */
#include "base/number.h"
#include "query_fixture.h"
#include "random.h"

static void fill(void) {
    ADD("user", 1, "login", "anna");
    ADD("user", 2, "login", "ben");
    ADD("team", 1, "name", "North", "city", "Kiel");
    ADD("team", 2, "name", "South", "city", "Ulm");
    ADD("customer", 1, "name", "Ada", "city", "Bonn", "teams", id_text(1), "tags", "a");
    ADD("customer", 2, "name", "bob", "city", "Ulm", "teams",
        arena_printf(&arena, "%s,%s", id_text(1), id_text(2)));
    ADD("customer", 3, "name", "Cid", "city", "Ulm", "teams", id_text(2));
    ADD("customer", 4, "name", "Dot");
#define ORDER(id, customer, owner, state, total, price, pieces, share, due)                        \
    ADD("order", id, "customer", id_text(customer), "owner", id_text(owner), "state", state,       \
        "total", total, "price", price, "pieces", pieces, "share", share, "due", due, "placed",    \
        due "T23:30:00Z", "lead", "90m")
    ORDER(11, 1, 1, "paid", "10.00 EUR", "1.01 EUR", "3", "0.50", "2024-01-31");
    ORDER(12, 1, 1, "open", "0.50 EUR", "2.00 EUR", "4", "0.25", "2024-02-01");
    ORDER(13, 2, 2, "paid", "7.25 EUR", "0.03 EUR", "2", "1.00", "2024-02-29");
    ORDER(14, 3, 2, "lost", "100 USD", "9.00 EUR", "9007199254740991", "0.10", "2023-12-31");
    ORDER(15, 3, 2, "paid", "50 USD", "-4.00 EUR", "-9007199254740991", "0.33", "2024-02-10");
    ADD("order", 16, "pieces", "1", "gift", "true");
    ADD("parcel", 21, "size", "small", "box", "large");
    ADD("parcel", 22, "size", "large", "box", "medium");
    ADD("parcel", 23, "size", "large", "box", "small");
}

static const char *value_shown(const kith_value *v) {
    kith_str s = value_text(schema, v, &arena);
    return v->kind == KITH_NULL ? "-" : arena_printf(&arena, "%.*s", (int)s.len, s.ptr);
}

/* "paid 3|open 1": rows between bars, columns between blanks; or the error's message. */
static const char *totals_with(const char *text, const kith_value *params) {
    kith_error e = KITH_ERROR_INIT;
    struct query *q;
    struct totals t;
    const char *out = "";
    setup();
    if (query_parse(&q, schema, &arena, str_of(text), &e) != KITH_OK ||
        query_select(q, &env, params, conn, &arena, &t, &e) != KITH_OK)
        return arena_strdup(&arena, e.message);
    for (size_t i = 0; i < t.count * t.columns; i++)
        out = arena_printf(&arena, "%s%s%s", out,
                           i == 0          ? ""
                           : i % t.columns ? " "
                                           : "|",
                           value_shown(&t.values[i]));
    return out;
}

static const char *totals(const char *text) {
    return totals_with(text, NULL);
}

/* The names of the columns. */
static const char *columns(const char *text) {
    kith_error e = KITH_ERROR_INIT;
    const struct query_column *c;
    struct query *q;
    const char *out = "";
    setup();
    EXPECT_OK(query_parse(&q, schema, &arena, str_of(text), &e), e);
    uint32_t n = query_columns(q, &c);
    for (uint32_t i = 0; i < n; i++)
        out =
            arena_printf(&arena, "%s%s%s%s", out, i ? "|" : "", c[i].name, c[i].number ? "#" : "");
    return out;
}
#define EXPECT_TOTALS(want, text) EXPECT_STR(want, totals(text))

TEST("records are counted by group, in the order of the keys, the empty one first") {
    EXPECT_TOTALS("- 1|lost 1|open 1|paid 3", "order group by state");
    EXPECT_TOTALS("- 1|lost 1|open 1|paid 3", "order group by state : count()");
    EXPECT_TOTALS("lost 1|paid 3", "order where state != 'open' group by state:count()");
    EXPECT_TOTALS("", "order where pieces = 77 group by state : count()");
    EXPECT_TOTALS("anna open 1|anna paid 1|ben lost 1|ben paid 2",
                  "order where owner is not null group by owner.login, state : count()");
}

TEST("without group by there is one row, also of nothing") {
    EXPECT_TOTALS(
        "6 5 3 13.00 EUR",
        "order : count(), count(owner), count(distinct customer), max(price) - min(price)");
    EXPECT_TOTALS("0 - - - -", "order where pieces = 77 : count(), sum(pieces), avg(price), "
                               "min(due), max(placed)");
}

TEST("sums are exact, also where they pass through numbers beyond 64 bits") {
    EXPECT_TOTALS("10", "order : sum(pieces)");
    EXPECT_TOTALS("2.18", "order : sum(share)");
    EXPECT_TOTALS("8.04 EUR", "order : sum(price)");
    EXPECT_TOTALS("- 2", "order where pieces > 10 or pieces < 0 group by gift having "
                         "sum(pieces * pieces) - sum(pieces * pieces) * 2 < -9007199254740991");
}

TEST("averages and divisions have six digits and round half to even, money its own") {
    EXPECT_TOTALS("1.666667", "order : avg(pieces)");
    EXPECT_TOTALS("1.61 EUR", "order : avg(price)");
    EXPECT_TOTALS("3 0.02 EUR 0.34 EUR|4 0.04 EUR 0.50 EUR", /* 0.0202, 0.3366..; 0.04, 0.5 */
                  "order where pieces in (3, 4) group by pieces : sum(price / 50), "
                  "sum(price / pieces)");
    EXPECT_TOTALS("0.02 EUR", "order where pieces = 3 : sum(price) * 2.5 / 101"); /* 0.025 */
    EXPECT_TOTALS("0.04 EUR", "order where pieces = 3 : sum(price) * 3.5 / 101"); /* 0.035 */
    EXPECT_TOTALS("0.333333 0.666667 -0.333333",
                  "order where pieces = 1 : count() / 3, 2 / 3, -1 / 3");
    EXPECT_TOTALS("-", "order where pieces = 1 : 1 / (count() - 1)");
    EXPECT_TOTALS("1h30m 3h", "order where state = 'paid' and pieces > 0 : avg(lead), sum(lead)");
}

TEST("what is calculated inside sums may mix money with numbers") {
    EXPECT_TOTALS("0.04 EUR",
                  "order where pieces = 2 : sum(price * share) + sum(price * 0.5) / 1.5");
    EXPECT_TOTALS("anna 11.03 EUR 1.000000|ben 0.06 EUR 0.500000",
                  "order where pieces < 5 and pieces > 1 group by owner.login as who : "
                  "sum(price * pieces), sum(price / price) / 2");
}

TEST("money of several currencies is added per currency, or in the company's, or refused") {
    EXPECT_TOTALS("- 0 -|EUR 3 17.75 EUR|USD 2 150.00 USD",
                  "order group by total.currency : count(total), sum(total)");
    EXPECT_TOTALS("anna 10.50 EUR", "order where owner.login = 'anna' group by owner.login : "
                                    "sum(total)");
    EXPECT_TOTALS(
        "'sum(total)' is of amounts in several currencies, and 2 of them have no known "
        "amount in EUR: group by total.currency, or ask for one of them (total.currency = "
        "'EUR')",
        "order : sum(total)");
    EXPECT_TOTALS("lost 100.00 USD|open 0.50 EUR",
                  "order where state in ('lost', 'open') group by state : sum(total)");
    EXPECT_TOTALS("'sum(total)': amounts in several currencies have no order: group by "
                  "total.currency, or ask for one of them (total.currency = 'EUR')",
                  "order where state in ('lost', 'open') group by state order by sum(total) : "
                  "sum(total)");
}

TEST("the remedy for several currencies names the field, and leads to an answer") {
    EXPECT_TOTALS(
        "'sum(total * 2)' is of amounts in several currencies, and 2 of them have no known "
        "amount in EUR: group by total.currency, or ask for one of them (total.currency = "
        "'EUR')",
        "order : sum(total * 2) / 3");
    EXPECT_TOTALS("'total / price': amounts in several currencies cannot be divided: group by "
                  "total.currency, or ask for one of them (total.currency = 'EUR')",
                  "order : sum(total / price)");
    EXPECT_TOTALS("- -|EUR 11.83 EUR|USD 100.00 USD",
                  "order group by total.currency : sum(total * 2) / 3");
    EXPECT_TOTALS("11.83 EUR", "order where total.currency = 'EUR' : sum(total * 2) / 3");
}

TEST("groups are kept by having") {
    EXPECT_TOTALS("paid 3", "order group by state having count() > 1 : count()");
    EXPECT_TOTALS("lost 1|open 1", "order group by state having not count() > 1 and state is not "
                                   "null : count()");
    EXPECT_TOTALS("paid 3", "order group by state having (count() + 1) * 2 >= 8");
    EXPECT_TOTALS("open 2.00 EUR", "order group by state having sum(price) < '3 EUR' and "
                                   "sum(price) > '0 EUR' : sum(price)");
    EXPECT_TOTALS("lost 1", "order group by state having max(due) < '2024-01-01'");
    EXPECT_TOTALS("open 1|paid 3", "order group by state having min(placed) > '2023-12-31'");
    EXPECT_TOTALS("lost 1|open 1|paid 3", "order group by state having max(due) < now() - 30d");
    EXPECT_TOTALS("- 1", "order group by state having sum(price) is null");
    EXPECT_TOTALS("paid 3", "order group by state having 2 < count() or 1 = 2");
    EXPECT_TOTALS("paid 6", "order group by state having twice > 3 : count() * 2 as twice");
    EXPECT_TOTALS("lost 1|open 1|paid 3", "order group by state having avg(lead) > 89m and "
                                          "avg(lead) <= 1h30m and max(lead) = 90m");
    EXPECT_TOTALS("true 1", "order group by gift having gift = true");
    EXPECT_TOTALS("at 30: expected a comparison, as in having count() > 2",
                  "order group by state having ('x') is null");
    EXPECT_TOTALS("lost 1", "order group by state having owners = 1 and sum(price) != '2 EUR' : "
                            "count(distinct owner) as owners");
}

TEST("having knows lists, patterns, periods and truth values") {
    EXPECT_TOTALS("lost 1|paid 3", "order group by state having state in ('paid', 'lost')");
    EXPECT_TOTALS("open 1", "order group by state having state not in ('paid', 'lost')");
    EXPECT_TOTALS("lost 1|paid 3", "order group by state having state like '%A%' or not state "
                                   "not like 'l_st'");
    EXPECT_TOTALS("lost 1|paid 3", "order group by state having sum(price) in ('-2.96 EUR', 9)");
    EXPECT_TOTALS("- 1|lost 1|open 1", "order group by state having count() in (1, 2)");
    EXPECT_TOTALS("open 1", "order group by state having avg(pieces) in (4.000, 17)");
    EXPECT_TOTALS("paid 3", "order group by state having max(due) in last_days(100)");
    EXPECT_TOTALS("open 1|paid 3", "order group by state having max(due) in (last_days(122), "
                                   "'2024-01-02', next_week())");
    EXPECT_TOTALS("lost 1", "order group by state having max(due) = last_year()");
    EXPECT_TOTALS("lost 1", "order group by state having this_year() > max(placed)");
    EXPECT_TOTALS("open 1|paid 3", "order group by state having min(placed) not in last_year()");
    EXPECT_TOTALS("lost 1|open 1|paid 3", "order group by state having sum(lead) > -1h");
    EXPECT_TOTALS("true 1", "order group by gift having gift");
    EXPECT_TOTALS("- 5",
                  "order group by gift having gift is null and not (gift and count() > 1) or "
                  "gift = false or count() = 5");
}

TEST("a list of having may be a parameter") {
    kith_value two[] = {value_int(3), value_str(STR("1.0"))}, list = {.kind = KITH_LIST};
    list.as.list.items = two;
    list.as.list.count = 2;
    EXPECT_STR("- 1|lost 1|open 1|paid 3",
               totals_with("order group by state having count() in (:n)", &list));
    EXPECT_STR("", totals_with("order group by state having count() not in (:n)", &list));
    kith_value names[] = {value_str(STR("paid")), value_null()};
    list.as.list.items = names;
    EXPECT_STR("paid 3", totals_with("order group by state having state in (:n)", &list));
    EXPECT_STR("", totals_with("order group by state having state not in (:n)", &list));
    EXPECT_STR(":n: write a number",
               totals_with("order group by state having count() in (:n)", &list));
}

TEST("a number for having is one that a field could hold") {
    kith_value n = {.kind = KITH_DECIMAL, .as.decimal = {.units = 30, .scale = 1}};
    EXPECT_STR("paid 3", totals_with("order group by state having count() = :n", &n));
    n.as.decimal.scale = 40;
    EXPECT_STR(":n: write a number", totals_with("order group by state having count() = :n", &n));
    n.as.decimal.scale = -2;
    EXPECT_STR(":n: write a number",
               totals_with("order group by state having count() in (:n)", &n));
    n = (kith_value){.kind = KITH_REAL, .as.r = 3};
    EXPECT_STR(":n: write a number", totals_with("order group by state having count() = :n", &n));
}

TEST("keys are compared in having as their fields are in where") {
    EXPECT_TOTALS("Ada 1|bob 1", "customer group by name having name < 'CID'");
    EXPECT_TOTALS("bob 1", "customer group by name having name = 'bob' or name = 'ada'");
    EXPECT_TOTALS("", "customer group by name having name = 'BOB'");
    EXPECT_TOTALS("Ada 1|bob 1|Cid 1|Dot 1", "customer group by name having name like '%' and name "
                                             "not in ('CID', 'x')");
    EXPECT_TOTALS("at 35: 'state' is a state and has no order; use =, != or in (...)",
                  "order group by state having state > 'lost'");
    EXPECT_TOTALS("at 42: 'gift' and 'state' are of different kinds",
                  "order group by state, gift having gift = state");
    EXPECT_TOTALS("at 37: 'count()' is no text: 'like' has no meaning for it",
                  "order group by state having count() like 'x'");
    EXPECT_TOTALS("at 39: a list holds values; text stands in quotes",
                  "order group by state having state in (paid)");
}

TEST("options with an order are compared in having by their places") {
    EXPECT_TOTALS("small large 1", "parcel group by size, box having size < box");
    EXPECT_TOTALS("large small 1|large medium 1", "parcel group by size, box having box < size");
    EXPECT_TOTALS("large small 1|large medium 1",
                  "parcel group by size, box having size > 'small' and box <= 'medium'");
}

TEST("groups are ordered by keys and totals, and limited") {
    EXPECT_TOTALS("paid 3|- 1|lost 1|open 1", "order group by state order by -count()");
    EXPECT_TOTALS("paid 3|open 1|lost 1|- 1", "order group by state order by -count(), -state");
    EXPECT_TOTALS("paid 3|open 1", "order group by state order by -state limit 2");
    EXPECT_TOTALS("- -|paid -2.96 EUR",
                  "order group by state order by money limit 2 : sum(price) as money");
    EXPECT_TOTALS("Ada 1|bob 1|Cid 1|Dot 1", "customer group by name : count()");
    EXPECT_TOTALS("", "order group by state limit 0");
}

TEST("keys may be parts of dates, links, and paths to many, where a record counts for each") {
    EXPECT_TOTALS("- - 1|2023 12 1|2024 1 1|2024 2 3",
                  "order group by year(due), month(due) : count()");
    EXPECT_TOTALS("- 1|North 2|South 2", "customer group by teams.name : count()");
    EXPECT_TOTALS("- - 1|Kiel North 2|Ulm South 2",
                  "customer group by teams.city, teams.name : count()");
    EXPECT_TOTALS("- 1|0000000000001 2|0000000000002 2", "customer group by teams : count()");
    EXPECT_TOTALS("0000000000001 North 2|0000000000002 South 2",
                  "customer where teams is not null group by teams, teams.name : count()");
    EXPECT_TOTALS("- 1|North 3|South 3", "order group by customer.teams.name : count()");
    EXPECT_TOTALS("0000000000001 2", "order where pieces in (3, 4) group by owner : count()");
    EXPECT_TOTALS("- 5|true 1", "order group by gift");
    EXPECT_TOTALS("0 2|1 1|2 1", "customer where name < 'd' or name >= 'd' group by count(order "
                                 "where pieces < 9 and pieces > 0) : count()");
}

TEST("the zone of the company decides in which month a time lies") {
    kith_error e = KITH_ERROR_INIT;
    struct zone *zone;
    setup();
    EXPECT_OK(zone_open(&zone, "Europe/Berlin", &e), e);
    env.zone = zone;
    EXPECT_TOTALS("1 1|2 3|3 1", "order where placed is not null group by month(placed)");
    env.zone = NULL;
    zone_close(zone);
}

TEST("columns are named as written, or behind as") {
    EXPECT_STR("owner.login|month(due)#|count()#|sum(price)#|weighted#",
               columns("order group by owner.login, month(due) : count(), sum(price), "
                       "sum(price * share) / count() as weighted"));
    EXPECT_STR("who|count()#", columns("order group by owner.login as who"));
    EXPECT_STR("who|min(due)",
               columns("order group by owner.login : owner.login as who, min(due)"));
}

TEST("parameters stand in where and in having") {
    kith_value values[] = {value_str(STR("lost")), value_int(2)};
    EXPECT_STR("paid 3",
               totals_with("order where state != :a group by state having count() > :b", values));
    values[1] = value_null();
    EXPECT_STR("",
               totals_with("order where state != :a group by state having count() > :b", values));
    const kith_value two = value_int(2);
    EXPECT_STR(totals("order group by state limit 2"),
               totals_with("order group by state limit :n", &two));
    EXPECT_STR(totals("order group by state having max(placed) > now() - 9000d"),
               totals_with("order group by state having max(placed) > now() - :d",
                           &(kith_value){.kind = KITH_DURATION, .as.i = INT64_C(777600000000)}));
    values[1] = value_str(STR("x"));
    EXPECT_STR(":b: write a number",
               totals_with("order where state != :a group by state having count() > :b", values));
}

TEST("who may not see the type gets no group") {
    static const struct principal nobody = {.name = "nobody"};
    setup();
    env.principal = &nobody;
    const char *keyed = totals("order group by state"), *counted = totals("order : count(), 1");
    env.principal = &everyone;
    EXPECT_HAS("you may not read order.state", keyed);
    EXPECT_STR("0 1", counted);
}

TEST("errors say what can be calculated, grouped and compared") {
    EXPECT_TOTALS("at 9: 'owner' differs within a group: group by it, or put it into sum(), "
                  "avg(), min(), max() or count(); fields of single records are named by --fields, "
                  "or fields=",
                  "order : owner, state");
    EXPECT_TOTALS("at 24: 'owner' differs within a group: group by it, or put it into sum(), "
                  "avg(), min(), max() or count()",
                  "order group by state : owner");
    EXPECT_TOTALS("at 28: 'state' is no number, money or duration: nothing can be calculated with "
                  "it",
                  "order group by state : sum(state)");
    EXPECT_TOTALS("at 21: 'pieces' cannot be added to 'price'", "order : sum(price + pieces)");
    EXPECT_TOTALS("at 21: 'price' cannot be multiplied with 'price'", "order : sum(price * price)");
    EXPECT_TOTALS("at 16: 'total' is money: group by total.currency, or by a part",
                  "order group by total");
    EXPECT_TOTALS("at 19: 'tags' is a tags: nothing can be grouped by it",
                  "customer group by tags");
    EXPECT_TOTALS("at 13: totals cannot stand inside each other", "order : sum(max(pieces))");
    EXPECT_TOTALS("at 39: 'count()' is a number; write one",
                  "order group by state having count() > 'x'");
    EXPECT_TOTALS("at 42: 'sum(total)' is neither a date nor a time",
                  "order group by state having sum(total) > now()");
    EXPECT_TOTALS("at 29: expected a comparison, as in having count() > 2",
                  "order group by state having count()");
    EXPECT_TOTALS("at 22: expected 'having', 'order by', 'limit', ':' or the end, found where",
                  "order group by state where state = 'x'");
    EXPECT_TOTALS("at 22: totals of all records have neither order nor limit; group by a field, or "
                  "leave these out",
                  "order order by state : sum(pieces)");
    EXPECT_TOTALS("at 13: expected 'by', found state", "order group state");
    EXPECT_TOTALS("at 9: expected a total such as count() or sum(amount)", "order : 'x'");
}

TEST("numbers that are names are not calculated with") {
#define NAMES(name, measure, totals)                                                               \
    "'" name "' is " measure ": its numbers are names, and nothing can be calculated with them; "  \
    "what they have is " totals
    EXPECT_TOTALS("at 13: " NAMES("depot", "nominal", "count"), "order : sum(depot)");
    EXPECT_TOTALS("at 13: " NAMES("rank", "ordinal", "count, min, max"), "order : avg(rank)");
    EXPECT_TOTALS("at 22: " NAMES("depot", "nominal", "count"), "order : sum(pieces * depot)");
    EXPECT_TOTALS("at 13: " NAMES("min(rank)", "ordinal", "count, min, max"),
                  "order : 1 + min(rank)");
    EXPECT_TOTALS("at 40: " NAMES("depot", "nominal", "count"),
                  "order group by depot having count() > -depot");
    EXPECT_TOTALS("0 - -", "order : count(depot), min(rank), max(rank)");
    EXPECT_TOTALS("0", "order where due is null : count(distinct depot)");
}

TEST("the lowest and the highest of options with an order go by their places") {
    EXPECT_TOTALS("small large", "parcel : min(size), max(size)");
    EXPECT_TOTALS("small large large|large small medium",
                  "parcel group by size : min(box), max(box)");
    EXPECT_TOTALS("-", "parcel where size = 'medium' : max(size)");
    EXPECT_TOTALS("small 1", "parcel group by size having max(box) > 'medium' : count()");
    EXPECT_TOTALS("large 2", "parcel group by size having max(box) in ('medium', 'small')"
                             " : count()");
    EXPECT_TOTALS("large 2", "parcel group by size having max(box) > min(box) : count()");
    EXPECT_TOTALS("large medium|small large", "parcel group by size order by max(box) : max(box)");
    EXPECT_TOTALS("small large|large medium", "parcel group by size order by -max(box) : max(box)");
    const kith_value least = value_str(STR("large"));
    EXPECT_STR("small 1",
               totals_with("parcel group by size having max(box) >= :least : count()", &least));
    EXPECT_HAS("'huge' is none of small, medium, large",
               totals("parcel group by size having max(box) > 'huge'"));
    EXPECT_HAS("'max(box)' is no text", totals("parcel group by size having max(box) like 's%'"));
    EXPECT_HAS("cannot be compared with", totals("parcel group by size having max(box) = size"));
    EXPECT_HAS("nothing can be calculated with it", totals("parcel : 1 + max(size)"));
    EXPECT_HAS("nothing can be calculated with it", totals("parcel : sum(size)"));
    EXPECT_HAS("has no lowest or highest value", totals("order : max(state)"));
}

TEST("the totals that a field is said to have can be asked for") {
    static const char *const functions[] = {"sum", "avg", "min", "max"};
    setup();
    for (uint32_t t = 0; t < schema->type_count; t++)
        for (uint32_t i = 0; i < schema->types[t]->field_count; i++) {
            const struct rfield *f = schema->types[t]->fields[i];
            for (size_t k = 0; k < 4; k++) {
                kith_error e = KITH_ERROR_INIT;
                struct query *q;
                const char *text = arena_printf(&arena, "%s : %s(\"%s\")", schema->types[t]->name,
                                                functions[k], f->name);
                if (strstr(field_totals(f), functions[k]))
                    EXPECT_OK(query_parse(&q, schema, &arena, str_of(text), &e), e);
            }
        }
}

TEST("a page of records cannot be asked of totals") {
    EXPECT_STR("the query gives totals, not records", ask("order group by state"));
    EXPECT_TOTALS("the query gives records, not totals", "order");
}

TEST("what is too large a number, or too much, is refused") {
    const char *many = "order : count()";
    EXPECT_TOTALS("'sum(pieces)' is too large a number", "order where pieces > 2 : sum(pieces)");
    EXPECT_TOTALS("'pieces * pieces * pieces' is too large a number",
                  "order : sum(pieces * pieces * pieces)");
    for (int i = 0; i < 40; i++)
        many = arena_printf(&arena, "%s, sum(pieces * %d)", many, i);
    EXPECT_HAS("more than 32 totals", totals(many));
    many = "order : 1";
    for (int i = 0; i < 400; i++)
        many = arena_printf(&arena, "%s + 1", many);
    EXPECT_HAS("more than 500 terms", totals(many));
    many = "order : ";
    for (int i = 0; i < 100; i++)
        many = arena_printf(&arena, "%s(", many);
    EXPECT_HAS("more than 64 parentheses", totals(many));
}

/* -- much, and random -------------------------------------------------------------------------- */

static void run_sql(const char *sql) {
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(conn_exec(conn, sql, &e), e);
}

/* What the fixture has no rows for. */
static void change(const char *sql) {
    kith_error e = KITH_ERROR_INIT;
    setup();
    EXPECT_OK(conn_exec(conn, sql, &e), e);
}

TEST("places differ in both of their numbers") {
    change("UPDATE customer SET place__lat = 48.2082, place__lon = 16.3738 + id / 3");
    EXPECT_TOTALS("4 2", "customer : count(place), count(distinct place)");
    change("UPDATE customer SET place__lat = 48 + id * 0.1, place__lon = 16");
    EXPECT_TOTALS("4 4", "customer : count(place), count(distinct place)");
    change("UPDATE customer SET place__lat = NULL, place__lon = NULL");
    EXPECT_TOTALS("0 0", "customer : count(place), count(distinct place)");
}

TEST("options that have an order have it as keys") {
    change("UPDATE \"order\" SET size = CASE WHEN id < 13 THEN 'small' WHEN id = 13 THEN 'large'"
           " WHEN id < 16 THEN 'medium' END");
    EXPECT_TOTALS("- 1|small 2|medium 2|large 1", "order group by size");
    EXPECT_TOTALS("large 1|medium 2|small 2|- 1", "order group by size order by -size");
    EXPECT_TOTALS("medium 2|large 1", "order group by size having size > 'small'");
    EXPECT_TOTALS("small 2|medium 2", "order group by size having size <= 'medium'");
    change("UPDATE \"order\" SET size = NULL");
}

TEST("a link as a key is what the field holds, also where another key leads on") {
    change("INSERT INTO \"customer.teams\"(record, target) VALUES(4, 99)");
    EXPECT_TOTALS("0000000000001 2|0000000000002 2|0000000000033 1",
                  "customer group by teams : count()");
    EXPECT_TOTALS("0000000000001 North 2|0000000000002 South 2|0000000000033 - 1",
                  "customer group by teams, teams.name : count()");
    EXPECT_TOTALS("North 0000000000001 2|South 0000000000002 2|- 0000000000033 1",
                  "customer group by teams.name, teams order by teams : count()");
    change("DELETE FROM \"customer.teams\" WHERE target = 99");
}

TEST("a link to any record tells its type as a key, too") {
    setup();
    run_sql("DELETE FROM visit");
    run_sql("INSERT INTO visit(id, created, updated, about, about__type)"
            " SELECT 1, 0, 0, 1, id FROM kith_type WHERE name IN ('customer')");
    run_sql("INSERT INTO visit(id, created, updated, about, about__type)"
            " SELECT 2, 0, 0, 1, id FROM kith_type WHERE name IN ('order')");
    EXPECT_TOTALS("customer/0000000000001 1|order/0000000000001 1",
                  "visit group by about : count()");
    run_sql("DELETE FROM visit");
}

TEST("too many groups and too many different values are refused, and what fits is not") {
    setup();
    run_sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200001) "
            "INSERT INTO line(id, created, updated, sold, product)"
            " SELECT i, i, i, i, 'p' || i FROM n");
    EXPECT_HAS("more than 100000 groups", totals("line group by product"));
    EXPECT_HAS("more than 100000 groups", totals("line group by id : count()"));
    EXPECT_TOTALS("200001 200001", "line : count(), count(distinct product)");
    EXPECT_TOTALS("p100000 1|p100001 1", "line where product like 'p1000__' group by product "
                                         "having product > 'p09' order by product limit 2");
    EXPECT_TOTALS("200001 200001 200001 200001",
                  "line : count(distinct id), count(distinct product), count(distinct created),"
                  " count(distinct updated)");
    EXPECT_HAS("more than 1000000 different values",
               totals("line : count(distinct id), count(distinct product), count(distinct created),"
                      " count(distinct updated), count(distinct sold)"));
    /* What is kept for a group counts, too: 400,000 totals, and 64 MiB of keys. */
    EXPECT_HAS("more than 36363 groups",
               totals("line where product like 'p15____' or product like 'p16____' or product like"
                      " 'p17____' or product like 'p18____' group by product : count(), count(id),"
                      " count(sold), count(created), count(updated), min(sold), max(sold),"
                      " min(created), max(created), min(updated), max(updated)"));
    run_sql("DELETE FROM line WHERE id > 90000;"
            "UPDATE line SET product = product || printf('%.*c', 800, 'x')");
    const char *text = totals("line group by product");
    EXPECT_HAS(" groups, and limit and having choose only among all of them", text);
    EXPECT(!strstr(text, "more than 100000"));
    struct buf list = {0};
    for (int i = 0; i <= 4000; i++)
        buf_printf(&list, "%s'p%d'", i ? "," : "line group by product having product in (", i);
    buf_puts(&list, ")");
    EXPECT_HAS("more than 4000 values", totals(list.ptr));
    buf_free(&list);
    run_sql("DELETE FROM line");
}

static uint64_t seed = 20240601;
static uint32_t below(uint32_t n) {
    return (uint32_t)(random_next(&seed) >> 33) % n;
}

#define RANDOM_ROWS 300
static struct {
    int state, month, customer;
    int64_t pieces, cents;
    bool priced;
} model[RANDOM_ROWS];

static void fill_random(void) {
    static const char *const states[] = {"open", "paid", "lost"};
    run_sql("DELETE FROM \"order\"");
    for (int i = 0; i < RANDOM_ROWS; i++) {
        model[i].state = (int)below(3);
        model[i].month = (int)below(12);
        model[i].customer = (int)below(4);
        model[i].pieces = (int64_t)below(2000001) - 1000000;
        model[i].cents = (int64_t)below(2000001) - 1000000;
        model[i].priced = below(5) > 0;
        char price[32], pieces[24], due[24];
        snprintf(pieces, sizeof pieces, "%lld", (long long)model[i].pieces);
        decimal_format(model[i].cents, 2, price);
        snprintf(due, sizeof due, "2024-%02d-01", model[i].month + 1);
        const char *money = arena_printf(&arena, "%s EUR", price);
        ADD("order", (kith_id)(1000 + i), "state", states[model[i].state], "due", due, "customer",
            id_text((kith_id)(1 + model[i].customer)), "pieces", pieces,
            model[i].priced ? "price" : NULL, money);
    }
}

/* The row of one state and month, as it must be: count, sum of pieces, sum and average of prices,
 * customers. Empty where there is none. */
static const char *expected_row(int state, int month) {
    static const char *const states[] = {"open", "paid", "lost"};
    int64_t count = 0, pieces = 0, cents = 0, priced = 0;
    bool seen[4] = {false};
    for (int i = 0; i < RANDOM_ROWS; i++) {
        if (model[i].state != state || model[i].month != month)
            continue;
        count++;
        pieces += model[i].pieces;
        cents += model[i].priced ? model[i].cents : 0;
        priced += model[i].priced;
        seen[model[i].customer] = true;
    }
    if (count == 0)
        return "";
    char sum[32], mean[32];
    int64_t q = priced ? cents / priced : 0, r = priced ? cents % priced : 0;
    int64_t twice = 2 * (r < 0 ? -r : r);
    if (priced && (twice > priced || (twice == priced && q % 2 != 0)))
        q += cents < 0 ? -1 : 1;
    decimal_format(cents, 2, sum);
    decimal_format(q, 2, mean);
    return arena_printf(&arena, "%s %d %lld %lld %s%s %s%s %d", states[state], month + 1,
                        (long long)count, (long long)pieces, priced ? sum : "-",
                        priced ? " EUR" : "", priced ? mean : "-", priced ? " EUR" : "",
                        seen[0] + seen[1] + seen[2] + seen[3]);
}

TEST("groups of random records are as a naive reading of them finds") {
    static const int by_name[] = {2, 0, 1}; /* lost, open, paid */
    setup();
    for (int round = 0; round < 5; round++) {
        fill_random();
        const char *want = "";
        for (int s = 0; s < 3; s++)
            for (int m = 0; m < 12; m++) {
                const char *row = expected_row(by_name[s], m);
                want = arena_printf(&arena, "%s%s%s", want, *want && *row ? "|" : "", row);
            }
        EXPECT_TOTALS(want, "order group by state, month(due) : count(), sum(pieces), sum(price), "
                            "avg(price), count(distinct customer)");
    }
}
