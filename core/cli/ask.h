/* SPDX-License-Identifier: Apache-2.0 */
/* Ask: the query of a command line: its text or the name of a saved one (@late), the values of its
 * parameters (--param city=Bonn) and examples (--example city=Bonn). */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "cli/cli.h"
#include "record/query.h"

struct asked {
    struct query *query;
    const kith_value *params; /* in the order of query_params; NULL: none */
    kith_str text;            /* what was asked in the end */
};
/* words: the arguments that the query consists of. In the command's arena. */
kith_status ask_read(struct cmd *c, const char *const *words, size_t count, struct asked *out,
                     kith_error *e);

#define ASK_OPTIONS                                                                                \
    {"param", "NAME=VALUE", "what :NAME stands for; again for another, or for a list"}, {          \
        "example", "FIELD=VALUE",                                                                  \
            "records that are like this, of the TYPE alone: city=Berlin, name='A%', size='>10', "  \
            "email= for empty"                                                                     \
    }
#define ASK_GATHERED "param|example"

#endif
