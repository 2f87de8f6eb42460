/* SPDX-License-Identifier: Apache-2.0 */
/* kith restore: a company's folder from a backup. Everything is unpacked, compared and examined
 * beside the place where it is to stand, and moved there as a whole in one step. */
#include "cli/backup_write.h"
#include "cli/folder.h"
#include "cli/replaced.h"
#include "cli/restored.h"
#include "cli/show.h"
#include "cli/unpack.h"
#include "journal/doctor.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct restore {
    struct cmd *c;
    const char *given;           /* the folder, as it was named */
    const char *parent, *folder; /* absolute */
    char *fresh;                 /* the new company, beside the folder until it is whole */
    bool there;                  /* the folder is, and is to be exchanged */
    struct stat old;             /* of the folder */
    int lock;                    /* the old company's; -1: none */
    int hold;                    /* on the new one, while it is not in place; -1: none */
    struct series series;
    const struct seal_key *key; /* NULL: none was given */
    struct unpacked what;
    struct restored settled;
    struct replaced others;
    const char *made;  /* what.made for people */
    const char *aside; /* where the old company is now */
    bool unread;       /* its settings are not in order */
};

static const char *last_file(const struct restore *r) {
    return r->series.files[r->series.count - 1];
}

/* -- where to ---------------------------------------------------------------------------------- */

static kith_status find_place(struct restore *r, const char *given, kith_error *e) {
    struct arena *a = &r->c->arena;
    if (!*given)
        return err_set(e, KITH_E_INVAL, NULL, "name the folder to restore to, behind the backup");
    char *path = arena_strdup(a, given);
    for (size_t n = path ? strlen(path) : 0; n > 1 && path[n - 1] == '/'; n--)
        path[n - 1] = '\0';
    char *whole = path ? realpath(path, NULL) : NULL, *slash = path ? strrchr(path, '/') : NULL;
    if (!whole && path && errno == ENOENT) { /* new: its parent must be there */
        char *up =
            slash ? arena_strndup(a, path, slash == path ? 1 : (uint64_t)(slash - path)) : ".";
        char *parent = up ? realpath(up, NULL) : NULL;
        if (!parent)
            return err_errno(e, "make a folder in", up ? up : path);
        r->folder = arena_printf(a, "%s/%s", parent[1] ? parent : "", slash ? slash + 1 : path);
        free(parent);
    } else if (whole) {
        r->folder = arena_strdup(a, whole);
    } else {
        return err_errno(e, "open", given);
    }
    free(whole);
    if (!r->folder)
        return err_nomem(e);
    const char *name = strrchr(r->folder, '/');
    r->parent = arena_strndup(a, r->folder, name == r->folder ? 1 : (uint64_t)(name - r->folder));
    return r->parent ? KITH_OK : err_nomem(e);
}

static kith_status hold_old(struct restore *r, kith_error *e) {
    char *db = company_path(r->folder, "kith.db");
    kith_status st = db ? engine_lock(db, &r->lock, e) : err_nomem(e);
    free(db);
    return st;
}

static kith_status check_place(struct restore *r, kith_error *e) {
    const char *given = r->given;
    if (stat(r->folder, &r->old) != 0)
        return KITH_OK;
    r->there = true;
    if (!S_ISDIR(r->old.st_mode))
        return err_set(e, KITH_E_CONFLICT, NULL,
                       "'%s' is a file, not a folder: name an empty or a new one", given);
    if (!company_has(r->folder, "kith.conf") && !company_has(r->folder, "kith.db"))
        return folder_is_empty(r->folder)
                   ? KITH_OK
                   : err_set(e, KITH_E_CONFLICT, NULL,
                             "'%s' has other files in it: choose an empty or a new folder", given);
    if (cmd_option(r->c, "rehearse"))
        return KITH_OK;
    if (!cmd_option(r->c, "replace"))
        return err_set(e, KITH_E_CONFLICT, NULL,
                       "'%s' is a company already: --replace puts the backup in its place and keeps"
                       " what is there aside",
                       given);
    return hold_old(r, e);
}

/* -- looking at it ----------------------------------------------------------------------------- */

static kith_status show_finding(void *arg, const char *check, const char *sentence, kith_error *e) {
    struct cmd *c = arg;
    char line[64];
    snprintf(line, sizeof line, "checking the database: %s", check);
    if (sentence)
        io_say(c->io, "%s: %s", check, sentence);
    else
        io_progress(c->io, line);
    return io_check(c->io, e);
}

