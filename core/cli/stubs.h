/* SPDX-License-Identifier: Apache-2.0 */
/* Stubs: what an editor is told of the words of rules, as annotations in the manner of LuaCATS. */
#ifndef CLI_STUBS_H
#define CLI_STUBS_H

#include "base/arena.h"
#include "base/str.h"
#include "record/schema.h"
#include <kith/plugin.h>

struct stubs {
    struct arena *arena;
    const struct schema *schema;
    struct buf *out;
};

/* stubs_words.c: the functions, and the values that they give. */
void stubs_words(struct stubs *s);
/* stubs_types.c: a class for each type's records, changes, events and tables of fields. */
void stubs_types(struct stubs *s);
/* A class of fields; a comment of one line before each. optional: they may be left out. */
void stubs_class(struct stubs *s, const char *prefix, const char *name,
                 struct rfield *const *fields, uint32_t count, bool written, bool optional);
/* What an action gives: a class of its results and, with columns, one of its rows. */
void stubs_results(struct stubs *s, const char *name, struct rfield *const *results, uint32_t count,
                   struct rfield *const *columns, uint32_t column_count);
/* Text as a comment of one line. */
void stubs_comment(struct stubs *s, const char *text);

/* stubs_rules.c: before, after and on, by what they wait for. */
struct stubs_topic {
    const char *name;
    struct rfield *const *fields;
    uint32_t field_count;
    const char *doc;
};
void stubs_rules(struct stubs *s, const struct stubs_topic *topics, size_t count);

#endif
