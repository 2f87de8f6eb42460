/* SPDX-License-Identifier: Apache-2.0 */
/* vCard: what the RFCs say, what real programs write, and whatever bytes come. */
#include "base/vcard.h"

#include "base/err.h"
#include "base/text.h"
#include "pieces.h"
#include "random.h"
#include "test.h"

static kith_error err = KITH_ERROR_INIT;

/* "group.NAME PARAM=value value" on a line for each property, texts resolved; "!" before a defect.
 */
static void write_down(struct buf *out, const struct vcard *card) {
    struct arena a = {0};
    if (card->defect)
        buf_printf(out, "!%s\n", card->defect);
    for (size_t i = 0; !card->defect && i < card->count; i++) {
        const struct vcard_prop *p = &card->props[i];
        kith_str rest = p->value, part;
        if (p->group.len)
            buf_printf(out, "%.*s.", (int)p->group.len, p->group.ptr);
        buf_puts(out, p->name);
        for (size_t k = 0; k < p->param_count; k++)
            buf_printf(out, " %s=%.*s", p->params[k].name, (int)p->params[k].value.len,
                       p->params[k].value.ptr);
        for (bool first = true; vcard_split(&rest, ';', &part); first = false) {
            buf_putc(out, first ? ' ' : '|');
            buf_str(out, vcard_text(&a, card->version, part));
        }
        buf_putc(out, '\n');
    }
    arena_free(&a);
}

static char *read_all(kith_str in, size_t step) {
    struct pieces m = {in, step};
    struct vcard_reader *r;
    struct vcard card;
    struct buf out = {0};
    kith_status st;
    EXPECT_OK(vcard_open(&r, pieces_pull, &m, &err), err);
    while ((st = vcard_next(r, &card, &err)) == KITH_OK) {
        buf_printf(&out, "%d@%d\n", (int)card.version, (int)card.line);
        write_down(&out, &card);
    }
    EXPECT_INT(KITH_E_NOTFOUND, st);
    vcard_close(r);
    buf_puts(&out, "");
    return out.ptr;
}

static void expect_cards(const char *want, kith_str in) {
    static const size_t steps[] = {SIZE_MAX, 1, 3};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        char *got = read_all(in, steps[i]);
        EXPECT_STR(want, got);
        free(got);
    }
}
#define EXPECT_CARDS(want, in) expect_cards((want), STR(in))

/* -- reading ----------------------------------------------------------------------------------- */

TEST("3.0: folded lines, escapes, lists of types, groups") {
    EXPECT_CARDS("30@1\n"
                 "FN Ada, Lady\n"
                 "N Love;lace|Ada||Lady|\n"
                 "item1.EMAIL TYPE=INTERNET TYPE=HOME TYPE=pref ada@x.org\n"
                 "item1.X-ABLABEL Salon\n"
                 "NOTE one\ntwo \\ three; four\n",
                 "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\\, La\r\n dy\r\nN:Love\\;lace;Ada;;Lady;\r\n"
                 "item1.email;type=INTERNET,HOME;type=pref:ada@x.org\r\nitem1.X-ABLabel:Salon\r\n"
                 "NOTE:one\\ntwo \\\\ \r\n\tthree\\; four\r\nEND:VCARD\r\n");
}

TEST("2.1: bare parameters, quoted-printable with soft breaks, base64 up to a blank line") {
    EXPECT_CARDS("21@1\n"
                 "N CHARSET=ISO-8859-1 ENCODING=QUOTED-PRINTABLE M\xC3\xBCller|J\xC3\xB6rg\n"
                 "LABEL TYPE=WORK ENCODING=QUOTED-PRINTABLE 1 Main St\nTown =  here\n"
                 "PHOTO TYPE=GIF ENCODING=BASE64 AAAABBBBCCCC\n"
                 "TEL TYPE=WORK TYPE=FAX +1 2\n",
                 "BEGIN:VCARD\nVERSION:2.1\n"
                 "N;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller;J=F6rg\n"
                 "LABEL;WORK;QUOTED-PRINTABLE:1 Main St=0D=0A=\n"
                 "Town =3D =\n here\n"
                 "PHOTO;GIF;ENCODING=BASE64:AAAA\n    BBBB\nCCCC\n\n"
                 "TEL;WORK;FAX:+1 2\nEND:VCARD\n");
}

TEST("2.1 unfolds to a blank and leaves commas and backslash n as they are") {
    EXPECT_CARDS("21@1\nNOTE C:\\new, old; x y\n",
                 "BEGIN:VCARD\nVERSION:2.1\nNOTE:C:\\new, old\\; x\n y\nEND:VCARD\n");
}

