/* SPDX-License-Identifier: Apache-2.0 */
/* kith subject export: all that is known of a person, for that person (GDPR, Art. 15 and 20): the
 * record, what is part of it, what tells about it, who changed and who read it, also while it was
 * another record that was merged into it, and for what it is used. Of other people there are ids
 * only, where records link to them.
 *
 * All of it is read from one snapshot, so that it is of one moment. One record is in memory at a
 * time, besides the ids of all. */
#include "base/id.h"
#include "cli/ask.h"
#include "cli/subject.h"
#include "engine/sign_in.h"
#include "journal/compact.h"
#include "journal/gone.h"
#include "record/member.h"
#include "record/suppression.h"

#include <string.h>

#define FOUND_MAX 1000000 /* records that belong to one person */
#define PAGE      500     /* entries of the log of access */

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
    s->records += role != MERGED;
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

/* The record that became the other, which the redirect leads to; it is no id that programs knew the
 * record by. */
static kith_status add_merged(struct subject *s, const struct rtype *t, kith_id redirect,
                              kith_error *e) {
    const struct base_redirect *r = &cmd_schema(s->c)->base.redirect;
    const kith_value *values;
    kith_id gone;
    TRY(record_get(s->conn, r->type, redirect, &s->scratch, &values, e));
    return values && id_parse(values[r->gone->index].as.s, &gone) ? add(s, t, gone, MERGED, e)
                                                                  : KITH_OK;
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
    for (size_t i = 0; i < n; i++) {
        TRY(add(s, f->type, ids[i], role, e));
        if (f == cmd_schema(s->c)->base.redirect.kept)
            TRY(add_merged(s, of->type, ids[i], e));
    }
    arena_release(&s->scratch, mark);
    return KITH_OK;
}

/* No link leads to what was said for an address. */
static kith_status follow_address(struct subject *s, const struct item *of, kith_error *e) {
    const struct schema *schema = cmd_schema(s->c);
    const struct base_point *p = &schema->base.contact_point;
    const kith_value *values;
    struct suppressions all = {0};
    if (of->type != p->type || of->role != PART)
        return KITH_OK;
    struct arena_mark mark = arena_mark(&s->scratch);
    TRY(record_get(s->conn, p->type, of->id, &s->scratch, &values, e));
    if (values && values[p->normal->index].kind == KITH_TEXT)
        TRY(suppressions_of(s->conn, schema, values[p->normal->index].as.s, &s->scratch, &all, e));
    for (size_t i = 0; i < all.count; i++)
        TRY(add(s, schema->base.suppression.type, all.items[i].id, PART, e));
    arena_release(&s->scratch, mark);
    return KITH_OK;
}

static kith_status follow(struct subject *s, struct item of, kith_error *e) {
    const struct schema *schema = cmd_schema(s->c);
    TRY(follow_address(s, &of, e));
    for (uint32_t i = 0; i < schema->type_count && of.role != MERGED; i++)
        for (uint32_t k = 0; k < schema->types[i]->field_count; k++)
            TRY(follow_field(s, schema->types[i]->fields[k], &of, e));
    return KITH_OK;
}

/* -- records ----------------------------------------------------------------------------------- */

/* What stands in a file is no reading matter. */
static bool is_bytes(const struct subject *s, const struct item *i) {
    return s->form == AS_HTML && i->type == cmd_schema(s->c)->base.file_part.type;
}

static kith_status put_records(struct subject *s, const struct section *of, kith_error *e) {
    bool any = false, bytes = false;
    for (size_t i = 0; i < s->count; i++) {
        kith_value *values;
        struct arena_mark mark = arena_mark(&s->scratch);
        if (s->items[i].role != of->role)
            continue;
        bytes |= is_bytes(s, &s->items[i]);
        if (is_bytes(s, &s->items[i]))
            continue;
        TRY(subject_read(s, s->items[i].type, s->items[i].id, &values, e));
        if (values)
            TRY(thing_record(s, &s->items[i], values, &any, e));
        TRY(subject_done_with(s, mark, e));
    }
    if (bytes)
        subject_say(s, "What stands in files is left out here. It is in the same export as JSON,"
                       " and in the files themselves.");
    subject_end(s, any);
    return KITH_OK;
}

