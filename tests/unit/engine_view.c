/* SPDX-License-Identifier: Apache-2.0 */
/* The page of a record: its timeline over all types, page by page, what is open, what links to it.
 */
#include "engine/view.h"
#include "engine_fixture.h"
#include "record/access.h"

/* What a module might add: things that a person owns, and their faults. */
static const kith_field appliance_fields[] = {
    {.name = "name", .kind = KITH_F_TEXT, .flags = KITH_FF_REQUIRED},
    {.name = "contact", .kind = KITH_F_LINK, .options = "contact"},
    {.name = "price", .kind = KITH_F_MONEY},
};
static const kith_field fault_fields[] = {
    {.name = "name", .kind = KITH_F_TEXT},
    {.name = "appliance", .kind = KITH_F_LINK, .options = "appliance"},
    {.name = "contact", .kind = KITH_F_LINK, .options = "contact"},
    {.name = "due", .kind = KITH_F_DATE},
    {.name = "state",
     .kind = KITH_F_STATE,
     .options = "new>working|closed,working>closed,closed.>new"},
};
static const kith_type service_types[] = {
    {.name = "appliance", .title = "name", .fields = KITH_ARRAY(appliance_fields)},
    {.name = "fault", .title = "name", .fields = KITH_ARRAY(fault_fields)},
};
static const struct schema_source service_source = {
    .module = "service", .version = 1, .types = KITH_ARRAY(service_types)};
static const kith_topic rung = {.name = "contact.rung", .schema = 1};

struct page {
    struct fixture x;
    const struct rtype *account, *interaction, *appliance, *fault;
    struct view v;
};

static const struct rtype *type_of(struct fixture *x, const char *name) {
    return schema_type(engine_schema(x->g), str_of(name));
}

static void page_open(struct page *p) {
    memset(p, 0, sizeof *p);
    fixture_open_with(&p->x, &service_source, 1);
    EXPECT_OK(engine_add_topic(p->x.g, "service", &rung, &p->x.e), p->x.e);
    fixture_start(&p->x);
    p->account = type_of(&p->x, "account");
    p->interaction = type_of(&p->x, "interaction");
    p->appliance = type_of(&p->x, "appliance");
    p->fault = type_of(&p->x, "fault");
}

static void look(struct page *p, const struct rtype *t, kith_id id, int64_t limit, kith_str after) {
    struct view_options o = {limit, after};
    EXPECT_OK(engine_view(p->x.g, &tester, t, id, &o, &p->x.arena, &p->v, &p->x.e), p->x.e);
}

static const char *link_text(struct page *p, const char *field, const char *type, kith_id id) {
    return arena_printf(&p->x.arena, "%s=%s%s", field, type, id_text(&p->x, id));
}

/* "fault Leak, appliance Fridge, ...": the titles of the timeline. */
static const char *titles(struct page *p) {
    const struct view_item *items = p->v.items.items;
    struct buf b = {0};
    for (size_t i = 0; i < p->v.items.count; i++) {
        const struct view_record *r = &items[i].record;
        buf_puts(&b, i ? ", " : "");
        if (!r->type)
            buf_printf(&b, "%s",
                       items[i].topic   ? items[i].topic
                       : items[i].state ? "move"
                                        : "made");
        else
            buf_printf(&b, "%s %.*s", r->type->name, (int)r->values[r->type->title->index].as.s.len,
                       r->values[r->type->title->index].as.s.ptr);
    }
    const char *text = arena_strndup(&p->x.arena, b.ptr ? b.ptr : "", b.len);
    buf_free(&b);
    return text;
}

static kith_status ring(struct txn *t, void *arg, kith_error *e) {
    const struct job *j = arg;
    return txn_publish(t, "contact.rung", j->type, j->id, STR("{}"), e);
}

static void pass(struct page *p) {
    clock_advance(&p->x.clock, 60000);
}

