/* SPDX-License-Identifier: Apache-2.0 */
/* Which column goes to which field: what the map asks for, then what a name says by itself. Headers
 * are compared in a plain form, in which case, accents and punctuation do not count. */
#include "engine/import_internal.h"

#include "base/file.h"
#include "record/redirect.h"
#include <string.h>

/* -- plain form -------------------------------------------------------------------------------- */

/* "Date_of-Birth " -> "date of birth" */
const char *plain_name(struct arena *a, kith_str s) {
    kith_str folded = text_fold(a, s);
    char *out = folded.ptr ? arena_strndup(a, folded.ptr, folded.len) : NULL;
    size_t n = 0;
    for (uint64_t i = 0; out && i < folded.len; i++) {
        bool blank = strchr(" _-./:\t", folded.ptr[i]) != NULL;
        if (!blank)
            out[n++] = folded.ptr[i];
        else if (n && out[n - 1] != ' ')
            out[n++] = ' ';
    }
    if (out)
        out[n && out[n - 1] == ' ' ? n - 1 : n] = '\0';
    return out;
}

/* -- targets ----------------------------------------------------------------------------------- */

static kith_status refuse_kept(const struct rfield *f, kith_error *e) {
    return err_set(e, KITH_E_INVAL, f->name, "%s.%s is kept by Kith and cannot be imported",
                   f->type->name, f->name);
}

static bool is_kept(const struct rfield *f) {
    return f->index == FIELD_CREATED || f->index == FIELD_UPDATED || (f->flags & KITH_FF_READONLY);
}

static kith_status need_link(const struct rfield *f, kith_str text, kith_error *e) {
    if (f->kind == KITH_F_LINK && f->target)
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, f->name,
                   "%.*s: only a link to one type has fields to find the record by", (int)text.len,
                   text.ptr);
}

/* "field", "link.field", "link.link.field", "id", or "" for leaving out. */
static kith_status parse_target(struct import *im, kith_str text, struct import_column *to,
                                kith_error *e) {
    kith_str rest = text, name;
    to->asked = true;
    if (text.len == 0)
        return KITH_OK;
    if (str_eqz(text, "id")) {
        to->is_id = true;
        return KITH_OK;
    }
    str_split(&rest, '.', &name);
    TRY(schema_find_field(im->schema, im->type, name, &to->field, e));
    if (is_kept(to->field))
        return refuse_kept(to->field, e);
    if (name.len == text.len)
        return KITH_OK;
    TRY(need_link(to->field, text, e));
    kith_str first = rest;
    str_split(&rest, '.', &name);
    TRY(schema_find_field(im->schema, to->field->target, name, &to->by, e));
    if (name.len == first.len)
        return KITH_OK;
    TRY(need_link(to->by, text, e));
    return schema_find_field(im->schema, to->by->target, rest, &to->within, e);
}

/* A linked record is found by what other programs know it by, if anything has that, else by the
 * first column of the link; what goes to further fields is for records that are created. A column
 * of the file comes before what is the same for every row. The first of a link behind it finds that
 * one. */
static kith_status settle_also(struct import *im, struct import_column *to, bool first,
                               bool first_within, kith_error *e) {
    to->also = to->by && !first;
    to->finds = to->within && first_within;
    if (to->also && !im->o->create_linked)
        return err_set(
            e, KITH_E_INVAL, to->field->name,
            "another column finds the %s already; what goes to its %s is for one that is "
            "created: say 'create_linked', too",
            to->field->name, to->by->name);
    if (to->within && first)
        return err_set(e, KITH_E_INVAL, to->field->name,
                       "%s.%s.%s goes into a new %s; another column has to find it first, as "
                       "'Header=%s.external_id'",
                       to->field->name, to->by->name, to->within->name, to->field->target->name,
                       to->field->name);
    return KITH_OK;
}

/* The place among those that could find a linked record, the least in front. */
struct finder {
    struct import_column *to;
    bool is_column;
    uint32_t rank;
};

