/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a backtest. Its types and fields are those of the copy, which is still open. */
#include "cli/backtest_show.h"
#include "cli/rehearse.h"
#include "cli/show.h"

#include <string.h>

#define BY_DAY 21 /* a window of so many days is told by days, a longer one by weeks */
#define SHOWN  20 /* failures, conflicts and the like that people are shown */

static const char *number(struct cmd *c, uint64_t n) {
    return arena_printf(&c->arena, "%llu", (unsigned long long)n);
}

static const char *effect_word(uint32_t kind) {
    return kind ? row_kind_name(kind) : "set";
}

/* -- for people -------------------------------------------------------------------------------- */

static void print_window(struct cmd *c, const char *file, const struct backtest_report *r) {
    kith_str since = show_time(c, r->since), until = show_time(c, r->until);
    io_printf(c->io, "%s%s from %.*s to %.*s%s: %llu transactions, %llu rows of the journal.\n",
              io_style(c->io, STYLE_HEAD), file, (int)since.len, since.ptr, (int)until.len,
              until.ptr, io_style(c->io, STYLE_PLAIN), (unsigned long long)r->transactions,
              (unsigned long long)r->rows);
    if (r->cut)
        io_puts(c->io, "The journal is kept from then on: what was before cannot be tested.\n");
    if (r->erased)
        io_printf(c->io,
                  "%llu rows were erased in part or as a whole: those records are not as they"
                  " were.\n",
                  (unsigned long long)r->erased);
    if (r->unfit)
        io_printf(c->io, "%llu rows speak of records that are not known any more.\n",
                  (unsigned long long)r->unfit);
    if (r->own)
        io_printf(c->io, "%llu of the rows are what this file did then; it did not hear of them.\n",
                  (unsigned long long)r->own);
}

/* "3 0 5" */
static const char *by_time(struct cmd *c, const struct backtest_report *r,
                           const struct backtest_rule *rule) {
    size_t step = r->day_count > BY_DAY ? 7 : 1;
    struct buf b = {0};
    for (size_t day = 0; day < r->day_count; day += step) {
        uint64_t n = 0;
        for (size_t i = day; i < day + step && i < r->day_count; i++)
            n += rule->days[i];
        buf_printf(&b, "%s%llu", day ? " " : "", (unsigned long long)n);
    }
    const char *out = arena_strdup(&c->arena, b.failed || !b.ptr ? "" : b.ptr);
    buf_free(&b);
    return out;
}

static void print_rules(struct cmd *c, const struct backtest_report *r) {
    struct table t;
    if (r->rule_count == 0) {
        io_puts(c->io, "\nNothing in it would have begun.\n");
        return;
    }
    io_puts(c->io, "\n");
    table_begin(&t, c,
                (const char *const[]){"what would have begun", ">times", ">failed", ">refused",
                                      r->day_count > BY_DAY ? "by week" : "by day", NULL});
    for (size_t i = 0; i < r->rule_count; i++) {
        const struct backtest_rule *x = &r->rules[i];
        table_cell(&t, show_source(c, &x->source));
        table_cellz(&t, number(c, x->began));
        table_cellz(&t, number(c, x->failed));
        table_cellz(&t, number(c, x->refused));
        table_cellz(&t, by_time(c, r, x));
    }
    table_print(&t);
    if (r->waiting)
        io_printf(c->io, "%llu run%s of workflows would wait still.\n",
                  (unsigned long long)r->waiting, r->waiting == 1 ? "" : "s");
}

