/* SPDX-License-Identifier: Apache-2.0 */
/* Bulk: the query, the run, and what came of it. */
#include "cli/bulk.h"
#include "cli/rehearse.h"
#include "cli/scratch.h"
#include "cli/show.h"
#include "engine/bulk.h"

#define SHOWN 20 /* refusals that people are shown */

struct bulk_job {
    const struct rtype *type;
    struct assign *set; /* NULL: delete */
    size_t count;
    struct bulk_report report;
    struct rehearsal effects;
    struct arena *arena; /* of the report; the writer's thread fills it */
};

static kith_status parse(struct cmd *c, const struct schema *s, const struct bulk_job *job,
                         struct query **q, kith_error *e) {
    kith_str where = str_trim(str_of(cmd_option(c, "where")));
    const struct rtype *type = schema_type_by_id(s, job->type->id);
    struct predicate *condition; /* its errors say where in the text they are */
    if (!where.len)
        return err_set(e, KITH_E_INVAL, NULL,
                       "--where: say which records: --where \"city = 'Bonn'\"");
    TRY(predicate_parse_for(&condition, s, &c->principal, type, &c->arena, where, e));
    const char *text =
        arena_printf(&c->arena, "\"%s\" where %.*s", job->type->name, (int)where.len, where.ptr);
    return text ? query_parse_for(q, s, &c->principal, &c->arena, str_of(text), e) : err_nomem(e);
}

/* -- telling ----------------------------------------------------------------------------------- */

static void print_json(struct cmd *c, const struct bulk_job *job) {
    const struct bulk_report *r = &job->report;
    const struct {
        const char *name;
        uint64_t n;
    } counts[] = {{"found", r->found},
                  {job->set ? "updated" : "deleted", r->changed},
                  {"unchanged", r->unchanged},
                  {"refused", r->refused},
                  {"passed", r->passed}};
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "rehearsal");
    json_bool_(&j, rehearsing(c));
    json_key(&j, "type");
    json_strz(&j, job->type->name);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        json_key(&j, counts[i].name);
        json_int(&j, (int64_t)counts[i].n);
    }
    json_key(&j, "transaction");
    json_id(&j, r->tx);
    json_key(&j, "refusals");
    json_array_(&j);
    for (size_t i = 0; i < r->refusal_count; i++) {
        const struct bulk_refusal *x = &r->refusals[i];
        json_object_(&j);
        json_key(&j, "id");
        json_id(&j, x->id);
        json_key(&j, "field");
        if (x->field[0])
            json_strz(&j, x->field);
        else
            json_nil(&j);
        json_key(&j, "reason");
        json_strz(&j, x->reason);
        json_object_end(&j);
    }
    json_array_end(&j);
    json_object_end(&j);
    json_print(c, &b);
}

static void print_refusals(struct cmd *c, const struct bulk_job *job) {
    const struct bulk_report *r = &job->report;
    for (size_t i = 0; i < r->refusal_count && i < SHOWN; i++) {
        io_printf(c->io, "  %s: ", show_id(c, r->refusals[i].id));
        io_text(c->io, str_of(r->refusals[i].reason));
        io_puts(c->io, "\n");
    }
    if (r->refused > SHOWN)
        io_printf(c->io, "  ... and %llu more\n", (unsigned long long)(r->refused - SHOWN));
}

static void print_report(struct cmd *c, const struct bulk_job *job) {
    const struct bulk_report *r = &job->report;
    bool tried = rehearsing(c);
    io_printf(c->io, "%s %llu of %llu records of type %s",
              job->set ? (tried ? "Would update" : "Updated")
                       : (tried ? "Would delete" : "Deleted"),
              (unsigned long long)r->changed, (unsigned long long)r->found, job->type->name);
    if (r->unchanged)
        io_printf(c->io, "; %llu had these values already", (unsigned long long)r->unchanged);
    if (r->passed)
        io_printf(c->io, "; %llu had changed meanwhile, or gone with another one",
                  (unsigned long long)r->passed);
    io_printf(c->io, "%s%s\n", r->refused ? "; refused: " : ".",
              r->refused ? arena_printf(&c->arena, "%llu", (unsigned long long)r->refused) : "");
    print_refusals(c, job);
    if (tried)
        io_puts(c->io, "Rehearsal: nothing was kept.\n");
    else if (r->tx)
        io_printf(c->io, "'kith undo %s' takes this back.\n", show_id(c, r->tx));
}

