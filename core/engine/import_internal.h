/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of import and export share: a row on its way from the file to the record.
 *
 * The calling thread reads and checks rows into a batch (import_map.c, import_read.c and a file for
 * each format) and posts it; the writer turns it into records (import_write.c); meanwhile the next
 * batch is read. A batch belongs to the writer from its post until its `done`, and to the calling
 * thread otherwise. */
#ifndef ENGINE_IMPORT_INTERNAL_H
#define ENGINE_IMPORT_INTERNAL_H

#include "base/json.h"
#include "engine/import.h"
#include "journal/import_log.h"
#include "record/lookup.h"

#include <pthread.h>
#include <sodium.h>

#define IMPORT_BATCH       2000u
#define IMPORT_BATCH_BYTES (16u << 20) /* of memory: a batch of long or wide rows ends early */
#define IMPORT_COLUMNS     4096u       /* of JSON lines: names of members */
#define IMPORT_NAME        1000u       /* bytes of one, with those of the objects that it is in */

struct column {
    struct import_column shown;
    struct lookup by; /* when shown.by: the linked record; when shown.within: the one behind it */
    size_t cell;      /* CSV: place in the row */
    bool own;         /* _row, _line, ... of a file of rejects: passed over */
    bool fixed;       /* for every row whose own cell for the field is empty */
    kith_value value; /* fixed: checked; unless there are pieces */
    struct piece *pieces;
    size_t piece_count;
};

/* A checked value on its way to a field. */
struct put {
    const struct column *column;
    kith_value value;
};

struct row {
    uint64_t row, line;    /* in the file */
    const kith_str *cells; /* CSV: as they were read */
    size_t cell_count;
    kith_str raw;      /* JSON lines: the line; vCards: the card */
    struct card *card; /* vCards: what is to come with the record (import_vcard.h) */
    struct put *puts;
    size_t put_count;
    struct put *alsos; /* for linked records that are created */
    size_t also_count;
    size_t made;                /* bytes of the values that the map puts together */
    kith_id id;                 /* of the key "id"; 0: none given */
    bool empty;                 /* nothing stands in it */
    bool bad;                   /* rejected when it was read; field and reason say why */
    enum import_count outcome;  /* one of the first five */
    const char *field, *reason; /* of a rejected row */
    kith_id record;             /* that it met, or became */
    bool met, keyless;
};

struct batch {
    struct import *im;
    struct arena arena;
    struct row *rows;
    size_t count;
    uint64_t first;        /* rows of the file before it */
    struct import_log log; /* what it adds */
    struct write_opts opts;
    /* guarded by the import's lock */
    bool busy, done;
    kith_status status;
    kith_error error;
};

struct lines { /* JSON: a window over the bytes */
    csv_source source;
    void *arg;
    struct buf text;
    size_t max; /* bytes of a text */
    size_t pos;
    uint64_t line, ends; /* line of the last text; line ends before pos */
    bool ended;          /* all that the source has is in the window */
    bool array;          /* the file is one array, not lines */
    bool closed, cut;    /* its end was met; is missing and was told so */
};

#define IMPORT_KEYS LOOKUP_FIELDS
struct import {
    struct engine *g;
    const struct import_options *o;
    const struct schema *schema;
    const struct rtype *type;
    struct arena arena;

    struct csv *csv;
    struct lines lines;
    struct vcards *cards;    /* import_vcard.h */
    struct column **columns; /* of the file in its order, then fixed ones */
    size_t column_count, column_cap;
    struct map by_header;   /* JSON lines: member -> struct column * */
    size_t header_count;    /* CSV: cells of the header */
    const kith_str *header; /* as it was */
    bool named;             /* CSV: the file has no header, its columns were named */
    kith_id list;           /* o->list's; 0: none */
    struct ask *asks;       /* the map, parsed */
    size_t ask_count;

    bool mapped; /* the columns at the beginning of the file have found their fields */
    bool by_id;  /* the key is "id" */
    struct lookup key;
    /* Of contacts whose name the key has, but the file in two parts; else NULL. */
    const struct rfield *first_name, *last_name;

    struct import_report report;
    struct import_log log; /* as it stands, by the batches that are done */
    struct run_claim claim;
    crypto_generichash_state content;
    uint64_t read; /* rows of data so far */
    bool at_end, header_sent;
    bool careful; /* of the writer: a row has failed after it wrote something */
    struct batch batches[2];
    pthread_mutex_t lock;
    pthread_cond_t cond;
};

