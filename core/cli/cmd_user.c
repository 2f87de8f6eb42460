/* SPDX-License-Identifier: Apache-2.0 */
/* kith user add, kith user password: what records alone cannot do for a user. */
#include "base/date.h"
#include "cli/identity.h"
#include "cli/rehearse.h"
#include "cli/show.h"
#include "engine/invite.h"
#include "engine/openid.h"
#include "engine/second_factor.h"
#include "engine/sign_in.h"
#include <string.h>

struct job {
    struct cmd *c;
    const char *login, *name;
    const char *teams, *roles; /* names, "North,South"; or NULL */
    kith_id id;
};

/* The records of a type with these names, as links. */
static kith_status find_named(struct txn *t, const struct rtype *type, const char *names,
                              kith_value *out, kith_error *e) {
    const struct schema *s = engine_schema(txn_engine(t));
    const struct rfield *f = type_field(s, type, STR("name"));
    kith_str rest = str_of(names), one;
    size_t n = 0;
    kith_value *items = ARENA_ARRAY(txn_arena(t), kith_value, strlen(names) + 1);
    if (!items)
        return err_nomem(e);
    while (str_split(&rest, ',', &one)) {
        kith_value v = value_str(one);
        kith_id id;
        TRY(record_unique_owner(txn_conn(t), f, &v, txn_arena(t), &id, e));
        if (!id)
            return err_set(e, KITH_E_NOTFOUND, NULL, "there is no %s '%.*s'", type->name,
                           (int)(one.len < 60 ? one.len : 60), one.ptr);
        items[n++] = value_link(id, type->id);
    }
    *out = n ? (kith_value){.kind = KITH_LIST, .as.list = {items, n}} : value_null();
    return KITH_OK;
}

static kith_status do_add(struct txn *t, void *arg, kith_error *e) {
    struct job *job = arg;
    const struct base_fields *base = &engine_schema(txn_engine(t))->base;
    const struct base_user *user = &base->user;
    struct assign set[4] = {{user->login, value_str(str_of(job->login))},
                            {user->name, value_str(str_of(job->name))}};
    size_t n = 2;
    kith_id id;
    if (job->teams) {
        set[n].field = user->teams;
        TRY(find_named(t, base->team.type, job->teams, &set[n++].value, e));
    }
    if (job->roles) {
        set[n].field = user->roles;
        TRY(find_named(t, base->role.type, job->roles, &set[n++].value, e));
    }
    TRY(txn_create(t, user->type, set, n, &id, e));
    job->id = id;
    return KITH_OK;
}

static kith_status run_add(struct cmd *c, kith_error *e) {
    struct job job = {.c = c,
                      .login = c->args[0],
                      .name = cmd_option(c, "name"),
                      .teams = cmd_option(c, "team"),
                      .roles = cmd_option(c, "role")};
    kith_id tx;
    job.name = job.name ? job.name : job.login;
    TRY(write_or_rehearse(c, ORIGIN_CLI, do_add, &job, &tx, e));
    if (rehearsing(c))
        return KITH_OK;
    if (c->json) {
        io_printf(c->io, "{\"id\":\"%s\",\"type\":\"user\",\"transaction\":\"%s\"}\n",
                  show_id(c, job.id), show_id(c, tx));
        return KITH_OK;
    }
    io_puts(c->io, "Added user ");
    io_text(c->io, str_of(job.login));
    io_printf(c->io, " (%s). 'kith user password ", show_id(c, job.id));
    io_text(c->io, str_of(job.login));
    io_puts(c->io, "' sets a password,\n'kith user invite ");
    io_text(c->io, str_of(job.login));
    io_puts(c->io, "' gives a link by which they do.\n");
    return KITH_OK;
}

static kith_status run_password(struct cmd *c, kith_error *e) {
    kith_id user;
    TRY(identity_writes(c, e));
    kith_status st = sign_in_user(c->company->engine, c->args[0], &user, e);
    if (!c->principal.all && (st != KITH_OK || user != c->principal.user))
        return err_set(e, KITH_E_DENIED, NULL, "only administrators set the passwords of others");
    TRY(st);
    if (!c->principal.all && c->io->secrets.kind != PROOF_PASSWORD)
        return err_set(e, KITH_E_DENIED, NULL,
                       "to set your password sign in with the old one: --user %s", c->args[0]);
    TRY(password_set(c->company->engine, &c->principal, user, c->args[0],
                     str_of(c->io->secrets.fresh), 0, e));
    io_puts(c->io, c->json ? "{\"set\":true}\n" : "The password is set.\n");
    return KITH_OK;
}

static kith_status whom(struct cmd *c, kith_id *user, kith_error *e) {
    bool due;
    *user = 0;
    if (c->arg_count)
        return sign_in_user(c->company->engine, c->args[0], user, e);
    TRY(invite_is_due(c->company->engine, &due, e));
    return due ? KITH_OK
               : err_set(e, KITH_E_REFUSED, NULL,
                         "there are users who sign in: say whom, kith user invite LOGIN");
}

/* Where people reach the web module, which they are told beside it; "": its settings do not say. */
static kith_str web_address(const struct cmd *c) {
    bool known = settings_find(c->company->settings, "web", "address") != NULL;
    kith_str address = known ? settings_text(c->company->settings, "web", "address") : STR("");
    while (address.len && address.ptr[address.len - 1] == '/')
        address.len--;
    return address;
}

