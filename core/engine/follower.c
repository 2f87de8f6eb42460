/* SPDX-License-Identifier: Apache-2.0 */
/* Followers: somebody outside who is told of what happens for as long as they stay: by which
 * rights, of which topics and records. Rights are those of now, all the time. */
#include "engine/follower.h"
#include "engine/bus.h"
#include "engine/listen.h"
#include "engine/session.h"
#include "engine/sign_in.h"

#include <stdlib.h>
#include <string.h>

#define TOKEN_MS 3000 /* so often it is looked whether a token or session still holds */

struct follower {
    struct engine *g;
    struct arena arena;
    struct access_of of;
    kith_str token;
    struct principal who;
    bool in;
    const char *surface, *asked;
    const char **topics;
    size_t topic_count;
    kith_str where;
    const struct rtype *type;    /* of the condition; NULL: there is none */
    struct arena compiled;       /* of: */
    struct predicate *condition; /* NULL: it goes by what they may not read */
    int64_t looked;              /* at the token: clock_ticks */
    int64_t number;              /* in the log of access; 0: it is not logged */
    _Atomic uint64_t told;
};

/* -- what is asked of them --------------------------------------------------------------------- */

const struct principal *follower_who(const struct follower *f) {
    return &f->who;
}

bool follower_hears(const struct follower *f, const char *topic) {
    for (size_t i = 0; i < f->topic_count; i++)
        if (topic_fits(f->topics[i], topic))
            return true;
    return f->topic_count == 0;
}

const struct predicate *follower_condition(const struct follower *f, const struct rtype **type) {
    *type = f->type;
    return f->condition;
}

void follower_told(struct follower *f) {
    atomic_fetch_add(&f->told, 1);
}

/* -- rights ------------------------------------------------------------------------------------ */

static kith_status compile(struct follower *f, kith_error *e) {
    struct engine *g = f->g;
    struct predicate *p;
    struct conn *c;
    f->condition = NULL;
    arena_reset(&f->compiled);
    if (!f->type)
        return KITH_OK;
    TRY(predicate_parse_for(&p, g->schema, &f->who, f->type, &f->compiled, f->where, e));
    TRY(condition_open(g, engine_now(g), &f->who, p, &f->compiled, e));
    TRY(engine_reader(g, &c, e));
    kith_status st = query_purposes(predicate_query(p), &f->who, NULL, c, e);
    engine_reader_done(g, c);
    if (st == KITH_OK)
        f->condition = p;
    return st;
}

static kith_status enter(struct follower *f, kith_error *e) {
    struct principal who;
    TRY(engine_enter(f->g, &f->of, NULL, &who, e));
    who.surface = f->surface;
    who.asked = f->asked;
    if (f->in)
        engine_leave(&f->who);
    f->who = who;
    f->in = true;
    return KITH_OK;
}

static kith_status look_at_token(struct follower *f, kith_error *e) {
    struct arena a = {0};
    struct access_of of = f->of;
    int64_t now = clock_ticks();
    if (!f->token.len || now - f->looked < TOKEN_MS * INT64_C(1000000))
        return KITH_OK;
    struct session s;
    kith_status st = session_is(f->token) ? session_look(f->g, f->token, &a, &s, e)
                                          : token_enter(f->g, f->token, &a, &of, e);
    if (st == KITH_OK && of.user != f->of.user)
        st = err_set(e, KITH_E_DENIED, NULL, "the token is somebody else's by now");
    arena_free(&a);
    if (st == KITH_OK)
        f->looked = now;
    return st;
}

kith_status follower_still(struct follower *f, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    TRY(look_at_token(f, e));
    if (f->who.access->generation == atomic_load(&f->g->access_generation))
        return KITH_OK;
    TRY(enter(f, e));
    kith_status st = compile(f, &why);
    if (st == KITH_OK || st == KITH_E_DENIED || st == KITH_E_NOTFOUND || st == KITH_E_INVAL)
        return KITH_OK; /* nothing meets it */
    err_copy(e, &why);
    return st;
}

