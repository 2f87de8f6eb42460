/* SPDX-License-Identifier: Apache-2.0 */
/* Who sees and writes what: random users, teams, territories, roles, shares and records, and every
 * way to ask, against a reader of the rights that knows nothing of how the engine does it. */
#include "engine/import.h"
#include "engine_fixture.h"
#include "record/access.h"

/* -- a world, as the naive reader knows it ----------------------------------------------------- */

enum { ACCOUNT, CONTACT, LEAD, POINT, TYPES };
static const char *const type_names[] = {"account", "contact", "lead", "contact_point"};
/* A field of each type that roles open and close, and a value that some records have in it. */
static const char *const field_names[] = {"industry", "city", "source", "label"};
static const char *const field_values[] = {"steel", "Bonn", "web", "work"};
#define USERS       4
#define TEAMS       5
#define TERRITORIES 5
#define ROLES       4
#define RECORDS     9 /* of each type */
#define SHARES      6
#define NOBODY      (-1)

struct world_role {
    int reach[TYPES][RIGHT_COUNT]; /* place in words */
    int level[TYPES];              /* of its field: 0 none, 1 read, 2 write */
    kith_id id;
};
struct world_record {
    kith_id id;
    int owner, assignee; /* the latter of leads alone */
    int up, territory;   /* up: the account of a contact, the contact of a lead or a point */
    bool value;          /* it has the value in its field */
};
struct world {
    struct fixture x;
    uint32_t seed;
    struct {
        kith_id id;
        unsigned teams, roles, territories;
        char login[16];
    } users[USERS];
    struct {
        kith_id id;
        int up;
    } teams[TEAMS];
    struct {
        kith_id id;
        int up, manager;
    } territories[TERRITORIES];
    struct world_role roles[ROLES];
    struct world_record records[TYPES][RECORDS];
    struct {
        int type, record, team;
    } shares[SHARES];
    const struct rtype *types[TYPES];
};

/* Leads have somebody who sees to them. */
static const kith_field assigned[] = {
    {.name = "assignee", .kind = KITH_F_LINK, .options = "user", .flags = KITH_FF_ASSIGNEE}};
static const kith_type assigned_types[] = {
    {.name = "lead", .fields = KITH_ARRAY(assigned), .extends = 1}};

static const char *const words[] = {"none", "own", "team", "territory", "all"};
static const char *const levels[] = {"none", "read", "write"};

static int pick(struct world *w, int n) {
    w->seed = w->seed * 1664525u + 1013904223u;
    return (int)((w->seed >> 8) % (uint32_t)n);
}

/* -- the naive reader -------------------------------------------------------------------------- */

static bool team_within(const struct world *w, int team, unsigned set) {
    for (; team != NOBODY; team = w->teams[team].up)
        if (set >> team & 1u)
            return true;
    return false;
}

/* The team is one of the user's, below one, or above one. */
static bool in_circle(const struct world *w, int team, unsigned set) {
    if (team_within(w, team, set))
        return true;
    for (int t = 0; t < TEAMS; t++)
        if ((set >> t & 1u) && team_within(w, t, 1u << team))
            return true;
    return false;
}

static bool in_territory(const struct world *w, int user, int territory) {
    for (; territory != NOBODY; territory = w->territories[territory].up)
        if (w->territories[territory].manager == user ||
            (w->users[user].territories >> territory & 1u))
            return true;
    return false;
}

/* A user who works in one of the user's teams, or below. */
static bool is_mate(const struct world *w, int user, int other) {
    for (int t = 0; other != NOBODY && t < TEAMS; t++)
        if ((w->users[other].teams >> t & 1u) && team_within(w, t, w->users[user].teams))
            return true;
    return false;
}

static bool reaches(const struct world *w, int user, const char *word, enum right right, int type,
                    int record) {
    const struct world_record *r = &w->records[type][record];
    int territory = type == ACCOUNT                      ? r->territory
                    : type == CONTACT && r->up != NOBODY ? w->records[ACCOUNT][r->up].territory
                                                         : NOBODY;
    if (strcmp(word, "all") == 0)
        return true;
    if (strcmp(word, "none") == 0)
        return false;
    int assignee = right == RIGHT_READ || right == RIGHT_UPDATE ? r->assignee : NOBODY;
    if (r->owner == user || assignee == user)
        return true;
    if (strcmp(word, "territory") == 0)
        return in_territory(w, user, territory);
    if (strcmp(word, "team") == 0 && (is_mate(w, user, r->owner) || is_mate(w, user, assignee)))
        return true;
    for (int s = 0; strcmp(word, "team") == 0 && s < SHARES; s++)
        if (w->shares[s].type == type && w->shares[s].record == record &&
            in_circle(w, w->shares[s].team, w->users[user].teams))
            return true;
    return false;
}

