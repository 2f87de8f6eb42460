/* SPDX-License-Identifier: Apache-2.0 */
/* kith status: how a company does: what waits, what failed, what it costs. For admins, and for what
 * watches over it. */
#include "base/clock.h"
#include "cli/show.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define STUCK_MS 10000        /* a writer that takes so long for one thing */
#define ROOM     (64ll << 20) /* bytes of the disk: fewer are few */
#define TROUBLES 8
#define NS       INT64_C(1000000000)

struct process {
    int64_t started; /* ms UTC */
    int64_t memory, cpu_ns, files;
};
struct status {
    struct cmd *c;
    struct engine_stats engine;
    struct process process;
    struct subscriber_lag *subscribers;
    size_t subscriber_count;
    struct scripts_view scripts;
    int64_t database, room; /* bytes; of the disk: free */
    const char *troubles[TROUBLES];
    size_t trouble_count; /* 0: it is ready */
};

/* -- the process ------------------------------------------------------------------------------- */

static int64_t ns_of(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * NS + t.tv_nsec;
}

/* The n-th number of a file of /proc, from 0, behind the name of the program in brackets. */
static int64_t proc_number(const char *path, int n) {
    char text[1024];
    FILE *f = fopen(path, "re");
    size_t len = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[len] = '\0';
    char *at = strrchr(text, ')');
    for (at = at ? at + 2 : text; n > 0 && *at; n--) {
        at += strcspn(at, " ");
        at += *at == ' ';
    }
    return strtoll(at, NULL, 10);
}

static int64_t open_files(void) {
    int64_t n = 0;
    DIR *d = opendir("/proc/self/fd");
    if (!d)
        return 0;
    while (readdir(d))
        n++;
    closedir(d);
    return n - 3; /* ".", "..", and the folder itself */
}

static void look_at_process(struct process *p) {
    const int64_t since_boot = proc_number("/proc/self/stat", 19); /* field 22, in ticks */
    const int64_t age = ns_of(CLOCK_BOOTTIME) - since_boot * (NS / sysconf(_SC_CLK_TCK));
    p->started = (ns_of(CLOCK_REALTIME) - age) / 1000000;
    p->memory = proc_number("/proc/self/statm", 1) * sysconf(_SC_PAGESIZE);
    p->cpu_ns = ns_of(CLOCK_PROCESS_CPUTIME_ID);
    p->files = open_files();
}

/* -- the company ------------------------------------------------------------------------------- */

static void trouble(struct status *s, const char *sentence) {
    if (sentence && s->trouble_count < TROUBLES)
        s->troubles[s->trouble_count++] = sentence;
}

static void look_at_disk(struct status *s) {
    struct stat file;
    struct statvfs disk;
    if (stat(engine_opts(s->c->company->engine)->path, &file) == 0)
        s->database = file.st_size;
    if (statvfs(s->c->company->dir, &disk) != 0)
        return;
    s->room = (int64_t)(disk.f_bavail * disk.f_frsize);
    if (s->room < ROOM)
        trouble(s, arena_printf(&s->c->arena,
                                "the disk of the company has only %.1f MB free: make room there",
                                (double)s->room / 1e6));
}

static void look_at_writer(struct status *s) {
    const struct engine_stats *g = &s->engine;
    kith_error e = KITH_ERROR_INIT;
    if (g->writer_ms > STUCK_MS)
        trouble(s, arena_printf(&s->c->arena,
                                "the writer has been busy with one thing for %" PRId64
                                " s, and writes wait for it: the log names what hangs",
                                g->writer_ms / 1000));
    if (g->queue >= g->queue_max)
        trouble(s, "as many writes wait as may: further ones are refused");
    if (engine_held(s->c->company->engine, &e) != KITH_OK)
        trouble(s, arena_strdup(&s->c->arena, e.message));
}

static kith_status look(struct status *s, kith_error *e) {
    struct engine *g = s->c->company->engine;
    look_at_process(&s->process);
    engine_stats(g, &s->engine);
    look_at_writer(s);
    look_at_disk(s);
    TRY(engine_subscribers(g, &s->c->arena, &s->subscribers, &s->subscriber_count, e));
    return s->c->company->scripts
               ? scripts_view(s->c->company->scripts, &s->c->arena, &s->scripts, e)
               : KITH_OK;
}

