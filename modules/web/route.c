/* SPDX-License-Identifier: Apache-2.0 */
/* Routes: every address that is answered is a row, and what a command does needs no code. */
#include "oidc.h"
#include "operation.h"

#include <stdlib.h>
#include <strings.h>

/* The words of a command: as they are; "{type}" from the path, "{.action}" when it has a dot; "?q"
 * from the address, left out when it is not there, and "+?map" each of that name; "--limit=?limit"
 * an option that has its value from there; "--param=*" one for each argument that no other word
 * names, as NAME=VALUE; "--once=^Idempotency-Key" an option that has its value from that header;
 * "@" the members of the body, one NAME=VALUE for each. */
#define WORDS(...)   ((const char *const[]){__VA_ARGS__, NULL})
#define RUN(...)     .handle = command_run, .worker = true, .words = WORDS(__VA_ARGS__)
#define LINES(...)   RUN(__VA_ARGS__), .many = true
#define GET(path)    .method = METHOD_GET, .pattern = API path
#define POST(path)   .method = METHOD_POST, .pattern = API path
#define PATCH(path)  .method = METHOD_PATCH, .pattern = API path
#define PAGE(path)   .method = METHOD_GET, .pattern = path, .handle = page_show, .open = true
#define DELETE(path) .method = METHOD_DELETE, .pattern = API path

