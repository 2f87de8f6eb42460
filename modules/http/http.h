/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the http module share. */
#ifndef HTTP_H
#define HTTP_H

#include <curl/curl.h>
#include <kith/easy.h>
#include <kith/plugin.h>
#include <pthread.h>

/* One row of http.credentials. */
struct credential {
    kith_str name, header, value, host;
};

#define WEBHOOK(X)                                                                                 \
    X(name)                                                                                        \
    X(url) X(topics) X(condition) X(state) X(tells) X(secret_number) X(former_until) X(owner)
KITH_RECORD(webhook, WEBHOOK);

struct kith_instance {
    KITH_TABLES;
    const kith_listening_v1 *listening;
    const kith_deliveries_v1 *deliveries;

    struct webhook_numbers webhook;
    uint32_t listening_webhooks; /* query */
    uint32_t deliver, send;      /* deliveries */
    uint32_t requested, answered;

    kith_str key;
    struct credential *credentials;
    uint64_t credential_count;
    kith_value allow;
    int64_t timeout, connect_timeout, max_answer, redirects;

    pthread_mutex_t lock; /* guards what follows */
    struct spare {
        CURL *curl;
        struct spare *next;
    } * spares; /* with open connections, the last used first */
};

/* -- secret.c ---------------------------------------------------------------------------------- */

#define KEY_MIN     32 /* characters */
#define SECRET_TEXT 64 /* "whsec_" and 32 bytes in base64, and a NUL */
#define SIGNATURES  160
/* The secret of a webhook with that number. */
void secret_text(const kith_instance *self, kith_id webhook, int64_t number, char out[SECRET_TEXT]);
/* The value of webhook-signature: one by each of `count` secrets, the newest first. */
void sign(const kith_instance *self, kith_id webhook, int64_t number, uint32_t count, kith_str id,
          int64_t seconds, kith_str body, char out[SIGNATURES]);

/* -- request.c --------------------------------------------------------------------------------- */

struct request {
    const char *method, *url;
    struct curl_slist *headers;
    kith_str body;
    int32_t guarded; /* a credential is in it: it is not sent on to where a redirect leads */
    /* What came of it. */
    long status;      /* 0: no answer */
    int64_t later_ms; /* that the receiver asked for; 0: none */
    char *answer;     /* malloc'd, with a NUL behind it; NULL: none */
    size_t answer_len;
    char error[400];   /* why there is no answer; "" */
    int32_t forbidden; /* never: the address is one that nothing may be sent to */
};
/* Carries it out. [sending] */
void request_run(kith_instance *self, struct request *r);
/* "https://host:port" of a URL; refused when it is not http or https, or has a user in it. */
kith_status url_origin(const char *url, char *out, size_t cap, kith_error *err);
void spares_free(kith_instance *self);

/* -- address.c --------------------------------------------------------------------------------- */

/* May it be sent there? host: of the URL; text (64 bytes): the address, for a message. */
int32_t address_allowed(const kith_value *allow, const char *host, const struct sockaddr *address,
                        char text[64]);
/* Is this a host, an address or a network, as http.allow takes them? */
int32_t allow_valid(kith_str entry);

/* -- the callbacks ----------------------------------------------------------------------------- */

extern const kith_part instance_part;
kith_status http_create(const kith_host *host, kith_instance **out, kith_error *err);
void http_destroy(kith_instance *self);
kith_status webhook_check(kith_instance *self, kith_txn *txn, kith_change *change, kith_error *err);
kith_status webhook_follow(kith_instance *self, kith_txn *txn, const kith_event *event,
                           kith_error *err);
kith_status webhook_hear(kith_instance *self, kith_txn *txn, const kith_event *event,
                         kith_error *err);
kith_status webhook_deliver(kith_instance *self, const kith_txn *view, kith_sending *sending,
                            kith_error *err);
kith_status webhook_secret(kith_instance *self, kith_call *call, kith_error *err);
kith_status webhook_rotate(kith_instance *self, kith_call *call, kith_error *err);
kith_status webhook_replay(kith_instance *self, kith_call *call, kith_error *err);
kith_status webhook_test(kith_instance *self, kith_call *call, kith_error *err);
kith_status send_call(kith_instance *self, kith_call *call, kith_error *err);
kith_status send_deliver(kith_instance *self, const kith_txn *view, kith_sending *sending,
                         kith_error *err);

#endif
