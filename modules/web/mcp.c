/* SPDX-License-Identifier: Apache-2.0 */
/* The Model Context Protocol over HTTP: a message is a POST, and its answer is the answer. What it
 * says is the command's; here is only how it comes and goes. Nothing is kept in the connection. */
#include "command.h"

#define SESSION    "Mcp-Session-Id"
#define REVISION   "Mcp-Protocol-Version"
#define ANSWER_MAX (9u << 20) /* of a tool 8 MiB, and what stands around it */

/* {"result":{"_meta":{"kith/session":"0SA..."}}}: initialize tells it. */
static bool tell_session(struct command *c) {
    json_t *said = json_loadb(c->out.ptr, c->out.len, 0, NULL);
    const json_t *meta = json_object_get(json_object_get(said, "result"), "_meta");
    const char *id = json_string_value(json_object_get(meta, "kith/session"));
    bool good = json_object_get(said, "result") != NULL;
    if (id)
        answer_header(c->r, SESSION, "%s", id);
    json_decref(said);
    return good;
}

static void tell_message(struct command *c) {
    bool good = c->out.len && (request_header(c->r, SESSION) || tell_session(c));
    text_add(&c->r->answer, c->out.ptr, c->out.len);
    if (c->out.len)
        answer_json(c->r, good ? 200 : 400); /* without a session nothing else is answered */
    else
        c->r->status = 202;
}

static void tell_end(struct command *c) {
    c->r->status = 204;
}

static void converse(struct request *r, bool end) {
    const char *session = request_header(r, SESSION), *version = request_header(r, REVISION);
    struct command *c = command_new(r, "mcp-message");
    if (!c)
        return;
    if (session)
        text_printf(command_word(c), "--session=%s", session);
    if (version)
        text_printf(command_word(c), "--revision=%s", version);
    if (end)
        text_puts(command_word(c), "--end");
    text_puts(command_word(c), "-");
    c->most = ANSWER_MAX;
    c->reads = true;
    c->tell = end ? tell_end : tell_message;
    command_carry_out(c);
    command_free(c);
}

/* A page of elsewhere does not speak for the person who looks at it. */
static bool is_foreign(struct request *r) {
    const char *origin = request_header(r, "Origin"), *host = request_header(r, "Host");
    const char *at = origin ? strstr(origin, "://") : NULL;
    if (!origin || (at && host && strcmp(at + 3, host) == 0))
        return false;
    answer_problem(r, 403, "denied", NULL, "pages of other addresses do not speak here");
    return true;
}

bool mcp_post(struct request *r) {
    if (!is_foreign(r))
        converse(r, false);
    return true;
}

bool mcp_delete(struct request *r) {
    if (!request_header(r, SESSION))
        answer_problem(r, 400, "invalid", NULL, "the header " SESSION " says which session ends");
    else if (!is_foreign(r))
        converse(r, true);
    return true;
}
