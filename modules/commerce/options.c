/* SPDX-License-Identifier: Apache-2.0 */
/* What can be chosen of a product: groups of options, and rules about what goes together. Rules are
 * checked when they are written: what they name is there, and they can all be kept. */
#include "commerce.h"

/* -- hooks: groups and options ------------------------------------------------------------------
 */

static int32_t is_changed(kith_instance *self, const kith_txn *txn, const kith_change *change,
                          uint32_t field) {
    return self->records->changed(txn, change, field) == 1;
}

static kith_status group_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    struct option_group g, *others;
    uint64_t count = 0;
    KITH_TRY(KITH_CHANGE(self, txn, change, configure.group, &g, err));
    if (change->before && is_changed(self, txn, change, self->configure.group.product))
        return kith_fail(err, KITH_E_REFUSED, "product",
                         "product: a group stays with its product; make another group there");
    if (kith_has(g.max_options) && g.min_options.as.i > g.max_options.as.i)
        return kith_fail(err, KITH_E_REFUSED, "max_options",
                         "max_options: at least %lld and at most %lld cannot both be; raise it, or "
                         "lower min_options",
                         (long long)g.min_options.as.i, (long long)g.max_options.as.i);
    const kith_value params[] = {g.product, g.code};
    KITH_TRY(KITH_FIND(self, txn, configure.group, self->configure.same_group, 2, params, &others,
                       &count, err));
    for (uint64_t i = 0; i < count; i++)
        if (others[i].id.as.link.id != change->id)
            return kith_fail(err, KITH_E_CONFLICT, "code",
                             "code: the product has a group '%.*s' already; take another code",
                             SHOW(g.code.as.s));
    return KITH_OK;
}

/* Rules go by codes: one that they name stays what it is. */
static kith_status keep_named(kith_instance *self, kith_txn *txn, kith_value product, kith_str code,
                              kith_error *err) {
    struct catalogue c;
    KITH_TRY(catalogue_read(self, txn, product, 1, &c, err));
    const int32_t v = catalogue_find(&c, code);
    for (uint64_t i = 0; v && i < c.rule_count; i++) {
        const struct named lists[] = {c.names[i].when, c.names[i].unless, c.names[i].options,
                                      c.names[i].otherwise};
        for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
            for (uint32_t n = 0; n < lists[k].count; n++)
                if (lists[k].options[n] == v) {
                    struct words w = {.host = self->host, .txn = txn};
                    tell_cause(&w, &c, (uint32_t)i);
                    return kith_fail(err, KITH_E_REFUSED, "code",
                                     "code: a rule goes by '%.*s' (%s); change that rule first, "
                                     "or only the name",
                                     SHOW(code), w.count ? w.at : "");
                }
    }
    return KITH_OK;
}

static kith_status check_option(kith_instance *self, const kith_txn *txn, const struct option *o,
                                const struct option_group *g, kith_error *err) {
    struct option *others;
    uint64_t count = 0;
    if (kith_has(o->price) && kith_has(o->percent))
        return kith_fail(err, KITH_E_REFUSED, "percent",
                         "percent: an option has a price, or percent of the product's price, and "
                         "not both");
    if (kith_has(o->part) && o->part.as.link.id == g->product.as.link.id)
        return kith_fail(err, KITH_E_REFUSED, "part",
                         "part: a product is no part of itself; name another one");
    const kith_value params[] = {g->product, o->code};
    KITH_TRY(KITH_FIND(self, txn, configure.option, self->configure.same_option, 2, params, &others,
                       &count, err));
    for (uint64_t i = 0; i < count; i++)
        if (others[i].id.as.link.id != o->id.as.link.id)
            return kith_fail(err, KITH_E_CONFLICT, "code",
                             "code: the product has an option '%.*s' already; take another code",
                             SHOW(o->code.as.s));
    return KITH_OK;
}

static kith_status option_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                               kith_error *err) {
    struct option o, old;
    struct option_group g, from;
    KITH_TRY(KITH_CHANGE(self, txn, change, configure.option, &o, err));
    KITH_TRY(KITH_LOAD(self, txn, configure.group, o.option_group.as.link.id, &g, err));
    o.id.as.link.id = change->id;
    KITH_TRY(check_option(self, txn, &o, &g, err));
    if (!change->before)
        return KITH_OK;
    KITH_TRY(KITH_READ(self, txn, configure.option, change->before, &old, err));
    if (o.option_group.as.link.id != old.option_group.as.link.id) {
        KITH_TRY(KITH_LOAD(self, txn, configure.group, old.option_group.as.link.id, &from, err));
        if (from.product.as.link.id != g.product.as.link.id)
            return kith_fail(
                err, KITH_E_REFUSED, "option_group",
                "option_group: it is a group of another product; make an option there");
    }
    if (is_changed(self, txn, change, self->configure.option.code))
        KITH_TRY(keep_named(self, txn, g.product, old.code.as.s, err));
    return KITH_OK;
}

/* -- hooks: rules -------------------------------------------------------------------------------
 */

