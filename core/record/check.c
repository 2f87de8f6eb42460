/* SPDX-License-Identifier: Apache-2.0 */
/* Checks: a value against its field, brought to the form in which it is stored; a whole record; a
 * state's move. Text is parsed when the field is of another kind. */
#include "base/csv.h"
#include "base/id.h"
#include "base/json.h"
#include "base/number.h"
#include "base/text.h"
#include "base/zone.h"
#include "record/record.h"
#include "record/rollup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MOST     10000u /* bytes: of records, which are read and sent as a whole */
#define INT_MAX_EXACT ((INT64_C(1) << 53) - 1)

struct check { /* what every checker needs */
    const struct schema *schema;
    const struct rfield *field;
    bool day_first;
    struct arena *arena;
    kith_value *value;
    kith_error *e;
};

/* "'abc' is no date; write it as 2024-02-29" */
static kith_status no(struct check *c, const char *what, const char *remedy) {
    kith_str t = value_text(c->schema, c->value, c->arena);
    bool long_ = t.len > 60;
    return err_set(c->e, KITH_E_INVAL, c->field->name, "%s: '%.*s%s' is no %s%s%s", c->field->name,
                   (int)(long_ ? 57 : t.len), t.ptr, long_ ? "..." : "", what, remedy ? "; " : "",
                   remedy ? remedy : "");
}

static kith_status set_int(struct check *c, uint32_t kind, int64_t i) {
    *c->value = (kith_value){.kind = kind, .as.i = i};
    return KITH_OK;
}

static kith_status check_text(struct check *c) {
    if (c->value->kind != KITH_TEXT) {
        if (c->value->kind == KITH_LIST || c->value->kind == KITH_LINK)
            return no(c, "text", NULL);
        *c->value = value_str(value_text(c->schema, c->value, c->arena));
        if (!c->value->as.s.ptr)
            return err_nomem(c->e);
    }
    kith_str s = c->value->as.s;
    int64_t bad = text_invalid_at(s);
    if (bad >= 0)
        return err_set(c->e, KITH_E_INVAL, c->field->name, "%s: byte %lld is not valid UTF-8",
                       c->field->name, (long long)bad + 1);
    if (s.len && memchr(s.ptr, '\0', s.len))
        return err_set(c->e, KITH_E_INVAL, c->field->name,
                       "%s: a NUL stands in it, which is no part of a text; leave it out",
                       c->field->name);
    if (s.len > LINE_MOST && c->field->type && c->field->kind != KITH_F_LONGTEXT)
        return err_set(c->e, KITH_E_INVAL, c->field->name,
                       "%s: it has %llu bytes, and a line of text has at most %u; a longtext takes "
                       "more",
                       c->field->name, (unsigned long long)s.len, LINE_MOST);
    s = text_nfc(c->arena, s);
    if (!s.ptr)
        return err_nomem(c->e);
    *c->value = s.len ? value_str(s) : value_null();
    return KITH_OK;
}

static kith_status check_series(struct check *c) {
    TRY(check_text(c));
    kith_str s = c->value->kind == KITH_TEXT ? str_trim(c->value->as.s) : (kith_str){0};
    *c->value = s.len ? value_str(s) : value_null();
    return KITH_OK;
}

static kith_status check_email(struct check *c) {
    TRY(check_text(c));
    if (c->value->kind == KITH_NULL)
        return KITH_OK;
    kith_str s = str_trim(c->value->as.s);
    const char *at = s.len ? memchr(s.ptr, '@', s.len) : NULL;
    bool ok = at && at > s.ptr && at + 1 < s.ptr + s.len && s.len <= 320;
    for (uint64_t i = 0; ok && i < s.len; i++)
        ok = (unsigned char)s.ptr[i] > ' ' && s.ptr[i] != ',' && s.ptr[i] != ';' &&
             (s.ptr[i] != '@' || s.ptr + i == at);
    if (!ok)
        return no(c, "e-mail address", "it has one @ and no blanks");
    c->value->as.s = s;
    return KITH_OK;
}

