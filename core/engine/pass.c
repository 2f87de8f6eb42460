/* SPDX-License-Identifier: Apache-2.0 */
/* Passes: made, revoked, and what the log of access says of them; see pass_use.c for what becomes
 * of them. */
#include "engine/pass.h"
#include "base/date.h"
#include "base/json.h"
#include "engine/sign_in_internal.h"

#include <ctype.h>
#include <string.h>

#define LASTS_MS   (30 * (int64_t)DAY_MS)
#define LONGEST_MS (3660 * (int64_t)DAY_MS)
#define KEEP_MS    (90 * (int64_t)DAY_MS) /* after its end, for the list */

enum pass_state pass_state(const struct pass *p, int64_t now) {
    return p->revoked                          ? PASS_REVOKED
           : p->most > 0 && p->used >= p->most ? PASS_USED
           : p->expires <= now                 ? PASS_EXPIRED
                                               : PASS_HOLDS;
}

const char *pass_state_name(enum pass_state s) {
    static const char *const names[] = {"holds", "used", "expired", "revoked"};
    return names[s];
}

kith_status pass_note(struct txn *t, const struct pass *p, const char *what, kith_error *e) {
    const char *asked =
        arena_printf(t->arena, "%s link %lld: %s", what, (long long)p->number, p->action);
    struct access_entry n =
        sign_in_entry(t->g, txn_caller(t), ACCESS_LINK, p->of.user, asked ? asked : "");
    return asked ? access_log_add(t->g->writer, &n, NULL, e) : err_nomem(e);
}

/* -- what it is to do -------------------------------------------------------------------------- */

struct granting {
    struct txn *t;
    const struct pass_wish *wish;
    const struct action *action, *show;
    kith_value *args; /* by parameter */
    struct pass pass;
};

static const struct rfield *param_of(const struct action *a, kith_str name, uint32_t *at) {
    for (uint32_t i = 0; i < a->param_count; i++)
        if (str_eqz(name, a->params[i]->name)) {
            *at = i;
            return a->params[i];
        }
    return NULL;
}

static kith_status no_param(const struct action *a, kith_str name, const char *field,
                            kith_error *e) {
    return err_set(e, KITH_E_INVAL, field, "%s: %s has no parameter '%.*s'", field, a->name,
                   (int)(name.len < 60 ? name.len : 60), name.ptr ? name.ptr : "");
}

/* Links that make links would go on for ever. */
static kith_status find_action(struct granting *x, kith_error *e) {
    const struct engine *g = x->t->g;
    const struct principal *by = txn_caller(x->t);
    x->action = engine_action(g, x->wish->action);
    if (!x->action)
        return engine_no_action(g, x->wish->action, e);
    if (str_starts(x->wish->action, "link."))
        return err_set(e, KITH_E_INVAL, "action", "action: a link makes and revokes no links");
    if (!access_may_call(by, x->action))
        return err_set(e, KITH_E_DENIED, "action",
                       "%s may not call %s, and a link may do no more than who makes it", by->name,
                       x->action->name);
    if (x->action->effect == EFFECT_READ && (x->wish->ask.len || x->wish->most))
        return err_set(e, KITH_E_INVAL, x->wish->ask.len ? "ask" : "uses",
                       "%s only reads: its link asks for nothing, and may be used as often as one "
                       "likes",
                       x->action->name);
    return KITH_OK;
}

static kith_status take_args(struct granting *x, kith_error *e) {
    const struct pass_wish *w = x->wish;
    const struct action *a = x->action;
    uint32_t at;
    x->args = ARENA_ARRAY(x->t->arena, kith_value, a->param_count + 1);
    if (!x->args)
        return err_nomem(e);
    for (size_t i = 0; i < w->count; i++) {
        const struct rfield *p = param_of(a, w->names[i], &at);
        if (!p)
            return no_param(a, w->names[i], "args", e);
        x->args[at] = w->values[i];
        TRY(value_check(x->t->g->schema, p, false, x->t->arena, &x->args[at], e));
        TRY(value_range(x->t->g->schema, p, &x->args[at], e));
        TRY(txn_follow_links(x->t, p, &x->args[at], e));
        if (!x->pass.about && x->args[at].kind == KITH_LINK)
            x->pass.about = x->args[at].as.link.id;
    }
    return KITH_OK;
}

