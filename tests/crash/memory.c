/* SPDX-License-Identifier: Apache-2.0 */
/* No memory at the nth allocation, for one n after the other, in every command: it fails with that
 * sentence and keeps nothing, or succeeds; the company goes on and is sound. Short runs take some
 * n, long ones (KITH_TEST_LONG) up to 2,000 of each command; KITH_SEED=n takes others. */
#include "base/id.h"
#include "cli/cli.h"
#include "crash/workload.h"
#include "test.h"
#include "vfs/fault_alloc.h"
#include "vfs/fault_mem.h"
#include <sys/stat.h>
#include <unistd.h>

#define PLACES      20 /* for each command and kind of trouble */
#define PLACES_LONG 2000

static const struct program program;
static struct company *company;
static char dir[64], contact[ID_TEXT + 1], today[DATE_TEXT];
static char other[ID_TEXT + 1]; /* what the command before it made */
static char about[ID_TEXT + 16];
static uint64_t dice = 1;
static kith_error err = KITH_ERROR_INIT;
static int failures; /* that were printed */

static const struct trouble {
    const char *name;
    void (*fail)(int64_t nth, int64_t times);
    int64_t (*calls)(void);
} troubles[] = {
    {"Kith", fault_alloc_fail, fault_alloc_calls},
    {"SQLite", fault_mem_fail, fault_mem_calls},
};

static int64_t step_for(int64_t count) {
    return count / (getenv("KITH_TEST_LONG") ? PLACES_LONG : PLACES) + 1;
}

/* -- an io in memory --------------------------------------------------------------------------- */

static char out[1 << 16], said[4096];
static size_t out_len, said_len, file_at;
static int64_t lines;                 /* that were put into it */
static bool kept;                     /* the file that was created has got its name */
static char file[256], file_name[32]; /* what is read */

static void add(char *to, size_t cap, size_t *len, kith_str s) {
    size_t n = s.len < cap - 1 - *len ? (size_t)s.len : cap - 1 - *len;
    if (n)
        memcpy(to + *len, s.ptr, n);
    to[ *len += n] = '\0';
}

static bool memory_write(struct io *io, int stream, kith_str s) {
    (void)io;
    if (stream == IO_OUT)
        add(out, sizeof out, &out_len, s);
    else
        add(said, sizeof said, &said_len, s);
    return true;
}

static void no_progress(struct io *io, const char *line) {
    (void)io, (void)line;
}

static kith_status memory_open(struct io *io, const char *path, enum io_open how, int *number,
                               kith_error *e) {
    (void)io;
    if (how == IO_READ && strcmp(path, file_name) != 0)
        return err_set(e, KITH_E_NOTFOUND, NULL, "there is no file '%s'", path);
    *number = how == IO_READ ? 1 : 2;
    file_at = 0;
    return KITH_OK;
}

static kith_status memory_read(struct io *io, int number, char *dst, size_t cap, size_t *got,
                               kith_error *e) {
    (void)io, (void)number, (void)e;
    size_t left = strlen(file) - file_at;
    *got = left < cap ? left : cap;
    memcpy(dst, file + file_at, *got);
    file_at += *got;
    return KITH_OK;
}

static kith_status memory_put(struct io *io, int number, kith_str s, kith_error *e) {
    (void)io, (void)number, (void)e;
    for (uint64_t i = 0; i < s.len; i++)
        lines += s.ptr[i] == '\n';
    return KITH_OK;
}

static kith_status memory_close(struct io *io, int number, bool keep, kith_error *e) {
    (void)io, (void)e;
    kept |= number == 2 && keep;
    return KITH_OK;
}

static bool never(struct io *io) {
    (void)io;
    return false;
}

static const struct io_ops memory_ops = {
    .write = memory_write,
    .progress = no_progress,
    .open = memory_open,
    .read = memory_read,
    .put = memory_put,
    .close = memory_close,
    .interrupted = never,
};

static kith_status enter(void *arg, struct io *from, bool alone, struct company **to,
                         kith_error *e) {
    (void)arg, (void)from, (void)alone, (void)e;
    *to = company;
    return KITH_OK;
}

static void leave(void *arg, bool alone) {
    (void)arg, (void)alone;
}

