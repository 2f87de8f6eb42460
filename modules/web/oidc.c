/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in by OpenID Connect: somebody is sent to a provider, and comes back with a code, for
 * which the provider tells us who it is (authorization code flow with PKCE). Between the two
 * nothing is kept here: what has to be the same in the end goes with the browser, sealed, in a
 * cookie. */
#include "oidc.h"
#include "people.h"

#include <sodium.h>
#include <stdlib.h>
#include <strings.h>

#define JOURNEY_SECURE "__Host-kith-oidc"
#define JOURNEY_PLAIN  "kith-oidc"
#define LIFE_S         600 /* from one to the other */
#define RANDOM         32
#define RANDOM_TEXT    44 /* in base64, its NUL included */
#define PATH_MAX_LEN   200
#define BASE64         sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define SIGN_IN        "/sign-in"
#define ROUTE          SIGN_IN "/oidc/"

/* What goes with the browser. */
struct journey {
    char provider[44];
    char state[RANDOM_TEXT], nonce[RANDOM_TEXT], verifier[RANDOM_TEXT];
    char to[PATH_MAX_LEN + 1]; /* where to after it; or empty */
    int64_t begun;             /* ms UTC */
};
#define SEALED      (crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + sizeof(struct journey))
#define SEALED_TEXT (sodium_base64_ENCODED_LEN(SEALED, BASE64))

/* -- pages ------------------------------------------------------------------------------------- */

static void html(struct text *t, const char *s) {
    for (; *s; s++) {
        const char *as = *s == '<'   ? "&lt;"
                         : *s == '>' ? "&gt;"
                         : *s == '&' ? "&amp;"
                         : *s == '"' ? "&quot;"
                                     : NULL;
        if (as)
            text_puts(t, as);
        else
            text_add(t, s, 1);
    }
}

static void page(struct request *r, unsigned status, const char *title, const char *sentence,
                 const char *next) {
    r->answer.len = 0;
    r->status = status;
    text_printf(&r->answer,
                "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>%s</title>\n"
                "<h1>%s</h1>\n<p>",
                title, title);
    html(&r->answer, sentence);
    text_printf(&r->answer, "</p>\n<p><a href=\"%s\">Go on</a></p>\n</html>\n", next);
    answer_header(r, "Content-Type", "text/html; charset=utf-8");
}

static void refuse(struct request *r, unsigned status, const char *sentence) {
    page(r, status, "You are not signed in", sentence, "/sign-in");
}

/* For the log, where nothing stands of whom it is about. */
static void warn(const struct request *r, const struct oidc_provider *p, const char *what) {
    char line[500];
    (void)snprintf(line, sizeof line, "sign-in by %.40s: %.400s", p->name.ptr, what);
    r->self->host->log(r->self->host, KITH_LOG_WARN, kith_str_of(line));
}

static void refuse_error(struct request *r, const struct oidc_provider *p, kith_status st,
                         const kith_error *e) {
    char sentence[700];
    if (st != KITH_E_DENIED)
        warn(r, p, e->message);
    (void)snprintf(sentence, sizeof sentence, "%s%s", e->message,
                   st == KITH_E_IO ? ". Try again later; with a login and a password you can sign"
                                     " in as ever."
                                   : ".");
    refuse(r, st == KITH_E_IO ? 502 : st == KITH_E_DENIED ? 403 : 500, sentence);
}

/* -- the cookie -------------------------------------------------------------------------------- */

static void put_cookie(struct request *r, const char *text) {
    bool secure = request_is_secure(r);
    answer_header(r, "Set-Cookie", "%s=%s; Path=/; HttpOnly; SameSite=Lax%s; Max-Age=%d",
                  secure ? JOURNEY_SECURE : JOURNEY_PLAIN, text, secure ? "; Secure" : "",
                  *text ? LIFE_S : 0);
}