const struct route routes[] = {
    {.method = METHOD_GET,
     .pattern = "/health",
     .handle = health_get,
     .open = true,
     .doc = "It lives."},
    {.method = METHOD_GET,
     .pattern = "/ready",
     .handle = ready_get,
     .open = true,
     .worker = true,
     .doc = "It can do what it is asked for."},
    {.method = METHOD_GET,
     .pattern = "/metrics",
     .handle = metrics_get,
     .open = true,
     .greets = true,
     .worker = true,
     .doc = "Metrics, as Prometheus reads them."},
    {GET("status"), RUN("status"), .gives = "Status",
     .doc = "How the company does, for administrators."},
    {GET("search"), LINES("search", "?q", "--after=?after", "--limit=?limit"), .gives = "Hit",
     .name = "search", .doc = "Finds words in all records."},
    {GET("query"), LINES("find", "?q", "--fields=?fields", "--after=?after", "--limit=?limit"),
     .gives = "Found", .name = "query", .doc = "What a query finds, or its totals."},
    {GET("export"), .handle = command_run, .worker = true, .streams = true,
     .words = WORDS("export", "--format=?format", "--version=?version", "--fields=?fields",
                    "--spreadsheet!spreadsheet", "?q"),
     .gives = "application/x-ndjson|text/csv|text/vcard", .name = "exportRecords",
     .doc = "All records that a query finds, as lines of JSON, CSV or vCards."},
    {POST("import/{type}"), .handle = command_prepare, .worker = true, .reads = true,
     .words = WORDS("import", "--format=?format", "--key=?key", "--duplicates=?duplicates",
                    "--list=?list", "--name=?name", "--delimiter=?delimiter",
                    "--encoding=?encoding", "--columns=?columns", "--skip-lines=?skip_lines",
                    "--comment=?comment", "--quote=?quote", "--decimal=?decimal", "--split=?split",
                    "--empty=?empty", "--preview=?preview", "--rehearse!rehearse",
                    "--day-first!day_first", "--restart!restart", "--again!again",
                    "--create-linked!create_linked", "{type}", "-", "+?map"),
     .gives = "Imported", .name = "importRecords",
     .takes = "text/csv|application/x-ndjson|text/vcard",
     .doc = "Brings in records from CSV, JSON or vCards, of any length."},
    {GET("reports"), LINES("report"), .gives = "Report",
     .doc = "Reports and saved queries, with their parameters."},
    {GET("reports/{report}"), .handle = report_show, .worker = true, .many = true,
     .arguments = "format",
     .words = WORDS("report", "{report}", "--fields=?fields", "--after=?after", "--limit=?limit",
                    "--param=*"),
     .gives = "Found", .doc = "What a report finds now; its parameters are arguments."},
    {GET("settings"), LINES("explain"), .administrators = true, .gives = "Setting",
     .doc = "All settings, with their values."},
    {GET("settings/{setting}"), LINES("explain", "{setting}"), .administrators = true,
     .gives = "Setting", .doc = "A setting."},
    {GET("session"), .handle = session_show, .plain = true, .doc = "Who asks, and what they may."},
    {POST("session"), .handle = session_create, .plain = true, .worker = true, .open = true,
     .door = true, .name = "signIn",
     .doc = "Signs in by login and password: a cookie stands for it from then on."},
    {DELETE("session"), .handle = session_delete, .worker = true, .name = "signOut",
     .doc = "Signs out."},
    {POST("setup"), .handle = set_up, .worker = true, .open = true, .door = true,
     .doc = "Sets a password by a code, or makes the first administrator."},
    {.method = METHOD_PUT,
     .pattern = API "account/password",
     .handle = password_put,
     .worker = true,
     .door = true,
     .name = "setPassword",
     .doc = "Sets one's own password."},
    {POST("account/second-factor"), .handle = factor_create, .worker = true, .door = true,
     .doc = "Begins to set up a second factor, for an application that shows codes."},
    {POST("account/second-factor/confirm"), .handle = factor_confirm, .worker = true,
     .doc = "Sets it up by a first code, and gives recovery codes."},
    {POST("account/second-factor/remove"), .handle = factor_remove, .worker = true, .door = true,
     .doc = "Removes it."},
    {POST("account/untie"), .handle = account_untie, .worker = true, .door = true, .name = "untie",
     .doc = "Lets go of the accounts of providers by which one signs in."},
    {PAGE("/sign-in"), .doc = "A page to sign in."},
    {PAGE("/setup"), .arguments = "code", .doc = "A page to set a password by a code."},
    {PAGE("/account"), .doc = "A page for one's own account."},
    {PAGE("/people.js"), .doc = "What these pages do."},
    {PAGE("/people.css"), .doc = "How they look."},
    {PAGE("/link.css"), .doc = "How pages of links look."},
    {.method = METHOD_GET,
     .pattern = "/l/{secret}",
     .handle = link_show,
     .worker = true,
     .open = true,
     .guest = true,
     .plain = true,
     .arguments = "*",
     .doc = "What somebody without an account may do by this link; or what it reads."},
    {.method = METHOD_POST,
     .pattern = "/l/{secret}",
     .handle = link_use,
     .worker = true,
     .open = true,
     .guest = true,
     .plain = true,
     .arguments = "*",
     .doc = "Does it."},
    {GET("sessions"), LINES("session list"), .gives = "Session",
     .doc = "Who is signed in: oneself, or everybody."},
    {DELETE("sessions"), RUN("session revoke", "--all"), .gives = "Revoked",
     .name = "signOutEverywhere", .doc = "Signs out everywhere."},
    {DELETE("sessions/{number}"), RUN("session revoke", "{number}"), .gives = "Revoked",
     .doc = "Ends a session."},
    {GET("events"), .handle = events_follow, .worker = true, .arguments = "topic|q|after",
     .gives = "text/event-stream", .name = "followEvents",
     .doc = "What happens, as it happens (Server-Sent Events)."},
    {.method = METHOD_GET,
     .pattern = "/sign-in/oidc",
     .handle = oidc_list,
     .open = true,
     .doc = "By which providers of OpenID Connect people sign in."},
    {.method = METHOD_GET,
     .pattern = "/sign-in/oidc/{provider}",
     .handle = oidc_begin,
     .worker = true,
     .open = true,
     .abroad = true,
     .arguments = "to",
     .doc = "Sends a browser to a provider of OpenID Connect, to sign in."},
    {.method = METHOD_GET,
     .pattern = "/sign-in/oidc/{provider}/callback",
     .handle = oidc_return,
     .worker = true,
     .open = true,
     .abroad = true,
     .arguments = "*",
     .doc = "Takes a browser back from there."},
    {.method = METHOD_GET,
     .pattern = "/sign-in/oidc/{provider}/sign-out",
     .handle = oidc_leave,
     .worker = true,
     .open = true,
     .abroad = true,
     .doc = "Sends a browser that has signed out here to the provider, to sign out there."},
    {GET("modules"), LINES("module list"), .gives = "Module", .doc = "The modules."},
    {GET("types"), LINES("type list"), .gives = "Type", .doc = "The types of records."},
    {GET("actions"), LINES("run"), .gives = "Action", .doc = "The actions, with their parameters."},
    {GET("transactions"), LINES("log", "--type=?type", "--since=?since", "--limit=?limit"),
     .gives = "Transaction", .doc = "What was written lately, by whom."},
    {GET("workflows"), LINES("workflow list"), .gives = "Workflow", .doc = "The workflows."},
    {GET("runs"), LINES("workflow runs", "--state=?state"), .gives = "Run",
     .doc = "Runs of workflows."},
    {GET("runs/{run}"), LINES("workflow run", "{run}"), .gives = "RunStep",
     .doc = "A run, step by step."},
    {POST("runs/{run}/cancel"), RUN("workflow cancel", "{run}"), .gives = "Written",
     .doc = "Ends a run."},
    {POST("runs/{run}/retry"), RUN("workflow retry", "{run}"), .gives = "Written",
     .doc = "Has a run that failed try once more."},
    {GET("deadletters"), LINES("deadletter list"), .gives = "Letter",
     .doc = "Events that could not be handled."},
    {POST("deadletters/{number}/retry"), RUN("deadletter retry", "{number}"), .gives = "Outcome",
     .doc = "Has an event be handled once more."},
    {POST("deadletters/{number}/skip"), RUN("deadletter skip", "{number}"), .gives = "Outcome",
     .doc = "Lets go of an event."},
    {GET("outbox"), LINES("outbox list", "--state=?state", "--to=?to"), .gives = "Effect",
     .doc = "What is to leave, or has left."},
    {GET("outbox/queues"), LINES("outbox queues"), .gives = "Queue",
     .doc = "For each receiver what waits, and how it is with it."},
    {GET("outbox/{effect}"), RUN("outbox show", "{effect}"), .gives = "Effect", .name = "getEffect",
     .doc = "One of what is to leave, or has left."},
    {POST("undo/{transaction}"), RUN("undo", "{transaction}", "--rehearse!rehearse"),
     .gives = "Undone", .doc = "Takes back a transaction, an import, or a run."},
    {GET("actions/{action}"), .handle = action_get, .worker = true,
     .words = WORDS("run", "--output=-", "{.action}", "*"),
     .doc = "Calls an action that answers with a file; its parameters are arguments."},
    {POST("actions/{action}"),
     RUN("run", "{.action}", "@", "--rehearse!rehearse", "--once=^" IDEMPOTENCY_KEY),
     .doc = "Calls an action."},

    {GET("openapi.json"), .handle = openapi_get, .worker = true,
     .doc = "This document: OpenAPI 3.1 of what you may use."},
    {GET("docs"), .handle = openapi_page_get, .worker = true, .gives = "text/html",
     .doc = "The same as a page for people."},
    {GET("schema"), RUN("schema"), .gives = "Declared",
     .doc = "All types, actions and events, as they are declared."},

    {GET("agents"), LINES("mcp sessions", "--limit=?limit"), .gives = "AgentSession",
     .doc = "The sessions of agents."},
    {GET("approvals"), LINES("mcp approvals", "--all!all"), .gives = "Approval",
     .doc = "What agents want to write, and wait for."},
    {GET("approvals/{number}"), RUN("mcp approvals", "{number}"), .gives = "Approval",
     .doc = "One of these."},
    {POST("approvals/{number}/approve"), RUN("mcp approve", "{number}"), .gives = "Decision",
     .name = "approve", .doc = "Allows it: it is done."},
    {POST("approvals/{number}/refuse"), RUN("mcp refuse", "{number}"), .gives = "Decision",
     .name = "refuse", .doc = "Refuses it."},
    {.method = METHOD_POST,
     .pattern = "/mcp",
     .handle = mcp_post,
     .worker = true,
     .doc = "A message of the Model Context Protocol."},
    {.method = METHOD_DELETE,
     .pattern = "/mcp",
     .handle = mcp_delete,
     .worker = true,
     .doc = "Ends a session of it."},

    {GET("{type}"), .handle = records_list, .worker = true, .many = true,
     .words = WORDS("find", "--where=?q", "--fields=?fields", "--after=?after", "--limit=?limit",
                    "{type}"),
     .doc = "Records, those that meet a condition."},
    {POST("{type}"), .handle = record_create, .arguments = "rehearse",
     .doc = "Creates a record, or one for each line, all or none."},
    {PATCH("{type}"), .handle = records_update, .arguments = "rehearse",
     .doc = "Changes several records, all or none."},
    {GET("{type}/{id}"), .handle = record_get, .arguments = "fields", .doc = "A record."},
    {PATCH("{type}/{id}"), .handle = record_update, .arguments = "rehearse",
     .doc = "Changes fields of a record."},
    {DELETE("{type}/{id}"), .handle = record_delete, .arguments = "rehearse",
     .doc = "Deletes a record."},
    {GET("file/{id}/content"), .handle = file_download, .worker = true, .streams = true,
     .words = WORDS("file get", "{id}"), .doc = "The bytes of a file, or a range of them."},
    {POST("{type}/{id}/files"), .handle = file_upload, .worker = true, .reads = true,
     .words = WORDS("file put", "--name=?name", "--kind=?kind", "{type}", "{id}", "-"),
     .takes = "application/octet-stream", .doc = "Puts a file to a record: the body is its bytes."},
    {GET("{type}/{id}/timeline"), RUN("view", "{type}", "{id}"), .gives = "View",
     .doc = "A record with all that belongs to it."},
    {GET("{type}/{id}/history"), LINES("history", "{type}", "{id}"), .gives = "Change",
     .doc = "What was changed in a record, when and by whom."},
    {GET("{type}/{id}/why/{field}"), .handle = why_show, .worker = true, .many = true,
     .words = WORDS("why", "{type}", "{id}", "{field}"), .gives = "Step",
     .doc = "Why a field has its value."},
    {POST("{type}/{id}/transition/{state}"), .handle = record_transition, .arguments = "rehearse",
     .doc = "Brings a record into another state."},
};
const size_t route_count = sizeof routes / sizeof *routes;

