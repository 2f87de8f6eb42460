/* SPDX-License-Identifier: Apache-2.0 */
/* CSV: what RFC 4180 says, what real programs write, and real files from ../shared/data. */
#include "base/csv.h"

#include "base/err.h"
#include "pieces.h"
#include "test.h"

static kith_error err = KITH_ERROR_INIT;

/* Reads all of a text and writes it down as "[field|field]", a line for each row, with its line
 * number in front when it is not the row's, and its defect behind. The caller frees. */
static char *read_with(kith_str in, size_t step, const struct csv_options *o) {
    struct pieces m = {in, step};
    struct csv *c;
    struct csv_row row;
    struct buf out = {0};
    kith_status st;
    EXPECT_OK(csv_open(&c, pieces_pull, &m, o, &err), err);
    while ((st = csv_next(c, &row, &err)) == KITH_OK) {
        if (row.line != row.row)
            buf_printf(&out, "%d:", (int)row.line);
        for (size_t i = 0; i < row.count; i++) {
            buf_putc(&out, i ? '|' : '[');
            buf_str(&out, row.fields[i]);
        }
        buf_printf(&out, "]%s\n", row.defect ? row.defect : "");
    }
    EXPECT_INT(KITH_E_NOTFOUND, st);
    csv_close(c);
    buf_puts(&out, "");
    return out.ptr;
}

#define EXPECT_ROWS(want, in) expect_rows((want), (in), NULL)
static void expect_rows(const char *want, kith_str in, const struct csv_options *o) {
    static const size_t steps[] = {SIZE_MAX, 1, 3};
    for (size_t i = 0; i < 3; i++) {
        char *got = read_with(in, steps[i], o);
        EXPECT_STR(want, got);
        free(got);
    }
}

static const struct csv_options comma = {.delimiter = ','};

/* -- RFC 4180 ---------------------------------------------------------------------------------- */

TEST("quotes, doubled quotes, delimiters and line ends in quotes are read") {
    EXPECT_ROWS("[a|b|c]\n[1|x, y|say \"hi\"]\n[2|two\nlines|]\n5:[3||]\n",
                STR("a,b,c\n1,\"x, y\",\"say \"\"hi\"\"\"\n2,\"two\nlines\",\n3,\"\",\n"));
}

TEST("CRLF, LF, CR and a mix of them end a row, and the last row needs none") {
    EXPECT_ROWS("[a|b]\n[1|2]\n", STR("a,b\r\n1,2\r\n"));
    EXPECT_ROWS("[a|b]\n[1|2]\n", STR("a,b\n1,2"));
    EXPECT_ROWS("[a|b]\n[1|2]\n", STR("a,b\r1,2\r"));
    EXPECT_ROWS("[a|b]\n[1|2]\n[3|4]\n", STR("a,b\r1,2\n3,4\r\n"));
}

TEST("empty lines are skipped and counted as lines") {
    EXPECT_ROWS("3:[a|b]\n6:[1|2]\n", STR("\n\r\na,b\r\n\r\n\n1,2\n\n\n"));
}

TEST("an empty file has no rows") {
    EXPECT_ROWS("", STR(""));
    EXPECT_ROWS("", STR("\xEF\xBB\xBF"));
    EXPECT_ROWS("", STR("\r\n\r\n"));
}

TEST("empty fields at both ends of a row are fields") {
    EXPECT_ROWS("[|a|]\n[||]\n", STR(",a,\n,,"));
    expect_rows("[]\n[|]\n", STR("\"\"\n,"), &comma);
}

/* -- what real programs write ------------------------------------------------------------------ */

TEST("blanks around fields are kept for the importer to trim") {
    EXPECT_ROWS("[a| b]\n[1 | 2 ]\n", STR("a, b\n1 , 2 \n"));
}

TEST("a quoted field after a blank is quoted") {
    EXPECT_ROWS("[a|x, y|b]\n", STR("a, \"x, y\" ,b\n"));
}

TEST("quotes inside an unquoted field are text") {
    EXPECT_ROWS("[5\" disk|a\"b\"c]\n[ \"Big\" Joe|x]\n",
                STR("5\" disk,a\"b\"c\n \"Big\" Joe,x\n"));
}

