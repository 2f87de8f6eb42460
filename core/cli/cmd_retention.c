/* SPDX-License-Identifier: Apache-2.0 */
/* kith retention: what the rules of retention would delete, and how long the journal is kept. */
#include "cli/show.h"
#include "engine/retention.h"

static const char *plural(int64_t n) {
    return n == 1 ? "" : "s";
}

/* -- rules ------------------------------------------------------------------------------------- */

static void json_rule(struct cmd *c, const struct retention_rule *r,
                      const struct retention_report *x, bool applied) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "rule");
    json_strz(&j, r->name);
    json_key(&j, "find");
    json_strz(&j, r->find);
    json_key(&j, "found");
    json_int(&j, x->found);
    json_key(&j, applied ? "deleted" : "tried");
    json_int(&j, applied ? x->tried - x->stay : x->tried);
    json_key(&j, "stay");
    json_int(&j, x->stay);
    json_key(&j, "staying");
    json_array_(&j);
    for (size_t i = 0; i < x->stay_count; i++) {
        json_object_(&j);
        json_key(&j, "id");
        json_id(&j, x->stays[i].id);
        json_key(&j, "reason");
        json_strz(&j, x->stays[i].reason);
        json_object_end(&j);
    }
    json_array_end(&j);
    if (applied) {
        json_key(&j, "run");
        json_id(&j, x->run);
    }
    json_object_end(&j);
    json_print(c, &b);
}

static void print_rule(struct cmd *c, const struct retention_rule *r) {
    io_puts(c->io, io_style(c->io, STYLE_HEAD));
    io_text(c->io, str_of(r->name));
    io_printf(c->io, "%s  ", io_style(c->io, STYLE_PLAIN));
    io_text(c->io, str_of(r->find));
    io_puts(c->io, "\n");
    if (r->doc[0]) {
        io_puts(c->io, "  ");
        io_text(c->io, str_of(r->doc));
        io_puts(c->io, "\n");
    }
}

static void print_stays(struct cmd *c, const struct retention_report *x) {
    for (size_t i = 0; i < x->stay_count; i++) {
        io_printf(c->io, "    %s stays: ", show_id(c, x->stays[i].id));
        io_text(c->io, str_of(x->stays[i].reason));
        io_puts(c->io, "\n");
    }
}

static void print_rehearsal_of(struct cmd *c, const struct retention_rule *r,
                               const struct retention_report *x) {
    const struct rtype *t = query_type(r->query);
    if (x->found == 0) {
        io_puts(c->io, "  finds nothing now\n");
        return;
    }
    io_printf(c->io, "  finds %lld record%s now", (long long)x->found, plural(x->found));
    if (x->stay && x->tried < x->found)
        io_printf(c->io, "; of the first %lld, %lld would stay:\n", (long long)x->tried,
                  (long long)x->stay);
    else if (x->stay)
        io_printf(c->io, ", of which %lld would stay:\n", (long long)x->stay);
    else
        io_puts(c->io, ", such as\n");
    for (size_t i = 0; i < x->id_count && !x->stay; i++) {
        io_puts(c->io, "    ");
        io_text(c->io, show_record(c, t, x->ids[i]));
        io_puts(c->io, "\n");
    }
    print_stays(c, x);
}

static void print_applied(struct cmd *c, const struct retention_report *x) {
    int64_t gone = x->tried - x->stay;
    io_printf(c->io, "  %lld record%s deleted", (long long)gone, plural(gone));
    if (x->stay)
        io_printf(c->io, ", %lld stay", (long long)x->stay);
    if (x->run)
        io_printf(c->io, "; 'kith undo %s' takes it back", show_id(c, x->run));
    io_puts(c->io, "\n");
    print_stays(c, x);
}

static kith_status one_rule(struct cmd *c, const struct retention_rule *r, bool apply,
                            kith_error *e) {
    struct engine *g = c->company->engine;
    struct retention_report x;
    if (!c->json)
        print_rule(c, r);
    if (!r->query) {
        io_say(c->io, "%s is off: %s", r->name, r->wrong);
        return KITH_OK;
    }
    TRY(apply ? engine_retention_apply(g, &c->principal, r, &c->arena, &x, e)
              : engine_retention_rehearse(g, &c->principal, r, &c->arena, &x, e));
    if (c->json)
        json_rule(c, r, &x, apply);
    else if (apply)
        print_applied(c, &x);
    else
        print_rehearsal_of(c, r, &x);
    return io_check(c->io, e);
}

/* -- the journal ------------------------------------------------------------------------------- */

