/* SPDX-License-Identifier: Apache-2.0 */
/* The loader: what is refused and with which sentence, the order of what is taken, the private
 * copy, and structs of other sizes. */
#include "../plugins.h"
#include "plugin/internal.h"

/* Loads one module alone and expects it to be out for this reason. */
static void expect_out(const char *name, const char *reason) {
    struct plugins *p = LOAD(name);
    struct plugin_status s;
    plugins_status(p, 0, &s);
    EXPECT_INT(PLUGIN_FAILED, s.state);
    EXPECT_HAS(reason, s.reason);
    plugins_free(p);
}

TEST("a module whose file is missing is out, and the reason names the folder") {
    expect_out("no_such_module", "there is no no_such_module.so in ");
    expect_out("no_such_module", plugins_dir);
}

TEST("a text file is no plugin") {
    write_file(in_folder("text.so"), "hello\n");
    expect_out(in_folder("text.so"), "no shared object");
}

TEST("a shared object without the entry is no plugin") {
    expect_out("plain", "exports");
}

TEST("a truncated plugin is refused before it is loaded") {
    struct binary b;
    kith_error e = KITH_ERROR_INIT;
    char path[4200];
    snprintf(path, sizeof path, "%s/every_row.so", plugins_dir);
    EXPECT_OK(binary_read(path, &b, &e), e);
    for (size_t size = b.size - 1; size > 0; size = size * 9 / 10) {
        struct binary cut = {malloc(size), size, ""}; /* so that a sanitizer sees its end */
        struct findings f = {0};
        memcpy(cut.bytes, b.bytes, size);
        checks_look(&cut, &f);
        EXPECT(findings_verdict(&f, &e) != KITH_OK);
        free(cut.bytes);
    }
    binary_free(&b);
}

TEST("a plugin for another major is refused with both numbers") {
    expect_out("next_entry", "contract 2; this Kith speaks contract 1");
    expect_out("other_major", "contract 9; this Kith speaks contract 1");
}

TEST("a plugin that needs a later minor is refused") {
    expect_out("future_host", "needs plugin contract 1.99");
}

TEST("a description or a stride of an impossible size is refused") {
    expect_out("tiny_desc", "4 bytes");
    expect_out("tiny_stride", "a row of its topics has 1 bytes");
}

TEST("a setting whose default is none puts its module out, and nobody else") {
    expect_out("bad_setting", "declaration of size");
}

TEST("a migration for a version that the module has not reached is refused") {
    expect_out("bad_migration", "is for version 2, and the module's is 1");
}

TEST("a plugin that exports more than its entry is refused") {
    expect_out("two_exports", "exports 'kith_helper'");
}

TEST("a plugin with a copy of SQLite is refused") {
    expect_out("carries_sqlite", "carries a copy of SQLite");
}

TEST("a plugin that calls Lua by itself is refused") {
    expect_out("wants_lua", "uses 'lua_gettop'");
}

TEST("a plugin that crashes when it is asked is out each time, and takes nobody with it") {
    expect_out("dies_in_entry", "ended with signal 6");
    expect_out("dies_in_entry", "ended with signal 6");
}

TEST("a file that others may write is refused with the remedy") {
    char command[9000];
    snprintf(command, sizeof command, "cp '%s/every_row.so' '%s/every_row.so'", plugins_dir,
             folder);
    EXPECT_INT(0, system(command));
    EXPECT_INT(0, chmod(in_folder("every_row.so"), 0777));
    expect_out(in_folder("every_row.so"), "chmod go-w");
}

TEST("a module listed twice is loaded once") {
    struct plugins *p = LOAD("every_row", "every_row");
    struct plugin_status s;
    plugins_status(p, 0, &s);
    EXPECT_INT(PLUGIN_LOADED, s.state);
    plugins_status(p, 1, &s);
    EXPECT_HAS("listed twice", s.reason);
    plugins_free(p);
}

