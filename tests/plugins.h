/* SPDX-License-Identifier: Apache-2.0 */
/* For tests that load plugins: where the shared objects of tests/hostile are, a folder of one's
 * own, and a quiet log. */
#ifndef TESTS_PLUGINS_H
#define TESTS_PLUGINS_H

#include "base/err.h"
#include "base/log.h"
#include "plugin/plugin.h"
#include "test.h"
#include <fcntl.h>
#include <libgen.h>
#include <sys/stat.h>
#include <unistd.h>

static char plugins_dir[4096]; /* tests/plugins of the build folder */
static char modules_dir[4096]; /* modules of the build folder */
static char folder[4096];      /* of this run; removed by the runner */

__attribute__((constructor)) static void plugins_setup(void) {
    char self[2048] = "";
    const char *tmp = getenv("TMPDIR");
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        abort();
    const char *here = dirname(self);
    snprintf(plugins_dir, sizeof plugins_dir, "%s/plugins", here);
    snprintf(modules_dir, sizeof modules_dir, "%s/../modules", here);
    snprintf(folder, sizeof folder, "%s/kith-plugins-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(folder))
        abort();
    log_setup(LOG_ERROR, open("/dev/null", O_WRONLY | O_CLOEXEC));
}

static inline const char *in_folder(const char *name) {
    static char paths[4][4200];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static inline void write_file(const char *path, const char *text) {
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        TEST_FAIL("cannot write %s", path);
}

/* Loads modules by name; the list ends with NULL. */
static inline struct plugins *load(const char *const *names) {
    const char *dirs[] = {plugins_dir, modules_dir};
    struct plugins_options o = {.names = names, .dirs = dirs, .dir_count = 2};
    char copies[4200];
    struct plugins *p = NULL;
    kith_error e = KITH_ERROR_INIT;
    snprintf(copies, sizeof copies, "%s/copies", folder);
    o.copies = copies;
    while (names[o.name_count])
        o.name_count++;
    EXPECT_OK(plugins_load(&p, &o, &e), e);
    return p;
}
#define LOAD(...) load((const char *const[]){__VA_ARGS__, NULL})

static inline struct plugin_status status_of(const struct plugins *p, const char *name) {
    struct plugin_status s;
    for (size_t i = 0; i < plugins_count(p); i++) {
        plugins_status(p, i, &s);
        if (strcmp(s.name, name) == 0)
            return s;
    }
    TEST_FAIL("there is no module %s", name);
}

#endif
