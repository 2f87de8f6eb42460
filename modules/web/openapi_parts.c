/* SPDX-License-Identifier: Apache-2.0 */
/* What the operations of the document share: parameters, bodies, answers, problems, headers. */
#include "openapi.h"
#include "people.h"

#include <ctype.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define JSON     "application/json"
#define PROBLEM  "application/problem+json"
#define LINES    "application/x-ndjson"

/* -- parameters -------------------------------------------------------------------------------- */

/* route NULL: of every one that takes an argument of this name. */
static const struct parameter {
    const char *name, *in, *route, *form, *doc;
    const char *example; /* NULL: it may be left out */
} parameters[] = {
    {"id", "path", NULL, "id", "Of the record.", "0SA818NN40003"},
    {"type", "path", NULL, "text", "The name of a type.", "contact"},
    {"run", "path", NULL, "id", "Of the run.", "0SA818NN40003"},
    {"transaction", "path", NULL, "id", "Of a transaction, an import, a run or a merge.",
     "0SA818NN40003"},
    {"report", "path", NULL, "text", "The name of a saved query, or of a report.",
     "sales.pipeline"},
    {"effect", "path", NULL, "id", "As the list tells it.", "0SA818NN40003"},
    {"setting", "path", NULL, "text", "The name of a setting, or of a module.", "web.listen"},
    {"number", "path", NULL, "text", "As the list tells it.", "1"},
    {"field", "path", NULL, "text", "The name of a field.", "owner"},
    {"q", "query", API "search", "text", "The words.", "ada"},
    {"q", "query", API "query", "text",
     "A query: contact where city = 'Ulm' order by name; contact group by city : count()",
     "contact where city = 'Ulm' order by name"},
    {"q", "query", API "export", "text",
     "A whole query, without totals: contact where city = 'Ulm' order by name",
     "contact where city = 'Ulm'"},
    {"q", "query", NULL, "text",
     "A condition, city = 'Ulm' and size > 3, also with an order behind it, or that alone: order by"
     " -size",
     NULL},
    {"topic", "query", NULL, "text",
     "Only these, with commas between them; a star stands for any characters: contact.*", NULL},
    {"after", "query", API "events", "text",
     "The id of an event: goes on behind it; 0 is the beginning of the journal. Left out: what"
     " happens from now on.",
     NULL},
    {"fields", "query", NULL, "text",
     "Which fields, with commas between them, also through links: name,account.name", NULL},
    {"limit", "query", API "search", "int", "How many at most, up to 1000; 20 if left out.", NULL},
    {"limit", "query", NULL, "int",
     "How many at most, as far as they fit into an answer of 8 MiB; 50 if left out.", NULL},
    {"after", "query", NULL, "text", "Goes on behind what next of the answer before said.", NULL},
    {"since", "query", NULL, "text", "Not before this day, 2026-01-31, or time.", NULL},
    {"type", "query", NULL, "text", "Only what is about records of this type.", NULL},
    {"state", "query", NULL, "text", "Only those in this state.", NULL},
    {"rehearse", "query", NULL, "bool", "Shows what it would do, and keeps nothing of it.", NULL},
    {"map", "query", API "import/{type}", "[text]",
     "Where a column goes: Given Name=first_name. Again for each further column.", NULL},
    {"format", "query", API "import/{type}", "csv|jsonl|vcard",
     "What the body is, where Content-Type does not say it.", NULL},
    {"name", "query", API "import/{type}", "text",
     "Of what is sent, by which an import that was broken off is known again.", NULL},
    {"name", "query", NULL, "text", "What the file is called.", "contract.txt"},
    {"format", "query", API "export", "jsonl|csv|vcard", "Of the answer; jsonl if left out.", NULL},
    {"format", "query", API "reports/{report}", "json|csv",
     "Of the answer; json if left out. CSV is all of it, unless limit says how many rows.", NULL},
    {"If-Match", "header", NULL, "text",
     "The ETag of the record as you read it: when somebody has written it since, you are refused"
     " with 412.",
     NULL},
    {"If-None-Match", "header", NULL, "text",
     "An ETag: when it is still the same, the answer is 304 without a body.", NULL},
    {"Last-Event-ID", "header", NULL, "text",
     "The id of the last event that was had, as browsers send it; it counts before ?after=.", NULL},
    {"Range", "header", NULL, "text", "A part of the bytes: bytes=0-999.", NULL},
    {"Idempotency-Key", "header", NULL, "text",
     "A text of yours, up to 200 bytes: sent again with it within a day, the request is carried out"
     " once.",
     NULL},
};

