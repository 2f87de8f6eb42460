/* SPDX-License-Identifier: Apache-2.0 */
/* The files of pages/, as module.cmake puts them into the module. */
#ifndef WEB_PAGES_H
#define WEB_PAGES_H

#include <stddef.h>

struct page {
    const char *name; /* "sign-in.html"; NULL: the end */
    const unsigned char *bytes;
    size_t len;
};
extern const struct page pages[];

#endif
