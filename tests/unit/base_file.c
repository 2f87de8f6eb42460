/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files, which nobody must lose. */
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
