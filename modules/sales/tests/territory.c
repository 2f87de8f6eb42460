/* SPDX-License-Identifier: Apache-2.0 */
/* Territories: who lies in which, what lies in each with all below, and moves. */
#include "deals.h"

#define AREA(c, ...)    CREATE(c, "territory", __VA_ARGS__)
#define FIRM(c, ...)    CREATE(c, "account", __VA_ARGS__)
#define PLACE(c, ...)   CREATE(c, "territory_place", __VA_ARGS__)
#define SHOWN           "name level only_own accounts open_opportunities pipeline weighted won open_leads"
#define MONEY(c, a, of) result_text(c, a, of)

struct market {
    kith_id apac, india, east, kharagpur, iit, metaliks, hitachi;
};

static kith_id bid(struct company *c, kith_id account, const char *amount, const char *percent) {
    return DEAL(c, {"account", ID(c, account)}, {"amount", amount}, {"probability", percent});
}

/* SAL-X2: IIT, Tata Metaliks and Hitachi at Kharagpur, in the zone east, in India, in APAC. */
static struct market new_market(struct company *c) {
    struct market m = {.apac = AREA(c, {"name", "APAC"}, {"level", "region"})};
    m.india = AREA(c, {"name", "India"}, {"level", "country"}, {"parent", ID(c, m.apac)});
    m.east = AREA(c, {"name", "East"}, {"level", "zone"}, {"parent", ID(c, m.india)});
    m.kharagpur = AREA(c, {"name", "Kharagpur"}, {"level", "town"}, {"parent", ID(c, m.east)});
    PLACE(c, {"territory", ID(c, m.kharagpur)}, {"kind", "city"}, {"value", "Kharagpur"});
    m.iit = FIRM(c, {"name", "IIT"}, {"billing_city", "KHARAGPUR"});
    m.metaliks = FIRM(c, {"name", "Tata Metaliks"}, {"billing_city", "Kharagpur"});
    m.hitachi = FIRM(c, {"name", "Hitachi"}, {"billing_city", "Kharagpur"});
    bid(c, m.iit, "10000 EUR", "10");
    bid(c, m.metaliks, "20000 EUR", "50");
    bid(c, m.hitachi, "5000 EUR", "90");
    return m;
}

static struct act look(struct company *c, const char *level, kith_id territory) {
    struct act a = ACT(c, "sales.territory", {"level", level},
                       {territory ? "territory" : NULL, ID(c, territory)});
    EXPECT_ACT(a);
    return a;
}

/* Whatever the level, the rows add up to the same. */
static void expect_totals(struct company *c, const char *level, size_t rows) {
    struct act a = look(c, level, 0);
    EXPECT_INT(rows, row_count(&a));
    EXPECT_STR("3", MONEY(c, &a, "accounts"));
    EXPECT_STR("35000.00 EUR", MONEY(c, &a, "pipeline"));
    EXPECT_STR("15500.00 EUR", MONEY(c, &a, "weighted"));
}

TEST("the totals of a territory are equal at each level") { /* SAL-X2, SAL-X3 */
    struct company c;
    OPEN(&c, CONF(""), "sales");
    struct market m = new_market(&c);
    static const char *const levels[] = {"town", "zone", "country", "region"};
    for (size_t i = 0; i < 4; i++)
        expect_totals(&c, levels[i], 1);
    expect_totals(&c, "account", 3);
    struct act a = look(&c, "account", m.india);
    EXPECT_STR("Hitachi|account|true|1|1|5000.00 EUR|4500.00 EUR|0.00 EUR|0",
               row_text(&c, &a, 0, SHOWN));
    a = look(&c, "town", m.apac);
    EXPECT_STR("Kharagpur|town|false|3|3|35000.00 EUR|15500.00 EUR|0.00 EUR|0",
               row_text(&c, &a, 0, SHOWN));
    close_company(&c);
}

