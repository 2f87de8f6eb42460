-- Whoever has bought something hears that it was right, and where it is: a note when an order leaves, with what
-- commerce.track says of its way and what commerce.fits knows of why it fits. Only what is known of the customer
-- themselves is a reason to write; where nothing is, the note tells of the way alone.
--
-- Needs the module commerce. The note is a planned interaction: whatever sends your letters takes it from there.

local note = [[
Your order {{number}} has left. {{status}}
{{#why}}

Why it is right for you:
{{why}}
{{/why}}
]]

workflow("reassurance after a purchase", {
  on = "order.shipped",
  where = "contact is not null",
  again = "once",
  doc = "Tells a customer where the order is, and why what is in it fits them.",
}, function(order)
  local fits = action.commerce.fits {number = order.number}
  local why = {}
  for _, row in ipairs(fits.rows) do
    if row.personal then why[#why + 1] = "- " .. row.name .. ": " .. row.why end
  end
  create("interaction", {
    contact = order.contact, about = order, channel = order.contact.preferred_channel or "email",
    direction = "out", planned = true, subject = "Your order " .. order.number,
    body = render(note, {number = order.number, status = action.commerce.track({number = order.number}).status,
      why = #why > 0 and table.concat(why, "\n") or nil}),
  })
  return #why .. " reasons"
end)

local function order(t, ann, product)
  local o = t.create("order", {contact = ann})
  t.create("order_line", {order = o, product = product})
  t.transition(o, "ordered")
  t.transition(o, "shipped")
  return o
end

test("a note tells where the order is, and why it fits", function(t)
  local ann = t.create("contact", {name = "Ann"})
  local pen = t.create("product", {code = "pen", name = "Pen", price = money("3 EUR")})
  local ink = t.create("product", {code = "ink", name = "Ink", price = money("2 EUR")})
  t.create("product_relation", {product = pen, kind = "complement", other = ink})
  t.create("asset", {contact = ann, product = pen})
  order(t, ann, ink)
  local sent = t.expect_effect("create interaction", {contact = ann, channel = "email"})
  t.expect_equal(sent.body, "Your order O-000001 has left. 1 of 1 line has left; 1 of 1 shipment has not arrived."
    .. "\n\nWhy it is right for you:\n- Ink: It goes with your Pen.\n")
end)

test("where nothing is known of the customer the note tells of the way alone", function(t)
  local ann = t.create("contact", {name = "Ann", preferred_channel = "sms"})
  order(t, ann, t.create("product", {code = "pen", name = "Pen", price = money("3 EUR")}))
  local sent = t.expect_effect("create interaction", {contact = ann, channel = "sms"})
  t.expect(not sent.body:find("Why", 1, true), sent.body)
  t.expect_equal(t.result("reassurance after a purchase"), "0 reasons")
end)
