/* SPDX-License-Identifier: Apache-2.0 */
/* A batch of rows into records, on the writer. Savepoints cost more than the rows, so a batch that
 * has its transaction for itself goes without. When a row fails after it has written something, the
 * batch is run again, and from then on rows are written in chunks, each in a savepoint; such a row
 * takes its chunk back, which is then done again row by row. */
#include "engine/engine_internal.h"
#include "engine/import_vcard.h"

#include "base/id.h"
#include <string.h>

#define CHUNK     100u
#define KEY_FOUND 3u

/* Is it the row that is at fault, or the import as a whole? */
static bool is_row_failure(kith_status st) {
    switch (st) {
    case KITH_E_INVAL:
    case KITH_E_NOTFOUND:
    case KITH_E_CONFLICT:
    case KITH_E_DENIED:
    case KITH_E_REFUSED:
    case KITH_E_UNSUPPORTED:
    case KITH_E_LIMIT:
        return true;
    default:
        return false;
    }
}

static kith_status reject(struct batch *b, struct row *r, const kith_error *why, kith_error *e) {
    r->outcome = IMPORT_REJECTED;
    r->field = arena_strdup(&b->arena, why->field);
    r->reason = arena_strdup(&b->arena, why->message);
    return r->field && r->reason ? KITH_OK : err_nomem(e);
}

/* -- links ------------------------------------------------------------------------------------- */

/* A link that is found by a field, and made when it is not there. in: it is one of a record that
 * this link leads to; else NULL. */
struct aim {
    const struct rfield *in, *link, *by;
    const struct lookup *lookup;
    const kith_value *value;
};

static kith_status find_linked(struct txn *t, const struct import *im, const struct row *r,
                               const struct aim *aim, kith_value *out, kith_error *e);

/* What the row has for a linked record that is created. */
static kith_status alsos_of(struct txn *t, const struct import *im, const struct row *r,
                            const struct aim *aim, struct assign *set, size_t *count,
                            kith_error *e) {
    for (size_t i = 0; i < r->also_count; i++) {
        const struct put *p = &r->alsos[i];
        const struct import_column *to = &p->column->shown;
        struct assign *one = &set[*count];
        if (aim->in && to->field == aim->in && to->by == aim->link && to->within && !to->finds) {
            *one = (struct assign){to->within, p->value};
            ++*count;
        } else if (!aim->in && to->field == aim->link && (!to->within || to->finds)) {
            const struct aim behind = {to->field, to->by, to->within, &p->column->by, &p->value};
            *one = (struct assign){to->by, p->value};
            if (to->within)
                TRY(find_linked(t, im, r, &behind, &one->value, e));
            ++*count;
        }
    }
    return KITH_OK;
}

/* Makes the record that is not there; rules and required fields have their say. */
static kith_status create_linked(struct txn *t, const struct import *im, const struct row *r,
                                 const struct aim *aim, kith_id *id, kith_error *e) {
    size_t count = 0;
    struct assign *set = ARENA_ARRAY(txn_arena(t), struct assign, r->also_count + 1);
    kith_error why = KITH_ERROR_INIT;
    if (!set)
        return err_nomem(e);
    set[count++] = (struct assign){aim->by, *aim->value};
    TRY(alsos_of(t, im, r, aim, set, &count, e));
    kith_status st = txn_create(t, aim->link->target, set, (uint32_t)count, id, &why);
    if (st == KITH_OK)
        return KITH_OK;
    if (!is_row_failure(st)) {
        err_copy(e, &why);
        return st;
    }
    kith_str text = value_text(aim->by->type->schema, aim->value, txn_arena(t));
    return err_set(e, st, aim->link->name, "%s: no %s whose %s is '%.*s' can be created: %s",
                   aim->link->name, aim->link->target->name, aim->by->name,
                   (int)(text.len < 100 ? text.len : 100), text.ptr, why.message);
}

/* The record that a column finds by one of its fields: "Company=account.name". r, which may be
 * NULL, has what goes into one that is made. */
