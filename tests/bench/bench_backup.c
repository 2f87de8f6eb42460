/* SPDX-License-Identifier: Apache-2.0 */
/* Measures backups of a large company while writers write as fast as they can: what the backup
 * costs them, how long it takes, and how long the log grows. Usage: bench_backup DIR CONTACTS */
#include "bench.h"
#include "cli/backup_write.h"
#include "cli/unpack.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define BATCH       500 /* contacts that are changed, and wait in the queue together */
#define WINDOW_US   1000000
#define ALL_ALONG_S 20
#define SKIPPED     4 /* windows, for each that is measured, from then on */

static struct engine *engine;
static struct settings *settings;
static const char *folder;

/* -- filling ----------------------------------------------------------------------------------- */

static void fill(int64_t contacts) {
    for (int64_t done = 0; done < contacts; done += 20000) {
        int64_t n = contacts - done < 20000 ? contacts - done : 20000;
        struct order *orders = contact_orders(engine, n);
        post_all(engine, orders, n);
        free(orders);
    }
}

/* -- writers ----------------------------------------------------------------------------------- */

/* They change contacts that are there, some behind the other: creating them would make the database
 * twice as large while it is measured. */
struct writers {
    pthread_t thread;
    _Atomic bool stop, paused;
    _Atomic int64_t written;
    _Atomic uint64_t longest; /* bytes of the log */
};
static struct order *changes; /* BATCH of them */

static kith_status make_contact(struct txn *t, void *arg, kith_error *e) {
    struct order *o = arg;
    return txn_create(t, o->type, o->set, o->count, &o->id, e);
}

static void make_changes(void) {
    kith_error e = KITH_ERROR_INIT;
    changes = contact_orders(engine, BATCH);
    for (int i = 0; i < BATCH; i++)
        must(engine_write(engine, &bench_opts, make_contact, &changes[i], NULL, &e), &e);
}

static void watch_log(struct writers *w) {
    struct engine_stats s;
    engine_stats(engine, &s);
    if (s.wal_bytes > atomic_load(&w->longest))
        atomic_store(&w->longest, s.wal_bytes);
}

static void *write_on(void *arg) {
    struct writers *w = arg;
    static int turn;
    while (!atomic_load(&w->stop)) {
        if (atomic_load(&w->paused)) {
            usleep(1000);
            continue;
        }
        turn++;
        for (int i = 0; i < BATCH; i++) {
            changes[i].count = 0;
            snprintf(changes[i].text[0], sizeof changes[i].text[0], "Person%d Turn%d", i, turn);
            set_text(&changes[i], "name", changes[i].text[0]);
        }
        post_all(engine, changes, BATCH);
        atomic_fetch_add(&w->written, BATCH);
        watch_log(w);
    }
    return NULL;
}

static void writers_start(struct writers *w) {
    *w = (struct writers){0};
    if (pthread_create(&w->thread, NULL, write_on, w) != 0)
        die("no thread");
}

static void writers_end(struct writers *w) {
    atomic_store(&w->stop, true);
    pthread_join(w->thread, NULL);
}

/* -- backups ----------------------------------------------------------------------------------- */

struct making {
    const char *target, *base;
    const unsigned char *recipient;
    struct backup_made *made;
    _Atomic bool done;
};

static void *make_it(void *arg) {
    struct making *m = arg;
    kith_error e = KITH_ERROR_INIT;
    struct io_local files;
    struct company company = {
        .dir = (char *)(uintptr_t)folder, .settings = settings, .engine = engine};
    struct cmd c = {.company = &company, .principal = bench_principal};
    io_files_open(&files);
    c.io = &files.io;
    struct backup_order o = {.files = &files.io,
                             .target = m->target,
                             .base = m->base,
                             .recipient = m->recipient,
                             .local = true};
    must(backup_write(&c, &o, m->made, &e), &e);
    io_local_close(&files);
    arena_free(&c.arena);
    atomic_store(&m->done, true);
    return NULL;
}

/* -- the backup and the writers, side by side ---------------------------------------------------
 */

/* The backup is halted every other moment, so that what the writers do beside it and without it is
 * told apart on a machine that others use, too. */
static _Atomic bool halted;

static void halt(int signal_number) {
    (void)signal_number;
    while (atomic_load(&halted))
        usleep(1000);
}

