/* SPDX-License-Identifier: Apache-2.0 */
/* Import: columns to fields, keys and duplicates, what is rejected and how it comes back. */
#include "engine_import_fixture.h"

static void begin(struct fixture *x) {
    fixture_open(x);
    fixture_start(x);
}

static void end(struct fixture *x, struct load *l) {
    buf_free(&l->rejects);
    fixture_close(x);
}

/* -- columns and fields ------------------------------------------------------------------------ */

TEST("columns find their fields by name, label and usual other words") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, NULL);
    EXPECT_OK(
        load_text(&x, &l,
                  "Given Name;SURNAME;E-Mail;Tel;ZIP;Suburb;state;Date_of_Birth;address_1;"
                  "Shoe size\n"
                  "Ada;Lovelace;ada@x.org;+44 1234;W1;London;Mddx;10.12.1815;12 St James Sq;38\n"),
        x.e);
    EXPECT_COUNTS(&l, 1, 0, 0, 0, 0);
    kith_id id = one(&x, "contact");
    EXPECT_STR("Ada Lovelace", field(&x, x.contact, id, "name"));
    EXPECT_STR("ada@x.org", field(&x, x.contact, id, "email"));
    EXPECT_STR("+44 1234", field(&x, x.contact, id, "phone"));
    EXPECT_STR("W1", field(&x, x.contact, id, "postal_code"));
    EXPECT_STR("London", field(&x, x.contact, id, "city"));
    EXPECT_STR("Mddx", field(&x, x.contact, id, "region"));
    EXPECT_STR("1815-12-10", field(&x, x.contact, id, "birthday"));
    EXPECT_STR("12 St James Sq", field(&x, x.contact, id, "street"));
    end(&x, &l);
}

TEST("a column named as a field comes before one that only means it") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, NULL);
    EXPECT_OK(load_text(&x, &l, "mobile,name,phone\n111 111,Ada,222 222\n"), x.e);
    EXPECT_STR("222 222", field(&x, x.contact, one(&x, "contact"), "phone"));
    end(&x, &l);
}

TEST("the columns that go nowhere can be listed") {
    struct fixture x;
    struct load l;
    struct import *im;
    size_t n;
    begin(&x);
    l = load_of(x.contact, NULL);
    MAP(&l, "Rank=", "source:=fair");
    EXPECT_OK(load_open(&x, &l, STR("Name,Rank,Shoe size,created,_row\n"), &im), x.e);
    const struct import_column *c = import_columns(im, &n);
    EXPECT_INT(5, n);
    EXPECT_STR("source", c[0].field->name);
    EXPECT_STR("", c[0].header);
    EXPECT_STR("name", c[1].field->name);
    EXPECT(!c[1].asked);
    EXPECT(!c[2].field && c[2].asked);
    EXPECT(!c[3].field && !c[3].asked);
    EXPECT(!c[4].field);
    import_close(im);
    end(&x, &l);
}

TEST("the map sends a column elsewhere, leaves one out and gives every row a value") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, NULL);
    MAP(&l, "Site name = last_name", "Email=", "tags:=fair, 2026");
    EXPECT_OK(load_text(&x, &l, "site_name,email\nBabbage,c@x.org\n"), x.e);
    kith_id id = one(&x, "contact where tagged('fair')");
    EXPECT_STR("Babbage", field(&x, x.contact, id, "name"));
    EXPECT_STR("", field(&x, x.contact, id, "email"));
    end(&x, &l);
}