static bool allowed(const struct world *w, int user, enum right right, int type, int record) {
    if (type == POINT)
        return allowed(w, user, right == RIGHT_READ ? RIGHT_READ : RIGHT_UPDATE, CONTACT,
                       w->records[POINT][record].up);
    for (int r = 0; r < ROLES; r++)
        if ((w->users[user].roles >> r & 1u) &&
            reaches(w, user, words[w->roles[r].reach[type][right]], right, type, record))
            return true;
    return false;
}

static bool field_open(const struct world *w, int user, int type, bool write) {
    int of = type == POINT ? CONTACT : type;
    for (int r = 0; r < ROLES; r++) {
        const int *reach = w->roles[r].reach[of];
        bool some = write ? reach[RIGHT_CREATE] || reach[RIGHT_UPDATE] : reach[RIGHT_READ];
        if ((w->users[user].roles >> r & 1u) && some && w->roles[r].level[type] >= (write ? 2 : 1))
            return true;
    }
    return false;
}

/* Its other fields are open to whoever may read any of them. */
static bool some_right(const struct world *w, int user, int type, enum right right) {
    for (int r = 0; r < ROLES; r++)
        if ((w->users[user].roles >> r & 1u) && w->roles[r].reach[type][right])
            return true;
    return false;
}

static bool some_write(const struct world *w, int user, int type) {
    return some_right(w, user, type, RIGHT_CREATE) || some_right(w, user, type, RIGHT_UPDATE);
}

/* -- making it --------------------------------------------------------------------------------- */

static const char *role_json(struct world *w, const struct world_role *r) {
    struct buf b = {0};
    buf_puts(&b, "rights={\"types\": {\"user\": {\"read\": \"all\"}");
    for (int t = 0; t < TYPES; t++) {
        buf_printf(&b, ", \"%s\": {", type_names[t]);
        for (int k = 0; k < RIGHT_COUNT && t != POINT; k++)
            buf_printf(&b, "\"%s\": \"%s\", ", right_names[k], words[r->reach[t][k]]);
        buf_printf(&b, "\"fields\": {\"%s\": \"%s\"}}", field_names[t], levels[r->level[t]]);
    }
    buf_puts(&b, "}}");
    const char *text = arena_strndup(&w->x.arena, b.ptr, b.len);
    buf_free(&b);
    return text;
}

static const char *pair(struct world *w, const char *name, kith_id id) {
    return arena_printf(&w->x.arena, "%s=%s", name, id ? id_text(&w->x, id) : "");
}

static kith_id make(struct world *w, const char *type, const char *const *pairs) {
    return create(&w->x, schema_type(engine_schema(w->x.g), str_of(type)), pairs);
}

static const char *set_text(struct world *w, const char *name, unsigned set, const kith_id *ids,
                            size_t stride, int n) {
    struct buf b = {0};
    for (int i = 0; i < n; i++)
        if (set >> i & 1u)
            buf_printf(&b, "%s%s", b.len ? "," : "",
                       id_text(&w->x, *(const kith_id *)((const char *)ids + stride * (size_t)i)));
    const char *text = arena_printf(&w->x.arena, "%s=%s", name, b.ptr ? b.ptr : "");
    buf_free(&b);
    return text;
}