static struct finder finder_of(struct import_column *to, bool is_column, bool is_composed) {
    const bool is_key = to->by && !to->within && redirect_knows(to->by);
    const bool varies = is_column || is_composed;
    return (struct finder){to, is_column,
                           is_key && varies ? (is_column ? 0 : 1)
                           : is_column      ? 2
                                            : 3};
}

/* Does another one have the link, or the link behind it, before this one? */
static void look_at(const struct finder *one, const struct finder *other, bool earlier, bool *first,
                    bool *first_within) {
    const struct import_column *to = one->to, *also = other->to;
    const bool is_before = other->rank < one->rank || (other->rank == one->rank && earlier);
    /* a column, and a value for the rows where it is empty */
    const bool same =
        one->is_column != other->is_column && also->by == to->by && also->within == to->within;
    if (!to->field || also->field != to->field || !is_before || same)
        return;
    *first = false;
    if (also->within && also->by == to->by)
        *first_within = false;
}

static kith_status settle_alsos(struct import *im, kith_error *e) {
    const size_t count = im->ask_count + im->column_count;
    struct finder *all = ARENA_ARRAY(&im->arena, struct finder, count + 1);
    if (!all)
        return err_nomem(e);
    for (size_t i = 0; i < im->ask_count; i++)
        all[i] = finder_of(&im->asks[i].to, true, false);
    for (size_t i = 0; i < im->column_count; i++) /* so far: the same for every row */
        all[im->ask_count + i] =
            finder_of(&im->columns[i]->shown, false, im->columns[i]->piece_count != 0);
    for (size_t i = 0; i < count; i++) {
        bool first = true, within = true;
        for (size_t k = 0; k < count; k++)
            if (k != i)
                look_at(&all[i], &all[k], k < i, &first, &within);
        TRY(settle_also(im, all[i].to, first, within, e));
    }
    return KITH_OK;
}

static kith_status add_column(struct import *im, const struct import_column *shown,
                              struct column **out, kith_error *e) {
    struct column *c = ARENA_NEW(&im->arena, struct column);
    struct column **columns =
        arena_grow(&im->arena, im->columns, im->column_count, &im->column_cap, sizeof *columns);
    if (!c || !columns)
        return err_nomem(e);
    im->columns = columns;
    c->shown = *shown;
    im->columns[im->column_count++] = *out = c;
    return KITH_OK;
}

static struct column *column_of_field(const struct import *im, const struct rfield *f) {
    for (size_t i = 0; i < im->column_count; i++)
        if (im->columns[i]->shown.field == f)
            return im->columns[i];
    return NULL;
}

static kith_status aim(struct import *im, struct column *c, const struct import_column *to,
                       kith_error *e) {
    c->shown.field = to->field;
    c->shown.by = to->by;
    c->shown.asked = to->asked;
    c->shown.is_id = to->is_id;
    c->shown.also = to->also;
    c->shown.finds = to->finds;
    c->shown.within = to->within;
    if (to->within)
        return lookup_make(&c->by, &im->arena, to->by->target, &to->within, 1, e);
    if (to->by)
        return lookup_make(&c->by, &im->arena, to->field->target, &to->by, 1, e);
    return KITH_OK;
}

kith_status map_column(struct import *im, const struct import_column *shown, struct column **out,
                       kith_error *e) {
    TRY(add_column(im, shown, out, e));
    return aim(im, *out, shown, e);
}

/* -- the map ----------------------------------------------------------------------------------- */

/* "field:=value" */
static kith_status parse_fixed(struct import *im, kith_str name, kith_str value, kith_error *e) {
    struct import_column to = {.header = ""};
    struct column *c = NULL;
    TRY(parse_target(im, str_trim(name), &to, e));
    if (!to.field)
        return err_set(e, KITH_E_INVAL, NULL, "':=%.*s' needs the name of a field in front",
                       (int)(value.len < 60 ? value.len : 60), value.ptr);
    to.value = arena_str(&im->arena, value).ptr;
    TRY(add_column(im, &to, &c, e));
    c->fixed = true;
    TRY(aim(im, c, &to, e));
    TRY(fixed_parse(im, c, value, e));
    if (c->piece_count)
        return KITH_OK;
    c->value = value_str(arena_str(&im->arena, value));
    TRY(cell_clean(im, &im->arena, import_holds(&to), &c->value, e));
    return value_check(im->schema, import_holds(&to), im->o->day_first, &im->arena, &c->value, e);
}

