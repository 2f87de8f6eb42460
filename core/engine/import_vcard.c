/* SPDX-License-Identifier: Apache-2.0 */
/* Import of vCards: opening, the next card as a row, and a rejected card as it is written back. */
#include "engine/import_vcard.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

static const char *const headers[CARD_FIELDS] = {
    [CARD_NAME] = "FN",
    [CARD_FIRST] = "N: given",
    [CARD_LAST] = "N: family",
    [CARD_SALUTATION] = "N: prefix",
    [CARD_NICKNAME] = "NICKNAME",
    [CARD_TITLE] = "TITLE",
    [CARD_ACCOUNT] = "ORG",
    [CARD_BIRTHDAY] = "BDAY",
    [CARD_LANGUAGE] = "LANG",
    [CARD_ZONE] = "TZ",
    [CARD_EMAIL] = "EMAIL",
    [CARD_PHONE] = "TEL",
    [CARD_STREET] = "ADR: street",
    [CARD_CITY] = "ADR: town",
    [CARD_REGION] = "ADR: region",
    [CARD_CODE] = "ADR: code",
    [CARD_COUNTRY] = "ADR: country",
    [CARD_PLACE] = "GEO",
    [CARD_TAGS] = "CATEGORIES",
    [CARD_EXTERNAL] = "UID",
};

static bool is_asked(const struct import *im, const struct rfield *f) {
    for (size_t i = 0; i < im->ask_count; i++)
        if (im->asks[i].to.field == f)
            return true;
    return false;
}

/* Properties have their names in capitals. */
static kith_str upper(struct arena *a, const char *name) {
    char *out = arena_strdup(a, name);
    for (char *c = out; c && *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return str_of(out);
}

static kith_status open_columns(struct import *im, struct vcards *v, kith_error *e) {
    for (int i = 0; i < CARD_FIELDS; i++) {
        struct import_column shown = {.header = headers[i],
                                      .field = v->t.f[i],
                                      .by = i == CARD_ACCOUNT ? v->t.account_name : NULL};
        if (!is_asked(im, shown.field))
            TRY(map_column(im, &shown, &v->columns[i], e));
    }
    for (size_t i = 0; i < im->ask_count; i++) {
        struct column *c;
        TRY(map_member(im, str_of(im->asks[i].written), &c, e));
        if (!map_put(&v->asked, upper(&im->arena, im->asks[i].written), c))
            return err_nomem(e);
    }
    return KITH_OK;
}

static kith_status find_accounts(struct import *im, struct vcards *v, kith_error *e) {
    const struct rfield *unit[] = {v->t.account_name, v->t.account_parent};
    TRY(lookup_make(&v->by_name, &im->arena, v->t.account, unit, 1, e));
    return lookup_make(&v->by_unit, &im->arena, v->t.account, unit, 2, e);
}

static kith_status cards_open(struct import *im, kith_error *e) {
    if (strcmp(im->type->name, "contact") != 0)
        return err_set(e, KITH_E_INVAL, NULL,
                       "the cards of a vCard file are contacts and cannot be imported as %s",
                       im->type->name);
    if (im->by_id)
        return err_set(
            e, KITH_E_INVAL, "key",
            "cards do not have ids of Kith; let the key be external_id, their UID, or email");
    im->cards = ARENA_NEW(&im->arena, struct vcards);
    if (!im->cards)
        return err_nomem(e);
    TRY(card_types_find(im->schema, &im->cards->t, e));
    TRY(find_accounts(im, im->cards, e));
    TRY(open_columns(im, im->cards, e));
    return vcard_open(&im->cards->reader, im->o->source, im->o->source_arg, e);
}

static void cards_close(struct import *im) {
    if (!im->cards)
        return;
    vcard_close(im->cards->reader);
    map_free(&im->cards->asked);
}

static kith_status cards_next(struct import *im, struct arena *a, struct row *r, bool look,
                              kith_error *e) {
    struct vcard card;
    TRY(vcard_next(im->cards->reader, &card, e));
    r->row = card.number;
    r->line = card.line;
    crypto_generichash_update(&im->content, (const unsigned char *)card.raw.ptr, card.raw.len);
    r->raw = arena_str(a, card.raw);
    if (!r->raw.ptr)
        return err_nomem(e);
    if (!look)
        return KITH_OK;
    if (!card.defect)
        return card_read(im, a, r, &card, e);
    r->bad = true;
    r->field = "";
    r->reason = arena_strdup(a, card.defect);
    return r->reason ? KITH_OK : err_nomem(e);
}

/* -- rejects ----------------------------------------------------------------------------------- */

static void put_reason(const struct row *r, struct buf *out) {
    buf_printf(out, "X-KITH-REASON:card %" PRIu64 "\\, line %" PRIu64 ": ", r->row, r->line);
    vcard_escape(out, VCARD_30, str_of(r->reason));
    buf_putc(out, '\n');
}

/* An earlier reason goes. Text that belongs to no card is put into one, for a person to repair. */
static void card_reject(struct import *im, const struct row *r, struct buf *out) {
    (void)im;
    kith_str rest = r->raw, line;
    bool begins = rest.len >= 11 && str_ieqz((kith_str){rest.ptr, 11}, "BEGIN:VCARD");
    if (!begins) {
        buf_puts(out, "BEGIN:VCARD\n");
        put_reason(r, out);
    }
    while (rest.len) {
        const char *end = memchr(rest.ptr, '\n', rest.len);
        line = (kith_str){rest.ptr, (uint64_t)(end - rest.ptr) + 1};
        rest = (kith_str){end + 1, rest.len - line.len};
        if (!str_starts(line, "X-KITH-REASON:"))
            buf_str(out, line);
        if (begins)
            put_reason(r, out);
        begins = false;
    }
}

static const char *cards_name(struct import *im) {
    (void)im;
    return "vCards";
}

const struct import_reader import_vcard = {.open = cards_open,
                                           .next = cards_next,
                                           .reject = card_reject,
                                           .name = cards_name,
                                           .close = cards_close};