static kith_status put_referrers_by(struct subject *s, const struct rfield *f, bool *any,
                                    kith_error *e) {
    kith_id *ids;
    size_t n;
    kith_str name;
    const struct item *self = &s->items[0];
    if ((f->kind != KITH_F_LINK && f->kind != KITH_F_LINKS) ||
        !(f->any_target || f->target == self->type) || role_of(f, self) != ROLES)
        return KITH_OK;
    struct arena_mark all = arena_mark(&s->scratch);
    TRY(linking(s, f, self, &ids, &n, e));
    for (size_t i = 0; i < n; i++) {
        struct arena_mark mark = arena_mark(&s->scratch);
        TRY(subject_name(s, f->type, ids[i], &name, e));
        thing_begin(s, name, any);
        thing_text(s, "type", NULL, str_of(f->type->name));
        thing_text(s, "field", "Links to it as", str_of(s->form == AS_HTML ? f->label : f->name));
        thing_id(s, ids[i]);
        thing_end(s);
        TRY(subject_done_with(s, mark, e));
    }
    arena_release(&s->scratch, all);
    return KITH_OK;
}

static kith_status put_referrers(struct subject *s, const struct section *of, kith_error *e) {
    const struct schema *schema = cmd_schema(s->c);
    bool any = false;
    (void)of;
    for (uint32_t i = 0; i < schema->type_count; i++)
        for (uint32_t k = 0; k < schema->types[i]->field_count; k++)
            TRY(put_referrers_by(s, schema->types[i]->fields[k], &any, e));
    subject_end(s, any);
    return KITH_OK;
}

/* -- purposes and segments --------------------------------------------------------------------- */

/* The fields of these names, of each of the records. */
static kith_status put_fields(struct subject *s, const struct rtype *t, const kith_id *ids,
                              size_t n, const char *const *names, kith_error *e) {
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        kith_value *values;
        struct arena_mark mark = arena_mark(&s->scratch);
        TRY(subject_read(s, t, ids[i], &values, e));
        if (values) {
            thing_begin(s, STR(""), &any);
            thing_id(s, ids[i]);
        }
        for (size_t k = 0; values && names[k]; k++) {
            const struct rfield *f = type_field(cmd_schema(s->c), t, str_of(names[k]));
            TRY(thing_value(s, f, &values[f->index], e));
        }
        if (values)
            thing_end(s);
        TRY(subject_done_with(s, mark, e));
    }
    subject_end(s, any);
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

static kith_status put_purposes(struct subject *s, const struct section *of, kith_error *e) {
    (void)of;
    return put_all_of(s, cmd_schema(s->c)->base.purpose.type,
                      (const char *const[]){"name", "basis", "description", "fields", NULL}, e);
}

static kith_status put_wordings(struct subject *s, const struct section *of, kith_error *e) {
    (void)of;
    return put_all_of(s, cmd_schema(s->c)->base.wording.type,
                      (const char *const[]){"purpose", "version", "language", "text", NULL}, e);
}

static kith_status put_segments(struct subject *s, const struct section *of, kith_error *e) {
    kith_id *ids;
    size_t n;
    struct arena_mark mark = arena_mark(&s->scratch);
    (void)of;
    TRY(member_of(s->conn, s->items[0].id, &s->scratch, &ids, &n, e));
    TRY(put_fields(s, cmd_schema(s->c)->base.segment.type, ids, n,
                   (const char *const[]){"name", "doc", "query", NULL}, e));
    arena_release(&s->scratch, mark);
    return KITH_OK;
}

/* -- history and readers ----------------------------------------------------------------------- */

static void without_bytes(struct subject *s, struct image_field *f, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (f[i].field && f[i].field->type == cmd_schema(s->c)->base.file_part.type)
            f[i].before = f[i].after = value_str(STR("(bytes)"));
}

struct changes {
    struct subject *s;
    const struct item *of;
    bool *any;
};

static kith_status change_heading(struct subject *s, const struct item *of, kith_str *out,
                                  kith_error *e) {
    TRY(subject_name(s, of->type, of->id, out, e));
    if (of->role == MERGED)
        *out = str_of(arena_printf(&s->scratch, "%.*s, which was merged into another",
                                   (int)out->len, out->ptr));
    return KITH_OK;
}

