/* SPDX-License-Identifier: Apache-2.0 */
/* Import and export: files of rows, or of cards, into records and back. An import is one run of
 * transactions, which can be undone as a whole; what it has done is kept with what it wrote, so
 * that one that was interrupted goes on after its last committed row. Knows nothing of files: bytes
 * are pulled from a source.
 *
 * Thread: any but the writer; every callback is called on the thread that called. */
#ifndef ENGINE_IMPORT_H
#define ENGINE_IMPORT_H

#include "base/csv.h"
#include "base/vcard.h"
#include "engine/engine.h"

enum file_format { FORMAT_CSV, FORMAT_JSONL, FORMAT_VCARD };
#define FILE_FORMATS "csv|jsonl|vcard" /* in that order */
/* By the end of a file's name: .jsonl, .ndjson, .json are JSON (an object on each line, or one
 * array of objects), .vcf and .vcard are vCards, all else is CSV. */
enum file_format file_format_of(const char *name);

/* What happens to a row whose key belongs to a record that is there, or to an earlier row. */
enum import_duplicates {
    DUPLICATE_UPDATE, /* the cells that are not empty are written into it */
    DUPLICATE_SKIP,   /* it stays as it is */
    DUPLICATE_REJECT, /* and the row is rejected */
};

struct import_report {
    uint64_t rows; /* of data read, those of an earlier, interrupted attempt included, as in all
                      counts */
    uint64_t created, updated, unchanged, skipped, rejected; /* together: rows that are done */
    uint64_t duplicates; /* rows whose key was met; they are among updated, unchanged, skipped,
                            rejected */
    uint64_t keyless;    /* rows that could not be compared: a field of the key is empty */
    uint64_t resumed;    /* rows that an earlier attempt had done; 0: none */
    uint64_t kept; /* properties of vCards that have no field, kept in notes, by this attempt */
    char kept_names[120]; /* the first of them: "ROLE, X-AIM" */
    double seconds;       /* of this attempt */
    kith_id run;          /* undo this to take back the whole */
    struct import_match { /* the first duplicates of this attempt */
        uint64_t row;
        kith_id id;
        bool by_import; /* the record was created by an earlier row of this import */
    } matches[5];
    uint32_t match_count;
};

/* A row that was not imported. Lives until the callback returns. */
struct import_reject {
    uint64_t row, line; /* in the file, from 1, header included */
    const char *field;  /* or "" */
    const char *reason; /* one sentence */
    /* What to write to the file of rejects: the row as it was, with _row, _line, _reason and _field
     * in front; before the first one of a CSV file also the header. Repaired, it can be imported
     * with the same options: those columns are passed over. */
    kith_str text;
};

#define IMPORT_ROW_MAX (64 << 20) /* bytes: more than one row of JSON never has */
struct import_options {
    const struct rtype *type;
    const struct principal *principal;
    enum file_format format;
    csv_source source; /* bytes of the file */
    void *source_arg;
    const char *name; /* of the file, without folders: tells an interrupted import again */
    /* "Header=field"; "Header=" leaves a column out; "Header=account.name" finds the linked record
     * by one of its fields, and a second "Header=account.city" goes into it when it is created
     * (create_linked), also "Header=order.contact.email"; "field:=value" is for every row, or,
     * where "Header=field" is there too, for those whose cell is empty; "subject:={Quantity} x
     * {Description}" puts cells together
     * ("{{" is a brace). Other columns find their field by its name, its label or a usual other
     * word for it. */
    const char *const *map;
    size_t map_count;
    const char *key; /* "email" or "name,birthday"; "id"; NULL: every row creates a record */
    enum import_duplicates duplicates;
    bool day_first;         /* 3/4/2024 is the 3rd of April */
    char decimal;           /* '.' or ',': thousands are read too; 0: plain numbers with a point */
    char split;             /* between several values in a cell (tags, links); 0: a comma */
    const char *empty;      /* "N/A,NULL": words that mean an empty cell; NULL: none */
    struct csv_options csv; /* zeroed: detect */
    const char *columns;    /* of CSV without a header: "id,name,..."; NULL: the first row is it */
    size_t row_max;         /* bytes of one row; 0: as many as the format lets one have */
    bool create_linked;     /* "Header=account.name" makes the account that is not there */
    const char *list;       /* segment of kind list or rented that takes the records; or NULL */
    bool restart;   /* take back what an interrupted import of this file did, and begin anew */
    bool again;     /* without a key: also when the same file was imported already */
    uint32_t batch; /* rows of a transaction; 0: 2000 */
    /* Between batches; may be NULL. Anything but KITH_OK ends the import, which can be resumed. */
    kith_status (*progress)(void *arg, const struct import_report *so_far, kith_error *e);
    kith_status (*reject)(void *arg, const struct import_reject *r,
                          kith_error *e); /* may be NULL */
    const char *rejects; /* the file that they are written to, from the root on; or NULL */
    /* Behind the last row, before the import is done: what was rejected can be told again until
     * then. May be NULL. Anything but KITH_OK leaves an import that can be resumed. */
    kith_status (*ending)(void *arg, kith_error *e);
    void *arg;
};

