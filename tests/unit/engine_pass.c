/* SPDX-License-Identifier: Apache-2.0 */
/* Passes: links by which somebody without an account does one thing. */
#include "engine/pass.h"
#include "engine/sign_in.h"
#include "engine_people_fixture.h"

#define HOUR INT64_C(3600000)
#define FORM "\"form\":\""

/* Writes the name into the lead, and answers with it and with where it came from. */
static kith_status sign(void *self, struct call *c, kith_error *e) {
    struct fixture *x = self;
    const struct principal *by = c->principal;
    const struct assign set[] = {
        {type_field(engine_schema(x->g), x->lead, STR("name")), c->args[1]}};
    if (c->args[1].kind == KITH_TEXT && str_eqz(c->args[1].as.s, "nobody"))
        return err_set(e, KITH_E_REFUSED, "name", "name: nobody is no name");
    TRY(txn_update(c->txn, x->lead, c->args[0].as.link.id, set, 1, e));
    c->results[0] = c->args[1];
    c->results[1] = value_str(str_of(by->pass ? by->pass->from : "nowhere"));
    return KITH_OK;
}

static kith_status peek(void *self, struct call *c, kith_error *e) {
    (void)self;
    (void)e;
    c->results[0] = value_str(STR("<b>peeked</b>"));
    c->results[1] = c->args[1];
    return KITH_OK;
}

static const kith_field params[] = {
    {.name = "lead", .kind = KITH_F_LINK, .options = "lead", .flags = KITH_FF_REQUIRED},
    {.name = "name", .kind = KITH_F_TEXT},
    {.name = "note", .kind = KITH_F_TEXT},
};
static const kith_field results[] = {
    {.name = "signed", .kind = KITH_F_TEXT},
    {.name = "from", .kind = KITH_F_TEXT},
};

static void offer(struct fixture *x, const char *name, uint32_t effect,
                  kith_status (*fn)(void *, struct call *, kith_error *)) {
    fixture_offer(x, name, effect, fn, (kith_array)KITH_ARRAY(params),
                  (kith_array)KITH_ARRAY(results));
}

struct world {
    struct people w;
    kith_id lead, role;
    struct pass_made made;
    char form[PASS_FORM];
    struct pass_page page;
};

#define MAY                                                                                        \
    "rights={\"types\":{\"lead\":{\"read\":\"all\",\"update\":\"all\"}},"                          \
    "\"actions\":[\"test.*\",\"link.*\"]}"

static void begin(struct world *o) {
    struct fixture *x = &o->w.x;
    memset(o, 0, sizeof *o);
    fixture_open(x);
    offer(x, "test.sign", EFFECT_WRITE, sign);
    offer(x, "test.peek", EFFECT_READ, peek);
    fixture_start(x);
    o->w.user = type_named(x, "user");
    o->w.role = type_named(x, "role");
    people_add_anna(&o->w);
    o->role = create(x, o->w.role, PAIRS("name=seller", MAY));
    char roles[40], id[ID_TEXT + 1];
    id_format(o->role, id);
    snprintf(roles, sizeof roles, "roles=%s", id);
    update(x, o->w.user, o->w.anna, PAIRS(roles));
    o->lead = create(x, x->lead, PAIRS("name=Ada"));
}

static void end(struct world *o) {
    pass_page_free(&o->page);
    fixture_close(&o->w.x);
}

struct granted {
    struct pass_wish wish;
    struct pass_made *out;
};
static kith_status grant_in(struct txn *t, void *arg, kith_error *e) {
    struct granted *g = arg;
    return pass_grant(t, &g->wish, g->out, e);
}