static kith_status put_change(void *arg, const struct journal_row *row, kith_error *e) {
    struct changes *h = arg;
    struct subject *s = h->s;
    struct arena_mark mark = arena_mark(&s->scratch);
    struct tx_head tx;
    struct source actor;
    struct image_field *fields;
    size_t n;
    kith_str heading;
    if (row->kind == ROW_EVENT)
        return KITH_OK;
    TRY(journal_tx_read(s->conn, row->tx, &s->scratch, &tx, e));
    TRY(journal_source(s->conn, tx.actor, &s->scratch, &actor, e));
    TRY(image_decode(cmd_schema(s->c), row, &s->scratch, &fields, &n, e));
    TRY(change_heading(s, h->of, &heading, e));
    n = changes_seen(s->c, fields, n);
    without_bytes(s, fields, n);
    thing_begin(s, heading, h->any);
    thing_time(s, "at", "When", tx.at);
    thing_text(s, "type", NULL, str_of(h->of->type->name));
    thing_id(s, h->of->id);
    thing_text(s, "what", "What was done", str_of(row_kind_name(row->kind)));
    thing_text(s, "who", "By whom", str_of(actor.name));
    thing_text(s, "by", "How", str_of(origin_name(tx.origin)));
    thing_text(s, "why", "Why", tx.note);
    thing_flag(s, "erased", "Some of it was erased", row->erased);
    TRY(thing_changes(s, fields, n, e));
    thing_end(s);
    return subject_done_with(s, mark, e);
}

static kith_status put_history(struct subject *s, const struct section *of, kith_error *e) {
    bool any = false;
    (void)of;
    for (size_t i = 0; i < s->count; i++) {
        struct changes h = {s, &s->items[i], &any};
        TRY(journal_before(s->conn, s->items[i].id, INT64_MAX, put_change, &h, e));
    }
    subject_end(s, any);
    return KITH_OK;
}

static kith_status put_reader(struct subject *s, const struct item *of,
                              const struct access_entry *x, bool *any, kith_error *e) {
    struct arena_mark mark = arena_mark(&s->scratch);
    thing_begin(s, STR(""), any);
    thing_time(s, "at", "When", x->at);
    thing_id(s, of->id);
    thing_text(s, "who", "Who", str_of(x->actor));
    thing_text(s, "what", "What was done", str_of(access_event_name(x->event)));
    thing_text(s, "asked", "How", str_of(x->asked));
    thing_end(s);
    return subject_done_with(s, mark, e);
}

static kith_status put_readers_of(struct subject *s, const struct item *of, bool *any,
                                  kith_error *e) {
    struct access_filter f = {.record = of->id, .limit = PAGE, .shown = 1};
    for (size_t n = PAGE; n == PAGE;) {
        struct access_entry *list;
        struct arena_mark mark = arena_mark(&s->scratch);
        TRY(access_log_read(s->conn, &f, &s->scratch, &list, &n, e));
        for (size_t i = 0; i < n; i++)
            TRY(put_reader(s, of, &list[i], any, e));
        f.before = n ? list[n - 1].number : 0;
        arena_release(&s->scratch, mark);
    }
    return KITH_OK;
}

/* Of the person, and of who became that person. */
static kith_status put_readers(struct subject *s, const struct section *of, kith_error *e) {
    bool any = false;
    (void)of;
    for (size_t i = 0; i < s->count; i++)
        if (i == 0 || (s->items[i].role == MERGED && s->items[i].type == s->items[0].type))
            TRY(put_readers_of(s, &s->items[i], &any, e));
    subject_end(s, any);
    return KITH_OK;
}

/* To whom data went: what is kept of it. */
static kith_status put_effect(struct subject *s, const struct outbox_item *i, bool *any,
                              kith_error *e) {
    struct arena_mark mark = arena_mark(&s->scratch);
    thing_begin(s, STR(""), any);
    thing_time(s, "at", "When", i->at);
    thing_id(s, i->subject);
    thing_text(s, "by", "By", str_of(i->delivery));
    thing_text(s, "to", "To", i->endpoint);
    thing_text(s, "state", "State", str_of(outbox_state_name(i->state)));
    thing_text(s, "payload", "What", i->payload);
    thing_end(s);
    return subject_done_with(s, mark, e);
}

static kith_status put_sent_about(struct subject *s, kith_id id, bool *any, kith_error *e) {
    kith_id after = 0;
    for (size_t n = PAGE; n == PAGE;) {
        struct outbox_item *list;
        struct arena_mark mark = arena_mark(&s->scratch);
        TRY(outbox_about(s->conn, id, after, PAGE, &s->scratch, &list, &n, e));
        for (size_t i = 0; i < n; i++)
            TRY(put_effect(s, &list[i], any, e));
        after = n ? list[n - 1].id : 0;
        arena_release(&s->scratch, mark);
    }
    return KITH_OK;
}

static kith_status put_sent(struct subject *s, const struct section *of, kith_error *e) {
    bool any = false;
    (void)of;
    for (size_t i = 0; i < s->count; i++)
        TRY(put_sent_about(s, s->items[i].id, &any, e));
    subject_end(s, any);
    return KITH_OK;
}

