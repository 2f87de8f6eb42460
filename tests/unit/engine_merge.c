/* SPDX-License-Identifier: Apache-2.0 */
/* Merge: which value each field has, what links lead to, what leads on from the old ids, and that
 * its undo takes all apart again. */
#include "engine_import_fixture.h"
#include "engine_merge_fixture.h"

/* -- fields ------------------------------------------------------------------------------------ */

TEST("a field keeps its value, or takes the first that the others have, or the one that is named") {
    struct world w;
    open_world(&w);
    const struct rtype *c = w.x.contact;
    kith_id a = create(&w.x, c, PAIRS("name=Ada Lovelace", "city=Bonn", "tags=vip", "language=en"));
    kith_id b = create(&w.x, c,
                       PAIRS("name=A. King", "language=de", "birthday=1980-01-02", "tags=new,vip",
                             "title=Countess"));
    kith_id d = create(&w.x, c, PAIRS("name=X", "birthday=1999-01-01", "source=fair"));
    char *before = dump_all(&w.x);
    EXPECT_OK(merge_as(&w, &tester, c, a,
                       arena_printf(&w.x.arena, "%s,%s", id_text(&w.x, b), id_text(&w.x, d)),
                       arena_printf(&w.x.arena, "{\"language\":\"%s\",\"title\":\"%s\"}",
                                    id_text(&w.x, b), id_text(&w.x, a))),
              w.x.e);
    EXPECT_STR("Ada Lovelace", field(&w.x, c, a, "name"));
    EXPECT_STR("de", field(&w.x, c, a, "language"));
    EXPECT_STR("1980-01-02", field(&w.x, c, a, "birthday"));
    EXPECT_STR("", field(&w.x, c, a, "title"));
    EXPECT_STR("fair", field(&w.x, c, a, "source"));
    EXPECT_STR("new,vip", field(&w.x, c, a, "tags"));
    EXPECT_STR("(gone)", field(&w.x, c, b, "name"));
    EXPECT_STR("(gone)", field(&w.x, c, d, "name"));
    expect_sound(&w.x);
    expect_unmerged(&w, before);
    fixture_close(&w.x);
}

