/* SPDX-License-Identifier: Apache-2.0 */
/* TLS: the certificate and its key, from two PEM files that are looked at every second: a new pair
 * is taken without a restart, and one that is no good is not. Who is in the midst of a handshake
 * keeps what it began with, so a former pair stays until the end. */
#include "operation.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define CHAIN_MAX 16
#define SOON_S    (14 * 86400) /* before a certificate ends it is said */
#define CERT      "tls_certificate"
#define KEY       "tls_key"

struct pair {
    gnutls_pcert_st chain[CHAIN_MAX];
    unsigned count;
    gnutls_privkey_t key;
    int64_t ends; /* s since 1970 */
    struct pair *next;
};
struct stamp {
    struct timespec written;
    ino_t file;
    off_t size;
};
struct tls {
    kith_instance *self;
    char cert[PATH_MAX], key[PATH_MAX];
    struct stamp taken[2], seen[2];
    _Atomic(struct pair *) pair; /* NULL: there was no good one yet */
    struct pair *all;
};

/* The library asks for a pair without saying for whom; a process serves one company. */
static _Atomic(struct tls *) serving;

/* -- a pair ------------------------------------------------------------------------------------ */

static void free_pair(struct pair *p) {
    for (unsigned i = 0; i < p->count; i++)
        gnutls_pcert_deinit(&p->chain[i]);
    if (p->key)
        gnutls_privkey_deinit(p->key);
    free(p);
}

static kith_status refuse(const char *key, const char *path, const char *why, kith_error *err) {
    return kith_fail(err, KITH_E_INVAL, key, "web.%s: '%.200s' cannot be used: %s", key, path, why);
}