TEST("text behind a closing quote is a defect of its row alone") {
    EXPECT_ROWS("[a|b]\n[\"5\" disk|x]text stands after a closing quote\n[1|2]\n",
                STR("a,b\n\"5\" disk,x\n1,2\n"));
}

TEST("a quote that is never closed costs one row") {
    EXPECT_ROWS("[a|b]\n[1|x]a quote is never closed\n[2|y]\n[3|z]\n",
                STR("a,b\n1,\"x\n2,y\n3,z\n"));
    EXPECT_ROWS("[a|b]\n[1|x]a quote is never closed\n", STR("a,b\n1,\"x"));
}

TEST("a quote that only closes within a later row costs one row") {
    EXPECT_ROWS("[a|b]\n[1|x,9]a quote is never closed\n[2|y]\n[3|z]\n",
                STR("a,b\n1,\"x,9\n2,\"y\"\n3,z\n"));
}

TEST("an unclosed quote after a field of two lines costs the row and nothing more") {
    EXPECT_ROWS("[a|b|c]\n[1|p\nq|r]a quote is never closed\n4:[2|3|4]\n",
                STR("a,b,c\n1,\"p\nq\",\"r\n2,3,4\n"));
}

TEST("NUL bytes are kept") {
    struct pieces m = {STR("a,b\nx\0y,\"p\0q\"\n"), SIZE_MAX};
    struct csv *c;
    struct csv_row row;
    EXPECT_OK(csv_open(&c, pieces_pull, &m, NULL, &err), err);
    EXPECT_OK(csv_next(c, &row, &err), err);
    EXPECT_OK(csv_next(c, &row, &err), err);
    EXPECT(str_eq(row.fields[0], STR("x\0y")));
    EXPECT(str_eq(row.fields[1], STR("p\0q")));
    csv_close(c);
}

TEST("the raw row is what stood in the file, and the offset is where") {
    struct pieces m = {STR("a,b\r\n\r\n1,\"x\r\n\"\"y\"\"\"\r\n2,3"), 1};
    struct csv *c;
    struct csv_row row;
    EXPECT_OK(csv_open(&c, pieces_pull, &m, NULL, &err), err);
    EXPECT_STR("CRLF", csv_line_end(c));
    EXPECT_OK(csv_next(c, &row, &err), err);
    EXPECT(str_eq(row.raw, STR("a,b")));
    EXPECT_OK(csv_next(c, &row, &err), err);
    EXPECT(str_eq(row.raw, STR("1,\"x\r\n\"\"y\"\"\"")));
    EXPECT(str_eq(row.fields[1], STR("x\r\n\"y\"")));
    EXPECT_INT(7, row.offset);
    EXPECT_INT(3, row.line);
    EXPECT_OK(csv_next(c, &row, &err), err);
    EXPECT_INT(5, row.line);
    EXPECT_INT(21, row.offset);
    csv_close(c);
}

/* -- delimiters -------------------------------------------------------------------------------- */

static char delimiter_of(kith_str in) {
    struct pieces m = {in, SIZE_MAX};
    struct csv *c;
    EXPECT_OK(csv_open(&c, pieces_pull, &m, NULL, &err), err);
    char delimiter = csv_delimiter(c);
    csv_close(c);
    return delimiter;
}

TEST("the delimiter is found") {
    EXPECT_INT(',', delimiter_of(STR("a,b,c\n1,2,3\n")));
    EXPECT_INT(';', delimiter_of(STR("name;price;tax\nx;1,5;0,3\ny;2,5;0,4\n")));
    EXPECT_INT('\t', delimiter_of(STR("name\ttext\nx\tone, two; three\ny\tfour, five\n")));
    EXPECT_INT('|', delimiter_of(STR("a|b\n1,2|3\n")));
    EXPECT_INT(',', delimiter_of(STR("a,b\n\"x;y;z\",\"p;q;r\"\n\"x;y;z\",\"p;q;r\"\n")));
    EXPECT_INT(',', delimiter_of(STR("Report of 2024\n\na,b,c\n1,2,3\n4,5,6\n")));
    EXPECT_INT(',', delimiter_of(STR("just one column\nand; another line\nthird\n")));
    EXPECT_INT(',', delimiter_of(STR("")));
}