/* -- as JSON ----------------------------------------------------------------------------------- */

struct number {
    const char *key;
    int64_t value;
};

static void put_numbers(struct json_out *j, const struct number *n, size_t count) {
    for (size_t i = 0; i < count; i++) {
        json_key(j, n[i].key);
        json_int(j, n[i].value);
    }
}
#define NUMBERS(j, ...)                                                                            \
    put_numbers(j, (const struct number[]){__VA_ARGS__},                                           \
                sizeof((const struct number[]){__VA_ARGS__}) / sizeof(struct number))

static void put_commits(struct json_out *j, const struct engine_stats *g) {
    json_key(j, "commits");
    json_object_(j);
    NUMBERS(j, {"total_ns", (int64_t)g->commit_ns});
    json_key(j, "times");
    json_array_(j);
    for (size_t i = 0; i <= COMMIT_BOUNDS; i++) {
        json_object_(j);
        json_key(j, "up_to_us"); /* null: the rest */
        if (i < COMMIT_BOUNDS)
            json_int(j, commit_bounds_us[i]);
        else
            json_nil(j);
        NUMBERS(j, {"count", (int64_t)g->commit_times[i]});
        json_object_end(j);
    }
    json_array_end(j);
    json_object_end(j);
}

static void put_engine(struct json_out *j, const struct status *s) {
    const struct engine_stats *g = &s->engine;
    NUMBERS(j, {"journal_rows", (int64_t)g->durable}, {"transactions", (int64_t)g->transactions},
            {"groups", (int64_t)g->groups}, {"writes_waiting", (int64_t)g->queue},
            {"writer_busy_ms", g->writer_ms}, {"wal_bytes", (int64_t)g->wal_bytes},
            {"database_bytes", s->database}, {"disk_free_bytes", s->room},
            {"reactions", (int64_t)g->reactions_run}, {"timers", (int64_t)g->timers},
            {"letters_waiting", (int64_t)g->letters_waiting},
            {"letters_dead", (int64_t)g->letters_dead},
            {"outbox_waiting", (int64_t)g->outbox_waiting},
            {"outbox_dead", (int64_t)g->outbox_dead});
    put_commits(j, g);
}

static void put_subscribers(struct json_out *j, const struct status *s) {
    json_key(j, "subscribers");
    json_array_(j);
    for (size_t i = 0; i < s->subscriber_count; i++) {
        json_object_(j);
        json_key(j, "name");
        json_strz(j, s->subscribers[i].name);
        NUMBERS(j, {"behind", (int64_t)s->subscribers[i].rows});
        json_object_end(j);
    }
    json_array_end(j);
}

static void put_modules(struct json_out *j, const struct status *s) {
    const struct plugins *p = s->c->company->plugins;
    json_key(j, "modules");
    json_array_(j);
    for (size_t i = 0; i < plugins_count(p); i++) {
        struct plugin_status m;
        plugins_status(p, i, &m);
        json_object_(j);
        json_key(j, "name");
        json_strz(j, m.name);
        json_key(j, "state");
        json_strz(j, plugin_state_name(m.state));
        NUMBERS(j, {"calls", (int64_t)m.calls}, {"failures", (int64_t)m.failures},
                {"slow", (int64_t)m.slow});
        json_object_end(j);
    }
    json_array_end(j);
}

static void put_rules(struct json_out *j, const struct status *s) {
    json_key(j, "rules");
    json_array_(j);
    for (size_t i = 0; i < s->scripts.rule_count; i++) {
        const struct rule_info *r = &s->scripts.rules[i];
        json_object_(j);
        json_key(j, "rule");
        json_strz(j, r->name);
        json_key(j, "file");
        json_strz(j, r->file);
        NUMBERS(j, {"runs", (int64_t)r->runs}, {"failures", (int64_t)r->failures},
                {"total_ns", (int64_t)r->total_ns}, {"writes", (int64_t)r->writes},
                {"queries", (int64_t)r->queries}, {"steps", (int64_t)r->steps});
        json_object_end(j);
    }
    json_array_end(j);
}