TEST("a map that cannot be is refused with the nearest name") {
    static const struct {
        const char *map[2], *says;
    } bad[] = {
        {{"Nmae=name", NULL}, "did you mean 'Name'"},
        {{"Name=frist_name", NULL}, "first_name"},
        {{"Name=name", "Other=name"}, "both 'Name' and 'Other'"},
        {{"city:=Linz", "city:=Wien"}, "are to go to city"},
        {{"city:={Nmae}", NULL}, "did you mean 'Name'"},
        {{"city:={Name", NULL}, "a '}' is missing"},
        {{"Name=city", "name=region"}, "mapped twice"},
        {{"Name=created", NULL}, "kept by Kith"},
        {{"birthday:=soon", NULL}, "no date"},
        {{"Name", NULL}, "'Header=field'"},
        {{"Name=account.nmae", NULL}, "name"},
        {{"Name=email.name", NULL}, "only a link"},
    };
    struct fixture x;
    struct load l;
    begin(&x);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        l = load_of(x.contact, NULL);
        l.o.map = bad[i].map;
        l.o.map_count = bad[i].map[1] ? 2 : 1;
        EXPECT(load_text(&x, &l, "Name,Other\na,b\n") != KITH_OK);
        EXPECT_HAS(bad[i].says, x.e.message);
    }
    EXPECT_INT(0, count(&x, "contact: count()", NULL));
    end(&x, &l);
}

TEST("a linked record is found by one of its fields") {
    struct fixture x;
    struct load l;
    begin(&x);
    const struct rtype *account = schema_type(engine_schema(x.g), STR("account"));
    kith_id acme = create(&x, account, PAIRS("name=ACME Gmbh"));
    create(&x, account, PAIRS("name=Twice"));
    create(&x, account, PAIRS("name=twice"));
    l = load_of(x.contact, NULL);
    MAP(&l, "Company=account.name");
    EXPECT_OK(load_text(&x, &l, "name,company\nAda,acme GMBH\nBea,Nobody\nCid,Twice\nDan,\n"), x.e);
    EXPECT_COUNTS(&l, 2, 0, 0, 0, 2);
    EXPECT_HAS("3: account: account: there is no account whose name is 'Nobody'", l.reasons);
    EXPECT_HAS("more than one account whose name is 'Twice'", l.reasons);
    EXPECT_STR(id_text(&x, acme),
               field(&x, x.contact, one(&x, "contact where name = 'Ada'"), "account"));
    end(&x, &l);
}

TEST("dates are read in the order that is asked for") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, NULL);
    l.o.day_first = true;
    EXPECT_OK(load_text(&x, &l, "name,birthday\nAda,3/4/2001\n"), x.e);
    EXPECT_STR("2001-04-03", field(&x, x.contact, one(&x, "contact"), "birthday"));
    end(&x, &l);
}

TEST("a record from elsewhere keeps its state, and later follows the arrows") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.lead, "code");
    EXPECT_OK(load_text(&x, &l, "name,code,state\nAda,1,won\n"), x.e);
    EXPECT_STR("won", field(&x, x.lead, one(&x, "lead"), "state"));
    l.o.name = "later.csv";
    EXPECT_OK(load_text(&x, &l, "name,code,state\nAda,1,new\n"), x.e);
    EXPECT_COUNTS(&l, 0, 0, 0, 0, 1);
    EXPECT_HAS("cannot become 'new'", l.reasons);
    end(&x, &l);
}

/* -- keys and duplicates ----------------------------------------------------------------------- */

TEST("a row with a known key updates with its cells that are not empty") {
    struct fixture x;
    struct load l;
    begin(&x);
    kith_id ada =
        create(&x, x.contact, PAIRS("name=Ada Lovelace", "email=ada@x.org", "city=Paris"));
    l = load_of(x.contact, "email");
    EXPECT_OK(load_text(&x, &l,
                        "name,email,city,country\n"
                        ",ADA@X.org,,UK\n"
                        "Bea,bea@x.org,Rome,IT\n"
                        "Bea,bea@x.org,Rome,IT\n"
                        "Cid,,Oslo,NO\n"),
              x.e);
    EXPECT_COUNTS(&l, 2, 1, 1, 0, 0);
    EXPECT_INT(2, l.report.duplicates);
    EXPECT_INT(1, l.report.keyless);
    EXPECT_STR("Paris", field(&x, x.contact, ada, "city"));
    EXPECT_STR("UK", field(&x, x.contact, ada, "country"));
    EXPECT_STR("Ada Lovelace", field(&x, x.contact, ada, "name"));
    EXPECT_INT(2, l.report.match_count);
    EXPECT_INT(2, l.report.matches[0].row);
    EXPECT(l.report.matches[0].id == ada && !l.report.matches[0].by_import);
    EXPECT_INT(4, l.report.matches[1].row);
    EXPECT(l.report.matches[1].by_import);
    EXPECT_INT(3, count(&x, "contact", NULL));
    end(&x, &l);
}

