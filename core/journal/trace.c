/* SPDX-License-Identifier: Apache-2.0 */
/* Trace: "why does this field have this value?", and the reversal of one row. */
#include "base/id.h"
#include "journal/compact.h"
#include "journal/gone.h"
#include "record/redirect.h"

#include <string.h>

/* -- why --------------------------------------------------------------------------------------- */

#define WHY_STEPS_MAX 64

struct search {
    const struct schema *schema;
    const struct rfield *field;
    struct arena *arena;
    struct why_step step;
    bool found;
};

static kith_status find_field(void *arg, const struct journal_row *row, kith_error *e) {
    struct search *s = arg;
    struct image_field *fields;
    size_t n;
    if (row->kind == ROW_EVENT)
        return KITH_OK;
    TRY(image_decode(s->schema, row, s->arena, &fields, &n, e));
    for (size_t i = 0; i < n; i++)
        if (fields[i].field_id == s->field->id) {
            s->step.row = *row;
            s->step.row.image = (kith_str){0};
            s->step.change = fields[i];
            s->found = true;
            return KITH_E_LIMIT; /* found: ends the walk */
        }
    return KITH_OK;
}

static kith_status fill_step(struct conn *c, struct why_step *w, struct arena *a, kith_error *e) {
    uint32_t source = w->change.source ? w->change.source : w->row.source;
    TRY(journal_tx_read(c, w->row.tx, a, &w->tx, e));
    TRY(journal_source(c, w->tx.actor, a, &w->actor, e));
    w->source = (struct source){.name = "", .version = ""};
    if (source)
        TRY(journal_source(c, source, a, &w->source, e));
    if (w->row.kind == ROW_EVENT) {
        uint32_t topic, version;
        kith_str json;
        TRY(image_decode_event(&w->row, &topic, &version, &json, e));
        TRY(journal_topic_name(c, topic, a, &w->topic, e));
    }
    return KITH_OK;
}

kith_status journal_why_row(struct conn *c, uint64_t seq, struct arena *a, struct why_step *out,
                            kith_error *e) {
    *out = (struct why_step){0};
    TRY(journal_row_read(c, seq, a, &out->row, e));
    return fill_step(c, out, a, e);
}

kith_status journal_why(struct conn *c, const struct schema *s, kith_id record,
                        const struct rfield *field, struct arena *a, struct why_step **steps,
                        size_t *count, kith_error *e) {
    struct search look = {.schema = s, .field = field, .arena = a};
    struct why_step *out = ARENA_ARRAY(a, struct why_step, WHY_STEPS_MAX);
    kith_error ignored = KITH_ERROR_INIT;
    *count = 0;
    *steps = out;
    if (!out)
        return err_nomem(e);
    kith_status st = journal_before(c, record, UINT64_MAX, find_field, &look, &ignored);
    if (st != KITH_OK && !look.found) {
        err_copy(e, &ignored);
        return st;
    }
    if (!look.found)
        return KITH_OK;
    struct journal_start start;
    TRY(journal_start(c, &start, e));
    out[0] = look.step;
    TRY(fill_step(c, &out[0], a, e));
    for (size_t n = 0;;) {
        uint64_t cause = out[n].row.cause ? out[n].row.cause : out[n].tx.cause;
        *count = ++n;
        if (cause <= start.seq || n == WHY_STEPS_MAX) /* 0, or what is not kept */
            return KITH_OK;
        TRY(journal_why_row(c, cause, a, &out[n], e));
    }
}

/* -- the reversal of one row ------------------------------------------------------------------- */

struct undo {
    struct conn *conn;
    const struct schema *schema;
    const struct journal_row *row;
    const struct rtype *type;
    struct arena *arena;
    const struct undo_ops *ops;
    struct image_field *fields;
    size_t count;
};

static kith_status tell(struct undo *u, enum undo_outcome outcome, const char *field,
                        const char *reason, kith_error *e) {
    struct undo_item item = {outcome, u->type, u->row->record, u->row->kind, field, reason, 0};
    return u->ops->report(u->ops->arg, &item, e);
}

