/* SPDX-License-Identifier: Apache-2.0 */
/* Parts that begin, one of them only beside another module; the setting says who fails, with the
 * list of those that began before. */
#include "hostile.h"
#include <stdlib.h>

struct kith_instance {
    kith_value fails;
    void *made;
    char begun[8];
};

static kith_status note(kith_instance *self, const char *who, kith_error *err) {
    strcat(self->begun, who);
    return kith_str_is(self->fails.as.s, who)
               ? kith_fail(err, KITH_E_REFUSED, NULL, "begun: %s", self->begun)
               : KITH_OK;
}

/* Without destroy() this would leak. */
static kith_status begin_a(kith_instance *self, kith_error *err) {
    self->made = malloc(100);
    return note(self, "a", err);
}

static kith_status begin_b(kith_instance *self, kith_error *err) {
    return note(self, "b", err);
}

static kith_status begin_beside(kith_instance *self, kith_error *err) {
    return note(self, "x", err);
}

static kith_status create(const kith_host *host, kith_instance **self, kith_error *err) {
    (void)host;
    return note(*self, "c", err);
}

static void destroy(kith_instance *self) {
    free(self->made);
}

static const kith_setting settings[] = {
    {.key = "fails", .kind = KITH_TEXT, .default_text = "\"\"", .doc = "Which one."}};
static const kith_want wants[] = {KITH_WANT(SETTING, "fails", fails)};
static const kith_part a = {.struct_size = sizeof a,
                            .settings = KITH_ARRAY(settings),
                            .wants = KITH_ARRAY(wants),
                            .begin = begin_a};
static const kith_part beside = {
    .struct_size = sizeof beside, .module = "calls_another", .begin = begin_beside};
static const kith_part b = {.struct_size = sizeof b, .begin = begin_b};
static const kith_part *const parts[] = {&a, &beside, &b};
static const kith_require needs[] = {{"calls_another", 1, KITH_REQ_OPTIONAL}};
HOSTILE("begins", .requirements = KITH_ARRAY(needs), .parts = KITH_ARRAY(parts), .create = create,
        .destroy = destroy, .instance_size = sizeof(struct kith_instance))
