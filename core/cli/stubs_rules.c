/* SPDX-License-Identifier: Apache-2.0 */
/* Stubs of the words that declare rules: an overload for each type, so that the editor knows what
 * the function is given. */
#include "cli/stubs.h"
#include "script/words.h"
#include <string.h>

/* With the options and without them. events: "a"|"b" */
static void put_overloads(struct stubs *s, const char *events, const char *options,
                          const char *arguments) {
    buf_printf(s->out, "---@overload fun(event: %s, options: %s, run: fun(%s))\n", events, options,
               arguments);
    buf_printf(s->out, "---@overload fun(event: %s, run: fun(%s))\n", events, arguments);
}

static const char *changes_of(struct stubs *s, const struct rtype *t) {
    return arena_printf(s->arena, "\"%s.create\"|\"%s.update\"|\"%s.save\"|\"%s.delete\"", t->name,
                        t->name, t->name, t->name);
}

static const char *events_of(struct stubs *s, const struct rtype *t) {
    const char *all = arena_printf(s->arena, "\"%s.created\"|\"%s.updated\"|\"%s.deleted\"",
                                   t->name, t->name, t->name);
    for (uint32_t i = 0; i < t->field_count; i++) {
        const struct rfield *f = t->fields[i];
        for (uint32_t k = 0; all && f->kind == KITH_F_STATE && k < f->option_count; k++)
            all = arena_printf(s->arena, "%s|\"%s.%s\"", all, t->name, f->options[k]);
    }
    return all;
}

static void put_types(struct stubs *s, bool hook) {
    for (uint32_t i = 0; i < s->schema->type_count; i++) {
        const char *n = s->schema->types[i]->name;
        const char *events =
            hook ? changes_of(s, s->schema->types[i]) : events_of(s, s->schema->types[i]);
        const char *options = arena_printf(s->arena, "rule.options.%s", n);
        const char *arguments =
            arena_printf(s->arena, "record: record.%s, %s: %s.%s", n, hook ? "change" : "event",
                         hook ? "change" : "event", n);
        s->out->failed |= !events || !options || !arguments;
        if (!s->out->failed)
            put_overloads(s, events, options, arguments);
    }
}

/* What a module publishes, with what comes along. */
static void put_topic(struct stubs *s, const struct stubs_topic *t) {
    stubs_comment(s, t->doc);
    stubs_class(s, "data", t->name, t->fields, t->field_count, false, false);
    buf_printf(s->out, "---@class event.of.%s: event\n---@field data data.%s\n\n", t->name,
               t->name);
}

static void put_topics(struct stubs *s, const struct stubs_topic *topics, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *event = arena_printf(s->arena, "\"%s\"", topics[i].name);
        const char *arguments =
            arena_printf(s->arena, "record: any, event: event.of.%s", topics[i].name);
        s->out->failed |= !event || !arguments;
        if (!s->out->failed)
            put_overloads(s, event, "rule.options", arguments);
    }
}

static void begin(struct stubs *s, const char *name) {
    const struct word *w = word_find(str_of(name));
    buf_putc(s->out, '\n');
    stubs_comment(s, w->doc);
}

static void end(struct stubs *s, const char *name) {
    buf_printf(
        s->out,
        "---@param event string\n---@param options? rule.options|function\n"
        "---@param run? function\n---@return function\nfunction %s(event, options, run) end\n",
        name);
}

void stubs_rules(struct stubs *s, const struct stubs_topic *topics, size_t count) {
    static const char *const hooks[] = {"before", "after"};
    for (size_t i = 0; i < count; i++)
        put_topic(s, &topics[i]);
    for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++) {
        begin(s, hooks[i]);
        put_types(s, true);
        end(s, hooks[i]);
    }
    begin(s, "on");
    put_types(s, false);
    put_topics(s, topics, count);
    end(s, "on");
    begin(s, "every");
    put_overloads(s, "string", "rule.options", "now: Time");
    end(s, "every");
}
