/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the web module share: an instance, a request on its way through it, and its
 * answer. */
#ifndef WEB_H
#define WEB_H

#include "stream.h"

#include <kith/easy.h>
#include <kith/plugin.h>
#include <kith/serve.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>

struct http;      /* http.c, http_head.c: they alone know the HTTP library */
struct workers;   /* workers.c */
struct share;     /* workers.c */
struct operation; /* operation.h */
struct oidc;      /* oidc.h */

/* Requests that wait for one and the same other server: it may be silent, and others need threads,
 * too. Guarded by the lock of their workers. */
#define LANE_RUNS  2 /* at once */
#define LANE_WAITS 32
struct lane {
    size_t running, waiting;
};

#define DOOR_PLACES 32 /* three seconds */
struct door {          /* door.c */
    pthread_mutex_t lock;
    struct {
        bool taken;
        char name[64]; /* of the address, or its network */
    } places[DOOR_PLACES];
};

#define STREAMS_MAX 64
struct streamed { /* limits.c: a place for each of web.streams */
    pthread_mutex_t lock;
    kith_id users[STREAMS_MAX]; /* 0: it is free */
};

struct kith_instance {
    const kith_host *host;
    const kith_serving_v1 *serving;
    const kith_sign_in_v1 *people;
    const kith_following_v1 *following;
    const kith_link_pages_v1 *link_pages;
    const kith_settings_v1 *settings;
    kith_value listen;
    int64_t max_body, max_connections, max_of_address, idle_ms, threads, worker_count;
    int64_t stream_count, max_import;
    int64_t compress; /* 1: answers are packed for those that take them so */
    int64_t max_listeners, max_listeners_of_user, heartbeat_ms;
    struct http *http;
    struct events *events;               /* events.c */
    struct streamed streamed;            /* requests that streamers have, or are to have */
    struct workers *workers, *streamers; /* for what takes a moment, and for what may take hours */
    struct workers *abroad;              /* for what waits for other servers; NULL: nothing does */
    struct oidc *oidc;                   /* oidc.c; NULL: there are no providers */
    struct workers *porter;              /* one thread, by which people come in */
    struct door door;
    struct operation *operation;
    struct openapi *openapi; /* openapi.c: documents that were made */
    _Atomic int64_t ceases;  /* ms of the monotonic clock, since it ceases; 0: it does not */
    atomic_bool hurry;       /* what still waits is refused, and commands are interrupted */
};
#define TOO_LONG "the body is larger than web.max_import allows"
#define IT_ENDS  "the server ends, or begins anew: try again in a moment"

/* A text that grows; zeroed is empty. failed: there was no memory. */
struct text {
    char *ptr;
    size_t len, cap;
    bool failed;
};
void text_add(struct text *t, const char *ptr, size_t len);
void text_puts(struct text *t, const char *z);
void text_vprintf(struct text *t, const char *format, va_list args);
void text_printf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* As text of a page. */
void text_html(struct text *t, const char *z);
/* As a JSON string, quotes and all. */
void text_json(struct text *t, kith_str s);
void text_free(struct text *t);
/* A sentence, with addresses in place of the commands that it names (remedy.c). */
void text_remedies(struct text *t, const char *sentence);
bool text_is_utf8(kith_str s);
kith_str text_str(const struct text *t);

/* -- a request --------------------------------------------------------------------------------- */

enum method { METHOD_GET, METHOD_POST, METHOD_PATCH, METHOD_PUT, METHOD_DELETE, METHOD_OTHER };
extern const char *const method_names[METHOD_OTHER];
#define PARTS_MAX   8
#define HEADERS_MAX 12
#define ASKED_MAX   180
#define FROM_TEXT   64

#define NET_BYTES  16 /* of an address */
#define REQUEST_ID 65