static void print_effects(struct cmd *c, const struct backtest_report *r) {
    struct table t;
    if (r->effect_count + r->sent_count == 0)
        return;
    io_puts(c->io, "\n");
    table_begin(&t, c, (const char *const[]){"effect", "on", ">times", "by", NULL});
    for (size_t i = 0; i < r->effect_count; i++) {
        const struct backtest_effect *x = &r->effects[i];
        const char *type = x->type ? x->type->name : "";
        table_cellz(&t, effect_word(x->kind));
        table_cellz(&t, x->kind == ROW_EVENT ? x->what
                        : x->what            ? arena_printf(&c->arena, "%s.%s", type, x->what)
                                             : type);
        table_cellz(&t, number(c, x->count));
        table_cell(&t, show_source(c, &x->source));
    }
    for (size_t i = 0; i < r->sent_count; i++) {
        table_cellz(&t, "send");
        table_cellz(&t, r->sent[i].endpoint);
        table_cellz(&t, number(c, r->sent[i].count));
        table_cellz(&t, r->sent[i].delivery);
    }
    table_print(&t);
}

static void print_hits(struct cmd *c, const struct backtest_report *r) {
    struct table t;
    if (r->hit_count == 0)
        return;
    io_printf(c->io, "\n%llu of %llu records would have been written more than once:\n",
              (unsigned long long)r->hit_twice, (unsigned long long)r->hit_records);
    table_begin(&t, c, (const char *const[]){">times", "record", NULL});
    for (size_t i = 0; i < r->hit_count; i++) {
        table_cellz(&t, number(c, r->hits[i].count));
        table_cell(&t, show_record(c, r->hits[i].type, r->hits[i].id));
    }
    table_print(&t);
}

static const char *when_of(const struct backtest_conflict *x) {
    return x->before && x->after ? "before and after" : x->before ? "before" : "after";
}

static void print_conflicts(struct cmd *c, const struct backtest_report *r) {
    struct table t;
    if (r->conflict_count == 0)
        return;
    io_puts(c->io, "\nFields that others wrote, too, within a day and with another value:\n");
    table_begin(&t, c,
                (const char *const[]){"field", "who", ">times", "when", "for example", NULL});
    for (size_t i = 0; i < r->conflict_count && i < SHOWN; i++) {
        const struct backtest_conflict *x = &r->conflicts[i];
        table_cellz(&t, arena_printf(&c->arena, "%s.%s", x->field->type->name, x->field->name));
        table_cell(&t, show_source(c, &x->source));
        table_cellz(&t, number(c, x->count));
        table_cellz(&t, when_of(x));
        table_cell(&t, show_record(c, x->field->type, x->id));
    }
    table_print(&t);
}

static void print_failures(struct cmd *c, const struct backtest_report *r, bool refused) {
    bool any = false;
    for (size_t i = 0, shown = 0; i < r->failure_count && shown < SHOWN; i++) {
        const struct backtest_failure *f = &r->failures[i];
        if (f->refused != refused)
            continue;
        if (!any)
            io_puts(c->io, refused ? "\nWrites that it would have refused:\n"
                                   : "\nWhat would have gone wrong:\n");
        any = true;
        shown++;
        io_printf(c->io, "  %llu x ", (unsigned long long)f->count);
        io_text(c->io, str_of(arena_printf(&c->arena, "%s: %s", f->rule, f->message)));
        kith_str at = show_time(c, f->at);
        io_printf(c->io, "\n    first at %.*s", (int)at.len, at.ptr);
        if (f->type && f->id) {
            io_puts(c->io, ", with ");
            io_text(c->io, show_record(c, f->type, f->id));
        }
        io_puts(c->io, "\n");
    }
}

static void print_samples(struct cmd *c, const struct backtest_report *r) {
    for (size_t i = 0; i < r->sample_count; i++) {
        const struct backtest_sample *s = &r->samples[i];
        kith_str at = show_time(c, s->at);
        io_printf(c->io, "\n%.*s ", (int)at.len, at.ptr);
        io_text(c->io, str_of(s->rule));
        if (s->type && s->id) {
            io_puts(c->io, ", for ");
            io_text(c->io, show_record(c, s->type, s->id));
        }
        io_puts(c->io, "\n");
        if (s->message) {
            io_puts(c->io, "  ");
            io_text(c->io, str_of(s->message));
            io_puts(c->io, "\n");
        }
        for (size_t k = 0; k < s->count; k++)
            print_effect(c, &s->effects[k]);
    }
}

