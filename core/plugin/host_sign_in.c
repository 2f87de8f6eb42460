/* SPDX-License-Identifier: Apache-2.0 */
/* kith.sign_in/1: people sign in, and sessions stand for them. */
#include "base/date.h"
#include "engine/invite.h"
#include "engine/openid.h"
#include "engine/second_factor.h"
#include "engine/session.h"
#include "engine/sign_in.h"
#include "plugin/internal.h"

#include <ctype.h>

static struct plugin *plugin_of(const kith_host *host) {
    return ((const struct plugin_host *)(const void *)host)->plugin;
}

static void put_text(char *to, size_t cap, const char *from) {
    (void)snprintf(to, cap, "%s", from);
}

/* Texts of a module end nowhere but by their length. */
static const char *text_of(struct arena *a, kith_str s) {
    if (s.len && memchr(s.ptr, '\0', (size_t)s.len))
        return "";
    return arena_strndup(a, s.ptr ? s.ptr : "", (size_t)s.len);
}

static kith_status check_zone(uint32_t zone, kith_error *e) {
    return zone <= KITH_ZONE_INTERNET
               ? KITH_OK
               : err_set(e, KITH_E_INVAL, NULL, "there is no zone with the number %u", zone);
}

/* What a module is told of a session. */
static void show_session(kith_session *out, const struct session *s, const char *text) {
    out->user = s->user;
    out->number = s->number;
    out->began = s->began;
    out->ends = s->ends;
    put_text(out->method, sizeof out->method, s->method);
    session_csrf(str_of(text), out->csrf);
}

static kith_status start(struct plugin *p, struct session *s, kith_session *out, kith_error *e) {
    char text[SESSION_TEXT];
    TRY(session_begin(p->set->engine, s, text, e));
    show_session(out, s, text);
    put_text(out->text, sizeof out->text, text);
    return KITH_OK;
}

static kith_status prove(struct plugin *p, const kith_proof *given, struct arena *a,
                         kith_session *out, kith_error *e) {
    const char *login = text_of(a, given->login), *from = text_of(a, given->from);
    struct signed_in in;
    TRY(check_zone(given->zone, e));
    if (!login || !from)
        return err_nomem(e);
    const struct proof proof = {.login = login,
                                .password = given->password,
                                .code = given->code,
                                .from = from,
                                .begins = true};
    kith_status st = sign_in(p->set->engine, &proof, &in, e);
    out->wait_ms = in.wait_ms;
    out->needs = in.needs_code ? KITH_NEEDS_CODE : 0;
    TRY(st);
    out->needs = 0;
    struct session s = {
        .user = in.user, .method = in.method, .from = from, .zone = (enum access_zone)given->zone};
    return start(p, &s, out, e);
}

static kith_status sign_in_sign_in(const kith_host *host, const kith_proof *given,
                                   kith_session *session, kith_error *e) {
    struct plugin *p = plugin_of(host);
    struct arena a = {0};
    kith_proof proof = {0};
    kith_session full = {0};
    kith_error why = KITH_ERROR_INIT;
    TRY(serving_begin(p, e));
    kith_status st = host_take(&proof, sizeof proof, given, sizeof proof, &why);
    if (st == KITH_OK)
        st = prove(p, &proof, &a, &full, &why);
    if (st != KITH_OK)
        err_copy(e, &why);
    arena_free(&a);
    kith_status filled = host_fill(session, &full, sizeof full, st == KITH_OK ? e : NULL);
    return serving_end(p, st == KITH_OK ? filled : st);
}

static kith_status vouch(struct plugin *p, const kith_proven *given, struct arena *a,
                         kith_session *out, kith_error *e) {
    const struct proven proven = {given->issuer, given->subject, given->login,  given->name,
                                  given->role,   given->roles,   given->managed};
    struct session s = {.method = text_of(a, given->method),
                        .from = text_of(a, given->from),
                        .zone = (enum access_zone)given->zone};
    TRY(check_zone(given->zone, e));
    if (!s.method || !s.from)
        return err_nomem(e);
    TRY(openid_sign_in(p->set->engine, &proven, &s.user, e));
    return start(p, &s, out, e);
}

static kith_status sign_in_vouch(const kith_host *host, const kith_proven *given,
                                 kith_session *session, kith_error *e) {
    struct plugin *p = plugin_of(host);
    struct arena a = {0};
    kith_proven proven = {0};
    kith_session full = {0};
    TRY(serving_begin(p, e));
    kith_status st = host_take(&proven, sizeof proven, given, offsetof(kith_proven, roles), e);
    if (st == KITH_OK)
        st = vouch(p, &proven, &a, &full, e);
    if (st == KITH_OK)
        st = host_fill(session, &full, sizeof full, e);
    arena_free(&a);
    return serving_end(p, st);
}

