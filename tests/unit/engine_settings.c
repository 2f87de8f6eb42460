/* SPDX-License-Identifier: Apache-2.0 */
/* Settings: the traps of libconfig 1.5, the check against declarations, origins, and what is shown.
 */
#include "engine/settings.h"

#include "base/err.h"
#include "test.h"
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- what is declared in these tests ----------------------------------------------------------- */

static const kith_setting core_decls[] = {
    {.key = "modules", .kind = KITH_LIST, .doc = "Modules to load."},
    {.key = "company.name", .kind = KITH_TEXT, .doc = "What the company is called."},
    {.key = "engine.queue",
     .kind = KITH_INT,
     .default_text = "10000",
     .min = 1,
     .max = 1000000,
     .doc = "Requests that may wait."},
    {.key = "engine.budget", .kind = KITH_DURATION, .default_text = "2s", .min = 1, .max = 60000},
    {.key = "log.level",
     .kind = KITH_TEXT,
     .default_text = "info",
     .choices = "error, warn, info",
     .flags = KITH_SF_RELOAD},
};
static const kith_setting stage_decls[] = {
    {.key = "name", .kind = KITH_TEXT, .flags = KITH_SF_REQUIRED},
    {.key = "odds", .kind = KITH_REAL, .default_text = "0.5", .max = 1},
    {.key = "limit.days", .kind = KITH_INT},
};
static const kith_setting sales_decls[] = {
    {.key = "score.enabled", .kind = KITH_BOOL, .default_text = "true"},
    {.key = "score.points",
     .kind = KITH_INT,
     .default_text = "10",
     .max = 100,
     .doc = "Points that a lead gets for an answered mail."},
    {.key = "factor", .kind = KITH_REAL, .default_text = "1"},
    {.key = "quota", .kind = KITH_INT},
    {.key = "sources", .kind = KITH_LIST, .default_text = "[\"web\", \"fair\"]"},
    {.key = "stages", .kind = KITH_LIST, .items = KITH_ARRAY(stage_decls)},
};
static const kith_setting mail_decls[] = {
    {.key = "password",
     .kind = KITH_TEXT,
     .flags = KITH_SF_SECRET | KITH_SF_REQUIRED,
     .choices = "open sesame,shibboleth"},
    {.key = "port", .kind = KITH_INT, .flags = KITH_SF_SECRET, .default_text = "25", .max = 65535},
};

#define CORE                                                                                       \
    { .module = "", .settings = KITH_ARRAY(core_decls) }
#define SALES                                                                                      \
    { .module = "sales", .settings = KITH_ARRAY(sales_decls) }
#define MAIL                                                                                       \
    { .module = "mail", .settings = KITH_ARRAY(mail_decls) }
static const struct settings_owner owners[] = {CORE, SALES};
static const struct settings_owner with_mail[] = {CORE, MAIL};

/* -- a company folder for each test ------------------------------------------------------------ */

static char folder[64];
static struct settings *settings;
static struct settings_problems problems;
static struct buf shown;
static kith_error err = KITH_ERROR_INIT;

static void write_file(const char *name, const char *text, size_t len) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(text, 1, len, f) != len || fclose(f) != 0)
        TEST_FAIL("cannot write %s", path);
}

static void put(const char *name, const char *text) {
    write_file(name, text, strlen(text));
}

static void tidy(void) {
    char command[128];
    if (folder[0]) {
        snprintf(command, sizeof command, "rm -rf %s", folder);
        EXPECT_INT(0, system(command));
    }
    settings_free(settings);
    settings = NULL;
    settings_problems_free(&problems);
    buf_free(&shown);
    folder[0] = '\0';
}

