/* SPDX-License-Identifier: Apache-2.0 */
/* What the rooms of the query language share: tokens, the resolved tree, and values that fit a
 * field.
 *
 * The tree is in negation normal form: "not" is pushed down to the tests while parsing, where it
 * turns each into its opposite. No test is true for null but "is null", so unknown and false need
 * not be told apart any more: SQL's three-valued answer and a two-valued matcher agree. */
#ifndef RECORD_QUERY_INTERNAL_H
#define RECORD_QUERY_INTERNAL_H

#include "base/date.h"
#include "base/err.h"
#include "record/query.h"

#define QUERY_TEXT_MAX       65536u /* bytes */
#define QUERY_DEPTH_MAX      64u    /* parentheses and nots inside each other */
#define QUERY_CONDITIONS_MAX 200u
#define QUERY_LINKS_MAX                                                                            \
    12u                         /* links followed in one scope: each path once, each condition on  \
                                   many anew */
#define QUERY_NAMES_MAX   8u    /* names in one path */
#define QUERY_VALUES_MAX  4000u /* values written in one query */
#define QUERY_KEYS_MAX    8u
#define QUERY_RELATED_MAX 16u /* exists() and count() of other records */
/* What one of them counts as in depth: SQLite's parser needs so many symbols for it. */
#define QUERY_RELATED_DEPTH 10u
#define QUERY_SPAN_MAX                                                                             \
    (INT64_C(366000) * DAY_MS) /* added to now() and today(): a thousand years                     \
                                */

/* -- tokens (query_lex.c) ---------------------------------------------------------------------- */

enum token_kind {
    TOKEN_END,
    TOKEN_NAME,     /* text: as written */
    TOKEN_QUOTED,   /* "name": never a keyword */
    TOKEN_TEXT,     /* 'text' */
    TOKEN_NUMBER,   /* 12 or 12.50 */
    TOKEN_DURATION, /* 30d */
    TOKEN_PARAM,    /* :name, without the colon */
    TOKEN_SIGN,     /* punctuation */
};
struct token {
    enum token_kind kind;
    kith_str text;  /* quotes taken off */
    uint32_t at;    /* byte offset of its first character */
    uint32_t after; /* byte offset behind its last */
};
/* The token that begins at or after *at, which moves behind it. */
kith_status query_lex(kith_str text, uint32_t *at, struct arena *a, struct token *out,
                      kith_error *e);
/* "at 23: ..." with the position of byte `at` in characters from 1. Returns code. */
kith_status query_fail(kith_str text, uint32_t at, kith_error *e, kith_status code, const char *fmt,
                       ...) __attribute__((format(printf, 5, 6)));
kith_status query_fail_at(kith_str text, uint32_t at, kith_error *e); /* puts "at 23: " in front */

/* -- the tree ---------------------------------------------------------------------------------- */

/* A link that is followed. The emitter calls its record t<n>, the row of its link table l<n>. */
struct step {
    const struct step *from; /* NULL: the record itself */
    const struct rfield *via;
    const struct rtype *type; /* the type that is reached */
    uint32_t number;          /* in its scope, from 1 */
    bool many;                /* through links, to many */
    bool bare;                /* many, and only the ids are wanted: the record is not read */
    struct step *next;        /* in the list of the scope or of the test */
};

/* What is taken of a path's value. */
enum part {
    PART_ALL,
    PART_YEAR = DATE_YEAR, /* of a date, or of a time in the company's zone */
    PART_QUARTER = DATE_QUARTER,
    PART_MONTH = DATE_MONTH,
    PART_WEEK = DATE_WEEK,       /* ISO 8601 */
    PART_WEEKDAY = DATE_WEEKDAY, /* 1 Monday .. 7 Sunday */
    PART_DAY = DATE_DAY,
    PART_HOUR = DATE_HOUR, /* of a time */
    PART_CURRENCY,         /* of money */
    PART_COUNT,            /* of `related`; there is no path */
    PART_DISTANCE,         /* of a place from `origin`, in whole metres */
};
struct path {
    enum part part;
    const struct related *related;
    kith_value origin;
    const struct rfield *field; /* NULL: the id */
    const struct rtype *type;   /* the type that has it */
    const struct step *from;    /* NULL: the record itself */
    bool link;                  /* what the last of `from` holds, wherever it leads; no field */
    kith_str text;              /* as written */
    uint32_t at;
};

