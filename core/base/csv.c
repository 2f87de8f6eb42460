/* SPDX-License-Identifier: Apache-2.0 */
/* CSV: chunks are decoded once into a window of text, and rows are cut from it in place; only
 * fields with doubled quotes are copied. A row that reaches the end of the window is cut again once
 * the window has doubled, so a long row costs no more than twice its length. */
#include "base/csv.h"

#include "base/err.h"
#include <stdlib.h>
#include <string.h>

#define CHUNK       ((size_t)64 * 1024)
#define LIMIT       ((size_t)16 * 1024 * 1024)
#define PROBED_ROWS 100

static const char unclosed[] = "a quote is never closed";
static const char trailing[] = "text stands after a closing quote";
static const char too_long[] = "the row is longer than the limit";
static const char damaged[] = "it holds a byte that does not belong to the file's encoding";

struct csv {
    csv_source source;
    void *arg;
    size_t limit; /* bytes of a row */

    char raw[CHUNK]; /* read and not yet decoded */
    size_t raw_len;
    bool started;          /* the first chunk was read */
    bool ended;            /* all that the source has is in the window */
    bool encoding_decided; /* false: nothing but ASCII so far */
    enum text_encoding encoding;

    struct buf text; /* the window */
    size_t pos;      /* where in it the next row begins */
    uint64_t before; /* decoded bytes that have left the window */
    uint64_t doubt;  /* rows that begin before this offset may hold U+FFFD in place of a bad byte */
    bool skip_lf;    /* the last row ended with a CR at the end of the window */
    bool skip_line;  /* the last row was too long: its rest is passed over */
    bool marked;     /* the file begins with the options' mark */

    char delimiter, quote, comment;
    bool stops[256]; /* what ends an unquoted field */
    const char *line_end;
    uint64_t row, line; /* number of the last row; of the line on which the next one begins */

    kith_str *fields;
    size_t count, cap;
    struct buf unescaped; /* of the present row; reserved up front so that it never moves */
    uint64_t lines;       /* line ends within quotes in the present row */
    const char *defect;
};

/* -- the window -------------------------------------------------------------------------------- */

/* Fills raw as far as the source has bytes, so that a source of small pieces is no different. */
static kith_status read_chunk(struct csv *c, kith_error *e) {
    while (!c->ended && c->raw_len < CHUNK) {
        size_t got = 0;
        TRY(c->source(c->arg, c->raw + c->raw_len, CHUNK - c->raw_len, &got, e));
        c->raw_len += got;
        c->ended = got == 0;
    }
    return KITH_OK;
}

/* Decides on the encoding from the chunk in raw once it holds more than ASCII. Returns the bytes to
 * decode now: a few at the end may have to wait, to be judged together with what follows them. */
static size_t decide_encoding(struct csv *c) {
    size_t len = c->raw_len;
    for (int i = 0; i < 3 && !c->ended && len && (unsigned char)c->raw[len - 1] >= 0x80; i++)
        len--;
    kith_str sample = {c->raw, len};
    enum text_encoding guess = text_detect(sample, c->ended);
    if (!c->started || guess == ENC_WINDOWS_1252)
        c->encoding = guess;
    c->encoding_decided = c->encoding != ENC_UTF8 || !text_is_ascii(sample);
    return len;
}

/* A mark at the beginning says more than an option: a file of rejects is UTF-8 whatever its source
 * was. */
static size_t heed_mark(struct csv *c, kith_str in) {
    if (c->started)
        return 0;
    c->started = true;
    if (text_bom(ENC_UTF8_BOM, in))
        c->encoding = ENC_UTF8_BOM;
    return text_bom(c->encoding, in);
}

/* Rows with bytes that could not be decoded are told from those in which U+FFFD stood. */
static void note_damage(struct csv *c, kith_str in, size_t from) {
    bool utf8 = c->encoding == ENC_UTF8 || c->encoding == ENC_UTF8_BOM;
    if (c->text.len > from && memmem(c->text.ptr + from, c->text.len - from, "\xEF\xBF\xBD", 3) &&
        (!utf8 || text_invalid_at(in) >= 0))
        c->doubt = c->before + c->text.len;
}