static bool is_asked(kith_str list, const char *name) {
    kith_str one;
    while (str_split(&list, ',', &one))
        if (str_eqz(str_trim(one), name))
            return true;
    return false;
}

static kith_status take_asked(struct granting *x, kith_error *e) {
    kith_str list = x->wish->ask, one;
    struct buf b = {0};
    uint32_t at = 0;
    while (str_split(&list, ',', &one)) {
        one = str_trim(one);
        const struct rfield *p = param_of(x->action, one, &at);
        if (!p || x->args[at].kind != KITH_NULL) {
            buf_free(&b);
            return !p ? no_param(x->action, one, "ask", e)
                      : err_set(e, KITH_E_INVAL, "ask", "ask: %s is fixed already", p->name);
        }
        buf_printf(&b, "%s%s", b.len ? "," : "", p->name);
    }
    x->pass.ask = arena_strndup(x->t->arena, b.ptr ? b.ptr : "", b.len);
    buf_free(&b);
    for (uint32_t i = 0; i < x->action->param_count; i++) {
        const struct rfield *p = x->action->params[i];
        if ((p->flags & KITH_FF_REQUIRED) && !p->default_text && x->args[i].kind == KITH_NULL &&
            !is_asked(x->wish->ask, p->name))
            return err_set(e, KITH_E_INVAL, "args",
                           "args: %s needs %s: fix it, or let whoever has the link be asked for it",
                           x->action->name, p->name);
    }
    return x->pass.ask ? KITH_OK : err_nomem(e);
}

static kith_status find_show(struct granting *x, kith_error *e) {
    const struct engine *g = x->t->g;
    uint32_t at;
    x->pass.show = "";
    if (!x->wish->show.len)
        return KITH_OK;
    x->show = engine_action(g, x->wish->show);
    if (!x->show)
        return engine_no_action(g, x->wish->show, e);
    x->pass.show = x->show->name;
    if (x->show->file)
        return err_set(e, KITH_E_INVAL, "show",
                       "show: %s answers with a file, which is no part of"
                       " a page",
                       x->show->name);
    if (x->show->effect != EFFECT_READ)
        return err_set(e, KITH_E_INVAL, "show", "show: %s writes, and what is shown is read only",
                       x->show->name);
    if (!access_may_call(txn_caller(x->t), x->show))
        return err_set(e, KITH_E_DENIED, "show", "%s may not call %s", txn_caller(x->t)->name,
                       x->show->name);
    for (uint32_t i = 0; i < x->show->param_count; i++) {
        const struct rfield *p = x->show->params[i];
        bool fixed = param_of(x->action, str_of(p->name), &at) && x->args[at].kind != KITH_NULL;
        if ((p->flags & KITH_FF_REQUIRED) && !p->default_text && !fixed)
            return err_set(e, KITH_E_INVAL, "show", "show: %s needs %s, which is not fixed",
                           x->show->name, p->name);
    }
    return KITH_OK;
}

static kith_status put_args(struct granting *x, kith_error *e) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    for (uint32_t i = 0; i < x->action->param_count; i++)
        if (x->args[i].kind != KITH_NULL) {
            json_key(&j, x->action->params[i]->name);
            value_json(x->t->g->schema, &x->args[i], &j);
        }
    json_object_end(&j);
    x->pass.args = b.failed ? NULL : arena_strndup(x->t->arena, b.ptr, b.len);
    buf_free(&b);
    return x->pass.args ? KITH_OK : err_nomem(e);
}

