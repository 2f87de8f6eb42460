/* SPDX-License-Identifier: Apache-2.0 */
/* Series: which of the backups at hand lead to the one that is wanted. */
#include "base/date.h"
#include "base/id.h"
#include "base/zone.h"
#include "cli/backup_plan.h"
#include "cli/identity.h"
#include "cli/show.h"
#include "cli/unpack.h"
#include <string.h>
#include <time.h>

#define KEY_MAX 4096 /* bytes of a key file */

struct heads {
    struct backup_head *items;
    size_t count;
    int64_t now;
};

static kith_status read_heads(struct cmd *c, struct io *io, const char *const *files, size_t count,
                              struct heads *out, kith_error *e) {
    out->items = ARENA_ARRAY(&c->arena, struct backup_head, count);
    if (!out->items)
        return err_nomem(e);
    for (; out->count < count; out->count++) {
        struct archive ar;
        kith_status st = archive_open(&ar, io, &c->arena, files[out->count], e);
        out->items[out->count] = ar.head;
        archive_close(&ar);
        TRY(st);
    }
    return KITH_OK;
}

/* Which one is the newest says something of one company alone. */
static kith_status of_one_company(const struct heads *h, kith_error *e) {
    const struct backup_head *first = NULL;
    for (size_t i = 0; i < h->count; i++) {
        const struct backup_head *one = &h->items[i];
        if (!*one->origin) /* of a Kith that did not say */
            continue;
        if (first && strcmp(first->origin, one->origin) != 0)
            return err_set(e, KITH_E_CONFLICT, NULL,
                           "'%s' and '%s' are backups of two companies: name those of one",
                           first->file, one->file);
        first = first ? first : one;
    }
    return KITH_OK;
}

static bool is_later(const struct backup_head *a, const struct backup_head *b) {
    return a->at != b->at ? a->at > b->at : a->journal > b->journal;
}

/* One from a time that has not come was made while a clock ran ahead: any other is rather newer. */
static bool is_newer(const struct heads *h, const struct backup_head *a,
                     const struct backup_head *b) {
    bool early_a = a->at > h->now, early_b = b->at > h->now;
    return early_a != early_b ? early_b : is_later(a, b);
}

static const struct backup_head *pick(const struct heads *h, int64_t at) {
    const struct backup_head *best = NULL;
    for (size_t i = 0; i < h->count; i++) {
        const struct backup_head *one = &h->items[i];
        if (at == INT64_MAX ? !best || is_newer(h, one, best)
                            : one->at >= at && (!best || is_later(best, one)))
            best = one;
    }
    return best;
}

static const struct backup_head *with_id(const struct heads *h, const char *id) {
    for (size_t i = 0; i < h->count; i++)
        if (strcmp(h->items[i].id, id) == 0)
            return &h->items[i];
    return NULL;
}

static kith_status lead_to(struct cmd *c, const struct heads *h, const struct backup_head *to,
                           struct series *out, kith_error *e) {
    const char **files = ARENA_ARRAY(&c->arena, const char *, h->count);
    size_t at = h->count;
    if (!files)
        return err_nomem(e);
    for (const struct backup_head *one = to; at > 0;) {
        files[--at] = one->file;
        if (!*one->base)
            break;
        const struct backup_head *base = with_id(h, one->base);
        if (!base)
            return err_set(e, KITH_E_NOTFOUND, NULL,
                           "'%s' holds only what has changed since '%s': name that one, too",
                           one->file, one->base_file);
        one = base;
    }
    *out = (struct series){.files = files + at, .count = h->count - at};
    return KITH_OK;
}

