/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: names become fields, and the links on the way to them become steps. A path
 * that goes to one is joined once per scope however often it is written; a path that goes to many
 * belongs to the one test that it stands in. */
#include "base/text.h"
#include "record/query_internal.h"

static kith_status next_name(struct parser *p, struct name_list *out) {
    if (p->token.kind != TOKEN_NAME && p->token.kind != TOKEN_QUOTED)
        return query_expected(p, "the name of a field");
    if (out->count == QUERY_NAMES_MAX)
        return query_fail(p->text, p->token.at, p->e, KITH_E_LIMIT,
                          "more than %u names in one path", QUERY_NAMES_MAX);
    out->names[out->count++] = p->token;
    return query_advance(p);
}

kith_status query_names(struct parser *p, struct name_list *out) {
    *out = (struct name_list){.at = p->token.at};
    TRY(next_name(p, out));
    while (query_is_sign(&p->token, ".")) {
        TRY(query_advance(p));
        TRY(next_name(p, out));
    }
    out->after = p->last;
    return KITH_OK;
}

kith_status query_term(struct parser *p, struct name_list *out) {
    const struct function *f = query_called(p);
    uint32_t at = p->token.at;
    if (!query_is_call(p))
        return query_names(p, out);
    if (!f || !f->term)
        return query_bad_call(p);
    TRY(query_begin_call(p));
    TRY(f->term(p, f, at, out));
    out->at = at;
    out->after = p->last;
    return KITH_OK;
}

static kith_status find_carried(struct parser *p, const struct rtype *t, const struct token *name,
                                const struct rfield **out) {
    kith_str text = text_cut(name->text, 60);
    *out = carried_field(t, text);
    if (*out)
        return KITH_OK;
    const char *near = carried_near(t, text);
    return QUERY_FAIL(p, name->at, "%s carries no '%.*s'%s%s%s", t->name, (int)text.len, text.ptr,
                      STR_MEANT(near));
}

static kith_status find_field(struct parser *p, const struct rtype *t, const struct token *name,
                              const struct rfield **out) {
    const struct rtype *carried = p->event ? p->event->target : NULL;
    if (carried && t == carried)
        return find_carried(p, t, name, out);
    if (carried && !type_field(p->q->schema, t, name->text) && carried_field(carried, name->text))
        return QUERY_FAIL(p, name->at, "'%.*s' is what the event carries: write event.%.*s",
                          (int)name->text.len, name->text.ptr, (int)name->text.len, name->text.ptr);
    if (schema_find_field(p->q->schema, t, text_cut(name->text, 60), out, p->e) != KITH_OK)
        return query_fail_at(p->text, name->at, p->e);
    return KITH_OK;
}

/* event.points, and as rules write it event.data.points: takes the names that lead there. A field
 * of the record that is called so comes first. */
static bool begins_event(struct parser *p, const struct path *path, const struct token **name,
                         const struct token *last) {
    const struct rtype *t = p->event ? p->event->target : NULL;
    bool first = path->type == p->q->root.type && !path->from && p->scope == &p->q->root;
    if (!t || !first || *name == last || !str_eqz((*name)->text, "event") ||
        type_field(p->q->schema, path->type, (*name)->text))
        return false;
    if (*name + 1 < last && str_eqz((*name + 1)->text, "data") && !carried_field(t, STR("data")))
        ++*name;
    return true;
}

static kith_status new_step(struct parser *p, const struct rfield *via, const struct step *from,
                            uint32_t at, struct step **list, struct step **out) {
    struct step *s = ARENA_NEW(p->arena, struct step);
    if (!s)
        return err_nomem(p->e);
    if (++p->scope->steps > QUERY_LINKS_MAX)
        return query_fail(p->text, at, p->e, KITH_E_LIMIT, "more than %u links are followed",
                          QUERY_LINKS_MAX);
    TRY(query_room(p, at, via->target));
    *s = (struct step){.from = from,
                       .via = via,
                       .type = via->target,
                       .number = p->scope->steps,
                       .many = via->kind == KITH_F_LINKS};
    while (*list)
        list = &(*list)->next;
    *list = *out = s;
    return KITH_OK;
}

