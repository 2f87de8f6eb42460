/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads at once: writers, readers, metrics and checkpoints, up to the closing. For the
 * thread sanitizer as much as for what is checked. KITH_LOAD=n: n times the load. */
#include "base/clock.h"
#include "engine_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#define WRITERS 3
#define READERS 3

struct load {
    struct fixture *x;
    int writes;       /* of each writer */
    kith_str text;    /* long enough that some writes fill a checkpoint */
    atomic_int acked; /* leads that are certain */
    atomic_bool over;
    atomic_int wrong;
};

struct one {
    struct load *load;
    int number;
};

static kith_status write_lead(struct txn *t, void *arg, kith_error *e) {
    struct one *w = arg;
    const struct rtype *lead = w->load->x->lead;
    const struct schema *s = lead->schema;
    struct assign set[] = {{type_field(s, lead, STR("name")), value_str(w->load->text)},
                           {type_field(s, lead, STR("score")), value_int(w->number)}};
    if (w->number % 10 == 7)
        set[1].value = value_str(STR("no number")); /* one in ten is refused */
    return txn_create(t, lead, set, 2, NULL, e);
}

static void *write_much(void *arg) {
    struct load *l = arg;
    kith_error e = KITH_ERROR_INIT;
    for (int i = 0; i < l->writes; i++) {
        struct one w = {l, i};
        kith_status st = engine_write(l->x->g, &by_tester, write_lead, &w, NULL, &e);
        if (st == KITH_OK)
            atomic_fetch_add(&l->acked, 1);
        else if (st != KITH_E_INVAL)
            atomic_fetch_add(&l->wrong, 1);
    }
    return NULL;
}

/* What was acknowledged before a read began is seen by it. */
static void *read_much(void *arg) {
    struct load *l = arg;
    struct arena a = {0};
    kith_error e = KITH_ERROR_INIT;
    struct query *q;
    struct engine_stats s;
    while (!atomic_load(&l->over)) {
        struct find_page page = {.limit = 1};
        int before = atomic_load(&l->acked);
        arena_reset(&a);
        kith_status st = query_parse(&q, engine_schema(l->x->g), &a, STR("lead: count()"), &e);
        if (st == KITH_OK)
            st = engine_find(l->x->g, &tester, q, NULL, &page, &a, no_row, NULL, &e);
        if (st != KITH_OK || page.count < before)
            atomic_fetch_add(&l->wrong, 1);
        engine_stats(l->x->g, &s);
        if (s.durable > s.committed)
            atomic_fetch_add(&l->wrong, 1);
    }
    arena_free(&a);
    return NULL;
}

static kith_status count_event(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    (void)t;
    (void)e;
    (void)ev;
    atomic_fetch_add((atomic_int *)self, 1);
    return KITH_OK;
}

static void count_done(void *arg, kith_status st, kith_id tx, const kith_error *e) {
    struct one *w = arg;
    (void)e;
    if (st == KITH_OK && tx)
        atomic_fetch_add(&w->load->acked, 1);
}

TEST("writers, readers, metrics and checkpoints run beside each other, and closing loses nothing") {
    struct fixture x;
    struct load l = {.x = &x};
    pthread_t writers[WRITERS], readers[READERS];
    const char *times = getenv("KITH_LOAD");
    static char text[10000];
    atomic_int events = 0;
    memset(text, 'x', sizeof text);
    l.text = (kith_str){text, sizeof text};
    l.writes = 240 * (times ? atoi(times) : 1);
    fixture_open(&x);
    struct reaction r = {.name = "r",
                         .topic = "lead.created",
                         .fn = count_event,
                         .self = &events,
                         .source = {SOURCE_RULE, "r", "", 1}};
    EXPECT_OK(engine_add_reaction(x.g, &r, &x.e), x.e);
    fixture_start(&x);
    for (int i = 0; i < READERS; i++)
        EXPECT_INT(0, pthread_create(&readers[i], NULL, read_much, &l));
    for (int i = 0; i < WRITERS; i++)
        EXPECT_INT(0, pthread_create(&writers[i], NULL, write_much, &l));
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    settle(&x);
    EXPECT_INT(atomic_load(&l.acked), atomic_load(&events));
    atomic_store(&l.over, true);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    EXPECT_INT(0, atomic_load(&l.wrong));
    EXPECT_INT(WRITERS * l.writes * 9 / 10, atomic_load(&l.acked));
    /* Accepted and then closed at once: each is done. */
    struct one last[50];
    for (int i = 0; i < 50; i++) {
        last[i] = (struct one){&l, 1};
        EXPECT_OK(engine_post(x.g, &by_tester, write_lead, &last[i], count_done, &x.e), x.e);
    }
    engine_close(x.g);
    EXPECT_INT(WRITERS * l.writes * 9 / 10 + 50, atomic_load(&l.acked));
    fixture_reopen(&x);
    EXPECT_INT(atomic_load(&l.acked), count(&x, "lead", NULL));
    expect_sound(&x);
    fixture_close(&x);
}

/* Who reads for long keeps the log from beginning anew; that is tried again with each 16 MB. */
TEST("a read that lasts holds up no write for long, however large the log is") {
    struct fixture x;
    struct conn *reader;
    bool row;
    sqlite3_stmt *st;
    int64_t longest = 0;
    fixture_open(&x);
    fixture_start(&x);
    EXPECT_OK(conn_open(&reader, x.path, CONN_READER, NULL, &x.e), x.e);
    EXPECT_OK(conn_exec(reader, "BEGIN", &x.e), x.e);
    EXPECT_OK(conn_prepare_once(reader, "SELECT count(*) FROM lead", &st, &x.e), x.e);
    EXPECT_OK(conn_step(reader, st, &row, &x.e), x.e);
    sqlite3_reset(st);
    for (int i = 0; i < 20; i++) {
        static char sql[] = "CREATE TABLE IF NOT EXISTS big(x BLOB);"
                            " INSERT INTO big VALUES(zeroblob(16000000))";
        int64_t begun = clock_ticks();
        EXPECT_OK(engine_write(x.g, &by_tester, exec_sql, sql, NULL, &x.e), x.e);
        longest = clock_ticks() - begun > longest ? clock_ticks() - begun : longest;
    }
    EXPECT(longest < INT64_C(3000000000));
    sqlite3_finalize(st);
    conn_close(reader);
    fixture_close(&x);
}
