/* SPDX-License-Identifier: Apache-2.0 */
/* vCard, reading: bytes into lines, lines into cards. What stands in a card is vcard_prop.c's. */
#include "base/vcard_internal.h"

#include "base/text.h"
#include <stdlib.h>
#include <string.h>

#define CHUNK ((size_t)64 * 1024)

struct vcard_reader {
    csv_source source;
    void *arg;
    bool ended;
    bool wide; /* UTF-16 */
    enum text_encoding encoding;
    struct buf bytes;  /* wide: read, not decoded yet */
    struct buf window; /* text; from pos on it is still to be read */
    size_t pos, scanned;
    uint64_t line; /* of the line read last */
    uint64_t number;
    struct buf card; /* lines of the card that is being gathered */
    struct arena arena;
};

/* -- bytes ------------------------------------------------------------------------------------- */

static void forget_read(struct vcard_reader *r) {
    if (!r->pos)
        return;
    memmove(r->window.ptr, r->window.ptr + r->pos, r->window.len - r->pos);
    r->window.len -= r->pos;
    r->scanned -= r->pos;
    r->pos = 0;
}

static kith_status pull(struct vcard_reader *r, kith_error *e) {
    struct buf *to = r->wide ? &r->bytes : &r->window;
    size_t got = 0;
    forget_read(r);
    if (!buf_reserve(to, CHUNK))
        return err_nomem(e);
    TRY(r->source(r->arg, to->ptr + to->len, CHUNK, &got, e));
    to->len += got;
    r->ended = got == 0;
    if (!r->wide)
        return KITH_OK;
    size_t used = text_decode(r->encoding, buf_view(to), r->ended, &r->window);
    memmove(to->ptr, to->ptr + used, to->len - used);
    to->len -= used;
    return r->window.failed ? err_nomem(e) : KITH_OK;
}

static kith_status start(struct vcard_reader *r, kith_error *e) {
    while (!r->ended && r->window.len < CHUNK)
        TRY(pull(r, e));
    r->encoding = text_detect(buf_view(&r->window), r->ended);
    size_t mark = text_bom(r->encoding, buf_view(&r->window));
    r->pos = r->scanned = mark;
    forget_read(r);
    r->wide = r->encoding == ENC_UTF16LE || r->encoding == ENC_UTF16BE;
    if (!r->wide)
        return KITH_OK;
    r->bytes = r->window;
    r->window = (struct buf){0};
    size_t used = text_decode(r->encoding, buf_view(&r->bytes), r->ended, &r->window);
    memmove(r->bytes.ptr, r->bytes.ptr + used, r->bytes.len - used);
    r->bytes.len -= used;
    return r->window.failed ? err_nomem(e) : KITH_OK;
}

kith_status vcard_open(struct vcard_reader **out, csv_source source, void *arg, kith_error *e) {
    struct vcard_reader *r = calloc(1, sizeof *r);
    *out = NULL;
    if (!r)
        return err_nomem(e);
    r->source = source;
    r->arg = arg;
    kith_status st = start(r, e);
    if (st == KITH_OK)
        *out = r;
    else
        vcard_close(r);
    return st;
}

void vcard_close(struct vcard_reader *r) {
    if (!r)
        return;
    buf_free(&r->bytes);
    buf_free(&r->window);
    buf_free(&r->card);
    arena_free(&r->arena);
    free(r);
}

/* -- lines ------------------------------------------------------------------------------------- */

struct physical { /* lives until the next one is read */
    kith_str text;
    bool cut; /* longer than VCARD_MAX: nothing of it is kept */
};

/* Where the line that begins at pos ends; false: not in the window yet. */
static bool find_end(struct vcard_reader *r, size_t *end, size_t *next) {
    const struct buf *w = &r->window;
    size_t i = r->scanned;
    while (i < w->len && w->ptr[i] != '\n' && w->ptr[i] != '\r')
        i++;
    r->scanned = i;
    if (i == w->len || (w->ptr[i] == '\r' && i + 1 == w->len && !r->ended))
        return false;
    *end = i;
    *next = i + 1 + (w->ptr[i] == '\r' && i + 1 < w->len && w->ptr[i + 1] == '\n');
    return true;
}

