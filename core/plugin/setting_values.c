/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of a module as it is handed them: those that are conditions are compiled, once for
 * all that ask for them. */
#include "plugin/internal.h"

struct making {
    struct plugin *plugin;
    const struct setting *setting;
    uint64_t row; /* of a list of groups, from 1; 0: it is none */
};

/* "conf.d/sales.conf:12: sales.guard.rules, row 3, when: ..." */
static kith_status refuse(const struct making *m, const kith_setting *decl, const kith_value *v,
                          kith_status st, const kith_error *why, kith_error *e) {
    const char *place = setting_place(m->plugin, m->setting, (int)v->flags);
    if (!m->row)
        return err_set(e, st, decl->key, "%s: %s", place, why->message);
    return err_set(e, st, decl->key, "%s, row %llu, %s: %s", place, (unsigned long long)m->row,
                   decl->key, why->message);
}

/* The type by its name, or by what another key of the group says. */
static kith_str type_of(const kith_setting *decl, const kith_array *items,
                        const kith_value *group) {
    if (decl->condition[0] != '=')
        return str_of(decl->condition);
    for (uint32_t i = 0; i < items->count; i++)
        if (strcmp(ROWS(*items, kith_setting)[i].key, decl->condition + 1) == 0)
            return group[i].as.s;
    return (kith_str){0};
}

/* Text and number: what is written stays for those who show it. */
static kith_status compile(const struct making *m, const kith_setting *decl,
                           const kith_array *items, const kith_value *group, kith_value *v,
                           kith_error *e) {
    const kith_host *host = &m->plugin->host.host;
    const kith_records_v1 *records = host->table(host, KITH_RECORDS_1);
    kith_error why = KITH_ERROR_INIT;
    uint32_t type, number = 0;
    if (decl->condition && v->kind == KITH_TEXT) {
        kith_status st = records->type(host, type_of(decl, items, group), &type, &why);
        if (st == KITH_OK)
            st = records->predicate(host, type, v->as.s, &number, &why);
        if (st != KITH_OK)
            return refuse(m, decl, v, st, &why, e);
    }
    v->flags = number; /* the line stands there until now */
    return KITH_OK;
}

static kith_status copy_list(struct making *m, const kith_array *items, kith_value *list,
                             kith_error *e);

static kith_status copy_group(struct making *m, const kith_array *items, kith_value *group,
                              kith_error *e) {
    const kith_value *from = group->as.list.items;
    kith_value *values = ARENA_ARRAY(&m->plugin->arena, kith_value, items->count);
    if (!values)
        return err_nomem(e);
    for (uint32_t i = 0; i < items->count; i++) {
        values[i] = from[i];
        TRY(compile(m, &ROWS(*items, kith_setting)[i], items, from, &values[i], e));
        if (values[i].kind == KITH_LIST)
            TRY(copy_list(m, NULL, &values[i], e));
    }
    group->as.list.items = values;
    return KITH_OK;
}

/* Of groups, each with those items; or of texts. */
static kith_status copy_list(struct making *m, const kith_array *items, kith_value *list,
                             kith_error *e) {
    const uint64_t count = list->as.list.count;
    kith_value *rows = ARENA_ARRAY(&m->plugin->arena, kith_value, count);
    if (count && !rows)
        return err_nomem(e);
    for (uint64_t i = 0; i < count; i++) {
        rows[i] = list->as.list.items[i];
        rows[i].flags = 0;
        m->row = items ? i + 1 : m->row;
        if (items)
            TRY(copy_group(m, items, &rows[i], e));
    }
    list->as.list.items = rows;
    return KITH_OK;
}

kith_status setting_values_make(struct plugin *p, kith_error *e) {
    const uint32_t count = p->desc.settings.count;
    p->setting_values = ARENA_ARRAY(&p->arena, kith_value, count);
    if (count && !p->setting_values)
        return err_nomem(e);
    for (uint32_t i = 0; i < count; i++) {
        const kith_setting *decl = &ROWS(p->desc.settings, kith_setting)[i];
        struct making m = {.plugin = p,
                           .setting = settings_find(p->set->settings, p->name, decl->key)};
        kith_value *v = &p->setting_values[i];
        if (!m.setting)
            continue;
        *v = m.setting->value;
        TRY(compile(&m, decl, NULL, NULL, v, e));
        if (v->kind == KITH_LIST)
            TRY(copy_list(&m, decl->items.count ? &decl->items : NULL, v, e));
    }
    return KITH_OK;
}
