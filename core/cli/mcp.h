/* SPDX-License-Identifier: Apache-2.0 */
/* Mcp: the Model Context Protocol. A message of an agent is a command of its own (`kith
 * mcp-message`), carried out where the company is open, whichever way it comes: on standard input
 * (cmd_mcp.c) or over HTTP (the module web). What lasts between two messages is in the database.
 *
 * A tool is a row of tools[] or an action. Both are the words of another command, whose --json is
 * the result: so what that command may, refuses and rehearses holds here. */
#ifndef CLI_MCP_H
#define CLI_MCP_H

#include "base/json.h"
#include "cli/cli.h"

#define MCP_MESSAGE_MAX (8u << 20) /* bytes */
#define MCP_ANSWER_MAX  (8u << 20) /* of what a tool answers */
/* In the _meta of the answer to initialize: the session, for whoever hands the messages on. */
#define MCP_SESSION_KEY "kith/session"

/* What an action answers with. */
struct mcp_file {
    kith_str name, media, bytes; /* bytes.ptr NULL: it is no file */
};
struct mcp {
    struct cmd *c;
    kith_id session; /* 0: the message belongs to none */
    struct agent_session of;
    struct mcp_file file; /* of the call under way */
};

/* -- mcp_message.c ----------------------------------------------------------------------------- */

/* Answers one message; what is to be said is appended to out, nothing to a notification. */
kith_status mcp_message(struct mcp *m, kith_str text, struct buf *out, kith_error *e);
/* KITH_E_INVAL: a revision of the protocol that is not spoken here. */
kith_status mcp_check_version(const char *version, kith_error *e);
/* The answer to a message that could not be carried out at all. */
void mcp_failure(struct buf *out, const json_t *id, const kith_error *why);

/* -- mcp_tools.c ------------------------------------------------------------------------------- */

#define TOOL_READS    1u  /* writes nothing */
#define TOOL_DESTROYS 2u  /* may take away what was there */
#define TOOL_REPEATS  4u  /* once more is the same */
#define TOOL_LINES    8u  /* answers a line of JSON for each of a list */
#define TOOL_OUTSIDE  16u /* something may leave the company */
struct tool_param {
    const char *name;
    const char *schema; /* JSON */
    bool required;
};
#define TOOL_PARAMS 6
struct tool {
    const char *name, *title, *doc;
    unsigned flags;                        /* TOOL_* */
    struct tool_param params[TOOL_PARAMS]; /* ends with a NULL name */
    /* The command's name, then: "--fields=?fields" an option that has its value from that argument,
     * left out when it is not given; "--param=@params" one for each member of that object; "?type"
     * the argument itself; "@fields" the members of the object, one NAME=VALUE for each. "rehearse"
     * is known to all that write. */
    const char *const *words;
    /* Adds what words cannot say, or NULL. */
    kith_status (*more)(struct mcp *m, const json_t *args, struct buf *last, kith_error *e);
    /* Or, in the place of words: appends the result, JSON, to out. */
    kith_status (*answer)(struct mcp *m, const json_t *args, struct buf *out, kith_error *e);
};
extern const struct tool tools[]; /* ends with a NULL name */
/* The result of tools/list. */
void mcp_tools(struct mcp *m, struct json_out *j);

/* -- mcp_call.c -------------------------------------------------------------------------------- */

/* The result of tools/call. A tool that fails is a result, too; KITH_E_INVAL: there is no such
 * tool. */
kith_status mcp_call(struct mcp *m, const char *name, json_t *args, struct json_out *j,
                     kith_error *e);
/* The result alone, without asking a person; rehearse: whatever args say. */
kith_status mcp_call_plain(struct mcp *m, const char *name, const json_t *args, bool rehearse,
                           struct buf *out, kith_error *e);
/* What a command answers with --json, as one JSON value; lines: as {"items": [...]}. */
kith_status mcp_run(struct mcp *m, const char *const *words, size_t count, bool lines,
                    struct buf *out, kith_error *e);

/* -- mcp_ask.c --------------------------------------------------------------------------------- */

/* Does a person decide about what the tool writes? final: it leaves the company, or stays for ever.
 * If so the approval is noted, and out is what the agent is told. */
kith_status mcp_ask(struct mcp *m, const char *name, const json_t *args, bool final, bool *asked,
                    struct buf *out, kith_error *e);
struct approval;
void approval_json(struct json_out *j, const struct approval *a); /* (cmd_mcp_approve.c) */
/* The tool approval. */
kith_status mcp_answer_approval(struct mcp *m, const json_t *args, struct buf *out, kith_error *e);

/* -- mcp_schema.c ------------------------------------------------------------------------------ */

/* What a value of the field is, as a JSON schema: members of an object that is open. */
void schema_members(struct json_out *j, const struct rfield *f);
/* The same of what is answered with: a member for each field. */
void schema_shown(struct json_out *j, struct rfield *const *fields, uint32_t count);
/* The types that the caller may read, and what the session may still write; or one type. */
kith_status mcp_describe_all(struct mcp *m, struct json_out *j, kith_error *e);
void mcp_describe_type(struct mcp *m, const struct rtype *t, struct json_out *j);
/* The query language, for whoever writes queries. */
void mcp_query_text(struct buf *out);
extern const char mcp_instructions[];

/* -- mcp_resources.c --------------------------------------------------------------------------- */

void mcp_resources(struct mcp *m, struct json_out *j);
void mcp_templates(struct mcp *m, struct json_out *j);
/* KITH_E_NOTFOUND: there is none of that address. */
kith_status mcp_read(struct mcp *m, const char *uri, struct json_out *j, kith_error *e);

#endif
