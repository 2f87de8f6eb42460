/* SPDX-License-Identifier: Apache-2.0 */
/* Asks of many records in a row function what they link to, writes that, and asks again. */
#include "hostile.h"

struct kith_instance {
    KITH_TABLES;
    uint32_t contact, account, account_name, all, at_acme;
};

struct counting {
    kith_instance *self;
    int64_t hold;
};

static kith_status count_one(void *arg, const kith_txn *txn, const kith_row *row, kith_error *err) {
    struct counting *c = arg;
    (void)err;
    c->hold += c->self->records->match(txn, c->self->at_acme, row) == 1;
    return KITH_OK;
}

static kith_status count_all(kith_instance *self, kith_txn *txn, int64_t *out, kith_error *err) {
    struct counting c = {.self = self};
    KITH_TRY(self->records->find(txn, self->all, 0, NULL, 0, count_one, &c, err));
    *out = c.hold;
    return KITH_OK;
}

/* One account gets another name between two counts, and its own again. */
static kith_status thrice(kith_instance *self, kith_call *call, kith_error *err) {
    kith_txn *txn = self->calls->txn(call);
    const kith_value other = kith_text("Other"), acme = kith_text("Acme");
    kith_value id;
    int64_t counts[3];
    KITH_TRY(self->calls->arg(call, 0, &id, err));
    for (int i = 0; i < 3; i++) {
        KITH_TRY(count_all(self, txn, &counts[i], err));
        KITH_TRY(self->records->update(txn, self->account, id.as.link.id, 1, &self->account_name,
                                       i == 0 ? &other : &acme, err));
    }
    for (uint32_t i = 0; i < 3; i++) {
        const kith_value out = kith_int(counts[i]);
        KITH_TRY(self->calls->result(call, i, &out, err));
    }
    return KITH_OK;
}

static const kith_want wants[] = {
    KITH_WANT_TABLES,
    KITH_WANT(QUERY, "contact", all),
    KITH_WANT(TYPE, "contact", contact),
    KITH_WANT(PREDICATE, "account.name = 'Acme'", at_acme),
    KITH_WANT(TYPE, "account", account),
    KITH_WANT(FIELD, "name", account_name),
};
static const kith_field params[] = {{.name = "account", .kind = KITH_F_LINK, .options = "account"}};
static const kith_field results[] = {{.name = "before", .kind = KITH_F_INTEGER},
                                     {.name = "renamed", .kind = KITH_F_INTEGER},
                                     {.name = "again", .kind = KITH_F_INTEGER}};
static const kith_action actions[] = {{.name = "thrice",
                                       .doc = "Counts who is of Acme, three times.",
                                       .effect = KITH_EFFECT_WRITE,
                                       .fn = thrice,
                                       .params = KITH_ARRAY(params),
                                       .results = KITH_ARRAY(results)}};
static const kith_permission permissions[] = {{"read:contact", "Asks about contacts."},
                                              {"read:account", "Asks about accounts."},
                                              {"write:account", "Names accounts."}};
HOSTILE("many_links", .permissions = KITH_ARRAY(permissions), .wants = KITH_ARRAY(wants),
        .instance_size = sizeof(struct kith_instance), .actions = KITH_ARRAY(actions))
