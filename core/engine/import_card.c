/* SPDX-License-Identifier: Apache-2.0 */
/* Import of vCards: one card into the fields of a contact and what belongs to it. A property for
 * which there is no place, or of which there is one more than Kith holds, is kept as it is. */
#include "engine/import_card.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- helpers ----------------------------------------------------------------------------------- */

kith_status card_text(struct taking *k, kith_str value, kith_str *out) {
    *out = vcard_text(k->a, k->card->version, value);
    return out->ptr ? KITH_OK : err_nomem(k->e);
}

int card_pref(const struct vcard_prop *p) {
    kith_str pref = vcard_param(p, "PREF");
    char text[8];
    snprintf(text, sizeof text, "%.*s", (int)(pref.len < 7 ? pref.len : 7),
             pref.ptr ? pref.ptr : "");
    int n = atoi(text);
    return n >= 1 && n <= 100 ? n : vcard_is(p, "PREF") ? 1 : 101;
}

/* ADR:;;;;;; */
static bool says_nothing(const struct vcard_prop *p) {
    for (uint64_t i = 0; i < p->value.len; i++)
        if (!strchr("; \t\r\n", p->value.ptr[i]) || !p->value.ptr[i])
            return false;
    return true;
}

bool card_is_best(const struct taking *k, const struct vcard_prop *p) {
    for (size_t i = 0; i < k->card->count; i++) {
        const struct vcard_prop *q = &k->card->props[i];
        bool before = q < p ? card_pref(q) <= card_pref(p) : card_pref(q) < card_pref(p);
        if (q != p && before && strcmp(q->name, p->name) == 0 && !says_nothing(q))
            return false;
    }
    return true;
}

kith_status card_put(struct taking *k, enum card_field f, kith_str text, bool *taken) {
    const struct column *c = k->v->columns[f];
    *taken = c != NULL;
    return c && text.len ? put_value(k->im, k->a, k->r, c, value_str(text), k->e) : KITH_OK;
}

bool card_would_pass(const struct taking *k, enum card_field f, kith_str text) {
    kith_value v = value_str(text);
    return k->v->columns[f] && value_check(k->im->schema, k->v->columns[f]->shown.field, false,
                                           k->a, &v, NULL) == KITH_OK;
}

/* A joined to b by `between`, where both are there. */
kith_status card_join(struct taking *k, kith_str a, const char *between, kith_str b,
                      kith_str *out) {
    *out = a.len ? a : b;
    if (!a.len || !b.len)
        return KITH_OK;
    struct buf all = {0};
    buf_str(&all, a);
    buf_puts(&all, between);
    buf_str(&all, b);
    *out = arena_str(k->a, buf_view(&all));
    buf_free(&all);
    return out->ptr ? KITH_OK : err_nomem(k->e);
}

/* A card_component, which from 3.0 on may be a list. */
kith_status card_component(struct taking *k, kith_str *rest, const char *between, kith_str *out) {
    kith_str part, each, text;
    *out = (kith_str){"", 0};
    if (!vcard_split(rest, ';', &part))
        return KITH_OK;
    if (k->card->version == VCARD_21)
        return card_text(k, part, out);
    while (vcard_split(&part, ',', &each)) {
        TRY(card_text(k, each, &text));
        TRY(card_join(k, *out, between, text, out));
    }
    return KITH_OK;
}

kith_status card_bad(struct taking *k, const struct vcard_prop *p, const char *message) {
    if (k->r->bad)
        return KITH_OK;
    k->r->bad = true;
    k->r->field = "";
    k->r->reason =
        arena_printf(k->a, "line %llu, %s: %s", (unsigned long long)p->line, p->name, message);
    return k->r->reason ? KITH_OK : err_nomem(k->e);
}

/* *taken stays false when the base64 is damaged. */
/* -- the rest ---------------------------------------------------------------------------------- */

static kith_status take_kind(struct taking *k, const struct vcard_prop *p, bool *taken) {
    kith_str kind = str_trim(p->value);
    *taken = str_ieqz(kind, "individual");
    return str_ieqz(kind, "group")
               ? card_bad(k, p, "the card is a group of people; give its members a tag instead")
               : KITH_OK;
}

