/* SPDX-License-Identifier: Apache-2.0 */
/* Which backups a rotation keeps: by examples, and by what must hold whatever there is. */
#include "base/date.h"
#include "cli/backup_plan.h"
#include "random.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

#define MOST 400

static struct planned items[MOST];
static char ids[MOST][BACKUP_ID];

static int64_t at(const char *text) {
    int64_t ms = 0;
    EXPECT(time_parse(str_of(text), false, NULL, &ms));
    return ms;
}

/* base -1: a full one */
static void put(size_t i, int64_t when, int base) {
    snprintf(ids[i], sizeof ids[i], "%032zx", i + 1);
    items[i] =
        (struct planned){.head = {.id = ids[i], .base = base < 0 ? "" : ids[base], .at = when}};
}

static const char *kept(size_t n) {
    static char text[MOST + 1];
    for (size_t i = 0; i < n; i++)
        text[i] = items[i].keep ? 'x' : '.';
    text[n] = '\0';
    return text;
}

TEST("the newest of each day, week and month is kept, and the newest at all") {
    static const char *const times[] = {
        "2026-01-15T12:00Z", "2026-01-31T12:00Z", "2026-02-20T12:00Z", "2026-02-27T12:00Z",
        "2026-03-02T08:00Z", "2026-03-02T20:00Z", "2026-03-03T08:00Z", "2026-03-03T20:00Z"};
    for (size_t i = 0; i < 8; i++)
        put(i, at(times[i]), -1);
    rotation_mark(items, 8, &(struct backup_keep){0, 0, 0, 0}, NULL, INT64_MAX);
    EXPECT_STR(".......x", kept(8));
    rotation_mark(items, 8, &(struct backup_keep){3, 0, 0, 0}, NULL, INT64_MAX);
    EXPECT_STR(".....xxx", kept(8));
    rotation_mark(items, 8, &(struct backup_keep){0, 2, 0, 0}, NULL, INT64_MAX);
    EXPECT_STR(".....x.x", kept(8));
    rotation_mark(items, 8, &(struct backup_keep){0, 3, 0, 0}, NULL, INT64_MAX);
    EXPECT_STR("...x.x.x", kept(8));
    rotation_mark(items, 8, &(struct backup_keep){0, 0, 3, 0}, NULL, INT64_MAX);
    EXPECT_STR("..xx...x", kept(8));
    rotation_mark(items, 8, &(struct backup_keep){0, 0, 0, 3}, NULL, INT64_MAX);
    EXPECT_STR(".x.x...x", kept(8));
    rotation_mark(items, 8, &(struct backup_keep){0, 0, 0, 99}, NULL, INT64_MAX);
    EXPECT_STR(".x.x...x", kept(8));
}

TEST("what a kept one is based on is kept, through all of its bases") {
    for (size_t i = 0; i < 8; i++)
        put(i, at("2026-03-02T00:00Z") + (int64_t)i * DAY_MS, i % 4 == 0 ? -1 : (int)i - 1);
    rotation_mark(items, 8, &(struct backup_keep){1, 0, 0, 0}, NULL, INT64_MAX);
    EXPECT_STR("....xxxx", kept(8));
    rotation_mark(items, 8, &(struct backup_keep){5, 0, 0, 0}, NULL, INT64_MAX);
    EXPECT_STR("xxxxxxxx", kept(8));
    rotation_mark(items, 5, &(struct backup_keep){1, 0, 0, 0}, NULL, INT64_MAX);
    EXPECT_STR("....x", kept(5));
}

static size_t drop_others(size_t n) {
    size_t left = 0;
    for (size_t i = 0; i < n; i++)
        if (items[i].keep)
            items[left++] = items[i];
    return left;
}

static bool has_base(size_t n, const struct planned *p) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(items[i].head.id, p->head.base) == 0)
            return true;
    return !*p->head.base;
}

/* With the rotation after each backup, as it is done: whatever the numbers, what is left can be
 * restored, and each of the last days that had one has one. */