TEST("each account stands in one row: those above the level, and those in no territory, too") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    struct market m = new_market(&c);
    kith_id south = AREA(&c, {"name", "South"}, {"level", "zone"}, {"parent", ID(&c, m.india)});
    kith_id national = FIRM(&c, {"name", "Rail"}, {"territory", ID(&c, m.india)});
    kith_id lost = FIRM(&c, {"name", "Nowhere"});
    bid(&c, FIRM(&c, {"name", "Chennai"}, {"territory", ID(&c, south)}), "1 EUR", "50");
    bid(&c, national, "100 EUR", "50");
    kith_id won = bid(&c, lost, "7 EUR", "50");
    MOVE(&c, won, {"stage", "proposal"});
    MOVE(&c, won, {"stage", "won"});
    CREATE(&c, "lead", {"name", "Ada"}, {"city", "kharagpur"});
    CREATE(&c, "lead", {"name", "Ben"}, {"account", ID(&c, national)});
    CREATE(&c, "lead", {"name", "Cleo"});
    struct act a = look(&c, "zone", 0);
    EXPECT_INT(4, row_count(&a));
    EXPECT_STR("East|zone|false|3|3|35000.00 EUR|15500.00 EUR|0.00 EUR|1",
               row_text(&c, &a, 0, SHOWN));
    EXPECT_STR("India|country|true|1|1|100.00 EUR|50.00 EUR|0.00 EUR|1",
               row_text(&c, &a, 1, SHOWN));
    EXPECT_STR("South|zone|false|1|1|1.00 EUR|0.50 EUR|0.00 EUR|0", row_text(&c, &a, 2, SHOWN));
    EXPECT_STR("||true|1|0|0.00 EUR|0.00 EUR|7.00 EUR|1", row_text(&c, &a, 3, SHOWN));
    EXPECT_STR("6", MONEY(&c, &a, "accounts"));
    EXPECT_STR("35101.00 EUR", MONEY(&c, &a, "pipeline"));
    EXPECT_STR("3", MONEY(&c, &a, "open_leads"));
    a = look(&c, "town", 0); /* the south has no town: it stands as a whole */
    EXPECT_INT(4, row_count(&a));
    EXPECT_STR("35101.00 EUR", MONEY(&c, &a, "pipeline"));
    a = ACT(&c, "sales.territory", {"level", "galaxy"});
    EXPECT_HAS("no territory is a 'galaxy'", a.message);
    close_company(&c);
}

#define BY_STAGE "name only_own stage open_opportunities pipeline weighted"
static struct act look_by_stage(struct company *c, const char *level, kith_id territory) {
    struct act a = ACT(c, "sales.territory", {"by_stage", "true"}, {"level", level},
                       {territory ? "territory" : NULL, ID(c, territory)});
    EXPECT_ACT(a);
    return a;
}

TEST("the stages of the deals in a territory add up those of all below it") { /* SAL-31 */
    struct company c;
    OPEN(&c, CONF(""), "sales");
    struct market m = new_market(&c);
    kith_id deals[] = {
        bid(&c, m.iit, "1000 EUR", "50"), bid(&c, m.iit, "70 USD", "50"),
        bid(&c, FIRM(&c, {"name", "Rail"}, {"territory", ID(&c, m.india)}), "400 EUR", "50"),
        bid(&c, FIRM(&c, {"name", "Nowhere"}), "3 EUR", "50"), bid(&c, m.hitachi, "9 EUR", "50")};
    for (size_t i = 0; i < 5; i++)
        MOVE(&c, deals[i], {"stage", "proposal"}, {"probability", "50"});
    MOVE(&c, deals[4], {"stage", "won"});
    struct act a = look_by_stage(&c, "region", 0);
    EXPECT_INT(4, row_count(&a));
    EXPECT_STR("APAC|false|prospecting|3|35000.00 EUR|15500.00 EUR", row_text(&c, &a, 0, BY_STAGE));
    EXPECT_STR("APAC|false|proposal|2|1400.00 EUR|700.00 EUR", row_text(&c, &a, 1, BY_STAGE));
    EXPECT_STR("APAC|false|proposal|1|70.00 USD|35.00 USD", row_text(&c, &a, 2, BY_STAGE));
    EXPECT_STR("|true|proposal|1|3.00 EUR|1.50 EUR", row_text(&c, &a, 3, BY_STAGE));
    EXPECT_STR("7", result_text(&c, &a, "open_opportunities"));
    a = look_by_stage(&c, "town", m.apac);
    EXPECT_INT(4, row_count(&a));
    EXPECT_STR("India|true|proposal|1|400.00 EUR|200.00 EUR", row_text(&c, &a, 0, BY_STAGE));
    EXPECT_STR("Kharagpur|false|proposal|1|1000.00 EUR|500.00 EUR", row_text(&c, &a, 2, BY_STAGE));
    a = look_by_stage(&c, "account", m.kharagpur);
    EXPECT_INT(5, row_count(&a));
    EXPECT_STR("Hitachi|true|prospecting|1|5000.00 EUR|4500.00 EUR", row_text(&c, &a, 0, BY_STAGE));
    EXPECT_STR("IIT|true|prospecting|1|10000.00 EUR|1000.00 EUR", row_text(&c, &a, 1, BY_STAGE));
    EXPECT_STR("IIT|true|proposal|1|70.00 USD|35.00 USD", row_text(&c, &a, 3, BY_STAGE));
    close_company(&c);
}

