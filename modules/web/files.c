/* SPDX-License-Identifier: Apache-2.0 */
/* Files of records: their bytes, taken and given as they are, with ranges. What stands in them may
 * come from anybody: a browser neither guesses what it is, nor runs anything in it. */
#include "command.h"

#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <strings.h>

#define NAME_SHOWN 80 /* bytes of a name, each at most three characters in a header */

/* -- taken ------------------------------------------------------------------------------------- */

/* "image/png", and nothing that could end a header. Parameters are left out. */
static size_t media_length(const char *type) {
    size_t slashes = 0, len = type ? strcspn(type, "; \t") : 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)type[i];
        slashes += c == '/';
        if (!isalnum(c) && !strchr("/!#$&^_.+-", c))
            return 0;
    }
    return slashes == 1 && type[0] != '/' && type[len - 1] != '/' && len < 100 ? len : 0;
}

static void tell_put(struct command *c) {
    json_t *said = c->out.ptr ? json_loadb(c->out.ptr, c->out.len, 0, NULL) : NULL;
    const char *id = json_string_value(json_object_get(said, "id"));
    const char *tx = json_string_value(json_object_get(said, "transaction"));
    text_add(&c->r->answer, c->out.ptr, c->out.len);
    answer_json(c->r, tx ? 201 : 200); /* else it was there already */
    answer_header(c->r, "Location", "/api/v1/file/%s", id ? id : "");
    if (tx)
        answer_header(c->r, "Kith-Transaction", "%s", tx);
    json_decref(said);
}

bool file_upload(struct request *r) {
    const char *type = request_header(r, "Content-Type");
    size_t media = media_length(type);
    if (type && strncasecmp(type, "multipart/", strlen("multipart/")) == 0) {
        answer_problem(r, 415, "unsupported", NULL,
                       "send the bytes of one file as they are, and its name as ?name=");
        return true;
    }
    if (!request_argument(r, "name")) {
        answer_problem(r, 400, "invalid", "name",
                       "say what the file is called: ?name=contract.pdf");
        return true;
    }
    struct command *c = r->job = command_begin(r);
    if (!c || !command_unpacks(c))
        return true;
    if (media)
        text_printf(command_word(c), "--media=%.*s", (int)media, type);
    c->tell = tell_put;
    command_arguments(c);
    return false;
}

/* -- given ------------------------------------------------------------------------------------- */

struct file {
    char name[256], media[100], digest[80];
    uint64_t size;
};

static void take_text(const json_t *o, const char *name, char *out, size_t cap) {
    const char *value = json_string_value(json_object_get(o, name));
    (void)snprintf(out, cap, "%s", value ? value : "");
}

static kith_status take_file(void *arg, const kith_shown *shown, kith_error *e) {
    struct file *f = arg;
    json_t *o = json_loadb(shown->json.ptr, (size_t)shown->json.len, 0, NULL);
    if (!o)
        return kith_fail(e, KITH_E_NOMEM, NULL, "there is not enough memory");
    take_text(o, "name", f->name, sizeof f->name);
    take_text(o, "media_type", f->media, sizeof f->media);
    take_text(o, "digest", f->digest, sizeof f->digest);
    f->size = (uint64_t)json_integer_value(json_object_get(o, "size"));
    json_decref(o);
    return KITH_OK;
}

/* "bytes=5-9", "bytes=5-", "bytes=-5". 1: it is one of this file; 0: it is none that is known, and
 * all of it is sent; -1: there is nothing there. */
static int parse_range(const char *range, uint64_t size, uint64_t *from, uint64_t *len) {
    char *end;
    if (strncmp(range, "bytes=", 6) != 0 || strchr(range, ','))
        return 0;
    range += 6;
    bool suffix = *range == '-';
    if (!isdigit((unsigned char)range[suffix]))
        return 0;
    uint64_t first = strtoull(range + suffix, &end, 10), last = size ? size - 1 : 0;
    if (suffix && *end)
        return 0;
    if (suffix) {
        *len = first < size ? first : size;
        *from = size - *len;
        return *len > 0 ? 1 : -1;
    }
    if (*end != '-' || (end[1] && !isdigit((unsigned char)end[1])))
        return 0;
    if (end[1]) {
        uint64_t told = strtoull(end + 1, &end, 10);
        if (*end || told < first)
            return 0;
        last = told < last ? told : last;
    }
    if (first >= size)
        return -1;
    *from = first;
    *len = last - first + 1;
    return 1;
}

/* A part of another version would be no part of this one. */
static bool range_holds(struct request *r, const struct file *f) {
    const char *given = request_header(r, "If-Range");
    size_t len = strlen(f->digest);
    return !given || (strlen(given) == len + 2 && given[0] == '"' && given[len + 1] == '"' &&
                      memcmp(given + 1, f->digest, len) == 0);
}

/* What a browser may show: pictures and sounds, in which there is no script. */
static bool is_shown(const char *media) {
    static const char *const shown[] = {"image/png",  "image/jpeg", "image/gif", "image/webp",
                                        "audio/mpeg", "audio/ogg",  "audio/wav"};
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        if (strcasecmp(media, shown[i]) == 0)
            return true;
    return false;
}

