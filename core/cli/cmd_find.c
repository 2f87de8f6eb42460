/* SPDX-License-Identifier: Apache-2.0 */
/* kith find: the records that a query finds, as a table, as JSON lines or as CSV. */
#include "base/csv.h"
#include "base/id.h"
#include "cli/ask.h"
#include "cli/show.h"
#include "engine/path.h"
#include "record/access.h"
#include <ctype.h>
#include <string.h>

#define PAGE        500               /* rows read at a time */
#define PAGE_BYTES  ((size_t)8 << 20) /* and no more of long ones */
#define TABLE_LIMIT 50
#define GUESS_MOST  6  /* columns of a table that nobody chose */
#define GUESS_WIDTH 18 /* what a column is thought to take, blanks included */

struct find;
struct row {
    kith_id id;
    const kith_value *values;
};
typedef kith_status (*row_fn)(struct find *f, const struct row *row, kith_error *e);
struct find {
    struct cmd *c;
    struct asked asked;
    const struct query *query;
    const struct rtype *type;
    struct path fields[FIELDS_MAX]; /* the columns */
    size_t field_count;
    bool chosen; /* by --fields */
    struct buf text;
    struct arena page; /* of one page */
    struct row found[PAGE];
    size_t found_count;
    struct row *rows; /* for a table */
    size_t row_count, row_cap;
    int64_t exported;    /* its number in the log of access; 0: it is none */
    const char *inexact; /* why what was found may not be exact; NULL: it is */
};

/* -- what to show ------------------------------------------------------------------------------ */

static void add_field(struct find *f, const struct rfield *field) {
    f->fields[f->field_count++] = (struct path){.name = field ? field->name : "id", .field = field};
}

static kith_status take_path(struct find *f, kith_str text, kith_error *e) {
    if (f->field_count == FIELDS_MAX)
        return option_fail(e, "fields", "names more than %d fields", FIELDS_MAX);
    return path_take(f->type, &f->c->principal, text, &f->c->arena, f->fields, &f->field_count, e);
}

static kith_status choose_fields(struct find *f, kith_error *e) {
    const char *names = cmd_option(f->c, "fields");
    kith_str rest = str_of(names), name;
    f->chosen = names != NULL;
    while (str_split(&rest, ',', &name))
        if (take_path(f, name, e) != KITH_OK)
            return err_blame(e, "fields");
    if (names && f->field_count == 0)
        return option_fail(e, "fields", "names no field");
    return KITH_OK;
}

/* The columns of a report, those of them that the caller may read. A program is given whole
 * records. */
static void take_columns(struct find *f) {
    kith_str rest = str_of(f->asked.fields), name;
    kith_error ignored = KITH_ERROR_INIT;
    while (!f->chosen && !f->c->json && str_split(&rest, ',', &name)) {
        size_t before = f->field_count;
        if (take_path(f, name, &ignored) != KITH_OK)
            f->field_count = before;
    }
    f->chosen |= f->field_count > 0;
}

static bool filled(const struct find *f, const struct rfield *field) {
    for (size_t i = 0; i < f->row_count; i++) {
        if (f->rows[i].values[field->index].kind != KITH_NULL)
            return true;
    }
    return false;
}

static bool is_name(char c) {
    return c == '_' || c == '\'' || c == '.' || isalnum((unsigned char)c);
}

/* Does the query name it? Who asks for a critical stock wants to see how much there is. */
static bool asked_about(kith_str query, const char *name) {
    const size_t len = strlen(name);
    for (uint64_t i = 0; i + len <= query.len; i++) {
        const bool begins = i == 0 || !is_name(query.ptr[i - 1]);
        const kith_str rest = {query.ptr + i + len, query.len - i - len};
        if (begins && memcmp(query.ptr + i, name, len) == 0 &&
            (rest.len == 0 || !is_name(rest.ptr[0])) && !str_starts(rest, " by "))
            return true;
    }
    return false;
}

