/* SPDX-License-Identifier: Apache-2.0 */
/* The installed base: which products each customer owns, since when, under which serial number and
 * warranty, and what was wrong with them. Made when an order of goods is delivered, or by the card
 * with which somebody registers what they bought. */
#include "commerce.h"

#define PIECES_MAX 1000 /* of one line, each with a record of its own */
#define DUE_MAX    500  /* told of in one go */
#define ROWS_MAX   500

/* -- what is told before its day ----------------------------------------------------------------
 */

static kith_status read_reminders(kith_instance *self, kith_error *err) {
    struct owned *own = &self->own;
    for (uint64_t i = 0; i < own->remind_before.as.list.count; i++) {
        const kith_str text = own->remind_before.as.list.items[i].as.s;
        const int64_t days = days_of_text(text);
        uint32_t at = own->before_count;
        if (days < 0 || i >= REMINDERS_MAX)
            return kith_fail(
                err, KITH_E_INVAL, "remind_before",
                "%.*s: '%.*s' is none of at most %d durations in days or weeks, as 30d or 2w",
                (int)self->settings->where(self->host, kith_str_of("remind_before")).len,
                self->settings->where(self->host, kith_str_of("remind_before")).ptr,
                KITH_CHARS(text), REMINDERS_MAX);
        for (; at > 0 && own->before[at - 1] < days; at--)
            own->before[at] = own->before[at - 1];
        own->before[at] = days;
        own->before_count++;
    }
    return KITH_OK;
}

kith_value reminder_of(const kith_instance *self, kith_value date, int64_t from, int64_t begin,
                       int32_t is_new) {
    int32_t missed = 0;
    if (date.kind != KITH_DATE || date.as.i < from)
        return kith_null();
    for (uint32_t i = 0; i < self->own.before_count; i++) {
        const int64_t day = date.as.i - self->own.before[i];
        if (day < begin)
            continue;
        if (day >= from)
            return kith_date(missed ? from : day);
        missed = is_new;
    }
    return missed ? kith_date(from) : kith_null();
}

static int32_t is_in_use(const struct asset *a) {
    return kith_is(a->state, "in_use");
}

/* -- assets -------------------------------------------------------------------------------------
 */

static kith_value months_on(kith_value from, kith_value months) {
    return from.kind == KITH_DATE && months.kind == KITH_INT
               ? kith_date(kith_months_on(from.as.i, months.as.i))
               : kith_null();
}

static kith_status check_serial(kith_instance *self, const kith_txn *txn, const struct asset *a,
                                kith_id id, kith_error *err) {
    const kith_value params[] = {a->product, a->serial};
    struct asset *others;
    uint64_t count = 0;
    if (!kith_has(a->serial))
        return KITH_OK;
    KITH_TRY(KITH_FIND(self, txn, own.asset, self->own.assets.same_serial, 2, params, &others,
                       &count, err));
    for (uint64_t i = 0; i < count; i++)
        if (others[i].id.as.link.id != id)
            return kith_fail(err, KITH_E_CONFLICT, "serial",
                             "serial: there is a record of '%.*s' with the number '%.*s' already; "
                             "change that one when it has another owner now",
                             KITH_CHARS(others[i].name.as.s), KITH_CHARS(a->serial.as.s));
    return KITH_OK;
}

static kith_status check_asset(const struct asset *a, kith_error *err) {
    if (!kith_has(a->account) && !kith_has(a->contact))
        return kith_fail(err, KITH_E_REFUSED, "contact",
                         "contact: say whose it is: a contact, or an account");
    if (a->purchased_on.kind == KITH_DATE && a->warranty_until.kind == KITH_DATE &&
        a->warranty_until.as.i < a->purchased_on.as.i)
        return kith_fail(err, KITH_E_REFUSED, "warranty_until",
                         "warranty_until: it lies before purchased_on");
    return KITH_OK;
}

/* What nobody said comes from the product, and the account from the person. */
static kith_status complete(kith_instance *self, const kith_txn *txn, struct asset *a,
                            kith_error *err) {
    struct ware product;
    struct contact contact;
    KITH_TRY(KITH_LOAD(self, txn, own.ware, a->product.as.link.id, &product, err));
    if (!kith_has(a->name))
        a->name = product.name;
    if (!kith_has(a->warranty_until))
        a->warranty_until = months_on(a->purchased_on, product.warranty_months);
    if (!kith_has(a->expected_end))
        a->expected_end = months_on(a->purchased_on, product.lifetime_months);
    if (kith_has(a->account) || !kith_has(a->contact))
        return KITH_OK;
    KITH_TRY(KITH_LOAD(self, txn, contact, a->contact.as.link.id, &contact, err));
    a->account = contact.account;
    return KITH_OK;
}

