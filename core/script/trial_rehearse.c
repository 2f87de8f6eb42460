/* SPDX-License-Identifier: Apache-2.0 */
/* A workflow is rehearsed on a copy of the company: it is begun, and time leaps from wait to wait.
 */
#include "script/trial_internal.h"

#include "base/clock.h"
#include "engine/topics.h"

#include <stdlib.h>
#include <string.h>

#define MOMENTS_MAX 1000
#define YEARS_MAX   10
#define YEAR_MS     (INT64_C(366) * 86400000)
#define TIME_NS     INT64_C(60000000000) /* that a rehearsal may take */

/* -- what belongs to the run ------------------------------------------------------------------- */

struct runs {
    kith_id items[256];
    size_t count;
};

static bool is_among(const struct runs *r, kith_id run) {
    for (size_t i = 0; i < r->count; i++)
        if (r->items[i] == run)
            return true;
    return false;
}

static bool follows(const struct trial_effect *items, size_t i, const struct runs *runs) {
    const struct trial_effect *f = &items[i];
    if (f->own || (f->run && is_among(runs, f->run)))
        return true;
    for (size_t k = i; k-- > 0;)
        if ((f->cause && items[k].row == f->cause) || (f->tx && items[k].tx == f->tx))
            return items[k].ours;
    return false;
}

/* Records of runs have no rows in the journal: whose child it is, the run says itself. */
static kith_id parent_of(const struct test_bench *b, kith_id run) {
    struct flow_run r;
    struct conn *c;
    struct arena a = {0};
    kith_id parent = 0;
    if (engine_reader(b->engine, &c, NULL) != KITH_OK)
        return 0;
    if (flow_read(b->engine, c, run, &a, &r, NULL) == KITH_OK)
        parent = r.parent;
    engine_reader_done(b->engine, c);
    arena_free(&a);
    return parent;
}

void trial_follow(const struct test_bench *b, struct trial_effect *items, size_t count,
                  kith_id run) {
    struct runs runs = {{run}, 1};
    for (size_t i = 0; i < count; i++) {
        struct trial_effect *f = &items[i];
        f->ours = follows(items, i, &runs);
        if (!f->run || is_among(&runs, f->run))
            continue;
        f->ours = f->ours || is_among(&runs, parent_of(b, f->run));
        if (f->ours && runs.count < sizeof runs.items / sizeof *runs.items)
            runs.items[runs.count++] = f->run;
    }
}

/* -- events that are said to happen ------------------------------------------------------------ */

struct happening {
    const struct test_bench *bench;
    const struct flow_rehearsal *r;
    const struct rehearsed_event *event;
    const struct rtype *type; /* of the record to which it happens; NULL: none is named */
    kith_id id;
    json_t *fields;
};

/* The newest record of the type that was written here. */
static kith_status newest(struct happening *h, const struct rtype *type, struct arena *a,
                          kith_error *e) {
    struct trial_effect *items;
    size_t n;
    TRY(trial_effects(h->bench, &h->r->since, a, &items, &n, e));
    trial_follow(h->bench, items, n, h->r->run);
    for (size_t i = 0; i < n; i++)
        if (items[i].ours && items[i].kind == TRIAL_CREATE && items[i].type == type) {
            h->type = type;
            h->id = items[i].id;
        }
    if (!h->id && h->r->type == type) {
        h->type = type;
        h->id = h->r->id;
    }
    return KITH_OK;
}

static kith_status named(struct happening *h, const char *text, kith_error *e) {
    const struct schema *s = engine_schema(h->bench->engine);
    kith_str id = str_of(text), type;
    if (!str_split(&id, '/', &type) || !id_parse(str_trim(id), &h->id))
        return err_set(e, KITH_E_INVAL, NULL, "record: '%s' is not written as TYPE/ID", text);
    return schema_find_type(s, type, &h->type, e);
}

/* A published event is about the run's record when none is named. */
static kith_status find_record(struct happening *h, struct arena *a, kith_error *e) {
    struct engine *g = h->bench->engine;
    const char *topic = h->event->topic, *dot = strchr(topic, '.');
    const char *given = json_string_value(json_object_get(h->fields, "record"));
    const struct rtype *type =
        dot ? schema_type(engine_schema(g), (kith_str){topic, (uint64_t)(dot - topic)}) : NULL;
    kith_status st = KITH_OK;
    if (given) {
        st = named(h, given, e);
    } else if (engine_topic_published(g, str_of(topic))) {
        h->type = h->r->type;
        h->id = h->r->id;
    } else if (type && strcmp(dot, ".created") != 0) {
        st = newest(h, type, a, e);
    }
    if (st == KITH_OK)
        json_object_del(h->fields, "record");
    if (st == KITH_OK && !h->type)
        h->type = type;
    return st;
}

