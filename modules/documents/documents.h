/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the module documents share: papers as they are told (paper.c), words and
 * numbers as the company writes them (words.c), pages (page.c), and what stands on them
 * (render.c). */
#ifndef DOCUMENTS_H
#define DOCUMENTS_H

#include <kith/easy.h>
#include <kith/plugin.h>

/* -- words.c ------------------------------------------------------------------------------------
 */

/* What stands on papers beside what a paper is about: a name, and the words in English. {rate},
 * {net}, {page}, {pages} stand for what is known then. */
#define LABELS(X)                                                                                  \
    X(quote, "Quote")                                                                              \
    X(invoice, "Invoice")                                                                          \
    X(credit_note, "Credit note")                                                                  \
    X(date, "Date")                                                                                \
    X(valid_until, "Valid until")                                                                  \
    X(due_on, "To be paid by")                                                                     \
    X(version, "Version")                                                                          \
    X(order, "Order")                                                                              \
    X(reference, "Your reference")                                                                 \
    X(corrects, "Corrects")                                                                        \
    X(item, "Item")                                                                                \
    X(quantity, "Quantity")                                                                        \
    X(price, "Unit price")                                                                         \
    X(discount, "Discount")                                                                        \
    X(rate, "Tax")                                                                                 \
    X(amount, "Amount")                                                                            \
    X(net, "Net")                                                                                  \
    X(tax, "Tax {rate} % on {net}")                                                                \
    X(tax_within, "of which tax {rate} % on {net}")                                                \
    X(total, "Total")                                                                              \
    X(terms, "Terms")                                                                              \
    X(tax_number, "Tax number")                                                                    \
    X(page, "Page {page} of {pages}")                                                              \
    X(quote_end, "")                                                                               \
    X(invoice_end, "")                                                                             \
    X(credit_note_end, "")
#define LABEL_PLACE(name, words) LABEL_##name,
enum label { LABELS(LABEL_PLACE) LABEL_COUNT };

#define TEXT_ROOM 512

struct kith_instance {
    KITH_TABLES;
    struct {
        kith_value name, address, contact, bank, tax_number; /* of the company */
        kith_value paper, font, date, decimal, labels;
    } set;
    kith_str words[LABEL_COUNT];
};

/* KITH_E_INVAL: a label is named that there is not. [main] */
kith_status words_read(kith_instance *self, kith_error *err);
/* The label of a name; none: -1. */
int word_named(kith_str name);
/* The words of a label, or, where there is none of the name, that. */
kith_str word_of(const kith_instance *self, kith_str name);
/* The words with what stands in braces; `pairs` ends with NULL: "rate", "19". */
void word_fill(const kith_instance *self, enum label label, const char *const *pairs,
               char out[TEXT_ROOM]);
/* "1,234.50" of minor units with so many digits. */
void word_amount(const kith_instance *self, int64_t minor, int digits, char out[TEXT_ROOM]);
/* A number that is told as "3.500" is "3.5", a day that is told as 2026-01-31 is as the company
 * writes it; any other text is as it is. */
void word_plain(const kith_instance *self, const char *told, char out[TEXT_ROOM]);

/* -- paper.c ------------------------------------------------------------------------------------
 */

#define RATES_MAX 64
struct paper_line {
    const char *text, *code, *quantity, *discount, *rate; /* "": none */
    int64_t price, net, tax, total;                       /* minor units */
};
struct paper_rate {
    const char *rate;
    int64_t net, tax;
};
struct paper_fact {
    const char *label, *value;
};
/* The texts are in the JSON that it was read from. */
struct paper {
    void *json;
    const char *kind, *number, *date, *intro, *terms, *currency; /* "": none */
    const char **to;
    struct paper_fact *facts;
    struct paper_line *lines;
    struct paper_rate rates[RATES_MAX];
    size_t to_count, fact_count, line_count, rate_count;
    int digits; /* of the currency */
    int within; /* prices hold the tax */
    int64_t net, tax, total;
};
/* KITH_E_INVAL: it is told wrongly; the message names the place. Free it in any case. */
kith_status paper_read(const kith_instance *self, kith_str json, struct paper *out,
                       kith_error *err);
void paper_free(struct paper *p);

/* -- render.c -----------------------------------------------------------------------------------
 */

/* Bytes that grow. */
struct bytes {
    unsigned char *ptr;
    size_t len, room;
};
/* The PDF of it; the caller frees out->ptr, in any case. The same paper is the same bytes. */
kith_status paper_render(const kith_instance *self, const struct paper *p, struct bytes *out,
                         kith_error *err);

#endif
