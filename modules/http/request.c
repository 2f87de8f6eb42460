/* SPDX-License-Identifier: Apache-2.0 */
/* One request, by libcurl: only http and https, only to addresses that are allowed, no longer than
 * the settings say, and no more of the answer than they say. */
#include "http.h"
#include <stdlib.h>

struct run {
    kith_instance *self;
    struct request *r;
    size_t cap;
    int cut;   /* the answer was longer */
    int whole; /* its head came to its end, of which libcurl says nothing */
};

/* -- the address ------------------------------------------------------------------------------- */

static kith_status part(CURLU *u, CURLUPart what, unsigned int flags, const char *name, char **out,
                        kith_error *err) {
    CURLUcode rc = curl_url_get(u, what, out, flags);
    return rc == CURLUE_OK ? KITH_OK
                           : kith_fail(err, KITH_E_INVAL, "url", "the address has no %s", name);
}

static kith_status origin_of(CURLU *u, char *out, size_t cap, kith_error *err) {
    char *scheme = NULL, *host = NULL, *port = NULL, *user = NULL;
    kith_status st = part(u, CURLUPART_SCHEME, 0, "scheme, as https://", &scheme, err);
    if (st == KITH_OK && strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
        st = kith_fail(err, KITH_E_INVAL, "url",
                       "the address begins with %s: it takes https or http", scheme);
    if (st == KITH_OK)
        st = part(u, CURLUPART_HOST, 0, "host", &host, err);
    if (st == KITH_OK)
        st = part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT, "port", &port, err);
    if (st == KITH_OK && curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_OK)
        st = kith_fail(err, KITH_E_INVAL, "url",
                       "the address has a user in it, which everybody would see: take it out, and"
                       " name one of http.credentials");
    if (st == KITH_OK)
        (void)snprintf(out, cap, "%s://%s:%s", scheme, host, port);
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_free(user);
    return st;
}

kith_status url_origin(const char *url, char *out, size_t cap, kith_error *err) {
    CURLU *u = curl_url();
    if (!u)
        return kith_fail(err, KITH_E_NOMEM, NULL, "no memory");
    CURLUcode rc = curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
    kith_status st = rc == CURLUE_OK
                         ? origin_of(u, out, cap, err)
                         : kith_fail(err, KITH_E_INVAL, "url",
                                     "it is no address (%s): write it as https://shop.example/kith",
                                     curl_url_strerror(rc));
    curl_url_cleanup(u);
    return st;
}

/* The host of the request that is under way, redirects included. */
static void host_of(CURL *curl, char *out, size_t cap) {
    char *url = NULL, *host = NULL;
    CURLU *u = curl_url();
    out[0] = '\0';
    curl_easy_getinfo(curl, CURLINFO_EFFECTIVE_URL, &url);
    if (u && url && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK)
        (void)snprintf(out, cap, "%s", host);
    curl_free(host);
    curl_url_cleanup(u);
}