TEST("4.0: quoted lists of types, addresses of data, carets, preferences") {
    EXPECT_CARDS("40@1\n"
                 "TEL VALUE=uri TYPE=work TYPE=voice PREF=1 tel:+1-418|ext=102\n"
                 "ADR LABEL=12 \"St\"\nTown |||Town||||\n"
                 "BDAY --0203\n",
                 "BEGIN:VCARD\nVERSION:4.0\n"
                 "TEL;VALUE=uri;TYPE=\"work,voice\";PREF=1:tel:+1-418;ext=102\n"
                 "ADR;LABEL=\"12 ^'St^'^nTown\":;;;Town;;;;\nBDAY:--0203\nEND:VCARD\n");
}

TEST("any line end, blank lines and letters of any case are read") {
    EXPECT_CARDS("30@2\nFN A\n30@6\nFN B\n", "\rbegin:vcard\rversion:3.0\rfn:A\rend:vcard\r"
                                             "BEGIN:VCARD\n\nVERSION:3.0\r\n\r\nFN:B\nEND:VCARD");
}

TEST("a card inside of a card belongs to its property") {
    EXPECT_CARDS("21@1\nFN Boss\nAGENT BEGIN:VCARD\nVERSION:2.1\nFN:Aide\nEND:VCARD\nTEL 123\n",
                 "BEGIN:VCARD\nVERSION:2.1\nFN:Boss\nAGENT:\nBEGIN:VCARD\nVERSION:2.1\nFN:Aide\n"
                 "END:VCARD\n\nTEL:123\nEND:VCARD\n");
}

TEST("values are UTF-8, or else Windows-1252; UTF-16 is told by its mark or its zeros") {
    EXPECT_CARDS("30@1\nFN Z\xC3\xBCrich\nNOTE \xE2\x82\xAC\n",
                 "BEGIN:VCARD\nFN:Z\xFCrich\nNOTE:\x80\nEND:VCARD\n");
    static const char text[] = "BEGIN:VCARD\r\nFN:Ada\r\nEND:VCARD\r\n";
    char wide[2 * sizeof text];
    for (size_t i = 0; i < sizeof text; i++) {
        wide[2 * i] = text[i];
        wide[2 * i + 1] = '\0';
    }
    expect_cards("30@1\nFN Ada\n", (kith_str){wide, 2 * (sizeof text - 1)});
    EXPECT_CARDS("30@1\n!line 2 has a character set that is not known; save the cards as UTF-8: "
                 "'KOI8-R'\n",
                 "BEGIN:VCARD\nFN;CHARSET=KOI8-R:x\nEND:VCARD\n");
}

/* -- what is broken ---------------------------------------------------------------------------- */

TEST("a broken card is told by its line and the next one is read") {
    EXPECT_CARDS(
        "30@1\n!line 3 is no property of a card, which is written NAME:value: 'what is this'\n"
        "30@5\nFN B\n",
        "BEGIN:VCARD\nFN:A\nwhat is this\nEND:VCARD\nBEGIN:VCARD\nFN:B\nEND:VCARD\n");
    EXPECT_CARDS(
        "30@1\n!the card that begins on line 1 has no END:VCARD before the next one or the "
        "end of the file\n"
        "30@3\nFN B\n30@6\n!the card that begins on line 6 has no END:VCARD before the next "
        "one or the end of the file\n",
        "BEGIN:VCARD\nFN:A\nBEGIN:VCARD\nFN:B\nEND:VCARD\nBEGIN:VCARD\nFN:C\n");
    EXPECT_CARDS("30@1\n!line 1 belongs to no card: each begins with BEGIN:VCARD\n30@3\nFN B\n",
                 "FN:A\nEND:VCARD\nBEGIN:VCARD\nFN:B\nEND:VCARD\n");
    EXPECT_CARDS("30@1\n!line 2 has a version of vCard that is not known (2.1, 3.0 and 4.0 are): "
                 "'5.0'\n",
                 "BEGIN:VCARD\nVERSION:5.0\nEND:VCARD\n");
    EXPECT_CARDS("", "\n\n");
}

