/* SPDX-License-Identifier: Apache-2.0 */
/* Text: UTF-8 checks, NFC and folding (by utf8proc), and encodings of foreign files. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/arena.h"
#include <stdbool.h>

bool text_is_ascii(kith_str s);
/* Offset of the first byte that is not well-formed UTF-8, or -1. */
int64_t text_invalid_at(kith_str s);
/* NFC of well-formed UTF-8, NULs kept. ASCII and text that is NFC already are returned as they are
 * (same pointer). ptr NULL: no memory. */
kith_str text_nfc(struct arena *a, kith_str s);
/* Folded for comparing and sorting: case folded, accents stripped (vowel signs of Indic scripts and
 * Thai stay: they are letters), compatibility forms made equal, curly apostrophes and dashes made
 * plain, invisible characters dropped, white space runs made one space and trimmed. Always a copy,
 * NUL-ended; ptr NULL: no memory. TEXT_FOLD_VERSION changes when its result does. */
kith_str text_fold(struct arena *a, kith_str s);
#define TEXT_FOLD_VERSION 1
/* For comparing addresses, where an accent tells two people apart: lower case alone, NFC, invisible
 * characters dropped, white space as text_fold has it. Of ASCII the same as text_fold. Always a
 * copy, NUL-ended; ptr NULL: no memory. */
kith_str text_lower(struct arena *a, kith_str s);
/* One or more characters, each with a picture of its own: no blanks, controls, or what is unseen or
 * not assigned, and no mark before what it stands on. False for what is not well-formed. */
bool text_is_visible(kith_str s);
/* Columns a terminal needs for s (wide East Asian counted as 2, combining marks as 0). */
size_t text_width(kith_str s);
/* The longest prefix of s that fits in `columns`, cut between characters. */
kith_str text_cut(kith_str s, size_t columns);

/* Encodings that imports meet. */
enum text_encoding { ENC_UTF8, ENC_UTF8_BOM, ENC_UTF16LE, ENC_UTF16BE, ENC_WINDOWS_1252 };
/* Guess from the first bytes of a file (64 KiB are enough). `complete` is false when the sample may
 * end in the middle of a character. */
enum text_encoding text_detect(kith_str sample, bool complete);
const char *text_encoding_name(enum text_encoding e); /* "utf-8", "windows-1252", ... */
/* Bytes of the byte order mark with which the sample begins in that encoding; 0: none. */
size_t text_bom(enum text_encoding e, kith_str sample);
/* Appends `in` to *out as UTF-8 and returns the bytes consumed: fewer than in.len only when the end
 * is cut in the middle of a character and !last. Never fails on content: what cannot be decoded
 * becomes U+FFFD. A byte order mark is passed on as U+FEFF: skip text_bom first. Windows-1252 is
 * also what Latin-1 files are read as. */
struct buf;
size_t text_decode(enum text_encoding e, kith_str in, bool last, struct buf *out);

#endif
