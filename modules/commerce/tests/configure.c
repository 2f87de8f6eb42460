/* SPDX-License-Identifier: Apache-2.0 */
/* Products that are made to choice: rules, refusals, completion, prices, lines of orders. */
#include "record/access.h"
#include "shop.h"

static kith_id group(struct company *c, kith_id product, const char *code, const char *least,
                     const char *most) {
    return CREATE(c, "option_group", {"product", id_text(c, product)}, {"code", code},
                  {"name", code}, {"min_options", least}, {"max_options", most});
}

#define OPTION(c, group, code_, ...)                                                               \
    CREATE(c, "product_option", {"option_group", id_text(c, group)}, {"code", code_},              \
           {"name", code_}, __VA_ARGS__)
#define RULE(c, product, kind_, ...)                                                               \
    CREATE(c, "configuration_rule", {"product", id_text(c, product)}, {"kind", kind_}, __VA_ARGS__)
#define RULE_REFUSED(words, c, product, kind_, ...)                                                \
    REFUSED(c, words, "configuration_rule", 0, {"product", id_text(c, product)}, {"kind", kind_},  \
            __VA_ARGS__)

static void options(struct company *c, kith_id group, const char *const *codes) {
    for (; *codes; codes++)
        OPTION(c, group, *codes, {"position", "0"});
}
#define OPTIONS(c, group, ...) options(c, group, (const char *const[]){__VA_ARGS__, NULL})

/* A car: one colour, one engine, any of some extras. */
struct car {
    kith_id id, colour, engine, extras;
};
static struct car car(struct company *c) {
    struct car car = {.id = PRODUCT(c, {"code", "car"}, {"name", "Car"}, {"price", "20000 EUR"})};
    car.colour = group(c, car.id, "colour", "1", "1");
    OPTIONS(c, car.colour, "red", "blue", "black");
    car.engine = group(c, car.id, "engine", "1", "1");
    OPTION(c, car.engine, "petrol", {"price", "1000 EUR"});
    OPTION(c, car.engine, "diesel", {"price", "2500.50 EUR"});
    OPTION(c, car.engine, "electric", {"percent", "33.33"});
    car.extras = group(c, car.id, "extras", "0", NULL);
    OPTION(c, car.extras, "hook", {"price", "400 EUR"});
    OPTION(c, car.extras, "leather", {"percent", "2.5"});
    OPTION(c, car.extras, "sport", {"price", "900 EUR"});
    OPTION(c, car.extras, "roof", {"price", "-50 EUR"});
    UPDATE(c, "option_group", car.colour, {"question", "Which colour do you like?"},
           {"position", "1"});
    UPDATE(c, "option_group", car.engine, {"position", "2"});
    UPDATE(c, "option_group", car.extras, {"position", "3"});
    return car;
}

static struct act ask(struct company *c, kith_id product, const struct pair *more) {
    struct pair all[12] = {{"product", id_text(c, product)}};
    for (int i = 1; more->field; i++, more++)
        all[i] = *more;
    struct act a = act(c, "commerce.configure", all);
    EXPECT_ACT(a);
    return a;
}
#define ASK(c, product, ...)          ask(c, product, PAIRS(__VA_ARGS__))
#define SAYS(expected, c, a, result)  EXPECT_STR(expected, result_text(c, a, result))
#define TELLS(expected, c, a, result) EXPECT_HAS(expected, result_text(c, a, result))

/* What the row of an option has in a column. */
static const char *row_of(struct company *c, const struct act *a, const char *option,
                          const char *column) {
    const struct action_rows rows = action_rows(a->action, a->results);
    uint32_t code = 0, at = 0;
    for (uint32_t i = 0; i < a->action->column_count; i++) {
        code = strcmp(a->action->columns[i]->name, "option") == 0 ? i : code;
        at = strcmp(a->action->columns[i]->name, column) == 0 ? i : at;
    }
    for (size_t i = 0; i < rows.count; i++)
        if (str_eqz(rows.items[i].as.list.items[code].as.s, option)) {
            kith_str s =
                value_text(engine_schema(c->engine), &rows.items[i].as.list.items[at], &c->arena);
            return arena_strndup(&c->arena, s.ptr, (size_t)s.len);
        }
    TEST_FAIL("there is no row of %s", option);
    return "";
}
#define ROW(expected, c, a, option, column) EXPECT_STR(expected, row_of(c, a, option, column))

