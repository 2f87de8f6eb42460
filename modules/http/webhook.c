/* SPDX-License-Identifier: Apache-2.0 */
/* Webhooks: what they listen for, what they are told, and how. */
#include "http.h"
#include <sodium.h>
#include <stdlib.h>
#include <time.h>

#define TOPICS_MAX 64

struct hook_row {
    kith_id id, owner;
    kith_str where;
    int32_t everything, hears;
};

static kith_value field_of(kith_instance *self, const kith_txn *txn, const kith_row *row,
                           uint32_t field) {
    kith_value v = kith_null();
    (void)self->records->read(txn, row, 1, &field, &v, NULL);
    return v;
}

/* -- what may be written ----------------------------------------------------------------------- */

static kith_status check_url(kith_value url, kith_error *err) {
    char text[2048], origin[512];
    if (url.kind != KITH_TEXT || url.as.s.len >= sizeof text)
        return kith_fail(err, KITH_E_INVAL, "url", "the address is longer than %d bytes",
                         (int)sizeof text - 1);
    memcpy(text, url.as.s.ptr, (size_t)url.as.s.len);
    text[url.as.s.len] = '\0';
    return url_origin(text, origin, sizeof origin, err);
}

static kith_status check_topics(kith_instance *self, kith_txn *txn, const kith_row *after,
                                kith_error *err) {
    kith_value topics = field_of(self, txn, after, self->webhook.topics);
    kith_value where = field_of(self, txn, after, self->webhook.condition);
    kith_str list[TOPICS_MAX];
    uint64_t n = topics.kind == KITH_LIST ? topics.as.list.count : 0;
    if (n > TOPICS_MAX)
        return kith_fail(err, KITH_E_LIMIT, "topics", "it has %d topics, and at most %d are told",
                         (int)n, TOPICS_MAX);
    for (uint64_t i = 0; i < n; i++)
        list[i] = topics.as.list.items[i].as.s;
    kith_status st = self->listening->check(
        txn, (uint32_t)n, list, where.kind == KITH_TEXT ? where.as.s : kith_str_of(""), err);
    if (st != KITH_OK && strcmp(err->field, "where") == 0)
        (void)snprintf(err->field, sizeof err->field, "condition");
    return st;
}

/* Nobody has more told than they may read: neither by a webhook that is somebody else's, nor by one
 * that was given away. */
static kith_status check_owner(kith_instance *self, kith_txn *txn, const kith_change *change,
                               kith_error *err) {
    const uint32_t said[] = {self->webhook.url, self->webhook.topics, self->webhook.condition,
                             self->webhook.tells, self->webhook.owner};
    kith_id user = 0;
    int32_t says = 0;
    kith_value owner = field_of(self, txn, change->after, self->webhook.owner);
    kith_value before =
        change->before ? field_of(self, txn, change->before, self->webhook.owner) : owner;
    kith_value tells = field_of(self, txn, change->after, self->webhook.tells);
    KITH_TRY(self->records->acting(txn, &user, err));
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        says |= self->records->changed(txn, change, said[i]) == 1;
    if (says && !user && kith_is(tells, "owner") && owner.kind != KITH_LINK &&
        change->kind == KITH_ON_CREATE)
        return kith_fail(err, KITH_E_REFUSED, "owner",
                         "say what it may tell: what a user may read (owner=USER), or"
                         " tells=everything");
    if (!says || !user)
        return KITH_OK;
    if (!kith_is(tells, "owner"))
        return kith_fail(err, KITH_E_REFUSED, "tells",
                         "only an administrator has a webhook tell everything");
    if (owner.kind == KITH_LINK && owner.as.link.id == user && before.kind == KITH_LINK &&
        before.as.link.id == user)
        return KITH_OK;
    return kith_fail(err, KITH_E_REFUSED, "owner",
                     "a webhook tells what its owner may read: only the owner, or an administrator,"
                     " says what it tells, to whom, and whose it is");
}

kith_status webhook_check(kith_instance *self, kith_txn *txn, kith_change *change,
                          kith_error *err) {
    if (self->key.len == 0)
        return kith_fail(err, KITH_E_REFUSED, NULL,
                         "http.key is not set, by which webhooks sign: add http: { key = \"...\"; }"
                         " with what 'openssl rand -base64 32' says to conf.d/http.conf");
    if (change->origin != KITH_ORIGIN_UNDO)
        KITH_TRY(check_owner(self, txn, change, err));
    KITH_TRY(check_url(field_of(self, txn, change->after, self->webhook.url), err));
    return check_topics(self, txn, change->after, err);
}