/* A piece of "subject:={Quantity} x {Description}". */
struct piece {
    kith_str text;       /* as it is, when header is NULL */
    const char *header;  /* plain form of the column whose cell stands here */
    const char *written; /* as it was asked for */
    size_t cell;         /* CSV: its place in the row */
};

/* One entry of the map. */
struct ask {
    const char *header;  /* plain form */
    const char *written; /* as it was asked for */
    struct import_column to;
    bool used;
};

/* import_map.c */
kith_status map_asks(struct import *im, kith_error *e); /* parses the map */
kith_status map_header(struct import *im, const kith_str *cells, size_t count, kith_error *e);
kith_status map_finish(struct import *im,
                       kith_error *e); /* recognises the rest, resolves the key */
kith_status map_column(struct import *im, const struct import_column *shown, struct column **out,
                       kith_error *e);
/* The column of a JSON member, made when it is new. */
kith_status map_member(struct import *im, kith_str name, struct column **out, kith_error *e);

/* import_fixed.c */
/* "Customer {CustomerID}" into pieces; without a name in braces there are none. */
kith_status fixed_parse(struct import *im, struct column *c, kith_str text, kith_error *e);
/* Finds the columns of the pieces in a CSV file's header. */
kith_status fixed_resolve(struct import *im, kith_error *e);
/* Adds to the row what its cells did not give. */
kith_status fixed_put(struct import *im, struct arena *a, struct row *r, const json_t *object,
                      kith_error *e);
const char *plain_name(struct arena *a, kith_str s); /* "Date_of-Birth " -> "date of birth" */

/* import_lines.c: texts of objects */
kith_status lines_open(struct lines *l, kith_error *e); /* reads the first chunk */
/* The next text that is in the window already, from *at on (0: the beginning). Takes nothing of the
 * file: `look` is a copy of its lines. */
bool lines_peek(struct lines *look, size_t *at, kith_str *text);
/* KITH_E_NOTFOUND: there is none. The text lives until the next call; an empty one stands for the
 * end of an array that is missing. */
kith_status lines_next(struct lines *l, kith_str *text, kith_error *e);

/* import_cell.c: what people write, as fields read it */
bool cell_is_empty(const struct import *im, kith_str s);
/* *v holds the trimmed text of a cell. */
kith_status cell_clean(const struct import *im, struct arena *a, const struct rfield *f,
                       kith_value *v, kith_error *e);

/* import_read.c */
/* Room for that many values. */
kith_status row_start(struct arena *a, struct row *r, size_t values, kith_error *e);
/* The row is rejected for what why says. */
kith_status row_bad(struct arena *a, struct row *r, const kith_error *why, kith_error *e);
/* Checks a value and adds it to the row; what is wrong with it is noted in the row. */
kith_status put_value(struct import *im, struct arena *a, struct row *r, const struct column *c,
                      kith_value v, kith_error *e);
kith_status read_open(struct import *im, kith_error *e); /* the header, or the first members */
/* The next row into *r, checked, in the batch's arena. KITH_E_NOTFOUND: there is none. */
kith_status read_row(struct import *im, struct arena *a, struct row *r, kith_error *e);
/* The same without looking at its content. */
kith_status read_past(struct import *im, struct arena *a, struct row *r, kith_error *e);
kith_status reject_row(struct import *im, const struct row *r, kith_error *e);
void read_close(struct import *im);

/* One for each format. Each keeps what it knows of the file in the import. */
struct import_reader {
    kith_status (*open)(struct import *im, kith_error *e);
    kith_status (*next)(struct import *im, struct arena *a, struct row *r, bool look,
                        kith_error *e); /* look: at its content too */
    void (*reject)(struct import *im, const struct row *r, struct buf *out); /* out may fail */
    const char *(*name)(struct import *im); /* for people; lives as long as the import */
    void (*close)(struct import *im);       /* also when open has failed */
};
extern const struct import_reader import_csv, import_json, import_vcard;

/* import_json.c */
/* The text of a JSON value as a cell would hold it. */
kith_status json_cell(struct arena *a, const json_t *json, kith_str *out, kith_error *e);

/* import_write.c */
kith_status write_batch(struct txn *t, void *batch, kith_error *e); /* write_fn */

#endif
