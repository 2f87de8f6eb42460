/* SPDX-License-Identifier: Apache-2.0 */
/* Whom providers of OpenID Connect vouch for: who that is here, from the first time on. */
#include "engine/openid.h"
#include "engine/session.h"
#include "engine_people_fixture.h"

#define ISSUER "https://login.example.org"

static kith_id comes(struct people *w, const char *issuer, const char *subject, const char *login) {
    const struct proven p = {
        .issuer = str_of(issuer), .subject = str_of(subject), .login = str_of(login)};
    kith_id user = 4711;
    kith_status st = openid_sign_in(w->x.g, &p, &user, &w->x.e);
    EXPECT(st == KITH_OK ? user != 0 : st == KITH_E_DENIED && user == 0);
    return user;
}

static kith_id comes_new(struct people *w, const char *subject, const char *login,
                         const char *role) {
    const struct proven p = {str_of(ISSUER), str_of(subject), str_of(login), STR("Some Body"),
                             str_of(role)};
    kith_id user;
    return openid_sign_in(w->x.g, &p, &user, &w->x.e) == KITH_OK ? user : 0;
}

TEST("a subject is found by address or login once, and is the same user for ever") {
    struct people w;
    people_open(&w);
    EXPECT_INT(0, comes(&w, ISSUER, "7", ""));
    EXPECT_INT(0, comes(&w, ISSUER, "7", "anna@example.com"));
    EXPECT_INT(w.anna, comes(&w, ISSUER, "7", "aNNa@EXAMPLE.org"));
    EXPECT_INT(w.anna, comes(&w, ISSUER, "7", ""));
    EXPECT_INT(w.anna, comes(&w, ISSUER, "7", "boss@example.org"));
    EXPECT_INT(0, comes(&w, ISSUER, "8", "anna@example.org"));
    EXPECT(strstr(w.x.e.message, "another account"));
    EXPECT_INT(0, comes(&w, "https://other.example.org", "7", ""));
    EXPECT_INT(w.anna, comes(&w, "https://other.example.org", "7", "ANNA"));
    update(&w.x, w.user, w.anna, PAIRS("login=smith", "email=smith@example.org"));
    EXPECT_INT(w.anna, comes(&w, ISSUER, "7", "anna@example.org"));
    fixture_close(&w.x);
}

TEST("only case may differ: neither accents nor two users with one name are taken for somebody") {
    struct people w;
    people_open(&w);
    EXPECT_INT(0, comes(&w, ISSUER, "1", "ann\xc3\xa0"));
    EXPECT_INT(0, comes(&w, ISSUER, "1", "\xc3\xa0nna@example.org"));
    create(&w.x, w.user, PAIRS("login=anna@example.org", "name=Other"));
    EXPECT_INT(0, comes(&w, ISSUER, "1", "anna@example.org"));
    EXPECT(strstr(w.x.e.message, "more than one user"));
    fixture_close(&w.x);
}

TEST("what is no text, or too long, is nobody") {
    struct people w;
    char longer[300];
    people_open(&w);
    memset(longer, 'x', sizeof longer);
    longer[256] = '\0';
    EXPECT_INT(0, comes(&w, ISSUER, longer, "anna"));
    EXPECT_INT(0, comes(&w, ISSUER, "", "anna"));
    EXPECT_INT(0, comes(&w, "", "1", "anna"));
    EXPECT_INT(0, comes(&w, ISSUER, "\xff", "anna"));
    const struct proven nul = {.issuer = STR(ISSUER), .subject = {"1\0x", 3}, .login = STR("anna")};
    kith_id user;
    EXPECT_INT(KITH_E_DENIED, openid_sign_in(w.x.g, &nul, &user, &w.x.e));
    longer[255] = '\0';
    EXPECT_INT(w.anna, comes(&w, ISSUER, longer, "anna"));
    fixture_close(&w.x);
}

TEST("a new user gets the role that is said, and without a role there is no new user") {
    struct people w;
    people_open(&w);
    const struct rtype *role = schema_type(engine_schema(w.x.g), STR("role"));
    kith_id guest = create(&w.x, role, PAIRS("name=guest", "rights={}"));
    EXPECT_INT(0, comes_new(&w, "1", "ben@example.org", ""));
    EXPECT_INT(0, comes_new(&w, "1", "ben@example.org", "gust"));
    EXPECT(strstr(w.x.e.message, "there is no role 'gust'"));
    kith_id ben = comes_new(&w, "1", "ben@example.org", "guest");
    EXPECT(ben != 0);
    EXPECT_STR("ben@example.org", field(&w.x, w.user, ben, "login"));
    EXPECT_STR("ben@example.org", field(&w.x, w.user, ben, "email"));
    EXPECT_STR("Some Body", field(&w.x, w.user, ben, "name"));
    char text[ID_TEXT + 1];
    id_format(guest, text);
    EXPECT(strstr(field(&w.x, w.user, ben, "roles"), text));
    EXPECT_INT(ben, comes_new(&w, "1", "ben@example.org", "guest"));
    EXPECT_INT(w.anna, comes_new(&w, "2", "anna@example.org", "guest"));
    EXPECT_STR("", field(&w.x, w.user, w.anna, "roles"));
    fixture_close(&w.x);
}

TEST("who is let go of by an administrator, or deleted, is no subject any more") {
    static const struct principal admin = {.name = "cli:root", .all = true};
    struct people w;
    struct session *list;
    char text[SESSION_TEXT];
    int64_t n;
    size_t sessions;
    people_open(&w);
    struct session s = {.user = w.anna, .method = "openid", .from = ""};
    EXPECT_INT(w.anna, comes(&w, ISSUER, "1", "anna"));
    EXPECT_OK(session_begin(w.x.g, &s, text, &w.x.e), w.x.e);
    EXPECT_OK(openid_forget(w.x.g, &admin, w.anna, &n, &w.x.e), w.x.e);
    EXPECT_INT(1, n);
    EXPECT_OK(session_list(w.x.g, w.anna, &w.x.arena, &list, &sessions, &w.x.e), w.x.e);
    EXPECT_INT(0, sessions);
    EXPECT_INT(0, comes(&w, ISSUER, "1", ""));
    EXPECT_INT(w.anna, comes(&w, ISSUER, "2", "anna"));
    delete_(&w.x, w.user, w.anna);
    EXPECT_INT(0, comes(&w, ISSUER, "2", "anna"));
    kith_id other = create(&w.x, w.user, PAIRS("login=anna", "name=Another Anna"));
    EXPECT_INT(other, comes(&w, ISSUER, "3", "anna"));
    EXPECT_INT(0, comes(&w, ISSUER, "2", ""));
    fixture_close(&w.x);
}
