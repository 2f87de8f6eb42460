/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in: see sign_in.h. */
#include "base/date.h"
#include "base/text.h"
#include "engine/second_factor.h"
#include "engine/sign_in_internal.h"
#include "record/session.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define OPS             2u
#define MEMORY          67108864u /* bytes */
#define FREE_ATTEMPTS   3         /* that fail without a wait */
#define FREE_OF_ADDRESS 20
#define HALF_MS         600000
#define WAIT_MAX_MS     900000
#define FORGET_MS       DAY_MS /* after the last failure */
#define USED_EVERY_MS   60000  /* how exactly it is kept when a token was used */
#define WRONG_CODE      "the code is wrong, or was used already"
#define TOKEN_BEGIN     "kith_"
#define BASE64          sodium_base64_VARIANT_URLSAFE_NO_PADDING

/* Checked when there is nothing to check, so that it takes as long. */
static const char nobodys[] = "$argon2id$v=19$m=65536,t=2,p=1$UAXFgJZ+T0Lp5QqaqWV8XQ$"
                              "ZLuuXmjKfgRQl+jK1oMiLXKSlQ9uKNYX+vn7TJE6yIE";

kith_status secret_ready(kith_error *e) {
    return sodium_init() < 0 ? err_set(e, KITH_E_INTERNAL, NULL, "libsodium cannot be used")
                             : KITH_OK;
}

void secret_digest(kith_str text, char out[SECRET_DIGEST]) {
    unsigned char raw[CREDENTIAL_DIGEST];
    crypto_generichash(raw, sizeof raw, (const unsigned char *)text.ptr, text.len, NULL, 0);
    sodium_bin2hex(out, SECRET_DIGEST, raw, sizeof raw);
}

void secret_make(const char *begin, char *text, char digest[SECRET_DIGEST]) {
    unsigned char raw[SECRET_RANDOM];
    size_t len = strlen(begin);
    randombytes_buf(raw, sizeof raw);
    memcpy(text, begin, len);
    sodium_bin2base64(text + len, sodium_base64_encoded_len(sizeof raw, BASE64), raw, sizeof raw,
                      BASE64);
    sodium_memzero(raw, sizeof raw);
    secret_digest(str_of(text), digest);
}

kith_status sign_in_user(struct engine *g, const char *login, kith_id *user, kith_error *e) {
    struct conn *c;
    struct arena a = {0};
    TRY(engine_reader(g, &c, e));
    kith_status st = access_user(c, g->schema, str_of(login), &a, user, e);
    engine_reader_done(g, c);
    arena_free(&a);
    if (st == KITH_OK && !*user)
        return err_set(e, KITH_E_NOTFOUND, NULL, "there is no user with the login '%s'", login);
    return st;
}

/* -- the log ----------------------------------------------------------------------------------- */

static kith_status note_in(struct txn *t, void *arg, kith_error *e) {
    return access_log_add(t->g->writer, arg, NULL, e);
}

struct access_entry sign_in_entry(struct engine *g, const struct principal *by,
                                  enum access_event event, kith_id user, const char *what) {
    return (struct access_entry){.at = engine_now(g),
                                 .event = event,
                                 .user = user,
                                 .actor = by->name,
                                 .surface = by->surface,
                                 .asked = what};
}

kith_status access_note(struct engine *g, const struct principal *by, enum access_event event,
                        kith_id user, const char *what, kith_error *e) {
    struct access_entry n = sign_in_entry(g, by, event, user, what);
    return engine_write(g, &by_kith, note_in, &n, NULL, e);
}

struct export_note {
    struct access_entry entry;
    int64_t number, rows;
};

static kith_status begin_in(struct txn *t, void *arg, kith_error *e) {
    struct export_note *n = arg;
    return access_log_add(t->g->writer, &n->entry, &n->number, e);
}

static kith_status end_in(struct txn *t, void *arg, kith_error *e) {
    const struct export_note *n = arg;
    return access_log_rows(t->g->writer, n->number, n->rows, e);
}

kith_status access_export_begin(struct engine *g, const struct principal *by, const struct rtype *t,
                                kith_id id, const char *what, int64_t *number, kith_error *e) {
    struct export_note n = {.entry = sign_in_entry(g, by, ACCESS_EXPORT, by->user, what)};
    n.entry.type = t ? t->id : 0;
    n.entry.records = &id;
    n.entry.record_count = id ? 1 : 0;
    TRY(reads_flush(g, e)); /* those who read before are in the log before */
    TRY(engine_write(g, &by_kith, begin_in, &n, NULL, e));
    *number = n.number;
    return KITH_OK;
}

