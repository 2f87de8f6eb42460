/* SPDX-License-Identifier: Apache-2.0 */
/* Modules that are out: what takes them out, with which sentence, and that nothing of them stays.
 */
#include "plugin/internal.h"
#include "plugin_fixture.h"

/* -- what fails -------------------------------------------------------------------------------- */

TEST("a module that fails in create is out with its sentence, and the rest runs") {
    struct company c;
    OPEN(&c, GOOD, "fails_create", "every_row");
    EXPECT_INT(PLUGIN_FAILED, status_of(c.plugins, "fails_create").state);
    EXPECT_STR("the moon is not full", status_of(c.plugins, "fails_create").reason);
    EXPECT_INT(PLUGIN_RUNNING, status_of(c.plugins, "every_row").state);
    EXPECT(make(&c, "box", 1) != 0);
    close_company(&c);
}

TEST("a module whose wants go beyond its instance, or that makes another, is out with a sentence") {
    struct company c;
    OPEN(&c, "wants_too_far: { grant = [\"read:contact\"]; };", "wants_too_far", "another_instance",
         "every_row");
    EXPECT_INT(PLUGIN_FAILED, status_of(c.plugins, "wants_too_far").state);
    EXPECT_STR("its want of the query 'contact : count()' goes to byte 2 of its instance, which has"
               " 4",
               status_of(c.plugins, "wants_too_far").reason);
    EXPECT_HAS("create() made another instance", status_of(c.plugins, "another_instance").reason);
    EXPECT_INT(PLUGIN_RUNNING, status_of(c.plugins, "every_row").state);
    close_company(&c);
}

TEST("a module that wants a field of no type is out, and told which row that is") {
    struct company c;
    OPEN(&c, "", "wants_no_type", "every_row");
    EXPECT_INT(PLUGIN_FAILED, status_of(c.plugins, "wants_no_type").state);
    EXPECT_STR("'name' is wanted of a type, and no row of its wants above names one",
               status_of(c.plugins, "wants_no_type").reason);
    EXPECT_INT(PLUGIN_RUNNING, status_of(c.plugins, "every_row").state);
    close_company(&c);
}

static void begins(const char *fails, const char *beside, const char *reason) {
    struct company c;
    char conf[200];
    const bool calls = strcmp(beside, "calls_another") == 0;
    snprintf(
        conf, sizeof conf, "begins: { fails = \"%s\"; };%s", fails,
        calls ? " calls_another: { grant = [\"call:every_row.make\", \"call:every_row.total\"]; };"
              : "");
    OPEN(&c, conf, "begins", beside, "every_row");
    EXPECT_STR(reason, status_of(c.plugins, "begins").reason);
    close_company(&c);
}

TEST("parts begin in their order where they are there, before create(), and destroy() follows") {
    begins("a", "every_row", "begun: a");
    begins("b", "every_row", "begun: ab");
    begins("c", "every_row", "begun: abc");
    begins("b", "calls_another", "begun: axb");
    begins("", "calls_another", "");
}

TEST("a setting can make a module refuse to start, and what requires it goes with it") {
    struct company c;
    OPEN(&c, "every_row: { mood = \"bad\"; };\n", "after_every_row", "every_row");
    EXPECT_STR("every_row is in a bad mood", status_of(c.plugins, "every_row").reason);
    EXPECT_HAS("requires 'every_row', which is out: every_row is in a bad mood",
               status_of(c.plugins, "after_every_row").reason);
    close_company(&c);
}

/* Creates a record of type `arg` with a name alone. */
static kith_status create_named(struct txn *t, void *arg, kith_error *e) {
    const struct rtype *type = schema_type(engine_schema(txn_engine(t)), str_of(arg));
    struct assign set = {type_field(type->schema, type, STR("name")), value_str(STR("Ada"))};
    return txn_create(t, type, &set, 1, NULL, e);
}

