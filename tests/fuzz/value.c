/* SPDX-License-Identifier: Apache-2.0 */
/* Values from text: the first byte is the field, the rest what a person wrote. What is taken and
 * shown as text is taken again as the same; as JSON it is JSON; in a journal image it is kept. */
#include "base/json.h"
#include "fuzz/schema.h"
#include "journal/journal.h"

static void as_text(const struct rfield *f, struct arena *a, const kith_value *v) {
    kith_error e = KITH_ERROR_INIT;
    kith_value again = value_str(value_text(schema, v, a));
    HOLDS(again.as.s.ptr, "no text");
    HOLDS(value_check(schema, f, false, a, &again, &e) == KITH_OK, "%s: '%.*s': %s", f->name,
          (int)again.as.s.len, again.as.s.ptr, e.message);
    HOLDS(value_eq(v, &again), "%s: '%.*s' is read as another value", f->name,
          (int)value_text(schema, v, a).len, value_text(schema, v, a).ptr);
}

static void as_json(const kith_value *v) {
    kith_error e = KITH_ERROR_INIT;
    struct buf b = {0};
    struct json_out j;
    json_t *read;
    json_begin(&j, &b, false);
    value_json(schema, v, &j);
    HOLDS(json_read(buf_view(&b), &read, &e) == KITH_OK, "%s: %s", b.ptr, e.message);
    json_decref(read);
    buf_free(&b);
}

static void as_image(const struct rfield *f, struct arena *a, const kith_value *v) {
    kith_error e = KITH_ERROR_INIT;
    kith_value *after = ARENA_ARRAY(a, kith_value, thing->field_count);
    struct fieldset changed = {0};
    struct image_field *fields;
    struct buf b = {0};
    size_t count;
    after[f->index] = *v;
    fieldset_add(&changed, f->index);
    image_encode(&b, thing, NULL, after, &changed, NULL);
    struct journal_row row = {.type = thing->id, .image = buf_view(&b)};
    HOLDS_OK(image_decode(schema, &row, a, &fields, &count, &e), e);
    HOLDS(count == 1 && fields[0].field == f && value_eq(&fields[0].after, v), "%s", f->name);
    buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    kith_error e = KITH_ERROR_INIT;
    struct arena a = {0};
    schema_begin();
    struct input in = {data, data + size};
    uint8_t choice = input_byte(&in);
    const struct rfield *f =
        thing->fields[FIELD_FIRST + choice % (thing->field_count - FIELD_FIRST)];
    kith_value v = value_str(input_rest(&in));
    kith_status st = value_check(schema, f, choice & 0x80, &a, &v, &e);
    if (st != KITH_OK) {
        HOLDS(*e.message && strcmp(e.field, f->name) == 0, "no sentence");
    } else if (v.kind != KITH_NULL) {
        as_text(f, &a, &v);
        as_json(&v);
        as_image(f, &a, &v);
    }
    arena_free(&a);
    return 0;
}
