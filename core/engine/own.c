/* SPDX-License-Identifier: Apache-2.0 */
/* Own: the actions and topics of the core itself, which the engine treats as those of a module. */
#include "engine/engine_internal.h"

static const struct own_part *const parts[] = {&segments_own, &dates_own,       &merge_own,
                                               &consent_own,  &restriction_own, &erase_own,
                                               &flow_own,     &pass_own};
#define PARTS (sizeof parts / sizeof *parts)

const struct own_action *engine_own_action(size_t i) {
    for (size_t k = 0; k < PARTS; k++)
        for (const struct own_action *a = parts[k]->actions; a && a->name; a++)
            if (i-- == 0)
                return a;
    return NULL;
}

const kith_topic *engine_own_topic(size_t i) {
    for (size_t k = 0; k < PARTS; k++) {
        if (i < parts[k]->topic_count)
            return &parts[k]->topics[i];
        i -= parts[k]->topic_count;
    }
    return NULL;
}

kith_status engine_add_own(struct engine *g, const char *source, const struct own_action *rows,
                           void *self, kith_error *e) {
    for (const struct own_action *row = rows; row && row->name; row++) {
        struct action a = {.name = row->name,
                           .module = "core",
                           .doc = row->doc,
                           .effect = row->flags & OWN_READS ? EFFECT_READ : EFFECT_WRITE,
                           .final = row->flags & OWN_FINAL,
                           .gone = row->flags & OWN_GONE,
                           .fn = row->fn,
                           .self = self,
                           .source = {SOURCE_CORE, source, "", 0}};
        TRY(action_fields(g, "core", row->params, &a.params, &a.param_count, e));
        TRY(action_fields(g, "core", row->results, &a.results, &a.result_count, e));
        TRY(action_fields(g, "core", row->columns, &a.columns, &a.column_count, e));
        TRY(engine_add_action(g, &a, e));
    }
    return KITH_OK;
}

kith_status own_add(struct engine *g, kith_error *e) {
    const kith_topic *topic;
    for (size_t i = 0; (topic = engine_own_topic(i)); i++)
        TRY(engine_add_topic(g, "core", topic, e));
    for (size_t k = 0; k < PARTS; k++)
        TRY(engine_add_own(g, parts[k]->name, parts[k]->actions, NULL, e));
    return KITH_OK;
}
