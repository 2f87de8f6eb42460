/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: what is written is what jansson reads, and bad text is refused with its place. */
#include "base/err.h"
#include "base/json.h"
#include "random.h"
#include "test.h"

#include <math.h>

static struct buf out;
static struct json_out j;

static void begin(bool pretty) {
    buf_free(&out);
    json_begin(&j, &out, pretty);
}

static const char *string_of(kith_str s) {
    begin(false);
    json_str(&j, s);
    return out.ptr;
}

TEST("objects and arrays are separated in one line") {
    begin(false);
    json_object_(&j);
    json_key(&j, "a");
    json_int(&j, 1);
    json_key(&j, "b");
    json_array_(&j);
    json_bool_(&j, true);
    json_bool_(&j, false);
    json_nil(&j);
    json_array_(&j);
    json_array_end(&j);
    json_object_(&j);
    json_object_end(&j);
    json_array_end(&j);
    json_key(&j, "c");
    json_raw(&j, STR("{\"x\":1}"));
    json_key(&j, "d");
    json_strz(&j, NULL);
    json_object_end(&j);
    EXPECT_STR("{\"a\":1,\"b\":[true,false,null,[],{}],\"c\":{\"x\":1},\"d\":\"\"}", out.ptr);
    EXPECT(!out.failed);
    buf_free(&out);
}

TEST("pretty means two spaces a level, and nothing inside what is empty") {
    begin(true);
    json_object_(&j);
    json_key(&j, "a");
    json_array_(&j);
    json_int(&j, 1);
    json_int(&j, 2);
    json_array_end(&j);
    json_key(&j, "b");
    json_object_(&j);
    json_object_end(&j);
    json_object_end(&j);
    EXPECT_STR("{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}", out.ptr);
    buf_free(&out);
}

TEST("strings escape what JSON, terminals and JavaScript would take for something else") {
    EXPECT_STR("\"\"", string_of((kith_str){NULL, 0}));
    EXPECT_STR("\"a\\\"b\\\\c/\"", string_of(STR("a\"b\\c/")));
    EXPECT_STR("\"\\b\\t\\n\\u000b\\f\\r\"", string_of(STR("\b\t\n\v\f\r")));
    EXPECT_STR("\"\\u0000\\u001b\\u001f\\u007f\"", string_of(STR("\0\x1b\x1f\x7f")));
    EXPECT_STR("\"\\u0080\\u009b\\u009f\xC2\xA0\"",
               string_of(STR("\xC2\x80\xC2\x9B\xC2\x9F\xC2\xA0")));
    EXPECT_STR("\"\\u2028\\u2029\xE2\x80\xAA\"",
               string_of(STR("\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA")));
    EXPECT_STR("\"h\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\"",
               string_of(STR("h\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80")));
    begin(false);
    json_object_(&j);
    json_key(&j, "a\n\"");
    json_nil(&j);
    json_object_end(&j);
    EXPECT_STR("{\"a\\n\\\"\":null}", out.ptr);
    buf_free(&out);
}

TEST("bytes that are not UTF-8 become U+FFFD, one each") {
    EXPECT_STR("\"a\\ufffdb\"", string_of(STR("a\xFF"
                                              "b")));
    EXPECT_STR("\"\\ufffd\"", string_of(STR("\xC3")));
    EXPECT_STR("\"\\ufffd\\ufffd\"", string_of(STR("\xE2\x82")));
    EXPECT_STR("\"\\ufffd\\ufffd\"", string_of(STR("\xC0\x80")));            /* overlong */
    EXPECT_STR("\"\\ufffd\\ufffd\\ufffd\"", string_of(STR("\xED\xA0\x80"))); /* surrogate */
    EXPECT_STR("\"\\ufffd\\ufffd\\ufffd\\ufffd\"", string_of(STR("\xF4\x90\x80\x80")));
    EXPECT_STR("\"\\ufffd\xC3\xA9\"", string_of(STR("\xE2\xC3\xA9")));
    buf_free(&out);
}

TEST("any bytes at all give JSON that reads back, equal when they were UTF-8") {
    uint64_t random = RANDOM_SEED;
    kith_error e = KITH_ERROR_INIT;
    for (int i = 0; i < 50000; i++) {
        char bytes[16];
        size_t len = (size_t)i % (sizeof bytes + 1);
        for (size_t k = 0; k < len; k++) {
            random_next(&random);
            bytes[k] = (char)(i % 2 ? random >> 20 & 0x7F : random >> 20);
        }
        (void)string_of((kith_str){bytes, len});
        json_t *v;
        EXPECT_OK(json_read(buf_view(&out), &v, &e), e);
        if (i % 2) {
            EXPECT_INT(len, json_string_length(v));
            EXPECT(memcmp(bytes, json_string_value(v), len) == 0);
        }
        json_decref(v);
    }
    buf_free(&out);
}

