/* SPDX-License-Identifier: Apache-2.0 */
/* Backups: the bytes are an archive as they are, or, when the first one is odd, names and contents
 * line by line, of which an archive with right sums and digests is made. Whatever stands in it,
 * nothing but the folder that it is read into is touched, and what is said to be there is. */
#include "cli/backup.h"
#include "cli/unpack.h"
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES 8

static struct pieces source;

static bool no_write(struct io *io, int stream, kith_str data) {
    (void)io, (void)stream, (void)data;
    return true;
}
static void no_progress(struct io *io, const char *line) {
    (void)io, (void)line;
}
static kith_status the_backup(struct io *io, const char *path, enum io_open how, int *file,
                              kith_error *e) {
    (void)io, (void)e;
    HOLDS(strcmp(path, "backup.tar") == 0 && how == IO_READ, "opens '%s'", path);
    *file = 0;
    return KITH_OK;
}
static kith_status its_bytes(struct io *io, int file, char *dst, size_t cap, size_t *got,
                             kith_error *e) {
    (void)io, (void)file;
    return pieces_pull(&source, dst, cap, got, e);
}
static kith_status no_put(struct io *io, int file, kith_str data, kith_error *e) {
    (void)io, (void)file, (void)data;
    return err_set(e, KITH_E_INTERNAL, NULL, "a backup is only read");
}
static kith_status no_close(struct io *io, int file, bool keep, kith_error *e) {
    (void)io, (void)file, (void)keep, (void)e;
    return KITH_OK;
}
static bool never(struct io *io) {
    (void)io;
    return false;
}
static const struct io_ops ops = {.write = no_write,
                                  .progress = no_progress,
                                  .open = the_backup,
                                  .read = its_bytes,
                                  .put = no_put,
                                  .close = no_close,
                                  .interrupted = never};

/* -- an archive -------------------------------------------------------------------------------- */

static bool put_entry(struct buf *tar, kith_str name, kith_str content) {
    struct pack_entry entry = {.size = content.len};
    char block[PACK_BLOCK] = {0};
    snprintf(entry.name, sizeof entry.name, "%.*s", (int)(name.len < 4096 ? name.len : 4096),
             name.ptr);
    if (pack_header(block, &entry, 0, NULL) != KITH_OK)
        return false;
    buf_add(tar, block, sizeof block);
    buf_str(tar, content);
    memset(block, 0, sizeof block);
    buf_add(tar, block, pack_padding(content.len));
    return true;
}

static void tell_file(struct json_out *j, kith_str name, kith_str content) {
    unsigned char raw[crypto_hash_sha256_BYTES];
    char digest[BACKUP_DIGEST];
    crypto_hash_sha256(raw, (const unsigned char *)content.ptr, content.len);
    sodium_bin2hex(digest, sizeof digest, raw, sizeof raw);
    json_object_(j);
    json_key(j, "name");
    json_str(j, name);
    json_key(j, "size");
    json_int(j, (int64_t)content.len);
    json_key(j, "sha256");
    json_strz(j, digest);
    json_object_end(j);
}

/* "name\ncontent\nname\ncontent" */
static void make_archive(struct input *in, struct buf *tar) {
    struct buf manifest = {0}, files = {0};
    struct json_out j;
    json_begin(&j, &manifest, false);
    json_object_(&j);
    json_key(&j, BACKUP_MARK);
    json_int(&j, 1); /* without the hashes of blocks, which no fuzzer finds */
    json_key(&j, "kith");
    json_strz(&j, "0.1.0");
    json_key(&j, "files");
    json_array_(&j);
    for (int i = 0; i < FILES && in->p < in->end; i++) {
        kith_str name = input_line(in), content = input_line(in);
        if (put_entry(&files, name, content))
            tell_file(&j, name, content);
    }
    json_array_end(&j);
    json_object_end(&j);
    put_entry(tar, STR(BACKUP_MANIFEST), buf_view(&manifest));
    buf_str(tar, buf_view(&files));
    buf_free(&files);
    buf_free(&manifest);
}

/* -- what became of it ------------------------------------------------------------------------- */

static char base[32], folder[48];

static void clear(void) {
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", base);
    if (system(command) != 0)
        abort();
}

static void begin(void) {
    if (!*base) {
        bool shm = access("/dev/shm", W_OK) == 0; /* spares the disk, and its syncs */
        snprintf(base, sizeof base, "%s/kith-backup-XXXXXX", shm ? "/dev/shm" : "/tmp");
        HOLDS(mkdtemp(base), "cannot make %s", base);
        HOLDS(sodium_init() >= 0, "no libsodium");
        snprintf(folder, sizeof folder, "%s/in", base);
        atexit(clear);
    }
    HOLDS(mkdir(folder, 0700) == 0, "cannot make %s", folder);
}

/* Plain files and folders below it, which go; true when a name is one of those that may be. */
static void empty_out(const char *path, bool top) {
    struct dirent *d;
    DIR *dir = opendir(path);
    HOLDS(dir, "cannot read %s", path);
    while ((d = readdir(dir))) {
        char inner[4096];
        struct stat st;
        bool known = !top || strcmp(d->d_name, "kith.db") == 0;
        for (size_t i = 0; i < BACKUP_PARTS; i++)
            known |= strcmp(d->d_name, backup_parts[i]) == 0;
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        HOLDS(known, "'%s' is no part of a company", d->d_name);
        snprintf(inner, sizeof inner, "%s/%s", path, d->d_name);
        HOLDS(lstat(inner, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)), "%s", inner);
        if (S_ISDIR(st.st_mode))
            empty_out(inner, false);
        else
            unlink(inner);
    }
    closedir(dir);
    HOLDS(rmdir(path) == 0, "%s is not empty", path);
}

static void nothing_beside(void) {
    struct dirent *d;
    DIR *dir = opendir(base);
    HOLDS(dir, "cannot read %s", base);
    while ((d = readdir(dir)))
        HOLDS(d->d_name[0] == '.' || strcmp(d->d_name, "in") == 0, "'%s' is outside", d->d_name);
    closedir(dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *args[] = {"backup.tar"};
    struct io io = {.ops = &ops, .actor = "cli:fuzz"};
    struct cmd c = {.io = &io, .args = args, .arg_count = 1};
    const struct series series = {.files = args, .count = 1};
    struct input in = {data, data + size};
    struct buf made = {0};
    struct unpacked found = {0};
    kith_error e = KITH_ERROR_INIT;
    begin();
    bool make = input_byte(&in) & 1;
    if (make)
        make_archive(&in, &made);
    source = (struct pieces){make ? buf_view(&made) : input_rest(&in), 0};
    kith_status st = unpack(&c, &io, &series, NULL, folder, &found, &e);
    HOLDS(st == KITH_OK || *e.message, "no sentence");
    HOLDS(st != KITH_OK || (found.kith && found.made), "taken, but by whom it was made is not");
    nothing_beside();
    empty_out(folder, true);
    buf_free(&made);
    arena_free(&c.arena);
    return 0;
}
