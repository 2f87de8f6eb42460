/* SPDX-License-Identifier: Apache-2.0 */
/* kith merge: makes one record of several. */
#include "cli/rehearse.h"
#include "cli/scratch.h"
#include "cli/show.h"
#include "engine/merge.h"

#include <string.h>

#define DROPPED_SHOWN 200

struct job {
    struct merge merge;
    struct merge_report report;
    struct rehearsal effects;
    kith_id tx;
    struct arena
        *arena; /* of the report: another one than the command's, which is not the writer's */
};

/* -- what is asked for ------------------------------------------------------------------------- */

static void put_pick(struct json_out *j, const char *word, const char *eq) {
    char name[128];
    snprintf(name, sizeof name, "%.*s", (int)(eq - word < 100 ? eq - word : 100), word);
    json_key(j, name);
    json_strz(j, eq + 1);
}

/* Ids first, field=id in any place behind the type. */
static kith_status read_job(struct cmd *c, struct job *job, kith_error *e) {
    struct buf others = {0}, fields = {0};
    struct json_out j;
    json_begin(&j, &fields, false);
    json_object_(&j);
    for (size_t i = 2; i < c->arg_count; i++) {
        const char *eq = strchr(c->args[i], '=');
        if (eq)
            put_pick(&j, c->args[i], eq);
        else
            buf_printf(&others, "%s%s", others.len ? "," : "", c->args[i]);
    }
    json_object_end(&j);
    kith_status st =
        others.failed || fields.failed
            ? err_nomem(e)
            : merge_read(cmd_schema(c), str_of(c->args[0]), str_of(c->args[1]), buf_view(&others),
                         buf_view(&fields), &c->arena, &job->merge, e);
    buf_free(&others);
    buf_free(&fields);
    return st;
}

/* -- telling ----------------------------------------------------------------------------------- */

/* An undo of the merge does not bring these back: there is no history to do it by, or it may not.
 */
static bool is_final(const struct merge_links *l) {
    const struct rtype *t = l->field->type;
    return t->history == KITH_HISTORY_NONE || t->undo == KITH_UNDO_REFUSE;
}

static void print_json(struct cmd *c, const struct job *job) {
    const struct merge_report *r = &job->report;
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "rehearsal");
    json_bool_(&j, rehearsing(c));
    json_key(&j, "type");
    json_strz(&j, job->merge.type->name);
    json_key(&j, "kept");
    json_id(&j, r->keep);
    json_key(&j, "merged");
    json_array_(&j);
    for (size_t i = 0; i < job->merge.count; i++)
        json_id(&j, job->merge.others[i]);
    json_array_end(&j);
    json_key(&j, "fields");
    json_object_(&j);
    for (size_t i = 0; i < r->taken_count; i++) {
        json_key(&j, r->taken[i].field->name);
        json_id(&j, r->taken[i].from);
    }
    json_object_end(&j);
    json_key(&j, "links");
    json_object_(&j);
    for (size_t i = 0; i < r->link_count; i++) {
        const struct rfield *f = r->links[i].field;
        json_key(&j, arena_printf(&c->arena, "%s.%s", f->type->name, f->name));
        json_object_(&j);
        json_key(&j, "moved");
        json_int(&j, (int64_t)r->links[i].moved);
        json_key(&j, "joined");
        json_int(&j, (int64_t)r->links[i].joined);
        if (is_final(&r->links[i])) {
            json_key(&j, "final");
            json_bool_(&j, true);
        }
        json_object_end(&j);
    }
    json_object_end(&j);
    json_key(&j, "moved");
    json_int(&j, (int64_t)r->moved);
    json_key(&j, "joined");
    json_int(&j, (int64_t)r->joined);
    json_key(&j, "dropped");
    merge_dropped_json(cmd_schema(c), r, &j);
    json_key(&j, "transaction");
    json_id(&j, job->tx);
    json_object_end(&j);
    json_print(c, &b);
}

static void print_taken(struct cmd *c, const struct merge_pick *p, const struct rtype *t) {
    io_printf(c->io, "  %s: ", p->field->name);
    if (p->from)
        io_printf(c->io, "that of %s %s\n", t->name, show_id(c, p->from));
    else
        io_puts(c->io, "those of all\n");
}

static void print_links(struct cmd *c, const struct merge_links *l) {
    const struct rfield *f = l->field;
    io_printf(c->io, "  %s.%s: ", f->type->name, f->name);
    if (l->moved)
        io_printf(c->io, "%llu moved%s", (unsigned long long)l->moved, l->joined ? ", " : "");
    if (l->joined)
        io_printf(c->io, "%llu joined", (unsigned long long)l->joined);
    if (is_final(l))
        io_printf(c->io, ", for good: an undo leaves records of type %s as they are",
                  f->type->name);
    io_puts(c->io, "\n");
}

/* "contact 0ABC..., city: Kiel" */
static void print_dropped(struct cmd *c, const struct merge_dropped *d) {
    io_puts(c->io, "    ");
    io_text(c->io, str_of(arena_printf(&c->arena, "%s %s, %s: ", d->field->type->name,
                                       show_id(c, d->from), d->field->name)));
    io_lines(c->io, show_value(c, &d->value), 6);
    io_puts(c->io, "\n");
}

static void print_all_dropped(struct cmd *c, const struct merge_report *r) {
    if (r->dropped_count)
        io_printf(c->io, "  %s:\n", rehearsing(c) ? "would not be kept" : "not kept");
    for (size_t i = 0; i < r->dropped_count && i < DROPPED_SHOWN; i++)
        print_dropped(c, &r->dropped[i]);
    if (r->dropped_count > DROPPED_SHOWN)
        io_printf(c->io, "    ... and %zu more, which --json shows\n",
                  r->dropped_count - DROPPED_SHOWN);
}

