/* SPDX-License-Identifier: Apache-2.0 */
/* kith log: recent transactions, so that one finds what to undo. An import or another run of many
 * transactions is one line. */
#include "base/id.h"
#include "cli/show.h"
#include <string.h>

#define DEFAULT_LIMIT 20
#define ABOUT         3 /* changes at most of a transaction that is told with its records */
#define SUMS          6 /* else it is told how many of which type: of so many kinds */

/* A record that a transaction changed, or an event about one, or about none. */
struct about {
    uint32_t kind; /* of its first row there */
    const struct rtype *type;
    kith_id id;
    kith_str title;    /* as it was then; empty: of today */
    const char *topic; /* of an event */
};

/* One line: a transaction, or a run's newest transaction and the sums over the run. */
struct entry {
    struct tx_head head;
    struct source actor;
    uint64_t transactions, rows;
    struct about about[ABOUT];
    size_t about_count;
    struct row_sum sums[SUMS]; /* of one that has neither a note nor few changes */
    size_t sum_count;
    const char *code;              /* the rule or module behind what a user is not shown, or NULL */
    const struct unfinished *open; /* it is a run that is not done */
};
struct log {
    struct cmd *c;
    struct unfinished *open;
    size_t open_count;
    struct entry *entries;
    size_t count, cap;
    struct user_sources me; /* whose transactions are all that a user sees */
    struct conn *conn;
    const struct rtype *type; /* only what changed such records; NULL: any */
    int64_t since, until;     /* ms UTC; 0: whenever */
};

/* Is the run that it belongs to a line already? Others may have written in between, and the first
 * one of a long undo gives the run its number. */
static bool is_known(const struct log *l, const struct tx_head *tx) {
    kith_id run = tx_on_undo(tx) ? 0 : tx->run ? tx->run : tx->origin == ORIGIN_UNDO ? tx->id : 0;
    for (size_t i = l->count; run && i-- > 0;) {
        if (l->entries[i].head.run == run)
            return true;
    }
    return false;
}

static kith_status own_line(const struct log *l, struct entry *n, kith_error *e) {
    char run[ID_TEXT + 1];
    id_format(n->head.run, run);
    n->head.run = 0;
    n->head.note = str_of(arena_printf(&l->c->arena, "on_undo of the run %s", run));
    return n->head.note.ptr ? KITH_OK : err_nomem(e);
}

static kith_status keep_head(void *arg, const struct tx_head *tx, kith_error *e) {
    struct log *l = arg;
    bool touches = true;
    if ((l->since && tx->at < l->since) || (l->until && tx->at >= l->until) || is_known(l, tx) ||
        (!l->c->principal.all && !user_sources_has(&l->me, tx->actor)))
        return KITH_OK;
    if (l->type)
        TRY(journal_tx_touches(l->conn, tx, l->type->id, !l->c->principal.all, &touches, e));
    if (!touches)
        return KITH_OK;
    if (l->count == l->cap)
        return KITH_E_LIMIT; /* ends the walk */
    struct entry *n = &l->entries[l->count++];
    *n = (struct entry){.head = *tx, .transactions = 1};
    n->rows = tx->last >= tx->first && tx->first > 0 ? tx->last - tx->first + 1 : 0;
    if (tx_on_undo(tx)) /* which is none of the run's any more */
        return own_line(l, n, e);
    n->head.note = arena_str(&l->c->arena, tx->note);
    return n->head.note.ptr ? KITH_OK : err_nomem(e);
}

/* What stands for it. */
static kith_id undo_id(const struct entry *n) {
    return n->head.run ? n->head.run : n->head.id;
}

/* -- what it was about ------------------------------------------------------------------------- */

struct looking {
    struct cmd *c;
    struct conn *conn;
    struct entry *entry;
};

static kith_status topic_of(struct looking *l, const struct journal_row *row, const char **topic,
                            kith_error *e) {
    uint32_t number, version;
    kith_str json;
    TRY(image_decode_event(row, &number, &version, &json, e));
    return journal_topic_name(l->conn, number, &l->c->arena, topic, e);
}

