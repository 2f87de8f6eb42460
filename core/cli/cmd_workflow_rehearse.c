/* SPDX-License-Identifier: Apache-2.0 */
/* kith workflow rehearse: what a run would do, on a copy of the company under a clock that leaps
 * from wait to wait. */
#include "base/id.h"
#include "cli/show.h"

#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 64

/* -- one line of time -------------------------------------------------------------------------- */

/* An effect, or a wait of the run. */
struct item {
    int64_t at;
    uint64_t order;
    const struct trial_effect *effect; /* NULL: a wait */
    const struct run_step *wait;
};

struct timeline {
    struct cmd *c;
    const struct test_bench *bench;
    const struct flow_rehearsal *r;
    struct item *items;
    size_t count;
    size_t effects;
};

static int by_time(const void *a, const void *b) {
    const struct item *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* Waits of the run, each behind the rows that were written before it. */
static void take_waits(struct timeline *t, const struct run_step *steps, size_t n) {
    uint64_t order = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t behind = 2 * steps[i].row + 2;
        order = steps[i].row && behind > order ? behind : order;
        if (strcmp(steps[i].what, "wait") == 0)
            t->items[t->count++] = (struct item){steps[i].at, order, NULL, &steps[i]};
    }
}

static kith_status make_timeline(struct timeline *t, kith_error *e) {
    struct arena *a = &t->c->arena;
    struct trial_effect *effects;
    struct run_step *steps = NULL;
    size_t n, step_count = 0;
    TRY(trial_effects(t->bench, &t->r->since, a, &effects, &n, e));
    trial_follow(t->bench, effects, n, t->r->run);
    kith_error gone = KITH_ERROR_INIT; /* with its record the log went */
    if (scripts_run_steps(t->bench->scripts, t->r->run, a, &steps, &step_count, &gone) != KITH_OK)
        step_count = 0;
    t->items = ARENA_ARRAY(a, struct item, n + step_count + 1);
    if (!t->items)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++)
        if (effects[i].ours && !effects[i].inner)
            t->items[t->count++] =
                (struct item){effects[i].at, effects[i].order, &effects[i], NULL};
    t->effects = t->count;
    take_waits(t, steps, step_count);
    qsort(t->items, t->count, sizeof *t->items, by_time);
    return KITH_OK;
}

/* -- for people -------------------------------------------------------------------------------- */

static void show_part(void *arg, const char *name, kith_str value) {
    struct cmd *c = arg;
    io_printf(c->io, "    %s: ", name);
    io_text(c->io, value);
    io_puts(c->io, "\n");
}

static void show_item(struct timeline *t, const struct item *i) {
    struct cmd *c = t->c;
    io_text(c->io, show_time(c, i->at));
    if (i->wait) {
        io_printf(c->io, "  waits: %s(%.*s)", i->wait->name, (int)i->wait->args.len,
                  i->wait->args.ptr);
        if (i->wait->until) {
            io_puts(c->io, " until ");
            io_text(c->io, show_time(c, i->wait->until));
        }
        io_puts(c->io, "\n");
        return;
    }
    const char *text = trial_text(i->effect, &c->arena);
    io_printf(c->io, "  %s%s%s", io_style(c->io, STYLE_HEAD), text ? text : "",
              io_style(c->io, STYLE_PLAIN));
    if (i->effect->own)
        io_puts(c->io, "   as was said to happen");
    else if (i->effect->source.kind) {
        io_puts(c->io, "   by ");
        io_text(c->io, show_source(c, &i->effect->source));
    }
    io_puts(c->io, "\n");
    if (i->effect->kind != TRIAL_DELETE)
        trial_parts(t->bench, i->effect, &c->arena, show_part, c);
}

static void show_end(struct timeline *t) {
    const struct flow_rehearsal *r = t->r;
    struct io *io = t->c->io;
    io_text(io, show_time(t->c, r->until));
    if (r->end == REHEARSAL_OVER)
        io_printf(io, "  %s%s%s\n", r->state, r->result ? ": " : "", r->result ? r->result : "");
    else if (r->end == REHEARSAL_FAILED)
        io_printf(io, "  fails: %s\n", r->error ? r->error : "");
    else if (r->end == REHEARSAL_WAITS)
        io_printf(io, "  waits for %s, for ever; --event '%s:{...}' has that happen\n",
                  r->waits_for ? r->waits_for : "nothing", r->waits_for ? r->waits_for : "TOPIC");
    else
        io_puts(io, "  goes on and on: no more than 1,000 moments and ten years are looked at\n");
    if (r->remark)
        io_printf(io, "Here it did nevertheless: %s.\n", r->remark);
    for (size_t i = r->happened; i < r->event_count; i++)
        io_printf(io, "%s did not happen: it was not waited for.\n", r->events[i].topic);
    io_printf(io, "\nRehearsal: %zu effect%s, nothing was kept.\n", t->effects,
              t->effects == 1 ? "" : "s");
}

