/* SPDX-License-Identifier: Apache-2.0 */
/* Why what somebody bought fits them: a word that reassures after a purchase, out of what is known
 * of the customer: what they own, bought before, chose and are interested in. */
#include "commerce.h"

#define WHY_MAX  600
#define NOTE_MAX 8000

struct reasons {
    kith_instance *self;
    const kith_txn *txn;
    const struct tracked *order;
    kith_value who;
    uint32_t of; /* 0: a person, 1: an organisation */
    char why[WHY_MAX];
};

/* A sentence behind the others, as long as there is room for all of it. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
because(struct reasons *r, const char *format, ...) {
    const size_t at = strlen(r->why);
    va_list args;
    va_start(args, format);
    if (at)
        r->why[at] = ' ';
    const size_t from = at + (at > 0);
    const int length = vsnprintf(r->why + from, WHY_MAX - from, format, args);
    va_end(args);
    if (length < 0 || from + (size_t)length >= WHY_MAX)
        r->why[at] = '\0';
}

static int shown(kith_str s) {
    return (int)(s.len < 80 ? s.len : 80);
}

/* What they own, or ordered before, is related to it. */
static kith_status because_of_kin(struct reasons *r, const struct fitting *line, kith_error *err) {
    static const char *const words[][2] = {{"complement", "It goes with your"},
                                           {"upgrade", "It is the next step up from your"},
                                           {"successor", "It is the successor of your"},
                                           {"exchange", "It takes the place of your"},
                                           {"spare_part", "It is made for your"}};
    const kith_value params[] = {line->product, r->who, r->order->id};
    struct kin *kin = NULL;
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(r->self, r->txn, care.kin, r->self->care.query.kin[r->of], 3, params, &kin,
                       &count, err));
    for (uint64_t i = 0; i < count; i++) {
        struct apt other;
        KITH_TRY(KITH_LOAD(r->self, r->txn, care.apt, kin[i].product.as.link.id, &other, err));
        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            if (kith_is(kin[i].kind, words[k][0]))
                because(r, "%s %.*s.", words[k][1], shown(other.name.as.s), other.name.as.s.ptr);
    }
    return KITH_OK;
}

static kith_status because_of_habit(struct reasons *r, const struct fitting *line,
                                    kith_error *err) {
    const kith_value params[] = {line->product, r->who, r->order->id};
    kith_value times;
    KITH_TRY(
        KITH_TOTAL(r->self, r->txn, r->self->care.query.before[r->of], 3, params, &times, err));
    if (times.as.i == 1)
        because(r, "You have ordered it before.");
    else if (times.as.i > 1)
        because(r, "You have ordered it %lld times before.", (long long)times.as.i);
    return KITH_OK;
}

static int letter(char c) {
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}
static int32_t same_word(kith_str a, kith_str b) {
    if (a.len != b.len || a.len == 0)
        return 0;
    for (uint64_t i = 0; i < a.len; i++)
        if (letter(a.ptr[i]) != letter(b.ptr[i]))
            return 0;
    return 1;
}

/* What they are interested in is a tag of the product, or its category. */
static kith_status because_of_taste(struct reasons *r, const struct apt *product, kith_error *err) {
    struct taste person;
    struct sort category;
    if (!kith_has(r->order->contact))
        return KITH_OK;
    KITH_TRY(KITH_FOLLOW(r->self, r->txn, care.taste, r->order->contact, &person, err));
    KITH_TRY(KITH_FOLLOW(r->self, r->txn, care.sort, product->category, &category, err));
    const uint64_t wishes = kith_rows(&person.interests), tags = kith_rows(&product->tags);
    for (uint64_t i = 0; i < wishes; i++) {
        const kith_str wish = person.interests.as.list.items[i].as.s;
        int32_t is = category.name.kind == KITH_TEXT && same_word(wish, category.name.as.s);
        for (uint64_t k = 0; k < tags && !is; k++)
            is = same_word(wish, product->tags.as.list.items[k].as.s);
        if (is)
            because(r, "You are interested in %.*s.", shown(wish), wish.ptr);
    }
    return KITH_OK;
}

static void because_of_choice(struct reasons *r, const struct fitting *line) {
    const uint64_t count = kith_rows(&line->chosen);
    char list[200] = "";
    for (uint64_t i = 0; i < count; i++) {
        const size_t at = strlen(list);
        const kith_str option = line->chosen.as.list.items[i].as.s;
        (void)snprintf(list + at, sizeof list - at, "%s%.*s", i ? ", " : "", shown(option),
                       option.ptr);
    }
    if (count)
        because(r, "It is made as you chose it: %s.", list);
}

struct fit_row {
    kith_value line, product, name, personal, why;
};

