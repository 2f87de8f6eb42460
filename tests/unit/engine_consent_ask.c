/* SPDX-License-Identifier: Apache-2.0 */
/* What consent.check answers, and whose consent consent.give notes. */
#include "engine_consent_fixture.h"

TEST("whether data may be used goes by the ground, the no of the whole person, and a restriction") {
    struct consents w;
    begin(&w);
    const char *anna = eq(&w, "contact", w.anna);
    create(&w.x, w.purpose, PAIRS("name=bills", "basis=contract"));
    withdraw(&w, "bills", anna);
    EXPECT_STR("yes", asked(&w, "bills", anna)); /* nobody can object to it */
    withdraw(&w, "newsletter", anna);
    EXPECT_STR("it was withdrawn", asked(&w, "newsletter", eq(&w, "contact_point", w.mail)));
    give(&w, "survey", anna);
    EXPECT_STR("yes", asked(&w, "survey", anna));
    EXPECT_OK(call(&w, "restriction.set", PAIRS(anna, "reason=disputes it"), NULL, NULL), w.x.e);
    EXPECT_STR("the data are restricted: they are kept, and used for nothing",
               asked(&w, "survey", anna));
    EXPECT_STR("the data are restricted: they are kept, and used for nothing",
               asked(&w, "bills", anna));
    fixture_close(&w.x);
}

TEST("a consent is of a contact or of whoever has an address, and one word for each contact") {
    struct consents w;
    kith_value out[8];
    begin(&w);
    const char *anna = eq(&w, "contact", w.anna);
    EXPECT_INT(
        KITH_E_INVAL,
        call(&w, "consent.give", PAIRS("purpose=newsletter", anna, "address=a@x.org"), NULL, NULL));
    EXPECT_HAS("say whose consent it is", w.x.e.message);
    EXPECT_INT(KITH_E_INVAL, call(&w, "consent.give", PAIRS("purpose=newsletter"), NULL, NULL));
    EXPECT_HAS("say whose consent it is", w.x.e.message);
    EXPECT_INT(0, count(&w.x, "consent", NULL));
    create(&w.x, w.x.point, PAIRS(anna, "kind=email", "value=A@X.org"));
    EXPECT_OK(call(&w, "consent.give", PAIRS("purpose=newsletter", "address=a@x.org"), out, NULL),
              w.x.e);
    EXPECT_INT(1, out[1].as.i);
    EXPECT_INT(1, count(&w.x, "consent", NULL));
    fixture_close(&w.x);
}
