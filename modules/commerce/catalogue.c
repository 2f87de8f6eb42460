/* SPDX-License-Identifier: Apache-2.0 */
/* What can be chosen of a product, as it is stored: read, found by name, told in words, and turned
 * into a puzzle. */
#include "commerce.h"

#define OPTIONS_MAX 4000u /* of a product */
#define RULES_MAX   10000u

/* -- words --------------------------------------------------------------------------------------
 */

void tell(struct words *w, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int more = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (more > 0 && w->count + (size_t)more + 1 > w->room) {
        const size_t room = (w->count + (size_t)more + 1) * 2;
        char *at = w->host->memory(w->txn, room);
        if (at && w->count)
            memcpy(at, w->at, w->count + 1);
        w->at = at ? at : w->at;
        w->room = at ? room : w->room;
    }
    if (more > 0 && w->count + (size_t)more + 1 <= w->room)
        w->count += (size_t)vsnprintf(w->at + w->count, w->room - w->count, format, again);
    va_end(again);
}

/* A message has 447 bytes; the rest of the sentence wants some of them. */
const char *words_short(struct words *w) {
    size_t n = 317;
    if (w->count <= 320)
        return w->count ? w->at : "";
    while (n && (w->at[n] & 0xC0) == 0x80) /* within a character */
        n--;
    memcpy(w->at + n, "...", 4);
    w->count = n + 3;
    return w->at;
}

kith_value words_value(const struct words *w) {
    return w->count ? kith_text(w->at) : kith_null();
}

kith_str option_name(const struct catalogue *c, int32_t v) {
    return (uint64_t)v <= c->option_count ? c->options[v - 1].name.as.s
                                          : c->gone[v - 1 - (int32_t)c->option_count];
}

void tell_options(struct words *w, const struct catalogue *c, struct named list, const char *last) {
    for (uint32_t i = 0; i < list.count; i++) {
        const kith_str name = option_name(c, list.options[i]);
        tell(w, "%s%.*s", !i ? "" : i + 1 < list.count ? ", " : last, SHOW(name));
    }
}

static void tell_condition(struct words *w, const struct catalogue *c, const struct rule_names *n) {
    if (n->when.count)
        tell_options(w, c, n->when, " with ");
    else
        tell(w, "every choice");
    if (n->unless.count) {
        tell(w, " without ");
        tell_options(w, c, n->unless, " or ");
    }
}

static void tell_rule(struct words *w, const struct catalogue *c, uint64_t rule) {
    const struct rule_names *n = &c->names[rule];
    const kith_str message = c->rules[rule].message.as.s, kind = c->rules[rule].kind.as.s;
    if (c->rules[rule].message.kind == KITH_TEXT) {
        const uint64_t full_stop = message.len && message.ptr[message.len - 1] == '.';
        tell(w, "%.*s", (int)(message.len - full_stop), message.ptr);
        return;
    }
    tell_condition(w, c, n);
    if (n->options.count) {
        const int32_t one = kith_str_is(kind, "requires");
        tell(w, one ? " requires " : kith_str_is(kind, "implies") ? " includes " : " excludes ");
        tell_options(w, c, n->options, one ? " or " : " and ");
    }
    if (n->otherwise.count) {
        tell(w, n->options.count ? ", and any other choice includes " : " or else ");
        tell_options(w, c, n->otherwise, " and ");
    }
}

static void tell_group(struct words *w, const struct catalogue *c, uint32_t group) {
    const struct option_group *g = &c->groups[group];
    const kith_str name = g->name.as.s;
    const int64_t least = g->min_options.as.i;
    int64_t count = 0;
    for (uint64_t i = 0; i < c->option_count; i++)
        count += c->group_of[i] == group;
    tell(w, "%.*s: ", SHOW(name));
    if (count < least)
        tell(w, "at least %lld, and it has %lld", (long long)least, (long long)count);
    else if (!kith_has(g->max_options))
        tell(w, "at least %lld", (long long)least);
    else if (least == g->max_options.as.i)
        tell(w, "exactly %lld", (long long)least);
    else if (least)
        tell(w, "%lld to %lld", (long long)least, (long long)g->max_options.as.i);
    else
        tell(w, "at most %lld", (long long)g->max_options.as.i);
}

