/* SPDX-License-Identifier: Apache-2.0 */
/* The reference page: the document of the interface for people. Plain HTML in one piece, without
 * scripts, so that it can be read on a phone and kept as a file. */
#include "openapi.h"

#include <ctype.h>
#include <stdlib.h>

static const char style[] =
    ":root{color-scheme:light dark;--line:#8884;--soft:#8881;--link:#06c}"
    "@media(prefers-color-scheme:dark){:root{--link:#7bf}}"
    "*{box-sizing:border-box}"
    "body{margin:0;font:16px/1.5 system-ui,sans-serif}"
    "main{max-width:60rem;margin:0 auto;padding:0 1rem 4rem}"
    "a{color:var(--link)}h1{margin:1.5rem 0 .5rem}h2{margin:2.5rem 0 .25rem;padding-top:.5rem;"
    "border-top:1px solid var(--line)}h3{font-size:1rem;margin:1rem 0 .25rem}"
    "code,pre{font:.875em/1.45 ui-monospace,monospace}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;padding:.75rem;background:var(--soft);border-"
    "radius:.4rem}"
    "nav details>div{columns:9rem;padding:.5rem 0}nav a{display:block;text-decoration:none}"
    "details{border:1px solid var(--line);border-radius:.4rem;margin:.4rem 0;padding:0 .75rem}"
    "summary{cursor:pointer;padding:.45rem 0}"
    "summary code{overflow-wrap:anywhere}summary small{opacity:.75;display:block}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;width:100%}"
    "td,th{text-align:left;vertical-align:top;padding:.3rem .75rem .3rem 0;"
    "border-bottom:1px solid var(--line)}"
    "td:first-child{white-space:nowrap}"
    "@media(max-width:40rem){tr{display:block;padding:.3rem 0;border-bottom:1px solid var(--line)}"
    "td,td:first-child{display:block;border:0;padding:0;white-space:normal;overflow-wrap:anywhere}}"
    "b.m{display:inline-block;min-width:4rem;font:600 .8em ui-monospace,monospace}"
    "b.get{color:#187}b.post{color:#06c}b.patch{color:#a60}b.delete{color:#c33}"
    "@media(prefers-color-scheme:dark){b.get{color:#5db}b.post{color:#7bf}b.patch{color:#fb5}"
    "b.delete{color:#f88}}";

/* -- text -------------------------------------------------------------------------------------- */

static void put_in(struct text *t, const char *tag, const char *z) {
    text_printf(t, "<%s>", tag);
    text_html(t, z);
    text_printf(t, "</%s>", tag);
}

/* What "#/components/KIND/NAME" leads to, or the object itself. */
static const json_t *follow(const json_t *document, const json_t *object) {
    char kind[40], name[160];
    const char *ref = text_of(object, "$ref");
    if (sscanf(ref, "#/components/%39[^/]/%159s", kind, name) != 2)
        return object;
    const json_t *parts = json_object_get(document, "components");
    return json_object_get(json_object_get(parts, kind), name);
}

/* -- what values look like --------------------------------------------------------------------- */

/* "string or null", "one of b2b, b2c, or null" */
static void put_form(struct text *t, const json_t *schema) {
    json_t *type = json_object_get(schema, "type"), *all = json_object_get(schema, "enum"), *one;
    size_t i, n = 0;
    json_array_foreach(all, i, one) {
        if (json_is_string(one)) {
            text_puts(t, n++ ? ", " : "one of ");
            text_html(t, json_string_value(one));
        }
    }
    bool is_id = text_of(schema, "$ref")[0] ||
                 (text_of(schema, "x-kith-target")[0] && !json_object_get(schema, "items"));
    const char *name =
        json_is_array(type) ? json_string_value(json_array_get(type, 0)) : json_string_value(type);
    if (!n && text_of(schema, "format")[0])
        text_html(t, text_of(schema, "format"));
    else if (!n)
        text_html(t, is_id ? "id" : name ? name : "any");
    const json_t *example = json_array_get(json_object_get(schema, "examples"), 0);
    if (!n && json_is_string(example) && !text_of(schema, "x-kith-target")[0]) {
        text_puts(t, " like ");
        text_html(t, json_string_value(example));
    }
    if (json_is_array(type))
        text_puts(t, " or null");
}

static bool is_required(const json_t *schema, const char *name) {
    json_t *one;
    size_t i;
    json_array_foreach(json_object_get(schema, "required"), i, one) {
        if (strcmp(json_string_value(one), name) == 0)
            return true;
    }
    return false;
}

/* Its example. */
static void put_sample(struct text *t, const json_t *schema, size_t flags) {
    const json_t *sample = json_array_get(json_object_get(schema, "examples"), 0);
    char *text = sample ? json_dumps(sample, flags) : NULL;
    text_html(t, text ? text : "{}");
    free(text);
}

/* -- fields ------------------------------------------------------------------------------------ */

