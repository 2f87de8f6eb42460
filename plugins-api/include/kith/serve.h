/* SPDX-License-Identifier: Apache-2.0 */
/* kith/serve.h - what Kith gives to modules by which people and programs use it, as over a network:
 * tables of functions as in kith/host.h. Such a module declares serve() and cease(), and needs the
 * permission "serve:users".
 *
 * It is the youngest part of the contract, with one module on it: until a second one has been
 * written against it, a table here may give way to the next revision within a minor version. All
 * else of the contract does not. */
#ifndef KITH_SERVE_H
#define KITH_SERVE_H

#include <kith/host.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kith_caller kith_caller; /* somebody who asks */

/* -- serving ----------------------------------------------------------------------------------- */

/* For modules by which people and programs use Kith, as over a network: what is asked for is done
 * with the rights of whoever asks, and in JSON as the command line has it. Needs the permission
 * "serve:users"; no other right is needed, and none helps. */
#define KITH_SERVING_1 "kith.serving/1"

/* Where it is asked from; a role may hold in the nearer ones alone. */
#define KITH_ZONE_INTRANET 0u
#define KITH_ZONE_EXTRANET 1u
#define KITH_ZONE_INTERNET 2u

/* Who asks, and what. The caller sets struct_size. */
typedef struct kith_entry {
    uint32_t struct_size;
    uint32_t zone;    /* KITH_ZONE_*: where it is asked from; with a token, the farther of its
                       * own and this one */
    kith_str token;   /* what it proves itself with; or empty: */
    kith_id user;     /* who proved it before */
    kith_str surface; /* by which it comes: "api" */
    kith_str asked;   /* what for, without what it writes: "GET /api/v1/lead/0ABC" */
} kith_entry;

/* A text; yours until the function returns. What it returns is what its caller returns. */
typedef kith_status (*kith_text_fn)(void *arg, kith_str text, kith_error *err);

/* A record as JSON. */
typedef struct kith_shown {
    uint32_t struct_size;
    uint32_t reserved;
    kith_str json;
    /* "stored-derived": two marks. The first is another one when somebody wrote the record, or its
     * reader may read other fields of it; the second when what Kith keeps in it is different. */
    kith_str version;
    kith_id id; /* of the record: that may be another one than was asked for, which was merged */
} kith_shown;
typedef kith_status (*kith_shown_fn)(void *arg, const kith_shown *shown, kith_error *err);

#define KITH_TO_STATE 8u /* beside KITH_ON_*: the record comes into another state */

/* One record to be written. The caller sets struct_size. */
typedef struct kith_write {
    uint32_t struct_size;
    uint32_t kind;    /* KITH_ON_CREATE, KITH_ON_UPDATE, KITH_ON_DELETE or KITH_TO_STATE */
    kith_str type;    /* its name */
    kith_str id;      /* empty for one that is created */
    kith_str fields;  /* one JSON object; the name of a state; empty for one that is deleted */
    kith_str version; /* it must still have this first mark (kith_shown); empty: whichever it has */
} kith_write;

/* What came of a list of them. */
typedef struct kith_written {
    uint32_t struct_size;
    kith_status status;      /* KITH_OK: all of them are durable; else none was written */
    uint32_t failed;         /* the place of the one that failed, from 0, where one did */
    uint32_t count;          /* of records */
    kith_id transaction;     /* 0: nothing was different */
    const kith_shown *shown; /* each as it is now; json empty: it is gone, or not to be read */
    const kith_error *error; /* when it failed */
    uint32_t repeated;       /* 1: it was carried out before, and not again */
    uint32_t reserved;
} kith_written;
/* On the writer, which waits for it: pass it on to a thread of yours. [serving] */
typedef void (*kith_written_fn)(void *arg, const kith_written *written);

/* What a command reads and writes. All on the thread that has it carried out. The caller sets
 * struct_size. */
