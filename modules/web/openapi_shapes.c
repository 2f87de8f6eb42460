/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes: what is sent and answered that is no record and no action, as JSON Schema. The tests hold
 * every answer against them: one that has another member, or lacks one, is found. */
#include "openapi.h"
#include "people.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

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
 * form is a kind below, the name of a shape, words to choose from: on|off, a list: [FORM], or an
 * object whose members have any names: {FORM}. */
static const struct shape {
    const char *name, *doc, *members;
    const char *beside;  /* of a list of them: members beside its items */
    const char *example; /* of what is sent: it has no other members; else NULL */
} shapes[] = {
    {"Found", "A record with the fields that were asked for, or totals.", "", NULL, NULL},
    {"Hit", "A record that holds the words.",
     "type:text id:id title:[Piece] -of:any -field:text -text:[Piece]",
     "-found:int -more_than_found:bool -not_indexed:int", NULL},
    {"Piece", "A part of a text; hit: one of the words.", "text:text -hit:bool", NULL, NULL},
    {"Type", "A type of records.",
     "type:text label:text module:text fields:int records:int retired:bool doc:text", NULL, NULL},
    {"Action", "An action that may be called.",
     "action:text module:text effect:text parameters:any doc:text", NULL, NULL},
    {"Module", "A module.",
     "module:text version:text state:text title:text reason:text path:text needs:[text] calls:int"
     " failures:int",
     NULL, NULL},
    {"Transaction", "What was written at once.",
     "id:id at:time actor:text origin:text -user:id? run:id? transactions:int changes:int "
     "records:[any]"
     " sums:[any] note:text? finished:bool",
     NULL, NULL},
    {"Change", "A change of a record.",
     "seq:int record:id at:time change:text transaction:id origin:text actor:text by:any? run:any?"
     " note:text? erased:bool -fields:any",
     NULL, NULL},
    {"Step", "A write, or what led to it.",
     "-seq:int -at:time -change:text -type:text? -id:id? -transaction:id -origin:text -actor:text"
     " -by:any? -run:any? -fields:any -rollup:text -newest:id? -action:text -rows:[any]",
     NULL, NULL},
    {"View", "A record with all that belongs to it.",
     "record:any title:text? -links:any -states:any -facts:any -contact_points:[any] -people:[any]"
     " -tags:[any] -segments:[text] -settling:[text] -open:[any] -linked:[any] timeline:[any]"
     " after:text?",
     NULL, NULL},
    {"Undone", "What an undo did, or would do.",
     "rehearsal:bool reversed:int kept:int refused:int earlier:int others:bool transaction:id?"
     " items:[any] cancelled:int sent:[any]",
     NULL, NULL},
    {"Workflow", "A workflow, and how many of its runs are how far.",
     "workflow:text begins:text? where:text? doc:text? file:text line:int version:text "
     "disabled:bool"
     " under_way:int failed:int runs:int",
     NULL, NULL},
    {"Run", "A run of a workflow: a record.",
     "id:id type:text -created:time -updated:time -owner:id? workflow:text -file:text?"
     " -version:text? -about:text? -parent:id? -cause:int? state:text -attempts:int?"
     " -remembered:bool? -waits_for:text? -due:time? -over:time? -result:text? -error:text?",
     NULL, NULL},
    {"RunStep", "A step of a run.",
     "at:time step:text branch:int line:int? call:text? arguments:any gave:any until:any -by:any",
     NULL, NULL},
    {"Rehearsal", "What a write would do, with all that reacts to it; nothing of it was kept.",
     "rehearsal:bool reactions:int? others:bool cut:bool effects:[any] outgoing:[any]", NULL, NULL},
    {"Written", "What was written; null: nothing was different.", "transaction:id?", NULL, NULL},
    {"Report", "A query that is asked for by its name.",
     "report:text doc:text query:text parameters:[text] saved:bool", NULL, NULL},
    {"Setting", "A setting, and where its value is from.",
     "setting:text kind:text value:text default:text? set_at:text doc:text", NULL, NULL},
    {"Imported", "What became of the rows; of a preview only items, the first of them.",
     "-rehearsal:bool -run:id? -rows:int -created:int -updated:int -unchanged:int -skipped:int"
     " -rejected:int -duplicates:int -keyless:int -resumed:int -kept:int -seconds:number"
     " -format:text -reasons:[Reason] -effects:[any] -items:[any]",
     NULL, NULL},
    {"Reason", "Why rows were rejected: how many, and the first of them.",
     "rows:int row:int line:int field:text? reason:text", NULL, NULL},
    {"Rehearsed", "What would be written, or told.",
     "effect:create|update|delete|event type:text? id:id? -topic:text -data:any by:any fields:any",
     NULL, NULL},
    {"Letter", "An event that could not be handled, or an effect that could not be sent.",
     "-number:int -effect:id state:text -reaction:text -topic:text -seq:int -attempts:int"
     " -delivery:text -endpoint:text -key:text type:text id:id? -transaction:id? -cause:int"
     " -tries:int -at:time? next:time? -done:time? error:text -payload:text -answer:text",
     NULL, NULL},
    {"Outcome", "What came of it.", "-number:int -effect:id outcome:text -error:text", NULL, NULL},
    {"Queue", "What waits for one receiver.",
     "delivery:text endpoint:text waiting:int dead:int failures:int held:bool enabled:bool"
     " open_until:time?",
     NULL, NULL},
    {"Put", "The file; without a transaction it was there already.",
     "id:id type:text size:int transaction:id?", NULL, NULL},
    {"Credentials", "How somebody proves who they are.", "login:text password:text -code:text",
     NULL, "{\"login\":\"anna\",\"password\":\"correct horse battery\"}"},
    {"FirstPassword", "A code of an invitation, or who the first administrator is.",
     "-code:text -login:text -name:text password:text", NULL,
     "{\"code\":\"8F3K-...\",\"login\":\"anna\",\"password\":\"correct horse battery\"}"},
    {"OtherPassword", "The password until now, and the one from now on.", "old:text password:text",
     NULL, "{\"old\":\"correct horse battery\",\"password\":\"staple on the moon\"}"},
    {"OwnPassword", "One's own password.", "password:text", NULL,
     "{\"password\":\"correct horse battery\"}"},
    {"FirstCode", "A code that the application shows.", "code:text", NULL, "{\"code\":\"492039\"}"},
    {"PasswordAndCode", "Both, to do without the second from then on.", "password:text code:text",
     NULL, "{\"password\":\"correct horse battery\",\"code\":\"492039\"}"},
    {"FactorSecret",
     "For an application that shows codes (TOTP): typed in, or as a picture of url.",
     "secret:text url:text", NULL, NULL},
    {"Recovery", "Codes that are each good once in the place of the second factor.",
     "recovery:[text]", NULL, NULL},
    {"Who", "A user.", "id:id login:text", NULL, NULL},
    {"OwnSession", "The session in which it is asked.",
     "number:int method:text began:time ends:time", NULL, NULL},
    {"Me",
     "Who asks; csrf goes with what is written in a session, as " CSRF ". types: how far each right"
     " reaches, by type; of an administrator it is empty, since nothing is out of reach.",
     "csrf:text? user:Who admin:bool types:{{text}} actions:[text] second_factor:on|off|needed"
     " providers:[text]"
     " session:OwnSession?",
     NULL, NULL},
    {"Session", "Somebody who is signed in.",
     "number:int user:id method:text from:text began:time used:time ends:time", NULL, NULL},
    {"Revoked", "How many sessions were ended.", "revoked:int", NULL, NULL},
    {"Effect", "What is to leave, or has left.",
     "effect:id state:waiting|sending|sent|dead|cancelled delivery:text endpoint:text key:text"
     " type:text id:id? transaction:id? cause:int tries:int at:time? next:time? done:time?"
     " error:text payload:text answer:text",
     NULL, NULL},
    {"AgentSession", "What an agent did in one go; written of budget records.",
     "session:id actor:text client:text started:time wrote:time? ended:time? written:int"
     " budget:int",
     NULL, NULL},
    {"Approval", "What an agent wants to write, and what a rehearsal of it has shown.",
     "approval:int session:id state:text tool:text asked:time decided:time? by:text arguments:any"
     " rehearsal:any result:any",
     NULL, NULL},
    {"Decision", "What was decided, and what the tool gave.", "approval:int state:text result:any",
     NULL, NULL},
    {"Status", "How the company does.",
     "ready:bool troubles:[text] version:text served:bool started:time started_ms:int"
     " memory_bytes:int cpu_ns:int open_files:int rule_files_off:int journal_rows:int"
     " transactions:int groups:int writes_waiting:int writer_busy_ms:int wal_bytes:int"
     " database_bytes:int disk_free_bytes:int reactions:int timers:int letters_waiting:int"
     " letters_dead:int outbox_waiting:int outbox_dead:int commits:Commits"
     " subscribers:[Subscriber] modules:[ModuleUse] rules:[RuleUse]",
     NULL, NULL},
    {"Commits", "How long commits took.", "total_ns:int times:[CommitTime]", NULL, NULL},
    {"CommitTime", "How many took so long, and longer than the one before; null: any longer.",
     "up_to_us:int? count:int", NULL, NULL},
    {"Subscriber", "How many rows of the journal somebody is behind.", "name:text behind:int", NULL,
     NULL},
    {"ModuleUse", "What a module did.", "name:text state:text calls:int failures:int slow:int",
     NULL, NULL},
    {"RuleUse", "What a rule did, and how long it took.",
     "rule:text file:text runs:int failures:int total_ns:int writes:int queries:int steps:int",
     NULL, NULL},
    {"Declared", "What is declared in this company.",
     "kith:text company:text currency:text administrator:bool reads_only:bool types:[any] "
     "actions:[any]"
     " reports:[any] topics:[any]",
     NULL, NULL},
    {"Problem",
     "What went wrong (RFC 9457). report: of an import, how far it came; first, last: of events,"
     " which there are.",
     "type:text title:text status:int detail:text code:text -field:text -request:text"
     " -report:Imported -first:int -last:int",
     NULL, NULL},
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

static json_t *words_form(const char *at, size_t len) {
    json_t *all = json_array();
    for (const char *end = at + len; at < end;) {
        size_t word = strcspn(at, "| ?");
        json_array_append_new(all, json_stringn(at, word));
        at += word + 1;
    }
    return json_pack("{s:s, s:o}", "type", "string", "enum", all);
}

static json_t *form(const char *text, size_t len) {
    if (len > 1 && text[len - 1] == '?')
        return json_pack("{s:[o,{s:s}]}", "anyOf", form(text, len - 1), "type", "null");
    if (len > 2 && text[0] == '[')
        return json_pack("{s:s, s:o}", "type", "array", "items", form(text + 1, len - 2));
    if (len > 2 && text[0] == '{')
        return json_pack("{s:s, s:o}", "type", "object", "additionalProperties",
                         form(text + 1, len - 2));
    return memchr(text, '|', len) ? words_form(text, len) : shape_or_kind(text, len);
}

json_t *openapi_form(const char *text) {
    return form(text, strlen(text));
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
    if (shape->example) {
        json_object_set_new(s, "additionalProperties", json_false());
        json_object_set_new(s, "examples", json_pack("[o]", json_loads(shape->example, 0, NULL)));
    }
    return s;
}

void openapi_add_members(json_t *properties, const char *members) {
    json_t *required = json_array();
    add_members(members, properties, required);
    json_decref(required);
}

/* {"items": [...], "next": ...} */
json_t *openapi_list(const char *of) {
    json_t *properties = json_pack("{s:{s:s, s:o}, s:o, s:o}", "items", "type", "array", "items",
                                   form(of, strlen(of)), "next", openapi_ref("schemas", "Cursor"),
                                   "inexact", openapi_ref("schemas", "Inexact"));
    json_t *required = json_pack("[s]", "items");
    for (size_t i = 0; i < COUNT(shapes); i++)
        if (strcmp(shapes[i].name, of) == 0 && shapes[i].beside)
            add_members(shapes[i].beside, properties, required);
    return object_of(properties, required);
}

json_t *openapi_shapes(void) {
    json_t *all = json_pack(
        "{s:{s:s,s:s,s:s}, s:{s:s,s:s}, s:{s:s,s:s}}", "Id", "type", "string", "pattern",
        "^[0-9A-F][0-9A-HJKMNP-TV-Z]{12}$", "description",
        "13 digits and capital letters, unique over all types; they sort by the time of creation.",
        "Cursor", "type", "string", "description",
        "There is more: give it as ?after= with the same query.", "Inexact", "type", "string",
        "description", "Why the answer may have too few or too many.");
    for (size_t i = 0; i < COUNT(shapes); i++)
        json_object_set_new(all, shapes[i].name, shape_schema(&shapes[i]));
    return all;
}