TEST("a card that is too long is passed over, and so is a line") {
    struct buf in = {0};
    for (int lines = 0; lines < 2; lines++) {
        buf_reset(&in);
        buf_puts(&in, "BEGIN:VCARD\nNOTE:");
        for (size_t i = 0; i < VCARD_MAX / 64 + 2; i++)
            buf_puts(&in, lines
                              ? "x\n 3456789012345678901234567890123456789012345678901234567890123"
                              : "0123456789012345678901234567890123456789012345678901234567890123");
        buf_puts(&in, "\nEND:VCARD\nBEGIN:VCARD\nFN:B\nEND:VCARD\n");
        char *got = read_all(buf_view(&in), SIZE_MAX);
        EXPECT_HAS("30@1\n!the card that begins on line 1 is longer than 32 MiB\n30@", got);
        EXPECT_HAS("\nFN B\n", got);
        free(got);
    }
    buf_free(&in);
}

TEST("properties end at a number") {
    struct buf in = {0};
    buf_puts(&in, "BEGIN:VCARD\n");
    for (int i = 0; i < VCARD_PROPS + 1; i++)
        buf_puts(&in, "TEL:1\n");
    buf_puts(&in, "END:VCARD\nBEGIN:VCARD\nFN:B\nEND:VCARD\n");
    expect_cards("30@1\n!line 5002 is one property too many: a card may have 5,000 of them: "
                 "'TEL:1'\n30@5004\nFN B\n",
                 buf_view(&in));
    buf_free(&in);
}

TEST("cards in cards end at a depth") {
    struct buf in = {0};
    for (int i = 0; i < 20; i++)
        buf_puts(&in, "BEGIN:VCARD\nVERSION:2.1\nFN:x\nAGENT:\n");
    for (int i = 0; i < 20; i++)
        buf_puts(&in, "END:VCARD\n");
    buf_puts(&in, "BEGIN:VCARD\nFN:B\nEND:VCARD\n");
    expect_cards("30@1\n!the card that begins on line 1 has cards in cards, more than 8 deep\n"
                 "30@101\nFN B\n",
                 buf_view(&in));
    buf_free(&in);
}

/* -- any bytes, and there and back ------------------------------------------------------------- */

static uint64_t random_state = RANDOM_SEED;
static uint64_t random_below(uint64_t n) {
    return random_next(&random_state) % n;
}

TEST("any bytes are read to their end") {
    static const char *const bits[] = {"BEGIN:VCARD\n",
                                       "END:VCARD\n",
                                       "AGENT:\n",
                                       "\n",
                                       "FN:",
                                       ";",
                                       ":",
                                       "=",
                                       "\"",
                                       "\\",
                                       "\r",
                                       " ",
                                       "PHOTO;BASE64:",
                                       "VERSION:2.1\n",
                                       "N;QUOTED-PRINTABLE:=4"};
    for (int round = 0; round < 3000; round++) {
        struct buf in = {0};
        for (uint64_t n = random_below(60); n > 0; n--) {
            if (random_below(3))
                buf_puts(&in, bits[random_below(sizeof bits / sizeof *bits)]);
            else
                buf_putc(&in, (char)random_below(256));
        }
        free(read_all(buf_view(&in), 1 + (size_t)random_below(9)));
        buf_free(&in);
    }
}

/* Trimmed, without CR, of characters from all of Unicode and of those that are special in cards. */
static void random_text(struct buf *out) {
    static const char special[] = ",;:\\\n\"=^ \t.x";
    size_t begin = out->len;
    for (uint64_t n = random_below(60); n > 0; n--) {
        uint64_t c = random_below(2) ? (uint64_t)special[random_below(sizeof special - 1)]
                                     : random_below(0x10FFFF);
        if (random_below(4) == 0)
            c = random_below(0x250);
        bool none = c < ' ' ? c != '\n' && c != '\t' : c == 0x7F || (c >= 0xD800 && c < 0xE000);
        if (none || (out->len == begin && strchr(" \t\n", (int)c)))
            continue;
        if (c < 0x80)
            buf_putc(out, (char)c);
        else if (c < 0x800)
            buf_printf(out, "%c%c", (int)(0xC0 | c >> 6), (int)(0x80 | (c & 63)));
        else if (c < 0x10000)
            buf_printf(out, "%c%c%c", (int)(0xE0 | c >> 12), (int)(0x80 | (c >> 6 & 63)),
                       (int)(0x80 | (c & 63)));
        else
            buf_printf(out, "%c%c%c%c", (int)(0xF0 | c >> 18), (int)(0x80 | (c >> 12 & 63)),
                       (int)(0x80 | (c >> 6 & 63)), (int)(0x80 | (c & 63)));
    }
    while (out->len > begin && strchr(" \t\n", out->ptr[out->len - 1]))
        out->ptr[--out->len] = '\0';
}

