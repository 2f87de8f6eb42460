/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: places: near(place, '48.2,16.37', 5km) and distance(place, '48.2,16.37').
 * Distances are great circles on a sphere of the earth's mean radius, by one function for SQL and
 * for the matcher. In SQL a box around the circle comes first, which an index on the place (on its
 * latitude) can serve. */
#include "base/geo.h"
#include "base/number.h"
#include "record/query_emit.h"

#include <math.h>
#include <string.h>

#define RADIUS_MAX 20037508 /* metres: half way around */
#define BOX_MARGIN 1e-7     /* degrees, a centimetre: what rounding may put outside */

int64_t query_metres(const kith_value *place, const kith_value *from) {
    return (int64_t)llround(geo_distance(place->as.place.lat, place->as.place.lon,
                                         from->as.place.lat, from->as.place.lon));
}

/* -- parsing ----------------------------------------------------------------------------------- */

/* 5km, 2.5km, 300m, 3mi, in metres. */
static bool read_length(kith_str s, double *metres) {
    static const struct {
        const char *unit;
        double metres;
    } units[] = {{"km", 1000}, {"mi", 1609.344}, {"m", 1}};
    int64_t n;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t len = strlen(units[i].unit);
        if (s.len <= len || memcmp(s.ptr + s.len - len, units[i].unit, len) != 0)
            continue;
        if (!decimal_parse((kith_str){s.ptr, s.len - len}, 6, &n))
            return false;
        *metres = (double)n / 1e6 * units[i].metres;
        return true;
    }
    return false;
}

static kith_status parse_length(struct parser *p, struct test *t) {
    double *metres = &t->radius;
    uint32_t i;
    if (p->token.kind == TOKEN_PARAM) {
        TRY(query_param(p, &i));
        t->radius_from = i + 1;
        return KITH_OK;
    }
    if (p->token.kind != TOKEN_DURATION || !read_length(p->token.text, metres))
        return query_expected(p, "a length such as 5km, 300m or 3mi");
    if (*metres > RADIUS_MAX)
        return QUERY_FAIL(p, p->token.at, "nothing on earth is further away than 20037km");
    return query_advance(p);
}

static kith_status need_place(struct parser *p, const struct path *path, const struct token *name) {
    if (path->field && path->field->kind == KITH_F_PLACE)
        return KITH_OK;
    return QUERY_FAIL(p, name->at, "'%.*s' is no place", (int)name->text.len, name->text.ptr);
}

kith_status query_near(struct parser *p, const struct function *f, uint32_t at, struct test *t) {
    struct name_list names;
    struct raw raw;
    (void)f, (void)at;
    t->kind = TEST_NEAR;
    TRY(query_names(p, &names));
    TRY(query_path(p, &names, t, &t->path));
    TRY(need_place(p, &t->path, &names.names[names.count - 1]));
    TRY(query_expect_sign(p, ","));
    if (p->token.kind != TOKEN_TEXT && p->token.kind != TOKEN_PARAM)
        return query_expected(p, "a place such as '48.2082,16.3738'");
    TRY(query_raw(p, &raw));
    TRY(query_one_operand(p, t, &raw));
    TRY(query_expect_sign(p, ","));
    TRY(parse_length(p, t));
    return query_expect_sign(p, ")");
}

kith_status query_distance_to(struct parser *p, const struct function *f, uint32_t at,
                              struct name_list *out) {
    (void)f, (void)at;
    TRY(query_names(p, out));
    out->part = PART_DISTANCE;
    TRY(query_expect_sign(p, ","));
    if (p->token.kind != TOKEN_TEXT)
        return query_expected(p, "a place such as '48.2082,16.3738'");
    out->origin = p->token.text;
    out->origin_at = p->token.at;
    TRY(query_advance(p));
    return query_expect_sign(p, ")");
}

