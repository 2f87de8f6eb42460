/* SPDX-License-Identifier: Apache-2.0 */
/* Pause: groups of subscribers that are not called until somebody resumes them. Their cursors are
 * inactive and their timer handlers are not loaded, as if they were not there; so nothing that
 * happens meanwhile is lost. */
#include "engine/bus.h"
#include "engine/engine_internal.h"

#include <stdio.h>
#include <string.h>

kith_status pauses_setup(struct engine *g, kith_error *e) {
    return conn_exec(g->writer,
                     "CREATE TABLE IF NOT EXISTS kith_pause(name TEXT PRIMARY KEY,"
                     " version TEXT NOT NULL, since INTEGER NOT NULL, reason TEXT NOT NULL)"
                     " STRICT, WITHOUT ROWID",
                     e);
}

static struct group *group_named(struct group *list, const char *name) {
    while (list && strcmp(list->name, name) != 0)
        list = list->next;
    return list;
}

struct group *group_of(struct engine *g, const char *name, const char *version) {
    struct subscribers *s = g->adding;
    struct group *group = group_named(s->groups, name);
    if (group)
        return group;
    group = ARENA_NEW(&s->arena, struct group);
    if (!group || !(group->name = arena_strdup(&s->arena, name)) ||
        !(group->version = arena_strdup(&s->arena, version)))
        return NULL;
    group->next = s->groups;
    s->groups = group;
    return group;
}

kith_status engine_add_group(struct engine *g, const char *name, const char *version,
                             kith_error *e) {
    return group_of(g, name, version) ? KITH_OK : err_nomem(e);
}

/* -- in the database --------------------------------------------------------------------------- */

static kith_status set_active(struct engine *g, const char *reaction, bool active, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(g->writer, "UPDATE kith_cursor SET active = ?2 WHERE name = ?1", &st, e));
    bind_str(st, 1, str_of(reaction));
    bind_int(st, 2, active);
    return conn_run(g->writer, st, e);
}

/* Stops its reactions and timers, or has them go on. */
static kith_status hold(struct engine *g, const struct group *group, bool paused, kith_error *e) {
    const struct subscribers *s = g->subs;
    for (size_t i = 0; i < s->reactions.count; i++)
        if (s->reactions.items[i]->group == group)
            TRY(set_active(g, s->reactions.items[i]->reaction.name, !paused, e));
    for (size_t i = 0; i < s->timers.count; i++)
        if (s->timers.items[i]->group == group)
            TRY(timers_load(g, s->timers.items[i]->handler.name, !paused, e));
    return KITH_OK;
}

static kith_status insert(struct engine *g, const struct group *group, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(g->writer,
                     "INSERT OR REPLACE INTO kith_pause(name, version, since, reason)"
                     " VALUES(?1, ?2, ?3, ?4)",
                     &st, e));
    bind_str(st, 1, str_of(group->name));
    bind_str(st, 2, str_of(group->version));
    bind_int(st, 3, group->since);
    bind_str(st, 4, str_of(group->reason));
    return conn_run(g->writer, st, e);
}

static kith_status forget(struct engine *g, const char *name, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(g->writer, "DELETE FROM kith_pause WHERE name = ?1", &st, e));
    bind_str(st, 1, str_of(name));
    return conn_run(g->writer, st, e);
}

/* version: of the pause; NULL: it is not paused. In the arena. */
static kith_status read_version(struct engine *g, const char *name, struct arena *a,
                                const char **version, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    *version = NULL;
    TRY(conn_prepare(g->writer, "SELECT version FROM kith_pause WHERE name = ?1", &st, e));
    bind_str(st, 1, str_of(name));
    TRY(conn_step(g->writer, st, &row, e));
    if (!row)
        return KITH_OK;
    *version = arena_strdup(a, (const char *)sqlite3_column_text(st, 0));
    sqlite3_reset(st);
    return *version ? KITH_OK : err_nomem(e);
}

