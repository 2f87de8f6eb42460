/* SPDX-License-Identifier: Apache-2.0 */
/* Calling a tool: its arguments become the words of a command, and what that answers with --json
 * becomes the result. */
#include "cli/mcp.h"
#include "cli/show.h"
#include "record/access.h"

#include "base/text.h"

#include <ctype.h>
#include <kith/serve.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* -- the command ------------------------------------------------------------------------------- */

#define BASE64 sodium_base64_VARIANT_ORIGINAL

struct catching {
    struct io *outer;
    struct mcp *m;
    struct buf out, err;
    bool too_large;
};

static kith_status take_output(void *arg, uint32_t stream, kith_str data) {
    struct catching *k = arg;
    struct buf *b = stream == IO_OUT ? &k->out : &k->err;
    k->too_large |= b->len + data.len > MCP_ANSWER_MAX;
    if (k->too_large)
        return KITH_E_LIMIT;
    buf_str(b, data);
    return b->failed ? KITH_E_NOMEM : KITH_OK;
}

#define FILE_MOST (MCP_ANSWER_MAX / 4 * 3) /* bytes: it is sent as base64 */

static kith_status take_file(void *arg, kith_str name, kith_str media, kith_str bytes,
                             kith_error *e) {
    struct catching *k = arg;
    struct arena *a = &k->m->c->arena;
    struct mcp_file *f = &k->m->file;
    struct json_out j;
    if (bytes.len > FILE_MOST)
        return err_set(e, KITH_E_LIMIT, NULL, "the file is larger than 6 MiB, which is too much");
    *f = (struct mcp_file){arena_str(a, name), arena_str(a, media), arena_str(a, bytes)};
    if (!f->name.ptr || !f->media.ptr || !f->bytes.ptr)
        return err_nomem(e);
    json_begin(&j, &k->out, false);
    json_object_(&j);
    json_key(&j, "name");
    json_str(&j, name);
    json_key(&j, "media_type");
    json_str(&j, media);
    json_key(&j, "size");
    json_int(&j, (int64_t)bytes.len);
    json_object_end(&j);
    return KITH_OK;
}

static int32_t is_interrupted(void *arg) {
    const struct catching *k = arg;
    return io_interrupted(k->outer);
}

/* "{ " begins the line about the answer as a whole. */
static bool is_tail(kith_str line) {
    return str_starts(line, "{ ");
}

static void put_tail(struct json_out *j, kith_str line) {
    json_t *tail = json_loadb(line.ptr, line.len, 0, NULL), *value;
    const char *name;
    json_object_foreach(tail, name, value) {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        json_key(j, strcmp(name, "after") == 0 ? "next" : name);
        json_raw(j, str_of(text ? text : "null"));
        free(text);
    }
    json_decref(tail);
}

static void put_lines(kith_str text, struct buf *out) {
    struct json_out j;
    kith_str rest = text, line, tail = {0};
    json_begin(&j, out, false);
    json_object_(&j);
    json_key(&j, "items");
    json_array_(&j);
    while (str_split(&rest, '\n', &line)) {
        if (is_tail(line))
            tail = line;
        else if (line.len)
            json_raw(&j, line);
    }
    json_array_end(&j);
    if (tail.len)
        put_tail(&j, tail);
    json_object_end(&j);
}

/* A result is an object, whatever the command answers with. */
static void put_answer(kith_str text, bool lines, struct buf *out) {
    kith_str one = str_trim(text);
    if (lines)
        put_lines(text, out);
    else if (one.len && one.ptr[0] == '{')
        buf_str(out, one);
    else
        buf_printf(out, "{\"items\":%.*s}", one.len ? (int)one.len : 2, one.len ? one.ptr : "[]");
}

kith_status mcp_run(struct mcp *m, const char *const *words, size_t count, bool lines,
                    struct buf *out, kith_error *e) {
    struct catching k = {.outer = m->c->io, .m = m};
    const kith_stream stream = {.struct_size = sizeof stream,
                                .arg = &k,
                                .write = take_output,
                                .interrupted = is_interrupted,
                                .file = take_file};
    struct io_module io;
    const char **argv = ARENA_ARRAY(&m->c->arena, const char *, count + 2);
    if (!argv)
        return err_nomem(e);
    argv[0] = "kith";
    memcpy(argv + 1, words, count * sizeof *words);
    io_module_open(&io, &stream, m->c->io->actor);
    kith_status st = cmd_within(m->c, &io.io, (int)count + 1, (char *const *)argv, e);
    if (k.too_large)
        st = err_set(e, KITH_E_LIMIT, NULL,
                     "the answer is larger than 8 MiB: ask for fewer, by limit or fields");
    else if (k.out.failed)
        st = err_nomem(e);
    if (st == KITH_OK)
        put_answer(buf_view(&k.out), lines, out);
    buf_free(&io.io.out);
    buf_free(&k.out);
    buf_free(&k.err);
    return st;
}

