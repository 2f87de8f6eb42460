/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: consent() and withdrawn(), which are short for conditions on the records of
 * type consent, so that whatever works with conditions works with them.
 *
 * A word (a consent record) stands until another one takes its place; it is for one contact point,
 * or, when it has no address, for the contact as a whole. A word for an address that is no contact
 * point any more speaks of nothing.
 *
 *   of a contact point   its own yes, or that of its contact when it has no word of its own
 *   of a contact         a yes, for it as a whole or for one of its points, and no no for any
 *
 * A yes ends at the instant that `expires` says, whenever a timer writes so into its state, by
 * which segments follow. Nobody has consented whose data are restricted. */
#include "base/text.h"
#include "record/access.h"
#include "record/query_internal.h"

enum asked_of { OF_CONTACT, OF_POINT };
struct question {
    enum asked_of of;
    const char *path;    /* "" for the record itself, or "contact." */
    const char *whose;   /* "" or " of contact": behind the type in exists() */
    const char *purpose; /* as written: 'newsletter' or :purpose */
};

static const char *slice(struct parser *p, uint32_t from, uint32_t to) {
    return arena_strndup(p->arena, p->text.ptr + from, to - from);
}

static kith_status whose(struct parser *p, const struct path *path, uint32_t at,
                         struct question *q) {
    const struct base_fields *base = &p->q->schema->base;
    const struct rtype *t = path->field ? path->field->target : path->type;
    if (path->part != PART_ALL || !t || (t != base->contact.type && t != base->contact_point.type))
        return QUERY_FAIL(p, at, "'%.*s' leads to no contact and to no contact point",
                          (int)path->text.len, path->text.ptr);
    q->of = t == base->contact.type ? OF_CONTACT : OF_POINT;
    return KITH_OK;
}

/* The record itself, or what a link leads to. */
static kith_status parse_whose(struct parser *p, struct question *q, struct raw *raw) {
    struct path path = {.type = p->scope->type, .text = str_of(p->scope->type->name)};
    q->path = q->whose = "";
    *raw = (struct raw){.at = p->token.at};
    uint32_t at = raw->at;
    TRY(query_raw(p, raw));
    if (raw->kind != RAW_PATH)
        return whose(p, &path, at, q);
    TRY(query_path(p, &raw->names, NULL, &path));
    path.type = NULL; /* without a field it is an id */
    const char *name = slice(p, raw->names.at, raw->names.after);
    q->path = name ? arena_printf(p->arena, "%s.", name) : NULL;
    q->whose = name ? arena_printf(p->arena, " of %s", name) : NULL;
    if (!q->path || !q->whose)
        return err_nomem(p->e);
    TRY(whose(p, &path, at, q));
    TRY(query_expect_sign(p, ","));
    return query_raw(p, raw);
}

static kith_status note_purpose(struct parser *p, const struct raw *raw) {
    struct named_purpose *n = ARENA_NEW(p->arena, struct named_purpose);
    if (!n)
        return err_nomem(p->e);
    *n = (struct named_purpose){.at = raw->at, .in = p->text.ptr, .next = p->q->purposes};
    if (raw->operand.kind == OPERAND_PARAM)
        n->param = (uint32_t)raw->operand.value.as.i;
    else
        n->name = raw->operand.value.as.s;
    p->q->purposes = n;
    return KITH_OK;
}

static kith_status parse_question(struct parser *p, struct question *q) {
    const struct base_consent *c = &p->q->schema->base.consent;
    struct raw raw;
    if (!c->type || !c->purpose->target)
        return QUERY_FAIL(p, p->token.at, "there are no consents here");
    TRY(parse_whose(p, q, &raw));
    bool text = raw.kind == RAW_VALUE &&
                (raw.operand.kind == OPERAND_PARAM ||
                 (raw.operand.kind == OPERAND_VALUE && raw.operand.value.kind == KITH_TEXT));
    if (!text)
        return QUERY_FAIL(p, raw.at, "the name of a purpose stands in quotes");
    TRY(note_purpose(p, &raw));
    q->purpose = slice(p, raw.at, p->last);
    return q->purpose ? query_expect_sign(p, ")") : err_nomem(p->e);
}

static const char yes[] = "state = 'given' and (expires is null or expires > now())";
static const char no[] = "state = 'withdrawn'";

/* The words of a contact and of its points that speak of something, or those of one point. */
static const char *words(struct parser *p, const struct question *q, const char *said) {
    bool contact = q->of == OF_CONTACT;
    return arena_printf(p->arena,
                        "exists(consent.%s%s where purpose.name = %s and replaced_by is null"
                        " and %s%s)",
                        contact ? "contact" : "contact_points", q->whose, q->purpose, said,
                        contact ? " and (address is null or contact_points is not null)" : "");
}

/* The words for the contact of a point as a whole. */
static const char *words_of_whole(struct parser *p, const struct question *q, const char *said) {
    return arena_printf(p->arena,
                        "exists(consent.contact of %scontact where purpose.name = %s"
                        " and replaced_by is null and %s and address is null)",
                        q->path, q->purpose, said);
}

kith_status query_consent(struct parser *p, uint32_t at, const char **text) {
    struct question q;
    (void)at;
    TRY(parse_question(p, &q));
    const char *given = words(p, &q, yes), *taken = words(p, &q, no);
    const char *whole = q.of == OF_POINT ? words_of_whole(p, &q, yes) : "";
    if (!given || !taken || !whole)
        return err_nomem(p->e);
    *text = q.of == OF_POINT
                ? arena_printf(p->arena, "%scontact.restricted is null and (%s or %s) and not %s",
                               q.path, given, whole, taken)
                : arena_printf(p->arena, "%srestricted is null and %s and not %s", q.path, given,
                               taken);
    return *text ? KITH_OK : err_nomem(p->e);
}

