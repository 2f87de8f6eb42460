/* SPDX-License-Identifier: Apache-2.0 */
/* Ids and the clock they are made from. */
#include "base/clock.h"
#include "base/id.h"
#include "base/str.h"
#include "random.h"
#include "test.h"

#define NOW (ID_EPOCH_MS + 123456789)

TEST("ids rise, carry time and node, and are never 0") {
    struct idgen g;
    idgen_init(&g, 7, 0);
    kith_id last = 0;
    for (int i = 0; i < 1000; i++) {
        kith_id id = idgen_next(&g, NOW + i / 10);
        EXPECT(id > last);
        EXPECT_INT(NOW + i / 10, id_time(id));
        EXPECT_INT(7, id >> 14 & 255);
        EXPECT(id >> 63 == 0);
        last = id;
    }
    idgen_init(&g, 0, 0);
    EXPECT(idgen_next(&g, ID_EPOCH_MS) != 0);
    idgen_init(&g, 0, 0);
    EXPECT(idgen_next(&g, -5) != 0);
}

TEST("a clock that steps back does not repeat ids") {
    struct idgen g;
    idgen_init(&g, 1, 0);
    kith_id last = idgen_next(&g, NOW);
    for (int i = 0; i < 40000; i++) {
        kith_id id = idgen_next(&g, NOW - 3600000);
        EXPECT(id > last);
        last = id;
    }
    EXPECT_INT(NOW + 2, id_time(last)); /* 40001 ids take three milliseconds */
}

TEST("one millisecond holds 16384 ids and the next one is borrowed from") {
    struct idgen g;
    idgen_init(&g, 255, 0);
    kith_id first = idgen_next(&g, NOW), id = first;
    for (int i = 1; i < 16384; i++)
        id = idgen_next(&g, NOW);
    EXPECT_INT(first + 16383, id);
    EXPECT_INT(NOW, id_time(id));
    id = idgen_next(&g, NOW);
    EXPECT_INT(NOW + 1, id_time(id));
    EXPECT_INT(255, id >> 14 & 255);
    kith_id next = idgen_next(&g, NOW + 1); /* the clock reaches the borrowed one */
    EXPECT_INT(id + 1, next);
    EXPECT_INT(NOW + 2, id_time(idgen_next(&g, NOW + 2)));
}

TEST("after a restart ids go on above the high-water mark, even with a clock that is behind") {
    struct idgen g;
    idgen_init(&g, 3, 0);
    kith_id mark = idgen_next(&g, NOW);
    idgen_init(&g, 3, mark);
    EXPECT_INT(mark + 1, idgen_next(&g, NOW - 1000));
    for (uint32_t node = 0; node < 256; node++) { /* also when the mark is another node's */
        idgen_init(&g, node, mark);
        kith_id id = idgen_next(&g, NOW);
        EXPECT(id > mark);
        EXPECT_INT(node, id >> 14 & 255);
    }
}

TEST("when the 41 bits are used up no id is made") {
    struct idgen g;
    const int64_t end = ID_EPOCH_MS + (INT64_C(1) << 41) - 1;
    idgen_init(&g, 1, 0);
    EXPECT_INT(0, idgen_next(&g, INT64_MAX));
    for (int i = 0; i < 16384; i++)
        EXPECT_INT(end, id_time(idgen_next(&g, end)));
    EXPECT_INT(0, idgen_next(&g, end));
    EXPECT_INT(0, idgen_next(&g, end));
}

TEST("the text of an id reads back and sorts as the id does") {
    char text[ID_TEXT + 1], before[ID_TEXT + 1] = "";
    kith_id id = 1, back;
    for (int i = 0; i < 63; i++, id <<= 1) {
        for (int k = 0; k < 2; k++) {
            id_format(id | (kith_id)k, text);
            EXPECT_INT(ID_TEXT, strlen(text));
            EXPECT(id_parse(str_of(text), &back));
            EXPECT_INT(id | (kith_id)k, back);
            EXPECT(strcmp(before, text) <= 0);
            memcpy(before, text, sizeof text);
        }
    }
    uint64_t random = RANDOM_SEED;
    for (int i = 0; i < 100000; i++) {
        random_next(&random);
        id_format(random >> 1, text);
        EXPECT(id_parse(str_of(text), &back));
        EXPECT_INT(random >> 1, back);
    }
}

TEST("an id is written in Crockford's base32 and read as people copy it") {
    char text[ID_TEXT + 1];
    kith_id id;
    id_format(0x7FFFFFFFFFFFFFFF, text);
    EXPECT_STR("7ZZZZZZZZZZZZ", text);
    id_format(32 * 32 + 18, text);
    EXPECT_STR("000000000010J", text);
    EXPECT(id_parse(STR("oOoiIlLabcdef"), &id));
    id_format(id, text);
    EXPECT_STR("0001111ABCDEF", text);
}

TEST("what is not an id is refused") {
    static const char *const texts[] = {"",
                                        "0000000000000",
                                        "8000000000000",
                                        "Z000000000001",
                                        "00000000000001",
                                        "000000000001",
                                        "000000000000U",
                                        "000000000000u",
                                        "00000000000 1",
                                        "000000000000-",
                                        "000000000000[",
                                        "000000000000\xC3"};
    kith_id id = 42;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (id_parse(str_of(texts[i]), &id))
            TEST_FAIL("'%s' was read as an id", texts[i]);
    EXPECT_INT(42, id);
    EXPECT(!id_parse((kith_str){NULL, 0}, &id));
    EXPECT(!id_parse((kith_str){"00000000000\0001", 13}, &id));
}

TEST("a virtual clock stands still until it is moved") {
    struct kclock c = {NOW};
    EXPECT_INT(NOW, clock_now(&c));
    clock_advance(&c, 3 * 86400000);
    EXPECT_INT(NOW + 3 * 86400000, clock_now(&c));
    clock_set(&c, 5);
    EXPECT_INT(5, clock_now(&c));
}

TEST("the real clock is not moved by advancing, and becomes virtual when set") {
    struct kclock c = CLOCK_REAL;
    int64_t before = clock_now(&c);
    clock_advance(&c, 1000000);
    int64_t after = clock_now(&c);
    EXPECT(before > NOW && after < before + 500000);
    clock_set(&c, 77);
    EXPECT_INT(77, clock_now(&c));
}

TEST("ticks never go back") {
    int64_t last = clock_ticks();
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_ticks();
        EXPECT(now >= last);
        last = now;
    }
}

TEST("what is no id is told what it lacks") {
    static const struct {
        const char *text, *says;
    } wrong[] = {{"", "13 letters and digits"},
                 {"0SA818WY4000", "13 letters and digits"},
                 {"0SA818WY4000-", "without U"},
                 {"0SA818WY4000U", "without U"},
                 {"AAAAAAAAAAAAA", "begins with a digit from 0 to 7"},
                 {"8000000000000", "begins with a digit from 0 to 7"},
                 {"0000000000000", "zeros alone"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        kith_id id;
        EXPECT(!id_parse(str_of(wrong[i].text), &id));
        EXPECT_HAS(wrong[i].says, id_unlike(str_of(wrong[i].text)));
    }
}