/* Where a request comes from (origin.c). */
struct origin {
    unsigned char address[NET_BYTES]; /* the client's; of IPv4: ::ffff:a.b.c.d */
    bool https;                       /* the client speaks TLS, with us or with a proxy */
    bool proxied;                     /* by a proxy that is trusted */
    /* By one that is not, or does not say from where, or on this computer by a name that is not
     * ours: the address says nothing of who asks. */
    bool hidden;
    int64_t begun;       /* ns */
    char id[REQUEST_ID]; /* in its answer, and in the log */
};

struct header {
    const char *name;
    char value[320];
    char *longer; /* that does not fit; or NULL */
};
struct request {
    kith_instance *self;
    void *connection; /* http.c's */
    enum method method;
    bool head; /* HEAD: as GET, without a body */
    bool options;
    bool old; /* HTTP/1.0 */
    struct origin origin;
    char *path;             /* as it was sent, and cut into: */
    char *parts[PARTS_MAX]; /* decoded */
    size_t part_count;
    const char *asked; /* "/api/v1/lead/0ABC", for the log of reads */
    const struct route *route;
    struct text body;
    bool odd_address, has_body;
    bool refused;    /* its answer was there before its body */
    bool understood; /* what its body says is clear: only what it wants may be at fault */
    bool taken;      /* all of it is there */
    kith_caller *caller;
    kith_session session; /* number 0: none */
    size_t at_door;       /* its place + 1 */

    unsigned status; /* of the answer; 0: there is none yet */
    struct header headers[HEADERS_MAX];
    size_t header_count;
    struct text answer;
    /* The answer's bytes are made while they are sent, if it is no problem: set it before the
     * request is resumed. */
    struct stream *out;
    bool sized; /* it is known beforehand how many: */
    uint64_t out_bytes;
    size_t counted;   /* its place + 1 among the counters of addresses */
    size_t streaming; /* its place + 1 in the instance's */
    bool packed;      /* or need not be */
    /* Its body, of one that is read while it arrives. Nothing of its connection may be asked for on
     * the thread that reads it: it may be gone. */
    struct stream *in;
    atomic_bool too_long; /* it is more than web.max_import, and was cut off */
    atomic_bool answered; /* the answer is there: until then it is its worker's */
    struct command *job;  /* what is to be carried out, when its body is read */
    struct request *next; /* in the queue of workers */
    struct lane *lane;    /* or NULL: it waits for no other server */
    struct share *share;  /* of its user in the workers; or NULL: it is nobody's */

    /* http.c's */
    _Atomic unsigned users; /* it, and the worker that has it */
    pthread_mutex_t gate;   /* guards what follows */
    bool asleep;            /* its connection is suspended */
    bool woken;             /* and need not be: there is something to look at */
    bool over;              /* its connection is not to be touched any more */
    bool listed;
    uint64_t arrived; /* bytes of what is read while it arrives */
    struct request *listed_next, **listed_link;
};

/* -- http.c, http_head.c ----------------------------------------------------------------------- */

/* Listens and answers until http_close. */
kith_status http_open(kith_instance *self, kith_error *err);
const char *http_url(const struct http *h); /* "http://127.0.0.1:8080" */
/* Takes nothing more in, and returns when all is answered, or deadline_ms have passed. */
void http_quiesce(struct http *h, uint32_t deadline_ms);
/* Waits for who has a request of it. */
void http_close(struct http *h);
/* NULL: it has none. Of an argument "": it has no value. */
const char *request_header(const struct request *r, const char *name);
/* Of those of that name the i-th, from 0. */
const char *request_header_at(const struct request *r, const char *name, size_t i);
const char *request_argument(const struct request *r, const char *name);
const char *request_cookie(const struct request *r, const char *name);
/* The address that it comes from: "203.0.113.7"; "": this computer. */
void request_from(const struct request *r, char out[FROM_TEXT]);
/* Nobody reads it on its way. */
bool request_is_secure(const struct request *r);
/* Calls fn for each argument of the address until it gives false. */
typedef bool (*argument_fn)(void *arg, const char *name, const char *value);
void request_arguments(const struct request *r, argument_fn fn, void *arg);
/* The answer comes later, by request_resume from any thread; to be called in request_begin or
 * request_take, before anybody else knows of the request. */