kith_status access_export_end(struct engine *g, int64_t number, uint64_t rows, kith_error *e) {
    struct export_note n = {.number = number, .rows = (int64_t)rows};
    return engine_write(g, &by_kith, end_in, &n, NULL, e);
}

static void noted_end(void *arg, kith_status st, kith_id tx, const kith_error *e) {
    (void)st, (void)tx, (void)e;
    free(arg);
}

void access_export_ended(struct engine *g, int64_t number, uint64_t rows) {
    struct export_note *n = calloc(1, sizeof *n);
    if (!n)
        return;
    *n = (struct export_note){.number = number, .rows = (int64_t)rows};
    if (engine_post(g, &by_kith, end_in, n, noted_end, NULL) != KITH_OK)
        free(n);
}

kith_status access_entries(struct engine *g, const struct access_filter *f, struct arena *a,
                           struct access_entry **out, size_t *count, kith_error *e) {
    struct conn *c;
    TRY(reads_flush(g, e));
    TRY(engine_reader(g, &c, e));
    kith_status st = access_log_read(c, f, a, out, count, e);
    engine_reader_done(g, c);
    return st;
}

/* -- passwords --------------------------------------------------------------------------------- */

/* Those that are tried first. */
static const char *const commonest[] = {
    "1234567890",  "0123456789",   "0987654321",   "12345678910",   "123456789",    "12345678",
    "qwertyuiop",  "qwertzuiop",   "azertyuiop",   "asdfghjkl",     "1q2w3e4r5t",   "1qaz2wsx3edc",
    "qwerty123",   "qwerty1234",   "qwerty12345",  "password",      "password1",    "password12",
    "password123", "password1234", "passw0rd",     "passw0rd123",   "p@ssw0rd",     "p@ssword123",
    "letmein123",  "welcome123",   "welcome1234",  "iloveyou",      "iloveyou123",  "sunshine123",
    "football123", "baseball123",  "superman123",  "administrator", "adminadmin",   "admin12345",
    "admin123456", "changeme",     "changeme123",  "trustno1",      "abcdefghij",   "abcdefgh",
    "abcd123456",  "abc1234567",   "abc123456789", "aa12345678",    "a123456789",   "zaq12wsxcde3",
    "secret123",   "princess123",  "dragon1234",   "monkey1234",    "passwort",     "passwort123",
    "hallo12345",  "geheim1234",   "motdepasse",   "contrasena",    "kithkithkith", "test123456",
};

static size_t characters(kith_str s) {
    size_t n = 0;
    for (uint64_t i = 0; i < s.len; i++)
        n += ((unsigned char)s.ptr[i] & 0xC0u) != 0x80u;
    return n;
}

static size_t different_bytes(kith_str s) {
    bool seen[256] = {false};
    size_t n = 0;
    for (uint64_t i = 0; i < s.len; i++) {
        n += !seen[(unsigned char)s.ptr[i]];
        seen[(unsigned char)s.ptr[i]] = true;
    }
    return n;
}

static kith_status refuse_common(kith_error *e) {
    return err_set(e, KITH_E_REFUSED, "password",
                   "this password is one of those that are tried first: choose another, as four"
                   " words that do not belong together");
}

static kith_status check_folded(kith_str folded, kith_str login, kith_error *e) {
    if (login.len >= 3 && folded.len <= login.len + 4 && str_starts(folded, login.ptr))
        return err_set(e, KITH_E_REFUSED, "password", "the password is the login, or nearly");
    if (different_bytes(folded) < 5)
        return refuse_common(e);
    for (size_t i = 0; i < sizeof commonest / sizeof *commonest; i++)
        if (str_eqz(folded, commonest[i]))
            return refuse_common(e);
    return KITH_OK;
}

