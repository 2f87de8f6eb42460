/* SPDX-License-Identifier: Apache-2.0 */
/* Erase: somebody has a right to be forgotten. In one transaction the record goes with all that is
 * part of it; what others' records tell about the person is emptied; and the journal, the lists of
 * events and timers, and what people wrote when they changed or read it forget what was in them.
 * The rows of the journal stay, so that what they led to can be told. What no index leads to, and
 * the bytes that a deletion leaves behind in files, are the sweep's (sweep.c).
 *
 * Nobody has a say in it: hooks do not run, and it is not undone. */
#include "engine/bus.h"
#include "engine/consent.h"

#include "engine/import.h"
#include "journal/approval_log.h"
#include "journal/flow_log.h"
#include "journal/gone.h"

#include <stdlib.h>
#include <string.h>

#define ERASE_MAX  100000 /* records that one erasure may touch */
#define REASON_MAX 500    /* bytes */

struct touched_record {
    const struct rtype *type;
    kith_id id;
    bool emptied;
};
struct records {
    struct touched_record *items;
    size_t count, cap;
    struct map known; /* by id */
};

struct erasing {
    struct txn *txn;
    struct records gone;    /* the person first, what is part of it behind */
    struct records telling; /* those that stay, emptied */
    struct records naming;  /* those that stay, without the texts that name the person */
    struct traces traces;
    struct traces near;   /* and the words of the name, for what was written about the person */
    struct traces logins; /* that a user had, with the id */
    bool kept; /* the first of gone is a user: its record stays, and says nothing any more */
    struct map
        partings; /* transactions in which some of them were deleted before, looked through */
    struct id_list merged; /* of the person's type, and merged into that: ids of the same person */
};

static kith_status refuse_many(const struct erasing *x, const struct rtype *type, kith_error *e) {
    const struct touched_record *person = &x->gone.items[0];
    char text[ID_TEXT + 1];
    id_format(person->id, text);
    return err_set(
        e, KITH_E_LIMIT, NULL,
        "more than %d records are part of it or tell about it, the last one found of type"
        " %s: 'kith view %s %s' counts them; delete some first: kith delete %s --where"
        " CONDITION",
        ERASE_MAX, type->name, person->type->name, text, type->name);
}

static kith_status add_record(struct erasing *x, struct records *list, const struct rtype *type,
                              kith_id id, kith_error *e) {
    if (x->gone.count + x->telling.count + x->naming.count == ERASE_MAX)
        return refuse_many(x, type, e);
    struct touched_record *items =
        arena_grow(x->txn->arena, list->items, list->count, &list->cap, sizeof *items);
    if (!items)
        return err_nomem(e);
    list->items = items;
    items[list->count++] = (struct touched_record){type, id, false};
    return map_put_u64(&list->known, id, (void *)(uintptr_t)type) ? KITH_OK : err_nomem(e);
}

static bool has_record(const struct records *list, kith_id id) {
    return map_get_u64(&list->known, id) != NULL;
}

static bool is_user(const struct erasing *x) {
    return type_is_user(x->gone.items[0].type);
}

static bool holds_personal_data(const struct rtype *t) {
    for (uint32_t i = 0; i < t->field_count; i++)
        if (t->fields[i]->flags & KITH_FF_PERSONAL)
            return true;
    return false;
}

/* -- by what somebody is recognised ------------------------------------------------------------ */

static bool recognises(const struct rfield *f, const struct rtype *person) {
    const struct base_point *point = &f->type->schema->base.contact_point;
    if (!(f->flags & KITH_FF_PERSONAL) && !type_is_user(f->type))
        return false;
    return f->kind == KITH_F_EMAIL || f->kind == KITH_F_PHONE || f == point->value ||
           f == point->normal || (f->type == person && f == person->title);
}

static kith_status add_traces(struct erasing *x, const struct rfield *f, kith_str text,
                              kith_error *e) {
    bool name = f == x->gone.items[0].type->title;
    kith_str rest = text, word;
    TRY(traces_add(&x->traces, text, x->txn->arena, e));
    TRY(traces_add(&x->near, text, x->txn->arena, e));
    while (name && str_split(&rest, ' ', &word))
        TRY(traces_add(&x->near, word, x->txn->arena, e));
    return KITH_OK;
}