/* -- its words --------------------------------------------------------------------------------- */

struct line {
    struct mcp *m;
    const json_t *args;
    const char **words;
    size_t count, cap;
};

static kith_status add_word(struct line *l, const struct buf *word, kith_error *e) {
    struct arena *a = &l->m->c->arena;
    const char **words = arena_grow(a, l->words, l->count, &l->cap, sizeof *words);
    const char *text =
        word->failed ? NULL : arena_strndup(a, word->ptr ? word->ptr : "", word->len);
    if (!words || !text)
        return err_nomem(e);
    l->words = words;
    if (strlen(text) != word->len)
        return err_set(e, KITH_E_INVAL, NULL, "there is a character NUL in an argument");
    l->words[l->count++] = text;
    return KITH_OK;
}

static kith_status add_text(struct line *l, const char *text, kith_error *e) {
    struct buf b = {0};
    buf_puts(&b, text);
    kith_status st = add_word(l, &b, e);
    buf_free(&b);
    return st;
}

/* A value of a list, as one types it: "x, y" in quotes, where a comma belongs to it. */
static void put_item(struct buf *b, const char *text, size_t len) {
    if (len && !memchr(text, ',', len) && !memchr(text, '"', len)) {
        buf_add(b, text, len);
        return;
    }
    buf_putc(b, '"');
    for (size_t i = 0; i < len; i++) {
        buf_putc(b, text[i]);
        if (text[i] == '"')
            buf_putc(b, '"');
    }
    buf_putc(b, '"');
}

/* What a user would type for a value. */
static void put_value(struct buf *b, const json_t *v) {
    size_t i;
    json_t *item;
    if (json_is_string(v)) {
        buf_add(b, json_string_value(v), json_string_length(v));
    } else if (json_is_array(v)) {
        json_array_foreach((json_t *)(uintptr_t)v, i, item) {
            buf_puts(b, i ? "," : "");
            if (json_is_string(item))
                put_item(b, json_string_value(item), json_string_length(item));
            else
                put_value(b, item);
        }
    } else if (v && !json_is_null(v)) {
        char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
        buf_puts(b, text ? text : "");
        b->failed |= !text;
        free(text);
    }
}

static kith_status add_member(struct line *l, const char *name, const json_t *value, bool json,
                              kith_error *e) {
    struct buf b = {0};
    if (!*name || strchr(name, '='))
        return err_set(e, KITH_E_INVAL, NULL, "'%s' is no name of a field", name);
    buf_printf(&b, "%s=", name);
    if (json && !json_is_null(value) && !json_is_string(value)) {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        buf_puts(&b, text ? text : "");
        b.failed |= !text;
        free(text);
    } else {
        put_value(&b, value);
    }
    kith_status st = add_word(l, &b, e);
    buf_free(&b);
    return st;
}

static bool is_json(const struct rtype *t, const char *name) {
    const struct rfield *f = t ? type_field(t->schema, t, str_of(name)) : NULL;
    return f && f->kind == KITH_F_JSON;
}

/* "@fields": the members of that object. */
static kith_status add_members(struct line *l, const char *name, kith_error *e) {
    const json_t *object = json_object_get(l->args, name);
    const char *type = json_string_value(json_object_get(l->args, "type")), *key;
    const struct rtype *t = NULL;
    json_t *value;
    if (type)
        TRY(schema_find_type(cmd_schema(l->m->c), str_of(type), &t, e));
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
        TRY(add_member(l, key, value, is_json(t, key), e));
    return KITH_OK;
}