TEST("records of a module that is out are refused with the reason, those of others are written") {
    kith_error e = KITH_ERROR_INIT;
    struct company c;
    OPEN(&c, "every_row: { mood = \"bad\"; };\n", "every_row");
    EXPECT_INT(KITH_E_UNSUPPORTED,
               engine_write(c.engine, &by_anna, create_named, "thing", NULL, &e));
    EXPECT_STR("module 'every_row' is out: every_row is in a bad mood", e.message);
    EXPECT_OK(engine_write(c.engine, &by_anna, create_named, "contact", NULL, &e), e);
    close_company(&c);
}

TEST("of a module that fails in start nothing is registered, and it is destroyed") {
    struct company c;
    OPEN(&c, GOOD, "fails_start", "every_row");
    EXPECT(engine_action(c.engine, STR("fails_start.act")) == NULL);
    EXPECT_HAS("start failed (input or output failed) without saying why",
               status_of(c.plugins, "fails_start").reason);
    EXPECT_INT(3, status_of(c.plugins, "fails_start").calls); /* create, start, destroy */
    close_company(&c);
}

TEST("a module that is out after it started is stopped before it is destroyed") {
    struct company c;
    OPEN(&c, GOOD, "every_row", "same_topic");
    EXPECT_STR("topic thing.grown is declared by every_row already",
               status_of(c.plugins, "same_topic").reason);
    EXPECT_INT(4, status_of(c.plugins, "same_topic").calls); /* create, start, stop, destroy */
    close_company(&c);
}

TEST("a condition that cannot be read takes its module out before anything is registered") {
    struct company c;
    OPEN(&c, "bad_hook: { grant = [\"read:contact\"]; };\n", "bad_hook", "every_row");
    EXPECT_HAS("hook look: where: ", status_of(c.plugins, "bad_hook").reason);
    EXPECT_INT(PLUGIN_RUNNING, status_of(c.plugins, "every_row").state);
    close_company(&c);
}

TEST("a report that nobody could ask for takes its module out, and says where the query is wrong") {
    struct company c;
    OPEN(&c, GOOD, "bad_report", "bad_columns", "every_row");
    EXPECT_HAS("report towns: ", status_of(c.plugins, "bad_report").reason);
    EXPECT_HAS("no field 'town' in contact", status_of(c.plugins, "bad_report").reason);
    EXPECT(!engine_report(c.engine, STR("bad_report.towns")));
    EXPECT_HAS("report named: no field 'town' in account",
               status_of(c.plugins, "bad_columns").reason);
    const struct report *r = engine_report(c.engine, STR("every_row.sizes"));
    EXPECT_STR("How much each name has.", r ? r->doc : "none");
    close_company(&c);
}

TEST("a module that may not read a type is out, and the reason is the remedy") {
    struct company c;
    OPEN(&c, GOOD, "bad_hook", "trespasser");
    EXPECT_HAS("may not read contact: add \"read:contact\" to bad_hook.grant",
               status_of(c.plugins, "bad_hook").reason);
    EXPECT_HAS("add \"read:contact\" to trespasser.grant",
               status_of(c.plugins, "trespasser").reason);
    close_company(&c);
}

TEST("a type behind a link needs its own permission, in queries and in both sorts of conditions") {
    static const char *const ways[] = {"query", "predicate", "hook"};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct company c;
        char conf[128];
        snprintf(conf, sizeof conf,
                 "follows_links: { way = \"%s\"; grant = [\"read:contact\"]; };\n", ways[i]);
        OPEN(&c, conf, "follows_links");
        EXPECT_HAS("may not read account: add \"read:account\" to follows_links.grant",
                   status_of(c.plugins, "follows_links").reason);
        close_company(&c);
    }
    struct company c;
    OPEN(&c, "follows_links: { grant = [\"read:contact\", \"read:account\"]; };\n",
         "follows_links");
    EXPECT_STR("", status_of(c.plugins, "follows_links").reason);
    close_company(&c);
}

