/* SPDX-License-Identifier: Apache-2.0 */
/* Cli: a command is a row: its name, its help, its options and its function. The table of options
 * is the parser and the help at once. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "cli/cli_io.h"
#include "cli/company.h"

enum needs {
    NEEDS_NOTHING, /* runs anywhere */
    NEEDS_FOLDER,  /* a company's folder, not its database: always in this process */
    NEEDS_COMPANY, /* an open company: in the process that owns it */
};

#define OPTIONS_PER_COMMAND 24
#define GATHERED            '\x1f' /* between the values of an option that was repeated */
struct option_row {
    const char *name;  /* without its dashes */
    const char *value; /* what follows: "FILE", or "csv|jsonl", one of these; NULL: a switch */
    const char *help;
};

struct cmd;
struct type_change; /* type_change.h */
struct command {
    const char *name;                               /* "find", "module list" */
    const char *args;                               /* for the help: "TYPE ID", or "" */
    const char *help;                               /* one line */
    const char *more;                               /* further paragraphs and examples, or NULL */
    struct option_row options[OPTIONS_PER_COMMAND]; /* ends with a NULL name */
    const char *gathered; /* "a|b": options whose values are kept when repeated, GATHERED apart */
    const char *repeated; /* the option that may be repeated: each value is one more argument */
    enum needs needs;
    bool quiet;    /* says itself what else would be logged */
    bool open;     /* for everybody who signed in, or shows no data; else for administrators */
    bool asks;     /* for a new password, on the caller's side */
    bool signs_in; /* takes a user or a token though it needs the folder only: for the commands that
                      it has carried out */
    bool served; /* a module in a server may ask for it, too, which needs a folder elsewhere: it is
                    given the company as it is open there */
    bool helps;  /* with arguments and --help it is run, and tells about what they name */
    bool alone;  /* in a server: while no other command runs. It may have the company opened anew */
    uint32_t args_min, args_max;
    kith_status (*run)(struct cmd *c, kith_error *e);
    kith_status (*change)(struct type_change *t, kith_error *e); /* of the company's types */
};
const struct command *command_at(size_t i); /* in the order of the help; NULL past the end */
const struct command *command_named(const char *name);
/* Its options, then those that every command has; NULL past the end. */
const struct option_row *command_option(const struct command *command, size_t i);
const struct option_row *command_common_option(size_t i);

/* One command line while it is carried out. One thread. */
struct cmd {
    const struct program *program;
    const struct command *command;
    struct io *io;
    struct company *company; /* NEEDS_COMPANY; else NULL */
    char *dir;               /* the company's folder, unless the command needs nothing */
    struct arena arena;      /* until the command ends */
    struct principal principal;
    const struct principal *by; /* who asks, where that is known before; else NULL */
    bool entered;               /* as a user, who must be left again */
    const char **args;          /* in the arena, as are the options' values */
    size_t arg_count;
    size_t arg_room, late_count;     /* while parsing: arguments given as options, from the back */
    size_t line_len;                 /* while parsing: bytes of the whole line, NULs included */
    char *ends[OPTIONS_PER_COMMAND]; /* while parsing: of what was gathered; NULL: nothing */
    const char *values[OPTIONS_PER_COMMAND]; /* by option row; NULL: not given; a switch: "" */
    const char *folder;                      /* --company */
    const char *login, *token_file, *code;   /* --user, --token-file, --code */
    const char *as, *reason;
    bool json, help;
    kith_status (*reopen)(struct cmd *c, kith_error *e); /* see cmd_reopen */
    const struct cli_host *host;
    kith_id merged; /* the id that was given, of a record that was merged into another; 0: none */
    bool wrote;     /* something was committed: reactions may follow */
    bool said;      /* the error was printed already */
};

/* Closes the company, once all that was accepted is finished, and opens it anew from its files. For
 * commands that run alone. When it does not open, c->company is NULL until another try. */
kith_status cmd_reopen(struct cmd *c, kith_error *e);

/* Fills in c from the words behind the program's name. */
kith_status cmd_parse(struct cmd *c, int argc, char *const *argv, kith_error *e);
/* Is --json among them? Known even when the line cannot be understood. */
bool cmd_wants_json(int argc, char *const *argv);
/* The value of an option ("" for a switch), or NULL when it was not given. */
const char *cmd_option(const struct cmd *c, const char *name);
/* The place of the word among those that the option takes; `otherwise` when it was not given. */
int cmd_option_choice(const struct cmd *c, const char *name, int otherwise);
/* A whole number from min to max; `otherwise` when it was not given. */
kith_status cmd_option_int(const struct cmd *c, const char *name, int64_t min, int64_t max,
                           int64_t otherwise, int64_t *out, kith_error *e);
