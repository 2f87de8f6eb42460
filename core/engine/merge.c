/* SPDX-License-Identifier: Apache-2.0 */
/* Merge: what may be merged by whom, and the order in which it is done: what links to the others is
 * moved, they are deleted, and each leaves a redirect. Undone backwards, every record finds what it
 * links to. */
#include "base/json.h"
#include "engine/merge_internal.h"
#include "journal/run_log.h"
#include "record/redirect.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MOVED_MAX   10000    /* records that one transaction moves */
#define MOVED_GROUP 300      /* between which others write */
#define MERGE_ASKED "merge " /* how what is asked for begins */

/* -- what may be merged ------------------------------------------------------------------------ */

/* Their records are not what they seem: they speak of members, hold the bytes of a file, or are the
 * word of a person, which stays as it was said. */
static const char *const whole[] = {"segment",   "list_member", "file",
                                    "file_part", "redirect",    "consent"};

static kith_status check_type(const struct txn *t, const struct rtype *type, kith_error *e) {
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (strcmp(type->name, whole[i]) == 0)
            return err_set(e, KITH_E_UNSUPPORTED, "record_type",
                           "record_type: records of type %s are not merged", type->name);
    if (type->history == KITH_HISTORY_NONE || type->undo == KITH_UNDO_REFUSE)
        return err_set(
            e, KITH_E_UNSUPPORTED, "record_type",
            "record_type: what is done to records of type %s cannot be undone, so they are not"
            " merged",
            type->name);
    if (type_is_access(type) && !t->system && !t->principal->all)
        return err_set(e, KITH_E_DENIED, NULL,
                       "%s may not merge records of type %s, which say who may do what; an"
                       " administrator may",
                       t->principal->name, type->name);
    return KITH_OK;
}

/* One that was merged before stands for what it was merged into. The caller must be allowed to
 * change the kept one and to delete the others; what follows from it is the system's. */
static kith_status admit(struct txn *t, uint32_t kind, const struct rtype *type, kith_id *id,
                         kith_error *e) {
    struct change c = {.kind = kind, .type = type};
    TRY(txn_follow(t, type, id, e));
    c.id = *id;
    TRY(txn_lookup(t, type, *id, &c.before, e));
    if (!c.before)
        return access_absent(type, *id, e);
    TRY(txn_may_begin(t, &c, e)); /* first: who may not see it is not told that it is restricted */
    return restriction_check(type, *id, c.before, e);
}

static bool is_of(const struct open_run *r, kith_id id) {
    char text[ID_TEXT + 1];
    id_format(id, text);
    return strncmp(r->asked.ptr, MERGE_ASKED, sizeof MERGE_ASKED - 1) == 0 &&
           strstr(r->asked.ptr, text) != NULL;
}

kith_status merge_half_done(struct conn *c, kith_id id, kith_id but, struct arena *a, kith_id *run,
                            kith_error *e) {
    struct open_run *runs;
    size_t n;
    *run = 0;
    TRY(run_log_all(c, a, &runs, &n, e));
    for (size_t i = 0; i < n && *run == 0; i++)
        if (runs[i].run != but && is_of(&runs[i], id))
            *run = runs[i].run;
    return KITH_OK;
}

kith_status merge_check_done(struct txn *t, const struct rtype *type, kith_id id, kith_error *e) {
    char text[ID_TEXT + 1], run_text[ID_TEXT + 1];
    kith_id run;
    TRY(merge_half_done(t->g->writer, id, t->head.run, t->arena, &run, e));
    if (!run)
        return KITH_OK;
    id_format(id, text);
    id_format(run, run_text);
    return err_set(e, KITH_E_REFUSED, NULL,
                   "a merge of %s %s with another is not finished, and what tells about the one is"
                   " partly with the other: give that merge again, or 'kith undo %s' takes it back",
                   type->name, text, run_text);
}

static kith_status check_unfinished(struct txn *t, const struct set *s, kith_error *e) {
    TRY(merge_check_done(t, s->type, s->keep, e));
    for (size_t k = 0; k < s->count; k++)
        TRY(merge_check_done(t, s->type, s->others[k], e));
    return KITH_OK;
}

