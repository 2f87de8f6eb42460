/* SPDX-License-Identifier: Apache-2.0 */
/* Import: files as other programs write them: dialects of CSV, numbers and money, values put
 * together, and JSON of several shapes. */
#include "engine_import_fixture.h"

static void begin(struct fixture *x) {
    fixture_open(x);
    fixture_start(x);
}

static void end(struct fixture *x, struct load *l) {
    buf_free(&l->rejects);
    fixture_close(x);
}

static const struct rtype *type(struct fixture *x, const char *name) {
    return schema_type(engine_schema(x->g), str_of(name));
}

/* -- dialects ---------------------------------------------------------------------------------- */

TEST("a file without a header has its columns named") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, NULL);
    l.o.columns = "name,,e-mail";
    EXPECT_OK(load_text(&x, &l, "Ada,7,ada@x.org\nBea,8,no\n"), x.e);
    EXPECT_COUNTS(&l, 1, 0, 0, 0, 1);
    EXPECT_STR("ada@x.org", field(&x, x.contact, one(&x, "contact"), "email"));
    EXPECT_HAS("_row,_line,_reason,_field,name,,e-mail\n2,2,", l.rejects.ptr);
    struct load again = load_of(x.contact, NULL); /* its rejects have a header */
    again.o.columns = l.o.columns;
    EXPECT_OK(
        load_text(&x, &again,
                  "_row,_line,_reason,_field,name,,e-mail\n2,2,\"why, no\",email,Bea,8,b@x.org\n"),
        x.e);
    EXPECT_COUNTS(&again, 1, 0, 0, 0, 0);
    buf_free(&again.rejects);
    end(&x, &l);
}

TEST("lines in front and comments are passed over, and counted") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, NULL);
    l.o.csv.skip_lines = 2;
    l.o.csv.comment = '#';
    EXPECT_OK(load_text(&x, &l,
                        "List of people, \"as of today\r\n\r\nname;city\r\n# Ada;was here\r\n"
                        "Bea;Rome\r\nCid;Oslo;x\r\n#"),
              x.e);
    EXPECT_COUNTS(&l, 1, 0, 0, 0, 1);
    EXPECT_HAS("_row;_line;_reason;_field;name;city\r\n3;6;", l.rejects.ptr);
    EXPECT_STR("Bea", field(&x, x.contact, one(&x, "contact where city = 'Rome'"), "name"));
    end(&x, &l);
}

TEST("columns that are lined up with blanks come back from the file of rejects") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, NULL);
    EXPECT_OK(load_text(&x, &l,
                        "  name        email       city\n"
                        "  Ada         ada@x.org   London\n"
                        "  \"Bea B\"     none        Rome\n"),
              x.e);
    EXPECT_COUNTS(&l, 1, 0, 0, 0, 1);
    EXPECT_STR("_row  _line  _reason  _field  name  email  city\n"
               "3  3  \"email: 'none' is no e-mail address; it has one @ and no blanks\"  email  "
               "\"Bea B\"  none  Rome\n",
               l.rejects.ptr);
    struct load again = load_of(x.contact, NULL);
    EXPECT_OK(load_str(&x, &again, buf_view(&l.rejects)), x.e);
    EXPECT_COUNTS(&again, 0, 0, 0, 0, 1);
    EXPECT_HAS("'none' is no e-mail address", again.reasons);
    buf_free(&again.rejects);
    end(&x, &l);
}

TEST("lone quotes are text when there are no quotes") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, NULL);
    const char *file = "name\tcity\n\"Ada\tLondon\nBea\t\"Rome\"\n";
    EXPECT_OK(load_text(&x, &l, file), x.e);
    EXPECT_HAS("a quote is never closed; the option 'quote' takes", l.reasons);
    l.o.csv.quote = CSV_UNQUOTED;
    l.o.name = "again.csv";
    EXPECT_OK(load_text(&x, &l, file), x.e);
    EXPECT_COUNTS(&l, 2, 0, 0, 0, 0);
    EXPECT_INT(1, count(&x, "contact where name = '\"Ada'", NULL));
    EXPECT_INT(1, count(&x, "contact where city = '\"Rome\"'", NULL));
    end(&x, &l);
}

