/* SPDX-License-Identifier: Apache-2.0 */
/* Zones: the bytes are a TZif file. Whatever it says, every instant has a wall clock, and the wall
 * clock of an instant leads back to one with the same wall clock. */
#include "base/zone.h"
#include "fuzz/fuzz.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/kith-zone-XXXXXX", path[64];

static void tidy(void) {
    unlink(path);
    rmdir(folder);
}

static void put_file(const uint8_t *data, size_t size) {
    if (!*path) {
        HOLDS(mkdtemp(folder), "cannot make %s", folder);
        snprintf(path, sizeof path, "%s/Fuzz", folder);
        setenv("TZDIR", folder, 1);
        atexit(tidy);
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    HOLDS(fd >= 0 && write(fd, data, size) == (ssize_t)size, "cannot write %s", path);
    close(fd);
}

/* Only for zones as they are: less than a day from UTC, changes further apart than that. */
static bool is_usual(const struct zone *z, int64_t ms) {
    int changes = 0;
    for (int64_t at = ms - 3 * DAY_MS; at <= ms + 3 * DAY_MS; at += 900000) {
        int32_t here = zone_offset(z, at);
        if (here < -86400 || here > 86400)
            return false;
        changes += here != zone_offset(z, at + 900000);
    }
    return changes <= 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const int64_t instants[] = {TIME_MIN, INT64_C(-2208988800000), -1,
                                       0,        INT64_C(1711846800000),  INT64_C(4102444800000),
                                       TIME_MAX};
    kith_error e = KITH_ERROR_INIT;
    struct zone *z;
    put_file(data, size);
    if (zone_open(&z, "Fuzz", &e) != KITH_OK) {
        HOLDS(*e.message && !z, "no sentence");
        return 0;
    }
    for (size_t i = 0; i < sizeof instants / sizeof *instants; i++) {
        int64_t ms = instants[i];
        struct civil local = zone_local(z, ms);
        int64_t back = zone_to_utc(z, &local);
        if (local.year <= 1 || local.year >= 9999 || !is_usual(z, ms))
            continue;
        struct civil again = zone_local(z, back);
        HOLDS(date_ms(&again) == date_ms(&local), "%" PRId64 " became %" PRId64, ms, back);
        HOLDS(back <= ms, "%" PRId64 " became %" PRId64, ms, back);
    }
    zone_close(z);
    return 0;
}
