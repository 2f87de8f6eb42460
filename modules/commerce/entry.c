/* SPDX-License-Identifier: Apache-2.0 */
/* Fast order entry: what somebody types in one line becomes the customer, the order and its lines,
 * all or nothing. */
#include "commerce.h"

/* -- "CODE*QUANTITY; CODE*QUANTITY" -------------------------------------------------------------
 */

static kith_str trimmed(kith_str s) {
    while (s.len && (unsigned char)s.ptr[0] <= ' ')
        s.ptr++, s.len--;
    while (s.len && (unsigned char)s.ptr[s.len - 1] <= ' ')
        s.len--;
    return s;
}

/* In thousandths; -1: it is no such number. */
static int64_t read_units(kith_str s) {
    int64_t units = 0;
    int decimals = -1;
    for (uint64_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '.' && decimals < 0 && i > 0) {
            decimals = 0;
            continue;
        }
        if (s.ptr[i] < '0' || s.ptr[i] > '9' || decimals == 3 || units > INT64_MAX / 10000)
            return -1;
        units = units * 10 + (s.ptr[i] - '0');
        decimals += decimals >= 0;
    }
    for (int i = decimals < 0 ? 0 : decimals; i < 3; i++)
        units *= 10;
    return s.len && decimals != 0 ? units : -1;
}

static kith_status read_item(kith_str part, struct item *item, kith_error *err) {
    uint64_t star = part.len;
    while (star > 0 && part.ptr[star - 1] != '*')
        star--;
    *item = (struct item){part, 1000};
    if (star > 0) {
        item->code = trimmed((kith_str){part.ptr, star - 1});
        item->units = read_units(trimmed((kith_str){part.ptr + star, part.len - star}));
    }
    if (item->units > 0 && item->code.len)
        return KITH_OK;
    return kith_fail(err, KITH_E_REFUSED, "items",
                     "items: '%.*s' is no item; write the code of a product, a star and how many: "
                     "PEN*2; INK*1.5",
                     KITH_CUT(part, 60));
}

kith_status items_read(kith_instance *self, const kith_txn *txn, kith_str text, struct item **items,
                       uint64_t *count, kith_error *err) {
    uint64_t room = 0, from = 0;
    *count = 0;
    *items = NULL;
    for (uint64_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.ptr[i] != ';' && text.ptr[i] != '\n')
            continue;
        const kith_str part = trimmed((kith_str){text.ptr + from, i - from});
        from = i + 1;
        if (!part.len)
            continue;
        KITH_TRY(kith_grow(self->host, txn, (void *)items, *count, &room, sizeof **items, err));
        KITH_TRY(read_item(part, &(*items)[(*count)++], err));
    }
    if (!*count)
        return kith_fail(err, KITH_E_REFUSED, "items", "items: there is none; write PEN*2; INK*1");
    return KITH_OK;
}

/* -- the customer -------------------------------------------------------------------------------
 */

struct order_args {
    kith_value items, contact, account, place, name, email, phone, channel, reference, price_book,
        delivery, payment_method, street, postal_code, city, region, country, note;
};
struct order_results {
    kith_value order, number, contact, created, state, total;
};
struct order_row {
    kith_value line, product, quantity, unit_price, total, available;
};
struct entering {
    kith_instance *self;
    kith_call *call;
    kith_txn *txn;
    struct order_args a;
    struct client client;
    struct intake order;
    int32_t created;
};

static kith_status find_by(struct entering *w, uint32_t query, const kith_value *address,
                           const char *field, kith_value *contact, kith_error *err) {
    struct address *found;
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(w->self, w->txn, goods.address, query, 1, address, &found, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        if (kith_has(*contact) && contact->as.link.id != found[i].contact.as.link.id)
            return kith_fail(err, KITH_E_REFUSED, field,
                             "%s: several customers have it; say which one by contact", field);
        *contact = found[i].contact;
    }
    return KITH_OK;
}

/* Two cards of one person, each with a half of what there is, are worse than to ask. */
kith_status refuse_unseen(kith_instance *self, const kith_txn *whole, uint32_t query,
                          const kith_value *address, const char *field, kith_error *err) {
    int32_t any;
    KITH_TRY(kith_any(self->records, whole, query, 1, address, &any, err));
    return any ? kith_fail(err, KITH_E_REFUSED, field,
                           "%s: somebody whom you may not see has it already; let who may see them "
                           "do this, or share them with you",
                           field)
               : KITH_OK;
}