TEST("A excludes B: both are refused with the reason, A alone has a price") { /* COM-X7 */
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    struct car k = car(&c);
    RULE(&c, k.id, "excludes", {"when", "hook"}, {"options", "sport"});
    struct act a = ASK(&c, k.id, {"chosen", "red,petrol,hook,sport"});
    SAYS("false", &c, &a, "valid");
    SAYS("hook and sport do not go together: hook excludes sport", &c, &a, "why");
    SAYS("", &c, &a, "unit_price");
    ROW("chosen", &c, &a, "hook", "state");
    TELLS("do not go together", &c, &a, "why");
    EXPECT_HAS("hook excludes sport", row_of(&c, &a, "hook", "why"));
    ROW("", &c, &a, "red", "why");
    a = ASK(&c, k.id, {"chosen", "red,petrol,hook"});
    SAYS("true", &c, &a, "valid");
    SAYS("true", &c, &a, "complete");
    SAYS("21400.00 EUR", &c, &a, "unit_price");
    SAYS("list price: 20000.00 EUR; petrol: 1000.00 EUR; hook: 400.00 EUR", &c, &a, "how");
    ROW("excluded", &c, &a, "sport", "state");
    ROW("hook excludes sport", &c, &a, "sport", "why");
    ROW("colour: exactly 1", &c, &a, "blue", "why");
    close_company(&c);
}

TEST("a message of the rule is told in its place") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    struct car k = car(&c);
    RULE(&c, k.id, "excludes", {"when", "electric"}, {"options", "hook"},
         {"message", "Electric cars pull no trailers."});
    struct act a = ASK(&c, k.id, {"chosen", "electric,hook"});
    SAYS("electric and hook do not go together: Electric cars pull no trailers", &c, &a, "why");
    close_company(&c);
}

TEST("questions lead to the end, in the order of the groups, and what follows is not asked") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    struct car k = car(&c);
    RULE(&c, k.id, "implies", {"when", "black"}, {"options", "diesel,leather"});
    struct act a = ASK(&c, k.id, {"quantity", "1"});
    SAYS("true", &c, &a, "valid");
    SAYS("false", &c, &a, "complete");
    SAYS("colour", &c, &a, "next");
    SAYS("Which colour do you like?", &c, &a, "question");
    SAYS("still to be chosen: colour, engine", &c, &a, "why");
    a = ASK(&c, k.id, {"chosen", "red"});
    SAYS("engine", &c, &a, "next");
    SAYS("engine", &c, &a, "question");
    SAYS("still to be chosen: engine", &c, &a, "why");
    a = ASK(&c, k.id, {"chosen", "black"});
    SAYS("black,diesel,leather", &c, &a, "chosen");
    SAYS("true", &c, &a, "complete");
    SAYS("", &c, &a, "next"); /* one of the extras follows */
    ROW("implied", &c, &a, "leather", "state");
    ROW("black includes diesel and leather", &c, &a, "leather", "why");
    a = ASK(&c, k.id, {"chosen", "blue,petrol"});
    SAYS("true", &c, &a, "complete");
    SAYS("extras", &c, &a, "next");
    a = ASK(&c, k.id, {"chosen", "blue,petrol"}, {"answered", "extras"});
    SAYS("", &c, &a, "next");
    close_company(&c);
}

TEST("a rule may want one more of a group that is free") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    struct car k = car(&c);
    RULE(&c, k.id, "requires", {"when", "red"}, {"options", "sport,leather"});
    struct act a = ASK(&c, k.id, {"chosen", "red,petrol,hook"}, {"answered", "extras"});
    SAYS("true", &c, &a, "valid");
    SAYS("false", &c, &a, "complete");
    SAYS("still to be chosen: red requires leather or sport", &c, &a, "why");
    SAYS("extras", &c, &a, "next");
    a = ASK(&c, k.id, {"chosen", "red,petrol,sport"});
    SAYS("true", &c, &a, "complete");
    close_company(&c);
}

