/* SPDX-License-Identifier: Apache-2.0 */
/* Restored: see restored.h. To go back to a moment is to undo all that came after it: it stands in
 * the journal, so that the chain of its digests holds and it can itself be undone. */
#include "cli/restored.h"
#include "cli/show.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTLE_MS 3600000 /* segments that follow */
#define SHOWN     20      /* changes that cannot be taken back */

static const struct principal restorer = {.name = "cli:restore", .all = true};

kith_status restored_open(struct company *company, const char *folder, kith_error *e) {
    const struct settings *s = company->settings;
    struct engine_options o = {.zone = company->zone,
                               .workdays = &company->workdays,
                               .node = (uint32_t)settings_int(s, "", "engine.node"),
                               .sources = company->sources,
                               .read_limit_ms = SETTLE_MS};
    kith_str currency = settings_text(s, "", "company.currency");
    char *db = company_path(folder, "kith.db");
    if (!db)
        return err_nomem(e);
    o.path = db;
    if (currency.len == 3)
        memcpy(o.base_currency, currency.ptr, 3);
    o.source_count = company_sources(
        company, company->types ? type_files_source(company->types) : NULL, company->sources);
    kith_status st = engine_open(&company->engine, &o, e);
    free(db);
    return st;
}

/* -- back to a moment -------------------------------------------------------------------------- */

static kith_status on_progress(void *arg, size_t done, size_t rows, kith_error *e) {
    struct cmd *c = arg;
    char line[80];
    snprintf(line, sizeof line, "%zu of %zu changes since then taken back", done, rows);
    io_progress(c->io, line);
    return io_check(c->io, e);
}

static void show_left(struct cmd *c, const struct undo_report *r) {
    size_t shown = 0;
    for (size_t i = 0; i < r->item_count && shown < SHOWN; i++) {
        const struct undo_item *item = &r->items[i];
        if (item->outcome == UNDO_REVERSED)
            continue;
        io_say(c->io, "%s %s%s%s: %s", item->type ? item->type->name : "record",
               show_id(c, item->record), item->field ? ", " : "", item->field ? item->field : "",
               item->reason);
        shown++;
    }
    if (r->kept + r->refused > shown)
        io_say(c->io, "... and %zu more", r->kept + r->refused - shown);
}

static const char *stamp(struct cmd *c, struct engine *g, int64_t ms) {
    struct civil t = zone_local(engine_zone(g), ms);
    return arena_printf(&c->arena, "%04d-%02d-%02d %02d:%02d:%02d", t.year, t.month, t.day, t.hour,
                        t.minute, t.second);
}

static kith_status row_of(struct engine *g, const struct moment *when, uint64_t *seq,
                          kith_error *e) {
    struct conn *conn;
    *seq = when->seq;
    if (when->seq)
        return KITH_OK;
    TRY(engine_reader(g, &conn, e));
    kith_status st = journal_row_at(conn, when->at, seq, e);
    engine_reader_done(g, conn);
    return st;
}

static kith_status go_back(struct cmd *c, struct engine *g, const char *text, bool partly,
                           struct restored *out, kith_error *e) {
    const struct undo_watch watch = {on_progress, c};
    struct undo_report r;
    struct moment when;
    uint64_t seq;
    TRY(engine_moment(g, str_of(text), &c->arena, &when, e));
    TRY(row_of(g, &when, &seq, e));
    TRY(engine_undo_since(g, &restorer, seq, &watch, &c->arena, &r, e));
    out->at = stamp(c, g, when.at);
    out->moment = when.at;
    out->taken_back = r.reversed;
    out->left = r.kept + r.refused;
    out->erased = r.erased;
    if (!out->at)
        return err_nomem(e);
    show_left(c, &r);
    if (out->left > 0 && !partly)
        return err_set(e, KITH_E_REFUSED, NULL,
                       "%zu of the changes since %s cannot be taken back, see above, and nothing"
                       " was restored; --partly restores it as far as it goes",
                       out->left, out->at);
    io_progress(c->io, "following with what is derived");
    return engine_drain(g, SETTLE_MS, e);
}

/* -- the whole --------------------------------------------------------------------------------- */

static kith_status erase_again(struct cmd *c, struct engine *g, const struct erased_list *list,
                               struct restored *out, kith_error *e) {
    io_progress(c->io, "erasing who was erased before");
    TRY(engine_erase_again(g, list, &c->arena, &out->again, e));
    TRY(engine_drain(g, SETTLE_MS, e));
    return engine_list_erased(g, e);
}

/* Back at a moment, more was said since then. */
static kith_status carry(struct cmd *c, struct engine *g, const struct settling *how,
                         struct restored *out, kith_error *e) {
    if (how->moment && how->replaced)
        TRY(carried_read(c, how->replaced, out->moment, &out->carried, e));
    if (!out->carried.count)
        return KITH_OK;
    io_progress(c->io, "saying again what people said since then");
    TRY(carried_say(c, g, &restorer, &out->carried, e));
    return engine_drain(g, SETTLE_MS, e);
}

static kith_status settle(struct cmd *c, struct company *company, const char *folder,
                          const struct settling *how, struct restored *out, kith_error *e) {
    TRY(restored_open(company, folder, e));
    struct engine *g = company->engine;
    TRY(engine_start(g, e));
    if (how->moment)
        TRY(go_back(c, g, how->moment, how->partly, out, e));
    TRY(carry(c, g, how, out, e));
    return how->erased->count ? erase_again(c, g, how->erased, out, e) : KITH_OK;
}

kith_status restored_settle(struct cmd *c, const char *folder, const struct settling *how,
                            struct restored *out, kith_error *e) {
    struct settings_problems problems = {0};
    struct company *company = NULL;
    kith_error why = KITH_ERROR_INIT;
    *out = (struct restored){0};
    if (how->replaced)
        TRY(carried_read(c, how->replaced, how->made, &out->carried, e));
    if (!how->moment && !how->erased->count && !out->carried.count)
        return KITH_OK;
    (void)company_read(&company, c->program, folder, &problems, &why);
    settings_problems_free(&problems);
    kith_status st;
    if (company && company->settings && company->plugins)
        st = settle(c, company, folder, how, out, e);
    else
        st = err_set(
            e, KITH_E_CORRUPT, NULL,
            "the settings in '%s' cannot be read (%s), and without them there is no %s: take"
            " another backup",
            how->backup, why.message,
            how->moment          ? "going back to a moment"
            : how->erased->count ? "erasing anybody again"
                                 : "withdrawing again what was withdrawn since");
    company_close(company);
    return st;
}
