/* SPDX-License-Identifier: Apache-2.0 */
/* The document of the interface, as whoever asks may use it. It follows from what `kith schema`
 * tells and from routes alone, so that it is made once for each of those. */
#include "openapi.h"

#include <ctype.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

/* -- names of operations ----------------------------------------------------------------------- */

/* contact_point -> ContactPoint; sales.convert -> SalesConvert */
static void put_name(struct text *t, const char *word, size_t len) {
    bool begins = true;
    for (size_t i = 0; i < len; i++) {
        char c = (char)(begins ? toupper((unsigned char)word[i]) : word[i]);
        begins = !isalnum((unsigned char)c);
        if (!begins)
            text_add(t, &c, 1);
    }
}

/* The last word of the address that is no parameter and stands behind one: what is done to it.
 * NULL: there is none. */
static const char *deed_of(const char *pattern) {
    const char *at = strchr(pattern, '{'), *deed = NULL;
    for (; at; at = strchr(at + 1, '/'))
        if (*at == '/' && at[1] != '{')
            deed = at + 1;
    return deed;
}

static void put_verb(struct text *t, const struct api_operation *o) {
    const struct route *r = o->route;
    bool one = strstr(r->pattern, "{id}") != NULL;
    bool list = r->many && strcmp(strrchr(r->pattern, '/') + 1, "{type}") == 0;
    list |= r->many && !strchr(r->pattern, '{');
    if (r->method == METHOD_GET)
        text_puts(t, list ? "list" : "get");
    else if (r->method == METHOD_DELETE)
        text_puts(t, "delete");
    else if (r->method == METHOD_PATCH)
        text_puts(t, !o->type || one ? "update" : "updateMany");
    else if (r->method == METHOD_PUT)
        text_puts(t, "put");
    else if (deed_of(r->pattern))
        text_add(t, deed_of(r->pattern), strcspn(deed_of(r->pattern), "/"));
    else
        text_puts(t, o->type ? "create" : "");
}

/* What it is about: the type, or the words of the address up to its first parameter. */
static void put_subject(struct text *t, const struct api_operation *o) {
    const char *at = o->route->pattern;
    if (strncmp(at, API, strlen(API)) == 0)
        at += strlen(API);
    size_t len = strcspn(at, "{");
    bool one = at[len] == '{' && len > 1 && at[len - 2] == 's' && at[len - 1] == '/';
    if (o->type)
        put_name(t, text_of(o->type, "type"), strlen(text_of(o->type, "type")));
    else
        put_name(t, at, one ? len - 2 : len);
    if (o->route->method == METHOD_GET && deed_of(at))
        put_name(t, deed_of(at), strcspn(deed_of(at), "/"));
}

/* listContact, createContact, cancelRun, salesConvert; a second one of a name has a number. */
static void operation_id(const struct api_operation *o, json_t *taken, struct text *out) {
    if (o->route->name)
        text_puts(out, o->route->name);
    else if (o->action && o->route->method == METHOD_GET) {
        text_puts(out, "get");
        put_name(out, text_of(o->action, "action"), strlen(text_of(o->action, "action")));
    } else if (o->action)
        put_name(out, text_of(o->action, "action"), strlen(text_of(o->action, "action")));
    else if (o->report) {
        text_puts(out, "report");
        put_name(out, text_of(o->report, "report"), strlen(text_of(o->report, "report")));
    } else {
        put_verb(out, o);
        put_subject(out, o);
    }
    if (out->len)
        out->ptr[0] = (char)tolower((unsigned char)out->ptr[0]);
    size_t len = out->len;
    for (int n = 2; out->ptr && json_object_get(taken, out->ptr); n++) {
        out->len = len;
        text_printf(out, "%d", n);
    }
    json_object_set_new(taken, out->ptr ? out->ptr : "", json_true());
}

/* -- paths ------------------------------------------------------------------------------------- */

struct making {
    const json_t *told, *help; /* by the names of commands: what their options are */
    json_t *paths, *taken;     /* names of operations */
};

/* The address with the names of type and action in their places. */
static void put_path(struct text *t, const struct api_operation *o) {
    const char *at = o->route->pattern;
    while (*at) {
        size_t len = strcspn(at, "{");
        text_add(t, at, len);
        at += len;
        if (!*at)
            break;
        len = strcspn(at, "}") + 1;
        if (o->type && strncmp(at, "{type}", len) == 0)
            text_puts(t, text_of(o->type, "type"));
        else if (o->action && strncmp(at, "{action}", len) == 0)
            text_puts(t, text_of(o->action, "action"));
        else if (o->report && strncmp(at, "{report}", len) == 0)
            text_puts(t, text_of(o->report, "report"));
        else
            text_add(t, at, len);
        at += len;
    }
}

