/* SPDX-License-Identifier: Apache-2.0 */
/* The test disk. Each file has an image of what is surely on the disk and a list of what was done
 * to it since; each name has the file it stands for now and the one it surely stands for on the
 * disk. */
#include "vfs/fault_vfs.h"
#include "random.h"
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512

/* Something unsynced: a write, or with data NULL a truncation to `at`. */
struct step {
    int64_t at;
    int len;
    unsigned char *data;
    struct step *next;
};

struct node {
    unsigned char *image; /* what is surely on the disk */
    int64_t image_size, image_cap;
    int64_t size; /* as the program sees it */
    bool kept;    /* false: temporary, not remembered */
    struct step *first, **last;
    struct node *next;
};

struct name {
    char *path;
    struct node *now, *durable; /* NULL: no such file */
    struct name *next;
};

struct file {
    sqlite3_file base;
    struct node *node; /* not to be touched when the file is stale */
    int flags;
    uint32_t generation;
    bool named; /* its directory needs no sync any more */
};

struct fault {
    unsigned types;
    int64_t nth, times; /* nth counts down; times 0: no fault */
    int rc;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* All of it under the lock. */
static struct {
    sqlite3_vfs *real;
    struct name *names;
    struct node *nodes;
    uint64_t random;
    uint32_t generation;
    int open; /* files of this generation */
    bool off;
    int64_t loss_at;   /* counts down; 0: never */
    bool loss_at_sync; /* only syncs count */
    int64_t space;     /* -1: no limit */
    struct fault faults[FAULT_OPS];
    struct fault_counts counts;
} disk = {.random = 1, .space = -1};

static const int dead[FAULT_OPS] = {
    [FAULT_OPEN] = SQLITE_CANTOPEN,           [FAULT_READ] = SQLITE_IOERR_READ,
    [FAULT_WRITE] = SQLITE_IOERR_WRITE,       [FAULT_SYNC] = SQLITE_IOERR_FSYNC,
    [FAULT_TRUNCATE] = SQLITE_IOERR_TRUNCATE, [FAULT_DELETE] = SQLITE_IOERR_DELETE,
};

static sqlite3_file *real_of(sqlite3_file *f) {
    return (sqlite3_file *)((struct file *)f + 1);
}

/* Not sqlite3_malloc: running out of memory is tested with that one. */
static void *must(void *p) {
    if (!p) {
        fprintf(stderr, "fault_vfs: out of memory\n");
        abort();
    }
    return p;
}

static uint64_t pick(uint64_t below) {
    return random_next(&disk.random) % below;
}

/* -- files as they are on the disk ------------------------------------------------------------- */

static void image_resize(struct node *n, int64_t size) {
    if (size > n->image_cap) {
        n->image_cap = size * 2;
        n->image = must(realloc(n->image, (size_t)n->image_cap));
    }
    if (size > n->image_size)
        memset(n->image + n->image_size, 0, (size_t)(size - n->image_size));
    n->image_size = size;
}

static void image_write(struct node *n, int64_t at, const unsigned char *data, int64_t len) {
    if (at + len > n->image_size)
        image_resize(n, at + len);
    memcpy(n->image + at, data, (size_t)len);
}

static void step_apply(struct node *n, const struct step *s) {
    if (s->data)
        image_write(n, s->at, s->data, s->len);
    else
        image_resize(n, s->at);
}

static void steps_drop(struct node *n) {
    for (struct step *s = n->first, *next; s; s = next) {
        next = s->next;
        free(s->data);
        free(s);
    }
    n->first = NULL;
    n->last = &n->first;
}

static void step_add(struct node *n, int64_t at, const void *data, int len) {
    if (!n->kept)
        return;
    struct step *s = must(calloc(1, sizeof *s));
    s->at = at;
    s->len = len;
    if (data) {
        s->data = must(malloc((size_t)len));
        memcpy(s->data, data, (size_t)len);
    }
    *n->last = s;
    n->last = &s->next;
}

static struct node *node_new(bool kept) {
    struct node *n = must(calloc(1, sizeof *n));
    n->kept = kept;
    n->last = &n->first;
    n->next = disk.nodes;
    disk.nodes = n;
    return n;
}

/* What stands under a path before the test disk first hears of it counts as synced. */
static struct node *node_load(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    struct node *n = node_new(true);
    struct stat st;
    if (fstat(fd, &st) == 0) {
        image_resize(n, st.st_size);
        if (read(fd, n->image, (size_t)st.st_size) != st.st_size)
            abort();
    }
    n->size = n->image_size;
    close(fd);
    return n;
}

static struct name *name_of(const char *path) {
    for (struct name *n = disk.names; n; n = n->next)
        if (strcmp(n->path, path) == 0)
            return n;
    struct name *n = must(calloc(1, sizeof *n));
    n->path = must(strdup(path));
    n->now = n->durable = node_load(path);
    n->next = disk.names;
    disk.names = n;
    return n;
}

static void directory_sync(void) {
    for (struct name *n = disk.names; n; n = n->next)
        n->durable = n->now;
}

static void disk_forget(void) {
    for (struct name *n = disk.names, *next; n; n = next) {
        next = n->next;
        free(n->path);
        free(n);
    }
    for (struct node *n = disk.nodes, *next; n; n = next) {
        next = n->next;
        steps_drop(n);
        free(n->image);
        free(n);
    }
    disk.names = NULL;
    disk.nodes = NULL;
    disk.generation++;
    disk.open = 0;
    disk.off = false;
}

/* -- power loss -------------------------------------------------------------------------------- */

/* Keeps each sector of a write with a chance of keep/16; now and then one that was under way is
 * garbage. */
static void step_scatter(struct node *n, const struct step *s, uint64_t keep, bool garbage) {
    if (!s->data) {
        if (pick(16) < keep)
            step_apply(n, s);
        return;
    }
    for (int64_t at = s->at, end = s->at + s->len; at < end;) {
        int64_t len = SECTOR - at % SECTOR;
        if (len > end - at)
            len = end - at;
        disk.counts.unsynced++;
        if (pick(16) < keep) {
            image_write(n, at, s->data + (at - s->at), len);
        } else {
            disk.counts.lost++;
            if (garbage && pick(32) == 0) {
                unsigned char noise[SECTOR];
                memset(noise, (int)pick(256), sizeof noise);
                image_write(n, at, noise, len);
            }
        }
        at += len;
    }
}

/* Decides what of the unsynced steps reached the disk. */
static void node_settle(struct node *n) {
    static const uint64_t chances[] = {2, 8, 14};
    enum { NOTHING, EVERYTHING, IN_ORDER, SCATTERED };
    uint64_t style = pick(8);
    bool garbage = pick(2);
    uint64_t count = 0, i = 0, keep = chances[pick(3)];
    for (struct step *s = n->first; s; s = s->next)
        count++;
    uint64_t cut = style == NOTHING ? 0 : style == EVERYTHING ? count : pick(count + 1);
    for (struct step *s = n->first; s; s = s->next, i++) {
        uint64_t chance = keep;
        if (style <= IN_ORDER)
            chance = i < cut ? 16 : i == cut && style == IN_ORDER ? 8 : 0;
        step_scatter(n, s, chance, garbage && chance > 0);
    }
    /* The new length may be there before what was written. */
    if (style >= SCATTERED && pick(4) == 0 && n->image_size < n->size)
        image_resize(n, n->size);
    steps_drop(n);
}

static void name_survive(struct name *name) {
    struct node *n = pick(2) ? name->now : name->durable;
    if (!n) {
        unlink(name->path);
        return;
    }
    node_settle(n);
    /* A new inode: dead files that are open on the old one, and its locks, stay apart. */
    char *fresh = must(malloc(strlen(name->path) + 8));
    sprintf(fresh, "%s.fresh", name->path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, n->image, (size_t)n->image_size) != n->image_size || close(fd) != 0 ||
        rename(fresh, name->path) != 0) {
        perror(fresh);
        abort();
    }
    free(fresh);
}

