/* SPDX-License-Identifier: Apache-2.0 */
/* Merges and undos in parts: one that is killed half-way is known, goes on as the same run when it
 * is asked for again, and is undone as a whole. */
#include "engine/engine_internal.h"
#include "engine/erased.h"
#include "engine_merge_fixture.h"

#include <signal.h>
#include <sys/wait.h>

#define TASKS 900

struct half {
    struct world w;
    kith_id a, b; /* contacts; the tasks are about b */
    kith_id old;  /* merged into a before */
    char *before;
    uint64_t seq;        /* the last row before all that */
    const char *dies_at; /* the type in whose update the process is killed ... */
    int left;            /* ... after so many */
};

static kith_status die(void *self, struct txn *t, struct change *c, kith_error *e) {
    struct half *h = self;
    (void)t;
    (void)c;
    (void)e;
    if (--h->left == 0)
        raise(SIGKILL);
    return KITH_OK;
}

static const char *about(struct half *h, kith_id contact) {
    return any(&h->w, "about", "contact", contact);
}

static int64_t tasks_of(struct half *h, kith_id contact) {
    return count(
        &h->w.x,
        arena_printf(&h->w.x.arena, "task where about = 'contact/%s'", id_text(&h->w.x, contact)),
        NULL);
}

static void half_open(struct half *h) {
    memset(h, 0, sizeof *h);
    open_world(&h->w);
    struct fixture *x = &h->w.x;
    h->seq = x->g->seq;
    h->a = create(x, x->contact, PAIRS("name=A"));
    h->b = create(x, x->contact, PAIRS("name=B", "email=b@x.example"));
    for (int i = 0; i < TASKS; i++)
        create(x, x->task, PAIRS("title=T", about(h, h->b)));
    h->before = dump_all(x);
    h->dies_at = "task";
}

/* In a process of its own, which is killed. */
static void do_and_die(struct half *h, void (*work)(struct half *h), int after) {
    struct fixture *x = &h->w.x;
    int status;
    engine_close(x->g);
    pid_t child = fork();
    if (child == 0) {
        if (setjmp(test_exit))
            _exit(1);
        fixture_reopen(x);
        struct hook hook = {.type = type_named(x, h->dies_at),
                            .on = ON_UPDATE,
                            .fn = die,
                            .self = h,
                            .source = {SOURCE_RULE, "die", "", 1}};
        h->left = after;
        engine_add_hook(x->g, &hook, &x->e);
        fixture_start(x);
        work(h);
        _exit(0);
    }
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    fixture_reopen(x);
    fixture_start(x);
}

static void merge_both(struct half *h) {
    merge(&h->w, h->w.x.contact, h->a, h->b);
}

static void undo_merge(struct half *h) {
    undo(&h->w, h->w.tx);
}

/* How many there are; *run (may be NULL): the last one's. */
static size_t unfinished(struct half *h, kith_id *run) {
    struct unfinished *u;
    size_t n;
    EXPECT_OK(engine_unfinished(h->w.x.g, &tester, &h->w.x.arena, &u, &n, &h->w.x.e), h->w.x.e);
    for (size_t i = 0; i < n; i++) {
        EXPECT(!u[i].under_way);
        if (run)
            *run = u[i].run;
    }
    return n;
}

/* -- merges ------------------------------------------------------------------------------------ */

TEST("a merge that is killed goes on as the same run, and one undo takes all of it apart") {
    struct half h;
    kith_id run = 0;
    half_open(&h);
    do_and_die(&h, merge_both, 700);
    EXPECT_INT(600, tasks_of(&h, h.a));
    EXPECT_STR("B", field(&h.w.x, h.w.x.contact, h.b, "name"));
    EXPECT_INT(1, unfinished(&h, &run));
    expect_sound(&h.w.x);
    do_and_die(&h, merge_both, 200); /* nothing of it is kept */
    merge_both(&h);
    EXPECT(h.w.tx == run);
    EXPECT(h.w.report.since != 0);
    EXPECT_INT(300, links(&h.w, "task", "about")->moved);
    EXPECT_INT(0, unfinished(&h, NULL));
    EXPECT_INT(TASKS, tasks_of(&h, h.a));
    expect_sound(&h.w.x);
    expect_unmerged(&h.w, h.before);
    fixture_close(&h.w.x);
}

