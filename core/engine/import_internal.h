/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of import and export share: a row on its way from the file to the record.
 *
 * The calling thread reads and checks rows into a batch (import_map.c, import_read.c) and posts it;
 * the writer turns it into records (import_write.c); meanwhile the next batch is read. A batch
 * belongs to the writer from its post until its `done`, and to the calling thread otherwise. */
#ifndef ENGINE_IMPORT_INTERNAL_H
#define ENGINE_IMPORT_INTERNAL_H

#include "base/json.h"
#include "engine/import.h"
#include "journal/import_log.h"
#include "record/lookup.h"

#include <pthread.h>
#include <sodium.h>

#define IMPORT_BATCH       2000u
#define IMPORT_BATCH_BYTES (8u << 20)  /* a batch of long rows ends early */
#define IMPORT_COLUMNS     4096u       /* of JSON lines: names of members */
#define IMPORT_LINE        (64u << 20) /* of JSON lines */

struct column {
    struct import_column shown;
    struct lookup by; /* when shown.by: the linked record */
    size_t cell;      /* CSV: place in the row */
    bool own;         /* _row, _line, _reason of a file of rejects: passed over */
    bool fixed;
    kith_value value; /* fixed: checked */
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
    kith_str raw; /* JSON lines: the line */
    struct put *puts;
    size_t put_count;
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

struct lines { /* JSON lines: a window over the bytes */
    csv_source source;
    void *arg;
    struct buf text;
    size_t pos, scanned;
    uint64_t line;
    bool ended;
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
    struct column **columns; /* of the file in its order, then fixed ones */
    size_t column_count, column_cap;
    struct map by_header;   /* JSON lines: member -> struct column * */
    size_t header_count;    /* CSV: cells of the header */
    const kith_str *header; /* as it was */
    struct ask *asks;       /* the map, parsed */
    size_t ask_count;

    bool mapped; /* the columns at the beginning of the file have found their fields */
    bool by_id;  /* the key is "id" */
    struct lookup key;
    /* Of contacts whose name the key has, but the file in two parts; else NULL. */
    const struct rfield *first_name, *last_name;

    struct import_report report;
    struct import_log log; /* as it stands, by the batches that are done */
    crypto_generichash_state content;
    uint64_t read; /* rows of data so far */
    bool at_end, header_sent;
    struct batch batches[2];
    pthread_mutex_t lock;
    pthread_cond_t cond;
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
/* The column of a JSON member, made when it is new. */
kith_status map_member(struct import *im, kith_str name, struct column **out, kith_error *e);

/* import_read.c */
kith_status read_open(struct import *im, kith_error *e); /* the header, or the first members */
/* The next row into *r, checked, in the batch's arena. KITH_E_NOTFOUND: there is none. */
kith_status read_row(struct import *im, struct arena *a, struct row *r, kith_error *e);
/* The same without looking at its content. */
kith_status read_past(struct import *im, struct arena *a, struct row *r, kith_error *e);
void read_close(struct import *im);

/* import_write.c */
kith_status write_batch(struct txn *t, void *batch, kith_error *e); /* write_fn */

/* import_reject.c */
kith_status reject_row(struct import *im, const struct row *r, kith_error *e);

#endif
