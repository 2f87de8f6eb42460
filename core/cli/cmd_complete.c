/* SPDX-License-Identifier: Apache-2.0 */
/* kith complete: the words that may stand where somebody pressed Tab. The scripts for the shells
 * only ask here, so that what they offer follows the tables of commands and the company itself. */
#include "cli/reference.h"
#include <string.h>

struct complete {
    struct cmd *c;
    const char *prefix;            /* what was typed of the word */
    const struct command *command; /* NULL: not known yet */
    const char *words[8];          /* those before it that are no options; the command's included */
    size_t count, command_words;
    bool helping;                    /* `kith help` stands in front of another command */
    const struct option_row *option; /* whose value is asked for */
    const char *folder;
    struct company *company; /* opened when it is needed */
    const struct schema *schema;
};

static void offer(struct complete *x, const char *word, const char *end, const char *help) {
    if (strncmp(word, x->prefix, strlen(x->prefix)) != 0)
        return;
    io_text(x->c->io, str_of(word));
    io_puts(x->c->io, end);
    io_puts(x->c->io, "\t");
    io_text(x->c->io, str_of(help));
    io_puts(x->c->io, "\n");
}

/* -- from the tables --------------------------------------------------------------------------- */

static const struct option_row *option_at(const struct complete *x, size_t i) {
    const struct command *k = x->helping ? &command_help : x->command;
    return k ? command_option(k, i) : command_common_option(i);
}

static void offer_options(struct complete *x) {
    const struct option_row *o;
    for (size_t i = 0; (o = option_at(x, i)); i++) {
        const char *word = arena_printf(&x->c->arena, "--%s", o->name);
        if (word)
            offer(x, word, "", o->help);
    }
}

/* "error|warn|info|debug": its choices. */
static void offer_values(struct complete *x) {
    kith_str rest = str_of(x->option->value), one;
    while (strchr(x->option->value, '|') && str_split(&rest, '|', &one)) {
        const char *word = arena_strndup(&x->c->arena, one.ptr, one.len);
        if (word)
            offer(x, word, "", x->option->help);
    }
}

/* The next word of every command that begins with the words before. */
static void offer_commands(struct complete *x) {
    const char *group = x->count > 0 ? x->words[0] : NULL, *last = "";
    size_t len = group ? strlen(group) : 0;
    for (size_t i = 0; command_at(i); i++) {
        const struct command *k = command_at(i);
        if (!k->help || (group && (strncmp(k->name, group, len) != 0 || k->name[len] != ' ')))
            continue;
        const char *rest = k->name + (group ? len + 1 : 0), *blank = strchr(rest, ' ');
        const char *word =
            arena_strndup(&x->c->arena, rest, blank ? (size_t)(blank - rest) : strlen(rest));
        if (word && strcmp(word, last) != 0)
            offer(x, word, "", blank ? "a group of commands" : k->help);
        last = word ? word : last;
    }
}

/* -- from the company -------------------------------------------------------------------------- */

static bool open_company(struct complete *x) {
    struct settings_problems problems = {0};
    kith_status st = KITH_OK;
    if (!x->c->dir)
        st = company_find(x->folder, &x->c->dir, NULL);
    if (st == KITH_OK && !x->company)
        company_read(&x->company, x->c->program, x->c->dir, &problems, NULL);
    settings_problems_free(&problems);
    return x->company && x->company->settings;
}

static bool open_schema(struct complete *x) {
    return open_company(x) &&
           (x->schema || company_schema(x->company, &x->schema, NULL) == KITH_OK);
}

static void offer_types(struct complete *x) {
    for (uint32_t i = 0; open_schema(x) && i < x->schema->type_count; i++)
        offer(x, x->schema->types[i]->name, "", x->schema->types[i]->doc);
}

static void offer_fields(struct complete *x, const char *end) {
    const char *name = x->count > x->command_words ? x->words[x->command_words] : "";
    const struct rtype *t = open_schema(x) ? schema_type(x->schema, str_of(name)) : NULL;
    for (uint32_t i = 0; t && i < t->field_count; i++)
        offer(x, t->fields[i]->name, end, t->fields[i]->doc);
}

