/* SPDX-License-Identifier: Apache-2.0 */
/* Import of vCards: what a card holds beside the fields of its contact, on its way from the reading
 * thread (import_vcard.c, import_card.c) to the writer (import_card_write.c). */
#ifndef ENGINE_IMPORT_VCARD_H
#define ENGINE_IMPORT_VCARD_H

#include "base/vcard.h"
#include "engine/files.h"
#include "engine/import_internal.h"
#include "engine/vcard_map.h"

struct card_point {
    const char *kind; /* of contact_point.kind */
    kith_str value, label;
    int pref; /* 1 .. 100; 101: none; the lowest comes first */
    bool primary;
};

#define CARD_UNITS 8
struct card {                   /* lives in the batch's arena */
    kith_str units[CARD_UNITS]; /* of the organisation, from the largest */
    uint32_t unit_count;
    struct card_point *points;
    size_t point_count, point_cap;
    kith_str *notes;
    size_t note_count, note_cap;
    struct file *files;
    size_t file_count, file_cap;
    kith_str rest;     /* properties that have no field, one on each line; or empty */
    const char **kept; /* their names */
    size_t kept_count;
};

struct vcards { /* of one import; immutable once open, but for the reader */
    struct vcard_reader *reader;
    struct column *columns[CARD_FIELDS]; /* NULL: the map fills the field from elsewhere */
    struct map asked;                    /* property -> struct column * that the map names */
    struct card_types t;
    struct lookup by_name, by_unit; /* accounts: by name; by name and parent */
};

/* import_card.c */
/* Fills in the row's values and its card. */
kith_status card_read(struct import *im, struct arena *a, struct row *r, const struct vcard *card,
                      kith_error *e);

/* Counts what has no field in the report, once the card has become a record. */
void card_tell_kept(struct import *im, const struct card *card);

/* import_card_write.c [writer] */
/* The column whose account is made by card_account, not looked up as others. */
bool card_makes_account(const struct import *im, const struct column *c);
/* Replaces the name of an organisation in set by the account, which is made when it is new. */
kith_status card_account(struct txn *t, struct import *im, const struct row *r, struct assign *set,
                         kith_error *e);
/* Adds what the contact does not have yet: points, notes, files. */
kith_status card_parts(struct txn *t, struct import *im, const struct row *r, kith_error *e);

#endif
