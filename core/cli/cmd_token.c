/* SPDX-License-Identifier: Apache-2.0 */
/* kith token: for programs that act as a user, with no more than that user's rights. */
#include "base/date.h"
#include "base/number.h"
#include "cli/identity.h"
#include "cli/show.h"
#include "engine/sign_in.h"
#include <string.h>

/* Whose tokens: of the login that was named, of the caller, or (0) of all. */
static kith_status whose(struct cmd *c, const char *login, bool need, kith_id *user,
                         kith_error *e) {
    *user = c->principal.all ? 0 : c->principal.user;
    if (!login && *user == 0 && c->principal.user && need)
        *user = c->principal.user;
    if (!login)
        return *user || !need
                   ? KITH_OK
                   : err_set(e, KITH_E_INVAL, NULL, "say whose it is: kith token add LOGIN");
    kith_status st = sign_in_user(c->company->engine, login, user, e);
    if (!c->principal.all && (st != KITH_OK || *user != c->principal.user))
        return err_set(e, KITH_E_DENIED, NULL, "only administrators do this for others");
    return st;
}

static kith_status check_types(struct cmd *c, const char *list, kith_error *e) {
    kith_str rest = str_of(list), one;
    const struct rtype *t;
    while (str_split(&rest, ',', &one))
        TRY(schema_find_type(cmd_schema(c), one, &t, e));
    return KITH_OK;
}

static kith_status check_actions(struct cmd *c, const char *list, kith_error *e) {
    kith_str rest = str_of(list), one;
    while (str_split(&rest, ',', &one)) {
        const struct action *a;
        bool known = false;
        for (size_t i = 0; !known && (a = engine_action_at(c->company->engine, i)); i++)
            known = rights_action_fits(one, a->name);
        if (!known)
            return err_set(e, KITH_E_NOTFOUND, NULL,
                           "there is no action '%.*s'; 'kith run' lists them",
                           (int)(one.len < 60 ? one.len : 60), one.ptr);
    }
    return KITH_OK;
}

/* A token that was made with a token would be wider than that one, or outlive it. */
static kith_status by_no_token(const struct cmd *c, kith_error *e) {
    if (c->io->secrets.kind != PROOF_TOKEN)
        return identity_writes(c, e);
    return err_set(e, KITH_E_DENIED, NULL,
                   "a token makes no further tokens: sign in with the password, --user LOGIN");
}

static kith_status read_options(struct cmd *c, struct token *t, kith_error *e) {
    const char *expires = cmd_option(c, "expires");
    int64_t ms;
    t->name = cmd_option(c, "name") ? cmd_option(c, "name") : "";
    t->of.zone = (enum access_zone)cmd_option_choice(c, "zone", ZONE_INTRANET);
    t->of.limit = (struct rights_limit){.read_only = cmd_option(c, "read-only") != NULL,
                                        .types = cmd_option(c, "types"),
                                        .actions = cmd_option(c, "actions")};
    if (t->of.limit.types)
        TRY(check_types(c, t->of.limit.types, e));
    if (t->of.limit.actions)
        TRY(check_actions(c, t->of.limit.actions, e));
    if (!expires)
        return KITH_OK;
    if (!duration_parse(str_of(expires), &ms) || ms < 1000 || ms > INT64_C(3650) * DAY_MS)
        return option_fail(e, "expires", "takes a duration such as 90d, not '%s'", expires);
    t->expires = engine_now(c->company->engine) + ms;
    return KITH_OK;
}

static kith_status run_add(struct cmd *c, kith_error *e) {
    struct token t = {0};
    char text[TOKEN_TEXT];
    TRY(by_no_token(c, e));
    TRY(whose(c, c->arg_count ? c->args[0] : NULL, true, &t.user, e));
    TRY(read_options(c, &t, e));
    TRY(token_add(c->company->engine, &c->principal, &t, text, e));
    if (c->json)
        io_printf(c->io, "{\"token\":\"%s\",\"number\":%lld}\n", text, (long long)t.number);
    else
        io_printf(c->io, "%s\nThis is token %lld. It is shown this once and kept nowhere.\n", text,
                  (long long)t.number);
    return KITH_OK;
}

