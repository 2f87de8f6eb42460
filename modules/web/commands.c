/* SPDX-License-Identifier: Apache-2.0 */
/* What the command line can do, over HTTP: a command is carried out, and its JSON is the answer. */
#include "command.h"

#include <stdlib.h>
#include <strings.h>

#define PAGE "50"

/* -- carrying it out --------------------------------------------------------------------------- */

/* What the answer of a command is that streams it. */
static const struct {
    const char *format, *type, *ending;
} formats[] = {
    {"jsonl", "application/x-ndjson", "jsonl"},
    {"csv", "text/csv; charset=utf-8", "csv"},
    {"vcard", "text/vcard; charset=utf-8", "vcf"},
};

static void put_head(struct request *r) {
    const char *format = request_argument(r, "format");
    size_t i = sizeof formats / sizeof *formats - 1;
    while (i > 0 && (!format || strcmp(formats[i].format, format) != 0))
        i--;
    r->status = 200;
    answer_header(r, "Content-Type", "%s", formats[i].type);
    answer_header(r, "Content-Disposition", "attachment; filename=\"export.%s\"",
                  formats[i].ending);
}

/* What was said before the first row: "kith: segment 'vip' is being worked out: ...". */
static void put_remark(struct command *c) {
    const char *said = c->err.ptr ? c->err.ptr : "", *name = "kith: ";
    if (strncmp(said, name, strlen(name)) != 0)
        return;
    said += strlen(name);
    answer_header(c->r, "Kith-Inexact", "%.*s", (int)strcspn(said, "\r\n"), said);
}

/* From here on it is sent while it is made, and its status has been told. */
static bool begin_stream(struct command *c) {
    struct request *r = c->r;
    if (r->status == 0) {
        put_head(r);
        put_remark(c);
        c->pack = answer_is_packed(r) ? pack_new() : NULL;
    }
    if (c->pack)
        answer_header(r, "Content-Encoding", "gzip");
    if (!(r->out = stream_new(STREAM_BYTES, NULL)))
        return false;
    request_resume(r);
    return true;
}

static bool put_out(void *arg, const char *ptr, size_t len) {
    return stream_put_wait(arg, ptr, len);
}

static kith_status pass_on(struct command *c, kith_str data, bool last) {
    struct request *r = c->r;
    if (!r->out && !begin_stream(c))
        return KITH_E_NOMEM;
    bool taken = c->pack ? pack_put(c->pack, data.ptr, (size_t)data.len, last, put_out, r->out)
                         : put_out(r->out, data.ptr, (size_t)data.len);
    return taken ? KITH_OK : KITH_E_IO;
}

static kith_status take_output(void *arg, uint32_t stream, kith_str data) {
    struct command *c = arg;
    struct text *t = stream == 1 ? &c->out : &c->err;
    if (stream == 1 && c->r->route->streams)
        return pass_on(c, data, false);
    if (t->len + data.len > c->most) {
        c->too_large = true;
        return KITH_E_LIMIT;
    }
    text_add(t, data.ptr, data.len);
    return t->failed ? KITH_E_NOMEM : KITH_OK;
}

static int32_t is_interrupted(void *arg) {
    const struct command *c = arg;
    return atomic_load(&c->r->self->hurry);
}

