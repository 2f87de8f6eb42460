/* SPDX-License-Identifier: Apache-2.0 */
/* The plan: read from the settings, compared with the folder. */
#include "cli/backup_plan.h"
#include "base/date.h"
#include "base/file.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* -- settings ---------------------------------------------------------------------------------- */

kith_status backup_every(kith_str text, struct backup_plan *plan, kith_error *e) {
    plan->text = text.ptr;
    plan->timed = false;
    if (duration_parse(text, &plan->period) && plan->period >= 60000)
        return KITH_OK;
    plan->timed = cron_parse(text, &plan->cron, NULL) == KITH_OK;
    return plan->timed ? KITH_OK
                       : err_set(e, KITH_E_INVAL, "backup.every",
                                 "'%.*s' is neither a time of at least a minute, as 6h, nor a text"
                                 " of cron, as '0 3 * * *'",
                                 (int)text.len, text.ptr);
}

kith_status plan_read(const struct company *company, struct arena *a, struct backup_plan *out,
                      kith_error *e) {
    const struct settings *s = company->settings;
    kith_str dir = settings_text(s, "", "backup.dir");
    *out = (struct backup_plan){0};
    if (dir.len == 0)
        return KITH_OK;
    out->dir = dir.ptr[0] == '/' ? dir.ptr : arena_printf(a, "%s/%s", company->dir, dir.ptr);
    if (!out->dir)
        return err_nomem(e);
    out->full_every = settings_int(s, "", "backup.full_every");
    out->keep = (struct backup_keep){.last = settings_int(s, "", "backup.keep.last"),
                                     .daily = settings_int(s, "", "backup.keep.daily"),
                                     .weekly = settings_int(s, "", "backup.keep.weekly"),
                                     .monthly = settings_int(s, "", "backup.keep.monthly")};
    return backup_every(settings_text(s, "", "backup.every"), out, e);
}

int64_t plan_next(const struct backup_plan *p, const struct zone *zone, int64_t last) {
    if (last == 0)
        return 0;
    return p->timed ? cron_next(&p->cron, zone, last) : last + p->period;
}

int64_t plan_late(const struct backup_plan *p, const struct zone *zone, int64_t last) {
    int64_t next = plan_next(p, zone, last);
    return next == INT64_MAX ? next : plan_next(p, zone, next);
}

/* -- what is there ----------------------------------------------------------------------------- */

static kith_status read_origin(const struct company *company, char origin[BACKUP_ORIGIN],
                               kith_error *e) {
    unsigned char key[BLOCK_KEY];
    struct conn *c;
    TRY(engine_reader(company->engine, &c, e));
    kith_status st = block_key_read(c, key, e);
    engine_reader_done(company->engine, c);
    TRY(st);
    backup_origin(key, origin);
    sodium_memzero(key, sizeof key);
    return KITH_OK;
}

static kith_status add_file(struct planned_list *list, struct arena *a, const char *path,
                            const char *origin, kith_error *e) {
    struct io_local files;
    struct archive ar;
    struct stat file;
    io_files_open(&files);
    bool ours = archive_open(&ar, &files.io, a, path, NULL) == KITH_OK &&
                strcmp(ar.head.origin, origin) == 0 && stat(path, &file) == 0;
    archive_close(&ar);
    io_local_close(&files);
    if (!ours)
        return KITH_OK;
    struct planned *more = arena_grow(a, list->items, list->count, &list->cap, sizeof *more);
    if (!more)
        return err_nomem(e);
    list->items = more;
    list->items[list->count++] = (struct planned){.head = ar.head,
                                                  .size = (uint64_t)file.st_size,
                                                  .modified = (int64_t)file.st_mtim.tv_sec * 1000 +
                                                              file.st_mtim.tv_nsec / 1000000};
    return KITH_OK;
}

static kith_status read_folder(DIR *d, const struct backup_plan *p, const char *origin,
                               struct arena *a, struct planned_list *out, kith_error *e) {
    for (const struct dirent *entry; (entry = readdir(d));) {
        if (!str_starts(str_of(entry->d_name), BACKUP_PREFIX) || !file_ends(entry->d_name, ".tar"))
            continue;
        const char *path = arena_printf(a, "%s/%s", p->dir, entry->d_name);
        if (!path)
            return err_nomem(e);
        TRY(add_file(out, a, path, origin, e));
    }
    return KITH_OK;
}

static int by_time(const void *a, const void *b) {
    const struct backup_head *x = &((const struct planned *)a)->head,
                             *y = &((const struct planned *)b)->head;
    return x->at != y->at ? (x->at < y->at ? -1 : 1) : strcmp(x->file, y->file);
}

/* -- what can be restored ---------------------------------------------------------------------- */

static const struct planned *base_of(const struct planned_list *list, const struct planned *one) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].head.id, one->head.base) == 0)
            return &list->items[i];
    return NULL;
}

const char *plan_fault(const struct planned_list *list, const struct planned *one) {
    const struct planned *at = one;
    for (size_t steps = 0; at && steps <= list->count; steps++) {
        if (at->damaged)
            return at == one ? "damaged" : "its base is damaged";
        if (!*at->head.base)
            return NULL;
        at = base_of(list, at);
    }
    return "its base is gone";
}

static void find_broken(struct planned_list *list) {
    for (size_t i = 0; i < list->count; i++)
        list->items[i].broken = plan_fault(list, &list->items[i]) != NULL;
}

kith_status plan_list(const struct company *company, const struct backup_plan *p, struct arena *a,
                      struct planned_list *out, kith_error *e) {
    char origin[BACKUP_ORIGIN];
    *out = (struct planned_list){0};
    TRY(read_origin(company, origin, e));
    DIR *d = opendir(p->dir);
    if (!d)
        return err_errno(e, "open the folder for backups", p->dir);
    kith_status st = read_folder(d, p, origin, a, out, e);
    closedir(d);
    TRY(st);
    if (out->count > 0)
        qsort(out->items, out->count, sizeof *out->items, by_time);
    TRY(plan_state_read(p, a, out, e));
    find_broken(out);
    return KITH_OK;
}