/* As actors are called in the log of reads; see sweep_row. */
static kith_status add_login(struct erasing *x, const kith_value *login, kith_error *e) {
    struct traces *t = &x->logins;
    char id[ID_TEXT + 1];
    if (login->kind != KITH_TEXT)
        return KITH_OK;
    id_format(x->gone.items[0].id, id);
    const char *text =
        arena_printf(x->txn->arena, "user:%.*s %s", (int)login->as.s.len, login->as.s.ptr, id);
    kith_str *items = arena_grow(x->txn->arena, t->items, t->count, &t->cap, sizeof *items);
    if (!text || !items)
        return err_nomem(e);
    t->items = items;
    items[t->count++] = str_of(text);
    return KITH_OK;
}

/* An address stays suppressed, without what was written about how the person said so. */
static kith_status add_suppressions(struct erasing *x, kith_str normal, kith_error *e) {
    const struct schema *s = x->txn->g->schema;
    struct suppressions all;
    TRY(suppressions_of(x->txn->g->writer, s, normal, x->txn->arena, &all, e));
    for (size_t i = 0; i < all.count; i++)
        if (!has_record(&x->naming, all.items[i].id))
            TRY(add_record(x, &x->naming, s->base.suppression.type, all.items[i].id, e));
    return KITH_OK;
}

static kith_status see_text(struct erasing *x, const struct rfield *f, kith_str text,
                            kith_error *e) {
    if (f->type != x->gone.items[0].type || f != f->type->title)
        TRY(add_suppressions(x, consent_address(x->txn->arena, text), e));
    return add_traces(x, f, text, e);
}

/* What is in the record now is in the journal as well, unless its type keeps no history. */
static kith_status see_fields(void *arg, const struct image_field *fields, size_t count,
                              kith_error *e) {
    struct erasing *x = arg;
    for (size_t i = 0; i < count; i++) {
        const kith_value *both[] = {&fields[i].before, &fields[i].after};
        if (is_user(x) && fields[i].field == x->txn->g->schema->base.user.login)
            for (size_t k = 0; k < 2; k++)
                TRY(add_login(x, both[k], e));
        if (!fields[i].field || !recognises(fields[i].field, x->gone.items[0].type))
            continue;
        for (size_t k = 0; k < 2; k++)
            if (both[k]->kind == KITH_TEXT)
                TRY(see_text(x, fields[i].field, both[k]->as.s, e));
    }
    return KITH_OK;
}

static kith_status see_values(struct erasing *x, const struct rtype *type, const kith_value *values,
                              kith_error *e) {
    for (uint32_t i = 0; i < type->field_count; i++) {
        struct image_field f = {.field = type->fields[i], .after = values[i]};
        TRY(see_fields(x, &f, 1, e));
    }
    return KITH_OK;
}

/* -- who goes, and what stays ------------------------------------------------------------------ */

static kith_status add_telling(struct erasing *x, const struct rtype *type, kith_id id,
                               kith_error *e) {
    return has_record(&x->telling, id) ? KITH_OK : add_record(x, &x->telling, type, id, e);
}

/* The record links to somebody who goes. What cannot be without that person goes, too. */
static kith_status follow_gone(struct erasing *x, const struct rfield *f, kith_id id,
                               kith_error *e) {
    return f->flags & (KITH_FF_PARTOF | KITH_FF_REQUIRED) ? add_record(x, &x->gone, f->type, id, e)
                                                          : add_telling(x, f->type, id, e);
}

/* It links to a record that stays, and tells of the person by what is personal in it: a lead, a
 * call. What is said of that is said of the person, and a part of it is kept when nothing in it is
 * personal. */
static kith_status follow_telling(struct erasing *x, const struct rfield *f, kith_id id,
                                  kith_error *e) {
    if (f->flags & KITH_FF_PARTOF)
        return holds_personal_data(f->type) ? add_record(x, &x->gone, f->type, id, e) : KITH_OK;
    return add_telling(x, f->type, id, e);
}

/* It links to a record that stays and is of more than the person: a deal, a task. */
static kith_status follow_naming(struct erasing *x, const struct rfield *f, kith_id id,
                                 kith_error *e) {
    bool known = has_record(&x->telling, id) || has_record(&x->naming, id);
    return known ? KITH_OK : add_record(x, &x->naming, f->type, id, e);
}

