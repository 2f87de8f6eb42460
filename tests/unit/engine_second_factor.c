/* SPDX-License-Identifier: Apache-2.0 */
/* The second factor: which codes are taken, and when. */
#include "engine/second_factor.h"
#include "engine/session.h"
#include "engine/sign_in.h"
#include "engine_people_fixture.h"

#include <liboath/oath.h>

#define STEP INT64_C(30000)
#define DAY  INT64_C(86400000)

struct people_with_codes {
    struct people of;
    char secret[FACTOR_SECRET];
    char codes[FACTOR_CODES][FACTOR_CODE];
    char code[7];
};

/* The code that an application shows when its clock says so. */
static const char *shown(struct people_with_codes *w, int64_t at) {
    char *raw;
    size_t len;
    EXPECT_INT(OATH_OK, oath_base32_decode(w->secret, strlen(w->secret), &raw, &len));
    EXPECT_INT(OATH_OK, oath_totp_generate(raw, len, (time_t)(at / 1000), 30, 0, 6, w->code));
    free(raw);
    return w->code;
}

static int64_t now(struct people_with_codes *w) {
    return clock_now(&w->of.x.clock);
}

static kith_status confirm(struct people_with_codes *w, const char *code) {
    return factor_confirm(w->of.x.g, &tester, w->of.anna, 0, str_of(code), w->codes, &w->of.x.e);
}

static void codes_open(struct people_with_codes *w) {
    memset(w, 0, sizeof *w);
    people_open(&w->of);
    EXPECT_OK(password_set(w->of.x.g, &tester, w->of.anna, "anna", STR(GOOD), 0, &w->of.x.e),
              w->of.x.e);
    EXPECT_OK(factor_begin(w->of.x.g, w->of.anna, w->secret, &w->of.x.e), w->of.x.e);
}

static void people_with_factor(struct people_with_codes *w) {
    codes_open(w);
    EXPECT_OK(confirm(w, shown(w, now(w) - STEP)), w->of.x.e);
}

static kith_status tries(struct people_with_codes *w, const char *code) {
    struct signed_in in;
    const struct proof p = {.login = "anna", .password = STR(GOOD), .code = str_of(code)};
    return sign_in(w->of.x.g, &p, &in, &w->of.x.e);
}