static kith_status check_phone(struct check *c) {
    TRY(check_text(c));
    if (c->value->kind == KITH_NULL)
        return KITH_OK;
    kith_str s = str_trim(c->value->as.s);
    int digits = 0;
    for (uint64_t i = 0; i < s.len; i++)
        digits += s.ptr[i] >= '0' && s.ptr[i] <= '9';
    if (digits < 3 || s.len > 60)
        return no(c, "phone number", "it has at least 3 digits");
    c->value->as.s = s;
    return KITH_OK;
}

static kith_status check_url(struct check *c) {
    TRY(check_text(c));
    if (c->value->kind == KITH_NULL)
        return KITH_OK;
    kith_str s = str_trim(c->value->as.s);
    for (uint64_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] <= ' ')
            return no(c, "web address", "it has no blanks");
    *c->value = s.len ? value_str(s) : value_null();
    return KITH_OK;
}

static kith_status check_json(struct check *c) {
    TRY(check_text(c));
    kith_error why = KITH_ERROR_INIT;
    json_t *parsed;
    if (c->value->kind == KITH_NULL)
        return KITH_OK;
    kith_status st = json_read(c->value->as.s, &parsed, &why);
    if (st != KITH_OK)
        return err_set(c->e, st, c->field->name, "%s: %s", c->field->name, why.message);
    json_decref(parsed);
    return KITH_OK;
}

static kith_status check_integer(struct check *c) {
    const kith_value *v = c->value;
    int64_t i;
    if (v->kind == KITH_INT)
        i = v->as.i;
    else if (v->kind == KITH_TEXT && int_parse(str_trim(v->as.s), &i))
        ;
    else if (v->kind == KITH_REAL && fabs(v->as.r) <= (double)INT_MAX_EXACT &&
             v->as.r == trunc(v->as.r))
        i = (int64_t)v->as.r;
    else
        return no(c, "whole number", NULL);
    if (i > INT_MAX_EXACT || i < -INT_MAX_EXACT)
        return no(c, "whole number within 2^53-1", NULL);
    return set_int(c, KITH_INT, i);
}

static kith_status check_decimal(struct check *c) {
    const kith_value *v = c->value;
    int32_t scale = c->field->scale;
    char text[DECIMAL_TEXT];
    kith_str s;
    if (v->kind == KITH_TEXT) {
        s = str_trim(v->as.s);
    } else if (v->kind == KITH_INT) {
        decimal_format(v->as.i, 0, text);
        s = str_of(text);
    } else if (v->kind == KITH_DECIMAL && v->as.decimal.scale >= 0 && v->as.decimal.scale <= 9) {
        decimal_format(v->as.decimal.units, v->as.decimal.scale, text);
        s = str_of(text);
    } else {
        return no(c, "decimal number", NULL);
    }
    int64_t units;
    if (!decimal_parse(s, scale, &units))
        return err_set(c->e, KITH_E_INVAL, c->field->name,
                       "%s: '%.*s' is no number with at most %d digits after the point",
                       c->field->name, (int)(s.len < 60 ? s.len : 60), s.ptr, (int)scale);
    *c->value = (kith_value){.kind = KITH_DECIMAL, .as.decimal = {.units = units, .scale = scale}};
    return KITH_OK;
}