typedef kith_status (*follow_fn)(struct erasing *x, const struct rfield *f, kith_id id,
                                 kith_error *e);

static kith_status follow_links(struct erasing *x, const struct touched_record *to, follow_fn fn,
                                kith_error *e) {
    struct txn *t = x->txn;
    const struct type_info *info = &t->g->types[to->type->id];
    for (size_t i = 0; i < info->inbound_count; i++) {
        const struct rfield *f = info->inbound[i];
        kith_id *ids;
        size_t n;
        if (!(f->flags & (KITH_FF_PARTOF | KITH_FF_SUBJECT)))
            continue;
        TRY(record_referrers(t->g->writer, f, to->id, to->type->id, ERASE_MAX, t->arena, &ids, &n,
                             e));
        for (size_t k = 0; k < n; k++)
            if (!has_record(&x->gone, ids[k]))
                TRY(fn(x, f, ids[k], e));
    }
    return KITH_OK;
}

/* A record that was merged into somebody is gone, and its history is that person's. One that is
 * there is another person, wherever a redirect leads. */
static kith_status add_merged(struct erasing *x, const kith_value *gone, const kith_value *kept,
                              kith_error *e) {
    const struct rtype *type =
        kept->kind == KITH_LINK ? schema_type_by_id(x->txn->g->schema, kept->as.link.type) : NULL;
    kith_id id;
    bool there;
    if (!type || gone->kind != KITH_TEXT || !id_parse(gone->as.s, &id) || has_record(&x->gone, id))
        return KITH_OK;
    TRY(record_exists(x->txn->g->writer, type, id, &there, e));
    if (there)
        return KITH_OK;
    if (type == x->gone.items[0].type)
        TRY(id_list_add(&x->merged, x->txn->arena, id, e));
    return add_record(x, &x->gone, type, id, e);
}

/* Of a redirect that went with the person the journal tells. */
static kith_status see_redirect(void *arg, const struct image_field *fields, size_t count,
                                kith_error *e) {
    struct erasing *x = arg;
    const struct base_redirect *b = &x->txn->g->schema->base.redirect;
    const kith_value *gone = NULL, *kept = NULL;
    for (size_t i = 0; i < count; i++) {
        const kith_value *v =
            fields[i].before.kind == KITH_NULL ? &fields[i].after : &fields[i].before;
        gone = fields[i].field == b->gone ? v : gone;
        kept = fields[i].field == b->kept ? v : kept;
    }
    return gone && kept ? add_merged(x, gone, kept, e) : KITH_OK;
}

static kith_status follow_redirect(struct erasing *x, kith_id id, const kith_value *values,
                                   kith_error *e) {
    const struct base_redirect *b = &x->txn->g->schema->base.redirect;
    if (values)
        return add_merged(x, &values[b->gone->index], &values[b->kept->index], e);
    return erasure_see_record(x->txn->g->writer, x->txn->g->schema, id, see_redirect, x, e);
}

/* -- who was deleted before -------------------------------------------------------------------- */

/* No link leads to what was part of somebody then: it went in the same transaction, in which what
 * told about the person lost its link. */
static bool parted(const struct erasing *x, const struct journal_row *row,
                   const struct image_field *f) {
    return f->field && f->field->flags & (KITH_FF_PARTOF | KITH_FF_SUBJECT) &&
           f->before.kind == KITH_LINK && has_record(&x->gone, f->before.as.link.id) &&
           (row->kind == ROW_DELETE || f->after.kind == KITH_NULL);
}

/* What is there again, or tells of somebody else by now, is left. */
static kith_status add_parted(struct erasing *x, const struct journal_row *row,
                              const struct rfield *f, kith_error *e) {
    const struct rtype *type = schema_type_by_id(x->txn->g->schema, row->type);
    const kith_value *now = NULL;
    if (!type || has_record(&x->gone, row->record))
        return KITH_OK;
    TRY(txn_lookup(x->txn, type, row->record, &now, e));
    if (row->kind == ROW_DELETE)
        return now ? KITH_OK : add_record(x, &x->gone, type, row->record, e);
    return now && now[f->index].kind == KITH_NULL ? add_telling(x, type, row->record, e) : KITH_OK;
}

