/* SPDX-License-Identifier: Apache-2.0 */
/* kith.serving/1: what modules do for people and programs outside, by whose rights it is done. No
 * code of the module runs in a transaction here: it hands over names and JSON, and is told. */
#include "base/id.h"
#include "base/text.h"
#include "engine/path.h"
#include "engine/sign_in.h"
#include "journal/once.h"
#include "plugin/internal.h"
#include "record/record_json.h"

#include <sodium.h>

#define WRITES_MAX  1000 /* in one transaction */
#define WRITE_LEAST offsetof(kith_write, version)

/* -- who is in --------------------------------------------------------------------------------- */

kith_status serving_begin(struct plugin *p, kith_error *e) {
    atomic_fetch_add(&p->serving, 1);
    if (atomic_load(&p->open))
        return KITH_OK;
    atomic_fetch_sub(&p->serving, 1);
    return err_set(e, KITH_E_BUSY, NULL, "the company is not served: it is about to be closed");
}

kith_status serving_end(struct plugin *p, kith_status st) {
    atomic_fetch_sub(&p->serving, 1);
    return st;
}

void caller_leave(struct kith_caller *c) {
    if (atomic_fetch_sub(&c->users, 1) > 1)
        return;
    engine_leave(&c->principal);
    arena_free(&c->arena);
    free(c);
}

kith_status caller_enter(struct kith_caller *c, const struct access_of *of, kith_str surface,
                         kith_str asked, kith_error *e) {
    const char *by = arena_strndup(&c->arena, surface.ptr, surface.len);
    const char *what = arena_strndup(&c->arena, asked.ptr, asked.len);
    if (!by || !what)
        return err_nomem(e);
    TRY(engine_enter(c->engine, of, NULL, &c->principal, e));
    c->of = *of;
    c->principal.surface = by;
    c->principal.asked = what;
    return KITH_OK;
}

static kith_status come_in(struct kith_caller *c, const kith_entry *who, kith_error *e) {
    struct access_of of = {.user = who->user, .zone = (enum access_zone)who->zone};
    if (who->zone > KITH_ZONE_INTERNET)
        return err_set(e, KITH_E_INVAL, NULL, "there is no zone with the number %u", who->zone);
    if (who->token.len) {
        TRY(token_enter(c->engine, who->token, &c->arena, &of, e));
        of.zone = of.zone < who->zone ? (enum access_zone)who->zone : of.zone;
    } else if (!who->user)
        return err_set(e, KITH_E_DENIED, NULL, "nobody said who asks");
    c->token = arena_str(&c->arena, who->token);
    if (!c->token.ptr)
        return err_nomem(e);
    return caller_enter(c, &of, who->surface, who->asked, e);
}

struct kith_caller *caller_new(struct plugin *p) {
    struct kith_caller *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->plugin = p;
    c->engine = p->set->engine;
    atomic_store(&c->users, 1);
    return c;
}

static kith_status serving_enter(const kith_host *host, const kith_entry *given,
                                 kith_caller **caller, kith_error *e) {
    struct plugin *p = ((const struct plugin_host *)(const void *)host)->plugin;
    kith_entry who = {0};
    TRY(serving_begin(p, e));
    kith_status st = host_take(&who, sizeof who, given, offsetof(kith_entry, asked), e);
    if (st != KITH_OK)
        return serving_end(p, st);
    struct kith_caller *c = caller_new(p);
    if (!c)
        return serving_end(p, err_nomem(e));
    st = come_in(c, &who, e);
    if (st == KITH_OK)
        *caller = c;
    else
        caller_leave(c);
    return serving_end(p, st);
}

static kith_id serving_user(const kith_caller *caller) {
    return caller->principal.user;
}

static void serving_leave(kith_caller *caller) {
    if (caller)
        caller_leave(caller);
}

/* -- reading ----------------------------------------------------------------------------------- */

static kith_status take_id(kith_str id, kith_id *out, kith_error *e) {
    if (!id_parse(id, out))
        return err_set(e, KITH_E_NOTFOUND, "id", "'%.*s' is no id: %s",
                       id.len < 60 ? (int)id.len : 60, id.ptr ? id.ptr : "", id_unlike(id));
    return KITH_OK;
}

