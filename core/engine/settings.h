/* SPDX-License-Identifier: Apache-2.0 */
/* Settings: the one wrapper around libconfig. Reads a company folder's kith.conf and the conf.d
 * files beside it, checks every value against the declared settings and keeps the result, which
 * never changes: a new configuration is built beside the old one and dropped when anything is wrong
 * with it. Knows nothing of what a setting means.
 *
 * Files are read in order: kith.conf, then conf.d/NAME.conf by name (hidden files and sub-folders
 * are passed over). A later file overrides an earlier one key by key; lists are replaced as a
 * whole. Within one file a key may stand once. @include is refused: conf.d is the way to split a
 * file.
 *
 * What stands in a file:     BOOL true, false     INT 25, 0x1F, 5000000000 (no L needed)
 *   REAL 2.5 or 3            TEXT "EUR"           DURATION "10m"
 *   LIST of text [ "a", "b" ]                     LIST of groups ( { name = "a"; }, { ... } ) */
#ifndef ENGINE_SETTINGS_H
#define ENGINE_SETTINGS_H

#include "base/arena.h"
#include "base/str.h"
#include <kith/declare.h>

/* Who declares settings, and where they stand in the files. */
struct settings_owner {
    const char *module;  /* "sales": in a group of that name; "": the core's, at the top level */
    kith_array settings; /* of kith_setting, any stride; must live as long as the settings do */
    bool disabled;       /* a module that is not enabled: its group is accepted and not checked */
};

/* Everything that is wrong, in the order of the files. Zeroed is empty. */
struct settings_problem {
    const char
        *file; /* relative to the folder: "conf.d/20-sales.conf"; "": a declaration is wrong */
    int line;  /* from 1; 0: the file as a whole */
    const char *text; /* one sentence; never shows the value of a secret */
};
struct settings_problems {
    struct arena arena; /* holds the items and their texts */
    struct settings_problem *items;
    size_t count, cap;
};
/* Appends one line each: "conf.d/20-sales.conf:12: sales.scroe is not a setting; did you mean ...".
 */
void settings_problems_print(const struct settings_problems *p, struct buf *out);
void settings_problems_free(struct settings_problems *p);

/* One declared setting and what it is now. */
struct setting {
    const char *path;   /* as in the files: "sales.score.points", "engine.queue" */
    const char *module; /* the owner; "" for the core */
    kith_setting decl;  /* zero where the owner's struct was shorter */
    kith_value value; /* the default where no file sets it; KITH_NULL: not set and no default. Texts
                         are NFC and NUL-ended. A list of groups is a LIST of LISTs, each with one
                         value per declared item, in declared order (KITH_NULL where absent).
                         flags is the line on which a value stands; 0: it is a default */
    const char *file; /* where it is set; NULL: the default holds */
    int line;         /* from 1; 0 with the default */
};

struct settings; /* immutable; any thread */

/* In kith_setting.flags, of the core's own: a TEXT that may also be written as a number, true or
 * false. */
#define SETTING_SCALAR 0x80000000u

/* For the first look, before the modules are known: groups and settings that no owner declares are
 * passed over, and settings are handed out though there are problems (a value at fault is then as
 * if it were absent). Without it *out is NULL unless all is well. */
#define SETTINGS_LENIENT 1u

/* Reads and checks. Problems are appended to *problems (all of them, not the first only).
 * KITH_E_INVAL: there are problems, e holds the first. KITH_E_NOTFOUND: no kith.conf in folder.
 * With SETTINGS_LENIENT the status is KITH_OK where a kith.conf could be read. The caller owns
 * *out. */
kith_status settings_load(struct settings **out, const char *folder,
                          const struct settings_owner *owners, size_t count, uint32_t flags,
                          struct settings_problems *problems, kith_error *e);
/* The same for one file by itself, with settings of one owner: "conf.d/types/visit.conf" in folder;
 * or, where text.ptr is set, for that text under the file's name. With KITH_E_INVAL *out is there,
 * too, with what could be read. */
kith_status settings_load_file(struct settings **out, const char *folder, const char *file,
                               kith_str text, const struct settings_owner *owner,
                               struct settings_problems *problems, kith_error *e);
/* Makes an error of problem `first` that counts those behind it. KITH_E_INVAL. */
kith_status settings_first_problem(const struct settings_problems *p, size_t first, kith_error *e);
/* Appends a problem. False: no memory. */
bool settings_problem_add(struct settings_problems *p, const char *file, int line,
                          const char *text);
/* Makes each declaration sense by itself? KITH_E_INVAL: the first that does not. */
kith_status settings_can_declare(const struct settings_owner *owner, kith_error *e);
void settings_free(struct settings *s); /* NULL does nothing */

/* Lookup by module ("" for the core) and key. NULL: nobody declared it. */
const struct setting *settings_find(const struct settings *s, const char *module, const char *key);
/* The same for callers who know the kind; what is undeclared or not set gives false, 0 or "". */
bool settings_bool(const struct settings *s, const char *module, const char *key);
int64_t settings_int(const struct settings *s, const char *module,
                     const char *key); /* DURATION: ms */
double settings_real(const struct settings *s, const char *module, const char *key);
kith_str settings_text(const struct settings *s, const char *module, const char *key);
/* List of groups: how many, and the value of one key of group i (a KITH_NULL value when there is no
 * such group or key). Lists of text: settings_count, and item_key NULL. */
size_t settings_count(const struct settings *s, const char *module, const char *key);
kith_value settings_item(const struct settings *s, const char *module, const char *key, size_t i,
                         const char *item_key);

/* All declared settings of enabled owners, in declared order. */
size_t settings_total(const struct settings *s);
const struct setting *settings_at(const struct settings *s, size_t i);

/* -- for people -------------------------------------------------------------------------------- */

/* Appends "whole number from 0 to 100", "one of a, b, c", "duration from 1s to 1h", ... */
void setting_kind_text(const kith_setting *decl, struct buf *out);
/* Appends the value as it would stand in a file; a secret shows as (set) or (not set). */
void setting_value_text(const kith_setting *decl, const kith_value *value, struct buf *out);
/* Appends what `kith explain PATH` prints: doc, kind, default, the value now and where it is set. A
 * group ("sales", "sales.score") explains all settings in it. KITH_E_NOTFOUND with "did you mean".
 */
kith_status settings_explain(const struct settings *s, const char *path, struct buf *out,
                             kith_error *e);
/* Appends a reference page in Markdown, of one module or (NULL) of all. */
void settings_reference(const struct settings *s, const char *module, struct buf *out);

#endif
