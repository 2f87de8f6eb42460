/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of the archive that a backup is. That other programs read them is tested with tar itself,
 * in tests/integration/backup.sh. */
#include "cli/pack.h"
#include "test.h"

static struct pack_entry there_and_back(const char *name, uint64_t size) {
    struct pack_entry in = {.size = size}, out = {.size = 0};
    char block[PACK_BLOCK];
    bool end = true;
    kith_error e = KITH_ERROR_INIT;
    snprintf(in.name, sizeof in.name, "%s", name);
    EXPECT_OK(pack_header(block, &in, 1700000000, &e), e);
    EXPECT_OK(pack_parse(block, &out, &end, &e), e);
    EXPECT(!end);
    return out;
}

static const char *name_of(char *text, size_t folder, size_t file) {
    memset(text, 'd', folder);
    text[folder] = '/';
    memset(text + folder + 1, 'f', file);
    text[folder + 1 + file] = '\0';
    return text;
}

TEST("a name and a size come back as they were, however long") {
    char text[300];
    EXPECT_STR("kith.db", there_and_back("kith.db", 0).name);
    EXPECT_STR(name_of(text, 10, 89), there_and_back(text, 1).name);
    EXPECT_STR(name_of(text, 50, 80), there_and_back(text, 1).name);
    EXPECT_STR(name_of(text, 155, 100), there_and_back(text, 1).name);
    static const uint64_t sizes[] = {
        0, 1, 511, 4096, (1ull << 33) - 1, 1ull << 33, 123456789012345};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        EXPECT_INT(sizes[i], there_and_back("kith.db", sizes[i]).size);
}

TEST("a name that does not fit is refused and not cut") {
    struct pack_entry in = {.size = 1};
    char block[PACK_BLOCK];
    kith_error e = KITH_ERROR_INIT;
    name_of(in.name, 100, 101);
    EXPECT_INT(KITH_E_LIMIT, pack_header(block, &in, 0, &e));
    EXPECT_HAS("too long a name", e.message);
    name_of(in.name, 156, 90);
    EXPECT_INT(KITH_E_LIMIT, pack_header(block, &in, 0, &e));
}

TEST("a header with any byte changed is none") {
    struct pack_entry in = {.name = "rules/a.lua", .size = 77}, out;
    char block[PACK_BLOCK];
    bool end;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(pack_header(block, &in, 1700000000, &e), e);
    for (int i = 0; i < PACK_BLOCK; i++) {
        if (i >= 154 && i < 156) /* the end and a blank behind the digits of the sum */
            continue;
        block[i] = (char)(block[i] ^ 1);
        EXPECT_INT(KITH_E_CORRUPT, pack_parse(block, &out, &end, &e));
        block[i] = (char)(block[i] ^ 1);
    }
    memset(block, 0, sizeof block);
    EXPECT_OK(pack_parse(block, &out, &end, &e), e);
    EXPECT(end);
}
