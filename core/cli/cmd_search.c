/* SPDX-License-Identifier: Apache-2.0 */
/* kith search: records of all types by the words in them, the best first. */
#include "cli/show.h"
#include <stdio.h>
#include <string.h>

#define LIMIT     20
#define LIMIT_MAX 1000

/* The record that it belongs to or is about: its first link that is set; NULL: none. */
static const kith_value *first_link(const struct search_record *r) {
    for (uint32_t i = FIELD_FIRST; i < r->type->field_count; i++)
        if (r->type->fields[i]->kind == KITH_F_LINK && r->values[i].kind == KITH_LINK)
            return &r->values[i];
    return NULL;
}

/* Its title, as far as it may be seen. */
static kith_str link_title(struct cmd *c, const kith_value *link, const struct rtype **t) {
    *t = link ? schema_type_by_id(cmd_schema(c), link->as.link.type) : NULL;
    return *t ? show_title(c, *t, link->as.link.id) : (kith_str){0};
}

/* -- for people -------------------------------------------------------------------------------- */

/* The words that match in another colour; without colours, between brackets. */
static void print_marked(struct cmd *c, const struct search_snippet *s) {
    const char *on = io_style(c->io, STYLE_GOOD), *off = io_style(c->io, STYLE_PLAIN);
    uint32_t at = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct search_mark *m = &s->marks[i];
        io_text(c->io, (kith_str){s->text.ptr + at, m->from - at});
        io_puts(c->io, *on ? on : "[");
        io_text(c->io, (kith_str){s->text.ptr + m->from, m->to - m->from});
        io_puts(c->io, *on ? off : "]");
        at = m->to;
    }
    io_text(c->io, (kith_str){s->text.ptr + at, s->text.len - at});
}

static void print_record(struct cmd *c, const struct search_record *r) {
    io_printf(c->io, "%s %s%s%s  ", r->type->name, io_style(c->io, STYLE_DIM), show_id(c, r->id),
              io_style(c->io, STYLE_PLAIN));
    print_marked(c, &r->title);
    io_puts(c->io, r->title.text.len ? "" : "(no title)");
    const struct rtype *t;
    kith_str of = link_title(c, first_link(r), &t);
    if (of.len) {
        io_printf(c->io, " (%s ", t->name);
        io_text(c->io, of);
        io_puts(c->io, ")");
    }
    io_puts(c->io, "\n");
    if (!r->text.field)
        return;
    io_printf(c->io, "    %s: ", r->text.field->name);
    print_marked(c, &r->text);
    io_puts(c->io, "\n");
}

static void say_missing(struct cmd *c, uint64_t missing) {
    if (missing)
        io_say(c->io,
               "the index is being built: at least %llu records are not found yet; 'kith search "
               "--wait'"
               " waits until they are",
               (unsigned long long)missing);
}

static void print_answer(struct cmd *c, const struct search_answer *s) {
    for (size_t i = 0; i < s->count; i++)
        print_record(c, &s->records[i]);
    if (s->count == 0)
        io_puts(c->io, "Nothing found.\n");
    if (s->cursor.len)
        io_say(c->io, "%s%lld found; there are more: --after %.*s", s->over ? "more than " : "",
               (long long)s->found, (int)s->cursor.len, s->cursor.ptr);
    say_missing(c, s->missing);
}

/* -- for programs ------------------------------------------------------------------------------ */

static void json_part(struct json_out *j, const char *text, uint32_t from, uint32_t to, bool hit) {
    if (from == to)
        return;
    json_object_(j);
    json_key(j, "text");
    json_str(j, (kith_str){text + from, to - from});
    if (hit) {
        json_key(j, "hit");
        json_bool_(j, true);
    }
    json_object_end(j);
}

/* [{"text":"Anna ","hit":true},{"text":"Schmidt"}] */
static void json_marked(struct json_out *j, const char *key, const struct search_snippet *s) {
    uint32_t at = 0;
    json_key(j, key);
    json_array_(j);
    for (size_t i = 0; i < s->count; i++) {
        json_part(j, s->text.ptr, at, s->marks[i].from, false);
        json_part(j, s->text.ptr, s->marks[i].from, s->marks[i].to, true);
        at = s->marks[i].to;
    }
    json_part(j, s->text.ptr, at, (uint32_t)s->text.len, false);
    json_array_end(j);
}

