/* SPDX-License-Identifier: Apache-2.0 */
/* Subject, the forms: everything is written by one call for both, as a member of an object or as a
 * row of a table. On the page data are only ever text. */
#include "base/id.h"
#include "base/zone.h"
#include "cli/subject.h"
#include "record/access.h"
#include "record/purpose.h"

#include <string.h>

#define OUT_MAX 65536 /* bytes that are written at a time */

/* -- bytes ------------------------------------------------------------------------------------- */

kith_status subject_flush(struct subject *s, kith_error *e) {
    kith_status st = s->out.failed ? err_nomem(e) : KITH_OK;
    if (st == KITH_OK && s->file >= 0)
        st = s->c->io->ops->put(s->c->io, s->file, buf_view(&s->out), e);
    else if (st == KITH_OK)
        io_raw(s->c->io, buf_view(&s->out));
    buf_reset(&s->out);
    return st == KITH_OK ? io_check(s->c->io, e) : st;
}

kith_status subject_done_with(struct subject *s, struct arena_mark mark, kith_error *e) {
    arena_release(&s->scratch, mark);
    return s->out.len > OUT_MAX || s->out.failed ? subject_flush(s, e) : KITH_OK;
}

/* Controls are no HTML, however they are written. */
static void html(struct subject *s, kith_str text) {
    struct buf plain = {0};
    text_lines(&plain, text, 0);
    buf_html(&s->out, buf_view(&plain));
    s->out.failed |= plain.failed;
    buf_free(&plain);
}

static void html_row(struct subject *s, const char *label, kith_str value) {
    if (!label || !value.len)
        return;
    buf_puts(&s->out, "<tr><th scope=\"row\">");
    html(s, str_of(label));
    buf_puts(&s->out, "</th><td>");
    html(s, value);
    buf_puts(&s->out, "</td></tr>\n");
}

static kith_str id_str(struct subject *s, kith_id id) {
    char text[ID_TEXT + 1];
    id_format(id, text);
    return arena_str(&s->scratch, str_of(text));
}

/* -- values for people ------------------------------------------------------------------------- */

kith_status subject_read(struct subject *s, const struct rtype *t, kith_id id, kith_value **values,
                         kith_error *e) {
    bool there;
    *values = ARENA_ARRAY(&s->scratch, kith_value, t->field_count);
    if (!*values)
        return err_nomem(e);
    TRY(access_find(s->conn, &s->c->principal, t, id, &s->scratch, *values, &there, e));
    *values = there ? *values : NULL;
    return KITH_OK;
}

/* What the company made for many tells about nobody else. */
static bool has_name(const struct subject *s, const struct rtype *t, kith_id id) {
    const struct base_fields *b = &cmd_schema(s->c)->base;
    return t == b->purpose.type || t == b->wording.type || t == b->segment.type ||
           map_get_u64(&s->seen, id);
}

/* The version alone says nothing to who was shown the text. */
static kith_str wording_text(struct subject *s, const kith_value *values) {
    const struct base_wording *w = &cmd_schema(s->c)->base.wording;
    const struct rfield *const parts[] = {w->version, w->language, w->text};
    kith_str t[3] = {{0}};
    for (size_t i = 0; i < 3; i++)
        if (values[parts[i]->index].kind == KITH_TEXT)
            t[i] = values[parts[i]->index].as.s;
    return str_of(arena_printf(&s->scratch, "version %.*s%s%.*s:\n%.*s", (int)t[0].len, t[0].ptr,
                               t[1].len ? ", " : "", (int)t[1].len, t[1].len ? t[1].ptr : "",
                               (int)t[2].len, t[2].len ? t[2].ptr : ""));
}

/* "" when it may not be told, or has none. */
static kith_status title_text(struct subject *s, const struct rtype *t, kith_id id, kith_str *out,
                              kith_error *e) {
    kith_value *values;
    *out = STR("");
    if (!has_name(s, t, id))
        return KITH_OK;
    TRY(subject_read(s, t, id, &values, e));
    if (!values)
        return KITH_OK;
    const kith_value *v = t->title ? &values[t->title->index] : NULL;
    if (t == cmd_schema(s->c)->base.wording.type)
        *out = wording_text(s, values);
    else if (v && v->kind != KITH_LINK && v->kind != KITH_NULL)
        *out = value_text(cmd_schema(s->c), v, &s->scratch);
    return KITH_OK;
}