/* How much a field says about a record at a glance; 0: nothing. */
static int weight(const struct find *find, const struct rfield *f) {
    if (f == f->type->title)
        return 5;
    if (f->index < FIELD_FIRST || f->kind == KITH_F_LONGTEXT || f->kind == KITH_F_JSON)
        return 0;
    if (f->kind == KITH_F_STATE || asked_about(find->asked.text, f->name))
        return 4;
    if (f->flags & KITH_FF_INDEXED)
        return 3;
    return f->kind == KITH_F_LINK ? 2 : 1;
}

/* The title, states and what the query names, indexed fields, links, the rest; those that are
 * filled on this page. */
static void guess_fields(struct find *f) {
    uint32_t most = f->c->io->columns ? f->c->io->columns / GUESS_WIDTH : GUESS_MOST;
    most = most < 2 ? 2 : most > GUESS_MOST ? GUESS_MOST : most;
    add_field(f, NULL);
    for (int w = 5; w > 0; w--) {
        for (uint32_t i = 0; i < f->type->field_count && f->field_count <= most; i++) {
            const struct rfield *field = f->type->fields[i];
            if (cmd_reads(f->c, field) && weight(f, field) == w && (w == 5 || filled(f, field)))
                add_field(f, field);
        }
    }
}

static void all_fields(struct find *f) {
    add_field(f, NULL);
    for (uint32_t i = 0; i < f->type->field_count && f->field_count < FIELDS_MAX; i++)
        if (cmd_reads(f->c, f->type->fields[i]))
            add_field(f, f->type->fields[i]);
}

/* -- one row ----------------------------------------------------------------------------------- */

static kith_status value_at(struct find *f, const struct path *p, const struct row *row,
                            struct arena *a, kith_value *out, kith_error *e) {
    return path_follow(f->c->company->engine, &f->c->principal, p, f->type, row->id, row->values, a,
                       out, e);
}

/* Nobody chose: the record. Else id and type, then what was chosen. */
static kith_status row_json(struct find *f, const struct row *row, kith_error *e) {
    struct json_out j;
    json_begin(&j, &f->text, false);
    if (f->chosen)
        TRY(path_json(f->c->company->engine, &f->c->principal, f->fields, f->field_count, f->type,
                      row->id, row->values, &f->page, &j, e));
    else
        json_record(f->c, &j, f->type, row->id, row->values);
    buf_putc(&f->text, '\n');
    return f->text.failed ? err_nomem(e) : KITH_OK;
}

static kith_status row_csv(struct find *f, const struct row *row, kith_error *e) {
    for (uint32_t i = 0; i < f->field_count; i++) {
        kith_value v;
        TRY(value_at(f, &f->fields[i], row, &f->page, &v, e));
        if (i > 0)
            buf_putc(&f->text, ',');
        kith_str text = value_text(cmd_schema(f->c), &v, &f->page);
        if (!text.ptr)
            return err_nomem(e);
        csv_put(&f->text, text, ',');
    }
    buf_puts(&f->text, "\r\n");
    return f->text.failed ? err_nomem(e) : KITH_OK;
}

/* Kept until all are there: the widths of the columns depend on all. */
static kith_status row_table(struct find *f, const struct row *row, kith_error *e) {
    uint32_t n = f->type->field_count;
    kith_value *copy = ARENA_ARRAY(&f->c->arena, kith_value, n);
    struct row *rows = arena_grow(&f->c->arena, f->rows, f->row_count, &f->row_cap, sizeof *rows);
    if (!copy || !rows)
        return err_nomem(e);
    f->rows = rows;
    for (uint32_t i = 0; i < n; i++)
        copy[i] = value_copy(&f->c->arena, &row->values[i]);
    f->rows[f->row_count++] = (struct row){row->id, copy};
    return KITH_OK;
}

/* -- what is not exact ------------------------------------------------------------------------- */

static kith_status look_whether_exact(struct find *f, kith_error *e) {
    return f->inexact ? KITH_OK
                      : engine_inexact(f->c->company->engine, &f->c->principal, f->query,
                                       &f->c->arena, &f->inexact, e);
}