static void print_invitation(struct cmd *c, const char *code) {
    kith_str address = web_address(c);
    int len = (int)address.len;
    if (c->json && len)
        io_printf(c->io,
                  "{\"code\":\"%s\",\"path\":\"/setup?code=%s\",\"url\":\"%.*s/setup?code=%s\"}\n",
                  code, code, len, address.ptr, code);
    else if (c->json)
        io_printf(c->io, "{\"code\":\"%s\",\"path\":\"/setup?code=%s\",\"url\":null}\n", code,
                  code);
    else
        io_printf(c->io,
                  "%.*s/setup?code=%s\n%s it sets a password, once. It is shown this once.\n", len,
                  len ? address.ptr : "", code,
                  len ? "Opened in a browser"
                      : "web.address does not say where people reach the web module: opened there");
}

static kith_status run_invite(struct cmd *c, kith_error *e) {
    const char *given = cmd_option(c, "expires");
    int64_t ms = c->arg_count ? 3 * DAY_MS : HOUR_MS;
    char code[INVITE_TEXT];
    kith_id user;
    TRY(identity_writes(c, e));
    if (given && (!duration_parse(str_of(given), &ms) || ms < 60000 || ms > 30 * (int64_t)DAY_MS))
        return option_fail(e, "expires", "takes a duration from 1m to 30d, such as 12h, not '%s'",
                           given);
    TRY(whom(c, &user, e));
    TRY(invite(c->company->engine, &c->principal, user, c->arg_count ? c->args[0] : "", ms, code,
               e));
    print_invitation(c, code);
    return KITH_OK;
}

const struct command command_user_invite = {
    .name = "user invite",
    .args = "[LOGIN]",
    .help = "a link by which a user sets a password, once",
    .more =
        "  kith user invite anna\n\n"
        "For a new user, and for one who has forgotten the password. It is good for three days,\n"
        "or as --expires says, until it is used or another one is given out. As long as nobody\n"
        "can sign in, without LOGIN: for the first administrator, for an hour.",
    .options = {{"expires", "DURATION", "after so long; else 3d"}},
    .needs = NEEDS_COMPANY,
    .args_max = 1,
    .run = run_invite,
};

static kith_status run_untie(struct cmd *c, kith_error *e) {
    kith_id user;
    int64_t n;
    TRY(sign_in_user(c->company->engine, c->args[0], &user, e));
    TRY(openid_forget(c->company->engine, &c->principal, user, 0, &n, e));
    if (c->json)
        io_printf(c->io, "{\"untied\":%lld}\n", (long long)n);
    else if (n == 0)
        io_puts(c->io, "No provider's account is tied to this user.\n");
    else
        io_puts(c->io, "Done: the next account with this login or mail address is this user.\n");
    return KITH_OK;
}

static kith_status show_factor(struct cmd *c, kith_id user, kith_error *e) {
    struct factor_state s;
    TRY(factor_state(c->company->engine, user, &s, e));
    if (c->json)
        io_printf(c->io, "{\"on\":%s,\"needed\":%s,\"recovery\":%lld}\n", s.on ? "true" : "false",
                  s.needed ? "true" : "false", (long long)s.recovery);
    else if (s.on)
        io_printf(c->io, "A code is asked for. %lld recovery codes are left.\n",
                  (long long)s.recovery);
    else
        io_puts(c->io, s.needed ? "A second factor is needed, and not set up yet.\n"
                                : "No code is asked for.\n");
    return KITH_OK;
}

static kith_status run_totp(struct cmd *c, kith_error *e) {
    kith_id user;
    TRY(sign_in_user(c->company->engine, c->args[0], &user, e));
    if (!cmd_option(c, "reset"))
        return show_factor(c, user, e);
    TRY(identity_writes(c, e));
    TRY(factor_end(c->company->engine, &c->principal, user, e));
    io_puts(c->io, c->json ? "{\"on\":false}\n" : "The second factor is removed.\n");
    return KITH_OK;
}

const struct command command_user_totp = {
    .name = "user totp",
    .args = "LOGIN",
    .help = "has a user a second factor? Remove it, for one who has lost it",
    .more = "Users set it up themselves at /account of the web module. access.second_factor says\n"
            "which roles need one. Make sure who asks you to remove it.",
    .options = {{"reset", NULL, "remove it, with its recovery codes"}},
    .needs = NEEDS_COMPANY,
    .args_min = 1,
    .args_max = 1,
    .run = run_totp,
};

const struct command command_user_add = {
    .name = "user add",
    .args = "LOGIN",
    .help = "a new user, with teams and roles by their names",
    .more = "  kith user add anna --name \"Anna Schmidt\" --team North --role sales\n\n"
            "Everything else about users, teams, roles and territories is done as with other\n"
            "records: kith update user ..., kith find role.",
    .options = {{"name", "TEXT", "full name; else the login"},
                {"team", "A,B", "the teams the user works in"},
                {"role", "A,B", "the roles the user has"},
                REHEARSE_OPTION},
    .needs = NEEDS_COMPANY,
    .args_min = 1,
    .args_max = 1,
    .run = run_add,
};

const struct command command_user_password = {
    .name = "user password",
    .args = "LOGIN",
    .help = "set a user's password, typed in or from a pipe",
    .more = "Administrators set anybody's; others their own: kith user password anna --user anna\n"
            "asks for the old one first. It is kept as an Argon2id hash only.",
    .needs = NEEDS_COMPANY,
    .open = true,
    .asks = true,
    .args_min = 1,
    .args_max = 1,
    .run = run_password,
};

const struct command command_user_untie = {
    .name = "user untie",
    .args = "LOGIN",
    .help = "let go of the accounts by which providers know a user",
    .more = "Who signs in by OpenID Connect for the first time is found by login or mail address;\n"
            "from then on that account of the provider is this user, and no other one is. When\n"
            "somebody got a new account there, this makes room for it. Sessions end, too.",
    .needs = NEEDS_COMPANY,
    .args_min = 1,
    .args_max = 1,
    .run = run_untie,
};
