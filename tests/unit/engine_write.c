/* SPDX-License-Identifier: Apache-2.0 */
/* The write path: what is kept, refused, and journaled. */
#include "engine_fixture.h"

#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>

TEST("a created record can be read, with defaults and stamps") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id id = create(&x, x.lead, PAIRS("name=Ada", "amount=12.50 USD", "labels=b,a,b"));
    EXPECT_STR("Ada", field(&x, x.lead, id, "name"));
    EXPECT_STR("new", field(&x, x.lead, id, "state"));
    EXPECT_STR("0", field(&x, x.lead, id, "score"));
    EXPECT_STR("12.50 USD", field(&x, x.lead, id, "amount"));
    EXPECT_STR("a,b", field(&x, x.lead, id, "labels"));
    EXPECT_STR("2023-11-14T22:13:20.000Z", field(&x, x.lead, id, "created"));
    fixture_close(&x);
}

TEST("an update changes what differs and nothing else is journaled") {
    struct fixture x;
    struct engine_stats before, after;
    fixture_open(&x);
    fixture_start(&x);
    kith_id id = create(&x, x.lead, PAIRS("name=Ada"));
    engine_stats(x.g, &before);
    EXPECT_INT(0, update(&x, x.lead, id, PAIRS("name=Ada")));
    engine_stats(x.g, &after);
    EXPECT_INT(before.durable, after.durable);
    EXPECT(update(&x, x.lead, id, PAIRS("name=Bea", "score=7")) != 0);
    EXPECT_STR("7", field(&x, x.lead, id, "score"));
    fixture_close(&x);
}

TEST("a refused write keeps nothing and says why") {
    static const struct {
        const char *pair, *says;
    } bad[] = {
        {"source=wbe", "did you mean 'web'"},
        {"score=many", "no whole number"},
        {"amount=1.234 EUR", "no amount"},
        {"amount=5 XQX", "no amount"},
        {"state=won", "begins as 'new'"},
        {"kept=1", "kept by sales"},
        {"contact=0000000000001", "there is no contact"},
        {"contact=nonsense", "no id"},
    };
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        kith_id id = 0;
        EXPECT(try_job(&x, ROW_CREATE, x.lead, &id, PAIRS("name=Ada", bad[i].pair), NULL) !=
               KITH_OK);
        EXPECT_HAS(bad[i].says, x.e.message);
    }
    kith_id id = 0;
    EXPECT_INT(KITH_E_INVAL, try_job(&x, ROW_CREATE, x.lead, &id, PAIRS("score=1"), NULL));
    EXPECT_HAS("lead needs a name", x.e.message);
    EXPECT_INT(0, count(&x, "lead", NULL));
    fixture_close(&x);
}

TEST("a state follows its arrows") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id id = create(&x, x.lead, PAIRS("name=Ada"));
    EXPECT_INT(KITH_E_INVAL, try_job(&x, ROW_UPDATE, x.lead, &id, PAIRS("state=won"), NULL));
    EXPECT_HAS("from there it can: working", x.e.message);
    update(&x, x.lead, id, PAIRS("state=working"));
    update(&x, x.lead, id, PAIRS("state=Won"));
    EXPECT_STR("won", field(&x, x.lead, id, "state"));
    fixture_close(&x);
}

TEST("a unique value is refused with its owner, whatever its case") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id first = create(&x, x.lead, PAIRS("name=Ada", "code=Ä-1"));
    kith_id id = 0;
    EXPECT_INT(KITH_E_CONFLICT,
               try_job(&x, ROW_CREATE, x.lead, &id, PAIRS("name=Bea", "code=ä-1"), NULL));
    EXPECT_HAS(id_text(&x, first), x.e.message);
    fixture_close(&x);
}

static kith_status try_user(struct fixture *x, kith_id *id, const char *login, const char *email) {
    const char *set = arena_printf(&x->arena, "login=%s", login);
    const char *mail = arena_printf(&x->arena, "email=%s", email);
    return try_job(x, *id ? ROW_UPDATE : ROW_CREATE, type_named(x, "user"), id,
                   *id ? PAIRS(mail) : PAIRS(set, "name=U", mail), NULL);
}

/* As databases had it before accents counted. */
static char old_index[] =
    "DROP INDEX \"i.user.email\"; CREATE UNIQUE INDEX \"i.user.email\" ON \"user\""
    "(\"email__fold\") WHERE \"email__fold\" IS NOT NULL";

