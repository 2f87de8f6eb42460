/* SPDX-License-Identifier: Apache-2.0 */
/* Carried: by the actions that people use, so that all follows that follows from those. */
#include "cli/carried.h"
#include "cli/show.h"
#include "record/suppression.h"

#define CLOCK_MS                                                                                   \
    3600000 /* a clock may have been set meanwhile; what is said twice does no harm                \
             */
#define SHOWN 20

static const char reason[] = "said before an older backup was restored";

kith_status carried_read(struct cmd *c, const char *path, int64_t since, struct carried *out,
                         kith_error *e) {
    struct conn *conn;
    *out = (struct carried){0};
    if (conn_look(&conn, path, NULL) != KITH_OK)
        return KITH_OK;
    kith_error why = KITH_ERROR_INIT;
    kith_str secret;
    if (suppression_hash(conn, STR(""), &c->arena, &secret, NULL) == KITH_OK)
        out->secret = secret.ptr;
    kith_status st =
        objections_since(conn, since - CLOCK_MS, &c->arena, &out->items, &out->count, &why);
    conn_close(conn);
    if (st == KITH_E_NOMEM)
        err_copy(e, &why);
    return st == KITH_E_NOMEM ? st : KITH_OK;
}

/* -- saying it --------------------------------------------------------------------------------- */

static kith_status call(struct engine *g, const struct principal *p, const char *name,
                        const kith_value *args, struct arena *a, int64_t *n, kith_error *e) {
    const struct write_opts o = {.principal = p, .origin = ORIGIN_ACTION, .note = reason};
    const struct action *action = engine_action(g, str_of(name));
    kith_value results[2] = {{0}};
    TRY(engine_call(g, NULL, &o, action, args, a, results, NULL, e));
    *n = results[0].kind == KITH_INT ? results[0].as.i : 1;
    return KITH_OK;
}

static kith_value text_or_null(const char *text) {
    return text ? value_str(str_of(text)) : value_null();
}

static kith_status withdraw(struct engine *g, const struct principal *p, const struct objection *o,
                            struct arena *a, struct carried *x, kith_error *e) {
    const struct rtype *contact = engine_schema(g)->base.contact.type;
    const kith_value args[] = {
        value_str(str_of(o->purpose)),
        o->address ? value_null() : value_link(o->contact, contact->id),
        value_null(),
        text_or_null(o->address),
        text_or_null(o->text),
    };
    int64_t n = 0;
    TRY(call(g, p, "consent.withdraw", args, a, &n, e));
    x->withdrawn += (uint64_t)n;
    return KITH_OK;
}

static kith_status restrict_(struct engine *g, const struct principal *p, const struct objection *o,
                             struct arena *a, struct carried *x, kith_error *e) {
    const struct base_contact *b = &engine_schema(g)->base.contact;
    const kith_value args[] = {value_link(o->contact, b->type->id),
                               value_str(str_of(o->text ? o->text : reason))};
    kith_id id = o->contact;
    kith_value *values;
    int64_t n = 0;
    TRY(engine_read(g, p, b->type, &id, a, &values, e));
    if (values[b->restricted->index].kind != KITH_NULL)
        return KITH_OK;
    TRY(call(g, p, "restriction.set", args, a, &n, e));
    x->restricted++;
    return KITH_OK;
}

/* What can be refused is shown, and holds up nothing. */
static bool is_answer(kith_status st) {
    return st == KITH_E_REFUSED || st == KITH_E_INVAL || st == KITH_E_CONFLICT ||
           st == KITH_E_DENIED || st == KITH_E_LIMIT;
}

/* In one transaction, in which all addresses are looked at. */
static kith_status suppress(struct cmd *c, struct engine *g, const struct principal *p,
                            struct carried *x, kith_error *e) {
    const struct write_opts o = {.principal = p, .origin = ORIGIN_ACTION, .note = reason};
    kith_error why = KITH_ERROR_INIT;
    uint64_t done = 0;
    size_t n = 0;
    for (size_t i = 0; i < x->count; i++)
        n += x->items[i].hash != NULL;
    if (n == 0 || !x->secret)
        return KITH_OK;
    kith_status st = engine_suppress(g, &o, x->secret, x->items, x->count, &done, &why);
    x->withdrawn += done;
    if (st == KITH_OK)
        return KITH_OK;
    if (st != KITH_E_CONFLICT) {
        err_copy(e, &why);
        return st;
    }
    x->left += n;
    io_say(c->io, "%zu %s", n, why.message);
    return KITH_OK;
}

kith_status carried_say(struct cmd *c, struct engine *g, const struct principal *p,
                        struct carried *x, kith_error *e) {
    for (size_t i = 0; i < x->count; i++) {
        const struct objection *o = &x->items[i];
        if (o->hash)
            continue;
        struct arena a = {0}; /* the writer's thread fills it */
        kith_error why = KITH_ERROR_INIT;
        kith_status st = (o->purpose ? withdraw : restrict_)(g, p, o, &a, x, &why);
        arena_free(&a);
        if (st != KITH_OK && st != KITH_E_NOTFOUND && !is_answer(st)) {
            err_copy(e, &why);
            return st;
        }
        if (is_answer(st) && x->left++ < SHOWN)
            io_say(c->io, "contact %s, %s: %s", show_id(c, o->contact),
                   o->purpose ? o->purpose : "restriction", why.message);
        TRY(io_check(c->io, e));
    }
    return suppress(c, g, p, x, e);
}
