/* SPDX-License-Identifier: Apache-2.0 */
/* Erased: the list of who was erased, read from files and databases, and written. */
#include "engine/erased.h"

#include "base/date.h"
#include "base/file.h"
#include "base/id.h"
#include "engine/engine_internal.h"
#include "journal/gone.h"

#include <stdio.h>
#include <string.h>

void erased_free(struct erased_list *l) {
    map_free(&l->known);
    arena_free(&l->arena);
    *l = (struct erased_list){0};
}

static kith_status add(struct erased_list *l, kith_str type, kith_str record, kith_str at,
                       const char *file, uint64_t line, kith_error *e) {
    if (map_get(&l->known, record))
        return KITH_OK;
    struct erased_one *items = arena_grow(&l->arena, l->items, l->count, &l->cap, sizeof *items);
    if (!items)
        return err_nomem(e);
    l->items = items;
    items[l->count] =
        (struct erased_one){arena_str(&l->arena, type).ptr, arena_str(&l->arena, record).ptr,
                            arena_str(&l->arena, at).ptr, file, line};
    const struct erased_one *x = &items[l->count];
    if (!x->type || !x->record || !x->at || !map_put(&l->known, record, l))
        return err_nomem(e);
    l->count++;
    return KITH_OK;
}

/* -- lists ------------------------------------------------------------------------------------- */

#define LINE_ROOM 256
#define BLANKS    " \t\r\n"

/* What stands in it is not told: it may be any file. */
static kith_status read_line(struct erased_list *l, char *line, bool whole, const char *file,
                             uint64_t number, kith_error *e) {
    char *rest = NULL, *type = strtok_r(line, BLANKS, &rest),
         *record = strtok_r(NULL, BLANKS, &rest), *at = strtok_r(NULL, BLANKS, &rest);
    char id_text[ID_TEXT + 1];
    kith_id id;
    int64_t ms;
    if (whole && !type)
        return KITH_OK;
    if (!whole || !at || strtok_r(NULL, BLANKS, &rest) || !id_parse(str_of(record), &id) ||
        !time_parse(str_of(at), false, NULL, &ms))
        return err_set(e, KITH_E_INVAL, NULL,
                       "%s:%llu: a line says who was erased and when, as 'contact 0SCFGQSZW0000"
                       " 2026-11-29T07:16:50.123Z', and this one does not: mend it or take it out",
                       file, (unsigned long long)number);
    id_format(id, id_text); /* as it is written everywhere else, to be found by it */
    return add(l, str_of(type), str_of(id_text), str_of(at), file, number, e);
}

kith_status erased_read(struct erased_list *l, const char *path, kith_error *e) {
    char line[LINE_ROOM];
    uint64_t number = 0;
    kith_status st = KITH_OK;
    const char *file = arena_strdup(&l->arena, path);
    if (!file)
        return err_nomem(e);
    FILE *f = fopen(path, "re");
    if (!f)
        return err_errno(e, "read", path);
    while (st == KITH_OK && fgets(line, sizeof line, f)) {
        size_t n = strlen(line); /* one that is too long, or has a zero in it, is not whole */
        bool whole = n > 0 && (line[n - 1] == '\n' || (feof(f) && n + 1 < sizeof line));
        st = read_line(l, line, whole, file, ++number, e);
    }
    if (st == KITH_OK && ferror(f))
        st = err_errno(e, "read", path);
    fclose(f);
    return st;
}

kith_status erased_write(const struct erased_list *l, const char *path, kith_error *e) {
    struct buf name = {0}, text = {0};
    buf_printf(&name, "%s.erased", path);
    for (size_t i = 0; i < l->count; i++)
        buf_printf(&text, "%s %s %s\n", l->items[i].type, l->items[i].record, l->items[i].at);
    kith_status st = name.failed || text.failed ? err_nomem(e)
                                                : file_replace(name.ptr, buf_view(&text), 0600, e);
    buf_free(&name);
    buf_free(&text);
    return st;
}

/* -- databases --------------------------------------------------------------------------------- */

static kith_status add_record(void *arg, kith_str type, kith_str record, int64_t at,
                              kith_error *e) {
    char text[TIME_TEXT];
    time_format(at, text);
    return add(arg, type, record, str_of(text), NULL, 0, e);
}

kith_status erased_in(struct erased_list *l, struct conn *c, kith_error *e) {
    return gone_erasures(c, add_record, l, e);
}

static kith_status list_by(struct engine *g, struct conn *c, kith_error *e) {
    struct erased_list l = {0};
    kith_status st = erased_in(&l, c, e);
    if (st == KITH_OK)
        st = erased_write(&l, g->path, e);
    erased_free(&l);
    return st;
}

kith_status erasures_list(struct engine *g, kith_error *e) {
    return list_by(g, g->writer, e);
}

kith_status engine_list_erased(struct engine *g, kith_error *e) {
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st = list_by(g, c, e);
    engine_reader_done(g, c);
    return st;
}
