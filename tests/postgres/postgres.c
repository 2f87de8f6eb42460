/* SPDX-License-Identifier: Apache-2.0 */
#include "postgres/postgres.h"
#include "base/zone.h"
#include "record/query_internal.h"

#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIN "/usr/lib/postgresql/15/bin/"

static char folder[] = "/tmp/kith-pg-XXXXXX";
static pid_t server;
static PGconn *pg;

static void die(const char *what, const char *why) {
    fprintf(stderr, "postgres: %s: %s\n", what, why);
    abort();
}

/* -- the server -------------------------------------------------------------------------------- */

/* PostgreSQL refuses to run as root. */
static const struct passwd *other_user(void) {
    return getuid() == 0 ? getpwnam("postgres") : NULL;
}

static pid_t run(const char *const *words, const char *log) {
    pid_t parent = getpid(), pid = fork();
    if (pid != 0)
        return pid;
    const struct passwd *user = other_user();
    if (user && (setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0))
        _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGQUIT); /* it goes with us, however we end */
    if (getppid() != parent || chdir(folder) != 0 || !freopen(log, "w", stdout) ||
        dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
        _exit(126);
    execv(words[0], (char *const *)(uintptr_t)words);
    _exit(127);
}

static bool make_cluster(void) {
    static const char *const words[] = {BIN "initdb", "-D",    "data", "-E",   "UTF8", "--locale=C",
                                        "-A",         "trust", "-U",   "kith", "-N",   NULL};
    int status;
    pid_t pid = run(words, "initdb.log");
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

static bool connect_to(void) {
    const char *const keys[] = {"host", "user", "dbname", NULL};
    const char *const values[] = {folder, "kith", "postgres", NULL};
    int status;
    for (int tries = 0; tries < 600 && waitpid(server, &status, WNOHANG) == 0; tries++) {
        pg = PQconnectdbParams(keys, values, 0);
        if (PQstatus(pg) == CONNECTION_OK)
            return true;
        PQfinish(pg);
        pg = NULL;
        usleep(50000); /* until the server listens; nothing tells us */
    }
    return false;
}

static void exec(const char *sql) {
    PGresult *r = PQexec(pg, sql);
    if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
        die(sql, PQerrorMessage(pg));
    PQclear(r);
}

/* What SQLite's connections have from store/functions.c, in a schema that the copies leave alone.
 * Zones go by their names. */
static void make_functions(void) {
    exec("SET client_min_messages = warning");
    exec("CREATE SCHEMA kith");
    exec("CREATE FUNCTION kith.part(part integer, t timestamp) RETURNS bigint IMMUTABLE STRICT"
         " LANGUAGE SQL AS $$ SELECT CASE part WHEN 1 THEN extract(year FROM t)"
         " WHEN 2 THEN extract(quarter FROM t) WHEN 3 THEN extract(month FROM t)"
         " WHEN 4 THEN extract(week FROM t) WHEN 5 THEN extract(isodow FROM t)"
         " WHEN 6 THEN extract(day FROM t) WHEN 7 THEN extract(hour FROM t) END::bigint $$");
    exec("CREATE FUNCTION kith.kith_date_part(part integer, day bigint) RETURNS bigint IMMUTABLE"
         " STRICT LANGUAGE SQL AS $$ SELECT kith.part(part, date '1970-01-01' + day::integer) $$");
    exec("CREATE FUNCTION kith.kith_time_part(part integer, ms bigint, zone text) RETURNS bigint"
         " IMMUTABLE STRICT LANGUAGE SQL AS $$ SELECT kith.part(part, (timestamptz '1970-01-01Z' +"
         " ms * interval '1 millisecond') AT TIME ZONE zone) $$");
    exec("CREATE FUNCTION kith.kith_distance(lat float8, lon float8, lat2 float8, lon2 float8)"
         " RETURNS float8 IMMUTABLE STRICT LANGUAGE SQL AS $$ SELECT 2::float8 * 6371008.8 *"
         " asin(sqrt(CASE WHEN h < 1 THEN h ELSE 1 END)) FROM (SELECT dlat * dlat + cos(lat *"
         " degree) * cos(lat2 * degree) * dlon * dlon AS h FROM (SELECT degree, sin((lat2 -"
         " lat) * degree / 2) AS dlat, sin((lon2 - lon) * degree / 2) AS dlon FROM (SELECT"
         " 0.017453292519943295::float8 AS degree) c) d) e $$");
    exec("CREATE FUNCTION kith.kith_metres(lat float8, lon float8, lat2 float8, lon2 float8)"
         " RETURNS bigint IMMUTABLE STRICT LANGUAGE SQL AS $$"
         " SELECT round(kith.kith_distance(lat, lon, lat2, lon2))::bigint $$");
    exec("SET search_path = public, kith");
}

static const char *start(void) {
    static const char *const words[] = {
        BIN "postgres", "-D", "data",           "-k", folder,    "-c", "listen_addresses=", "-c",
        "fsync=off",    "-c", "autovacuum=off", "-c", "jit=off", NULL};
    if (access(words[0], X_OK) != 0 || access(BIN "initdb", X_OK) != 0)
        return "PostgreSQL 15 is not installed";
    const struct passwd *user = other_user();
    if (getuid() == 0 && !user)
        return "PostgreSQL does not run as root, and there is no user postgres";
    if (!mkdtemp(folder) || (user && chown(folder, user->pw_uid, user->pw_gid) != 0))
        die(folder, "cannot be made");
    if (!make_cluster())
        die("initdb", "failed");
    server = run(words, "server.log");
    if (server < 0 || !connect_to())
        die("server", "does not start");
    make_functions();
    return NULL;
}

static pid_t owner; /* of the server: a child that ends must leave it alone */

const char *postgres_start(void) {
    static const char *why;
    static bool asked;
    if (!asked) {
        owner = getpid();
        why = start();
    }
    asked = true;
    return why;
}

__attribute__((destructor)) static void stop(void) {
    char command[64];
    if (owner != getpid() || server <= 0)
        return;
    PQfinish(pg);
    kill(server, SIGQUIT);
    waitpid(server, NULL, 0);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0)
        perror(folder);
}