/* As Kith compares numbers: + and digits. */
static kith_status digits_of(struct entering *w, const kith_value *phone, kith_value *out,
                             kith_error *err) {
    const kith_str s = phone->as.s;
    uint64_t n = 0;
    char *digits;
    KITH_TRY(KITH_MEMORY(w->self, w->txn, &digits, s.len + 1, err));
    for (uint64_t i = 0; i < s.len; i++)
        if ((s.ptr[i] >= '0' && s.ptr[i] <= '9') || (s.ptr[i] == '+' && n == 0))
            digits[n++] = s.ptr[i];
    *out = kith_text(digits);
    return KITH_OK;
}

static kith_status create_client(struct entering *w, kith_error *err) {
    const struct order_args *a = &w->a;
    if (!kith_has(a->name))
        return kith_fail(err, KITH_E_REFUSED, "name",
                         "name: nobody has this address yet; say the name of the new customer");
    w->client = (struct client){.name = a->name,
                                .account = a->account,
                                .email = a->email,
                                .phone = a->phone,
                                .source = a->channel,
                                .street = a->street,
                                .postal_code = a->postal_code,
                                .city = a->city,
                                .region = a->region,
                                .country = a->country};
    w->created = 1;
    return KITH_CREATE(w->self, w->txn, goods.client, &w->client, err);
}

/* Somebody who belongs to an organisation buys for it, by its prices and terms. */
static kith_status take_client(struct entering *w, kith_value contact, kith_error *err) {
    KITH_TRY(KITH_LOAD(w->self, w->txn, goods.client, contact.as.link.id, &w->client, err));
    if (!kith_has(w->a.account))
        w->a.account = w->client.account;
    return KITH_OK;
}

/* Who is named, or has the address; else a new one. */
static kith_status settle_client(struct entering *w, kith_error *err) {
    const struct goods *g = &w->self->goods;
    kith_value contact = w->a.contact;
    const kith_txn *whole = w->self->calls->whole(w->call);
    kith_value digits = kith_null();
    if (!kith_has(contact) && kith_has(w->a.email))
        KITH_TRY(find_by(w, g->mail_of, &w->a.email, "email", &contact, err));
    if (!kith_has(contact) && kith_has(w->a.phone)) {
        KITH_TRY(digits_of(w, &w->a.phone, &digits, err));
        KITH_TRY(find_by(w, g->phone_of, &digits, "phone", &contact, err));
    }
    if (kith_has(contact))
        return take_client(w, contact, err);
    if (kith_has(w->a.email))
        KITH_TRY(refuse_unseen(w->self, whole, g->mail_of, &w->a.email, "email", err));
    if (kith_has(digits))
        KITH_TRY(refuse_unseen(w->self, whole, g->phone_of, &digits, "phone", err));
    if (kith_has(w->a.email) || kith_has(w->a.phone) || kith_has(w->a.name))
        return create_client(w, err);
    return kith_has(w->a.account)
               ? KITH_OK
               : kith_fail(err, KITH_E_REFUSED, "contact",
                           "contact: say who orders: a contact, an account, or name and email or "
                           "phone of a new customer");
}

/* -- the order ----------------------------------------------------------------------------------
 */

/* Address and means of payment are those that are known of the customer. */
static kith_status take_known(struct entering *w, kith_error *err) {
    struct intake *o = &w->order, *last;
    uint64_t count = 0;
    if (!kith_has(w->client.id))
        return KITH_OK;
    if (!kith_has(o->shipping_street) && !kith_has(o->shipping_city) &&
        !kith_has(o->shipping_postal_code)) {
        o->shipping_street = w->client.street;
        o->shipping_postal_code = w->client.postal_code;
        o->shipping_city = w->client.city;
        o->shipping_region = w->client.region;
        o->shipping_country = w->client.country;
    }
    if (kith_has(o->payment_method) || w->created)
        return KITH_OK;
    KITH_TRY(KITH_FIND(w->self, w->txn, goods.intake, w->self->goods.last_paid, 1, &w->client.id,
                       &last, &count, err));
    if (count)
        o->payment_method = last[0].payment_method;
    return KITH_OK;
}