/* On the company's clocks, when they are known. */
static void tell_made(struct restore *r, const struct zone *zone) {
    int64_t ms;
    r->made = r->what.made;
    if (!time_parse(str_of(r->what.made), false, NULL, &ms))
        return;
    struct civil t = zone_local(zone, ms);
    r->made = arena_printf(&r->c->arena, "%04d-%02d-%02d %02d:%02d:%02d%s", t.year, t.month, t.day,
                           t.hour, t.minute, t.second, zone ? "" : " UTC");
}

static kith_status examine_opened(struct restore *r, struct company *company, kith_error *e) {
    size_t findings = 0;
    tell_made(r, company->zone);
    TRY(restored_open(company, r->fresh, e)); /* an older format becomes today's */
    const char *db = engine_opts(company->engine)->path;
    TRY(engine_examine(company->engine, db, show_finding, r->c, &findings, e));
    return findings == 0 ? KITH_OK
                         : err_set(e, KITH_E_CORRUPT, NULL,
                                   "the database in '%s' is damaged, see above, and was not"
                                   " restored: take another backup, or --damaged restores it"
                                   " nevertheless",
                                   last_file(r));
}

/* Which company is there is known when its database can be read. */
static kith_status check_company(const struct restore *r, kith_error *e) {
    const char *there = r->others.origin, *here = r->what.origin;
    if (!*there || !*here || strcmp(there, here) == 0)
        return KITH_OK;
    return err_set(e, KITH_E_CONFLICT, NULL,
                   "'%s' is of another company than the one in '%s': restore it to a folder"
                   " of its own, or move that company away first",
                   last_file(r), r->given);
}

/* The journal ends where it ended when the backup was made; that it leads there the doctor sees. */
static kith_status check_anchor(struct restore *r, kith_error *e) {
    const char *db = arena_printf(&r->c->arena, "%s/kith.db", r->fresh);
    char found[CHAIN_ANCHOR_TEXT];
    struct conn *conn;
    if (!db)
        return err_nomem(e);
    if (!*r->what.anchor || cmd_option(r->c, "damaged"))
        return KITH_OK;
    TRY(conn_open(&conn, db, CONN_READER, NULL, e));
    kith_status st = backup_anchor(conn, found, e);
    conn_close(conn);
    TRY(st);
    return strcmp(found, r->what.anchor) == 0
               ? KITH_OK
               : err_set(e, KITH_E_CORRUPT, NULL,
                         "the journal in '%s' ends with %s, and its manifest says %s: take another"
                         " backup",
                         last_file(r), found, r->what.anchor);
}

/* Settings that are not in order, as those of a module that is not installed here, are mended in
 * the restored folder; without any there is no knowing the company's currency. */
static kith_status examine(struct restore *r, kith_error *e) {
    struct settings_problems problems = {0};
    struct company *company = NULL;
    kith_error why = KITH_ERROR_INIT;
    if (cmd_option(r->c, "damaged"))
        return KITH_OK;
    r->unread = company_read(&company, r->c->program, r->fresh, &problems, &why) != KITH_OK;
    settings_problems_free(&problems);
    kith_status st;
    if (company && company->settings && company->plugins)
        st = examine_opened(r, company, e);
    else
        st = err_set(e, KITH_E_CORRUPT, NULL,
                     "the settings in '%s' cannot be read (%s): take another backup, or --damaged"
                     " restores it nevertheless",
                     last_file(r), why.message);
    company_close(company);
    return st;
}

/* -- putting it in place ----------------------------------------------------------------------- */

static kith_status name_aside(struct restore *r, kith_error *e) {
    char when[32];
    struct tm tm;
    time_t now = time(NULL);
    strftime(when, sizeof when, "%Y%m%d-%H%M%S", localtime_r(&now, &tm));
    r->aside = arena_printf(&r->c->arena, "%s.before-%s", r->folder, when);
    for (int n = 2; r->aside && access(r->aside, F_OK) == 0; n++)
        r->aside = arena_printf(&r->c->arena, "%s.before-%s-%d", r->folder, when, n);
    return r->aside ? KITH_OK : err_nomem(e);
}

/* One step for whoever looks: the folder is the old company or the new one, and never missing. The
 * new one gets the name of the old one first: what has a name of the unfinished may be removed, and
 * that is never the old one, whenever this process ends. */