TEST("a line sep=; names the delimiter and is no row") {
    EXPECT_ROWS("2:[a,b|c]\n3:[1|2]\n", STR("sep=;\r\na,b;c\r\n1;2\r\n"));
    EXPECT_ROWS("2:[a|b]\n", STR("\xEF\xBB\xBFsep=,\na,b"));
}

TEST("the delimiter of the options holds") {
    const struct csv_options semicolon = {.delimiter = ';'};
    expect_rows("[a,b|c]\n", STR("a,b;c\n"), &semicolon);
}

/* -- encodings --------------------------------------------------------------------------------- */

TEST("a byte order mark is no part of the first field") {
    EXPECT_ROWS("[name|b]\n", STR("\xEF\xBB\xBFname,b\n"));
    EXPECT_ROWS("[name|b]\n", STR("\xEF\xBB\xBF\"name\",b\n"));
}

TEST("UTF-16 is read, with a mark and without") {
    EXPECT_ROWS("[é|b]\n[1|2]\n", STR("\xFF\xFE\xE9\0,\0b\0\n\0"
                                      "1\0,\0"
                                      "2\0\n\0"));
    EXPECT_ROWS("[a|b]\n[1|2]\n", STR("\0a\0,\0b\0\r\0\n\0"
                                      "1\0,\0"
                                      "2"));
}

/* `lines` rows of ASCII, longer than a chunk, and a last one. */
static struct buf long_file(int lines, const char *last) {
    struct buf b = {0};
    for (int i = 0; i < lines; i++)
        buf_printf(&b, "%d,plain text that fills the row\n", i);
    buf_puts(&b, last);
    return b;
}

static void expect_last(const char *want, const struct buf *in, const struct csv_options *o) {
    char *got = read_with(buf_view(in), SIZE_MAX, o);
    size_t len = strlen(got), tail = strlen(want);
    EXPECT(len >= tail);
    EXPECT_STR(want, got + len - tail);
    free(got);
}

TEST("a file that is ASCII for long is still read in its encoding") {
    struct buf b = long_file(10000, "Jos\xE9,caf\xE9\n");
    expect_last("[José|café]\n", &b, NULL);
    buf_free(&b);
    b = long_file(10000, "Jos\xC3\xA9,x\n");
    expect_last("[José|x]\n", &b, NULL);
    buf_free(&b);
}

TEST("the first letter beyond ASCII may stand at the very end of a chunk") {
    for (size_t at = 65530; at <= 65537; at++) {
        struct buf b = long_file(1000, "");
        while (b.len < at)
            buf_putc(&b, 'x');
        buf_puts(&b, "\xE9 Jos\xE9,1\n");
        expect_last("é José|1]\n", &b, NULL);
        b.len = at;
        buf_puts(&b, "\xC3\xA9 Jos\xC3\xA9,1\n");
        expect_last("é José|1]\n", &b, NULL);
        buf_free(&b);
    }
}

TEST("an encoding that is not known is refused with the ones that are") {
    struct pieces m = {STR("a"), 1};
    struct csv *c;
    struct csv_options o = {.encoding = "ebcdic"};
    EXPECT_INT(KITH_E_INVAL, csv_open(&c, pieces_pull, &m, &o, &err));
    EXPECT_HAS("windows-1252", err.message);
    EXPECT(c == NULL);
}

/* -- dialects ---------------------------------------------------------------------------------- */

/* However small the pieces are in which the text comes. */
static void expect_in_pieces(const char *want, const char *text, const struct csv_options *o) {
    for (size_t step = 1; step < 8; step++) {
        char *got = read_with(str_of(text), step, o);
        EXPECT_STR(want, got);
        free(got);
    }
}

TEST("lines in front, comments and empty lines are passed over, and counted as lines") {
    const struct csv_options o = {.skip_lines = 2, .comment = '#'};
    expect_in_pieces("3:[a|b]\n5:[1|2]\n7:[3|# 4]\n",
                     "A list, \"as of today\r\n\r\na,b\r\n# x,\"y\r\n1,2\r\n\r\n3,# 4\r\n#", &o);
}