static kith_status sign_in_enter(const kith_host *host, kith_str given, uint32_t zone,
                                 kith_str surface, kith_str asked, kith_session *session,
                                 kith_caller **caller, kith_error *e) {
    struct plugin *p = plugin_of(host);
    struct session s;
    struct access_of of;
    kith_session full = {0};
    TRY(serving_begin(p, e));
    struct kith_caller *c = caller_new(p);
    if (!c)
        return serving_end(p, err_nomem(e));
    const char *text = text_of(&c->arena, given);
    kith_status st = check_zone(zone, e);
    if (st == KITH_OK)
        st = text ? session_enter(c->engine, str_of(text), (enum access_zone)zone, &c->arena, &s,
                                  &of, e)
                  : err_nomem(e);
    if (st == KITH_OK)
        st = caller_enter(c, &of, surface, asked, e);
    if (st == KITH_OK) {
        c->session = s;
        c->token = str_of(text);
        show_session(&full, &s, text);
        full.needs = of.limit.types ? KITH_NEEDS_FACTOR : 0;
        st = host_fill(session, &full, sizeof full, e);
    }
    if (st == KITH_OK)
        *caller = c;
    else
        caller_leave(c);
    return serving_end(p, st);
}

static kith_status sign_in_end(kith_caller *c, uint32_t all, kith_error *e) {
    int64_t n;
    TRY(serving_begin(c->plugin, e));
    if (!c->session.number)
        return serving_end(c->plugin, err_set(e, KITH_E_INVAL, NULL,
                                              "there is no session: a token is revoked by 'kith"
                                              " token revoke'"));
    kith_id user = c->principal.user;
    kith_status st = all ? session_end_all(c->engine, &c->principal, user, 0, &n, e)
                         : session_end(c->engine, &c->principal, user, c->session.number, e);
    return serving_end(c->plugin, st == KITH_E_NOTFOUND ? KITH_OK : st); /* somebody was faster */
}

/* -- who it is --------------------------------------------------------------------------------- */

static void put_rights(struct json_out *j, const struct rights *r) {
    for (uint32_t i = 0; i < r->schema->type_count; i++) {
        const struct rtype *t = r->schema->types[i];
        const uint8_t *reach = r->types[t->id].reach;
        bool any = false;
        for (size_t k = 0; k < RIGHT_COUNT; k++) {
            if (!reach[k])
                continue;
            if (!any) {
                json_key(j, t->name);
                json_object_(j);
            }
            any = true;
            json_key(j, right_names[k]);
            json_strz(j, reach_text(reach[k]));
        }
        if (any)
            json_object_end(j);
    }
}

static void put_session(struct json_out *j, const struct session *s) {
    char at[TIME_TEXT];
    json_key(j, "session");
    if (!s->number) {
        json_nil(j);
        return;
    }
    json_object_(j);
    json_key(j, "number");
    json_int(j, s->number);
    json_key(j, "method");
    json_strz(j, s->method);
    json_key(j, "began");
    time_format(s->began, at);
    json_strz(j, at);
    json_key(j, "ends");
    time_format(s->ends, at);
    json_strz(j, at);
    json_object_end(j);
}

struct state { /* of what the caller signs in by */
    struct factor_state factor;
    const char **issuers;
    size_t issuer_count;
};

static void put_caller(struct json_out *j, const struct kith_caller *c, const struct state *s) {
    const struct factor_state *factor = &s->factor;
    const struct access *x = c->principal.access;
    json_object_(j);
    json_key(j, "user");
    json_object_(j);
    json_key(j, "id");
    json_id(j, c->principal.user);
    json_key(j, "login");
    json_strz(j, x->login);
    json_object_end(j);
    json_key(j, "admin");
    json_bool_(j, c->principal.all);
    json_key(j, "types");
    json_object_(j);
    if (!c->principal.all)
        put_rights(j, &x->rights);
    json_object_end(j);
    json_key(j, "actions");
    json_array_(j);
    for (size_t i = 0; i < x->rights.action_count; i++)
        json_strz(j, x->rights.actions[i]);
    json_array_end(j);
    json_key(j, "second_factor");
    json_strz(j, factor->on ? "on" : factor->needed ? "needed" : "off");
    json_key(j, "providers");
    json_array_(j);
    for (size_t i = 0; i < s->issuer_count; i++)
        json_strz(j, s->issuers[i]);
    json_array_end(j);
    put_session(j, &c->session);
    json_object_end(j);
}