static kith_status exchange(struct restore *r, kith_error *e) {
    TRY(name_aside(r, e));
    char *aside = arena_strdup(&r->c->arena, r->aside);
    if (!aside)
        return err_nomem(e);
    if (rename(r->fresh, aside) != 0)
        return err_errno(e, "put the backup beside", r->folder);
    r->fresh = aside;
    if (renameat2(AT_FDCWD, aside, AT_FDCWD, r->folder, RENAME_EXCHANGE) != 0)
        return err_errno(e, "put the backup in the place of", r->folder);
    r->fresh = NULL;
    return KITH_OK;
}

static kith_status put_in_place(struct restore *r, kith_error *e) {
    kith_status st = KITH_OK;
    if (r->there)
        chmod(r->fresh, r->old.st_mode & 0777);
    if (r->there && geteuid() == 0 && !folder_give(r->fresh, r->old.st_uid, r->old.st_gid))
        return err_errno(e, "give the files to the owner of", r->folder);
    folder_sync_tree(r->fresh);
    if (r->lock >= 0) {
        st = exchange(r, e);
    } else if (rename(r->fresh, r->folder) != 0) { /* onto nothing, or onto an empty folder */
        st = errno == ENOTEMPTY || errno == EEXIST
                 ? err_set(e, KITH_E_CONFLICT, NULL,
                           "another command has made '%s' meanwhile: look what is there", r->folder)
                 : err_errno(e, "make the folder", r->folder);
    } else {
        r->fresh = NULL;
    }
    folder_sync(r->parent);
    return st;
}

/* -- the command ------------------------------------------------------------------------------- */

static void json_waiting(struct json_out *j, const struct erased_again *again) {
    json_array_(j);
    for (size_t i = 0; i < again->waiting_count; i++) {
        json_object_(j);
        json_key(j, "type");
        json_strz(j, again->waiting[i]->type);
        json_key(j, "id");
        json_strz(j, again->waiting[i]->record);
        json_object_end(j);
    }
    json_array_end(j);
}

static void report_json(struct restore *r) {
    struct buf text = {0};
    struct json_out j;
    json_begin(&j, &text, false);
    json_object_(&j);
    json_key(&j, "rehearsal");
    json_bool_(&j, cmd_option(r->c, "rehearse") != NULL);
    json_key(&j, "company");
    json_strz(&j, r->folder);
    json_key(&j, "made");
    json_strz(&j, r->what.made);
    json_key(&j, "kith");
    json_strz(&j, r->what.kith);
    json_key(&j, "records");
    json_int(&j, (int64_t)r->what.records);
    json_key(&j, "journal");
    json_int(&j, (int64_t)r->what.journal);
    json_key(&j, "at");
    if (r->settled.at)
        json_strz(&j, r->settled.at);
    else
        json_nil(&j);
    json_key(&j, "taken_back");
    json_int(&j, (int64_t)r->settled.taken_back);
    json_key(&j, "left");
    json_int(&j, (int64_t)r->settled.left);
    json_key(&j, "stay_erased");
    json_int(&j, (int64_t)r->settled.erased);
    json_key(&j, "erased");
    json_int(&j, (int64_t)r->settled.again.erased);
    json_key(&j, "withdrawn");
    json_int(&j, (int64_t)r->settled.carried.withdrawn);
    json_key(&j, "restricted");
    json_int(&j, (int64_t)r->settled.carried.restricted);
    json_key(&j, "unmerged");
    json_int(&j, (int64_t)r->settled.again.unmerged);
    json_key(&j, "not_erased");
    json_waiting(&j, &r->settled.again);
    json_key(&j, "aside");
    if (r->aside)
        json_strz(&j, r->aside);
    else
        json_nil(&j);
    json_object_end(&j);
    json_print(r->c, &text);
}

static void report_carried(const struct restore *r) {
    const struct carried *x = &r->settled.carried;
    if (x->withdrawn || x->restricted)
        io_printf(r->c->io,
                  "Said since in the company that was replaced, and said again:"
                  " withdrawals of consent %llu, restrictions %llu.\n",
                  (unsigned long long)x->withdrawn, (unsigned long long)x->restricted);
    if (x->left)
        io_printf(r->c->io, "Not said again, see above: %zu.\n", x->left);
}