TEST("the nearest place decides, and each lies in one territory") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    struct market m = new_market(&c);
    kith_id campus = AREA(&c, {"name", "Campus"}, {"parent", ID(&c, m.kharagpur)});
    PLACE(&c, {"territory", ID(&c, m.india)}, {"kind", "country"}, {"value", "India"});
    PLACE(&c, {"territory", ID(&c, campus)}, {"kind", "postal_code"}, {"value", "7213 02"},
          {"country", "India"});
    REFUSED(&c, "lies in a territory already", "territory_place", 0, {"territory", ID(&c, m.east)},
            {"kind", "city"}, {"value", "kharagpur"});
    REFUSED(&c, "leave this empty", "territory_place", 0, {"territory", ID(&c, m.east)},
            {"kind", "country"}, {"value", "Nepal"}, {"country", "Nepal"});
    REFUSED(&c, "parent", "territory", m.apac, {"parent", ID(&c, campus)}); /* a ring */
    kith_id a = FIRM(&c, {"name", "A"}, {"billing_postal_code", "721302"},
                     {"billing_city", "Kharagpur"}, {"billing_country", "India"});
    kith_id b = FIRM(&c, {"name", "B"}, {"billing_city", "Pune"}, {"billing_country", "India"});
    kith_id unit = FIRM(&c, {"name", "Unit"}, {"parent", ID(&c, a)});
    EXPECT_STR(ID(&c, campus), field(&c, "account", a, "territory"));
    EXPECT_STR(ID(&c, m.india), field(&c, "account", b, "territory"));
    EXPECT_STR(ID(&c, campus), field(&c, "account", unit, "territory"));
    UPDATE(&c, "account", b, {"territory", NULL});
    EXPECT_STR("", field(&c, "account", b, "territory"));
    close_company(&c);
}

