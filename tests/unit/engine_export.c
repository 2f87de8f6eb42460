/* SPDX-License-Identifier: Apache-2.0 */
/* Export, and what comes back when it is imported again. */
#include "engine_import_fixture.h"

static void begin(struct fixture *x) {
    fixture_open(x);
    fixture_start(x);
}

static void end(struct fixture *x, struct buf *out) {
    buf_free(out);
    fixture_close(x);
}

TEST("CSV has a header, a row for each record and quotes where they are needed") {
    struct fixture x;
    struct buf out = {0};
    begin(&x);
    create(&x, x.lead, PAIRS("name=Ada, \"Countess\"", "amount=12.50 USD", "labels=b,a"));
    create(&x, x.lead, PAIRS("name=Bea", "score=3"));
    EXPECT_OK(export_text(&x, "lead order by name", FORMAT_CSV, "name, amount,labels,score", &out),
              x.e);
    EXPECT_STR("name,amount,labels,score\n"
               "\"Ada, \"\"Countess\"\"\",12.50 USD,\"a,b\",0\n"
               "Bea,,,3\n",
               out.ptr);
    EXPECT_OK(export_text(&x, "lead order by name", FORMAT_CSV, "amount", &out), x.e);
    EXPECT_STR("amount\n12.50 USD\n\"\"\n", out.ptr);
    end(&x, &out);
}

TEST("a path through links shows the linked record's field or id") {
    struct fixture x;
    struct buf out = {0};
    begin(&x);
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada Lovelace"));
    char pair[32];
    snprintf(pair, sizeof pair, "contact=%s", id_text(&x, ada));
    kith_id lead = create(&x, x.lead, PAIRS("name=A", pair));
    create(&x, x.lead, PAIRS("name=B"));
    EXPECT_OK(export_text(&x, "lead order by name", FORMAT_JSONL,
                          "id,contact.id,contact.last_name,contact.account.name", &out),
              x.e);
    char want[200];
    snprintf(want, sizeof want,
             "{\"id\":\"%s\",\"contact.id\":\"%s\",\"contact.last_name\":\"Lovelace\"}\n",
             id_text(&x, lead), id_text(&x, ada));
    EXPECT_HAS(want, out.ptr);
    EXPECT(export_text(&x, "lead", FORMAT_CSV, "name,nmae", &out) != KITH_OK);
    EXPECT_HAS("did you mean", x.e.message);
    EXPECT_INT(KITH_E_INVAL, export_text(&x, "lead", FORMAT_CSV, "name.first", &out));
    end(&x, &out);
}

TEST("an export of many pages has every record once, in order") {
    struct fixture x;
    struct buf file = {0}, out = {0};
    begin(&x);
    buf_puts(&file, "name\n");
    for (int i = 0; i < 2345; i++)
        buf_printf(&file, "%05d\n", i * 7919 % 2345);
    struct load l = load_of(x.contact, NULL);
    EXPECT_OK(load_str(&x, &l, buf_view(&file)), x.e);
    EXPECT_OK(export_text(&x, "contact order by -name", FORMAT_CSV, "name", &out), x.e);
    buf_reset(&file);
    buf_puts(&file, "name\n");
    for (int i = 2344; i >= 0; i--)
        buf_printf(&file, "%05d\n", i);
    EXPECT_STR(file.ptr, out.ptr);
    EXPECT_OK(export_text(&x, "contact order by name limit 700", FORMAT_CSV, "name", &out), x.e);
    EXPECT_INT(701 * 6 - 1, out.len);
    buf_free(&file);
    end(&x, &out);
}

/* -- there and back ---------------------------------------------------------------------------- */

/* Texts that are hard on formats. */
static const kith_str odd[] = {
    {"SOH \x01 inside", 12},
    {"\xF0\x9F\x98\x80 and \xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9", 20}, /* emoji, joined */
    {"\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D \xE2\x80\xAEolleh", 17},                /* right to left */
    {"Robert'); DROP TABLE contact;--", 31},
    {"]] os.execute('rm -rf /') --[[", 30},
    {"line\none, \"two\"; three\ttabs\r\n", 29},
    {"\\u0000 \\n % {} <b> \x1b[31m", 23},
    {"=HYPERLINK(\"x\")", 15},
};

struct make {
    const struct rtype *contact;
    kith_str big;
};
static kith_status make_odd(struct txn *t, void *arg, kith_error *e) {
    const struct make *m = arg;
    const struct schema *s = engine_schema(txn_engine(t));
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct assign set[] = {
            {type_field(s, m->contact, STR("name")), value_str(odd[i])},
            {type_field(s, m->contact, STR("street")), value_str(i ? odd[i] : m->big)},
            {type_field(s, m->contact, STR("birthday")), {.kind = KITH_DATE, .as.i = -50000}},
            {type_field(s, m->contact, STR("place")),
             {.kind = KITH_PLACE, .as.place = {48.20849, -16.37208}}},
        };
        TRY(txn_create(t, m->contact, set, sizeof set / sizeof *set, NULL, e));
    }
    return KITH_OK;
}

