/* SPDX-License-Identifier: Apache-2.0 */
/* Cli: from a command line to an exit code. Decides where a command runs: here, or in the process
 * that owns the company. */
#include "cli/cli.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/identity.h"
#include "cli/signals.h"
#include "cli/wire.h"
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define DRAIN_MS 60000 /* for the reactions to what a command wrote */

static const struct command *const commands[] = {
    &command_init,
    &command_import,
    &command_export,
    &command_find,
    &command_report,
    &command_search,
    &command_get,
    &command_view,
    &command_create,
    &command_update,
    &command_delete,
    &command_merge,
    &command_history,
    &command_why,
    &command_erase,
    &command_undo,
    &command_log,
    &command_run,
    &command_module_list,
    &command_module_enable,
    &command_module_disable,
    &command_module_inspect,
    &command_module_cost,
    &command_module_resume,
    &command_module_new,
    &command_schema,
    &command_type_list,
    &command_type_add,
    &command_type_rename,
    &command_type_retire,
    &command_type_restore,
    &command_type_load,
    &command_field_add,
    &command_field_set,
    &command_field_rename,
    &command_field_retire,
    &command_field_restore,
    &command_workflow_list,
    &command_workflow_show,
    &command_workflow_disable,
    &command_workflow_enable,
    &command_workflow_cost,
    &command_workflow_runs,
    &command_workflow_run,
    &command_workflow_start,
    &command_workflow_cancel,
    &command_workflow_retry,
    &command_workflow_backtest,
    &command_workflow_migrate,
    &command_workflow_test,
    &command_workflow_rehearse,
    &command_console,
    &command_console_entry,
    &command_rule_list,
    &command_rule_cost,
    &command_rule_show,
    &command_rule_check,
    &command_rule_reload,
    &command_rule_resume,
    &command_rule_stubs,
    &command_deadletter_list,
    &command_deadletter_retry,
    &command_deadletter_skip,
    &command_outbox_list,
    &command_outbox_show,
    &command_outbox_queues,
    &command_outbox_send,
    &command_user_add,
    &command_user_password,
    &command_user_untie,
    &command_file_put,
    &command_file_get,
    &command_user_invite,
    &command_user_totp,
    &command_token_add,
    &command_token_list,
    &command_token_revoke,
    &command_session_list,
    &command_session_revoke,
    &command_role_check,
    &command_access_log,
    &command_access_explain,
    &command_consent_register,
    &command_subject_export,
    &command_privacy,
    &command_mcp,
    &command_mcp_message,
    &command_mcp_sessions,
    &command_mcp_approvals,
    &command_mcp_approve,
    &command_mcp_refuse,
    &command_serve,
    &command_reload,
    &command_status,
    &command_check,
    &command_check_opened,
    &command_doctor,
    &command_audit_verify,
    &command_retention,
    &command_backup,
    &command_backup_verify,
    &command_backup_list,
    &command_backup_run,
    &command_backup_key,
    &command_restore,
    &command_explain,
    &command_reference,
    &command_complete,
    &command_help,
    &command_version,
};

const struct command *command_at(size_t i) {
    return i < sizeof commands / sizeof commands[0] ? commands[i] : NULL;
}

/* -- one command ------------------------------------------------------------------------------- */

static kith_status execute(struct cmd *c, kith_error *e) {
    if (cmd_only_helps(c) && c->command != &command_help)
        return cmd_help(c, e);
    kith_status st = identity_enter(c, e);
    if (st == KITH_OK)
        st = c->command->run(c, e);
    identity_leave(c);
    return st;
}

static void print_error(struct io *io, const struct command *command, bool json, const char *code,
                        const kith_error *e) {
    struct buf b = {0};
    struct json_out j;
    if (!json) {
        io_say(io, "%s%s", option_sign(command, e), e->message);
        return;
    }
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "code");
    json_strz(&j, code);
    json_key(&j, "field");
    if (e->field[0])
        json_strz(&j, e->field);
    else
        json_nil(&j);
    json_key(&j, "message");
    json_strz(&j, e->message);
    json_object_end(&j);
    buf_putc(&b, '\n');
    io_flush(io);
    io->ops->write(io, IO_ERR,
                   b.failed ? STR("{\"code\":\"out of memory\",\"field\":null,\"message\":"
                                  "\"there is not enough memory\"}\n")
                            : buf_view(&b));
    buf_free(&b);
}

void cli_print_error(struct io *io, bool json, const kith_error *e) {
    print_error(io, NULL, json, status_name(e->code), e);
}

int io_cut_short(const struct io *io) {
    return io->lost ? status_exit(KITH_E_IO) : EXIT_INTERRUPTED;
}

