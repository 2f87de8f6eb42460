/* SPDX-License-Identifier: Apache-2.0 */
/* Map: against a plain array as the model. */
#include "base/map.h"
#include "base/str.h"
#include "random.h"
#include "test.h"

static int mark[1000];

TEST("an empty map has nothing") {
    struct map m = {0};
    size_t pos = 0;
    EXPECT(map_get(&m, STR("a")) == NULL);
    EXPECT(map_get_u64(&m, 0) == NULL);
    EXPECT(map_del(&m, STR("a")) == NULL);
    EXPECT(!map_next(&m, &pos, NULL, NULL));
    map_free(&m);
}

TEST("text keys are copied and may be empty or hold NULs") {
    struct map m = {0};
    char key[] = "lead";
    EXPECT(map_put(&m, str_of(key), &mark[1]));
    key[0] = 'x';
    EXPECT(map_put(&m, (kith_str){NULL, 0}, &mark[2]));
    EXPECT(map_put(&m, STR("a\0b"), &mark[3]));
    EXPECT(map_put(&m, STR("a\0c"), &mark[4]));
    EXPECT(map_get(&m, STR("lead")) == &mark[1]);
    EXPECT(map_get(&m, STR("xead")) == NULL);
    EXPECT(map_get(&m, STR("")) == &mark[2]);
    EXPECT(map_get(&m, STR("a\0b")) == &mark[3]);
    EXPECT(map_get(&m, STR("a\0c")) == &mark[4]);
    EXPECT(map_get(&m, STR("a")) == NULL);
    EXPECT_INT(4, m.count);
    map_free(&m);
}

TEST("putting again replaces the value and not the count") {
    struct map m = {0};
    EXPECT(map_put(&m, STR("k"), &mark[1]));
    EXPECT(map_put(&m, STR("k"), &mark[2]));
    EXPECT(map_put_u64(&m, 5, &mark[3]));
    EXPECT(map_put_u64(&m, 5, &mark[4]));
    EXPECT_INT(2, m.count);
    EXPECT(map_get(&m, STR("k")) == &mark[2]);
    EXPECT(map_del(&m, STR("k")) == &mark[2]);
    EXPECT(map_del(&m, STR("k")) == NULL);
    EXPECT(map_get_u64(&m, 5) == &mark[4]);
    map_free(&m);
}

TEST("keys of every length are told apart by each of their bytes") {
    struct map m = {0};
    char key[80];
    for (uint64_t len = 1; len < sizeof key; len++) {
        memset(key, 'a', sizeof key);
        EXPECT(map_put(&m, (kith_str){key, len}, &mark[len]));
        for (uint64_t i = 0; i < len; i++) {
            key[i] = 'b';
            EXPECT(map_get(&m, (kith_str){key, len}) == NULL);
            key[i] = 'a';
        }
        EXPECT(map_get(&m, (kith_str){key, len}) == &mark[len]);
    }
    map_free(&m);
}

TEST("a hundred thousand random puts and deletes agree with an array") {
    struct map m = {0};
    int *model[1000] = {0};
    size_t count = 0;
    uint64_t random = RANDOM_SEED;
    for (int i = 0; i < 100000; i++) {
        random_next(&random);
        size_t k = random >> 20 & 511;
        if (random & 1) {
            EXPECT(map_put_u64(&m, k << 32, &mark[random >> 40 & 511]));
            count += model[k] == NULL;
            model[k] = &mark[random >> 40 & 511];
        } else {
            EXPECT(map_del_u64(&m, k << 32) == model[k]);
            count -= model[k] != NULL;
            model[k] = NULL;
        }
        EXPECT_INT(count, m.count);
        size_t other = random >> 50 & 511;
        EXPECT(map_get_u64(&m, other << 32) == model[other]);
    }
    for (size_t k = 0; k < 512; k++)
        EXPECT(map_get_u64(&m, k << 32) == model[k]);
    EXPECT(m.cap <= 1024); /* deleting leaves nothing behind that fills the table */
    map_free(&m);
}

TEST("a walk meets every entry once, with its key") {
    struct map m = {0};
    bool seen[1000] = {false};
    char text[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "key %d", i);
        EXPECT(map_put(&m, str_of(text), &mark[i]));
    }
    for (int i = 0; i < 1000; i += 2) {
        snprintf(text, sizeof text, "key %d", i);
        EXPECT(map_del(&m, str_of(text)) == &mark[i]);
    }
    size_t pos = 0, met = 0;
    kith_str key;
    void *value;
    while (map_next(&m, &pos, &key, &value)) {
        size_t i = (size_t)((int *)value - mark);
        snprintf(text, sizeof text, "key %zu", i);
        EXPECT_STR(text, key.ptr);
        EXPECT_INT(strlen(text), key.len);
        EXPECT(!seen[i]);
        seen[i] = true;
        met++;
    }
    EXPECT_INT(500, met);
    map_free(&m);
    EXPECT_INT(0, m.count);
}

TEST("a walk over numbers gives the number in len") {
    struct map m = {0};
    size_t pos = 0;
    kith_str key = STR("");
    EXPECT(map_put_u64(&m, 0, &mark[0]));
    EXPECT(map_next(&m, &pos, &key, NULL));
    EXPECT(key.ptr == NULL && key.len == 0);
    EXPECT(!map_next(&m, &pos, &key, NULL));
    map_free(&m);
}

TEST("similar keys spread over the table: lookups stay short") {
    struct map m = {0};
    static int one;
    for (uint64_t i = 0; i < 200000; i++) /* quadratic time if they clustered */
        EXPECT(map_put_u64(&m, i << 22, &one));
    for (uint64_t i = 0; i < 200000; i++)
        EXPECT(map_get_u64(&m, i << 22) && !map_get_u64(&m, (i << 22) + 1));
    map_free(&m);
}
