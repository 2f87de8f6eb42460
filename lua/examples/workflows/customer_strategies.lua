-- Who is a premium customer, who a medium one? Each month customers get the tag of the sales strategy that is for
-- them: premium for who always took the dearest of a category, medium for who buys regularly, in four orders a
-- year at least. By these tags sales.strategies tells which team sells to them and how many sellers that takes,
-- sales.suggest what it offers first, and the playbook what is played.
--
-- Needs the modules sales and commerce, and strategies (kith create sales_strategy name=Premium tag=premium
-- offers=dearest team=ID customers_per_seller=10).

local placed = "state in ('ordered', 'paid', 'shipped', 'delivered') and placed_at > now() - 365d"
local lines = "order_line where order.account = :who and order.state in ('ordered', 'paid', 'shipped', 'delivered')"
  .. " and order.placed_at > now() - 365d and product.category is not null"

-- In each category in which they bought the cheapest that they took is the dearest that there is.
local function always_dearest(account)
  local bought = totals(lines .. " group by product.category as category : min(product.price) as least,"
    .. " count() as n", {who = account})
  local n = 0
  for _, row in ipairs(bought) do
    local all = totals("product where category = :c and state = 'active' : max(price) as most", {c = row.category})
    if not row.least or not all[1].most or row.least < all[1].most then return false end
    n = n + row.n
  end
  return n >= 2
end

local function kind_of(account)
  if always_dearest(account) then return "premium" end
  if count("order where account = :who and " .. placed, {who = account}) >= 4 then return "medium" end
end

workflow("sort customers by strategy", {
  every = "0 5 1 * *",
  doc = "Tags customers as premium or medium by what they bought within a year.",
}, function()
  local changed = 0
  for account in find("account where exists(order where " .. placed .. ") or tagged('premium') or tagged('medium')"
      .. " limit 1000") do
    local kind, tags, before = kind_of(account), {}, table.concat(account.tags or {}, "\n")
    for _, tag in ipairs(account.tags or {}) do
      if tag ~= "premium" and tag ~= "medium" then tags[#tags + 1] = tag end
    end
    if kind then tags[#tags + 1] = kind end
    if before ~= table.concat(tags, "\n") then
      update(account, {tags = tags})
      changed = changed + 1
    end
  end
  return changed .. " changed"
end)

local function shop(t)
  t.at("2025-01-15T10:00")
  local pens = t.create("product_category", {name = "Pens"})
  return {
    gold = t.create("product", {code = "gold", name = "Gold pen", category = pens, price = money("300 EUR")}),
    plain = t.create("product", {code = "plain", name = "Plain pen", category = pens, price = money("3 EUR")}),
  }
end

local function buyer(t, name, ...)
  local account = t.create("account", {name = name, tags = {"zoo"}})
  for _, product in ipairs {...} do
    local order = t.create("order", {account = account})
    t.create("order_line", {order = order, product = product})
    t.transition(order, "ordered")
  end
  return account
end

test("who always takes the dearest is premium, who buys regularly medium", function(t)
  local s = shop(t)
  local rich = buyer(t, "Rich", s.gold, s.gold)
  local loyal = buyer(t, "Loyal", s.gold, s.plain, s.plain, s.plain)
  local rare = buyer(t, "Rare", s.gold, s.plain)
  t.advance(days(20))
  t.expect(table.concat(rich.tags, " "):find("premium", 1, true), "Rich is premium")
  t.expect(table.concat(loyal.tags, " "):find("medium", 1, true), "Loyal is medium")
  t.expect_equal(table.concat(rare.tags, " "), "zoo")
  t.advance(days(400))
  t.expect_equal(table.concat(rich.tags, " "), "zoo")
end)
