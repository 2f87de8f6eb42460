/* SPDX-License-Identifier: Apache-2.0 */
/* kith subject export: all that is known of a person, for that person (GDPR, Art. 15 and 20): the
 * record, what is part of it, what tells about it, who changed and who read it, and for what it is
 * used. Of other people there are ids only, where records link to them.
 *
 * One record is in memory at a time, besides the ids of all. It is written between two readers. */
#include "base/id.h"
#include "base/map.h"
#include "cli/show.h"
#include "engine/sign_in.h"
#include "record/member.h"

#include <stdio.h>
#include <string.h>

#define FOUND_MAX   1000000 /* records that belong to one person */
#define HISTORY_MAX 10000   /* changes told of one record */
#define READERS_MAX 100000

enum role { SELF, PART, ABOUT, ROLES };
static const char *const role_keys[ROLES] = {"record", "parts", "about"};
static const char *const role_titles[ROLES] = {"The record", "What is part of it",
                                               "What tells about it"};
enum { AS_JSON, AS_HTML };

struct item {
    const struct rtype *type;
    kith_id id;
    enum role role;
};
struct referrer { /* a record of something else that links to the person */
    const struct rfield *field;
    kith_id id;
};
struct subject {
    struct cmd *c;
    int form, file; /* file -1: standard output */
    struct buf out;
    struct arena scratch; /* of one record */
    struct map seen;
    struct item *items;
    size_t count, cap;
    struct referrer *referrers;
    size_t referrer_count, referrer_cap;
};

/* -- what belongs to the person ---------------------------------------------------------------- */

static kith_status add(struct subject *s, const struct rtype *t, kith_id id, enum role role,
                       kith_error *e) {
    if (map_get_u64(&s->seen, id))
        return KITH_OK;
    if (s->count == FOUND_MAX)
        return err_set(e, KITH_E_LIMIT, NULL, "more than %d records belong to it", FOUND_MAX);
    struct item *items = arena_grow(&s->c->arena, s->items, s->count, &s->cap, sizeof *items);
    if (!items || !map_put_u64(&s->seen, id, s))
        return err_nomem(e);
    s->items = items;
    items[s->count++] = (struct item){t, id, role};
    return KITH_OK;
}

static kith_status add_referrer(struct subject *s, const struct rfield *f, kith_id id,
                                kith_error *e) {
    struct referrer *items =
        arena_grow(&s->c->arena, s->referrers, s->referrer_count, &s->referrer_cap, sizeof *items);
    if (!items)
        return err_nomem(e);
    s->referrers = items;
    items[s->referrer_count++] = (struct referrer){f, id};
    return KITH_OK;
}

/* Parts belong to what they are part of; only about the person itself something is told. */
static kith_status follow_field(struct subject *s, struct conn *conn, const struct rfield *f,
                                const struct item *of, kith_error *e) {
    kith_id *ids;
    size_t n;
    bool part = f->flags & KITH_FF_PARTOF, about = f->flags & KITH_FF_SUBJECT;
    if ((f->kind != KITH_F_LINK && f->kind != KITH_F_LINKS) ||
        !(f->any_target || f->target == of->type) || (!part && of->role != SELF))
        return KITH_OK;
    struct arena_mark mark = arena_mark(&s->scratch);
    TRY(record_referrers(conn, f, of->id, of->type->id, FOUND_MAX, &s->scratch, &ids, &n, e));
    for (size_t i = 0; i < n; i++)
        TRY(part || about ? add(s, f->type, ids[i], part ? PART : ABOUT, e)
                          : add_referrer(s, f, ids[i], e));
    arena_release(&s->scratch, mark);
    return KITH_OK;
}

static kith_status follow(struct subject *s, struct item of, kith_error *e) {
    const struct schema *schema = cmd_schema(s->c);
    struct conn *conn;
    kith_status st = KITH_OK;
    TRY(engine_reader(s->c->company->engine, &conn, e));
    for (uint32_t i = 0; st == KITH_OK && i < schema->type_count; i++)
        for (uint32_t k = 0; st == KITH_OK && k < schema->types[i]->field_count; k++)
            st = follow_field(s, conn, schema->types[i]->fields[k], &of, e);
    engine_reader_done(s->c->company->engine, conn);
    return st;
}

/* -- writing ----------------------------------------------------------------------------------- */

