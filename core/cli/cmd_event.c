/* SPDX-License-Identifier: Apache-2.0 */
/* kith event list, retry, skip: events that a reaction could not handle. */
#include "base/number.h"
#include "cli/show.h"

static kith_str subject_text(struct cmd *c, const struct dead_letter *l) {
    const struct rtype *t = schema_type_by_id(cmd_schema(c), l->type);
    return t && l->subject ? show_record(c, t, l->subject) : (kith_str){0};
}

static void json_letter(struct cmd *c, const struct dead_letter *l) {
    const struct rtype *t = schema_type_by_id(cmd_schema(c), l->type);
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "number");
    json_int(&j, (int64_t)l->number);
    json_key(&j, "state");
    json_strz(&j, l->next ? "waiting" : "dead");
    json_key(&j, "reaction");
    json_strz(&j, l->reaction);
    json_key(&j, "topic");
    json_strz(&j, l->topic);
    json_key(&j, "type");
    json_strz(&j, t ? t->name : "");
    json_key(&j, "id");
    json_id(&j, l->subject);
    json_key(&j, "seq");
    json_int(&j, (int64_t)l->seq);
    json_key(&j, "attempts");
    json_int(&j, l->attempts);
    json_key(&j, "next");
    if (l->next)
        json_time(&j, l->next);
    else
        json_nil(&j);
    json_key(&j, "error");
    json_strz(&j, l->error);
    json_object_end(&j);
    json_print(c, &b);
}

static kith_status run_list(struct cmd *c, kith_error *e) {
    struct dead_letter *letters;
    struct table t;
    size_t count;
    TRY(engine_letters(c->company->engine, cmd_option(c, "dead") != NULL, &c->arena, &letters,
                       &count, e));
    table_begin(&t, c,
                (const char *const[]){">number", "next try", "reaction", "event", "record",
                                      ">tries", "why", NULL});
    for (size_t i = 0; i < count; i++) {
        const struct dead_letter *l = &letters[i];
        if (c->json) {
            json_letter(c, l);
            continue;
        }
        table_cellz(&t, arena_printf(&c->arena, "%llu", (unsigned long long)l->number));
        table_cell(&t, l->next ? show_time(c, l->next) : str_of("none: dead"));
        table_cellz(&t, l->reaction);
        table_cellz(&t, l->topic);
        table_cell(&t, subject_text(c, l));
        table_cellz(&t, arena_printf(&c->arena, "%u", l->attempts));
        table_cellz(&t, l->error);
    }
    if (t.count > 0)
        table_print(&t);
    size_t suspended;
    TRY(cmd_rule_say_suspended(c, &suspended, e));
    if (count > 0 || c->json)
        return KITH_OK;
    const char *none = "Every event was handled.\n";
    if (cmd_option(c, "dead"))
        none = "No event was set aside.\n";
    else if (suspended)
        none = "No event failed. What rules in suspended files wait for is handled when they go "
               "on.\n";
    io_puts(c->io, none);
    return KITH_OK;
}

/* -- retry, skip ------------------------------------------------------------------------------- */

#define RETRY_MS 10000 /* for what was tried again; beyond, the list says how it went */

static kith_status number_at(struct cmd *c, size_t i, uint64_t *number, kith_error *e) {
    int64_t n;
    if (!int_parse(str_of(c->args[i]), &n) || n <= 0)
        return err_set(e, KITH_E_INVAL, NULL,
                       "'%s' is not the number of an event; 'kith event list' shows them",
                       c->args[i]);
    *number = (uint64_t)n;
    return KITH_OK;
}

static void say_outcome(struct cmd *c, uint64_t number, const char *outcome, const char *words,
                        const char *why) {
    struct buf b = {0};
    struct json_out j;
    if (!c->json) {
        io_printf(c->io, "Event %llu %s", (unsigned long long)number, words);
        io_text(c->io, str_of(why));
        io_puts(c->io, why ? "\n" : ".\n");
        return;
    }
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "number");
    json_int(&j, (int64_t)number);
    json_key(&j, "outcome");
    json_strz(&j, outcome);
    if (why) {
        json_key(&j, "error");
        json_strz(&j, why);
    }
    json_object_end(&j);
    json_print(c, &b);
}

/* How the try ended, of an event that was told to be tried again. */
static kith_status tell_retried(struct cmd *c, uint64_t number, size_t *failed, kith_error *e) {
    struct dead_letter *l;
    TRY(engine_letter(c->company->engine, number, &c->arena, &l, e));
    if (!l)
        say_outcome(c, number, "handled", "was handled", NULL);
    else if (l->attempts > 0)
        say_outcome(c, number, "failed", "failed again: ", l->error);
    else
        say_outcome(c, number, "waiting",
                    "waits still: for an earlier event of the same record, or for its rule or"
                    " module to be there",
                    NULL);
    *failed += l && l->attempts > 0;
    return KITH_OK;
}

static kith_status run_retry(struct cmd *c, kith_error *e) {
    uint64_t number;
    size_t failed = 0;
    for (size_t i = 0; i < c->arg_count; i++) {
        TRY(number_at(c, i, &number, e));
        TRY(engine_letter_retry(c->company->engine, &c->principal, number, e));
        c->wrote = true;
    }
    kith_status st = engine_drain(c->company->engine, RETRY_MS, e);
    if (st != KITH_E_LIMIT) /* what goes on beside it is no reason to say nothing */
        TRY(st);
    for (size_t i = 0; i < c->arg_count; i++) {
        TRY(number_at(c, i, &number, e));
        TRY(tell_retried(c, number, &failed, e));
    }
    if (failed == 0)
        return KITH_OK;
    return err_set(e, KITH_E_REFUSED, NULL,
                   "%zu of %zu event%s failed again: mend what is wrong, and retry", failed,
                   c->arg_count, c->arg_count == 1 ? "" : "s");
}

static kith_status run_skip(struct cmd *c, kith_error *e) {
    uint64_t number;
    for (size_t i = 0; i < c->arg_count; i++) {
        TRY(number_at(c, i, &number, e));
        TRY(engine_letter_skip(c->company->engine, &c->principal, number, e));
        c->wrote = true;
        say_outcome(c, number, "skipped", "was given up", NULL);
    }
    return KITH_OK;
}

const struct command command_event_list = {
    .name = "event list",
    .args = "",
    .help = "events that a rule or a module could not handle yet",
    .options = {{"dead", NULL, "only those that are not tried again by themselves"}},
    .needs = NEEDS_COMPANY,
    .run = run_list,
};

const struct command command_event_retry = {
    .name = "event retry",
    .args = "NUMBER ...",
    .help = "try events again, now, and say how it went",
    .needs = NEEDS_COMPANY,
    .args_min = 1,
    .args_max = 10000,
    .run = run_retry,
};

const struct command command_event_skip = {
    .name = "event skip",
    .args = "NUMBER ...",
    .help = "give events up; later ones of the same record go on",
    .needs = NEEDS_COMPANY,
    .args_min = 1,
    .args_max = 10000,
    .run = run_skip,
};
