/* SPDX-License-Identifier: Apache-2.0 */
/* The words of rules, in the order of the guide. */
#include "script/words.h"

#include <string.h>

static const struct word words[] = {
    /* records */
    {"create", "type: string, fields: table", "record", "Writes a new record, and gives it.", NULL},
    {"update", "record: record, fields: table", NULL,
     "Changes fields of a record; null empties one.", NULL},
    {"delete", "record: record", NULL, "Deletes a record.", NULL},
    {"task", "fields: table", "record", "Writes a new task: short for create('task', ...).", NULL},
    {"get", "type: string|record, id?: string", "record|nil",
     "The record as it is now, or nil when it does not exist.", NULL},
    {"find", "query: string, params?: table", "function",
     "The records that a query finds, for a for loop.", NULL},
    {"count", "query: string, params?: table", "integer", "How many records a query finds.", NULL},
    {"totals", "query: string, params?: table", "table",
     "The rows of a query with totals: each a table by the names of its columns.", NULL},
    {"publish", "topic: string, record?: record, data?: table", NULL,
     "Publishes an event that a module declared.", NULL},
    {"refuse", "sentence: string", NULL, "Refuses the write; the sentence is shown.", NULL},
    {"log", "...: any", NULL, "Writes a line into the log.", NULL},
    {"render", "template: string, values: table, kind?: string", "string",
     "Writes a text out of a template: {{name}}, {{#list}} ... {{/list}}.", NULL},
    {"action", NULL, "table", "The actions of modules: action.sales.assign {lead = lead}.", NULL},
    {"null", NULL, "null", "Empties a field: update(lead, {owner = null}).", NULL},
    /* rules */
    {"before", "event: string, options?: table|function, run?: function", "function",
     "A rule that runs while a record is being written, before it is.", NULL},
    {"after", "event: string, options?: table|function, run?: function", "function",
     "A rule that runs right after a record was written, in the same transaction.", NULL},
    {"on", "event: string, options?: table|function, run?: function", "function",
     "A rule that runs soon after something has happened, in a transaction of its own.", NULL},
    {"every", "time: string, options?: table|function, run?: function", "function",
     "A rule that runs at a time, written as cron does: '0 8 * * 1-5'.", NULL},
    {"workflow", "name: string, options: table|function, run?: function", NULL,
     "A function that may wait for days, and goes on where it stood.", NULL},
    {"test", "name: string, run: function", NULL,
     "Tries the rules and workflows out, by 'kith workflow test' and before each reload.",
     "---@param name string\n---@param run fun(t: Test)\n"},
    /* waiting, in a workflow */
    {"sleep", "how_long: Duration|Time|Date", NULL, "Waits for so long, or until then.", NULL},
    {"sleep_until", "moment: Duration|Time|Date", NULL, "Waits until then.", NULL},
    {"wait_for", "topic: string, match?: table, how_long?: Duration|Time|Date", "any",
     "Waits for the event that fits, and gives it; nil when the time is over.", NULL},
    {"wait_any", "events: table, how_long?: Duration|Time|Date", "any",
     "Waits for the first of several events: its name, and the event; nil when the time is over.",
     "---@param events table\n---@param how_long? Duration|Time|Date\n---@return string|nil name\n"
     "---@return any event\n"},
    {"wait_all", "events: table, how_long?: Duration|Time|Date", "table",
     "Waits for several events, and gives a table of those that came, by name.", NULL},
    {"ask_user", "question: table", "table|nil",
     "Has somebody answer a form, as a task: ask_user {title = ..., fields = {decision = {'yes', "
     "'no'}}, assignee = ...}; nil when it was cancelled.",
     NULL},
    {"parallel", "...: function", "any",
     "Runs functions side by side, each with waits of its own, and gives what they give.", NULL},
    {"start", "workflow: string, record?: record, data?: table", "string|nil",
     "Begins another workflow; gives the id of its run, or nil when it may not begin again.", NULL},
    {"on_undo", "call: function", NULL,
     "Is called when the run is undone, for what Kith cannot take back by itself.", NULL},
    {"continue_as_new", "data?: table", NULL,
     "Ends this run, and begins the workflow anew with these data.", NULL},
    {"require", "name: string", "any", "What rules/lib/NAME.lua returns.", NULL},
    /* values */
    {"decimal", "number: string|number|Decimal", "Decimal", "An exact number: decimal('1.19').",
     NULL},
    {"money", "amount: string", "Money", "An amount: money('12.50 EUR').", NULL},
    {"date", "day: string", "Date", "A day: date('2024-02-29').", NULL},
    {"time", "instant: string", "Time", "An instant: time('2024-02-29T12:00:00Z').", NULL},
    {"at", "day: Date, clock: string", "Time",
     "That time of day in the company's zone: at(today(), '17:00').", NULL},
    {"days", "n: integer", "Duration", "So many days.", NULL},
    {"hours", "n: integer", "Duration", "So many hours.", NULL},
    {"minutes", "n: integer", "Duration", "So many minutes.", NULL},
    {"now", "", "Time", "The time of the transaction.", NULL},
    {"today", "", "Date", "The day in the company's zone.", NULL},
    {"business.days", "n: integer, from?: Time|Date", "any",
     "The n-th working day after now, or after `from`, at its time of day.",
     "---@overload fun(n: integer, from: Date): Date\n---@param n integer\n---@param from? Time\n"
     "---@return Time\n"},
    {"business.hours", "n: integer|Duration, from?: Time|Date", "Time",
     "When so many hours of working time are over.", NULL},
    {"business.between", "a: Time|Date, b: Time|Date", "Duration",
     "The working time from one moment to another.", NULL},
    {"business.open", "moment?: Time|Date", "boolean", "Does the company work then, or now?", NULL},
    /* Lua's own */
    {"assert", "value: any, message?: any, ...: any", "any",
     "Raises an error where the value is false or nil.",
     "---@generic T\n---@param value? T\n---@param message? any\n---@param ... any\n---@return T\n"
     "---@return any ...\n"},
    {"error", "message?: any, level?: integer", NULL, "Ends the call with an error.", NULL},
    {"ipairs", "list: any", "function", "Goes through a list: for i, item in ipairs(list).",
     "---@generic T: table, V\n---@param list T\n---@return fun(table: V[], i?: integer): integer, "
     "V\n---@return T\n---@return integer\n"},
    {"next", "table: table, key?: any", "any", "The key behind a key of a table, and its value.",
     NULL},
    {"pairs", "table: table", "function", "Goes through a table: for key, value in pairs(table).",
     "---@generic T: table, K, V\n---@param table T\n---@return fun(table: table<K, V>, index?: "
     "K): "
     "K, V\n---@return T\n"},
    {"pcall", "call: function, ...: any", "boolean",
     "Calls a function, and catches its error: true and its results, or false and the error.",
     "---@param call function\n---@param ... any\n---@return boolean ok\n---@return any ...\n"},
    {"select", "n: integer|string, ...: any", "any",
     "The arguments from the n-th on; with '#' how many there are.", NULL},
    {"tonumber", "value: any, base?: integer", "number|nil", "The number that a text writes.",
     NULL},
    {"tostring", "value: any", "string", "The text of a value.", NULL},
    {"type", "value: any", "string", "The name of a value's kind: 'string', 'record', 'money', ...",
     NULL},
    {"string.byte", "s: string, i?: integer, j?: integer", "integer", "Bytes as numbers.", NULL},
    {"string.char", "...: integer", "string", "The text of some bytes.", NULL},
    {"string.find", "s: string, pattern: string, init?: integer, plain?: boolean", "integer|nil",
     "Where a pattern is found: its first and last byte, then its captures.",
     "---@param s string|number\n---@param pattern string|number\n---@param init? integer\n"
     "---@param plain? boolean\n---@return integer|nil first\n---@return integer|nil last\n"
     "---@return any ... captured\n"},
    {"string.format", "s: string, ...: any", "string", "A text with values in it: '%s', '%d'.",
     NULL},
    {"string.gmatch", "s: string, pattern: string, init?: integer", "function",
     "Goes through all that a pattern finds.", NULL},
    {"string.gsub", "s: string, pattern: string, by: string|table|function, n?: integer", "string",
     "Replaces what a pattern finds; gives how often, too.",
     "---@param s string|number\n---@param pattern string|number\n---@param by "
     "string|number|table|function\n---@param n? integer\n---@return string\n---@return integer "
     "count\n"},
    {"string.len", "s: string", "integer", "How many bytes a text has.", NULL},
    {"string.lower", "s: string", "string", "In small letters, of all languages.", NULL},
    {"string.match", "s: string, pattern: string, init?: integer", "any", "What a pattern finds.",
     "---@param s string|number\n---@param pattern string|number\n---@param init? integer\n"
     "---@return any ... captured\n"},
    {"string.rep", "s: string, n: integer, separator?: string", "string", "A text n times.", NULL},
    {"string.reverse", "s: string", "string", "From the last byte to the first.", NULL},
    {"string.sub", "s: string, i: integer, j?: integer", "string",
     "A part of a text, from byte i to byte j.", NULL},
    {"string.title", "s: string", "string", "Every word with a capital.", NULL},
    {"string.trim", "s: string", "string", "Without the blanks at its ends.", NULL},
    {"string.upper", "s: string", "string", "In capitals, of all languages.", NULL},
    {"table.concat", "list: table, separator?: string, i?: integer, j?: integer", "string",
     "The items of a list as one text.", NULL},
    {"table.insert", "list: table, ...: any", NULL, "Puts an item into a list.",
     "---@overload fun(list: any[], item: any)\n---@overload fun(list: any[], at: integer, item: "
     "any)\n---@param list any[]\n---@param ... any\n"},
    {"table.move", "from: table, first: integer, last: integer, at: integer, to?: table", "table",
     "Copies items from one place to another.", NULL},
    {"table.pack", "...: any", "table", "A table of the arguments, with their number in n.", NULL},
    {"table.remove", "list: table, at?: integer", "any", "Takes an item out of a list.", NULL},
    {"table.sort", "list: table, less?: function", NULL, "Sorts a list.", NULL},
    {"table.unpack", "list: any, i?: integer, j?: integer", "any", "The items of a list.",
     "---@generic T\n---@param list T[]\n---@param i? integer\n---@param j? integer\n---@return T "
     "...\n"},
    {"math.abs", "x: number", "number", "Without its sign.",
     "---@generic N: number\n---@param x N\n---@return N\n"},
    {"math.ceil", "x: number", "integer", "The next larger whole number.", NULL},
    {"math.exp", "x: number", "number", "e to the power of x.", NULL},
    {"math.floor", "x: number", "integer", "The next smaller whole number.", NULL},
    {"math.fmod", "x: number, y: number", "number", "What is left of a division.", NULL},
    {"math.huge", NULL, "number", "Larger than any number.", NULL},
    {"math.log", "x: number, base?: number", "number", "The logarithm.", NULL},
    {"math.max", "x: number, ...: number", "number", "The largest.",
     "---@generic N: number\n---@param x N\n---@param ... N\n---@return N\n"},
    {"math.maxinteger", NULL, "integer", "The largest whole number.", NULL},
    {"math.min", "x: number, ...: number", "number", "The smallest.",
     "---@generic N: number\n---@param x N\n---@param ... N\n---@return N\n"},
    {"math.mininteger", NULL, "integer", "The smallest whole number.", NULL},
    {"math.modf", "x: number", "number", "The whole part and the rest.", NULL},
    {"math.pi", NULL, "number", "The circle's number.", NULL},
    {"math.random", "m?: integer, n?: integer", "number",
     "A number that follows from the rule and the event: of 0 to 1, 1 to m, or m to n.",
     "---@overload fun(): number\n---@param m integer\n---@param n? integer\n---@return integer\n"},
    {"math.sqrt", "x: number", "number", "The square root.", NULL},
    {"math.tointeger", "x: any", "integer|nil", "The whole number, if it is one.", NULL},
    {"math.type", "x: any", "string|nil", "'integer', 'float' or nil.", NULL},
    {"math.ult", "a: integer, b: integer", "boolean", "Is a less than b, without signs?", NULL},
    {"utf8.char", "...: integer", "string", "The text of some characters.", NULL},
    {"utf8.charpattern", NULL, "string", "The pattern of one character.", NULL},
    {"utf8.codepoint", "s: string, i?: integer, j?: integer, lax?: boolean", "integer",
     "Characters as numbers.", NULL},
    {"utf8.codes", "s: string, lax?: boolean", "function", "Goes through the characters of a text.",
     NULL},
    {"utf8.len", "s: string, i?: integer, j?: integer, lax?: boolean", "integer|nil",
     "How many characters a text has.", NULL},
    {"utf8.offset", "s: string, n: integer, i?: integer", "integer|nil",
     "Where the n-th character begins.", NULL},
};
#define WORDS (sizeof words / sizeof *words)