/* "query.q", "query.q.search" */
static void parameter_name(const struct parameter *p, char *out, size_t room) {
    const char *of = p->route ? p->route + strlen(API) : "";
    (void)snprintf(out, room, "%s.%s%s%.*s", p->in, p->name, *of ? "." : "", (int)strcspn(of, "/"),
                   of);
}

static json_t *all_parameters(void) {
    json_t *all = json_object();
    char name[80];
    for (size_t i = 0; i < COUNT(parameters); i++) {
        const struct parameter *p = &parameters[i];
        json_t *schema = openapi_form(p->form);
        if (strcmp(p->name, "limit") == 0)
            json_object_set_new(schema, "minimum", json_integer(1));
        if (strcmp(p->name, "limit") == 0 && p->route)
            json_object_set_new(schema, "maximum", json_integer(1000));
        json_t *one = json_pack("{s:s, s:s, s:s, s:o}", "name", p->name, "in", p->in, "description",
                                p->doc, "schema", schema);
        if (p->example) {
            json_object_set_new(one, "required", json_true());
            json_object_set_new(one, "example", json_string(p->example));
        }
        parameter_name(p, name, sizeof name);
        json_object_set_new(all, name, one);
    }
    return all;
}

static const struct parameter *parameter_of(const struct route *route, const char *name,
                                            const char *in) {
    for (size_t i = 0; i < COUNT(parameters); i++) {
        const struct parameter *p = &parameters[i];
        if (strcmp(p->name, name) == 0 && strcmp(p->in, in) == 0 &&
            (!p->route || strcmp(p->route, route->pattern) == 0))
            return p;
    }
    return NULL;
}

/* What the help of a command says of an option, as a sentence. */
static json_t *option_doc(const json_t *options, const char *name) {
    struct text t = {0};
    char option[40]; /* "skip-lines" for the argument skip_lines */
    (void)snprintf(option, sizeof option, "%s", name);
    for (char *at = option; (at = strchr(at, '_'));)
        *at = '-';
    const char *doc = text_of(options, option);
    if (!*doc)
        return json_string("");
    text_printf(&t, "%c%s.", toupper((unsigned char)*doc), doc + 1);
    json_t *sentence = json_string(t.ptr ? t.ptr : "");
    text_free(&t);
    return sentence;
}

/* kind: "string", or "boolean" of a switch. */
static json_t *parameter_of_kind(const struct api_operation *o, const char *name, const char *in,
                                 const char *kind) {
    char known[80];
    const struct parameter *p = parameter_of(o->route, name, in);
    if (p) {
        parameter_name(p, known, sizeof known);
        return openapi_ref("parameters", "%s", known);
    }
    return json_pack("{s:s, s:s, s:b, s:o, s:{s:s}}", "name", name, "in", in, "required",
                     strcmp(in, "path") == 0, "description", option_doc(o->options, name), "schema",
                     "type", kind);
}

static json_t *parameter_ref(const struct api_operation *o, const char *name, const char *in) {
    return parameter_of_kind(o, name, in, "string");
}

/* -- what handlers do beside ------------------------------------------------------------------- */