typedef struct kith_stream {
    uint32_t struct_size;
    uint32_t reserved; /* 0 */
    void *arg;
    /* Its output (1), and what it says about it (2). Not KITH_OK: nobody reads any more, and it
     * ends soon. */
    kith_status (*write)(void *arg, uint32_t stream, kith_str data);
    /* Its input: at most cap bytes to dst; *got 0: the end. Or NULL: there is none. */
    kith_status (*read)(void *arg, char *dst, uint64_t cap, uint64_t *got, kith_error *err);
    /* How far it has come, in place of what was told before. Or NULL. */
    void (*progress)(void *arg, kith_str line);
    /* 1: it is to end soon. Or NULL. */
    int32_t (*interrupted)(void *arg);
    /* The file that an action answers with (kith_action.file); nothing else is written then. Or
     * NULL: it is written as JSON, its bytes in base64. */
    kith_status (*file)(void *arg, kith_str name, kith_str media_type, kith_str bytes,
                        kith_error *err);
} kith_stream;

typedef struct kith_serving_v1 {
    uint32_t struct_size;
    uint32_t reserved;

    /* Somebody comes in, for one request. KITH_E_DENIED: the token is unknown or has expired, the
     * user is gone. [serving] */
    kith_status (*enter)(const kith_host *host, const kith_entry *who, kith_caller **caller,
                         kith_error *err);
    /* The id of the user; 0: there is none. [serving] */
    kith_id (*user)(const kith_caller *caller);
    /* Every caller leaves. What was asked for in their name goes on. [serving] */
    void (*leave)(kith_caller *caller);

    /* Hands out the record of that type and id, with the fields that are named ("name,email"), or
     * all; the caller's rights bound both. [serving] */
    kith_status (*record)(kith_caller *caller, kith_str type, kith_str id, kith_str fields,
                          kith_shown_fn fn, void *arg, kith_error *err);
    /* Writes all of them in one transaction, or none, and returns at once; fn is told when it is
     * durable, or failed. Hooks run. Where it returns another status than KITH_OK, fn is not
     * called. once: a key of the caller's, of at most 200 bytes; the same request with the same
     * key is not carried out again within a day, and fn is told what came of it. Empty: it is
     * carried out. KITH_E_CONFLICT: the key was used for another one. KITH_E_BUSY: too many wait
     * already. [serving] */
    kith_status (*write)(kith_caller *caller, kith_str once, uint32_t count,
                         const kith_write *writes, kith_written_fn fn, void *arg, kith_error *err);
    /* Has a command of the program carried out, by its words: "find", "lead where size > 5",
     * "--json". It takes as long as it takes: not on a thread that others wait for. No files are
     * reached but "-", its input and output. *code is its exit code; what went wrong was written to
     * stream 2 then, with --json as one object. KITH_E_UNSUPPORTED: it does not run here. [serving]
     */
    kith_status (*run)(kith_caller *caller, uint32_t count, const kith_str *words,
                       const kith_stream *stream, int32_t *code, kith_error *err);
    /* As write, but nothing of it is kept: hands out as JSON what would be written, by the records
     * themselves and by what reacts to them, and waits for it. Of several the sentence says which
     * one failed: "at 2: ...". Not on a thread that others wait for. [serving] */
    kith_status (*rehearse)(kith_caller *caller, uint32_t count, const kith_write *writes,
                            kith_shown_fn fn, void *arg, kith_error *err);
} kith_serving_v1;

/* -- following --------------------------------------------------------------------------------- */

/* What happens, for people and programs outside: what stands in the journal, as webhooks tell it.
 * Who follows keeps its own place; nothing is kept for it here, so it costs nothing to be slow. */
#define KITH_FOLLOWING_1 "kith.following/1"

typedef struct kith_follower kith_follower;
typedef struct kith_batch kith_batch;

/* The caller sets struct_size. */
typedef struct kith_following {
    uint32_t struct_size;
    uint32_t topic_count;   /* 0: all */
    const kith_str *topics; /* "contact.created"; a star stands for anything: "contact.*" */
    kith_str where;         /* a condition on their records, which are of one type then; or empty */
} kith_following;

/* One event. Yours until the function returns. */
typedef struct kith_told {
    uint32_t struct_size;
    uint32_t part; /* a row may stand for several topics: 1 for its first, 2, ... */
    uint64_t seq;  /* the row of the journal */
    uint32_t more; /* 1: this row has further ones for it */
    uint32_t reserved;
    kith_str topic;
    kith_str json;
} kith_told;
/* Not KITH_OK: it is told no more, and this is what its caller gets. */
typedef kith_status (*kith_told_fn)(void *arg, const kith_told *told, kith_error *err);

