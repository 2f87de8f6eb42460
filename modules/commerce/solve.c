/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from clauses: first what one clause after the other leaves no choice about, which is
 * quick and tells its cause; the rest by a solver for satisfiability. */
#include "solve.h"

/* Of one search. One that takes more is of no use to who waits for it, and holds up the writer. */
#define DECISIONS 20000
/* Clauses that all searches for one question look at, as there may be one for each option: a second
 * or three. */
#define VISITS 50000000

/* -- clauses ------------------------------------------------------------------------------------
 */

static void *memory(struct puzzle *p, uint64_t bytes) {
    void *m = p->host->memory(p->txn, bytes ? bytes : 1);
    p->no_memory |= !m;
    return m;
}

/* Room for more items: *items with `count` of `room` in use. */
static int32_t make_room(struct puzzle *p, void *items, uint32_t size, uint32_t count,
                         uint32_t *room, uint32_t more) {
    void *old, *fresh;
    uint32_t wanted = *room ? *room : 256;
    if (count + more <= *room)
        return 1;
    while (wanted < count + more)
        wanted *= 2;
    memcpy(&old, items, sizeof old);
    fresh = memory(p, (uint64_t)wanted * size);
    if (!fresh)
        return 0;
    if (count)
        memcpy(fresh, old, (size_t)count * size);
    memcpy(items, &fresh, sizeof fresh);
    *room = wanted;
    return 1;
}

void puzzle_begin(struct puzzle *p, const kith_host *host, const kith_txn *txn, int32_t asked,
                  uint32_t causes) {
    *p = (struct puzzle){.host = host, .txn = txn, .asked = asked, .vars = asked, .causes = causes};
}

void puzzle_clause(struct puzzle *p, uint32_t cause, uint32_t count, const int32_t *literals) {
    if (!make_room(p, &p->literals, sizeof *p->literals, p->literal_count, &p->literal_room,
                   count) ||
        !make_room(p, &p->clauses, sizeof *p->clauses, p->clause_count, &p->clause_room, 1))
        return;
    p->clauses[p->clause_count++] = (struct clause){p->literal_count, count, cause};
    for (uint32_t i = 0; i < count; i++)
        p->literals[p->literal_count++] = literals[i];
}

static void implies(struct puzzle *p, uint32_t cause, int32_t a, int32_t b) {
    puzzle_clause(p, cause, 2, (const int32_t[]){-a, b});
}

/* At most one: each excludes each other one. Few of them need no helpers. */
static void one_at_most(struct puzzle *p, uint32_t cause, uint32_t count, const int32_t *x) {
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = i + 1; j < count; j++)
            implies(p, cause, x[i], -x[j]);
}

/* A helper s(i, j) for "of the first i + 1 of them hold j + 1 or more". For an upper bound whatever
 * holds makes helpers hold; for a lower one a helper holds only when enough of them do. */
static void count_up(struct puzzle *p, uint32_t cause, uint32_t count, const int32_t *x,
                     uint32_t bound, int32_t upper) {
    const int32_t base = p->vars + 1;
    const uint32_t width = bound;
    p->vars += (int32_t)(count * width);
#define S(i, j) (base + (int32_t)((i)*width + (j)))
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < width; j++)
            if (upper) {
                if (j == 0)
                    implies(p, cause, x[i], S(i, 0));
                if (i > 0)
                    implies(p, cause, S(i - 1, j), S(i, j));
                if (i > 0 && j > 0)
                    puzzle_clause(p, cause, 3, (const int32_t[]){-x[i], -S(i - 1, j - 1), S(i, j)});
            } else if (i == 0) {
                puzzle_clause(p, cause, j == 0 ? 2 : 1, (const int32_t[]){-S(0, j), x[0]});
            } else {
                puzzle_clause(p, cause, 3, (const int32_t[]){-S(i, j), S(i - 1, j), x[i]});
                if (j > 0)
                    puzzle_clause(p, cause, 3,
                                  (const int32_t[]){-S(i, j), S(i - 1, j), S(i - 1, j - 1)});
            }
    for (uint32_t i = 1; upper && i < count; i++)
        implies(p, cause, x[i], -S(i - 1, width - 1));
    if (!upper)
        puzzle_clause(p, cause, 1, (const int32_t[]){S(count - 1, width - 1)});
