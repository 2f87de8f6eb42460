-- What a customer has from us ends soon: a subscription, a warranty, something that is to be renewed. The seller of
-- the customer gets a task when commerce tells so for the first time (commerce.remind_before), and it is urgent
-- when commerce tells it again. A subscription that renews by itself is only looked at; one that does not is sold
-- anew. The task goes when the subscription is renewed.
--
-- contract_renewal.lua does the same for contracts of a type of your own.

local function flag(thing, what, due)
  local who = thing.contact or thing.account
  if not who then return "nobody's" end
  local open = find("task where about = :thing and state = 'open' and title like 'Renew %' limit 1", {thing = thing})()
  if open then
    update(open, {priority = "urgent"})
    return "again"
  end
  local todo = task {
    title = "Renew " .. what .. " of " .. who.name, about = thing,
    assignee = thing.owner or who.owner or (thing.account and thing.account.owner), due = at(due, "12:00"),
    priority = "high", body = "It ends on " .. tostring(due) .. ".",
  }
  local renewed = wait_any({
    renewed = {"subscription.renewed", {record = thing}},
    done = {"task.done", {record = todo}},
  }, days(120))
  if renewed == "renewed" and todo.state == "open" then update(todo, {state = "cancelled"}) end
  return renewed or "no answer"
end

workflow("renewal of a subscription", {
  on = "subscription.term_ending",
  again = "always",
  doc = "A task for the seller before a subscription ends that does not renew by itself.",
}, function(subscription)
  if subscription.renews then return "renews by itself" end
  return flag(subscription, subscription.number, subscription.term_end)
end)

workflow("renewal of what they own", {
  on = "asset.renewal_due",
  again = "always",
  doc = "A task for the seller before something is to be renewed.",
}, function(asset)
  return flag(asset, asset.name, asset.renewal_on)
end)

workflow("end of a warranty", {
  on = "asset.warranty_ending",
  again = "always",
  doc = "A task for the seller before a warranty ends.",
}, function(asset)
  return flag(asset, "the warranty for " .. asset.name, asset.warranty_until)
end)

local function subscribed(t, renews)
  t.at("2025-01-01T09:00")
  local ben = t.create("user", {login = "renewal.ben", name = "Ben"})
  local ann = t.create("contact", {name = "Ann", owner = ben})
  local plan = t.create("product", {code = "p", name = "Plan", kind = "subscription", price = money("10 EUR")})
  local one = t.create("subscription", {contact = ann, product = plan, period = "year", renews = renews})
  return one, ben
end

test("a month before the end there is a task, and a week before it is urgent", function(t)
  local one, ben = subscribed(t, false)
  t.advance(days(334))
  t.expect_no_effect("create task")
  t.advance(days(3))
  local todo = t.expect_effect("create task", {about = one, assignee = ben, priority = "high"})
  t.expect_equal(todo.title, "Renew " .. one.number .. " of Ann")
  t.expect_equal(todo.body, "It ends on 2026-01-01.")
  t.advance(days(22))
  t.expect_equal(todo.priority, "urgent")
  t.expect_equal(t.count("task"), 1)
end)

test("one that renews by itself makes no work", function(t)
  subscribed(t, true)
  t.advance(days(364))
  t.expect_no_effect("create task")
  t.expect_equal(t.result("renewal of a subscription"), "renews by itself")
end)

test("what they own is flagged before its renewal and the end of its warranty", function(t)
  t.at("2025-01-01T09:00")
  local ann = t.create("contact", {name = "Ann"})
  local car = t.create("product", {code = "c", name = "Car"})
  t.create("asset", {contact = ann, product = car, name = "Red car", renewal_on = date("2025-06-01")})
  t.create("asset", {contact = ann, product = car, name = "Blue car", warranty_until = date("2025-08-01")})
  t.advance(days(125))
  t.expect_effect("create task", {title = "Renew Red car of Ann"})
  t.advance(days(60))
  t.expect_effect("create task", {title = "Renew the warranty for Blue car of Ann"})
  t.expect_equal(t.count("task"), 2)
end)