TEST("an owner is found by web number or phone, with what he owns and what was wrong with it") {
    struct page p;
    kith_id id, found = 0;
    page_open(&p);
    id = create(&p.x, p.x.contact, PAIRS("name=Ada L", "phone=+43 1 234", "external_id=W-77"));
    const char *of = link_text(&p, "contact", "", id);
    kith_id fridge = create(&p.x, p.appliance, PAIRS("name=Fridge", of, "price=400 EUR"));
    pass(&p);
    create(&p.x, p.appliance, PAIRS("name=Washer", of, "price=300 EUR"));
    create(&p.x, p.appliance, PAIRS("name=Microwave", of, "price=9 USD"));
    pass(&p);
    kith_id fault =
        create(&p.x, p.fault, PAIRS("name=Leaks", of, link_text(&p, "appliance", "", fridge)));
    update(&p.x, p.fault, fault, PAIRS("state=closed"));
    EXPECT_INT(1, count(&p.x, "contact where external_id = 'W-77'", &found));
    EXPECT(found == id);
    EXPECT_INT(1, count(&p.x, "contact where phone = '+43 1 234'", &found));
    EXPECT(found == id);
    look(&p, p.x.contact, found, 20, (kith_str){0});
    EXPECT_STR("fault Leaks, appliance Microwave, appliance Washer, appliance Fridge, made",
               titles(&p));
    const struct view_part *part = p.v.parts.items;
    EXPECT_INT(2, p.v.parts.count);
    EXPECT_INT(3, part[0].count);
    EXPECT_INT(2, part[0].sum_count);
    EXPECT_INT(900, part[0].sums[0].total.as.money.minor);
    EXPECT_INT(70000, part[0].sums[1].total.as.money.minor);
    EXPECT_INT(0, p.v.open.count);
    EXPECT_INT(1, p.v.points.count);
    fixture_close(&p.x);
}

TEST("what is open comes by what is due, and is overdue when the day is over") {
    struct page p;
    page_open(&p);
    kith_id id = create(&p.x, p.x.contact, PAIRS("name=Ada L"));
    const char *of = link_text(&p, "contact", "", id),
               *about = link_text(&p, "about", "contact/", id);
    create(&p.x, p.x.task, PAIRS("title=someday", about));
    create(&p.x, p.x.task, PAIRS("title=late", about, "due=2023-11-14 22:00"));
    kith_id done = create(&p.x, p.x.task, PAIRS("title=done", about, "due=2023-01-01"));
    update(&p.x, p.x.task, done, PAIRS("state=done"));
    create(&p.x, p.fault, PAIRS("name=today", of, "due=2023-11-14"));
    create(&p.x, p.fault, PAIRS("name=yesterday", of, "due=2023-11-13"));
    look(&p, p.x.contact, id, 1, (kith_str){0});
    const struct view_open *o = p.v.open.items;
    EXPECT_INT(4, p.v.open.count);
    static const char *const names[] = {"yesterday", "late", "today", "someday"};
    static const bool overdue[] = {true, true, false, false};
    for (size_t i = 0; i < 4; i++) {
        const struct view_record *r = &o[i].record;
        EXPECT_STR(names[i], r->values[r->type->title->index].as.s.ptr);
        EXPECT_INT(overdue[i], o[i].overdue);
    }
    fixture_close(&p.x);
}

TEST("moves of its state and events about it stand in the timeline, with who and since when") {
    struct page p;
    page_open(&p);
    kith_id id = create(&p.x, p.x.contact, PAIRS("name=Ada L"));
    pass(&p);
    update(&p.x, p.x.contact, id, PAIRS("lifecycle=customer"));
    pass(&p);
    struct job j = {.type = p.x.contact, .id = id};
    EXPECT_OK(engine_write(p.x.g, &by_tester, ring, &j, NULL, &p.x.e), p.x.e);
    update(&p.x, p.x.contact, id, PAIRS("city=Wien"));
    look(&p, p.x.contact, id, 20, (kith_str){0});
    EXPECT_STR("contact.rung, move, made", titles(&p));
    const struct view_item *items = p.v.items.items;
    EXPECT_STR("tester", items[1].actor.name);
    EXPECT_STR("customer", items[1].after.as.s.ptr);
    const struct view_state *s = p.v.states.items;
    EXPECT_INT(1, p.v.states.count);
    EXPECT_INT(START_MS + 60000, s[0].since);
    fixture_close(&p.x);
}