static kith_status sign_in_describe(kith_caller *c, kith_text_fn fn, void *arg, kith_error *e) {
    struct buf text = {0};
    struct json_out j;
    struct state s = {0};
    struct arena a = {0};
    TRY(serving_begin(c->plugin, e));
    kith_status st = factor_state(c->engine, c->principal.user, &s.factor, e);
    if (st == KITH_OK)
        st = openid_tied(c->engine, c->principal.user, &a, &s.issuers, &s.issuer_count, e);
    json_begin(&j, &text, false);
    if (st == KITH_OK)
        put_caller(&j, c, &s);
    arena_free(&a);
    if (st == KITH_OK)
        st = text.failed ? err_nomem(e) : fn(arg, buf_view(&text), e);
    buf_free(&text);
    return serving_end(c->plugin, st);
}

/* -- invitations ------------------------------------------------------------------------------- */

#define FIRST_MS HOUR_MS

static kith_status sign_in_first(const kith_host *host, kith_text_fn fn, void *arg, kith_error *e) {
    static const struct principal server = {.name = "serve", .surface = "sign-in", .all = true};
    struct plugin *p = plugin_of(host);
    char code[INVITE_TEXT];
    bool due;
    TRY(serving_begin(p, e));
    kith_status st = invite_is_due(p->set->engine, &due, e);
    if (st == KITH_OK && !due)
        st = err_set(e, KITH_E_REFUSED, NULL, "there is somebody already who can sign in");
    if (st == KITH_OK)
        st = invite(p->set->engine, &server, 0, "", FIRST_MS, code, e);
    if (st == KITH_OK)
        st = fn(arg, str_of(code), e);
    return serving_end(p, st);
}

static kith_status sign_in_set_up(const kith_host *host, kith_str code, kith_str login,
                                  kith_str name, kith_str password, kith_error *e) {
    struct plugin *p = plugin_of(host);
    struct arena a = {0};
    TRY(serving_begin(p, e));
    const struct invited what = {
        .code = code, .login = text_of(&a, login), .name = text_of(&a, name), .password = password};
    kith_status st = what.login && what.name ? invite_take(p->set->engine, &what, e) : err_nomem(e);
    arena_free(&a);
    return serving_end(p, st);
}

/* -- one's own -----------------------------------------------------------------------------------
 */

/* Who came by a token does nothing to what people prove themselves with. */
static kith_status only_in_session(const struct kith_caller *c, kith_error *e) {
    return c->session.number
               ? KITH_OK
               : err_set(e, KITH_E_DENIED, NULL, "this is done in a session alone: sign in");
}

/* The caller says once more who they are. code NULL: the password alone. */
static kith_status prove_again(struct kith_caller *c, kith_str password, const kith_str *code,
                               kith_str from, int64_t *wait_ms, kith_error *e) {
    struct signed_in in = {0};
    TRY(only_in_session(c, e));
    const struct proof proof = {.login = c->principal.access->login,
                                .password = password,
                                .code = code ? *code : (kith_str){"", 0},
                                .from = text_of(&c->arena, from),
                                .begins = true,
                                .again = code == NULL};
    kith_status st = sign_in(c->engine, &proof, &in, e);
    *wait_ms = in.wait_ms;
    if (st != KITH_E_DENIED)
        return st;
    return in.needs_code ? err_set(e, st, "code", "that is no code of the second factor")
                         : err_set(e, st, "password", "that is not the password of now");
}

static kith_status sign_in_password(kith_caller *c, kith_str old_one, kith_str new_one,
                                    kith_str from, int64_t *wait_ms, kith_error *e) {
    TRY(serving_begin(c->plugin, e));
    *wait_ms = 0;
    kith_status st = prove_again(c, old_one, NULL, from, wait_ms, e);
    if (st == KITH_E_DENIED && c->session.number)
        st = err_set(e, st, "old", "that is not the password of now");
    if (st == KITH_OK)
        st = password_set(c->engine, &c->principal, c->principal.user, c->principal.access->login,
                          new_one, c->session.number, e);
    return serving_end(c->plugin, st);
}

/* In an address only what needs no coding stands as it is. */
static void put_coded(struct buf *b, const char *text) {
    for (const char *at = text; *at; at++) {
        unsigned char c = (unsigned char)*at;
        if (c < 0x80 && (isalnum(c) || strchr("-._~", c)))
            buf_putc(b, (char)c);
        else
            buf_printf(b, "%%%02X", c);
    }
}

/* As applications read it, from a picture or typed in. */
static void put_address(struct kith_caller *c, const char *secret, struct buf *b) {
    kith_str company = settings_text(c->plugin->set->settings, "", "company.name");
    const char *issuer = company.len ? company.ptr : "Kith";
    buf_puts(b, "otpauth://totp/");
    put_coded(b, issuer);
    buf_puts(b, ":");
    put_coded(b, c->principal.access->login);
    buf_printf(b, "?secret=%s&issuer=", secret);
    put_coded(b, issuer);
}

