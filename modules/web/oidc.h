/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of OpenID Connect share: providers, by whom people of a company sign in
 * (docs/decisions/0050). */
#ifndef WEB_OIDC_H
#define WEB_OIDC_H

#include "web.h"

#include <jansson.h>

/* One row of web.oidc, and what its provider has told of itself. */
struct oidc_provider {
    kith_str name, issuer, client, claim, role, scopes;
    const char *secret; /* NULL: it has none */
    char *read_secret;  /* of a file; or NULL */
    kith_value domains;
    kith_value groups; /* "GROUP = ROLE" */
    kith_str groups_claim;
    bool sign_out;  /* there, too */
    char host[256]; /* of the issuer */
    bool own;       /* it is on this computer: it needs no TLS */
    struct lane lane;
    pthread_mutex_t lock; /* guards what follows */
    int64_t silent_at;    /* when it was waited for in vain; 0: it answered since */
    char silence[448];    /* and what is said of that */
    struct oidc_document {
        int64_t at; /* when it was read; 0: it was not */
        char *authorize, *token, *keys;
        char *leave;  /* where people sign out; NULL: nowhere */
        bool by_form; /* the secret goes with the form, and not in a header */
    } document;
    json_t *keys;
    int64_t keys_at, missed_at; /* when they were read; and read anew since one was not there */
};
struct oidc {
    struct oidc_provider *providers;
    size_t count;
    kith_str address;      /* "https://crm.example.org"; or empty */
    unsigned char key[32]; /* with which cookies are sealed */
};

/* -- oidc_settings.c --------------------------------------------------------------------------- */

kith_status oidc_new(kith_instance *self, kith_error *err); /* self->oidc; NULL: no providers */
void oidc_free(struct oidc *o);
/* What a row of groups says; false: it is none. */
bool oidc_group(kith_str row, kith_str *group, kith_str *role);

/* -- oidc_fetch.c ------------------------------------------------------------------------------ */

struct fetched {
    long status; /* 0: there is no answer */
    bool silent; /* and it was waited for as long as may be */
    struct text body;
    char error[300]; /* why there is none */
};
/* Asks the provider, with a form, or (NULL) without. It takes ten seconds at most. */
void oidc_fetch(kith_instance *self, const struct oidc_provider *p, const char *url,
                const struct text *form, bool shows_secret, struct fetched *out);
/* Is it https, or on this computer as its issuer is? */
bool oidc_url_valid(const struct oidc_provider *p, const char *url);
/* Its host, without brackets; false: it is no address. */
bool oidc_url_host(const char *url, char *out, size_t cap, bool *https);
/* As a part of an address or a form. */
void text_url(struct text *t, kith_str s);

/* -- oidc_provider.c --------------------------------------------------------------------------- */

/* Notes that it was silent: for half a minute nobody waits for it again. */
void oidc_silent(kith_instance *self, struct oidc_provider *p, const kith_error *why);
/* KITH_E_IO: that was not long ago. */
kith_status oidc_rests(kith_instance *self, struct oidc_provider *p, kith_error *err);
/* What it says of itself, read anew now and then. The texts are copied, and freed by the caller
 * with oidc_document_free. KITH_E_IO: err says why not. */
kith_status oidc_document(kith_instance *self, struct oidc_provider *p, struct oidc_document *out,
                          kith_error *err);
void oidc_document_free(struct oidc_document *d);
/* Its key of that name ("": the only one that fits) for that algorithm, as JSON, malloc'd. A name
 * that is unknown has the keys read anew, once a minute. */
kith_status oidc_key(kith_instance *self, struct oidc_provider *p, const char *kid, const char *alg,
                     char **jwk, kith_error *err);

/* -- oidc_token.c ------------------------------------------------------------------------------ */

struct oidc_wanted {
    const char *nonce;
    int64_t begun; /* ms UTC, when somebody was sent to the provider */
};
/* The claims of an ID token that is by this provider, for us, of now, and of this sign-in; whoever
 * asked for them lets go of them. KITH_E_DENIED: it is not, and why. */
kith_status oidc_token(kith_instance *self, struct oidc_provider *p, const char *token,
                       const struct oidc_wanted *wanted, json_t **claims, kith_error *err);
/* What in it a user is known by; empty: it vouches for none. */
kith_status oidc_login(const struct oidc_provider *p, const json_t *claims, kith_str *login,
                       kith_error *err);

/* The roles that its groups give, one a line, and all that any of them could. */
void oidc_roles(const struct oidc_provider *p, const json_t *claims, struct text *roles,
                struct text *managed);

/* -- oidc.c ------------------------------------------------------------------------------------ */

struct lane *oidc_lane(const struct request *r); /* of its provider; NULL: there is none */
bool oidc_list(struct request *r);
bool oidc_begin(struct request *r);
bool oidc_return(struct request *r);
bool oidc_leave(struct request *r);

#endif
