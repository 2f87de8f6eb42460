/* SPDX-License-Identifier: Apache-2.0 */
/* Passes: what whoever has a link is shown, and what they do by it. Looking changes nothing, since
 * mail scanners and previews follow links; doing is one transaction, in which the link is counted
 * as used, so that of two at once one does it. */
#include "base/json.h"
#include "base/log.h"
#include "engine/pass.h"
#include "engine/sign_in_internal.h"
#include "journal/once.h"
#include "record/record_json.h"

#include <sodium.h>
#include <string.h>

#define FORM_MS   (20 * INT64_C(3600000)) /* less than what is done once is remembered */
#define NOTED_MS  INT64_C(3600000)        /* that it is read is noted so often */
#define NONCE     12                      /* bytes */
#define MARK      16
#define FORM_SIZE (sizeof(int64_t) + NONCE + MARK)
#define BASE64    sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define GONE      "this link does not hold any more: ask whoever sent it for a new one"

/* Somebody who comes by a link. */
struct guest {
    struct engine *g;
    kith_str secret;
    struct arena arena;
    struct pass pass;
    struct pass_came came;
    struct principal who;
    const struct action *action;
    const char *reason; /* why it was refused inside; NULL: it was not */
};

/* -- who comes in ------------------------------------------------------------------------------ */

static kith_status no_such(kith_error *e) {
    return err_set(e, KITH_E_NOTFOUND, NULL,
                   "there is no such link: see whether all of it is in the address");
}

static kith_status check_state(const struct pass *p, int64_t now, kith_error *e) {
    static const char *const why[] = {
        [PASS_USED] = "this link was used already",
        [PASS_EXPIRED] = "this link held for some time, which is over: ask whoever sent it for a "
                         "new one",
        [PASS_REVOKED] = GONE,
    };
    enum pass_state s = pass_state(p, now);
    return s == PASS_HOLDS ? KITH_OK : err_set(e, KITH_E_DENIED, NULL, "%s", why[s]);
}

/* Who made it may not do it any more, or what it is about is gone: what exactly is nobody's
 * business outside. */
static kith_status gone(const struct guest *x, kith_status st, kith_error *e) {
    if (st != KITH_E_DENIED && st != KITH_E_NOTFOUND)
        return st;
    log_info("links", "link %lld, %s, does not hold any more: %s", (long long)x->pass.number,
             x->pass.action ? x->pass.action : "", e ? e->message : "");
    return err_set(e, KITH_E_DENIED, NULL, GONE);
}

/* The action's own refusals are for whoever has the link. Those of what it writes - of hooks, rules
 * and states - are for those who work here: they name people, and commands. */
static kith_status refused(struct guest *x, const struct txn *t, kith_status st, kith_error *e) {
    if (!t->refused ||
        (st != KITH_E_REFUSED && st != KITH_E_CONFLICT && st != KITH_E_INVAL && st != KITH_E_LIMIT))
        return gone(x, st, e);
    x->reason = arena_strdup(&x->arena, e ? e->message : "");
    log_warn("links", "link %lld, %s, was used, and refused: %s", (long long)x->pass.number,
             x->pass.action, e ? e->message : "");
    return err_set(e, KITH_E_REFUSED, NULL,
                   "this cannot be done as things stand: ask whoever sent you the link");
}

static kith_status find_pass(struct guest *x, kith_error *e) {
    char digest[SECRET_DIGEST];
    struct conn *c;
    if (x->secret.len < 20 || x->secret.len >= PASS_TEXT)
        return no_such(e);
    TRY(secret_ready(e));
    secret_digest(x->secret, digest);
    TRY(engine_reader(x->g, &c, e));
    kith_status st = pass_find(c, str_of(digest), &x->arena, &x->pass, e);
    engine_reader_done(x->g, c);
    return st == KITH_E_NOTFOUND ? no_such(e) : st;
}

/* The company's links, which a timer or an administrator of the machine made, are for nobody's
 * rights. */
