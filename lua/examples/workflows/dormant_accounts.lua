-- On the first of each month every owner gets one task with a list of the accounts that nobody was in touch with
-- for half a year, not a task for each. Who has not looked through the list after two weeks is reminded, and
-- after three the accounts are named to the one who leads.
--
-- totals() counts by owner, like a table with groups; render() writes the list. For each owner a run of its own
-- begins, which is simpler than one run that waits for everybody.

local months_of_silence = days(180)
local leads = "boss" -- the login of who is told in the end

local list = [[
{{n}} accounts have been silent since {{since | %d.%m.%Y}}. The largest:
{{#accounts}}
- {{name}}{{#spent}}, {{spent}} until now{{/spent}}
{{/accounts}}
]]

local silent = "account where kind = 'customer' and last_interaction < :since and owner"

workflow("look for dormant accounts", {
  every = "0 6 1 * *",
  doc = "Begins a review for each owner of accounts that were silent for half a year.",
}, function()
  local since = now() - months_of_silence
  local rows = totals(silent .. " is not null group by owner : count() as n", {since = since})
  for _, row in ipairs(rows) do
    start("dormant accounts of an owner", row.owner, {n = row.n})
  end
  return #rows .. " owners"
end)

workflow("dormant accounts of an owner", {
  record = "user",
  doc = "A task with the list of dormant accounts, a reminder, and word to who leads.",
}, function(owner, event)
  local since, accounts = now() - months_of_silence, {}
  for account in find(silent .. " = :owner order by -spent limit 20", {since = since, owner = owner}) do
    accounts[#accounts + 1] = account
  end
  local review = task {
    title = "Look through dormant accounts", assignee = owner, about = owner, due = business.days(10),
    body = render(list, {n = event.data.n, since = since, accounts = accounts}),
  }
  for _, step in ipairs {{wait = 14, priority = "high"}, {wait = 7, priority = "urgent"}} do
    if wait_for("task.done", {record = review}, days(step.wait)) then return "looked through" end
    update(review, {priority = step.priority})
  end
  local boss = find("user where login = :login", {login = leads})()
  task {title = owner.name .. " has not looked through dormant accounts", about = owner, assignee = boss}
  return "not looked through"
end)

local function company(t)
  t.at("2025-01-15T10:00")
  local users = {}
  for _, login in ipairs {"anna", "ben", "boss"} do
    users[login] = t.create("user", {login = login, name = login:title()})
  end
  for i, owner in ipairs {"anna", "anna", "ben"} do
    local account = t.create("account", {name = "Acme " .. i, kind = "customer", owner = users[owner]})
    t.create("interaction", {account = account, channel = "call", at = now(), amount = money(i * 100 .. " EUR")})
  end
  t.create("interaction", {account = t.find("account where name = 'Acme 3'")(), channel = "call",
    at = at(date("2025-06-01"), "10:00")})
  return users
end

test("one list for each owner, the largest first", function(t)
  local users = company(t)
  t.advance(at(date("2025-08-01"), "12:00"))
  local review = t.expect_effect("create task", {title = "Look through dormant accounts", assignee = users.anna})
  t.expect(review.body:find("2 accounts have been silent since 02.02.2025. The largest:\n"
    .. "- Acme 2, 200.00 EUR until now\n- Acme 1, 100.00 EUR until now\n", 1, true), review.body)
  t.expect_equal(#t.runs("dormant accounts of an owner"), 1) -- Ben was in touch
end)

test("who does not look is reminded, and told of", function(t)
  local users = company(t)
  t.advance(at(date("2025-08-15"), "12:00")) -- two weeks after the first
  local review = t.find("task where title = 'Look through dormant accounts'")()
  t.expect_equal(review.priority, "high")
  t.advance(days(7))
  t.expect_equal(review.priority, "urgent")
  t.expect_effect("create task", {title = "Anna has not looked through dormant accounts", assignee = users.boss})
end)

test("who does is left in peace", function(t)
  company(t)
  t.advance(at(date("2025-08-10"), "12:00"))
  t.transition(t.find("task where title = 'Look through dormant accounts'")(), "done")
  t.expect_equal(t.result("dormant accounts of an owner"), "looked through")
end)