/* Says something about the card, not about the person. */
static kith_status take_nothing(struct taking *k, const struct vcard_prop *p, bool *taken) {
    (void)k;
    (void)p;
    *taken = true;
    return KITH_OK;
}

static const struct known {
    const char *name;
    card_taker take;
} takers[] = {
    {"FN", card_take_name},
    {"N", card_take_names},
    {"NICKNAME", card_take_single},
    {"TITLE", card_take_single},
    {"BDAY", card_take_single},
    {"LANG", card_take_single},
    {"TZ", card_take_single},
    {"GEO", card_take_single},
    {"UID", card_take_single},
    {"ORG", card_take_org},
    {"EMAIL", card_take_email},
    {"TEL", card_take_phone},
    {"ADR", card_take_address},
    {"URL", card_take_url},
    {"IMPP", card_take_handle},
    {"X-SOCIALPROFILE", card_take_handle},
    {"X-KITH-POINT", card_take_url},
    {"NOTE", card_take_note},
    {"CATEGORIES", card_take_categories},
    {"KIND", take_kind},
    {"X-ADDRESSBOOKSERVER-KIND", take_kind},
    {"PRODID", take_nothing},
    {"REV", take_nothing},
    {"PROFILE", take_nothing},
    {"X-KITH-REASON", take_nothing},
};

static card_taker taker_of(const char *name) {
    for (size_t i = 0; i < sizeof takers / sizeof *takers; i++)
        if (strcmp(takers[i].name, name) == 0)
            return takers[i].take;
    return vcard_service(name) ? card_take_handle : NULL;
}

/* A property that the map names goes where it says. */
static kith_status take_asked(struct taking *k, const struct column *c, const struct vcard_prop *p,
                              bool *taken) {
    kith_str text;
    *taken = !c->shown.field || card_is_best(k, p);
    if (!*taken || !c->shown.field)
        return KITH_OK;
    TRY(card_text(k, p->value, &text));
    return text.len ? put_value(k->im, k->a, k->r, c, value_str(text), k->e) : KITH_OK;
}

static kith_status take_prop(struct taking *k, const struct vcard_prop *p, bool *taken) {
    const struct column *asked = k->im->ask_count ? map_get(&k->v->asked, str_of(p->name)) : NULL;
    card_taker take = taker_of(p->name);
    if (asked)
        return take_asked(k, asked, p, taken);
    *taken = says_nothing(p);
    if (*taken)
        return KITH_OK;
    TRY(card_take_binary(k, p, taken));
    return *taken || !take ? KITH_OK : take(k, p, taken);
}

static void keep_param(struct buf *b, const struct vcard_param *param) {
    bool plain = true;
    for (uint64_t i = 0; i < param->value.len; i++)
        plain &= !strchr(",;:\"\r\n", param->value.ptr[i]) && param->value.ptr[i];
    buf_printf(b, ";%s=%s", param->name, plain ? "" : "\"");
    for (uint64_t i = 0; i < param->value.len; i++)
        if (!strchr("\"\r\n", param->value.ptr[i]))
            buf_putc(b, param->value.ptr[i]);
    buf_puts(b, plain ? "" : "\"");
}

/* As a line of a card of 3.0, not folded. */
static kith_status keep(struct taking *k, const struct vcard_prop *p) {
    struct buf *b = &k->rest;
    kith_str rest = p->value, part, text;
    if (p->group.len)
        buf_printf(b, "%.*s.", (int)p->group.len, p->group.ptr);
    buf_puts(b, p->name);
    for (size_t i = 0; i < p->param_count; i++)
        if (strcmp(p->params[i].name, "ENCODING") != 0 && strcmp(p->params[i].name, "CHARSET") != 0)
            keep_param(b, &p->params[i]);
    buf_puts(b, p->base64 ? ";ENCODING=B" : "");
    buf_putc(b, ':');
    for (bool first = true; vcard_split(&rest, ';', &part); first = false) {
        buf_puts(b, first ? "" : ";");
        if (k->card->version != VCARD_21) {
            buf_str(b, part);
            continue;
        }
        TRY(card_text(k, part, &text));
        vcard_escape(b, VCARD_30, text);
    }
    buf_putc(b, '\n');
    return KITH_OK;
}