static kith_status take_fields(struct happening *h, struct txn *t, struct assign *set, size_t *n,
                               kith_error *e) {
    const char *key;
    json_t *value;
    json_object_foreach(h->fields, key, value) {
        const struct rfield *f;
        TRY(schema_find_field(engine_schema(h->bench->engine), h->type, str_of(key), &f, e));
        char *dumped = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);
        kith_str text = str_of(dumped ? dumped : json_string_value(value));
        set[*n].field = f;
        set[(*n)++].value =
            json_is_null(value) ? value_null() : value_str(arena_str(txn_arena(t), text));
        free(dumped);
    }
    return KITH_OK;
}

static const struct rfield *state_with(const struct rtype *t, const char *state) {
    for (uint32_t i = 0; i < t->field_count; i++)
        if (t->fields[i]->kind == KITH_F_STATE && field_option(t->fields[i], str_of(state)) >= 0)
            return t->fields[i];
    return NULL;
}

/* A write_fn: what happens to a record. */
static kith_status happen(struct txn *t, void *arg, kith_error *e) {
    struct happening *h = arg;
    const char *verb = strchr(h->event->topic, '.') + 1;
    size_t n = 0;
    kith_id id;
    struct assign *set = ARENA_ARRAY(txn_arena(t), struct assign, json_object_size(h->fields) + 2);
    if (!set)
        return err_nomem(e);
    TRY(take_fields(h, t, set, &n, e));
    if (strcmp(verb, "created") == 0)
        return txn_create(t, h->type, set, n, &id, e);
    if (!h->id)
        return err_set(e, KITH_E_INVAL, NULL,
                       "to which %s? write {\"record\": \"%s/ID\"} behind the colon", h->type->name,
                       h->type->name);
    if (strcmp(verb, "deleted") == 0)
        return txn_delete(t, h->type, h->id, e);
    const struct rfield *state = state_with(h->type, verb);
    if (state)
        set[n++] = (struct assign){state, value_str(str_of(verb))};
    return txn_update(t, h->type, h->id, set, n, e);
}

/* A write_fn: it is published. */
static kith_status publish(struct txn *t, void *arg, kith_error *e) {
    const struct happening *h = arg;
    char *json = json_dumps(h->fields, JSON_COMPACT);
    if (!json)
        return err_nomem(e);
    kith_status st = txn_publish_checked(t, h->event->topic, h->type, h->id, str_of(json), e);
    free(json);
    return st;
}

static kith_status let_happen(const struct test_bench *b, const struct principal *p,
                              const struct flow_rehearsal *r, const struct rehearsed_event *ev,
                              struct arena *a, kith_error *e) {
    struct happening h = {.bench = b, .r = r, .event = ev};
    const struct write_opts o = {.principal = p, .origin = ORIGIN_CLI};
    kith_str json = ev->json.len ? ev->json : STR("{}");
    kith_status st = json_read(json, &h.fields, e);
    if (st == KITH_OK && !json_is_object(h.fields))
        st = err_set(e, KITH_E_INVAL, NULL, "what comes with it is one JSON object");
    if (st == KITH_OK)
        st = find_record(&h, a, e);
    if (st == KITH_OK)
        st = engine_write(b->engine, &o,
                          engine_topic_published(b->engine, str_of(ev->topic)) ? publish : happen,
                          &h, NULL, e);
    json_decref(h.fields);
    return st == KITH_OK ? st : err_prefix(e, "the event %s: ", ev->topic);
}

/* -- going through it -------------------------------------------------------------------------- */

/* A write_fn: begins it though it would not begin again by itself. */
static kith_status begin_again(struct txn *t, void *arg, kith_error *e) {
    struct flow_rehearsal *r = arg;
    kith_str nothing = {NULL, 0};
    struct flow_begin b = {.type = r->type,
                           .id = r->id,
                           .push = flow_given_push,
                           .arg = &nothing,
                           .later = true,
                           .always = true};
    b.rule = flow_named(r->scripts->running, r->workflow, e);
    return b.rule ? flow_begin(t, &b, &r->run, e) : KITH_E_NOTFOUND;
}

