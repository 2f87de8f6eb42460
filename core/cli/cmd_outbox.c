/* SPDX-License-Identifier: Apache-2.0 */
/* kith outbox list, show, queues, send: what leaves the company, and what became of it. */
#include "base/date.h"
#include "base/id.h"
#include "base/number.h"
#include "cli/outbox_show.h"
#include "cli/show.h"
#include <string.h>

/* -- showing ----------------------------------------------------------------------------------- */

kith_str outbox_subject(struct cmd *c, const struct outbox_item *i) {
    const struct rtype *t = schema_type_by_id(cmd_schema(c), i->type);
    return t && i->subject ? show_record(c, t, i->subject) : (kith_str){0};
}

static void time_or_nil(struct json_out *j, const char *key, int64_t at) {
    json_key(j, key);
    if (at)
        json_time(j, at);
    else
        json_nil(j);
}

void outbox_json_in(struct cmd *c, struct json_out *j, const struct outbox_item *i) {
    const struct rtype *t = schema_type_by_id(cmd_schema(c), i->type);
    json_object_(j);
    json_key(j, "effect");
    json_id(j, i->id);
    json_key(j, "state");
    json_strz(j, outbox_state_name(i->state));
    json_key(j, "delivery");
    json_strz(j, i->delivery);
    json_key(j, "endpoint");
    json_str(j, i->endpoint);
    json_key(j, "key");
    json_str(j, i->key);
    json_key(j, "type");
    json_strz(j, t ? t->name : "");
    json_key(j, "id");
    json_id(j, i->subject);
    json_key(j, "transaction");
    json_id(j, i->tx);
    json_key(j, "cause");
    json_int(j, (int64_t)i->cause);
    json_key(j, "tries");
    json_int(j, i->tries);
    time_or_nil(j, "at", i->at);
    time_or_nil(j, "next", i->state == OUTBOX_WAITING ? i->due : 0);
    time_or_nil(j, "done", i->done);
    json_key(j, "error");
    json_str(j, i->error);
    json_key(j, "payload");
    json_str(j, i->payload);
    json_key(j, "answer");
    json_str(j, i->answer);
    json_object_end(j);
}

void outbox_json(struct cmd *c, const struct outbox_item *i) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    outbox_json_in(c, &j, i);
    json_print(c, &b);
}

void outbox_print(struct cmd *c, const struct outbox_item *i) {
    kith_str about = outbox_subject(c, i);
    io_printf(c->io, "%s%s", i->delivery, i->endpoint.len ? " to " : "");
    io_text(c->io, i->endpoint);
    if (about.len) {
        io_puts(c->io, ", about ");
        io_text(c->io, about);
    }
    io_puts(c->io, "\n");
}

/* -- list -------------------------------------------------------------------------------------- */

#define LIST_MAX 1000

/* What leaves is for administrators; whoever owns a webhook, whose id is the endpoint, asks for
 * what goes there. */
static kith_status check_own(struct cmd *c, const char *to, kith_error *e) {
    const struct rtype *t = schema_type(cmd_schema(c), STR("webhook"));
    kith_error why = KITH_ERROR_INIT;
    kith_value *values;
    kith_id id;
    if (c->principal.all)
        return KITH_OK;
    if (to && t && id_parse(str_of(to), &id) &&
        engine_read(c->company->engine, &c->principal, t, &id, &c->arena, &values, &why) ==
            KITH_OK &&
        values[FIELD_OWNER].kind == KITH_LINK && c->principal.user &&
        values[FIELD_OWNER].as.link.id == c->principal.user)
        return KITH_OK;
    return err_set(e, KITH_E_DENIED, NULL,
                   "what leaves the company is for administrators; whoever owns a webhook sees what"
                   " goes to that one, by its id as 'to'");
}

/* What it says may be more than its owner may read, and so is of what it speaks. */
static void hide(struct outbox_item *i) {
    i->payload = i->answer = STR("");
    i->subject = i->tx = 0;
}

