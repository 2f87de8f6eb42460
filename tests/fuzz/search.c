/* SPDX-License-Identifier: Apache-2.0 */
/* Search: the first line is what somebody looks for, the rest the text of a record. Whatever is
 * looked for is a sentence of refusal or a condition that FTS5 takes; the index and the matcher
 * agree about the record; and what is marked in the text lies in it, one mark after the other. */
#include "record/search.h"
#include "fuzz/schema.h"

static const struct rtype *task;
static kith_value *values;
static struct arena kept;

static void begin(void) {
    if (values)
        return;
    schema_begin();
    task = schema_type(schema, STR("task"));
    values = ARENA_ARRAY(&kept, kith_value, task->field_count);
    HOLDS(values, "no memory");
}

/* The record with this text; false: no field takes it. */
static bool write_record(struct arena *a, kith_str text, struct search_text *words) {
    kith_error e = KITH_ERROR_INIT;
    const struct rfield *title = type_field(schema, task, STR("title")),
                        *body = type_field(schema, task, STR("body"));
    values[title->index] = value_str((kith_str){text.ptr, text.len < 60 ? text.len : 60});
    values[body->index] = value_str(text);
    if (value_check(schema, title, false, a, &values[title->index], &e) != KITH_OK ||
        value_check(schema, body, false, a, &values[body->index], &e) != KITH_OK)
        return false;
    HOLDS_OK(record_insert(conn, task, 1, a, values, &e), e);
    HOLDS_OK(search_update(conn, task, 1, words, &e), e);
    return true;
}

static bool in_index(const struct search *q, struct arena *a) {
    static const struct principal everyone = {.name = "fuzz", .all = true};
    struct search_page page = {.limit = 2};
    kith_error e = KITH_ERROR_INIT;
    HOLDS_OK(search_find(conn, schema, q, &everyone, a, &page, &e), e);
    HOLDS(page.count <= 1, "found twice");
    return page.count == 1;
}

static void marks(const struct search *q, struct arena *a) {
    struct search_snippet s;
    kith_error e = KITH_ERROR_INIT;
    uint32_t last = 0;
    HOLDS_OK(search_snippet_of(q, task, values, a, &s, &e), e);
    for (size_t i = 0; i < s.count; i++) {
        HOLDS(s.marks[i].from >= last && s.marks[i].from < s.marks[i].to, "mark %zu", i);
        last = s.marks[i].to;
    }
    HOLDS(last <= s.text.len, "a mark ends behind the text");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct input in = {data, data + size};
    struct arena a = {0};
    struct search *q;
    struct search_text words = {0};
    kith_error e = KITH_ERROR_INIT;
    begin();
    kith_str wanted = input_line(&in), text = input_rest(&in);
    kith_status st = search_parse(&q, schema, &a, wanted, size & 1, &e);
    HOLDS(st == KITH_OK || e.message[0], "refused without a word");
    HOLDS_OK(conn_exec(conn, "BEGIN", &e), e);
    if (st == KITH_OK && write_record(&a, text, &words)) {
        HOLDS(search_text_of(task, values, &words), "no memory");
        bool has = search_wants(q, task) && search_match(q, &words, SEARCH_ALL_SLOTS);
        HOLDS(in_index(q, &a) == has, "the matcher says %d", has);
        marks(q, &a);
    }
    HOLDS_OK(conn_exec(conn, "ROLLBACK", &e), e);
    search_text_free(&words);
    arena_free(&a);
    return 0;
}