static kith_status flush(struct subject *s, kith_error *e) {
    kith_status st = s->out.failed ? err_nomem(e) : KITH_OK;
    if (st == KITH_OK && s->file >= 0)
        st = s->c->io->ops->put(s->c->io, s->file, buf_view(&s->out), e);
    else if (st == KITH_OK)
        io_raw(s->c->io, buf_view(&s->out));
    buf_reset(&s->out);
    arena_reset(&s->scratch);
    return st == KITH_OK ? io_check(s->c->io, e) : st;
}

static void html(struct subject *s, kith_str text) {
    for (uint64_t i = 0; i < text.len; i++) {
        const char *as = text.ptr[i] == '<'    ? "&lt;"
                         : text.ptr[i] == '>'  ? "&gt;"
                         : text.ptr[i] == '&'  ? "&amp;"
                         : text.ptr[i] == '"'  ? "&quot;"
                         : text.ptr[i] == '\'' ? "&#39;"
                                               : NULL;
        if (as)
            buf_puts(&s->out, as);
        else
            buf_putc(&s->out, text.ptr[i]);
    }
}

static void html_row(struct subject *s, kith_str name, kith_str value) {
    buf_puts(&s->out, "<tr><th>");
    html(s, name);
    buf_puts(&s->out, "</th><td>");
    html(s, value);
    buf_puts(&s->out, "</td></tr>\n");
}

static const char page_head[] =
    "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>Personal data</title>\n"
    "<style>body{font:16px sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;margin:0 0 1.5em}th{text-align:left;font-weight:normal;"
    "color:#555;padding:.2em 1em .2em 0;vertical-align:top}td{padding:.2em 0;"
    "white-space:pre-wrap;word-break:break-word}</style></head><body>\n";

/* A part of the export: a heading, or a member of the object. */
static void begin_section(struct subject *s, const char *key, const char *title) {
    if (s->form == AS_JSON) {
        buf_printf(&s->out, ",\n\"%s\": [", key);
        return;
    }
    buf_puts(&s->out, "<h2>");
    html(s, str_of(title));
    buf_puts(&s->out, "</h2>\n");
}

static void end_section(struct subject *s, bool any) {
    buf_puts(&s->out, s->form == AS_JSON ? "\n]" : any ? "" : "<p>Nothing.</p>\n");
}

/* One thing of a section: pairs of a name and a text. */
struct pair {
    const char *name;
    kith_str text;
};
static void put_pairs(struct subject *s, const struct pair *pairs, bool *any) {
    struct json_out j;
    json_begin(&j, &s->out, false);
    buf_puts(&s->out, s->form == AS_HTML ? "<table>\n" : *any ? ",\n" : "\n");
    *any = true;
    if (s->form == AS_JSON)
        json_object_(&j);
    for (; pairs->name; pairs++) {
        if (s->form == AS_HTML && pairs->text.len)
            html_row(s, str_of(pairs->name), pairs->text);
        if (s->form == AS_JSON) {
            json_key(&j, pairs->name);
            json_str(&j, pairs->text);
        }
    }
    if (s->form == AS_JSON)
        json_object_end(&j);
    else
        buf_puts(&s->out, "</table>\n");
}

static kith_str time_text(struct subject *s, int64_t ms) {
    kith_value v = value_time(ms);
    return value_text(cmd_schema(s->c), &v, &s->scratch);
}

static kith_str id_str(struct subject *s, kith_id id) {
    char text[ID_TEXT + 1];
    id_format(id, text);
    return arena_str(&s->scratch, str_of(text));
}

/* -- records ----------------------------------------------------------------------------------- */

/* What stands in a file is no reading matter. */
static bool is_bytes(const struct subject *s, const struct item *i) {
    return s->form == AS_HTML && i->type == cmd_schema(s->c)->base.file_part.type;
}

static kith_status put_record(struct subject *s, const struct item *i, bool *any, kith_error *e) {
    struct cmd *c = s->c;
    kith_value *values;
    struct json_out j;
    if (is_bytes(s, i))
        return KITH_OK;
    kith_status st =
        engine_get(c->company->engine, &c->principal, i->type, i->id, &s->scratch, &values, e);
    if (st != KITH_OK) /* it is gone since */
        return st == KITH_E_NOTFOUND ? KITH_OK : st;
    if (s->form == AS_JSON) {
        buf_puts(&s->out, *any ? ",\n" : "\n");
        json_begin(&j, &s->out, false);
        struct arena_mark mark = arena_mark(&c->arena);
        json_record(c, &j, i->type, i->id, values);
        arena_release(&c->arena, mark);
    } else {
        buf_puts(&s->out, "<table>\n");
        html_row(s, str_of(i->type->label ? i->type->label : i->type->name), id_str(s, i->id));
        for (uint32_t k = 0; k < i->type->field_count; k++)
            if (values[k].kind != KITH_NULL)
                html_row(s, str_of(i->type->fields[k]->name),
                         value_text(cmd_schema(c), &values[k], &s->scratch));
        buf_puts(&s->out, "</table>\n");
    }
    *any = true;
    return flush(s, e);
}

