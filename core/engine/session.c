/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: see session.h. */
#include "engine/session.h"
#include "base/date.h"
#include "engine/second_factor.h"
#include "engine/sign_in_internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SESSION_BEGIN "kiths_"
#define USED_EVERY_MS 60000 /* how exactly it is kept when it was used */

/* -- beginning --------------------------------------------------------------------------------- */

struct beginning {
    struct session *session;
    char digest[SECRET_DIGEST];
};

static kith_status log_begin(struct txn *t, const struct session *s, kith_error *e) {
    const char *name,
        *what = arena_printf(t->arena, "%s, session %lld", s->method, (long long)s->number);
    TRY(sign_in_name(t, s->user, &name, e));
    if (!what)
        return err_nomem(e);
    const struct principal by = {.name = name, .surface = "sign-in"};
    struct access_entry n = sign_in_entry(t->g, &by, ACCESS_SIGNED_IN, s->user, what);
    return access_log_add(t->g->writer, &n, NULL, e);
}

static kith_status begin_in(struct txn *t, void *arg, kith_error *e) {
    struct beginning *b = arg;
    struct session *s = b->session;
    const struct engine_options *o = &t->g->opts;
    TRY(user_admitted(t->g->writer, s->user, e));
    s->began = s->used = t->head.at;
    s->ends = t->head.at + o->session_life_ms;
    TRY(session_sweep(t->g->writer, t->head.at, t->head.at - o->session_idle_ms, s->user,
                      SESSIONS_MAX - 1, e));
    TRY(session_add(t->g->writer, s, str_of(b->digest), e));
    return log_begin(t, s, e);
}

kith_status session_begin(struct engine *g, struct session *s, char text[SESSION_TEXT],
                          kith_error *e) {
    struct beginning b = {.session = s};
    TRY(secret_ready(e));
    secret_make(SESSION_BEGIN, text, b.digest);
    return engine_write(g, &by_kith, begin_in, &b, NULL, e);
}

/* -- entering ---------------------------------------------------------------------------------- */

struct session_use {
    int64_t number;
};

static kith_status use_in(struct txn *t, void *arg, kith_error *e) {
    const struct session_use *u = arg;
    return session_used(t->g->writer, u->number, t->head.at, e);
}

static void noted_use(void *arg, kith_status st, kith_id tx, const kith_error *e) {
    (void)st, (void)tx, (void)e;
    free(arg);
}

/* Nobody waits for it; when it cannot be noted now, it is with the next use. */
static void note_use(struct engine *g, const struct session *s) {
    struct session_use *u = malloc(sizeof *u);
    if (!u)
        return;
    u->number = s->number;
    if (engine_post(g, &by_kith, use_in, u, noted_use, NULL) != KITH_OK)
        free(u);
}

/* One that begins after now began before the clock was set back: it is not older than it says. */
static bool is_over(const struct engine *g, const struct session *s, int64_t now) {
    return now >= s->ends || now - s->used >= g->opts.session_idle_ms;
}

bool session_is(kith_str text) {
    return str_starts(text, SESSION_BEGIN);
}

kith_status session_look(struct engine *g, kith_str text, struct arena *a, struct session *out,
                         kith_error *e) {
    char digest[SECRET_DIGEST];
    struct conn *c;
    TRY(secret_ready(e));
    secret_digest(text, digest);
    TRY(engine_reader(g, &c, e));
    kith_status st = session_find(c, str_of(digest), a, out, e);
    engine_reader_done(g, c);
    if (st == KITH_E_NOTFOUND || (st == KITH_OK && is_over(g, out, engine_now(g))))
        return err_set(e, KITH_E_DENIED, NULL, "the session has ended: sign in again");
    return st;
}

/* Who needs a second factor and has none may set it up, and nothing else. What was proven by other
 * means than a password has been looked after by those. */