/* Applies and reports; a refusal of this row is reported and does not end the undo. */
static kith_status apply(struct undo *u, const struct undo_fields *back, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    kith_status st = u->ops->apply(u->ops->arg, u->row->kind, u->type, u->row->record, back, &why);
    switch (st) {
    case KITH_OK:
        return tell(u, UNDO_REVERSED, NULL, NULL, e);
    case KITH_E_REFUSED:
    case KITH_E_INVAL:
    case KITH_E_CONFLICT:
    case KITH_E_NOTFOUND:
    case KITH_E_DENIED:
        return tell(u, UNDO_REFUSED, why.field[0] ? why.field : NULL, why.message, e);
    default:
        err_copy(e, &why);
        return st;
    }
}

/* Was the field written last by what merged that record? Somebody may have led the link to the kept
 * one before, or since. */
static kith_status moved_by_merge(struct undo *u, const struct rfield *f, kith_id merged, bool *yes,
                                  kith_error *e) {
    struct search look = {.schema = u->schema, .field = f, .arena = u->arena};
    kith_error ignored = KITH_ERROR_INIT;
    char gone[ID_TEXT + 1];
    kith_id redirect;
    id_format(merged, gone);
    TRY(redirect_of(u->conn, u->schema, gone, u->arena, &redirect, e));
    kith_status st =
        journal_before(u->conn, u->row->record, UINT64_MAX, find_field, &look, &ignored);
    *yes = !look.found; /* it is not kept any more */
    if (look.found)
        return gone_together(u->conn, look.step.row.tx, redirect, u->arena, yes, e);
    if (st != KITH_OK)
        err_copy(e, &ignored);
    return st;
}

/* Is it what the row left? A link is, too, when what it led to was merged into what it leads to
 * now: the merge has moved it, and nobody edited it. */
static kith_status is_left(struct undo *u, const struct rfield *f, const kith_value *left,
                           const kith_value *now, bool *yes, kith_error *e) {
    const struct rtype *t = schema_type_by_id(u->schema, left->as.link.type);
    kith_id kept = 0;
    *yes = value_eq(left, now);
    if (*yes || left->kind != KITH_LINK || now->kind != KITH_LINK || !t ||
        now->as.link.type != left->as.link.type)
        return KITH_OK;
    TRY(redirect_find(u->conn, t, left->as.link.id, u->arena, &kept, e));
    return kept == now->as.link.id ? moved_by_merge(u, f, left->as.link.id, yes, e) : KITH_OK;
}

static bool is_stamp(const struct rfield *f) {
    return f->index == FIELD_UPDATED || f->index == FIELD_CREATED;
}

/* The field that differs from what the row left behind, or NULL. */
static kith_status edited_field(struct undo *u, const kith_value *now, const struct rfield **out,
                                kith_error *e) {
    static const kith_value null = {0};
    *out = NULL;
    for (uint32_t i = 0; i < u->type->field_count && !*out; i++) {
        const struct rfield *f = u->type->fields[i];
        const kith_value *left = &null;
        for (size_t k = 0; k < u->count; k++)
            if (u->fields[k].field == f)
                left = &u->fields[k].after;
        bool same = is_stamp(f) || field_derived(f);
        if (!same)
            TRY(is_left(u, f, left, &now[i], &same, e));
        *out = same ? NULL : f;
    }
    return KITH_OK;
}

static kith_status undo_create(struct undo *u, const kith_value *now, kith_error *e) {
    const struct rfield *f;
    TRY(edited_field(u, now, &f, e));
    if (f)
        return tell(u, UNDO_KEPT, f->name, "it was edited since", e);
    return apply(u, &(struct undo_fields){NULL, 0, NULL}, e);
}

/* A state that has moved on since: what was written with it, as the time of it, belongs to it. */
static kith_status moved_on(struct undo *u, const kith_value *now, bool *yes, kith_error *e) {
    *yes = false;
    for (size_t i = 0; i < u->count && !*yes; i++) {
        const struct rfield *f = u->fields[i].field;
        bool left = true;
        if (f && f->type == u->type && f->kind == KITH_F_STATE)
            TRY(is_left(u, f, &u->fields[i].after, &now[f->index], &left, e));
        *yes = !left;
    }
    return KITH_OK;
}

