/* SPDX-License-Identifier: Apache-2.0 */
/* kith backup run: makes the backup that the settings ask for, looks whether it is whole, and only
 * then removes those that are not kept any longer. */
#include "base/date.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/backup_plan.h"
#include "cli/backup_write.h"
#include "cli/folder.h"
#include "cli/show.h"
#include "cli/unpack.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct run {
    struct cmd *c;
    struct backup_plan plan;
    struct planned_list list;
    struct io_local files;
    int folder;
    struct backup_order order;
    struct backup_made made;
    size_t removed;
};

/* -- one at a time ----------------------------------------------------------------------------- */

/* What a run left that was killed. Nobody writes here but whoever holds the folder. */
static void remove_parts(struct run *r) {
    int again = dup(r->folder);
    DIR *d = again >= 0 ? fdopendir(again) : NULL;
    for (const struct dirent *entry; d && (entry = readdir(d));)
        if (str_starts(str_of(entry->d_name), BACKUP_PREFIX) &&
            file_ends(entry->d_name, ".tar.part"))
            unlinkat(r->folder, entry->d_name, 0);
    if (d)
        closedir(d);
    else if (again >= 0)
        close(again);
}

static kith_status hold_folder(struct run *r, kith_error *e) {
    r->folder = open(r->plan.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->folder < 0)
        return errno == ENOENT
                   ? err_set(e, KITH_E_NOTFOUND, NULL,
                             "the folder for backups '%s' is not there: make it, or mount it",
                             r->plan.dir)
                   : err_errno(e, "open the folder for backups", r->plan.dir);
    if (flock(r->folder, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return err_set(e, KITH_E_BUSY, NULL, "another 'kith backup run' is under way");
    remove_parts(r);
    return KITH_OK;
}

/* -- full, or what has changed ----------------------------------------------------------------- */

static const struct planned *with_id(const struct run *r, const char *id) {
    for (size_t i = 0; i < r->list.count; i++)
        if (strcmp(r->list.items[i].head.id, id) == 0)
            return &r->list.items[i];
    return NULL;
}

/* The full one that the newest leads to; NULL: there is none, or one between is gone. */
static const struct planned *full_of_newest(const struct run *r, int64_t now) {
    const struct planned *one = plan_newest(&r->list, now);
    for (size_t steps = 0; one && *one->head.base && steps < r->list.count; steps++)
        one = with_id(r, one->head.base);
    return one && !*one->head.base ? one : NULL;
}

static bool wants_full(const struct run *r, int64_t now) {
    const struct planned *full = full_of_newest(r, now);
    char recipient[SEAL_TEXT] = "";
    if (r->order.recipient)
        seal_public_text(r->order.recipient, recipient);
    return cmd_option(r->c, "full") || !full || !*full->head.id ||
           now - full->head.at >= r->plan.full_every || now < full->head.at ||
           strcmp(full->head.recipient, recipient) != 0;
}

/* -- what it would be based on ----------------------------------------------------------------- */

#define READ_EVERY 86400000 /* ms */

static kith_status read_whole(struct run *r, const char *file, kith_error *e) {
    const struct series one = {.files = &file, .count = 1, .alone = true};
    struct unpacked what;
    return unpack(r->c, &r->files.io, &one, NULL, NULL, &what, e);
}

/* Reads one again that was changed, or not read for a day: a disk forgets without a word. */
static kith_status look_at(struct run *r, struct planned *one, int64_t now, kith_error *e) {
    if (one->damaged)
        return err_set(e, KITH_E_CORRUPT, NULL, "'%s' is damaged", one->head.file);
    if (one->verified && one->verified <= now && now - one->verified < READ_EVERY)
        return KITH_OK;
    io_progress(r->c->io, "reading again what it is based on");
    kith_status st = read_whole(r, one->head.file, e);
    if (st == KITH_OK || st == KITH_E_CORRUPT)
        plan_found(one, now, st == KITH_OK);
    return st;
}

/* All that lead to the newest. KITH_E_CORRUPT, KITH_E_NOTFOUND, KITH_E_IO: nothing can be based on
 * it. */
static kith_status look_at_bases(struct run *r, int64_t now, kith_error *e) {
    const struct planned *at = plan_newest(&r->list, now);
    kith_status st = KITH_OK;
    for (size_t steps = 0; st == KITH_OK && at && steps < r->list.count; steps++) {
        st = look_at(r, &r->list.items[at - r->list.items], now, e);
        at = *at->head.base ? with_id(r, at->head.base) : NULL;
    }
    kith_status noted = plan_state_write(&r->plan, &r->list, st == KITH_OK ? e : NULL);
    return st == KITH_OK ? noted : st;
}

/* Two of the same second have other names, as when the clock was set back. */
static kith_status name_target(struct run *r, int64_t now, kith_error *e) {
    const char *kind = r->order.base ? "changes" : "full";
    struct civil t = date_civil(now);
    char again[16] = "";
    int n = 1;
    do {
        r->order.target = arena_printf(
            &r->c->arena, "%s/" BACKUP_PREFIX "%04d%02d%02d-%02d%02d%02d%s-%s.tar", r->plan.dir,
            t.year, t.month, t.day, t.hour, t.minute, t.second, again, kind);
        snprintf(again, sizeof again, "-%d", ++n);
    } while (r->order.target && access(r->order.target, F_OK) == 0);
    return r->order.target ? KITH_OK : err_nomem(e);
}

static bool is_of_base(kith_status st) {
    return st == KITH_E_CORRUPT || st == KITH_E_CONFLICT || st == KITH_E_NOTFOUND ||
           st == KITH_E_UNSUPPORTED || st == KITH_E_IO;
}

static kith_status write_one(struct run *r, kith_error *e) {
    int64_t now = engine_now(r->c->company->engine);
    TRY(backup_recipient(r->c, &r->order.recipient, e));
    kith_error why = KITH_ERROR_INIT;
    kith_status st = KITH_OK;
    if (!wants_full(r, now)) {
        r->order.base = plan_newest(&r->list, now)->head.file;
        st = look_at_bases(r, now, &why);
    }
    TRY(name_target(r, now, e));
    if (st == KITH_OK)
        st = backup_write(r->c, &r->order, &r->made, &why);
    if (st != KITH_OK && r->order.base && is_of_base(st)) {
        log_warn("backup", "a full one is made, since nothing can be based on the last: %s",
                 why.message);
        r->order.base = NULL;
        TRY(name_target(r, now, e));
        return backup_write(r->c, &r->order, &r->made, e);
    }
    if (st != KITH_OK)
        err_copy(e, &why);
    return st;
}

/* What was written is read again, by itself: those that it is based on were, in their time. */
static kith_status verify(struct run *r, kith_error *e) {
    io_progress(r->c->io, "reading it again");
    kith_status st = read_whole(r, r->order.target, e);
    if (st != KITH_OK && st != KITH_E_LIMIT)
        unlink(r->order.target);
    return st;
}

/* -- those that are not kept ------------------------------------------------------------------- */

static kith_status rotate(struct run *r, int64_t now, kith_error *e) {
    rotation_mark(r->list.items, r->list.count, &r->plan.keep, r->c->company->zone, now);
    /* The newest first: what is based on another is never there without it. */
    for (size_t i = r->list.count; i-- > 0;) {
        const struct planned *one = &r->list.items[i];
        if (one->keep)
            continue;
        if (unlink(one->head.file) != 0)
            return err_errno(e, "remove the backup", one->head.file);
        r->removed++;
    }
    folder_sync(r->plan.dir);
    return KITH_OK;
}

static kith_status make(struct run *r, kith_error *e) {
    TRY(write_one(r, e));
    TRY(verify(r, e));
    int64_t now = engine_now(r->c->company->engine);
    TRY(plan_list(r->c->company, &r->plan, &r->c->arena, &r->list, e));
    TRY(rotate(r, now, e));
    return plan_note(&r->plan, &r->list, now, r->order.target, NULL, e);
}

/* -- the command ------------------------------------------------------------------------------- */

static void report_json(struct run *r) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "backup");
    json_strz(&j, r->order.target);
    json_key(&j, "base");
    if (r->order.base)
        json_strz(&j, r->order.base);
    else
        json_nil(&j);
    json_key(&j, "sealed");
    json_bool_(&j, r->order.recipient != NULL);
    json_key(&j, "bytes");
    json_int(&j, (int64_t)r->made.bytes);
    json_key(&j, "records");
    json_int(&j, (int64_t)r->made.records);
    json_key(&j, "journal");
    json_int(&j, (int64_t)r->made.journal);
    json_key(&j, "made");
    json_time(&j, r->made.at);
    json_key(&j, "removed");
    json_int(&j, (int64_t)r->removed);
    json_object_end(&j);
    json_print(r->c, &b);
}

