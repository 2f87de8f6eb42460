/* SPDX-License-Identifier: Apache-2.0 */
/* What it takes to operate the module: where requests come from, what is counted and logged, what
 * every answer says. */
#ifndef WEB_OPERATION_H
#define WEB_OPERATION_H

#include "web.h"

#include <gnutls/abstract.h>

struct sockaddr;

/* -- net.c ------------------------------------------------------------------------------------- */

#define NET_TEXT 46
struct net {
    unsigned char at[NET_BYTES];
    unsigned bits; /* of the 128 */
};
struct nets {
    struct net *items;
    size_t count;
};
bool net_of_text(const char *text, unsigned char out[NET_BYTES]);
void net_of_socket(const struct sockaddr *a, unsigned char out[NET_BYTES]);
void net_text(const unsigned char at[NET_BYTES], char out[NET_TEXT]);
bool net_is_loopback(const unsigned char at[NET_BYTES]);
bool net_is_v4(const unsigned char at[NET_BYTES]);
bool nets_have(const struct nets *list, const unsigned char at[NET_BYTES]);
/* The setting of that name, a list; out is zeroed before. */
kith_status nets_setting(kith_instance *self, const char *key, struct nets *out, kith_error *err);

/* -- metrics.c --------------------------------------------------------------------------------- */

struct counters;
struct counters *counters_new(void);
void counters_free(struct counters *c);
void count_connection(struct counters *c, int change);
/* It is answered, with so many bytes. */
void count_answer(struct counters *c, const struct request *r, int64_t ns, size_t bytes);
/* All of it as Prometheus reads it; status: as `kith status --json` has it, or empty. */
void metrics_render(kith_instance *self, kith_str status, struct text *out);

/* -- headers.c --------------------------------------------------------------------------------- */

typedef void (*add_header_fn)(void *to, const char *name, const char *value);
/* Those of every answer, besides its own. */
void add_common_headers(const struct request *r, add_header_fn add, void *to);
/* A browser asks whether a page of another origin may ask: it is answered. */
bool cors_preflight(struct request *r);

/* -- origin.c ---------------------------------------------------------------------------------- */

struct operation;
void origin_seed(struct operation *o);
/* From the address at the other end of its connection, and from what trusted proxies say. */
void origin_find(struct request *r, const struct sockaddr *peer, bool tls);

/* -- tls.c ------------------------------------------------------------------------------------- */

struct tls;
/* o->tls, where the settings name a pair. */
kith_status tls_open(kith_instance *self, kith_error *err);
void tls_close(struct operation *o);
void tls_look(struct tls *t);          /* has it changed? NULL: nothing */
int64_t tls_ends(const struct tls *t); /* the certificate, s since 1970; 0: there is none */
gnutls_certificate_retrieve_function2 tls_pair_for;

/* -- listen.c ---------------------------------------------------------------------------------- */

struct listener {
    int fd;
    bool tls;
};
/* The i-th socket of an entry of web.listen. KITH_E_NOTFOUND without a word: it has no more. */
kith_status listener_open(kith_instance *self, uint64_t entry, uint32_t i, struct listener *out,
                          kith_error *err);
#define LISTENER_URL 80
/* "https://127.0.0.1:8443", with the port that it got, where any was wanted. */
void listener_url(const struct listener *d, char out[LISTENER_URL]);

/* -- limits.c ---------------------------------------------------------------------------------- */

#define SPENT_BITS 12
struct spent {
    _Atomic uint64_t user;
    _Atomic int64_t until; /* ns: all that the user asked for is paid for then */
};
/* The caller may ask no more often: it is answered. */
void limit_rate(struct request *r);
/* The same for an address from which a stranger asks. */
void limit_guest(struct request *r);
/* Of an address behind a trusted proxy, whose connections say nothing of it, so many requests are
 * under way already: it is answered. */
void limit_address(struct request *r);
void limit_address_done(struct request *r);
/* It takes one of web.streams, of which nobody has more than half; false: there is none, and that
 * is answered. */
bool limit_streams(struct request *r);

/* -- operation.c ------------------------------------------------------------------------------- */

struct operation {
    const kith_operation_v1 *host;
    struct nets metrics;            /* who may ask how it does */
    struct nets trusted;            /* proxies */
    struct nets intranet, extranet; /* by which a caller's zone is told */
    bool forwarded;                 /* they say it in Forwarded, and not in X-Forwarded-* */
    char name[256];                 /* of the host in web.address; or "" */
    kith_value origins;             /* of pages that may ask, or "*" */
    char hsts[40];                  /* the header's value, or "" */
    int access_log;
    kith_str tls_cert, tls_key; /* files, as the settings name them */
    struct tls *tls;            /* while it serves; NULL: there is none */
    int64_t max_rate;           /* requests of a user in a second; 0: as many as they like */
    struct spent spent[1 << SPENT_BITS];
    struct spent guests[1 << SPENT_BITS]; /* by the address of who has no account */
    int64_t max_under_way; /* requests of an address behind a proxy; 0: as many as they like */
    _Atomic uint32_t under_way[1 << SPENT_BITS]; /* by the address */
    uint64_t id_seed;
    _Atomic uint64_t id_next;
    struct counters *counters;
};
kith_status operation_new(kith_instance *self, kith_error *err); /* self->operation, in part */
void operation_free(struct operation *o);                        /* o may be NULL */
void operation_begun(struct request *r);
void operation_answered(const struct request *r, size_t bytes);

#endif
