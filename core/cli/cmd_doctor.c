/* SPDX-License-Identifier: Apache-2.0 */
/* kith doctor: checks every invariant of the database, on a copy of it, and repairs what is kept
 * from its records. */
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

/* -- repairs ----------------------------------------------------------------------------------- */

static kith_status tell_made(void *arg, const char *check, const char *sentence, kith_error *e) {
    struct cmd *c = arg;
    struct buf b = {0};
    struct json_out j;
    if (!sentence)
        return begin(c, check, e);
    if (!c->json) {
        io_printf(c->io, "%s%s%s: %s.\n", io_style(c->io, STYLE_GOOD), check,
                  io_style(c->io, STYLE_PLAIN), sentence);
        return io_check(c->io, e);
    }
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "check");
    json_strz(&j, check);
    json_key(&j, "repaired");
    json_strz(&j, sentence);
    json_object_end(&j);
    json_print(c, &b);
    return io_check(c->io, e);
}

/* -- the command ------------------------------------------------------------------------------- */

static kith_status run(struct cmd *c, kith_error *e) {
    size_t findings = 0, checks;
    if (cmd_option(c, "repair"))
        TRY(engine_repair(c->company->engine, &c->principal, tell_made, c, e));
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
    .more = "Each finding comes with what to do about it. With --repair, what Kith keeps from\n"
            "records is made anew from them where it is wrong: roll-ups, segments, the search\n"
            "index, folded columns. Nothing else is touched, and what is left is named.",
    .options = {{"repair", NULL, "first make anew what is kept from records and is wrong"}},
    .needs = NEEDS_COMPANY,
    .run = run,
};
