-- Contracts do not run out unnoticed: ninety, sixty and thirty days before the end there is a task, each more
-- pressing than the last. A contract that is renewed, which moves its end, begins anew with the new end.
--
-- A run may wait for years: that costs a row in the database, nothing more. Needs the type of contract.conf in
-- conf.d/types.

local steps = {
  {left = 90, title = "Ask about the renewal of %s", priority = "normal"},
  {left = 60, title = "Send an offer for %s", priority = "high"},
  {left = 30, title = "Call about %s", priority = "urgent"},
}

-- Waits until that day. True when the contract was renewed or ended before.
local function changed_before(contract, day, ends)
  while today() < day do
    if not wait_for("contract.updated", {record = contract}, day) then return false end
    if contract.ends ~= ends or contract.state == "ended" then return true end
  end
  return false
end

workflow("contract renewal", {
  on = "contract.running",
  doc = "Tasks ninety, sixty and thirty days before a contract ends; it ends by itself on its last day.",
}, function(contract)
  local ends = contract.ends
  local made = {}
  local function renewed()
    for _, one in ipairs(made) do
      if one.state == "open" then update(one, {state = "cancelled"}) end
    end
    if contract.state == "ended" then return "ended early" end
    continue_as_new()
  end

  for _, step in ipairs(steps) do
    local day = ends - days(step.left)
    if day >= today() then -- a contract of six weeks begins with the last step
      if changed_before(contract, day, ends) then return renewed() end
      made[#made + 1] = task {
        title = step.title:format(contract.name), about = contract, priority = step.priority,
        assignee = contract.contact.owner, due = business.days(5, at(day, "17:00")),
        body = contract.yearly and "It brings " .. tostring(contract.yearly) .. " a year.",
      }
    end
  end
  if changed_before(contract, ends + days(1), ends) then return renewed() end
  update(contract, {state = "ended"})
  return "ran out"
end)

local function new_contract(t, ends)
  t.at("2025-01-01T09:00")
  local ann = t.create("contact", {name = "Ann"})
  return t.create("contract", {name = "Support", contact = ann, ends = date(ends), yearly = money("1200 EUR")})
end

test("three tasks, and the end", function(t)
  local contract = new_contract(t, "2025-12-31")
  t.advance(at(date("2025-10-01"), "12:00"))
  t.expect_no_effect("create task")
  t.advance(days(2))
  t.expect_effect("create task", {title = "Ask about the renewal of Support", body = "It brings 1200.00 EUR a year."})
  t.advance(days(30))
  t.expect_effect("create task", {title = "Send an offer for Support", priority = "high"})
  t.advance(days(30))
  t.expect_effect("create task", {title = "Call about Support", priority = "urgent"})
  t.advance(at(date("2025-12-31"), "12:00"))
  t.expect_equal(contract.state, "running")
  t.advance(hours(13))
  t.expect_equal(contract.state, "ended")
  t.expect_equal(t.result("contract renewal"), "ran out")
end)

test("a renewal ends the tasks, and begins anew", function(t)
  local contract = new_contract(t, "2025-06-30")
  t.advance(days(100)) -- 82 days are left
  local ask = t.expect_effect("create task", {title = "Ask about the renewal of Support"})
  t.update(contract, {yearly = money("1500 EUR")})
  t.expect_equal(ask.state, "open")
  t.update(contract, {ends = date("2026-06-30")})
  t.expect_equal(ask.state, "cancelled")
  t.advance(days(360))
  t.expect_equal(t.count("task where title = 'Send an offer for Support'"), 0)
  t.expect_equal(t.count("task where title = 'Ask about the renewal of Support'"), 2)
end)

test("a short contract begins with what is left", function(t)
  new_contract(t, "2025-02-15")
  t.advance(days(20))
  t.expect_no_effect("create task", {title = "Send an offer for Support"})
  t.expect_effect("create task", {title = "Call about Support"})
end)
