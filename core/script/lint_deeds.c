/* SPDX-License-Identifier: Apache-2.0 */
/* Deeds: what each rule reads and writes, with what its helpers do, and rules whose writes set each
 * other off. A set is what the source shows: what an action of a module does is not in it, nor what
 * is written to a record whose type is not known. */
#include "script/lint.h"

#include "base/log.h"

#include <string.h>

#define CYCLES_MAX 20
#define EDGES_MAX  1000000

/* -- noting ------------------------------------------------------------------------------------ */

static bool same_deed(const struct deed *a, const struct deed *b) {
    return a->kind == b->kind && a->type == b->type && a->field == b->field &&
           a->option == b->option && a->own == b->own &&
           (a->name == b->name || (a->name && b->name && strcmp(a->name, b->name) == 0));
}

static void add(struct lint *l, struct deeds *to, const struct deed *d) {
    for (size_t i = 0; i < to->count; i++) {
        if (!same_deed(&to->items[i], d))
            continue;
        to->items[i].sure |= d->sure;
        return;
    }
    struct deed *items = arena_grow(&l->arena, to->items, to->count, &to->cap, sizeof *items);
    l->no_memory |= !items;
    if (!items)
        return;
    to->items = items;
    items[to->count++] = *d;
}

void deed_add(struct lint *l, enum deed_kind kind, uint32_t line, const struct rtype *t,
              const struct rfield *f, const char *name, int option) {
    if (!l->last_pass || !l->into)
        return;
    add(l, l->into,
        &(struct deed){.kind = kind,
                       .type = t,
                       .field = f,
                       .name = name,
                       .option = option,
                       .line = line,
                       .own = l->own,
                       .sure = !l->branches && !l->left && !l->guarded});
}

static void add_depends(struct lint *l, struct deeds *to, uint32_t line, const struct query *q) {
    struct query_depends d;
    if (query_depends(q, &l->arena, &d, NULL) != KITH_OK)
        return;
    if (query_type(q)->id) /* else the event has no record */
        add(l, to, &(struct deed){.type = query_type(q), .option = -1, .line = line});
    for (size_t i = 0; i < d.count; i++) {
        const struct rtype *t = d.items[i].type;
        for (uint32_t k = 0; t && t->id && k < t->field_count; k++)
            if (fieldset_has(&d.items[i].fields, k))
                add(l, to,
                    &(struct deed){.type = t, .field = t->fields[k], .option = -1, .line = line});
    }
}

void deed_query(struct lint *l, uint32_t line, const struct query *q) {
    if (l->last_pass && l->into)
        add_depends(l, l->into, line, q);
}

static void push(struct lint *l, uint32_t **items, size_t *count, size_t *cap, uint32_t value) {
    if (*count && (*items)[*count - 1] == value)
        return;
    uint32_t *grown = arena_grow(&l->arena, *items, *count, cap, sizeof *grown);
    l->no_memory |= !grown;
    if (!grown)
        return;
    *items = grown;
    grown[(*count)++] = value;
}

void use_add(struct lint *l, uint32_t symbol) {
    struct lint_file *f = l->file;
    struct deeds *to = l->into ? l->into : l->unit ? &l->unit->deeds : NULL;
    if (!l->last_pass || !to)
        return;
    push(l, &to->uses, &to->use_count, &to->use_cap, symbol);
    if (l->into)
        return;
    struct symbol_unit *items =
        arena_grow(&l->arena, f->pairs, f->pair_count, &f->pair_cap, sizeof *items);
    l->no_memory |= !items;
    if (!items)
        return;
    f->pairs = items;
    items[f->pair_count++] = (struct symbol_unit){symbol, (uint32_t)(f->unit_count - 1), 0};
}

void use_file(struct lint *l, struct lint_file *file) {
    struct deeds *to = l->into ? l->into : l->unit ? &l->unit->deeds : NULL;
    if (!l->last_pass || !to)
        return;
    struct lint_file **items =
        arena_grow(&l->arena, to->files, to->file_count, &to->file_cap, sizeof *items);
    l->no_memory |= !items;
    if (!items)
        return;
    to->files = items;
    items[to->file_count++] = file;
}