static void put_properties(struct text *t, const json_t *schema) {
    const char *name;
    json_t *one;
    text_puts(t, "<div class=wide><table>");
    json_object_foreach(json_object_get(schema, "properties"), name, one) {
        text_puts(t, "<tr><td>");
        put_in(t, "code", name);
        text_puts(t, "<td>");
        put_form(t, one);
        text_puts(t, is_required(schema, name) ? ", required" : "");
        text_puts(t, json_is_true(json_object_get(one, "readOnly")) ? ", kept by Kith" : "");
        text_puts(t, "<td>");
        text_html(t, text_of(one, "description"));
    }
    text_puts(t, "</table></div>");
}

/* -- operations -------------------------------------------------------------------------------- */

static void put_capitals(struct text *t, const char *z) {
    for (; *z; z++)
        text_printf(t, "%c", toupper((unsigned char)*z));
}

/* What stands in the path is, without its being said. */
static bool is_asked_for(const json_t *parameter) {
    return json_is_true(json_object_get(parameter, "required")) &&
           strcmp(text_of(parameter, "in"), "query") == 0;
}

static void put_parameters(struct text *t, const json_t *document, const json_t *all) {
    json_t *one;
    size_t i;
    if (!json_array_size(all))
        return;
    text_puts(t, "<div class=wide><table>");
    json_array_foreach((json_t *)(uintptr_t)all, i, one) {
        const json_t *p = follow(document, one);
        text_puts(t, "<tr><td>");
        put_in(t, "code", text_of(p, "name"));
        text_printf(t, "<td>%s%s<td>", text_of(p, "in"), is_asked_for(p) ? ", required" : "");
        text_html(t, text_of(p, "description"));
    }
    text_puts(t, "</table></div>");
}

/* Of a body, or of an answer. */
static const json_t *json_schema(const json_t *document, const json_t *of) {
    const json_t *content = json_object_get(of, "content");
    const json_t *json = json_object_get(content, "application/json");
    return json ? follow(document, json_object_get(json, "schema")) : NULL;
}

/* Its example, or the first that it may be, for an address; or its name in capitals, where only
 * the company knows one. */
static void put_value(struct text *t, const json_t *document, const json_t *parameter) {
    const json_t *schema = follow(document, json_object_get(parameter, "schema"));
    const json_t *known = json_object_get(schema, "enum");
    const json_t *first = json_array_get(known ? known : json_object_get(schema, "examples"), 0);
    const json_t *own = json_object_get(parameter, "example");
    const char *value = json_string_value(own ? own : first);
    if (!value)
        put_capitals(t, text_of(parameter, "name"));
    for (; value && *value; value++)
        text_html(t, *value == ' ' ? "%20" : (const char[]){*value, '\0'});
}

static const json_t *parameter_named(const json_t *document, const json_t *all, const char *name,
                                     size_t len) {
    json_t *one;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)all, i, one) {
        const json_t *p = follow(document, one);
        if (strncmp(text_of(p, "name"), name, len) == 0 && !text_of(p, "name")[len])
            return p;
    }
    return NULL;
}

static void put_path(struct text *t, const json_t *document, const char *path, const json_t *all) {
    while (*path) {
        size_t len = *path == '{' ? strcspn(path, "}") : 0;
        if (len)
            put_value(t, document, parameter_named(document, all, path + 1, len - 1));
        else
            text_add(t, path, 1);
        path += len + 1;
    }
}

static void put_arguments(struct text *t, const json_t *document, const json_t *all) {
    json_t *one;
    size_t i;
    const char *mark = "?";
    json_array_foreach((json_t *)(uintptr_t)all, i, one) {
        const json_t *p = follow(document, one);
        if (!is_asked_for(p))
            continue;
        text_printf(t, "%s%s=", mark, text_of(p, "name"));
        put_value(t, document, p);
        mark = "&amp;";
    }
}

/* A body that is no JSON is a file's. */
static void put_body(struct text *t, const json_t *document, const json_t *body) {
    const json_t *json = json_schema(document, body);
    const char *media = json_object_iter_key(
        json_object_iter((json_t *)(uintptr_t)json_object_get(body, "content")));
    if (!media)
        return;
    text_printf(t, " -H 'Content-Type: %s' ", json ? "application/json" : media);
    if (json) {
        text_puts(t, "-d '");
        put_sample(t, json, JSON_COMPACT);
        text_puts(t, "'");
    } else {
        text_puts(t, "--data-binary @FILE");
    }
}

static void put_curl(struct text *t, const json_t *document, const char *method, const char *path,
                     const json_t *o) {
    const json_t *body = json_object_get(o, "requestBody"), *all = json_object_get(o, "parameters");
    text_puts(t, "<pre>curl ");
    if (strcmp(method, "get") != 0 && !(body && strcmp(method, "post") == 0)) {
        text_puts(t, "-X ");
        put_capitals(t, method);
        text_puts(t, " ");
    }
    if (!json_object_get(o, "security"))
        text_puts(t, "-H \"Authorization: Bearer $TOKEN\" ");
    text_puts(t, "\"$URL");
    put_path(t, document, path, all);
    put_arguments(t, document, all);
    text_puts(t, "\"");
    put_body(t, document, body);
    text_puts(t, "</pre>");
}

