/* SPDX-License-Identifier: Apache-2.0 */
/* Words, numbers and days as the company writes them. */
#include "documents.h"

#include <ctype.h>

#define LABEL_ROW(name, words) {#name, words},
static const struct { const char *name, *words; } labels[LABEL_COUNT] = {LABELS(LABEL_ROW)};

int word_named(kith_str name) {
    for (int i = 0; i < LABEL_COUNT; i++)
        if (kith_str_is(name, labels[i].name))
            return i;
    return -1;
}

kith_status words_read(kith_instance *self, kith_error *err) {
    const kith_value *set = &self->set.labels;
    for (int i = 0; i < LABEL_COUNT; i++)
        self->words[i] = kith_str_of(labels[i].words);
    for (uint64_t i = 0; set->kind == KITH_LIST && i < set->as.list.count; i++) {
        const kith_value *row = set->as.list.items[i].as.list.items; /* name, text */
        const int label = word_named(row[0].as.s);
        if (label < 0)
            return kith_fail(err, KITH_E_INVAL, "labels",
                             "%s: there is no label '%.*s'; modules/documents/README.md lists them",
                             self->settings->where(self->host, kith_str_of("labels")).ptr,
                             KITH_CHARS(row[0].as.s));
        self->words[label] = row[1].kind == KITH_TEXT ? row[1].as.s : kith_str_of("");
    }
    return KITH_OK;
}

kith_str word_of(const kith_instance *self, kith_str name) {
    const int label = word_named(name);
    return label < 0 ? name : self->words[label];
}

void word_fill(const kith_instance *self, enum label label, const char *const *pairs,
               char out[TEXT_ROOM]) {
    const kith_str words = self->words[label];
    size_t n = 0;
    for (size_t i = 0; i < words.len && n + 1 < TEXT_ROOM;) {
        const char *const *p = pairs;
        size_t len = 0;
        while (p[0] && !len) {
            len = strlen(p[0]);
            if (words.ptr[i] == '{' && i + len + 1 < words.len && words.ptr[i + len + 1] == '}' &&
                memcmp(words.ptr + i + 1, p[0], len) == 0)
                break;
            len = 0;
            p += 2;
        }
        if (!len) {
            out[n++] = words.ptr[i++];
            continue;
        }
        n += (size_t)snprintf(out + n, TEXT_ROOM - n, "%s", p[1]);
        n = n < TEXT_ROOM ? n : TEXT_ROOM - 1;
        i += len + 2;
    }
    out[n] = '\0';
}

/* Digits in threes, and the part behind the point. */
static void group(const kith_instance *self, const char *whole, const char *part, int negative,
                  char out[TEXT_ROOM]) {
    const int comma = kith_is(self->set.decimal, "comma");
    const size_t len = strlen(whole);
    size_t n = 0;
    if (negative)
        out[n++] = '-';
    for (size_t i = 0; i < len && n + 2 < TEXT_ROOM; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out[n++] = comma ? '.' : ',';
        out[n++] = whole[i];
    }
    (void)snprintf(out + n, TEXT_ROOM - n, "%s%s", *part ? comma ? "," : "." : "", part);
}

void word_amount(const kith_instance *self, int64_t minor, int digits, char out[TEXT_ROOM]) {
    char all[32], whole[32];
    const uint64_t size = minor < 0 ? -(uint64_t)minor : (uint64_t)minor;
    const int behind = digits < 0 ? 0 : digits > 6 ? 6 : digits;
    (void)snprintf(all, sizeof all, "%0*llu", behind + 1, (unsigned long long)size);
    const size_t at = strlen(all) - (size_t)behind;
    (void)snprintf(whole, sizeof whole, "%.*s", (int)at, all);
    group(self, whole, all + at, minor < 0, out);
}

/* "2026-01-31" */
static int is_day(const char *s) {
    for (int i = 0; i < 10; i++)
        if (i == 4 || i == 7 ? s[i] != '-' : !isdigit((unsigned char)s[i]))
            return 0;
    return s[10] == '\0';
}

/* "-3.500": a point, and digits before and behind it. */
static int is_decimal(const char *s) {
    const size_t before = strspn(s + (*s == '-'), "0123456789") + (*s == '-');
    const size_t behind = s[before] == '.' ? strspn(s + before + 1, "0123456789") : 0;
    return isdigit((unsigned char)s[*s == '-']) && behind && !s[before + 1 + behind] &&
           strlen(s) < 40;
}

void word_plain(const kith_instance *self, const char *told, char out[TEXT_ROOM]) {
    const kith_str style = self->set.date.as.s;
    char text[40];
    if (is_day(told) && !kith_str_is(style, "iso")) {
        const char *y = told, *m = told + 5, *d = told + 8;
        const char *sep = kith_str_is(style, "dots") ? "." : "/";
        const int us = kith_str_is(style, "us");
        (void)snprintf(out, TEXT_ROOM, "%.2s%s%.2s%s%.4s", us ? m : d, sep, us ? d : m, sep, y);
    } else if (is_decimal(told)) {
        (void)snprintf(text, sizeof text, "%s", told + (*told == '-'));
        char *point = strchr(text, '.'), *end = text + strlen(text);
        while (end > point + 1 && end[-1] == '0')
            *--end = '\0';
        *point = '\0';
        group(self, text, point + 1, *told == '-', out);
    } else {
        size_t len = strlen(told);
        for (len = len < TEXT_ROOM ? len : TEXT_ROOM - 1;
             len && told[len] && (told[len] & 0xC0) == 0x80;)
            len--;
        memcpy(out, told, len);
        out[len] = '\0';
    }
}
