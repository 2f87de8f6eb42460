/* SPDX-License-Identifier: Apache-2.0 */
/* kith/types.h - the scalars of the contract: status, error, text, ids and values.
 *
 * C99, no dependency but <stddef.h> and <stdint.h>. Only fixed-width integers cross the border.
 * Ownership in one sentence: what the host hands you is yours until your callback returns; what
 * you hand the host, it copies. */
#ifndef KITH_TYPES_H
#define KITH_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* -- status ------------------------------------------------------------------------------------ */

/* 0 is success; a negative number is a class of error, and the details are in kith_error.
 * A positive number is never returned. */
typedef int32_t kith_status;

#define KITH_OK            0
#define KITH_E_INVAL       (-1)  /* an argument or a value is wrong: the message says which      */
#define KITH_E_NOMEM       (-2)  /* no memory                                                    */
#define KITH_E_NOTFOUND    (-3)  /* no such record, field, type, setting, file, ...              */
#define KITH_E_CONFLICT    (-4)  /* it exists already, or was changed by somebody else           */
#define KITH_E_DENIED      (-5)  /* the caller or the plugin has no right to do this             */
#define KITH_E_REFUSED     (-6)  /* a hook refuses the change; the message is meant for the user */
#define KITH_E_RETRY       (-7)  /* from a reaction: try this event again later                  */
#define KITH_E_UNSUPPORTED (-8)  /* this host or this build cannot do it                         */
#define KITH_E_THREAD      (-9)  /* called on a thread that the function's tag forbids           */
#define KITH_E_IO          (-10) /* the disk or a socket failed; nothing was kept                */
#define KITH_E_FULL        (-11) /* the disk is full; nothing was kept                           */
#define KITH_E_BUSY        (-12) /* a queue or the database is busy: try again in a moment       */
#define KITH_E_CORRUPT     (-13) /* a file is damaged or is not what it should be                */
#define KITH_E_LIMIT       (-14) /* a limit was reached: time, memory, depth, size               */
#define KITH_E_INTERNAL    (-15) /* a defect of Kith                                             */

/* The caller allocates it and sets struct_size; the callee fills in the rest. Nothing to free. */
typedef struct kith_error {
    uint32_t struct_size; /* sizeof(kith_error) as the caller knows it                           */
    kith_status code;     /* the status that was returned                                        */
    char field[56];       /* the field, argument or setting at fault, or ""                      */
    char message[448];    /* one sentence for a user: what, where, and the remedy; NUL-ended     */
} kith_error;

/* -- text, ids, arrays ------------------------------------------------------------------------- */

/* Borrowed UTF-8; may contain NUL bytes; not NUL-terminated. ptr may be NULL when len is 0. */
typedef struct kith_str {
    const char *ptr;
    uint64_t len; /* bytes */
} kith_str;

/* A record's id: 41 bits of milliseconds since 2020-01-01 UTC, 8 bits of node, 14 bits of
 * sequence. 0 is no record. Outside the process it is always 13 characters of Crockford base32. */
typedef uint64_t kith_id;

/* A const array of structs. The stride lets either side know a longer or shorter struct. */
typedef struct kith_array {
    const void *items;
    uint32_t stride; /* bytes from one item to the next */
    uint32_t count;
} kith_array;

#define KITH_ARRAY(a)                                                                              \
    { (a), (uint32_t)sizeof((a)[0]), (uint32_t)(sizeof(a) / sizeof((a)[0])) }
#define KITH_NO_ARRAY                                                                              \
    { NULL, 0u, 0u }

/* -- values ------------------------------------------------------------------------------------ */

#define KITH_NULL     0u
#define KITH_BOOL     1u  /* as.i: 0 or 1                                                         */
#define KITH_INT      2u  /* as.i: -(2^53-1) .. 2^53-1                                            */
#define KITH_REAL     3u  /* as.r: for measures and results, never for money; never stored        */
#define KITH_TEXT     4u  /* as.s: NFC UTF-8                                                      */
#define KITH_DATE     5u  /* as.i: days since 1970-01-01                                          */
#define KITH_TIME     6u  /* as.i: milliseconds since 1970-01-01 UTC                              */
#define KITH_DURATION 7u  /* as.i: milliseconds  */
#define KITH_DECIMAL  8u  /* as.decimal: units * 10^-scale                                        */
#define KITH_MONEY    9u  /* as.money: minor units of an ISO 4217 currency                        */
#define KITH_LINK     10u /* as.link: a record's id and its type                                  */
#define KITH_PLACE    11u /* as.place: degrees, WGS 84                                            */
#define KITH_LIST     12u /* as.list: of values                                                   */

/* 24 bytes for ever. A kind that one side does not know is refused, never guessed. */
typedef struct kith_value {
    uint32_t kind;
    uint32_t flags; /* of a setting that is a condition: its number; else 0, and ignored */
    union {
        int64_t i;
        double r;
        kith_str s;
        struct {
            int64_t units;
            int32_t scale; /* 0 .. 9 */
            uint32_t reserved;
        } decimal;
        struct {
            int64_t minor;    /* cents, yen, fils, ... */
            char currency[4]; /* "EUR" and a NUL       */
            uint32_t reserved;
        } money;
        struct {
            kith_id id;
            uint32_t type; /* catalogue number of the record's type */
            uint32_t reserved;
        } link;
        struct {
            double lat, lon;
        } place;
        struct {
            const struct kith_value *items;
            uint64_t count;
        } list;
    } as;
} kith_value;

#ifdef __cplusplus
}
#endif
#endif
