-- Who has a service from us again and again is called every three months: how are you, what can be better? What
-- is wrong becomes a task, what they may want more of a chance, which is no part of the pipeline yet. It ends when
-- the customer bought no service for a year.
--
-- Needs the modules sales and commerce.

local every = days(90)

local services = "order_line where product.kind = 'service' and order.contact = :who and order.state in "
  .. "('ordered', 'paid', 'shipped', 'delivered') and order.placed_at > now() - 365d : count(distinct order) as n"

workflow("check-in calls", {
  on = "order.delivered",
  where = "contact is not null and exists(order_line where product.kind = 'service')",
  doc = "Calls who has a service again and again every three months, and notes what they say.",
}, function(order)
  return start("check-in calls of a customer", order.contact) and "begun" or "under way"
end)

workflow("check-in calls of a customer", {
  record = "contact",
  doc = "A call every three months, as long as they buy services.",
}, function(contact)
  if totals(services, {who = contact})[1].n < 2 then return "not a regular customer" end
  sleep(every)
  if totals(services, {who = contact})[1].n < 1 then return "no service for a year" end
  local said = ask_user {
    title = "Call " .. contact.name .. ": how are you, what can be better?", about = contact,
    assignee = contact.owner,
    fields = {well = {"yes", "no"}, better = "text?", wants = "text?"}, wait = days(14)}
  if said and said.well == "no" then
    task {title = "Put right for " .. contact.name .. ": " .. (said.better or "ask what"), about = contact,
          assignee = contact.owner, priority = "high", due = business.days(2)}
  elseif said and said.wants then
    create("chance", {name = said.wants, contact = contact, account = contact.account,
      reason = "Said in a check-in call"})
  end
  continue_as_new()
end)

local function served(t, times)
  local ann = t.create("contact", {name = "Ann"})
  local service = t.create("product", {code = "s", name = "Service", kind = "service", price = money("90 EUR")})
  for _ = 1, times do
    local order = t.create("order", {contact = ann})
    t.create("order_line", {order = order, product = service})
    t.transition(order, "ordered")
    t.transition(order, "shipped")
    t.transition(order, "delivered")
  end
  return ann
end

local function answer(t, answers)
  local call = t.find("task where title like 'Call Ann%' and state = 'open'")()
  t.update(call, {state = "done", answers = answers})
end

test("a regular customer is called each quarter, and what they want is a chance", function(t)
  local ann = served(t, 2)
  t.advance(days(89))
  t.expect_equal(t.count("task where title like 'Call Ann%'"), 0)
  t.advance(days(2))
  answer(t, {well = "yes", wants = "Cleaning at night"})
  t.expect_effect("create chance", {name = "Cleaning at night", contact = ann})
  t.advance(days(91))
  answer(t, {well = "no", better = "Come on time"})
  t.expect_effect("create task", {title = "Put right for Ann: Come on time", priority = "high"})
  t.expect_equal(t.count("chance"), 1)
end)

test("who had it once is not called", function(t)
  served(t, 1)
  t.advance(days(200))
  t.expect_equal(t.count("task where title like 'Call Ann%'"), 0)
end)

test("it ends a year after the last service", function(t)
  served(t, 3)
  t.advance(days(600))
  t.expect_equal(t.count("task where title like 'Call Ann%'"), 3)
  t.expect_equal(t.count("workflow_run where state = 'waiting' and workflow like 'check-in%'"), 0)
end)