static void json_journal(struct cmd *c, const struct journal_state *s, int64_t keep) {
    struct buf b = {0};
    struct json_out j;
    const struct {
        const char *name;
        const struct journal_start *at;
    } places[] = {{"begins", &s->start}, {"could_begin", &s->next}};
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "journal_keep_ms");
    json_int(&j, keep);
    for (int i = 0; i < 2; i++) {
        json_key(&j, places[i].name);
        if (!places[i].at->seq) {
            json_nil(&j);
            continue;
        }
        json_object_(&j);
        json_key(&j, "row");
        json_int(&j, (int64_t)places[i].at->seq);
        json_key(&j, "at");
        json_time(&j, places[i].at->at);
        json_object_end(&j);
    }
    json_key(&j, "waits_until");
    if (s->waits_until)
        json_time(&j, s->waits_until);
    else
        json_nil(&j);
    json_key(&j, "held_by");
    if (s->held_by)
        json_strz(&j, s->held_by);
    else
        json_nil(&j);
    json_object_end(&j);
    json_print(c, &b);
}

static void print_waits(struct cmd *c, const struct journal_state *s) {
    if (!s->waits_until)
        return;
    io_puts(c->io, "Nothing goes by night before ");
    io_text(c->io, show_time(c, s->waits_until));
    io_puts(c->io, ": the clock leapt ahead, or this company was not opened for more than a month."
                   " If the clock is right, --apply --sure does not wait.\n");
}

static void print_journal(struct cmd *c, const struct journal_state *s, int64_t keep, bool apply) {
    if (!keep) {
        io_puts(c->io, "The journal is kept for ever: journal.keep is not set.\n");
        return;
    }
    io_printf(c->io, "The journal is kept for %lld day%s. ", (long long)(keep / 86400000),
              plural(keep / 86400000));
    const struct journal_start *now = apply && s->next.seq ? &s->next : &s->start;
    if (now->seq) {
        io_printf(c->io, "It begins behind row %llu, of ", (unsigned long long)now->seq);
        io_text(c->io, show_time(c, now->at));
        io_puts(c->io, ". ");
    }
    if (!apply && s->next.seq) {
        io_puts(c->io, "What was written up to ");
        io_text(c->io, show_time(c, s->next.at));
        io_puts(c->io, " can go. ");
    }
    if (s->held_by) {
        io_puts(c->io, "More of it is old enough, and is needed by ");
        io_text(c->io, str_of(s->held_by));
        io_puts(c->io, ".");
    }
    io_puts(c->io, "\n");
}

/* What goes by a clock that is wrong is gone too early. */
static kith_status check_clock(struct cmd *c, kith_error *e) {
    struct journal_state s;
    TRY(engine_journal_state(c->company->engine, &c->arena, &s, e));
    kith_str now = show_time(c, engine_now(c->company->engine));
    if (!s.waits_until || cmd_option(c, "sure"))
        return KITH_OK;
    return err_set(e, KITH_E_REFUSED, NULL,
                   "it is %.*s by this computer's clock, which leapt ahead, or this company was not"
                   " opened for more than a month: if that is the time, add --sure; else set the"
                   " clock",
                   (int)now.len, now.ptr);
}

static kith_status the_journal(struct cmd *c, bool apply, kith_error *e) {
    struct engine *g = c->company->engine;
    struct journal_state s;
    int64_t keep = engine_opts(g)->journal_keep_ms;
    TRY(apply ? engine_compact(g, &c->principal, &s, &c->arena, e)
              : engine_journal_state(g, &c->arena, &s, e));
    if (c->json)
        json_journal(c, &s, keep);
    else
        print_journal(c, &s, keep, apply);
    if (!c->json)
        print_waits(c, &s);
    return KITH_OK;
}

static kith_status run(struct cmd *c, kith_error *e) {
    const struct retention_rule *r;
    bool apply = cmd_option(c, "apply") && !cmd_option(c, "rehearse");
    size_t i, off = 0;
    if (apply)
        TRY(check_clock(c, e));
    for (i = 0; (r = engine_retention_rule(c->company->engine, i)); i++) {
        TRY(one_rule(c, r, apply, e));
        off += !r->query;
    }
    if (i == 0 && !c->json)
        io_puts(c->io, "There are no rules: retention.rules is not set.\n");
    TRY(the_journal(c, apply, e));
    return off ? err_set(e, KITH_E_INVAL, NULL,
                         "%zu rule%s of retention %s off: mend retention.rules", off,
                         off == 1 ? "" : "s", off == 1 ? "is" : "are")
               : KITH_OK;
}

const struct command command_retention = {
    .name = "retention",
    .args = "",
    .help = "what would go for its age: records by rules, and the journal",
    .more =
        "  kith retention\n"
        "  kith retention --apply\n\n"
        "The rules are in retention.rules, each a query. It shows how many records each finds "
        "now,\n"
        "and tries the first of them: what would stay, and why. Nothing is kept of that. Every\n"
        "night it is done, or at once with --apply; 'kith undo' takes it back. The journal is "
        "kept\n"
        "as long as journal.keep says.",
    .options = {{"rehearse", NULL, "show what would go now; so it is without --apply"},
                {"apply", NULL, "delete now what is old enough"},
                {"sure", NULL, "with --apply: the clock is right, though it leapt ahead"}},
    .needs = NEEDS_COMPANY,
    .run = run,
};