/* -- what a rule comes to do ------------------------------------------------------------------- */

struct collect {
    struct lint *l;
    const struct lint_file *file;
    bool before; /* of a rule that changes its record by assigning */
    struct deeds out;
    uint32_t stamp;
    uint32_t *todo; /* symbols that may not be looked at yet */
    size_t todo_count, todo_cap;
};

static void take_deeds(struct collect *c, const struct deeds *from, bool direct);

/* All that the functions of a library do. */
static void take_file(struct collect *c, struct lint_file *f) {
    if (f->stamp == c->stamp)
        return;
    f->stamp = c->stamp;
    for (uint32_t i = 0; i < f->syntax.function_count; i++)
        take_deeds(c, &f->deeds[i], false);
    for (size_t i = 0; i < f->unit_count; i++)
        take_deeds(c, &f->units[i].deeds, false);
}

static void take_deeds(struct collect *c, const struct deeds *from, bool direct) {
    for (size_t i = 0; i < from->count; i++) {
        struct deed d = from->items[i];
        d.sure &= direct;
        if (!d.own || c->before)
            add(c->l, &c->out, &d);
    }
    for (size_t i = 0; i < from->use_count; i++)
        push(c->l, &c->todo, &c->todo_count, &c->todo_cap, from->uses[i]);
    for (size_t i = 0; i < from->file_count; i++)
        take_file(c, from->files[i]);
}

static void take_unit(struct collect *c, struct unit *u) {
    if (u->stamp == c->stamp)
        return;
    u->stamp = c->stamp;
    for (size_t i = 0; i < u->function_count; i++)
        take_deeds(c, &c->file->deeds[u->functions[i]], false);
    take_deeds(c, &u->deeds, false);
}

static void take_symbols(struct collect *c) {
    const struct lint_file *f = c->file;
    while (c->todo_count) {
        uint32_t symbol = c->todo[--c->todo_count];
        if (symbol >= f->symbol_count || f->stamps[symbol] == c->stamp)
            continue;
        f->stamps[symbol] = c->stamp;
        for (uint32_t p = f->heads[symbol]; p; p = f->pairs[p - 1].next)
            take_unit(c, &f->units[f->pairs[p - 1].unit]);
    }
}

static bool index_symbols(struct lint *l, struct lint_file *f) {
    f->heads = ARENA_ARRAY(&l->arena, uint32_t, f->symbol_count + 1);
    f->stamps = ARENA_ARRAY(&l->arena, uint32_t, f->symbol_count + 1);
    if (!f->heads || !f->stamps)
        return false;
    for (size_t i = 0; i < f->pair_count; i++) {
        f->pairs[i].next = f->heads[f->pairs[i].symbol];
        f->heads[f->pairs[i].symbol] = (uint32_t)i + 1;
    }
    return true;
}

/* Of the functions that begin and end in its lines: two of them are taken for one. */
static void take_function(struct collect *c, const struct rule *r) {
    const struct lint_file *f = c->file;
    for (uint32_t i = 0; i < f->syntax.function_count; i++) {
        const struct node *n = f->functions[i];
        if (n && n->line == r->first_line && n->end == r->last_line)
            take_deeds(c, &f->deeds[i], true);
    }
}

static void rule_deeds(struct lint *l, struct rule *r, struct deeds *out, uint32_t stamp) {
    struct collect c = {.l = l,
                        .file = lint_file_named(l, r->chunk),
                        .before = r->info.kind == RULE_BEFORE,
                        .stamp = stamp};
    if (r->type)
        add(l, &c.out, &(struct deed){.type = r->type, .option = -1, .line = r->info.line});
    if (r->where)
        add_depends(l, &c.out, r->info.line, predicate_query(r->where));
    if (c.file) {
        take_function(&c, r);
        take_symbols(&c);
    }
    *out = c.out;
}