kith_status password_check(const struct engine *g, const char *login, kith_str password,
                           kith_error *e) {
    struct arena a = {0};
    uint32_t least = g->opts.password_length;
    if (password.len > PASSWORD_MAX || text_invalid_at(password) >= 0 ||
        (password.len && memchr(password.ptr, '\0', password.len)))
        return err_set(e, KITH_E_REFUSED, "password", "a password is text of at most %d bytes",
                       PASSWORD_MAX);
    if (characters(password) < least)
        return err_set(e, KITH_E_REFUSED, "password", "a password has at least %u characters",
                       least);
    kith_str folded = text_fold(&a, password), own = text_fold(&a, str_of(login));
    kith_status st = folded.ptr && own.ptr ? check_folded(folded, own, e) : err_nomem(e);
    arena_free(&a);
    return st;
}

struct setting_password {
    kith_id user;
    int64_t but; /* the session in which it is done */
    const char *hash;
    struct access_entry note;
};

static kith_status set_password_in(struct txn *t, void *arg, kith_error *e) {
    struct setting_password *s = arg;
    const struct rtype *user = t->g->schema->base.user.type;
    int64_t ended;
    bool there;
    TRY(record_exists(t->g->writer, user, s->user, &there, e));
    if (!there)
        return err_set(e, KITH_E_NOTFOUND, NULL, "the user is not there any more");
    TRY(credential_set_password(t->g->writer, s->user, s->hash, t->head.at, e));
    TRY(session_drop_all(t->g->writer, s->user, s->but, &ended, e));
    return access_log_add(t->g->writer, &s->note, NULL, e);
}

/* The same text may be typed in two ways; equal is what looks equal. */
static kith_status normal(kith_str password, struct arena *a, kith_str *out, kith_error *e) {
    kith_str nfc = text_invalid_at(password) >= 0 ? password : text_nfc(a, password);
    *out = nfc.ptr ? arena_str(a, nfc) : nfc; /* a copy: it is overwritten when it has served */
    return out->ptr ? KITH_OK : err_nomem(e);
}

kith_status password_hash(struct engine *g, kith_str password, char out[PASSWORD_HASH],
                          kith_error *e) {
    struct arena a = {0};
    kith_str text;
    kith_status st = normal(password, &a, &text, e);
    if (st == KITH_OK) {
        pthread_mutex_lock(&g->sign_lock);
        int rc = crypto_pwhash_str(out, text.ptr, text.len, OPS, MEMORY);
        pthread_mutex_unlock(&g->sign_lock);
        st = rc == 0 ? KITH_OK : err_nomem(e);
        sodium_memzero((char *)(uintptr_t)text.ptr, text.len);
    }
    arena_free(&a);
    return st;
}

kith_status password_set(struct engine *g, const struct principal *by, kith_id user,
                         const char *login, kith_str password, int64_t but, kith_error *e) {
    char hash[PASSWORD_HASH];
    TRY(secret_ready(e));
    TRY(password_check(g, login, password, e));
    TRY(password_hash(g, password, hash, e));
    struct setting_password s = {user, but, hash,
                                 sign_in_entry(g, by, ACCESS_PASSWORD, user, login)};
    return engine_write(g, &by_kith, set_password_in, &s, NULL, e);
}

/* -- signing in -------------------------------------------------------------------------------- */

/* What failed attempts slow down: a login, whether there is one or not, and an address. */
struct slowed {
    const char *what; /* for people */
    int64_t free;     /* failures without a wait */
    char name[SECRET_DIGEST];
    struct attempts before, after;
};
struct attempt {
    struct engine *g;
    const struct proof *proof;
    struct slowed slowed[2]; /* the login; the address */
    size_t slowed_count;
    kith_id user;
    const char *hash;   /* NULL: there is none */
    const char *stored; /* the login as the user has it */
    const char *method;
    struct factor factor;
    bool missing;                 /* the second factor, which is needed */
    int64_t step;                 /* of the code; 0: none was given */
    char recovery[SECRET_DIGEST]; /* the code in its place; or empty */
    struct access_entry note;
};

static kith_status look_up(struct attempt *x, struct arena *a, kith_error *e) {
    struct conn *c;
    kith_status st = KITH_OK;
    TRY(engine_reader(x->g, &c, e));
    for (size_t i = 0; st == KITH_OK && i < x->slowed_count; i++)
        st = credential_attempts(c, str_of(x->slowed[i].name), &x->slowed[i].before, e);
    if (st == KITH_OK)
        st = access_user(c, x->g->schema, str_of(x->proof->login), a, &x->user, e);
    if (st == KITH_OK && x->user)
        st = credential_password(c, x->user, a, &x->hash, e);
    if (st == KITH_OK && x->user)
        st = access_login(c, x->user, a, &x->stored, e);
    if (st == KITH_OK && x->user)
        st = credential_factor(c, x->user, a, &x->factor, e);
    if (st == KITH_OK && x->user)
        st = factor_missing(c, &x->g->opts, x->user, &x->missing, e);
    engine_reader_done(x->g, c);
    return st;
}

