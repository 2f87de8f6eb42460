/* SPDX-License-Identifier: Apache-2.0 */
/* Run_file: bytes never go to a terminal. */
#include "cli/run_file.h"
#include "cli/show.h"

#include <sodium.h>
#include <string.h>

kith_status run_file_check(struct cmd *c, const struct action *a, kith_error *e) {
    const char *output = cmd_option(c, "output");
    if (output && !a->file)
        return err_set(e, KITH_E_INVAL, "--output",
                       "--output is for actions that answer with a file, and %s does not", a->name);
    if (!a->file || output || c->json || c->io->columns == 0)
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, NULL,
                   "%s answers with a file (%s), which is nothing for a terminal: say where it"
                   " goes, --output FILE",
                   a->name, a->file);
}

static void print_json(struct cmd *c, const kith_value *results, bool bytes) {
    kith_str data = results[FILE_DATA].as.s;
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "name");
    json_str(&j, results[FILE_NAME].as.s);
    json_key(&j, "media_type");
    json_str(&j, results[FILE_TYPE].as.s);
    json_key(&j, "size");
    json_int(&j, (int64_t)data.len);
    if (bytes) {
        size_t room = sodium_base64_encoded_len((size_t)data.len, sodium_base64_VARIANT_ORIGINAL);
        char *text = arena_alloc(&c->arena, room);
        b.failed |= !text;
        if (text)
            sodium_bin2base64(text, room, (const unsigned char *)data.ptr, (size_t)data.len,
                              sodium_base64_VARIANT_ORIGINAL);
        json_key(&j, "data");
        json_strz(&j, text ? text : "");
    }
    json_object_end(&j);
    json_print(c, &b);
}

static kith_status write_file(struct cmd *c, const char *path, kith_str data, kith_error *e) {
    const struct io_ops *ops = c->io->ops;
    int file;
    TRY(ops->open(c->io, path, IO_NEW, &file, e));
    kith_status st = ops->put(c->io, file, data, e);
    kith_status closed = ops->close(c->io, file, st == KITH_OK, st == KITH_OK ? e : NULL);
    return st == KITH_OK ? closed : st;
}

kith_status run_file_put(struct cmd *c, const kith_value *results, kith_error *e) {
    const char *output = cmd_option(c, "output");
    kith_str name = results[FILE_NAME].as.s, media = results[FILE_TYPE].as.s,
             data = results[FILE_DATA].as.s;
    bool taken = false, stdout_ = output && strcmp(output, "-") == 0;
    if (c->io->ops->file)
        TRY(c->io->ops->file(c->io, name, media, data, &taken, e));
    if (taken)
        return KITH_OK;
    if (stdout_ || (!output && !c->json)) {
        io_raw(c->io, data);
        return io_check(c->io, e);
    }
    if (output)
        TRY(write_file(c, output, data, e));
    if (c->json) {
        print_json(c, results, !output);
        return KITH_OK;
    }
    io_puts(c->io, "Wrote ");
    io_text(c->io, name);
    io_printf(c->io, " (%.*s, %llu bytes) to '", (int)media.len, media.ptr,
              (unsigned long long)data.len);
    io_text(c->io, str_of(output));
    io_puts(c->io, "'.\n");
    return KITH_OK;
}