/* -- in words ---------------------------------------------------------------------------------- */

static const char *deed_word(struct lint *l, const struct deed *d) {
    if (d->name)
        return d->name;
    if (!d->field || d->kind == DEED_CREATE || d->kind == DEED_DELETE)
        return d->type->name;
    return arena_printf(&l->arena, "%s.%s", d->type->name, d->field->name);
}

static bool has_word(const char *list, const char *word) {
    kith_str rest = str_of(list), part;
    while (str_split(&rest, ' ', &part))
        if (str_eqz(part, word))
            return true;
    return false;
}

static void add_word(struct arena *a, const char **list, const char *word) {
    if (!word || has_word(*list, word))
        return;
    const char *longer = arena_printf(a, "%s%s%s", *list, **list ? " " : "", word);
    *list = longer ? longer : *list;
}

static bool is_written(const struct deeds *d, const struct rtype *t) {
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i].type == t && d->items[i].kind != DEED_READ)
            return true;
    return false;
}

static const char *right_word(struct lint *l, const struct deeds *all, const struct deed *d) {
    static const char *const rights[] = {[DEED_PUBLISH] = "publish", [DEED_CALL] = "call"};
    if (d->name)
        return arena_printf(&l->arena, "%s:%s", rights[d->kind], d->name);
    return arena_printf(&l->arena, "%s:%s", is_written(all, d->type) ? "write" : "read",
                        d->type->name);
}

static void tell_rule(struct lint *l, struct rule *r, const struct deeds *d) {
    struct arena *a = &r->script->arena;
    struct rule_info *info = &r->info;
    const char **lists[] = {[DEED_READ] = &info->reads,        [DEED_CREATE] = &info->creates,
                            [DEED_UPDATE] = &info->updates,    [DEED_DELETE] = &info->deletes,
                            [DEED_PUBLISH] = &info->publishes, [DEED_CALL] = &info->calls};
    for (size_t i = 0; i < d->count; i++) {
        add_word(a, lists[d->items[i].kind], deed_word(l, &d->items[i]));
        add_word(a, &info->needs, right_word(l, d, &d->items[i]));
    }
}

/* -- circles ----------------------------------------------------------------------------------- */

struct edge {
    uint32_t from, to;
    const struct deed *by;
    uint32_t next; /* of the same rule, + 1 */
};
struct graph {
    struct lint *l;
    struct rule **rules;
    struct deeds *deeds;
    uint32_t count;
    struct edge *edges;
    size_t edge_count, edge_cap;
    uint32_t *first; /* edge of each rule, + 1 */
    bool *out;       /* in no circle */
};

/* The field whose change the rule waits for, if it waits for some fields only. */
static bool sees_field(const struct rule *r, const struct deed *d) {
    return !r->fields || (d->field && fieldset_has(r->fields, d->field->index));
}

static bool is_state(const struct deed *d, const char *state) {
    return d->field && d->field->kind == KITH_F_STATE &&
           field_option(d->field, str_of(state)) >= 0 &&
           (d->option < 0 || strcmp(d->field->options[d->option], state) == 0);
}

/* A new record begins with it. */
static bool is_first_state(const struct rtype *t, const char *state) {
    for (uint32_t i = 0; i < t->field_count; i++)
        if (t->fields[i]->kind == KITH_F_STATE && strcmp(t->fields[i]->options[0], state) == 0)
            return true;
    return false;
}