TEST("a stage names the team that answers for it, and the catalogue tells what tags mean") {
    struct page p;
    page_open(&p);
    kith_id team = create(&p.x, type_of(&p.x, "team"), PAIRS("name=Marketing"));
    create(&p.x, type_of(&p.x, "stage"),
           PAIRS("record_type=contact", "state=prospect", link_text(&p, "team", "", team)));
    create(&p.x, type_of(&p.x, "tag"),
           PAIRS("name=vip", "category=care", "description=Call within a day."));
    kith_id id = create(&p.x, p.x.contact, PAIRS("name=Ada L", "tags=vip,new here"));
    look(&p, p.x.contact, id, 20, (kith_str){0});
    const struct view_state *s = p.v.states.items;
    const struct view_tag *t = p.v.tags.items;
    EXPECT_INT(1, p.v.states.count);
    EXPECT(s[0].team.as.link.id == team);
    EXPECT_INT(2, p.v.tags.count);
    EXPECT_STR("new here", t[0].name.ptr);
    EXPECT_INT(0, t[0].description.len);
    EXPECT_STR("Call within a day.", t[1].description.ptr);
    fixture_close(&p.x);
}

TEST("the segments that it is in are named") {
    struct page p;
    page_open(&p);
    kith_id id = create(&p.x, p.x.contact, PAIRS("name=Ada L", "city=Bonn"));
    create(&p.x, type_of(&p.x, "segment"), PAIRS("name=bonn", "query=contact where city = 'Bonn'"));
    create(&p.x, type_of(&p.x, "segment"), PAIRS("name=graz", "query=contact where city = 'Graz'"));
    settle(&p.x);
    look(&p, p.x.contact, id, 20, (kith_str){0});
    const struct view_segment *s = p.v.segments.items;
    EXPECT_INT(1, p.v.segments.count);
    EXPECT_STR("bonn", s->record.values[s->record.type->title->index].as.s.ptr);
    EXPECT(!s->settling);
    run_sql(&p.x, "UPDATE segment SET settling = 1");
    look(&p, p.x.contact, id, 20, (kith_str){0});
    s = p.v.segments.items;
    EXPECT(s->settling);
    run_sql(&p.x, "UPDATE segment SET settling = 0");
    fixture_close(&p.x);
}

TEST("an interaction has the place of its own time, and one to come is potential") {
    struct page p;
    page_open(&p);
    kith_id id = create(&p.x, p.x.contact, PAIRS("name=Ada L"));
    const char *of = link_text(&p, "contact", "", id),
               *about = link_text(&p, "about", "contact/", id);
    create(&p.x, p.interaction, PAIRS(of, about, "channel=call", "subject=old", "at=2020-05-01"));
    create(&p.x, p.interaction, PAIRS(of, "channel=call", "subject=later", "at=2030-05-01"));
    create(&p.x, p.interaction, PAIRS(of, "channel=call", "subject=now"));
    look(&p, p.x.contact, id, 20, (kith_str){0});
    EXPECT_STR("interaction later, interaction now, made, interaction old", titles(&p));
    const struct view_item *items = p.v.items.items;
    EXPECT_STR("potential", view_when_name(items[0].when));
    EXPECT_STR("history", view_when_name(items[3].when));
    fixture_close(&p.x);
}

