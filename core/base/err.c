/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: fills in kith_error and names statuses. Never writes past the struct_size that the caller
 * gave, since the caller may have been built with an older struct. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int exit_code;
} statuses[] = {
    [-KITH_OK] = {"ok", 0},
    [-KITH_E_INVAL] = {"invalid", 2},
    [-KITH_E_NOMEM] = {"out of memory", 1},
    [-KITH_E_NOTFOUND] = {"not found", 3},
    [-KITH_E_CONFLICT] = {"conflict", 1},
    [-KITH_E_DENIED] = {"denied", 4},
    [-KITH_E_REFUSED] = {"refused", 1},
    [-KITH_E_RETRY] = {"retry", 1},
    [-KITH_E_UNSUPPORTED] = {"unsupported", 1},
    [-KITH_E_THREAD] = {"wrong thread", 1},
    [-KITH_E_IO] = {"input or output failed", 5},
    [-KITH_E_FULL] = {"disk full", 5},
    [-KITH_E_BUSY] = {"busy", 6},
    [-KITH_E_CORRUPT] = {"corrupt", 5},
    [-KITH_E_LIMIT] = {"limit reached", 1},
    [-KITH_E_INTERNAL] = {"internal error", 1},
};

static bool known(kith_status code) {
    return code <= 0 && code >= KITH_E_INTERNAL;
}

const char *status_name(kith_status code) {
    return known(code) ? statuses[-code].name : "unknown error";
}

int status_exit(kith_status code) {
    return known(code) ? statuses[-code].exit_code : 1;
}

/* Bytes of a member that lie within the struct as the caller knows it. */
static size_t room(const kith_error *e, size_t offset, size_t size) {
    if (e->struct_size <= offset)
        return 0;
    size_t left = e->struct_size - offset;
    return left < size ? left : size;
}
#define ROOM(e, member) room((e), offsetof(kith_error, member), sizeof(e)->member)

/* Copies as much of text as fits and cuts between characters. One line: messages reach terminals,
 * so control characters become spaces. */
static void put(char *to, size_t cap, const char *text) {
    if (!cap)
        return;
    size_t len = strlen(text);
    if (len >= cap) {
        len = cap - 1;
        while (len && ((unsigned char)text[len] & 0xC0) == 0x80)
            len--;
    }
    for (size_t i = 0; i < len; i++)
        to[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7F ? ' ' : text[i];
    to[len] = '\0';
}

static void fill(kith_error *e, kith_status code, const char *field, const char *message) {
    if (ROOM(e, code) == sizeof e->code)
        e->code = code;
    put(e->field, ROOM(e, field), field ? field : "");
    put(e->message, ROOM(e, message), message);
}

kith_status err_set(kith_error *e, kith_status code, const char *field, const char *fmt, ...) {
    if (!e)
        return code;
    /* Aside first: the arguments may point into e. One byte more, so that a cut is seen as one. */
    char text[sizeof e->message + 1], name[sizeof e->field + 1];
    va_list ap;
    va_start(ap, fmt);
    if (vsnprintf(text, sizeof text, fmt, ap) < 0)
        text[0] = '\0';
    va_end(ap);
    put(name, sizeof name, field ? field : "");
    fill(e, code, name, text);
    return code;
}

kith_status err_prefix(kith_error *e, const char *fmt, ...) {
    if (!e || ROOM(e, code) < sizeof e->code)
        return KITH_E_INTERNAL;
    size_t cap = ROOM(e, message);
    char text[sizeof e->message + 1];
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (cap && len >= 0 && (size_t)len < sizeof text) {
        size_t used = (size_t)len, tail = strnlen(e->message, cap - 1);
        if (tail > sizeof text - 1 - used)
            tail = sizeof text - 1 - used;
        memcpy(text + used, e->message, tail);
        text[used + tail] = '\0';
    }
    put(e->message, cap, text);
    return e->code;
}

kith_status err_blame(kith_error *e, const char *field) {
    if (!e || ROOM(e, code) < sizeof e->code)
        return KITH_E_INTERNAL;
    put(e->field, ROOM(e, field), field);
    return e->code;
}

kith_status err_nomem(kith_error *e) {
    return err_set(e, KITH_E_NOMEM, NULL, "there is not enough memory");
}

void err_clear(kith_error *e) {
    if (e)
        fill(e, KITH_OK, NULL, "");
}

void err_copy(kith_error *to, const kith_error *from) {
    if (!to || !from || to == from)
        return;
    kith_error known_part = KITH_ERROR_INIT;
    memcpy(&known_part, from, room(from, 0, sizeof *from));
    known_part.field[sizeof known_part.field - 1] = '\0'; /* a plugin may have forgotten */
    known_part.message[sizeof known_part.message - 1] = '\0';
    fill(to, known_part.code, known_part.field, known_part.message);
}

const char *err_place(const kith_error *e, char out[ERR_PLACE]) {
    static const char rule[] = ".lua:";
    const char *at = strstr(e->message, rule);
    size_t len = at ? (size_t)(at - e->message) + sizeof rule - 1 : 0;
    size_t digits = at ? strspn(e->message + len, "0123456789") : 0;
    bool known = digits && len + digits < ERR_PLACE / 2 && !memchr(e->message, ' ', len);
    snprintf(out, ERR_PLACE, "%.*s%s%s", known ? (int)(len + digits) : 0, e->message,
             known ? ", " : "", status_name(e->code));
    return out;
}

static kith_status status_of_errno(int number) {
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return KITH_E_NOTFOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return KITH_E_DENIED;
    case ENOSPC:
    case EDQUOT:
        return KITH_E_FULL;
    case ENOMEM:
        return KITH_E_NOMEM;
    default:
        return KITH_E_IO;
    }
}

kith_status err_errno(kith_error *e, const char *what, const char *path) {
    int number = errno;
    char text[128];
    return err_set(e, status_of_errno(number), NULL, "cannot %s '%s': %s", what, path,
                   strerror_r(number, text, sizeof text));
}