static kith_status see_parting(void *arg, const struct journal_row *row, kith_error *e) {
    struct erasing *x = arg;
    struct image_field *fields;
    size_t n;
    if (row->kind == ROW_EVENT || row->image.len == 0)
        return KITH_OK;
    TRY(image_decode(x->txn->g->schema, row, x->txn->arena, &fields, &n, e));
    for (size_t i = 0; i < n; i++)
        if (parted(x, row, &fields[i]))
            return add_parted(x, row, fields[i].field, e);
    return KITH_OK;
}

/* Parts have parts, which go before them. */
static kith_status follow_parting(struct erasing *x, kith_id id, kith_error *e) {
    struct tx_head head;
    bool yes;
    TRY(gone_when(x->txn->g->writer, id, x->txn->arena, &head, &yes, e));
    if (!yes || map_get_u64(&x->partings, head.id))
        return KITH_OK;
    if (!map_put_u64(&x->partings, head.id, x))
        return err_nomem(e);
    for (size_t before = SIZE_MAX; before != x->gone.count;) {
        before = x->gone.count;
        TRY(journal_walk(x->txn->g->writer, head.first - 1, head.last, see_parting, x, e));
    }
    return KITH_OK;
}

static kith_status collect_gone(struct erasing *x, const struct touched_record *r, kith_error *e) {
    const kith_value *values;
    TRY(txn_lookup(x->txn, r->type, r->id, &values, e));
    if (values)
        TRY(see_values(x, r->type, values, e));
    if (r->type == x->txn->g->schema->base.redirect.type)
        TRY(follow_redirect(x, r->id, values, e));
    if (!values)
        TRY(follow_parting(x, r->id, e));
    TRY(erasure_see_record(x->txn->g->writer, x->txn->g->schema, r->id, see_fields, x, e));
    return follow_links(x, r, follow_gone, e);
}

/* The lists grow while they are walked: parts have parts. */
static kith_status collect(struct erasing *x, kith_error *e) {
    for (size_t gone = 0, telling = 0;;) {
        bool more = gone < x->gone.count;
        if (!more && telling == x->telling.count)
            return KITH_OK;
        struct touched_record r = more ? x->gone.items[gone++] : x->telling.items[telling++];
        if (more)
            TRY(collect_gone(x, &r, e));
        else if (holds_personal_data(r.type) && !has_record(&x->gone, r.id))
            TRY(follow_links(x, &r, follow_telling, e));
    }
}

static kith_status collect_naming(struct erasing *x, kith_error *e) {
    for (size_t i = 0; i < x->telling.count; i++) {
        struct touched_record r = x->telling.items[i];
        if (!holds_personal_data(r.type))
            TRY(follow_links(x, &r, follow_naming, e));
    }
    return KITH_OK;
}

/* -- emptying what stays ----------------------------------------------------------------------- */

/* A text that must have a value has another one, and everything else that must have one goes with
 * its record. */
static bool can_empty(const struct rfield *f, kith_value *to) {
    bool text = f->kind == KITH_F_TEXT || f->kind == KITH_F_LONGTEXT;
    *to = value_null();
    if (!(f->flags & KITH_FF_REQUIRED))
        return true;
    *to = value_str(STR(ERASED_TEXT));
    return text && !(f->flags & KITH_FF_UNIQUE);
}

struct emptying {
    struct fieldset personal;
    struct assign *set;
    size_t count;
    bool named; /* texts that name the person alone */
    bool impossible;
};

static kith_status plan_field(struct erasing *x, struct emptying *p, const struct rfield *f,
                              const kith_value *v, kith_error *e) {
    bool yes = !p->named && f->flags & KITH_FF_PERSONAL;
    if (field_derived(f))
        return KITH_OK;
    if (yes)
        fieldset_add(&p->personal, f->index);
    if (v->kind == KITH_NULL)
        return KITH_OK;
    if (!yes)
        TRY(traces_in_value(&x->traces, v, x->txn->arena, &yes, e));
    if (!yes)
        return KITH_OK;
    p->impossible |= !can_empty(f, &p->set[p->count].value);
    p->set[p->count++].field = f;
    return KITH_OK;
}

