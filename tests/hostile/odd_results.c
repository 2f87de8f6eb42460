/* SPDX-License-Identifier: Apache-2.0 */
/* Gives back what can hardly be shown: it is told which. */
#include "hostile.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MANY      (1u << 20)
#define FILE_MOST (10u << 20)

struct kith_instance {
    const kith_calls_v1 *calls;
    char text[FILE_MOST + 1];
};

static kith_status create(const kith_host *host, kith_instance **self, kith_error *err) {
    (void)err;
    *self = malloc(sizeof **self);
    if (!*self)
        return KITH_E_NOMEM;
    memset((*self)->text, 'x', FILE_MOST + 1);
    (*self)->calls = host->table(host, KITH_CALLS_1);
    return KITH_OK;
}
static void destroy(kith_instance *self) {
    free(self);
}
static kith_status give(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_value lasts = {.kind = KITH_DURATION, .as.i = INT64_MIN};
    const kith_value infinite = {.kind = KITH_REAL, .as.r = INFINITY};
    const kith_value nowhere = {.kind = KITH_TEXT, .as.s = {NULL, 9}};
    const kith_value most = {.kind = KITH_TEXT, .as.s = {self->text, MANY}};
    const kith_value more = {.kind = KITH_TEXT, .as.s = {self->text, MANY + 1}};
    const kith_value halves[2] = {most, kith_text("x")};
    const struct {
        const char *what;
        uint32_t result;
        kith_value value;
    } rows[] = {
        {"duration", 0, lasts},
        {"infinite", 1, infinite},
        {"infinite_item", 2, {.kind = KITH_LIST, .as.list = {&infinite, 1}}},
        {"nowhere", 1, nowhere},
        {"nowhere_item", 2, {.kind = KITH_LIST, .as.list = {&nowhere, 1}}},
        {"long", 1, more},
        {"long_list", 2, {.kind = KITH_LIST, .as.list = {halves, 2}}},
        {"short", 1, most},
    };
    kith_value what;
    kith_status st = self->calls->arg(call, 0, &what, err);
    for (size_t i = 0; st == KITH_OK && i < sizeof rows / sizeof rows[0]; i++)
        if (kith_str_is(what.as.s, rows[i].what))
            st = self->calls->result(call, rows[i].result, &rows[i].value, err);
    return st;
}
/* Rows that no table could show. */
static kith_status list(kith_instance *self, kith_call *call, kith_error *err) {
    kith_value what, row[2] = {kith_text("a"), kith_text("1")};
    kith_status st = self->calls->arg(call, 0, &what, err);
    if (st == KITH_OK && kith_str_is(what.as.s, "short"))
        return self->calls->row(call, 1, row, err);
    if (kith_str_is(what.as.s, "wrong"))
        row[1] = kith_text("one");
    if (kith_str_is(what.as.s, "long"))
        row[0].as.s = (kith_str){self->text, MANY};
    for (int i = 0; st == KITH_OK && i < (kith_str_is(what.as.s, "few") ? 2 : 10001); i++)
        st = self->calls->row(call, 2, row, err);
    return st;
}
static kith_status file(kith_instance *self, kith_call *call, kith_error *err) {
    kith_value what;
    kith_str name = kith_str_of("a.png"), bytes = {self->text, FILE_MOST};
    kith_status st = self->calls->arg(call, 0, &what, err);
    if (kith_str_is(what.as.s, "none"))
        return st;
    if (kith_str_is(what.as.s, "path"))
        name = kith_str_of("../a.png");
    if (kith_str_is(what.as.s, "nameless"))
        name = (kith_str){NULL, 0};
    if (kith_str_is(what.as.s, "long"))
        bytes.len++;
    return st == KITH_OK ? self->calls->file(call, name, bytes, err) : st;
}
static const kith_field params[] = {{.name = "what", .kind = KITH_F_TEXT, .doc = "Which."}};
static const kith_field results[] = {
    {.name = "lasts", .kind = KITH_F_DURATION, .doc = "Any."},
    {.name = "text", .kind = KITH_F_TEXT, .doc = "Any."},
    {.name = "labels", .kind = KITH_F_TAGS, .doc = "Any."},
};
static const kith_field columns[] = {
    {.name = "text", .kind = KITH_F_TEXT, .doc = "Any."},
    {.name = "number", .kind = KITH_F_INTEGER, .doc = "Any."},
};
static const kith_action actions[] = {
    {"give", "Gives it.", KITH_EFFECT_READ, 0, give, KITH_ARRAY(params), KITH_ARRAY(results),
     KITH_NO_ARRAY, NULL},
    {"list", "Lists it.", KITH_EFFECT_READ, 0, list, KITH_ARRAY(params), KITH_NO_ARRAY,
     KITH_ARRAY(columns), NULL},
    {"file", "Gives a file.", KITH_EFFECT_READ, 0, file, KITH_ARRAY(params), KITH_NO_ARRAY,
     KITH_NO_ARRAY, "image/png"}};
HOSTILE("odd_results", .create = create, .destroy = destroy, .actions = KITH_ARRAY(actions))