static size_t files_off(const struct status *s) {
    size_t n = 0;
    for (size_t i = 0; i < s->scripts.file_count; i++)
        n += s->scripts.files[i].off || s->scripts.files[i].suspended;
    return n;
}

static void print_json(struct status *s) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "ready");
    json_bool_(&j, s->trouble_count == 0);
    json_key(&j, "troubles");
    json_array_(&j);
    for (size_t i = 0; i < s->trouble_count; i++)
        json_strz(&j, s->troubles[i]);
    json_array_end(&j);
    json_key(&j, "version");
    json_strz(&j, KITH_VERSION);
    json_key(&j, "served");
    json_bool_(&j, s->c->host != NULL);
    json_key(&j, "started");
    json_time(&j, s->process.started);
    NUMBERS(&j, {"started_ms", s->process.started}, {"memory_bytes", s->process.memory},
            {"cpu_ns", s->process.cpu_ns}, {"open_files", s->process.files},
            {"rule_files_off", (int64_t)files_off(s)});
    put_engine(&j, s);
    put_subscribers(&j, s);
    put_modules(&j, s);
    put_rules(&j, s);
    json_object_end(&j);
    json_print(s->c, &b);
}

/* -- for people -------------------------------------------------------------------------------- */

static void say(struct status *s, const char *what, int64_t n, const char *remark) {
    io_printf(s->c->io, "%-22s %" PRId64 "%s\n", what, n, remark);
}

static uint64_t furthest_behind(const struct status *s) {
    uint64_t most = 0;
    for (size_t i = 0; i < s->subscriber_count; i++)
        most = s->subscribers[i].rows > most ? s->subscribers[i].rows : most;
    return most;
}

static size_t modules_out(const struct status *s) {
    size_t n = 0;
    for (size_t i = 0; i < plugins_count(s->c->company->plugins); i++) {
        struct plugin_status m;
        plugins_status(s->c->company->plugins, i, &m);
        n += m.state == PLUGIN_FAILED;
    }
    return n;
}

static void print_text(struct status *s) {
    const struct engine_stats *g = &s->engine;
    struct io *io = s->c->io;
    io_puts(io, s->trouble_count ? "Not ready:\n" : "Ready.\n");
    for (size_t i = 0; i < s->trouble_count; i++) {
        io_puts(io, "  ");
        io_text(io, str_of(s->troubles[i]));
        io_puts(io, "\n");
    }
    io_printf(io, "%-22s ", s->c->host ? "served since" : "not served; opened");
    io_text(io, show_time(s->c, s->process.started));
    io_puts(io, "\n");
    say(s, "memory", s->process.memory / 1000000, " MB");
    say(s, "database", s->database / 1000000, " MB");
    say(s, "log of the database", (int64_t)g->wal_bytes / 1000, " kB");
    say(s, "free on the disk", s->room / 1000000, " MB");
    say(s, "rows of the journal", (int64_t)g->durable, "");
    say(s, "writes that wait", (int64_t)g->queue, "");
    if (g->groups)
        say(s, "a commit takes", (int64_t)(g->commit_ns / g->groups / 1000), " us on average");
    say(s, "reactions are behind", (int64_t)furthest_behind(s), " rows");
    say(s, "events that failed", (int64_t)g->letters_dead, ": 'kith deadletter list'");
    say(s, "waits to leave", (int64_t)g->outbox_waiting, ": 'kith outbox list'");
    say(s, "could not leave", (int64_t)g->outbox_dead, "");
    say(s, "modules that are out", (int64_t)modules_out(s), ": 'kith module list'");
    say(s, "files of rules off", (int64_t)files_off(s), ": 'kith rule check'");
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct status s = {.c = c};
    TRY(look(&s, e));
    if (c->json)
        print_json(&s);
    else
        print_text(&s);
    return KITH_OK;
}

const struct command command_status = {
    .name = "status",
    .args = "",
    .help = "how the company does: what waits, what failed, what it takes",
    .more =
        "It is ready when the writer takes writes, what is to be done can be kept, and there is\n"
        "room on the disk. --json tells more: how long commits took, how far each reaction is\n"
        "behind, what modules and rules were called for and took since the company was opened.",
    .needs = NEEDS_COMPANY,
    .run = run,
};
