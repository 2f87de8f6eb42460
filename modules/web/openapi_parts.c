/* SPDX-License-Identifier: Apache-2.0 */
/* What the operations of the document share: forms of answers, parameters, problems, headers. */
#include "openapi.h"
#include "people.h"

#include <ctype.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define JSON     "application/json"
#define PROBLEM  "application/problem+json"
#define LINES    "application/x-ndjson"

json_t *openapi_ref(const char *kind, const char *format, ...) {
    char name[160], path[240];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(name, sizeof name, format, args);
    va_end(args);
    (void)snprintf(path, sizeof path, "#/components/%s/%s", kind, name);
    return json_pack("{s:s}", "$ref", path);
}

/* -- forms of what commands answer ------------------------------------------------------------- */

/* Members: NAME:FORM, '-' in front of one that may be absent, '?' behind one that may be null. A
 * form is one of those below, the name of a shape, or a list: [FORM]. */
static const struct shape {
    const char *name, *doc, *members;
    const char *beside; /* of a list of them: members beside its items */
} shapes[] = {
    {"Found", "A record with the fields that were asked for, or totals.", "", NULL},
    {"Hit", "A record that holds the words.",
     "type:text id:id title:[Piece] -of:any -field:text -text:[Piece]",
     "-found:int -more_than_found:bool -not_indexed:int"},
    {"Piece", "A part of a text; hit: one of the words.", "text:text -hit:bool", NULL},
    {"Type", "A type of records.",
     "type:text label:text module:text fields:int records:int retired:bool doc:text", NULL},
    {"Action", "An action that may be called.",
     "action:text module:text effect:text parameters:any doc:text", NULL},
    {"Module", "A module.",
     "module:text version:text state:text title:text reason:text path:text needs:[text] calls:int"
     " failures:int",
     NULL},
    {"Transaction", "What was written at once.",
     "id:id at:time actor:text origin:text run:id? transactions:int changes:int records:[any]"
     " note:text? finished:bool",
     NULL},
    {"Change", "A change of a record.",
     "seq:int record:id at:time change:text transaction:id origin:text actor:text by:any? run:any?"
     " note:text? erased:bool -fields:any",
     NULL},
    {"Step", "A write, or what led to it.",
     "-seq:int -at:time -change:text -type:text? -id:id? -transaction:id -origin:text -actor:text"
     " -by:any? -run:any? -fields:any -rollup:text -newest:id?",
     NULL},
    {"View", "A record with all that belongs to it.",
     "record:any title:text? -links:any -states:any -facts:any -contact_points:[any] -people:[any]"
     " -tags:[any] -segments:[text] -settling:[text] -open:[any] -linked:[any] timeline:[any]"
     " after:text?",
     NULL},
    {"Undone", "What an undo did, or would do.",
     "rehearsal:bool reversed:int kept:int refused:int earlier:int others:bool transaction:id?"
     " items:[any] cancelled:int sent:[any]",
     NULL},
    {"Workflow", "A workflow, and how many of its runs are how far.",
     "workflow:text begins:text? doc:text? file:text line:int version:text disabled:bool"
     " under_way:int failed:int runs:int",
     NULL},
    {"Run", "A run of a workflow.",
     "id:id workflow:text state:text -about:text? -attempts:int -due:time? -over:time?"
     " -error:text?",
     NULL},
    {"RunStep", "A step of a run.",
     "at:time step:text branch:int line:int? call:text? arguments:any gave:any until:any -by:any",
     NULL},
    {"Written", "What was written; null: nothing was different.", "transaction:id?", NULL},
    {"Report", "A query that is asked for by its name.",
     "report:text doc:text query:text parameters:[text] saved:bool", NULL},
    {"Setting", "A setting, and where its value is from.",
     "setting:text kind:text value:text default:text? set_at:text doc:text", NULL},
    {"Imported", "What became of the rows; of a preview nothing of this.",
     "-rehearsal:bool -run:id? -rows:int -created:int -updated:int -unchanged:int -skipped:int"
     " -rejected:int -duplicates:int -keyless:int -resumed:int -kept:int -format:text"
     " -reasons:[any]",
     NULL},
    {"Letter", "An event that could not be handled, or an effect that could not be sent.", "",
     NULL},
    {"Outcome", "What came of it.", "-number:int -effect:id outcome:text -error:text", NULL},
    {"Queue", "What waits for one receiver.",
     "delivery:text endpoint:text waiting:int dead:int failures:int held:bool enabled:bool"
     " open_until:time?",
     NULL},
    {"Put", "The file; without a transaction it was there already.",
     "id:id type:text size:int transaction:id?", NULL},
    {"Credentials", "How somebody proves who they are.", "login:text password:text -code:text",
     NULL},
    {"FirstPassword", "A code of an invitation, or who the first administrator is.",
     "-code:text -login:text -name:text password:text", NULL},
    {"OtherPassword", "The password until now, and the one from now on.", "old:text password:text",
     NULL},
    {"Me", "Who asks; csrf goes with what is written in a session, as " CSRF ".", "csrf:text?",
     NULL},
    {"Effect", "What is to leave, or has left.",
     "effect:id state:text delivery:text endpoint:text key:text", NULL},
};

