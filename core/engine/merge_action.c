/* SPDX-License-Identifier: Apache-2.0 */
/* Merge as an action, and what people write of one. */
#include "base/json.h"
#include "engine/merge_internal.h"

#include <string.h>

/* -- reading ----------------------------------------------------------------------------------- */

static kith_status read_id(const char *param, kith_str text, kith_id *id, kith_error *e) {
    if (id_parse(str_trim(text), id))
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, param, "%s: '%.*s' is no id: an id has 13 letters and digits",
                   param, (int)(text.len < 40 ? text.len : 40), text.ptr);
}

static kith_status read_others(kith_str text, struct arena *a, struct merge *out, kith_error *e) {
    kith_id *ids = ARENA_ARRAY(a, kith_id, MERGE_OTHERS);
    kith_str part;
    if (!ids)
        return err_nomem(e);
    while (str_split(&text, ',', &part)) {
        if (out->count == MERGE_OTHERS)
            return err_set(e, KITH_E_LIMIT, "others",
                           "others: at most %d records are merged at once", MERGE_OTHERS);
        TRY(read_id("others", part, &ids[out->count++], e));
    }
    out->others = ids;
    return out->count ? KITH_OK
                      : err_set(e, KITH_E_INVAL, "others",
                                "others: name the records that become the kept one");
}

/* Only what may be chosen: the rest follows from other records, or is kept by its module. */
static kith_status check_pick(const struct merge *m, const struct merge_pick *p, kith_error *e) {
    const struct rfield *f = p->field;
    bool known = p->from == m->keep;
    for (size_t i = 0; i < m->count; i++)
        known |= m->others[i] == p->from;
    if (!known)
        return err_set(e, KITH_E_INVAL, f->name,
                       "%s: it can take the value of one of the merged records only", f->name);
    if (field_derived(f) || (f->flags & KITH_FF_READONLY) || f->index == FIELD_CREATED ||
        f->index == FIELD_UPDATED)
        return err_set(e, KITH_E_INVAL, f->name, "%s: it is kept by %s and cannot be chosen",
                       f->name, strcmp(f->module, "core") == 0 ? "Kith" : f->module);
    return KITH_OK;
}

static kith_status read_picks(const struct schema *s, json_t *root, struct merge *out,
                              struct merge_pick *picks, kith_error *e) {
    const char *key;
    json_t *value;
    json_object_foreach(root, key, value) {
        struct merge_pick *p = &picks[out->pick_count++];
        TRY(schema_find_field(s, out->type, str_of(key), &p->field, e));
        if (!json_is_string(value))
            return err_set(e, KITH_E_INVAL, "fields", "fields: %s: give the id of a record", key);
        TRY(read_id(key, (kith_str){json_string_value(value), json_string_length(value)}, &p->from,
                    e));
        TRY(check_pick(out, p, e));
    }
    return KITH_OK;
}

static kith_status read_fields(const struct schema *s, kith_str text, struct arena *a,
                               struct merge *out, kith_error *e) {
    json_t *root = NULL;
    kith_error why = KITH_ERROR_INIT;
    if (!str_trim(text).len)
        return KITH_OK;
    if (json_read(text, &root, &why) == KITH_E_NOMEM)
        return err_nomem(e);
    if (!json_is_object(root)) {
        json_decref(root);
        return err_set(e, KITH_E_INVAL, "fields",
                       "fields: write a JSON object of fields and ids: {\"phone\":\"0ABC...\"}");
    }
    struct merge_pick *picks = ARENA_ARRAY(a, struct merge_pick, json_object_size(root) + 1);
    kith_status st = picks ? read_picks(s, root, out, picks, e) : err_nomem(e);
    out->picks = picks;
    json_decref(root);
    return st;
}

kith_status merge_read(const struct schema *s, kith_str type, kith_str keep, kith_str others,
                       kith_str fields, struct arena *a, struct merge *out, kith_error *e) {
    *out = (struct merge){0};
    TRY(schema_find_type(s, type, &out->type, e));
    TRY(read_id("keep", keep, &out->keep, e));
    TRY(read_others(others, a, out, e));
    return read_fields(s, fields, a, out, e);
}

