/* SPDX-License-Identifier: Apache-2.0 */
/* Measures how soon the program answers and how much memory it holds when nothing happens. Usage:
 * bench_start DIR [RUNS]; $KITH names the program. */
#include "child.h"

#include "cli/wire.h"

#define CONTACTS  10000
#define RUNS_MAX  100
#define ANSWER_MS 10000

static void command_row(const char *what, char *const *argv, int runs) {
    double ms[RUNS_MAX];
    child_run(argv); /* into the cache */
    for (int i = 0; i < runs; i++)
        ms[i] = child_run(argv).seconds * 1000;
    double middle = median(ms, (size_t)runs);
    row(what, "%.1f ms", middle, "< 100 ms", middle < 100);
}

/* -- the server -------------------------------------------------------------------------------- */

/* One greeting, answered; false: nobody listens yet. */
static bool answers(const char *dir) {
    kith_error e = KITH_ERROR_INIT;
    struct wire w;
    uint8_t type;
    kith_str payload;
    int fd;
    must(sock_connect(dir, &fd, &e), &e);
    if (fd < 0)
        return false;
    wire_open(&w, fd, ANSWER_MS);
    must(wire_hello(&w, &e), &e);
    must(wire_recv(&w, ANSWER_MS, &type, &payload, &e), &e);
    must(wire_check_hello(type, payload, "server", &e), &e);
    wire_close(&w);
    return true;
}

static pid_t serve(char *dir, double *ms) {
    int64_t start = clock_ticks();
    pid_t pid = child_start(KITH_ARGS("serve", "--company", dir), true);
    while (!answers(dir)) {
        if (clock_ticks() - start > ANSWER_MS * INT64_C(1000000))
            die("the server does not answer");
        usleep(200);
    }
    *ms = (double)(clock_ticks() - start) / 1e6;
    return pid;
}

static void stop(pid_t pid) {
    kill(pid, SIGTERM);
    child_wait(pid, 0);
}

/* Resident megabytes of a process. */
static double resident(pid_t pid) {
    char path[64], line[256];
    double kb = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "VmRSS:", 6) == 0)
            kb = strtod(line + 6, NULL);
    if (f)
        fclose(f);
    return kb / 1024;
}

static void server_rows(char *dir, int runs) {
    double ms[RUNS_MAX], ignored;
    for (int i = 0; i < runs; i++)
        stop(serve(dir, &ms[i]));
    double middle = median(ms, (size_t)runs);
    row("kith serve until it answers on its socket", "%.1f ms", middle, "< 100 ms", middle < 100);
    pid_t pid = serve(dir, &ignored);
    usleep(500000);
    double mb = resident(pid);
    row("idle memory of kith serve", "%.1f MB", mb, "< 20 MB", mb < 20);
    stop(pid);
}

int main(int argc, char **argv) {
    char dir[256];
    int runs = argc > 2 ? atoi(argv[2]) : 20;
    if (argc < 2 || runs < 1 || runs > RUNS_MAX)
        die("usage: bench_start DIR [RUNS]");
    snprintf(dir, sizeof dir, "%s/start", argv[1]);
    import_contacts(dir, CONTACTS);
    command_row("kith version", KITH_ARGS("version"), runs);
    command_row("kith find, 10 of 10,000 contacts",
                KITH_ARGS("find", "contact order by name limit 10", "--company", dir), runs);
    command_row("kith create contact, durable",
                KITH_ARGS("create", "contact", "name=Ada Lovelace", "--company", dir), runs);
    server_rows(dir, runs);
    return 0;
}
