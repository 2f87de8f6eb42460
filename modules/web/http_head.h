/* SPDX-License-Identifier: Apache-2.0 */
/* What http.c asks of http_head.c; both know the HTTP library. */
#ifndef WEB_HTTP_HEAD_H
#define WEB_HTTP_HEAD_H

#include "web.h"

enum method head_method(const char *name, bool *head);
/* Only what an address is written with: so it can be shown, and logged. */
bool head_is_plain(const char *uri);
/* Where two programs may disagree about where a request ends, or for whom it is, it is refused:
 * answered, and the connection ends. */
void head_check(struct request *r);

#endif
