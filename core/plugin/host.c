/* SPDX-License-Identifier: Apache-2.0 */
/* The host as a module sees it: tables by name, log, clock, memory; and its settings. The numbers
 * that modules are given are checked here. */
#include "plugin/internal.h"
#include <math.h>

#define PRODUCT  "Kith"
#define LIST_MAX 1000000u

static struct plugin *plugin_of(const kith_host *host) {
    return ((const struct plugin_host *)(const void *)host)->plugin;
}

/* -- the host ---------------------------------------------------------------------------------- */

static const void *host_table(const kith_host *host, const char *name) {
    static const struct {
        const char *name;
        const void *table;
    } tables[] = {
        {KITH_RECORDS_1, &host_records},       {KITH_EVENTS_1, &host_events},
        {KITH_TIMERS_1, &host_timers},         {KITH_CALLS_1, &host_calls},
        {KITH_SETTINGS_1, &host_settings},     {KITH_LISTENING_1, &host_listening},
        {KITH_DELIVERIES_1, &host_deliveries}, {KITH_SERVING_1, &host_serving},
        {KITH_FOLLOWING_1, &host_following},   {KITH_SIGN_IN_1, &host_sign_in},
        {KITH_OPERATION_1, &host_operation},   {KITH_NUMBERS_1, &host_numbers},
        {KITH_LINKS_1, &host_links},           {KITH_LINK_PAGES_1, &host_link_pages},
        {KITH_CALENDAR_1, &host_calendar},
    };
    (void)host;
    for (size_t i = 0; name && i < sizeof tables / sizeof tables[0]; i++)
        if (strcmp(tables[i].name, name) == 0)
            return tables[i].table;
    return NULL;
}

static void host_log(const kith_host *host, uint32_t level, kith_str text) {
    static const enum log_level levels[] = {LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG};
    int len = !text.ptr ? 0 : text.len > 4000 ? 4000 : (int)text.len;
    log_write(levels[level <= KITH_LOG_DEBUG ? level : KITH_LOG_DEBUG], plugin_of(host)->name,
              "%.*s", len, text.ptr ? text.ptr : "");
}

static int64_t host_now(const kith_host *host) {
    struct frame *f = frame_top();
    struct kclock real = CLOCK_REAL;
    if (f && f->phase == PHASE_RUN)
        return frame_now(f);
    struct kclock *clock = plugin_of(host)->set->clock;
    return clock_now(clock ? clock : &real);
}

static int64_t host_today(const kith_host *host) {
    return zone_day_of(plugin_of(host)->set->schema->zone, host_now(host));
}

static int64_t host_day(const kith_host *host, int64_t at) {
    return zone_day_of(plugin_of(host)->set->schema->zone, at);
}

static int32_t host_enabled(const kith_host *host, const char *module) {
    const struct plugins *set = plugin_of(host)->set;
    for (size_t i = 0; module && i < set->count; i++)
        if (strcmp(set->items[i]->name, module) == 0)
            return 1;
    return 0;
}

static void *host_memory(const kith_txn *txn, uint64_t bytes) {
    struct frame *f = frame_of(txn, NULL);
    return f && bytes <= SIZE_MAX / 2 ? arena_zalloc(&f->arena, (size_t)bytes) : NULL;
}

void host_init(struct plugin *p) {
    p->host.plugin = p;
    p->host.host = (kith_host){
        .struct_size = sizeof(kith_host),
        .abi_major = KITH_ABI_MAJOR,
        .abi_minor = KITH_ABI_MINOR,
        .product = PRODUCT,
        .version = KITH_VERSION,
        .table = host_table,
        .log = host_log,
        .now = host_now,
        .memory = host_memory,
        .today = host_today,
        .enabled = host_enabled,
        .day = host_day,
    };
}

/* -- numbers ----------------------------------------------------------------------------------- */

kith_status handle_add(struct handles *h, const void *item, uint32_t *number, kith_error *e) {
    if (h->count == h->cap) {
        uint32_t cap = h->cap ? h->cap * 2 : 8;
        const void **items = realloc(h->items, cap * sizeof *items);
        if (!items)
            return err_nomem(e);
        h->items = items;
        h->cap = cap;
    }
    h->items[h->count++] = item;
    *number = h->count;
    return KITH_OK;
}

const void *handle_get(const struct handles *h, uint32_t number, const char *what, kith_error *e) {
    if (number && number <= h->count)
        return h->items[number - 1];
    (void)err_set(e, KITH_E_INVAL, NULL, "there is no %s with the number %u", what, number);
    return NULL;
}

kith_status host_subject(struct frame *f, uint32_t number, kith_id id, const struct rtype **type,
                         kith_error *e) {
    *type = number ? schema_type_by_id(f->plugin->set->schema, number) : NULL;
    if (!*type != !id || (number && !*type))
        return err_set(e, KITH_E_INVAL, NULL, "a subject has a type and an id, or neither");
    return KITH_OK;
}