kith_status query_distance_path(struct parser *p, const struct name_list *names,
                                struct path *path) {
    TRY(need_place(p, path, &names->names[names->count - 1]));
    path->origin = value_str(names->origin);
    if (value_check(p->q->schema, path->field, false, p->arena, &path->origin, p->e) != KITH_OK)
        return query_fail_at(p->text, names->origin_at, p->e);
    return path->origin.kind == KITH_PLACE
               ? KITH_OK
               : QUERY_FAIL(p, names->origin_at, "write a place such as '48.2082,16.3738'");
}

/* -- SQL --------------------------------------------------------------------------------------- */

static void put_real(struct emit *m, double v) {
    emit_value(m, (kith_value){.kind = KITH_REAL, .as.r = v});
}

static void put_between(struct emit *m, const struct path *path, uint32_t column, double low,
                        double high) {
    emit_nth(m, path, column);
    buf_puts(&m->b, " BETWEEN ");
    put_real(m, low);
    buf_puts(&m->b, " AND ");
    put_real(m, high);
}

/* Where the circle passes the date line, its box is two. */
static void put_longitudes(struct emit *m, const struct path *path, double west, double east) {
    if (west >= -180 && east <= 180) {
        buf_puts(&m->b, " AND ");
        put_between(m, path, 1, west, east);
        return;
    }
    buf_puts(&m->b, " AND (");
    put_between(m, path, 1, west < -180 ? west + 360 : west, 180);
    buf_puts(&m->b, " OR ");
    put_between(m, path, 1, -180, east > 180 ? east - 360 : east);
    buf_putc(&m->b, ')');
}

/* The box of a circle: around a pole it has all longitudes. */
static void put_box(struct emit *m, const struct path *path, const kith_value *centre,
                    double radius) {
    double lat = centre->as.place.lat, lon = centre->as.place.lon;
    double angle = radius / GEO_RADIUS, up = angle / GEO_DEGREE + BOX_MARGIN;
    put_between(m, path, 0, lat - up, lat + up);
    if (lat + up >= 90 || lat - up <= -90)
        return;
    double side = sin(angle) / cos(lat * GEO_DEGREE);
    double aside = side < 1 ? asin(side) / GEO_DEGREE + BOX_MARGIN : 180;
    if (aside < 180)
        put_longitudes(m, path, lon - aside, lon + aside);
}

static void put_distance(struct emit *m, const char *function, const struct path *path,
                         const kith_value *from) {
    buf_printf(&m->b, "%s(", function);
    emit_nth(m, path, 0);
    buf_puts(&m->b, ", ");
    emit_nth(m, path, 1);
    buf_puts(&m->b, ", ");
    put_real(m, from->as.place.lat);
    buf_puts(&m->b, ", ");
    put_real(m, from->as.place.lon);
    buf_putc(&m->b, ')');
}

void emit_metres(struct emit *m, const struct path *path) {
    put_distance(m, "kith_metres", path, &path->origin);
}

static kith_status radius_of(struct emit *m, const struct test *t, double *metres) {
    *metres = t->radius;
    if (!t->radius_from)
        return KITH_OK;
    const kith_value *v = &m->params[t->radius_from - 1];
    if (v->kind == KITH_TEXT && read_length(str_trim(v->as.s), metres) && *metres >= 0 &&
        *metres <= RADIUS_MAX)
        return KITH_OK;
    return query_ill_given(m->q, t->radius_from - 1, "a length such as 5km, 300m or 3mi", m->e);
}

kith_status emit_near(struct emit *m, const struct test *t, const kith_value *centre) {
    double radius;
    TRY(radius_of(m, t, &radius));
    buf_putc(&m->b, '(');
    if (!t->negated) {
        put_box(m, &t->path, centre, radius);
        buf_puts(&m->b, " AND ");
    }
    put_distance(m, "kith_distance", &t->path, centre);
    buf_puts(&m->b, t->negated ? " > " : " <= ");
    put_real(m, radius);
    buf_putc(&m->b, ')');
    return KITH_OK;
}