static kith_status code_of(struct looking *l, const struct journal_row *row, const char **name,
                           kith_error *e) {
    struct source source;
    TRY(journal_source(l->conn, row->source, &l->c->arena, &source, e));
    *name = source.name;
    return KITH_OK;
}

static kith_status title_then(struct cmd *c, const struct journal_row *row, struct about *a,
                              kith_error *e) {
    struct image_field *fields;
    size_t count;
    TRY(image_decode(cmd_schema(c), row, &c->arena, &fields, &count, e));
    for (size_t i = 0; i < count; i++)
        if (fields[i].field == a->type->title)
            a->title = value_text(cmd_schema(c),
                                  row->kind == ROW_DELETE ? &fields[i].before : &fields[i].after,
                                  &c->arena);
    return KITH_OK;
}

static kith_status add_about(void *arg, const struct journal_row *row, kith_error *e) {
    struct looking *l = arg;
    struct entry *n = l->entry;
    struct about a = {.kind = row->kind,
                      .type = schema_type_by_id(cmd_schema(l->c), row->type),
                      .id = row->record};
    bool event = row->kind == ROW_EVENT, hidden = row->source && !l->c->principal.all,
         known = (!a.type && !event) || n->about_count == ABOUT || hidden;
    for (size_t i = 0; i < n->about_count && !event; i++)
        known |= n->about[i].id == a.id && n->about[i].kind != ROW_EVENT;
    if (hidden && !n->code)
        TRY(code_of(l, row, &n->code, e));
    if (known)
        return KITH_OK;
    if (event)
        TRY(topic_of(l, row, &a.topic, e));
    for (size_t i = 0; i < n->about_count && !a.type; i++)
        if (!n->about[i].type && strcmp(n->about[i].topic, a.topic) == 0)
            return KITH_OK;
    if (!event && a.type->title)
        TRY(title_then(l->c, row, &a, e));
    n->about[n->about_count++] = a;
    return KITH_OK;
}

static kith_status fill_in(struct log *l, struct entry *n, struct conn *conn, kith_error *e) {
    struct looking look = {l->c, conn, n};
    TRY(journal_source(conn, n->head.actor, &l->c->arena, &n->actor, e));
    if (n->head.run)
        TRY(journal_run_size(conn, n->head.run, &n->transactions, &n->rows, e));
    if (!l->c->principal.all) /* what rules and modules did may be out of sight */
        TRY(journal_own_rows(conn, undo_id(n), &n->rows, e));
    if (n->head.note.len == 0 && (n->head.run || n->rows > ABOUT))
        return journal_sums(conn, undo_id(n), !l->c->principal.all, n->sums, SUMS, &n->sum_count,
                            e);
    bool none = n->rows == 0 && (l->c->principal.all || n->head.last < n->head.first);
    if (n->head.run || none || n->rows > ABOUT)
        return KITH_OK;
    /* Where nothing is shown, the first row tells who wrote it. */
    uint64_t last = n->rows ? n->head.last : n->head.first;
    return journal_walk(conn, n->head.first - 1, last, add_about, &look, e);
}

static void note_open(const struct log *l, struct entry *n) {
    for (size_t i = 0; i < l->open_count; i++)
        if (l->open[i].run == undo_id(n))
            n->open = &l->open[i];
}

static kith_status read_log(struct log *l, kith_error *e) {
    /* What is rare may stand far back, and is looked for as long as it takes. */
    TRY(engine_snapshot(l->c->company->engine, &l->conn, e));
    kith_status st = journal_user_sources(l->conn, l->c->principal.user, &l->c->arena, &l->me, e);
    if (st == KITH_OK)
        st = journal_txs(l->conn, keep_head, l, e);
    st = st == KITH_E_LIMIT ? KITH_OK : st;
    for (size_t i = 0; i < l->count && st == KITH_OK; i++)
        st = fill_in(l, &l->entries[i], l->conn, e);
    engine_snapshot_done(l->conn);
    TRY(st);
    TRY(engine_unfinished(l->c->company->engine, &l->c->principal, &l->c->arena, &l->open,
                          &l->open_count, e));
    for (size_t i = 0; i < l->count; i++)
        note_open(l, &l->entries[i]);
    return KITH_OK;
}