TEST("over a year of any numbers nothing that is left lacks its base") {
    static char names[700][BACKUP_ID];
    uint64_t rng = RANDOM_SEED;
    for (int round = 0; round < 40; round++) {
        struct backup_keep keep = {
            (int64_t)(random_next(&rng) % 4), (int64_t)(random_next(&rng) % 9),
            (int64_t)(random_next(&rng) % 6), (int64_t)(random_next(&rng) % 14)};
        uint64_t every = 1 + random_next(&rng) % 12;
        int64_t now = at("2026-01-01T00:00Z");
        size_t n = 0;
        for (size_t step = 0; step < 700; step++) {
            now += (int64_t)(random_next(&rng) % DAY_MS);
            bool full = n == 0 || random_next(&rng) % every == 0;
            snprintf(names[step], sizeof names[step], "%032zx", step);
            items[n] = (struct planned){
                .head = {.id = names[step], .base = full ? "" : items[n - 1].head.id, .at = now}};
            n++;
            rotation_mark(items, n, &keep, NULL, INT64_MAX);
            EXPECT(items[n - 1].keep);
            n = drop_others(n);
            EXPECT(n < MOST);
            for (size_t i = 0; i < n; i++)
                EXPECT(has_base(n, &items[i]));
        }
        int64_t days = 0, before = INT64_MIN;
        for (size_t i = n; i-- > 0;)
            if (items[i].head.at / DAY_MS != before) {
                before = items[i].head.at / DAY_MS;
                days++;
            }
        EXPECT(days >= keep.daily);
    }
}

TEST("one from a time that has not come is kept and not counted") {
    int64_t now = at("2026-03-05T00:00Z");
    for (size_t i = 0; i < 6; i++) /* the clock ran a year ahead while the last two were made */
        put(i, at("2026-03-01T12:00Z") + (int64_t)(i < 4 ? i : i + 365) * DAY_MS, -1);
    rotation_mark(items, 6, &(struct backup_keep){2, 0, 0, 0}, NULL, now);
    EXPECT_STR("..xxxx", kept(6));
    rotation_mark(items, 6, &(struct backup_keep){0, 0, 0, 0}, NULL, now);
    EXPECT_STR("...xxx", kept(6));
    rotation_mark(items, 6, &(struct backup_keep){0, 0, 0, 0}, NULL, now + INT64_C(400) * DAY_MS);
    EXPECT_STR(".....x", kept(6)); /* that time has come */
    rotation_mark(items, 6, &(struct backup_keep){1, 1, 1, 1}, NULL, at("1970-01-01T00:00Z"));
    EXPECT_STR("xxxxxx", kept(6)); /* a clock that stands at its beginning removes nothing */
}

TEST("one that is broken is kept and not counted, so that as many can be restored as are wanted") {
    for (size_t i = 0; i < 5; i++)
        put(i, at("2026-03-01T12:00Z") + (int64_t)i * DAY_MS, -1);
    items[3].broken = true;
    rotation_mark(items, 5, &(struct backup_keep){2, 0, 0, 0}, NULL, INT64_MAX);
    EXPECT_STR("..xxx", kept(5));
    rotation_mark(items, 5, &(struct backup_keep){0, 3, 0, 0}, NULL, INT64_MAX);
    EXPECT_STR(".xxxx", kept(5));
}

TEST("a base that seems younger, since the clock was set back, is kept with all of its own") {
    put(0, at("2026-01-10T12:00Z"), -1);
    put(1, at("2026-02-10T12:00Z"), 2);
    put(2, at("2026-03-01T12:00Z"), 0);
    put(3, at("2026-03-05T12:00Z"), -1);
    rotation_mark(items, 4, &(struct backup_keep){0, 0, 0, 2}, NULL, INT64_MAX);
    EXPECT_STR("xxxx", kept(4));
    items[1].head.base = "";
    rotation_mark(items, 4, &(struct backup_keep){0, 0, 0, 2}, NULL, INT64_MAX);
    EXPECT_STR(".x.x", kept(4));
}
