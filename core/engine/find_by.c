/* SPDX-License-Identifier: Apache-2.0 */
/* The one record that has a value in a field, for who knows its code and not its id. */
#include "base/id.h"
#include "engine/engine.h"
#include "record/query.h"
#include <ctype.h>
#include <string.h>

struct matches {
    kith_id ids[2];
    uint32_t count;
};

static kith_status keep(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct matches *m = arg;
    (void)values;
    (void)e;
    if (m->count < 2)
        m->ids[m->count++] = id;
    return KITH_OK;
}

/* It goes into the text of a query, so it is nothing but a path of names. */
static bool is_path(kith_str s) {
    for (uint64_t i = 0; i < s.len; i++)
        if (!isalnum((unsigned char)s.ptr[i]) && s.ptr[i] != '_' && s.ptr[i] != '.')
            return false;
    return s.len > 0;
}

static kith_status ask(struct engine *g, const struct principal *p, const struct rtype *type,
                       kith_str by, kith_value value, struct arena *a, struct matches *m,
                       kith_error *e) {
    struct query *q;
    struct find_page page = {.limit = 2};
    const char *text =
        is_path(by) ? arena_printf(a, "%s where %.*s = :value", type->name, (int)by.len, by.ptr)
                    : "";
    if (!text)
        return err_nomem(e);
    if (!*text)
        return err_set(e, KITH_E_INVAL, NULL, "'%.*s' names no field of %s",
                       (int)(by.len < 60 ? by.len : 60), by.ptr, type->name);
    kith_error why = KITH_ERROR_INIT;
    kith_status st = query_parse_for(&q, type->schema, p, a, str_of(text), &why);
    if (st == KITH_E_INVAL || st == KITH_E_NOTFOUND) /* its position is that in our text */
        return err_set(e, KITH_E_INVAL, NULL,
                       "'%.*s' names no field of %s; 'kith explain %s' lists them",
                       (int)(by.len < 60 ? by.len : 60), by.ptr, type->name, type->name);
    if (st != KITH_OK) {
        err_copy(e, &why);
        return st;
    }
    return engine_find(g, p, q, &value, &page, a, keep, m, e);
}

kith_status engine_find_by(struct engine *g, const struct principal *p, const struct rtype *type,
                           kith_str by, kith_str text, struct arena *a, kith_id *id,
                           kith_error *e) {
    struct matches m = {.count = 0};
    int by_len = (int)(by.len < 60 ? by.len : 60), len = (int)(text.len < 60 ? text.len : 60);
    char one[ID_TEXT + 1];
    *id = 0;
    if (text.len == 0)
        return err_set(e, KITH_E_INVAL, NULL, "say which %s: its %.*s is empty", type->name, by_len,
                       by.ptr);
    TRY(ask(g, p, type, by, value_str(text), a, &m, e));
    if (m.count == 0)
        return err_set(e, KITH_E_NOTFOUND, NULL, "there is no %s whose %.*s is '%.*s'", type->name,
                       by_len, by.ptr, len, text.ptr);
    id_format(m.ids[0], one);
    if (m.count > 1)
        return err_set(e, KITH_E_INVAL, NULL,
                       "the %.*s of several %s records is '%.*s'; give the id of one, as %s",
                       by_len, by.ptr, type->name, len, text.ptr, one);
    *id = m.ids[0];
    return KITH_OK;
}

kith_status engine_find_linked(struct engine *g, const struct principal *p,
                               const struct rfield *link, kith_str by, kith_str text,
                               struct arena *a, kith_value *out, kith_error *e) {
    kith_id id;
    kith_error why = KITH_ERROR_INIT;
    if (link->kind != KITH_F_LINK || !link->target)
        return err_set(e, KITH_E_INVAL, link->name,
                       "%s.%.*s: only a link to one type has fields to find the record by",
                       link->name, (int)(by.len < 60 ? by.len : 60), by.ptr);
    kith_status st = engine_find_by(g, p, link->target, by, text, a, &id, &why);
    if (st == KITH_OK)
        *out = value_link(id, 0);
    else /* it is what was sent that is wrong */
        err_set(e, st == KITH_E_NOTFOUND ? KITH_E_INVAL : st, link->name, "%s: %s", link->name,
                why.message);
    return st == KITH_E_NOTFOUND ? KITH_E_INVAL : st;
}

/* By what people name such records: what each has and no two share, as a code, else what they are
 * called. */
static const struct rfield *key_of(const struct rtype *t) {
    const uint32_t sure = KITH_FF_UNIQUE | KITH_FF_REQUIRED;
    for (uint32_t i = 0; i < t->field_count; i++)
        if ((t->fields[i]->flags & sure) == sure && t->fields[i]->kind == KITH_F_TEXT)
            return t->fields[i];
    return t->title;
}

kith_status engine_link_text(const struct rfield *f, kith_str text, kith_error *e) {
    kith_id id;
    const struct rfield *key = f->kind == KITH_F_LINK && f->target ? key_of(f->target) : NULL;
    text = str_trim(text);
    if (!key || text.len == 0 || memchr(text.ptr, '/', text.len) || id_parse(text, &id))
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, f->name,
                   "%s: '%.*s' is no id, which has 13 characters; to name the %s by its %s, write "
                   "%s.%s instead of %s",
                   f->name, (int)(text.len < 60 ? text.len : 60), text.ptr, f->target->name,
                   key->name, f->name, key->name, f->name);
}