static kith_status forget_fields(struct erasing *x, const struct touched_record *r,
                                 const struct fieldset *personal, kith_error *e) {
    struct conn *w = x->txn->g->writer;
    TRY(erasure_fields(w, x->txn->g->schema, r->id, r->type, personal, &x->traces, e));
    return erasure_words(w, r->id, &x->near, e);
}

/* *done: what became of it. */
enum emptied { AS_IT_WAS, EMPTIED, GOES };
static kith_status empty_record(struct erasing *x, const struct touched_record *r, bool named,
                                enum emptied *done, kith_error *e) {
    const kith_value *values;
    struct emptying p = {.set = ARENA_ARRAY(x->txn->arena, struct assign, r->type->field_count),
                         .named = named};
    if (!p.set)
        return err_nomem(e);
    TRY(txn_lookup(x->txn, r->type, r->id, &values, e));
    for (uint32_t i = 0; values && i < r->type->field_count; i++)
        TRY(plan_field(x, &p, r->type->fields[i], &values[i], e));
    *done = p.impossible ? GOES : p.count || !named ? EMPTIED : AS_IT_WAS;
    if (p.impossible)
        return KITH_OK;
    if (p.count)
        TRY(txn_update(x->txn, r->type, r->id, p.set, p.count, e));
    return forget_fields(x, r, &p.personal, e);
}

/* It joins those that are gone, with its parts. */
static kith_status goes_too(struct erasing *x, const struct touched_record *r, kith_error *e) {
    size_t from = x->gone.count;
    TRY(add_record(x, &x->gone, r->type, r->id, e));
    for (size_t k = from; k < x->gone.count; k++) {
        struct touched_record part = x->gone.items[k];
        TRY(follow_links(x, &part, follow_gone, e));
    }
    return KITH_OK;
}

/* What has to go with its record goes; the list may grow. */
static kith_status empty_all(struct erasing *x, struct records *list, bool named, kith_error *e) {
    for (size_t i = 0; i < list->count; i++) {
        struct touched_record r = list->items[i];
        enum emptied done = AS_IT_WAS;
        if (has_record(&x->gone, r.id))
            continue;
        TRY(empty_record(x, &r, named, &done, e));
        if (done == GOES)
            TRY(goes_too(x, &r, e));
        list->items[i].emptied = done == EMPTIED;
    }
    return KITH_OK;
}

/* -- the records that go ----------------------------------------------------------------------- */

/* The last first: what tells about the person must be gone before a link that it needs is. */
static kith_status delete_all(struct erasing *x, kith_error *e) {
    for (size_t i = x->gone.count; i-- > 0;) {
        const struct touched_record *r = &x->gone.items[i];
        bool there;
        TRY(record_exists(x->txn->g->writer, r->type, r->id, &there, e));
        if (there && i == 0 && x->kept)
            TRY(user_empty(x->txn, r->id, e));
        else if (there)
            TRY(txn_delete(x->txn, r->type, r->id, e));
    }
    return KITH_OK;
}

/* The no of whoever is erased holds on, for their addresses, which are known no more. */
static kith_status keep_objections(struct erasing *x, kith_error *e) {
    const struct rtype *contact = x->txn->g->schema->base.contact.type;
    for (size_t i = 0; i < x->gone.count; i++)
        if (x->gone.items[i].type == contact)
            TRY(suppressions_keep(x->txn, x->gone.items[i].id, e));
    return KITH_OK;
}

/* A user's record stays, so its rows keep what is in it now. */
static kith_status forget_rows(struct erasing *x, const struct touched_record *r, kith_error *e) {
    struct fieldset all = {{0}};
    bool first = r->id == x->gone.items[0].id;
    for (uint32_t i = 0; i < r->type->field_count; i++)
        if (user_field_goes(r->type->fields[i]))
            fieldset_add(&all, i);
    TRY(first && x->kept ? forget_fields(x, r, &all, e)
                         : erasure_record(x->txn->g->writer, r->id, e));
    return first && is_user(x) ? user_forget(x->txn, r->id, e) : KITH_OK;
}