static kith_status decode_chunk(struct csv *c, kith_error *e) {
    TRY(read_chunk(c, e));
    size_t len = c->encoding_decided ? c->raw_len : decide_encoding(c), from = c->text.len;
    size_t used = heed_mark(c, (kith_str){c->raw, len});
    kith_str in = {c->raw + used, len - used};
    in.len = text_decode(c->encoding, in, c->ended, &c->text);
    used += in.len;
    note_damage(c, in, from);
    c->raw_len -= used;
    memmove(c->raw, c->raw + used, c->raw_len);
    return c->text.failed ? err_nomem(e) : KITH_OK;
}

/* Drops what is before pos and at least doubles what is behind it, unless that is beyond the limit.
 */
static kith_status widen(struct csv *c, kith_error *e) {
    size_t rest = c->text.len - c->pos;
    if (c->pos) {
        memmove(c->text.ptr, c->text.ptr + c->pos, rest);
        c->text.len = rest;
        c->before += c->pos;
        c->pos = 0;
    }
    size_t want = rest * 2 < c->limit ? rest * 2 : c->limit;
    do
        TRY(decode_chunk(c, e));
    while (!c->ended && c->text.len < want);
    return KITH_OK;
}

/* -- fields ------------------------------------------------------------------------------------ */

static bool add_field(struct csv *c, const char *ptr, size_t len) {
    if (c->count == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 32;
        kith_str *more = realloc(c->fields, cap * sizeof *more);
        if (!more)
            return false;
        c->fields = more;
        c->cap = cap;
    }
    c->fields[c->count++] = (kith_str){ptr, len};
    return true;
}

static bool is_line_end(char ch) {
    return ch == '\n' || ch == '\r';
}

static bool is_quote(const struct csv *c, char ch) {
    return ch == c->quote && ch != CSV_UNQUOTED;
}

static size_t skip_blanks(const struct csv *c, size_t i) {
    const char *t = c->text.ptr;
    while (i < c->text.len && (t[i] == ' ' || (t[i] == '\t' && c->delimiter != '\t')))
        i++;
    return i;
}

/* CRLF counts once. */
static uint64_t count_lines(const char *t, size_t len) {
    uint64_t lines = 0;
    for (size_t i = 0; i < len; i++)
        lines += t[i] == '\n' || (t[i] == '\r' && (i + 1 == len || t[i + 1] != '\n'));
    return lines;
}

/* What cutting a row, or a quoted field, came to. */
enum cut {
    CUT_DONE,
    CUT_MORE,     /* the window ends too early */
    CUT_OPEN,     /* a quoted field: its quote is never closed */
    CUT_TRAILING, /* a quoted field: text stands behind the closing quote */
    CUT_TOO_LONG,
    CUT_NOMEM,
};

/* No more text will be given to the present row, which reaches the end of the window. */
static bool is_last(const struct csv *c) {
    return c->ended || c->text.len - c->pos >= c->limit;
}

/* Finds the closing quote of the field whose content begins at `from`. *close is its place, *after
 * that of the delimiter or line end. */
static enum cut find_close(const struct csv *c, size_t from, size_t *close, size_t *after,
                           bool *escaped) {
    const char *t = c->text.ptr, *end = t + c->text.len, *q = t + from;
    *escaped = false;
    while ((q = memchr(q, c->quote, (size_t)(end - q))) && q + 1 < end && q[1] == c->quote) {
        *escaped = true;
        q += 2;
    }
    if (!q)
        return is_last(c) ? CUT_OPEN : CUT_MORE;
    *close = (size_t)(q - t);
    *after = c->delimiter == CSV_BLANKS ? *close + 1 : skip_blanks(c, *close + 1);
    if (*after == c->text.len)
        return is_last(c) ? CUT_DONE : CUT_MORE;
    return c->stops[(unsigned char)t[*after]] ? CUT_DONE : CUT_TRAILING;
}

