/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts of a line. Exact: each is rounded once, to the minor unit of its currency. */
#include "commerce.h"

uint32_t money_rounding(const kith_instance *self) {
    const kith_str name = self->rounding.as.s;
    return kith_str_is(name, "half_even") ? KITH_ROUND_HALF_EVEN
           : kith_str_is(name, "down")    ? KITH_ROUND_DOWN
           : kith_str_is(name, "up")      ? KITH_ROUND_UP
                                          : KITH_ROUND_HALF_UP;
}

kith_value money_zero(const char *currency) {
    return kith_money(0, currency);
}

kith_value percent_of(int64_t hundredths) {
    return kith_decimal(hundredths, 2);
}

kith_value quantity_of(int64_t whole) {
    return kith_decimal(whole * 1000, 3);
}

static int64_t hundredths(const kith_value *percent) {
    return percent->kind == KITH_DECIMAL ? percent->as.decimal.units : 0;
}

/* unit_price * quantity * (100 - discount) / 100, in one step. */
static kith_status amount_of(const kith_instance *self, const struct line *line, kith_value *out,
                             kith_error *err) {
    const kith_value part = percent_of(10000 - hundredths(&line->discount));
    kith_value factor = part;
    if (__builtin_mul_overflow(line->quantity.as.decimal.units, part.as.decimal.units,
                               &factor.as.decimal.units))
        return kith_fail(err, KITH_E_LIMIT, "quantity", "quantity: it is too large");
    factor.as.decimal.scale = line->quantity.as.decimal.scale + part.as.decimal.scale;
    return self->numbers->multiply(&line->unit_price, &factor, 100, money_rounding(self), out, err);
}

kith_status money_of_line(const kith_instance *self, struct line *line, kith_error *err) {
    const int64_t rate = hundredths(&line->tax_rate);
    const kith_value by = kith_int(rate);
    const int32_t included = self->tax_included.as.i != 0;
    kith_value amount;
    KITH_TRY(amount_of(self, line, &amount, err));
    /* amount * rate / 100, or / (100 + rate) */
    KITH_TRY(self->numbers->multiply(&amount, &by, included ? 10000 + rate : 10000,
                                     money_rounding(self), &line->tax, err));
    line->net = line->total = amount;
    return included ? self->numbers->add(&amount, -1, &line->tax, &line->net, err)
                    : self->numbers->add(&amount, 1, &line->tax, &line->total, err);
}

kith_status money_undone(kith_instance *self, const kith_txn *txn, const kith_change *change,
                         struct line *line, kith_error *err) {
    KITH_TRY(KITH_READ(self, txn, line, change->after, line, err));
    if (kith_is(line->priced_by, "list") && kith_has(line->list_price) &&
        !kith_equal(line->list_price, line->unit_price))
        line->priced_by = kith_text("hand");
    return KITH_OK;
}

kith_status money_share(const kith_instance *self, const kith_value *amount, const int64_t at[3],
                        kith_value *out, kith_error *err) {
    const kith_value to = kith_int(at[1]), from = kith_int(at[0]);
    kith_value upto, before;
    KITH_TRY(self->numbers->multiply(amount, &to, at[2], money_rounding(self), &upto, err));
    KITH_TRY(self->numbers->multiply(amount, &from, at[2], money_rounding(self), &before, err));
    return self->numbers->add(&upto, -1, &before, out, err);
}
