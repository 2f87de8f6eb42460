/* SPDX-License-Identifier: Apache-2.0 */
/* Values: compared, copied, and shown as text or JSON. Checking them against a field is check.c. */
#include "base/csv.h"
#include "base/date.h"
#include "base/id.h"
#include "base/json.h"
#include "base/number.h"
#include "record/record.h"

#include <stdio.h>
#include <string.h>

bool value_eq(const kith_value *a, const kith_value *b) {
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case KITH_NULL:
        return true;
    case KITH_TEXT:
        return str_eq(a->as.s, b->as.s);
    case KITH_REAL:
        return memcmp(&a->as.r, &b->as.r, sizeof a->as.r) == 0;
    case KITH_DECIMAL:
        return a->as.decimal.units == b->as.decimal.units &&
               a->as.decimal.scale == b->as.decimal.scale;
    case KITH_MONEY:
        return a->as.money.minor == b->as.money.minor &&
               memcmp(a->as.money.currency, b->as.money.currency, 3) == 0;
    case KITH_LINK:
        return a->as.link.id == b->as.link.id && a->as.link.type == b->as.link.type;
    case KITH_PLACE:
        return memcmp(&a->as.place, &b->as.place, sizeof a->as.place) == 0;
    case KITH_LIST:
        if (a->as.list.count != b->as.list.count)
            return false;
        for (uint64_t i = 0; i < a->as.list.count; i++)
            if (!value_eq(&a->as.list.items[i], &b->as.list.items[i]))
                return false;
        return true;
    default:
        return a->as.i == b->as.i;
    }
}

uint64_t value_bytes(const kith_value *v) {
    uint64_t sum = v->kind == KITH_TEXT ? v->as.s.len : 0;
    for (uint64_t i = 0; v->kind == KITH_LIST && i < v->as.list.count; i++)
        sum += value_bytes(&v->as.list.items[i]);
    return sum;
}

kith_value value_copy(struct arena *a, const kith_value *v) {
    kith_value out = *v;
    if (v->kind == KITH_TEXT) {
        out.as.s = arena_str(a, v->as.s);
    } else if (v->kind == KITH_LIST) {
        kith_value *items = ARENA_ARRAY(a, kith_value, v->as.list.count);
        for (uint64_t i = 0; items && i < v->as.list.count; i++)
            items[i] = value_copy(a, &v->as.list.items[i]);
        out.as.list.items = items;
        out.as.list.count = items ? v->as.list.count : 0;
    }
    return out;
}

/* The text of a scalar, in `room` or pointing to the value. */
#define SCALAR_TEXT (2 * REAL_TEXT) /* of a place */
static kith_str scalar_text(const kith_value *v, char room[SCALAR_TEXT]) {
    switch (v->kind) {
    case KITH_TEXT:
        return v->as.s;
    case KITH_BOOL:
        return v->as.i ? STR("true") : STR("false");
    case KITH_INT:
        snprintf(room, SCALAR_TEXT, "%lld", (long long)v->as.i);
        break;
    case KITH_REAL:
        real_format(v->as.r, room);
        break;
    case KITH_DATE:
        date_format(v->as.i, room);
        break;
    case KITH_TIME:
        time_format(v->as.i, room);
        break;
    case KITH_DURATION:
        duration_format(v->as.i, room);
        break;
    case KITH_DECIMAL:
        decimal_format(v->as.decimal.units, v->as.decimal.scale, room);
        break;
    case KITH_MONEY:
        money_format(v->as.money.minor, v->as.money.currency, room);
        break;
    case KITH_PLACE:
        real_format(v->as.place.lat, room);
        strcat(room, ",");
        real_format(v->as.place.lon, room + strlen(room));
        break;
    default:
        room[0] = '\0';
    }
    return str_of(room);
}

static kith_str link_text(const struct schema *s, const kith_value *v, struct arena *a,
                          bool typed) {
    char id[ID_TEXT + 1];
    id_format(v->as.link.id, id);
    const char *type = typed && s ? schema_type_name(s, v->as.link.type) : NULL;
    return str_of(type ? arena_printf(a, "%s/%s", type, id) : arena_strdup(a, id));
}

static kith_str list_text(const struct schema *s, const kith_value *v, struct arena *a) {
    struct buf b = {0};
    for (uint64_t i = 0; i < v->as.list.count; i++) {
        buf_puts(&b, i ? "," : "");
        csv_put(&b, value_text(s, &v->as.list.items[i], a), ',');
    }
    kith_str out = b.failed ? (kith_str){0} : arena_str(a, buf_view(&b));
    buf_free(&b);
    return out;
}

kith_str value_text(const struct schema *s, const kith_value *v, struct arena *a) {
    char room[SCALAR_TEXT];
    if (v->kind == KITH_LINK)
        return link_text(s, v, a, v->flags & VALUE_TYPED);
    if (v->kind == KITH_LIST)
        return list_text(s, v, a);
    kith_str t = scalar_text(v, room);
    return t.ptr == room ? arena_str(a, t) : t;
}

void value_json(const struct schema *s, const kith_value *v, struct json_out *j) {
    char room[SCALAR_TEXT + 64];
    switch (v->kind) {
    case KITH_NULL:
        json_nil(j);
        return;
    case KITH_BOOL:
        json_bool_(j, v->as.i != 0);
        return;
    case KITH_INT:
        json_int(j, v->as.i);
        return;
    case KITH_REAL:
        json_num(j, v->as.r);
        return;
    case KITH_LIST:
        json_array_(j);
        for (uint64_t i = 0; i < v->as.list.count; i++)
            value_json(s, &v->as.list.items[i], j);
        json_array_end(j);
        return;
    case KITH_LINK: {
        char id[ID_TEXT + 1];
        id_format(v->as.link.id, id);
        const char *type =
            (v->flags & VALUE_TYPED) && s ? schema_type_name(s, v->as.link.type) : NULL;
        snprintf(room, sizeof room, "%s%s%s", type ? type : "", type ? "/" : "", id);
        json_strz(j, room);
        return;
    }
    default:
        json_str(j, scalar_text(v, room));
    }
}