/* Of a before-rule's own record nothing is written anew: only those that come later see it. */
static bool triggers(const struct rule *from, const struct deed *d, const struct rule *to) {
    static const uint32_t on[] = {
        [DEED_CREATE] = ON_CREATE, [DEED_UPDATE] = ON_UPDATE, [DEED_DELETE] = ON_DELETE};
    if (d->kind == DEED_PUBLISH)
        return to->info.kind == RULE_ON && strcmp(to->info.event, d->name) == 0;
    if (d->kind == DEED_READ || d->kind == DEED_CALL || to->type != d->type)
        return false;
    if (d->own && (to->info.kind == RULE_BEFORE || !(from->on & ON_UPDATE)))
        return false;
    if (to->info.kind == RULE_BEFORE || to->info.kind == RULE_AFTER)
        return (to->on & on[d->kind]) && (d->kind != DEED_UPDATE || sees_field(to, d));
    static const char *const topics[] = {
        [DEED_CREATE] = "created", [DEED_UPDATE] = "updated", [DEED_DELETE] = "deleted"};
    const char *topic = strchr(to->info.event, '.');
    if (to->info.kind != RULE_ON || !topic)
        return false;
    if (strcmp(topic + 1, topics[d->kind]) == 0)
        return d->kind != DEED_UPDATE || sees_field(to, d);
    return d->kind == DEED_CREATE ? is_first_state(d->type, topic + 1)
                                  : d->kind == DEED_UPDATE && is_state(d, topic + 1);
}

/* The surest of the deeds by which one rule sets off another; NULL: none. */
static const struct deed *sets_off(const struct graph *g, uint32_t from, uint32_t to) {
    const struct deed *found = NULL;
    for (size_t i = 0; i < g->deeds[from].count; i++) {
        const struct deed *d = &g->deeds[from].items[i];
        if ((!found || (d->sure && !found->sure)) && triggers(g->rules[from], d, g->rules[to]))
            found = d;
    }
    return found;
}

static bool add_edges(struct graph *g) {
    g->first = ARENA_ARRAY(&g->l->arena, uint32_t, g->count + 1);
    g->out = ARENA_ARRAY(&g->l->arena, bool, g->count + 1);
    for (uint32_t i = 0; g->first && g->out && i < g->count; i++) {
        for (uint32_t k = 0; k < g->count && g->edge_count < EDGES_MAX; k++) {
            const struct deed *by = sets_off(g, i, k);
            if (!by)
                continue;
            struct edge *edges =
                arena_grow(&g->l->arena, g->edges, g->edge_count, &g->edge_cap, sizeof *edges);
            if (!edges)
                return false;
            g->edges = edges;
            edges[g->edge_count++] = (struct edge){i, k, by, g->first[i]};
            g->first[i] = (uint32_t)g->edge_count;
        }
    }
    return g->first && g->out;
}

/* Leaves those that both set off another one and are set off, until no more fall away. */
static bool prune(struct graph *g) {
    bool *sets = ARENA_ARRAY(&g->l->arena, bool, g->count + 1);
    bool *set = ARENA_ARRAY(&g->l->arena, bool, g->count + 1);
    for (bool more = true; sets && set && more;) {
        more = false;
        memset(sets, 0, g->count);
        memset(set, 0, g->count);
        for (size_t i = 0; i < g->edge_count; i++) {
            const struct edge *x = &g->edges[i];
            if (g->out[x->from] || g->out[x->to])
                continue;
            sets[x->from] = set[x->to] = true;
        }
        for (uint32_t i = 0; i < g->count; i++) {
            if (g->out[i] || (sets[i] && set[i]))
                continue;
            g->out[i] = true;
            more = true;
        }
    }
    return sets && set;
}

/* The shortest way from a rule back to itself over those behind it; came: the edge by which each
 * was reached, + 1. false: there is none. */
static bool find_circle(const struct graph *g, uint32_t start, uint32_t *came, uint32_t *queue) {
    size_t head = 0, tail = 0;
    memset(came, 0, sizeof *came * g->count);
    for (uint32_t at = start;; at = queue[head++]) {
        for (uint32_t e = g->first[at]; e; e = g->edges[e - 1].next) {
            uint32_t to = g->edges[e - 1].to;
            if (to < start || g->out[to] || came[to])
                continue;
            came[to] = e;
            if (to == start)
                return true;
            queue[tail++] = to;
        }
        if (head == tail)
            return false;
    }
}