static void make_people(struct world *w) {
    for (int i = 0; i < TEAMS; i++) {
        w->teams[i].up = i ? pick(w, i + 1) - 1 : NOBODY;
        w->teams[i].id = make(
            w, "team",
            PAIRS(arena_printf(&w->x.arena, "name=team %d", i),
                  pair(w, "parent", w->teams[i].up == NOBODY ? 0 : w->teams[w->teams[i].up].id)));
    }
    for (int i = 0; i < ROLES; i++) {
        struct world_role *r = &w->roles[i];
        for (int t = 0; t < TYPES; t++) {
            for (int k = 0; k < RIGHT_COUNT; k++)
                r->reach[t][k] = pick(w, 3) ? pick(w, 5) : 0;
            r->level[t] = pick(w, 3);
        }
        r->id =
            make(w, "role", PAIRS(arena_printf(&w->x.arena, "name=role %d", i), role_json(w, r)));
    }
    for (int i = 0; i < USERS; i++) {
        snprintf(w->users[i].login, sizeof w->users[i].login, "user%d", i);
        w->users[i].teams = (unsigned)pick(w, 1 << TEAMS) & (unsigned)pick(w, 1 << TEAMS);
        w->users[i].roles = (unsigned)pick(w, 1 << ROLES);
        w->users[i].id = make(
            w, "user",
            PAIRS(
                arena_printf(&w->x.arena, "login=user%d", i), "name=U",
                set_text(w, "teams", w->users[i].teams, &w->teams[0].id, sizeof *w->teams, TEAMS),
                set_text(w, "roles", w->users[i].roles, &w->roles[0].id, sizeof *w->roles, ROLES)));
    }
}

static void make_territories(struct world *w) {
    for (int i = 0; i < TERRITORIES; i++) {
        int up = w->territories[i].up = i ? pick(w, i + 1) - 1 : NOBODY;
        int manager = w->territories[i].manager = pick(w, USERS + 2) - 2;
        manager = manager < 0 ? NOBODY : manager;
        w->territories[i].manager = manager;
        w->territories[i].id =
            make(w, "territory",
                 PAIRS(arena_printf(&w->x.arena, "name=t%d", i),
                       pair(w, "parent", up == NOBODY ? 0 : w->territories[up].id),
                       pair(w, "manager", manager == NOBODY ? 0 : w->users[manager].id)));
    }
    for (int i = 0; i < USERS; i++) {
        w->users[i].territories =
            (unsigned)pick(w, 1 << TERRITORIES) & (unsigned)pick(w, 1 << TERRITORIES);
        update(&w->x, schema_type(engine_schema(w->x.g), STR("user")), w->users[i].id,
               PAIRS(set_text(w, "territories", w->users[i].territories, &w->territories[0].id,
                              sizeof *w->territories, TERRITORIES)));
    }
}

static void make_record(struct world *w, int type, int i) {
    static const char *const ups[] = {"territory", "account", "contact", "contact"};
    struct world_record *r = &w->records[type][i];
    r->owner = pick(w, USERS + 1) - 1;
    r->assignee = type == LEAD ? pick(w, USERS + 1) - 1 : NOBODY;
    r->up = type == ACCOUNT   ? NOBODY
            : type == CONTACT ? pick(w, RECORDS + 1) - 1
                              : pick(w, RECORDS);
    r->territory = type == ACCOUNT ? pick(w, TERRITORIES + 1) - 1 : NOBODY;
    r->value = pick(w, 2);
    kith_id up = r->territory != NOBODY ? w->territories[r->territory].id
                 : r->up != NOBODY      ? w->records[type == CONTACT ? ACCOUNT : CONTACT][r->up].id
                                        : 0;
    r->id = make(
        w, type_names[type],
        PAIRS(type == POINT ? "kind=other" : arena_printf(&w->x.arena, "name=n%d", pick(w, 100)),
              pair(w, "owner", r->owner == NOBODY ? 0 : w->users[r->owner].id),
              pair(w, ups[type], up),
              arena_printf(&w->x.arena, "%s=%s", field_names[type],
                           r->value ? field_values[type] : ""),
              type == POINT ? "value=v"
              : type == LEAD
                  ? pair(w, "assignee", r->assignee == NOBODY ? 0 : w->users[r->assignee].id)
                  : NULL));
}

static void make_world(struct world *w, uint32_t seed) {
    memset(w, 0, sizeof *w);
    w->seed = seed;
    const struct schema_source sources[] = {
        lead_source, {.module = "care", .version = 1, .types = KITH_ARRAY(assigned_types)}};
    fixture_open_with(&w->x, sources, 2);
    fixture_start(&w->x);
    for (int t = 0; t < TYPES; t++)
        w->types[t] = schema_type(engine_schema(w->x.g), str_of(type_names[t]));
    make_people(w);
    make_territories(w);
    for (int t = 0; t < TYPES; t++)
        for (int i = 0; i < RECORDS; i++)
            make_record(w, t, i);
    for (int i = 0; i < SHARES; i++) {
        w->shares[i].type = pick(w, 3);
        w->shares[i].record = pick(w, RECORDS);
        w->shares[i].team = pick(w, TEAMS);
        make(w, "share",
             PAIRS(arena_printf(
                       &w->x.arena, "record=%s/%s", type_names[w->shares[i].type],
                       id_text(&w->x, w->records[w->shares[i].type][w->shares[i].record].id)),
                   pair(w, "team", w->teams[w->shares[i].team].id)));
    }
}