static bool add_unescaped(struct csv *c, const char *ptr, size_t len) {
    if (!c->unescaped.len && !buf_reserve(&c->unescaped, c->text.len - c->pos))
        return false;
    char *to = c->unescaped.ptr + c->unescaped.len, *begin = to;
    for (size_t i = 0; i < len; i++) {
        *to++ = ptr[i];
        i += ptr[i] == c->quote; /* the second of two */
    }
    c->unescaped.len += (size_t)(to - begin);
    return add_field(c, begin, (size_t)(to - begin));
}

/* A field that begins with a quote, perhaps after blanks. Anything but CUT_DONE leaves no field. */
static enum cut cut_quoted(struct csv *c, size_t quote, size_t *after) {
    size_t close = 0;
    bool escaped;
    enum cut got = find_close(c, quote + 1, &close, after, &escaped);
    if (got != CUT_DONE && got != CUT_TRAILING)
        return got;
    const char *ptr = c->text.ptr + quote + 1;
    size_t len = close - quote - 1;
    uint64_t lines = count_lines(ptr, len);
    if (got == CUT_TRAILING)
        return lines ? CUT_OPEN : got;
    c->lines += lines;
    bool ok = escaped ? add_unescaped(c, ptr, len) : add_field(c, ptr, len);
    return ok ? CUT_DONE : CUT_NOMEM;
}

/* A field without quotes that begins at `from`; its end is looked for from *at on. */
static enum cut cut_plain(struct csv *c, size_t from, size_t *at) {
    const char *t = c->text.ptr;
    size_t i = *at, end = c->text.len;
    while (i < end && !c->stops[(unsigned char)t[i]])
        i++;
    *at = i;
    return add_field(c, t + from, i - from) ? CUT_DONE : CUT_NOMEM;
}

/* An unclosed quote: the field, and the row, end with the line. */
static enum cut cut_open(struct csv *c, size_t quote, size_t *at) {
    const char *t = c->text.ptr;
    size_t i = quote + 1, end = c->text.len;
    while (i < end && !is_line_end(t[i]))
        i++;
    *at = i;
    c->defect = unclosed;
    return add_field(c, t + quote + 1, i - quote - 1) ? CUT_DONE : CUT_NOMEM;
}

/* One field from *at on; *at becomes the place of the delimiter or line end behind it. */
static enum cut cut_field(struct csv *c, size_t *at) {
    size_t from = *at, quote = skip_blanks(c, from), after = from;
    if (quote == c->text.len || !is_quote(c, c->text.ptr[quote]))
        return cut_plain(c, from, at);
    enum cut got = cut_quoted(c, quote, &after);
    if (got == CUT_DONE) {
        *at = after;
        return got;
    }
    if (got != CUT_OPEN && got != CUT_TRAILING)
        return got;
    if (quote > from) /* ' "so" they say': the quotes belong to the text */
        return cut_plain(c, from, at);
    if (got == CUT_OPEN)
        return cut_open(c, quote, at);
    c->defect = trailing;
    *at = after;
    return cut_plain(c, from, at);
}

/* The row that begins at pos; *at becomes the place of its line end. */
static enum cut cut_row(struct csv *c, size_t *at) {
    bool blanks = c->delimiter == CSV_BLANKS;
    c->count = 0;
    c->lines = 0;
    c->defect = NULL;
    buf_reset(&c->unescaped);
    *at = blanks ? skip_blanks(c, c->pos) : c->pos;
    for (;; *at += !blanks) {
        enum cut got = cut_field(c, at);
        if (got != CUT_DONE)
            return got;
        if (blanks)
            *at = skip_blanks(c, *at);
        if (*at == c->text.len && !c->ended)
            return is_last(c) ? CUT_TOO_LONG : CUT_MORE;
        if (*at == c->text.len || c->defect == unclosed || is_line_end(c->text.ptr[*at]))
            return CUT_DONE;
    }
}

/* -- rows -------------------------------------------------------------------------------------- */

