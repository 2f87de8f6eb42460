/* SPDX-License-Identifier: Apache-2.0 */
/* The page of a link: a heading, what it is about, the rows of it, and a form. All of it is text
 * from elsewhere, and escaped. */
#include "links.h"

#include <ctype.h>

static const char *member(const json_t *object, const char *name) {
    const json_t *v = json_object_get(object, name);
    return json_is_string(v) ? json_string_value(v) : "";
}

static void begin(struct request *r, unsigned status, const char *title) {
    struct text *t = &r->answer;
    t->len = 0;
    answer_drop_headers(r);
    r->status = status;
    answer_header(r, "Content-Type", "text/html; charset=utf-8");
    answer_header(r, "Content-Security-Policy",
                  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self';"
                  " frame-ancestors 'none'");
    answer_header(r, "X-Robots-Tag", "noindex, nofollow");
    text_puts(t, "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
                 "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    text_html(t, title);
    text_puts(t, "</title>\n<link rel=\"stylesheet\" href=\"/link.css\">\n<main>\n<h1>");
    text_html(t, title);
    text_puts(t, "</h1>\n");
}

static void end(struct request *r) {
    text_puts(&r->answer, "</main>\n</html>\n");
}

/* "sales.accept_quote" is "Accept quote". */
static void title_of(const json_t *page, char *out, size_t cap) {
    const char *action = member(page, "action"), *dot = strchr(action, '.');
    (void)snprintf(out, cap, "%s", dot ? dot + 1 : *action ? action : "Done");
    for (char *at = out; *at; at++)
        *at = *at == '_' ? ' ' : *at;
    out[0] = (char)toupper((unsigned char)out[0]);
}

/* A sentence of a message, as one on a page. */
static void put_sentence(struct text *t, const char *class, const char *role, const char *z) {
    char first[2] = {(char)toupper((unsigned char)*z), '\0'};
    const size_t len = strlen(z);
    text_printf(t, "<p class=\"%s\" role=\"%s\">", class, role);
    text_html(t, first);
    text_html(t, *z ? z + 1 : z);
    text_puts(t, len && strchr(".!?", z[len - 1]) ? "</p>\n" : ".</p>\n");
}

void link_page_say(struct request *r, unsigned status, const char *sentence, bool done) {
    begin(r, status, done ? "Done" : "This link");
    put_sentence(&r->answer, done ? "done" : "problem", done ? "status" : "alert", sentence);
    end(r);
}

/* -- what it is about -------------------------------------------------------------------------- */

static bool is_number(const json_t *field) {
    const char *kind = member(field, "kind");
    return strcmp(kind, "integer") == 0 || strcmp(kind, "decimal") == 0 ||
           strcmp(kind, "money") == 0;
}

static void put_values(struct text *t, const json_t *values, size_t from, size_t to) {
    if (from >= to)
        return;
    text_puts(t, "<dl>\n");
    for (size_t i = from; i < to; i++) {
        const json_t *one = json_array_get(values, i);
        text_puts(t, "<dt>");
        text_html(t, member(one, "label"));
        text_puts(t, "</dt><dd>");
        text_html(t, member(one, "text"));
        text_puts(t, "</dd>\n");
    }
    text_puts(t, "</dl>\n");
}

static void put_rows(struct text *t, const json_t *shown) {
    const json_t *columns = json_object_get(shown, "columns");
    json_t *one, *cell;
    size_t i, k;
    if (!json_array_size(json_object_get(shown, "rows")))
        return;
    text_puts(t, "<div class=\"wide\"><table>\n<thead><tr>");
    json_array_foreach(columns, i, one) {
        text_puts(t, is_number(one) ? "<th scope=\"col\" class=\"number\">" : "<th scope=\"col\">");
        text_html(t, member(one, "label"));
        text_puts(t, "</th>");
    }
    text_puts(t, "</tr></thead>\n<tbody>\n");
    json_array_foreach(json_object_get(shown, "rows"), i, one) {
        text_puts(t, "<tr>");
        json_array_foreach(one, k, cell) {
            text_puts(t, is_number(json_array_get(columns, k)) ? "<td class=\"number\">" : "<td>");
            text_html(t, json_is_string(cell) ? json_string_value(cell) : "");
            text_puts(t, "</td>");
        }
        text_puts(t, "</tr>\n");
    }
    text_puts(t, "</tbody>\n</table></div>\n");
}

/* Sums stand below what they are of: from the first amount on. */
static void put_shown(struct text *t, const json_t *page) {
    const json_t *shown = json_object_get(page, "shown"),
                 *values = json_object_get(shown, "values");
    const size_t count = json_array_size(values);
    size_t above = 0;
    while (above < count && strcmp(member(json_array_get(values, above), "kind"), "money") != 0)
        above++;
    put_values(t, values, 0, above);
    put_rows(t, shown);
    put_values(t, values, above, count);
}

/* -- the form ---------------------------------------------------------------------------------- */

static void put_attribute(struct text *t, const char *name, const char *value) {
    text_printf(t, " %s=\"", name);
    text_html(t, value);
    text_puts(t, "\"");
}

static const char *type_of(const char *kind) {
    static const struct {
        const char *kind, *type;
    } types[] = {{"date", "date"}, {"email", "email"}, {"phone", "tel"}, {"url", "url"}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].kind, kind) == 0)
            return types[i].type;
    return "text";
}