TEST("else: what is chosen when the condition does not hold") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    struct car k = car(&c);
    RULE(&c, k.id, "excludes", {"when", "electric"}, {"unless", "black"}, {"options", "roof"},
         {"otherwise", "hook"});
    struct act a = ASK(&c, k.id, {"chosen", "red,petrol"});
    SAYS("hook,petrol,red", &c, &a, "chosen");
    ROW("electric without black excludes roof, and any other choice includes hook", &c, &a, "hook",
        "why");
    a = ASK(&c, k.id, {"chosen", "electric,black"});
    ROW("implied", &c, &a, "hook", "state");
    a = ASK(&c, k.id, {"chosen", "electric,red"});
    ROW("possible", &c, &a, "hook", "state");
    ROW("excluded", &c, &a, "roof", "state");
    a = ASK(&c, k.id, {"chosen", "electric,roof"});
    ROW("implied", &c, &a, "black", "state");
    RULE(&c, k.id, "implies", {"when", "sport"}, {"otherwise", "leather"});
    a = ASK(&c, k.id, {"chosen", "red"});
    ROW("possible", &c, &a, "leather", "state");
    close_company(&c);
}

TEST("rules may go in circles") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    struct car k = car(&c);
    RULE(&c, k.id, "implies", {"when", "hook"}, {"options", "leather"});
    RULE(&c, k.id, "implies", {"when", "leather"}, {"options", "sport"});
    RULE(&c, k.id, "implies", {"when", "sport"}, {"options", "hook"});
    struct act a = ASK(&c, k.id, {"chosen", "red,petrol,leather"});
    SAYS("hook,leather,petrol,red,sport", &c, &a, "chosen");
    ROW("sport includes hook", &c, &a, "hook", "why");
    a = ASK(&c, k.id, {"chosen", "red,petrol"});
    SAYS("true", &c, &a, "complete");
    close_company(&c);
}

TEST("what only several rules together exclude is excluded, and all of them are named") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    struct car k = car(&c);
    RULE(&c, k.id, "requires", {"when", "sport"}, {"options", "hook,leather"});
    RULE(&c, k.id, "excludes", {"when", "hook,sport"}, {"options", "roof"});
    RULE(&c, k.id, "excludes", {"when", "leather"}, {"options", "roof"});
    struct act a = ASK(&c, k.id, {"chosen", "sport"});
    ROW("excluded", &c, &a, "roof", "state");
    ROW("sport requires hook or leather; hook with sport excludes roof; leather excludes roof", &c,
        &a, "roof", "why");
    close_company(&c);
}

TEST("a choice is completed by what is preferred, else by the cheapest, always in the same way") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    struct car k = car(&c);
    struct act a = ASK(&c, k.id, {"complete", "true"});
    SAYS("petrol,red", &c, &a, "chosen"); /* colours cost the same: the first */
    SAYS("true", &c, &a, "complete");
    SAYS("", &c, &a, "why");
    SAYS("", &c, &a, "next");
    SAYS("21000.00 EUR", &c, &a, "unit_price");
    ROW("added", &c, &a, "petrol", "state");
    ROW("possible", &c, &a, "diesel", "state");
    kith_id chrome = OPTION(&c, k.extras, "chrome", {"preferred", "true"});
    a = ASK(&c, k.id, {"chosen", "blue"}, {"complete", "true"});
    SAYS("blue,chrome,petrol", &c, &a, "chosen");
    a = ASK(&c, k.id, {"chosen", "blue,hook"}, {"complete", "true"});
    SAYS("blue,hook,petrol", &c, &a, "chosen"); /* the customer said which extras */
    UPDATE(&c, "product_option", chrome, {"preferred", "false"});
    RULE(&c, k.id, "requires", {"when", "blue"}, {"options", "sport,leather"});
    RULE(&c, k.id, "excludes", {"when", "petrol"}, {"options", "leather"});
    a = ASK(&c, k.id, {"chosen", "blue"}, {"complete", "true"});
    SAYS("blue,petrol,sport", &c, &a, "chosen"); /* the engine is asked for first */
    a = ASK(&c, k.id, {"chosen", "blue,electric"}, {"complete", "true"});
    SAYS("blue,electric,leather", &c, &a, "chosen"); /* 500 is less than 900 */
    close_company(&c);
}