/* What is wrong with an option: "takes ...". Its name stands in front, bare: who asks over HTTP
 * knows it as an argument of the address. */
kith_status option_fail(kith_error *e, const char *option, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* "--" where the sentence begins with the option that is at fault, as a command line has it. */
const char *option_sign(const struct command *command, const kith_error *e);
/* Is the help of the command all that is wanted? It needs no company then. */
bool cmd_only_helps(const struct cmd *c);
kith_status cmd_help(struct cmd *c, kith_error *e);                             /* of c->command */
kith_status cmd_help_overview(struct cmd *c, const char *group, kith_error *e); /* NULL: all */

#define OWNER_WAIT_MS    5000          /* for a company that another command has open */
#define EXIT_INTERRUPTED 130           /* as a shell has it */
#define INTERRUPTED_NAME "interrupted" /* the code in JSON that goes with it */
/* The exit code of a command whose output could not be written, or that was interrupted. */
int io_cut_short(const struct io *io);

/* The program. Its exit code. */
int cli_main(const struct program *p, int argc, char *const *argv);
/* Who keeps the company open for commands of several clients. */
struct cli_host {
    void *arg;
    /* Waits for a place, alone or beside others; gives the company. */
    kith_status (*enter)(void *arg, struct io *io, bool alone, struct company **out, kith_error *e);
    void (*leave)(void *arg, bool alone);
    /* For one that is alone; *out NULL: it does not open. */
    kith_status (*reopen)(void *arg, struct company **out, kith_error *e);
};
/* One command for a client, in the process that owns the company. Any thread. */
int cli_run_for(const struct program *p, const struct cli_host *host, struct io *io, int argc,
                char *const *argv);
struct kith_stream;
/* One command that a module asks for in somebody's name, in that process; no files but "-". Any
 * thread. */
kith_status cli_run_by(const struct program *p, const struct cli_host *host,
                       const struct principal *who, int argc, char *const *argv,
                       const struct kith_stream *stream, int *code, kith_error *e);
/* Carries out another command of the same company, without arguments, for one that needs only
 * the folder. */
kith_status cli_sub_command(struct cmd *c, const struct command *command, kith_error *e);
/* The same for a whole line, with an io of its own. *code: its exit code, if a server carried it
 * out, which has told then what went wrong; else -1. */
kith_status cli_sub_line(struct cmd *c, struct io *io, int argc, char *const *argv, int *code,
                         kith_error *e);
/* Carries out another command of the company that is open to this one, as who asks for this one.
 */
kith_status cmd_within(struct cmd *outer, struct io *io, int argc, char *const *argv,
                       kith_error *e);
/* An error to standard error: a sentence, or {"code":"invalid","field":null,"message":"..."}. */
void cli_print_error(struct io *io, bool json, const kith_error *e);
/* Says what is wrong with the settings, unless it is one thing, which the error says already; frees
 * them. */
void cli_print_problems(struct cmd *c, struct settings_problems *problems);

/* -- client.c, serve.c ------------------------------------------------------------------------- */

/* Has the command carried out by the server at the other end of fd, which is closed. */
int client_run(struct io *local, int fd, int argc, char *const *argv);
/* Serves until SIGTERM or SIGINT; on SIGHUP calls on_hangup. signals gives the number of each in a
 * byte. *company may be another one at the end, or NULL: it could not be opened anew. [main] */
kith_status serve(const struct program *p, struct company **company, int signals,
                  void (*on_hangup)(void *arg), void *arg, kith_error *e);
/* Tells systemd "READY=1" or "STOPPING=1", where it has started the program; else does nothing. */
void notify_manager(const char *state);

/* Copies a file of the program's into the company's folder, unless one of that name is there. */
kith_status company_add_file(struct io *io, const char *dir, const char *name, const char *source,
                             kith_error *e);
/* The same with all files of Lua in a folder `from`, and of types that they work on; to: the folder
 * in the company's, which is made. */
kith_status company_add_folder(struct io *io, const char *dir, const char *to, const char *from,
                               kith_error *e);
/* Says that what is installed beside the program is not there, and what is missing for it. */
#define COMPANY_EXAMPLES "lua/examples" /* is always among it */
kith_status company_no_share(struct cmd *c, const char *so);
/* Shows what is wrong with the rules as they stand in the files now; KITH_E_INVAL when it is. */
kith_status cmd_rule_problems(struct cmd *c, size_t *rules, kith_error *e);
/* Runs the tests in them, and shows which fail; KITH_E_INVAL when some do. */
kith_status cmd_rule_tests(struct cmd *c, size_t *passed, kith_error *e);
/* Shows which files of rules are suspended; gives their number. */
kith_status cmd_rule_suspended(struct cmd *c, size_t *count, kith_error *e);
/* The same as remarks, beside an answer that they qualify. */
kith_status cmd_rule_say_suspended(struct cmd *c, size_t *count, kith_error *e);

/* Is a file meant, and not the name of a rule or workflow? (script_focus.c) */
bool cmd_names_script(const char *word);
/* The file of rules or workflows that is meant: one of the company, or any other by its path.
 * (script_focus.c) */
kith_status cmd_script_focus(struct cmd *c, const char *given, bool alone, struct script_focus *out,
                             kith_error *e);
/* Shows what keeps the file of a company from running; KITH_E_INVAL when something does. */
kith_status cmd_script_loads(struct cmd *c, const struct company *in, const char *file,
                             kith_error *e);
/* Tells of a rule or workflow what is known; in JSON with its source, where it has one. */
void cmd_rule_print(struct cmd *c, const struct rule_info *r, kith_str source);
/* The rule's name that is most like this one; NULL: none is. */
const char *cmd_rule_near(const struct scripts_view *v, const char *name);
/* Workflows that are disabled, as remarks. */
kith_status cmd_workflow_disabled(struct cmd *c, kith_error *e);

/* Calls an action with "parameter=value", and shows what it gives. (cmd_run.c) */
kith_status cmd_call(struct cmd *c, const char *action, const char *const *words, size_t count,
                     kith_error *e);

/* What the module says that the value of a field is made of: as an object, or, with j NULL, for
 * people. Nothing where it says nothing, or nothing that the caller may ask. (cmd_run.c) */
kith_status cmd_explain(struct cmd *c, const struct rfield *field, kith_id id, struct json_out *j,
                        kith_error *e);

/* -- commands ---------------------------------------------------------------------------------- */

extern const struct command command_complete, command_schema, command_reference, command_console,
    command_console_entry;
extern const struct command command_workflow_backtest;
extern const struct command command_backup, command_backup_verify, command_backup_key,
    command_backup_list, command_backup_run, command_restore;
extern const struct command command_workflow_list, command_workflow_runs, command_workflow_run,
    command_workflow_start, command_workflow_cancel, command_workflow_retry,
    command_workflow_migrate, command_workflow_cost, command_rule_cost, command_module_cost,
    command_module_resume, command_workflow_test, command_workflow_show, command_workflow_disable,
    command_workflow_enable;
extern const struct command command_workflow_rehearse, command_status;
extern const struct command command_file_put, command_file_get;
extern const struct command command_init, command_import, command_export, command_find,
    command_report, command_get, command_view, command_create, command_update, command_delete,
    command_merge, command_erase, command_history, command_why, command_undo, command_log,
    command_module_list, command_module_enable, command_module_disable, command_module_inspect,
    command_module_new, command_rule_list, command_rule_show, command_rule_stubs,
    command_rule_check, command_rule_reload, command_rule_resume, command_deadletter_list,
    command_deadletter_retry, command_deadletter_skip, command_outbox_list, command_outbox_show,
    command_outbox_queues, command_outbox_send, command_run, command_serve, command_check,
    command_check_opened, command_user_add, command_user_password, command_token_add,
    command_token_list, command_token_revoke, command_role_check, command_access_log,
    command_access_explain, command_type_list, command_type_add, command_type_rename,
    command_type_retire, command_type_restore, command_type_load, command_field_add,
    command_field_set, command_field_rename, command_field_retire, command_field_restore,
    command_reload, command_doctor, command_audit_verify, command_retention, command_explain,
    command_help, command_version, command_search, command_consent_register, command_subject_export,
    command_privacy;
extern const struct command command_session_list, command_session_revoke, command_user_untie;
extern const struct command command_mcp, command_mcp_message, command_mcp_sessions,
    command_mcp_approvals, command_mcp_approve, command_mcp_refuse;

extern const struct command command_user_invite, command_user_totp;

#endif