TEST("case and accents do not make two people of one") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, "name,birthday");
    EXPECT_OK(load_text(&x, &l,
                        "first_name,last_name,birthday\n"
                        "José,Núñez,1970-01-02\n"
                        "JOSE,NUNEZ,1970-01-02\n"
                        "José,Núñez,1971-01-02\n"),
              x.e);
    EXPECT_COUNTS(&l, 2, 1, 0, 0, 0);
    end(&x, &l);
}

TEST("a mail address as a key finds whoever has it in other capitals, not with other accents") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id with = create(&x, x.contact, PAIRS("name=With", "email=müller@x.org"));
    kith_id without = create(&x, x.contact, PAIRS("name=Without", "email=Muller@x.org"));
    struct load l = load_of(x.contact, "email");
    EXPECT_OK(load_text(&x, &l,
                        "email,city\nM\xc3\x9cLLER@X.org,Bonn\nmuller@x.org,Rome\n"
                        "mu\xcc\x88ller@x.org,Bonn\n"),
              x.e);
    EXPECT_COUNTS(&l, 0, 3, 0, 0, 0);
    EXPECT_STR("Bonn", field(&x, x.contact, with, "city"));
    EXPECT_STR("Rome", field(&x, x.contact, without, "city"));
    EXPECT_OK(load_text(&x, &l, "name,email\nThird,mu\xcc\x81ller@x.org\n"), x.e);
    EXPECT_COUNTS(&l, 1, 0, 0, 0, 0);
    EXPECT_INT(3, count(&x, "contact", NULL));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("a key that fits several records rejects the row and names them") {
    struct fixture x;
    struct load l;
    begin(&x);
    kith_id a = create(&x, x.contact, PAIRS("name=Ada", "email=ada@x.org"));
    kith_id b = create(&x, x.contact, PAIRS("name=Ada", "email=ada@x.org"));
    l = load_of(x.contact, "email");
    EXPECT_OK(load_text(&x, &l, "name,email\nAda,ada@x.org\n"), x.e);
    EXPECT_COUNTS(&l, 0, 0, 0, 0, 1);
    EXPECT_HAS(id_text(&x, a), l.reasons);
    EXPECT_HAS(id_text(&x, b), l.reasons);
    end(&x, &l);
}

TEST("duplicates are skipped or rejected when that is asked for") {
    struct fixture x;
    struct load l;
    begin(&x);
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada", "email=ada@x.org"));
    l = load_of(x.contact, "email");
    l.o.duplicates = DUPLICATE_SKIP;
    EXPECT_OK(load_text(&x, &l, "name,email\nEve,ada@x.org\n"), x.e);
    EXPECT_COUNTS(&l, 0, 0, 0, 1, 0);
    l.o.duplicates = DUPLICATE_REJECT;
    EXPECT_OK(load_text(&x, &l, "name,email\nEve,ada@x.org\n"), x.e);
    EXPECT_COUNTS(&l, 0, 0, 0, 0, 1);
    EXPECT_HAS("has this email already", l.reasons);
    EXPECT_STR("Ada", field(&x, x.contact, ada, "name"));
    end(&x, &l);
}

TEST("a key needs a column of a kind that can be compared") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, "email");
    EXPECT_INT(KITH_E_INVAL, load_text(&x, &l, "name,city\nAda,Rome\n"));
    EXPECT_HAS("no column goes to it", x.e.message);
    l.o.key = "tags";
    EXPECT_INT(KITH_E_INVAL, load_text(&x, &l, "name,tags\nAda,Rome\n"));
    EXPECT_HAS("cannot be a key", x.e.message);
    end(&x, &l);
}