/* Once; somebody may have been faster. */
static kith_status use_code(struct txn *t, const struct attempt *x, kith_error *e) {
    bool used = true;
    if (x->step)
        TRY(credential_take_step(t->g->writer, x->user, x->step, &used, e));
    else if (*x->recovery)
        TRY(credential_use_code(t->g->writer, CODE_RECOVERY, x->user, str_of(x->recovery), &used,
                                e));
    return used ? KITH_OK : err_set(e, KITH_E_DENIED, NULL, WRONG_CODE);
}

static kith_status note_attempt(struct txn *t, void *arg, kith_error *e) {
    struct attempt *x = arg;
    TRY(use_code(t, x, e));
    for (size_t i = 0; i < x->slowed_count; i++) {
        const struct slowed *s = &x->slowed[i];
        if (s->before.failures || s->after.failures)
            TRY(credential_note_attempt(t->g->writer, str_of(s->name), &s->after,
                                        t->head.at - FORGET_MS, e));
    }
    return x->note.event ? access_log_add(t->g->writer, &x->note, NULL, e) : KITH_OK;
}

static int64_t wait_after(int64_t failures, int64_t free) {
    int64_t ms = 1000;
    if (failures < free)
        return 0;
    for (int64_t i = free; i < failures && ms < WAIT_MAX_MS; i++)
        ms *= 2;
    return ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS;
}

/* Those of a login count for a day. Behind an address may be a whole office: what failed there
 * counts half as much after each ten minutes. */
static int64_t still_counted(const struct slowed *s, int64_t now) {
    int64_t since = now - s->before.until, halves = since > 0 ? since / HALF_MS : 0;
    if (since > FORGET_MS)
        return 0;
    if (s->free == FREE_ATTEMPTS)
        return s->before.failures;
    return halves < 62 ? s->before.failures >> halves : 0;
}

static kith_status failed(struct attempt *x, int64_t now, const char *sentence, kith_error *e) {
    static const struct principal unknown = {.name = "somebody", .surface = "sign-in"};
    for (size_t i = 0; i < x->slowed_count; i++) {
        struct slowed *s = &x->slowed[i];
        s->after.failures = still_counted(s, now) + 1;
        s->after.until = now + wait_after(s->after.failures, s->free);
    }
    x->note = sign_in_entry(x->g, &unknown, ACCESS_FAILED, x->user, x->proof->login);
    TRY(engine_write(x->g, &by_kith, note_attempt, x, NULL, e));
    return err_set(e, KITH_E_DENIED, NULL, "%s", sentence);
}

/* No pause is longer than the longest: one that is was reckoned before the clock was set back. */
static int64_t wait_of(const struct slowed *s, int64_t now) {
    int64_t ms = s->before.until - now;
    return ms > 0 && ms <= WAIT_MAX_MS ? ms : 0;
}

static kith_status check_waits(const struct attempt *x, int64_t now, struct signed_in *out,
                               kith_error *e) {
    const char *what = NULL;
    for (size_t i = 0; i < x->slowed_count; i++) {
        int64_t ms = wait_of(&x->slowed[i], now);
        if (ms > out->wait_ms) {
            out->wait_ms = ms;
            what = x->slowed[i].what;
        }
    }
    if (!what)
        return KITH_OK;
    return err_set(e, KITH_E_BUSY, NULL, "too many attempts failed %s: try again in %lld s", what,
                   (long long)((out->wait_ms + 999) / 1000));
}

/* The address goes on being slowed down: whoever has one password may try others. */
static kith_status succeeded(struct attempt *x, struct arena *a, kith_error *e) {
    const char *name = arena_printf(a, "user:%s", x->stored);
    if (!name)
        return err_nomem(e);
    const struct principal user = {.name = name, .surface = "sign-in"};
    x->slowed_count = 1;
    if (!x->proof->begins)
        x->note = sign_in_entry(x->g, &user, ACCESS_SIGNED_IN, x->user, x->method);
    else if (!x->slowed[0].before.failures && !x->step && !*x->recovery)
        return KITH_OK;
    return engine_write(x->g, &by_kith, note_attempt, x, NULL, e);
}