struct look {
    struct kith_caller *caller;
    const struct schema *schema;
    const struct rtype *type;
    kith_id id;
    const kith_value *values;
    struct arena *arena;
};

static kith_status put_fields(const struct look *l, kith_str fields, struct json_out *j,
                              kith_error *e) {
    struct path *paths = NULL;
    size_t count = 0, cap = 0;
    kith_str name;
    while (str_split(&fields, ',', &name)) {
        if (!(paths = arena_grow(l->arena, paths, count, &cap, sizeof *paths)))
            return err_nomem(e);
        if (path_take(l->type, &l->caller->principal, name, l->arena, paths, &count, e) != KITH_OK)
            return err_blame(e, "fields");
    }
    return path_json(l->caller->engine, &l->caller->principal, paths, count, l->type, l->id,
                     l->values, l->arena, j, e);
}

static kith_status show(const struct look *l, kith_str fields, struct buf *text, kith_error *e) {
    struct json_out j;
    json_begin(&j, text, false);
    if (fields.len)
        TRY(put_fields(l, fields, &j, e));
    else
        record_json(l->schema, &l->caller->principal, l->type, l->id, l->values, &j);
    return text->failed ? err_nomem(e) : KITH_OK;
}

static kith_status look_up(struct look *l, kith_str type, kith_str id, kith_error *e) {
    struct kith_caller *c = l->caller;
    kith_value *values;
    TRY(schema_find_type(l->schema, type, &l->type, e));
    TRY(take_id(id, &l->id, e));
    TRY(engine_read(c->engine, &c->principal, l->type, &l->id, l->arena, &values, e));
    l->values = values;
    return KITH_OK;
}

static kith_status serving_record(kith_caller *c, kith_str type, kith_str id, kith_str fields,
                                  kith_shown_fn fn, void *arg, kith_error *e) {
    struct arena a = {0};
    struct buf text = {0};
    char version[RECORD_VERSION];
    TRY(serving_begin(c->plugin, e));
    struct look l = {.caller = c, .schema = c->plugin->set->schema, .arena = &a};
    kith_status st = look_up(&l, type, id, e);
    if (st == KITH_OK)
        st = show(&l, fields, &text, e);
    if (st == KITH_OK) {
        record_version(l.schema, &c->principal, l.type, l.id, l.values, version);
        const kith_shown shown = {
            .struct_size = sizeof shown,
            .json = buf_view(&text),
            .version = str_of(version),
            .id = l.id,
        };
        st = fn(arg, &shown, e);
    }
    buf_free(&text);
    arena_free(&a);
    return serving_end(c->plugin, st);
}

/* -- writing ----------------------------------------------------------------------------------- */

struct item {
    uint32_t kind;
    const struct rtype *type;
    kith_id id, shown_id;
    struct assign *set;
    size_t count;
    kith_str version;
    struct buf text; /* as it is in the end */
    char shown_version[RECORD_VERSION];
};
struct job {
    struct kith_caller *caller;
    struct write_opts opts;
    struct arena arena;
    struct item *items;
    uint32_t count;
    _Atomic uint32_t at; /* the item that is being written */
    bool named;          /* it is done once */
    struct once once;
    atomic_bool repeated;
    kith_written_fn fn;
    void *arg;
};

/* The record's id and type may stand among its fields, as they do where it was read. */
static kith_status check_own_name(const struct item *i, const char *name, const json_t *value,
                                  bool *own, kith_error *e) {
    kith_str text = str_of(json_is_string(value) ? json_string_value(value) : "");
    kith_id id = 0;
    *own = strcmp(name, "id") == 0 || strcmp(name, "type") == 0;
    if (strcmp(name, "type") == 0 && !str_eqz(text, i->type->name))
        return err_set(e, KITH_E_INVAL, name, "type: this is written as a %s", i->type->name);
    if (strcmp(name, "id") == 0 && (!i->id || !id_parse(text, &id) || id != i->id))
        return err_set(e, KITH_E_INVAL, name,
                       i->id ? "id: this is another record's, and a record keeps its own"
                             : "id: Kith gives ids; leave it out of what is created");
    return KITH_OK;
}

/* It is what was sent that is wrong, and not that something is gone. */
static kith_status no_field(const char *name, kith_error *e) {
    char sentence[sizeof e->message];
    (void)snprintf(sentence, sizeof sentence, "%s", e->message);
    return err_set(e, KITH_E_INVAL, name, "%s", sentence);
}

