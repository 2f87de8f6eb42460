/* SPDX-License-Identifier: Apache-2.0 */
/* Files for import: the first byte chooses CSV or JSON lines and the type, the rest is the file.
 * Rows are read and checked and nothing is written. However the bytes come in pieces, they are the
 * same; what is rejected has a reason. */
#include "engine/import.h"
#include "base/id.h"
#include "fuzz/schema.h"

#include <unistd.h>

static struct engine *engine;
static struct kclock fixed;
static char folder[] = "/tmp/kith-import-XXXXXX", path[64];
static const struct principal everyone = {.name = "fuzz", .all = true};

static void tidy(void) {
    char command[96];
    engine_close(engine);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0)
        abort();
}

static void begin(void) {
    static const struct schema_source source = {
        .module = "fuzz", .version = 1, .types = KITH_ARRAY(thing_types)};
    kith_error e = KITH_ERROR_INIT;
    if (engine)
        return;
    HOLDS(mkdtemp(folder), "cannot make %s", folder);
    snprintf(path, sizeof path, "%s/kith.db", folder);
    clock_set(&fixed, INT64_C(1717243200000));
    struct engine_options o = {.path = path,
                               .clock = &fixed,
                               .base_currency = "EUR",
                               .sources = &source,
                               .source_count = 1,
                               .create = true};
    HOLDS_OK(engine_open(&engine, &o, &e), e);
    atexit(tidy);
}

static kith_status show_row(void *arg, const struct import_row *row, kith_error *e) {
    struct buf *out = arg;
    (void)e;
    buf_printf(out, "%" PRIu64 " %" PRIu64 " %s\n", row->row, row->line,
               row->reason ? row->reason : "");
    HOLDS(!row->reason || *row->reason, "row %" PRIu64 " is refused without a reason", row->row);
    return KITH_OK;
}

static void read_rows(kith_str file, size_t piece, const struct import_options *with,
                      struct buf *shown) {
    kith_error e = KITH_ERROR_INIT;
    struct pieces source = {file, piece};
    struct import_options o = *with;
    struct import *im;
    size_t columns;
    o.source = pieces_pull;
    o.source_arg = &source;
    kith_status st = import_open(&im, engine, &o, &e);
    if (st == KITH_OK) {
        import_columns(im, &columns);
        import_missing(im);
        st = import_preview(im, UINT64_MAX, show_row, shown, &e);
    }
    if (st != KITH_OK)
        buf_printf(shown, "%d %s", (int)st, e.message);
    HOLDS(st != KITH_E_INTERNAL && st != KITH_E_NOMEM && st != KITH_E_IO, "%s", e.message);
    import_close(im);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct input in = {data, data + size};
    uint8_t choice = input_byte(&in);
    struct buf whole = {0}, pieces = {0};
    begin();
    struct import_options o = {
        .type = schema_type(engine_schema(engine), choice & 2 ? STR("contact") : STR("thing")),
        .principal = &everyone,
        .name = "fuzz",
        .format = choice & 1 ? FORMAT_JSONL : FORMAT_CSV,
        .key = choice & 4 ? "id" : NULL,
        .day_first = choice & 8};
    kith_str file = input_rest(&in);
    read_rows(file, 0, &o, &whole);
    if (o.format == FORMAT_CSV) { /* the columns of JSON lines are those of the first piece */
        read_rows(file, 1 + (choice >> 5), &o, &pieces);
        HOLDS(str_eq(buf_view(&whole), buf_view(&pieces)), "%s\n  in pieces: %s", whole.ptr,
              pieces.ptr);
    }
    buf_free(&whole);
    buf_free(&pieces);
    return 0;
}