static kith_status check_money(struct check *c) {
    kith_value out = {.kind = KITH_MONEY};
    const struct rfield *f = c->field;
    const char *fallback = f->option_count == 1 ? f->options[0] : c->schema->base_currency;
    if (c->value->kind == KITH_MONEY)
        out.as.money = c->value->as.money;
    else if (c->value->kind != KITH_TEXT ||
             !money_parse(str_trim(c->value->as.s), fallback[0] ? fallback : NULL,
                          &out.as.money.minor, out.as.money.currency))
        return no(c, "amount of money", "write it as 12.50 EUR");
    out.as.money.currency[3] = '\0';
    out.as.money.reserved = 0;
    if (currency_digits(out.as.money.currency) < 0)
        return err_set(c->e, KITH_E_INVAL, f->name, "%s: '%s' is no ISO 4217 currency", f->name,
                       out.as.money.currency);
    if (f->option_count && field_option(f, str_of(out.as.money.currency)) < 0)
        return err_set(c->e, KITH_E_INVAL, f->name, "%s: the currency %s is not allowed here",
                       f->name, out.as.money.currency);
    *c->value = out;
    return KITH_OK;
}

static kith_status check_boolean(struct check *c) {
    static const char *const yes[] = {"true", "yes", "y", "1", "on"}, *const nay[] = {"false", "no",
                                                                                      "n", "0",
                                                                                      "off"};
    if (c->value->kind == KITH_BOOL ||
        (c->value->kind == KITH_INT && (uint64_t)c->value->as.i <= 1))
        return set_int(c, KITH_BOOL, c->value->as.i != 0);
    if (c->value->kind == KITH_TEXT)
        for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
            kith_str s = str_trim(c->value->as.s);
            if (str_ieqz(s, yes[i]) || str_ieqz(s, nay[i]))
                return set_int(c, KITH_BOOL, str_ieqz(s, yes[i]));
        }
    return no(c, "truth value", "write true or false");
}

/* Days from 1970-01-01 to 0001-01-01 and to 9999-12-31: what can be written as a date. */
#define DAY_FIRST INT64_C(-719162)
#define DAY_LAST  INT64_C(2932896)

static kith_status set_day(struct check *c, int64_t days) {
    if (days < DAY_FIRST || days > DAY_LAST)
        return no(c, "date", "it lies within the years 1 to 9999");
    return set_int(c, KITH_DATE, days);
}

static kith_status set_instant(struct check *c, int64_t ms) {
    if (ms < DAY_FIRST * DAY_MS || ms >= (DAY_LAST + 1) * DAY_MS)
        return no(c, "time", "it lies within the years 1 to 9999");
    return set_int(c, KITH_TIME, ms);
}

/* Days and instants turn into each other in the company's zone. */
static kith_status check_date(struct check *c) {
    int64_t days = c->value->as.i;
    if (c->value->kind == KITH_DATE)
        return set_day(c, days);
    if (c->value->kind == KITH_TIME) {
        TRY(set_instant(c, c->value->as.i));
        struct civil local = zone_local(c->schema->zone, c->value->as.i);
        return set_day(c, date_days(local.year, local.month, local.day));
    }
    if (c->value->kind == KITH_TEXT && date_parse(str_trim(c->value->as.s), c->day_first, &days))
        return set_day(c, days);
    return no(c, "date", "write it as 2024-02-29");
}

static kith_status check_time(struct check *c) {
    int64_t ms = c->value->as.i;
    if (c->value->kind == KITH_TIME)
        return set_instant(c, ms);
    if (c->value->kind == KITH_DATE) {
        TRY(set_day(c, ms));
        return set_instant(c, zone_day(c->schema->zone, c->value->as.i));
    }
    if (c->value->kind == KITH_TEXT &&
        time_parse(str_trim(c->value->as.s), c->day_first, c->schema->zone, &ms))
        return set_instant(c, ms);
    return no(c, "time", "write it as 2024-02-29T12:00:00Z");
}

static kith_status check_duration(struct check *c) {
    int64_t ms;
    if (c->value->kind == KITH_DURATION && c->value->as.i == INT64_MIN) /* it has no opposite */
        return no(c, "duration", "it is too long");
    if (c->value->kind == KITH_DURATION)
        return KITH_OK;
    if (c->value->kind == KITH_TEXT && duration_parse(str_trim(c->value->as.s), &ms))
        return set_int(c, KITH_DURATION, ms);
    return no(c, "duration", "write it as 90s, 15m, 2h or 3d");
}