TEST("options and rules change the price, each rounded once, on the price of the customer") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    struct car k = car(&c);
    kith_id book = CREATE(&c, "price_book", {"name", "Fleet"}, {"currency", "EUR"});
    CREATE(&c, "price", {"price_book", id_text(&c, book)}, {"product", id_text(&c, k.id)},
           {"amount", "17777.77 EUR"});
    kith_id fleet = CREATE(&c, "account", {"name", "Fleet"}, {"price_book", id_text(&c, book)},
                           {"discount", "10"});
    RULE(&c, k.id, "price", {"when", "electric,leather"}, {"unless", "hook"}, {"percent", "-1.5"},
         {"message", "Quiet package"});
    RULE(&c, k.id, "price", {"when", "electric"}, {"amount", "-99.99 EUR"});
    struct act a = ASK(&c, k.id, {"chosen", "red,electric,leather"},
                       {"account", id_text(&c, fleet)}, {"quantity", "2"});
    /* 17777.77 + 5925.33 (5925.330741) + 444.44 (444.44425) - 266.67 (266.66655) - 99.99 */
    SAYS("23780.88 EUR", &c, &a, "unit_price");
    /* 20000 + 6666 + 500 - 300 - 99.99 */
    SAYS("26766.01 EUR", &c, &a, "list_price");
    SAYS("10.00", &c, &a, "discount");
    SAYS("42805.58 EUR", &c, &a, "net"); /* 2 * 23780.88 less 10 %: 42805.584 */
    TELLS("; electric: 5925.33 EUR; leather: 444.44 EUR; Quiet package: -266.67 EUR; electric: "
          "-99.99 EUR",
          &c, &a, "how");
    ROW("444.44 EUR", &c, &a, "leather", "price");
    a = ASK(&c, k.id, {"chosen", "red,electric,leather,hook"});
    SAYS("27466.01 EUR", &c, &a, "unit_price");
    kith_id usd = CREATE(&c, "price_book", {"name", "USA"}, {"currency", "USD"});
    CREATE(&c, "price", {"price_book", id_text(&c, usd)}, {"product", id_text(&c, k.id)},
           {"amount", "20000 USD"});
    struct act none = ACT(&c, "commerce.configure", {"product", id_text(&c, k.id)},
                          {"chosen", "red,diesel"}, {"price_book", id_text(&c, usd)});
    EXPECT_HAS("'diesel' has its price in EUR, and the product in USD", none.message);
    UPDATE(&c, "product", k.id, {"price", NULL});
    a = ASK(&c, k.id, {"chosen", "red,petrol"});
    SAYS("true", &c, &a, "valid");
    SAYS("", &c, &a, "unit_price");
    TELLS("'car' has no price", &c, &a, "how");
    close_company(&c);
}

TEST("options of no product, bounds that exclude each other and two prices are refused") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    struct car k = car(&c);
    kith_id bike = product(&c, "bike", "500 EUR");
    kith_id bell = group(&c, bike, "bell", "1", "1");
    OPTION(&c, bell, "loud", {"price", "3 EUR"});
    struct act a =
        ACT(&c, "commerce.configure", {"product", id_text(&c, k.id)}, {"chosen", "red,leahter"});
    EXPECT_HAS("chosen: 'leahter' is no option of 'Car'; did you mean 'leather'?", a.message);
    RULE_REFUSED("options: 'loud' is no option of 'Car'", &c, k.id, "excludes", {"when", "red"},
                 {"options", "loud"});
    RULE_REFUSED("when: 'blakc' is no option of 'Car'; did you mean 'black'?", &c, k.id, "implies",
                 {"when", "blakc"}, {"options", "red"});
    RULE_REFUSED("options: 'red' stands in when, too", &c, k.id, "excludes", {"when", "red"},
                 {"options", "red"});
    RULE_REFUSED("unless: 'red' stands in when, too", &c, k.id, "excludes", {"when", "red"},
                 {"unless", "red"}, {"options", "blue"});
    RULE_REFUSED("say which options it excludes", &c, k.id, "excludes", {"when", "red"});
    RULE_REFUSED("without when and unless there is no else", &c, k.id, "implies",
                 {"options", "red"}, {"otherwise", "blue"});
    RULE_REFUSED("an amount, or percent", &c, k.id, "price", {"when", "red"});
    RULE_REFUSED("an amount, or percent", &c, k.id, "price", {"when", "red"}, {"amount", "1 EUR"},
                 {"percent", "1"});
    RULE_REFUSED("a rule about the price changes no options", &c, k.id, "price", {"when", "red"},
                 {"amount", "1 EUR"}, {"options", "hook"});
    RULE_REFUSED("a rule that implies changes no price", &c, k.id, "implies", {"when", "red"},
                 {"amount", "1 EUR"}, {"options", "hook"});
    REFUSED(&c, "percent: an option has a price, or percent", "product_option", 0,
            {"option_group", id_text(&c, k.extras)}, {"code", "x"}, {"name", "x"},
            {"price", "1 EUR"}, {"percent", "1"});
    REFUSED(&c, "the product has an option 'red' already", "product_option", 0,
            {"option_group", id_text(&c, k.extras)}, {"code", "red"}, {"name", "x"});
    REFUSED(&c, "a product is no part of itself", "product_option", 0,
            {"option_group", id_text(&c, k.extras)}, {"code", "x"}, {"name", "x"},
            {"part", id_text(&c, k.id)});
    REFUSED(&c, "at least 2 and at most 1 cannot both be", "option_group", k.colour,
            {"min_options", "2"});
    REFUSED(&c, "the product has a group 'colour' already", "option_group", k.extras,
            {"code", "colour"});
    REFUSED(&c, "a group stays with its product", "option_group", k.extras,
            {"product", id_text(&c, bike)});
    struct found red = find(&c, "product_option where code = 'red'");
    REFUSED(&c, "it is a group of another product", "product_option", red.ids[0],
            {"option_group", id_text(&c, bell)});
    RULE(&c, k.id, "excludes", {"when", "red"}, {"options", "hook"});
    REFUSED(&c, "a rule goes by 'red' (red excludes hook)", "product_option", red.ids[0],
            {"code", "crimson"});
    UPDATE(&c, "product_option", red.ids[0], {"name", "Crimson"});
    a = ACT(&c, "commerce.configure", {"product", id_text(&c, k.id)}, {"quantity", "0"});
    EXPECT_HAS("quantity: it is more than 0", a.message);
    close_company(&c);
}

