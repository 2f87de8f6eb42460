/* SPDX-License-Identifier: Apache-2.0 */
/* From declarations to the engine: names become types, fields and conditions. Everything of a
 * module is resolved before anything of it is registered. */
#include "base/cron.h"
#include "engine/path.h"
#include "plugin/internal.h"
#include "record/rollup.h"

#define SETTLE 50 /* rules have the priority 0 */

/* An error says which row of which module it is about. */
static kith_status in_row(kith_status st, const char *callback, kith_error *e) {
    return st == KITH_OK ? KITH_OK : err_prefix(e, "%s: ", callback);
}

static struct source source_of(const struct plugin *p) {
    return (struct source){.kind = SOURCE_MODULE,
                           .name = p->name,
                           .version = p->desc.version_text ? p->desc.version_text : ""};
}

/* Declared field names to a set; NULL when there are none. */
static kith_status resolve_fields(struct plugin *p, const struct rtype *t, kith_array names,
                                  struct fieldset *set, const struct fieldset **out,
                                  kith_error *e) {
    const struct rfield *field;
    *out = NULL;
    for (uint32_t i = 0; i < names.count; i++) {
        if (!t)
            return err_set(e, KITH_E_INVAL, NULL, "it names fields, and its topic has no record");
        kith_str name = str_of(ROWS(names, char *const)[i]);
        TRY(schema_find_field(p->set->schema, t, name, &field, e));
        TRY(rollup_no_event(field, e));
        fieldset_add(set, field->index);
        *out = set;
    }
    return KITH_OK;
}

static kith_status resolve_where(struct plugin *p, const struct rtype *t, const char *text,
                                 const struct predicate **out, kith_error *e) {
    struct predicate *predicate;
    if (!text)
        return KITH_OK;
    if (!t)
        return err_set(e, KITH_E_INVAL, NULL, "it has a condition, and its topic has no record");
    kith_status st = predicate_parse(&predicate, p->set->schema, t, &p->arena, str_of(text), e);
    if (st != KITH_OK)
        return err_prefix(e, "where: ");
    *out = predicate;
    return grant_read_query(p, predicate_query(predicate), e);
}

/* -- topics ------------------------------------------------------------------------------------ */

kith_status bind_topics(struct plugin *p, kith_error *e) {
    const kith_topic *rows = ROWS(p->desc.topics, kith_topic);
    p->bound_topics = ARENA_ARRAY(&p->arena, struct bound_topic, p->desc.topics.count);
    if (!p->bound_topics)
        return err_nomem(e);
    for (uint32_t i = 0; i < p->desc.topics.count; i++) {
        struct bound_topic *b = &p->bound_topics[i];
        b->owner = p;
        b->decl = &rows[i];
        if (action_fields(p->set->engine, p->name, rows[i].fields, &b->fields, &b->field_count,
                          e) != KITH_OK)
            return err_prefix(e, "topic %s: ", rows[i].name);
    }
    return KITH_OK;
}

/* -- hooks ------------------------------------------------------------------------------------- */

static kith_status bind_hook(struct plugin *p, const kith_hook *d, struct bound_hook *b,
                             kith_error *e) {
    const struct rtype *t;
    TRY(schema_find_type(p->set->schema, str_of(d->type), &t, e));
    TRY(grant_read(p, t, e));
    b->hook = (struct hook){
        .type = t,
        .on = d->on,
        .after = d->when == KITH_AFTER,
        .except = d->except,
        .priority = d->priority + (d->when == KITH_SETTLE ? SETTLE : 0),
        .fn = thunk_hook,
        .self = b,
        .source = source_of(p),
    };
    TRY(resolve_fields(p, t, d->fields, &b->fields, &b->hook.fields, e));
    return resolve_where(p, t, d->where, &b->hook.where, e);
}

