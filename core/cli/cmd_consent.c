/* SPDX-License-Identifier: Apache-2.0 */
/* kith consent register: who said what to which purpose, how that is shown, and what became of it.
 * The state at a moment follows from the times in the records themselves. */
#include "base/csv.h"
#include "base/id.h"
#include "cli/ask.h"
#include "cli/show.h"
#include "journal/past.h"
#include "record/access.h"
#include "record/suppression.h"

#include <string.h>

#define PAGE 500 /* records that are in memory at a time */

enum column {
    CONTACT,
    NAME,
    ADDRESS,
    PURPOSE,
    BASIS,
    STATE,
    STANDS,
    AT,
    SOURCE,
    WORDING,
    LANGUAGE,
    TEXT,
    PROOF,
    IP,
    FORM,
    EXPIRES,
    WITHDRAWN_AT,
    WITHDRAWN_BY,
    RECORDED,
    CONSENT,
    COLUMNS
};
static const char *const columns[COLUMNS] = {
    "contact", "name",    "address",      "purpose",      "basis",    "state",  "stands",
    "at",      "source",  "wording",      "language",     "text",     "proof",  "ip",
    "form",    "expires", "withdrawn_at", "withdrawn_by", "recorded", "consent"};

enum { AS_TEXT, AS_CSV, AS_JSON };

struct registry {
    struct cmd *c;
    const struct base_consent *k;
    const struct rtype *type; /* of the records at hand: consents, and addresses behind them */
    struct map *only;         /* of these ids alone; NULL: of all */
    int64_t moment;
    bool past; /* the moment was named: what was said later is not shown */
    int form;
    struct table table;
    struct buf line;
    uint64_t rows;
    kith_id page[PAGE]; /* what is to be shown next, once no reader is held */
    size_t waiting;
};

/* What a link leads to; NULL: nowhere. */
static const kith_value *linked(struct registry *r, const kith_value *link, const struct rtype *t) {
    kith_value *values;
    if (link->kind != KITH_LINK)
        return NULL;
    return engine_get(r->c->company->engine, &r->c->principal, t, link->as.link.id, &r->c->arena,
                      &values, NULL) == KITH_OK
               ? values
               : NULL;
}

static kith_str text_of(struct registry *r, const kith_value *v) {
    return r->form == AS_TEXT && v->kind == KITH_TIME
               ? show_time(r->c, v->as.i)
               : value_text(cmd_schema(r->c), v, &r->c->arena);
}

/* As it is now all counts that was said, as for consent.check: also what was while a clock was
 * ahead. */
static bool by_then(const struct registry *r, const kith_value *v) {
    return v->kind == KITH_TIME && (!r->past || v->as.i <= r->moment);
}

/* Of one that came in as expired nobody knows when it did, but that it had by then. */
static bool expired_by_then(const struct registry *r, const kith_value *values) {
    const kith_value *expires = &values[r->k->expires->index];
    bool ended = expires->kind == KITH_TIME && expires->as.i <= r->moment;
    bool noted = str_eqz(values[r->k->state->index].as.s, "expired");
    return ended || (noted && (!r->past ||
                               (expires->kind == KITH_NULL && by_then(r, &values[FIELD_CREATED]))));
}

static const char *state_then(const struct registry *r, const kith_value *values) {
    return by_then(r, &values[r->k->withdrawn_at->index]) ? "withdrawn"
           : expired_by_then(r, values)                   ? "expired"
                                                          : "given";
}

/* What was said is the contact's last word about it as far as was known then. */
static bool stood_then(struct registry *r, const kith_value *values) {
    const kith_value *next = linked(r, &values[r->k->replaced_by->index], r->k->type);
    return !next || !by_then(r, &next[r->k->at->index]);
}

static void fill_wording(struct registry *r, const kith_value *values, kith_str *cells) {
    const struct base_wording *w = &cmd_schema(r->c)->base.wording;
    const kith_value *wording = linked(r, &values[r->k->wording->index], w->type);
    if (!wording)
        return;
    cells[WORDING] = text_of(r, &wording[w->version->index]);
    cells[LANGUAGE] = text_of(r, &wording[w->language->index]);
    cells[TEXT] = text_of(r, &wording[w->text->index]);
}