static kith_status put_records(struct subject *s, enum role role, kith_error *e) {
    bool any = false;
    begin_section(s, role_keys[role], role_titles[role]);
    for (size_t i = 0; i < s->count; i++)
        if (s->items[i].role == role)
            TRY(put_record(s, &s->items[i], &any, e));
    end_section(s, any);
    return KITH_OK;
}

static kith_status put_referrers(struct subject *s, kith_error *e) {
    bool any = false;
    begin_section(s, "referrers", "Other records that link to it");
    for (size_t i = 0; i < s->referrer_count; i++) {
        const struct referrer *r = &s->referrers[i];
        const struct pair pairs[] = {{"type", str_of(r->field->type->name)},
                                     {"field", str_of(r->field->name)},
                                     {"id", id_str(s, r->id)},
                                     {NULL, {0}}};
        put_pairs(s, pairs, &any);
        TRY(flush(s, e));
    }
    end_section(s, any);
    return KITH_OK;
}

/* -- purposes and segments --------------------------------------------------------------------- */

struct ids { /* of records that a query finds */
    kith_id ids[1000];
    size_t count;
};
static kith_status note_id(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct ids *found = arg;
    (void)values;
    (void)e;
    found->ids[found->count++] = id;
    return KITH_OK;
}

static kith_str text_in(struct subject *s, const kith_value *values, const struct rtype *t,
                        const char *field) {
    const struct rfield *f = type_field(cmd_schema(s->c), t, str_of(field));
    return f ? value_text(cmd_schema(s->c), &values[f->index], &s->scratch) : (kith_str){0};
}

/* Its fields of these names, of each record that the query finds. */
static kith_status put_found(struct subject *s, const char *query, const char *const *fields,
                             kith_error *e) {
    struct cmd *c = s->c;
    struct ids found = {.count = 0};
    struct find_page page = {.limit = 1000};
    struct query *q;
    bool any = false;
    TRY(query_parse(&q, cmd_schema(c), &c->arena, str_of(query), e));
    TRY(engine_find(c->company->engine, &c->principal, q, NULL, &page, &c->arena, note_id, &found,
                    e));
    for (size_t i = 0; i < found.count; i++) {
        struct pair pairs[8] = {{0}};
        kith_value *values;
        const struct rtype *t = query_type(q);
        if (engine_get(c->company->engine, &c->principal, t, found.ids[i], &s->scratch, &values,
                       NULL) != KITH_OK)
            continue;
        for (size_t k = 0; fields[k]; k++)
            pairs[k] = (struct pair){fields[k], text_in(s, values, t, fields[k])};
        put_pairs(s, pairs, &any);
        TRY(flush(s, e));
    }
    end_section(s, any);
    return KITH_OK;
}

static kith_status put_segments(struct subject *s, kith_error *e) {
    struct cmd *c = s->c;
    const struct base_segment *b = &cmd_schema(c)->base.segment;
    struct conn *conn;
    kith_id *ids;
    size_t n;
    bool any = false;
    begin_section(s, "segments", "Groups it is in");
    TRY(engine_reader(c->company->engine, &conn, e));
    kith_status st = member_of(conn, s->items[0].id, &c->arena, &ids, &n, e);
    engine_reader_done(c->company->engine, conn);
    TRY(st);
    for (size_t i = 0; i < n; i++) {
        kith_value *values;
        if (engine_get(c->company->engine, &c->principal, b->type, ids[i], &s->scratch, &values,
                       NULL) != KITH_OK)
            continue;
        const struct pair pairs[] = {{"name", text_in(s, values, b->type, "name")},
                                     {"doc", text_in(s, values, b->type, "doc")},
                                     {"query", text_in(s, values, b->type, "query")},
                                     {NULL, {0}}};
        put_pairs(s, pairs, &any);
        TRY(flush(s, e));
    }
    end_section(s, any);
    return KITH_OK;
}

/* -- history and readers ----------------------------------------------------------------------- */

