-- Nobody's problem is forgotten: a case that is not solved in time goes one level up, and again, until the boss
-- has it. How long each level has depends on how pressing the case is, and counts in working hours.
--
-- Needs the type of case.conf in conf.d/types.

local hours_for = {urgent = 1, high = 4, normal = 16, low = 40}
local levels = {"first line", "second line", "boss"}

workflow("case escalation", {
  on = "case.open",
  doc = "Moves a case that is not solved in time one level up, with a task for each level.",
}, function(case)
  for level = case.level, #levels do
    if level > case.level then update(case, {level = level}) end
    local due = business.hours(hours_for[case.priority])
    local work = task {
      title = "Solve " .. case.subject .. " (" .. levels[level] .. ")",
      about = case, priority = case.priority, due = due,
    }
    local what = wait_any({
      solved = {"case.solved", {record = case}},
      urgent = {"case.updated", {record = case, priority = "urgent"}},
    }, due)
    if what == "urgent" then -- it became worse: from now on an hour is all there is
      update(work, {priority = "urgent", due = business.hours(hours_for.urgent)})
      what = wait_for("case.solved", {record = case}, business.hours(hours_for.urgent)) and "solved"
    end
    update(work, {state = what == "solved" and "done" or "cancelled"})
    if what == "solved" then return "solved by the " .. levels[level] end
  end
  return "nobody solved it"
end)

test("a case of normal priority has two working days on each level", function(t)
  t.at("2025-03-13T09:00") -- a Thursday; the company works from nine to five
  local case = t.create("case", {subject = "No light"})
  t.expect_effect("create task", {title = "Solve No light (first line)", due = at(today() + days(1), "17:00")})
  t.advance(days(1) + hours(7)) -- Friday, four in the afternoon
  t.expect_equal(case.level, 1)
  t.advance(hours(2))
  t.expect_equal(case.level, 2)
  t.expect_effect("create task", {title = "Solve No light (second line)"})
  t.transition(case, "solved")
  t.expect_equal(t.result("case escalation"), "solved by the second line")
end)

test("an urgent one is with the boss after two hours", function(t)
  local case = t.create("case", {subject = "Fire", priority = "urgent"})
  t.advance(hours(2))
  t.expect_equal(case.level, 3)
  t.expect_effect("create task", {title = "Solve Fire (boss)", priority = "urgent"})
end)

test("one of high priority goes up after four hours", function(t)
  local case = t.create("case", {subject = "Smoke", priority = "high"})
  t.advance(hours(4))
  t.expect_equal(case.level, 2)
end)

test("one that becomes urgent has one more hour", function(t)
  local case = t.create("case", {subject = "Smoke", priority = "low"})
  local work = t.expect_effect("create task", {title = "Solve Smoke (first line)"})
  t.update(case, {priority = "urgent"})
  t.expect_equal(work.due, business.hours(1))
  t.advance(hours(1))
  t.expect_equal(work.state, "cancelled")
  t.expect_equal(case.level, 2)
end)

test("one that comes again begins where it was", function(t)
  local case = t.create("case", {subject = "Smoke", priority = "urgent"})
  t.advance(hours(1))
  t.transition(case, "solved")
  t.transition(case, "open")
  t.expect_effect("create task", {title = "Solve Smoke (second line)"})
end)
