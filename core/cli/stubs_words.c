/* SPDX-License-Identifier: Apache-2.0 */
/* Stubs of the words: each row of words.c becomes a function with its parameters. */
#include "cli/stubs.h"
#include "script/words.h"
#include <string.h>

/* Exact values, and what the sandbox hands out beside records. */
static const char test_class[] =
    "\n---What a test is handed.\n"
    "---@class Test\n"
    "---@field create fun(type: string, fields: table): any writes a record\n"
    "---@field update fun(record: record, fields: table)\n"
    "---@field delete fun(record: record)\n"
    "---@field transition fun(record: record, state: string)\n"
    "---@field publish fun(topic: string, record?: record|table, data?: table)\n"
    "---@field start fun(workflow: string, record?: record, data?: table): record.workflow_run "
    "begins a workflow\n"
    "---@field at fun(moment: string|Time|Date) sets the clock, before all else\n"
    "---@field advance fun(how_far: Duration|Time) lets time pass\n"
    "---@field get fun(type: string|record, id?: string): any\n"
    "---@field find fun(query: string, params?: table): fun(): any\n"
    "---@field count fun(query: string, params?: table): integer\n"
    "---@field totals fun(query: string, params?: table): table<string, any>[]\n"
    "---@field expect fun(condition: any, message?: string)\n"
    "---@field expect_equal fun(found: any, expected: any, message?: string)\n"
    "---@field expect_effect fun(what: string, fields?: table): any\n"
    "---@field expect_no_effect fun(what: string, fields?: table)\n"
    "---@field expect_failure fun(name: string, part?: string): string of a rule or workflow\n"
    "---@field last_effect fun(): any\n"
    "---@field runs fun(workflow: string): record.workflow_run[]\n"
    "---@field result fun(workflow: string): string|nil\n";

static const char values[] =
    "---An exact number, made by decimal('1.19').\n"
    "---@class Decimal\n"
    "---@operator add(Decimal|integer): Decimal\n"
    "---@operator sub(Decimal|integer): Decimal\n"
    "---@operator mul(Decimal|integer): Decimal\n"
    "---@operator mul(Money): Money\n"
    "---@operator unm: Decimal\n"
    "\n"
    "---An amount of money, made by money('12.50 EUR').\n"
    "---@class Money\n"
    "---@field amount string \"12.50\"\n"
    "---@field currency string \"EUR\"\n"
    "---@operator add(Money): Money\n"
    "---@operator sub(Money): Money\n"
    "---@operator mul(Decimal|integer): Money\n"
    "---@operator unm: Money\n"
    "\n"
    "---A day, made by date('2024-02-29') or today().\n"
    "---@class Date\n"
    "---@field year integer\n"
    "---@field month integer\n"
    "---@field day integer\n"
    "---@field weekday integer 1 is Monday\n"
    "---@field date Date\n"
    "---@operator add(Duration): Date\n"
    "---@operator sub(Duration): Date\n"
    "---@operator sub(Date): Duration\n"
    "\n"
    "---An instant, made by time('2024-02-29T12:00:00Z'), at(today(), '17:00') or now(); its parts "
    "are those of\n"
    "---the company's zone.\n"
    "---@class Time\n"
    "---@field year integer\n"
    "---@field month integer\n"
    "---@field day integer\n"
    "---@field weekday integer 1 is Monday\n"
    "---@field date Date\n"
    "---@field hour integer\n"
    "---@field minute integer\n"
    "---@field second integer\n"
    "---@operator add(Duration): Time\n"
    "---@operator sub(Duration): Time\n"
    "---@operator sub(Time): Duration\n"
    "\n"
    "---A length of time, made by days(3), hours(2) or minutes(5).\n"
    "---@class Duration\n"
    "---@field days integer whole days\n"
    "---@field hours integer\n"
    "---@field minutes integer\n"
    "---@field seconds integer\n"
    "---@operator add(Duration): Duration\n"
    "---@operator sub(Duration): Duration\n"
    "---@operator mul(Decimal|integer): Duration\n"
    "---@operator unm: Duration\n"
    "\n"
    "---@class null\n"
    "\n"
    "---A record of any type.\n"
    "---@class record\n"
    "---@field id string\n"
    "\n"
    "---What changes in a record.\n"
    "---@class change\n"
    "---@field before any the record as it was; nil on create\n"
    "---@field changed table<string, true> by the names of fields\n"
    "---@field kind \"create\"|\"update\"|\"delete\"\n"
    "---@field origin string where it comes from: \"cli\", \"import\", ...\n"
    "\n"
    "---What has happened.\n"
    "---@class event\n"
    "---@field topic string\n"
    "---@field at Time\n"
    "---@field before any the record as it was\n"
    "---@field after any the record as it is\n"
    "---@field changed table<string, true> by the names of fields\n"
    "---@field data table<string, any> what a module published along with it\n"
    "---@field kind string\n"
    "---@field origin string\n"
    "---@field attempt integer 1 for the first try\n"
    "\n"
    "---@class rule.options\n"
    "---@field doc? string one sentence about what the rule is for\n"
    "---@field name? string its name, unique in the file\n"
    "---@field where? string a condition in the query language\n"
    "---@field fields? string[] for updates: only when one of these changes\n";

