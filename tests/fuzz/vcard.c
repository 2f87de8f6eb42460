/* SPDX-License-Identifier: Apache-2.0 */
/* vCards: the bytes are a file. However they come in pieces, the cards are the same; a card's raw
 * text alone is that card again; and each text in it, written in every version, is read as it was.
 */
#include "base/vcard.h"
#include "base/text.h"
#include "fuzz/fuzz.h"

static void show(const struct vcard *card, struct buf *out) {
    buf_printf(out, "%d %s\n", (int)card->version, card->defect ? card->defect : "");
    for (size_t i = 0; !card->defect && i < card->count; i++) {
        const struct vcard_prop *p = &card->props[i];
        buf_printf(out, "%.*s.%s%s", (int)p->group.len, p->group.len ? p->group.ptr : "", p->name,
                   p->base64 ? " base64" : "");
        for (size_t k = 0; k < p->param_count; k++) {
            buf_printf(out, ";%s=", p->params[k].name);
            buf_str(out, p->params[k].value);
        }
        buf_putc(out, ':');
        buf_str(out, p->value);
        buf_putc(out, '\n');
    }
}

static bool same(const struct buf *a, const struct buf *b) {
    return a->len == b->len && (!a->len || memcmp(a->ptr, b->ptr, a->len) == 0);
}

/* Calls fn for every card; gives how many there were. */
static uint64_t read_cards(kith_str file, size_t piece,
                           void (*fn)(void *arg, const struct vcard *card), void *arg) {
    kith_error e = KITH_ERROR_INIT;
    struct pieces source = {file, piece};
    struct vcard_reader *r;
    struct vcard card;
    kith_status st;
    uint64_t count = 0;
    HOLDS_OK(vcard_open(&r, pieces_pull, &source, &e), e);
    while ((st = vcard_next(r, &card, &e)) == KITH_OK) {
        HOLDS(card.number == ++count, "card %" PRIu64 " comes as number %" PRIu64, count,
              card.number);
        fn(arg, &card);
    }
    HOLDS(st == KITH_E_NOTFOUND, "%s", e.message);
    vcard_close(r);
    return count;
}

static void add_card(void *arg, const struct vcard *card) {
    show(card, arg);
}

/* -- a text, written and read ------------------------------------------------------------------ */

struct note {
    struct arena arena;
    const char *written;
    kith_str text;
};

static void take_note(void *arg, const struct vcard *card) {
    struct note *n = arg;
    HOLDS(!card->defect && card->count == 1, "%s in %s", card->defect ? card->defect : "properties",
          n->written);
    kith_str rest = card->props[0].value, part;
    HOLDS(vcard_split(&rest, ';', &part), "no component");
    n->text = vcard_text(&n->arena, card->version, part);
    HOLDS(!vcard_split(&rest, ';', &part), "more than one component");
}

static void text_comes_back(enum vcard_version v, kith_str text) {
    static const char *const numbers[] = {"2.1", "3.0", "4.0"};
    struct note n = {0};
    struct buf value = {0}, card = {0};
    buf_printf(&card, "BEGIN:VCARD\r\nVERSION:%s\r\n", numbers[v / 10 - 2]);
    vcard_escape(&value, v, text);
    vcard_put(&card, v, "NOTE", buf_view(&value));
    buf_puts(&card, "END:VCARD\r\n");
    n.written = card.ptr;
    HOLDS(read_cards(buf_view(&card), 0, take_note, &n) == 1, "%s", card.ptr);
    HOLDS(str_eq(text, n.text), "'%.*s' came back as '%.*s' from %s", (int)text.len, text.ptr,
          (int)n.text.len, n.text.ptr, card.ptr);
    buf_free(&value);
    buf_free(&card);
    arena_free(&n.arena);
}

static void texts_come_back(const struct vcard *card) {
    static const enum vcard_version versions[] = {VCARD_21, VCARD_30, VCARD_40};
    struct arena a = {0};
    for (size_t i = 0; i < card->count; i++) {
        kith_str rest = card->props[i].value, part;
        while (!card->props[i].base64 && vcard_split(&rest, ';', &part)) {
            kith_str text = vcard_text(&a, card->version, part);
            HOLDS(text.ptr && text_invalid_at(text) < 0, "no text");
            if (memchr(text.ptr, '\r', (size_t)text.len) || memchr(text.ptr, 0, (size_t)text.len))
                continue; /* a lone CR is written as a line end */
            for (size_t v = 0; v < 3; v++)
                text_comes_back(versions[v], text);
        }
    }
    arena_free(&a);
}

/* -- the target -------------------------------------------------------------------------------- */

struct whole {
    struct buf shown;
    bool again; /* raw texts can be read again: the file is UTF-8 */
};

static void check_card(void *arg, const struct vcard *card) {
    struct whole *w = arg;
    struct buf one = {0}, again = {0};
    show(card, &w->shown);
    if (!card->defect) {
        texts_come_back(card);
        if (w->again) {
            show(card, &one);
            read_cards(card->raw, 0, add_card, &again);
            HOLDS(same(&one, &again), "%s\n  alone: %s", one.ptr, again.ptr);
        }
    }
    buf_free(&one);
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    kith_str file = {size ? (const char *)data : "", size};
    struct whole w = {.again = text_invalid_at(file) < 0 && !(size && memchr(data, 0, size))};
    struct buf pieces = {0};
    read_cards(file, 0, check_card, &w);
    read_cards(file, 1 + size % 7, add_card, &pieces);
    HOLDS(same(&w.shown, &pieces), "%s\n  in pieces: %s", w.shown.ptr, pieces.ptr);
    buf_free(&w.shown);
    buf_free(&pieces);
    return 0;
}
