/* SPDX-License-Identifier: Apache-2.0 */
/* Mentions: records that name somebody who is erased and are not linked to them. They are left as
 * they are, since they may mean somebody else. */
#include "engine/engine_internal.h"

#include "base/json.h"

#define MENTIONS_MAX 100
#define MENTIONS_OF  20 /* of one trace */

static void put_mention(struct json_out *j, const struct search_hit *h) {
    char id[ID_TEXT + 1];
    id_format(h->id, id);
    json_object_(j);
    json_key(j, "type");
    json_strz(j, h->type->name);
    json_key(j, "id");
    json_strz(j, id);
    json_object_end(j);
}

/* By its words as they are written one after the other. */
static kith_status mentions_of(struct txn *t, kith_str trace, struct map *known, size_t *n,
                               struct json_out *j, kith_error *e) {
    struct search *q;
    struct search_page page = {.limit = MENTIONS_OF};
    kith_error why = KITH_ERROR_INIT;
    const char *text = arena_printf(t->arena, "\"%.*s\"", (int)trace.len, trace.ptr);
    if (!text)
        return err_nomem(e);
    kith_status st = search_parse(&q, t->g->schema, t->arena, str_of(text), false, &why);
    if (st == KITH_E_INVAL || st == KITH_E_LIMIT)
        return KITH_OK; /* no words to look for */
    if (st == KITH_OK)
        st = search_find(t->g->writer, t->g->schema, q, t->principal, t->arena, &page, &why);
    if (st != KITH_OK) {
        err_copy(e, &why);
        return st;
    }
    for (size_t i = 0; i < page.count && *n < MENTIONS_MAX; i++) {
        if (map_get_u64(known, page.hits[i].id))
            continue;
        if (!map_put_u64(known, page.hits[i].id, known))
            return err_nomem(e);
        put_mention(j, &page.hits[i]);
        ++*n;
    }
    return KITH_OK;
}

kith_status erase_mentions(struct txn *t, const struct traces *traces, kith_id person,
                           kith_str *out, kith_error *e) {
    struct buf b = {0};
    struct json_out j;
    struct map known = {0};
    size_t n = 0;
    char id[ID_TEXT + 1];
    kith_status st = search_catch_up(t->g, e);
    if (st == KITH_OK && !map_put_u64(&known, person, &known))
        st = err_nomem(e); /* a user's record stays, with its id in the login */
    json_begin(&j, &b, false);
    json_array_(&j);
    for (size_t i = 0; st == KITH_OK && i < traces->count; i++)
        st = mentions_of(t, traces->items[i], &known, &n, &j, e);
    id_format(person, id);
    if (st == KITH_OK) /* queries ask by ids, too */
        st = mentions_of(t, str_of(id), &known, &n, &j, e);
    json_array_end(&j);
    *out = arena_str(t->arena, buf_view(&b));
    if (st == KITH_OK && (b.failed || !out->ptr))
        st = err_nomem(e);
    buf_free(&b);
    map_free(&known);
    return st;
}