static kith_status forget_all(struct erasing *x, kith_id request, kith_error *e) {
    struct engine *g = x->txn->g;
    for (size_t i = 0; i < x->gone.count; i++) {
        kith_id id = x->gone.items[i].id;
        TRY(erasure_words(g->writer, id, &x->near, e));
        TRY(gone_unmerged(g->writer, g->schema, id, e));
        TRY(forget_rows(x, &x->gone.items[i], e));
        TRY(letters_forget(g, id, e));
        TRY(timers_forget(g, id, e));
        TRY(outbox_erase(x->txn, id, request, e));
        TRY(flow_log_awake(g->writer, id, FLOW_ALL, e)); /* if it is a run */
        TRY(flow_log_forget(g->writer, id, e));
    }
    TRY(approval_log_forget(g->writer, txn_now(x->txn), e));
    /* What told of the person told it to the outside, too. */
    for (size_t i = 0; i < x->telling.count; i++)
        TRY(outbox_erase(x->txn, x->telling.items[i].id, request, e));
    for (size_t i = 0; i < x->naming.count; i++)
        TRY(outbox_erase(x->txn, x->naming.items[i].id, request, e));
    return KITH_OK;
}

/* With those that are gone the sweep looks for what told about a lead or a call of theirs. */
static kith_status leave_to_sweep(struct erasing *x, kith_id request, kith_error *e) {
    struct sweep_row row = {.requests = &request,
                            .request_count = 1,
                            .traces = x->traces,
                            .logins = x->logins,
                            .head = txn_next_seq(x->txn) - 1};
    row.gone = ARENA_ARRAY(x->txn->arena, kith_id, x->gone.count + x->telling.count);
    if (!row.gone)
        return err_nomem(e);
    for (size_t i = 0; i < x->gone.count; i++)
        row.gone[row.gone_count++] = x->gone.items[i].id;
    for (size_t i = 0; i < x->telling.count; i++)
        if (x->telling.items[i].emptied && holds_personal_data(x->telling.items[i].type))
            row.gone[row.gone_count++] = x->telling.items[i].id;
    sweep_wanted(x->txn->g);
    return sweep_add(x->txn->g->writer, &row, e);
}

/* -- the request ------------------------------------------------------------------------------- */

static size_t count_emptied(const struct records *list) {
    size_t n = 0;
    for (size_t i = 0; i < list->count; i++)
        n += list->items[i].emptied;
    return n;
}

/* Whoever is erased again keeps the record of it, with what it is now. */
static kith_status note_one(struct erasing *x, kith_id id, kith_str reason, size_t gone,
                            size_t emptied, kith_id *request, kith_error *e) {
    const struct base_erasure *b = &x->txn->g->schema->base.erasure;
    char text[ID_TEXT + 1];
    id_format(id, text);
    kith_value key = value_str(str_of(text));
    struct assign set[] = {
        {b->reason, value_str(reason)},
        {b->gone, value_int((int64_t)gone)},
        {b->emptied, value_int((int64_t)emptied)},
        {b->swept, value_null()},
        {b->record, key},
        {b->record_type, value_str(str_of(x->gone.items[0].type->name))},
    };
    TRY(record_unique_owner(x->txn->g->writer, b->record, &key, x->txn->arena, request, e));
    return *request ? txn_update(x->txn, b->type, *request, set, 4, e)
                    : txn_create(x->txn, b->type, set, sizeof set / sizeof *set, request, e);
}

static kith_status note_request(struct erasing *x, kith_str reason, kith_id *request,
                                kith_error *e) {
    size_t emptied = count_emptied(&x->telling) + count_emptied(&x->naming) + x->kept;
    return note_one(x, x->gone.items[0].id, reason, x->gone.count - x->kept, emptied, request, e);
}

/* Under each id that the person had before, an older backup has somebody to erase. */
static kith_status note_merged(struct erasing *x, kith_str reason, kith_error *e) {
    for (size_t i = 0; i < x->merged.count; i++) {
        struct sweep_row row = {.request_count = 1, .head = txn_next_seq(x->txn) - 1};
        kith_id request;
        TRY(note_one(x, x->merged.items[i], reason, 0, 0, &request, e));
        row.requests = &request;
        TRY(sweep_add(x->txn->g->writer, &row, e));
    }
    return KITH_OK;
}