/* "--limit=?limit|50": with what stands behind the bar, when it is not given. */
static kith_status add_option(struct line *l, const char *word, kith_error *e) {
    const char *name = strchr(word, '?') + 1, *bar = strchr(name, '|');
    size_t len = bar ? (size_t)(bar - name) : strlen(name);
    const json_t *value = json_object_getn(l->args, name, len);
    struct buf b = {0};
    if ((!value || json_is_null(value)) && !bar)
        return KITH_OK;
    buf_add(&b, word, (size_t)(name - 1 - word));
    if (value && !json_is_null(value))
        put_value(&b, value);
    else
        buf_puts(&b, bar + 1);
    kith_status st = add_word(l, &b, e);
    buf_free(&b);
    return st;
}

/* "--param=@params": one for each member, "--param=city=Bonn"; of a list one for each of it. */
static kith_status add_pair(struct line *l, const char *word, const char *name, const json_t *value,
                            kith_error *e) {
    struct buf b = {0};
    buf_add(&b, word, (size_t)(strchr(word, '@') - word));
    buf_printf(&b, "%s=", name);
    put_value(&b, value);
    kith_status st = add_word(l, &b, e);
    buf_free(&b);
    return st;
}

static kith_status add_pairs(struct line *l, const char *word, kith_error *e) {
    const json_t *object = json_object_get(l->args, strchr(word, '@') + 1);
    const char *name;
    json_t *value, *item;
    size_t i;
    json_object_foreach((json_t *)(uintptr_t)object, name, value) {
        if (!json_is_array(value))
            TRY(add_pair(l, word, name, value, e));
        json_array_foreach(value, i, item) TRY(add_pair(l, word, name, item, e));
    }
    return KITH_OK;
}

static kith_status add_argument(struct line *l, const char *name, kith_error *e) {
    struct buf b = {0};
    if (!json_object_get(l->args, name))
        return KITH_OK;
    put_value(&b, json_object_get(l->args, name));
    kith_status st = add_word(l, &b, e);
    buf_free(&b);
    return st;
}

static bool rehearses(const json_t *args) {
    return json_is_true(json_object_get(args, "rehearse"));
}

static kith_status begin_line(struct line *l, const char *name, kith_error *e) {
    TRY(add_text(l, name, e));
    TRY(add_text(l, "--json", e));
    return rehearses(l->args) ? add_text(l, "--rehearse", e) : KITH_OK;
}

static kith_status tool_words(struct line *l, const struct tool *t, kith_error *e) {
    struct buf last = {0};
    TRY(begin_line(l, t->words[0], e));
    for (const char *const *w = t->words + 1; *w; w++)
        if (strncmp(*w, "--", 2) == 0)
            TRY(strchr(*w, '@') ? add_pairs(l, *w, e) : add_option(l, *w, e));
    TRY(add_text(l, "--", e)); /* nothing behind it is taken for an option */
    for (const char *const *w = t->words + 1; *w; w++) {
        if (**w == '?')
            TRY(add_argument(l, *w + 1, e));
        else if (**w == '@')
            TRY(add_members(l, *w + 1, e));
    }
    if (!t->more)
        return KITH_OK;
    kith_status st = t->more(l->m, l->args, &last, e);
    if (st == KITH_OK)
        st = add_word(l, &last, e);
    buf_free(&last);
    return st;
}

static kith_status action_words(struct line *l, const struct action *a, kith_error *e) {
    const char *name;
    json_t *value;
    TRY(begin_line(l, "run", e));
    TRY(add_text(l, "--", e));
    TRY(add_text(l, a->name, e));
    json_object_foreach((json_t *)(uintptr_t)l->args, name, value) {
        bool json = false;
        if (strcmp(name, "rehearse") == 0)
            continue;
        for (uint32_t i = 0; i < a->param_count; i++)
            json |= a->params[i]->kind == KITH_F_JSON && strcmp(a->params[i]->name, name) == 0;
        TRY(add_member(l, name, value, json, e));
    }
    return KITH_OK;
}

/* -- what may be given ------------------------------------------------------------------------- */

static const char *param_at(const void *arg, size_t i) {
    const struct tool *t = arg;
    return t->params[i].name;
}

static size_t param_count(const struct tool *t) {
    size_t n = 0;
    while (t->params[n].name)
        n++;
    return n;
}

static const struct tool_param *param_named(const struct tool *t, const char *name) {
    const struct tool_param *p = t->params;
    while (p->name && strcmp(p->name, name) != 0)
        p++;
    return p->name ? p : NULL;
}