static kith_status parse_ask(struct import *im, const char *text, kith_error *e) {
    const char *fixed = strstr(text, ":="), *equals = strrchr(text, '=');
    if (fixed)
        return parse_fixed(im, (kith_str){text, (size_t)(fixed - text)}, str_of(fixed + 2), e);
    if (!equals &&
        (strchr(text, '/') || file_ends(text, ".csv") || file_format_of(text) != FORMAT_CSV))
        return err_set(e, KITH_E_INVAL, NULL,
                       "'%s': one file is imported at a time; what follows it says where columns"
                       " go, as 'Header=field'",
                       text);
    if (!equals || equals == text)
        return err_set(e, KITH_E_INVAL, NULL,
                       "'%s': write a mapping as 'Header=field', 'Header=' or 'field:=value'",
                       text);
    struct ask *ask = &im->asks[im->ask_count++];
    ask->written = arena_strndup(&im->arena, text, (size_t)(equals - text));
    if (!ask->written)
        return err_nomem(e);
    ask->header = plain_name(&im->arena, str_of(ask->written));
    if (!ask->header)
        return err_nomem(e);
    for (struct ask *other = im->asks; other < ask; other++)
        if (strcmp(other->header, ask->header) == 0)
            return err_set(e, KITH_E_INVAL, NULL, "the column '%s' is mapped twice", ask->written);
    return parse_target(im, str_trim(str_of(equals + 1)), &ask->to, e);
}

/* Is the field somebody's already, whether or not the column was met yet? */
static const char *taken_by(const struct import *im, const struct rfield *f, const void *but) {
    for (size_t i = 0; i < im->ask_count; i++)
        if (im->asks[i].to.field == f && !im->asks[i].to.also && &im->asks[i] != but)
            return im->asks[i].written;
    for (size_t i = 0; i < im->column_count; i++)
        if (im->columns[i]->shown.field == f && !im->columns[i]->shown.also &&
            im->columns[i] != but)
            return im->columns[i]->fixed ? ":=" : im->columns[i]->shown.header;
    return NULL;
}

/* A column and a value for the rows where it is empty go together. */
static kith_status refuse_second(const struct import *im, const struct rfield *f, const char *one,
                                 const void *but, kith_error *e) {
    const char *other = f ? taken_by(im, f, but) : NULL;
    if (!other || (strcmp(one, ":=") == 0) != (strcmp(other, ":=") == 0))
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, f->name,
                   "both '%s' and '%s' are to go to %s; a field has one source", one, other,
                   f->name);
}

kith_status map_asks(struct import *im, kith_error *e) {
    im->by_id = im->o->key && strcmp(im->o->key, "id") == 0;
    im->asks = ARENA_ARRAY(&im->arena, struct ask, im->o->map_count + 1);
    if (!im->asks)
        return err_nomem(e);
    for (size_t i = 0; i < im->o->map_count; i++)
        if (parse_ask(im, im->o->map[i], e) != KITH_OK)
            return err_blame(e, "map");
    TRY(settle_alsos(im, e));
    for (size_t i = 0; i < im->ask_count; i++)
        if (!im->asks[i].to.also)
            TRY(refuse_second(im, im->asks[i].to.field, im->asks[i].written, &im->asks[i], e));
    for (size_t i = 0; i < im->column_count; i++)
        if (!im->columns[i]->shown.also)
            TRY(refuse_second(im, im->columns[i]->shown.field, ":=", im->columns[i], e));
    return KITH_OK;
}

/* -- recognising by name ----------------------------------------------------------------------- */

