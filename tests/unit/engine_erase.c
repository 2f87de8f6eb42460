/* SPDX-License-Identifier: Apache-2.0 */
/* Erase: what is told of somebody goes from records and history at once, and from every file with
 * the sweep; what others are told of stays, and the journal goes on being whole. */
#include "engine_erase_fixture.h"

#include "base/text.h"
#include "journal/access_log.h"
#include "random.h"

/* -- one person -------------------------------------------------------------------------------- */

/* Ada, all that is told of her, and Grace, of whom it is left. */
struct people {
    kith_id ada, grace, note, task, call, other;
};
static const char *const of_ada[] = {
    "Lovelace", "lovelace", "ada@example", "ada@newer", "Zanzibar", "zanzibar", "Ockham",
    "trains",   "engines",  "oldnote",     "wonderful", "5550123",  NULL};
static const char *const of_grace[] = {"Hopper", "hopper", "grace@example", "compilers", NULL};

static struct people make_people(struct fixture *x) {
    struct people p;
    p.ada = create(
        x, x->contact,
        PAIRS("name=Ada Lovelace", "email=ada@example.com", "city=Zanzibar", "phone=+43 5550123"));
    p.grace = create(x, x->contact, PAIRS("name=Grace Hopper", "email=grace@example.com"));
    update(x, x->contact, p.ada, PAIRS("email=ada@newer.example", "street=1 Ockham Road"));
    p.note = create(x, type_of(x, "note"),
                    PAIRS(to(x, "about", x->contact, p.ada), "body=likes trains"));
    kith_id gone =
        create(x, type_of(x, "note"), PAIRS(to(x, "about", x->contact, p.ada), "body=oldnote"));
    delete_(x, type_of(x, "note"), gone);
    p.task = create(
        x, x->task,
        PAIRS(to(x, "about", x->contact, p.ada), "title=Call Ada Lovelace", "body=about engines"));
    p.call = create(x, type_of(x, "interaction"),
                    PAIRS(to_one(x, "contact", p.ada), "channel=call", "subject=it was wonderful",
                          "cost=12.00 EUR"));
    p.other = create(x, type_of(x, "note"),
                     PAIRS(to(x, "about", x->contact, p.grace), "body=on compilers"));
    return p;
}

TEST("an erased person is gone from records and history at once, and from the files when swept") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    struct people p = make_people(&x);
    settle(&x);
    expect_in_files(&x, of_ada, true);
    struct erased r = erase(&x, x.contact, p.ada);
    EXPECT_STR("[]", r.mentions);
    EXPECT_STR("(gone)", field(&x, x.contact, p.ada, "name"));
    EXPECT_STR("(gone)", field(&x, type_of(&x, "note"), p.note, "body"));
    EXPECT_STR("erased", field(&x, x.task, p.task, "title"));
    EXPECT_STR("", field(&x, x.task, p.task, "about"));
    EXPECT_STR("", field(&x, type_of(&x, "interaction"), p.call, "subject"));
    EXPECT_STR("12.00 EUR", field(&x, type_of(&x, "interaction"), p.call, "cost"));
    EXPECT_INT(0, count(&x, "contact where matches('lovelace')", NULL));
    EXPECT_INT(2, r.emptied);
    sweep(&x);
    EXPECT(strcmp("", field(&x, type_of(&x, "erasure"), r.request, "swept")) != 0);
    EXPECT_INT(0, number(&x, "SELECT count(*) FROM kith_sweep"));
    EXPECT(expect_whole(&x).erased > 10);
    /* What goes with the task's text is found by its trace alone: the field is not personal. */
    const char *const left[] = {"engines", NULL};
    const char *words[16];
    size_t n = 0;
    for (size_t i = 0; of_ada[i]; i++)
        if (strcmp(of_ada[i], left[0]) != 0)
            words[n++] = of_ada[i];
    words[n] = NULL;
    expect_in_files(&x, words, false);
    expect_in_files(&x, of_grace, true);
    fixture_close(&x);
}