/* -- the gate before each operation ------------------------------------------------------------ */

static bool fault_due(enum fault_op op, int flags) {
    struct fault *f = &disk.faults[op];
    if (f->times <= 0 || (f->types && !(f->types & (unsigned)flags)))
        return false;
    if (f->nth > 1) {
        f->nth--;
        return false;
    }
    f->times--;
    return true;
}

static int gate(enum fault_op op, int flags) {
    disk.counts.calls[op]++;
    bool counts = disk.loss_at_sync ? op == FAULT_SYNC : op >= FAULT_WRITE;
    if (counts && disk.loss_at > 0 && --disk.loss_at == 0)
        disk.off = true;
    int rc = disk.off ? dead[op] : fault_due(op, flags) ? disk.faults[op].rc : SQLITE_OK;
    if (rc != SQLITE_OK)
        disk.counts.failed++;
    return rc;
}

static bool alive(const struct file *f) {
    return !disk.off && f->generation == disk.generation;
}

/* Takes the growth of a file out of the free space: how many of the len bytes fit. */
static int space_take(struct node *n, int64_t at, int len) {
    int64_t grow = at + len - n->size;
    if (grow <= 0)
        return len;
    if (disk.space >= 0) {
        if (grow > disk.space) {
            int64_t fit = len - (grow - disk.space);
            len = fit > 0 ? (int)fit : 0;
            grow = len ? disk.space : 0;
        }
        disk.space -= grow;
    }
    if (len)
        n->size = at + len;
    return len;
}