enum {
    IF_MATCH = 1,
    IF_NONE = 2,
    ONCE = 4,    /* takes an Idempotency-Key */
    LINED = 8,   /* takes lines of JSON, and answers with them */
    SILENT = 16, /* answers without a body */
    COOKED = 32, /* sets a cookie, or takes it away */
    PARTS = 64   /* bytes, or a range of them */
};
static const struct doing {
    bool (*handle)(struct request *r);
    unsigned status, flags;
    /* "create", "" (the record), or the name of a shape; NULL: none */
    const char *takes, *gives;
} doings[] = {
    {record_get, 200, IF_NONE, NULL, ""},
    {record_create, 201, ONCE | LINED, "create", ""},
    {record_update, 200, IF_MATCH | ONCE, "update", ""},
    {records_update, 200, ONCE | LINED, NULL, NULL},
    {record_delete, 204, IF_MATCH | ONCE | SILENT, NULL, NULL},
    {record_transition, 200, IF_MATCH | ONCE, NULL, ""},
    {records_list, 200, 0, NULL, "list"},
    {file_download, 200, IF_NONE | PARTS, NULL, NULL},
    {action_get, 200, IF_NONE | PARTS, NULL, NULL},
    {file_upload, 201, 0, NULL, "Put"},
    {session_show, 200, 0, NULL, "Me"},
    {session_create, 201, COOKED, "Credentials", "Me"},
    {set_up, 204, SILENT, "FirstPassword", NULL},
    {password_put, 204, SILENT, "OtherPassword", NULL},
    {factor_create, 200, 0, "OwnPassword", "FactorSecret"},
    {factor_confirm, 200, 0, "FirstCode", "Recovery"},
    {factor_remove, 204, SILENT, "PasswordAndCode", NULL},
    {account_untie, 204, SILENT, "OwnPassword", NULL},
    {session_delete, 204, COOKED | SILENT, NULL, NULL},
};

static const struct doing *doing_of(const struct route *route) {
    for (size_t i = 0; i < COUNT(doings); i++)
        if (doings[i].handle == route->handle)
            return &doings[i];
    return NULL;
}

static bool has(const struct api_operation *o, unsigned flag) {
    const struct doing *d = doing_of(o->route);
    return d && (d->flags & flag);
}

static bool takes_members(const struct route *route) {
    for (const char *const *w = route->words; w && *w; w++)
        if (strcmp(*w, "@") == 0)
            return true;
    return false;
}

/* -- the parameters of one operation ----------------------------------------------------------- */

static json_t *state_parameter(const struct api_operation *o) {
    json_t *f;
    size_t i;
    json_array_foreach(json_object_get(o->type, "fields"), i, f) {
        if (strcmp(text_of(f, "field"), text_of(o->type, "state")) == 0)
            return json_pack("{s:s, s:s, s:b, s:s, s:{s:s, s:O}}", "name", "state", "in", "path",
                             "required", 1, "description", "The state that it comes into.",
                             "schema", "type", "string", "enum", json_object_get(f, "options"));
    }
    return parameter_ref(o, "state", "path");
}

static void add_path_parameters(const struct api_operation *o, json_t *all) {
    char name[40];
    for (const char *at = strchr(o->route->pattern, '{'); at; at = strchr(at + 1, '{')) {
        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(at + 1, "}"), at + 1);
        if ((o->type && strcmp(name, "type") == 0) || (o->action && strcmp(name, "action") == 0) ||
            (o->report && strcmp(name, "report") == 0))
            continue;
        bool state = o->type && strcmp(name, "state") == 0;
        json_array_append_new(all, state ? state_parameter(o) : parameter_ref(o, name, "path"));
    }
}

/* Any others, each by its name. */
static json_t *other_parameters(void) {
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:{s:s, s:{s:s}}}", "name", "others", "in", "query",
                     "description", "Further ones, each by its own name.", "style", "form",
                     "explode", 1, "schema", "type", "object", "additionalProperties", "type",
                     "string");
}

static void add_others(const struct api_operation *o, json_t *all) {
    json_t *one;
    size_t i;
    json_array_foreach(json_object_get(o->action, "parameters"), i, one) {
        bool must = json_is_true(json_object_get(one, "required"));
        json_array_append_new(
            all, json_pack("{s:O, s:s, s:b, s:s, s:o}", "name", json_object_get(one, "field"), "in",
                           "query", "required", must && !json_object_get(one, "default"),
                           "description", text_of(one, "doc"), "schema", openapi_argument(one)));
    }
    if (!o->report && !o->action)
        json_array_append_new(all, other_parameters());
    json_array_foreach(json_object_get(o->report, "parameters"), i, one) {
        json_array_append_new(all, json_pack("{s:O, s:s, s:b, s:s, s:{s:s}}", "name", one, "in",
                                             "query", "required", 1, "description",
                                             "What the query asks for by this name.", "schema",
                                             "type", "string"));
    }
}