static kith_status read_key(const struct tls *t, struct pair *p, kith_error *err) {
    gnutls_datum_t text = {0};
    int rc = gnutls_load_file(t->key, &text);
    if (rc == 0)
        rc = gnutls_privkey_init(&p->key);
    if (rc == 0)
        rc = gnutls_privkey_import_x509_raw(p->key, &text, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (text.data) {
        gnutls_memset(text.data, 0, text.size);
        gnutls_free(text.data);
    }
    return rc == 0 ? KITH_OK : refuse(KEY, t->key, gnutls_strerror(rc), err);
}

/* Do they belong together? The library finds out when it is to use them. */
static kith_status check_pair(const struct tls *t, kith_error *err) {
    gnutls_certificate_credentials_t both;
    if (gnutls_certificate_allocate_credentials(&both) != 0)
        return kith_fail(err, KITH_E_NOMEM, NULL, "no memory");
    int rc =
        gnutls_certificate_set_x509_key_file2(both, t->cert, t->key, GNUTLS_X509_FMT_PEM, NULL, 0);
    gnutls_certificate_free_credentials(both);
    return rc >= 0 ? KITH_OK : refuse(CERT, t->cert, gnutls_strerror(rc), err);
}

static void note_end(struct pair *p) {
    gnutls_x509_crt_t first;
    if (gnutls_x509_crt_init(&first) != 0)
        return;
    if (gnutls_x509_crt_import(first, &p->chain[0].cert, GNUTLS_X509_FMT_DER) == 0)
        p->ends = (int64_t)gnutls_x509_crt_get_expiration_time(first);
    gnutls_x509_crt_deinit(first);
}

static kith_status read_pair(const struct tls *t, struct pair **out, kith_error *err) {
    struct pair *p = calloc(1, sizeof *p);
    unsigned count = CHAIN_MAX;
    if (!p)
        return kith_fail(err, KITH_E_NOMEM, NULL, "no memory");
    int rc = gnutls_pcert_list_import_x509_file(p->chain, &count, t->cert, GNUTLS_X509_FMT_PEM,
                                                NULL, NULL, 0);
    kith_status st = KITH_OK;
    if (rc == 0)
        p->count = count;
    else
        st = refuse(CERT, t->cert, gnutls_strerror(rc), err);
    if (st == KITH_OK)
        st = read_key(t, p, err);
    if (st == KITH_OK)
        st = check_pair(t, err);
    if (st != KITH_OK) {
        free_pair(p);
        return st;
    }
    note_end(p);
    *out = p;
    return KITH_OK;
}

/* -- taking it --------------------------------------------------------------------------------- */

static void say(const struct tls *t, uint32_t level, const char *sentence) {
    t->self->host->log(t->self->host, level, kith_str_of(sentence));
}

static void warn_of(const struct tls *t, const struct pair *p) {
    char line[400];
    struct stat s;
    const int64_t left = p->ends - (int64_t)time(NULL);
    if (stat(t->key, &s) == 0 && s.st_mode & 077) {
        (void)snprintf(line, sizeof line,
                       "web.tls_key: others may read '%.200s': chmod 600 keeps it secret", t->key);
        say(t, KITH_LOG_WARN, line);
    }
    if (p->ends && left < SOON_S) {
        (void)snprintf(line, sizeof line, "web.tls_certificate: '%.200s' %s", t->cert,
                       left < 0 ? "has ended: browsers refuse it"
                                : "ends within two weeks: have a new one made");
        say(t, KITH_LOG_WARN, line);
    }
}

static struct stamp stamp_of(const char *path) {
    struct stat s;
    struct stamp out;
    memset(&out, 0, sizeof out);
    if (stat(path, &s) == 0) {
        out.written = s.st_mtim;
        out.file = s.st_ino;
        out.size = s.st_size;
    }
    return out;
}

static void look(const struct tls *t, struct stamp out[2]) {
    out[0] = stamp_of(t->cert);
    out[1] = stamp_of(t->key);
}

static bool same(const struct stamp a[2], const struct stamp b[2]) {
    for (int i = 0; i < 2; i++)
        if (a[i].file != b[i].file || a[i].size != b[i].size ||
            a[i].written.tv_sec != b[i].written.tv_sec ||
            a[i].written.tv_nsec != b[i].written.tv_nsec)
            return false;
    return true;
}

static void take(struct tls *t, const struct stamp now[2]) {
    kith_error e = {.struct_size = sizeof e};
    struct pair *p = NULL, *former = atomic_load(&t->pair);
    char line[800];
    memcpy(t->taken, now, sizeof t->taken);
    if (read_pair(t, &p, &e) == KITH_OK) {
        p->next = t->all;
        t->all = p;
        atomic_store(&t->pair, p);
        warn_of(t, p);
        if (former)
            say(t, KITH_LOG_INFO, "a new certificate is in use");
        return;
    }
    (void)snprintf(line, sizeof line, "%s; %s", e.message,
                   former ? "the former certificate stays in use"
                          : "nobody gets in by https until there is a good one");
    say(t, KITH_LOG_ERROR, line);
}

/* Two files are not written at once: what has changed is taken when it has been the same for two
 * looks. */
void tls_look(struct tls *t) {
    struct stamp now[2];
    if (!t)
        return;
    look(t, now);
    if (same(now, t->seen) && !same(now, t->taken))
        take(t, now);
    memcpy(t->seen, now, sizeof t->seen);
}

/* -- for the library --------------------------------------------------------------------------- */

int tls_pair_for(gnutls_session_t session, const gnutls_datum_t *names, int name_count,
                 const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                 gnutls_pcert_st **chain, unsigned *count, gnutls_privkey_t *key) {
    struct tls *t = atomic_load(&serving);
    struct pair *p = t ? atomic_load(&t->pair) : NULL;
    (void)session, (void)names, (void)name_count, (void)algorithms, (void)algorithm_count;
    if (!p)
        return -1;
    *chain = p->chain;
    *count = p->count;
    *key = p->key;
    return 0;
}

int64_t tls_ends(const struct tls *t) {
    const struct pair *p = t ? atomic_load(&t->pair) : NULL;
    return p ? p->ends : 0;
}

/* -- life -------------------------------------------------------------------------------------- */

static void path_of(kith_str folder, kith_str file, char *out) {
    if (file.len && file.ptr[0] == '/')
        (void)snprintf(out, PATH_MAX, "%.*s", (int)file.len, file.ptr);
    else
        (void)snprintf(out, PATH_MAX, "%.*s/%.*s", (int)folder.len, folder.ptr, (int)file.len,
                       file.ptr);
}

kith_status tls_open(kith_instance *self, kith_error *err) {
    struct operation *o = self->operation;
    if (!o->tls_cert.len && !o->tls_key.len)
        return KITH_OK;
    if (!o->tls_cert.len || !o->tls_key.len)
        return kith_fail(err, KITH_E_INVAL, o->tls_cert.len ? KEY : CERT,
                         "web." CERT " and web." KEY " name the two files of one pair: set both");
    struct tls *t = o->tls = calloc(1, sizeof *t);
    if (!t)
        return kith_fail(err, KITH_E_NOMEM, NULL, "no memory");
    kith_str folder = o->host->folder(self->host);
    t->self = self;
    path_of(folder, o->tls_cert, t->cert);
    path_of(folder, o->tls_key, t->key);
    look(t, t->seen);
    take(t, t->seen);
    atomic_store(&serving, t);
    return KITH_OK;
}

/* When nobody is in a handshake any more. */
void tls_close(struct operation *o) {
    struct tls *t = o->tls;
    if (!t)
        return;
    atomic_store(&serving, NULL);
    while (t->all) {
        struct pair *p = t->all;
        t->all = p->next;
        free_pair(p);
    }
    free(t);
    o->tls = NULL;
}
