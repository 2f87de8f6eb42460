-- A lead that has what is asked for (sales.qualify.rules in the settings) is looked at by its owner within a working
-- day: qualified, or given up. With sales.qualify.auto it is qualified by itself, and nobody is asked.

workflow("qualify a lead", {
  on = "lead.proposed",
  where = "state in ('new', 'working')",
  doc = "A task to decide about a lead of which a rule of sales.qualify.rules is true.",
}, function(lead, event)
  if not lead.owner then sleep(minutes(1)) end -- it is being assigned
  local look = task {
    title = "Qualify " .. lead.name, about = lead, assignee = lead.owner, priority = "high", due = business.hours(8),
    body = (event.data.rule or "") .. "\nkith update lead " .. lead.id .. " state=qualified    or state=unqualified",
  }
  local why = wait_any({
    done = {"task.done", {record = look}},
    cancelled = {"task.cancelled", {record = look}},
    qualified = {"lead.qualified", {record = lead}},
    unqualified = {"lead.unqualified", {record = lead}},
  }, days(30))
  if look.state == "open" then
    update(look, {state = (why == "qualified" or why == "unqualified") and "done" or "cancelled"})
  end
  return why or "nobody decided"
end)

-- Of which the rules that are shipped are true.
local function good_lead(t)
  return t.create("lead", {name = "Ann", email = "ann@example.org", interest = "the pump", buys_in = 2})
end

test("a lead that has what is asked for is proposed, and the task ends with the decision", function(t)
  local lead = good_lead(t)
  if not lead.qualifies then return end -- the company has other rules
  t.advance(minutes(1))
  if lead.state == "qualified" then return end -- by itself
  local look = t.expect_effect("create task", {title = "Qualify Ann", about = lead})
  t.expect_equal(lead.state, "new")
  t.transition(lead, "qualified")
  t.expect_equal(look.state, "done")
  t.expect_equal(t.result("qualify a lead"), "qualified")
end)

test("one that says nothing is not", function(t)
  t.create("lead", {name = "Ben"})
  t.advance(days(1))
  t.expect_no_effect("create task", {title = "Qualify Ben"})
end)

test("whoever decided otherwise is not asked again", function(t)
  local lead = good_lead(t)
  t.advance(minutes(1))
  t.transition(lead, "unqualified")
  t.transition(lead, "working")
  t.advance(minutes(1))
  t.expect(t.count("task where title = 'Qualify Ann'") <= 1)
end)