/* -- the action -------------------------------------------------------------------------------- */

static kith_str text_arg(const struct call *call, uint32_t i) {
    return call->args[i].kind == KITH_TEXT ? call->args[i].as.s : (kith_str){0};
}

static kith_status put_dropped(struct call *call, const struct merge_report *r, kith_error *e) {
    for (size_t i = 0; i < r->dropped_count; i++) {
        const struct merge_dropped *d = &r->dropped[i];
        const kith_value row[] = {
            value_link(d->from, d->field->type->id),
            value_str(str_of(d->field->name)),
            value_str(value_text(call->engine->schema, &d->value, call->arena)),
        };
        if (!row[2].as.s.ptr)
            return err_nomem(e);
        TRY(call_row(call, 3, row, e));
    }
    return KITH_OK;
}

static kith_status run(struct call *call, struct arena *a, kith_error *e) {
    struct merge m;
    struct merge_report r;
    char text[ID_TEXT + 1];
    TRY(merge_read(call->engine->schema, text_arg(call, 0), text_arg(call, 1), text_arg(call, 2),
                   text_arg(call, 3), a, &m, e));
    TRY(txn_merge(call->txn, &m, a, &r, e));
    id_format(r.keep, text);
    call->results[0] = value_str(arena_str(call->arena, str_of(text)));
    call->results[1] = value_int((int64_t)r.moved);
    call->results[2] = value_int((int64_t)r.joined);
    TRY(put_dropped(call, &r, e));
    return call->results[0].as.s.ptr ? KITH_OK : err_nomem(e);
}

static kith_status merge_action(void *self, struct call *call, kith_error *e) {
    struct arena own = {0};
    (void)self;
    kith_status st = run(call, &own, e);
    arena_free(&own);
    return st;
}

/* -- declared ---------------------------------------------------------------------------------- */

static const kith_field params[] = {
    {.name = "record_type",
     .kind = KITH_F_TEXT,
     .flags = KITH_FF_REQUIRED,
     .doc = "The type of the records: contact."},
    {.name = "keep",
     .kind = KITH_F_TEXT,
     .flags = KITH_FF_REQUIRED,
     .doc = "The id of the record that stays."},
    {.name = "others",
     .kind = KITH_F_LONGTEXT,
     .flags = KITH_FF_REQUIRED,
     .doc = "The ids of those that become it, with commas between them."},
    {.name = "fields",
     .kind = KITH_F_JSON,
     .doc = "Whose value a field takes, where it is not the kept one's, or, when that has none, the"
            " first of the others': {\"phone\":\"0ABCDEFGH1234\"}."},
};
static const kith_field results[] = {
    {.name = "kept", .kind = KITH_F_TEXT, .doc = "The id of the record that stays."},
    {.name = "moved", .kind = KITH_F_INTEGER, .doc = "How many records link to it now instead."},
    {.name = "joined",
     .kind = KITH_F_INTEGER,
     .doc = "How many parts were the same as one that it has, such as contact points."},
};
static const kith_field columns[] = {
    {.name = "record", .kind = KITH_F_LINK, .options = "*", .doc = "One that was merged."},
    {.name = "field", .kind = KITH_F_TEXT, .doc = "A field of it."},
    {.name = "value", .kind = KITH_F_LONGTEXT, .doc = "The value that is not in what stays."},
};
static const struct own_action actions[] = {
    {.name = "record.merge",
     .doc = "Makes one record of several: links are moved, the others are deleted and lead to it."
            " Its rows are the values that are not in what stays.",
     .params = KITH_ARRAY(params),
     .results = KITH_ARRAY(results),
     .columns = KITH_ARRAY(columns),
     .fn = merge_action},
    {.name = NULL},
};
static const kith_field payload[] = {
    {.name = "merged", .kind = KITH_F_JSON, .doc = "The ids of the records that became it."},
};
static const kith_topic topics[] = {
    {.name = "record.merged",
     .schema = 1,
     .fields = KITH_ARRAY(payload),
     .doc = "Records were merged into this one."},
};
const struct own_part merge_own = {"merge", actions, sizeof topics / sizeof *topics, topics};