/* -- the copy ---------------------------------------------------------------------------------- */

static const char *column_type(const char *sqlite) {
    return strcmp(sqlite, "INTEGER") == 0 ? "BIGINT"
           : strcmp(sqlite, "REAL") == 0  ? "DOUBLE PRECISION"
                                          : "TEXT COLLATE \"C\"";
}

static sqlite3_stmt *prepare(struct conn *c, const char *sql) {
    sqlite3_stmt *st;
    kith_error e = KITH_ERROR_INIT;
    if (conn_prepare_once(c, sql, &st, &e) != KITH_OK)
        die(sql, e.message);
    return st;
}

static void make_table(struct conn *c, const char *name) {
    struct buf sql = {0};
    sqlite3_stmt *st = prepare(c, "SELECT name, type FROM pragma_table_info(?1)");
    bind_str(st, 1, str_of(name));
    buf_puts(&sql, "CREATE TABLE ");
    sql_name(&sql, name);
    for (const char *between = "("; sqlite3_step(st) == SQLITE_ROW; between = ", ") {
        buf_puts(&sql, between);
        sql_name(&sql, (const char *)sqlite3_column_text(st, 0));
        buf_printf(&sql, " %s", column_type((const char *)sqlite3_column_text(st, 1)));
    }
    buf_puts(&sql, ")");
    exec(sql.ptr);
    sqlite3_finalize(st);
    buf_free(&sql);
}

/* Text as COPY has it. */
static void put_field(struct buf *b, const char *s) {
    for (; *s; s++) {
        if (*s == '\\' || *s == '\n' || *s == '\r' || *s == '\t')
            buf_putc(b, '\\');
        buf_putc(b, *s == '\n' ? 'n' : *s == '\r' ? 'r' : *s == '\t' ? 't' : *s);
    }
}

static void put_row(struct buf *b, sqlite3_stmt *st) {
    for (int i = 0; i < sqlite3_column_count(st); i++) {
        bool real = sqlite3_column_type(st, i) == SQLITE_FLOAT;
        const char *s = real ? NULL : (const char *)sqlite3_column_text(st, i);
        buf_puts(b, i ? "\t" : "");
        if (real)
            buf_printf(b, "%.17g", sqlite3_column_double(st, i));
        else if (s)
            put_field(b, s);
        else
            buf_puts(b, "\\N");
    }
    buf_puts(b, "\n");
}

