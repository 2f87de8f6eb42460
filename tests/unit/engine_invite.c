/* SPDX-License-Identifier: Apache-2.0 */
/* Invitations, and who is slowed down by where they come from. */
#include "engine/invite.h"
#include "engine/openid.h"
#include "engine/sign_in.h"
#include "engine_people_fixture.h"

#define HOUR INT64_C(3600000)

static void give(struct people *w, kith_id user, int64_t life_ms, char code[INVITE_TEXT]) {
    EXPECT_OK(invite(w->x.g, &tester, user, "anna", life_ms, code, &w->x.e), w->x.e);
}

static kith_status take(struct people *w, const char *code, const char *login,
                        const char *password) {
    const struct invited what = {
        .code = str_of(code), .login = login, .name = "", .password = str_of(password)};
    return invite_take(w->x.g, &what, &w->x.e);
}

static kith_status try_from(struct people *w, const char *login, const char *password,
                            const char *from, int64_t *wait_ms) {
    struct signed_in in;
    const struct proof proof = {.login = login, .password = str_of(password), .from = from};
    kith_status st = sign_in(w->x.g, &proof, &in, &w->x.e);
    if (wait_ms)
        *wait_ms = in.wait_ms;
    return st;
}

static bool due(struct people *w) {
    bool yes;
    EXPECT_OK(invite_is_due(w->x.g, &yes, &w->x.e), w->x.e);
    return yes;
}

TEST("a first code makes an administrator, as long as nobody can sign in") {
    struct people w;
    char code[INVITE_TEXT], late[INVITE_TEXT];
    people_begin(&w);
    EXPECT(due(&w));
    give(&w, 0, HOUR, code);
    EXPECT_INT(KITH_E_REFUSED, take(&w, code, "boss", "short"));
    EXPECT_INT(0, count(&w.x, "user", NULL));
    EXPECT_OK(take(&w, code, "boss", GOOD), w.x.e);
    EXPECT(!due(&w));
    EXPECT_INT(1, count(&w.x, "user where login = 'boss' and roles.name = 'administrator'", NULL));
    EXPECT_OK(try_from(&w, "boss", GOOD, NULL, NULL), w.x.e);
    EXPECT_INT(KITH_E_DENIED, take(&w, code, "other", GOOD));
    give(&w, 0, HOUR, late);
    EXPECT_INT(KITH_E_DENIED, take(&w, late, "other", GOOD));
    EXPECT_INT(1, count(&w.x, "user", NULL));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("a first code is worth nothing once somebody came in by a provider, who is no administrator") {
    struct people w;
    char code[INVITE_TEXT];
    kith_id user;
    const struct proven p = {.issuer = STR("https://login.example.org"),
                             .subject = STR("7"),
                             .login = STR("guest@example.org"),
                             .name = STR("Guest"),
                             .role = STR("guest")};
    people_open(&w);
    create(&w.x, schema_type(engine_schema(w.x.g), STR("role")), PAIRS("name=guest"));
    give(&w, 0, HOUR, code);
    EXPECT(due(&w));
    EXPECT_OK(openid_sign_in(w.x.g, &p, &user, &w.x.e), w.x.e);
    EXPECT(!due(&w));
    EXPECT_INT(KITH_E_DENIED, take(&w, code, "boss", GOOD));
    EXPECT_INT(0, count(&w.x, "user where login = 'boss'", NULL));
    fixture_close(&w.x);
}

TEST("a code is good once, for its user, until it expires or another one is given out") {
    struct people w;
    char former[INVITE_TEXT], code[INVITE_TEXT];
    people_begin(&w);
    people_add_anna(&w);
    create(&w.x, w.user, PAIRS("login=ben", "name=Ben"));
    give(&w, w.anna, HOUR, former);
    give(&w, w.anna, HOUR, code);
    EXPECT_INT(KITH_E_DENIED, take(&w, former, "anna", GOOD));
    EXPECT_INT(KITH_E_DENIED, take(&w, code, "ben", GOOD));
    EXPECT_INT(KITH_E_DENIED, take(&w, code, "nobody", GOOD));
    EXPECT_INT(KITH_E_DENIED, try_from(&w, "anna", GOOD, NULL, NULL));
    EXPECT_OK(take(&w, code, "anna", GOOD), w.x.e);
    EXPECT_OK(try_from(&w, "anna", GOOD, NULL, NULL), w.x.e);
    EXPECT_INT(KITH_E_DENIED, take(&w, code, "anna", "another fine phrase"));
    fixture_close(&w.x);
}

TEST("a code that has expired is not good again when the clock is set back") {
    struct people w;
    char code[INVITE_TEXT];
    people_begin(&w);
    people_add_anna(&w);
    give(&w, w.anna, HOUR, code);
    clock_advance(&w.x.clock, HOUR);
    EXPECT_INT(KITH_E_DENIED, take(&w, code, "anna", GOOD));
    clock_advance(&w.x.clock, -HOUR);
    EXPECT_INT(KITH_E_DENIED, take(&w, code, "anna", GOOD));
    fixture_close(&w.x);
}

/* Twenty that fail, each with another login. */
static void guess(struct people *w, const char *network) {
    char login[20], from[64];
    for (int i = 0; i < 20; i++) {
        snprintf(login, sizeof login, "guess%d", i);
        snprintf(from, sizeof from, "%s%x", network, i + 1);
        EXPECT_INT(KITH_E_DENIED, try_from(w, login, "wrong", from, NULL));
    }
}

TEST("whoever tries many logins is slowed down by address, of IPv6 by network, and nobody else") {
    struct people w;
    int64_t ms;
    people_begin(&w);
    people_add_anna(&w);
    EXPECT_OK(password_set(w.x.g, &tester, w.anna, "anna", STR(GOOD), 0, &w.x.e), w.x.e);
    guess(&w, "2001:db8:1:2::");
    EXPECT_INT(KITH_E_BUSY, try_from(&w, "anna", GOOD, "2001:db8:1:2:ffff::1", &ms));
    EXPECT_INT(1000, ms);
    EXPECT_STR("too many attempts failed from this address: try again in 1 s", w.x.e.message);
    EXPECT_OK(try_from(&w, "anna", GOOD, "2001:db8:1:3::1", &ms), w.x.e);
    EXPECT_OK(try_from(&w, "anna", GOOD, "198.51.100.1", &ms), w.x.e);
    EXPECT_OK(try_from(&w, "anna", GOOD, NULL, &ms), w.x.e);
    clock_advance(&w.x.clock, 1000);
    EXPECT_OK(try_from(&w, "anna", GOOD, "2001:db8:1:2::1", &ms), w.x.e);
    /* One who has a password may be trying others: that it was right forgives nothing. */
    EXPECT_INT(KITH_E_DENIED, try_from(&w, "another", "wrong", "2001:db8:1:2::1", &ms));
    EXPECT_INT(KITH_E_BUSY, try_from(&w, "anna", GOOD, "2001:db8:1:2::2", &ms));
    EXPECT_INT(2000, ms);
    clock_advance(&w.x.clock, 2000 + 600000); /* half of it is forgotten */
    EXPECT_INT(KITH_E_DENIED, try_from(&w, "more", "wrong", "2001:db8:1:2::1", &ms));
    EXPECT_OK(try_from(&w, "anna", GOOD, "2001:db8:1:2::1", &ms), w.x.e);
    fixture_close(&w.x);
}