/* What tells of them is known by their type alone. */
static void report_waiting(struct io *io, const struct erased_again *again) {
    if (again->waiting_count)
        io_printf(io,
                  "%sErased before, and not erased here, since the type is retired or its module is"
                  " not enabled: %zu%s. Their data are in the restored company until you enable the"
                  " module, or declare the type again, and erase them there:\n",
                  io_style(io, STYLE_HEAD), again->waiting_count, io_style(io, STYLE_PLAIN));
    for (size_t i = 0; i < again->waiting_count; i++)
        io_printf(io, "  kith erase %s %s --reason 'erased before'\n", again->waiting[i]->type,
                  again->waiting[i]->record);
}

static void report_erased(const struct restore *r) {
    struct io *io = r->c->io;
    const struct erased_again *again = &r->settled.again;
    if (r->settled.erased)
        io_printf(io, "Not taken back, since whoever is erased stays so: %zu changes.\n",
                  r->settled.erased);
    if (r->others.sources == 0)
        io_puts(io, "No list of who was erased since was found: if there is one, restore with"
                    " --erasures FILE.\n");
    if (again->unmerged)
        io_printf(io,
                  "Merges that were taken back, since one of those merged was erased alone:"
                  " %llu.\n",
                  (unsigned long long)again->unmerged);
    if (again->erased)
        io_printf(io, "Erased again, since they were erased before: %llu.\n",
                  (unsigned long long)again->erased);
    report_waiting(io, again);
}

static void report(struct restore *r) {
    struct io *io = r->c->io;
    bool rehearsal = cmd_option(r->c, "rehearse") != NULL;
    io_progress(io, "");
    if (!r->made)
        tell_made(r, NULL);
    if (r->c->json) {
        report_json(r);
        return;
    }
    io_printf(io,
              rehearsal ? "The backup is whole: %llu record%s, made by Kith %s at %s. Nothing"
                          " was kept.\n"
                        : "Restored %llu record%s, backed up by Kith %s at %s, to '",
              (unsigned long long)r->what.records, r->what.records == 1 ? "" : "s", r->what.kith,
              r->made);
    if (!rehearsal) {
        io_text(io, str_of(r->folder));
        io_puts(io, "'.\n");
    }
    if (r->settled.at)
        io_printf(
            io,
            "Its records are those of %s: %zu change%s since then %s taken back. Settings, rules,"
            " passwords and timers are those of the backup.\n",
            r->settled.at, r->settled.taken_back, r->settled.taken_back == 1 ? "" : "s",
            r->settled.taken_back == 1 ? "was" : "were");
    if (rehearsal)
        return;
    if (r->aside) {
        io_puts(io, "What was there before is in '");
        io_text(io, str_of(r->aside));
        io_puts(io, "'.\n");
    }
    report_carried(r);
    report_erased(r);
    if (r->unread)
        io_puts(io, "Its settings do not fit this installation: 'kith check' there says where.\n");
}

/* What others know. The company that is there is somebody's while only looked at. */
static kith_status ask_others(struct restore *r, kith_error *e) {
    const char *named = cmd_option(r->c, "erasures");
    if (named)
        TRY(replaced_list(&r->others, named, e));
    TRY(replaced_company(r->c, r->folder, r->lock >= 0, &r->others, e));
    if (cmd_option(r->c, "at"))
        TRY(replaced_newest(r->c, &r->series, r->key, r->fresh, &r->others, e));
    return KITH_OK;
}

/* -- the unfinished ---------------------------------------------------------------------------- */

static int hold_folder(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    close(fd);
    return -1;
}

/* What restores to the same place left that were killed: whoever is at work holds his. */
static void remove_unfinished(const struct restore *r, const char *prefix) {
    DIR *d = opendir(r->parent);
    for (const struct dirent *entry; d && (entry = readdir(d));) {
        const char *path = arena_printf(&r->c->arena, "%s/%s", r->parent, entry->d_name);
        int held = path && str_starts(str_of(entry->d_name), prefix) ? hold_folder(path) : -1;
        if (held >= 0)
            folder_remove(path);
        if (held >= 0)
            close(held);
    }
    if (d)
        closedir(d);
}

