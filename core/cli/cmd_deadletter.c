/* SPDX-License-Identifier: Apache-2.0 */
/* kith deadletter list, retry, skip: events that a reaction could not handle, by their numbers, and
 * effects that could not be sent, by their ids. */
#include "base/clock.h"
#include "base/id.h"
#include "base/number.h"
#include "cli/outbox_show.h"
#include "cli/show.h"
#include "engine/outbox.h"
#include <string.h>
#include <unistd.h>

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

static void row_letter(struct cmd *c, struct table *t, const struct dead_letter *l) {
    if (c->json) {
        json_letter(c, l);
        return;
    }
    table_cellz(t, arena_printf(&c->arena, "%llu", (unsigned long long)l->number));
    table_cell(t, l->next ? show_time(c, l->next) : str_of("none: dead"));
    table_cellz(t, l->reaction);
    table_cellz(t, l->topic);
    table_cell(t, subject_text(c, l));
    table_cellz(t, arena_printf(&c->arena, "%u", l->attempts));
    table_cellz(t, l->error);
}

static void row_effect(struct cmd *c, struct table *t, const struct outbox_item *i) {
    if (c->json) {
        outbox_json(c, i);
        return;
    }
    table_cellz(t, show_id(c, i->id));
    table_cell(t, i->state == OUTBOX_DEAD ? str_of("none: dead") : show_time(c, i->due));
    table_cellz(t, i->delivery);
    table_cell(t, i->endpoint);
    table_cell(t, outbox_subject(c, i));
    table_cellz(t, arena_printf(&c->arena, "%u", i->tries));
    table_cell(t, i->error);
}

static kith_status list_letters(struct cmd *c, struct table *t, size_t *count, kith_error *e) {
    struct dead_letter *letters;
    TRY(engine_letters(c->company->engine, cmd_option(c, "dead") != NULL, &c->arena, &letters,
                       count, e));
    for (size_t i = 0; i < *count; i++)
        row_letter(c, t, &letters[i]);
    return KITH_OK;
}

static kith_status list_effects(struct cmd *c, struct table *t, size_t *count, kith_error *e) {
    static const uint32_t states[] = {OUTBOX_DEAD, OUTBOX_FAILING};
    *count = 0;
    for (size_t k = 0; k < (cmd_option(c, "dead") ? 1 : 2); k++) {
        struct outbox_item *items;
        size_t n;
        TRY(engine_outbox(c->company->engine, states[k], 1000, &c->arena, &items, &n, e));
        for (size_t i = n; i-- > 0;)
            row_effect(c, t, &items[i]);
        *count += n;
    }
    return KITH_OK;
}

static kith_status run_list(struct cmd *c, kith_error *e) {
    struct table t;
    size_t letters, effects, suspended;
    table_begin(&t, c,
                (const char *const[]){">number", "next try", "by", "event", "record", ">tries",
                                      "why", NULL});
    TRY(list_letters(c, &t, &letters, e));
    TRY(list_effects(c, &t, &effects, e));
    if (t.count > 0)
        table_print(&t);
    TRY(cmd_rule_say_suspended(c, &suspended, e));
    if (letters + effects > 0 || c->json)
        return KITH_OK;
    const char *none = "Every event was handled. Nothing failed to be sent.\n";
    if (cmd_option(c, "dead"))
        none = "Nothing was set aside.\n";
    else if (suspended)
        none = "No event failed. What rules in suspended files wait for is handled when they go "
               "on.\n";
    io_puts(c->io, none);
    return KITH_OK;
}

/* -- retry, skip ------------------------------------------------------------------------------- */

#define RETRY_MS 10000 /* for what was tried again; beyond, the list says how it went */

/* An event has a number, and an effect an id of 13 characters. */
struct letter_name {
    uint64_t number;
    kith_id effect; /* 0: an event */
};

static kith_status name_at(struct cmd *c, size_t i, struct letter_name *name, kith_error *e) {
    int64_t n;
    *name = (struct letter_name){0};
    if (strlen(c->args[i]) == ID_TEXT && id_parse(str_of(c->args[i]), &name->effect))
        return KITH_OK;
    if (!int_parse(str_of(c->args[i]), &n) || n <= 0)
        return err_set(e, KITH_E_INVAL, "id",
                       "'%s' is not the number of an event, nor the id of an effect; 'kith"
                       " deadletter list' shows them",
                       c->args[i]);
    name->number = (uint64_t)n;
    return KITH_OK;
}

static void say_outcome(struct cmd *c, const struct letter_name *name, const char *outcome,
                        const char *words, const char *why) {
    struct buf b = {0};
    struct json_out j;
    if (!c->json) {
        if (name->effect)
            io_printf(c->io, "Effect %s %s", show_id(c, name->effect), words);
        else
            io_printf(c->io, "Event %llu %s", (unsigned long long)name->number, words);
        io_text(c->io, str_of(why));
        io_puts(c->io, why ? "\n" : ".\n");
        return;
    }
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, name->effect ? "effect" : "number");
    if (name->effect)
        json_id(&j, name->effect);
    else
        json_int(&j, (int64_t)name->number);
    json_key(&j, "outcome");
    json_strz(&j, outcome);
    if (why) {
        json_key(&j, "error");
        json_strz(&j, why);
    }
    json_object_end(&j);
    json_print(c, &b);
}

