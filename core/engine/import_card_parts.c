/* SPDX-License-Identifier: Apache-2.0 */
/* Import of vCards: the properties that belong to the contact: points, addresses, notes, files. */
#include "engine/engine_internal.h"
#include "engine/import_card.h"

#include <ctype.h>
#include <string.h>

/* -- points ------------------------------------------------------------------------------------ */

/* "_$!<HomePage>!$_" as Apple writes it -> "homepage" */
static kith_status custom_label(struct taking *k, const struct vcard_prop *p, kith_str *out) {
    *out = (kith_str){"", 0};
    for (size_t i = 0; p->group.len && i < k->card->count; i++) {
        const struct vcard_prop *q = &k->card->props[i];
        if (strcmp(q->name, "X-ABLABEL") != 0 || !str_eq(q->group, p->group))
            continue;
        TRY(card_text(k, q->value, out));
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
    void *more = arena_grow(k->a, c->points, c->point_count, &c->point_cap, sizeof *c->points);
    if (!more)
        return err_nomem(k->e);
    c->points = more;
    c->points[c->point_count++] =
        (struct card_point){.kind = kind, .value = value, .label = label, .pref = card_pref(p)};
    return KITH_OK;
}

static kith_str without_scheme(kith_str s, const char *scheme) {
    size_t n = strlen(scheme);
    bool has = s.len > n && str_ieqz((kith_str){s.ptr, n}, scheme);
    return has ? (kith_str){s.ptr + n, s.len - n} : s;
}

kith_status card_take_email(struct taking *k, const struct vcard_prop *p, bool *taken) {
    kith_str text;
    TRY(card_text(k, p->value, &text));
    *taken = true;
    text = without_scheme(text, "mailto:");
    return add_point(k, p, "email", text, (kith_str){0});
}

/* tel:+1-418-656-9254;ext=102 -> +1-418-656-9254 ext. 102 */
kith_status card_take_phone(struct taking *k, const struct vcard_prop *p, bool *taken) {
    kith_str text;
    TRY(card_text(k, p->value, &text));
    *taken = true;
    kith_str number = without_scheme(text, "tel:");
    const char *params = number.ptr != text.ptr ? memchr(number.ptr, ';', number.len) : NULL;
    if (params) {
        kith_str more = {params, number.len - (uint64_t)(params - number.ptr)};
        number.len -= more.len;
        if (str_starts(more, ";ext="))
            TRY(card_join(k, number, " ext. ", (kith_str){more.ptr + 5, more.len - 5}, &number));
    }
    return add_point(k, p, "phone", number, (kith_str){0});
}

kith_status card_take_url(struct taking *k, const struct vcard_prop *p, bool *taken) {
    kith_str text;
    TRY(card_text(k, p->value, &text));
    *taken = true;
    return add_point(k, p, "other", text, (kith_str){0});
}

kith_status card_take_handle(struct taking *k, const struct vcard_prop *p, bool *taken) {
    kith_str text;
    const char *service = vcard_service(p->name);
    TRY(card_text(k, p->value, &text));
    *taken = true;
    return add_point(k, p, "handle", text,
                     service ? str_of(service) : vcard_param(p, "X-SERVICE-TYPE"));
}

enum { A_BOX, A_MORE, A_STREET, A_CITY, A_REGION, A_CODE, A_COUNTRY, A_PARTS };

static kith_status address_of(struct taking *k, const struct vcard_prop *p,
                              kith_str part[A_PARTS]) {
    kith_str rest = p->value;
    for (int i = 0; i < A_PARTS; i++)
        TRY(card_component(k, &rest, ", ", &part[i]));
    TRY(card_join(k, part[A_MORE], "\n", part[A_STREET], &part[A_STREET]));
    return card_join(k, part[A_BOX], "\n", part[A_STREET], &part[A_STREET]);
}

/* *whole: every part of it has a field. */
static kith_status put_address(struct taking *k, const kith_str part[A_PARTS], bool *whole) {
    static const enum card_field fields[] = {CARD_STREET, CARD_CITY, CARD_REGION, CARD_CODE,
                                             CARD_COUNTRY};
    *whole = true;
    for (int i = A_STREET; i < A_PARTS; i++) {
        bool put;
        TRY(card_put(k, fields[i - A_STREET], part[i], &put));
        *whole &= put || !part[i].len;
    }
    return KITH_OK;
}

/* The first one fills the contact's own fields, and is a point only for the sake of its label, or
 * of a part that has no field here. */
kith_status card_take_address(struct taking *k, const struct vcard_prop *p, bool *taken) {
    kith_str part[A_PARTS], all, label;
    TRY(address_of(k, p, part));
    bool whole = false, first = card_is_best(k, p);
    *taken = true;
    if (first)
        TRY(put_address(k, part, &whole));
    TRY(vcard_address(k->a, part + A_STREET, &all, k->e));
    TRY(custom_label(k, p, &label));
    if (!label.len && !(label = vcard_label(k->a, p)).ptr)
        return err_nomem(k->e);
    if (!all.len || (first && whole && !label.len))
        return KITH_OK;
    return add_point(k, p, "postal", all, label);
}

/* -- notes and files --------------------------------------------------------------------------- */

kith_status card_take_note(struct taking *k, const struct vcard_prop *p, bool *taken) {
    struct card *c = k->out;
    kith_str text;
    TRY(card_text(k, p->value, &text));
    *taken = true;
    void *more = arena_grow(k->a, c->notes, c->note_count, &c->note_cap, sizeof *c->notes);
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
        return *taken ? card_bad(k, p, why.message) : KITH_OK;
    while (i < count && strcmp(binaries[i].property, p->name) != 0)
        i++;
    const char *group = i < count ? binaries[i].media : "application";
    f.kind = i < count ? binaries[i].kind : "other";
    f.media = media_of(k, p, media, group, f.bytes);
    f.name = file_name(k, p, i < count ? f.kind : NULL, f.media);
    void *more = arena_grow(k->a, c->files, c->file_count, &c->file_cap, sizeof *c->files);
    if (!more)
        return err_nomem(k->e);
    c->files = more;
    c->files[c->file_count++] = f;
    return KITH_OK;
}

/* Base64, as an own value or as a data: address of 4.0 (RFC 2397). *taken: it was one. */
kith_status card_take_binary(struct taking *k, const struct vcard_prop *p, bool *taken) {
    static const char mark[] = ";base64,";
    kith_str text = p->value, media = {"", 0};
    *taken = p->base64;
    if (!p->base64 && str_starts(text, "data:")) {
        TRY(card_text(k, text, &text));
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
