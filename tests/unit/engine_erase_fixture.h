/* SPDX-License-Identifier: Apache-2.0 */
/* Short ways to erase somebody and to look for what is left. */
#ifndef TESTS_ENGINE_ERASE_FIXTURE_H
#define TESTS_ENGINE_ERASE_FIXTURE_H

#include "engine_fixture.h"

#include "engine/erased.h"

#include <fcntl.h>
#include <sys/stat.h>

static inline kith_status try_erase_for(struct fixture *x, const struct principal *p,
                                        const struct rtype *type, kith_id id, const char *reason,
                                        kith_value *results) {
    const struct action *a = engine_action(x->g, STR("record.erase"));
    const struct write_opts o = {.principal = p, .origin = ORIGIN_ACTION};
    kith_value args[] = {value_link(id, type->id), value_str(str_of(reason))};
    return engine_call(x->g, NULL, &o, a, args, &x->arena, results, NULL, &x->e);
}

static inline kith_status try_erase_as(struct fixture *x, const struct principal *p,
                                       const struct rtype *type, kith_id id, kith_value *results) {
    return try_erase_for(x, p, type, id, "asked for in May", results);
}

struct erased {
    kith_id request;
    int64_t gone, emptied;
    const char *mentions;
};

/* Erases again whom a list names. */
static inline kith_status again_by(struct fixture *x, const char *path, struct erased_again *out) {
    struct erased_list list = {0};
    kith_status st = erased_read(&list, path, &x->e);
    if (st == KITH_OK)
        st = engine_erase_again(x->g, &list, &x->arena, out, &x->e);
    erased_free(&list);
    return st;
}

static inline struct erased erase(struct fixture *x, const struct rtype *type, kith_id id) {
    kith_value r[8] = {{0}};
    EXPECT_OK(try_erase_as(x, &tester, type, id, r), x->e);
    return (struct erased){r[0].as.link.id, r[1].as.i, r[2].as.i,
                           arena_strndup(&x->arena, r[3].as.s.ptr, r[3].as.s.len)};
}

static inline const struct rtype *type_of(struct fixture *x, const char *name) {
    return schema_type(engine_schema(x->g), str_of(name));
}

static inline const char *to(struct fixture *x, const char *field, const struct rtype *type,
                             kith_id id) {
    return arena_printf(&x->arena, "%s=%s/%s", field, type->name, id_text(x, id));
}

static inline const char *to_one(struct fixture *x, const char *field, kith_id id) {
    return arena_printf(&x->arena, "%s=%s", field, id_text(x, id));
}

/* The bytes of a file; NULL: there is none. */
static inline char *bytes_of(const char *path, size_t *size) {
    struct stat st;
    int fd = open(path, O_RDONLY);
    char *bytes;
    size_t n = 0;
    *size = 0;
    if (fd < 0)
        return NULL;
    EXPECT_INT(0, fstat(fd, &st));
    bytes = malloc((size_t)st.st_size + 1);
    EXPECT(bytes != NULL);
    for (ssize_t got;
         n < (size_t)st.st_size && (got = read(fd, bytes + n, (size_t)st.st_size - n)) > 0;)
        n += (size_t)got;
    close(fd);
    *size = n;
    return bytes;
}

static inline bool in_file(const char *path, const char *word) {
    size_t size;
    char *bytes = bytes_of(path, &size);
    bool found = bytes && memmem(bytes, size, word, strlen(word));
    free(bytes);
    return found;
}

/* Closes the company, looks for the words in all of its files, and opens it again. */
static inline void expect_in_files(struct fixture *x, const char *const *words, bool there) {
    char log[128];
    snprintf(log, sizeof log, "%s-wal", x->path);
    engine_close(x->g);
    for (; *words; words++)
        if ((in_file(x->path, *words) || in_file(log, *words)) != there)
            TEST_FAIL("'%s' is %s the files", *words, there ? "not in" : "still in");
    fixture_reopen(x);
    fixture_start(x);
}

static inline int64_t number(struct fixture *x, const char *sql) {
    struct conn *c;
    int64_t n;
    EXPECT_OK(engine_reader(x->g, &c, &x->e), x->e);
    EXPECT_OK(conn_int(c, sql, -1, &n, &x->e), x->e);
    engine_reader_done(x->g, c);
    return n;
}

/* Until all is swept: it is tried again a second later when the log is busy. */
static inline void sweep(struct fixture *x) {
    for (int i = 0; i < 100; i++) {
        settle(x);
        if (number(x, "SELECT count(*) FROM kith_sweep") == 0)
            return;
        clock_set(&x->clock, clock_now(&x->clock) + 1001);
    }
    TEST_FAIL("the sweep does not end");
}

static inline struct chain_report expect_whole(struct fixture *x) {
    expect_sound(x);
    return expect_chain(x, NULL);
}

#endif
