/* SPDX-License-Identifier: Apache-2.0 */
/* The checks that a shared object passes before it is loaded, and `kith module inspect`, which
 * shows them: one bad file for each, damaged files of all kinds, and code that does its worst when
 * it is asked what it declares. */
#include "../plugins.h"
#include "plugin/internal.h"
#include <elf.h>

static const char *plugin_path(const char *name) {
    static char path[4200];
    snprintf(path, sizeof path, "%s/%s.so", plugins_dir, name);
    return path;
}

static kith_status inspect(const char *name, bool json, struct buf *out, kith_error *e) {
    *e = (kith_error)KITH_ERROR_INIT;
    return plugin_inspect(plugin_path(name), json, out, e);
}

static struct binary read_plugin(const char *name) {
    struct binary b;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(binary_read(plugin_path(name), &b, &e), e);
    return b;
}

/* -- one bad file for each check --------------------------------------------------------------- */

static const struct {
    const char *module, *check, *reason;
} bad[] = {
    {"plain", "one_export", "it exports 'plain'"},
    {"two_exports", "one_export", "it exports 'kith_helper'"},
    {"exports_cpp", "one_export", "--version-script=FILE"},
    {"unique_symbol", "no_unique_symbols", "'kith_the_only_one' would be shared"},
    {"text_relocation", "no_text_relocations", "build it with -fPIC"},
    {"executable_stack", "no_executable_stack", "-Wl,-z,noexecstack"},
    {"static_tls", "no_static_thread_storage", "-ftls-model=initial-exec"},
    {"constructor", "no_constructors", "a constructor, which runs when it is loaded"},
    {"destructor", "no_constructors", "a destructor, which runs at the exit"},
    {"at_exit", "no_constructors", "something that runs at the exit"},
    {"carries_sqlite", "no_copy_of_sqlite_or_lua", "a copy of SQLite"},
    {"carries_lua", "no_copy_of_sqlite_or_lua", "a copy of Lua"},
    {"wants_lua", "no_use_of_sqlite_or_lua", "it uses 'lua_gettop'"},
    {"not_linked", "all_symbols_found", "it uses 'json_object', which no library that it names"},
    {"nobody_has", "all_symbols_found", "it uses 'kith_nobody_has_this'"},
    {"second_sqlite", "no_second_sqlite",
     "libkith_test_carrier.so', which carries a second SQLite"},
    {"other_major", "declaration", "contract 9"},
    {"dies_in_entry", "declaration", "its code ended with signal 6"},
    {"wild_pointers", "declaration", "its code ended"}, /* with a sanitizer by its exit code */
    {"exits_in_entry", "declaration", "its code ended the process with exit code 0"},
};

/* The check of that name in the answer, as JSON. */
static bool passed(const struct buf *answer, const char *check) {
    kith_error e = KITH_ERROR_INIT;
    json_t *json, *item;
    size_t i;
    int ok = -1;
    EXPECT_OK(json_read(buf_view(answer), &json, &e), e);
    json_array_foreach(json_object_get(json, "checks"), i, item) {
        if (strcmp(json_string_value(json_object_get(item, "name")), check) == 0)
            ok = json_is_true(json_object_get(item, "ok"));
    }
    json_decref(json);
    if (ok < 0)
        TEST_FAIL("there is no check %s in: %s", check, answer->ptr);
    return ok;
}

TEST("each check finds its bad module, and inspect names it") {
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct buf out = {0};
        kith_error e;
        EXPECT(inspect(bad[i].module, true, &out, &e) != KITH_OK);
        EXPECT_HAS(bad[i].reason, e.message);
        EXPECT_HAS(bad[i].module, e.message);
        if (passed(&out, bad[i].check))
            TEST_FAIL("%s passed %s", bad[i].module, bad[i].check);
        buf_free(&out);
    }
}

TEST("the loader refuses on the same checks with the same words") {
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct plugins *p = LOAD(bad[i].module);
        struct plugin_status s;
        plugins_status(p, 0, &s);
        EXPECT_INT(PLUGIN_FAILED, s.state);
        EXPECT_HAS(bad[i].reason, s.reason);
        plugins_free(p);
    }
}

TEST("a good module passes every check") {
    struct buf out = {0};
    kith_error e;
    EXPECT_OK(inspect("every_row", true, &out, &e), e);
    for (int c = 0; c < CHECKS; c++)
        EXPECT(passed(&out, check_name((enum check)c)));
    buf_free(&out);
    EXPECT_OK(inspect("every_row", false, &out, &e), e);
    EXPECT_HAS("check one export: ok", out.ptr);
    EXPECT_HAS("check declaration: ok", out.ptr);
    EXPECT_HAS("hook check  on before create update  type thing  priority 0  except erase,merge",
               out.ptr);
    buf_free(&out);
}