/* -- asking ------------------------------------------------------------------------------------ */

struct answer {
    struct world *w;
    int type;
    unsigned seen; /* bit by record */
    int count;
    bool leaked; /* a value that is closed was handed out */
    bool open;
};

static kith_status on_row(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct answer *a = arg;
    const struct rfield *f =
        type_field(engine_schema(a->w->x.g), a->w->types[a->type], str_of(field_names[a->type]));
    (void)e;
    for (int i = 0; i < RECORDS; i++)
        if (a->w->records[a->type][i].id == id)
            a->seen |= 1u << i;
    a->count++;
    a->leaked |= !a->open && values[f->index].kind != KITH_NULL;
    return KITH_OK;
}

/* In pages of three, or fewer; the status of the first page. */
static kith_status ask(struct world *w, const struct principal *p, int type, bool open,
                       const char *text, struct answer *a) {
    struct query *q;
    struct find_page page = {.limit = 3, .bytes = open};
    *a = (struct answer){.w = w, .type = type, .open = open};
    EXPECT_OK(query_parse(&q, engine_schema(w->x.g), &w->x.arena, str_of(text), &w->x.e), w->x.e);
    do {
        kith_status st = engine_find(w->x.g, p, q, NULL, &page, &w->x.arena, on_row, a, &w->x.e);
        if (st != KITH_OK)
            return st;
        page.after = page.cursor;
    } while (page.cursor.len);
    if (query_counts(q))
        a->count = (int)page.count;
    return KITH_OK;
}

static unsigned naive(const struct world *w, int user, int type) {
    unsigned out = 0;
    for (int i = 0; i < RECORDS; i++)
        if (allowed(w, user, RIGHT_READ, type, i))
            out |= 1u << i;
    return out;
}

static int bits(unsigned set) {
    return __builtin_popcount(set);
}

static void expect_lists(struct world *w, int user, const struct principal *p, int type) {
    struct answer a;
    unsigned seen = naive(w, user, type), with = 0;
    bool open = field_open(w, user, type, false);
    EXPECT_OK(ask(w, p, type, open, type_names[type], &a), w->x.e);
    EXPECT_INT(seen, a.seen);
    EXPECT_INT(bits(seen), a.count);
    EXPECT(!a.leaked);
    EXPECT_OK(
        ask(w, p, type, open, arena_printf(&w->x.arena, "%s : count()", type_names[type]), &a),
        w->x.e);
    EXPECT_INT(bits(seen), a.count);
    for (int i = 0; i < RECORDS; i++)
        with |= (seen >> i & 1u) && w->records[type][i].value ? 1u << i : 0;
    const char *const forms[] = {"%s where %s = '%s'", "%s where not (%s != '%s' or %s is null)",
                                 "%s where %s in ('%s')"};
    for (size_t k = 0; k < sizeof forms / sizeof *forms; k++) {
        char text[160];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(text, sizeof text, forms[k], type_names[type], field_names[type],
                 field_values[type], field_names[type]);
#pragma GCC diagnostic pop
        kith_status st = ask(w, p, type, open, text, &a);
        EXPECT_INT(open ? KITH_OK : KITH_E_DENIED, st);
        if (open)
            EXPECT_INT(with, a.seen);
        else
            EXPECT(strstr(w->x.e.message, field_names[type]) != NULL);
    }
    if (type == POINT)
        return;
    kith_status st =
        ask(w, p, type, open,
            arena_printf(&w->x.arena, "%s order by -name, %s", type_names[type], field_names[type]),
            &a);
    EXPECT_INT(open ? KITH_OK : KITH_E_DENIED, st);
    EXPECT_INT(open ? seen : 0, a.seen);
}

