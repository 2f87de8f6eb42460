/* SPDX-License-Identifier: Apache-2.0 */
/* What records, parameters and results look like in JSON, as JSON Schema. What a value of each
 * field looks like `kith schema` tells. */
#include "openapi.h"

#include <stdlib.h>

#define ROWS_MAX 10000 /* of an action; see kith_calls_v1.row */

enum use { USE_READ, USE_CREATE, USE_UPDATE, USE_CALL };

static bool is(const json_t *f, const char *key) {
    return json_is_true(json_object_get(f, key));
}

/* Records of some types are made by Kith alone: they need what nobody may write. */
static bool is_made_by_hand(const json_t *type) {
    json_t *f;
    size_t i;
    json_array_foreach(json_object_get(type, "fields"), i, f) {
        if (is(f, "required") && !is(f, "write") && !json_object_get(f, "default") &&
            !json_object_get(f, "transitions"))
            return false;
    }
    return true;
}

bool openapi_may(const json_t *type, const char *right) {
    const char *reach = text_of(json_object_get(type, "reach"), right);
    return reach[0] && strcmp(reach, "none") != 0 &&
           (strcmp(right, "create") != 0 || is_made_by_hand(type));
}

/* -- one field --------------------------------------------------------------------------------- */

static void put_text(json_t *s, const char *key, const char *text) {
    json_object_set_new(s, key, json_string(text));
}

/* A new record begins in the first state. */
static void put_options(json_t *s, const json_t *f, enum use use, bool nullable) {
    json_t *all = json_object_get(s, "enum");
    if (use == USE_CREATE && json_object_get(f, "transitions"))
        json_object_set_new(s, "enum", json_pack("[O]", json_array_get(all, 0)));
    if (all && nullable)
        json_array_append_new(json_object_get(s, "enum"), json_null());
}

/* Its bounds are words of JSON Schema. */
static bool is_bounded(const json_t *f) {
    return strcmp(text_of(f, "kind"), "integer") == 0 || strstr(text_of(f, "kind"), "text");
}

/* In words: of what has a "default" some generators make a member that must be given. */
static void put_default(struct text *t, const json_t *value) {
    char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    if (text)
        text_printf(t, " If left out: %s.", text);
    free(text);
}

/* What JSON Schema has no word for. */
static void put_description(json_t *s, const json_t *f, enum use use) {
    struct text t = {0};
    const char *target = text_of(f, "target"), *least = text_of(f, "min"),
               *most = text_of(f, "max");
    text_puts(&t, text_of(f, "doc"));
    if (target[0] && strcmp(target, "*") != 0)
        text_printf(&t, " Id of a record of type %s.", target);
    else if (target[0])
        text_puts(&t, " Type and id of a record.");
    if (text_of(f, "series")[0])
        text_printf(&t, " Given when the record is created, and never changed: %s.",
                    text_of(f, "series"));
    if (is(f, "unique"))
        text_puts(&t, " Unique.");
    if (text_of(f, "computed")[0])
        text_printf(&t, " Kept by Kith: %s.", text_of(f, "computed"));
    if (use == USE_CREATE || use == USE_CALL)
        put_default(&t, json_object_get(f, "default"));
    if (!is_bounded(f) && least[0])
        text_printf(&t, " Not below %s.", least);
    if (!is_bounded(f) && most[0])
        text_printf(&t, " Not above %s.", most);
    if (t.len)
        put_text(s, "description", t.ptr[0] == ' ' ? t.ptr + 1 : t.ptr);
    text_free(&t);
}

/* A record may be older than what the company asks of its field since. */
static bool may_be_null(const json_t *f, enum use use) {
    const char *name = text_of(f, "field");
    if (use == USE_READ && (strcmp(name, "created") == 0 || strcmp(name, "updated") == 0))
        return false;
    if (use == USE_READ && json_object_get(f, "declared_at"))
        return true;
    return !is(f, "required") && (use == USE_READ || !json_object_get(f, "transitions"));
}

/* As `kith schema` tells it, and what depends on its use. */
static json_t *field_schema(const json_t *f, enum use use) {
    json_t *s = json_deep_copy(json_object_get(f, "schema"));
    bool nullable = may_be_null(f, use);
    if (nullable)
        json_object_set_new(s, "type", json_pack("[s,s]", text_of(s, "type"), "null"));
    if (text_of(f, "target")[0])
        put_text(s, "x-kith-target", text_of(f, "target"));
    put_options(s, f, use, nullable);
    put_description(s, f, use);
    if (use == USE_READ && json_object_get(f, "write") && !is(f, "write"))
        json_object_set_new(s, "readOnly", json_true());
    return s;
}

/* -- examples ---------------------------------------------------------------------------------- */