static kith_status bind_hooks(struct plugin *p, kith_error *e) {
    const kith_hook *rows = ROWS(p->desc.hooks, kith_hook);
    p->hooks = ARENA_ARRAY(&p->arena, struct bound_hook, p->desc.hooks.count);
    if (!p->hooks)
        return err_nomem(e);
    for (uint32_t i = 0; i < p->desc.hooks.count; i++) {
        struct bound_hook *b = &p->hooks[i];
        b->plugin = p;
        b->decl = &rows[i];
        b->callback.name = arena_printf(&p->arena, "hook %s", rows[i].name);
        if (!b->callback.name)
            return err_nomem(e);
        TRY(in_row(bind_hook(p, &rows[i], b, e), b->callback.name, e));
    }
    return KITH_OK;
}

/* -- reactions --------------------------------------------------------------------------------- */

/* The type whose records a topic is about: the part before the dot. NULL: a published topic about
 * something else. */
static const struct rtype *topic_type(const struct plugin *p, const char *topic) {
    kith_str rest = str_of(topic), name;
    return str_split(&rest, '.', &name) ? schema_type(p->set->schema, name) : NULL;
}

static bool own_topic(const struct plugin *p, const char *name) {
    for (uint32_t i = 0; i < p->desc.topics.count; i++)
        if (strcmp(p->bound_topics[i].decl->name, name) == 0)
            return true;
    return false;
}

static kith_status bind_reaction(struct plugin *p, const kith_reaction *d, struct bound_reaction *b,
                                 kith_error *e) {
    const struct rtype *t = topic_type(p, d->topic);
    const char *cursor = arena_printf(&p->arena, "%s:%s", p->name, d->name);
    bool any = strcmp(d->topic, "*") == 0;
    if (!cursor)
        return err_nomem(e);
    if (!any && !own_topic(p, d->topic) && !engine_topic_known(p->set->engine, str_of(d->topic)))
        return err_set(e, KITH_E_NOTFOUND, NULL, "nobody publishes the topic '%s'", d->topic);
    if (t)
        TRY(grant_read(p, t, e));
    b->reaction = (struct reaction){
        .name = cursor,
        .topic = d->topic,
        .on_undo = d->flags & KITH_RF_UNDO,
        .listens = any,
        .fn = thunk_reaction,
        .self = b,
        .source = source_of(p),
    };
    TRY(resolve_fields(p, t, d->fields, &b->fields, &b->reaction.fields, e));
    return resolve_where(p, t, d->where, &b->reaction.where, e);
}

static kith_status bind_reactions(struct plugin *p, kith_error *e) {
    const kith_reaction *rows = ROWS(p->desc.reactions, kith_reaction);
    p->reactions = ARENA_ARRAY(&p->arena, struct bound_reaction, p->desc.reactions.count);
    if (!p->reactions)
        return err_nomem(e);
    for (uint32_t i = 0; i < p->desc.reactions.count; i++) {
        struct bound_reaction *b = &p->reactions[i];
        b->plugin = p;
        b->decl = &rows[i];
        b->callback.name = arena_printf(&p->arena, "reaction %s", rows[i].name);
        if (!b->callback.name)
            return err_nomem(e);
        TRY(in_row(bind_reaction(p, &rows[i], b, e), b->callback.name, e));
    }
    return KITH_OK;
}

/* -- timers ------------------------------------------------------------------------------------ */

static kith_status bind_timer(struct plugin *p, const kith_timer *d, struct bound_timer *b,
                              kith_error *e) {
    struct cron cron;
    const char *name = arena_printf(&p->arena, "%s:%s", p->name, d->name);
    if (!name)
        return err_nomem(e);
    if (d->cron)
        TRY(cron_parse(str_of(d->cron), &cron, e));
    b->handler = (struct timer_handler){
        .name = name, .cron = d->cron, .fn = thunk_timer, .self = b, .source = source_of(p)};
    return KITH_OK;
}

static kith_status bind_timers(struct plugin *p, kith_error *e) {
    const kith_timer *rows = ROWS(p->desc.timers, kith_timer);
    p->timers = ARENA_ARRAY(&p->arena, struct bound_timer, p->desc.timers.count);
    if (!p->timers)
        return err_nomem(e);
    for (uint32_t i = 0; i < p->desc.timers.count; i++) {
        struct bound_timer *b = &p->timers[i];
        b->plugin = p;
        b->decl = &rows[i];
        b->callback.name = arena_printf(&p->arena, "timer %s", rows[i].name);
        if (!b->callback.name)
            return err_nomem(e);
        TRY(in_row(bind_timer(p, &rows[i], b, e), b->callback.name, e));
    }
    return KITH_OK;
}

