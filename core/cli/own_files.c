/* SPDX-License-Identifier: Apache-2.0 */
/* Own files: see own_files.h. They are known by their names in a company's folder, also when they
 * are not there: a write-ahead log that somebody put there would be read. */
#include "cli/own_files.h"
#include "cli/backup.h"
#include "cli/company.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "kith.db", "kith.db-wal", "kith.conf.part"; of folders all that is in them. */
static bool is_own(const char *inside) {
    static const char *const names[] = {"kith.conf", "kith.db", "kith.sock", "kith.crashes",
                                        "conf.d",    "rules",   "workflows", ".copy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t len = strlen(names[i]);
        if (strncmp(inside, names[i], len) == 0 && memchr("/.-", inside[len], sizeof "/.-"))
            return true;
    }
    return false;
}

static kith_status check_whole(const char *path, kith_error *e) {
    for (size_t at = strlen(path); at > 0;) {
        while (at > 0 && path[--at] != '/')
            ;
        char *folder = strndup(path, at);
        if (!folder)
            return err_nomem(e);
        bool own = is_own(path + at + 1) &&
                   (company_has(folder, "kith.conf") || company_has(folder, "kith.db"));
        if (own)
            err_set(e, KITH_E_REFUSED, NULL,
                    "'%s' is one of the files that the company '%s' is made of: name another file",
                    path + at + 1, folder);
        free(folder);
        if (own)
            return KITH_E_REFUSED;
    }
    return KITH_OK;
}

/* The path of a file that need not be there; NULL: its folder is not. */
static char *from_the_root(const char *path) {
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    char *real = folder ? realpath(folder, NULL) : NULL, *whole;
    if (!real || asprintf(&whole, "%s/%s", real, slash ? slash + 1 : path) < 0)
        whole = NULL;
    free(folder);
    free(real);
    return whole;
}

/* A link is looked at as such, since a file may come in its place, and so is what it leads to. */
kith_status own_file_check(const char *path, kith_error *e) {
    char *paths[] = {from_the_root(path), realpath(path, NULL)};
    kith_status st = KITH_OK;
    for (size_t i = 0; i < 2; i++) {
        if (paths[i] && st == KITH_OK)
            st = check_whole(paths[i], e);
        free(paths[i]);
    }
    return st;
}

kith_status own_file_check_content(const char *path, kith_error *e) {
    static const struct {
        const char *begins, *what;
    } kinds[] = {{"SQLite format 3", "a database"},
                 {BACKUP_MANIFEST, "a backup"},
                 {SEAL_KEY_FILE, "a key for backups"}};
    char head[64] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd >= 0 ? read(fd, head, sizeof head - 1) : 0;
    if (fd >= 0)
        close(fd);
    for (size_t i = 0; n > 0 && i < sizeof kinds / sizeof *kinds; i++)
        if (str_starts((kith_str){head, (uint64_t)n}, kinds[i].begins))
            return err_set(e, KITH_E_REFUSED, NULL,
                           "'%s' is %s, which nothing is written over: name another file", path,
                           kinds[i].what);
    return KITH_OK;
}
