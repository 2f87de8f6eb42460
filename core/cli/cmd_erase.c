/* SPDX-License-Identifier: Apache-2.0 */
/* kith erase: somebody's right to be forgotten, at once in the records and then in the files. */
#include "base/clock.h"
#include "base/id.h"
#include "cli/rehearse.h"
#include "cli/show.h"

#include <unistd.h>

#define SWEEP_WAIT_MS 60000

enum {
    RESULT_REQUEST,
    RESULT_GONE,
    RESULT_EMPTIED,
    RESULT_MENTIONS,
    RESULT_FILES,
    RESULT_RECIPIENTS,
    RESULTS
};

struct job {
    struct cmd *c;
    const struct action *action;
    kith_value args[2];
    kith_value results[RESULTS];
    struct arena *arena;
};

static kith_status call_in(struct txn *t, void *arg, kith_error *e) {
    struct job *job = arg;
    return engine_call(txn_engine(t), t, NULL, job->action, job->args, job->arena, job->results,
                       NULL, e);
}

/* -- waiting for the sweep --------------------------------------------------------------------- */

/* When the files were swept; 0: they are not yet. */
static kith_status swept_at(struct cmd *c, kith_id request, int64_t *at, kith_error *e) {
    const struct base_erasure *b = &cmd_schema(c)->base.erasure;
    kith_value *values;
    TRY(engine_get(c->company->engine, &c->principal, b->type, request, &c->arena, &values, e));
    const kith_value *v = &values[b->swept->index];
    *at = v->kind == KITH_NULL ? 0 : v->as.i;
    return KITH_OK;
}

static kith_status wait_for_sweep(struct cmd *c, kith_id request, int64_t *at, kith_error *e) {
    int64_t end = clock_in(SWEEP_WAIT_MS);
    for (;;) {
        TRY(swept_at(c, request, at, e));
        if (*at || cmd_option(c, "no-wait") || clock_ticks() > end)
            return KITH_OK;
        if (engine_sweep_held(c->company->engine, NULL) != KITH_OK)
            return KITH_OK;
        TRY(io_check(c->io, e));
        io_progress(c->io, "sweeping the files");
        usleep(20000);
    }
}

/* -- what is told ------------------------------------------------------------------------------ */

static void print_mentions(struct cmd *c, kith_str text) {
    json_t *list, *one;
    size_t i;
    if (json_read(text, &list, NULL) != KITH_OK)
        return;
    if (json_array_size(list))
        io_puts(c->io, "Named elsewhere too, and left as it is; look whether it is meant:\n");
    json_array_foreach(list, i, one) {
        const char *name = json_string_value(json_object_get(one, "type"));
        const struct rtype *type = schema_type(cmd_schema(c), str_of(name));
        kith_id id;
        if (!type || !id_parse(str_of(json_string_value(json_object_get(one, "id"))), &id))
            continue;
        io_puts(c->io, "  ");
        io_text(c->io, show_record(c, type, id));
        io_puts(c->io, "\n");
    }
    json_decref(list);
}

static void print_list(struct cmd *c, const kith_value *list, const char *title) {
    uint64_t count = list->kind == KITH_LIST ? list->as.list.count : 0;
    if (count)
        io_puts(c->io, title);
    for (uint64_t i = 0; i < count; i++) {
        io_puts(c->io, "  ");
        io_text(c->io, list->as.list.items[i].as.s);
        io_puts(c->io, "\n");
    }
}

/* What Kith wrote and is not its own to change, and whom it told. */
static void print_elsewhere(struct job *job) {
    print_list(job->c, &job->results[RESULT_FILES],
               "Imports wrote rows that they rejected into these files, which are yours;"
               " look for the person there:\n");
    print_list(job->c, &job->results[RESULT_RECIPIENTS],
               "These were told of the person, and have to be told of the erasure:\n");
}

static void print_json(struct job *job, int64_t swept) {
    struct cmd *c = job->c;
    struct buf b = {0};
    struct json_out j;
    kith_value at = swept ? value_time(swept) : value_null();
    json_begin(&j, &b, false);
    json_object_(&j);
    for (uint32_t i = 0; i < job->action->result_count; i++) {
        json_key(&j, job->action->results[i]->name);
        if (i == RESULT_MENTIONS && job->results[i].kind == KITH_TEXT)
            json_raw(&j, job->results[i].as.s);
        else
            value_json(cmd_schema(c), &job->results[i], &j);
    }
    json_key(&j, "swept");
    value_json(cmd_schema(c), &at, &j);
    json_object_end(&j);
    json_print(c, &b);
}

