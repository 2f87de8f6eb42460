-- A deal is won, and the work begins: it is delivered, the customer is shown how it works, and after a month
-- somebody asks how they are. Each step begins when the one before is done. What is late by a week goes to the
-- one who leads, with the step that is missing.
--
-- Where there are plays of the stage won (kith create play stage=won ...), which make all their tasks at once, this
-- one leaves it to them. What was won some time ago, as deals that are imported, makes no work.

local leads = nil -- the login of who is told what is late, as "boss"; else whose deal it was

local steps = {
  {title = "Deliver %s", within = business.days(5)},
  {title = "Show the customer how %s works", within = business.days(5)},
  {title = "Ask how they are with %s", after = days(30), within = business.days(3)},
}

workflow("after the closure", {
  on = "opportunity.won",
  where = "closed_at > now() - 7d",
  doc = "Delivery, onboarding and a check-in after a deal was won, one after the other.",
}, function(deal)
  local who = deal.contact or deal.account
  if count("play where stage = 'won' and active") > 0 then return "left to the plays" end
  local boss = leads and find("user where login = :login", {login = leads})() or deal.owner
  for _, step in ipairs(steps) do
    if step.after then sleep(step.after) end
    if deal.stage ~= "won" then return "taken up again" end
    local todo = task {title = step.title:format(deal.name), about = who or deal, assignee = deal.owner,
                       due = step.within}
    if not wait_for("task.done", {record = todo}, days(14)) then
      update(todo, {priority = "urgent"})
      task {title = "Late after the sale: " .. todo.title, about = who or deal, assignee = boss, priority = "high"}
      if not wait_for("task.done", {record = todo}, days(60)) then return "stuck" end
    end
  end
  return "all done"
end)

-- With stages of your own write here how a deal of yours is won: until then these tests look at nothing.
local way = {"qualification", "proposal", "won"}
local function win(t, deal)
  for _, stage in ipairs(way) do
    if not pcall(t.transition, deal, stage) then return false end
  end
  return true
end

local function won(t)
  for play in t.find("play where stage = 'won' and active") do t.update(play, {active = false}) end
  local ben = t.create("user", {login = "closure.ben", name = "Ben"})
  local ann = t.create("contact", {name = "Ann"})
  local deal = t.create("opportunity", {name = "the boat", contact = ann, owner = ben})
  return win(t, deal) and {deal = deal, ann = ann, ben = ben}
end

test("delivery, then onboarding, then a check-in a month later", function(t)
  local c = won(t)
  if not c then return end
  local delivery = t.expect_effect("create task", {title = "Deliver the boat", about = c.ann, assignee = c.ben})
  t.expect_no_effect("create task", {title = "Show the customer how the boat works"})
  t.transition(delivery, "done")
  local shown = t.expect_effect("create task", {title = "Show the customer how the boat works"})
  t.transition(shown, "done")
  t.advance(days(29))
  t.expect_equal(t.count("task where title = 'Ask how they are with the boat'"), 0)
  t.advance(days(2))
  t.transition(t.expect_effect("create task", {title = "Ask how they are with the boat"}), "done")
  t.expect_equal(t.result("after the closure"), "all done")
end)

test("what is late is told to whose deal it was", function(t)
  local c = won(t)
  if not c then return end
  local delivery = t.expect_effect("create task", {title = "Deliver the boat"})
  t.advance(days(15))
  t.expect_effect("create task", {title = "Late after the sale: Deliver the boat", assignee = c.ben})
  t.expect_equal(delivery.priority, "urgent")
  t.transition(delivery, "done")
  t.expect_effect("create task", {title = "Show the customer how the boat works"})
end)

test("a deal that is taken up again is not delivered further", function(t)
  local c = won(t)
  if not c then return end
  t.transition(c.deal, "closing")
  t.transition(t.expect_effect("create task", {title = "Deliver the boat"}), "done")
  t.expect_equal(t.result("after the closure"), "taken up again")
end)

test("plays for the time after the closure do it instead", function(t)
  t.create("play", {stage = "won", title = "Hand over"})
  local deal = t.create("opportunity", {name = "the pier"})
  if not win(t, deal) then return end
  t.expect_no_effect("create task", {title = "Deliver the pier"})
end)
