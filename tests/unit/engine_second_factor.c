/* SPDX-License-Identifier: Apache-2.0 */
/* The second factor: which codes are taken, and when. */
#include "engine/second_factor.h"
#include "engine/session.h"
#include "engine/sign_in.h"
#include "engine_fixture.h"

#include <liboath/oath.h>

#define GOOD "correct horse battery"
#define STEP INT64_C(30000)
#define DAY  INT64_C(86400000)

struct people {
    struct fixture x;
    kith_id anna;
    char secret[FACTOR_SECRET];
    char codes[FACTOR_CODES][FACTOR_CODE];
    char code[7];
};

/* The code that an application shows when its clock says so. */
static const char *shown(struct people *w, int64_t at) {
    char *raw;
    size_t len;
    EXPECT_INT(OATH_OK, oath_base32_decode(w->secret, strlen(w->secret), &raw, &len));
    EXPECT_INT(OATH_OK, oath_totp_generate(raw, len, (time_t)(at / 1000), 30, 0, 6, w->code));
    free(raw);
    return w->code;
}

static int64_t now(struct people *w) {
    return clock_now(&w->x.clock);
}

static kith_status confirm(struct people *w, const char *code) {
    return factor_confirm(w->x.g, &tester, w->anna, 0, str_of(code), w->codes, &w->x.e);
}

static void people_open(struct people *w) {
    memset(w, 0, sizeof *w);
    fixture_open(&w->x);
    fixture_start(&w->x);
    w->anna = create(&w->x, type_named(&w->x, "user"), PAIRS("login=anna", "name=Anna"));
    EXPECT_OK(password_set(w->x.g, &tester, w->anna, "anna", STR(GOOD), 0, &w->x.e), w->x.e);
    EXPECT_OK(factor_begin(w->x.g, w->anna, w->secret, &w->x.e), w->x.e);
}

static void people_with_factor(struct people *w) {
    people_open(w);
    EXPECT_OK(confirm(w, shown(w, now(w) - STEP)), w->x.e);
}

static kith_status tries(struct people *w, const char *code) {
    struct signed_in in;
    const struct proof p = {.login = "anna", .password = STR(GOOD), .code = str_of(code)};
    return sign_in(w->x.g, &p, &in, &w->x.e);
}