/* A segment's members are counted while it is worked out. */
static kith_status look_at_count(struct find *f, const kith_value *values, kith_error *e) {
    const struct base_segment *s = &cmd_schema(f->c)->base.segment;
    if (f->type != s->type || values[s->settling->index].as.i != 1)
        return KITH_OK;
    const kith_value *name = &values[f->type->title->index];
    f->inexact = arena_printf(&f->c->arena,
                              "segment '%.*s' is being worked out: the number of its"
                              " members is not exact",
                              (int)name->as.s.len, name->as.s.ptr);
    return f->inexact ? KITH_OK : err_nomem(e);
}

static void say_inexact(struct find *f) {
    if (f->inexact)
        io_say(f->c->io, "%s", f->inexact);
}

static void json_inexact(struct find *f, struct json_out *j) {
    if (!f->inexact)
        return;
    json_key(j, "inexact");
    json_strz(j, f->inexact);
}

/* -- all rows ---------------------------------------------------------------------------------- */

/* The values live in the page's arena. */
static kith_status keep_row(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct find *f = arg;
    f->found[f->found_count++] = (struct row){id, values};
    return look_at_count(f, values, e);
}

static kith_status put_text(struct find *f, kith_error *e) {
    if (f->text.failed)
        return err_nomem(e);
    io_raw(f->c->io, buf_view(&f->text));
    buf_reset(&f->text);
    return KITH_OK;
}

static kith_status put_page(struct find *f, row_fn fn, kith_error *e) {
    for (size_t i = 0; i < f->found_count; i++)
        TRY(fn(f, &f->found[i], e));
    f->found_count = 0;
    return put_text(f, e);
}

/* Whoever is shown many people takes them along, in whatever form. Before they are shown. */
static kith_status log_many(struct find *f, uint64_t rows, kith_error *e) {
    if (f->exported || rows <= ASK_MANY || !access_personal(&f->c->principal, f->type))
        return KITH_OK;
    return ask_export(f->c, &f->asked, &f->exported, e);
}

/* Page by page; what a page gave is printed between two reads, since the other end may be slow. */
static kith_status each_page(struct find *f, row_fn fn, int64_t limit, kith_str *cursor,
                             uint64_t *rows, kith_error *e) {
    const char *after = cmd_option(f->c, "after");
    *cursor = str_of(after);
    for (int64_t given = 0; given < limit;) {
        struct find_page page = {.after = *cursor,
                                 .limit = limit - given < PAGE ? limit - given : PAGE,
                                 .bytes = PAGE_BYTES};
        TRY(engine_find(f->c->company->engine, &f->c->principal, f->query, f->asked.params, &page,
                        &f->page, keep_row, f, e));
        *rows += (uint64_t)page.count;
        TRY(log_many(f, *rows, e));
        TRY(put_page(f, fn, e));
        given += page.count;
        *cursor = arena_str(&f->c->arena, page.cursor);
        if (!cursor->ptr)
            return err_nomem(e);
        arena_reset(&f->page);
        if (cursor->len == 0)
            break;
        TRY(io_check(f->c->io, e));
    }
    return look_whether_exact(f, e);
}

static kith_status each_row(struct find *f, row_fn fn, int64_t limit, kith_str *cursor,
                            kith_error *e) {
    uint64_t rows = 0;
    kith_status st = each_page(f, fn, limit, cursor, &rows, e);
    return ask_exported(f->c, f->exported, rows, st, e);
}

/* Names the way on when the limit, not the data, ended the list. */
static void say_end(struct find *f, kith_str cursor) {
    if (cursor.len > 0)
        io_say(f->c->io, "there are more: --after %.*s", (int)cursor.len, cursor.ptr);
    say_inexact(f);
}

