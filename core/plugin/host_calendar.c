/* SPDX-License-Identifier: Apache-2.0 */
/* kith.calendar/1: when the company, or somebody in it, works. */
#include "base/workday.h"
#include "base/zone.h"
#include "plugin/internal.h"

#include <stdlib.h>
#include <string.h>

static const struct plugins *set_of(const kith_host *host) {
    return ((const struct plugin_host *)(const void *)host)->plugin->set;
}

/* The company's days with other hours: "monday-friday 09:00-17:00; sat 10:00-12:00". Days that are
 * not named are free. */
static kith_status own_hours(struct workdays *w, kith_str hours, kith_error *e) {
    memset(w->hours, 0, sizeof w->hours);
    memset(w->hour_count, 0, sizeof w->hour_count);
    w->weekend = 0;
    kith_str line;
    while (str_split(&hours, ';', &line))
        if (str_trim(line).len > 0)
            TRY(workdays_hours(w, str_trim(line), e));
    for (uint32_t day = 0; day < 7; day++)
        w->weekend |= w->hour_count[day] ? 0 : 1u << day;
    if (w->weekend == 0x7f)
        return err_set(e, KITH_E_INVAL, NULL,
                       "there are no hours in it: write them as monday-friday 09:00-17:00");
    return KITH_OK;
}

static kith_status span_in(const struct workdays *w, const struct zone *z, int64_t from,
                           int64_t *begin, int64_t *end, kith_error *e) {
    return worktime_span(w, z, from, begin, end)
               ? KITH_OK
               : err_set(e, KITH_E_NOTFOUND, NULL, "nobody works within a year");
}

static kith_status calendar_span(const kith_host *host, kith_str hours, kith_str zone, int64_t from,
                                 int64_t *begin, int64_t *end, kith_error *e) {
    const struct plugins *set = set_of(host);
    const struct workdays *company = set->engine ? engine_opts(set->engine)->workdays : NULL;
    struct workdays *w = NULL;
    struct zone *own = NULL;
    char name[64];
    kith_status st = KITH_OK;
    if (zone.len > 0) {
        if (zone.len >= sizeof name)
            return err_set(e, KITH_E_INVAL, NULL, "there is no time zone with so long a name");
        memcpy(name, zone.ptr, (size_t)zone.len);
        name[zone.len] = '\0';
        TRY(zone_open(&own, name, e));
    }
    if (hours.len > 0) {
        w = calloc(1, sizeof *w);
        if (w && company)
            *w = *company;
        st = w ? own_hours(w, hours, e) : err_nomem(e);
    }
    if (st == KITH_OK)
        st = span_in(w ? w : company, own ? own : set->schema->zone, from, begin, end, e);
    free(w);
    zone_close(own);
    return st;
}

const kith_calendar_v1 host_calendar = {
    .struct_size = sizeof host_calendar,
    .span = calendar_span,
};