const struct word *word_at(size_t i) {
    return i < WORDS ? &words[i] : NULL;
}

const struct word *word_find(kith_str name) {
    for (size_t i = 0; i < WORDS; i++)
        if (str_eqz(name, words[i].name))
            return &words[i];
    return NULL;
}

/* Names that are there elsewhere. */
static const char *const instead[][2] = {
    {"print", "write log(...)"},
    {"console", "write log(...)"},
    {"os", "the time is now(), and the day today()"},
    {"io", "a file of rules reads and writes records, and no files"},
    {"json", "a field of kind json is read and written as a table"},
    {"socket", "requests are sent by action.http.send {...} of the module http"},
    {"http", "requests are sent by action.http.send {...} of the module http"},
    {"fetch", "requests are sent by action.http.send {...} of the module http"},
    {"wait", "write sleep(days(3)), or wait_for(...)"},
    {"delay", "write sleep(days(3))"},
    {"seconds", "the shortest is minutes(1)"},
    {"weeks", "write days(7)"},
    {"months", "write days(30)"},
    {"years", "write days(365)"},
    {"None", "write nil"},
    {"NULL", "write nil; null empties a field"},
    {"Null", "write nil; null empties a field"},
    {"undefined", "write nil"},
    {"True", "write true"},
    {"TRUE", "write true"},
    {"False", "write false"},
    {"FALSE", "write false"},
    {"load",
     "code is not loaded while it runs: require \"name\" at the top gives rules/lib/name.lua"},
    {"dofile", "write require \"name\" at the top, which gives rules/lib/name.lua"},
    {"coroutine", "what shall wait is a workflow"},
    {"setmetatable", "rules have plain tables only"},
    {"string.contains", "write text:find(\"word\", 1, true)"},
    {"string.includes", "write text:find(\"word\", 1, true)"},
    {"string.startswith", "write text:sub(1, 3) == \"Dr.\""},
    {"string.startsWith", "write text:sub(1, 3) == \"Dr.\""},
    {"string.split", "write for part in text:gmatch(\"[^,]+\") do"},
    {"string.replace", "write text:gsub(\"old\", \"new\")"},
    {"string.length", "write #text"},
    {"table.length", "write #list"},
    {"table.contains", "go through it by for _, item in ipairs(list) do"},
};