/* -- listening --------------------------------------------------------------------------------- */

static kith_status listen_for(kith_instance *self, kith_txn *txn, const kith_row *row, kith_id id,
                              kith_error *err) {
    kith_value topics = field_of(self, txn, row, self->webhook.topics);
    kith_value state = field_of(self, txn, row, self->webhook.state);
    kith_str list[TOPICS_MAX];
    char endpoint[KITH_ID_CHARS + 1];
    uint32_t n = 0;
    for (uint64_t i = 0; topics.kind == KITH_LIST && i < topics.as.list.count && n < TOPICS_MAX;
         i++)
        list[n++] = topics.as.list.items[i].as.s;
    if (kith_is(state, "disabled"))
        n = 0;
    kith_id_text(id, endpoint);
    kith_status st = self->listening->listen(txn, kith_str_of("tell"), id, n, list, err);
    return st == KITH_OK ? self->deliveries->hold(txn, self->deliver, kith_str_of(endpoint),
                                                  kith_is(state, "enabled") ? 0u : 1u, err)
                         : st;
}

/* By what the webhook is now: the last change has the last word. */
kith_status webhook_follow(kith_instance *self, kith_txn *txn, const kith_event *event,
                           kith_error *err) {
    const kith_row *row;
    kith_error absent = {.struct_size = sizeof absent};
    if (self->records->get(txn, self->webhook.type, event->id, &row, &absent) == KITH_OK)
        return listen_for(self, txn, row, event->id, err);
    char endpoint[KITH_ID_CHARS + 1];
    kith_id_text(event->id, endpoint);
    KITH_TRY(self->listening->listen(txn, kith_str_of("tell"), event->id, 0, NULL, err));
    return self->deliveries->drop(txn, self->deliver, kith_str_of(endpoint), NULL, err);
}

/* -- telling ----------------------------------------------------------------------------------- */

