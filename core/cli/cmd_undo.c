/* SPDX-License-Identifier: Apache-2.0 */
/* kith undo: takes a transaction or a whole import back, and says what it could not. */
#include "cli/outbox_show.h"
#include "cli/rehearse.h"
#include "cli/scratch.h"
#include "cli/show.h"
#include <stdio.h>

static const char *const outcome_names[] = {"reversed", "kept", "refused"};

static void json_item(struct json_out *j, const struct undo_item *i) {
    json_object_(j);
    json_key(j, "outcome");
    json_strz(j, outcome_names[i->outcome]);
    json_key(j, "change");
    json_strz(j, row_kind_name(i->kind));
    json_key(j, "type");
    json_strz(j, i->type ? i->type->name : "");
    json_key(j, "id");
    json_id(j, i->record);
    if (i->field) {
        json_key(j, "field");
        json_strz(j, i->field);
    }
    if (i->reason) {
        json_key(j, "reason");
        json_strz(j, i->reason);
    }
    if (i->by) {
        json_key(j, "by");
        json_id(j, i->by);
    }
    json_object_end(j);
}

static void print_json(struct cmd *c, const struct undo_report *r) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "rehearsal");
    json_bool_(&j, rehearsing(c));
    json_key(&j, "reversed");
    json_int(&j, (int64_t)r->reversed);
    json_key(&j, "kept");
    json_int(&j, (int64_t)r->kept);
    json_key(&j, "refused");
    json_int(&j, (int64_t)r->refused);
    json_key(&j, "earlier");
    json_int(&j, (int64_t)r->earlier);
    json_key(&j, "others");
    json_bool_(&j, r->others);
    json_key(&j, "transaction");
    json_id(&j, r->run ? r->run : r->tx);
    json_key(&j, "items");
    json_array_(&j);
    for (size_t i = 0; i < r->item_count; i++)
        json_item(&j, &r->items[i]);
    json_array_end(&j);
    json_key(&j, "cancelled");
    json_int(&j, (int64_t)r->cancelled);
    json_key(&j, "sent");
    json_array_(&j);
    for (size_t i = 0; i < r->sent_count; i++)
        outbox_json_in(c, &j, &r->sent[i]);
    json_array_end(&j);
    json_object_end(&j);
    json_print(c, &b);
}

/* What left the company cannot be taken back. */
static void print_sent(struct cmd *c, const struct undo_report *r, bool try_only) {
    if (r->cancelled)
        io_printf(c->io, "%s, not sent yet: %llu\n", try_only ? "Would be cancelled" : "Cancelled",
                  (unsigned long long)r->cancelled);
    if (r->sent_count)
        io_printf(c->io, "%sSent already, and not taken back: %zu%s\n", io_style(c->io, STYLE_HEAD),
                  r->sent_count, io_style(c->io, STYLE_PLAIN));
    for (size_t i = 0; i < r->sent_count; i++) {
        io_puts(c->io, "  ");
        outbox_print(c, &r->sent[i]);
    }
}

static void print_item(struct cmd *c, const struct undo_item *i) {
    static const char *const reversed[] = {"", "deleted again", "set back", "brought back"};
    io_puts(c->io, "  ");
    if (i->type)
        io_text(c->io, show_record(c, i->type, i->record));
    else
        io_printf(c->io, "record %s", show_id(c, i->record));
    if (i->field)
        io_printf(c->io, ", %s", i->field);
    io_puts(c->io, ": ");
    io_text(c->io, str_of(i->reason               ? i->reason
                          : i->kind <= ROW_DELETE ? reversed[i->kind]
                                                  : "taken back"));
    if (i->by)
        io_printf(c->io, " (transaction %s)", show_id(c, i->by));
    io_puts(c->io, "\n");
}

static void print_list(struct cmd *c, const struct undo_report *r, enum undo_outcome outcome,
                       size_t total, const char *title) {
    size_t shown = 0, most = outcome == UNDO_REVERSED ? 20 : 1000;
    if (total == 0)
        return;
    io_printf(c->io, "%s%s: %zu%s\n", io_style(c->io, STYLE_HEAD), title, total,
              io_style(c->io, STYLE_PLAIN));
    for (size_t i = 0; i < r->item_count && shown < most; i++) {
        if (r->items[i].outcome == outcome) {
            print_item(c, &r->items[i]);
            shown++;
        }
    }
    if (shown < total)
        io_printf(c->io, "  ... and %zu more\n", total - shown);
}