struct opening {
    struct run *run;
    CURL *curl;
};

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address) {
    struct opening *o = arg;
    struct request *r = o->run->r;
    char host[256], text[64];
    (void)purpose;
    host_of(o->curl, host, sizeof host);
    if (!address_allowed(&o->run->self->allow, host, &address->addr, text)) {
        r->forbidden = 1;
        (void)snprintf(r->error, sizeof r->error,
                       "%s is at the address %s, which is no public one: http.allow may name it",
                       host, text);
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* -- the answer -------------------------------------------------------------------------------- */

static size_t take(char *data, size_t size, size_t n, void *arg) {
    struct run *x = arg;
    struct request *r = x->r;
    size_t len = size * n, room = x->cap - r->answer_len, kept = len < room ? len : room;
    char *grown = realloc(r->answer, r->answer_len + kept + 1);
    if (!grown)
        return 0;
    r->answer = grown;
    memcpy(r->answer + r->answer_len, data, kept);
    r->answer_len += kept;
    r->answer[r->answer_len] = '\0';
    x->cut = kept < len;
    return x->cut ? 0 : len;
}

static size_t take_head(char *line, size_t size, size_t n, void *arg) {
    struct run *x = arg;
    if (size * n <= 2)
        x->whole = 1;
    else if (size * n >= 5 && memcmp(line, "HTTP/", 5) == 0)
        x->whole = 0; /* that of another answer, as behind a redirect */
    return size * n;
}

static int progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    const struct run *x = arg;
    (void)a, (void)b, (void)c, (void)d;
    return x->self->deliveries->closing(x->self->host);
}

/* -- connections that stay open ---------------------------------------------------------------- */

static CURL *take_spare(kith_instance *self) {
    CURL *curl = NULL;
    pthread_mutex_lock(&self->lock);
    struct spare *s = self->spares;
    if (s) {
        self->spares = s->next;
        curl = s->curl;
    }
    pthread_mutex_unlock(&self->lock);
    free(s);
    return curl ? curl : curl_easy_init();
}

static void give_spare(kith_instance *self, CURL *curl) {
    struct spare *s = malloc(sizeof *s);
    curl_easy_reset(curl); /* the connections stay */
    if (!s) {
        curl_easy_cleanup(curl);
        return;
    }
    pthread_mutex_lock(&self->lock);
    *s = (struct spare){curl, self->spares};
    self->spares = s;
    pthread_mutex_unlock(&self->lock);
}

void spares_free(kith_instance *self) {
    while (self->spares) {
        struct spare *s = self->spares;
        self->spares = s->next;
        curl_easy_cleanup(s->curl);
        free(s);
    }
}

/* -- all of it --------------------------------------------------------------------------------- */

static void set_limits(CURL *curl, const kith_instance *self, const struct request *r) {
    int32_t follow = self->redirects > 0 && !r->guarded;
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, follow ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)self->redirects);
    curl_easy_setopt(curl, CURLOPT_POSTREDIR, (long)CURL_REDIR_POST_ALL);
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* one of the environment would go round the check */
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)self->timeout);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)self->connect_timeout);
    curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, 4L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "Kith");
}

static void set_request(CURL *curl, const struct request *r) {
    curl_easy_setopt(curl, CURLOPT_URL, r->url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, r->headers);
    if (strcmp(r->method, "HEAD") == 0) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
        return;
    }
    if (r->body.len || strcmp(r->method, "POST") == 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, r->body.len ? r->body.ptr : "");
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, r->method);
}

static void read_outcome(CURL *curl, CURLcode rc, const struct run *x, const char *detail) {
    struct request *r = x->r;
    curl_off_t after = 0;
    if (rc == CURLE_OK && !x->whole) {
        (void)snprintf(r->error, sizeof r->error, "the answer was cut off in its head");
    } else if (rc == CURLE_OK || (rc == CURLE_WRITE_ERROR && x->cut)) {
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &r->status);
        curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &after);
        r->later_ms = after > 0 && after < 1000000 ? (int64_t)after * 1000 : 0;
    } else if (!r->error[0]) {
        (void)snprintf(r->error, sizeof r->error, "%s",
                       detail[0] ? detail : curl_easy_strerror(rc));
    }
    if (rc == CURLE_TOO_MANY_REDIRECTS)
        r->forbidden = 1;
}

void request_run(kith_instance *self, struct request *r) {
    struct run x = {.self = self, .r = r, .cap = (size_t)self->max_answer};
    char detail[CURL_ERROR_SIZE] = "";
    CURL *curl = take_spare(self);
    struct opening o = {&x, curl};
    r->headers = curl_slist_append(r->headers, "Expect:");
    if (!curl || !r->headers) {
        (void)snprintf(r->error, sizeof r->error, "no memory");
        return;
    }
    set_limits(curl, self, r);
    set_request(curl, r);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &o);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &x);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_head);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &x);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &x);
    CURLcode rc = curl_easy_perform(curl);
    read_outcome(curl, rc, &x, detail);
    give_spare(self, curl);
}