TEST("a rule by which nothing could be configured is refused with those that it clashes with") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    struct car k = car(&c);
    char code[8], other[8];
    for (int i = 0; i < 48; i++) { /* about other things */
        snprintf(code, sizeof code, "e%d", i);
        OPTION(&c, k.extras, code, {"price", "1 EUR"});
        snprintf(other, sizeof other, "e%d", i - 1);
        if (i)
            RULE(&c, k.id, i % 2 ? "excludes" : "implies", {"when", code}, {"options", other});
    }
    RULE(&c, k.id, "implies", {"when", "leather"}, {"options", "sport"});
    RULE(&c, k.id, "implies", {"unless", "hook"}, {"options", "leather"});
    RULE(&c, k.id, "excludes", {"unless", "roof"}, {"options", "hook"},
         {"message", "No hook without a roof."});
    RULE_REFUSED("options: 'Car' could not be configured at all; these clash: leather includes "
                 "sport; every choice without hook includes leather; No hook without a roof; every "
                 "choice excludes roof and sport",
                 &c, k.id, "excludes", {"options", "roof,sport"});
    RULE_REFUSED("these clash: every choice excludes black, blue and red; colour: exactly 1", &c,
                 k.id, "excludes", {"options", "red,blue,black"});
    EXPECT_INT(50, find(&c, "configuration_rule").count);
    struct act a = ASK(&c, k.id, {"chosen", "roof,e3,e2"});
    SAYS("e2 and e3 do not go together: e3 excludes e2", &c, &a, "why");
    close_company(&c);
}

TEST("bounds by which nothing could be configured are refused, and a group without options told") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    struct car k = car(&c);
    RULE(&c, k.id, "excludes", {"when", "hook"}, {"options", "leather,sport"});
    RULE(&c, k.id, "excludes", {"when", "roof"}, {"options", "leather,sport"});
    UPDATE(&c, "option_group", k.extras, {"min_options", "2"});
    REFUSED(&c, "min_options: 'Car' could not be configured at all; these clash: ", "option_group",
            k.extras, {"min_options", "3"});
    struct act a = ASK(&c, k.id, {"chosen", "red,petrol,hook"});
    ROW("implied", &c, &a, "roof", "state");
    group(&c, k.id, "tyres", "1", "1");
    a = ASK(&c, k.id, {"chosen", "red"});
    SAYS("'Car' cannot be configured at all; these clash: tyres: at least 1, and it has 0", &c, &a,
         "why");
    SAYS("false", &c, &a, "valid");
    ROW("excluded", &c, &a, "blue", "state");
    close_company(&c);
}