/* "Creates a record" and of which type. */
static void put_summary(struct text *t, const struct api_operation *o) {
    const json_t *own = o->action ? o->action : o->report;
    const char *doc = own ? text_of(own, "doc") : o->route->doc ? o->route->doc : "";
    size_t len = strlen(doc);
    text_add(t, doc, len && doc[len - 1] == '.' ? len - 1 : len);
    if (o->type)
        text_printf(t, " (%s)", text_of(o->type, "label"));
}

static const char *tag_of(const struct api_operation *o) {
    if (o->type)
        return text_of(o->type, "type");
    return o->action ? "actions" : o->report ? "reports" : "company";
}

static const char *method_key(enum method m) {
    static const char *const keys[METHOD_OTHER] = {"get", "post", "patch", "put", "delete"};
    return keys[m];
}

static void add_operation(struct making *m, const struct api_operation *o) {
    struct text path = {0}, id = {0}, summary = {0};
    put_path(&path, o);
    json_t *item = json_object_get(m->paths, path.ptr ? path.ptr : "");
    if (!item) {
        item = json_object();
        json_object_set_new(m->paths, path.ptr ? path.ptr : "", item);
    }
    if (!json_object_get(item, method_key(o->route->method))) {
        operation_id(o, m->taken, &id);
        put_summary(&summary, o);
        json_t *one = json_pack("{s:s, s:s, s:[s]}", "operationId", id.ptr ? id.ptr : "", "summary",
                                summary.ptr ? summary.ptr : "", "tags", tag_of(o));
        json_t *parameters = openapi_parameters(o), *body = openapi_body(o);
        if (json_array_size(parameters))
            json_object_set(one, "parameters", parameters);
        json_decref(parameters);
        if (body)
            json_object_set_new(one, "requestBody", body);
        json_object_set_new(one, "responses", openapi_answers(o));
        if (o->route->open)
            json_object_set_new(one, "security", json_array());
        json_object_set_new(item, method_key(o->route->method), one);
    }
    text_free(&path);
    text_free(&id);
    text_free(&summary);
}

/* The right that somebody needs of a type. */
static bool is_for(const struct route *r, const json_t *type) {
    if (strstr(r->pattern, "{state}") && !text_of(type, "state")[0])
        return false;
    if (r->method == METHOD_GET)
        return openapi_may(type, "read");
    if (r->handle == record_create)
        return openapi_may(type, "create");
    return openapi_may(type, r->handle == record_delete ? "delete" : "update");
}

/* Addresses of others come first: a type of that name is reached by none. */
static bool is_hidden(const char *type) {
    size_t len = strlen(type);
    for (size_t i = 0; i < route_count; i++) {
        const char *at = routes[i].pattern;
        if (strncmp(at, API, strlen(API)) != 0 || strncmp(at + strlen(API), type, len) != 0)
            continue;
        at += strlen(API) + len;
        if (!*at || (strncmp(at, "/{", 2) == 0 && !strchr(at + 1, '/')))
            return true;
    }
    return false;
}

/* An operation for each of these: "types", where the address has a "{type}". */
static void add_each(struct making *m, const struct api_operation *common, const char *all) {
    json_t *one;
    size_t i;
    json_array_foreach(json_object_get(m->told, all), i, one) {
        struct api_operation o = *common;
        if (strcmp(all, "types") == 0)
            o.type = one;
        else if (strcmp(all, "actions") == 0)
            o.action = one;
        else
            o.report = one;
        if (o.action && common->route->method == METHOD_GET && !text_of(one, "file")[0])
            continue;
        if (!o.type || (is_for(o.route, one) && !is_hidden(text_of(one, "type"))))
            add_operation(m, &o);
    }
}

/* What changes something, or is for others. Of actions and records each tells for itself. */
static bool is_refused(const struct making *m, const struct route *r, const json_t *command) {
    if (strstr(r->pattern, "{action}") || route_is_of_type(r))
        return false;
    bool changes = r->method != METHOD_GET && !r->open;
    bool of_others = r->administrators || json_is_true(json_object_get(command, "administrators"));
    return (changes && json_is_true(json_object_get(m->told, "reads_only"))) ||
           (of_others && !json_is_true(json_object_get(m->told, "administrator")));
}

