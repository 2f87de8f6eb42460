/* SPDX-License-Identifier: Apache-2.0 */
/* Calendars: what stands in them, by whose rights, and that their lines can be read. */
#include "company.h"

#define CONF "sales: { grant = [\"*\"]; };\n"

static const char *feed(struct company *c, kith_id user, const char *tasks) {
    static char text[20000];
    struct act a = ACT(c, "sales.calendar", {"user", id_text(c, user)}, {"tasks", tasks});
    EXPECT_ACT(a);
    EXPECT_STR("text/calendar; charset=utf-8", a.results[1].as.s.ptr);
    snprintf(text, sizeof text, "%.*s", (int)a.results[2].as.s.len, a.results[2].as.s.ptr);
    return text;
}

TEST("lines are escaped, and folded at 75 bytes between characters") {
    struct company c;
    OPEN(&c, CONF, "sales");
    kith_id sam = CREATE(&c, "user", {"login", "sam"}, {"name", "Sam"});
    CREATE(&c, "interaction", {"channel", "call"}, {"planned", "true"}, {"owner", id_text(&c, sam)},
           {"at", "2023-11-20T10:00:00Z"},
           {"subject", "a,b;c\\d \xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6"
                       "\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6"
                       "\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6"
                       "\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc"},
           {"body", "one\ntwo"});
    const char *text = feed(&c, sam, "events");
    EXPECT_HAS("SUMMARY:a\\,b\\;c\\\\d ", text);
    EXPECT_HAS("DESCRIPTION:one\\ntwo\r\n", text);
    EXPECT_HAS("DTSTART:20231120T100000Z\r\nDTEND:20231120T103000Z\r\n", text);
    for (const char *at = text; *at;) {
        const char *end = strstr(at, "\r\n");
        EXPECT(end && end - at <= 75);
        EXPECT(((unsigned char)at[*at == ' '] & 0xC0) != 0x80); /* no character is cut */
        if (!end)
            break;
        at = end + 2;
    }
    close_company(&c);
}

TEST("tasks that are due are there until they are done, as events, to-dos or not at all") {
    struct company c;
    OPEN(&c, CONF, "sales");
    kith_id sam = CREATE(&c, "user", {"login", "sam"}, {"name", "Sam"});
    kith_id task = CREATE(&c, "task", {"title", "Call"}, {"assignee", id_text(&c, sam)},
                          {"due", "2023-11-20T10:00:00Z"}, {"priority", "urgent"});
    EXPECT_HAS("BEGIN:VEVENT", feed(&c, sam, "events"));
    EXPECT_HAS("DUE:20231120T100000Z\r\nSTATUS:NEEDS-ACTION", feed(&c, sam, "todos"));
    EXPECT_HAS("PRIORITY:1\r\n", feed(&c, sam, "todos"));
    EXPECT(!strstr(feed(&c, sam, "none"), "BEGIN:VEVENT"));
    UPDATE(&c, "task", task, {"state", "done"});
    EXPECT(!strstr(feed(&c, sam, "events"), "BEGIN:VEVENT"));
    struct act a = ACT(&c, "sales.calendar", {"tasks", "none"});
    EXPECT_HAS("user: say whose calendar it is", a.message);
    close_company(&c);
}
