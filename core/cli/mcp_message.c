/* SPDX-License-Identifier: Apache-2.0 */
/* One message of the Model Context Protocol: JSON-RPC 2.0, one object. */
#include "cli/mcp.h"
#include "cli/show.h"
#include "engine/agent.h"

#include <string.h>

#define RPC_PARSE     (-32700)
#define RPC_REQUEST   (-32600)
#define RPC_METHOD    (-32601)
#define RPC_PARAMS    (-32602)
#define RPC_INTERNAL  (-32603)
#define RPC_NOT_FOUND (-32002) /* a resource */

/* Newest first: what is asked for and not here is answered with the first. */
static const char *const versions[] = {"2025-11-25", "2025-06-18", "2025-03-26"};

static void member(struct json_out *j, const char *key, const char *value) {
    json_key(j, key);
    json_strz(j, value);
}

/* -- initialize -------------------------------------------------------------------------------- */

static const char *version_for(const char *asked) {
    for (size_t i = 0; asked && i < sizeof versions / sizeof *versions; i++)
        if (strcmp(asked, versions[i]) == 0)
            return versions[i];
    return versions[0];
}

kith_status mcp_check_version(const char *version, kith_error *e) {
    if (!version || strcmp(version_for(version), version) == 0)
        return KITH_OK;
    return err_set(
        e, KITH_E_INVAL, NULL,
        "the revision '%.40s' of the protocol is not spoken here: leave it to initialize", version);
}

/* "writer 2.1", as far as it is a text for a line. */
static const char *client_of(struct mcp *m, const json_t *params) {
    const json_t *info = json_object_get(params, "clientInfo");
    const char *name = json_string_value(json_object_get(info, "name"));
    const char *version = json_string_value(json_object_get(info, "version"));
    struct buf plain = {0};
    const char *said = arena_printf(&m->c->arena, "%.60s%s%.20s", name && *name ? name : "unknown",
                                    version && *version ? " " : "", version ? version : "");
    text_plain(&plain, str_of(said));
    kith_str copy = plain.failed ? (kith_str){0} : arena_str(&m->c->arena, buf_view(&plain));
    buf_free(&plain);
    return copy.ptr;
}

static void put_capabilities(struct json_out *j) {
    json_key(j, "capabilities");
    json_object_(j);
    json_key(j, "tools");
    json_object_(j);
    json_object_end(j);
    json_key(j, "resources");
    json_object_(j);
    json_object_end(j);
    json_object_end(j);
}

static kith_status initialize(struct mcp *m, const json_t *params, struct json_out *j,
                              kith_error *e) {
    const struct settings *s = m->c->company->settings;
    const char *client = client_of(m, params);
    if (!client)
        return err_nomem(e);
    TRY(engine_agent_begin(m->c->company->engine, &m->c->principal, client,
                           settings_int(s, "", "mcp.write_budget"), &m->session, e));
    json_object_(j);
    member(j, "protocolVersion",
           version_for(json_string_value(json_object_get(params, "protocolVersion"))));
    put_capabilities(j);
    json_key(j, "serverInfo");
    json_object_(j);
    member(j, "name", "kith");
    json_key(j, "title");
    json_str(j, settings_text(s, "", "company.name"));
    member(j, "version", KITH_VERSION);
    json_object_end(j);
    member(j, "instructions", mcp_instructions);
    json_key(j, "_meta");
    json_object_(j);
    json_key(j, MCP_SESSION_KEY);
    json_id(j, m->session);
    json_object_end(j);
    json_object_end(j);
    return KITH_OK;
}

/* -- the other methods ------------------------------------------------------------------------- */

static kith_status ping(struct mcp *m, const json_t *params, struct json_out *j, kith_error *e) {
    (void)m, (void)params, (void)e;
    json_object_(j);
    json_object_end(j);
    return KITH_OK;
}

static kith_status list_tools(struct mcp *m, const json_t *params, struct json_out *j,
                              kith_error *e) {
    (void)params, (void)e;
    mcp_tools(m, j);
    return KITH_OK;
}

static kith_status call_tool(struct mcp *m, const json_t *params, struct json_out *j,
                             kith_error *e) {
    const char *name = json_string_value(json_object_get(params, "name"));
    json_t *args = json_object_get(params, "arguments");
    if (!name)
        return err_set(e, KITH_E_INVAL, NULL, "tools/call needs the name of a tool");
    if (args && !json_is_null(args) && !json_is_object(args))
        return err_set(e, KITH_E_INVAL, NULL, "the arguments of a tool are an object");
    json_t *none = json_is_object(args) ? NULL : json_object();
    kith_status st = mcp_call(m, name, none ? none : args, j, e);
    json_decref(none);
    return st;
}

static kith_status list_resources(struct mcp *m, const json_t *params, struct json_out *j,
                                  kith_error *e) {
    (void)params, (void)e;
    mcp_resources(m, j);
    return KITH_OK;
}

static kith_status list_templates(struct mcp *m, const json_t *params, struct json_out *j,
                                  kith_error *e) {
    (void)params, (void)e;
    mcp_templates(m, j);
    return KITH_OK;
}

