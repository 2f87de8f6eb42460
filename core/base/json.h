/* SPDX-License-Identifier: Apache-2.0 */
/* JSON out: a writer into a buffer; the one way to build JSON. JSON in: jansson, with the limits
 * set here (depth, no duplicate keys, position of the error). A name that ends in _ would otherwise
 * be one of jansson's. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/str.h"
#include <jansson.h>

#define JSON_DEPTH 64 /* levels of objects and arrays, out and in */
/* Going deeper, or closing what is not open, sets the buffer's `failed`. */
struct json_out {
    struct buf *buf;
    int depth;
    bool first[JSON_DEPTH]; /* nothing written yet at this level */
    bool pretty;            /* two spaces of indentation; false: one line */
    bool after_key;
};
void json_begin(struct json_out *j, struct buf *buf, bool pretty);
void json_object_(struct json_out *j);    /* { */
void json_object_end(struct json_out *j); /* } */
void json_array_(struct json_out *j);     /* [ */
void json_array_end(struct json_out *j);  /* ] */
void json_key(struct json_out *j, const char *key);
void json_str(struct json_out *j, kith_str s); /* UTF-8; escapes what JSON and terminals need;
                                                  a byte that is not UTF-8 becomes U+FFFD */
void json_strz(struct json_out *j, const char *z);
void json_int(struct json_out *j, int64_t i);
void json_num(struct json_out *j, double r); /* shortest text that reads back the same; null
                                                  for infinities and NaN, which JSON lacks */
void json_bool_(struct json_out *j, bool b);
void json_nil(struct json_out *j);
void json_id(struct json_out *j, kith_id id);     /* as its text; null for 0 */
void json_raw(struct json_out *j, kith_str json); /* trusted JSON text */

/* Parses one JSON text; duplicate keys and trailing text are errors that name line and column.
 * More than JSON_DEPTH levels are KITH_E_LIMIT. The caller owns the result: json_decref. NUL inside
 * strings is allowed. */
kith_status json_read(kith_str text, json_t **out, kith_error *e);

#endif