static kith_status grant(struct world *o, struct pass_wish wish) {
    struct fixture *x = &o->w.x;
    const kith_str names[] = {STR("lead")};
    const kith_value values[] = {value_link(o->lead, x->lead->id)};
    const struct access_of of = {.user = o->w.anna};
    struct principal anna;
    EXPECT_OK(engine_enter(x->g, &of, NULL, &anna, &x->e), x->e);
    const struct write_opts opts = {.principal = &anna, .origin = ORIGIN_API};
    if (!wish.names) {
        wish.names = names;
        wish.values = values;
        wish.count = 1;
    }
    struct granted g = {wish, &o->made};
    kith_status st = engine_write(x->g, &opts, grant_in, &g, NULL, &x->e);
    engine_leave(&anna);
    return st;
}

static void grant_sign(struct world *o, int64_t most) {
    const struct pass_wish w = {.action = STR("test.sign"), .ask = STR("name"), .most = most};
    EXPECT_OK(grant(o, w), o->w.x.e);
}

static kith_status look_at(struct world *o, const char *secret) {
    pass_page_free(&o->page);
    o->page = (struct pass_page){0};
    return pass_look(o->w.x.g, str_of(secret), STR("203.0.113.7"), &o->page, &o->w.x.e);
}
static kith_status look(struct world *o) {
    kith_status st = look_at(o, o->made.text);
    const char *at = st == KITH_OK ? strstr(o->page.json.ptr, FORM) : NULL;
    if (at)
        snprintf(o->form, sizeof o->form, "%.*s", (int)strcspn(at + strlen(FORM), "\""),
                 at + strlen(FORM));
    return st;
}
static kith_status use(struct world *o, const char *form, const char *fields) {
    pass_page_free(&o->page);
    o->page = (struct pass_page){0};
    return pass_use(o->w.x.g, str_of(o->made.text), STR("203.0.113.7"), str_of(form),
                    str_of(fields), &o->page, &o->w.x.e);
}
static int named(struct world *o, const char *name) {
    char query[80];
    snprintf(query, sizeof query, "lead where name = '%s'", name);
    return (int)count(&o->w.x, query, NULL);
}

TEST("a link does one thing in the rights of its maker, once, and tells where it came from") {
    struct world o;
    begin(&o);
    grant_sign(&o, 1);
    EXPECT_INT(32, strlen(o.made.text));
    EXPECT_OK(look(&o), o.w.x.e);
    EXPECT_HAS("\"action\":\"test.sign\"", o.page.json.ptr);
    EXPECT_HAS("\"text\":\"Ada\"", o.page.json.ptr);
    EXPECT_HAS("\"asks\":[{\"name\":\"name\"", o.page.json.ptr);
    EXPECT_OK(look(&o), o.w.x.e);
    EXPECT_OK(use(&o, o.form, "{\"name\":\"Grace\"}"), o.w.x.e);
    EXPECT_HAS("\"text\":\"203.0.113.7\"", o.page.json.ptr);
    EXPECT_INT(1, named(&o, "Grace"));
    EXPECT_INT(KITH_E_DENIED, look(&o));
    EXPECT_HAS("was used already", o.w.x.e.message);
    end(&o);
}

TEST("what is sent twice is done once, whether or not the link holds longer") {
    struct world o;
    begin(&o);
    for (int64_t most = 0; most < 2; most++) {
        grant_sign(&o, most);
        EXPECT_OK(look(&o), o.w.x.e);
        EXPECT_OK(use(&o, o.form, "{\"name\":\"Grace\"}"), o.w.x.e);
        EXPECT_HAS("\"repeated\":false", o.page.json.ptr);
        update(&o.w.x, o.w.x.lead, o.lead, PAIRS("name=Ada"));
        EXPECT_OK(use(&o, o.form, "{\"name\":\"Grace\"}"), o.w.x.e);
        EXPECT_HAS("\"repeated\":true", o.page.json.ptr);
        EXPECT_INT(0, named(&o, "Grace"));
    }
    end(&o);
}