static kith_status wrong_kind(const char *name, const char *kind, kith_error *e) {
    return err_set(e, KITH_E_INVAL, name, "%s is %s", name, kind);
}

/* Loosely: what a command can read is good enough. */
static kith_status check_kind(const struct tool_param *p, const json_t *v, kith_error *e) {
    if (json_is_null(v))
        return KITH_OK;
    if (strstr(p->schema, "\"object\""))
        return json_is_object(v) ? KITH_OK : wrong_kind(p->name, "an object", e);
    if (strstr(p->schema, "\"integer\""))
        return json_is_integer(v) ? KITH_OK : wrong_kind(p->name, "a whole number", e);
    return json_is_string(v) ? KITH_OK : wrong_kind(p->name, "a text", e);
}

static kith_status check_rehearse(const json_t *args, bool reads, const char *tool, kith_error *e) {
    const json_t *v = json_object_get(args, "rehearse");
    if (!v || json_is_boolean(v))
        return v && reads ? err_set(e, KITH_E_INVAL, "rehearse",
                                    "%s writes nothing: there is nothing to rehearse", tool)
                          : KITH_OK;
    return wrong_kind("rehearse", "true or false", e);
}

static kith_status check_args(const struct tool *t, const json_t *args, kith_error *e) {
    const char *name;
    json_t *value;
    TRY(check_rehearse(args, t->flags & TOOL_READS, t->name, e));
    json_object_foreach((json_t *)(uintptr_t)args, name, value) {
        const struct tool_param *p = param_named(t, name);
        const char *near = p ? NULL : str_nearest(str_of(name), param_at, t, param_count(t));
        if (strcmp(name, "rehearse") == 0)
            continue;
        if (!p)
            return err_set(e, KITH_E_INVAL, NULL, "%s takes no argument '%s'%s%s%s", t->name, name,
                           STR_MEANT(near));
        TRY(check_kind(p, value, e));
    }
    for (const struct tool_param *p = t->params; p->name; p++)
        if (p->required &&
            (!json_object_get(args, p->name) || json_is_null(json_object_get(args, p->name))))
            return err_set(e, KITH_E_INVAL, p->name, "%s needs the argument %s", t->name, p->name);
    return KITH_OK;
}

/* -- the call ---------------------------------------------------------------------------------- */

/* Either a row, or an action. */
struct callee {
    const struct tool *tool;
    const struct action *action;
};

static bool means(const struct action *a, const char *name) {
    size_t i = 0;
    while (a->name[i] && (a->name[i] == name[i] || (a->name[i] == '.' && name[i] == '-')))
        i++;
    return !a->name[i] && !name[i];
}

static kith_status find_callee(struct mcp *m, const char *name, struct callee *out, kith_error *e) {
    const struct action *a;
    *out = (struct callee){0};
    for (const struct tool *t = tools; t->name && !out->tool; t++)
        if (strcmp(t->name, name) == 0)
            out->tool = t;
    for (size_t i = 0; !out->tool && (a = engine_action_at(m->c->company->engine, i)); i++)
        if (means(a, name) && access_may_call(&m->c->principal, a))
            out->action = a;
    if (out->tool || out->action)
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, NULL, "there is no tool '%s': tools/list tells which there are",
                   name);
}

static kith_status carry_out(struct mcp *m, const struct callee *callee, const json_t *args,
                             struct buf *out, kith_error *e) {
    struct line l = {.m = m, .args = args};
    const struct tool *t = callee->tool;
    if (t)
        TRY(check_args(t, args, e));
    else
        TRY(check_rehearse(args, callee->action->effect == EFFECT_READ, callee->action->name, e));
    if (t && t->answer)
        return t->answer(m, args, out, e);
    TRY(t ? tool_words(&l, t, e) : action_words(&l, callee->action, e));
    return mcp_run(m, l.words, l.count, t && (t->flags & TOOL_LINES) && !rehearses(args), out, e);
}

static bool writes(const struct callee *c) {
    return c->tool ? !(c->tool->flags & TOOL_READS) : c->action->effect != EFFECT_READ;
}

static kith_status ask_or_carry_out(struct mcp *m, const struct callee *callee, const char *name,
                                    const json_t *args, struct buf *out, kith_error *e) {
    const struct action *a = callee->action;
    bool asked = false, final = a && (a->final || a->effect == EFFECT_EXTERNAL);
    if (writes(callee) && !rehearses(args))
        TRY(mcp_ask(m, name, args, final, &asked, out, e));
    return asked ? KITH_OK : carry_out(m, callee, args, out, e);
}

