/* SPDX-License-Identifier: Apache-2.0 */
/* Web, declared: REST for every type and action of the company. */
#include "events.h"
#include "oidc.h"
#include "operation.h"

#include <stdlib.h>
#include <time.h>

static const kith_setting oidc_items[] = {
    {.key = "name",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .doc = "It stands in the address: /sign-in/oidc/NAME, and NAME/callback."},
    {.key = "issuer",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .doc = "The address that the provider calls itself by."},
    {.key = "client_id",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .doc = "By which the provider knows this server."},
    {.key = "client_secret",
     .kind = KITH_TEXT,
     .flags = KITH_SF_SECRET,
     .default_text = "\"\"",
     .doc = "And believes it; a public client has none."},
    {.key = "client_secret_file",
     .kind = KITH_TEXT,
     .default_text = "\"\"",
     .doc = "Or the file that it stands in, which not everybody may read."},
    {.key = "scopes",
     .kind = KITH_TEXT,
     .default_text = "\"openid email profile\"",
     .doc = "What the provider is asked for."},
    {.key = "claim",
     .kind = KITH_TEXT,
     .default_text = "\"email\"",
     .doc = "What a user is found by the first time: \"email\", which has to be verified, or"
            " \"preferred_username\" of a provider that gives these names itself."},
    {.key = "domains",
     .kind = KITH_LIST,
     .doc = "Only whose claim ends with @ and one of them signs in."},
    {.key = "role",
     .kind = KITH_TEXT,
     .default_text = "\"\"",
     .doc = "Whoever is no user yet becomes one with this role; without it, nobody does."},
    {.key = "groups",
     .kind = KITH_LIST,
     .doc =
         "\"GROUP = ROLE\": whoever is in that group at the provider has that role here, and who is"
         " not has it no more. A new account in one of them becomes a user."},
    {.key = "groups_claim",
     .kind = KITH_TEXT,
     .default_text = "\"groups\"",
     .doc = "The claim of the ID token in which the groups stand."},
    {.key = "sign_out",
     .kind = KITH_BOOL,
     .default_text = "false",
     .doc = "Whoever signs out here is led to the provider, to sign out there, too."},
};