static void fill(struct registry *r, kith_id id, const kith_value *values, kith_str *cells) {
    const struct base_consent *k = r->k;
    const struct base_purpose *p = &cmd_schema(r->c)->base.purpose;
    const kith_value *contact = &values[k->contact->index];
    const kith_value *purpose = linked(r, &values[k->purpose->index], p->type);
    const struct {
        enum column column;
        const struct rfield *field;
    } plain[] = {{ADDRESS, k->address}, {AT, k->at},     {SOURCE, k->source},  {PROOF, k->proof},
                 {IP, k->ip},           {FORM, k->form}, {EXPIRES, k->expires}};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        cells[plain[i].column] = text_of(r, &values[plain[i].field->index]);
    cells[CONTACT] = str_of(show_id(r->c, contact->as.link.id));
    cells[NAME] = show_title(r->c, k->contact->target, contact->as.link.id);
    cells[CONSENT] = str_of(show_id(r->c, id));
    cells[STATE] = str_of(state_then(r, values));
    cells[STANDS] = stood_then(r, values) ? STR("yes") : STR("no");
    cells[RECORDED] = text_of(r, &values[FIELD_CREATED]);
    if (purpose) {
        cells[PURPOSE] = text_of(r, &purpose[p->name->index]);
        cells[BASIS] = text_of(r, &purpose[p->basis->index]);
    }
    if (by_then(r, &values[k->withdrawn_at->index])) {
        cells[WITHDRAWN_AT] = text_of(r, &values[k->withdrawn_at->index]);
        cells[WITHDRAWN_BY] = text_of(r, &values[k->withdrawn_by->index]);
    }
    fill_wording(r, values, cells);
}

/* What was said for an address, whoever has it: no contact is known by it. */
static void fill_suppression(struct registry *r, kith_id id, const kith_value *values,
                             kith_str *cells) {
    const struct base_suppression *x = &cmd_schema(r->c)->base.suppression;
    const struct base_purpose *p = &cmd_schema(r->c)->base.purpose;
    const kith_value *purpose = linked(r, &values[x->purpose->index], p->type),
                     *word = &values[x->lifted_by->index];
    bool lifted = by_then(r, &values[x->lifted->index]);
    (void)id;
    cells[ADDRESS] = text_of(r, &values[x->address->index]);
    cells[STATE] = lifted ? STR("lifted") : STR("suppressed");
    cells[STANDS] = lifted ? STR("no") : STR("yes");
    cells[AT] = cells[WITHDRAWN_AT] = text_of(r, &values[x->at->index]);
    cells[WITHDRAWN_BY] = text_of(r, &values[x->how->index]);
    cells[RECORDED] = text_of(r, &values[FIELD_CREATED]);
    if (lifted && word->kind == KITH_LINK)
        cells[CONSENT] = str_of(show_id(r->c, word->as.link.id));
    if (purpose) {
        cells[PURPOSE] = text_of(r, &purpose[p->name->index]);
        cells[BASIS] = text_of(r, &purpose[p->basis->index]);
    }
}

static void put_json(struct registry *r, const kith_str *cells) {
    struct json_out j;
    struct buf b = {0};
    json_begin(&j, &b, false);
    json_object_(&j);
    for (int i = 0; i < COLUMNS; i++) {
        json_key(&j, columns[i]);
        if (cells[i].len)
            json_str(&j, cells[i]);
        else
            json_nil(&j);
    }
    json_object_end(&j);
    json_print(r->c, &b);
}

static void put_csv(struct registry *r, const kith_str *cells) {
    buf_reset(&r->line);
    for (int i = 0; i < COLUMNS; i++) {
        if (i)
            buf_putc(&r->line, ',');
        csv_put(&r->line, cells[i], ',');
    }
    buf_puts(&r->line, "\r\n");
    io_raw(r->c->io, buf_view(&r->line));
}

static kith_status put(struct registry *r, kith_id id, kith_error *e) {
    static const enum column shown[] = {NAME, ADDRESS, PURPOSE, STATE,       STANDS,
                                        AT,   SOURCE,  WORDING, WITHDRAWN_AT};
    struct cmd *c = r->c;
    kith_str cells[COLUMNS] = {{0}};
    kith_value *values;
    kith_status st =
        engine_get(c->company->engine, &c->principal, r->type, id, &c->arena, &values, e);
    if (st != KITH_OK) /* it is gone since */
        return st == KITH_E_NOTFOUND ? KITH_OK : st;
    (r->type == r->k->type ? fill : fill_suppression)(r, id, values, cells);
    r->rows++;
    if (r->form == AS_JSON)
        put_json(r, cells);
    else if (r->form == AS_CSV)
        put_csv(r, cells);
    for (size_t i = 0; r->form == AS_TEXT && i < sizeof shown / sizeof *shown; i++)
        table_cell(&r->table, cells[shown[i]]);
    return io_check(c->io, e);
}

static kith_status note(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct registry *r = arg;
    (void)values;
    (void)e;
    if (!r->only || map_get_u64(r->only, id))
        r->page[r->waiting++] = id;
    return KITH_OK;
}

