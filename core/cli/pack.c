/* SPDX-License-Identifier: Apache-2.0 */
/* Tar headers, written and read. Offsets and widths are those of POSIX.1-1988, "ustar". */
#include "cli/pack.h"

#include <stdio.h>
#include <string.h>

enum { NAME = 0, MODE = 100, SIZE = 124, MTIME = 136, SUM = 148, KIND = 156, MAGIC = 257 };
enum { VERSION = 263, PREFIX = 345 };
enum { NAME_LEN = 100, MODE_LEN = 8, SIZE_LEN = 12, SUM_LEN = 8, PREFIX_LEN = 155 };

/* The sum of all bytes, the sum's own place taken as blanks. */
static unsigned sum_of(const char block[PACK_BLOCK]) {
    unsigned sum = 0;
    for (int i = 0; i < PACK_BLOCK; i++)
        sum += i >= SUM && i < SUM + SUM_LEN ? ' ' : (unsigned char)block[i];
    return sum;
}

static void put_octal(char *at, int len, uint64_t n) {
    char text[32];
    snprintf(text, sizeof text, "%0*llo", len - 1, (unsigned long long)n);
    memcpy(at, text, (size_t)len - 1);
}

/* Eleven octal digits hold 8 GiB less one byte; GNU's form is a set top bit and a binary number. */
static void put_size(char *at, uint64_t n) {
    if (n < UINT64_C(1) << 33) {
        put_octal(at, SIZE_LEN, n);
        return;
    }
    at[0] = (char)0x80;
    for (int i = 0; i < 8; i++)
        at[SIZE_LEN - 1 - i] = (char)(n >> (8 * i));
}

static uint64_t size_at(const char *at) {
    uint64_t n = 0;
    bool binary = (unsigned char)at[0] == 0x80;
    for (int i = binary ? 4 : 0; i < SIZE_LEN; i++) {
        if (binary)
            n = n << 8 | (unsigned char)at[i];
        else if (at[i] >= '0' && at[i] <= '7')
            n = n << 3 | (uint64_t)(at[i] - '0');
    }
    return n;
}

/* A long name is cut at a slash, and its front goes into the prefix. */
static bool put_name(char block[PACK_BLOCK], const char *name) {
    size_t len = strlen(name), cut = 0;
    if (len > NAME_LEN) {
        for (size_t i = 0; i < len && i <= PREFIX_LEN; i++)
            if (name[i] == '/' && len - i - 1 <= NAME_LEN)
                cut = i;
        if (cut == 0)
            return false;
        memcpy(block + PREFIX, name, cut);
        name += cut + 1;
        len -= cut + 1;
    }
    memcpy(block + NAME, name, len);
    return true;
}

kith_status pack_header(char block[PACK_BLOCK], const struct pack_entry *entry, int64_t mtime,
                        kith_error *e) {
    memset(block, 0, PACK_BLOCK);
    if (!put_name(block, entry->name))
        return err_set(e, KITH_E_LIMIT, NULL, "'%s' is too long a name for a backup; shorten it",
                       entry->name);
    put_octal(block + MODE, MODE_LEN, 0600);
    put_octal(block + MODE + MODE_LEN, MODE_LEN, 0);     /* user */
    put_octal(block + MODE + 2 * MODE_LEN, MODE_LEN, 0); /* group */
    put_size(block + SIZE, entry->size);
    put_octal(block + MTIME, SIZE_LEN, mtime > 0 ? (uint64_t)mtime : 0);
    block[KIND] = '0';
    memcpy(block + MAGIC, "ustar", 6);
    memcpy(block + VERSION, "00", 2);
    put_octal(block + SUM, SUM_LEN - 1, sum_of(block));
    block[SUM + SUM_LEN - 1] = ' ';
    return KITH_OK;
}

static bool is_empty(const char block[PACK_BLOCK]) {
    for (int i = 0; i < PACK_BLOCK; i++)
        if (block[i])
            return false;
    return true;
}

kith_status pack_parse(const char block[PACK_BLOCK], struct pack_entry *entry, bool *end,
                       kith_error *e) {
    unsigned sum = 0;
    *end = is_empty(block);
    if (*end)
        return KITH_OK;
    for (int i = SUM; i < SUM + SUM_LEN; i++)
        if (block[i] >= '0' && block[i] <= '7')
            sum = sum << 3 | (unsigned)(block[i] - '0');
    if (memcmp(block + MAGIC, "ustar", 5) != 0 || sum != sum_of(block) ||
        (block[KIND] != '0' && block[KIND] != '\0'))
        return err_set(e, KITH_E_CORRUPT, NULL, "there is no header of a file where one must be");
    snprintf(entry->name, sizeof entry->name, "%.*s%s%.*s", PREFIX_LEN, block + PREFIX,
             block[PREFIX] ? "/" : "", NAME_LEN, block + NAME);
    entry->size = size_at(block + SIZE);
    return KITH_OK;
}
