/* SPDX-License-Identifier: Apache-2.0 */
/* What records, parameters and results look like in JSON, as JSON Schema, by the kind of each
 * field. */
#include "openapi.h"

#include <stdlib.h>

#define ID            "[0-9A-F][0-9A-HJKMNP-TV-Z]{12}"
#define DIGITS        "-?[0-9]{1,19}"
#define INT_MAX_EXACT INT64_C(9007199254740991)

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

static void put_example(json_t *s, json_t *example) {
    json_object_set_new(s, "examples", json_pack("[o]", example));
}

static void put_decimal(json_t *s, const json_t *f) {
    int scale = (int)json_integer_value(json_object_get(f, "scale"));
    json_object_set_new(s, "pattern",
                        scale > 0 ? json_sprintf("^" DIGITS "(\\.[0-9]{1,%d})?$", scale)
                                  : json_string("^" DIGITS "$"));
}

static void put_money(json_t *s, const json_t *f) {
    const json_t *all = json_object_get(f, "currencies"), *one;
    struct text t = {0};
    size_t i;
    text_puts(&t, "^" DIGITS "(\\.[0-9]{1,4})? ");
    text_puts(&t, json_array_size(all) ? "(" : "[A-Z]{3}");
    json_array_foreach((json_t *)(uintptr_t)all, i, one) {
        text_printf(&t, "%s%s", i ? "|" : "", json_string_value(one));
    }
    text_puts(&t, json_array_size(all) ? ")$" : "$");
    put_text(s, "pattern", t.ptr ? t.ptr : "");
    text_free(&t);
    one = json_array_get(all, 0);
    put_example(s, json_sprintf("12 %s", one ? json_string_value(one) : "EUR"));
}

static void put_link(json_t *s, const json_t *f) {
    bool any = strcmp(text_of(f, "target"), "*") == 0;
    put_text(s, "pattern", any ? "^[a-z][a-z0-9_]*/" ID "$" : "^" ID "$");
    put_example(s, json_string(any ? "contact/0SA818NN40003" : "0SA818NN40003"));
    put_text(s, "x-kith-target", text_of(f, "target"));
}

static void put_links(json_t *s, const json_t *f) {
    json_object_set_new(s, "items", openapi_ref("schemas", "Id"));
    put_text(s, "x-kith-target", text_of(f, "target"));
}

static void put_tags(json_t *s, const json_t *f) {
    (void)f;
    json_object_set_new(s, "items", json_pack("{s:s}", "type", "string"));
}

static void put_bounds(json_t *s, const json_t *f, const char *least, const char *most) {
    json_t *min = json_object_get(f, "min"), *max = json_object_get(f, "max");
    if (min)
        json_object_set(s, least, min);
    if (max)
        json_object_set(s, most, max);
}

static void put_lengths(json_t *s, const json_t *f) {
    put_bounds(s, f, "minLength", "maxLength");
}

static void put_range(json_t *s, const json_t *f) {
    json_object_set_new(s, "minimum", json_integer(-INT_MAX_EXACT));
    json_object_set_new(s, "maximum", json_integer(INT_MAX_EXACT));
    put_bounds(s, f, "minimum", "maximum");
}

/* By kind: the type in JSON; a pattern or a format; an example; and what else depends on the field.
 */
static const struct kind {
    const char *name, *type, *pattern, *format, *example;
    void (*more)(json_t *s, const json_t *f);
} kinds[] = {
    {"text", "string", NULL, NULL, NULL, put_lengths},
    {"longtext", "string", NULL, NULL, NULL, put_lengths},
    {"integer", "integer", NULL, NULL, NULL, put_range},
    {"decimal", "string", NULL, NULL, "7", put_decimal},
    {"money", "string", NULL, NULL, NULL, put_money},
    {"boolean", "boolean", NULL, NULL, NULL, NULL},
    {"date", "string", NULL, "date", "2026-01-31", NULL},
    {"time", "string", NULL, "date-time", "2026-01-31T09:00:00Z", NULL},
    {"duration", "string", "^-?([0-9]+(d|h|ms|m|s))+$", NULL, "1h30m", NULL},
    {"choice", "string", NULL, NULL, NULL, NULL},
    {"state", "string", NULL, NULL, NULL, NULL},
    {"link", "string", NULL, NULL, NULL, put_link},
    {"links", "array", NULL, NULL, NULL, put_links},
    {"email", "string", "^[^@\\s,;]+@[^@\\s,;]+$", "idn-email", "ada@example.org", NULL},
    {"phone", "string", "[0-9].*[0-9].*[0-9]", NULL, "+49 30 123456", NULL},
    {"url", "string", "^\\S+$", NULL, "https://example.org/", NULL},
    {"place", "string", "^-?[0-9][0-9.e+-]*,-?[0-9][0-9.e+-]*$", NULL, "52.5,13.4", NULL},
    {"json", "string", NULL, NULL, "{}", NULL},
    {"tags", "array", NULL, NULL, NULL, put_tags},
    {"series", "string", NULL, NULL, NULL, NULL},
};

static const struct kind *kind_of(const json_t *f) {
    const char *name = text_of(f, "kind");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

/* A new record begins in the first state. */
static void put_options(json_t *s, const json_t *f, enum use use, bool nullable) {
    json_t *options = json_object_get(f, "options"), *all;
    if (!options)
        return;
    bool first = use == USE_CREATE && json_object_get(f, "transitions");
    all = first ? json_pack("[O]", json_array_get(options, 0)) : json_copy(options);
    if (nullable)
        json_array_append_new(all, json_null());
    json_object_set_new(s, "enum", all);
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

static json_t *field_schema(const json_t *f, enum use use) {
    const struct kind *k = kind_of(f);
    bool nullable = may_be_null(f, use);
    json_t *s = json_object();
    if (!k)
        return s;
    json_object_set_new(s, "type",
                        nullable ? json_pack("[s,s]", k->type, "null") : json_string(k->type));
    if (k->pattern)
        put_text(s, "pattern", k->pattern);
    if (k->format)
        put_text(s, "format", k->format);
    if (k->example)
        put_example(s, json_string(k->example));
    if (k->more)
        k->more(s, f);
    if (strcmp(k->name, "json") == 0)
        put_text(s, "contentMediaType", "application/json");
    put_options(s, f, use, nullable);
    put_description(s, f, use);
    if (use == USE_READ && json_object_get(f, "write") && !is(f, "write"))
        json_object_set_new(s, "readOnly", json_true());
    return s;
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
    return s;
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
    return object_schema(properties, json_pack("[s,s]", "id", "type"), text_of(type, "doc"));
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
    add(schemas, object_schema(list, json_pack("[s]", "items"), ""), "%s.list", name);
}

/* What a rehearsal tells has other members: none is always there. */
static json_t *result_schema(const json_t *action) {
    json_t *properties = json_object(), *f;
    size_t i;
    json_array_foreach(json_object_get(action, "results"), i, f) {
        json_object_set_new(properties, text_of(f, "field"), field_schema(f, USE_READ));
    }
    if (strcmp(text_of(action, "effect"), "read") != 0) {
        json_object_set_new(properties, "transaction", openapi_ref("schemas", "Id"));
        json_object_set_new(properties, "rehearsal", openapi_ref("schemas", "Rehearsed"));
        json_object_set_new(properties, "effects", openapi_ref("schemas", "Effects"));
    }
    return object_schema(properties, json_array(), "");
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
    add(schemas, takes, "action.%s", name);
    add(schemas, result_schema(action), "result.%s", name);
}
