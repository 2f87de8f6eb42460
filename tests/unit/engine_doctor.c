/* SPDX-License-Identifier: Apache-2.0 */
/* The doctor finds each kind of damage when it is planted, and nothing in a sound database. */
#include "engine/sign_in.h"
#include "engine_fixture.h"

static void fill(struct fixture *x) {
    char link[64];
    kith_id person = create(x, x->contact, PAIRS("name=Ada", "email=a@b.example"));
    kith_id other = create(x, x->contact, PAIRS("name=Bea", "phone=12345"));
    snprintf(link, sizeof link, "contact=%s", id_text(x, person));
    kith_id lead = create(x, x->lead, PAIRS("name=L", link, "source=web"));
    update(x, x->lead, lead, PAIRS("state=working", "score=3", "amount=5 EUR", "labels=a,b"));
    update(x, x->contact, person, PAIRS("birthday=1815-12-10", "place=48.2,16.37"));
    snprintf(link, sizeof link, "about=contact/%s", id_text(x, person));
    create(x, x->task, PAIRS("title=Call", link));
    const struct rtype *account = schema_type(engine_schema(x->g), STR("account"));
    snprintf(link, sizeof link, "parent=%s", id_text(x, create(x, account, PAIRS("name=Whole"))));
    create(x, account, PAIRS("name=Part", link));
    delete_(x, x->contact, other);
    for (int i = 0; i < 2; i++)
        EXPECT_OK(access_note(x->g, &tester, ACCESS_BACKUP, 0, "a.tar", &x->e), x->e);
}

TEST("a sound database has no findings") {
    struct fixture x;
    struct findings f;
    fixture_open(&x);
    fixture_start(&x);
    fill(&x);
    size_t n = examine(&x, &f);
    EXPECT_STR("", f.text);
    EXPECT_INT(0, n);
    fixture_close(&x);
}

