/* SPDX-License-Identifier: Apache-2.0 */
/* Settings: the files of a company folder, the problems found in them, and the lookups. */
#include "engine/settings_internal.h"

#include "base/err.h"
#include "base/file.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX     ((off_t)4 * 1024 * 1024)
#define PROBLEMS_MAX 500 /* a file of noise need not fill the memory */

/* -- problems ---------------------------------------------------------------------------------- */

static bool make_room(struct settings_problems *p) {
    if (p->count < p->cap)
        return true;
    size_t cap = p->cap ? p->cap * 2 : 16;
    struct settings_problem *more = ARENA_ARRAY(&p->arena, struct settings_problem, cap);
    if (!more)
        return false;
    if (p->count)
        memcpy(more, p->items, p->count * sizeof *more);
    p->items = more;
    p->cap = cap;
    return true;
}

bool settings_problem_add(struct settings_problems *p, const char *file, int line,
                          const char *text) {
    if (!make_room(p))
        return false;
    struct settings_problem x = {arena_strdup(&p->arena, file), line,
                                 arena_strdup(&p->arena, text)};
    if (x.file && x.text)
        p->items[p->count++] = x;
    return x.file && x.text;
}

void report(struct load *l, int line, const char *fmt, ...) {
    struct settings_problems *p = l->problems;
    if (p->count >= PROBLEMS_MAX)
        return;
    struct buf text = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_puts(&text, l->about);
    buf_vprintf(&text, fmt, ap);
    if (p->count + 1 == PROBLEMS_MAX)
        buf_puts(&text, " (there are more; this list ends here)");
    va_end(ap);
    if (text.failed || !settings_problem_add(p, l->file, *l->file ? line : 0, text.ptr))
        l->nomem = true;
    buf_free(&text);
}

/* Those of one file are found in two passes: puts them in the order of lines. */
static void sort_problems(struct settings_problems *p, size_t first) {
    for (size_t i = first + 1; i < p->count; i++) {
        struct settings_problem x = p->items[i];
        size_t j = i;
        for (; j > first && p->items[j - 1].line > x.line; j--)
            p->items[j] = p->items[j - 1];
        p->items[j] = x;
    }
}

static void print_problem(const struct settings_problem *x, struct buf *out) {
    buf_puts(out, x->file);
    if (x->line)
        buf_printf(out, ":%d", x->line);
    buf_printf(out, "%s%s", x->file[0] ? ": " : "", x->text);
}

void settings_problems_print(const struct settings_problems *p, struct buf *out) {
    for (size_t i = 0; i < p->count; i++) {
        print_problem(&p->items[i], out);
        buf_putc(out, '\n');
    }
}

void settings_problems_free(struct settings_problems *p) {
    arena_free(&p->arena);
    *p = (struct settings_problems){0};
}

/* -- files ------------------------------------------------------------------------------------- */

static kith_status read_all(int fd, const char *path, size_t size, struct buf *out, kith_error *e) {
    if (!buf_reserve(out, size))
        return err_nomem(e);
    for (;;) {
        char part[16384];
        ssize_t n = read(fd, part, sizeof part);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, "read", path);
        if (n == 0 || out->len > (size_t)FILE_MAX)
            return out->failed ? err_nomem(e) : KITH_OK;
        buf_add(out, part, (size_t)n);
    }
}

static kith_status read_file(const char *path, struct buf *out, kith_error *e) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* not to wait for a pipe */
    struct stat st;
    if (fd < 0)
        return err_errno(e, "open", path);
    kith_status result;
    if (fstat(fd, &st) != 0)
        result = err_errno(e, "open", path);
    else if (!S_ISREG(st.st_mode))
        result = err_set(e, KITH_E_INVAL, NULL, "this is not a file");
    else if (st.st_size > FILE_MAX)
        result = err_set(e, KITH_E_LIMIT, NULL, "the file is larger than 4 MB");
    else
        result = read_all(fd, path, (size_t)st.st_size, out, e);
    close(fd);
    return result;
}

static const char *path_of(struct load *l, const char *folder, const char *file) {
    char *path = arena_printf(&l->scratch, "%s/%s", folder, file);
    l->nomem |= !path;
    return path ? path : "";
}

static void take_text(struct load *l, kith_str text) {
    config_t cfg;
    if (settings_parse(l, text, &cfg))
        settings_take(l, &cfg);
    else
        l->unread = true;
    config_destroy(&cfg);
}

