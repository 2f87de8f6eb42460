/* SPDX-License-Identifier: Apache-2.0 */
/* Export of contacts as vCards: the contact's own fields, its points, its organisation, its photo,
 * and what an imported card had besides. Notes stay here: they are about a person, and cards are
 * handed on. */
#include "engine/export_vcard.h"
#include "engine/files.h"
#include "engine/vcard_map.h"
#include "record/access.h"

#include "base/date.h"
#include <string.h>

#define OWNED_MAX 1000
#define UNITS_MAX 8

struct writing { /* one card */
    const struct cards_out *x;
    kith_id id;
    const kith_value *values;
    struct arena *arena;
    struct buf *out, value; /* value: scratch */
    int groups;
    kith_error *e;
};

/* -- opening ----------------------------------------------------------------------------------- */

kith_status cards_begin(struct cards_out *x, struct engine *g, const struct export_options *o,
                        kith_error *e) {
    const struct rtype *t = query_type(o->query);
    *x = (struct cards_out){
        .g = g, .principal = o->principal, .version = o->version ? o->version : VCARD_30};
    if (strcmp(t->name, "contact") != 0)
        return err_set(e, KITH_E_INVAL, NULL,
                       "only contacts are written as vCards, not records of type %s", t->name);
    if (o->fields)
        return err_set(
            e, KITH_E_INVAL, NULL,
            "a vCard has all that it can hold: fields are chosen for CSV and JSON lines");
    return card_types_find(engine_schema(g), &x->t, e);
}

/* -- reading ----------------------------------------------------------------------------------- */

struct owned {
    kith_value **values;
    size_t count;
};

/* The records of a type that link to the contact, by age. One that vanishes meanwhile is not there.
 */
static kith_status read_all(struct conn *c, const struct writing *w, const struct rfield *link,
                            struct owned *out) {
    kith_id *ids;
    size_t n;
    TRY(record_referrers(c, link, w->id, w->x->t.contact->id, OWNED_MAX, w->arena, &ids, &n, w->e));
    out->values = ARENA_ARRAY(w->arena, kith_value *, n + 1);
    if (!out->values)
        return err_nomem(w->e);
    for (size_t i = 0; i < n; i++) {
        kith_value *values = ARENA_ARRAY(w->arena, kith_value, link->type->field_count);
        if (!values)
            return err_nomem(w->e);
        bool there;
        TRY(access_find(c, w->x->principal, link->type, ids[i], w->arena, values, &there, w->e));
        if (there)
            out->values[out->count++] = values;
    }
    return KITH_OK;
}

static kith_status read_owned(const struct writing *w, const struct rfield *link,
                              struct owned *out) {
    struct conn *c;
    *out = (struct owned){0};
    if (!access_reads(w->x->principal, link))
        return KITH_OK;
    TRY(engine_reader(w->x->g, &c, w->e));
    kith_status st = read_all(c, w, link, out);
    engine_reader_done(w->x->g, c);
    return st;
}

static kith_str text_at(const kith_value *values, const struct rfield *f) {
    const kith_value *v = &values[f->index];
    return v->kind == KITH_TEXT ? v->as.s : (kith_str){"", 0};
}

static kith_str own_text(const struct writing *w, enum card_field f) {
    return text_at(w->values, w->x->t.f[f]);
}

/* -- properties -------------------------------------------------------------------------------- */

static void escape(struct writing *w, kith_str text) {
    vcard_escape(&w->value, w->x->version, text);
}

static void put(struct writing *w, const char *head) {
    vcard_put(w->out, w->x->version, head, buf_view(&w->value));
    w->out->failed |= w->value.failed;
    buf_reset(&w->value);
}

static void put_text(struct writing *w, const char *head, kith_str text) {
    if (!text.len)
        return;
    escape(w, text);
    put(w, head);
}