static kith_status check_against(const struct erasing *x, const struct traces *t, kith_str reason,
                                 kith_error *e) {
    for (size_t i = 0; i < t->count; i++) {
        const struct traces one = {.items = &t->items[i], .count = 1, .min = t->min};
        bool yes;
        TRY(traces_in(&one, reason, x->txn->arena, &yes, e));
        if (yes)
            return err_set(e, KITH_E_INVAL, "reason",
                           "reason: it names the person ('%.*s'), and stays when they are gone: say"
                           " why without that, as 'request of 2026-05-03'",
                           (int)one.items->len, one.items->ptr);
    }
    return KITH_OK;
}

/* It stays for the auditor when the person is gone: so it goes by any word of the name, as what was
 * written about the person does, and by what a user was called. */
static kith_status check_reason(const struct erasing *x, kith_str reason, kith_error *e) {
    const size_t before = sizeof "user:" - 1, behind = 1 + ID_TEXT; /* see add_login */
    struct traces logins = {.min = x->near.min};
    for (size_t i = 0; i < x->logins.count; i++) {
        kith_str s = x->logins.items[i];
        TRY(traces_add(&logins, (kith_str){s.ptr + before, s.len - before - behind}, x->txn->arena,
                       e));
    }
    TRY(check_against(x, &x->near, reason, e));
    return check_against(x, &logins, reason, e);
}

static kith_status erase_all(struct erasing *x, const struct rtype *type, kith_id id,
                             kith_str reason, kith_id *request, kith_str *mentions, kith_error *e) {
    TRY(add_record(x, &x->gone, type, id, e));
    TRY(collect(x, e));
    if (mentions) /* asked for by somebody: Kith itself names nobody */
        TRY(check_reason(x, reason, e));
    TRY(collect_naming(x, e));
    TRY(empty_all(x, &x->telling, false, e));
    TRY(empty_all(x, &x->naming, true, e));
    TRY(keep_objections(x, e));
    TRY(delete_all(x, e));
    TRY(note_request(x, reason, request, e));
    TRY(forget_all(x, *request, e));
    TRY(leave_to_sweep(x, *request, e));
    TRY(note_merged(x, reason, e));
    return mentions ? erase_mentions(x->txn, &x->traces, id, mentions, e) : KITH_OK;
}

/* Deleted, and in the journal alone; or erased before, which may be done again. */
static kith_status find_gone(struct txn *t, const struct rtype *type, kith_id id, kith_error *e) {
    char text[ID_TEXT + 1];
    bool told = false;
    kith_id request = 0;
    id_format(id, text);
    kith_value key = value_str(str_of(text));
    if (t->system || t->principal->all) /* what is deleted is nobody's */
        TRY(gone_told(t->g->writer, type, id, &told, e));
    if (t->system || t->principal->all)
        TRY(record_unique_owner(t->g->writer, t->g->schema->base.erasure.record, &key, t->arena,
                                &request, e));
    return told || request ? KITH_OK : access_absent(type, id, e);
}

kith_status txn_erase(struct txn *t, const struct rtype *type, kith_id id, kith_str reason,
                      kith_id *request, kith_str *mentions, kith_error *e) {
    struct erasing x = {.txn = t, .near = {.min = TRACE_MIN_NEAR}};
    bool there;
    uint32_t origin = t->head.origin;
    if (!type_is_user(type) && !holds_personal_data(type))
        return err_set(e, KITH_E_INVAL, NULL,
                       "%s has no personal fields, so there is nobody to erase; delete it instead,"
                       " or mark its fields as personal",
                       type->name);
    TRY(txn_exists(t, type, id, &there, e));
    TRY(there ? txn_may_delete(t, type, id, e) : find_gone(t, type, id, e));
    if (type_is_user(type) && id == t->principal->user)
        return err_set(e, KITH_E_REFUSED, NULL,
                       "nobody erases the user by whom they are here: another administrator does");
    x.kept = there && type_is_user(type);
    t->erasing = true;
    t->system++;
    t->head.origin = ORIGIN_ERASE;
    kith_status st = erase_all(&x, type, id, reason, request, mentions, e);
    t->system--;
    t->erasing = false;
    map_free(&x.gone.known);
    map_free(&x.telling.known);
    map_free(&x.naming.known);
    map_free(&x.partings);
    if (st != KITH_OK)
        t->head.origin = origin;
    return st;
}

