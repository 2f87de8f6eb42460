/* SPDX-License-Identifier: Apache-2.0 */
/* A small company for the tests of queries over several types: customers with orders, visits and
 * teams. Every condition is asked of SQLite and of the matcher. */
#ifndef TESTS_UNIT_QUERY_FIXTURE_H
#define TESTS_UNIT_QUERY_FIXTURE_H

#include <kith/declare.h>

static const kith_field user_fields[] = {{.name = "login", .kind = KITH_F_TEXT}};
static const kith_field team_fields[] = {
    {.name = "name", .kind = KITH_F_TEXT, .flags = KITH_FF_INDEXED},
    {.name = "city", .kind = KITH_F_TEXT},
};
static const kith_field customer_fields[] = {
    {.name = "name", .kind = KITH_F_TEXT, .flags = KITH_FF_INDEXED},
    {.name = "city", .kind = KITH_F_TEXT},
    {.name = "kind", .kind = KITH_F_CHOICE, .options = "shop,firm"},
    {.name = "teams", .kind = KITH_F_LINKS, .options = "team"},
    {.name = "referrer", .kind = KITH_F_LINK, .options = "customer"},
    {.name = "place", .kind = KITH_F_PLACE},
    {.name = "tags", .kind = KITH_F_TAGS},
    {.name = "born", .kind = KITH_F_DATE},
};
#define SIZE(field)                                                                                \
    {                                                                                              \
        .name = field, .kind = KITH_F_CHOICE, .options = "small,medium,large",                     \
        .measure = KITH_M_ORDINAL                                                                  \
    }
static const kith_field order_fields[] = {
    {.name = "customer", .kind = KITH_F_LINK, .options = "customer"},
    {.name = "state", .kind = KITH_F_STATE, .options = "open>paid|lost,paid,lost"},
    {.name = "total", .kind = KITH_F_MONEY},
    {.name = "price", .kind = KITH_F_MONEY, .options = "EUR"},
    {.name = "pieces", .kind = KITH_F_INTEGER},
    {.name = "share", .kind = KITH_F_DECIMAL, .options = "2"},
    {.name = "placed", .kind = KITH_F_TIME},
    {.name = "due", .kind = KITH_F_DATE},
    {.name = "lead", .kind = KITH_F_DURATION},
    SIZE("size"),
    {.name = "gift", .kind = KITH_F_BOOLEAN},
    {.name = "helpers", .kind = KITH_F_LINKS, .options = "team"},
    {.name = "depot", .kind = KITH_F_INTEGER, .measure = KITH_M_NOMINAL},
    {.name = "rank", .kind = KITH_F_DECIMAL, .options = "1", .measure = KITH_M_ORDINAL},
};
static const kith_field line_fields[] = {
    {.name = "order", .kind = KITH_F_LINK, .options = "order"},
    {.name = "product", .kind = KITH_F_TEXT},
    {.name = "sold", .kind = KITH_F_TIME},
    {.name = "sold_to", .kind = KITH_F_LINK, .options = "customer"},
    {.name = "used_by", .kind = KITH_F_LINK, .options = "customer"},
};
static const kith_field visit_fields[] = {
    {.name = "about", .kind = KITH_F_LINK, .options = "*"},
    {.name = "note", .kind = KITH_F_TEXT},
};
static const kith_field parcel_fields[] = {SIZE("size"), SIZE("box")};
static const kith_type types[] = {
    {.name = "user", .fields = KITH_ARRAY(user_fields)},
    {.name = "team", .fields = KITH_ARRAY(team_fields)},
    {.name = "customer", .title = "name", .fields = KITH_ARRAY(customer_fields)},
    {.name = "order", .fields = KITH_ARRAY(order_fields)},
    {.name = "line", .fields = KITH_ARRAY(line_fields)},
    {.name = "visit", .fields = KITH_ARRAY(visit_fields)},
    {.name = "parcel", .fields = KITH_ARRAY(parcel_fields)},
};

#include "query_ask.h"

#define EXPECT_FOUND(want, type, condition)                                                        \
    do {                                                                                           \
        EXPECT_STR(want, ask(type " where " condition));                                           \
        EXPECT_STR(want, matching(type, condition));                                               \
    } while (0)

#endif
