/* SPDX-License-Identifier: Apache-2.0 */
/* History as of a time: which moment people mean, and who may see what was there then. */
#include "base/id.h"
#include "engine/engine_internal.h"
#include "record/access.h"

#include <stdio.h>

#define STAMP 80 /* "2026-05-01 23:59:59" and NUL, in the company's zone */

static const char *stamp(const struct engine *g, int64_t ms, char out[STAMP]) {
    struct civil c = zone_local(engine_zone(g), ms);
    snprintf(out, STAMP, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day, c.hour, c.minute,
             c.second);
    return out;
}

/* -- which moment ------------------------------------------------------------------------------ */

/* The last millisecond of a day, which may be longer or shorter than others. */
static int64_t day_end(const struct engine *g, int64_t day) {
    return zone_day(engine_zone(g), day + 1) - 1;
}

static kith_status of_transaction(struct engine *g, kith_id tx, struct arena *a, struct moment *out,
                                  kith_error *e) {
    struct conn *c;
    struct tx_head head;
    TRY(engine_reader(g, &c, e));
    kith_status st = journal_tx_read(c, tx, a, &head, e);
    engine_reader_done(g, c);
    TRY(st);
    *out = (struct moment){.at = head.at, .seq = head.last};
    return KITH_OK;
}

/* Of today the whole day is meant, what is left of it included. */
static kith_status not_to_come(struct engine *g, kith_str text, int64_t from, kith_error *e) {
    if (from <= engine_now(g))
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, NULL, "%.*s is still to come: nothing is known of it",
                   (int)(text.len < 40 ? text.len : 40), text.ptr);
}

kith_status engine_moment(struct engine *g, kith_str text, struct arena *a, struct moment *out,
                          kith_error *e) {
    int64_t day;
    kith_id tx;
    text = str_trim(text);
    *out = (struct moment){0};
    if (id_parse(text, &tx))
        return of_transaction(g, tx, a, out, e);
    if (date_parse(text, false, &day) && day < DATE_MAX) {
        out->at = day_end(g, day);
        return not_to_come(g, text, day_end(g, day - 1) + 1, e);
    }
    if (time_parse(text, false, engine_zone(g), &out->at))
        return not_to_come(g, text, out->at, e);
    return err_set(e, KITH_E_INVAL, NULL,
                   "'%.*s' is no moment; write a day as 2026-05-01, a time as '2026-05-01 17:00',"
                   " or the id of a transaction",
                   (int)(text.len < 40 ? text.len : 40), text.ptr);
}

/* -- what was there ---------------------------------------------------------------------------- */

static kith_status not_there(struct engine *g, const struct rtype *t, kith_id id,
                             const struct moment *when, const struct past_record *p,
                             kith_error *e) {
    char text[ID_TEXT + 1], then[STAMP], other[STAMP];
    id_format(id, text);
    stamp(g, when->at, then);
    if (p->state == PAST_FORGOTTEN)
        return err_set(e, KITH_E_NOTFOUND, NULL,
                       "what %s %s was at %s is not known any more: the journal is kept from %s on",
                       t->name, text, then, stamp(g, p->start.at, other));
    if (p->state == PAST_NEVER && p->start.seq)
        return err_set(
            e, KITH_E_NOTFOUND, NULL,
            "there is no %s %s, and there was none since %s; what was before is not kept", t->name,
            text, stamp(g, p->start.at, other));
    if (p->state == PAST_NEVER)
        return err_set(e, KITH_E_NOTFOUND, NULL, "there is no %s %s, and there never was", t->name,
                       text);
    if (p->state == PAST_NOT_YET)
        return err_set(e, KITH_E_NOTFOUND, NULL, "%s %s did not exist yet at %s; it was made at %s",
                       t->name, text, then, stamp(g, p->made, other));
    return err_set(e, KITH_E_NOTFOUND, NULL,
                   "%s %s did not exist any more at %s; it was deleted at %s", t->name, text, then,
                   stamp(g, p->changed, other));
}

/* Who may read a record may know what it was. One that is gone is judged by what it was then, and
 * that there ever was one is told to those alone who may read all of its type. */
static kith_status may_know(struct conn *c, const struct principal *p, const struct rtype *t,
                            kith_id id, const struct past_record *then, struct arena *a, bool *yes,
                            kith_error *e) {
    const kith_value *values;
    *yes = access_rule(p, t) == ACCESS_ALL && ((p && p->all) || !type_restricted(t));
    if (*yes || access_rule(p, t) == ACCESS_NONE)
        return KITH_OK;
    TRY(record_get(c, t, id, a, &values, e));
    values = values ? values : then->values;
    return values ? access_may(c, p, RIGHT_READ, t, id, values, a, yes, NULL, e) : KITH_OK;
}

kith_status engine_as_of(struct engine *g, const struct principal *p, const struct rtype *t,
                         kith_id id, const struct moment *when, struct arena *a,
                         struct past_record *out, kith_error *e) {
    struct conn *c;
    bool yes = false;
    if (t->history == KITH_HISTORY_NONE)
        return err_set(e, KITH_E_UNSUPPORTED, NULL,
                       "records of type %s keep no history; only what they are now is known",
                       t->name);
    TRY(engine_reader(g, &c, e));
    kith_status st = past_read(c, engine_schema(g), t, id, when, a, out, e);
    if (st == KITH_OK)
        st = may_know(c, p, t, id, out, a, &yes, e);
    engine_reader_done(g, c);
    if (st == KITH_OK && !yes)
        return access_absent(t, id, e);
    TRY(st);
    if (out->state != PAST_THERE)
        return not_there(g, t, id, when, out, e);
    access_mask(p, t, out->values);
    if (reads_noted(g, p, t))
        TRY(reads_note(g, p, t, &id, 1, e));
    if (!p->all)
        out->lost_count = 0; /* no right speaks of fields that are no more */
    return KITH_OK;
}
