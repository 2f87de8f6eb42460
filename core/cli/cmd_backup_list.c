/* SPDX-License-Identifier: Apache-2.0 */
/* kith backup list: the backups that were made by the settings, and how the last try went. */
#include "cli/backup_plan.h"
#include "cli/show.h"
#include <string.h>

struct listing {
    struct cmd *c;
    struct backup_plan plan;
    struct planned_list list;
    int64_t next;
};

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void json_one(struct cmd *c, const struct planned_list *list, const struct planned *p) {
    const char *fault = plan_fault(list, p);
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "file");
    json_strz(&j, p->head.file);
    json_key(&j, "made");
    json_time(&j, p->head.at);
    json_key(&j, "kind");
    json_strz(&j, *p->head.base ? "changes" : "full");
    json_key(&j, "base");
    if (*p->head.base)
        json_strz(&j, p->head.base_file);
    else
        json_nil(&j);
    json_key(&j, "sealed");
    json_bool_(&j, *p->head.recipient != '\0');
    json_key(&j, "bytes");
    json_int(&j, (int64_t)p->size);
    json_key(&j, "journal");
    json_int(&j, (int64_t)p->head.journal);
    json_key(&j, "fault");
    if (fault)
        json_strz(&j, fault);
    else
        json_nil(&j);
    json_key(&j, "verified");
    if (p->verified)
        json_time(&j, p->verified);
    else
        json_nil(&j);
    json_object_end(&j);
    json_print(c, &b);
}

static void table(struct listing *l) {
    static const char *const heads[] = {"made", "kind", ">MB", "verified", "file", NULL};
    struct cmd *c = l->c;
    struct table t;
    table_begin(&t, c, heads);
    for (size_t i = 0; i < l->list.count; i++) {
        const struct planned *p = &l->list.items[i];
        table_cell(&t, show_time(c, p->head.at));
        table_cellz(&t, arena_printf(&c->arena, "%s%s", *p->head.base ? "changes" : "full",
                                     *p->head.recipient ? ", sealed" : ""));
        table_cellz(&t, arena_printf(&c->arena, "%.1f", (double)p->size / 1e6));
        const char *fault = plan_fault(&l->list, p);
        table_cell(&t, fault ? str_of(fault) : p->verified ? show_time(c, p->verified) : STR("no"));
        table_cellz(&t, base_name(p->head.file));
    }
    if (l->list.count > 0)
        table_print(&t);
}

static void tell_state(struct listing *l) {
    struct io *io = l->c->io;
    kith_str when = show_time(l->c, l->list.failed);
    if (l->list.count == 0)
        io_printf(io, "There is none in '%s'.\n", l->plan.dir);
    for (size_t i = 0; i < l->list.other_count; i++)
        if (l->list.others[i].broken)
            io_printf(io, "'%s' was a backup once, and is none any more: it is damaged.\n",
                      base_name(l->list.others[i].head.file));
    if (l->list.failed) {
        io_printf(io, "%sThe last try, at %.*s, failed:%s ", io_style(io, STYLE_BAD), (int)when.len,
                  when.ptr, io_style(io, STYLE_PLAIN));
        io_text(io, str_of(l->list.error));
        io_puts(io, "\n");
    }
    when = show_time(l->c, l->next);
    if (l->next == INT64_MAX)
        io_puts(io, "No further one is due.\n");
    else if (l->next <= engine_now(l->c->company->engine))
        io_puts(io, "The next one is due now; 'kith serve' makes it, or 'kith backup run'.\n");
    else
        io_printf(io, "The next one is due at %.*s.\n", (int)when.len, when.ptr);
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct listing l = {.c = c};
    TRY(plan_read(c->company, &c->arena, &l.plan, e));
    if (!l.plan.dir)
        return err_set(e, KITH_E_INVAL, NULL,
                       "the settings name no folder for backups: 'kith explain backup' tells how");
    TRY(plan_list(c->company, &l.plan, &c->arena, &l.list, e));
    const struct planned *last = plan_newest(&l.list, engine_now(c->company->engine));
    l.next = plan_next(&l.plan, c->company->zone, last ? last->head.at : 0);
    for (size_t i = 0; c->json && i < l.list.count; i++)
        json_one(c, &l.list, &l.list.items[i]);
    if (c->json)
        return KITH_OK;
    table(&l);
    tell_state(&l);
    return KITH_OK;
}

const struct command command_backup_list = {
    .name = "backup list",
    .args = "",
    .help = "the backups that the settings ask for, and when the next one is due",
    .more =
        "Times are the company's; those in the names of the files are UTC, so that names follow\n"
        "one another whatever the clocks do.",
    .needs = NEEDS_COMPANY,
    .run = run,
};

static kith_status check_broken(struct cmd *c, const struct planned_list *list, size_t *wrong,
                                kith_error *e) {
    const char *first = NULL;
    size_t n = 0;
    for (size_t i = 0; i < list->count + list->other_count; i++) {
        const struct planned *p =
            i < list->count ? &list->items[i] : &list->others[i - list->count];
        first = p->broken && !first ? p->head.file : first;
        n += p->broken;
    }
    if (n == 0)
        return KITH_OK;
    const char *text = arena_printf(
        &c->arena,
        "%zu backup%s cannot be restored, first '%s': damaged, or based on one that is or that is"
        " gone; 'kith backup list' shows them: remove them, they are kept and not counted",
        n, n == 1 ? "" : "s", base_name(first));
    if (!text)
        return err_nomem(e);
    show_problem(c, "", 0, text);
    ++*wrong;
    return KITH_OK;
}

/* A remark for 'kith check'. */
kith_status backup_check(struct cmd *c, size_t *wrong, kith_error *e) {
    struct backup_plan plan;
    struct planned_list list = {0};
    kith_error why = KITH_ERROR_INIT;
    const char *text = NULL;
    TRY(plan_read(c->company, &c->arena, &plan, e));
    if (!plan.dir)
        return KITH_OK;
    kith_status st = plan_list(c->company, &plan, &c->arena, &list, &why);
    int64_t now = engine_now(c->company->engine);
    const struct planned *newest = plan_newest(&list, now);
    int64_t last = newest ? newest->head.at : 0;
    if (st != KITH_OK)
        text = arena_strdup(&c->arena, why.message);
    else if (list.failed)
        text = arena_printf(&c->arena, "the last backup failed: %s", list.error);
    else if (last && now > plan_late(&plan, c->company->zone, last))
        text =
            arena_printf(&c->arena, "the last backup is of %.*s, though one is asked for every %s",
                         (int)show_time(c, last).len, show_time(c, last).ptr, plan.text);
    if (text)
        show_problem(c, "", 0, text);
    *wrong += text != NULL;
    return check_broken(c, &list, wrong, e);
}