/* A comparison is the set of outcomes that satisfy it. */
enum { CMP_LT = 1, CMP_EQ = 2, CMP_LE = 3, CMP_GT = 4, CMP_NE = 5, CMP_GE = 6 };

enum operand_kind {
    OPERAND_VALUE,  /* fits its field already */
    OPERAND_PARAM,  /* value.as.i: which */
    OPERAND_NOW,    /* value.as.i: ms added */
    OPERAND_TODAY,  /* value.as.i: days added */
    OPERAND_PERIOD, /* some days in a row; value.as.i: how many units away, or so many days */
};
enum unit { UNIT_DAY, UNIT_WEEK, UNIT_MONTH, UNIT_QUARTER, UNIT_YEAR, UNIT_DAYS };
struct operand {
    enum operand_kind kind;
    uint32_t at;
    kith_value value;
    enum unit unit;     /* of a period */
    bool working;       /* today() moves on by working days at the end, now() by working time */
    int64_t working_by; /* so many days, or ms */
    uint32_t given;     /* one more than the parameter that tells how much; 0: it is known */
    bool less;          /* and it is taken away */
};

enum test_kind {
    TEST_COMPARE, /* path <cmp> operands[0], or path <cmp> other */
    TEST_IN,      /* path is one of the operands */
    TEST_LIKE,
    TEST_NULL,
    TEST_TAGGED,
    TEST_LINKED,  /* there is any link */
    TEST_EXISTS,  /* there is any of path.related */
    TEST_MEMBER,  /* what path links to is in operands[0], a segment */
    TEST_MATCHES, /* the record's words are those of `search`, or of operands[0], a parameter */
    TEST_NEAR,    /* path is at most `radius` from the operand */
};
struct test {
    enum test_kind kind;
    uint32_t cmp;
    bool negated;      /* of IN, LIKE, NULL, TAGGED, EXISTS, MEMBER, MATCHES and NEAR */
    bool none;         /* with `many`: no linked record satisfies it */
    bool few;          /* of MEMBER: the segment has few records */
    bool kept;         /* a write tells, too, when the passing of time changes its answer */
    struct step *many; /* the steps of a path through links, from the first that goes to many */
    struct path path;
    const struct path *other;
    struct operand *operands;
    uint32_t count;
    struct search *search;
    double radius;        /* metres */
    uint32_t radius_from; /* one more than the parameter that tells it; 0: it is known */
};

enum node_kind { NODE_AND, NODE_OR, NODE_TEST };
struct node {
    enum node_kind kind;
    struct node *first, *next; /* children of and, or; the next sibling */
    struct test *test;
};

/* A scope: a condition on the records of one type, with the links that it follows from them. A
 * query is one, and whatever asks for other records inside it another. Its steps are numbered on
 * their own: the emitter gives them names wherever it puts the scope, so that one tree can stand in
 * many statements, several times in one, and relative to any record that is reached there. */
struct scope {
    const struct rtype *type;
    struct node *where; /* NULL: every record */
    struct step *joins; /* to-one steps, in the order of their first use */
    uint32_t steps;     /* how many, those of its tests included */
    bool restricted;    /* it asks whether records are: they are not left out by themselves */
    bool all;           /* `where` does nothing but leave them out */
};

/* The records of another type that link to the one at hand, or to one that it links to. */
struct related {
    struct scope scope;
    const struct rfield *via;   /* its link or links field that leads here */
    const struct rtype *target; /* the type here */
    const struct step *from;    /* "of" a path: the record that it reaches; NULL: the one at hand */
};

struct sort_key {
    struct path path;
    bool descending, nullable;
};

/* A purpose that consent() or withdrawn() names: its name, or the parameter that tells it. */
struct named_purpose {
    kith_str name; /* ptr NULL: it is params[param] */
    uint32_t param, at;
    const char *in; /* the text in which it stands at `at` */
    struct named_purpose *next;
};

