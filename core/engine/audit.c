/* SPDX-License-Identifier: Apache-2.0 */
/* The audit of a company that is in use: the chain of its journal, on a snapshot of its own, which
 * holds up nobody. */
#include "engine/engine_internal.h"

kith_status engine_verify_chain(struct engine *g, const struct chain_anchor *anchor,
                                chain_tell tell, void *arg, struct chain_report *out,
                                kith_error *e) {
    struct conn *c;
    if (!g->started)
        return chain_verify(g->writer, anchor, tell, arg, out, e);
    TRY(conn_open(&c, g->path, CONN_READER, g->opts.vfs, e));
    kith_status st = conn_exec(c, "BEGIN", e);
    if (st == KITH_OK)
        st = chain_verify(c, anchor, tell, arg, out, e);
    conn_close(c);
    return st;
}
