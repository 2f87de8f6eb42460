/* SPDX-License-Identifier: Apache-2.0 */
/* Contacts from vCards and back: where each property goes, what is kept, what is rejected. */
#include "engine/files.h"
#include "engine_import_fixture.h"
#include "random.h"

static void begin(struct fixture *x, struct load *l) {
    fixture_open(x);
    fixture_start(x);
    *l = load_of(x->contact, NULL);
    l->o.name = "cards.vcf";
    l->o.format = FORMAT_VCARD;
}

static void end(struct fixture *x, struct load *l) {
    expect_sound(x);
    buf_free(&l->rejects);
    fixture_close(x);
}

static const struct rtype *type_of(struct fixture *x, const char *name) {
    const struct rtype *t = schema_type(engine_schema(x->g), str_of(name));
    EXPECT(t != NULL);
    return t;
}

/* The label and the value of the contact points of a kind, by age: "work: ada@x.org; ..." */
struct told {
    struct fixture *x;
    struct buf text;
};
static kith_status tell_point(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct told *t = arg;
    (void)e;
    (void)values;
    buf_printf(&t->text, "%s%s%s: %s", t->text.len ? "; " : "",
               strcmp(field(t->x, t->x->point, id, "primary"), "true") == 0 ? "*" : "",
               field(t->x, t->x->point, id, "label"), field(t->x, t->x->point, id, "value"));
    return KITH_OK;
}
static const char *points(struct fixture *x, const char *kind) {
    struct told t = {.x = x};
    struct query *q;
    struct find_page page = {.limit = 100};
    const char *text = arena_printf(&x->arena, "contact_point where kind = '%s'", kind);
    EXPECT_OK(query_parse(&q, engine_schema(x->g), &x->arena, str_of(text), &x->e), x->e);
    EXPECT_OK(engine_find(x->g, &tester, q, NULL, &page, &x->arena, tell_point, &t, &x->e), x->e);
    const char *out = arena_strdup(&x->arena, t.text.ptr ? t.text.ptr : "");
    buf_free(&t.text);
    return out;
}

#define CARD(...)   "BEGIN:VCARD\r\nVERSION:3.0\r\n" __VA_ARGS__ "END:VCARD\r\n"
#define CARD21(...) "BEGIN:VCARD\r\nVERSION:2.1\r\n" __VA_ARGS__ "END:VCARD\r\n"
#define CARD40(...) "BEGIN:VCARD\r\nVERSION:4.0\r\n" __VA_ARGS__ "END:VCARD\r\n"

/* -- where things go --------------------------------------------------------------------------- */

TEST("a card becomes a contact") {
    struct fixture x;
    struct load l;
    begin(&x, &l);
    EXPECT_OK(load_text(&x, &l,
                        CARD("FN:Dr. Ada King\\, Countess\r\nN:Lovelace;Ada;King,Byron;Dr.;\r\n"
                             "NICKNAME:Addie,Birdy\r\nTITLE:Analyst\r\nBDAY:1815-12-10\r\n"
                             "TZ;VALUE=text:Europe/London\r\nLANG:en\r\nGEO:51.5;-0.13\r\n"
                             "CATEGORIES:math,engines\r\nCATEGORIES:x\\,y\r\nUID:urn:1815\r\n"
                             "ADR:;;12 St James Sq;London;;W1;UK\r\n")),
              x.e);
    EXPECT_COUNTS(&l, 1, 0, 0, 0, 0);
    EXPECT_INT(0, l.report.kept);
    static const char *const want[][2] = {
        {"name", "Ada King, Countess"},
        {"first_name", "Ada King Byron"},
        {"last_name", "Lovelace"},
        {"salutation", "Dr."},
        {"nickname", "Addie, Birdy"},
        {"title", "Analyst"},
        {"birthday", "1815-12-10"},
        {"time_zone", "Europe/London"},
        {"language", "en"},
        {"place", "51.5,-0.13"},
        {"tags", "engines,math,\"x,y\""},
        {"external_id", "urn:1815"},
        {"street", "12 St James Sq"},
        {"city", "London"},
        {"postal_code", "W1"},
        {"country", "UK"},
    };
    kith_id id = one(&x, "contact");
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        EXPECT_STR(want[i][1], field(&x, x.contact, id, want[i][0]));
    EXPECT_STR("", points(&x, "postal"));
    end(&x, &l);
}