/* Words whose types follow from their arguments: for each record type, %T is its name. */
static const struct {
    const char *word, *lines;
} typed[] = {
    {"create", "---@overload fun(type: \"%T\", fields: fields.%T): record.%T\n"},
    {"update", "---@overload fun(record: record.%T, fields: fields.%T)\n"},
    {"get", "---@overload fun(type: \"%T\", id: string): record.%T|nil\n"
            "---@overload fun(record: record.%T): record.%T|nil\n"},
};

static void put_typed(struct buf *out, const char *lines, const char *type) {
    for (; *lines; lines++) {
        if (lines[0] == '%' && lines[1] == 'T') {
            buf_puts(out, type);
            lines++;
        } else {
            buf_putc(out, *lines);
        }
    }
}

/* The kind of a word's parameter or result as an editor should have it. */
static void put_kind(struct stubs *s, const struct word *w, kith_str kind, bool result) {
    bool task = strcmp(w->name, "task") == 0;
    if (task)
        buf_puts(s->out, result ? "record.task" : "fields.task");
    else if (result && strcmp(w->name, "find") == 0)
        buf_puts(s->out, "fun(): any");
    else if (result && strcmp(w->name, "totals") == 0)
        buf_puts(s->out, "table<string, any>[]");
    else if (result && strcmp(w->name, "string.gmatch") == 0)
        buf_puts(s->out, "fun(): string, ...");
    else if (result && str_starts(kind, "record")) /* of which type, nobody knows here */
        buf_puts(s->out, "any");
    else
        buf_str(s->out, kind);
}

static void put_signature(struct stubs *s, const struct word *w) {
    const char *rest = w->params;
    struct word_param p;
    while (word_param(&rest, &p)) {
        bool dots = str_eqz(p.name, "...");
        buf_puts(s->out, "---@param ");
        buf_str(s->out, p.name);
        buf_puts(s->out, p.optional && !dots ? "? " : " ");
        put_kind(s, w, p.type, false);
        buf_putc(s->out, '\n');
    }
    if (!w->result)
        return;
    buf_puts(s->out, "---@return ");
    put_kind(s, w, str_of(w->result), true);
    buf_putc(s->out, '\n');
}

static void put_overloads(struct stubs *s, const struct word *w) {
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
        if (strcmp(typed[i].word, w->name) != 0)
            continue;
        for (uint32_t k = 0; k < s->schema->type_count; k++)
            put_typed(s->out, typed[i].lines, s->schema->types[k]->name);
    }
}

static void put_function(struct stubs *s, const struct word *w) {
    const char *rest = w->params;
    struct word_param p;
    put_overloads(s, w);
    if (w->lines)
        buf_puts(s->out, w->lines);
    else
        put_signature(s, w);
    buf_printf(s->out, "function %s(", w->name);
    for (bool first = true; word_param(&rest, &p); first = false) {
        buf_puts(s->out, first ? "" : ", ");
        buf_str(s->out, p.name);
    }
    buf_puts(s->out, ") end\n");
}

/* The table of a library, before the first of its words. */
static void put_library(struct stubs *s, const struct word *w, const struct word *before) {
    const char *dot = strchr(w->name, '.');
    size_t len = dot ? (size_t)(dot - w->name) + 1 : 0;
    if (!dot || (before && strncmp(before->name, w->name, len) == 0))
        return;
    buf_printf(s->out, "\n---@class %.*slib\n%.*s = {}\n", (int)len - 1, w->name, (int)len - 1,
               w->name);
}

void stubs_words(struct stubs *s) {
    const struct word *w, *before = NULL;
    buf_puts(s->out, values);
    buf_puts(s->out, test_class);
    for (size_t i = 0; (w = word_at(i)); before = w, i++) {
        bool rule = strcmp(w->name, "before") == 0 || strcmp(w->name, "after") == 0 ||
                    strcmp(w->name, "on") == 0 || strcmp(w->name, "every") == 0 ||
                    strcmp(w->name, "action") == 0;
        if (rule) /* those have files of their own */
            continue;
        put_library(s, w, before);
        buf_putc(s->out, '\n');
        stubs_comment(s, w->doc);
        if (w->params)
            put_function(s, w);
        else
            buf_printf(s->out, "---@type %s\n%s = nil\n", w->result, w->name);
    }
}
