/* SPDX-License-Identifier: Apache-2.0 */
/* The second factor: see second_factor.h. */
#include "engine/second_factor.h"
#include "engine/sign_in_internal.h"
#include "record/session.h"

#include <ctype.h>
#include <liboath/oath.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_BYTES   20
#define DIGITS         6
#define STEP_MS        30000
#define RECOVERY_CHARS 16 /* 80 bits */

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";

/* -- codes ------------------------------------------------------------------------------------- */

static bool is_of_step(const char *secret, size_t len, int64_t step, const char code[DIGITS + 1]) {
    char right[DIGITS + 1];
    return oath_totp_generate(secret, len, (time_t)(step * STEP_MS / 1000), STEP_MS / 1000, 0,
                              DIGITS, right) == OATH_OK &&
           sodium_memcmp(right, code, DIGITS) == 0;
}

/* As people type it: "123 456". */
static bool take_digits(kith_str code, char out[DIGITS + 1]) {
    size_t n = 0;
    for (uint64_t i = 0; i < code.len; i++) {
        if (code.ptr[i] == ' ')
            continue;
        if (!isdigit((unsigned char)code.ptr[i]) || n == DIGITS)
            return false;
        out[n++] = code.ptr[i];
    }
    out[n] = '\0';
    return n == DIGITS;
}

static void begin_oath(void) {
    (void)oath_init();
}

int64_t factor_step(const struct factor *f, kith_str code, int64_t now) {
    char digits[DIGITS + 1], *secret = NULL;
    size_t len = 0;
    int64_t step = now / STEP_MS, found = 0;
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, begin_oath);
    if (!f->secret || !take_digits(code, digits) ||
        oath_base32_decode(f->secret, strlen(f->secret), &secret, &len) != OATH_OK)
        return 0;
    for (int64_t at = step - 1; at <= step + 1; at++)
        if (at > f->last && is_of_step(secret, len, at, digits))
            found = at;
    sodium_memzero(secret, len);
    free(secret);
    return found;
}

bool factor_recovery(kith_str code, char digest[2 * CREDENTIAL_DIGEST + 1]) {
    char plain[RECOVERY_CHARS];
    size_t n = 0;
    for (uint64_t i = 0; i < code.len; i++) {
        char c = (char)tolower((unsigned char)code.ptr[i]);
        if (c == ' ' || c == '-')
            continue;
        if (!c || !strchr(base32, c) || n == RECOVERY_CHARS)
            return false;
        plain[n++] = c;
    }
    if (n != RECOVERY_CHARS)
        return false;
    secret_digest((kith_str){plain, n}, digest);
    return true;
}

static void make_recovery(char out[FACTOR_CODE]) {
    size_t n = 0;
    for (size_t i = 0; i < RECOVERY_CHARS; i++) {
        if (i && i % 4 == 0)
            out[n++] = '-';
        out[n++] = base32[randombytes_uniform(sizeof base32 - 1)];
    }
    out[n] = '\0';
}

/* -- setting it up ----------------------------------------------------------------------------- */

struct setting_up {
    const struct principal *by;
    kith_id user;
    int64_t session;
    kith_str code;
    char (*codes)[FACTOR_CODE];
    const char *secret;
};

static kith_status read_factor(struct txn *t, kith_id user, struct factor *f, kith_error *e) {
    return credential_factor(t->g->writer, user, t->arena, f, e);
}

static kith_status begin_in(struct txn *t, void *arg, kith_error *e) {
    const struct setting_up *x = arg;
    struct factor f;
    TRY(read_factor(t, x->user, &f, e));
    if (f.on)
        return err_set(e, KITH_E_CONFLICT, NULL,
                       "there is a second factor already: remove it before another one is set up");
    return credential_set_factor(t->g->writer, x->user, str_of(x->secret), t->head.at, e);
}

kith_status factor_begin(struct engine *g, kith_id user, char secret[FACTOR_SECRET],
                         kith_error *e) {
    char raw[SECRET_BYTES], *text = NULL;
    struct setting_up x = {.user = user, .secret = secret};
    TRY(secret_ready(e));
    randombytes_buf(raw, sizeof raw);
    if (oath_base32_encode(raw, sizeof raw, &text, NULL) != OATH_OK)
        return err_nomem(e);
    (void)snprintf(secret, FACTOR_SECRET, "%s", text);
    free(text);
    sodium_memzero(raw, sizeof raw);
    return engine_write(g, &by_kith, begin_in, &x, NULL, e);
}

