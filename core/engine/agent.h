/* SPDX-License-Identifier: Apache-2.0 */
/* Session: all that a program does for somebody, as one (journal/agent_log.h). Whose principal
 * bears one (struct principal), what they write bears its number and note, and is counted. */
#ifndef ENGINE_AGENT_H
#define ENGINE_AGENT_H

#include "engine/engine.h"
#include "journal/agent_log.h"
#include "journal/approval_log.h"

/* Begins one for p; client: what the program calls itself. [any] */
kith_status engine_agent_begin(struct engine *g, const struct principal *p, const char *client,
                               int64_t budget, kith_id *id, kith_error *e);
/* KITH_E_NOTFOUND: there is none of that number, or it is somebody else's. An administrator is
 * given any. [any] */
kith_status engine_agent(struct engine *g, const struct principal *p, kith_id id, struct arena *a,
                         struct agent_entry *out, kith_error *e);
/* The newest, of p, or for an administrator of all. [any] */
kith_status engine_agents(struct engine *g, const struct principal *p, int64_t most,
                          struct arena *a, struct agent_entry **out, size_t *count, kith_error *e);
kith_status engine_agent_end(struct engine *g, kith_id id, kith_error *e); /* [any] */

/* Of what p's sessions want to write, or for an administrator all. [any] */
kith_status engine_approval(struct engine *g, const struct principal *p, int64_t number,
                            struct arena *a, struct approval *out, struct agent_entry *session,
                            kith_error *e);
kith_status engine_approvals(struct engine *g, const struct principal *p, bool waiting,
                             struct arena *a, struct approval **out, size_t *count, kith_error *e);
/* Notes it, and makes a task of that title for the user (0: for nobody). Sets a->number. [any] */
kith_status engine_approval_add(struct engine *g, struct approval *a, kith_id user,
                                const char *title, kith_error *e);
/* From one state into another, and its task with it. KITH_E_CONFLICT: it is not in that state.
 * [any] */
kith_status engine_approval_move(struct engine *g, const struct approval *a, uint32_t from,
                                 uint32_t to, const char *who, kith_str result, kith_error *e);
/* Fills in the mark of the record as it is now. [any] */
kith_status engine_guard(struct engine *g, struct agent_guard *guard, struct arena *a,
                         kith_error *e);

#endif
