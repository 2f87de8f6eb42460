/* SPDX-License-Identifier: Apache-2.0 */
/* Import of vCards: one card into the fields of a contact and what belongs to it. A property for
 * which there is no place, or of which there is one more than Kith holds, is kept as it is. */
#include "engine/engine_internal.h"
#include "engine/import_vcard.h"
#include "engine/vcard_map.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct taking {
    struct import *im;
    struct vcards *v;
    struct arena *a;
    struct row *r;
    const struct vcard *card;
    struct card *out;
    kith_str name, suffix, salutation, org;
    struct buf rest;
    kith_error *e;
};

/* *taken stays false when the property is to be kept as it is. */
typedef kith_status (*taker)(struct taking *k, const struct vcard_prop *p, bool *taken);

/* -- helpers ----------------------------------------------------------------------------------- */

static kith_status text_of(struct taking *k, kith_str value, kith_str *out) {
    *out = vcard_text(k->a, k->card->version, value);
    return out->ptr ? KITH_OK : err_nomem(k->e);
}

static int pref_of(const struct vcard_prop *p) {
    kith_str pref = vcard_param(p, "PREF");
    char text[8];
    snprintf(text, sizeof text, "%.*s", (int)(pref.len < 7 ? pref.len : 7),
             pref.ptr ? pref.ptr : "");
    int n = atoi(text);
    return n >= 1 && n <= 100 ? n : vcard_is(p, "PREF") ? 1 : 101;
}

/* The preferred one of its name, or the first. */
static bool is_best(const struct taking *k, const struct vcard_prop *p) {
    for (size_t i = 0; i < k->card->count; i++) {
        const struct vcard_prop *q = &k->card->props[i];
        bool before = q < p ? pref_of(q) <= pref_of(p) : pref_of(q) < pref_of(p);
        if (q != p && before && q->value.len && strcmp(q->name, p->name) == 0)
            return false;
    }
    return true;
}

static kith_status put_text(struct taking *k, enum card_field f, kith_str text, bool *taken) {
    const struct column *c = k->v->columns[f];
    *taken = c != NULL;
    return c && text.len ? put_value(k->im, k->a, k->r, c, value_str(text), k->e) : KITH_OK;
}

static bool would_pass(const struct taking *k, enum card_field f, kith_str text) {
    kith_value v = value_str(text);
    return k->v->columns[f] && value_check(k->im->schema, k->v->columns[f]->shown.field, false,
                                           k->a, &v, NULL) == KITH_OK;
}