TEST("a reason that names the person, says nothing or too much is refused, and nothing goes") {
    static const struct {
        const char *reason, *said;
    } wrong[] = {
        {"request of Ada Lovelace", "'ada lovelace'"}, {"Mrs LOVELACE, 3 May", "'lovelace'"},
        {"asked by ada@newer.example", "'ada'"},       {"asked by ADA@example.com", "'ada'"},
        {"called from +43 5550123", "'+43 5550123'"},  {"  ", "say why"},
    };
    struct fixture x;
    kith_value r[8] = {{0}};
    char long_one[600];
    fixture_open(&x);
    fixture_start(&x);
    struct people p = make_people(&x);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        EXPECT_INT(KITH_E_INVAL, try_erase_for(&x, &tester, x.contact, p.ada, wrong[i].reason, r));
        EXPECT_HAS(wrong[i].said, x.e.message);
        EXPECT_HAS("reason: ", x.e.message);
    }
    memset(long_one, 'x', sizeof long_one);
    long_one[501] = '\0';
    EXPECT_INT(KITH_E_INVAL, try_erase_for(&x, &tester, x.contact, p.ada, long_one, r));
    EXPECT_HAS("longer than 500 bytes", x.e.message);
    EXPECT_STR("Ada Lovelace", field(&x, x.contact, p.ada, "name"));
    EXPECT_INT(0, count(&x, "erasure", NULL));
    long_one[500] = '\0';
    EXPECT_OK(try_erase_for(&x, &tester, x.contact, p.ada, long_one, r), x.e);
    EXPECT_OK(try_erase_for(&x, &tester, x.contact, p.grace, " of Gracefield, Ada's town ", r),
              x.e);
    EXPECT_STR("of Gracefield, Ada's town",
               field(&x, type_of(&x, "erasure"), r[0].as.link.id, "reason"));
    fixture_close(&x);
}

static void merge_into(struct fixture *x, kith_id keep, kith_id other) {
    const struct action *a = engine_action(x->g, STR("record.merge"));
    kith_value args[8] = {value_str(STR("contact")), value_str(str_of(id_text(x, keep))),
                          value_str(str_of(id_text(x, other)))},
               out[8];
    EXPECT_OK(engine_call(x->g, NULL, &by_tester, a, args, &x->arena, out, NULL, &x->e), x->e);
}

TEST("what other programs knew a merged person by goes with the person") {
    static const char *const number_of_ada[] = {"XK4711", NULL};
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada", "external_id=1"));
    kith_id twin = create(&x, x.contact, PAIRS("name=Ada", "external_id=XK4711"));
    merge_into(&x, ada, twin);
    EXPECT_INT(1, count(&x, "redirect where gone = 'contact.external_id=XK4711'", NULL));
    expect_in_files(&x, number_of_ada, true);
    erase(&x, x.contact, ada);
    EXPECT_INT(0, count(&x, "redirect", NULL));
    sweep(&x);
    expect_in_files(&x, number_of_ada, false);
    fixture_close(&x);
}

TEST("who had been merged into somebody who was deleted since goes with that person, too") {
    static const char *const of_twin[] = {"Zanzibar", "twin@example", NULL};
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada"));
    kith_id twin = create(&x, x.contact, PAIRS("name=Ada", "street=1 Zanzibar Road"));
    update(&x, x.contact, twin, PAIRS("email=twin@example.com"));
    update(&x, x.contact, twin, PAIRS("email=", "street="));
    merge_into(&x, ada, twin);
    delete_(&x, x.contact, ada);
    EXPECT_INT(0, count(&x, "redirect", NULL));
    expect_in_files(&x, of_twin, true);
    erase(&x, x.contact, ada);
    EXPECT_INT(2, count(&x, "erasure", NULL)); /* under both ids an older backup has somebody */
    sweep(&x);
    expect_in_files(&x, of_twin, false);
    expect_whole(&x);
    fixture_close(&x);
}

