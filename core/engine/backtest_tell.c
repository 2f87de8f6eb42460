/* SPDX-License-Identifier: Apache-2.0 */
/* Backtest: what came of it, in sums and samples. */
#include "base/json.h"
#include "engine/backtest_internal.h"
#include "engine/flow.h"
#include "journal/window.h"

#include <stdlib.h>
#include <string.h>

/* Room for one more in a list of the report, zeroed; NULL: no memory. */
#define ADD(b, list)                                                                               \
    (add((b)->arena, (void **)&(b)->out->list##s, &(b)->out->list##_count, &(b)->out->list##_cap,  \
         sizeof *(b)->out->list##s))

static void *add(struct arena *a, void **items, size_t *count, size_t *cap, size_t size) {
    char *more = arena_grow(a, *items, *count, cap, size);
    if (!more)
        return NULL;
    *items = more;
    return memset(more + size * (*count)++, 0, size);
}

/* -- how often each began ---------------------------------------------------------------------- */

static kith_status rule_of(struct backtest *b, uint32_t number, struct backtest_rule **out,
                           kith_error *e) {
    struct backtest_report *r = b->out;
    for (size_t i = 0; i < r->rule_count; i++)
        if (r->rules[i].number == number) {
            *out = &r->rules[i];
            return KITH_OK;
        }
    struct backtest_rule *rule = *out = ADD(b, rule);
    if (!rule || !(rule->days = ARENA_ARRAY(b->arena, uint64_t, r->day_count)))
        return err_nomem(e);
    rule->number = number;
    return journal_source(b->g->writer, number, b->arena, &rule->source, e);
}

static kith_status count_begin(struct backtest *b, uint32_t number, int64_t at, kith_error *e) {
    struct backtest_rule *rule;
    int64_t day = (at - b->out->since) / BACKTEST_DAY;
    TRY(rule_of(b, number, &rule, e));
    rule->began++;
    if (day >= 0 && (size_t)day < b->out->day_count)
        rule->days[day]++;
    return KITH_OK;
}

static const char *rule_name(const char *source) {
    const char *name = strstr(source, ": ");
    return name ? name + 2 : source;
}

static kith_status sample_of(struct backtest *b, struct occasion *o, const char *rule,
                             kith_error *e) {
    if (o->sample || b->out->sample_count >= b->o->samples)
        return KITH_OK;
    if (!b->out->samples) { /* they do not move: occasions point to them */
        b->out->samples = ARENA_ARRAY(b->arena, struct backtest_sample, b->o->samples);
        if (!b->out->samples)
            return err_nomem(e);
    }
    o->sample = &b->out->samples[b->out->sample_count++];
    *o->sample = (struct backtest_sample){
        .at = o->at, .rule = arena_strdup(b->arena, rule_name(rule)), .type = o->type, .id = o->id};
    return o->sample->rule ? KITH_OK : err_nomem(e);
}

kith_status tell_began(struct backtest *b, const struct occasion *o, kith_error *e) {
    return count_begin(b, o->number, o->at, e);
}

/* -- effects ----------------------------------------------------------------------------------- */

static kith_status count_effect(struct backtest *b, uint32_t kind, const struct rtype *type,
                                const char *what, uint32_t number, kith_error *e) {
    struct backtest_report *r = b->out;
    for (size_t i = 0; i < r->effect_count; i++) {
        struct backtest_effect *x = &r->effects[i];
        if (x->kind == kind && x->type == type && x->number == number &&
            (x->what == what || (x->what && what && strcmp(x->what, what) == 0))) {
            x->count++;
            return KITH_OK;
        }
    }
    struct backtest_effect *x = ADD(b, effect);
    if (!x)
        return err_nomem(e);
    *x = (struct backtest_effect){.kind = kind,
                                  .type = type,
                                  .what = what ? arena_strdup(b->arena, what) : NULL,
                                  .number = number,
                                  .count = 1};
    return number ? journal_source(b->g->writer, number, b->arena, &x->source, e) : KITH_OK;
}

static kith_status count_hit(struct backtest *b, const struct occasion *o, const struct rtype *type,
                             kith_id id, kith_error *e) {
    uintptr_t at = (uintptr_t)map_get_u64(&b->hits, id);
    if (past_made(b, id))
        return KITH_OK;
    if (at) {
        struct backtest_hit *hit = &b->all_hits[at - 1];
        b->out->hit_twice += hit->last != o->serial && hit->count == 1;
        hit->count += hit->last != o->serial;
        hit->last = o->serial;
        return KITH_OK;
    }
    struct backtest_hit *more =
        arena_grow(b->arena, b->all_hits, b->all_count, &b->all_cap, sizeof *more);
    if (!more)
        return err_nomem(e);
    b->all_hits = more;
    more[b->all_count++] = (struct backtest_hit){type, id, 1, o->serial};
    return map_put_u64(&b->hits, id, (void *)(uintptr_t)b->all_count) ? KITH_OK : err_nomem(e);
}

/* -- conflicts --------------------------------------------------------------------------------- */

struct clash {
    struct backtest *b;
    const struct rfield *field;
    kith_id id;
    const kith_value *value;
    int64_t at;
    uint64_t seq; /* what led to it, and is no edit of somebody else's after it */
};

static kith_status add_clash(struct clash *x, uint32_t number, bool before, kith_error *e) {
    struct backtest_report *r = x->b->out;
    for (size_t i = 0; i < r->conflict_count; i++) {
        struct backtest_conflict *c = &r->conflicts[i];
        if (c->field == x->field && c->number == number) {
            c->count++;
            c->before |= before;
            c->after |= !before;
            return KITH_OK;
        }
    }
    if (r->conflict_count == BACKTEST_KINDS) {
        r->more_conflicts++;
        return KITH_OK;
    }
    struct backtest_conflict *c = ADD(x->b, conflict);
    if (!c)
        return err_nomem(e);
    *c = (struct backtest_conflict){.field = x->field,
                                    .number = number,
                                    .before = before,
                                    .after = !before,
                                    .count = 1,
                                    .id = x->id,
                                    .at = x->at};
    return journal_source(x->b->g->writer, number, x->b->arena, &c->source, e);
}

/* Who wrote it: the hook that set the field, the code that wrote the row, or who asked. */
static kith_status writer_of(struct backtest *b, const struct journal_row *row,
                             const struct image_field *f, uint32_t *number, kith_error *e) {
    struct tx_head tx;
    *number = f->source ? f->source : row->source;
    if (*number)
        return KITH_OK;
    TRY(journal_tx_read(b->g->writer, row->tx, &b->g->work, &tx, e));
    *number = tx.actor;
    return KITH_OK;
}

static kith_status look_at_update(void *arg, const struct journal_row *row, kith_error *e) {
    struct clash *x = arg;
    struct backtest *b = x->b;
    struct image_field *fields;
    size_t n;
    TRY(image_decode(b->g->schema, row, &b->g->work, &fields, &n, e));
    for (size_t i = 0; i < n; i++) {
        uint32_t number;
        bool ours;
        if (fields[i].field != x->field || value_eq(&fields[i].after, x->value))
            continue;
        TRY(writer_of(b, row, &fields[i], &number, e));
        TRY(backtest_ours(b, number, &ours, e));
        if (!ours)
            TRY(add_clash(x, number, row->seq <= x->seq, e));
    }
    return KITH_OK;
}

static kith_status find_clashes(struct backtest *b, const struct rfield *f, kith_id id,
                                const kith_value *value, int64_t at, kith_error *e) {
    struct clash x = {b, f, id, value, at, b->past.seq};
    if (past_made(b, id))
        return KITH_OK;
    return window_updates(b->g->writer, id, at - BACKTEST_DAY, at + BACKTEST_DAY, b->head,
                          look_at_update, &x, e);
}

/* -- rows -------------------------------------------------------------------------------------- */

static kith_status keep_sample(struct backtest *b, struct occasion *o,
                               const struct journal_row *row, const char *topic, kith_str data,
                               const struct image_field *fields, size_t count, kith_error *e) {
    struct backtest_sample *s = o->sample;
    if (!s)
        return KITH_OK;
    struct effect *more = arena_grow(b->arena, s->effects, s->count, &s->cap, sizeof *more);
    struct image_field *own = ARENA_ARRAY(b->arena, struct image_field, count + 1);
    if (!more || !own)
        return err_nomem(e);
    for (size_t i = 0; i < count; i++) {
        own[i] = fields[i];
        own[i].before = value_copy(b->arena, &fields[i].before);
        own[i].after = value_copy(b->arena, &fields[i].after);
    }
    s->effects = more;
    struct effect *x = &more[s->count++];
    *x = (struct effect){.kind = row->kind,
                         .type = schema_type_by_id(b->g->schema, row->type),
                         .id = row->record,
                         .topic = topic,
                         .data = data.len ? arena_str(b->arena, data) : data,
                         .fields = own,
                         .field_count = count};
    return row->source ? journal_source(b->g->writer, row->source, b->arena, &x->source, e)
                       : KITH_OK;
}

/* Runs of workflows tell of themselves by events. */
static kith_status tell_run(struct backtest *b, struct occasion *o, const char *topic,
                            kith_str json, uint32_t number, kith_error *e) {
    bool began = strcmp(topic, "workflow.started") == 0;
    json_t *root = NULL;
    if (!began && strcmp(topic, "workflow.ended") != 0)
        return KITH_OK;
    if (began)
        return o->rule && o->number == number ? KITH_OK : count_begin(b, number, o->at, e);
    TRY(json_read(json, &root, e));
    const char *why = json_string_value(json_object_get(root, "error"));
    struct occasion run = *o;
    run.number = number;
    kith_status st = why ? tell_failure(b, &run, why, false, e) : KITH_OK;
    json_decref(root);
    return st;
}

static kith_status tell_event(struct backtest *b, struct occasion *o, const struct journal_row *row,
                              kith_error *e) {
    const struct rtype *type = schema_type_by_id(b->g->schema, row->type);
    uint32_t topic, version;
    const char *name;
    kith_str json;
    TRY(image_decode_event(row, &topic, &version, &json, e));
    TRY(journal_topic_name(b->g->writer, topic, b->arena, &name, e));
    if (strncmp(name, "workflow.", 9) == 0)
        return tell_run(b, o, name, json, row->source, e);
    TRY(count_effect(b, ROW_EVENT, type, name, row->source, e));
    return keep_sample(b, o, row, name, json, NULL, 0, e);
}

static kith_status tell_update(struct backtest *b, const struct journal_row *row,
                               const struct rtype *type, const struct image_field *fields,
                               size_t count, int64_t at, kith_error *e) {
    for (size_t i = 0; i < count; i++) {
        const struct rfield *f = fields[i].field;
        if (!f)
            continue;
        TRY(count_effect(b, ROW_UPDATE, type, f->name, row->source, e));
        TRY(find_clashes(b, f, row->record, &fields[i].after, at, e));
    }
    return KITH_OK;
}

kith_status tell_row(struct backtest *b, struct occasion *o, const struct journal_row *row,
                     kith_error *e) {
    const struct rtype *type = schema_type_by_id(b->g->schema, row->type);
    struct image_field *fields;
    struct source source = {.name = ""};
    size_t count;
    if (row->source)
        TRY(journal_source(b->g->writer, row->source, &b->g->work, &source, e));
    TRY(sample_of(b, o, o->rule ? o->rule->name : source.name, e));
    if (row->kind == ROW_EVENT)
        return tell_event(b, o, row, e);
    TRY(image_decode(b->g->schema, row, &b->g->work, &fields, &count, e));
    TRY(count_hit(b, o, type, row->record, e));
    if (row->kind == ROW_UPDATE)
        TRY(tell_update(b, row, type, fields, count, o->at, e));
    else
        TRY(count_effect(b, row->kind, type, NULL, row->source, e));
    return keep_sample(b, o, row, NULL, (kith_str){0}, fields, count, e);
}

kith_status tell_set(struct backtest *b, struct occasion *o, const struct change *c,
                     kith_error *e) {
    struct journal_row row = {
        .kind = c->kind, .type = c->type->id, .record = c->id, .source = o->number};
    bool any = false;
    for (uint32_t i = 0; i < c->type->field_count; i++) {
        if (c->sources[i] != o->number)
            continue;
        struct image_field f = {.field = c->type->fields[i],
                                .before = c->before ? c->before[i] : value_null(),
                                .after = c->after[i]};
        any = true;
        TRY(count_effect(b, 0, c->type, f.field->name, o->number, e));
        TRY(find_clashes(b, f.field, c->id, &c->after[i], o->at, e));
        TRY(sample_of(b, o, o->rule->name, e));
        TRY(keep_sample(b, o, &row, NULL, (kith_str){0}, &f, 1, e));
        c->sources[i] = 0; /* told; the next hook may set it again */
    }
    return any ? count_hit(b, o, c->type, c->id, e) : KITH_OK;
}

/* -- failures ---------------------------------------------------------------------------------- */

static kith_status find_failure(struct backtest *b, const struct occasion *o, const char *rule,
                                const char *message, bool refused, kith_error *e) {
    struct backtest_report *r = b->out;
    for (size_t i = 0; i < r->failure_count; i++) {
        struct backtest_failure *f = &r->failures[i];
        if (f->refused == refused && strcmp(f->message, message) == 0 &&
            strcmp(f->rule, rule) == 0) {
            f->count++;
            return KITH_OK;
        }
    }
    if (r->failure_count == BACKTEST_KINDS) {
        r->more_failures++;
        return KITH_OK;
    }
    struct backtest_failure *f = ADD(b, failure);
    if (!f)
        return err_nomem(e);
    *f = (struct backtest_failure){.type = o->type,
                                   .id = o->id,
                                   .at = o->at,
                                   .rule = arena_strdup(b->arena, rule),
                                   .message = arena_strdup(b->arena, message),
                                   .refused = refused,
                                   .count = 1};
    return f->rule && f->message ? KITH_OK : err_nomem(e);
}

kith_status tell_failure(struct backtest *b, struct occasion *o, const char *message, bool refused,
                         kith_error *e) {
    struct backtest_rule *rule;
    TRY(rule_of(b, o->number, &rule, e));
    rule->failed += !refused;
    rule->refused += refused;
    const char *name = rule_name(rule->source.name);
    TRY(find_failure(b, o, name, message, refused, e));
    TRY(sample_of(b, o, rule->source.name, e));
    if (!o->sample || o->sample->message)
        return KITH_OK;
    o->sample->message = arena_strdup(b->arena, message);
    return o->sample->message ? KITH_OK : err_nomem(e);
}

/* -- what would leave the company -------------------------------------------------------------- */

static kith_status count_sent(struct backtest *b, const struct outbox_item *item, kith_error *e) {
    struct backtest_report *r = b->out;
    for (size_t i = 0; i < r->sent_count; i++)
        if (strcmp(r->sent[i].delivery, item->delivery) == 0 &&
            str_eqz(item->endpoint, r->sent[i].endpoint)) {
            r->sent[i].count++;
            return KITH_OK;
        }
    struct backtest_sent *s =
        add(b->arena, (void **)&r->sent, &r->sent_count, &r->sent_cap, sizeof *s);
    if (!s)
        return err_nomem(e);
    s->delivery = arena_strdup(b->arena, item->delivery);
    s->endpoint = arena_strndup(b->arena, item->endpoint.ptr, item->endpoint.len);
    s->count = 1;
    return s->delivery && s->endpoint ? KITH_OK : err_nomem(e);
}

kith_status tell_sent(struct backtest *b, kith_error *e) {
    struct outbox_item *items;
    kith_id high;
    size_t n;
    TRY(outbox_high_id(b->g->writer, &high, e));
    if (high == b->sent)
        return KITH_OK;
    TRY(outbox_since(b->g->writer, b->sent, &b->g->work, &items, &n, e));
    b->sent = high;
    for (size_t i = 0; i < n; i++)
        TRY(count_sent(b, &items[i], e));
    return KITH_OK;
}

/* -- the end ----------------------------------------------------------------------------------- */

static int by_count(const void *x, const void *y) {
    const struct backtest_hit *a = x, *b = y;
    return a->count > b->count ? -1 : a->count < b->count ? 1 : a->id < b->id ? -1 : 1;
}

/* The source of the run's workflow, which has begun. */
static kith_status number_of_run(struct backtest *b, const struct base_workflow_run *f,
                                 const kith_value *v, uint32_t *number, kith_error *e) {
    kith_str file = v[f->file->index].as.s, name = v[f->workflow->index].as.s;
    const char *source =
        arena_printf(&b->g->work, "%.*s: %.*s", (int)file.len, file.ptr, (int)name.len, name.ptr);
    if (!source)
        return err_nomem(e);
    *number = 0;
    for (size_t i = 0; i < b->out->rule_count; i++)
        if (strcmp(b->out->rules[i].source.name, source) == 0)
            *number = b->out->rules[i].number;
    return KITH_OK;
}

/* One that is tried again may have had no time for it. */
static kith_status look_at_run(struct backtest *b, const struct base_workflow_run *f,
                               const kith_value *v, kith_error *e) {
    const kith_value *about = &v[f->about->index], *why = &v[f->error->index];
    struct source s = {SOURCE_RULE, "", "", 0};
    kith_str state = v[f->state->index].as.s;
    b->out->waiting += str_eqz(state, flow_state_name(FLOW_WAITING));
    if (!str_eqz(state, flow_state_name(FLOW_RETRYING)) || why->kind != KITH_TEXT)
        return KITH_OK;
    struct occasion o = {.at = v[FIELD_CREATED].as.i, .rule = &s};
    if (about->kind == KITH_LINK) {
        o.type = schema_type_by_id(b->g->schema, about->as.link.type);
        o.id = about->as.link.id;
    }
    TRY(number_of_run(b, f, v, &o.number, e));
    return o.number ? tell_failure(b, &o, why->as.s.ptr, false, e) : KITH_OK;
}

static kith_status count_waiting(struct backtest *b, kith_error *e) {
    const struct base_workflow_run *f = &b->g->schema->base.workflow_run;
    struct arena a = {0};
    kith_id *ids = NULL;
    size_t n = 0;
    kith_status st = record_ids(b->g->writer, f->type, INT64_MAX, &a, &ids, &n, e);
    for (size_t i = 0; st == KITH_OK && i < n; i++) {
        const kith_value *v;
        if (ids[i] <= b->high)
            continue;
        st = record_get(b->g->writer, f->type, ids[i], &a, &v, e);
        if (st == KITH_OK && v)
            st = look_at_run(b, f, v, e);
    }
    arena_free(&a);
    return st;
}

kith_status tell_end(struct backtest *b, kith_error *e) {
    struct backtest_report *r = b->out;
    r->hit_records = b->all_count;
    if (b->all_count)
        qsort(b->all_hits, b->all_count, sizeof *b->all_hits, by_count);
    r->hits = b->all_hits;
    while (r->hit_count < b->all_count && r->hit_count < BACKTEST_TWICE &&
           b->all_hits[r->hit_count].count > 1)
        r->hit_count++;
    return count_waiting(b, e);
}
