/* SPDX-License-Identifier: Apache-2.0 */
/* Leads that are shared out in turn: fair whoever joins, leaves or pauses. */
#include "company.h"
#include "random.h"

#define CONF  "sales: { grant = [\"*\"]; };\n"
#define NORTH "sales: { grant = [\"*\"]; assign: { team = \"North\"; }; };\n"
#define AUTO  "sales: { grant = [\"*\"]; assign: { team = \"North\"; auto = true; }; };\n"

#define REPS_MAX 8
struct team {
    kith_id id, reps[REPS_MAX];
};

static kith_id rep(struct company *c, const struct team *team, int i) {
    char login[16];
    snprintf(login, sizeof login, "rep%d", i + 1);
    return CREATE(c, "user", {"login", login}, {"name", login}, {"teams", id_text(c, team->id)});
}

static struct team new_team(struct company *c, int reps) {
    struct team team = {.id = CREATE(c, "team", {"name", "North"})};
    for (int i = 0; i < reps; i++)
        team.reps[i] = rep(c, &team, i);
    return team;
}

#define LEAD(c)        CREATE(c, "lead", {"name", "A lead"})
#define ASSIGN(c, ...) ACT(c, "sales.assign", __VA_ARGS__)

/* The number of the rep who has the lead, from 1; 0: nobody. */
static int owner_of(struct company *c, const struct team *team, kith_id lead) {
    const char *owner = field(c, "lead", lead, "owner");
    for (int i = 0; i < REPS_MAX; i++)
        if (team->reps[i] && strcmp(owner, id_text(c, team->reps[i])) == 0)
            return i + 1;
    return 0;
}

static int assign_one(struct company *c, const struct team *team) {
    kith_id lead = LEAD(c);
    struct act a = ASSIGN(c, {"lead", id_text(c, lead)});
    EXPECT_ACT(a);
    EXPECT(a.results[2].as.link.id == team->reps[owner_of(c, team, lead) - 1]);
    return owner_of(c, team, lead);
}