struct retried {
    size_t failed;
    const char *why; /* the first one did */
};

static void note_failed(struct retried *r, const char *why) {
    if (r->failed++ == 0)
        r->why = why;
}

/* How the try ended, of an event that was told to be tried again. */
static kith_status tell_retried(struct cmd *c, const struct letter_name *name, struct retried *r,
                                kith_error *e) {
    struct dead_letter *l;
    TRY(engine_letter(c->company->engine, name->number, &c->arena, &l, e));
    if (!l)
        say_outcome(c, name, "handled", "was handled", NULL);
    else if (l->attempts > 0)
        say_outcome(c, name, "failed", "failed again: ", l->error);
    else
        say_outcome(c, name, "waiting",
                    "waits still: for an earlier event of the same record, or for its rule or"
                    " module to be there",
                    NULL);
    if (l && l->attempts > 0)
        note_failed(r, l->error);
    return KITH_OK;
}

/* Of an effect; it may have to wait for others of its endpoint. */
static kith_status tell_sent(struct cmd *c, const struct letter_name *name, int64_t end,
                             struct retried *r, kith_error *e) {
    struct engine *g = c->company->engine;
    struct outbox_item i;
    for (;; usleep(20000)) {
        TRY(io_check(c->io, e));
        TRY(engine_outbox_item(g, name->effect, &c->arena, &i, e));
        bool open = i.state == OUTBOX_SENDING || (i.state == OUTBOX_WAITING && i.tries == 0);
        if (!open || !engine_sends(g) || clock_ticks() > end)
            break;
    }
    const char *error = arena_strndup(&c->arena, i.error.ptr, i.error.len);
    bool bad = i.state == OUTBOX_DEAD || (i.state == OUTBOX_WAITING && i.tries > 0);
    if (bad)
        note_failed(r, error);
    if (i.state == OUTBOX_SENT)
        say_outcome(c, name, "sent", "was sent", NULL);
    else if (bad)
        say_outcome(c, name, "failed", "failed again: ", error);
    else if (engine_sends(g))
        say_outcome(c, name, "waiting", "waits still, for its endpoint", NULL);
    else
        say_outcome(c, name, "waiting", "is sent by 'kith serve', or by 'kith outbox send'", NULL);
    return KITH_OK;
}

static kith_status run_retry(struct cmd *c, kith_error *e) {
    struct engine *g = c->company->engine;
    struct letter_name name;
    struct retried r = {0};
    bool events = false;
    for (size_t i = 0; i < c->arg_count; i++) {
        TRY(name_at(c, i, &name, e));
        TRY(name.effect ? engine_outbox_retry(g, &c->principal, name.effect, e)
                        : engine_letter_retry(g, &c->principal, name.number, e));
        events |= !name.effect;
        c->wrote = true;
    }
    kith_status st = events ? engine_drain(g, RETRY_MS, e) : KITH_OK;
    if (st != KITH_E_LIMIT) /* what goes on beside it is no reason to say nothing */
        TRY(st);
    int64_t end = clock_in(RETRY_MS);
    for (size_t i = 0; i < c->arg_count; i++) {
        TRY(name_at(c, i, &name, e));
        TRY(name.effect ? tell_sent(c, &name, end, &r, e) : tell_retried(c, &name, &r, e));
    }
    if (r.failed == 0)
        return KITH_OK;
    if (c->json && c->arg_count == 1) /* who reads only the error is told why, too */
        return err_set(e, KITH_E_REFUSED, NULL, "it failed again: %s", r.why ? r.why : "");
    return err_set(e, KITH_E_REFUSED, NULL,
                   "%zu of %zu %s%s failed again: mend what is wrong, and retry", r.failed,
                   c->arg_count, events ? "event" : "effect", c->arg_count == 1 ? "" : "s");
}

static kith_status run_skip(struct cmd *c, kith_error *e) {
    struct engine *g = c->company->engine;
    struct letter_name name;
    for (size_t i = 0; i < c->arg_count; i++) {
        TRY(name_at(c, i, &name, e));
        TRY(name.effect ? engine_outbox_skip(g, &c->principal, name.effect, e)
                        : engine_letter_skip(g, &c->principal, name.number, e));
        c->wrote = true;
        say_outcome(c, &name, "skipped", "was given up", NULL);
    }
    return KITH_OK;
}

const struct command command_deadletter_list = {
    .name = "deadletter list",
    .args = "",
    .help = "what failed: events that were not handled, effects that were not sent",
    .options = {{"dead", NULL, "only those that are not tried again by themselves"}},
    .needs = NEEDS_COMPANY,
    .run = run_list,
};

const struct command command_deadletter_retry = {
    .name = "deadletter retry",
    .args = "NUMBER ...",
    .help = "try events or effects again, now, and say how it went",
    .more = "An event goes by its number, an effect by its id: 'kith deadletter list' shows both.",
    .needs = NEEDS_COMPANY,
    .args_min = 1,
    .args_max = 10000,
    .run = run_retry,
};

const struct command command_deadletter_skip = {
    .name = "deadletter skip",
    .args = "NUMBER ...",
    .help = "give events or effects up; later ones go on",
    .more = "An event goes by its number, an effect by its id: 'kith deadletter list' shows both.",
    .needs = NEEDS_COMPANY,
    .args_min = 1,
    .args_max = 10000,
    .run = run_skip,
};