void request_suspend(struct request *r);
/* Whoever does not hold it has no business with it from then on. */
void request_resume(struct request *r);
struct request *request_hold(struct request *r);

uint32_t http_under_way(struct http *h); /* requests */

/* -- origin.c ---------------------------------------------------------------------------------- */

/* As the client wrote it; NULL: it did not. */
const char *request_host(const struct request *r);
/* KITH_ZONE_*: by its address. */
uint32_t request_zone(const struct request *r);

/* -- route.c: called by http.c ----------------------------------------------------------------- */

/* Its header is there. Sets the answer where that is known already. */
void request_begin(struct request *r);
/* It is read while it arrives, by a worker. false: it is not, and answered. */
bool request_start(struct request *r);
/* What it was counted for is done: to be called before whoever asked can know. */
void request_leaves_stream(struct request *r);
/* Its body is there. true: so is the answer; false: it was suspended, and comes later. */
bool request_take(struct request *r);
void request_free(struct request *r); /* once for whoever holds it */

struct route {
    enum method method;
    const char *pattern; /* "/api/v1/{type}/{id}" */
    /* true: it is answered; false: it was suspended, and is resumed with its answer. */
    bool (*handle)(struct request *r);
    bool worker;              /* it may take long: on a thread of its own */
    bool streams;             /* its answer has no bounds: on one of those that may take hours */
    bool open;                /* nobody needs to be known; what is sent is small */
    bool door;                /* on the thread by which people come in */
    bool greets;              /* beside open: whoever has a token is known */
    bool guest;               /* beside open: it is for strangers, who ask slowly */
    bool abroad;              /* it waits for another server: on a thread that nobody else needs */
    const char *const *words; /* of a command */
    const char *doc;          /* one sentence */
    /* "fields|q": of the address, besides those of its words; "*": any; or NULL */
    const char *arguments;
    /* Its body, r->in, has no bounds: handle is called when the head is there, and sets r->job,
     * which is carried out on one of those threads. */
    bool reads;
    bool plain;          /* a secret stands in its answer: it is never packed */
    bool many;           /* a line of JSON for each of a list */
    bool administrators; /* it is for them, though its command is not for them alone */
    /* For openapi_parts.c: of what shape its answer is, or each of a list; "[Step]" is a list;
     * media types where it is no JSON, "text/csv|text/vcard"; NULL: of any. */
    const char *gives;
    const char *takes; /* media types of its body, where it is no JSON; or NULL */
    const char *name;  /* of the operation in clients, where the address makes a bad one; or NULL */
};
#define API             "/api/v1/"
#define IDEMPOTENCY_KEY "Idempotency-Key"
#define REHEARSAL       "application/vnd.kith.rehearsal+json" /* of a write of records */
extern const struct route routes[];
extern const size_t route_count;
const char *request_part(const struct request *r, const char *name); /* "type" */
bool route_is_of_type(const struct route *route); /* its address begins with a type's name */
bool route_takes_key(const struct route *route);  /* a command that is done once: an action */
/* Does it say what is done with this argument of the address? */
bool route_names(const struct route *route, const char *name);
/* Is the argument, which is 1 or true, or 0 or false, there and yes? -1: it is neither: answered.
 */
int request_switch(struct request *r, const char *name);
/* Is what it says that it sends of that type, whatever parameters follow? */
bool request_sends(const struct request *r, const char *type);
/* false: its body is said to be something else, which is answered. */
bool body_may_be_json(struct request *r);
/* Bytes that its body may have. */
size_t request_room(const struct request *r);

/* -- answer.c ---------------------------------------------------------------------------------- */

