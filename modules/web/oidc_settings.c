/* SPDX-License-Identifier: Apache-2.0 */
/* Providers, as web.oidc names them. */
#include "oidc.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    NAME,
    ISSUER,
    CLIENT,
    SECRET,
    SECRET_FILE,
    SCOPES,
    CLAIM,
    DOMAINS,
    ROLE,
    GROUPS,
    GROUPS_CLAIM,
    SIGN_OUT
};
#define SECRET_MAX 4096

static bool is_name(kith_str s) {
    for (uint64_t i = 0; i < s.len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-", s.ptr[i]))
            return false;
    return s.len > 0 && s.len <= 40;
}

static kith_status refuse(const struct oidc_provider *p, const char *what, kith_error *err) {
    return kith_fail(err, KITH_E_INVAL, "oidc", "web.oidc, '%.40s': %s", p->name.ptr, what);
}

/* -- the secret -------------------------------------------------------------------------------- */

static kith_status read_secret(struct oidc_provider *p, const char *path, kith_error *err) {
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char *text = calloc(1, SECRET_MAX + 1);
    ssize_t n = -1;
    bool open_to_all = false;
    if (fd >= 0 && text && fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
        open_to_all = (info.st_mode & (S_IROTH | S_IWOTH)) != 0;
        n = read(fd, text, SECRET_MAX);
    }
    if (fd >= 0)
        close(fd);
    if (n <= 0 || open_to_all) {
        free(text);
        return refuse(p,
                      open_to_all ? "everybody may read the file with its secret: chmod o-rw"
                                  : "the file with its secret cannot be read, or is empty",
                      err);
    }
    text[strcspn(text, "\r\n")] = '\0';
    p->secret = p->read_secret = text;
    return KITH_OK;
}

static kith_status take_secret(struct oidc_provider *p, const kith_value *row, kith_error *err) {
    kith_str given = row[SECRET].as.s, path = row[SECRET_FILE].as.s;
    if (given.len && path.len)
        return refuse(p, "it has client_secret and client_secret_file: one of them is enough", err);
    if (path.len)
        return read_secret(p, path.ptr, err);
    p->secret = given.len ? given.ptr : NULL;
    return KITH_OK;
}

/* -- a row ------------------------------------------------------------------------------------- */

static kith_status check_issuer(struct oidc_provider *p, kith_error *err) {
    bool https;
    if (!oidc_url_host(p->issuer.ptr, p->host, sizeof p->host, &https) ||
        strpbrk(p->issuer.ptr, "?#"))
        return refuse(p, "its issuer is an address: \"https://login.example.org\"", err);
    p->own = strcmp(p->host, "127.0.0.1") == 0 || strcmp(p->host, "::1") == 0 ||
             strcmp(p->host, "localhost") == 0;
    if (!https && !p->own)
        return refuse(p, "its issuer begins with https://; http is for this computer alone", err);
    return KITH_OK;
}

/* Of a provider that anybody can have an account with, everybody would become a user. */
static kith_status check_role(const struct oidc_provider *p, kith_error *err) {
    if (!p->role.len || p->domains.as.list.count || !kith_str_is(p->claim, "email"))
        return KITH_OK;
    return refuse(
        p, "it creates users (role), so say in whose domains: domains = [\"example.org\"]", err);
}

/* "GROUP = ROLE", where the group may hold any of these, too. */
bool oidc_group(kith_str row, kith_str *group, kith_str *role) {
    for (uint64_t i = row.len; i-- > 3;) {
        if (memcmp(row.ptr + i - 3, " = ", 3) != 0)
            continue;
        *group = (kith_str){row.ptr, i - 3};
        *role = (kith_str){row.ptr + i, row.len - i};
        return group->len && role->len && !memchr(row.ptr, '\n', (size_t)row.len);
    }
    return false;
}

static kith_status take_groups(struct oidc_provider *p, const kith_value *row, kith_error *err) {
    kith_str group, role;
    p->groups_claim = row[GROUPS_CLAIM].as.s;
    p->groups = row[GROUPS];
    if (p->groups.kind != KITH_LIST)
        p->groups.as.list.count = 0;
    for (uint64_t i = 0; i < p->groups.as.list.count; i++)
        if (!oidc_group(p->groups.as.list.items[i].as.s, &group, &role))
            return refuse(p, "its groups are rows as \"sales team = seller\": a group, and a role",
                          err);
    return KITH_OK;
}

static kith_status take_row(struct oidc_provider *p, const kith_value *row, kith_error *err) {
    p->name = row[NAME].as.s;
    p->issuer = row[ISSUER].as.s;
    p->client = row[CLIENT].as.s;
    p->scopes = row[SCOPES].as.s;
    p->claim = row[CLAIM].as.s;
    p->role = row[ROLE].as.s;
    p->sign_out = row[SIGN_OUT].as.i != 0;
    p->domains = row[DOMAINS];
    if (p->domains.kind != KITH_LIST)
        p->domains.as.list.count = 0;
    if (!is_name(p->name))
        return kith_fail(err, KITH_E_INVAL, "oidc",
                         "web.oidc: a name is of small letters, digits and '-'; it stands in the"
                         " address");
    KITH_TRY(check_issuer(p, err));
    KITH_TRY(take_secret(p, row, err));
    KITH_TRY(take_groups(p, row, err));
    return check_role(p, err);
}

static kith_status take_rows(struct oidc *o, const kith_value *rows, kith_error *err) {
    for (uint64_t i = 0; i < rows->as.list.count; i++) {
        struct oidc_provider *p = &o->providers[o->count];
        pthread_mutex_init(&p->lock, NULL);
        o->count++;
        KITH_TRY(take_row(p, rows->as.list.items[i].as.list.items, err));
        for (size_t k = 0; k + 1 < o->count; k++)
            if (kith_str_is(p->name, o->providers[k].name.ptr))
                KITH_TRY(refuse(p, "there are two of this name", err));
    }
    return KITH_OK;
}

/* -- all of it --------------------------------------------------------------------------------- */

static kith_status take_address(kith_instance *self, struct oidc *o, kith_error *err) {
    kith_value v;
    char host[256];
    bool https;
    KITH_TRY(self->settings->get(self->host, kith_str_of("address"), &v, err));
    if (v.kind != KITH_TEXT || !v.as.s.len)
        return KITH_OK;
    o->address = v.as.s;
    const char *behind = strstr(v.as.s.ptr, "://");
    if (oidc_url_host(v.as.s.ptr, host, sizeof host, &https) && behind && !strchr(behind + 3, '/'))
        return KITH_OK;
    return kith_fail(err, KITH_E_INVAL, "address",
                     "web.address is what stands before the first / of an address:"
                     " \"https://crm.example.org\"");
}

void oidc_free(struct oidc *o) {
    if (!o)
        return;
    for (size_t i = 0; i < o->count; i++) {
        struct oidc_provider *p = &o->providers[i];
        pthread_mutex_destroy(&p->lock);
        oidc_document_free(&p->document);
        json_decref(p->keys);
        if (p->read_secret)
            sodium_memzero(p->read_secret, strlen(p->read_secret));
        free(p->read_secret);
    }
    sodium_memzero(o->key, sizeof o->key);
    free(o->providers);
    free(o);
}

kith_status oidc_new(kith_instance *self, kith_error *err) {
    kith_value rows;
    KITH_TRY(self->settings->get(self->host, kith_str_of("oidc"), &rows, err));
    if (rows.kind != KITH_LIST || !rows.as.list.count)
        return KITH_OK;
    struct oidc *o = self->oidc = calloc(1, sizeof *o);
    if (!o || !(o->providers = calloc(rows.as.list.count, sizeof *o->providers)))
        return kith_fail(err, KITH_E_NOMEM, NULL, "no memory");
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        return kith_fail(err, KITH_E_NOMEM, NULL, "libsodium or libcurl does not start");
    randombytes_buf(o->key, sizeof o->key);
    KITH_TRY(take_address(self, o, err));
    return take_rows(o, &rows, err);
}
