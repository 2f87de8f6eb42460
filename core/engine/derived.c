/* SPDX-License-Identifier: Apache-2.0 */
/* What is derived from records, in one table: each row is kept in step with every change in the
 * transaction of the change, and beside the journal. The engine walks the table at each of the
 * moments that are its columns; to derive something else is to add a row. */
#include "engine/engine_internal.h"

struct derived { /* a NULL member: nothing is to be done then */
    /* In the transaction that opens the database, once there is a schema: what is new since then is
     * worked out, or noted. */
    kith_status (*open)(struct engine *g, kith_error *e);
    /* In the transaction that starts the engine, once all is registered. */
    kith_status (*start)(struct engine *g, kith_error *e);
    void (*close)(struct engine *g);
    /* Before a group begins. */
    kith_status (*begin)(struct engine *g, kith_error *e);
    /* A row was written. */
    kith_status (*follow)(struct txn *t, const struct change *c, kith_error *e);
    /* Before the group is committed, outside of the savepoints: what `follow` left to do. */
    kith_status (*catch_up)(struct engine *g, kith_error *e);
    /* Some of what was written in this group is taken back, to a savepoint. */
    void (*taken_back)(struct engine *g);
    /* The group is. */
    void (*committed)(struct engine *g);
    void (*rolled_back)(struct engine *g);
    /* Between groups: is something left from writes, or due by the clock? One batch of it, in
     * transactions of its own. It is asked for the latter at next_due (ms UTC). */
    bool (*waiting)(const struct engine *g);
    kith_status (*next_due)(struct engine *g, int64_t *due, kith_error *e);
    void (*step)(struct engine *g);
    /* When there is nothing else to do: is it still being built? One batch of that. */
    bool (*building)(const struct engine *g);
    void (*build)(struct engine *g);
};

/* In the order in which they follow a change. */
static const struct derived table[] = {
    {
        .follow = access_follow,
        .committed = access_committed,
        .rolled_back = access_rolled_back,
        .close = access_close,
    },
    {
        .start = segments_start,
        .follow = segment_follow,
        .taken_back = segments_taken_back,
        .committed = segments_committed,
        .rolled_back = segments_rolled_back,
        .waiting = segments_waiting,
        .next_due = segments_next_due,
        .step = segments_step,
        .close = segments_close,
    },
    {
        .open = rollup_open,
        .follow = rollup_follow,
    },
    {
        .open = sweep_open,
        .waiting = sweep_waiting,
        .next_due = sweep_next_due,
        .step = sweep_step,
        .close = sweep_close,
    },
    {
        .open = search_open,
        .begin = search_begin,
        .follow = search_follow,
        .catch_up = search_catch_up,
        .taken_back = search_taken_back,
        .committed = search_settled,
        .rolled_back = search_rolled_back,
        .building = search_building,
        .build = search_build,
        .close = search_close,
    },
};

static const struct derived *const end = table + sizeof table / sizeof *table;

kith_status derived_open(struct engine *g, kith_error *e) {
    for (const struct derived *d = table; d < end; d++)
        if (d->open)
            TRY(d->open(g, e));
    return KITH_OK;
}

kith_status derived_start(struct engine *g, kith_error *e) {
    for (const struct derived *d = table; d < end; d++)
        if (d->start)
            TRY(d->start(g, e));
    return KITH_OK;
}

void derived_close(struct engine *g) {
    for (const struct derived *d = table; d < end; d++)
        if (d->close)
            d->close(g);
}

kith_status derived_begin(struct engine *g, kith_error *e) {
    for (const struct derived *d = table; d < end; d++)
        if (d->begin)
            TRY(d->begin(g, e));
    return KITH_OK;
}

kith_status derived_follow(struct txn *t, const struct change *c, kith_error *e) {
    t->g->writes++;
    for (const struct derived *d = table; d < end; d++)
        if (d->follow)
            TRY(d->follow(t, c, e));
    return KITH_OK;
}

kith_status derived_catch_up(struct engine *g, kith_error *e) {
    for (const struct derived *d = table; d < end; d++)
        if (d->catch_up)
            TRY(d->catch_up(g, e));
    return KITH_OK;
}

void derived_taken_back(struct engine *g) {
    for (const struct derived *d = table; d < end; d++)
        if (d->taken_back)
            d->taken_back(g);
}

void derived_committed(struct engine *g) {
    for (const struct derived *d = table; d < end; d++)
        if (d->committed)
            d->committed(g);
}

void derived_rolled_back(struct engine *g) {
    for (const struct derived *d = table; d < end; d++)
        if (d->rolled_back)
            d->rolled_back(g);
}

bool derived_waiting(const struct engine *g) {
    for (const struct derived *d = table; d < end; d++)
        if (d->waiting && d->waiting(g))
            return true;
    return false;
}

kith_status derived_next_due(struct engine *g, int64_t *due, kith_error *e) {
    *due = INT64_MAX;
    for (const struct derived *d = table; d < end; d++) {
        int64_t at = INT64_MAX;
        if (d->next_due)
            TRY(d->next_due(g, &at, e));
        *due = at < *due ? at : *due;
    }
    return KITH_OK;
}

void derived_step(struct engine *g) {
    for (const struct derived *d = table; d < end; d++)
        if (d->step)
            d->step(g);
}

bool derived_build(struct engine *g) {
    for (const struct derived *d = table; d < end; d++)
        if (d->building && d->building(g)) {
            d->build(g);
            return true;
        }
    return false;
}