static kith_status fit_line(struct reasons *r, kith_call *call, const struct fitting *line,
                            char *note, kith_error *err) {
    struct apt product;
    const size_t at = strlen(note);
    r->why[0] = '\0';
    KITH_TRY(KITH_LOAD(r->self, r->txn, care.apt, line->product.as.link.id, &product, err));
    if (r->who.kind == KITH_LINK)
        KITH_TRY(because_of_kin(r, line, err));
    if (r->who.kind == KITH_LINK)
        KITH_TRY(because_of_habit(r, line, err));
    KITH_TRY(because_of_taste(r, &product, err));
    because_of_choice(r, line);
    const kith_value personal = kith_bool(r->why[0] != '\0');
    if (product.value_proposition.kind == KITH_TEXT)
        because(r, "%.*s", KITH_CHARS(product.value_proposition.as.s));
    const struct fit_row row = {line->id, product.id, product.name, personal,
                                r->why[0] ? kith_text(r->why) : kith_null()};
    if (r->why[0])
        (void)snprintf(note + at, NOTE_MAX - at, "%s%.*s: %s", at ? "\n" : "",
                       shown(product.name.as.s), product.name.as.s.ptr, r->why);
    return KITH_ROW(r->self, call, &row, err);
}

static kith_status fits_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct reasons r = {.self = self, .txn = self->calls->view(call)};
    kith_value number;
    struct tracked order;
    struct fitting *lines = NULL;
    uint64_t count = 0;
    char *note;
    struct {
        kith_value order, state, note;
    } results;
    KITH_TRY(self->calls->arg(call, 0, &number, err));
    KITH_TRY(track_find(self, r.txn, number, kith_null(), &order, err));
    KITH_TRY(KITH_FIND(self, r.txn, care.fitting, self->care.query.lines, 1, &order.id, &lines,
                       &count, err));
    KITH_TRY(KITH_MEMORY(self, r.txn, &note, NOTE_MAX, err));
    r.order = &order;
    r.of = order.contact.kind != KITH_LINK;
    r.who = r.of ? order.account : order.contact;
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(fit_line(&r, call, &lines[i], note, err));
    results.order = order.id;
    results.state = order.state;
    results.note = *note ? kith_text(note) : kith_null();
    return KITH_RESULTS(self, call, &results, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field params[] = {
    F("number", TEXT, .flags = KITH_FF_REQUIRED, .doc = "The number of the order."),
};
static const kith_field results[] = {
    F("order", LINK, .options = "order", .doc = "The order."),
    F("state", TEXT, .doc = "Where it stands."),
    F("note", LONGTEXT, .doc = "All of it, as a note to the customer."),
};
static const kith_field columns[] = {
    F("line", LINK, .options = "order_line", .doc = "Of which line."),
    F("product", LINK, .options = "product", .doc = "What was bought."),
    F("name", TEXT, .doc = "What it is called."),
    F("personal", BOOLEAN, .doc = "It is out of what is known of the customer."),
    F("why", LONGTEXT, .doc = "Why it fits; its value proposition at the end."),
};
static const kith_action actions[] = {
    {.name = "fits",
     .doc = "Why what somebody ordered fits them: by what they own, ordered before, chose and are "
            "interested in.",
     .effect = KITH_EFFECT_READ,
     .fn = fits_action,
     .params = KITH_ARRAY(params),
     .results = KITH_ARRAY(results),
     .columns = KITH_ARRAY(columns)},
};

#define PLACED "state in ('ordered', 'paid', 'shipped', 'delivered')"
#define KIN_OF(whom)                                                                               \
    "product_relation where other = :product and kind in ('complement', 'upgrade', 'successor',"   \
    " 'exchange', 'spare_part') and (exists(asset of product where " whom                          \
    " = :who and state = 'in_use' and (order_line is null or order_line.order != :order)) or"      \
    " exists(order_line of product where order." whom                                              \
    " = :who and order != :order and order." PLACED ")) order by id limit 3"
#define BEFORE(whom)                                                                               \
    "order_line where product = :product and order." whom                                          \
    " = :who and order != :order and order." PLACED " : count() as times"
static const kith_want wants[] = {
    KITH_WANT_RECORD("order_line", care.fitting, FITTING),
    KITH_WANT_RECORD("product", care.apt, APT),
    KITH_WANT_RECORD("product_category", care.sort, SORT),
    KITH_WANT_RECORD("product_relation", care.kin, KIN),
    KITH_WANT_RECORD("contact", care.taste, TASTE),
    KITH_WANT(QUERY, "order_line where order = :order order by id limit 200", care.query.lines),
    KITH_WANT(QUERY, KIN_OF("contact"), care.query.kin[0]),
    KITH_WANT(QUERY, KIN_OF("account"), care.query.kin[1]),
    KITH_WANT(QUERY, BEFORE("contact"), care.query.before[0]),
    KITH_WANT(QUERY, BEFORE("account"), care.query.before[1]),
};
const kith_part fits_part = {
    .struct_size = sizeof fits_part,
    .wants = KITH_ARRAY(wants),
    .actions = KITH_ARRAY(actions),
};