const char *const method_names[METHOD_OTHER] = {"GET", "POST", "PATCH", "PUT", "DELETE"};

/* -- which one --------------------------------------------------------------------------------- */

static bool next_part(const char **pattern, size_t *len) {
    if (**pattern != '/')
        return false;
    (*pattern)++;
    *len = strcspn(*pattern, "/");
    return true;
}

/* Every request is held against every route: so byte by byte, and no further than they are alike.
 */
static bool fits(const struct request *r, const struct route *route) {
    const char *at = route->pattern;
    size_t i = 0;
    for (; *at == '/'; i++) {
        if (i == r->part_count)
            return false;
        const char *part = r->parts[i];
        bool any = *++at == '{';
        if (any)
            at += strcspn(at, "/");
        for (; !any && *part && *part == *at && *at != '/'; part++)
            at++;
        if ((*at && *at != '/') || (*part && !any))
            return false;
    }
    return i == r->part_count;
}

const char *request_part(const struct request *r, const char *name) {
    const char *at = r->route->pattern;
    size_t len, want = strlen(name);
    for (size_t i = 0; next_part(&at, &len); at += len, i++)
        if (*at == '{' && len == want + 2 && memcmp(at + 1, name, want) == 0)
            return r->parts[i];
    return NULL;
}

bool route_is_of_type(const struct route *route) {
    return strncmp(route->pattern, API "{type}", strlen(API "{type}")) == 0;
}

