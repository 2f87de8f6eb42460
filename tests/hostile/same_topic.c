/* SPDX-License-Identifier: Apache-2.0 */
/* Declares a topic that every_row declares, too, which shows only when it has started. */
#include "hostile.h"

static kith_status create(const kith_host *host, kith_instance **self, kith_error *err) {
    (void)host, (void)err;
    *self = NULL;
    return KITH_OK;
}
static kith_status stop(kith_instance *self, uint32_t deadline_ms, kith_error *err) {
    (void)self, (void)deadline_ms, (void)err;
    return KITH_OK;
}
static kith_status start(kith_instance *self, kith_error *err) {
    (void)self, (void)err;
    return KITH_OK;
}
static void destroy(kith_instance *self) {
    (void)self;
}
static const kith_topic topics[] = {{"thing.grown", 1, 0, KITH_NO_ARRAY, "A thing has grown."}};
static const kith_require requires[] = {{"every_row", 1, 0}};
HOSTILE("same_topic", .create = create, .start = start, .stop = stop, .destroy = destroy,
        .topics = KITH_ARRAY(topics), .requirements = KITH_ARRAY(requires))
