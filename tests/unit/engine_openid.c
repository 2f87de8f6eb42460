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
    const struct proven p = {.issuer = STR(ISSUER),
                             .subject = str_of(subject),
                             .login = str_of(login),
                             .name = STR("Some Body"),
                             .role = str_of(role)};
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
    EXPECT_OK(openid_forget(w.x.g, &admin, w.anna, 0, &n, &w.x.e), w.x.e);
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

static kith_id comes_with(struct people *w, const char *subject, const char *login,
                          const char *roles) {
    const struct proven p = {.issuer = STR(ISSUER),
                             .subject = str_of(subject),
                             .login = str_of(login),
                             .roles = str_of(roles),
                             .managed = STR("seller\nboss\n")};
    kith_id user;
    return openid_sign_in(w->x.g, &p, &user, &w->x.e) == KITH_OK ? user : 0;
}

static int64_t have(struct people *w, const char *role) {
    return count(&w->x,
                 arena_printf(&w->x.arena, "user where login = 'anna' and roles.name = '%s'", role),
                 NULL);
}

static int64_t journal_rows(struct people *w) {
    struct conn *c;
    int64_t n;
    EXPECT_OK(engine_reader(w->x.g, &c, &w->x.e), w->x.e);
    EXPECT_OK(conn_int(c, "SELECT count(*) FROM kith_journal", -1, &n, &w->x.e), w->x.e);
    engine_reader_done(w->x.g, c);
    return n;
}

TEST("roles that the provider decides about come and go with each sign-in, and others stay") {
    struct people w;
    people_open(&w);
    kith_id seller = create(&w.x, w.role, PAIRS("name=seller"));
    kith_id own = create(&w.x, w.role, PAIRS("name=own"));
    create(&w.x, w.role, PAIRS("name=boss"));
    update(
        &w.x, w.user, w.anna,
        PAIRS(arena_printf(&w.x.arena, "roles=%s,%s", id_text(&w.x, seller), id_text(&w.x, own))));
    EXPECT_INT(w.anna, comes_with(&w, "1", "anna", "boss\nboss\n"));
    EXPECT_INT(1, have(&w, "own"));
    EXPECT_INT(1, have(&w, "boss"));
    EXPECT_INT(0, have(&w, "seller"));
    int64_t rows = journal_rows(&w);
    EXPECT_INT(w.anna, comes_with(&w, "1", "", "boss\n"));
    EXPECT_INT(rows, journal_rows(&w)); /* nothing is written where nothing is new */
    EXPECT_INT(w.anna, comes_with(&w, "1", "", ""));
    EXPECT_INT(1, have(&w, "own"));
    EXPECT_INT(0, have(&w, "boss"));
    EXPECT_INT(w.anna, comes(&w, ISSUER, "1", "")); /* another row of settings decides nothing */
    EXPECT_INT(1, have(&w, "own"));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("whoever has a role of the provider's becomes a user, and whoever has none does not") {
    struct people w;
    people_open(&w);
    create(&w.x, w.role, PAIRS("name=seller"));
    EXPECT_INT(0, comes_with(&w, "2", "new@example.org", "seller\n"));
    EXPECT(strstr(w.x.e.message, "there is no role 'boss'"));
    create(&w.x, w.role, PAIRS("name=boss"));
    EXPECT_INT(0, comes_with(&w, "2", "new@example.org", ""));
    EXPECT(comes_with(&w, "2", "new@example.org", "seller\nboss\n") != 0);
    EXPECT_INT(1,
               count(&w.x, "user where login = 'new@example.org' and roles.name = 'seller'", NULL));
    EXPECT_INT(1,
               count(&w.x, "user where login = 'new@example.org' and roles.name = 'boss'", NULL));
    fixture_close(&w.x);
}
