-- SPDX-License-Identifier: Apache-2.0
-- A peer: leads in Tarantool's memory, each transaction in its log on the disk, behind the least HTTP
-- that wrk needs: tarantool tarantool.lua FOLDER PORT
local socket, json, clock = require "socket", require "json", require "clock"
local folder, port = arg[1], tonumber(arg[2])

box.cfg { work_dir = folder, wal_mode = "fsync", memtx_memory = 1024 * 1024 * 1024,
  log = folder .. "/log", checkpoint_interval = 0 }
local lead = box.schema.space.create("lead", { format = {
  { "id", "unsigned" }, { "created", "unsigned" }, { "name", "string" }, { "source", "string" },
  { "state", "string" }, { "score", "unsigned" } } })
box.schema.sequence.create("lead_id")
lead:create_index("id", { sequence = "lead_id" })
lead:create_index("created", { parts = { "created" }, unique = false })
lead:create_index("name", { parts = { "name" }, unique = false })

box.begin()
for i = 1, 100000 do
  lead:insert { box.NULL, 1700000000000 + i, "Lead number " .. i, "web", "new", 0 }
end
box.commit()

local function answer(status, body)
  return "HTTP/1.1 " .. status .. "\r\nContent-Type: application/json\r\nContent-Length: " .. #body ..
    "\r\n\r\n" .. body
end

local function show(status, row)
  return answer(status, json.encode(row:tomap({ names_only = true })))
end

local function create(body)
  local ok, o = pcall(json.decode, body)
  if not ok or type(o.name) ~= "string" then return answer("422 Wrong", "{}") end
  return show("201 Created", lead:insert { box.NULL, math.floor(clock.time() * 1000), o.name,
    o.source or "", "new", 0 })
end

local function read(path)
  local row = lead:get(tonumber(path:match("^/api/v1/lead/(%d+)$") or 0))
  if not row then return answer("404 Not found", "{}") end
  return show("200 OK", row)
end

socket.tcp_server("127.0.0.1", port, function(s)
  s:nonblock(true)
  s:setsockopt("SOL_TCP", "TCP_NODELAY", true)
  while true do
    local head = s:read("\r\n\r\n")
    if not head or head == "" then return end
    local method, path = head:match("^(%u+) (%S+)")
    local length = tonumber(head:match("[Cc]ontent%-[Ll]ength: (%d+)") or 0)
    local body = length > 0 and s:read(length) or ""
    if not s:write(method == "POST" and create(body) or read(path)) then return end
  end
end)