#undef S
}

#define FEW 12u
void puzzle_count(struct puzzle *p, uint32_t cause, uint32_t count, const int32_t *literals,
                  uint32_t least, uint32_t most) {
    if (least == 1)
        puzzle_clause(p, cause, count, literals);
    else if (least > count)
        puzzle_clause(p, cause, 0, NULL);
    else if (least)
        count_up(p, cause, count, literals, least, 0);
    if (most >= count)
        return;
    for (uint32_t i = 0; most == 0 && i < count; i++)
        puzzle_clause(p, cause, 1, (const int32_t[]){-literals[i]});
    if (most == 1 && count <= FEW)
        one_at_most(p, cause, count, literals);
    else if (most)
        count_up(p, cause, count, literals, most, 1);
}

/* -- one clause after the other -----------------------------------------------------------------
 */

/* What was found out, and by which clause; `clash`: the clause that cannot hold any more. */
struct trail {
    int8_t *value;
    uint32_t *clause;
    uint32_t clash;
};

/* Which clauses have a literal: those of literal l are at[first[slot(l) + 1]] up to the next. */
struct chain {
    struct puzzle *p;
    struct trail *t;
    uint32_t *first, *at;
    uint32_t *left; /* literals of each clause that may hold */
    int32_t *queue; /* literals that hold */
    int32_t queued;
};

static uint32_t slot(int32_t literal) {
    return (uint32_t)(literal < 0 ? -2 * literal + 1 : 2 * literal);
}
static int32_t var(int32_t literal) {
    return literal < 0 ? -literal : literal;
}
static int8_t sign(int32_t literal) {
    return literal < 0 ? -1 : 1;
}

static void hold(struct chain *c, int32_t literal, uint32_t clause) {
    struct trail *t = c->t;
    if (t->value[var(literal)])
        return;
    t->value[var(literal)] = sign(literal);
    t->clause[var(literal)] = clause;
    c->queue[c->queued++] = literal;
}

/* A clause with one literal left that may hold: that one does. */
static void look_at(struct chain *c, uint32_t number) {
    const struct clause *k = &c->p->clauses[number];
    const int32_t *l = c->p->literals + k->first;
    if (c->left[number] > 1)
        return;
    for (uint32_t i = 0; i < k->count; i++)
        if (c->t->value[var(l[i])] * sign(l[i]) >= 0) {
            hold(c, l[i], number);
            return;
        }
    c->t->clash = number;
}

static int32_t make_chain(struct chain *c, struct puzzle *p, struct trail *t) {
    const uint64_t slots = (uint64_t)p->vars * 2 + 4;
    *c = (struct chain){.p = p,
                        .t = t,
                        .first = memory(p, slots * sizeof *c->first),
                        .at = memory(p, (uint64_t)p->literal_count * sizeof *c->at),
                        .left = memory(p, (uint64_t)p->clause_count * sizeof *c->left),
                        .queue = memory(p, ((uint64_t)p->vars + 1) * sizeof *c->queue)};
    *t = (struct trail){memory(p, (uint64_t)p->vars + 1),
                        memory(p, ((uint64_t)p->vars + 1) * sizeof *t->clause), NO_CLAUSE};
    if (p->no_memory)
        return 0;
    for (int32_t v = 0; v <= p->vars; v++)
        t->clause[v] = NO_CLAUSE;
    for (uint32_t i = 0; i < p->literal_count; i++)
        c->first[slot(p->literals[i]) + 1]++;
    for (uint64_t i = 1; i < slots; i++)
        c->first[i] += c->first[i - 1];
    /* Filled from the end of each, so that `first` comes to where it begins. */
    for (uint32_t n = p->clause_count; n-- > 0;) {
        c->left[n] = p->clauses[n].count;
        for (uint32_t i = p->clauses[n].count; i-- > 0;)
            c->at[--c->first[slot(p->literals[p->clauses[n].first + i]) + 1]] = n;
    }
    return 1;
}