static kith_status take_member(struct job *job, struct item *i, const char *name,
                               const json_t *value, kith_error *e) {
    bool own;
    TRY(check_own_name(i, name, value, &own, e));
    if (own)
        return KITH_OK;
    struct assign *a = &i->set[i->count];
    kith_str by = str_of(name), first;
    str_split(&by, '.', &first);
    if (schema_find_field(job->caller->plugin->set->schema, i->type, first, &a->field, e) !=
        KITH_OK)
        return no_field(name, e);
    i->count++;
    if (first.len < strlen(name) && json_string_length(value)) /* "account.name": "ACME" */
        return engine_find_linked(job->caller->plugin->set->engine, &job->caller->principal,
                                  a->field, by, str_of(json_string_value(value)), &job->arena,
                                  &a->value, e);
    if (first.len == strlen(name) && json_is_string(value))
        TRY(engine_link_text(a->field, str_of(json_string_value(value)), e));
    return json_field_value(&job->arena, value, a->field, &a->value, e);
}

static kith_status take_fields(struct job *job, struct item *i, const json_t *object,
                               kith_error *e) {
    const char *name;
    json_t *value;
    if (!json_is_object(object))
        return err_set(e, KITH_E_INVAL, NULL,
                       "the fields are one JSON object: {\"name\": \"...\"}");
    i->set = ARENA_ARRAY(&job->arena, struct assign, json_object_size(object) + 1);
    if (!i->set)
        return err_nomem(e);
    json_object_foreach((json_t *)(uintptr_t)object, name, value) {
        TRY(take_member(job, i, name, value, e));
    }
    return KITH_OK;
}

static kith_status take_state(struct job *job, struct item *i, kith_str state, kith_error *e) {
    const struct rfield *f = type_state(i->type);
    if (!f)
        return err_set(e, KITH_E_NOTFOUND, "id", "a %s has no state", i->type->name);
    i->set = ARENA_NEW(&job->arena, struct assign);
    if (!i->set)
        return err_nomem(e);
    *i->set = (struct assign){f, value_str(arena_str(&job->arena, state))};
    i->count = 1;
    if (!i->set->value.as.s.ptr)
        return err_nomem(e);
    kith_status st =
        value_check(job->caller->plugin->set->schema, f, false, &job->arena, &i->set->value, e);
    if (st != KITH_E_INVAL)
        return st;
    const kith_error none = *e; /* a state that there is not, as an id that there is not */
    return err_set(e, KITH_E_NOTFOUND, "id", "%s", none.message);
}

/* object: what was sent; NULL: nothing. */
static kith_status take_wish(struct job *job, struct item *i, const kith_write *w,
                             const json_t *object, kith_error *e) {
    if (w->kind != KITH_ON_CREATE)
        TRY(take_id(w->id, &i->id, e));
    if (w->kind == KITH_ON_DELETE)
        return KITH_OK;
    if (w->kind == KITH_TO_STATE)
        return take_state(job, i, w->fields, e);
    if (!object)
        return err_set(e, KITH_E_INVAL, NULL, "the body is empty: send one JSON object");
    return take_fields(job, i, object, e);
}

/* What is no JSON is told before what its id is: whoever sends lines took that from there. */
static kith_status take_item(struct job *job, struct item *i, const kith_write *w, kith_error *e) {
    json_t *object = NULL;
    if (w->kind != KITH_ON_CREATE && w->kind != KITH_ON_UPDATE && w->kind != KITH_ON_DELETE &&
        w->kind != KITH_TO_STATE)
        return err_set(e, KITH_E_INVAL, NULL, "there is no kind of write with the number %u",
                       w->kind);
    i->kind = w->kind;
    TRY(schema_find_type(job->caller->plugin->set->schema, w->type, &i->type, e));
    i->version = arena_str(&job->arena, w->version);
    if (!i->version.ptr)
        return err_nomem(e);
    if ((w->kind == KITH_ON_CREATE || w->kind == KITH_ON_UPDATE) && w->fields.len)
        TRY(json_read(w->fields, &object, e));
    kith_status st = take_wish(job, i, w, object, e);
    json_decref(object);
    return st;
}

