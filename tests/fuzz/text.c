/* SPDX-License-Identifier: Apache-2.0 */
/* Text: the first byte is an encoding, the rest is decoded whole and in two pieces to the same
 * UTF-8; composing, folding and cutting what came out keep their promises. */
#include "base/text.h"
#include "cli/cli_io.h"
#include "fuzz/fuzz.h"

static void decode_in_two(enum text_encoding enc, kith_str in, size_t cut, struct buf *out) {
    size_t used = text_decode(enc, (kith_str){in.ptr, cut}, false, out);
    HOLDS(used <= cut && cut - used < 4, "%zu of %zu", used, cut);
    kith_str rest = {in.ptr + used, in.len - used};
    HOLDS(text_decode(enc, rest, true, out) == rest.len, "the end was not taken");
}

static void composed(struct arena *a, kith_str s) {
    kith_str once = text_nfc(a, s), twice = text_nfc(a, once);
    HOLDS(once.ptr && text_invalid_at(once) < 0, "NFC is not UTF-8");
    HOLDS(str_eq(once, twice), "NFC again is something else");
}

static void folded(struct arena *a, kith_str s) {
    kith_str once = text_fold(a, s), twice = text_fold(a, once);
    HOLDS(once.ptr && text_invalid_at(once) < 0, "folded text is not UTF-8");
    HOLDS(once.ptr[once.len] == '\0', "no NUL at the end");
    HOLDS(str_eq(once, twice), "'%s' folded again is '%s'", once.ptr, twice.ptr);
    kith_str other = text_fold(a, text_nfc(a, s));
    HOLDS(str_eq(once, other), "'%s' folded after NFC is '%s'", once.ptr, other.ptr);
}

static void cut(kith_str s, size_t columns) {
    kith_str part = text_cut(s, columns);
    HOLDS(part.len <= s.len && text_invalid_at(part) < 0, "cut within a character");
    HOLDS(text_width(part) <= columns, "%zu columns", text_width(part));
}

static void shown(kith_str s) {
    struct buf b = {0};
    text_plain(&b, s);
    kith_str plain = buf_view(&b);
    HOLDS(text_invalid_at(plain) < 0, "shown text is not UTF-8");
    for (uint64_t i = 0; i < plain.len; i++)
        HOLDS((unsigned char)plain.ptr[i] >= 32 && plain.ptr[i] != 127, "a control is shown");
    buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct input in = {data, data + size};
    uint8_t choice = input_byte(&in), at = input_byte(&in);
    kith_str bytes = input_rest(&in);
    enum text_encoding enc = choice % 5;
    struct buf whole = {0}, pieces = {0};
    struct arena a = {0};
    HOLDS(text_detect(bytes, true) <= ENC_WINDOWS_1252, "no encoding");
    HOLDS(text_detect(bytes, false) <= ENC_WINDOWS_1252, "no encoding");
    HOLDS(text_decode(enc, bytes, true, &whole) == bytes.len, "the end was not taken");
    decode_in_two(enc, bytes, at < bytes.len ? at : bytes.len, &pieces);
    kith_str s = whole.len ? buf_view(&whole) : STR("");
    HOLDS(str_eq(s, buf_view(&pieces)), "'%s' in two pieces is '%s'", s.ptr, pieces.ptr);
    HOLDS(text_invalid_at(s) < 0, "decoded text is not UTF-8");
    HOLDS(!text_is_ascii(s) ||
              s.len == (enc == ENC_UTF16LE || enc == ENC_UTF16BE ? bytes.len / 2 : bytes.len),
          "ASCII of another length");
    composed(&a, s);
    folded(&a, s);
    cut(s, at);
    shown(bytes);
    arena_free(&a);
    buf_free(&whole);
    buf_free(&pieces);
    return 0;
}
