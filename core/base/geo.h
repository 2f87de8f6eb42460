/* SPDX-License-Identifier: Apache-2.0 */
/* Places on earth, in degrees. */
#ifndef BASE_GEO_H
#define BASE_GEO_H

#define GEO_RADIUS 6371008.8 /* of the earth in metres: the mean of its three axes (IUGG) */
#define GEO_DEGREE 0.017453292519943295

/* Metres along a great circle of a sphere of that radius. */
double geo_distance(double lat, double lon, double lat2, double lon2);

#endif
