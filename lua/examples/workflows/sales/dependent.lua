-- Too much of our turnover comes from one account (sales.dependence.limit in the settings): whoever coordinates it, else
-- its owner, thinks with whoever leads about what to do, be it a longer contract or more customers beside it. The task
-- goes when the account is below the limit again. A company with fewer than four customers depends on each, and knows.

local few = 4

local function title_for(account)
  return "We depend on " .. account.name
end

on("account.dependence", {
  name = "an account is too large a part",
  doc = "A task when an account comes to more of our turnover than sales.dependence.limit.",
}, function(account, event)
  if #action.sales.dependence{}.rows < few then return end
  task {
    title = title_for(account), about = account, assignee = account.coordinator or account.owner, priority = "high",
    due = business.days(5),
    body = ("%s %% of our turnover comes from them, %s; the limit is %d %%. See: kith sales.dependence"):format(
      tostring(event.data.share), tostring(event.data.turnover), event.data.limit),
  }
end)

on("account.updated", {
  name = "an account is a smaller part again",
  fields = {"turnover_share"},
  where = "turnover_share is null",
  doc = "Takes back the task about an account that is below sales.dependence.limit again.",
}, function(account)
  local todos = find("task where about = :account and title = :title and state = 'open'",
    {account = account, title = title_for(account)})
  for todo in todos do update(todo, {state = "cancelled"}) end
end)

-- With stages of your own write here how a deal of yours is won: until then, or with another limit than shipped, these
-- tests look at nothing.
local way = {"qualification", "proposal", "won"}
local function sell(t, account, amount)
  local deal = t.create("opportunity", {name = "Pens", account = account, amount = money(amount)})
  for _, stage in ipairs(way) do pcall(t.transition, deal, stage) end
end

-- One customer with 700 of 1000, and two small ones.
local function market(t)
  t.at("2025-03-03T09:00")
  local ben = t.create("user", {login = "dependent.ben", name = "Ben"})
  local acme = t.create("account", {name = "Acme", owner = ben})
  sell(t, acme, "700 EUR")
  for i = 1, 2 do sell(t, t.create("account", {name = "Small " .. i}), "150 EUR") end
  return acme, ben
end

local function sell_to_one_more(t, amount)
  local new = t.create("account", {name = "New"})
  sell(t, new, amount)
  return new
end

test("whoever cares for an account learns that we depend on it, once", function(t)
  local acme, ben = market(t)
  sell_to_one_more(t, "200 EUR")
  t.advance(days(1))
  if not acme.turnover_share then return end
  local todo = t.expect_effect("create task", {title = "We depend on Acme", about = acme, assignee = ben})
  t.expect_equal(todo.priority, "high")
  t.expect_equal(todo.body:match("^.-;"), "58.33 % of our turnover comes from them, 700.00 EUR;")
  t.advance(days(3))
  t.expect_equal(t.count("task where title = 'We depend on Acme'"), 1)
end)

test("who coordinates it comes before its owner", function(t)
  local acme = market(t)
  local kim = t.create("user", {login = "dependent.kim", name = "Kim"})
  t.update(acme, {coordinator = kim})
  sell_to_one_more(t, "100 EUR")
  t.advance(days(1))
  if not acme.turnover_share then return end
  t.expect_effect("create task", {title = "We depend on Acme", assignee = kim})
end)

test("the task goes when others buy as much", function(t)
  local acme = market(t)
  local new = sell_to_one_more(t, "100 EUR")
  t.advance(days(1))
  if not acme.turnover_share then return end
  local todo = t.expect_effect("create task", {title = "We depend on Acme"})
  sell(t, new, "100000 EUR")
  t.advance(days(1))
  t.expect_equal(todo.state, "cancelled")
  t.expect_effect("create task", {title = "We depend on New"})
end)

test("of a few customers nobody needs to be told", function(t)
  market(t)
  t.advance(days(1))
  t.expect_no_effect("create task", {title = "We depend on Acme"})
end)