static kith_status take_rights(struct guest *x, kith_error *e) {
    const char *name;
    if (!x->pass.of.user) {
        x->who = (struct principal){.name = "link", .all = true};
        return KITH_OK;
    }
    TRY(engine_enter(x->g, &x->pass.of, NULL, &x->who, e));
    name = arena_printf(&x->arena, "link:%lld as %s", (long long)x->pass.number, x->who.name);
    if (name)
        x->who.name = name;
    return name ? KITH_OK : err_nomem(e);
}

static kith_status come_in(struct guest *x, kith_str from, kith_error *e) {
    TRY(find_pass(x, e));
    TRY(check_state(&x->pass, engine_now(x->g), e));
    x->action = engine_action(x->g, str_of(x->pass.action));
    if (!x->action)
        return gone(x, engine_no_action(x->g, str_of(x->pass.action), e), e);
    kith_status st = take_rights(x, e);
    if (st != KITH_OK)
        return gone(x, st, e);
    x->came.number = x->pass.number;
    x->came.from = arena_strndup(&x->arena, from.ptr ? from.ptr : "",
                                 from.len < PASS_FROM ? (size_t)from.len : PASS_FROM - 1);
    x->who.asked = arena_printf(&x->arena, "link %lld", (long long)x->pass.number);
    x->who.surface = "link";
    x->who.pass = &x->came;
    if (!x->came.from || !x->who.asked)
        return err_nomem(e);
    return access_may_call(&x->who, x->action)
               ? KITH_OK
               : gone(x, access_call(NULL, &x->who, x->action, e), e);
}

static void leave(struct guest *x) {
    engine_leave(&x->who);
    arena_free(&x->arena);
}

/* -- arguments --------------------------------------------------------------------------------- */

static kith_status take_member(struct guest *x, const json_t *object, const struct rfield *p,
                               kith_value *out, kith_error *e) {
    const json_t *v = json_object_get(object, p->name);
    return v ? json_value(&x->arena, v, p->kind, out, e) : KITH_OK;
}

/* The fixed arguments of an action, which is the link's or the one that shows: by their names. */
static kith_status fixed_args(struct guest *x, const struct action *a, kith_value **out,
                              kith_error *e) {
    json_t *args = NULL;
    *out = ARENA_ARRAY(&x->arena, kith_value, a->param_count + 1);
    if (!*out)
        return err_nomem(e);
    TRY(json_read(str_of(x->pass.args), &args, e));
    kith_status st = KITH_OK;
    for (uint32_t i = 0; st == KITH_OK && i < a->param_count; i++)
        st = take_member(x, args, a->params[i], &(*out)[i], e);
    json_decref(args);
    return st;
}

static bool is_asked(const struct guest *x, const char *name) {
    kith_str list = str_of(x->pass.ask), one;
    while (str_split(&list, ',', &one))
        if (str_eqz(one, name))
            return true;
    return false;
}

/* Nothing but what is asked for comes from outside. */
static kith_status asked_args(struct guest *x, kith_str fields, kith_value *args, kith_error *e) {
    json_t *given = NULL, *value;
    const char *name;
    kith_status st = KITH_OK;
    TRY(json_read(fields.len ? fields : STR("{}"), &given, e));
    json_object_foreach(given, name, value) {
        if (!is_asked(x, name) && st == KITH_OK)
            st = err_set(e, KITH_E_INVAL, NULL, "this link asks for nothing of the name '%.60s'",
                         name);
    }
    for (uint32_t i = 0; st == KITH_OK && i < x->action->param_count; i++)
        if (is_asked(x, x->action->params[i]->name))
            st = take_member(x, given, x->action->params[i], &args[i], e);
    json_decref(given);
    return st;
}

/* -- what is shown ----------------------------------------------------------------------------- */

/* A record by its title, as far as the maker of the link may read it. */
static kith_str title_of(struct guest *x, const kith_value *v) {
    const struct rtype *t = schema_type_by_id(x->g->schema, v->as.link.type);
    kith_id id = v->as.link.id;
    kith_value *values;
    if (!t || !t->title || engine_read(x->g, &x->who, t, &id, &x->arena, &values, NULL) != KITH_OK)
        return (kith_str){"", 0};
    kith_str s = value_text(x->g->schema, &values[t->title->index], &x->arena);
    return s.ptr ? s : (kith_str){"", 0};
}

