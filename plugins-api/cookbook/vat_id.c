/* SPDX-License-Identifier: Apache-2.0 */
/* VAT ids: a field of accounts, put into one form and checked when it is written. A before-hook
 * that changes and refuses. The check digit of German ids is that of ISO/IEC 7064, MOD 11,10. */
#include <ctype.h>
#include <kith/easy.h>
#include <kith/plugin.h>

#define ACCOUNT(X) X(vat_id)
KITH_RECORD(account, ACCOUNT);

struct kith_instance {
    KITH_TABLES;
    struct account_numbers account;
};

#define LONGEST 14 /* of those of the European Union */

/* Capitals and digits alone; -1: too long. */
static int squeeze(kith_str in, char out[LONGEST + 1]) {
    int n = 0;
    for (uint64_t i = 0; i < in.len; i++) {
        const unsigned char c = (unsigned char)in.ptr[i];
        if (c == ' ' || c == '.' || c == '-')
            continue;
        if (n == LONGEST || !isalnum(c))
            return -1;
        out[n++] = (char)toupper(c);
    }
    out[n] = '\0';
    return n;
}

static int digits(const char *text) {
    int n = 0;
    for (; isdigit((unsigned char)text[n]); n++)
        ;
    return text[n] ? -1 : n;
}

/* Nine digits, of which the last follows from the others. */
static int is_german(const char *nine) {
    int product = 10;
    if (digits(nine) != 9)
        return 0;
    for (int i = 0; i < 8; i++) {
        const int sum = (nine[i] - '0' + product) % 10;
        product = (sum ? sum : 10) * 2 % 11;
    }
    return (11 - product) % 10 == nine[8] - '0';
}

static kith_status check(kith_instance *self, kith_txn *txn, kith_change *change, kith_error *err) {
    struct account a;
    char id[LONGEST + 1];
    KITH_TRY(KITH_CHANGE(self, txn, change, account, &a, err));
    if (!kith_has(a.vat_id))
        return KITH_OK;
    const int n = squeeze(a.vat_id.as.s, id);
    if (n < 4 || !isalpha((unsigned char)id[0]) || !isalpha((unsigned char)id[1]))
        return kith_fail(err, KITH_E_REFUSED, "vat_id",
                         "vat_id: '%.*s' is no VAT id: two letters of the country, then up to 12"
                         " letters and digits, as DE136695976",
                         KITH_CHARS(a.vat_id.as.s));
    if (memcmp(id, "DE", 2) == 0 && !is_german(id + 2))
        return kith_fail(err, KITH_E_REFUSED, "vat_id",
                         "vat_id: '%s' is not a German VAT id: one of its nine digits is wrong",
                         id);
    a.vat_id = kith_text(id);
    return self->records->set(txn, change, 1, &self->account.vat_id, &a.vat_id, err);
}

static const kith_field fields[] = {{.name = "vat_id",
                                     .kind = KITH_F_TEXT,
                                     .flags = KITH_FF_UNIQUE | KITH_FF_SEARCHED,
                                     .label = "VAT id",
                                     .doc = "Its number for value added tax."}};
static const kith_type types[] = {{.name = "account", .fields = KITH_ARRAY(fields), .extends = 1}};
static const kith_permission permissions[] = {
    {"read:account", "Checks the VAT ids of accounts."},
};
static const char *const watched[] = {"vat_id"};
static const kith_hook hooks[] = {{.name = "check",
                                   .type = "account",
                                   .on = KITH_ON_CREATE | KITH_ON_UPDATE,
                                   .when = KITH_SETTLE,
                                   .except = KITH_FROM(UNDO),
                                   .fn = check,
                                   .fields = KITH_ARRAY(watched),
                                   .doc = "Puts a VAT id into one form and checks it."}};
static const kith_want wants[] = {
    KITH_WANT_TABLES,
    KITH_WANT_RECORD("account", account, ACCOUNT),
};

static const kith_plugin_desc desc = {
    KITH_HEAD("vat_id", 1, "1.0"),
    .title = "VAT ids",
    .permissions = KITH_ARRAY(permissions),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .instance_size = sizeof(struct kith_instance),
    .wants = KITH_ARRAY(wants),
};

const kith_plugin_desc *kith_plugin_entry_v1(void) {
    return &desc;
}
