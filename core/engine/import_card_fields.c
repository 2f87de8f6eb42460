/* SPDX-License-Identifier: Apache-2.0 */
/* Import of vCards: the properties that are fields of the contact, and its organisation. */
#include "engine/engine_internal.h"
#include "engine/import_card.h"

#include <string.h>

/* -- names ------------------------------------------------------------------------------------- */

kith_status card_take_name(struct taking *k, const struct vcard_prop *p, bool *taken) {
    *taken = card_is_best(k, p);
    return *taken ? card_text(k, p->value, &k->name) : KITH_OK;
}

kith_status card_take_names(struct taking *k, const struct vcard_prop *p, bool *taken) {
    kith_str rest = p->value, family, given, more;
    bool ignored;
    if (!(*taken = card_is_best(k, p)))
        return KITH_OK;
    TRY(card_component(k, &rest, " ", &family));
    TRY(card_component(k, &rest, " ", &given));
    TRY(card_component(k, &rest, " ", &more));
    TRY(card_component(k, &rest, " ", &k->salutation));
    TRY(card_component(k, &rest, ", ", &k->suffix));
    TRY(card_join(k, given, " ", more, &given));
    TRY(card_put(k, CARD_FIRST, given, &ignored));
    TRY(card_put(k, CARD_LAST, family, &ignored));
    return card_put(k, CARD_SALUTATION, k->salutation, &ignored);
}

static bool contains(kith_str s, kith_str part) {
    for (uint64_t i = 0; i + part.len <= s.len; i++)
        if (memcmp(s.ptr + i, part.ptr, part.len) == 0)
            return true;
    return false;
}

/* FN is what the card shows: with the salutation, which has a field of its own, and the suffix. */
kith_status card_finish_name(struct taking *k) {
    kith_str n = k->name, s = k->salutation;
    bool ignored;
    if (s.len && n.len > s.len + 1 && memcmp(n.ptr, s.ptr, s.len) == 0 && n.ptr[s.len] == ' ')
        n = str_trim((kith_str){n.ptr + s.len, n.len - s.len});
    if (k->suffix.len && !contains(n, k->suffix)) {
        buf_puts(&k->rest, "X-N-SUFFIX:");
        vcard_escape(&k->rest, VCARD_30, k->suffix);
        buf_putc(&k->rest, '\n');
    }
    if (!n.len && !k->r->put_count)
        n = k->org.len ? k->org : k->out->point_count ? k->out->points[0].value : n;
    return card_put(k, CARD_NAME, n, &ignored);
}

/* -- fields of one value ----------------------------------------------------------------------- */

static kith_status list_text(struct taking *k, kith_str value, kith_str *out) {
    kith_str each, text;
    *out = (kith_str){"", 0};
    while (vcard_split(&value, k->card->version == VCARD_21 ? ';' : ',', &each)) {
        TRY(card_text(k, each, &text));
        TRY(card_join(k, *out, ", ", text, out));
    }
    return KITH_OK;
}

/* Only a whole date; what 4.0 truncates, and Apple's year 1604 for none, is kept as it is. */
static kith_status date_text(struct taking *k, const struct vcard_prop *p, kith_str *text) {
    (void)k;
    const char *time = text->len ? memchr(text->ptr, 'T', text->len) : NULL;
    if (time)
        text->len = (uint64_t)(time - text->ptr);
    bool yearless = str_starts(*text, "1604") && vcard_param(p, "X-APPLE-OMIT-YEAR").len;
    if (yearless || text->len < 8 || str_starts(*text, "--"))
        *text = (kith_str){0};
    return KITH_OK;
}