TEST("a territory goes to another with all in it, and one undo takes it back") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    struct market m = new_market(&c);
    kith_id ben = CREATE(&c, "user", {"login", "ben"}, {"name", "Ben"});
    kith_id cleo = CREATE(&c, "user", {"login", "cleo"}, {"name", "Cleo"});
    kith_id pune = AREA(&c, {"name", "Pune"}, {"level", "town"}, {"parent", ID(&c, m.apac)});
    UPDATE(&c, "account", m.iit, {"owner", ID(&c, ben)});
    kith_id bens = DEAL(&c, {"account", ID(&c, m.iit)}, {"owner", ID(&c, ben)});
    kith_id lead = CREATE(&c, "lead", {"name", "Ada"}, {"city", "Kharagpur"});
    struct act a = ACT(&c, "sales.move", {"from", ID(&c, m.kharagpur)}, {"to", ID(&c, pune)},
                       {"owner", ID(&c, cleo)});
    EXPECT_ACT(a);
    EXPECT_STR("3", result_text(&c, &a, "accounts"));
    EXPECT_STR("1", result_text(&c, &a, "leads"));
    EXPECT_STR("1", result_text(&c, &a, "opportunities"));
    EXPECT_STR("35000.00 EUR", field(&c, "territory", pune, "pipeline"));
    EXPECT_STR("15500.00 EUR", field(&c, "territory", pune, "weighted"));
    EXPECT_STR("1", field(&c, "territory", pune, "open_leads"));
    EXPECT_STR("0", field(&c, "territory", m.kharagpur, "accounts"));
    EXPECT_STR(ID(&c, cleo), field(&c, "account", m.iit, "owner"));
    EXPECT_STR(ID(&c, cleo), field(&c, "lead", lead, "owner"));
    EXPECT_STR(ID(&c, cleo), deal(&c, bens, "owner"));
    undo(&c, a.tx);
    EXPECT_STR("3", field(&c, "territory", m.kharagpur, "accounts"));
    EXPECT_STR(ID(&c, ben), deal(&c, bens, "owner"));
    a = ACT(&c, "sales.move", {"from", ID(&c, pune)}, {"to", ID(&c, pune)});
    EXPECT_HAS("it is the territory that they lie in", a.message);
    a = ACT(&c, "sales.move", {"to", ID(&c, pune)});
    EXPECT_HAS("say what is to be moved", a.message);
    a = ACT(&c, "sales.move", {"of", ID(&c, ben)});
    EXPECT_HAS("say where it is to go", a.message);
    close_company(&c);
}

/* What Ben has in hand, and what is done with. */
struct desk {
    kith_id ben, cleo, north, firm, person, deal, won, lead, converted, task, done, call, met;
};

static struct desk new_desk(struct company *c) {
    struct desk d = {.ben = CREATE(c, "user", {"login", "ben"}, {"name", "Ben"}),
                     .cleo = CREATE(c, "user", {"login", "cleo"}, {"name", "Cleo"}),
                     .north = AREA(c, {"name", "North"})};
    struct pair own = {"owner", ID(c, d.ben)}, in = {"territory", ID(c, d.north)};
    d.firm = FIRM(c, {"name", "A firm"}, own, in);
    struct pair of = {"account", ID(c, d.firm)};
    d.person = CREATE(c, "contact", {"name", "Ada"}, of, own);
    d.deal = DEAL(c, of, own);
    d.won = DEAL(c, of, own);
    UPDATE(c, "opportunity", d.won, {"stage", "proposal"});
    UPDATE(c, "opportunity", d.won, {"stage", "won"});
    d.lead = CREATE(c, "lead", {"name", "Open"}, own, in);
    d.converted = CREATE(c, "lead", {"name", "Converted"}, own, in);
    UPDATE(c, "lead", d.converted, {"state", "qualified"});
    UPDATE(c, "lead", d.converted, {"state", "converted"});
    struct pair mine = {"assignee", ID(c, d.ben)}, title = {"title", "Call"};
    char about[40];
    snprintf(about, sizeof about, "contact/%s", ID(c, d.person));
    d.task = CREATE(c, "task", title, mine, {"about", about});
    snprintf(about, sizeof about, "opportunity/%s", ID(c, d.deal));
    d.done = CREATE(c, "task", title, mine, {"about", about});
    UPDATE(c, "task", d.done, {"state", "done"});
    struct pair by = {"channel", "meeting"};
    d.call = CREATE(c, "interaction", of, own, by, {"planned", "true"}, {"at", "2031-01-01 10:00"});
    d.met = CREATE(c, "interaction", of, own, by);
    return d;
}

static void expect_moved(struct company *c, const struct desk *d) {
    const char *cleo = ID(c, d->cleo), *ben = ID(c, d->ben);
    EXPECT_STR(cleo, field(c, "account", d->firm, "owner"));
    EXPECT_STR(cleo, field(c, "contact", d->person, "owner"));
    EXPECT_STR(cleo, deal(c, d->deal, "owner"));
    EXPECT_STR(cleo, field(c, "lead", d->lead, "owner"));
    EXPECT_STR(cleo, field(c, "task", d->task, "assignee"));
    EXPECT_STR(cleo, field(c, "interaction", d->call, "owner"));
    EXPECT_STR(ben, deal(c, d->won, "owner"));
    EXPECT_STR(ben, field(c, "lead", d->converted, "owner"));
    EXPECT_STR(ben, field(c, "task", d->done, "assignee"));
    EXPECT_STR(ben, field(c, "interaction", d->met, "owner"));
}