TEST("the log is empty when an erasure is swept, while the company goes on") {
    struct fixture x;
    struct stat st;
    char log[128];
    fixture_open(&x);
    fixture_start(&x);
    struct people p = make_people(&x);
    snprintf(log, sizeof log, "%s-wal", x.path);
    erase(&x, x.contact, p.ada);
    sweep(&x);
    EXPECT(!in_file(
        log, "Lovelace")); /* closing it drops the locks of the process: nobody else is there */
    EXPECT_INT(0, stat(log, &st));
    EXPECT(st.st_size < 200000);
    update(&x, x.contact, p.grace, PAIRS("city=New York"));
    expect_whole(&x);
    fixture_close(&x);
}

TEST("an erasure whose sweep was interrupted is swept after the next start") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    struct people p = make_people(&x);
    settle(&x);
    struct erased r = erase(&x, x.contact, p.ada);
    engine_close(x.g); /* without waiting */
    fixture_reopen(&x);
    fixture_start(&x);
    sweep(&x);
    EXPECT(strcmp("", field(&x, type_of(&x, "erasure"), r.request, "swept")) != 0);
    const char *const words[] = {"Lovelace", "oldnote", "Zanzibar", NULL};
    expect_in_files(&x, words, false);
    fixture_close(&x);
}

static kith_status watch_undo(struct fixture *x, kith_id tx) {
    struct undo_report report;
    return engine_undo(x->g, &tester, tx, false, &x->arena, &report, &x->e);
}

TEST("an erasure is not undone, nor brought back by an undo of what was before") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada Lovelace"));
    kith_id call = create(&x, type_of(&x, "interaction"),
                          PAIRS(to_one(&x, "contact", ada), "channel=call", "subject=first words"));
    kith_id tx = update(&x, type_of(&x, "interaction"), call, PAIRS("subject=second words"));
    struct erased r = erase(&x, x.contact, ada);
    kith_id erasing = (kith_id)number(&x, "SELECT max(id) FROM kith_tx WHERE origin = 10");
    EXPECT_INT(KITH_E_REFUSED, watch_undo(&x, erasing));
    EXPECT_HAS("cannot be undone", x.e.message);
    EXPECT_OK(watch_undo(&x, tx), x.e);
    EXPECT_STR("", field(&x, type_of(&x, "interaction"), call, "subject"));
    settle(&x);
    kith_id gone = (kith_id)number(&x, "SELECT max(id) FROM kith_tx WHERE origin = 10");
    EXPECT(gone == erasing && r.request != 0);
    expect_whole(&x);
    fixture_close(&x);
}

TEST("a deletion is not undone once the one who was deleted is erased") {
    struct fixture x;
    struct undo_report r;
    fixture_open(&x);
    fixture_start(&x);
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada Lovelace", "email=ada@example.com"));
    kith_id tx = delete_(&x, x.contact, ada);
    erase(&x, x.contact, ada);
    EXPECT_OK(engine_undo(x.g, &tester, tx, false, &x.arena, &r, &x.e), x.e);
    EXPECT_INT(0, r.reversed + r.kept);
    EXPECT(r.refused > 0);
    for (size_t i = 0; i < r.item_count; i++)
        EXPECT_STR("what it was has been erased", r.items[i].reason);
    EXPECT_INT(0, count(&x, "contact", NULL));
    EXPECT_INT(0, count(&x, "contact_point", NULL));
    expect_whole(&x);
    fixture_close(&x);
}

/* -- what people wrote, and what waits --------------------------------------------------------- */