/* Of a module, which works it out by other fields. */
static bool is_worked_out(const struct rfield *f) {
    return (f->flags & KITH_FF_READONLY) && strcmp(f->module, "core") != 0;
}

static void all_worked_out(const struct rtype *t, struct fieldset *out) {
    for (uint32_t i = 0; i < t->field_count; i++)
        if (is_worked_out(t->fields[i]))
            fieldset_add(out, i);
}

/* Those that hooks did not work out again are as somebody left them. */
static kith_status tell_held(struct undo *u, const struct fieldset *held, const kith_value *before,
                             kith_error *e) {
    const kith_value *now;
    TRY(record_get(u->conn, u->type, u->row->record, u->arena, &now, e));
    for (uint32_t i = 0; now && i < u->type->field_count; i++)
        if (fieldset_has(held, i) && value_eq(&before[i], &now[i]))
            TRY(tell(u, UNDO_KEPT, u->type->fields[i]->name, "it was edited since", e));
    return KITH_OK;
}

static kith_status undo_update(struct undo *u, const kith_value *now, kith_error *e) {
    bool stays;
    struct fieldset held = {{0}}, again = {{0}};
    bool any = false;
    TRY(moved_on(u, now, &stays, e));
    stays &= !u->ops->all; /* to a moment all goes back */
    struct image_field *back = ARENA_ARRAY(u->arena, struct image_field, u->count + 1);
    size_t n = 0;
    if (!back)
        return err_nomem(e);
    for (size_t i = 0; i < u->count; i++) {
        const struct rfield *f = u->fields[i].field;
        bool left = false;
        if (f)
            TRY(is_left(u, f, &u->fields[i].after, &now[f->index], &left, e));
        if (!f)
            TRY(tell(u, UNDO_REFUSED, NULL, "a field is retired or of a module that is not enabled",
                     e));
        else if (!left && is_worked_out(f)) {
            fieldset_add(&held, f->index);
            any = true;
        } else if (!left)
            TRY(tell(u, UNDO_KEPT, f->name, "it was edited since", e));
        else if (stays)
            TRY(tell(u, UNDO_KEPT, f->name, "its state has moved on since", e));
        else
            back[n++] = u->fields[i];
    }
    if (any)
        all_worked_out(u->type, &again);
    if (n)
        TRY(apply(u, &(struct undo_fields){back, n, any ? &again : NULL}, e));
    return any ? tell_held(u, &held, now, e) : KITH_OK;
}

kith_status journal_undo_row(struct conn *c, const struct schema *s, const struct journal_row *row,
                             struct arena *a, const struct undo_ops *ops, kith_error *e) {
    struct undo u = {c, s, row, schema_type_by_id(s, row->type), a, ops, NULL, 0};
    if (row->kind == ROW_EVENT)
        return KITH_OK; /* what was said cannot be unsaid */
    if (!u.type)
        return tell(&u, UNDO_REFUSED, NULL, "its module is not enabled", e);
    if (row->image.len == 0)
        return tell(&u, UNDO_REFUSED, NULL, "what it was has been erased", e);
    if (u.type->undo == KITH_UNDO_REFUSE && !ops->all)
        return tell(&u, UNDO_REFUSED, NULL, "records of this type are never undone", e);
    TRY(image_decode(s, row, a, &u.fields, &u.count, e));
    const kith_value *now;
    TRY(record_get(c, u.type, row->record, a, &now, e));
    if (row->kind == ROW_DELETE)
        return now ? tell(&u, UNDO_KEPT, NULL, "it exists again", e)
                   : apply(&u, &(struct undo_fields){u.fields, u.count, NULL}, e);
    if (!now)
        return tell(&u, UNDO_KEPT, NULL, "it was deleted since", e);
    return row->kind == ROW_CREATE ? undo_create(&u, now, e) : undo_update(&u, now, e);
}
