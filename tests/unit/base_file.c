/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files, which nobody must lose, and whole files. */
#include "base/file.h"
#include "test.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

TEST("a file takes a new name, and takes it from no other") {
    char dir[] = "/tmp/kith-file-XXXXXX", from[64], to[64];
    struct stat moved, kept;
    EXPECT(mkdtemp(dir) != NULL);
    snprintf(from, sizeof from, "%s/from", dir);
    snprintf(to, sizeof to, "%s/to", dir);
    fclose(fopen(from, "w"));
    EXPECT(stat(from, &moved) == 0);
    EXPECT(file_name_new(from, to));
    EXPECT(stat(to, &kept) == 0 && kept.st_ino == moved.st_ino && kept.st_nlink == 1);
    fclose(fopen(from, "w"));
    EXPECT(!file_name_new(from, to));
    EXPECT_INT(EEXIST, errno);
    EXPECT(stat(to, &kept) == 0 && kept.st_ino == moved.st_ino);
    EXPECT(unlink(from) == 0 && symlink("nowhere", from) == 0); /* a name, though of nothing */
    EXPECT(!file_name_new(to, from));
    EXPECT_INT(EEXIST, errno);
    unlink(from);
    unlink(to);
    rmdir(dir);
}

TEST("a file is replaced as a whole and read up to a bound") {
    char dir[] = "/tmp/kith-file-XXXXXX", path[64], part[72];
    kith_error e = KITH_ERROR_INIT;
    struct buf text = {0};
    EXPECT(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/text", dir);
    snprintf(part, sizeof part, "%s.part", path);
    EXPECT_INT(KITH_E_NOTFOUND, file_read(path, 10, &text, &e));
    EXPECT_OK(file_replace(path, STR("0123456789"), 0666, &e), e);
    EXPECT(access(part, F_OK) != 0);
    EXPECT_OK(file_read(path, 10, &text, &e), e);
    EXPECT_STR("0123456789", text.ptr);
    buf_reset(&text);
    EXPECT_INT(KITH_E_LIMIT, file_read(path, 9, &text, &e));
    EXPECT_HAS("larger than 9 bytes", e.message);
    EXPECT_INT(KITH_E_INVAL, file_read(dir, 10, &text, &e));
    EXPECT(symlink(path, part) == 0); /* somebody's trap: what it points to stays */
    EXPECT(file_replace(path, STR("new"), 0666, &e) != KITH_OK);
    buf_reset(&text);
    EXPECT_OK(file_read(path, 10, &text, &e), e);
    EXPECT_STR("0123456789", text.ptr);
    buf_free(&text);
    unlink(part);
    unlink(path);
    rmdir(dir);
}

TEST("a name ends so unless it is hidden or nothing but the ending") {
    EXPECT(file_ends("a.conf", ".conf"));
    EXPECT(!file_ends(".a.conf", ".conf"));
    EXPECT(!file_ends(".conf", ".conf"));
    EXPECT(!file_ends("a.conf~", ".conf"));
}