/* RFC 8187; the name is cut between two characters. */
static void put_name(struct request *r, const struct file *f) {
    char out[NAME_SHOWN * 3 + 1];
    size_t n = 0, len = strlen(f->name);
    for (len = len < NAME_SHOWN ? len : NAME_SHOWN;
         len && ((unsigned char)f->name[len] & 0xC0) == 0x80;)
        len--;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)f->name[i];
        bool plain = isalnum(c) || (c < 0x80 && strchr("._-", c));
        n += (size_t)snprintf(out + n, sizeof out - n, plain ? "%c" : "%%%02X", c);
    }
    out[n] = '\0';
    answer_header(r, "Content-Disposition", "%s; filename*=UTF-8''%s",
                  is_shown(f->media) ? "inline" : "attachment", out);
}

static void put_headers(struct request *r, const struct file *f) {
    answer_header(r, "Content-Type", "%s",
                  media_length(f->media) ? f->media : "application/octet-stream");
    answer_header(r, "ETag", "\"%s\"", f->digest);
    answer_header(r, "Accept-Ranges", "bytes");
    answer_header(r, "Content-Security-Policy", "default-src 'none'; sandbox");
    put_name(r, f);
}

/* false: there is nothing to send, and it is answered. */
static bool choose(struct request *r, const struct file *f, uint64_t *from, uint64_t *len) {
    const char *range = request_header(r, "Range");
    int known = range && range_holds(r, f) ? parse_range(range, f->size, from, len) : 0;
    if (known < 0) {
        answer_problem(r, 416, "invalid", NULL, "the file has no bytes there");
        answer_header(r, "Content-Range", "bytes */%llu", (unsigned long long)f->size);
        return false;
    }
    put_headers(r, f);
    r->status = 200;
    if (known == 0) {
        *len = f->size;
        return true;
    }
    r->status = 206;
    answer_header(r, "Content-Range", "bytes %llu-%llu/%llu", (unsigned long long)*from,
                  (unsigned long long)(*from + *len - 1), (unsigned long long)f->size);
    return true;
}

static void send_bytes(struct request *r, uint64_t from) {
    r->sized = true;
    struct command *c = command_begin(r);
    if (!c)
        return;
    text_printf(command_word(c), "--from=%llu", (unsigned long long)from);
    text_printf(command_word(c), "--bytes=%llu", (unsigned long long)r->out_bytes);
    command_arguments(c);
    command_carry_out(c);
    command_free(c);
}

bool file_download(struct request *r) {
    kith_error e = {.struct_size = sizeof e};
    struct file f = {0};
    uint64_t from = 0;
    kith_status st =
        r->self->serving->record(r->caller, kith_str_of("file"), kith_str_of(request_part(r, "id")),
                                 kith_str_of("name,media_type,size,digest"), take_file, &f, &e);
    if (st != KITH_OK)
        answer_error(r, st, &e);
    else if (has_tag(request_header(r, "If-None-Match"), kith_str_of(f.digest))) {
        r->status = 304;
        answer_header(r, "ETag", "\"%s\"", f.digest);
    } else if (choose(r, &f, &from, &r->out_bytes))
        send_bytes(r, from);
    return true;
}

/* -- made by an action ------------------------------------------------------------------------- */

static void take_name(struct file *f, kith_str name, kith_str media, kith_str bytes) {
    unsigned char digest[crypto_hash_sha256_BYTES];
    (void)snprintf(f->name, sizeof f->name, "%.*s", (int)name.len, name.ptr);
    (void)snprintf(f->media, sizeof f->media, "%.*s", (int)media.len, media.ptr);
    crypto_hash_sha256(digest, (const unsigned char *)bytes.ptr, bytes.len);
    sodium_bin2hex(f->digest, sizeof f->digest, digest, sizeof digest);
    f->size = bytes.len;
}

/* What was posted has neither parts nor a version that its sender could have. */
kith_status command_file(void *arg, kith_str name, kith_str media_type, kith_str bytes,
                         kith_error *err) {
    struct command *c = arg;
    struct request *r = c->r;
    struct file f = {0};
    uint64_t from = 0, len = bytes.len;
    bool got = r->method == METHOD_GET;
    take_name(&f, name, media_type, bytes);
    c->file = true;
    if (got && has_tag(request_header(r, "If-None-Match"), kith_str_of(f.digest))) {
        r->status = 304;
        answer_header(r, "ETag", "\"%s\"", f.digest);
        return KITH_OK;
    }
    if (!got) {
        put_headers(r, &f);
        r->status = 200;
    } else if (!choose(r, &f, &from, &len)) {
        return KITH_OK;
    }
    r->packed = r->status == 206; /* a part of what is packed would be another */
    text_add(&r->answer, bytes.ptr + from, len);
    return r->answer.failed ? kith_fail(err, KITH_E_NOMEM, NULL, "no memory") : KITH_OK;
}
