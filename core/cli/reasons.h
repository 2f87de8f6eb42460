/* SPDX-License-Identifier: Apache-2.0 */
/* Reasons: why rows were rejected, counted by reason. What rows differ in (texts in quotes,
 * numbers) does not count, so that ten thousand bad addresses are one line. */
#ifndef CLI_REASONS_H
#define CLI_REASONS_H

#include "base/json.h"
#include "base/map.h"
#include "cli/cli.h"
#include "engine/import.h"

struct reason {
    const char *field, *text; /* of the first row */
    uint64_t rows, row, line; /* how many; the first one */
};
#define REASONS_MAX 200
struct reasons { /* zeroed is empty */
    struct arena arena;
    struct map by_text;
    struct reason *items[REASONS_MAX];
    size_t count;
    uint64_t others; /* rows with reasons beyond the last */
};
void reasons_add(struct reasons *all, const struct import_reject *r);
/* The most frequent first. */
void reasons_show(struct reasons *all, struct io *io);
void reasons_json(struct reasons *all, struct json_out *j);
void reasons_free(struct reasons *all);

#endif