/* Both a query and the condition of a predicate. */
struct query {
    const struct schema *schema;
    struct scope root;                        /* which records */
    struct sort_key keys[QUERY_KEYS_MAX + 1]; /* the last one is the id */
    uint32_t key_count;
    int64_t limit;       /* -1: none */
    uint32_t limit_from; /* one more than the parameter that tells it; 0: it is known */
    bool counts;
    struct group *group; /* of a query that gives totals (query_group.h); else NULL */
    const char *params[QUERY_CONDITIONS_MAX];
    uint32_t param_count;
    uint32_t value_count; /* operands in the whole tree */
    struct named_purpose *purposes;
    uint64_t hash; /* of its text: a cursor belongs to one query */
};

/* -- parsing ----------------------------------------------------------------------------------- */

struct parser {
    struct query *q;
    struct arena *arena;
    kith_error *e;
    kith_str text;
    uint32_t at;               /* behind `ahead` */
    struct token token, ahead; /* the one at hand and the one behind it */
    uint32_t last;             /* behind the token before the one at hand */
    struct scope *scope;       /* the one whose condition is being read */
    uint32_t depth, conditions, related;
    const struct principal *principal; /* for whom names are looked up; NULL: for Kith itself */
    const struct rfield *event;        /* leads to what the event carries; or NULL */
    bool params;                       /* allowed */
    bool inset;                        /* it reads what a function is short for */
    bool share; /* paths that go to many share their steps: those of a group's keys */
};

struct name_list { /* a path as written */
    struct token names[QUERY_NAMES_MAX];
    uint32_t count;
    uint32_t at, after; /* with its function, from byte to byte */
    enum part part;
    struct related *related;
    kith_str origin; /* of a distance */
    uint32_t origin_at;
};
/* Checks and lexes the text; *out is an empty query over it. */
kith_status query_begin(struct parser *p, struct query **out, const struct schema *s,
                        struct arena *a, kith_str text, kith_error *e);
/* Fields and links of a path. test NULL: it may not go through links. (query_path.c) */
kith_status query_path(struct parser *p, const struct name_list *names, struct test *test,
                       struct path *out);
kith_status query_names(struct parser *p, struct name_list *out);
/* A step from the record, or from one that is reached, to one other. */
kith_status query_join(struct parser *p, const struct rfield *via, const struct step *from,
                       uint32_t at, struct step **out);
/* A path, or a function of one. */
kith_status query_term(struct parser *p, struct name_list *out);
/* A condition: "or" of "and" of tests. negate: its opposite. (query_condition.c) */
kith_status query_condition(struct parser *p, bool negate, struct node **out);
/* Leaves out, where a scope ends, the records that are restricted, unless it asks for them. */
kith_status query_leave_out(struct parser *p, struct scope *s);
/* What the conditions of having share: the operand is fitted to the test's path; may the path be
 * compared so, at all and with t->other; "like" and its pattern, behind a path. */
kith_status query_fit_operand(struct parser *p, const struct test *t, struct operand *o);
kith_status query_check_comparable(struct parser *p, const struct test *t, uint32_t at);
kith_status query_check_paths(struct parser *p, const struct test *t, uint32_t at);
kith_status query_pattern(struct parser *p, struct test *t);
/* Gives the test its only operand, fitted to its path. */
struct raw;
kith_status query_one_operand(struct parser *p, struct test *t, const struct raw *raw);

/* What stands on one side of a comparison, as written. (query_operand.c) */
enum raw_kind { RAW_PATH, RAW_VALUE, RAW_NULL };
struct raw {
    enum raw_kind kind;
    struct name_list names;
    struct operand operand;
    uint32_t at;
};
kith_status query_raw(struct parser *p, struct raw *out);
uint32_t query_comparison(const struct token *t); /* CMP_* that the sign stands for; 0: none */
uint32_t query_mirrored(uint32_t cmp);            /* said from the other side: 3 < x is x > 3 */
kith_status query_duration(struct parser *p, int64_t *ms);
kith_status query_param(struct parser *p, uint32_t *i); /* takes it: its place among all */

