/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a command: those of its route, and what of the request stands in their places. */
#include "command.h"

#include <stdlib.h>

#define ANSWER_MAX (8u << 20) /* bytes: it is held as a whole until it is sent */

struct text *command_word(struct command *c) {
    if (c->count < WORDS_MAX)
        return &c->texts[c->count++];
    (void)kith_fail(&c->error, KITH_E_LIMIT, NULL, "there are more than %d values", WORDS_MAX);
    return &c->texts[0];
}

/* "--limit=?limit" */
static void add_option(struct command *c, const char *word) {
    const char *name = strchr(word, '?') + 1, *value = request_argument(c->r, name);
    if (!value)
        return;
    struct text *t = command_word(c);
    text_add(t, word, (size_t)(name - 1 - word));
    text_puts(t, value);
}

/* "--rehearse!rehearse": a switch. */
static void add_switch(struct command *c, const char *word) {
    const char *mark = strchr(word, '!');
    if (request_switch(c->r, mark + 1) > 0)
        text_add(command_word(c), word, (size_t)(mark - word));
}

struct others {
    struct command *c;
    const char *word; /* "--param=*", "*" */
};

static bool add_other(void *arg, const char *name, const char *value) {
    const struct others *o = arg;
    if (!route_names(o->c->r->route, name))
        text_printf(command_word(o->c), "%.*s%s=%s", (int)(strlen(o->word) - 1), o->word, name,
                    value);
    return true;
}

static void add_others(struct command *c, const char *word) {
    struct others o = {c, word};
    request_arguments(c->r, add_other, &o);
}

/* "--once=^Idempotency-Key" */
static void add_header(struct command *c, const char *word) {
    const char *name = strchr(word, '^') + 1, *value = request_header(c->r, name);
    if (value)
        text_printf(command_word(c), "%.*s%s", (int)(name - 1 - word), word, value);
}

static void add_options(struct command *c) {
    for (const char *const *w = c->r->route->words; *w; w++) {
        if (strncmp(*w, "--", 2) != 0)
            continue;
        if (strchr(*w, '*'))
            add_others(c, *w);
        else if (strchr(*w, '?'))
            add_option(c, *w);
        else if (strchr(*w, '!'))
            add_switch(c, *w);
        else if (strchr(*w, '^'))
            add_header(c, *w);
        else
            text_puts(command_word(c), *w);
    }
}

/* What a user would type for a value. */
static void add_value(struct text *t, const json_t *v) {
    size_t i;
    json_t *item;
    if (json_is_string(v))
        text_add(t, json_string_value(v), json_string_length(v));
    else if (json_is_array(v)) {
        json_array_foreach(v, i, item) {
            text_puts(t, i ? "," : "");
            add_value(t, item);
        }
    } else if (!json_is_null(v)) {
        char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
        text_puts(t, text ? text : "");
        free(text);
    }
}

/* The members of the body. */
static void add_members(struct command *c) {
    json_error_t why;
    const char *name;
    json_t *value, *body = NULL;
    if (c->r->body.len == 0 || !body_may_be_json(c->r))
        return;
    body = json_loadb(c->r->body.ptr, c->r->body.len, JSON_REJECT_DUPLICATES, &why);
    if (!body || !json_is_object(body))
        (void)kith_fail(&c->error, KITH_E_INVAL, NULL, "the body is no JSON object%s%s",
                        body ? "" : ": ", body ? "" : why.text);
    json_object_foreach(body, name, value) {
        struct text *t = command_word(c);
        if (strchr(name, '='))
            (void)kith_fail(&c->error, KITH_E_INVAL, NULL, "there is a '=' in the name '%s'", name);
        text_printf(t, "%s=", name);
        add_value(t, value);
    }
    json_decref(body);
}

static void add_named(struct command *c, const char *word) {
    const char *value = request_argument(c->r, word + 1);
    if (value)
        text_puts(command_word(c), value);
    else
        (void)kith_fail(&c->error, KITH_E_INVAL, word + 1, "?%s= is missing in the address",
                        word + 1);
}

static void add_part(struct command *c, const char *word) {
    char name[40];
    bool dotted = word[1] == '.';
    (void)snprintf(name, sizeof name, "%.*s", (int)(strlen(word) - 2 - dotted), word + 1 + dotted);
    const char *value = request_part(c->r, name);
    if (dotted && !strchr(value, '.'))
        (void)kith_fail(&c->error, KITH_E_NOTFOUND, name,
                        "there is no %s '%s': /api/v1/%ss lists them", name, value, name);
    text_puts(command_word(c), value);
}

struct repeated {
    struct command *c;
    const char *name;
};

static bool add_repeated(void *arg, const char *name, const char *value) {
    const struct repeated *r = arg;
    if (strcmp(name, r->name) == 0)
        text_puts(command_word(r->c), value);
    return true;
}

static void add_each(struct command *c, const char *name) {
    struct repeated r = {c, name};
    request_arguments(c->r, add_repeated, &r);
}

/* Behind the options: nothing there is taken for one. */
void command_arguments(struct command *c) {
    text_puts(command_word(c), "--");
    for (const char *const *w = c->r->route->words + 1; *w; w++) {
        if (**w == '{')
            add_part(c, *w);
        else if (**w == '?')
            add_named(c, *w);
        else if (**w == '@')
            add_members(c);
        else if (**w == '*')
            add_others(c, *w);
        else if (**w == '+')
            add_each(c, *w + 2);
        else if (strncmp(*w, "--", 2) != 0)
            text_puts(command_word(c), *w);
    }
}

/* "module list" */
static void add_name(struct command *c, const char *name) {
    for (const char *at = name; *at;) {
        size_t len = strcspn(at, " ");
        text_add(command_word(c), at, len);
        at += len + (at[len] == ' ');
    }
    text_puts(command_word(c), "--json");
}

struct command *command_new(struct request *r, const char *name) {
    struct command *c = calloc(1, sizeof *c);
    if (!c) {
        answer_problem(r, 503, "out of memory", NULL, "there is not enough memory");
        return NULL;
    }
    c->r = r;
    c->most = ANSWER_MAX;
    c->error.struct_size = sizeof c->error;
    add_name(c, name);
    return c;
}

struct command *command_begin(struct request *r) {
    struct command *c = command_new(r, r->route->words[0]);
    if (c) {
        c->many = r->route->many || request_argument(r, "preview");
        add_options(c);
    }
    return c;
}