/* What rules and modules would do beside it; the rest is told above. */
static size_t print_others(struct cmd *c, const struct rehearsal *r) {
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++) {
        const struct effect *f = &r->effects[i];
        if (f->source.kind != SOURCE_RULE && f->source.kind != SOURCE_MODULE)
            continue;
        print_effect(c, f);
        n++;
    }
    return n;
}

static void print_report(struct cmd *c, const struct job *job) {
    const struct merge_report *r = &job->report;
    bool tried = rehearsing(c);
    const struct rtype *t = job->merge.type;
    io_printf(c->io, "%s%s%s ", io_style(c->io, STYLE_HEAD), tried ? "Would merge" : "Merged",
              io_style(c->io, STYLE_PLAIN));
    for (size_t i = 0; i < job->merge.count; i++)
        io_printf(c->io, "%s%s", i ? ", " : "", show_id(c, job->merge.others[i]));
    io_puts(c->io, " into ");
    io_text(c->io, show_record(c, t, r->keep));
    io_puts(c->io, "\n");
    for (size_t i = 0; i < r->taken_count; i++)
        print_taken(c, &r->taken[i], t);
    for (size_t i = 0; i < r->link_count; i++)
        print_links(c, &r->links[i]);
    print_all_dropped(c, r);
    if (r->since) {
        kith_str at = show_time(c, r->since);
        io_printf(c->io,
                  "It was begun at %.*s and not finished; what was moved then is not counted"
                  " here.\n",
                  (int)at.len, at.ptr);
    }
    if (tried)
        io_printf(c->io, "%sRehearsal: nothing was kept.\n",
                  print_others(c, &job->effects) ? "\n" : "");
    else
        io_printf(c->io, "'kith undo %s' takes them apart again.\n", show_id(c, job->tx));
}

/* -- doing it ---------------------------------------------------------------------------------- */

/* The report of a copy names the copy's fields. */
static void own_fields(struct cmd *c, struct merge_report *r) {
    for (size_t i = 0; i < r->taken_count; i++)
        r->taken[i].field = schema_field_by_id(cmd_schema(c), r->taken[i].field->id);
    for (size_t i = 0; i < r->link_count; i++)
        r->links[i].field = schema_field_by_id(cmd_schema(c), r->links[i].field->id);
    for (size_t i = 0; i < r->dropped_count; i++)
        r->dropped[i].field = schema_field_by_id(cmd_schema(c), r->dropped[i].field->id);
}

static kith_status merge_copy(struct cmd *c, struct company *scratch, void *arg, kith_error *e) {
    struct job *job = arg;
    struct merge m = job->merge;
    struct merge_pick *picks = ARENA_ARRAY(&c->arena, struct merge_pick, m.pick_count + 1);
    const struct schema *s = engine_schema(scratch->engine);
    if (!picks)
        return err_nomem(e);
    m.type = schema_type_by_id(s, m.type->id);
    for (size_t i = 0; i < m.pick_count; i++)
        picks[i] =
            (struct merge_pick){schema_field_by_id(s, m.picks[i].field->id), m.picks[i].from};
    m.picks = picks;
    TRY(engine_merge(scratch->engine, &c->principal, &m, job->arena, &job->report, &job->tx, e));
    own_fields(c, &job->report);
    job->tx = 0; /* the copy's */
    return KITH_OK;
}

static kith_status merge_tried(struct cmd *c, void *arg, kith_error *e) {
    struct job *job = arg;
    return engine_merge_rehearse(c->company->engine, &c->principal, &job->merge, job->arena,
                                 &job->report, &job->effects, e);
}

static kith_status carry_out(struct cmd *c, struct job *job, kith_error *e) {
    if (rehearsing(c))
        return scratch_try(c, merge_tried, merge_copy, job, e);
    TRY(engine_merge(c->company->engine, &c->principal, &job->merge, job->arena, &job->report,
                     &job->tx, e));
    c->wrote = true;
    return KITH_OK;
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct arena own = {0};
    struct job job = {.arena = &own};
    kith_status st = read_job(c, &job, e);
    if (st == KITH_OK)
        st = carry_out(c, &job, e);
    if (st == KITH_OK && c->json)
        print_json(c, &job);
    else if (st == KITH_OK)
        print_report(c, &job);
    arena_free(&own);
    return st;
}

const struct command command_merge = {
    .name = "merge",
    .args = "TYPE ID OTHER ... [FIELD=ID ...]",
    .help = "make one record of several: the first one stays, the others become it",
    .more = "  kith merge contact 0SA818NN40003 0SA818WY40000 --rehearse\n"
            "  kith merge account 0SA818M2M0000 0SA818M9C0001 phone=0SA818M9C0001\n\n"
            "A field keeps the value of the record that stays; where it has none, it takes the\n"
            "first that the others have; FIELD=ID says whose it takes. A name and an address are\n"
            "taken as a whole. Tags and links to many are joined. All that links to the others\n"
            "links to the one that stays; contact points that are the same become one. The ids\n"
            "of the others lead to it from then on, and so does what other programs know them by:\n"
            "their external_id and unique values. Values that are not kept are told; rehearse it\n"
            "first. 'kith undo' takes them apart again.",
    .options = {REHEARSE_OPTION},
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_min = 3,
    .args_max = 1000,
    .run = run,
};