TEST("the page of a seller's customer is whole for whoever takes it over") {
    struct page p;
    struct principal ben;
    page_open(&p);
    kith_id role = create(&p.x, type_of(&p.x, "role"),
                          PAIRS("name=seller", "rights={\"types\": {\"*\": {\"read\": \"own\"},"
                                               " \"note\": {\"read\": \"all\"},"
                                               " \"interaction\": {\"read\": \"all\", \"fields\":"
                                               " {\"account\": \"none\"}}}}"));
    const char *roles = link_text(&p, "roles", "", role);
    kith_id anna = create(&p.x, type_of(&p.x, "user"), PAIRS("login=anna", "name=Anna", roles));
    kith_id other = create(&p.x, type_of(&p.x, "user"), PAIRS("login=ben", "name=Ben", roles));
    kith_id acme = create(&p.x, p.account, PAIRS("name=ACME", link_text(&p, "owner", "", anna)));
    const char *about = link_text(&p, "about", "account/", acme);
    create(&p.x, p.interaction,
           PAIRS("channel=call", "subject=Secret", link_text(&p, "account", "", acme)));
    create(&p.x, type_of(&p.x, "note"),
           PAIRS("title=Hard bargain", "body=x", about, link_text(&p, "owner", "", anna)));
    struct view_options o = {.limit = 20};
    struct access_of of = {.user = other};
    EXPECT_OK(engine_enter(p.x.g, &of, "user:ben", &ben, &p.x.e), p.x.e);
    EXPECT_INT(KITH_E_NOTFOUND,
               engine_view(p.x.g, &ben, p.account, acme, &o, &p.x.arena, &p.v, &p.x.e));
    delete_(&p.x, type_of(&p.x, "user"), anna);
    update(&p.x, p.account, acme, PAIRS(link_text(&p, "owner", "", other)));
    EXPECT_OK(engine_view(p.x.g, &ben, p.account, acme, &o, &p.x.arena, &p.v, &p.x.e), p.x.e);
    EXPECT_STR("note Hard bargain, made", titles(&p));
    engine_leave(&ben);
    fixture_close(&p.x);
}