static unsigned found(struct world *w, const struct principal *p, int type, const char *word,
                      bool open) {
    struct search_answer a = {.limit = 3};
    unsigned out = 0;
    const char *text = arena_printf(&w->x.arena, "type:%s %s", type_names[type], word);
    do {
        EXPECT_OK(engine_search(w->x.g, p, str_of(text), &a, &w->x.arena, &w->x.e), w->x.e);
        for (size_t k = 0; k < a.count; k++) {
            struct answer shown = {.w = w, .type = type, .open = open};
            EXPECT_OK(on_row(&shown, a.records[k].id, a.records[k].values, &w->x.e), w->x.e);
            EXPECT(!shown.leaked);
            EXPECT_INT(0, out & shown.seen);
            out |= shown.seen;
        }
        a.after = a.cursor;
    } while (a.cursor.len);
    return out;
}

/* A search finds what may be seen, by no word of a field that is closed. */
static void expect_search(struct world *w, int user, const struct principal *p, int type) {
    unsigned seen = naive(w, user, type), with = 0;
    bool open = field_open(w, user, type, false);
    EXPECT_INT(seen, found(w, p, type, type == POINT ? "v" : "n*", open));
    if (type == POINT) /* its field is not searched */
        return;
    for (int i = 0; i < RECORDS; i++)
        with |= open && (seen >> i & 1u) && w->records[type][i].value ? 1u << i : 0;
    EXPECT_INT(with, found(w, p, type, field_values[type], open));
}

/* Groups are made of what may be seen, by what is open. */
static void expect_totals(struct world *w, int user, const struct principal *p, int type) {
    const char *text = arena_printf(&w->x.arena, "%s group by %s : count(), min(%s)",
                                    type_names[type], field_names[type], "created");
    bool open = field_open(w, user, type, false);
    struct totals t = {0};
    struct query *q;
    int64_t sum = 0;
    EXPECT_OK(query_parse(&q, engine_schema(w->x.g), &w->x.arena, str_of(text), &w->x.e), w->x.e);
    kith_status st = engine_select(w->x.g, p, q, NULL, &t, &w->x.arena, &w->x.e);
    EXPECT_INT(open ? KITH_OK : KITH_E_DENIED, st);
    for (size_t i = 0; open && i < t.count; i++)
        sum += t.values[i * t.columns + 1].as.i;
    EXPECT_INT(open ? bits(naive(w, user, type)) : 0, sum);
}

/* Through links, forward and backward: a record that may not be seen is not there. */
static void expect_ways(struct world *w, int user, const struct principal *p) {
    struct answer a;
    unsigned contacts = naive(w, user, CONTACT), leads = naive(w, user, LEAD), want = 0, back = 0;
    bool some = some_right(w, user, LEAD, RIGHT_READ),
         city = some && field_open(w, user, CONTACT, false),
         lead = field_open(w, user, LEAD, false);
    for (int i = 0; i < RECORDS; i++) {
        int up = w->records[LEAD][i].up;
        if ((leads >> i & 1u) && (contacts >> up & 1u) && w->records[CONTACT][up].value)
            want |= 1u << i;
        if ((leads >> i & 1u) && (contacts >> up & 1u) && w->records[LEAD][i].value)
            back |= 1u << up;
    }
    kith_status st = ask(w, p, LEAD, lead, "lead where contact.city = 'Bonn'", &a);
    EXPECT_INT(city ? KITH_OK : KITH_E_DENIED, st);
    EXPECT_INT(city ? want : 0, a.seen);
    st = ask(w, p, CONTACT, city, "contact where exists(lead where source = 'web')", &a);
    EXPECT_INT(lead ? KITH_OK : KITH_E_DENIED, st);
    EXPECT_INT(lead ? back : 0, a.seen);
    st = ask(w, p, LEAD, lead, "lead order by contact.city", &a);
    EXPECT_INT(city ? KITH_OK : KITH_E_DENIED, st);
    EXPECT_INT(city ? leads : 0, a.seen);
    st = ask(w, p, LEAD, lead, "lead where contact.id is not null", &a);
    EXPECT_INT(some ? KITH_OK : KITH_E_DENIED, st);
    for (int i = 0; i < RECORDS; i++)
        EXPECT_INT((leads >> i & 1u) && (contacts >> w->records[LEAD][i].up & 1u),
                   a.seen >> i & 1u);
}

static void expect_gets(struct world *w, int user, const struct principal *p, int type) {
    const struct rfield *f =
        type_field(engine_schema(w->x.g), w->types[type], str_of(field_names[type]));
    for (int i = 0; i < RECORDS; i++) {
        kith_value *values;
        kith_status st = engine_get(w->x.g, p, w->types[type], w->records[type][i].id, &w->x.arena,
                                    &values, &w->x.e);
        EXPECT_INT(allowed(w, user, RIGHT_READ, type, i) ? KITH_OK : KITH_E_NOTFOUND, st);
        if (st == KITH_OK)
            EXPECT_INT(w->records[type][i].value && field_open(w, user, type, false),
                       values[f->index].kind != KITH_NULL);
    }
}

