/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: the one idiom. A function that can fail returns kith_status and takes a kith_error *
 * (which may be NULL); the message is one sentence for a user. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <kith/types.h>

#define KITH_ERROR_INIT                                                                            \
    { .struct_size = sizeof(kith_error) }

/* Fills in e and returns code. field may be NULL. A text that is too long is cut between
 * characters; control characters become spaces, so a message is always one line. Arguments may
 * point into e. */
kith_status err_set(kith_error *e, kith_status code, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Puts text in front of the message that is there: "rules/score.lua:3: " (with its separator).
 * Returns e's code; without e, KITH_E_INTERNAL, so a caller that may have none returns its own
 * status. */
kith_status err_prefix(kith_error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The field or argument that is at fault, of an error that is set. Its code. */
kith_status err_blame(kith_error *e, const char *field);
kith_status err_nomem(kith_error *e);
void err_clear(kith_error *e);
void err_copy(kith_error *to, const kith_error *from); /* keeps to->struct_size in mind */
/* From errno, for files: "cannot open 'x': No such file or directory". Picks NOTFOUND, DENIED,
 * FULL, NOMEM or IO. what is "open", "read", ... */
kith_status err_errno(kith_error *e, const char *what, const char *path);
/* A short lower-case name of a status: "invalid", "not found", ... Never NULL. */
const char *status_name(kith_status code);
/* For the log, where no value of a field has any business: where it failed and how, without the
 * sentence: "rules/bad.lua:2, invalid", or "refused". Returns out. */
#define ERR_PLACE 160
const char *err_place(const kith_error *e, char out[ERR_PLACE]);
/* The exit code of the program for a status: 0 ok, 1 refused or failed, 2 usage or bad input,
 * 3 not found, 4 denied, 5 I/O, full or corrupt, 6 busy. */
int status_exit(kith_status code);

/* if (expr fails) return its status */
#define TRY(expr)                                                                                  \
    do {                                                                                           \
        kith_status try_st_ = (expr);                                                              \
        if (try_st_ != KITH_OK)                                                                    \
            return try_st_;                                                                        \
    } while (0)

#endif
