/* SPDX-License-Identifier: Apache-2.0 */
/* kith/easy.h - small inline helpers for modules. No part of the binary contract: use them or not.
 */
#ifndef KITH_EASY_H
#define KITH_EASY_H

#include <kith/host.h>
#include <stdarg.h>
#include <stddef.h>
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

#define KITH_ID_CHARS 13
/* An id as it stands everywhere outside, with a NUL behind it. */
static inline void kith_id_text(kith_id id, char out[KITH_ID_CHARS + 1]) {
    int i;
    for (i = KITH_ID_CHARS - 1; i >= 0; i--, id >>= 5)
        out[i] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[id & 31u];
    out[KITH_ID_CHARS] = '\0';
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

/* -- what an instance asks for once ------------------------------------------------------------ */

#define KITH_W_TABLE     1u /* a table of the host, by its name [const void * of the table] */
#define KITH_W_TYPE      2u /* the number of a type                             [uint32_t] */
#define KITH_W_FIELD     3u /* of a field of the type in a row above            [uint32_t] */
#define KITH_W_PREDICATE 4u /* of a condition over that type                    [uint32_t] */
#define KITH_W_QUERY     5u /*                                                  [uint32_t] */
#define KITH_W_TOPIC     6u /*                                                  [uint32_t] */
#define KITH_W_TIMER     7u /*                                                  [uint32_t] */
#define KITH_W_SETTING   8u /* the value of a setting                         [kith_value] */
#define KITH_W_DELIVERY  9u /*                                                  [uint32_t] */

/* Something to ask for in create(), and where in the instance the answer goes. */
typedef struct kith_want {
    uint32_t what; /* KITH_W_* */
    uint32_t at;   /* bytes from the beginning of the instance */
    const char *name;
} kith_want;
#define KITH_WANT(what, name, member)                                                              \
    { KITH_W_##what, (uint32_t)offsetof(struct kith_instance, member), name }

/* One row. *type is the type that a field or a condition is of, and changes with KITH_W_TYPE. */
static inline kith_status kith_ask(const kith_host *host, kith_instance *self,
                                   const kith_want *want, uint32_t *type, kith_error *err) {
    const kith_records_v1 *rec = (const kith_records_v1 *)host->table(host, KITH_RECORDS_1);
    const kith_events_v1 *events = (const kith_events_v1 *)host->table(host, KITH_EVENTS_1);
    const kith_timers_v1 *timers = (const kith_timers_v1 *)host->table(host, KITH_TIMERS_1);
    const kith_deliveries_v1 *deliveries =
        (const kith_deliveries_v1 *)host->table(host, KITH_DELIVERIES_1);
    const kith_settings_v1 *settings = (const kith_settings_v1 *)host->table(host, KITH_SETTINGS_1);
    const kith_str name = kith_str_of(want->name);
    char *at = (char *)self + want->at;
    uint32_t *number = (uint32_t *)(void *)at;
    const void *table;
    kith_status st;
    switch (want->what) {
    case KITH_W_TABLE:
        table = host->table(host, want->name);
        memcpy(at, &table, sizeof table);
        return table ? KITH_OK
                     : kith_fail(err, KITH_E_UNSUPPORTED, NULL,
                                 "this Kith has no '%s'; use a newer one", want->name);
    case KITH_W_TYPE:
        st = rec->type(host, name, number, err);
        *type = *number;
        return st;
    case KITH_W_FIELD:
        return rec->field(host, *type, name, number, err);
    case KITH_W_PREDICATE:
        return rec->predicate(host, *type, name, number, err);
    case KITH_W_QUERY:
        return rec->query(host, name, number, err);
    case KITH_W_TOPIC:
        return events->topic(host, name, number, err);
    case KITH_W_TIMER:
        return timers->timer(host, name, number, err);
    case KITH_W_DELIVERY:
        return deliveries ? deliveries->delivery(host, name, number, err)
                          : kith_fail(err, KITH_E_UNSUPPORTED, NULL,
                                      "this Kith has no '%s'; use a newer one", KITH_DELIVERIES_1);
    case KITH_W_SETTING:
        return settings->get(host, name, (kith_value *)(void *)at, err);
    default:
        return kith_fail(err, KITH_E_INVAL, NULL, "'%s' is wanted as %u, which is no KITH_W_*",
                         want->name, want->what);
    }
}

/* Asks for all of them in their order; the error is that of the first that is not there or not
 * granted. The tables must be those of min_host_minor: their functions are not looked at.
 *
 *     static const kith_want wants[] = {
 *         KITH_WANT(TABLE, KITH_RECORDS_1, records),
 *         KITH_WANT(TYPE, "contact", contact.type),
 *         KITH_WANT(FIELD, "email", contact.email),
 *         KITH_WANT(QUERY, "contact where email = :email", by_email),
 *     };
 *     st = kith_resolve(host, self, wants, sizeof wants / sizeof *wants, err);
 *
 * [create] */
static inline kith_status kith_resolve(const kith_host *host, kith_instance *self,
                                       const kith_want *wants, size_t count, kith_error *err) {
    kith_status st = KITH_OK;
    uint32_t type = 0;
    size_t i;
    for (i = 0; st == KITH_OK && i < count; i++)
        st = kith_ask(host, self, &wants[i], &type, err);
    return st;
}

#ifdef __cplusplus
}
#endif
#endif