/* A function of the language. The parse function that is set says where it may stand: as a
 * condition, as a value, or where a path may. It begins behind "(" and takes the ")"; at: the
 * function's name. One with a meaning is short for a longer condition, whose text that gives, in
 * the arena. */
struct function {
    struct query_function doc;
    int64_t arg; /* what the parse function makes of it */
    kith_status (*test)(struct parser *p, const struct function *f, uint32_t at, struct test *t);
    kith_status (*value)(struct parser *p, const struct function *f, struct operand *out);
    kith_status (*term)(struct parser *p, const struct function *f, uint32_t at,
                        struct name_list *out);
    kith_status (*meaning)(struct parser *p, uint32_t at, const char **text);
};
/* The function that is called by the token at hand; NULL: none, or an unknown one.
 * (query_function.c) */
const struct function *query_called(const struct parser *p);
bool query_is_call(const struct parser *p);
kith_status query_begin_call(struct parser *p); /* takes the name and "(" */
/* What is called cannot stand here; names what may be meant. */
kith_status query_bad_call(struct parser *p);

/* What stands in exists(...) and count(...), with the ")". (query_related.c) */
kith_status query_related(struct parser *p, uint32_t at, struct related **out);
/* Is there room for SQLite's parser here, and for the rule of reading a type (NULL: none)? */
kith_status query_room(struct parser *p, uint32_t at, const struct rtype *t);

/* consent() and withdrawn(). (query_consent.c) */
kith_status query_consent(struct parser *p, uint32_t at, const char **text);
kith_status query_withdrawn(struct parser *p, uint32_t at, const char **text);

/* matches(), and whether a record does. (query_search.c) */
kith_status query_matches(struct parser *p, const struct function *f, uint32_t at, struct test *t);
kith_status query_has_words(const struct test *t, const struct query_env *env,
                            const kith_value *values, bool *yes, kith_error *e);

/* group by and what follows it, or the totals behind ":" alone, to the end. (query_group.c) */
kith_status query_group(struct parser *p);
kith_status query_limit_clause(struct parser *p);

/* The parser's tools (query_parse.c). */
kith_status query_advance(struct parser *p);
bool query_is_sign(const struct token *t, const char *sign);
bool query_is_word(const struct token *t, const char *word);
kith_status query_expected(struct parser *p, const char *what); /* "expected ..., found ..." */
kith_status query_expect_sign(struct parser *p, const char *sign);
#define QUERY_FAIL(p, at, ...) query_fail((p)->text, (at), (p)->e, KITH_E_INVAL, __VA_ARGS__)

/* -- values that fit a field (query_value.c) --------------------------------------------------- */

enum value_class {
    CLASS_NONE, /* cannot be compared: json, place, tags */
    CLASS_TEXT,
    CLASS_OPTION, /* choice, state */
    CLASS_INTEGER,
    CLASS_DECIMAL,
    CLASS_MONEY,
    CLASS_BOOL,
    CLASS_DATE,
    CLASS_TIME,
    CLASS_DURATION,
    CLASS_LINK,
    CLASS_ID,
};
struct value_rule {
    enum value_class class;
    bool ordered; /* < and > */
    bool sorted;  /* order by */
    bool like;
    bool ranked; /* its order is that of its options */
};
const struct value_rule *query_rule(const struct path *path);
static inline bool query_folds(const struct path *path) {
    return path->field && path->field->folded;
}

static inline bool query_is_place(const struct path *path) {
    return path->part == PART_ALL && path->field && path->field->kind == KITH_F_PLACE;
}

enum use { USE_EQUAL, USE_ORDER, USE_LIKE, USE_TAG, USE_PLACE };
/* Brings a value to the form in which the field stores it, text that is ordered or matched to its
 * folded form. A time field takes a KITH_DATE: the whole day; a date field a KITH_TIME: its day.
 * NULL stays. */
kith_status query_fit(const struct schema *s, const struct path *path, enum use use,
                      struct arena *a, kith_value *v, kith_error *e);
enum use query_use(const struct test *t);
/* The operand's value at env->now. params and a may be NULL when it is no parameter. */
kith_status query_operand(const struct query *q, const struct test *t, const struct operand *o,
                          const struct query_env *env, const kith_value *params, struct arena *a,
                          kith_value *out, kith_error *e);