TEST("a file that begins with the mark has no lines in front") {
    const struct csv_options o = {.skip_lines = 1, .mark = "_row"};
    expect_in_pieces("[_row|a]\n[1|2]\n", "_row,a\n1,2\n", &o);
    expect_in_pieces("2:[1|2]\n", "row,a\n1,2\n", &o);
}

TEST("columns that are lined up with blanks are found; sentences are no columns") {
    static const struct csv_options none;
    expect_in_pieces("[id|name]\n[1|Ada L]\n[22|Bea]\n",
                     "  id  name\n   1  \"Ada L\"\t \n  22  Bea\n", &none);
    expect_in_pieces("[full name]\n[Ada Lovelace]\n[Grace Hopper]\n",
                     "full name\nAda Lovelace\nGrace Hopper\n", &none);
}

TEST("another quote, or none") {
    const struct csv_options single = {.delimiter = ',', .quote = '\''},
                             none = {.delimiter = '\t', .quote = CSV_UNQUOTED};
    expect_in_pieces("[it's, \"x\"|b]\n", "'it''s, \"x\"',b\n", &single);
    expect_in_pieces("[\"a|b\"]\n[\"|c]\n", "\"a\tb\"\n\"\tc\n", &none);
}

TEST("what cannot be quoted is written without what would end the field") {
    struct buf b = {0};
    csv_put_as(&b, STR("a\tb\nc\"d"), '\t', CSV_UNQUOTED);
    EXPECT_STR("a b c\"d", b.ptr);
    buf_reset(&b);
    csv_put_as(&b, STR("a b"), CSV_BLANKS, CSV_UNQUOTED);
    buf_putc(&b, ' ');
    csv_put_as(&b, STR(""), CSV_BLANKS, CSV_UNQUOTED);
    buf_putc(&b, ' ');
    csv_put_as(&b, STR("it's"), CSV_BLANKS, '\'');
    EXPECT_STR("a_b _ 'it''s'", b.ptr);
    buf_free(&b);
}

TEST("a row with a byte of another encoding has a defect, one that was damaged before has none") {
    const struct csv_options o = {.delimiter = ','};
    expect_in_pieces("[é]\n[ö]\n[x\xEF\xBF\xBD]it holds a byte that does not belong to the file's "
                     "encoding\n[ü]\n[ä]\n",
                     "é\nö\nx\xFC\nü\nä\n", &o);
    expect_in_pieces("[é\xEF\xBF\xBD]\n", "é\xEF\xBF\xBD\n", &o);
}

/* -- sizes ------------------------------------------------------------------------------------- */

TEST("a field of a megabyte is read, quoted or not") {
    for (int quoted = 0; quoted < 2; quoted++) {
        struct buf b = {0};
        struct csv *c;
        struct csv_row row;
        buf_puts(&b, quoted ? "a,b\n1,\"" : "a,b\n1,");
        for (int i = 0; i < 1 << 20; i++)
            buf_putc(&b, 'x');
        buf_puts(&b, quoted ? "\"\"\"\n2,y\n" : "\n2,y\n");
        struct pieces m = {buf_view(&b), 1000};
        EXPECT_OK(csv_open(&c, pieces_pull, &m, NULL, &err), err);
        EXPECT_OK(csv_next(c, &row, &err), err);
        EXPECT_OK(csv_next(c, &row, &err), err);
        EXPECT_INT((1 << 20) + quoted, row.fields[1].len);
        EXPECT(row.defect == NULL);
        EXPECT_OK(csv_next(c, &row, &err), err);
        EXPECT(str_eq(row.fields[1], STR("y")));
        EXPECT_INT(3, row.line);
        csv_close(c);
        buf_free(&b);
    }
}