TEST("a key without an index gets one for the time of the import only") {
    struct fixture x;
    struct load l;
    struct conn *c;
    int64_t left;
    begin(&x);
    l = load_of(x.contact, "birthday");
    EXPECT_OK(
        load_text(&x, &l, "name,birthday\nAda,1815-12-10\nA. L.,1815-12-10\nBea,1900-01-01\n"),
        x.e);
    EXPECT_INT(2, l.report.created);
    EXPECT_INT(1, l.report.updated);
    EXPECT_OK(engine_reader(x.g, &c, &x.e), x.e);
    EXPECT_OK(conn_int(c, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'i.key.%'", -1, &left,
                       &x.e),
              x.e);
    engine_reader_done(x.g, c);
    EXPECT_INT(0, left);
    end(&x, &l);
}

/* -- rejects
 * ------------------------------------------------------------------------------------------------
 */

TEST("each bad row is rejected with its place and a sentence, the others are kept") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, NULL);
    EXPECT_OK(load_text(&x, &l,
                        "name,email,birthday\n"
                        "Ada,ada@x.org,1815-12-10\n"
                        "Bea,not an address,\n"
                        "Cid,cid@x.org,31.2.2001\n"
                        "Dan,dan@x.org\n"
                        "Eve,eve@x.org,,,more\n"
                        ",,\n"
                        ",gus@x.org,\n"
                        "Hal,\"hal@x.org,\n"
                        "Ida,ida@x.org,,\n"),
              x.e);
    EXPECT_COUNTS(&l, 2, 0, 0, 1, 6);
    EXPECT_HAS("3: email: email: 'not an address' is no e-mail address", l.reasons);
    EXPECT_HAS("4: birthday: birthday: '31.2.2001' is no date", l.reasons);
    EXPECT_HAS("5: : the row has 2 cells, and there are 3 columns; some are missing", l.reasons);
    EXPECT_HAS("6: : the row has 5 cells, and there are 3 columns", l.reasons);
    EXPECT_HAS("8: name: contact needs a name", l.reasons);
    EXPECT_HAS("9: : a quote is never closed", l.reasons);
    EXPECT_INT(1, count(&x, "contact where name = 'Ida'", NULL));
    end(&x, &l);
}

TEST("the file of rejects, repaired, is imported with the same options") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, NULL);
    MAP(&l, "Mail=email");
    EXPECT_OK(load_text(&x, &l, "name;Mail\n\"a;b\";x\nAda;ada@x.org\nBea\n"), x.e);
    EXPECT_COUNTS(&l, 1, 0, 0, 0, 2);
    EXPECT_STR(
        "_row;_line;_reason;_field;name;Mail\n"
        "2;2;\"email: 'x' is no e-mail address; it has one @ and no blanks\";email;\"a;b\";x\n"
        "4;4;\"the row has 1 cell, and there are 2 columns; some are missing\";;Bea\n",
        l.rejects.ptr);
    struct load again = load_of(x.contact, NULL);
    again.o.map = l.o.map;
    again.o.map_count = l.o.map_count;
    EXPECT_OK(load_text(&x, &again,
                        "_row;_line;_reason;name;Mail\n"
                        "2;2;\"email: 'x' is no e-mail address\";\"a;b\";x@x.org\n"
                        "4;4;\"the row has 1 cells\";Bea;worse\n"),
              x.e);
    EXPECT_COUNTS(&again, 1, 0, 0, 0, 1);
    EXPECT_HAS("_row;_line;_reason;_field;name;Mail\n3;3;\"email: 'worse'", again.rejects.ptr);
    EXPECT_INT(1, count(&x, "contact where email = 'x@x.org'", NULL));
    buf_free(&again.rejects);
    end(&x, &l);
}

