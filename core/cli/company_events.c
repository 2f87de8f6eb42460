/* SPDX-License-Identifier: Apache-2.0 */
/* The company's own events: company.events in the settings, as the rows that a module would
 * declare. */
#include "cli/company.h"
#include "engine/type_files.h"

#include <string.h>

/* A workflow's event has what it carries in itself, beside these. */
static const char *const own_parts[] = {"topic", "at",      "origin", "record",
                                        "data",  "changed", "before"};

static kith_status check_field(const kith_field *f, kith_error *e) {
    if (!schema_name_ok(f->name))
        return err_set(e, KITH_E_INVAL, NULL,
                       "'%s' is no name: lower-case letters, digits and _, as in \"score:integer "
                       "How happy.\"",
                       f->name);
    for (size_t i = 0; i < sizeof own_parts / sizeof *own_parts; i++)
        if (strcmp(f->name, own_parts[i]) == 0)
            return err_set(e, KITH_E_INVAL, NULL,
                           "%s is what every event has: give it another name", f->name);
    if (f->kind == KITH_F_STATE)
        return err_set(e, KITH_E_INVAL, NULL, "%s: an event has no states: write choice[...]",
                       f->name);
    return KITH_OK;
}

/* "score:integer How happy, from 1 to 5." */
static kith_status read_field(struct arena *a, kith_str text, kith_field *out, kith_error *e) {
    kith_str rest = str_trim(text), name = rest, kind = STR("text"), doc = STR("");
    const char *end = rest.ptr + rest.len, *colon = memchr(rest.ptr, ':', (size_t)rest.len);
    const char *blank = memchr(rest.ptr, ' ', (size_t)rest.len);
    const char *behind = blank ? blank : end;
    if (colon && colon < behind) {
        const char *open = memchr(colon, '[', (size_t)(end - colon));
        const char *close = open ? memchr(open, ']', (size_t)(end - open)) : NULL;
        if (open && open < behind)
            behind = close ? close + 1 : end;
        name = (kith_str){rest.ptr, (uint64_t)(colon - rest.ptr)};
        kind = (kith_str){colon + 1, (uint64_t)(behind - colon - 1)};
    } else {
        name = (kith_str){rest.ptr, (uint64_t)(behind - rest.ptr)};
    }
    doc = str_trim((kith_str){behind, (uint64_t)(end - behind)});
    *out = (kith_field){.name = arena_str(a, name).ptr, .doc = arena_str(a, doc).ptr};
    if (!out->name || !out->doc)
        return err_nomem(e);
    if (type_kind_parse(kind, a, &out->kind, &out->options, e) != KITH_OK)
        return err_prefix(e, "%s: ", out->name);
    return check_field(out, e);
}

static kith_status read_fields(struct arena *a, const kith_value *list, kith_array *out,
                               kith_error *e) {
    uint64_t count = list->kind == KITH_LIST ? list->as.list.count : 0;
    kith_field *fields = ARENA_ARRAY(a, kith_field, count + 1);
    if (!fields)
        return err_nomem(e);
    for (uint64_t i = 0; i < count; i++)
        TRY(read_field(a, list->as.list.items[i].as.s, &fields[i], e));
    *out = (kith_array){fields, sizeof *fields, (uint32_t)count};
    return KITH_OK;
}

/* "feedback.answered" */
static bool is_topic(struct arena *a, const char *name) {
    const char *dot = strchr(name, '.');
    const char *of = dot ? arena_strndup(a, name, (size_t)(dot - name)) : NULL;
    return of && schema_name_ok(of) && schema_name_ok(dot + 1);
}

static kith_status read_event(struct company *c, size_t i, kith_topic *out, kith_error *e) {
    kith_value v[3];
    static const char *const keys[] = {"name", "doc", "fields"};
    for (int k = 0; k < 3; k++)
        v[k] = settings_item(c->settings, "", "company.events", i, keys[k]);
    *out = (kith_topic){.name = v[0].kind == KITH_TEXT ? v[0].as.s.ptr : "",
                        .schema = 1,
                        .doc = v[1].kind == KITH_TEXT ? v[1].as.s.ptr : ""};
    if (!is_topic(&c->arena, out->name))
        return err_set(e, KITH_E_INVAL, NULL,
                       "'%s' is no name of an event: write what it is about and what happened, "
                       "\"feedback.answered\"",
                       out->name);
    if (read_fields(&c->arena, &v[2], &out->fields, e) != KITH_OK)
        return err_prefix(e, "%s: ", out->name);
    return KITH_OK;
}

kith_status company_events_read(struct company *c, kith_error *e) {
    size_t count = settings_count(c->settings, "", "company.events");
    c->events = ARENA_ARRAY(&c->arena, kith_topic, count + 1);
    if (!c->events)
        return err_nomem(e);
    for (size_t i = 0; i < count; i++)
        TRY(read_event(c, i, &c->events[i], e));
    c->event_count = count;
    return KITH_OK;
}

kith_status company_events_add(struct company *c, kith_error *e) {
    for (size_t i = 0; i < c->event_count; i++)
        if (engine_add_topic(c->engine, SCHEMA_COMPANY, &c->events[i], e) != KITH_OK)
            return err_prefix(e, "company.events: ");
    return KITH_OK;
}