TEST("a row longer than the limit is a defect and the next one is read") {
    const struct csv_options small = {.delimiter = ',', .max_field = 1000};
    struct buf b = {0};
    buf_puts(&b, "a,b\n1,");
    for (int i = 0; i < 300000; i++)
        buf_putc(&b, 'x');
    buf_puts(&b, "\r\n2,y\n");
    struct pieces m = {buf_view(&b), SIZE_MAX};
    struct csv *c;
    struct csv_row row;
    EXPECT_OK(csv_open(&c, pieces_pull, &m, &small, &err), err);
    EXPECT_OK(csv_next(c, &row, &err), err);
    EXPECT_OK(csv_next(c, &row, &err), err);
    EXPECT_HAS("longer", row.defect);
    EXPECT(row.raw.len < 200000);
    EXPECT_OK(csv_next(c, &row, &err), err);
    EXPECT(row.defect == NULL);
    EXPECT(str_eq(row.fields[0], STR("2")));
    EXPECT_INT(3, row.line);
    EXPECT_INT(KITH_E_NOTFOUND, csv_next(c, &row, &err));
    csv_close(c);
    buf_free(&b);
}

TEST("an unclosed quote in a large file does not read all of it into memory") {
    const struct csv_options small = {.delimiter = ',', .max_field = 100000};
    struct buf b = {0};
    buf_puts(&b, "a,b\n1,\"x\n");
    for (int i = 0; i < 100000; i++)
        buf_printf(&b, "%d,y\n", i);
    struct pieces m = {buf_view(&b), SIZE_MAX};
    struct csv *c;
    struct csv_row row;
    size_t rows = 0, defects = 0;
    EXPECT_OK(csv_open(&c, pieces_pull, &m, &small, &err), err);
    while (csv_next(c, &row, &err) == KITH_OK) {
        rows++;
        defects += row.defect != NULL;
        if (rows == 2)
            EXPECT(m.rest.len > b.len / 2);
    }
    EXPECT_INT(100002, rows);
    EXPECT_INT(1, defects);
    csv_close(c);
    buf_free(&b);
}

static kith_status broken(void *arg, char *dst, size_t cap, size_t *got, kith_error *e) {
    (void)dst;
    (void)cap;
    if ((*(int *)arg)++ > 0)
        return err_set(e, KITH_E_IO, NULL, "the disk is gone");
    memset(dst, 'x', cap);
    *got = cap;
    return KITH_OK;
}

TEST("an error of the source comes through") {
    int calls = 0;
    struct csv *c;
    struct csv_row row;
    EXPECT_OK(csv_open(&c, broken, &calls, NULL, &err), err);
    EXPECT_INT(KITH_E_IO, csv_next(c, &row, &err));
    EXPECT_STR("the disk is gone", err.message);
    csv_close(c);
}

/* -- writing ----------------------------------------------------------------------------------- */

TEST("what is written is read back") {
    static const char *const fields[] = {"plain",    "",    "a,b", "say \"hi\"", "two\nlines",
                                         "cr\rhere", " b ", "é",   "\"",         "x;y"};
    struct buf b = {0};
    for (size_t i = 0; i < 10; i++) {
        if (i)
            buf_putc(&b, ',');
        csv_put(&b, str_of(fields[i]), ',');
    }
    struct pieces m = {buf_view(&b), 1};
    struct csv *c;
    struct csv_row row;
    EXPECT_OK(csv_open(&c, pieces_pull, &m, &comma, &err), err);
    EXPECT_OK(csv_next(c, &row, &err), err);
    EXPECT_INT(10, row.count);
    for (size_t i = 0; i < 10; i++)
        EXPECT(str_eqz(row.fields[i], fields[i]));
    csv_close(c);
    buf_reset(&b);
    csv_put(&b, STR("x;y"), ',');
    EXPECT_STR("x;y", b.ptr);
    buf_free(&b);
}

/* -- real files -------------------------------------------------------------------------------- */

static kith_status from_file(void *arg, char *dst, size_t cap, size_t *got, kith_error *e) {
    *got = fread(dst, 1, cap, arg);
    return ferror((FILE *)arg) ? err_errno(e, "read", "the test data") : KITH_OK;
}

struct summary {
    size_t rows, defects, fields,
        other; /* other: rows with another number of fields than the first */
    char delimiter;
    const char *line_end, *encoding;
    uint64_t lines, non_ascii; /* of the last row; rows with letters beyond ASCII */
    size_t replaced;           /* rows with U+FFFD */
    char last[512];
};

