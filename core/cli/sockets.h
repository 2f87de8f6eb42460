/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets that listen for modules, kept by the process: whoever connects while the company is
 * opened anew waits, and is not refused; and those that systemd handed over (sd_listen_fds(3)). */
#ifndef CLI_SOCKETS_H
#define CLI_SOCKETS_H

#include "base/err.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct kept_socket;
struct sockets {
    pthread_mutex_t lock;
    struct kept_socket *first; /* guarded by lock */
};

/* Takes over those of systemd, as "systemd:NAME". Before there are other threads. */
void sockets_open(struct sockets *s);
/* A duplicate of the i-th of that name, the caller's; -1: there is none. Any thread, as below. */
int sockets_get(struct sockets *s, const char *name, uint32_t i);
/* Keeps a duplicate. */
kith_status sockets_keep(struct sockets *s, const char *name, int fd, kith_error *e);
/* Between the two those that are still wanted are asked for, or kept; the others are closed. */
void sockets_begin(struct sockets *s);
void sockets_end(struct sockets *s);
/* Nobody is let in by them any more. systemd goes on to listen by its own. May be called twice. */
void sockets_close(struct sockets *s);

#endif