TEST("a merge that was killed is taken back by its run, and then is no more") {
    struct half h;
    half_open(&h);
    do_and_die(&h, merge_both, 700);
    EXPECT_INT(1, unfinished(&h, &h.w.tx));
    expect_unmerged(&h.w, h.before);
    EXPECT_INT(0, unfinished(&h, NULL));
    merge_both(&h);
    EXPECT_INT(0, h.w.report.since);
    EXPECT_INT(TASKS, links(&h.w, "task", "about")->moved);
    fixture_close(&h.w.x);
}

TEST("while a merge is half done, another one of the same records is refused") {
    struct half h;
    half_open(&h);
    struct fixture *x = &h.w.x;
    kith_id other = create(x, x->contact, PAIRS("name=C"));
    do_and_die(&h, merge_both, 700);
    EXPECT_INT(KITH_E_REFUSED, try_merge(&h.w, x->contact, h.b, h.a, ""));
    EXPECT_HAS("is not finished", x->e.message);
    EXPECT_INT(KITH_E_REFUSED, try_merge(&h.w, x->contact, other, h.b, ""));
    EXPECT_INT(KITH_E_REFUSED,
               try_merge(&h.w, x->contact, h.a, h.b,
                         arena_printf(&x->arena, "{\"city\":\"%s\"}", id_text(x, h.b))));
    kith_id more = create(x, x->contact, PAIRS("name=D"));
    merge(&h.w, x->contact, other, more);
    EXPECT_INT(1, unfinished(&h, NULL));
    merge_both(&h);
    merge(&h.w, x->contact, other, h.a);
    expect_sound(x);
    free(h.before);
    fixture_close(x);
}

static void expect_undeletable(struct half *h, kith_id contact) {
    struct fixture *x = &h->w.x;
    kith_id id = contact;
    EXPECT_INT(1, unfinished(h, &h->w.tx));
    EXPECT_INT(KITH_E_REFUSED, try_job(x, ROW_DELETE, x->contact, &id, NULL, NULL));
    EXPECT_HAS(id_text(x, contact), x->e.message);
    EXPECT_HAS(arena_printf(&x->arena, "'kith undo %s'", id_text(x, h->w.tx)), x->e.message);
}

TEST("while a merge is half done, none of its records is deleted, and all are once it is done") {
    struct half h;
    half_open(&h);
    struct fixture *x = &h.w.x;
    do_and_die(&h, merge_both, 700);
    expect_undeletable(&h, h.a);
    expect_undeletable(&h, h.b);
    expect_unmerged(&h.w, h.before);
    delete_(x, x->contact, h.b);
    expect_sound(x);
    fixture_close(x);
}

static void merge_by_old_id(struct half *h) {
    merge(&h->w, h->w.x.contact, h->old, h->b);
}

TEST("a merge that was asked for by an old id is known by the records that it is of") {
    struct half h;
    half_open(&h);
    struct fixture *x = &h.w.x;
    h.old = create(x, x->contact, PAIRS("name=Old"));
    merge(&h.w, x->contact, h.a, h.old);
    do_and_die(&h, merge_by_old_id, 700);
    expect_undeletable(&h, h.a);
    EXPECT_INT(KITH_E_REFUSED, try_erase(&h.w, h.a));
    merge_by_old_id(&h);
    EXPECT(h.w.report.since != 0);
    EXPECT_INT(TASKS, tasks_of(&h, h.a));
    expect_sound(x);
    free(h.before);
    fixture_close(x);
}