struct changes {
    struct subject *s;
    struct journal_row *rows;
    size_t count, cap;
};

static kith_status keep_row(void *arg, const struct journal_row *row, kith_error *e) {
    struct changes *h = arg;
    struct arena *a = &h->s->scratch;
    if (row->kind == ROW_EVENT)
        return KITH_OK;
    if (h->count == HISTORY_MAX)
        return KITH_E_LIMIT; /* ends the walk */
    struct journal_row *rows = arena_grow(a, h->rows, h->count, &h->cap, sizeof *rows);
    if (!rows)
        return err_nomem(e);
    h->rows = rows;
    rows[h->count] = *row;
    rows[h->count++].image = arena_str(a, row->image);
    return KITH_OK;
}

static kith_str fields_text(struct subject *s, const struct image_field *f, size_t n) {
    const struct schema *schema = cmd_schema(s->c);
    struct buf b = {0};
    for (size_t i = 0; i < n; i++) {
        if (!f[i].field)
            continue;
        kith_str was = value_text(schema, &f[i].before, &s->scratch);
        kith_str is = value_text(schema, &f[i].after, &s->scratch);
        bool bytes = f[i].field->type == schema->base.file_part.type;
        buf_printf(&b, "%s%s: ", b.len ? "\n" : "", f[i].field->name);
        buf_str(&b, bytes ? STR("(bytes)") : was);
        buf_puts(&b, " -> ");
        buf_str(&b, bytes ? STR("(bytes)") : is);
    }
    kith_str text = arena_str(&s->scratch, buf_view(&b));
    buf_free(&b);
    return text;
}

static kith_status put_changes(struct subject *s, const struct item *i, struct conn *conn,
                               bool *any, kith_error *e) {
    struct changes h = {.s = s};
    kith_status st = journal_before(conn, i->id, INT64_MAX, keep_row, &h, e);
    if (st != KITH_OK && h.count < HISTORY_MAX)
        return st;
    for (size_t k = 0; k < h.count; k++) {
        struct tx_head tx;
        struct source actor;
        struct image_field *fields;
        size_t n;
        TRY(journal_tx_read(conn, h.rows[k].tx, &s->scratch, &tx, e));
        TRY(journal_source(conn, tx.actor, &s->scratch, &actor, e));
        TRY(image_decode(cmd_schema(s->c), &h.rows[k], &s->scratch, &fields, &n, e));
        const struct pair pairs[] = {{"at", time_text(s, tx.at)},
                                     {"type", str_of(i->type->name)},
                                     {"id", id_str(s, i->id)},
                                     {"what", str_of(row_kind_name(h.rows[k].kind))},
                                     {"who", str_of(actor.name)},
                                     {"by", str_of(origin_name(tx.origin))},
                                     {"why", tx.note},
                                     {"fields", fields_text(s, fields, n)},
                                     {NULL, {0}}};
        put_pairs(s, pairs, any);
    }
    return KITH_OK;
}

static kith_status put_history(struct subject *s, kith_error *e) {
    struct engine *g = s->c->company->engine;
    bool any = false;
    begin_section(s, "history", "What was done to these data");
    for (size_t i = 0; i < s->count; i++) {
        struct conn *conn;
        TRY(engine_reader(g, &conn, e));
        kith_status st = put_changes(s, &s->items[i], conn, &any, e);
        engine_reader_done(g, conn);
        TRY(st);
        TRY(flush(s, e));
    }
    end_section(s, any);
    return KITH_OK;
}

static kith_status put_readers(struct subject *s, kith_error *e) {
    struct access_entry *list;
    struct arena own = {0};
    size_t n;
    bool any = false;
    begin_section(s, "readers", "Who read the record");
    kith_status st = access_entries(s->c->company->engine, s->items[0].id, 0, READERS_MAX, 1, &own,
                                    &list, &n, e);
    for (size_t i = 0; st == KITH_OK && i < n; i++) {
        const struct pair pairs[] = {{"at", time_text(s, list[i].at)},
                                     {"who", str_of(list[i].actor)},
                                     {"what", str_of(access_event_name(list[i].event))},
                                     {"asked", str_of(list[i].asked)},
                                     {NULL, {0}}};
        put_pairs(s, pairs, &any);
        st = flush(s, e);
    }
    arena_free(&own);
    TRY(st);
    end_section(s, any);
    return KITH_OK;
}

/* -- all of it --------------------------------------------------------------------------------- */