TEST("an option whose part is retired, or that is gone, is in no choice") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    struct car k = car(&c);
    kith_id part = product(&c, "seats", "300 EUR");
    kith_id seats = OPTION(&c, k.extras, "seats", {"part", id_text(&c, part)});
    RULE(&c, k.id, "implies", {"when", "sport"}, {"options", "seats"});
    struct act a = ASK(&c, k.id, {"chosen", "sport"});
    ROW("implied", &c, &a, "seats", "state");
    UPDATE(&c, "product", part, {"state", "retired"});
    a = ASK(&c, k.id, {"chosen", "sport"});
    SAYS("sport cannot be chosen: sport includes seats; seats is sold no more", &c, &a, "why");
    UPDATE(&c, "product", part, {"state", "active"});
    remove_record(&c, "product_option", seats);
    a = ASK(&c, k.id, {"quantity", "1"});
    ROW("excluded", &c, &a, "sport", "state");
    ROW("sport includes seats", &c, &a, "sport", "why");
    a = ASK(&c, k.id, {"chosen", "sport"});
    SAYS("sport cannot be chosen: sport includes seats; seats is no option any more", &c, &a,
         "why");
    close_company(&c);
}

TEST("a line holds a complete choice, with what follows from it, at its price") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    struct car k = car(&c);
    RULE(&c, k.id, "implies", {"when", "red"}, {"options", "sport"});
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"}, {"discount", "10"});
    kith_id o = CREATE(&c, "order", {"contact", id_text(&c, ada)});
    const char *in = id_text(&c, o), *of = id_text(&c, k.id);
    REFUSED(&c, "chosen: still to be chosen: ", "order_line", 0, {"order", in}, {"product", of});
    REFUSED(&c, "chosen: still to be chosen: engine", "order_line", 0, {"order", in},
            {"product", of}, {"chosen", "red"});
    REFUSED(&c, "chosen: red and blue do not go together: colour: exactly 1", "order_line", 0,
            {"order", in}, {"product", of}, {"chosen", "red,blue,petrol"});
    REFUSED(&c, "'gold' is no option of 'Car'", "order_line", 0, {"order", in}, {"product", of},
            {"chosen", "gold"});
    kith_id l = CREATE(&c, "order_line", {"order", in}, {"product", of}, {"chosen", "red,petrol"});
    EXPECT_STR("petrol,red,sport", field(&c, "order_line", l, "chosen"));
    EXPECT_STR("21900.00 EUR", field(&c, "order_line", l, "unit_price"));
    EXPECT_STR("21900.00 EUR", field(&c, "order_line", l, "list_price"));
    EXPECT_STR("19710.00 EUR", field(&c, "order_line", l, "net"));
    EXPECT_STR("Car: red, petrol, sport", field(&c, "order_line", l, "description"));
    UPDATE(&c, "order_line", l, {"chosen", "blue,diesel"});
    EXPECT_STR("22500.50 EUR", field(&c, "order_line", l, "unit_price"));
    EXPECT_STR("Car: blue, diesel", field(&c, "order_line", l, "description"));
    UPDATE(&c, "order_line", l, {"quantity", "2"});
    EXPECT_STR("22500.50 EUR", field(&c, "order_line", l, "unit_price"));
    REFUSED(&c, "do not go together", "order_line", l, {"chosen", "blue,diesel,petrol"});
    UPDATE(&c, "order_line", l, {"unit_price", "1 EUR"}, {"description", "Demo car"});
    UPDATE(&c, "order_line", l, {"discount", "5"});
    EXPECT_STR("Demo car", field(&c, "order_line", l, "description"));
    kith_id pen = product(&c, "pen", "3 EUR");
    REFUSED(&c, "'pen' has no options to choose", "order_line", 0, {"order", in},
            {"product", id_text(&c, pen)}, {"chosen", "red"});
    CREATE(&c, "order_line", {"order", in}, {"product", id_text(&c, pen)});
    close_company(&c);
}

TEST("a product without options is a complete choice, at its price") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR");
    struct act a = ASK(&c, pen, {"complete", "true"}, {"quantity", "2"});
    SAYS("true", &c, &a, "complete");
    SAYS("", &c, &a, "chosen");
    SAYS("6.00 EUR", &c, &a, "total");
    EXPECT_INT(0, action_rows(a.action, a.results).count);
    kith_id f = CREATE(&c, "configuration", {"product", id_text(&c, pen)});
    EXPECT_STR("pen", field(&c, "configuration", f, "summary"));
    EXPECT_STR("3.00 EUR", field(&c, "configuration", f, "price"));
    close_company(&c);
}