TEST("a factor is on when its first code was told, and its codes are those of RFC 6238") {
    struct people_with_codes w;
    codes_open(&w);
    EXPECT_OK(tries(&w, ""), w.of.x.e);
    EXPECT_INT(KITH_E_DENIED, confirm(&w, "12345"));
    EXPECT_INT(KITH_E_DENIED, confirm(&w, ""));
    EXPECT_INT(KITH_E_DENIED, confirm(&w, shown(&w, now(&w) - 2 * STEP)));
    EXPECT_INT(KITH_E_DENIED, confirm(&w, shown(&w, now(&w) + 2 * STEP)));
    EXPECT_OK(tries(&w, ""), w.of.x.e);
    EXPECT_OK(confirm(&w, shown(&w, now(&w))), w.of.x.e);
    EXPECT_INT(KITH_E_DENIED, tries(&w, ""));
    EXPECT_INT(KITH_E_CONFLICT, confirm(&w, shown(&w, now(&w) + STEP)));
    EXPECT_INT(KITH_E_CONFLICT, factor_begin(w.of.x.g, w.of.anna, w.secret, &w.of.x.e));
    /* Appendix B: SHA-1, the time 1111111109 s, eight digits 07081804. */
    const struct factor f = {.secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"};
    EXPECT_INT(1111111109 / 30, factor_step(&f, STR("081 804"), INT64_C(1111111109000)));
    EXPECT_INT(0, factor_step(&f, STR("081805"), INT64_C(1111111109000)));
    fixture_close(&w.of.x);
}

TEST("no code is taken twice, nor an older one than was taken, though the clock is set back") {
    struct people_with_codes w;
    char first[7], second[7];
    people_with_factor(&w);
    strcpy(first, shown(&w, now(&w)));
    strcpy(second, shown(&w, now(&w) + STEP));
    EXPECT_OK(tries(&w, first), w.of.x.e);
    EXPECT_INT(KITH_E_DENIED, tries(&w, first));
    EXPECT_OK(tries(&w, second), w.of.x.e);
    EXPECT_INT(KITH_E_DENIED, tries(&w, first));
    clock_advance(&w.of.x.clock, -DAY);
    EXPECT_INT(KITH_E_DENIED, tries(&w, shown(&w, now(&w))));
    clock_advance(&w.of.x.clock, 2 * DAY);
    EXPECT_OK(tries(&w, shown(&w, now(&w))), w.of.x.e);
    fixture_close(&w.of.x);
}

TEST("a code that fails slows down as a password does") {
    struct people_with_codes w;
    people_with_factor(&w);
    for (int i = 0; i < 3; i++)
        EXPECT_INT(KITH_E_DENIED, tries(&w, "12345x"));
    EXPECT_INT(KITH_E_BUSY, tries(&w, shown(&w, now(&w))));
    clock_advance(&w.of.x.clock, 1000);
    EXPECT_OK(tries(&w, shown(&w, now(&w))), w.of.x.e);
    EXPECT_INT(KITH_E_DENIED, tries(&w, "")); /* that one is not there is no failure */
    EXPECT_INT(KITH_E_DENIED, tries(&w, ""));
    EXPECT_INT(KITH_E_DENIED, tries(&w, ""));
    EXPECT_OK(tries(&w, w.codes[0]), w.of.x.e);
    fixture_close(&w.of.x);
}

TEST("a recovery code is its user's, and good once, until the factor is another one") {
    struct people_with_codes w;
    struct factor_state s;
    people_with_factor(&w);
    kith_id ben = create(&w.of.x, type_named(&w.of.x, "user"), PAIRS("login=ben", "name=Ben"));
    EXPECT_OK(password_set(w.of.x.g, &tester, ben, "ben", STR(GOOD), 0, &w.of.x.e), w.of.x.e);
    char secret[FACTOR_SECRET], own[FACTOR_SECRET];
    strcpy(own, w.secret);
    EXPECT_OK(factor_begin(w.of.x.g, ben, secret, &w.of.x.e), w.of.x.e);
    strcpy(w.secret, secret);
    char of_ben[FACTOR_CODES][FACTOR_CODE];
    const char *first = shown(&w, now(&w));
    EXPECT_OK(factor_confirm(w.of.x.g, &tester, ben, 0, str_of(first), of_ben, &w.of.x.e),
              w.of.x.e);
    strcpy(w.secret, own);
    EXPECT_INT(KITH_E_DENIED, tries(&w, of_ben[0]));
    EXPECT_OK(tries(&w, w.codes[4]), w.of.x.e);
    EXPECT_INT(KITH_E_DENIED, tries(&w, w.codes[4]));
    EXPECT_OK(factor_state(w.of.x.g, w.of.anna, &s, &w.of.x.e), w.of.x.e);
    EXPECT(s.on && !s.needed);
    EXPECT_INT(FACTOR_CODES - 1, s.recovery);
    EXPECT_OK(factor_end(w.of.x.g, &tester, w.of.anna, &w.of.x.e), w.of.x.e);
    EXPECT_OK(tries(&w, ""), w.of.x.e);
    EXPECT_OK(factor_begin(w.of.x.g, w.of.anna, w.secret, &w.of.x.e), w.of.x.e);
    char former[FACTOR_CODE];
    strcpy(former, w.codes[5]);
    EXPECT_OK(confirm(&w, shown(&w, now(&w))), w.of.x.e);
    EXPECT_INT(KITH_E_DENIED, tries(&w, former));
    EXPECT_OK(tries(&w, w.codes[5]), w.of.x.e);
    fixture_close(&w.of.x);
}

TEST("who needs a factor and has none is let in for nothing but setting it up") {
    struct people_with_codes w;
    struct session s = {.method = "password", .from = ""}, other = {.method = "openid", .from = ""};
    struct access_of of;
    char text[SESSION_TEXT], text2[SESSION_TEXT];
    codes_open(&w);
    engine_close(w.of.x.g);
    w.of.x.second_factor = "sales, administrator";
    fixture_reopen(&w.of.x);
    fixture_start(&w.of.x);
    kith_id role = create(&w.of.x, type_named(&w.of.x, "role"), PAIRS("name=administrator"));
    s.user = other.user = w.of.anna;
    EXPECT_OK(session_begin(w.of.x.g, &s, text, &w.of.x.e), w.of.x.e);
    EXPECT_OK(session_begin(w.of.x.g, &other, text2, &w.of.x.e), w.of.x.e);
    EXPECT_OK(
        session_enter(w.of.x.g, str_of(text), ZONE_INTRANET, &w.of.x.arena, &s, &of, &w.of.x.e),
        w.of.x.e);
    EXPECT(!of.limit.types);
    update(&w.of.x, type_named(&w.of.x, "user"), w.of.anna,
           PAIRS(arena_printf(&w.of.x.arena, "roles=%s", id_text(&w.of.x, role))));
    EXPECT_OK(
        session_enter(w.of.x.g, str_of(text), ZONE_INTRANET, &w.of.x.arena, &s, &of, &w.of.x.e),
        w.of.x.e);
    EXPECT_STR("", of.limit.types);
    EXPECT(of.limit.read_only);
    EXPECT_OK(session_enter(w.of.x.g, str_of(text2), ZONE_INTRANET, &w.of.x.arena, &other, &of,
                            &w.of.x.e),
              w.of.x.e);
    EXPECT(!of.limit.types);
    EXPECT_INT(KITH_E_DENIED, tries(&w, "")); /* the command line */
    EXPECT_HAS("needs a second factor", w.of.x.e.message);
    EXPECT_OK(factor_confirm(w.of.x.g, &tester, w.of.anna, s.number, str_of(shown(&w, now(&w))),
                             w.codes, &w.of.x.e),
              w.of.x.e);
    EXPECT_OK(
        session_enter(w.of.x.g, str_of(text), ZONE_INTRANET, &w.of.x.arena, &s, &of, &w.of.x.e),
        w.of.x.e);
    EXPECT(!of.limit.types);
    EXPECT_STR("password and code", s.method);
    fixture_close(&w.of.x);
}
