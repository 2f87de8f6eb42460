/* SPDX-License-Identifier: Apache-2.0 */
/* Options: reads a command line by the tables of the commands. */
#include "base/number.h"
#include "base/text.h"
#include "cli/cli.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct option_row common[] = {
    {"company", "DIR",
     "the company's folder; else $KITH_COMPANY, else the nearest kith.conf upwards"},
    {"json", NULL, "answer in JSON, for programs"},
    {"user", "LOGIN", "as this user; asks for the password, or reads it from a pipe"},
    {"code", "CODE", "with --user: of the second factor, or a recovery code"},
    {"token-file", "FILE", "as the user whose token stands in it; else $KITH_TOKEN"},
    {"as", "LOGIN", "for administrators: see what this user sees, without writing"},
    {"reason", "TEXT", "why, with --as; it is logged"},
    {"help", NULL, "this text"},
};
#define COMMON_COUNT (sizeof common / sizeof common[0])

static size_t own_options(const struct command *command) {
    size_t n = 0;
    while (n < OPTIONS_PER_COMMAND && command->options[n].name)
        n++;
    return n;
}

const struct option_row *command_option(const struct command *command, size_t i) {
    size_t own = own_options(command);
    return i < own ? &command->options[i] : i - own < COMMON_COUNT ? &common[i - own] : NULL;
}

const struct option_row *command_common_option(size_t i) {
    return i < COMMON_COUNT ? &common[i] : NULL;
}

static const char *option_name_at(const void *arg, size_t i) {
    return command_option(arg, i)->name;
}

static const char *command_name_at(const void *arg, size_t i) {
    (void)arg;
    return command_at(i)->help ? command_at(i)->name : "";
}

/* -- which command ----------------------------------------------------------------------------- */

const struct command *command_named(const char *name) {
    for (size_t i = 0; command_at(i); i++) {
        if (strcmp(command_at(i)->name, name) == 0)
            return command_at(i);
    }
    return NULL;
}

static bool group_exists(const char *word) {
    size_t len = strlen(word);
    for (size_t i = 0; command_at(i); i++) {
        if (strncmp(command_at(i)->name, word, len) == 0 && command_at(i)->name[len] == ' ')
            return true;
    }
    return false;
}

/* What is done with all files of rules is done with workflows, too. */
static const char *rule_command(const char *name) {
    static const char group[] = "workflow ", rules[] = "rule ";
    for (size_t i = 0; strncmp(name, group, sizeof group - 1) == 0 && command_at(i); i++) {
        const char *other = command_at(i)->name;
        if (strncmp(other, rules, sizeof rules - 1) == 0 &&
            strcmp(other + sizeof rules - 1, name + sizeof group - 1) == 0)
            return other;
    }
    return NULL;
}

static const char *near_command(const char *name) {
    size_t count = 0;
    if (rule_command(name))
        return rule_command(name);
    while (command_at(count))
        count++;
    return str_nearest(str_of(name), command_name_at, NULL, count);
}

static kith_status unknown_command(const char *name, kith_error *e) {
    const char *near = near_command(name);
    if (near)
        return err_set(e, KITH_E_INVAL, NULL, "there is no command '%s'; did you mean 'kith %s'?",
                       name, near);
    return err_set(e, KITH_E_INVAL, NULL, "there is no command '%s'; 'kith help' lists them", name);
}

/* Is there a module of that name beside the program? One that is elsewhere is not known before the
 * company is open. */
static bool module_exists(struct cmd *c, const char *name) {
    const char *path = NULL;
    (void)program_find(c->program->module_dirs, name, ".so", &c->arena, &path, NULL);
    return path != NULL;
}

/* A word with a dot is an action: `kith sales.rescore` is `kith run sales.rescore`. So are two
 * words of which the first is no command, nor nearly one: `kith sales rescore`. A module alone
 * stands for the list of its actions. */
static bool names_action(struct cmd *c) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    const char *first = c->args[0], *second = c->arg_count > 1 ? c->args[1] : "";
    if (strchr(first, '.'))
        return true;
    if (second[strspn(second, plain)] || first[strspn(first, plain)])
        return false;
    if (!*second)
        return module_exists(c, first);
    return !near_command(first) || module_exists(c, first);
}