TEST("a module stands after what it requires, however they are listed") {
    struct plugins *p = LOAD("after_every_row", "every_row");
    struct plugin_status s;
    plugins_status(p, 0, &s);
    EXPECT_STR("every_row", s.name);
    plugins_status(p, 1, &s);
    EXPECT_STR("after_every_row", s.name);
    EXPECT_INT(1, s.need_count); /* the other one is optional */
    EXPECT_STR("every_row", s.needs[0]);
    plugins_free(p);
}

TEST("a part that is for another module is there with it, and not without") {
    struct plugins *p = LOAD("after_every_row", "every_row");
    EXPECT_INT(0, plugins_declared(p, 1)->reports.count);
    plugins_free(p);
    p = LOAD("after_every_row", "every_row", "calls_another");
    EXPECT_INT(PLUGIN_LOADED, status_of(p, "after_every_row").state);
    size_t at = 0;
    while (strcmp(plugins_declared(p, at)->name, "after_every_row"))
        at++;
    EXPECT_INT(2, at); /* behind what the part is for */
    EXPECT_INT(1, plugins_declared(p, at)->reports.count);
    plugins_free(p);
}

TEST("a circle of requirements is named, and the rest is loaded") {
    struct plugins *p = LOAD("circle_a", "circle_b", "every_row");
    EXPECT_HAS("circle_a requires circle_b requires circle_a", status_of(p, "circle_b").reason);
    EXPECT_INT(PLUGIN_FAILED, status_of(p, "circle_a").state);
    EXPECT_INT(PLUGIN_LOADED, status_of(p, "every_row").state);
    plugins_free(p);
}

TEST("a missing requirement is named along the path to it") {
    struct plugins *p = LOAD("needs_needs", "needs_absent");
    EXPECT_HAS("requires 'absent', which is not among the modules",
               status_of(p, "needs_absent").reason);
    EXPECT_HAS("requires 'needs_absent', which is out: it requires 'absent'",
               status_of(p, "needs_needs").reason);
    plugins_free(p);
}

TEST("a requirement that is too old is named with both versions") {
    struct plugins *p = LOAD("needs_newer", "every_row");
    EXPECT_HAS("requires 'every_row' of version 7 or newer; version 1 (1.0)",
               status_of(p, "needs_newer").reason);
    plugins_free(p);
}

TEST("what is loaded is a private copy that names its hash") {
    struct plugins *p = LOAD("every_row");
    struct plugin_status s = status_of(p, "every_row");
    struct stat st;
    EXPECT_HAS("/copies/every_row-", s.copy);
    EXPECT_INT(0, stat(s.copy, &st));
    EXPECT_INT(0, st.st_mode & 077);
    plugins_free(p);
}

static struct plugins *load_beside(const char *path, const struct plugins *mapped) {
    const char *names[] = {path};
    struct plugins_options o = {
        .names = names, .name_count = 1, .copies = in_folder("copies"), .mapped = mapped};
    struct plugins *p;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(plugins_load(&p, &o, &e), e);
    return p;
}

TEST("a set beside another has what is mapped there, though its file is another by now") {
    char original[sizeof plugins_dir + 20], path[sizeof folder + 20];
    snprintf(original, sizeof original, "%s/every_row.so", plugins_dir);
    snprintf(path, sizeof path, "%s/mapped/every_row.so", folder);
    EXPECT_INT(0, mkdir(in_folder("mapped"), 0700));
    EXPECT_INT(0, symlink(original, path));
    struct plugins *first = load_beside(path, NULL);
    unlink(path);
    write_file(path, "no module");
    struct plugins *broken = load_beside(path, NULL), *beside = load_beside(path, first),
                   *again = load_beside(path, broken);
    EXPECT_INT(PLUGIN_FAILED, status_of(broken, "every_row").state);
    EXPECT_INT(PLUGIN_FAILED, status_of(again, "every_row").state);
    EXPECT_STR(status_of(first, "every_row").copy, status_of(beside, "every_row").copy);
    plugins_free(first);
    EXPECT_INT(PLUGIN_LOADED, status_of(beside, "every_row").state);
    EXPECT_INT(1, plugins_declared(beside, 0)->types.count);
    plugins_free(beside);
    plugins_free(again);
    plugins_free(broken);
}

