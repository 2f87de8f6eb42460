/* SPDX-License-Identifier: Apache-2.0 */
/* What can be chosen of a product: its groups, options and rules, as records and as a puzzle. */
#ifndef COMMERCE_CONFIGURE_H
#define COMMERCE_CONFIGURE_H

#include "solve.h"

#define OPTION_GROUP(X)                                                                            \
    X(product) X(code) X(name) X(question) X(min_options) X(max_options) X(position)
#define OPTION(X)                                                                                  \
    X(option_group) X(code) X(name) X(part) X(price) X(percent) X(preferred) X(position)
#define RULE(X)                                                                                    \
    X(product)                                                                                     \
    X(kind) X(when) X(unless) X(options) X(otherwise) X(amount) X(percent) X(message)
#define CONFIGURATION(X)                                                                           \
    X(account) X(contact) X(product) X(chosen) X(quantity) X(state) X(complete) X(price) X(summary)

KITH_RECORD(option_group, OPTION_GROUP);
KITH_RECORD(option, OPTION);
KITH_RECORD(rule, RULE);
KITH_RECORD(configuration, CONFIGURATION);

struct product;
struct line;

/* In the instance. */
struct configure_numbers {
    struct option_group_numbers group;
    struct option_numbers option;
    struct rule_numbers rule;
    struct configuration_numbers configuration;
    uint32_t groups_of, options_of, retired_of, parts_of, rules_of, same_group, same_option;
};

#define SHOW(s) (int)(s).len, (s).ptr

/* Text that grows, in the memory of the callback. */
struct words {
    const kith_host *host;
    const kith_txn *txn;
    char *at; /* ends with a NUL; NULL as long as nothing was said */
    size_t count, room;
};
__attribute__((format(printf, 2, 3))) void tell(struct words *w, const char *format, ...);
kith_value words_value(const struct words *w);
/* The beginning of it, as much as a message has room for. */
const char *words_short(struct words *w);

/* Of one list of a rule: literals of the options that it names, all positive. */
struct named {
    const int32_t *options;
    uint32_t count;
};
struct rule_names {
    struct named when, unless, options, otherwise;
};

/* Options are variables 1 .. option_count, by group and position; behind them stand names in rules
 * that no option has any more. */
struct catalogue {
    kith_instance *self;
    const kith_txn *txn;
    kith_value product; /* whose options these are: the one asked for, or what it is a variant of */
    kith_str product_name;
    struct option_group *groups;
    struct option *options;
    struct rule *rules;
    uint64_t group_count, option_count, rule_count;
    uint32_t *group_of;       /* of option v: group_of[v - 1] */
    struct rule_names *names; /* of each rule */
    int32_t *by_code;         /* variables, ordered by code */
    int8_t *retired;          /* of option v: retired[v - 1], its part is sold no more */
    kith_str *gone;           /* names of no option */
    uint32_t gone_count;
    uint64_t gone_room;
    struct puzzle puzzle;
};

/* Reads what there is of a product. With `lenient` groups that have too few options ask for no
 * more than they have. End it with puzzle_end(&c->puzzle). [reader] */
kith_status catalogue_read(kith_instance *self, const kith_txn *txn, kith_value product,
                           int32_t lenient, struct catalogue *c, kith_error *err);
/* The option with this code, or 0. */
int32_t catalogue_find(const struct catalogue *c, kith_str code);
/* What an option is called. */
kith_str option_name(const struct catalogue *c, int32_t v);
/* Does what the rule asks for hold? `model` as in a puzzle. */
int32_t rule_holds(const struct catalogue *c, uint64_t rule, const int8_t *model);
/* "red, blue and black" */
void tell_options(struct words *w, const struct catalogue *c, struct named list, const char *last);
/* A cause, as a sentence without a full stop. */
void tell_cause(struct words *w, const struct catalogue *c, uint32_t cause);
/* All of them, with "; " between. */
void tell_causes(struct words *w, const struct catalogue *c, const struct clash *clash);
/* Refuses a name that no option has, with the one that may be meant. */
kith_status refuse_name(const struct catalogue *c, const char *field, kith_str name,
                        kith_error *err);

/* What was chosen of a product. */
struct choice {
    struct catalogue c;
    int32_t asked;        /* 0: the product has no options, and nothing else is set */
    int32_t valid;        /* what was chosen goes together */
    int32_t complete;     /* and nothing is missing */
    int32_t hopeless;     /* the rules clash by themselves: nothing can be chosen */
    const int32_t *given; /* what was chosen, without what clashes */
    uint32_t given_count;
    int8_t *clashes;  /* of option v: clashes[v], it was chosen and does not go with the rest */
    int8_t *taken;    /* of option v: taken[v] is 1 when it was chosen, follows, or was added */
    int32_t next;     /* the group to be asked for next, or -1 */
    struct words why; /* why not, or what is missing */
};

/* What comes of choosing these (TAGS or KITH_NULL) of a product; `answered` are codes of groups of
 * which no more is wanted. End it with choice_end(). KITH_E_REFUSED: it has no such options.
 * [reader] */
kith_status choice_make(kith_instance *self, const kith_txn *txn, const struct product *product,
                        kith_value chosen, kith_value answered, struct choice *out,
                        kith_error *err);
/* Adds what is missing, if it is valid: preferred options, else the cheapest, else the first. */
kith_status choice_complete(struct choice *x, kith_value base, kith_error *err);
/* Codes of all that is taken, as TAGS. [reader] */
kith_status choice_codes(const struct choice *x, kith_value *out, kith_error *err);
/* What an option adds to a product that costs so much. */
kith_status choice_surcharge(const struct choice *x, int32_t v, kith_value base, kith_value *out,
                             kith_error *err);
/* The price of the product with all that is taken, from that of the product alone; `how`, unless it
 * is NULL, is told what was added. */
kith_status choice_price(const struct choice *x, kith_value base, kith_value *out,
                         struct words *how, kith_error *err);
/* Refuses a choice that is not valid, or not complete. */
kith_status choice_check(struct choice *x, kith_error *err);
void choice_end(struct choice *x);
/* Whose options a product has: its own, or, as a variant without any, those of what it varies;
 * KITH_NULL: there are none. [reader] */
kith_status choice_owner(kith_instance *self, const kith_txn *txn, const struct product *product,
                         kith_value *owner, kith_error *err);

/* For lines of orders: product and options of a line's configuration, which is ordered by it. */
kith_status configure_take(kith_instance *self, kith_txn *txn, struct line *line, kith_error *err);
/* Products that the chosen options of a line stand for. [reader] */
kith_status configure_parts(kith_instance *self, const kith_txn *txn, const struct line *line,
                            kith_value **parts, uint64_t *count, kith_error *err);
/* A product and what was chosen of it, by name. */
kith_status configure_describe(const struct choice *x, kith_value name, kith_value *out,
                               kith_error *err);

#endif