static const char *option_at(const void *arg, size_t i) {
    return ((const struct rfield *)arg)->options[i];
}

static kith_status check_option(struct check *c) {
    const struct rfield *f = c->field;
    if (c->value->kind != KITH_TEXT)
        return no(c, field_kind_name(f->kind), NULL);
    kith_str s = str_trim(c->value->as.s);
    for (uint32_t i = 0; i < f->option_count; i++)
        if (str_ieqz(s, f->options[i])) {
            *c->value = value_str(str_of(f->options[i]));
            return KITH_OK;
        }
    const char *near = str_nearest(s, option_at, f, f->option_count);
    struct buf all = {0};
    for (uint32_t i = 0; i < f->option_count; i++)
        buf_printf(&all, "%s%s", i ? ", " : "", f->options[i]);
    kith_status st =
        err_set(c->e, KITH_E_INVAL, f->name, "%s: '%.*s' is none of %s%s%s%s", f->name,
                (int)(s.len < 60 ? s.len : 60), s.ptr, all.ptr ? all.ptr : "", STR_MEANT(near));
    buf_free(&all);
    return st;
}

/* "0ABC..." or, to any record, "type/0ABC...", also of a type that is absent: records had such
 * links before it was, and keep them. A new one is refused where it is written, by link_exists. */
static kith_status check_link(struct check *c) {
    const struct rfield *f = c->field;
    kith_value out = {.kind = KITH_LINK};
    uint32_t number = f->target ? f->target->id : 0;
    if (c->value->kind == KITH_LINK) {
        out.as.link.id = c->value->as.link.id;
        if (c->value->as.link.type)
            number = c->value->as.link.type;
    } else if (c->value->kind == KITH_TEXT) {
        kith_str rest = str_trim(c->value->as.s), type;
        if (rest.len && memchr(rest.ptr, '/', rest.len)) {
            str_split(&rest, '/', &type);
            number = schema_type_number(c->schema, type);
        }
        if (!id_parse(rest, &out.as.link.id))
            return no(c, "id",
                      f->any_target ? "write it as type/0123456789ABC" : "an id has 13 characters");
    } else {
        return no(c, "link", NULL);
    }
    const char *type_name = schema_type_name(c->schema, number);
    if (!type_name)
        return no(c, "record", "write it as type/0123456789ABC");
    if (f->target && number != f->target->id)
        return err_set(c->e, KITH_E_INVAL, f->name, "%s: links to a record of type %s, not %s",
                       f->name, f->target->name, type_name);
    out.as.link.type = number;
    out.flags = f->any_target ? VALUE_TYPED : 0;
    *c->value = out;
    return KITH_OK;
}

static int by_link(const void *a, const void *b) {
    kith_id x = ((const kith_value *)a)->as.link.id, y = ((const kith_value *)b)->as.link.id;
    return x < y ? -1 : x > y;
}

static int by_text(const void *a, const void *b) {
    return str_cmp(((const kith_value *)a)->as.s, ((const kith_value *)b)->as.s);
}

/* Tags and links: a list, or text with commas, with quotes around what has one; stored sorted and
 * without repeats. */