TEST("a copies folder that others may enter is refused") {
    const char *names[] = {"every_row"}, *dirs[] = {plugins_dir};
    struct plugins_options o = {
        .names = names, .name_count = 1, .dirs = dirs, .dir_count = 1, .copies = "/tmp"};
    struct plugins *p;
    struct plugin_status s;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(plugins_load(&p, &o, &e), e);
    plugins_status(p, 0, &s);
    EXPECT_HAS("this user alone", s.reason);
    plugins_free(p);
}

TEST("sources and settings come in load order, with grant in front, and a failed one is disabled") {
    const struct schema_source *sources;
    const struct settings_owner *owners;
    struct plugins *p = LOAD("needs_absent", "after_every_row", "every_row");
    EXPECT_INT(2, plugins_sources(p, &sources));
    EXPECT_STR("every_row", sources[0].module);
    EXPECT_INT(1, sources[0].types.count);
    EXPECT_INT(3, plugins_owners(p, &owners));
    EXPECT_STR("every_row", owners[0].module);
    EXPECT_INT(2, owners[0].settings.count);
    EXPECT_STR("grant", ROWS(owners[0].settings, kith_setting)[0].key);
    EXPECT_STR("mood", ROWS(owners[0].settings, kith_setting)[1].key);
    EXPECT(owners[2].disabled);
    plugins_free(p);
}

/* -- structs of other sizes -------------------------------------------------------------------- */

struct row {
    const char *name;
    uint64_t a, b;
};

TEST("rows of a later header are cut to what this build knows") {
    struct plugins *p = LOAD("longer_rows");
    const struct schema_source *sources;
    EXPECT_STR("", status_of(p, "longer_rows").reason);
    EXPECT_INT(1, plugins_sources(p, &sources));
    const kith_type *types = ROWS(sources[0].types, kith_type);
    EXPECT_INT(2, sources[0].types.count);
    EXPECT_INT(sizeof(kith_type), sources[0].types.stride);
    EXPECT_STR("longest", types[1].name);
    EXPECT_INT(sizeof(kith_field), types[1].fields.stride);
    EXPECT_STR("second", ROWS(types[1].fields, kith_field)[1].name);
    plugins_free(p);
}

TEST("rows of an earlier header get zeros for what they lack") {
    struct plugins *p = LOAD("shorter_rows");
    EXPECT_STR("", status_of(p, "shorter_rows").reason);
    const kith_hook *hooks = ROWS(plugins_find(p, "shorter_rows")->desc.hooks, kith_hook);
    EXPECT_STR("one", hooks[0].name);
    EXPECT(hooks[0].doc == NULL);
    EXPECT_STR("two", hooks[1].name);
    EXPECT(hooks[1].doc == NULL);
    EXPECT_INT(KITH_AFTER, hooks[1].when);
    plugins_free(p);
}

TEST("never more is read of a row than its stride") {
    struct arena a = {0};
    kith_error e = KITH_ERROR_INIT;
    kith_array out;
    const size_t bytes = 2 * 16;
    uint64_t *exact = malloc(bytes); /* so that a sanitizer sees its end */
    exact[0] = exact[2] = 0;
    exact[1] = 11, exact[3] = 22;
    kith_array in = {exact, 16, 2};
    EXPECT_OK(declare_rows(in, 8, sizeof(struct row), "rows", &a, &out, &e), e);
    EXPECT_INT(11, ROWS(out, struct row)[0].a);
    EXPECT_INT(0, ROWS(out, struct row)[0].b);
    EXPECT_INT(22, ROWS(out, struct row)[1].a);
    EXPECT_INT(0, ROWS(out, struct row)[1].b);
    free(exact);
    arena_free(&a);
}

TEST("a stride below the first version, unaligned or absurd is refused") {
    static const uint32_t strides[] = {0, 8, 23, 25, 8192};
    struct arena a = {0};
    struct row rows[2] = {{"x", 1, 2}, {"y", 3, 4}};
    kith_array out;
    for (size_t i = 0; i < sizeof strides / sizeof strides[0]; i++) {
        kith_error e = KITH_ERROR_INIT;
        kith_array in = {rows, strides[i], 1};
        EXPECT_INT(KITH_E_INVAL, declare_rows(in, 16, sizeof(struct row), "rows", &a, &out, &e));
        EXPECT_HAS("a row of its rows has", e.message);
    }
    arena_free(&a);
}

