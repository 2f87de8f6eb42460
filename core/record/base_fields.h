/* SPDX-License-Identifier: Apache-2.0 */
/* Base fields: the core's own types, and those of their fields that code goes by. They are found by
 * their names once, when the schema is built. NULL: no source declares it, as in some tests. */
#ifndef RECORD_BASE_FIELDS_H
#define RECORD_BASE_FIELDS_H

struct rtype;
struct rfield;
struct schema;

struct base_contact {
    const struct rtype *type;
    const struct rfield *first_name, *last_name, *name, *email, *phone, *account, *restricted,
        *restricted_note;
};
struct base_point {
    const struct rtype *type;
    const struct rfield *contact, *kind, *value, *normal, *primary;
};
struct base_purpose {
    const struct rtype *type;
    const struct rfield *name, *basis, *fields, *description;
};
struct base_wording {
    const struct rtype *type;
    const struct rfield *purpose, *version, *language, *text, *valid_from;
};
struct base_consent {
    const struct rtype *type;
    const struct rfield *contact, *contact_points, *address, *purpose, *wording, *state, *at,
        *source, *proof, *ip, *form, *expires, *withdrawn_at, *withdrawn_by, *replaced_by;
};
struct base_suppression {
    const struct rtype *type;
    const struct rfield *address, *purpose, *at, *how, *lifted, *lifted_by;
};
struct base_task {
    const struct rtype *type;
    const struct rfield *parent, *state, *repeat, *due, *reminder, *form, *answers;
};
struct base_file {
    const struct rtype *type;
    const struct rfield *about, *name, *kind, *media_type, *size, *digest;
};
struct base_part {
    const struct rtype *type;
    const struct rfield *file, *number, *data;
};
struct base_user {
    const struct rtype *type;
    const struct rfield *login, *name, *teams, *roles, *blocked;
};
struct base_role {
    const struct rtype *type;
    const struct rfield *name, *rights;
};
struct base_segment {
    const struct rtype *type;
    const struct rfield *name, *query, *kind, *members, *settling, *refresh, *valid_until,
        *uses_max, *uses, *used, *grace, *keep, *expired;
};
struct base_member {
    const struct rtype *type;
    const struct rfield *segment, *record, *brought;
};
struct base_redirect {
    const struct rtype *type;
    const struct rfield *gone, *kept;
};
struct base_saved_query {
    const struct rtype *type;
    const struct rfield *name, *query, *doc, *shared;
};
struct base_erasure {
    const struct rtype *type;
    const struct rfield *record_type, *record, *reason, *gone, *emptied, *swept;
};

struct base_workflow_run {
    const struct rtype *type;
    const struct rfield *workflow, *file, *version, *about, *parent, *cause, *state, *attempts,
        *due, *over, *waits_for, *result, *error, *remembered;
};

struct base_fields {
    struct base_contact contact;
    struct base_point contact_point;
    struct base_purpose purpose;
    struct base_wording wording;
    struct base_consent consent;
    struct base_suppression suppression;
    struct base_task task;
    struct base_file file;
    struct base_part file_part;
    struct base_user user;
    struct base_role role;
    struct base_segment segment;
    struct base_member list_member;
    struct base_saved_query saved_query;
    struct base_redirect redirect;
    struct base_erasure erasure;
    struct base_workflow_run workflow_run;
    struct {
        const struct rtype *type;
    } team;
};
void base_fields_find(struct base_fields *out, const struct schema *s);

#endif
