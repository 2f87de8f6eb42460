/* SPDX-License-Identifier: Apache-2.0 */
/* What comes of choosing some options of a product: whether they go together, what follows, what is
 * missing, what it costs, and how it could be completed. */
#include "commerce.h"

/* -- does it go together? -----------------------------------------------------------------------
 */

static kith_status read_chosen(struct choice *x, kith_value chosen, kith_error *err) {
    const uint64_t count = kith_rows(&chosen);
    int32_t *given;
    KITH_TRY(KITH_MEMORY(x->c.self, x->c.txn, &given, count, err));
    KITH_TRY(KITH_MEMORY(x->c.self, x->c.txn, &x->clashes, x->c.option_count + 1, err));
    KITH_TRY(KITH_MEMORY(x->c.self, x->c.txn, &x->taken, x->c.option_count + 1, err));
    x->given = given;
    for (uint64_t i = 0; i < count; i++) {
        given[x->given_count] = catalogue_find(&x->c, chosen.as.list.items[i].as.s);
        if (!given[x->given_count++])
            return refuse_name(&x->c, "chosen", chosen.as.list.items[i].as.s, err);
    }
    return KITH_OK;
}

static void tell_clash(struct choice *x, const struct clash *clash) {
    struct words *w = &x->why;
    const struct named chosen = {clash->given, clash->given_count};
    if (w->count)
        tell(w, ". ");
    if (!clash->given_count)
        tell(w, "'%.*s' cannot be configured at all; these clash: ", SHOW(x->c.product_name));
    else {
        tell_options(w, &x->c, chosen, " and ");
        tell(w, clash->given_count == 1 ? " cannot be chosen: " : " do not go together: ");
    }
    tell_causes(w, &x->c, clash);
}

/* Leaves out what clashes, until the rest goes together. */
static kith_status find_clashes(struct choice *x, kith_error *err) {
    struct puzzle *p = &x->c.puzzle;
    int32_t *given, possible = 0;
    struct clash clash;
    KITH_TRY(KITH_MEMORY(x->c.self, x->c.txn, &given, x->given_count, err));
    if (x->given_count)
        memcpy(given, x->given, x->given_count * sizeof *given);
    x->given = given;
    x->valid = 1;
    while (!possible) {
        KITH_TRY(puzzle_solve(p, x->given_count, given, &possible, err));
        if (possible)
            break;
        x->valid = 0;
        KITH_TRY(puzzle_clash(p, x->given_count, given, &clash, err));
        tell_clash(x, &clash);
        x->hopeless = !clash.given_count;
        if (x->hopeless)
            return KITH_OK;
        uint32_t left = 0;
        for (uint32_t i = 0; i < clash.given_count; i++)
            x->clashes[clash.given[i]] = 1;
        for (uint32_t i = 0; i < x->given_count; i++)
            if (!x->clashes[given[i]])
                given[left++] = given[i];
        x->given_count = left;
    }
    return puzzle_settle(p, err);
}

/* -- what is missing? ---------------------------------------------------------------------------
 */

/* Of each group. */
struct tally {
    uint32_t taken, open; /* options */
    int32_t wanted;       /* of its options more are to be taken, by its bounds or by a rule */
};

static int32_t has_code(kith_value list, kith_value code) {
    for (uint64_t i = 0; i < kith_rows(&list); i++)
        if (kith_equal(list.as.list.items[i], code))
            return 1;
    return 0;
}

/* Without any more of the options that are open. */
static kith_status check_rules(struct choice *x, struct tally *groups, kith_error *err) {
    struct catalogue *c = &x->c;
    int32_t *rest;
    uint32_t count = 0;
    struct clash clash;
    KITH_TRY(KITH_MEMORY(c->self, c->txn, &rest, c->option_count + 1, err));
    for (int32_t v = 1; v <= (int32_t)c->option_count; v++)
        if (c->puzzle.value[v] >= 0)
            rest[count++] = c->puzzle.value[v] > 0 ? v : -v;
    KITH_TRY(puzzle_can(&c->puzzle, count, rest, &x->complete, err));
    if (x->complete)
        return KITH_OK;
    KITH_TRY(puzzle_clash(&c->puzzle, count, rest, &clash, err));
    for (uint32_t i = 0; i < clash.given_count; i++)
        if (clash.given[i] < 0)
            groups[c->group_of[-clash.given[i] - 1]].wanted = 1;
    tell(&x->why, "still to be chosen: ");
    tell_causes(&x->why, c, &clash);
    return KITH_OK;
}