/* With what is given, none of which is the opposite of another one. */
static void follow(struct puzzle *p, uint32_t count, const int32_t *given, struct trail *t) {
    struct chain c;
    if (!make_chain(&c, p, t))
        return;
    for (uint32_t i = 0; i < count; i++)
        hold(&c, given[i], NO_CLAUSE);
    for (uint32_t n = 0; n < p->clause_count; n++)
        look_at(&c, n);
    for (int32_t i = 0; i < c.queued && t->clash == NO_CLAUSE; i++) {
        const uint32_t s = slot(-c.queue[i]);
        for (uint32_t k = c.first[s + 1]; k < c.first[s + 2] && t->clash == NO_CLAUSE; k++) {
            c.left[c.at[k]]--;
            look_at(&c, c.at[k]);
        }
    }
}

/* -- by search ----------------------------------------------------------------------------------
 */

static int look(struct puzzle *p, PicoSAT *solver) {
    const uint64_t before = picosat_visits(solver), left = VISITS - p->spent;
    if (!left)
        return PICOSAT_UNKNOWN;
    const int answer = picosat_sat(solver, DECISIONS);
    const uint64_t spent = picosat_visits(solver) - before;
    p->spent += spent < left ? spent : left;
    return answer;
}

static kith_status search(struct puzzle *p, PicoSAT *solver, int32_t *found, kith_error *err) {
    const int answer = look(p, solver);
    *found = answer == PICOSAT_SATISFIABLE;
    if (answer != PICOSAT_UNKNOWN)
        return KITH_OK;
    return kith_fail(err, KITH_E_LIMIT, "product",
                     "product: its rules are so entangled that it takes too long to tell what goes "
                     "together; write fewer of them, or choose more options first");
}

static PicoSAT *make_solver(struct puzzle *p) {
    PicoSAT *solver = picosat_init();
    picosat_set_plain(solver, 1); /* what it would find out beforehand is not worth the time */
    picosat_adjust(solver, p->vars);
    for (int32_t v = p->asked + 1; v <= p->vars; v++)
        picosat_set_less_important_lit(solver, v); /* they follow */
    for (uint32_t n = 0; n < p->clause_count; n++) {
        for (uint32_t i = 0; i < p->clauses[n].count; i++)
            picosat_add(solver, p->literals[p->clauses[n].first + i]);
        picosat_add(solver, 0);
    }
    return solver;
}

static void keep_model(struct puzzle *p) {
    for (int32_t v = 1; v <= p->vars; v++)
        p->model[v] = picosat_deref(p->solver, v) > 0 ? 1 : -1;
}

/* Looks for solutions that are unlike those before, until there is none: each search asks for one
 * in which some variable is what it has not been so far. What it never was, it cannot be. */
struct sides {
    int8_t *seen; /* of each variable: 1 it was seen to hold, 2 not to hold, 3 both */
    uint32_t open;
};

static void note_sides(struct puzzle *p, struct sides *s) {
    for (int32_t v = 1; v <= p->asked; v++)
        s->seen[v] = (int8_t)(s->seen[v] | (p->model[v] > 0 ? 1 : 2));
}

/* The clause of what was not seen, which holds when `on` does. */
static void ask_for_others(struct puzzle *p, struct sides *s, int32_t on) {
    s->open = 0;
    for (int32_t v = 1; v <= p->asked; v++) /* what was seen makes room for the others */
        if (p->value[v] == 0)
            picosat_set_default_phase_lit(p->solver, s->seen[v] & 1 ? -v : v, 1);
    picosat_add(p->solver, -on);
    for (int32_t v = 1; v <= p->asked; v++)
        if (p->value[v] == 0 && s->seen[v] != 3) {
            picosat_add(p->solver, s->seen[v] == 1 ? -v : v);
            s->open++;
        }
    picosat_add(p->solver, 0);
}

kith_status puzzle_settle(struct puzzle *p, kith_error *err) {
    struct sides s = {.seen = memory(p, (uint64_t)p->asked + 1)};
    int32_t found = 1;
    kith_status st = KITH_OK;
    if (!s.seen)
        return kith_fail(err, KITH_E_NOMEM, NULL, "there is no memory for the rules");
    while (st == KITH_OK && found) {
        const int32_t on = picosat_inc_max_var(p->solver);
        note_sides(p, &s);
        ask_for_others(p, &s, on);
        found = 0;
        if (s.open) {
            picosat_assume(p->solver, on);
            st = search(p, p->solver, &found, err);
        }
        if (st == KITH_OK && found)
            keep_model(p);
        picosat_add(p->solver, -on);
        picosat_add(p->solver, 0);
    }
    for (int32_t v = 1; st == KITH_OK && v <= p->asked; v++)
        if (p->value[v] == 0 && s.seen[v] != 3)
            p->value[v] = s.seen[v] == 1 ? 1 : -1;
    return st;
}