/* NOTFOUND where there is no such file; other trouble is a problem among the others. */
static kith_status load_file(struct load *l, const char *folder, const char *file) {
    struct buf text = {0};
    kith_error err = KITH_ERROR_INIT;
    size_t first = l->problems->count;
    l->file = file;
    kith_status st = read_file(path_of(l, folder, file), &text, &err);
    if (st == KITH_OK) {
        take_text(l, buf_view(&text));
    } else if (st != KITH_E_NOTFOUND) {
        report(l, 0, "%s", err.message);
        l->unread = true;
    }
    buf_free(&text);
    sort_problems(l->problems, first);
    return st == KITH_E_NOTFOUND ? st : KITH_OK;
}

static int is_conf(const struct dirent *d) {
    return file_ends(d->d_name, ".conf");
}

/* By bytes: the order must not depend on the locale. */
static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void load_conf_d(struct load *l, const char *folder) {
    struct dirent **found = NULL;
    int count = scandir(path_of(l, folder, "conf.d"), &found, is_conf, by_name);
    if (count < 0 && errno != ENOENT) {
        l->file = "conf.d";
        report(l, 0, "the folder cannot be read: %s", strerrordesc_np(errno));
        l->unread = true;
    }
    for (int i = 0; i < count; i++) {
        const char *file = arena_printf(&l->s->arena, "conf.d/%s", found[i]->d_name);
        if (file)
            (void)load_file(l, folder, file);
        else
            l->nomem = true;
        free(found[i]);
    }
    free(found);
}

/* -- loading ----------------------------------------------------------------------------------- */

static void index_paths(struct load *l) {
    struct settings *s = l->s;
    for (size_t i = 0; i < s->shape.count; i++)
        l->nomem |= !map_put(&s->by_path, str_of(s->shape.leaves[i]->pub.path), s->shape.leaves[i]);
}

static void check_required(struct load *l) {
    for (size_t i = 0; i < l->s->shape.count && !l->unread; i++) {
        const struct leaf *leaf = l->s->shape.leaves[i];
        const kith_setting *d = &leaf->pub.decl;
        if ((d->flags & KITH_SF_REQUIRED) && leaf->pub.value.kind == KITH_NULL && !leaf->faulty)
            report(l, 0, "%s must be set%s%s", leaf->pub.path, d->doc ? ": " : "",
                   d->doc ? d->doc : "");
    }
}

static kith_status load_all(struct load *l, const char *folder, const struct settings_owner *owners,
                            size_t count, kith_error *e) {
    l->file = "";
    for (size_t i = 0; i < count; i++)
        settings_declare(l, &owners[i]);
    index_paths(l);
    if (load_file(l, folder, "kith.conf") == KITH_E_NOTFOUND)
        return err_set(e, KITH_E_NOTFOUND, NULL, "there is no kith.conf in '%s'", folder);
    load_conf_d(l, folder);
    l->file = "kith.conf";
    check_required(l);
    return l->nomem ? err_nomem(e) : KITH_OK;
}

kith_status settings_first_problem(const struct settings_problems *p, size_t first, kith_error *e) {
    struct buf text = {0};
    print_problem(&p->items[first], &text);
    size_t more = p->count - first - 1;
    if (more)
        buf_printf(&text, " (and %zu more)", more);
    (void)err_set(e, KITH_E_INVAL, NULL, "%s", text.failed ? p->items[first].text : text.ptr);
    buf_free(&text);
    return KITH_E_INVAL;
}

kith_status settings_load(struct settings **out, const char *folder,
                          const struct settings_owner *owners, size_t count, uint32_t flags,
                          struct settings_problems *problems, kith_error *e) {
    struct load l = {.s = calloc(1, sizeof *l.s),
                     .problems = problems,
                     .file = "",
                     .about = "",
                     .lenient = flags & SETTINGS_LENIENT};
    size_t first = problems->count;
    *out = NULL;
    if (!l.s)
        return err_nomem(e);
    kith_status st = load_all(&l, folder, owners, count, e);
    arena_free(&l.scratch);
    if (st == KITH_OK && problems->count > first && !l.lenient)
        st = settings_first_problem(problems, first, e);
    if (st == KITH_OK)
        *out = l.s;
    else
        settings_free(l.s);
    return st;
}

