/* SPDX-License-Identifier: Apache-2.0 */
/* Purposes: what names one finds it, and what was answered to one was answered to it as it is. */
#include "engine/retention.h"
#include "engine_consent_fixture.h"

/* What finding by this query says; "": it found. */
static const char *said_of(struct consents *w, const char *text, const kith_value *params) {
    struct find_page page = {.limit = 1};
    struct query *q;
    w->x.e.message[0] = '\0';
    EXPECT_OK(query_parse(&q, engine_schema(w->x.g), &w->x.arena, str_of(text), &w->x.e), w->x.e);
    engine_find(w->x.g, &tester, q, params, &page, &w->x.arena, no_row, NULL, &w->x.e);
    return w->x.e.message;
}

TEST("a query that names a purpose that is not there says which is meant, wherever it stands") {
    struct consents w;
    begin(&w);
    kith_value wrong = value_str(STR("surfing")), right = value_str(STR("survey"));
    EXPECT_STR("", said_of(&w, "contact where withdrawn('survey')", NULL));
    EXPECT_STR("at 23: there is no purpose 'newsleter'; did you mean 'newsletter'?",
               said_of(&w, "contact where consent('newsleter')", NULL));
    EXPECT_STR(
        "at 59: there is no purpose 'other'; there are newsletter, survey",
        said_of(&w, "contact where exists(consent where not withdrawn(contact, 'other'))", NULL));
    EXPECT_STR("", said_of(&w, "contact where consent(:p)", &right));
    EXPECT(strstr(said_of(&w, "contact where consent(:p)", &wrong), "no purpose 'surfing'"));
    kith_id id = 0;
    EXPECT_INT(KITH_E_INVAL,
               try_job(&w.x, ROW_CREATE, type_named(&w.x, "segment"), &id,
                       PAIRS("name=s", "query=contact where consent('surve')"), NULL));
    EXPECT_STR("query: at 23: there is no purpose 'surve'; did you mean 'survey'?", w.x.e.message);
    EXPECT_INT(KITH_E_INVAL,
               try_job(&w.x, ROW_CREATE, type_named(&w.x, "saved_query"), &id,
                       PAIRS("name=s", "query=contact where not consent('surve')"), NULL));
    fixture_close(&w.x);
}

/* All of them have said the same, so that only the contact leads to few words. */
TEST("who has consented is looked up by the contact or the point, not by the purpose") {
    struct consents w;
    struct explanation x;
    struct query *q;
    begin(&w);
    for (int i = 0; i < 2; i++) {
        const char *text = i ? "contact_point where consent('newsletter')"
                             : "contact where consent('newsletter') or withdrawn('survey')";
        EXPECT_OK(query_parse(&q, engine_schema(w.x.g), &w.x.arena, str_of(text), &w.x.e), w.x.e);
        EXPECT_OK(engine_explain(w.x.g, &tester, q, NULL, &x, &w.x.arena, &w.x.e), w.x.e);
        for (size_t k = 0; k < x.step_count; k++)
            EXPECT(!strstr(x.steps[k], "index on purpose"));
        EXPECT(x.step_count > 4);
    }
    fixture_close(&w.x);
}