TEST("bad lines of JSON are rejected singly and can be repaired") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, NULL);
    l.o.format = FORMAT_JSONL;
    EXPECT_OK(load_text(&x, &l,
                        "{\"name\": \"Ada\", \"e-mail\": \"ada@x.org\"}\n"
                        "{\"name\": \"Bea\", \"email\": 5}\n"
                        "\n"
                        "{\"name\": \"Cid\"\n"
                        "[1]\n"
                        "{\"name\": \"Dan\", \"name\": \"Eve\"}\n"
                        "{\"name\": {\"first\": \"Gus\"}, \"birthday\": [1]}"),
              x.e);
    EXPECT_COUNTS(&l, 1, 0, 0, 0, 5);
    EXPECT_HAS("{\"_row\":2,\"_line\":2,\"_reason\":\"email: '5' is no e-mail address",
               l.rejects.ptr);
    EXPECT_HAS("\"name\":\"Bea\",\"email\":5}\n", l.rejects.ptr);
    EXPECT_HAS("\"_raw\":\"{\\\"name\\\": \\\"Cid\\\"\"}", l.rejects.ptr);
    struct load again = load_of(x.contact, NULL);
    again.o.format = FORMAT_JSONL;
    EXPECT_OK(
        load_text(
            &x, &again,
            "{\"_row\":2,\"_line\":2,\"_reason\":\"x\",\"name\":\"Bea\"}\n"
            "{\"_row\":3,\"_line\":4,\"_reason\":\"x\",\"_raw\":\"{\\\"name\\\": \\\"Cid\\\"}\"}\n"
            "{\"_row\":3,\"_line\":4,\"_reason\":\"x\",\"_raw\":\"{{\"}\n"),
        x.e);
    EXPECT_COUNTS(&again, 2, 0, 0, 0, 1);
    buf_free(&again.rejects);
    end(&x, &l);
}

TEST("members without end are refused before they fill the memory") {
    struct fixture x;
    struct load l;
    struct buf file = {0};
    begin(&x);
    l = load_of(x.contact, NULL);
    l.o.format = FORMAT_JSONL;
    for (int i = 0; i < 5000; i++)
        buf_printf(&file, "{\"name\": \"Ada\", \"id %d\": 1}\n", i);
    EXPECT_INT(KITH_E_LIMIT, load_str(&x, &l, buf_view(&file)));
    EXPECT_HAS("more than 4096 different names", x.e.message);
    buf_free(&file);
    end(&x, &l);
}

TEST("names of members without end are refused before they fill the memory") {
    struct fixture x;
    struct load l;
    struct buf file = {0};
    begin(&x);
    l = load_of(x.contact, NULL);
    l.o.format = FORMAT_JSONL;
    buf_puts(&file, "{\"name\":\"Ada\"");
    for (int i = 0; i < 11; i++)
        buf_printf(&file, "%s\"%0100d\":{", i ? "" : ",", i);
    buf_puts(&file, "\"y\":1");
    for (int i = 0; i < 12; i++)
        buf_puts(&file, "}");
    EXPECT_INT(KITH_E_LIMIT, load_str(&x, &l, buf_view(&file)));
    EXPECT_HAS("is longer than 1000 bytes", x.e.message);
    buf_free(&file);
    end(&x, &l);
}

TEST("a row is no longer for being put together of cells by the map") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, NULL);
    l.o.row_max = 50;
    MAP(&l, "title:={Word}{Word}{Word}{Word}", "city:={Word}{Word}");
    EXPECT_OK(load_text(&x, &l, "name,Word\nAda,eight888\nBea,eighteen8888888888\nCid,nine99999\n"),
              x.e);
    EXPECT_COUNTS(&l, 1, 0, 0, 0, 2);
    EXPECT_HAS("3: title: title: what is put together of cells is longer than the 50 bytes",
               l.reasons);
    EXPECT_HAS("4: city: city: what is put together of cells", l.reasons);
    end(&x, &l);
}

TEST("a file that is none is refused at once") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, NULL);
    EXPECT_INT(KITH_E_INVAL, load_text(&x, &l, ""));
    EXPECT_HAS("the file is empty", x.e.message);
    EXPECT_OK(load_text(&x, &l, "name\n"), x.e);
    EXPECT_COUNTS(&l, 0, 0, 0, 0, 0);
    l.o.format = FORMAT_JSONL;
    EXPECT_OK(load_text(&x, &l, ""), x.e);
    end(&x, &l);
}

/* A hook that has written something before it refuses. */
static kith_status refuse_thirteen(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct rtype *task = self;
    const struct schema *s = engine_schema(txn_engine(t));
    const struct rfield *name = type_field(s, c->type, STR("name"));
    struct assign set = {type_field(s, task, STR("title")), c->after[name->index]};
    TRY(txn_create(t, task, &set, 1, NULL, e));
    if (c->after[name->index].as.s.len % 7 == 0)
        return err_set(e, KITH_E_REFUSED, NULL, "no sevens here");
    return KITH_OK;
}

