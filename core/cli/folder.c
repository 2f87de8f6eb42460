/* SPDX-License-Identifier: Apache-2.0 */
/* Folder: with all that is in it. */
#include "cli/folder.h"
#include <fcntl.h>
#include <fts.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool each_inside(const char *path, bool (*fn)(const FTSENT *f, const void *arg),
                        const void *arg) {
    char *roots[] = {(char *)(uintptr_t)path, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    bool good = tree != NULL;
    for (FTSENT *f; good && (f = fts_read(tree));)
        good = fn(f, arg);
    if (tree)
        fts_close(tree);
    return good;
}

static bool is_root(const FTSENT *f, const void *arg) {
    (void)arg;
    return f->fts_level <= 0;
}

bool folder_is_empty(const char *path) {
    return each_inside(path, is_root, NULL);
}

static bool remove_entry(const FTSENT *f, const void *arg) {
    (void)arg;
    if (f->fts_info != FTS_D)
        remove(f->fts_accpath);
    return true;
}

void folder_remove(const char *path) {
    each_inside(path, remove_entry, NULL);
}

void folder_sync(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

static bool sync_entry(const FTSENT *f, const void *arg) {
    (void)arg;
    if (f->fts_info == FTS_DP)
        folder_sync(f->fts_accpath);
    return true;
}

void folder_sync_tree(const char *path) {
    each_inside(path, sync_entry, NULL);
}

static bool give_entry(const FTSENT *f, const void *arg) {
    const struct stat *to = arg;
    return f->fts_info == FTS_D || lchown(f->fts_accpath, to->st_uid, to->st_gid) == 0;
}

bool folder_give(const char *path, uid_t user, gid_t group) {
    struct stat to = {.st_uid = user, .st_gid = group};
    return each_inside(path, give_entry, &to);
}