/* A last line without an id tells of the answer as a whole. */
static void json_end(struct find *f, kith_str cursor) {
    struct json_out j;
    size_t at = f->text.len;
    if (!cursor.len && !f->inexact)
        return;
    json_begin(&j, &f->text, false);
    json_object_(&j);
    if (cursor.len) {
        json_key(&j, "after");
        json_str(&j, cursor);
    }
    json_inexact(f, &j);
    json_object_end(&j);
    json_mark_tail(&f->text, at);
    buf_putc(&f->text, '\n');
}

static bool is_number(const struct rfield *f) {
    return f && (f->kind == KITH_F_INTEGER || f->kind == KITH_F_DECIMAL || f->kind == KITH_F_MONEY);
}

static kith_status table_row(struct find *f, struct table *t, const struct row *row,
                             uint32_t columns, kith_error *e) {
    for (uint32_t i = 0; i < columns; i++) {
        const struct path *p = &f->fields[i];
        kith_value v;
        TRY(value_at(f, p, row, &f->c->arena, &v, e));
        table_cell(t, p->field ? show_value(f->c, &v)
                      : v.kind ? str_of(show_id(f->c, v.as.link.id))
                               : (kith_str){0});
    }
    return KITH_OK;
}

static kith_status as_table(struct find *f, int64_t limit, kith_error *e) {
    kith_str cursor;
    struct table t;
    TRY(each_row(f, row_table, limit, &cursor, e));
    if (f->row_count == 0) {
        io_printf(f->c->io, "No %s found.\n", f->type->name);
        say_inexact(f);
        return KITH_OK;
    }
    if (!f->chosen)
        guess_fields(f);
    table_begin(&t, f->c, (const char *const[]){NULL});
    uint32_t columns = f->field_count < TABLE_COLUMNS ? (uint32_t)f->field_count : TABLE_COLUMNS;
    for (uint32_t i = 0; i < columns; i++)
        table_head(&t, f->fields[i].name, is_number(f->fields[i].field));
    for (size_t r = 0; r < f->row_count; r++)
        TRY(table_row(f, &t, &f->rows[r], columns, e));
    table_print(&t);
    say_end(f, cursor);
    return KITH_OK;
}

static kith_status as_lines(struct find *f, int64_t limit, kith_error *e) {
    kith_str cursor;
    bool csv = cmd_option(f->c, "csv") != NULL;
    if (csv && !f->chosen)
        all_fields(f);
    for (uint32_t i = 0; csv && i < f->field_count; i++)
        buf_printf(&f->text, "%s%s", i > 0 ? "," : "", f->fields[i].name);
    buf_puts(&f->text, csv ? "\r\n" : "");
    TRY(each_row(f, csv ? row_csv : row_json, limit, &cursor, e));
    if (csv)
        say_end(f, cursor);
    else
        json_end(f, cursor);
    return put_text(f, e);
}

static kith_status as_count(struct find *f, kith_error *e) {
    struct find_page page = {.limit = 1};
    TRY(engine_find(f->c->company->engine, &f->c->principal, f->query, f->asked.params, &page,
                    &f->page, NULL, NULL, e));
    TRY(look_whether_exact(f, e));
    if (!f->c->json) {
        io_printf(f->c->io, "%lld\n", (long long)page.count);
        say_inexact(f);
        return KITH_OK;
    }
    struct json_out j;
    json_begin(&j, &f->text, false);
    json_object_(&j);
    json_key(&j, "count");
    json_int(&j, page.count);
    json_inexact(f, &j);
    json_object_end(&j);
    buf_putc(&f->text, '\n');
    return put_text(f, e);
}

/* -- totals ------------------------------------------------------------------------------------ */

static kith_str total_text(struct find *f, const kith_value *v, bool people) {
    if (people)
        return show_value(f->c, v);
    return value_text(cmd_schema(f->c), v, &f->c->arena);
}

