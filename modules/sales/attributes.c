/* SPDX-License-Identifier: Apache-2.0 */
/* What of a lead is looked at to tell how it will end, as texts. Of a lead that ended only what was
 * known before: what the end itself fills in, as the account that a conversion makes, tells nothing
 * about those that are open. */
#include "sales.h"
#include <stdlib.h>

#define LATE_SIZE 1024
#define LATE_LONG "unknown" /* in lead.set_at_end: nobody knows what was filled in when */

/* -- the setting --------------------------------------------------------------------------------
 */

/* What is written by the end of a lead, or by what follows it; and what names somebody. */
static const char *const too_late[] = {"state",
                                       "score",
                                       "rating",
                                       "chance",
                                       "ended_at",
                                       "set_at_end",
                                       "last_contacted",
                                       "kind",
                                       "kinds",
                                       "lifecycle",
                                       "won",
                                       "pipeline",
                                       "spent",
                                       "purchases",
                                       "open_opportunities",
                                       "priority",
                                       "last_interaction",
                                       "last_purchase",
                                       "first_purchase",
                                       "turnover_share",
                                       "created",
                                       "updated"};

static const struct {
    const char *field, *type;
} link_types[] = {{"referrer", "contact"}, {"owner", "user"}};

static const char *const filled_late[] = {"account", "contact", "territory"};

static int32_t is_any(kith_str name, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (kith_str_is(name, names[i]))
            return 1;
    return 0;
}

static enum attribute_how how_of(kith_str last) {
    if (kith_str_is(last, "email"))
        return BY_DOMAIN;
    return kith_str_is(last, "name") || kith_str_is(last, "phone") ? BY_PRESENCE : BY_VALUE;
}

static kith_str type_behind(kith_str head) {
    for (size_t i = 0; i < sizeof link_types / sizeof *link_types; i++)
        if (kith_str_is(head, link_types[i].field))
            return kith_str_of(link_types[i].type);
    return head;
}

/* "source", "account.industry", "interactions". */
static kith_status read_name(kith_instance *self, kith_str name, struct attribute *a,
                             kith_error *err) {
    const kith_records_v1 *rec = self->records;
    uint64_t dot = 0;
    while (dot < name.len && name.ptr[dot] != '.')
        dot++;
    const kith_str head = {name.ptr, dot};
    const kith_str tail =
        dot < name.len ? (kith_str){name.ptr + dot + 1, name.len - dot - 1} : head;
    *a = (struct attribute){.name = name, .how = how_of(tail)};
    a->may_come_late = is_any(head, filled_late, sizeof filled_late / sizeof *filled_late);
    if (kith_str_is(name, "interactions")) {
        a->how = BY_INTERACTIONS;
        return KITH_OK;
    }
    if (is_any(tail, too_late, sizeof too_late / sizeof *too_late))
        return kith_fail(err, KITH_E_INVAL, NULL,
                         "'%.*s' changes when a lead ends, or after it, and tells nothing about "
                         "open ones; take it out",
                         KITH_CHARS(name));
    KITH_TRY(rec->field(self->host, self->lead.type, head, &a->head, err));
    if (dot == name.len)
        return KITH_OK;
    KITH_TRY(rec->type(self->host, type_behind(head), &a->type, err));
    return rec->field(self->host, a->type, tail, &a->tail, err);
}

/* One of the names, by its place. */
static kith_status read_attribute(kith_instance *self, uint64_t i, struct attribute *a,
                                  kith_error *err) {
    const kith_value *names = self->learned.attribute_names.as.list.items;
    for (uint64_t k = 0; k < i; k++)
        if (kith_equal(names[k], names[i]))
            return kith_fail(err, KITH_E_INVAL, NULL, "'%.*s' stands there twice",
                             KITH_CHARS(names[i].as.s));
    return read_name(self, names[i].as.s, a, err);
}

kith_status attributes_read(kith_instance *self, kith_error *err) {
    struct learned *l = &self->learned;
    const uint64_t count = kith_rows(&l->attribute_names);
    l->looked_at[LOOK_CREATED] = l->lead.created;
    l->looked_at[LOOK_ENDED_AT] = l->lead.ended_at;
    l->looked_at[LOOK_SET_AT_END] = l->lead.set_at_end;
    l->looked_at_count = LOOK_FIRST;
    if (count > LEARN_ATTRIBUTES_MAX)
        return kith_fail(
            err, KITH_E_INVAL, "learn.attributes", "%s: there are %llu attributes; %d is the most",
            sales_place(self, "learn.attributes"), (unsigned long long)count, LEARN_ATTRIBUTES_MAX);
    for (uint64_t i = 0; i < count; i++) {
        kith_error why = {.struct_size = sizeof why};
        const kith_status st = read_attribute(self, i, &l->attributes[l->attribute_count], &why);
        if (st != KITH_OK)
            return kith_fail(err, st, "learn.attributes", "%s: %.400s",
                             sales_place(self, "learn.attributes"), why.message);
        struct attribute *a = &l->attributes[l->attribute_count++];
        a->at = a->head ? l->looked_at_count : 0;
        if (a->head)
            l->looked_at[l->looked_at_count++] = a->head;
    }
    return KITH_OK;
}