TEST("the rejects of a file in Latin-1 are UTF-8 and are read so with the same options") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, NULL);
    l.o.csv.encoding = "latin-1";
    EXPECT_OK(load_text(&x, &l, "name,email\rJos\xE9,x\rM\xFCller \xA3,m@x.org\r"), x.e);
    EXPECT_COUNTS(&l, 1, 0, 0, 0, 1);
    EXPECT_STR("Müller £", field(&x, x.contact, one(&x, "contact"), "name"));
    EXPECT_HAS("\xEF\xBB\xBF_row,_line", l.rejects.ptr);
    EXPECT_HAS(",José,x\n", l.rejects.ptr);
    char *at = strrchr(l.rejects.ptr, 'x');
    *at = ' '; /* repaired: no address at all */
    struct load again = load_of(x.contact, NULL);
    again.o.csv.encoding = "latin-1";
    EXPECT_OK(load_text(&x, &again, l.rejects.ptr), x.e);
    EXPECT_COUNTS(&again, 1, 0, 0, 0, 0);
    one(&x, "contact where name = 'José'");
    buf_free(&again.rejects);
    end(&x, &l);
}

TEST("a byte that does not belong to the encoding rejects its row, not its neighbours") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, NULL);
    EXPECT_OK(
        load_text(&x, &l, "name\nJosé\nZoë\nÅsa\nBj\xF6rn\nSeen \xEF\xBF\xBD\xEF\xBF\xBD before\n"),
        x.e);
    EXPECT_HAS("5: : it holds a byte that does not belong to the file's encoding, utf-8",
               l.reasons);
    EXPECT_HAS("the option 'encoding'", l.reasons);
    EXPECT_INT(1, count(&x, "contact where name = 'Zoë'", NULL));
    end(&x, &l);
}

TEST("a file that ends in the middle of a row says so") {
    static const char *const files[] = {"name,city,email\nAda,Lon", "name,city,email\nAda,\"Lon"};
    struct fixture x;
    struct load l;
    begin(&x);
    for (size_t i = 0; i < 2; i++) {
        l = load_of(x.contact, NULL);
        EXPECT_OK(load_text(&x, &l, files[i]), x.e);
        EXPECT_COUNTS(&l, 0, 0, 0, 0, 1);
        EXPECT_HAS("the file ends in the middle of this row, its last: it was cut off after cell 2 "
                   "of 3",
                   l.reasons);
        buf_free(&l.rejects);
    }
    end(&x, &l);
}

TEST("what was found out about a file is said") {
    static const struct {
        const char *text, *says;
    } files[] = {
        {"name,city\nA,B\n", "CSV in utf-8, commas between columns, lines end in LF, the first row "
                             "is the header"},
        {"name;city\r\nJos\xE9;B\r\n", "CSV in windows-1252, semicolons between columns, lines end "
                                       "in CRLF, the first row is the header"},
    };
    struct fixture x;
    struct load l;
    struct import *im;
    begin(&x);
    for (size_t i = 0; i < 2; i++) {
        l = load_of(x.contact, NULL);
        EXPECT_OK(load_open(&x, &l, str_of(files[i].text), &im), x.e);
        EXPECT_STR(files[i].says, import_format(im));
        import_close(im);
    }
    end(&x, &l);
}

/* -- values ------------------------------------------------------------------------------------ */

TEST("amounts are read as people write them, when it is said how") {
    static const struct {
        const char *text;
        char decimal;
        const char *want; /* NULL: rejected */
    } rows[] = {
        {"1.234,56", ',', "1234.56 EUR"},
        {"1 234 567,5", ',', "1234567.50 EUR"},
        {"-1'234,00 CHF", ',', "-1234.00 CHF"},
        {"\xE2\x82\xAC 12", 0, "12.00 EUR"},
        {"12,50 \xE2\x82\xAC", ',', "12.50 EUR"},
        {"US$ 29.33", 0, "29.33 USD"},
        {"-$5 USD", 0, "-5.00 USD"},
        {"($1,234.50 CAD)", '.', "-1234.50 CAD"},
        {"1,234", '.', "1234.00 EUR"},
        {"1,234", ',', NULL}, /* three digits after the comma are too many */
        {"12.5", ',', NULL},
        {"1.23,4", ',', NULL},
        {"1,234.56", 0, NULL},
        {"$29.33", 0, NULL},
        {"\xE2\x82\xAC 12 USD", 0, NULL},
        {"12,", ',', NULL},
        {",", ',', NULL},
    };
    struct fixture x;
    struct load l;
    begin(&x);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[100];
        snprintf(text, sizeof text, "name;revenue\nA%d;%s\n", (int)i, rows[i].text);
        l = load_of(type(&x, "account"), NULL);
        l.o.decimal = rows[i].decimal;
        EXPECT_OK(load_text(&x, &l, text), x.e);
        EXPECT_COUNTS(&l, rows[i].want != NULL, 0, 0, 0, rows[i].want == NULL);
        snprintf(text, sizeof text, "account where name = 'A%d'", (int)i);
        if (rows[i].want)
            EXPECT_STR(rows[i].want, field(&x, l.o.type, one(&x, text), "revenue"));
        buf_free(&l.rejects);
    }
    end(&x, &l);
}