kith_status subject_name(struct subject *s, const struct rtype *t, kith_id id, kith_str *out,
                         kith_error *e) {
    kith_str title, number = id_str(s, id);
    TRY(title_text(s, t, id, &title, e));
    *out = str_of(
        title.len ? arena_printf(&s->scratch, "%s %.*s (%.*s)", t->label, (int)title.len, title.ptr,
                                 (int)number.len, number.ptr)
                  : arena_printf(&s->scratch, "%s %.*s", t->label, (int)number.len, number.ptr));
    return KITH_OK;
}

static kith_status link_text(struct subject *s, const kith_value *v, kith_str *out, kith_error *e) {
    const struct base_fields *b = &cmd_schema(s->c)->base;
    const struct rtype *t = schema_type_by_id(cmd_schema(s->c), v->as.link.type);
    *out = value_text(cmd_schema(s->c), v, &s->scratch);
    if (!t)
        return KITH_OK;
    if (t != b->purpose.type && t != b->wording.type)
        return subject_name(s, t, v->as.link.id, out, e);
    kith_str title;
    TRY(title_text(s, t, v->as.link.id, &title, e));
    *out = title.len ? title : *out;
    return KITH_OK;
}

static kith_status shown(struct subject *s, const struct rfield *f, const kith_value *v,
                         kith_str *out, kith_error *e);

static kith_status list_text(struct subject *s, const struct rfield *f, const kith_value *v,
                             kith_str *out, kith_error *e) {
    struct buf b = {0};
    kith_status st = KITH_OK;
    for (uint64_t i = 0; st == KITH_OK && i < v->as.list.count; i++) {
        kith_str one = {0};
        st = shown(s, f, &v->as.list.items[i], &one, e);
        buf_puts(&b, i ? ", " : "");
        buf_str(&b, one);
    }
    *out = arena_str(&s->scratch, buf_view(&b));
    if (st == KITH_OK && b.failed)
        st = err_nomem(e);
    buf_free(&b);
    return st;
}

/* "legal_obligation": "legal obligation" */
static kith_str option_text(struct subject *s, kith_str name) {
    char *copy = arena_strndup(&s->scratch, name.ptr, (size_t)name.len);
    for (char *p = copy; p && *p; p++)
        *p = *p == '_' ? ' ' : *p;
    return str_of(copy);
}

/* "contact.email, contact_point.*": "Contact: Email", "Contact point: Kind, Value" */
static kith_status used_fields(struct subject *s, kith_str list, kith_str *out, kith_error *e) {
    const struct schema *schema = cmd_schema(s->c);
    struct buf b = {0};
    for (uint32_t i = 0; i < schema->type_count; i++) {
        const struct rtype *t = schema->types[i];
        bool any = false;
        for (uint32_t k = FIELD_FIRST; k < t->field_count; k++) {
            if (!purpose_fields_have(schema, list, t->fields[k]))
                continue;
            if (!any)
                buf_printf(&b, "%s%s: ", b.len ? "\n" : "", t->label);
            buf_printf(&b, "%s%s", any ? ", " : "", t->fields[k]->label);
            any = true;
        }
    }
    *out = arena_str(&s->scratch, buf_view(&b));
    kith_status st = b.failed ? err_nomem(e) : KITH_OK;
    buf_free(&b);
    return st;
}

