/* SPDX-License-Identifier: Apache-2.0 */
/* Ends the process in each way that a module can: follows no pointer, aborts, divides by nothing,
 * calls itself until its stack is used up, exits. */
#include "hostile.h"
#include <stdlib.h>

static kith_status create(const kith_host *host, kith_instance **self, kith_error *err) {
    (void)host, (void)err;
    *self = NULL;
    return KITH_OK;
}

static int *volatile nowhere;
static volatile int nothing;

static kith_status follow(kith_instance *self, kith_call *call, kith_error *err) {
    (void)self, (void)call, (void)err;
    return *nowhere;
}
static kith_status give_up(kith_instance *self, kith_call *call, kith_error *err) {
    (void)self, (void)call, (void)err;
    abort();
}
static kith_status divide(kith_instance *self, kith_call *call, kith_error *err) {
    (void)self, (void)call, (void)err;
    return 100 / nothing;
}
static int deeper(volatile int *from) {
    volatile int room[1024];
    room[0] = *from + 1;
    return room[0] ? deeper(room) + room[0] : 0;
}
static kith_status recurse(kith_instance *self, kith_call *call, kith_error *err) {
    volatile int from = 0;
    (void)self, (void)call, (void)err;
    return deeper(&from) ? KITH_E_INTERNAL : KITH_OK;
}
static kith_status leave(kith_instance *self, kith_call *call, kith_error *err) {
    (void)self, (void)call, (void)err;
    exit(0);
}
static kith_status greet(kith_instance *self, kith_call *call, kith_error *err) {
    (void)self, (void)call, (void)err;
    return KITH_OK;
}

#define ACTION(name_, fn_)                                                                         \
    { .name = (name_), .doc = "Does.", .effect = KITH_EFFECT_WRITE, .fn = (fn_), }
static const kith_action actions[] = {ACTION("follow", follow), ACTION("give_up", give_up),
                                      ACTION("divide", divide), ACTION("recurse", recurse),
                                      ACTION("leave", leave),   ACTION("greet", greet)};
static const kith_field bang_fields[] = {{.name = "loud", .kind = KITH_F_TEXT, .doc = "How."}};
static const kith_type types[] = {
    {.name = "bang", .title = "loud", .fields = KITH_ARRAY(bang_fields), .doc = "One that was."}};
HOSTILE("crashes", .create = create, .types = KITH_ARRAY(types), .actions = KITH_ARRAY(actions))
