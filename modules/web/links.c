/* SPDX-License-Identifier: Apache-2.0 */
/* Links: what somebody without an account does by a secret address (docs/decisions/0061). Looking
 * changes nothing: mail scanners and previews follow links. */
#include "links.h"

#include <ctype.h>
#include <stdlib.h>

#define FIELDS_MAX 50

/* -- what is answered -------------------------------------------------------------------------- */

/* What is known of a link: 410 when it was good once. */
static unsigned status_of(kith_status st) {
    switch (st) {
    case KITH_E_NOTFOUND:
        return 404;
    case KITH_E_DENIED:
        return 410;
    case KITH_E_REFUSED:
    case KITH_E_CONFLICT:
        return 409;
    case KITH_E_INVAL:
    case KITH_E_LIMIT:
        return 422;
    case KITH_E_BUSY:
    case KITH_E_RETRY:
    case KITH_E_NOMEM:
    case KITH_E_FULL:
        return 503;
    default:
        return 500;
    }
}

/* A message for people, without the name of the field at its beginning; what is ours to mend is not
 * told outside. */
static const char *sentence_of(kith_status st, const kith_error *e) {
    const size_t len = strlen(e->field);
    if (status_of(st) >= 500)
        return "this cannot be done at the moment: try again in a while";
    if (len && strncmp(e->message, e->field, len) == 0 && strncmp(e->message + len, ": ", 2) == 0)
        return e->message + len + 2;
    return e->message;
}

static void answer_failed(struct request *r, kith_status st, const kith_error *e) {
    if (status_of(st) >= 500)
        r->self->host->log(r->self->host, KITH_LOG_ERROR, kith_str_of(e->message));
    link_page_say(r, status_of(st), sentence_of(st, e), false);
}

/* Where nothing is shown any more of what it is about, it was good once, too. */
static void answer_unseen(struct request *r, kith_status st, const kith_error *e) {
    if (st == KITH_E_REFUSED)
        link_page_say(r, 410, sentence_of(st, e), false);
    else
        answer_failed(r, st, e);
}

/* -- looking ----------------------------------------------------------------------------------- */

struct view {
    struct request *r;
    json_t *page;
};