TEST("what is in hand goes along with a territory or from a user, what is done stays") {
    for (int of = 0; of < 2; of++) {
        struct company c;
        OPEN(&c, CONF(""), "sales");
        struct desk d = new_desk(&c);
        struct act a = ACT(&c, "sales.move", {of ? "of" : "from", ID(&c, of ? d.ben : d.north)},
                           {"owner", ID(&c, d.cleo)});
        EXPECT_ACT(a);
        expect_moved(&c, &d);
        EXPECT_STR("1", result_text(&c, &a, "leads"));
        EXPECT_STR("1", result_text(&c, &a, "contacts"));
        EXPECT_STR("1", result_text(&c, &a, "opportunities"));
        EXPECT_STR("1", result_text(&c, &a, "tasks"));
        EXPECT_STR("1", result_text(&c, &a, "plans"));
        undo(&c, a.tx);
        EXPECT_STR(ID(&c, d.ben), field(&c, "task", d.task, "assignee"));
        EXPECT_STR(ID(&c, d.ben), field(&c, "contact", d.person, "owner"));
        close_company(&c);
    }
}

TEST("an appointment at a time at which the new owner meets somebody stays, and keeps nothing "
     "else") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    struct desk d = new_desk(&c);
    UPDATE(&c, "interaction", d.call, {"appointment", "true"});
    CREATE(&c, "interaction", {"owner", ID(&c, d.cleo)}, {"channel", "meeting"},
           {"planned", "true"}, {"appointment", "true"}, {"at", "2031-01-01 10:00"});
    struct act a = ACT(&c, "sales.move", {"of", ID(&c, d.ben)}, {"owner", ID(&c, d.cleo)});
    EXPECT_ACT(a);
    EXPECT_STR("0", result_text(&c, &a, "plans"));
    EXPECT_STR(ID(&c, d.ben), field(&c, "interaction", d.call, "owner"));
    EXPECT_STR(ID(&c, d.cleo), field(&c, "contact", d.person, "owner"));
    close_company(&c);
}

#define MANY 1203
static kith_status many_accounts(struct txn *t, void *arg, kith_error *e) {
    const struct put *p = arg;
    const struct schema *s = engine_schema(p->c->engine);
    const struct rtype *type = schema_type(s, STR("account"));
    for (int i = 0; i < MANY; i++) {
        const struct assign set[] = {
            {type_field(s, type, STR("name")), value_str(STR("One of many"))},
            {type_field(s, type, STR("territory")), value_link(p->id, 0)}};
        TRY(txn_create(t, type, set, 2, NULL, e));
    }
    return KITH_OK;
}

TEST("many go in parts behind the call, and one undo takes all of them back") {
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, CONF(""), "sales");
    kith_id north = AREA(&c, {"name", "North"}), south = AREA(&c, {"name", "South"});
    struct put many = {.c = &c, .id = north};
    EXPECT_OK(engine_write(c.engine, &by_anna, many_accounts, &many, NULL, &e), e);
    struct act a = ACT(&c, "sales.move", {"from", ID(&c, north)}, {"to", ID(&c, south)});
    EXPECT_ACT(a);
    EXPECT_STR("3", result_text(&c, &a, "parts"));
    EXPECT_OK(engine_drain(c.engine, 60000, &e), e);
    EXPECT_STR("0", field(&c, "territory", north, "accounts"));
    EXPECT_STR("1203", field(&c, "territory", south, "accounts"));
    undo(&c, a.tx);
    EXPECT_STR("1203", field(&c, "territory", north, "accounts"));
    EXPECT_STR("0", field(&c, "territory", south, "accounts"));
    close_company(&c);
}
