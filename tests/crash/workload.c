/* SPDX-License-Identifier: Apache-2.0 */
/* The work that the crash tests interrupt, and the comparison afterwards. */
#include "crash/workload.h"
#include "vfs/fault_vfs.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NOTE_MAX 3000 /* bytes of an item's note: some span pages */

static const kith_field item_fields[] = {
    {.name = "name", .kind = KITH_F_TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_UNIQUE},
    {.name = "n", .kind = KITH_F_INTEGER, .flags = KITH_FF_INDEXED},
    {.name = "twice", .kind = KITH_F_INTEGER},
    {.name = "note", .kind = KITH_F_LONGTEXT},
    /* The doctor compares what the first item of a client shows of the others. */
    {.name = "first", .kind = KITH_F_LINK, .options = "crash_item"},
    {.name = "others", .kind = KITH_F_INTEGER, .rollup = "count(crash_item)"},
    {.name = "sum", .kind = KITH_F_INTEGER, .rollup = "sum(crash_item.n)"},
    {.name = "most", .kind = KITH_F_INTEGER, .rollup = "max(crash_item.twice where n > 9)"},
    {.name = "names", .kind = KITH_F_INTEGER, .rollup = "count(distinct crash_item.name)"},
};
static const kith_field shade_fields[] = {
    {.name = "of", .kind = KITH_F_TEXT},
};
static const kith_field echo_fields[] = {
    {.name = "kind", .kind = KITH_F_TEXT, .flags = KITH_FF_INDEXED},
    {.name = "client", .kind = KITH_F_INTEGER},
    {.name = "number", .kind = KITH_F_INTEGER},
};
static const kith_type types[] = {
    {.name = "crash_item", .title = "name", .fields = KITH_ARRAY(item_fields)},
    {.name = "crash_shade", .title = "of", .fields = KITH_ARRAY(shade_fields)},
    {.name = "crash_echo", .title = "kind", .fields = KITH_ARRAY(echo_fields)},
};
static const struct schema_source sources[] = {
    {.module = "crash", .version = 1, .types = KITH_ARRAY(types)},
};
static const kith_field poke_fields[] = {
    {.name = "client", .kind = KITH_F_INTEGER},
    {.name = "number", .kind = KITH_F_INTEGER},
};
static const kith_topic poke_topic = {
    .name = "crash_item.poked", .schema = 1, .fields = KITH_ARRAY(poke_fields)};
static const struct principal system_user = {.name = "system", .all = true};
static const struct write_opts system_write = {.principal = &system_user, .origin = ORIGIN_SYSTEM};
#define SOURCE                                                                                     \
    { .kind = SOURCE_MODULE, .name = "crash", .version = "1" }

static struct assign set(const struct rtype *t, const char *field, kith_value v) {
    for (uint32_t i = 0; i < t->field_count; i++)
        if (strcmp(t->fields[i]->name, field) == 0)
            return (struct assign){t->fields[i], v};
    abort();
}

static int64_t note_length(int64_t n) {
    return n * 37 % NOTE_MAX;
}

/* -- subscribers [writer] ---------------------------------------------------------------------- */

static kith_status echo_add(struct crew *c, struct txn *t, const char *kind, int64_t client,
                            int64_t number, kith_error *e) {
    kith_id id;
    struct assign all[] = {set(c->echo, "kind", value_str(str_of(kind))),
                           set(c->echo, "client", value_int(client)),
                           set(c->echo, "number", value_int(number))};
    return txn_create(t, c->echo, all, 3, &id, e);
}

static kith_status before_item(void *self, struct txn *t, struct change *ch, kith_error *e) {
    struct crew *c = self;
    const kith_value *n = &ch->after[set(c->item, "n", value_null()).field->index];
    struct assign twice = set(c->item, "twice", value_int(n->as.i * 2));
    return change_set(t, ch, twice.field, twice.value, e);
}