static void offer_field_names(struct complete *x) {
    offer_fields(x, "");
}

static void offer_assignments(struct complete *x) {
    offer_fields(x, "=");
}

static void offer_paths(struct complete *x) {
    for (uint32_t i = 0; open_schema(x) && i < x->schema->type_count; i++) {
        const struct rtype *t = x->schema->types[i];
        for (uint32_t k = FIELD_FIRST; k < t->field_count; k++) {
            char *path = arena_printf(&x->c->arena, "%s.%s", t->name, t->fields[k]->name);
            if (path)
                offer(x, path, "", t->fields[k]->doc);
        }
    }
}

static void offer_module(void *arg, const char *name, const char *path) {
    offer(arg, name, "", path);
}

static void offer_modules(struct complete *x) {
    if (open_company(x))
        company_modules(x->company->settings, x->c->dir, x->c->program, offer_module, x);
}

static void offer_settings(struct complete *x) {
    for (size_t i = 0; open_company(x) && i < settings_total(x->company->settings); i++) {
        const struct setting *s = settings_at(x->company->settings, i);
        offer(x, s->path, "", s->decl.doc);
    }
}

static void offer_actions(struct complete *x) {
    for (size_t i = 0; open_company(x) && i < plugins_count(x->company->plugins); i++) {
        const kith_plugin_desc *d = plugins_declared(x->company->plugins, i);
        const kith_action *actions = d->actions.items;
        for (uint32_t k = 0; k < d->actions.count; k++) {
            char *name = arena_printf(&x->c->arena, "%s.%s", d->name, actions[k].name);
            if (name)
                offer(x, name, "", actions[k].doc);
        }
    }
}

static void offer_explained(struct complete *x) {
    offer_settings(x);
    offer_types(x);
    offer_actions(x);
}

static void offer_pages(struct complete *x) {
    const char *name, *help;
    for (size_t i = 0; reference_page(i, &name, &help); i++)
        offer(x, name, "", help);
    for (size_t i = 0; open_company(x) && i < plugins_count(x->company->plugins); i++) {
        struct plugin_status s;
        plugins_status(x->company->plugins, i, &s);
        offer(x, s.name, "", s.title);
    }
}

/* -- which of them ----------------------------------------------------------------------------- */

/* By the words that the help has for arguments. What is not here is a file, or a word that nobody
 * can guess. */
static const struct {
    const char *argument;
    void (*offer)(struct complete *x);
} arguments[] = {
    {"TYPE", offer_types},        {"QUERY", offer_types},
    {"FIELD", offer_field_names}, {"FIELD=VALUE", offer_assignments},
    {"MODULE", offer_modules},    {"SETTING", offer_explained},
    {"ACTION", offer_actions},    {"PAGE", offer_pages},
    {"COMMAND", offer_commands},  {"TYPE.FIELD", offer_paths},
};

/* Argument n of "TYPE ID [FIELD=VALUE ...]": its word, without brackets; the last one repeats. */
static kith_str argument_word(const struct command *k, size_t n) {
    kith_str rest = str_of(k->args), one, word = {0};
    while (str_split(&rest, ' ', &one)) {
        if (str_eqz(one, "...") || str_eqz(one, "...]"))
            return word;
        word = (kith_str){0};
        if (n-- > 0 && !str_starts(rest, "..."))
            continue;
        for (word = one; word.len > 0 && word.ptr[0] == '['; word.len--)
            word.ptr++;
        while (word.len > 0 && word.ptr[word.len - 1] == ']')
            word.len--;
        if (n + 1 == 0)
            return word;
    }
    return word;
}

static void offer_argument(struct complete *x) {
    kith_str word = argument_word(x->command, x->count - x->command_words);
    for (size_t i = 0; i < sizeof arguments / sizeof arguments[0]; i++) {
        if (str_eqz(word, arguments[i].argument))
            arguments[i].offer(x);
    }
}

static const struct option_row *option_named(const struct complete *x, const char *name) {
    const struct option_row *o;
    for (size_t i = 0; (o = option_at(x, i)); i++) {
        if (strcmp(o->name, name) == 0)
            return o;
    }
    return NULL;
}

