-- Somebody leaves: accounts, contacts and open tasks go to whoever comes after, a hundred at a time, with a task
-- to look through them. History and notes belong to the records, so they go along. It begins by hand:
--
--     kith workflow start "hand over" user/ID --data '{"to": "ben"}'
--
-- What a run may write between two waits has a limit. A short sleep() between the parts keeps each small, and
-- lets others write in between.

local part = 100
local kinds = {
  {type = "account", field = "owner"},
  {type = "contact", field = "owner"},
  {type = "task", field = "assignee", where = "state = 'open'"},
}

workflow("hand over", {
  record = "user",
  doc = "Gives all that belongs to a user to another one, whose login stands in the data as `to`.",
}, function(from, event)
  local to = find("user where login = :login", {login = event.data.to or ""})()
  if not to then error("say to whom: --data '{\"to\": \"LOGIN\"}'") end
  if to == from then error(from.login .. " is who leaves: name somebody else") end

  local lines = {}
  for _, kind in ipairs(kinds) do
    local query = string.format("%s where %s = :from%s order by id limit %d", kind.type, kind.field,
      kind.where and " and " .. kind.where or "", part)
    local n, again = 0, true
    while again do
      local before = n
      for record in find(query, {from = from}) do
        update(record, {[kind.field] = to})
        n = n + 1
      end
      again = n - before == part
      if again then sleep(minutes(1)) end
    end
    lines[#lines + 1] = string.format("%s: %d", kind.type, n)
  end
  local text = table.concat(lines, ", ")
  task {title = "Look through what " .. from.name .. " left to you", assignee = to, about = from, body = text,
        due = business.days(5)}
  return text
end)

local function people(t)
  local anna = t.create("user", {login = "anna", name = "Anna"})
  return anna, t.create("user", {login = "ben", name = "Ben"})
end

test("all that is open goes along, a hundred at a time", function(t)
  local anna, ben = people(t)
  for i = 1, 230 do t.create("account", {name = "Account " .. i, owner = anna}) end
  local call = t.create("task", {title = "Call", assignee = anna})
  local done = t.create("task", {title = "Called", assignee = anna})
  t.transition(done, "done")
  t.start("hand over", anna, {to = "ben"})
  t.expect_equal(t.count("account where owner = :ben", {ben = ben}), 100)
  t.advance(minutes(3))
  t.expect_equal(t.count("account where owner = :ben", {ben = ben}), 230)
  t.expect_equal(call.assignee, ben)
  t.expect_equal(done.assignee, anna)
  t.expect_equal(t.result("hand over"), "account: 230, contact: 0, task: 1")
end)

test("somebody must be there to take it", function(t)
  local anna = people(t)
  t.start("hand over", anna, {to = "bne"})
  t.expect_failure("hand over", "say to whom")
end)