TEST("users' mail addresses that differ by an accent are two, and by capitals alone one") {
    struct fixture x;
    kith_id mueller = 0, muller = 0, third = 0;
    fixture_open(&x);
    fixture_start(&x);
    run_sql(&x, old_index);
    engine_close(x.g);
    fixture_reopen(&x);
    fixture_start(&x);
    EXPECT_OK(try_user(&x, &mueller, "a", "müller@b.example"), x.e);
    EXPECT_OK(try_user(&x, &muller, "b", "Muller@b.example"), x.e);
    EXPECT_INT(KITH_E_CONFLICT, try_user(&x, &third, "c", "MÜLLER@b.example"));
    EXPECT_HAS(id_text(&x, mueller), x.e.message);
    EXPECT_INT(KITH_E_CONFLICT, try_user(&x, &third, "c", "muller@B.example"));
    EXPECT_HAS(id_text(&x, muller), x.e.message);
    EXPECT_OK(try_user(&x, &third, "c", "c@b.example"), x.e);
    EXPECT_INT(KITH_E_CONFLICT, try_user(&x, &third, "c", "MÜller@b.example"));
    EXPECT_HAS(id_text(&x, mueller), x.e.message);
    EXPECT_OK(try_user(&x, &mueller, "a", "MÜLLER@b.example"), x.e); /* its own */
    EXPECT_STR("MÜLLER@b.example", field(&x, type_named(&x, "user"), mueller, "email"));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("a contact's name is split and joined, and its address becomes a contact point") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id id = create(&x, x.contact, PAIRS("name=Ada King Lovelace", "email=Ada@Example.com"));
    EXPECT_STR("Ada King", field(&x, x.contact, id, "first_name"));
    EXPECT_STR("Lovelace", field(&x, x.contact, id, "last_name"));
    update(&x, x.contact, id, PAIRS("first_name=Augusta"));
    EXPECT_STR("Augusta Lovelace", field(&x, x.contact, id, "name"));
    kith_id point;
    EXPECT_INT(1, count(&x, "contact_point where kind = 'email'", &point));
    EXPECT_STR("ada@example.com", field(&x, x.point, point, "normal"));
    EXPECT_STR("true", field(&x, x.point, point, "primary"));
    /* a new address takes over, the old one stays known */
    update(&x, x.contact, id, PAIRS("email=al@example.com"));
    EXPECT_STR("false", field(&x, x.point, point, "primary"));
    EXPECT_INT(2, count(&x, "contact_point", NULL));
    /* making the old point primary again turns the contact's field */
    update(&x, x.point, point, PAIRS("primary=true"));
    EXPECT_STR("Ada@Example.com", field(&x, x.contact, id, "email"));
    EXPECT_INT(1, count(&x, "contact_point where primary = true", NULL));
    fixture_close(&x);
}

TEST("deleting takes parts along and empties links") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id person = create(&x, x.contact, PAIRS("name=Ada", "email=a@b.example", "phone=123456"));
    char link[64];
    snprintf(link, sizeof link, "contact=%s", id_text(&x, person));
    kith_id lead = create(&x, x.lead, PAIRS("name=L", link));
    EXPECT_STR(id_text(&x, person), field(&x, x.lead, lead, "contact"));
    delete_(&x, x.contact, person);
    EXPECT_STR("", field(&x, x.lead, lead, "contact"));
    EXPECT_INT(0, count(&x, "contact_point", NULL));
    fixture_close(&x);
}

TEST("text of several scripts, NULs and a megabyte come out as they went in") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    static char big[1 << 20];
    memset(big, 'x', sizeof big - 1);
    memcpy(big, "street=", 7);
    kith_id id = create(&x, x.contact, PAIRS("name=Ada", big));
    EXPECT_STR(big + 7, field(&x, x.contact, id, "street"));
    static const char *const texts[] = {"name='; DROP TABLE lead; --", "name=os.execute('x')",
                                        "name=مرحبا بالعالم", "name=日本語 👩‍👩‍👧",
                                        "name=Ωμέγα"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        id = create(&x, x.lead, PAIRS(texts[i]));
        EXPECT_STR(texts[i] + 5, field(&x, x.lead, id, "name"));
    }
    fixture_close(&x);
}

/* -- hooks ------------------------------------------------------------------------------------- */

struct hooked {
    struct fixture *x;
    int calls;
};

static kith_status raise_score(void *self, struct txn *t, struct change *c, kith_error *e) {
    struct hooked *h = self;
    h->calls++;
    return change_set(t, c, type_field(c->type->schema, c->type, STR("score")), value_int(42), e);
}