kith_status puzzle_solve(struct puzzle *p, uint32_t count, const int32_t *given, int32_t *possible,
                         kith_error *err) {
    struct trail t;
    follow(p, count, given, &t);
    p->value = t.value;
    p->clause = t.clause;
    p->model = memory(p, (uint64_t)p->vars + 1);
    *possible = t.clash == NO_CLAUSE;
    if (p->no_memory)
        return kith_fail(err, KITH_E_NOMEM, NULL, "there is no memory for the rules");
    if (!*possible)
        return KITH_OK;
    if (p->solver)
        picosat_reset(p->solver);
    p->solver = make_solver(p);
    for (int32_t v = 1; v <= p->vars; v++)
        if (p->value[v]) {
            picosat_add(p->solver, v * p->value[v]);
            picosat_add(p->solver, 0);
        }
    KITH_TRY(search(p, p->solver, possible, err));
    if (!*possible)
        return KITH_OK;
    keep_model(p);
    return KITH_OK;
}

kith_status puzzle_can(struct puzzle *p, uint32_t count, const int32_t *literals, int32_t *possible,
                       kith_error *err) {
    for (uint32_t i = 0; i < count; i++)
        picosat_assume(p->solver, literals[i]);
    KITH_TRY(search(p, p->solver, possible, err));
    if (*possible)
        keep_model(p);
    return KITH_OK;
}

/* What the solution at hand has already is kept by the next search, and needs none itself. */
kith_status puzzle_prefer(struct puzzle *p, uint32_t count, const int32_t *literals,
                          uint32_t likely_count, const int32_t *likely, kith_error *err) {
    uint32_t kept = 0;
    int32_t any;
    for (uint32_t i = 0; i < count; i++)
        picosat_set_default_phase_lit(p->solver, literals[i], 1);
    for (uint32_t i = 0; i < likely_count; i++)
        picosat_set_default_phase_lit(p->solver, likely[i], 1);
    KITH_TRY(puzzle_can(p, 0, NULL, &any, err));
    for (uint32_t i = 0; i < count; i++) {
        int32_t can;
        if (p->model[var(literals[i])] == sign(literals[i]))
            continue;
        for (; kept < i; kept++) {
            picosat_add(p->solver, var(literals[kept]) * p->model[var(literals[kept])]);
            picosat_add(p->solver, 0);
        }
        KITH_TRY(puzzle_can(p, 1, &literals[i], &can, err));
    }
    return KITH_OK;
}

/* -- why not ------------------------------------------------------------------------------------
 */

static int32_t switch_of(const struct puzzle *p, uint32_t cause) {
    return p->vars + 1 + (int32_t)cause;
}

static void make_reasons(struct puzzle *p) {
    PicoSAT *solver = p->reasons = picosat_init();
    picosat_set_plain(solver, 1);
    picosat_adjust(solver, p->vars + (int32_t)p->causes);
    for (uint32_t n = 0; n < p->clause_count; n++) {
        for (uint32_t i = 0; i < p->clauses[n].count; i++)
            picosat_add(solver, p->literals[p->clauses[n].first + i]);
        picosat_add(solver, -switch_of(p, p->clauses[n].cause));
        picosat_add(solver, 0);
    }
}

/* Those that a proof was made of; `into` has room for them. */
static uint32_t take_failed(PicoSAT *solver, int32_t *into) {
    uint32_t n = 0;
    for (const int *l = picosat_failed_assumptions(solver); *l; l++)
        into[n++] = *l;
    return n;
}

/* Leaves out one after the other: what can be left out stays out. One of which it takes too long to
 * tell stays in. */