static kith_status admit_all(struct txn *t, const struct merge *m, struct set *s, kith_error *e) {
    kith_id *others = ARENA_ARRAY(t->arena, kith_id, m->count);
    if (!others)
        return err_nomem(e);
    s->others = others;
    TRY(check_type(t, m->type, e));
    TRY(admit(t, ROW_UPDATE, m->type, &s->keep, e));
    for (size_t i = 0; i < m->count; i++) {
        char text[ID_TEXT + 1];
        others[s->count] = m->others[i];
        TRY(admit(t, ROW_DELETE, m->type, &others[s->count], e));
        id_format(m->others[i], text);
        if (others[s->count] == s->keep)
            return err_set(e, KITH_E_INVAL, "others", "others: %s %s is the kept one%s",
                           m->type->name, text,
                           m->others[i] == s->keep ? "" : " already: it was merged into it");
        s->count += !set_has(s, others[s->count]);
    }
    for (size_t i = 0; i < m->pick_count; i++)
        TRY(txn_may_set(t, m->picks[i].field, e));
    return KITH_OK;
}

/* -- one set of records ------------------------------------------------------------------------ */

static kith_status read_others(struct merging *m, struct set *s, kith_error *e) {
    struct txn *t = m->txn;
    s->values = ARENA_ARRAY(t->arena, const kith_value *, s->count);
    if (!s->values)
        return err_nomem(e);
    for (size_t i = 0; i < s->count; i++)
        TRY(txn_get(t, s->type, s->others[i], &s->values[i], e));
    return KITH_OK;
}

/* One that an undo has left behind leads here from now on. */
static kith_status leave_redirect(struct merging *m, const struct set *s, const char *gone,
                                  kith_error *e) {
    const struct base_redirect *r = &m->txn->g->schema->base.redirect;
    struct assign set[] = {
        {r->gone, value_str(str_of(gone))},
        {r->kept, value_link(s->keep, s->type->id)},
    };
    kith_id known;
    TRY(redirect_of(m->txn->g->writer, m->txn->g->schema, gone, m->txn->arena, &known, e));
    return known ? txn_update(m->txn, r->type, known, set + 1, 1, e)
                 : txn_create(m->txn, r->type, set, 2, NULL, e);
}

/* What other programs knew them by, unless the kept record has it now. */
static kith_status leave_keys(struct merging *m, const struct set *s, const kith_value *values,
                              kith_error *e) {
    const kith_value *kept;
    TRY(txn_get(m->txn, s->type, s->keep, &kept, e));
    for (uint32_t i = FIELD_FIRST; i < s->type->field_count; i++) {
        const char *key = redirect_key(s->type->fields[i], &values[i], m->txn->arena);
        if (key && !value_eq(&values[i], &kept[i]))
            TRY(leave_redirect(m, s, key, e));
    }
    return KITH_OK;
}

static kith_status leave_redirects(struct merging *m, const struct set *s, kith_error *e) {
    for (size_t i = 0; i < s->count; i++) {
        char text[ID_TEXT + 1];
        id_format(s->others[i], text);
        TRY(leave_redirect(m, s, text, e));
        TRY(leave_keys(m, s, s->values[i], e));
    }
    return KITH_OK;
}

/* A record that is there has no redirect, or it would be led to itself; one that an older Kith left
 * goes. */
static kith_status drop_stale(struct merging *m, kith_id id, kith_error *e) {
    bool stale;
    TRY(redirect_leads_on(m->txn, id, &stale, e));
    return stale ? redirect_drop(m->txn, id, e) : KITH_OK;
}

/* While there is not room for all that links to the others, they stay. */
kith_status merge_set(struct merging *m, struct set *s, kith_error *e) {
    TRY(drop_stale(m, s->keep, e));
    for (size_t i = 0; i < s->count; i++)
        TRY(drop_stale(m, s->others[i], e));
    TRY(read_others(m, s, e));
    TRY(merge_write(m, s, MERGE_LINKS, e));
    TRY(merge_move(m, s, false, e));
    if (m->more)
        return KITH_OK;
    if (!s->asked || !m->filled) { /* once: moved parts take some of the others' values along */
        TRY(merge_keep_own(m, s, e));
        TRY(merge_write(m, s, MERGE_VALUES, e));
    }
    m->filled |= s->asked;
    TRY(merge_move(m, s, true, e));
    if (m->more)
        return KITH_OK;
    for (size_t i = 0; i < s->count; i++)
        TRY(txn_delete(m->txn, s->type, s->others[i], e));
    TRY(merge_write(m, s, MERGE_UNIQUE, e));
    TRY(merge_drop_all(m, s, e));
    return leave_redirects(m, s, e);
}