/* A fresh folder with a kith.conf. */
static void company(const char *text) {
    char path[128];
    tidy();
    strcpy(folder, "/tmp/kith-settings-XXXXXX");
    EXPECT(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/conf.d", folder);
    EXPECT_INT(0, mkdir(path, 0700));
    put("kith.conf", text);
}

static kith_status load_as(const struct settings_owner *o, size_t count, uint32_t flags) {
    settings_free(settings);
    settings_problems_free(&problems);
    return settings_load(&settings, folder, o, count, flags, &problems, &err);
}

static void load(void) {
    EXPECT_OK(load_as(owners, 2, 0), err);
}

/* All problems of the folder, one line each. */
static const char *problems_as(const struct settings_owner *o, size_t count) {
    EXPECT_INT(KITH_E_INVAL, load_as(o, count, 0));
    EXPECT(settings == NULL);
    buf_reset(&shown);
    settings_problems_print(&problems, &shown);
    return shown.ptr;
}

static const char *problems_of(const char *text) {
    company(text);
    return problems_as(owners, 2);
}

static int64_t number(const char *module, const char *key) {
    return settings_int(settings, module, key);
}

static const char *text(const char *module, const char *key) {
    return settings_text(settings, module, key).ptr;
}

/* -- values ------------------------------------------------------------------------------------ */

TEST("defaults hold where no file sets a value") {
    company("");
    load();
    EXPECT_INT(10000, number("", "engine.queue"));
    EXPECT_INT(2000, number("", "engine.budget"));
    EXPECT_STR("info", text("", "log.level"));
    EXPECT(settings_bool(settings, "sales", "score.enabled"));
    EXPECT(settings_real(settings, "sales", "factor") == 1.0);
    EXPECT_INT(2, settings_count(settings, "sales", "sources"));
    EXPECT_STR("fair", settings_item(settings, "sales", "sources", 1, NULL).as.s.ptr);
    EXPECT(settings_find(settings, "", "engine.queue")->file == NULL);
    EXPECT_INT(KITH_NULL, settings_find(settings, "sales", "quota")->value.kind);
    tidy();
}

TEST("values of every kind are read with file and line") {
    company("company: { name = \"Müller \\\"& Co\\\"\"; }; # the name\n"
            "engine: { queue = 0x10; budget = \"1s500ms\"; };\n"
            "sales:\n"
            "{\n"
            "    score: { enabled = FALSE; points = 25 };\n"
            "    factor = -1.5e0;\n"
            "    sources = [ \"web\" ];\n"
            "};\n");
    load();
    EXPECT_STR("Müller \"& Co\"", text("", "company.name"));
    EXPECT_INT(16, number("", "engine.queue"));
    EXPECT_INT(1500, number("", "engine.budget"));
    EXPECT_INT(25, number("sales", "score.points"));
    EXPECT(!settings_bool(settings, "sales", "score.enabled"));
    EXPECT(settings_real(settings, "sales", "factor") == -1.5);
    EXPECT_INT(1, settings_count(settings, "sales", "sources"));
    const struct setting *s = settings_find(settings, "sales", "score.points");
    EXPECT_STR("kith.conf", s->file);
    EXPECT_INT(5, s->line);
    EXPECT_STR("sales.score.points", s->path);
    EXPECT_STR("sales", s->module);
    tidy();
}

TEST("a list of groups is read with the defaults of its keys") {
    company("sales: { stages = (\n"
            "  { name = \"new\"; },\n"
            "  { name = \"won\"; odds = 1; limit: { days = 3; }; }\n"
            "); };");
    load();
    EXPECT_INT(2, settings_count(settings, "sales", "stages"));
    EXPECT_STR("new", settings_item(settings, "sales", "stages", 0, "name").as.s.ptr);
    EXPECT(settings_item(settings, "sales", "stages", 0, "odds").as.r == 0.5);
    EXPECT_INT(KITH_NULL, settings_item(settings, "sales", "stages", 0, "limit.days").kind);
    EXPECT(settings_item(settings, "sales", "stages", 1, "odds").as.r == 1.0);
    EXPECT_INT(3, settings_item(settings, "sales", "stages", 1, "limit.days").as.i);
    EXPECT_INT(KITH_NULL, settings_item(settings, "sales", "stages", 2, "name").kind);
    EXPECT_INT(KITH_NULL, settings_item(settings, "sales", "stages", 0, "colour").kind);
    tidy();
}

TEST("text is NFC") {
    company("company: { name = \"Jose\xCC\x81\"; };");
    load();
    EXPECT_STR("José", text("", "company.name"));
    tidy();
}

TEST("what nobody declared is not found") {
    company("");
    load();
    EXPECT(settings_find(settings, "sales", "nothing") == NULL);
    EXPECT(settings_find(settings, "", "sales.score") == NULL);
    EXPECT_INT(0, number("nobody", "queue"));
    EXPECT_STR("", text("nobody", "queue"));
    EXPECT_INT(11, settings_total(settings));
    EXPECT_STR("modules", settings_at(settings, 0)->path);
    tidy();
}

/* -- traps of libconfig 1.5 -------------------------------------------------------------------- */

TEST("5000000000 without an L is read as it stands") {
    company("sales: { quota = 5000000000; };");
    load();
    EXPECT_INT(5000000000, number("sales", "quota"));
    company("sales: { quota = -5000000000; factor = 5000000000; };");
    load();
    EXPECT_INT(-5000000000, number("sales", "quota"));
    EXPECT(settings_real(settings, "sales", "factor") == 5e9);
    tidy();
}

TEST("5000000000 with an L, and beyond 32 bits in hex, are read as they stand") {
    company("sales: { quota = 5000000000L; };");
    load();
    EXPECT_INT(5000000000, number("sales", "quota"));
    company("sales: { quota = 0x1FFFFFFFFF; };");
    load();
    EXPECT_INT(0x1FFFFFFFFF, number("sales", "quota"));
    tidy();
}

TEST("a number beyond 64 bits, or beyond what an integer holds, is a problem") {
    EXPECT_STR("kith.conf:2: the number does not fit into 64 bits\n",
               problems_of("\nsales: { quota = 99999999999999999999; };"));
    EXPECT_STR("kith.conf:1: the number does not fit into 64 bits\n",
               problems_of("sales: { quota = 0xFFFFFFFFFFFFFFFF; };"));
    EXPECT_HAS("sales.quota is 9007199254740992; it must be a whole number",
               problems_of("sales: { quota = 9007199254740992; };"));
    tidy();
}

TEST("a value out of range is a problem, also where 32 bits would make it fit") {
    EXPECT_STR("kith.conf:1: engine.queue is 0; it must be a whole number from 1 to 1000000\n",
               problems_of("engine: { queue = 0; };"));
    EXPECT_HAS("engine.queue is 4294967297", problems_of("engine: { queue = 4294967297; };"));
    EXPECT_HAS("engine.budget is \"2h\"; it must be a duration from 1ms to 1m",
               problems_of("engine: { budget = \"2h\"; };"));
    tidy();
}

TEST("an unknown key is a problem that names the nearest") {
    EXPECT_STR("kith.conf:1: engine.qeue is not a setting; did you mean \"queue\"?\n",
               problems_of("engine: { qeue = 1; };"));
    EXPECT_STR("kith.conf:1: sale is neither a setting nor an enabled module; did you mean "
               "\"sales\"?\n",
               problems_of("sale: { quota = 1; };"));
    EXPECT_STR("kith.conf:1: sales.xyzzy is not a setting\n",
               problems_of("sales: { xyzzy: { a = 1; }; };"));
    tidy();
}

TEST("a whole number is taken where a real one is wanted, not the other way round") {
    company("sales: { factor = 3; };");
    load();
    EXPECT(settings_real(settings, "sales", "factor") == 3.0);
    EXPECT_HAS("sales.quota is 2.5; it must be a whole number",
               problems_of("sales: { quota = 2.5; };"));
    company("sales: { factor = 1e5; };");
    load();
    EXPECT(settings_real(settings, "sales", "factor") == 1e5);
    tidy();
}

TEST("a value of the wrong kind is a problem that says what stands there and what should") {
    EXPECT_STR("kith.conf:1: sales.score.enabled is \"yes\"; it must be true or false\n",
               problems_of("sales: { score: { enabled = \"yes\"; }; };"));
    EXPECT_STR("kith.conf:1: engine.budget is 10; it must be a duration from 1ms to 1m, such as "
               "\"90s\", \"10m\", \"2h\" or \"3d\"\n",
               problems_of("engine: { budget = 10; };"));
    EXPECT_STR(
        "kith.conf:1: log.level is \"loud\"; it must be one of \"error\", \"warn\", \"info\"\n",
        problems_of("log: { level = \"loud\"; };"));
    EXPECT_STR(
        "kith.conf:1: log.level is a group; it must be one of \"error\", \"warn\", \"info\"\n",
        problems_of("log: { level: { a = 1; }; };"));
    EXPECT_STR("kith.conf:1: sales.score must be a group in braces: score: { ... };\n",
               problems_of("sales: { score = 3; };"));
    EXPECT_HAS("sales.sources is \"web\"; it must be a list",
               problems_of("sales: { sources = \"web\"; };"));
    EXPECT_HAS("sales.sources[2] is 3; it must be a text",
               problems_of("sales: { sources = ( \"web\", 3 ); };"));
    tidy();
}

TEST("a key that stands twice in one file is a problem, and hides no other") {
    EXPECT_STR("kith.conf:3: queue is set twice in this group; the first is on line 1\n"
               "kith.conf:4: engine.budget is 1; it must be a duration from 1ms to 1m, such as "
               "\"90s\", \"10m\", \"2h\" or \"3d\"\n"
               "kith.conf:5: engine is set twice in this group; the first is on line 1\n",
               problems_of("engine: { queue = 1;\n\nqueue = 2;\nbudget = 1; };\nengine: {};\n"));
    tidy();
}

TEST("the same key in two groups is no duplicate") {
    company("sales: { stages = ( { name = \"a\"; }, { name = \"b\"; } ); };");
    load();
    EXPECT_INT(2, settings_count(settings, "sales", "stages"));
    tidy();
}

TEST("a missing required setting is a problem") {
    company("");
    EXPECT_STR("kith.conf: mail.password must be set\n", problems_as(with_mail, 2));
    EXPECT_STR("kith.conf:2: sales.stages[2].name is missing\n",
               problems_of("sales: { stages = ( { name = \"a\"; },\n { odds = 0.1; } ); };"));
    tidy();
}

TEST("a list of groups names the group and key at fault") {
    EXPECT_STR("kith.conf:1: sales.stages[1].odds is 2; it must be a number from 0 to 1\n"
               "kith.conf:2: sales.stages[2].nme is not a setting; did you mean \"name\"?\n"
               "kith.conf:2: sales.stages[2].name is missing\n"
               "kith.conf:3: sales.stages[3] must be a group in braces: { ... }\n",
               problems_of("sales: { stages = ( { name = \"a\"; odds = 2; },\n"
                           " { nme = \"b\"; },\n"
                           " \"c\" ); };"));
    tidy();
}

/* -- texts that are no configuration ----------------------------------------------------------- */

TEST("all problems of all files come at once, in order") {
    company("engine: { queue = 0;\n qeue = 1; };\n");
    put("conf.d/10-a.conf", "log: { level = \"x\"; };\nnonsense = 1;\n");
    put("conf.d/20-b.conf", "log: {{ level = 1; };\n");
    put("conf.d/30-c.conf", "sales: { quota = \"many\"; };\n");
    const char *got = problems_as(owners, 2);
    const char *const want[] = {
        "kith.conf:1: engine.queue",       "kith.conf:2: engine.qeue",
        "conf.d/10-a.conf:1: log.level",   "conf.d/10-a.conf:2: nonsense",
        "conf.d/20-b.conf:1: this cannot", "conf.d/30-c.conf:1: sales.quota",
    };
    EXPECT_INT(6, problems.count);
    for (size_t i = 0; i < 6; i++) {
        const char *at = strstr(got, want[i]);
        EXPECT_HAS(want[i], got);
        got = at;
    }
    EXPECT_HAS("kith.conf:1: engine.queue", err.message);
    EXPECT_HAS("(and 5 more)", err.message);
    tidy();
}

TEST("a text without quotes is a problem that hides no other") {
    const char *got =
        problems_of("engine: { budget = 10m;\n queue = 0; };\nlog: { level = warn; };\n");
    EXPECT_HAS("kith.conf:1: a text must stand in double quotes", got);
    EXPECT_HAS("kith.conf:2: engine.queue is 0", got);
    EXPECT_HAS("kith.conf:3: a text must stand in double quotes", got);
    EXPECT_INT(3, problems.count);
    tidy();
}

TEST("@include is refused and read from nowhere") {
    EXPECT_STR("kith.conf:1: @include is not supported: put the file into conf.d\n",
               problems_of("@include \"/etc/passwd\"\nengine: { queue = 5; };\n"));
    tidy();
}

TEST("what is never closed is reported where it begins") {
    EXPECT_STR("kith.conf:2: a text that begins here is never closed with a double quote\n",
               problems_of("\ncompany: { name = \"x; };\n\n\n"));
    EXPECT_STR("kith.conf:2: a comment that begins here is never closed\n",
               problems_of("\n/* company\n\n"));
    EXPECT_HAS("kith.conf:2: this cannot be read", problems_of("company: {\n"));
    tidy();
}

TEST("files that are not text are refused with the line") {
    EXPECT_STR("kith.conf:2: the text is not UTF-8: save the file as UTF-8\n",
               problems_of("\ncompany: { name = \"M\xFCller\"; };\n"));
    company("");
    write_file("kith.conf", "a\0b", 3);
    EXPECT_HAS("kith.conf:1: a NUL byte", problems_as(owners, 2));
    tidy();
}

TEST("brackets nested without end are refused") {
    char deep[200000];
    memset(deep, '(', sizeof deep - 1);
    memcpy(deep, "a = ", 4);
    deep[sizeof deep - 1] = '\0';
    EXPECT_HAS("nested too deep", problems_of(deep));
    tidy();
}

TEST("a file of noise is reported up to a limit") {
    struct buf b = {0};
    for (int i = 0; i < 2000; i++)
        buf_printf(&b, "x%d = y;\n", i);
    company(b.ptr);
    buf_free(&b);
    EXPECT_HAS("(there are more; this list ends here)", problems_as(owners, 2));
    EXPECT_INT(500, problems.count);
    tidy();
}

TEST("comments of all kinds, CRLF, a byte order mark and no semicolons are read") {
    company("\xEF\xBB\xBF# one\r\nengine: // two \"\r\n{ /* three\r\n = \" */ queue = 7 }\r\n");
    load();
    EXPECT_INT(7, number("", "engine.queue"));
    EXPECT_INT(4, settings_find(settings, "", "engine.queue")->line);
    tidy();
}

TEST("a line beyond 65535 is named rightly") {
    struct buf b = {0};
    for (int i = 0; i < 70000; i++)
        buf_putc(&b, '\n');
    buf_puts(&b, "engine: { queue = 0; };");
    EXPECT_HAS("kith.conf:70001: engine.queue", problems_of(b.ptr));
    buf_free(&b);
    tidy();
}

/* -- files ------------------------------------------------------------------------------------- */

TEST("a later file overrides an earlier one key by key") {
    company("sales: { score: { points = 1; enabled = false; }; sources = [ \"a\", \"b\" ]; };");
    put("conf.d/20-b.conf", "sales: { score: { points = 3; }; };");
    put("conf.d/10-a.conf", "sales: { score: { points = 2; }; sources = [ \"c\" ]; };");
    load();
    EXPECT_INT(3, number("sales", "score.points"));
    EXPECT_STR("conf.d/20-b.conf", settings_find(settings, "sales", "score.points")->file);
    EXPECT(!settings_bool(settings, "sales", "score.enabled"));
    EXPECT_INT(1, settings_count(settings, "sales", "sources"));
    tidy();
}

TEST("hidden files, other files and folders in conf.d are passed over") {
    char path[128];
    company("");
    put("conf.d/.hidden.conf", "engine: { queue = 5; };");
    put("conf.d/10-a.conf~", "engine: { queue = 6; };");
    snprintf(path, sizeof path, "%s/conf.d/types", folder);
    EXPECT_INT(0, mkdir(path, 0700));
    load();
    EXPECT_INT(10000, number("", "engine.queue"));
    tidy();
}

TEST("a folder without kith.conf is not a company") {
    EXPECT_INT(KITH_E_NOTFOUND,
               settings_load(&settings, "/nonexistent", owners, 2, 0, &problems, &err));
    EXPECT_HAS("no kith.conf in '/nonexistent'", err.message);
    EXPECT(settings == NULL);
    tidy();
}

TEST("a folder named like a file is a problem, not a hang") {
    char path[128];
    company("");
    snprintf(path, sizeof path, "%s/conf.d/a.conf", folder);
    EXPECT_INT(0, mkfifo(path, 0600));
    EXPECT_STR("conf.d/a.conf: this is not a file\n", problems_as(owners, 2));
    tidy();
}

TEST("the group of a module that is not enabled is accepted and not checked") {
    const struct settings_owner off[] = {CORE, {.module = "sales", .disabled = true}};
    company("sales: { anything = 1; score = \"x\"; };");
    EXPECT_OK(load_as(off, 2, 0), err);
    EXPECT(settings_find(settings, "sales", "anything") == NULL);
    tidy();
}

TEST("a lenient first look passes over what is not declared yet and what is wrong") {
    const struct settings_owner core[] = {CORE};
    company(
        "modules = [ \"sales\" ];\nsales: { score: { points = 1; }; };\nengine: { queue = 0; };");
    EXPECT_OK(load_as(core, 1, SETTINGS_LENIENT), err);
    EXPECT_STR("sales", settings_item(settings, "", "modules", 0, NULL).as.s.ptr);
    EXPECT_INT(10000, number("", "engine.queue"));
    EXPECT_INT(1, problems.count);
    tidy();
}

/* -- declarations ------------------------------------------------------------------------------ */

TEST("a declaration from a shorter struct is read without what it lacks") {
    struct {
        const char *key;
        uint32_t kind, flags;
        const char *default_text;
    } old[] = {{"speed", KITH_INT, 0, "5"}, {"name", KITH_TEXT, 0, "x"}};
    const struct settings_owner o[] = {{.module = "old", .settings = KITH_ARRAY(old)}};
    company("");
    EXPECT_OK(load_as(o, 1, 0), err);
    EXPECT_INT(5, number("old", "speed"));
    EXPECT_STR("x", text("old", "name"));
    tidy();
}

TEST("wrong declarations are problems that name the module") {
    static const kith_setting bad[] = {
        {.key = "a", .kind = KITH_INT, .default_text = "7", .max = 5},
        {.key = "a.b", .kind = KITH_INT},
        {.key = "c", .kind = KITH_PLACE},
        {.key = "d", .kind = KITH_INT, .min = 2, .max = 1},
        {.key = "e", .kind = KITH_DURATION, .default_text = "soon"},
    };
    const struct settings_owner o[] = {{.module = "bad", .settings = KITH_ARRAY(bad)},
                                       {.module = "bad", .settings = KITH_NO_ARRAY}};
    company("");
    EXPECT_STR(
        "bad, declaration of a: a is 7; it must be a whole number from 0 to 5\n"
        "bad, declaration of a.b: the name is taken by another setting or group\n"
        "bad, declaration of c: the kind 11 is not known\n"
        "bad, declaration of d: the largest value allowed is below the smallest\n"
        "bad, declaration of e: e is \"soon\"; it must be a duration, such as \"90s\", \"10m\", "
        "\"2h\" or \"3d\"\n"
        "bad is the name of two modules, or of a module and of a group of the core\n",
        problems_as(o, 2));
    tidy();
}

/* -- what is shown ----------------------------------------------------------------------------- */

static const char *explain(const char *path) {
    buf_reset(&shown);
    EXPECT_OK(settings_explain(settings, path, &shown, &err), err);
    return shown.ptr;
}

TEST("a setting is explained with what it takes, what it is and where it is set") {
    company("\nsales: { score: { points = 25; }; };");
    load();
    EXPECT_STR("sales.score.points\n"
               "  Points that a lead gets for an answered mail.\n"
               "  kind       a whole number from 0 to 100\n"
               "  default    10\n"
               "  now        25, set in kith.conf:2\n"
               "  written    sales: { score: { points = 25; }; };\n"
               "  a change   takes effect after a restart\n",
               explain("sales.score.points"));
    EXPECT_HAS("a change   takes effect when 'kith serve' gets SIGHUP", explain("log.level"));
    EXPECT_HAS(
        "written    sales: { stages = ( { name = \"...\"; odds = 0; limit: { days = 0; }; } ); };",
        explain("sales.stages"));
    tidy();
}

TEST("a group is explained setting by setting") {
    company("");
    load();
    EXPECT_HAS("sales.score.points", explain("sales.score"));
    EXPECT_HAS("each has   name: a text in double quotes; required\n"
               "             odds: a number from 0 to 1; default 0.5\n",
               explain("sales"));
    EXPECT(strstr(explain("sales.score"), "sales.quota") == NULL);
    tidy();
}

TEST("explaining what is no setting names the nearest") {
    company("");
    load();
    buf_reset(&shown);
    EXPECT_INT(KITH_E_NOTFOUND, settings_explain(settings, "sales.score.pionts", &shown, &err));
    EXPECT_HAS("did you mean sales.score.points", err.message);
    EXPECT_INT(KITH_E_NOTFOUND, settings_explain(settings, "saels", &shown, &err));
    EXPECT_HAS("did you mean sales", err.message);
    EXPECT_INT(KITH_E_NOTFOUND, settings_explain(settings, "sales.scor", &shown, &err));
    EXPECT_HAS("did you mean sales.score", err.message);
    EXPECT_INT(KITH_E_NOTFOUND, settings_explain(settings, "sales.wholly.other", &shown, &err));
    EXPECT_STR("there is no setting sales.wholly.other", err.message);
    tidy();
}

TEST("lists are shown as they would stand in a file") {
    company(
        "sales: { stages = ( { name = \"a \\\"b\\\"\"; odds = 0.1; limit: { days = 3; }; } ); };");
    load();
    const struct setting *s = settings_find(settings, "sales", "stages");
    buf_reset(&shown);
    setting_value_text(&s->decl, &s->value, &shown);
    EXPECT_STR("( { name = \"a \\\"b\\\"\"; odds = 0.1; limit : { days = 3; }; } )", shown.ptr);
    s = settings_find(settings, "sales", "sources");
    buf_reset(&shown);
    setting_value_text(&s->decl, &s->value, &shown);
    EXPECT_STR("[ \"web\", \"fair\" ]", shown.ptr);
    tidy();
}

TEST("a secret is never shown") {
    company("mail: { password = \"open sesame\"; port = 4711; };");
    EXPECT_OK(load_as(with_mail, 2, 0), err);
    EXPECT_STR("open sesame", text("mail", "password"));
    EXPECT(strstr(explain("mail"), "sesame\"\n") == NULL);
    EXPECT_HAS("now        (set), set in kith.conf:1", explain("mail.password"));
    EXPECT(strstr(explain("mail"), "4711") == NULL);
    EXPECT(strstr(explain("mail.port"), "25") == NULL);
    company("mail: { password = \"hunter2\"; port = 99999; };");
    const char *got = problems_as(with_mail, 2);
    EXPECT_INT(2, problems.count);
    EXPECT(!strstr(got, "hunter2") && !strstr(got, "99999"));
    company("mail: { password = hunter2; };\nmail.password = hunter2;\n");
    got = problems_as(with_mail, 2);
    EXPECT(!strstr(got, "hunter2"));
    tidy();
}

TEST("the reference page lists every setting of a module") {
    company("");
    load();
    buf_reset(&shown);
    settings_reference(settings, "sales", &shown);
    EXPECT_HAS("## sales\n\n| setting | takes | default | meaning |\n", shown.ptr);
    EXPECT_HAS(
        "| `sales.score.points` | a whole number from 0 to 100 | `10` | Points that a lead gets "
        "for an answered mail. |\n",
        shown.ptr);
    EXPECT_HAS("| `sales.stages[].name` | a text in double quotes | must be set |", shown.ptr);
    EXPECT(strstr(shown.ptr, "engine.queue") == NULL);
    settings_reference(settings, NULL, &shown);
    EXPECT_HAS("engine.queue", shown.ptr);
    tidy();
}