/* Of what is not in use any more nothing is told. */
static kith_value next_reminder(const kith_instance *self, const struct asset *a, kith_value date) {
    const int64_t today = KITH_TODAY(self).as.i;
    return is_in_use(a) ? reminder_of(self, date, today, INT64_MIN, 1) : kith_null();
}

/* What an undo brings back may have been delivered again since, with records of its own. */
static kith_status check_once(kith_instance *self, const kith_txn *txn, const struct asset *a,
                              kith_error *err) {
    struct asset *others;
    struct bought line;
    uint64_t count = 0;
    KITH_TRY(KITH_LOAD(self, txn, goods.bought, a->order_line.as.link.id, &line, err));
    KITH_TRY(KITH_FIND(self, txn, own.asset, self->own.assets.of_line, 1, &a->order_line, &others,
                       &count, err));
    int64_t units = is_in_use(a) ? units_of(&a->quantity) : 0;
    for (uint64_t i = 0; i < count; i++)
        units += units_of(&others[i].quantity);
    return units <= units_of(&line.quantity)
               ? KITH_OK
               : kith_fail(err, KITH_E_REFUSED, "order_line",
                           "order_line: all pieces of it have records already, as it was delivered "
                           "again since; change one of those instead");
}

static kith_status asset_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    const kith_records_v1 *rec = self->records;
    const struct asset_numbers *n = &self->own.asset;
    struct asset asked, a;
    KITH_TRY(KITH_READ(self, txn, own.asset, change->after, &asked, err));
    a = asked;
    if (!change->before || rec->changed(txn, change, n->purchased_on) == 1)
        KITH_TRY(complete(self, txn, &a, err));
    KITH_TRY(check_asset(&a, err));
    if (change->origin == KITH_ORIGIN_UNDO && !change->before && a.order_line.kind == KITH_LINK)
        KITH_TRY(check_once(self, txn, &a, err));
    if (rec->changed(txn, change, n->serial) == 1 || rec->changed(txn, change, n->product) == 1)
        KITH_TRY(check_serial(self, txn, &a, change->id, err));

    const int32_t anew = !change->before || rec->changed(txn, change, n->state) == 1;
    if (anew || rec->changed(txn, change, n->warranty_until) == 1 ||
        rec->changed(txn, change, n->purchased_on) == 1)
        a.warranty_reminder = next_reminder(self, &a, a.warranty_until);
    if (anew || rec->changed(txn, change, n->renewal_on) == 1)
        a.renewal_reminder = next_reminder(self, &a, a.renewal_on);
    return KITH_SET_CHANGED(self, txn, change, own.asset, &asked, &a, err);
}

static kith_status fault_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    struct fault f;
    KITH_TRY(KITH_CHANGE(self, txn, change, own.fault, &f, err));
    const int32_t undated = !kith_has(f.at);
    if (undated)
        f.at = KITH_NOW(self);
    if (f.fixed_at.kind == KITH_TIME && f.fixed_at.as.i < f.at.as.i)
        return kith_fail(err, KITH_E_REFUSED, "fixed_at",
                         "fixed_at: it lies before the fault itself (at)");
    return undated ? self->records->set(txn, change, 1, &self->own.fault.at, &f.at, err) : KITH_OK;
}

/* -- deliveries ---------------------------------------------------------------------------------
 */

static kith_status own_line(kith_instance *self, kith_txn *txn, const struct order *order,
                            const struct line *line, kith_error *err) {
    struct bought bought;
    struct ware product;
    KITH_TRY(KITH_LOAD(self, txn, own.ware, line->product.as.link.id, &product, err));
    KITH_TRY(KITH_LOAD(self, txn, goods.bought, line->id.as.link.id, &bought, err));
    const int64_t quantity = units_of(&bought.quantity) - units_of(&bought.returned);
    if (quantity <= 0)
        return KITH_OK;
    const int32_t pieces = product.serialised.as.i && quantity % 1000 == 0;
    int64_t count = pieces ? quantity / 1000 : 1;
    if (count > PIECES_MAX)
        count = 1;
    for (int64_t i = 0; i < count; i++) {
        struct asset a = {.account = order->account,
                          .contact = order->contact,
                          .product = line->product,
                          .quantity = quantity_units(count > 1 ? 1000 : quantity),
                          .purchased_on = KITH_TODAY(self),
                          .owner = order->owner,
                          .order_line = line->id};
        KITH_TRY(KITH_CREATE(self, txn, own.asset, &a, err));
    }
    return KITH_OK;
}