static kith_status refuse(void *self, struct txn *t, struct change *c, kith_error *e) {
    (void)self;
    (void)t;
    (void)c;
    return err_set(e, KITH_E_REFUSED, "name", "no leads on Sundays");
}

static kith_status write_task(void *self, struct txn *t, struct change *c, kith_error *e) {
    (void)self;
    const struct rtype *task = schema_type(c->type->schema, STR("task"));
    struct assign set[] = {
        {type_field(c->type->schema, task, STR("title")), value_str(STR("call"))},
        {type_field(c->type->schema, task, STR("about")), value_link(c->id, c->type->id)}};
    return txn_create(t, task, set, 2, NULL, e);
}

TEST("a before-hook changes the write, and why names it") {
    struct fixture x;
    fixture_open(&x);
    struct hooked self = {&x, 0};
    struct hook h = {.type = x.lead,
                     .on = ON_CREATE,
                     .fn = raise_score,
                     .self = &self,
                     .source = {SOURCE_MODULE, "sales", "1", 0}};
    EXPECT_OK(engine_add_hook(x.g, &h, &x.e), x.e);
    fixture_start(&x);
    kith_id id = create(&x, x.lead, PAIRS("name=Ada"));
    EXPECT_STR("42", field(&x, x.lead, id, "score"));
    struct conn *c;
    struct why_step *steps;
    size_t n;
    EXPECT_OK(engine_reader(x.g, &c, &x.e), x.e);
    EXPECT_OK(journal_why(c, engine_schema(x.g), id,
                          type_field(engine_schema(x.g), x.lead, STR("score")), &x.arena, &steps,
                          &n, &x.e),
              x.e);
    engine_reader_done(x.g, c);
    EXPECT_INT(1, n);
    EXPECT_STR("sales", steps[0].source.name);
    EXPECT_STR("tester", steps[0].actor.name);
    EXPECT_INT(42, steps[0].change.after.as.i);
    fixture_close(&x);
}

TEST("a hook that refuses leaves no trace, and its sentence reaches the caller") {
    struct fixture x;
    fixture_open(&x);
    struct hook first = {.type = x.lead,
                         .on = ON_CREATE,
                         .after = true,
                         .fn = write_task,
                         .source = {SOURCE_RULE, "a", "", 1}};
    struct hook second = {.type = x.lead,
                          .on = ON_CREATE,
                          .after = true,
                          .priority = 5,
                          .fn = refuse,
                          .source = {SOURCE_RULE, "b", "", 1}};
    EXPECT_OK(engine_add_hook(x.g, &second, &x.e), x.e);
    EXPECT_OK(engine_add_hook(x.g, &first, &x.e), x.e);
    fixture_start(&x);
    kith_id id = 0;
    EXPECT_INT(KITH_E_REFUSED, try_job(&x, ROW_CREATE, x.lead, &id, PAIRS("name=Ada"), NULL));
    EXPECT_STR("no leads on Sundays", x.e.message);
    EXPECT_INT(0, count(&x, "lead", NULL));
    EXPECT_INT(0, count(&x, "task", NULL));
    struct engine_stats s;
    engine_stats(x.g, &s);
    EXPECT_INT(0, s.durable);
    fixture_close(&x);
}

static kith_status only_count(void *self, struct txn *t, struct change *c, kith_error *e) {
    struct hooked *h = self;
    (void)t, (void)c, (void)e;
    h->calls++;
    return KITH_OK;
}

TEST("a hook waits for its condition and its fields") {
    struct fixture x;
    fixture_open(&x);
    struct hooked self = {&x, 0};
    struct predicate *p;
    struct fieldset fields = {{0}};
    EXPECT_OK(
        predicate_parse(&p, engine_schema(x.g), x.lead, &x.arena, STR("source = 'web'"), &x.e),
        x.e);
    fieldset_add(&fields, type_field(engine_schema(x.g), x.lead, STR("name"))->index);
    struct hook h = {.type = x.lead,
                     .on = ON_UPDATE,
                     .fields = &fields,
                     .where = p,
                     .fn = raise_score,
                     .self = &self,
                     .source = {SOURCE_RULE, "r", "", 1}};
    EXPECT_OK(engine_add_hook(x.g, &h, &x.e), x.e);
    fixture_start(&x);
    kith_id web = create(&x, x.lead, PAIRS("name=A", "source=web"));
    kith_id event = create(&x, x.lead, PAIRS("name=B", "source=event"));
    update(&x, x.lead, web, PAIRS("score=1"));
    EXPECT_INT(0, self.calls);
    update(&x, x.lead, event, PAIRS("name=C"));
    EXPECT_INT(0, self.calls);
    update(&x, x.lead, web, PAIRS("name=C"));
    EXPECT_INT(1, self.calls);
    fixture_close(&x);
}