/* A reader of its own looks it up. */
static kith_str title_of_about(struct cmd *c, const struct about *a) {
    bool then = a->title.len && cmd_reads(c, a->type->title);
    return then ? a->title : show_title(c, a->type, a->id);
}

static const char *const done[] = {[ROW_CREATE] = "created",
                                   [ROW_UPDATE] = "updated",
                                   [ROW_DELETE] = "deleted",
                                   [ROW_EVENT] = "published"};

/* "updated 40 lead, published 40 events about lead" */
static void sums_text(struct cmd *c, const struct entry *n, struct buf *b) {
    for (size_t i = 0; i < n->sum_count; i++) {
        const struct row_sum *s = &n->sums[i];
        const struct rtype *t = schema_type_by_id(cmd_schema(c), s->type);
        const char *event = s->kind != ROW_EVENT ? "" : s->count == 1 ? "event" : "events";
        buf_printf(b, "%s%s %llu %s%s%s", i ? ", " : "", done[s->kind],
                   (unsigned long long)s->count, event, *event && t ? " about " : "",
                   t ? t->name : "");
    }
}

/* "created contact Ada Lovelace, updated account Steel" */
static kith_str about_text(struct cmd *c, const struct entry *n) {
    struct buf b = {0};
    sums_text(c, n, &b);
    for (size_t i = 0; i < n->about_count; i++) {
        const struct about *a = &n->about[i];
        if (!a->type)
            buf_printf(&b, "%s%s %s", b.len ? ", " : "", done[a->kind], a->topic);
        if (!a->type || !cmd_sees(c, a->type, a->id))
            continue;
        kith_str title = title_of_about(c, a);
        buf_printf(&b, "%s%s %s%s%s ", b.len ? ", " : "", done[a->kind], a->topic ? a->topic : "",
                   a->topic ? " about " : "", a->type->name);
        buf_str(&b, title.len ? title : str_of(show_id(c, a->id)));
    }
    if (!b.len && n->code)
        buf_printf(&b, "done by %s", n->code);
    kith_str text = arena_str(&c->arena, buf_view(&b));
    buf_free(&b);
    return text;
}

/* How many of which type, where it is too much to name them. */
static void sums_json(struct cmd *c, struct json_out *j, const struct entry *n) {
    json_array_(j);
    for (size_t i = 0; i < n->sum_count; i++) {
        const struct rtype *t = schema_type_by_id(cmd_schema(c), n->sums[i].type);
        json_object_(j);
        json_key(j, "change");
        json_strz(j, row_kind_name(n->sums[i].kind));
        json_key(j, "type");
        if (t)
            json_strz(j, t->name);
        else
            json_nil(j);
        json_key(j, "count");
        json_int(j, (int64_t)n->sums[i].count);
        json_object_end(j);
    }
    json_array_end(j);
}

static void about_json(struct cmd *c, struct json_out *j, const struct entry *n) {
    json_array_(j);
    for (size_t i = 0; i < n->about_count; i++) {
        if (n->about[i].topic || !cmd_sees(c, n->about[i].type, n->about[i].id))
            continue;
        json_object_(j);
        json_key(j, "change");
        json_strz(j, row_kind_name(n->about[i].kind));
        json_key(j, "type");
        json_strz(j, n->about[i].type->name);
        json_key(j, "record");
        json_id(j, n->about[i].id);
        json_key(j, "title");
        json_str(j, title_of_about(c, &n->about[i]));
        json_object_end(j);
    }
    json_array_end(j);
}

/* "run of nurture: created 3 task": a step's transactions are a line for all of the run. */
static kith_str step_text(struct cmd *c, const struct entry *n) {
    const struct rtype *type = cmd_schema(c)->base.workflow_run.type;
    kith_str name = show_title(c, type, n->head.run), text = about_text(c, n);
    return str_of(arena_printf(&c->arena, "run of %.*s: %.*s", (int)name.len,
                               name.len ? name.ptr : "", (int)text.len, text.ptr));
}