/* -- telling ----------------------------------------------------------------------------------- */

/* For the log: ids alone, since a note outlives what is erased. */
static kith_status put_note(struct txn *t, const struct set *s, kith_error *e) {
    char keep[ID_TEXT + 1], other[ID_TEXT + 1], more[32] = "";
    id_format(s->keep, keep);
    id_format(s->others[0], other);
    if (s->count > 1)
        snprintf(more, sizeof more, " and %zu more", s->count - 1);
    if (t->head.note.len)
        return KITH_OK;
    t->head.note = str_of(
        arena_printf(t->arena, "merge of %s %s%s into %s", s->type->name, other, more, keep));
    return t->head.note.ptr ? KITH_OK : err_nomem(e);
}

static kith_status publish(struct merging *m, const struct set *s, kith_error *e) {
    struct buf b = {0};
    struct json_out j;
    char text[ID_TEXT + 1];
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "merged");
    json_array_(&j);
    for (size_t i = 0; i < s->count; i++) {
        id_format(s->others[i], text);
        json_strz(&j, text);
    }
    json_array_end(&j);
    json_object_end(&j);
    kith_status st = b.failed
                         ? err_nomem(e)
                         : txn_publish(m->txn, "record.merged", s->type, s->keep, buf_view(&b), e);
    buf_free(&b);
    return st;
}

/* -- in a transaction -------------------------------------------------------------------------- */

static const struct action_entry *own_entry(const struct engine *g) {
    return (const struct action_entry *)engine_action(g, STR("record.merge"));
}

/* What it writes is written by the core's code, whoever asks for it. */
static kith_status merge_as_system(struct merging *m, struct set *s, kith_error *e) {
    struct txn *t = m->txn;
    const struct action_entry *own = own_entry(t->g);
    const struct source *code = t->code;
    uint32_t source = t->source;
    t->code = &own->action.source;
    t->source = own->source;
    t->system++;
    kith_status st = merge_set(m, s, e);
    if (st == KITH_OK && !m->more)
        st = publish(m, s, e);
    t->system--;
    t->code = code;
    t->source = source;
    return st;
}

static kith_status carry_out(struct merging *m, const struct merge *merge, kith_error *e) {
    struct set s = {.type = merge->type,
                    .keep = merge->keep,
                    .picks = merge->picks,
                    .pick_count = merge->pick_count,
                    .asked = true,
                    .told = true};
    TRY(access_call(m->txn, m->txn->principal, &own_entry(m->txn->g)->action, e));
    TRY(admit_all(m->txn, merge, &s, e));
    TRY(check_unfinished(m->txn, &s, e));
    TRY(put_note(m->txn, &s, e));
    m->report->keep = s.keep;
    return merge_as_system(m, &s, e);
}

kith_status txn_merge(struct txn *t, const struct merge *merge, struct arena *a,
                      struct merge_report *out, kith_error *e) {
    struct merging m = {.txn = t, .arena = a, .report = out, .room = MOVED_MAX};
    const bool before = t->merging;
    *out = (struct merge_report){0};
    t->merging = true;
    kith_status st = carry_out(&m, merge, e);
    t->merging = before;
    TRY(st);
    if (!m.more)
        return KITH_OK;
    return err_set(e, KITH_E_LIMIT, NULL,
                   "more than %d records link to what is merged; 'kith merge' does it in parts",
                   MOVED_MAX);
}

/* -- in groups --------------------------------------------------------------------------------- */

struct merge_run {
    const struct merge *merge;
    struct arena *arena;
    struct merge_report *report;
    struct parts parts;
    bool filled, more, rehearse;
};

