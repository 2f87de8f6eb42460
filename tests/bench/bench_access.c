/* SPDX-License-Identifier: Apache-2.0 */
/* Measures what rights cost: a page of a list for whoever may see all, and for users whose team's
 * records are few or many among them. Usage: bench_access DIR ROWS. */
#include "bench.h"

#include "record/access.h"

#define PAGE  50
#define TIMES 41
#define BATCH 100000

/* A user alone in a team, with so many of a million leads. */
static const struct {
    const char *login;
    int64_t of_million;
} shares[] = {{"few", 50}, {"some", 1000}, {"more", 10000}, {"half", 500000}};
#define USERS (sizeof shares / sizeof *shares)

struct world {
    struct engine *g;
    kith_id users[USERS], rest;
};

/* -- making it --------------------------------------------------------------------------------- */

struct maker {
    struct txn *txn;
    const struct rtype *type;
    struct assign set[4];
    size_t count;
    kith_error *e;
};

static struct maker maker_of(struct txn *t, const char *type, kith_error *e) {
    return (struct maker){
        .txn = t, .type = schema_type(engine_schema(txn_engine(t)), str_of(type)), .e = e};
}

static void put(struct maker *m, const char *field, kith_value v) {
    m->set[m->count].field = type_field(m->type->schema, m->type, str_of(field));
    m->set[m->count++].value = v;
}

static kith_id made(struct maker *m) {
    kith_id id;
    must(txn_create(m->txn, m->type, m->set, m->count, &id, m->e), m->e);
    return id;
}

static kith_id named(struct txn *t, const char *type, const char *name, const char *rights,
                     kith_error *e) {
    struct maker m = maker_of(t, type, e);
    put(&m, "name", value_str(str_of(name)));
    if (rights)
        put(&m, "rights", value_str(str_of(rights)));
    return made(&m);
}

static kith_id user_of(struct txn *t, const char *login, kith_id team, kith_id role,
                       kith_error *e) {
    struct maker m = maker_of(t, "user", e);
    kith_value in = value_link(team, 0), is = value_link(role, 0);
    in.as.link.type = type_field(m.type->schema, m.type, STR("teams"))->target->id;
    is.as.link.type = type_field(m.type->schema, m.type, STR("roles"))->target->id;
    put(&m, "login", value_str(str_of(login)));
    put(&m, "name", value_str(str_of(login)));
    put(&m, "teams", (kith_value){.kind = KITH_LIST, .as.list = {&in, 1}});
    put(&m, "roles", (kith_value){.kind = KITH_LIST, .as.list = {&is, 1}});
    return made(&m);
}

static kith_status make_people(struct txn *t, void *arg, kith_error *e) {
    struct world *w = arg;
    kith_id role = named(t, "role", "seller", "{\"types\": {\"lead\": {\"read\": \"team\"}}}", e);
    for (size_t i = 0; i < USERS; i++)
        w->users[i] =
            user_of(t, shares[i].login, named(t, "team", shares[i].login, NULL, e), role, e);
    w->rest = user_of(t, "rest", named(t, "team", "rest", NULL, e), role, e);
    return KITH_OK;
}

/* Each user's leads lie evenly among all. */
static kith_id owner_of(const struct world *w, uint64_t *state) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    int64_t at = (int64_t)((*state >> 33) % 1000000);
    for (size_t i = 0; i < USERS; at -= shares[i++].of_million)
        if (at < shares[i].of_million)
            return w->users[i];
    return w->rest;
}

static void make_leads(struct world *w, int64_t n) {
    uint64_t state = 1;
    for (int64_t from = 0; from < n; from += BATCH) {
        int64_t count = n - from < BATCH ? n - from : BATCH;
        struct order *orders = new_orders(w->g, "lead", count);
        for (int64_t i = 0; i < count; i++) {
            struct order *o = &orders[i];
            snprintf(o->text[0], sizeof o->text[0], "Lead %llu",
                     (unsigned long long)((uint64_t)(from + i) * 7919 % 1000003));
            set_text(o, "name", o->text[0]);
            kith_id owner = owner_of(w, &state);
            o->set[o->count].field = o->type->fields[FIELD_OWNER];
            o->set[o->count++].value = value_link(owner, o->type->fields[FIELD_OWNER]->target->id);
        }
        post_all(w->g, orders, count);
        free(orders);
    }
}

/* -- measuring --------------------------------------------------------------------------------- */

static kith_status pass(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    (void)arg;
    (void)id;
    (void)values;
    (void)e;
    return KITH_OK;
}

static double page_ms(struct world *w, const struct principal *p, const char *text) {
    double ms[TIMES];
    for (int i = 0; i < TIMES; i++) {
        struct arena a = {0};
        struct query *q;
        kith_error e = KITH_ERROR_INIT;
        struct find_page page = {.limit = PAGE};
        int64_t start = clock_ticks();
        must(query_parse(&q, engine_schema(w->g), &a, str_of(text), &e), &e);
        must(engine_find(w->g, p, q, NULL, &page, &a, pass, NULL, &e), &e);
        ms[i] = (double)(clock_ticks() - start) / 1e6;
        arena_free(&a);
    }
    return median(ms, TIMES);
}

static void list_rows(struct world *w, const char *what, const char *text, bool bounded) {
    char label[80];
    double all = page_ms(w, &bench_principal, text);
    snprintf(label, sizeof label, "%s: may see all", what);
    row(label, "%.2f ms", all, bounded ? "< 5 ms" : NULL, all < 5);
    for (size_t i = 0; i < USERS; i++) {
        struct access_of of = {.user = w->users[i]};
        struct principal p;
        kith_error e = KITH_ERROR_INIT;
        must(engine_enter(w->g, &of, NULL, &p, &e), &e);
        double ms = page_ms(w, &p, text);
        engine_leave(&p);
        snprintf(label, sizeof label, "  those of the team, %lld of a million",
                 (long long)shares[i].of_million);
        row(label, "%.2f ms", ms, bounded ? "< 50 ms" : NULL, ms < 50);
    }
}

int main(int argc, char **argv) {
    struct world w = {0};
    char path[300];
    kith_error e = KITH_ERROR_INIT;
    int64_t n = argc > 2 ? atoll(argv[2]) : 100000;
    if (argc < 2 || n < 1000)
        die("usage: bench_access DIR [ROWS]");
    snprintf(path, sizeof path, "%s/kith.db", argv[1]);
    w.g = bench_open(path);
    must_start(w.g);
    must(engine_write(w.g, &bench_opts, make_people, &w, NULL, &e), &e);
    make_leads(&w, n);
    list_rows(&w, "page of leads, sorted by name", "lead order by name", true);
    list_rows(&w, "page of leads, newest first", "lead order by -created", true);
    list_rows(&w, "number of leads", "lead : count()", false);
    engine_close(w.g);
    return 0;
}