static kith_status check_effect(const struct rule *r, const struct rule_names *n, kith_error *err) {
    const int32_t price = kith_is(r->kind, "price");
    if (price && kith_has(r->amount) == kith_has(r->percent))
        return kith_fail(err, KITH_E_REFUSED, "amount",
                         "amount: a rule about the price has an amount, or percent of the "
                         "product's price, and not both");
    if (price && (n->options.count || n->otherwise.count))
        return kith_fail(err, KITH_E_REFUSED, "options",
                         "options: a rule about the price changes no options; name them in when "
                         "and unless");
    if (!price && (kith_has(r->amount) || kith_has(r->percent)))
        return kith_fail(err, KITH_E_REFUSED, "amount",
                         "amount: a rule that %.*s changes no price; write another rule of the "
                         "kind price",
                         SHOW(r->kind.as.s));
    if (!price && !n->options.count && !n->otherwise.count)
        return kith_fail(err, KITH_E_REFUSED, "options", "options: say which options it %.*s",
                         SHOW(r->kind.as.s));
    if (n->otherwise.count && !n->when.count && !n->unless.count)
        return kith_fail(err, KITH_E_REFUSED, "otherwise",
                         "otherwise: without when and unless there is no else; use the kind "
                         "implies");
    return KITH_OK;
}

static kith_status check_once(const struct catalogue *c, const struct rule_names *n,
                              kith_error *err) {
    static const char *const names[] = {"when", "unless", "options"};
    const struct named lists[] = {n->when, n->unless, n->options};
    for (int a = 0; a < 3; a++)
        for (int b = a + 1; b < 3; b++)
            for (uint32_t i = 0; i < lists[a].count; i++)
                for (uint32_t k = 0; k < lists[b].count; k++)
                    if (lists[a].options[i] == lists[b].options[k]) {
                        const kith_str code = c->options[lists[a].options[i] - 1].code.as.s;
                        return kith_fail(err, KITH_E_REFUSED, names[b],
                                         "%s: '%.*s' stands in %s, too; name it in one of them",
                                         names[b], SHOW(code), names[a]);
                    }
    return KITH_OK;
}

static kith_status check_names(const struct catalogue *c, const struct rule *r, kith_error *err) {
    static const char *const names[] = {"when", "unless", "options", "otherwise"};
    const kith_value *const lists[] = {&r->when, &r->unless, &r->options, &r->otherwise};
    for (int k = 0; k < 4; k++)
        for (uint64_t i = 0; i < kith_rows(lists[k]); i++)
            if (!catalogue_find(c, lists[k]->as.list.items[i].as.s))
                return refuse_name(c, names[k], lists[k]->as.list.items[i].as.s, err);
    return KITH_OK;
}

/* Is there a choice that keeps to all rules? */
static kith_status check_possible(struct catalogue *c, const char *field, kith_error *err) {
    struct clash clash;
    struct words w = {.host = c->self->host, .txn = c->txn};
    int32_t possible;
    KITH_TRY(puzzle_solve(&c->puzzle, 0, NULL, &possible, err));
    if (possible)
        return KITH_OK;
    KITH_TRY(puzzle_clash(&c->puzzle, 0, NULL, &clash, err));
    tell_causes(&w, c, &clash);
    return kith_fail(err, KITH_E_REFUSED, field,
                     "%s: '%.*s' could not be configured at all; these clash: %s", field,
                     SHOW(c->product_name), w.count ? w.at : "");
}

static kith_status check_rule(struct catalogue *c, const struct rule *r, kith_id id,
                              kith_error *err) {
    uint64_t i = 0;
    while (i + 1 < c->rule_count && c->rules[i].id.as.link.id != id)
        i++;
    KITH_TRY(check_names(c, r, err));
    KITH_TRY(check_effect(r, &c->names[i], err));
    KITH_TRY(check_once(c, &c->names[i], err));
    return kith_is(r->kind, "price") ? KITH_OK : check_possible(c, "options", err);
}

static kith_status rule_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                             kith_error *err) {
    struct catalogue c;
    struct rule r;
    KITH_TRY(KITH_CHANGE(self, txn, change, configure.rule, &r, err));
    KITH_TRY(catalogue_read(self, txn, r.product, 1, &c, err));
    const kith_status st = check_rule(&c, &r, change->id, err);
    puzzle_end(&c.puzzle);
    return st;
}