TEST("a name and an address are taken as a whole or not at all") {
    struct world w;
    open_world(&w);
    const struct rtype *c = w.x.contact;
    kith_id a = create(&w.x, c, PAIRS("name=Ada Lovelace", "city=Bonn"));
    kith_id b = create(&w.x, c, PAIRS("name=Mary King", "city=Kiel", "street=Hafen 1"));
    kith_id d = create(&w.x, c, PAIRS("name=Zoe", "city=Bonn", "street=Markt 2", "country=DE"));
    merge(&w, c, a, b);
    EXPECT_STR("", field(&w.x, c, a, "street"));
    merge(&w, c, a, d);
    EXPECT_STR("Markt 2", field(&w.x, c, a, "street"));
    EXPECT_STR("DE", field(&w.x, c, a, "country"));
    EXPECT_STR("Ada", field(&w.x, c, a, "first_name"));
    b = create(&w.x, c, PAIRS("name=Mary Ann King"));
    EXPECT_OK(
        try_merge(&w, c, a, b, arena_printf(&w.x.arena, "{\"name\":\"%s\"}", id_text(&w.x, b))),
        w.x.e);
    EXPECT_STR("Mary Ann", field(&w.x, c, a, "first_name"));
    EXPECT_STR("King", field(&w.x, c, a, "last_name"));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("the kept one's state stays, and a unique value is free once the other is gone") {
    struct world w;
    open_world(&w);
    const struct rtype *l = w.x.lead;
    kith_id a = create(&w.x, l, PAIRS("name=A"));
    kith_id b = create(&w.x, l, PAIRS("name=B", "code=C7"));
    update(&w.x, l, b, PAIRS("state=working"));
    char *before = dump_all(&w.x);
    merge(&w, l, a, b);
    EXPECT_STR("new", field(&w.x, l, a, "state"));
    EXPECT_STR("C7", field(&w.x, l, a, "code"));
    expect_unmerged(&w, before);
    fixture_close(&w.x);
}

/* -- links ------------------------------------------------------------------------------------- */

TEST("all that links to a merged record links to the kept one, by links of every sort") {
    struct world w;
    open_world(&w);
    const struct rtype *c = w.x.contact, *card = type_of(&w, "card");
    kith_id a = create(&w.x, c, PAIRS("name=A")), b = create(&w.x, c, PAIRS("name=B"));
    kith_id t = create(&w.x, w.x.task, PAIRS("title=Call", any(&w, "about", "contact", b)));
    kith_id l = create(&w.x, w.x.lead, PAIRS("name=L", pair(&w, "contact", b)));
    kith_id k = create(
        &w.x, card,
        PAIRS("number=1", pair(&w, "contact", b),
              arena_printf(&w.x.arena, "readers=%s,%s", id_text(&w.x, a), id_text(&w.x, b))));
    kith_id n =
        create(&w.x, type_of(&w, "note"), PAIRS("body=Hello", any(&w, "about", "contact", b)));
    char *before = dump_all(&w.x);
    merge(&w, c, a, b);
    EXPECT_STR(arena_printf(&w.x.arena, "contact/%s", id_text(&w.x, a)),
               field(&w.x, w.x.task, t, "about"));
    EXPECT_STR(id_text(&w.x, a), field(&w.x, w.x.lead, l, "contact"));
    EXPECT_STR(id_text(&w.x, a), field(&w.x, card, k, "contact"));
    EXPECT_STR(id_text(&w.x, a), field(&w.x, card, k, "readers"));
    EXPECT_STR(arena_printf(&w.x.arena, "contact/%s", id_text(&w.x, a)),
               field(&w.x, type_of(&w, "note"), n, "about"));
    EXPECT_INT(5, w.report.moved);
    EXPECT_INT(1, links(&w, "task", "about")->moved);
    expect_unmerged(&w, before);
    fixture_close(&w.x);
}

TEST("a link that only one record may have refuses a merge of two that both are linked to") {
    struct world w;
    open_world(&w);
    const struct rtype *c = w.x.contact;
    kith_id a = create(&w.x, c, PAIRS("name=A")), b = create(&w.x, c, PAIRS("name=B"));
    create(&w.x, type_of(&w, "card"), PAIRS("number=1", pair(&w, "contact", a)));
    create(&w.x, type_of(&w, "card"), PAIRS("number=2", pair(&w, "contact", b)));
    EXPECT_INT(KITH_E_REFUSED, try_merge(&w, c, a, b, ""));
    EXPECT(strstr(w.x.e.message, "card.contact is unique") != NULL);
    EXPECT_STR("B", field(&w.x, c, b, "name"));
    fixture_close(&w.x);
}

TEST("parts that are the same become one: points, profiles, memberships, relations between both") {
    struct world w;
    open_world(&w);
    struct fixture *x = &w.x;
    const struct rtype *c = x->contact, *m = type_of(&w, "list_member");
    kith_id a = create(x, c, PAIRS("name=A", "email=a@x.example", "phone=+49 1"));
    kith_id b = create(x, c, PAIRS("name=B", "email=A@X.example", "phone=+49 2"));
    kith_id list = create(x, type_of(&w, "segment"), PAIRS("name=l", "query=contact", "kind=list"));
    kith_id other =
        create(x, type_of(&w, "segment"), PAIRS("name=o", "query=contact", "kind=list"));
    create(x, m, PAIRS(pair(&w, "segment", list), any(&w, "record", "contact", a)));
    create(x, m, PAIRS(pair(&w, "segment", list), any(&w, "record", "contact", b)));
    create(x, m, PAIRS(pair(&w, "segment", other), any(&w, "record", "contact", b)));
    kith_id p = create(x, type_of(&w, "profile"), PAIRS(pair(&w, "contact", a), "gender=f"));
    create(x, type_of(&w, "profile"), PAIRS(pair(&w, "contact", b), "occupation=Poet"));
    create(x, type_of(&w, "relation"),
           PAIRS("kind=friend", any(&w, "party", "contact", a), any(&w, "other", "contact", b)));
    char *before = dump_all(&w.x);
    merge(&w, c, a, b);
    EXPECT_INT(3, count(x, "contact_point", NULL)); /* one address, two numbers */
    EXPECT_STR("+49 1", field(x, c, a, "phone"));
    EXPECT_INT(1, count(x, "contact_point where kind = 'phone' and primary", NULL));
    EXPECT_INT(2, count(x, "list_member", NULL));
    EXPECT_INT(1, count(x, "contact where in_segment('o')", NULL));
    EXPECT_STR("Poet", field(x, type_of(&w, "profile"), p, "occupation"));
    EXPECT_STR("f", field(x, type_of(&w, "profile"), p, "gender"));
    EXPECT_INT(0, count(x, "relation", NULL));
    EXPECT_INT(1, links(&w, "contact_point", "contact")->joined);
    EXPECT_INT(1, links(&w, "list_member", "record")->joined);
    EXPECT_INT(1, links(&w, "list_member", "record")->moved);
    expect_unmerged(&w, before);
    fixture_close(x);
}

TEST("a record that is our own in part does not go with the rented list that brought the rest") {
    struct world w;
    open_world(&w);
    struct fixture *x = &w.x;
    const struct rtype *c = x->contact, *m = type_of(&w, "list_member");
    kith_id a = create(x, c, PAIRS("name=A")), b = create(x, c, PAIRS("name=B"));
    kith_id list = create(x, type_of(&w, "segment"), PAIRS("name=l", "query=contact", "kind=list"));
    kith_id r = create(
        x, m, PAIRS(pair(&w, "segment", list), any(&w, "record", "contact", a), "brought=true"));
    char *before = dump_all(&w.x);
    merge(&w, c, a, b); /* the kept one was brought, the other is ours */
    EXPECT_STR("false", field(x, m, r, "brought"));
    expect_unmerged(&w, before);
    before = dump_all(&w.x);
    merge(&w, c, b, a);
    EXPECT_INT(1, count(x, "list_member where not brought", NULL));
    expect_unmerged(&w, before);
    kith_id r2 = create(
        x, m, PAIRS(pair(&w, "segment", list), any(&w, "record", "contact", b), "brought=true"));
    merge(&w, c, b, a); /* both were brought */
    EXPECT_STR("true", field(x, m, r2, "brought"));
    fixture_close(x);
}

TEST("in a tree the kept record takes the place of the one that it lay within") {
    struct world w;
    open_world(&w);
    struct fixture *x = &w.x;
    const struct rtype *t = type_of(&w, "account");
    kith_id top = create(x, t, PAIRS("name=Top"));
    kith_id a = create(x, t, PAIRS("name=A", pair(&w, "parent", top)));
    kith_id mid = create(x, t, PAIRS("name=Mid", pair(&w, "parent", a)));
    kith_id b = create(x, t, PAIRS("name=B", pair(&w, "parent", mid)));
    char *before = dump_all(&w.x);
    merge(&w, t, b, a); /* the child stays */
    EXPECT_STR(id_text(x, top), field(x, t, b, "parent"));
    EXPECT_STR(id_text(x, b), field(x, t, mid, "parent"));
    expect_unmerged(&w, before);
    before = dump_all(&w.x);
    merge(&w, t, a, b); /* the parent stays */
    EXPECT_STR(id_text(x, top), field(x, t, a, "parent"));
    expect_unmerged(&w, before);
    fixture_close(x);
}

/* -- redirects --------------------------------------------------------------------------------- */

TEST("old ids lead to the kept record, however often it was merged on, and back after an undo") {
    struct world w;
    open_world(&w);
    const struct rtype *c = w.x.contact;
    kith_id a = create(&w.x, c, PAIRS("name=A")), b = create(&w.x, c, PAIRS("name=B")),
            d = create(&w.x, c, PAIRS("name=D"));
    merge(&w, c, b, a);
    EXPECT_STR(id_text(&w.x, b), led(&w, a));
    merge(&w, c, d, b);
    kith_id second = w.tx;
    EXPECT_STR(id_text(&w.x, d), led(&w, a));
    EXPECT_STR(id_text(&w.x, d), led(&w, b));
    expect_sound(&w.x);
    undo(&w, second);
    EXPECT_STR(id_text(&w.x, b), led(&w, a));
    EXPECT_STR(id_text(&w.x, b), led(&w, b));
    delete_(&w.x, c, b);
    EXPECT_STR("(nowhere)", led(&w, a));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("one that comes back from the middle of two merges can be merged, deleted and found again") {
    struct world w;
    struct undo_report r;
    open_world(&w);
    const struct rtype *c = w.x.contact;
    kith_id a = create(&w.x, c, PAIRS("name=A")), b = create(&w.x, c, PAIRS("name=B")),
            d = create(&w.x, c, PAIRS("name=D")), last = create(&w.x, c, PAIRS("name=L"));
    merge(&w, c, a, b);
    kith_id first = w.tx;
    merge(&w, c, d, a); /* the redirect of b leads on to d */
    EXPECT_OK(engine_undo(w.x.g, &tester, first, false, &w.x.arena, &r, &w.x.e), w.x.e);
    EXPECT_STR("B", field(&w.x, c, b, "name"));
    EXPECT_INT(1, count(&w.x, "redirect", NULL)); /* that of a */
    kith_id deleted = delete_(&w.x, c, b);
    EXPECT_STR("(gone)", field(&w.x, c, b, "name"));
    EXPECT_INT(KITH_E_NOTFOUND, try_merge(&w, c, last, b, ""));
    undo(&w, deleted);
    merge(&w, c, last, b);
    EXPECT_INT(1, count(&w.x,
                        arena_printf(&w.x.arena,
                                     "redirect where gone = '%s' and kept = "
                                     "'contact/%s'",
                                     id_text(&w.x, b), id_text(&w.x, last)),
                        NULL));
    undo(&w, w.tx);
    undo(&w, r.tx);
    EXPECT_INT(2, count(&w.x, "redirect", NULL));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("what the first of two merges moved goes back with it, though the second moved it on") {
    struct world w;
    struct undo_report r;
    open_world(&w);
    const struct rtype *c = w.x.contact, *t = w.x.task;
    kith_id a = create(&w.x, c, PAIRS("name=A")), b = create(&w.x, c, PAIRS("name=B")),
            d = create(&w.x, c, PAIRS("name=D"));
    kith_id task = create(&w.x, t, PAIRS("title=T", any(&w, "about", "contact", b)));
    kith_id edited = create(&w.x, t, PAIRS("title=E", any(&w, "about", "contact", b)));
    merge(&w, c, a, b);
    kith_id first = w.tx;
    merge(&w, c, d, a);
    update(&w.x, t, edited, PAIRS("about="));
    EXPECT_OK(engine_undo(w.x.g, &tester, first, false, &w.x.arena, &r, &w.x.e), w.x.e);
    EXPECT_STR(arena_printf(&w.x.arena, "contact/%s", id_text(&w.x, b)),
               field(&w.x, t, task, "about"));
    EXPECT_STR("", field(&w.x, t, edited, "about"));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

static void load_rows(struct world *w, const struct rtype *t, const char *key, const char *text,
                      struct load *l) {
    *l = load_of(t, key);
    EXPECT_OK(load_text(&w->x, l, text), w->x.e);
}

TEST("whoever knows the merged one by its external_id, or a unique value, still finds it by that") {
    struct world w;
    struct load l;
    open_world(&w);
    struct fixture *x = &w.x;
    const struct rtype *c = x->contact;
    kith_id a = create(x, c, PAIRS("name=A", "external_id=1")),
            b = create(x, c, PAIRS("name=B", "external_id=2")),
            d = create(x, c, PAIRS("name=D", "external_id=3"));
    kith_id l1 = create(x, x->lead, PAIRS("name=L", "code=C1")),
            l2 = create(x, x->lead, PAIRS("name=M", "code=C2"));
    merge(&w, c, a, b);
    kith_id first = w.tx;
    load_rows(&w, c, "external_id", "external_id,city\n2,Bonn\n1,Bonn\n", &l);
    EXPECT_COUNTS(&l, 0, 1, 1, 0, 0);
    EXPECT_STR("Bonn", field(x, c, a, "city"));
    EXPECT_STR("1", field(x, c, a, "external_id")); /* it has its own */
    merge(&w, c, d, a);
    load_rows(&w, c, "external_id", "external_id,source\n2,fair\n1,fair\n3,fair\n", &l);
    EXPECT_COUNTS(&l, 0, 1, 2, 0, 0);
    EXPECT_STR("fair", field(x, c, d, "source"));
    merge(&w, x->lead, l1, l2);
    load_rows(&w, x->lead, "code", "code,score\nC2,9\n", &l);
    EXPECT_COUNTS(&l, 0, 1, 0, 0, 0);
    EXPECT_STR("9", field(x, x->lead, l1, "score"));
    EXPECT_STR("C1", field(x, x->lead, l1, "code"));
    struct undo_report r;
    EXPECT_OK(engine_undo(x->g, &tester, first, false, &x->arena, &r, &x->e), x->e);
    load_rows(&w, c, "external_id", "external_id,city\n2,Kiel\n", &l);
    EXPECT_STR("Kiel", field(x, c, b, "city")); /* the record itself comes first */
    expect_sound(x);
    fixture_close(x);
}

TEST(
    "a link is found by the key that a merged record had, and a key that was taken is no other's") {
    struct world w;
    struct load l;
    open_world(&w);
    struct fixture *x = &w.x;
    const struct rtype *account = type_of(&w, "account");
    kith_id a = create(x, account, PAIRS("name=A")),
            b = create(x, account, PAIRS("name=B", "external_id=K 7"));
    merge(&w, account, a, b);
    EXPECT_STR("K 7", field(x, account, a, "external_id"));
    EXPECT_INT(1, count(x, "redirect", NULL));
    update(x, account, a, PAIRS("external_id=K 8"));
    kith_id d = create(x, account, PAIRS("name=D", "external_id=K 9"));
    merge(&w, account, a, d);
    l = load_of(x->contact, NULL);
    MAP(&l, "Company=account.external_id");
    EXPECT_OK(load_text(x, &l, "name,Company\nAda,K 9\n"), x->e);
    EXPECT_STR(id_text(x, a), field(x, x->contact, one(x, "contact"), "account"));
    fixture_close(x);
}

TEST("a redirect that went with the kept record stays away when the merged one is back by then") {
    struct world w;
    struct undo_report r;
    open_world(&w);
    const struct rtype *c = w.x.contact;
    kith_id a = create(&w.x, c, PAIRS("name=A")), b = create(&w.x, c, PAIRS("name=B"));
    merge(&w, c, a, b);
    kith_id deleted = delete_(&w.x, c, a);
    EXPECT_OK(engine_undo(w.x.g, &tester, w.tx, false, &w.x.arena, &r, &w.x.e), w.x.e);
    EXPECT_STR("B", field(&w.x, c, b, "name"));
    undo(&w, deleted);
    EXPECT_STR("A", field(&w.x, c, a, "name"));
    EXPECT_INT(0, count(&w.x, "redirect", NULL));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("a record that links to itself does so when it comes back, wherever its id led meanwhile") {
    struct world w;
    struct undo_report r;
    open_world(&w);
    const struct rtype *t = w.x.lead;
    kith_id a = create(&w.x, t, PAIRS("name=A")), b = create(&w.x, t, PAIRS("name=B")),
            last = create(&w.x, t, PAIRS("name=L"));
    update(&w.x, t, b, PAIRS(any(&w, "any", "lead", b)));
    merge(&w, t, a, b);
    kith_id first = w.tx;
    merge(&w, t, last, a);
    EXPECT_OK(engine_undo(w.x.g, &tester, first, false, &w.x.arena, &r, &w.x.e), w.x.e);
    EXPECT_STR(arena_printf(&w.x.arena, "lead/%s", id_text(&w.x, b)), field(&w.x, t, b, "any"));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("what is written by an old id is written to the kept record; only deleting it is refused") {
    struct world w;
    open_world(&w);
    struct fixture *x = &w.x;
    const struct rtype *c = x->contact, *card = type_of(&w, "card");
    kith_id a = create(x, c, PAIRS("name=A")), b = create(x, c, PAIRS("name=B"));
    kith_id t = create(x, x->task, PAIRS("title=T", any(&w, "about", "contact", b)));
    kith_id moved = update(x, x->task, t, PAIRS("about="));
    merge(&w, c, a, b);
    update(x, c, b, PAIRS("city=Kiel"));
    EXPECT_STR("Kiel", field(x, c, a, "city"));
    kith_id l = create(x, x->lead, PAIRS("name=L", pair(&w, "contact", b)));
    EXPECT_STR(id_text(x, a), field(x, x->lead, l, "contact"));
    kith_id k = create(
        x, card,
        PAIRS("number=1", arena_printf(&x->arena, "readers=%s,%s", id_text(x, b), id_text(x, a))));
    EXPECT_STR(id_text(x, a), field(x, card, k, "readers"));
    EXPECT_INT(KITH_E_REFUSED, try_job(x, ROW_DELETE, c, &b, NULL, NULL));
    EXPECT(strstr(x->e.message, "was merged into") != NULL);
    EXPECT_INT(1,
               count(x, arena_printf(&x->arena, "lead where contact = '%s'", id_text(x, b)), NULL));
    EXPECT_INT(1,
               count(x, arena_printf(&x->arena, "contact where id = '%s'", id_text(x, b)), NULL));
    EXPECT_INT(1,
               count(x, arena_printf(&x->arena, "card where readers = '%s'", id_text(x, b)), NULL));
    undo(&w, moved); /* the link comes back to where its record is now */
    EXPECT_STR(arena_printf(&x->arena, "contact/%s", id_text(x, a)), field(x, x->task, t, "about"));
    EXPECT_INT(
        1, count(x, arena_printf(&x->arena, "task where about in ('contact/%s')", id_text(x, b)),
                 NULL));
    expect_sound(x);
    fixture_close(x);
}

TEST("the past knows the merged record itself") {
    struct world w;
    struct moment when;
    struct past_record past;
    open_world(&w);
    const struct rtype *c = w.x.contact;
    kith_id a = create(&w.x, c, PAIRS("name=A")), b = create(&w.x, c, PAIRS("name=B"));
    kith_id tx = update(&w.x, c, b, PAIRS("city=Bonn"));
    merge(&w, c, a, b);
    EXPECT_OK(engine_moment(w.x.g, str_of(id_text(&w.x, tx)), &w.x.arena, &when, &w.x.e), w.x.e);
    EXPECT_OK(engine_as_of(w.x.g, &tester, c, b, &when, &w.x.arena, &past, &w.x.e), w.x.e);
    EXPECT_INT(PAST_THERE, past.state);
    fixture_close(&w.x);
}

/* -- what is refused --------------------------------------------------------------------------- */

TEST("nonsense is refused with a sentence, and nothing is kept") {
    struct world w;
    open_world(&w);
    const struct rtype *c = w.x.contact;
    kith_id a = create(&w.x, c, PAIRS("name=A")), b = create(&w.x, c, PAIRS("name=B"));
    kith_id l = create(&w.x, w.x.lead, PAIRS("name=L"));
    kith_id s = create(&w.x, type_of(&w, "segment"), PAIRS("name=s", "query=contact"));
    kith_id s2 = create(&w.x, type_of(&w, "segment"), PAIRS("name=s2", "query=contact"));
    char *before = dump_all(&w.x);
    EXPECT_INT(KITH_E_INVAL, try_merge(&w, c, a, a, ""));
    EXPECT(strstr(w.x.e.message, "is the kept one") != NULL);
    EXPECT_INT(KITH_E_NOTFOUND, try_merge(&w, c, a, l, ""));
    EXPECT_INT(KITH_E_INVAL, try_merge(&w, c, a, b, "{\"city\":\"0000000000001\"}"));
    EXPECT_INT(
        KITH_E_INVAL,
        try_merge(&w, c, a, b, arena_printf(&w.x.arena, "{\"spent\":\"%s\"}", id_text(&w.x, b))));
    EXPECT_INT(
        KITH_E_NOTFOUND,
        try_merge(&w, c, a, b, arena_printf(&w.x.arena, "{\"cty\":\"%s\"}", id_text(&w.x, b))));
    EXPECT_INT(KITH_E_INVAL, try_merge(&w, c, a, b, "[]"));
    EXPECT_INT(KITH_E_INVAL, merge_as(&w, &tester, c, a, "", ""));
    EXPECT_INT(KITH_E_INVAL, merge_as(&w, &tester, c, a, "what", ""));
    EXPECT_INT(KITH_E_UNSUPPORTED, try_merge(&w, type_of(&w, "segment"), s, s2, ""));
    merge(&w, c, a, b);
    kith_id merged = w.tx;
    EXPECT_INT(KITH_E_INVAL, try_merge(&w, c, a, b, ""));
    EXPECT(strstr(w.x.e.message, "it was merged into it") != NULL);
    kith_id r = 0;
    EXPECT_INT(KITH_E_DENIED,
               try_job(&w.x, ROW_CREATE, type_of(&w, "redirect"), &r,
                       PAIRS("gone=0000000000001", any(&w, "kept", "contact", a)), NULL));
    undo(&w, merged);
    expect_dump(before, dump_all(&w.x));
    fixture_close(&w.x);
}

TEST("what a person said is not merged: one word does not become another") {
    struct world w;
    open_world(&w);
    kith_id ada = create(&w.x, w.x.contact, PAIRS("name=Ada")),
            mail = create(&w.x, type_of(&w, "purpose"),
                          PAIRS("name=mail", "basis=consent", "description=letters"));
    const char *who = pair(&w, "contact", ada), *what = pair(&w, "purpose", mail);
    kith_id one = create(&w.x, type_of(&w, "consent"), PAIRS(who, what)),
            two = create(&w.x, type_of(&w, "consent"), PAIRS(who, what));
    update(&w.x, type_of(&w, "consent"), two, PAIRS("state=withdrawn"));
    char *before = dump_all(&w.x);
    EXPECT_INT(KITH_E_UNSUPPORTED, try_merge(&w, type_of(&w, "consent"), one, two, ""));
    EXPECT_STR("record_type: records of type consent are not merged", w.x.e.message);
    expect_dump(before, dump_all(&w.x));
    fixture_close(&w.x);
}

TEST("records whose changes cannot be undone are not merged") {
    struct world w;
    open_world(&w);
    const struct rtype *t = type_of(&w, "erasure");
    EXPECT_OK(try_erase(&w, create(&w.x, w.x.contact, PAIRS("name=A"))), w.x.e);
    EXPECT_OK(try_erase(&w, create(&w.x, w.x.contact, PAIRS("name=B"))), w.x.e);
    kith_id last = 0;
    EXPECT_INT(2, count(&w.x, "erasure", &last));
    EXPECT_INT(KITH_E_UNSUPPORTED, try_merge(&w, t, last, last, ""));
    EXPECT_HAS("cannot be undone", w.x.e.message);
    fixture_close(&w.x);
}

static kith_status note_event(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    struct world *w = self;
    (void)t;
    (void)e;
    snprintf(w->x.e.message, sizeof w->x.e.message, "%s %s %.*s", ev->type->name,
             id_text(&w->x, ev->id), (int)ev->payload.len, ev->payload.ptr);
    return KITH_OK;
}

TEST("who listens to record.merged is told which records became which") {
    struct world w;
    begin(&w);
    struct reaction r = {.name = "listen",
                         .topic = "record.merged",
                         .fn = note_event,
                         .self = &w,
                         .source = {SOURCE_RULE, "listen", "", 1}};
    EXPECT_OK(engine_add_reaction(w.x.g, &r, &w.x.e), w.x.e);
    fixture_start(&w.x);
    kith_id a = create(&w.x, w.x.contact, PAIRS("name=A")),
            b = create(&w.x, w.x.contact, PAIRS("name=B"));
    merge(&w, w.x.contact, a, b);
    settle(&w.x);
    EXPECT_STR(arena_printf(&w.x.arena, "contact %s {\"merged\":[\"%s\"]}", id_text(&w.x, a),
                            id_text(&w.x, b)),
               w.x.e.message);
    fixture_close(&w.x);
}

static kith_status refuse(void *self, struct txn *t, struct change *c, kith_error *e) {
    int *left = self;
    (void)t;
    (void)c;
    return --*left == 0 ? err_set(e, KITH_E_REFUSED, NULL, "not that one") : KITH_OK;
}

static kith_id many_tasks(struct world *w, kith_id about, int n) {
    kith_id last = 0;
    for (int i = 0; i < n; i++)
        last = create(&w->x, w->x.task, PAIRS("title=T", any(w, "about", "contact", about)));
    return last;
}

TEST("a merge of much is one run, and refused half-way all of it is put back") {
    struct world w;
    int left = -1;
    begin(&w);
    struct hook h = {.type = w.x.task,
                     .on = ON_UPDATE,
                     .fn = refuse,
                     .self = &left,
                     .source = {SOURCE_RULE, "refuse", "", 1}};
    EXPECT_OK(engine_add_hook(w.x.g, &h, &w.x.e), w.x.e);
    fixture_start(&w.x);
    const struct rtype *c = w.x.contact;
    kith_id a = create(&w.x, c, PAIRS("name=A")), b = create(&w.x, c, PAIRS("name=B"));
    kith_id last = many_tasks(&w, b, 900);
    char *before = dump_all(&w.x);
    left = 850;
    EXPECT_INT(KITH_E_REFUSED, try_merge(&w, c, a, b, ""));
    EXPECT_STR("not that one", w.x.e.message);
    expect_dump(strdup(before), dump_all(&w.x));
    left = -1;
    merge(&w, c, a, b);
    EXPECT_INT(900, links(&w, "task", "about")->moved);
    EXPECT_STR(arena_printf(&w.x.arena, "contact/%s", id_text(&w.x, a)),
               field(&w.x, w.x.task, last, "about"));
    expect_sound(&w.x);
    expect_unmerged(&w, before);
    fixture_close(&w.x);
}

TEST("a rehearsal tells what a merge would do, and keeps nothing") {
    struct world w;
    struct merge m;
    struct rehearsal effects;
    open_world(&w);
    const struct rtype *c = w.x.contact;
    kith_id a = create(&w.x, c, PAIRS("name=A")), b = create(&w.x, c, PAIRS("name=B", "city=Ulm"));
    many_tasks(&w, b, 3);
    char *before = dump_all(&w.x);
    EXPECT_OK(merge_read(engine_schema(w.x.g), STR("contact"), str_of(id_text(&w.x, a)),
                         str_of(id_text(&w.x, b)), (kith_str){0}, &w.x.arena, &m, &w.x.e),
              w.x.e);
    EXPECT_OK(engine_merge_rehearse(w.x.g, &tester, &m, &w.x.arena, &w.report, &effects, &w.x.e),
              w.x.e);
    EXPECT_INT(3, links(&w, "task", "about")->moved);
    EXPECT_INT(1, w.report.taken_count);
    expect_dump(before, dump_all(&w.x));
    fixture_close(&w.x);
}

/* -- what is not kept -------------------------------------------------------------------------- */

/* "contact.city=Kiel contact.tags=x" of what one record had. */
static const char *dropped(struct world *w, kith_id from) {
    const struct merge_report *r = &w->report;
    const char *out = "";
    for (size_t i = 0; i < r->dropped_count; i++) {
        const struct merge_dropped *d = &r->dropped[i];
        kith_str v = value_text(engine_schema(w->x.g), &d->value, &w->x.arena);
        if (d->from == from)
            out = arena_printf(&w->x.arena, "%s%s%s.%s=%.*s", out, *out ? " " : "",
                               d->field->type->name, d->field->name, (int)v.len, v.ptr);
    }
    return out;
}

TEST("every value that the kept record will not have is told, and no other") {
    struct world w;
    open_world(&w);
    struct fixture *x = &w.x;
    const struct rtype *c = x->contact, *account = type_of(&w, "account");
    kith_id steel = create(x, account, PAIRS("name=Steel")),
            wood = create(x, account, PAIRS("name=Wood"));
    kith_id a = create(x, c,
                       PAIRS("name=Ada", "city=Bonn", "language=en", "tags=vip",
                             "email=a@x.example", pair(&w, "account", steel)));
    kith_id b =
        create(x, c,
               PAIRS("name=Ada L", "city=Kiel", "language=en", "tags=new,vip", "email=b@x.example",
                     "birthday=1980-01-02", pair(&w, "account", wood)));
    update(x, c, b, PAIRS("lifecycle=customer"));
    kith_id d = create(x, c, PAIRS("name=Ada", "birthday=1999-01-01"));
    EXPECT_OK(merge_as(&w, &tester, c, a,
                       arena_printf(&x->arena, "%s,%s", id_text(x, b), id_text(x, d)), ""),
              x->e);
    EXPECT_STR(arena_printf(&x->arena,
                            "contact.name=Ada L contact.account=%s contact.lifecycle=customer "
                            "contact.city=Kiel",
                            id_text(x, wood)),
               dropped(&w, b));
    EXPECT_STR("contact.birthday=1999-01-01", dropped(&w, d));
    EXPECT_STR("", dropped(&w, a));
    fixture_close(x);
}

TEST("what the kept record gives up for a value that was asked for is told, too") {
    struct world w;
    open_world(&w);
    struct fixture *x = &w.x;
    const struct rtype *c = x->contact;
    kith_id a = create(x, c, PAIRS("name=Ada", "language=en"));
    kith_id b = create(x, c, PAIRS("name=Ada", "language=de"));
    EXPECT_OK(
        try_merge(&w, c, a, b, arena_printf(&x->arena, "{\"language\":\"%s\"}", id_text(x, b))),
        x->e);
    EXPECT_STR("contact.language=en", dropped(&w, a));
    EXPECT_STR("", dropped(&w, b));
    fixture_close(x);
}

TEST("a relation between the two tells what it said when it goes") {
    struct world w;
    open_world(&w);
    struct fixture *x = &w.x;
    const struct rtype *c = x->contact;
    kith_id a = create(x, c, PAIRS("name=A")), b = create(x, c, PAIRS("name=A"));
    kith_id r = create(
        x, type_of(&w, "relation"),
        PAIRS("kind=friend", any(&w, "party", "contact", a), any(&w, "other", "contact", b)));
    merge(&w, c, a, b);
    EXPECT_STR("relation.kind=friend", dropped(&w, r));
    EXPECT_INT(1, w.report.dropped_count);
    fixture_close(x);
}

TEST("parts that become one tell what is not kept of them: profiles, points, the company's own") {
    static const kith_field badge_fields[] = {{.name = "code", .kind = KITH_F_TEXT},
                                              {.name = "contact",
                                               .kind = KITH_F_LINK,
                                               .options = "contact",
                                               .flags = KITH_FF_UNIQUE | KITH_FF_PARTOF}};
    static const kith_type badge_types[] = {{.name = "badge", .fields = KITH_ARRAY(badge_fields)}};
    static const struct schema_source badges = {
        .module = "badges", .version = 1, .types = KITH_ARRAY(badge_types)};
    struct world w;
    struct schema_source all[2] = {lead_source, badges};
    memset(&w, 0, sizeof w);
    fixture_open_with(&w.x, all, 2);
    fixture_start(&w.x);
    struct fixture *x = &w.x;
    const struct rtype *c = x->contact, *profile = type_of(&w, "profile"),
                       *badge = type_of(&w, "badge");
    kith_id a = create(x, c, PAIRS("name=A", "email=a@x.example")),
            b = create(x, c, PAIRS("name=A", "email=A@X.example"));
    kith_id point = 0;
    EXPECT_INT(2, count(x, "contact_point", &point)); /* b's is the last one */
    kith_id p = create(x, profile, PAIRS(pair(&w, "contact", a), "occupation=Poet")),
            q = create(x, profile, PAIRS(pair(&w, "contact", b), "occupation=Baker", "gender=f"));
    kith_id u = create(x, badge, PAIRS(pair(&w, "contact", a), "code=u1")),
            v = create(x, badge, PAIRS(pair(&w, "contact", b), "code=u2"));
    merge(&w, c, a, b);
    EXPECT_STR("profile.occupation=Baker", dropped(&w, q));
    EXPECT_STR("badge.code=u2", dropped(&w, v));
    EXPECT_STR("contact_point.value=A@X.example", dropped(&w, point));
    EXPECT_INT(3, w.report.dropped_count);
    EXPECT_STR("", dropped(&w, p));
    EXPECT_STR("", dropped(&w, u));
    fixture_close(x);
}
