/* SPDX-License-Identifier: Apache-2.0 */
/* Why a workflow wrote something: the call of its run that did, what woke the run for it, and what
 * had begun the run. The journal knows the run only as a number; its log knows the rest. */
#ifndef CLI_WHY_RUN_H
#define CLI_WHY_RUN_H

#include "cli/cli.h"
#include "engine/flow.h"

struct run_call {
    kith_id run;                    /* 0: no step of a run wrote it, or the caller may not know */
    bool kept;                      /* the run is still there; else there is nothing but its id */
    struct flow_run head;           /* of kept ones */
    const struct run_step *call;    /* NULL: none is known, as of an event of the run's own */
    const struct run_step *opening; /* what began the step: "began" or "woken"; or NULL */
    const struct run_step *wait;    /* that ended with it; NULL: it is the run's beginning */
    struct why_step began; /* the row that led to the run; row.seq 0: none is kept, or none did */
    struct why_step root;  /* what had led to that in the end; row.seq 0: nothing else */
};
/* For administrators: the log tells what the run read. Everything is in the command's arena. */
kith_status run_call_of(struct cmd *c, const struct why_step *step, struct run_call *out,
                        kith_error *e);
/* The run alone, with what had begun it. */
kith_status run_began(struct cmd *c, kith_id run, struct run_call *out, kith_error *e);
/* "    the run began on 2026-11-29 14:30:04 because ...", in a line or two. (cmd_why.c) */
void show_began(struct cmd *c, const struct run_call *r, const char *margin);
/* Did the step write the row itself? Else a rule did, within it. */
bool run_call_own(const struct run_call *r, const struct why_step *step);
/* "workflows/nurture.lua:14" */
const char *run_call_place(struct cmd *c, const struct run_call *r);
/* "create("task", {...}) = task/0ABC", "lead/0ABC.name = "Ada"". */
kith_str run_step_text(struct cmd *c, const struct run_step *s);

#endif