static const char *number_of(double r) {
    begin(false);
    json_num(&j, r);
    return out.ptr;
}

TEST("numbers are written short and exact") {
    begin(false);
    json_array_(&j);
    json_int(&j, 0);
    json_int(&j, INT64_MIN);
    json_int(&j, INT64_MAX);
    json_array_end(&j);
    EXPECT_STR("[0,-9223372036854775808,9223372036854775807]", out.ptr);
    EXPECT_STR("0.1", number_of(0.1));
    EXPECT_STR("0.30000000000000004", number_of(0.1 + 0.2));
    EXPECT_STR("1e+300", number_of(1e300));
    EXPECT_STR("-2.5", number_of(-2.5));
    EXPECT_STR("null", number_of((double)NAN));
    EXPECT_STR("null", number_of(-(double)INFINITY));
    uint64_t random = RANDOM_SEED;
    for (int i = 0; i < 20000; i++) {
        double r;
        random_next(&random);
        memcpy(&r, &random, sizeof r);
        if (isfinite(r))
            EXPECT(strtod(number_of(r), NULL) == r);
    }
    buf_free(&out);
}

TEST("nesting deeper than the limit, or closing too often, fails the buffer") {
    begin(true);
    for (int i = 0; i < JSON_DEPTH; i++)
        json_array_(&j);
    EXPECT(!out.failed);
    json_array_(&j);
    EXPECT(out.failed);
    begin(false);
    json_object_end(&j);
    EXPECT(out.failed);
    buf_free(&out);
}

/* -- reading ----------------------------------------------------------------------------------- */

static kith_error error;

static kith_status read_text(kith_str text) {
    json_t *v = (json_t *)&error; /* must be overwritten also on failure */
    error = (kith_error)KITH_ERROR_INIT;
    kith_status st = json_read(text, &v, &error);
    EXPECT((v != NULL) == (st == KITH_OK));
    json_decref(v);
    return st;
}

TEST("any JSON value stands alone") {
    EXPECT_INT(KITH_OK, read_text(STR("{\"a\":[1,2.5,null,true,\"x\"]}")));
    EXPECT_INT(KITH_OK, read_text(STR(" 42 ")));
    EXPECT_INT(KITH_OK, read_text(STR("\"text\"")));
    EXPECT_INT(KITH_OK, read_text(STR("null")));
    EXPECT_INT(KITH_OK, read_text(STR("\"a\\u0000b\"")));
    EXPECT_INT(KITH_OK, read_text((kith_str){"[1]garbage", 3}));
}

TEST("bad JSON is refused with line and column") {
    EXPECT_INT(KITH_E_INVAL, read_text(STR("{\"a\":1,\n \"a\":2}")));
    EXPECT_HAS("line 2, column 4: duplicate object key", error.message);
    EXPECT_INT(KITH_E_INVAL, read_text(STR("[1,\n2,]")));
    EXPECT_HAS("line 2", error.message);
    EXPECT_INT(KITH_E_INVAL, read_text(STR("[1] x")));
    EXPECT_HAS("line 1, column 5", error.message);
    static const char *const texts[] = {
        "",    "{",        "[1",     "{a:1}", "{'a':1}", "[01]",   "nul",
        "\"a", "\"\xFF\"", "[1,,2]", "+1",    "NaN",     "\"\n\"", "99999999999999999999"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (read_text(str_of(texts[i])) != KITH_E_INVAL)
            TEST_FAIL("'%s' was not refused", texts[i]);
    EXPECT_INT(KITH_E_INVAL, read_text((kith_str){NULL, 0}));
    EXPECT_INT(KITH_E_INVAL, json_read(STR("{"), &(json_t *){NULL}, NULL));
}

TEST("JSON may be as deep as the limit and no deeper; brackets in strings do not count") {
    char text[4 * JSON_DEPTH];
    memset(text, '[', sizeof text);
    memset(text + JSON_DEPTH, ']', JSON_DEPTH);
    EXPECT_INT(KITH_OK, read_text((kith_str){text, 2 * JSON_DEPTH}));
    memset(text, '[', sizeof text);
    text[0] = '\n';
    EXPECT_INT(KITH_E_LIMIT, read_text((kith_str){text, sizeof text}));
    EXPECT_HAS("line 2, column 65", error.message);
    text[0] = '"';
    text[2] = '\\';
    text[3] = '"';
    text[sizeof text - 1] = '"';
    EXPECT_INT(KITH_E_INVAL, read_text((kith_str){text, 3}));
    memset(text + 1, '{', 100);
    text[100] = '\\';
    text[101] = '"';
    EXPECT_INT(KITH_OK, read_text((kith_str){text, sizeof text}));
}