typedef struct kith_following_v1 {
    uint32_t struct_size;
    uint32_t reserved;

    /* The caller is told of what happens from now on, by the rights as they are then; logged as an
     * export is. Waits for a commit. KITH_E_DENIED: the condition goes by what they may not read.
     * [serving] */
    kith_status (*follow)(kith_caller *caller, const kith_following *what, kith_follower **out,
                          kith_error *err);
    /* Every follower is let go, before cease() returns. [serving] */
    void (*unfollow)(kith_follower *follower);
    /* KITH_E_DENIED: the token was revoked, it or the session has ended, or the user is gone.
     * tell() looks itself. One thread at a time for a follower. [serving] */
    kith_status (*still)(kith_follower *follower, kith_error *err);
    /* Waits until a row of the journal behind `after` is durable, or ms have passed, or nudge() was
     * called. *durable: the last one that is. One thread of a module waits. [serving] */
    kith_status (*await)(const kith_host *host, uint64_t after, uint32_t ms, uint64_t *durable,
                         kith_error *err);
    void (*nudge)(const kith_host *host); /* [serving] */
    /* Reads what the journal has behind row `after`, of at most `rows` rows, once for all who are
     * told of it. *upto: so far it was read. KITH_E_NOTFOUND: the journal is not kept so far back,
     * it begins behind *upto. KITH_E_INVAL: it ends with *upto already. [serving] */
    kith_status (*happened)(const kith_host *host, uint64_t after, uint32_t rows, kith_batch **out,
                            uint64_t *upto, kith_error *err);
    void (*forget)(kith_batch *batch); /* [serving] */
    /* Tells a follower what of it it may know and asks for, behind row `after`, and behind the
     * first `part` topics of the row that follows it. One thread at a time for a batch. [serving]
     */
    kith_status (*tell)(kith_batch *batch, kith_follower *follower, uint64_t after, uint32_t part,
                        kith_told_fn fn, void *arg, kith_error *err);
} kith_following_v1;

/* -- signing in -------------------------------------------------------------------------------- */

/* For modules that serve people: what proves who somebody is, and sessions, which stand for it from
 * then on. Needs the permission "serve:users", too. Passwords and texts of sessions are kept as
 * hashes; all that happens is in the log of access. */
#define KITH_SIGN_IN_1 "kith.sign_in/1"

/* What somebody proves themselves with. The caller sets struct_size. */
typedef struct kith_proof {
    uint32_t struct_size;
    uint32_t zone; /* KITH_ZONE_*, of the session */
    kith_str login, password;
    kith_str code; /* of the second factor; or empty */
    kith_str from; /* the address that it comes from: "203.0.113.7"; attempts are counted by it */
} kith_proof;

/* The caller sets struct_size. Texts end with a NUL. */
typedef struct kith_session {
    uint32_t struct_size;
    uint32_t needs;      /* KITH_NEEDS_* */
    kith_id user;        /* 0: nobody is signed in */
    int64_t number;      /* of the session */
    int64_t began, ends; /* ms UTC; without use it ends before */
    int64_t wait_ms;     /* KITH_E_BUSY: until the next attempt */
    char text[64];       /* what it is proven with from now on; told once, when it begins */
    char csrf[64];       /* what a page of the module knows, and a page of others does not */
    char method[64];     /* by which it was proven: "password" */
} kith_session;

/* Whom somebody else has proven, as a provider of OpenID Connect. The caller sets struct_size. */
typedef struct kith_proven {
    uint32_t struct_size;
    uint32_t zone;    /* KITH_ZONE_*, of the session */
    kith_str issuer;  /* who says so: "https://login.example.org" */
    kith_str subject; /* of whom: the name that the issuer never gives to anybody else */
    kith_str login;   /* the login or mail address that is theirs for sure; empty: none is known */
    kith_str name;    /* of a user who is created; empty: the login */
    kith_str role;    /* the name of a role that such a user has; empty: nobody is created */
    kith_str method;  /* shown to people */
    kith_str from;    /* as in kith_proof */
    /* Names of roles, one a line. roles: those that the issuer gives them now; a user is created
     * for whoever has one. managed: all that it decides about, those among them that are not in
     * roles are taken away; empty: it decides about none. */
    kith_str roles, managed;
} kith_proven;

