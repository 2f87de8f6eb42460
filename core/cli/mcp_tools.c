/* SPDX-License-Identifier: Apache-2.0 */
/* Tools: what an agent may call. A row for each that is the same in every company, and every action
 * that the caller may call. */
#include "cli/mcp.h"
#include "cli/show.h"
#include "record/access.h"

#include <string.h>

/* -- the same everywhere ----------------------------------------------------------------------- */

#define WORDS(...)  ((const char *const[]){__VA_ARGS__, NULL})
#define TEXT(doc)   "{\"type\":\"string\",\"description\":\"" doc "\"}"
#define NUMBER(doc) "{\"type\":\"integer\",\"minimum\":1,\"description\":\"" doc "\"}"
#define SWITCH(doc) "{\"type\":\"boolean\",\"description\":\"" doc "\"}"
#define VALUES(doc) "{\"type\":\"object\",\"description\":\"" doc "\"}"

#define TYPE "type", TEXT("The type of the record: contact, task, ..."), true
#define ID   "id", TEXT("The id of the record: 13 digits and letters."), true
#define PARAMS                                                                                     \
    "params", VALUES("What :name in the query stands for: {\\\"name\\\": \\\"Bonn\\\"}"), false
#define AFTER "after", TEXT("Goes on where an earlier answer ended: its next."), false

static kith_status answer_describe(struct mcp *m, const json_t *args, struct buf *out,
                                   kith_error *e) {
    struct json_out j;
    const struct rtype *t;
    const char *type = json_string_value(json_object_get(args, "type"));
    json_begin(&j, out, false);
    if (!type)
        return mcp_describe_all(m, &j, e);
    TRY(schema_find_type(cmd_schema(m->c), str_of(type), &t, e));
    if (access_rule(&m->c->principal, t) == ACCESS_NONE)
        return err_set(e, KITH_E_DENIED, NULL, "you may not read any %s", type);
    mcp_describe_type(m, t, &j);
    return KITH_OK;
}

/* The field that is the state: "stage=won". */
static kith_status add_state(struct mcp *m, const json_t *args, struct buf *last, kith_error *e) {
    const struct rtype *t;
    const char *type = json_string_value(json_object_get(args, "type"));
    const char *state = json_string_value(json_object_get(args, "state"));
    TRY(schema_find_type(cmd_schema(m->c), str_of(type), &t, e));
    if (!type_state(t))
        return err_set(e, KITH_E_INVAL, "type", "a %s has no state", t->name);
    buf_printf(last, "%s=%s", type_state(t)->name, state ? state : "");
    return KITH_OK;
}