/* A star stands for any characters. */
static int32_t fits(kith_str pattern, kith_str topic) {
    uint64_t p = 0, t = 0, star = UINT64_MAX, from = 0;
    while (t < topic.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            from = t;
        } else if (p < pattern.len && pattern.ptr[p] == topic.ptr[t]) {
            p++;
            t++;
        } else if (star != UINT64_MAX) {
            p = star + 1;
            t = ++from;
        } else {
            return 0;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

struct hearing {
    kith_instance *self;
    struct hook_row *rows;
    uint64_t count, cap;
    const kith_event *event;
    const kith_txn *txn;
};

static int32_t hears(kith_instance *self, const kith_txn *txn, const kith_row *row,
                     kith_str topic) {
    kith_value topics = field_of(self, txn, row, self->webhook.topics);
    for (uint64_t i = 0; topics.kind == KITH_LIST && i < topics.as.list.count; i++)
        if (fits(topics.as.list.items[i].as.s, topic))
            return 1;
    return 0;
}

static kith_status grow(struct hearing *h, kith_error *err) {
    uint64_t cap = h->cap ? 2 * h->cap : 16;
    struct hook_row *rows = h->self->host->memory(h->txn, cap * sizeof *rows);
    if (!rows)
        return kith_fail(err, KITH_E_NOMEM, NULL, "no memory");
    if (h->count)
        memcpy(rows, h->rows, h->count * sizeof *rows);
    h->rows = rows;
    h->cap = cap;
    return KITH_OK;
}

static kith_status keep_text(struct hearing *h, kith_str text, kith_str *out, kith_error *err) {
    char *copy = h->self->host->memory(h->txn, text.len + 1);
    if (!copy)
        return kith_fail(err, KITH_E_NOMEM, NULL, "no memory");
    if (text.len)
        memcpy(copy, text.ptr, (size_t)text.len);
    *out = (kith_str){copy, text.len};
    return KITH_OK;
}

static kith_status gather(void *arg, const kith_txn *txn, const kith_row *row, kith_error *err) {
    struct hearing *h = arg;
    kith_instance *self = h->self;
    kith_id id = self->records->row_id(txn, row);
    if ((h->event->replay && h->event->replay != id) || !hears(self, txn, row, h->event->topic))
        return KITH_OK;
    kith_value where = field_of(self, txn, row, self->webhook.condition);
    kith_value tells = field_of(self, txn, row, self->webhook.tells);
    kith_value owner = field_of(self, txn, row, self->webhook.owner);
    struct hook_row found = {.id = id,
                             .owner = owner.kind == KITH_LINK ? owner.as.link.id : 0,
                             .everything = kith_is(tells, "everything")};
    KITH_TRY(h->count == h->cap ? grow(h, err) : KITH_OK);
    KITH_TRY(
        keep_text(h, where.kind == KITH_TEXT ? where.as.s : kith_str_of(""), &found.where, err));
    h->rows[h->count++] = found;
    return KITH_OK;
}

/* The same event has the same key for the same webhook, also when it is told once more. */
static kith_status queue(struct hearing *h, kith_txn *txn, const struct hook_row *w, kith_str json,
                         kith_error *err) {
    char endpoint[KITH_ID_CHARS + 1], key[200];
    kith_id_text(w->id, endpoint);
    int n = snprintf(key, sizeof key, "msg_%s_%llx_%llx_%.*s", endpoint,
                     (unsigned long long)h->event->seq, (unsigned long long)h->event->at,
                     KITH_CHARS(h->event->topic));
    kith_effect effect = {.struct_size = sizeof effect,
                          .delivery = h->self->deliver,
                          .endpoint = kith_str_of(endpoint),
                          .key = {key, (uint64_t)(n < (int)sizeof key ? n : (int)sizeof key - 1)},
                          .payload = json,
                          .id = h->event->id,
                          .type = h->event->type};
    return h->self->deliveries->send(txn, &effect, NULL, err);
}

kith_status webhook_hear(kith_instance *self, kith_txn *txn, const kith_event *event,
                         kith_error *err) {
    struct hearing h = {.self = self, .event = event, .txn = txn};
    KITH_TRY(self->records->find(txn, self->listening_webhooks, 0, NULL, 0, gather, &h, err));
    for (uint64_t i = 0; i < h.count; i++) {
        const struct hook_row *w = &h.rows[i];
        kith_str json = {NULL, 0};
        if (!w->everything && !w->owner)
            continue; /* its owner is gone: nobody's rights bound it */
        KITH_TRY(
            self->listening->told(txn, event, w->everything ? 0 : w->owner, w->where, &json, err));
        if (json.len)
            KITH_TRY(queue(&h, txn, w, json, err));
    }
    return KITH_OK;
}

/* -- delivering -------------------------------------------------------------------------------- */

struct target {
    char url[2048];
    kith_id id;
    int64_t number;
    uint32_t signatures;
};

static kith_status find_target(kith_instance *self, const kith_txn *view, kith_str endpoint,
                               struct target *out, kith_error *err) {
    kith_value values[4];
    const uint32_t fields[] = {self->webhook.url, self->webhook.state, self->webhook.secret_number,
                               self->webhook.former_until};
    const kith_row *row;
    kith_error absent = {.struct_size = sizeof absent};
    static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    out->id = 0;
    for (uint64_t i = 0; i < endpoint.len; i++) {
        const char *at = strchr(letters, endpoint.ptr[i]);
        out->id = out->id << 5 | (kith_id)(at ? at - letters : 0);
    }
    kith_status st = self->records->get(view, self->webhook.type, out->id, &row, &absent);
    if (st == KITH_E_NOTFOUND)
        return kith_fail(err, KITH_E_REFUSED, NULL, "the webhook was deleted");
    if (st == KITH_OK)
        st = self->records->read(view, row, 4, fields, values, &absent);
    if (st != KITH_OK)
        return kith_fail(err, KITH_E_RETRY, NULL, "%s", absent.message);
    if (kith_is(values[1], "disabled"))
        return kith_fail(err, KITH_E_RETRY, NULL, "the webhook is disabled");
    (void)snprintf(out->url, sizeof out->url, "%.*s", KITH_CHARS(values[0].as.s));
    out->number = values[2].as.i;
    out->signatures =
        values[3].kind == KITH_TIME && values[3].as.i > KITH_NOW(self).as.i && out->number > 1 ? 2
                                                                                               : 1;
    return KITH_OK;
}

static struct curl_slist *header(struct curl_slist *list, const char *name, const char *value) {
    char line[600];
    (void)snprintf(line, sizeof line, "%s: %s", name, value);
    return curl_slist_append(list, line);
}

/* Also a redirect, and what the receiver does not like: it may be repaired. */
static kith_status judge(kith_instance *self, kith_sending *sending, const struct request *r,
                         kith_error *err) {
    if (r->status >= 200 && r->status < 300)
        return KITH_OK;
    if (r->status == 410)
        return kith_fail(err, KITH_E_REFUSED, NULL, "HTTP 410: the receiver is gone for good");
    if (!r->status)
        return kith_fail(err, r->forbidden ? KITH_E_REFUSED : KITH_E_RETRY, NULL, "%s", r->error);
    if (r->later_ms)
        (void)self->deliveries->later(sending, r->later_ms, NULL);
    return kith_fail(err, KITH_E_RETRY, NULL, "HTTP %ld%s", r->status,
                     r->status >= 300 && r->status < 400 ? ": redirects are not followed" : "");
}

kith_status webhook_deliver(kith_instance *self, const kith_txn *view, kith_sending *sending,
                            kith_error *err) {
    struct target to;
    char signatures[SIGNATURES], seconds[32], key[260];
    kith_status st = find_target(self, view, sending->endpoint, &to, err);
    if (st != KITH_OK)
        return st;
    int64_t now = KITH_NOW(self).as.i / 1000;
    struct request r = {.method = "POST", .url = to.url, .body = sending->payload};
    (void)snprintf(seconds, sizeof seconds, "%lld", (long long)now);
    (void)snprintf(key, sizeof key, "%.*s", KITH_CHARS(sending->key));
    sign(self, to.id, to.number, to.signatures, sending->key, now, sending->payload, signatures);
    r.headers = header(r.headers, "Content-Type", "application/json");
    r.headers = header(r.headers, "webhook-id", key);
    r.headers = header(r.headers, "webhook-timestamp", seconds);
    r.headers = header(r.headers, "webhook-signature", signatures);
    request_run(self, &r);
    curl_slist_free_all(r.headers);
    st = judge(self, sending, &r, err);
    free(r.answer);
    return st;
}

/* -- actions ----------------------------------------------------------------------------------- */

static kith_status show_secrets(kith_instance *self, kith_call *call, kith_id id, int64_t number,
                                kith_value until, kith_error *err) {
    char secret[SECRET_TEXT], former[SECRET_TEXT];
    int32_t two = number > 1 && until.kind == KITH_TIME && until.as.i > KITH_NOW(self).as.i;
    secret_text(self, id, number, secret);
    secret_text(self, id, number - 1, former);
    kith_value values[3] = {kith_text(secret), two ? kith_text(former) : kith_null(),
                            two ? until : kith_null()};
    for (uint32_t i = 0; i < 3; i++)
        KITH_TRY(self->calls->result(call, i, &values[i], err));
    return KITH_OK;
}

/* For its owner, and for who may everything. */
static kith_status called_webhook(kith_instance *self, kith_call *call, kith_id *id,
                                  kith_value values[2], kith_error *err) {
    const uint32_t fields[] = {self->webhook.secret_number, self->webhook.former_until};
    kith_id user = 0;
    const kith_row *row;
    kith_value webhook;
    kith_status st = self->calls->arg(call, 0, &webhook, err);
    *id = webhook.as.link.id;
    if (st == KITH_OK)
        st = self->records->get(self->calls->view(call), self->webhook.type, *id, &row, err);
    if (st == KITH_OK)
        st = self->records->acting(self->calls->view(call), &user, err);
    if (st == KITH_OK && user &&
        field_of(self, self->calls->view(call), row, self->webhook.owner).as.link.id != user)
        st = kith_fail(err, KITH_E_DENIED, "webhook",
                       "only the owner of a webhook, or an administrator, does that");
    return st == KITH_OK ? self->records->read(self->calls->view(call), row, 2, fields, values, err)
                         : st;
}

kith_status webhook_secret(kith_instance *self, kith_call *call, kith_error *err) {
    kith_value values[2];
    kith_id id;
    KITH_TRY(called_webhook(self, call, &id, values, err));
    if (self->key.len == 0)
        return kith_fail(err, KITH_E_REFUSED, NULL, "http.key is not set: there are no secrets");
    return show_secrets(self, call, id, values[0].as.i, values[1], err);
}

kith_status webhook_rotate(kith_instance *self, kith_call *call, kith_error *err) {
    const uint32_t fields[] = {self->webhook.secret_number, self->webhook.former_until};
    kith_value values[2], keep;
    kith_id id;
    KITH_TRY(called_webhook(self, call, &id, values, err));
    KITH_TRY(self->calls->arg(call, 1, &keep, err));
    values[0] = kith_int(values[0].as.i + 1);
    values[1] = kith_time(KITH_NOW(self).as.i + keep.as.i);
    KITH_TRY(self->records->update(self->calls->txn(call), self->webhook.type, id, 2, fields,
                                   values, err));
    return show_secrets(self, call, id, values[0].as.i, values[1], err);
}

kith_status webhook_replay(kith_instance *self, kith_call *call, kith_error *err) {
    kith_value args[3], rows, ignored[2];
    kith_id id;
    uint64_t n = 0;
    KITH_TRY(called_webhook(self, call, &id, ignored, err));
    for (uint32_t i = 0; i < 3; i++)
        KITH_TRY(self->calls->arg(call, i, &args[i], err));
    if (kith_has(args[1]) == kith_has(args[2]))
        return kith_fail(err, KITH_E_INVAL, "from",
                         "say from where: seq=NUMBER of an event, or from=TIME");
    if (args[1].kind == KITH_INT && args[1].as.i < 1)
        return kith_fail(err, KITH_E_INVAL, "seq", "the journal begins with row 1");
    KITH_TRY(self->listening->replay(
        self->calls->txn(call), kith_str_of("tell"), args[0].as.link.id,
        args[1].kind == KITH_INT ? (uint64_t)args[1].as.i : 0, args[2].as.i, &n, err));
    rows = kith_int((int64_t)n);
    return self->calls->result(call, 0, &rows, err);
}

/* In the form of any other; it stands in no journal. */
static void test_event(const kith_instance *self, kith_id webhook, char *out, size_t cap) {
    int64_t now = KITH_NOW(self).as.i;
    time_t seconds = (time_t)(now / 1000);
    char id[KITH_ID_CHARS + 1], at[32];
    struct tm utc;
    kith_id_text(webhook, id);
    gmtime_r(&seconds, &utc);
    strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(
        out, cap,
        "{\"type\":\"http.test\",\"timestamp\":\"%s.%03dZ\",\"schema\":1,\"seq\":null,"
        "\"subject\":{\"type\":\"webhook\",\"id\":\"%s\"},\"origin\":\"action\",\"data\":{}}",
        at, (int)(now % 1000), id);
}

static kith_status check_enabled(kith_instance *self, kith_call *call, kith_id id,
                                 kith_error *err) {
    const kith_row *row;
    KITH_TRY(self->records->get(self->calls->view(call), self->webhook.type, id, &row, err));
    kith_value state = field_of(self, self->calls->view(call), row, self->webhook.state);
    return kith_is(state, "enabled")
               ? KITH_OK
               : kith_fail(err, KITH_E_REFUSED, "webhook",
                           "the webhook is %.*s, so nothing is sent to it: enable it first",
                           KITH_CHARS(state.as.s));
}

kith_status webhook_test(kith_instance *self, kith_call *call, kith_error *err) {
    char endpoint[KITH_ID_CHARS + 1], effect_id[KITH_ID_CHARS + 1], key[80], payload[300];
    unsigned char random[8];
    char hex[2 * sizeof random + 1];
    kith_value ignored[2];
    kith_id id, sent = 0;
    kith_status st = called_webhook(self, call, &id, ignored, err);
    if (st == KITH_OK)
        st = check_enabled(self, call, id, err);
    if (st != KITH_OK)
        return st;
    kith_id_text(id, endpoint);
    test_event(self, id, payload, sizeof payload);
    randombytes_buf(random, sizeof random);
    (void)snprintf(key, sizeof key, "msg_%s_test_%s", endpoint,
                   sodium_bin2hex(hex, sizeof hex, random, sizeof random));
    kith_effect effect = {.struct_size = sizeof effect,
                          .delivery = self->deliver,
                          .endpoint = kith_str_of(endpoint),
                          .key = kith_str_of(key),
                          .payload = kith_str_of(payload),
                          .id = id,
                          .type = self->webhook.type};
    st = self->deliveries->send(self->calls->txn(call), &effect, &sent, err);
    kith_id_text(sent, effect_id);
    kith_value result = kith_text(effect_id);
    return st == KITH_OK ? self->calls->result(call, 0, &result, err) : st;
}
