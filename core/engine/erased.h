/* SPDX-License-Identifier: Apache-2.0 */
/* Erased: who was erased, for the day on which an older database takes the company's place. The
 * engine keeps a list of them beside the database, PATH.erased: types, ids and times, one record a
 * line:
 *
 *   contact 0SCFGQSZW0000 2026-11-29T07:16:50.123Z */
#ifndef ENGINE_ERASED_H
#define ENGINE_ERASED_H

#include "base/arena.h"
#include "base/map.h"
#include "engine/engine.h"

struct erased_one {
    const char *type, *record, *at;
    const char *file; /* the list that names it, and where; NULL: a database */
    uint64_t line;
};
struct erased_list { /* zeroed is empty; each record once */
    struct arena arena;
    struct erased_one *items;
    size_t count, cap;
    struct map known; /* by record */
};
/* Adds whom a list names. KITH_E_INVAL names the line that is none of a list. */
kith_status erased_read(struct erased_list *l, const char *path, kith_error *e);
/* Adds who was erased in a database, whichever Kith made it. */
kith_status erased_in(struct erased_list *l, struct conn *c, kith_error *e);
/* Writes the list beside the database at `path`. */
kith_status erased_write(const struct erased_list *l, const char *path, kith_error *e);
void erased_free(struct erased_list *l);

struct erased_again {
    uint64_t erased;   /* who was there, or in the journal alone */
    uint64_t unmerged; /* merges that were taken back, since of those merged one alone was erased */
    const struct erased_one **waiting; /* who is there still, since the type is not, in this run */
    size_t waiting_count;
};
/* Erases again whom the list names, as an older database is put in its place; notes the others.
 * `waiting` is in the arena, its items in the list.
 * KITH_E_REFUSED: somebody was merged into somebody else, and that cannot be taken back.
 * KITH_E_INVAL: the record is of another type here. [any] */
kith_status engine_erase_again(struct engine *g, const struct erased_list *l, struct arena *a,
                               struct erased_again *out, kith_error *e);
/* Writes the list as the database has it, once nothing is swept any more: a sweep writes it, too,
 * by what it met. [any] */
kith_status engine_list_erased(struct engine *g, kith_error *e);

#endif