TEST("a cursor that no page gave is refused") {
    static const char *const bad[] = {"x", "1.2", "1.2.3x", "99999999999999999999.1.1",
                                      "9223372036854775807.1.1"};
    struct page p;
    page_open(&p);
    kith_id id = create(&p.x, p.x.contact, PAIRS("name=Ada L"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct view_options o = {20, str_of(bad[i])};
        EXPECT_INT(KITH_E_INVAL,
                   engine_view(p.x.g, &tester, p.x.contact, id, &o, &p.x.arena, &p.v, &p.x.e));
    }
    fixture_close(&p.x);
}

/* -- at random --------------------------------------------------------------------------------- */

#define PEOPLE 3
#define ITEMS  400
#define ALL    3000

static uint32_t seed;
static uint32_t below(uint32_t n) {
    seed = seed * 1103515245u + 12345u;
    return (seed >> 8) % n;
}

/* One more thing for the timelines; gives 1 when it is in that of the account. */
static void random_item(struct page *p, kith_id account, const kith_id *people) {
    kith_id who = people[below(PEOPLE)];
    const char *of = link_text(p, "contact", "", who),
               *about = link_text(p, "about", "contact/", who);
    const char *at = arena_printf(&p->x.arena, "at=2023-0%u-01", 1 + below(9));
    switch (below(7)) {
    case 0:
        create(&p->x, p->interaction, PAIRS(of, "channel=call", "subject=a", at));
        break;
    case 1:
        create(&p->x, p->interaction,
               PAIRS(of, about, "channel=call", "subject=b", at,
                     link_text(p, "account", "", account)));
        break;
    case 2:
        create(&p->x, p->interaction, PAIRS(of, "channel=call", "subject=c"));
        break;
    case 3:
        create(&p->x, p->x.task, PAIRS("title=t", about));
        break;
    case 4:
        create(&p->x, p->appliance, PAIRS("name=f", of));
        break;
    case 5: {
        struct job j = {.type = p->account, .id = account};
        EXPECT_OK(engine_write(p->x.g, &by_tester, ring, &j, NULL, &p->x.e), p->x.e);
        break;
    }
    default:
        update(&p->x, p->x.contact, who, PAIRS(below(2) ? "lifecycle=lost" : "city=Wien"));
        if (below(2))
            update(&p->x, p->x.contact, who, PAIRS("lifecycle=prospect"));
    }
    if (below(3))
        clock_advance(&p->x.clock, (int64_t)below(100));
}

static bool same_item(const struct view_item *a, const struct view_item *b) {
    return a->at == b->at && a->tie == b->tie && a->record.type == b->record.type;
}

/* All items, by pages of at most `most`. Their number. */
static size_t read_pages(struct page *p, const struct rtype *t, kith_id id, uint32_t most,
                         struct view_item *out, int *pages) {
    kith_str after = {0};
    size_t n = 0;
    *pages = 0;
    do {
        look(p, t, id, most == 1000 ? most : 1 + below(most), after);
        const struct view_item *some = p->v.items.items;
        for (size_t i = 0; i < p->v.items.count && n < ALL; i++)
            out[n++] = some[i];
        after = p->v.cursor;
        ++*pages;
    } while (after.len && *pages < ALL);
    return n;
}

static bool in_order(const struct view_item *a, const struct view_item *b) {
    return a->at > b->at || (a->at == b->at && a->tie > b->tie);
}

/* Pages of random sizes, one behind the other, are the whole. */
static void expect_pages(struct page *p, const struct rtype *t, kith_id id, bool long_history) {
    static struct view_item all[ALL], some[ALL];
    int pages;
    size_t n = read_pages(p, t, id, 1000, all, &pages);
    EXPECT_INT(1 + long_history, pages);
    for (size_t i = 1; i < n; i++)
        EXPECT(in_order(&all[i - 1], &all[i]));
    EXPECT_INT(n, read_pages(p, t, id, 9, some, &pages));
    for (size_t i = 0; i < n; i++)
        EXPECT(same_item(&some[i], &all[i]));
}

static int64_t number(struct page *p, const char *text, kith_id id) {
    return count(&p->x, arena_printf(&p->x.arena, text, id_text(&p->x, id)), NULL);
}

TEST("pages of any size show every item of a timeline once, and in order") {
    struct page p;
    kith_id people[PEOPLE];
    const char *given = getenv("KITH_SEED");
    seed = given ? (uint32_t)strtoul(given, NULL, 10) : 1;
    printf("seed %u\n", seed);
    page_open(&p);
    kith_id account = create(&p.x, p.account, PAIRS("name=ACME"));
    for (int i = 0; i < PEOPLE; i++)
        people[i] =
            create(&p.x, p.x.contact, PAIRS("name=P", link_text(&p, "account", "", account)));
    for (int i = 0; i < ITEMS; i++)
        random_item(&p, account, people);
    for (int i = 0; i < PEOPLE; i++)
        expect_pages(&p, p.x.contact, people[i], false);
    expect_pages(&p, p.account, account, false);
    look(&p, p.account, account, 1000, (kith_str){0});
    int64_t records = 0;
    const struct view_item *items = p.v.items.items;
    for (size_t i = 0; i < p.v.items.count; i++)
        records += items[i].record.type != NULL;
    int64_t want = count(&p.x, "interaction", NULL) + count(&p.x, "task", NULL) +
                   count(&p.x, "appliance", NULL) + PEOPLE;
    EXPECT_INT(want, records);
    look(&p, p.x.contact, people[0], 1000, (kith_str){0});
    records = 0;
    items = p.v.items.items;
    for (size_t i = 0; i < p.v.items.count; i++)
        records += items[i].record.type == p.interaction;
    EXPECT_INT(number(&p, "interaction where contact = '%s'", people[0]), records);
    for (int i = 0; i < VIEW_SCANNED; i++)
        update(&p.x, p.account, account, PAIRS(i % 2 ? "industry=steel" : "industry=coal"));
    for (int i = 0; i < 20; i++)
        random_item(&p, account, people);
    expect_pages(&p, p.account, account, true);
    fixture_close(&p.x);
}