static void add_query_parameters(const struct api_operation *o, json_t *all) {
    char name[40];
    for (const char *const *w = o->route->words; w && *w; w++) {
        const char *mark = **w == '{' ? NULL : strpbrk(*w, "?!");
        if (strchr(*w, '*'))
            add_others(o, all);
        else if (mark)
            json_array_append_new(
                all, parameter_of_kind(o, mark + 1, "query", *mark == '!' ? "boolean" : "string"));
    }
    for (const char *at = o->route->arguments; at && *at; at += *at == '|') {
        size_t len = strcspn(at, "|");
        (void)snprintf(name, sizeof name, "%.*s", (int)len, at);
        json_array_append_new(all, parameter_ref(o, name, "query"));
        at += len;
    }
}

json_t *openapi_parameters(const struct api_operation *o) {
    json_t *all = json_array();
    add_path_parameters(o, all);
    add_query_parameters(o, all);
    if (has(o, IF_MATCH))
        json_array_append_new(all, parameter_ref(o, "If-Match", "header"));
    if (has(o, IF_NONE))
        json_array_append_new(all, parameter_ref(o, "If-None-Match", "header"));
    if (has(o, PARTS))
        json_array_append_new(all, parameter_ref(o, "Range", "header"));
    if (o->route->handle == events_follow)
        json_array_append_new(all, parameter_ref(o, "Last-Event-ID", "header"));
    if (has(o, ONCE) || route_takes_key(o->route))
        json_array_append_new(all, parameter_ref(o, "Idempotency-Key", "header"));
    return all;
}

/* A form of the type's, or a shape. */
static json_t *form_of(const struct api_operation *o, const char *name) {
    if (*name >= 'A' && *name <= 'Z')
        return openapi_ref("schemas", "%s", name);
    return openapi_ref("schemas", "%s%s%s", text_of(o->type, "type"), *name ? "." : "", name);
}

/* -- bodies ------------------------------------------------------------------------------------ */

/* "text/csv|text/vcard": texts of these forms. */
static void add_media(json_t *content, const char *at) {
    char name[80];
    for (; *at; at += *at == '|') {
        size_t len = strcspn(at, "|");
        (void)snprintf(name, sizeof name, "%.*s", (int)len, at);
        json_object_set_new(content, name, json_pack("{s:{s:s}}", "schema", "type", "string"));
        at += len;
    }
}

static json_t *lines_content(const char *doc) {
    return json_pack("{s:{s:s, s:s}}", "schema", "type", "string", "description", doc);
}

json_t *openapi_body(const struct api_operation *o) {
    const struct doing *d = doing_of(o->route);
    json_t *content = json_object();
    bool required = true;
    if (d && d->takes)
        json_object_set_new(content, JSON, json_pack("{s:o}", "schema", form_of(o, d->takes)));
    if (has(o, LINED))
        json_object_set_new(content, LINES,
                            lines_content(o->route->method == METHOD_PATCH
                                              ? "The same as for one, with its id, on each line."
                                              : "The same on each line, at most 1000."));
    if (o->action && takes_members(o->route)) {
        const char *name = text_of(o->action, "action");
        json_t *schema = openapi_ref("schemas", "action.%s", name), *p;
        size_t i;
        required = false;
        json_array_foreach(json_object_get(o->action, "parameters"), i, p) {
            required |=
                json_is_true(json_object_get(p, "required")) && !json_object_get(p, "default");
        }
        json_object_set_new(content, JSON, json_pack("{s:o}", "schema", schema));
    }
    if (o->route->takes)
        add_media(content, o->route->takes);
    if (json_object_size(content))
        return json_pack("{s:b, s:o}", "required", required, "content", content);
    json_decref(content);
    return NULL;
}

/* -- answers ----------------------------------------------------------------------------------- */

