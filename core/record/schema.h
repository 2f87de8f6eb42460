/* SPDX-License-Identifier: Apache-2.0 */
/* Schema: every record type with its fields, as declared by the core, by modules and by the
 * company, joined with the catalogue that gives types and fields their permanent numbers. Immutable
 * once built; any thread may read it. */
#ifndef RECORD_SCHEMA_H
#define RECORD_SCHEMA_H

#include "base/arena.h"
#include "base/map.h"
#include "record/base_fields.h"
#include "store/store.h"
#include <kith/declare.h>

#define FIELDS_MAX  512 /* per type */
#define OPTIONS_MAX 64  /* per choice or state */

/* A set of a type's fields, by index. */
struct fieldset {
    uint64_t bits[FIELDS_MAX / 64];
};
static inline bool fieldset_has(const struct fieldset *s, uint32_t i) {
    return (s->bits[i / 64] >> (i % 64)) & 1u;
}
static inline void fieldset_add(struct fieldset *s, uint32_t i) {
    s->bits[i / 64] |= UINT64_C(1) << (i % 64);
}
static inline void fieldset_drop(struct fieldset *s, uint32_t i) {
    s->bits[i / 64] &= ~(UINT64_C(1) << (i % 64));
}
static inline void fieldset_remove(struct fieldset *s, const struct fieldset *out) {
    for (size_t i = 0; i < sizeof s->bits / sizeof *s->bits; i++)
        s->bits[i] &= ~out->bits[i];
}
static inline bool fieldset_meets(const struct fieldset *a, const struct fieldset *b) {
    for (size_t i = 0; i < sizeof a->bits / sizeof *a->bits; i++)
        if (a->bits[i] & b->bits[i])
            return true;
    return false;
}

struct rtype;
struct rollup;
struct series;
struct schema;
struct zone;

/* Finds a segment by its name, for in_segment() in queries: its id and the type of its records. One
 * that the principal (NULL: Kith itself) may not read is not there: KITH_E_NOTFOUND. Any thread. */
struct principal;
struct segment_found {
    kith_id id;
    const struct rtype *type; /* of its records */
    int64_t members;          /* about: what is settled now */
};
struct segment_names {
    kith_status (*find)(void *arg, const struct principal *p, kith_str name,
                        struct segment_found *out, kith_error *e);
    void *arg;
};

struct rfield {
    uint32_t id;    /* permanent, unique over all types */
    uint32_t index; /* place in rtype.fields and in a row of values */
    uint32_t kind;  /* KITH_F_* */
    uint32_t flags; /* KITH_FF_* */
    const char *name, *label, *doc;
    const char *default_text; /* or NULL */
    const char *module;       /* who declared it: "core", "sales", "company" */
    const struct rtype *type;
    /* choice and state */
    const char *const *options; /* in declared order */
    uint32_t option_count;
    const uint64_t *arrows; /* state: bit j of arrows[i]: option i may become option j */
    uint64_t closed;        /* state: bit i: option i is an end */
    /* link and links */
    const struct rtype *target; /* NULL with any_target */
    bool any_target;
    int32_t scale; /* decimal */
    /* SQL: the first column of the field in the type's column list, and how many. money has three
     * (name, name__cur, name__base), place two (name__lat, name__lon), a link to any record two
     * (name, name__type), links none (a table "type.field" of record and target). */
    uint32_t column, column_count;
    const char *formula;         /* of a roll-up, as declared; NULL: it is none */
    const struct rollup *rollup; /* see rollup.h; NULL: it is none */
    uint32_t slot;               /* of a searched field: its column in the index (search.h) */
    bool folded;                 /* has a companion column name__fold */
    uint32_t measure;            /* KITH_M_*, never 0 */
    const struct series *series; /* of a number series (series.h); else NULL */
    /* The range of what may be written, as declared and in the units in which the field is stored:
     * minor units of range_currency, days, ms, characters of a text. NULL: no such bound. */
    const char *min_text, *max_text;
    const char *floor; /* the min that Kith itself needs, where the company has another; or NULL */
    int64_t min, max;
    char range_currency[4]; /* of money; "": any, for a bound of 0 */
    const char *where;      /* the company's: "conf.d/types/visit.conf:12"; else NULL */
    bool changed;           /* the company has changed what its module declares; see where */
};

static inline struct fieldset fieldset_of(const struct rfield *const *fields) { /* ended by NULL */
    struct fieldset s = {{0}};
    for (; *fields; fields++)
        fieldset_add(&s, (*fields)->index);
    return s;
}

/* It follows from other records and stands in no history. */
static inline bool field_derived(const struct rfield *f) {
    return f->rollup || (f->flags & KITH_FF_DERIVED);
}