/* -- coming and going -------------------------------------------------------------------------- */

static kith_status check(const struct follower *f, const struct following *given, kith_error *e) {
    struct arena a = {0};
    kith_error why = KITH_ERROR_INIT;
    if (given->where.len && !given->topic_count)
        return err_set(e, KITH_E_INVAL, "where",
                       "a condition needs topics of one type, as contact.*");
    kith_status st =
        engine_check_topics(f->g, given->topics, given->topic_count, given->where, &a, &why);
    arena_free(&a);
    if (st == KITH_OK)
        return KITH_OK;
    err_copy(e, &why);
    return st;
}

static kith_status keep_topics(struct follower *f, const struct following *given, kith_error *e) {
    struct arena *a = &f->arena;
    f->topics = ARENA_ARRAY(a, const char *, given->topic_count + 1);
    if (!f->topics)
        return err_nomem(e);
    f->topic_count = given->topic_count;
    for (size_t i = 0; i < f->topic_count; i++)
        if (!(f->topics[i] = arena_strndup(a, given->topics[i].ptr, given->topics[i].len)))
            return err_nomem(e);
    f->where = arena_str(a, given->where);
    if (!f->where.ptr)
        return err_nomem(e);
    if (f->where.len) {
        kith_str rest = given->topics[0], name;
        f->type = str_split(&rest, '.', &name) ? schema_type(f->g->schema, name) : NULL;
    }
    return KITH_OK;
}

static bool copy(struct arena *a, const char *z, const char **out) {
    *out = z ? arena_strdup(a, z) : NULL;
    return !z || *out;
}

static kith_status keep(struct follower *f, const struct following *given, kith_error *e) {
    struct arena *a = &f->arena;
    f->of = given->of;
    f->token = arena_str(a, given->token);
    f->looked = clock_ticks();
    if (!f->token.ptr || !copy(a, given->of.limit.types, &f->of.limit.types) ||
        !copy(a, given->of.limit.actions, &f->of.limit.actions) ||
        !copy(a, given->surface, &f->surface) || !copy(a, given->asked, &f->asked))
        return err_nomem(e);
    return keep_topics(f, given, e);
}

/* "events: lead.*, order.paid where amount > 5" */
static kith_status log_begin(struct follower *f, kith_error *e) {
    struct buf b = {0};
    buf_puts(&b, "events: ");
    for (size_t i = 0; i < f->topic_count; i++)
        buf_printf(&b, "%s%s", i ? ", " : "", f->topics[i]);
    if (f->topic_count == 0)
        buf_puts(&b, "*");
    if (f->where.len) {
        buf_puts(&b, " where ");
        buf_str(&b, f->where);
    }
    kith_status st = b.failed
                         ? err_nomem(e)
                         : access_export_begin(f->g, &f->who, f->type, 0, b.ptr, &f->number, e);
    buf_free(&b);
    return st;
}

kith_status follower_open(struct engine *g, const struct following *given, struct follower **out,
                          kith_error *e) {
    struct follower *f = calloc(1, sizeof *f);
    *out = NULL;
    if (!f)
        return err_nomem(e);
    f->g = g;
    kith_status st = check(f, given, e);
    if (st == KITH_OK)
        st = keep(f, given, e);
    if (st == KITH_OK)
        st = enter(f, e);
    if (st == KITH_OK)
        st = compile(f, e);
    if (st == KITH_OK && f->who.surface)
        st = log_begin(f, e);
    if (st == KITH_OK)
        *out = f;
    else
        follower_close(f);
    return st;
}

void follower_close(struct follower *f) {
    if (!f)
        return;
    if (f->number)
        access_export_ended(f->g, f->number, atomic_load(&f->told));
    if (f->in)
        engine_leave(&f->who);
    arena_free(&f->compiled);
    arena_free(&f->arena);
    free(f);
}
