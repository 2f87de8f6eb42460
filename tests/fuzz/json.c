/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: what json_read takes is what jansson alone takes, but for the depth; and what json_out
 * writes of it, in one line or in many, jansson reads as the same. */
#include "base/json.h"
#include "fuzz/fuzz.h"

static int depth_of(const json_t *v) {
    int most = 0, d;
    const char *key;
    json_t *member;
    size_t i;
    json_object_foreach((json_t *)v, key, member) most = (d = depth_of(member)) > most ? d : most;
    json_array_foreach(v, i, member) most = (d = depth_of(member)) > most ? d : most;
    return most + (json_is_object(v) || json_is_array(v));
}

/* A key with a NUL inside cannot be written: false. */
static bool put(struct json_out *j, const json_t *v) {
    const char *key;
    json_t *member;
    size_t i;
    bool ok = true;
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        json_object_(j);
        json_object_foreach((json_t *)v, key, member) {
            json_key(j, key);
            ok &= put(j, member);
        }
        json_object_end(j);
        break;
    case JSON_ARRAY:
        json_array_(j);
        json_array_foreach(v, i, member) ok &= put(j, member);
        json_array_end(j);
        break;
    case JSON_STRING:
        json_str(j, (kith_str){json_string_value(v), json_string_length(v)});
        break;
    case JSON_INTEGER:
        json_int(j, json_integer_value(v));
        break;
    case JSON_REAL:
        json_num(j, json_real_value(v));
        break;
    case JSON_NULL:
        json_nil(j);
        break;
    default:
        json_bool_(j, json_is_true(v));
    }
    return ok;
}

/* Equal, whole reals read as integers included. */
static bool alike(const json_t *a, const json_t *b) {
    const char *key;
    json_t *member;
    size_t i;
    if (json_is_number(a) && json_is_number(b) && !(json_is_integer(a) && json_is_integer(b))) {
        double x = json_number_value(a), y = json_number_value(b);
        return memcmp(&x, &y, sizeof x) == 0 || x == y;
    }
    if (json_typeof(a) != json_typeof(b))
        return false;
    if (json_is_array(a)) {
        if (json_array_size(a) != json_array_size(b))
            return false;
        json_array_foreach(a, i, member) if (!alike(member, json_array_get(b, i))) return false;
        return true;
    }
    if (json_is_object(a)) {
        if (json_object_size(a) != json_object_size(b))
            return false;
        json_object_foreach((json_t *)a, key, member) {
            const json_t *other = json_object_get(b, key);
            if (!other || !alike(member, other))
                return false;
        }
        return true;
    }
    return json_equal(a, b);
}

static void written_reads_the_same(const json_t *v, bool pretty) {
    kith_error e = KITH_ERROR_INIT;
    struct buf b = {0};
    struct json_out j;
    json_t *again;
    json_error_t why;
    json_begin(&j, &b, pretty);
    put(&j, v);
    HOLDS(!b.failed, "could not be written");
    HOLDS(pretty || !memchr(b.ptr, '\n', b.len), "more than one line: %s", b.ptr);
    again =
        json_loadb(b.ptr, b.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &why);
    HOLDS(again, "%s in %s", why.text, b.ptr);
    HOLDS(alike(v, again), "%s", b.ptr);
    json_decref(again);
    HOLDS_OK(json_read(buf_view(&b), &again, &e), e);
    json_decref(again);
    buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    kith_error e = KITH_ERROR_INIT;
    kith_str text = {size ? (const char *)data : "", size};
    json_t *ours, *theirs;
    json_error_t why;
    kith_status st = json_read(text, &ours, &e);
    theirs =
        json_loadb(text.ptr, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &why);
    HOLDS((st == KITH_OK) == (ours != NULL), "status %d", st);
    if (theirs && depth_of(theirs) <= JSON_DEPTH)
        HOLDS(ours, "refused: %s", e.message);
    if (st == KITH_OK) {
        HOLDS(theirs && json_equal(ours, theirs), "jansson reads it otherwise");
        HOLDS(depth_of(ours) <= JSON_DEPTH, "too deep");
        written_reads_the_same(ours, false);
        written_reads_the_same(ours, true);
    } else {
        HOLDS(*e.message && !strchr(e.message, '\n'), "no sentence");
    }
    json_decref(ours);
    json_decref(theirs);
    return 0;
}