TEST("options may not take off more than all there is") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), g = group(&c, pen, "colour", "0", NULL);
    OPTION(&c, g, "grey", {"price", "-2 EUR"});
    OPTION(&c, g, "used", {"percent", "-50"});
    struct act a =
        ACT(&c, "commerce.configure", {"product", id_text(&c, pen)}, {"chosen", "grey,used"});
    EXPECT_HAS("with these options 'pen' would cost -0.50 EUR; let them take off less", a.message);
    a = ASK(&c, pen, {"complete", "true"});
    SAYS("", &c, &a, "chosen"); /* nobody asked for grey or used */
    SAYS("3.00 EUR", &c, &a, "unit_price");
    close_company(&c);
}

TEST("what the options of a line stand for is reserved with the order, and released with it") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    struct car k = car(&c);
    kith_id seats = product(&c, "seats", "300 EUR"), horn = product(&c, "horn", "3 EUR");
    UPDATE(&c, "product", seats, {"backorder", "false"});
    OPTION(&c, k.extras, "seats", {"part", id_text(&c, seats)});
    OPTION(&c, k.extras, "horn", {"part", id_text(&c, horn)});
    kith_id s = CREATE(&c, "stock", {"product", id_text(&c, seats)});
    kith_id h = CREATE(&c, "stock", {"product", id_text(&c, horn)});
    CREATE(&c, "stock_movement", {"stock", id_text(&c, s)}, {"kind", "receipt"}, {"quantity", "5"});
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"});
    kith_id o = CREATE(&c, "order", {"contact", id_text(&c, ada)});
    kith_id l = CREATE(&c, "order_line", {"order", id_text(&c, o)}, {"product", id_text(&c, k.id)},
                       {"chosen", "red,petrol,seats"}, {"quantity", "6"});
    REFUSED(&c, "6 of 'seats' are wanted and 5 are free", "order", o, {"state", "ordered"});
    UPDATE(&c, "order_line", l, {"quantity", "3"});
    UPDATE(&c, "order", o, {"state", "ordered"});
    EXPECT_STR("3.000", field(&c, "stock", s, "reserved"));
    EXPECT_STR("0.000", field(&c, "stock", h, "reserved"));
    UPDATE(&c, "order", o, {"state", "cart"});
    EXPECT_STR("0.000", field(&c, "stock", s, "reserved"));
    close_company(&c);
}

TEST("a variant is configured as what it is a variant of, unless it has groups of its own") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    struct car k = car(&c);
    kith_id estate = PRODUCT(&c, {"code", "estate"}, {"name", "Estate"},
                             {"variant_of", id_text(&c, k.id)}, {"price", "22000 EUR"});
    struct act a = ASK(&c, estate, {"chosen", "red,petrol"});
    SAYS("23000.00 EUR", &c, &a, "unit_price");
    kith_id g = group(&c, estate, "boot", "1", "1");
    OPTION(&c, g, "large", {"price", "1 EUR"});
    a = ASK(&c, estate, {"complete", "true"});
    SAYS("22001.00 EUR", &c, &a, "unit_price");
    SAYS("large", &c, &a, "chosen");
    close_company(&c);
}

TEST("what was configured for a customer is kept, priced, and ordered") { /* COM-09 */
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    struct car k = car(&c);
    RULE(&c, k.id, "excludes", {"when", "red"}, {"options", "hook"});
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"});
    const char *of = id_text(&c, k.id), *whose = id_text(&c, ada);
    REFUSED(&c, "red and hook do not go together: red excludes hook", "configuration", 0,
            {"product", of}, {"chosen", "red,hook"});
    kith_id f = CREATE(&c, "configuration", {"product", of}, {"contact", whose}, {"chosen", "red"});
    EXPECT_STR("false", field(&c, "configuration", f, "complete"));
    EXPECT_STR("20000.00 EUR", field(&c, "configuration", f, "price"));
    kith_id o = CREATE(&c, "order", {"contact", whose});
    REFUSED(&c, "still to be chosen: engine", "order_line", 0, {"order", id_text(&c, o)},
            {"configuration", id_text(&c, f)});
    UPDATE(&c, "configuration", f, {"chosen", "red,diesel"});
    EXPECT_STR("true", field(&c, "configuration", f, "complete"));
    EXPECT_STR("Car: red, diesel", field(&c, "configuration", f, "summary"));
    EXPECT_STR("draft", field(&c, "configuration", f, "state"));
    kith_id l =
        CREATE(&c, "order_line", {"order", id_text(&c, o)}, {"configuration", id_text(&c, f)});
    EXPECT_STR("22500.50 EUR", field(&c, "order_line", l, "unit_price"));
    EXPECT_STR("diesel,red", field(&c, "order_line", l, "chosen"));
    EXPECT_STR("ordered", field(&c, "configuration", f, "state"));
    kith_id pen = product(&c, "pen", "3 EUR");
    REFUSED(&c, "it is one of another product", "order_line", 0, {"order", id_text(&c, o)},
            {"product", id_text(&c, pen)}, {"configuration", id_text(&c, f)});
    UPDATE(&c, "configuration", f, {"state", "draft"});
    UPDATE(&c, "configuration", f, {"state", "dropped"});
    REFUSED(&c, "it was dropped; set it to draft first", "order_line", 0, {"order", id_text(&c, o)},
            {"configuration", id_text(&c, f)});
    close_company(&c);
}

