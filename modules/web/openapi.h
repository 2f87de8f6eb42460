/* SPDX-License-Identifier: Apache-2.0 */
/* The document of the interface (OpenAPI 3.1): made from what `kith schema` tells whoever asks, and
 * from routes; and the page that is made from the document. */
#ifndef WEB_OPENAPI_H
#define WEB_OPENAPI_H

#include "web.h"

#include <jansson.h>

/* "" where there is no such text. */
static inline const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* What a row of routes means for one type, action or report. */
struct api_operation {
    const struct route *route;
    const json_t *type, *action, *report; /* of `kith schema`; NULL: it is about none */
    const json_t *options;                /* of its command, with what each is; or NULL */
};

/* openapi_types.c: adds what records of a type look like, read and written, to the schemas. */
void openapi_add_type(json_t *schemas, const json_t *type);
/* And what an action takes and gives: "action.NAME", "result.NAME". */
void openapi_add_action(json_t *schemas, const json_t *action);
json_t *openapi_argument(const json_t *parameter);       /* what may be given for it */
bool openapi_may(const json_t *type, const char *right); /* "create" */

/* openapi_shapes.c: shapes, by their names; a shape, a kind or a list, "[Step]"; what a list of
 * that form is answered as. */
json_t *openapi_shapes(void);
json_t *openapi_form(const char *text);
json_t *openapi_list(const char *of);
/* Adds members, "cut:bool effects:[Rehearsed]". */
void openapi_add_members(json_t *properties, const char *members);

/* openapi_parts.c: what all operations share. */
json_t *openapi_parts(void);
/* The parameters of an operation; its answers. */
json_t *openapi_parameters(const struct api_operation *o);
json_t *openapi_answers(const struct api_operation *o);
json_t *openapi_body(const struct api_operation *o); /* NULL: it takes none */

/* {"$ref": "#/components/KIND/NAME"}, NAME put together. */
json_t *openapi_ref(const char *kind, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* openapi_page.c: the same for people. nonce: of its style, for the Content-Security-Policy. */
void openapi_page(struct text *out, const json_t *document, const char *nonce);

#endif
