/* SPDX-License-Identifier: Apache-2.0 */
/* Routes: every address that is answered is a row, and what a command does needs no code. */
#include "web.h"

#include <stdlib.h>

#define API "/api/v1/"

/* The words of a command: as they are; "{type}" from the path; "?q" from the address, left out when
 * it is not there; "--limit=?limit" an option that has its value from there; "@" the members of the
 * body, one NAME=VALUE for each. */
#define WORDS(...)                                                                                 \
    (const char *const[]) {                                                                        \
        __VA_ARGS__, NULL                                                                          \
    }

const struct route routes[] = {
    {METHOD_GET, API "search", command_run, true,
     WORDS("search", "?q", "--after=?after", "--limit=?limit"), "Finds words in all records.",
     true},
    {METHOD_GET, API "query", command_run, true,
     WORDS("find", "?q", "--fields=?fields", "--after=?after", "--limit=?limit"),
     "What a query finds, or its totals.", true},
    {METHOD_POST, API "undo/{transaction}", command_run, true,
     WORDS("undo", "{transaction}", "--rehearse!rehearse"),
     "Takes back a transaction, an import, or a run.", false},
    {METHOD_POST, API "actions/{action}", command_run, true,
     WORDS("run", "{action}", "@", "--rehearse!rehearse"), "Calls an action.", false},
    {METHOD_GET, API "modules", command_run, true, WORDS("module list"), "The modules.", true},
    {METHOD_GET, API "types", command_run, true, WORDS("type list"), "The types of records.", true},
    {METHOD_GET, API "runs", command_run, true,
     WORDS("workflow runs", "--state=?state", "--limit=?limit"), "Runs of workflows.", true},
    {METHOD_GET, API "deadletters", command_run, true, WORDS("deadletter list"),
     "Events that could not be handled.", true},
    {METHOD_GET, API "{type}", records_list, true,
     WORDS("find", "--fields=?fields", "--after=?after", "--limit=?limit"),
     "Records, those that meet a condition.", true},
    {METHOD_POST, API "{type}", record_create, false, NULL, "Creates a record.", false},
    {METHOD_GET, API "{type}/{id}", record_get, false, NULL, "A record.", false},
    {METHOD_PATCH, API "{type}/{id}", record_update, false, NULL, "Changes fields of a record.",
     false},
    {METHOD_DELETE, API "{type}/{id}", record_delete, false, NULL, "Deletes a record.", false},
    {METHOD_GET, API "{type}/{id}/timeline", command_run, true, WORDS("view", "{type}", "{id}"),
     "A record with all that belongs to it.", false},
    {METHOD_GET, API "{type}/{id}/history", command_run, true, WORDS("history", "{type}", "{id}"),
     "What was changed in a record, when and by whom.", true},
    {METHOD_GET, API "{type}/{id}/why/{field}", command_run, true,
     WORDS("why", "{type}", "{id}", "{field}"), "Why a field has its value.", false},
    {METHOD_POST, API "{type}/{id}/transition/{state}", record_transition, false, NULL,
     "Brings a record into another state.", false},
};
const size_t route_count = sizeof routes / sizeof *routes;

/* -- which one --------------------------------------------------------------------------------- */

static bool next_part(const char **pattern, size_t *len) {
    if (**pattern != '/')
        return false;
    (*pattern)++;
    *len = strcspn(*pattern, "/");
    return true;
}

static bool fits(const struct request *r, const struct route *route) {
    const char *at = route->pattern;
    size_t len, i = 0;
    for (; next_part(&at, &len); at += len, i++) {
        if (i == r->part_count)
            return false;
        if (*at != '{' && (strlen(r->parts[i]) != len || memcmp(r->parts[i], at, len) != 0))
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

static bool cut(struct request *r) {
    char *at = r->path;
    while (*at == '/') {
        if (r->part_count == PARTS_MAX)
            return false;
        *at++ = '\0';
        if (!*at || *at == '/')
            return false;
        r->parts[r->part_count++] = at;
        at += strcspn(at, "/");
    }
    return *at == '\0';
}

static void find_route(struct request *r) {
    static const char *const names[] = {"GET", "POST", "PATCH", "PUT", "DELETE"};
    char allowed[64] = "";
    bool found = cut(r);
    for (size_t i = 0; found && i < route_count && !r->route; i++) {
        if (!fits(r, &routes[i]))
            continue;
        if (routes[i].method == r->method)
            r->route = &routes[i];
        else if (!strstr(allowed, names[routes[i].method]))
            (void)snprintf(allowed + strlen(allowed), sizeof allowed - strlen(allowed), "%s%s",
                           allowed[0] ? ", " : "", names[routes[i].method]);
    }
    if (r->route)
        return;
    if (!allowed[0]) {
        answer_problem(r, 404, "not found", NULL, "there is nothing at this address");
        return;
    }
    answer_problem(r, 405, "unsupported", NULL, "this address is not for this method");
    answer_header(r, "Allow", "%s", allowed);
}

/* -- who asks ---------------------------------------------------------------------------------- */

#define BEARER "Bearer "

static void come_in(struct request *r) {
    const char *given = request_header(r, "Authorization");
    kith_error e = {.struct_size = sizeof e};
    char asked[ASKED_MAX];
    static const char *const names[] = {"GET", "POST", "PATCH", "PUT", "DELETE"};
    if (!given || strncmp(given, BEARER, strlen(BEARER)) != 0) {
        answer_problem(r, 401, "denied", NULL,
                       "say who you are: Authorization: Bearer TOKEN; 'kith token add' makes one");
        return;
    }
    (void)snprintf(asked, sizeof asked, "%s %.190s", names[r->method], r->asked);
    const kith_entry who = {
        .struct_size = sizeof who,
        .token = kith_str_of(given + strlen(BEARER)),
        .surface = kith_str_of("api"),
        .asked = kith_str_of(asked),
    };
    kith_status st = r->self->serving->enter(r->self->host, &who, &r->caller, &e);
    if (st == KITH_E_DENIED)
        answer_problem(r, 401, "denied", NULL, e.message);
    else if (st != KITH_OK)
        answer_error(r, st, &e);
}

/* -- its way ----------------------------------------------------------------------------------- */

void request_begin(struct request *r) {
    find_route(r);
    if (!r->status)
        come_in(r);
}

bool request_take(struct request *r) {
    if (!r->route->worker)
        return r->route->handle(r);
    if (workers_add(r->self->workers, r))
        return false;
    answer_problem(r, 503, "busy", NULL, "too many requests wait: try again in a moment");
    return true;
}

void request_free(struct request *r) {
    if (r->caller)
        r->self->serving->leave(r->caller);
    text_free(&r->body);
    text_free(&r->answer);
    free(r->path);
    free(r);
}