static kith_str what_text(struct cmd *c, const struct entry *n) {
    kith_str text = n->head.note.len        ? n->head.note
                    : show_run_of(&n->head) ? step_text(c, n)
                                            : about_text(c, n);
    const char *end = !n->open ? NULL : n->open->under_way ? " (under way)" : " (" UNFINISHED ")";
    return end ? str_of(arena_printf(&c->arena, "%.*s%s", (int)text.len, text.ptr, end)) : text;
}

/* -- telling ----------------------------------------------------------------------------------- */

static void print_table(struct log *l) {
    struct table t;
    table_begin(&t, l->c,
                (const char *const[]){"id", "time", "who", "from", ">changes", "what", NULL});
    for (size_t i = 0; i < l->count; i++) {
        const struct entry *n = &l->entries[i];
        table_cellz(&t, show_id(l->c, undo_id(n)));
        table_cell(&t, show_time(l->c, n->head.at));
        table_cellz(&t, n->actor.name);
        table_cellz(&t, origin_name(n->head.origin));
        table_cellz(&t, arena_printf(&l->c->arena, "%llu", (unsigned long long)n->rows));
        table_cell(&t, what_text(l->c, n));
    }
    table_print(&t);
}

static void print_json(struct log *l) {
    for (size_t i = 0; i < l->count; i++) {
        const struct entry *n = &l->entries[i];
        struct buf b = {0};
        struct json_out j;
        json_begin(&j, &b, false);
        json_object_(&j);
        json_key(&j, "id");
        json_id(&j, undo_id(n));
        json_key(&j, "at");
        json_time(&j, n->head.at);
        json_key(&j, "actor");
        json_strz(&j, n->actor.name);
        json_user(&j, &n->actor);
        json_key(&j, "origin");
        json_strz(&j, origin_name(n->head.origin));
        json_key(&j, "run");
        json_id(&j, show_run_of(&n->head));
        json_key(&j, "transactions");
        json_int(&j, (int64_t)n->transactions);
        json_key(&j, "changes");
        json_int(&j, (int64_t)n->rows);
        json_key(&j, "records");
        about_json(l->c, &j, n);
        json_key(&j, "sums");
        sums_json(l->c, &j, n);
        json_key(&j, "note");
        json_str(&j, n->head.note);
        json_key(&j, "finished");
        json_bool_(&j, !n->open);
        json_object_end(&j);
        json_print(l->c, &b);
    }
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct log l = {.c = c};
    int64_t limit;
    TRY(cmd_option_int(c, "limit", 1, 100000, DEFAULT_LIMIT, &limit, e));
    if (cmd_option(c, "type"))
        TRY(schema_find_type(cmd_schema(c), str_of(cmd_option(c, "type")), &l.type, e));
    TRY(option_moment(c, "since", false, &l.since, e));
    TRY(option_moment(c, "until", true, &l.until, e));
    l.cap = (size_t)limit;
    l.entries = ARENA_ARRAY(&c->arena, struct entry, l.cap);
    if (!l.entries)
        return err_nomem(e);
    TRY(read_log(&l, e));
    if (c->json)
        print_json(&l);
    else if (l.count == 0)
        io_puts(c->io, l.type || l.since || l.until ? "Nothing of this was written.\n"
                                                    : "Nothing was written yet.\n");
    else
        print_table(&l);
    return KITH_OK;
}

const struct command command_log = {
    .name = "log",
    .args = "",
    .help = "what was written lately, with the ids that 'kith undo' takes",
    .more = "  kith log --type role --since 2026-03-01\n\n"
            "tells who changed a role in that time; 'kith history role ID' what was changed.",
    .options = {{"type", "TYPE", "only what changed records of this type"},
                {"since", "DATE", "since that day, or a time"},
                {"until", "DATE", "up to the end of that day, or a time"},
                {"limit", "N", "at most so many lines; else 20"}},
    .needs = NEEDS_COMPANY,
    .open = true,
    .run = run,
};
