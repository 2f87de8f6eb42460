/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: when they begin and end. */
#include "engine/session.h"
#include "engine/sign_in.h"
#include "engine_people_fixture.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)

static int64_t begin(struct people *w, kith_id user, char text[SESSION_TEXT]) {
    struct session s = {.user = user, .method = "password", .from = "203.0.113.7"};
    EXPECT_OK(session_begin(w->x.g, &s, text, &w->x.e), w->x.e);
    return s.number;
}

static kith_status enter(struct people *w, const char *text, struct session *s) {
    struct access_of of;
    kith_status st =
        session_enter(w->x.g, str_of(text), ZONE_INTRANET, &w->x.arena, s, &of, &w->x.e);
    if (st == KITH_OK)
        EXPECT_INT(s->user, of.user);
    return st;
}

static kith_status tries(struct people *w, const char *text) {
    struct session s;
    return enter(w, text, &s);
}

static size_t sessions_of(struct people *w, kith_id user) {
    struct session *list;
    size_t n;
    EXPECT_OK(session_list(w->x.g, user, &w->x.arena, &list, &n, &w->x.e), w->x.e);
    return n;
}

TEST("a session stands for its user, and its text is nowhere but with whoever began it") {
    struct people w;
    struct session s;
    char text[SESSION_TEXT], other[SESSION_TEXT], csrf[SESSION_CSRF], csrf2[SESSION_CSRF];
    people_open(&w);
    begin(&w, w.anna, text);
    begin(&w, w.anna, other);
    EXPECT(strcmp(text, other) != 0 && strncmp(text, "kiths_", 6) == 0);
    EXPECT_OK(enter(&w, text, &s), w.x.e);
    EXPECT_INT(w.anna, s.user);
    EXPECT_STR("password", s.method);
    EXPECT_STR("203.0.113.7", s.from);
    session_csrf(str_of(text), csrf);
    session_csrf(str_of(other), csrf2);
    EXPECT_INT(43, strlen(csrf));
    EXPECT(strcmp(csrf, csrf2) != 0 && !strstr(csrf, text + 6));
    text[20] ^= 1;
    EXPECT_INT(KITH_E_DENIED, tries(&w, text));
    EXPECT_INT(KITH_E_DENIED, tries(&w, ""));
    struct session nobody = {.user = 4711, .method = "password", .from = ""};
    EXPECT_INT(KITH_E_DENIED, session_begin(w.x.g, &nobody, text, &w.x.e));
    EXPECT_INT(KITH_E_DENIED, tries(&w, text));
    fixture_close(&w.x);
}

TEST("a session ends when it is not used, and in the end though it is") {
    struct people w;
    char idle[SESSION_TEXT], used[SESSION_TEXT];
    people_open(&w);
    begin(&w, w.anna, idle);
    begin(&w, w.anna, used);
    for (int hours = 0; hours < 7 * 24 - 7; hours += 7) {
        clock_advance(&w.x.clock, 7 * HOUR);
        EXPECT_OK(tries(&w, used), w.x.e);
        settle(&w.x); /* that it was used is noted by the writer */
        if (hours > 0)
            EXPECT_INT(KITH_E_DENIED, tries(&w, idle));
    }
    EXPECT_INT(1, sessions_of(&w, w.anna));
    clock_advance(&w.x.clock, 7 * HOUR);
    EXPECT_INT(KITH_E_DENIED, tries(&w, used));
    EXPECT_INT(0, sessions_of(&w, w.anna));
    fixture_close(&w.x);
}

TEST("a session that is older than the clock is no older than it says") {
    struct people w;
    char text[SESSION_TEXT];
    people_open(&w);
    begin(&w, w.anna, text);
    clock_advance(&w.x.clock, -3 * HOUR);
    EXPECT_OK(tries(&w, text), w.x.e);
    settle(&w.x);
    clock_advance(&w.x.clock, 7 * HOUR);
    EXPECT_OK(tries(&w, text), w.x.e);
    fixture_close(&w.x);
}

TEST("a user has no more sessions than may be: the oldest ends") {
    struct people w;
    char first[SESSION_TEXT], second[SESSION_TEXT], text[SESSION_TEXT], of_ben[SESSION_TEXT];
    people_open(&w);
    kith_id ben = create(&w.x, w.user, PAIRS("login=ben", "name=Ben"));
    begin(&w, ben, of_ben);
    begin(&w, w.anna, first);
    begin(&w, w.anna, second);
    for (int i = 2; i <= SESSIONS_MAX; i++)
        begin(&w, w.anna, text);
    EXPECT_INT(SESSIONS_MAX, sessions_of(&w, w.anna));
    EXPECT_INT(KITH_E_DENIED, tries(&w, first));
    EXPECT_OK(tries(&w, second), w.x.e);
    EXPECT_OK(tries(&w, of_ben), w.x.e);
    fixture_close(&w.x);
}

