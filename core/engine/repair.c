/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept from the records can be made anew from them where the doctor finds it wrong. Nothing
 * else is touched: which of two records of the same fact is right no program can know. */
#include "engine/engine_internal.h"

#include <string.h>

#include "base/log.h"

struct patient {
    struct engine *engine;
    const struct principal *principal;
    doctor_tell tell;
    void *arg;
    bool unsound;        /* the file itself is */
    bool unreadable;     /* a record may be */
    unsigned long wrong; /* a bit for each row of the table below */
};

/* -- each kind --------------------------------------------------------------------------------- */

static kith_status in_transaction(const struct patient *p, write_fn fn, kith_error *e) {
    struct write_opts w = {.principal = p->principal, .origin = ORIGIN_SYSTEM};
    return engine_write(p->engine, &w, fn, NULL, NULL, e);
}

static kith_status fill(struct txn *t, void *arg, kith_error *e) {
    (void)arg;
    TRY(schema_fill_companions(t->g->writer, t->g->schema, e));
    return segments_again(t, e); /* that compare them */
}

static kith_status companions(const struct patient *p, kith_error *e) {
    return in_transaction(p, fill, e);
}

static kith_status rollups(const struct patient *p, kith_error *e) {
    return engine_compute_rollups(p->engine, p->principal, e);
}

static kith_status tell_on(void *arg, uint64_t left, kith_error *e) {
    const struct patient *p = arg;
    (void)left;
    return p->tell(p->arg, "search", NULL, e);
}

/* A record that cannot be read would end it half-way, and what there was of the index be lost. */
static kith_status search(const struct patient *p, kith_error *e) {
    if (p->unreadable)
        return err_set(e, KITH_E_CORRUPT, NULL,
                       "first mend the records of which the doctor says that they are not in form");
    TRY(engine_search_clear(p->engine, e));
    return engine_search_build(p->engine, tell_on, (void *)(uintptr_t)p, e);
}

static kith_status again(struct txn *t, void *arg, kith_error *e) {
    (void)arg;
    return segments_again(t, e);
}

static kith_status segments(const struct patient *p, kith_error *e) {
    return in_transaction(p, again, e);
}

static kith_status redirects(const struct patient *p, kith_error *e) {
    return in_transaction(p, redirects_mend, e);
}

static kith_status apply(struct txn *t, void *arg, kith_error *e) {
    (void)arg;
    return suppressions_apply_all(t, e);
}

static kith_status suppressions(const struct patient *p, kith_error *e) {
    return in_transaction(p, apply, e);
}

/* In this order: what comes later is worked out from what came before. */
static const struct {
    const char *check, *made;
    kith_status (*make)(const struct patient *p, kith_error *e);
} repairs[] = {
    {"redirects", "old ids that led astray lead nowhere any more", redirects},
    {"columns", "amounts in the company's currency were worked out anew", companions},
    {"folds", "folded columns were made anew from their text", companions},
    {"suppressions", "whoever has an address that said no was given that no", suppressions},
    {"roll-ups", "every roll-up was computed anew from its records", rollups},
    {"search", "the search index was made anew", search},
    {"segments", "every segment was worked out anew, and its members counted", segments},
};
#define REPAIRS (sizeof repairs / sizeof *repairs)

/* -- all --------------------------------------------------------------------------------------- */

static kith_status note(void *arg, const char *check, const char *sentence, kith_error *e) {
    struct patient *p = arg;
    if (!sentence)
        return p->tell(p->arg, check, NULL, e);
    p->unsound |= strcmp(check, "file") == 0;
    p->unreadable |= strcmp(check, "form") == 0;
    for (size_t i = 0; i < REPAIRS; i++)
        if (strcmp(check, repairs[i].check) == 0)
            p->wrong |= 1UL << i;
    return KITH_OK;
}

static kith_status settle_batch(struct engine *g, struct request *r, kith_error *e) {
    bool *more = r->alone_arg;
    TRY(segments_settle(g, e));
    *more = g->segments.settling;
    return KITH_OK;
}

/* Repairs ask for segments to be worked out; that is done when this returns. */
static kith_status settle_all(const struct patient *p, kith_error *e) {
    for (bool more = true; more;) {
        struct request r = {.alone = settle_batch, .alone_arg = &more};
        TRY(writer_submit(p->engine, &r, e));
        TRY(p->tell(p->arg, "segments", NULL, e));
    }
    return KITH_OK;
}

/* One that fails for a record that cannot be read does not keep the others from it. */
static kith_status make(struct patient *p, size_t i, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    kith_status st = repairs[i].make(p, &why);
    if (st == KITH_OK)
        return KITH_OK;
    if (st != KITH_E_CORRUPT && st != KITH_E_INVAL) {
        err_copy(e, &why);
        return st;
    }
    p->wrong &= ~(1UL << i);
    log_error("doctor", "%s cannot be made anew: %s", repairs[i].check, why.message);
    return KITH_OK;
}

kith_status engine_repair(struct engine *g, const struct principal *principal, doctor_tell tell,
                          void *arg, kith_error *e) {
    struct patient p = {.engine = g, .principal = principal, .tell = tell, .arg = arg};
    size_t findings;
    TRY(engine_doctor(g, note, &p, &findings, e));
    if (p.unsound)
        return KITH_OK;
    for (size_t i = 0; i < REPAIRS; i++)
        if (p.wrong & 1UL << i)
            TRY(make(&p, i, e));
    if (p.wrong)
        TRY(settle_all(&p, e));
    for (size_t i = 0; i < REPAIRS; i++)
        if (p.wrong & 1UL << i)
            TRY(tell(arg, repairs[i].check, repairs[i].made, e));
    return KITH_OK;
}
