-- A lead that was silent for two months and then clicks, writes or calls is worth more than a new one: it is tagged,
-- its owner is told to call, and it is shown our story, unless it was lately.
--
-- A click is an interaction that they began; one on what a cadence showed them is logged when the exposure is viewed.

local silence, not_again = days(60), days(90)
local tag = "re-engaged"

local function lead_of(click)
  local about = click.about
  local lead = about and find("lead where id = :id and state in ('new', 'working', 'qualified', 'unqualified')",
    {id = about.id})()
  return lead or click.contact and find("lead where contact = :contact and state in ('new', 'working', 'unqualified')"
    .. " order by -created limit 1", {contact = click.contact})()
end

-- Since when nothing was heard of it: the last thing that the lead did, or its beginning.
local function was_silent(lead, click)
  local since = click.at - silence
  if lead.created > since then return false end
  local heard = count("interaction where about = :lead and direction = 'in' and not planned and at > :since and id != :this",
    {lead = lead, since = since, this = click.id})
  if lead.contact then
    heard = heard + count("interaction where contact = :contact and not planned and at > :since and id != :this",
      {contact = lead.contact, since = since, this = click.id})
  end
  return heard == 0 and not (lead.last_contacted and lead.last_contacted > since)
end

local function add_tag(lead)
  local tags = lead.tags or {}
  for _, one in ipairs(tags) do
    if one == tag then return end
  end
  tags[#tags + 1] = tag
  update(lead, {tags = tags})
end

local function show_story(lead)
  if count("exposure where lead = :lead and cadence = :tag and at > :since",
      {lead = lead, tag = tag, since = now() - not_again}) > 0 then
    return
  end
  local story = find("material where kind = 'story' and active order by position limit 1")()
  action.sales.expose {lead = lead, cadence = tag, step = 1, channel = "email", material = story,
    subject = "What happened since we last spoke"}
end

on("interaction.created", {
  name = "re-engaged lead",
  where = "direction = 'in' and not planned and (about is not null or contact is not null)",
  doc = "A tag, a call and our story for a lead that comes back after two months of silence.",
}, function(click, event)
  if event.origin == "import" then return end
  local lead = lead_of(click)
  if not lead or not was_silent(lead, click) then return end
  add_tag(lead)
  if lead.state == "unqualified" then update(lead, {state = "working"}) end
  show_story(lead)
  task {
    title = "Call " .. lead.name .. ", who is back", about = lead, assignee = lead.owner, priority = "high",
    body = click.subject, due = business.hours(8),
  }
end)

local function old_lead(t)
  local ann = t.create("contact", {name = "Ann"})
  local lead = t.create("lead", {name = "Ann", contact = ann, source = "web"})
  t.advance(days(100))
  return lead, ann
end

local function click(t, values)
  values.channel, values.direction, values.subject = "web", "in", "Spring offer"
  return t.create("interaction", values)
end

local back = {title = "Call Ann, who is back"}

test("a click on a promotion link after a hundred days: a tag, a call, our story", function(t)
  local story = t.create("material", {name = "How we began", kind = "story"})
  local lead, ann = old_lead(t)
  click(t, {contact = ann})
  t.expect_equal(t.expect_effect("create task", back).body, "Spring offer")
  t.expect_effect("create exposure", {lead = lead, material = story, channel = "email"})
  t.expect_equal(lead.tags[1], "re-engaged")
end)

test("so does a click on what was shown, and a lead that was given up is taken up again", function(t)
  local lead = old_lead(t)
  t.transition(lead, "unqualified")
  click(t, {about = lead})
  t.expect_effect("create task", back)
  t.expect_equal(lead.state, "working")
end)

test("a new lead is not back", function(t)
  local ann = t.create("contact", {name = "Ann"})
  t.create("lead", {name = "Ann", contact = ann, source = "web"})
  click(t, {contact = ann})
  t.expect_no_effect("create task", back)
end)

test("a lead that was in touch lately is not back either", function(t)
  local _, ann = old_lead(t)
  t.create("interaction", {contact = ann, channel = "call", direction = "out", at = now() - days(30)})
  click(t, {contact = ann})
  t.expect_no_effect("create task", back)
end)

test("nobody is called twice for one return, nor told the story twice in three months", function(t)
  local lead, ann = old_lead(t)
  click(t, {contact = ann})
  click(t, {contact = ann})
  t.advance(days(75))
  click(t, {contact = ann})
  t.expect_equal(t.count("task where title = 'Call Ann, who is back'"), 2)
  t.expect_equal(t.count("exposure where lead = :lead", {lead = lead}), 1)
end)
