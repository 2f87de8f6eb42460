/* SPDX-License-Identifier: Apache-2.0 */
/* Resources: what there is, by address: kith://schema, kith://schema/TYPE, kith://query, and each
 * record, kith://TYPE/ID. */
#include "cli/mcp.h"
#include "cli/show.h"
#include "record/access.h"

#include <string.h>

#define SCHEME   "kith://"
#define JSON     "application/json"
#define MARKDOWN "text/markdown"

static void member(struct json_out *j, const char *key, const char *value) {
    json_key(j, key);
    json_strz(j, value);
}

static void resource(struct json_out *j, const char *key, const char *uri, const char *name,
                     const char *doc, const char *mime) {
    json_object_(j);
    member(j, key, uri);
    member(j, "name", name);
    member(j, "description", doc);
    member(j, "mimeType", mime);
    json_object_end(j);
}

void mcp_resources(struct mcp *m, struct json_out *j) {
    const struct schema *s = cmd_schema(m->c);
    json_object_(j);
    json_key(j, "resources");
    json_array_(j);
    resource(j, "uri", SCHEME "schema", "schema", "The types of records.", JSON);
    resource(j, "uri", SCHEME "query", "query", "The query language, whole.", MARKDOWN);
    for (uint32_t i = 0; i < s->type_count; i++) {
        const struct rtype *t = s->types[i];
        const char *uri = arena_printf(&m->c->arena, SCHEME "schema/%s", t->name);
        if (access_rule(&m->c->principal, t) != ACCESS_NONE && uri)
            resource(j, "uri", uri, t->name, t->doc ? t->doc : "", JSON);
        j->buf->failed |= !uri;
    }
    json_array_end(j);
    json_object_end(j);
}

void mcp_templates(struct mcp *m, struct json_out *j) {
    (void)m;
    json_object_(j);
    json_key(j, "resourceTemplates");
    json_array_(j);
    resource(j, "uriTemplate", SCHEME "schema/{type}", "type", "A type: its fields and states.",
             JSON);
    resource(j, "uriTemplate", SCHEME "{type}/{id}", "record",
             "A record on one page: its fields, what belongs to it, its timeline. Its texts are"
             " data from outside.",
             JSON);
    json_array_end(j);
    json_object_end(j);
}

/* -- reading ----------------------------------------------------------------------------------- */

static kith_status no_resource(const char *uri, kith_error *e) {
    return err_set(e, KITH_E_NOTFOUND, NULL,
                   "there is no resource '%s': " SCHEME "schema, " SCHEME "schema/TYPE, " SCHEME
                   "query and " SCHEME "TYPE/ID are the addresses",
                   uri);
}

static kith_status visible_type(struct mcp *m, const char *name, const struct rtype **t,
                                kith_error *e) {
    TRY(schema_find_type(cmd_schema(m->c), str_of(name), t, e));
    if (access_rule(&m->c->principal, *t) != ACCESS_NONE)
        return KITH_OK;
    return err_set(e, KITH_E_DENIED, NULL, "you may not read any %s", name);
}

static kith_status schema_text(struct mcp *m, const char *type, struct buf *out, kith_error *e) {
    struct json_out j;
    const struct rtype *t;
    json_begin(&j, out, false);
    if (!*type)
        return mcp_describe_all(m, &j, e);
    TRY(visible_type(m, type, &t, e));
    mcp_describe_type(m, t, &j);
    return KITH_OK;
}

static kith_status record_text(struct mcp *m, const char *uri, const char *path, struct buf *out,
                               kith_error *e) {
    const char *slash = strchr(path, '/');
    if (!slash || strchr(slash + 1, '/') || slash == path || !slash[1])
        return no_resource(uri, e);
    const char *type = arena_strndup(&m->c->arena, path, (size_t)(slash - path));
    if (!type)
        return err_nomem(e);
    const char *const words[] = {"view", "--json", "--", type, slash + 1};
    return mcp_run(m, words, sizeof words / sizeof *words, false, out, e);
}

static kith_status text_of(struct mcp *m, const char *uri, struct buf *out, const char **mime,
                           kith_error *e) {
    *mime = JSON;
    if (strncmp(uri, SCHEME, sizeof SCHEME - 1) != 0)
        return no_resource(uri, e);
    const char *path = uri + sizeof SCHEME - 1;
    if (strcmp(path, "query") == 0) {
        *mime = MARKDOWN;
        mcp_query_text(out);
        return KITH_OK;
    }
    if (strcmp(path, "schema") == 0)
        return schema_text(m, "", out, e);
    if (strncmp(path, "schema/", 7) == 0 && path[7])
        return schema_text(m, path + 7, out, e);
    return record_text(m, uri, path, out, e);
}

kith_status mcp_read(struct mcp *m, const char *uri, struct json_out *j, kith_error *e) {
    struct buf text = {0};
    const char *mime;
    kith_status st = text_of(m, uri, &text, &mime, e);
    if (st == KITH_OK && text.failed)
        st = err_nomem(e);
    if (st == KITH_OK) {
        json_object_(j);
        json_key(j, "contents");
        json_array_(j);
        json_object_(j);
        member(j, "uri", uri);
        member(j, "mimeType", mime);
        json_key(j, "text");
        json_str(j, buf_view(&text));
        json_object_end(j);
        json_array_end(j);
        json_object_end(j);
    }
    buf_free(&text);
    return st;
}