static void json_found(struct cmd *c, const struct search_record *r) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "type");
    json_strz(&j, r->type->name);
    json_key(&j, "id");
    json_id(&j, r->id);
    json_marked(&j, "title", &r->title);
    const struct rtype *t;
    const kith_value *link = first_link(r);
    kith_str of = link_title(c, link, &t);
    if (of.len) {
        json_key(&j, "of");
        json_object_(&j);
        json_key(&j, "type");
        json_strz(&j, t->name);
        json_key(&j, "id");
        json_id(&j, link->as.link.id);
        json_key(&j, "title");
        json_str(&j, of);
        json_object_end(&j);
    }
    if (r->text.field) {
        json_key(&j, "field");
        json_strz(&j, r->text.field->name);
        json_marked(&j, "text", &r->text);
    }
    json_object_end(&j);
    json_print(c, &b);
}

/* The last line, without an id, tells of the answer as a whole. */
static void json_end_of(struct cmd *c, const struct search_answer *s) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "found");
    json_int(&j, s->found);
    json_key(&j, "more_than_found");
    json_bool_(&j, s->over);
    json_key(&j, "not_indexed");
    json_int(&j, (int64_t)s->missing);
    if (s->cursor.len) {
        json_key(&j, "after");
        json_str(&j, s->cursor);
    }
    json_object_end(&j);
    json_mark_tail(&b, 0);
    json_print(c, &b);
}

static void json_answer(struct cmd *c, const struct search_answer *s) {
    for (size_t i = 0; i < s->count; i++)
        json_found(c, &s->records[i]);
    json_end_of(c, s);
}

/* -- the command ------------------------------------------------------------------------------- */

static kith_status tell_left(void *arg, uint64_t left, kith_error *e) {
    struct cmd *c = arg;
    char line[64];
    snprintf(line, sizeof line, "indexing: %llu records left", (unsigned long long)left);
    io_progress(c->io, line);
    return io_check(c->io, e);
}

static kith_status build(struct cmd *c, kith_error *e) {
    if (cmd_option(c, "rebuild"))
        TRY(engine_search_clear(c->company->engine, e));
    kith_status st = engine_search_build(c->company->engine, tell_left, c, e);
    io_progress(c->io, "");
    return st;
}

static kith_status text_of(struct cmd *c, kith_str *out, kith_error *e) {
    struct buf text = {0};
    const char *type = cmd_option(c, "type");
    const struct rtype *t;
    if (type)
        TRY(schema_find_type(cmd_schema(c), str_of(type), &t, e));
    if (type)
        buf_printf(&text, "type:%s ", type);
    for (size_t i = 0; i < c->arg_count; i++)
        buf_printf(&text, "%s%s", i > 0 ? " " : "", c->args[i]);
    *out = text.failed ? (kith_str){0} : arena_str(&c->arena, buf_view(&text));
    buf_free(&text);
    return out->ptr ? KITH_OK : err_nomem(e);
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct search_answer answer = {.typing = !cmd_option(c, "whole"),
                                   .after = str_of(cmd_option(c, "after"))};
    bool wait = cmd_option(c, "wait") || cmd_option(c, "rebuild");
    int64_t limit;
    kith_str text;
    if (wait)
        TRY(build(c, e));
    if (c->arg_count == 0 && wait)
        return KITH_OK;
    if (c->arg_count == 0)
        return err_set(e, KITH_E_INVAL, NULL, "say what to search for: kith search anna schmidt");
    TRY(cmd_option_int(c, "limit", 1, LIMIT_MAX, LIMIT, &limit, e));
    TRY(text_of(c, &text, e));
    answer.limit = (uint32_t)limit;
    kith_status st = engine_search(c->company->engine, &c->principal, text, &answer, &c->arena, e);
    if (st != KITH_OK)
        return e->field[0] ? st : err_blame(e, "query");
    if (c->json)
        json_answer(c, &answer);
    else
        print_answer(c, &answer);
    return KITH_OK;
}

const struct command command_search = {
    .name = "search",
    .args = "WORD",
    .help = "records of all types by the words in them",
    .more = "  kith search anna schmi\n"
            "  kith search '\"exact phrase\" -berlin' --type interaction\n"
            "  kith search 'type:contact (anna OR karl) 030 1234567'\n\n"
            "All words must be in the record, in whatever fields; the last one may be the\n"
            "beginning of a word, as may any with a star: schm*. Case and accents do not count. \n"
            "\"...\" is a row of words, -word one that must not be there, OR between two means\n"
            "either. A telephone number is found however it is written. The best matches come\n"
            "first: those in the title, whole words, rare words, new records.",
    .options = {{"type", "TYPE", "only records of this type"},
                {"limit", "N", "at most so many records, 1 to 1000; 20 when not given"},
                {"after", "CURSOR", "go on where an earlier answer ended"},
                {"whole", NULL, "the last word is whole, too"},
                {"wait", NULL, "first wait until all records are indexed"},
                {"rebuild", NULL, "first make the index anew, when 'kith doctor' says so"}},
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_max = 1000,
    .run = run,
};