static kith_status find_recovery(struct attempt *x, bool *found, kith_error *e) {
    struct conn *c;
    struct code code = {0};
    *found = false;
    if (!factor_recovery(x->proof->code, x->recovery))
        return KITH_OK;
    TRY(engine_reader(x->g, &c, e));
    kith_status st = credential_code(c, CODE_RECOVERY, str_of(x->recovery), &code, e);
    engine_reader_done(x->g, c);
    *found = code.found && code.user == x->user;
    return st;
}

/* The password was right. */
static kith_status second_factor(struct attempt *x, int64_t now, struct signed_in *out,
                                 kith_error *e) {
    bool recovery;
    if (!x->factor.on && x->missing && !x->proof->begins)
        return err_set(e, KITH_E_DENIED, NULL,
                       "this user needs a second factor and has none: sign in at /account of the"
                       " web module to set it up");
    if (!x->factor.on)
        return KITH_OK;
    out->needs_code = true;
    if (x->proof->code.len == 0)
        return err_set(e, KITH_E_DENIED, NULL,
                       "a code is wanted, too: the one that the"
                       " application shows, or a recovery code");
    x->step = factor_step(&x->factor, x->proof->code, now);
    x->method = METHOD_WITH_CODE;
    if (x->step)
        return KITH_OK;
    TRY(find_recovery(x, &recovery, e));
    x->method = METHOD_RECOVERY;
    if (recovery)
        return KITH_OK;
    x->recovery[0] = '\0';
    return failed(x, now, WRONG_CODE, e);
}

static kith_status admitted(struct attempt *x, kith_error *e) {
    struct conn *c;
    TRY(engine_reader(x->g, &c, e));
    kith_status st = user_admitted(c, x->user, e);
    engine_reader_done(x->g, c);
    return st;
}

static kith_status attempt(struct attempt *x, struct arena *a, struct signed_in *out,
                           kith_error *e) {
    int64_t now = engine_now(x->g);
    kith_str text;
    TRY(normal(x->proof->password, a, &text, e));
    TRY(look_up(x, a, e));
    TRY(check_waits(x, now, out, e));
    bool fits = crypto_pwhash_str_verify(x->hash ? x->hash : nobodys, text.ptr, text.len) == 0;
    sodium_memzero((char *)(uintptr_t)text.ptr, text.len);
    if (!fits || !x->hash)
        return failed(x, now, "the login or the password is wrong", e);
    x->method = METHOD_PASSWORD;
    TRY(x->proof->again ? KITH_OK : second_factor(x, now, out, e));
    out->needs_code = false;
    TRY(admitted(x, e));
    out->user = x->user;
    out->method = x->method;
    return succeeded(x, a, e);
}

/* Of an address of IPv6 the network counts: whoever has one of its addresses has all of them. */
static void name_address(struct slowed *s, const char *from) {
    unsigned char raw[16];
    char text[80];
    if (inet_pton(AF_INET6, from, raw) == 1 && !IN6_IS_ADDR_V4MAPPED((struct in6_addr *)raw)) {
        memset(raw + 8, 0, 8);
        (void)inet_ntop(AF_INET6, raw, text + 1, sizeof text - 1);
    } else
        (void)snprintf(text + 1, sizeof text - 1, "%s", from);
    text[0] = '\n'; /* no login begins so */
    secret_digest(str_of(text), s->name);
}

static kith_status name_slowed(struct attempt *x, struct arena *a, kith_error *e) {
    kith_str folded = text_fold(a, str_of(x->proof->login));
    if (!folded.ptr)
        return err_nomem(e);
    x->slowed[0] = (struct slowed){.what = "with this login", .free = FREE_ATTEMPTS};
    secret_digest(folded, x->slowed[0].name);
    x->slowed_count = 1;
    if (!x->proof->from || !*x->proof->from)
        return KITH_OK;
    x->slowed[1] = (struct slowed){.what = "from this address", .free = FREE_OF_ADDRESS};
    name_address(&x->slowed[1], x->proof->from);
    x->slowed_count = 2;
    return KITH_OK;
}

