/* SPDX-License-Identifier: Apache-2.0 */
/* Places. */
#include "base/geo.h"

#include <math.h>

/* The haversine form, which is exact also where two places nearly meet. */
double geo_distance(double lat, double lon, double lat2, double lon2) {
    double dlat = sin((lat2 - lat) * GEO_DEGREE / 2), dlon = sin((lon2 - lon) * GEO_DEGREE / 2);
    double h = dlat * dlat + cos(lat * GEO_DEGREE) * cos(lat2 * GEO_DEGREE) * dlon * dlon;
    return 2 * GEO_RADIUS * asin(sqrt(h < 1 ? h : 1));
}
