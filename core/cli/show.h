/* SPDX-License-Identifier: Apache-2.0 */
/* Show: records, values, times and tables as people read them. Texts are made in the command's
 * arena and may hold anything that data holds: print them with io_text or in a table, which make
 * them plain. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "base/json.h"
#include "cli/cli.h"

/* -- values ------------------------------------------------------------------------------------ */

/* What a value of the field looks like in JSON: members of a JSON Schema, in an object that is
 * open. (field_schema.c) */
void field_schema(struct json_out *j, const struct rfield *f);

const char *show_id(struct cmd *c, kith_id id);
kith_str show_time(struct cmd *c, int64_t ms); /* in the company's zone: "2026-01-31 12:00:05" */
kith_str time_text(const struct cmd *c, int64_t ms, struct arena *a); /* the same, in the arena */
/* As value_text, but times in the company's zone, and a link with its record's title in front. */
kith_str show_value(struct cmd *c, const kith_value *v);
/* "Anna Schmidt": the title of a record that exists; else "". */
kith_str show_title(struct cmd *c, const struct rtype *t, kith_id id);
kith_str title_of(struct cmd *c, const struct rtype *t, const kith_value *values);
/* As title_of, or "(no title)": where a line would else end in nothing. */
kith_str title_or_none(struct cmd *c, const struct rtype *t, const kith_value *values);
/* "contact 0ABC... Anna Schmidt" */
kith_str show_record(struct cmd *c, const struct rtype *t, kith_id id);
/* "rules/score.lua:12 (qualify)", "the module sales", "anna": a piece of code or a person. */
kith_str show_source(struct cmd *c, const struct source *s);
/* The run of a workflow that the transaction is a step of; 0: it is none. */
kith_id show_run_of(const struct tx_head *tx);
/* "email: anna@a.example -> anna@b.example" */
kith_str show_change(struct cmd *c, const struct image_field *f);

/* One line of JSON. */
void json_record(struct cmd *c, struct json_out *j, const struct rtype *t, kith_id id,
                 const kith_value *values);
void json_time(struct json_out *j, int64_t ms);
/* "user": the id of the user who it is, if it is one that signed in. */
void json_user(struct json_out *j, const struct source *s);
void json_source(struct json_out *j, const struct source *s);
void json_changes(struct cmd *c, struct json_out *j, const struct image_field *f, size_t count);
/* What a rule or workflow is for, and where it stands. (cmd_rule.c) */
void json_rule_head(struct json_out *j, const struct rule_info *r);
/* Ends the line and prints what was built. */
void json_print(struct cmd *c, struct buf *b);
/* The object that begins at that place is about the answer as a whole, and stands behind its rows:
 * "{ " tells it from all of them, whatever their columns are called. */
void json_mark_tail(struct buf *b, size_t at);
/* Of a run that is not done. */
#define UNFINISHED "not finished: give it again, or undo it"
/* Something wrong in a file: "rules/score.lua:12: text", or an object in JSON. file may be "", and
 * line 0. */
void show_problem(struct cmd *c, const char *file, int64_t line, const char *text);
void show_warning(struct cmd *c, const char *file, int64_t line, const char *text); /* the same */

/* -- what the user named ----------------------------------------------------------------------- */

kith_status arg_type(struct cmd *c, size_t i, const struct rtype **t, kith_error *e);
kith_status arg_id(struct cmd *c, size_t i, kith_id *id, kith_error *e);
/* The instant that an option names, 0 without it. A day is all of it: from its beginning on, or
 * (end) to its end. */
kith_status option_moment(struct cmd *c, const char *option, bool end, int64_t *out, kith_error *e);
/* TYPE ID, or TYPE KEY=VALUE by a unique field, at places i and i + 1. */
kith_status arg_record(struct cmd *c, size_t i, const struct rtype **t, kith_id *id, kith_error *e);
/* The id of one that was merged into another becomes that one's, which is said. */
kith_status arg_follow(struct cmd *c, const struct rtype *t, kith_id *id, kith_error *e);
/* "merged_from", when the id that was given is of one that was merged into another. */
void json_merged(const struct cmd *c, struct json_out *j);
/* Reads it, or the one that it was merged into; when there is none of that type, the error says of
 * which type the id is. */
kith_status show_read(struct cmd *c, const struct rtype *t, kith_id *id, kith_value **values,
                      kith_error *e);
const struct schema *cmd_schema(const struct cmd *c);
/* The file that is named there to be written; NULL: standard output, by - or for want of a name. */
const char *arg_file(const struct cmd *c, size_t i);
/* May the caller read this field? NULL, of a module that is not loaded: an administrator may. */
bool cmd_reads(const struct cmd *c, const struct rfield *f);
/* May the caller know of this record? A record that is gone is known to administrators. */
bool cmd_sees(struct cmd *c, const struct rtype *t, kith_id id);
/* May the caller be shown all that the journal tells of it? That the caller was is logged. */
bool cmd_shows(struct cmd *c, const struct rtype *t, kith_id id);
/* Leaves those that the caller may read; gives their number. */
size_t changes_seen(const struct cmd *c, struct image_field *f, size_t count);

/* -- tables ------------------------------------------------------------------------------------ */

#define TABLE_COLUMNS 32
struct table {
    struct cmd *c;
    const char *heads[TABLE_COLUMNS];
    bool right[TABLE_COLUMNS]; /* numbers */
    uint32_t columns;
    kith_str *cells; /* row by row */
    size_t count, cap;
};
/* heads: "id", "name", ..., NULL. A head that begins with '>' is of numbers. */
void table_begin(struct table *t, struct cmd *c, const char *const *heads);
void table_head(struct table *t, const char *head, bool right);
void table_cell(struct table *t, kith_str text);
void table_cellz(struct table *t, const char *text);
/* On a terminal, cut to its width; elsewhere whole. */
void table_print(struct table *t);

#endif
