/* SPDX-License-Identifier: Apache-2.0 */
/* Quotes on paper, where the module documents makes papers. */
#include "sales.h"

#define PAPER(self) (&(self)->quotes.paper)

/* The addressee: who may not be seen is left out. */
static kith_status put_to(kith_instance *self, const kith_txn *view, struct kith_paper *p,
                          const struct quote *q, kith_error *err) {
    struct kith_paper_account account;
    struct kith_paper_contact contact;
    KITH_TRY(
        kith_or_none(KITH_FOLLOW(self, view, quotes.paper.account, q->account, &account, err)));
    KITH_TRY(
        kith_or_none(KITH_FOLLOW(self, view, quotes.paper.contact, q->contact, &contact, err)));
    kith_paper_to(p, &account, &contact);
    return KITH_OK;
}

static kith_status put_lines(kith_instance *self, const kith_txn *view, struct kith_paper *p,
                             const kith_value *order, kith_error *err) {
    struct kith_paper_line *lines;
    uint64_t count;
    KITH_TRY(KITH_FIND(self, view, quotes.paper.line, self->quotes.lines_of, 1, order, &lines,
                       &count, err));
    kith_paper_open(p, "lines", '[');
    for (uint64_t i = 0; i < count; i++) {
        struct kith_paper_product product;
        KITH_TRY(kith_or_none(
            KITH_FOLLOW(self, view, quotes.paper.product, lines[i].product, &product, err)));
        kith_paper_add_line(p, &lines[i], &product.code);
    }
    kith_paper_close(p, ']');
    return KITH_OK;
}

static kith_status put_quote(kith_instance *self, const kith_txn *view, struct kith_paper *p,
                             const struct quote *q, const struct quoted *o, kith_error *err) {
    kith_value day = q->sent_on;
    if (!kith_has(day)) /* a draft is of today; what was sent before it was noted, of then */
        day = kith_has(q->sent_at) ? kith_date(self->host->day(self->host, q->sent_at.as.i))
                                   : KITH_TODAY(self);
    kith_paper_text(p, "kind", kith_str_of("quote"));
    kith_paper_put(p, "number", &q->number);
    kith_paper_put(p, "date", &day);
    kith_paper_put(p, "currency", &o->currency);
    kith_paper_put(p, "intro", &q->intro);
    kith_paper_put(p, "terms", &q->terms);
    kith_paper_open(p, "facts", '[');
    kith_paper_fact(p, "valid_until", &q->valid_until);
    kith_paper_fact(p, "version", q->version.as.i > 1 ? &q->version : &(kith_value){0});
    kith_paper_fact(p, "reference", &o->reference);
    kith_paper_close(p, ']');
    KITH_TRY(put_to(self, view, p, q, err));
    return put_lines(self, view, p, &q->order, err);
}

static kith_status quote_pdf(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *view = self->calls->view(call);
    struct kith_paper p;
    struct quote q;
    struct quoted order;
    kith_value which;
    KITH_TRY(self->calls->arg(call, 0, &which, err));
    KITH_TRY(KITH_LOAD(self, view, quotes.quote, which.as.link.id, &q, err));
    KITH_TRY(KITH_LOAD(self, view, quotes.order, q.order.as.link.id, &order, err));
    kith_paper_begin(&p, self->host, self->numbers, view);
    KITH_TRY(put_quote(self, view, &p, &q, &order, err));
    return kith_paper_answer(&p, self->calls, call, PAPER(self)->action, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field pdf_params[] = {
    {.name = "quote",
     .kind = KITH_F_LINK,
     .options = "quote",
     .flags = KITH_FF_REQUIRED,
     .doc = "Which one."},
};
static const kith_action actions[] = {
    {.name = "quote_pdf",
     .doc = "A quote on paper, with the company's letterhead, its lines, totals by tax and terms.",
     .effect = KITH_EFFECT_READ,
     .fn = quote_pdf,
     .params = KITH_ARRAY(pdf_params),
     .file = "application/pdf"},
};
static const kith_permission permissions[] = {
    {"call:documents.paper", "Quotes are made as PDF by it."},
};
static const kith_want wants[] = {
    KITH_WANT(ACTION, "documents.paper", quotes.paper.action),
    KITH_WANT_RECORD("account", quotes.paper.account, KITH_PAPER_ACCOUNT),
    KITH_WANT_RECORD("contact", quotes.paper.contact, KITH_PAPER_CONTACT),
    KITH_WANT_RECORD("order_line", quotes.paper.line, KITH_PAPER_LINE),
    KITH_WANT_RECORD("product", quotes.paper.product, KITH_PAPER_PRODUCT),
};
const kith_part quote_paper_part = {
    .struct_size = sizeof quote_paper_part,
    .wants = KITH_ARRAY(wants),
    .permissions = KITH_ARRAY(permissions),
    .actions = KITH_ARRAY(actions),
    .module = "commerce,documents",
};