static const char *scope_text(struct cmd *c, const struct token *t) {
    static const char *const zones[] = {"", " extranet", " internet"};
    const struct rights_limit *l = &t->of.limit;
    const char *text = arena_printf(
        &c->arena, "%s%s%s%s%s%s", l->read_only ? "read" : "read, write", l->types ? "; " : "",
        l->types ? l->types : "", l->actions ? "; " : "", l->actions ? l->actions : "",
        zones[t->of.zone <= ZONE_INTERNET ? t->of.zone : 0]);
    return text ? text : "";
}

static void json_token(struct cmd *c, const struct token *t) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "number");
    json_int(&j, t->number);
    json_key(&j, "user");
    json_id(&j, t->user);
    json_key(&j, "name");
    json_strz(&j, t->name);
    json_key(&j, "scope");
    json_strz(&j, scope_text(c, t));
    const struct {
        const char *key;
        int64_t at;
    } times[] = {{"created", t->created}, {"used", t->used}, {"expires", t->expires}};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        json_key(&j, times[i].key);
        if (times[i].at)
            json_time(&j, times[i].at);
        else
            json_nil(&j);
    }
    json_object_end(&j);
    json_print(c, &b);
}

static kith_str time_or(struct cmd *c, int64_t at, const char *otherwise) {
    return at ? show_time(c, at) : str_of(otherwise);
}

static kith_status run_list(struct cmd *c, kith_error *e) {
    const struct rtype *user = cmd_schema(c)->base.user.type;
    struct token *list;
    struct table t;
    size_t n;
    kith_id of;
    TRY(whose(c, c->arg_count ? c->args[0] : NULL, false, &of, e));
    TRY(token_list(c->company->engine, of, &c->arena, &list, &n, e));
    table_begin(&t, c,
                (const char *const[]){">number", "user", "name", "scope", "created", "last used",
                                      "expires", NULL});
    for (size_t i = 0; i < n; i++) {
        if (c->json) {
            json_token(c, &list[i]);
            continue;
        }
        kith_str who = show_title(c, user, list[i].user);
        table_cellz(&t, arena_printf(&c->arena, "%lld", (long long)list[i].number));
        table_cell(&t, who.len ? who : str_of(show_id(c, list[i].user)));
        table_cellz(&t, list[i].name);
        table_cellz(&t, scope_text(c, &list[i]));
        table_cell(&t, show_time(c, list[i].created));
        table_cell(&t, time_or(c, list[i].used, "never"));
        table_cell(&t, time_or(c, list[i].expires, "never"));
    }
    if (!c->json && n > 0)
        table_print(&t);
    else if (!c->json)
        io_puts(c->io, "There are no tokens.\n");
    return KITH_OK;
}

static kith_status run_revoke(struct cmd *c, kith_error *e) {
    int64_t number;
    kith_id user;
    if (!int_parse(str_of(c->args[0]), &number))
        return err_set(e, KITH_E_INVAL, NULL, "'%s' is no number; 'kith token list' shows them",
                       c->args[0]);
    TRY(identity_writes(c, e));
    TRY(whose(c, NULL, false, &user, e));
    TRY(token_revoke(c->company->engine, &c->principal, user, number, e));
    io_puts(c->io, c->json ? "{\"revoked\":true}\n" : "The token is worth nothing any more.\n");
    return KITH_OK;
}

const struct command command_token_add = {
    .name = "token add",
    .args = "[LOGIN]",
    .help = "a token for a program that acts as a user",
    .more =
        "  kith token add anna --name \"nightly export\" --read-only --types contact,account "
        "--expires 90d\n"
        "  KITH_TOKEN=kith_... kith find contact\n\n"
        "It may what its user may, and no more than the options say. It is shown once; what is\n"
        "kept is a digest. A token makes no further ones.",
    .options = {{"name", "TEXT", "what it is for"},
                {"read-only", NULL, "it writes nothing"},
                {"types", "A,B", "only records of these types, and what is part of them"},
                {"actions", "A,B.*", "only these actions"},
                {"zone", "intranet|extranet|internet",
                 "where it is used: roles of that zone count"},
                {"expires", "DURATION", "after so long; else never"}},
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_max = 1,
    .run = run_add,
};

const struct command command_token_list = {
    .name = "token list",
    .args = "[LOGIN]",
    .help = "tokens, what they may, and when they were used last",
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_max = 1,
    .run = run_list,
};

const struct command command_token_revoke = {
    .name = "token revoke",
    .args = "NUMBER",
    .help = "make a token worthless",
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_min = 1,
    .args_max = 1,
    .run = run_revoke,
};