static kith_status pick_command(struct cmd *c, size_t *used, kith_error *e) {
    const char *first = c->arg_count > 0 ? c->args[0] : NULL;
    *used = 1;
    if (!first) {
        *used = 0;
        c->command = &command_help;
        return KITH_OK;
    }
    c->command = command_named(first);
    if (group_exists(first)) {
        const char *second = c->arg_count > 1 ? c->args[1] : NULL;
        char *both = second ? arena_printf(&c->arena, "%s %s", first, second) : NULL;
        const struct command *found = both ? command_named(both) : NULL;
        if (!found && c->command) /* `kith backup FILE`, beside `kith backup list` */
            return KITH_OK;
        *used = second ? 2 : 0;
        c->command = second ? found : &command_help;
        return c->command ? KITH_OK : unknown_command(both, e);
    }
    if (!c->command && names_action(c)) {
        *used = 0;
        c->command = &command_run;
    }
    return c->command ? KITH_OK : unknown_command(first, e);
}

/* -- words ------------------------------------------------------------------------------------- */

kith_status option_fail(kith_error *e, const char *option, const char *fmt, ...) {
    char sentence[sizeof e->message];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, ap);
    va_end(ap);
    return err_set(e, KITH_E_INVAL, option, "%s %s", option, sentence);
}

const char *option_sign(const struct command *command, const kith_error *e) {
    const size_t len = strlen(e->field);
    const struct option_row *row;
    if (!command || !len || strncmp(e->message, e->field, len) != 0 || isalnum(e->message[len]))
        return "";
    /* "reason: ..." is of the field that FIELD=VALUE sets, and not of the option of every command
     */
    const bool field = e->message[len] == ':' && strstr(command->args, "=VALUE");
    for (size_t i = 0; (row = command_option(command, i)); i++)
        if (strcmp(row->name, e->field) == 0)
            return field && i >= own_options(command) ? "" : "--";
    return "";
}

/* The place of a value in "csv|jsonl|vcard"; -1: it is none of these. */
static int choice_at(const char *choices, const char *value) {
    kith_str rest = str_of(choices), one;
    for (int i = 0; str_split(&rest, '|', &one); i++)
        if (str_eqz(one, value))
            return i;
    return -1;
}

static kith_status check_choice(const struct option_row *row, const char *value, kith_error *e) {
    struct buf words = {0};
    if (!row->value || !strchr(row->value, '|') || choice_at(row->value, value) >= 0)
        return KITH_OK;
    kith_str rest = str_of(row->value), one;
    for (const char *before = ""; str_split(&rest, '|', &one);) {
        buf_puts(&words, before);
        buf_str(&words, one);
        before = rest.len > 0 && memchr(rest.ptr, '|', rest.len) ? ", " : " or ";
    }
    kith_status st = words.failed
                         ? err_nomem(e)
                         : option_fail(e, row->name, "takes %s, not '%s'", words.ptr, value);
    buf_free(&words);
    return st;
}

static bool gathers(const struct command *command, const char *option) {
    return command->gathered && choice_at(command->gathered, option) >= 0;
}

/* The second value makes room for all that the line may still hold, so that each is copied once. */
static kith_status gather(struct cmd *c, size_t i, const char *value, kith_error *e) {
    if (!c->ends[i]) {
        char *room = ARENA_ARRAY(&c->arena, char, c->line_len);
        if (!room)
            return err_nomem(e);
        c->ends[i] = stpcpy(room, c->values[i]);
        c->values[i] = room;
    }
    *c->ends[i]++ = GATHERED;
    c->ends[i] = stpcpy(c->ends[i], value);
    return KITH_OK;
}