static void take_word(struct complete *x, const char *word) {
    const struct option_row *value_of = x->option;
    x->option = NULL;
    if (value_of) {
        if (strcmp(value_of->name, "company") == 0)
            x->folder = word;
        return;
    }
    if (strncmp(word, "--", 2) == 0) {
        const struct option_row *o = option_named(x, word + 2);
        x->option = o && o->value ? o : NULL;
        return;
    }
    if (x->count < sizeof x->words / sizeof x->words[0])
        x->words[x->count++] = word;
    if (x->command || x->count > 2)
        return;
    const char *name =
        x->count == 1 ? word : arena_printf(&x->c->arena, "%s %s", x->words[0], word);
    x->command = name ? command_named(name) : NULL;
    x->command_words = x->count;
    if (x->command == &command_help) {
        x->helping = true;
        x->command = NULL;
        x->count = 0;
    }
}

static kith_status run(struct cmd *c, kith_error *e) {
    (void)e;
    struct complete x = {.c = c, .prefix = ""};
    for (size_t i = 0; i + 1 < c->arg_count; i++)
        take_word(&x, c->args[i]);
    if (c->arg_count > 0)
        x.prefix = c->args[c->arg_count - 1];
    if (x.option)
        offer_values(&x);
    else if (strncmp(x.prefix, "--", 2) == 0)
        offer_options(&x);
    else if (x.command && !x.helping)
        offer_argument(&x);
    else
        offer_commands(&x);
    company_close(x.company);
    return KITH_OK;
}

const struct command command_complete = {
    .name = "complete",
    .args = "WORD ...",
    .help = "the words that may stand in the place of the last one; shells ask this on Tab",
    .more = "  kith complete -- module ena\n\n"
            "A line has a word, a tab, and what it is. 'kith help --completion bash' prints the\n"
            "script for a shell.",
    .needs = NEEDS_NOTHING,
    .open = true,
    .quiet = true,
    .args_max = 10000,
    .run = run,
};

/* -- the scripts ------------------------------------------------------------------------------- */

static const struct {
    const char *shell, *script;
} scripts[] = {
    {"bash",
     "# Completion of kith for bash. SPDX-License-Identifier: Apache-2.0\n"
     "_kith() {\n"
     "    local line\n"
     "    COMPREPLY=()\n"
     "    # bash splits at =: a value is not ours to guess\n"
     "    [[ ${COMP_WORDS[COMP_CWORD]} == = || ${COMP_WORDS[COMP_CWORD - 1]} == = ]] && return\n"
     "    while IFS= read -r line; do\n"
     "        COMPREPLY+=(\"${line%%$'\\t'*}\")\n"
     "    done < <(\"$1\" complete -- \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null)\n"
     "    [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null\n"
     "}\n"
     "complete -o default -F _kith kith\n"},
    {"zsh",
     "#compdef kith\n"
     "# Completion of kith for zsh. SPDX-License-Identifier: Apache-2.0\n"
     "local line\n"
     "local -a found no_space\n"
     "for line in \"${(@f)$(\"${words[1]}\" complete -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)}\";"
     " do\n"
     "    [[ -n $line ]] && found+=(\"${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}\")\n"
     "    [[ ${line%%$'\\t'*} == *= ]] && no_space=(-S '')\n"
     "done\n"
     "if (( $#found )); then\n"
     "    _describe kith found $no_space\n"
     "else\n"
     "    _files\n"
     "fi\n"},
    {"fish", "# Completion of kith for fish. SPDX-License-Identifier: Apache-2.0\n"
             "function __kith_complete\n"
             "    set -l words (commandline -opc)\n"
             "    set -l found ($words[1] complete -- $words[2..] (commandline -ct) 2>/dev/null)\n"
             "    if test (count $found) -gt 0\n"
             "        printf '%s\\n' $found\n"
             "    else\n"
             "        __fish_complete_path (commandline -ct)\n"
             "    end\n"
             "end\n"
             "complete -c kith -f -a '(__kith_complete)'\n"},
};

const char *completion_script(const char *shell) {
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        if (strcmp(scripts[i].shell, shell) == 0)
            return scripts[i].script;
    }
    return NULL;
}