static void put_answers(struct text *t, const json_t *document, const json_t *answers) {
    const char *status;
    json_t *one;
    text_puts(t, "<h3>Answers</h3><div class=wide><table>");
    json_object_foreach((json_t *)(uintptr_t)answers, status, one) {
        text_printf(t, "<tr><td>%s<td>", status);
        text_html(t, text_of(follow(document, one), "description"));
    }
    text_puts(t, "</table></div>");
    for (size_t i = 0; i < 2; i++) {
        const json_t *done = json_object_get(answers, i ? "201" : "200");
        const json_t *schema = done ? json_schema(document, done) : NULL;
        if (!json_array_size(json_object_get(schema, "examples")))
            continue;
        text_puts(t, "<pre>");
        put_sample(t, schema, JSON_INDENT(2));
        text_puts(t, "</pre>");
    }
}

static void put_operation(struct text *t, const json_t *document, const char *path,
                          const char *method, const json_t *o) {
    const json_t *body = json_schema(document, json_object_get(o, "requestBody"));
    text_printf(t, "<details id=\"%s\"><summary><b class=\"m %s\">", text_of(o, "operationId"),
                method);
    put_capitals(t, method);
    text_puts(t, "</b> ");
    put_in(t, "code", path);
    put_in(t, "small", text_of(o, "summary"));
    text_puts(t, "</summary>");
    put_curl(t, document, method, path, o);
    put_parameters(t, document, json_object_get(o, "parameters"));
    if (body) {
        text_puts(t, "<h3>Body</h3>");
        put_properties(t, body);
    }
    put_answers(t, document, json_object_get(o, "responses"));
    text_puts(t, "</details>");
}

static void put_operations(struct text *t, const json_t *document, const char *tag) {
    const char *path, *method;
    json_t *item, *o;
    json_object_foreach(json_object_get(document, "paths"), path, item) {
        json_object_foreach(item, method, o) {
            const json_t *own = json_array_get(json_object_get(o, "tags"), 0);
            if (strcmp(json_string_value(own), tag) == 0)
                put_operation(t, document, path, method, o);
        }
    }
}

/* -- the page ---------------------------------------------------------------------------------- */

static void put_contents(struct text *t, const json_t *document) {
    json_t *tag;
    size_t i;
    text_puts(t, "<nav><details open><summary>Contents</summary><div>");
    json_array_foreach(json_object_get(document, "tags"), i, tag) {
        text_printf(t, "<a href=\"#-%s\">", text_of(tag, "name"));
        text_html(t, text_of(tag, "x-displayName"));
        text_puts(t, "</a>");
    }
    text_puts(t, "</div></details></nav>");
}

static void put_tag(struct text *t, const json_t *document, const json_t *tag) {
    const char *name = text_of(tag, "name");
    const json_t *schemas = json_object_get(json_object_get(document, "components"), "schemas");
    text_printf(t, "<section id=\"-%s\"><h2>", name);
    text_html(t, text_of(tag, "x-displayName"));
    text_puts(t, "</h2>");
    if (strcmp(text_of(tag, "description"), text_of(tag, "x-displayName")) != 0)
        put_in(t, "p", text_of(tag, "description"));
    if (json_object_get(schemas, name)) {
        text_puts(t, "<details><summary>Fields</summary>");
        put_properties(t, json_object_get(schemas, name));
        text_puts(t, "</details>");
    }
    put_operations(t, document, name);
    text_puts(t, "</section>");
}

void openapi_page(struct text *t, const json_t *document, const char *nonce) {
    const json_t *info = json_object_get(document, "info");
    json_t *tag;
    size_t i;
    text_puts(t, "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport "
                 "content=\"width=device-width,initial-scale=1\">");
    put_in(t, "title", text_of(info, "title"));
    text_printf(t, "<style nonce=\"%s\">%s</style></head><body><main>", nonce, style);
    put_in(t, "h1", text_of(info, "title"));
    put_in(t, "p", text_of(info, "description"));
    text_puts(t, "<p>For programs the same is at <a href=\"/api/v1/openapi.json\">"
                 "/api/v1/openapi.json</a>. The examples want the address and a token:"
                 "<pre>URL=http://127.0.0.1:8080\n"
                 "TOKEN=$(kith token add anna --name docs --json | jq -r .token)</pre>");
    put_contents(t, document);
    json_array_foreach(json_object_get(document, "tags"), i, tag) {
        put_tag(t, document, tag);
    }
    text_puts(t, "</main></body></html>\n");
}