TEST("a form is of its link, complete and not old") {
    struct world o;
    char first[PASS_FORM];
    begin(&o);
    grant_sign(&o, 1);
    EXPECT_OK(look(&o), o.w.x.e);
    strcpy(first, o.form);
    grant_sign(&o, 1);
    EXPECT_INT(KITH_E_CONFLICT, use(&o, first, "{\"name\":\"Eve\"}"));
    EXPECT_INT(KITH_E_CONFLICT, use(&o, "", "{\"name\":\"Eve\"}"));
    EXPECT_OK(look(&o), o.w.x.e);
    o.form[12] = o.form[12] == 'A' ? 'B' : 'A';
    EXPECT_INT(KITH_E_CONFLICT, use(&o, o.form, "{\"name\":\"Eve\"}"));
    EXPECT_OK(look(&o), o.w.x.e);
    clock_advance(&o.w.x.clock, 21 * HOUR);
    EXPECT_INT(KITH_E_CONFLICT, use(&o, o.form, "{\"name\":\"Eve\"}"));
    EXPECT_HAS("open for too long", o.w.x.e.message);
    EXPECT_INT(0, named(&o, "Eve"));
    end(&o);
}

TEST("nothing but what is asked for is taken, and a refusal uses nothing up") {
    struct world o;
    begin(&o);
    grant_sign(&o, 1);
    EXPECT_OK(look(&o), o.w.x.e);
    EXPECT_INT(KITH_E_INVAL, use(&o, o.form, "{\"name\":\"Eve\",\"note\":\"x\"}"));
    EXPECT_INT(KITH_E_INVAL, use(&o, o.form, "{\"lead\":\"0SA818NN40003\"}"));
    EXPECT_INT(KITH_E_REFUSED, use(&o, o.form, "{\"name\":\"nobody\"}"));
    EXPECT_OK(use(&o, o.form, "{\"name\":\"Grace\"}"), o.w.x.e);
    end(&o);
}

static int64_t told_of(struct world *o, const char *reason, kith_id about) {
    struct fixture *x = &o->w.x;
    struct journal_row row;
    struct arena a = {0};
    int64_t count = 0;
    struct conn *c;
    EXPECT_OK(engine_drain(x->g, 60000, &x->e), x->e);
    EXPECT_OK(engine_snapshot(x->g, &c, &x->e), x->e);
    for (uint64_t seq = 1; journal_row_read(c, seq, &a, &row, &x->e) == KITH_OK; seq++) {
        uint32_t number, version;
        const char *name;
        kith_str json;
        if (row.kind != ROW_EVENT)
            continue;
        EXPECT_OK(image_decode_event(&row, &number, &version, &json, &x->e), x->e);
        EXPECT_OK(journal_topic_name(c, number, &a, &name, &x->e), x->e);
        if (strcmp(name, "link.refused") != 0)
            continue;
        count++;
        EXPECT_HAS(reason, json.ptr);
        EXPECT_HAS("\"action\":\"test.sign\"", json.ptr);
        EXPECT_INT(about, row.record);
    }
    engine_snapshot_done(c);
    arena_free(&a);
    return count;
}

TEST("what is refused inside is published for those who work here, and what the action itself says "
     "is not") {
    struct world o;
    begin(&o);
    grant_sign(&o, 1);
    EXPECT_OK(look(&o), o.w.x.e);
    EXPECT_INT(KITH_E_REFUSED, use(&o, o.form, "{\"name\":\"nobody\"}"));
    EXPECT_INT(0, told_of(&o, "", 0));
    EXPECT_INT(KITH_E_REFUSED, use(&o, o.form, "{\"name\":\"\"}")); /* a lead needs a name */
    EXPECT_HAS("cannot be done as things stand", o.w.x.e.message);
    EXPECT_INT(1, told_of(&o, "name", o.lead));
    EXPECT_OK(use(&o, o.form, "{\"name\":\"Grace\"}"), o.w.x.e);
    EXPECT_INT(1, told_of(&o, "name", o.lead));
    end(&o);
}