static kith_status find_missing(struct choice *x, kith_value answered, kith_error *err) {
    const struct catalogue *c = &x->c;
    struct tally *groups;
    KITH_TRY(KITH_MEMORY(c->self, c->txn, &groups, c->group_count, err));
    for (uint64_t i = 0; i < c->option_count; i++) {
        struct tally *g = &groups[c->group_of[i]];
        g->taken += c->puzzle.value[i + 1] > 0;
        g->open += c->puzzle.value[i + 1] == 0;
    }
    for (uint32_t g = 0; g < c->group_count; g++)
        if (groups[g].taken < c->groups[g].min_options.as.i) {
            tell(&x->why, "%s%.*s",
                 x->why.count ? ", " : "still to be chosen: ", SHOW(c->groups[g].name.as.s));
            groups[g].wanted = 1;
        }
    KITH_TRY(x->why.count ? KITH_OK : check_rules(x, groups, err));
    for (uint32_t g = 0; x->next < 0 && g < c->group_count; g++)
        if (groups[g].open &&
            (groups[g].wanted || (!groups[g].taken && !has_code(answered, c->groups[g].code))))
            x->next = (int32_t)g;
    return KITH_OK;
}

/* -- all of it ----------------------------------------------------------------------------------
 */

kith_status choice_owner(kith_instance *self, const kith_txn *txn, const struct product *product,
                         kith_value *owner, kith_error *err) {
    struct product of;
    *owner = product->option_groups.as.i ? product->id : kith_null();
    if (product->option_groups.as.i || !kith_has(product->variant_of))
        return KITH_OK;
    KITH_TRY(KITH_LOAD(self, txn, product, product->variant_of.as.link.id, &of, err));
    if (of.option_groups.as.i)
        *owner = of.id;
    return KITH_OK;
}

kith_status choice_make(kith_instance *self, const kith_txn *txn, const struct product *product,
                        kith_value chosen, kith_value answered, struct choice *out,
                        kith_error *err) {
    struct choice *x = out;
    kith_value owner;
    *x = (struct choice){.next = -1, .why = {.host = self->host, .txn = txn}};
    KITH_TRY(choice_owner(self, txn, product, &owner, err));
    if (!kith_has(owner)) {
        x->valid = x->complete = 1;
        return !kith_has(chosen)
                   ? KITH_OK
                   : kith_fail(err, KITH_E_REFUSED, "chosen",
                               "chosen: '%.*s' has no options to choose; leave it empty",
                               SHOW(product->name.as.s));
    }
    KITH_TRY(catalogue_read(self, txn, owner, 0, &x->c, err));
    KITH_TRY(read_chosen(x, chosen, err));
    x->asked = 1;
    kith_status st = find_clashes(x, err);
    for (uint64_t v = 1; st == KITH_OK && !x->hopeless && v <= x->c.option_count; v++)
        x->taken[v] = x->c.puzzle.value[v] > 0;
    if (st == KITH_OK && x->valid)
        st = find_missing(x, answered, err);
    if (st != KITH_OK)
        choice_end(x);
    return st;
}

void choice_end(struct choice *x) {
    if (x->asked)
        puzzle_end(&x->c.puzzle);
}

kith_status choice_check(struct choice *x, kith_error *err) {
    if (x->valid && x->complete)
        return KITH_OK;
    return kith_fail(err, KITH_E_REFUSED, "chosen", "chosen: %s", words_short(&x->why));
}

