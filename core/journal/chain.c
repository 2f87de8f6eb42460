/* SPDX-License-Identifier: Apache-2.0 */
/* The chain as it is written: its digests, its seals, and what erasing leaves. */
#include "journal/chain_internal.h"

#include <sodium.h>
#include <string.h>

/* -- digests ----------------------------------------------------------------------------------- */

/* What a digest is of is part of it: the last of the parameters of BLAKE2b. */
#define OF_TEXT "kith text"
#define OF_ROW  "kith row"
#define OF_HEAD "kith head"
#define OF_SEAL "kith seal"
#define OF_NAME "kith name"

static void digest(unsigned char out[CHAIN_DIGEST], const void *bytes, size_t n, const char *what,
                   const unsigned char *salt) {
    unsigned char of[crypto_generichash_blake2b_PERSONALBYTES] = {0};
    memcpy(of, what, strlen(what));
    crypto_generichash_blake2b_salt_personal(out, CHAIN_DIGEST, bytes, n, NULL, 0, salt, of);
}

/* One link: everything that it covers fits into one block of the hash. */
struct link {
    unsigned char bytes[128];
    size_t len;
};

static void put(struct link *l, const void *bytes, size_t n) {
    memcpy(l->bytes + l->len, bytes, n);
    l->len += n;
}

static void put_number(struct link *l, uint64_t v, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        l->bytes[l->len++] = (unsigned char)(v >> (8 * i));
}

static void put_into(unsigned char at[CHAIN_DIGEST], const struct link *l, const char *what) {
    digest(at, l->bytes, l->len, what, NULL);
}

void chain_digest_text(unsigned char out[CHAIN_DIGEST], kith_str text,
                       const unsigned char proof[CHAIN_SALT]) {
    unsigned char salt[crypto_generichash_blake2b_SALTBYTES] = {0};
    memcpy(salt, proof, CHAIN_SALT);
    digest(out, text.len ? text.ptr : "", text.len, OF_TEXT, salt);
}

void chain_link_row(unsigned char at[CHAIN_DIGEST], const struct journal_row *row,
                    const unsigned char content[CHAIN_DIGEST]) {
    struct link l = {.len = 0};
    put(&l, at, CHAIN_DIGEST);
    put_number(&l, row->seq, 8);
    put_number(&l, row->tx, 8);
    put_number(&l, row->kind, 4);
    put_number(&l, row->type, 4);
    put_number(&l, row->record, 8);
    put_number(&l, row->source, 4);
    put_number(&l, row->cause, 8);
    put(&l, content, CHAIN_DIGEST);
    put_into(at, &l, OF_ROW);
}

void chain_link_head(unsigned char at[CHAIN_DIGEST], const struct tx_head *tx,
                     const unsigned char content[CHAIN_DIGEST]) {
    struct link l = {.len = 0};
    put(&l, at, CHAIN_DIGEST);
    put_number(&l, tx->id, 8);
    put_number(&l, (uint64_t)tx->at, 8);
    put_number(&l, tx->actor, 4);
    put_number(&l, tx->origin, 4);
    put_number(&l, tx->cause, 8);
    put_number(&l, tx->depth, 4);
    put_number(&l, tx->run, 8);
    put_number(&l, tx->first, 8);
    put_number(&l, tx->last, 8);
    put(&l, content, CHAIN_DIGEST);
    put_into(at, &l, OF_HEAD);
}

void chain_link_seal(unsigned char at[CHAIN_DIGEST], const struct chain_names *sources,
                     const struct chain_names *topics, unsigned char check[4]) {
    struct link l = {.len = 0};
    put(&l, at, CHAIN_DIGEST);
    put(&l, sources->digest, CHAIN_DIGEST);
    put(&l, topics->digest, CHAIN_DIGEST);
    for (size_t i = 0; i < 4; i++)
        check[i] = sources->digest[i] ^ topics->digest[i];
    put_number(&l, sources->last, 4);
    put_number(&l, topics->last, 4);
    put_into(at, &l, OF_SEAL);
}

/* -- rows and heads ---------------------------------------------------------------------------- */

/* chain: whose random bytes are used, or NULL. */
static void make_proof(struct chain *chain, unsigned char proof[CHAIN_PROOF]) {
    if (!chain) {
        randombytes_buf(proof, CHAIN_SALT);
    } else {
        if (chain->random_left < CHAIN_SALT) {
            randombytes_buf(chain->random, sizeof chain->random);
            chain->random_left = sizeof chain->random;
        }
        chain->random_left -= CHAIN_SALT;
        memcpy(proof, chain->random + chain->random_left, CHAIN_SALT);
    }
    memset(proof + CHAIN_SALT, 0, CHAIN_PROOF - CHAIN_SALT);
}

