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

/* Of one that was changed since it was read nothing is known. */
static void take_one(struct planned *p, const json_t *state) {
    const char *name = base_name(p->head.file);
    const json_t *seen = json_object_get(json_object_get(state, "seen"), name);
    bool same = (uint64_t)json_integer_value(json_array_get(seen, 0)) == p->size &&
                json_integer_value(json_array_get(seen, 1)) == p->modified;
    p->verified = same ? time_in(json_object_get(state, "verified"), name) : 0;
    p->damaged = same ? time_in(json_object_get(state, "damaged"), name) : 0;
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

/* What was whole once, is still there, and does not even say any more what it is. */
static kith_status find_lost(const struct backup_plan *p, struct arena *a, const json_t *state,
                             struct planned_list *list, kith_error *e) {
    json_t *verified = json_object_get(state, "verified"), *at;
    const char *name;
    list->lost = ARENA_ARRAY(a, struct planned, json_object_size(verified) + 1);
    if (!list->lost)
        return err_nomem(e);
    json_object_foreach(verified, name, at) {
        const char *path = arena_printf(a, "%s/%s", p->dir, name);
        if (!path)
            return err_nomem(e);
        if (!strchr(name, '/') && !is_listed(list, name) && access(path, F_OK) == 0 &&
            !is_backup(path, a))
            list->lost[list->lost_count++] =
                (struct planned){.head.file = path, .verified = time_in(verified, name)};
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
    kith_status st = find_lost(p, a, state, list, e);
    json_decref(state);
    buf_free(&text);
    return st;
}

/* -- writing it -------------------------------------------------------------------------------- */

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

static void put_known(struct json_out *j, const struct planned_list *list) {
    json_key(j, "verified");
    json_object_(j);
    for (size_t i = 0; i < list->count; i++)
        put_time(j, &list->items[i], list->items[i].verified);
    for (size_t i = 0; i < list->lost_count; i++)
        put_time(j, &list->lost[i], list->lost[i].verified);
    json_object_end(j);
    json_key(j, "damaged");
    json_object_(j);
    for (size_t i = 0; i < list->count; i++)
        put_time(j, &list->items[i], list->items[i].damaged);
    json_object_end(j);
    json_key(j, "seen");
    json_object_(j);
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].verified || list->items[i].damaged)
            put_seen(j, &list->items[i]);
    json_object_end(j);
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
    put_known(&j, list);
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
