/* SPDX-License-Identifier: Apache-2.0 */
/* Invoices and credit notes on paper, where the module documents makes papers. */
#include "commerce.h"

/* The addressee: who may not be seen is left out. */
static kith_status put_to(kith_instance *self, const kith_txn *view, struct kith_paper *p,
                          const struct invoice *in, kith_error *err) {
    struct kith_paper_account account;
    struct kith_paper_contact contact;
    KITH_TRY(kith_or_none(KITH_FOLLOW(self, view, paper.account, in->account, &account, err)));
    KITH_TRY(kith_or_none(KITH_FOLLOW(self, view, paper.contact, in->contact, &contact, err)));
    kith_paper_to(p, &account, &contact);
    return KITH_OK;
}

static kith_status put_lines(kith_instance *self, const kith_txn *view, struct kith_paper *p,
                             const kith_value *invoice, kith_error *err) {
    struct kith_paper_line *lines;
    uint64_t count;
    KITH_TRY(KITH_FIND(self, view, paper.line, self->bill.invoice_lines, 1, invoice, &lines, &count,
                       err));
    kith_paper_open(p, "lines", '[');
    for (uint64_t i = 0; i < count; i++) {
        struct product product;
        KITH_TRY(kith_or_none(KITH_FOLLOW(self, view, product, lines[i].product, &product, err)));
        kith_paper_add_line(p, &lines[i], &product.code);
    }
    kith_paper_close(p, ']');
    return KITH_OK;
}

static kith_status put_facts(kith_instance *self, const kith_txn *view, struct kith_paper *p,
                             const struct invoice *in, kith_error *err) {
    struct paper_order order;
    struct invoice of;
    KITH_TRY(KITH_LOAD(self, view, paper.order, in->order.as.link.id, &order, err));
    KITH_TRY(KITH_FOLLOW(self, view, invoice, in->corrects, &of, err));
    kith_paper_open(p, "facts", '[');
    if (kith_is(in->kind, "invoice"))
        kith_paper_fact(p, "due_on", &in->due_on);
    kith_paper_fact(p, "corrects", &of.number);
    kith_paper_fact(p, "order", &order.number);
    kith_paper_fact(p, "reference", &order.reference);
    kith_paper_close(p, ']');
    return KITH_OK;
}

static kith_status invoice_pdf(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *view = self->calls->view(call);
    struct kith_paper p;
    struct invoice in;
    kith_value which;
    KITH_TRY(self->calls->arg(call, 0, &which, err));
    KITH_TRY(KITH_LOAD(self, view, invoice, which.as.link.id, &in, err));
    kith_paper_begin(&p, self->host, self->numbers, view);
    kith_paper_put(&p, "kind", &in.kind);
    kith_paper_put(&p, "number", &in.number);
    kith_paper_put(&p, "date", &in.issued_on);
    kith_paper_put(&p, "currency", &in.currency);
    kith_paper_put(&p, "intro", &in.reason);
    KITH_TRY(put_facts(self, view, &p, &in, err));
    KITH_TRY(put_to(self, view, &p, &in, err));
    KITH_TRY(put_lines(self, view, &p, &in.id, err));
    return kith_paper_answer(&p, self->calls, call, self->paper.action, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field pdf_params[] = {
    F("invoice", LINK, .options = "invoice", .flags = KITH_FF_REQUIRED, .doc = "Which one."),
};
static const kith_action actions[] = {
    {.name = "invoice_pdf",
     .doc = "An invoice or credit note on paper, with the company's letterhead and totals by tax.",
     .effect = KITH_EFFECT_READ,
     .fn = invoice_pdf,
     .params = KITH_ARRAY(pdf_params),
     .file = "application/pdf"},
};
static const kith_permission permissions[] = {
    {"call:documents.paper", "Invoices are made as PDF by it."},
};
static const kith_want wants[] = {
    KITH_WANT(ACTION, "documents.paper", paper.action),
    KITH_WANT_RECORD("order", paper.order, PAPER_ORDER),
    KITH_WANT_RECORD("account", paper.account, KITH_PAPER_ACCOUNT),
    KITH_WANT_RECORD("contact", paper.contact, KITH_PAPER_CONTACT),
    KITH_WANT_RECORD("invoice_line", paper.line, KITH_PAPER_LINE),
};
const kith_part invoice_paper_part = {
    .struct_size = sizeof invoice_paper_part,
    .wants = KITH_ARRAY(wants),
    .permissions = KITH_ARRAY(permissions),
    .actions = KITH_ARRAY(actions),
    .module = "documents",
};