static kith_status add_text(void *arg, kith_str bytes, kith_error *e) {
    (void)e;
    buf_str(arg, bytes);
    return KITH_OK;
}

static void expect_export(struct world *w, int user, const struct principal *p, int type) {
    struct query *q;
    struct buf out = {0};
    uint64_t rows;
    EXPECT_OK(
        query_parse(&q, engine_schema(w->x.g), &w->x.arena, str_of(type_names[type]), &w->x.e),
        w->x.e);
    struct export_options o = {
        .principal = p, .query = q, .put = add_text, .arg = &out, .format = FORMAT_JSONL};
    EXPECT_OK(engine_export(w->x.g, &o, &rows, &w->x.e), w->x.e);
    EXPECT_INT(bits(naive(w, user, type)), rows);
    for (int i = 0; i < RECORDS; i++)
        EXPECT_INT(allowed(w, user, RIGHT_READ, type, i),
                   out.ptr && strstr(out.ptr, id_text(&w->x, w->records[type][i].id)) != NULL &&
                       allowed(w, user, RIGHT_READ, type, i));
    if (!field_open(w, user, type, false) && out.ptr)
        EXPECT(strstr(out.ptr, field_names[type]) == NULL);
    buf_free(&out);
}

/* -- writing, in rehearsals -------------------------------------------------------------------- */

static kith_status try_as(struct world *w, const struct principal *p, uint32_t kind, int type,
                          kith_id id, const char *const *pairs) {
    struct write_opts o = {.principal = p, .origin = ORIGIN_CLI};
    struct job j = {kind, w->types[type], id, pairs};
    struct rehearsal r;
    return engine_rehearse(w->x.g, &o, do_job, &j, &w->x.arena, &r, &w->x.e);
}

static void expect_writes(struct world *w, int user, const struct principal *p, int type) {
    for (int i = 0; i < RECORDS; i++) {
        kith_id id = w->records[type][i].id;
        kith_status unseen = allowed(w, user, RIGHT_READ, type, i) ? KITH_OK : KITH_E_NOTFOUND;
        bool may = allowed(w, user, RIGHT_UPDATE, type, i);
        kith_status want = unseen ? unseen : may ? KITH_OK : KITH_E_DENIED;
        if (want == KITH_OK && !field_open(w, user, type, true))
            want = KITH_E_DENIED;
        const char *set =
            arena_printf(&w->x.arena, "%s=%s", field_names[type], type == LEAD ? "event" : "other");
        EXPECT_INT(want, try_as(w, p, ROW_UPDATE, type, id, PAIRS(set)));
        want = unseen ? unseen : allowed(w, user, RIGHT_DELETE, type, i) ? KITH_OK : KITH_E_DENIED;
        EXPECT_INT(want, try_as(w, p, ROW_DELETE, type, id, NULL));
        if (type == POINT)
            continue;
        /* Given to somebody else: it must still be in reach afterwards. */
        struct world_record *r = &w->records[type][i], was = *r;
        r->owner = pick(w, USERS);
        bool after = allowed(w, user, RIGHT_UPDATE, type, i);
        want = unseen ? unseen : may && after ? KITH_OK : KITH_E_DENIED;
        EXPECT_INT(want, try_as(w, p, ROW_UPDATE, type, id,
                                PAIRS(pair(w, "owner", w->users[r->owner].id))));
        *r = was;
        if (type != LEAD)
            continue;
        r->assignee = pick(w, USERS); /* or seen to by somebody else */
        after = allowed(w, user, RIGHT_UPDATE, type, i);
        want = unseen ? unseen : may && after ? KITH_OK : KITH_E_DENIED;
        EXPECT_INT(want, try_as(w, p, ROW_UPDATE, type, id,
                                PAIRS(pair(w, "assignee", w->users[r->assignee].id))));
        *r = was;
    }
}

