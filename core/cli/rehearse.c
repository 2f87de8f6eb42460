/* SPDX-License-Identifier: Apache-2.0 */
/* Rehearse: prints what a write would do, each effect with the code it comes from. */
#include "cli/rehearse.h"
#include "cli/outbox_show.h"
#include "cli/show.h"

#include <stdlib.h>

bool rehearsing(const struct cmd *c) {
    return cmd_option(c, "rehearse") != NULL;
}

void json_effect(struct cmd *c, struct json_out *j, const struct effect *f) {
    json_object_(j);
    json_key(j, "effect");
    json_strz(j, row_kind_name(f->kind));
    json_key(j, "type");
    if (f->type)
        json_strz(j, f->type->name);
    else
        json_nil(j);
    json_key(j, "id");
    json_id(j, f->id);
    if (f->topic) {
        json_key(j, "topic");
        json_strz(j, f->topic);
    }
    if (f->data.len) {
        json_key(j, "data");
        json_raw(j, f->data);
    }
    json_key(j, "by");
    json_source(j, &f->source);
    json_key(j, "fields");
    json_changes(c, j, f->fields, f->field_count);
    json_object_end(j);
}

struct members {                                /* besides what would happen */
    void (*put)(void *arg, struct json_out *j); /* or NULL */
    void *arg;
};

static void put_rehearsal(struct cmd *c, const struct rehearsal *r, const struct members *more,
                          struct buf *b) {
    struct json_out j;
    json_begin(&j, b, false);
    json_object_(&j);
    json_key(&j, "rehearsal");
    json_bool_(&j, true);
    json_key(&j, "reactions");
    if (c->principal.all)
        json_int(&j, (int64_t)r->reactions);
    else
        json_nil(&j);
    json_key(&j, "others");
    json_bool_(&j, r->others);
    json_key(&j, "cut");
    json_bool_(&j, r->cut);
    json_key(&j, "effects");
    json_array_(&j);
    for (size_t i = 0; i < r->count; i++)
        json_effect(c, &j, &r->effects[i]);
    json_array_end(&j);
    json_key(&j, "outgoing");
    json_array_(&j);
    for (size_t i = 0; i < r->outgoing_count; i++)
        outbox_json_in(c, &j, &r->outgoing[i]);
    json_array_end(&j);
    if (more->put)
        more->put(more->arg, &j);
    json_object_end(&j);
}

static void rehearsal_json(struct cmd *c, const struct rehearsal *r, const struct members *more) {
    struct buf b = {0};
    put_rehearsal(c, r, more, &b);
    json_print(c, &b);
}

kith_status rehearsal_json_for(struct company *company, const struct principal *who,
                               const struct rehearsal *r, struct buf *out, kith_error *e) {
    struct cmd c = {.company = company, .principal = *who, .json = true};
    put_rehearsal(&c, r, &(const struct members){0}, out);
    arena_free(&c.arena);
    return out->failed ? err_nomem(e) : KITH_OK;
}

static void print_outgoing(struct cmd *c, const struct outbox_item *i) {
    io_printf(c->io, "%swould send%s ", io_style(c->io, STYLE_HEAD), io_style(c->io, STYLE_PLAIN));
    outbox_print(c, i);
    io_puts(c->io, "    ");
    io_text(c->io, i->payload);
    io_puts(c->io, "\n");
}

static const char *would(uint32_t kind) {
    switch (kind) {
    case ROW_CREATE:
        return "would create";
    case ROW_UPDATE:
        return "would update";
    case ROW_DELETE:
        return "would delete";
    default:
        return "would publish";
    }
}

/* What comes with an event, as the changes of a record. */
static void print_data(struct cmd *c, kith_str data) {
    json_t *root, *value;
    const char *key;
    if (data.len == 0 || json_read(data, &root, NULL) != KITH_OK)
        return;
    json_object_foreach(root, key, value) {
        char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);
        io_printf(c->io, "    %s: ", key);
        io_text(c->io, str_of(text ? text : json_string_value(value)));
        io_puts(c->io, "\n");
        free(text);
    }
    json_decref(root);
}

void print_effect(struct cmd *c, const struct effect *f) {
    io_printf(c->io, "%s%s%s ", io_style(c->io, STYLE_HEAD), would(f->kind),
              io_style(c->io, STYLE_PLAIN));
    if (f->topic)
        io_printf(c->io, "%s ", f->topic);
    if (f->type)
        io_text(c->io, show_record(c, f->type, f->id));
    if (f->source.kind) {
        io_puts(c->io, "   by ");
        io_text(c->io, show_source(c, &f->source));
    }
    io_puts(c->io, "\n");
    print_data(c, f->data);
    /* The fields of a record that goes are not news. */
    for (size_t i = 0; i < f->field_count && f->kind != ROW_DELETE; i++) {
        io_puts(c->io, "    ");
        io_text(c->io, show_change(c, &f->fields[i]));
        io_puts(c->io, "\n");
    }
}

void print_rehearsal(struct cmd *c, const struct rehearsal *r,
                     void (*more)(void *arg, struct json_out *j), void *arg) {
    if (c->json) {
        rehearsal_json(c, r, &(const struct members){more, arg});
        return;
    }
    for (size_t i = 0; i < r->count; i++)
        print_effect(c, &r->effects[i]);
    for (size_t i = 0; i < r->outgoing_count; i++)
        print_outgoing(c, &r->outgoing[i]);
    size_t count = r->count + r->outgoing_count;
    io_printf(c->io, "%sRehearsal: %zu effect%s%s, ", count > 0 ? "\n" : "", count,
              count == 1 ? "" : "s", r->others ? " and others that you may not see" : "");
    if (c->principal.all)
        io_printf(c->io, "%zu reaction%s ran, ", r->reactions, r->reactions == 1 ? "" : "s");
    io_printf(c->io, "nothing was kept.%s\n",
              r->cut ? " It ended at 1,000 changes or 50 ms: more would follow." : "");
}

kith_status write_or_rehearse(struct cmd *c, uint32_t origin, write_fn fn, void *arg, kith_id *tx,
                              kith_error *e) {
    struct write_opts o = {.principal = &c->principal, .origin = origin};
    struct rehearsal r = {0};
    *tx = 0;
    if (!rehearsing(c)) {
        TRY(engine_write(c->company->engine, &o, fn, arg, tx, e));
        c->wrote = true;
        return KITH_OK;
    }
    TRY(engine_rehearse(c->company->engine, &o, fn, arg, &c->arena, &r, e));
    print_rehearsal(c, &r, NULL, NULL);
    return KITH_OK;
}
