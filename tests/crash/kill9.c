/* SPDX-License-Identifier: Apache-2.0 */
/* A process that writes through the engine is killed with SIGKILL at random moments. What it was
 * answered it notes in memory that it shares with its parent, who opens the database afterwards:
 * every acknowledged transaction is there, whole, and every reaction and timer has run exactly
 * once. With "compact" the journal loses its beginning all the time, which the doctor must not
 * mind. kill9 [POINTS [SEED [compact]]] */
#include "crash/workload.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FRESH_EVERY 40 /* kills */
#define LIFE_US                                                                                    \
    80000          /* of a process, at most, from its birth or from the beginning of its work      \
                    */
#define LIMIT_S 60 /* for one kill */

struct shared {
    struct workload work;
    _Atomic int at_work; /* the child has come as far as writing */
    char failed[448];    /* what went wrong in the child, or "" */
};

struct worker {
    struct crew *crew;
    struct client *client;
    struct shared *shared;
};

static void *worker_run(void *arg) {
    struct worker *w = arg;
    kith_error e = KITH_ERROR_INIT;
    while (client_step(w->crew, w->client, &e) == KITH_OK)
        ;
    snprintf(w->shared->failed, sizeof w->shared->failed, "%s", e.message);
    return NULL;
}

static void *compact_run(void *crew) {
    static const struct principal nobody = {.name = "compact", .all = true};
    kith_error e = KITH_ERROR_INIT;
    struct crew *c = crew;
    struct arena a = {0};
    struct journal_state s;
    do
        arena_reset(&a);
    while (engine_compact(c->engine, &nobody, &s, &a, &e) == KITH_OK);
    arena_free(&a);
    return NULL;
}

/* Until it is killed. */
static _Noreturn void child(struct shared *s, const char *path) {
    kith_error e = KITH_ERROR_INIT;
    struct crew crew;
    struct worker workers[CLIENTS];
    pthread_t thread;
    alarm(LIMIT_S); /* should the parent die first */
    const char *bad =
        crew_open(&crew, path, NULL, &e) == KITH_OK ? workload_check(&crew, &s->work) : e.message;
    if (bad) {
        snprintf(s->failed, sizeof s->failed, "%s", bad);
        _exit(1);
    }
    s->at_work = 1;
    struct checkpointing checkpoints = {.dice = s->work.clients[0].dice};
    if (pthread_create(&thread, NULL, checkpoint_run, &checkpoints) != 0)
        _exit(1);
    if (crew_compacts && pthread_create(&thread, NULL, compact_run, &crew) != 0)
        _exit(1);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        workers[i] = (struct worker){&crew, &s->work.clients[i], s};
        if (pthread_create(&thread, NULL, worker_run, &workers[i]) != 0)
            _exit(1);
    }
    for (;;)
        pause();
}

static void check(struct shared *s, const char *path) {
    kith_error e = KITH_ERROR_INIT;
    struct crew crew;
    if (crew_open(&crew, path, NULL, &e) != KITH_OK)
        crash_fail("does not open after a kill: %s", e.message);
    const char *bad = workload_check(&crew, &s->work);
    if (bad)
        crash_fail("after a kill: %s", bad);
    crew_close(&crew);
}

static void rest(long us) {
    struct timespec t = {0, 1000 * us};
    nanosleep(&t, NULL);
}

static void kill_once(struct shared *s, const char *path, uint64_t *dice) {
    int status;
    s->at_work = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0)
        crash_fail("no process");
    if (pid == 0)
        child(s, path);
    if (dice_roll(dice, 4)) /* else it is killed while it opens, or while it compares */
        while (!s->at_work && !*s->failed)
            rest(500);
    rest((long)dice_roll(dice, LIFE_US));
    kill(pid, SIGKILL);
    if (waitpid(pid, &status, 0) != pid || *s->failed)
        crash_fail("at work: %s", s->failed);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
        crash_fail("the process ended by itself, status %d", status);
}

int main(int argc, char **argv) {
    int points = argc > 1 ? atoi(argv[1]) : 100, at_work = 0;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    int64_t answers = 0;
    crew_compacts = argc > 3;
    setvbuf(stdout, NULL, _IOLBF, 0);
    const char *path = crash_path();
    struct shared *s =
        mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED)
        crash_fail("no shared memory");
    for (int i = 0; i < points; i++) {
        alarm(LIMIT_S);
        if (i % FRESH_EVERY == 0) {
            answers += workload_answers(&s->work);
            crash_remove();
            workload_begin(&s->work, seed);
        }
        kill_once(s, path, &seed);
        at_work += s->at_work;
        /* Every process compares when it has opened; now and then we do in peace. */
        if (dice_roll(&seed, 3) == 0 || (i + 1) % FRESH_EVERY == 0 || i + 1 == points)
            check(s, path);
    }
    printf("%d kills (%d of them at work), %ld transactions acknowledged\n", points, at_work,
           (long)(answers + workload_answers(&s->work)));
    printf("1 passed, 0 failed\n");
    return 0;
}
