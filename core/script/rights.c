/* SPDX-License-Identifier: Apache-2.0 */
/* Rights: what the admin lets a file of rules do, in the words in which modules are granted theirs.
 * For Lua this is a wall: whatever a rule reads, writes, publishes or calls comes through here. */
#include "engine/grant.h"
#include "script/script_internal.h"

#include <string.h>

/* Of a group in rules.scripts, as declared; those of budgets are in the order of enum budget. */
enum { FILE_ITEM, MAY_ITEM, AS_ITEM, BUDGET_ITEM };

static bool may(const struct script *s, const char *kind, const char *name) {
    return !s->granted || grants_cover(s->may, kind, name);
}

/* -- taking ------------------------------------------------------------------------------------ */

const char *script_name(const char *file) {
    return strncmp(file, "rules/", 6) == 0 ? file + 6 : file;
}

static const kith_value *group_item(const struct setting *s, uint64_t i, uint64_t item) {
    static const kith_value unset = {0};
    const kith_value *group = &s->value.as.list.items[i];
    return item < group->as.list.count ? &group->as.list.items[item] : &unset;
}

static kith_str group_file(const struct setting *s, uint64_t i) {
    const kith_value *file = group_item(s, i, FILE_ITEM);
    kith_str name = file->kind == KITH_TEXT ? file->as.s : STR("");
    if (name.len > 6 && memcmp(name.ptr, "rules/", 6) == 0)
        name = (kith_str){name.ptr + 6, name.len - 6};
    return name;
}

static bool is_list(const struct setting *s) {
    return s && s->value.kind == KITH_LIST;
}

/* The group of the file, or -1. */
static int64_t group_for(const struct script *s) {
    const struct setting *o = s->all->options.scripts;
    for (uint64_t i = 0; is_list(o) && i < o->value.as.list.count; i++)
        if (str_eqz(group_file(o, i), script_name(s->file)))
            return (int64_t)i;
    return -1;
}

/* The list that holds for the file; NULL: everything. A group that says nothing but the name takes
 * every right away; one that is about something else leaves them as they are for others. */
static const kith_value *list_for(const struct script *s, const struct setting **at) {
    static const kith_value nothing = {.kind = KITH_LIST};
    const struct script_options *o = &s->all->options;
    int64_t group = group_for(s);
    bool about_rights = group >= 0;
    for (uint64_t i = AS_ITEM; group >= 0 && i < BUDGET_ITEM + BUDGETS; i++)
        about_rights &= group_item(o->scripts, (uint64_t)group, i)->kind == KITH_NULL;
    const kith_value *may =
        group >= 0 ? group_item(o->scripts, (uint64_t)group, MAY_ITEM) : &nothing;
    if (group >= 0 && (may->kind == KITH_LIST || about_rights)) {
        *at = o->scripts;
        return may->kind == KITH_LIST ? may : &nothing;
    }
    *at = is_list(o->may) ? o->may : NULL;
    return *at ? &o->may->value : NULL;
}

