/* SPDX-License-Identifier: Apache-2.0 */
/* The instance: what it asks for, its settings, and libcurl. */
#include "http.h"
#include <stdlib.h>

static const kith_want wants[] = {
    KITH_WANT_TABLES,
    KITH_WANT(TABLE, KITH_LISTENING_1, listening),
    KITH_WANT(TABLE, KITH_DELIVERIES_1, deliveries),
    KITH_WANT_RECORD("webhook", webhook, WEBHOOK),
    KITH_WANT(QUERY, "webhook where state != 'disabled'", listening_webhooks),
    KITH_WANT(TOPIC, "http.requested", requested),
    KITH_WANT(TOPIC, "http.answered", answered),
    KITH_WANT(DELIVERY, "webhook", deliver),
    KITH_WANT(DELIVERY, "send", send),
    KITH_WANT(SETTING, "allow", allow),
    KITH_WANT(NUMBER, "timeout", timeout),
    KITH_WANT(NUMBER, "connect_timeout", connect_timeout),
    KITH_WANT(NUMBER, "max_answer", max_answer),
    KITH_WANT(NUMBER, "redirects", redirects),
};
const kith_part instance_part = {.struct_size = sizeof instance_part, .wants = KITH_ARRAY(wants)};

static kith_status setting(kith_instance *self, const char *key, kith_value *out, kith_error *err) {
    return self->settings->get(self->host, kith_str_of(key), out, err);
}

static kith_status check_allow(kith_instance *self, kith_error *err) {
    for (uint64_t i = 0; self->allow.kind == KITH_LIST && i < self->allow.as.list.count; i++) {
        kith_str entry = self->allow.as.list.items[i].as.s;
        if (!allow_valid(entry))
            return kith_fail(err, KITH_E_INVAL, "allow",
                             "%s: '%.*s' is no host, address or network, as 'localhost' or"
                             " '10.1.2.0/24'",
                             self->settings->where(self->host, kith_str_of("allow")).ptr,
                             KITH_CHARS(entry));
    }
    return KITH_OK;
}

static kith_status read_key(kith_instance *self, kith_error *err) {
    kith_value v;
    KITH_TRY(setting(self, "key", &v, err));
    if (v.kind != KITH_TEXT || v.as.s.len == 0)
        return KITH_OK;
    self->key = v.as.s;
    if (self->key.len >= KEY_MIN)
        return KITH_OK;
    return kith_fail(err, KITH_E_INVAL, "key",
                     "%s: it has %d characters, and needs at least %d: 'openssl rand -base64 32'"
                     " makes one",
                     self->settings->where(self->host, kith_str_of("key")).ptr, (int)self->key.len,
                     KEY_MIN);
}

static kith_status read_credentials(kith_instance *self, kith_error *err) {
    kith_value v;
    KITH_TRY(setting(self, "credentials", &v, err));
    if (v.kind != KITH_LIST || v.as.list.count == 0)
        return KITH_OK;
    self->credentials = calloc(v.as.list.count, sizeof *self->credentials);
    if (!self->credentials)
        return kith_fail(err, KITH_E_NOMEM, NULL, "no memory");
    self->credential_count = v.as.list.count;
    for (uint64_t i = 0; i < v.as.list.count; i++) {
        const kith_value *item = v.as.list.items[i].as.list.items;
        self->credentials[i] =
            (struct credential){item[0].as.s, item[2].as.s, item[3].as.s, item[1].as.s};
    }
    return KITH_OK;
}

void http_destroy(kith_instance *self) {
    spares_free(self);
    pthread_mutex_destroy(&self->lock);
    free(self->credentials);
}

kith_status http_create(const kith_host *host, kith_instance **out, kith_error *err) {
    kith_instance *self = *out;
    (void)host;
    pthread_mutex_init(&self->lock, NULL);
    KITH_TRY(curl_global_init(CURL_GLOBAL_DEFAULT) == 0
                 ? check_allow(self, err)
                 : kith_fail(err, KITH_E_NOMEM, NULL, "libcurl does not start"));
    KITH_TRY(read_key(self, err));
    return read_credentials(self, err);
}