static kith_status after_item(void *self, struct txn *t, struct change *ch, kith_error *e) {
    struct crew *c = self;
    kith_id id;
    struct assign of = set(c->shade, "of", value_str(str_of(row_kind_name(ch->kind))));
    return txn_create(t, c->shade, &of, 1, &id, e);
}

static kith_status on_item(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    return echo_add(self, t, "change", 0, (int64_t)ev->seq, e);
}

/* payload: {"client": c, "number": n}, as client_write wrote it. */
static kith_status echo_payload(struct crew *c, struct txn *t, const char *kind, kith_str payload,
                                kith_error *e) {
    char text[80];
    int64_t client, number;
    snprintf(text, sizeof text, "%.*s", (int)payload.len, payload.ptr);
    if (sscanf(text, " { \"client\" : %ld , \"number\" : %ld", &client, &number) != 2)
        return err_set(e, KITH_E_INTERNAL, NULL, "a payload changed on its way: %s", text);
    return echo_add(c, t, kind, client, number, e);
}

static kith_status on_poke(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    return echo_payload(self, t, "poke", ev->payload, e);
}

static kith_status on_timer(void *self, struct txn *t, const struct timer *timer, kith_error *e) {
    return echo_payload(self, t, "timer", timer->payload, e);
}

static kith_status subscribe(struct crew *c, kith_error *e) {
    struct hook before = {.type = c->item,
                          .on = ON_CREATE | ON_UPDATE,
                          .fn = before_item,
                          .self = c,
                          .source = SOURCE};
    struct hook after = {.type = c->item,
                         .on = ON_CREATE | ON_UPDATE | ON_DELETE,
                         .after = true,
                         .fn = after_item,
                         .self = c,
                         .source = SOURCE};
    struct timer_handler timer = {
        .name = "crash:timer", .fn = on_timer, .self = c, .source = SOURCE};
    static const struct reaction reactions[] = {
        {.name = "crash:created", .topic = "crash_item.created", .fn = on_item},
        {.name = "crash:updated", .topic = "crash_item.updated", .fn = on_item},
        {.name = "crash:deleted", .topic = "crash_item.deleted", .fn = on_item},
        {.name = "crash:poked", .topic = "crash_item.poked", .fn = on_poke},
    };
    TRY(engine_add_hook(c->engine, &before, e));
    TRY(engine_add_hook(c->engine, &after, e));
    TRY(engine_add_topic(c->engine, "crash", &poke_topic, e));
    TRY(engine_add_timer(c->engine, &timer, e));
    for (size_t i = 0; i < sizeof reactions / sizeof *reactions; i++) {
        struct reaction r = reactions[i];
        r.self = c;
        r.source = (struct source)SOURCE;
        TRY(engine_add_reaction(c->engine, &r, e));
    }
    return KITH_OK;
}

/* A segment of each class that follows writes, made once. The doctor says who should be in it. */
static kith_status segments_make(struct txn *t, void *arg, kith_error *e) {
    static const char *const queries[] = {
        "crash_item where n > 30000",
        "crash_item where first.n > 3 and in_segment('s0')",
        "crash_item where updated < now() - 1s or n < 1000",
        "crash_item where exists(crash_item where n > 50000)",
    };
    const struct rtype *segment = schema_type(engine_schema(txn_engine(t)), STR("segment"));
    (void)arg;
    for (uint32_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        char name[8];
        snprintf(name, sizeof name, "s%u", i);
        struct assign all[] = {set(segment, "name", value_str(str_of(name))),
                               set(segment, "query", value_str(str_of(queries[i])))};
        TRY(txn_create(t, segment, all, 2, NULL, e));
    }
    return KITH_OK;
}

static kith_status segments_once(struct crew *c, kith_error *e) {
    struct conn *r;
    int64_t n = 0;
    TRY(engine_reader(c->engine, &r, e));
    kith_status st = conn_int(r, "SELECT count(*) FROM segment", 0, &n, e);
    engine_reader_done(c->engine, r);
    TRY(st);
    return n ? KITH_OK : engine_write(c->engine, &system_write, segments_make, NULL, NULL, e);
}