TEST("a module that fails a check still shows what it declares") {
    struct buf out = {0};
    kith_error e;
    EXPECT_INT(KITH_E_INVAL, inspect("executable_stack", false, &out, &e));
    EXPECT_HAS("module executable_stack", out.ptr);
    EXPECT_HAS("check no executable stack: FAILED: it would make", out.ptr);
    buf_free(&out);
}

/* -- what is declared -------------------------------------------------------------------------- */

TEST("inspect prints every row that a plugin declares") {
    static const char *const rows[] = {
        "module every_row",  "permission read:contact",
        "setting mood",      "type thing",
        "name  kind text",   "topic thing.grown",
        "hook check",        "before create update",
        "reaction announce", "where size > 100",
        "reaction heard",    "timer later",
        "action total",      "effect read",
        "action make",       "rollup count(thing via of where size > 0)",
    };
    struct buf out = {0};
    kith_error e;
    EXPECT_OK(inspect("every_row", false, &out, &e), e);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        EXPECT_HAS(rows[i], out.ptr);
    buf_free(&out);
}

TEST("inspect prints what is set beside the common") {
    static const char *const rows[] = {
        "vendor Acme  license MIT",
        "requires every_row  version 2  optional 1",
        "  flags secret,reload",
        "  flags required",
        "type branch  label Bough  history none  undo refuse  indexes parent,-created",
        "parent  kind link  flags readonly,tree  options branch  label Grows from",
        "reaction again  topic branch.created  flags undo",
        "migration 1: rename field branch.up to parent",
    };
    struct buf out = {0};
    kith_error e;
    EXPECT_OK(inspect("every_flag", false, &out, &e), e);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        EXPECT_HAS(rows[i], out.ptr);
    buf_free(&out);
}

TEST("inspect says of which part a row is, and for which module that is there") {
    struct buf out = {0};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(inspect("after_every_row", false, &out, &e), e);
    EXPECT_HAS("\nreport all  part 1  for every_row, calls_another  query ", out.ptr);
    EXPECT_OK(inspect("begins", true, &out, &e), e);
    EXPECT_HAS("\"name\": \"fails\",\n      \"part\": 1,\n", out.ptr);
    buf_free(&out);
}

TEST("inspect prints JSON that can be read") {
    struct buf out = {0};
    json_t *json;
    kith_error e;
    EXPECT_OK(inspect("every_row", true, &out, &e), e);
    EXPECT_OK(json_read(buf_view(&out), &json, &e), e);
    EXPECT_STR("every_row", json_string_value(json_object_get(json, "name")));
    EXPECT_INT(11, json_array_size(json_object_get(json, "actions")));
    EXPECT_INT(3, json_array_size(json_object_get(json, "reactions")));
    EXPECT_INT(CHECKS, json_array_size(json_object_get(json, "checks")));
    json_decref(json);
    buf_free(&out);
}

TEST("inspect says that there is no such file") {
    struct buf out = {0};
    kith_error e;
    EXPECT_INT(KITH_E_NOTFOUND, inspect("no_such_module", false, &out, &e));
    EXPECT_INT(0, out.len);
    buf_free(&out);
}

/* -- code that does its worst ------------------------------------------------------------------ */

static void expect_no_answer(const char *module, const char *reason) {
    struct buf out = {0};
    kith_error e;
    EXPECT_INT(KITH_E_INVAL, inspect(module, true, &out, &e));
    EXPECT_HAS(reason, e.message);
    EXPECT(!passed(&out, "declaration"));
    EXPECT(passed(&out, "one_export"));
    buf_free(&out);
}

TEST("a module that never answers is given up") {
    expect_no_answer("hangs_in_entry", "did not answer within 5 s");
}

TEST("a module that computes for ever is ended") {
    expect_no_answer("spins_in_entry", "its code ");
}

TEST("a module that says too much is cut off") {
    expect_no_answer("says_too_much", "declares more than 8 MiB");
}

TEST("a module that takes all memory takes its own") {
    if (!child_limits_memory())
        TEST_SKIP("a sanitizer needs more memory than the limit");
    expect_no_answer("eats_memory", "its code ended with signal 6");
}

TEST("a module that writes into the answer gives none, and nothing reaches the terminal") {
    char path[4200];
    struct buf out = {0};
    kith_error e;
    snprintf(path, sizeof path, "%s", in_folder("terminal"));
    int terminal = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), kept = dup(1);
    dup2(terminal, 1);
    kith_status st = inspect("prints_in_entry", true, &out, &e);
    dup2(kept, 1);
    EXPECT_INT(KITH_E_INVAL, st);
    EXPECT_INT(0, lseek(terminal, 0, SEEK_END));
    EXPECT(!passed(&out, "declaration"));
    close(terminal);
    close(kept);
    buf_free(&out);
}