/* Prints the error, if it is one, and tidies up. */
static int finish(struct cmd *c, kith_status st, const kith_error *e) {
    int code = status_exit(st);
    io_flush(c->io);
    io_progress(c->io, "");
    if (io_interrupted(c->io))
        code = io_cut_short(c->io);
    if (st != KITH_OK && !c->said && !c->io->deaf)
        print_error(c->io, c->command, c->json,
                    code == EXIT_INTERRUPTED ? INTERRUPTED_NAME : status_name(e->code), e);
    arena_free(&c->arena);
    free(c->dir);
    return code;
}

kith_status cmd_within(struct cmd *outer, struct io *io, int argc, char *const *argv,
                       kith_error *e) {
    struct cmd c = {.program = outer->program,
                    .io = io,
                    .company = outer->company,
                    .dir = outer->dir,
                    .by = &outer->principal};
    kith_status st = cmd_parse(&c, argc, argv, e);
    if (st == KITH_OK && (c.command->needs != NEEDS_COMPANY || c.command->alone || c.command->asks))
        st = err_set(e, KITH_E_UNSUPPORTED, NULL, "kith %s is for the command line",
                     c.command->name);
    if (st == KITH_OK)
        st = execute(&c, e);
    io_flush(io);
    outer->wrote |= c.wrote;
    arena_free(&c.arena);
    return st;
}

/* Who entered is known to the engine that ends here. */
kith_status cmd_reopen(struct cmd *c, kith_error *e) {
    identity_leave(c);
    return c->reopen(c, e);
}

static kith_status reopen_hosted(struct cmd *c, kith_error *e) {
    return c->host->reopen(c->host->arg, &c->company, e);
}

static kith_status execute_hosted(struct cmd *c, kith_error *e) {
    bool alone = c->command->alone && !cmd_only_helps(c);
    TRY(c->host->enter(c->host->arg, c->io, alone, &c->company, e));
    c->dir = strdup(c->company->dir);
    kith_status st = c->dir ? execute(c, e) : err_nomem(e);
    c->host->leave(c->host->arg, alone);
    return st;
}

static int run_hosted(const struct program *p, const struct cli_host *host,
                      const struct principal *by, struct io *io, int argc, char *const *argv) {
    kith_error e = KITH_ERROR_INIT;
    struct cmd c = {.program = p, .io = io, .host = host, .reopen = reopen_hosted, .by = by};
    if (text_invalid_at(str_of(io->actor)) >= 0)
        strcpy(io->actor, "cli:unknown");
    kith_status st = cmd_parse(&c, argc, argv, &e);
    if (st == KITH_OK && !cmd_only_helps(&c) && c.command->needs != NEEDS_COMPANY &&
        !(by && c.command->served))
        st = err_set(&e, KITH_E_UNSUPPORTED, NULL, "kith %s does not run in a server",
                     c.command->name);
    if (st == KITH_OK && by && (c.command->alone || c.command->asks))
        st = err_set(&e, KITH_E_UNSUPPORTED, NULL, "kith %s is for the command line",
                     c.command->name);
    if (st == KITH_OK)
        st = execute_hosted(&c, &e);
    return finish(&c, st, &e);
}

int cli_run_for(const struct program *p, const struct cli_host *host, struct io *io, int argc,
                char *const *argv) {
    return run_hosted(p, host, NULL, io, argc, argv);
}

kith_status cli_run_by(const struct program *p, const struct cli_host *host,
                       const struct principal *who, int argc, char *const *argv,
                       const struct kith_stream *stream, int *code, kith_error *e) {
    struct io_module m;
    (void)e;
    io_module_open(&m, stream, who->name);
    *code = run_hosted(p, host, who, &m.io, argc, argv);
    buf_free(&m.io.out);
    return KITH_OK;
}

/* -- as the owner for the moment --------------------------------------------------------------- */

#define PROBLEMS_SAID 10 /* one mistake in the writing may lead to hundreds */

void cli_print_problems(struct cmd *c, struct settings_problems *problems) {
    struct buf b = {0};
    settings_problems_print(problems, &b);
    kith_str rest = buf_view(&b), line;
    size_t said = 0;
    c->said = problems->count > 1 && !c->json;
    while (c->said && said < PROBLEMS_SAID && str_split(&rest, '\n', &line)) {
        io_say(c->io, "%.*s", (int)line.len, line.ptr);
        said++;
    }
    if (c->said && said < problems->count)
        io_say(c->io, "... and %zu more; 'kith check' lists them", problems->count - said);
    buf_free(&b);
    settings_problems_free(problems);
}

/* Reactions to what was written run before the program ends, so that the next command sees them:
 * not those that a failing disk holds up, which no single short wait is long enough to see. */