bool crew_compacts;

kith_status crew_open(struct crew *c, const char *path, const char *vfs, kith_error *e) {
    struct engine_options o = {.path = path,
                               .vfs = vfs,
                               .base_currency = "EUR",
                               .sources = sources,
                               .source_count = 1,
                               .read_limit_ms = 60000,
                               .journal_keep_ms = crew_compacts ? 1 : 0,
                               .create = true};
    memset(c, 0, sizeof *c);
    TRY(engine_open(&c->engine, &o, e));
    const struct schema *s = engine_schema(c->engine);
    c->item = schema_type(s, STR("crash_item"));
    c->shade = schema_type(s, STR("crash_shade"));
    c->echo = schema_type(s, STR("crash_echo"));
    kith_status st = subscribe(c, e);
    if (st == KITH_OK)
        st = engine_start(c->engine, e);
    if (st == KITH_OK)
        st = segments_once(c, e);
    if (st != KITH_OK)
        crew_close(c);
    return st;
}

void crew_close(struct crew *c) {
    engine_close(c->engine);
    c->engine = NULL;
}

/* -- clients ----------------------------------------------------------------------------------- */

uint64_t dice_roll(uint64_t *dice, uint64_t below) {
    *dice = *dice * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (*dice >> 33) % below;
}

void workload_begin(struct workload *w, uint64_t seed) {
    memset(w, 0, sizeof *w);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        w->clients[i].index = i;
        w->clients[i].dice = seed * CLIENTS + i;
    }
}

struct job {
    struct crew *crew;
    struct client *client;
};

/* Turns the item that was into the one that will be. May run again: sets the same things again. */
static kith_status cell_write(struct job *j, struct txn *t, uint32_t i, kith_error *e) {
    const struct cell *was = &j->client->was[i];
    struct cell *will = &j->client->will[i];
    const struct rtype *item = j->crew->item;
    char name[32], note[NOTE_MAX];
    if (was->id == will->id && was->n == will->n)
        return KITH_OK;
    if (was->id && !will->id)
        return txn_delete(t, item, was->id, e);
    snprintf(name, sizeof name, "item %u.%u", j->client->index, i);
    memset(note, 'a' + (int)(will->n % 26), sizeof note);
    kith_str text = {note, (uint64_t)note_length(will->n)};
    struct assign all[] = {set(item, "name", value_str(str_of(name))),
                           set(item, "n", value_int(will->n)),
                           set(item, "note", text.len ? value_str(text) : value_null()),
                           set(item, "first", value_link(j->client->will[0].id, item->id))};
    size_t n = i == 0 ? 3 : 4;
    return was->id ? txn_update(t, item, was->id, all, n, e)
                   : txn_create(t, item, all, n, &will->id, e);
}

static kith_status client_write(struct txn *t, void *arg, kith_error *e) {
    struct job *j = arg;
    char payload[80];
    int n = snprintf(payload, sizeof payload, "{\"client\":%u,\"number\":%ld}", j->client->index,
                     (long)j->client->will[0].n);
    kith_str json = {payload, (uint64_t)n};
    kith_id timer;
    for (uint32_t i = 0; i < CELLS; i++)
        TRY(cell_write(j, t, i, e));
    TRY(txn_publish(t, "crash_item.poked", j->crew->item, j->client->will[0].id, json, e));
    return txn_timer(t, "crash:timer", txn_now(t), NULL, 0, json, &timer, e);
}

/* Up to three cells change besides the first, which counts. id 1 stands for one to be created. */
static void client_plan(struct client *k) {
    memcpy(k->will, k->was, sizeof k->was);
    k->will[0].n++;
    if (!k->will[0].id)
        k->will[0].id = 1;
    for (uint64_t changes = dice_roll(&k->dice, 4); changes > 0; changes--) {
        uint64_t i = 1 + dice_roll(&k->dice, CELLS - 1);
        kith_id id = k->was[i].id;
        if (id && dice_roll(&k->dice, 5) == 0)
            k->will[i] = (struct cell){0};
        else
            k->will[i] = (struct cell){id ? id : 1, (int64_t)dice_roll(&k->dice, 100000)};
    }
}

