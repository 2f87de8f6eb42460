/* SPDX-License-Identifier: Apache-2.0 */
/* The program: knows where it was installed, and nothing else. */
#include "cli/cli.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The folder that the program's file is in. */
static void own_folder(char *out, size_t cap) {
    ssize_t n = readlink("/proc/self/exe", out, cap - 1);
    out[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(out, '/');
    if (slash)
        *slash = '\0';
}

int main(int argc, char **argv) {
    char self[4000], dirs[5][4096];
    own_folder(self, sizeof self);
    snprintf(dirs[0], sizeof dirs[0], "%s/modules", self);             /* a build folder */
    snprintf(dirs[1], sizeof dirs[1], "%s/../lib/kith/modules", self); /* installed */
    snprintf(dirs[2], sizeof dirs[2], "%s/../share/kith", self);       /* installed */
    snprintf(dirs[3], sizeof dirs[3], "%s/share", self);               /* a build folder */
    const struct program program = {
        .module_dirs = {dirs[0], dirs[1], KITH_MODULE_DIR},
        .share_dirs = {dirs[3], dirs[2], KITH_SHARE_DIR},
    };
    return cli_main(&program, argc, argv);
}