const struct tool tools[] = {
    {.name = "describe",
     .title = "Describe the types",
     .doc = "What types of records there are; with a type its fields, what their values look like,"
            " and where its states may lead. Call it before you query or write.",
     .flags = TOOL_READS | TOOL_REPEATS,
     .params = {{"type", TEXT("A type: contact. Without it all are listed."), false}},
     .answer = answer_describe},
    {.name = "find",
     .title = "Find records by a query",
     .doc = "Records that a query finds, or its totals: contact where city = 'Bonn' order by name;"
            " lead group by state : count(). Ids, types and fields are as describe tells.",
     .flags = TOOL_READS | TOOL_REPEATS | TOOL_LINES,
     .params = {{"query", TEXT("TYPE where CONDITION order by FIELD limit N"), true},
                {"fields", TEXT("Only these, through links too: name,account.name"), false},
                {"limit", NUMBER("So many at most; 50 when it is not given."), false},
                {AFTER},
                {PARAMS}},
     .words = WORDS("find", "--fields=?fields", "--limit=?limit|50", "--after=?after",
                    "--param=@params", "?query")},
    {.name = "report",
     .title = "Reports and saved queries",
     .doc = "What a report finds now, by its name; without one, which there are, and the parameters"
            " that each takes.",
     .flags = TOOL_READS | TOOL_REPEATS | TOOL_LINES,
     .params = {{"name", TEXT("As the list tells it."), false},
                {"limit", NUMBER("So many at most; 50 when it is not given."), false},
                {AFTER},
                {PARAMS}},
     .words = WORDS("report", "--limit=?limit|50", "--after=?after", "--param=@params", "?name")},
    {.name = "search",
     .title = "Search by words",
     .doc = "Records of all types with these words, the best first.",
     .flags = TOOL_READS | TOOL_REPEATS | TOOL_LINES,
     .params = {{"words", TEXT("anna schmidt; a phrase in double quotes; -word is not in it"),
                 true},
                {"type", TEXT("Only records of this type."), false},
                {"limit", NUMBER("So many at most; 20 when it is not given."), false},
                {AFTER}},
     .words = WORDS("search", "--type=?type", "--limit=?limit", "--after=?after", "?words")},
    {.name = "get",
     .title = "Read a record",
     .doc = "All that is known of a record on one page: its fields, how a person is reached, what"
            " is open, what links to it, and the newest of its timeline.",
     .flags = TOOL_READS | TOOL_REPEATS,
     .params = {{TYPE},
                {ID},
                {"limit", NUMBER("So many items of the timeline; 20 when it is not given."), false},
                {"after", TEXT("Only the timeline, from where an earlier answer ended."), false}},
     .words = WORDS("view", "--limit=?limit", "--after=?after", "?type", "?id")},
    {.name = "history",
     .title = "The changes of a record",
     .doc = "What was changed in a record, when, by whom, and by which code.",
     .flags = TOOL_READS | TOOL_REPEATS | TOOL_LINES,
     .params = {{TYPE}, {ID}},
     .words = WORDS("history", "?type", "?id")},
    {.name = "why",
     .title = "Why a field has its value",
     .doc = "What set the field of a record, and what had led to that, up to the person.",
     .flags = TOOL_READS | TOOL_REPEATS,
     .params = {{TYPE}, {ID}, {"field", TEXT("A field of the record."), true}},
     .words = WORDS("why", "?type", "?id", "?field")},
    {.name = "create",
     .title = "Create a record",
     .doc = "Creates a record. Rehearse it first.",
     .params = {{TYPE},
                {"fields", VALUES("Its values: {\\\"name\\\": \\\"Anna Schmidt\\\"}"), true}},
     .words = WORDS("create", "?type", "@fields")},
    {.name = "update",
     .title = "Change a record",
     .doc = "Sets fields of a record; null empties one. Rehearse it first.",
     .flags = TOOL_DESTROYS | TOOL_REPEATS,
     .params = {{TYPE}, {ID}, {"fields", VALUES("The values that are to change."), true}},
     .words = WORDS("update", "?type", "?id", "@fields")},
    {.name = "delete",
     .title = "Delete a record",
     .doc = "Deletes a record with what is part of it. Rehearse it first.",
     .flags = TOOL_DESTROYS | TOOL_REPEATS,
     .params = {{TYPE}, {ID}},
     .words = WORDS("delete", "?type", "?id")},
    {.name = "transition",
     .title = "Move a record into another state",
     .doc = "Brings a record into another state; describe tells where its states may lead."
            " Rehearse it first.",
     .flags = TOOL_DESTROYS | TOOL_REPEATS,
     .params = {{TYPE}, {ID}, {"state", TEXT("The new state."), true}},
     .words = WORDS("update", "?type", "?id"),
     .more = add_state},
    {.name = "undo",
     .title = "Take back a transaction",
     .doc = "Takes back what a transaction wrote, with what rules did because of it. What somebody"
            " changed since is kept, and told.",
     .flags = TOOL_DESTROYS | TOOL_REPEATS,
     .params = {{"transaction", TEXT("The transaction, as the tool that wrote answered."), true}},
     .words = WORDS("undo", "?transaction")},
    {.name = "approval",
     .title = "What a person has decided",
     .doc = "What came of a write that a person is to allow first: waiting, done with its result,"
            " refused, failed, expired.",
     .flags = TOOL_READS | TOOL_REPEATS,
     .params = {{"number", NUMBER("The number that the tool answered with."), true}},
     .answer = mcp_answer_approval},
    {0},
};

/* -- the list ---------------------------------------------------------------------------------- */

static void member(struct json_out *j, const char *key, const char *value) {
    json_key(j, key);
    json_strz(j, value);
}

static void hint(struct json_out *j, const char *key, bool yes) {
    json_key(j, key);
    json_bool_(j, yes);
}

static void annotations(struct json_out *j, const char *title, unsigned flags) {
    json_key(j, "annotations");
    json_object_(j);
    member(j, "title", title);
    hint(j, "readOnlyHint", flags & TOOL_READS);
    if (!(flags & TOOL_READS))
        hint(j, "destructiveHint", flags & TOOL_DESTROYS);
    hint(j, "idempotentHint", flags & TOOL_REPEATS);
    hint(j, "openWorldHint", flags & TOOL_OUTSIDE);
    json_object_end(j);
}