TEST("in the midst of a merge nobody of it is erased, and everybody once it is done or undone") {
    struct half h;
    half_open(&h);
    struct fixture *x = &h.w.x;
    do_and_die(&h, merge_both, 700);
    EXPECT_INT(KITH_E_REFUSED, try_erase(&h.w, h.b));
    EXPECT_HAS(id_text(x, h.b), x->e.message);
    EXPECT_INT(1, unfinished(&h, &h.w.tx));
    EXPECT_HAS(arena_printf(&x->arena, "'kith undo %s'", id_text(x, h.w.tx)), x->e.message);
    EXPECT_INT(KITH_E_REFUSED, try_erase(&h.w, h.a));
    undo(&h.w, h.w.tx);
    EXPECT_OK(try_erase(&h.w, h.b), x->e);
    EXPECT_STR("(nowhere)", led(&h.w, h.b));
    EXPECT_INT(1, count(x, arena_printf(&x->arena, "erasure where emptied = %d", TASKS), NULL));
    EXPECT_STR("A", field(x, x->contact, h.a, "name"));
    expect_sound(x);
    free(h.before);
    fixture_close(x);
}

TEST("whoever is erased again was taken out of a merge that was half done in the backup") {
    struct half h;
    struct erased_again again;
    half_open(&h);
    struct fixture *x = &h.w.x;
    do_and_die(&h, merge_both, 700);
    struct erased_one b = {
        .type = "contact", .record = id_text(x, h.b), .at = "2026-01-01T00:00:00.000Z"};
    struct erased_list list = {.items = &b, .count = 1};
    EXPECT(map_put(&list.known, str_of(b.record), &list));
    EXPECT_OK(engine_erase_again(x->g, &list, &x->arena, &again, &x->e), x->e);
    map_free(&list.known);
    EXPECT_INT(1, again.erased);
    EXPECT_INT(1, again.unmerged);
    EXPECT_INT(0, unfinished(&h, NULL));
    EXPECT_INT(0, tasks_of(&h, h.a)); /* they told about the one who was erased */
    EXPECT_STR("A", field(x, x->contact, h.a, "name"));
    expect_sound(x);
    free(h.before);
    fixture_close(x);
}

TEST("back at a moment before a merge that was half done, nothing of it is left") {
    struct half h;
    struct undo_report r;
    half_open(&h);
    struct fixture *x = &h.w.x;
    do_and_die(&h, merge_both, 700);
    EXPECT_OK(engine_undo_since(x->g, &tester, h.seq, NULL, &x->arena, &r, &x->e), x->e);
    EXPECT_INT(0, r.kept + r.refused);
    EXPECT_INT(0, count(x, "contact", NULL));
    EXPECT_INT(0, unfinished(&h, NULL));
    expect_sound(x);
    free(h.before);
    fixture_close(x);
}

static void merge_email(struct half *h) {
    struct fixture *x = &h->w.x;
    const char *email = arena_printf(&x->arena, "{\"email\":\"%s\"}", id_text(x, h->b));
    EXPECT_OK(try_merge(&h->w, x->contact, h->a, h->b, email), x->e);
}

TEST("whose value a field takes is decided once, though the merge is killed after that") {
    struct half h;
    half_open(&h);
    struct fixture *x = &h.w.x;
    update(x, x->contact, h.a, PAIRS("email=a@x.example"));
    for (int i = 0; i < 400; i++)
        create(x, x->point,
               PAIRS("kind=phone", arena_printf(&x->arena, "value=+49 %d", i),
                     pair(&h.w, "contact", h.b)));
    h.dies_at = "contact_point";
    do_and_die(&h, merge_email, 380);
    EXPECT_STR("b@x.example", field(x, x->contact, h.a, "email"));
    merge_email(&h);
    EXPECT(h.w.report.since != 0);
    EXPECT_STR("b@x.example", field(x, x->contact, h.a, "email"));
    expect_sound(x);
    free(h.before);
    fixture_close(x);
}