/* A joined to b by `between`, where both are there. */
static kith_status join(struct taking *k, kith_str a, const char *between, kith_str b,
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

/* A component, which from 3.0 on may be a list. */
static kith_status component(struct taking *k, kith_str *rest, const char *between, kith_str *out) {
    kith_str part, each, text;
    *out = (kith_str){"", 0};
    if (!vcard_split(rest, ';', &part))
        return KITH_OK;
    if (k->card->version == VCARD_21)
        return text_of(k, part, out);
    while (vcard_split(&part, ',', &each)) {
        TRY(text_of(k, each, &text));
        TRY(join(k, *out, between, text, out));
    }
    return KITH_OK;
}

/* "_$!<HomePage>!$_" as Apple writes it -> "homepage" */
static kith_status custom_label(struct taking *k, const struct vcard_prop *p, kith_str *out) {
    *out = (kith_str){"", 0};
    for (size_t i = 0; p->group.len && i < k->card->count; i++) {
        const struct vcard_prop *q = &k->card->props[i];
        if (strcmp(q->name, "X-ABLABEL") != 0 || !str_eq(q->group, p->group))
            continue;
        TRY(text_of(k, q->value, out));
        if (out->len > 8 && str_starts(*out, "_$!<")) {
            char *word = arena_strndup(k->a, out->ptr + 4, out->len - 8);
            for (char *c = word; c && *c; c++)
                *c = (char)tolower((unsigned char)*c);
            *out = str_of(word);
        }
        return KITH_OK;
    }
    return KITH_OK;
}

static kith_status add_point(struct taking *k, const struct vcard_prop *p, const char *kind,
                             kith_str value, kith_str label) {
    struct card *c = k->out;
    kith_str custom;
    TRY(custom_label(k, p, &custom));
    if (custom.len)
        label = custom;
    else if (!label.len)
        label = vcard_label(k->a, p);
    if (!label.ptr)
        return err_nomem(k->e);
    void *more = list_grow(k->a, c->points, c->point_count, &c->point_cap, sizeof *c->points);
    if (!more)
        return err_nomem(k->e);
    c->points = more;
    c->points[c->point_count++] =
        (struct card_point){.kind = kind, .value = value, .label = label, .pref = pref_of(p)};
    return KITH_OK;
}

/* -- names ------------------------------------------------------------------------------------- */

static kith_status take_name(struct taking *k, const struct vcard_prop *p, bool *taken) {
    *taken = is_best(k, p);
    return *taken ? text_of(k, p->value, &k->name) : KITH_OK;
}

static kith_status take_parts(struct taking *k, const struct vcard_prop *p, bool *taken) {
    kith_str rest = p->value, family, given, more;
    bool ignored;
    if (!(*taken = is_best(k, p)))
        return KITH_OK;
    TRY(component(k, &rest, " ", &family));
    TRY(component(k, &rest, " ", &given));
    TRY(component(k, &rest, " ", &more));
    TRY(component(k, &rest, " ", &k->salutation));
    TRY(component(k, &rest, ", ", &k->suffix));
    TRY(join(k, given, " ", more, &given));
    TRY(put_text(k, CARD_FIRST, given, &ignored));
    TRY(put_text(k, CARD_LAST, family, &ignored));
    return put_text(k, CARD_SALUTATION, k->salutation, &ignored);
}

static bool contains(kith_str s, kith_str part) {
    for (uint64_t i = 0; i + part.len <= s.len; i++)
        if (memcmp(s.ptr + i, part.ptr, part.len) == 0)
            return true;
    return false;
}

/* FN is what the card shows: with the salutation, which has a field of its own, and the suffix. */
static kith_status finish_name(struct taking *k) {
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
    return put_text(k, CARD_NAME, n, &ignored);
}

/* -- fields of one value ----------------------------------------------------------------------- */

static kith_status list_text(struct taking *k, kith_str value, kith_str *out) {
    kith_str each, text;
    *out = (kith_str){"", 0};
    while (vcard_split(&value, k->card->version == VCARD_21 ? ';' : ',', &each)) {
        TRY(text_of(k, each, &text));
        TRY(join(k, *out, ", ", text, out));
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

static kith_status take_single(struct taking *k, const struct vcard_prop *p, bool *taken) {
    const struct single *s = singles;
    while (strcmp(s->name, p->name) != 0)
        s++;
    kith_str text;
    TRY(text_of(k, p->value, &text));
    if (s->form)
        TRY(s->form(k, p, &text));
    if (!text.len || !is_best(k, p) || !would_pass(k, s->field, text))
        return KITH_OK;
    return put_text(k, s->field, text, taken);
}

static kith_status take_org(struct taking *k, const struct vcard_prop *p, bool *taken) {
    kith_str rest = p->value, part, text;
    if (!is_best(k, p) || !k->v->columns[CARD_ACCOUNT])
        return KITH_OK;
    while (vcard_split(&rest, ';', &part)) {
        TRY(text_of(k, part, &text));
        if (!text.len)
            continue;
        if (!k->org.len)
            k->org = text;
        else if (k->out->unit_count < CARD_UNITS)
            k->out->units[k->out->unit_count++] = text;
    }
    return put_text(k, CARD_ACCOUNT, k->org, taken);
}

/* All of them are one list; each is done with the first. */
static kith_status take_categories(struct taking *k, const struct vcard_prop *p, bool *taken) {
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
            TRY(text_of(k, each, &text));
            if (!(items = list_grow(k->a, items, n, &cap, sizeof *items)))
                return err_nomem(k->e);
            if (text.len)
                items[n++] = value_str(text);
        }
    }
    kith_value list = {.kind = KITH_LIST, .as.list = {.items = items, .count = n}};
    return n && *taken ? put_value(k->im, k->a, k->r, k->v->columns[CARD_TAGS], list, k->e)
                       : KITH_OK;
}

/* -- points ------------------------------------------------------------------------------------ */

static kith_str without_scheme(kith_str s, const char *scheme) {
    size_t n = strlen(scheme);
    bool has = s.len > n && str_ieqz((kith_str){s.ptr, n}, scheme);
    return has ? (kith_str){s.ptr + n, s.len - n} : s;
}

static kith_status take_email(struct taking *k, const struct vcard_prop *p, bool *taken) {
    kith_str text;
    TRY(text_of(k, p->value, &text));
    *taken = true;
    text = without_scheme(text, "mailto:");
    return add_point(k, p, "email", text, (kith_str){0});
}

/* tel:+1-418-656-9254;ext=102 -> +1-418-656-9254 ext. 102 */
static kith_status take_phone(struct taking *k, const struct vcard_prop *p, bool *taken) {
    kith_str text;
    TRY(text_of(k, p->value, &text));
    *taken = true;
    kith_str number = without_scheme(text, "tel:");
    const char *params = number.ptr != text.ptr ? memchr(number.ptr, ';', number.len) : NULL;
    if (params) {
        kith_str more = {params, number.len - (uint64_t)(params - number.ptr)};
        number.len -= more.len;
        if (str_starts(more, ";ext="))
            TRY(join(k, number, " ext. ", (kith_str){more.ptr + 5, more.len - 5}, &number));
    }
    return add_point(k, p, "phone", number, (kith_str){0});
}

static kith_status take_url(struct taking *k, const struct vcard_prop *p, bool *taken) {
    kith_str text;
    TRY(text_of(k, p->value, &text));
    *taken = true;
    return add_point(k, p, "other", text, (kith_str){0});
}

static kith_status take_handle(struct taking *k, const struct vcard_prop *p, bool *taken) {
    kith_str text;
    const char *service = vcard_service(p->name);
    TRY(text_of(k, p->value, &text));
    *taken = true;
    return add_point(k, p, "handle", text, str_of(service));
}

enum { A_BOX, A_MORE, A_STREET, A_CITY, A_REGION, A_CODE, A_COUNTRY, A_PARTS };

static kith_status address_of(struct taking *k, const struct vcard_prop *p,
                              kith_str part[A_PARTS]) {
    kith_str rest = p->value;
    for (int i = 0; i < A_PARTS; i++)
        TRY(component(k, &rest, ", ", &part[i]));
    TRY(join(k, part[A_MORE], "\n", part[A_STREET], &part[A_STREET]));
    return join(k, part[A_BOX], "\n", part[A_STREET], &part[A_STREET]);
}

static kith_status put_address(struct taking *k, const kith_str part[A_PARTS]) {
    static const enum card_field fields[] = {CARD_STREET, CARD_CITY, CARD_REGION, CARD_CODE,
                                             CARD_COUNTRY};
    bool ignored;
    for (int i = A_STREET; i < A_PARTS; i++)
        TRY(put_text(k, fields[i - A_STREET], part[i], &ignored));
    return KITH_OK;
}

/* The first one fills the contact's own fields, and is a point only for the sake of its label. */
static kith_status take_address(struct taking *k, const struct vcard_prop *p, bool *taken) {
    kith_str part[A_PARTS], all, label;
    TRY(address_of(k, p, part));
    bool first = is_best(k, p);
    *taken = true;
    if (first)
        TRY(put_address(k, part));
    TRY(vcard_address(k->a, part + A_STREET, &all, k->e));
    TRY(custom_label(k, p, &label));
    if (!label.len && !(label = vcard_label(k->a, p)).ptr)
        return err_nomem(k->e);
    if (!all.len || (first && !label.len))
        return KITH_OK;
    return add_point(k, p, "postal", all, label);
}

/* -- notes and files --------------------------------------------------------------------------- */

static kith_status take_note(struct taking *k, const struct vcard_prop *p, bool *taken) {
    struct card *c = k->out;
    kith_str text;
    TRY(text_of(k, p->value, &text));
    *taken = true;
    void *more = list_grow(k->a, c->notes, c->note_count, &c->note_cap, sizeof *c->notes);
    if (!more)
        return err_nomem(k->e);
    c->notes = more;
    c->notes[c->note_count++] = text;
    return KITH_OK;
}

static const struct {
    const char *property, *kind, *media;
} binaries[] = {
    {"PHOTO", "photo", "image"},
    {"LOGO", "logo", "image"},
    {"SOUND", "sound", "audio"},
    {"KEY", "key", "application"},
};

static const struct {
    const char *bytes, *media;
} signatures[] = {{"\xFF\xD8\xFF", "image/jpeg"}, {"\x89PNG", "image/png"}, {"GIF8", "image/gif"}};

static bool is_media(kith_str s) {
    for (uint64_t i = 0; i < s.len; i++)
        if (!isalnum((unsigned char)s.ptr[i]) && !strchr("+-./", s.ptr[i]))
            return false;
    return s.len > 0 && s.len < 80;
}

/* As the property says it, else by the first bytes. */
static kith_str media_of(struct taking *k, const struct vcard_prop *p, kith_str declared,
                         const char *group, kith_str bytes) {
    kith_str type = vcard_param(p, "TYPE");
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        if (str_starts(bytes, signatures[i].bytes))
            return str_of(signatures[i].media);
    if (!declared.len)
        declared = vcard_param(p, "MEDIATYPE");
    if (!declared.len && is_media(type) && memchr(type.ptr, '/', type.len))
        declared = type;
    if (is_media(declared) || !is_media(type))
        return is_media(declared) ? declared : (kith_str){"", 0};
    char *out = arena_printf(k->a, "%s/%.*s", group, (int)type.len, type.ptr);
    for (char *c = out; c && *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return str_of(out);
}

/* "photo.jpeg" */
static kith_str file_name(struct taking *k, const struct vcard_prop *p, const char *kind,
                          kith_str media) {
    const char *slash = media.len ? memchr(media.ptr, '/', media.len) : NULL;
    char *out =
        arena_printf(k->a, "%s%s%.*s", kind ? kind : p->name, slash ? "." : "",
                     slash ? (int)(media.ptr + media.len - slash - 1) : 0, slash ? slash + 1 : "");
    for (char *c = out; c && *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return str_of(out);
}

static kith_status bad_card(struct taking *k, const struct vcard_prop *p, const char *message) {
    if (k->r->bad)
        return KITH_OK;
    k->r->bad = true;
    k->r->field = "";
    k->r->reason =
        arena_printf(k->a, "line %llu, %s: %s", (unsigned long long)p->line, p->name, message);
    return k->r->reason ? KITH_OK : err_nomem(k->e);
}

/* *taken stays false when the base64 is damaged. */
static kith_status add_file(struct taking *k, const struct vcard_prop *p, kith_str media,
                            kith_str base64, bool *taken) {
    struct card *c = k->out;
    struct file f = {.kind = "other"};
    kith_error why = KITH_ERROR_INIT;
    size_t i = 0, count = sizeof binaries / sizeof *binaries;
    kith_status st = file_decode(k->a, base64, &f.bytes, &why);
    if (st == KITH_E_NOMEM)
        return err_nomem(k->e);
    *taken = st != KITH_E_INVAL;
    if (st != KITH_OK)
        return *taken ? bad_card(k, p, why.message) : KITH_OK;
    while (i < count && strcmp(binaries[i].property, p->name) != 0)
        i++;
    const char *group = i < count ? binaries[i].media : "application";
    f.kind = i < count ? binaries[i].kind : "other";
    f.media = media_of(k, p, media, group, f.bytes);
    f.name = file_name(k, p, i < count ? f.kind : NULL, f.media);
    void *more = list_grow(k->a, c->files, c->file_count, &c->file_cap, sizeof *c->files);
    if (!more)
        return err_nomem(k->e);
    c->files = more;
    c->files[c->file_count++] = f;
    return KITH_OK;
}

/* Base64, as an own value or as a data: address of 4.0 (RFC 2397). *taken: it was one. */
static kith_status take_binary(struct taking *k, const struct vcard_prop *p, bool *taken) {
    static const char mark[] = ";base64,";
    kith_str text = p->value, media = {"", 0};
    *taken = p->base64;
    if (!p->base64 && str_starts(text, "data:")) {
        TRY(text_of(k, text, &text));
        const char *comma = memchr(text.ptr, ',', text.len);
        uint64_t at = comma ? (uint64_t)(comma - text.ptr) + 1 : 0;
        uint64_t n = sizeof mark - 1;
        *taken = at >= n + 5 && memcmp(text.ptr + at - n, mark, n) == 0;
        if (!*taken)
            return KITH_OK;
        media = (kith_str){text.ptr + 5, at - n - 5};
        text = (kith_str){text.ptr + at, text.len - at};
    }
    return *taken && text.len ? add_file(k, p, media, text, taken) : KITH_OK;
}

/* -- the rest ---------------------------------------------------------------------------------- */

static kith_status take_kind(struct taking *k, const struct vcard_prop *p, bool *taken) {
    kith_str kind = str_trim(p->value);
    *taken = str_ieqz(kind, "individual");
    return str_ieqz(kind, "group")
               ? bad_card(k, p, "the card is a group of people; give its members a tag instead")
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
    taker take;
} takers[] = {
    {"FN", take_name},
    {"N", take_parts},
    {"NICKNAME", take_single},
    {"TITLE", take_single},
    {"BDAY", take_single},
    {"LANG", take_single},
    {"TZ", take_single},
    {"GEO", take_single},
    {"UID", take_single},
    {"ORG", take_org},
    {"EMAIL", take_email},
    {"TEL", take_phone},
    {"ADR", take_address},
    {"URL", take_url},
    {"IMPP", take_handle},
    {"X-SOCIALPROFILE", take_handle},
    {"X-KITH-POINT", take_url},
    {"NOTE", take_note},
    {"CATEGORIES", take_categories},
    {"KIND", take_kind},
    {"X-ADDRESSBOOKSERVER-KIND", take_kind},
    {"PRODID", take_nothing},
    {"REV", take_nothing},
    {"PROFILE", take_nothing},
    {"X-KITH-REASON", take_nothing},
};

static taker taker_of(const char *name) {
    for (size_t i = 0; i < sizeof takers / sizeof *takers; i++)
        if (strcmp(takers[i].name, name) == 0)
            return takers[i].take;
    return vcard_service(name) ? take_handle : NULL;
}

/* A property that the map names goes where it says. */
static kith_status take_asked(struct taking *k, const struct column *c, const struct vcard_prop *p,
                              bool *taken) {
    kith_str text;
    *taken = !c->shown.field || is_best(k, p);
    if (!*taken || !c->shown.field)
        return KITH_OK;
    TRY(text_of(k, p->value, &text));
    return text.len ? put_value(k->im, k->a, k->r, c, value_str(text), k->e) : KITH_OK;
}

static kith_status take_prop(struct taking *k, const struct vcard_prop *p, bool *taken) {
    const struct column *asked = k->im->ask_count ? map_get(&k->v->asked, str_of(p->name)) : NULL;
    taker take = taker_of(p->name);
    if (asked)
        return take_asked(k, asked, p, taken);
    *taken = !str_trim(p->value).len;
    if (*taken)
        return KITH_OK;
    TRY(take_binary(k, p, taken));
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
        TRY(text_of(k, part, &text));
        vcard_escape(b, VCARD_30, text);
    }
    buf_putc(b, '\n');
    return KITH_OK;
}

static void report_kept(struct import *im, const char *name) {
    struct import_report *r = &im->report;
    size_t n = strlen(r->kept_names), len = strlen(name);
    if (strcmp(name, "X-ABLABEL") == 0)
        return;
    r->kept++;
    const char *at = strstr(r->kept_names, name);
    if (at && (at[len] == '\0' || at[len] == ','))
        return;
    if (n + len + 6 < sizeof r->kept_names)
        snprintf(r->kept_names + n, sizeof r->kept_names - n, "%s%s", n ? ", " : "", name);
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
    if (!taken)
        return err_nomem(k->e);
    for (size_t i = 0; i < k->card->count; i++)
        TRY(take_prop(k, &k->card->props[i], &taken[i]));
    for (size_t i = 0; i < k->card->count; i++) {
        const struct vcard_prop *p = &k->card->props[i];
        if (taken[i] || names_taken(k, p, taken))
            continue;
        TRY(keep(k, p));
        report_kept(k->im, p->name);
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
        if (field == CARD_FIELDS || would_pass(k, field, p->value))
            best = p;
    }
    if (!best)
        return KITH_OK;
    best->primary = true;
    return field == CARD_FIELDS ? KITH_OK : put_text(k, field, best->value, &ignored);
}

static kith_status finish_card(struct taking *k) {
    TRY(finish_name(k));
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