static void add_route(struct making *m, const struct route *r) {
    const json_t *command = r->words ? json_object_get(m->help, r->words[0]) : NULL;
    const struct api_operation o = {.route = r, .options = json_object_get(command, "options")};
    if (strncmp(r->pattern, API, strlen(API)) != 0) /* it speaks another protocol */
        return;
    if (is_refused(m, r, command))
        return;
    if (route_is_of_type(r))
        add_each(m, &o, "types");
    else if (strstr(r->pattern, "{action}"))
        add_each(m, &o, "actions");
    else {
        if (strstr(r->pattern, "{report}"))
            add_each(m, &o, "reports");
        add_operation(m, &o); /* saved queries have names, too */
    }
}

/* -- the whole --------------------------------------------------------------------------------- */

static json_t *all_tags(const json_t *told) {
    static const struct {
        const char *name, *label, *doc;
    } common[] = {
        {"company", "The company", "What there is and what happens, over all types."},
        {"actions", "Actions", "What modules and Kith itself can do."},
        {"reports", "Reports", "What modules tell by queries of theirs."},
    };
    json_t *all = json_array(), *type;
    size_t i;
    for (i = 0; i < sizeof common / sizeof *common; i++)
        if (i == 0 || json_array_size(json_object_get(told, common[i].name)))
            json_array_append_new(all, json_pack("{s:s, s:s, s:s}", "name", common[i].name,
                                                 "x-displayName", common[i].label, "description",
                                                 common[i].doc));
    json_array_foreach(json_object_get(told, "types"), i, type) {
        const char *doc = text_of(type, "doc"), *label = text_of(type, "label");
        json_array_append_new(all, json_pack("{s:s, s:s, s:s}", "name", text_of(type, "type"),
                                             "x-displayName", label, "description",
                                             doc[0] ? doc : label));
    }
    return all;
}

#define ABOUT                                                                                      \
    "Records, actions and what happened in this company, as far as your token may use them. "      \
    "Decimal numbers, money and ids are strings; times are UTC; null means no value. Objects may " \
    "get further members in later versions: pass over what you do not know. Lists go on with "     \
    "?after= and what next said. Problems are documents of RFC 9457: detail is a sentence for "    \
    "people, code the name of the error, field the one at fault."

static json_t *about(const json_t *told) {
    const char *company = text_of(told, "company");
    return json_pack("{s:o, s:s, s:s, s:{s:s, s:s}}", "title",
                     json_sprintf("%s%sKith", company, company[0] ? " - " : ""), "version",
                     text_of(told, "kith"), "description", ABOUT, "license", "name", "Apache-2.0",
                     "identifier", "Apache-2.0");
}

/* NULL: no memory. */
static json_t *make(const json_t *told, const json_t *help) {
    struct making m = {.told = told, .help = help, .paths = json_object(), .taken = json_object()};
    json_t *parts = openapi_parts(), *schemas = json_object_get(parts, "schemas"), *one;
    size_t i;
    json_array_foreach(json_object_get(told, "types"), i, one) {
        openapi_add_type(schemas, one);
    }
    json_array_foreach(json_object_get(told, "actions"), i, one) {
        openapi_add_action(schemas, one);
    }
    for (i = 0; i < route_count; i++)
        add_route(&m, &routes[i]);
    json_decref(m.taken);
    return json_pack("{s:s, s:o, s:[{s:s}], s:[{s:[]}], s:o, s:o, s:o}", "openapi", "3.1.0", "info",
                     about(told), "servers", "url", "/", "security", "token", "tags",
                     all_tags(told), "paths", m.paths, "components", parts);
}

/* -- kept -------------------------------------------------------------------------------------- */

#define KEPT 8 /* documents: of so many kinds of rights */
struct openapi {
    pthread_mutex_t lock; /* guards what follows */
    struct kept {
        struct text told, document;
        char etag[20];
        uint64_t used;
    } kept[KEPT];
    uint64_t uses;
};

struct openapi *openapi_open(void) {
    struct openapi *o = calloc(1, sizeof *o);
    if (o)
        pthread_mutex_init(&o->lock, NULL);
    return o;
}

void openapi_close(struct openapi *o) {
    for (size_t i = 0; o && i < KEPT; i++) {
        text_free(&o->kept[i].told);
        text_free(&o->kept[i].document);
    }
    if (o)
        pthread_mutex_destroy(&o->lock);
    free(o);
}

static void no_memory(struct request *r) {
    answer_problem(r, 503, "out of memory", NULL, "there is not enough memory");
}

