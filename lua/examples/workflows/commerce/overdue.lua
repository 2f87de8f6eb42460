-- An invoice is overdue: whoever owns it, else whoever cares for the customer, asks for the money. After two weeks it
-- is urgent. Nobody writes to the customer by it: what goes out is for people to decide. Paid, the task goes.

local urgent_after = days(14)

local function nag(invoice, todo)
  local ends = {paid = {"invoice.paid", {record = invoice}}, written_off = {"invoice.written_off", {record = invoice}}}
  local ended = wait_any(ends, urgent_after)
  if not ended and todo.state == "open" then
    update(todo, {priority = "urgent"})
    ended = wait_any(ends, days(365))
  end
  if todo.state == "open" then update(todo, {state = "cancelled"}) end
  return ended or "still open"
end

workflow("invoice overdue", {
  on = "invoice.overdue",
  again = "always",
  where = "due_on > today() - 90d",
  doc = "A task to ask for the money when an invoice is overdue, urgent after two weeks, gone when it is paid.",
}, function(invoice)
  local who = invoice.account or invoice.contact
  if count("task where about = :invoice and state = 'open'", {invoice = invoice}) > 0 then return "asked already" end
  return nag(invoice, task {
    title = "Overdue: " .. invoice.number .. " of " .. (who and who.name or "nobody"), about = invoice,
    assignee = invoice.owner or who and who.owner, due = business.days(1), priority = "high",
    body = tostring(invoice.open) .. " since " .. tostring(invoice.due_on) .. ".",
  })
end)

local function late(t)
  t.at("2025-03-03T09:00") -- a Monday
  local sam = t.create("user", {login = "overdue.sam", name = "Sam"})
  local acme = t.create("account", {name = "Acme", owner = sam, payment_days = 14})
  local pen = t.create("product", {code = "overdue.pen", name = "Pen", price = money("10 EUR")})
  local order = t.create("order", {account = acme, owner = sam})
  t.create("order_line", {order = order, product = pen})
  t.transition(order, "ordered")
  local invoice = t.create("invoice", {order = order, owner = sam})
  t.advance(days(13))
  t.expect_no_effect("create task")
  t.advance(days(3))
  return invoice, t.expect_effect("create task", {about = invoice, assignee = sam})
end

local function pay(t, invoice)
  t.transition(t.create("payment", {invoice = invoice, amount = invoice.open}), "received")
end

test("it is asked for, urgently after two weeks, until it is paid", function(t)
  local invoice, todo = late(t)
  t.expect_equal(todo.priority, "high")
  t.expect_equal(todo.title, "Overdue: " .. invoice.number .. " of Acme")
  t.advance(days(15))
  t.expect_equal(todo.priority, "urgent")
  pay(t, invoice)
  t.advance(minutes(1))
  t.expect_equal(todo.state, "cancelled")
  t.expect_equal(t.result("invoice overdue"), "paid")
end)

test("one that is paid at once is not asked for again", function(t)
  local invoice, todo = late(t)
  t.transition(todo, "done")
  pay(t, invoice)
  t.advance(days(30))
  t.expect_equal(t.count("task where about = :invoice", {invoice = invoice}), 1)
end)
