/* SPDX-License-Identifier: Apache-2.0 */
/* kith backup: a company as it is at one moment, in one file, while it goes on working. */
#include "cli/backup_write.h"
#include "cli/show.h"
#include <string.h>

static void report_json(struct cmd *c, const struct backup_order *o,
                        const struct backup_made *made) {
    struct buf text = {0};
    struct json_out j;
    json_begin(&j, &text, false);
    json_object_(&j);
    json_key(&j, "backup");
    json_strz(&j, o->target);
    json_key(&j, "base");
    if (o->base)
        json_strz(&j, o->base);
    else
        json_nil(&j);
    json_key(&j, "sealed");
    json_bool_(&j, o->recipient != NULL);
    json_key(&j, "bytes");
    json_int(&j, (int64_t)made->bytes);
    json_key(&j, "records");
    json_int(&j, (int64_t)made->records);
    json_key(&j, "journal");
    json_int(&j, (int64_t)made->journal);
    json_key(&j, "made");
    json_time(&j, made->at);
    json_object_end(&j);
    json_print(c, &text);
}

static void report(struct cmd *c, const struct backup_order *o, const struct backup_made *made) {
    struct io *io = c->io;
    io_progress(io, "");
    if (strcmp(o->target, "-") == 0)
        return;
    if (c->json) {
        report_json(c, o, made);
        return;
    }
    io_printf(io, "Backed up %llu record%s, up to row %llu of the journal: %.1f MB in '",
              (unsigned long long)made->records, made->records == 1 ? "" : "s",
              (unsigned long long)made->journal, (double)made->bytes / 1e6);
    io_text(io, str_of(o->target));
    io_puts(io, "'");
    if (o->base)
        io_printf(io, ", %.1f%% of the database, which has changed since '",
                  100.0 * (double)made->changed / (double)made->blocks);
    if (o->base)
        io_text(io, str_of(o->base));
    io_puts(io, o->base ? "'" : "");
    io_puts(io, o->recipient ? ", sealed.\n" : ".\n");
}

static kith_status choose_recipient(struct cmd *c, struct backup_order *o, kith_error *e) {
    const char *given = cmd_option(c, "recipient");
    unsigned char *public;
    if (cmd_option(c, "open") && given)
        return err_set(e, KITH_E_INVAL, NULL, "give --recipient or --open, not both");
    if (cmd_option(c, "open"))
        return KITH_OK;
    if (!given)
        return backup_recipient(c, &o->recipient, e);
    public = arena_alloc(&c->arena, crypto_box_PUBLICKEYBYTES);
    o->recipient = public;
    return public ? seal_public_parse(str_of(given), public, e) : err_nomem(e);
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct backup_order o = {.files = c->io,
                             .target = c->args[0],
                             .base = cmd_option(c, "base"),
                             .damaged = cmd_option(c, "damaged") != NULL};
    struct backup_made made;
    TRY(choose_recipient(c, &o, e));
    TRY(backup_write(c, &o, &made, e));
    report(c, &o, &made);
    return KITH_OK;
}

const struct command command_backup = {
    .name = "backup",
    .args = "FILE",
    .help = "the whole company as it is now, in one file, while it goes on working",
    .more = "  kith backup /backup/acme-monday.tar\n"
            "  kith backup /backup/acme-tuesday.tar --base /backup/acme-monday.tar\n"
            "  kith backup - | zstd | ssh vault 'cat >acme.tar.zst'\n\n"
            "Settings, rules and the database, checked by the doctor, in a tar archive with a\n"
            "manifest. With --base it holds only what has changed since that one, and is restored\n"
            "together with it. FILE - is standard output. 'kith restore' makes a company of it\n"
            "again; 'kith backup run' makes those that the settings ask for.",
    .options = {{"base", "FILE", "only what has changed since this backup"},
                {"recipient", "KEY",
                 "seal it to this public key; else to that of the settings, if there is one"},
                {"open", NULL, "do not seal it, whatever the settings say"},
                {"damaged", NULL, "do not ask the doctor: keep what can be kept"}},
    .needs = NEEDS_COMPANY,
    .args_min = 1,
    .args_max = 1,
    .run = run,
};