static void print_rest(struct cmd *c, const struct backtest_report *r) {
    if (r->more_failures || r->more_conflicts)
        io_printf(c->io, "\n%llu more failures and %llu more conflicts are of kinds not shown.\n",
                  (unsigned long long)r->more_failures, (unsigned long long)r->more_conflicts);
    io_puts(c->io, "\nNot known of then: ");
    for (size_t i = 0; i < r->unkept_count; i++)
        io_printf(c->io, "%s%s", i ? ", " : "", r->unkept[i]->name);
    io_puts(c->io, ", whose records keep no history.\nBacktest: nothing was kept, nothing sent.\n");
}

void backtest_print(struct cmd *c, const char *file, const struct backtest_report *r,
                    bool samples) {
    print_window(c, file, r);
    print_rules(c, r);
    print_effects(c, r);
    print_hits(c, r);
    print_conflicts(c, r);
    print_failures(c, r, false);
    print_failures(c, r, true);
    if (samples)
        print_samples(c, r);
    print_rest(c, r);
}

/* -- for programs ------------------------------------------------------------------------------ */

static void json_number(struct json_out *j, const char *key, uint64_t n) {
    json_key(j, key);
    json_int(j, (int64_t)n);
}

static void json_when(struct json_out *j, const char *key, int64_t at) {
    json_key(j, key);
    json_time(j, at);
}

static void json_of(struct json_out *j, const struct rtype *type, kith_id id) {
    json_key(j, "type");
    if (type)
        json_strz(j, type->name);
    else
        json_nil(j);
    json_key(j, "id");
    json_id(j, id);
}

static void json_by(struct json_out *j, const struct source *s) {
    json_key(j, "by");
    json_source(j, s);
}

static void json_window(struct json_out *j, const struct backtest_report *r) {
    json_when(j, "since", r->since);
    json_when(j, "until", r->until);
    json_key(j, "kept_since");
    if (r->start.seq)
        json_time(j, r->start.at);
    else
        json_nil(j);
    json_key(j, "cut");
    json_bool_(j, r->cut);
    json_number(j, "transactions", r->transactions);
    json_number(j, "rows", r->rows);
    json_number(j, "erased", r->erased);
    json_number(j, "unknown", r->unfit);
    json_number(j, "own", r->own);
    json_number(j, "waiting", r->waiting);
    json_key(j, "without_history");
    json_array_(j);
    for (size_t i = 0; i < r->unkept_count; i++)
        json_strz(j, r->unkept[i]->name);
    json_array_end(j);
}

static void json_rules(struct json_out *j, const struct backtest_report *r) {
    json_key(j, "rules");
    json_array_(j);
    for (size_t i = 0; i < r->rule_count; i++) {
        const struct backtest_rule *x = &r->rules[i];
        json_object_(j);
        json_key(j, "rule");
        json_source(j, &x->source);
        json_number(j, "began", x->began);
        json_number(j, "failed", x->failed);
        json_number(j, "refused", x->refused);
        json_key(j, "by_day");
        json_array_(j);
        for (size_t day = 0; day < r->day_count; day++)
            json_int(j, (int64_t)x->days[day]);
        json_array_end(j);
        json_object_end(j);
    }
    json_array_end(j);
}

