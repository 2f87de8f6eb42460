/* SPDX-License-Identifier: Apache-2.0 */
/* Type files: the types and fields that a company declares for itself, in conf.d/types/NAME.conf,
 * one type in a file. They become a source of the schema like that of a module.
 *
 *     name = "visit";                    a type of the company's own, or
 *     extend = "contact";                fields for a type that somebody else declares
 *     label, doc, title, history         as of any type
 *     indexes = ["owner,-created"];
 *     was = ["call"];                    earlier names
 *     retired = true;                    it is out of sight; its records and history stay
 *     fields = (
 *       { name = "size"; kind = "choice[small,medium,large]"; default = "small"; },
 *       { name = "title"; required = true; }         no kind: a change of a field that is there
 *     ); */
#ifndef ENGINE_TYPE_FILES_H
#define ENGINE_TYPE_FILES_H

#include "engine/settings.h"
#include "record/schema.h"

#define TYPES_FOLDER "conf.d/types"

/* One type or field as it stands in a file. */
struct type_entry {
    const char *file; /* "conf.d/types/visit.conf" */
    int line;
    const char *type;
    const char *field; /* NULL: the type, or what extends it */
    int item;          /* of a field: its place in the file's list */
    const char *kind;  /* of a field, as written; NULL: a change of one that is there */
    bool extends, retired;
};

/* A file as it may become: its text instead of what stands on the disk. */
struct type_text {
    const char *file;
    kith_str text; /* ptr NULL: the file is gone */
};

struct type_files;
/* Reads them all; without the folder there are none. KITH_E_INVAL: there are problems, all of which
 * are appended, and e holds the first. The caller owns *out. */
kith_status type_files_read(struct type_files **out, const char *folder,
                            const struct type_text *instead, size_t count,
                            struct settings_problems *problems, kith_error *e);
void type_files_free(struct type_files *t); /* NULL does nothing */
const struct schema_source *type_files_source(const struct type_files *t);
size_t type_files_count(const struct type_files *t);
const struct type_entry *type_files_at(const struct type_files *t, size_t i);
/* field NULL: the type itself, or the first part that extends it. NULL: there is none. */
const struct type_entry *type_files_find(const struct type_files *t, const char *type,
                                         const char *field);

/* "choice[small,medium]" taken apart, in the arena; options NULL: none. */
kith_status type_kind_parse(kith_str text, struct arena *a, uint32_t *kind, const char **options,
                            kith_error *e);

#endif