void chain_row(struct chain *chain, const struct journal_row *row,
               unsigned char proof[CHAIN_PROOF]) {
    unsigned char content[CHAIN_DIGEST];
    make_proof(chain, proof);
    chain_digest_text(content, row->image, proof);
    chain_link_row(chain->now.at.digest, row, content);
    memcpy(proof + CHAIN_SALT, chain->now.at.digest, CHAIN_PROOF - CHAIN_SALT);
}

bool chain_head(struct chain *chain, const struct tx_head *tx, unsigned char proof[CHAIN_PROOF]) {
    unsigned char content[CHAIN_DIGEST] = {0};
    if (tx->note.len) {
        make_proof(chain, proof);
        chain_digest_text(content, tx->note, proof);
    }
    chain_link_head(chain->now.at.digest, tx, content);
    chain->now.at.head = tx->id;
    return tx->note.len > 0;
}

/* -- names ------------------------------------------------------------------------------------- */

/* What is left of a name's proof, and the rest of its row. */
struct name {
    uint32_t number, kind, line;
    kith_str text, proof;
};

static void link_name(unsigned char at[CHAIN_DIGEST], const struct name *n,
                      const unsigned char content[CHAIN_DIGEST]) {
    struct link l = {.len = 0};
    put(&l, at, CHAIN_DIGEST);
    put_number(&l, n->number, 4);
    put_number(&l, n->kind, 4);
    put_number(&l, n->line, 4);
    put(&l, content, CHAIN_DIGEST);
    put_into(at, &l, OF_NAME);
}

static const struct {
    const char *read, *prove;
} names_sql[] = {
    [NAMES_SOURCES] = {"SELECT id, kind, line, name, version, proof FROM kith_source"
                       " WHERE id > ?1 AND id <= ?2 ORDER BY id",
                       "UPDATE kith_source SET proof = ?1 WHERE id = ?2"},
    [NAMES_TOPICS] = {"SELECT id, 0, 0, name, '', proof FROM kith_topic"
                      " WHERE id > ?1 AND id <= ?2 ORDER BY id",
                      "UPDATE kith_topic SET proof = ?1 WHERE id = ?2"},
};

static kith_status prove_name(struct conn *c, enum names_of of, uint32_t number,
                              const unsigned char proof[CHAIN_PROOF], kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, names_sql[of].prove, &st, e));
    bind_blob(st, 1, (kith_str){(const char *)proof, CHAIN_PROOF});
    bind_int(st, 2, number);
    return conn_run(c, st, e);
}

/* Goes on past one name. *wrong: its proof does not fit. */
static kith_status cover_name(struct conn *c, enum names_of of, const struct name *name, bool mend,
                              struct chain_names *n, bool *wrong, kith_error *e) {
    unsigned char proof[CHAIN_PROOF] = {0}, content[CHAIN_DIGEST];
    bool erased = name->proof.len == CHAIN_DIGEST, proven = name->proof.len == CHAIN_PROOF;
    if (erased)
        memcpy(content, name->proof.ptr, CHAIN_DIGEST);
    else if (proven)
        memcpy(proof, name->proof.ptr, CHAIN_PROOF);
    else if (mend)
        make_proof(NULL, proof);
    if (!erased)
        chain_digest_text(content, name->text, proof);
    link_name(n->digest, name, content);
    n->last = name->number;
    *wrong = !erased && memcmp(proof + CHAIN_SALT, n->digest, CHAIN_PROOF - CHAIN_SALT) != 0;
    if (erased || proven || !mend)
        return KITH_OK;
    *wrong = false;
    memcpy(proof + CHAIN_SALT, n->digest, CHAIN_PROOF - CHAIN_SALT);
    return prove_name(c, of, name->number, proof, e);
}