/* Lines that have records already are left out: it may be delivered twice. */
static kith_status delivered_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                  kith_error *err) {
    struct order order;
    struct line *lines;
    uint64_t count = 0;
    KITH_TRY(KITH_CHANGE(self, txn, change, order, &order, err));
    KITH_TRY(KITH_FIND(self, txn, line, self->own.assets.undelivered, 1, &order.id, &lines, &count,
                       err));
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(own_line(self, txn, &order, &lines[i], err));
    return KITH_OK;
}

/* Has so much of one record be given back: all of it, or it is so much less. */
static kith_status give_back(kith_instance *self, kith_txn *txn, const struct asset *a,
                             int64_t *units, kith_error *err) {
    const int64_t has = units_of(&a->quantity);
    const kith_id id = a->id.as.link.id;
    if (has <= *units) {
        *units -= has;
        return KITH_SET(self, txn, own.asset, state, id, kith_text("returned"), err);
    }
    const kith_value rest = quantity_units(has - *units);
    *units = 0;
    return KITH_SET(self, txn, own.asset, quantity, id, rest, err);
}

/* As many pieces as came back; nobody has said which, so those first that nobody registered. */
static kith_status part_returned_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                      kith_error *err) {
    struct returned r;
    struct asset *assets;
    uint64_t count = 0;
    KITH_TRY(KITH_CHANGE(self, txn, change, goods.returned, &r, err));
    KITH_TRY(KITH_FIND(self, txn, own.asset, self->own.assets.of_line, 1, &r.order_line, &assets,
                       &count, err));
    int64_t units = units_of(&r.quantity);
    for (uint64_t i = 0; units > 0 && i < count; i++)
        KITH_TRY(give_back(self, txn, &assets[i], &units, err));
    return KITH_OK;
}

/* What was written down as returned elsewhere, without a word of what came back. */
static kith_status returned_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                 kith_error *err) {
    struct asset *assets;
    uint64_t count = 0;
    const kith_value order = kith_link(change->type, change->id);
    KITH_TRY(KITH_FIND(self, txn, own.asset, self->own.assets.of_order, 1, &order, &assets, &count,
                       err));
    for (uint64_t i = 0; i < count; i++)
        if (is_in_use(&assets[i]))
            KITH_TRY(KITH_SET(self, txn, own.asset, state, assets[i].id.as.link.id,
                              kith_text("returned"), err));
    return KITH_OK;
}

/* -- reminders ----------------------------------------------------------------------------------
 */

static kith_status remind_one(kith_instance *self, kith_txn *txn, const struct asset *a,
                              uint32_t topic, kith_value date, uint32_t field, kith_error *err) {
    const int64_t today = KITH_TODAY(self).as.i;
    const kith_value payload[] = {date, kith_int(date.as.i - today)};
    const kith_value next = reminder_of(self, date, today + 1, INT64_MIN, 0);
    KITH_TRY(
        self->events->publish(txn, topic, self->own.asset.type, a->id.as.link.id, 2, payload, err));
    return self->records->update(txn, self->own.asset.type, a->id.as.link.id, 1, &field, &next,
                                 err);
}

/* Each record moves on to its next reminder, so the next go finds those that are left. */
static kith_status remind(kith_instance *self, kith_txn *txn, const kith_firing *firing,
                          kith_error *err) {
    const kith_value today = KITH_TODAY(self);
    const struct owned *own = &self->own;
    struct asset *a;
    uint64_t count = 0, more = 0;
    (void)firing;
    KITH_TRY(KITH_FIND(self, txn, own.asset, own->assets.warranties, 1, &today, &a, &count, err));
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(remind_one(self, txn, &a[i], own->topics.warranty_ending, a[i].warranty_until,
                            own->asset.warranty_reminder, err));
    KITH_TRY(KITH_FIND(self, txn, own.asset, own->assets.renewals, 1, &today, &a, &more, err));
    for (uint64_t i = 0; i < more; i++)
        KITH_TRY(remind_one(self, txn, &a[i], own->topics.renewal_due, a[i].renewal_on,
                            own->asset.renewal_reminder, err));
    return count < DUE_MAX && more < DUE_MAX
               ? KITH_OK
               : own->timers->at(txn, own->timer.remind, KITH_NOW(self).as.i, 0, 0, kith_str_of(""),
                                 NULL, err);
}

