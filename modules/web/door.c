/* SPDX-License-Identifier: Apache-2.0 */
/* The door: people come in one at a time, since a look at a password takes a tenth of a second. One
 * address has only some of the places in front of it, so that it keeps out nobody else. */
#include "web.h"

#include <arpa/inet.h>

#define OF_ADDRESS 8 /* places */

void door_open(struct door *d) {
    pthread_mutex_init(&d->lock, NULL);
    memset(d->places, 0, sizeof d->places);
}

void door_close(struct door *d) {
    pthread_mutex_destroy(&d->lock);
}

/* Of an address of IPv6 the network counts: whoever has one of its addresses has all of them. */
static void name_of(const struct request *r, char out[FROM_TEXT]) {
    unsigned char raw[16];
    request_from(r, out);
    if (inet_pton(AF_INET6, out, raw) != 1)
        return;
    memset(raw + 8, 0, 8);
    (void)inet_ntop(AF_INET6, raw, out, FROM_TEXT);
}

bool door_enter(struct door *d, struct request *r) {
    char name[FROM_TEXT];
    size_t same = 0, free = DOOR_PLACES;
    name_of(r, name);
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < DOOR_PLACES; i++) {
        if (!d->places[i].taken)
            free = i;
        else if (strcmp(d->places[i].name, name) == 0)
            same++;
    }
    bool room = free < DOOR_PLACES && same < OF_ADDRESS;
    if (room) {
        d->places[free].taken = true;
        memcpy(d->places[free].name, name, sizeof name);
        r->at_door = free + 1;
    }
    pthread_mutex_unlock(&d->lock);
    return room;
}

void door_leave(struct door *d, struct request *r) {
    if (!r->at_door)
        return;
    pthread_mutex_lock(&d->lock);
    d->places[r->at_door - 1].taken = false;
    pthread_mutex_unlock(&d->lock);
    r->at_door = 0;
}