TEST("a hook's condition may look for other records, and sees what is written so far") {
    struct fixture x;
    fixture_open(&x);
    struct hooked self = {&x, 0};
    struct predicate *p;
    const struct rtype *contact = schema_type(engine_schema(x.g), STR("contact"));
    EXPECT_OK(predicate_parse(&p, engine_schema(x.g), contact, &x.arena,
                              STR("count(lead where source = 'web') > 1"), &x.e),
              x.e);
    struct hook h = {.type = contact,
                     .on = ON_UPDATE,
                     .where = p,
                     .after = true,
                     .fn = only_count,
                     .self = &self,
                     .source = {SOURCE_RULE, "r", "", 1}};
    EXPECT_OK(engine_add_hook(x.g, &h, &x.e), x.e);
    fixture_start(&x);
    kith_id ada = create(&x, contact, PAIRS("name=Ada"));
    char link[40], text[ID_TEXT + 1];
    id_format(ada, text);
    snprintf(link, sizeof link, "contact=%s", text);
    create(&x, x.lead, PAIRS("name=A", "source=web", link));
    update(&x, contact, ada, PAIRS("name=Ada L"));
    EXPECT_INT(0, self.calls);
    create(&x, x.lead, PAIRS("name=B", "source=web", link));
    update(&x, contact, ada, PAIRS("name=Ada Love"));
    EXPECT_INT(1, self.calls);
    fixture_close(&x);
}

static kith_status damage_contacts(struct txn *t, void *arg, kith_error *e) {
    (void)arg;
    return conn_exec(txn_conn(t), "UPDATE contact SET tags = '{'", e);
}

TEST("a hook's condition that cannot read a linked record refuses the write") {
    struct fixture x;
    fixture_open(&x);
    struct hooked self = {&x, 0};
    struct predicate *p;
    EXPECT_OK(predicate_parse(&p, engine_schema(x.g), x.lead, &x.arena, STR("contact.name = 'Ada'"),
                              &x.e),
              x.e);
    struct hook h = {.type = x.lead,
                     .on = ON_UPDATE,
                     .where = p,
                     .fn = only_count,
                     .self = &self,
                     .source = {SOURCE_RULE, "r", "", 1}};
    EXPECT_OK(engine_add_hook(x.g, &h, &x.e), x.e);
    fixture_start(&x);
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada"));
    char link[40], text[ID_TEXT + 1];
    id_format(ada, text);
    snprintf(link, sizeof link, "contact=%s", text);
    kith_id lead = create(&x, x.lead, PAIRS("name=A", link));
    update(&x, x.lead, lead, PAIRS("name=B"));
    EXPECT_INT(1, self.calls);
    EXPECT_OK(engine_write(x.g, &by_tester, damage_contacts, NULL, NULL, &x.e), x.e);
    struct job j = {ROW_UPDATE, x.lead, lead, PAIRS("name=C")};
    EXPECT(engine_write(x.g, &by_tester, do_job, &j, NULL, &x.e) != KITH_OK);
    EXPECT(strncmp(x.e.message, "contact.tags: ", 14) == 0);
    EXPECT_STR("B", field(&x, x.lead, lead, "name"));
    fixture_close(&x);
}

TEST("hooks that call each other without end are stopped") {
    struct fixture x;
    fixture_open(&x);
    struct hook h = {.type = x.task,
                     .on = ON_CREATE,
                     .after = true,
                     .fn = write_task,
                     .source = {SOURCE_RULE, "loop", "", 1}};
    EXPECT_OK(engine_add_hook(x.g, &h, &x.e), x.e);
    fixture_start(&x);
    kith_id id = 0;
    EXPECT_INT(KITH_E_LIMIT, try_job(&x, ROW_CREATE, x.task, &id, PAIRS("title=T"), NULL));
    EXPECT_HAS("loop", x.e.message);
    fixture_close(&x);
}

/* -- many at once ------------------------------------------------------------------------------ */

