-- SPDX-License-Identifier: Apache-2.0
-- What wrk sends, and one line of what came of it:
--     wrk -s load.lua URL -- WHAT TOKEN [FILE]
-- WHAT: "lead" and "contact" create one, "read" reads a lead whose id is a line of FILE, "list" reads
-- the contacts of one city. The line is: result REQUESTS-PER-SECOND P50-MS P99-MS FAILED.

local sent, requests, ids = 0, {}, nil
local thread_count = 0

function setup(thread)
  thread_count = thread_count + 1
  thread:set("number", thread_count)
end

local function format(method, path, body)
  return wrk.format(method, "/api/v1/" .. path, nil, body)
end

function requests.lead()
  return format("POST", "lead", string.format('{"name":"Lead number %d","source":"web"}', sent))
end

-- No two of them are alike, in whichever run they are made.
function requests.contact()
  local key = string.format("%d.%d.%d", seed, number, sent)
  return format("POST", "contact", string.format(
    '{"name":"Person%d Number%s","email":"w%s@example.com","phone":"+43 1 %d"}', sent, key, key,
    1000000 + sent))
end

function requests.read()
  return format("GET", "lead/" .. ids[sent * 7919 % #ids + 1])
end

function requests.list()
  return format("GET", "contact?q=city%3D%27City%20" .. sent % 100 ..
    "%27&limit=20&fields=name,email,city")
end

function init(args)
  what, seed = args[1], os.time() % 1000000
  wrk.headers["Authorization"] = "Bearer " .. args[2]
  wrk.headers["Content-Type"] = "application/json"
  if args[3] then
    ids = {}
    for line in io.lines(args[3]) do ids[#ids + 1] = line end
  end
end

function request()
  sent = sent + 1
  return requests[what]()
end

function done(summary, latency)
  local e = summary.errors
  print(string.format("result %d %.2f %.2f %d", summary.requests * 1e6 / summary.duration,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    e.connect + e.read + e.write + e.status + e.timeout))
end
