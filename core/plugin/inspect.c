/* SPDX-License-Identifier: Apache-2.0 */
/* What a plugin declares, for people and for programs, without an instance of it. Its code runs in
 * a child process, so that a bad one harms nobody; the answer comes back through a pipe. */
#include "plugin/internal.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_S 10 /* the child gets no longer than this */

/* A table to print: one row of text per row that is declared. `text` writes what follows the name.
 */
struct section {
    const char *what, *plural;
    size_t array; /* its place in the description */
    void (*text)(const void *row, struct json_out *json, struct buf *out);
};

static void field_pair(struct json_out *json, struct buf *out, const char *key, const char *value) {
    if (!value || !*value)
        return;
    if (json) {
        json_key(json, key);
        json_strz(json, value);
    } else if (strcmp(key, "doc") == 0) {
        buf_printf(out, "  -- %s", value);
    } else {
        buf_printf(out, "  %s %s", key, value);
    }
}

static void number_pair(struct json_out *json, struct buf *out, const char *key, int64_t value) {
    if (json) {
        json_key(json, key);
        json_int(json, value);
    } else {
        buf_printf(out, "  %s %lld", key, (long long)value);
    }
}

static void texts_pair(struct json_out *json, struct buf *out, const char *key, kith_array texts) {
    struct buf list = {0};
    for (uint32_t i = 0; i < texts.count; i++)
        buf_printf(&list, "%s%s", i ? "; " : "", ROWS(texts, char *const)[i]);
    field_pair(json, out, key, list.ptr);
    buf_free(&list);
}