/* -- names and rows ---------------------------------------------------------------------------- */

static kith_status declared(kith_plugin_desc d, kith_error *e) {
    struct arena a = {0};
    kith_plugin_desc out;
    d.struct_size = sizeof d;
    d.abi_major = KITH_ABI_MAJOR;
    d.version = d.version ? d.version : 1;
    d.name = d.name ? d.name : "good";
    kith_status st = declare_copy(&d, NULL, &a, &out, e);
    arena_free(&a);
    return st;
}

TEST("a name that is none, or that Kith keeps, is refused") {
    static const char *const names[] = {"", "Sales", "9lives", "a-b", "core", "company", "a.b"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        kith_error e = KITH_ERROR_INIT;
        EXPECT_INT(KITH_E_INVAL, declared((kith_plugin_desc){.name = names[i]}, &e));
        EXPECT_HAS("is no name for a module", e.message);
    }
}

TEST("two rows of one name are refused") {
    static const kith_topic topics[] = {{.name = "a.b"}, {.name = "a.b"}};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_INT(KITH_E_INVAL, declared((kith_plugin_desc){.topics = KITH_ARRAY(topics)}, &e));
    EXPECT_HAS("'a.b' stands twice among its topics", e.message);
}

TEST("each part of a module may add fields to a type, also to one of its own") {
    static const kith_type types[] = {
        {.name = "a"}, {.name = "a", .extends = 1}, {.name = "a", .extends = 1}};
    static const kith_type twice[] = {{.name = "a"}, {.name = "a"}};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(declared((kith_plugin_desc){.types = KITH_ARRAY(types)}, &e), e);
    EXPECT_INT(KITH_E_INVAL, declared((kith_plugin_desc){.types = KITH_ARRAY(twice)}, &e));
    EXPECT_HAS("'a' stands twice among its types", e.message);
}

TEST("the setting grant is the loader's own") {
    static const kith_setting settings[] = {{.key = "grant", .kind = KITH_TEXT}};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_INT(KITH_E_INVAL, declared((kith_plugin_desc){.settings = KITH_ARRAY(settings)}, &e));
    EXPECT_HAS("keeps for permissions", e.message);
}

static kith_status no_create(const kith_host *host, kith_instance **self, kith_error *err) {
    (void)host, (void)self, (void)err;
    return KITH_OK;
}
static kith_status no_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                           kith_error *err) {
    (void)self, (void)txn, (void)change, (void)err;
    return KITH_OK;
}

static kith_status no_reaction(kith_instance *self, kith_txn *txn, const kith_event *event,
                               kith_error *err) {
    (void)self, (void)txn, (void)event, (void)err;
    return KITH_OK;
}

TEST("a delivery without a function, and a reaction to any topic with a condition, are refused") {
    static const kith_delivery deliveries[] = {{.name = "carry"}};
    static const kith_reaction reactions[] = {
        {.name = "hear", .topic = "*", .fn = no_reaction, .where = "city = 'Bern'"}};
    kith_error e = KITH_ERROR_INIT;
    kith_plugin_desc d = {.create = no_create, .deliveries = KITH_ARRAY(deliveries)};
    EXPECT_INT(KITH_E_INVAL, declared(d, &e));
    EXPECT_HAS("its delivery 'carry' names no function", e.message);
    d = (kith_plugin_desc){.create = no_create, .reactions = KITH_ARRAY(reactions)};
    EXPECT_INT(KITH_E_INVAL, declared(d, &e));
    EXPECT_HAS("its reaction 'hear' to any topic has a condition or fields", e.message);
}

TEST("a module that was built before there were deliveries has none") {
    static const kith_delivery wild[] = {{.name = "Wild"}};
    struct arena a = {0};
    kith_plugin_desc out, d = {.struct_size = offsetof(kith_plugin_desc, deliveries),
                               .abi_major = KITH_ABI_MAJOR,
                               .version = 1,
                               .name = "older",
                               .deliveries = KITH_ARRAY(wild)};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(declare_copy(&d, NULL, &a, &out, &e), e);
    EXPECT_INT(0, out.deliveries.count);
    arena_free(&a);
}

