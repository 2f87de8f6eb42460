/* SPDX-License-Identifier: Apache-2.0 */
/* ID tokens: what a provider says of somebody, signed. cjose checks the signature; what it may be,
 * by which key, and what the token says we look at ourselves. */
#include "oidc.h"

#include <cjose/cjose.h>
#include <sodium.h>
#include <stdlib.h>
#include <strings.h>

#define LEEWAY_S  60 /* by which the clocks of two computers may differ */
#define TOKEN_MAX 65536
#define RSA_LEAST 2048 /* bits */

static kith_status refuse(const char *why, kith_error *err) {
    return kith_fail(err, KITH_E_DENIED, NULL, "%s", why);
}

/* -- by whom it is signed ---------------------------------------------------------------------- */

/* Those that providers have to know, or that are as good. A secret that both know is none of them:
 * with it a key that everybody may read could be taken for one. */
static const char *alg_of(const char *name) {
    static const char *const algs[] = {"RS256", "PS256", "ES256"};
    for (size_t i = 0; name && i < sizeof algs / sizeof *algs; i++)
        if (strcmp(algs[i], name) == 0)
            return algs[i];
    return NULL;
}

static bool is_strong(const cjose_jwk_t *key, const char *alg) {
    cjose_err why;
    if (*alg == 'E')
        return cjose_jwk_get_kty(key, &why) == CJOSE_JWK_KTY_EC &&
               cjose_jwk_EC_get_curve(key, &why) == CJOSE_JWK_EC_P_256;
    return cjose_jwk_get_kty(key, &why) == CJOSE_JWK_KTY_RSA &&
           cjose_jwk_get_keysize(key, &why) >= RSA_LEAST;
}

static kith_status verify(cjose_jws_t *jws, const char *jwk, const char *alg, kith_error *err) {
    cjose_err why;
    kith_status st = KITH_OK;
    cjose_jwk_t *key = cjose_jwk_import(jwk, strlen(jwk), &why);
    if (!key || !is_strong(key, alg))
        st = refuse("its key is of no use, or too short", err);
    else if (!cjose_jws_verify(jws, key, &why))
        st = refuse("its signature is wrong", err);
    cjose_jwk_release(key);
    return st;
}

static kith_status check_signature(kith_instance *self, struct oidc_provider *p, cjose_jws_t *jws,
                                   kith_error *err) {
    const json_t *head = (const json_t *)cjose_jws_get_protected(jws);
    const char *alg = alg_of(json_string_value(json_object_get(head, "alg")));
    const char *kid = json_string_value(json_object_get(head, "kid"));
    char *jwk;
    if (!alg)
        return refuse("it is signed in a way that is not taken: RS256, PS256 and ES256 are", err);
    if (json_object_get(head, "crit"))
        return refuse("it asks for something that is not known here", err);
    kith_status st = oidc_key(self, p, kid ? kid : "", alg, &jwk, err);
    if (st == KITH_OK)
        st = verify(jws, jwk, alg, err);
    free(jwk);
    return st;
}

/* -- what it says ------------------------------------------------------------------------------ */

static bool says(const json_t *claims, const char *name, const char *value) {
    const char *said = json_string_value(json_object_get(claims, name));
    return said && strcmp(said, value) == 0;
}

/* false: it is not there, or no time. */
static bool seconds(const json_t *claims, const char *name, int64_t *out) {
    const json_t *v = json_object_get(claims, name);
    double s = json_number_value(v);
    if (!json_is_number(v) || !(s > 0 && s < 1e11))
        return false;
    *out = (int64_t)s;
    return true;
}

/* For us, and for nobody else beside us who could have got it and shown it here. */
static bool is_for_us(const struct oidc_provider *p, const json_t *claims) {
    const json_t *aud = json_object_get(claims, "aud"), *azp = json_object_get(claims, "azp");
    const json_t *only = json_is_array(aud) ? json_array_get(aud, 0) : aud;
    bool several = json_is_array(aud) && json_array_size(aud) > 1, ours = false;
    if (azp && !says(claims, "azp", p->client.ptr))
        return false;
    if (!several)
        return json_is_string(only) && kith_str_is(p->client, json_string_value(only));
    for (size_t i = 0; i < json_array_size(aud); i++) {
        const char *one = json_string_value(json_array_get(aud, i));
        ours |= one && kith_str_is(p->client, one);
    }
    return ours && azp;
}

static const char *check_time(const json_t *claims, int64_t now, int64_t begun) {
    int64_t exp, iat, nbf;
    if (!seconds(claims, "exp", &exp) || !seconds(claims, "iat", &iat))
        return "it does not say of when it is";
    if (exp <= now - LEEWAY_S)
        return "it has expired";
    if (iat > now + LEEWAY_S || (seconds(claims, "nbf", &nbf) && nbf > now + LEEWAY_S))
        return "it is of the future: is the clock of this computer right?";
    if (iat < begun - LEEWAY_S)
        return "it is older than this sign-in: is the clock of this computer right?";
    return NULL;
}