/* A new record for some owner; a contact in an account, which the user may not know of. */
static void expect_creates(struct world *w, int user, const struct principal *p) {
    for (int type = ACCOUNT; type <= LEAD; type++) {
        struct world_record was = w->records[type][0], *r = &w->records[type][0];
        int share_types[SHARES];
        for (int s = 0; s < SHARES; s++) { /* a new record is shared with nobody */
            share_types[s] = w->shares[s].type;
            if (w->shares[s].type == type && w->shares[s].record == 0)
                w->shares[s].type = NOBODY;
        }
        *r = (struct world_record){
            .owner = pick(w, USERS), .assignee = NOBODY, .up = NOBODY, .territory = NOBODY};
        if (type == LEAD) /* which does not let anybody create it */
            r->assignee = pick(w, USERS);
        if (type == CONTACT)
            r->up = pick(w, RECORDS);
        bool account = type != CONTACT || allowed(w, user, RIGHT_READ, ACCOUNT, r->up);
        kith_status want = !some_write(w, user, type)                ? KITH_E_DENIED
                           : !account                                ? KITH_E_NOTFOUND
                           : allowed(w, user, RIGHT_CREATE, type, 0) ? KITH_OK
                                                                     : KITH_E_DENIED;
        EXPECT_INT(want,
                   try_as(w, p, ROW_CREATE, type, 0,
                          PAIRS("name=New", pair(w, "owner", w->users[r->owner].id),
                                type == CONTACT ? pair(w, "account", w->records[ACCOUNT][r->up].id)
                                : type == LEAD  ? pair(w, "assignee", w->users[r->assignee].id)
                                                : NULL)));
        *r = was;
        for (int s = 0; s < SHARES; s++)
            w->shares[s].type = share_types[s];
    }
    for (int i = 0; i < RECORDS; i++) { /* a part is made by whoever may update the whole */
        kith_status want = !some_write(w, user, CONTACT)                 ? KITH_E_DENIED
                           : !allowed(w, user, RIGHT_READ, CONTACT, i)   ? KITH_E_NOTFOUND
                           : !allowed(w, user, RIGHT_UPDATE, CONTACT, i) ? KITH_E_DENIED
                                                                         : KITH_OK;
        EXPECT_INT(want, try_as(w, p, ROW_CREATE, POINT, 0,
                                PAIRS(pair(w, "contact", w->records[CONTACT][i].id), "kind=other",
                                      "value=w")));
    }
}

static void expect_world(struct world *w) {
    for (int u = 0; u < USERS; u++) {
        struct access_of of = {.user = w->users[u].id};
        struct principal p;
        EXPECT_OK(engine_enter(w->x.g, &of, w->users[u].login, &p, &w->x.e), w->x.e);
        for (int t = 0; t < TYPES; t++) {
            expect_lists(w, u, &p, t);
            expect_totals(w, u, &p, t);
            if (t != LEAD) /* has no searched field */
                expect_search(w, u, &p, t);
            expect_gets(w, u, &p, t);
            expect_export(w, u, &p, t);
            expect_writes(w, u, &p, t);
        }
        expect_ways(w, u, &p);
        expect_creates(w, u, &p);
        engine_leave(&p);
    }
}

TEST("every way to ask and to write agrees with a naive reader of the rights") {
    for (uint32_t seed = 1; seed <= 25; seed++) {
        struct world w;
        make_world(&w, seed);
        expect_world(&w);
        fixture_close(&w.x);
    }
}

TEST("rights follow when teams, roles and territories change") {
    struct world w;
    make_world(&w, 99);
    const struct schema *s = engine_schema(w.x.g);
    expect_world(&w);
    w.users[0].teams = 1;
    w.users[1].roles = 6;
    update(&w.x, schema_type(s, STR("user")), w.users[0].id,
           PAIRS(set_text(&w, "teams", 1, &w.teams[0].id, sizeof *w.teams, TEAMS)));
    update(&w.x, schema_type(s, STR("user")), w.users[1].id,
           PAIRS(set_text(&w, "roles", 6, &w.roles[0].id, sizeof *w.roles, ROLES)));
    expect_world(&w);
    w.territories[4].up = 0;
    update(&w.x, schema_type(s, STR("territory")), w.territories[4].id,
           PAIRS(pair(&w, "parent", w.territories[0].id)));
    memset(w.roles[2].reach[CONTACT], 0, sizeof w.roles[2].reach[CONTACT]);
    w.roles[2].reach[CONTACT][RIGHT_READ] = 3;
    update(&w.x, schema_type(s, STR("role")), w.roles[2].id, PAIRS(role_json(&w, &w.roles[2])));
    expect_world(&w);
    fixture_close(&w.x);
}