/* Of as many characters as may be. */
static json_t *text_example(const json_t *f, const json_t *s) {
    json_int_t min = json_integer_value(json_object_get(s, "minLength"));
    const json_t *max = json_object_get(s, "maxLength");
    struct text t = {0};
    if (!min && !max)
        return json_string(text_of(f, "label"));
    while ((json_int_t)t.len < (min > 0 ? min : 1))
        text_puts(&t, text_of(f, "field")[0] ? text_of(f, "field") : "x");
    json_int_t len = max && json_integer_value(max) < (json_int_t)t.len ? json_integer_value(max)
                                                                        : (json_int_t)t.len;
    json_t *example = json_stringn(t.ptr ? t.ptr : "", t.ptr ? (size_t)len : 0);
    text_free(&t);
    return example;
}

static json_t *value_example(const json_t *f) {
    const json_t *s = json_object_get(f, "schema");
    json_t *examples = json_object_get(s, "examples"), *words = json_object_get(s, "enum");
    const char *type = text_of(s, "type");
    json_int_t min = json_integer_value(json_object_get(s, "minimum"));
    if (json_array_size(examples) || json_array_size(words))
        return json_incref(json_array_get(json_array_size(words) ? words : examples, 0));
    if (strcmp(type, "integer") == 0)
        return json_integer(min > 1 ? min : 1);
    if (strcmp(type, "boolean") == 0)
        return json_true();
    return strcmp(type, "array") == 0 ? json_array() : text_example(f, s);
}

/* May it be written without another record's being there? */
static bool stands_alone(const json_t *f) {
    const json_t *s = json_object_get(f, "schema");
    return is(f, "write") && !text_of(f, "target")[0] && !json_object_get(f, "transitions") &&
           (json_array_size(json_object_get(s, "examples")) || json_object_get(s, "enum"));
}

#define EXAMPLE_FIELDS 3 /* beside those that are required */

/* What is written of a record. */
static json_t *written_example(const json_t *type, enum use use) {
    json_t *all = json_object(), *f;
    size_t i, others = 0;
    json_array_foreach(json_object_get(type, "fields"), i, f) {
        const char *name = text_of(f, "field");
        bool needed = use != USE_UPDATE && is(f, "required") && is(f, "write") &&
                      !json_object_get(f, "default") && !json_object_get(f, "transitions");
        if (needed || (stands_alone(f) && others < EXAMPLE_FIELDS && ++others))
            json_object_set_new(all, name, value_example(f));
        if (strcmp(name, text_of(type, "title")) == 0 && json_object_get(all, name) &&
            strcmp(text_of(f, "kind"), "text") == 0 && !json_object_get(f, "max"))
            json_object_set_new(all, name, json_sprintf("%s 1", text_of(type, "label")));
    }
    return all;
}

static json_t *read_example(const json_t *type) {
    json_t *all = json_pack("{s:s, s:O}", "id", "0SA818NN40003", "type",
                            json_object_get(type, "type")),
           *written = written_example(type, USE_CREATE), *f;
    size_t i;
    json_array_foreach(json_object_get(type, "fields"), i, f) {
        const char *name = text_of(f, "field");
        if (is(f, "read") && json_object_get(written, name))
            json_object_set(all, name, json_object_get(written, name));
        if (is(f, "read") && strcmp(name, "created") == 0)
            json_object_set_new(all, name, value_example(f));
    }
    json_decref(written);
    return all;
}

/* What an action needs, or gives. */
static json_t *fields_example(const json_t *fields, bool all) {
    json_t *example = json_object(), *f;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)fields, i, f) {
        if (all || is(f, "required"))
            json_object_set_new(example, text_of(f, "field"), value_example(f));
    }
    return example;
}

static json_t *with_example(json_t *schema, json_t *example) {
    json_object_set_new(schema, "examples", json_pack("[o]", example));
    return schema;
}

/* -- types and actions ------------------------------------------------------------------------- */

static json_t *object_schema(json_t *properties, json_t *required, const char *doc) {
    json_t *s = json_pack("{s:s, s:o}", "type", "object", "properties", properties);
    if (json_array_size(required))
        json_object_set_new(s, "required", required);
    else
        json_decref(required);
    if (doc[0])
        put_text(s, "description", doc);
    return s;
}

static json_t *written_schema(const json_t *type, enum use use) {
    json_t *properties = json_object(), *required = json_array(), *f;
    size_t i;
    json_array_foreach(json_object_get(type, "fields"), i, f) {
        if (!is(f, "write") || (use == USE_UPDATE && text_of(f, "series")[0]))
            continue;
        json_object_set_new(properties, text_of(f, "field"), field_schema(f, use));
        if (use == USE_CREATE && is(f, "required") && !json_object_get(f, "default") &&
            !json_object_get(f, "transitions"))
            json_array_append(required, json_object_get(f, "field"));
    }
    json_t *s = object_schema(properties, required, "");
    json_object_set_new(s, "additionalProperties", json_false());
    return with_example(s, written_example(type, use));
}