static kith_status check_list(struct check *c) {
    struct arena *a = c->arena;
    kith_value *items = NULL;
    uint64_t n = 0;
    if (c->value->kind == KITH_LIST) {
        items = ARENA_ARRAY(a, kith_value, c->value->as.list.count + 1);
        for (; items && n < c->value->as.list.count; n++)
            items[n] = c->value->as.list.items[n];
    } else if (c->value->kind == KITH_TEXT) {
        kith_str rest = c->value->as.s, part;
        items = ARENA_ARRAY(a, kith_value, rest.len / 2 + 2);
        while (items && csv_item(a, &rest, ',', &part)) {
            if (!part.ptr)
                return err_nomem(c->e);
            if (part.len)
                items[n++] = value_str(part);
        }
    } else {
        return no(c, "list", NULL);
    }
    if (!items)
        return err_nomem(c->e);
    bool links = c->field->kind == KITH_F_LINKS;
    for (uint64_t i = 0; i < n; i++) {
        struct check one = *c;
        one.value = &items[i];
        TRY(links ? check_link(&one) : check_text(&one));
        if (items[i].kind == KITH_NULL)
            items[i--] = items[--n];
    }
    qsort(items, n, sizeof *items, links ? by_link : by_text);
    uint64_t kept = 0;
    for (uint64_t i = 0; i < n; i++)
        if (i == 0 || !value_eq(&items[i], &items[kept - 1]))
            items[kept++] = items[i];
    *c->value = kept ? (kith_value){.kind = KITH_LIST, .as.list = {.items = items, .count = kept}}
                     : value_null();
    return KITH_OK;
}

static kith_status check_place(struct check *c) {
    double lat, lon;
    if (c->value->kind == KITH_PLACE) {
        lat = c->value->as.place.lat;
        lon = c->value->as.place.lon;
    } else if (c->value->kind == KITH_TEXT) {
        kith_str s = str_trim(c->value->as.s);
        char *text = arena_strndup(c->arena, s.ptr, s.len), *end, *end2;
        if (!text)
            return err_nomem(c->e);
        lat = strtod(text, &end);
        if (end == text || *end != ',')
            return no(c, "place", "write it as 48.2082,16.3738");
        lon = strtod(end + 1, &end2);
        if (end2 == end + 1 || end2 != text + s.len)
            return no(c, "place", "write it as 48.2082,16.3738");
    } else {
        return no(c, "place", NULL);
    }
    if (!(lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180))
        return no(c, "place", "latitude is -90 to 90, longitude -180 to 180");
    *c->value = (kith_value){.kind = KITH_PLACE, .as.place = {.lat = lat + 0.0, .lon = lon + 0.0}};
    return KITH_OK;
}

typedef kith_status (*checker)(struct check *);
static const checker checkers[] = {
    [KITH_F_TEXT] = check_text,         [KITH_F_LONGTEXT] = check_text,
    [KITH_F_INTEGER] = check_integer,   [KITH_F_DECIMAL] = check_decimal,
    [KITH_F_MONEY] = check_money,       [KITH_F_BOOLEAN] = check_boolean,
    [KITH_F_DATE] = check_date,         [KITH_F_TIME] = check_time,
    [KITH_F_DURATION] = check_duration, [KITH_F_CHOICE] = check_option,
    [KITH_F_STATE] = check_option,      [KITH_F_LINK] = check_link,
    [KITH_F_LINKS] = check_list,        [KITH_F_EMAIL] = check_email,
    [KITH_F_PHONE] = check_phone,       [KITH_F_URL] = check_url,
    [KITH_F_PLACE] = check_place,       [KITH_F_JSON] = check_json,
    [KITH_F_TAGS] = check_list,         [KITH_F_SERIES] = check_series,
};

kith_status value_check(const struct schema *s, const struct rfield *f, bool day_first,
                        struct arena *a, kith_value *value, kith_error *e) {
    if (value->kind == KITH_NULL || (value->kind == KITH_TEXT && value->as.s.len == 0)) {
        *value = value_null();
        return KITH_OK;
    }
    if (value->kind > KITH_LIST)
        return err_set(e, KITH_E_UNSUPPORTED, f->name, "%s: values of kind %u are not known",
                       f->name, value->kind);
    struct check c = {s, f, day_first, a, value, e};
    return checkers[f->kind](&c);
}

kith_status field_kept(const struct rfield *f, kith_error *e) {
    if (f->rollup)
        return err_set(e, KITH_E_DENIED, f->name,
                       "%s.%s is kept by Kith, from %s, and cannot be set", f->type->name, f->name,
                       f->formula);
    if (!(f->flags & (KITH_FF_DERIVED | KITH_FF_READONLY)))
        return KITH_OK;
    return err_set(e, KITH_E_DENIED, f->name, "%s.%s is kept by %s and cannot be set",
                   f->type->name, f->name, strcmp(f->module, "core") == 0 ? "Kith" : f->module);
}