static void note_kept(struct import_report *r, const char *name) {
    size_t n = strlen(r->kept_names), len = strlen(name);
    r->kept++;
    const char *at = strstr(r->kept_names, name);
    if (at && (at[len] == '\0' || at[len] == ','))
        return;
    if (n + len + 6 < sizeof r->kept_names)
        snprintf(r->kept_names + n, sizeof r->kept_names - n, "%s%s", n ? ", " : "", name);
}

void card_tell_kept(struct import *im, const struct card *card) {
    for (size_t i = 0; i < card->kept_count; i++)
        note_kept(&im->report, card->kept[i]);
}

/* A label goes with what it names. */
static bool names_taken(const struct taking *k, const struct vcard_prop *label, const bool *taken) {
    if (strcmp(label->name, "X-ABLABEL") != 0 && strcmp(label->name, "X-ABADR") != 0)
        return false;
    for (size_t i = 0; i < k->card->count; i++)
        if (taken[i] && str_eq(k->card->props[i].group, label->group))
            return true;
    return false;
}

static kith_status take_all(struct taking *k) {
    bool *taken = ARENA_ARRAY(k->a, bool, k->card->count + 1);
    k->out->kept = ARENA_ARRAY(k->a, const char *, k->card->count + 1);
    if (!taken || !k->out->kept)
        return err_nomem(k->e);
    for (size_t i = 0; i < k->card->count; i++)
        TRY(take_prop(k, &k->card->props[i], &taken[i]));
    for (size_t i = 0; i < k->card->count; i++) {
        const struct vcard_prop *p = &k->card->props[i];
        if (taken[i] || names_taken(k, p, taken))
            continue;
        TRY(keep(k, p));
        if (strcmp(p->name, "X-ABLABEL") == 0)
            continue;
        const char **name = &k->out->kept[k->out->kept_count++];
        if (!(*name = arena_strdup(k->a, p->name)))
            return err_nomem(k->e);
    }
    return KITH_OK;
}

/* -- the card ---------------------------------------------------------------------------------- */

/* The first point of a kind among those with the lowest preference; of mail addresses and numbers
 * only one that the contact's own field takes. */
static kith_status choose_primary(struct taking *k, const char *kind, enum card_field field) {
    struct card_point *best = NULL;
    bool ignored;
    for (size_t i = 0; i < k->out->point_count; i++) {
        struct card_point *p = &k->out->points[i];
        if (strcmp(p->kind, kind) != 0 || (best && best->pref <= p->pref))
            continue;
        if (field == CARD_FIELDS || card_would_pass(k, field, p->value))
            best = p;
    }
    if (!best)
        return KITH_OK;
    best->primary = true;
    return field == CARD_FIELDS ? KITH_OK : card_put(k, field, best->value, &ignored);
}

static kith_status finish_card(struct taking *k) {
    TRY(card_finish_name(k));
    TRY(choose_primary(k, "email", CARD_EMAIL));
    TRY(choose_primary(k, "phone", CARD_PHONE));
    TRY(choose_primary(k, "postal", CARD_FIELDS));
    TRY(choose_primary(k, "handle", CARD_FIELDS));
    TRY(choose_primary(k, "other", CARD_FIELDS));
    k->out->rest = arena_str(k->a, str_trim(buf_view(&k->rest)));
    return k->out->rest.ptr && !k->rest.failed ? KITH_OK : err_nomem(k->e);
}

kith_status card_read(struct import *im, struct arena *a, struct row *r, const struct vcard *card,
                      kith_error *e) {
    struct taking k = {.im = im, .v = im->cards, .a = a, .r = r, .card = card, .e = e};
    r->card = k.out = ARENA_NEW(a, struct card);
    r->puts = ARENA_ARRAY(a, struct put, im->column_count);
    if (!k.out || !r->puts)
        return err_nomem(e);
    kith_status st = take_all(&k);
    if (st == KITH_OK)
        st = finish_card(&k);
    buf_free(&k.rest);
    return st == KITH_OK ? fixed_put(im, a, r, NULL, e) : st;
}
