/* SPDX-License-Identifier: Apache-2.0 */
/* Where the tests in files of rules run: a second engine over the same files; and what they gave.
 */
#ifndef TESTS_UNIT_SCRIPT_TRIAL_FIXTURE_H
#define TESTS_UNIT_SCRIPT_TRIAL_FIXTURE_H

#include "script_flow_fixture.h"

#include "script/trial.h"

/* -- a bench: a second engine over the same files ---------------------------------------------- */

static kith_status send_mail(void *self, struct call *call, kith_error *e) {
    struct outgoing o = {.delivery = "mail:smtp",
                         .endpoint = STR("ann@x.org"),
                         .payload = STR("{\"subject\": \"Hello\", \"lines\": 3, \"share\": 1.5}")};
    kith_id id;
    (void)self;
    TRY(txn_send(call->txn, &o, &id, e));
    call->results[0] = value_int(7);
    return KITH_OK;
}

static kith_status never(void *self, struct delivery_call *call, kith_error *e) {
    (void)self, (void)call;
    return err_set(e, KITH_E_INTERNAL, NULL, "something was sent from a test");
}

static void add_mail(struct company *b) {
    struct action a = {.name = "mail.send",
                       .module = "mail",
                       .doc = "Sends.",
                       .effect = EFFECT_EXTERNAL,
                       .fn = send_mail,
                       .source = {SOURCE_MODULE, "mail", "1", 0}};
    struct delivery_handler h = {
        .name = "mail:smtp", .fn = never, .source = {SOURCE_MODULE, "mail", "1", 0}};
    EXPECT_OK(action_fields(b->g, "mail", (kith_array)KITH_ARRAY(double_params), &a.params,
                            &a.param_count, &b->e),
              b->e);
    EXPECT_OK(action_fields(b->g, "mail", (kith_array)KITH_ARRAY(double_results), &a.results,
                            &a.result_count, &b->e),
              b->e);
    EXPECT_OK(engine_add_action(b->g, &a, &b->e), b->e);
    EXPECT_OK(engine_add_delivery(b->g, &h, &b->e), b->e);
}

static int benches; /* that are open */

static kith_status open_bench(void *arg, const struct script_focus *focus,
                              const struct test_bench *like, struct test_bench *out,
                              kith_error *e) {
    (void)like;
    const struct company *c = arg;
    struct company *b = calloc(1, sizeof *b);
    struct script_options o = {.limits = {.time_ms = 20000}};
    if (focus)
        o.focus = *focus;
    company_make(b);
    company_engine(b);
    add_mail(b);
    benches++;
    *out = (struct test_bench){b->g, NULL, &b->clock, b};
    TRY(scripts_open(&b->s, b->g, c->dir, &o, e));
    out->scripts = b->s;
    return KITH_OK;
}

static void close_bench(void *arg, struct test_bench *out) {
    (void)arg;
    company_end(out->self);
    free(out->self);
    benches--;
}

/* -- a company and what its tests gave --------------------------------------------------------- */

struct told {
    struct buf text;
    struct test_counts n;
};

static void tell(void *arg, const struct test_result *r) {
    struct told *t = arg;
    if (r->failed)
        buf_printf(&t->text, "%s|%s:%u: %s|%s", r->name, r->file, r->line, r->message, r->effects);
    else
        buf_printf(&t->text, "%s|passed\n", r->name);
}

static struct test_host host_of(struct company *c) {
    return (struct test_host){open_bench, close_bench, c};
}

static struct told run_focused(struct company *c, const struct script_focus *focus, int64_t limit) {
    struct told t = {0};
    struct test_host host = host_of(c);
    EXPECT_OK(scripts_test(&host, focus, limit, tell, &t, &t.n, &c->e), c->e);
    EXPECT_INT(0, benches);
    return t;
}

/* A company with this file, and what its tests gave: "" when all `passed` passed. */
static inline void expect_passing(const char *file, const char *text, size_t passed) {
    struct company c;
    company_with(&c, file, text);
    struct told t = run_focused(&c, NULL, 0);
    if (t.n.failed || t.n.passed != passed)
        TEST_FAIL("%zu passed, %zu failed: %s", t.n.passed, t.n.failed,
                  t.text.ptr ? t.text.ptr : "");
    EXPECT_INT(0, find(&c, "task", NULL)); /* the company is not touched */
    EXPECT_INT(0, find(&c, "lead", NULL));
    buf_free(&t.text);
    company_end(&c);
}

static inline void expect_failing(const char *text, const char *message) {
    struct company c;
    company_with(&c, FLOW, text);
    struct told t = run_focused(&c, NULL, 0);
    EXPECT_INT(1, t.n.failed);
    EXPECT_STR(message, t.text.ptr);
    buf_free(&t.text);
    company_end(&c);
}

#endif