/* -- registration -------------------------------------------------------------------------------
 */

struct register_args {
    kith_value product, serial, contact, email, name, phone, account, purchased_on;
};
struct register_results {
    kith_value asset, contact, is_new;
};

/* Addresses are compared in small letters. */
static kith_value folded(kith_instance *self, const kith_txn *txn, kith_value mail) {
    char *copy = self->host->memory(txn, mail.as.s.len + 1);
    for (uint64_t i = 0; copy && i < mail.as.s.len; i++)
        copy[i] = mail.as.s.ptr[i] >= 'A' && mail.as.s.ptr[i] <= 'Z'
                      ? (char)(mail.as.s.ptr[i] + ('a' - 'A'))
                      : mail.as.s.ptr[i];
    if (copy)
        mail.as.s.ptr = copy;
    return mail;
}

/* Who fills in the card: the contact that is named, the one with this address, or a new one. */
static kith_status find_owner(kith_instance *self, kith_call *call, struct register_args *args,
                              int32_t *is_new, kith_error *err) {
    kith_txn *txn = self->calls->txn(call);
    struct point point;
    if (kith_has(args->contact))
        return KITH_OK;
    if (kith_has(args->email)) {
        const kith_value mail = folded(self, txn, args->email);
        KITH_TRY(KITH_FIRST(self, txn, own.point, self->own.assets.by_mail, 1, &mail, &point, err));
        args->contact = point.contact;
        if (kith_has(point.id))
            return KITH_OK;
        KITH_TRY(refuse_unseen(self, self->calls->whole(call), self->own.assets.by_mail, &mail,
                               "email", err));
    }
    if (!kith_has(args->name))
        return kith_fail(err, KITH_E_INVAL, "name",
                         "name: say who owns it: contact, or email of one that is there, or the "
                         "name of a new one");
    struct owner owner = {
        .name = args->name, .account = args->account, .email = args->email, .phone = args->phone};
    *is_new = 1;
    KITH_TRY(KITH_CREATE(self, txn, own.owner, &owner, err));
    args->contact = owner.id;
    return KITH_OK;
}

static kith_status check_registered(const struct asset *a, const struct register_args *args,
                                    kith_error *err) {
    if (!kith_has(a->contact) || a->contact.as.link.id == args->contact.as.link.id) {
        if (!kith_has(a->registered_on))
            return KITH_OK;
        return kith_fail(err, KITH_E_CONFLICT, "serial",
                         "serial: '%.*s' of this product is registered already, for this owner",
                         KITH_CHARS(args->serial.as.s));
    }
    return kith_fail(err, KITH_E_CONFLICT, "serial",
                     "serial: '%.*s' of this product belongs to somebody else; when they passed it "
                     "on, change the contact of that asset",
                     KITH_CHARS(args->serial.as.s));
}

/* What was delivered without its serial number gets it now. */
static kith_status find_piece(kith_instance *self, kith_txn *txn, const struct register_args *args,
                              struct asset *out, kith_error *err) {
    const kith_value params[] = {args->product, args->serial},
                     by[] = {args->contact, args->product};
    struct asset *found;
    uint64_t count = 0;
    KITH_TRY(KITH_FIRST(self, txn, own.asset, self->own.assets.same_serial, 2, params, out, err));
    if (kith_has(out->id))
        return check_registered(out, args, err);
    KITH_TRY(
        KITH_FIND(self, txn, own.asset, self->own.assets.unregistered, 2, by, &found, &count, err));
    for (uint64_t i = 0; i < count && !kith_has(out->id); i++)
        if (!kith_has(found[i].serial) && is_in_use(&found[i]))
            *out = found[i];
    return KITH_OK;
}

