/* SPDX-License-Identifier: Apache-2.0 */
/* kith subject export: all that is known of a person, for that person (GDPR, Art. 15 and 20): the
 * record, what is part of it, what tells about it, who changed and who read it, and for what it is
 * used. Of other people there are ids only, where records link to them.
 *
 * All of it is read from one snapshot, so that it is of one moment. One record is in memory at a
 * time, besides the ids of all. */
#include "base/id.h"
#include "base/map.h"
#include "cli/ask.h"
#include "cli/show.h"
#include "engine/sign_in.h"
#include "journal/compact.h"
#include "journal/gone.h"
#include "record/access.h"
#include "record/member.h"

#include <stdio.h>
#include <string.h>

#define FOUND_MAX 1000000 /* records that belong to one person */
#define OUT_MAX   65536   /* bytes that are written at a time */
#define PAGE      500     /* entries of the log of access */

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
struct subject {
    struct cmd *c;
    struct conn *conn; /* the snapshot */
    int form, file;    /* file -1: standard output */
    struct buf out;
    struct arena scratch; /* of one record */
    struct map seen;
    struct item *items;
    size_t count, cap;
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

/* How a record that links by the field to one in this role belongs to the person: as a part of what
 * it is part of; only about the person itself something is told. ROLES: it does not. */
static enum role role_of(const struct rfield *f, const struct item *of) {
    if ((f->kind != KITH_F_LINK && f->kind != KITH_F_LINKS) ||
        !(f->any_target || f->target == of->type))
        return ROLES;
    if (f->flags & KITH_FF_PARTOF)
        return PART;
    return of->role == SELF && f->flags & KITH_FF_SUBJECT ? ABOUT : ROLES;
}

static kith_status linking(struct subject *s, const struct rfield *f, const struct item *of,
                           kith_id **ids, size_t *n, kith_error *e) {
    TRY(record_referrers(s->conn, f, of->id, of->type->id, FOUND_MAX + 1, &s->scratch, ids, n, e));
    return *n <= FOUND_MAX ? KITH_OK
                           : err_set(e, KITH_E_LIMIT, NULL,
                                     "more than %d records of type %s link"
                                     " to it",
                                     FOUND_MAX, f->type->name);
}

static kith_status follow_field(struct subject *s, const struct rfield *f, const struct item *of,
                                kith_error *e) {
    kith_id *ids;
    size_t n;
    enum role role = role_of(f, of);
    if (role == ROLES)
        return KITH_OK;
    struct arena_mark mark = arena_mark(&s->scratch);
    TRY(linking(s, f, of, &ids, &n, e));
    for (size_t i = 0; i < n; i++)
        TRY(add(s, f->type, ids[i], role, e));
    arena_release(&s->scratch, mark);
    return KITH_OK;
}

static kith_status follow(struct subject *s, struct item of, kith_error *e) {
    const struct schema *schema = cmd_schema(s->c);
    for (uint32_t i = 0; i < schema->type_count; i++)
        for (uint32_t k = 0; k < schema->types[i]->field_count; k++)
            TRY(follow_field(s, schema->types[i]->fields[k], &of, e));
    return KITH_OK;
}

/* -- writing ----------------------------------------------------------------------------------- */

static kith_status flush(struct subject *s, kith_error *e) {
    kith_status st = s->out.failed ? err_nomem(e) : KITH_OK;
    if (st == KITH_OK && s->file >= 0)
        st = s->c->io->ops->put(s->c->io, s->file, buf_view(&s->out), e);
    else if (st == KITH_OK)
        io_raw(s->c->io, buf_view(&s->out));
    buf_reset(&s->out);
    return st == KITH_OK ? io_check(s->c->io, e) : st;
}

/* After each thing that was put: what was made for it is done with. */
static kith_status done_with(struct subject *s, struct arena_mark mark, kith_error *e) {
    arena_release(&s->scratch, mark);
    return s->out.len > OUT_MAX || s->out.failed ? flush(s, e) : KITH_OK;
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

/* *values NULL: the caller may not read it. */
static kith_status read_item(struct subject *s, const struct rtype *t, kith_id id,
                             kith_value **values, kith_error *e) {
    bool there;
    *values = ARENA_ARRAY(&s->scratch, kith_value, t->field_count);
    if (!*values)
        return err_nomem(e);
    TRY(access_find(s->conn, &s->c->principal, t, id, &s->scratch, *values, &there, e));
    *values = there ? *values : NULL;
    return KITH_OK;
}

static void put_record(struct subject *s, const struct item *i, const kith_value *values,
                       bool any) {
    struct cmd *c = s->c;
    struct json_out j;
    if (s->form == AS_JSON) {
        buf_puts(&s->out, any ? ",\n" : "\n");
        json_begin(&j, &s->out, false);
        json_record(c, &j, i->type, i->id, values);
        return;
    }
    buf_puts(&s->out, "<table>\n");
    html_row(s, str_of(i->type->label ? i->type->label : i->type->name), id_str(s, i->id));
    for (uint32_t k = 0; k < i->type->field_count; k++)
        if (values[k].kind != KITH_NULL)
            html_row(s, str_of(i->type->fields[k]->name),
                     value_text(cmd_schema(c), &values[k], &s->scratch));
    buf_puts(&s->out, "</table>\n");
}

static kith_status put_records(struct subject *s, enum role role, kith_error *e) {
    bool any = false, bytes = false;
    begin_section(s, role_keys[role], role_titles[role]);
    for (size_t i = 0; i < s->count; i++) {
        kith_value *values;
        struct arena_mark mark = arena_mark(&s->scratch);
        if (s->items[i].role != role)
            continue;
        bytes |= is_bytes(s, &s->items[i]);
        if (is_bytes(s, &s->items[i]))
            continue;
        TRY(read_item(s, s->items[i].type, s->items[i].id, &values, e));
        if (values)
            put_record(s, &s->items[i], values, any);
        any |= values != NULL;
        TRY(done_with(s, mark, e));
    }
    buf_puts(&s->out, bytes
                          ? "<p>What stands in files is left out here. It is in the same export as"
                            " JSON, and in the files themselves.</p>\n"
                          : "");
    end_section(s, any);
    return KITH_OK;
}

static kith_status put_referrers_by(struct subject *s, const struct rfield *f, bool *any,
                                    kith_error *e) {
    kith_id *ids;
    size_t n;
    const struct item *self = &s->items[0];
    if ((f->kind != KITH_F_LINK && f->kind != KITH_F_LINKS) ||
        !(f->any_target || f->target == self->type) || role_of(f, self) != ROLES)
        return KITH_OK;
    struct arena_mark all = arena_mark(&s->scratch);
    TRY(linking(s, f, self, &ids, &n, e));
    for (size_t i = 0; i < n; i++) {
        struct arena_mark mark = arena_mark(&s->scratch);
        const struct pair pairs[] = {{"type", str_of(f->type->name)},
                                     {"field", str_of(f->name)},
                                     {"id", id_str(s, ids[i])},
                                     {NULL, {0}}};
        put_pairs(s, pairs, any);
        TRY(done_with(s, mark, e));
    }
    arena_release(&s->scratch, all);
    return KITH_OK;
}

static kith_status put_referrers(struct subject *s, kith_error *e) {
    const struct schema *schema = cmd_schema(s->c);
    bool any = false;
    begin_section(s, "referrers", "Other records that link to it");
    for (uint32_t i = 0; i < schema->type_count; i++)
        for (uint32_t k = 0; k < schema->types[i]->field_count; k++)
            TRY(put_referrers_by(s, schema->types[i]->fields[k], &any, e));
    end_section(s, any);
    return KITH_OK;
}

/* -- purposes and segments --------------------------------------------------------------------- */

/* The fields of these names, of each of the records. */
static kith_status put_fields(struct subject *s, const struct rtype *t, const kith_id *ids,
                              size_t n, const char *const *names, kith_error *e) {
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        struct pair pairs[8] = {{0}};
        kith_value *values;
        struct arena_mark mark = arena_mark(&s->scratch);
        TRY(read_item(s, t, ids[i], &values, e));
        for (size_t k = 0; values && names[k]; k++) {
            const struct rfield *f = type_field(cmd_schema(s->c), t, str_of(names[k]));
            pairs[k] = (struct pair){
                names[k], f ? value_text(cmd_schema(s->c), &values[f->index], &s->scratch)
                            : id_str(s, ids[i])};
        }
        if (values)
            put_pairs(s, pairs, &any);
        TRY(done_with(s, mark, e));
    }
    end_section(s, any);
    return KITH_OK;
}

static kith_status put_all_of(struct subject *s, const struct rtype *t, const char *const *names,
                              kith_error *e) {
    kith_id *ids;
    size_t n;
    struct arena_mark mark = arena_mark(&s->scratch);
    TRY(record_ids(s->conn, t, INT64_MAX, &s->scratch, &ids, &n, e));
    TRY(put_fields(s, t, ids, n, names, e));
    arena_release(&s->scratch, mark);
    return KITH_OK;
}

static kith_status put_segments(struct subject *s, kith_error *e) {
    kith_id *ids;
    size_t n;
    struct arena_mark mark = arena_mark(&s->scratch);
    begin_section(s, "segments", "Groups it is in");
    TRY(member_of(s->conn, s->items[0].id, &s->scratch, &ids, &n, e));
    TRY(put_fields(s, cmd_schema(s->c)->base.segment.type, ids, n,
                   (const char *const[]){"name", "doc", "query", NULL}, e));
    arena_release(&s->scratch, mark);
    return KITH_OK;
}

/* -- history and readers ----------------------------------------------------------------------- */

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

struct changes {
    struct subject *s;
    const struct item *of;
    bool *any;
};

static kith_status put_change(void *arg, const struct journal_row *row, kith_error *e) {
    struct changes *h = arg;
    struct subject *s = h->s;
    struct arena_mark mark = arena_mark(&s->scratch);
    struct tx_head tx;
    struct source actor;
    struct image_field *fields;
    size_t n;
    if (row->kind == ROW_EVENT)
        return KITH_OK;
    TRY(journal_tx_read(s->conn, row->tx, &s->scratch, &tx, e));
    TRY(journal_source(s->conn, tx.actor, &s->scratch, &actor, e));
    TRY(image_decode(cmd_schema(s->c), row, &s->scratch, &fields, &n, e));
    const struct pair pairs[] = {{"at", time_text(s, tx.at)},
                                 {"type", str_of(h->of->type->name)},
                                 {"id", id_str(s, h->of->id)},
                                 {"what", str_of(row_kind_name(row->kind))},
                                 {"who", str_of(actor.name)},
                                 {"by", str_of(origin_name(tx.origin))},
                                 {"why", tx.note},
                                 {"fields", fields_text(s, fields, n)},
                                 {NULL, {0}}};
    put_pairs(s, pairs, h->any);
    return done_with(s, mark, e);
}

static kith_status put_history(struct subject *s, kith_error *e) {
    bool any = false;
    begin_section(s, "history", "What was done to these data");
    for (size_t i = 0; i < s->count; i++) {
        struct changes h = {s, &s->items[i], &any};
        TRY(journal_before(s->conn, s->items[i].id, INT64_MAX, put_change, &h, e));
    }
    end_section(s, any);
    return KITH_OK;
}

static kith_status put_reader(struct subject *s, const struct access_entry *x, bool *any,
                              kith_error *e) {
    struct arena_mark mark = arena_mark(&s->scratch);
    const struct pair pairs[] = {{"at", time_text(s, x->at)},
                                 {"who", str_of(x->actor)},
                                 {"what", str_of(access_event_name(x->event))},
                                 {"asked", str_of(x->asked)},
                                 {NULL, {0}}};
    put_pairs(s, pairs, any);
    return done_with(s, mark, e);
}

static kith_status put_readers(struct subject *s, kith_error *e) {
    struct access_filter f = {.record = s->items[0].id, .limit = PAGE, .shown = 1};
    bool any = false;
    begin_section(s, "readers", "Who read the record");
    for (size_t n = PAGE; n == PAGE;) {
        struct access_entry *list;
        struct arena_mark mark = arena_mark(&s->scratch);
        TRY(access_log_read(s->conn, &f, &s->scratch, &list, &n, e));
        for (size_t i = 0; i < n; i++)
            TRY(put_reader(s, &list[i], &any, e));
        f.before = n ? list[n - 1].number : 0;
        arena_release(&s->scratch, mark);
    }
    end_section(s, any);
    return KITH_OK;
}

/* -- all of it --------------------------------------------------------------------------------- */

static kith_status put_head(struct subject *s, kith_error *e) {
    int64_t now = engine_now(s->c->company->engine);
    struct journal_start start;
    TRY(journal_start(s->conn, &start, e));
    if (s->form == AS_JSON) {
        buf_puts(&s->out, "{\"format\": \"kith.subject\", \"version\": 1, \"made\": \"");
        buf_str(&s->out, time_text(s, now));
        buf_puts(&s->out, "\"");
        if (start.seq) {
            buf_puts(&s->out, ", \"history_since\": \"");
            buf_str(&s->out, time_text(s, start.at));
            buf_puts(&s->out, "\"");
        }
        return KITH_OK;
    }
    buf_puts(&s->out, page_head);
    buf_puts(&s->out, "<h1>What we know of you</h1>\n<p>As of ");
    html(s, time_text(s, now));
    buf_puts(&s->out, " (UTC). Other people are shown by their numbers alone.");
    if (start.seq) {
        buf_puts(&s->out, " What was done is kept since ");
        html(s, time_text(s, start.at));
        buf_puts(&s->out, ".");
    }
    buf_puts(&s->out, "</p>\n");
    return KITH_OK;
}

static kith_status put_all(struct subject *s, kith_error *e) {
    const struct base_fields *base = &cmd_schema(s->c)->base;
    TRY(put_head(s, e));
    for (enum role r = SELF; r < ROLES; r++)
        TRY(put_records(s, r, e));
    begin_section(s, "purposes", "What data are used for, and on which ground");
    TRY(put_all_of(s, base->purpose.type,
                   (const char *const[]){"id", "name", "basis", "description", "fields", NULL}, e));
    begin_section(s, "wordings", "The texts that consents are about");
    TRY(put_all_of(s, base->wording.type,
                   (const char *const[]){"id", "version", "language", "text", NULL}, e));
    TRY(put_segments(s, e));
    TRY(put_referrers(s, e));
    TRY(put_history(s, e));
    TRY(put_readers(s, e));
    buf_puts(&s->out, s->form == AS_JSON ? "\n}\n" : "</body></html>\n");
    return flush(s, e);
}

static kith_status export_all(struct subject *s, kith_error *e) {
    for (size_t i = 0; i < s->count; i++) /* it grows on the way */
        TRY(follow(s, s->items[i], e));
    arena_reset(&s->scratch);
    return put_all(s, e);
}

static bool ends_in(const char *path, const char *end) {
    size_t n = path ? strlen(path) : 0, m = strlen(end);
    return n >= m && strcmp(path + n - m, end) == 0;
}

/* The snapshot comes after the log's entry, which is so in what is handed out. */
static kith_status export_logged(struct subject *s, const struct rtype *t, kith_id id,
                                 const char *why, kith_error *e) {
    struct engine *g = s->c->company->engine;
    int64_t number;
    const char *what = arena_printf(&s->c->arena, "subject export: %s", why);
    if (!what)
        return err_nomem(e);
    TRY(access_export_begin(g, &s->c->principal, t, id, what, &number, e));
    kith_status st = engine_snapshot(g, &s->conn, e);
    if (st == KITH_OK)
        st = add(s, t, id, SELF, e);
    if (st == KITH_OK)
        st = export_all(s, e);
    engine_snapshot_done(s->conn);
    buf_free(&s->out);
    arena_free(&s->scratch);
    map_free(&s->seen);
    return ask_exported(s->c, number, s->count, st, e);
}

/* The file comes first: what cannot be written is not handed out, nor logged so. */
static kith_status export_to(struct subject *s, const char *path, const struct rtype *t, kith_id id,
                             const char *why, kith_error *e) {
    struct io *io = s->c->io;
    if (!path)
        return export_logged(s, t, id, why, e);
    TRY(io->ops->open(io, path, IO_NEW, &s->file, e));
    kith_status st = export_logged(s, t, id, why, e);
    kith_status closed = io->ops->close(io, s->file, st == KITH_OK, st == KITH_OK ? e : NULL);
    if (st == KITH_OK && closed == KITH_OK && !s->c->json)
        io_printf(io, "%zu record%s written.\n", s->count, s->count == 1 ? "" : "s");
    return st != KITH_OK ? st : closed;
}

/* What was deleted is in the journal alone, and to be brought back before it is handed out. e says
 * that it is not there. */
static kith_status say_deleted(struct cmd *c, const struct rtype *t, kith_id id, kith_error *e) {
    struct conn *conn;
    struct tx_head tx;
    bool told = false, when = false;
    char text[ID_TEXT + 1];
    TRY(engine_reader(c->company->engine, &conn, e));
    kith_status st = gone_told(conn, t, id, &told, e);
    if (st == KITH_OK && told)
        st = gone_when(conn, id, &c->arena, &tx, &when, e);
    engine_reader_done(c->company->engine, conn);
    TRY(st);
    if (!when)
        return KITH_E_NOTFOUND;
    id_format(tx.id, text);
    return err_set(e, KITH_E_NOTFOUND, NULL,
                   "%s %s was deleted, and its history still tells of it, as 'kith history %s %s'"
                   " shows: bring it back with 'kith undo %s', export it and delete it again; or"
                   " erase it: 'kith erase %s %s'",
                   t->name, show_id(c, id), t->name, show_id(c, id), text, t->name, show_id(c, id));
}

static kith_status run(struct cmd *c, kith_error *e) {
    const char *path = arg_file(c, 2), *why = cmd_option(c, "for");
    struct subject s = {.c = c, .file = -1};
    const struct rtype *t;
    kith_value *values;
    kith_id id;
    if (!why || !*why)
        return err_set(e, KITH_E_INVAL, NULL,
                       "say why it is handed out, which is logged: --for \"request of 3 May\"");
    s.form = cmd_option_choice(c, "format", ends_in(path, ".html") ? AS_HTML : AS_JSON);
    TRY(arg_record(c, 0, &t, &id, e));
    kith_status there = show_read(c, t, &id, &values, e);
    if (there == KITH_E_NOTFOUND)
        return say_deleted(c, t, id, e);
    TRY(there);
    return export_to(&s, path, t, id, why, e);
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
