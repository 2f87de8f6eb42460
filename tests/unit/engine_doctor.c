/* SPDX-License-Identifier: Apache-2.0 */
/* The doctor finds each kind of damage when it is planted, and nothing in a sound database. */
#include "engine_fixture.h"

struct findings {
    char text[4000];
};

static kith_status note(void *arg, const char *check, const char *sentence, kith_error *e) {
    struct findings *f = arg;
    size_t n = strlen(f->text);
    (void)e;
    snprintf(f->text + n, sizeof f->text - n, "%s: %s\n", check, sentence);
    return KITH_OK;
}

static size_t examine(struct fixture *x, struct findings *f) {
    size_t n = 0;
    f->text[0] = '\0';
    EXPECT_OK(engine_doctor(x->g, note, f, &n, &x->e), x->e);
    return n;
}

static void fill(struct fixture *x) {
    char link[64];
    kith_id person = create(x, x->contact, PAIRS("name=Ada", "email=a@b.example"));
    kith_id other = create(x, x->contact, PAIRS("name=Bea", "phone=12345"));
    snprintf(link, sizeof link, "contact=%s", id_text(x, person));
    kith_id lead = create(x, x->lead, PAIRS("name=L", link, "source=web"));
    update(x, x->lead, lead, PAIRS("state=working", "score=3"));
    delete_(x, x->contact, other);
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

TEST("each kind of planted damage is found") {
    static const struct {
        const char *sql, *says;
    } damage[] = {
        {"UPDATE lead SET contact = 99", "links: lead"},
        {"UPDATE lead SET name = NULL", "required: lead"},
        {"UPDATE lead SET state = 'limbo'", "options: lead"},
        {"UPDATE lead SET name = 'M'", "folds: lead"},
        {"UPDATE contact SET email = 'x@y.example'", "contact points: contact"},
        {"UPDATE contact_point SET \"primary\" = 0", "contact points: contact"},
        {"DELETE FROM kith_journal WHERE seq = 2", "transactions: transaction"},
        {"DELETE FROM kith_tx WHERE first = 1", "transactions: journal row 1 belongs"},
        {"UPDATE kith_journal SET image = x'0105' WHERE seq = 1", "images: journal row 1"},
        {"DELETE FROM lead", "existence: lead"},
        {"INSERT INTO lead(id, name, name__fold) VALUES(5, 'n', 'n')",
         "exists, but not by the journal"},
        {"UPDATE lead SET score = 4", "values: lead"},
        {"INSERT INTO kith_cursor VALUES('r', 999, 0)", "cursors: a reaction"},
        {"INSERT INTO kith_letter VALUES(1, 'r', 999, 1, 1, 1, NULL, 'x')", "cursors: letter 1"},
    };
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
