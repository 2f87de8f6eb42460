/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a provider, by libcurl: over TLS, to addresses that are meant to be reached, for a bounded
 * time, and with a bounded answer. A provider says itself where its parts are: that must not lead
 * into the company's own network. */
#include "oidc.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#define TIMEOUT_MS 10000L
#define CONNECT_MS 4000L
#define ANSWER_MAX 262144

/* -- addresses --------------------------------------------------------------------------------- */

bool oidc_url_host(const char *url, char *out, size_t cap, bool *https) {
    CURLU *u = curl_url();
    char *scheme = NULL, *host = NULL, *user = NULL;
    bool fine = u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                curl_url_get(u, CURLUPART_USER, &user, 0) != CURLUE_OK;
    if (fine) {
        size_t len = strlen(host), brackets = host[0] == '[';
        *https = strcmp(scheme, "https") == 0;
        fine = (*https || strcmp(scheme, "http") == 0) && len - 2 * brackets < cap;
        if (fine)
            (void)snprintf(out, cap, "%.*s", (int)(len - 2 * brackets), host + brackets);
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_url_cleanup(u);
    return fine;
}

bool oidc_url_valid(const struct oidc_provider *p, const char *url) {
    char host[256];
    bool https;
    return oidc_url_host(url, host, sizeof host, &https) && !strchr(url, '#') &&
           (https || (p->own && strcasecmp(host, p->host) == 0));
}

static bool is_public4(const unsigned char a[4]) {
    return !(a[0] == 0 || a[0] == 10 || a[0] == 127 || a[0] >= 224 ||
             (a[0] == 100 && (a[1] & 0xC0) == 64) || (a[0] == 169 && a[1] == 254) ||
             (a[0] == 172 && (a[1] & 0xF0) == 16) || (a[0] == 192 && a[1] == 168) ||
             (a[0] == 198 && (a[1] & 0xFE) == 18));
}

/* Of the newer kind what is routed in the world begins with 001; what leads to addresses of the
 * older kind is as those are. */
static bool is_public6(const unsigned char a[16]) {
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const unsigned char translated[12] = {0, 0x64, 0xff, 0x9b};
    static const unsigned char tunnel[4] = {0x20, 0x01};
    if (memcmp(a, mapped, 12) == 0 || memcmp(a, translated, 12) == 0)
        return is_public4(a + 12);
    return (a[0] & 0xE0) == 0x20 && memcmp(a, tunnel, 4) != 0 && (a[0] != 0x20 || a[1] != 0x02);
}

static bool is_public(const struct sockaddr *address) {
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in4;
        memcpy(&in4, address, sizeof in4);
        return is_public4((const unsigned char *)&in4.sin_addr);
    }
    struct sockaddr_in6 in6;
    memcpy(&in6, address, sizeof in6);
    return address->sa_family == AF_INET6 && is_public6((const unsigned char *)&in6.sin6_addr);
}

/* -- one request ------------------------------------------------------------------------------- */

struct fetching {
    kith_instance *self;
    struct fetched *out;
    bool anywhere; /* the host is the issuer's own, which the settings name */
};

/* Asked with the address that a connection is about to be made to. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address) {
    struct fetching *f = arg;
    (void)purpose;
    if (!f->anywhere && !is_public(&address->addr)) {
        (void)snprintf(f->out->error, sizeof f->out->error,
                       "it names a host in a private network that is not its issuer's");
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t take(char *data, size_t size, size_t n, void *arg) {
    struct fetching *f = arg;
    if (f->out->body.len + size * n > ANSWER_MAX) {
        (void)snprintf(f->out->error, sizeof f->out->error, "its answer is too long");
        return 0;
    }
    text_add(&f->out->body, data, size * n);
    return f->out->body.failed ? 0 : size * n;
}

#define REST_MS 1000 /* when the server ceases, for what is under way */

/* Asked about once a second: a provider that is silent holds up no end of the server. */
static int progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    const struct fetching *f = arg;
    const int64_t ceases = atomic_load(&f->self->ceases);
    struct timespec now;
    (void)a, (void)b, (void)c, (void)d;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return atomic_load(&f->self->hurry) ||
           (ceases && (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - ceases >= REST_MS);
}

/* RFC 6749, 2.3.1: both are coded as in a form first. */
static void show_secret(CURL *curl, const struct oidc_provider *p) {
    struct text user = {0}, secret = {0};
    text_url(&user, p->client);
    text_url(&secret, kith_str_of(p->secret));
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(curl, CURLOPT_USERNAME, user.ptr);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, secret.ptr);
    text_free(&user);
    text_free(&secret);
}

static void set_options(CURL *curl, struct fetching *f, const struct oidc_provider *p,
                        const char *url) {
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, p->own ? "http,https" : "https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* one of the environment would go round the check */
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "Kith");
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, f);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, f);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, f);
}

static void perform(CURL *curl, struct fetched *out) {
    char detail[CURL_ERROR_SIZE] = "";
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
    CURLcode rc = curl_easy_perform(curl);
    if (rc == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &out->status);
    out->silent = rc == CURLE_OPERATION_TIMEDOUT;
    if (rc != CURLE_OK && !out->error[0])
        (void)snprintf(out->error, sizeof out->error, "%s",
                       detail[0] ? detail : curl_easy_strerror(rc));
    if (rc == CURLE_OK && out->status >= 300 && out->status < 400) {
        out->status = 0;
        (void)snprintf(out->error, sizeof out->error,
                       "it leads elsewhere, and that is not followed");
    }
}

void oidc_fetch(kith_instance *self, const struct oidc_provider *p, const char *url,
                const struct text *form, bool shows_secret, struct fetched *out) {
    struct fetching f = {.self = self, .out = out};
    char host[256];
    bool https;
    *out = (struct fetched){0};
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    f.anywhere = oidc_url_host(url, host, sizeof host, &https) && strcasecmp(host, p->host) == 0;
    if (!curl || !headers || (form && form->failed)) {
        (void)snprintf(out->error, sizeof out->error, "there is no memory");
    } else if (!oidc_url_valid(p, url)) {
        (void)snprintf(out->error, sizeof out->error, "it names an address without TLS");
    } else {
        set_options(curl, &f, p, url);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        if (form) {
            curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)form->len);
            curl_easy_setopt(curl, CURLOPT_POSTFIELDS, form->ptr);
        }
        if (shows_secret)
            show_secret(curl, p);
        perform(curl, out);
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
}

void text_url(struct text *t, kith_str s) {
    for (uint64_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c && strchr("-._~", c));
        if (plain)
            text_add(t, &c, 1);
        else
            text_printf(t, "%%%02X", (unsigned char)c);
    }
}