static kith_status run_list(struct cmd *c, kith_error *e) {
    const char *name = cmd_option(c, "state"), *to = cmd_option(c, "to");
    uint32_t state = name ? outbox_state_of(str_of(name)) : 0;
    struct outbox_item *items;
    struct table t;
    size_t n;
    TRY(check_own(c, to, e));
    if (to)
        TRY(engine_outbox_to(c->company->engine, str_of(to), state, LIST_MAX, &c->arena, &items, &n,
                             e));
    else
        TRY(engine_outbox(c->company->engine, state, LIST_MAX, &c->arena, &items, &n, e));
    table_begin(&t, c,
                (const char *const[]){"effect", "wanted", "state", "by", "to", "record", ">tries",
                                      "why", NULL});
    for (size_t i = n; i-- > 0;) {
        if (!c->principal.all)
            hide(&items[i]);
        if (c->json) {
            outbox_json(c, &items[i]);
            continue;
        }
        table_cellz(&t, show_id(c, items[i].id));
        table_cell(&t, show_time(c, items[i].at));
        table_cellz(&t, outbox_state_name(items[i].state));
        table_cellz(&t, items[i].delivery);
        table_cell(&t, items[i].endpoint);
        table_cell(&t, outbox_subject(c, &items[i]));
        table_cellz(&t, arena_printf(&c->arena, "%u", items[i].tries));
        table_cell(&t, items[i].error);
    }
    if (t.count > 0)
        table_print(&t);
    else if (!c->json)
        io_puts(c->io, "There is nothing in the outbox.\n");
    if (n == LIST_MAX && !c->json)
        io_printf(c->io, "These are the newest %d.\n", LIST_MAX);
    return KITH_OK;
}

/* -- show -------------------------------------------------------------------------------------- */

static void print_line(struct cmd *c, const char *name, kith_str text) {
    if (text.len == 0)
        return;
    io_printf(c->io, "%-12s", name);
    io_text(c->io, text);
    io_puts(c->io, "\n");
}

static kith_status run_show(struct cmd *c, kith_error *e) {
    struct outbox_item i;
    kith_id id;
    TRY(arg_id(c, 0, &id, e));
    TRY(engine_outbox_item(c->company->engine, id, &c->arena, &i, e));
    if (c->json) {
        outbox_json(c, &i);
        return KITH_OK;
    }
    print_line(c, "effect", str_of(show_id(c, i.id)));
    print_line(c, "state", str_of(outbox_state_name(i.state)));
    print_line(c, "by", str_of(i.delivery));
    print_line(c, "to", i.endpoint);
    print_line(c, "about", outbox_subject(c, &i));
    print_line(c, "key", i.key);
    print_line(c, "wanted", show_time(c, i.at));
    print_line(c, "transaction", str_of(show_id(c, i.tx)));
    print_line(c, "cause",
               str_of(i.cause ? arena_printf(&c->arena, "row %llu of the journal",
                                             (unsigned long long)i.cause)
                              : ""));
    print_line(c, "tries", str_of(arena_printf(&c->arena, "%u", i.tries)));
    if (i.state == OUTBOX_WAITING)
        print_line(c, "next try", show_time(c, i.due));
    if (i.done)
        print_line(c, "done", show_time(c, i.done));
    print_line(c, "why", i.error);
    print_line(c, "payload", i.payload);
    print_line(c, "answer", i.answer);
    return KITH_OK;
}

/* -- queues ------------------------------------------------------------------------------------ */

static const char *queue_state(struct cmd *c, const struct outbox_queue *q) {
    if (!q->active)
        return "its module is not enabled";
    if (q->held)
        return "held";
    if (q->opened > engine_now(c->company->engine)) {
        kith_str at = show_time(c, q->opened);
        return arena_printf(&c->arena, "open until %.*s", (int)at.len, at.ptr);
    }
    return q->failures ? "failing" : "well";
}

