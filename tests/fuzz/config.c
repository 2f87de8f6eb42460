/* SPDX-License-Identifier: Apache-2.0 */
/* Settings: the bytes are one file. It is read or reported with lines that it has; what was read
 * and is written as people see it is read as the same. */
#include "engine/conf_edit.h"
#include "engine/settings_internal.h"
#include "engine/type_files.h"
#include "fuzz/fuzz.h"

static const kith_setting core_decls[] = {
    {.key = "modules", .kind = KITH_LIST},
    {.key = "company.name", .kind = KITH_TEXT},
    {.key = "engine.queue", .kind = KITH_INT, .default_text = "10000", .min = 1, .max = 1000000},
    {.key = "engine.budget", .kind = KITH_DURATION, .default_text = "2s", .min = 1, .max = 60000},
    {.key = "log.level", .kind = KITH_TEXT, .default_text = "info", .choices = "error, warn, info"},
};
static const kith_setting stage_decls[] = {
    {.key = "name", .kind = KITH_TEXT, .flags = KITH_SF_REQUIRED},
    {.key = "odds", .kind = KITH_REAL, .default_text = "0.5", .max = 1},
    {.key = "limit.days", .kind = KITH_INT},
};
static const kith_setting sales_decls[] = {
    {.key = "on", .kind = KITH_BOOL},
    {.key = "quota", .kind = KITH_INT},
    {.key = "factor", .kind = KITH_REAL},
    {.key = "sources", .kind = KITH_LIST},
    {.key = "stages", .kind = KITH_LIST, .items = KITH_ARRAY(stage_decls)},
    {.key = "pin", .kind = KITH_TEXT, .flags = KITH_SF_SECRET},
};
static const struct settings_owner owners[] = {
    {.module = "", .settings = KITH_ARRAY(core_decls)},
    {.module = "sales", .settings = KITH_ARRAY(sales_decls)},
    {.module = "absent", .disabled = true},
};

static void begin(struct load *l, struct settings_problems *problems) {
    *l = (struct load){
        .s = calloc(1, sizeof *l->s), .problems = problems, .file = "kith.conf", .about = ""};
    HOLDS(l->s, "no memory");
    for (size_t i = 0; i < sizeof owners / sizeof *owners; i++)
        settings_declare(l, &owners[i]);
    HOLDS(problems->count == 0, "%s", problems->items[0].text);
}

static void end(struct load *l) {
    arena_free(&l->scratch);
    settings_free(l->s);
    settings_problems_free(l->problems);
}

static void take(struct load *l, kith_str text) {
    config_t cfg;
    if (settings_parse(l, text, &cfg))
        settings_take(l, &cfg);
    else
        HOLDS(l->problems->count > 0 || l->nomem, "not read, and nothing said");
    config_destroy(&cfg);
}

/* One setting alone, as a file: "sales : { quota = 5; };" */
static void put_setting(struct buf *b, const struct setting *x) {
    kith_str rest = str_of(x->path), part;
    int depth = 0;
    while (str_split(&rest, '.', &part)) {
        buf_str(b, part);
        if (rest.len) {
            buf_puts(b, " : { ");
            depth++;
        }
    }
    buf_puts(b, " = ");
    setting_value_text(&x->decl, &x->value, b);
    buf_putc(b, ';');
    while (depth--)
        buf_puts(b, " };");
}

/* Equal in all that a file can say. */
static bool same(const kith_value *a, const kith_value *b) {
    if (a->kind != b->kind)
        return false;
    if (a->kind == KITH_TEXT)
        return str_eq(a->as.s, b->as.s);
    if (a->kind == KITH_REAL)
        return memcmp(&a->as.r, &b->as.r, sizeof a->as.r) == 0 || a->as.r == b->as.r;
    if (a->kind != KITH_LIST)
        return a->as.i == b->as.i;
    if (a->as.list.count != b->as.list.count)
        return false;
    for (uint64_t i = 0; i < a->as.list.count; i++)
        if (!same(&a->as.list.items[i], &b->as.list.items[i]))
            return false;
    return true;
}

static void written_reads_the_same(const struct setting *x) {
    struct settings_problems problems = {0};
    struct load l;
    struct buf b = {0};
    begin(&l, &problems);
    put_setting(&b, x);
    take(&l, buf_view(&b));
    HOLDS(problems.count == 0, "%s: %s", b.ptr, problems.items[0].text);
    for (size_t i = 0; i < l.s->shape.count; i++) {
        const struct setting *y = &l.s->shape.leaves[i]->pub;
        HOLDS(strcmp(x->path, y->path) != 0 || same(&x->value, &y->value), "%s", b.ptr);
    }
    buf_free(&b);
    end(&l);
}

/* The same bytes as a file of types; one that reads well does so with a key set in it, too. */
static void as_types(kith_str text) {
    struct type_text instead = {TYPES_FOLDER "/fuzz.conf", text};
    struct settings_problems problems = {0};
    struct type_files *files;
    struct buf edited = {0};
    kith_error e = KITH_ERROR_INIT;
    kith_status st = type_files_read(&files, "/nowhere", &instead, 1, &problems, &e);
    HOLDS((st == KITH_OK) == (problems.count == 0), "%s", e.message);
    type_files_free(files);
    if (st == KITH_OK) {
        HOLDS_OK(conf_set(text, NULL, 0, "doc", STR("\"x\""), &edited, &e), e);
        instead.text = buf_view(&edited);
        st = type_files_read(&files, "/nowhere", &instead, 1, &problems, &e);
        HOLDS(st == KITH_OK || strstr(e.message, "doc is for types of your own"), "%s", e.message);
        type_files_free(files);
    }
    buf_free(&edited);
    settings_problems_free(&problems);
}

/* libconfig 1.5 forgets the text or the name that it was reading when it met a mistake. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:strbuf_append\nleak:libconfig_yylex\n";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    kith_str text = {size ? (const char *)data : "", size};
    struct settings_problems problems = {0};
    struct load l;
    int lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    begin(&l, &problems);
    take(&l, text);
    for (size_t i = 0; i < problems.count; i++)
        HOLDS(problems.items[i].line >= 0 && problems.items[i].line <= lines &&
                  !strchr(problems.items[i].text, '\n'),
              "line %d: %s", problems.items[i].line, problems.items[i].text);
    for (size_t i = 0; i < l.s->shape.count && problems.count == 0; i++) {
        const struct setting *x = &l.s->shape.leaves[i]->pub;
        if (x->file && x->value.kind != KITH_NULL && !(x->decl.flags & KITH_SF_SECRET))
            written_reads_the_same(x);
    }
    end(&l);
    as_types(text);
    return 0;
}
