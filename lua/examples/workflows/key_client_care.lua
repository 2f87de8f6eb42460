-- Key clients (accounts with a priority) are looked at each Monday. When one is less content than before, is in
-- touch half as often, or has more wrong with what it has from us, the owner gets one task that says which of
-- these it is, with the numbers; as long as it is open there is no second one.
--
-- Needs the modules sales and commerce: what is wrong are faults and returns. How content they are is the field
-- `satisfaction` of the account, from 1 to 5, which a survey or a seller writes.

local window = 90 -- days, compared with as many before

local touched = "interaction where account = :a and planned = false and at > :since and at <= :until : count() as n"
local faults = "fault where asset.account = :a and at > :since and at <= :until : count() as n"
local returns = "return_request where order.account = :a and created > :since and created <= :until : count() as n"

-- How many in the last days, and in those before.
local function both(account, ...)
  local counts = {0, 0}
  for i = 1, 2 do
    local ends = now() - days(window * (i - 1))
    for _, query in ipairs {...} do
      local found = totals(query, {a = account, since = ends - days(window), ["until"] = ends})
      counts[i] = counts[i] + found[1].n
    end
  end
  return counts[1], counts[2]
end

local function worse(account)
  local signs = {}
  local is, was = both(account, touched)
  if was >= 4 and is * 2 <= was then
    signs[#signs + 1] = ("In touch %d times in %d days, %d times before"):format(is, window, was)
  end
  is, was = both(account, faults, returns)
  if is >= 2 and is > was then
    signs[#signs + 1] = ("%d faults and returns in %d days, %d before"):format(is, window, was)
  end
  return signs
end

local function retain(account, signs)
  local title = "Keep " .. account.name
  local open = "task where about = :a and state = 'open' and title = :title limit 1"
  if #signs == 0 or find(open, {a = account, title = title})() then return false end
  task {title = title, about = account, assignee = account.owner or account.coordinator, priority = "high",
        due = business.days(3), body = table.concat(signs, "\n")}
  return true
end

workflow("look at key clients", {
  every = "0 7 * * mon",
  doc = "Gives the owners of key clients a task when they are in touch less, or more is wrong.",
}, function()
  local made = 0
  for account in find("account where priority is not null order by priority limit 200") do
    if retain(account, worse(account)) then made = made + 1 end
  end
  return made .. " tasks"
end)

workflow("key client is less content", {
  on = "account.updated",
  fields = {"satisfaction"},
  where = "priority is not null and satisfaction is not null",
  again = "always",
  doc = "Gives the owner of a key client a task when it is less content than before.",
}, function(account, event)
  local was, is = event.before.satisfaction, account.satisfaction
  if not was or is >= was then return "not worse" end
  return retain(account, {("Satisfaction %d, %d before"):format(is, was)}) and "task" or "there is one"
end)

local function client(t)
  t.at("2025-01-06T10:00") -- a Monday
  local ben = t.create("user", {login = "ben", name = "Ben"})
  return t.create("account", {name = "Acme", owner = ben, priority = 1, satisfaction = 5}), ben
end

local function talk(t, account, day)
  t.create("interaction", {account = account, channel = "call", at = at(date(day), "10:00")})
end

test("who is in touch half as often is kept", function(t)
  local acme, ben = client(t)
  for i = 1, 6 do talk(t, acme, "2025-01-0" .. i) end
  t.advance(days(60))
  talk(t, acme, "2025-03-07")
  t.expect_no_effect("create task", {title = "Keep Acme"})
  t.advance(days(60))
  local todo = t.expect_effect("create task", {title = "Keep Acme", assignee = ben})
  t.expect_equal(todo.body, "In touch 1 times in 90 days, 6 times before")
  t.advance(days(14))
  t.expect_equal(t.count("task where title = 'Keep Acme'"), 1)
end)

test("more faults than before are a sign, fewer are not", function(t)
  local acme = client(t)
  local car = t.create("asset", {account = acme, product = t.create("product", {code = "c", name = "Car"})})
  t.create("fault", {asset = car, description = "A noise"})
  t.advance(days(100))
  t.create("fault", {asset = car, description = "Smoke"})
  t.advance(days(8))
  t.expect_no_effect("create task", {title = "Keep Acme"})
  t.create("fault", {asset = car, description = "Fire"})
  t.advance(days(8))
  local todo = t.expect_effect("create task", {title = "Keep Acme"})
  t.expect_equal(todo.body, "2 faults and returns in 90 days, 1 before")
end)

test("who is less content is kept at once, one who is no key client is not", function(t)
  local acme = client(t)
  local other = t.create("account", {name = "Other", satisfaction = 5})
  t.update(other, {satisfaction = 1})
  t.expect_no_effect("create task", {title = "Keep Other"})
  t.update(acme, {satisfaction = 3})
  t.expect_equal(t.expect_effect("create task", {title = "Keep Acme"}).body, "Satisfaction 3, 5 before")
  t.update(acme, {satisfaction = 2})
  t.update(acme, {satisfaction = 4})
  t.expect_equal(t.count("task where title = 'Keep Acme'"), 1)
end)