/* -- for programs ------------------------------------------------------------------------------ */

static void json_part(void *arg, const char *name, kith_str value) {
    json_key(arg, name);
    json_str(arg, value);
}

static void json_wait(struct json_out *j, const struct run_step *w) {
    json_key(j, "wait");
    json_strz(j, w->name);
    json_key(j, "arguments");
    json_str(j, w->args);
    json_key(j, "until");
    if (w->until)
        json_time(j, w->until);
    else
        json_nil(j);
}

static void json_effect(struct timeline *t, struct json_out *j, const struct trial_effect *f) {
    json_key(j, "effect");
    json_strz(j, trial_kind_name(f->kind));
    json_key(j, "of");
    json_strz(j, f->kind <= TRIAL_DELETE ? f->type ? f->type->name : "" : f->name);
    json_key(j, "type");
    if (f->type)
        json_strz(j, f->type->name);
    else
        json_nil(j);
    json_key(j, "id");
    json_id(j, f->id);
    json_key(j, "by");
    json_source(j, &f->source);
    json_key(j, "values");
    json_object_(j);
    trial_parts(t->bench, f, &t->c->arena, json_part, j);
    json_object_end(j);
}

static void json_item(struct timeline *t, const struct item *i) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "at");
    json_time(&j, i->at);
    if (i->wait)
        json_wait(&j, i->wait);
    else
        json_effect(t, &j, i->effect);
    json_object_end(&j);
    json_print(t->c, &b);
}

static void json_text_or_nil(struct json_out *j, const char *key, const char *text) {
    json_key(j, key);
    if (text)
        json_strz(j, text);
    else
        json_nil(j);
}

static void json_ending(struct timeline *t) {
    static const char *const ends[] = {"over", "failed", "waits", "cut"};
    const struct flow_rehearsal *r = t->r;
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "at");
    json_time(&j, r->until);
    json_key(&j, "end");
    json_strz(&j, ends[r->end]);
    json_text_or_nil(&j, "state", r->state);
    json_text_or_nil(&j, "waits_for", r->waits_for);
    json_text_or_nil(&j, "result", r->result);
    json_text_or_nil(&j, "error", r->error);
    json_text_or_nil(&j, "remark", r->remark);
    json_object_end(&j);
    json_print(t->c, &b);
}

static kith_status show_all(struct cmd *c, const struct test_bench *b,
                            const struct flow_rehearsal *r, kith_error *e) {
    struct timeline t = {.c = c, .bench = b, .r = r};
    TRY(make_timeline(&t, e));
    for (size_t i = 0; i < t.count; i++)
        c->json ? json_item(&t, &t.items[i]) : show_item(&t, &t.items[i]);
    c->json ? json_ending(&t) : show_end(&t);
    return KITH_OK;
}

/* -- the command ------------------------------------------------------------------------------- */

struct job {
    struct cmd *c;
    struct script_focus focus;
    struct rehearsed_event events[EVENTS_MAX];
    struct flow_rehearsal r;
};

/* "task.done:{...}" */
static kith_status take_events(struct job *j, kith_error *e) {
    const char *given = cmd_option(j->c, "event");
    kith_str rest = str_of(given ? given : ""), one;
    j->r.events = j->events;
    while (str_split(&rest, GATHERED, &one)) {
        struct rehearsed_event *ev = &j->events[j->r.event_count++];
        kith_str topic;
        if (j->r.event_count == EVENTS_MAX)
            return err_set(e, KITH_E_INVAL, "event", "--event: at most %d", EVENTS_MAX - 1);
        str_split(&one, ':', &topic);
        ev->topic = arena_str(&j->c->arena, topic).ptr;
        ev->json = arena_str(&j->c->arena, str_trim(one));
        if (!ev->topic || (one.len && !ev->json.ptr))
            return err_nomem(e);
    }
    return KITH_OK;
}

/* "lead/0ABC": there must be such a record; its type is named anew in the copy. */
static kith_status take_record(struct job *j, const struct schema *s, kith_error *e) {
    const char *on = cmd_option(j->c, "on");
    kith_str id = str_of(on ? on : ""), type;
    if (!on)
        return KITH_OK;
    if (!str_split(&id, '/', &type) || !id_parse(str_trim(id), &j->r.id))
        return err_set(e, KITH_E_INVAL, "on", "--on: write TYPE/ID, as lead/0SA818WY40000");
    return schema_find_type(s, type, &j->r.type, e);
}