/* -- deliveries -------------------------------------------------------------------------------- */

static kith_status bind_deliveries(struct plugin *p, kith_error *e) {
    const kith_delivery *rows = ROWS(p->desc.deliveries, kith_delivery);
    p->deliveries = ARENA_ARRAY(&p->arena, struct bound_delivery, p->desc.deliveries.count);
    if (!p->deliveries)
        return err_nomem(e);
    for (uint32_t i = 0; i < p->desc.deliveries.count; i++) {
        struct bound_delivery *b = &p->deliveries[i];
        b->plugin = p;
        b->decl = &rows[i];
        b->callback.name = arena_printf(&p->arena, "delivery %s", rows[i].name);
        const char *name = arena_printf(&p->arena, "%s:%s", p->name, rows[i].name);
        if (!b->callback.name || !name)
            return err_nomem(e);
        b->handler = (struct delivery_handler){
            .name = name, .fn = thunk_delivery, .self = b, .source = source_of(p)};
    }
    return KITH_OK;
}

/* -- actions ----------------------------------------------------------------------------------- */

static kith_status check_defaults(struct plugin *p, const struct action *a, kith_error *e) {
    for (uint32_t i = 0; i < a->param_count; i++) {
        const char *text = a->params[i]->default_text;
        kith_value v = text ? value_str(str_of(text)) : value_null();
        if (value_check(p->set->schema, a->params[i], false, &p->arena, &v, e) != KITH_OK)
            return err_prefix(e, "the default of ");
    }
    return KITH_OK;
}

static kith_status bind_action(struct plugin *p, const kith_action *d, struct bound_action *b,
                               kith_error *e) {
    struct engine *g = p->set->engine;
    struct action *a = &b->action;
    const char *name = arena_printf(&p->arena, "%s.%s", p->name, d->name);
    if (!name)
        return err_nomem(e);
    *a = (struct action){
        .name = name,
        .module = p->name,
        .doc = d->doc ? d->doc : "",
        .effect = d->effect,
        .whole = (d->flags & KITH_AF_WHOLE) != 0,
        .file = d->file,
        .fn = thunk_action,
        .self = b,
        .source = source_of(p),
    };
    if (engine_action(g, str_of(name)))
        return err_set(e, KITH_E_CONFLICT, NULL, "there is an action '%s' already", name);
    TRY(action_fields(g, p->name, d->params, &a->params, &a->param_count, e));
    TRY(check_defaults(p, a, e));
    TRY(action_fields(g, p->name, d->results, &a->results, &a->result_count, e));
    return action_fields(g, p->name, d->columns, &a->columns, &a->column_count, e);
}

static kith_status bind_actions(struct plugin *p, kith_error *e) {
    const kith_action *rows = ROWS(p->desc.actions, kith_action);
    p->actions = ARENA_ARRAY(&p->arena, struct bound_action, p->desc.actions.count);
    if (!p->actions)
        return err_nomem(e);
    for (uint32_t i = 0; i < p->desc.actions.count; i++) {
        struct bound_action *b = &p->actions[i];
        b->plugin = p;
        b->decl = &rows[i];
        b->callback.name = arena_printf(&p->arena, "action %s", rows[i].name);
        if (!b->callback.name)
            return err_nomem(e);
        TRY(in_row(bind_action(p, &rows[i], b, e), b->callback.name, e));
    }
    return KITH_OK;
}

/* -- roll-ups ---------------------------------------------------------------------------------- */

/* What it is kept from shows in it. */
static kith_status check_rollup(struct plugin *p, const struct rfield *f, kith_error *e) {
    const char *name = arena_printf(&p->arena, "roll-up %s.%s", f->type->name, f->name);
    if (!name)
        return err_nomem(e);
    return in_row(grant_read(p, f->rollup->child, e), name, e);
}

