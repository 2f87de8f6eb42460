-- A large offer needs the yes of two people before it goes out. Both are asked at the same time; one no is
-- enough to take the deal a step back, and after five days without an answer it counts as a no.
--
-- parallel() runs functions side by side. Each has waits of its own, and gives what it returns. Needs the
-- module sales. The two people are users with these logins:
local who = {"sales_lead", "finance"}
local limit = money("50000 EUR")

local function ask(deal, login)
  local user = find("user where login = :login", {login = login})()
  if not user then error("there is no user '" .. login .. "': change the names at the top of the file") end
  local question = task {title = "Agree to the offer: " .. deal.name, about = deal, assignee = user,
                         due = business.days(3), priority = "high", body = tostring(deal.amount)}
  local answer = wait_any({
    yes = {"task.done", {record = question}},
    no = {"task.cancelled", {record = question}},
  }, days(5))
  return answer == "yes"
end

workflow("two people agree", {
  on = "opportunity.proposal",
  where = "amount is not null",
  doc = "Asks two people about an offer of more than 50,000 EUR, and takes it back unless both say yes.",
}, function(deal)
  if deal.amount.currency ~= limit.currency or deal.amount <= limit then return "small enough" end
  local first, second = parallel(
    function() return ask(deal, who[1]) end,
    function() return ask(deal, who[2]) end)
  if first and second then
    update(deal, {next_step = "Send the offer"})
    return "agreed"
  end
  update(deal, {stage = "qualification", next_step = "Make a smaller offer"})
  return "not agreed"
end)

local function offer(t, amount)
  for _, login in ipairs(who) do t.create("user", {login = login, name = login}) end
  local deal = t.create("opportunity", {name = "New plant", amount = money(amount)})
  t.transition(deal, "qualification")
  t.transition(deal, "proposal")
  return deal
end

test("two times yes", function(t)
  local deal = offer(t, "80000 EUR")
  for _, login in ipairs(who) do
    t.expect_equal(t.count("task where about = :deal and assignee.login = :who", {deal = deal, who = login}), 1)
  end
  for question in t.find("task where about = :deal", {deal = deal}) do t.transition(question, "done") end
  t.expect_equal(deal.next_step, "Send the offer")
  t.expect_equal(deal.stage, "proposal")
end)

test("one no is enough", function(t)
  local deal = offer(t, "80000 EUR")
  local i = 0
  for question in t.find("task where about = :deal", {deal = deal}) do
    i = i + 1
    t.transition(question, i == 1 and "done" or "cancelled")
  end
  t.expect_equal(deal.stage, "qualification")
end)

test("no answer is a no", function(t)
  local deal = offer(t, "80000 EUR")
  local question = t.find("task where about = :deal", {deal = deal})()
  t.transition(question, "done")
  t.advance(days(5))
  t.expect_equal(t.result("two people agree"), "not agreed")
  t.expect_equal(deal.stage, "qualification")
end)

test("a small offer needs nobody", function(t)
  offer(t, "50000 EUR")
  t.expect_no_effect("create task")
end)