static kith_status begin(const struct test_bench *b, const struct principal *p,
                         struct flow_rehearsal *r, struct arena *a, kith_error *e) {
    const struct action *start = engine_action(b->engine, STR("workflow.start"));
    const struct write_opts o = {.principal = p, .origin = ORIGIN_CLI};
    kith_value result = value_null();
    kith_value args[] = {value_str(str_of(r->workflow)),
                         r->type ? value_link(r->id, r->type->id) : value_null(),
                         r->data.len ? value_str(r->data) : value_null()};
    kith_error why = KITH_ERROR_INIT;
    kith_status st = engine_call(b->engine, NULL, &o, start, args, a, &result, NULL, &why);
    if (st == KITH_E_CONFLICT && !r->data.len) {
        r->remark = arena_strdup(a, why.message);
        r->scripts = b->scripts;
        return engine_write(b->engine, &o, begin_again, r, NULL, e);
    }
    if (st != KITH_OK)
        return err_copy(e, &why), st;
    r->run = result.as.link.id;
    return KITH_OK;
}

static kith_status look(const struct test_bench *b, struct flow_rehearsal *r, struct arena *a,
                        struct flow_run *run, kith_error *e) {
    struct conn *c;
    TRY(engine_reader(b->engine, &c, e));
    kith_status st = flow_read(b->engine, c, r->run, a, run, e);
    engine_reader_done(b->engine, c);
    r->until = engine_now(b->engine);
    if (st == KITH_E_NOTFOUND) { /* with its record the run went */
        *run = (struct flow_run){.id = r->run, .state = FLOW_CANCELLED};
        err_clear(e);
        st = KITH_OK;
    }
    r->state = flow_state_name(run->state);
    r->waits_for = run->waits_for;
    r->result = run->result;
    r->error = run->error;
    return st;
}

/* Is the next event one that the run waits for? */
static const struct rehearsed_event *next_event(const struct flow_rehearsal *r) {
    const struct rehearsed_event *ev = &r->events[r->happened];
    return r->happened < r->event_count && r->waits_for && strstr(r->waits_for, ev->topic) ? ev
                                                                                           : NULL;
}

static kith_status go_through(const struct test_bench *b, const struct principal *p,
                              struct flow_rehearsal *r, struct arena *a, int64_t end,
                              kith_error *e) {
    int64_t last = engine_now(b->engine) + YEARS_MAX * YEAR_MS;
    r->end = REHEARSAL_CUT;
    for (int i = 0; i < MOMENTS_MAX; i++) {
        struct flow_run run;
        TRY(trial_settle(b, end, e));
        TRY(look(b, r, a, &run, e));
        const struct rehearsed_event *ev = next_event(r);
        int64_t due = engine_next_due(b->engine);
        if (flow_is_over(run.state) || run.state == FLOW_FAILED || run.error) {
            r->end = flow_is_over(run.state) ? REHEARSAL_OVER : REHEARSAL_FAILED;
            return KITH_OK;
        }
        if (ev) {
            r->happened++;
            TRY(let_happen(b, p, r, ev, a, e));
            continue;
        }
        if (due == INT64_MAX)
            r->end = REHEARSAL_WAITS;
        if (due > last)
            return KITH_OK;
        TRY(trial_advance(b, due, end, e));
    }
    return KITH_OK;
}

kith_status trial_rehearse(const struct test_bench *b, const struct principal *p,
                           struct flow_rehearsal *r, struct arena *a, kith_error *e) {
    int64_t end = clock_ticks() + TIME_NS;
    for (size_t i = 0; i < r->event_count; i++)
        if (!engine_topic_known(b->engine, str_of(r->events[i].topic)))
            return err_set(e, KITH_E_NOTFOUND, NULL, "nothing ever happens that is called '%s'",
                           r->events[i].topic);
    TRY(engine_start(b->engine, e));
    TRY(engine_drop_timers(b->engine, p, e));
    TRY(trial_settle(b, end, e));
    TRY(trial_mark(b, &r->since, e));
    TRY(begin(b, p, r, a, e));
    return go_through(b, p, r, a, end, e);
}