void tell_cause(struct words *w, const struct catalogue *c, uint32_t cause) {
    if (cause < c->rule_count) {
        tell_rule(w, c, cause);
        return;
    }
    cause -= (uint32_t)c->rule_count;
    if (cause < c->group_count) {
        tell_group(w, c, cause);
        return;
    }
    const int32_t v = (int32_t)(cause - c->group_count) + 1;
    const kith_str name = option_name(c, v);
    tell(w, "%.*s is %s", SHOW(name),
         (uint64_t)v <= c->option_count ? "sold no more" : "no option any more");
}

void tell_causes(struct words *w, const struct catalogue *c, const struct clash *clash) {
    for (uint32_t i = 0; i < clash->cause_count; i++) {
        tell(w, i ? "; " : "");
        tell_cause(w, c, clash->causes[i]);
    }
}

/* -- names --------------------------------------------------------------------------------------
 */

static int compare(kith_str a, kith_str b) {
    const uint64_t n = a.len < b.len ? a.len : b.len;
    const int d = n ? memcmp(a.ptr, b.ptr, (size_t)n) : 0;
    return d ? d : (a.len > b.len) - (a.len < b.len);
}

/* Where the code stands, or would, in by_code. */
static uint64_t place_of(const struct catalogue *c, kith_str code, uint64_t count) {
    uint64_t low = 0, high = count;
    while (low < high) {
        const uint64_t mid = (low + high) / 2;
        if (compare(c->options[c->by_code[mid] - 1].code.as.s, code) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

int32_t catalogue_find(const struct catalogue *c, kith_str code) {
    const uint64_t i = place_of(c, code, c->option_count);
    if (i == c->option_count || compare(c->options[c->by_code[i] - 1].code.as.s, code) != 0)
        return 0;
    return c->by_code[i];
}

/* How many letters to change, add or take away; as much as `most` is far enough. */
#define CODE_MAX 40
static uint32_t distance(kith_str a, kith_str b, uint32_t most) {
    uint32_t row[CODE_MAX + 1];
    if (a.len > CODE_MAX || b.len > CODE_MAX)
        return most;
    for (uint32_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (uint32_t i = 0; i < a.len; i++) {
        uint32_t corner = row[0];
        row[0] = i + 1;
        for (uint32_t j = 0; j < b.len; j++) {
            const uint32_t same = corner + ((a.ptr[i] | 32) != (b.ptr[j] | 32));
            uint32_t best = row[j] < row[j + 1] ? row[j] + 1 : row[j + 1] + 1;
            best = same < best ? same : best;
            corner = row[j + 1];
            row[j + 1] = best;
        }
    }
    return row[b.len] < most ? row[b.len] : most;
}

kith_status refuse_name(const struct catalogue *c, const char *field, kith_str name,
                        kith_error *err) {
    uint32_t near = (uint32_t)(name.len / 2 < 3 ? name.len / 2 : 3) + 1;
    kith_str found = kith_str_of(NULL);
    for (uint64_t i = 0; i < c->option_count; i++) {
        const kith_str code = c->options[i].code.as.s;
        const uint32_t d = distance(code, name, near);
        if (d < near) {
            near = d;
            found = code;
        }
    }
    return kith_fail(err, KITH_E_REFUSED, field, "%s: '%.*s' is no option of '%.*s'%s%.*s%s", field,
                     SHOW(name), SHOW(c->product_name),
                     found.len ? "; did you mean '" : "; write the codes of its options",
                     SHOW(found), found.len ? "'?" : "");
}

/* -- read ---------------------------------------------------------------------------------------
 */

/* Options by group, and in each as they were found. */
static kith_status arrange(struct catalogue *c, const struct option *found, kith_error *err) {
    const uint64_t all = c->option_count;
    uint64_t at = 0;
    KITH_TRY(KITH_MEMORY(c->self, c->txn, &c->options, all, err));
    KITH_TRY(KITH_MEMORY(c->self, c->txn, &c->group_of, all, err));
    KITH_TRY(KITH_MEMORY(c->self, c->txn, &c->by_code, all, err));
    KITH_TRY(KITH_MEMORY(c->self, c->txn, &c->retired, all, err));
    for (uint32_t g = 0; g < c->group_count; g++)
        for (uint64_t i = 0; i < c->option_count; i++)
            if (found[i].option_group.as.link.id == c->groups[g].id.as.link.id) {
                c->group_of[at] = g;
                c->options[at++] = found[i];
            }
    c->option_count = at;
    for (uint64_t i = 0; i < at; i++) {
        const uint64_t place = place_of(c, c->options[i].code.as.s, i);
        memmove(c->by_code + place + 1, c->by_code + place, (i - place) * sizeof *c->by_code);
        c->by_code[place] = (int32_t)i + 1;
    }
    return KITH_OK;
}

static kith_status note_retired(struct catalogue *c, kith_error *err) {
    kith_instance *self = c->self;
    struct option *found;
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(self, c->txn, configure.option, self->configure.retired_of, 1, &c->product,
                       &found, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        const int32_t v = catalogue_find(c, found[i].code.as.s);
        if (v)
            c->retired[v - 1] = 1;
    }
    return KITH_OK;
}

/* A name that no option has gets a number behind them, which holds never. */
static kith_status number_of_gone(struct catalogue *c, kith_str name, int32_t *number,
                                  kith_error *err) {
    uint32_t i = 0;
    while (i < c->gone_count && compare(c->gone[i], name) != 0)
        i++;
    KITH_TRY(
        kith_grow(c->self->host, c->txn, (void *)&c->gone, i, &c->gone_room, sizeof *c->gone, err));
    if (i == c->gone_count)
        c->gone[c->gone_count++] = name;
    *number = (int32_t)(c->option_count + i) + 1;
    return KITH_OK;
}

static kith_status read_names(struct catalogue *c, const kith_value *tags, struct named *out,
                              kith_error *err) {
    const uint32_t count = (uint32_t)kith_rows(tags);
    int32_t *numbers;
    KITH_TRY(KITH_MEMORY(c->self, c->txn, &numbers, count, err));
    *out = (struct named){numbers, count};
    for (uint32_t i = 0; i < count; i++) {
        const kith_str name = tags->as.list.items[i].as.s;
        numbers[i] = catalogue_find(c, name);
        if (!numbers[i])
            KITH_TRY(number_of_gone(c, name, &numbers[i], err));
    }
    return KITH_OK;
}

static kith_status read_rules(struct catalogue *c, kith_error *err) {
    KITH_TRY(KITH_MEMORY(c->self, c->txn, &c->names, c->rule_count, err));
    for (uint64_t i = 0; i < c->rule_count; i++) {
        struct rule_names *n = &c->names[i];
        const struct rule *r = &c->rules[i];
        KITH_TRY(read_names(c, &r->when, &n->when, err));
        KITH_TRY(read_names(c, &r->unless, &n->unless, err));
        KITH_TRY(read_names(c, &r->options, &n->options, err));
        KITH_TRY(read_names(c, &r->otherwise, &n->otherwise, err));
    }
    return KITH_OK;
}

/* -- as a puzzle --------------------------------------------------------------------------------
 */

/* A clause under the condition of a rule: not all of `when`, or one of `unless`, or ... */
static uint32_t put_condition(const struct rule_names *n, int32_t *clause) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < n->when.count; i++)
        clause[count++] = -n->when.options[i];
    for (uint32_t i = 0; i < n->unless.count; i++)
        clause[count++] = n->unless.options[i];
    return count;
}

static void put_else(struct puzzle *p, uint32_t cause, const struct rule_names *n) {
    for (uint32_t k = 0; k < n->otherwise.count; k++) {
        const int32_t other = n->otherwise.options[k];
        for (uint32_t i = 0; i < n->when.count; i++)
            puzzle_clause(p, cause, 2, (const int32_t[]){n->when.options[i], other});
        for (uint32_t i = 0; i < n->unless.count; i++)
            puzzle_clause(p, cause, 2, (const int32_t[]){-n->unless.options[i], other});
    }
}

static void put_rule(struct catalogue *c, uint32_t i, int32_t *clause) {
    const struct rule_names *n = &c->names[i];
    const kith_str kind = c->rules[i].kind.as.s;
    const uint32_t head = put_condition(n, clause);
    const int32_t sign = kith_str_is(kind, "excludes") ? -1 : 1;
    if (kith_str_is(kind, "price"))
        return;
    put_else(&c->puzzle, i, n);
    if (kith_str_is(kind, "requires") && n->options.count) {
        memcpy(clause + head, n->options.options, n->options.count * sizeof *clause);
        puzzle_clause(&c->puzzle, i, head + n->options.count, clause);
        return;
    }
    for (uint32_t k = 0; k < n->options.count; k++) {
        clause[head] = sign * n->options.options[k];
        puzzle_clause(&c->puzzle, i, head + 1, clause);
    }
}

static kith_status put_rules(struct catalogue *c, kith_error *err) {
    uint64_t longest = 0;
    int32_t *clause;
    for (uint64_t i = 0; i < c->rule_count; i++) {
        const struct rule_names *n = &c->names[i];
        const uint64_t all = (uint64_t)n->when.count + n->unless.count + n->options.count + 1;
        longest = all > longest ? all : longest;
    }
    KITH_TRY(KITH_MEMORY(c->self, c->txn, &clause, longest, err));
    for (uint64_t i = 0; i < c->rule_count; i++)
        put_rule(c, (uint32_t)i, clause);
    return KITH_OK;
}

static kith_status put_groups(struct catalogue *c, int32_t lenient, kith_error *err) {
    int32_t *all, *first;
    KITH_TRY(KITH_MEMORY(c->self, c->txn, &all, c->option_count, err));
    first = all;
    for (uint64_t i = 0; i < c->option_count; i++)
        all[i] = (int32_t)i + 1;
    for (uint32_t g = 0; g < c->group_count; g++) {
        const struct option_group *of = &c->groups[g];
        uint32_t count = 0;
        while ((uint64_t)(first - all) + count < c->option_count &&
               c->group_of[first - all + count] == g)
            count++;
        const int64_t least =
            lenient && of->min_options.as.i > count ? count : of->min_options.as.i;
        const int64_t most = !kith_has(of->max_options) || of->max_options.as.i > count
                                 ? count
                                 : of->max_options.as.i;
        puzzle_count(&c->puzzle, (uint32_t)c->rule_count + g, count, first, (uint32_t)least,
                     (uint32_t)most);
        first += count;
    }
    return KITH_OK;
}

/* What is sold no more, or no option any more, is in no choice. */
static void put_missing(struct catalogue *c) {
    const uint32_t causes = (uint32_t)(c->rule_count + c->group_count);
    for (uint32_t i = 0; i < c->option_count + c->gone_count; i++)
        if (i >= c->option_count || c->retired[i])
            puzzle_clause(&c->puzzle, causes + i, 1, (const int32_t[]){-(int32_t)i - 1});
}

static kith_status check_size(const struct catalogue *c, kith_error *err) {
    if (c->option_count <= OPTIONS_MAX && c->rule_count <= RULES_MAX)
        return KITH_OK;
    return kith_fail(err, KITH_E_LIMIT, "product",
                     "product: '%.*s' has %llu options and %llu rules; up to %u and %u are "
                     "possible, make several products of it",
                     SHOW(c->product_name), (unsigned long long)c->option_count,
                     (unsigned long long)c->rule_count, OPTIONS_MAX, RULES_MAX);
}

kith_status catalogue_read(kith_instance *self, const kith_txn *txn, kith_value product,
                           int32_t lenient, struct catalogue *c, kith_error *err) {
    struct option *found;
    struct product p;
    *c = (struct catalogue){.self = self, .txn = txn, .product = product};
    KITH_TRY(KITH_LOAD(self, txn, product, product.as.link.id, &p, err));
    c->product_name = p.name.as.s;
    KITH_TRY(KITH_FIND(self, txn, configure.group, self->configure.groups_of, 1, &product,
                       &c->groups, &c->group_count, err));
    KITH_TRY(KITH_FIND(self, txn, configure.option, self->configure.options_of, 1, &product, &found,
                       &c->option_count, err));
    KITH_TRY(KITH_FIND(self, txn, configure.rule, self->configure.rules_of, 1, &product, &c->rules,
                       &c->rule_count, err));
    KITH_TRY(check_size(c, err));
    KITH_TRY(arrange(c, found, err));
    KITH_TRY(note_retired(c, err));
    KITH_TRY(read_rules(c, err));
    const uint32_t numbers = (uint32_t)c->option_count + c->gone_count;
    puzzle_begin(&c->puzzle, self->host, txn, (int32_t)numbers,
                 (uint32_t)(c->rule_count + c->group_count) + numbers);
    KITH_TRY(put_rules(c, err));
    KITH_TRY(put_groups(c, lenient, err));
    put_missing(c);
    return KITH_OK;
}

int32_t rule_holds(const struct catalogue *c, uint64_t rule, const int8_t *model) {
    const struct rule_names *n = &c->names[rule];
    int32_t holds = 1;
    for (uint32_t i = 0; i < n->when.count; i++)
        holds &= model[n->when.options[i]] > 0;
    for (uint32_t i = 0; i < n->unless.count; i++)
        holds &= model[n->unless.options[i]] <= 0;
    return holds;
}
