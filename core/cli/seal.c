/* SPDX-License-Identifier: Apache-2.0 */
/* Seal: see seal.h. Nothing here but libsodium's parts put together. */
#include "cli/seal.h"

#include <stdio.h>
#include <string.h>

#define CHECK     4 /* bytes of the sum in a public key's text */
#define ABYTES    crypto_secretstream_xchacha20poly1305_ABYTES
#define VARIANT   sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define OPS       crypto_pwhash_OPSLIMIT_MODERATE
#define MEM       crypto_pwhash_MEMLIMIT_MODERATE
#define LOCK_SALT crypto_pwhash_SALTBYTES
#define LOCK_BOX  (crypto_box_SECRETKEYBYTES + crypto_secretbox_MACBYTES)
#define LOCK_SIZE (LOCK_SALT + crypto_secretbox_NONCEBYTES + LOCK_BOX)

static kith_status ready(kith_error *e) {
    return sodium_init() < 0 ? err_set(e, KITH_E_INTERNAL, NULL, "libsodium cannot be used")
                             : KITH_OK;
}

/* -- keys -------------------------------------------------------------------------------------- */

static void check_of(const unsigned char *public, unsigned char check[CHECK]) {
    unsigned char digest[crypto_generichash_BYTES];
    crypto_generichash(digest, sizeof digest, public, crypto_box_PUBLICKEYBYTES, NULL, 0);
    memcpy(check, digest, CHECK);
}

void seal_public_text(const unsigned char public[crypto_box_PUBLICKEYBYTES], char text[SEAL_TEXT]) {
    unsigned char whole[crypto_box_PUBLICKEYBYTES + CHECK];
    memcpy(whole, public, crypto_box_PUBLICKEYBYTES);
    check_of(public, whole + crypto_box_PUBLICKEYBYTES);
    memcpy(text, SEAL_PUBLIC, sizeof SEAL_PUBLIC);
    sodium_bin2base64(text + sizeof SEAL_PUBLIC - 1, SEAL_TEXT - sizeof SEAL_PUBLIC + 1, whole,
                      sizeof whole, VARIANT);
}

static bool base64_is(kith_str text, unsigned char *out, size_t size) {
    size_t n;
    return sodium_base642bin(out, size, text.ptr, text.len, NULL, &n, NULL, VARIANT) == 0 &&
           n == size;
}

kith_status seal_public_parse(kith_str text, unsigned char public[crypto_box_PUBLICKEYBYTES],
                              kith_error *e) {
    unsigned char whole[crypto_box_PUBLICKEYBYTES + CHECK], check[CHECK];
    kith_str rest = str_trim(text);
    TRY(ready(e));
    bool ours = str_starts(rest, SEAL_PUBLIC);
    if (ours) {
        rest.ptr += sizeof SEAL_PUBLIC - 1;
        rest.len -= sizeof SEAL_PUBLIC - 1;
        ours = base64_is(rest, whole, sizeof whole);
    }
    if (ours)
        check_of(whole, check);
    if (!ours || memcmp(check, whole + crypto_box_PUBLICKEYBYTES, CHECK) != 0)
        return err_set(e, KITH_E_INVAL, NULL,
                       "'%.*s' is no public key for backups, or not all of it: 'kith backup key'"
                       " shows one",
                       (int)(text.len < 80 ? text.len : 80), text.ptr);
    memcpy(public, whole, crypto_box_PUBLICKEYBYTES);
    return KITH_OK;
}

static kith_status stretch(kith_str passphrase, const unsigned char *salt, unsigned char *key,
                           kith_error *e) {
    if (crypto_pwhash(key, crypto_secretbox_KEYBYTES, passphrase.ptr, passphrase.len, salt, OPS,
                      MEM, crypto_pwhash_ALG_ARGON2ID13) == 0)
        return KITH_OK;
    return err_set(e, KITH_E_NOMEM, NULL, "there is not enough memory for the passphrase: 256 MiB");
}

static kith_status lock_secret(const struct seal_key *key, kith_str passphrase,
                               unsigned char locked[LOCK_SIZE], kith_error *e) {
    unsigned char stretched[crypto_secretbox_KEYBYTES];
    unsigned char *nonce = locked + LOCK_SALT, *box = nonce + crypto_secretbox_NONCEBYTES;
    randombytes_buf(locked, LOCK_SALT + crypto_secretbox_NONCEBYTES);
    TRY(stretch(passphrase, locked, stretched, e));
    crypto_secretbox_easy(box, key->secret, sizeof key->secret, nonce, stretched);
    sodium_memzero(stretched, sizeof stretched);
    return KITH_OK;
}