TEST("addresses and numbers are contact points with label and preference") {
    struct fixture x;
    struct load l;
    begin(&x, &l);
    EXPECT_OK(
        load_text(&x, &l,
                  CARD("FN:A\r\nEMAIL;TYPE=INTERNET,HOME:a@home.org\r\n"
                       "EMAIL;TYPE=INTERNET;TYPE=WORK,pref:a@work.org\r\n"
                       "item1.EMAIL:a@club.org\r\nitem1.X-ABLabel:Club\r\nEMAIL:CN=Ada/O=X\r\n"
                       "TEL;TYPE=FAX,WORK:+1 222\r\nTEL;TYPE=CELL:+1 333\r\n"
                       "ADR;TYPE=WORK:;;Main St 1;Town;TX;123;US\r\n"
                       "X-SKYPE:ada\r\nURL:http\\://a.org/x,y\r\n")),
        x.e);
    EXPECT_COUNTS(&l, 1, 0, 0, 0, 0);
    EXPECT_STR("a@work.org", field(&x, x.contact, one(&x, "contact"), "email"));
    EXPECT_STR("*work: a@work.org; home: a@home.org; Club: a@club.org; : CN=Ada/O=X",
               points(&x, "email"));
    EXPECT_STR("*work fax: +1 222; mobile: +1 333", points(&x, "phone"));
    EXPECT_STR("*work: Main St 1\nTown, TX 123\nUS", points(&x, "postal"));
    EXPECT_STR("*skype: ada", points(&x, "handle"));
    EXPECT_STR("*: http://a.org/x,y", points(&x, "other"));
    end(&x, &l);
}

TEST("empty addresses and names of a card do not count") {
    struct fixture x;
    struct load l;
    begin(&x, &l);
    EXPECT_OK(load_text(&x, &l,
                        CARD("FN:Acme\r\nN:;;;;\r\nADR;TYPE=HOME,PREF:;;;;;;\r\nEMAIL:\r\n"
                             "ADR:;;;Ulm;;;\r\n")),
              x.e);
    kith_id id = one(&x, "contact where name = 'Acme'");
    EXPECT_STR("Ulm", field(&x, x.contact, id, "city"));
    EXPECT_INT(0, count(&x, "contact_point", NULL));
    EXPECT_INT(0, l.report.kept);
    end(&x, &l);
}

TEST("4.0 has numbers as tel:, preferences as numbers, and dates without a year") {
    struct fixture x;
    struct load l;
    begin(&x, &l);
    EXPECT_OK(load_text(&x, &l,
                        CARD40("FN:A\r\nTEL;VALUE=uri;PREF=2:tel:+1-1\r\n"
                               "TEL;VALUE=uri;PREF=1;TYPE=\"work,voice\":tel:+1-418;ext=102\r\n"
                               "BDAY:--0203\r\nGEO:geo:46.7,-71.2;u=9\r\nLANG;PREF=2:en\r\n"
                               "LANG;PREF=1:fr\r\nKIND:individual\r\n")),
              x.e);
    kith_id id = one(&x, "contact");
    EXPECT_STR("+1-418 ext. 102", field(&x, x.contact, id, "phone"));
    EXPECT_STR("46.7,-71.2", field(&x, x.contact, id, "place"));
    EXPECT_STR("fr", field(&x, x.contact, id, "language"));
    EXPECT_STR("", field(&x, x.contact, id, "birthday"));
    EXPECT_INT(2, l.report.kept);
    EXPECT_STR("BDAY, LANG", l.report.kept_names);
    kith_id note = one(&x, "note where title = 'vCard'");
    EXPECT_STR("BDAY:--0203\nLANG;PREF=2:en", field(&x, type_of(&x, "note"), note, "body"));
    end(&x, &l);
}

TEST("cards as telephones and servers write them") {
    struct fixture x;
    struct load l;
    begin(&x, &l);
    l.o.key = "uid";
    EXPECT_OK(
        load_text(
            &x, &l,
            CARD("N:Appleseed;Johnny;;;\r\nFN:Johnny Appleseed\r\nitem2.TEL;type=pref:555-0100\r\n"
                 "item2.X-ABLabel:_$!<Main>!$_\r\nTEL;type=IPHONE;type=CELL;type=VOICE:555-0101\r\n"
                 "IMPP;X-SERVICE-TYPE=Skype;type=pref:skype:johnny\r\n"
                 "BDAY;X-APPLE-OMIT-YEAR=1604;value=date:1604-02-03\r\nitem1.ADR;type=HOME:;;1 "
                 "St;;;;\r\nitem1.X-ABADR:us\r\n")
                CARD40("UID:u4\r\nFN:Next Cloud\r\nPHOTO:data:image/png;base64\\,iVBORw0KGgo=\r\n"
                       "BDAY:19900215T000000Z\r\nNOTE:a\\,b\r\n")),
        x.e);
    EXPECT_COUNTS(&l, 2, 0, 0, 0, 0);
    EXPECT_INT(1, l.report.keyless);
    EXPECT_STR("*main: 555-0100; mobile: 555-0101", points(&x, "phone"));
    EXPECT_STR("*Skype: skype:johnny", points(&x, "handle"));
    EXPECT_STR("BDAY", l.report.kept_names);
    kith_id next = one(&x, "contact where external_id = 'u4'");
    EXPECT_STR("1990-02-15", field(&x, x.contact, next, "birthday"));
    EXPECT_STR("image/png", field(&x, type_of(&x, "file"), one(&x, "file"), "media_type"));
    EXPECT_STR("a,b", field(&x, type_of(&x, "note"), one(&x, "note where title is null"), "body"));
    end(&x, &l);
}