static const struct {
    const char *sql, *says;
} damage[] = {
    {"PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ',"
     " CHECK(id < 0)) STRICT') WHERE name = 'task'",
     "file: SQLite says: CHECK constraint failed in task"},
    {"INSERT INTO kith_type VALUES(99, 'ghost', 'm')", "catalogue: type ghost has no table"},
    {"INSERT INTO kith_field VALUES(999, 98, 'f', 1, 'text0', 'm')", "catalogue: field 999"},
    {"INSERT INTO kith_field VALUES(999, 1, 'gone', 1, 'text0', 'm')", "user.gone has no column"},
    {"INSERT INTO kith_field VALUES(999, 1, 'l', 13, 'links0', 'm')", "user.l has no table"},
    {"UPDATE lead SET id = -5", "ids: lead -5"},
    {"UPDATE kith_journal SET record = 77 WHERE kind = 1", "ids: 000000000002D is the id"},
    {"UPDATE lead SET contact = 99", "links: lead"},
    {"INSERT INTO \"user.teams\" VALUES(5, 6)", "links (teams) are left of user 0000000000005"},
    {"UPDATE task SET about__type = NULL", "links: about of task"},
    {"UPDATE task SET about__type = 99", "links: about of task"},
    {"UPDATE task SET about = 99", "links (about) to a contact that does not exist"},
    {"UPDATE account SET parent = id", "trees: account"},
    {"UPDATE account SET parent = (SELECT max(id) FROM account)", "lies within itself (parent)"},
    {"UPDATE lead SET name = NULL", "required: lead"},
    {"UPDATE lead SET state = 'limbo'", "options: lead"},
    {"UPDATE lead SET name = 'e' || char(769)", "form: lead"},
    {"UPDATE lead SET name = CAST(x'ff' AS TEXT)", "form: lead"},
    {"UPDATE lead SET score = 9007199254740992", "form: lead"},
    {"UPDATE lead SET labels = '[\"b\",\"a\"]'", "form: lead"},
    {"UPDATE lead SET amount__cur = 'XQQ'", "form: lead"},
    {"UPDATE contact SET birthday = 99999999999", "form: contact"},
    {"UPDATE contact SET tags = 'oops'", "form: contact cannot be read"},
    {"UPDATE lead SET amount__cur = NULL", "columns: lead"},
    {"UPDATE lead SET amount__base = 1", "columns: lead"},
    {"UPDATE contact SET place__lon = NULL", "columns: contact"},
    {"UPDATE lead SET name = 'M'", "folds: lead"},
    {"UPDATE contact SET email = 'x@y.example'", "contact points: contact"},
    {"UPDATE contact_point SET \"primary\" = 0", "contact points: contact"},
    {"INSERT INTO contact_point(id, contact, kind, value, normal, \"primary\") SELECT id + 1,"
     " contact, kind, value, normal, 1 FROM contact_point",
     "has two primary contact points of one kind"},
    {"DELETE FROM kith_search WHERE rowid = (SELECT id FROM contact)",
     "is not in the search index"},
    {"INSERT INTO contact(id, name, created, updated) SELECT id + 1, 'Cy', created, updated FROM"
     " contact; UPDATE contact SET tags = 'oops' WHERE id = (SELECT min(id) FROM contact)",
     " cannot be read: "},
    {"INSERT INTO contact(id, name, created, updated) SELECT id + 1, 'Cy', created, updated FROM"
     " contact; UPDATE contact SET tags = 'oops' WHERE id = (SELECT min(id) FROM contact)",
     " is not in the search index"},
    {"UPDATE kith_search SET s0 = 'other'", "has other words in the search index"},
    {"INSERT INTO kith_search(rowid, kind, s0) SELECT 5, '\xC2\xA6' || id, 'x' FROM kith_type"
     " WHERE name = 'contact'",
     "search: contact 0000000000005 is in the search index, and there is no such one"},
    {"UPDATE kith_search_content SET c1 = 'other'", "does not fit together within itself"},
    {"UPDATE kith_search_data SET block = x'0102030405' WHERE id > 10", "search: "},
    {"DELETE FROM kith_journal WHERE seq = 2", "transactions: transaction"},
    {"DELETE FROM kith_tx WHERE first = 1", "transactions: journal row 1 belongs"},
    {"DELETE FROM kith_tx WHERE first = 1; DELETE FROM kith_journal WHERE tx NOT IN (SELECT id"
     " FROM kith_tx)",
     "transactions: the journal ends with row"},
    {"UPDATE kith_tx SET actor = 99", "has no author"},
    {"UPDATE kith_journal SET source = 99", "causes: journal row 1 was written by code"},
    {"UPDATE kith_tx SET cause = last", "came after it"},
    {"UPDATE kith_tx SET cause = 999", "names a cause that the journal does not have"},
    {"UPDATE kith_tx SET cause = 1 WHERE first > 1", "one step behind its cause"},
    {"UPDATE kith_journal SET cause = seq", "not in its transaction"},
    {"UPDATE kith_journal SET type = 99 WHERE seq = 1", "images: journal row 1 is about a type"},
    {"UPDATE kith_journal SET image = x'0105' WHERE seq = 1", "images: journal row 1"},
    {"UPDATE kith_tx SET at = at + 1 WHERE first = 1", "chain: "},
    {"DELETE FROM lead", "existence: lead"},
    {"INSERT INTO lead(id, name, name__fold) VALUES(5, 'n', 'n')",
     "exists, but not by the journal"},
    {"UPDATE lead SET score = 4", "values: lead"},
    {"UPDATE lead SET score = 4, amount = 3, amount__base = 3, source = 'x', owner = NULL,"
     " contact = NULL",
     ": contact, source, score, amount are not what the journal says"},
    {"UPDATE account SET created = created - 1", ": created is not what the journal says"},
    {"UPDATE lead SET updated = updated + 1000", ": updated is not what the journal says"},
    {"INSERT INTO kith_cursor VALUES('r', 999, 0)", "cursors: a reaction"},
    {"INSERT INTO kith_timer(id, handler, type, subject, payload, attempts) VALUES(7, 'h', 99,"
     " 1, '', 0)",
     "cursors: timer 0000000000007"},
    {"INSERT INTO kith_import VALUES(8, 'lead', 'f', 1, 2, x'', x'', 5, 1, 1, 1, 0, 1, 0, 0,"
     " NULL, NULL)",
     "imports: import 0000000000008 has not"},
    {"INSERT INTO kith_run VALUES(8, 1, 1, 'w', 'a', 0)",
     "runs: run 0000000000008 is not finished"},
    {"INSERT INTO kith_import_reject VALUES(8, 1, '', 'r')", "left of import 0000000000008"},
    {"INSERT INTO kith_credential(user, kind, secret, created) VALUES(5, 1, 'x', 1)",
     "credentials: credential 1 belongs to no user"},
    {"INSERT INTO kith_session(user, secret, method, origin, zone, began, used, ends)"
     " VALUES(5, 'x', 'password', '', 0, 1, 1, 9)",
     "credentials: session 1 belongs to no user"},
    {"INSERT INTO user(id, created, updated, login, name, blocked) VALUES(77, 1, 1, 'a', 'A', 1);"
     "INSERT INTO kith_session(user, secret, method, origin, zone, began, used, ends)"
     " VALUES(77, 'x', 'password', '', 0, 1, 1, 9)",
     "credentials: session 1 belongs to a user who is blocked"},
    {"INSERT INTO kith_openid VALUES('https://login.example.org', '7', 5, 1)",
     "credentials: a provider's account is tied to user 0000000000005, who is not there"},
    {"INSERT INTO kith_access_record VALUES(9, 5)",
     "access log: records are left of entry 9 of the access log"},
    {"DELETE FROM kith_access", "access log: 2 of its 2 entries are missing"},
    {"DELETE FROM kith_access WHERE number = 1", "access log: 1 of its 2 entries is missing"},
    {"DELETE FROM kith_access_span", "access log: how many entries there are is not known"},
    {"INSERT INTO kith_letter VALUES(1, 'r', 999, 1, 1, 1, NULL, 'x')", "cursors: letter 1"},
};