static void totals_table(struct find *f, const struct totals *t, const struct query_column *columns,
                         size_t rows) {
    struct table table;
    table_begin(&table, f->c, (const char *const[]){NULL});
    size_t shown = t->columns < TABLE_COLUMNS ? t->columns : TABLE_COLUMNS;
    for (size_t i = 0; i < shown; i++)
        table_head(&table, columns[i].name, columns[i].number);
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < shown; i++)
            table_cell(&table, total_text(f, &t->values[r * t->columns + i], true));
    table_print(&table);
    if (rows < t->count)
        io_say(f->c->io, "there are %zu more: --limit %zu", t->count - rows, t->count);
}

static kith_status totals_csv(struct find *f, const struct totals *t,
                              const struct query_column *columns, size_t rows, kith_error *e) {
    for (size_t i = 0; i < t->columns; i++) {
        buf_puts(&f->text, i > 0 ? "," : "");
        csv_put(&f->text, str_of(columns[i].name), ',');
    }
    buf_puts(&f->text, "\r\n");
    for (size_t i = 0; i < rows * t->columns; i++) {
        kith_str text = total_text(f, &t->values[i], false);
        if (!text.ptr)
            return err_nomem(e);
        csv_put(&f->text, text, ',');
        buf_puts(&f->text, (i + 1) % t->columns ? "," : "\r\n");
    }
    return KITH_OK;
}

static void totals_json(struct find *f, const struct totals *t, const struct query_column *columns,
                        size_t rows) {
    for (size_t r = 0; r < rows; r++) {
        struct json_out j;
        json_begin(&j, &f->text, false);
        json_object_(&j);
        for (size_t i = 0; i < t->columns; i++) {
            json_key(&j, columns[i].name);
            value_json(cmd_schema(f->c), &t->values[r * t->columns + i], &j);
        }
        json_object_end(&j);
        buf_putc(&f->text, '\n');
    }
}

static kith_status as_totals(struct find *f, kith_error *e) {
    struct totals t;
    const struct query_column *columns;
    bool csv = cmd_option(f->c, "csv") != NULL, lines = csv || f->c->json;
    int64_t limit;
    if (cmd_option(f->c, "fields") || cmd_option(f->c, "after"))
        return option_fail(e, cmd_option(f->c, "fields") ? "fields" : "after",
                           "is for records; totals have the columns that the query names");
    TRY(cmd_option_int(f->c, "limit", 1, INT64_MAX, lines ? INT64_MAX : TABLE_LIMIT, &limit, e));
    query_columns(f->query, &columns);
    TRY(engine_select(f->c->company->engine, &f->c->principal, f->query, f->asked.params, &t,
                      &f->c->arena, e));
    TRY(look_whether_exact(f, e));
    size_t rows = (uint64_t)limit < t.count ? (size_t)limit : t.count;
    if (rows > ASK_MANY && query_personal(f->query)) {
        TRY(ask_export(f->c, &f->asked, &f->exported, e));
        TRY(ask_exported(f->c, f->exported, rows, KITH_OK, e));
    }
    if (csv)
        TRY(totals_csv(f, &t, columns, rows, e));
    else if (lines)
        totals_json(f, &t, columns, rows);
    else if (rows == 0)
        io_printf(f->c->io, "No groups of %s found.\n", f->type->name);
    else
        totals_table(f, &t, columns, rows);
    if (csv || !lines)
        say_inexact(f);
    else
        json_end(f, (kith_str){0});
    return put_text(f, e);
}

static kith_status parse(struct find *f, kith_error *e) {
    TRY(ask_read(f->c, f->c->args, f->c->arg_count, &f->asked, e));
    f->query = f->asked.query;
    f->type = query_type(f->query);
    return KITH_OK;
}

/* -- explaining -------------------------------------------------------------------------------- */

static void explain_json(struct find *f, const struct explanation *x) {
    struct json_out j;
    json_begin(&j, &f->text, false);
    json_object_(&j);
    json_key(&j, "query");
    json_str(&j, f->asked.text);
    json_key(&j, "sql");
    json_strz(&j, x->sql);
    json_key(&j, "plan");
    json_array_(&j);
    for (size_t i = 0; i < x->step_count; i++)
        json_strz(&j, x->steps[i]);
    json_array_end(&j);
    json_key(&j, "index");
    if (x->index)
        json_strz(&j, x->index);
    else
        json_nil(&j);
    json_object_end(&j);
    buf_putc(&f->text, '\n');
}