/* 4.0: geo:48.2,16.3; 3.0: 48.2;16.3. The order in 2.1 is not agreed upon. */
static kith_status place_text(struct taking *k, const struct vcard_prop *p, kith_str *text) {
    char *copy = arena_strndup(k->a, p->value.ptr, p->value.len);
    if (!copy)
        return err_nomem(k->e);
    kith_str s = str_trim((kith_str){copy, p->value.len});
    char *semicolon = strchr(copy, ';');
    if (str_starts(s, "geo:")) {
        s = (kith_str){s.ptr + 4, s.len - 4};
        if (semicolon) /* parameters */
            s.len = (uint64_t)(semicolon - s.ptr);
    } else if (semicolon) {
        *semicolon = ',';
    } else {
        s = (kith_str){0};
    }
    *text = s;
    return KITH_OK;
}

static kith_status zone_text(struct taking *k, const struct vcard_prop *p, kith_str *text) {
    (void)p;
    (void)k;
    if (!text->len || !memchr(text->ptr, '/', text->len) || contains(*text, STR(":")))
        *text = (kith_str){0};
    return KITH_OK;
}

static kith_status nickname_text(struct taking *k, const struct vcard_prop *p, kith_str *text) {
    return list_text(k, p->value, text);
}

static const struct single {
    const char *name;
    enum card_field field;
    /* Brings the text to the field's form; ptr NULL: it has no place there. NULL: as it is. */
    kith_status (*form)(struct taking *k, const struct vcard_prop *p, kith_str *text);
} singles[] = {
    {"NICKNAME", CARD_NICKNAME, nickname_text},
    {"TITLE", CARD_TITLE, NULL},
    {"BDAY", CARD_BIRTHDAY, date_text},
    {"LANG", CARD_LANGUAGE, NULL},
    {"TZ", CARD_ZONE, zone_text},
    {"GEO", CARD_PLACE, place_text},
    {"UID", CARD_EXTERNAL, NULL},
};

kith_status card_take_single(struct taking *k, const struct vcard_prop *p, bool *taken) {
    const struct single *s = singles;
    while (strcmp(s->name, p->name) != 0)
        s++;
    kith_str text;
    TRY(card_text(k, p->value, &text));
    if (s->form)
        TRY(s->form(k, p, &text));
    if (!text.len || !card_is_best(k, p) || !card_would_pass(k, s->field, text))
        return KITH_OK;
    return card_put(k, s->field, text, taken);
}

kith_status card_take_org(struct taking *k, const struct vcard_prop *p, bool *taken) {
    kith_str rest = p->value, part, text;
    bool whole = true;
    if (!card_is_best(k, p) || !k->v->columns[CARD_ACCOUNT])
        return KITH_OK;
    while (vcard_split(&rest, ';', &part)) {
        TRY(card_text(k, part, &text));
        if (!text.len)
            continue;
        if (!k->org.len)
            k->org = text;
        else if (k->out->unit_count < CARD_UNITS)
            k->out->units[k->out->unit_count++] = text;
        else
            whole = false;
    }
    TRY(card_put(k, CARD_ACCOUNT, k->org, taken));
    *taken &= whole;
    return KITH_OK;
}

/* All of them are one list; each is done with the first. */
kith_status card_take_categories(struct taking *k, const struct vcard_prop *p, bool *taken) {
    kith_value *items = NULL;
    size_t n = 0, cap = 0;
    *taken = k->v->columns[CARD_TAGS] != NULL;
    for (const struct vcard_prop *q = k->card->props; q < k->card->props + k->card->count; q++) {
        kith_str rest = q->value, each, text;
        if (strcmp(q->name, "CATEGORIES") != 0)
            continue;
        if (q < p)
            return KITH_OK;
        while (vcard_split(&rest, ',', &each)) {
            TRY(card_text(k, each, &text));
            if (!(items = arena_grow(k->a, items, n, &cap, sizeof *items)))
                return err_nomem(k->e);
            if (text.len)
                items[n++] = value_str(text);
        }
    }
    kith_value list = {.kind = KITH_LIST, .as.list = {.items = items, .count = n}};
    return n && *taken ? put_value(k->im, k->a, k->r, k->v->columns[CARD_TAGS], list, k->e)
                       : KITH_OK;
}