TEST("a file of more columns than a spreadsheet has is refused at once") {
    struct fixture x;
    struct buf file = {0};
    begin(&x);
    buf_puts(&file, "name");
    for (int i = 0; i < 16384; i++)
        buf_puts(&file, ",c");
    struct load l = load_of(x.contact, NULL);
    EXPECT_INT(KITH_E_LIMIT, load_str(&x, &l, buf_view(&file)));
    EXPECT_HAS("16385 columns", x.e.message);
    buf_free(&file);
    end(&x, &l);
}

TEST("a number with a comma and a sign of several currencies are refused with the remedy") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(type(&x, "account"), NULL);
    EXPECT_OK(load_text(&x, &l, "name;size;revenue\nA;1,200;\nB;;$5\nC;;(5.00)\n"), x.e);
    EXPECT_HAS("the option 'decimal' reads 1.234,56 by ','", l.reasons);
    EXPECT_HAS("(5.00)' is no amount of money; write it as 12.50 EUR; the option 'decimal'",
               l.reasons);
    EXPECT_HAS("several currencies have this sign; give the currency with 'revenue:={Column} USD'",
               l.reasons);
    l.o.decimal = '.';
    l.o.name = "again.csv";
    MAP(&l, "Turnover=", "revenue:={Turnover} USD");
    EXPECT_OK(load_text(&x, &l, "name;size;turnover\nA;1,200;\nB;;$5\n"), x.e);
    EXPECT_COUNTS(&l, 2, 0, 0, 0, 0);
    EXPECT_STR("1200", field(&x, l.o.type, one(&x, "account where name = 'A'"), "size"));
    EXPECT_STR("5.00 USD", field(&x, l.o.type, one(&x, "account where name = 'B'"), "revenue"));
    EXPECT_STR("", field(&x, l.o.type, one(&x, "account where name = 'A'"), "revenue"));
    end(&x, &l);
}

TEST("words that mean nothing are empty cells when they are named") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, NULL);
    l.o.empty = "N/A, null,-";
    EXPECT_OK(load_text(&x, &l, "name,email,city\nAda,n/a,NULL\nBea,-,Nullarbor\n"), x.e);
    EXPECT_COUNTS(&l, 2, 0, 0, 0, 0);
    EXPECT_INT(1, count(&x, "contact where city is not null", NULL));
    end(&x, &l);
}

TEST("a cell may hold several tags, set apart as is said") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, NULL);
    l.o.split = '|';
    EXPECT_OK(load_text(&x, &l, "name;tags\nAda;a | b c||\n"), x.e);
    EXPECT_INT(1, count(&x, "contact where tagged('a') and tagged('b c')", NULL));
    end(&x, &l);
}

TEST("cells are put together, and nothing comes of empty ones") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, NULL);
    MAP(&l, "street:={Street Number} {Street}", "external_id:={{{No}}", "source:=list");
    EXPECT_OK(load_text(&x, &l, "name,no,street_number,street\nAda,7,12,Long Lane\nBea,,,\n"), x.e);
    kith_id ada = one(&x, "contact where name = 'Ada'"),
            bea = one(&x, "contact where name = 'Bea'");
    EXPECT_STR("12 Long Lane", field(&x, x.contact, ada, "street"));
    EXPECT_STR("{7}", field(&x, x.contact, ada, "external_id"));
    EXPECT_STR("", field(&x, x.contact, bea, "street"));
    EXPECT_STR("", field(&x, x.contact, bea, "external_id"));
    EXPECT_STR("list", field(&x, x.contact, bea, "source"));
    end(&x, &l);
}