static kith_status log_factor(struct txn *t, const struct principal *by, kith_id user,
                              const char *what, kith_error *e) {
    struct access_entry n = sign_in_entry(t->g, by, ACCESS_FACTOR, user, what);
    return access_log_add(t->g->writer, &n, NULL, e);
}

static kith_status add_recovery(struct txn *t, const struct setting_up *x, kith_error *e) {
    char digest[SECRET_DIGEST];
    TRY(credential_drop_codes(t->g->writer, CODE_RECOVERY, x->user, e));
    for (size_t i = 0; i < FACTOR_CODES; i++) {
        (void)factor_recovery(str_of(x->codes[i]), digest);
        TRY(credential_add_code(t->g->writer, CODE_RECOVERY, x->user, str_of(digest), t->head.at, 0,
                                e));
    }
    return KITH_OK;
}

static kith_status confirm_in(struct txn *t, void *arg, kith_error *e) {
    const struct setting_up *x = arg;
    struct factor f;
    bool taken = false;
    TRY(read_factor(t, x->user, &f, e));
    if (!f.secret || f.on)
        return err_set(e, KITH_E_CONFLICT, NULL, "no second factor is being set up");
    int64_t step = factor_step(&f, x->code, t->head.at);
    if (step)
        TRY(credential_take_step(t->g->writer, x->user, step, &taken, e));
    if (!taken)
        return err_set(e, KITH_E_DENIED, "code",
                       "the code is wrong: type the one that is shown now; is the clock right?");
    TRY(add_recovery(t, x, e));
    TRY(session_prove(t->g->writer, x->session, METHOD_WITH_CODE, e));
    return log_factor(t, x->by, x->user, "set up a second factor", e);
}

kith_status factor_confirm(struct engine *g, const struct principal *by, kith_id user,
                           int64_t session, kith_str code, char codes[FACTOR_CODES][FACTOR_CODE],
                           kith_error *e) {
    struct setting_up x = {
        .by = by, .user = user, .session = session, .code = code, .codes = codes};
    TRY(secret_ready(e));
    for (size_t i = 0; i < FACTOR_CODES; i++)
        make_recovery(codes[i]);
    return engine_write(g, &by_kith, confirm_in, &x, NULL, e);
}

static kith_status end_in(struct txn *t, void *arg, kith_error *e) {
    const struct setting_up *x = arg;
    bool there;
    TRY(credential_drop_factor(t->g->writer, x->user, &there, e));
    if (!there)
        return err_set(e, KITH_E_NOTFOUND, NULL, "there is no second factor");
    return log_factor(t, x->by, x->user, "removed the second factor", e);
}

kith_status factor_end(struct engine *g, const struct principal *by, kith_id user, kith_error *e) {
    struct setting_up x = {.by = by, .user = user};
    return engine_write(g, &by_kith, end_in, &x, NULL, e);
}

/* -- how it stands ----------------------------------------------------------------------------- */

static kith_status read_needed(struct conn *c, const struct engine_options *o, kith_id user,
                               bool *yes, kith_error *e) {
    *yes = false;
    return o->second_factor && *o->second_factor
               ? credential_has_role(c, user, o->second_factor, yes, e)
               : KITH_OK;
}

kith_status factor_missing(struct conn *c, const struct engine_options *o, kith_id user, bool *yes,
                           kith_error *e) {
    struct arena a = {0};
    struct factor f;
    TRY(read_needed(c, o, user, yes, e));
    if (!*yes)
        return KITH_OK;
    kith_status st = credential_factor(c, user, &a, &f, e);
    *yes = st == KITH_OK && !f.on;
    arena_free(&a);
    return st;
}

kith_status factor_state(struct engine *g, kith_id user, struct factor_state *out, kith_error *e) {
    struct conn *c;
    struct arena a = {0};
    struct factor f = {0};
    *out = (struct factor_state){0};
    TRY(engine_reader(g, &c, e));
    kith_status st = credential_factor(c, user, &a, &f, e);
    if (st == KITH_OK)
        st = read_needed(c, &g->opts, user, &out->needed, e);
    if (st == KITH_OK)
        st = credential_count_codes(c, CODE_RECOVERY, user, &out->recovery, e);
    engine_reader_done(g, c);
    out->on = f.on;
    arena_free(&a);
    return st;
}
