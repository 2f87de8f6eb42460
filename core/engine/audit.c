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
    TRY(engine_snapshot(g, &c, e));
    kith_status st = chain_verify(c, anchor, tell, arg, out, e);
    engine_snapshot_done(c);
    return st;
}
