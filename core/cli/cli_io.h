/* SPDX-License-Identifier: Apache-2.0 */
/* Io: everything that a command may do to the world outside the database. Two implementations: the
 * terminal and files of this process (io_local.c), and those of a client at the other end of a
 * socket (serve.c), so that every command runs unchanged in the process that owns the company. One
 * io belongs to one thread. Never write to it inside a callback of the engine: the other end may be
 * slow, and a reader or the writer would wait for it. */
#ifndef CLI_IO_H
#define CLI_IO_H

#include "base/err.h"
#include "base/str.h"

struct io;

#define IO_OUT 1
#define IO_ERR 2

enum io_open {
    IO_READ,
    IO_NEW,     /* create, but over no file, whenever that came; readable by the user alone */
    IO_REPLACE, /* over a file that is there, too, whose mode it gets */
};

struct io_ops {
    bool (*write)(struct io *io, int stream, kith_str data); /* false: nobody reads any more */
    void (*progress)(struct io *io, const char *line);       /* replaces the last one; "": none */
    /* Path "-": standard input or output. A created file appears under its name when it is closed
     * with keep, and never in the place of what companies are made of (own_files.h). *file is a
     * small number. KITH_E_CONFLICT: the file is there. KITH_E_REFUSED: it is not to
     * be written over. */
    kith_status (*open)(struct io *io, const char *path, enum io_open how, int *file,
                        kith_error *e);
    kith_status (*read)(struct io *io, int file, char *dst, size_t cap, size_t *got, kith_error *e);
    kith_status (*put)(struct io *io, int file, kith_str data, kith_error *e);
    kith_status (*close)(struct io *io, int file, bool keep, kith_error *e);
    bool (*interrupted)(struct io *io);
    /* A file that the command answers with, for who runs it; *taken false: they do not take it, and
     * it is printed. Or NULL. */
    kith_status (*file)(struct io *io, kith_str name, kith_str media, kith_str bytes, bool *taken,
                        kith_error *e);
};

/* What the caller proves itself with, and the new password that a command was given: asked for on
 * the caller's side, never on a command line. */
enum io_proof { PROOF_NONE, PROOF_TOKEN, PROOF_PASSWORD };
#define IO_SECRET_MAX 1032
struct io_secrets {
    enum io_proof kind;
    char proof[IO_SECRET_MAX], fresh[IO_SECRET_MAX];
};

struct io {
    const struct io_ops *ops;
    struct buf out;     /* of standard output, not handed on yet */
    uint32_t columns;   /* of the terminal; 0: standard output is not one */
    bool color;         /* colours are wanted */
    bool deaf;          /* nobody reads the output any more */
    bool lost;          /* the output could not be written, as on a full disk */
    char actor[72];     /* who asks: "cli:anna" */
    const char *folder; /* where names of files begin; NULL or "": it is not known */
    struct io_secrets secrets;
};

/* To standard output; buffered. io_puts and io_printf are for our own words only. */
void io_puts(struct io *io, const char *z);
void io_printf(struct io *io, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Data, byte for byte: for CSV and JSON. */
void io_raw(struct io *io, kith_str s);
/* Data for people: controls, and marks that turn the direction of a line, are made visible. Line
 * ends become blanks in one_line, else a new line with `indent` blanks. */
void io_text(struct io *io, kith_str s);
void io_lines(struct io *io, kith_str s, int indent);
/* The same into a buffer: in one line, and in many. */
void text_plain(struct buf *out, kith_str s);
void text_lines(struct buf *out, kith_str s, int indent);
/* A sentence to standard error, "kith: " in front and made plain. */
void io_say(struct io *io, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void io_flush(struct io *io);
void io_progress(struct io *io, const char *line);
/* Ctrl-C was pressed, SIGTERM came, or nobody reads any more: end soon. */
bool io_interrupted(struct io *io);
/* KITH_E_LIMIT "interrupted" when it is. */
kith_status io_check(struct io *io, kith_error *e);

enum io_style { STYLE_PLAIN, STYLE_HEAD, STYLE_DIM, STYLE_GOOD, STYLE_BAD };
const char *io_style(const struct io *io, enum io_style style); /* "" without colour */

/* A whole file; at most max bytes. The caller frees *out. */
kith_status io_read_file(struct io *io, const char *path, size_t max, struct buf *out,
                         kith_error *e);

/* -- local ------------------------------------------------------------------------------------- */

#define IO_FILES 4
struct io_slot {
    int fd; /* -1: free */
    bool own;
    bool fresh;        /* must not be there yet */
    char *path, *part; /* of a file that is being created */
    uint64_t written;  /* bytes since they were last sent to the disk */
};
struct io_local {
    struct io io;
    struct io_slot files[IO_FILES];
    int out; /* standard output */
    char *folder;
    bool tty_err;
    bool line_shown; /* a progress line stands on the terminal */
};
/* Also catches SIGINT and SIGTERM for io_interrupted, and lets STDOUT_FILENO mean standard error
 * for everybody else. One per process. */
void io_local_open(struct io_local *l);
void io_local_close(struct io_local *l);
/* Forgets a Ctrl-C that was meant for what stood at a prompt; was there one? SIGTERM is not
 * forgotten. */
bool io_local_calm(struct io *io);
/* For a command that a module asks for: its streams, no files. actor: who asks. */
struct kith_stream;
struct io_module {
    struct io io;
    const struct kith_stream *stream;
};
void io_module_open(struct io_module *m, const struct kith_stream *stream, const char *actor);
/* Only the files of this process: nobody reads what is written to the standard streams, and nothing
 * interrupts it. Any number, on any thread; io_local_close ends it, too. */
void io_files_open(struct io_local *l);

#endif
