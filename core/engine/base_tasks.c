/* SPDX-License-Identifier: Apache-2.0 */
/* What the core does when tasks change: a parent is done when its last open child is, and open
 * again when one is; and a task that repeats makes its next one when it is done. */
#include "engine/engine_internal.h"

#include <string.h>

#define CHILDREN_MAX 1000 /* of one task, that are looked at */

struct tasks {
    const struct base_task *f;
    struct fieldset family, repeat, state;
};

static bool in_state(const struct tasks *k, const kith_value *values, const char *state) {
    const kith_value *v = &values[k->f->state->index];
    return v->kind == KITH_TEXT && str_eqz(v->as.s, state);
}

/* -- parents and children ---------------------------------------------------------------------- */

struct family {
    bool open, done; /* some child is */
};

static kith_status look_at_children(const struct tasks *k, struct txn *t, kith_id parent,
                                    struct family *out, kith_error *e) {
    kith_id *ids;
    size_t n;
    TRY(record_referrers(t->g->writer, k->f->parent, parent, k->f->type->id, CHILDREN_MAX, t->arena,
                         &ids, &n, e));
    for (size_t i = 0; i < n && !out->open; i++) {
        const kith_value *v;
        TRY(txn_get(t, k->f->type, ids[i], &v, e));
        out->open |= in_state(k, v, "open");
        out->done |= in_state(k, v, "done");
    }
    return KITH_OK;
}

/* What children do moves a parent between open and done; one that was cancelled stays so. Cancelled
 * children do not count, and a parent all of whose children were cancelled stays open. */
static kith_status settle_parent(const struct tasks *k, struct txn *t, kith_id parent,
                                 kith_error *e) {
    struct family children = {0};
    const kith_value *v;
    bool there;
    TRY(record_exists(t->g->writer, k->f->type, parent, &there, e));
    if (!there)
        return KITH_OK; /* it is on its way out */
    TRY(txn_get(t, k->f->type, parent, &v, e));
    TRY(look_at_children(k, t, parent, &children, e));
    struct assign set = {k->f->state, value_null()};
    if (children.open && in_state(k, v, "done"))
        set.value = value_str(STR("open"));
    else if (!children.open && children.done && in_state(k, v, "open"))
        set.value = value_str(STR("done"));
    return set.value.kind == KITH_NULL ? KITH_OK : txn_update(t, k->f->type, parent, &set, 1, e);
}

static kith_id parent_of(const struct tasks *k, const kith_value *values) {
    const kith_value *v = values ? &values[k->f->parent->index] : NULL;
    return v && v->kind == KITH_LINK ? v->as.link.id : 0;
}

static kith_status follow_children(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct tasks *k = self;
    kith_id was = parent_of(k, c->before), is = parent_of(k, c->after);
    if (was && was != is)
        TRY(settle_parent(k, t, was, e));
    return is ? settle_parent(k, t, is, e) : KITH_OK;
}

/* -- repeating --------------------------------------------------------------------------------- */

struct repeat { /* every so many ms, or by the clock */
    int64_t every;
    struct cron cron;
};

static kith_status read_repeat(kith_str text, struct repeat *out, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    *out = (struct repeat){0};
    if (duration_parse(text, &out->every) && out->every >= 60000)
        return KITH_OK;
    out->every = 0;
    if (cron_parse(text, &out->cron, &why) == KITH_OK)
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, "repeat",
                   "repeat: '%.*s' is neither a duration of a minute or more, as 7d, nor a time in"
                   " the form of cron, as '0 9 * * mon'",
                   (int)(text.len < 60 ? text.len : 60), text.ptr);
}

static kith_status check_repeat(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct tasks *k = self;
    const kith_value *v = &c->after[k->f->repeat->index];
    struct repeat r;
    (void)t;
    return v->kind == KITH_TEXT ? read_repeat(v->as.s, &r, e) : KITH_OK;
}

/* The first time behind both the old one and now, so that what was late is not late at once again.
 * INT64_MAX: never. */
static int64_t next_due(const struct txn *t, const struct repeat *r, const kith_value *due) {
    int64_t now = t->head.at, old = due->kind == KITH_TIME ? due->as.i : now;
    if (!r->every)
        return cron_next(&r->cron, t->g->opts.zone, old > now ? old : now);
    int64_t behind = old > now ? 0 : (now - old) / r->every;
    return old > TIME_MAX - (behind + 1) * r->every ? INT64_MAX : old + (behind + 1) * r->every;
}

/* What the next task does not take over: its own times and state, and what only one may have. */
static bool is_own(const struct tasks *k, const struct rfield *f) {
    return f->index == FIELD_CREATED || f->index == FIELD_UPDATED || f == k->f->state ||
           f == k->f->due || f == k->f->reminder || field_derived(f) ||
           (f->flags & (KITH_FF_READONLY | KITH_FF_UNIQUE));
}

static kith_status make_next(const struct tasks *k, struct txn *t, const kith_value *old,
                             int64_t due, kith_error *e) {
    const kith_value *was = &old[k->f->due->index], *reminder = &old[k->f->reminder->index];
    struct assign *set = ARENA_ARRAY(t->arena, struct assign, k->f->type->field_count + 2);
    size_t n = 0;
    if (!set)
        return err_nomem(e);
    for (uint32_t i = 0; i < k->f->type->field_count; i++)
        if (!is_own(k, k->f->type->fields[i]) && old[i].kind != KITH_NULL)
            set[n++] = (struct assign){k->f->type->fields[i], old[i]};
    set[n++] = (struct assign){k->f->due, value_time(due)};
    if (reminder->kind == KITH_TIME) /* as long before as it was */
        set[n++] = (struct assign){
            k->f->reminder,
            value_time(was->kind == KITH_TIME ? due - (was->as.i - reminder->as.i) : due)};
    return txn_create(t, k->f->type, set, n, NULL, e);
}

static kith_status repeat_done(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct tasks *k = self;
    const kith_value *text = &c->after[k->f->repeat->index];
    struct repeat r;
    if (text->kind != KITH_TEXT || !in_state(k, c->after, "done") || in_state(k, c->before, "done"))
        return KITH_OK;
    TRY(read_repeat(text->as.s, &r, e));
    int64_t due = next_due(t, &r, &c->after[k->f->due->index]);
    return due == INT64_MAX ? KITH_OK : make_next(k, t, c->after, due, e);
}

/* -- registering ------------------------------------------------------------------------------- */

kith_status tasks_hooks_add(struct engine *g, kith_error *e) {
    struct tasks *k = ARENA_NEW(&g->arena, struct tasks);
    if (!k)
        return err_nomem(e);
    k->f = &g->schema->base.task;
    k->family = fieldset_of((const struct rfield *[]){k->f->parent, k->f->state, NULL});
    k->repeat = fieldset_of((const struct rfield *[]){k->f->repeat, NULL});
    k->state = fieldset_of((const struct rfield *[]){k->f->state, NULL});
    struct hook hooks[] = {
        {.on = ON_CREATE | ON_UPDATE, .fields = &k->repeat, .fn = check_repeat},
        {.on = ON_UPDATE, .after = true, .fields = &k->state, .fn = repeat_done},
        {.on = ON_CREATE | ON_UPDATE | ON_DELETE,
         .after = true,
         .fields = &k->family,
         .fn = follow_children},
    };
    for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++) {
        hooks[i].type = k->f->type;
        hooks[i].priority = -100;
        hooks[i].self = k;
        hooks[i].source = (struct source){SOURCE_CORE, "tasks", "", 0};
        TRY(engine_add_hook(g, &hooks[i], e));
    }
    return KITH_OK;
}
