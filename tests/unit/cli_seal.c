/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed streams of every length around their chunks come back as they were, and changed ones do
 * not; keys and their texts. */
#include "cli/seal.h"
#include "test.h"

#include <stdlib.h>

struct pipe {
    struct buf bytes;
    size_t at;
};

static kith_status put_bytes(void *arg, kith_str bytes, kith_error *e) {
    (void)e;
    buf_str(&((struct pipe *)arg)->bytes, bytes);
    return KITH_OK;
}

static kith_status get_bytes(void *arg, char *dst, size_t n, kith_error *e) {
    struct pipe *p = arg;
    if (p->bytes.len - p->at < n)
        return err_set(e, KITH_E_CORRUPT, NULL, "cut off");
    memcpy(dst, p->bytes.ptr + p->at, n);
    p->at += n;
    return KITH_OK;
}

static struct sealing sealing;
static struct unsealing unsealing;
static struct seal_key key;

static void seal(struct pipe *p, const char *bytes, size_t size, size_t piece) {
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(seal_begin(&sealing, key.public, put_bytes, p, &e), e);
    memset(sealing.binds, 7, sizeof sealing.binds);
    memcpy(unsealing.sealed, sealing.box, sizeof sealing.box); /* kept for unseal() */
    memcpy(unsealing.plain, sealing.header, sizeof sealing.header);
    for (size_t at = 0; at < size; at += piece)
        EXPECT_OK(
            seal_add(&sealing, (kith_str){bytes + at, size - at < piece ? size - at : piece}, &e),
            e);
    EXPECT_OK(seal_end(&sealing, &e), e);
}

/* Of the stream that was sealed last. */
static kith_status unseal(struct pipe *p, char *out, size_t size, unsigned char binds,
                          kith_error *e) {
    unsigned char box[sizeof sealing.box], header[sizeof sealing.header];
    memcpy(box, unsealing.sealed, sizeof box);
    memcpy(header, unsealing.plain, sizeof header);
    struct unsealing u = {0};
    p->at = 0;
    kith_status st =
        unseal_begin(&u, &key, (kith_str){(char *)box, sizeof box},
                     (kith_str){(char *)header, sizeof header}, p->bytes.len, get_bytes, p, e);
    memset(u.binds, binds, sizeof u.binds);
    if (st == KITH_OK)
        st = unseal_read(&u, out, size, e);
    return st == KITH_OK ? unseal_end(&u, e) : st;
}

static char bytes[4 * SEAL_CHUNK], found[4 * SEAL_CHUNK];

static void make_key(void) {
    EXPECT(sodium_init() >= 0);
    crypto_box_keypair(key.public, key.secret);
    randombytes_buf(bytes, sizeof bytes);
}

TEST("what is sealed comes back, whatever its length") {
    static const size_t sizes[] = {0,
                                   1,
                                   SEAL_CHUNK - 1,
                                   SEAL_CHUNK,
                                   SEAL_CHUNK + 1,
                                   2 * SEAL_CHUNK - 1,
                                   2 * SEAL_CHUNK,
                                   3 * SEAL_CHUNK + 77};
    static const size_t pieces[] = {511, SEAL_CHUNK, 4 * SEAL_CHUNK};
    kith_error e = KITH_ERROR_INIT;
    make_key();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
            struct pipe p = {0};
            seal(&p, bytes, sizes[i], pieces[k]);
            EXPECT_INT(seal_size(sizes[i]), p.bytes.len);
            EXPECT_OK(unseal(&p, found, sizes[i], 7, &e), e);
            EXPECT(memcmp(found, bytes, sizes[i]) == 0);
            buf_free(&p.bytes);
        }
}

