/* SPDX-License-Identifier: Apache-2.0 */
/* math.random for scripts. Its numbers follow from the rule and from what it is called for, and
 * from nothing else: the rehearsal of a rule, a second try and a replay get what the first run got.
 * They are no secret: who knows the rule can work them out. */
#include "script/script_internal.h"

#include <string.h>

/* SplitMix64: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014. */
static uint64_t next_random(struct frame *f) {
    uint64_t x = f->seed += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* Two rules that are called for the same event get different numbers. */
static void seed(struct frame *f) {
    const char *name = f->rule->cursor;
    unsigned char hash[crypto_generichash_BYTES_MIN];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)name, strlen(name),
                       (const unsigned char *)&f->seed, sizeof f->seed);
    memcpy(&f->seed, hash, sizeof f->seed);
    f->seeded = true;
}

/* From 0 to max, each as likely: numbers of the last, incomplete round are passed over. */
static uint64_t below_or(struct frame *f, uint64_t max) {
    uint64_t x = next_random(f);
    if (max == UINT64_MAX)
        return x;
    uint64_t n = max + 1, left_over = (UINT64_MAX % n + 1) % n;
    while (x > UINT64_MAX - left_over)
        x = next_random(f);
    return x % n;
}

/* random(): from 0 up to 1; random(m): from 1 to m; random(m, n): from m to n. */
static int math_random(lua_State *L) {
    struct frame *f = frame_need(L, "math.random()");
    int given = lua_gettop(L);
    if (!f->seeded)
        seed(f);
    if (given == 0) {
        lua_pushnumber(L, (lua_Number)(next_random(f) >> 11) * 0x1p-53);
        return 1;
    }
    lua_Integer low = given == 1 ? 1 : luaL_checkinteger(L, 1);
    lua_Integer high = luaL_checkinteger(L, given == 1 ? 1 : 2);
    if (low > high)
        return raisef(L, "math.random: there is no number from %d to %d", (int)low, (int)high);
    uint64_t x = below_or(f, (uint64_t)high - (uint64_t)low);
    lua_pushinteger(L, (lua_Integer)((uint64_t)low + x));
    return 1;
}

void lib_random_open(lua_State *L, int math) {
    lua_pushcfunction(L, math_random);
    lua_setfield(L, math, "random");
}