TEST("a link ends with its time, its revocation, its record, and the rights of its maker") {
    struct world o;
    begin(&o);
    struct fixture *x = &o.w.x;
    const struct pass_wish brief = {
        .action = STR("test.sign"), .ask = STR("name"), .expires = START_MS + HOUR};
    EXPECT_OK(grant(&o, brief), x->e);
    EXPECT_OK(look(&o), x->e);
    clock_advance(&x->clock, HOUR + 60000);
    EXPECT_INT(KITH_E_DENIED, look(&o));
    EXPECT_HAS("is over", x->e.message);
    grant_sign(&o, 0);
    EXPECT_OK(look(&o), x->e);
    update(x, o.w.user, o.w.anna, PAIRS("blocked=true"));
    EXPECT_INT(KITH_E_DENIED, use(&o, o.form, "{\"name\":\"Eve\"}"));
    EXPECT_HAS("does not hold any more", x->e.message);
    EXPECT(!strstr(x->e.message, "anna"));
    update(x, o.w.user, o.w.anna, PAIRS("blocked=false"));
    update(x, o.w.role, o.role, PAIRS("rights={\"actions\":[\"test.*\"]}"));
    EXPECT_INT(KITH_E_DENIED, use(&o, o.form, "{\"name\":\"Eve\"}"));
    update(x, o.w.role, o.role, PAIRS(MAY));
    EXPECT_OK(look(&o), x->e);
    delete_(x, x->lead, o.lead);
    EXPECT_INT(KITH_E_NOTFOUND, look(&o));
    EXPECT_INT(KITH_E_NOTFOUND, look_at(&o, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
    EXPECT_INT(KITH_E_NOTFOUND, look_at(&o, ""));
    end(&o);
}

TEST("a link is for what its maker may, and asks for what is needed") {
    struct world o;
    begin(&o);
    const kith_str names[] = {STR("lead"), STR("size")};
    const kith_value values[] = {value_link(o.lead, o.w.x.lead->id), value_int(3)};
    EXPECT_INT(KITH_E_DENIED, grant(&o, (struct pass_wish){.action = STR("record.merge")}));
    EXPECT_INT(KITH_E_INVAL, grant(&o, (struct pass_wish){.action = STR("link.list")}));
    EXPECT_INT(KITH_E_NOTFOUND, grant(&o, (struct pass_wish){.action = STR("test.none")}));
    EXPECT_INT(KITH_E_INVAL,
               grant(&o, (struct pass_wish){.action = STR("test.sign"), .ask = STR("lead")}));
    EXPECT_INT(KITH_E_INVAL,
               grant(&o, (struct pass_wish){.action = STR("test.sign"), .ask = STR("size")}));
    EXPECT_INT(
        KITH_E_INVAL,
        grant(&o, (struct pass_wish){
                      .action = STR("test.sign"), .names = names, .values = values, .count = 2}));
    EXPECT_INT(KITH_E_INVAL,
               grant(&o, (struct pass_wish){
                             .action = STR("test.sign"), .names = names, .values = values}));
    EXPECT_HAS("needs lead", o.w.x.e.message);
    EXPECT_INT(KITH_E_INVAL,
               grant(&o, (struct pass_wish){.action = STR("test.sign"), .show = STR("test.sign")}));
    EXPECT_INT(KITH_E_INVAL, grant(&o, (struct pass_wish){.action = STR("test.peek"), .most = 1}));
    EXPECT_INT(KITH_E_INVAL,
               grant(&o, (struct pass_wish){.action = STR("test.sign"), .expires = START_MS}));
    end(&o);
}

TEST("a link that reads answers at once, and takes nothing") {
    struct world o;
    begin(&o);
    EXPECT_OK(grant(&o, (struct pass_wish){.action = STR("test.peek")}), o.w.x.e);
    for (int i = 0; i < 3; i++)
        EXPECT_OK(look(&o), o.w.x.e);
    EXPECT_HAS("<b>peeked</b>", o.page.json.ptr);
    EXPECT_INT(KITH_E_INVAL, use(&o, o.form, "{}"));
    end(&o);
}