static void print_report(struct cmd *c, const struct undo_report *r) {
    bool try_only = rehearsing(c);
    print_list(c, r, UNDO_REVERSED, r->reversed, try_only ? "Would be reversed" : "Reversed");
    print_list(c, r, UNDO_KEPT, r->kept, try_only ? "Would be kept" : "Kept");
    print_list(c, r, UNDO_REFUSED, r->refused, try_only ? "Would be refused" : "Refused");
    print_sent(c, r, try_only);
    if (r->earlier)
        io_printf(c->io, "Reversed by an earlier undo: %zu\n", r->earlier);
    if (r->others)
        io_puts(c->io, "There are others that you may not see.\n");
    else if (r->reversed + r->kept + r->refused + r->earlier + r->cancelled + r->sent_count == 0)
        io_puts(c->io, "There is nothing to undo.\n");
    if (try_only)
        io_puts(c->io, "Rehearsal: nothing was kept.\n");
    else if (r->run || r->tx)
        io_printf(c->io, "'kith undo %s' takes this back.\n", show_id(c, r->run ? r->run : r->tx));
}

struct job {
    kith_id target;
    struct undo_report *report;
};

static kith_status on_progress(void *arg, size_t done, size_t rows, kith_error *e) {
    struct cmd *c = arg;
    char line[64];
    (void)e;
    snprintf(line, sizeof line, "%zu of %zu changes", done, rows);
    io_progress(c->io, line);
    return KITH_OK;
}

/* A copy can be left half undone. */
static kith_status on_copy(void *arg, size_t done, size_t rows, kith_error *e) {
    struct cmd *c = arg;
    TRY(on_progress(c, done, rows, e));
    return io_check(c->io, e);
}

static kith_status undo_copy(struct cmd *c, struct company *scratch, void *arg, kith_error *e) {
    struct job *job = arg;
    const struct undo_watch watch = {on_copy, c};
    kith_status st = engine_undo_watched(scratch->engine, &c->principal, job->target, false, &watch,
                                         &c->arena, job->report, e);
    job->report->tx = job->report->run = 0;                /* those of the copy */
    for (size_t i = 0; i < job->report->item_count; i++) { /* its types go with it */
        struct undo_item *item = &job->report->items[i];
        item->type = item->type ? schema_type_by_id(cmd_schema(c), item->type->id) : NULL;
    }
    return st;
}

static kith_status undo_here(struct cmd *c, void *arg, kith_error *e) {
    struct job *job = arg;
    const struct undo_watch watch = {on_progress, c};
    return engine_undo_watched(c->company->engine, &c->principal, job->target, rehearsing(c),
                               &watch, &c->arena, job->report, e);
}

static const char *first_reason(const struct undo_report *r, enum undo_outcome outcome) {
    for (size_t i = 0; i < r->item_count; i++)
        if (r->items[i].outcome == outcome && r->items[i].reason)
            return r->items[i].reason;
    return "";
}

/* A script must not take it for done. */
static kith_status check_done(const struct undo_report *r, kith_error *e) {
    if (r->reversed + r->earlier + r->cancelled)
        return KITH_OK;
    if (r->refused || r->kept)
        return err_set(e, KITH_E_REFUSED, NULL, "nothing can be taken back: %s",
                       first_reason(r, r->refused ? UNDO_REFUSED : UNDO_KEPT));
    return err_set(e, KITH_E_REFUSED, NULL,
                   r->sent_count ? "nothing can be taken back: what it told others was sent already"
                   : r->others ? "nothing that you may see can be taken back: ask an administrator"
                               : "nothing can be taken back: no record was written in it");
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct undo_report r = {0};
    struct job job = {.report = &r};
    TRY(arg_id(c, 0, &job.target, e));
    kith_status st =
        rehearsing(c) ? scratch_try(c, undo_here, undo_copy, &job, e) : undo_here(c, &job, e);
    io_progress(c->io, "");
    TRY(st);
    c->wrote = !rehearsing(c);
    if (c->json)
        print_json(c, &r);
    else
        print_report(c, &r);
    return check_done(&r, e);
}

const struct command command_undo = {
    .name = "undo",
    .args = "TRANSACTION",
    .help = "take back a transaction or a whole import; 'kith log' names them",
    .more =
        "  kith undo 0SA818NN40003 --rehearse\n\n"
        "Three lists come out: what was reversed; what was kept, since somebody edited it\n"
        "afterwards, by record and field; and what was refused, with the reason. Whatever\n"
        "rules and reactions did because of it is taken back with it. With --rehearse the\n"
        "lists say what would come of it. What was to leave the company and was not sent yet is\n"
        "cancelled, what was sent is named. When nothing that you may see is reversed, the "
        "command\n"
        "fails. An undo can be undone.",
    .options = {REHEARSE_OPTION},
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_min = 1,
    .args_max = 1,
    .run = run,
};