static void put_select(struct text *t, const json_t *field, const char *value) {
    json_t *one;
    size_t i;
    text_puts(t, "<select");
    put_attribute(t, "name", member(field, "name"));
    text_puts(t, json_is_true(json_object_get(field, "required")) ? " required>" : ">");
    text_puts(t, "<option value=\"\"></option>");
    json_array_foreach(json_object_get(field, "options"), i, one) {
        text_puts(t, "<option");
        text_puts(t, strcmp(json_string_value(one), value) == 0 ? " selected>" : ">");
        text_html(t, json_string_value(one));
        text_puts(t, "</option>");
    }
    text_puts(t, "</select>");
}

static void put_input(struct text *t, const json_t *field, const char *value) {
    const char *kind = member(field, "kind");
    const bool area = strcmp(kind, "longtext") == 0, box = strcmp(kind, "boolean") == 0;
    text_puts(t, area ? "<textarea rows=\"4\" maxlength=\"4000\"" : "<input");
    put_attribute(t, "name", member(field, "name"));
    if (!area)
        put_attribute(t, "type", box ? "checkbox" : type_of(kind));
    if (box)
        text_puts(t, strcmp(value, "true") == 0 ? " value=\"true\" checked" : " value=\"true\"");
    else if (!area)
        put_attribute(t, "value", value);
    if (!box && json_is_true(json_object_get(field, "required")))
        text_puts(t, " required");
    text_puts(t, ">");
    if (!area)
        return;
    text_html(t, value);
    text_puts(t, "</textarea>");
}

static void put_field(struct text *t, const json_t *field, const json_t *given) {
    const char *name = member(field, "name");
    const char *value = given ? member(given, name) : member(field, "default");
    text_puts(t, "<label>");
    text_html(t, member(field, "label"));
    text_puts(t, json_is_true(json_object_get(field, "required")) ? " (required) " : " ");
    if (json_array_size(json_object_get(field, "options")))
        put_select(t, field, value);
    else
        put_input(t, field, value);
    text_puts(t, "<small>");
    text_html(t, member(field, "doc"));
    text_puts(t, "</small></label>\n");
}

static void put_form(struct text *t, const json_t *page, const json_t *given, const char *title) {
    json_t *one;
    size_t i;
    text_puts(t,
              "<form method=\"post\" autocomplete=\"on\">\n<input type=\"hidden\" name=\"form\"");
    put_attribute(t, "value", member(page, "form"));
    text_puts(t, ">\n");
    json_array_foreach(json_object_get(page, "asks"), i, one) {
        put_field(t, one, given);
    }
    text_puts(t, "<button>");
    text_html(t, title);
    text_puts(t, "</button>\n</form>\n");
}

void link_page_show(struct request *r, unsigned status, const json_t *page, const json_t *given,
                    const char *problem) {
    char title[80];
    title_of(page, title, sizeof title);
    begin(r, status, title);
    if (problem)
        put_sentence(&r->answer, "problem", "alert", problem);
    text_puts(&r->answer, "<p>");
    text_html(&r->answer, member(page, "doc"));
    text_puts(&r->answer, "</p>\n");
    put_shown(&r->answer, page);
    if (!json_is_true(json_object_get(page, "reads")))
        put_form(&r->answer, page, given, title);
    end(r);
}

void link_page_done(struct request *r, const json_t *page) {
    char title[80];
    title_of(page, title, sizeof title);
    begin(r, 200, title);
    put_sentence(&r->answer, "done", "status",
                 json_is_true(json_object_get(page, "repeated"))
                     ? "This was sent before, and is done"
                     : "It is done. Thank you");
    put_shown(&r->answer, page);
    end(r);
}
