/* SPDX-License-Identifier: Apache-2.0 */
/* The test harness: one program per test file. A test is named after a behaviour:
 *
 *     TEST("an erased contact is gone from the journal") { EXPECT_INT(3, count()); }
 *
 * A failed expectation prints what was expected and what was found and ends that test. The program
 * prints one line per failed test and ends with "N passed, N failed[, N skipped]". With an argument
 * it runs only the tests whose names contain it; with --list it names them. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test_case {
    const char *name;
    void (*run)(void);
    struct test_case *next;
};
static struct test_case *test_first, **test_tail = &test_first;
static jmp_buf test_exit;
static const char *test_now = "";
static bool test_skipped;

#define TEST_PASTE2(a, b) a##b
#define TEST_PASTE(a, b)  TEST_PASTE2(a, b)
#define TEST(title)                                                                                \
    static void TEST_PASTE(test_run_, __LINE__)(void);                                             \
    __attribute__((constructor)) static void TEST_PASTE(test_add_, __LINE__)(void) {               \
        static struct test_case self = {title, TEST_PASTE(test_run_, __LINE__), NULL};             \
        *test_tail = &self;                                                                        \
        test_tail = &self.next;                                                                    \
    }                                                                                              \
    static void TEST_PASTE(test_run_, __LINE__)(void)

#define TEST_FAIL(...)                                                                             \
    do {                                                                                           \
        printf("FAIL %s\n  %s:%d: ", test_now, __FILE__, __LINE__);                                \
        printf(__VA_ARGS__);                                                                       \
        printf("\n");                                                                              \
        longjmp(test_exit, 1);                                                                     \
    } while (0)
#define TEST_SKIP(...)                                                                             \
    do {                                                                                           \
        printf("skip %s: ", test_now);                                                             \
        printf(__VA_ARGS__);                                                                       \
        printf("\n");                                                                              \
        test_skipped = true;                                                                       \
        longjmp(test_exit, 2);                                                                     \
    } while (0)
#define EXPECT(cond)                                                                               \
    do {                                                                                           \
        if (!(cond))                                                                               \
            TEST_FAIL("expected %s", #cond);                                                       \
    } while (0)
#define EXPECT_INT(want, got)                                                                      \
    do {                                                                                           \
        int64_t want_ = (int64_t)(want), got_ = (int64_t)(got);                                    \
        if (want_ != got_)                                                                         \
            TEST_FAIL("%s: expected %" PRId64 ", found %" PRId64, #got, want_, got_);              \
    } while (0)
#define EXPECT_STR(want, got)                                                                      \
    do {                                                                                           \
        const char *want_ = (want), *got_ = (got);                                                 \
        if (!got_ || strcmp(want_, got_) != 0)                                                     \
            TEST_FAIL("%s: expected \"%s\", found \"%s\"", #got, want_, got_ ? got_ : "(null)");   \
    } while (0)
#define EXPECT_HAS(needle, got)                                                                    \
    do {                                                                                           \
        const char *want_ = (needle), *got_ = (got);                                               \
        if (!got_ || !strstr(got_, want_))                                                         \
            TEST_FAIL("%s: expected text with \"%s\", found \"%s\"", #got, want_,                  \
                      got_ ? got_ : "(null)");                                                     \
    } while (0)
/* A call that must succeed; err is a kith_error. */
#define EXPECT_OK(call, err)                                                                       \
    do {                                                                                           \
        int st_ = (int)(call);                                                                     \
        if (st_ != 0)                                                                              \
            TEST_FAIL("%s: status %d: %s", #call, st_, (err).message);                             \
    } while (0)

enum test_verdict { TEST_PASSED, TEST_FAILED, TEST_SKIPPED, TEST_VERDICTS };

/* A function of its own: setjmp endangers the variables of the function that calls it. */
static enum test_verdict test_run(const struct test_case *t) {
    test_now = t->name;
    test_skipped = false;
    if (setjmp(test_exit) != 0)
        return test_skipped ? TEST_SKIPPED : TEST_FAILED;
    t->run();
    return TEST_PASSED;
}

int main(int argc, char **argv) {
    int count[TEST_VERDICTS] = {0};
    bool list = argc > 1 && strcmp(argv[1], "--list") == 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (struct test_case *t = test_first; t; t = t->next) {
        if (list)
            printf("%s\n", t->name);
        else if (argc < 2 || strstr(t->name, argv[1]))
            count[test_run(t)]++;
    }
    if (list)
        return 0;
    printf("%d passed, %d failed", count[TEST_PASSED], count[TEST_FAILED]);
    if (count[TEST_SKIPPED])
        printf(", %d skipped", count[TEST_SKIPPED]);
    printf("\n");
    return count[TEST_FAILED] ? 1 : 0;
}
#endif
