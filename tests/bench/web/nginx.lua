-- SPDX-License-Identifier: Apache-2.0
-- A peer: leads in SQLite by LuaJIT's FFI, in nginx. One row and two indexes, as Kith's lead; JSON is
-- read and written by SQLite. WAL, and the disk is waited for in each transaction.
local ffi = require "ffi"
ffi.cdef [[
typedef struct sqlite3 sqlite3;
typedef struct sqlite3_stmt sqlite3_stmt;
int sqlite3_open(const char *name, sqlite3 **out);
int sqlite3_exec(sqlite3 *db, const char *sql, void *fn, void *arg, char **err);
int sqlite3_prepare_v2(sqlite3 *db, const char *sql, int len, sqlite3_stmt **out, const char **tail);
int sqlite3_bind_text(sqlite3_stmt *s, int at, const char *text, int len, void *end);
int sqlite3_bind_int64(sqlite3_stmt *s, int at, int64_t n);
int sqlite3_step(sqlite3_stmt *s);
int sqlite3_reset(sqlite3_stmt *s);
const unsigned char *sqlite3_column_text(sqlite3_stmt *s, int at);
int sqlite3_column_bytes(sqlite3_stmt *s, int at);
int64_t sqlite3_last_insert_rowid(sqlite3 *db);
const char *sqlite3_errmsg(sqlite3 *db);
]]
local lib = ffi.load("sqlite3.so.0")
local ROW, DONE = 100, 101
local db, create, read

local function must(code)
  if code ~= 0 then error(ffi.string(lib.sqlite3_errmsg(db))) end
end

local function prepare(sql)
  local out = ffi.new("sqlite3_stmt *[1]")
  must(lib.sqlite3_prepare_v2(db, sql, #sql, out, nil))
  return out[0]
end

local M = {}

function M.open(path)
  local out = ffi.new("sqlite3 *[1]")
  assert(lib.sqlite3_open(path, out) == 0)
  db = out[0]
  must(lib.sqlite3_exec(db, [[
    PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;
    CREATE TABLE lead(id INTEGER PRIMARY KEY, created INTEGER, name TEXT NOT NULL,
      source TEXT, state TEXT DEFAULT 'new', score INTEGER DEFAULT 0);
    CREATE INDEX lead_created ON lead(created);
    CREATE INDEX lead_name ON lead(name);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
      INSERT INTO lead(id, created, name, source)
      SELECT i, 1700000000000 + i, 'Lead number ' || i, 'web' FROM n;]], nil, nil, nil))
  create = prepare("INSERT INTO lead(created, name, source)" ..
    " VALUES(?2, json_extract(?1, '$.name'), json_extract(?1, '$.source'))")
  read = prepare("SELECT json_object('id', id, 'created', created, 'name', name, 'source', source," ..
    " 'state', state, 'score', score) FROM lead WHERE id = ?1")
end

local function show(id)
  lib.sqlite3_bind_int64(read, 1, id)
  if lib.sqlite3_step(read) ~= ROW then
    lib.sqlite3_reset(read)
    return ngx.exit(404)
  end
  local text = ffi.string(lib.sqlite3_column_text(read, 0), lib.sqlite3_column_bytes(read, 0))
  lib.sqlite3_reset(read)
  ngx.header.content_type = "application/json"
  ngx.header.content_length = #text
  ngx.print(text)
end

function M.post()
  ngx.req.read_body()
  local body = ngx.req.get_body_data() or ""
  lib.sqlite3_bind_text(create, 1, body, #body, nil)
  lib.sqlite3_bind_int64(create, 2, ngx.now() * 1000)
  local code = lib.sqlite3_step(create)
  lib.sqlite3_reset(create)
  if code ~= DONE then return ngx.exit(code == 5 and 503 or 422) end
  ngx.status = 201
  show(lib.sqlite3_last_insert_rowid(db))
end

function M.get()
  show(tonumber(ngx.var[1]))
end

return M