static void sum_up(struct summary *s, const struct csv_row *row) {
    s->rows++;
    s->defects += row->defect != NULL;
    if (s->rows == 1)
        s->fields = row->count;
    s->other += row->count != s->fields;
    s->lines = row->line;
    s->non_ascii += !text_is_ascii(row->raw);
    s->replaced += row->raw.len && memmem(row->raw.ptr, row->raw.len, "\xEF\xBF\xBD", 3) != NULL;
    snprintf(s->last, sizeof s->last, "%.*s", (int)row->raw.len, row->raw.ptr);
}

static struct summary read_file(const char *name) {
    const char *root = getenv("KITH_DATA");
    char path[512];
    struct summary s = {0};
    struct csv *c;
    struct csv_row row;
    if (root)
        snprintf(path, sizeof path, "%s/%s", root, name);
    else
        snprintf(path, sizeof path, "%.*s/../../../shared/data/%s",
                 (int)(strrchr(__FILE__, '/') - __FILE__), __FILE__, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        TEST_SKIP("no %s", path);
    EXPECT_OK(csv_open(&c, from_file, f, NULL, &err), err);
    while (csv_next(c, &row, &err) == KITH_OK)
        sum_up(&s, &row);
    s.delimiter = csv_delimiter(c);
    s.line_end = csv_line_end(c);
    s.encoding = text_encoding_name(csv_encoding(c));
    csv_close(c);
    fclose(f);
    return s;
}

TEST("real file: retail orders with bare CR and a last row cut off") {
    struct summary s = read_file("retail-orders.csv");
    EXPECT_STR("CR", s.line_end);
    EXPECT_INT(',', s.delimiter);
    EXPECT_INT(14596, s.rows);
    EXPECT_INT(8, s.fields);
    EXPECT_INT(1, s.other);
    EXPECT_STR("537", s.last);
}

TEST("real file: people of Febrl") {
    struct summary s = read_file("people-febrl2.csv");
    EXPECT_INT(5001, s.rows);
    EXPECT_INT(11, s.fields);
    EXPECT_INT(0, s.other);
    EXPECT_INT(0, s.defects);
}

TEST("real file: providers of Chicago, quoted fields of several lines") {
    struct summary s = read_file("providers-chicago.csv");
    EXPECT_STR("utf-8", s.encoding);
    EXPECT(s.non_ascii > 0);
    EXPECT_INT(3338, s.rows);
    EXPECT_INT(0, s.other);
    EXPECT_INT(0, s.defects);
    EXPECT_INT(0, s.replaced);
}

TEST("real file: tweets, separated by tabs") {
    struct summary s = read_file("posts-tweets.tsv");
    EXPECT_INT('\t', s.delimiter);
    EXPECT(s.rows >= 2100);
    EXPECT_INT(0, s.other);
}

TEST("real file: purchases lined up with blanks") {
    struct summary s = read_file("purchases-cdnow.txt");
    EXPECT_INT(69660, s.rows);
    EXPECT_INT(4, s.fields);
    EXPECT_INT(CSV_BLANKS, s.delimiter);
    EXPECT_INT(0, s.defects);
    EXPECT_INT(0, s.other);
}

TEST("several values in one text are read as they are written, quoted where they must be") {
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"a,b c , d", "a|b c|d"},
        {"\"x, y\",b", "x, y|b"},
        {" \"say \"\"hi\"\"\" , b,", "say \"hi\"|b"},
        {"\"x\" y,\"z", "\"x\" y|\"z"}, /* quotes of their own */
        {"\"a,b", "\"a|b"},
        {"\"\",c", "|c"},
        {"\"a\"", "a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a = {0};
        struct buf out = {0};
        kith_str rest = str_of(cases[i].text), item;
        for (bool first = true; csv_item(&a, &rest, ',', &item); first = false) {
            buf_puts(&out, first ? "" : "|");
            buf_str(&out, item);
        }
        EXPECT_STR(cases[i].want, out.ptr);
        buf_free(&out);
        arena_free(&a);
    }
}