static void drain(struct cmd *c) {
    struct engine *g = c->company->engine;
    int64_t deadline = clock_in(DRAIN_MS);
    kith_error e = KITH_ERROR_INIT;
    kith_status st;
    do {
        st = engine_drain(g, 200, &e);
        kith_status held = st == KITH_E_LIMIT ? engine_held(g, &e) : KITH_OK;
        st = held != KITH_OK ? held : st;
    } while (st == KITH_E_LIMIT && clock_ticks() < deadline && !io_interrupted(c->io));
    if (st != KITH_OK)
        io_say(c->io, "%s; what is left runs with the next command", e.message);
}

/* The engine's threads inherit the mask, so that Ctrl-C comes to this thread. */
static void hold_signals(int how) {
    sigset_t set;
    signals_of_command(&set);
    pthread_sigmask(how, &set, NULL);
}

static kith_status open_here(struct cmd *c, kith_error *e) {
    struct settings_problems problems = {0};
    kith_status st = company_open(&c->company, c->program, c->dir, &problems, e);
    cli_print_problems(c, &problems);
    return st;
}

/* Another command may have it for a moment in between. */
static kith_status reopen_here(struct cmd *c, kith_error *e) {
    int64_t deadline = clock_in(OWNER_WAIT_MS);
    kith_status st;
    company_close(c->company);
    c->company = NULL;
    hold_signals(SIG_BLOCK);
    while ((st = open_here(c, e)) == KITH_E_BUSY && clock_ticks() < deadline)
        poll(NULL, 0, 50);
    hold_signals(SIG_UNBLOCK);
    return st;
}

static kith_status run_as_owner(struct cmd *c, kith_error *e) {
    c->reopen = reopen_here;
    kith_status st = execute(c, e);
    io_flush(c->io);
    if (c->wrote && c->company)
        drain(c);
    company_close(c->company);
    c->company = NULL;
    return st;
}

/* *code is the exit code when a server carried the command out, else -1. */
static kith_status run_in_server(struct cmd *c, int argc, char *const *argv, int *code,
                                 kith_error *e) {
    int fd;
    *code = -1;
    TRY(sock_connect(c->dir, &fd, e));
    if (fd >= 0)
        *code = client_run(c->io, fd, argc, argv);
    return KITH_OK;
}

static kith_status run_with_company(struct cmd *c, int argc, char *const *argv, int *code,
                                    kith_error *e) {
    int64_t deadline = clock_in(OWNER_WAIT_MS);
    kith_status st;
    for (;;) {
        st = run_in_server(c, argc, argv, code, e);
        if (*code >= 0)
            return KITH_OK;
        if (st == KITH_OK) {
            hold_signals(SIG_BLOCK);
            st = open_here(c, e);
            hold_signals(SIG_UNBLOCK);
        }
        if (st != KITH_E_BUSY || clock_ticks() > deadline || io_interrupted(c->io))
            break;
        poll(NULL, 0, 50);
    }
    return st == KITH_OK ? run_as_owner(c, e) : st;
}

kith_status cli_sub_line(struct cmd *c, struct io *io, int argc, char *const *argv, int *code,
                         kith_error *e) {
    struct cmd sub = {.program = c->program, .io = io};
    *code = -1;
    kith_status st = cmd_parse(&sub, argc, argv, e);
    sub.dir = c->dir;
    if (st == KITH_OK)
        st = run_with_company(&sub, argc, argv, code, e);
    arena_free(&sub.arena);
    return st;
}

kith_status cli_sub_command(struct cmd *c, const struct command *command, kith_error *e) {
    char *const argv[] = {"kith", (char *)command->name, c->json ? "--json" : "--"};
    int code;
    kith_status st = cli_sub_line(c, c->io, 3, argv, &code, e);
    c->said = st == KITH_OK && code > 0;
    return c->said ? KITH_E_INVAL : st;
}

/* What goes wrong beside a command, as a rule that is out, is said on standard error. */
static void start_log(const struct cmd *c) {
    bool quiet = c->command && c->command->quiet;
    log_setup(LOG_WARN, quiet ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1);
}

int cli_main(const struct program *p, int argc, char *const *argv) {
    kith_error e = KITH_ERROR_INIT;
    struct io_local local;
    struct cmd c = {.program = p, .io = &local.io};
    int code = -1;
    io_local_open(&local);
    plugin_name_crashes();
    kith_status st = cmd_parse(&c, argc, argv, &e);
    start_log(&c);
    bool here = st == KITH_OK && (cmd_only_helps(&c) || c.command->needs == NEEDS_NOTHING);
    if (st == KITH_OK && !here)
        st = company_find(c.folder, &c.dir, &e);
    if (st == KITH_OK)
        st = identity_ask(&c, &e);
    if (st == KITH_OK && !here && c.command->needs == NEEDS_COMPANY)
        st = run_with_company(&c, argc, argv, &code, &e);
    else if (st == KITH_OK)
        st = execute(&c, &e);
    int own = finish(&c, st, &e);
    secrets_wipe(&local.io.secrets, sizeof local.io.secrets);
    io_local_close(&local);
    return code >= 0 ? code : own;
}