TEST("five leads go to three reps in turn, one by one or all at once") {
    struct company c;
    kith_id leads[5];
    OPEN(&c, NORTH, "sales");
    struct team team = new_team(&c, 3);
    for (int i = 0; i < 5; i++)
        EXPECT_INT(i % 3 + 1, assign_one(&c, &team));
    for (int i = 0; i < 5; i++)
        leads[i] = LEAD(&c);
    struct act a = ASSIGN(&c, {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_INT(5, a.results[0].as.i);
    EXPECT_INT(3, a.results[1].as.i);
    for (int i = 0; i < 5; i++)
        EXPECT_INT((i + 5) % 3 + 1, owner_of(&c, &team, leads[i]));
    EXPECT_INT(2, assign_one(&c, &team));
    close_company(&c);
}

TEST("all open leads without an owner are assigned as they came, and no others") {
    struct company c;
    OPEN(&c, NORTH, "sales");
    struct team team = new_team(&c, 2);
    kith_id older = LEAD(&c), gone = LEAD(&c), owned = LEAD(&c), newer = LEAD(&c);
    UPDATE(&c, "lead", gone, {"state", "unqualified"});
    UPDATE(&c, "lead", owned, {"owner", id_text(&c, team.reps[1])});
    struct act a = ASSIGN(&c, {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_INT(2, a.results[0].as.i);
    EXPECT_INT(1, owner_of(&c, &team, older));
    EXPECT_INT(2, owner_of(&c, &team, newer));
    EXPECT_INT(2, owner_of(&c, &team, owned));
    EXPECT_INT(0, owner_of(&c, &team, gone));
    a = ASSIGN(&c, {NULL, NULL});
    EXPECT_INT(0, a.results[0].as.i);
    EXPECT_INT(0, a.results[1].as.i);
    EXPECT_INT(0, (int64_t)a.tx);
    close_company(&c);
}

TEST("who joins is next, who leaves or pauses is passed over, who comes back gets one at a time") {
    struct company c;
    OPEN(&c, NORTH, "sales");
    struct team team = new_team(&c, 2);
    EXPECT_INT(1, assign_one(&c, &team));
    EXPECT_INT(2, assign_one(&c, &team));
    team.reps[2] = rep(&c, &team, 2);
    EXPECT_INT(3, assign_one(&c, &team));
    EXPECT_INT(1, assign_one(&c, &team));
    UPDATE(&c, "user", team.reps[1], {"takes_leads", "false"});
    EXPECT_INT(3, assign_one(&c, &team));
    EXPECT_INT(1, assign_one(&c, &team));
    EXPECT_INT(3, assign_one(&c, &team));
    UPDATE(&c, "user", team.reps[0], {"teams", NULL});
    EXPECT_INT(3, assign_one(&c, &team));
    UPDATE(&c, "user", team.reps[1], {"takes_leads", "true"});
    EXPECT_INT(2, assign_one(&c, &team));
    EXPECT_INT(3, assign_one(&c, &team));
    EXPECT_INT(2, assign_one(&c, &team));
    close_company(&c);
}

static uint32_t dice(uint64_t *state, uint32_t sides) {
    return (uint32_t)(random_next(state) >> 33) % sides;
}

/* While nobody joins or leaves, the shares of those who take leads differ by one at most. */
static void expect_fair(const int *share, const int *takes, int reps) {
    int least = 1 << 30, most = 0;
    for (int i = 0; i < reps; i++) {
        if (takes[i] && share[i] < least)
            least = share[i];
        if (takes[i] && share[i] > most)
            most = share[i];
        if (!takes[i])
            EXPECT_INT(0, share[i]);
    }
    EXPECT(most - least <= 1);
}

TEST("shares differ by one at most, whatever batches come and whoever pauses in between") {
    struct company c;
    uint64_t seed = RANDOM_SEED;
    int takes[REPS_MAX], share[REPS_MAX];
    OPEN(&c, NORTH, "sales");
    struct team team = new_team(&c, 5);
    for (int i = 0; i < 5; i++)
        takes[i] = 1;
    for (int round = 0; round < 40; round++) {
        int who = (int)dice(&seed, 5);
        takes[who] = who == 0 || !takes[who]; /* one always does */
        UPDATE(&c, "user", team.reps[who], {"takes_leads", takes[who] ? "true" : "false"});
        memset(share, 0, sizeof share);
        for (int batch = 0; batch < 3; batch++) {
            kith_id leads[6];
            int count = (int)dice(&seed, 6) + 1;
            for (int i = 0; i < count; i++)
                leads[i] = LEAD(&c);
            EXPECT_ACT(ASSIGN(&c, {NULL, NULL}));
            for (int i = 0; i < count; i++)
                share[owner_of(&c, &team, leads[i]) - 1]++;
            expect_fair(share, takes, 5);
        }
    }
    close_company(&c);
}

TEST("an undo gives the lead back and the turn with it") {
    struct company c;
    OPEN(&c, NORTH, "sales");
    struct team team = new_team(&c, 3);
    EXPECT_INT(1, assign_one(&c, &team));
    kith_id lead = LEAD(&c);
    struct act a = ASSIGN(&c, {"lead", id_text(&c, lead)});
    EXPECT_ACT(a);
    EXPECT_INT(2, owner_of(&c, &team, lead));
    undo(&c, a.tx);
    EXPECT_INT(0, owner_of(&c, &team, lead));
    EXPECT_STR("", field(&c, "user", team.reps[1], "lead_turn"));
    EXPECT_ACT(ASSIGN(&c, {NULL, NULL}));
    EXPECT_INT(2, owner_of(&c, &team, lead));
    EXPECT_INT(3, assign_one(&c, &team));
    close_company(&c);
}

TEST("a list of logins may stand for a team, in the call and in the settings") {
    struct company c;
    OPEN(&c, "sales: { grant = [\"*\"]; assign: { users = [\"rep2\", \"rep3\", \"rep2\"]; }; };\n",
         "sales");
    struct team team = new_team(&c, 3);
    EXPECT_INT(2, assign_one(&c, &team));
    EXPECT_INT(3, assign_one(&c, &team));
    EXPECT_INT(2, assign_one(&c, &team));
    kith_id lead = LEAD(&c);
    EXPECT_ACT(ASSIGN(&c, {"users", "rep1,rep3"}));
    EXPECT_INT(1, owner_of(&c, &team, lead));
    EXPECT_HAS("no user with the login 'bob'", ASSIGN(&c, {"users", "rep1,bob"}).message);
    close_company(&c);
}

TEST("a user in two teams has one turn") {
    struct company c;
    OPEN(&c, NORTH, "sales");
    struct team team = new_team(&c, 2);
    kith_id south = CREATE(&c, "team", {"name", "South"});
    UPDATE(&c, "user", team.reps[0],
           {"teams", arena_printf(&c.arena, "%s,%s", id_text(&c, team.id), id_text(&c, south))});
    kith_id lead = LEAD(&c);
    EXPECT_ACT(ASSIGN(&c, {"team", "South"}));
    EXPECT_INT(1, owner_of(&c, &team, lead));
    EXPECT_INT(2, assign_one(&c, &team));
    EXPECT_INT(1, assign_one(&c, &team));
    close_company(&c);
}

TEST("a lead that is not free is not assigned") {
    struct company c;
    OPEN(&c, NORTH, "sales");
    struct team team = new_team(&c, 1);
    kith_id lead = LEAD(&c);
    UPDATE(&c, "lead", lead, {"owner", id_text(&c, team.reps[0])});
    EXPECT_HAS("the lead 'A lead' has an owner already",
               ASSIGN(&c, {"lead", id_text(&c, lead)}).message);
    UPDATE(&c, "lead", lead, {"owner", NULL}, {"state", "unqualified"});
    EXPECT_HAS("the lead 'A lead' is unqualified: only an open one is assigned",
               ASSIGN(&c, {"lead", id_text(&c, lead)}).message);
    close_company(&c);
}

TEST("when there is nobody to assign to, the refusal says what to set") {
    struct company c;
    OPEN(&c, CONF, "sales");
    LEAD(&c);
    EXPECT_HAS("set sales.assign.team or sales.assign.users", ASSIGN(&c, {NULL, NULL}).message);
    EXPECT_HAS("nobody in a team with the name 'North'", ASSIGN(&c, {"team", "North"}).message);
    struct team team = new_team(&c, 1);
    EXPECT_HAS("give team or users, not both",
               ASSIGN(&c, {"team", "North"}, {"users", "rep1"}).message);
    UPDATE(&c, "user", team.reps[0], {"takes_leads", "no"});
    EXPECT_HAS("nobody in a team with the name 'North'", ASSIGN(&c, {"team", "North"}).message);
    EXPECT_HAS("their takes_leads is false", ASSIGN(&c, {"users", "rep1"}).message);
    EXPECT_INT(1, find(&c, "lead where owner is null").count);
    close_company(&c);
}

TEST("a user cannot write the turn") {
    struct company c;
    OPEN(&c, NORTH, "sales");
    struct team team = new_team(&c, 1);
    REFUSED(&c, "user.lead_turn is kept by sales", "user", team.reps[0], {"lead_turn", "9"});
    close_company(&c);
}

TEST("with assign.auto new leads are assigned as they come, and the undo of one is complete") {
    struct company c;
    kith_id tx;
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, AUTO, "sales");
    struct team team = new_team(&c, 3);
    kith_id first = LEAD(&c), second = LEAD(&c);
    kith_id mine = CREATE(&c, "lead", {"name", "Mine"}, {"owner", id_text(&c, team.reps[1])});
    drain(&c);
    EXPECT_INT(1, owner_of(&c, &team, first));
    EXPECT_INT(2, owner_of(&c, &team, second));
    EXPECT_INT(2, owner_of(&c, &team, mine));
    struct put p = {&c, "lead", 0, PAIRS({"name", "Third"})};
    EXPECT_OK(engine_write(c.engine, &by_anna, put_txn, &p, &tx, &e), e);
    drain(&c);
    EXPECT_INT(3, owner_of(&c, &team, p.id));
    undo(&c, tx);
    EXPECT_STR("", field(&c, "user", team.reps[2], "lead_turn"));
    close_company(&c);
}

TEST("whoever is given a new lead has what it wrote, too") {
    struct company c;
    OPEN(&c, AUTO, "sales");
    new_team(&c, 1);
    CREATE(&c, "response", {"campaign", "Spring"}, {"name", "Ada"}, {"email", "ada@example.org"});
    drain(&c);
    kith_id lead = find(&c, "lead").ids[0];
    const char *owner = field(&c, "lead", lead, "owner");
    EXPECT(*owner);
    struct found heard = find(&c, "interaction");
    EXPECT_INT(1, heard.count);
    EXPECT_STR(owner, field(&c, "interaction", heard.ids[0], "owner"));
    kith_id other = CREATE(&c, "user", {"login", "ben"}, {"name", "Ben"});
    UPDATE(&c, "lead", lead, {"owner", id_text(&c, other)}); /* what took place stays */
    EXPECT_STR(owner, field(&c, "interaction", heard.ids[0], "owner"));
    close_company(&c);
}

TEST("a new lead that nobody takes is there all the same, is told of, and is assigned later") {
    struct company c;
    struct engine_stats stats;
    OPEN(&c, AUTO, "sales");
    struct team team = {0};
    kith_id lead = LEAD(&c);
    drain(&c);
    engine_stats(c.engine, &stats);
    EXPECT_INT(0, stats.letters_waiting);
    team = new_team(&c, 1);
    drain(&c);
    EXPECT_INT(1, owner_of(&c, &team, lead));
    close_company(&c);
}

TEST("a lead is given again only to somebody else, and only when that is said") {
    struct company c;
    OPEN(&c, NORTH, "sales");
    struct team team = new_team(&c, 2);
    kith_id lead = LEAD(&c);
    EXPECT_ACT(ASSIGN(&c, {"lead", id_text(&c, lead)}));
    EXPECT_INT(1, owner_of(&c, &team, lead));
    EXPECT_HAS("say again=true", ASSIGN(&c, {"lead", id_text(&c, lead)}).message);
    EXPECT_HAS("which lead=LEAD", ASSIGN(&c, {"again", "true"}).message);
    for (int i = 0; i < 3; i++) {
        EXPECT_ACT(ASSIGN(&c, {"lead", id_text(&c, lead)}, {"again", "true"}));
        EXPECT_INT(2 - i % 2, owner_of(&c, &team, lead));
    }
    UPDATE(&c, "user", team.reps[0], {"takes_leads", "no"});
    EXPECT_HAS("nobody else in a team",
               ASSIGN(&c, {"lead", id_text(&c, lead)}, {"again", "true"}).message);
    close_company(&c);
}

TEST("without assign.auto new leads wait") {
    struct company c;
    OPEN(&c, NORTH, "sales");
    struct team team = new_team(&c, 1);
    kith_id lead = LEAD(&c);
    drain(&c);
    EXPECT_INT(0, owner_of(&c, &team, lead));
    close_company(&c);
}

TEST("settings that name a team and users, or nobody for assign.auto, are refused") {
    struct company c;
    OPEN(&c, "sales: { grant = [\"*\"]; assign: { team = \"A\"; users = [\"b\"]; }; };\n", "sales");
    EXPECT_HAS("kith.conf:1: sales.assign.users: there is sales.assign.team, too",
               status_of(c.plugins, "sales").reason);
    close_company(&c);
    OPEN(&c, "sales: { grant = [\"*\"]; assign: { auto = true; }; };\n", "sales");
    EXPECT_HAS("kith.conf:1: sales.assign.auto: it needs sales.assign.team",
               status_of(c.plugins, "sales").reason);
    close_company(&c);
}
