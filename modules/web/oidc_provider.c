/* SPDX-License-Identifier: Apache-2.0 */
/* What a provider tells of itself: where its parts are (discovery), and by which keys it signs. */
#include "oidc.h"

#include <stdlib.h>

#define KEPT_MS    INT64_C(3600000) /* for so long what it said is believed */
#define MISSED_MS  INT64_C(60000)   /* so often keys are read anew, since one is unknown */
#define RESTS_MS   INT64_C(30000)   /* for so long one that could not be asked is left alone */
#define WELL_KNOWN "/.well-known/openid-configuration"

static kith_status failed(const struct oidc_provider *p, const char *what, const char *why,
                          kith_error *err) {
    return kith_fail(err, KITH_E_IO, NULL, "%.40s %s: %s", p->name.ptr, what, why);
}

/* -- one that is silent ------------------------------------------------------------------------ */

/* Locked. What the end of this server broke off is no fault of the provider's. */
static void note_silence(kith_instance *self, struct oidc_provider *p, const char *why) {
    if (atomic_load(&self->ceases))
        return;
    p->silent_at = self->host->now(self->host);
    (void)snprintf(p->silence, sizeof p->silence, "%s", why);
}

static kith_status rests(kith_instance *self, const struct oidc_provider *p, kith_error *err) {
    int64_t now = self->host->now(self->host);
    if (!p->silent_at || now < p->silent_at || now - p->silent_at >= RESTS_MS)
        return KITH_OK;
    return kith_fail(err, KITH_E_IO, NULL, "%s", p->silence);
}

void oidc_silent(kith_instance *self, struct oidc_provider *p, const kith_error *why) {
    pthread_mutex_lock(&p->lock);
    note_silence(self, p, why->message);
    pthread_mutex_unlock(&p->lock);
}

kith_status oidc_rests(kith_instance *self, struct oidc_provider *p, kith_error *err) {
    pthread_mutex_lock(&p->lock);
    kith_status st = rests(self, p, err);
    pthread_mutex_unlock(&p->lock);
    return st;
}

/* Locked. NULL: err says why. */
static json_t *ask(kith_instance *self, struct oidc_provider *p, const char *url, kith_error *err) {
    struct fetched f;
    json_t *out = NULL;
    if (rests(self, p, err) != KITH_OK)
        return NULL;
    oidc_fetch(self, p, url, NULL, false, &f);
    if (f.status == 200)
        out = json_loadb(f.body.ptr ? f.body.ptr : "", f.body.len, JSON_REJECT_DUPLICATES, NULL);
    if (f.status == 200 && !json_is_object(out)) {
        (void)failed(p, "cannot be asked", "its answer is no JSON object", err);
    } else if (f.status != 200) {
        if (f.status)
            (void)snprintf(f.error, sizeof f.error, "it answers with %ld", f.status);
        (void)failed(p, "cannot be asked", f.error, err);
    }
    if (f.silent)
        note_silence(self, p, err->message);
    text_free(&f.body);
    if (!json_is_object(out)) {
        json_decref(out);
        return NULL;
    }
    return out;
}

static bool is_kept(int64_t at, int64_t now) {
    return at && now >= at && now - at < KEPT_MS;
}

/* -- discovery --------------------------------------------------------------------------------- */

void oidc_document_free(struct oidc_document *d) {
    free(d->authorize);
    free(d->token);
    free(d->keys);
    free(d->leave);
    *d = (struct oidc_document){0};
}

static kith_status copy_document(const struct oidc_document *from, struct oidc_document *to,
                                 kith_error *err) {
    *to = (struct oidc_document){.at = from->at,
                                 .authorize = strdup(from->authorize),
                                 .token = strdup(from->token),
                                 .keys = strdup(from->keys),
                                 .leave = from->leave ? strdup(from->leave) : NULL,
                                 .by_form = from->by_form};
    if (to->authorize && to->token && to->keys && !to->leave == !from->leave)
        return KITH_OK;
    oidc_document_free(to);
    return kith_fail(err, KITH_E_NOMEM, NULL, "no memory");
}

static char *address(const struct oidc_provider *p, const json_t *said, const char *name) {
    const char *url = json_string_value(json_object_get(said, name));
    return url && strlen(url) < 2000 && oidc_url_valid(p, url) ? strdup(url) : NULL;
}

static bool lists(const json_t *list, const char *text) {
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) if (json_is_string(item) &&
                                          strcmp(json_string_value(item), text) == 0) return true;
    return false;
}

static kith_status read_document(const struct oidc_provider *p, const json_t *said,
                                 struct oidc_document *d, kith_error *err) {
    const json_t *issuer = json_object_get(said, "issuer"),
                 *ways = json_object_get(said, "token_endpoint_auth_methods_supported");
    if (!json_is_string(issuer) || !kith_str_is(p->issuer, json_string_value(issuer)))
        return failed(p, "is not who it should be", "it calls itself by another issuer", err);
    d->authorize = address(p, said, "authorization_endpoint");
    d->token = address(p, said, "token_endpoint");
    d->keys = address(p, said, "jwks_uri");
    d->leave = address(p, said, "end_session_endpoint");
    d->by_form = lists(ways, "client_secret_post") && !lists(ways, "client_secret_basic");
    if (d->authorize && d->token && d->keys)
        return KITH_OK;
    return failed(p, "cannot be used",
                  "an address is missing in what it says of itself, or is without TLS", err);
}