/* The fields that every type has, by index. The id is not among them. */
#define FIELD_CREATED 0u /* time */
#define FIELD_UPDATED 1u /* time */
#define FIELD_OWNER   2u /* link to user */
#define FIELD_FIRST   3u /* the first declared one */

struct lookup;
struct rtype {
    const struct schema *schema;
    uint32_t id; /* permanent */
    const char *name, *label, *doc;
    const char *module;
    const char *where;      /* as of a field */
    uint32_t history, undo; /* KITH_HISTORY_*, KITH_UNDO_* */
    struct rfield *const *fields;
    uint32_t field_count;
    const char *const *indexes; /* over several fields, as declared */
    uint32_t index_count, unique_count;
    struct lookup **uniques;             /* what no two records have the same of: unique.h */
    const struct rfield *title;          /* names a record to people; NULL: none */
    const struct rfield *whole;          /* see type_whole */
    const struct rfield *assignee;       /* the link with KITH_FF_ASSIGNEE; NULL: none */
    bool access;                         /* see type_is_access */
    bool numbered;                       /* it has a number series */
    struct fieldset derived;             /* those with KITH_FF_DERIVED: not journaled */
    struct fieldset kept;                /* its fields that are roll-ups */
    struct fieldset currencies;          /* those that name the currency of one of them */
    const struct rollup *const *rollups; /* that are kept from its records, on whichever type */
    uint32_t rollup_count;
    const char *const *columns; /* SQL column names, unquoted, in order; without id and __fold */
    uint32_t column_count;
    /* Prepared SQL texts (see record.c). */
    const char *sql_select; /* "SELECT id, <columns> FROM type WHERE id = ?1" */
    const char *sql_insert; /* id, columns, fold columns */
    const char *sql_delete;
    /* Searched fields, the title first, and what is read for them. */
    const struct rfield *const *searched;
    uint32_t searched_count;
    const struct rfield *point_primary, *point_kind; /* of contact_point; else NULL */
};
/* The first of its fields that is a state; NULL: it has none. */
static inline const struct rfield *type_state(const struct rtype *t) {
    for (uint32_t i = 0; i < t->field_count; i++)
        if (t->fields[i]->kind == KITH_F_STATE)
            return t->fields[i];
    return NULL;
}

/* A type that is retired, or whose module is not loaded: its rows and links to them are there. */
struct absent_type {
    uint32_t id;
    const char *name;
};

/* A link of a module that is not loaded: its rows are still there. */
struct absent_link {
    struct rtype type;   /* the name alone */
    struct rfield field; /* name, kind, any_target, module */
    const char *target;  /* the type that it links to, or "*" */
};

struct schema {
    struct arena arena;
    struct rtype **types; /* by catalogue number; retired ones are absent */
    uint32_t type_count;
    struct base_fields base;
    struct map by_name;       /* type name -> struct rtype * */
    struct map by_id;         /* type number -> struct rtype * */
    struct map field_by_id;   /* field number -> struct rfield * */
    struct map field_by_name; /* "type.field" -> struct rfield * */
    struct map former;        /* number -> the name of a field that nobody declares any more */
    struct map gone;          /* the same fields, "type.field" */
    struct absent_type *absent_types;
    size_t absent_type_count;
    struct absent_link *absent;
    size_t absent_count;
    const struct rollup **rollups; /* each behind those that its own value is kept from */
    uint32_t rollup_count;
    /* What building it did to the database, one sentence each: "field visit.size is new". */
    const char **done;
    size_t done_count, done_cap;
    /* What the company declares about types that are not there now, as those of a module that is
     * not enabled; it is passed over: "conf.d/types/lead.conf:3: there is no type lead". */
    const char **passed;
    size_t passed_count, passed_cap;
    char base_currency[4];
    const struct zone *zone; /* the company's, for times without an offset; NULL: UTC; borrowed */
    const struct segment_names *segments; /* NULL: there are none; borrowed */
};

/* What the company changes of a field that somebody else declares. NULL, 0: as it is. */
struct schema_change {
    const char *type, *field;
    const char *label, *doc, *default_text, *min, *max;
    const char *more;    /* options of a choice, after those it has: "vip,intern" */
    const char *states;  /* of a state, instead of those it has */
    uint32_t set, clear; /* KITH_FF_REQUIRED, KITH_FF_INDEXED, KITH_FF_SEARCHED */
    uint32_t measure;
};
/* An earlier name. It is applied where the database knows the old one and not the new one, so that
 * the same declarations lead to the same names everywhere, however often. */
struct schema_rename {
    const char *type;  /* its name now */
    const char *field; /* its name now; NULL: of the type */
    const char *was;
};
struct schema_place {         /* where it is declared */
    const char *type, *field; /* field NULL: the type, or its part that extends another */
    const char *where;
};

