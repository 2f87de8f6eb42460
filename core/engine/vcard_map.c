/* SPDX-License-Identifier: Apache-2.0 */
/* Labels and services of vCards, as tables. */
#include "engine/vcard_map.h"

#include "base/err.h"

#include <string.h>

static const struct word {
    const char *label, *type;
} words[] = {
    {"home", "HOME"},   {"work", "WORK"},   {"mobile", "CELL"}, {"fax", "FAX"},
    {"pager", "PAGER"}, {"main", "MAIN"},   {"car", "CAR"},     {"isdn", "ISDN"},
    {"bbs", "BBS"},     {"modem", "MODEM"}, {"other", "OTHER"},
};
#define WORDS (sizeof words / sizeof *words)

/* Types that say what is plain, or nothing to a person. */
static const char *const silent[] = {"PREF",   "INTERNET", "VOICE",    "X400", "MSG",
                                     "TEXT",   "VIDEO",    "DOM",      "INTL", "PARCEL",
                                     "POSTAL", "IPHONE",   "TEXTPHONE"};

static bool is_silent(kith_str type) {
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
        if (str_ieqz(type, silent[i]))
            return true;
    return false;
}

static kith_str unknown_type(struct arena *a, const struct vcard_prop *p) {
    for (size_t i = 0; i < p->param_count; i++)
        if (strcmp(p->params[i].name, "TYPE") == 0 && !is_silent(p->params[i].value))
            return arena_str(a, p->params[i].value);
    return (kith_str){"", 0};
}

kith_str vcard_label(struct arena *a, const struct vcard_prop *p) {
    char out[128];
    size_t n = 0;
    for (size_t i = 0; i < WORDS; i++) {
        if (!vcard_is(p, words[i].type))
            continue;
        if (n)
            out[n++] = ' ';
        memcpy(out + n, words[i].label, strlen(words[i].label));
        n += strlen(words[i].label);
    }
    return n ? arena_str(a, (kith_str){out, n}) : unknown_type(a, p);
}

bool vcard_types(struct buf *types, kith_str label) {
    size_t begin = types->len, next = 0;
    while (label.len) {
        const char *blank = memchr(label.ptr, ' ', label.len);
        kith_str word = {label.ptr, blank ? (uint64_t)(blank - label.ptr) : label.len};
        while (next < WORDS && !str_eqz(word, words[next].label))
            next++;
        if (next == WORDS || (blank && word.len + 1 == label.len)) {
            if (types->ptr)
                types->ptr[types->len = begin] = '\0';
            return false;
        }
        buf_printf(types, "%s%s", types->len ? "," : "", words[next++].type);
        label = blank ? (kith_str){blank + 1, label.len - word.len - 1} : (kith_str){0};
    }
    return true;
}

static const struct service {
    const char *label, *property;
} services[] = {
    {"aim", "X-AIM"},           {"icq", "X-ICQ"},         {"msn", "X-MSN"}, {"yahoo", "X-YAHOO"},
    {"skype", "X-SKYPE"},       {"jabber", "X-JABBER"},   {"qq", "X-QQ"},   {"gtalk", "X-GTALK"},
    {"gtalk", "X-GOOGLE-TALK"}, {"im", "X-MS-IMADDRESS"},
};
#define SERVICES (sizeof services / sizeof *services)

const char *vcard_service(const char *property) {
    for (size_t i = 0; i < SERVICES; i++)
        if (strcmp(services[i].property, property) == 0)
            return services[i].label;
    return NULL;
}

const char *vcard_service_property(kith_str label) {
    for (size_t i = 0; i < SERVICES; i++)
        if (str_eqz(label, services[i].label))
            return services[i].property;
    return NULL;
}

kith_status vcard_address(struct arena *a, const kith_str part[5], kith_str *out, kith_error *e) {
    static const char *const before[5] = {"", "\n", ", ", " ", "\n"};
    struct buf all = {0};
    for (int i = 0; i < 5; i++) {
        if (!part[i].len)
            continue;
        bool begins_line = (i == 2 || i == 3) && !part[1].len && (i == 2 || !part[2].len);
        buf_puts(&all, !all.len ? "" : begins_line ? "\n" : before[i]);
        buf_str(&all, part[i]);
    }
    *out = arena_str(a, buf_view(&all));
    buf_free(&all);
    return out->ptr ? KITH_OK : err_nomem(e);
}

static const char *const contact_fields[CARD_FIELDS] = {
    [CARD_NAME] = "name",         [CARD_FIRST] = "first_name",
    [CARD_LAST] = "last_name",    [CARD_SALUTATION] = "salutation",
    [CARD_NICKNAME] = "nickname", [CARD_TITLE] = "title",
    [CARD_ACCOUNT] = "account",   [CARD_BIRTHDAY] = "birthday",
    [CARD_LANGUAGE] = "language", [CARD_ZONE] = "time_zone",
    [CARD_EMAIL] = "email",       [CARD_PHONE] = "phone",
    [CARD_STREET] = "street",     [CARD_CITY] = "city",
    [CARD_REGION] = "region",     [CARD_CODE] = "postal_code",
    [CARD_COUNTRY] = "country",   [CARD_PLACE] = "place",
    [CARD_TAGS] = "tags",         [CARD_EXTERNAL] = "external_id",
};

kith_status card_types_find(const struct schema *s, struct card_types *out, kith_error *e) {
    const struct {
        const char *type;
        const struct rtype **t;
        const char *name;
        const struct rfield **f;
    } wanted[] = {
        {"account", &out->account, "name", &out->account_name},
        {"account", &out->account, "parent", &out->account_parent},
        {"account", &out->account, "kind", &out->account_kind},
        {"contact_point", &out->point, "contact", &out->point_contact},
        {"contact_point", &out->point, "kind", &out->point_kind},
        {"contact_point", &out->point, "value", &out->point_value},
        {"contact_point", &out->point, "label", &out->point_label},
        {"contact_point", &out->point, "primary", &out->point_primary},
        {"note", &out->note, "about", &out->note_about},
        {"note", &out->note, "title", &out->note_title},
        {"note", &out->note, "body", &out->note_body},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        TRY(schema_find_type(s, str_of(wanted[i].type), wanted[i].t, e));
        TRY(schema_find_field(s, *wanted[i].t, str_of(wanted[i].name), wanted[i].f, e));
    }
    TRY(schema_find_type(s, STR("contact"), &out->contact, e));
    for (size_t i = 0; i < CARD_FIELDS; i++)
        TRY(schema_find_field(s, out->contact, str_of(contact_fields[i]), &out->f[i], e));
    return KITH_OK;
}