/* Of a file that was given in the place of a workflow it is the only one. */
static kith_status pick_workflow(struct job *j, struct company *copy, kith_error *e) {
    struct scripts_view v;
    struct buf names = {0};
    size_t count = 0;
    if (j->r.workflow)
        return KITH_OK;
    TRY(scripts_view(copy->scripts, &j->c->arena, &v, e));
    for (size_t i = 0; i < v.rule_count; i++) {
        const struct rule_info *r = &v.rules[i];
        if (r->kind != RULE_WORKFLOW || strcmp(r->file, j->focus.file) != 0)
            continue;
        buf_printf(&names, "%s'%s'", count++ ? ", " : "", r->name);
        j->r.workflow = r->name;
    }
    const char *file = j->c->args[0], *all = names.ptr ? names.ptr : "";
    kith_status st = KITH_OK;
    if (count == 0)
        st = err_set(e, KITH_E_NOTFOUND, NULL, "there is no workflow in %s", file);
    else if (count > 1)
        st = err_set(e, KITH_E_INVAL, NULL,
                     "%s has %zu workflows, %s: write kith workflow rehearse NAME --file %s", file,
                     count, all, file);
    buf_free(&names);
    return st;
}

static kith_status on_copy(void *arg, const char *path, kith_error *e) {
    struct job *j = arg;
    struct cmd *c = j->c;
    struct company *copy = NULL;
    const struct company_trial how = {.dir = c->company->dir,
                                      .db = path,
                                      .now = engine_now(c->company->engine),
                                      .focus = j->focus.file ? &j->focus : NULL,
                                      .original = c->company};
    TRY(company_open_trial(&copy, c->program, &how, e));
    const struct test_bench b = {copy->engine, copy->scripts, &copy->clock, NULL};
    kith_status st = j->focus.file ? cmd_script_loads(c, copy, j->focus.file, e) : KITH_OK;
    if (st == KITH_OK)
        st = pick_workflow(j, copy, e);
    if (st == KITH_OK)
        st = take_record(j, engine_schema(copy->engine), e);
    if (st == KITH_OK)
        st = trial_rehearse(&b, &c->principal, &j->r, &c->arena, e);
    if (st == KITH_OK)
        st = show_all(c, &b, &j->r, e);
    company_close(copy);
    return st;
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct job *j = ARENA_NEW(&c->arena, struct job);
    const char *file = cmd_option(c, "file"), *data = cmd_option(c, "data");
    if (!j)
        return err_nomem(e);
    j->c = c;
    if (!file && cmd_names_script(c->args[0]))
        file = c->args[0];
    else
        j->r.workflow = c->args[0];
    j->r.data = str_of(data ? data : "");
    if (file)
        TRY(cmd_script_focus(c, file, false, &j->focus, e));
    TRY(take_events(j, e));
    io_progress(c->io, "copying the database");
    TRY(engine_with_copy(c->company->engine, on_copy, j, e));
    TRY(take_record(j, cmd_schema(c), e)); /* which the caller has been shown */
    return j->r.type ? engine_shown(c->company->engine, &c->principal, j->r.type, j->r.id, e)
                     : KITH_OK;
}

const struct command command_workflow_rehearse = {
    .name = "workflow rehearse",
    .args = "WORKFLOW|FILE",
    .help = "what a run would do from now on, with its waits skipped; nothing is kept",
    .more =
        "The workflow is begun in a copy of the company, where time leaps from one wait to the"
        " next.\nOther rules and modules answer what it does; what else waits stands still.\n\n"
        "  kith workflow rehearse nurture --on lead/0SA818WY40000\n"
        "  kith workflow rehearse nurture --on lead/0SA818WY40000 --file ~/drafts/nurture.lua\n"
        "  kith workflow rehearse ~/drafts/nurture.lua --on lead/0SA818WY40000\n"
        "  kith workflow rehearse nurture --on lead/0SA818WY40000 --event task.done\n"
        "  kith workflow rehearse survey --on case/0SA818WY40000 --event"
        " 'feedback.answered:{\"score\": 1}'\n\n"
        "An event happens when the run waits for it. In its JSON \"record\": \"TYPE/ID\" says to"
        " which\nrecord; else it is the newest of that type that the run wrote, or its own.",
    .options = {{"on", "TYPE/ID", "the record that it runs for"},
                {"file", "FILE", "the text of its file as it is there, installed or not"},
                {"event", "TOPIC:JSON", "what happens once it is waited for; may be repeated"},
                {"data", "JSON", "what its function gets as event.data"}},
    .gathered = "event",
    .needs = NEEDS_COMPANY,
    .args_min = 1,
    .args_max = 1,
    .run = run,
};
