/* SPDX-License-Identifier: Apache-2.0 */
/* kith/easy.h - small inline helpers for modules. No part of the binary contract: use them or not.
 */
#ifndef KITH_EASY_H
#define KITH_EASY_H

#include <kith/host.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Text that ends with a NUL; NULL is the empty text. Borrowed. */
static inline kith_str kith_str_of(const char *z) {
    kith_str s;
    s.ptr = z;
    s.len = z ? strlen(z) : 0;
    return s;
}

static inline int32_t kith_str_is(kith_str s, const char *z) {
    return s.len == strlen(z) && (s.len == 0 || memcmp(s.ptr, z, (size_t)s.len) == 0);
}

static inline kith_value kith_null(void) {
    kith_value v;
    memset(&v, 0, sizeof v);
    return v;
}

/* kind: KITH_INT, KITH_BOOL, KITH_DATE, KITH_TIME or KITH_DURATION. */
static inline kith_value kith_number(uint32_t kind, int64_t i) {
    kith_value v = kith_null();
    v.kind = kind;
    v.as.i = i;
    return v;
}

static inline kith_value kith_text(const char *z) {
    kith_value v = kith_null();
    v.kind = KITH_TEXT;
    v.as.s = kith_str_of(z);
    return v;
}

static inline kith_value kith_link(uint32_t type, kith_id id) {
    kith_value v = kith_null();
    v.kind = KITH_LINK;
    v.as.link.id = id;
    v.as.link.type = type;
    return v;
}

/* A number to ask for in create(), and where it goes. */
typedef struct kith_wanted {
    const char *name;
    uint32_t *number;
} kith_wanted;
#define KITH_WANTED(a) (a), (uint32_t)(sizeof(a) / sizeof((a)[0])) /* two arguments */

/* Asks for the number of a type and of some of its fields:
 *
 *     const kith_wanted fields[] = {{"name", &self->name}, {"email", &self->email}};
 *     st = kith_find_type(host, "contact", &self->contact, KITH_WANTED(fields), err);
 *
 * The error is that of the first that is not there or not granted. [create] */
static inline kith_status kith_find_type(const kith_host *host, const char *type, uint32_t *number,
                                         const kith_wanted *fields, uint32_t count,
                                         kith_error *err) {
    const kith_records_v1 *rec = (const kith_records_v1 *)host->table(host, KITH_RECORDS_1);
    kith_status st = rec->type(host, kith_str_of(type), number, err);
    uint32_t i;
    for (i = 0; st == KITH_OK && i < count; i++)
        st = rec->field(host, *number, kith_str_of(fields[i].name), fields[i].number, err);
    return st;
}

/* Fills in err and returns code: return kith_fail(err, KITH_E_REFUSED, "amount", "...", ...).
 * field may be NULL. */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
static inline kith_status
kith_fail(kith_error *err, kith_status code, const char *field, const char *format, ...) {
    if (err) {
        va_list args;
        va_start(args, format);
        err->code = code;
        (void)snprintf(err->field, sizeof err->field, "%s", field ? field : "");
        (void)vsnprintf(err->message, sizeof err->message, format, args);
        va_end(args);
    }
    return code;
}

#ifdef __cplusplus
}
#endif
#endif
