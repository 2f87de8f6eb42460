/* SPDX-License-Identifier: Apache-2.0 */
/* kith/paper.h - papers for people, as quotes, invoices and letters: what stands on one is told to
 * the action documents.paper, which answers with a PDF. For modules that have the grant
 * "call:documents.paper". What a paper consists of is told in modules/documents/README.md.
 *
 *     struct kith_paper p;
 *     kith_paper_begin(&p, host, numbers, view);
 *     kith_paper_text(&p, "kind", kith_str_of("invoice"));
 *     kith_paper_put(&p, "number", &invoice.number);
 *     kith_paper_open(&p, "lines", '[');
 *     ...
 *     kith_paper_close(&p, ']');
 *     st = kith_paper_answer(&p, calls, call, self->paper, err);
 *
 * Inline code over the tables; nothing of it is contract. */
#ifndef KITH_PAPER_H
#define KITH_PAPER_H

#include <kith/easy.h>

#ifdef __cplusplus
extern "C" {
#endif

/* JSON that is being written, in the memory of the callback. */
struct kith_paper {
    const kith_host *host;
    const kith_numbers_v1 *numbers;
    const kith_txn *txn;
    char *text;
    uint64_t len, room;
    int32_t failed; /* there was no memory */
};

static inline void kith_paper_raw(struct kith_paper *p, const char *text, uint64_t len) {
    if (p->len + len > p->room) {
        uint64_t room = (p->len + len) * 2 + 4096;
        char *more = p->failed ? NULL : KITH_CAST(char *, p->host->memory(p->txn, room));
        p->failed |= !more;
        if (!more)
            return;
        if (p->len)
            memcpy(more, p->text, (size_t)p->len);
        p->text = more;
        p->room = room;
    }
    if (len)
        memcpy(p->text + p->len, text, (size_t)len);
    p->len += len;
}

static inline void kith_paper_begin(struct kith_paper *p, const kith_host *host,
                                    const kith_numbers_v1 *numbers, const kith_txn *txn) {
    memset(p, 0, sizeof *p);
    p->host = host;
    p->numbers = numbers;
    p->txn = txn;
    kith_paper_raw(p, "{", 1);
}

static inline void kith_paper_string(struct kith_paper *p, kith_str s) {
    uint64_t i, from = 0;
    char code[8];
    kith_paper_raw(p, "\"", 1);
    for (i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        (void)snprintf(code, sizeof code, "\\u%04x", (unsigned)c);
        kith_paper_raw(p, s.ptr + from, i - from);
        kith_paper_raw(p, code, 6);
        from = i + 1;
    }
    kith_paper_raw(p, s.len ? s.ptr + from : "", s.len - from);
    kith_paper_raw(p, "\"", 1);
}

/* What stands before the next one; key NULL: in a list. */
static inline void kith_paper_key(struct kith_paper *p, const char *key) {
    if (p->len && p->text[p->len - 1] != '{' && p->text[p->len - 1] != '[')
        kith_paper_raw(p, ",", 1);
    if (!key)
        return;
    kith_paper_string(p, kith_str_of(key));
    kith_paper_raw(p, ":", 1);
}

static inline void kith_paper_text(struct kith_paper *p, const char *key, kith_str text) {
    kith_paper_key(p, key);
    kith_paper_string(p, text);
}

/* An amount as the number of its minor units; others as text; nothing of what is empty. */
static inline void kith_paper_put(struct kith_paper *p, const char *key, const kith_value *v) {
    char text[KITH_NUMBER_TEXT];
    if (v->kind == KITH_NULL)
        return;
    if (v->kind == KITH_TEXT) {
        kith_paper_text(p, key, v->as.s);
    } else if (v->kind == KITH_MONEY) {
        (void)snprintf(text, sizeof text, "%lld", (long long)v->as.money.minor);
        kith_paper_key(p, key);
        kith_paper_raw(p, text, strlen(text));
    } else {
        p->numbers->text(v, text);
        kith_paper_text(p, key, kith_str_of(text));
    }
}

/* brace: '{' or '[', and what closes it. */
static inline void kith_paper_open(struct kith_paper *p, const char *key, char brace) {
    kith_paper_key(p, key);
    kith_paper_raw(p, &brace, 1);
}
static inline void kith_paper_close(struct kith_paper *p, char brace) {
    kith_paper_raw(p, &brace, 1);
}

/* One of the facts beside the addressee: a label and a value; nothing of what is empty. */
static inline void kith_paper_fact(struct kith_paper *p, const char *label, const kith_value *v) {
    if (v->kind == KITH_NULL)
        return;
    kith_paper_open(p, NULL, '[');
    kith_paper_text(p, NULL, kith_str_of(label));
    kith_paper_put(p, NULL, v);
    kith_paper_close(p, ']');
}

/* -- what papers of trade have ------------------------------------------------------------------
 */

#define KITH_PAPER_ACCOUNT(X)                                                                      \
    X(name)                                                                                        \
    X(billing_street) X(billing_postal_code) X(billing_city) X(billing_region) X(billing_country)
#define KITH_PAPER_CONTACT(X) X(name) X(street) X(postal_code) X(city) X(region) X(country)
#define KITH_PAPER_LINE(X)                                                                         \
    X(product)                                                                                     \
    X(description) X(quantity) X(unit_price) X(discount) X(tax_rate) X(net) X(tax) X(total)
#define KITH_PAPER_PRODUCT(X) X(code)
KITH_RECORD(kith_paper_account, KITH_PAPER_ACCOUNT);
KITH_RECORD(kith_paper_contact, KITH_PAPER_CONTACT);
KITH_RECORD(kith_paper_line, KITH_PAPER_LINE);
KITH_RECORD(kith_paper_product, KITH_PAPER_PRODUCT);

/* "to": the account, the contact, and the address of the account or, where it has none, of the
 * contact. Either may be all empty. */
static inline void kith_paper_to(struct kith_paper *p, const struct kith_paper_account *account,
                                 const struct kith_paper_contact *contact) {
    const kith_value *at = account->billing_street.kind || account->billing_city.kind
                               ? &account->billing_street
                               : &contact->street;
    char town[400];
    kith_paper_open(p, "to", '[');
    kith_paper_put(p, NULL, &account->name);
    kith_paper_put(p, NULL, &contact->name);
    kith_paper_put(p, NULL, &at[0]);
    if (at[1].kind == KITH_TEXT && at[2].kind == KITH_TEXT &&
        at[1].as.s.len + at[2].as.s.len < 390) {
        (void)snprintf(town, sizeof town, "%.*s %.*s", (int)at[1].as.s.len, at[1].as.s.ptr,
                       (int)at[2].as.s.len, at[2].as.s.ptr);
        kith_paper_text(p, NULL, kith_str_of(town));
    } else {
        kith_paper_put(p, NULL, &at[1]);
        kith_paper_put(p, NULL, &at[2]);
    }
    kith_paper_put(p, NULL, &at[3]);
    kith_paper_put(p, NULL, &at[4]);
    kith_paper_close(p, ']');
}

/* One of "lines". */
static inline void kith_paper_add_line(struct kith_paper *p, const struct kith_paper_line *l,
                                       const kith_value *code) {
    kith_paper_open(p, NULL, '{');
    kith_paper_put(p, "code", code);
    kith_paper_put(p, "text", &l->description);
    kith_paper_put(p, "quantity", &l->quantity);
    kith_paper_put(p, "price", &l->unit_price);
    kith_paper_put(p, "discount", &l->discount);
    kith_paper_put(p, "rate", &l->tax_rate);
    kith_paper_put(p, "net", &l->net);
    kith_paper_put(p, "tax", &l->tax);
    kith_paper_put(p, "total", &l->total);
    kith_paper_close(p, '}');
}

/* Ends it, has it made, and answers the call with it. paper: the number of documents.paper.
 * [reader] */
static inline kith_status kith_paper_answer(struct kith_paper *p, const kith_calls_v1 *calls,
                                            kith_call *call, uint32_t paper, kith_error *err) {
    kith_value arg, file[3];
    kith_status st;
    memset(&arg, 0, sizeof arg);
    kith_paper_close(p, '}');
    if (p->failed)
        return kith_fail(err, KITH_E_NOMEM, NULL, "there is no memory for the paper");
    arg.kind = KITH_TEXT;
    arg.as.s.ptr = p->text;
    arg.as.s.len = p->len;
    st = calls->call(p->txn, paper, 1, &arg, 3, file, err);
    return st == KITH_OK ? calls->file(call, file[0].as.s, file[2].as.s, err) : st;
}

#ifdef __cplusplus
}
#endif
#endif
