/* SPDX-License-Identifier: Apache-2.0 */
/* Links as actions: made, listed and revoked by people with the right to that. */
#include "base/json.h"
#include "engine/engine_internal.h"
#include "engine/pass.h"
#include "record/record_json.h"

#include <string.h>

static kith_str text_arg(const struct call *call, uint32_t i) {
    return call->args[i].kind == KITH_TEXT ? call->args[i].as.s : (kith_str){"", 0};
}
static int64_t int_arg(const struct call *call, uint32_t i) {
    return call->args[i].kind == KITH_NULL ? 0 : call->args[i].as.i;
}

/* -- made -------------------------------------------------------------------------------------- */

static const struct rfield *param_named(const struct action *a, const char *name) {
    for (uint32_t i = 0; a && i < a->param_count; i++)
        if (strcmp(a->params[i]->name, name) == 0)
            return a->params[i];
    return NULL;
}

/* Of a parameter that there is not, the name alone: it is refused later. */
static kith_status take_members(struct call *call, json_t *object, struct pass_wish *w,
                                kith_error *e) {
    const struct action *a = engine_action(call->engine, w->action);
    kith_str *names = ARENA_ARRAY(call->arena, kith_str, json_object_size(object) + 1);
    kith_value *values = ARENA_ARRAY(call->arena, kith_value, json_object_size(object) + 1);
    const char *name;
    json_t *value;
    if (!names || !values)
        return err_nomem(e);
    json_object_foreach(object, name, value) {
        const struct rfield *p = param_named(a, name);
        names[w->count] = arena_str(call->arena, str_of(name));
        if (!names[w->count].ptr)
            return err_nomem(e);
        if (p)
            TRY(json_value(call->arena, value, p->kind, &values[w->count], e));
        w->count++;
    }
    w->names = names;
    w->values = values;
    return KITH_OK;
}

static kith_status take_args(struct call *call, kith_str text, struct pass_wish *w, kith_error *e) {
    json_t *object = NULL;
    if (!str_trim(text).len)
        return KITH_OK;
    TRY(json_read(text, &object, e));
    kith_status st = json_is_object(object)
                         ? take_members(call, object, w, e)
                         : err_set(e, KITH_E_INVAL, "args",
                                   "args: write a JSON object of parameters and their values:"
                                   " {\"quote\":\"0ABC...\"}");
    json_decref(object);
    return st;
}

/* Who comes by a token that is limited makes nothing that outlives it. */
static kith_status create_action(void *self, struct call *call, kith_error *e) {
    struct pass_wish w = {.action = text_arg(call, 0),
                          .ask = text_arg(call, 2),
                          .show = text_arg(call, 3),
                          .most = int_arg(call, 5)};
    struct pass_made made;
    kith_error why = KITH_ERROR_INIT;
    (void)self;
    TRY(access_unlimited(call->principal, e));
    if (call->args[4].kind != KITH_NULL)
        w.expires = txn_now(call->txn) + call->args[4].as.i;
    const struct action *a = engine_action(call->engine, w.action);
    if (a && a->effect == EFFECT_READ)
        w.most = 0;
    TRY(take_args(call, text_arg(call, 1), &w, e));
    kith_status st = pass_grant(call->txn, &w, &made, &why);
    if (st == KITH_E_UNSUPPORTED) /* the action is there, and this company has no address */
        return err_set(e, KITH_E_REFUSED, NULL, "%s", why.message);
    if (st != KITH_OK) {
        err_copy(e, &why);
        return st;
    }
    call->results[0] = value_str(str_of(made.address));
    call->results[1] = value_int(made.number);
    call->results[2] = value_time(made.expires);
    return KITH_OK;
}

/* -- listed ------------------------------------------------------------------------------------ */

#define PAGE 200

/* Administrators see all links, others their own. */
static kith_id whose(const struct call *call) {
    return call->principal->all ? 0 : call->principal->user;
}

static kith_status put_row(struct call *call, const struct pass *p, int64_t now, kith_error *e) {
    const uint32_t user = call->engine->schema->base.user.type->id;
    const kith_value row[] = {
        value_int(p->number),
        value_str(str_of(p->action)),
        value_str(str_of(p->args)),
        p->of.user ? value_link(p->of.user, user) : value_null(),
        value_str(str_of(pass_state_name(pass_state(p, now)))),
        value_time(p->made),
        value_time(p->expires),
        value_int(p->used),
        p->most ? value_int(p->most) : value_null(),
        p->last ? value_time(p->last) : value_null(),
    };
    return call_row(call, sizeof row / sizeof *row, row, e);
}

static kith_status list_action(void *self, struct call *call, kith_error *e) {
    const kith_id about = call->args[0].kind == KITH_LINK ? call->args[0].as.link.id : 0;
    struct pass *list;
    struct conn *c;
    size_t count = 0;
    (void)self;
    if (!call->principal->all && !call->principal->user)
        return KITH_OK;
    TRY(engine_reader(call->engine, &c, e));
    kith_status st =
        pass_read(c, whose(call), about, int_arg(call, 1), PAGE, call->arena, &list, &count, e);
    engine_reader_done(call->engine, c);
    for (size_t i = 0; st == KITH_OK && i < count; i++)
        st = put_row(call, &list[i], engine_now(call->engine), e);
    return st;
}