TEST("a row that fails after it wrote something leaves nothing, its neighbours stay") {
    struct fixture x;
    struct load l;
    struct buf text = {0};
    fixture_open(&x);
    struct hook h = {.type = x.contact,
                     .on = ON_CREATE,
                     .after = true,
                     .fn = refuse_thirteen,
                     .self = (void *)(uintptr_t)x.task,
                     .source = {SOURCE_MODULE, "test", "1", 0}};
    EXPECT_OK(engine_add_hook(x.g, &h, &x.e), x.e);
    fixture_start(&x);
    l = load_of(x.contact, NULL);
    buf_puts(&text, "name\n");
    for (int i = 0; i < 250; i++) /* names of 3, 7 and 3 letters in turn */
        buf_printf(&text, "%s\n", i % 3 == 1 ? "refused" : "Ada");
    EXPECT_OK(load_str(&x, &l, buf_view(&text)), x.e);
    EXPECT_COUNTS(&l, 167, 0, 0, 0, 83);
    EXPECT_HAS("3: : no sevens here", l.reasons);
    EXPECT_INT(167, count(&x, "contact", NULL));
    EXPECT_INT(167, count(&x, "task", NULL));
    buf_free(&text);
    end(&x, &l);
}

/* -- looking first ----------------------------------------------------------------------------- */

struct seen {
    struct fixture *x;
    char text[500];
};
static kith_status see_row(void *arg, const struct import_row *row, kith_error *e) {
    struct seen *s = arg;
    size_t n = strlen(s->text);
    (void)e;
    kith_str birthday = value_text(NULL, &row->values[0], &s->x->arena);
    kith_str name = value_text(NULL, &row->values[1], &s->x->arena);
    snprintf(s->text + n, sizeof s->text - n, "%" PRIu64 " %.*s|%.*s|%s\n", row->row,
             (int)birthday.len, birthday.ptr, (int)name.len, name.ptr,
             row->reason ? row->reason : "");
    return KITH_OK;
}

TEST("an array of JSON that is cut off, or followed by more, ends all the same") {
    static const char *const files[] = {"[{\"name\":\"Ann\"}", "[{\"name\":\"Ann\"}] x"};
    for (size_t i = 0; i < 2; i++) {
        struct fixture x;
        struct load l;
        begin(&x);
        l = load_of(x.lead, NULL);
        l.o.format = FORMAT_JSONL;
        EXPECT_OK(load_text(&x, &l, files[i]), x.e);
        EXPECT_COUNTS(&l, 1, 0, 0, 0, 1);
        end(&x, &l);
    }
}

TEST("a preview shows the first rows as they would be and writes nothing") {
    struct fixture x;
    struct load l;
    struct import *im;
    begin(&x);
    struct seen s = {.x = &x};
    l = load_of(x.contact, NULL);
    EXPECT_OK(load_open(&x, &l, STR("birthday,name\n1.2.2003,Ada\nx,Bea\n,Cid\n,Dan\n"), &im), x.e);
    EXPECT_OK(import_preview(im, 3, see_row, &s, &x.e), x.e);
    EXPECT_STR("2 2003-02-01|Ada|\n"
               "3 |Bea|birthday: 'x' is no date; write it as 2024-02-29\n"
               "4 |Cid|\n",
               s.text);
    import_close(im);
    EXPECT_INT(0, count(&x, "contact: count()", NULL));
    end(&x, &l);
}

/* -- undo
 * ------------------------------------------------------------------------------------------------------
 */

TEST("an undo of the run takes the whole import back") {
    struct fixture x;
    struct load l;
    struct undo_report undone;
    begin(&x);
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada", "email=ada@x.org"));
    l = load_of(x.contact, "email");
    l.o.batch = 2;
    EXPECT_OK(
        load_text(&x, &l,
                  "name,email,city\nAda,ada@x.org,Rome\nBea,bea@x.org,Oslo\nCid,cid@x.org,Bonn\n"),
        x.e);
    EXPECT_COUNTS(&l, 2, 1, 0, 0, 0);
    EXPECT_OK(engine_undo(x.g, &tester, l.report.run, false, &x.arena, &undone, &x.e), x.e);
    EXPECT_INT(0, undone.kept + undone.refused);
    EXPECT_INT(1, count(&x, "contact", NULL));
    EXPECT_STR("", field(&x, x.contact, ada, "city"));
    end(&x, &l);
}