TEST("a roll-up over a type of others needs the permission to read it") {
    struct company c;
    OPEN(&c, GOOD, "rolls_up", "every_row");
    EXPECT_STR("roll-up account.people: module 'rolls_up' may not read contact: add "
               "\"read:contact\" to rolls_up.grant in the configuration",
               status_of(c.plugins, "rolls_up").reason);
    EXPECT_INT(PLUGIN_RUNNING, status_of(c.plugins, "every_row").state);
    close_company(&c);
    OPEN(&c, "rolls_up: { grant = [\"read:contact\"]; };\n", "rolls_up");
    EXPECT_STR("", status_of(c.plugins, "rolls_up").reason);
    close_company(&c);
}

TEST("each precision of a grant covers what it says") {
    static const char *const enough[] = {"*", "read:*", "read:contact", "write:*", "write:contact"};
    static const char *const not_enough[] = {"read:account", "write", "read", "publish:*"};
    for (size_t i = 0; i < sizeof enough / sizeof enough[0]; i++) {
        struct company c;
        char conf[128];
        snprintf(conf, sizeof conf, "trespasser: { grant = [\"%s\"]; };\n", enough[i]);
        OPEN(&c, conf, "trespasser");
        EXPECT_STR("", status_of(c.plugins, "trespasser").reason);
        close_company(&c);
    }
    for (size_t i = 0; i < sizeof not_enough / sizeof not_enough[0]; i++) {
        struct company c;
        char conf[128];
        snprintf(conf, sizeof conf, "trespasser: { grant = [\"%s\"]; };\n", not_enough[i]);
        OPEN(&c, conf, "trespasser");
        EXPECT_INT(PLUGIN_FAILED, status_of(c.plugins, "trespasser").state);
        close_company(&c);
    }
}

struct heard {
    int count;
    int line;
    char text[512];
};

static void hear(void *arg, const struct setting *grant, const char *text) {
    struct heard *h = arg;
    h->count++;
    h->line = grant->line;
    snprintf(h->text, sizeof h->text, "%s", text);
}

TEST("a word of a grant that means nothing is told and takes nobody out") {
    static const struct {
        const char *grant, *told;
    } rows[] = {
        {"*", NULL},
        {"write:*", NULL},
        {"publish:thing.grown", NULL},
        {"wirte:task", "'wirte:task' is no right: did you mean 'write:...'?"},
        {"task", "'task' is no right: write read:TYPE, write:TYPE, publish:TOPIC, call:ACTION or "
                 "serve:users"},
        {"call:every_row.make", NULL},
        {"call:every_row.mkae", "there is no action 'every_row.mkae'"},
        {"write:taks", "there is no type 'taks'; did you mean 'task'?"},
        {"publish:thing.shrunk", "nobody declares the topic 'thing.shrunk'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct company c;
        struct heard h = {0};
        char conf[128];
        snprintf(conf, sizeof conf, "every_row: {\n  grant = [\"%s\"]; };\n", rows[i].grant);
        OPEN(&c, conf, "every_row");
        EXPECT_INT(rows[i].told ? 1 : 0, plugins_check_grants(c.plugins, hear, &h));
        EXPECT_INT(rows[i].told ? 1 : 0, h.count);
        if (rows[i].told) {
            EXPECT_HAS(rows[i].told, h.text);
            EXPECT_INT(2, h.line);
        }
        EXPECT_STR("", status_of(c.plugins, "every_row").reason);
        close_company(&c);
    }
}

TEST("what a module asks for itself may be about something that is not there") {
    struct company c;
    struct heard h = {0};
    OPEN(&c, "asks_much: { grant = [\"read:absent\", \"phone:home\"]; };\n", "asks_much");
    EXPECT_INT(0, plugins_check_grants(c.plugins, hear, &h));
    close_company(&c);
}