void answer_header(struct request *r, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void answer_drop_headers(struct request *r);
/* May this answer, whose headers are there, be packed, and does its reader want it so? */
bool answer_is_packed(struct request *r);
/* Packs it, where that is worth it. On a thread that may ask for its headers. */
void answer_pack(struct request *r);
/* The answer's body is JSON. */
void answer_json(struct request *r, unsigned status);
/* A problem document (RFC 9457). */
void answer_problem(struct request *r, unsigned status, const char *code, const char *field,
                    const char *sentence);
void answer_error(struct request *r, kith_status st, const kith_error *e);
/* One more member of a problem, in JSON. */
void answer_member(struct request *r, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* As a command says what went wrong: "not found". field may be NULL. */
void answer_failure(struct request *r, const char *code, const char *field, const char *sentence);

/* 429, with Retry-After. */
void answer_wait(struct request *r, int64_t wait_ms, const char *sentence);

/* -- session.c --------------------------------------------------------------------------------- */

bool session_is_asked(const struct request *r); /* does a cookie come with it? */
/* By the cookie. Sets the answer where that fails. */
void session_come_in(struct request *r, const char *asked);
bool session_create(struct request *r);
bool session_show(struct request *r);
bool session_delete(struct request *r);

/* -- door.c ------------------------------------------------------------------------------------ */

void door_open(struct door *d);
void door_close(struct door *d);
/* false: there is no place, or none for its address. */
bool door_enter(struct door *d, struct request *r);
void door_leave(struct door *d, struct request *r);

/* -- account.c, pages.c ------------------------------------------------------------------------ */

bool set_up(struct request *r);
bool password_put(struct request *r);
bool factor_create(struct request *r);
bool factor_confirm(struct request *r);
bool factor_remove(struct request *r);
bool account_untie(struct request *r);
bool page_show(struct request *r);

/* -- links.c ----------------------------------------------------------------------------------- */

bool link_show(struct request *r);
bool link_use(struct request *r);
/* No such link was asked for: that is paid for more dearly (limits.c). */
void limit_guess(struct request *r);

/* -- workers.c --------------------------------------------------------------------------------- */

/* As many threads, for which at most `waiting` requests may wait. */
kith_status workers_open(struct workers **out, size_t count, size_t waiting, kith_error *err);
void workers_close(struct workers *w); /* when nothing waits any more; NULL: nothing */
/* Has its route's handle called on one of their threads, and resumes it. false: too many wait. */
bool workers_add(struct workers *w, struct request *r);
size_t workers_waiting(struct workers *w);

/* -- watch.c ----------------------------------------------------------------------------------- */

bool health_get(struct request *r);
bool ready_get(struct request *r);
bool metrics_get(struct request *r);

/* -- records.c, commands.c --------------------------------------------------------------------- */

/* Is the tag of that version among those of a header, as If-None-Match? */
bool has_tag(const char *header, kith_str version);
bool record_get(struct request *r);
/* Does it only want to see what a write of records would do? That takes a moment. */
bool record_is_rehearsed(const struct request *r);
bool record_create(struct request *r);
bool record_update(struct request *r);
bool records_update(struct request *r);
bool record_delete(struct request *r);
bool record_transition(struct request *r);
bool command_run(struct request *r);
bool events_follow(struct request *r);
/* Makes r->job of a route that reads; command_read carries it out, and frees it. */
bool command_prepare(struct request *r);
void command_read(struct request *r);
void command_free(struct command *c);

/* -- files.c ----------------------------------------------------------------------------------- */

bool file_upload(struct request *r);
bool file_download(struct request *r);
bool action_get(struct request *r);
bool records_list(struct request *r);
bool report_show(struct request *r);
bool why_show(struct request *r);
/* What the command with these words prints, for the caller to free; false: it failed, and that is
 * answered. */
bool command_output(struct request *r, const char *const *words, struct text *out);

/* -- openapi.c --------------------------------------------------------------------------------- */

struct openapi *openapi_open(void); /* NULL: no memory */
void openapi_close(struct openapi *o);
bool openapi_get(struct request *r);
bool openapi_page_get(struct request *r);

bool mcp_post(struct request *r); /* mcp.c */
bool mcp_delete(struct request *r);

#endif
