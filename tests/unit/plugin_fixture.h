/* SPDX-License-Identifier: Apache-2.0 */
/* Things of the module every_row (tests/abi/every_row.c), made and looked at. */
#ifndef UNIT_PLUGIN_FIXTURE_H
#define UNIT_PLUGIN_FIXTURE_H

#include "../plugins.h"
static inline kith_id make(struct company *c, const char *name, int64_t size) {
    kith_value args[2] = {value_str(str_of(name)), value_int(size)}, *out;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(call(c, "every_row.make", args, &out, &e), e);
    return out[0].as.link.id;
}

static inline kith_value field_of(struct company *c, kith_id id, const char *name) {
    const struct rtype *t = type_of(c, "thing");
    kith_value *values;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_get(c->engine, &anna, t, id, &c->arena, &values, &e), e);
    return values[type_field(engine_schema(c->engine), t, str_of(name))->index];
}

struct set_field {
    struct company *c;
    kith_id id;
    const char *name;
    kith_value value;
};

static inline kith_status set_field(struct txn *t, void *arg, kith_error *e) {
    struct set_field *x = arg;
    const struct rtype *type = type_of(x->c, "thing");
    struct assign a = {type_field(engine_schema(x->c->engine), type, str_of(x->name)), x->value};
    return txn_update(t, type, x->id, &a, 1, e);
}

static inline void grow(struct company *c, kith_id id, int64_t size) {
    struct set_field x = {c, id, "size", value_int(size)};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_write(c->engine, &by_anna, set_field, &x, NULL, &e), e);
}

#define GOOD    ""
#define GRANTED "trespasser: { grant = [\"read:contact\"]; };\n"

#endif