static kith_status find_linked(struct txn *t, const struct import *im, const struct row *r,
                               const struct aim *aim, kith_value *out, kith_error *e) {
    kith_id ids[2];
    uint32_t found;
    TRY(txn_lookup_key(t, aim->lookup, aim->value, ids, 2, &found, e));
    if (found == 0) {
        TRY(txn_former_key(t, aim->lookup, aim->value, &ids[0], e));
        found = ids[0] != 0;
    }
    if (found == 0 && im->o->create_linked) {
        TRY(create_linked(t, im, r, aim, &ids[0], e));
        found = 1;
    }
    *out = value_link(ids[0], aim->link->target->id);
    if (found == 1)
        return KITH_OK;
    kith_str text = value_text(aim->by->type->schema, aim->value, txn_arena(t));
    return err_set(e, KITH_E_NOTFOUND, aim->link->name, "%s: %s %s whose %s is '%.*s'",
                   aim->link->name, found ? "there is more than one" : "there is no",
                   aim->link->target->name, aim->by->name, (int)(text.len < 100 ? text.len : 100),
                   text.ptr);
}

static kith_status assigns_of(struct txn *t, const struct import *im, const struct row *r,
                              struct assign **out, kith_error *e) {
    struct assign *set = ARENA_ARRAY(txn_arena(t), struct assign, r->put_count);
    if (!set)
        return err_nomem(e);
    for (size_t i = 0; i < r->put_count; i++) {
        const struct put *p = &r->puts[i];
        const struct import_column *to = &p->column->shown;
        const struct aim aim = {NULL, to->field, to->by, &p->column->by, &p->value};
        set[i] = (struct assign){to->field, p->value};
        if (to->by && p->value.kind != KITH_NULL && !card_makes_account(im, p->column))
            TRY(find_linked(t, im, r, &aim, &set[i].value, e));
    }
    *out = set;
    return KITH_OK;
}

/* -- the key ----------------------------------------------------------------------------------- */

static kith_value value_in(const struct assign *set, size_t count, const struct rfield *f) {
    for (size_t i = 0; i < count; i++)
        if (set[i].field == f)
            return set[i].value;
    return value_null();
}

/* A contact's name where the row has only its parts, as it will be put together. */
static kith_value joined_name(struct import *im, struct arena *a, const struct assign *set,
                              size_t count) {
    kith_value first = value_in(set, count, im->first_name),
               last = value_in(set, count, im->last_name);
    if (first.kind != KITH_TEXT || last.kind != KITH_TEXT)
        return first.kind == KITH_TEXT ? first : last;
    char *name = arena_printf(a, "%.*s %.*s", (int)first.as.s.len, first.as.s.ptr,
                              (int)last.as.s.len, last.as.s.ptr);
    return name ? value_str(str_of(name)) : value_null();
}

/* False: one of the key's fields is empty. */
static bool key_of(struct import *im, struct arena *a, const struct assign *set, size_t count,
                   kith_value *key) {
    for (uint32_t i = 0; i < im->key.count; i++) {
        const struct rfield *f = im->key.fields[i];
        key[i] = value_in(set, count, f);
        if (key[i].kind == KITH_NULL && im->first_name && strcmp(f->name, "name") == 0)
            key[i] = joined_name(im, a, set, count);
        if (key[i].kind == KITH_NULL)
            return false;
    }
    return true;
}

static kith_status refuse_several(struct import *im, const kith_id *ids, uint32_t found,
                                  kith_error *e) {
    char one[ID_TEXT + 1], two[ID_TEXT + 1];
    id_format(ids[0], one);
    id_format(ids[1], two);
    return err_set(e, KITH_E_CONFLICT, im->key.fields[0]->name,
                   "several records of type %s have this %s: %s, %s%s", im->type->name, im->o->key,
                   one, two, found > 2 ? ", ..." : "");
}

static kith_status find_by_id(struct txn *t, struct import *im, struct row *r, kith_error *e) {
    r->keyless = r->id == 0;
    r->met = false;
    if (r->id)
        TRY(txn_exists(t, im->type, r->id, &r->met, e));
    r->record = r->id;
    if (r->keyless || r->met)
        return KITH_OK;
    TRY(txn_follow(t, im->type, &r->record, e));
    r->met = r->record != r->id;
    if (r->met)
        return KITH_OK;
    char text[ID_TEXT + 1];
    id_format(r->id, text);
    return err_set(e, KITH_E_NOTFOUND, "id", "there is no %s %s", im->type->name, text);
}