TEST("an organisation is found by its name or made, and its units with it") {
    struct fixture x;
    struct load l;
    begin(&x, &l);
    const struct rtype *account = type_of(&x, "account");
    kith_id acme = create(&x, account, PAIRS("name=Acme"));
    EXPECT_OK(load_text(&x, &l,
                        CARD("FN:A\r\nORG:ACME;Sales;North\r\n") CARD("FN:B\r\nORG:Acme;Sales\r\n")
                            CARD("FN:C\r\nORG:Acme\r\n") CARD("FN:D\r\nORG:Other\r\n")),
              x.e);
    EXPECT_INT(4, count(&x, "account", NULL));
    EXPECT_STR(id_text(&x, acme),
               field(&x, x.contact, one(&x, "contact where name = 'C'"), "account"));
    kith_id north = one(&x, "account where name = 'North' and parent.name = 'Sales' and "
                            "parent.parent.name = 'Acme' and kind = 'department'");
    EXPECT_STR(id_text(&x, north),
               field(&x, x.contact, one(&x, "contact where name = 'A'"), "account"));
    EXPECT_STR("Sales", field(&x, account, one(&x, "account where parent.name = 'Acme'"), "name"));
    end(&x, &l);
}

TEST("the map sends a property to a field, or leaves it out, and gives every card a value") {
    struct fixture x;
    struct load l;
    begin(&x, &l);
    MAP(&l, "X-Customer=external_id", "Note=", "source:=fair");
    EXPECT_OK(load_text(&x, &l, CARD("FN:A\r\nX-CUSTOMER:4711\r\nNOTE:secret\r\nUID:u\r\n")), x.e);
    kith_id id = one(&x, "contact");
    EXPECT_STR("4711", field(&x, x.contact, id, "external_id"));
    EXPECT_STR("fair", field(&x, x.contact, id, "source"));
    EXPECT_STR("UID:u", field(&x, type_of(&x, "note"), one(&x, "note"), "body"));
    end(&x, &l);
}

TEST("a property may find the account by a field of its own") {
    struct fixture x;
    struct load l;
    begin(&x, &l);
    kith_id acme = create(&x, type_of(&x, "account"), PAIRS("name=Acme", "external_id=a7"));
    MAP(&l, "X-FIRM=account.external_id");
    EXPECT_OK(load_text(&x, &l,
                        CARD("FN:A\r\nX-FIRM:a7\r\nORG:Elsewhere\r\n")
                            CARD("FN:B\r\nX-FIRM:none\r\n")),
              x.e);
    EXPECT_COUNTS(&l, 1, 0, 0, 0, 1);
    EXPECT_HAS("there is no account whose external_id is 'none'", l.reasons);
    EXPECT_STR(id_text(&x, acme), field(&x, x.contact, one(&x, "contact"), "account"));
    EXPECT_INT(1, count(&x, "account", NULL));
    EXPECT_STR("ORG", l.report.kept_names);
    end(&x, &l);
}

/* -- again ------------------------------------------------------------------------------------- */

static const char full[] = CARD21(
    "N:M\xFCller;J\xF6rg\r\nFN:J\xF6rg M\xFCller\r\nORG:Acme;IT\r\nTEL;WORK:+49 30 1\r\n"
    "TEL;HOME;FAX:+49 30 2\r\nEMAIL;PREF;INTERNET:j@x.org\r\nADR;HOME:;;Weg 1;Ulm;;89073;DE\r\n"
    "NOTE;ENCODING=QUOTED-PRINTABLE:one=0D=0A=\r\ntwo\r\nROLE:Chef\r\nUID:j1\r\n"
    "PHOTO;JPEG;ENCODING=BASE64:\r\n /9j/\r\n 4AAQ\r\n\r\n");