static kith_status check_rollups(struct plugin *p, kith_error *e) {
    const struct schema *s = p->set->schema;
    for (uint32_t i = 0; i < s->rollup_count; i++)
        if (strcmp(s->rollups[i]->field->module, p->name) == 0)
            TRY(check_rollup(p, s->rollups[i]->field, e));
    return KITH_OK;
}

/* -- reports ----------------------------------------------------------------------------------- */

/* Of records: totals have the columns of their query. */
static kith_status bind_columns(struct plugin *p, const struct query *q, const char *fields,
                                kith_error *e) {
    kith_str rest = str_of(fields), name;
    struct path path;
    if (query_counts(q) || query_totals(q))
        return err_set(e, KITH_E_INVAL, NULL, "it finds no records, and has fields");
    while (str_split(&rest, ',', &name))
        TRY(path_parse(query_type(q), name, &p->arena, &path, e));
    return KITH_OK;
}

/* A query that nobody could ask is its author's error. */
static kith_status bind_reports(struct plugin *p, kith_error *e) {
    const kith_report *rows = ROWS(p->desc.reports, kith_report);
    for (uint32_t i = 0; i < p->desc.reports.count; i++) {
        struct query *q;
        kith_status st = query_parse(&q, p->set->schema, &p->arena, str_of(rows[i].query), e);
        if (st == KITH_OK && rows[i].fields)
            st = bind_columns(p, q, rows[i].fields, e);
        if (st != KITH_OK)
            return err_prefix(e, "report %s: ", rows[i].name);
    }
    return KITH_OK;
}

/* -- all of it --------------------------------------------------------------------------------- */

kith_status bind_resolve(struct plugin *p, kith_error *e) {
    TRY(check_rollups(p, e));
    TRY(bind_hooks(p, e));
    TRY(bind_reactions(p, e));
    TRY(bind_timers(p, e));
    TRY(bind_deliveries(p, e));
    TRY(bind_reports(p, e));
    return bind_actions(p, e);
}

/* After all checks only memory can be missing; what was registered by then answers that its module
 * is out. */
kith_status bind_register(struct plugin *p, kith_error *e) {
    struct engine *g = p->set->engine;
    for (uint32_t i = 0; i < p->desc.topics.count; i++)
        TRY(engine_add_topic(g, p->name, p->bound_topics[i].decl, e));
    for (uint32_t i = 0; i < p->desc.hooks.count; i++)
        TRY(engine_add_hook(g, &p->hooks[i].hook, e));
    for (uint32_t i = 0; i < p->desc.reactions.count; i++)
        TRY(engine_add_reaction(g, &p->reactions[i].reaction, e));
    for (uint32_t i = 0; i < p->desc.timers.count; i++)
        TRY(engine_add_timer(g, &p->timers[i].handler, e));
    for (uint32_t i = 0; i < p->desc.deliveries.count; i++)
        TRY(engine_add_delivery(g, &p->deliveries[i].handler, e));
    for (uint32_t i = 0; i < p->desc.actions.count; i++)
        TRY(engine_add_action(g, &p->actions[i].action, e));
    for (uint32_t i = 0; i < p->desc.reports.count; i++)
        TRY(engine_add_report(g, p->name, &ROWS(p->desc.reports, kith_report)[i], e));
    return KITH_OK;
}

kith_status bind_refusals(struct plugin *p, kith_error *e) {
    const struct schema *schema = p->set->schema;
    for (uint32_t i = 0; i < schema->type_count; i++) {
        const struct rtype *t = schema->types[i];
        if (strcmp(t->module, p->name) != 0)
            continue;
        struct hook h = {.type = t,
                         .on = ON_CREATE | ON_UPDATE | ON_DELETE,
                         .priority = INT32_MIN,
                         .fn = thunk_refusal,
                         .self = p,
                         .source = source_of(p)};
        TRY(engine_add_hook(p->set->engine, &h, e));
    }
    return KITH_OK;
}