static kith_str text_of(struct guest *x, const struct rfield *f, const kith_value *v) {
    if (v->kind == KITH_NULL)
        return (kith_str){"", 0};
    if (v->kind == KITH_LINK)
        return title_of(x, v);
    if (f->kind == KITH_F_BOOLEAN)
        return str_of(v->as.i ? "yes" : "no");
    kith_str s = value_text(x->g->schema, v, &x->arena);
    return s.ptr ? s : (kith_str){"", 0};
}

static void put_field(struct json_out *j, const struct rfield *f) {
    json_key(j, "name");
    json_strz(j, f->name);
    json_key(j, "label");
    json_strz(j, f->label);
    json_key(j, "kind");
    json_strz(j, field_kind_name(f->kind));
}

static void put_values(struct guest *x, struct rfield *const *fields, uint32_t count,
                       const kith_value *values, struct json_out *j) {
    json_key(j, "values");
    json_array_(j);
    for (uint32_t i = 0; i < count; i++) {
        kith_str text = text_of(x, fields[i], &values[i]);
        if (!text.len)
            continue;
        json_object_(j);
        put_field(j, fields[i]);
        json_key(j, "text");
        json_str(j, text);
        json_object_end(j);
    }
    json_array_end(j);
}

static void put_rows(struct guest *x, const struct action *a, const kith_value *results,
                     struct json_out *j) {
    const struct action_rows rows = action_rows(a, results);
    json_key(j, "columns");
    json_array_(j);
    for (uint32_t i = 0; i < a->column_count; i++) {
        json_object_(j);
        put_field(j, a->columns[i]);
        json_object_end(j);
    }
    json_array_end(j);
    json_key(j, "rows");
    json_array_(j);
    for (size_t r = 0; r < rows.count; r++) {
        json_array_(j);
        for (uint32_t i = 0; i < a->column_count; i++)
            json_str(j, text_of(x, a->columns[i], &rows.items[r].as.list.items[i]));
        json_array_end(j);
    }
    json_array_end(j);
}

static void put_answer(struct guest *x, const struct action *a, const kith_value *results,
                       struct json_out *j) {
    json_key(j, "shown");
    json_object_(j);
    put_values(x, a->results, a->result_count, results, j);
    put_rows(x, a, results, j);
    json_object_end(j);
}

/* Its bytes are handed out as they are. */
static kith_status take_file(const struct guest *x, const kith_value *results,
                             struct pass_page *page, kith_error *e) {
    page->name = arena_str(&page->arena, results[FILE_NAME].as.s);
    page->media_type = str_of(x->action->file);
    page->bytes = arena_str(&page->arena, results[FILE_DATA].as.s);
    return page->name.ptr && page->bytes.ptr ? KITH_OK : err_nomem(e);
}

/* What its own reading action answers, or the one that tells what it is about; or else the titles
 * of the records that it is about. */
static kith_status put_shown(struct guest *x, struct json_out *j, struct pass_page *page,
                             kith_error *e) {
    const struct write_opts opts = {.principal = &x->who, .origin = ORIGIN_API};
    const struct action *a = x->action;
    kith_value *args, *results;
    if (a->effect != EFFECT_READ && *x->pass.show)
        a = engine_action(x->g, str_of(x->pass.show));
    if (!a)
        return engine_no_action(x->g, str_of(x->pass.show), e);
    TRY(fixed_args(x, a, &args, e));
    if (a->effect != EFFECT_READ) {
        for (uint32_t i = 0; i < a->param_count; i++)
            TRY(value_check(x->g->schema, a->params[i], false, &x->arena, &args[i], e));
        json_key(j, "shown");
        json_object_(j);
        put_values(x, a->params, a->param_count, args, j);
        json_object_end(j);
        return KITH_OK;
    }
    results = ARENA_ARRAY(&x->arena, kith_value, action_answers(a) + 1);
    if (!results)
        return err_nomem(e);
    TRY(engine_call(x->g, NULL, &opts, a, args, &x->arena, results, NULL, e));
    if (a->file)
        return take_file(x, results, page, e);
    put_answer(x, a, results, j);
    return KITH_OK;
}

