/* SPDX-License-Identifier: Apache-2.0 */
/* Strings: helpers on kith_str, and a growing buffer. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <kith/types.h>
#include <stdarg.h>
#include <stdbool.h>

#define STR(literal) ((kith_str){(literal), sizeof(literal) - 1})

kith_str str_of(const char *z); /* NULL gives the empty string */
bool str_eq(kith_str a, kith_str b);
bool str_eqz(kith_str a, const char *z);
bool str_ieqz(kith_str a, const char *z); /* ASCII case ignored */
int str_cmp(kith_str a, kith_str b);      /* by bytes, as memcmp */
bool str_starts(kith_str s, const char *prefix);
kith_str str_trim(kith_str s); /* ASCII white space off both ends */
/* Takes the part up to the next sep off the front of *rest, trimmed; false when nothing is left. */
bool str_split(kith_str *rest, char sep, kith_str *part);

/* A growing buffer. Zeroed is empty. After a failed allocation `failed` is set, the content stays
 * as it was and further calls do nothing: check once, at the end. */
struct buf {
    char *ptr; /* NUL-ended when not NULL */
    size_t len, cap;
    bool failed;
};
void buf_add(struct buf *b, const char *s, size_t len);
void buf_str(struct buf *b, kith_str s);
void buf_puts(struct buf *b, const char *z);
void buf_putc(struct buf *b, char c);
void buf_html(struct buf *b, kith_str text); /* with < > & " ' made harmless */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap);
bool buf_reserve(struct buf *b, size_t extra); /* room for extra bytes more */
void buf_reset(struct buf *b);                 /* empty, memory kept */
void buf_free(struct buf *b);
kith_str buf_view(const struct buf *b);

/* The name among `count` (each found by calling name(arg, i)) that is nearest to `wanted` and near
 * enough to be meant; NULL when none is. For "did you mean". */
const char *str_nearest(kith_str wanted, const char *(*name)(const void *arg, size_t i),
                        const void *arg, size_t count);
/* Three arguments for "%s%s%s": "; did you mean 'near'?", or nothing when `near` is NULL. */
#define STR_MEANT(near) (near) ? "; did you mean '" : "", (near) ? (near) : "", (near) ? "'?" : ""

#endif
