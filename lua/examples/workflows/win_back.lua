-- Customers who bought regularly and then no more are asked back: every morning those are looked for who bought
-- at least three times and nothing for ninety days. Each gets a letter, and a better offer after two weeks.
--
-- The workflow with `every` looks for them and begins a run of the other one for each. again = days(180) sees to
-- it that nobody gets these letters twice in half a year. Amounts are exact: money and decimal, not 0.05.

local rate, at_most = decimal("0.05"), money("100 EUR")

-- Five percent of what the customer has spent, and not more than 100 EUR.
local function voucher_for(contact)
  local value = contact.spent * rate
  return value < at_most and value or at_most
end

workflow("look for lost customers", {
  every = "0 7 * * *",
  doc = "Begins a run of 'win back' for each customer who bought nothing for ninety days.",
}, function()
  local begun = 0
  for contact in find("contact where purchases >= 3 and last_purchase < now() - 90d"
      .. " and consent('newsletter') order by last_purchase limit 200") do
    if start("win back", contact) then begun = begun + 1 end
  end
  return begun
end)

workflow("win back", {
  record = "contact",
  again = days(180),
  doc = "Writes to a customer who is about to be lost, and makes a better offer after two weeks.",
}, function(contact)
  local function write(subject, body)
    create("interaction", {contact = contact, channel = "email", direction = "out", planned = true,
      subject = subject, body = body})
  end
  local bought = {"interaction.created", {contact = contact, direction = "in", channel = "store"}}

  write("We miss you", "What is new since you were here last?")
  if wait_any({bought = bought}, days(14)) then return "back by a letter" end
  local voucher = voucher_for(contact)
  write("A voucher for you", string.format("%s off your next order.", voucher))
  if wait_any({bought = bought}, days(30)) then return "back by a voucher of " .. tostring(voucher) end
  if contact.lifecycle ~= "prospect" then update(contact, {lifecycle = "lost"}) end
  return "lost"
end)

local function lost_customer(t, amount)
  t.at("2025-03-11T10:00")
  local purpose = t.create("purpose", {name = "newsletter", description = "One letter a month"})
  local ann = t.create("contact", {name = "Ann"})
  t.create("consent", {contact = ann, purpose = purpose, state = "given"})
  t.transition(ann, "customer")
  for i = 1, 3 do
    t.create("interaction", {contact = ann, channel = "store", direction = "in", amount = money(amount),
      at = at(date("2024-11-01"), "10:00") + days(i)})
  end
  return ann
end

test("two letters, then lost, and nothing more for half a year", function(t)
  local ann = lost_customer(t, "33.33 EUR")
  t.advance(days(1))
  t.expect_effect("create interaction", {contact = ann, subject = "We miss you"})
  t.advance(days(14))
  t.expect_effect("create interaction", {subject = "A voucher for you", body = "5.00 EUR off your next order."})
  t.advance(days(60))
  t.expect_equal(ann.lifecycle, "lost")
  t.expect_equal(#t.runs("win back"), 1)
  t.advance(days(120))
  t.expect_equal(#t.runs("win back"), 2)
end)

test("the voucher has a limit", function(t)
  lost_customer(t, "5000 EUR")
  t.advance(days(16))
  t.expect_effect("create interaction", {body = "100.00 EUR off your next order."})
end)

test("who buys again gets no voucher", function(t)
  local ann = lost_customer(t, "20 EUR")
  t.advance(days(2))
  t.create("interaction", {contact = ann, channel = "store", direction = "in", amount = money("10 EUR")})
  t.expect_equal(t.result("win back"), "back by a letter")
  t.advance(days(60))
  t.expect_equal(t.count("interaction where direction = 'out'"), 1)
  t.expect_equal(ann.lifecycle, "customer")
end)
