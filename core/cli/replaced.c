/* SPDX-License-Identifier: Apache-2.0 */
/* Replaced: databases are read as they are, without an engine, which would bring an older one up to
 * date and ask for the company's settings. */
#include "cli/replaced.h"
#include "cli/folder.h"
#include "cli/show.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void replaced_free(struct replaced *r) {
    erased_free(&r->erased);
}

/* -- one database ------------------------------------------------------------------------------ */

static kith_status read_origin(struct conn *conn, char origin[BACKUP_ORIGIN], kith_error *e) {
    unsigned char key[BLOCK_KEY];
    kith_error why = KITH_ERROR_INIT;
    kith_status st = block_key_read(conn, key, &why);
    if (st == KITH_OK)
        backup_origin(key, origin);
    sodium_memzero(key, sizeof key);
    if (st == KITH_OK || st == KITH_E_NOTFOUND) /* of a Kith without such keys */
        return KITH_OK;
    err_copy(e, &why);
    return st;
}

/* A log that a crash left stays as it is. origin: NULL, or of which company it is. */
static kith_status read_database(struct replaced *out, const char *path, char origin[BACKUP_ORIGIN],
                                 kith_error *e) {
    struct conn *conn;
    TRY(conn_look(&conn, path, e));
    kith_status st = origin ? read_origin(conn, origin, e) : KITH_OK;
    if (st == KITH_OK)
        st = erased_in(&out->erased, conn, e);
    conn_close(conn);
    return st;
}

/* -- the company in the folder ----------------------------------------------------------------- */

kith_status replaced_list(struct replaced *out, const char *path, kith_error *e) {
    out->sources++;
    return erased_read(&out->erased, path, e);
}

kith_status replaced_company(struct cmd *c, const char *folder, bool locked, struct replaced *out,
                             kith_error *e) {
    const char *list = arena_printf(&c->arena, "%s/kith.db.erased", folder);
    const char *db = arena_printf(&c->arena, "%s/kith.db", folder);
    kith_error why = KITH_ERROR_INIT;
    if (!list || !db)
        return err_nomem(e);
    if (access(list, F_OK) == 0)
        TRY(replaced_list(out, list, e));
    if (!locked || access(db, F_OK) != 0)
        return KITH_OK;
    if (read_database(out, db, out->origin, &why) == KITH_OK)
        out->sources++;
    else
        io_say(c->io,
               "the database that is replaced cannot be read, and who was erased in it is"
               " known by lists alone: %s",
               why.message);
    return KITH_OK;
}

/* -- backups ----------------------------------------------------------------------------------- */

static kith_status unpack_newest(struct cmd *c, const struct series *newest,
                                 const struct seal_key *key, const char *folder,
                                 struct replaced *out, kith_error *e) {
    struct unpacked what;
    const char *db = arena_printf(&c->arena, "%s/kith.db", folder);
    if (!db)
        return err_nomem(e);
    TRY(unpack(c, c->io, newest, key, folder, &what, e));
    return read_database(out, db, NULL, e);
}

kith_status replaced_newest(struct cmd *c, const struct series *restored,
                            const struct seal_key *key, const char *folder, struct replaced *out,
                            kith_error *e) {
    struct series newest;
    size_t given = c->arg_count - 1;
    char *room = arena_printf(&c->arena, "%s/.newest-XXXXXX", folder);
    if (!room)
        return err_nomem(e);
    TRY(series_find(c, c->io, c->args, given, NULL, &newest, e));
    const char *last = newest.files[newest.count - 1];
    if (strcmp(last, restored->files[restored->count - 1]) == 0)
        return KITH_OK;
    if (!mkdtemp(room))
        return err_errno(e, "make the folder", room);
    kith_status st = unpack_newest(c, &newest, key, room, out, e);
    folder_remove(room);
    out->sources++;
    return st == KITH_OK ? st : err_prefix(e, "'%s' tells who was erased until then: ", last);
}

kith_status replaced_leave_list(struct replaced *out, const char *backup, const char *folder,
                                bool damaged, kith_error *e) {
    char *db = company_path(folder, "kith.db");
    kith_error why = KITH_ERROR_INIT;
    if (!db)
        return err_nomem(e);
    kith_status st = read_database(out, db, NULL, &why);
    if (st != KITH_OK && !damaged)
        err_set(
            e, st, NULL,
            "the database in '%s' cannot be read (%s): take another backup, or --damaged restores"
            " what there is",
            backup, why.message);
    else
        st = out->erased.count > 0 ? erased_write(&out->erased, db, e) : KITH_OK;
    free(db);
    return st;
}