static void *hundred_writes(void *arg) {
    struct fixture *x = arg;
    for (int i = 0; i < 100; i++) {
        kith_error e = KITH_ERROR_INIT;
        struct job j = {ROW_CREATE, x->lead, 0, PAIRS(i % 10 ? "name=N" : "score=1")};
        engine_write(x->g, &by_tester, do_job, &j, NULL, &e);
    }
    return NULL;
}

TEST("writes of many threads are committed in groups, and a bad one harms only itself") {
    struct fixture x;
    pthread_t threads[8];
    struct engine_stats s;
    fixture_open(&x);
    fixture_start(&x);
    for (int i = 0; i < 8; i++)
        EXPECT_INT(0, pthread_create(&threads[i], NULL, hundred_writes, &x));
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    EXPECT_INT(720, count(&x, "lead", NULL));
    engine_stats(x.g, &s);
    EXPECT_INT(720, s.durable);
    EXPECT_INT(720, s.transactions);
    fixture_close(&x);
}

TEST("a second owner is refused with the first one's process number") {
    struct fixture x;
    struct engine *second;
    char pid[32];
    fixture_open(&x);
    struct engine_options o = fixture_options(&x);
    EXPECT_INT(KITH_E_BUSY, engine_open(&second, &o, &x.e));
    snprintf(pid, sizeof pid, "process %d", (int)getpid());
    EXPECT_HAS(pid, x.e.message);
    fixture_close(&x);
}

TEST("ids go on after a reopening, even when the clock was set back") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id first = create(&x, x.lead, PAIRS("name=A"));
    engine_close(x.g);
    clock_set(&x.clock, START_MS - DAY_MS);
    fixture_reopen(&x);
    fixture_start(&x);
    kith_id second = create(&x, x.lead, PAIRS("name=B"));
    EXPECT(second > first);
    fixture_close(&x);
}

TEST("ids and the journal go on in order while the clock steps a day back and a year ahead") {
    static const int64_t days[] = {0, -1, 365, -365, 1, 0};
    struct fixture x;
    kith_id last = 0, tx = 0;
    fixture_open(&x);
    fixture_start(&x);
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        clock_advance(&x.clock, days[i] * DAY_MS);
        for (int n = 0; n < 3; n++) {
            kith_id id = create(&x, x.lead, PAIRS("name=A"));
            EXPECT(id > last);
            last = id;
            kith_id next = update(&x, x.lead, id, PAIRS("name=B"));
            EXPECT(next > tx);
            tx = next;
        }
    }
    EXPECT_INT(18, count(&x, "lead", NULL));
    expect_sound(&x); /* the journal has no gap, and its chain holds */
    fixture_close(&x);
}

/* Refuses while a lead links to the contact. */
static kith_status refuse_with_leads(void *self, struct txn *t, struct change *c, kith_error *e) {
    struct query *q = self;
    int64_t n;
    (void)c;
    TRY(txn_count(t, q, NULL, &n, e));
    return n ? err_set(e, KITH_E_REFUSED, NULL, "it still has %lld lead", (long long)n) : KITH_OK;
}

TEST("a clock beyond the last id refuses every write, and nothing is spoilt") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id id = create(&x, x.contact, PAIRS("name=Ada"));
    clock_set(&x.clock, INT64_C(7258118400000)); /* 2200 */
    kith_id none = 0;
    EXPECT_INT(KITH_E_LIMIT, try_job(&x, ROW_CREATE, x.contact, &none, PAIRS("name=Grace"), NULL));
    EXPECT_HAS("clock is beyond the year 2089", x.e.message);
    clock_set(&x.clock, START_MS);
    EXPECT(create(&x, x.contact, PAIRS("name=Grace")) > id);
    EXPECT_INT(2, count(&x, "contact", NULL));
    fixture_close(&x);
}

TEST("a hook before a deletion sees what still links to the record") {
    struct fixture x;
    struct query *q;
    char link[64];
    fixture_open(&x);
    EXPECT_OK(query_parse(&q, engine_schema(x.g), &x.arena,
                          STR("lead where contact is not null: count()"), &x.e),
              x.e);
    struct hook h = {.type = x.contact,
                     .on = ON_DELETE,
                     .fn = refuse_with_leads,
                     .self = q,
                     .source = {SOURCE_RULE, "r", "", 1}};
    EXPECT_OK(engine_add_hook(x.g, &h, &x.e), x.e);
    fixture_start(&x);
    kith_id person = create(&x, x.contact, PAIRS("name=Ada", "email=a@b.example"));
    snprintf(link, sizeof link, "contact=%s", id_text(&x, person));
    kith_id lead = create(&x, x.lead, PAIRS("name=L", link));
    EXPECT_INT(KITH_E_REFUSED, try_job(&x, ROW_DELETE, x.contact, &person, NULL, NULL));
    EXPECT_STR("it still has 1 lead", x.e.message);
    EXPECT_STR(id_text(&x, person), field(&x, x.lead, lead, "contact"));
    delete_(&x, x.lead, lead);
    delete_(&x, x.contact, person);
    EXPECT_INT(0, count(&x, "contact_point", NULL));
    fixture_close(&x);
}