static kith_status read_in(struct txn *t, const struct job *job, const struct item *i,
                           struct look *l, kith_error *e) {
    *l = (struct look){.caller = job->caller,
                       .schema = job->caller->plugin->set->schema,
                       .type = i->type,
                       .id = i->id,
                       .arena = txn_arena(t)};
    return txn_read(t, i->type, &l->id, &l->values, e);
}

static kith_status check_version(struct txn *t, const struct job *job, const struct item *i,
                                 kith_error *e) {
    struct look l;
    char now[RECORD_VERSION];
    if (i->version.len == 0)
        return KITH_OK;
    TRY(read_in(t, job, i, &l, e));
    record_version(l.schema, txn_principal(t), l.type, l.id, l.values, now);
    if (i->version.len >= RECORD_MARK && memcmp(now, i->version.ptr, RECORD_MARK) == 0)
        return KITH_OK;
    return err_set(e, KITH_E_CONFLICT, NULL,
                   "somebody changed this %s since you read it: read it again", i->type->name);
}

static kith_status write_item(struct txn *t, struct job *job, struct item *i, kith_error *e) {
    TRY(check_version(t, job, i, e));
    switch (i->kind) {
    case KITH_ON_CREATE:
        return txn_create(t, i->type, i->set, i->count, &i->shown_id, e);
    case KITH_ON_UPDATE:
    case KITH_TO_STATE:
        i->shown_id = i->id;
        return txn_update(t, i->type, i->id, i->set, i->count, e);
    default:
        i->shown_id = i->id;
        return txn_delete(t, i->type, i->id, e);
    }
}

/* As its writer sees it. One that was deleted, or may not be read, is not shown. */
static kith_status show_item(struct txn *t, struct job *job, struct item *i, kith_error *e) {
    struct item now = *i;
    struct look l;
    kith_error why = KITH_ERROR_INIT;
    buf_reset(&i->text);
    if (i->kind == KITH_ON_DELETE)
        return KITH_OK;
    now.id = i->shown_id;
    kith_status st = read_in(t, job, &now, &l, &why);
    if (st == KITH_E_NOTFOUND || st == KITH_E_DENIED)
        return KITH_OK;
    if (st != KITH_OK) {
        err_copy(e, &why);
        return st;
    }
    i->shown_id = l.id;
    record_version(l.schema, txn_principal(t), l.type, l.id, l.values, i->shown_version);
    return show(&l, (kith_str){0}, &i->text, e);
}

/* What came of it, as the records are now. */
static kith_status repeat(struct txn *t, struct job *job, kith_error *e) {
    for (uint32_t k = 0; k < job->count && k < job->once.count; k++) {
        job->items[k].shown_id = job->once.ids[k];
        TRY(show_item(t, job, &job->items[k], e));
    }
    return KITH_OK;
}

static kith_status note_once(struct txn *t, struct job *job, uint64_t before, kith_error *e) {
    kith_id *ids = ARENA_ARRAY(txn_arena(t), kith_id, job->count + 1);
    if (!ids)
        return err_nomem(e);
    for (uint32_t k = 0; k < job->count; k++)
        ids[k] = job->items[k].shown_id;
    struct once o = job->once;
    o.tx = txn_writes(t) == before ? 0 : txn_id(t);
    o.ids = ids;
    o.count = job->count;
    return once_note(txn_conn(t), &o, txn_now(t), e);
}

static kith_status write_all(struct txn *t, void *arg, kith_error *e) {
    struct job *job = arg;
    uint64_t before = txn_writes(t);
    bool done = false;
    if (job->named)
        TRY(once_find(txn_conn(t), &job->once, txn_now(t), txn_arena(t), &done, e));
    atomic_store(&job->repeated, done);
    if (done)
        return repeat(t, job, e);
    for (uint32_t k = 0; k < job->count; k++) {
        atomic_store(&job->at, k);
        TRY(write_item(t, job, &job->items[k], e));
    }
    if (job->named)
        TRY(note_once(t, job, before, e));
    for (uint32_t k = 0; k < job->count; k++)
        TRY(show_item(t, job, &job->items[k], e));
    return KITH_OK;
}