static kith_status register_piece(kith_instance *self, kith_txn *txn,
                                  const struct register_args *args, kith_value *asset,
                                  kith_error *err) {
    const struct asset_numbers *n = &self->own.asset;
    const kith_value today = KITH_TODAY(self);
    struct asset a = {0};
    kith_edit edit = {0};
    KITH_TRY(find_piece(self, txn, args, &a, err));
    if (!kith_has(a.id)) {
        a = (struct asset){.product = args->product,
                           .serial = args->serial,
                           .contact = args->contact,
                           .account = args->account,
                           .purchased_on = args->purchased_on.kind ? args->purchased_on : today,
                           .registered_on = today};
        KITH_TRY(KITH_CREATE(self, txn, own.asset, &a, err));
        *asset = a.id;
        return KITH_OK;
    }
    *asset = a.id;
    kith_put(&edit, n->serial, args->serial);
    kith_put(&edit, n->contact, args->contact);
    kith_put(&edit, n->registered_on, today);
    if (kith_has(args->purchased_on))
        kith_put(&edit, n->purchased_on, args->purchased_on);
    return kith_edit_update(self->records, txn, n->type, a.id.as.link.id, &edit, err);
}

static kith_status register_action(kith_instance *self, kith_call *call, kith_error *err) {
    kith_txn *txn = self->calls->txn(call);
    struct register_args args;
    struct register_results results = {0};
    int32_t is_new = 0;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    if (args.purchased_on.kind == KITH_DATE && args.purchased_on.as.i > KITH_TODAY(self).as.i)
        return kith_fail(err, KITH_E_INVAL, "purchased_on", "purchased_on: it lies in the future");
    KITH_TRY(find_owner(self, call, &args, &is_new, err));
    KITH_TRY(register_piece(self, txn, &args, &results.asset, err));
    results.contact = args.contact;
    results.is_new = kith_bool(is_new);
    return KITH_RESULTS(self, call, &results, err);
}

/* -- what somebody owns -------------------------------------------------------------------------
 */

struct owns_args {
    kith_value customer, contact, account, serial;
};
struct owns_row {
    kith_value asset, name, serial, product, contact, account, state, purchased_on, warranty_until,
        renewal_on, faults, open_faults, last_fault;
};

/* Whoever calls gives a number, an address or a name: everybody who is found by these words. */
static kith_status find_assets(kith_instance *self, const kith_txn *txn,
                               const struct owns_args *args, struct asset **out, uint64_t *count,
                               kith_error *err) {
    const uint32_t query = args->serial.kind    ? self->own.assets.by_serial
                           : args->account.kind ? self->own.assets.of_account
                                                : self->own.assets.of_contacts;
    kith_value by = args->serial.kind    ? args->serial
                    : args->account.kind ? args->account
                                         : args->contact;
    struct owner *people;
    uint64_t found = 0;
    *count = 0;
    if (!kith_has(by) && !kith_has(args->customer))
        return kith_fail(
            err, KITH_E_INVAL, "customer",
            "customer: say whose: a telephone number, mail address or name, a contact, "
            "an account, or a serial number");
    if (!kith_has(by)) {
        KITH_TRY(KITH_FIND(self, txn, own.owner, self->own.assets.by_words, 1, &args->customer,
                           &people, &found, err));
        kith_value *ids = found ? self->host->memory(txn, found * sizeof *ids) : NULL;
        if (!ids)
            return KITH_OK;
        for (uint64_t i = 0; i < found; i++)
            ids[i] = people[i].id;
        by = kith_list(ids, found);
    }
    return KITH_FIND(self, txn, own.asset, query, 1, &by, out, count, err);
}