static kith_status discover(kith_instance *self, struct oidc_provider *p, kith_error *err) {
    struct oidc_document d = {.at = self->host->now(self->host)};
    struct text url = {0};
    size_t len = p->issuer.len;
    while (len && p->issuer.ptr[len - 1] == '/')
        len--;
    text_add(&url, p->issuer.ptr, len);
    text_puts(&url, WELL_KNOWN);
    json_t *said = url.failed ? NULL : ask(self, p, url.ptr, err);
    text_free(&url);
    if (!said)
        return KITH_E_IO;
    kith_status st = read_document(p, said, &d, err);
    json_decref(said);
    if (st != KITH_OK) {
        oidc_document_free(&d);
        return st;
    }
    oidc_document_free(&p->document);
    p->document = d;
    return KITH_OK;
}

static kith_status know(kith_instance *self, struct oidc_provider *p, kith_error *err) {
    return is_kept(p->document.at, self->host->now(self->host)) ? KITH_OK : discover(self, p, err);
}

kith_status oidc_document(kith_instance *self, struct oidc_provider *p, struct oidc_document *out,
                          kith_error *err) {
    pthread_mutex_lock(&p->lock);
    kith_status st = know(self, p, err);
    if (st == KITH_OK)
        st = copy_document(&p->document, out, err);
    pthread_mutex_unlock(&p->lock);
    return st;
}

/* -- keys -------------------------------------------------------------------------------------- */

static bool is_text(const json_t *object, const char *name, const char *text) {
    const char *value = json_string_value(json_object_get(object, name));
    return value && strcmp(value, text) == 0;
}

/* A key is for one algorithm, if it says so, and for one kind of them in any case. */
static bool fits(const json_t *key, const char *alg) {
    return is_text(key, "kty", *alg == 'E' ? "EC" : "RSA") &&
           (!json_object_get(key, "alg") || is_text(key, "alg", alg)) &&
           (!json_object_get(key, "use") || is_text(key, "use", "sig"));
}

enum found { FOUND_NONE, FOUND_ONE, FOUND_ODD };
/* Odd: there are several, or it is not for this algorithm. */
static enum found find(const json_t *keys, const char *kid, const char *alg, const json_t **out) {
    size_t i, fitting = 0;
    json_t *key;
    bool named = false;
    json_array_foreach(json_object_get(keys, "keys"), i, key) {
        if (*kid && !is_text(key, "kid", kid))
            continue;
        named |= *kid != '\0';
        if (!fits(key, alg))
            continue;
        fitting++;
        *out = key;
    }
    if (fitting == 1)
        return FOUND_ONE;
    return fitting || named ? FOUND_ODD : FOUND_NONE;
}

static kith_status read_keys(kith_instance *self, struct oidc_provider *p, kith_error *err) {
    kith_status st = know(self, p, err);
    json_t *keys = st == KITH_OK ? ask(self, p, p->document.keys, err) : NULL;
    if (!keys)
        return KITH_E_IO;
    json_decref(p->keys);
    p->keys = keys;
    p->keys_at = self->host->now(self->host);
    return KITH_OK;
}

/* Providers change their keys: one that is unknown may be new. Whoever makes up names must not have
 * us ask without end. */
static kith_status find_again(kith_instance *self, struct oidc_provider *p, const char *kid,
                              const char *alg, const json_t **key, enum found *found,
                              kith_error *err) {
    int64_t now = self->host->now(self->host);
    if (p->missed_at && now >= p->missed_at && now - p->missed_at < MISSED_MS)
        return KITH_OK;
    p->missed_at = now;
    KITH_TRY(read_keys(self, p, err));
    *found = find(p->keys, kid, alg, key);
    return KITH_OK;
}

static kith_status look_up(kith_instance *self, struct oidc_provider *p, const char *kid,
                           const char *alg, const json_t **key, enum found *found,
                           kith_error *err) {
    bool fresh = !is_kept(p->keys_at, self->host->now(self->host));
    if (fresh)
        KITH_TRY(read_keys(self, p, err));
    *found = find(p->keys, kid, alg, key);
    return *found == FOUND_NONE && !fresh ? find_again(self, p, kid, alg, key, found, err)
                                          : KITH_OK;
}

kith_status oidc_key(kith_instance *self, struct oidc_provider *p, const char *kid, const char *alg,
                     char **jwk, kith_error *err) {
    const json_t *key = NULL;
    enum found found = FOUND_NONE;
    *jwk = NULL;
    pthread_mutex_lock(&p->lock);
    kith_status st = look_up(self, p, kid, alg, &key, &found, err);
    if (st == KITH_OK && found == FOUND_ONE && !(*jwk = json_dumps(key, 0)))
        st = kith_fail(err, KITH_E_NOMEM, NULL, "no memory");
    pthread_mutex_unlock(&p->lock);
    if (st != KITH_OK || found == FOUND_ONE)
        return st;
    return kith_fail(err, KITH_E_DENIED, NULL,
                     found == FOUND_NONE ? "it is signed by a key that the provider does not have"
                                         : "its key is not for how it is signed, or not the only"
                                           " one of that name");
}
