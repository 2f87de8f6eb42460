/* SPDX-License-Identifier: Apache-2.0 */
/* Rotation: which backups are kept. Knows nothing of files. */
#include "base/date.h"
#include "cli/backup_plan.h"
#include <string.h>

/* The number of the week (from Monday) or of the month in which it was made, by the company's
 * clocks. */
static int64_t week_of(const struct zone *zone, int64_t at) {
    int64_t since = zone_day_of(zone, at) + 3; /* 1970-01-01 was a Thursday */
    return since >= 0 ? since / 7 : (since - 6) / 7;
}

static int64_t month_of(const struct zone *zone, int64_t at) {
    struct civil c = zone_local(zone, at);
    return c.year * INT64_C(12) + c.month;
}

/* Those made up to now; they come first. */
static size_t count_past(const struct planned *items, size_t count, int64_t now) {
    while (count > 0 && items[count - 1].head.at > now)
        count--;
    return count;
}

/* The newest of each of the last n units that have one; unit NULL: the last n at all. */
static void mark_by(struct planned *items, size_t count, int64_t n, const struct zone *zone,
                    int64_t (*unit)(const struct zone *zone, int64_t at)) {
    int64_t before = INT64_MIN;
    for (size_t i = count; i-- > 0 && n > 0;) {
        int64_t is = unit ? unit(zone, items[i].head.at) : (int64_t)i;
        if (items[i].broken || is == before)
            continue;
        items[i].keep = true;
        before = is;
        n--;
    }
}

/* A base is older than what is based on it, and so comes later here. */
static void mark_bases(struct planned *items, size_t count) {
    for (size_t i = count; i-- > 0;)
        for (size_t k = 0; items[i].keep && *items[i].head.base && k < count; k++)
            if (strcmp(items[k].head.id, items[i].head.base) == 0)
                items[k].keep = true;
}

const struct planned *plan_newest(const struct planned_list *list, int64_t now) {
    size_t past = count_past(list->items, list->count, now);
    return past ? &list->items[past - 1] : NULL;
}

void rotation_mark(struct planned *items, size_t count, const struct backup_keep *keep,
                   const struct zone *zone, int64_t now) {
    size_t past = count_past(items, count, now);
    for (size_t i = 0; i < count; i++)
        items[i].keep = i + 1 >= past || items[i].broken;
    mark_by(items, past, keep->last, zone, NULL);
    mark_by(items, past, keep->daily, zone, zone_day_of);
    mark_by(items, past, keep->weekly, zone, week_of);
    mark_by(items, past, keep->monthly, zone, month_of);
    /* Should a clock have been set back, a base may look younger: until nothing is added. */
    for (size_t before = 0, kept = 1; kept != before;) {
        before = kept;
        mark_bases(items, count);
        kept = 1;
        for (size_t i = 0; i < count; i++)
            kept += items[i].keep;
    }
}