static void find_route(struct request *r) {
    char allowed[64] = "", sentence[100];
    bool taken = false;
    for (size_t i = 0; i < route_count && !r->route; i++) {
        bool of_type = route_is_of_type(&routes[i]);
        /* Where another address stands nobody looks for records of a type of that name. */
        if ((taken && of_type) || !fits(r, &routes[i]))
            continue;
        taken |= !of_type;
        if (routes[i].method == r->method)
            r->route = &routes[i];
        else if (!strstr(allowed, method_names[routes[i].method]))
            (void)snprintf(allowed + strlen(allowed), sizeof allowed - strlen(allowed), "%s%s",
                           allowed[0] ? ", " : "", method_names[routes[i].method]);
    }
    if (r->route)
        return;
    if (!allowed[0]) {
        answer_problem(r, 404, "not found", NULL,
                       "there is nothing at this address: " API "docs tells what there is");
        return;
    }
    (void)snprintf(sentence, sizeof sentence, "this address is for %s alone", allowed);
    answer_problem(r, 405, "unsupported", NULL, sentence);
    answer_header(r, "Allow", "%s", allowed);
}

/* -- its arguments ----------------------------------------------------------------------------- */

static bool word_names(const char *word, const char *name) {
    const char *mark = *word == '{' ? NULL : strpbrk(word, "?!");
    return mark && strcmp(mark + 1, name) == 0;
}

bool route_names(const struct route *route, const char *name) {
    size_t len = strlen(name);
    for (const char *at = route->arguments; at; at = strchr(at, '|')) {
        at += *at == '|';
        if (strcspn(at, "|") == len && memcmp(at, name, len) == 0)
            return true;
    }
    for (const char *const *w = route->words; w && *w; w++)
        if (word_names(*w, name))
            return true;
    return false;
}