static kith_status take_bounds(struct granting *x, kith_error *e) {
    const struct pass_wish *w = x->wish;
    const int64_t now = txn_now(x->t);
    x->pass.made = now;
    x->pass.expires = w->expires ? w->expires : now + LASTS_MS;
    x->pass.most = w->most;
    if (x->pass.expires <= now || x->pass.expires > now + LONGEST_MS)
        return err_set(e, KITH_E_INVAL, "expires",
                       "expires: a link holds until some time within ten years from now");
    if (w->most < 0 || w->most > PASS_AT_MOST)
        return err_set(e, KITH_E_INVAL, "uses", "uses: 0, as often as one likes, to %d",
                       PASS_AT_MOST);
    return KITH_OK;
}

/* -- made -------------------------------------------------------------------------------------- */

/* What comes for the company, as a timer, has no user: its links act for the company. */
static void take_maker(struct granting *x) {
    const struct principal *by = txn_caller(x->t);
    x->pass.of = by->access ? by->access->of : (struct access_of){.user = by->user};
}

/* An address in a mail is known by its last letter: none that may be taken for a full stop. */
static void make_secret(char text[PASS_TEXT], char digest[SECRET_DIGEST]) {
    do
        secret_make("", text, digest);
    while (!isalnum((unsigned char)text[0]) || !isalnum((unsigned char)text[strlen(text) - 1]));
}

static kith_status check_served(const struct engine *g, kith_error *e) {
    if (!g->opts.links_at)
        return err_set(e, KITH_E_UNSUPPORTED, NULL,
                       "links are served by the module web: enable it, and set web.address");
    if (!*g->opts.links_at)
        return err_set(e, KITH_E_UNSUPPORTED, NULL,
                       "web.address is not set, with which links begin: set it to the address by "
                       "which people reach the server");
    return KITH_OK;
}

kith_status pass_grant(struct txn *t, const struct pass_wish *wish, struct pass_made *out,
                       kith_error *e) {
    struct granting x = {.t = t, .wish = wish};
    char digest[SECRET_DIGEST];
    TRY(check_served(t->g, e));
    TRY(secret_ready(e));
    TRY(find_action(&x, e));
    TRY(take_args(&x, e));
    TRY(take_asked(&x, e));
    TRY(find_show(&x, e));
    TRY(put_args(&x, e));
    TRY(take_bounds(&x, e));
    take_maker(&x);
    x.pass.action = x.action->name;
    make_secret(out->text, digest);
    TRY(pass_sweep(t->g->writer, txn_now(t) - KEEP_MS, e));
    TRY(pass_add(t->g->writer, &x.pass, str_of(digest), e));
    TRY(pass_note(t, &x.pass, "made", e));
    const char *at = t->g->opts.links_at;
    size_t len = strlen(at);
    out->number = x.pass.number;
    out->expires = x.pass.expires;
    out->address = arena_printf(t->arena, "%.*s" PASS_PATH "%s",
                                (int)(len && at[len - 1] == '/' ? len - 1 : len), at, out->text);
    return out->address ? KITH_OK : err_nomem(e);
}

kith_status txn_pass_revoke(struct txn *t, kith_id user, int64_t number, kith_error *e) {
    struct pass p;
    TRY(pass_find_number(t->g->writer, number, t->arena, &p, e));
    if (user && p.of.user != user)
        return err_set(e, KITH_E_NOTFOUND, "number", "there is no such link");
    if (p.revoked)
        return KITH_OK;
    TRY(pass_end(t->g->writer, number, txn_now(t), e));
    return pass_note(t, &p, "revoked", e);
}

#define REVOKED_AT_ONCE 200

kith_status txn_pass_revoke_about(struct txn *t, kith_str action, kith_id about, kith_error *e) {
    size_t count = REVOKED_AT_ONCE;
    int64_t before = 0;
    while (count == REVOKED_AT_ONCE) {
        struct pass *list;
        TRY(pass_read(t->g->writer, 0, about, before, REVOKED_AT_ONCE, t->arena, &list, &count, e));
        for (size_t i = 0; i < count; i++) {
            before = list[i].number;
            if (str_eqz(action, list[i].action) && pass_state(&list[i], txn_now(t)) == PASS_HOLDS)
                TRY(txn_pass_revoke(t, 0, before, e));
        }
    }
    return KITH_OK;
}
