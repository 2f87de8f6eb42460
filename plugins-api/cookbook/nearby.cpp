/* SPDX-License-Identifier: Apache-2.0 */
/* Nearby: which accounts lie around a place, the nearest first. An action with rows, in C++20, with
 * exceptions, strings and a sort of the standard library. Distances are those of a great circle, by
 * the haversine formula on a sphere of 6,371,008.8 m (IUGG mean radius). */
#include <kith/kith.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

struct kith_instance {
    KITH_TABLES;
    uint32_t account, place, name, placed;
};

namespace {

struct found {
    kith_id id;
    std::string name;
    double metres;
};

double metres_between(double lat1, double lon1, double lat2, double lon2) {
    constexpr double radius = 6371008.8, radian = 3.14159265358979323846 / 180;
    const double dlat = std::sin((lat2 - lat1) * radian / 2),
                 dlon = std::sin((lon2 - lon1) * radian / 2);
    const double a = dlat * dlat + std::cos(lat1 * radian) * std::cos(lat2 * radian) * dlon * dlon;
    return 2 * radius * std::asin(std::min(1.0, std::sqrt(a)));
}

kith_status around(kith_instance *self, kith_call *call, kith_error *) {
    const kith_txn *view = self->calls->view(call);
    kith_value here, within;
    kith::call(self->calls->arg, call, 0u, &here);
    kith::call(self->calls->arg, call, 1u, &within);
    if (within.as.i <= 0)
        throw kith::error(KITH_E_INVAL, "within: say how far, in metres", "within");
    std::vector<found> all;
    kith::each(self->records, view, self->placed, {}, [&](const kith_row *row) {
        const std::array<uint32_t, 2> fields = {self->place, self->name};
        std::array<kith_value, 2> v;
        kith::call(self->records->read, view, row, 2u, fields.data(), v.data());
        const double metres = metres_between(here.as.place.lat, here.as.place.lon,
                                             v[0].as.place.lat, v[0].as.place.lon);
        if (metres <= static_cast<double>(within.as.i))
            all.push_back({self->records->row_id(view, row), kith::string(v[1]), metres});
    });
    std::sort(all.begin(), all.end(),
              [](const found &a, const found &b) { return a.metres < b.metres; });
    for (const found &one : all) {
        const std::array<kith_value, 3> row = {kith_link(self->account, one.id),
                                               kith::text(one.name),
                                               kith_int(std::llround(one.metres))};
        kith::call(self->calls->row, call, 3u, row.data());
    }
    return KITH_OK;
}

const kith_field params[] = {
    {.name = "place",
     .kind = KITH_F_PLACE,
     .flags = KITH_FF_REQUIRED,
     .doc = "Around where: latitude, longitude."},
    {.name = "within",
     .kind = KITH_F_INTEGER,
     .default_text = "5000",
     .doc = "How far, in metres."},
};
const kith_field columns[] = {
    {.name = "account", .kind = KITH_F_LINK, .options = "account", .doc = "The account."},
    {.name = "name", .kind = KITH_F_TEXT, .doc = "Its name."},
    {.name = "metres", .kind = KITH_F_INTEGER, .doc = "How far away it is."},
};
const kith_action actions[] = {{.name = "around",
                                .doc = "Lists accounts around a place, the nearest first.",
                                .effect = KITH_EFFECT_READ,
                                .fn = KITH_GUARDED(around),
                                .params = KITH_ARRAY(params),
                                .columns = KITH_ARRAY(columns)}};
const kith_permission permissions[] = {{"read:account", "Looks where they lie."}};
const kith_want wants[] = {
    KITH_WANT_TABLES,
    KITH_WANT(TYPE, "account", account),
    KITH_WANT(FIELD, "place", place),
    KITH_WANT(FIELD, "name", name),
    KITH_WANT(QUERY, "account where place is not null", placed),
};

const kith_plugin_desc desc = {
    KITH_HEAD("nearby", 1, "1.0"),
    .title = "Nearby",
    .doc = "Lists the accounts around a place, the nearest first.",
    .permissions = KITH_ARRAY(permissions),
    .actions = KITH_ARRAY(actions),
    .instance_size = sizeof(kith_instance),
    .wants = KITH_ARRAY(wants),
};

} // namespace

const kith_plugin_desc *kith_plugin_entry_v1(void) {
    return &desc;
}