TEST("a purpose that something asks for by its name is neither renamed nor deleted") {
    struct consents w;
    begin(&w);
    kith_id others = make_segment(&w.x, "others", "contact where not withdrawn('survey')");
    EXPECT_INT(KITH_E_REFUSED, refused(&w, w.purpose, w.survey, NULL));
    EXPECT_STR("it cannot be deleted: segment 'others' asks for it by its name; change that one"
               " first",
               w.x.e.message);
    EXPECT_INT(KITH_E_REFUSED, refused(&w, w.purpose, w.survey, PAIRS("name=poll")));
    EXPECT_HAS("cannot be renamed: segment 'others'", w.x.e.message);
    update(&w.x, w.purpose, w.newsletter, PAIRS("name=letter")); /* nothing asks for it */
    delete_(&w.x, type_named(&w.x, "segment"), others);
    kith_id saved = create(&w.x, type_named(&w.x, "saved_query"),
                           PAIRS("name=all", "query=contact where consent('survey')"));
    EXPECT_INT(KITH_E_REFUSED, refused(&w, w.purpose, w.survey, NULL));
    EXPECT_HAS("saved_query 'all' asks for it", w.x.e.message);
    delete_(&w.x, type_named(&w.x, "saved_query"), saved);
    update(&w.x, w.purpose, w.survey, PAIRS("name=poll"));
    EXPECT_INT(KITH_E_INVAL,
               try_job(&w.x, ROW_CREATE, type_named(&w.x, "segment"), &saved,
                       PAIRS("name=s", "query=contact where not withdrawn('pol')"), NULL));
    EXPECT_HAS("did you mean 'poll'?", w.x.e.message);
    delete_(&w.x, w.purpose, w.survey);
    fixture_close(&w.x);
}

static kith_status no_rule(void *self, struct txn *t, struct change *c, kith_error *e) {
    (void)self;
    (void)t;
    (void)c;
    (void)e;
    return KITH_OK;
}

TEST("a purpose that a rule or a rule of retention names stays, too") {
    struct consents w;
    begin(&w);
    engine_close(w.x.g);
    fixture_reopen(&w.x);
    struct hook h = {.type = w.x.contact,
                     .on = ON_UPDATE,
                     .fn = no_rule,
                     .source = {SOURCE_RULE, "survey.lua", "", 0}};
    struct predicate *where;
    EXPECT_OK(predicate_parse(&where, engine_schema(w.x.g), w.x.contact, &w.x.arena,
                              STR("consent('survey')"), &w.x.e),
              w.x.e);
    h.where = where;
    EXPECT_OK(engine_add_hook(w.x.g, &h, &w.x.e), w.x.e);
    EXPECT_OK(engine_add_retention(w.x.g, "silent", "contact where not consent('newsletter')", "",
                                   &w.x.e),
              w.x.e);
    fixture_start(&w.x);
    const struct rtype *purpose = type_named(&w.x, "purpose");
    EXPECT_INT(KITH_E_REFUSED, refused(&w, purpose, w.survey, NULL));
    EXPECT_HAS("'survey.lua' asks for it by its name", w.x.e.message);
    EXPECT_INT(KITH_E_REFUSED, refused(&w, purpose, w.newsletter, PAIRS("name=letter")));
    EXPECT_HAS("'silent' asks for it by its name", w.x.e.message);
    fixture_close(&w.x);
}

TEST("the ground of a purpose and what it says stay as they are once somebody has answered") {
    struct consents w;
    struct undo_report r;
    kith_id tx;
    begin(&w);
    EXPECT_OK(try_job(&w.x, ROW_UPDATE, w.purpose, &w.newsletter,
                      PAIRS("basis=contract", "description=Offers"), &tx),
              w.x.e);
    give(&w, "newsletter", eq(&w, "contact", w.anna));
    EXPECT_INT(KITH_E_REFUSED, refused(&w, w.purpose, w.newsletter, PAIRS("basis=consent")));
    EXPECT_HAS("basis: people have answered to the purpose as it is", w.x.e.message);
    EXPECT_INT(KITH_E_REFUSED, refused(&w, w.purpose, w.newsletter, PAIRS("description=Sold")));
    EXPECT_INT(KITH_E_REFUSED, refused(&w, w.purpose, w.newsletter, PAIRS("description=")));
    undo(&w, tx, &r);
    EXPECT_INT(1, r.refused);
    update(&w.x, w.purpose, w.survey, PAIRS("basis=contract", "description=Ask"));
    give(&w, "survey", eq(&w, "contact", w.anna));
    fixture_close(&w.x);
}
