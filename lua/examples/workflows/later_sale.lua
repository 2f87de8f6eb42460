-- Customers are not forgotten once they have their goods: somebody is in touch soon after, long after, and before
-- they are likely to buy again, which sales.repurchase works out of their orders. The next order ends it, and
-- begins it anew when it is delivered.
--
-- Needs the modules sales and commerce.

local soon, long, before = days(3), days(90), days(14)

local function seller(order)
  local who = order.contact or order.account
  return order.owner or (who and who.owner)
end

workflow("later sale", {
  on = "order.delivered",
  where = "contact is not null or account is not null",
  doc = "Calls soon after a delivery, long after it, and before the next purchase is likely.",
}, function(order)
  local who = order.contact or order.account
  local asked = order.contact and {contact = who} or {account = who}
  local bought = {"order.ordered", asked}
  local delivered = now()
  local likely = action.sales.repurchase(asked).next
  local touches = {
    {at = delivered + soon, title = "Ask %s whether all is well with " .. order.number},
    {at = delivered + long, title = "Keep in touch with %s: nothing was ordered since " .. order.number},
  }
  if likely and likely > today() then
    touches[#touches + 1] = {at = at(likely, "09:00") - before, title = "%s may order again on " .. tostring(likely)}
  end
  table.sort(touches, function(a, b) return a.at < b.at end)
  for _, touch in ipairs(touches) do
    if touch.at > now() and wait_any({bought = bought}, touch.at - now()) then return "bought again" end
    task {title = touch.title:format(who.name), about = who, assignee = seller(order), due = business.days(2)}
  end
  return "all touches"
end)

local function buy(t, ann)
  local pen = t.find("product")() or t.create("product", {code = "pen", name = "Pen", price = money("3 EUR")})
  local order = t.create("order", {contact = ann})
  t.create("order_line", {order = order, product = pen})
  t.transition(order, "ordered")
  t.transition(order, "shipped")
  t.transition(order, "delivered")
end

test("soon after, long after, and before the next purchase", function(t)
  t.at("2025-01-01T10:00")
  local ann = t.create("contact", {name = "Ann"})
  for _, wait in ipairs {30, 31, 29} do -- they buy on day 0, 30, 61 and 90: the next time about day 120
    buy(t, ann)
    t.advance(days(wait))
  end
  buy(t, ann)
  t.expect_equal(t.count("task where title like 'Ask Ann%'"), 3) -- soon after each of the first three
  t.advance(days(4))
  t.expect_effect("create task", {title = "Ask Ann whether all is well with O-000004", about = ann})
  t.advance(days(12))
  t.expect_effect("create task", {title = "Ann may order again on 2025-05-01"})
  t.advance(days(72))
  t.expect_no_effect("create task", {title = "Keep in touch with Ann: nothing was ordered since O-000004"})
  t.advance(days(3))
  t.expect_effect("create task", {title = "Keep in touch with Ann: nothing was ordered since O-000004"})
end)

test("the next order ends it", function(t)
  local ann = t.create("contact", {name = "Ann"})
  buy(t, ann)
  t.advance(days(10))
  buy(t, ann)
  t.expect_equal(#t.runs("later sale"), 2)
  t.advance(days(95))
  t.expect_equal(t.count("task where title like 'Ask Ann whether%'"), 2)
  t.expect_equal(t.count("task where title like 'Keep in touch%'"), 1)
end)
