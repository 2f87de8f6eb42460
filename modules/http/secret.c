/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets. None is kept: that of a webhook follows from http.key, its id and a number, so that it
 * stands in no record, no history, no export and no backup of the database. Signatures are those of
 * Standard Webhooks: HMAC-SHA256 over "id.timestamp.body". */
#include "http.h"
#include <sodium.h>

static void derive(const kith_instance *self, kith_id webhook, int64_t number,
                   unsigned char out[crypto_auth_hmacsha256_BYTES]) {
    crypto_auth_hmacsha256_state st;
    char id[KITH_ID_CHARS + 1], text[64];
    kith_id_text(webhook, id);
    int n = snprintf(text, sizeof text, "kith webhook %s %lld", id, (long long)number);
    crypto_auth_hmacsha256_init(&st, (const unsigned char *)self->key.ptr, (size_t)self->key.len);
    crypto_auth_hmacsha256_update(&st, (const unsigned char *)text, (unsigned long long)n);
    crypto_auth_hmacsha256_final(&st, out);
}

void secret_text(const kith_instance *self, kith_id webhook, int64_t number,
                 char out[SECRET_TEXT]) {
    unsigned char secret[crypto_auth_hmacsha256_BYTES];
    derive(self, webhook, number, secret);
    memcpy(out, "whsec_", 6);
    sodium_bin2base64(out + 6, SECRET_TEXT - 6, secret, sizeof secret,
                      sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(secret, sizeof secret);
}

static void sign_by(const unsigned char secret[crypto_auth_hmacsha256_BYTES], kith_str id,
                    int64_t seconds, kith_str body, char *out, size_t cap) {
    crypto_auth_hmacsha256_state st;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    char time[32];
    int n = snprintf(time, sizeof time, ".%lld.", (long long)seconds);
    crypto_auth_hmacsha256_init(&st, secret, crypto_auth_hmacsha256_BYTES);
    crypto_auth_hmacsha256_update(&st, (const unsigned char *)id.ptr, (size_t)id.len);
    crypto_auth_hmacsha256_update(&st, (const unsigned char *)time, (unsigned long long)n);
    crypto_auth_hmacsha256_update(&st, (const unsigned char *)body.ptr, (size_t)body.len);
    crypto_auth_hmacsha256_final(&st, mac);
    sodium_bin2base64(out, cap, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
}

void sign(const kith_instance *self, kith_id webhook, int64_t number, uint32_t count, kith_str id,
          int64_t seconds, kith_str body, char out[SIGNATURES]) {
    unsigned char secret[crypto_auth_hmacsha256_BYTES];
    size_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        derive(self, webhook, number - i, secret);
        at += (size_t)snprintf(out + at, SIGNATURES - at, "%sv1,", i ? " " : "");
        sign_by(secret, id, seconds, body, out + at, SIGNATURES - at);
        at += strlen(out + at);
    }
    sodium_memzero(secret, sizeof secret);
}