static kith_status shown(struct subject *s, const struct rfield *f, const kith_value *v,
                         kith_str *out, kith_error *e) {
    if (f == cmd_schema(s->c)->base.purpose.fields && v->kind == KITH_TEXT)
        return used_fields(s, v->as.s, out, e);
    switch (v->kind) {
    case KITH_TIME:
        *out = time_text(s->c, v->as.i, &s->scratch);
        return KITH_OK;
    case KITH_BOOL:
        *out = v->as.i ? STR("yes") : STR("no");
        return KITH_OK;
    case KITH_LINK:
        return link_text(s, v, out, e);
    case KITH_LIST:
        return list_text(s, f, v, out, e);
    default:
        *out = value_text(cmd_schema(s->c), v, &s->scratch);
        if (v->kind == KITH_TEXT && (f->kind == KITH_F_CHOICE || f->kind == KITH_F_STATE))
            *out = option_text(s, *out);
        return KITH_OK;
    }
}

/* -- things ------------------------------------------------------------------------------------ */

void thing_begin(struct subject *s, kith_str heading, bool *any) {
    if (s->form == AS_JSON) {
        buf_puts(&s->out, *any ? ",\n" : "\n");
        json_begin(&s->json, &s->out, false);
        json_object_(&s->json);
    } else {
        if (heading.len) {
            buf_puts(&s->out, "<h3>");
            html(s, heading);
            buf_puts(&s->out, "</h3>\n");
        }
        buf_puts(&s->out, "<table>\n");
    }
    *any = true;
}

void thing_end(struct subject *s) {
    if (s->form == AS_JSON)
        json_object_end(&s->json);
    else
        buf_puts(&s->out, "</table>\n");
}

void thing_text(struct subject *s, const char *key, const char *label, kith_str text) {
    if (s->form == AS_HTML) {
        html_row(s, label, text);
        return;
    }
    json_key(&s->json, key);
    json_str(&s->json, text);
}

void thing_time(struct subject *s, const char *key, const char *label, int64_t ms) {
    if (s->form == AS_HTML) {
        html_row(s, label, time_text(s->c, ms, &s->scratch));
        return;
    }
    json_key(&s->json, key);
    json_time(&s->json, ms);
}

void thing_flag(struct subject *s, const char *key, const char *label, bool yes) {
    if (s->form == AS_HTML) {
        html_row(s, label, yes ? STR("yes") : STR(""));
        return;
    }
    json_key(&s->json, key);
    json_bool_(&s->json, yes);
}

void thing_id(struct subject *s, kith_id id) {
    thing_text(s, "id", NULL, id_str(s, id));
}

kith_status thing_value(struct subject *s, const struct rfield *f, const kith_value *v,
                        kith_error *e) {
    kith_str text;
    if (s->form == AS_JSON) {
        json_key(&s->json, f->name);
        value_json(cmd_schema(s->c), v, &s->json);
    } else if (v->kind != KITH_NULL) {
        TRY(shown(s, f, v, &text, e));
        html_row(s, f->label, text);
    }
    return KITH_OK;
}

static kith_status change_row(struct subject *s, const struct image_field *f, kith_error *e) {
    kith_str was = {0}, is = {0};
    if (f->before.kind != KITH_NULL)
        TRY(shown(s, f->field, &f->before, &was, e));
    if (f->after.kind != KITH_NULL)
        TRY(shown(s, f->field, &f->after, &is, e));
    is = is.len ? is : STR("(empty)");
    html_row(s, f->field->label,
             was.len ? str_of(arena_printf(&s->scratch, "%.*s \xe2\x86\x92 %.*s", (int)was.len,
                                           was.ptr, (int)is.len, is.ptr))
                     : is);
    return KITH_OK;
}

kith_status thing_changes(struct subject *s, struct image_field *f, size_t n, kith_error *e) {
    if (s->form == AS_JSON) {
        json_key(&s->json, "fields");
        json_changes(s->c, &s->json, f, n);
        return KITH_OK;
    }
    for (size_t i = 0; i < n; i++)
        if (f[i].field)
            TRY(change_row(s, &f[i], e));
    return KITH_OK;
}

