/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target once over every file of a folder, without libFuzzer. */
#include "fuzz/fuzz.h"
#include <dirent.h>

static void run_file(const char *path) {
    FILE *f = fopen(path, "rb");
    static uint8_t bytes[1 << 20];
    HOLDS(f, "cannot open %s", path);
    size_t size = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    uint8_t *exact = malloc(size ? size : 1); /* so that a sanitizer sees what reads beyond it */
    HOLDS(exact, "no memory");
    memcpy(exact, bytes, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

int main(int argc, char **argv) {
    struct dirent **found;
    int passed = 0, count = argc == 2 ? scandir(argv[1], &found, NULL, alphasort) : -1;
    if (count < 0) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    for (int i = 0; i < count; i++) {
        char path[4096];
        if (found[i]->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", argv[1], found[i]->d_name);
            printf("%s\n", path); /* the last one is the one that broke it */
            fflush(stdout);
            run_file(path);
            passed++;
        }
        free(found[i]);
    }
    free(found);
    printf("%d passed, 0 failed\n", passed);
    return 0;
}