/* Moves pos behind the line end at `at`. */
static void end_line(struct csv *c, size_t at) {
    const char *t = c->text.ptr;
    size_t end = c->text.len;
    c->line += c->lines + (at < end);
    c->skip_lf = at + 1 == end && t[at] == '\r';
    if (at + 1 < end && t[at] == '\r' && t[at + 1] == '\n')
        at++;
    c->pos = at < end ? at + 1 : end;
}

/* Is a line to be passed over: the rest of a row that was too long, or a comment? */
static bool wants_skip(const struct csv *c) {
    return c->skip_line ||
           (c->comment && c->pos < c->text.len && c->text.ptr[c->pos] == c->comment);
}

/* Passes over the LF of a CRLF that was cut in two, and over lines that are no rows. False: the
 * window ends too early. */
static bool begin_row(struct csv *c) {
    if (c->skip_lf && c->pos < c->text.len) {
        c->pos += c->text.ptr[c->pos] == '\n';
        c->skip_lf = false;
    }
    while (c->pos < c->text.len && wants_skip(c)) {
        size_t i = c->pos;
        while (i < c->text.len && !is_line_end(c->text.ptr[i]))
            i++;
        c->skip_line = i == c->text.len;
        c->lines = 0;
        end_line(c, i);
    }
    return c->pos < c->text.len && !c->skip_line;
}

static bool is_damaged(const struct csv *c, size_t at) {
    return c->before + c->pos < c->doubt &&
           memmem(c->text.ptr + c->pos, at - c->pos, "\xEF\xBF\xBD", 3);
}

static void fill_row(struct csv *c, size_t at, struct csv_row *row) {
    size_t len = at - c->pos;
    *row = (struct csv_row){
        .fields = c->fields,
        .count = c->count,
        .row = ++c->row,
        .line = c->line,
        .offset = c->before + c->pos,
        .defect = c->defect           ? c->defect
                  : len > c->limit    ? too_long
                  : is_damaged(c, at) ? damaged
                                      : NULL,
        .cut = c->ended && at == c->text.len,
        .raw = {c->text.ptr + c->pos, len},
    };
}

kith_status csv_next(struct csv *c, struct csv_row *row, kith_error *e) {
    for (;;) {
        size_t at = 0;
        enum cut got = begin_row(c) ? cut_row(c, &at) : CUT_MORE;
        if (got == CUT_NOMEM)
            return err_nomem(e);
        if (got == CUT_MORE) {
            if (c->ended)
                return err_set(e, KITH_E_NOTFOUND, NULL, "the file has no more rows");
            TRY(widen(c, e));
            continue;
        }
        if (got == CUT_TOO_LONG) {
            at = c->text.len;
            c->lines = 0;
            c->defect = too_long;
            c->skip_line = true;
        }
        if (at == c->pos) { /* an empty line */
            c->lines = 0;
            end_line(c, at);
            continue;
        }
        fill_row(c, at, row);
        end_line(c, at);
        return KITH_OK;
    }
}

/* -- opening ----------------------------------------------------------------------------------- */

static void set_delimiter(struct csv *c, char delimiter) {
    memset(c->stops, 0, sizeof c->stops);
    c->stops['\n'] = c->stops['\r'] = c->stops[(unsigned char)delimiter] = true;
    c->stops['\t'] |= delimiter == CSV_BLANKS;
    c->delimiter = delimiter;
}

/* Are columns set apart by more than one blank in it, as programs that line them up write it? */
static bool is_aligned(const char *row, size_t len) {
    return len && (row[0] == ' ' || memmem(row, len, "  ", 2));
}

/* How well a delimiter explains the first rows: the share of rows, in percent, that have the most
 * common number of fields. *fields is that number. */
