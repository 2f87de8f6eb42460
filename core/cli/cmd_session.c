/* SPDX-License-Identifier: Apache-2.0 */
/* kith session: who is signed in, from where, and ending it. */
#include "base/number.h"
#include "cli/identity.h"
#include "cli/show.h"
#include "engine/session.h"
#include "engine/sign_in.h"

/* Whose sessions: of the login that was named, of the caller, or (0) of all. */
static kith_status whose(struct cmd *c, const char *login, kith_id *user, kith_error *e) {
    *user = c->principal.all ? 0 : c->principal.user;
    if (!login)
        return KITH_OK;
    kith_status st = sign_in_user(c->company->engine, login, user, e);
    if (!c->principal.all && (st != KITH_OK || *user != c->principal.user))
        return err_set(e, KITH_E_DENIED, NULL, "only administrators do this for others");
    return st;
}

static void json_session(struct cmd *c, const struct session *s) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "number");
    json_int(&j, s->number);
    json_key(&j, "user");
    json_id(&j, s->user);
    json_key(&j, "method");
    json_strz(&j, s->method);
    json_key(&j, "from");
    json_strz(&j, s->from);
    json_key(&j, "began");
    json_time(&j, s->began);
    json_key(&j, "used");
    json_time(&j, s->used);
    json_key(&j, "ends");
    json_time(&j, s->ends);
    json_object_end(&j);
    json_print(c, &b);
}

static kith_status run_list(struct cmd *c, kith_error *e) {
    const struct rtype *user = cmd_schema(c)->base.user.type;
    struct session *list;
    struct table t;
    size_t n;
    kith_id of;
    TRY(whose(c, c->arg_count ? c->args[0] : NULL, &of, e));
    TRY(session_list(c->company->engine, of, &c->arena, &list, &n, e));
    table_begin(
        &t, c,
        (const char *const[]){">number", "user", "by", "from", "began", "last used", "ends", NULL});
    for (size_t i = 0; i < n; i++) {
        if (c->json) {
            json_session(c, &list[i]);
            continue;
        }
        kith_str who = show_title(c, user, list[i].user);
        table_cellz(&t, arena_printf(&c->arena, "%lld", (long long)list[i].number));
        table_cell(&t, who.len ? who : str_of(show_id(c, list[i].user)));
        table_cellz(&t, list[i].method);
        table_cellz(&t, list[i].from);
        table_cell(&t, show_time(c, list[i].began));
        table_cell(&t, show_time(c, list[i].used));
        table_cell(&t, show_time(c, list[i].ends));
    }
    if (!c->json && n > 0)
        table_print(&t);
    else if (!c->json)
        io_puts(c->io, "Nobody is signed in.\n");
    return KITH_OK;
}

static kith_status revoke_one(struct cmd *c, kith_error *e) {
    int64_t number;
    kith_id user;
    if (!int_parse(str_of(c->args[0]), &number))
        return err_set(e, KITH_E_INVAL, NULL, "'%s' is no number; 'kith session list' shows them",
                       c->args[0]);
    TRY(whose(c, NULL, &user, e));
    TRY(session_end(c->company->engine, &c->principal, user, number, e));
    io_puts(c->io, c->json ? "{\"revoked\":1}\n" : "The session is over.\n");
    return KITH_OK;
}

static kith_status run_revoke(struct cmd *c, kith_error *e) {
    const char *of = cmd_option(c, "of");
    int64_t n;
    kith_id user;
    if ((c->arg_count == 1) + (of != NULL) + (cmd_option(c, "all") != NULL) != 1)
        return err_set(e, KITH_E_INVAL, NULL,
                       "say which: kith session revoke NUMBER, --of LOGIN, or --all");
    TRY(access_unlimited(&c->principal, e));
    if (c->arg_count == 1)
        return revoke_one(c, e);
    TRY(whose(c, of, &user, e));
    if (!of && c->principal.user)
        user = c->principal.user; /* an administrator who signed in means the own ones, too */
    TRY(session_end_all(c->company->engine, &c->principal, user, 0, &n, e));
    if (c->json)
        io_printf(c->io, "{\"revoked\":%lld}\n", (long long)n);
    else
        io_printf(c->io, "%lld session%s over.\n", (long long)n, n == 1 ? " is" : "s are");
    return KITH_OK;
}

const struct command command_session_list = {
    .name = "session list",
    .args = "[LOGIN]",
    .help = "who is signed in, by what and from where",
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_max = 1,
    .run = run_list,
};

const struct command command_session_revoke = {
    .name = "session revoke",
    .args = "[NUMBER]",
    .help = "end a session, or all of a user",
    .more =
        "  kith session revoke 17\n"
        "  kith session revoke --of anna\n\n"
        "A session begins when somebody signs in by the web. It ends when they sign out, after\n"
        "access.session_idle without use, after access.session_life in any case, and when\n"
        "their password is set anew. Others than administrators end their own.",
    .options = {{"of", "LOGIN", "all of this user"},
                {"all", NULL, "all of whoever asks; without a user, of everybody"}},
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_max = 1,
    .run = run_revoke,
};