TEST("a session ends when it is revoked, when the password is set, and with its user") {
    struct people w;
    int64_t n;
    char one[SESSION_TEXT], two[SESSION_TEXT], three[SESSION_TEXT], of_ben[SESSION_TEXT];
    struct access_entry *list;
    size_t entries;
    people_open(&w);
    kith_id ben = create(&w.x, w.user, PAIRS("login=ben", "name=Ben"));
    begin(&w, ben, of_ben);
    int64_t number = begin(&w, w.anna, one);
    int64_t kept = begin(&w, w.anna, two);
    begin(&w, w.anna, three);
    EXPECT_INT(KITH_E_NOTFOUND, session_end(w.x.g, &tester, ben, number, &w.x.e));
    EXPECT_OK(session_end(w.x.g, &tester, w.anna, number, &w.x.e), w.x.e);
    EXPECT_INT(KITH_E_DENIED, tries(&w, one));
    EXPECT_OK(password_set(w.x.g, &tester, w.anna, "anna", STR(GOOD), kept, &w.x.e), w.x.e);
    EXPECT_OK(tries(&w, two), w.x.e);
    EXPECT_INT(KITH_E_DENIED, tries(&w, three));
    EXPECT_OK(session_end_all(w.x.g, &tester, w.anna, 0, &n, &w.x.e), w.x.e);
    EXPECT_INT(1, n);
    EXPECT_INT(KITH_E_DENIED, tries(&w, two));
    EXPECT_OK(tries(&w, of_ben), w.x.e);
    delete_(&w.x, w.user, ben);
    EXPECT_INT(KITH_E_DENIED, tries(&w, of_ben));
    EXPECT_OK(access_entries(w.x.g, &(struct access_filter){.event = ACCESS_SESSION, .limit = 100},
                             &w.x.arena, &list, &entries, &w.x.e),
              w.x.e);
    EXPECT_INT(2, entries);
    EXPECT_STR("ended 1 session", list[0].asked);
    fixture_close(&w.x);
}

TEST("a blocked user has no session, gets none, and comes in by nothing else, until let in again") {
    struct people w;
    char text[SESSION_TEXT], token[TOKEN_TEXT];
    struct access_of of;
    struct principal in;
    struct token t = {.name = "shop"};
    static const struct principal root = {.name = "root", .all = true};
    people_open(&w);
    EXPECT_OK(password_set(w.x.g, &root, w.anna, "anna", STR(GOOD), 0, &w.x.e), w.x.e);
    begin(&w, w.anna, text);
    t.user = t.of.user = w.anna;
    EXPECT_OK(token_add(w.x.g, &root, &t, token, &w.x.e), w.x.e);
    EXPECT_OK(token_enter(w.x.g, str_of(token), &w.x.arena, &of, &w.x.e), w.x.e);
    update(&w.x, w.user, w.anna, PAIRS("blocked=true"));
    EXPECT_INT(0, sessions_of(&w, w.anna));
    EXPECT_INT(KITH_E_DENIED, tries(&w, text));
    EXPECT_OK(token_enter(w.x.g, str_of(token), &w.x.arena, &of, &w.x.e), w.x.e);
    EXPECT_INT(KITH_E_DENIED, engine_enter(w.x.g, &of, NULL, &in, &w.x.e));
    EXPECT(strstr(w.x.e.message, "'anna' is blocked"));
    struct session s = {.user = w.anna, .method = "openid", .from = ""};
    EXPECT_INT(KITH_E_DENIED, session_begin(w.x.g, &s, text, &w.x.e));
    struct signed_in by;
    struct proof proof = {.login = "anna", .password = STR(GOOD)};
    EXPECT_INT(KITH_E_DENIED, sign_in(w.x.g, &proof, &by, &w.x.e));
    EXPECT(strstr(w.x.e.message, "'anna' is blocked"));
    proof.password = STR("another word of hers"); /* it is not told to whoever guesses */
    EXPECT_INT(KITH_E_DENIED, sign_in(w.x.g, &proof, &by, &w.x.e));
    EXPECT(!strstr(w.x.e.message, "blocked"));
    update(&w.x, w.user, w.anna, PAIRS("blocked=false"));
    EXPECT_INT(KITH_E_DENIED, tries(&w, text));
    EXPECT_OK(engine_enter(w.x.g, &of, NULL, &in, &w.x.e), w.x.e);
    engine_leave(&in);
    begin(&w, w.anna, text);
    fixture_close(&w.x);
}

TEST("roles hold as far out as a request comes from, wherever its session began") {
    struct people w;
    char text[SESSION_TEXT];
    struct session s;
    struct access_of of;
    people_open(&w);
    begin(&w, w.anna, text);
    EXPECT_OK(session_enter(w.x.g, str_of(text), ZONE_INTERNET, &w.x.arena, &s, &of, &w.x.e),
              w.x.e);
    EXPECT_INT(ZONE_INTERNET, of.zone);
    EXPECT_INT(ZONE_INTRANET, s.zone);
    fixture_close(&w.x);
}
