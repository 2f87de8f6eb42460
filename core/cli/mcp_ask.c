/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a person before an agent writes: what it would do is rehearsed, shown, and kept until it
 * is decided (cmd_mcp_approve.c). */
#include "cli/mcp.h"
#include "cli/show.h"
#include "engine/agent.h"
#include "record/access.h"

#include <stdlib.h>
#include <string.h>

enum asking { ASK_NEVER, ASK_FINAL, ASK_ALWAYS };

static enum asking setting(const struct mcp *m) {
    kith_str s = settings_text(m->c->company->settings, "", "mcp.approval");
    return str_eqz(s, "all") ? ASK_ALWAYS : str_eqz(s, "external") ? ASK_FINAL : ASK_NEVER;
}

/* What bounds the rights of the token, besides those of its user. */
static void put_limit(struct mcp *m, struct buf *out) {
    const struct access *x = m->c->principal.access;
    const struct access_of of = x ? x->of : (struct access_of){0};
    struct json_out j;
    json_begin(&j, out, false);
    json_object_(&j);
    json_key(&j, "zone");
    json_int(&j, of.zone);
    json_key(&j, "read_only");
    json_bool_(&j, of.limit.read_only);
    json_key(&j, "types");
    if (of.limit.types)
        json_strz(&j, of.limit.types);
    else
        json_nil(&j);
    json_key(&j, "actions");
    if (of.limit.actions)
        json_strz(&j, of.limit.actions);
    else
        json_nil(&j);
    json_object_end(&j);
}

static void put_asked(struct buf *out, int64_t number, kith_str shown) {
    struct json_out j;
    json_begin(&j, out, false);
    json_object_(&j);
    json_key(&j, "approval");
    json_int(&j, number);
    json_key(&j, "state");
    json_strz(&j, "waiting");
    json_key(&j, "message");
    json_strz(&j, "nothing was written: it waits for the approval of a person; ask the tool"
                  " approval later what came of it");
    json_key(&j, "rehearsal");
    json_raw(&j, shown);
    json_object_end(&j);
}

/* "Allow an agent (writer 2.1): update contact 0SA..." */
static const char *title_for(struct mcp *m, const char *name, const json_t *args,
                             const char *client) {
    const char *type = json_string_value(json_object_get(args, "type"));
    const char *id = json_string_value(json_object_get(args, "id"));
    return arena_printf(&m->c->arena, "Allow an agent (%s): %s%s%.60s%s%.20s", client, name,
                        type ? " " : "", type ? type : "", id ? " " : "", id ? id : "");
}

static kith_status note(struct mcp *m, const char *name, const json_t *args, kith_str shown,
                        struct buf *out, kith_error *e) {
    struct engine *g = m->c->company->engine;
    struct agent_entry s;
    struct buf limit = {0};
    TRY(engine_agent(g, &m->c->principal, m->session, &m->c->arena, &s, e));
    const char *title = title_for(m, name, args, s.client);
    char *text = json_dumps(args, JSON_COMPACT);
    put_limit(m, &limit);
    struct approval a = {.session = m->session,
                         .tool = str_of(name),
                         .args = str_of(text),
                         .limit = buf_view(&limit),
                         .shown = shown};
    kith_status st = title && text && !limit.failed ? engine_approval_add(g, &a, s.user, title, e)
                                                    : err_nomem(e);
    if (st == KITH_OK)
        put_asked(out, a.number, shown);
    buf_free(&limit);
    free(text);
    return st;
}

kith_status mcp_ask(struct mcp *m, const char *name, const json_t *args, bool final, bool *asked,
                    struct buf *out, kith_error *e) {
    enum asking ask = setting(m);
    struct buf shown = {0};
    bool sends = false;
    *asked = false;
    if (ask == ASK_NEVER)
        return KITH_OK;
    m->of.sends = &sends;
    kith_status st = mcp_call_plain(m, name, args, true, &shown, e);
    m->of.sends = NULL;
    *asked = st == KITH_OK && (ask == ASK_ALWAYS || final || sends);
    if (*asked)
        st = note(m, name, args, buf_view(&shown), out, e);
    m->c->wrote |= *asked; /* the task */
    buf_free(&shown);
    return st;
}

kith_status mcp_answer_approval(struct mcp *m, const json_t *args, struct buf *out, kith_error *e) {
    struct agent_entry s;
    struct approval a;
    struct json_out j;
    TRY(engine_approval(m->c->company->engine, &m->c->principal,
                        json_integer_value(json_object_get(args, "number")), &m->c->arena, &a, &s,
                        e));
    json_begin(&j, out, false);
    approval_json(&j, &a);
    return KITH_OK;
}