static size_t probe(struct csv *c, char delimiter, size_t *fields, bool *aligned) {
    size_t counts[PROBED_ROWS], rows = 0, best = 0, at = 0, begin = c->pos;
    bool skip_lf = c->skip_lf;
    uint64_t line = c->line;
    set_delimiter(c, delimiter);
    *aligned = true;
    while (rows < PROBED_ROWS && begin_row(c) && cut_row(c, &at) == CUT_DONE) {
        if (at > c->pos) {
            counts[rows++] = c->count;
            *aligned = *aligned && is_aligned(c->text.ptr + c->pos, at - c->pos);
        }
        end_line(c, at);
    }
    c->pos = begin;
    c->line = line;
    c->skip_lf = skip_lf;
    c->skip_line = false;
    for (size_t i = 0; i < rows; i++) {
        size_t same = 0;
        for (size_t j = 0; j < rows; j++)
            same += counts[j] == counts[i];
        if (same > best) {
            best = same;
            *fields = counts[i];
        }
    }
    return rows ? best * 100 / rows : 0;
}

/* Rarer characters first: of two that explain the rows equally well, a comma is the likelier to
 * stand in numbers and texts. */
static char detect_delimiter(struct csv *c) {
    static const char candidates[] = "\t|;,";
    char best = ',';
    size_t best_score = 0, best_fields = 1, blank_fields = 0;
    bool aligned;
    for (const char *d = candidates; *d; d++) {
        size_t fields = 0, score = probe(c, *d, &fields, &aligned);
        if (fields > 1 && (score > best_score || (score == best_score && fields > best_fields))) {
            best = *d;
            best_score = score;
            best_fields = fields;
        }
    }
    /* Sentences have blanks too: only columns that are lined up without an exception count. */
    if (best_score < 100 && probe(c, CSV_BLANKS, &blank_fields, &aligned) == 100 && aligned &&
        blank_fields > 1)
        best = CSV_BLANKS;
    return best;
}

static kith_status skip_lines(struct csv *c, const struct csv_options *o, kith_error *e) {
    c->marked = o->mark && str_starts(buf_view(&c->text), o->mark);
    for (size_t n = c->marked ? 0 : o->skip_lines; n > 0; n--) {
        c->skip_line = true;
        while (!begin_row(c) && !c->ended)
            TRY(widen(c, e));
        c->skip_line = false;
    }
    return KITH_OK;
}

/* "sep=;" as the first line: for spreadsheets, not a row. Returns its delimiter or 0. */
static char read_sep_line(struct csv *c) {
    kith_str t = buf_view(&c->text);
    t = (kith_str){t.ptr + c->pos, t.len - c->pos};
    if (t.len < 6 || !str_starts(t, "sep=") || !is_line_end(t.ptr[5]))
        return 0;
    char sep = t.ptr[4];
    end_line(c, c->pos + 5);
    return sep;
}

static const char *first_line_end(kith_str t) {
    for (uint64_t i = 0; i < t.len; i++) {
        if (t.ptr[i] == '\n')
            return "LF";
        if (t.ptr[i] == '\r')
            return i + 1 < t.len && t.ptr[i + 1] == '\n' ? "CRLF" : "CR";
    }
    return "LF";
}

