/* SPDX-License-Identifier: Apache-2.0 */
/* What modules do for people and programs outside: when they may, in whose name, all or nothing. */
#include "../company.h"
#include "engine/sign_in.h"
#include "plugin/internal.h"

#include <pthread.h>
#include <unistd.h>

#define GRANTED "every_row: { grant = [\"serve:users\"]; };\n"

/* -- a company that is served ------------------------------------------------------------------ */

static kith_status no_commands(void *arg, const struct principal *who, int argc, char *const *argv,
                               const struct kith_stream *stream, int *code, kith_error *e) {
    char line[200];
    (void)arg, (void)e;
    snprintf(line, sizeof line, "%s asks for %d: %s", who->name, argc, argv[argc - 1]);
    *code = 3;
    return stream->write(stream->arg, 2, str_of(line));
}

static const struct plugin_commands commands = {.run = no_commands};

static const kith_host *host_in(struct company *c) {
    return &plugins_find(c->plugins, "every_row")->host.host;
}

static const kith_serving_v1 *serving_in(struct company *c) {
    const kith_host *host = host_in(c);
    return host->table(host, KITH_SERVING_1);
}

static void open_served(struct company *c) {
    OPEN(c, GRANTED, "every_row");
    plugins_serve(c->plugins, &commands);
}

static void close_served(struct company *c) {
    plugins_cease(c->plugins, 1000);
    close_company(c);
}

static kith_status enter_as(struct company *c, kith_id user, kith_caller **out, kith_error *e) {
    const kith_entry who = {.struct_size = sizeof who,
                            .user = user,
                            .surface = str_of("api"),
                            .asked = str_of("GET /")};
    return serving_in(c)->enter(host_in(c), &who, out, e);
}

/* A user with a role of these rights. */
static kith_caller *caller_with(struct company *c, const char *login, const char *rights) {
    kith_error e = KITH_ERROR_INIT;
    kith_caller *out;
    kith_id role = CREATE(c, "role", {"name", login}, {"rights", rights});
    kith_id user = CREATE(c, "user", {"login", login}, {"name", login},
                          {"roles", arena_printf(&c->arena, "%s", id_text(c, role))});
    EXPECT_OK(enter_as(c, user, &out, &e), e);
    EXPECT(serving_in(c)->user(out) == user);
    return out;
}

/* -- writing ----------------------------------------------------------------------------------- */

struct told {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool done;
    kith_status status;
    uint32_t failed, count, repeated;
    kith_id transaction, ids[4];
    char json[4][600], version[4][64], message[448];
};

static void keep_text(char *to, size_t cap, kith_str s) {
    snprintf(to, cap, "%.*s", (int)s.len, s.ptr ? s.ptr : "");
}

static const char *key_of_next = ""; /* of the writes that follow */

static void on_written(void *arg, const kith_written *w) {
    struct told *t = arg;
    pthread_mutex_lock(&t->lock);
    t->status = w->status;
    t->failed = w->failed;
    t->count = w->count;
    t->transaction = w->transaction;
    t->repeated = w->repeated;
    for (uint32_t i = 0; i < w->count && i < 4; i++) {
        t->ids[i] = w->shown[i].id;
        keep_text(t->json[i], sizeof t->json[i], w->shown[i].json);
        keep_text(t->version[i], sizeof t->version[i], w->shown[i].version);
    }
    snprintf(t->message, sizeof t->message, "%s", w->error ? w->error->message : "");
    t->done = true;
    pthread_cond_signal(&t->cond);
    pthread_mutex_unlock(&t->lock);
}