static void put_asks(struct guest *x, struct json_out *j) {
    json_key(j, "asks");
    json_array_(j);
    for (uint32_t i = 0; i < x->action->param_count; i++) {
        const struct rfield *p = x->action->params[i];
        if (!is_asked(x, p->name))
            continue;
        json_object_(j);
        put_field(j, p);
        json_key(j, "doc");
        json_strz(j, p->doc ? p->doc : "");
        json_key(j, "required");
        json_bool_(j, (p->flags & KITH_FF_REQUIRED) != 0);
        json_key(j, "default");
        json_strz(j, p->default_text ? p->default_text : "");
        json_key(j, "options");
        json_array_(j);
        for (uint32_t k = 0; k < p->option_count; k++)
            json_strz(j, p->options[k]);
        json_array_end(j);
        json_object_end(j);
    }
    json_array_end(j);
}

static void put_head(struct guest *x, struct json_out *j) {
    const kith_value expires = value_time(x->pass.expires);
    json_key(j, "number");
    json_int(j, x->pass.number);
    json_key(j, "action");
    json_strz(j, x->pass.action);
    json_key(j, "doc");
    json_strz(j, x->action->doc ? x->action->doc : "");
    json_key(j, "reads");
    json_bool_(j, x->action->effect == EFFECT_READ);
    json_key(j, "expires");
    value_json(x->g->schema, &expires, j);
}

/* -- the form ---------------------------------------------------------------------------------- */

static void mark_form(const struct guest *x, const unsigned char *raw, unsigned char mark[MARK]) {
    crypto_generichash(mark, MARK, raw, FORM_SIZE - MARK, (const unsigned char *)x->secret.ptr,
                       x->secret.len);
}

/* Nothing is kept for it: its time and a random number, which nobody makes who has not the link. */
static void make_form(const struct guest *x, char out[PASS_FORM]) {
    unsigned char raw[FORM_SIZE];
    int64_t now = engine_now(x->g);
    _Static_assert(sodium_base64_ENCODED_LEN(FORM_SIZE, BASE64) <= PASS_FORM, "room");
    memcpy(raw, &now, sizeof now);
    randombytes_buf(raw + sizeof now, NONCE);
    mark_form(x, raw, raw + FORM_SIZE - MARK);
    sodium_bin2base64(out, PASS_FORM, raw, sizeof raw, BASE64);
}

static kith_status read_form(const struct guest *x, kith_str form, struct once *once,
                             kith_error *e) {
    unsigned char raw[FORM_SIZE], mark[MARK];
    size_t len;
    int64_t at, now = engine_now(x->g);
    if (!form.len ||
        sodium_base642bin(raw, sizeof raw, form.ptr, form.len, NULL, &len, NULL, BASE64) != 0 ||
        len != sizeof raw)
        return err_set(e, KITH_E_CONFLICT, NULL, "the page was not complete: send it once more");
    mark_form(x, raw, mark);
    memcpy(&at, raw, sizeof at);
    if (sodium_memcmp(mark, raw + FORM_SIZE - MARK, MARK) != 0 || at > now + 60000 ||
        now - at > FORM_MS)
        return err_set(e, KITH_E_CONFLICT, NULL,
                       "the page was open for too long: see whether all is as you want it, and send"
                       " it once more");
    crypto_generichash(once->key, ONCE_DIGEST, raw, sizeof raw, NULL, 0);
    memcpy(once->request, once->key, ONCE_DIGEST);
    return KITH_OK;
}

void pass_page_free(struct pass_page *page) {
    buf_free(&page->json);
    arena_free(&page->arena);
}

/* -- looking ----------------------------------------------------------------------------------- */

static kith_status note_in(struct txn *t, void *arg, kith_error *e) {
    const struct pass *p = arg;
    TRY(pass_used(t->g->writer, p->number, txn_now(t), false, e));
    return pass_note(t, p, "read by", e);
}