TEST("a value beside a column is for the rows whose cell is empty") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, NULL);
    MAP(&l, "Land=country", "country:=DE");
    EXPECT_OK(load_text(&x, &l, "name,land\nAda,UK\nBea,\n"), x.e);
    EXPECT_STR("UK", field(&x, x.contact, one(&x, "contact where name = 'Ada'"), "country"));
    EXPECT_STR("DE", field(&x, x.contact, one(&x, "contact where name = 'Bea'"), "country"));
    end(&x, &l);
}

TEST("a linked record that is not there is made once when that is asked for") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, NULL);
    l.o.create_linked = true;
    MAP(&l, "Company=account.name", "Boss=owner.email");
    EXPECT_OK(
        load_text(&x, &l, "name,company,boss\nAda,ACME,\nBea,acme,\nCid,Other,\nDan,New,d@x.org\n"),
        x.e);
    EXPECT_COUNTS(&l, 3, 0, 0, 0, 1);
    EXPECT_HAS("no user whose email is 'd@x.org' can be created: user needs", l.reasons);
    EXPECT_INT(2, count(&x, "account", NULL));
    EXPECT_INT(2, count(&x, "contact where account.name = 'ACME'", NULL));
    end(&x, &l);
}

TEST("one flat file makes records of several types, each with what stands in its first row") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(type(&x, "task"), NULL);
    l.o.create_linked = true;
    MAP(&l, "What=title", "Login=assignee.login", "Who=assignee.name",
        "assignee.name:=Somebody {Login}", "assignee.language:=en");
    EXPECT_OK(load_text(&x, &l, "what,login,who\nCall,ada,Ada L\nWrite,ada,Other\nMeet,bob,\n"),
              x.e);
    EXPECT_COUNTS(&l, 3, 0, 0, 0, 0);
    EXPECT_INT(1, count(&x, "user where login = 'ada' and name = 'Ada L'", NULL));
    EXPECT_INT(1, count(&x, "user where login = 'bob' and name = 'Somebody bob'", NULL));
    EXPECT_INT(2, count(&x, "user where language = 'en'", NULL));
    EXPECT_INT(2, count(&x, "task where assignee.login = 'ada'", NULL));
    end(&x, &l);
}

TEST("a record that is made may lead to one behind it, found by its own first column, or made") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, NULL);
    l.o.create_linked = true;
    MAP(&l, "Firm=account.name", "Region=account.territory.name",
        "account.territory.rule:=of {Region}", "account.kind:=customer");
    EXPECT_OK(load_text(&x, &l, "name,firm,region\nAda,ACME,North\nBea,Other,North\nCid,Third,\n"),
              x.e);
    EXPECT_COUNTS(&l, 3, 0, 0, 0, 0);
    EXPECT_INT(1, count(&x, "territory where rule = 'of North'", NULL));
    EXPECT_INT(2, count(&x, "contact where account.territory.name = 'North'", NULL));
    EXPECT_INT(3, count(&x, "account where kind = 'customer'", NULL));
    EXPECT_INT(1, count(&x, "account where territory is null", NULL));
    end(&x, &l);
}