static const char *short_file(const struct rule *r) {
    const char *slash = strrchr(r->info.file, '/');
    return slash ? slash + 1 : r->info.file;
}

static void put_step(struct lint *l, struct buf *out, const struct deed *d, const struct rule *to) {
    static const char *const verbs[] = {[DEED_CREATE] = "creates",
                                        [DEED_UPDATE] = "writes",
                                        [DEED_DELETE] = "deletes",
                                        [DEED_PUBLISH] = "publishes"};
    const char *word = deed_word(l, d);
    buf_printf(out, " %s %s -> %s %s", verbs[d->kind], word ? word : "",
               rule_kind_name(to->info.kind), to->info.event);
    if (to->fields && d->field)
        buf_printf(out, " (%s)", d->field->name);
    buf_printf(out, " at %s:%u", short_file(to), (unsigned)to->info.line);
}

/* Writing what is there already writes nothing: only what is new each time goes on for ever. */
static bool never_ends(const struct deed *d, const struct rule *to) {
    return d->sure && (d->kind == DEED_CREATE || d->kind == DEED_PUBLISH) && !to->where;
}

static void tell_circle(struct graph *g, uint32_t start, const uint32_t *came) {
    struct buf path = {0};
    uint32_t edges[64], count = 0;
    bool endless = true;
    for (uint32_t at = start; count < 64; at = g->edges[came[at] - 1].from) {
        edges[count++] = came[at] - 1;
        if (g->edges[came[at] - 1].from == start)
            break;
    }
    const struct rule *r = g->rules[start];
    buf_printf(&path, "%s:%u", short_file(r), (unsigned)r->info.line);
    for (uint32_t i = count; i-- > 0;) {
        const struct edge *x = &g->edges[edges[i]];
        put_step(g->l, &path, x->by, g->rules[x->to]);
        endless &= never_ends(x->by, g->rules[x->to]);
    }
    const struct deed *first = g->edges[edges[count - 1]].by;
    lint_tell(g->l, r->info.file, first->line ? first->line : r->info.line,
              endless ? FAULT : WARNING, "%s: %s; %s",
              count == 1 ? "the rule sets itself off" : "the rules set each other off",
              path.ptr ? path.ptr : "",
              endless ? "nothing ends it" : "only a condition or an equal value ends it");
    buf_free(&path);
}

static void tell_circles(struct graph *g) {
    uint32_t *came = ARENA_ARRAY(&g->l->arena, uint32_t, g->count + 1);
    uint32_t *queue = ARENA_ARRAY(&g->l->arena, uint32_t, g->count + 1);
    if (!came || !queue || !add_edges(g) || !prune(g)) {
        g->l->no_memory = true;
        return;
    }
    int told = 0;
    for (uint32_t i = 0; i < g->count && told < CYCLES_MAX; i++) {
        if (g->out[i] || !find_circle(g, i, came, queue))
            continue;
        tell_circle(g, i, came);
        told++;
    }
}

/* -- all of it --------------------------------------------------------------------------------- */

void deeds_attach(struct lint *l) {
    struct graph g = {.l = l};
    size_t cap = 0, deeds_cap = 0;
    for (struct lint_file *f = l->files; f; f = f->after)
        l->no_memory |= !index_symbols(l, f);
    for (struct script *s = l->set->files; s && !l->no_memory; s = s->next) {
        for (struct rule *r = s->rules; r && !l->no_memory; r = r->next) {
            struct rule **rules = arena_grow(&l->arena, g.rules, g.count, &cap, sizeof *rules);
            struct deeds *deeds =
                arena_grow(&l->arena, g.deeds, g.count, &deeds_cap, sizeof *deeds);
            l->no_memory |= !rules || !deeds;
            if (l->no_memory)
                return;
            g.rules = rules;
            g.deeds = deeds;
            rules[g.count] = r;
            rule_deeds(l, r, &deeds[g.count], g.count + 1);
            tell_rule(l, r, &deeds[g.count++]);
        }
    }
    if (!l->no_memory)
        tell_circles(&g);
}