static json_t *form(const char *text, size_t len);

static json_t *shape_or_kind(const char *text, size_t len) {
    static const struct {
        const char *name, *type, *more, *value;
    } kinds[] = {
        {"text", "string", NULL, NULL},   {"int", "integer", NULL, NULL},
        {"bool", "boolean", NULL, NULL},  {"time", "string", "format", "date-time"},
        {"number", "number", NULL, NULL}, {"any", NULL, NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (strlen(kinds[i].name) != len || memcmp(kinds[i].name, text, len) != 0)
            continue;
        json_t *s = json_object();
        if (kinds[i].type)
            json_object_set_new(s, "type", json_string(kinds[i].type));
        if (kinds[i].more)
            json_object_set_new(s, kinds[i].more, json_string(kinds[i].value));
        return s;
    }
    if (len == 2 && memcmp(text, "id", 2) == 0)
        return openapi_ref("schemas", "Id");
    return openapi_ref("schemas", "%.*s", (int)len, text);
}

static json_t *form(const char *text, size_t len) {
    if (len > 1 && text[len - 1] == '?')
        return json_pack("{s:[o,{s:s}]}", "anyOf", form(text, len - 1), "type", "null");
    if (len > 2 && text[0] == '[')
        return json_pack("{s:s, s:o}", "type", "array", "items", form(text + 1, len - 2));
    return shape_or_kind(text, len);
}

static void add_members(const char *at, json_t *properties, json_t *required) {
    while (*at) {
        bool always = *at != '-';
        at += !always;
        size_t name = strcspn(at, ":"), kind = strcspn(at + name + 1, " ");
        char key[40];
        (void)snprintf(key, sizeof key, "%.*s", (int)name, at);
        json_object_set_new(properties, key, form(at + name + 1, kind));
        if (always)
            json_array_append_new(required, json_string(key));
        at += name + 1 + kind;
        at += *at == ' ';
    }
}

static json_t *object_of(json_t *properties, json_t *required) {
    json_t *s = json_pack("{s:s, s:o}", "type", "object", "properties", properties);
    if (json_array_size(required))
        json_object_set(s, "required", required);
    json_decref(required);
    return s;
}

static json_t *shape_schema(const struct shape *shape) {
    json_t *properties = json_object(), *required = json_array();
    add_members(shape->members, properties, required);
    json_t *s = object_of(properties, required);
    json_object_set_new(s, "description", json_string(shape->doc));
    return s;
}

/* {"items": [...], "next": ...} */
static json_t *list_schema(const char *of) {
    json_t *properties = json_pack("{s:{s:s, s:o}, s:o, s:o}", "items", "type", "array", "items",
                                   form(of, strlen(of)), "next", openapi_ref("schemas", "Cursor"),
                                   "inexact", openapi_ref("schemas", "Inexact"));
    json_t *required = json_pack("[s]", "items");
    for (size_t i = 0; i < COUNT(shapes); i++)
        if (strcmp(shapes[i].name, of) == 0 && shapes[i].beside)
            add_members(shapes[i].beside, properties, required);
    return object_of(properties, required);
}

static json_t *all_schemas(void) {
    json_t *all = json_pack(
        "{s:{s:s,s:s,s:s}, s:{s:s,s:s}, s:{s:s,s:s}, s:{s:s,s:s}, s:{s:s,s:{},s:s}}", "Id", "type",
        "string", "pattern", "^[0-9A-F][0-9A-HJKMNP-TV-Z]{12}$", "description",
        "13 digits and capital letters, unique over all types; they sort by the time of creation.",
        "Cursor", "type", "string", "description",
        "There is more: give it as ?after= with the same query.", "Inexact", "type", "string",
        "description", "Why the answer may have too few or too many.", "Rehearsed", "type",
        "boolean", "description", "There with ?rehearse=1: nothing of it was kept.", "Effects",
        "type", "array", "items", "description", "There with ?rehearse=1: what would be written.");
    json_t *required = json_array(), *properties = json_object();
    add_members("type:text title:text status:int detail:text code:text -field:text -request:text",
                properties, required);
    json_object_set_new(all, "Problem", object_of(properties, required));
    for (size_t i = 0; i < COUNT(shapes); i++)
        json_object_set_new(all, shapes[i].name, shape_schema(&shapes[i]));
    return all;
}

/* -- parameters -------------------------------------------------------------------------------- */

/* route NULL: of every one that takes an argument of this name. */
static const struct parameter {
    const char *name, *in, *route, *form, *doc;
} parameters[] = {
    {"id", "path", NULL, "id", "Of the record."},
    {"type", "path", NULL, "text", "The name of a type."},
    {"run", "path", NULL, "id", "Of the run."},
    {"transaction", "path", NULL, "id", "Of a transaction, an import, a run or a merge."},
    {"report", "path", NULL, "text", "The name of a saved query, or of a report."},
    {"effect", "path", NULL, "id", "As the list tells it."},
    {"setting", "path", NULL, "text", "The name of a setting, or of a module."},
    {"topic", "query", NULL, "text",
     "Only these, with commas between them; a star stands for any characters: contact.*"},
    {"number", "path", NULL, "text", "As the list tells it."},
    {"field", "path", NULL, "text", "The name of a field."},
    {"q", "query", "/api/v1/search", "text", "The words."},
    {"q", "query", "/api/v1/query", "text",
     "A query: contact where city = 'Ulm' order by name; contact group by city : count()"},
    {"q", "query", NULL, "text",
     "A condition, city = 'Ulm' and size > 3, also with an order behind it, or that alone: order by"
     " -size"},
    {"fields", "query", NULL, "text",
     "Which fields, with commas between them, also through links: name,account.name"},
    {"limit", "query", NULL, "int", "How many at most."},
    {"after", "query", NULL, "text", "Goes on behind what next of the answer before said."},
    {"since", "query", NULL, "text", "Not before this day, 2026-01-31, or time."},
    {"type", "query", NULL, "text", "Only what is about records of this type."},
    {"state", "query", NULL, "text", "Only those in this state."},
    {"rehearse", "query", NULL, "bool", "Shows what it would do, and keeps nothing of it."},
    {"If-Match", "header", NULL, "text",
     "The ETag of the record as you read it: when somebody has written it since, you are refused"
     " with 412."},
    {"If-None-Match", "header", NULL, "text",
     "An ETag: when it is still the same, the answer is 304 without a body."},
    {"Range", "header", NULL, "text", "A part of the bytes: bytes=0-999."},
    {"Idempotency-Key", "header", NULL, "text",
     "A text of yours, up to 200 bytes: sent again with it within a day, the request is carried out"
     " once."},
};

static void parameter_name(const struct parameter *p, char *out, size_t room) {
    (void)snprintf(out, room, "%s.%s%s%s", p->in, p->name, p->route ? "." : "",
                   p->route ? strrchr(p->route, '/') + 1 : "");
}

static json_t *all_parameters(void) {
    json_t *all = json_object();
    char name[80];
    for (size_t i = 0; i < COUNT(parameters); i++) {
        const struct parameter *p = &parameters[i];
        json_t *schema = form(p->form, strlen(p->form));
        if (strcmp(p->name, "limit") == 0)
            json_object_set_new(schema, "minimum", json_integer(1));
        json_t *one = json_pack("{s:s, s:s, s:s, s:o}", "name", p->name, "in", p->in, "description",
                                p->doc, "schema", schema);
        if (strcmp(p->in, "path") == 0 || p->route)
            json_object_set_new(one, "required", json_true());
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
    const char *doc = text_of(options, name);
    if (!*doc)
        return json_string("");
    text_printf(&t, "%c%s.", toupper((unsigned char)*doc), doc + 1);
    json_t *sentence = json_string(t.ptr ? t.ptr : "");
    text_free(&t);
    return sentence;
}

static json_t *parameter_ref(const struct api_operation *o, const char *name, const char *in) {
    char known[80];
    const struct parameter *p = parameter_of(o->route, name, in);
    if (p) {
        parameter_name(p, known, sizeof known);
        return openapi_ref("parameters", "%s", known);
    }
    return json_pack("{s:s, s:s, s:b, s:o, s:{s:s}}", "name", name, "in", in, "required",
                     strcmp(in, "path") == 0, "description", option_doc(o->options, name), "schema",
                     "type", "string");
}

/* -- what handlers do beside ------------------------------------------------------------------- */

enum {
    IF_MATCH = 1,
    IF_NONE = 2,
    ONCE = 4,    /* takes an Idempotency-Key */
    LINED = 8,   /* takes lines of JSON, and answers with them */
    SILENT = 16, /* may answer without a body */
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
    {record_create, 201, ONCE | LINED | SILENT, "create", ""},
    {record_update, 200, IF_MATCH | ONCE | SILENT, "update", ""},
    {records_update, 200, ONCE | LINED, NULL, NULL},
    {record_delete, 204, IF_MATCH | ONCE | SILENT, NULL, NULL},
    {record_transition, 200, IF_MATCH | ONCE | SILENT, NULL, ""},
    {records_list, 200, 0, NULL, "list"},
    {file_download, 200, IF_NONE | PARTS, NULL, NULL},
    {file_upload, 201, 0, NULL, "Put"},
    {session_show, 200, 0, NULL, "Me"},
    {session_create, 201, COOKED, "Credentials", "Me"},
    {set_up, 204, SILENT, "FirstPassword", NULL},
    {password_put, 204, SILENT, "OtherPassword", NULL},
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
    if (!o->report)
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
        if (strncmp(*w, "--", 2) == 0 && strchr(*w, '*'))
            add_others(o, all);
        else if (mark)
            json_array_append_new(all, parameter_ref(o, mark + 1, "query"));
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
    if (has(o, ONCE))
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

enum { ALWAYS, ON_WRITE, ON_MATCH, ON_PARTS, AT_DOOR };
static const struct problem {
    unsigned status, when;
    const char *name, *doc;
} problems[] = {
    {400, ALWAYS, "Wrong", "The request is wrong: no JSON, an argument that there is not."},
    {401, ALWAYS, "SignIn", "There is no token, or not a good one."},
    {403, ALWAYS, "Denied", "There is no right to it."},
    {404, ALWAYS, "NotFound", "It is not there, or not to be seen."},
    {409, ON_WRITE, "Conflict",
     "The value of a unique field is there already, or the key was used for another request."},
    {412, ON_MATCH, "Changed", "Somebody else has changed the record."},
    {413, ON_WRITE, "TooLarge", "The body is larger than web.max_body."},
    {415, ON_WRITE, "OtherForm",
     "What is sent has another form than this takes, or does not say which."},
    {416, ON_PARTS, "NoSuchPart", "The file has no bytes there."},
    {422, ALWAYS, "Refused", "A value is wrong, or a rule refuses the change."},
    {429, AT_DOOR, "TooOften", "It was tried too often; Retry-After says when to try again."},
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
    case AT_DOOR:
        return o->route->door;
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
    if (has(o, ONCE)) {
        add_header(answer, "Kith-Transaction");
        add_header(answer, "Idempotency-Replayed");
    }
}

/* What the answer of a route without a handler of its own looks like. */
static json_t *command_schema(const struct api_operation *o) {
    const char *gives = o->route->gives;
    if (o->action)
        return openapi_ref("schemas", "result.%s", text_of(o->action, "action"));
    if (o->route->many)
        return list_schema(gives ? gives : "any");
    return gives ? form(gives, strlen(gives)) : json_object();
}

static json_t *content_of(const struct api_operation *o) {
    const struct doing *d = doing_of(o->route);
    json_t *content = json_object();
    if (has(o, PARTS))
        json_object_set_new(content, "*/*", json_object());
    else if (!d && o->route->gives && strchr(o->route->gives, '/'))
        add_media(content, o->route->gives);
    else if (!d)
        json_object_set_new(content, JSON, json_pack("{s:o}", "schema", command_schema(o)));
    else if (d->gives)
        json_object_set_new(content, JSON, json_pack("{s:o}", "schema", form_of(o, d->gives)));
    if (has(o, LINED))
        json_object_set_new(content, LINES,
                            lines_content("The record, or null where it may not be read, on each"
                                          " line: what lines are answered with."));
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
        json_t *answer =
            json_pack("{s:s}", "description",
                      status == 204 ? "Done." : "Done; the record may not be read any more.");
        add_headers(o, answer, false);
        add_answer(all, 204, answer);
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
                     "schemas", all_schemas(), "parameters", all_parameters(), "headers",
                     all_headers(), "responses", all_problems(), "securitySchemes", "token", "type",
                     "http", "scheme", "bearer", "description", "A token of 'kith token add'.",
                     "session", "type", "apiKey", "in", "cookie", "name", COOKIE_SECURE,
                     "description",
                     "The cookie of POST /api/v1/session; what writes says " CSRF " as well.");
}
