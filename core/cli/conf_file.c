/* SPDX-License-Identifier: Apache-2.0 */
/* Conf file: see conf_file.h. */
#include "cli/conf_file.h"
#include "base/file.h"
#include "cli/folder.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

void conf_quoted(struct buf *b, bool first, const char *text) {
    buf_puts(b, first ? "\"" : ", \"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_putc(b, '\\');
        buf_putc(b, *text);
    }
    buf_putc(b, '"');
}

kith_status conf_replace(const char *dir, const char *name, const struct buf *text, kith_error *e) {
    char *folder = company_path(dir, "conf.d"), *path = company_path(dir, name);
    kith_status st = !folder || !path || text->failed ? err_nomem(e) : KITH_OK;
    if (st == KITH_OK) {
        mkdir(folder, 0777); /* usually there; if it cannot be made, the file says so */
        st = file_replace(path, buf_view(text), 0666, e);
    }
    free(folder);
    free(path);
    return st;
}

kith_status conf_lock(const char *dir, int *fd, kith_error *e) {
    *fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int tries = 0; *fd >= 0 && flock(*fd, LOCK_EX | LOCK_NB) != 0; tries++) {
        if (errno != EWOULDBLOCK)
            return KITH_OK;
        if (tries == 100)
            return err_set(e, KITH_E_BUSY, NULL, "another command is changing the settings of '%s'",
                           dir);
        clock_sleep(50);
    }
    return KITH_OK;
}
