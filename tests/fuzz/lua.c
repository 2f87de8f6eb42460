/* SPDX-License-Identifier: Apache-2.0 */
/* Rules: the bytes are one file of rules. It is loaded with few steps and little memory: it ends in
 * time, and what is wrong with it is told with its name, a line that it has, and a sentence. */
#include "fuzz/lua_company.h"

#define SECONDS 10 /* steps end it long before; for a busy machine under a sanitizer */

static void put_file(kith_str text) {
    char path[64];
    snprintf(path, sizeof path, "%s/rules/a.lua", folder);
    FILE *f = fopen(path, "we");
    HOLDS(f, "cannot write %s", path);
    HOLDS(fwrite(text.ptr, 1, (size_t)text.len, f) == text.len && fclose(f) == 0, "not written");
}

struct told {
    uint32_t lines;
    size_t count;
};

static void tell(void *arg, const struct script_problem *p) {
    struct told *t = arg;
    HOLDS(strcmp(p->file, "rules/a.lua") == 0, "%s", p->file);
    HOLDS(p->line <= t->lines, "line %u of %u", p->line, t->lines);
    HOLDS(*p->message && !strchr(p->message, '\n'), "\"%s\"", p->message);
    t->count++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct input in = {data, data + size};
    struct told told = {.lines = 1};
    kith_error e = KITH_ERROR_INIT;
    size_t rules = 0;
    kith_str text = input_rest(&in);
    company_begin();
    for (uint64_t i = 0; i < text.len; i++) /* Lua counts either, and the two together once */
        told.lines += text.ptr[i] == '\n' || text.ptr[i] == '\r';
    put_file(text);
    int64_t begin = clock_ticks();
    kith_status st = scripts_check(scripts, tell, &told, &rules, &e);
    HOLDS(clock_ticks() - begin < SECONDS * INT64_C(1000000000), "took more than %d s", SECONDS);
    HOLDS(st == KITH_OK || st == KITH_E_INVAL, "status %d: %s", st, e.message);
    HOLDS(st == KITH_OK || told.count > 0, "a mistake, and nothing told");
    return 0;
}
