/* SPDX-License-Identifier: Apache-2.0 */
/* kith get --as-of: one record as it was, with what it linked to called as it was called then. */
#include "cli/get.h"

struct then {
    struct cmd *c;
    const struct rtype *type;
    kith_id id;
    struct moment when;
    struct past_record past;
};

/* -- for people -------------------------------------------------------------------------------- */

static kith_str link_then(struct then *t, const kith_value *v) {
    struct cmd *c = t->c;
    const struct rtype *type = schema_type_by_id(cmd_schema(c), v->as.link.type);
    struct past_record p;
    kith_str id = value_text(cmd_schema(c), v, &c->arena);
    if (!type || engine_as_of(c->company->engine, &c->principal, type, v->as.link.id, &t->when,
                              &c->arena, &p, NULL) != KITH_OK)
        return id;
    kith_str title = title_of(c, type, p.values);
    return title.len ? str_of(arena_printf(&c->arena, "%.*s (%.*s)", (int)title.len, title.ptr,
                                           (int)id.len, id.ptr))
                     : id;
}

static kith_str list_then(struct then *t, const kith_value *v) {
    struct buf b = {0};
    for (uint64_t i = 0; i < v->as.list.count; i++) {
        const kith_value *item = &v->as.list.items[i];
        buf_puts(&b, i ? ", " : "");
        buf_str(&b, item->kind == KITH_LINK ? link_then(t, item) : show_value(t->c, item));
    }
    kith_str text = arena_str(&t->c->arena, buf_view(&b));
    buf_free(&b);
    return text;
}

static kith_str value_then(struct then *t, const kith_value *v) {
    return v->kind == KITH_LINK   ? link_then(t, v)
           : v->kind == KITH_LIST ? list_then(t, v)
                                  : show_value(t->c, v);
}

static void print_derived(struct then *t) {
    const char *sep = "\nDerived from other records and not known of the past: ";
    for (uint32_t i = 0; i < t->type->field_count; i++)
        if (field_derived(t->type->fields[i])) {
            io_printf(t->c->io, "%s%s", sep, t->type->fields[i]->name);
            sep = ", ";
        }
    io_puts(t->c->io, sep[0] == ',' ? ".\n" : "");
}

static void print_then(struct then *t) {
    struct cmd *c = t->c;
    const struct past_record *p = &t->past;
    size_t width = widest_name(t->type);
    page_head(c, t->type, t->id, p->values);
    for (uint32_t i = 0; i < t->type->field_count; i++) {
        uint32_t at = (i + FIELD_FIRST) % t->type->field_count;
        if (p->values[at].kind != KITH_NULL)
            page_field(c, t->type->fields[at]->name, value_then(t, &p->values[at]), width);
    }
    for (size_t i = 0; i < p->lost_count; i++)
        page_field(c, p->lost[i].name,
                   str_of(arena_printf(&c->arena, "%.*s  (no field of %s any more)",
                                       (int)show_value(c, &p->lost[i].value).len,
                                       show_value(c, &p->lost[i].value).ptr, t->type->name)),
                   width);
    print_derived(t);
    kith_str when = show_time(c, t->when.at), changed = show_time(c, p->changed);
    if (!p->changed) {
        io_printf(c->io,
                  "\n%sAs of %.*s. Last changed before %.*s, from which on the journal is"
                  " kept.%s\n",
                  io_style(c->io, STYLE_DIM), (int)when.len, when.ptr,
                  (int)show_time(c, p->start.at).len, show_time(c, p->start.at).ptr,
                  io_style(c->io, STYLE_PLAIN));
        return;
    }
    io_printf(c->io, "\n%sAs of %.*s. Last changed before that at %.*s, transaction %s.%s\n",
              io_style(c->io, STYLE_DIM), (int)when.len, when.ptr, (int)changed.len, changed.ptr,
              show_id(c, p->tx), io_style(c->io, STYLE_PLAIN));
}

/* -- for programs ------------------------------------------------------------------------------ */

static void json_lost(struct then *t, struct json_out *j) {
    json_key(j, "retired");
    json_object_(j);
    for (size_t i = 0; i < t->past.lost_count; i++) {
        json_key(j, t->past.lost[i].name);
        value_json(cmd_schema(t->c), &t->past.lost[i].value, j);
    }
    json_object_end(j);
}

/* Null would say that a derived value was empty; it is not known. */
static void json_record_then(struct then *t, struct json_out *j) {
    json_key(j, "record");
    json_object_(j);
    json_key(j, "id");
    json_id(j, t->id);
    json_key(j, "type");
    json_strz(j, t->type->name);
    for (uint32_t i = 0; i < t->type->field_count; i++) {
        if (field_derived(t->type->fields[i]))
            continue;
        json_key(j, t->type->fields[i]->name);
        value_json(cmd_schema(t->c), &t->past.values[i], j);
    }
    json_object_end(j);
    json_key(j, "derived");
    json_array_(j);
    for (uint32_t i = 0; i < t->type->field_count; i++)
        if (field_derived(t->type->fields[i]))
            json_strz(j, t->type->fields[i]->name);
    json_array_end(j);
}

static void json_then(struct then *t) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "as_of");
    json_time(&j, t->when.at);
    json_key(&j, "changed");
    if (t->past.changed)
        json_time(&j, t->past.changed);
    else
        json_nil(&j);
    json_key(&j, "transaction");
    json_id(&j, t->past.tx);
    json_record_then(t, &j);
    json_lost(t, &j);
    json_merged(t->c, &j);
    json_object_end(&j);
    json_print(t->c, &b);
}

kith_status get_as_of(struct cmd *c, const struct rtype *type, kith_id id, const char *when,
                      kith_error *e) {
    struct then t = {.c = c, .type = type, .id = id};
    struct engine *g = c->company->engine;
    kith_error why = KITH_ERROR_INIT;
    TRY(engine_moment(g, str_of(when), &c->arena, &t.when, e));
    kith_status st = engine_as_of(g, &c->principal, type, id, &t.when, &c->arena, &t.past, &why);
    TRY(arg_follow(c, type, &t.id, e));
    if (st == KITH_E_NOTFOUND && t.id != id)
        st = engine_as_of(g, &c->principal, type, t.id, &t.when, &c->arena, &t.past, &why);
    else
        t.id = id; /* it was there then */
    if (st != KITH_OK) {
        err_copy(e, &why);
        return st;
    }
    if (c->json)
        json_then(&t);
    else
        print_then(&t);
    return KITH_OK;
}
