/* SPDX-License-Identifier: Apache-2.0 */
/* Reports: queries that modules declare by name. Those of the company are its saved queries. */
#include "engine/engine_internal.h"

#include <kith/plugin.h>

kith_status engine_add_report(struct engine *g, const char *module, const struct kith_report *r,
                              kith_error *e) {
    struct report *items =
        arena_grow(&g->arena, g->reports, g->report_count, &g->report_cap, sizeof *g->reports);
    if (!items)
        return err_nomem(e);
    g->reports = items;
    struct report *out = &items[g->report_count];
    *out = (struct report){
        .name = arena_printf(&g->arena, "%s.%s", module, r->name),
        .doc = arena_strdup(&g->arena, r->doc ? r->doc : ""),
        .query = arena_strdup(&g->arena, r->query),
        .fields = r->fields ? arena_strdup(&g->arena, r->fields) : NULL,
    };
    if (!out->name || !out->doc || !out->query || (r->fields && !out->fields))
        return err_nomem(e);
    g->report_count++;
    return KITH_OK;
}

const struct report *engine_report_at(const struct engine *g, size_t i) {
    return i < g->report_count ? &g->reports[i] : NULL;
}

const struct report *engine_report(const struct engine *g, kith_str name) {
    for (size_t i = 0; i < g->report_count; i++)
        if (str_eqz(name, g->reports[i].name))
            return &g->reports[i];
    return NULL;
}