static kith_status limit(struct engine *g, const struct session *s, struct access_of *of,
                         kith_error *e) {
    struct conn *c;
    bool missing;
    if (!g->opts.second_factor || !*g->opts.second_factor ||
        strcmp(s->method, METHOD_PASSWORD) != 0)
        return KITH_OK;
    TRY(engine_reader(g, &c, e));
    kith_status st = factor_missing(c, &g->opts, s->user, &missing, e);
    engine_reader_done(g, c);
    if (st == KITH_OK && missing)
        of->limit = (struct rights_limit){.read_only = true, .types = "", .actions = ""};
    return st;
}

kith_status session_enter(struct engine *g, kith_str text, enum access_zone zone, struct arena *a,
                          struct session *out, struct access_of *of, kith_error *e) {
    int64_t now = engine_now(g);
    TRY(session_look(g, text, a, out, e));
    *of = (struct access_of){.user = out->user, .zone = zone};
    TRY(limit(g, out, of, e));
    if (now - out->used > USED_EVERY_MS || now < out->used)
        note_use(g, out);
    return KITH_OK;
}

void session_csrf(kith_str text, char out[SESSION_CSRF]) {
    unsigned char raw[32];
    _Static_assert(sodium_base64_ENCODED_LEN(
                       sizeof raw, sodium_base64_VARIANT_URLSAFE_NO_PADDING) <= SESSION_CSRF,
                   "the text of a proof is too short");
    size_t len = text.len < crypto_generichash_KEYBYTES_MAX ? (size_t)text.len
                                                            : crypto_generichash_KEYBYTES_MAX;
    crypto_generichash(raw, sizeof raw, (const unsigned char *)"csrf", 4,
                       (const unsigned char *)text.ptr, len);
    sodium_bin2base64(out, SESSION_CSRF, raw, sizeof raw, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

kith_status session_list(struct engine *g, kith_id user, struct arena *a, struct session **out,
                         size_t *count, kith_error *e) {
    struct conn *c;
    size_t all, n = 0;
    int64_t now = engine_now(g);
    TRY(engine_reader(g, &c, e));
    kith_status st = session_read(c, user, a, out, &all, e);
    engine_reader_done(g, c);
    TRY(st);
    for (size_t i = 0; i < all; i++)
        if (!is_over(g, &(*out)[i], now))
            (*out)[n++] = (*out)[i];
    *count = n;
    return KITH_OK;
}

/* -- ending ------------------------------------------------------------------------------------ */

struct ending {
    kith_id user;
    int64_t number, but, count;
    struct access_entry note;
};

static kith_status end_in(struct txn *t, void *arg, kith_error *e) {
    struct ending *x = arg;
    TRY(session_drop(t->g->writer, x->user, x->number, e));
    return access_log_add(t->g->writer, &x->note, NULL, e);
}

kith_status session_end(struct engine *g, const struct principal *by, kith_id user, int64_t number,
                        kith_error *e) {
    char what[48];
    snprintf(what, sizeof what, "ended session %lld", (long long)number);
    struct ending x = {
        .user = user, .number = number, .note = sign_in_entry(g, by, ACCESS_SESSION, user, what)};
    return engine_write(g, &by_kith, end_in, &x, NULL, e);
}

static kith_status end_all_in(struct txn *t, void *arg, kith_error *e) {
    struct ending *x = arg;
    int64_t count;
    TRY(session_drop_all(t->g->writer, x->user, x->but, &count, e));
    const char *what =
        arena_printf(t->arena, "ended %lld session%s", (long long)count, count == 1 ? "" : "s");
    struct access_entry n = x->note;
    n.asked = what;
    if (!what)
        return err_nomem(e);
    if (count)
        TRY(access_log_add(t->g->writer, &n, NULL, e));
    x->count = count;
    return KITH_OK;
}

kith_status session_end_all(struct engine *g, const struct principal *by, kith_id user, int64_t but,
                            int64_t *count, kith_error *e) {
    struct ending x = {
        .user = user, .but = but, .note = sign_in_entry(g, by, ACCESS_SESSION, user, "")};
    TRY(engine_write(g, &by_kith, end_all_in, &x, NULL, e));
    *count = x.count;
    return KITH_OK;
}
