/* SPDX-License-Identifier: Apache-2.0 */
/* The program `kith` as a child process: how long it takes and how much memory. */
#ifndef TESTS_BENCH_CHILD_H
#define TESTS_BENCH_CHILD_H

#include "bench.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

struct child {
    double seconds;   /* of wall time */
    double processor; /* seconds of all its threads, without what other programs took */
    double megabytes; /* the most that was resident */
};

/* Its output goes nowhere; its errors are shown unless quiet. */
static inline pid_t child_start(char *const *argv, bool quiet) {
    pid_t pid = fork();
    if (pid < 0)
        die("cannot start a process");
    if (pid > 0)
        return pid;
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    if (quiet)
        dup2(null, 2);
    execv(argv[0], argv);
    _exit(127);
}

static inline double seconds_of(struct timeval t) {
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static inline struct child child_wait(pid_t pid, int64_t started) {
    struct rusage used;
    int status;
    if (wait4(pid, &status, 0, &used) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        die("a kith command failed");
    return (struct child){.seconds = (double)(clock_ticks() - started) / 1e9,
                          .processor = seconds_of(used.ru_utime) + seconds_of(used.ru_stime),
                          .megabytes = (double)used.ru_maxrss / 1024};
}

/* $KITH with these arguments, in a company's folder. */
#define KITH_ARGS(...) ((char *[]){kith_program(), __VA_ARGS__, NULL})
static inline char *kith_program(void) {
    char *path = getenv("KITH");
    if (!path)
        die("$KITH names the program");
    return path;
}

static inline struct child child_run(char *const *argv) {
    int64_t started = clock_ticks();
    return child_wait(child_start(argv, false), started);
}

/* n contacts as a CSV file; each value is another one, but for 1,000 to a city. */
static inline void write_contacts(const char *path, int64_t n) {
    FILE *f = fopen(path, "w");
    if (!f)
        die("the file of contacts cannot be written");
    fputs("First Name,Last Name,Email,Phone,City,Country,Birthday\n", f);
    for (long long i = 0; i < n; i++) {
        long long k = i * 7919 % 1000003; /* keys come in no order, as in real files */
        fprintf(
            f,
            "First%lld,Last%lld,p%lld@example.com,+43 1 %lld,City %lld,AT,19%02lld-%02lld-%02lld\n",
            k % 997, k, k, 1000000 + k, k % (n / 1000 ? n / 1000 : 1), 40 + k % 60, 1 + k % 12,
            1 + k % 28);
    }
    if (fclose(f) != 0)
        die("the file of contacts cannot be written");
}

/* A new company in dir with n contacts, imported by the program. */
static inline struct child import_contacts(char *dir, int64_t n) {
    char csv[300];
    snprintf(csv, sizeof csv, "%s.csv", dir);
    write_contacts(csv, n);
    child_run(KITH_ARGS("init", dir, "--zone", "Europe/Berlin"));
    struct child c =
        child_run(KITH_ARGS("import", "contact", csv, "--key", "email", "--company", dir));
    remove(csv);
    return c;
}
#endif
