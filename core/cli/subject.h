/* SPDX-License-Identifier: Apache-2.0 */
/* Subject: the two forms in which the data of a person are handed out (subject_out.c): JSON, in
 * which every link leads to an id, and a page, on which names stand in place of ids. What is in it
 * is cmd_subject.c's. One thing is in memory at a time. */
#ifndef CLI_SUBJECT_H
#define CLI_SUBJECT_H

#include "base/map.h"
#include "cli/show.h"

/* MERGED: a record that became one of the others; of it there is only the history. */
enum role { SELF, PART, ABOUT, MERGED, ROLES };
enum { AS_JSON, AS_HTML };

struct item {
    const struct rtype *type;
    kith_id id;
    enum role role;
};
struct subject {
    struct cmd *c;
    struct conn *conn; /* the snapshot */
    int form, file;    /* file -1: standard output */
    struct buf out;
    struct json_out json; /* of one thing, into out */
    struct arena scratch; /* of one thing */
    struct map seen;      /* ids of the items */
    struct item *items;
    size_t count, cap;
    size_t records; /* items that are handed out: without MERGED */
};

struct section {
    const char *key, *title;
    kith_status (*put)(struct subject *s, const struct section *of, kith_error *e);
    enum role role; /* of a section of records */
};

kith_status subject_flush(struct subject *s, kith_error *e);
/* After each thing that was put: what was made for it is done with. */
kith_status subject_done_with(struct subject *s, struct arena_mark mark, kith_error *e);

/* since 0: the history is whole. sections end with a NULL key. */
void subject_head(struct subject *s, const struct section *sections, int64_t since);
void subject_foot(struct subject *s);
void subject_begin(struct subject *s, const struct section *of);
void subject_end(struct subject *s, bool any);
void subject_say(struct subject *s, const char *sentence); /* on the page alone */

/* One thing of a section: an object, or a table under its own heading ("" for none). *any: others
 * came before it. */
void thing_begin(struct subject *s, kith_str heading, bool *any);
void thing_end(struct subject *s);
/* label NULL: in JSON alone. */
void thing_text(struct subject *s, const char *key, const char *label, kith_str text);
void thing_time(struct subject *s, const char *key, const char *label, int64_t ms);
void thing_flag(struct subject *s, const char *key, const char *label, bool yes);
void thing_id(struct subject *s, kith_id id); /* in JSON alone: a heading has it */
kith_status thing_value(struct subject *s, const struct rfield *f, const kith_value *v,
                        kith_error *e);
kith_status thing_changes(struct subject *s, struct image_field *f, size_t n, kith_error *e);
/* A record with all of its fields, whole. */
kith_status thing_record(struct subject *s, const struct item *i, const kith_value *values,
                         bool *any, kith_error *e);

/* *values NULL: the caller may not read it. */
kith_status subject_read(struct subject *s, const struct rtype *t, kith_id id, kith_value **values,
                         kith_error *e);
/* "Contact Anna Berg (0ABC...)": of somebody else, and of what has no title, the id alone. */
kith_status subject_name(struct subject *s, const struct rtype *t, kith_id id, kith_str *out,
                         kith_error *e);

#endif