/* A name of blanks alone names nothing. */
static bool is_blank(const kith_value *v) {
    return v->kind == KITH_NULL || (v->kind == KITH_TEXT && str_trim(v->as.s).len == 0);
}

kith_status record_check(const struct rtype *t, const kith_value *values,
                         const struct fieldset *changed, kith_error *e) {
    for (uint32_t i = FIELD_FIRST; i < t->field_count; i++)
        if ((t->fields[i]->flags & KITH_FF_REQUIRED) && is_blank(&values[i]) &&
            (!changed || fieldset_has(changed, i)))
            return err_set(e, KITH_E_INVAL, t->fields[i]->name, "%s needs a%s %s", t->name,
                           strchr("aeio", t->fields[i]->name[0]) ? "n" : "", t->fields[i]->name);
    return KITH_OK;
}

kith_status state_check(const struct rfield *f, const kith_value *from, const kith_value *to,
                        kith_error *e) {
    if (to->kind == KITH_NULL)
        return err_set(e, KITH_E_INVAL, f->name, "%s: a state cannot be emptied", f->name);
    int j = field_option(f, to->as.s);
    if (!from || from->kind == KITH_NULL)
        return j == 0
                   ? KITH_OK
                   : err_set(e, KITH_E_INVAL, f->name,
                             "%s: a new %s begins as '%s', not '%.*s', which an update can make it"
                             " afterwards, and an import at once",
                             f->name, f->type->name, f->options[0], (int)to->as.s.len,
                             to->as.s.ptr);
    int i = field_option(f, from->as.s);
    if (i == j || (i >= 0 && j >= 0 && ((f->arrows[i] >> j) & 1u)))
        return KITH_OK;
    struct buf ways = {0};
    for (uint32_t k = 0; i >= 0 && k < f->option_count; k++)
        if ((f->arrows[i] >> k) & 1u)
            buf_printf(&ways, "%s%s", ways.len ? ", " : "", f->options[k]);
    kith_status st =
        err_set(e, KITH_E_INVAL, f->name, "%s: '%.*s' cannot become '%.*s'; from there it can: %s",
                f->name, (int)from->as.s.len, from->as.s.ptr, (int)to->as.s.len, to->as.s.ptr,
                ways.len ? ways.ptr : "nothing");
    buf_free(&ways);
    return st;
}

/* Links among them may not exist and are refused when they are written. */
static kith_status default_of(const struct schema *s, const struct rfield *f, struct arena *a,
                              kith_value *v, kith_error *e) {
    if (f->rollup)
        *v = rollup_empty(f->rollup, NULL);
    else if (f->default_text)
        *v = value_str(str_of(f->default_text));
    else if (f->kind == KITH_F_STATE)
        *v = value_str(str_of(f->options[0]));
    TRY(value_check(s, f, false, a, v, e));
    TRY(value_range(s, f, v, e));
    return f->kind == KITH_F_STATE ? state_check(f, NULL, v, e) : KITH_OK;
}

kith_status type_defaults(const struct schema *s, const struct rtype *t, struct arena *a,
                          kith_value **out, kith_error *e) {
    *out = ARENA_ARRAY(a, kith_value, t->field_count);
    if (!*out)
        return err_nomem(e);
    for (uint32_t i = 0; i < t->field_count; i++) {
        const struct rfield *f = t->fields[i];
        kith_status st = default_of(s, f, a, &(*out)[i], e);
        if (st != KITH_OK && f->where)
            err_prefix(e, "%s: default of ", f->where);
        else if (st != KITH_OK)
            err_prefix(e, "module %s, type %s, default of ", f->module, t->name);
        TRY(st);
    }
    return KITH_OK;
}