static void begin_schema(struct json_out *j) {
    json_key(j, "inputSchema");
    json_object_(j);
    member(j, "type", "object");
    json_key(j, "properties");
    json_object_(j);
}

static void rehearse_param(struct json_out *j, unsigned flags) {
    if (flags & TOOL_READS)
        return;
    json_key(j, "rehearse");
    json_raw(j, STR(SWITCH("true: shows all effects, and keeps nothing.")));
}

static void put_tool(struct json_out *j, const struct tool *t) {
    json_object_(j);
    member(j, "name", t->name);
    member(j, "title", t->title);
    member(j, "description", t->doc);
    begin_schema(j);
    for (const struct tool_param *p = t->params; p->name; p++) {
        json_key(j, p->name);
        json_raw(j, str_of(p->schema));
    }
    rehearse_param(j, t->flags);
    json_object_end(j);
    json_key(j, "required");
    json_array_(j);
    for (const struct tool_param *p = t->params; p->name; p++)
        if (p->required)
            json_strz(j, p->name);
    json_array_end(j);
    hint(j, "additionalProperties", false);
    json_object_end(j);
    annotations(j, t->title, t->flags);
    json_object_end(j);
}

/* No dot: not every program takes one in the name of a tool. */
static void tool_name(struct json_out *j, const struct action *a) {
    char name[128];
    size_t n = 0;
    for (; a->name[n] && n < sizeof name - 1; n++)
        name[n] = a->name[n] == '.' ? '-' : a->name[n];
    name[n] = '\0';
    member(j, "name", name);
}

static unsigned action_flags(const struct action *a) {
    return (a->effect == EFFECT_READ ? TOOL_READS | TOOL_REPEATS : TOOL_DESTROYS) |
           (a->effect == EFFECT_EXTERNAL ? TOOL_OUTSIDE : 0);
}

static void begin_object(struct json_out *j) {
    json_object_(j);
    member(j, "type", "object");
    json_key(j, "properties");
    json_object_(j);
}

static void end_object(struct json_out *j) {
    json_object_end(j);
    json_object_end(j);
}

/* A rehearsal, and a call that waits for a person, answer with other members: none must be there.
 */
static void put_output(struct json_out *j, const struct action *a) {
    json_key(j, "outputSchema");
    begin_object(j);
    schema_shown(j, a->results, a->result_count);
    json_key(j, "rows");
    json_object_(j);
    member(j, "type", "array");
    json_key(j, "items");
    begin_object(j);
    schema_shown(j, a->columns, a->column_count);
    end_object(j);
    json_object_end(j);
    end_object(j);
}

static void put_action(struct json_out *j, const struct action *a) {
    struct buf doc = {0};
    json_object_(j);
    tool_name(j, a);
    buf_printf(&doc, "%s%s%s%s", a->doc ? a->doc : "",
               a->whole ? " It decides or counts by all records, also those that you may not see."
                        : "",
               a->final ? " It cannot be taken back." : "",
               a->effect == EFFECT_EXTERNAL ? " Something leaves the company." : "");
    json_key(j, "description");
    json_str(j, buf_view(&doc));
    j->buf->failed |= doc.failed;
    buf_free(&doc);
    begin_schema(j);
    for (uint32_t i = 0; i < a->param_count; i++) {
        json_key(j, a->params[i]->name);
        json_object_(j);
        schema_members(j, a->params[i]);
        json_object_end(j);
    }
    rehearse_param(j, action_flags(a));
    json_object_end(j);
    json_key(j, "required");
    json_array_(j);
    for (uint32_t i = 0; i < a->param_count; i++)
        if (a->params[i]->flags & KITH_FF_REQUIRED)
            json_strz(j, a->params[i]->name);
    json_array_end(j);
    hint(j, "additionalProperties", false);
    json_object_end(j);
    if (a->column_count)
        put_output(j, a);
    annotations(j, a->name, action_flags(a));
    json_object_end(j);
}

void mcp_tools(struct mcp *m, struct json_out *j) {
    const struct action *a;
    const struct engine *g = m->c->company->engine;
    bool reads_only = access_only_reads(&m->c->principal, NULL) != KITH_OK;
    json_object_(j);
    json_key(j, "tools");
    json_array_(j);
    for (const struct tool *t = tools; t->name; t++)
        if ((t->flags & TOOL_READS) || !reads_only)
            put_tool(j, t);
    for (size_t i = 0; (a = engine_action_at(g, i)); i++)
        if (access_may_call(&m->c->principal, a))
            put_action(j, a);
    json_array_end(j);
    json_object_end(j);
}
