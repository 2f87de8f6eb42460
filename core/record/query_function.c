/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: its functions, one row each, with how they are written and what they are for.
 * The parser finds them here, and the help and the reference print the same rows. */
#include "base/text.h"
#include "record/query_internal.h"

/* -- tags -------------------------------------------------------------------------------------- */

/* The field that is called tags, or else the only one of the type that holds some. */
static kith_status tags_field(struct parser *p, uint32_t at, struct path *out) {
    const struct rtype *type = p->scope->type;
    const struct rfield *tags = type_field(type->schema, type, STR("tags"));
    *out = (struct path){.type = type, .text = STR("tags"), .at = at};
    if (tags && tags->kind == KITH_F_TAGS) {
        out->field = tags;
        return KITH_OK;
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (type->fields[i]->kind != KITH_F_TAGS)
            continue;
        if (out->field)
            return QUERY_FAIL(p, at, "%s has several tags fields; write tagged(field, 'x')",
                              type->name);
        out->field = type->fields[i];
    }
    return out->field ? KITH_OK : QUERY_FAIL(p, at, "%s has no tags", type->name);
}

static kith_status parse_tagged(struct parser *p, const struct function *f, uint32_t at,
                                struct test *t) {
    struct raw raw;
    (void)f;
    t->kind = TEST_TAGGED;
    TRY(query_raw(p, &raw));
    if (raw.kind == RAW_PATH) {
        TRY(query_path(p, &raw.names, t, &t->path));
        if (!t->path.field || t->path.field->kind != KITH_F_TAGS)
            return QUERY_FAIL(p, raw.at, "'%.*s' holds no tags", (int)t->path.text.len,
                              t->path.text.ptr);
        TRY(query_expect_sign(p, ","));
        TRY(query_raw(p, &raw));
    } else {
        TRY(tags_field(p, at, &t->path));
    }
    if (raw.kind != RAW_VALUE ||
        (raw.operand.kind != OPERAND_VALUE && raw.operand.kind != OPERAND_PARAM))
        return QUERY_FAIL(p, raw.at, "a tag stands in quotes");
    TRY(query_one_operand(p, t, &raw));
    return query_expect_sign(p, ")");
}

/* -- other records ----------------------------------------------------------------------------- */

static kith_status parse_exists(struct parser *p, const struct function *f, uint32_t at,
                                struct test *t) {
    struct related *r;
    (void)f;
    TRY(query_related(p, at, &r));
    t->kind = TEST_EXISTS;
    t->path = (struct path){.type = p->scope->type, .related = r, .from = r->from, .at = at};
    return KITH_OK;
}

static kith_status parse_count(struct parser *p, const struct function *f, uint32_t at,
                               struct name_list *out) {
    (void)f;
    *out = (struct name_list){.part = PART_COUNT};
    if (query_is_sign(&p->token, ")"))
        return QUERY_FAIL(p, at, "'count()' stands at the end of a query: contact: count()");
    return query_related(p, at, &out->related);
}

/* -- segments ---------------------------------------------------------------------------------- */

/* What is asked about: the record itself, or the one that a path links to. */
static kith_status member_path(struct parser *p, struct test *t, struct raw *raw) {
    *raw = (struct raw){.at = p->token.at};
    t->path = (struct path){.type = p->scope->type, .text = STR("id"), .at = raw->at};
    TRY(query_raw(p, raw));
    if (raw->kind != RAW_PATH)
        return KITH_OK;
    TRY(query_path(p, &raw->names, t, &t->path));
    enum value_class class = query_rule(&t->path)->class;
    if (class != CLASS_LINK && class != CLASS_ID)
        return QUERY_FAIL(p, raw->at, "'%.*s' is a %s: only a record is in a segment",
                          (int)t->path.text.len, t->path.text.ptr,
                          field_kind_name(t->path.field->kind));
    TRY(query_expect_sign(p, ","));
    return query_raw(p, raw);
}

/* The type of the records that a path leads to; NULL: any. */
static const struct rtype *path_target(const struct path *path) {
    return path->field ? path->field->target : path->type;
}

/* So many are gone through from the segment, faster than a page is shown; with more it is better to
 * go through the records and ask for each. */
#define MEMBERS_FEW 100000

static kith_status find_segment(struct parser *p, struct test *t, const struct raw *raw) {
    const struct segment_names *names = p->q->schema->segments;
    const struct rtype *target = path_target(&t->path);
    kith_str name = raw->operand.value.as.s;
    struct segment_found found = {0};
    if (!names)
        return QUERY_FAIL(p, raw->at, "there are no segments here");
    kith_status st = names->find(names->arg, p->principal, name, &found, p->e);
    if (st != KITH_OK)
        return query_fail_at(p->text, raw->at, p->e);
    if (target && target != found.type)
        return QUERY_FAIL(p, raw->at, "segment '%.*s' holds records of type %s, not %s",
                          (int)text_cut(name, 60).len, name.ptr, found.type->name, target->name);
    t->operands = ARENA_NEW(p->arena, struct operand);
    if (!t->operands)
        return err_nomem(p->e);
    t->operands[0] =
        (struct operand){.kind = OPERAND_VALUE, .at = raw->at, .value = value_link(found.id, 0)};
    t->count = 1;
    t->few = found.members <= MEMBERS_FEW;
    p->q->value_count++;
    return KITH_OK;
}