kith_status query_withdrawn(struct parser *p, uint32_t at, const char **text) {
    struct question q;
    (void)at;
    TRY(parse_question(p, &q));
    const char *taken = words(p, &q, no), *given = words(p, &q, yes);
    const char *whole = q.of == OF_POINT ? words_of_whole(p, &q, no) : "";
    if (!taken || !given || !whole)
        return err_nomem(p->e);
    *text = q.of == OF_POINT
                ? arena_printf(p->arena, "(%s or (%s and not %s))", taken, whole, given)
                : taken;
    return *text ? KITH_OK : err_nomem(p->e);
}

/* -- are they there? --------------------------------------------------------------------------- */

#define NAMES_MAX  1000
#define NAMES_TOLD 10

struct names {
    const char **items;
    size_t count;
};

static const char *name_at(const void *arg, size_t i) {
    return ((const struct names *)arg)->items[i];
}

static kith_status read_names(struct conn *c, struct arena *a, struct names *out, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    out->items = ARENA_ARRAY(a, const char *, NAMES_MAX);
    if (!out->items)
        return err_nomem(e);
    TRY(conn_prepare(c, "SELECT name FROM purpose ORDER BY id LIMIT ?1", &st, e));
    bind_int(st, 1, NAMES_MAX);
    for (;;) {
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        out->items[out->count] = arena_strndup(a, column_str(st, 0).ptr, column_str(st, 0).len);
        if (!out->items[out->count++]) {
            sqlite3_reset(st);
            return err_nomem(e);
        }
    }
}

/* "at 23: there is no purpose 'newsleter'; did you mean 'newsletter'?", or those that there are. */
static kith_status unknown(const struct named_purpose *n, kith_str name, struct conn *c,
                           struct arena *a, kith_error *e) {
    struct names names = {0};
    struct buf known = {0};
    TRY(read_names(c, a, &names, e));
    kith_str shown = text_cut(name, 60);
    const char *near = str_nearest(name, name_at, &names, names.count);
    for (size_t i = 0; i < names.count && i < NAMES_TOLD; i++)
        buf_printf(&known, "%s%s", i ? ", " : "", names.items[i]);
    kith_status st =
        near ? err_set(e, KITH_E_INVAL, NULL, "there is no purpose '%.*s'%s%s%s", (int)shown.len,
                       shown.ptr, STR_MEANT(near))
        : names.count ? err_set(e, KITH_E_INVAL, NULL, "there is no purpose '%.*s'; there are %s%s",
                                (int)shown.len, shown.ptr, known.ptr ? known.ptr : "",
                                names.count > NAMES_TOLD ? " and more" : "")
                      : err_set(e, KITH_E_INVAL, NULL,
                                "there is no purpose '%.*s', nor any other: create it first",
                                (int)shown.len, shown.ptr);
    buf_free(&known);
    return n->name.ptr ? query_fail_at(str_of(n->in), n->at, e) : st;
}

/* To the letter, as the condition compares it: in another case withdrawn() would find nobody. */
static kith_status find_purpose(struct conn *c, kith_str name, kith_id *id, kith_error *e) {
    sqlite3_stmt *st;
    int64_t found;
    TRY(conn_prepare(c, "SELECT id FROM purpose WHERE name = ?1", &st, e));
    bind_str(st, 1, name);
    TRY(conn_first(c, st, 0, &found, e));
    *id = (kith_id)found;
    return KITH_OK;
}

/* To whoever may not read a purpose nobody has said no to it, so that withdrawn() would find all
 * who did; and such a name is not told from one that is not there. */
static kith_status is_readable(const struct query *q, const struct principal *p, kith_id id,
                               kith_str name, struct conn *c, struct arena *a, kith_error *e) {
    const struct rtype *type = q->schema->base.purpose.type;
    kith_value *values = ARENA_ARRAY(a, kith_value, type->field_count);
    kith_str shown = text_cut(name, 60);
    bool there = false;
    if (!values)
        return err_nomem(e);
    if (id)
        TRY(access_find(c, p, type, id, a, values, &there, e));
    return there ? KITH_OK
                 : err_set(e, KITH_E_INVAL, NULL,
                           "there is no purpose '%.*s' that you may read; an administrator opens"
                           " them in a role: \"purpose\": {\"read\": \"all\"}",
                           (int)shown.len, shown.ptr);
}

static kith_status is_there(const struct query *q, const struct principal *p,
                            const struct named_purpose *n, const kith_value *params, struct conn *c,
                            struct arena *a, kith_error *e) {
    kith_value name = n->name.ptr ? value_str(n->name) : params[n->param];
    kith_id id;
    if (name.kind != KITH_TEXT)
        return KITH_OK; /* null matches nothing; another kind is refused where it is compared */
    TRY(find_purpose(c, name.as.s, &id, e));
    if (p && access_rule(p, q->schema->base.purpose.type) != ACCESS_ALL)
        return is_readable(q, p, id, name.as.s, c, a, e);
    return id ? KITH_OK : unknown(n, name.as.s, c, a, e);
}

kith_status query_purposes(const struct query *q, const struct principal *p,
                           const kith_value *params, struct conn *c, kith_error *e) {
    struct arena a = {0};
    kith_status st = KITH_OK;
    for (const struct named_purpose *n = q->purposes; n && st == KITH_OK; n = n->next)
        if (n->name.ptr || params)
            st = is_there(q, p, n, params, c, &a, e);
    arena_free(&a);
    return st;
}

bool query_names_purpose(const struct query *q, kith_str name) {
    for (const struct named_purpose *n = q->purposes; n; n = n->next)
        if (n->name.ptr && str_eq(n->name, name))
            return true;
    return false;
}