kith_status client_step(struct crew *c, struct client *k, kith_error *e) {
    struct job job = {c, k};
    client_plan(k);
    k->asked = ASKED;
    kith_status st = engine_write(c->engine, &system_write, client_write, &job, NULL, e);
    if (st != KITH_OK)
        return st;
    k->asked = ANSWERED;
    memcpy(k->was, k->will, sizeof k->was);
    k->answers++;
    k->asked = NOTHING_ASKED;
    return KITH_OK;
}

void client_refused(struct client *k) {
    k->asked = NOTHING_ASKED;
}

int64_t workload_answers(const struct workload *w) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < CLIENTS; i++)
        sum += w->clients[i].answers;
    return sum;
}

void *checkpoint_run(void *checkpointing) {
    static const int modes[] = {SQLITE_CHECKPOINT_PASSIVE, SQLITE_CHECKPOINT_PASSIVE,
                                SQLITE_CHECKPOINT_RESTART, SQLITE_CHECKPOINT_TRUNCATE};
    struct checkpointing *p = checkpointing;
    struct conn *c = NULL;
    bool good = conn_open(&c, crash_path(), CONN_CHECKPOINT, p->vfs, NULL) == KITH_OK;
    while (good && !p->stop) {
        int mode = modes[dice_roll(&p->dice, 4)];
        int rc = sqlite3_wal_checkpoint_v2(c->db, NULL, mode, NULL, NULL);
        good = rc == SQLITE_OK || rc == SQLITE_BUSY;
        struct timespec pause = {0, 1000 * (long)dice_roll(&p->dice, 5000)};
        nanosleep(&pause, NULL);
    }
    conn_close(c);
    return NULL;
}

/* -- what must hold ---------------------------------------------------------------------------- */

static char wrong[600];

static const char *say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static const char *say(const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(wrong, sizeof wrong, fmt, ap);
    va_end(ap);
    return wrong;
}

/* The first columns of the first row, numbers; NULLs are 0. */
static const char *ask(struct conn *r, const char *sql, int64_t *out, int count) {
    kith_error e = KITH_ERROR_INIT;
    sqlite3_stmt *st;
    bool row = false;
    if (conn_prepare(r, sql, &st, &e) != KITH_OK || conn_step(r, st, &row, &e) != KITH_OK || !row)
        return say("%s: %s", sql, row ? e.message : "no row");
    for (int i = 0; i < count; i++)
        out[i] = sqlite3_column_int64(st, i);
    sqlite3_reset(st);
    return NULL;
}

/* What the client's first item shows of the others. */
static const char *shown_check(struct conn *r, uint32_t client, const struct cell *cells) {
    char sql[200];
    int64_t found[4], count = 0, sum = 0;
    for (uint32_t i = 1; i < CELLS; i++) {
        count += cells[i].id != 0;
        sum += cells[i].n;
    }
    snprintf(sql, sizeof sql,
             "SELECT max(others), max(sum), max(names), count(*) FROM crash_item WHERE"
             " name = 'item %u.0'",
             client);
    const char *bad = ask(r, sql, found, 4);
    if (!bad && found[3] && (found[0] != count || found[1] != sum || found[2] != count))
        bad = say("client %u has %ld other items with a sum of %ld, and its first one shows %ld and"
                  " %ld, of %ld names",
                  client, (long)count, (long)sum, (long)found[0], (long)found[1], (long)found[2]);
    return bad;
}