enum { ALWAYS, ON_WRITE, ON_MATCH, ON_PARTS, ON_EVENTS, IF_COUNTED };
static const struct problem {
    unsigned status, when;
    const char *name, *doc;
} problems[] = {
    {400, ALWAYS, "Wrong",
     "It cannot be understood: an argument that is wrong or that there is not, a body that is no "
     "JSON."},
    {401, ALWAYS, "SignIn", "There is no token, or not a good one."},
    {403, ALWAYS, "Denied", "There is no right to it."},
    {404, ALWAYS, "NotFound", "The address names nothing, or nothing that you may see."},
    {409, ON_WRITE, "Conflict",
     "The value of a unique field is there already, or the key was used for another request."},
    {410, ON_EVENTS, "Gone",
     "There is no such place any more: first is where the journal begins now, last where it ends."},
    {412, ON_MATCH, "Changed", "Somebody else has changed the record."},
    {413, ON_WRITE, "TooLarge", "The body is larger than may be."},
    {415, ON_WRITE, "OtherForm",
     "What is sent has another form than this takes, or does not say which."},
    {416, ON_PARTS, "NoSuchPart", "The file has no bytes there."},
    {422, ALWAYS, "Refused",
     "It is understood, and cannot be done: a value in the body is wrong, or a rule refuses it."},
    {429, IF_COUNTED, "TooOften",
     "It was asked or tried too often, or too many listen; Retry-After says when to try again."},
    {503, ALWAYS, "Busy", "Try again; Retry-After says when."},
    {507, ON_WRITE, "Full", "The disk is full; nothing was written."},
};

static bool may_happen(const struct api_operation *o, const struct problem *p) {
    bool writes = o->route->method != METHOD_GET;
    switch (p->when) {
    case ON_WRITE: /* and whatever is sent is taken first */
        return writes;
    case ON_MATCH:
        return has(o, IF_MATCH);
    case ON_PARTS:
        return has(o, PARTS);
    case ON_EVENTS:
        return o->route->handle == events_follow;
    case IF_COUNTED: /* of whoever is known the requests, of whoever is not the attempts */
        return !o->route->open || o->route->door;
    default:
        return true;
    }
}

static json_t *all_problems(void) {
    json_t *all = json_object();
    for (size_t i = 0; i < COUNT(problems); i++) {
        json_t *one = json_pack("{s:s, s:{s:{s:o}}}", "description", problems[i].doc, "content",
                                PROBLEM, "schema", openapi_ref("schemas", "Problem"));
        const char *header = problems[i].status == 401 ? "WWW-Authenticate"
                             : problems[i].status == 503 || problems[i].status == 429
                                 ? "Retry-After"
                                 : NULL;
        if (header)
            json_object_set_new(one, "headers",
                                json_pack("{s:o}", header, openapi_ref("headers", "%s", header)));
        json_object_set_new(all, problems[i].name, one);
    }
    return all;
}

static const struct named_header {
    const char *name, *doc;
} headers[] = {
    {"ETag", "Which version of the record this is: for If-Match and If-None-Match."},
    {"Location", "The address of the new record."},
    {"Kith-Transaction", "Which transaction wrote it, for undo; absent when nothing was new."},
    {"Idempotency-Replayed", "true: it was carried out before, with the same key."},
    {"WWW-Authenticate", "How to say who you are."},
    {"Set-Cookie", "The session, or that there is none any more."},
    {"Retry-After", "After how many seconds to try again."},
};

static json_t *all_headers(void) {
    json_t *all = json_object();
    for (size_t i = 0; i < COUNT(headers); i++)
        json_object_set_new(
            all, headers[i].name,
            json_pack("{s:s, s:{s:s}}", "description", headers[i].doc, "schema", "type", "string"));
    return all;
}

static void add_header(json_t *answer, const char *name) {
    json_t *all = json_object_get(answer, "headers");
    if (!all) {
        all = json_object();
        json_object_set_new(answer, "headers", all);
    }
    json_object_set_new(all, name, openapi_ref("headers", "%s", name));
}

static void add_headers(const struct api_operation *o, json_t *answer, bool record) {
    if (record)
        add_header(answer, "ETag");
    if (o->route->handle == record_create && record)
        add_header(answer, "Location");
    if (has(o, COOKED))
        add_header(answer, "Set-Cookie");
    if (has(o, ONCE))
        add_header(answer, "Kith-Transaction");
    if (has(o, ONCE) || route_takes_key(o->route))
        add_header(answer, "Idempotency-Replayed");
}