kith_status choice_codes(const struct choice *x, kith_value *out, kith_error *err) {
    kith_value *codes;
    uint64_t count = 0;
    *out = kith_null();
    if (!x->asked)
        return KITH_OK;
    KITH_TRY(KITH_MEMORY(x->c.self, x->c.txn, &codes, x->c.option_count, err));
    for (uint64_t i = 0; i < x->c.option_count; i++)
        if (x->taken[i + 1])
            codes[count++] = x->c.options[i].code;
    if (count)
        *out = kith_list(codes, count);
    return KITH_OK;
}

/* -- what it costs ------------------------------------------------------------------------------
 */

/* What an option or a rule adds: its amount, or its percent of the price of the product. */
static kith_status effect_of(const struct choice *x, kith_value amount, kith_value percent,
                             kith_value base, kith_value *out, kith_error *err) {
    kith_instance *self = x->c.self;
    *out = amount;
    if (!kith_has(amount) && kith_has(percent))
        return self->numbers->multiply(&base, &percent, 100, money_rounding(self), out, err);
    if (!kith_has(amount))
        *out = money_zero(base.as.money.currency);
    return KITH_OK;
}

kith_status choice_surcharge(const struct choice *x, int32_t v, kith_value base, kith_value *out,
                             kith_error *err) {
    const struct option *o = &x->c.options[v - 1];
    KITH_TRY(effect_of(x, o->price, o->percent, base, out, err));
    if (strcmp(out->as.money.currency, base.as.money.currency) != 0)
        return kith_fail(err, KITH_E_REFUSED, "chosen",
                         "chosen: '%.*s' has its price in %s, and the product in %s; give the "
                         "option percent instead",
                         SHOW(o->code.as.s), out->as.money.currency, base.as.money.currency);
    return KITH_OK;
}

static kith_status add_effect(const struct choice *x, kith_value effect, kith_str name,
                              kith_value *sum, struct words *how, kith_error *err) {
    char text[KITH_NUMBER_TEXT];
    if (how && effect.as.money.minor) {
        x->c.self->numbers->text(&effect, text);
        tell(how, "; %.*s: %s", SHOW(name), text);
    }
    return x->c.self->numbers->add(sum, 1, &effect, sum, err);
}

static kith_status add_rules(const struct choice *x, kith_value base, kith_value *sum,
                             struct words *how, kith_error *err) {
    const struct catalogue *c = &x->c;
    kith_value effect;
    for (uint64_t i = 0; i < c->rule_count; i++) {
        const struct rule *r = &c->rules[i];
        struct words name = {.host = c->self->host, .txn = c->txn};
        if (!kith_is(r->kind, "price") || !rule_holds(c, i, x->taken))
            continue;
        KITH_TRY(effect_of(x, r->amount, r->percent, base, &effect, err));
        if (strcmp(effect.as.money.currency, base.as.money.currency) != 0)
            return kith_fail(err, KITH_E_REFUSED, "chosen",
                             "chosen: a rule changes the price in %s, and the product has one in "
                             "%s; give the rule percent instead",
                             effect.as.money.currency, base.as.money.currency);
        if (how)
            tell_cause(&name, c, (uint32_t)i);
        KITH_TRY(add_effect(x, effect, kith_str_of(name.at), sum, how, err));
    }
    return KITH_OK;
}

kith_status choice_price(const struct choice *x, kith_value base, kith_value *out,
                         struct words *how, kith_error *err) {
    kith_value effect;
    char text[KITH_NUMBER_TEXT];
    *out = base;
    if (!x->asked)
        return KITH_OK;
    for (int32_t v = 1; v <= (int32_t)x->c.option_count; v++)
        if (x->taken[v]) {
            KITH_TRY(choice_surcharge(x, v, base, &effect, err));
            KITH_TRY(add_effect(x, effect, x->c.options[v - 1].name.as.s, out, how, err));
        }
    KITH_TRY(add_rules(x, base, out, how, err));
    if (out->as.money.minor >= 0)
        return KITH_OK;
    x->c.self->numbers->text(out, text);
    return kith_fail(err, KITH_E_REFUSED, "chosen",
                     "chosen: with these options '%.*s' would cost %s; let them take off less",
                     SHOW(x->c.product_name), text);
}