struct side {
    double seconds, written;
};

/* It stands for so many windows. */
static void one_window(struct writers *w, struct side *s, int windows) {
    int64_t start = clock_ticks(), from = atomic_load(&w->written);
    usleep(WINDOW_US);
    s->seconds += windows * (double)(clock_ticks() - start) / 1e9;
    s->written += windows * (double)(atomic_load(&w->written) - from);
}

struct round {
    struct side beside, alone;
    uint64_t longest;
    struct backup_made made;
};

/* Once the copy is made, which the writers would make longer, they write in a third of the time:
 * they would make the database several times as large before a large one is backed up. */
static void skip_some(struct writers *w) {
    atomic_store(&w->paused, true);
    usleep(SKIPPED * WINDOW_US);
    atomic_store(&w->paused, false);
}

/* On a thread of its own, as in a server: it leaves the processor to others. */
static void one_round(struct round *r, struct making *m) {
    struct writers w;
    pthread_t thread;
    *r = (struct round){.longest = 0};
    m->made = &r->made;
    atomic_store(&m->done, false);
    writers_start(&w);
    usleep(WINDOW_US);
    atomic_store(&w.longest, 0);
    if (pthread_create(&thread, NULL, make_it, m) != 0)
        die("no thread");
    while (!atomic_load(&m->done)) {
        bool some = r->beside.seconds >= ALL_ALONG_S;
        one_window(&w, &r->beside, some ? 1 + SKIPPED : 1);
        atomic_store(&halted, true);
        pthread_kill(thread, SIGUSR1);
        one_window(&w, &r->alone, 1);
        atomic_store(&halted, false);
        if (some)
            skip_some(&w);
    }
    pthread_join(thread, NULL);
    r->longest = atomic_load(&w.longest);
    writers_end(&w);
}

static void measure(const char *what, const char *target, const char *base,
                    const unsigned char *recipient) {
    char text[100];
    struct round r;
    struct making m = {.target = target, .base = base, .recipient = recipient};
    one_round(&r, &m);
    double alone = r.alone.written / r.alone.seconds;
    double ratio = r.beside.written / r.beside.seconds / alone;
    snprintf(text, sizeof text, "%s, while contacts are changed", what);
    row(text, "%.1f s", r.beside.seconds, NULL, true);
    row("  its file", "%.1f MB", (double)r.made.bytes / 1e6, NULL, true);
    row("  the log at its longest", "%.0f MB", (double)r.longest / 1e6, NULL, true);
    row("  contacts changed, nothing beside it", "%.0f/s", alone, NULL, true);
    row("  beside it, to that", "%.2f", ratio, ">= 0.90", ratio >= 0.9);
}

int main(int argc, char **argv) {
    char path[300], full[300], more[300], sealed[300], conf[300];
    struct settings_problems problems = {0};
    kith_error e = KITH_ERROR_INIT;
    struct stat file;
    struct seal_key key;
    int64_t contacts = argc > 2 ? atoll(argv[2]) : 1000000;
    if (argc < 2)
        die("usage: bench_backup DIR [CONTACTS]");
    folder = argv[1];
    snprintf(path, sizeof path, "%s/kith.db", folder);
    snprintf(full, sizeof full, "%s/full.tar", folder);
    snprintf(more, sizeof more, "%s/more.tar", folder);
    snprintf(sealed, sizeof sealed, "%s/sealed.tar", folder);
    snprintf(conf, sizeof conf, "%s/kith.conf", folder);
    fclose(fopen(conf, "w"));
    if (sodium_init() < 0)
        die("no libsodium");
    crypto_box_keypair(key.public, key.secret);
    must(settings_load(&settings, folder, &core_settings, 1, 0, &problems, &e), &e);
    engine = bench_open(path);
    must_start(engine);
    signal(SIGUSR1, halt);
    fill(contacts);
    make_changes();
    if (stat(path, &file) == 0)
        row("the database", "%.0f MB", (double)file.st_size / 1e6, NULL, true);
    measure("full backup", full, NULL, NULL);
    measure("backup of what has changed since", more, full, NULL);
    measure("full backup, sealed", sealed, NULL, key.public);
    free(changes);
    engine_close(engine);
    settings_free(settings);
    return 0;
}
