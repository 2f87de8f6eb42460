/* SPDX-License-Identifier: Apache-2.0 */
/* The job: a thread of the server that carries out `kith backup run` when it is due, as a client
 * would. It looks once in a while, so that new settings and a clock that was set are noticed. */
#include "base/clock.h"
#include "base/log.h"
#include "cli/backup_plan.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS  20000  /* between two looks */
#define RETRY_MS 600000 /* after a try that failed */

struct backup_job {
    const struct program *program;
    const struct cli_host *host;
    struct io_local files;
    struct io_ops ops;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_bool stop;
};

static bool is_stopped(struct io *io) {
    struct backup_job *job =
        (struct backup_job *)(void *)((char *)io - offsetof(struct backup_job, files.io));
    return atomic_load(&job->stop);
}

/* When it is due, by the folder; INT64_MAX: never. What cannot be read is told by the run. */
static int64_t due_at(const struct company *company, int64_t now, struct arena *a) {
    struct backup_plan plan;
    struct planned_list list;
    if (plan_read(company, a, &plan, NULL) != KITH_OK || !plan.dir)
        return INT64_MAX;
    if (plan_list(company, &plan, a, &list, NULL) != KITH_OK)
        return 0;
    const struct planned *last = plan_newest(&list, now);
    int64_t due = plan_next(&plan, company->zone, last ? last->head.at : 0);
    int64_t again = list.failed + RETRY_MS;
    return list.failed && list.failed <= now && due < again ? again : due;
}

static bool is_due(struct backup_job *job, int64_t *failed) {
    struct company *company;
    struct arena a = {0};
    if (job->host->enter(job->host->arg, &job->files.io, false, &company, NULL) != KITH_OK)
        return false;
    bool due = false;
    if (company->engine) { /* a test serves without */
        int64_t now = engine_now(company->engine);
        due = due_at(company, now, &a) <= now &&
              (!*failed || now >= *failed + RETRY_MS || now < *failed);
        if (due)
            *failed = now; /* until it has succeeded: a folder that is gone keeps no note */
    }
    job->host->leave(job->host->arg, false);
    arena_free(&a);
    return due;
}

static void run_now(struct backup_job *job, int64_t *failed) {
    char *const argv[] = {"kith", "backup", "run"};
    strcpy(job->files.io.actor, "cli:backup");
    if (cli_run_for(job->program, job->host, &job->files.io, 3, argv) == 0)
        *failed = 0;
}

static void wait_a_while(struct backup_job *job) {
    int64_t end = clock_in(LOOK_MS);
    pthread_mutex_lock(&job->lock);
    while (!atomic_load(&job->stop) && clock_wait(&job->wake, &job->lock, end))
        ;
    pthread_mutex_unlock(&job->lock);
}

static void *job_main(void *arg) {
    struct backup_job *job = arg;
    int64_t failed = 0;
    while (!atomic_load(&job->stop)) {
        if (is_due(job, &failed))
            run_now(job, &failed);
        wait_a_while(job);
    }
    return NULL;
}

kith_status backup_job_start(struct backup_job **out, const struct program *p,
                             const struct cli_host *host, kith_error *e) {
    struct backup_job *job = *out = calloc(1, sizeof *job);
    if (!job)
        return err_nomem(e);
    job->program = p;
    job->host = host;
    io_files_open(&job->files);
    job->ops = *job->files.io.ops;
    job->ops.interrupted = is_stopped;
    job->files.io.ops = &job->ops;
    pthread_mutex_init(&job->lock, NULL);
    clock_cond(&job->wake);
    if (pthread_create(&job->thread, NULL, job_main, job) == 0)
        return KITH_OK;
    free(job);
    *out = NULL;
    return err_set(e, KITH_E_NOMEM, NULL, "cannot start the thread for backups");
}

void backup_job_end(struct backup_job *job) {
    if (!job)
        return;
    pthread_mutex_lock(&job->lock);
    atomic_store(&job->stop, true);
    pthread_cond_broadcast(&job->wake);
    pthread_mutex_unlock(&job->lock);
    pthread_join(job->thread, NULL);
    io_local_close(&job->files);
    pthread_cond_destroy(&job->wake);
    pthread_mutex_destroy(&job->lock);
    free(job);
}