static kith_status encoding_of(const char *name, enum text_encoding *out, kith_error *e) {
    static const struct {
        const char *name;
        enum text_encoding encoding;
    } rows[] = {
        {"utf-8", ENC_UTF8},
        {"utf8", ENC_UTF8},
        {"utf-16le", ENC_UTF16LE},
        {"utf-16be", ENC_UTF16BE},
        {"windows-1252", ENC_WINDOWS_1252},
        {"cp1252", ENC_WINDOWS_1252},
        {"latin-1", ENC_WINDOWS_1252},
        {"latin1", ENC_WINDOWS_1252},
        {"iso-8859-1", ENC_WINDOWS_1252},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (str_ieqz(str_of(name), rows[i].name)) {
            *out = rows[i].encoding;
            return KITH_OK;
        }
    return err_set(e, KITH_E_INVAL, "encoding",
                   "'%s' is not an encoding that can be read; use utf-8, utf-16le, utf-16be, "
                   "windows-1252 or latin-1",
                   name);
}

static kith_status start(struct csv *c, const struct csv_options *o, kith_error *e) {
    c->encoding_decided = o->encoding != NULL;
    if (o->encoding)
        TRY(encoding_of(o->encoding, &c->encoding, e));
    TRY(decode_chunk(c, e));
    c->line_end = first_line_end(buf_view(&c->text));
    TRY(skip_lines(c, o, e));
    char sep = read_sep_line(c);
    set_delimiter(c, o->delimiter ? o->delimiter : sep ? sep : detect_delimiter(c));
    return KITH_OK;
}

kith_status csv_open(struct csv **out, csv_source source, void *arg, const struct csv_options *o,
                     kith_error *e) {
    static const struct csv_options defaults;
    struct csv *c = calloc(1, sizeof *c);
    *out = NULL;
    if (!c)
        return err_nomem(e);
    o = o ? o : &defaults;
    c->source = source;
    c->arg = arg;
    c->limit = o->max_field ? o->max_field : LIMIT;
    c->quote = o->quote ? o->quote : '"';
    c->comment = o->comment;
    c->line = 1;
    kith_status st = start(c, o, e);
    if (st == KITH_OK)
        *out = c;
    else
        csv_close(c);
    return st;
}

void csv_close(struct csv *c) {
    if (!c)
        return;
    buf_free(&c->text);
    buf_free(&c->unescaped);
    free(c->fields);
    free(c);
}

char csv_delimiter(const struct csv *c) {
    return c->delimiter;
}

char csv_quote(const struct csv *c) {
    return c->quote;
}

bool csv_marked(const struct csv *c) {
    return c->marked;
}

enum text_encoding csv_encoding(const struct csv *c) {
    return c->encoding;
}

const char *csv_line_end(const struct csv *c) {
    return c->line_end;
}

/* -- writing ----------------------------------------------------------------------------------- */

static bool ends_field(char ch, char delimiter) {
    return ch == delimiter || is_line_end(ch) || (delimiter == CSV_BLANKS && ch == '\t');
}

static void put_unquoted(struct buf *out, kith_str field, char delimiter) {
    char instead = delimiter == CSV_BLANKS ? '_' : ' ';
    if (!field.len && delimiter == CSV_BLANKS)
        buf_putc(out, instead);
    for (uint64_t i = 0; i < field.len; i++)
        buf_putc(out, ends_field(field.ptr[i], delimiter) ? instead : field.ptr[i]);
}

void csv_put_as(struct buf *out, kith_str field, char delimiter, char quote) {
    bool quoted = !field.len && delimiter == CSV_BLANKS;
    if (quote == CSV_UNQUOTED) {
        put_unquoted(out, field, delimiter);
        return;
    }
    for (uint64_t i = 0; i < field.len && !quoted; i++)
        quoted = ends_field(field.ptr[i], delimiter) || field.ptr[i] == quote;
    if (!quoted) {
        buf_str(out, field);
        return;
    }
    buf_putc(out, quote);
    for (uint64_t i = 0; i < field.len; i++) {
        if (field.ptr[i] == quote)
            buf_putc(out, quote);
        buf_putc(out, field.ptr[i]);
    }
    buf_putc(out, quote);
}

void csv_put(struct buf *out, kith_str field, char delimiter) {
    csv_put_as(out, field, delimiter, '"');
}

bool csv_item(struct arena *a, kith_str *rest, char sep, kith_str *item) {
    kith_str s = str_trim(*rest);
    if (!s.len || s.ptr[0] != '"' || sep == '"')
        return str_split(rest, sep, item);
    char *out = arena_alloc(a, s.len);
    uint64_t n = 0, i = 1;
    for (; out && i < s.len && (s.ptr[i] != '"' || (i + 1 < s.len && s.ptr[i + 1] == '"')); i++) {
        i += s.ptr[i] == '"';
        out[n++] = s.ptr[i];
    }
    uint64_t next = i < s.len ? i + 1 : i;
    kith_str behind = {s.ptr + next, s.len - next}, blank;
    bool closed = i < s.len && (!str_split(&behind, sep, &blank) || !blank.len);
    if (out && !closed)
        return str_split(rest, sep, item);
    *item = (kith_str){out, n};
    *rest = behind;
    return true;
}