/* A key of a record that was merged belongs to the one in which it goes on, which has its own. */
static kith_status find_former(struct txn *t, const struct import *im, struct row *r,
                               struct assign *set, const kith_value *key, kith_error *e) {
    const struct rfield *f = im->key.fields[0];
    const kith_value *kept;
    TRY(txn_former_key(t, &im->key, key, &r->record, e));
    r->met = r->record != 0;
    if (!r->met)
        return KITH_OK;
    TRY(txn_get(t, im->type, r->record, &kept, e));
    for (uint32_t i = 0; i < r->put_count; i++)
        if (set[i].field == f && kept[f->index].kind != KITH_NULL)
            set[i].value = kept[f->index];
    return KITH_OK;
}

/* Sets met and record when the row's key belongs to one. */
static kith_status find_match(struct txn *t, struct import *im, struct row *r, struct assign *set,
                              kith_error *e) {
    kith_value key[IMPORT_KEYS];
    kith_id ids[KEY_FOUND];
    uint32_t found;
    if (im->by_id)
        return find_by_id(t, im, r, e);
    if (im->key.count == 0)
        return KITH_OK;
    r->keyless = !key_of(im, txn_arena(t), set, r->put_count, key);
    if (r->keyless)
        return KITH_OK;
    TRY(txn_lookup_key(t, &im->key, key, ids, KEY_FOUND, &found, e));
    r->met = found > 0;
    r->record = found ? ids[0] : 0;
    if (!found)
        return find_former(t, im, r, set, key, e);
    return found > 1 ? refuse_several(im, ids, found, e) : KITH_OK;
}

/* -- one row ----------------------------------------------------------------------------------- */

static kith_status refuse_duplicate(struct import *im, const struct row *r, kith_error *e) {
    char id[ID_TEXT + 1];
    id_format(r->record, id);
    return err_set(e, KITH_E_CONFLICT, im->by_id ? "id" : im->key.fields[0]->name,
                   "the %s %s has this %s already", im->type->name, id, im->o->key);
}

/* The list brought what was not there before. */
static kith_status put_in_list(struct txn *t, const struct import *im, const struct row *r,
                               kith_error *e) {
    bool added;
    return im->list ? segment_add_member(t, im->list, im->type, r->record, !r->met, &added, e)
                    : KITH_OK;
}

static kith_status write_row(struct txn *t, struct import *im, struct row *r, kith_error *e) {
    struct assign *set = NULL;
    uint64_t seq = txn_last_seq(t);
    TRY(assigns_of(t, im, r, &set, e));
    TRY(find_match(t, im, r, set, e));
    if (r->met && im->o->duplicates == DUPLICATE_REJECT)
        return refuse_duplicate(im, r, e);
    if (r->met && im->o->duplicates == DUPLICATE_SKIP) {
        r->outcome = IMPORT_SKIPPED;
        return put_in_list(t, im, r, e);
    }
    if (r->card)
        TRY(card_account(t, im, r, set, e));
    TRY(r->met ? txn_update(t, im->type, r->record, set, r->put_count, e)
               : txn_create(t, im->type, set, r->put_count, &r->record, e));
    if (r->card)
        TRY(card_parts(t, im, r, e));
    r->outcome = !r->met                  ? IMPORT_CREATED
                 : txn_last_seq(t) == seq ? IMPORT_UNCHANGED
                                          : IMPORT_UPDATED;
    return put_in_list(t, im, r, e);
}

/* -- chunks ------------------------------------------------------------------------------------ */

struct chunk {
    struct batch *batch;
    size_t from, to;
    bool wrote; /* the row that failed had written something */
};

/* Has a failing row left something behind? Types without history leave no trace to tell by. */
static bool left_traces(struct txn *t, const struct import *im, uint64_t seq) {
    return txn_last_seq(t) != seq || im->type->history == KITH_HISTORY_NONE;
}

