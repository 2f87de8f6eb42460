/* SPDX-License-Identifier: Apache-2.0 */
/* The socket file: made, found and trusted. */
#include "cli/wire.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCK_NAME "kith.sock"
#define LOCK_NAME "kith.db.lock"

/* The address of the socket file seen from an open folder. */
static struct sockaddr_un address(int dir_fd) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/" SOCK_NAME, dir_fd);
    return a;
}

static kith_status open_both(const char *dir, int *dir_fd, int *fd, kith_error *e) {
    *dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*dir_fd < 0)
        return err_errno(e, "open", dir);
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd >= 0)
        return KITH_OK;
    close(*dir_fd);
    return err_errno(e, "open a socket for", dir);
}

kith_status sock_listen(const char *dir, int *fd, kith_error *e) {
    int dir_fd;
    TRY(open_both(dir, &dir_fd, fd, e));
    struct sockaddr_un a = address(dir_fd);
    unlinkat(dir_fd, SOCK_NAME, 0); /* we hold the company's lock, so whoever made it is gone */
    kith_status st = KITH_OK;
    if (bind(*fd, (struct sockaddr *)&a, sizeof a) != 0 || chmod(a.sun_path, 0600) != 0 ||
        listen(*fd, 64) != 0)
        st = err_errno(e, "make the socket " SOCK_NAME " in", dir);
    close(dir_fd);
    if (st != KITH_OK)
        close(*fd);
    return st;
}

bool sock_peer_trusted(int fd, uint32_t also_uid) {
    struct ucred peer;
    socklen_t len = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        return false;
    return peer.uid == 0 || peer.uid == geteuid() || peer.uid == also_uid;
}

static kith_status check_server(int fd, int dir_fd, const char *dir, kith_error *e) {
    struct stat folder = {.st_uid = geteuid()};
    fstat(dir_fd, &folder);
    if (sock_peer_trusted(fd, geteuid() == 0 ? folder.st_uid : geteuid()))
        return KITH_OK;
    return err_set(e, KITH_E_DENIED, NULL,
                   "the socket in '%s' belongs to another user; run kith as that user or as root",
                   dir);
}

/* A socket that may not be used says nothing of whether somebody listens: a server that was killed
 * leaves its own. The company's lock does, and is let go of at once. */
static kith_status check_refused(int dir_fd, const char *dir, kith_error *e) {
    int lock = openat(dir_fd, LOCK_NAME, O_RDWR | O_CLOEXEC);
    if (lock < 0)
        return errno == ENOENT ? KITH_OK
                               : err_set(e, KITH_E_DENIED, NULL,
                                         "'%s/" SOCK_NAME "' and " LOCK_NAME
                                         " belong to another user; run kith as that user or as"
                                         " root",
                                         dir);
    bool unserved = flock(lock, LOCK_SH | LOCK_NB) == 0;
    close(lock);
    return unserved
               ? KITH_OK
               : err_set(e, KITH_E_DENIED, NULL,
                         "the company '%s' is served by another user; run kith as that user or as"
                         " root",
                         dir);
}

kith_status sock_connect(const char *dir, int *fd, kith_error *e) {
    int dir_fd;
    TRY(open_both(dir, &dir_fd, fd, e));
    struct sockaddr_un a = address(dir_fd);
    kith_status st = KITH_OK;
    if (connect(*fd, (struct sockaddr *)&a, sizeof a) == 0) {
        st = check_server(*fd, dir_fd, dir, e);
        if (st != KITH_OK)
            close(*fd);
    } else {
        if (errno == EACCES || errno == EPERM)
            st = check_refused(dir_fd, dir, e);
        else if (errno == EAGAIN)
            st = err_set(e, KITH_E_BUSY, NULL, "the server of '%s' is too busy: try again", dir);
        close(*fd);
        *fd = -1;
    }
    close(dir_fd);
    return st;
}

void sock_remove(const char *dir) {
    int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd >= 0) {
        unlinkat(dir_fd, SOCK_NAME, 0);
        close(dir_fd);
    }
}
