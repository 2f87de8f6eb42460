/* SPDX-License-Identifier: Apache-2.0 */
/* Io of a command that a module has carried out: its output goes to the module, which gives its
 * input, too. No file of the computer is in reach. */
#include "cli/cli_io.h"

#include <kith/serve.h>
#include <string.h>

static struct io_module *module_of(struct io *io) {
    return (struct io_module *)(void *)io;
}

static bool module_write(struct io *io, int stream, kith_str data) {
    const struct kith_stream *s = module_of(io)->stream;
    return s->write(s->arg, (uint32_t)stream, data) == KITH_OK;
}

static void module_progress(struct io *io, const char *line) {
    const struct kith_stream *s = module_of(io)->stream;
    if (s->progress)
        s->progress(s->arg, str_of(line));
}

static kith_status module_open(struct io *io, const char *path, enum io_open how, int *file,
                               kith_error *e) {
    const struct kith_stream *s = module_of(io)->stream;
    *file = how == IO_READ ? 0 : 1;
    if (strcmp(path, "-") != 0)
        return err_set(e, KITH_E_DENIED, NULL, "'%s': files are not reached from here; only -",
                       path);
    if (how == IO_READ && !s->read)
        return err_set(e, KITH_E_INVAL, NULL, "there is nothing to read: no input was given");
    return KITH_OK;
}

static kith_status module_read(struct io *io, int file, char *dst, size_t cap, size_t *got,
                               kith_error *e) {
    const struct kith_stream *s = module_of(io)->stream;
    uint64_t n = 0;
    (void)file;
    TRY(s->read(s->arg, dst, cap, &n, e));
    *got = (size_t)n;
    return KITH_OK;
}

static kith_status module_put(struct io *io, int file, kith_str data, kith_error *e) {
    const struct kith_stream *s = module_of(io)->stream;
    (void)file;
    if (s->write(s->arg, IO_OUT, data) == KITH_OK)
        return KITH_OK;
    return err_set(e, KITH_E_IO, NULL, "nobody reads the output any more");
}

static kith_status module_close(struct io *io, int file, bool keep, kith_error *e) {
    (void)io, (void)file, (void)keep, (void)e;
    return KITH_OK;
}

static kith_status module_file(struct io *io, kith_str name, kith_str media, kith_str bytes,
                               bool *taken, kith_error *e) {
    const struct kith_stream *s = module_of(io)->stream;
    *taken = s->file != NULL;
    return s->file ? s->file(s->arg, name, media, bytes, e) : KITH_OK;
}

static bool module_interrupted(struct io *io) {
    const struct kith_stream *s = module_of(io)->stream;
    return s->interrupted && s->interrupted(s->arg);
}

void io_module_open(struct io_module *m, const struct kith_stream *stream, const char *actor) {
    static const struct io_ops ops = {
        .write = module_write,
        .progress = module_progress,
        .open = module_open,
        .read = module_read,
        .put = module_put,
        .close = module_close,
        .interrupted = module_interrupted,
        .file = module_file,
    };
    *m = (struct io_module){.io.ops = &ops, .stream = stream};
    m->io.secrets.kind = PROOF_TOKEN; /* no more than with a token: it makes no further ones */
    strncpy(m->io.actor, actor, sizeof m->io.actor - 1);
}
