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
 * Nobody has consented whose data are restricted. */
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
    q->purpose = slice(p, raw.at, p->last);
    return q->purpose ? query_expect_sign(p, ")") : err_nomem(p->e);
}

/* The words of a contact and of its points that speak of something, or those of one point. */
static const char *words(struct parser *p, const struct question *q, const char *state) {
    bool contact = q->of == OF_CONTACT;
    return arena_printf(p->arena,
                        "exists(consent.%s%s where purpose.name = %s and replaced_by is null"
                        " and state = '%s'%s)",
                        contact ? "contact" : "contact_points", q->whose, q->purpose, state,
                        contact ? " and (address is null or contact_points is not null)" : "");
}

/* The words for the contact of a point as a whole. */
static const char *words_of_whole(struct parser *p, const struct question *q, const char *state) {
    return arena_printf(p->arena,
                        "exists(consent.contact of %scontact where purpose.name = %s"
                        " and replaced_by is null and state = '%s' and address is null)",
                        q->path, q->purpose, state);
}

kith_status query_consent(struct parser *p, uint32_t at, const char **text) {
    struct question q;
    (void)at;
    TRY(parse_question(p, &q));
    const char *yes = words(p, &q, "given"), *no = words(p, &q, "withdrawn");
    const char *whole = q.of == OF_POINT ? words_of_whole(p, &q, "given") : "";
    if (!yes || !no || !whole)
        return err_nomem(p->e);
    *text = q.of == OF_POINT
                ? arena_printf(p->arena, "%scontact.restricted is null and (%s or %s) and not %s",
                               q.path, yes, whole, no)
                : arena_printf(p->arena, "%srestricted is null and %s and not %s", q.path, yes, no);
    return *text ? KITH_OK : err_nomem(p->e);
}

kith_status query_withdrawn(struct parser *p, uint32_t at, const char **text) {
    struct question q;
    (void)at;
    TRY(parse_question(p, &q));
    const char *no = words(p, &q, "withdrawn"), *yes = words(p, &q, "given");
    const char *whole = q.of == OF_POINT ? words_of_whole(p, &q, "withdrawn") : "";
    if (!no || !yes || !whole)
        return err_nomem(p->e);
    *text =
        q.of == OF_POINT ? arena_printf(p->arena, "(%s or (%s and not %s))", no, whole, yes) : no;
    return *text ? KITH_OK : err_nomem(p->e);
}
