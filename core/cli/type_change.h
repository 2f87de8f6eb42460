/* SPDX-License-Identifier: Apache-2.0 */
/* Type change: what the commands have in common that change the company's types: they edit its
 * files, try the new ones on the database, say what changes, write them, and have the company
 * opened anew. What does not open leaves all as it was. */
#ifndef CLI_TYPE_CHANGE_H
#define CLI_TYPE_CHANGE_H

#include "cli/cli.h"
#include "cli/rehearse.h"
#include "engine/conf_edit.h"

#define CHANGED_FILES_MAX 256

struct changed_file {
    const char *name; /* "conf.d/types/visit.conf" */
    kith_str before;  /* ptr NULL: it was not there */
    struct buf text;
};
struct type_change {
    struct cmd *c;
    struct changed_file files[CHANGED_FILES_MAX];
    size_t count;
};

/* Its text, to be changed. One that is not there begins empty. */
kith_status types_change_file(struct type_change *t, const char *name, struct changed_file **out,
                              kith_error *e);
/* conf_set and conf_add on its text. value NULL takes the key out; quoted is put in quotes. */
kith_status types_change_set(struct type_change *t, const char *file, int item, const char *key,
                             const char *value, kith_error *e);
kith_status types_change_quoted(struct type_change *t, const char *file, int item, const char *key,
                                const char *text, kith_error *e);
kith_status types_change_add(struct type_change *t, const char *file, kith_str group,
                             kith_error *e);
/* Adds to a list of texts, as was = ["a", "b"]. */
kith_status types_change_append(struct type_change *t, const char *file, int item, const char *key,
                                const char *text, kith_error *e);
/* With --rehearse says what would change; else does it. sentence: what was done. */
kith_status types_change_apply(struct type_change *t, const char *sentence, kith_error *e);
/* The run of a command that has `change`: calls it with a change of nothing yet, and frees that. */
kith_status run_type_change(struct cmd *c, kith_error *e);

/* The entry of a type or field in the company's files; says what it is if it is not the company's.
 */
kith_status own_type(struct cmd *c, const char *type, const struct type_entry **out, kith_error *e);
kith_status own_field(struct cmd *c, const char *path, const struct type_entry **out,
                      kith_error *e);
/* The file in which fields of a type are added: its own, or the one that extends it, or a new one.
 */
kith_status file_of_type(struct type_change *t, const char *type, const char **file, kith_error *e);

/* Refuses what is in use, and says by whom, unless --anyway. field NULL: the type. Whoever follows
 * a new name by itself is no user of one that is `renamed`. (field_uses.c) */
kith_status check_unused(struct cmd *c, const char *type, const char *field, bool renamed,
                         kith_error *e);

#define ANYWAY_OPTION                                                                              \
    { "anyway", NULL, "though it is in use" }

/* "size:choice[small,large]" as a group of the list of fields, with the options of the command
 * when they are of one field. */
kith_status field_group(struct cmd *c, const char *spec, bool options, struct buf *out,
                        kith_error *e);

#endif