/* What rules and modules would do beside it. */
static void print_effects(struct cmd *c, const struct bulk_job *job) {
    for (size_t i = 0; i < job->effects.count && !c->json; i++)
        print_effect(c, &job->effects.effects[i]);
    if (job->effects.cut && !c->json)
        io_puts(c->io, "It ended at 1,000 changes or 50 ms: more would follow.\n");
}

/* -- doing it ---------------------------------------------------------------------------------- */

static kith_status on_progress(void *arg, uint64_t done, uint64_t found, kith_error *e) {
    struct cmd *c = arg;
    char line[80];
    snprintf(line, sizeof line, "%llu of %llu", (unsigned long long)done,
             (unsigned long long)found);
    io_progress(c->io, line);
    return io_check(c->io, e);
}

static kith_status bulk_copy(struct cmd *c, struct company *scratch, void *arg, kith_error *e) {
    struct bulk_job *job = arg;
    const struct schema *s = engine_schema(scratch->engine);
    struct assign *set = ARENA_ARRAY(&c->arena, struct assign, job->count + 1);
    struct query *q;
    if (!set)
        return err_nomem(e);
    TRY(parse(c, s, job, &q, e));
    for (size_t i = 0; i < job->count; i++)
        set[i] = (struct assign){schema_field_by_id(s, job->set[i].field->id), job->set[i].value};
    struct bulk b = {q, set, job->count, job->set == NULL};
    kith_status st = engine_bulk(scratch->engine, &c->principal, &b, on_progress, c, job->arena,
                                 &job->report, e);
    io_progress(c->io, "");
    job->report.tx = 0; /* the copy's */
    return st;
}

static kith_status bulk_tried(struct cmd *c, void *arg, kith_error *e) {
    struct bulk_job *job = arg;
    struct query *q;
    TRY(parse(c, cmd_schema(c), job, &q, e));
    struct bulk b = {q, job->set, job->count, job->set == NULL};
    return engine_bulk_rehearse(c->company->engine, &c->principal, &b, job->arena, &job->report,
                                &job->effects, e);
}

static kith_status carry_out(struct cmd *c, struct bulk_job *job, kith_error *e) {
    struct query *q;
    if (rehearsing(c))
        return scratch_try(c, bulk_tried, bulk_copy, job, e);
    TRY(parse(c, cmd_schema(c), job, &q, e));
    struct bulk b = {q, job->set, job->count, job->set == NULL};
    kith_status st = engine_bulk(c->company->engine, &c->principal, &b, on_progress, c, job->arena,
                                 &job->report, e);
    io_progress(c->io, "");
    c->wrote = job->report.tx != 0;
    if (st != KITH_OK && job->report.tx)
        io_say(c->io, "%llu of %llu were done before; 'kith undo %s' takes them back",
               (unsigned long long)job->report.changed, (unsigned long long)job->report.found,
               show_id(c, job->report.tx));
    return st;
}

kith_status cmd_bulk(struct cmd *c, const struct rtype *type, struct assign *set, size_t count,
                     kith_error *e) {
    struct arena own = {0};
    struct bulk_job job = {.type = type, .set = set, .count = count, .arena = &own};
    kith_status st = carry_out(c, &job, e);
    if (st == KITH_OK) {
        print_effects(c, &job);
        c->json ? print_json(c, &job) : print_report(c, &job);
    }
    arena_free(&own);
    return st;
}
