/* SPDX-License-Identifier: Apache-2.0 */
/* Aside: a thread that does what nobody waits for leaves the processor to those who are waited for.
 * The lowest priority alone does not: whoever wakes up where such a thread runs waits until its
 * turn ends, and a hundred such waits a second cost the writer a tenth of what it does. */
#ifndef BASE_ASIDE_H
#define BASE_ASIDE_H

/* This thread works aside from here on, for good. */
void aside_begin(void);
/* Has it rest, three times as long as it has worked, if anybody else wanted the processor
 * meanwhile. To be called every millisecond or so; does nothing on other threads. */
void aside_rest(void);

#endif
