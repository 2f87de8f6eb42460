/* SPDX-License-Identifier: Apache-2.0 */
/* The log of a run for people. */
#include "script/flow_internal.h"

struct steps {
    struct run_step *items;
    size_t count, cap;
};

struct times { /* now() of each branch, as far as the log was read */
    int64_t *items;
    size_t count, cap;
};

static int64_t *time_of(struct times *t, struct arena *a, uint32_t branch) {
    while (t->count <= branch) {
        int64_t *items = arena_grow(a, t->items, t->count, &t->cap, sizeof *items);
        if (!items)
            return NULL;
        t->items = items;
        items[t->count] = t->count ? items[0] : 0;
        t->count++;
    }
    return &t->items[branch];
}

static kith_status add_step(const struct schema *schema, const struct entry *en,
                            struct times *times, struct steps *steps, struct arena *a,
                            kith_error *e) {
    static const char *const words[] = {
        [ENTRY_START] = "began", [ENTRY_CALL] = "call",   [ENTRY_ERROR] = "error",
        [ENTRY_WAIT] = "wait",   [ENTRY_WOKEN] = "woken", [ENTRY_FORK] = "branches"};
    int64_t *now = time_of(times, a, en->branch);
    struct run_step *items =
        now ? arena_grow(a, steps->items, steps->count, &steps->cap, sizeof *items) : NULL;
    if (!items)
        return err_nomem(e);
    if (en->kind == ENTRY_START || en->kind == ENTRY_WOKEN)
        *now = en->at;
    steps->items = items;
    items[steps->count++] = (struct run_step){.what = words[en->kind],
                                              .at = *now,
                                              .until = en->kind == ENTRY_WAIT ? en->at : 0,
                                              .branch = en->branch,
                                              .line = en->line,
                                              .name = en->name,
                                              .args = values_text(schema, en->args, a),
                                              .results = values_text(schema, en->results, a),
                                              .row = en->seq};
    return KITH_OK;
}

static kith_status read_steps(struct scripts *s, struct conn *c, kith_id run, struct arena *a,
                              struct steps *steps, kith_error *e) {
    struct flow_run r;
    struct log_reader log;
    struct times times = {0};
    TRY(flow_read(s->engine, c, run, a, &r, e));
    TRY(flow_log_read(c, run, a, &log.left, e));
    while (log.left.len > 0) {
        struct entry *en;
        TRY(entry_read(&log, a, &en, e));
        if (en->branch > 100000)
            return err_set(e, KITH_E_CORRUPT, NULL, "the log of the run is damaged: 'kith doctor'");
        TRY(add_step(engine_schema(s->engine), en, &times, steps, a, e));
    }
    return KITH_OK;
}

kith_status scripts_run_steps(struct scripts *s, kith_id run, struct arena *a,
                              struct run_step **out, size_t *count, kith_error *e) {
    struct steps steps = {0};
    struct conn *c;
    TRY(engine_reader(s->engine, &c, e));
    kith_status st = read_steps(s, c, run, a, &steps, e);
    engine_reader_done(s->engine, c);
    *out = steps.items;
    *count = steps.count;
    return st;
}