static bool takes_others(const struct route *route) {
    if (route->arguments && *route->arguments == '*')
        return true;
    for (const char *const *w = route->words; w && *w; w++)
        if (strchr(*w, '*'))
            return true;
    return false;
}

/* "; it takes q, limit" */
static void list_arguments(struct text *t, const struct route *route) {
    const char *sep = "; it takes ";
    for (const char *at = route->arguments; at && *at; sep = ", ") {
        size_t len = strcspn(at, "|");
        text_printf(t, "%s%.*s", sep, (int)len, at);
        at += len + (at[len] == '|');
    }
    for (const char *const *w = route->words; w && *w; w++) {
        const char *mark = **w == '{' ? NULL : strpbrk(*w, "?!");
        if (mark)
            text_printf(t, "%s%s", sep, mark + 1);
        sep = mark ? ", " : sep;
    }
}

/* "+?map": each one of that name is a word of its own. */
static bool takes_many(const struct route *route, const char *name) {
    for (const char *const *w = route->words; w && *w; w++)
        if (**w == '+' && word_names(*w, name))
            return true;
    return takes_others(route) && !route_names(route, name); /* in (:city) takes several */
}

struct times {
    const char *name;
    int count;
};
static bool count_times(void *arg, const char *name, const char *value) {
    struct times *t = arg;
    (void)value;
    t->count += strcmp(name, t->name) == 0;
    return t->count < 2;
}

static bool is_repeated(const struct request *r, const char *name) {
    struct times t = {name, 0};
    if (!takes_many(r->route, name))
        request_arguments(r, count_times, &t);
    return t.count > 1;
}

static bool check_argument(void *arg, const char *name, const char *value) {
    struct request *r = arg;
    struct text t = {0};
    (void)value;
    if (is_repeated(r, name)) {
        answer_problem(r, 400, "invalid", name, "an argument of the address is given once");
        return false;
    }
    if (route_names(r->route, name) || takes_others(r->route))
        return true;
    text_printf(&t, "this address takes no argument '%.60s'", name);
    list_arguments(&t, r->route);
    answer_problem(r, 400, "invalid", name, t.ptr ? t.ptr : "");
    text_free(&t);
    return false;
}

int request_switch(struct request *r, const char *name) {
    const char *value = request_argument(r, name);
    char sentence[100];
    if (!value || strcmp(value, "0") == 0 || strcmp(value, "false") == 0)
        return 0;
    if (!*value || strcmp(value, "1") == 0 || strcmp(value, "true") == 0)
        return 1;
    (void)snprintf(sentence, sizeof sentence, "%s is 1 or true, or 0 or false, not '%.20s'", name,
                   value);
    answer_problem(r, 400, "invalid", name, sentence);
    return -1;
}

/* -- its body ---------------------------------------------------------------------------------- */

bool request_sends(const struct request *r, const char *type) {
    const char *given = request_header(r, "Content-Type");
    size_t len = given ? strcspn(given, "; ") : 0;
    return len == strlen(type) && strncasecmp(given, type, len) == 0;
}

/* Some programs name no type, and curl a form when nobody tells it another: whether that is JSON
 * is seen when it is read. */
bool body_may_be_json(struct request *r) {
    static const char *const types[] = {"application/json", "application/merge-patch+json",
                                        "application/x-www-form-urlencoded", "text/plain",
                                        "text/json"};
    const char *given = request_header(r, "Content-Type");
    if (!given || !*given || !r->body.len)
        return true;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (request_sends(r, types[i]))
            return true;
    answer_problem(r, 415, "unsupported", "Content-Type",
                   "this takes one JSON object: Content-Type: application/json");
    return false;
}

/* -- who asks ---------------------------------------------------------------------------------- */

/* NULL: none. The scheme may be written in any letters. */
static const char *token_of(const char *given) {
    size_t len = strlen("Bearer ");
    if (!given || strncasecmp(given, "Bearer ", len) != 0)
        return NULL;
    given += len + strspn(given + len, " ");
    return *given ? given : NULL;
}