/* -- real files -------------------------------------------------------------------------------- */

TEST("real data: people with typing errors become contacts, those with one name and birthday are "
     "one") {
    struct fixture x;
    struct load l;
    struct buf file = read_data("people-febrl1.csv");
    begin(&x);
    l = load_of(x.contact, "name,birthday");
    MAP(&l, "rec_id=");
    EXPECT_OK(load_str(&x, &l, buf_view(&file)), x.e);
    EXPECT_INT(1000, l.report.rows);
    EXPECT_INT(1000, l.report.created + l.report.updated + l.report.unchanged + l.report.rejected);
    EXPECT_INT(l.report.duplicates, l.report.updated + l.report.unchanged);
    EXPECT(l.report.duplicates > 100);
    EXPECT_INT(l.report.created, count(&x, "contact: count()", NULL));
    EXPECT_STR("1999-02-19",
               field(&x, x.contact, one(&x, "contact where name = 'lachlan berry'"), "birthday"));
    buf_free(&file);
    end(&x, &l);
}

TEST("real data: a very messy list of organisations becomes accounts") {
    struct fixture x;
    struct load l;
    struct buf file = read_data("providers-chicago.csv");
    begin(&x);
    l = load_of(schema_type(engine_schema(x.g), STR("account")), "name");
    MAP(&l, "Site name=name");
    EXPECT_OK(load_str(&x, &l, buf_view(&file)), x.e);
    EXPECT_INT(3337, l.report.rows);
    EXPECT_INT(3337, l.report.created + l.report.updated + l.report.unchanged + l.report.skipped +
                         l.report.rejected);
    EXPECT(l.report.rejected < 700);
    EXPECT(l.report.duplicates > 500);
    buf_free(&file);
    end(&x, &l);
}

static const kith_field sale_fields[] = {
    {.name = "invoice", .kind = KITH_F_TEXT, .flags = KITH_FF_INDEXED},
    {.name = "product", .kind = KITH_F_TEXT},
    {.name = "description", .kind = KITH_F_TEXT},
    {.name = "quantity", .kind = KITH_F_INTEGER},
    {.name = "at", .kind = KITH_F_TIME},
    {.name = "price", .kind = KITH_F_MONEY, .options = "GBP"},
    {.name = "customer", .kind = KITH_F_TEXT},
    {.name = "country", .kind = KITH_F_TEXT},
};
static const kith_type sale_types[] = {
    {.name = "sale_line", .title = "invoice", .fields = KITH_ARRAY(sale_fields)},
};
static const struct schema_source sale_sources[] = {
    {.module = "sales", .version = 1, .types = KITH_ARRAY(lead_types)},
    {.module = "company", .version = 1, .types = KITH_ARRAY(sale_types)},
};

TEST("real data: order lines with CR line ends, Latin-1 text and a last row that is cut off") {
    struct fixture x;
    struct load l;
    struct buf file = read_data("retail-orders.csv");
    fixture_open(&x);
    engine_close(x.g);
    struct engine_options o = fixture_options(&x);
    o.sources = sale_sources;
    o.source_count = 2;
    EXPECT_OK(engine_open(&x.g, &o, &x.e), x.e);
    fixture_start(&x);
    l = load_of(schema_type(engine_schema(x.g), STR("sale_line")), NULL);
    MAP(&l, "InvoiceNo=invoice", "StockCode=product", "InvoiceDate=at", "UnitPrice=price",
        "CustomerID=customer");
    EXPECT_OK(load_str(&x, &l, buf_view(&file)), x.e);
    EXPECT_INT(14595, l.report.rows); /* the last one is cut off */
    EXPECT_HAS("cut off", l.reasons);
    EXPECT_INT(l.report.created, count(&x, "sale_line: count()", NULL));
    EXPECT(l.report.rejected < 20);
    buf_free(&file);
    end(&x, &l);
}