static kith_status make_fresh(struct restore *r, kith_error *e) {
    const char *prefix = arena_printf(&r->c->arena, ".%s.restore-", strrchr(r->folder, '/') + 1);
    char *fresh =
        prefix ? arena_printf(&r->c->arena, "%s/%sXXXXXX", r->parent[1] ? r->parent : "", prefix)
               : NULL;
    if (!fresh)
        return err_nomem(e);
    remove_unfinished(r, prefix);
    if (!mkdtemp(fresh))
        return err_errno(e, "make a folder in", r->parent);
    r->fresh = fresh;
    r->hold = hold_folder(fresh);
    return r->hold >= 0 ? KITH_OK : err_errno(e, "hold the folder", fresh);
}

static kith_status settle(struct restore *r, kith_error *e) {
    struct settling how = {.backup = last_file(r),
                           .moment = cmd_option(r->c, "at"),
                           .partly = cmd_option(r->c, "partly") != NULL,
                           .erased = &r->others.erased,
                           .made = r->what.at};
    if (r->lock >= 0)
        how.replaced = arena_printf(&r->c->arena, "%s/kith.db", r->folder);
    return restored_settle(r->c, r->fresh, &how, &r->settled, e);
}

/* What is at fault is the backup, and not the place where it was unpacked, which is gone by then.
 */
static kith_status name_backup(const struct restore *r, kith_status st, kith_error *e) {
    size_t n = r->fresh ? strlen(r->fresh) : 0;
    const char *from = e->message, *at;
    struct buf b = {0};
    if (st != KITH_E_CORRUPT || n == 0 || !strstr(from, r->fresh))
        return st;
    for (; (at = strstr(from, r->fresh)); from = at + n + (at[n] == '/')) {
        buf_printf(&b, "%.*s%s%s", (int)(at - from), from, last_file(r), at[n] == '/' ? ":" : "");
    }
    buf_puts(&b, from);
    if (!b.failed)
        err_set(e, st, NULL, "%s", b.ptr);
    buf_free(&b);
    return st;
}

static kith_status unpack_and_place(struct restore *r, kith_error *e) {
    TRY(make_fresh(r, e));
    TRY(ask_others(r, e));
    TRY(unpack(r->c, r->c->io, &r->series, r->key, r->fresh, &r->what, e));
    TRY(check_company(r, e));
    TRY(check_anchor(r, e));
    TRY(replaced_leave_list(&r->others, last_file(r), r->fresh, cmd_option(r->c, "damaged") != NULL,
                            e));
    TRY(settle(r, e));
    TRY(examine(r, e));
    return cmd_option(r->c, "rehearse") ? KITH_OK : put_in_place(r, e);
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct restore r = {.c = c, .given = c->args[c->arg_count - 1], .lock = -1, .hold = -1};
    TRY(find_place(&r, r.given, e));
    kith_status st = check_place(&r, e);
    if (st == KITH_OK)
        st = unpack_key(c, &r.key, e);
    if (st == KITH_OK)
        st = series_find(c, c->io, c->args, c->arg_count - 1, cmd_option(c, "at"), &r.series, e);
    if (st == KITH_OK)
        st = name_backup(&r, unpack_and_place(&r, e), e);
    if (r.fresh)
        folder_remove(r.fresh);
    if (r.lock >= 0)
        close(r.lock);
    if (r.hold >= 0)
        close(r.hold);
    if (st == KITH_OK)
        report(&r);
    replaced_free(&r.others);
    return st;
}

const struct command command_restore = {
    .name = "restore",
    .args = "BACKUP ... DIR",
    .help = "a company's folder from a backup",
    .more =
        "  kith restore /backup/acme-monday.tar acme\n"
        "  kith restore /backup/acme-*.tar acme --rehearse\n\n"
        "Of several backups the newest is restored, with those that it is based on. It is\n"
        "compared with its digests and examined by the doctor before anything is put in place.\n"
        "BACKUP - is standard input.",
    .options = {{"key", "FILE", "of 'kith backup key': opens what is sealed"},
                {"at", "MOMENT", "as it was on a day, at a time, or right after a transaction"},
                {"partly", NULL, "with --at, though some changes cannot be taken back"},
                {"erasures", "FILE", "who was erased since: kith.db.erased; that of DIR by itself"},
                {"replace", NULL, "in the place of the company in DIR, which is kept aside"},
                {"rehearse", NULL, "only look whether the backup is whole, beside DIR"},
                {"damaged", NULL, "do not ask the doctor: restore what there is"}},
    .needs = NEEDS_NOTHING,
    .args_min = 2,
    .args_max = 100000,
    .run = run,
};