static kith_status bounds_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                               kith_error *err) {
    struct catalogue c;
    struct option_group g;
    KITH_TRY(KITH_CHANGE(self, txn, change, configure.group, &g, err));
    KITH_TRY(catalogue_read(self, txn, g.product, 1, &c, err));
    const kith_status st = check_possible(&c, "min_options", err);
    puzzle_end(&c.puzzle);
    return st;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field group_fields[] = {
    F("product", LINK, .options = "product", .flags = KITH_FF_REQUIRED | KITH_FF_PARTOF,
      .doc = "Whose options these are."),
    F("code", TEXT, .flags = KITH_FF_REQUIRED, .max = "40", .doc = "Short name: colour."),
    F("name", TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_SEARCHED,
      .doc = "What is chosen by it: Colour."),
    F("question", TEXT, .doc = "What the customer is asked: Which colour do you like?"),
    F("min_options", INTEGER, .default_text = "1", .min = "0", .max = "1000",
      .flags = KITH_FF_REQUIRED, .doc = "How many of its options are chosen at least."),
    F("max_options", INTEGER, .default_text = "1", .min = "1", .max = "1000",
      .doc = "How many at most; empty: all of them."),
    F("position", INTEGER, .default_text = "0", .doc = "Groups are asked from low to high."),
};

static const kith_field option_fields[] = {
    F("option_group", LINK, .options = "option_group", .flags = KITH_FF_REQUIRED | KITH_FF_PARTOF,
      .doc = "The group that it stands in."),
    F("code", TEXT, .flags = KITH_FF_REQUIRED, .max = "40",
      .doc = "Short name by which rules and orders go; one of its kind in the product: red."),
    F("name", TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_SEARCHED, .doc = "What it is called."),
    F("part", LINK, .options = "product",
      .doc =
          "The product that it stands for: it is reserved with an order, and when it is retired, "
          "the option cannot be chosen."),
    F("price", MONEY, .measure = KITH_M_ORDINAL,
      .doc = "What it adds to the price of the product; less than 0 takes off."),
    F("percent", PERCENT, .min = "-100", .max = "1000",
      .doc = "Instead: percent of the product's price that it adds."),
    F("preferred", BOOLEAN, .default_text = "false",
      .doc = "Taken when a choice is completed and nothing else was said."),
    F("position", INTEGER, .default_text = "0", .doc = "Options are shown from low to high."),
    F("description", LONGTEXT, .doc = "For who chooses."),
};

static const kith_field rule_fields[] = {
    F("product", LINK, .options = "product", .flags = KITH_FF_REQUIRED | KITH_FF_PARTOF,
      .doc = "Of which product."),
    F("kind", CHOICE, .options = "requires,implies,excludes,price", .flags = KITH_FF_REQUIRED,
      .doc = "What holds then: one of the options at least is chosen, all of them are, none is, or "
             "the price changes."),
    F("when", TAGS, .doc = "If all of these are chosen; codes of options. Empty: always."),
    F("unless", TAGS, .doc = "And none of these."),
    F("options", TAGS, .doc = "Which options it is about."),
    F("otherwise", TAGS, .doc = "Else these are chosen."),
    F("amount", MONEY, .doc = "What is added to the price; less than 0 takes off."),
    F("percent", PERCENT, .min = "-100", .max = "1000",
      .doc = "Instead: percent of the product's price that is added."),
    F("message", TEXT, .flags = KITH_FF_SEARCHED,
      .doc = "Why, for who chooses: Leather is not made in red."),
};

static const kith_type types[] = {
    {.name = "option_group",
     .label = "Option group",
     .doc = "One thing to choose about a product, as its colour.",
     .title = "name",
     .fields = KITH_ARRAY(group_fields)},
    {.name = "product_option",
     .label = "Product option",
     .doc = "One of the answers, and what it adds to the price.",
     .title = "name",
     .fields = KITH_ARRAY(option_fields)},
    {.name = "configuration_rule",
     .label = "Configuration rule",
     .doc = "If some options are chosen and others not, what holds for more of them.",
     .title = "kind",
     .fields = KITH_ARRAY(rule_fields)},
};

static const char *const bounds[] = {"min_options", "max_options"};
static const kith_hook hooks[] = {
    {.name = "option_group",
     .type = "option_group",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = group_hook,
     .doc = "Refuses bounds that exclude each other, and a second group of the same code."},
    {.name = "group_bounds",
     .type = "option_group",
     .on = KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = bounds_hook,
     .fields = KITH_ARRAY(bounds),
     .doc = "Refuses bounds by which the product could not be configured."},
    {.name = "product_option",
     .type = "product_option",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = option_hook,
     .doc = "Keeps codes of options single, and those that rules go by."},
    {.name = "rule",
     .type = "configuration_rule",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = rule_hook,
     .doc = "Refuses rules that name what is not there, or that cannot all be kept."},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("option_group", configure.group, OPTION_GROUP),
    KITH_WANT_RECORD("product_option", configure.option, OPTION),
    KITH_WANT_RECORD("configuration_rule", configure.rule, RULE),
    KITH_WANT(QUERY, "option_group where product = :product order by position, id",
              configure.groups_of),
    KITH_WANT(QUERY, "option_group where product = :product and code = :code",
              configure.same_group),
    KITH_WANT(QUERY, "product_option where option_group.product = :product order by position, id",
              configure.options_of),
    KITH_WANT(QUERY,
              "product_option where option_group.product = :product and part.state = 'retired'",
              configure.retired_of),
    KITH_WANT(
        QUERY,
        "product_option where option_group.product = :product and part is not null order by id",
        configure.parts_of),
    KITH_WANT(QUERY, "product_option where option_group.product = :product and code = :code",
              configure.same_option),
    KITH_WANT(QUERY, "configuration_rule where product = :product order by id", configure.rules_of),
};
const kith_part option_part = {
    .struct_size = sizeof option_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
};