TEST("notes of transactions and what was asked for are erased where they name the person") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada Lovelace", "email=ada@example.com"));
    const struct write_opts o = {.principal = &tester,
                                 .origin = ORIGIN_CLI,
                                 .note = "for ADA LOVELACE"},
                            other = {.principal = &tester, .origin = ORIGIN_CLI, .note = "spring"};
    struct job j = {ROW_UPDATE, x.contact, ada, PAIRS("city=Rome")};
    EXPECT_OK(engine_write(x.g, &o, do_job, &j, NULL, &x.e), x.e);
    struct job k = {ROW_CREATE, x.lead, 0, PAIRS("name=else")};
    EXPECT_OK(engine_write(x.g, &o, do_job, &k, NULL, &x.e), x.e); /* by no record of hers */
    struct job l = {ROW_CREATE, x.lead, 0, PAIRS("name=more")};
    EXPECT_OK(engine_write(x.g, &other, do_job, &l, NULL, &x.e), x.e);
    run_sql(&x, "INSERT INTO kith_access(at, event, user, actor, surface, asked, type) VALUES"
                " (1, 1, 0, 'a', 'cli', 'contact where email = ''ada@example.com''', 1),"
                " (1, 1, 0, 'a', 'cli', 'contact where city = ''Rome''', 1)");
    erase(&x, x.contact, ada);
    sweep(&x);
    EXPECT_INT(0, number(&x, "SELECT count(*) FROM kith_tx WHERE note LIKE '%LOVELACE%'"));
    EXPECT_INT(1, number(&x, "SELECT count(*) FROM kith_tx WHERE note = 'spring'"));
    EXPECT_INT(1, number(&x, "SELECT count(*) FROM kith_access WHERE asked = ''"));
    EXPECT_INT(1, number(&x, "SELECT count(*) FROM kith_access WHERE asked LIKE '%Rome%'"));
    expect_whole(&x);
    fixture_close(&x);
}

static void write_note(struct fixture *x, const char *note) {
    const struct write_opts o = {.principal = &tester, .origin = ORIGIN_CLI, .note = note};
    struct job j = {ROW_CREATE, x->lead, 0, PAIRS("name=else")};
    EXPECT_OK(engine_write(x->g, &o, do_job, &j, NULL, &x->e), x->e);
}

TEST("a name of one word is looked for as a word, and one of several with its endings") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id anna = create(&x, x.contact, PAIRS("name=Anna"));
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada Lovelace"));
    write_note(&x, "Hannah and Joanna agree");
    write_note(&x, "for Anna, today");
    write_note(&x, "Ada Lovelaces letter");
    write_note(&x, "a letter of Ada");
    erase(&x, x.contact, anna);
    erase(&x, x.contact, ada);
    sweep(&x);
    EXPECT_INT(1, number(&x, "SELECT count(*) FROM kith_tx WHERE note LIKE 'Hannah%'"));
    EXPECT_INT(1, number(&x, "SELECT count(*) FROM kith_tx WHERE note LIKE 'a letter%'"));
    EXPECT_INT(2, number(&x, "SELECT count(*) FROM kith_tx WHERE note <> ''"));
    fixture_close(&x);
}

TEST("what was asked when the person was found goes by a part of the name") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada Lovelace"));
    char sql[256];
    run_sql(&x, "INSERT INTO kith_access(number, at, event, user, actor, surface, asked, type)"
                " VALUES (1, 1, 1, 0, 'a', 'cli', 'search lovelace', 1),"
                " (2, 1, 1, 0, 'a', 'cli', 'search lovelace', 1),"
                " (3, 1, 1, 0, 'a', 'cli', 'find contact', 1)");
    snprintf(sql, sizeof sql, "INSERT INTO kith_access_record VALUES(1, %llu), (3, %llu)",
             (unsigned long long)ada, (unsigned long long)ada);
    run_sql(&x, sql);
    erase(&x, x.contact, ada);
    sweep(&x);
    EXPECT_INT(2, number(&x, "SELECT sum(number) FROM kith_access WHERE asked LIKE 'search%'"));
    EXPECT_INT(3, number(&x, "SELECT sum(number) FROM kith_access WHERE asked LIKE 'find%'"));
    fixture_close(&x);
}

/* -- whom it does not take --------------------------------------------------------------------- */