static const char *field_flags(uint32_t flags, struct buf *b) {
    static const char *const names[] = {"required", "unique",   "indexed", "searched",
                                        "personal", "readonly", "partof"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (flags & (1u << i))
            buf_printf(b, "%s%s", b->len ? "," : "", names[i]);
    return b->ptr;
}

static void field_row(const kith_field *f, const char *indent, struct json_out *json,
                      struct buf *out) {
    struct buf flags = {0};
    if (json) {
        json_object_(json);
        field_pair(json, out, "name", f->name);
    } else {
        buf_printf(out, "\n%s%s", indent, f->name);
    }
    field_pair(json, out, "kind", field_kind_name(f->kind));
    field_pair(json, out, "flags", field_flags(f->flags, &flags));
    field_pair(json, out, "options", f->options);
    field_pair(json, out, "default", f->default_text);
    field_pair(json, out, "doc", f->doc);
    if (json)
        json_object_end(json);
    buf_free(&flags);
}

static void fields_list(const char *key, kith_array fields, struct json_out *json,
                        struct buf *out) {
    if (json) {
        json_key(json, key);
        json_array_(json);
    } else if (fields.count) {
        buf_printf(out, "\n    %s:", key);
    }
    for (uint32_t i = 0; i < fields.count; i++)
        field_row(&ROWS(fields, kith_field)[i], "      ", json, out);
    if (json)
        json_array_end(json);
}

/* -- the rows ---------------------------------------------------------------------------------- */

static void require_row(const void *row, struct json_out *json, struct buf *out) {
    const kith_require *r = row;
    number_pair(json, out, "version", r->min_version);
    if (r->flags & KITH_REQ_OPTIONAL)
        number_pair(json, out, "optional", 1);
}

static void permission_row(const void *row, struct json_out *json, struct buf *out) {
    field_pair(json, out, "doc", ((const kith_permission *)row)->why);
}

static void setting_pairs(const kith_setting *s, struct json_out *json, struct buf *out) {
    struct buf kind = {0};
    setting_kind_text(s, &kind);
    field_pair(json, out, "kind", kind.ptr);
    field_pair(json, out, "default", s->default_text);
    field_pair(json, out, "doc", s->doc);
    buf_free(&kind);
}

static void setting_row(const void *row, struct json_out *json, struct buf *out) {
    const kith_setting *s = row;
    setting_pairs(s, json, out);
    if (json) {
        json_key(json, "items");
        json_array_(json);
    }
    for (uint32_t i = 0; i < s->items.count; i++) {
        const kith_setting *item = &ROWS(s->items, kith_setting)[i];
        if (json)
            json_object_(json);
        else
            buf_printf(out, "\n      %s", item->key);
        if (json)
            field_pair(json, out, "name", item->key);
        setting_pairs(item, json, out);
        if (json)
            json_object_end(json);
    }
    if (json)
        json_array_end(json);
}

static void type_row(const void *row, struct json_out *json, struct buf *out) {
    const kith_type *t = row;
    if (t->extends)
        number_pair(json, out, "extends", 1);
    field_pair(json, out, "title", t->title);
    field_pair(json, out, "doc", t->doc);
    texts_pair(json, out, "indexes", t->indexes);
    fields_list("fields", t->fields, json, out);
}

static void topic_row(const void *row, struct json_out *json, struct buf *out) {
    const kith_topic *t = row;
    number_pair(json, out, "schema", t->schema);
    field_pair(json, out, "doc", t->doc);
    fields_list("fields", t->fields, json, out);
}

static void hook_row(const void *row, struct json_out *json, struct buf *out) {
    const kith_hook *h = row;
    struct buf on = {0};
    buf_puts(&on, h->when == KITH_AFTER ? "after" : "before");
    buf_puts(&on, h->on & KITH_ON_CREATE ? " create" : "");
    buf_puts(&on, h->on & KITH_ON_UPDATE ? " update" : "");
    buf_puts(&on, h->on & KITH_ON_DELETE ? " delete" : "");
    field_pair(json, out, "on", on.ptr);
    field_pair(json, out, "type", h->type);
    number_pair(json, out, "priority", h->priority);
    field_pair(json, out, "where", h->where);
    texts_pair(json, out, "fields", h->fields);
    field_pair(json, out, "doc", h->doc);
    buf_free(&on);
}

static void reaction_row(const void *row, struct json_out *json, struct buf *out) {
    const kith_reaction *r = row;
    field_pair(json, out, "topic", r->topic);
    field_pair(json, out, "where", r->where);
    texts_pair(json, out, "fields", r->fields);
    field_pair(json, out, "doc", r->doc);
}

static void timer_row(const void *row, struct json_out *json, struct buf *out) {
    const kith_timer *t = row;
    field_pair(json, out, "cron", t->cron);
    field_pair(json, out, "doc", t->doc);
}

static void action_row(const void *row, struct json_out *json, struct buf *out) {
    const kith_action *a = row;
    field_pair(json, out, "effect", a->effect == KITH_EFFECT_WRITE ? "write" : "read");
    field_pair(json, out, "doc", a->doc);
    fields_list("params", a->params, json, out);
    fields_list("results", a->results, json, out);
}

static const struct section sections[] = {
    {"requires", "requirements", offsetof(kith_plugin_desc, requirements), require_row},
    {"permission", "permissions", offsetof(kith_plugin_desc, permissions), permission_row},
    {"setting", "settings", offsetof(kith_plugin_desc, settings), setting_row},
    {"type", "types", offsetof(kith_plugin_desc, types), type_row},
    {"topic", "topics", offsetof(kith_plugin_desc, topics), topic_row},
    {"hook", "hooks", offsetof(kith_plugin_desc, hooks), hook_row},
    {"reaction", "reactions", offsetof(kith_plugin_desc, reactions), reaction_row},
    {"timer", "timers", offsetof(kith_plugin_desc, timers), timer_row},
    {"action", "actions", offsetof(kith_plugin_desc, actions), action_row},
};

/* -- the whole --------------------------------------------------------------------------------- */

/* The name is the first member of every row. */
static void print_section(const struct section *s, const kith_plugin_desc *d, struct json_out *json,
                          struct buf *out) {
    kith_array rows;
    memcpy(&rows, (const char *)d + s->array, sizeof rows);
    if (json) {
        json_key(json, s->plural);
        json_array_(json);
    }
    for (uint32_t i = 0; i < rows.count; i++) {
        const char *row = (const char *)rows.items + (size_t)i * rows.stride;
        const char *name = *(const char *const *)(const void *)row;
        if (json)
            json_object_(json);
        else
            buf_printf(out, "\n%s %s", s->what, name);
        if (json)
            field_pair(json, out, "name", name);
        s->text(row, json, out);
        if (json)
            json_object_end(json);
    }
    if (json)
        json_array_end(json);
}

static void print_head(const kith_plugin_desc *d, struct json_out *json, struct buf *out) {
    struct buf abi = {0};
    buf_printf(&abi, "%u.%u", d->abi_major, d->abi_minor);
    if (json)
        field_pair(json, out, "name", d->name);
    else
        buf_printf(out, "module %s", d->name);
    field_pair(json, out, "version", d->version_text);
    number_pair(json, out, "number", d->version);
    field_pair(json, out, "title", d->title);
    field_pair(json, out, "contract", abi.ptr);
    field_pair(json, out, "vendor", d->vendor);
    field_pair(json, out, "license", d->license);
    field_pair(json, out, "doc", d->doc);
    buf_free(&abi);
}

/* Migrations have no name: each is one line of text. */
static void print_migrations(kith_array rows, struct json_out *json, struct buf *out) {
    static const char *const verbs[] = {"?", "rename type", "rename field", "retire field"};
    if (json) {
        json_key(json, "migrations");
        json_array_(json);
    }
    for (uint32_t i = 0; i < rows.count; i++) {
        const kith_migration *m = &ROWS(rows, kith_migration)[i];
        struct buf line = {0};
        buf_printf(&line, "%u: %s %s%s%s%s%s", m->version,
                   verbs[m->kind <= KITH_MIGRATE_RETIRE_FIELD ? m->kind : 0],
                   m->type ? m->type : "", m->field ? "." : "", m->field ? m->field : "",
                   m->to ? " to " : "", m->to ? m->to : "");
        if (json)
            json_str(json, buf_view(&line));
        else
            buf_printf(out, "\nmigration %s", line.ptr ? line.ptr : "");
        buf_free(&line);
    }
    if (json)
        json_array_end(json);
}

static void print(const kith_plugin_desc *d, bool as_json, struct buf *out) {
    struct json_out json;
    json_begin(&json, out, true);
    if (as_json)
        json_object_(&json);
    print_head(d, as_json ? &json : NULL, out);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        print_section(&sections[i], d, as_json ? &json : NULL, out);
    print_migrations(d->migrations, as_json ? &json : NULL, out);
    if (as_json)
        json_object_end(&json);
    buf_putc(out, '\n');
}

/* -- the child --------------------------------------------------------------------------------- */

/* What the child sends: how it went, then the text. */
struct answer {
    kith_status status;
    kith_error error;
};

static kith_status look(const char *path, bool json, struct buf *out, kith_error *e) {
    struct arena arena = {0};
    const kith_plugin_desc *desc;
    kith_plugin_desc copy;
    kith_status st = binary_open(path, &desc, e);
    if (st == KITH_OK)
        st = declare_copy(desc, &arena, &copy, e);
    if (st == KITH_OK)
        print(&copy, json, out);
    arena_free(&arena);
    return st;
}

static bool send_all(int fd, const void *data, size_t size) {
    for (const char *p = data; size;) {
        ssize_t n = write(fd, p, size);
        if (n <= 0)
            return false;
        p += n;
        size -= (size_t)n;
    }
    return true;
}

static _Noreturn void child(int fd, const char *path, bool json) {
    struct buf out = {0};
    struct answer a = {.error = KITH_ERROR_INIT};
    int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
    alarm(LIMIT_S);
    dup2(quiet, STDERR_FILENO); /* the answer is the parent's to give, in one sentence */
    a.status = look(path, json, &out, &a.error);
    bool sent = send_all(fd, &a, sizeof a) && send_all(fd, out.ptr, out.len);
    _exit(sent ? 0 : 1); /* no destructor of the plugin runs */
}

/* -- the parent -------------------------------------------------------------------------------- */

static void receive(int fd, struct buf *in) {
    char part[4096];
    for (;;) {
        ssize_t n = read(fd, part, sizeof part);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        buf_add(in, part, (size_t)n);
    }
}

static kith_status verdict(int wait_status, const struct buf *in, struct buf *out, kith_error *e) {
    struct answer a;
    if (WIFSIGNALED(wait_status))
        return err_set(e, KITH_E_INVAL, NULL,
                       "its code ended with signal %d (%s) while it was asked"
                       " what it declares",
                       WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
    if (in->failed)
        return err_nomem(e);
    if (in->len < sizeof a)
        return err_set(e, KITH_E_INVAL, NULL, "its code ended the process with exit code %d",
                       WEXITSTATUS(wait_status));
    memcpy(&a, in->ptr, sizeof a);
    if (a.status != KITH_OK) {
        err_copy(e, &a.error);
        return a.status;
    }
    buf_add(out, in->ptr + sizeof a, in->len - sizeof a);
    return out->failed ? err_nomem(e) : KITH_OK;
}

static kith_status ask_child(const char *path, bool json, struct buf *out, kith_error *e) {
    int ends[2], wait_status = 0;
    struct buf in = {0};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_errno(e, "make", "a pipe");
    pid_t pid = fork();
    if (pid == 0)
        child(ends[1], path, json);
    close(ends[1]);
    if (pid > 0) {
        receive(ends[0], &in);
        while (waitpid(pid, &wait_status, 0) < 0 && errno == EINTR)
            ;
    }
    close(ends[0]);
    kith_status st =
        pid < 0 ? err_errno(e, "start", "a process") : verdict(wait_status, &in, out, e);
    buf_free(&in);
    return st;
}

kith_status plugin_probe(const char *path, kith_error *e) {
    struct buf text = {0};
    kith_status st = ask_child(path, false, &text, e);
    buf_free(&text);
    return st;
}

kith_status plugin_inspect(const char *path, bool json, struct buf *out, kith_error *e) {
    struct binary binary;
    char *full = realpath(path, NULL); /* dlopen searches for names without a slash */
    if (!full)
        return err_errno(e, "open", path);
    kith_status st = binary_read(full, &binary, e);
    if (st == KITH_OK) {
        st = binary_check(&binary, e);
        binary_free(&binary);
    }
    if (st == KITH_OK)
        st = ask_child(full, json, out, e);
    free(full);
    return st == KITH_OK ? st : err_prefix(e, "%s: ", path);
}