static bool is_shown(kith_str type) {
    static const char *const types[] = {"text/calendar", "application/pdf"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (type.len >= strlen(types[i]) && memcmp(type.ptr, types[i], strlen(types[i])) == 0)
            return true;
    return false;
}

/* A name that may stand between quotes. */
static void name_of(kith_str name, char *out, size_t cap) {
    size_t n = 0;
    for (uint64_t i = 0; i < name.len && n + 1 < cap; i++)
        out[n++] =
            isalnum((unsigned char)name.ptr[i]) || strchr("._-", name.ptr[i]) ? name.ptr[i] : '_';
    out[n] = '\0';
}

static kith_status take_file(struct request *r, const kith_link_page *page) {
    char name[120];
    name_of(page->name, name, sizeof name);
    text_add(&r->answer, page->bytes.ptr, (size_t)page->bytes.len);
    r->status = 200;
    answer_header(r, "Content-Type", "%.*s", (int)page->media_type.len, page->media_type.ptr);
    answer_header(r, "Content-Disposition", "%s; filename=\"%s\"",
                  is_shown(page->media_type) ? "inline" : "attachment", name);
    return r->answer.failed ? KITH_E_NOMEM : KITH_OK;
}

static kith_status take_page(void *arg, const kith_link_page *page, kith_error *e) {
    struct view *v = arg;
    json_error_t why;
    if (page->name.len)
        return take_file(v->r, page);
    v->page = json_loadb(page->json.ptr, (size_t)page->json.len, 0, &why);
    return v->page ? KITH_OK
                   : kith_fail(e, KITH_E_INTERNAL, NULL, "a link is told of badly: %s", why.text);
}

static kith_status look(struct view *v, kith_error *e) {
    struct request *r = v->r;
    char from[FROM_TEXT];
    request_from(r, from);
    kith_status st = r->self->link_pages->look(
        r->self->host, kith_str_of(request_part(r, "secret")), kith_str_of(from), take_page, v, e);
    if (st == KITH_E_NOTFOUND)
        limit_guess(r);
    return st;
}

bool link_show(struct request *r) {
    kith_error e = {.struct_size = sizeof e};
    struct view v = {.r = r};
    kith_status st = look(&v, &e);
    if (st != KITH_OK)
        answer_unseen(r, st, &e);
    else if (v.page)
        link_page_show(r, 200, v.page, NULL, NULL);
    json_decref(v.page);
    return true;
}

/* -- what is sent ------------------------------------------------------------------------------ */

static int digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* In place; false: it is coded badly. */
static bool decode(char *text, size_t *len) {
    size_t n = 0;
    for (size_t i = 0; i < *len; i++) {
        int high, low;
        if (text[i] != '%') {
            text[n++] = text[i] == '+' ? ' ' : text[i];
            continue;
        }
        if (i + 2 >= *len || (high = digit(text[i + 1])) < 0 || (low = digit(text[i + 2])) < 0 ||
            high + low == 0)
            return false;
        text[n++] = (char)(high * 16 + low);
        i += 2;
    }
    *len = n;
    return true;
}

/* "name=value", which is taken apart in place. Without a value it was left empty. */
static bool take_pair(json_t *fields, char *at, size_t len) {
    char *eq = memchr(at, '=', len), name[80];
    size_t name_len = eq ? (size_t)(eq - at) : len, value_len = eq ? len - name_len - 1 : 0;
    if (!decode(at, &name_len) || (eq && !decode(eq + 1, &value_len)) || name_len >= sizeof name)
        return false;
    memcpy(name, at, name_len);
    name[name_len] = '\0';
    if (!name_len || !value_len)
        return true;
    json_t *value = json_stringn(eq + 1, value_len); /* NULL: no UTF-8 */
    return value && json_object_set_new(fields, name, value) == 0 &&
           json_object_size(fields) <= FIELDS_MAX;
}

static json_t *read_form(struct request *r) {
    json_t *fields = json_object();
    char *at = r->body.ptr, *end = at ? at + r->body.len : at;
    bool good = fields && request_sends(r, "application/x-www-form-urlencoded");
    while (good && at < end) {
        char *next = memchr(at, '&', (size_t)(end - at));
        good = take_pair(fields, at, (size_t)((next ? next : end) - at));
        at = next ? next + 1 : end;
    }
    if (good)
        return fields;
    json_decref(fields);
    return NULL;
}

/* -- doing ------------------------------------------------------------------------------------- */

/* What was not taken can be mended on the same page, as long as the link holds. */
static void show_again(struct request *r, kith_status st, const kith_error *why,
                       const json_t *given) {
    kith_error e = {.struct_size = sizeof e};
    struct view v = {.r = r};
    const bool mend =
        st == KITH_E_INVAL || st == KITH_E_LIMIT || st == KITH_E_CONFLICT || st == KITH_E_REFUSED;
    const kith_status seen = mend ? look(&v, &e) : st;
    if (seen == KITH_OK && v.page)
        link_page_show(r, status_of(st), v.page, given, sentence_of(st, why));
    else if (mend && seen == KITH_E_REFUSED)
        answer_unseen(r, seen, &e);
    else
        answer_failed(r, st, why);
    json_decref(v.page);
}

static void use(struct request *r, json_t *given) {
    kith_error e = {.struct_size = sizeof e};
    struct view v = {.r = r};
    char from[FROM_TEXT], form[200];
    request_from(r, from);
    const json_t *one = json_object_get(given, "form");
    (void)snprintf(form, sizeof form, "%s", json_is_string(one) ? json_string_value(one) : "");
    json_object_del(given, "form");
    char *fields = json_dumps(given, 0);
    kith_status st =
        fields ? r->self->link_pages->use(r->self->host, kith_str_of(request_part(r, "secret")),
                                          kith_str_of(from), kith_str_of(form), kith_str_of(fields),
                                          take_page, &v, &e)
               : kith_fail(&e, KITH_E_NOMEM, NULL, "no memory");
    free(fields);
    if (st == KITH_E_NOTFOUND)
        limit_guess(r);
    if (st == KITH_OK)
        link_page_done(r, v.page);
    else
        show_again(r, st, &e, given);
    json_decref(v.page);
}

bool link_use(struct request *r) {
    json_t *given = read_form(r);
    if (given)
        use(r, given);
    else
        link_page_say(r, 400, "what was sent is no form of this page: open the link once more",
                      false);
    json_decref(given);
    return true;
}
