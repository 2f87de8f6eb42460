/* SPDX-License-Identifier: Apache-2.0 */
/* Zones of our own, in a folder that TZDIR names. */
#ifndef TESTS_UNIT_ZONE_FILE_H
#define TESTS_UNIT_ZONE_FILE_H

#include "base/zone.h"
#include "test.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char zone_folder[64];

static void zone_folder_make(void) {
    strcpy(zone_folder, "/tmp/kith-zone-XXXXXX");
    EXPECT(mkdtemp(zone_folder) != NULL);
    setenv("TZDIR", zone_folder, 1);
}

static void zone_folder_remove(void) {
    char command[128];
    unsetenv("TZDIR");
    snprintf(command, sizeof command, "rm -rf %s", zone_folder);
    EXPECT_INT(0, system(command));
}

static void zone_file_put(const char *name, const void *bytes, size_t len) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", zone_folder, name);
    FILE *f = fopen(path, "wb");
    EXPECT(f && fwrite(bytes, 1, len, f) == len && fclose(f) == 0);
}

/* The zone after its file was written with one kind of time and that rule in its footer. */
static struct zone *zone_with_rule(const char *name, const char *footer) {
    kith_error e = KITH_ERROR_INIT;
    struct zone *z;
    char file[256] = {0};
    for (size_t at = 0; at <= 52; at += 52) { /* both headers count one type and two letters */
        memcpy(file + at, "TZif2", 5);
        file[at + 39] = 1;
        file[at + 43] = 2;
    }
    size_t len = 104 + (size_t)snprintf(file + 104, sizeof file - 104, "\n%s\n", footer);
    zone_file_put(name, file, len);
    EXPECT_OK(zone_open(&z, name, &e), e);
    return z;
}

#endif