/* Reads the items of a client as they are in the database. */
static const char *cells_read(struct conn *r, uint32_t client, struct cell *cells) {
    char sql[200];
    for (uint32_t i = 0; i < CELLS; i++) {
        int64_t found[5];
        snprintf(sql, sizeof sql,
                 "SELECT max(id), max(n), max(twice), max(length(note)), count(*) FROM crash_item "
                 "WHERE name = 'item %u.%u'",
                 client, i);
        const char *bad = ask(r, sql, found, 5);
        if (bad)
            return bad;
        if (found[4] > 1)
            return say("item %u.%u is there %ld times", client, i, (long)found[4]);
        if (found[4] && (found[2] != found[1] * 2 || found[3] != note_length(found[1])))
            return say("item %u.%u is torn: n %ld, twice %ld, note %ld", client, i, (long)found[1],
                       (long)found[2], (long)found[3]);
        cells[i] = (struct cell){(kith_id)found[0], found[1]};
    }
    return shown_check(r, client, cells);
}

static bool cells_equal(const struct cell *want, const struct cell *found) {
    for (int i = 0; i < CELLS; i++)
        if (!want[i].id != !found[i].id || want[i].n != found[i].n ||
            (want[i].id > 1 && want[i].id != found[i].id))
            return false;
    return true;
}

static const char *client_check(struct conn *r, struct client *k) {
    struct cell found[CELLS];
    const char *bad = cells_read(r, k->index, found);
    if (bad)
        return bad;
    bool may_be_old = k->asked != ANSWERED, may_be_new = k->asked != NOTHING_ASKED;
    bool is_old = cells_equal(k->was, found), is_new = cells_equal(k->will, found);
    if (!(may_be_old && is_old) && !(may_be_new && is_new))
        return say("client %u: %s; its transaction %ld was %s, found is %ld%s", k->index,
                   found[0].n < k->was[0].n ? "an acknowledged transaction is lost"
                   : is_new                 ? "a refused transaction was kept"
                                            : "a transaction is torn",
                   (long)k->will[0].n,
                   k->asked == ASKED      ? "not answered"
                   : k->asked == ANSWERED ? "acknowledged"
                                          : "acknowledged or refused",
                   (long)found[0].n,
                   is_old   ? " (the state before)"
                   : is_new ? " (the state after)"
                            : "");
    if (may_be_new && is_new) { /* in this order: we may be killed ourselves */
        memcpy(k->will, found, sizeof found);
        k->asked = ANSWERED;
        memcpy(k->was, found, sizeof found);
    }
    k->asked = NOTHING_ASKED;
    return NULL;
}

/* Each number from 1 to the client's count has exactly one echo. */
static const char *echoes_check(struct conn *r, const struct client *k, const char *kind) {
    char sql[200];
    int64_t got[3];
    snprintf(sql, sizeof sql,
             "SELECT count(*), count(DISTINCT number), max(number) FROM crash_echo "
             "WHERE kind = '%s' AND client = %u",
             kind, k->index);
    const char *bad = ask(r, sql, got, 3);
    if (!bad && (got[0] != k->was[0].n || got[1] != got[0] || got[2] != got[0]))
        bad = say("client %u: %s ran %ld times for %ld of %ld transactions", k->index, kind,
                  (long)got[0], (long)got[1], (long)k->was[0].n);
    return bad;
}

struct tally {
    uint32_t type;
    int64_t rows, sum;
    uint64_t last;
    bool backwards;
};

static kith_status tally_row(void *arg, const struct journal_row *row, kith_error *e) {
    struct tally *t = arg;
    (void)e;
    t->backwards |= row->seq <= t->last;
    t->last = row->seq;
    if (row->type == t->type && row->kind != ROW_EVENT) {
        t->rows++;
        t->sum += (int64_t)row->seq;
    }
    return KITH_OK;
}

