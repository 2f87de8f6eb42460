-- Whoever places a large order is thanked by hand, and offered what goes with it: the seller gets a task with the
-- draft of a note, in which stands the first thing that sales.suggest has for this customer. Nothing is offered to
-- who complains or owes: the note only thanks then.
--
-- Needs the modules sales and commerce. Change the amount to what is much at your house.

local large = money("500 EUR")

local note = [[
Dear {{name}},

thank you for your order {{number}} over {{total}}.
{{#offer}}
Many of our customers take {{offer}} with it: {{why}}. May we show it to you?
{{/offer}}
]]

-- What sales.suggest has for who bought; nil when something has to be settled first.
local function offer_for(order)
  local asked = order.contact and {contact = order.contact} or {account = order.account}
  asked.kind, asked.limit = "cross", 1
  local first = action.sales.suggest(asked).rows[1]
  return first and not first.caution and first or nil
end

workflow("thank for a large order", {
  on = "order.ordered",
  -- an order whose payment went back is ordered once more, and was thanked for
  where = "total is not null and placed_at > now() - 1d and (contact is not null or account is not null)",
  doc = "A task for the seller with a note of thanks and what goes with the order.",
}, function(order)
  if order.total.currency ~= large.currency or order.total < large then return "not large" end
  local who = order.contact or order.account
  local offer = offer_for(order)
  task {
    title = "Thank " .. who.name .. " for " .. order.number, about = who,
    assignee = order.owner or who.owner, due = business.days(2),
    body = render(note, {name = who.name, number = order.number, total = order.total,
      offer = offer and offer.product.name, why = offer and offer.why}),
  }
  return offer and "with an offer" or "without an offer"
end)

local function shop(t)
  local ben = t.create("user", {login = "ben", name = "Ben"})
  local desk = t.create("product", {code = "desk", name = "Desk", price = money("600 EUR")})
  local lamp = t.create("product", {code = "lamp", name = "Lamp", price = money("40 EUR")})
  t.create("product_relation", {product = desk, kind = "complement", other = lamp})
  return {ben = ben, desk = desk, lamp = lamp, ann = t.create("contact", {name = "Ann", owner = ben})}
end

local function buy(t, s, product)
  local order = t.create("order", {contact = s.ann})
  t.create("order_line", {order = order, product = product})
  t.transition(order, "ordered")
  return order
end

test("a large order is thanked for, with what goes with it", function(t)
  local s = shop(t)
  local order = buy(t, s, s.desk)
  local todo = t.expect_effect("create task", {
    about = s.ann, assignee = s.ben, title = "Thank Ann for " .. order.number})
  t.expect(todo.body:find("Many of our customers take Lamp with it: complement of Desk", 1, true), todo.body)
  t.expect_equal(t.result("thank for a large order"), "with an offer")
end)

test("nothing is offered to who returns something", function(t)
  local s = shop(t)
  local order = buy(t, s, s.desk)
  t.transition(order, "shipped")
  t.create("return_request", {order_line = t.find("order_line")()})
  order = buy(t, s, s.desk)
  t.expect_equal(t.result("thank for a large order"), "without an offer")
  local todo = t.expect_effect("create task", {about = s.ann, title = "Thank Ann for " .. order.number})
  t.expect(not todo.body:find("Lamp", 1, true), todo.body)
end)

test("a small one is not", function(t)
  local s = shop(t)
  local order = buy(t, s, s.lamp)
  t.expect_no_effect("create task", {title = "Thank Ann for " .. order.number})
  t.expect_equal(t.result("thank for a large order"), "not large")
end)