kith_status password_is_set(struct engine *g, kith_id user, bool *yes, kith_error *e) {
    struct arena a = {0};
    struct conn *c;
    const char *hash = NULL;
    TRY(engine_reader(g, &c, e));
    kith_status st = credential_password(c, user, &a, &hash, e);
    engine_reader_done(g, c);
    *yes = hash != NULL;
    arena_free(&a);
    return st;
}

kith_status sign_in(struct engine *g, const struct proof *proof, struct signed_in *out,
                    kith_error *e) {
    struct arena a = {0};
    struct attempt x = {.g = g, .proof = proof};
    *out = (struct signed_in){0};
    TRY(secret_ready(e));
    if (proof->password.len > PASSWORD_MAX || strlen(proof->login) > PASSWORD_MAX ||
        text_invalid_at(str_of(proof->login)) >= 0)
        return err_set(e, KITH_E_DENIED, NULL, "the login or the password is wrong");
    kith_status st = name_slowed(&x, &a, e);
    /* One at a time: else many at once would all come before the first failure is known. */
    pthread_mutex_lock(&g->sign_lock);
    if (st == KITH_OK)
        st = attempt(&x, &a, out, e);
    pthread_mutex_unlock(&g->sign_lock);
    arena_free(&a);
    if (st != KITH_OK)
        out->user = 0;
    return st;
}

/* -- tokens ------------------------------------------------------------------------------------ */

struct adding_token {
    struct token *token;
    const char *digest;
    struct access_entry note;
};

static kith_status add_token_in(struct txn *t, void *arg, kith_error *e) {
    struct adding_token *x = arg;
    TRY(credential_add_token(t->g->writer, x->token, str_of(x->digest), e));
    return access_log_add(t->g->writer, &x->note, NULL, e);
}

kith_status token_add(struct engine *g, const struct principal *by, struct token *t,
                      char text[TOKEN_TEXT], kith_error *e) {
    char digest[SECRET_DIGEST];
    TRY(secret_ready(e));
    secret_make(TOKEN_BEGIN, text, digest);
    t->created = engine_now(g);
    char what[200];
    snprintf(what, sizeof what, "added a token%s%.150s", t->name && t->name[0] ? ": " : "",
             t->name ? t->name : "");
    struct adding_token x = {t, digest, sign_in_entry(g, by, ACCESS_TOKEN, t->user, what)};
    return engine_write(g, &by_kith, add_token_in, &x, NULL, e);
}

struct token_use {
    struct engine *g;
    char digest[SECRET_DIGEST];
    int64_t number;
    kith_id user;
    bool first;  /* in this hour */
    char name[]; /* of the token */
};

kith_status sign_in_name(struct txn *t, kith_id user, const char **name, kith_error *e) {
    const char *login;
    TRY(access_login(t->g->writer, user, t->arena, &login, e));
    *name = arena_printf(t->arena, "user:%s", login ? login : "");
    return *name ? KITH_OK : err_nomem(e);
}

static kith_status log_use(struct txn *t, const struct token_use *u, kith_error *e) {
    const char *name, *what = arena_printf(t->arena, "token %lld%s%s", (long long)u->number,
                                           *u->name ? ": " : "", u->name);
    TRY(sign_in_name(t, u->user, &name, e));
    if (!what)
        return err_nomem(e);
    const struct principal by = {.name = name, .surface = "sign-in"};
    struct access_entry n = sign_in_entry(t->g, &by, ACCESS_SIGNED_IN, u->user, what);
    return access_log_add(t->g->writer, &n, NULL, e);
}

static kith_status use_token_in(struct txn *t, void *arg, kith_error *e) {
    const struct token_use *u = arg;
    TRY(credential_used(t->g->writer, u->number, t->head.at, e));
    return u->first ? log_use(t, u, e) : KITH_OK;
}

/* What could not be noted is noted with the next use: that reads again when it was used. */
static void noted_use(void *arg, kith_status st, kith_id tx, const kith_error *e) {
    struct token_use *u = arg;
    (void)tx;
    (void)e;
    if (st != KITH_OK)
        known_token_forget(u->g, u->digest);
    free(u);
}