/* KITH_E_DENIED: the password is right, and a code is wanted beside it. */
#define KITH_NEEDS_CODE 1u
/* Of a session: its user needs a second factor, and may do nothing before it is set up. */
#define KITH_NEEDS_FACTOR 2u

typedef struct kith_sign_in_v1 {
    uint32_t struct_size;
    uint32_t reserved;

    /* A session for whoever has this login and password. KITH_E_DENIED: one of them is wrong;
     * KITH_E_BUSY: too many attempts failed, session->wait_ms. It takes a tenth of a second and
     * 64 MiB, and one at a time is carried out: have a thread for it, and bound who waits.
     * [serving] */
    kith_status (*sign_in)(const kith_host *host, const kith_proof *proof, kith_session *session,
                           kith_error *err);
    /* Whoever has the text of a session comes in, for one request, as by enter() of kith.serving/1:
     * zone is where this one comes from, wherever the session began. session->text stays empty.
     * KITH_E_DENIED: there is no such session, it has ended, or its user is blocked. [serving] */
    kith_status (*enter)(const kith_host *host, kith_str text, uint32_t zone, kith_str surface,
                         kith_str asked, kith_session *session, kith_caller **caller,
                         kith_error *err);
    /* Ends the session in which the caller came, or, with `all`, every session of its user.
     * [serving] */
    kith_status (*end)(kith_caller *caller, uint32_t all, kith_error *err);
    /* Hands out one JSON object: {"user": {"id", "login"}, "admin", "types": {"contact": {"read":
     * "own", ...}}, "actions": [...], "second_factor": "on", "off" or "needed", "providers": [the
     * issuers whose accounts are tied to the user], "session": {...} or null}. [serving] */
    kith_status (*describe)(kith_caller *caller, kith_text_fn fn, void *arg, kith_error *err);
    /* As long as nobody can sign in yet: hands out a code by which whoever has it becomes the first
     * administrator, once, within an hour; that of before is worth nothing any more.
     * KITH_E_REFUSED: somebody can. [serving] */
    kith_status (*first)(const kith_host *host, kith_text_fn fn, void *arg, kith_error *err);
    /* Sets the password of a user who was invited by a code, or makes the first administrator.
     * KITH_E_DENIED: the code is unknown, was used, or has expired. KITH_E_REFUSED: the password is
     * not taken; the code may be used again. As slow as sign_in(). [serving] */
    kith_status (*set_up)(const kith_host *host, kith_str code, kith_str login, kith_str name,
                          kith_str password, kith_error *err);
    /* Sets the caller's own password, whose old one is told, and ends their other sessions. Only in
     * a session. KITH_E_DENIED: it is not the old one. KITH_E_BUSY: as sign_in(), and as slow;
     * *wait_ms is 0 otherwise. [serving] */
    kith_status (*password)(kith_caller *caller, kith_str old_one, kith_str new_one, kith_str from,
                            int64_t *wait_ms, kith_error *err);
    /* Begins to set up a second factor for the caller, who says the password once more, and hands
     * out {"secret": "...", "url": "otpauth://..."} for an application. KITH_E_CONFLICT: there is
     * one. Else as password(). [serving] */
    kith_status (*factor)(kith_caller *caller, kith_str password, kith_str from, int64_t *wait_ms,
                          kith_text_fn fn, void *arg, kith_error *err);
    /* Sets it up by a first code, and hands out {"recovery": [...]}: codes, each of which is good
     * once in the place of one that is shown. KITH_E_DENIED: the code is wrong. [serving] */
    kith_status (*confirm)(kith_caller *caller, kith_str code, kith_text_fn fn, void *arg,
                           kith_error *err);
    /* Removes it, by password and code. Else as password(). [serving] */
    kith_status (*unfactor)(kith_caller *caller, kith_str password, kith_str code, kith_str from,
                            int64_t *wait_ms, kith_error *err);
    /* A session for whom somebody else has proven. Of a subject that comes for the first time the
     * user is found by the login, or created; from then on the subject is that user.
     * KITH_E_DENIED: it is no user's. It may wait for a commit. [serving] */
    kith_status (*vouch)(const kith_host *host, const kith_proven *proven, kith_session *session,
                         kith_error *err);
    /* No account of a provider is the caller any more, until one is proven anew; other sessions
     * end. By the password; KITH_E_REFUSED: there is none, and nothing to sign in by would be left.
     * Else as password(). [serving] */
    kith_status (*untie)(kith_caller *caller, kith_str password, kith_str from, int64_t *wait_ms,
                         kith_error *err);
} kith_sign_in_v1;