static void put_name(struct writing *w) {
    kith_str salutation = own_text(w, CARD_SALUTATION);
    escape(w, salutation);
    buf_puts(&w->value, salutation.len ? " " : "");
    escape(w, own_text(w, CARD_NAME));
    put(w, "FN");
    escape(w, own_text(w, CARD_LAST));
    buf_puts(&w->value, ";");
    escape(w, own_text(w, CARD_FIRST));
    buf_puts(&w->value, ";;");
    escape(w, salutation);
    buf_puts(&w->value, ";");
    put(w, "N");
    put_text(w, "NICKNAME", own_text(w, CARD_NICKNAME));
    put_text(w, "TITLE", own_text(w, CARD_TITLE));
}

/* From the largest unit down to the contact's own. */
static kith_status put_org(struct writing *w) {
    const kith_value *link = &w->values[w->x->t.f[CARD_ACCOUNT]->index];
    kith_str units[UNITS_MAX];
    int n = 0;
    while (link->kind == KITH_LINK && n < UNITS_MAX) {
        kith_value *values;
        kith_status st = engine_get(w->x->g, w->x->principal, w->x->t.account, link->as.link.id,
                                    w->arena, &values, w->e);
        if (st == KITH_E_NOTFOUND || st == KITH_E_DENIED)
            break;
        TRY(st);
        units[n++] = text_at(values, w->x->t.account_name);
        link = &values[w->x->t.account_parent->index];
    }
    for (int i = n; i > 0; i--) {
        buf_puts(&w->value, i < n ? ";" : "");
        escape(w, units[i - 1]);
    }
    if (n)
        put(w, "ORG");
    return KITH_OK;
}

static void put_birthday(struct writing *w) {
    const kith_value *v = &w->values[w->x->t.f[CARD_BIRTHDAY]->index];
    char text[DATE_TEXT];
    if (v->kind != KITH_DATE)
        return;
    date_format(v->as.i, text);
    for (const char *c = text; *c; c++) /* 4.0 has the basic form alone */
        if (*c != '-' || w->x->version != VCARD_40)
            buf_putc(&w->value, *c);
    put(w, "BDAY");
}

/* 2.1 does not say clearly which comes first. */
static void put_place(struct writing *w) {
    const kith_value *v = &w->values[w->x->t.f[CARD_PLACE]->index];
    kith_str text = value_text(w->x->t.contact->schema, v, w->arena);
    const char *comma = text.len ? memchr(text.ptr, ',', text.len) : NULL;
    if (!comma || w->x->version == VCARD_21)
        return;
    buf_puts(&w->value, w->x->version == VCARD_40 ? "geo:" : "");
    buf_add(&w->value, text.ptr, (size_t)(comma - text.ptr));
    buf_putc(&w->value, w->x->version == VCARD_40 ? ',' : ';');
    buf_add(&w->value, comma + 1, (size_t)(text.ptr + text.len - comma - 1));
    put(w, "GEO");
}

/* The commas between them are bare, so those within one are escaped, in 2.1 too. */
static void put_tag(struct writing *w, kith_str tag) {
    const char *comma;
    while (tag.len && (comma = memchr(tag.ptr, ',', tag.len))) {
        uint64_t n = (uint64_t)(comma - tag.ptr);
        escape(w, (kith_str){tag.ptr, n});
        buf_puts(&w->value, "\\,");
        tag = (kith_str){comma + 1, tag.len - n - 1};
    }
    escape(w, tag);
}

static void put_tags(struct writing *w) {
    const kith_value *v = &w->values[w->x->t.f[CARD_TAGS]->index];
    if (v->kind != KITH_LIST)
        return;
    for (uint64_t i = 0; i < v->as.list.count; i++) {
        buf_puts(&w->value, i ? "," : "");
        put_tag(w, v->as.list.items[i].as.s);
    }
    put(w, "CATEGORIES");
}

/* -- points ------------------------------------------------------------------------------------ */

/* The value is in w->value. A label that no types give is a property of the same group, as address
 * books of several makers write it. */