static kith_status tell_secret(struct kith_caller *c, const char *secret, kith_text_fn fn,
                               void *arg, kith_error *e) {
    struct buf text = {0}, address = {0};
    struct json_out j;
    put_address(c, secret, &address);
    json_begin(&j, &text, false);
    json_object_(&j);
    json_key(&j, "secret");
    json_strz(&j, secret);
    json_key(&j, "url");
    json_str(&j, buf_view(&address));
    json_object_end(&j);
    kith_status st = text.failed || address.failed ? err_nomem(e) : fn(arg, buf_view(&text), e);
    buf_free(&text);
    buf_free(&address);
    return st;
}

static kith_status sign_in_factor(kith_caller *c, kith_str password, kith_str from,
                                  int64_t *wait_ms, kith_text_fn fn, void *arg, kith_error *e) {
    char secret[FACTOR_SECRET];
    TRY(serving_begin(c->plugin, e));
    *wait_ms = 0;
    kith_status st = prove_again(c, password, NULL, from, wait_ms, e);
    if (st == KITH_OK)
        st = factor_begin(c->engine, c->principal.user, secret, e);
    if (st == KITH_OK)
        st = tell_secret(c, secret, fn, arg, e);
    return serving_end(c->plugin, st);
}

static kith_status tell_recovery(char codes[FACTOR_CODES][FACTOR_CODE], kith_text_fn fn, void *arg,
                                 kith_error *e) {
    struct buf text = {0};
    struct json_out j;
    json_begin(&j, &text, false);
    json_object_(&j);
    json_key(&j, "recovery");
    json_array_(&j);
    for (size_t i = 0; i < FACTOR_CODES; i++)
        json_strz(&j, codes[i]);
    json_array_end(&j);
    json_object_end(&j);
    kith_status st = text.failed ? err_nomem(e) : fn(arg, buf_view(&text), e);
    buf_free(&text);
    return st;
}

static kith_status sign_in_confirm(kith_caller *c, kith_str code, kith_text_fn fn, void *arg,
                                   kith_error *e) {
    char codes[FACTOR_CODES][FACTOR_CODE];
    TRY(serving_begin(c->plugin, e));
    kith_status st = only_in_session(c, e);
    if (st == KITH_OK)
        st = factor_confirm(c->engine, &c->principal, c->principal.user, c->session.number, code,
                            codes, e);
    if (st == KITH_OK)
        st = tell_recovery(codes, fn, arg, e);
    return serving_end(c->plugin, st);
}

static kith_status sign_in_unfactor(kith_caller *c, kith_str password, kith_str code, kith_str from,
                                    int64_t *wait_ms, kith_error *e) {
    TRY(serving_begin(c->plugin, e));
    *wait_ms = 0;
    kith_status st = prove_again(c, password, &code, from, wait_ms, e);
    if (st == KITH_OK)
        st = factor_end(c->engine, &c->principal, c->principal.user, e);
    return serving_end(c->plugin, st);
}

static kith_status untie(struct kith_caller *c, kith_str password, kith_str from, int64_t *wait_ms,
                         kith_error *e) {
    int64_t count;
    bool has;
    TRY(only_in_session(c, e));
    TRY(password_is_set(c->engine, c->principal.user, &has, e));
    if (!has)
        return err_set(e, KITH_E_REFUSED, NULL,
                       "there is no password, so nothing to sign in by would be left: have an"
                       " administrator invite you to set one first");
    TRY(prove_again(c, password, NULL, from, wait_ms, e));
    return openid_forget(c->engine, &c->principal, c->principal.user, c->session.number, &count, e);
}

static kith_status sign_in_untie(kith_caller *c, kith_str password, kith_str from, int64_t *wait_ms,
                                 kith_error *e) {
    TRY(serving_begin(c->plugin, e));
    *wait_ms = 0;
    return serving_end(c->plugin, untie(c, password, from, wait_ms, e));
}

const kith_sign_in_v1 host_sign_in = {
    .struct_size = sizeof host_sign_in,
    .sign_in = sign_in_sign_in,
    .enter = sign_in_enter,
    .end = sign_in_end,
    .describe = sign_in_describe,
    .first = sign_in_first,
    .set_up = sign_in_set_up,
    .password = sign_in_password,
    .factor = sign_in_factor,
    .confirm = sign_in_confirm,
    .unfactor = sign_in_unfactor,
    .vouch = sign_in_vouch,
    .untie = sign_in_untie,
};