int32_t attributes_have_interactions(const kith_instance *self) {
    for (uint32_t i = 0; i < self->learned.attribute_count; i++)
        if (self->learned.attributes[i].how == BY_INTERACTIONS)
            return 1;
    return 0;
}

/* -- interactions -------------------------------------------------------------------------------
 */

static kith_status take_touch(void *arg, const kith_txn *txn, const kith_row *row,
                              kith_error *err) {
    struct gathered *g = arg;
    struct about_lead about;
    KITH_TRY(KITH_READ(g->self, txn, learned.about, row, &about, err));
    if (about.about.as.link.type != g->self->lead.type || !kith_has(about.at))
        return KITH_OK;
    KITH_TRY(KITH_GROW(g->self, txn, g, err));
    g->items[g->count++] = (struct touch){about.about.as.link.id, about.at.as.i};
    return KITH_OK;
}

static int by_lead(const void *a, const void *b) {
    const struct touch *x = a, *y = b;
    if (x->lead != y->lead)
        return x->lead < y->lead ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

kith_status gathered_read(kith_instance *self, const kith_txn *txn, struct gathered *out,
                          kith_error *err) {
    *out = (struct gathered){.self = self};
    KITH_TRY(KITH_MEMORY(self, txn, &out->linked, LINKED_ROOM, err));
    if (!attributes_have_interactions(self))
        return KITH_OK;
    KITH_TRY(
        self->records->find(txn, self->learned.query.touches, 0, NULL, 0, take_touch, out, err));
    if (out->count)
        qsort(out->items, (size_t)out->count, sizeof *out->items, by_lead);
    return KITH_OK;
}

/* How many there are in front of this one. */
static uint64_t place_of(const struct gathered *g, const struct touch *one) {
    uint64_t low = 0, high = g->count;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (by_lead(&g->items[middle], one) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static kith_status count_touches(kith_instance *self, const kith_txn *txn, kith_id lead,
                                 int64_t until, const struct gathered *gathered, int64_t *count,
                                 kith_error *err) {
    const kith_value params[] = {kith_link(self->lead.type, lead), kith_time(until)};
    kith_value touches;
    if (gathered) {
        *count = (int64_t)(place_of(gathered, &(struct touch){lead, until}) -
                           place_of(gathered, &(struct touch){lead, INT64_MIN}));
        return KITH_OK;
    }
    KITH_TRY(KITH_TOTAL(self, txn, self->learned.query.touches_of, 2, params, &touches, err));
    *count = touches.as.i;
    return KITH_OK;
}

/* -- values -------------------------------------------------------------------------------------
 */

#define ROOM sizeof((struct sight *)0)->room[0]

/* 0, 1, 2-3, 4-7, 8-15, ... with what it is counted in behind. */
static kith_str step_of(int64_t number, const char *unit, char *room) {
    int64_t low = 1;
    if (number < 2) {
        (void)snprintf(room, ROOM, "%s%s", number < 0 ? "below 0" : number == 0 ? "0" : "1", unit);
        return kith_str_of(room);
    }
    while (low <= number / 2)
        low *= 2;
    (void)snprintf(room, ROOM, "%lld-%lld%s", (long long)low, (long long)(low - 1 + low), unit);
    return kith_str_of(room);
}

static int64_t whole(int64_t units, int64_t digits) {
    for (; digits > 0; digits--)
        units /= 10;
    return units;
}

static kith_str money_of(const kith_instance *self, const kith_value *v, char *room) {
    char unit[8] = " ";
    (void)snprintf(unit + 1, sizeof unit - 1, "%.3s", v->as.money.currency);
    const int32_t digits = self->numbers->digits(unit + 1);
    return step_of(whole(v->as.money.minor, digits), unit, room);
}

static kith_str domain_of(kith_str address) {
    uint64_t at = address.len;
    while (at > 0 && address.ptr[at - 1] != '@')
        at--;
    return (kith_str){address.ptr + at, address.len - at};
}

/* One that begins with a line end or a blank is nothing to be named by. */
static kith_str named(kith_str text) {
    return text.len && (unsigned char)text.ptr[0] > ' ' ? text : kith_str_of("given");
}

static kith_str text_of(const kith_instance *self, const struct attribute *a, const kith_value *v,
                        char *room) {
    if (!kith_has(*v))
        return kith_str_of(VALUE_NONE);
    if (a->how == BY_DOMAIN && v->kind == KITH_TEXT)
        return named(domain_of(v->as.s));
    if (a->how == BY_PRESENCE)
        return kith_str_of("given");
    switch (v->kind) {
    case KITH_TEXT:
        return named(v->as.s);
    case KITH_BOOL:
        return kith_str_of(v->as.i ? "yes" : "no");
    case KITH_INT:
        return step_of(v->as.i, "", room);
    case KITH_DECIMAL:
        return step_of(whole(v->as.decimal.units, v->as.decimal.scale), "", room);
    case KITH_DURATION:
        return step_of(v->as.i / KITH_DAY_MS, " days", room);
    case KITH_MONEY:
        return money_of(self, v, room);
    default:
        return kith_str_of("given");
    }
}

/* -- looking ------------------------------------------------------------------------------------
 */

/* One lead, while it is looked at. */
struct looking {
    kith_instance *self;
    const kith_txn *txn;
    kith_id lead;
    kith_value read[LOOK_FIRST + LEARN_ATTRIBUTES_MAX];
    struct gathered *gathered;
    int32_t is_past;
};

static int32_t has_item(kith_str list, kith_str item) {
    for (uint64_t i = 0; i < list.len;) {
        uint64_t end = i;
        while (end < list.len && list.ptr[end] != ',')
            end++;
        if (kith_str_equal((kith_str){list.ptr + i, end - i}, item))
            return 1;
        i = end + 1;
    }
    return 0;
}

static kith_str head_name(const struct attribute *a) {
    uint64_t len = 0;
    while (len < a->name.len && a->name.ptr[len] != '.')
        len++;
    return (kith_str){a->name.ptr, len};
}

/* Empty: it is looked at as it stands. */
static kith_str before_its_end(const struct looking *l, const struct attribute *a) {
    const kith_value *late = &l->read[LOOK_SET_AT_END];
    if (!l->is_past)
        return kith_str_of("");
    if (a->may_come_late && (!kith_has(l->read[LOOK_ENDED_AT]) || (kith_is(*late, LATE_LONG))))
        return kith_str_of(VALUE_UNKNOWN);
    return late->kind == KITH_TEXT && has_item(late->as.s, head_name(a)) ? kith_str_of(VALUE_NONE)
                                                                         : kith_str_of("");
}

/* In the first days, which are the same for all: of a lead that is younger, or ended in them, it is
 * not known. */
static kith_status interactions_of(struct looking *l, kith_str *out, char *room, kith_error *err) {
    kith_instance *self = l->self;
    const kith_value *ended = &l->read[LOOK_ENDED_AT], *created = &l->read[LOOK_CREATED];
    int64_t count = 0, known_until = self->host->now(self->host);
    *out = kith_str_of(VALUE_UNKNOWN);
    if (l->is_past)
        known_until = ended->kind == KITH_TIME ? ended->as.i : 0;
    if (created->kind != KITH_TIME || created->as.i > known_until - self->learned.early.as.i)
        return KITH_OK;
    KITH_TRY(count_touches(self, l->txn, l->lead, created->as.i + self->learned.early.as.i,
                           l->gathered, &count, err));
    *out = step_of(count, "", room);
    return KITH_OK;
}

/* Mixed twice: ids that were given at the same time lie at even distances, also after one step. */
static uint64_t linked_place(kith_id id, uint32_t attribute) {
    const uint64_t mix = UINT64_C(0x9e3779b97f4a7c15);
    const uint64_t once = id * mix;
    return ((once ^ once >> 32) + attribute) * mix >> (64 - LINKED_BITS);
}

/* What is linked to is often the same for many leads. */
static kith_status linked_text(const struct looking *l, uint32_t i, kith_id id, kith_str *out,
                               char *room, kith_error *err) {
    const struct attribute *a = &l->self->learned.attributes[i];
    struct linked *known = l->gathered ? &l->gathered->linked[linked_place(id, i)] : NULL;
    const uint32_t numbers[] = {a->type, a->tail};
    kith_value v[] = {kith_null(), kith_null()};
    if (known && known->id == id && known->attribute == i) {
        *out = (kith_str){known->text, known->len};
        return KITH_OK;
    }
    KITH_TRY(kith_or_none(kith_load(l->self->records, l->txn, numbers, 1, id, v, err)));
    *out = text_of(l->self, a, &v[1], room);
    if (known && out->len < TERM_SIZE) {
        known->id = id;
        known->attribute = i;
        known->len = (uint32_t)out->len;
        memcpy(known->text, out->ptr, (size_t)out->len);
    }
    return KITH_OK;
}

static kith_status value_of(struct looking *l, uint32_t i, kith_str *out, char *room,
                            kith_error *err) {
    const struct attribute *a = &l->self->learned.attributes[i];
    const kith_value *head = &l->read[a->at];
    *out = before_its_end(l, a);
    if (out->len)
        return KITH_OK;
    if (a->how == BY_INTERACTIONS)
        return interactions_of(l, out, room, err);
    if (a->tail && head->kind == KITH_LINK && head->as.link.type == a->type)
        return linked_text(l, i, head->as.link.id, out, room, err);
    const kith_value none = kith_null();
    *out = text_of(l->self, a, a->tail ? &none : head, room);
    return KITH_OK;
}

kith_status attributes_look(kith_instance *self, const kith_txn *txn, const kith_row *row,
                            int32_t is_past, struct gathered *gathered, struct sight *out,
                            kith_error *err) {
    const struct learned *learned = &self->learned;
    struct looking l = {.self = self, .txn = txn, .gathered = gathered, .is_past = is_past};
    l.lead = self->records->row_id(txn, row);
    KITH_TRY(
        self->records->read(txn, row, learned->looked_at_count, learned->looked_at, l.read, err));
    for (uint32_t i = 0; i < learned->attribute_count; i++)
        KITH_TRY(value_of(&l, i, &out->values[i], out->room[i], err));
    return KITH_OK;
}

/* -- the end of a lead --------------------------------------------------------------------------
 */

static int32_t has_ended(kith_value state) {
    return kith_is(state, "converted") || kith_is(state, "unqualified");
}

/* A field of the lead that the same write fills in which ends it. */
static kith_status note_filled(kith_instance *self, const kith_txn *txn, const kith_row *before,
                               const kith_change *change, uint32_t field, kith_str name,
                               char out[LATE_SIZE], kith_error *err) {
    kith_value was = kith_null();
    const size_t at = strlen(out);
    if (!field || self->records->changed(txn, change, field) != 1)
        return KITH_OK;
    KITH_TRY(self->records->read(txn, before, 1, &field, &was, err));
    if (!kith_has(was) && at + (size_t)name.len + 2 < LATE_SIZE)
        (void)snprintf(out + at, LATE_SIZE - at, "%s%.*s", at ? "," : "", KITH_CHARS(name));
    return KITH_OK;
}

/* As "account,territory". The links that a conversion makes are noted in any case, since they may
 * be looked at one day. */
static kith_status filled_in(kith_instance *self, const kith_txn *txn, const kith_row *before,
                             const kith_change *change, char out[LATE_SIZE], kith_error *err) {
    const struct learned *l = &self->learned;
    const uint32_t links[] = {self->lead.account, self->lead.contact,
                              self->lead.territory}; /* filled_late */
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        KITH_TRY(note_filled(self, txn, before, change, links[i], kith_str_of(filled_late[i]), out,
                             err));
    for (uint32_t i = 0; i < l->attribute_count; i++) {
        const kith_str name = head_name(&l->attributes[i]);
        if (!l->attributes[i].may_come_late)
            KITH_TRY(note_filled(self, txn, before, change, l->attributes[i].head, name, out, err));
    }
    return KITH_OK;
}

kith_status ending_hook(kith_instance *self, kith_txn *txn, kith_change *change, kith_error *err) {
    struct past_lead asked, lead;
    char late[LATE_SIZE] = "";
    KITH_TRY(KITH_CHANGE(self, txn, change, learned.lead, &asked, err));
    const int32_t ended = has_ended(asked.state), is_new = change->kind == KITH_ON_CREATE;
    if (is_new && !ended)
        return KITH_OK;
    if (ended && !is_new)
        KITH_TRY(filled_in(self, txn, change->before, change, late, err));
    lead = asked;
    lead.set_at_end = is_new ? kith_text(LATE_LONG) : late[0] ? kith_text(late) : kith_null();
    if (!ended)
        lead.ended_at = kith_null();
    else if (self->records->changed(txn, change, self->learned.lead.ended_at) != 1 &&
             change->origin != KITH_ORIGIN_IMPORT)
        lead.ended_at = KITH_NOW(self);
    return KITH_SET_CHANGED(self, txn, change, learned.lead, &asked, &lead, err);
}