static void noted(void *arg, kith_status st, kith_id tx, const kith_error *e) {
    (void)st, (void)tx, (void)e;
    free(arg);
}

/* Nobody waits for it. The action's name lives as long as the engine. */
static void note_reading(const struct guest *x) {
    struct pass *p;
    if (engine_now(x->g) - x->pass.last < NOTED_MS || !(p = malloc(sizeof *p)))
        return;
    *p = (struct pass){
        .number = x->pass.number, .action = x->action->name, .of.user = x->pass.of.user};
    if (engine_post(x->g, &by_kith, note_in, p, noted, NULL) != KITH_OK)
        free(p);
}

static kith_status look(struct guest *x, struct pass_page *page, kith_error *e) {
    struct buf *json = &page->json;
    struct json_out j;
    char form[PASS_FORM];
    json_begin(&j, json, false);
    json_object_(&j);
    put_head(x, &j);
    kith_status st = put_shown(x, &j, page, e);
    if (st != KITH_OK)
        return gone(x, st, e);
    put_asks(x, &j);
    make_form(x, form);
    json_key(&j, "form");
    json_strz(&j, form);
    json_object_end(&j);
    if (x->action->effect == EFFECT_READ)
        note_reading(x);
    return json->failed ? err_nomem(e) : KITH_OK;
}

kith_status pass_look(struct engine *g, kith_str secret, kith_str from, struct pass_page *page,
                      kith_error *e) {
    struct guest x = {.g = g, .secret = secret};
    kith_error why = KITH_ERROR_INIT;
    kith_status st = come_in(&x, from, &why);
    if (st == KITH_OK)
        st = look(&x, page, &why);
    if (st != KITH_OK)
        err_copy(e, &why);
    leave(&x);
    return st;
}

/* -- refused inside ---------------------------------------------------------------------------- */

/* What is told of it, behind the transaction that was taken back. */
struct refusal {
    int64_t number;
    const char *action; /* lives as long as the engine */
    kith_id by;
    kith_value about; /* KITH_NULL: no record */
    char reason[sizeof((kith_error *)0)->message];
};

static void put_refusal(const struct engine *g, const struct refusal *r, struct json_out *j) {
    const kith_value by = r->by ? value_link(r->by, g->schema->base.user.type->id) : value_null();
    json_object_(j);
    json_key(j, "number");
    json_int(j, r->number);
    json_key(j, "action");
    json_strz(j, r->action);
    json_key(j, "reason");
    json_strz(j, r->reason);
    json_key(j, "by");
    value_json(g->schema, &by, j);
    json_object_end(j);
}

static kith_status publish_refusal(struct txn *t, void *arg, kith_error *e) {
    const struct refusal *r = arg;
    const struct rtype *type = NULL;
    struct buf b = {0};
    struct json_out j;
    if (r->about.kind == KITH_LINK)
        type = schema_type_by_id(t->g->schema, r->about.as.link.type);
    json_begin(&j, &b, false);
    put_refusal(t->g, r, &j);
    kith_status st = b.failed ? err_nomem(e)
                              : txn_publish(t, "link.refused", type, type ? r->about.as.link.id : 0,
                                            buf_view(&b), e);
    buf_free(&b);
    return st;
}

/* Nobody outside waits for it, or learns whether it was told. */
static void tell_refused(struct guest *x, kith_value *args) {
    struct refusal *r = malloc(sizeof *r);
    if (!r)
        return;
    *r = (struct refusal){
        .number = x->pass.number, .action = x->action->name, .by = x->pass.of.user};
    snprintf(r->reason, sizeof r->reason, "%s", x->reason);
    for (uint32_t i = 0; i < x->action->param_count && r->about.kind == KITH_NULL; i++)
        if (value_check(x->g->schema, x->action->params[i], false, &x->arena, &args[i], NULL) ==
                KITH_OK &&
            args[i].kind == KITH_LINK && args[i].as.link.id == x->pass.about)
            r->about = args[i];
    if (engine_post(x->g, &by_kith, publish_refusal, r, noted, NULL) != KITH_OK)
        free(r);
}