TEST("a factor is on when its first code was told, and its codes are those of RFC 6238") {
    struct people w;
    people_open(&w);
    EXPECT_OK(tries(&w, ""), w.x.e);
    EXPECT_INT(KITH_E_DENIED, confirm(&w, "12345"));
    EXPECT_INT(KITH_E_DENIED, confirm(&w, ""));
    EXPECT_INT(KITH_E_DENIED, confirm(&w, shown(&w, now(&w) - 2 * STEP)));
    EXPECT_INT(KITH_E_DENIED, confirm(&w, shown(&w, now(&w) + 2 * STEP)));
    EXPECT_OK(tries(&w, ""), w.x.e);
    EXPECT_OK(confirm(&w, shown(&w, now(&w))), w.x.e);
    EXPECT_INT(KITH_E_DENIED, tries(&w, ""));
    EXPECT_INT(KITH_E_CONFLICT, confirm(&w, shown(&w, now(&w) + STEP)));
    EXPECT_INT(KITH_E_CONFLICT, factor_begin(w.x.g, w.anna, w.secret, &w.x.e));
    /* Appendix B: SHA-1, the time 1111111109 s, eight digits 07081804. */
    const struct factor f = {.secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"};
    EXPECT_INT(1111111109 / 30, factor_step(&f, STR("081 804"), INT64_C(1111111109000)));
    EXPECT_INT(0, factor_step(&f, STR("081805"), INT64_C(1111111109000)));
    fixture_close(&w.x);
}

TEST("no code is taken twice, nor an older one than was taken, though the clock is set back") {
    struct people w;
    char first[7], second[7];
    people_with_factor(&w);
    strcpy(first, shown(&w, now(&w)));
    strcpy(second, shown(&w, now(&w) + STEP));
    EXPECT_OK(tries(&w, first), w.x.e);
    EXPECT_INT(KITH_E_DENIED, tries(&w, first));
    EXPECT_OK(tries(&w, second), w.x.e);
    EXPECT_INT(KITH_E_DENIED, tries(&w, first));
    clock_advance(&w.x.clock, -DAY);
    EXPECT_INT(KITH_E_DENIED, tries(&w, shown(&w, now(&w))));
    clock_advance(&w.x.clock, 2 * DAY);
    EXPECT_OK(tries(&w, shown(&w, now(&w))), w.x.e);
    fixture_close(&w.x);
}

TEST("a code that fails slows down as a password does") {
    struct people w;
    people_with_factor(&w);
    for (int i = 0; i < 3; i++)
        EXPECT_INT(KITH_E_DENIED, tries(&w, "12345x"));
    EXPECT_INT(KITH_E_BUSY, tries(&w, shown(&w, now(&w))));
    clock_advance(&w.x.clock, 1000);
    EXPECT_OK(tries(&w, shown(&w, now(&w))), w.x.e);
    EXPECT_INT(KITH_E_DENIED, tries(&w, "")); /* that one is not there is no failure */
    EXPECT_INT(KITH_E_DENIED, tries(&w, ""));
    EXPECT_INT(KITH_E_DENIED, tries(&w, ""));
    EXPECT_OK(tries(&w, w.codes[0]), w.x.e);
    fixture_close(&w.x);
}

TEST("a recovery code is its user's, and good once, until the factor is another one") {
    struct people w;
    struct factor_state s;
    people_with_factor(&w);
    kith_id ben = create(&w.x, type_named(&w.x, "user"), PAIRS("login=ben", "name=Ben"));
    EXPECT_OK(password_set(w.x.g, &tester, ben, "ben", STR(GOOD), 0, &w.x.e), w.x.e);
    char secret[FACTOR_SECRET], own[FACTOR_SECRET];
    strcpy(own, w.secret);
    EXPECT_OK(factor_begin(w.x.g, ben, secret, &w.x.e), w.x.e);
    strcpy(w.secret, secret);
    char of_ben[FACTOR_CODES][FACTOR_CODE];
    const char *first = shown(&w, now(&w));
    EXPECT_OK(factor_confirm(w.x.g, &tester, ben, 0, str_of(first), of_ben, &w.x.e), w.x.e);
    strcpy(w.secret, own);
    EXPECT_INT(KITH_E_DENIED, tries(&w, of_ben[0]));
    EXPECT_OK(tries(&w, w.codes[4]), w.x.e);
    EXPECT_INT(KITH_E_DENIED, tries(&w, w.codes[4]));
    EXPECT_OK(factor_state(w.x.g, w.anna, &s, &w.x.e), w.x.e);
    EXPECT(s.on && !s.needed);
    EXPECT_INT(FACTOR_CODES - 1, s.recovery);
    EXPECT_OK(factor_end(w.x.g, &tester, w.anna, &w.x.e), w.x.e);
    EXPECT_OK(tries(&w, ""), w.x.e);
    EXPECT_OK(factor_begin(w.x.g, w.anna, w.secret, &w.x.e), w.x.e);
    char former[FACTOR_CODE];
    strcpy(former, w.codes[5]);
    EXPECT_OK(confirm(&w, shown(&w, now(&w))), w.x.e);
    EXPECT_INT(KITH_E_DENIED, tries(&w, former));
    EXPECT_OK(tries(&w, w.codes[5]), w.x.e);
    fixture_close(&w.x);
}

TEST("who needs a factor and has none is let in for nothing but setting it up") {
    struct people w;
    struct session s = {.method = "password", .from = ""}, other = {.method = "openid", .from = ""};
    struct access_of of;
    char text[SESSION_TEXT], text2[SESSION_TEXT];
    people_open(&w);
    engine_close(w.x.g);
    w.x.second_factor = "sales, administrator";
    fixture_reopen(&w.x);
    fixture_start(&w.x);
    kith_id role = create(&w.x, type_named(&w.x, "role"), PAIRS("name=administrator"));
    s.user = other.user = w.anna;
    EXPECT_OK(session_begin(w.x.g, &s, text, &w.x.e), w.x.e);
    EXPECT_OK(session_begin(w.x.g, &other, text2, &w.x.e), w.x.e);
    EXPECT_OK(session_enter(w.x.g, str_of(text), &w.x.arena, &s, &of, &w.x.e), w.x.e);
    EXPECT(!of.limit.types);
    update(&w.x, type_named(&w.x, "user"), w.anna,
           PAIRS(arena_printf(&w.x.arena, "roles=%s", id_text(&w.x, role))));
    EXPECT_OK(session_enter(w.x.g, str_of(text), &w.x.arena, &s, &of, &w.x.e), w.x.e);
    EXPECT_STR("", of.limit.types);
    EXPECT(of.limit.read_only);
    EXPECT_OK(session_enter(w.x.g, str_of(text2), &w.x.arena, &other, &of, &w.x.e), w.x.e);
    EXPECT(!of.limit.types);
    EXPECT_INT(KITH_E_DENIED, tries(&w, "")); /* the command line */
    EXPECT_HAS("needs a second factor", w.x.e.message);
    EXPECT_OK(factor_confirm(w.x.g, &tester, w.anna, s.number, str_of(shown(&w, now(&w))), w.codes,
                             &w.x.e),
              w.x.e);
    EXPECT_OK(session_enter(w.x.g, str_of(text), &w.x.arena, &s, &of, &w.x.e), w.x.e);
    EXPECT(!of.limit.types);
    EXPECT_STR("password and code", s.method);
    fixture_close(&w.x);
}