/* May run twice: what it changes is set at its end. */
static kith_status merge_group(struct txn *t, void *arg, kith_error *e) {
    struct merge_run *r = arg;
    struct merge_report report = *r->report;
    struct merging m = {.txn = t, .arena = r->arena, .report = &report, .room = MOVED_GROUP};
    report.links = ARENA_ARRAY(r->arena, struct merge_links, report.link_cap + 1);
    if (!report.links)
        return err_nomem(e);
    if (report.link_count)
        memcpy(report.links, r->report->links, report.link_count * sizeof *report.links);
    TRY(parts_begin(t, &r->parts, e));
    m.filled = r->filled || r->parts.stage;
    TRY(carry_out(&m, r->merge, e));
    if (m.more && r->rehearse)
        return err_set(e, KITH_E_LIMIT, NULL, "the merge is too large to be tried in place");
    TRY(parts_end(t, &r->parts, m.filled, m.more, e));
    report.since = r->parts.since;
    *r->report = report;
    r->filled = m.filled;
    r->more = m.more;
    return KITH_OK;
}

/* Half a merge helps nobody. */
static kith_status give_up(struct engine *g, const struct principal *p, kith_id run,
                           struct arena *a, kith_status st, kith_error *e) {
    struct undo_report undone;
    char text[ID_TEXT + 1];
    id_format(run, text);
    if (engine_undo(g, p, run, false, a, &undone, NULL) != KITH_OK || undone.refused)
        (void)err_prefix(e, "the merge is half done, 'kith undo %s' takes it back: ", text);
    return st;
}

/* As one that was merged before it stands for another. */
static kith_status put_id(const struct merge_run *r, struct engine *g, const struct principal *p,
                          kith_id id, struct buf *b, kith_error *e) {
    char text[ID_TEXT + 1];
    TRY(engine_follow(g, p, r->merge->type, &id, r->arena, e));
    id_format(id, text);
    buf_puts(b, text);
    return KITH_OK;
}

static kith_status write_asked(const struct merge_run *r, struct engine *g,
                               const struct principal *p, struct buf *b, kith_error *e) {
    const struct merge *m = r->merge;
    buf_printf(b, MERGE_ASKED "%s ", m->type->name);
    TRY(put_id(r, g, p, m->keep, b, e));
    for (size_t i = 0; i < m->count; i++) {
        buf_puts(b, " ");
        TRY(put_id(r, g, p, m->others[i], b, e));
    }
    for (size_t i = 0; i < m->pick_count; i++) {
        buf_printf(b, " %s=", m->picks[i].field->name);
        TRY(put_id(r, g, p, m->picks[i].from, b, e));
    }
    return KITH_OK;
}

/* All of it, so that the same command is the same merge. */
static kith_status put_asked(struct merge_run *r, struct engine *g, const struct principal *p,
                             kith_error *e) {
    struct buf b = {0};
    kith_status st = write_asked(r, g, p, &b, e);
    r->parts.asked = b.failed ? (kith_str){0} : arena_str(r->arena, buf_view(&b));
    buf_free(&b);
    TRY(st);
    return r->parts.asked.ptr ? KITH_OK : err_nomem(e);
}

static kith_status merge_groups(struct engine *g, struct merge_run *r, const struct principal *p,
                                kith_id *tx, kith_error *e) {
    struct write_opts o = {.principal = p, .origin = ORIGIN_MERGE};
    do {
        kith_id id;
        kith_status st = engine_write(g, &o, merge_group, r, &id, e);
        if (st != KITH_OK)
            return r->parts.run ? give_up(g, p, r->parts.run, r->arena, st, e) : st;
        parts_written(&r->parts);
        *tx = r->parts.run ? r->parts.run : id;
    } while (r->more);
    return KITH_OK;
}

kith_status engine_merge(struct engine *g, const struct principal *p, const struct merge *m,
                         struct arena *a, struct merge_report *out, kith_id *tx, kith_error *e) {
    struct merge_run run = {.merge = m, .arena = a, .report = out};
    *out = (struct merge_report){0};
    *tx = 0;
    TRY(put_asked(&run, g, p, e));
    kith_status st = merge_groups(g, &run, p, tx, e);
    parts_done(g, &run.parts);
    return st;
}

kith_status engine_merge_rehearse(struct engine *g, const struct principal *p,
                                  const struct merge *m, struct arena *a, struct merge_report *out,
                                  struct rehearsal *effects, kith_error *e) {
    struct write_opts o = {.principal = p, .origin = ORIGIN_MERGE};
    struct merge_run run = {.merge = m, .arena = a, .report = out, .rehearse = true};
    *out = (struct merge_report){0};
    TRY(put_asked(&run, g, p, e));
    return engine_rehearse(g, &o, merge_group, &run, a, effects, e);
}