TEST("JSON lines hold every value exactly: importing them again changes nothing") {
    struct fixture x;
    struct buf out = {0}, again = {0};
    begin(&x);
    struct make m = {x.contact, {malloc(1 << 20), 1 << 20}};
    memset((char *)(uintptr_t)m.big.ptr, 'x', m.big.len);
    EXPECT_OK(engine_write(x.g, &by_tester, make_odd, &m, NULL, &x.e), x.e);
    create(&x, x.contact, PAIRS("name=Ada", "email=ada@x.org", "phone=+43 1 234", "tags=b,a,c d"));
    EXPECT_OK(export_text(&x, "contact", FORMAT_JSONL, NULL, &out), x.e);
    struct load l = load_of(x.contact, "id");
    l.o.format = FORMAT_JSONL;
    EXPECT_OK(load_str(&x, &l, buf_view(&out)), x.e);
    EXPECT_COUNTS(&l, 0, 0, 9, 0, 0);
    EXPECT_OK(export_text(&x, "contact", FORMAT_JSONL, NULL, &again), x.e);
    EXPECT_INT(out.len, again.len);
    EXPECT(memcmp(out.ptr, again.ptr, out.len) == 0);
    free((void *)(uintptr_t)m.big.ptr);
    buf_free(&again);
    buf_free(&l.rejects);
    end(&x, &out);
}

static const char most[] =
    "first_name,last_name,name,birthday,lifecycle,email,phone,street,place,tags";

static void carry_over(enum file_format format) {
    struct fixture x, y;
    struct buf out = {0}, again = {0};
    begin(&x);
    begin(&y);
    struct make m = {x.contact, STR("Long Street 1")};
    EXPECT_OK(engine_write(x.g, &by_tester, make_odd, &m, NULL, &x.e), x.e);
    create(&x, x.contact,
           PAIRS("name=Ada", "email=ada@x.org", "phone=+43 1 234",
                 "tags=\"a, or \"\"b\"\"\",c d,\"x\" y,\"z"));
    kith_id id;
    count(&x, "contact where name = 'Ada'", &id);
    update(&x, x.contact, id, PAIRS("lifecycle=customer"));
    EXPECT_OK(export_text(&x, "contact", format, most, &out), x.e);
    struct load l = load_of(y.contact, NULL);
    l.o.format = format;
    l.bytes.piece = 13;
    EXPECT_OK(load_str(&y, &l, buf_view(&out)), y.e);
    EXPECT_COUNTS(&l, 9, 0, 0, 0, 0);
    EXPECT_OK(export_text(&y, "contact", format, most, &again), y.e);
    if (format == FORMAT_JSONL)
        EXPECT_STR(out.ptr, again.ptr);
    count(&y, "contact where name = 'Ada'", &id);
    EXPECT_STR("\"\"\"x\"\" y\",\"\"\"z\",\"a, or \"\"b\"\"\",c d",
               field(&y, y.contact, id, "tags"));
    EXPECT_INT(1, count(&y, "contact where name = 'Ada' and lifecycle = 'customer'", NULL));
    EXPECT_INT(1, count(&y, "contact where street = 'Robert''); DROP TABLE contact;--'", NULL));
    buf_free(&again);
    buf_free(&l.rejects);
    end(&x, &out);
    fixture_close(&y);
}

TEST("JSON lines carry records to another company") {
    carry_over(FORMAT_JSONL);
}

TEST("CSV carries records to another company") {
    carry_over(FORMAT_CSV);
}

TEST("a row with an id that is not there is rejected, not created") {
    struct fixture x;
    struct load l;
    struct buf none = {0};
    begin(&x);
    l = load_of(x.contact, "id");
    EXPECT_OK(load_text(&x, &l, "id,name\n0123456789ABC,Ada\nnonsense,Bea\n,Cid\n"), x.e);
    EXPECT_COUNTS(&l, 1, 0, 0, 0, 2);
    EXPECT_HAS("there is no contact 0123456789ABC", l.reasons);
    EXPECT_HAS("holds no id of 13 characters", l.reasons);
    buf_free(&l.rejects);
    end(&x, &none);
}

TEST("what is read from a snapshot is of one moment, whatever is written meanwhile") {
    struct fixture x;
    struct conn *c;
    struct buf out = {0};
    uint64_t before, after;
    begin(&x);
    create(&x, x.lead, PAIRS("name=A"));
    EXPECT_OK(engine_snapshot(x.g, &c, &x.e), x.e);
    create(&x, x.lead, PAIRS("name=B")); /* before the first look */
    EXPECT_OK(record_count(c, x.lead, &before, &x.e), x.e);
    create(&x, x.lead, PAIRS("name=C"));
    EXPECT_OK(record_count(c, x.lead, &after, &x.e), x.e);
    engine_snapshot_done(c);
    EXPECT_INT(1, before);
    EXPECT_INT(1, after);
    EXPECT_INT(3, count(&x, "lead", NULL));
    end(&x, &out);
}