/* -- all of it --------------------------------------------------------------------------------- */

static const struct section sections[] = {
    {"record", "The record", put_records, SELF},
    {"parts", "What is part of it", put_records, PART},
    {"about", "What tells about it", put_records, ABOUT},
    {"purposes", "What data are used for, and on which ground", put_purposes, ROLES},
    {"wordings", "The texts that consents are about", put_wordings, ROLES},
    {"segments", "Groups it is in", put_segments, ROLES},
    {"referrers", "Other records that link to it", put_referrers, ROLES},
    {"history", "What was done to these data", put_history, ROLES},
    {"readers", "Who read the record", put_readers, ROLES},
    {"sent", "What was told to other programs", put_sent, ROLES},
    {0},
};

static kith_status put_all(struct subject *s, kith_error *e) {
    struct journal_start start;
    TRY(journal_start(s->conn, &start, e));
    subject_head(s, sections, start.seq ? start.at : 0);
    for (const struct section *x = sections; x->key; x++) {
        subject_begin(s, x);
        TRY(x->put(s, x, e));
    }
    subject_foot(s);
    return subject_flush(s, e);
}

static kith_status export_all(struct subject *s, kith_error *e) {
    for (size_t i = 0; i < s->count; i++) /* it grows on the way */
        TRY(follow(s, s->items[i], e));
    arena_reset(&s->scratch);
    return put_all(s, e);
}

static int form_of(const char *path) {
    const char *dot = path ? strrchr(path, '.') : NULL;
    kith_str ending = str_of(dot ? dot : "");
    return str_ieqz(ending, ".html") || str_ieqz(ending, ".htm") ? AS_HTML : AS_JSON;
}

/* Of one moment: the snapshot comes after the log's entry, which is so in what is handed out. */
static kith_status export_snapshot(struct subject *s, const struct rtype *t, kith_id id,
                                   kith_error *e) {
    TRY(engine_snapshot(s->c->company->engine, &s->conn, e));
    kith_status st = add(s, t, id, SELF, e);
    if (st == KITH_OK)
        st = export_all(s, e);
    engine_snapshot_done(s->conn);
    return st;
}

/* A file has its name, or is none, before the log says how many records were handed out; what is
 * broken off is told of as such. */
static kith_status export_logged(struct subject *s, const struct rtype *t, kith_id id,
                                 const char *why, kith_error *e) {
    struct io *io = s->c->io;
    int64_t number;
    const char *what = arena_printf(&s->c->arena, "subject export: %s", why);
    kith_status st =
        what ? access_export_begin(s->c->company->engine, &s->c->principal, t, id, what, &number, e)
             : err_nomem(e);
    if (st == KITH_OK)
        st = export_snapshot(s, t, id, e);
    kith_status closed = s->file < 0
                             ? KITH_OK
                             : io->ops->close(io, s->file, st == KITH_OK, st == KITH_OK ? e : NULL);
    st = st == KITH_OK ? closed : st;
    return st == KITH_OK ? ask_exported(s->c, number, s->records, st, e) : st;
}

/* The file comes first: what cannot be written is not handed out, nor logged so. */
static kith_status export_to(struct subject *s, const char *path, const struct rtype *t, kith_id id,
                             const char *why, kith_error *e) {
    struct io *io = s->c->io;
    if (path)
        TRY(io->ops->open(io, path, IO_NEW, &s->file, e));
    kith_status st = export_logged(s, t, id, why, e);
    buf_free(&s->out);
    arena_free(&s->scratch);
    map_free(&s->seen);
    if (st == KITH_OK && path && !s->c->json)
        io_printf(io, "%zu record%s written.\n", s->records, s->records == 1 ? "" : "s");
    return st;
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
    if (!why || str_trim(str_of(why)).len == 0)
        return err_set(e, KITH_E_INVAL, NULL,
                       "say why it is handed out, which is logged: --for \"request of 3 May\"");
    s.form = cmd_option_choice(c, "format", form_of(path));
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
        "every change with who made it, and who read it, also before records were merged into\n"
        "it. Other people are ids alone, but free texts may name them: read it before it is\n"
        "handed out. A name that ends in .html or .htm means a page to read, any other JSON.\n"
        "Nobody else can read the file. It is logged as an export.",
    .options = {{"for", "TEXT", "why it is handed out; it is logged"},
                {"format", "json|html", "else by the file's name"}},
    .needs = NEEDS_COMPANY,
    .args_min = 2,
    .args_max = 3,
    .run = run,
};