static kith_status revoke_action(void *self, struct call *call, kith_error *e) {
    (void)self;
    if (!call->principal->all && !call->principal->user)
        return err_set(e, KITH_E_NOTFOUND, "number", "there is no such link");
    return txn_pass_revoke(call->txn, whose(call), int_arg(call, 0), e);
}

/* -- declared ---------------------------------------------------------------------------------- */

static const kith_field create_params[] = {
    {.name = "action",
     .kind = KITH_F_TEXT,
     .flags = KITH_FF_REQUIRED,
     .doc = "What it does: sales.accept_quote."},
    {.name = "args",
     .kind = KITH_F_JSON,
     .doc = "The arguments that are fixed: {\"quote\":\"0ABCDEFGH1234\"}. Give records, and nothing"
            " personal: they are kept until the link is forgotten."},
    {.name = "ask",
     .kind = KITH_F_TEXT,
     .doc = "Parameters that whoever has it is asked for, with commas between them: name,remark."},
    {.name = "show",
     .kind = KITH_F_TEXT,
     .doc = "A reading action that tells what it is about, by the same arguments."},
    {.name = "expires_in",
     .kind = KITH_F_DURATION,
     .default_text = "30d",
     .min = "1m",
     .doc = "How long it holds."},
    {.name = "uses",
     .kind = KITH_F_INTEGER,
     .default_text = "1",
     .min = "0",
     .doc = "How many times; 0, and what only reads: as often as one likes."},
};
static const kith_field create_results[] = {
    {.name = "link",
     .kind = KITH_F_URL,
     .doc = "The link. It is told this once, and kept nowhere."},
    {.name = "number", .kind = KITH_F_INTEGER, .doc = "By which it is revoked."},
    {.name = "expires", .kind = KITH_F_TIME, .doc = "Until when it holds."},
};
static const kith_field list_params[] = {
    {.name = "about", .kind = KITH_F_LINK, .options = "*", .doc = "Only those about this record."},
    {.name = "before", .kind = KITH_F_INTEGER, .min = "0", .doc = "Only numbers below this one."},
};
static const kith_field list_columns[] = {
    {.name = "number", .kind = KITH_F_INTEGER, .doc = "By which it is revoked."},
    {.name = "action", .kind = KITH_F_TEXT, .doc = "What it does."},
    {.name = "args", .kind = KITH_F_JSON, .doc = "With which arguments."},
    {.name = "by",
     .kind = KITH_F_LINK,
     .options = "user",
     .doc = "In whose rights; none: the company's."},
    {.name = "state",
     .kind = KITH_F_TEXT,
     .doc = "Whether it holds, or is used, expired, revoked."},
    {.name = "made", .kind = KITH_F_TIME, .doc = "When it was made."},
    {.name = "expires", .kind = KITH_F_TIME, .doc = "Until when it holds."},
    {.name = "used", .kind = KITH_F_INTEGER, .doc = "How many times it was used."},
    {.name = "uses",
     .kind = KITH_F_INTEGER,
     .doc = "How many times it may be; none: as often as one likes."},
    {.name = "last", .kind = KITH_F_TIME, .doc = "When it was used last."},
};
static const kith_field revoke_params[] = {
    {.name = "number", .kind = KITH_F_INTEGER, .flags = KITH_FF_REQUIRED, .doc = "Of the link."},
};
static const struct own_action actions[] = {
    {.name = "link.create",
     .doc = "Makes a link by which whoever has it, without an account, does one thing in your"
            " rights.",
     .params = KITH_ARRAY(create_params),
     .results = KITH_ARRAY(create_results),
     .fn = create_action,
     .flags = OWN_FINAL},
    {.name = "link.list",
     .doc = "Lists your links, and those of everybody for administrators; the youngest 200 first.",
     .params = KITH_ARRAY(list_params),
     .columns = KITH_ARRAY(list_columns),
     .fn = list_action,
     .flags = OWN_READS},
    {.name = "link.revoke",
     .doc = "Makes a link worthless.",
     .params = KITH_ARRAY(revoke_params),
     .fn = revoke_action,
     .flags = OWN_FINAL},
    {.name = NULL},
};
static const kith_field refused_payload[] = {
    {.name = "number", .kind = KITH_F_INTEGER, .doc = "Of the link."},
    {.name = "action", .kind = KITH_F_TEXT, .doc = "What was to be done by it."},
    {.name = "reason", .kind = KITH_F_LONGTEXT, .doc = "Why it was refused; not told outside."},
    {.name = "by", .kind = KITH_F_LINK, .options = "user", .doc = "Who made the link."},
};
static const kith_topic topics[] = {
    {.name = "link.refused",
     .schema = 1,
     .fields = KITH_ARRAY(refused_payload),
     .doc = "Somebody who has a link tried to do what it is for, and a rule, a state or a hook"
            " refused what follows: about this record."},
};
const struct own_part pass_own = {"link", actions, sizeof topics / sizeof *topics, topics};