/* The clocks of the newest one count: the company may have moved. */
static kith_status read_moment(const struct heads *h, const char *text, int64_t *at,
                               kith_error *e) {
    const struct backup_head *newest = pick(h, INT64_MAX);
    struct zone *zone = NULL;
    int64_t day;
    kith_id tx;
    bool known = true;
    if (*newest->zone)
        TRY(zone_open(&zone, newest->zone, e));
    if (id_parse(str_of(text), &tx))
        *at = id_time(tx);
    else if (date_parse(str_of(text), false, &day) && day < DATE_MAX)
        *at = zone_day(zone, day + 1) - 1;
    else
        known = time_parse(str_of(text), false, zone, at);
    zone_close(zone);
    return known ? KITH_OK
                 : err_set(e, KITH_E_INVAL, NULL,
                           "'%s' is no moment; write a day as 2026-05-01, a time as '2026-05-01"
                           " 17:00', or the id of a transaction",
                           text);
}

static kith_status too_young(const struct heads *h, const char *at, kith_error *e) {
    return err_set(e, KITH_E_NOTFOUND, NULL,
                   "a moment is reached from the backup that follows it, and the newest of these,"
                   " '%s', was made before %s: make one of the company as it is now, and name it,"
                   " too",
                   pick(h, INT64_MAX)->file, at);
}

/* A whole folder may be named, and in that of the plan there is a state, too. */
static kith_status leave_out_states(struct cmd *c, const char *const **files, size_t *count,
                                    kith_error *e) {
    const char **rest = ARENA_ARRAY(&c->arena, const char *, *count);
    size_t n = 0;
    if (!rest)
        return err_nomem(e);
    for (size_t i = 0; i < *count; i++) {
        const char *slash = strrchr((*files)[i], '/');
        if (strcmp(slash ? slash + 1 : (*files)[i], BACKUP_STATE) != 0)
            rest[n++] = (*files)[i];
    }
    if (n == 0) /* it is told what it is not */
        return KITH_OK;
    *files = rest;
    *count = n;
    return KITH_OK;
}

kith_status series_find(struct cmd *c, struct io *io, const char *const *files, size_t count,
                        const char *at, struct series *out, kith_error *e) {
    struct heads h = {.now = (int64_t)time(NULL) * 1000 + 999};
    int64_t ms = INT64_MAX;
    TRY(leave_out_states(c, &files, &count, e));
    if (count == 1 && !at) { /* perhaps a pipe, which can be read once */
        const char **one = ARENA_ARRAY(&c->arena, const char *, 1);
        if (!one)
            return err_nomem(e);
        one[0] = files[0];
        *out = (struct series){.files = one, .count = 1};
        return KITH_OK;
    }
    TRY(read_heads(c, io, files, count, &h, e));
    TRY(of_one_company(&h, e));
    if (at)
        TRY(read_moment(&h, at, &ms, e));
    const struct backup_head *to = pick(&h, ms);
    return to ? lead_to(c, &h, to, out, e) : too_young(&h, at, e);
}

/* -- the key ----------------------------------------------------------------------------------- */

static kith_status parse_key(const char *path, kith_str text, struct seal_key *key, kith_error *e) {
    char passphrase[IO_SECRET_MAX] = "";
    bool locked;
    kith_status st = seal_key_parse(text, path, str_of(passphrase), key, &locked, e);
    if (st == KITH_OK && locked)
        st = ask_password("Passphrase of the key: ", false, passphrase, e);
    if (st == KITH_OK && locked)
        st = seal_key_parse(text, path, str_of(passphrase), key, &locked, e);
    if (st == KITH_OK && locked)
        st = err_set(e, KITH_E_DENIED, NULL,
                     "'%s' is locked, and no passphrase was given: type it, or pipe it in", path);
    secrets_wipe(passphrase, sizeof passphrase);
    return st;
}

kith_status unpack_key(struct cmd *c, const struct seal_key **out, kith_error *e) {
    const char *path = cmd_option(c, "key");
    struct buf text = {0};
    struct seal_key *key = ARENA_NEW(&c->arena, struct seal_key);
    *out = NULL;
    if (!path)
        return KITH_OK;
    if (!key)
        return err_nomem(e);
    kith_status st = io_read_file(c->io, path, KEY_MAX, &text, e);
    if (st == KITH_OK)
        st = parse_key(path, buf_view(&text), key, e);
    secrets_wipe(text.ptr, text.len);
    buf_free(&text);
    *out = key;
    return st;
}