static void seal(const struct oidc *o, const struct journey *j, char out[SEALED_TEXT]) {
    unsigned char raw[SEALED];
    randombytes_buf(raw, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(raw + crypto_secretbox_NONCEBYTES, (const unsigned char *)j, sizeof *j,
                          raw, o->key);
    sodium_bin2base64(out, SEALED_TEXT, raw, sizeof raw, BASE64);
}

static bool unseal(const struct oidc *o, const char *text, struct journey *j) {
    unsigned char raw[SEALED];
    size_t len;
    return text &&
           sodium_base642bin(raw, sizeof raw, text, strlen(text), NULL, &len, NULL, BASE64) == 0 &&
           len == sizeof raw &&
           crypto_secretbox_open_easy((unsigned char *)j, raw + crypto_secretbox_NONCEBYTES,
                                      sizeof raw - crypto_secretbox_NONCEBYTES, raw, o->key) == 0;
}

/* -- both ways --------------------------------------------------------------------------------- */

static struct oidc_provider *find_provider(const struct request *r) {
    struct oidc *o = r->self->oidc;
    const char *name = request_part(r, "provider");
    for (size_t i = 0; o && i < o->count; i++)
        if (kith_str_is(o->providers[i].name, name))
            return &o->providers[i];
    return NULL;
}

struct lane *oidc_lane(const struct request *r) {
    struct oidc_provider *p = find_provider(r);
    return p ? &p->lane : NULL;
}

static struct oidc_provider *provider_of(struct request *r) {
    struct oidc_provider *p = find_provider(r);
    if (!p)
        refuse(r, 404, "There is no provider of that name: web.oidc names them.");
    return p;
}

/* Where we are. What a browser says of that is believed of this computer alone. */
static bool put_here(struct request *r, struct text *t) {
    const char *host = request_header(r, "Host");
    size_t len = host ? strcspn(host, host[0] == '[' ? "]" : ":") : 0;
    if (r->self->oidc->address.len) {
        text_add(t, r->self->oidc->address.ptr, r->self->oidc->address.len);
    } else if ((len == 9 && strncasecmp(host, "127.0.0.1", 9) == 0) ||
               (len == 9 && strncasecmp(host, "localhost", 9) == 0) ||
               (len == 4 && strncmp(host, "[::1", 4) == 0)) {
        text_printf(t, "%s://%.80s", request_is_secure(r) ? "https" : "http", host);
    } else {
        refuse(r, 500, "web.address does not say by which address people reach this server.");
        return false;
    }
    return true;
}

/* Where the provider sends people back to. */
static bool put_address(struct request *r, const struct oidc_provider *p, struct text *t) {
    if (!put_here(r, t))
        return false;
    text_printf(t, ROUTE "%s/callback", p->name.ptr);
    return true;
}

static void random_text(char out[RANDOM_TEXT]) {
    unsigned char raw[RANDOM];
    randombytes_buf(raw, sizeof raw);
    sodium_bin2base64(out, RANDOM_TEXT, raw, sizeof raw, BASE64);
}

static void argument(struct text *t, const char *name, kith_str value) {
    text_printf(t, "%s%s=", t->len && t->ptr[t->len - 1] != '?' ? "&" : "", name);
    text_url(t, value);
}

bool oidc_list(struct request *r) {
    const struct oidc *o = r->self->oidc;
    text_puts(&r->answer, "{\"items\":[");
    for (size_t i = 0; o && i < o->count; i++) {
        text_puts(&r->answer, i ? ",{\"name\":" : "{\"name\":");
        text_json(&r->answer, o->providers[i].name);
        text_printf(&r->answer, ",\"path\":\"" ROUTE "%s\"}", o->providers[i].name.ptr);
    }
    text_puts(&r->answer, "]}\n");
    answer_json(r, 200);
    return true;
}

/* -- to the provider --------------------------------------------------------------------------- */

/* A path here, and nowhere else. */
static bool take_target(struct request *r, struct journey *j) {
    const char *to = request_argument(r, "to");
    if (!to || !*to)
        return true;
    size_t len = strlen(to);
    bool fine = to[0] == '/' && to[1] != '/' && len <= PATH_MAX_LEN;
    for (size_t i = 0; fine && i < len; i++)
        fine = to[i] > ' ' && to[i] <= '~' && to[i] != '\\';
    if (fine)
        memcpy(j->to, to, len + 1);
    else
        refuse(r, 400, "'to' is a path of this server, as /app, with at most 200 characters.");
    return fine;
}

static void challenge_of(const char *verifier, char out[RANDOM_TEXT]) {
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(digest, (const unsigned char *)verifier, strlen(verifier));
    sodium_bin2base64(out, RANDOM_TEXT, digest, sizeof digest, BASE64);
}

static void send_there(struct request *r, const struct oidc_provider *p, const char *authorize,
                       const struct text *back, const struct journey *j) {
    char challenge[RANDOM_TEXT], cookie[SEALED_TEXT];
    struct text t = {0};
    challenge_of(j->verifier, challenge);
    text_puts(&t, authorize);
    text_puts(&t, strchr(authorize, '?') ? "&" : "?");
    argument(&t, "response_type", kith_str_of("code"));
    argument(&t, "client_id", p->client);
    argument(&t, "redirect_uri", text_str(back));
    argument(&t, "scope", p->scopes);
    argument(&t, "state", kith_str_of(j->state));
    argument(&t, "nonce", kith_str_of(j->nonce));
    argument(&t, "code_challenge", kith_str_of(challenge));
    argument(&t, "code_challenge_method", kith_str_of("S256"));
    seal(r->self->oidc, j, cookie);
    page(r, 302, "Sign in", "Your company's sign-in page comes now.", "/sign-in");
    put_cookie(r, cookie);
    answer_header(r, "Location", "%s", t.failed ? "/" : t.ptr);
    r->answer.failed |= t.failed;
    text_free(&t);
}

static bool is_allowed_here(struct request *r) {
    if (session_is_private(r))
        return true;
    refuse(r, 403,
           "People sign in over TLS alone: reach Kith through a proxy that speaks it, or from this"
           " computer.");
    return false;
}

bool oidc_begin(struct request *r) {
    struct oidc_provider *p = provider_of(r);
    struct journey j = {.begun = r->self->host->now(r->self->host)};
    struct oidc_document d;
    struct text back = {0};
    kith_error e = {.struct_size = sizeof e};
    if (!p || !is_allowed_here(r) || !take_target(r, &j) || !put_address(r, p, &back)) {
        text_free(&back);
        return true;
    }
    kith_status st = oidc_document(r->self, p, &d, &e);
    if (st != KITH_OK) {
        refuse_error(r, p, st, &e);
    } else {
        (void)snprintf(j.provider, sizeof j.provider, "%s", p->name.ptr);
        random_text(j.state);
        random_text(j.nonce);
        random_text(j.verifier);
        send_there(r, p, d.authorize, &back, &j);
        oidc_document_free(&d);
    }
    text_free(&back);
    return true;
}

/* -- and back ---------------------------------------------------------------------------------- */

static bool take_journey(struct request *r, const struct oidc_provider *p, struct journey *j) {
    const char *state = request_argument(r, "state");
    const char *cookie = request_cookie(r, request_is_secure(r) ? JOURNEY_SECURE : JOURNEY_PLAIN);
    int64_t now = r->self->host->now(r->self->host);
    if (unseal(r->self->oidc, cookie, j) && kith_str_is(p->name, j->provider) && state &&
        strlen(state) == RANDOM_TEXT - 1 && sodium_memcmp(state, j->state, RANDOM_TEXT - 1) == 0 &&
        now >= j->begun && now - j->begun < LIFE_S * 1000)
        return true;
    refuse(r, 400,
           "This sign-in was not begun in this browser, or too long ago, or the server began anew"
           " meanwhile. Begin it again.");
    return false;
}

/* false: the provider said no, or it was another one. */
static bool has_agreed(struct request *r, const struct oidc_provider *p) {
    const char *error = request_argument(r, "error"), *issuer = request_argument(r, "iss");
    char sentence[200];
    if (issuer && !kith_str_is(p->issuer, issuer))
        refuse(r, 400, "The answer is another provider's.");
    else if (error) {
        (void)snprintf(sentence, sizeof sentence, "%s did not sign you in: %.*s.", p->name.ptr,
                       (int)strspn(error, "abcdefghijklmnopqrstuvwxyz_") % 60, error);
        refuse(r, 403, sentence);
    } else if (!request_argument(r, "code"))
        refuse(r, 400, "The answer of the provider has no code.");
    else
        return true;
    return false;
}

/* -- a token for the code ---------------------------------------------------------------------- */

static kith_status read_answer(const struct oidc_provider *p, const struct fetched *f, char **token,
                               kith_error *err) {
    json_t *said =
        f->status ? json_loadb(f->body.ptr ? f->body.ptr : "", f->body.len, 0, NULL) : NULL;
    const char *id = json_string_value(json_object_get(said, "id_token"));
    const char *error = json_string_value(json_object_get(said, "error"));
    kith_status st = KITH_OK;
    if (!f->status || f->status >= 500)
        st = kith_fail(err, KITH_E_IO, NULL, "%.40s cannot be asked: %s", p->name.ptr,
                       f->status ? "it has a defect" : f->error);
    else if (f->status != 200)
        st = kith_fail(err, KITH_E_DENIED, NULL, "%.40s does not take the code: %.*s", p->name.ptr,
                       error ? (int)strspn(error, "abcdefghijklmnopqrstuvwxyz_") % 60 : 7,
                       error ? error : "no why");
    else if (!id)
        st =
            kith_fail(err, KITH_E_DENIED, NULL,
                      "%.40s does not say who you are: is 'openid' among the scopes?", p->name.ptr);
    else if (!(*token = strdup(id)))
        st = kith_fail(err, KITH_E_NOMEM, NULL, "no memory");
    json_decref(said);
    return st;
}

static kith_status redeem(struct request *r, struct oidc_provider *p, const struct journey *j,
                          const struct text *back, char **token, kith_error *err) {
    struct oidc_document d;
    struct fetched f;
    struct text form = {0};
    kith_status st = oidc_rests(r->self, p, err);
    if (st == KITH_OK)
        st = oidc_document(r->self, p, &d, err);
    if (st != KITH_OK)
        return st;
    argument(&form, "grant_type", kith_str_of("authorization_code"));
    argument(&form, "code", kith_str_of(request_argument(r, "code")));
    argument(&form, "redirect_uri", text_str(back));
    argument(&form, "code_verifier", kith_str_of(j->verifier));
    if (!p->secret || d.by_form)
        argument(&form, "client_id", p->client);
    if (p->secret && d.by_form)
        argument(&form, "client_secret", kith_str_of(p->secret));
    oidc_fetch(r->self, p, d.token, &form, p->secret && !d.by_form, &f);
    st = read_answer(p, &f, token, err);
    if (f.silent)
        oidc_silent(r->self, p, err);
    if (form.ptr)
        sodium_memzero(form.ptr, form.len);
    text_free(&form);
    text_free(&f.body);
    oidc_document_free(&d);
    return st;
}

/* -- a session for the token ------------------------------------------------------------------- */

static kith_status let_in(struct request *r, const struct oidc_provider *p, const json_t *claims,
                          kith_error *err) {
    const json_t *sub = json_object_get(claims, "sub"), *name = json_object_get(claims, "name");
    char from[FROM_TEXT], method[64];
    struct text roles = {0}, managed = {0};
    kith_proven proven = {
        .struct_size = sizeof proven,
        .zone = request_zone(r),
        .issuer = p->issuer,
        .subject = {json_string_value(sub), json_string_length(sub)},
        .role = p->role,
    };
    request_from(r, from);
    (void)snprintf(method, sizeof method, "openid %s", p->name.ptr);
    proven.method = kith_str_of(method);
    proven.from = kith_str_of(from);
    if (json_is_string(name) && json_string_length(name) <= 200)
        proven.name = (kith_str){json_string_value(name), json_string_length(name)};
    oidc_roles(p, claims, &roles, &managed);
    proven.roles = text_str(&roles);
    proven.managed = text_str(&managed);
    kith_status st = roles.failed || managed.failed
                         ? kith_fail(err, KITH_E_NOMEM, NULL, "no memory")
                         : oidc_login(p, claims, &proven.login, err);
    r->session.struct_size = sizeof r->session;
    if (st == KITH_OK)
        st = r->self->people->vouch(r->self->host, &proven, &r->session, err);
    text_free(&roles);
    text_free(&managed);
    return st;
}

static kith_status prove(struct request *r, struct oidc_provider *p, const struct journey *j,
                         const struct text *back, kith_error *err) {
    const struct oidc_wanted wanted = {j->nonce, j->begun};
    kith_error why = {.struct_size = sizeof why};
    json_t *claims = NULL;
    char *token = NULL;
    kith_status st = redeem(r, p, j, back, &token, err);
    if (st != KITH_OK)
        return st;
    st = oidc_token(r->self, p, token, &wanted, &claims, &why);
    free(token);
    if (st == KITH_E_DENIED)
        warn(r, p, why.message);
    if (st == KITH_OK)
        st = let_in(r, p, claims, &why);
    json_decref(claims);
    if (st == KITH_E_DENIED)
        return kith_fail(err, st, NULL, "What %.40s says of you does not sign you in: %.300s",
                         p->name.ptr, why.message);
    return st == KITH_OK ? st : kith_fail(err, st, NULL, "%s", why.message);
}

bool oidc_return(struct request *r) {
    struct oidc_provider *p = provider_of(r);
    struct journey j;
    struct text back = {0};
    kith_error e = {.struct_size = sizeof e};
    if (!p || !is_allowed_here(r) || !take_journey(r, p, &j))
        return true;
    if (has_agreed(r, p) && put_address(r, p, &back)) {
        kith_status st = prove(r, p, &j, &back, &e);
        if (st != KITH_OK) {
            refuse_error(r, p, st, &e);
        } else {
            page(r, j.to[0] ? 303 : 200, "You are signed in", "You may close this page.",
                 "/account");
            if (j.to[0])
                answer_header(r, "Location", "%s", j.to);
            session_keep(r);
        }
    }
    put_cookie(r, "");
    text_free(&back);
    sodium_memzero(&j, sizeof j);
    return true;
}

/* -- and away ---------------------------------------------------------------------------------- */

/* The page has ended the session here. Which of its own the provider ends, it asks the person,
 * since no ID token is kept to tell. */
static void put_leave(struct request *r, const struct oidc_provider *p, const char *leave,
                      struct text *t) {
    struct text back = {0};
    if (!put_here(r, &back)) {
        text_free(&back);
        return;
    }
    text_puts(&back, SIGN_IN);
    text_puts(t, leave);
    text_puts(t, strchr(leave, '?') ? "&" : "?");
    argument(t, "client_id", p->client);
    argument(t, "post_logout_redirect_uri", text_str(&back));
    text_free(&back);
}

bool oidc_leave(struct request *r) {
    struct oidc_provider *p = provider_of(r);
    struct oidc_document d = {0};
    struct text to = {0};
    kith_error e = {.struct_size = sizeof e};
    if (!p)
        return true;
    if (p->sign_out && oidc_document(r->self, p, &d, &e) != KITH_OK)
        warn(r, p, e.message);
    if (d.leave)
        put_leave(r, p, d.leave, &to);
    if (!r->status) {
        page(r, 303, "You are signed out", "You may close this page.", SIGN_IN);
        answer_header(r, "Location", "%s", to.len && !to.failed ? to.ptr : SIGN_IN);
    }
    text_free(&to);
    oidc_document_free(&d);
    return true;
}