static void free_job(struct job *job) {
    struct kith_caller *c = job->caller;
    for (uint32_t k = 0; k < job->count; k++)
        buf_free(&job->items[k].text);
    arena_free(&job->arena);
    free(job);
    caller_leave(c);
}

/* The module is told in a frame of its own, so that it is known who holds up the writer. */
static void tell(struct job *job, const kith_written *written) {
    struct frame f;
    frame_enter(&f, job->caller->plugin, PHASE_RUN, "written");
    job->fn(job->arg, written);
    (void)frame_leave(&f, KITH_OK, NULL);
}

static void written(void *arg, kith_status st, kith_id tx, const kith_error *e) {
    struct job *job = arg;
    struct plugin *p = job->caller->plugin;
    kith_shown *shown = ARENA_ARRAY(&job->arena, kith_shown, job->count + 1);
    kith_written w = {
        .struct_size = sizeof w,
        .status = st,
        .failed = atomic_load(&job->at),
        .transaction = atomic_load(&job->repeated) ? job->once.tx : tx,
        .repeated = atomic_load(&job->repeated),
        .error = st == KITH_OK ? NULL : e,
    };
    for (uint32_t k = 0; shown && st == KITH_OK && k < job->count; k++) {
        const struct item *i = &job->items[k];
        shown[k] = (kith_shown){.struct_size = sizeof *shown,
                                .json = buf_view(&i->text),
                                .version = str_of(i->text.len ? i->shown_version : ""),
                                .id = i->shown_id};
    }
    w.shown = shown;
    w.count = shown && st == KITH_OK ? job->count : 0;
    tell(job, &w);
    free_job(job);
    atomic_fetch_sub(&p->serving, 1);
}

static void add_text(crypto_generichash_state *h, kith_str s) {
    crypto_generichash_update(h, (const unsigned char *)&s.len, sizeof s.len);
    crypto_generichash_update(h, (const unsigned char *)(s.ptr ? s.ptr : ""), s.len);
}

static void add_write(crypto_generichash_state *h, const kith_write *w) {
    crypto_generichash_update(h, (const unsigned char *)&w->kind, sizeof w->kind);
    add_text(h, w->type);
    add_text(h, w->id);
    add_text(h, w->fields);
    add_text(h, w->version);
}

static kith_status take_job(struct job *job, kith_str key, const kith_write *writes,
                            kith_error *e) {
    crypto_generichash_state h;
    job->items = ARENA_ARRAY(&job->arena, struct item, job->count + 1);
    if (!job->items)
        return err_nomem(e);
    crypto_generichash_init(&h, NULL, 0, ONCE_DIGEST);
    const char *at = (const char *)writes;
    for (uint32_t k = 0; k < job->count; k++) {
        kith_write w = {0};
        kith_status st = host_take(&w, sizeof w, at, WRITE_LEAST, e);
        if (st == KITH_OK)
            st = take_item(job, &job->items[k], &w, e);
        if (st != KITH_OK)
            return job->count > 1 ? err_prefix(e, "at %u: ", k + 1) : st;
        if (key.len)
            add_write(&h, &w);
        at += w.struct_size;
    }
    crypto_generichash_final(&h, job->once.request, ONCE_DIGEST);
    job->named = key.len > 0;
    return once_name(&job->once, job->caller->principal.user, key, e);
}

/* Between serving_begin and serving_end. */
static kith_status begin_job(kith_caller *c, uint32_t count, struct job **out, kith_error *e) {
    if (count == 0 || count > WRITES_MAX)
        return err_set(e, KITH_E_LIMIT, NULL, "one transaction writes 1 to %d records at a time",
                       WRITES_MAX);
    struct job *job = *out = calloc(1, sizeof *job);
    if (!job)
        return err_nomem(e);
    atomic_fetch_add(&c->users, 1);
    *job = (struct job){.caller = c, .count = count};
    job->opts = (struct write_opts){.principal = &c->principal, .origin = ORIGIN_API};
    return KITH_OK;
}

/* One of several: a record that is not there was named by its line. */
static kith_status name_failed(const struct job *job, kith_error *e) {
    if (e->code == KITH_E_NOTFOUND && !e->field[0])
        (void)err_blame(e, "id");
    return err_prefix(e, "at %u: ", atomic_load(&job->at) + 1);
}