/* Page by page: a register may be longer than what fits into memory. */
static kith_status put_all(struct registry *r, const struct query *q, const kith_value *params,
                           kith_error *e) {
    struct cmd *c = r->c;
    struct find_page page = {.limit = PAGE, .again = true};
    char cursor[4096] = "";
    do {
        struct arena_mark mark = arena_mark(&c->arena);
        page.after = str_of(cursor);
        r->waiting = 0;
        TRY(engine_find(c->company->engine, &c->principal, q, params, &page, &c->arena, note, r,
                        e));
        for (size_t i = 0; i < r->waiting; i++)
            TRY(put(r, r->page[i], e));
        if (page.cursor.len >= sizeof cursor)
            return err_set(e, KITH_E_INTERNAL, NULL, "a cursor of %llu bytes",
                           (unsigned long long)page.cursor.len);
        memcpy(cursor, page.cursor.ptr ? page.cursor.ptr : "", page.cursor.len);
        cursor[page.cursor.len] = '\0';
        if (r->form != AS_TEXT) /* a table is printed at the end */
            arena_release(&c->arena, mark);
    } while (cursor[0]);
    return KITH_OK;
}

/* -- what is asked ----------------------------------------------------------------------------- */

static kith_status read_since(struct cmd *c, kith_value *out, kith_error *e) {
    struct moment m;
    const char *since = cmd_option(c, "since");
    TRY(engine_moment(c->company->engine, str_of(since), &c->arena, &m, e));
    *out = value_str(str_of(since));
    return KITH_OK;
}

static const char *const of_consents[][2] = {{"as-of", "at <= :moment"},
                                             {"purpose", "purpose.name = :purpose"},
                                             {"contact", "contact = :contact"},
                                             {"since", "(at >= :since or withdrawn_at >= :since)"},
                                             {NULL, NULL}};
static const char *const of_addresses[][2] = {{"as-of", "at <= :moment"},
                                              {"purpose", "purpose.name = :purpose"},
                                              {"since", "(at >= :since or lifted >= :since)"},
                                              {NULL, NULL}};

static kith_status make_query(const struct registry *r, const char *const (*conditions)[2],
                              struct asked *out, kith_error *e) {
    struct cmd *c = r->c;
    const char *const *names;
    const char *text = r->type->name, *joined = "where";
    for (size_t i = 0; text && conditions[i][0]; i++) {
        if (!cmd_option(c, conditions[i][0]))
            continue;
        text = arena_printf(&c->arena, "%s %s %s", text, joined, conditions[i][1]);
        joined = "and";
    }
    text = text ? arena_printf(&c->arena, "%s order by at", text) : NULL;
    if (!text)
        return err_nomem(e);
    out->text = str_of(text);
    TRY(query_parse(&out->query, cmd_schema(c), &c->arena, out->text, e));
    uint32_t n = query_params(out->query, &names);
    kith_value *values = ARENA_ARRAY(&c->arena, kith_value, n + 1);
    if (!values)
        return err_nomem(e);
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(names[i], "moment") == 0)
            values[i] = value_time(r->moment);
        else if (strcmp(names[i], "since") == 0)
            TRY(read_since(c, &values[i], e));
        else
            values[i] = value_str(str_of(cmd_option(c, names[i])));
    }
    out->params = values;
    return KITH_OK;
}

static kith_status check_purpose(struct cmd *c, kith_error *e) {
    const struct rfield *f = cmd_schema(c)->base.purpose.name;
    const char *name = cmd_option(c, "purpose");
    struct find_page page = {.limit = 1};
    struct query *q;
    if (!name)
        return KITH_OK;
    kith_value v = value_str(str_of(name));
    TRY(query_parse(&q, cmd_schema(c), &c->arena, STR("purpose where name = :name: count()"), e));
    TRY(engine_find(c->company->engine, &c->principal, q, &v, &page, &c->arena, NULL, NULL, e));
    return page.count ? KITH_OK
                      : err_set(e, KITH_E_NOTFOUND, f->name,
                                "there is no purpose '%s'; `kith find purpose` lists them", name);
}

static kith_status check_reader(struct cmd *c, kith_error *e) {
    const struct base_consent *k = &cmd_schema(c)->base.consent;
    const struct rfield *const needed[] = {k->at, k->withdrawn_at, k->contact, k->purpose};
    bool may = access_rule(&c->principal, k->type) != ACCESS_NONE;
    for (size_t i = 0; may && i < sizeof needed / sizeof *needed; i++)
        may = access_reads(&c->principal, needed[i]);
    return may ? KITH_OK
               : err_set(e, KITH_E_DENIED, NULL,
                         "%s may not read consents, of which the register is; a role that may says"
                         " {\"consent\": {\"read\": \"all\"}}",
                         c->principal.name);
}