/* -- doing ------------------------------------------------------------------------------------- */

struct doing {
    struct guest *guest;
    struct once once;
    kith_value *args, *results;
    bool done; /* by this form, before */
    bool told; /* why it cannot be done, as it is told outside */
};

static kith_status use_in(struct txn *t, void *arg, kith_error *e) {
    struct doing *d = arg;
    struct guest *x = d->guest;
    struct pass now;
    d->told = false;
    x->reason = NULL;
    TRY(once_find(t->g->writer, &d->once, txn_now(t), t->arena, &d->done, e));
    if (d->done)
        return KITH_OK;
    d->told = true;
    kith_status st = pass_find_number(t->g->writer, x->pass.number, t->arena, &now, e);
    if (st == KITH_OK)
        TRY(check_state(&now, txn_now(t), e));
    if (st == KITH_OK)
        st = engine_call(t->g, t, NULL, x->action, d->args, &x->arena, d->results, NULL, e);
    if (st != KITH_OK)
        return refused(x, t, st, e);
    d->told = false;
    TRY(once_note(t->g->writer, &d->once, txn_now(t), e));
    TRY(pass_used(t->g->writer, now.number, txn_now(t), true, e));
    return pass_note(t, &now, "used", e);
}

static kith_status do_it(struct guest *x, kith_str form, kith_str fields, struct buf *json,
                         kith_error *e) {
    const struct write_opts opts = {.principal = &x->who, .origin = ORIGIN_API};
    struct doing d = {.guest = x};
    struct json_out j;
    if (x->action->effect == EFFECT_READ)
        return err_set(e, KITH_E_INVAL, NULL, "this link is read, and nothing is sent to it");
    TRY(read_form(x, form, &d.once, e));
    TRY(fixed_args(x, x->action, &d.args, e));
    TRY(asked_args(x, fields, d.args, e));
    d.results = ARENA_ARRAY(&x->arena, kith_value, action_answers(x->action) + 1);
    if (!d.results)
        return err_nomem(e);
    kith_status st = engine_write(x->g, &opts, use_in, &d, NULL, e);
    if (st != KITH_OK && x->reason)
        tell_refused(x, d.args);
    if (st != KITH_OK)
        return d.told ? st : gone(x, st, e);
    json_begin(&j, json, false);
    json_object_(&j);
    json_key(&j, "done");
    json_bool_(&j, true);
    json_key(&j, "repeated");
    json_bool_(&j, d.done);
    put_head(x, &j);
    if (!d.done)
        put_answer(x, x->action, d.results, &j);
    json_object_end(&j);
    return json->failed ? err_nomem(e) : KITH_OK;
}

/* A form that was sent before is known as such also when the link was used up by it. */
static kith_status come_again(struct guest *x, kith_str form, struct buf *json, kith_error *e) {
    struct once once = {0};
    struct conn *c;
    bool done = false;
    if (x->pass.number == 0 || read_form(x, form, &once, NULL) != KITH_OK)
        return KITH_OK;
    TRY(engine_reader(x->g, &c, e));
    kith_status st = once_find(c, &once, engine_now(x->g), &x->arena, &done, e);
    engine_reader_done(x->g, c);
    if (st == KITH_OK && done)
        buf_puts(json, "{\"done\":true,\"repeated\":true}");
    return st;
}

kith_status pass_use(struct engine *g, kith_str secret, kith_str from, kith_str form,
                     kith_str fields, struct pass_page *page, kith_error *e) {
    struct buf *json = &page->json;
    struct guest x = {.g = g, .secret = secret};
    kith_error why = KITH_ERROR_INIT;
    kith_status st = come_in(&x, from, &why);
    if (st == KITH_OK)
        st = do_it(&x, form, fields, json, &why);
    else if (st == KITH_E_DENIED && come_again(&x, form, json, NULL) == KITH_OK && json->len)
        st = KITH_OK;
    if (st != KITH_OK)
        err_copy(e, &why);
    leave(&x);
    return st;
}
