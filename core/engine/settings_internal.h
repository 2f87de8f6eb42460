/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of settings: the declarations as a tree, how problems are reported, and the
 * text of a file parsed by libconfig. */
#ifndef ENGINE_SETTINGS_INTERNAL_H
#define ENGINE_SETTINGS_INTERNAL_H

#include "base/map.h"
#include "engine/settings.h"
#include <libconfig.h>

/* -- the declarations as a tree ---------------------------------------------------------------- */

struct leaf;

/* One part of a dotted key: a group, or a setting. */
struct node {
    const char *name;
    struct node *child, *next;
    struct leaf *leaf; /* NULL: a group */
    bool unchecked;    /* the group of a module that is not enabled */
};

/* The settings of the whole company, or those of each group in a list of groups. */
struct shape {
    struct node root;
    struct leaf **leaves; /* in declared order */
    size_t count;
};

struct leaf {
    struct setting pub;
    kith_value fallback; /* the default */
    struct shape *items; /* a list of groups; else NULL */
    size_t index;        /* in its shape */
    bool faulty;         /* set wrongly, which was reported */
};

struct settings {
    struct arena arena;
    struct shape shape;
    struct map by_path; /* of struct leaf */
};

/* Item i of an array of kith_setting; zero where the owner's struct is shorter than ours. */
kith_setting setting_in(const kith_array *a, uint32_t i);
/* "did you mean": the child of n whose name is nearest, or NULL. */
const char *node_nearest(const struct node *n, const char *name);

/* -- loading ----------------------------------------------------------------------------------- */

struct load {
    struct settings *s;
    struct settings_problems *problems;
    struct arena scratch;
    const char *file;  /* the one being read: "conf.d/20-sales.conf"; "": declarations */
    const char *about; /* put in front of a problem: "sales, default of x: " */
    bool lenient;
    bool single; /* a file by itself, which holds no settings of modules */
    bool unread; /* a file could not be read or parsed: what it sets is not known */
    bool nomem;
};
void report(struct load *l, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Adds what an owner declares, with defaults. */
void settings_declare(struct load *l, const struct settings_owner *o);
/* Takes over what the tree of a file sets. */
void settings_take(struct load *l, const config_t *cfg);

/* What the parser leaves behind for a value or a name that it has reported, so that libconfig goes
 * on and later problems are seen too. */
#define REPORTED_TEXT "\001reported"
#define REPORTED_MARK '*' /* in a name */

/* Parses the text of one file into *cfg, which is initialised in any case: config_destroy. False:
 * no tree was made, a problem says why. Every whole number in the tree is CONFIG_TYPE_INT64. */
bool settings_parse(struct load *l, kith_str text, config_t *cfg);

/* A text as it stands in a file: in quotes, on one line. */
void setting_quoted(kith_str s, struct buf *out);

#endif
