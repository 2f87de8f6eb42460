/* SPDX-License-Identifier: Apache-2.0 */
/* Seal: a stream of bytes that whoever writes it cannot read again. A key is drawn for each stream;
 * libsodium's secretstream (XChaCha20-Poly1305) encrypts with it, in chunks whose order and end it
 * vouches for; and the key itself lies beside, sealed to the public half of a pair (X25519,
 * crypto_box_seal). Only the other half opens it. */
#ifndef CLI_SEAL_H
#define CLI_SEAL_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include <sodium.h>

#define SEAL_CHUNK    65536u /* bytes that are encrypted together */
#define SEAL_BINDS    32     /* bytes of the digest of what the stream belongs to */
#define SEAL_PUBLIC   "kith-backup-"
#define SEAL_KEY_FILE "# Opens backups of Kith" /* how a file with a secret key begins */
#define SEAL_TEXT     (sizeof SEAL_PUBLIC + 48) /* of a public key, and NUL */

struct seal_key {
    unsigned char public[crypto_box_PUBLICKEYBYTES];
    unsigned char secret[crypto_box_SECRETKEYBYTES];
};

/* -- keys -------------------------------------------------------------------------------------- */

/* A public key as people hand it on: with a sum in it, since a backup that is sealed to a key with
 * a letter wrong opens for nobody. */
void seal_public_text(const unsigned char public[crypto_box_PUBLICKEYBYTES], char text[SEAL_TEXT]);
/* KITH_E_INVAL: it is none, or not whole. */
kith_status seal_public_parse(kith_str text, unsigned char public[crypto_box_PUBLICKEYBYTES],
                              kith_error *e);
/* Appends the text of a key file. passphrase empty: whoever has the file can open backups. It then
 * takes a second and 256 MiB, as opening it does. */
kith_status seal_key_text(const struct seal_key *key, kith_str passphrase, struct buf *out,
                          kith_error *e);
/* *locked: it needs a passphrase, and none is given: key is not filled in. KITH_E_DENIED: the
 * passphrase is wrong. name: of the file, for sentences. */
kith_status seal_key_parse(kith_str text, const char *name, kith_str passphrase,
                           struct seal_key *key, bool *locked, kith_error *e);

/* -- writing ----------------------------------------------------------------------------------- */

typedef kith_status (*seal_put)(void *arg, kith_str bytes, kith_error *e);
struct sealing {
    crypto_secretstream_xchacha20poly1305_state state;
    unsigned char box[crypto_secretstream_xchacha20poly1305_KEYBYTES + crypto_box_SEALBYTES];
    unsigned char header[crypto_secretstream_xchacha20poly1305_HEADERBYTES];
    unsigned char binds[SEAL_BINDS]; /* set before the first byte: of what stands in the open */
    unsigned char plain[SEAL_CHUNK];
    unsigned char sealed[SEAL_CHUNK + crypto_secretstream_xchacha20poly1305_ABYTES];
    size_t used;
    bool begun;
    seal_put put;
    void *arg;
};
/* Bytes that a stream of so many becomes. */
uint64_t seal_size(uint64_t plain);
kith_status seal_begin(struct sealing *s, const unsigned char public[crypto_box_PUBLICKEYBYTES],
                       seal_put put, void *arg, kith_error *e);
kith_status seal_add(struct sealing *s, kith_str bytes, kith_error *e);
kith_status seal_end(struct sealing *s, kith_error *e);

/* -- reading ----------------------------------------------------------------------------------- */

typedef kith_status (*seal_get)(void *arg, char *dst, size_t n, kith_error *e); /* exactly n */
struct unsealing {
    crypto_secretstream_xchacha20poly1305_state state;
    unsigned char binds[SEAL_BINDS];
    unsigned char plain[SEAL_CHUNK];
    unsigned char sealed[SEAL_CHUNK + crypto_secretstream_xchacha20poly1305_ABYTES];
    uint64_t left; /* sealed bytes that are not read yet */
    size_t at, used;
    bool begun, ended;
    seal_get get;
    void *arg;
};
/* KITH_E_DENIED: the stream is not sealed to this key. */
kith_status unseal_begin(struct unsealing *u, const struct seal_key *key, kith_str box,
                         kith_str header, uint64_t size, seal_get get, void *arg, kith_error *e);
/* Exactly n bytes. KITH_E_CORRUPT: changed, cut off, put into another order, or not of what it is
 * bound to. */
kith_status unseal_read(struct unsealing *u, char *dst, size_t n, kith_error *e);
/* All was read, and the end is the one that was written. */
kith_status unseal_end(struct unsealing *u, kith_error *e);

#endif