TEST("less, more, other bytes, or another belonging is noticed") {
    const size_t size = 2 * SEAL_CHUNK + 100, chunk = SEAL_CHUNK + 17;
    struct pipe p = {0};
    make_key();
    seal(&p, bytes, size, size);
    EXPECT_INT(KITH_OK, unseal(&p, found, size, 7, NULL));
    EXPECT_INT(KITH_E_CORRUPT, unseal(&p, found, size, 8, NULL));     /* bound to something else */
    EXPECT_INT(KITH_E_CORRUPT, unseal(&p, found, size - 1, 7, NULL)); /* there is more */
    EXPECT_INT(KITH_E_CORRUPT, unseal(&p, found, size + 1, 7, NULL));
    for (size_t at = 0; at < p.bytes.len; at += 4999) {
        p.bytes.ptr[at] = (char)(p.bytes.ptr[at] ^ 1);
        EXPECT_INT(KITH_E_CORRUPT, unseal(&p, found, size, 7, NULL));
        p.bytes.ptr[at] = (char)(p.bytes.ptr[at] ^ 1);
    }
    p.bytes.len = chunk; /* at the border of a chunk: only the final tag tells */
    EXPECT_INT(KITH_E_CORRUPT, unseal(&p, found, SEAL_CHUNK, 7, NULL));
    p.bytes.len = 2 * chunk;
    EXPECT_INT(KITH_E_CORRUPT, unseal(&p, found, 2 * SEAL_CHUNK, 7, NULL));
    p.bytes.len = 0;
    EXPECT_INT(KITH_E_CORRUPT, unseal(&p, found, 0, 7, NULL));
    buf_free(&p.bytes);
}

TEST("a public key's text with any letter wrong is none") {
    char text[SEAL_TEXT];
    unsigned char back[crypto_box_PUBLICKEYBYTES];
    kith_error e = KITH_ERROR_INIT;
    make_key();
    seal_public_text(key.public, text);
    EXPECT_INT(SEAL_TEXT - 1, strlen(text));
    EXPECT_OK(seal_public_parse(str_of(text), back, &e), e);
    EXPECT(memcmp(back, key.public, sizeof back) == 0);
    for (size_t i = 0; text[i]; i++) {
        char was = text[i];
        text[i] = was == 'A' ? 'B' : 'A';
        EXPECT_INT(KITH_E_INVAL, seal_public_parse(str_of(text), back, &e));
        text[i] = was;
    }
    text[strlen(text) - 1] = '\0';
    EXPECT_INT(KITH_E_INVAL, seal_public_parse(str_of(text), back, &e));
}

TEST("a key file opens with its passphrase alone") {
    struct seal_key read;
    struct buf open = {0}, locked = {0};
    bool asks;
    kith_error e = KITH_ERROR_INIT;
    make_key();
    EXPECT_OK(seal_key_text(&key, STR(""), &open, &e), e);
    EXPECT_OK(seal_key_parse(buf_view(&open), "k", STR(""), &read, &asks, &e), e);
    EXPECT(!asks && memcmp(&read, &key, sizeof key) == 0);
    EXPECT_OK(seal_key_text(&key, STR("sesame"), &locked, &e), e);
    EXPECT_OK(seal_key_parse(buf_view(&locked), "k", STR(""), &read, &asks, &e), e);
    EXPECT(asks);
    memset(&read, 0, sizeof read);
    EXPECT_OK(seal_key_parse(buf_view(&locked), "k", STR("sesame"), &read, &asks, &e), e);
    EXPECT(!asks && memcmp(&read, &key, sizeof key) == 0);
    EXPECT_INT(KITH_E_DENIED,
               seal_key_parse(buf_view(&locked), "k", STR("sesam"), &read, &asks, &e));
    EXPECT_INT(KITH_E_INVAL, seal_key_parse(STR("public x\n"), "k", STR(""), &read, &asks, &e));
    buf_free(&open);
    buf_free(&locked);
}

TEST("a key file whose two keys do not belong together opens nothing") {
    struct seal_key read, other;
    struct buf open = {0}, locked = {0};
    bool asks;
    kith_error e = KITH_ERROR_INIT;
    make_key();
    other = key;
    make_key();
    memcpy(other.public, key.public, sizeof other.public);
    EXPECT_OK(seal_key_text(&other, STR(""), &open, &e), e);
    EXPECT_INT(KITH_E_CORRUPT, seal_key_parse(buf_view(&open), "k", STR(""), &read, &asks, &e));
    EXPECT_HAS("do not belong together", e.message);
    EXPECT_OK(seal_key_text(&other, STR("sesame"), &locked, &e), e);
    EXPECT_INT(KITH_E_CORRUPT,
               seal_key_parse(buf_view(&locked), "k", STR("sesame"), &read, &asks, &e));
    buf_free(&open);
    buf_free(&locked);
}