static kith_status set_option(struct cmd *c, const char *word, const char *next, bool *took_next,
                              kith_error *e) {
    const char *name = word + 2, *eq = strchr(name, '=');
    size_t len = eq ? (size_t)(eq - name) : strlen(name), own = own_options(c->command), i = 0;
    const struct option_row *row;
    while ((row = command_option(c->command, i)) &&
           (strlen(row->name) != len || memcmp(row->name, name, len) != 0))
        i++;
    if (!row) {
        const char *near =
            str_nearest((kith_str){name, len}, option_name_at, c->command, own + COMMON_COUNT);
        if (!near && strstr(c->command->args, "=VALUE"))
            return err_set(e, KITH_E_INVAL, NULL,
                           "kith %s has no option '%.*s'; to set %.*s, write %.*s=VALUE",
                           c->command->name, (int)len + 2, word, (int)len, name, (int)len, name);
        return err_set(e, KITH_E_INVAL, NULL, "kith %s has no option '%.*s'%s%s%s",
                       c->command->name, (int)len + 2, word, near ? "; did you mean '--" : "",
                       near ? near : "", near ? "'?" : "");
    }
    if (!row->value && eq)
        return err_set(e, KITH_E_INVAL, NULL, "the option '--%s' takes no value", row->name);
    if (row->value && !eq && !next)
        return err_set(e, KITH_E_INVAL, NULL, "the option '--%s' needs a value: --%s %s", row->name,
                       row->name, row->value);
    *took_next = row->value && !eq;
    const char *value = !row->value ? "" : eq ? eq + 1 : next;
    TRY(check_choice(row, value, e));
    if (c->command->repeated && strcmp(row->name, c->command->repeated) == 0)
        c->args[c->arg_room - ++c->late_count] = value;
    else if (i < own && c->values[i] && gathers(c->command, row->name))
        return gather(c, i, value, e);
    else if (i < own)
        c->values[i] = value;
    else if (strcmp(row->name, "company") == 0)
        c->folder = value;
    else if (strcmp(row->name, "json") == 0)
        c->json = true;
    else if (strcmp(row->name, "user") == 0)
        c->login = value;
    else if (strcmp(row->name, "code") == 0)
        c->code = value;
    else if (strcmp(row->name, "token-file") == 0)
        c->token_file = value;
    else if (strcmp(row->name, "as") == 0)
        c->as = value;
    else if (strcmp(row->name, "reason") == 0)
        c->reason = value;
    else
        c->help = true;
    return KITH_OK;
}

/* Is it a common option whose value is the next word? */
static bool takes_value(const char *word) {
    for (size_t i = 0; i < COMMON_COUNT; i++)
        if (common[i].value && strncmp(word, "--", 2) == 0 && strcmp(word + 2, common[i].name) == 0)
            return true;
    return false;
}

/* The command's name may stand behind common options: `kith --company DIR find ...`. Finds the
 * words that are not options, as far as that can be told before the command is known. */
static kith_status first_words(struct cmd *c, int argc, char *const *argv, kith_error *e) {
    for (int i = 1; i < argc && c->arg_count < 2; i++) {
        if (text_invalid_at(str_of(argv[i])) >= 0)
            return err_set(e, KITH_E_INVAL, NULL, "word %d of the command line is not UTF-8", i);
        if (strcmp(argv[i], "--") == 0)
            break;
        if (takes_value(argv[i]))
            i++;
        else if (strcmp(argv[i], "-h") != 0 && strncmp(argv[i], "--", 2) != 0)
            c->args[c->arg_count++] = argv[i];
        else if (c->arg_count > 0)
            break;
    }
    return KITH_OK;
}

static kith_status all_words(struct cmd *c, int argc, char *const *argv, size_t skip,
                             kith_error *e) {
    bool plain = false;
    c->arg_count = 0;
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        bool took_next = false;
        if (text_invalid_at(str_of(word)) >= 0)
            return err_set(e, KITH_E_INVAL, NULL, "word %d of the command line is not UTF-8", i);
        if (!plain && strcmp(word, "--") == 0)
            plain = true;
        else if (!plain && strcmp(word, "-h") == 0)
            c->help = true;
        else if (!plain && strncmp(word, "--", 2) == 0)
            TRY(set_option(c, word, i + 1 < argc ? argv[i + 1] : NULL, &took_next, e));
        else if (skip > 0)
            skip--;
        else
            c->args[c->arg_count++] = word;
        if (took_next)
            i++;
    }
    for (; c->late_count > 0; c->late_count--)
        c->args[c->arg_count++] = c->args[c->arg_room - c->late_count];
    return KITH_OK;
}

static kith_status check_count(const struct cmd *c, kith_error *e) {
    const struct command *k = c->command;
    if (c->help || (c->arg_count >= k->args_min && c->arg_count <= k->args_max))
        return KITH_OK;
    if (c->arg_count < k->args_min)
        return err_set(e, KITH_E_INVAL, NULL, "something is missing: kith %s %s", k->name, k->args);
    return err_set(e, KITH_E_INVAL, NULL, "'%s' is too much: kith %s%s%s", c->args[k->args_max],
                   k->name, k->args[0] ? " " : "", k->args);
}

bool cmd_wants_json(int argc, char *const *argv) {
    int i = 1;
    while (i < argc && strcmp(argv[i], "--json") != 0 && strcmp(argv[i], "--") != 0)
        i++;
    return i < argc && strcmp(argv[i], "--json") == 0;
}