static const kith_setting settings[] = {
    {.key = "listen",
     .kind = KITH_LIST,
     .default_text = "[\"127.0.0.1:8080\"]",
     .doc = "Where it listens: \"127.0.0.1:8080\", \"[::1]:8080\"; \"https://[::]:8443\" with TLS;"
            " \"systemd:NAME\", or \"https://systemd:NAME\", on the sockets that systemd hands over"
            " under that name."},
    {.key = "max_body",
     .kind = KITH_INT,
     .default_text = "1048576",
     .min = 1024,
     .max = 1073741824,
     .doc = "Bytes of what is sent with a request, and of one row of CSV or JSON of an import."},
    {.key = "max_import",
     .kind = KITH_INT,
     .default_text = "1073741824",
     .min = 1024,
     .max = 1099511627776,
     .doc = "Bytes of what is imported at a time."},
    {.key = "max_connections",
     .kind = KITH_INT,
     .default_text = "1000",
     .min = 10,
     .max = 100000,
     .doc = "At the same time, by each address that it listens on."},
    {.key = "max_per_address",
     .kind = KITH_INT,
     .default_text = "200",
     .min = 1,
     .max = 100000,
     .doc = "Of those, from one address; a proxy is one."},
    {.key = "idle_timeout",
     .kind = KITH_DURATION,
     .default_text = "60s",
     .min = 1000,
     .max = 3600000,
     .doc = "A connection on which in so long nothing comes, or goes, or less than 64 KiB of"
            " what is longer, is closed."},
    {.key = "threads",
     .kind = KITH_INT,
     .default_text = "1",
     .min = 1,
     .max = 64,
     .doc = "That read requests and send answers."},
    {.key = "workers",
     .kind = KITH_INT,
     .default_text = "3",
     .min = 1,
     .max = 64,
     .doc =
         "Threads for what may take long: lists, searches, actions. Of several one is always left"
         " to others, whatever a single user asks for."},
    {.key = "streams",
     .kind = KITH_INT,
     .default_text = "4",
     .min = 1,
     .max = STREAMS_MAX,
     .doc = "Imports, exports and files at the same time, half of them those of one user at most;"
            " they have threads of their own."},
    {.key = "compress",
     .kind = KITH_BOOL,
     .default_text = "true",
     .doc = "Answers are sent as gzip to those that take them so."},
    {.key = "metrics",
     .kind = KITH_LIST,
     .default_text = "[\"127.0.0.1\", \"::1\"]",
     .doc = "Addresses and networks that may read /metrics without a token: \"10.0.0.0/8\"."},
    {.key = "access_log",
     .kind = KITH_TEXT,
     .default_text = "\"off\"",
     .choices = "off,errors,all",
     .doc = "Which requests are logged, one line for each: none, those that fail, all."},
    {.key = "max_rate",
     .kind = KITH_INT,
     .default_text = "0",
     .min = 0,
     .max = 1000000,
     .doc = "Requests of one user in a second, and ten times as many at once; 0: as they like."},
    {.key = "max_under_way",
     .kind = KITH_INT,
     .default_text = "200",
     .min = 0,
     .max = 100000,
     .doc = "Requests at the same time from one address behind a proxy in trusted_proxies; 0: as"
            " many as there are."},
    {.key = "tls_certificate",
     .kind = KITH_TEXT,
     .default_text = "\"\"",
     .doc = "A file (PEM) in the company's folder, or a full path, with the certificate for https,"
            " and those between it and a root. A new one is taken while it serves."},
    {.key = "tls_key",
     .kind = KITH_TEXT,
     .default_text = "\"\"",
     .doc = "The file (PEM) with its private key, which nobody else may read."},
    {.key = "trusted_proxies",
     .kind = KITH_LIST,
     .default_text = "[]",
     .doc = "Addresses and networks of proxies in front of it: only these are believed when they"
            " say from where a request comes."},
    {.key = "proxy_header",
     .kind = KITH_TEXT,
     .default_text = "\"X-Forwarded-For\"",
     .choices = "X-Forwarded-For,Forwarded",
     .doc = "Where those proxies say it: in X-Forwarded-For, -Proto and -Host, or in Forwarded"
            " (RFC 7239). The other one is passed over."},
    {.key = "intranet",
     .kind = KITH_LIST,
     .default_text = "[]",
     .doc = "Networks that are the company's own. Where neither they nor those of extranet are"
            " named, everybody is in the intranet; else whoever is in none is in the internet."},
    {.key = "extranet", .kind = KITH_LIST, .default_text = "[]", .doc = "Networks of partners."},
    {.key = "allow_origins",
     .kind = KITH_LIST,
     .default_text = "[]",
     .doc = "Origins whose pages may ask in a browser, with a token: \"https://app.example.org\";"
            " \"*\": all."},
    {.key = "hsts",
     .kind = KITH_DURATION,
     .default_text = "365d",
     .min = 0,
     .max = 63072000000,
     .doc = "For so long a browser that came by https comes by nothing else; 0s: it is not told."},
    {.key = "max_listeners",
     .kind = KITH_INT,
     .default_text = "1000",
     .min = 0,
     .max = 100000,
     .doc = "Those who listen to events at the same time; each is a connection, too."},
    {.key = "max_listeners_per_user",
     .kind = KITH_INT,
     .default_text = "100",
     .min = 0,
     .max = 100000,
     .doc = "Of those, in the name of one user."},
    {.key = "heartbeat",
     .kind = KITH_DURATION,
     .default_text = "15s",
     .min = 1000,
     .max = 3600000,
     .doc = "Listeners for whom nothing happens are sent a sign of life so often."},
    {.key = "address",
     .kind = KITH_TEXT,
     .default_text = "\"\"",
     .doc = "By which people reach it: \"https://crm.example.org\". Providers send them back "
            "there; and"
            " by another name, but localhost, nobody counts as one of this computer."},
    {.key = "oidc",
     .kind = KITH_LIST,
     .items = KITH_ARRAY(oidc_items),
     .doc = "Providers of OpenID Connect, by whom people sign in."},
};

static const kith_permission permissions[] = {
    {"serve:users", "It does what users ask for, with their rights."},
};

static const kith_want wants[] = {
    KITH_WANT(HOST, NULL, host),
    KITH_WANT(TABLE, KITH_SERVING_1, serving),
    KITH_WANT(TABLE, KITH_SIGN_IN_1, people),
    KITH_WANT(TABLE, KITH_FOLLOWING_1, following),
    KITH_WANT(TABLE, KITH_SETTINGS_1, settings),
    KITH_WANT(TABLE, KITH_LINK_PAGES_1, link_pages),
    KITH_WANT(SETTING, "listen", listen),
    KITH_WANT(NUMBER, "max_body", max_body),
    KITH_WANT(NUMBER, "max_connections", max_connections),
    KITH_WANT(NUMBER, "max_per_address", max_of_address),
    KITH_WANT(NUMBER, "idle_timeout", idle_ms),
    KITH_WANT(NUMBER, "threads", threads),
    KITH_WANT(NUMBER, "workers", worker_count),
    KITH_WANT(NUMBER, "streams", stream_count),
    KITH_WANT(NUMBER, "compress", compress),
    KITH_WANT(NUMBER, "max_import", max_import),
    KITH_WANT(NUMBER, "max_listeners", max_listeners),
    KITH_WANT(NUMBER, "max_listeners_per_user", max_listeners_of_user),
    KITH_WANT(NUMBER, "heartbeat", heartbeat_ms),
};

