-- The first weeks of a new customer: three tasks side by side, each of which must be done within two weeks. When
-- all are done there is a call to ask how it goes; what is not done by then goes to whoever leads.
--
-- wait_all() waits for several events at once, and gives those that came: what is missing is nil.

local steps = {
  contract = "File the signed contract",
  training = "Give the first training",
  access = "Set up access",
}

workflow("onboarding", {
  on = "contact.customer",
  again = "once", -- who becomes a customer a second time knows us already
  doc = "Three tasks for a new customer, a call when all are done, an urgent task for what is not.",
}, function(contact)
  local parent = task {title = "Onboard " .. contact.name, about = contact, assignee = contact.owner}
  local waits = {}
  for name, title in pairs(steps) do
    local step = task {title = title .. ": " .. contact.name, about = contact, assignee = contact.owner,
                       parent = parent, due = business.days(5)}
    waits[name] = {"task.done", {record = step}}
  end

  local done, missing = wait_all(waits, days(14)), {}
  for name, title in pairs(steps) do
    if not done[name] then missing[#missing + 1] = title end
  end
  if #missing > 0 then
    task {title = "Onboarding of " .. contact.name .. " is late", about = contact, priority = "urgent",
          body = table.concat(missing, "\n")}
    return #missing .. " missing"
  end
  sleep(business.days(3))
  task {title = "Ask " .. contact.name .. " how it goes", about = contact, assignee = contact.owner,
        due = business.hours(8)}
  return "all done"
end)

local function new_customer(t)
  local ann = t.create("contact", {name = "Ann"})
  t.transition(ann, "customer")
  local parent = t.expect_effect("create task", {title = "Onboard Ann"})
  return ann, parent
end

test("when all is done, the whole is, and the customer is called three working days later", function(t)
  local _, parent = new_customer(t) -- on a Tuesday
  for step in t.find("task where parent is not null") do t.transition(step, "done") end
  t.expect_equal(parent.state, "done")
  t.advance(days(2))
  t.expect_no_effect("create task", {title = "Ask Ann how it goes"})
  t.advance(days(1))
  t.expect_effect("create task", {title = "Ask Ann how it goes"})
end)

test("what is missing after two weeks is named", function(t)
  local ann = new_customer(t)
  for step in t.find("task where parent is not null and title != 'Give the first training: Ann'") do
    t.transition(step, "done")
  end
  t.advance(days(14))
  t.expect_effect("create task", {about = ann, priority = "urgent", body = "Give the first training"})
  t.expect_equal(t.result("onboarding"), "1 missing")
end)

test("only once", function(t)
  local ann = new_customer(t)
  t.advance(days(20))
  t.transition(ann, "lost")
  t.transition(ann, "customer")
  t.expect_no_effect("create task", {title = "Onboard Ann"})
end)