static const struct synonym {
    const char *word, *field; /* the first field that the type has */
} synonyms[] = {
    {"given name", "first_name"},
    {"forename", "first_name"},
    {"firstname", "first_name"},
    {"first", "first_name"},
    {"surname", "last_name"},
    {"family name", "last_name"},
    {"lastname", "last_name"},
    {"last", "last_name"},
    {"full name", "name"},
    {"fullname", "name"},
    {"company", "name"},
    {"company name", "name"},
    {"organisation", "name"},
    {"organization", "name"},
    {"organisation name", "name"},
    {"organization name", "name"},
    {"account name", "name"},
    {"contact name", "name"},
    {"customer name", "name"},
    {"e mail", "email"},
    {"mail", "email"},
    {"email address", "email"},
    {"e mail address", "email"},
    {"tel", "phone"},
    {"telephone", "phone"},
    {"telephone number", "phone"},
    {"phone number", "phone"},
    {"mobile", "phone"},
    {"mobile phone", "phone"},
    {"cell", "phone"},
    {"cell phone", "phone"},
    {"date of birth", "birthday"},
    {"dob", "birthday"},
    {"birth date", "birthday"},
    {"birthdate", "birthday"},
    {"job title", "title"},
    {"position", "title"},
    {"web", "website"},
    {"web site", "website"},
    {"homepage", "website"},
    {"home page", "website"},
    {"url", "website"},
    {"address", "street"},
    {"address", "billing_street"},
    {"address 1", "street"},
    {"address 1", "billing_street"},
    {"address line 1", "street"},
    {"address line 1", "billing_street"},
    {"street address", "street"},
    {"street address", "billing_street"},
    {"street", "billing_street"},
    {"city", "billing_city"},
    {"town", "city"},
    {"town", "billing_city"},
    {"suburb", "city"},
    {"suburb", "billing_city"},
    {"place", "city"},
    {"zip", "postal_code"},
    {"zip", "billing_postal_code"},
    {"zip code", "postal_code"},
    {"zip code", "billing_postal_code"},
    {"zipcode", "postal_code"},
    {"postcode", "postal_code"},
    {"postcode", "billing_postal_code"},
    {"post code", "postal_code"},
    {"post code", "billing_postal_code"},
    {"postal code", "billing_postal_code"},
    {"state", "region"},
    {"state", "billing_region"},
    {"province", "region"},
    {"province", "billing_region"},
    {"region", "billing_region"},
    {"county", "region"},
    {"country", "billing_country"},
    {"employees", "size"},
    {"number of employees", "size"},
    {"annual revenue", "revenue"},
    {"yearly revenue", "revenue"},
    {"lead source", "source"},
    {"lang", "language"},
    {"timezone", "time_zone"},
    {"notes", "body"},
    {"comment", "body"},
    {"subject", "title"},
};

static bool same(struct import *im, const char *name, const char *header) {
    const char *p = name ? plain_name(&im->arena, str_of(name)) : NULL;
    return p && strcmp(p, header) == 0;
}

typedef const struct rfield *(*recogniser)(struct import *im, const char *header);

static const struct rfield *by_name(struct import *im, const char *header) {
    for (uint32_t i = 0; i < im->type->field_count; i++)
        if (same(im, im->type->fields[i]->name, header))
            return im->type->fields[i];
    return NULL;
}

static const struct rfield *by_label(struct import *im, const char *header) {
    for (uint32_t i = 0; i < im->type->field_count; i++)
        if (same(im, im->type->fields[i]->label, header))
            return im->type->fields[i];
    return NULL;
}

static const struct rfield *by_synonym(struct import *im, const char *header) {
    for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++) {
        const struct rfield *f = strcmp(synonyms[i].word, header) == 0
                                     ? type_field(im->schema, im->type, str_of(synonyms[i].field))
                                     : NULL;
        if (f)
            return f;
    }
    return NULL;
}

static const recogniser recognisers[] = {by_name, by_label, by_synonym};
#define RECOGNISERS (sizeof recognisers / sizeof *recognisers)

/* "account.name", as an export writes it. */
static void recognise_path(struct import *im, const char *header, struct import_column *to) {
    struct import_column found = {0};
    if (strchr(header, '.') &&
        parse_target(im, str_trim(str_of(header)), &found, NULL) == KITH_OK) {
        to->field = found.field;
        to->by = found.by;
        to->within = found.within;
    }
}