static struct told write_list(struct company *c, kith_caller *caller, const kith_write *writes,
                              uint32_t count) {
    struct told t = {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(serving_in(c)->write(caller, str_of(key_of_next), count, writes, on_written, &t, &e),
              e);
    pthread_mutex_lock(&t.lock);
    while (!t.done)
        pthread_cond_wait(&t.cond, &t.lock);
    pthread_mutex_unlock(&t.lock);
    return t;
}

#define TEXT(z) ((kith_str){(z), strlen(z)})
#define THING(what, of, json)                                                                      \
    {                                                                                              \
        .struct_size = sizeof(kith_write), .kind = (what), .type = TEXT("thing"), .id = TEXT(of),  \
        .fields = TEXT(json)                                                                       \
    }
#define WRITE(c, caller, ...)                                                                      \
    write_list(c, caller, (const kith_write[]){__VA_ARGS__},                                       \
               sizeof((const kith_write[]){__VA_ARGS__}) / sizeof(kith_write))

TEST("nobody is let in before the company is served, and after") {
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    kith_caller *caller;
    OPEN(&c, GRANTED, "every_row");
    EXPECT_INT(KITH_E_BUSY, enter_as(&c, 1, &caller, &e));
    plugins_serve(c.plugins, &commands);
    kith_caller *root = caller_with(&c, "root", "{\"admin\": true}");
    serving_in(&c)->leave(root);
    plugins_cease(c.plugins, 1000);
    EXPECT_INT(KITH_E_BUSY, enter_as(&c, 1, &caller, &e));
    plugins_cease(c.plugins, 1000);
    close_company(&c);
}

TEST("a module that is not granted it does not serve") {
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    kith_caller *caller;
    OPEN(&c, "", "every_row");
    plugins_serve(c.plugins, &commands);
    EXPECT_INT(KITH_E_BUSY, enter_as(&c, 1, &caller, &e));
    close_served(&c);
}

TEST("who is no user, or has no good token, is not let in") {
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    kith_caller *caller;
    open_served(&c);
    EXPECT_INT(KITH_E_DENIED, enter_as(&c, 0, &caller, &e));
    EXPECT_INT(KITH_E_DENIED, enter_as(&c, 12345, &caller, &e));
    kith_entry who = {.struct_size = sizeof who, .token = str_of("kith_nonsense")};
    EXPECT_INT(KITH_E_DENIED, serving_in(&c)->enter(host_in(&c), &who, &caller, &e));
    who = (kith_entry){.struct_size = sizeof who, .user = 1, .zone = 3};
    EXPECT_INT(KITH_E_INVAL, serving_in(&c)->enter(host_in(&c), &who, &caller, &e));
    who.struct_size = 8;
    EXPECT_INT(KITH_E_INVAL, serving_in(&c)->enter(host_in(&c), &who, &caller, &e));
    close_served(&c);
}

TEST("a list of writes is one transaction, and each record is told as it is in the end") {
    struct company c;
    open_served(&c);
    kith_caller *root = caller_with(&c, "root", "{\"admin\": true}");
    struct told t = WRITE(&c, root, THING(KITH_ON_CREATE, "", "{\"name\":\"a\",\"size\":1}"),
                          THING(KITH_ON_CREATE, "", "{\"name\":\"b\",\"size\":2}"));
    EXPECT_INT(KITH_OK, t.status);
    EXPECT_INT(2, t.count);
    EXPECT(t.transaction != 0 && t.ids[0] != 0 && t.ids[1] != t.ids[0]);
    EXPECT_HAS("\"name\":\"b\"", t.json[1]);
    const char *first = id_text(&c, t.ids[0]), *second = id_text(&c, t.ids[1]);
    t = WRITE(&c, root, THING(KITH_ON_UPDATE, first, "{\"size\":10}"),
              THING(KITH_ON_DELETE, second, ""), THING(KITH_ON_UPDATE, first, "{\"size\":11}"));
    EXPECT_INT(KITH_OK, t.status);
    EXPECT_HAS("\"size\":11", t.json[0]);
    EXPECT_STR("", t.json[1]);
    EXPECT_STR(t.version[0], t.version[2]);
    EXPECT_INT(1, find(&c, "thing").count);
    t = WRITE(&c, root, THING(KITH_ON_UPDATE, first, "{\"size\":11}"));
    EXPECT_INT(KITH_OK, t.status);
    EXPECT(t.transaction == 0);
    serving_in(&c)->leave(root);
    close_served(&c);
}

TEST("when one of a list fails none is written, and it is told which") {
    struct company c;
    open_served(&c);
    kith_caller *root = caller_with(&c, "root", "{\"admin\": true}");
    struct told t = WRITE(&c, root, THING(KITH_ON_CREATE, "", "{\"name\":\"a\"}"),
                          THING(KITH_ON_CREATE, "", "{\"name\":\"no\"}"),
                          THING(KITH_ON_CREATE, "", "{\"name\":\"c\"}"));
    EXPECT_INT(KITH_E_REFUSED, t.status);
    EXPECT_INT(1, t.failed);
    EXPECT_INT(0, t.count);
    EXPECT(t.message[0] != '\0');
    EXPECT_INT(0, find(&c, "thing").count);
    serving_in(&c)->leave(root);
    close_served(&c);
}

static void refused_at_once(struct company *c, kith_caller *caller, const kith_write *w,
                            uint32_t count, kith_status status, const char *words) {
    kith_error e = KITH_ERROR_INIT;
    struct told t = {.done = false};
    EXPECT_INT(status, serving_in(c)->write(caller, str_of(""), count, w, on_written, &t, &e));
    EXPECT_HAS(words, e.message);
    EXPECT(!t.done);
}
#define AT_ONCE(c, caller, status, words, ...)                                                     \
    refused_at_once(c, caller, (const kith_write[]){__VA_ARGS__},                                  \
                    sizeof((const kith_write[]){__VA_ARGS__}) / sizeof(kith_write), status, words)

TEST("what is wrong by itself is told at once, with its place in the list") {
    struct company c;
    open_served(&c);
    kith_caller *root = caller_with(&c, "root", "{\"admin\": true}");
    AT_ONCE(&c, root, KITH_E_INVAL, "did you mean 'name'",
            THING(KITH_ON_CREATE, "", "{\"nmae\":\"a\"}"));
    AT_ONCE(&c, root, KITH_E_INVAL, "at 2: ", THING(KITH_ON_CREATE, "", "{}"),
            THING(KITH_ON_CREATE, "", "[]"));
    AT_ONCE(&c, root, KITH_E_INVAL, "JSON", THING(KITH_ON_CREATE, "", "{"));
    AT_ONCE(&c, root, KITH_E_NOTFOUND, "no id", THING(KITH_ON_DELETE, "x", ""));
    AT_ONCE(&c, root, KITH_E_INVAL, "kind of write", THING(5, "", ""));
    AT_ONCE(&c, root, KITH_E_NOTFOUND, "has no state",
            THING(KITH_TO_STATE, "0SA818NN40003", "done"));
    refused_at_once(&c, root, NULL, 0, KITH_E_LIMIT, "1 to 1000");
    static kith_write many[1001];
    refused_at_once(&c, root, many, 1001, KITH_E_LIMIT, "1 to 1000");
    refused_at_once(&c, root, many, 1, KITH_E_INVAL, "struct_size");
    EXPECT_INT(0, find(&c, "thing").count);
    serving_in(&c)->leave(root);
    close_served(&c);
}

TEST("a write by a version goes through once, and not when somebody else was faster") {
    struct company c;
    open_served(&c);
    kith_caller *root = caller_with(&c, "root", "{\"admin\": true}");
    struct told t = WRITE(&c, root, THING(KITH_ON_CREATE, "", "{\"name\":\"a\",\"size\":1}"));
    const char *id = id_text(&c, t.ids[0]);
    kith_write w = THING(KITH_ON_UPDATE, id, "{\"size\":2}");
    w.version = TEXT(t.version[0]);
    char before[64];
    snprintf(before, sizeof before, "%s", t.version[0]);
    EXPECT_INT(KITH_OK, write_list(&c, root, &w, 1).status);
    w.fields = TEXT("{\"size\":3}");
    w.version = TEXT(before);
    t = write_list(&c, root, &w, 1);
    EXPECT_INT(KITH_E_CONFLICT, t.status);
    EXPECT_HAS("somebody changed this thing", t.message);
    w.version = TEXT("7");
    EXPECT_INT(KITH_E_CONFLICT, write_list(&c, root, &w, 1).status);
    serving_in(&c)->leave(root);
    close_served(&c);
}

TEST("what is asked for again with its key is done once, for a day, and by each user") {
    struct company c;
    open_served(&c);
    kith_caller *root = caller_with(&c, "root", "{\"admin\": true}");
    kith_caller *other = caller_with(&c, "other", "{\"admin\": true}");
    kith_write w = THING(KITH_ON_CREATE, "", "{\"name\":\"a\",\"size\":1}");
    key_of_next = "order 7";
    struct told first = write_list(&c, root, &w, 1), again = write_list(&c, root, &w, 1);
    EXPECT_INT(KITH_OK, again.status);
    EXPECT_INT(0, first.repeated);
    EXPECT_INT(1, again.repeated);
    EXPECT(again.ids[0] == first.ids[0] && again.transaction == first.transaction);
    EXPECT_STR(first.json[0], again.json[0]);
    EXPECT_INT(1, find(&c, "thing").count);
    w.fields = TEXT("{\"name\":\"b\",\"size\":1}");
    again = write_list(&c, root, &w, 1);
    EXPECT_INT(KITH_E_CONFLICT, again.status);
    EXPECT_HAS("was used for another request", again.message);
    EXPECT_INT(KITH_OK, write_list(&c, other, &w, 1).status);
    EXPECT_INT(2, find(&c, "thing").count);
    clock_advance(&c.clock, 86400001);
    EXPECT_INT(0, write_list(&c, root, &w, 1).repeated);
    EXPECT_INT(3, find(&c, "thing").count);
    key_of_next = "";
    serving_in(&c)->leave(other);
    serving_in(&c)->leave(root);
    close_served(&c);
}

TEST("what failed with its key is tried again, and what is gone since is not made anew") {
    struct company c;
    open_served(&c);
    kith_caller *root = caller_with(&c, "root", "{\"admin\": true}");
    kith_write w = THING(KITH_ON_CREATE, "", "{\"name\":\"no\"}");
    key_of_next = "k";
    EXPECT_INT(KITH_E_REFUSED, write_list(&c, root, &w, 1).status);
    w.fields = TEXT("{\"name\":\"yes\"}");
    struct told made = write_list(&c, root, &w, 1);
    EXPECT_INT(KITH_OK, made.status);
    key_of_next = "";
    WRITE(&c, root, THING(KITH_ON_DELETE, id_text(&c, made.ids[0]), ""));
    key_of_next = "k";
    struct told again = write_list(&c, root, &w, 1);
    EXPECT_INT(1, again.repeated);
    EXPECT_STR("", again.json[0]);
    EXPECT(again.ids[0] == made.ids[0]);
    EXPECT_INT(0, find(&c, "thing").count);
    key_of_next = "";
    serving_in(&c)->leave(root);
    close_served(&c);
}

/* -- reading ----------------------------------------------------------------------------------- */

static kith_status keep_shown(void *arg, const kith_shown *shown, kith_error *e) {
    struct told *t = arg;
    (void)e;
    keep_text(t->json[0], sizeof t->json[0], shown->json);
    keep_text(t->version[0], sizeof t->version[0], shown->version);
    return KITH_OK;
}

TEST("what is kept in a record from others is another version to read, and the same to write") {
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    struct told before = {0}, after = {0};
    open_served(&c);
    kith_caller *root = caller_with(&c, "root", "{\"admin\": true}");
    struct told t = WRITE(&c, root, THING(KITH_ON_CREATE, "", "{\"name\":\"cart\",\"size\":1}"));
    const char *id = id_text(&c, t.ids[0]);
    const kith_serving_v1 *s = serving_in(&c);
    EXPECT_OK(s->record(root, TEXT("thing"), TEXT(id), TEXT(""), keep_shown, &before, &e), e);
    EXPECT_STR(t.version[0], before.version[0]);
    EXPECT_STR(t.json[0], before.json[0]);
    const char *piece = arena_printf(&c.arena, "{\"name\":\"wheel\",\"size\":1,\"of\":\"%s\"}", id);
    WRITE(&c, root, THING(KITH_ON_CREATE, "", piece));
    EXPECT_OK(s->record(root, TEXT("thing"), TEXT(id), TEXT(""), keep_shown, &after, &e), e);
    EXPECT(strcmp(before.version[0], after.version[0]) != 0);
    EXPECT(memcmp(before.version[0], after.version[0], 16) == 0);
    EXPECT_OK(s->record(root, TEXT("thing"), TEXT(id), TEXT("pieces"), keep_shown, &after, &e), e);
    EXPECT_HAS("\"pieces\":1}", after.json[0]);
    EXPECT_INT(KITH_E_NOTFOUND, s->record(root, TEXT("thing"), TEXT("0SA818NN40003"), TEXT(""),
                                          keep_shown, &after, &e));
    EXPECT_INT(KITH_E_NOTFOUND,
               s->record(root, TEXT("thing"), TEXT("x"), TEXT(""), keep_shown, &after, &e));
    s->leave(root);
    close_served(&c);
}

TEST("a caller has the rights of a user, and the marks tell nothing of closed fields") {
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    struct told before = {0}, after = {0};
    open_served(&c);
    kith_caller *root = caller_with(&c, "root", "{\"admin\": true}");
    kith_caller *anna_ = caller_with(&c, "anna",
                                     "{\"types\": {\"thing\": {\"read\": \"all\", \"fields\":"
                                     " {\"size\": \"none\", \"updated\": \"none\"}}}}");
    const kith_serving_v1 *s = serving_in(&c);
    struct told t = WRITE(&c, root, THING(KITH_ON_CREATE, "", "{\"name\":\"a\",\"size\":1}"));
    const char *id = id_text(&c, t.ids[0]);
    EXPECT_OK(s->record(anna_, TEXT("thing"), TEXT(id), TEXT(""), keep_shown, &before, &e), e);
    EXPECT(strstr(before.json[0], "size") == NULL);
    WRITE(&c, root, THING(KITH_ON_UPDATE, id, "{\"size\":2}"));
    EXPECT_OK(s->record(anna_, TEXT("thing"), TEXT(id), TEXT(""), keep_shown, &after, &e), e);
    EXPECT_STR(before.version[0], after.version[0]);
    EXPECT_INT(KITH_E_DENIED,
               s->record(anna_, TEXT("thing"), TEXT(id), TEXT("size"), keep_shown, &after, &e));
    EXPECT_INT(KITH_E_DENIED,
               WRITE(&c, anna_, THING(KITH_ON_UPDATE, id, "{\"name\":\"b\"}")).status);
    s->leave(anna_);
    s->leave(root);
    close_served(&c);
}

/* -- commands, and the end --------------------------------------------------------------------- */

static kith_status keep_output(void *arg, uint32_t stream, kith_str data) {
    struct told *t = arg;
    t->count = stream;
    keep_text(t->message, sizeof t->message, data);
    return KITH_OK;
}

TEST("a command is carried out in the name of whoever asks, and its words are text") {
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    struct told t = {0};
    int32_t code = 0;
    open_served(&c);
    kith_caller *root = caller_with(&c, "root", "{\"admin\": true}");
    kith_stream stream = {.struct_size = sizeof stream, .arg = &t, .write = keep_output};
    const kith_str words[] = {TEXT("find"), TEXT("thing where size > 5")};
    EXPECT_OK(serving_in(&c)->run(root, 2, words, &stream, &code, &e), e);
    EXPECT_INT(3, code);
    EXPECT_INT(2, t.count);
    EXPECT_STR("user:root asks for 3: thing where size > 5", t.message);
    const kith_str odd[] = {TEXT("find"), {"a\0b", 3}}, bad[] = {TEXT("\xff")};
    EXPECT_INT(KITH_E_INVAL, serving_in(&c)->run(root, 2, odd, &stream, &code, &e));
    EXPECT_INT(KITH_E_INVAL, serving_in(&c)->run(root, 1, bad, &stream, &code, &e));
    stream.struct_size = 16;
    EXPECT_INT(KITH_E_INVAL, serving_in(&c)->run(root, 2, words, &stream, &code, &e));
    serving_in(&c)->leave(root);
    close_served(&c);
}

static kith_status take_long(void *arg, const kith_shown *shown, kith_error *e) {
    atomic_bool *done = arg;
    (void)shown, (void)e;
    usleep(200000);
    atomic_store(done, true);
    return KITH_OK;
}

struct reading {
    struct company *c;
    kith_caller *caller;
    const char *id;
    atomic_bool begun, done;
};

static void *read_slowly(void *arg) {
    struct reading *r = arg;
    kith_error e = KITH_ERROR_INIT;
    atomic_store(&r->begun, true);
    serving_in(r->c)->record(r->caller, TEXT("thing"), str_of(r->id), TEXT(""), take_long, &r->done,
                             &e);
    return NULL;
}

TEST("the end waits for what was asked for") {
    struct company c;
    pthread_t thread;
    open_served(&c);
    kith_caller *root = caller_with(&c, "root", "{\"admin\": true}");
    struct told t = WRITE(&c, root, THING(KITH_ON_CREATE, "", "{\"name\":\"a\"}"));
    struct reading r = {.c = &c, .caller = root, .id = id_text(&c, t.ids[0])};
    EXPECT_INT(0, pthread_create(&thread, NULL, read_slowly, &r));
    while (!atomic_load(&r.begun))
        usleep(1000);
    usleep(50000);
    plugins_cease(c.plugins, 1000);
    EXPECT(atomic_load(&r.done));
    pthread_join(thread, NULL);
    serving_in(&c)->leave(root);
    close_company(&c);
}