/* Each journal row of an item has the after-hook's shade and exactly one reaction's echo. */
static const char *journal_check(struct crew *c, struct conn *r) {
    kith_error e = KITH_ERROR_INIT;
    struct tally t = {.type = c->item->id};
    struct journal_start start;
    uint64_t head;
    int64_t echo[3], changes, shades;
    char sql[160];
    if (journal_head(r, &head, &e) != KITH_OK || journal_start(r, &start, &e) != KITH_OK ||
        journal_walk(r, start.seq, head, tally_row, &t, &e) != KITH_OK)
        return say("the journal: %s", e.message);
    if (t.backwards)
        return say("the journal is out of order");
    snprintf(sql, sizeof sql,
             "SELECT count(*), count(DISTINCT number), coalesce(sum(number), 0) FROM crash_echo "
             "WHERE kind = 'change' AND number > %llu",
             (unsigned long long)start.seq);
    const char *bad = ask(r, sql, echo, 3);
    if (!bad)
        bad = ask(r, "SELECT count(DISTINCT number) FROM crash_echo WHERE kind = 'change'",
                  &changes, 1);
    if (!bad)
        bad = ask(r, "SELECT count(*) FROM crash_shade", &shades, 1);
    if (bad)
        return bad;
    if (echo[0] != t.rows || echo[1] != t.rows || echo[2] != t.sum)
        return say("reactions ran %ld times for %ld of %ld changes", (long)echo[0], (long)echo[1],
                   (long)t.rows);
    if (shades != changes)
        return say("the after-hook left %ld records for %ld changes", (long)shades, (long)changes);
    return NULL;
}

static const char *all_check(struct crew *c, struct workload *w, struct conn *r) {
    int64_t items, known = 0;
    const char *bad = NULL;
    for (uint32_t i = 0; i < CLIENTS && !bad; i++) {
        bad = client_check(r, &w->clients[i]);
        if (!bad)
            bad = echoes_check(r, &w->clients[i], "poke");
        if (!bad)
            bad = echoes_check(r, &w->clients[i], "timer");
        for (int k = 0; k < CELLS; k++)
            known += w->clients[i].was[k].id != 0;
    }
    if (!bad)
        bad = ask(r, "SELECT count(*) FROM crash_item", &items, 1);
    if (!bad && items != known)
        bad = say("%ld items, expected %ld", (long)items, (long)known);
    return bad ? bad : journal_check(c, r);
}

static kith_status doctor_says(void *arg, const char *check, const char *sentence, kith_error *e) {
    (void)arg;
    (void)e;
    if (sentence)
        say("doctor: %s: %s", check, sentence);
    return KITH_OK;
}

const char *workload_check(struct crew *c, struct workload *w) {
    kith_error e = KITH_ERROR_INIT;
    struct conn *r;
    kith_status st = KITH_E_LIMIT;
    for (int i = 0; i < 400 && st == KITH_E_LIMIT && !fault_vfs_power_is_off(); i++)
        st = engine_drain(c->engine, 50, &e);
    if (st != KITH_OK)
        return say("reactions do not end: %s", e.message);
    if (engine_reader(c->engine, &r, &e) != KITH_OK)
        return say("no reader: %s", e.message);
    const char *bad = all_check(c, w, r);
    engine_reader_done(c->engine, r);
    if (bad)
        return bad;
    size_t findings = 0;
    if (engine_doctor(c->engine, doctor_says, NULL, &findings, &e) != KITH_OK)
        return say("doctor: %s", e.message);
    return findings ? wrong : NULL;
}

/* -- for the programs -------------------------------------------------------------------------- */

static char dir[100], path[120];

void crash_remove(void) {
    static const char *const ends[] = {"", "-wal", "-journal", "-shm", ".lock"};
    char name[140];
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

static void leave(void) {
    crash_remove();
    rmdir(dir);
}

const char *crash_path(void) {
    if (!*dir) {
        const char *tmp = getenv("TMPDIR");
        snprintf(dir, sizeof dir, "%s/kith-crash-XXXXXX", tmp ? tmp : "/tmp");
        if (!mkdtemp(dir))
            crash_fail("no folder %s", dir);
        snprintf(path, sizeof path, "%s/t.kith", dir);
        atexit(leave);
    }
    return path;
}

void crash_fail(const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    printf("FAIL ");
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n0 passed, 1 failed\n");
    exit(1);
}