static uint32_t shrink(struct puzzle *p, PicoSAT *solver, int32_t *core, uint32_t count,
                       int32_t *spare) {
    uint32_t kept = 0; /* the first so many are needed */
    while (kept < count) {
        for (uint32_t i = 0; i < count; i++)
            if (i != kept)
                picosat_assume(solver, core[i]);
        if (look(p, solver) != PICOSAT_UNSATISFIABLE) {
            kept++;
            continue;
        }
        /* Those known to be needed first, then the others of the new proof. */
        const uint32_t n = take_failed(solver, spare);
        count = kept;
        for (uint32_t i = 0; i < n; i++) {
            int32_t known = 0;
            for (uint32_t k = 0; k < kept; k++)
                known |= core[k] == spare[i];
            if (!known)
                core[count++] = spare[i];
        }
    }
    return count;
}

static int by_number(const void *a, const void *b) {
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}
static int by_variable(const void *a, const void *b) {
    return var(*(const int32_t *)a) - var(*(const int32_t *)b);
}

/* What led to a clause that cannot hold: what was given, and the switches of causes. */
static uint32_t trace(struct puzzle *p, const struct trail *t, int32_t *core) {
    uint32_t *stack = memory(p, ((uint64_t)p->vars + 1) * sizeof *stack), count = 0, open = 0;
    uint8_t *seen = memory(p, (uint64_t)p->vars + 1), *used = memory(p, (uint64_t)p->causes + 1);
    uint32_t clause = t->clash;
    if (p->no_memory)
        return 0;
    for (;;) {
        const struct clause *k = &p->clauses[clause];
        if (!used[k->cause])
            core[count++] = switch_of(p, k->cause);
        used[k->cause] = 1;
        for (uint32_t i = 0; i < k->count; i++) {
            const int32_t v = var(p->literals[k->first + i]);
            if (!seen[v])
                stack[open++] = (uint32_t)v;
            seen[v] = 1;
        }
        while (open && t->clause[stack[open - 1]] == NO_CLAUSE) {
            const int32_t v = (int32_t)stack[--open];
            core[count++] = v * t->value[v];
        }
        if (!open)
            return count;
        clause = t->clause[stack[--open]];
    }
}

/* Enough to clash: as one clause after the other shows, or all there is. */
static uint32_t gather(struct puzzle *p, uint32_t count, const int32_t *given, int32_t *core) {
    struct trail t;
    uint32_t n = count;
    follow(p, count, given, &t);
    if (!p->no_memory && t.clash != NO_CLAUSE)
        return trace(p, &t, core);
    uint8_t *used = memory(p, (uint64_t)p->causes + 1);
    if (count)
        memcpy(core, given, count * sizeof *core);
    for (uint32_t i = 0; used && i < p->clause_count; i++)
        used[p->clauses[i].cause] = 1;
    for (uint32_t i = 0; used && i < p->causes; i++)
        if (used[i])
            core[n++] = switch_of(p, i);
    return n;
}

kith_status puzzle_clash(struct puzzle *p, uint32_t count, const int32_t *given, struct clash *out,
                         kith_error *err) {
    const uint64_t room = (uint64_t)count + p->causes + 1;
    int32_t *core = memory(p, room * sizeof *core), *spare = memory(p, room * sizeof *spare);
    int32_t *literals = memory(p, room * sizeof *literals), found = 0;
    uint32_t *causes = memory(p, room * sizeof *causes), n;
    *out = (struct clash){literals, 0, causes, 0};
    n = p->no_memory ? 0 : gather(p, count, given, core);
    if (p->no_memory)
        return kith_fail(err, KITH_E_NOMEM, NULL, "there is no memory for the rules");
    if (!p->reasons)
        make_reasons(p);
    for (uint32_t i = 0; i < n; i++)
        picosat_assume(p->reasons, core[i]);
    KITH_TRY(search(p, p->reasons, &found, err));
    if (found)
        return KITH_OK;
    n = shrink(p, p->reasons, core, take_failed(p->reasons, core), spare);
    for (uint32_t i = 0; i < n; i++)
        if (core[i] > p->vars) {
            causes[out->cause_count++] = (uint32_t)(core[i] - p->vars - 1);
        } else {
            literals[out->given_count++] = core[i];
        }
    qsort(causes, out->cause_count, sizeof *causes, by_number);
    qsort(literals, out->given_count, sizeof *literals, by_variable);
    return KITH_OK;
}

void puzzle_end(struct puzzle *p) {
    if (p->solver)
        picosat_reset(p->solver);
    if (p->reasons)
        picosat_reset(p->reasons);
    p->solver = p->reasons = NULL;
}
