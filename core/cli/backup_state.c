/* SPDX-License-Identifier: Apache-2.0 */
/* The state beside the backups, in state.json: how the last try ended; when each was read to its
 * last byte, and which size and time it had then; and which of them were found damaged. Without it
 * nothing is lost but that knowledge. */
#include "base/date.h"
#include "base/file.h"
#include "cli/backup_plan.h"

#include <string.h>
#include <unistd.h>

#define STATE_MAX (1u << 20) /* bytes */

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int64_t time_in(const json_t *in, const char *key) {
    const char *text = json_string_value(json_object_get(in, key));
    int64_t ms;
    return text && time_parse(str_of(text), false, NULL, &ms) ? ms : 0;
}

/* -- reading it -------------------------------------------------------------------------------- */

static struct planned told_of(const json_t *state, const char *path) {
    const char *name = base_name(path);
    const json_t *seen = json_object_get(json_object_get(state, "seen"), name);
    return (struct planned){
        .head.file = path,
        .size = (uint64_t)json_integer_value(json_array_get(seen, 0)),
        .modified = json_integer_value(json_array_get(seen, 1)),
        .verified = time_in(json_object_get(state, "verified"), name),
        .damaged = time_in(json_object_get(state, "damaged"), name),
    };
}

/* Of one that was changed since it was read nothing is known. */
static void take_one(struct planned *p, const json_t *state) {
    struct planned told = told_of(state, p->head.file);
    bool same = told.size == p->size && told.modified == p->modified;
    p->verified = same ? told.verified : 0;
    p->damaged = same ? told.damaged : 0;
}

/* Another company may keep its backups in the same folder. */
static bool is_backup(const char *path, struct arena *a) {
    struct io_local files;
    struct archive ar;
    io_files_open(&files);
    bool yes = archive_open(&ar, &files.io, a, path, NULL) == KITH_OK;
    archive_close(&ar);
    io_local_close(&files);
    return yes;
}

static bool is_listed(const struct planned_list *list, const char *name) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(base_name(list->items[i].head.file), name) == 0)
            return true;
    return false;
}

/* What was read once and is still there: of another company, or it does not even say any more what
 * it is. */
static kith_status find_others(const struct backup_plan *p, struct arena *a, const json_t *state,
                               struct planned_list *list, kith_error *e) {
    json_t *read = json_object_get(state, "seen"), *at;
    const char *name;
    list->others = ARENA_ARRAY(a, struct planned, json_object_size(read) + 1);
    if (!list->others)
        return err_nomem(e);
    json_object_foreach(read, name, at) {
        const char *path = arena_printf(a, "%s/%s", p->dir, name);
        if (!path)
            return err_nomem(e);
        if (strchr(name, '/') || is_listed(list, name) || access(path, F_OK) != 0)
            continue;
        list->others[list->other_count] = told_of(state, path);
        list->others[list->other_count++].broken = !is_backup(path, a);
    }
    return KITH_OK;
}

kith_status plan_state_read(const struct backup_plan *p, struct arena *a, struct planned_list *list,
                            kith_error *e) {
    const char *path = arena_printf(a, "%s/" BACKUP_STATE, p->dir);
    struct buf text = {0};
    json_t *state = NULL;
    if (path && file_read(path, STATE_MAX, &text, NULL) == KITH_OK)
        json_read(buf_view(&text), &state, NULL);
    const char *error = json_string_value(json_object_get(state, "error"));
    list->failed = time_in(state, "failed");
    list->error = arena_strdup(a, error ? error : "");
    for (size_t i = 0; i < list->count; i++)
        take_one(&list->items[i], state);
    kith_status st = find_others(p, a, state, list, e);
    json_decref(state);
    buf_free(&text);
    return st;
}

/* -- writing it -------------------------------------------------------------------------------- */

enum { VERIFIED, DAMAGED, SEEN };

static void put_time(struct json_out *j, const struct planned *p, int64_t at) {
    char text[TIME_TEXT];
    if (!at)
        return;
    time_format(at, text);
    json_key(j, base_name(p->head.file));
    json_strz(j, text);
}

static void put_seen(struct json_out *j, const struct planned *p) {
    json_key(j, base_name(p->head.file));
    json_array_(j);
    json_int(j, (int64_t)p->size);
    json_int(j, p->modified);
    json_array_end(j);
}

static void put_known(struct json_out *j, const struct planned *items, size_t count, int what) {
    for (size_t i = 0; i < count; i++) {
        const struct planned *p = &items[i];
        if (what == SEEN && (p->verified || p->damaged || p->broken))
            put_seen(j, p);
        if (what != SEEN)
            put_time(j, p, what == VERIFIED ? p->verified : p->damaged);
    }
}

static void put_all(struct json_out *j, const struct planned_list *list) {
    static const char *const keys[] = {"verified", "damaged", "seen"};
    for (int what = VERIFIED; what <= SEEN; what++) {
        json_key(j, keys[what]);
        json_object_(j);
        put_known(j, list->items, list->count, what);
        put_known(j, list->others, list->other_count, what);
        json_object_end(j);
    }
}

kith_status plan_state_write(const struct backup_plan *p, const struct planned_list *list,
                             kith_error *e) {
    struct buf text = {0}, path = {0};
    char at[TIME_TEXT];
    struct json_out j;
    json_begin(&j, &text, true);
    json_object_(&j);
    if (list->failed) {
        time_format(list->failed, at);
        json_key(&j, "failed");
        json_strz(&j, at);
        json_key(&j, "error");
        json_strz(&j, list->error);
    }
    put_all(&j, list);
    json_object_end(&j);
    buf_putc(&text, '\n');
    buf_printf(&path, "%s/" BACKUP_STATE, p->dir);
    kith_status st = text.failed || path.failed ? err_nomem(e)
                                                : file_replace(path.ptr, buf_view(&text), 0666, e);
    buf_free(&text);
    buf_free(&path);
    return st;
}

void plan_found(struct planned *p, int64_t now, bool whole) {
    p->verified = whole ? now : 0;
    p->damaged = whole ? 0 : now;
}

kith_status plan_note(const struct backup_plan *p, struct planned_list *list, int64_t now,
                      const char *file, const char *error, kith_error *e) {
    list->failed = error ? now : 0;
    list->error = error;
    for (size_t i = 0; !error && i < list->count; i++)
        if (strcmp(list->items[i].head.file, file) == 0)
            plan_found(&list->items[i], now, true);
    return plan_state_write(p, list, e);
}