static void copy_rows(struct conn *c, const char *name) {
    struct buf select = {0}, copy = {0}, rows = {0};
    buf_puts(&select, "SELECT * FROM ");
    sql_name(&select, name);
    buf_puts(&copy, "COPY ");
    sql_name(&copy, name);
    buf_puts(&copy, " FROM STDIN");
    sqlite3_stmt *st = prepare(c, select.ptr);
    while (sqlite3_step(st) == SQLITE_ROW)
        put_row(&rows, st);
    sqlite3_finalize(st);
    PGresult *r = PQexec(pg, copy.ptr);
    if (PQresultStatus(r) != PGRES_COPY_IN)
        die(copy.ptr, PQerrorMessage(pg));
    PQclear(r);
    if (PQputCopyData(pg, rows.ptr ? rows.ptr : "", (int)rows.len) != 1 ||
        PQputCopyEnd(pg, NULL) != 1)
        die(copy.ptr, PQerrorMessage(pg));
    r = PQgetResult(pg);
    if (PQresultStatus(r) != PGRES_COMMAND_OK)
        die(copy.ptr, PQerrorMessage(pg));
    PQclear(r);
    while ((r = PQgetResult(pg)))
        PQclear(r);
    buf_free(&select);
    buf_free(&copy);
    buf_free(&rows);
}

void postgres_copy(struct conn *from) {
    exec("DROP SCHEMA public CASCADE");
    exec("CREATE SCHEMA public");
    sqlite3_stmt *st = prepare(
        from, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
              " AND (name NOT LIKE 'kith!_%' ESCAPE '!' OR name = 'kith_member')");
    while (sqlite3_step(st) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(st, 0);
        make_table(from, name);
        copy_rows(from, name);
    }
    sqlite3_finalize(st);
}

/* -- asking ------------------------------------------------------------------------------------ */

#define VALUES_MAX 1000

static PGresult *ask(const struct query_sql *sql) {
    static char numbers[VALUES_MAX][24];
    static char *texts[VALUES_MAX];
    if (sql->value_count > VALUES_MAX)
        die(sql->sql, "too many values");
    for (uint32_t i = 0; i < sql->value_count; i++) {
        const kith_value *v = &sql->values[i];
        texts[i] = v->kind == KITH_NULL ? NULL : numbers[i];
        if (v->kind == KITH_TEXT)
            texts[i] = strndup(v->as.s.ptr ? v->as.s.ptr : "", v->as.s.len);
        else if (v->kind == KITH_REAL)
            snprintf(numbers[i], sizeof numbers[i], "%.17g", v->as.r);
        else if (v->kind == QUERY_POINTER)
            texts[i] = strdup(v->as.s.ptr ? zone_name((const struct zone *)v->as.s.ptr) : "UTC");
        else
            snprintf(numbers[i], sizeof numbers[i], "%lld", (long long)v->as.i);
    }
    PGresult *r = PQexecParams(pg, sql->sql, (int)sql->value_count, NULL,
                               (const char *const *)(uintptr_t)texts, NULL, NULL, 0);
    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        die(sql->sql, PQerrorMessage(pg));
    for (uint32_t i = 0; i < sql->value_count; i++)
        if (texts[i] && texts[i] != numbers[i])
            free(texts[i]);
    return r;
}

uint32_t postgres_run(const struct query_sql *sql, int64_t *out, uint32_t max) {
    PGresult *r = ask(sql);
    uint32_t rows = (uint32_t)PQntuples(r);
    for (uint32_t i = 0; i < rows && i < max; i++)
        out[i] = strtoll(PQgetvalue(r, (int)i, 0), NULL, 10);
    PQclear(r);
    return rows;
}

#define FLOAT8 701 /* its type's number */

static void put_line(struct buf *b, const PGresult *r, int row) {
    for (int i = 0; i < PQnfields(r); i++) {
        const char *s = PQgetisnull(r, row, i) ? "null" : PQgetvalue(r, row, i);
        if (PQftype(r, i) == FLOAT8 && !PQgetisnull(r, row, i))
            buf_printf(b, "%.17g\t", strtod(s, NULL));
        else
            buf_printf(b, "%s\t", s);
    }
}

uint32_t postgres_lines(const struct query_sql *sql, struct arena *a, const char **out,
                        uint32_t max) {
    PGresult *r = ask(sql);
    uint32_t rows = (uint32_t)PQntuples(r);
    for (uint32_t i = 0; i < rows && i < max; i++) {
        struct buf b = {0};
        put_line(&b, r, (int)i);
        out[i] = arena_strdup(a, b.ptr ? b.ptr : "");
        buf_free(&b);
    }
    PQclear(r);
    return rows;
}
