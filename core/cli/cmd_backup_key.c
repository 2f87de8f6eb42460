/* SPDX-License-Identifier: Apache-2.0 */
/* kith backup key: the pair of keys that sealed backups need. */
#include "cli/identity.h"
#include "cli/seal.h"
#include "cli/show.h"

static kith_status write_key(struct cmd *c, kith_str text, kith_error *e) {
    struct io *io = c->io;
    int file;
    TRY(io->ops->open(io, c->args[0], IO_NEW, &file, e));
    kith_status st = io->ops->put(io, file, text, e);
    kith_status closed = io->ops->close(io, file, st == KITH_OK, st == KITH_OK ? e : NULL);
    return st == KITH_OK ? closed : st;
}

static void report(struct cmd *c, const char *public) {
    struct buf b = {0};
    struct json_out j;
    if (!c->json) {
        io_puts(c->io, "The secret key is in '");
        io_text(c->io, str_of(c->args[0]));
        io_printf(
            c->io,
            "': keep it twice, and not on this computer. Without it no sealed backup opens"
            " again.\nFor the settings of the company:\n\n  backup = { recipient = \"%s\"; };\n",
            public);
        return;
    }
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "file");
    json_strz(&j, c->args[0]);
    json_key(&j, "public");
    json_strz(&j, public);
    json_object_end(&j);
    json_print(c, &b);
}

static kith_status run(struct cmd *c, kith_error *e) {
    char passphrase[IO_SECRET_MAX] = "", public[SEAL_TEXT];
    struct seal_key key;
    struct buf text = {0};
    if (sodium_init() < 0)
        return err_set(e, KITH_E_INTERNAL, NULL, "libsodium cannot be used");
    kith_status st = KITH_OK;
    if (cmd_option(c, "locked"))
        st = ask_password("Passphrase for the key: ", true, passphrase, e);
    crypto_box_keypair(key.public, key.secret);
    if (st == KITH_OK)
        st = seal_key_text(&key, str_of(passphrase), &text, e);
    if (st == KITH_OK)
        st = write_key(c, buf_view(&text), e);
    seal_public_text(key.public, public);
    if (st == KITH_OK)
        report(c, public);
    secrets_wipe(&key, sizeof key);
    secrets_wipe(passphrase, sizeof passphrase);
    secrets_wipe(text.ptr, text.len);
    buf_free(&text);
    return st;
}

const struct command command_backup_key = {
    .name = "backup key",
    .args = "FILE",
    .help = "make the keys for sealed backups: the secret one into a file, the public one shown",
    .more =
        "  kith backup key ~/acme-backup.key --locked\n\n"
        "Backups that are sealed to the public key are made without the secret one, and opened\n"
        "by it alone. Whoever holds the file can read them all; locked, whoever also knows the\n"
        "passphrase.",
    .options = {{"locked", NULL, "ask for a passphrase, without which the file opens nothing"}},
    .needs = NEEDS_NOTHING,
    .open = true,
    .args_min = 1,
    .args_max = 1,
    .run = run,
};