/* `kith --version`, `kith --help` and `kith -h`, as every program has them. */
static void lone_option(struct cmd *c, int argc, char *const *argv) {
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        c->command = &command_version;
}

kith_status cmd_parse(struct cmd *c, int argc, char *const *argv, kith_error *e) {
    c->arg_room = (size_t)argc * 2 + 2;
    c->args = ARENA_ARRAY(&c->arena, const char *, c->arg_room);
    if (!c->args)
        return err_nomem(e);
    for (int i = 0; i < argc; i++)
        c->line_len += strlen(argv[i]) + 1;
    c->json = cmd_wants_json(argc, argv); /* an error of the line itself is answered so, too */
    lone_option(c, argc, argv);
    if (c->command)
        return KITH_OK;
    size_t used;
    TRY(first_words(c, argc, argv, e));
    TRY(pick_command(c, &used, e));
    TRY(all_words(c, argc, argv, used, e));
    return check_count(c, e);
}

/* Its place in the table; one past the last: it has none of that name. */
static size_t own_option(const struct command *command, const char *name) {
    size_t i = 0, own = own_options(command);
    while (i < own && strcmp(command->options[i].name, name) != 0)
        i++;
    return i;
}

const char *cmd_option(const struct cmd *c, const char *name) {
    size_t i = own_option(c->command, name);
    return i < own_options(c->command) ? c->values[i] : NULL;
}

int cmd_option_choice(const struct cmd *c, const char *name, int otherwise) {
    const char *given = cmd_option(c, name);
    return given ? choice_at(c->command->options[own_option(c->command, name)].value, given)
                 : otherwise;
}

kith_status cmd_option_int(const struct cmd *c, const char *name, int64_t min, int64_t max,
                           int64_t otherwise, int64_t *out, kith_error *e) {
    const char *text = cmd_option(c, name);
    *out = otherwise;
    if (!text || (int_parse(str_of(text), out) && *out >= min && *out <= max))
        return KITH_OK;
    return option_fail(e, name, "takes a whole number from %lld to %lld, not '%s'", (long long)min,
                       (long long)max, text);
}

/* -- help -------------------------------------------------------------------------------------- */

static void help_options(struct cmd *c, const struct command *k) {
    const struct option_row *row;
    io_printf(c->io, "\n%sOptions%s\n", io_style(c->io, STYLE_HEAD), io_style(c->io, STYLE_PLAIN));
    for (size_t i = 0; (row = command_option(k, i)); i++) {
        char *left = arena_printf(&c->arena, "--%s%s%s", row->name, row->value ? " " : "",
                                  row->value ? row->value : "");
        if (left && strlen(left) > 22) /* below it, in its column */
            io_printf(c->io, "  %s\n  %-22s %s\n", left, "", row->help);
        else
            io_printf(c->io, "  %-22s %s\n", left ? left : row->name, row->help);
    }
}

bool cmd_only_helps(const struct cmd *c) {
    return c->help && !(c->command->helps && c->arg_count > 0);
}

kith_status cmd_help(struct cmd *c, kith_error *e) {
    (void)e;
    const struct command *k = c->command;
    io_printf(c->io, "%skith %s%s%s%s\n%s\n", io_style(c->io, STYLE_HEAD), k->name,
              k->args[0] ? " " : "", k->args, io_style(c->io, STYLE_PLAIN), k->help ? k->help : "");
    if (k->more)
        io_printf(c->io, "\n%s\n", k->more);
    help_options(c, k);
    return KITH_OK;
}

kith_status cmd_help_overview(struct cmd *c, const char *group, kith_error *e) {
    (void)e;
    size_t len = group ? strlen(group) : 0;
    if (!group)
        io_puts(c->io, "Kith keeps a company's customers, and tells why everything is as it is.\n\n"
                       "  kith COMMAND [ARGUMENT ...] [--option ...]\n\n");
    for (size_t i = 0; command_at(i); i++) {
        const struct command *k = command_at(i);
        bool wanted = !group || (strncmp(k->name, group, len) == 0 && k->name[len] == ' ');
        if (k->help && wanted)
            io_printf(c->io, "  %s%-16s%s %s\n", io_style(c->io, STYLE_HEAD), k->name,
                      io_style(c->io, STYLE_PLAIN), k->help);
    }
    io_puts(c->io,
            "\n'kith help COMMAND' tells more about one, 'kith help query' explains the query"
            " language.\n");
    return KITH_OK;
}