/* KITH_E_NOTFOUND: the file has ended. */
static kith_status next_line(struct vcard_reader *r, struct physical *out, kith_error *e) {
    size_t end = 0, next = 0;
    bool found;
    out->cut = false;
    while (!(found = find_end(r, &end, &next)) && !r->ended) {
        if (r->window.len - r->pos > VCARD_MAX) {
            out->cut = true;
            r->pos = r->scanned;
        }
        TRY(pull(r, e));
    }
    if (!found && r->pos == r->window.len && !out->cut)
        return err_set(e, KITH_E_NOTFOUND, NULL, "the file has no more cards");
    if (!found)
        end = next = r->window.len;
    out->text = out->cut ? (kith_str){"", 0} : (kith_str){r->window.ptr + r->pos, end - r->pos};
    r->pos = r->scanned = next;
    r->line++;
    return KITH_OK;
}

/* The line is to be read once more; nothing was read since. */
static void give_back(struct vcard_reader *r, const struct physical *line) {
    r->pos = r->scanned = (size_t)(line->text.ptr - r->window.ptr);
    r->line--;
}

/* -- cards ------------------------------------------------------------------------------------- */

struct gathering {
    struct vcard *card;
    size_t depth; /* cards that are open */
    bool begun, deep, cut;
    bool agent; /* the line before announces a card inside */
};

static kith_status keep_line(struct vcard_reader *r, struct gathering *g,
                             const struct physical *line, kith_error *e) {
    g->cut |= line->cut || r->card.len + line->text.len > VCARD_MAX;
    if (g->cut)
        return KITH_OK;
    buf_str(&r->card, line->text);
    buf_putc(&r->card, '\n');
    return r->card.failed ? err_nomem(e) : KITH_OK;
}

static bool announces_card(kith_str line) {
    kith_str s = str_trim(line);
    return s.len >= 6 && s.ptr[s.len - 1] == ':' && str_ieqz((kith_str){s.ptr, 5}, "AGENT");
}

/* What is wrong with the lines that were gathered; NULL: nothing. */
static const char *defect_of(const struct gathering *g) {
    if (g->cut)
        return "the card that begins on line %llu is longer than 32 MiB";
    if (!g->begun)
        return "line %llu belongs to no card: each begins with BEGIN:VCARD";
    if (g->deep)
        return "the card that begins on line %llu has cards in cards, more than 8 deep";
    return g->depth ? "the card that begins on line %llu has no END:VCARD before the next one or "
                      "the end of the file"
                    : NULL;
}

/* One line of the file. *done: the card is whole, or as whole as it gets. */
static kith_status take_line(struct vcard_reader *r, struct gathering *g,
                             const struct physical *line, bool *done, kith_error *e) {
    kith_str s = str_trim(line->text);
    bool begin = vcard_line_is(line->text, "BEGIN:VCARD"),
         end = vcard_line_is(line->text, "END:VCARD");
    if (!s.len && !line->cut && !g->card->line)
        return KITH_OK;
    *done = begin && g->card->line && !(g->depth && g->agent);
    if (*done) {
        give_back(r, line);
        return KITH_OK;
    }
    if (!g->card->line)
        g->card->line = r->line;
    g->begun |= begin;
    g->depth += begin;
    g->deep |= g->depth > VCARD_NESTING;
    if (s.len)
        g->agent = announces_card(line->text);
    TRY(keep_line(r, g, line, e));
    *done = end && g->depth && --g->depth == 0;
    return KITH_OK;
}

static kith_status gather(struct vcard_reader *r, struct gathering *g, kith_error *e) {
    struct physical line;
    bool done = false;
    while (!done) {
        kith_status st = next_line(r, &line, e);
        if (st == KITH_E_NOTFOUND && g->card->line)
            break;
        TRY(st);
        TRY(take_line(r, g, &line, &done, e));
    }
    const char *defect = defect_of(g);
    if (!defect)
        return KITH_OK;
    g->card->defect = arena_printf(&r->arena, defect, (unsigned long long)g->card->line);
    return g->card->defect ? KITH_OK : err_nomem(e);
}

kith_status vcard_next(struct vcard_reader *r, struct vcard *card, kith_error *e) {
    struct gathering g = {.card = card};
    *card = (struct vcard){.version = VCARD_30};
    buf_reset(&r->card);
    arena_reset(&r->arena);
    TRY(gather(r, &g, e));
    card->number = ++r->number;
    card->raw = buf_view(&r->card);
    return card->defect ? KITH_OK : vcard_parse(&r->arena, card, e);
}