kith_status query_join(struct parser *p, const struct rfield *via, const struct step *from,
                       uint32_t at, struct step **out) {
    for (struct step *s = p->scope->joins; s; s = s->next)
        if (s->via == via && s->from == from) {
            *out = s;
            return KITH_OK;
        }
    return new_step(p, via, from, at, &p->scope->joins, out);
}

static bool beyond_many(const struct step *s) {
    for (; s; s = s->from)
        if (s->many)
            return true;
    return false;
}

static kith_status many_step(struct parser *p, const struct rfield *via, const struct path *path,
                             struct test *test, struct step **out) {
    if (!test)
        return QUERY_FAIL(
            p, path->at,
            "'%s' goes to many records; it can be compared with a value, but not sorted by "
            "or compared with a field",
            via->name);
    for (struct step *s = test->many; s && p->share; s = s->next)
        if (s->via == via && s->from == path->from) {
            *out = s;
            return KITH_OK;
        }
    return new_step(p, via, path->from, path->at, &test->many, out);
}

static kith_status follow(struct parser *p, const struct rfield *via, const struct token *next,
                          struct test *test, struct path *path) {
    struct step *step = NULL;
    if (via->any_target)
        return QUERY_FAIL(
            p, next->at,
            "'%s' links to records of any type: compare it with an id; no field can follow",
            via->name);
    if (via->kind == KITH_F_LINKS || (via->kind == KITH_F_LINK && beyond_many(path->from)))
        TRY(many_step(p, via, path, test, &step));
    else if (via->kind == KITH_F_LINK)
        TRY(query_join(p, via, path->from, path->at, &step));
    else
        return QUERY_FAIL(p, next->at, "'%s' is a %s field, not a link: no field can follow",
                          via->name, field_kind_name(via->kind));
    step->bare = false;
    path->from = step;
    path->type = step->type;
    return KITH_OK;
}

/* Does the part exist of what the path leads to? */
static kith_status check_part(struct parser *p, const struct name_list *names, struct path *path) {
    uint32_t kind = path->field ? path->field->kind : KITH_F_LINK;
    if (names->part == PART_DISTANCE)
        return query_distance_path(p, names, path);
    bool time = kind == KITH_F_TIME, date = time || kind == KITH_F_DATE;
    if (names->part == PART_ALL || (names->part == PART_HOUR ? time : date))
        return KITH_OK;
    return QUERY_FAIL(p, names->names[0].at, "'%s' is a %s field, and no %s",
                      path->field ? path->field->name : "id", field_kind_name(kind),
                      names->part == PART_HOUR ? "time" : "date or time");
}

kith_status query_path(struct parser *p, const struct name_list *names, struct test *test,
                       struct path *out) {
    *out = (struct path){.type = p->scope->type,
                         .at = names->at,
                         .text = {p->text.ptr + names->at, names->after - names->at},
                         .part = names->part,
                         .related = names->related,
                         .from = names->related ? names->related->from : NULL};
    if (names->count == 0)
        return KITH_OK; /* count(...) has no path */
    const struct token *last = &names->names[names->count - 1];
    for (const struct token *name = names->names; name <= last; name++) {
        const struct rfield *f;
        if (name == last && str_eqz(name->text, "id") && out->type->id)
            break;
        if (begins_event(p, out, &name, last))
            f = p->event;
        else
            TRY(find_field(p, out->type, name, &f));
        if (f->kind == KITH_F_MONEY && name + 1 == last && str_eqz(last->text, "currency")) {
            out->part = PART_CURRENCY;
            out->field = f;
            return KITH_OK;
        }
        if (name < last) {
            TRY(follow(p, f, name + 1, test, out));
        } else if (f->kind == KITH_F_LINKS) {
            struct step *step = NULL;
            uint32_t steps = p->scope->steps;
            TRY(many_step(p, f, out, test, &step));
            step->bare = step->bare || p->scope->steps > steps; /* a new one */
            out->from = step;
            out->type = step->type;
            out->link = true;
        } else {
            out->field = f;
        }
    }
    if (out->field && out->field == p->q->schema->base.contact.restricted && !out->from)
        p->scope->restricted = true;
    return check_part(p, names, out);
}
