/* SPDX-License-Identifier: Apache-2.0 */
/* vCard 2.1 (versit), 3.0 (RFC 2426) and 4.0 (RFC 6350), and what real programs write: a pull
 * reader over a stream of bytes, and a writer. Knows the form of cards and nothing of what their
 * properties mean. One thread at a time.
 *
 * Read: folded lines, any line end, quoted-printable with soft breaks, base64 with or without
 * indentation, groups, bare parameters, quoted and repeated parameters, cards inside of cards
 * (AGENT). UTF-16 is told by its mark or its zeros; a value that is neither declared nor valid as
 * UTF-8 is taken for Windows-1252. Memory is bounded by VCARD_MAX. */
#ifndef BASE_VCARD_H
#define BASE_VCARD_H

#include "base/arena.h"
#include "base/csv.h"
#include "base/str.h"

#define VCARD_MAX     ((size_t)32 << 20) /* bytes of a card, or of a line: longer is a defect */
#define VCARD_NESTING 8                  /* cards in cards */
#define VCARD_PROPS   5000               /* properties of a card: more are a defect */

enum vcard_version { VCARD_21 = 21, VCARD_30 = 30, VCARD_40 = 40 };

struct vcard_param {
    const char *name; /* upper case; of a bare one of 2.1: TYPE, ENCODING or VALUE */
    kith_str value;   /* each of a list is a parameter of its own */
};
struct vcard_prop {
    kith_str group;   /* "item1", or empty */
    const char *name; /* upper case */
    const struct vcard_param *params;
    size_t param_count;
    kith_str value; /* UTF-8, decoded but for the escapes: vcard_split, then vcard_text */
    bool base64;    /* the value is base64, blanks removed, not checked */
    uint64_t line;
};
struct vcard { /* lives until the next call */
    enum vcard_version version;
    const struct vcard_prop *props; /* without BEGIN, END and VERSION */
    size_t count;
    uint64_t number, line; /* from 1 */
    const char *defect;    /* NULL, or a sentence; the properties are then not to be used */
    kith_str raw;          /* the lines as they stood, each ended by LF */
};

struct vcard_reader;
/* Reads the first 64 KiB. The caller owns *out. */
kith_status vcard_open(struct vcard_reader **out, csv_source source, void *arg, kith_error *e);
/* KITH_E_NOTFOUND: no more cards. A card with a defect is KITH_OK: the caller rejects it. Text
 * between cards is a card with a defect. */
kith_status vcard_next(struct vcard_reader *r, struct vcard *card, kith_error *e);
void vcard_close(struct vcard_reader *r); /* NULL does nothing */

/* The first value of a parameter, or the empty string. */
kith_str vcard_param(const struct vcard_prop *p, const char *name);
bool vcard_is(const struct vcard_prop *p, const char *type); /* has TYPE=type; case ignored */
/* Takes a component off the front, up to a sep that is not escaped; false when none is left: *rest
 * has become a NULL ptr. An empty value has one, empty component. */
bool vcard_split(kith_str *rest, char sep, kith_str *part);
/* The escapes resolved, blanks around it removed, CRLF made LF. ptr NULL: no memory. */
kith_str vcard_text(struct arena *a, enum vcard_version v, kith_str value);

/* -- writing ----------------------------------------------------------------------------------- */

/* Appends text as it stands in a component; CR and CRLF become LF. */
void vcard_escape(struct buf *out, enum vcard_version v, kith_str text);
/* Appends one property, folded at 75 octets between characters, in 2.1 as quoted-printable where it
 * must be. head: "item1.TEL;TYPE=WORK". value: components made with vcard_escape. */
void vcard_put(struct buf *out, enum vcard_version v, const char *head, kith_str value);
/* Appends one of base64. media: "image/jpeg", or empty. */
void vcard_put_base64(struct buf *out, enum vcard_version v, const char *head, kith_str media,
                      kith_str base64);

#endif