/* Of "account.name" the column "account": a row has either an id there or an object. */
static const struct column *parent_of(const struct import *im, const char *header) {
    const char *dot = strrchr(header, '.');
    kith_str name = {header, dot ? (uint64_t)(dot - header) : 0};
    for (size_t i = 0; dot && i < im->column_count; i++)
        if (str_eqz(name, im->columns[i]->shown.header))
            return im->columns[i];
    return NULL;
}

/* Tries one way to recognise a column; a field that is taken is left to the one that has it. */
static kith_status recognise(struct import *im, struct column *c, recogniser how, kith_error *e) {
    const char *header = plain_name(&im->arena, str_of(c->shown.header));
    struct import_column to = c->shown;
    if (!header)
        return err_nomem(e);
    to.is_id = im->by_id && strcmp(header, "id") == 0;
    to.field = how(im, header);
    if (!to.field && how == by_name)
        recognise_path(im, c->shown.header, &to);
    const struct column *parent = to.by ? parent_of(im, c->shown.header) : NULL;
    if (to.field && (is_kept(to.field) || to.within || taken_by(im, to.field, parent)))
        to.field = to.by = to.within = NULL;
    return aim(im, c, &to, e);
}

static bool is_open(const struct column *c) {
    return !c->shown.field && !c->shown.asked && !c->own && !c->shown.is_id;
}

/* -- columns ----------------------------------------------------------------------------------- */

static struct ask *ask_for(struct import *im, const char *header) {
    for (size_t i = 0; i < im->ask_count; i++)
        if (!im->asks[i].used && strcmp(im->asks[i].header, header) == 0)
            return &im->asks[i];
    return NULL;
}

/* A column of the file, with what the map asks for it. */
static kith_status file_column(struct import *im, kith_str name, size_t cell, struct column **out,
                               kith_error *e) {
    struct import_column shown = {.header = arena_str(&im->arena, name).ptr};
    const char *header = shown.header ? plain_name(&im->arena, name) : NULL;
    if (!header)
        return err_nomem(e);
    TRY(add_column(im, &shown, out, e));
    (*out)->cell = cell;
    (*out)->own = str_eqz(name, "_row") || str_eqz(name, "_line") || str_eqz(name, "_reason") ||
                  str_eqz(name, "_field") || str_eqz(name, "_raw");
    struct ask *ask = (*out)->own ? NULL : ask_for(im, header);
    if (!ask)
        return KITH_OK;
    ask->used = true;
    ask->to.header = shown.header;
    return aim(im, *out, &ask->to, e);
}

static const char *header_at(const void *arg, size_t i) {
    return ((const struct import *)arg)->columns[i]->shown.header;
}

/* "; it has: name, city", shortened */
static void list_headers(const struct import *im, struct buf *out) {
    for (size_t k = 0; k < im->column_count && out->len < 300; k++)
        if (im->columns[k]->shown.header[0])
            buf_printf(out, "%s%s", out->len ? ", " : "; it has: ", im->columns[k]->shown.header);
}

static kith_status refuse_unused(struct import *im, kith_error *e) {
    for (size_t i = 0; i < im->ask_count; i++) {
        const struct ask *ask = &im->asks[i];
        if (ask->used)
            continue;
        const char *near = str_nearest(str_of(ask->written), header_at, im, im->column_count);
        struct buf all = {0};
        if (!near)
            list_headers(im, &all);
        kith_status st = err_set(e, KITH_E_INVAL, NULL, "the file has no column '%s'%s%s%s%s",
                                 ask->written, STR_MEANT(near), all.ptr ? all.ptr : "");
        buf_free(&all);
        return st;
    }
    return KITH_OK;
}

kith_status map_header(struct import *im, const kith_str *cells, size_t count, kith_error *e) {
    struct column *c;
    for (size_t i = 0; i < count; i++)
        TRY(file_column(im, str_trim(cells[i]), i, &c, e));
    return refuse_unused(im, e);
}