/* A column of the file, or a fixed value, and where it goes. */
struct import_column {
    const char *header;         /* of a JSON member its name; of a fixed value "" */
    const char *value;          /* of a fixed value: as it was written; else NULL */
    const struct rfield *field; /* NULL: left out */
    const struct rfield *by;    /* of the linked record, to find it by; else NULL */
    /* It finds no record: it goes into the linked one when that is created, to `by`; when that is a
     * link, to `within` of the record behind it, which is NULL otherwise; one such column finds
     * that record. */
    bool also, finds;
    const struct rfield *within;
    bool asked; /* the map says so; else the name was recognised, or (left out) was not */
    bool is_id; /* the column with the record's own id, for the key "id" */
    bool part;  /* left out, but a fixed value has its cells in it */
};

/* The files with rejected rows that imports were told to write and that are there still, for
 * whoever erases somebody; in the arena. */
kith_status import_reject_files(struct conn *c, struct arena *a, kith_str **paths, size_t *count,
                                kith_error *e);

/* The field whose values a column holds. */
static inline const struct rfield *import_holds(const struct import_column *c) {
    return c->within ? c->within : c->by ? c->by : c->field;
}

struct import;
/* Reads the header (of JSON lines the members of the first objects) and matches it. KITH_E_INVAL:
 * the map or the key is wrong, with the nearest name. What o points to must live until
 * import_close. */
kith_status import_open(struct import **out, struct engine *g, const struct import_options *o,
                        kith_error *e);
const struct import_column *import_columns(const struct import *im, size_t *count);
/* What was found out about the file: "CSV, utf-8, semicolons, CRLF, the first row is the header".
 * Lives until import_close; NULL: no memory. */
const char *import_format(struct import *im);
/* A required field that nothing of a CSV file goes to, though rules may fill it; or NULL. */
const struct rfield *import_missing(const struct import *im);
/* A row as it would be mapped. Lives until the callback returns. */
struct import_row {
    uint64_t row, line;
    const kith_value *values; /* one per column; KITH_NULL: empty or left out */
    const char *reason;       /* NULL, or why it would be rejected */
};
/* The first n rows, checked by themselves; writes nothing. Then only import_close. */
kith_status import_preview(struct import *im, uint64_t n,
                           kith_status (*fn)(void *arg, const struct import_row *row,
                                             kith_error *e),
                           void *arg, kith_error *e);
/* Imports all rows. report is filled in on a failure too. An interrupted import of the same file
 * with the same options is resumed (report->resumed). KITH_E_CONFLICT: there is one, but the file
 * or the options are others now; or, without a key, one that begins with the same rows is done, as
 * when its answer was never seen. The sentence names the remedy. */
kith_status import_run(struct import *im, struct import_report *report, kith_error *e);
void import_close(struct import *im); /* NULL does nothing */

/* -- export ------------------------------------------------------------------------------------ */

struct export_options {
    const struct principal *principal;
    const struct query *query; /* not one that counts */
    const kith_value *params;  /* of the query */
    enum file_format format;
    /* "name,email,account.name"; "id" is the record's own; NULL: id and every field of the type. */
    const char *fields;
    char delimiter;             /* of CSV; 0: comma */
    bool spreadsheet;           /* CSV: no text is a formula, by an apostrophe in front */
    enum vcard_version version; /* of vCards; 0: 3.0 */
    /* Takes the bytes; never called while a reader is held. */
    kith_status (*put)(void *arg, kith_str bytes, kith_error *e);
    kith_status (*progress)(void *arg, uint64_t rows, kith_error *e); /* may be NULL */
    void *arg;
};
/* Every record that the query finds, by pages: each page is one snapshot, the whole is not. JSON
 * lines leave out what is empty, and importing them again with the key "id" changes nothing. CSV
 * has empty cells for what is empty. vCards are for contacts and leave out what a card has no place
 * for. *rows (may be NULL) is how many were written. */
kith_status engine_export(struct engine *g, const struct export_options *o, uint64_t *rows,
                          kith_error *e);

#endif