kith_status mcp_call_plain(struct mcp *m, const char *name, const json_t *args, bool rehearse,
                           struct buf *out, kith_error *e) {
    struct callee callee;
    TRY(find_callee(m, name, &callee, e));
    json_t *copy = json_copy((json_t *)(uintptr_t)args);
    if (!copy || json_object_set_new(copy, "rehearse", json_boolean(rehearse)) != 0)
        return err_nomem(e);
    kith_status st = carry_out(m, &callee, copy, out, e);
    json_decref(copy);
    return st == KITH_OK && out->failed ? err_nomem(e) : st;
}

static void put_member(struct json_out *j, const char *key, kith_str value) {
    json_key(j, key);
    json_str(j, value);
}

/* An embedded resource, which has an address; nothing is read by this one. */
static void put_file(struct json_out *j, struct arena *a, const char *tool,
                     const struct mcp_file *f) {
    struct buf uri = {0};
    bool text = str_starts(f->media, "text/") && text_invalid_at(f->bytes) < 0;
    buf_printf(&uri, "kith://action/%s/", tool);
    for (size_t i = 0; i < f->name.len; i++) {
        unsigned char ch = (unsigned char)f->name.ptr[i];
        bool plain = isalnum(ch) || (ch < 0x80 && strchr("._-", ch));
        buf_printf(&uri, plain ? "%c" : "%%%02X", ch);
    }
    json_object_(j);
    put_member(j, "type", STR("resource"));
    json_key(j, "resource");
    json_object_(j);
    put_member(j, "uri", buf_view(&uri));
    put_member(j, "mimeType", f->media);
    if (text) {
        put_member(j, "text", f->bytes);
    } else {
        size_t room = sodium_base64_encoded_len((size_t)f->bytes.len, BASE64);
        char *blob = arena_alloc(a, room);
        if (blob)
            sodium_bin2base64(blob, room, (const unsigned char *)f->bytes.ptr, (size_t)f->bytes.len,
                              BASE64);
        j->buf->failed |= !blob;
        put_member(j, "blob", str_of(blob ? blob : ""));
    }
    json_object_end(j);
    json_object_end(j);
    j->buf->failed |= uri.failed;
    buf_free(&uri);
}

/* file: or NULL. */
static void put_content(struct json_out *j, kith_str text, struct arena *a, const char *tool,
                        const struct mcp_file *file) {
    json_key(j, "content");
    json_array_(j);
    json_object_(j);
    put_member(j, "type", STR("text"));
    put_member(j, "text", text);
    json_object_end(j);
    if (file && file->bytes.ptr)
        put_file(j, a, tool, file);
    json_array_end(j);
}

static void put_failure(struct json_out *j, const kith_error *why) {
    put_content(j, str_of(why->message), NULL, NULL, NULL);
    json_key(j, "structuredContent");
    json_object_(j);
    json_key(j, "code");
    json_strz(j, status_name(why->code));
    json_key(j, "field");
    if (why->field[0])
        json_strz(j, why->field);
    else
        json_nil(j);
    json_key(j, "message");
    json_strz(j, why->message);
    json_object_end(j);
    json_key(j, "isError");
    json_bool_(j, true);
}

kith_status mcp_call(struct mcp *m, const char *name, json_t *args, struct json_out *j,
                     kith_error *e) {
    struct callee callee;
    struct buf out = {0};
    kith_error why = KITH_ERROR_INIT;
    m->file = (struct mcp_file){0};
    TRY(find_callee(m, name, &callee, e));
    const char *asked = arena_printf(&m->c->arena, "%s: %s", m->of.note, name);
    m->c->principal.asked = asked ? asked : m->of.note; /* for the log of reads */
    kith_status st = ask_or_carry_out(m, &callee, name, args, &out, &why);
    if (st == KITH_OK && out.failed)
        st = err_nomem(&why);
    json_object_(j);
    if (st == KITH_OK) {
        put_content(j, buf_view(&out), &m->c->arena, name, &m->file);
        json_key(j, "structuredContent");
        json_raw(j, buf_view(&out));
    } else {
        put_failure(j, &why);
    }
    json_object_end(j);
    buf_free(&out);
    return KITH_OK;
}