/* Each of its transactions is more than a part of an undo usually is. */
TEST("an undo in parts of a merge of many gives every contact what it had, and nothing twice") {
    struct half h;
    half_open(&h);
    struct fixture *x = &h.w.x;
    struct buf others = {0};
    for (int i = 0; i < MERGE_OTHERS; i++) {
        kith_id id = create(x, x->contact,
                            PAIRS(arena_printf(&x->arena, "name=N%d", i),
                                  arena_printf(&x->arena, "email=n%d@x.example", i),
                                  arena_printf(&x->arena, "phone=+49 %d", i)));
        buf_printf(&others, "%s%s", i ? "," : "", id_text(x, id));
        for (int k = 0; k < 4; k++)
            create(x, x->task, PAIRS("title=M", about(&h, id)));
    }
    free(h.before);
    h.before = dump_all(x);
    EXPECT_OK(merge_as(&h.w, &tester, x->contact, h.b, others.ptr, ""), x->e);
    EXPECT_INT(1 + 2 * MERGE_OTHERS, count(x, "contact_point", NULL));
    expect_unmerged(&h.w, h.before);
    buf_free(&others);
    fixture_close(x);
}

/* -- undos ------------------------------------------------------------------------------------- */

/* Three rows each: a part of the undo ends behind the third of one of them, one of its undo not. */
TEST("an address that an undo in parts took away comes back once when that is undone") {
    struct half h = {.left = 0};
    struct fixture *x = &h.w.x;
    struct undo_report r;
    kith_id run = 0;
    open_world(&h.w);
    for (int i = 0; i < 400; i++) {
        struct job j = {ROW_CREATE, x->contact, 0,
                        PAIRS("name=N", arena_printf(&x->arena, "email=n%d@x.example", i),
                              arena_printf(&x->arena, "phone=+49 %d", i))};
        struct write_opts o = {.principal = &tester, .origin = ORIGIN_IMPORT, .run = run};
        kith_id tx;
        EXPECT_OK(engine_write(x->g, &o, do_job, &j, &tx, &x->e), x->e);
        run = run ? run : tx;
    }
    char *before = dump_all(x);
    EXPECT_OK(engine_undo(x->g, &tester, run, false, &x->arena, &r, &x->e), x->e);
    EXPECT_INT(0, count(x, "contact_point", NULL));
    undo(&h.w, r.run);
    expect_dump(before, dump_all(x));
    expect_sound(x);
    fixture_close(x);
}

TEST("an undo that is killed goes on as the same run, and one undo takes all of it back") {
    struct half h;
    kith_id run = 0;
    struct undo_report r;
    half_open(&h);
    struct fixture *x = &h.w.x;
    merge_both(&h);
    kith_id merged = h.w.tx;
    char *after = dump_all(x);
    do_and_die(&h, undo_merge, 700);
    EXPECT_INT(1, unfinished(&h, &run));
    EXPECT_OK(engine_undo(x->g, &tester, merged, false, &x->arena, &r, &x->e), x->e);
    EXPECT(r.run == run);
    EXPECT(r.earlier > 0);
    EXPECT_INT(0, unfinished(&h, NULL));
    expect_dump(h.before, dump_all(x));
    undo(&h.w, r.run);
    expect_dump(after, dump_all(x));
    expect_sound(x);
    fixture_close(x);
}

TEST("an undo that was killed is taken back by its run") {
    struct half h;
    half_open(&h);
    struct fixture *x = &h.w.x;
    merge_both(&h);
    char *after = dump_all(x);
    do_and_die(&h, undo_merge, 700);
    EXPECT_INT(1, unfinished(&h, &h.w.tx));
    undo(&h.w, h.w.tx);
    EXPECT_INT(0, unfinished(&h, NULL));
    expect_dump(after, dump_all(x));
    expect_sound(x);
    free(h.before);
    fixture_close(x);
}
