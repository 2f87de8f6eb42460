/* SPDX-License-Identifier: Apache-2.0 */
/* Templates: what is held is let go again; what is not well-formed is never written as if it were.
 */
#include "base/template.h"
#include "base/err.h"
#include "fuzz/fuzz.h"

struct held {
    int count;
};

/* The kind of a value is that of the length of its name. */
static kith_status find_value(void *arg, kith_str name, kith_str format, struct template_value *out,
                              kith_error *e) {
    struct held *h = arg;
    HOLDS(name.len > 0 && format.len < SIZE_MAX / 2, "a value without a name");
    if (name.len > 8)
        return err_set(e, KITH_E_INVAL, NULL, "unknown");
    h->count++;
    *out = (struct template_value){
        .kind = (enum template_kind)(name.len % 4), .text = STR("<&>"), .count = name.len / 4};
    return KITH_OK;
}

static kith_status hold_item(void *arg, uint64_t i, kith_error *e) {
    struct held *h = arg;
    HOLDS(i < 3, "item %llu", (unsigned long long)i);
    (void)e;
    h->count++;
    return KITH_OK;
}

static void let_go(void *arg) {
    struct held *h = arg;
    HOLDS(h->count > 0, "let go more than was held");
    h->count--;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct input in = {data, data + size};
    bool html = input_byte(&in) & 1;
    kith_str text = input_rest(&in);
    kith_error e = KITH_ERROR_INIT, why = KITH_ERROR_INIT;
    struct buf out = {0};
    struct held h = {0};
    const struct template_source source = {&h, find_value, hold_item, let_go};
    if (size > 4096)
        return 0;
    kith_status form = template_check(text, &why);
    kith_status st = template_render(text, html, &source, &out, &e);
    HOLDS(form == KITH_OK || st != KITH_OK, "written though ill-formed: %s", why.message);
    HOLDS(st != KITH_OK || h.count == 0, "%d still held", h.count);
    HOLDS(st == KITH_OK || str_starts(str_of(e.message), "line "), "no place: %s", e.message);
    buf_free(&out);
    return 0;
}