static const kith_field visit_fields[] = {
    {.name = "guest", .kind = KITH_F_LINK, .options = "contact", .flags = KITH_FF_REQUIRED}};
static const kith_type visit_types[] = {{.name = "visit", .fields = KITH_ARRAY(visit_fields)}};
static const struct schema_source visit_sources[] = {
    {.module = "hotel", .version = 1, .types = KITH_ARRAY(visit_types)}};

TEST("a record that cannot be without the person, and does not tell about it, is named") {
    struct fixture x;
    fixture_open_with(&x, visit_sources, 1);
    fixture_start(&x);
    kith_value r[8];
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada Lovelace"));
    kith_id visit = create(&x, type_of(&x, "visit"), PAIRS(to_one(&x, "guest", ada)));
    EXPECT_INT(KITH_E_REFUSED, try_erase_as(&x, &tester, x.contact, ada, r));
    EXPECT_HAS(id_text(&x, visit), x.e.message);
    EXPECT_STR("Ada Lovelace", field(&x, x.contact, ada, "name"));
    EXPECT_INT(0, number(&x, "SELECT count(*) FROM kith_sweep"));
    settle(&x);
    expect_whole(&x);
    fixture_close(&x);
}

TEST("restricted data are kept: somebody may need them for a claim") {
    struct fixture x;
    kith_value r[8];
    fixture_open(&x);
    fixture_start(&x);
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada Lovelace"));
    const struct write_opts o = {.principal = &tester, .origin = ORIGIN_ACTION};
    kith_value args[] = {value_link(ada, x.contact->id), value_str(STR("a claim"))};
    EXPECT_OK(engine_call(x.g, NULL, &o, engine_action(x.g, STR("restriction.set")), args, &x.arena,
                          r, NULL, &x.e),
              x.e);
    EXPECT_INT(KITH_E_REFUSED, try_erase_as(&x, &tester, x.contact, ada, r));
    EXPECT_HAS("restriction.lift", x.e.message);
    EXPECT_OK(engine_call(x.g, NULL, &o, engine_action(x.g, STR("restriction.lift")), args,
                          &x.arena, r, NULL, &x.e),
              x.e);
    erase(&x, x.contact, ada);
    sweep(&x);
    expect_whole(&x);
    fixture_close(&x);
}

TEST("what has no personal fields is deleted, not erased") {
    struct fixture x;
    kith_value r[8];
    fixture_open(&x);
    fixture_start(&x);
    kith_id team = create(&x, type_of(&x, "team"), PAIRS("name=North"));
    EXPECT_INT(KITH_E_INVAL, try_erase_as(&x, &tester, type_of(&x, "team"), team, r));
    EXPECT_HAS("delete it instead", x.e.message);
    fixture_close(&x);
}

/* -- an older database ------------------------------------------------------------------------- */

TEST("who was erased is erased again in an older copy of the database, by the list beside it") {
    struct fixture x;
    char copy[128], list[128], kept[128], command[640];
    struct erased_again again;
    fixture_open(&x);
    fixture_start(&x);
    struct people p = make_people(&x);
    kith_id later = 0;
    snprintf(copy, sizeof copy, "%s/copy.db", x.dir);
    snprintf(list, sizeof list, "%s.erased", x.path);
    snprintf(kept, sizeof kept, "%s/list", x.dir);
    EXPECT_OK(engine_copy(x.g, copy, &x.e), x.e);
    later = create(&x, x.contact, PAIRS("name=Not In The Copy"));
    erase(&x, x.contact, p.ada);
    erase(&x, x.contact, later);
    sweep(&x);
    engine_close(x.g);
    snprintf(command, sizeof command, "mv %s %s && mv %s %s", list, kept, copy, x.path);
    EXPECT_INT(0, system(command));
    fixture_reopen(&x);
    fixture_start(&x);
    EXPECT_STR("Ada Lovelace", field(&x, x.contact, p.ada, "name"));
    EXPECT_OK(again_by(&x, kept, &again), x.e);
    EXPECT_INT(1, again.erased);
    EXPECT_STR("(gone)", field(&x, x.contact, p.ada, "name"));
    sweep(&x);
    EXPECT_INT(2, count(&x, "erasure where swept is not null", NULL)); /* the list stays whole */
    EXPECT_OK(again_by(&x, kept, &again), x.e);
    EXPECT_INT(0, again.erased);
    expect_whole(&x);
    const char *const words[] = {"Lovelace", "oldnote", "Zanzibar", NULL};
    expect_in_files(&x, words, false);
    expect_in_files(&x, of_grace, true);
    fixture_close(&x);
}