static kith_status load_one(struct load *l, const char *folder, const char *file, kith_str text,
                            const struct settings_owner *owner, kith_error *e) {
    settings_declare(l, owner);
    index_paths(l);
    l->file = file;
    if (text.ptr)
        take_text(l, text);
    else if (load_file(l, folder, file) == KITH_E_NOTFOUND)
        return err_set(e, KITH_E_NOTFOUND, NULL, "there is no file '%s/%s'", folder, file);
    check_required(l);
    return l->nomem ? err_nomem(e) : KITH_OK;
}

kith_status settings_load_file(struct settings **out, const char *folder, const char *file,
                               kith_str text, const struct settings_owner *owner,
                               struct settings_problems *problems, kith_error *e) {
    struct load l = {
        .s = calloc(1, sizeof *l.s), .problems = problems, .file = "", .about = "", .single = true};
    size_t first = problems->count;
    *out = NULL;
    if (!l.s)
        return err_nomem(e);
    kith_status st = load_one(&l, folder, file, text, owner, e);
    arena_free(&l.scratch);
    if (st == KITH_OK) { /* what could be read is told even beside what could not */
        *out = l.s;
        return problems->count > first ? settings_first_problem(problems, first, e) : KITH_OK;
    }
    settings_free(l.s);
    return st;
}

kith_status settings_can_declare(const struct settings_owner *owner, kith_error *e) {
    struct settings_problems problems = {0};
    struct load l = {.s = calloc(1, sizeof *l.s), .problems = &problems, .file = "", .about = ""};
    if (!l.s)
        return err_nomem(e);
    settings_declare(&l, owner);
    kith_status st = l.nomem ? err_nomem(e) : KITH_OK;
    if (st == KITH_OK && problems.count)
        st = settings_first_problem(&problems, 0, e);
    arena_free(&l.scratch);
    settings_free(l.s);
    settings_problems_free(&problems);
    return st;
}

void settings_free(struct settings *s) {
    if (!s)
        return;
    map_free(&s->by_path);
    arena_free(&s->arena);
    free(s);
}

/* -- lookups ----------------------------------------------------------------------------------- */

static const struct leaf *find_leaf(const struct settings *s, const char *module, const char *key) {
    char path[256];
    int len = snprintf(path, sizeof path, "%s%s%s", module, *module ? "." : "", key);
    if (len < 0 || (size_t)len >= sizeof path)
        return NULL;
    return map_get(&s->by_path, (kith_str){path, (uint64_t)len});
}

const struct setting *settings_find(const struct settings *s, const char *module, const char *key) {
    const struct leaf *leaf = find_leaf(s, module, key);
    return leaf ? &leaf->pub : NULL;
}

/* The value when it is of that kind, else a null one. */
static kith_value value_of(const struct settings *s, const char *module, const char *key,
                           uint32_t kind) {
    const struct setting *x = settings_find(s, module, key);
    return x && x->value.kind == kind ? x->value : (kith_value){0};
}

bool settings_bool(const struct settings *s, const char *module, const char *key) {
    return value_of(s, module, key, KITH_BOOL).as.i != 0;
}

int64_t settings_int(const struct settings *s, const char *module, const char *key) {
    kith_value v = value_of(s, module, key, KITH_INT);
    return v.kind ? v.as.i : value_of(s, module, key, KITH_DURATION).as.i;
}

double settings_real(const struct settings *s, const char *module, const char *key) {
    return value_of(s, module, key, KITH_REAL).as.r;
}

kith_str settings_text(const struct settings *s, const char *module, const char *key) {
    kith_value v = value_of(s, module, key, KITH_TEXT);
    return v.kind ? v.as.s : STR("");
}

size_t settings_count(const struct settings *s, const char *module, const char *key) {
    return (size_t)value_of(s, module, key, KITH_LIST).as.list.count;
}

kith_value settings_item(const struct settings *s, const char *module, const char *key, size_t i,
                         const char *item_key) {
    const struct leaf *leaf = find_leaf(s, module, key);
    const kith_value none = {0};
    if (!leaf || leaf->pub.value.kind != KITH_LIST || i >= leaf->pub.value.as.list.count)
        return none;
    kith_value item = leaf->pub.value.as.list.items[i];
    if (!item_key)
        return item;
    for (size_t k = 0; leaf->items && k < leaf->items->count; k++)
        if (strcmp(leaf->items->leaves[k]->pub.path, item_key) == 0)
            return item.as.list.items[k];
    return none;
}

size_t settings_total(const struct settings *s) {
    return s->shape.count;
}

const struct setting *settings_at(const struct settings *s, size_t i) {
    return &s->shape.leaves[i]->pub;
}
