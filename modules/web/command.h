/* SPDX-License-Identifier: Apache-2.0 */
/* A command of kith on its way: its words, what it reads, and what it says. */
#ifndef COMMAND_H
#define COMMAND_H

#include "pack.h"
#include "web.h"

#include <jansson.h>

#define WORDS_MAX    400 /* of a command */
#define PACKED_BYTES 16384

struct command {
    struct request *r;
    struct text texts[WORDS_MAX]; /* those that are put together here */
    kith_str words[WORDS_MAX];
    uint32_t count;
    struct text out, err;
    size_t most;                     /* bytes that it may answer */
    bool too_large;                  /* what it would answer */
    bool file;                       /* it is one, and is answered */
    bool many;                       /* its lines are those of a list */
    void (*tell)(struct command *c); /* another answer than its output; or NULL */
    bool reads;                      /* the request's body is its input: */
    size_t taken;                    /* so much of it */
    kith_error error;                /* what is wrong with the request */
    struct pack *pack;               /* of a streamed answer; NULL: it is not packed */
    struct unpack *unpack;           /* of a body; NULL: it is not packed */
    char packed[PACKED_BYTES];       /* what the body is unpacked from */
    uint64_t unpacked;               /* bytes so far */
};

/* A command of that name, without options. NULL: no memory, which is answered. */
struct command *command_new(struct request *r, const char *name);
/* The route's name of the command and its options. NULL: no memory, which is answered. */
struct command *command_begin(struct request *r);
/* One more word: options before command_arguments, which adds those of the route behind "--". */
struct text *command_word(struct command *c);
void command_arguments(struct command *c);
/* false: its body comes in a coding that is not known, which is answered. */
bool command_unpacks(struct command *c);
/* Has it carried out, and answers. */
void command_carry_out(struct command *c);
void command_free(struct command *c);
/* An action answers with a file, which becomes the answer (files.c). */
kith_status command_file(void *arg, kith_str name, kith_str media_type, kith_str bytes,
                         kith_error *err);

#endif