TEST("a time without an offset is the company's wall clock, in a write and in a query") {
    struct fixture x;
    struct zone *berlin;
    fixture_open(&x);
    engine_close(x.g);
    EXPECT_OK(zone_open(&berlin, "Europe/Berlin", &x.e), x.e);
    struct engine_options o = fixture_options(&x);
    o.zone = berlin;
    EXPECT_OK(engine_open(&x.g, &o, &x.e), x.e);
    x.task = schema_type(engine_schema(x.g), STR("task"));
    fixture_start(&x);
    kith_id id = create(&x, x.task, PAIRS("title=Call", "due=2024-07-01 09:00"));
    EXPECT_STR("2024-07-01T07:00:00.000Z", field(&x, x.task, id, "due"));
    EXPECT_INT(1, count(&x, "task where due = '2024-07-01 09:00'", NULL));
    EXPECT_INT(1, count(&x, "task where due = '2024-07-01T07:00:00Z'", NULL));
    EXPECT_INT(1, count(&x, "task where due = '2024-07-01'", NULL));
    fixture_close(&x);
    zone_close(berlin);
}

TEST("a record is not deleted from under a module that is not loaded") {
    struct fixture x;
    char link[64];
    fixture_open(&x);
    fixture_start(&x);
    kith_id person = create(&x, x.contact, PAIRS("name=Ada"));
    kith_id other = create(&x, x.contact, PAIRS("name=Bea"));
    snprintf(link, sizeof link, "contact=%s", id_text(&x, person));
    kith_id lead = create(&x, x.lead, PAIRS("name=L", link));
    engine_close(x.g);
    struct engine_options o = fixture_options(&x);
    o.source_count = 0;
    EXPECT_OK(engine_open(&x.g, &o, &x.e), x.e);
    x.contact = schema_type(engine_schema(x.g), STR("contact"));
    fixture_start(&x);
    EXPECT_INT(KITH_E_REFUSED, try_job(&x, ROW_DELETE, x.contact, &person, NULL, NULL));
    EXPECT_HAS(id_text(&x, lead), x.e.message);
    EXPECT_HAS("module 'sales' is not enabled", x.e.message);
    delete_(&x, x.contact, other);
    fixture_close(&x);
}

static int warnings(int fd) { /* lines of the log so far that speak of the clock */
    char text[8192] = "";
    int count = 0;
    EXPECT(pread(fd, text, sizeof text - 1, 0) >= 0);
    for (const char *at = text; (at = strstr(at, "this computer's clock says 2023-11-14T21:13:20"));
         at++)
        count++;
    return count;
}

TEST("a clock that was set back is told once each time, at the start and while it runs") {
    struct fixture x;
    char path[128];
    fixture_open(&x);
    snprintf(path, sizeof path, "%s.log", x.path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    EXPECT(fd >= 0 && unlink(path) == 0);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=A"));
    engine_close(x.g);
    log_setup(LOG_WARN, fd);
    clock_set(&x.clock, START_MS - 30000); /* too little to speak of */
    fixture_reopen(&x);
    engine_check_clock(x.g);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=B"));
    EXPECT_INT(0, warnings(fd));
    engine_close(x.g);
    clock_set(&x.clock, START_MS - 3600000);
    fixture_reopen(&x);
    engine_check_clock(x.g);
    EXPECT_INT(1, warnings(fd));
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=C"));
    EXPECT_INT(1, warnings(fd));
    clock_set(&x.clock, START_MS + 1000);
    create(&x, x.lead, PAIRS("name=D"));
    settle(&x);
    clock_set(&x.clock, START_MS - 3600000);
    settle(&x); /* before anybody writes */
    EXPECT_INT(2, warnings(fd));
    create(&x, x.lead, PAIRS("name=E"));
    create(&x, x.lead, PAIRS("name=F"));
    EXPECT_INT(2, warnings(fd));
    log_setup(LOG_INFO, -1);
    fixture_close(&x);
    close(fd);
}
