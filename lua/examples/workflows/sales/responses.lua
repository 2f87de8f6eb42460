-- Who responds to a campaign is contacted within a working day, and is sent information about the product at once.
--
-- A response is a record: a form, an import (`kith import response FILE`), a rule or another system writes it, and
-- Kith finds the lead of whoever responded, or makes one:
--     kith create response campaign="Spring fair" name=Ann email=ann@example.org interest="the small pump"
-- Which cadence the lead is put into is said in cadences.lua. Leads that are imported as such are left alone.

local first_contact = hours(8) -- of working time
local information = "Information about what you asked for"

local function information_for(campaign)
  return find("material where kind = 'product_information' and active and (campaign is null or campaign = :campaign)"
    .. " order by -campaign, position limit 1", {campaign = campaign})()
end

workflow("response", {
  on = "lead.responded",
  where = "state in ('new', 'working', 'qualified')",
  doc = "A task to contact a lead that responded, and information about the product; urgent when it is late.",
}, function(lead, event)
  local campaign = event.data.campaign
  action.sales.expose {lead = lead, step = 0, channel = "email", subject = information,
    material = information_for(campaign)}
  if not lead.owner then sleep(minutes(1)) end -- it is being assigned
  local due = business.hours(first_contact)
  local contact = task {
    title = "Contact " .. lead.name .. " about " .. campaign, about = lead, assignee = lead.owner, priority = "high",
    due = due, body = lead.interest,
  }
  local why = wait_any({
    done = {"task.done", {record = contact}},
    cancelled = {"task.cancelled", {record = contact}},
    spoke = {"interaction.created", {about = lead, direction = "out"}},
    converted = {"lead.converted", {record = lead}},
    unqualified = {"lead.unqualified", {record = lead}},
  }, due)
  if why == "spoke" then update(contact, {state = "done"}) end
  if why == "converted" or why == "unqualified" then update(contact, {state = "cancelled"}) end
  if not why then
    update(contact, {priority = "urgent", title = "Contact " .. lead.name .. " now, who waits since " .. campaign})
  end
  return why or "late"
end)

local function respond(t, values)
  values.campaign, values.name, values.email = "Spring fair", "Ann", "ann@example.org"
  t.create("response", values)
  return t.find("lead where email = 'ann@example.org'")()
end

test("a response becomes a lead with its campaign, a task, and information", function(t)
  local sheet = t.create("material", {name = "The small pump", kind = "product_information", campaign = "Spring fair"})
  t.create("material", {name = "All we make", kind = "product_information"})
  local lead = respond(t, {interest = "the small pump"})
  t.expect_equal(lead.campaign, "Spring fair")
  t.expect_equal(lead.source, "campaign")
  t.expect_effect("create exposure", {lead = lead, material = sheet})
  t.advance(minutes(1))
  local contact = t.expect_effect("create task", {title = "Contact Ann about Spring fair", about = lead})
  t.expect_equal(contact.body, "the small pump")
  t.expect(contact.due <= now() + days(5))
end)

test("who waits too long is urgent", function(t)
  respond(t, {})
  t.advance(minutes(1))
  local contact = t.expect_effect("create task", {title = "Contact Ann about Spring fair", priority = "high"})
  t.advance(days(5))
  t.expect_equal(contact.priority, "urgent")
  t.expect_equal(t.result("response"), "late")
end)

test("who was written to needs no task any more", function(t)
  local lead = respond(t, {})
  t.advance(minutes(1))
  local contact = t.expect_effect("create task", {title = "Contact Ann about Spring fair", priority = "high"})
  t.create("interaction", {about = lead, channel = "email", direction = "out"})
  t.expect_equal(contact.state, "done")
end)

test("nobody contacts a lead that is given up meanwhile", function(t)
  local lead = respond(t, {})
  t.advance(minutes(1))
  local contact = t.expect_effect("create task", {title = "Contact Ann about Spring fair"})
  t.transition(lead, "unqualified")
  t.expect_equal(contact.state, "cancelled")
end)

test("the next response of the same person is about the same lead", function(t)
  local lead = respond(t, {})
  t.create("response", {campaign = "Autumn fair", email = "ANN@example.org"})
  t.expect_equal(t.count("lead"), 1)
  t.expect_equal(lead.campaign, "Spring fair")
  t.expect_equal(t.count("response where known = 'lead' and lead = :lead", {lead = lead}), 1)
end)

test("a contact that responds gets a lead of its own, with its owner", function(t)
  local rosa = t.create("user", {login = "rosa", name = "Rosa"})
  local ann = t.create("contact", {name = "Ann", email = "ann@example.org", owner = rosa})
  local lead = respond(t, {})
  t.expect_equal(lead.contact, ann)
  t.expect_equal(lead.owner, rosa)
  t.expect_effect("create task", {title = "Contact Ann about Spring fair", assignee = rosa})
end)

test("leads that are not responses are left alone", function(t)
  t.create("lead", {name = "Ben", source = "import", campaign = "Spring fair"})
  t.advance(days(10))
  t.expect_no_effect("create task", {title = "Contact Ben about Spring fair"})
end)