static kith_status write_chunk(struct txn *t, void *arg, kith_error *e) {
    struct chunk *c = arg;
    struct import *im = c->batch->im;
    for (size_t i = c->from; i < c->to; i++) {
        struct row *r = &c->batch->rows[i];
        kith_error why = KITH_ERROR_INIT;
        uint64_t seq = txn_last_seq(t);
        if (r->outcome == IMPORT_REJECTED || r->outcome == IMPORT_SKIPPED)
            continue;
        kith_status st = write_row(t, im, r, &why);
        if (st == KITH_OK)
            continue;
        if (!is_row_failure(st) || left_traces(t, im, seq)) {
            c->wrote = is_row_failure(st);
            err_copy(e, &why);
            return st;
        }
        TRY(reject(c->batch, r, &why, e));
    }
    return KITH_OK;
}

/* Row by row, each in a savepoint of its own. */
static kith_status write_singly(struct txn *t, struct batch *b, size_t from, size_t to,
                                kith_error *e) {
    for (size_t i = from; i < to; i++) {
        struct chunk one = {.batch = b, .from = i, .to = i + 1};
        kith_error why = KITH_ERROR_INIT;
        kith_status st = txn_try(t, write_chunk, &one, &why);
        if (st != KITH_OK && !one.wrote) {
            err_copy(e, &why);
            return st;
        }
        if (st != KITH_OK)
            TRY(reject(b, &b->rows[i], &why, e));
    }
    return KITH_OK;
}

static void reset_rows(struct batch *b, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        struct row *r = &b->rows[i];
        r->outcome = r->bad ? IMPORT_REJECTED : r->empty ? IMPORT_SKIPPED : IMPORT_CREATED;
        r->met = r->keyless = false;
    }
}

/* All or nothing of the chunk's rows, and what wrote something before it failed singly. */
static kith_status try_chunk(struct txn *t, struct chunk *c, kith_error *e) {
    kith_status st = txn_try(t, write_chunk, c, e);
    if (st == KITH_OK || !c->wrote)
        return st;
    reset_rows(c->batch, c->from, c->to);
    return write_singly(t, c->batch, c->from, c->to, e);
}

static kith_status write_rows(struct txn *t, struct batch *b, kith_error *e) {
    bool careful = !t->alone || b->im->careful;
    for (size_t from = 0; from < b->count; from += CHUNK) {
        size_t to = from + CHUNK < b->count ? from + CHUNK : b->count;
        struct chunk c = {.batch = b, .from = from, .to = to};
        struct arena_mark mark = arena_mark(txn_arena(t));
        kith_status st = careful ? try_chunk(t, &c, e) : write_chunk(t, &c, e);
        if (st != KITH_OK && c.wrote && !careful)
            t->again = b->im->careful = true;
        TRY(st);
        arena_release(txn_arena(t), mark);
    }
    return KITH_OK;
}

/* -- batches ----------------------------------------------------------------------------------- */

static void count_rows(struct batch *b) {
    b->log.rows = b->count;
    memset(b->log.counts, 0, sizeof b->log.counts);
    for (size_t i = 0; i < b->count; i++) {
        const struct row *r = &b->rows[i];
        b->log.counts[r->outcome]++;
        b->log.counts[IMPORT_DUPLICATES] += r->met;
        b->log.counts[IMPORT_KEYLESS] += r->keyless;
    }
}

/* May run twice, when its group is lost to the disk. */
kith_status write_batch(struct txn *t, void *arg, kith_error *e) {
    struct batch *b = arg;
    struct conn *c = txn_conn(t);
    txn_day_first(t, b->im->o->day_first);
    reset_rows(b, 0, b->count);
    TRY(write_rows(t, b, e));
    count_rows(b);
    for (size_t i = 0; i < b->count; i++)
        if (b->rows[i].outcome == IMPORT_REJECTED)
            TRY(import_log_reject(c, b->log.run, b->first + i, b->rows[i].field, b->rows[i].reason,
                                  e));
    return import_log_advance(c, b->first, &b->log, e);
}