static kith_status cover_next(struct conn *c, enum names_of of, sqlite3_stmt *st, bool mend,
                              struct chain_names *n, names_tell tell, void *arg, kith_error *e) {
    struct buf text = {0};
    struct name name = {.number = (uint32_t)sqlite3_column_int64(st, 0),
                        .kind = (uint32_t)sqlite3_column_int64(st, 1),
                        .line = (uint32_t)sqlite3_column_int64(st, 2),
                        .proof = column_str(st, 5)};
    bool wrong = false;
    buf_str(&text, column_str(st, 3));
    buf_putc(&text, '\0');
    buf_str(&text, column_str(st, 4));
    name.text = buf_view(&text);
    kith_status status = text.failed ? err_nomem(e) : cover_name(c, of, &name, mend, n, &wrong, e);
    buf_free(&text);
    return status == KITH_OK && wrong && tell ? tell(arg, of, name.number, e) : status;
}

kith_status chain_cover_names(struct conn *c, enum names_of of, uint32_t to, bool mend,
                              struct chain_names *n, names_tell tell, void *arg, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(c, names_sql[of].read, &st, e));
    bind_int(st, 1, n->last);
    bind_int(st, 2, to);
    for (;;) {
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        kith_status status = cover_next(c, of, st, mend, n, tell, arg, e);
        if (status != KITH_OK) {
            sqlite3_reset(st);
            return status;
        }
    }
}

/* -- seals ------------------------------------------------------------------------------------- */

kith_status chain_seal(struct conn *c, struct chain *chain, kith_error *e) {
    struct chain_state *now = &chain->now;
    struct link seal = {.len = 0};
    unsigned char check[4];
    sqlite3_stmt *st;
    if (!now->at.head)
        return KITH_OK;
    TRY(chain_cover_names(c, NAMES_SOURCES, UINT32_MAX, true, &now->sources, NULL, NULL, e));
    TRY(chain_cover_names(c, NAMES_TOPICS, UINT32_MAX, true, &now->topics, NULL, NULL, e));
    chain_link_seal(now->at.digest, &now->sources, &now->topics, check);
    put(&seal, now->at.digest, CHAIN_DIGEST);
    put_number(&seal, now->sources.last, 4);
    put_number(&seal, now->topics.last, 4);
    put(&seal, check, sizeof check);
    TRY(conn_prepare(c, "UPDATE kith_tx SET digest = ?1 WHERE id = ?2", &st, e));
    bind_blob(st, 1, (kith_str){(const char *)seal.bytes, seal.len});
    bind_int(st, 2, (int64_t)now->at.head);
    TRY(conn_run(c, st, e));
    now->at.head = 0;
    return KITH_OK;
}

void chain_committed(struct chain *chain) {
    chain->committed = chain->now;
}

void chain_rolled_back(struct chain *chain) {
    chain->now = chain->committed;
}

/* -- where it begins --------------------------------------------------------------------------- */

static kith_status begin(struct conn *c, enum chain_start start, kith_error *e) {
    unsigned char random[CHAIN_DIGEST]; /* so that no two companies have a chain in common */
    sqlite3_stmt *st;
    randombytes_buf(random, sizeof random);
    TRY(conn_prepare(c,
                     "INSERT INTO kith_chain(seq, digest, start, at) SELECT coalesce(max(seq), 0),"
                     " ?1, ?2, (SELECT max(at) FROM kith_tx) FROM kith_journal",
                     &st, e));
    bind_blob(st, 1, (kith_str){(const char *)random, sizeof random});
    bind_int(st, 2, start);
    return conn_run(c, st, e);
}

kith_status chain_setup(struct conn *c, kith_error *e) {
    int64_t columns, rows;
    if (sodium_init() < 0)
        return err_set(e, KITH_E_INTERNAL, NULL, "libsodium cannot be used");
    TRY(conn_exec(c,
                  "CREATE TABLE IF NOT EXISTS kith_chain(seq INTEGER PRIMARY KEY, digest BLOB NOT"
                  " NULL, start INTEGER NOT NULL, at INTEGER, tx INTEGER) STRICT",
                  e));
    TRY(conn_int(c, "SELECT count(*) FROM pragma_table_info('kith_journal') WHERE name = 'proof'",
                 0, &columns, e));
    if (columns > 0)
        return KITH_OK;
    TRY(conn_exec(c,
                  "ALTER TABLE kith_journal ADD COLUMN proof BLOB;"
                  "ALTER TABLE kith_tx ADD COLUMN proof BLOB;"
                  "ALTER TABLE kith_tx ADD COLUMN digest BLOB;"
                  "ALTER TABLE kith_source ADD COLUMN proof BLOB;"
                  "ALTER TABLE kith_topic ADD COLUMN proof BLOB;",
                  e));
    TRY(conn_int(c, "SELECT count(*) FROM kith_journal", 0, &rows, e));
    return begin(c, rows > 0 ? CHAIN_UPGRADED : CHAIN_NEW, e);
}

