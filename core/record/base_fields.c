/* SPDX-License-Identifier: Apache-2.0 */
/* Base fields: where each of them stands in the struct. */
#include "record/base_fields.h"
#include "record/schema.h"

#include <stddef.h>
#include <string.h>

/* clang-format off */
#define TYPE(t)     {#t, NULL, offsetof(struct base_fields, t.type)}
#define FIELD(t, f) {#t, #f, offsetof(struct base_fields, t.f)}

static const struct wanted {
    const char *type, *field; /* field NULL: the type */
    size_t place;
} all[] = {
    TYPE(contact), FIELD(contact, first_name), FIELD(contact, last_name), FIELD(contact, name),
    FIELD(contact, email), FIELD(contact, phone), FIELD(contact, account),
    FIELD(contact, restricted), FIELD(contact, restricted_note),
    TYPE(contact_point), FIELD(contact_point, contact), FIELD(contact_point, kind),
    FIELD(contact_point, value), FIELD(contact_point, normal), FIELD(contact_point, primary),
    TYPE(purpose), FIELD(purpose, name), FIELD(purpose, basis), FIELD(purpose, fields),
    FIELD(purpose, description),
    TYPE(wording), FIELD(wording, purpose), FIELD(wording, version), FIELD(wording, language),
    FIELD(wording, text), FIELD(wording, valid_from),
    TYPE(consent), FIELD(consent, contact), FIELD(consent, contact_points),
    FIELD(consent, address), FIELD(consent, purpose), FIELD(consent, wording),
    FIELD(consent, state), FIELD(consent, at), FIELD(consent, source), FIELD(consent, proof),
    FIELD(consent, ip), FIELD(consent, form), FIELD(consent, expires),
    FIELD(consent, withdrawn_at), FIELD(consent, withdrawn_by), FIELD(consent, replaced_by),
    TYPE(suppression), FIELD(suppression, address), FIELD(suppression, purpose),
    FIELD(suppression, at), FIELD(suppression, how), FIELD(suppression, lifted),
    FIELD(suppression, lifted_by),
    TYPE(task), FIELD(task, parent), FIELD(task, state), FIELD(task, repeat), FIELD(task, due),
    FIELD(task, reminder), FIELD(task, form), FIELD(task, answers),
    TYPE(file), FIELD(file, about), FIELD(file, name), FIELD(file, kind), FIELD(file, media_type),
    FIELD(file, size), FIELD(file, digest),
    TYPE(file_part), FIELD(file_part, file), FIELD(file_part, number), FIELD(file_part, data),
    TYPE(user), FIELD(user, login), FIELD(user, name), FIELD(user, teams), FIELD(user, roles),
    FIELD(user, blocked),
    TYPE(role), FIELD(role, name), FIELD(role, rights),
    TYPE(segment), FIELD(segment, name), FIELD(segment, query), FIELD(segment, kind),
    FIELD(segment, members), FIELD(segment, settling), FIELD(segment, refresh),
    FIELD(segment, valid_until), FIELD(segment, uses_max), FIELD(segment, uses),
    FIELD(segment, used), FIELD(segment, grace), FIELD(segment, keep), FIELD(segment, expired),
    TYPE(list_member), FIELD(list_member, segment), FIELD(list_member, record),
    FIELD(list_member, brought),
    TYPE(saved_query), FIELD(saved_query, name), FIELD(saved_query, query),
    FIELD(saved_query, doc), FIELD(saved_query, shared),
    TYPE(redirect), FIELD(redirect, gone), FIELD(redirect, kept),
    TYPE(erasure), FIELD(erasure, record_type), FIELD(erasure, record), FIELD(erasure, reason),
    FIELD(erasure, gone), FIELD(erasure, emptied), FIELD(erasure, swept),
    TYPE(workflow_run), FIELD(workflow_run, workflow), FIELD(workflow_run, file),
    FIELD(workflow_run, version), FIELD(workflow_run, about), FIELD(workflow_run, parent), FIELD(workflow_run, cause),
    FIELD(workflow_run, state), FIELD(workflow_run, attempts), FIELD(workflow_run, due),
    FIELD(workflow_run, over), FIELD(workflow_run, waits_for), FIELD(workflow_run, result),
    FIELD(workflow_run, error), FIELD(workflow_run, remembered),
    TYPE(team),
};
/* clang-format on */

void base_fields_find(struct base_fields *out, const struct schema *s) {
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const struct wanted *w = &all[i];
        const struct rtype *t = schema_type(s, str_of(w->type));
        const void *found = !w->field ? (const void *)t
                            : t       ? (const void *)type_field(s, t, str_of(w->field))
                                      : NULL;
        memcpy((char *)out + w->place, &found, sizeof found);
    }
}