static void put_labelled(struct writing *w, const char *property, const char *type, kith_str label,
                         bool primary) {
    struct buf types = {0}, head = {0}, name = {0};
    bool custom;
    buf_puts(&types, w->x->version == VCARD_40 ? "" : type);
    custom = label.len && !vcard_types(&types, label);
    if (primary && w->x->version != VCARD_40)
        buf_puts(&types, types.len ? ",PREF" : "PREF");
    if (custom)
        buf_printf(&head, "k%d.", ++w->groups);
    buf_puts(&head, property);
    if (types.len)
        buf_puts(&head, w->x->version == VCARD_21 ? ";" : ";TYPE=");
    for (size_t i = 0; i < types.len; i++)
        buf_putc(&head, types.ptr[i] == ',' && w->x->version == VCARD_21 ? ';' : types.ptr[i]);
    if (primary && w->x->version == VCARD_40)
        buf_puts(&head, ";PREF=1");
    put(w, head.ptr ? head.ptr : property);
    if (custom) {
        buf_printf(&name, "k%d.X-ABLabel", w->groups);
        put_text(w, name.ptr ? name.ptr : "", label);
    }
    w->out->failed |= types.failed || head.failed || name.failed;
    buf_free(&types);
    buf_free(&head);
    buf_free(&name);
}

/* An address of the web has its commas and semicolons as they are. */
static void add_address(struct writing *w, kith_str text) {
    for (uint64_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == ',' || text.ptr[i] == ';')
            buf_putc(&w->value, text.ptr[i]);
        else
            escape(w, (kith_str){text.ptr + i, 1});
    }
}

static bool is_address(kith_str s) {
    bool found = str_starts(s, "www.");
    for (uint64_t i = 0; !found && i + 3 <= s.len; i++)
        found = memcmp(s.ptr + i, "://", 3) == 0;
    return found;
}

static void put_point(struct writing *w, const kith_value *point) {
    const struct cards_out *x = w->x;
    kith_str kind = text_at(point, x->t.point_kind), value = text_at(point, x->t.point_value),
             label = text_at(point, x->t.point_label);
    bool primary =
        point[x->t.point_primary->index].kind == KITH_BOOL && point[x->t.point_primary->index].as.i;
    if (str_eqz(kind, "email") || str_eqz(kind, "phone")) {
        bool email = str_eqz(kind, "email");
        escape(w, value);
        put_labelled(w, email ? "EMAIL" : "TEL", email ? "INTERNET" : "", label, primary);
    } else if (str_eqz(kind, "postal")) {
        buf_puts(&w->value, ";;");
        escape(w, value);
        buf_puts(&w->value, ";;;;");
        put_labelled(w, "ADR", "", label, false); /* the contact's own address comes first */
    } else if (str_eqz(kind, "handle")) {
        const char *service = vcard_service_property(label);
        add_address(w, value);
        put_labelled(w, service ? service : "IMPP", "", service ? (kith_str){"", 0} : label,
                     primary);
    } else {
        add_address(w, value);
        put_labelled(w, is_address(value) ? "URL" : "X-KITH-POINT", "", label, primary);
    }
}

/* The contact's own address has the label of the point that says the same. */
static kith_status put_address(struct writing *w, const struct owned *points,
                               const kith_value **same) {
    kith_str part[5], all, label = {"", 0};
    for (int i = 0; i < 5; i++)
        part[i] = own_text(w, CARD_STREET + (enum card_field)i);
    TRY(vcard_address(w->arena, part, &all, w->e));
    if (!all.len)
        return KITH_OK;
    for (size_t i = 0; !*same && i < points->count; i++)
        if (str_eqz(text_at(points->values[i], w->x->t.point_kind), "postal") &&
            str_eq(text_at(points->values[i], w->x->t.point_value), all))
            *same = points->values[i];
    if (*same)
        label = text_at(*same, w->x->t.point_label);
    buf_puts(&w->value, ";");
    for (int i = 0; i < 5; i++) {
        buf_putc(&w->value, ';');
        escape(w, part[i]);
    }
    put_labelled(w, "ADR", "", label, true);
    return KITH_OK;
}

