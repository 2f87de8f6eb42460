/* SPDX-License-Identifier: Apache-2.0 */
/* Redirects: that none is left of a record that is there, in whatever order merges are taken apart;
 * and where an older Kith left one, that it harms nobody, is told and is mended. */
#include "engine/engine_internal.h"
#include "engine_merge_fixture.h"

static kith_id person(struct world *w, const char *name) {
    return create(&w->x, w->x.contact,
                  PAIRS(arena_printf(&w->x.arena, "name=%s", name),
                        arena_printf(&w->x.arena, "email=%s@x.example", name)));
}

static void undo_some(struct world *w, kith_id tx) {
    struct undo_report r;
    EXPECT_OK(engine_undo(w->x.g, &tester, tx, false, &w->x.arena, &r, &w->x.e), w->x.e);
}

/* a takes b, then c takes a. */
static void merge_in_a_row(struct world *w, const kith_id p[3], kith_id tx[2]) {
    merge(w, w->x.contact, p[0], p[1]);
    tx[0] = w->tx;
    merge(w, w->x.contact, p[2], p[0]);
    tx[1] = w->tx;
}

TEST("erasing a person erases nobody who had been merged into it and is there again") {
    struct world w;
    kith_id tx[2];
    open_world(&w);
    kith_id p[] = {person(&w, "anna"), person(&w, "bert"), person(&w, "carl")};
    merge_in_a_row(&w, p, tx);
    undo_some(&w, tx[0]);
    EXPECT_STR("bert", field(&w.x, w.x.contact, p[1], "name"));
    EXPECT_OK(try_erase(&w, p[2]), w.x.e);
    EXPECT_STR("bert", field(&w.x, w.x.contact, p[1], "name"));
    EXPECT_STR("bert@x.example", field(&w.x, w.x.contact, p[1], "email"));
    EXPECT_STR("(nowhere)", led(&w, p[0]));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("one that comes back out of order can be merged again, both ways") {
    for (int way = 0; way < 2; way++) {
        struct world w;
        kith_id tx[2];
        open_world(&w);
        kith_id p[] = {person(&w, "anna"), person(&w, "bert"), person(&w, "carl")};
        merge_in_a_row(&w, p, tx);
        undo_some(&w, tx[0]);
        merge(&w, w.x.contact, way ? p[1] : p[2], way ? p[2] : p[1]);
        EXPECT_STR(id_text(&w.x, way ? p[1] : p[2]), led(&w, p[0]));
        EXPECT_STR(id_text(&w.x, way ? p[1] : p[2]), led(&w, p[1]));
        expect_sound(&w.x);
        fixture_close(&w.x);
    }
}

TEST("merges that are taken apart in the wrong order, and once more, leave everybody as before") {
    struct world w;
    kith_id tx[2];
    open_world(&w);
    kith_id p[] = {person(&w, "anna"), person(&w, "bert"), person(&w, "carl")};
    char *before = dump_all(&w.x);
    merge_in_a_row(&w, p, tx);
    undo_some(&w, tx[0]);
    undo_some(&w, tx[1]);
    undo_some(&w, tx[0]);
    EXPECT_INT(3, count(&w.x, "contact_point", NULL));
    EXPECT_INT(0, count(&w.x, "redirect", NULL));
    expect_dump(before, dump_all(&w.x));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

/* -- what an older Kith left ------------------------------------------------------------------- */

struct stale {
    const struct rtype *type;
    kith_id gone, kept;
};

static kith_status leave(struct txn *t, void *arg, kith_error *e) {
    const struct base_redirect *r = &t->g->schema->base.redirect;
    const struct stale *s = arg;
    char text[ID_TEXT + 1];
    id_format(s->gone, text);
    struct assign set[] = {{r->gone, value_str(str_of(text))},
                           {r->kept, value_link(s->kept, s->type->id)}};
    t->code = &engine_action(t->g, STR("record.merge"))->source;
    kith_status st = txn_create(t, r->type, set, 2, NULL, e);
    t->code = NULL;
    return st;
}

static void leave_stale(struct world *w, kith_id gone, kith_id kept) {
    struct stale s = {w->x.contact, gone, kept};
    EXPECT_OK(engine_write(w->x.g, &by_tester, leave, &s, NULL, &w->x.e), w->x.e);
}

TEST("a redirect of a living record erases nobody, and is in no merge's way") {
    struct world w;
    open_world(&w);
    kith_id a = person(&w, "anna"), b = person(&w, "bert"), d = person(&w, "dora");
    leave_stale(&w, b, a);
    EXPECT_OK(try_erase(&w, a), w.x.e);
    EXPECT_STR("bert", field(&w.x, w.x.contact, b, "name"));
    leave_stale(&w, b, d);
    merge(&w, w.x.contact, d, b);
    EXPECT_STR(id_text(&w.x, d), led(&w, b));
    undo_some(&w, w.tx);
    leave_stale(&w, b, d);
    merge(&w, w.x.contact, b, d);
    EXPECT_INT(1, count(&w.x, "redirect", NULL));
    EXPECT_STR(id_text(&w.x, b), led(&w, d));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("the doctor tells of redirects that lead astray, and takes them away") {
    struct world w;
    struct findings f, mended = {.first = 0};
    open_world(&w);
    kith_id a = person(&w, "anna"), b = person(&w, "bert"), d = person(&w, "dora");
    merge(&w, w.x.contact, a, d);
    leave_stale(&w, b, a);
    EXPECT_INT(1, examine(&w.x, &f));
    EXPECT_HAS(
        arena_printf(&w.x.arena, "leads on from contact %s, which is there", id_text(&w.x, b)),
        f.text);
    EXPECT_OK(engine_repair(w.x.g, &tester, note_finding, &mended, &w.x.e), w.x.e);
    EXPECT_HAS("redirects: ", mended.text);
    EXPECT_STR("", strstr(led(&w, d), id_text(&w.x, a)) ? "" : "the right one is gone, too");
    expect_sound(&w.x);
    run_sql(&w.x, "UPDATE redirect SET kept = 77");
    examine(&w.x, &f);
    EXPECT_HAS("redirects: ", f.text);
    EXPECT_HAS("which is not there", f.text);
    fixture_close(&w.x);
}

static kith_status delete_by_hand(struct world *w, const char *type) {
    kith_id id = 0;
    EXPECT_INT(1, count(&w->x, type, &id));
    return try_job(&w->x, ROW_DELETE, schema_type(engine_schema(w->x.g), str_of(type)), &id, NULL,
                   NULL);
}

TEST("nobody takes away what tells an erasure who had been merged, and a restore who was erased") {
    struct world w;
    open_world(&w);
    kith_id a = person(&w, "anna"), b = person(&w, "bert");
    merge(&w, w.x.contact, a, b);
    EXPECT_INT(KITH_E_REFUSED, delete_by_hand(&w, "redirect"));
    EXPECT_STR(id_text(&w.x, a), led(&w, b));
    undo(&w, w.tx);
    EXPECT_INT(0, count(&w.x, "redirect", NULL));
    EXPECT_OK(try_erase(&w, b), w.x.e);
    EXPECT_INT(KITH_E_REFUSED, delete_by_hand(&w, "erasure"));
    EXPECT_HAS("type erasure", w.x.e.message);
    EXPECT_INT(1, count(&w.x, "erasure", NULL));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("an undo leaves a link that somebody led to the one who became the kept one later") {
    struct world w;
    open_world(&w);
    struct fixture *x = &w.x;
    kith_id p[] = {person(&w, "anna"), person(&w, "bert"), person(&w, "carl")};
    kith_id task = create(x, x->task, PAIRS("title=T", any(&w, "about", "contact", p[1])));
    kith_id first = update(x, x->task, task, PAIRS(any(&w, "about", "contact", p[0])));
    update(x, x->task, task, PAIRS(any(&w, "about", "contact", p[2])));
    merge(&w, x->contact, p[2], p[0]);
    struct undo_report r;
    EXPECT_OK(engine_undo(x->g, &tester, first, false, &x->arena, &r, &x->e), x->e);
    EXPECT_INT(1, r.kept);
    EXPECT_INT(0, r.reversed);
    EXPECT_STR(any(&w, "about", "contact", p[2]),
               arena_printf(&x->arena, "about=%s", field(x, x->task, task, "about")));
    expect_sound(x);
    fixture_close(x);
}

TEST("merges in a circle that are taken apart in their order leave every link where it was") {
    struct world w;
    open_world(&w);
    struct fixture *x = &w.x;
    kith_id p[] = {person(&w, "anna"), person(&w, "bert"), person(&w, "carl")}, task[3], tx[3];
    for (int i = 0; i < 3; i++)
        task[i] = create(x, x->task, PAIRS("title=T", any(&w, "about", "contact", p[i])));
    merge(&w, x->contact, p[1], p[2]);
    tx[0] = w.tx;
    merge(&w, x->contact, p[0], p[1]);
    tx[1] = w.tx;
    undo_some(&w, tx[0]);
    merge(&w, x->contact, p[2], p[0]);
    tx[2] = w.tx;
    undo_some(&w, tx[1]);
    undo_some(&w, tx[2]);
    for (int i = 0; i < 3; i++)
        EXPECT_STR(any(&w, "about", "contact", p[i]),
                   arena_printf(&x->arena, "about=%s", field(x, x->task, task[i], "about")));
    expect_sound(x);
    fixture_close(x);
}