TEST("a product goes with its groups, options and rules") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    struct car k = car(&c);
    RULE(&c, k.id, "excludes", {"when", "red"}, {"options", "hook"});
    remove_record(&c, "product", k.id);
    EXPECT_INT(0, find(&c, "option_group").count + find(&c, "product_option").count +
                      find(&c, "configuration_rule").count);
    close_company(&c);
}

/* One pigeon more than there are holes, and no two in one: rules until one is refused. */
static kith_error entangle(struct company *c, kith_id cage, int holes) {
    const int pigeons = holes + 1;
    char code[32], list[200];
    kith_error e = KITH_ERROR_INIT;
    for (int i = 0; i < pigeons; i++) {
        snprintf(code, sizeof code, "p%d", i);
        kith_id g = group(c, cage, code, "1", "1");
        for (int k = 0; k < holes; k++) {
            snprintf(code, sizeof code, "p%dh%d", i, k);
            OPTION(c, g, code, {"position", "0"});
        }
    }
    for (int k = 0; k < holes; k++)
        for (int i = 0; i < pigeons - 1; i++) {
            size_t n = 0;
            snprintf(code, sizeof code, "p%dh%d", i, k);
            for (int j = i + 1; j < pigeons; j++)
                n += (size_t)snprintf(list + n, sizeof list - n, "%sp%dh%d", n ? "," : "", j, k);
            struct put p = {c, "configuration_rule", 0,
                            PAIRS({"product", id_text(c, cage)}, {"kind", "excludes"},
                                  {"when", code}, {"options", list})};
            if (engine_write(c->engine, &by_anna, put_txn, &p, NULL, &e) != KITH_OK)
                return e;
        }
    TEST_FAIL("none of the rules was refused");
    return e;
}

TEST("rules that are too entangled are told to be, and hold nobody up") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    const kith_error e = entangle(&c, product(&c, "cage", "9 EUR"), 10);
    EXPECT_INT(KITH_E_LIMIT, e.code);
    EXPECT_HAS("its rules are so entangled", e.message);
    /* Nor do many questions, each of which is answered. */
    kith_id cage = product(&c, "cote", "9 EUR");
    (void)entangle(&c, cage, 8);
    struct act a = ACT(&c, "commerce.configure", {"product", id_text(&c, cage)});
    EXPECT_INT(KITH_E_LIMIT, a.status);
    close_company(&c);
}

TEST("whoever may see the product is told by all of its rules, though roles name no rules") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    struct car k = car(&c);
    RULE(&c, k.id, "excludes", {"when", "hook"}, {"options", "sport"});
    kith_id role = CREATE(&c, "role", {"name", "buyer"},
                          {"rights", "{\"types\": {\"product\": {\"read\": \"all\"}},"
                                     " \"actions\": [\"commerce.configure\"]}"});
    const struct access_of of = {.user = CREATE(&c, "user", {"login", "buyer"}, {"name", "B"},
                                                {"roles", id_text(&c, role)})};
    struct principal who;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_enter(c.engine, &of, NULL, &who, &e), e);
    const struct write_opts o = {.principal = &who, .origin = ORIGIN_CLI};
    struct act a =
        act_as(&c, &o, "commerce.configure",
               PAIRS({"product", id_text(&c, k.id)}, {"chosen", "red,petrol,hook,sport"}));
    EXPECT_ACT(a);
    SAYS("false", &c, &a, "valid");
    TELLS("you may not read price_book", &c, &a, "how");
    engine_leave(&who);
    close_company(&c);
}
