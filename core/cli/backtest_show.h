/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a backtest, for people and for programs. */
#ifndef CLI_BACKTEST_SHOW_H
#define CLI_BACKTEST_SHOW_H

#include "cli/cli.h"
#include "engine/backtest.h"

void backtest_print(struct cmd *c, const char *file, const struct backtest_report *r, bool samples);
void backtest_json(struct cmd *c, const char *file, const struct backtest_report *r);

#endif
