/* SPDX-License-Identifier: Apache-2.0 */
/* Days as settings and messages have them. */
#include "commerce.h"

int64_t days_of_text(kith_str text) {
    int64_t n = 0;
    if (text.len < 2 || text.len > 6)
        return -1;
    for (uint64_t i = 0; i + 1 < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return -1;
        n = n * 10 + (text.ptr[i] - '0');
    }
    return text.ptr[text.len - 1] == 'd' ? n : text.ptr[text.len - 1] == 'w' ? n * 7 : -1;
}

void time_text(int64_t ms, char out[TIME_TEXT]) {
    const int64_t minutes = ms / 60000, minute = minutes % 1440;
    int32_t year, month, day;
    kith_civil(minutes / 1440, &year, &month, &day);
    (void)snprintf(out, TIME_TEXT, "%04d-%02d-%02d %02d:%02d UTC", (int)year, (int)month, (int)day,
                   (int)(minute / 60), (int)(minute % 60));
}