static void space_give(struct node *n, int64_t size) {
    if (size >= n->size)
        return;
    if (disk.space >= 0)
        disk.space += n->size - size;
    n->size = size;
}

/* -- sqlite3_io_methods ------------------------------------------------------------------------ */

static int file_close(sqlite3_file *file) {
    struct file *f = (struct file *)file;
    pthread_mutex_lock(&lock);
    if (f->generation == disk.generation) {
        disk.open--;
        if (!f->node->kept)
            space_give(f->node, 0);
    }
    int rc = real_of(file)->pMethods->xClose(real_of(file));
    pthread_mutex_unlock(&lock);
    return rc;
}

static int file_read(sqlite3_file *file, void *to, int len, sqlite3_int64 at) {
    struct file *f = (struct file *)file;
    pthread_mutex_lock(&lock);
    int rc = alive(f) ? gate(FAULT_READ, f->flags) : dead[FAULT_READ];
    pthread_mutex_unlock(&lock);
    return rc == SQLITE_OK ? real_of(file)->pMethods->xRead(real_of(file), to, len, at) : rc;
}

static int file_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 at) {
    struct file *f = (struct file *)file;
    pthread_mutex_lock(&lock);
    int rc = dead[FAULT_WRITE];
    if (alive(f)) {
        rc = gate(FAULT_WRITE, f->flags);
        int take = rc == SQLITE_OK ? len : (int)pick((uint64_t)len + 1);
        int fits = space_take(f->node, at, take);
        if (rc == SQLITE_OK && fits < len) {
            rc = SQLITE_FULL;
            disk.counts.failed++;
        }
        if (fits > 0) {
            int real = real_of(file)->pMethods->xWrite(real_of(file), data, fits, at);
            rc = real == SQLITE_OK ? rc : real;
            step_add(f->node, at, data, fits);
            disk.counts.bytes += fits;
        }
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size) {
    struct file *f = (struct file *)file;
    pthread_mutex_lock(&lock);
    int rc = alive(f) ? gate(FAULT_TRUNCATE, f->flags) : dead[FAULT_TRUNCATE];
    if (rc == SQLITE_OK)
        rc = real_of(file)->pMethods->xTruncate(real_of(file), size);
    if (rc == SQLITE_OK) {
        space_give(f->node, size);
        f->node->size = size;
        step_add(f->node, size, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

/* SQLite's own unix VFS syncs the directory of a journal or a WAL that it may have created. */
static bool syncs_directory(struct file *f) {
    const int journals = SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL;
    bool first = !f->named;
    f->named = true;
    return first && (f->flags & SQLITE_OPEN_CREATE) && (f->flags & journals);
}

static int file_sync(sqlite3_file *file, int flags) {
    struct file *f = (struct file *)file;
    (void)flags;
    pthread_mutex_lock(&lock);
    int rc = alive(f) ? gate(FAULT_SYNC, f->flags) : dead[FAULT_SYNC];
    if (alive(f)) { /* else the power went, and all of it is settled then */
        for (struct step *s = f->node->first; s; s = s->next)
            if (rc == SQLITE_OK || pick(2))
                step_apply(f->node, s);
        steps_drop(f->node);
        if (rc == SQLITE_OK && syncs_directory(f))
            directory_sync();
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

/* Asks whether the file still works; counts nothing. */
static bool file_works(sqlite3_file *file) {
    pthread_mutex_lock(&lock);
    bool works = alive((struct file *)file);
    pthread_mutex_unlock(&lock);
    return works;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
    if (!file_works(file))
        return SQLITE_IOERR_FSTAT;
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int file_lock(sqlite3_file *file, int level) {
    if (!file_works(file))
        return SQLITE_IOERR_LOCK;
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int file_unlock(sqlite3_file *file, int level) {
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int file_reserved(sqlite3_file *file, int *held) {
    if (!file_works(file))
        return SQLITE_IOERR_CHECKRESERVEDLOCK;
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), held);
}

static int file_control(sqlite3_file *file, int op, void *arg) {
    /* These would change the length behind our back. */
    if (op == SQLITE_FCNTL_CHUNK_SIZE || op == SQLITE_FCNTL_MMAP_SIZE)
        return SQLITE_NOTFOUND;
    return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int file_sector_size(sqlite3_file *file) {
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int file_device(sqlite3_file *file) {
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **to) {
    if (!file_works(file))
        return SQLITE_IOERR_SHMMAP;
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, to);
}

static int file_shm_lock(sqlite3_file *file, int offset, int n, int flags) {
    if ((flags & SQLITE_SHM_LOCK) && !file_works(file))
        return SQLITE_IOERR_SHMLOCK;
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *file) {
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int file_shm_unmap(sqlite3_file *file, int remove) {
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

/* Version 2: without xFetch nothing is mapped, so every read and write comes by. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_device,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

/* -- sqlite3_vfs ------------------------------------------------------------------------------- */

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out) {
    struct file *f = (struct file *)file;
    (void)vfs;
    f->base.pMethods = NULL;
    pthread_mutex_lock(&lock);
    int rc = gate(FAULT_OPEN, flags);
    bool kept = path && !(flags & SQLITE_OPEN_DELETEONCLOSE);
    struct name *name = rc == SQLITE_OK && kept ? name_of(path) : NULL;
    if (rc == SQLITE_OK)
        rc = disk.real->xOpen(disk.real, path, real_of(file), flags, out);
    if (rc == SQLITE_OK) {
        if (name && !name->now)
            name->now = node_new(true);
        f->node = name ? name->now : node_new(false);
        f->flags = flags;
        f->generation = disk.generation;
        f->named = false;
        f->base.pMethods = &methods;
        disk.open++;
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync) {
    (void)vfs;
    pthread_mutex_lock(&lock);
    int rc = gate(FAULT_DELETE, 0);
    struct name *name = rc == SQLITE_OK ? name_of(path) : NULL;
    if (rc == SQLITE_OK)
        rc = disk.real->xDelete(disk.real, path, 0);
    if (rc == SQLITE_OK) {
        if (name->now)
            space_give(name->now, 0);
        name->now = NULL;
        if (sync)
            directory_sync();
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *result) {
    (void)vfs;
    if (fault_vfs_power_is_off())
        return SQLITE_IOERR_ACCESS;
    return disk.real->xAccess(disk.real, path, flags, result);
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *path, int size, char *out) {
    (void)vfs;
    return disk.real->xFullPathname(disk.real, path, size, out);
}

int fault_vfs_register(void) {
    static sqlite3_vfs vfs;
    int rc = sqlite3_initialize();
    if (rc != SQLITE_OK || vfs.zName)
        return rc;
    disk.real = sqlite3_vfs_find("unix-excl");
    if (!disk.real)
        return SQLITE_ERROR;
    vfs = *disk.real; /* randomness, time and the loading of extensions are the real ones */
    vfs.iVersion = 2;
    vfs.szOsFile = (int)sizeof(struct file) + disk.real->szOsFile;
    vfs.zName = FAULT_VFS;
    vfs.pNext = NULL;
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    vfs.xAccess = vfs_access;
    vfs.xFullPathname = vfs_full_path;
    return sqlite3_vfs_register(&vfs, 0);
}

/* -- the test's side --------------------------------------------------------------------------- */

void fault_vfs_seed(uint64_t seed) {
    pthread_mutex_lock(&lock);
    disk.random = (seed * UINT64_C(0x9E3779B97F4A7C15)) | 1;
    pthread_mutex_unlock(&lock);
}

void fault_vfs_heal(void) {
    pthread_mutex_lock(&lock);
    memset(disk.faults, 0, sizeof disk.faults);
    disk.space = -1;
    disk.loss_at = 0;
    pthread_mutex_unlock(&lock);
}

void fault_vfs_reset(void) {
    fault_vfs_heal();
    pthread_mutex_lock(&lock);
    disk_forget();
    pthread_mutex_unlock(&lock);
}

void fault_vfs_power_loss(void) {
    pthread_mutex_lock(&lock);
    disk.off = true;
    pthread_mutex_unlock(&lock);
}

static void loss_at(int64_t nth, bool sync) {
    pthread_mutex_lock(&lock);
    disk.loss_at = nth;
    disk.loss_at_sync = sync;
    pthread_mutex_unlock(&lock);
}

void fault_vfs_power_loss_at(int64_t nth) {
    loss_at(nth, false);
}

void fault_vfs_power_loss_at_sync(int64_t nth) {
    loss_at(nth, true);
}

bool fault_vfs_power_is_off(void) {
    pthread_mutex_lock(&lock);
    bool off = disk.off;
    pthread_mutex_unlock(&lock);
    return off;
}

int fault_vfs_power_on(void) {
    pthread_mutex_lock(&lock);
    int open = disk.open;
    for (struct name *n = disk.names; n; n = n->next)
        name_survive(n);
    disk_forget();
    disk.loss_at = 0;
    disk.counts.losses++;
    pthread_mutex_unlock(&lock);
    return open;
}

void fault_vfs_fail(enum fault_op op, unsigned types, int64_t nth, int64_t times, int rc) {
    pthread_mutex_lock(&lock);
    disk.faults[op] = (struct fault){.types = types, .nth = nth, .times = times, .rc = rc};
    pthread_mutex_unlock(&lock);
}

void fault_vfs_space(int64_t bytes) {
    pthread_mutex_lock(&lock);
    disk.space = bytes;
    pthread_mutex_unlock(&lock);
}

struct fault_counts fault_vfs_counts(void) {
    pthread_mutex_lock(&lock);
    struct fault_counts counts = disk.counts;
    pthread_mutex_unlock(&lock);
    return counts;
}