static void write_list(const char *path, const char *bytes, size_t n) {
    FILE *f = fopen(path, "we");
    EXPECT(f != NULL);
    EXPECT_INT(n, fwrite(bytes, 1, n, f));
    EXPECT_INT(0, fclose(f));
}

TEST("a line that is none of a list of who was erased is named, and nobody is erased by the list") {
#define AT "2026-11-29T07:16:50.123Z"
    static const char *const wrong[] = {"contact",
                                        "contact what " AT,
                                        "contact %s",
                                        "contact %s yesterday",
                                        "contact %s " AT " more",
                                        "name;email",
                                        "contact %s " AT "%%c"};
    struct fixture x;
    char list[128], text[1024];
    struct erased_again again;
    fixture_open(&x);
    fixture_start(&x);
    struct people p = make_people(&x);
    const char *ada = id_text(&x, p.ada);
    snprintf(list, sizeof list, "%s/list", x.dir);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *line = arena_printf(&x.arena, wrong[i], ada);
        int n = snprintf(text, sizeof text, "contact %s " AT "\r\n\n%s\n", ada, line);
        char *zero = strstr(text, "%c");
        if (zero)
            memset(zero, 0, 2);
        write_list(list, text, (size_t)n);
        EXPECT_INT(KITH_E_INVAL, again_by(&x, list, &again));
        EXPECT_HAS("list:3: ", x.e.message);
        EXPECT_HAS("mend it or take it out", x.e.message);
    }
    memset(text, 'c', sizeof text);
    write_list(list, text, sizeof text);
    EXPECT_INT(KITH_E_INVAL, again_by(&x, list, &again));
    EXPECT_HAS("list:1: ", x.e.message);
    EXPECT_STR("Ada Lovelace", field(&x, x.contact, p.ada, "name"));
    int n = snprintf(text, sizeof text, "\t contact %s  " AT "\r\n\n", ada); /* of Windows */
    write_list(list, text, (size_t)n);
    EXPECT_OK(again_by(&x, list, &again), x.e);
    EXPECT_INT(1, again.erased);
    fixture_close(&x);
}

TEST("a list that says another type of a record than it has is refused, and nobody is erased") {
    struct fixture x;
    char list[128], text[256];
    struct erased_again again;
    fixture_open(&x);
    fixture_start(&x);
    struct people p = make_people(&x);
    const char *types[] = {"lead", "contakt"};
    snprintf(list, sizeof list, "%s/list", x.dir);
    kith_id gone = create(&x, x.contact, PAIRS("name=Dora Deleted"));
    delete_(&x, x.contact, gone);
    for (size_t i = 0; i < 2; i++) {
        int n = snprintf(text, sizeof text, "contact %s " AT "\n%s %s " AT "\n", id_text(&x, p.ada),
                         types[i], id_text(&x, p.grace));
        write_list(list, text, (size_t)n);
        EXPECT_INT(KITH_E_INVAL, again_by(&x, list, &again));
        EXPECT_HAS("list:2: ", x.e.message);
        EXPECT_HAS(arena_printf(&x.arena, "is no %s here, but a contact", types[i]), x.e.message);
    }
    EXPECT_STR("Ada Lovelace", field(&x, x.contact, p.ada, "name"));
    int n = snprintf(text, sizeof text, "club %s " AT "\n", id_text(&x, 4711)); /* of a module */
    write_list(list, text, (size_t)n);
    EXPECT_OK(again_by(&x, list, &again), x.e);
    EXPECT_INT(1, count(&x, "erasure where record_type = 'club'", NULL));
    fixture_close(&x);
}