kith_status map_member(struct import *im, kith_str name, struct column **out, kith_error *e) {
    *out = map_get(&im->by_header, name);
    if (*out)
        return KITH_OK;
    if (name.len > IMPORT_NAME)
        return err_set(e, KITH_E_LIMIT, NULL,
                       "the name of a member, '%.60s...', is longer than %u bytes, with those of "
                       "the objects around it",
                       name.ptr, IMPORT_NAME);
    if (im->column_count == IMPORT_COLUMNS)
        return err_set(e, KITH_E_LIMIT, NULL,
                       "the objects of the file have more than %u different names of members",
                       IMPORT_COLUMNS);
    TRY(file_column(im, name, 0, out, e));
    for (size_t i = 0; im->mapped && i < RECOGNISERS && is_open(*out); i++)
        TRY(recognise(im, *out, recognisers[i], e));
    return map_put(&im->by_header, name, *out) ? KITH_OK : err_nomem(e);
}

/* -- the key ----------------------------------------------------------------------------------- */

/* A contact's name is the two parts together; the file may have only the parts. */
static bool is_filled(const struct import *im, const struct rfield *f) {
    bool contact_name = im->first_name && strcmp(f->name, "name") == 0;
    return im->o->format != FORMAT_CSV || column_of_field(im, f) ||
           (contact_name &&
            (column_of_field(im, im->first_name) || column_of_field(im, im->last_name)));
}

static kith_status need_column(struct import *im, const struct rfield *f, kith_error *e) {
    if (is_filled(im, f))
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, f->name,
                   "the key has %s, but no column goes to it; map one with 'Header=%s'", f->name,
                   f->name);
}

const struct rfield *import_missing(const struct import *im) {
    for (uint32_t i = FIELD_FIRST; i < im->type->field_count; i++) {
        const struct rfield *f = im->type->fields[i];
        if ((f->flags & KITH_FF_REQUIRED) && !f->default_text && !is_filled(im, f))
            return f;
    }
    return NULL;
}

/* A file whose first row names nothing that is known has no header, or another delimiter. */
static kith_status refuse_strange(struct import *im, kith_error *e) {
    struct buf all = {0};
    for (size_t i = 0; i < im->column_count; i++) {
        const struct column *c = im->columns[i];
        if (c->piece_count || (!c->fixed && (c->shown.field || c->shown.is_id)))
            return KITH_OK;
    }
    list_headers(im, &all);
    kith_status st = err_set(e, KITH_E_INVAL, NULL,
                             "the file's first row names no field of %s: say where a column goes "
                             "with 'Header=field', or "
                             "name them by the option 'columns' when that row is none of names%s",
                             im->type->name, all.ptr ? all.ptr : "");
    buf_free(&all);
    return st;
}

static kith_status parse_key(struct import *im, kith_error *e) {
    const struct rfield *fields[IMPORT_KEYS];
    kith_str rest = str_of(im->o->key), name;
    uint32_t count = 0;
    while (str_split(&rest, ',', &name)) {
        if (count == IMPORT_KEYS)
            return err_set(e, KITH_E_INVAL, "key", "a key has at most %d fields", IMPORT_KEYS);
        if (im->cards && str_ieqz(name, "uid")) /* as cards call it */
            name = STR("external_id");
        if (schema_find_field(im->schema, im->type, name, &fields[count++], e) != KITH_OK)
            return err_blame(e, "key");
    }
    TRY(lookup_make(&im->key, &im->arena, im->type, fields, count, e));
    for (uint32_t i = 0; i < count; i++)
        TRY(need_column(im, fields[i], e));
    return KITH_OK;
}

static void find_name_parts(struct import *im) {
    const struct base_contact *contact = &im->schema->base.contact;
    if (im->type != contact->type)
        return;
    im->first_name = contact->first_name;
    im->last_name = contact->last_name;
}

kith_status map_finish(struct import *im, kith_error *e) {
    find_name_parts(im);
    im->mapped = true;
    for (size_t k = 0; k < RECOGNISERS; k++)
        for (size_t i = 0; i < im->column_count; i++)
            if (is_open(im->columns[i]))
                TRY(recognise(im, im->columns[i], recognisers[k], e));
    TRY(fixed_resolve(im, e));
    if (im->o->format == FORMAT_CSV)
        TRY(refuse_strange(im, e));
    return im->o->key && !im->by_id ? parse_key(im, e) : KITH_OK;
}