/* With ?fields= there are others, or fewer: id and type are always there. */
static json_t *read_schema(const json_t *type) {
    json_t *properties = json_object(), *f;
    size_t i;
    json_object_set_new(properties, "id", openapi_ref("schemas", "Id"));
    json_object_set_new(properties, "type",
                        json_pack("{s:O}", "const", json_object_get(type, "type")));
    json_array_foreach(json_object_get(type, "fields"), i, f) {
        if (is(f, "read"))
            json_object_set_new(properties, text_of(f, "field"), field_schema(f, USE_READ));
    }
    json_t *s = object_schema(properties, json_pack("[s,s]", "id", "type"), text_of(type, "doc"));
    return with_example(s, read_example(type));
}

static void add(json_t *schemas, json_t *schema, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void add(json_t *schemas, json_t *schema, const char *format, ...) {
    char name[160];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(name, sizeof name, format, args);
    va_end(args);
    json_object_set_new(schemas, name, schema);
}

void openapi_add_type(json_t *schemas, const json_t *type) {
    const char *name = text_of(type, "type");
    add(schemas, read_schema(type), "%s", name);
    if (openapi_may(type, "create"))
        add(schemas, written_schema(type, USE_CREATE), "%s.create", name);
    if (openapi_may(type, "update"))
        add(schemas, written_schema(type, USE_UPDATE), "%s.update", name);
    json_t *list =
        json_pack("{s:{s:s, s:o}, s:o, s:o}", "items", "type", "array", "items",
                  openapi_ref("schemas", "%s", name), "next", openapi_ref("schemas", "Cursor"),
                  "inexact", openapi_ref("schemas", "Inexact"));
    json_t *s = object_schema(list, json_pack("[s]", "items"), "");
    add(schemas, with_example(s, json_pack("{s:[o]}", "items", read_example(type))), "%s.list",
        name);
}

/* Each of them has all columns. */
static json_t *rows_schema(const json_t *action) {
    json_t *properties = json_object(), *required = json_array(), *f;
    size_t i;
    json_array_foreach(json_object_get(action, "columns"), i, f) {
        json_object_set_new(properties, text_of(f, "field"), field_schema(f, USE_READ));
        json_array_append(required, json_object_get(f, "field"));
    }
    return json_pack("{s:s, s:i, s:o}", "type", "array", "maxItems", ROWS_MAX, "items",
                     object_schema(properties, required, ""));
}

/* What a rehearsal tells has other members: none is always there. */
static json_t *result_schema(const json_t *action) {
    json_t *properties = json_object(), *f;
    size_t i;
    bool lists = json_array_size(json_object_get(action, "columns")) > 0;
    json_array_foreach(json_object_get(action, "results"), i, f) {
        json_object_set_new(properties, text_of(f, "field"), field_schema(f, USE_READ));
    }
    if (lists)
        json_object_set_new(properties, "rows", rows_schema(action));
    if (strcmp(text_of(action, "effect"), "read") != 0) {
        json_object_set_new(properties, "transaction", openapi_ref("schemas", "Id"));
        openapi_add_members(properties, "rehearsal:bool reactions:int? others:bool cut:bool"
                                        " effects:[Rehearsed] outgoing:[Effect] repeated:bool");
    }
    json_t *example = fields_example(json_object_get(action, "results"), true);
    if (lists)
        json_object_set_new(
            example, "rows",
            json_pack("[o]", fields_example(json_object_get(action, "columns"), true)));
    return with_example(object_schema(properties, json_array(), ""), example);
}

json_t *openapi_argument(const json_t *parameter) {
    return field_schema(parameter, USE_CALL);
}

void openapi_add_action(json_t *schemas, const json_t *action) {
    const char *name = text_of(action, "action");
    json_t *properties = json_object(), *required = json_array(), *f;
    size_t i;
    json_array_foreach(json_object_get(action, "parameters"), i, f) {
        json_object_set_new(properties, text_of(f, "field"), field_schema(f, USE_CALL));
        if (is(f, "required") && !json_object_get(f, "default"))
            json_array_append(required, json_object_get(f, "field"));
    }
    json_t *takes = object_schema(properties, required, "");
    json_object_set_new(takes, "additionalProperties", json_false());
    add(schemas, with_example(takes, fields_example(json_object_get(action, "parameters"), false)),
        "action.%s", name);
    if (!text_of(action, "file")[0])
        add(schemas, result_schema(action), "result.%s", name);
}
