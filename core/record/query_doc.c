/* SPDX-License-Identifier: Apache-2.0 */
/* Query doc: the language for its readers, in one table: what the help, the manual page and the
 * reference say of it. Its functions stand beside, in query.c. */
#include "record/query.h"

static const struct query_function forms[] = {
    {"parts", "TYPE", "All records of a type: contact."},
    {"parts", "where CONDITION", "Those for which it holds."},
    {"parts", "order by FIELD, -FIELD",
     "In this order; with - from high to low. Empty comes first."},
    {"parts", "limit N", "So many at most."},
    {"parts", "group by FIELD, ...",
     "One row for each of their values, with the totals behind ':'."},
    {"parts", "having TOTAL > VALUE",
     "Only such groups: group by city having count() > 2. Conditions as behind where, about "
     "totals and the fields that are grouped by."},
    {"parts", ": TOTAL as NAME, ...",
     "The totals of each group, or of all: count(), sum(amount) / count() as mean."},
    {"conditions", "FIELD = VALUE", "Equal; != is unequal. Neither holds for an empty field."},
    {"conditions", "FIELD < VALUE", "Lower; also <=, > and >=. An empty field is neither."},
    {"conditions", "FIELD in (VALUE, ...)", "Equal to one of them; not in (...): to none."},
    {"conditions", "FIELD like 'x%'",
     "Matches the text: % stands for any characters, _ for one; not like: it does not."},
    {"conditions", "FIELD is null", "Empty; is not null: not empty."},
    {"conditions", "FIELD", "Of a boolean: it is true."},
    {"conditions", "A and B, A or B, not A, (A)", "Conditions together."},
    {"conditions", "LINK.FIELD", "A field of the linked record, through up to 12 links."},
    {"values", "'text'", "A text, choice or state; two quotes inside stand for one: 'O''Neill'."},
    {"values", "12, 0.5", "A number; of a money field with its currency: '12.50 EUR'."},
    {"values", "'2026-01-31'", "A date; of a time the whole day in the company's zone."},
    {"values", "'2026-01-31 17:00'",
     "A time in the company's zone, or with Z or +01:00 behind it."},
    {"values", "30d, 2h, 15m, 90s, 1w", "A duration; together from large to small: 1h30m."},
    {"values", "true, false", "Of a boolean."},
    {"values", "'0SA818NN40003'", "A link: the id; to any record 'contact/0SA818NN40003'."},
    {"values", ":name",
     "A parameter; on the command line its value is given with --param name=value."},
};

const struct query_function *query_forms(size_t *count) {
    *count = sizeof forms / sizeof *forms;
    return forms;
}