static kith_status rehearse_job(struct job *job, kith_shown_fn fn, void *arg, kith_error *e) {
    const struct plugin_commands *by = &job->caller->plugin->set->commands;
    const struct principal *who = &job->caller->principal;
    struct rehearsal found;
    struct buf text = {0};
    if (!by->tell_rehearsal)
        return err_set(e, KITH_E_UNSUPPORTED, NULL, "nothing is rehearsed here");
    kith_status st =
        engine_rehearse(job->caller->engine, &job->opts, write_all, job, &job->arena, &found, e);
    if (st != KITH_OK && job->count > 1)
        return name_failed(job, e);
    TRY(st);
    st = by->tell_rehearsal(by->arg, who, &found, &text, e);
    const kith_shown shown = {.struct_size = sizeof shown, .json = buf_view(&text)};
    if (st == KITH_OK)
        st = fn(arg, &shown, e);
    buf_free(&text);
    return st;
}

static kith_status serving_rehearse(kith_caller *c, uint32_t count, const kith_write *writes,
                                    kith_shown_fn fn, void *arg, kith_error *e) {
    struct job *job;
    TRY(serving_begin(c->plugin, e));
    kith_status st = begin_job(c, count, &job, e);
    if (st != KITH_OK)
        return serving_end(c->plugin, st);
    st = take_job(job, (kith_str){0}, writes, e);
    if (st == KITH_OK)
        st = rehearse_job(job, fn, arg, e);
    struct plugin *p = c->plugin;
    free_job(job);
    return serving_end(p, st);
}

static kith_status serving_write(kith_caller *c, kith_str once, uint32_t count,
                                 const kith_write *writes, kith_written_fn fn, void *arg,
                                 kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    struct job *job;
    TRY(serving_begin(c->plugin, e));
    kith_status st = begin_job(c, count, &job, e);
    if (st != KITH_OK)
        return serving_end(c->plugin, st);
    job->fn = fn;
    job->arg = arg;
    st = take_job(job, once, writes, &why);
    if (st == KITH_OK)
        st = engine_post(c->engine, &job->opts, write_all, job, written, &why);
    if (st == KITH_OK)
        return KITH_OK; /* written() ends it */
    struct plugin *p = c->plugin;
    err_copy(e, &why);
    free_job(job);
    return serving_end(p, st);
}

/* -- commands ---------------------------------------------------------------------------------- */

/* argv of a program; NULL: no memory, or a word that is no text. */
static char **words_of(struct arena *a, uint32_t count, const kith_str *words) {
    char **argv = ARENA_ARRAY(a, char *, count + 2u);
    if (!argv)
        return NULL;
    argv[0] = arena_strndup(a, "kith", 4);
    for (uint32_t i = 0; i < count; i++) {
        if (words[i].len && memchr(words[i].ptr, '\0', words[i].len))
            return NULL;
        if (text_invalid_at(words[i]) >= 0)
            return NULL;
        if (!(argv[i + 1] = arena_strndup(a, words[i].ptr ? words[i].ptr : "", words[i].len)))
            return NULL;
    }
    return argv[0] ? argv : NULL;
}

static kith_status serving_run(kith_caller *c, uint32_t count, const kith_str *words,
                               const kith_stream *given, int32_t *code, kith_error *e) {
    struct arena a = {0};
    kith_stream stream = {0};
    int exit_code = 0;
    TRY(serving_begin(c->plugin, e));
    const struct plugin_commands *by = &c->plugin->set->commands;
    kith_status st =
        host_take(&stream, sizeof stream, given, offsetof(kith_stream, interrupted), e);
    char **argv = st == KITH_OK ? words_of(&a, count, words) : NULL;
    if (st == KITH_OK && !argv)
        st = err_set(e, KITH_E_INVAL, NULL, "the words of a command are text in UTF-8");
    if (st == KITH_OK)
        st = by->run(by->arg, &c->principal, (int)count + 1, argv, &stream, &exit_code, e);
    *code = exit_code;
    arena_free(&a);
    return serving_end(c->plugin, st);
}

const kith_serving_v1 host_serving = {
    .struct_size = sizeof host_serving,
    .enter = serving_enter,
    .user = serving_user,
    .leave = serving_leave,
    .record = serving_record,
    .write = serving_write,
    .run = serving_run,
    .rehearse = serving_rehearse,
};