TEST("a row is known by the part that it comes from") {
    static const kith_topic own[] = {{.name = "a.a"}, {.name = "a.b"}}, more[] = {{.name = "a.c"}},
                            last[] = {{.name = "a.d"}, {.name = "a.e"}};
    const kith_part first = {.struct_size = sizeof first, .topics = KITH_ARRAY(more)},
                    none = {.struct_size = sizeof none},
                    third = {.struct_size = sizeof third, .topics = KITH_ARRAY(last)};
    const kith_part *const parts[] = {&first, &none, &third};
    static const uint32_t expected[] = {0, 0, 1, 3, 3};
    struct arena a = {0};
    kith_error e = KITH_ERROR_INIT;
    kith_plugin_desc out, d = {.struct_size = sizeof d,
                               .abi_major = KITH_ABI_MAJOR,
                               .version = 1,
                               .name = "parted",
                               .topics = KITH_ARRAY(own),
                               .parts = KITH_ARRAY(parts)};
    EXPECT_OK(declare_copy(&d, NULL, &a, &out, &e), e);
    EXPECT_INT(5, out.topics.count);
    for (uint32_t i = 0; i < out.topics.count; i++)
        EXPECT_INT(expected[i], declare_part(&out, offsetof(kith_plugin_desc, topics), i));
    EXPECT_INT(0, declare_part(&out, offsetof(kith_plugin_desc, migrations), 0));
    arena_free(&a);
}

TEST("a size that ends within a member is refused, of the description and of a part") {
    struct arena a = {0};
    kith_plugin_desc out, d = {.struct_size = sizeof d - 3,
                               .abi_major = KITH_ABI_MAJOR,
                               .version = 1,
                               .name = "cut",
                               .create = no_create};
    const kith_part part = {.struct_size = sizeof part - 3};
    const kith_part *const parts[] = {&part};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_INT(KITH_E_INVAL, declare_copy(&d, NULL, &a, &out, &e));
    EXPECT_HAS("which no version of the contract has", e.message);
    EXPECT_INT(KITH_E_INVAL, declared((kith_plugin_desc){.parts = KITH_ARRAY(parts)}, &e));
    EXPECT_HAS("which no version of the contract has", e.message);
    arena_free(&a);
}

TEST("constants that this build does not know are refused, not guessed") {
    static const kith_hook odd_on[] = {{.name = "h", .type = "t", .on = 8, .fn = no_hook}};
    static const kith_hook odd_when[] = {
        {.name = "h", .type = "t", .on = KITH_ON_CREATE, .when = 3, .fn = no_hook}};
    kith_error e = KITH_ERROR_INIT;
    kith_plugin_desc d = {.create = no_create, .hooks = KITH_ARRAY(odd_on)};
    EXPECT_INT(KITH_E_INVAL, declared(d, &e));
    d.hooks = (kith_array)KITH_ARRAY(odd_when);
    EXPECT_INT(KITH_E_INVAL, declared(d, &e));
    EXPECT_HAS("a moment that this Kith does not know", e.message);
    static const kith_hook odd_except[] = {
        {.name = "h", .type = "t", .on = KITH_ON_CREATE, .except = 1u << 30, .fn = no_hook}};
    d.hooks = (kith_array)KITH_ARRAY(odd_except);
    EXPECT_INT(KITH_E_INVAL, declared(d, &e));
    EXPECT_HAS("excepts an origin that this Kith does not know", e.message);
    static const kith_hook odd_priority[] = {
        {.name = "h", .type = "t", .on = KITH_ON_CREATE, .priority = INT32_MAX, .fn = no_hook}};
    d.hooks = (kith_array)KITH_ARRAY(odd_priority);
    EXPECT_INT(KITH_E_INVAL, declared(d, &e));
    EXPECT_HAS("not from -1000 to 1000", e.message);
}

static kith_status no_action(kith_instance *self, kith_call *call, kith_error *err) {
    (void)self, (void)call, (void)err;
    return KITH_OK;
}