kith_status seal_key_text(const struct seal_key *key, kith_str passphrase, struct buf *out,
                          kith_error *e) {
    unsigned char locked[LOCK_SIZE];
    char public[SEAL_TEXT], text[sodium_base64_ENCODED_LEN(LOCK_SIZE, VARIANT)];
    seal_public_text(key->public, public);
    if (passphrase.len > 0) {
        TRY(lock_secret(key, passphrase, locked, e));
        sodium_bin2base64(text, sizeof text, locked, sizeof locked, VARIANT);
    } else {
        sodium_bin2base64(text, sizeof text, key->secret, sizeof key->secret, VARIANT);
    }
    buf_printf(out,
               SEAL_KEY_FILE " that are sealed to this public key. Without it they are\n"
                             "# lost: keep it twice, and nowhere near the backups or the company.\n"
                             "public %s\n%s %s\n",
               public, passphrase.len > 0 ? "locked" : "secret", text);
    sodium_memzero(text, sizeof text);
    return out->failed ? err_nomem(e) : KITH_OK;
}

/* The second word of the line that begins with `name`; empty: there is none. */
static kith_str line_of(kith_str text, const char *name) {
    kith_str line, word;
    while (str_split(&text, '\n', &line))
        if (str_split(&line, ' ', &word) && str_eqz(word, name))
            return str_trim(line);
    return (kith_str){0};
}

static kith_status unlock(kith_str text, const char *name, kith_str passphrase,
                          struct seal_key *key, kith_error *e) {
    unsigned char locked[LOCK_SIZE], stretched[crypto_secretbox_KEYBYTES];
    const unsigned char *nonce = locked + LOCK_SALT, *box = nonce + crypto_secretbox_NONCEBYTES;
    if (!base64_is(text, locked, sizeof locked))
        return err_set(e, KITH_E_CORRUPT, NULL,
                       "the key in '%s' is not whole: take another copy of it", name);
    TRY(stretch(passphrase, locked, stretched, e));
    int rc = crypto_secretbox_open_easy(key->secret, box, LOCK_BOX, nonce, stretched);
    sodium_memzero(stretched, sizeof stretched);
    return rc == 0 ? KITH_OK
                   : err_set(e, KITH_E_DENIED, NULL, "that is not the passphrase of '%s'", name);
}

kith_status seal_key_parse(kith_str text, const char *name, kith_str passphrase,
                           struct seal_key *key, bool *locked, kith_error *e) {
    kith_str public = line_of(text, "public"), secret = line_of(text, "secret"),
             box = line_of(text, "locked");
    unsigned char derived[crypto_box_PUBLICKEYBYTES];
    *locked = false;
    TRY(ready(e));
    if (!public.ptr || (!secret.ptr && !box.ptr))
        return err_set(e, KITH_E_INVAL, NULL,
                       "'%s' is no file of 'kith backup key', which opens backups", name);
    if (seal_public_parse(public, key->public, e) != KITH_OK)
        return err_prefix(e, "in '%s': ", name);
    if (box.ptr) {
        *locked = passphrase.len == 0;
        if (*locked)
            return KITH_OK;
        TRY(unlock(box, name, passphrase, key, e));
    } else if (!base64_is(secret, key->secret, sizeof key->secret)) {
        return err_set(e, KITH_E_CORRUPT, NULL,
                       "the key in '%s' is not whole: take another copy of it", name);
    }
    crypto_scalarmult_base(derived, key->secret);
    return memcmp(derived, key->public, sizeof derived) == 0
               ? KITH_OK
               : err_set(e, KITH_E_CORRUPT, NULL,
                         "the two keys in '%s' do not belong together: take another copy of it",
                         name);
}

/* -- writing ----------------------------------------------------------------------------------- */

/* The last chunk is never a full one, so that its length alone shows that it is the last. */
uint64_t seal_size(uint64_t plain) {
    return plain + (plain / SEAL_CHUNK + 1) * ABYTES;
}