static void put_head(struct subject *s) {
    int64_t now = engine_now(s->c->company->engine);
    if (s->form == AS_JSON) {
        buf_puts(&s->out, "{\"format\": \"kith.subject\", \"version\": 1, \"made\": \"");
        buf_str(&s->out, time_text(s, now));
        buf_puts(&s->out, "\"");
        return;
    }
    buf_puts(&s->out, page_head);
    buf_puts(&s->out, "<h1>What we know of you</h1>\n<p>As of ");
    html(s, time_text(s, now));
    buf_puts(&s->out, " (UTC). Other people are shown by their numbers alone.</p>\n");
}

static kith_status put_all(struct subject *s, kith_error *e) {
    put_head(s);
    for (enum role r = SELF; r < ROLES; r++)
        TRY(put_records(s, r, e));
    begin_section(s, "purposes", "What data are used for, and on which ground");
    TRY(put_found(s, "purpose order by name",
                  (const char *const[]){"name", "basis", "description", NULL}, e));
    begin_section(s, "wordings", "The texts that consents are about");
    TRY(put_found(s, "wording order by id",
                  (const char *const[]){"id", "version", "language", "text", NULL}, e));
    TRY(put_segments(s, e));
    TRY(put_referrers(s, e));
    TRY(put_history(s, e));
    TRY(put_readers(s, e));
    buf_puts(&s->out, s->form == AS_JSON ? "\n}\n" : "</body></html>\n");
    return flush(s, e);
}

static kith_status export_to(struct subject *s, const char *path, kith_error *e) {
    struct io *io = s->c->io;
    for (size_t i = 0; i < s->count; i++) /* it grows on the way */
        TRY(follow(s, s->items[i], e));
    if (!path)
        return put_all(s, e);
    TRY(io->ops->open(io, path, IO_PRIVATE, &s->file, e));
    kith_status st = put_all(s, e);
    kith_status closed = io->ops->close(io, s->file, st == KITH_OK, st == KITH_OK ? e : NULL);
    if (st == KITH_OK && closed == KITH_OK && !s->c->json)
        io_printf(io, "%zu record%s written.\n", s->count, s->count == 1 ? "" : "s");
    return st != KITH_OK ? st : closed;
}

static bool ends_in(const char *path, const char *end) {
    size_t n = path ? strlen(path) : 0, m = strlen(end);
    return n >= m && strcmp(path + n - m, end) == 0;
}

static kith_status run(struct cmd *c, kith_error *e) {
    const char *path = c->arg_count > 2 ? c->args[2] : NULL, *why = cmd_option(c, "for");
    struct subject s = {.c = c, .file = -1};
    const struct rtype *t;
    kith_value *values;
    kith_id id;
    if (!why || !*why)
        return err_set(e, KITH_E_INVAL, NULL,
                       "say why it is handed out, which is logged: --for \"request of 3 May\"");
    s.form = cmd_option_choice(c, "format", ends_in(path, ".html") ? AS_HTML : AS_JSON);
    TRY(arg_record(c, 0, &t, &id, e));
    TRY(show_read(c, t, &id, &values, e));
    TRY(access_exported(c->company->engine, &c->principal, t, id, why, e));
    kith_status st = add(&s, t, id, SELF, e);
    if (st == KITH_OK)
        st = export_to(&s, path, e);
    buf_free(&s.out);
    arena_free(&s.scratch);
    map_free(&s.seen);
    return st;
}

const struct command command_subject_export = {
    .name = "subject export",
    .args = "TYPE ID [FILE]",
    .help = "all that is known of a person, for that person",
    .more =
        "  kith subject export contact 0ABCDEFGH1234 anna.html --for \"request of 3 May\"\n"
        "  kith subject export contact 0ABCDEFGH1234 anna.json --for \"request of 3 May\"\n\n"
        "The record, what is part of it (contact points, profile, consents, files), what tells\n"
        "about it (interactions, tasks, notes), what the data are used for, the groups it is in,\n"
        "every change with who made it, and who read it. Other people are ids alone, but free\n"
        "texts may name them: read it before it is handed out. A name that ends in .html means a\n"
        "page to read, any other JSON. Nobody else can read the file. It is logged as an export.",
    .options = {{"for", "TEXT", "why it is handed out; it is logged"},
                {"format", "json|html", "else by the file's name"}},
    .needs = NEEDS_COMPANY,
    .args_min = 2,
    .args_max = 3,
    .run = run,
};