TEST("what goes into new records needs that they may be made, and a column that finds them") {
    static const struct {
        const char *map[2];
        bool create;
        const char *words;
    } rows[] = {
        {{"A=account.name", "B=account.phone"}, false, "for one that is created: say"},
        {{"A=account.territory.name", NULL}, true, "another column has to find it first"},
        {{"A=account.name", "B=account.name.x"}, true, "only a link to one type has fields"},
        {{"A=account.name", "B=account.territory.nam"}, true, "did you mean 'name'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture x;
        struct load l;
        begin(&x);
        l = load_of(x.contact, NULL);
        l.o.create_linked = rows[i].create;
        l.o.map = rows[i].map;
        l.o.map_count = rows[i].map[1] ? 2 : 1;
        EXPECT(load_text(&x, &l, "name,a,b\nAda,1,2\n") != KITH_OK);
        EXPECT_HAS(rows[i].words, x.e.message);
        end(&x, &l);
    }
}

/* -- JSON -------------------------------------------------------------------------------------- */

TEST("a JSON file may be one array, over many lines, read in small pieces") {
    struct fixture x;
    struct load l;
    begin(&x);
    l = load_of(x.contact, NULL);
    l.o.format = FORMAT_JSONL;
    l.bytes.piece = 3;
    EXPECT_OK(
        load_text(&x, &l,
                  "\xEF\xBB\xBF\n [\n {\"name\": \"A, ]}\\\"da\",\n  \"tags\": [\"a\", \"b\"]},\n"
                  " {\"name\": \"Bea\", \"email\": \"no\"},\n"
                  " {\"name\": \"C\\u00e9d\"}\n]\n"),
        x.e);
    EXPECT_COUNTS(&l, 2, 0, 0, 0, 1);
    EXPECT_HAS("{\"_row\":2,\"_line\":5,\"_reason\":\"email: 'no' is", l.rejects.ptr);
    EXPECT_INT(1, count(&x, "contact where name = 'Céd'", NULL));
    EXPECT_INT(1, count(&x, "contact where tagged('a') and tagged('b')", NULL));
    end(&x, &l);
}

TEST("an array that is cut off loses nothing and says so") {
    static const struct {
        const char *text;
        int rejected;
    } files[] = {
        {"[{\"name\":\"A\"}", 1}, {"[{\"name\":\"A\"},{\"na", 2}, {"[{\"name\":\"A\"}] x", 1}};
    struct fixture x;
    struct load l;
    begin(&x);
    for (size_t i = 0; i < 3; i++) {
        l = load_of(x.contact, NULL);
        l.o.format = FORMAT_JSONL;
        EXPECT_OK(load_text(&x, &l, files[i].text), x.e);
        EXPECT_COUNTS(&l, 1, 0, 0, 0, files[i].rejected);
        if (i < 2)
            EXPECT_HAS("the file ends inside of its array", l.reasons);
        buf_free(&l.rejects);
    }
    end(&x, &l);
}

TEST("objects in objects find linked records and other fields") {
    struct fixture x;
    struct load l;
    begin(&x);
    create(&x, type(&x, "account"), PAIRS("name=ACME"));
    l = load_of(x.contact, NULL);
    l.o.format = FORMAT_JSONL;
    MAP(&l, "name.first=first_name", "address.town.name=city", "external_id:={ids.crm}-1");
    EXPECT_OK(load_text(&x, &l,
                        "{\"name\": {\"first\": \"Ada\"}, \"account\": {\"name\": \"acme\"},"
                        " \"address\": {\"town\": {\"name\": \"Rome\"}}, \"ids\": {\"crm\": 7}}\n"
                        "{\"name\": {\"first\": \"Bea\"}, \"email\": {\"work\": \"b@x.org\"}}\n"),
              x.e);
    EXPECT_COUNTS(&l, 1, 0, 0, 0, 1);
    EXPECT_HAS("there is an object in 'email'; say which member of it goes there with "
               "'email.MEMBER=email'",
               l.reasons);
    kith_id ada = one(&x, "contact where account.name = 'ACME'");
    EXPECT_STR("Ada", field(&x, x.contact, ada, "name"));
    EXPECT_STR("Rome", field(&x, x.contact, ada, "city"));
    EXPECT_STR("7-1", field(&x, x.contact, ada, "external_id"));
    end(&x, &l);
}

TEST("numbers beyond a program's, and levels beyond a mind's, reject their row") {
    struct fixture x;
    struct load l;
    struct buf deep = {0};
    begin(&x);
    buf_puts(
        &deep,
        "{\"name\":\"A\",\"revenue\":\"123456789012.34\",\"external_id\":\"90071992547409931\"}\n"
        "{\"name\":\"B\",\"size\":99999999999999999999}\n{\"name\":\"C\",\"x\":");
    for (int i = 0; i < 100; i++)
        buf_puts(&deep, "{\"y\":");
    buf_puts(&deep, "1");
    for (int i = 0; i < 101; i++)
        buf_puts(&deep, "}");
    l = load_of(type(&x, "account"), NULL);
    l.o.format = FORMAT_JSONL;
    EXPECT_OK(load_str(&x, &l, buf_view(&deep)), x.e);
    EXPECT_COUNTS(&l, 1, 0, 0, 0, 2);
    EXPECT_HAS("levels deep", l.reasons);
    kith_id a = one(&x, "account");
    EXPECT_STR("123456789012.34 EUR", field(&x, l.o.type, a, "revenue"));
    EXPECT_STR("90071992547409931", field(&x, l.o.type, a, "external_id"));
    buf_free(&deep);
    end(&x, &l);
}