static void json_effects(struct json_out *j, const struct backtest_report *r) {
    json_key(j, "effects");
    json_array_(j);
    for (size_t i = 0; i < r->effect_count; i++) {
        const struct backtest_effect *x = &r->effects[i];
        json_object_(j);
        json_key(j, "effect");
        json_strz(j, effect_word(x->kind));
        json_key(j, "type");
        json_strz(j, x->type ? x->type->name : "");
        if (x->what) {
            json_key(j, x->kind == ROW_EVENT ? "topic" : "field");
            json_strz(j, x->what);
        }
        json_number(j, "count", x->count);
        json_by(j, &x->source);
        json_object_end(j);
    }
    for (size_t i = 0; i < r->sent_count; i++) {
        json_object_(j);
        json_key(j, "effect");
        json_strz(j, "send");
        json_key(j, "delivery");
        json_strz(j, r->sent[i].delivery);
        json_key(j, "endpoint");
        json_strz(j, r->sent[i].endpoint);
        json_number(j, "count", r->sent[i].count);
        json_object_end(j);
    }
    json_array_end(j);
}

static void json_hits(struct json_out *j, const struct backtest_report *r) {
    json_number(j, "records", r->hit_records);
    json_number(j, "records_twice", r->hit_twice);
    json_key(j, "twice");
    json_array_(j);
    for (size_t i = 0; i < r->hit_count; i++) {
        json_object_(j);
        json_of(j, r->hits[i].type, r->hits[i].id);
        json_number(j, "count", r->hits[i].count);
        json_object_end(j);
    }
    json_array_end(j);
}

static void json_conflicts(struct json_out *j, const struct backtest_report *r) {
    json_key(j, "conflicts");
    json_array_(j);
    for (size_t i = 0; i < r->conflict_count; i++) {
        const struct backtest_conflict *x = &r->conflicts[i];
        json_object_(j);
        json_of(j, x->field->type, x->id);
        json_key(j, "field");
        json_strz(j, x->field->name);
        json_when(j, "at", x->at);
        json_key(j, "before");
        json_bool_(j, x->before);
        json_key(j, "after");
        json_bool_(j, x->after);
        json_number(j, "count", x->count);
        json_by(j, &x->source);
        json_object_end(j);
    }
    json_array_end(j);
    json_number(j, "more_conflicts", r->more_conflicts);
}

static void json_failures(struct json_out *j, const struct backtest_report *r, bool refused) {
    json_key(j, refused ? "refusals" : "failures");
    json_array_(j);
    for (size_t i = 0; i < r->failure_count; i++) {
        const struct backtest_failure *f = &r->failures[i];
        if (f->refused != refused)
            continue;
        json_object_(j);
        json_key(j, "rule");
        json_strz(j, f->rule);
        json_key(j, "message");
        json_strz(j, f->message);
        json_number(j, "count", f->count);
        json_when(j, "at", f->at);
        json_of(j, f->type, f->id);
        json_object_end(j);
    }
    json_array_end(j);
}

static void json_samples(struct cmd *c, struct json_out *j, const struct backtest_report *r) {
    json_key(j, "samples");
    json_array_(j);
    for (size_t i = 0; i < r->sample_count; i++) {
        const struct backtest_sample *s = &r->samples[i];
        json_object_(j);
        json_when(j, "at", s->at);
        json_key(j, "rule");
        json_strz(j, s->rule);
        json_of(j, s->type, s->id);
        json_key(j, "message");
        if (s->message)
            json_strz(j, s->message);
        else
            json_nil(j);
        json_key(j, "effects");
        json_array_(j);
        for (size_t k = 0; k < s->count; k++)
            json_effect(c, j, &s->effects[k]);
        json_array_end(j);
        json_object_end(j);
    }
    json_array_end(j);
}

void backtest_json(struct cmd *c, const char *file, const struct backtest_report *r) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "file");
    json_strz(&j, file);
    json_window(&j, r);
    json_rules(&j, r);
    json_effects(&j, r);
    json_hits(&j, r);
    json_conflicts(&j, r);
    json_failures(&j, r, false);
    json_failures(&j, r, true);
    json_number(&j, "more_failures", r->more_failures);
    json_samples(c, &j, r);
    json_object_end(&j);
    json_print(c, &b);
}