const char *word_instead(kith_str name) {
    for (size_t i = 0; i < sizeof instead / sizeof *instead; i++)
        if (str_eqz(name, instead[i][0]))
            return instead[i][1];
    return NULL;
}

static const char *name_of_word(const void *arg, size_t i) {
    (void)arg;
    return words[i].name;
}

void word_missing(struct buf *out, kith_str name) {
    const char *other = word_instead(name);
    const char *near = other ? NULL : str_nearest(name, name_of_word, NULL, WORDS);
    buf_printf(out, "there is no '%.*s'%s%s", (int)name.len, name.ptr, other ? ": " : "",
               other ? other : "");
    buf_printf(out, "%s%s%s", STR_MEANT(near));
}

bool word_library(kith_str name) {
    for (size_t i = 0; i < WORDS; i++)
        if (strncmp(words[i].name, name.ptr, name.len) == 0 && words[i].name[name.len] == '.')
            return true;
    return false;
}

bool word_param(const char **rest, struct word_param *out) {
    kith_str all = str_of(*rest), part, name;
    if (!*rest || !str_split(&all, ',', &part))
        return false;
    *rest = all.len ? all.ptr : NULL;
    str_split(&part, ':', &name);
    out->type = str_trim(part);
    out->optional = str_eqz(name, "...") || (name.len && name.ptr[name.len - 1] == '?');
    out->name = name;
    out->name.len -= out->optional && !str_eqz(name, "...");
    return true;
}