static void report(struct run *r) {
    struct io *io = r->c->io;
    log_info("backup", "%s: %.1f MB, %llu records, read again and whole; %zu older removed",
             r->order.target, (double)r->made.bytes / 1e6, (unsigned long long)r->made.records,
             r->removed);
    io_progress(io, "");
    if (r->c->json) {
        report_json(r);
        return;
    }
    io_printf(io, "Backed up %llu record%s, %s, and read it again: %.1f MB in '",
              (unsigned long long)r->made.records, r->made.records == 1 ? "" : "s",
              r->order.base ? "what has changed" : "in full", (double)r->made.bytes / 1e6);
    io_text(io, str_of(r->order.target));
    io_printf(io, "'; %zu older one%s removed.\n", r->removed, r->removed == 1 ? "" : "s");
}

static kith_status try_it(struct run *r, kith_error *e) {
    TRY(hold_folder(r, e));
    TRY(plan_list(r->c->company, &r->plan, &r->c->arena, &r->list, e));
    kith_error why = KITH_ERROR_INIT;
    kith_status st = make(r, &why);
    if (st == KITH_OK)
        return st;
    plan_note(&r->plan, &r->list, engine_now(r->c->company->engine), "", why.message, NULL);
    err_copy(e, &why);
    return st;
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct run r = {.c = c, .folder = -1};
    kith_error why = KITH_ERROR_INIT;
    TRY(plan_read(c->company, &c->arena, &r.plan, e));
    if (!r.plan.dir)
        return err_set(e, KITH_E_INVAL, NULL,
                       "the settings name no folder for backups: backup.dir; 'kith backup FILE'"
                       " makes one nevertheless");
    io_files_open(&r.files);
    r.order = (struct backup_order){.files = &r.files.io, .local = true};
    kith_status st = try_it(&r, &why);
    io_local_close(&r.files);
    if (r.folder >= 0)
        close(r.folder);
    if (st == KITH_OK)
        report(&r);
    else
        log_error("backup", "no backup was made: %s", why.message);
    if (st != KITH_OK)
        err_copy(e, &why);
    return st;
}

const struct command command_backup_run = {
    .name = "backup run",
    .args = "",
    .help = "make the backup that the settings ask for, now",
    .more =
        "As 'kith serve' does whenever it is due: into backup.dir, in full or what has changed,\n"
        "read again when it is written; then those are removed that backup.keep does not ask\n"
        "for, and never one that another is based on. 'kith explain backup' tells the settings.",
    .options = {{"full", NULL, "in full, though what has changed would do"}},
    .needs = NEEDS_COMPANY,
    .quiet = true,
    .run = run,
};