static kith_status owns_action(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *txn = self->calls->view(call);
    struct owns_args args;
    struct asset *assets = NULL;
    uint64_t count = 0;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(find_assets(self, txn, &args, &assets, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        const struct asset *a = &assets[i];
        const struct owns_row row = {
            a->id,      a->name,        a->serial,       a->product,        a->contact,
            a->account, a->state,       a->purchased_on, a->warranty_until, a->renewal_on,
            a->faults,  a->open_faults, a->last_fault};
        KITH_TRY(KITH_ROW(self, call, &row, err));
    }
    return KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

#define STATES                                                                                     \
    "in_use>exchanged|retired|sold|returned,exchanged.>in_use,retired.>in_use,sold.>in_use,"       \
    "returned.>in_use"
static const kith_field asset_fields[] = {
    F("name", TEXT, .flags = KITH_FF_SEARCHED,
      .doc = "What it is called; as its product when nothing is said."),
    F("state", STATE, .options = STATES, .flags = KITH_FF_INDEXED,
      .doc = "In use; exchanged for another one, retired, sold on, or returned to us."),
    F("account", LINK, .options = "account",
      .doc = "The organisation that owns it; that of the contact when nothing is said."),
    F("contact", LINK, .options = "contact", .flags = KITH_FF_SUBJECT, .doc = "Who owns it."),
    F("product", LINK, .options = "product", .flags = KITH_FF_REQUIRED, .doc = "What it is."),
    F("serial", TEXT, .flags = KITH_FF_INDEXED | KITH_FF_SEARCHED,
      .doc = "Its serial number; two of one product with the same are refused."),
    F("quantity", QUANTITY, .default_text = "1", .min = "0.001", .doc = "How many of it."),
    F("purchased_on", DATE, .flags = KITH_FF_INDEXED, .doc = "When it was bought."),
    F("warranty_until", DATE, .flags = KITH_FF_INDEXED,
      .doc = "Until which day it is guaranteed; the warranty_months of the product from "
             "purchased_on on when nothing is said."),
    F("renewal_on", DATE, .flags = KITH_FF_INDEXED,
      .doc = "When a contract, licence or inspection of it is to be renewed."),
    F("expected_end", DATE, .flags = KITH_FF_INDEXED,
      .doc = "When its owner may want the next; by the lifetime_months of the product."),
    F("order_line", LINK, .options = "order_line", .doc = "With what it was bought."),
    F("registered_on", DATE, .doc = "When its owner registered it."),
    F("note", LONGTEXT, .flags = KITH_FF_SEARCHED, .doc = "What else is to be known."),
    F("faults", INTEGER, .rollup = "count(fault)", .doc = "How often something was wrong with it."),
    F("open_faults", INTEGER, .rollup = "count(fault where fixed_at is null)",
      .doc = "What is wrong with it now."),
    F("last_fault", TIME, .rollup = "max(fault.at)", .doc = "When something was wrong last."),
    F("fault_cost", MONEY, .rollup = "sum(fault.cost)",
      .doc = "What all repairs cost, in the company's currency."),
    F("warranty_reminder", DATE, .flags = KITH_FF_READONLY | KITH_FF_INDEXED,
      .doc = "On which day the end of the warranty is told of next."),
    F("renewal_reminder", DATE, .flags = KITH_FF_READONLY | KITH_FF_INDEXED,
      .doc = "On which day the renewal is told of next."),
};
static const char *const asset_indexes[] = {"product,serial", "contact,product"};

static const kith_field fault_fields[] = {
    F("asset", LINK, .options = "asset", .flags = KITH_FF_REQUIRED | KITH_FF_PARTOF,
      .doc = "With what."),
    F("description", LONGTEXT, .flags = KITH_FF_REQUIRED | KITH_FF_SEARCHED,
      .doc = "What was wrong."),
    F("at", TIME, .flags = KITH_FF_INDEXED, .doc = "When it was noticed; now by default."),
    F("severity", CHOICE, .options = "minor,major,critical", .default_text = "minor",
      .measure = KITH_M_ORDINAL, .doc = "How bad it is."),
    F("fixed_at", TIME, .doc = "When it was mended; empty as long as it is not."),
    F("cost", MONEY, .min = "0", .doc = "What the repair cost us."),
};

static const kith_type types[] = {
    {.name = "asset",
     .doc = "Something that a customer owns: the installed base.",
     .title = "name",
     .fields = KITH_ARRAY(asset_fields),
     .indexes = KITH_ARRAY(asset_indexes)},
    {.name = "fault",
     .doc = "What was wrong with something that a customer owns.",
     .title = "description",
     .fields = KITH_ARRAY(fault_fields)},
};

static const char *const state_only[] = {"state"};
static const kith_hook hooks[] = {
    {.name = "asset",
     .type = "asset",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = asset_hook,
     .doc = "Fills in warranty and lifetime, and refuses a serial number twice."},
    {.name = "fault",
     .type = "fault",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = fault_hook,
     .doc = "Keeps the times of a fault in order."},
    {.name = "delivered",
     .type = "order",
     .on = KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = delivered_hook,
     .where = "state = 'delivered'",
     .fields = KITH_ARRAY(state_only),
     .doc = "Notes what the customer owns once an order of goods is delivered."},
    {.name = "part_sent_back",
     .type = "return_request",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = part_returned_hook,
     .where = "state = 'received'",
     .fields = KITH_ARRAY(state_only),
     .doc = "Notes how much less the customer owns of what came back in part."},
    {.name = "sent_back",
     .type = "order",
     .on = KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = returned_hook,
     .where = "state = 'returned'",
     .fields = KITH_ARRAY(state_only),
     .doc = "Notes that the customer owns no more what was returned."},
};

static const kith_field warranty_fields[] = {F("warranty_until", DATE, .doc = "Its last day."),
                                             F("days", INTEGER, .doc = "Days until then.")};
static const kith_field renewal_fields[] = {F("renewal_on", DATE, .doc = "The day."),
                                            F("days", INTEGER, .doc = "Days until then.")};
static const kith_topic topics[] = {
    {.name = "asset.warranty_ending",
     .schema = 1,
     .fields = KITH_ARRAY(warranty_fields),
     .doc = "A warranty ends soon: so long before as commerce.remind_before says."},
    {.name = "asset.renewal_due",
     .schema = 1,
     .fields = KITH_ARRAY(renewal_fields),
     .doc = "A renewal comes near: so long before as commerce.remind_before says."},
};
static const kith_timer timers[] = {
    {.name = "remind",
     .cron = "10 6 * * *",
     .fn = remind,
     .doc = "Tells of warranties and renewals that come near."},
    {.name = "remind_more", .fn = remind, .doc = "Goes on with it, when there are many."},
};
static const kith_setting settings[] = {
    {.key = "remind_before",
     .kind = KITH_LIST,
     .default_text = "[\"30d\", \"7d\"]",
     .doc = "How long before its day the end of a warranty, a term or a renewal is told of, in "
            "days or weeks; each is told of once."},
};

static const kith_field register_params[] = {
    F("product", LINK, .options = "product", .flags = KITH_FF_REQUIRED, .doc = "What it is."),
    F("serial", TEXT, .flags = KITH_FF_REQUIRED, .doc = "Its serial number."),
    F("contact", LINK, .options = "contact", .doc = "Who owns it."),
    F("email", EMAIL, .doc = "Instead: the owner's mail address, by which a contact is found."),
    F("name", TEXT, .doc = "The owner's name, for a contact that is not there yet."),
    F("phone", PHONE, .doc = "The number of a new contact."),
    F("account", LINK, .options = "account", .doc = "The organisation that owns it."),
    F("purchased_on", DATE, .doc = "When it was bought; today when nothing is said."),
};
static const kith_field register_results[] = {
    F("asset", LINK, .options = "asset", .doc = "What is registered."),
    F("contact", LINK, .options = "contact", .doc = "Its owner."),
    F("is_new", BOOLEAN, .doc = "The owner was not known before."),
};
static const kith_field owns_params[] = {
    F("customer", TEXT,
      .doc = "A telephone number, mail address or name: whoever is found by these words."),
    F("contact", LINK, .options = "contact", .doc = "Instead: this person."),
    F("account", LINK, .options = "account", .doc = "Instead: this organisation."),
    F("serial", TEXT, .doc = "Instead: what has this serial number."),
};
static const kith_field owns_columns[] = {
    F("asset", LINK, .options = "asset", .doc = "The record."),
    F("name", TEXT, .doc = "What it is called."),
    F("serial", TEXT, .doc = "Its serial number."),
    F("product", LINK, .options = "product", .doc = "What it is."),
    F("contact", LINK, .options = "contact", .doc = "Who owns it."),
    F("account", LINK, .options = "account", .doc = "The organisation that owns it."),
    F("state", TEXT, .doc = "In use, or what became of it."),
    F("purchased_on", DATE, .doc = "When it was bought."),
    F("warranty_until", DATE, .doc = "The last day of the warranty."),
    F("renewal_on", DATE, .doc = "When it is to be renewed."),
    F("faults", INTEGER, .doc = "How often something was wrong with it."),
    F("open_faults", INTEGER, .doc = "How much of it is not mended."),
    F("last_fault", TIME, .doc = "When something was wrong last."),
};
static const kith_action actions[] = {
    {.name = "register",
     .doc = "Registers what somebody bought, by its serial number; the owner is found or created.",
     .effect = KITH_EFFECT_WRITE,
     .flags = KITH_AF_WHOLE,
     .fn = register_action,
     .params = KITH_ARRAY(register_params),
     .results = KITH_ARRAY(register_results)},
    {.name = "owns",
     .doc = "Lists what a customer owns, with warranty, renewal and faults.",
     .effect = KITH_EFFECT_READ,
     .fn = owns_action,
     .params = KITH_ARRAY(owns_params),
     .columns = KITH_ARRAY(owns_columns)},
};

static const kith_report reports[] = {
    {"warranties", "Whose warranty ends in the next days.",
     "asset where state = 'in_use' and warranty_until in next_days(:days) order by warranty_until",
     "id,product.name,serial,account.name,contact.name,warranty_until,owner.name"},
    {"renewals", "What is to be renewed in the next days.",
     "asset where state = 'in_use' and renewal_on in next_days(:days) order by renewal_on",
     "id,product.name,serial,account.name,contact.name,renewal_on,owner.name"},
    {"worn", "What has reached the end of its life, and is in use.",
     "asset where state = 'in_use' and expected_end <= today() order by expected_end",
     "id,product.name,serial,account.name,contact.name,expected_end,owner.name"},
    {"faults", "How often each product was faulty since a day, and how much of that is not mended.",
     "fault where at >= :since group by asset.product.name as product, severity order by -count() "
     ": count() as "
     "faults, count() - count(fixed_at) as open",
     NULL},
};

static const kith_permission permissions[] = {
    {"read:contact_point", "Who registers a product is found by any mail address of theirs."},
    {"write:contact", "Who registers a product and is not known becomes a contact."},
};

static const kith_want wants[] = {
    KITH_WANT(TABLE, KITH_TIMERS_1, own.timers),
    KITH_WANT_RECORD("product", own.ware, WARE),
    KITH_WANT_RECORD("asset", own.asset, ASSET),
    KITH_WANT_RECORD("fault", own.fault, FAULT),
    KITH_WANT_RECORD("contact", own.owner, OWNER),
    KITH_WANT_RECORD("contact_point", own.point, POINT),
    KITH_WANT(QUERY,
              "order_line where order = :order and product.kind = 'good' and not "
              "exists(asset.order_line) order by id",
              own.assets.undelivered),
    KITH_WANT(QUERY, "asset where order_line.order = :order", own.assets.of_order),
    KITH_WANT(QUERY,
              "asset where order_line = :line and state = 'in_use' order by registered_on, serial, "
              "-id",
              own.assets.of_line),
    KITH_WANT(QUERY, "asset where product = :product and serial = :serial limit 2",
              own.assets.same_serial),
    KITH_WANT(QUERY, "asset where contact = :contact and product = :product order by id",
              own.assets.unregistered),
    KITH_WANT(QUERY, "contact_point where normal = :mail and kind = 'email' order by id limit 1",
              own.assets.by_mail),
    KITH_WANT(QUERY, "contact where matches(:words) limit 50", own.assets.by_words),
    KITH_WANT(QUERY, "asset where contact in (:contacts) order by -purchased_on limit 500",
              own.assets.of_contacts),
    KITH_WANT(QUERY, "asset where account = :account order by -purchased_on limit 500",
              own.assets.of_account),
    KITH_WANT(QUERY, "asset where serial = :serial limit 500", own.assets.by_serial),
    KITH_WANT(QUERY,
              "asset where warranty_reminder <= :today order by warranty_reminder "
              "limit 500",
              own.assets.warranties),
    KITH_WANT(QUERY,
              "asset where renewal_reminder <= :today order by renewal_reminder "
              "limit 500",
              own.assets.renewals),
    KITH_WANT(TOPIC, "asset.warranty_ending", own.topics.warranty_ending),
    KITH_WANT(TOPIC, "asset.renewal_due", own.topics.renewal_due),
    KITH_WANT(TIMER, "remind_more", own.timer.remind),
    KITH_WANT(SETTING, "remind_before", own.remind_before),
};
const kith_part asset_part = {
    .struct_size = sizeof asset_part,
    .wants = KITH_ARRAY(wants),
    .begin = read_reminders,
    .permissions = KITH_ARRAY(permissions),
    .settings = KITH_ARRAY(settings),
    .types = KITH_ARRAY(types),
    .topics = KITH_ARRAY(topics),
    .hooks = KITH_ARRAY(hooks),
    .timers = KITH_ARRAY(timers),
    .actions = KITH_ARRAY(actions),
    .reports = KITH_ARRAY(reports),
};