static kith_status parse_in_segment(struct parser *p, const struct function *f, uint32_t at,
                                    struct test *t) {
    struct raw raw;
    (void)f;
    (void)at;
    t->kind = TEST_MEMBER;
    TRY(member_path(p, t, &raw));
    if (raw.kind != RAW_VALUE || raw.operand.kind != OPERAND_VALUE ||
        raw.operand.value.kind != KITH_TEXT)
        return QUERY_FAIL(p, raw.at, "the name of a segment stands in quotes%s",
                          raw.kind == RAW_VALUE && raw.operand.kind == OPERAND_PARAM
                              ? ": a parameter cannot stand for it, since it is looked up when the"
                                " query is read"
                              : "");
    TRY(find_segment(p, t, &raw));
    return query_expect_sign(p, ")");
}

/* -- the table --------------------------------------------------------------------------------- */

#define PERIOD(unit, shift) ((unit)*4 + (shift) + 1) /* see query_period */
/* A row without a signature is told of by the one before it. */
static const struct function functions[] = {
    {.doc = {"now", "now() [+ or - duration]", "This instant: created > now() - 2h."},
     .arg = OPERAND_NOW,
     .value = query_moment},
    {.doc = {"today", "today() [+ or - whole days]",
             "This day in the company's zone: due <= today() + 1w."},
     .arg = OPERAND_TODAY,
     .value = query_moment},
    {.doc = {"business_days", "today() + business_days(N)",
             "N working days on (- back): due <= today() + business_days(3). Free are the days of "
             "company.weekend and company.holidays."}},
    {.doc = {"business_hours", "now() + business_hours(N)",
             "N hours of working time on (- back), or any duration of it: created < now() - "
             "business_hours(4), now() + business_hours(90m). The hours are those of "
             "company.hours."}},
    {.doc = {"this_day", "this_day(), last_day(), next_day()",
             "All of this day, the one before, the one after: created in this_day()."},
     .arg = PERIOD(UNIT_DAY, 0),
     .value = query_period},
    {.doc = {.name = "last_day"}, .arg = PERIOD(UNIT_DAY, -1), .value = query_period},
    {.doc = {.name = "next_day"}, .arg = PERIOD(UNIT_DAY, 1), .value = query_period},
    {.doc =
         {"this_week", "this_week(), last_week(), next_week()",
          "All of this week, from Monday on, the one before, the one after: due in next_week()."},
     .arg = PERIOD(UNIT_WEEK, 0),
     .value = query_period},
    {.doc = {.name = "last_week"}, .arg = PERIOD(UNIT_WEEK, -1), .value = query_period},
    {.doc = {.name = "next_week"}, .arg = PERIOD(UNIT_WEEK, 1), .value = query_period},
    {.doc = {"this_month", "this_month(), last_month(), next_month()",
             "All of this month, the one before, the one after: created in this_month()."},
     .arg = PERIOD(UNIT_MONTH, 0),
     .value = query_period},
    {.doc = {.name = "last_month"}, .arg = PERIOD(UNIT_MONTH, -1), .value = query_period},
    {.doc = {.name = "next_month"}, .arg = PERIOD(UNIT_MONTH, 1), .value = query_period},
    {.doc = {"this_quarter", "this_quarter(), last_quarter(), next_quarter()",
             "All of this quarter, the one before, the one after: close_on in last_quarter()."},
     .arg = PERIOD(UNIT_QUARTER, 0),
     .value = query_period},
    {.doc = {.name = "last_quarter"}, .arg = PERIOD(UNIT_QUARTER, -1), .value = query_period},
    {.doc = {.name = "next_quarter"}, .arg = PERIOD(UNIT_QUARTER, 1), .value = query_period},
    {.doc = {"this_year", "this_year(), last_year(), next_year()",
             "All of this year, the one before, the one after: close_on not in this_year()."},
     .arg = PERIOD(UNIT_YEAR, 0),
     .value = query_period},
    {.doc = {.name = "last_year"}, .arg = PERIOD(UNIT_YEAR, -1), .value = query_period},
    {.doc = {.name = "next_year"}, .arg = PERIOD(UNIT_YEAR, 1), .value = query_period},
    {.doc = {"last_days", "last_days(N), next_days(N)",
             "N days that end, or begin, with today: created in last_days(7)."},
     .arg = -1,
     .value = query_days},
    {.doc = {.name = "next_days"}, .arg = 1, .value = query_days},
    {.doc = {"year", "year(FIELD), quarter(FIELD), month(FIELD)",
             "That part of a date, or of a time in the company's zone, as a number: "
             "month(birthday) = 5."},
     .arg = PART_YEAR,
     .term = query_part_of},
    {.doc = {.name = "quarter"}, .arg = PART_QUARTER, .term = query_part_of},
    {.doc = {.name = "month"}, .arg = PART_MONTH, .term = query_part_of},
    {.doc = {"week", "week(FIELD), weekday(FIELD)",
             "The week of the year (ISO 8601); the day of the week, 1 Monday to 7 Sunday."},
     .arg = PART_WEEK,
     .term = query_part_of},
    {.doc = {.name = "weekday"}, .arg = PART_WEEKDAY, .term = query_part_of},
    {.doc = {"day", "day(FIELD), hour(FIELD)",
             "The day of the month; the hour of a time, 0 to 23."},
     .arg = PART_DAY,
     .term = query_part_of},
    {.doc = {.name = "hour"}, .arg = PART_HOUR, .term = query_part_of},
    {.doc = {"tagged", "tagged('tag') or tagged(field, 'tag')",
             "Has the tag, in the field tags when no field is named: not tagged('do-not-call')."},
     .test = parse_tagged},
    {.doc = {"matches", "matches('words')",
             "The record has the words, as a search finds it: matches('refund OR \"money back\"')."
             " All words are whole but those with a star: matches('refund*')."},
     .test = query_matches},
    {.doc = {"in_segment", "in_segment('segment') or in_segment(link, 'segment')",
             "Is in the segment: in_segment('vip') and not in_segment(account, 'risks')."},
     .test = parse_in_segment},
    {.doc = {"consent", "consent('purpose') or consent(link, 'purpose')",
             "The contact, or the contact point, has consented to the purpose, and nothing was "
             "withdrawn that stands against it: contact where consent('newsletter')."},
     .meaning = query_consent},
    {.doc = {"withdrawn", "withdrawn('purpose') or withdrawn(link, 'purpose')",
             "The contact, or the contact point, has withdrawn consent to the purpose, or objected "
             "to it, and has not consented since: not withdrawn('newsletter')."},
     .meaning = query_withdrawn},
    {.doc = {"near", "near(PLACE, 'LAT,LON', 5km)",
             "At most so far away, in km, m or mi: near(place, '48.2,16.37', 5km)."},
     .test = query_near},
    {.doc = {"distance", "distance(PLACE, 'LAT,LON')",
             "How far away, in metres: order by distance(place, '48.2,16.37')."},
     .term = query_distance_to},
    {.doc = {"exists", "exists(TYPE where CONDITION)",
             "A record of that type that links to this one and for which it holds: contact where "
             "exists(task where state = 'open'). Where several fields link: exists(TYPE.FIELD "
             "where ...). Of what a link leads to: interaction where exists(task of contact)."},
     .test = parse_exists},
    {.doc = {"count", "count(TYPE where CONDITION)",
             "How many such records: count(task where state = 'open') > 3."},
     .term = parse_count},
    {.doc = {"total", "count(FIELD), count(distinct FIELD)",
             "Of a group: how many values, how many different ones."}},
    {.doc = {"sum", "sum(X), avg(X), min(X), max(X)",
             "Of a group: X is a field or is calculated from fields: sum(amount * probability)."}},
    {.doc = {"count", ": count()",
             "At the end of a query: how many, instead of which; of a group, how many records."}},
};
#define FUNCTIONS (sizeof functions / sizeof *functions)

const struct query_function *query_function_at(size_t i) {
    for (size_t k = 0; k < FUNCTIONS; k++)
        if (functions[k].doc.signature && i-- == 0)
            return &functions[k].doc;
    return NULL;
}

bool query_is_call(const struct parser *p) {
    return p->token.kind == TOKEN_NAME && query_is_sign(&p->ahead, "(");
}

const struct function *query_called(const struct parser *p) {
    for (size_t i = 0; i < FUNCTIONS && query_is_call(p); i++)
        if (query_is_word(&p->token, functions[i].doc.name))
            return &functions[i];
    return NULL;
}

kith_status query_begin_call(struct parser *p) {
    TRY(query_advance(p));
    return query_expect_sign(p, "(");
}

static const char *function_name(const void *arg, size_t i) {
    return ((const struct function *)arg)[i].doc.name;
}

kith_status query_bad_call(struct parser *p) {
    kith_str name = text_cut(p->token.text, 60);
    const char *near = str_nearest(name, function_name, functions, FUNCTIONS);
    return QUERY_FAIL(p, p->token.at, "no function '%.*s' can stand here%s%s%s", (int)name.len,
                      name.ptr, near ? "; did you mean '" : "", near ? near : "",
                      near ? "()'?" : "");
}
