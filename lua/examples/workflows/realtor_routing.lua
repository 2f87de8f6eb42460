-- A realtor's form asks where somebody looks for a house and how soon. From that follows one of three ways:
-- a call within the hour, a series of letters with a call after four months, or letters alone for those who look
-- where we do not work. A lead goes to who manages the territory of that name.
--
-- Needs the module sales, the fields of lead.conf in conf.d/types, and territories (kith create territory
-- name=Riverside manager=ID). The ways are functions in a table: a fourth one is a few lines more.

local function label(lead, text)
  local labels = lead.labels or {}
  labels[#labels + 1] = text
  update(lead, {labels = labels})
end

local function letter(lead, subject)
  create("interaction", {about = lead, contact = lead.contact, channel = "email", direction = "out",
    planned = true, subject = subject})
end

local ways = {}

function ways.fast(lead)
  label(lead, "hot lead")
  update(lead, {state = "working"})
  task {title = "Call " .. lead.name .. " now", about = lead, assignee = lead.owner, priority = "urgent",
        due = business.hours(1)}
end

function ways.slow(lead)
  label(lead, "long-term nurture")
  for month = 1, 4 do
    letter(lead, "Letter " .. month .. ": houses in " .. lead.area)
    sleep(days(30))
    if lead.state ~= "new" then return end -- somebody has taken care meanwhile
  end
  task {title = "Ask " .. lead.name .. " about the plans", about = lead, assignee = lead.owner,
        due = business.hours(8)}
end

function ways.elsewhere(lead)
  label(lead, "out of area")
  letter(lead, "Our course: how to buy a house")
end

workflow("realtor's form", {
  on = "lead.created",
  where = "source = 'form' and area is not null",
  doc = "Sends a lead of the form one of three ways, by its area and how soon it wants to buy.",
}, function(lead)
  local territory = find("territory where name = :area limit 1", {area = lead.area})()
  if territory and not lead.owner then update(lead, {owner = territory.manager}) end
  local way = not territory and "elsewhere" or (lead.buys_within or 12) <= 2 and "fast" or "slow"
  ways[way](lead)
  return way
end)

local function form(t, area, months)
  local rosa = t.create("user", {login = "rosa", name = "Rosa"})
  t.create("territory", {name = "Riverside", manager = rosa})
  return t.create("lead", {name = "Ann", source = "form", area = area, buys_within = months}), rosa
end

test("who buys soon is called within the hour by the manager of the territory", function(t)
  local lead, rosa = form(t, "Riverside", 2)
  t.expect_effect("create task", {title = "Call Ann now", assignee = rosa, due = business.hours(1)})
  t.expect_equal(lead.labels[1], "hot lead")
  t.advance(days(200))
  t.expect_no_effect("create interaction")
end)

test("three months are later", function(t)
  local lead = form(t, "Riverside", 3)
  t.expect_equal(t.result("realtor's form"), nil)
  t.expect_equal(lead.labels[1], "long-term nurture")
end)

test("who buys later gets four letters, then a call", function(t)
  local lead, rosa = form(t, "Riverside", 6)
  t.expect_effect("create interaction", {subject = "Letter 1: houses in Riverside", about = lead})
  t.advance(days(119))
  t.expect_effect("create interaction", {subject = "Letter 4: houses in Riverside"})
  t.expect_no_effect("create task")
  t.advance(days(1))
  t.expect_effect("create task", {title = "Ask Ann about the plans", assignee = rosa})
  t.expect_equal(lead.labels[1], "long-term nurture")
end)

test("the letters end when somebody takes care", function(t)
  local lead = form(t, "Riverside", 6)
  t.transition(lead, "working")
  t.advance(days(200))
  t.expect_no_effect("create interaction", {subject = "Letter 2: houses in Riverside"})
end)

test("elsewhere there is nothing but the course", function(t)
  local lead = form(t, "Hilltop", 1)
  t.expect_effect("create interaction", {subject = "Our course: how to buy a house"})
  t.advance(days(200))
  t.expect_no_effect("create task")
  t.expect_equal(lead.labels[1], "out of area")
  t.expect(not lead.owner)
end)