kith_status seal_begin(struct sealing *s, const unsigned char public[crypto_box_PUBLICKEYBYTES],
                       seal_put put, void *arg, kith_error *e) {
    unsigned char key[crypto_secretstream_xchacha20poly1305_KEYBYTES];
    TRY(ready(e));
    s->put = put;
    s->arg = arg;
    crypto_secretstream_xchacha20poly1305_keygen(key);
    int rc = crypto_box_seal(s->box, key, sizeof key, public);
    if (rc == 0)
        rc = crypto_secretstream_xchacha20poly1305_init_push(&s->state, s->header, key);
    sodium_memzero(key, sizeof key);
    return rc == 0 ? KITH_OK
                   : err_set(e, KITH_E_INVAL, NULL, "nothing can be sealed to this public key");
}

/* What the stream belongs to is vouched for by its first chunk. */
static kith_status push(struct sealing *s, unsigned char tag, kith_error *e) {
    unsigned long long n;
    size_t binds = s->begun ? 0 : sizeof s->binds;
    crypto_secretstream_xchacha20poly1305_push(&s->state, s->sealed, &n, s->plain, s->used,
                                               binds ? s->binds : NULL, binds, tag);
    s->begun = true;
    s->used = 0;
    return s->put(s->arg, (kith_str){(const char *)s->sealed, n}, e);
}

kith_status seal_add(struct sealing *s, kith_str bytes, kith_error *e) {
    while (bytes.len > 0) {
        size_t room = SEAL_CHUNK - s->used, n = bytes.len < room ? (size_t)bytes.len : room;
        memcpy(s->plain + s->used, bytes.ptr, n);
        s->used += n;
        bytes.ptr += n;
        bytes.len -= n;
        if (s->used == SEAL_CHUNK)
            TRY(push(s, 0, e));
    }
    return KITH_OK;
}

kith_status seal_end(struct sealing *s, kith_error *e) {
    kith_status st = push(s, crypto_secretstream_xchacha20poly1305_TAG_FINAL, e);
    sodium_memzero(s, sizeof *s);
    return st;
}

/* -- reading ----------------------------------------------------------------------------------- */

kith_status unseal_begin(struct unsealing *u, const struct seal_key *key, kith_str box,
                         kith_str header, uint64_t size, seal_get get, void *arg, kith_error *e) {
    unsigned char stream[crypto_secretstream_xchacha20poly1305_KEYBYTES];
    TRY(ready(e));
    u->left = size;
    u->get = get;
    u->arg = arg;
    bool formed = box.len == sizeof stream + crypto_box_SEALBYTES &&
                  header.len == crypto_secretstream_xchacha20poly1305_HEADERBYTES;
    bool opens = formed && crypto_box_seal_open(stream, (const unsigned char *)box.ptr, box.len,
                                                key->public, key->secret) == 0;
    if (opens)
        opens = crypto_secretstream_xchacha20poly1305_init_pull(
                    &u->state, (const unsigned char *)header.ptr, stream) == 0;
    sodium_memzero(stream, sizeof stream);
    return opens ? KITH_OK : err_set(e, KITH_E_DENIED, NULL, "it is sealed to another key");
}

static kith_status pull(struct unsealing *u, kith_error *e) {
    size_t n = u->left < sizeof u->sealed ? (size_t)u->left : sizeof u->sealed;
    size_t binds = u->begun ? 0 : sizeof u->binds;
    bool last = n == u->left;
    unsigned long long got = 0;
    unsigned char tag = 0;
    if (n >= ABYTES)
        TRY(u->get(u->arg, (char *)u->sealed, n, e));
    bool whole = n >= ABYTES && crypto_secretstream_xchacha20poly1305_pull(
                                    &u->state, u->plain, &got, &tag, u->sealed, n,
                                    binds ? u->binds : NULL, binds) == 0;
    if (!whole || last != (tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL))
        return err_set(e, KITH_E_CORRUPT, NULL,
                       "what is sealed in it was changed, cut off or put into another order");
    u->begun = true;
    u->ended = last;
    u->left -= n;
    u->at = 0;
    u->used = (size_t)got;
    return KITH_OK;
}

kith_status unseal_read(struct unsealing *u, char *dst, size_t n, kith_error *e) {
    while (n > 0) {
        if (u->at == u->used)
            TRY(pull(u, e));
        size_t part = u->used - u->at < n ? u->used - u->at : n;
        memcpy(dst, u->plain + u->at, part);
        u->at += part;
        dst += part;
        n -= part;
    }
    return KITH_OK;
}

kith_status unseal_end(struct unsealing *u, kith_error *e) {
    if (u->at == u->used && !u->ended)
        TRY(pull(u, e));
    return u->at == u->used && u->ended
               ? KITH_OK
               : err_set(e, KITH_E_CORRUPT, NULL,
                         "there is more sealed in it than there should be");
}
