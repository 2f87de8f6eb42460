/* SPDX-License-Identifier: Apache-2.0 */
/* Measures what leaves the company: what a webhook costs a write, and how many events a second
 * reach a receiver on the same machine. Usage: bench_outbox DIR ROWS */
#include "bench.h"
#include "module.h"

#include "../../modules/http/tests/receiver.h"
#include "base/log.h"
#include "engine/outbox.h"

#include <sys/stat.h>

#define CONF "http: { key = \"0123456789abcdef0123456789abcdef\"; allow = [\"127.0.0.1\"]; };\n"

struct user {
    const char *rights;
    kith_id id;
};

static kith_status make_user(struct txn *t, void *arg, kith_error *e) {
    struct user *u = arg;
    const struct schema *s = engine_schema(txn_engine(t));
    const struct rtype *role = schema_type(s, STR("role")), *user = schema_type(s, STR("user"));
    const struct assign first[] = {
        {type_field(s, role, STR("name")), value_str(STR("seller"))},
        {type_field(s, role, STR("rights")), value_str(str_of(u->rights))}};
    kith_id id;
    TRY(txn_create(t, role, first, 2, &id, e));
    const kith_value roles = value_link(id, role->id);
    const struct assign then[] = {
        {type_field(s, user, STR("login")), value_str(STR("sam"))},
        {type_field(s, user, STR("name")), value_str(STR("Sam"))},
        {type_field(s, user, STR("roles")), {.kind = KITH_LIST, .as.list = {&roles, 1}}}};
    return txn_create(t, user, then, 3, &u->id, e);
}

/* Whose webhook it is; NULL: it tells everything. */
static void add_webhook(struct engine *g, const struct receiver *r, int i, const char *topics,
                        const struct user *owner) {
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/%d", r->port, i);
    struct order *o = new_orders(g, "webhook", 1);
    set_text(o, "name", "Shop");
    set_text(o, "url", url);
    set_text(o, "topics", topics);
    o->set[o->count].field =
        type_field(o->type->schema, o->type, owner ? STR("owner") : STR("tells"));
    o->set[o->count++].value =
        owner ? value_link(owner->id, schema_type(engine_schema(g), STR("user"))->id)
              : value_str(STR("everything"));
    post_all(g, o, 1);
    free(o);
}

static struct order *account_orders(struct engine *g, int64_t n) {
    struct order *orders = new_orders(g, "account", n);
    for (int64_t i = 0; i < n; i++) {
        snprintf(orders[i].text[0], sizeof orders[i].text[0], "Account %lld", (long long)i);
        set_text(&orders[i], "name", orders[i].text[0]);
    }
    return orders;
}

/* Of this process: other programs do not change it much. */
static double cpu_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds of the processor for n accounts, and all that follows on the writer. */
static double write_accounts(struct engine *g, int64_t n) {
    kith_error e = KITH_ERROR_INIT;
    struct order *orders = account_orders(g, n);
    double start = cpu_seconds();
    post_all(g, orders, n);
    must(engine_drain(g, 600000, &e), &e);
    double seconds = cpu_seconds() - start;
    free(orders);
    return seconds;
}

static double with_webhook(const char *dir, const char *topics, const char *rights, int64_t n,
                           const struct receiver *r) {
    static int number;
    struct company c;
    char name[32];
    snprintf(name, sizeof name, "write%d", number++);
    open_module(&c, dir, name, "http");
    struct user owner = {.rights = rights};
    kith_error e = KITH_ERROR_INIT;
    if (rights)
        must(engine_write(c.g, &bench_opts, make_user, &owner, NULL, &e), &e);
    if (topics)
        add_webhook(c.g, r, 0, topics, rights ? &owner : NULL);
    double seconds = write_accounts(c.g, n);
    close_module(&c);
    return seconds;
}

/* The best of some rounds, each of them with all of these, so that what else the machine does meets
 * all alike. */
#define ROUNDS 4
static void write_all(const char *dir, int64_t n, const struct receiver *r) {
    static const char *const topics[] = {NULL, "contact.*", "account.created", "account.created"};
    static const char *const rights[] = {NULL, NULL, NULL,
                                         "{\"types\": {\"account\": {\"read\": \"all\"}}}"};
    double best[4] = {1e9, 1e9, 1e9, 1e9};
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < 4; i++) {
            int k = (i + round) % 4; /* each is the first of a round once */
            double seconds = with_webhook(dir, topics[k], rights[k], n, r);
            best[k] = seconds < best[k] ? seconds : best[k];
        }
    row("an account is created, a second of the processor", "%.0f", (double)n / best[0], NULL,
        true);
    row("of that, beside a webhook that does not match", "%.2f", best[0] / best[1], ">= 0.8",
        best[0] / best[1] >= 0.8);
    row("of that, with a webhook that is told of it", "%.2f", best[0] / best[2], ">= 0.2",
        best[0] / best[2] >= 0.2);
    row("of that, with one that tells what a user may read", "%.2f", best[0] / best[3], ">= 0.2",
        best[0] / best[3] >= 0.2);
}

static void deliver(const char *dir, int endpoints, int64_t n, struct receiver *r, double budget) {
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    char name[32], what[80], text[32];
    snprintf(name, sizeof name, "deliver%d", endpoints);
    open_module(&c, dir, name, "http");
    for (int i = 0; i < endpoints; i++)
        add_webhook(c.g, r, i, "account.created", NULL);
    (void)write_accounts(c.g, n / endpoints);
    int before = r->count;
    int64_t start = clock_ticks();
    must(engine_send_start(c.g, &e), &e);
    must(engine_send_wait(c.g, 600000, &e), &e);
    double rate = (double)(r->count - before) / ((double)(clock_ticks() - start) / 1e9);
    snprintf(what, sizeof what, "events to a receiver here, %d webhook%s, a second", endpoints,
             endpoints == 1 ? "" : "s");
    snprintf(text, sizeof text, ">= %.0f", budget);
    row(what, "%.0f", rate, text, rate >= budget);
    close_module(&c);
}

int main(int argc, char **argv) {
    struct receiver r;
    if (argc != 3)
        die("usage: bench_outbox DIR ROWS");
    int64_t n = atoll(argv[2]), sent = n < GOT_MAX / 3 ? n : GOT_MAX / 3;
    log_setup(LOG_ERROR, -1);
    write_conf(argv[1], CONF);
    receiver_start(&r);
    write_all(argv[1], n, &r);
    deliver(argv[1], 1, sent, &r, 1000);
    deliver(argv[1], 4, sent, &r, 1000);
    receiver_stop(&r);
    return 0;
}