/* -- completed ----------------------------------------------------------------------------------
 */

/* An option that could be left out; the dearest of a group first. */
struct dear {
    uint32_t group;
    int64_t costs;
    int32_t v;
};
static int by_cost(const void *a, const void *b) {
    const struct dear *x = a, *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    if (x->costs != y->costs)
        return x->costs > y->costs ? -1 : 1;
    return y->v - x->v;
}

static uint32_t put_preferred(const struct choice *x, int32_t *wishes) {
    const struct catalogue *c = &x->c;
    uint32_t count = 0;
    int32_t decided = -1; /* the group at hand has something that was chosen */
    for (uint32_t i = 0, k = 0; i < c->option_count; i++) {
        if (i == 0 || c->group_of[i] != c->group_of[i - 1]) {
            decided = 0;
            for (k = i; k < c->option_count && c->group_of[k] == c->group_of[i]; k++)
                decided |= x->taken[k + 1];
        }
        if (!decided && c->options[i].preferred.as.i && c->puzzle.value[i + 1] == 0) {
            wishes[count++] = (int32_t)i + 1;
            x->taken[i + 1] = 2; /* wished for */
        }
    }
    return count;
}

/* As many of a group as it wants, the cheapest ones, are likely to stay. */
static uint32_t put_likely(const struct choice *x, const struct dear *rest, uint32_t count,
                           int32_t *likely) {
    const struct catalogue *c = &x->c;
    uint32_t found = 0;
    int64_t wanted = 0;
    for (uint32_t i = count; i-- > 0;) {
        if (i + 1 == count || rest[i].group != rest[i + 1].group) {
            wanted = c->groups[rest[i].group].min_options.as.i;
            for (uint32_t v = 0; v < c->option_count; v++)
                wanted -= c->group_of[v] == rest[i].group && x->taken[v + 1];
        }
        if (wanted-- > 0)
            likely[found++] = rest[i].v;
    }
    return found;
}

kith_status choice_complete(struct choice *x, kith_value base, kith_error *err) {
    struct catalogue *c = &x->c;
    uint32_t count, left = 0;
    if (!x->asked || !x->valid)
        return KITH_OK;
    int32_t *wishes, *likely;
    struct dear *rest;
    KITH_TRY(KITH_MEMORY(c->self, c->txn, &wishes, c->option_count + 1, err));
    KITH_TRY(KITH_MEMORY(c->self, c->txn, &likely, c->option_count + 1, err));
    KITH_TRY(KITH_MEMORY(c->self, c->txn, &rest, c->option_count + 1, err));
    count = put_preferred(x, wishes);
    for (int32_t v = 1; v <= (int32_t)c->option_count; v++)
        if (c->puzzle.value[v] == 0 && x->taken[v] != 2) {
            kith_value costs = kith_number(KITH_MONEY, 0);
            if (base.kind == KITH_MONEY && choice_surcharge(x, v, base, &costs, NULL) != KITH_OK)
                costs.as.money.minor = INT64_MAX; /* in another currency: rather not */
            rest[left++] = (struct dear){c->group_of[v - 1], costs.as.money.minor, v};
        }
    qsort(rest, left, sizeof *rest, by_cost);
    for (uint32_t i = 0; i < left; i++)
        wishes[count++] = -rest[i].v;
    const uint32_t guesses = put_likely(x, rest, left, likely);
    KITH_TRY(puzzle_prefer(&c->puzzle, count, wishes, guesses, likely, err));
    for (uint64_t v = 1; v <= c->option_count; v++)
        x->taken[v] = c->puzzle.model[v] > 0;
    x->complete = 1;
    x->next = -1;
    x->why.count = 0;
    return KITH_OK;
}