static kith_status as_explanation(struct find *f, kith_error *e) {
    struct explanation x;
    TRY(engine_explain(f->c->company->engine, &f->c->principal, f->query, f->asked.params, &x,
                       &f->c->arena, e));
    if (f->c->json) {
        explain_json(f, &x);
        return put_text(f, e);
    }
    io_puts(f->c->io, "query  ");
    io_text(f->c->io, f->asked.text);
    io_printf(f->c->io, "\nsql    %s\n", x.sql);
    for (size_t i = 0; i < x.step_count; i++)
        io_printf(f->c->io, "%s  %s\n", i ? "     " : "plan ", x.steps[i]);
    if (x.advice)
        io_printf(f->c->io, "index  %s\n", x.advice);
    return KITH_OK;
}

static kith_status run_parsed(struct find *f, kith_error *e) {
    bool lines = f->c->json || cmd_option(f->c, "csv");
    int64_t limit;
    if (cmd_option(f->c, "explain"))
        return as_explanation(f, e);
    TRY(look_whether_exact(f, e));
    if (query_counts(f->query))
        return as_count(f, e);
    if (query_totals(f->query))
        return as_totals(f, e);
    TRY(choose_fields(f, e));
    take_columns(f);
    bool bounded = query_limit(f->query) >= 0;
    TRY(cmd_option_int(f->c, "limit", 1, INT64_MAX, lines || bounded ? INT64_MAX : TABLE_LIMIT,
                       &limit, e));
    return lines ? as_lines(f, limit, e) : as_table(f, limit, e);
}

kith_status cmd_find(struct cmd *c, kith_error *e) {
    struct find *f = ARENA_NEW(&c->arena, struct find);
    if (!f)
        return err_nomem(e);
    f->c = c;
    kith_status st = parse(f, e);
    if (st == KITH_OK && (st = run_parsed(f, e)) != KITH_OK)
        st = ask_blame(&f->asked, e);
    buf_free(&f->text);
    arena_free(&f->page);
    return st;
}

const struct command command_find = {
    .name = "find",
    .args = "QUERY",
    .help = "records that a query finds, or their number",
    .more =
        "  kith find contact\n"
        "  kith find \"contact where city = 'Berlin' order by name\"\n"
        "  kith find task where \"state = 'open' and due < now()\" --fields title,due,assignee\n"
        "  kith find \"lead where score >= 50 : count()\"\n"
        "  kith find \"interaction group by channel : count(), sum(cost)\" --csv\n"
        "  kith find \"contact where city = :c\" --param c=Bonn\n"
        "  kith find contact --example city=Bonn --example name='A%'\n"
        "  kith find @late\n\n"
        "@late is the query of the saved_query of that name: kith create saved_query name=late\n"
        "query=\"task where state = 'open' and due < now()\". 'kith report' lists them.\n"
        "A table shows the first 50 records; --json and --csv give all of them. Whoever is shown\n"
        "more than 100 records with personal data is logged as one who exports. 'kith help query'\n"
        "explains the query language.",
    .options =
        {{"fields", "A,B.C",
          "these fields, in this order; id is one, and account.name follows a link"},
         {"limit", "N", "at most so many records"},
         {"after", "CURSOR", "go on where an earlier answer ended"},
         {"csv", NULL, "answer in CSV, for spreadsheets"},
         {"where", "CONDITION",
          "records of the TYPE alone that meet it; it may end in order by, limit, or totals"},
         {"explain", NULL, "how the query would be carried out, and the index to add"},
         ASK_OPTIONS},
    .gathered = ASK_GATHERED,
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_min = 1,
    .args_max = 10000,
    .run = cmd_find,
};