kith_status chain_open(struct conn *c, struct chain *chain, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    *chain = (struct chain){.random_left = 0};
    TRY(conn_prepare(c,
                     "SELECT coalesce((SELECT digest FROM kith_tx ORDER BY id DESC LIMIT 1),"
                     " (SELECT digest FROM kith_chain ORDER BY seq DESC LIMIT 1))",
                     &st, e));
    TRY(conn_step(c, st, &row, e));
    kith_str stored = row ? column_str(st, 0) : (kith_str){0};
    if (stored.len >= CHAIN_DIGEST)
        memcpy(chain->now.at.digest, stored.ptr, CHAIN_DIGEST);
    sqlite3_reset(st);
    chain_committed(chain);
    return KITH_OK;
}

/* -- erasing ----------------------------------------------------------------------------------- */

/* What is to be erased, and where: one table each. */
struct erasable {
    const char *read;  /* what the proof stands for, in one or two parts, and the proof */
    const char *write; /* ?1 what is left, ?2 the digest, ?3 which */
    bool parts;
};

static kith_status digest_of(sqlite3_stmt *st, const struct erasable *x,
                             unsigned char out[CHAIN_DIGEST], kith_error *e) {
    unsigned char proof[CHAIN_PROOF];
    struct buf text = {0};
    kith_str stored = column_str(st, 2);
    if (stored.len == CHAIN_DIGEST) {
        memcpy(out, stored.ptr, CHAIN_DIGEST);
        return KITH_OK;
    }
    make_proof(NULL, proof); /* of a row from before the chain, whose digest nobody compares */
    if (stored.len == CHAIN_PROOF)
        memcpy(proof, stored.ptr, CHAIN_PROOF);
    buf_str(&text, column_str(st, 0));
    if (x->parts) {
        buf_putc(&text, '\0');
        buf_str(&text, column_str(st, 1));
    }
    chain_digest_text(out, buf_view(&text), proof);
    bool failed = text.failed;
    if (text.ptr)
        sodium_memzero(text.ptr, text.len);
    buf_free(&text);
    return failed ? err_nomem(e) : KITH_OK;
}

static kith_status erase(struct conn *c, const struct erasable *x, uint64_t key, kith_str rest,
                         const char *what, kith_error *e) {
    unsigned char left[CHAIN_DIGEST];
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(c, x->read, &st, e));
    bind_int(st, 1, (int64_t)key);
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return err_set(e, KITH_E_NOTFOUND, NULL, "the journal has no such %s", what);
    kith_status status = digest_of(st, x, left, e);
    sqlite3_reset(st);
    TRY(status);
    TRY(conn_prepare(c, x->write, &st, e));
    bind_blob(st, 1, rest.len ? rest : (kith_str){"", 0});
    bind_blob(st, 2, (kith_str){(const char *)left, sizeof left});
    bind_int(st, 3, (int64_t)key);
    return conn_run(c, st, e);
}

kith_status journal_erase_image(struct conn *c, uint64_t seq, kith_str rest, kith_error *e) {
    static const struct erasable image = {
        .read = "SELECT image, NULL, proof FROM kith_journal WHERE seq = ?1",
        .write = "UPDATE kith_journal SET image = ?1, proof = ?2 WHERE seq = ?3"};
    return erase(c, &image, seq, rest, "row", e);
}

/* A head without a note has nothing to erase. */
kith_status journal_erase_note(struct conn *c, kith_id tx, kith_error *e) {
    static const struct erasable note = {
        .read = "SELECT note, NULL, proof FROM kith_tx WHERE id = ?1 AND note IS NOT NULL",
        .write = "UPDATE kith_tx SET note = NULL, proof = ?2 WHERE id = ?3"};
    kith_error why = KITH_ERROR_INIT;
    kith_status status = erase(c, &note, tx, (kith_str){0}, "note", &why);
    if (status == KITH_E_NOTFOUND)
        return KITH_OK;
    if (status != KITH_OK)
        err_copy(e, &why);
    return status;
}

kith_status journal_erase_source(struct conn *c, uint32_t number, kith_str left, kith_error *e) {
    static const struct erasable source = {
        .read = "SELECT name, version, proof FROM kith_source WHERE id = ?1",
        .write = "UPDATE kith_source SET name = CAST(?1 AS TEXT), proof = ?2 WHERE id = ?3",
        .parts = true};
    return erase(c, &source, number, left, "author", e);
}