TEST("whose merge cannot be taken back any more is not left in the other one: nobody is erased") {
    struct fixture x;
    struct journal_state s;
    struct erased_again again;
    char list[128], text[256];
    fixture_open(&x);
    engine_close(x.g);
    x.journal_keep_ms = DAY_MS;
    fixture_reopen(&x);
    fixture_start(&x);
    struct people p = make_people(&x);
    merge_into(&x, p.ada, p.grace);
    for (int i = 0; i < 2; i++) {
        clock_advance(&x.clock, 3 * DAY_MS);
        create(&x, x.contact, PAIRS("name=Carl Later"));
        EXPECT_OK(engine_compact(x.g, &tester, &s, &x.arena, &x.e), x.e);
    }
    settle(&x);
    snprintf(list, sizeof list, "%s/list", x.dir);
    int n = snprintf(text, sizeof text, "contact %s " AT "\n", id_text(&x, p.grace));
    write_list(list, text, (size_t)n);
    EXPECT_INT(KITH_E_REFUSED, again_by(&x, list, &again));
    EXPECT_HAS("that merge cannot be taken back here", x.e.message);
    EXPECT_HAS(arena_printf(&x.arena, "a line 'contact %s", id_text(&x, p.ada)), x.e.message);
    EXPECT_INT(0, count(&x, "erasure", NULL));
    fixture_close(&x);
}

/* -- at random --------------------------------------------------------------------------------- */

#define PEOPLE 600

/* A word that stands nowhere else. */
static const char *word(struct fixture *x, uint64_t *d, char c) {
    return arena_printf(&x->arena, "%cq%08llxz", c,
                        (unsigned long long)(random_next(d) & 0xffffffff));
}

TEST("of hundreds that were erased in between, no word is left in the files") {
    struct fixture x;
    uint64_t d = RANDOM_SEED;
    kith_id ids[PEOPLE];
    const char *words[PEOPLE][4];
    fixture_open(&x);
    fixture_start(&x);
    for (size_t i = 0; i < PEOPLE; i++) {
        for (size_t k = 0; k < 4; k++)
            words[i][k] = word(&x, &d, (char)('a' + k));
        ids[i] = create(&x, x.contact,
                        PAIRS(arena_printf(&x.arena, "name=Person %s", words[i][0]),
                              arena_printf(&x.arena, "email=%s@example.com", words[i][1])));
        create(&x, type_of(&x, "note"),
               PAIRS(to(&x, "about", x.contact, ids[i]),
                     arena_printf(&x.arena, "body=a note on %s", words[i][2])));
        update(&x, x.contact, ids[i], PAIRS(arena_printf(&x.arena, "city=%s", words[i][3])));
    }
    bool gone[PEOPLE] = {false};
    for (size_t n = 0; n < PEOPLE / 2; n++) {
        size_t i = random_next(&d) % PEOPLE;
        if (gone[i])
            continue;
        gone[i] = true;
        erase(&x, x.contact, ids[i]);
        if (random_next(&d) % 10 == 0)
            settle(&x);
    }
    sweep(&x);
    expect_whole(&x);
    engine_close(x.g);
    size_t size;
    char *bytes = bytes_of(x.path, &size);
    EXPECT(bytes != NULL);
    for (size_t i = 0; i < PEOPLE; i++)
        for (size_t k = 0; k < 4; k++)
            if ((memmem(bytes, size, words[i][k], strlen(words[i][k])) != NULL) == gone[i])
                TEST_FAIL("word %zu of person %zu, %s", k, i,
                          gone[i] ? "who is erased, is there" : "is gone");
    free(bytes);
    fixture_reopen(&x);
    fixture_start(&x);
    fixture_close(&x);
}