static void destroy(kith_instance *self) {
    operation_free(self->operation);
    door_close(&self->door);
    pthread_mutex_destroy(&self->streamed.lock);
    oidc_free(self->oidc);
}

static kith_status create(const kith_host *host, kith_instance **out, kith_error *err) {
    kith_instance *self = *out;
    (void)host;
    door_open(&self->door);
    pthread_mutex_init(&self->streamed.lock, NULL);
    KITH_TRY(operation_new(self, err));
    return oidc_new(self, err);
}

static void close_all(kith_instance *self) {
    atomic_store(&self->hurry, true);
    if (self->http)
        http_close(self->http);
    tls_close(self->operation);
    workers_close(self->workers);
    workers_close(self->streamers);
    workers_close(self->porter);
    workers_close(self->abroad);
    events_close(self->events);
    openapi_close(self->openapi);
    self->openapi = NULL;
    self->http = NULL;
    self->events = NULL;
    self->workers = self->streamers = self->porter = self->abroad = NULL;
}

#define WAITING_MAX 1000
#define ABROAD      4 /* threads */

static kith_status tell_first(void *arg, kith_str code, kith_error *err) {
    kith_instance *self = arg;
    char line[400];
    (void)err;
    (void)snprintf(line, sizeof line,
                   "nobody can sign in yet: whoever opens %s/setup?code=%.*s within an hour becomes"
                   " the first administrator",
                   http_url(self->http), (int)code.len, code.ptr);
    self->host->log(self->host, KITH_LOG_WARN, kith_str_of(line));
    return KITH_OK;
}

/* There is no default password: this is how the first one comes into being. */
static void invite_first(kith_instance *self) {
    kith_error e = {.struct_size = sizeof e};
    kith_status st = self->people->first(self->host, tell_first, self, &e);
    if (st != KITH_OK && st != KITH_E_REFUSED)
        self->host->log(self->host, KITH_LOG_ERROR, kith_str_of(e.message));
}

static kith_status serve(kith_instance *self, kith_error *err) {
    atomic_store(&self->hurry, false);
    atomic_store(&self->ceases, 0);
    kith_status st = workers_open(&self->workers, (size_t)self->worker_count, WAITING_MAX, err);
    if (st == KITH_OK)
        st = workers_open(&self->streamers, (size_t)self->stream_count, WAITING_MAX, err);
    if (st == KITH_OK)
        st = workers_open(&self->porter, 1, DOOR_PLACES, err);
    if (st == KITH_OK && self->oidc)
        st = workers_open(&self->abroad, ABROAD, 2 * LANE_WAITS, err);
    if (st == KITH_OK)
        st = events_open(self, err);
    if (st == KITH_OK && !(self->openapi = openapi_open()))
        st = kith_fail(err, KITH_E_NOMEM, NULL, "no memory");
    if (st == KITH_OK)
        st = tls_open(self, err);
    if (st == KITH_OK)
        st = http_open(self, err);
    if (st != KITH_OK)
        close_all(self);
    else
        invite_first(self);
    return st;
}

static kith_status cease(kith_instance *self, uint32_t deadline_ms, kith_error *err) {
    struct timespec now;
    (void)err;
    clock_gettime(CLOCK_MONOTONIC, &now);
    atomic_store(&self->ceases, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    if (self->http)
        http_quiesce(self->http, deadline_ms);
    close_all(self);
    return KITH_OK;
}

static const kith_plugin_desc desc = {
    KITH_HEAD("web", 1, "0.1.0"),
    .title = "Web",
    .doc = "REST over HTTP for every type and action, with the rights of whoever asks.",
    .vendor = "Kith",
    .license = "Apache-2.0",
    .permissions = KITH_ARRAY(permissions),
    .settings = KITH_ARRAY(settings),
    .create = create,
    .instance_size = sizeof(struct kith_instance),
    .wants = KITH_ARRAY(wants),
    .destroy = destroy,
    .serve = serve,
    .cease = cease,
};

KITH_EXPORT const kith_plugin_desc *kith_plugin_entry_v1(void) {
    return &desc;
}
