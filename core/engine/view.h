/* SPDX-License-Identifier: Apache-2.0 */
/* View: all that is known of one record, put together for a page or for one answer: what it is,
 * how it is reached, what links to it, what is open, and what happened, newest first. Nothing here
 * knows a module: whatever type has a link that leads to the record is shown.
 *
 * Some things about a type are found by their form. One without a title is not shown. A time called
 * "at" says when it takes place; without one that is when the record was made. A time or date
 * called "due" says until when. And a state with an end (see kith/declare.h) says whether a record
 * is still open.
 *
 * Everything is read through engine_get and engine_find, so it is what the caller may see, and
 * every part is bounded: see the numbers below. [any] */
#ifndef ENGINE_VIEW_H
#define ENGINE_VIEW_H

#include "engine/engine.h"

#define VIEW_PEOPLE  20   /* contacts of an account whose records stand in its timeline, too */
#define VIEW_OPEN    20   /* open records of each kind of link */
#define VIEW_POINTS  100  /* contact points */
#define VIEW_TAGS    50   /* tags whose meaning is looked up */
#define VIEW_SUMMED  1000 /* records of one kind whose money is added up; of more it is not */
#define VIEW_SCANNED 500  /* rows of the record's own history that one page looks at */

/* History has happened, current holds or is under way, potential may come: it is planned. */
enum view_when { VIEW_HISTORY, VIEW_CURRENT, VIEW_POTENTIAL };
const char *view_when_name(enum view_when when);

struct view_record {
    const struct rtype *type;
    kith_id id;
    const kith_value *values;
    const struct rfield *via; /* the link by which it was found */
    const struct rtype *of_type;
    kith_id of; /* what it links to: the page's record, or a contact of the account */
};

struct view_item { /* of the timeline */
    int64_t at;    /* ms UTC */
    uint64_t tie;  /* orders what has the same time: the record's id, or the journal's seq */
    enum view_when when;
    struct view_record record;  /* type NULL: it happened to the page's record itself: */
    const char *topic;          /* an event was published about it: "order.paid" */
    kith_str data;              /* what came with it, in JSON */
    kith_str segment;           /* of a segment's event, for those who may read it: its name */
    const struct rfield *state; /* or this state moved; neither: it was made */
    kith_value before, after;   /* of that state */
    struct source actor;        /* who wrote it; kind 0: not known */
    struct source source;       /* the code that did, kind 0: the actor */
    kith_id run;                /* of the workflow that did; 0: none */
};

struct view_state { /* of the record */
    const struct rfield *field;
    int64_t since;   /* ms UTC; 0: not known */
    kith_value team; /* who answers for records in it: of its stage, or null */
};
struct view_tag { /* on the record, in the catalogue of tags or not */
    kith_str name, category, description;
};
struct view_segment { /* that it is in */
    struct view_record record;
    bool settling; /* it is being worked out: whether the record is in it may change */
};
struct view_sum {
    const struct rfield *field;
    kith_value total; /* of one currency */
};
struct view_part { /* all records of one type that link to it by one field */
    const struct rfield *via;
    int64_t count;
    const struct view_record *newest; /* as many as were asked for, or there are */
    size_t newest_count;
    const struct view_sum *sums;
    size_t sum_count;
    bool summed; /* else there are more than VIEW_SUMMED */
};
struct view_open {
    struct view_record record;
    const struct rfield *state;
    const kith_value *due; /* or NULL */
    bool overdue;
};
struct view_list { /* of a growing array in the arena */
    void *items;
    size_t count, cap;
};
struct view {
    const struct rtype *type;
    kith_id id;
    kith_value *values;
    struct view_list states;   /* struct view_state */
    struct view_list tags;     /* struct view_tag, of its field tags */
    struct view_list points;   /* struct view_record, of contact points; primary ones first */
    struct view_list people;   /* struct view_record, the newest contacts of an account */
    struct view_list segments; /* struct view_segment */
    struct view_list parts;    /* struct view_part */
    struct view_list open;     /* struct view_open; overdue ones first, then by what is due */
    struct view_list items;    /* struct view_item, newest first */
    kith_str cursor;           /* goes on behind the last item; empty at the end */
};
struct view_options {
    int64_t limit;  /* items of the timeline, from 1 */
    kith_str after; /* a cursor: only the timeline is read, from there on; or empty */
};
/* In the arena. KITH_E_NOTFOUND: there is no such record. */
kith_status engine_view(struct engine *g, const struct principal *p, const struct rtype *t,
                        kith_id id, const struct view_options *o, struct arena *a, struct view *out,
                        kith_error *e);

/* What links to a record, of every type and by every field that the caller may read, but owners: to
 * *parts, as struct view_part without sums, each with at most `newest` records. */
kith_status engine_linked(struct engine *g, const struct principal *p, const struct rtype *t,
                          kith_id id, int64_t newest, struct arena *a, struct view_list *parts,
                          kith_error *e);

/* The first state with an end that the type has, or NULL: its records are neither open nor closed.
 */
const struct rfield *view_state_field(const struct rtype *t);

#endif