/* What imports were told to write, and is not Kith's to change. */
static kith_status list_files(struct txn *t, kith_value *out, kith_error *e) {
    kith_str *paths;
    size_t n;
    TRY(import_reject_files(t->g->writer, t->arena, &paths, &n, e));
    kith_value *items = ARENA_ARRAY(t->arena, kith_value, n + 1);
    if (!items)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++)
        items[i] = value_str(paths[i]);
    *out = n ? (kith_value){.kind = KITH_LIST, .as.list = {items, n}} : value_null();
    return KITH_OK;
}

/* Whoever got the data is to be told of the erasure, too (GDPR, Art. 19). */
static kith_status list_recipients(struct txn *t, kith_id request, kith_value *out, kith_error *e) {
    kith_value *items;
    size_t n;
    TRY(outbox_recipients(t->g->writer, request, t->arena, &items, &n, e));
    *out = n ? (kith_value){.kind = KITH_LIST, .as.list = {items, n}} : value_null();
    return KITH_OK;
}

static kith_status read_reason(const kith_value *v, kith_str *out, kith_error *e) {
    *out = str_trim(v->as.s);
    if (out->len == 0)
        return err_set(e, KITH_E_INVAL, "reason",
                       "reason: say why, for the auditor, as 'request of 3 May'");
    if (out->len > REASON_MAX)
        return err_set(e, KITH_E_INVAL, "reason",
                       "reason: it is longer than %d bytes: name the request, as 'ticket 4711', and"
                       " keep what was written there",
                       REASON_MAX);
    return KITH_OK;
}

static kith_status erase(void *self, struct call *call, kith_error *e) {
    const struct rtype *type = schema_type_by_id(call->engine->schema, call->args[0].as.link.type);
    struct txn *t = call->txn;
    kith_id request;
    kith_str mentions, reason;
    (void)self;
    TRY(read_reason(&call->args[1], &reason, e));
    kith_id id = call->args[0].as.link.id;
    const kith_value *values;
    TRY(txn_lookup(t, type, id, &values, e));
    if (values && txn_tells(t, type, id))
        TRY(restriction_check(type, id, values, e));
    TRY(txn_erase(t, type, id, reason, &request, &mentions, e));
    const struct base_erasure *b = &call->engine->schema->base.erasure;
    TRY(txn_lookup(t, b->type, request, &values, e));
    call->results[0] = value_link(request, b->type->id);
    call->results[1] = values[b->gone->index];
    call->results[2] = values[b->emptied->index];
    call->results[3] = value_str(mentions);
    TRY(list_recipients(t, request, &call->results[5], e));
    return list_files(t, &call->results[4], e);
}

static const kith_field erase_params[] = {
    {.name = "record",
     .kind = KITH_F_LINK,
     .options = "*",
     .flags = KITH_FF_REQUIRED,
     .doc = "Who is to be erased: a user, or a record with personal fields."},
    {.name = "reason",
     .kind = KITH_F_TEXT,
     .flags = KITH_FF_REQUIRED,
     .doc = "Why, for the auditor: the request and its day, in at most 500 bytes. One that names"
            " the person is refused."},
};
static const kith_field erase_results[] = {
    {.name = "request", .kind = KITH_F_LINK, .options = "erasure", .doc = "The erasure."},
    {.name = "gone", .kind = KITH_F_INTEGER, .doc = "Records that are gone."},
    {.name = "emptied", .kind = KITH_F_INTEGER, .doc = "Records that stay, emptied."},
    {.name = "mentions",
     .kind = KITH_F_JSON,
     .doc = "Other records that name the person, by type and id, at most 100: look at them."},
    {.name = "files",
     .kind = KITH_F_TAGS,
     .doc = "Files into which imports wrote rows that they rejected: look for the person there."},
    {.name = "recipients",
     .kind = KITH_F_TAGS,
     .doc = "Whom Kith told of the person, as far as it is kept: tell them of the erasure."},
};
static const struct own_action actions[] = {
    {"record.erase",
     "Erases somebody: the record, all that is part of it, and what is told about the person"
     " elsewhere, in its history, too. It cannot be undone.",
     KITH_ARRAY(erase_params), KITH_ARRAY(erase_results), erase, OWN_FINAL | OWN_GONE,
     KITH_NO_ARRAY},
    {.name = NULL},
};
const struct own_part erase_own = {.name = "erase", .actions = actions};