TEST("each kind of planted damage is found") {
    for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
        struct fixture x;
        struct findings f;
        sqlite3 *db;
        fixture_open(&x);
        fixture_start(&x);
        fill(&x);
        engine_close(x.g);
        EXPECT_INT(SQLITE_OK, sqlite3_open(x.path, &db));
        EXPECT_INT(SQLITE_OK, sqlite3_exec(db, damage[i].sql, NULL, NULL, NULL));
        sqlite3_close(db);
        fixture_reopen(&x);
        fixture_start(&x);
        EXPECT(examine(&x, &f) > 0);
        EXPECT_HAS(damage[i].says, f.text);
        fixture_close(&x);
    }
}

/* -- trees ------------------------------------------------------------------------------------- */

static kith_id unit_of(struct fixture *x, const struct rtype *account, const char *name,
                       kith_id parent) {
    const char *set = arena_printf(&x->arena, "name=%s", name);
    return create(
        x, account,
        PAIRS(set, arena_printf(&x->arena, "parent=%s", parent ? id_text(x, parent) : "")));
}

static kith_status try_parent(struct fixture *x, const struct rtype *account, kith_id child,
                              kith_id parent, kith_id *tx) {
    const char *set = arena_printf(&x->arena, "parent=%s", parent ? id_text(x, parent) : "");
    return try_job(x, ROW_UPDATE, account, &child, PAIRS(set), tx);
}

TEST("an account cannot lie within itself, at any depth") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    const struct rtype *account = schema_type(engine_schema(x.g), STR("account"));
    kith_id top = unit_of(&x, account, "Top", 0), middle = unit_of(&x, account, "Middle", top),
            low = unit_of(&x, account, "Low", middle);
    EXPECT_INT(KITH_E_REFUSED, try_parent(&x, account, top, top, NULL));
    EXPECT_INT(KITH_E_REFUSED, try_parent(&x, account, top, low, NULL));
    EXPECT_HAS("lies within", x.e.message);
    EXPECT_OK(try_parent(&x, account, low, top, NULL), x.e);
    EXPECT_OK(try_parent(&x, account, middle, low, NULL), x.e);
    expect_sound(&x);
    fixture_close(&x);
}

TEST("an undo that would close a circle is refused, and the tree stays a tree") {
    struct fixture x;
    struct undo_report r;
    kith_id tx;
    fixture_open(&x);
    fixture_start(&x);
    const struct rtype *account = schema_type(engine_schema(x.g), STR("account"));
    kith_id a = unit_of(&x, account, "A", 0), b = unit_of(&x, account, "B", a);
    EXPECT_OK(try_parent(&x, account, b, 0, &tx), x.e);
    EXPECT_OK(try_parent(&x, account, a, b, NULL), x.e);
    EXPECT_OK(engine_undo(x.g, &tester, tx, false, &x.arena, &r, &x.e), x.e);
    EXPECT_INT(0, r.reversed);
    EXPECT_INT(1, r.refused);
    EXPECT_HAS("lies within", r.items[0].reason);
    EXPECT_STR("", field(&x, account, b, "parent"));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("only a link to its own type can be declared a tree") {
    static const kith_field fields[] = {
        {.name = "boss", .kind = KITH_F_LINK, .options = "contact", .flags = KITH_FF_TREE}};
    static const kith_type types_[] = {{.name = "clerk", .fields = KITH_ARRAY(fields)}};
    static const struct schema_source source = {
        .module = "office", .version = 1, .types = KITH_ARRAY(types_)};
    struct fixture x;
    fixture_open(&x);
    engine_close(x.g);
    struct engine_options o = fixture_options(&x);
    o.sources = &source;
    o.source_count = 1;
    EXPECT_INT(KITH_E_INVAL, engine_open(&x.g, &o, &x.e));
    EXPECT_HAS("clerk.boss: only a link to its own type", x.e.message);
    x.g = NULL;
    fixture_close(&x);
}

static kith_status stop_at_links(void *arg, const char *check, const char *sentence,
                                 kith_error *e) {
    int *begun = arg;
    if (!sentence)
        ++*begun;
    return strcmp(check, "links") == 0 ? err_set(e, KITH_E_LIMIT, NULL, "interrupted") : KITH_OK;
}

TEST("an examination ends where it is told to, and leaves no copy behind") {
    struct fixture x;
    int begun = 0;
    size_t n = 0;
    char copies[128];
    fixture_open(&x);
    fixture_start(&x);
    EXPECT_INT(KITH_E_LIMIT, engine_doctor(x.g, stop_at_links, &begun, &n, &x.e));
    EXPECT_INT(4, begun);
    snprintf(copies, sizeof copies, "ls -d %s/.copy-* 2>/dev/null", x.dir);
    EXPECT(system(copies) != 0);
    fixture_close(&x);
}