TEST("a flag that this build does not know is refused") {
    static const kith_field fields[] = {{.name = "size", .kind = KITH_F_TEXT, .flags = 1u << 30}};
    static const kith_type types[] = {{.name = "shoe", .fields = KITH_ARRAY(fields)}};
    static const kith_type odd_history[] = {{.name = "shoe", .history = 1}};
    static const kith_setting settings[] = {{.key = "s", .kind = KITH_INT, .flags = 256}};
    static const kith_require requirements[] = {{"sales", 1, 8}};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_INT(KITH_E_INVAL, declared((kith_plugin_desc){.types = KITH_ARRAY(types)}, &e));
    EXPECT_HAS("its field 'size' has a flag that this Kith does not know", e.message);
    EXPECT_INT(KITH_E_INVAL, declared((kith_plugin_desc){.types = KITH_ARRAY(odd_history)}, &e));
    EXPECT_HAS("its type 'shoe' has a history or undo that this Kith does not know", e.message);
    EXPECT_INT(KITH_E_INVAL, declared((kith_plugin_desc){.settings = KITH_ARRAY(settings)}, &e));
    EXPECT_HAS("its setting 's' has a flag", e.message);
    EXPECT_INT(KITH_E_INVAL,
               declared((kith_plugin_desc){.requirements = KITH_ARRAY(requirements)}, &e));
    EXPECT_HAS("its requirement 'sales' has a flag", e.message);
}

TEST("a row of fields is known by what it stands in") {
    static const kith_field twice[] = {{.name = "size"}, {.name = "size"}};
    static const kith_action actions[] = {
        {.name = "fit", .fn = no_action, .params = KITH_ARRAY(twice)}};
    kith_error e = KITH_ERROR_INIT;
    kith_plugin_desc d = {.create = no_create, .actions = KITH_ARRAY(actions)};
    EXPECT_INT(KITH_E_INVAL, declared(d, &e));
    EXPECT_HAS("'size' stands twice among its parameters of 'fit'", e.message);
}

TEST("a permission that is no right is refused") {
    static const kith_permission slip[] = {{"raed:contact", "Reads."}};
    static const kith_permission good[] = {{"read:contact", "Reads."}, {"serve:users", "Serves."}};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_INT(KITH_E_INVAL, declared((kith_plugin_desc){.permissions = KITH_ARRAY(slip)}, &e));
    EXPECT_HAS("'raed:contact' is no right: did you mean 'read:...'?", e.message);
    EXPECT_OK(declared((kith_plugin_desc){.permissions = KITH_ARRAY(good)}, &e), e);
}

TEST("the result transaction is Kith's own") {
    static const kith_field results[] = {{.name = "transaction", .kind = KITH_F_TEXT}};
    static const kith_action actions[] = {
        {.name = "pay", .fn = no_action, .results = KITH_ARRAY(results)}};
    kith_error e = KITH_ERROR_INIT;
    kith_plugin_desc d = {.create = no_create, .actions = KITH_ARRAY(actions)};
    EXPECT_INT(KITH_E_INVAL, declared(d, &e));
    EXPECT_HAS("'pay' has a result 'transaction'", e.message);
}

TEST("the result rows is for the rows of an action that has columns") {
    static const kith_field results[] = {{.name = "rows", .kind = KITH_F_INTEGER}};
    kith_action actions[] = {{.name = "list", .fn = no_action, .results = KITH_ARRAY(results)}};
    kith_error e = KITH_ERROR_INIT;
    kith_plugin_desc d = {.create = no_create, .actions = KITH_ARRAY(actions)};
    EXPECT(declared(d, &e) != KITH_E_INVAL);
    actions[0].columns = (kith_array)KITH_ARRAY(results);
    EXPECT_INT(KITH_E_INVAL, declared(d, &e));
    EXPECT_HAS("'list' has columns and a result 'rows'", e.message);
}

static kith_status with_setting(kith_setting setting, kith_error *e) {
    const kith_setting settings[] = {setting};
    return declared((kith_plugin_desc){.settings = KITH_ARRAY(settings)}, e);
}

