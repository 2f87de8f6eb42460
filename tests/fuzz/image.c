/* SPDX-License-Identifier: Apache-2.0 */
/* Journal images: any bytes are read or refused; what was read can be shown, and is the same after
 * it was written again. */
#include "base/json.h"
#include "fuzz/schema.h"
#include "journal/journal.h"

static void show(struct arena *a, const kith_value *v) {
    struct buf b = {0};
    struct json_out j;
    value_text(schema, v, a);
    json_begin(&j, &b, false);
    value_json(schema, v, &j);
    buf_free(&b);
}

/* Fields of one type, each once. */
static const struct rtype *type_of(const struct image_field *fields, size_t count) {
    struct fieldset seen = {0};
    for (size_t i = 0; i < count; i++) {
        const struct rfield *f = fields[i].field;
        if (!f || f->type != fields[0].field->type || fieldset_has(&seen, f->index))
            return NULL;
        fieldset_add(&seen, f->index);
    }
    return count ? fields[0].field->type : NULL;
}

static void write_again(struct arena *a, const struct image_field *fields, size_t count) {
    kith_error e = KITH_ERROR_INIT;
    const struct rtype *t = type_of(fields, count);
    struct fieldset changed = {0};
    struct image_field *again;
    struct buf b = {0};
    size_t n;
    if (!t)
        return;
    kith_value *before = ARENA_ARRAY(a, kith_value, t->field_count);
    kith_value *after = ARENA_ARRAY(a, kith_value, t->field_count);
    uint32_t *sources = ARENA_ARRAY(a, uint32_t, t->field_count);
    for (size_t i = 0; i < count; i++) {
        uint32_t at = fields[i].field->index;
        fieldset_add(&changed, at);
        before[at] = fields[i].before;
        after[at] = fields[i].after;
        sources[at] = fields[i].source;
    }
    image_encode(&b, t, before, after, &changed, sources);
    struct journal_row row = {.seq = 1, .image = buf_view(&b)};
    HOLDS_OK(image_decode(schema, &row, a, &again, &n, &e), e);
    HOLDS(n == count, "%zu fields instead of %zu", n, count);
    for (size_t i = 0; i < n; i++) {
        uint32_t at = again[i].field->index;
        HOLDS(value_eq(&again[i].before, &before[at]) && value_eq(&again[i].after, &after[at]) &&
                  again[i].source == sources[at],
              "%s", again[i].field->name);
    }
    buf_free(&b);
}

static void event(const struct journal_row *row) {
    kith_error e = KITH_ERROR_INIT;
    uint32_t topic, version;
    kith_str json;
    if (image_decode_event(row, &topic, &version, &json, &e) != KITH_OK)
        return;
    struct buf b = {0};
    image_encode_event(&b, topic, version, json);
    HOLDS(b.len <= row->image.len, "an event grew");
    buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    kith_error e = KITH_ERROR_INIT;
    struct arena a = {0};
    schema_begin();
    struct journal_row row = {.seq = 7, .image = {size ? (const char *)data : "", size}};
    struct image_field *fields;
    size_t count;
    event(&row);
    if (image_decode(schema, &row, &a, &fields, &count, &e) == KITH_OK) {
        for (size_t i = 0; i < count; i++) {
            show(&a, &fields[i].before);
            show(&a, &fields[i].after);
        }
        write_again(&a, fields, count);
    } else {
        HOLDS(strstr(e.message, "row 7"), "%s", e.message);
    }
    arena_free(&a);
    return 0;
}