TEST("the same card again changes nothing; a newer one updates") {
    struct fixture x;
    struct load l;
    begin(&x, &l);
    l.o.key = "external_id";
    EXPECT_OK(load_text(&x, &l, full), x.e);
    EXPECT_COUNTS(&l, 1, 0, 0, 0, 0);
    EXPECT_OK(load_text(&x, &l, full), x.e);
    EXPECT_COUNTS(&l, 0, 0, 1, 0, 0);
    EXPECT_OK(load_text(&x, &l,
                        CARD("FN:J\xC3\xB6rg M\xC3\xBCller\r\nN:M\xC3\xBCller;J\xC3\xB6rg\r\n"
                             "UID:j1\r\nTEL;TYPE=CELL,PREF:+49 170 3\r\nROLE:Boss\r\n")),
              x.e);
    EXPECT_COUNTS(&l, 0, 1, 0, 0, 0);
    EXPECT_STR("work: +49 30 1; home fax: +49 30 2; *mobile: +49 170 3", points(&x, "phone"));
    EXPECT_STR("+49 170 3", field(&x, x.contact, one(&x, "contact"), "phone"));
    EXPECT_STR("ROLE:Boss",
               field(&x, type_of(&x, "note"), one(&x, "note where title = 'vCard'"), "body"));
    EXPECT_INT(2, count(&x, "note", NULL));
    EXPECT_INT(1, count(&x, "file", NULL));
    end(&x, &l);
}