kith_status thing_record(struct subject *s, const struct item *i, const kith_value *values,
                         bool *any, kith_error *e) {
    kith_str name;
    if (s->form == AS_JSON) {
        buf_puts(&s->out, *any ? ",\n" : "\n");
        *any = true;
        json_begin(&s->json, &s->out, false);
        json_record(s->c, &s->json, i->type, i->id, values);
        return KITH_OK;
    }
    TRY(subject_name(s, i->type, i->id, &name, e));
    thing_begin(s, name, any);
    for (uint32_t k = 0; k < i->type->field_count; k++)
        TRY(thing_value(s, i->type->fields[k], &values[k], e));
    thing_end(s);
    return KITH_OK;
}

/* -- around them ------------------------------------------------------------------------------- */

static const char page_style[] =
    "<style>body{font:16px sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "h2{margin-top:2em}h3{font-size:1em;margin:1em 0 .3em}"
    "table{border-collapse:collapse;margin:0 0 1.5em}th{text-align:left;font-weight:normal;"
    "color:#555;padding:.2em 1em .2em 0;vertical-align:top}td{padding:.2em 0;"
    "white-space:pre-wrap;word-break:break-word}</style>\n";

void subject_say(struct subject *s, const char *sentence) {
    if (s->form == AS_JSON)
        return;
    buf_puts(&s->out, "<p>");
    html(s, str_of(sentence));
    buf_puts(&s->out, "</p>\n");
}

static void json_head(struct subject *s, kith_str company, int64_t since) {
    json_begin(&s->json, &s->out, false);
    json_object_(&s->json);
    thing_text(s, "format", NULL, STR("kith.subject"));
    json_key(&s->json, "version");
    json_int(&s->json, 2);
    thing_text(s, "company", NULL, company);
    thing_time(s, "made", NULL, engine_now(s->c->company->engine));
    if (since)
        thing_time(s, "history_since", NULL, since);
}

static void contents(struct subject *s, const struct section *sections) {
    buf_puts(&s->out, "<ul>\n");
    for (; sections->key; sections++) {
        buf_printf(&s->out, "<li><a href=\"#%s\">", sections->key);
        html(s, str_of(sections->title));
        buf_puts(&s->out, "</a></li>\n");
    }
    buf_puts(&s->out, "</ul>\n");
}

static void page_title(struct subject *s, kith_str company) {
    buf_puts(&s->out, "What ");
    html(s, company.len ? company : STR("this company"));
    buf_puts(&s->out, " knows of you");
}

void subject_head(struct subject *s, const struct section *sections, int64_t since) {
    struct arena *a = &s->scratch;
    kith_str company = settings_text(s->c->company->settings, "", "company.name");
    if (s->form == AS_JSON) {
        json_head(s, company, since);
        return;
    }
    kith_str now = time_text(s->c, engine_now(s->c->company->engine), a);
    kith_str from = time_text(s->c, since, a);
    buf_puts(&s->out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>");
    page_title(s, company);
    buf_printf(&s->out, "</title>\n%s</head>\n<body>\n<h1>", page_style);
    page_title(s, company);
    buf_puts(&s->out, "</h1>\n");
    subject_say(s, arena_printf(a, "As of %.*s. Times are those of the zone %s.", (int)now.len,
                                now.ptr, zone_name(s->c->company->zone)));
    subject_say(s, "Other people are shown by their numbers alone.");
    if (since)
        subject_say(s,
                    arena_printf(a, "What was done is kept since %.*s.", (int)from.len, from.ptr));
    contents(s, sections);
}

void subject_foot(struct subject *s) {
    if (s->form == AS_JSON)
        buf_puts(&s->out, "\n}\n");
    else
        buf_puts(&s->out, "</body>\n</html>\n");
}

void subject_begin(struct subject *s, const struct section *of) {
    if (s->form == AS_JSON) {
        buf_printf(&s->out, ",\n\"%s\": [", of->key);
        return;
    }
    buf_printf(&s->out, "<h2 id=\"%s\">", of->key);
    html(s, str_of(of->title));
    buf_puts(&s->out, "</h2>\n");
}

void subject_end(struct subject *s, bool any) {
    if (s->form == AS_JSON)
        buf_puts(&s->out, "\n]");
    else if (!any)
        subject_say(s, "Nothing.");
}