static void expect_folded(const char *text, enum vcard_version v) {
    for (const char *line = text; *line;) {
        const char *end = strstr(line, "\r\n");
        EXPECT(end != NULL);
        if (end - line > (v == VCARD_21 ? 76 : 75))
            TEST_FAIL("a line of %d octets: %.*s", (int)(end - line), (int)(end - line), line);
        EXPECT(text_invalid_at((kith_str){line, (uint64_t)(end - line)}) < 0);
        line = end + 2;
    }
}

static void there_and_back(enum vcard_version v) {
    static const char *const versions[] = {
        [VCARD_21] = "2.1", [VCARD_30] = "3.0", [VCARD_40] = "4.0"};
    struct buf text[2] = {{0}, {0}}, value = {0}, out = {0}, want = {0};
    for (int round = 0; round < 2000; round++) {
        buf_reset(&value);
        buf_reset(&out);
        buf_reset(&want);
        buf_printf(&out, "BEGIN:VCARD\r\nVERSION:%s\r\n", versions[v]);
        buf_printf(&want, "%d@1\nN", (int)v);
        for (int i = 0; i < 2; i++) {
            buf_reset(&text[i]);
            random_text(&text[i]);
            buf_puts(&value, i ? ";" : "");
            vcard_escape(&value, v, buf_view(&text[i]));
            buf_putc(&want, i ? '|' : ' ');
            buf_str(&want, buf_view(&text[i]));
        }
        vcard_put(&out, v, "N", buf_view(&value));
        buf_puts(&out, "END:VCARD\r\n");
        buf_putc(&want, '\n');
        expect_folded(out.ptr, v);
        char *got = read_all(buf_view(&out), 7);
        /* the parameters of quoted-printable are no part of what was written */
        const char *added = " CHARSET=UTF-8 ENCODING=QUOTED-PRINTABLE";
        char *at = strstr(got, added);
        if (at)
            memmove(at, at + strlen(added), strlen(at + strlen(added)) + 1);
        EXPECT_STR(want.ptr, got);
        free(got);
    }
    buf_free(&text[0]);
    buf_free(&text[1]);
    buf_free(&value);
    buf_free(&out);
    buf_free(&want);
}

TEST("what is written as 3.0 is read again, in lines of 75 octets") {
    there_and_back(VCARD_30);
}

TEST("what is written as 4.0 is read again, in lines of 75 octets") {
    there_and_back(VCARD_40);
}

TEST("what is written as 2.1 is read again, in lines of 76 octets") {
    there_and_back(VCARD_21);
}

TEST("a text whose folded lines look like the end of the card does not end it") {
    static const enum vcard_version versions[] = {VCARD_21, VCARD_30, VCARD_40};
    static const char *const numbers[] = {"2.1", "3.0", "4.0"};
    for (size_t v = 0; v < 3; v++)
        for (int len = 1; len < 80; len++) {
            struct buf out = {0}, text = {0}, value = {0};
            for (int i = 0; i < len; i++)
                buf_putc(&text, 'x');
            buf_puts(&text, "\nEND:VCARD");
            buf_printf(&out, "BEGIN:VCARD\r\nVERSION:%s\r\n", numbers[v]);
            vcard_escape(&value, versions[v], buf_view(&text));
            vcard_put(&out, versions[v], "NOTE", buf_view(&value));
            buf_puts(&out, "END:VCARD\r\n");
            char *got = read_all(buf_view(&out), 7);
            EXPECT_HAS(text.ptr, got);
            EXPECT(!strchr(got, '!'));
            free(got);
            buf_free(&out);
            buf_free(&text);
            buf_free(&value);
        }
}

TEST("base64 is written as each version has it, and read again") {
    static const enum vcard_version versions[] = {VCARD_21, VCARD_30, VCARD_40};
    for (size_t i = 0; i < 3; i++) {
        struct buf out = {0};
        const char *version[] = {"2.1", "3.0", "4.0"};
        buf_printf(&out, "BEGIN:VCARD\r\nVERSION:%s\r\n", version[i]);
        char data[401] = {0};
        memset(data, 'A', 400);
        vcard_put_base64(&out, versions[i], "PHOTO", STR("image/png"), str_of(data));
        vcard_put(&out, versions[i], "FN", STR("x"));
        buf_puts(&out, "END:VCARD\r\n");
        expect_folded(out.ptr, versions[i]);
        char *got = read_all(buf_view(&out), SIZE_MAX);
        EXPECT_HAS(data, got);
        EXPECT_HAS("png", got);
        EXPECT_HAS("\nFN x\n", got);
        free(got);
        buf_free(&out);
    }
}