struct schema_source {
    const char *module;    /* "core", a module's name, or "company" */
    uint32_t version;      /* gates migrations */
    kith_array types;      /* kith_type */
    kith_array migrations; /* kith_migration */
    /* The company's alone. */
    const struct schema_change *changes;
    const struct schema_rename *renames;
    const struct schema_place *places;
    size_t change_count, rename_count, place_count;
};
#define SCHEMA_COMPANY "company"

/* Builds the schema: reads the catalogue, checks every declaration, adds what is new (tables,
 * columns, indexes, catalogue rows) inside one transaction on `c`, which the caller has begun or
 * not. An error names module, type and field. The caller owns *out. */
kith_status schema_build(struct schema **out, struct conn *c, const struct schema_source *sources,
                         size_t count, const char *base_currency, kith_error *e);
/* Makes the columns that are kept beside text (its folded form) and money (the amount in the base
 * currency) anew, where they are not what they should be. In a transaction. */
kith_status schema_fill_companions(struct conn *c, const struct schema *s, kith_error *e);
void schema_free(struct schema *s);
/* Logs what building it did to a database that was there before, once that is kept. */
void schema_log(const struct schema *s);

/* Fields that belong to no table: an action's parameters or results, a topic's payload. In arena a.
 */
kith_status schema_fields(const struct schema *s, struct arena *a, const char *module,
                          kith_array declared, struct rfield *const **out, uint32_t *count,
                          kith_error *e);

/* NULL when absent. */
const struct rtype *schema_type(const struct schema *s, kith_str name);
const struct rtype *schema_type_by_id(const struct schema *s, uint32_t id);
const struct rfield *schema_field_by_id(const struct schema *s, uint32_t id);
/* Their names and numbers, though they are retired or their module is not loaded; NULL, 0: there
 * never was one. */
const char *schema_former_field(const struct schema *s, uint32_t id);
const char *schema_type_name(const struct schema *s, uint32_t id);
uint32_t schema_type_number(const struct schema *s, kith_str name);
/* Does nobody declare it any more, as after it was retired, or while its module is not enabled?
 * field NULL: the type. False, too, for a name that nothing ever had, or has not any more. */
bool schema_is_gone(const struct schema *s, const char *type, const char *field);
const struct rfield *type_field(const struct schema *s, const struct rtype *t, kith_str name);
/* Of what an event carries, a type that is in no schema: a field by its name, and the name that is
 * most like it; NULL: none is. */
const struct rfield *carried_field(const struct rtype *t, kith_str name);
const char *carried_near(const struct rtype *t, kith_str name);
/* An accent tells two mailboxes apart, though the folded column, by which they are found, does not.
 */
static inline bool field_has_accents(const struct rfield *f) {
    return f->kind == KITH_F_EMAIL && f->folded;
}
/* The same, with an error that suggests the nearest name. */
kith_status schema_find_type(const struct schema *s, kith_str name, const struct rtype **out,
                             kith_error *e);
kith_status schema_find_field(const struct schema *s, const struct rtype *t, kith_str name,
                              const struct rfield **out, kith_error *e);
bool schema_name_ok(const char *name);            /* of a type or field */
const char *field_kind_name(uint32_t kind);       /* "text", "money", ... */
uint32_t field_kind_of(kith_str name);            /* 0: none */
const char *field_measure_name(uint32_t measure); /* "nominal", "time series", ... */
uint32_t field_measure_of(kith_str name);         /* 0: none */
/* What a field or a measure allows, in words: "count, min, max". */
const char *field_totals(const struct rfield *f);
const char *measure_charts(uint32_t measure);
/* May its values be added up? Not those of a code or a rank, whose numbers are names. */
bool field_adds_up(const struct rfield *f);
int field_option(const struct rfield *f, kith_str name); /* index, or -1 */

/* The declarations of the base types: account, contact, contact_point, interaction, task, note,
 * file, file_part, territory, user, team, role, share. */
extern const struct schema_source schema_core;

/* The field that says since when the data of a person are restricted; NULL: it is no type of
 * persons. */
static inline const struct rfield *type_restricted(const struct rtype *t) {
    const struct base_contact *c = &t->schema->base.contact;
    return t == c->type ? c->restricted : NULL;
}
/* A link by which a record may tell about one whose data are restricted. */
static inline bool field_of_person(const struct rfield *f) {
    const struct base_contact *c = &f->type->schema->base.contact;
    return (f->flags & KITH_FF_SUBJECT) && c->restricted && (f->any_target || f->target == c->type);
}

/* What the database knows of itself, by a key, in the arena; NULL: nothing. */
kith_status meta_read(struct conn *c, const char *key, struct arena *a, const char **value,
                      kith_error *e);
kith_status meta_write(struct conn *c, const char *key, const char *value, kith_error *e);

#endif
