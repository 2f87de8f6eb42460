/* SPDX-License-Identifier: Apache-2.0 */
/* What a module declares that its instance asks for: it is made, and filled in row by row, before
 * create() is called. */
#include "plugin/internal.h"

struct filling {
    struct plugin *plugin;
    const kith_host *host;
    const kith_want *row;
    uint32_t type; /* of the last row that asked for one */
};

const char *want_sort(uint32_t what) {
    static const char *const names[] = {"?",      "table",  "type",  "field",   "predicate",
                                        "query",  "topic",  "timer", "setting", "delivery",
                                        "fields", "action", "host",  "place",   "number"};
    return names[what < sizeof names / sizeof *names ? what : 0];
}

/* A table as the module itself would ask for it. */
#define TABLE(f, of, name) ((const of *)(f)->host->table((f)->host, (name)))

static kith_status put(const struct filling *f, uint32_t at, const void *bytes, size_t size,
                       kith_error *e) {
    const uint64_t room = f->plugin->desc.instance_size;
    if (size > room || at > room - size)
        return err_set(
            e, KITH_E_INVAL, NULL,
            "its want of the %s '%.200s' goes to byte %u of its instance, which has %llu",
            want_sort(f->row->what), f->row->name ? f->row->name : "", at,
            (unsigned long long)room);
    memcpy((char *)f->plugin->own_instance + at, bytes, size);
    return KITH_OK;
}

static kith_status number_of(struct filling *f, uint32_t what, kith_str name, uint32_t *out,
                             kith_error *e) {
    const kith_host *host = f->host;
    if ((what == KITH_W_FIELD || what == KITH_W_PREDICATE) && !f->type)
        return err_set(e, KITH_E_INVAL, NULL,
                       "'%.*s' is wanted of a type, and no row of its wants above names one",
                       (int)name.len, name.ptr);
    switch (what) {
    case KITH_W_TYPE:
        TRY(TABLE(f, kith_records_v1, KITH_RECORDS_1)->type(host, name, out, e));
        f->type = *out;
        return KITH_OK;
    case KITH_W_FIELD:
        return TABLE(f, kith_records_v1, KITH_RECORDS_1)->field(host, f->type, name, out, e);
    case KITH_W_PREDICATE:
        return TABLE(f, kith_records_v1, KITH_RECORDS_1)->predicate(host, f->type, name, out, e);
    case KITH_W_QUERY:
        return TABLE(f, kith_records_v1, KITH_RECORDS_1)->query(host, name, out, e);
    case KITH_W_TOPIC:
        return TABLE(f, kith_events_v1, KITH_EVENTS_1)->topic(host, name, out, e);
    case KITH_W_TIMER:
        return TABLE(f, kith_timers_v1, KITH_TIMERS_1)->timer(host, name, out, e);
    case KITH_W_DELIVERY:
        return TABLE(f, kith_deliveries_v1, KITH_DELIVERIES_1)->delivery(host, name, out, e);
    default:
        return TABLE(f, kith_calls_v1, KITH_CALLS_1)->action(host, name, out, e);
    }
}

static kith_status put_fields(struct filling *f, kith_error *e) {
    kith_str rest = str_of(f->row->name), name;
    for (uint32_t at = f->row->at; str_split(&rest, ' ', &name); at += sizeof(uint32_t)) {
        uint32_t n;
        if (!name.len) /* behind the last one */
            continue;
        TRY(number_of(f, KITH_W_FIELD, name, &n, e));
        TRY(put(f, at, &n, sizeof n, e));
    }
    return KITH_OK;
}

static kith_status put_want(struct filling *f, kith_error *e) {
    const kith_host *host = f->host;
    const kith_want *w = f->row;
    const void *table;
    const char *where;
    kith_value setting;
    uint32_t n;
    switch (w->what) {
    case KITH_W_HOST:
        return put(f, w->at, &host, sizeof host, e);
    case KITH_W_TABLE:
        table = host->table(host, w->name);
        if (!table)
            return err_set(e, KITH_E_UNSUPPORTED, NULL, "this Kith has no '%s': use a newer one",
                           w->name);
        return put(f, w->at, &table, sizeof table, e);
    case KITH_W_SETTING:
        TRY(TABLE(f, kith_settings_v1, KITH_SETTINGS_1)->get(host, str_of(w->name), &setting, e));
        return put(f, w->at, &setting, sizeof setting, e);
    case KITH_W_NUMBER:
        TRY(TABLE(f, kith_settings_v1, KITH_SETTINGS_1)->get(host, str_of(w->name), &setting, e));
        if (setting.kind != KITH_BOOL && setting.kind != KITH_INT && setting.kind != KITH_DURATION)
            return err_set(e, KITH_E_INVAL, NULL,
                           "its setting '%s' is wanted as a number and is none", w->name);
        return put(f, w->at, &setting.as.i, sizeof setting.as.i, e);
    case KITH_W_PLACE:
        where = TABLE(f, kith_settings_v1, KITH_SETTINGS_1)->where(host, str_of(w->name)).ptr;
        if (!where)
            return err_set(e, KITH_E_NOTFOUND, NULL, "it declares no setting '%s'", w->name);
        return put(f, w->at, &where, sizeof where, e);
    case KITH_W_FIELDS:
        return put_fields(f, e);
    default:
        TRY(number_of(f, w->what, str_of(w->name), &n, e));
        return put(f, w->at, &n, sizeof n, e);
    }
}

kith_status wants_fill(struct plugin *p, kith_error *e) {
    struct filling f = {.plugin = p, .host = &p->host.host};
    const kith_want *rows = ROWS(p->desc.wants, kith_want);
    if (!p->desc.instance_size)
        return KITH_OK;
    p->instance = p->own_instance = calloc(1, (size_t)p->desc.instance_size);
    if (!p->instance)
        return err_nomem(e);
    for (f.row = rows; f.row < rows + p->desc.wants.count; f.row++)
        TRY(put_want(&f, e));
    return KITH_OK;
}
