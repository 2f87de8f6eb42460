/* SPDX-License-Identifier: Apache-2.0 */
/* kith backup verify: reads backups from end to end, and restores nothing. */
#include "cli/show.h"
#include "cli/unpack.h"
#include <string.h>

static void report_json(struct cmd *c, const struct series *series, const struct unpacked *what) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "files");
    json_array_(&j);
    for (size_t i = 0; i < series->count; i++)
        json_strz(&j, series->files[i]);
    json_array_end(&j);
    json_key(&j, "made");
    json_strz(&j, what->made);
    json_key(&j, "kith");
    json_strz(&j, what->kith);
    json_key(&j, "records");
    json_int(&j, (int64_t)what->records);
    json_key(&j, "journal");
    json_int(&j, (int64_t)what->journal);
    json_key(&j, "anchor");
    json_strz(&j, what->anchor);
    json_key(&j, "opened");
    json_bool_(&j, what->opened);
    json_object_end(&j);
    json_print(c, &b);
}

static void report(struct cmd *c, const struct series *series, const struct unpacked *what) {
    struct io *io = c->io;
    io_progress(io, "");
    if (c->json) {
        report_json(c, series, what);
        return;
    }
    if (what->opened)
        io_printf(io, "Whole: %llu record%s as of %s, in ", (unsigned long long)what->records,
                  what->records == 1 ? "" : "s", what->made);
    else
        io_printf(
            io, "Not damaged, as of %s; what is sealed was not opened, which needs --key FILE; in ",
            what->made);
    for (size_t i = 0; i < series->count; i++) {
        io_puts(io, i > 0 ? ", '" : "'");
        io_text(io, str_of(series->files[i]));
        io_puts(io, "'");
    }
    io_puts(io, ".\n");
    if (what->opened && *what->anchor)
        io_printf(io, "Its journal ends with %s.\n", what->anchor);
}

static kith_status run(struct cmd *c, kith_error *e) {
    const struct seal_key *key;
    struct unpacked what;
    struct series series;
    TRY(unpack_key(c, &key, e));
    TRY(series_find(c, c->io, c->args, c->arg_count, NULL, &series, e));
    TRY(unpack(c, c->io, &series, key, NULL, &what, e));
    report(c, &series, &what);
    return KITH_OK;
}

const struct command command_backup_verify = {
    .name = "backup verify",
    .args = "FILE ...",
    .help = "look whether a backup is whole, without restoring it",
    .more = "  kith backup verify /backup/acme-*.tar\n\n"
            "Reads the newest of the files, and those that it is based on, to the last byte and\n"
            "compares every digest. 'kith restore --rehearse' has the doctor look at it, too.",
    .options = {{"key", "FILE", "of 'kith backup key': opens what is sealed"}},
    .needs = NEEDS_NOTHING,
    .args_min = 1,
    .args_max = 100000,
    .run = run,
};