/* By a token, which no browser sends by itself; else by the cookie of a session. */
static void come_in(struct request *r) {
    const char *given = request_header(r, "Authorization"), *token = token_of(given);
    kith_error e = {.struct_size = sizeof e};
    char asked[ASKED_MAX + 10];
    (void)snprintf(asked, sizeof asked, "%s %s", method_names[r->method], r->asked);
    if (!given && session_is_asked(r)) {
        session_come_in(r, asked);
        return;
    }
    if (!token) {
        answer_problem(r, 401, "denied", NULL,
                       "say who you are: Authorization: Bearer TOKEN; 'kith token add' makes one");
        return;
    }
    const kith_entry who = {
        .struct_size = sizeof who,
        .token = kith_str_of(token),
        .surface = kith_str_of("api"),
        .asked = kith_str_of(asked),
        .zone = request_zone(r),
    };
    kith_status st = r->self->serving->enter(r->self->host, &who, &r->caller, &e);
    if (st == KITH_E_DENIED)
        answer_problem(r, 401, "denied", NULL, e.message);
    else if (st != KITH_OK)
        answer_error(r, st, &e);
}

/* -- its way ----------------------------------------------------------------------------------- */

bool route_takes_key(const struct route *route) {
    for (const char *const *w = route->words; w && *w; w++)
        if (strchr(*w, '^'))
            return true;
    return false;
}

/* Better said than passed over: whoever sends it again relies on it. */
static void check_key(struct request *r) {
    if (r->route->words && r->method != METHOD_GET && !route_takes_key(r->route) &&
        request_header(r, IDEMPOTENCY_KEY))
        answer_problem(r, 400, "unsupported", IDEMPOTENCY_KEY,
                       "an Idempotency-Key is for writes of records and for actions: leave it out "
                       "here");
}

/* What is read while it arrives looks itself. */
static void check_coding(struct request *r) {
    const char *coding = request_header(r, "Content-Encoding");
    if (coding && !r->route->reads && strcasecmp(coding, "identity") != 0)
        answer_problem(r, 415, "unsupported", "Content-Encoding",
                       "only what is imported, and files, are taken packed: send this as it is");
}

static bool is_for_anybody(const struct request *r) {
    return r->route->open && !(r->route->greets && request_header(r, "Authorization"));
}

void request_begin(struct request *r) {
    if (cors_preflight(r))
        return;
    limit_address(r);
    if (!r->status)
        find_route(r);
    if (!r->status && !is_for_anybody(r))
        come_in(r);
    if (!r->status && r->route->guest)
        limit_guest(r);
    if (!r->status)
        limit_rate(r);
    if (!r->status)
        check_key(r);
    if (!r->status)
        check_coding(r);
    if (!r->status)
        request_arguments(r, check_argument, r);
}

static struct workers *pool_of(const struct request *r) {
    if (r->route->door)
        return r->self->porter;
    if (r->route->abroad && r->self->abroad)
        return r->self->abroad;
    return r->route->streams || r->in ? r->self->streamers : r->self->workers;
}

static bool hand_over(struct request *r) {
    if (r->route->door && !door_enter(&r->self->door, r)) {
        answer_wait(r, 1000, "too many at once sign in, or from this address: try again in 1 s");
        return true;
    }
    bool streams = r->route->streams || r->in;
    if (streams && !limit_streams(r))
        return true;
    if (r->route->abroad)
        r->lane = oidc_lane(r);
    if (workers_add(pool_of(r), r))
        return false;
    door_leave(&r->self->door, r);
    request_leaves_stream(r);
    answer_problem(r, 503, "busy", NULL, "too many requests wait: try again in a moment");
    return true;
}

bool request_start(struct request *r) {
    const char *length = request_header(r, "Content-Length");
    if (length && strtoull(length, NULL, 10) > (uint64_t)r->self->max_import)
        answer_problem(r, 413, "limit reached", NULL, TOO_LONG);
    else if (!r->route->handle(r))
        return !hand_over(r);
    return false;
}

bool request_take(struct request *r) {
    return r->route->worker || record_is_rehearsed(r) ? hand_over(r) : r->route->handle(r);
}

#define OPEN_ROOM 8192 /* of what is sent by nobody knows whom */

size_t request_room(const struct request *r) {
    size_t room = (size_t)r->self->max_body;
    return r->route && r->route->open && room > OPEN_ROOM ? OPEN_ROOM : room;
}

void request_free(struct request *r) {
    if (atomic_fetch_sub(&r->users, 1) > 1)
        return;
    limit_address_done(r);
    if (r->caller)
        r->self->serving->leave(r->caller);
    command_free(r->job);
    stream_free(r->out);
    stream_free(r->in);
    pthread_mutex_destroy(&r->gate);
    answer_drop_headers(r);
    text_free(&r->body);
    text_free(&r->answer);
    free(r->path);
    free(r);
}