kith_status pauses_start(struct engine *g, kith_error *e) {
    for (struct group *group = g->subs->groups; group; group = group->next) {
        const char *version;
        TRY(read_version(g, group->name, &g->subs->arena, &version, e));
        group->paused = version && strcmp(version, group->version) == 0;
        if (group->paused)
            TRY(hold(g, group, true, e));
        else if (version)
            TRY(forget(g, group->name, e));
    }
    return KITH_OK;
}

static kith_status write_all(struct engine *g, kith_error *e) {
    for (const struct group *group = g->subs->groups; group; group = group->next) {
        if (!group->unsaved)
            continue;
        TRY(insert(g, group, e));
        TRY(hold(g, group, true, e));
    }
    return KITH_OK;
}

kith_status pauses_write(struct engine *g, kith_error *e) {
    TRY(group_begin(g, e));
    kith_status st = write_all(g, e);
    if (st != KITH_OK) {
        group_rollback(g);
        return st;
    }
    TRY(group_commit(g, e));
    for (struct group *group = g->subs->groups; group; group = group->next)
        group->unsaved = false;
    g->pausing = false;
    return bus_reload(g, e);
}

/* -- for those who pause and resume ------------------------------------------------------------ */

void engine_pause(struct txn *t, const char *group, const char *reason) {
    struct engine *g = t->g;
    struct group *found = group_named(g->subs->groups, group);
    if (!found || found->paused || g->rehearsing)
        return;
    found->paused = found->unsaved = g->pausing = true;
    found->since = clock_now(g->clock);
    snprintf(found->reason, sizeof found->reason, "%s", reason);
}

bool txn_paused(const struct txn *t, const char *group) {
    const struct group *found = group_named(t->g->subs->groups, group);
    return found && found->paused;
}

static kith_status let_go(struct engine *g, const char *name, const struct group *group,
                          kith_error *e) {
    const char *version;
    arena_reset(&g->work);
    TRY(read_version(g, name, &g->work, &version, e));
    if (!version)
        return err_set(e, KITH_E_NOTFOUND, NULL, "%s is not suspended", name);
    TRY(forget(g, name, e));
    return group ? hold(g, group, false, e) : KITH_OK;
}

/* Its hooks are asked again once it is durable: a commit that fails leaves it paused. */
static kith_status resume_alone(struct engine *g, struct request *r, kith_error *e) {
    const char *name = r->alone_arg;
    if (g->pausing)
        TRY(pauses_write(g, e));
    struct group *group = group_named(g->subs->groups, name);
    TRY(group_begin(g, e));
    kith_status st = let_go(g, name, group, e);
    if (st != KITH_OK) {
        group_rollback(g);
        return st;
    }
    TRY(group_commit(g, e));
    if (group)
        group->paused = false;
    g->refresh_due = true; /* its letters are due again, sooner or later */
    return bus_reload(g, e);
}

kith_status engine_resume(struct engine *g, const char *group, kith_error *e) {
    struct request r = {.alone = resume_alone, .alone_arg = (void *)(uintptr_t)group};
    return writer_submit(g, &r, e);
}

static kith_status pause_of(sqlite3_stmt *st, struct arena *a, void *item, kith_error *e) {
    struct pause *out = item;
    *out = (struct pause){.group = arena_str(a, column_str(st, 0)).ptr,
                          .version = arena_str(a, column_str(st, 1)).ptr,
                          .since = sqlite3_column_int64(st, 2),
                          .reason = arena_str(a, column_str(st, 3)).ptr};
    return out->group && out->version && out->reason ? KITH_OK : err_nomem(e);
}

static kith_status read_pauses(struct conn *c, struct arena *a, struct pause **out, size_t *count,
                               kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "SELECT name, version, since, reason FROM kith_pause ORDER BY name", &st,
                     e));
    return conn_rows(c, st, a, sizeof **out, pause_of, out, count, e);
}

kith_status engine_pauses(struct engine *g, struct arena *a, struct pause **out, size_t *count,
                          kith_error *e) {
    struct conn *c;
    *out = NULL;
    *count = 0;
    TRY(engine_reader(g, &c, e));
    kith_status st = read_pauses(c, a, out, count, e);
    engine_reader_done(g, c);
    return st;
}
