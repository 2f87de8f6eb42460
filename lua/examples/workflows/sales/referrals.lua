-- Who is content is asked whom else we could help: when the satisfaction of an account or a person is 4 or 5, their
-- seller gets a task, once a year, and not while something is open with them that was to be solved first.
--
-- Whoever they name is a lead that keeps who referred it, and has the points of a referral:
--     kith create lead name="Nora New" source=referral referrer=CONTACT
--
-- When a deal with that lead is won, whoever cares for the referrer thanks them. What came of all whom somebody
-- referred is credited to them: contact.referred_won, kith report sales.referrers.

local content = 4
local pause = days(365)

local function ask(who, customer)
  local title = "Ask " .. who.name .. " whom else we could help"
  local asked = count("task where about = :who and title = :title and created > :since",
    {who = who, title = title, since = now() - pause})
  if asked > 0 then return end
  if action.sales.precall(customer).problems > 0 then return end
  task {title = title, about = who, assignee = who.owner, due = business.days(3),
        body = "They are content. Write down whom they name: kith create lead source=referral referrer=CONTACT"}
end

for _, of in ipairs {"account", "contact"} do
  for _, what in ipairs {"created", "updated"} do
    on(of .. "." .. what, {
      name = ("ask for a referral, %s %s"):format(of, what),
      fields = what == "updated" and {"satisfaction"} or nil,
      where = "satisfaction >= " .. content,
      doc = "A task to ask who is content for a referral, once a year.",
    }, function(who)
      ask(who, {[of] = who})
    end)
  end
end

on("opportunity.won", {
  name = "thank for a referral",
  where = "lead.referrer is not null and closed_at > now() - 7d",
  doc = "A task to thank who referred the lead of a deal that was won.",
}, function(deal)
  local referrer = deal.lead.referrer
  local title = ("Thank %s: %s bought"):format(referrer.name, deal.lead.name)
  if count("task where about = :referrer and title = :title", {referrer = referrer, title = title}) > 0 then return end
  task {title = title, about = referrer, assignee = referrer.owner or deal.owner, due = business.days(3),
        body = deal.name .. (deal.amount and (", " .. tostring(deal.amount)) or "") .. "."}
end)

test("who is content is asked by their seller, once a year", function(t)
  local ben = t.create("user", {login = "ben", name = "Ben"})
  local ada = t.create("contact", {name = "Ada", owner = ben, satisfaction = 3})
  t.expect_no_effect("create task", {title = "Ask Ada whom else we could help"})
  t.update(ada, {satisfaction = 5})
  t.expect_effect("create task", {title = "Ask Ada whom else we could help", about = ada, assignee = ben})
  t.update(ada, {satisfaction = 4})
  t.expect_equal(t.count("task where title = 'Ask Ada whom else we could help'"), 1)
  t.advance(days(366))
  t.update(ada, {satisfaction = 5})
  t.expect_equal(t.count("task where title = 'Ask Ada whom else we could help'"), 2)
end)

test("so is an account that is content from the beginning", function(t)
  local acme = t.create("account", {name = "Acme", satisfaction = 4})
  t.expect_effect("create task", {title = "Ask Acme whom else we could help", about = acme})
end)

-- With stages of your own write here how a deal of yours is won: until then this test looks at nothing.
local way = {"qualification", "proposal", "won"}
test("who referred somebody that buys is thanked by whoever cares for them, once for each", function(t)
  local ben = t.create("user", {login = "referrals.ben", name = "Ben"})
  local ada = t.create("contact", {name = "Ada", owner = ben})
  local nora = t.create("lead", {name = "Nora", referrer = ada})
  local function sell()
    local deal = t.create("opportunity", {name = "the boat", lead = nora, amount = money("300 EUR")})
    for _, stage in ipairs(way) do pcall(t.transition, deal, stage) end
    return deal.stage == "won"
  end
  if not sell() then return end
  local todo = t.expect_effect("create task", {title = "Thank Ada: Nora bought", about = ada, assignee = ben})
  t.expect_equal(todo.body, "the boat, 300.00 EUR.")
  t.expect_equal(tostring(ada.referred_won), "300.00 EUR")
  sell()
  t.expect_equal(t.count("task where title = 'Thank Ada: Nora bought'"), 1)
  t.expect_equal(tostring(ada.referred_won), "600.00 EUR")
end)