static kith_status read_resource(struct mcp *m, const json_t *params, struct json_out *j,
                                 kith_error *e) {
    const char *uri = json_string_value(json_object_get(params, "uri"));
    if (!uri)
        return err_set(e, KITH_E_INVAL, NULL, "resources/read needs the uri of a resource");
    return mcp_read(m, uri, j, e);
}

static const struct method {
    const char *name;
    bool before; /* may come before there is a session */
    kith_status (*fn)(struct mcp *m, const json_t *params, struct json_out *j, kith_error *e);
} methods[] = {
    {"initialize", true, initialize},          {"ping", true, ping},
    {"tools/list", false, list_tools},         {"tools/call", false, call_tool},
    {"resources/list", false, list_resources}, {"resources/templates/list", false, list_templates},
    {"resources/read", false, read_resource},
};

/* -- JSON-RPC ---------------------------------------------------------------------------------- */

static void put_id(struct json_out *j, const json_t *id) {
    json_key(j, "id");
    if (json_is_string(id))
        json_str(j, (kith_str){json_string_value(id), json_string_length(id)});
    else if (json_is_integer(id))
        json_int(j, json_integer_value(id));
    else
        json_nil(j);
}

static void begin_reply(struct json_out *j, struct buf *out, const json_t *id) {
    json_begin(j, out, false);
    json_object_(j);
    member(j, "jsonrpc", "2.0");
    put_id(j, id);
}

static void put_error(struct buf *out, const json_t *id, int64_t code, const char *sentence) {
    struct json_out j;
    begin_reply(&j, out, id);
    json_key(&j, "error");
    json_object_(&j);
    json_key(&j, "code");
    json_int(&j, code);
    member(&j, "message", sentence);
    json_object_end(&j);
    json_object_end(&j);
}

void mcp_failure(struct buf *out, const json_t *id, const kith_error *why) {
    put_error(out, id,
              why->code == KITH_E_INVAL      ? RPC_PARAMS
              : why->code == KITH_E_NOTFOUND ? RPC_NOT_FOUND
                                             : RPC_INTERNAL,
              why->message);
}

/* What it says, into a buffer of its own: what fails half-way is not said. */
static void call_method(struct mcp *m, const struct method *method, const json_t *message,
                        struct buf *out) {
    const json_t *id = json_object_get(message, "id");
    struct buf result = {0};
    struct json_out j, inner;
    kith_error why = KITH_ERROR_INIT;
    json_begin(&inner, &result, false);
    kith_status st = method->fn(m, json_object_get(message, "params"), &inner, &why);
    if (st == KITH_OK && result.failed)
        st = err_nomem(&why);
    if (st == KITH_OK) {
        begin_reply(&j, out, id);
        json_key(&j, "result");
        json_raw(&j, buf_view(&result));
        json_object_end(&j);
    } else {
        mcp_failure(out, id, &why);
    }
    buf_free(&result);
}

static void answer(struct mcp *m, const json_t *message, struct buf *out) {
    const json_t *id = json_object_get(message, "id"), *params = json_object_get(message, "params");
    const char *name = json_string_value(json_object_get(message, "method"));
    const struct method *method = methods, *end = methods + sizeof methods / sizeof *methods;
    while (method < end && strcmp(method->name, name) != 0)
        method++;
    if (params && !json_is_object(params))
        put_error(out, id, RPC_PARAMS, "params is an object");
    else if (method == end)
        put_error(out, id, RPC_METHOD,
                  "there is no such method here: tools and resources are what there is");
    else if (!m->session && !method->before)
        put_error(out, id, RPC_REQUEST, "begin with initialize");
    else
        call_method(m, method, message, out);
}

static bool is_id(const json_t *id) {
    return json_is_string(id) || json_is_integer(id);
}

/* A response to something that we have asked: we ask nothing. */
static bool is_response(const json_t *message) {
    return json_object_get(message, "result") || json_object_get(message, "error");
}

kith_status mcp_message(struct mcp *m, kith_str text, struct buf *out, kith_error *e) {
    json_t *message = NULL;
    kith_error why = KITH_ERROR_INIT;
    if (json_read(text, &message, &why) != KITH_OK) {
        put_error(out, NULL, RPC_PARSE, why.message);
        return out->failed ? err_nomem(e) : KITH_OK;
    }
    const json_t *id = json_object_get(message, "id"), *method = json_object_get(message, "method");
    const char *rpc = json_string_value(json_object_get(message, "jsonrpc"));
    if (!json_is_object(message))
        put_error(out, NULL, RPC_REQUEST, "a message is one object of JSON-RPC 2.0, and no list");
    else if (!rpc || strcmp(rpc, "2.0") != 0)
        put_error(out, is_id(id) ? id : NULL, RPC_REQUEST, "jsonrpc is \"2.0\"");
    else if (!json_is_string(method) && !is_response(message))
        put_error(out, is_id(id) ? id : NULL, RPC_REQUEST, "a message has a method");
    else if (json_is_string(method) && id && !is_id(id))
        put_error(out, NULL, RPC_REQUEST, "id is a text or a whole number");
    else if (json_is_string(method) && id)
        answer(m, message, out);
    json_decref(message);
    return out->failed ? err_nomem(e) : KITH_OK;
}