/* FNV-1a: it says whether a document is another one, and protects nothing. */
static uint64_t digest(const struct text *t) {
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < t->len; i++)
        h = (h ^ (unsigned char)t->ptr[i]) * UINT64_C(0x100000001b3);
    return h;
}

/* Lines, each of a command: by their names. */
static json_t *read_help(const struct text *lines) {
    json_t *all = json_object();
    for (const char *at = lines->ptr; at && *at;) {
        size_t len = strcspn(at, "\n");
        json_t *one = json_loadb(at, len, 0, NULL);
        json_object_set_new(all, text_of(one, "command"), one);
        at += len + (at[len] == '\n');
    }
    return all;
}

/* Of what was told, and of what the options of commands are. NULL: it is answered why not. */
static json_t *make_from(struct request *r, const struct text *told) {
    static const char *const words[] = {"help", NULL};
    struct text lines = {0};
    if (!command_output(r, words, &lines))
        return NULL;
    json_t *parsed = json_loadb(told->ptr ? told->ptr : "", told->len, 0, NULL);
    json_t *help = read_help(&lines), *document = parsed && help ? make(parsed, help) : NULL;
    if (!document)
        no_memory(r);
    text_free(&lines);
    json_decref(parsed);
    json_decref(help);
    return document;
}

/* Tens of megabytes in small pieces, which the library would keep for the next time. */
static void let_go(json_t *document) {
    json_decref(document);
    malloc_trim(0);
}

static bool make_kept(struct request *r, struct kept *k, struct text *told) {
    json_t *document = make_from(r, told);
    char *text = document ? json_dumps(document, JSON_COMPACT) : NULL;
    text_free(&k->told);
    text_free(&k->document);
    let_go(document);
    text_puts(&k->document, text ? text : "");
    (void)snprintf(k->etag, sizeof k->etag, "%016llx", (unsigned long long)digest(&k->document));
    bool made = text && !k->document.failed;
    if (made) {
        k->told = *told;
        *told = (struct text){0};
    } else if (!r->status) {
        no_memory(r);
    }
    free(text);
    return made;
}

/* The one that was made of the same, or a new one in place of that which was used longest ago.
 * NULL: it is answered why not. */
static struct kept *find(struct request *r, struct text *told) {
    struct openapi *o = r->self->openapi;
    struct kept *oldest = &o->kept[0];
    for (size_t i = 0; i < KEPT; i++) {
        struct kept *k = &o->kept[i];
        if (k->told.len == told->len && k->told.len &&
            memcmp(k->told.ptr, told->ptr, told->len) == 0) {
            k->used = ++o->uses;
            return k;
        }
        if (k->used < oldest->used)
            oldest = k;
    }
    oldest->used = ++o->uses;
    return make_kept(r, oldest, told) ? oldest : NULL;
}

/* -- answers ----------------------------------------------------------------------------------- */

static const char *const schema_words[] = {"schema", NULL};

bool openapi_get(struct request *r) {
    struct openapi *o = r->self->openapi;
    struct text told = {0};
    if (!command_output(r, schema_words, &told))
        return true;
    pthread_mutex_lock(&o->lock);
    const struct kept *k = find(r, &told);
    if (k && has_tag(request_header(r, "If-None-Match"), kith_str_of(k->etag)))
        r->status = 304;
    else if (k) {
        text_add(&r->answer, k->document.ptr, k->document.len);
        answer_json(r, 200);
    }
    if (k)
        answer_header(r, "ETag", "\"%s\"", k->etag);
    pthread_mutex_unlock(&o->lock);
    text_free(&told);
    return true;
}

/* Nothing of the page comes from elsewhere, and no script runs in it. */
#define POLICY                                                                                     \
    "default-src 'none'; style-src 'nonce-%s'; base-uri 'none'; form-action 'none';"               \
    " frame-ancestors 'none'"

static void answer_page(struct request *r, const json_t *document) {
    unsigned char random[12];
    char nonce[2 * sizeof random + 1];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        no_memory(r);
        return;
    }
    for (size_t i = 0; i < sizeof random; i++)
        (void)snprintf(nonce + 2 * i, 3, "%02x", random[i]);
    openapi_page(&r->answer, document, nonce);
    r->status = 200;
    answer_header(r, "Content-Type", "text/html; charset=utf-8");
    answer_header(r, "Content-Security-Policy", POLICY, nonce);
}

bool openapi_page_get(struct request *r) {
    struct text told = {0};
    if (!command_output(r, schema_words, &told))
        return true;
    json_t *document = make_from(r, &told);
    if (document)
        answer_page(r, document);
    let_go(document);
    text_free(&told);
    return true;
}