/* {"code":"not found","field":null,"message":"..."}, behind remarks that are no JSON. */
static json_t *failure_of(const struct command *c) {
    const char *at = c->err.ptr ? strstr(c->err.ptr, "{\"code\":") : NULL;
    return at ? json_loads(at, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
}

/* How far it came, where it says so all the same. */
static void add_report(struct command *c) {
    struct text *t = &c->r->answer;
    json_t *report = c->out.ptr ? json_loadb(c->out.ptr, c->out.len, 0, NULL) : NULL;
    if (report && t->len > 2) {
        t->len -= strlen("}\n");
        text_puts(t, ",\"report\":");
        text_add(t, c->out.ptr, strcspn(c->out.ptr, "\n"));
        text_puts(t, "}\n");
    }
    json_decref(report);
}

static void tell_failure(struct command *c) {
    json_t *said = failure_of(c);
    const char *code = json_string_value(json_object_get(said, "code"));
    const char *message = json_string_value(json_object_get(said, "message"));
    const char *field = json_string_value(json_object_get(said, "field"));
    c->r->understood = !c->reads; /* what is no JSON does not come so far */
    answer_failure(c->r, code ? code : "internal error", c->reads ? NULL : field,
                   message ? message : "it failed, and did not say why");
    json_decref(said);
}

/* The last line is about the answer as a whole, where it has no id:
 * {"found":...,"after":...,"inexact":...}. */
static void put_tail(struct text *t, const char *line, size_t len) {
    json_t *tail = json_loadb(line, len, 0, NULL), *value;
    const char *name;
    json_object_foreach(tail, name, value) {
        char *said = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        text_puts(t, ",");
        text_json(t, kith_str_of(strcmp(name, "after") == 0 ? "next" : name));
        text_puts(t, ":");
        text_puts(t, said ? said : "null");
        free(said);
    }
    json_decref(tail);
}

/* No row begins so. */
static bool is_tail(const char *line) {
    return strncmp(line, "{ ", 2) == 0;
}

/* {"items":[...]} of the lines. */
static void tell_many(struct command *c) {
    struct text *t = &c->r->answer;
    const char *at = c->out.ptr ? c->out.ptr : "", *sep = "";
    text_puts(t, "{\"items\":[");
    while (*at && !is_tail(at)) {
        size_t len = strcspn(at, "\n");
        text_puts(t, sep);
        text_add(t, at, len);
        sep = ",";
        at += len + (at[len] == '\n');
    }
    text_puts(t, "]");
    if (*at)
        put_tail(t, at, strcspn(at, "\n"));
    text_puts(t, "}\n");
}

/* One object; the lines behind the first one are what would come of a rehearsal. */
static void tell_one(struct command *c) {
    struct text *t = &c->r->answer;
    size_t first = c->out.ptr ? strcspn(c->out.ptr, "\n") : 0;
    if (first < 2 || c->out.len <= first + 1) {
        text_add(t, c->out.ptr, c->out.len);
        return;
    }
    text_add(t, c->out.ptr, first - 1);
    text_puts(t, ",\"effects\":[");
    for (const char *at = c->out.ptr + first + 1, *sep = ""; *at; sep = ",") {
        size_t len = strcspn(at, "\n");
        text_puts(t, sep);
        text_add(t, at, len);
        at += len + (at[len] == '\n');
    }
    text_puts(t, "]}\n");
}

/* An action that was called before, with the same key, says so at its end. */
static void tell_repeated(struct command *c) {
    static const char end[] = "\"repeated\":true}\n";
    size_t len = sizeof end - 1;
    if (route_takes_key(c->r->route) && request_header(c->r, IDEMPOTENCY_KEY) && c->out.len > len &&
        memcmp(c->out.ptr + c->out.len - len, end, len) == 0)
        answer_header(c->r, "Idempotency-Replayed", "true");
}

static void tell(struct command *c) {
    if (c->file)
        return;
    tell_repeated(c);
    if (c->tell) {
        c->tell(c);
        return;
    }
    if (c->many)
        tell_many(c);
    else
        tell_one(c);
    answer_json(c->r, 200);
}

/* Nobody else is told what became of it: its status was sent before. */
static void log_failure(struct command *c) {
    json_t *said = failure_of(c);
    const char *message = json_string_value(json_object_get(said, "message"));
    char line[300];
    (void)snprintf(line, sizeof line, "an answer was cut off: %s",
                   message ? message : "it failed, and did not say why");
    c->r->self->host->log(c->r->self->host, KITH_LOG_WARN, kith_str_of(line));
    json_decref(said);
}

static void end_stream(struct command *c, bool whole) {
    if (whole && c->pack)
        (void)pass_on(c, (kith_str){"", 0}, true);
    if (!whole && stream_is_read(c->r->out))
        log_failure(c);
    request_leaves_stream(c->r);
    if (whole)
        stream_end(c->r->out);
    else
        stream_fail(c->r->out);
}

/* Bytes as they are sent; *got 0: the end. */
static kith_status take_bytes(struct command *c, char *dst, size_t cap, uint64_t *got,
                              kith_error *e) {
    enum stream_state state;
    *got = stream_take_wait(c->r->in, dst, cap, &state);
    if (*got > 0 || state == STREAM_ENDED)
        return KITH_OK;
    if (atomic_load(&c->r->too_long))
        return kith_fail(e, KITH_E_LIMIT, NULL, TOO_LONG);
    if (is_interrupted(c))
        return kith_fail(e, KITH_E_BUSY, NULL, IT_ENDS);
    return kith_fail(e, KITH_E_IO, NULL, "the body broke off before its end");
}

/* What little is sent may be very much. */
static kith_status count_unpacked(struct command *c, size_t n, kith_error *e) {
    c->unpacked += n;
    return c->unpacked <= (uint64_t)c->r->self->max_import
               ? KITH_OK
               : kith_fail(e, KITH_E_LIMIT, NULL, TOO_LONG);
}

static kith_status take_unpacked(struct command *c, char *dst, size_t cap, uint64_t *got,
                                 kith_error *e) {
    size_t n;
    for (;;) {
        enum unpack_state state = unpack_take(c->unpack, dst, cap, &n);
        *got = n;
        if (state == UNPACK_READY)
            return count_unpacked(c, n, e);
        if (state == UNPACK_BAD)
            return kith_fail(e, KITH_E_INVAL, NULL, "the body is said to be gzip, and is not");
        uint64_t more;
        KITH_TRY(take_bytes(c, c->packed, sizeof c->packed, &more, e));
        if (more == 0 && state == UNPACK_MORE)
            return kith_fail(e, KITH_E_INVAL, NULL, "the body broke off in the midst of its gzip");
        if (more == 0)
            return KITH_OK;
        unpack_feed(c->unpack, c->packed, (size_t)more);
    }
}

/* A body that cannot be read is another fault than what stands in it: it is kept for the answer. */
static kith_status give_body(void *arg, char *dst, uint64_t cap, uint64_t *got, kith_error *e) {
    struct command *c = arg;
    const struct text *body = &c->r->body;
    (void)e;
    *got = body->len - c->taken < cap ? body->len - c->taken : cap;
    if (*got)
        memcpy(dst, body->ptr + c->taken, *got);
    c->taken += *got;
    return KITH_OK;
}

static kith_status give_input(void *arg, char *dst, uint64_t cap, uint64_t *got, kith_error *e) {
    struct command *c = arg;
    *got = 0;
    kith_status st = c->unpack ? take_unpacked(c, dst, (size_t)cap, got, e)
                               : take_bytes(c, dst, (size_t)cap, got, e);
    if (st != KITH_OK && c->error.code == KITH_OK)
        (void)kith_fail(&c->error, st, NULL, "%s", e->message);
    return st;
}

void command_carry_out(struct command *c) {
    struct request *r = c->r;
    int32_t code = 0;
    const kith_stream stream = {.struct_size = sizeof stream,
                                .arg = c,
                                .write = take_output,
                                .read = r->in      ? give_input
                                        : c->reads ? give_body
                                                   : NULL,
                                .interrupted = is_interrupted,
                                .file = command_file};
    for (uint32_t i = 0; i < c->count; i++) {
        c->words[i] = text_str(&c->texts[i]);
        if (c->texts[i].failed)
            (void)kith_fail(&c->error, KITH_E_NOMEM, NULL, "there is not enough memory");
    }
    kith_status st = c->error.code;
    if (st == KITH_OK)
        st = r->self->serving->run(r->caller, c->count, c->words, &stream, &code, &c->error);
    if (r->out)
        end_stream(c, st == KITH_OK && code == 0);
    else if (st != KITH_OK)
        answer_error(r, st, &c->error);
    else if (c->too_large)
        answer_problem(r, 422, "limit reached", route_names(r->route, "limit") ? "limit" : NULL,
                       "the answer is larger than 8 MiB: ask for fewer at a time, by ?limit=");
    else if (code != 0 && atomic_load(&r->self->hurry))
        answer_failure(r, "busy", NULL, IT_ENDS);
    else if (code != 0 && c->error.code != KITH_OK)
        answer_error(r, c->error.code, &c->error);
    else if (code != 0)
        tell_failure(c);
    else if (!r->route->streams)
        tell(c);
    else if (begin_stream(c)) /* there was nothing to say */
        end_stream(c, true);
    else
        answer_problem(r, 503, "out of memory", NULL, "there is not enough memory");
    if (r->in && code != 0)
        add_report(c);
}

void command_free(struct command *c) {
    if (!c)
        return;
    for (uint32_t i = 0; i < c->count; i++)
        text_free(&c->texts[i]);
    text_free(&c->out);
    text_free(&c->err);
    pack_free(c->pack);
    unpack_free(c->unpack);
    free(c);
}

bool command_run(struct request *r) {
    struct command *c = command_begin(r);
    if (!c)
        return true;
    command_arguments(c);
    if (!r->status) /* what was sent is of no type that is read */
        command_carry_out(c);
    command_free(c);
    return true;
}

/* By what it says that it sends, unless it says it as an argument; nothing said is CSV. false: it
 * is of no type that can be read, which is answered. */
static bool add_format(struct command *c) {
    static const struct {
        const char *type, *format;
    } types[] = {
        {"application/x-ndjson", "jsonl"},
        {"application/jsonl", "jsonl"},
        {"application/x-jsonlines", "jsonl"},
        {"application/json", "jsonl"},
        {"text/vcard", "vcard"},
        {"text/csv", "csv"},
    };
    const char *given = request_header(c->r, "Content-Type");
    bool form = given && strncasecmp(given, "multipart/", strlen("multipart/")) == 0;
    if (!given || !*given || (request_argument(c->r, "format") && !form))
        return true;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (request_sends(c->r, types[i].type)) {
            text_printf(command_word(c), "--format=%s", types[i].format);
            return true;
        }
    answer_problem(
        c->r, 415, "unsupported", "Content-Type",
        form ? "a form is not read: send the bytes of the file alone, and what they are as"
               " Content-Type: text/csv, application/x-ndjson or text/vcard"
             : "say what is sent: Content-Type: text/csv, application/x-ndjson or"
               " text/vcard, or as ?format=csv, jsonl or vcard");
    return false;
}

bool command_unpacks(struct command *c) {
    const char *coding = request_header(c->r, "Content-Encoding");
    if (!coding || strcasecmp(coding, "identity") == 0)
        return true;
    if (strcasecmp(coding, "gzip") != 0 && strcasecmp(coding, "x-gzip") != 0)
        answer_problem(c->r, 415, "unsupported", NULL,
                       "the body comes as it is, or as gzip, and in no other coding");
    else if (!(c->unpack = unpack_new()))
        answer_problem(c->r, 503, "out of memory", NULL, "there is not enough memory");
    return c->unpack != NULL;
}

bool command_prepare(struct request *r) {
    struct command *c = r->job = command_begin(r);
    if (!c || r->status || !command_unpacks(c) || !add_format(c))
        return true;
    text_printf(command_word(c), "--max-row=%lld", (long long)r->self->max_body);
    command_arguments(c);
    return false;
}

void command_read(struct request *r) {
    command_carry_out(r->job);
    stream_leave(r->in);
}

/* As it was printed. */
static void tell_output(struct command *c) {
    text_add(&c->r->answer, c->out.ptr, c->out.len);
    c->r->status = 200;
}

/* What it would answer with is for its caller. */
bool command_output(struct request *r, const char *const *words, struct text *out) {
    const struct route own = {.words = words}, *asked = r->route;
    r->route = &own;
    struct command *c = command_begin(r);
    if (c) {
        c->tell = tell_output;
        command_arguments(c);
        command_carry_out(c);
    }
    command_free(c);
    r->route = asked;
    if (r->status != 200)
        return false;
    *out = r->answer;
    r->answer = (struct text){0};
    r->header_count = 0;
    r->status = 0;
    return true;
}

/* No other action is called by GET. Its parameters may be called anything, so that is told by the
 * field that no argument has. */
static void refuse_get(struct command *c) {
    json_t *said = failure_of(c);
    const char *field = json_string_value(json_object_get(said, "field"));
    if (field && strcmp(field, "--output") == 0) {
        answer_problem(c->r, 405, "unsupported", NULL, "this address is for POST alone");
        answer_header(c->r, "Allow", "POST");
    }
    json_decref(said);
}

/* It is sent as any file is: it has a tag, and parts. */
bool action_get(struct request *r) {
    struct command *c = command_begin(r);
    if (!c)
        return true;
    command_arguments(c);
    command_carry_out(c);
    if (r->status == 400 && !c->file)
        refuse_get(c);
    command_free(c);
    return true;
}

/* -- lists ------------------------------------------------------------------------------------- */

#define WORD "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

/* What the command takes may be a whole query; the address names a type and nothing else. */
static bool names_type(struct request *r) {
    const char *type = request_part(r, "type");
    char sentence[120];
    if (!type[strspn(type, WORD)])
        return true;
    (void)snprintf(sentence, sizeof sentence, "there is no type '%.80s'", type);
    answer_problem(r, 404, "not found", NULL, sentence);
    return false;
}

bool records_list(struct request *r) {
    struct command *c = names_type(r) ? command_begin(r) : NULL;
    if (!c)
        return true;
    if (!request_argument(r, "limit"))
        text_puts(command_word(c), "--limit=" PAGE);
    if (!request_argument(r, "q"))
        text_puts(command_word(c), "--where=");
    command_arguments(c);
    command_carry_out(c);
    command_free(c);
    return true;
}

/* The way on, of what has no place for it: "kith: there are more: --after CURSOR". */
static void put_next(struct command *c) {
    const char *said = strstr(c->err.ptr, "--after ") + strlen("--after ");
    answer_header(c->r, "Kith-Next", "%.*s", (int)strcspn(said, "\r\n"), said);
}

static void tell_csv(struct command *c) {
    if (c->out.ptr && strncmp(c->out.ptr, "{\"count\"", 8) == 0) {
        answer_problem(c->r, 400, "invalid", "format", "a count is no table: leave format=csv out");
        return;
    }
    text_add(&c->r->answer, c->out.ptr, c->out.len);
    c->r->status = 200;
    answer_header(c->r, "Content-Type", "text/csv; charset=utf-8");
    if (c->err.ptr && strstr(c->err.ptr, "--after "))
        put_next(c);
    else
        put_remark(c);
}

/* {"items":[...]} of an array. */
static void tell_array(struct command *c) {
    struct text *t = &c->r->answer;
    text_puts(t, "{\"items\":");
    text_add(t, c->out.ptr, c->out.ptr ? strcspn(c->out.ptr, "\n") : 0);
    text_puts(t, "}\n");
    answer_json(c->r, 200);
}

bool why_show(struct request *r) {
    struct command *c = command_begin(r);
    if (!c)
        return true;
    c->tell = tell_array;
    command_arguments(c);
    command_carry_out(c);
    command_free(c);
    return true;
}

bool report_show(struct request *r) {
    const char *format = request_argument(r, "format");
    bool csv = format && strcmp(format, "csv") == 0;
    if (format && !csv && strcmp(format, "json") != 0) {
        answer_problem(r, 400, "invalid", "format", "format takes json or csv");
        return true;
    }
    struct command *c = command_begin(r);
    if (!c)
        return true;
    if (csv) {
        text_puts(command_word(c), "--csv");
        c->tell = tell_csv;
    }
    command_arguments(c);
    command_carry_out(c);
    command_free(c);
    return true;
}