TEST("a condition is a text, over a type or over what a text of its group names") {
    static const kith_setting loose[] = {
        {.key = "of", .kind = KITH_TEXT, .doc = "Of which type."},
        {.key = "when", .kind = KITH_TEXT, .condition = "=of", .doc = "Which of them."}};
    const kith_array alone = {&loose[1], sizeof *loose, 1};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_INT(
        KITH_E_INVAL,
        with_setting((kith_setting){.key = "size", .kind = KITH_INT, .condition = "lead"}, &e));
    EXPECT_HAS("'size' is a condition and no text", e.message);
    EXPECT_INT(
        KITH_E_INVAL,
        with_setting((kith_setting){.key = "when", .kind = KITH_TEXT, .condition = "=of"}, &e));
    EXPECT_HAS("'when' is a condition over what a key of its group names", e.message);
    EXPECT_INT(KITH_E_INVAL,
               with_setting((kith_setting){.key = "rows", .kind = KITH_LIST, .items = alone}, &e));
    EXPECT_INT(
        KITH_E_INVAL,
        with_setting((kith_setting){.key = "rows", .kind = KITH_LIST, .items = KITH_ARRAY(loose)},
                     &e));
    EXPECT_HAS("which is no text that is always there", e.message);
}

TEST("an action whose answer is a file has no other, and only reads") {
    static const kith_field some[] = {{.name = "count", .kind = KITH_F_INTEGER}};
    static const struct {
        kith_action action;
        const char *message;
    } rows[] = {
        {{.file = "pdf"}, "'draw' answers with a file of no media type"},
        {{.file = "text/plain\nX: y"}, "'draw' answers with a file of no media type"},
        {{.file = "text/csv", .results = KITH_ARRAY(some)}, "with no results or columns"},
        {{.file = "text/csv", .columns = KITH_ARRAY(some)}, "with no results or columns"},
        {{.file = "text/csv", .effect = KITH_EFFECT_WRITE}, "'draw' answers with a file, and so"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        kith_action actions[] = {rows[i].action};
        kith_error e = KITH_ERROR_INIT;
        actions[0].name = "draw";
        actions[0].fn = no_action;
        kith_plugin_desc d = {.create = no_create, .actions = KITH_ARRAY(actions)};
        EXPECT_INT(KITH_E_INVAL, declared(d, &e));
        EXPECT_HAS(rows[i].message, e.message);
    }
}

TEST("callbacks without create are refused") {
    static const kith_hook hooks[] = {
        {.name = "h", .type = "t", .on = KITH_ON_CREATE, .fn = no_hook}};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_INT(KITH_E_INVAL, declared((kith_plugin_desc){.hooks = KITH_ARRAY(hooks)}, &e));
    EXPECT_HAS("no create()", e.message);
    EXPECT_OK(declared((kith_plugin_desc){.hooks = KITH_ARRAY(hooks), .instance_size = 8}, &e), e);
}

TEST("wants without an instance, of no sort, without a name or of a huge instance are refused") {
    static const kith_want none[] = {{"contact", KITH_W_TYPE, 0}}, odd[] = {{"contact", 99, 0}},
                           unnamed[] = {{NULL, KITH_W_TYPE, 0}};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_INT(KITH_E_INVAL, declared((kith_plugin_desc){.wants = KITH_ARRAY(none)}, &e));
    EXPECT_HAS("does not say how large", e.message);
    EXPECT_INT(KITH_E_UNSUPPORTED,
               declared((kith_plugin_desc){.wants = KITH_ARRAY(odd), .instance_size = 8}, &e));
    EXPECT_HAS("row 0 of its wants is of the sort 99", e.message);
    EXPECT_INT(KITH_E_INVAL,
               declared((kith_plugin_desc){.wants = KITH_ARRAY(unnamed), .instance_size = 8}, &e));
    EXPECT_HAS("row 0 of its wants has no name", e.message);
    EXPECT_INT(KITH_E_INVAL, declared((kith_plugin_desc){.instance_size = UINT64_MAX}, &e));
    EXPECT_HAS("is the most", e.message);
}