/* -- damaged files ----------------------------------------------------------------------------- */

static kith_status look(const unsigned char *bytes, size_t size, kith_error *e) {
    struct binary b = {malloc(size), size, ""}; /* so that a sanitizer sees its end */
    struct findings f = {0};
    memcpy(b.bytes, bytes, size);
    *e = (kith_error)KITH_ERROR_INIT;
    checks_look(&b, &f);
    free(b.bytes);
    return findings_verdict(&f, e);
}

TEST("a file of another machine, class or kind is refused") {
    struct binary b = read_plugin("every_row");
    Elf64_Ehdr good, *h = (Elf64_Ehdr *)(void *)b.bytes;
    kith_error e;
    good = *h;
    h->e_machine = EM_ARM;
    EXPECT_INT(KITH_E_INVAL, look(b.bytes, b.size, &e));
    EXPECT_HAS("for this machine (64 bits, machine number 40)", e.message);
    *h = good;
    h->e_ident[EI_CLASS] = ELFCLASS32;
    EXPECT_INT(KITH_E_INVAL, look(b.bytes, b.size, &e));
    EXPECT_HAS("not 64 bits", e.message);
    *h = good;
    h->e_ident[EI_DATA] = ELFDATA2MSB;
    EXPECT_INT(KITH_E_INVAL, look(b.bytes, b.size, &e));
    *h = good;
    h->e_type = ET_EXEC;
    EXPECT_INT(KITH_E_INVAL, look(b.bytes, b.size, &e));
    EXPECT_HAS("link it with -shared", e.message);
    binary_free(&b);
}

TEST("a file that was cut off anywhere is refused") {
    struct binary b = read_plugin("every_row");
    kith_error e;
    for (size_t size = 1; size < b.size; size += size < 8192 ? 1 : 61)
        if (look(b.bytes, size, &e) == KITH_OK)
            TEST_FAIL("a file of %zu bytes out of %zu was taken", size, b.size);
    binary_free(&b);
}

/* The tables that the checks follow: head, segments, dynamic section, hash, symbols. */
TEST("no byte of the tables can lead the checks out of the file") {
    static const unsigned char values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    struct binary b = read_plugin("every_row");
    struct elf elf;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(elf_open(b.bytes, b.size, &elf, &e), e);
    const struct {
        size_t from, size;
    } tables[] = {
        {0, sizeof(Elf64_Ehdr)},
        {elf.segments, elf.segment_count * sizeof(Elf64_Phdr)},
        {elf.dynamic, elf.dynamic_count * sizeof(Elf64_Dyn)},
        {0x200, elf.symbols + elf.symbol_count * sizeof(Elf64_Sym) - 0x200},
    };
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (size_t i = tables[t].from; i < tables[t].from + tables[t].size; i++)
            for (size_t v = 0; v < sizeof values; v++) {
                struct findings f = {0};
                unsigned char kept = b.bytes[i];
                b.bytes[i] = values[v];
                checks_look(&b, &f);
                b.bytes[i] = kept;
            }
    binary_free(&b);
}

TEST("random damage never leads the checks out of the file") {
    struct binary b = read_plugin("every_row");
    unsigned char *bytes = malloc(b.size);
    uint64_t random = 20260101;
    kith_error e;
    for (int round = 0; round < 2000; round++) {
        memcpy(bytes, b.bytes, b.size);
        for (int i = 0; i < 8; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            bytes[(random >> 33) % (i % 2 ? b.size : 4096)] = (unsigned char)(random >> 24);
        }
        look(bytes, b.size, &e);
    }
    free(bytes);
    binary_free(&b);
}

/* -- the private copy -------------------------------------------------------------------------- */

TEST("a private copy that was damaged is written again") {
    char command[9000];
    struct plugins *p = LOAD("after_every_row", "every_row");
    char copy[4200];
    struct binary now, then = read_plugin("every_row");
    kith_error e = KITH_ERROR_INIT;
    snprintf(copy, sizeof copy, "%s", status_of(p, "every_row").copy);
    plugins_free(p);
    snprintf(command, sizeof command, "cp --remove-destination /bin/true '%s'", copy);
    EXPECT_INT(0, system(command));
    p = LOAD("every_row");
    EXPECT_INT(PLUGIN_LOADED, status_of(p, "every_row").state);
    EXPECT_STR(copy, status_of(p, "every_row").copy);
    EXPECT_OK(binary_read(copy, &now, &e), e);
    EXPECT_INT(then.size, now.size);
    EXPECT_INT(0, memcmp(then.bytes, now.bytes, now.size));
    binary_free(&now);
    binary_free(&then);
    plugins_free(p);
}