static bool is_there(const kith_value *v) {
    return v->kind != KITH_TEXT || v->as.s.ptr || !v->as.s.len;
}

static bool is_finite(const kith_value *v) {
    return v->kind != KITH_REAL || isfinite(v->as.r);
}

/* A list holds what is no list. */
static kith_status check_list(uint32_t at, const kith_value *v, kith_error *e) {
    uint64_t count = v->as.list.count;
    if (count > LIST_MAX || (count && !v->as.list.items))
        return err_set(e, KITH_E_INVAL, NULL, "value %u is no list of at most %u", at, LIST_MAX);
    for (uint64_t i = 0; i < count; i++) {
        const kith_value *item = &v->as.list.items[i];
        if (item->kind >= KITH_LIST || !is_finite(item) || !is_there(item))
            return err_set(e, KITH_E_INVAL, NULL, "value %u is a list with one of kind %u%s%s", at,
                           item->kind, is_finite(item) ? "" : ", infinite or no number",
                           is_there(item) ? "" : ", whose ptr is NULL");
    }
    return KITH_OK;
}

kith_status host_values(uint32_t count, const kith_value *values, kith_error *e) {
    if (count && !values)
        return err_set(e, KITH_E_INVAL, NULL, "there are no values where %u are told", count);
    for (uint32_t i = 0; i < count; i++) {
        if (values[i].kind > KITH_LIST)
            return err_set(e, KITH_E_INVAL, NULL, "value %u is of kind %u, which is unknown", i,
                           values[i].kind);
        if (!is_finite(&values[i]))
            return err_set(e, KITH_E_INVAL, NULL, "value %u is infinite or no number", i);
        if (!is_there(&values[i]))
            return err_set(e, KITH_E_INVAL, NULL, "value %u is a text of %llu bytes at NULL", i,
                           (unsigned long long)values[i].as.s.len);
        if (values[i].kind == KITH_LIST)
            TRY(check_list(i, &values[i], e));
    }
    return KITH_OK;
}

static kith_status check_size(uint32_t size, uint32_t least, kith_error *e) {
    return contract_size(size, least)
               ? KITH_OK
               : err_set(e, KITH_E_INVAL, NULL,
                         "struct_size is %u, and must be the struct's sizeof", size);
}

kith_status host_fill(void *info, void *full, uint32_t size, kith_error *e) {
    uint32_t room = info ? *(const uint32_t *)info : 0;
    TRY(check_size(room, 2 * sizeof(uint32_t), e));
    memset(info, 0, room);
    *(uint32_t *)full = room;
    memcpy(info, full, room < size ? room : size);
    return KITH_OK;
}

kith_status host_take(void *to, uint32_t size, const void *given, uint32_t least, kith_error *e) {
    uint32_t has = given ? *(const uint32_t *)given : 0;
    TRY(check_size(has, least, e));
    memcpy(to, given, has < size ? has : size);
    return KITH_OK;
}

/* -- settings ---------------------------------------------------------------------------------- */

static const struct setting *find_setting(const struct plugin *p, kith_str key, kith_error *e) {
    char text[128];
    const struct setting *s = NULL;
    if (key.len < sizeof text) {
        memcpy(text, key.ptr ? key.ptr : "", (size_t)key.len);
        text[key.len] = '\0';
        s = settings_find(p->set->settings, p->name, text);
    }
    if (!s)
        (void)err_set(e, KITH_E_NOTFOUND, NULL, "module '%s' declares no setting '%.*s'", p->name,
                      key.len < 100 ? (int)key.len : 100, key.ptr ? key.ptr : "");
    return s;
}

static kith_status settings_get(const kith_host *host, kith_str key, kith_value *value,
                                kith_error *e) {
    struct plugin *p = frame_main(host, PHASE_MAIN, e);
    if (!p)
        return KITH_E_THREAD;
    const struct setting *s = find_setting(p, key, e);
    if (!s)
        return KITH_E_NOTFOUND;
    *value = s->value;
    for (uint32_t i = 0; p->setting_values && i < p->desc.settings.count; i++)
        if (str_eqz(key, ROWS(p->desc.settings, kith_setting)[i].key))
            *value = p->setting_values[i];
    return KITH_OK;
}

const char *setting_place(struct plugin *p, const struct setting *s, int line) {
    const char *at = s->file ? arena_printf(&p->arena, "%s:%d: %s", s->file, line, s->path) : NULL;
    return at ? at : s->path;
}

static kith_str settings_where(const kith_host *host, kith_str key) {
    struct plugin *p = frame_main(host, PHASE_MAIN, NULL);
    const struct setting *s = p ? find_setting(p, key, NULL) : NULL;
    return s ? str_of(setting_place(p, s, s->line)) : (kith_str){"", 0};
}

const kith_settings_v1 host_settings = {
    .struct_size = sizeof host_settings,
    .get = settings_get,
    .where = settings_where,
};
