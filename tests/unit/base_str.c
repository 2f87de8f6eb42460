/* SPDX-License-Identifier: Apache-2.0 */
/* Strings, the buffer, and "did you mean". */
#include "base/str.h"
#include "test.h"

TEST("the empty string is equal to NULL and sorts first") {
    kith_str none = {NULL, 0};
    EXPECT(str_eq(none, STR("")));
    EXPECT(str_eq(str_of(NULL), none));
    EXPECT(str_eqz(none, ""));
    EXPECT(str_cmp(none, STR("a")) < 0);
    EXPECT_INT(0, str_cmp(none, STR("")));
    EXPECT_INT(0, str_trim(none).len);
    EXPECT(str_starts(none, ""));
}

TEST("order is by unsigned bytes, then by length") {
    EXPECT(str_cmp(STR("a"), STR("b")) < 0);
    EXPECT(str_cmp(STR("ab"), STR("a")) > 0);
    EXPECT(str_cmp(STR("\xC3\xA9"), STR("z")) > 0);
    EXPECT(str_cmp(STR("a\0b"), STR("a\0a")) > 0);
    EXPECT(!str_eq(STR("a\0b"), STR("a\0c")));
}

TEST("case is ignored for ASCII only") {
    EXPECT(str_ieqz(STR("TrUe"), "true"));
    EXPECT(!str_ieqz(STR("true"), "tru"));
    EXPECT(!str_ieqz(STR("@"), "`"));
    EXPECT(!str_ieqz(STR("["), "{"));
}

TEST("a prefix is found only at the front") {
    EXPECT(str_starts(STR("lead.score"), "lead."));
    EXPECT(!str_starts(STR("le"), "lead"));
    EXPECT(!str_starts(STR("xlead"), "lead"));
}

TEST("trimming takes every kind of ASCII white space and nothing else") {
    EXPECT(str_eqz(str_trim(STR(" \t\r\n\v\fa b\n ")), "a b"));
    EXPECT_INT(0, str_trim(STR(" \n ")).len);
    EXPECT_INT(2, str_trim(STR("\xC2\xA0")).len);
}

TEST("splitting gives trimmed parts, empty ones in the middle, none after the last separator") {
    kith_str rest = STR(" a ,, b c ,"), part;
    EXPECT(str_split(&rest, ',', &part) && str_eqz(part, "a"));
    EXPECT(str_split(&rest, ',', &part) && str_eqz(part, ""));
    EXPECT(str_split(&rest, ',', &part) && str_eqz(part, "b c"));
    EXPECT(!str_split(&rest, ',', &part));
    kith_str none = {NULL, 0};
    EXPECT(!str_split(&none, ',', &part));
}

TEST("a buffer grows and always ends in a NUL") {
    struct buf b = {0};
    EXPECT_STR("", buf_view(&b).ptr);
    for (int i = 0; i < 1000; i++) {
        buf_printf(&b, "%d,", i);
        EXPECT_INT(0, b.ptr[b.len]);
        EXPECT(b.len < b.cap);
    }
    EXPECT_INT(10 * 2 + 90 * 3 + 900 * 4, b.len);
    size_t cap = b.cap;
    buf_reset(&b);
    EXPECT_INT(0, b.len);
    EXPECT_INT(cap, b.cap);
    buf_putc(&b, '\0');
    buf_puts(&b, "x");
    buf_str(&b, STR("yz"));
    buf_add(&b, NULL, 0);
    EXPECT_INT(4, b.len);
    EXPECT(memcmp(b.ptr, "\0xyz", 5) == 0);
    buf_free(&b);
    EXPECT(b.ptr == NULL && b.cap == 0);
}

TEST("reserved room is used without growing") {
    struct buf b = {0};
    EXPECT(buf_reserve(&b, 1000));
    const char *before = b.ptr;
    for (int i = 0; i < 1000; i++)
        buf_putc(&b, 'x');
    EXPECT(b.ptr == before);
    buf_free(&b);
}

TEST("a buffer that cannot grow says so, keeps its content and takes no more") {
    struct buf b = {0};
    buf_puts(&b, "kept");
    EXPECT(!buf_reserve(&b, SIZE_MAX - 2));
    EXPECT(b.failed);
    buf_puts(&b, "more");
    buf_printf(&b, "%d", 1);
    EXPECT_STR("kept", b.ptr);
    buf_reset(&b);
    buf_puts(&b, "again");
    EXPECT_STR("again", b.ptr);
    buf_free(&b);
}

static const char *const names[] = {"first_name", "last_name", "email", "phone", "state", "id", ""};

static const char *name_at(const void *arg, size_t i) {
    return ((const char *const *)arg)[i];
}

static const char *nearest(const char *wanted) {
    const char *found = str_nearest(str_of(wanted), name_at, names, sizeof names / sizeof *names);
    return found ? found : "-";
}

TEST("a slip of the finger is recognised") {
    EXPECT_STR("email", nearest("emial"));  /* swapped */
    EXPECT_STR("email", nearest("emal"));   /* missing */
    EXPECT_STR("email", nearest("emaill")); /* doubled */
    EXPECT_STR("email", nearest("emeil"));  /* replaced */
    EXPECT_STR("email", nearest("EMAIL"));
    EXPECT_STR("first_name", nearest("firstname"));
    EXPECT_STR("last_name", nearest("lastname"));
    EXPECT_STR("id", nearest("di"));
}

TEST("what is too far from every name is not guessed") {
    EXPECT_STR("-", nearest("territory"));
    EXPECT_STR("-", nearest("mile"));
    EXPECT_STR("-", nearest("x"));
    EXPECT_STR("-", nearest(""));
    char long_name[200];
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    EXPECT_STR("-", nearest(long_name));
}

TEST("of two names the nearer one is suggested") {
    static const char *const both[] = {"states", "state"};
    EXPECT_STR("state", str_nearest(STR("stat"), name_at, both, 2));
    EXPECT_STR("states", str_nearest(STR("stats"), name_at, both, 2));
}