static kith_status put_points(struct writing *w) {
    struct owned points;
    const kith_value *same = NULL;
    TRY(read_owned(w, w->x->t.point_contact, &points));
    TRY(put_address(w, &points, &same));
    for (size_t i = 0; i < points.count; i++)
        if (points.values[i] != same)
            put_point(w, points.values[i]);
    return KITH_OK;
}

/* -- the rest ---------------------------------------------------------------------------------- */

static kith_status put_photo(struct writing *w) {
    struct file_text photo;
    if (!file_readable(w->x->g, w->x->principal))
        return KITH_OK;
    kith_status st = file_newest(w->x->g, w->x->t.contact, w->id, "photo", w->arena, &photo, w->e);
    if (st == KITH_OK)
        vcard_put_base64(w->out, w->x->version, "PHOTO", photo.media, photo.base64);
    return st == KITH_E_NOTFOUND ? KITH_OK : st;
}

/* A line that an import has kept, unless somebody made another thing of it. */
static void put_kept(struct writing *w, kith_str line) {
    const char *colon = line.len ? memchr(line.ptr, ':', line.len) : NULL;
    kith_str head = {line.ptr, colon ? (uint64_t)(colon - line.ptr) : 0}, rest, part, text;
    bool plain = head.len > 0 && head.len < 200;
    for (uint64_t i = 0; i < head.len; i++)
        plain &= head.ptr[i] > ' ' && head.ptr[i] <= '~' && head.ptr[i] != '"';
    if (!plain || str_ieqz(head, "BEGIN") || str_ieqz(head, "END") || str_ieqz(head, "VERSION"))
        return;
    rest = (kith_str){colon + 1, line.len - head.len - 1};
    for (bool first = true; vcard_split(&rest, ';', &part); first = false) {
        buf_puts(&w->value, first ? "" : ";");
        if (w->x->version != VCARD_21) {
            buf_str(&w->value, part);
            continue;
        }
        text = vcard_text(w->arena, VCARD_30, part);
        w->out->failed |= !text.ptr;
        escape(w, text);
    }
    char *name = arena_strndup(w->arena, head.ptr, head.len);
    w->out->failed |= !name;
    put(w, name ? name : "");
}

static kith_status put_kept_lines(struct writing *w) {
    struct owned notes;
    TRY(read_owned(w, w->x->t.note_about, &notes));
    for (size_t i = 0; i < notes.count; i++) {
        kith_str rest = text_at(notes.values[i], w->x->t.note_body), line;
        if (!str_eqz(text_at(notes.values[i], w->x->t.note_title), VCARD_NOTE))
            continue;
        while (str_split(&rest, '\n', &line))
            put_kept(w, line);
    }
    return KITH_OK;
}

static kith_status put_card(struct writing *w) {
    static const char *const version[] = {
        [VCARD_21] = "2.1", [VCARD_30] = "3.0", [VCARD_40] = "4.0"};
    buf_printf(w->out, "BEGIN:VCARD\r\nVERSION:%s\r\n", version[w->x->version]);
    put_name(w);
    TRY(put_org(w));
    TRY(put_points(w));
    put_birthday(w);
    put_text(w, "LANG", own_text(w, CARD_LANGUAGE));
    put_text(w, w->x->version == VCARD_21 ? "TZ" : "TZ;VALUE=text", own_text(w, CARD_ZONE));
    put_place(w);
    put_tags(w);
    put_text(w, "UID", own_text(w, CARD_EXTERNAL));
    TRY(put_photo(w));
    TRY(put_kept_lines(w));
    buf_puts(w->out, "END:VCARD\r\n");
    return w->out->failed ? err_nomem(w->e) : KITH_OK;
}

kith_status cards_put(const struct cards_out *x, kith_id id, const kith_value *values,
                      struct arena *a, struct buf *out, kith_error *e) {
    struct writing w = {.x = x, .id = id, .values = values, .arena = a, .out = out, .e = e};
    kith_status st = put_card(&w);
    buf_free(&w.value);
    return st;
}