static kith_status create_order(struct entering *w, kith_error *err) {
    const struct order_args *a = &w->a;
    w->order = (struct intake){.contact = w->client.id,
                               .account = a->account,
                               .channel = a->channel,
                               .reference = a->reference,
                               .price_book = a->price_book,
                               .delivery = a->delivery,
                               .payment_method = a->payment_method,
                               .shipping_street = a->street,
                               .shipping_postal_code = a->postal_code,
                               .shipping_city = a->city,
                               .shipping_region = a->region,
                               .shipping_country = a->country,
                               .note = a->note};
    KITH_TRY(take_known(w, err));
    return KITH_CREATE(w->self, w->txn, goods.intake, &w->order, err);
}

static kith_status add_line(struct entering *w, const struct item *item, kith_error *err) {
    kith_instance *self = w->self;
    struct good *found;
    uint64_t count = 0;
    kith_value code = kith_text("");
    code.as.s = item->code;
    KITH_TRY(KITH_FIND(self, w->txn, goods.good, self->query.product_by_code, 1, &code, &found,
                       &count, err));
    if (!count)
        return kith_fail(err, KITH_E_REFUSED, "items",
                         "items: there is no product '%.*s'; see 'kith find product'",
                         KITH_CUT(item->code, 60));
    struct line line = {
        .order = w->order.id, .product = found[0].id, .quantity = quantity_units(item->units)};
    return KITH_CREATE(self, w->txn, line, &line, err);
}

static kith_status give_lines(struct entering *w, kith_error *err) {
    struct line *lines;
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(w->self, w->txn, line, w->self->query.lines_of, 1, &w->order.id, &lines,
                       &count, err));
    for (uint64_t i = 0; i < count; i++) {
        struct good good;
        KITH_TRY(KITH_LOAD(w->self, w->txn, goods.good, lines[i].product.as.link.id, &good, err));
        const struct order_row row = {lines[i].id,         lines[i].product, lines[i].quantity,
                                      lines[i].unit_price, lines[i].total,   good.available};
        KITH_TRY(KITH_ROW(w->self, w->call, &row, err));
    }
    return KITH_OK;
}