static void note(struct ruleset *set, const struct setting *at, bool absent, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void note(struct ruleset *set, const struct setting *at, bool absent, const char *fmt, ...) {
    char text[sizeof((kith_error *)0)->message];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    set_problem(set, &(struct script_problem){.file = at->file ? at->file : "kith.conf",
                                              .line = (uint32_t)at->line,
                                              .message = text,
                                              .absent = absent});
}

/* In a wrong list nothing is believed: the file is off. The list for all is told once, not with
 * each file that it holds for. */
static void check_list(struct script *s) {
    const struct setting *at = s->granted;
    bool own = at == s->all->options.scripts, told = s->set->may_told;
    for (uint64_t i = 0; i < s->may->as.list.count; i++) {
        kith_error e = KITH_ERROR_INIT;
        if (grant_check(s->all->engine, GRANT_RULES, s->may->as.list.items[i].as.s, &e) == KITH_OK)
            continue;
        if (own) {
            script_problem(s, 0, "%s:%d: %s: %s", at->file ? at->file : "kith.conf", at->line,
                           at->path, e.message);
            continue;
        }
        s->problems++;
        s->set->may_told = true;
        if (!told)
            note(s->set, at, false, "%s: %s", at->path, e.message);
    }
}

/* Runs that began earlier wait for the user and are not over without. */
static kith_status take_acting(struct script *s, int64_t group, kith_error *e) {
    const struct setting *o = s->all->options.scripts;
    const kith_value *as = group_item(o, (uint64_t)group, AS_ITEM);
    kith_error why = KITH_ERROR_INIT;
    if (as->kind != KITH_TEXT)
        return KITH_OK;
    s->acting = ARENA_NEW(&s->arena, struct acting);
    if (!s->acting)
        return err_nomem(e);
    s->acting->login = s->as = as->as.s.ptr;
    if (!s->pinned && !s->all->options.no_users &&
        acting_check(s->all->engine, s->acting, &why) != KITH_OK)
        script_problem(s, 0, "%s:%d: %s: as: %s", o->file ? o->file : "kith.conf", o->line, o->path,
                       why.message);
    return KITH_OK;
}

bool rights_any_acts(const struct scripts *all) {
    const struct setting *o = all->options.scripts;
    uint64_t i = 0, n = is_list(o) ? o->value.as.list.count : 0;
    while (i < n && group_item(o, i, AS_ITEM)->kind != KITH_TEXT)
        i++;
    return i < n;
}

static void take_budgets(struct script *s, int64_t group) {
    const struct script_options *o = &s->all->options;
    memcpy(s->budget.max, o->budgets, sizeof s->budget.max);
    for (uint64_t i = 0; group >= 0 && i < BUDGETS; i++) {
        const kith_value *own = group_item(o->scripts, (uint64_t)group, BUDGET_ITEM + i);
        if (own->kind != KITH_NULL)
            s->budget.max[i] = own->as.i;
    }
}

kith_status rights_take(struct script *s, kith_error *e) {
    const struct schema *schema = engine_schema(s->all->engine);
    int64_t group = s->console ? -1 : group_for(s);
    uint32_t max = 0;
    take_budgets(s, group);
    if (group >= 0 && !s->trial)
        TRY(take_acting(s, group, e));
    if (!s->trial && !s->console) /* which may everything */
        s->may = list_for(s, &s->granted);
    for (uint32_t i = 0; i < schema->type_count; i++)
        max = schema->types[i]->id > max ? schema->types[i]->id : max;
    s->rights = ARENA_ARRAY(&s->arena, uint8_t, max + 1u);
    if (!s->rights)
        return err_nomem(e);
    if (s->granted)
        check_list(s);
    for (uint32_t i = 0; i < schema->type_count; i++) {
        const struct rtype *t = schema->types[i];
        if (may(s, "write", t->name)) /* what may be written may be read, as for modules */
            s->rights[t->id] = RIGHT_READ | RIGHT_WRITE;
        else if (may(s, "read", t->name))
            s->rights[t->id] = RIGHT_READ;
    }
    return KITH_OK;
}

static const char *file_name(const void *arg, size_t i) {
    const struct script *s = ((const struct ruleset *)arg)->files;
    while (i--)
        s = s->next;
    return script_name(s->file);
}

static bool is_named_before(const struct setting *s, uint64_t i) {
    uint64_t k = 0;
    while (k < i && !str_eq(group_file(s, k), group_file(s, i)))
        k++;
    return k < i;
}

/* Mistakes, for a list that is for no file leaves the file that was meant all its rights; but they
 * keep nothing from being reloaded: a file may just have been removed. */
void rights_check(struct ruleset *set) {
    const struct setting *o = set->all->options.scripts;
    size_t count = 0;
    for (const struct script *s = set->files; s; s = s->next)
        count++;
    for (uint64_t i = 0; is_list(o) && i < o->value.as.list.count; i++) {
        kith_str file = group_file(o, i);
        size_t k = 0;
        while (k < count && !str_eqz(file, file_name(set, k)))
            k++;
        set->misplaced += k == count || is_named_before(o, i);
        const char *near = k < count ? NULL : str_nearest(file, file_name, set, count);
        if (k == count)
            note(set, o, true, "%s: there is no file %s%.*s%s%s%s", o->path,
                 str_starts(file, WORKFLOWS "/") ? "" : "rules/", (int)file.len, file.ptr,
                 STR_MEANT(near));
        else if (is_named_before(o, i))
            note(set, o, true, "%s: %.*s is named twice; only the first list holds", o->path,
                 (int)file.len, file.ptr);
    }
}

/* -- asking ------------------------------------------------------------------------------------ */

static kith_status denied(const struct script *s, const char *what, const char *kind,
                          const char *name, kith_error *e) {
    bool named = s->granted == s->all->options.scripts;
    return err_set(e, KITH_E_DENIED, NULL, "%s may not %s %s: add \"%s:%s\" to %s%s in %s", s->file,
                   what, name, kind, name, named ? "its list in " : "", s->granted->path,
                   s->granted->file ? s->granted->file : "kith.conf");
}

kith_status right_need(const struct script *s, uint32_t right, const struct rtype *t,
                       kith_error *e) {
    if (s->rights[t->id] & right)
        return KITH_OK;
    return right == RIGHT_READ ? denied(s, "read records of type", "read", t->name, e)
                               : denied(s, "write records of type", "write", t->name, e);
}

/* What an event carries, which has no number, is for every rule that hears of it. */
static kith_status need_read(void *arg, const struct rtype *t, kith_error *e) {
    return !t->id ? KITH_OK : right_need(arg, RIGHT_READ, t, e);
}

kith_status right_need_query(const struct script *s, const struct query *q, kith_error *e) {
    return query_types(q, need_read, (void *)(uintptr_t)s, e);
}

kith_status right_need_name(const struct script *s, const char *kind, const char *name,
                            kith_error *e) {
    return may(s, kind, name) ? KITH_OK : denied(s, kind, kind, name, e);
}

/* -- the user for whom a file acts ------------------------------------------------------------- */

bool right_reads(const struct script *s, const struct rfield *f) {
    if (!s->acting)
        return true;
    return s->frame->acting ? txn_reads(s->frame->txn, f) : s->all->options.no_users;
}

/* A condition on what an event carries is in no statement; the fields of records that it goes by
 * are. What is carried is open to whoever hears of it. */
static kith_status fields_open(const struct query *q, struct txn *t, kith_error *e) {
    struct query_depends d;
    TRY(query_depends(q, txn_arena(t), &d, e));
    for (size_t i = 0; i < d.count; i++) {
        const struct rtype *type = d.items[i].type;
        for (uint32_t k = 0; type && type->id && k < type->field_count; k++)
            if (fieldset_has(&d.items[i].fields, k) && !txn_reads(t, type->fields[k]))
                return err_set(e, KITH_E_DENIED, NULL, "you may not read %s.%s", type->name,
                               type->fields[k]->name);
    }
    return KITH_OK;
}

static kith_status condition_reads(const struct rule *r, struct txn *t, kith_error *e) {
    struct predicate *p;
    if (predicate_carried(r->where) || !r->type)
        return fields_open(predicate_query(r->where), t, e);
    TRY(predicate_parse_for(&p, r->type->schema, txn_principal(t), r->type, txn_arena(t),
                            str_of(r->info.where), e));
    return condition_open(txn_engine(t), txn_now(t), txn_principal(t), p, txn_arena(t), e);
}

/* What decides whether it runs is read, too. */
kith_status right_conditions(const struct rule *r, struct txn *t, kith_error *e) {
    for (uint32_t i = 0; r->fields && i < r->type->field_count; i++)
        if (fieldset_has(r->fields, i) && !txn_reads(t, r->type->fields[i]))
            return err_set(e, KITH_E_DENIED, NULL, "%s:%u: fields: you may not read %s.%s",
                           r->script->file, (unsigned)r->info.line, r->type->name,
                           r->type->fields[i]->name);
    if (!r->where)
        return KITH_OK;
    kith_status st = condition_reads(r, t, e);
    return st == KITH_OK ? KITH_OK
                         : err_prefix(e, "%s:%u: where: ", r->script->file, (unsigned)r->info.line);
}

/* Is the record there for the file? */
kith_status right_sees(struct script *s, const struct rule *r, struct txn *t,
                       const struct rtype *type, kith_id id, const kith_value *values, bool *yes,
                       kith_error *e) {
    struct acted before;
    kith_error gone = KITH_ERROR_INIT;
    *yes = true;
    if (!s->acting || !type || !id || !values)
        return KITH_OK;
    kith_status st = txn_act(t, s->acting, &before, &gone);
    if (st == KITH_E_DENIED) /* that is told when the file is called */
        return KITH_OK;
    if (st != KITH_OK) {
        err_copy(e, &gone);
        return st;
    }
    st = txn_sees(t, type, id, values, yes, e);
    if (st == KITH_OK && *yes && r)
        st = right_conditions(r, t, e);
    txn_act_end(t, &before);
    return st;
}
