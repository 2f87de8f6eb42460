-- A cart was left behind (commerce.cart.abandon_after): whoever cares for the customer asks what kept them. Nobody
-- writes to the customer by it. It ends when they order after all, or somebody has asked.
--
-- Carts of nobody's customers, of renewals and of imports make no work, and a customer is asked about one at a time.

local within = business.days(1)

workflow("cart left behind", {
  on = "order.abandoned",
  where = "lines > 0 and subscription is null and (channel is null or channel != 'import')",
  doc = "A task for whoever cares for the customer when a cart was left behind; none without such a person.",
}, function(order)
  local who = order.contact or order.account
  local seller = who and (who.owner or order.account and order.account.owner)
  if not seller then return "nobody's customer" end
  local others = "order where " .. (order.contact and "contact" or "account") .. " = :who and id != :id and "
    .. "state = 'abandoned' and exists(task.about where state = 'open' and title like 'Ask %')"
  if count(others, {who = who, id = order}) > 0 then return "asked about another one" end
  local todo = task {
    title = "Ask " .. who.name .. " what kept them from ordering " .. order.number, about = order, assignee = seller,
    due = within, body = "It comes to " .. tostring(order.total) .. ".",
  }
  local ended = wait_any({
    ordered = {"order.ordered", {record = order}},
    done = {"task.done", {record = todo}},
  }, days(30))
  if ended ~= "done" and todo.state == "open" then update(todo, {state = "cancelled"}) end
  return ended or "no answer"
end)

local function left_behind(t, seller)
  local pen = t.create("product", {code = "left.pen", name = "Pen", price = money("10 EUR")})
  local ann = t.create("contact", {name = "Ann", owner = seller or null})
  local order = t.create("order", {contact = ann})
  t.create("order_line", {order = order, product = pen, quantity = 2})
  t.transition(order, "abandoned")
  return order, ann
end

test("the seller of the customer asks, until they order", function(t)
  local sam = t.create("user", {login = "left.sam", name = "Sam"})
  local order, ann = left_behind(t, sam)
  local todo = t.expect_effect("create task", {about = order, assignee = sam})
  t.expect_equal(todo.title, "Ask Ann what kept them from ordering " .. order.number)
  t.transition(order, "ordered")
  t.expect_equal(todo.state, "cancelled")
  t.expect_equal(t.result("cart left behind"), "ordered")
end)

test("about one cart at a time, and nobody about customers whom nobody has", function(t)
  local sam = t.create("user", {login = "left.sam", name = "Sam"})
  local order, ann = left_behind(t, sam)
  local other = t.create("order", {contact = ann})
  t.create("order_line", {order = other, product = t.find("product where code = 'left.pen'")()})
  t.transition(other, "abandoned")
  t.expect_equal(t.count("task where about = :o", {o = other}), 0)
  t.expect_equal(t.count("task where about = :o", {o = order}), 1)
end)

test("an empty cart, and one of nobody's customer, make no work", function(t)
  local sam = t.create("user", {login = "left.sam", name = "Sam"})
  local empty = t.create("order", {contact = t.create("contact", {name = "Eve", owner = sam})})
  t.transition(empty, "abandoned")
  t.expect_no_effect("create task")
  left_behind(t)
  t.expect_equal(t.result("cart left behind"), "nobody's customer")
  t.expect_no_effect("create task")
end)