/* -- pages of links ---------------------------------------------------------------------------- */

/* What stands behind the links that kith_links_v1 makes. */
#define KITH_LINK_PAGES_1 "kith.link_pages/1"

/* What whoever has a link is shown, or told that they did. Yours until the function returns. */
typedef struct kith_link_page {
    uint32_t struct_size;
    uint32_t reserved;
    /* {"number", "action", "doc", "reads", "expires", "shown": {"values": [{"name", "label",
     * "kind", "text"}], "columns", "rows"}, "asks": [{"name", "label", "kind", "doc", "required",
     * "default", "options"}], "form"}; when it was done {"done", "repeated", "doc", "shown"}. */
    kith_str json;
    /* The file that it answers with; name empty: none. */
    kith_str name, media_type, bytes;
} kith_link_page;
typedef kith_status (*kith_link_page_fn)(void *arg, const kith_link_page *page, kith_error *err);

typedef struct kith_link_pages_v1 {
    uint32_t struct_size;
    uint32_t reserved;

    /* Hands out what whoever has this secret is shown, of a reading action what it answers. Nothing
     * changes. from: the address that they come from. KITH_E_NOTFOUND: there is no such link.
     * KITH_E_DENIED: it does not hold any more, and the message says why, for them. Else what the
     * action refuses. It may take long. [serving] */
    kith_status (*look)(const kith_host *host, kith_str secret, kith_str from, kith_link_page_fn fn,
                        void *arg, kith_error *err);
    /* Does it. form: what look() gave, which is good once; fields: a JSON object of texts, of what
     * is asked for. KITH_E_CONFLICT: the form is too old, or none. KITH_E_REFUSED: the action
     * refuses; what refuses a record that it writes is told in the log alone. Else as look(). Waits
     * until it is durable. [serving] */
    kith_status (*use)(const kith_host *host, kith_str secret, kith_str from, kith_str form,
                       kith_str fields, kith_link_page_fn fn, void *arg, kith_error *err);
} kith_link_pages_v1;

/* -- operation --------------------------------------------------------------------------------- */

#define KITH_OPERATION_1 "kith.operation/1"

/* For modules that serve: what their process knows, and keeps for them. */
typedef struct kith_operation_v1 {
    uint32_t struct_size;
    uint32_t reserved;

    /* Hands out how the company does, as `kith status --json` tells it: one JSON object, which is
     * for those who operate it. Not on a thread that others wait for. [serving] */
    kith_status (*status)(const kith_host *host, kith_text_fn fn, void *arg, kith_error *err);
    /* The company's folder, from which paths in settings lead on; ends with a NUL. Lives until
     * cease() returns. [serving] */
    kith_str (*folder)(const kith_host *host);
    /* A duplicate of the i-th socket, from 0, that the process keeps under that name; yours to
     * close. -1: there is none. "systemd:NAME" are those that systemd handed over under NAME.
     * [serving] */
    int32_t (*socket)(const kith_host *host, kith_str name, uint32_t i);
    /* Has the process keep a socket that listens, under a name of the module's: whoever connects
     * while the company is opened anew waits for the next serve(). One that was neither asked for
     * nor kept when serve() returns is closed. Let it listen, and do not shut it down. [serving] */
    kith_status (*keep)(const kith_host *host, kith_str name, int32_t fd, kith_error *err);
} kith_operation_v1;

#ifdef __cplusplus
}
#endif
#endif