static void json_queue(struct cmd *c, const struct outbox_queue *q) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "delivery");
    json_strz(&j, q->delivery);
    json_key(&j, "endpoint");
    json_str(&j, q->endpoint);
    json_key(&j, "waiting");
    json_int(&j, (int64_t)q->waiting);
    json_key(&j, "dead");
    json_int(&j, (int64_t)q->dead);
    json_key(&j, "failures");
    json_int(&j, q->failures);
    json_key(&j, "held");
    json_bool_(&j, q->held);
    json_key(&j, "enabled");
    json_bool_(&j, q->active);
    time_or_nil(&j, "open_until", q->opened);
    json_object_end(&j);
    json_print(c, &b);
}

static kith_status run_queues(struct cmd *c, kith_error *e) {
    struct outbox_queue *q;
    struct table t;
    size_t n;
    TRY(engine_outbox_queues(c->company->engine, &c->arena, &q, &n, e));
    table_begin(
        &t, c,
        (const char *const[]){"by", "to", ">waiting", ">dead", ">failed in a row", "state", NULL});
    for (size_t i = 0; i < n; i++) {
        if (c->json) {
            json_queue(c, &q[i]);
            continue;
        }
        table_cellz(&t, q[i].delivery);
        table_cell(&t, q[i].endpoint);
        table_cellz(&t, arena_printf(&c->arena, "%llu", (unsigned long long)q[i].waiting));
        table_cellz(&t, arena_printf(&c->arena, "%llu", (unsigned long long)q[i].dead));
        table_cellz(&t, arena_printf(&c->arena, "%u", q[i].failures));
        table_cellz(&t, queue_state(c, &q[i]));
    }
    if (t.count > 0)
        table_print(&t);
    else if (!c->json)
        io_puts(c->io, "Nothing was ever sent.\n");
    return KITH_OK;
}

/* -- send -------------------------------------------------------------------------------------- */

#define SEND_MS 60000

static kith_status run_send(struct cmd *c, kith_error *e) {
    struct engine *g = c->company->engine;
    struct engine_stats s;
    int64_t ms = SEND_MS;
    const char *text = cmd_option(c, "wait");
    if (text && (!duration_parse(str_of(text), &ms) || ms < 0))
        return err_set(e, KITH_E_INVAL, "wait", "'%s' is no time to wait, as 30s or 5m is", text);
    TRY(engine_send_start(g, e));
    kith_status st = engine_send_wait(g, ms, e);
    engine_stats(g, &s);
    if (st != KITH_OK)
        return st;
    if (!c->json)
        io_printf(c->io,
                  "What is due was sent. %llu wait%s for another try or for those, %llu %s"
                  " set aside.\n",
                  (unsigned long long)s.outbox_waiting, s.outbox_waiting == 1 ? "s" : "",
                  (unsigned long long)s.outbox_dead, s.outbox_dead == 1 ? "is" : "are");
    return KITH_OK;
}

const struct command command_outbox_list = {
    .name = "outbox list",
    .args = "",
    .help = "what was to leave the company lately, and what became of it",
    .options = {{"state", "waiting|sending|sent|dead|cancelled", "only those"},
                {"to", "ENDPOINT", "only what goes there, as to the webhook with that id"}},
    .needs = NEEDS_COMPANY,
    .open = true,
    .run = run_list,
};

const struct command command_outbox_show = {
    .name = "outbox show",
    .args = "EFFECT",
    .help = "one effect: where it goes, why, its payload, and the answer",
    .needs = NEEDS_COMPANY,
    .args_min = 1,
    .args_max = 1,
    .run = run_show,
};

const struct command command_outbox_queues = {
    .name = "outbox queues",
    .args = "",
    .help = "endpoints: how many effects wait for each, and how it is with it",
    .needs = NEEDS_COMPANY,
    .run = run_queues,
};

const struct command command_outbox_send = {
    .name = "outbox send",
    .args = "",
    .help = "send what is due, without 'kith serve', which does so by itself",
    .options = {{"wait", "DURATION", "for so long at most; 1m when it is not given"}},
    .needs = NEEDS_COMPANY,
    .run = run_send,
};
