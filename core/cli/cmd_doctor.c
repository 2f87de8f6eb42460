/* SPDX-License-Identifier: Apache-2.0 */
/* kith doctor: checks every invariant of the database, on a copy of it. */
#include "cli/show.h"
#include <stdio.h>
#include <string.h>

static const char *remedy_of(const char *check) {
    size_t count;
    const struct doctor_check *list = doctor_checks(&count);
    while (count > 0 && strcmp(list[--count].name, check) != 0)
        ;
    return list[count].remedy;
}

static kith_status begin(struct cmd *c, const char *check, kith_error *e) {
    char line[64];
    snprintf(line, sizeof line, "checking a copy of the database: %s", check);
    io_progress(c->io, line);
    return io_check(c->io, e);
}

static kith_status tell(void *arg, const char *check, const char *sentence, kith_error *e) {
    struct cmd *c = arg;
    if (!sentence)
        return begin(c, check, e);
    struct buf b = {0};
    struct json_out j;
    if (c->json) {
        json_begin(&j, &b, false);
        json_object_(&j);
        json_key(&j, "check");
        json_strz(&j, check);
        json_key(&j, "finding");
        json_strz(&j, sentence);
        json_key(&j, "remedy");
        json_strz(&j, remedy_of(check));
        json_object_end(&j);
        json_print(c, &b);
    } else {
        io_printf(c->io, "%s%s%s: ", io_style(c->io, STYLE_BAD), check,
                  io_style(c->io, STYLE_PLAIN));
        io_text(c->io, str_of(sentence));
        io_printf(c->io, "; %s\n", remedy_of(check));
    }
    return io_check(c->io, e);
}

/* What is kept from the records, from the records. */
static kith_status compute_rollups(struct cmd *c, kith_error *e) {
    const struct schema *s = engine_schema(c->company->engine);
    TRY(engine_compute_rollups(c->company->engine, &c->principal, e));
    if (!c->json)
        io_printf(c->io, "%u roll-up%s computed anew.\n", s->rollup_count,
                  s->rollup_count == 1 ? "" : "s");
    return KITH_OK;
}

static kith_status run(struct cmd *c, kith_error *e) {
    size_t findings = 0, checks;
    if (cmd_option(c, "rollups"))
        TRY(compute_rollups(c, e));
    const struct doctor_check *list = doctor_checks(&checks);
    io_progress(c->io, "copying the database");
    TRY(engine_doctor(c->company->engine, tell, c, &findings, e));
    if (findings > 0)
        return err_set(e, KITH_E_CORRUPT, NULL,
                       "the database is damaged: %zu finding%s; keep the folder as it is, and go"
                       " back to a backup or ask for help",
                       findings, findings == 1 ? "" : "s");
    for (size_t i = 0; i < checks && !c->json; i++)
        io_printf(c->io, "  %-14s %s\n", list[i].name, list[i].doc);
    if (!c->json)
        io_printf(c->io, "%zu checks, nothing found.\n", checks);
    return KITH_OK;
}

const struct command command_doctor = {
    .name = "doctor",
    .args = "",
    .help = "check the database from end to end, on a copy",
    .options = {{"rollups", NULL, "first compute every roll-up anew from its records"}},
    .needs = NEEDS_COMPANY,
    .run = run,
};