static kith_status order_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct entering w = {.self = self, .call = call, .txn = self->calls->txn(call)};
    struct item *items;
    uint64_t count = 0;
    KITH_TRY(KITH_ARGS(self, call, &w.a, err));
    KITH_TRY(items_read(self, w.txn, w.a.items.as.s, &items, &count, err));
    KITH_TRY(settle_client(&w, err));
    KITH_TRY(create_order(&w, err));
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(add_line(&w, &items[i], err));
    if (w.a.place.as.i)
        KITH_TRY(KITH_SET(self, w.txn, goods.intake, state, w.order.id.as.link.id,
                          kith_text("ordered"), err));
    KITH_TRY(KITH_LOAD(self, w.txn, goods.intake, w.order.id.as.link.id, &w.order, err));
    KITH_TRY(give_lines(&w, err));
    const struct order_results out = {w.order.id,           w.order.number, w.order.contact,
                                      kith_bool(w.created), w.order.state,  w.order.total};
    return KITH_RESULTS(self, call, &out, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field params[] = {
    F("items", LONGTEXT, .flags = KITH_FF_REQUIRED,
      .doc = "What is ordered: CODE*QUANTITY; CODE*QUANTITY."),
    F("contact", LINK, .options = "contact", .doc = "Who buys."),
    F("account", LINK, .options = "account",
      .doc = "The organisation that buys; that of the contact when nothing is said."),
    F("place", BOOLEAN, .default_text = "false", .doc = "Place it at once; else it is a cart."),
    F("name", TEXT, .doc = "Of a customer who is new."),
    F("email", EMAIL, .doc = "Instead of contact: who has this address; else a new customer."),
    F("phone", PHONE, .doc = "Instead of contact: who has this number; else a new customer."),
    F("channel", CHOICE, .options = "web,store,phone,email,mail,chat,social,seller,partner",
      .doc = "By which way it came."),
    F("reference", TEXT, .doc = "The number that the customer gave it."),
    F("price_book", LINK, .options = "price_book", .doc = "Its prices come from this one alone."),
    F("delivery", CHOICE, .options = "ship,pick_up,download,on_site", .default_text = "ship",
      .doc = "How it is handed over."),
    F("payment_method", CHOICE,
      .options = "card,transfer,direct_debit,cash,cash_on_delivery,wallet,invoice,other",
      .doc = "How it is paid; as the last time when nothing is said."),
    F("street", LONGTEXT, .doc = "Where it goes; to the customer's address when nothing is said."),
    F("postal_code", TEXT, .doc = "Postal code."),
    F("city", TEXT, .doc = "Town."),
    F("region", TEXT, .doc = "State or region."),
    F("country", TEXT, .doc = "Country."),
    F("note", LONGTEXT, .doc = "What else is to be known."),
};
static const kith_field results[] = {
    F("order", LINK, .options = "order", .doc = "The order."),
    F("number", TEXT, .doc = "Its number."),
    F("contact", LINK, .options = "contact", .doc = "Who buys."),
    F("created", BOOLEAN, .doc = "The customer is new."),
    F("state", TEXT, .doc = "Where the order stands."),
    F("total", MONEY, .doc = "What is to be paid."),
};
static const kith_field columns[] = {
    F("line", LINK, .options = "order_line", .doc = "The line."),
    F("product", LINK, .options = "product", .doc = "What."),
    F("quantity", QUANTITY, .doc = "How much."),
    F("unit_price", MONEY, .doc = "What one costs."),
    F("total", MONEY, .doc = "What all of it costs."),
    F("available", QUANTITY,
      .doc = "What is free of the product after this order; below 0 it comes later."),
};
static const kith_action actions[] = {
    {.name = "order",
     .doc = "Enters an order in one go: the customer, the order, its lines; and places it.",
     .effect = KITH_EFFECT_WRITE,
     .flags = KITH_AF_WHOLE,
     .fn = order_action,
     .params = KITH_ARRAY(params),
     .results = KITH_ARRAY(results),
     .columns = KITH_ARRAY(columns)},
};
#define SOLD                                                                                       \
    "order_line where order.placed_at is not null and order.state not in ('cart', 'cancelled')"
#define BY_PRODUCT                                                                                 \
    " group by product.code as code, product.name as product, net.currency as currency order by "  \
    "net.currency, -sum(" REVENUE ") : count() as lines, sum(" STAYS ") as quantity, sum(" REVENUE \
    ") as revenue"
static const kith_report reports[] = {
    {.name = "revenue",
     .doc = "What was ordered of each product, less what was credited or came back unbilled.",
     .query = SOLD BY_PRODUCT},
    {.name = "revenue_since",
     .doc = "The same since a day.",
     .query = SOLD " and order.placed_at >= :since" BY_PRODUCT},
    {.name = "revenue_by_month",
     .doc = "What was ordered in each month: orders, pieces, and what they bring without tax.",
     .query = SOLD " group by year(order.placed_at) as year, month(order.placed_at) as month, "
                   "net.currency as currency order by year(order.placed_at), "
                   "month(order.placed_at) : count(distinct order) as orders, sum(" STAYS ") as "
                   "quantity, sum(" REVENUE ") as revenue"},
    {.name = "by_partner",
     .doc = "What partners supply, by customer.",
     .query = SOLD " and supplied_by is not null group by supplied_by.name as partner, "
                   "order.account.name as account, order.contact.name as contact, net.currency as "
                   "currency : count() as lines, sum(" REVENUE ") as revenue"},
    {.name = "orders",
     .doc = "Orders by where they stand.",
     .query = "order group by state, currency : count() as orders, sum(total) as total"},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("order", goods.intake, INTAKE),
    KITH_WANT_RECORD("contact", goods.client, CLIENT),
    KITH_WANT_RECORD("contact_point", goods.address, ADDRESS),
    KITH_WANT(QUERY, "contact_point where kind = 'email' and normal >= :email and normal <= :email",
              goods.mail_of),
    KITH_WANT(QUERY, "contact_point where kind = 'phone' and normal >= :phone and normal <= :phone",
              goods.phone_of),
    KITH_WANT(QUERY,
              "order where contact = :contact and payment_method is not null order by -id limit 1",
              goods.last_paid),
};
const kith_part entry_part = {
    .struct_size = sizeof entry_part,
    .wants = KITH_ARRAY(wants),
    .actions = KITH_ARRAY(actions),
    .reports = KITH_ARRAY(reports),
};