/* Nobody waits for it. */
static void note_use(struct engine *g, const char *digest, const struct token *t, int64_t now) {
    size_t len = strlen(t->name) + 1;
    struct token_use *u = malloc(sizeof *u + len);
    if (!u)
        return;
    *u = (struct token_use){
        .g = g, .number = t->number, .user = t->user, .first = now / HOUR_MS != t->used / HOUR_MS};
    memcpy(u->digest, digest, sizeof u->digest);
    memcpy(u->name, t->name, len);
    if (engine_post(g, &by_kith, use_token_in, u, noted_use, NULL) != KITH_OK)
        noted_use(u, KITH_E_BUSY, 0, NULL);
}

/* Nothing slows them down: so of those that failed with the same one, or with any that is unknown,
 * one in a minute is logged. */
static kith_status refuse_token(struct engine *g, const struct token *t, int64_t now,
                                kith_error *e) {
    static const struct principal unknown = {.name = "somebody", .surface = "sign-in"};
    char what[64] = "a token that is unknown or was revoked";
    int64_t minute = now / 60000 * 1024 + t->number % 1024;
    if (t->number)
        snprintf(what, sizeof what, "token %lld, which has expired", (long long)t->number);
    if (atomic_exchange(&g->token_failed, minute) != minute)
        TRY(access_note(g, &unknown, ACCESS_FAILED, t->user, what, e));
    return err_set(e, KITH_E_DENIED, NULL, "the token is unknown, was revoked, or has expired");
}

/* From memory, or from the store. The generation is read before that, as for rights. */
static kith_status find_token(struct engine *g, const char *digest, int64_t now, struct arena *a,
                              struct token *t, kith_error *e) {
    struct conn *c;
    uint64_t generation = atomic_load(&g->access_generation);
    if (known_token(g, digest, generation, a, t))
        return KITH_OK;
    TRY(engine_reader(g, &c, e));
    kith_status st = credential_token(c, str_of(digest), a, t, e);
    engine_reader_done(g, c);
    if (st == KITH_OK && (!t->expires || t->expires > now))
        known_token_keep(g, digest, generation, t);
    return st;
}

kith_status token_enter(struct engine *g, kith_str text, struct arena *a, struct access_of *of,
                        kith_error *e) {
    char digest[SECRET_DIGEST];
    struct token t = {0};
    int64_t now = engine_now(g);
    TRY(secret_ready(e));
    secret_digest(str_trim(text), digest);
    kith_status st = find_token(g, digest, now, a, &t, e);
    if (st == KITH_E_NOTFOUND || (st == KITH_OK && t.expires && t.expires <= now))
        return refuse_token(g, &t, now, e);
    TRY(st);
    *of = t.of;
    if ((now - t.used > USED_EVERY_MS || now < t.used) && known_token_used(g, digest, t.used, now))
        note_use(g, digest, &t, now);
    return KITH_OK;
}

kith_status token_list(struct engine *g, kith_id user, struct arena *a, struct token **out,
                       size_t *count, kith_error *e) {
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st = credential_tokens(c, user, a, out, count, e);
    engine_reader_done(g, c);
    return st;
}

struct revoking {
    kith_id user;
    int64_t number;
    struct access_entry note;
};

static kith_status revoke_in(struct txn *t, void *arg, kith_error *e) {
    struct revoking *r = arg;
    TRY(credential_revoke(t->g->writer, r->user, r->number, e));
    t->g->access_touched = true;
    return access_log_add(t->g->writer, &r->note, NULL, e);
}

kith_status token_revoke(struct engine *g, const struct principal *by, kith_id user, int64_t number,
                         kith_error *e) {
    char what[48];
    snprintf(what, sizeof what, "revoked token %lld", (long long)number);
    struct revoking r = {user, number, sign_in_entry(g, by, ACCESS_TOKEN, user, what)};
    return engine_write(g, &by_kith, revoke_in, &r, NULL, e);
}

/* -- explaining -------------------------------------------------------------------------------- */

kith_status access_explain(struct engine *g, const struct principal *p, enum right right,
                           const struct rtype *t, kith_id id, struct arena *a, bool *yes,
                           const char **why, kith_error *e) {
    struct conn *c;
    kith_value *values = ARENA_ARRAY(a, kith_value, t->field_count);
    if (!values)
        return err_nomem(e);
    TRY(engine_reader(g, &c, e));
    kith_status st = record_read(c, t, id, a, values, e);
    if (st == KITH_OK)
        st = access_may(c, p, right, t, id, values, a, yes, why, e);
    engine_reader_done(g, c);
    return st;
}