/* What the answer of a route without a handler of its own looks like. */
static json_t *command_schema(const struct api_operation *o) {
    const char *gives = o->route->gives;
    if (o->action)
        return openapi_ref("schemas", "result.%s", text_of(o->action, "action"));
    if (o->route->many)
        return openapi_list(gives ? gives : "any");
    return gives ? openapi_form(gives) : json_object();
}

static bool is_rehearsed(const struct api_operation *o) {
    return doing_of(o->route) && route_names(o->route, "rehearse");
}

/* A type of its own: else a client would be told that what it changes is a record, or that. */
static void add_rehearsal(json_t *content) {
    json_object_set_new(content, REHEARSAL,
                        json_pack("{s:o}", "schema", openapi_ref("schemas", "Rehearsal")));
}

static json_t *content_of(const struct api_operation *o) {
    const struct doing *d = doing_of(o->route);
    json_t *content = json_object();
    const char *file = o->action ? text_of(o->action, "file") : "";
    if (file[0])
        json_object_setn_new(content, file, strcspn(file, "; "), json_object());
    else if (has(o, PARTS))
        json_object_set_new(content, "*/*", json_object());
    else if (!d && o->route->gives && strchr(o->route->gives, '/'))
        add_media(content, o->route->gives);
    else if (!d)
        json_object_set_new(content, JSON, json_pack("{s:o}", "schema", command_schema(o)));
    else if (d->gives)
        json_object_set_new(content, JSON, json_pack("{s:o}", "schema", form_of(o, d->gives)));
    if (has(o, LINED))
        json_object_set_new(
            content, LINES,
            lines_content("The record on each line, or only its id and type where it"
                          " may not be read: what lines are answered with."));
    if (o->route->handle == report_show)
        add_media(content, "text/csv");
    if (d && d->status == 200 && is_rehearsed(o))
        add_rehearsal(content);
    return content;
}

static void add_answer(json_t *all, unsigned status, json_t *answer) {
    char key[8];
    (void)snprintf(key, sizeof key, "%u", status);
    json_object_set_new(all, key, answer);
}

json_t *openapi_answers(const struct api_operation *o) {
    const struct doing *d = doing_of(o->route);
    json_t *all = json_object();
    unsigned status = d ? d->status : 200;
    if (status != 204) {
        json_t *answer = json_pack("{s:s, s:o}", "description", "Done.", "content", content_of(o));
        add_headers(o, answer, d && d->gives && !d->gives[0]);
        add_answer(all, status, answer);
        if (has(o, PARTS))
            add_answer(all, 206, json_incref(answer));
        if (o->route->handle == file_upload)
            add_answer(all, 200, json_incref(answer));
    }
    if (has(o, SILENT)) {
        json_t *answer = json_pack("{s:s}", "description", "Done.");
        add_headers(o, answer, false);
        add_answer(all, 204, answer);
    }
    if (is_rehearsed(o) && status != 200) {
        /* With the record's form beside it, clients take only that for what a write answers with.
         */
        json_t *content = json_object();
        if (d->gives)
            json_object_set_new(content, JSON, json_pack("{s:o}", "schema", form_of(o, d->gives)));
        add_rehearsal(content);
        add_answer(all, 200,
                   json_pack("{s:s, s:o}", "description", "With ?rehearse=1.", "content", content));
    }
    if (has(o, IF_NONE))
        add_answer(all, 304, json_pack("{s:s}", "description", "It is still the same."));
    for (size_t i = 0; i < COUNT(problems); i++)
        if (may_happen(o, &problems[i]))
            add_answer(all, problems[i].status, openapi_ref("responses", "%s", problems[i].name));
    return all;
}

json_t *openapi_parts(void) {
    return json_pack("{s:o, s:o, s:o, s:o, s:{s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s, s:s}}}",
                     "schemas", openapi_shapes(), "parameters", all_parameters(), "headers",
                     all_headers(), "responses", all_problems(), "securitySchemes", "token", "type",
                     "http", "scheme", "bearer", "description", "A token of 'kith token add'.",
                     "session", "type", "apiKey", "in", "cookie", "name", COOKIE_SECURE,
                     "description",
                     "The cookie of POST /api/v1/session; what writes says " CSRF " as well.");
}