static const char *check_claims(kith_instance *self, const struct oidc_provider *p,
                                const json_t *claims, const struct oidc_wanted *wanted) {
    const json_t *sub = json_object_get(claims, "sub");
    const char *nonce = json_string_value(json_object_get(claims, "nonce"));
    if (!says(claims, "iss", p->issuer.ptr))
        return "it is by another issuer";
    if (!is_for_us(p, claims))
        return "it is for somebody else";
    if (!nonce || strlen(nonce) != strlen(wanted->nonce) ||
        sodium_memcmp(nonce, wanted->nonce, strlen(nonce)) != 0)
        return "it is of another sign-in";
    if (!json_is_string(sub) || !json_string_length(sub) || json_string_length(sub) > 255)
        return "it does not say of whom it is";
    return check_time(claims, self->host->now(self->host) / 1000, wanted->begun / 1000);
}

static json_t *claims_of(cjose_jws_t *jws) {
    cjose_err why;
    uint8_t *text;
    size_t len;
    if (!cjose_jws_get_plaintext(jws, &text, &len, &why))
        return NULL;
    json_t *claims = json_loadb((const char *)text, len, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(claims))
        return claims;
    json_decref(claims);
    return NULL;
}

kith_status oidc_token(kith_instance *self, struct oidc_provider *p, const char *token,
                       const struct oidc_wanted *wanted, json_t **claims, kith_error *err) {
    cjose_err why;
    size_t len = strlen(token);
    *claims = NULL;
    cjose_jws_t *jws = len <= TOKEN_MAX ? cjose_jws_import(token, len, &why) : NULL;
    if (!jws)
        return refuse("it is no signed token", err);
    kith_status st = check_signature(self, p, jws, err);
    if (st == KITH_OK && !(*claims = claims_of(jws)))
        st = refuse("what it says is no JSON object", err);
    cjose_jws_release(jws);
    const char *wrong = st == KITH_OK ? check_claims(self, p, *claims, wanted) : NULL;
    if (wrong) {
        json_decref(*claims);
        *claims = NULL;
        st = refuse(wrong, err);
    }
    return st;
}

/* -- who it is --------------------------------------------------------------------------------- */

/* Some providers write it as a text. */
static bool is_verified(const json_t *claims) {
    return json_is_true(json_object_get(claims, "email_verified")) ||
           says(claims, "email_verified", "true");
}

static bool is_of_domain(const struct oidc_provider *p, const char *mail) {
    const char *at = strrchr(mail, '@');
    for (uint64_t i = 0; at && i < p->domains.as.list.count; i++) {
        kith_str domain = p->domains.as.list.items[i].as.s;
        if (strlen(at + 1) == domain.len && strncasecmp(at + 1, domain.ptr, domain.len) == 0)
            return true;
    }
    return p->domains.as.list.count == 0;
}

kith_status oidc_login(const struct oidc_provider *p, const json_t *claims, kith_str *login,
                       kith_error *err) {
    const json_t *said = json_object_get(claims, p->claim.ptr);
    *login =
        (kith_str){json_is_string(said) ? json_string_value(said) : "", json_string_length(said)};
    if (!login->len)
        return KITH_OK;
    if (!is_of_domain(p, login->ptr))
        return refuse("the domain of your account is none of those that may sign in here", err);
    if (!kith_str_is(p->claim, "email") || is_verified(claims))
        return KITH_OK;
    return refuse("it has not verified your mail address", err);
}

static bool is_in(const json_t *groups, kith_str group) {
    const json_t *item;
    size_t i;
    if (json_is_string(groups)) /* some write one alone so */
        return kith_str_is(group, json_string_value(groups));
    json_array_foreach(groups, i,
                       item) if (json_is_string(item) &&
                                 kith_str_is(group, json_string_value(item))) return true;
    return false;
}

void oidc_roles(const struct oidc_provider *p, const json_t *claims, struct text *roles,
                struct text *managed) {
    const json_t *groups = json_object_get(claims, p->groups_claim.ptr);
    kith_str group, role;
    for (uint64_t i = 0; i < p->groups.as.list.count; i++) {
        if (!oidc_group(p->groups.as.list.items[i].as.s, &group, &role))
            continue;
        text_printf(managed, "%.*s\n", (int)role.len, role.ptr);
        if (is_in(groups, group))
            text_printf(roles, "%.*s\n", (int)role.len, role.ptr);
    }
}