static void print_text(struct job *job, int64_t swept) {
    struct cmd *c = job->c;
    kith_id request = job->results[RESULT_REQUEST].as.link.id;
    io_printf(c->io, "Erased %s %s: %lld records are gone, %lld stay without what they told.\n",
              c->args[0], c->args[1], (long long)job->results[RESULT_GONE].as.i,
              (long long)job->results[RESULT_EMPTIED].as.i);
    print_mentions(c, job->results[RESULT_MENTIONS].as.s);
    print_elsewhere(job);
    if (swept) {
        kith_value at = value_time(swept);
        io_puts(c->io, "Swept ");
        io_text(c->io, show_value(c, &at));
        io_puts(c->io, ": nothing of it is in the company's files any more.\n");
    } else {
        io_printf(c->io,
                  "The files are being swept; 'kith get erasure %s' tells when that is done.\n",
                  show_id(c, request));
    }
    io_puts(c->io, "Backups are not changed: one that is restored is told of it.\n");
}

static kith_status erase(struct job *job, kith_error *e) {
    struct cmd *c = job->c;
    kith_id tx;
    int64_t swept;
    if (rehearsing(c)) {
        TRY(write_or_rehearse(c, ORIGIN_ACTION, call_in, job, &tx, e));
        if (!c->json) {
            print_mentions(c, job->results[RESULT_MENTIONS].as.s);
            print_elsewhere(job);
        }
        return KITH_OK;
    }
    struct write_opts o = {.principal = &c->principal, .origin = ORIGIN_ACTION};
    TRY(engine_call(c->company->engine, NULL, &o, job->action, job->args, &c->arena, job->results,
                    &tx, e));
    c->wrote = true;
    kith_status st = wait_for_sweep(c, job->results[RESULT_REQUEST].as.link.id, &swept, e);
    io_progress(c->io, "");
    TRY(st);
    if (c->json)
        print_json(job, swept);
    else
        print_text(job, swept);
    if (swept || cmd_option(c, "no-wait") || engine_sweep_held(c->company->engine, e) == KITH_OK)
        return KITH_OK;
    return err_prefix(e, "the record is erased, and the files are not swept yet, which Kith does"
                         " by itself when it can: ");
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct arena own = {0}; /* the writer's thread fills it in a rehearsal */
    struct job job = {.c = c, .arena = &own};
    const struct rtype *type;
    kith_id id;
    const char *reason = cmd_option(c, "reason");
    TRY(arg_record(c, 0, &type, &id, e));
    if (!reason || !*reason)
        return err_set(e, KITH_E_INVAL, NULL,
                       "say why, for the auditor, without the person's name or address: --reason"
                       " 'request of 3 May'");
    job.action = engine_action(c->company->engine, STR("record.erase"));
    job.args[0] = value_link(id, type->id);
    job.args[1] = value_str(str_of(reason));
    kith_status st = erase(&job, e);
    arena_free(&own);
    return st;
}

const struct command command_erase = {
    .name = "erase",
    .args = "TYPE ID",
    .help = "erase a person, in history and files, too; it cannot be undone",
    .more =
        "The record goes with all that is part of it. Records that tell about the person stay,\n"
        "without what they tell. Rows of history stay, empty, so that what they led to can be\n"
        "told. Then the files are swept, which may take a while: 'kith find erasure' shows both\n"
        "times. Others that name the person are listed, and left as they are; so are files with\n"
        "rows that an import rejected. A user stays as a record that says nothing, so that what\n"
        "belongs to it and what it wrote are still one user's. Somebody who was deleted is erased "
        "by\n"
        "the same ID, as the history still tells of them; and whoever was erased, once more.",
    .options = {{"reason", "TEXT", "why, for the auditor; one that names the person is refused"},
                {"no-wait", NULL, "do not wait until the files are swept"},
                REHEARSE_OPTION},
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_min = 2,
    .args_max = 2,
    .run = run,
};
