/* SPDX-License-Identifier: Apache-2.0 */
/* Documents: papers for people, as PDF. The one library that lays out text for all modules is
 * behind its action. */
#include "documents.h"

#include <stdlib.h>

/* -- the action ---------------------------------------------------------------------------------
 */

#define NAME_MOST 120

/* "quote-Q-000017.pdf" */
static void name_of(const struct paper *p, char out[NAME_MOST + 8]) {
    size_t n = (size_t)snprintf(out, NAME_MOST, "%s%s%s", *p->kind ? p->kind : "paper",
                                *p->number ? "-" : "", p->number);
    for (n = n < NAME_MOST ? n : NAME_MOST - 1; n && ((unsigned char)out[n] & 0xC0) == 0x80;)
        n--;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)out[i] <= 0x20 || out[i] == 0x7f || out[i] == '/' || out[i] == '\\' ||
            (i == 0 && out[i] == '.'))
            out[i] = '-';
    strcpy(out + n, ".pdf");
}

static kith_status paper_action(kith_instance *self, kith_call *call, kith_error *err) {
    kith_value told;
    struct paper paper = {0};
    struct bytes pdf = {0};
    char name[NAME_MOST + 8];
    kith_status st = self->calls->arg(call, 0, &told, err);
    if (st == KITH_OK)
        st = paper_read(self, told.as.s, &paper, err);
    if (st == KITH_OK)
        st = paper_render(self, &paper, &pdf, err);
    if (st == KITH_OK) {
        name_of(&paper, name);
        st = self->calls->file(call, kith_str_of(name), (kith_str){(const char *)pdf.ptr, pdf.len},
                               err);
    }
    free(pdf.ptr);
    paper_free(&paper);
    return st;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_setting label_items[] = {
    {.key = "name", .kind = KITH_TEXT, .flags = KITH_SF_REQUIRED, .doc = "Which one: due_on."},
    {.key = "text", .kind = KITH_TEXT, .flags = KITH_SF_REQUIRED, .doc = "What stands there."},
};
static const kith_setting settings[] = {
    {.key = "company.name", .kind = KITH_TEXT, .doc = "The company, at the head of papers."},
    {.key = "company.address",
     .kind = KITH_LIST,
     .default_text = "[]",
     .doc = "Its address, a text for each line."},
    {.key = "company.contact",
     .kind = KITH_LIST,
     .default_text = "[]",
     .doc = "How to reach it: telephone, mail, web; a text for each line."},
    {.key = "company.tax_number",
     .kind = KITH_TEXT,
     .doc = "Its number for tax, at the foot of papers."},
    {.key = "company.bank",
     .kind = KITH_LIST,
     .default_text = "[]",
     .doc = "Its account, at the foot of papers: bank, IBAN, BIC; a text for each line."},
    {.key = "paper",
     .kind = KITH_TEXT,
     .default_text = "\"A4\"",
     .choices = "A4,letter",
     .doc = "The size of a page."},
    {.key = "font",
     .kind = KITH_TEXT,
     .default_text = "\"Liberation Sans, DejaVu Sans\"",
     .doc =
         "Families of fonts, the one that is preferred first; characters that none has come from "
         "any font of the system."},
    {.key = "date",
     .kind = KITH_TEXT,
     .default_text = "\"iso\"",
     .choices = "iso,dots,slashes,us",
     .doc = "How days are written: iso 2026-01-31, dots 31.01.2026, slashes 31/01/2026, us "
            "01/31/2026."},
    {.key = "decimal",
     .kind = KITH_TEXT,
     .default_text = "\"point\"",
     .choices = "point,comma",
     .doc = "How numbers are written: point 1,234.50, comma 1.234,50."},
    {.key = "labels",
     .kind = KITH_LIST,
     .default_text = "()",
     .doc = "The words on papers, in the company's language; in English where they are not named.",
     .items = KITH_ARRAY(label_items)},
};
static const kith_field paper_params[] = {
    {.name = "paper",
     .kind = KITH_F_JSON,
     .flags = KITH_FF_REQUIRED,
     .doc = "What stands on it: kind, number, date, to, facts, intro, lines, currency, terms."},
};
static const kith_action actions[] = {
    {.name = "paper",
     .doc =
         "Makes a paper with the company's letterhead: a letter, or a list of lines with totals.",
     .effect = KITH_EFFECT_READ,
     .fn = paper_action,
     .params = KITH_ARRAY(paper_params),
     .file = "application/pdf"},
};

#define SET(key, member) KITH_WANT(SETTING, key, set.member)
static const kith_want wants[] = {
    KITH_WANT_TABLES,
    SET("company.name", name),
    SET("company.address", address),
    SET("company.contact", contact),
    SET("company.tax_number", tax_number),
    SET("company.bank", bank),
    SET("paper", paper),
    SET("font", font),
    SET("date", date),
    SET("decimal", decimal),
    SET("labels", labels),
};

/* -- life ---------------------------------------------------------------------------------------
 */

static kith_status create(const kith_host *host, kith_instance **self, kith_error *err) {
    (void)host;
    return words_read(*self, err);
}

static const kith_plugin_desc desc = {
    KITH_HEAD("documents", 1, "0.1.0"),
    .title = "Documents",
    .doc = "Papers for people, as PDF: quotes, invoices, letters, with the company's letterhead.",
    .vendor = "Kith",
    .license = "Apache-2.0",
    .settings = KITH_ARRAY(settings),
    .actions = KITH_ARRAY(actions),
    .create = create,
    .instance_size = sizeof(struct kith_instance),
    .wants = KITH_ARRAY(wants),
};

const kith_plugin_desc *kith_plugin_entry_v1(void) {
    return &desc;
}