static kith_status note_addresses(struct registry *r, struct conn *conn, kith_id contact,
                                  kith_error *e) {
    const struct schema *s = cmd_schema(r->c);
    const struct base_point *p = &s->base.contact_point;
    struct arena *a = &r->c->arena;
    kith_id *points;
    size_t n;
    TRY(record_referrers(conn, p->contact, contact, s->base.contact.type->id, INT64_MAX, a, &points,
                         &n, e));
    for (size_t i = 0; i < n; i++) {
        const kith_value *values;
        struct suppressions all = {0};
        TRY(record_get(conn, p->type, points[i], a, &values, e));
        if (values && values[p->normal->index].kind == KITH_TEXT)
            TRY(suppressions_of(conn, s, values[p->normal->index].as.s, a, &all, e));
        for (size_t k = 0; k < all.count; k++)
            if (!map_put_u64(r->only, all.items[k].id, r))
                return err_nomem(e);
    }
    return KITH_OK;
}

/* Of a contact those of the addresses that it has now. */
static kith_status only_of_contact(struct registry *r, struct map *only, kith_error *e) {
    const char *id = cmd_option(r->c, "contact");
    struct conn *conn;
    kith_id contact;
    if (!id)
        return KITH_OK;
    r->only = only;
    if (!id_parse(str_of(id), &contact))
        return KITH_OK; /* nobody's, as the query of consents has said */
    TRY(engine_reader(r->c->company->engine, &conn, e));
    kith_status st = note_addresses(r, conn, contact, e);
    engine_reader_done(r->c->company->engine, conn);
    return st;
}

static kith_status put_addresses(struct registry *r, kith_error *e) {
    struct asked asked = {0};
    struct map only = {0};
    r->type = cmd_schema(r->c)->base.suppression.type;
    if (access_rule(&r->c->principal, r->type) == ACCESS_NONE)
        return KITH_OK;
    kith_status st = make_query(r, of_addresses, &asked, e);
    if (st == KITH_OK)
        st = only_of_contact(r, &only, e);
    if (st == KITH_OK)
        st = put_all(r, asked.query, asked.params, e);
    map_free(&only);
    return st;
}

static kith_status run_register(struct cmd *c, kith_error *e) {
    struct registry r = {.c = c,
                         .k = &cmd_schema(c)->base.consent,
                         .type = cmd_schema(c)->base.consent.type,
                         .form = cmd_option_choice(c, "format", c->json ? AS_JSON : AS_TEXT)};
    const char *as_of = cmd_option(c, "as-of");
    struct moment m;
    struct asked asked = {0};
    int64_t number = 0;
    r.moment = engine_now(c->company->engine);
    r.past = as_of != NULL;
    if (as_of) {
        TRY(engine_moment(c->company->engine, str_of(as_of), &c->arena, &m, e));
        r.moment = m.at;
    }
    TRY(check_reader(c, e));
    TRY(check_purpose(c, e));
    TRY(make_query(&r, of_consents, &asked, e));
    TRY(ask_export(c, &asked, &number, e)); /* in any form it is all that was said */
    table_begin(&r.table, c,
                (const char *const[]){"name", "address", "purpose", "state", "stands", "at",
                                      "source", "wording", "withdrawn", NULL});
    for (int i = 0; r.form == AS_CSV && i < COLUMNS; i++)
        io_printf(c->io, "%s%s", columns[i], i + 1 < COLUMNS ? "," : "\r\n");
    kith_status st = put_all(&r, asked.query, asked.params, e);
    uint64_t words = r.rows; /* of persons; addresses are nobody's */
    if (st == KITH_OK)
        st = put_addresses(&r, e);
    st = ask_exported(c, number, words, st, e);
    buf_free(&r.line);
    if (st == KITH_OK && r.form == AS_TEXT && r.rows)
        table_print(&r.table);
    else if (st == KITH_OK && r.form == AS_TEXT)
        io_puts(c->io, "Nobody has said anything about it.\n");
    return st;
}

const struct command command_consent_register = {
    .name = "consent register",
    .args = "",
    .help = "who consented to what, when, by which text, with which proof, and who withdrew",
    .more = "  kith consent register --purpose newsletter --format csv > register.csv\n"
            "  kith consent register --contact 0ABCDEFGH1234 --as-of 2026-03-31\n\n"
            "One line for each word, a yes or a no, in the order in which they were said; then one "
            "for\n"
            "each address that said no whoever has it (suppressed, or lifted by a yes since), by a "
            "hash\n"
            "of the address. As CSV and\n"
            "JSON it has the whole text that was shown. --as-of goes by the times at which things\n"
            "were said; recorded is when Kith was told.",
    .options = {{"purpose", "NAME", "about this purpose alone"},
                {"contact", "ID", "of this contact alone"},
                {"since", "DATE", "said or withdrawn since then"},
                {"as-of", "DATE", "as it was at the end of that day, or at a time"},
                {"format", "text|csv|json", "else text, or JSON lines with --json"}},
    .needs = NEEDS_COMPANY,
    .open = true,
    .run = run_register,
};