/* Runs one command in the open company; its exit code. */
#define ARGS 10
static int run(const char *const *args) {
    struct io io = {.ops = &memory_ops, .actor = "cli:test"};
    char *argv[ARGS + 2] = {(char *)"kith"};
    int argc = 1;
    for (; args[argc - 1]; argc++)
        argv[argc] = strcmp(args[argc - 1], "ID") == 0      ? contact
                     : strcmp(args[argc - 1], "OTHER") == 0 ? other
                     : strcmp(args[argc - 1], "ABOUT") == 0 ? about
                     : strcmp(args[argc - 1], "FILE") == 0  ? file_name
                     : strcmp(args[argc - 1], "TODAY") == 0 ? today
                                                            : (char *)args[argc - 1];
    out_len = said_len = 0;
    out[0] = said[0] = '\0';
    kept = false;
    lines = 0;
    const struct cli_host host = {NULL, enter, leave, NULL};
    int code = cli_run_for(&program, &host, &io, argc, argv);
    buf_free(&io.out);
    return code;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

/* -- a company --------------------------------------------------------------------------------- */

static void put_file(const char *name, const char *text) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    EXPECT(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static kith_status open_it(void) {
    struct settings_problems problems = {0};
    kith_status st = company_open(&company, &program, dir, &problems, &err);
    settings_problems_free(&problems);
    return st;
}

static void create_it(void) {
    struct settings_problems problems = {0};
    EXPECT_OK(company_create(&program, dir, &problems, &err), err);
    settings_problems_free(&problems);
}

static void take_id(const char *before, char id[ID_TEXT + 1]) {
    const char *found = strstr(out, before);
    EXPECT(found != NULL);
    snprintf(id, ID_TEXT + 1, "%.*s", ID_TEXT, found + strlen(before));
}

static void begin(void) {
    static bool ready;
    char path[128], of[ID_TEXT + 16];
    const char *seed = getenv("KITH_SEED");
    if (!ready) {
        dice = seed ? strtoull(seed, NULL, 10) : dice;
        EXPECT_INT(SQLITE_OK, fault_mem_install());
        EXPECT_OK(store_setup(&err), err);
        ready = true;
    }
    alarm(3000); /* an engine that hangs does not hang the test */
    strcpy(dir, "/tmp/kith-memory-XXXXXX");
    EXPECT(mkdtemp(dir) != NULL);
    put_file(
        "kith.conf",
        "company: { name = \"A\"; currency = \"EUR\"; zone = \"Europe/Berlin\"; };"
        "journal: { keep = \"400d\"; }; retention: { rules = ({ name = \"old\";"
        " find = \"contact where city = 'Rom'\"; }); };"
        "backup: { dir = \"store\"; keep = { last = 1; daily = 0; weekly = 0; monthly = 0; }; };");
    snprintf(path, sizeof path, "%s/store", dir);
    EXPECT_INT(0, mkdir(path, 0700));
    snprintf(path, sizeof path, "%s/rules", dir);
    EXPECT_INT(0, mkdir(path, 0700));
    put_file("rules/met.lua",
             "on(\"contact.created\", { name = \"met\", where = \"city = 'Wien'\" }, function(c)\n"
             "    create(\"task\", { title = \"Met \" .. c.name, about = c })\n"
             "end)\n"
             "before(\"contact.save\", { name = \"country\" }, function(c)\n"
             "    if c.city == \"Wien\" then c.country = \"Austria\" end\n"
             "end)\n");
    create_it();
    EXPECT_OK(open_it(), err);
    struct civil now = zone_local(company->zone, engine_now(company->engine));
    date_format(date_days(now.year, now.month, now.day), today);
    EXPECT_INT(0, RUN("create", "contact", "name=Ada Byron", "city=Wien", "--json"));
    take_id("\"id\":\"", contact);
    snprintf(about, sizeof about, "contact=%s", contact);
    EXPECT_INT(0, RUN("create", "purpose", "name=newsletter", "--json"));
    take_id("\"id\":\"", other);
    snprintf(of, sizeof of, "purpose=%s", other);
    EXPECT_INT(0, RUN("create", "wording", of, "version=1", "language=en", "text=Yes"));
    for (int i = 0; i < 20; i++)
        EXPECT_INT(0,
                   RUN("create", "contact", "name=Somebody", "city=Graz", "email=s@example.com"));
}

static void end(void) {
    char command[128];
    company_close(company);
    company = NULL;
    snprintf(command, sizeof command, "rm -rf %s", dir);
    EXPECT_INT(0, system(command));
}

static void heal(void) {
    for (size_t i = 0; i < 2; i++)
        troubles[i].fail(1, 0);
}

static int64_t contacts(void) {
    int64_t n = -1;
    EXPECT_INT(0, RUN("find", "contact : count()"));
    EXPECT(sscanf(out, "%" SCNd64, &n) == 1);
    return n;
}

static void expect_sound(void) {
    EXPECT_OK(engine_drain(company->engine, 60000, &err), err);
    if (RUN("doctor") != 0)
        TEST_FAIL("the doctor says: %s%s", out, said);
}

/* -- commands ---------------------------------------------------------------------------------- */

/* Another file each time: an import that was interrupted would be resumed by the next one. */
static void new_file(void) {
    static int n;
    snprintf(file_name, sizeof file_name, "people%d.csv", n);
    snprintf(file, sizeof file,
             "name,city,email\nEve %d,Wien,eve@example.com\nMallory,Graz,m@example.com\n"
             "Trent,Wien,\"t@example.com\"\n,Linz,\n",
             ++n);
}

#define MADE_ID "\"id\":\""
static const struct {
    const char *args[ARGS];
    int adds;                 /* contacts, when it succeeds */
    bool parts;               /* some of it may be done, and what is left is done the next time */
    int few;                  /* takes long: so many times fewer places */
    const char *before[ARGS]; /* without trouble, each time; it makes what OTHER stands for, ... */
    const char *made;         /* ... behind this word */
    bool exports;             /* a line for each contact, and one of names */
} commands[] = {
    {.args = {"create", "contact", "name=Bob B", "city=Wien", "email=bob@example.com",
              "tags=vip,old"},
     .adds = 1},
    {.args = {"update", "contact", "ID", "city=Wien", "phone=+43 1 234567"}},
    {.args = {"get", "contact", "ID"}},
    {.args = {"find", "contact where city = 'Wien' and name like '%a%' order by name limit 3"}},
    {.args = {"find", "contact order by city", "--json"}},
    {.args = {"import", "contact", "FILE"}, .adds = 3},
    {.args = {"export", "contact order by name", "all.csv"}, .exports = true},
    {.args = {"export", "contact", "all.jsonl"}},
    {.args = {"history", "contact", "ID"}},
    {.args = {"history", "contact", "ID", "--field", "city"}},
    {.args = {"get", "contact", "ID", "--as-of", "TODAY"}},
    {.args = {"view", "contact", "ID"}},
    {.args = {"view", "contact", "ID", "--limit", "2", "--json"}},
    {.args = {"create", "task", "title=Ring", "repeat=7d", "reminder=2031-05-05 09:00"}},
    {.args = {"why", "contact", "ID", "country"}},
    {.args = {"log"}},
    {.args = {"rule", "list"}},
    {.args = {"deadletter", "list"}},
    {.args = {"doctor"}},
    {.args = {"audit", "verify"}},
    {.args = {"retention"}},
    {.args = {"retention", "--apply"},
     .parts = true,
     .before = {"create", "contact", "name=Old", "city=Rom"}},
    {.args = {"erase", "contact", "OTHER", "--reason", "test", "--no-wait"},
     .adds = -1,
     .before = {"create", "contact", "name=Eve", "email=eve@example.com", "--json"},
     .made = MADE_ID},
    {.args = {"merge", "contact", "ID", "OTHER"},
     .adds = -1,
     .before = {"create", "contact", "name=Ada B", "email=ada@example.com", "--json"},
     .made = MADE_ID},
    {.args = {"undo", "OTHER"},
     .adds = -3,
     .parts = true, /* on a busy machine it pauses between the rows */
     .before = {"import", "contact", "FILE", "--json"},
     .made = "\"run\":\""},
    {.args = {"update", "contact", "--where", "city = 'Graz'", "city=Linz"},
     .before = {"update", "contact", "--where", "city = 'Linz'", "city=Graz"}},
    {.args = {"delete", "contact", "--where", "name = 'Guest'"},
     .parts = true,
     .before = {"create", "contact", "name=Guest"}},
    {.args = {"run", "consent.give", "purpose=newsletter", "ABOUT", "wording=1", "proof=form 7"}},
    {.args = {"run", "consent.withdraw", "purpose=newsletter", "address=guest@example.com"}},
    {.args = {"create", "contact", "name=Guest", "email=guest@example.com"}, .adds = 1},
    {.args = {"run", "consent.give", "purpose=newsletter", "address=guest@example.com",
              "proof=form 8"}},
    {.args = {"consent", "register"}},
    {.args = {"subject", "export", "contact", "ID", "ada.json", "--for", "test"}},
    {.args = {"doctor", "--repair"}, .few = 4},
    {.args = {"backup", "acme.tar"}, .few = 4},
    {.args = {"backup", "run"}, .few = 8},
    {.args = {"backup", "run", "--full"}, .few = 8},
};

/* The sentence need not be the one of the last thing that failed, but it speaks of memory. */
static bool tells(const char *text) {
    return strstr(text, "memory") || strstr(text, "nothing is kept, try again");
}

struct outcome {
    int code;
    bool tells, named;     /* speaks of memory; the file that was created has its name */
    int64_t lines;         /* put into the file */
    int64_t before, added; /* contacts */
};

/* What is wrong after a command whose nth allocation failed; NULL: nothing. */
static const char *wrong(size_t i, const struct outcome *o) {
    if (o->code != 0 && !o->tells)
        return "it does not speak of memory";
    if (o->code != 0 && o->named && commands[i].exports &&
        o->lines < o->before) /* else only the report was lost */
        return "the file that was not finished has its name";
    if (o->code == 0 && commands[i].exports && o->lines != o->before + 1)
        return "what was exported is not all there is";
    if (o->code == 0 && commands[i].adds && o->added != commands[i].adds)
        return "it did not do all of it";
    if (commands[i].parts)
        return o->added > 0 || (o->code == 0 && o->added == 0) ? "it did something else" : NULL;
    if (o->added != 0 && o->added != commands[i].adds)
        return "some of the contacts were added";
    return o->code == 0 && o->added != commands[i].adds ? "no contacts were added" : NULL;
}

static void prepare(size_t i) {
    new_file();
    if (!commands[i].before[0])
        return;
    EXPECT_INT(0, run(commands[i].before));
    if (commands[i].made)
        take_id(commands[i].made, other);
}

static void one_place(size_t i, const struct trouble *t, int64_t nth, int64_t times) {
    char words[sizeof said + 300];
    prepare(i);
    struct outcome o = {.before = contacts()};
    t->fail(nth, times);
    o.code = run(commands[i].args);
    heal();
    snprintf(words, sizeof words, "%s%.299s", said, out);
    o.tells = tells(said) || tells(out);
    o.named = kept;
    o.lines = lines;
    o.added = contacts() - o.before;
    const char *bad = wrong(i, &o);
    if (!bad)
        return;
    failures++;
    printf("  %s %s: allocation %" PRId64 " of %s%s: %s (%+" PRId64
           " contacts); exit code %d, said: %s\n",
           commands[i].args[0], commands[i].args[1] ? commands[i].args[1] : "", nth, t->name,
           times > 1 ? " and all later ones" : "", bad, o.added, o.code, words);
}

static void every_place(size_t i, const struct trouble *t) {
    prepare(i);
    int64_t first = t->calls();
    if (run(commands[i].args) != 0)
        TEST_FAIL("%s does not work at all: %s", commands[i].args[0], said);
    int64_t count = t->calls() - first;
    int64_t step = step_for(count) * (commands[i].few ? commands[i].few : 1);
    for (int64_t n = 1 + (int64_t)dice_roll(&dice, (uint64_t)step); n <= count; n += step) {
        one_place(i, t, n, 1);
        one_place(i, t, n, INT64_C(1) << 40);
    }
    expect_sound();
}

TEST("a command that runs out of memory says so, keeps nothing and leaves the company sound") {
    begin();
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        for (size_t t = 0; t < 2; t++)
            every_place(i, &troubles[t]);
    end();
    EXPECT_INT(0, failures);
}

TEST("a company that cannot be opened for want of memory says so and opens later") {
    begin();
    for (size_t t = 0; t < 2; t++) {
        company_close(company);
        company = NULL;
        int64_t first = troubles[t].calls();
        EXPECT_OK(open_it(), err);
        int64_t count = troubles[t].calls() - first;
        int64_t step = step_for(count);
        for (int64_t n = 1 + (int64_t)dice_roll(&dice, (uint64_t)step); n <= count; n += step) {
            company_close(company);
            company = NULL;
            troubles[t].fail(n, 1);
            kith_status st = open_it();
            heal();
            if (st != KITH_OK && !tells(err.message))
                TEST_FAIL("allocation %" PRId64 " of %s: status %d: %s", n, troubles[t].name, st,
                          err.message);
            if (st != KITH_OK)
                EXPECT_OK(open_it(), err);
        }
        expect_sound();
    }
    end();
}