/* Moments, periods and parts (query_date.c). */
kith_status query_moment(struct parser *p, const struct function *f, struct operand *out);
kith_status query_period(struct parser *p, const struct function *f, struct operand *out);
kith_status query_days(struct parser *p, const struct function *f, struct operand *out);
kith_status query_part_of(struct parser *p, const struct function *f, uint32_t at,
                          struct name_list *out);
/* The days [from, to) of a period. */
/* An operand with what its parameter tells; and the limit. (query_given.c) */
kith_status query_given(const struct query *q, const struct operand *o, const kith_value *params,
                        struct operand *out, kith_error *e);
kith_status query_given_limit(const struct query *q, const kith_value *params, int64_t *limit,
                              kith_error *e);
/* Fails with ":name: write ...". */
kith_status query_ill_given(const struct query *q, uint32_t param, const char *remedy,
                            kith_error *e);
#define PERIOD_MOST 36600 /* days, weeks, ... that a period or working days may reach */
/* now(), in ms, or today(), in days, and what is added to it. */
int64_t query_moved(const struct operand *o, const struct query_env *env, int64_t from);
void query_span(const struct operand *o, const struct query_env *env, int64_t *from, int64_t *to);
int64_t query_date_part(enum part part, int64_t day);
int64_t query_time_part(enum part part, int64_t ms, const struct zone *zone);
#define QUERY_POINTER 1000u /* kind of a value that is the zone, for STORE_ZONE: as.s.ptr */

/* Places (query_place.c). */
kith_status query_near(struct parser *p, const struct function *f, uint32_t at, struct test *t);
kith_status query_distance_to(struct parser *p, const struct function *f, uint32_t at,
                              struct name_list *out);
/* Is the path one of a place? Reads where the distance is measured from. */
kith_status query_distance_path(struct parser *p, const struct name_list *names, struct path *path);
int64_t query_metres(const kith_value *place, const kith_value *from);

/* The day of an instant in the company's zone, and the first instant of a day. */
int64_t query_local_day(const struct query_env *env, int64_t ms);
int64_t query_day_start(const struct query_env *env, int64_t day);
/* A value is compared with a time field as a whole day. */
static inline bool query_is_day(const struct path *path, const kith_value *v) {
    return v->kind == KITH_DATE && query_rule(path)->class == CLASS_TIME;
}

/* What the matcher asks of its source: how many there are of path.related for the record `id`, at
 * least one if `any`; or (related NULL) whether `id` is in a segment. */
struct match_question {
    const struct query *q;
    const struct query_env *env;
    const struct related *related;
    kith_id segment;
    kith_id id;
    bool any;
};
/* One SELECT of one number. (query_emit.c) */
kith_status query_related_sql(const struct match_question *question, struct arena *a,
                              struct query_sql *out, kith_error *e);

/* A value of the test's path against another one (of t->other, where it is set), as t->cmp says;
 * and against a pattern. (query_match.c) */
bool query_compare(const struct query_env *env, const struct test *t, const kith_value *a,
                   const kith_value *b);
bool query_is_like(const struct path *path, kith_str pattern, kith_str s);
/* Is a time (or else date) before, within or behind the days [from, to)? */
uint32_t query_compare_span(const struct query_env *env, bool time, int64_t v, int64_t from,
                            int64_t to);

/* -- time (query_flip.c) ----------------------------------------------------------------------- */

/* Does the passing of time change what it says of a value? When next, at the earliest; INT64_MAX:
 * never. v NULL: there is no value. */
bool query_is_timed(const struct test *t);
int64_t query_flip(const struct test *t, const kith_value *v, const struct query_env *env);

/* -- cursors (query_cursor.c) ------------------------------------------------------------------ */

struct cursor {
    int64_t given;                       /* rows handed out on the pages before */
    kith_value keys[QUERY_KEYS_MAX + 1]; /* KITH_NULL, KITH_INT or KITH_TEXT */
};
/* Text values live in the arena. */
kith_status query_cursor_read(const struct query *q, kith_str text, struct arena *a,
                              struct cursor *out, kith_error *e);

#endif