TEST("an undo takes back contact, points, organisation, notes and photo") {
    struct fixture x;
    struct load l;
    struct undo_report undone;
    begin(&x, &l);
    EXPECT_OK(load_text(&x, &l, full), x.e);
    EXPECT_OK(engine_undo(x.g, &tester, l.report.run, false, &x.arena, &undone, &x.e), x.e);
    static const char *const types[] = {"contact", "contact_point", "account",
                                        "note",    "file",          "file_part"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        EXPECT_INT(0, count(&x, types[i], NULL));
    EXPECT_INT(0, undone.refused);
    end(&x, &l);
}

TEST("an interrupted import of cards goes on where it stopped") {
    struct fixture x;
    struct load l;
    struct buf in = {0};
    begin(&x, &l);
    for (int i = 0; i < 100; i++)
        buf_printf(&in, CARD("FN:Person %d\r\nEMAIL:%s%d@x.org\r\nPHOTO;ENCODING=b:AAAA\r\n%s"), i,
                   "p", i, i % 10 ? "" : "broken\r\n");
    l.o.batch = 10;
    l.stop_after = 40;
    EXPECT(load_str(&x, &l, buf_view(&in)) != KITH_OK);
    l.stop_after = 0;
    EXPECT_OK(load_str(&x, &l, buf_view(&in)), x.e);
    EXPECT(l.report.resumed >= 40);
    EXPECT_COUNTS(&l, 90, 0, 0, 0, 10);
    EXPECT_INT(90, count(&x, "contact", NULL));
    EXPECT_INT(90, count(&x, "file", NULL));
    buf_free(&in);
    end(&x, &l);
}

/* -- what is rejected -------------------------------------------------------------------------- */

TEST("a rejected card says why in X-KITH-REASON and can be repaired") {
    struct fixture x;
    struct load l;
    begin(&x, &l);
    EXPECT_OK(
        load_text(&x, &l,
                  CARD("FN:A\r\n") CARD("FN:B\r\nno property\r\n") CARD("NOTE:nobody\r\n")
                      CARD40("KIND:group\r\nFN:All\r\nX-FOO:1\r\n") "stray\r\n" CARD("FN:C\r\n")),
        x.e);
    EXPECT_COUNTS(&l, 2, 0, 0, 0, 4);
    EXPECT_INT(0, l.report.kept); /* of a group nothing is kept */
    EXPECT_HAS("2: : line 8 is no property of a card", l.reasons);
    EXPECT_HAS("3: name: ", l.reasons);
    EXPECT_HAS("4: : line 16, KIND: the card is a group of people", l.reasons);
    EXPECT_HAS("5: : line 20 belongs to no card", l.reasons);
    EXPECT_HAS("BEGIN:VCARD\nX-KITH-REASON:card 2\\, line 5: line 8 is no property of a card\\, "
               "which is written NAME:value: 'no property'\nVERSION:3.0\nFN:B\nno property\n",
               l.rejects.ptr);
    struct buf repaired = {0};
    kith_str rest = buf_view(&l.rejects), line;
    while (str_split(&rest, '\n', &line))
        if (!str_eqz(line, "no property"))
            buf_printf(&repaired, "%.*s\r\n", (int)line.len, line.ptr);
    EXPECT_OK(load_str(&x, &l, buf_view(&repaired)), x.e);
    EXPECT_COUNTS(&l, 1, 0, 0, 0, 3);
    one(&x, "contact where name = 'B'");
    const char *first = strstr(l.rejects.ptr, "X-KITH-REASON");
    const char *second = strstr(first + 1, "X-KITH-REASON");
    EXPECT(strstr(second, "END:VCARD") != NULL);
    EXPECT(strstr(first, "END:VCARD") < second); /* one reason for each card */
    buf_free(&repaired);
    end(&x, &l);
}

TEST("cards are contacts and nothing else, and have no id of ours") {
    struct fixture x;
    struct load l;
    begin(&x, &l);
    l.o.type = x.task;
    EXPECT_INT(KITH_E_INVAL, load_text(&x, &l, CARD("FN:A\r\n")));
    EXPECT_HAS("cannot be imported as task", x.e.message);
    l.o.type = x.contact;
    l.o.key = "id";
    EXPECT_INT(KITH_E_INVAL, load_text(&x, &l, CARD("FN:A\r\n")));
    EXPECT_HAS("external_id", x.e.message);
    end(&x, &l);
}

/* -- files ------------------------------------------------------------------------------------- */

static void put_photo(struct buf *card, size_t bytes) {
    buf_puts(card, "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\nPHOTO;ENCODING=b;TYPE=PNG:");
    for (size_t i = 0; i < bytes / 3; i++)
        buf_printf(card, "%c%c%c%c", 'A' + (int)(i % 26), 'a' + (int)(i / 26 % 26), '0', '+');
    buf_puts(card, "\r\nEND:VCARD\r\n");
}

TEST("a photo is kept in parts, comes back whole, and goes with its contact") {
    struct fixture x;
    struct load l;
    struct buf card = {0}, out = {0};
    begin(&x, &l);
    put_photo(&card, 500000);
    EXPECT_OK(load_str(&x, &l, buf_view(&card)), x.e);
    EXPECT_COUNTS(&l, 1, 0, 0, 0, 0);
    kith_id file = one(&x, "file");
    const struct rtype *t = type_of(&x, "file");
    EXPECT_STR("499998", field(&x, t, file, "size"));
    EXPECT_STR("image/png", field(&x, t, file, "media_type"));
    EXPECT_STR("photo.png", field(&x, t, file, "name"));
    EXPECT_STR("photo", field(&x, t, file, "kind"));
    EXPECT_INT(64, strlen(field(&x, t, file, "digest")));
    EXPECT_INT(3, count(&x, "file_part", NULL));
    EXPECT_OK(export_text(&x, "contact", FORMAT_VCARD, NULL, &out), x.e);
    struct fixture y;
    struct load again;
    begin(&y, &again);
    EXPECT_OK(load_str(&y, &again, buf_view(&out)), y.e);
    EXPECT_STR(field(&x, t, file, "digest"),
               field(&y, type_of(&y, "file"), one(&y, "file"), "digest"));
    delete_(&y, y.contact, one(&y, "contact"));
    EXPECT_INT(0, count(&y, "file_part", NULL));
    end(&y, &again);
    buf_free(&card);
    buf_free(&out);
    end(&x, &l);
}

TEST("a file that is too large is refused by its line; damaged base64 is kept as it is") {
    struct fixture x;
    struct load l;
    struct buf card = {0};
    begin(&x, &l);
    put_photo(&card, RECORD_FILE_MAX + 3000);
    EXPECT_OK(load_str(&x, &l, buf_view(&card)), x.e);
    EXPECT_COUNTS(&l, 0, 0, 0, 0, 1);
    EXPECT_HAS("line 4, PHOTO: a file may have 10 MiB at most", l.reasons);
    EXPECT_OK(load_text(&x, &l, CARD("FN:A\r\nPHOTO;ENCODING=b:AAA=AAA\r\n")), x.e);
    EXPECT_STR("PHOTO;ENCODING=B:AAA=AAA", field(&x, type_of(&x, "note"), one(&x, "note"), "body"));
    buf_free(&card);
    end(&x, &l);
}

/* -- there and back ---------------------------------------------------------------------------- */

static uint64_t random_state = RANDOM_SEED;
static uint64_t random_below(uint64_t n) {
    return random_next(&random_state) % n;
}

static void put_char(struct buf *b, uint32_t c) {
    if (c < 0x80)
        buf_putc(b, (char)c);
    else if (c < 0x800)
        buf_printf(b, "%c%c", (int)(0xC0 | c >> 6), (int)(0x80 | (c & 63)));
    else if (c < 0x10000)
        buf_printf(b, "%c%c%c", (int)(0xE0 | c >> 12), (int)(0x80 | (c >> 6 & 63)),
                   (int)(0x80 | (c & 63)));
    else
        buf_printf(b, "%c%c%c%c", (int)(0xF0 | c >> 18), (int)(0x80 | (c >> 12 & 63)),
                   (int)(0x80 | (c >> 6 & 63)), (int)(0x80 | (c & 63)));
}

/* Trimmed and not empty: any character but controls, surrogates and CR. */
static kith_str random_text(struct arena *a, bool lines) {
    static const char special[] = ",;:\\\"=^ xY.";
    struct buf b = {0};
    put_char(&b, 'a' + (uint32_t)random_below(26));
    for (uint64_t n = random_below(40); n > 0; n--) {
        uint32_t c = random_below(2) ? (uint32_t)special[random_below(sizeof special - 1)]
                                     : 0xA1 + (uint32_t)random_below(0x10FF00);
        if (lines && random_below(12) == 0)
            c = '\n';
        if (c < 0xD800 || c >= 0xE000)
            put_char(&b, c);
    }
    put_char(&b, 'z');
    kith_str out = arena_str(a, buf_view(&b));
    buf_free(&b);
    return out;
}

#define PEOPLE 120
static const char *const texts[] = {"first_name", "last_name", "salutation",  "nickname",
                                    "title",      "language",  "street",      "city",
                                    "region",     "country",   "postal_code", "external_id"};

static kith_status make_people(struct txn *t, void *arg, kith_error *e) {
    struct fixture *x = arg;
    const struct schema *s = engine_schema(x->g);
    const struct rtype *account = schema_type(s, STR("account"));
    static const char *const labels[] = {"work", "home fax",         "mobile",
                                         "Work", "B\xC3\xBCro; 2,1", ""};
    static const char *const kinds[] = {"email", "phone", "postal", "handle", "other"};
    for (int i = 0; i < PEOPLE; i++) {
        struct assign set[20];
        size_t n = 0;
        kith_id id, org;
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            if (k == 1 || k == 7 || random_below(2)) /* a postal point would become the address */
                set[n++] = (struct assign){type_field(s, x->contact, str_of(texts[k])),
                                           value_str(random_text(txn_arena(t), k == 6))};
        kith_value tags[] = {value_str(random_text(txn_arena(t), true)), value_str(STR("vip"))};
        set[n++] = (struct assign){type_field(s, x->contact, STR("tags")),
                                   {.kind = KITH_LIST, .as.list = {tags, 1 + random_below(2)}}};
        set[n++] =
            (struct assign){type_field(s, x->contact, STR("birthday")),
                            {.kind = KITH_DATE, .as.i = (int64_t)random_below(30000) - 10000}};
        if (random_below(2)) {
            struct assign name = {type_field(s, account, STR("name")),
                                  value_str(random_text(txn_arena(t), false))};
            TRY(txn_create(t, account, &name, 1, &org, e));
            set[n++] = (struct assign){type_field(s, x->contact, STR("account")),
                                       value_link(org, account->id)};
        }
        if (random_below(2))
            set[n++] =
                (struct assign){type_field(s, x->contact, STR("email")),
                                value_str(str_of(arena_printf(txn_arena(t), "p%d@x.org", i)))};
        TRY(txn_create(t, x->contact, set, n, &id, e));
        for (uint64_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            kith_str label = str_of(labels[random_below(6)]);
            struct assign point[] = {
                {type_field(s, x->point, STR("contact")), value_link(id, x->contact->id)},
                {type_field(s, x->point, STR("kind")), value_str(str_of(kinds[k]))},
                {type_field(s, x->point, STR("value")),
                 value_str(random_text(txn_arena(t), k == 2))},
                {type_field(s, x->point, STR("primary")), {.kind = KITH_BOOL, .as.i = k >= 3}},
                {type_field(s, x->point, STR("label")), value_str(label)}};
            if (random_below(2))
                TRY(txn_create(t, x->point, point, label.len ? 5 : 4, NULL, e));
        }
    }
    return KITH_OK;
}

static const char person[] =
    "name,first_name,last_name,salutation,nickname,title,birthday,language,"
    "email,street,city,region,country,postal_code,tags,external_id,"
    "account.name";
static const char point[] = "contact.name,kind,value,label,primary";

/* Line by line, so that a failure is short. */
static void expect_same(const struct buf *want, const struct buf *got) {
    kith_str w = buf_view(want), g = buf_view(got), a, b;
    while (str_split(&w, '\n', &a)) {
        if (!str_split(&g, '\n', &b) || !str_eq(a, b))
            TEST_FAIL("expected %.*s\n  found %.*s", (int)a.len, a.ptr, (int)b.len, b.ptr);
    }
    EXPECT_INT(0, g.len);
}

static void carry_over(enum vcard_version version) {
    struct fixture x, y;
    struct load l;
    struct buf cards = {0}, want = {0}, got = {0};
    begin(&x, &l);
    begin(&y, &l);
    EXPECT_OK(engine_write(x.g, &by_tester, make_people, &x, NULL, &x.e), x.e);
    struct export_options o = {.principal = &tester,
                               .format = FORMAT_VCARD,
                               .version = version,
                               .put = take_bytes,
                               .arg = &cards};
    struct query *q;
    EXPECT_OK(query_parse(&q, engine_schema(x.g), &x.arena, STR("contact"), &x.e), x.e);
    o.query = q;
    EXPECT_OK(engine_export(x.g, &o, NULL, &x.e), x.e);
    l.bytes.piece = 4001;
    EXPECT_OK(load_str(&y, &l, buf_view(&cards)), y.e);
    EXPECT_COUNTS(&l, PEOPLE, 0, 0, 0, 0);
    EXPECT_INT(0, l.report.kept);
    EXPECT_OK(export_text(&x, "contact", FORMAT_JSONL, person, &want), x.e);
    EXPECT_OK(export_text(&y, "contact", FORMAT_JSONL, person, &got), y.e);
    expect_same(&want, &got);
    const char *by =
        "contact_point where kind in ('email', 'phone', 'handle', 'other') order by normal";
    EXPECT_OK(export_text(&x, by, FORMAT_JSONL, point, &want), x.e);
    EXPECT_OK(export_text(&y, by, FORMAT_JSONL, point, &got), y.e);
    expect_same(&want, &got);
    buf_free(&cards);
    buf_free(&want);
    buf_free(&got);
    buf_free(&l.rejects);
    fixture_close(&x);
    end(&y, &l);
}

TEST("contacts go to another company as cards of 3.0") {
    carry_over(VCARD_30);
}

TEST("contacts go to another company as cards of 4.0") {
    carry_over(VCARD_40);
}

TEST("contacts go to another company as cards of 2.1") {
    carry_over(VCARD_21);
}

TEST("what a card had besides comes back in an export") {
    struct fixture x;
    struct load l;
    struct buf out = {0};
    begin(&x, &l);
    EXPECT_OK(load_text(&x, &l,
                        CARD("FN:A\r\nitem9.X-ABDATE:1975-03-01\r\nitem9.X-ABLabel:Wed\\; ding\r\n"
                             "RELATED;TYPE=\"a:b\",c:x;y\r\n")),
              x.e);
    EXPECT_OK(export_text(&x, "contact", FORMAT_VCARD, NULL, &out), x.e);
    EXPECT_HAS("item9.X-ABDATE:1975-03-01\r\nitem9.X-ABLABEL:Wed\\; ding\r\n", out.ptr);
    buf_free(&out);
    end(&x, &l);
}

TEST("an export of cards is of contacts and has no choice of fields") {
    struct fixture x;
    struct load l;
    struct buf out = {0};
    begin(&x, &l);
    EXPECT_INT(KITH_E_INVAL, export_text(&x, "task", FORMAT_VCARD, NULL, &out));
    EXPECT_HAS("only contacts", x.e.message);
    EXPECT_INT(KITH_E_INVAL, export_text(&x, "contact", FORMAT_VCARD, "name", &out));
    buf_free(&out);
    end(&x, &l);
}

TEST("whatever stands in a card, it becomes a contact or is rejected") {
    static const char *const heads[] = {"FN",
                                        "N",
                                        "ORG",
                                        "EMAIL",
                                        "TEL",
                                        "ADR",
                                        "BDAY;VALUE=date",
                                        "GEO",
                                        "TZ",
                                        "LANG",
                                        "UID",
                                        "CATEGORIES",
                                        "NOTE",
                                        "URL",
                                        "IMPP",
                                        "X-AIM",
                                        "KIND",
                                        "PHOTO",
                                        "KEY",
                                        "AGENT",
                                        "X-ODD",
                                        "x.X-ABLABEL",
                                        "x.EMAIL",
                                        "x.ADR",
                                        "N;PREF=2",
                                        "PHOTO;ENCODING=b;TYPE=x/y",
                                        "NOTE;ENCODING=QUOTED-PRINTABLE",
                                        "TITLE;TYPE=\"a;b\""};
    static const char *const values[] = {"",
                                         ";;;;",
                                         "a;b;c;d;e;f;g;h;i;j;k;l",
                                         "a,b,,c",
                                         "x@y.org",
                                         "--0203",
                                         "geo:1",
                                         "geo:1,2;u",
                                         "data:image/png;base64,",
                                         "data:x,y",
                                         "data:;base64,AAAA",
                                         "AAAA",
                                         "A=A",
                                         "\\",
                                         "\\;\\,\\n",
                                         "_$!<>!$_",
                                         "tel:;ext=",
                                         "group",
                                         "1604-02-30",
                                         "=3D=",
                                         "\xFF\xFE",
                                         "1;2",
                                         "Europe/Berlin"};
    struct fixture x;
    struct load l;
    struct buf in = {0};
    begin(&x, &l);
    for (int i = 0; i < 400; i++) {
        static const char *const versions[] = {"2.1", "3.0", "4.0"};
        buf_printf(&in, "BEGIN:VCARD\nVERSION:%s\n", versions[random_below(3)]);
        for (uint64_t n = random_below(15); n > 0; n--)
            buf_printf(&in, "%s:%s\n", heads[random_below(sizeof heads / sizeof *heads)],
                       values[random_below(sizeof values / sizeof *values)]);
        buf_puts(&in, "END:VCARD\n");
    }
    EXPECT_OK(load_str(&x, &l, buf_view(&in)), x.e);
    EXPECT_INT(400, l.report.rows);
    EXPECT_INT(400, l.report.created + l.report.rejected);
    EXPECT(l.report.created > 100);
    struct buf out = {0};
    EXPECT_OK(export_text(&x, "contact", FORMAT_VCARD, NULL, &out), x.e);
    struct fixture y;
    struct load again;
    begin(&y, &again);
    EXPECT_OK(load_str(&y, &again, buf_view(&out)), y.e);
    EXPECT_INT(l.report.created, again.report.created);
    EXPECT_STR("", again.reasons);
    buf_free(&in);
    buf_free(&out);
    end(&y, &again);
    end(&x, &l);
}

/* -- cards of real programs -------------------------------------------------------------------- */

TEST("the cards of real programs are read") {
    static const struct {
        const char *file, *name, *email, *phone;
        int cards, points, files;
    } real[] = {
        {"John_Doe_BLACK_BERRY.vcf", "John Doe", "", "+96123456789", 1, 1, 0},
        {"John_Doe_GMAIL.vcf", "John Richter, James Doe Sr.", "john.doe@ibm.com", "905-555-1234", 1,
         5, 0},
        {"John_Doe_LOTUS_NOTES.vcf", "Doe John I Johny", "john.doe@ibm.com", "+1 (212) 204-34456",
         1, 6, 1},
        {"John_Doe_MS_OUTLOOK.vcf", "John Richter James Doe Sr.", "john.doe@ibm.cm",
         "(905) 555-1234", 1, 7, 1},
        {"gmail-list.vcf", "Arnold Smith", "asmithk@gmail.com", "", 3, 3, 0},
        {"gmail-single2.vcf", "VCard Test", "email@example.com", "5555551111", 1, 34, 0},
        {"outlook-2007.vcf", "Michael Angstadt Jr.", "mike.angstadt@gmail.com", "(111) 555-1111", 1,
         9, 2},
        {"rfc6350-example.vcf", "Simon Perreault", "simon.perreault@viagenie.ca",
         "+1-418-656-9254 ext. 102", 1, 5, 0},
    };
    struct buf file[8];
    for (size_t i = 0; i < sizeof real / sizeof *real; i++) {
        char path[100];
        snprintf(path, sizeof path, "vcards/%s", real[i].file);
        file[i] = read_data(path);
    }
    for (size_t i = 0; i < sizeof real / sizeof *real; i++) {
        struct fixture x;
        struct load l;
        begin(&x, &l);
        EXPECT_OK(load_str(&x, &l, buf_view(&file[i])), x.e);
        EXPECT_COUNTS(&l, real[i].cards, 0, 0, 0, 0);
        char where[200];
        snprintf(where, sizeof where, "contact where name = '%s'", real[i].name);
        kith_id id = one(&x, where);
        EXPECT_STR(real[i].email, field(&x, x.contact, id, "email"));
        EXPECT_STR(real[i].phone, field(&x, x.contact, id, "phone"));
        EXPECT_INT(real[i].points, count(&x, "contact_point", NULL));
        EXPECT_INT(real[i].files, count(&x, "file", NULL));
        buf_free(&file[i]);
        end(&x, &l);
    }
}
