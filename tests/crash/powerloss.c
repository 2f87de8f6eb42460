/* SPDX-License-Identifier: Apache-2.0 */
/* The engine loses power again and again, in the middle of whatever its threads are doing: writes,
 * reactions, checkpoints, recovery, the making of the tables. Each time it opens again, every
 * acknowledged transaction is there, whole, and every reaction and timer has run exactly once.
 *   powerloss [POINTS [SEED]] */
#include "crash/workload.h"
#include "vfs/fault_vfs.h"
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FRESH_EVERY 40 /* losses: then a new database, so that the making of it is hit too */
#define LIMIT_S     60 /* for one loss: whoever hangs longer is killed by SIGALRM */

struct worker {
    struct crew *crew;
    struct client *client;
    int steps; /* at most */
    kith_error error;
};

static void *worker_run(void *arg) {
    struct worker *w = arg;
    for (int i = 0; i < w->steps; i++)
        if (client_step(w->crew, w->client, &w->error) != KITH_OK)
            break;
    return NULL;
}

/* All clients write until the power goes or they have done their steps. No other failure is
 * accepted. */
static void work(struct crew *c, struct workload *w, int steps) {
    struct worker workers[CLIENTS];
    pthread_t threads[CLIENTS + 1];
    struct checkpointing checkpoints = {.vfs = FAULT_VFS, .dice = w->clients[0].dice};
    if (pthread_create(&threads[CLIENTS], NULL, checkpoint_run, &checkpoints) != 0)
        crash_fail("no thread");
    for (uint32_t i = 0; i < CLIENTS; i++) {
        workers[i] = (struct worker){c, &w->clients[i], steps, KITH_ERROR_INIT};
        if (pthread_create(&threads[i], NULL, worker_run, &workers[i]) != 0)
            crash_fail("no thread");
    }
    for (uint32_t i = 0; i < CLIENTS; i++)
        pthread_join(threads[i], NULL);
    checkpoints.stop = 1;
    pthread_join(threads[CLIENTS], NULL);
    kith_status accepted = fault_vfs_power_is_off() ? KITH_E_IO : KITH_OK;
    for (uint32_t i = 0; i < CLIENTS; i++)
        if (workers[i].error.code != KITH_OK && workers[i].error.code != accepted)
            crash_fail("at work: %s", workers[i].error.message);
}

struct count {
    int opening, working, closing; /* when the power went */
};

/* Half of the time while a commit or a checkpoint syncs: that is where one step ends and the next
 * begins. */
static void lose_at_random(uint64_t *dice) {
    if (dice_roll(dice, 2))
        fault_vfs_power_loss_at_sync(1 + (int64_t)dice_roll(dice, 30));
    else
        fault_vfs_power_loss_at(1 + (int64_t)dice_roll(dice, dice_roll(dice, 4) ? 100 : 2000));
}

/* Compares, works, loses power while at it, or else while closing. */
static void use(struct crew *crew, struct workload *w, uint64_t *dice, struct count *count) {
    const char *bad = workload_check(crew, w);
    if (fault_vfs_power_is_off()) {
        count->opening++;
        return;
    }
    if (bad)
        crash_fail("after a power loss: %s", bad);
    if (dice_roll(dice, 5)) {
        lose_at_random(dice);
        work(crew, w, INT_MAX);
        count->working++;
    } else {
        fault_vfs_power_loss_at(0);
        work(crew, w, 5);
        fault_vfs_power_loss_at(1 + (int64_t)dice_roll(dice, 12));
        count->closing++;
    }
}

static void lose_once(const char *path, struct workload *w, uint64_t *dice, struct count *count) {
    kith_error e = KITH_ERROR_INIT;
    struct crew crew;
    /* Now and then the power goes before it is open again and compared. */
    fault_vfs_power_loss_at(dice_roll(dice, 4) ? 0 : 1 + (int64_t)dice_roll(dice, 60));
    if (crew_open(&crew, path, FAULT_VFS, &e) == KITH_OK) {
        use(&crew, w, dice, count);
        crew_close(&crew);
    } else if (fault_vfs_power_is_off()) {
        count->opening++;
    } else {
        crash_fail("does not open after a power loss: %s", e.message);
    }
    fault_vfs_power_loss();
    int open = fault_vfs_power_on();
    if (open != 0)
        crash_fail("the engine left %d files open", open);
}

static void check_last(const char *path, struct workload *w) {
    kith_error e = KITH_ERROR_INIT;
    struct crew crew;
    if (crew_open(&crew, path, FAULT_VFS, &e) != KITH_OK)
        crash_fail("does not open after a power loss: %s", e.message);
    const char *bad = workload_check(&crew, w);
    if (bad)
        crash_fail("after a power loss: %s", bad);
    crew_close(&crew);
}

int main(int argc, char **argv) {
    int points = argc > 1 ? atoi(argv[1]) : 100;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    static struct workload w;
    struct count count = {0};
    int64_t answers = 0;
    kith_error e = KITH_ERROR_INIT;
    setvbuf(stdout, NULL, _IOLBF, 0);
    const char *path = crash_path();
    if (store_setup(&e) != KITH_OK || fault_vfs_register() != SQLITE_OK)
        crash_fail("no test disk: %s", e.message);
    for (int i = 0; i < points; i++) {
        alarm(LIMIT_S);
        if (i % FRESH_EVERY == 0) {
            if (i)
                check_last(path, &w);
            answers += workload_answers(&w);
            fault_vfs_reset();
            crash_remove();
            fault_vfs_seed(seed + (uint64_t)i);
            workload_begin(&w, seed + (uint64_t)i);
        }
        lose_once(path, &w, &seed, &count);
    }
    check_last(path, &w);
    answers += workload_answers(&w);
    struct fault_counts c = fault_vfs_counts();
    printf("%d power losses (%d while opening, %d at work, %d while closing), %ld transactions "
           "acknowledged, %ld of "
           "%ld "
           "unsynced sectors lost\n",
           points, count.opening, count.working, count.closing, (long)answers, (long)c.lost,
           (long)c.unsynced);
    printf("1 passed, 0 failed\n");
    return 0;
}
