-- Nobody forgets an appointment: the customer is reminded a day before by mail, the seller an hour before, also when
-- it is moved; when it is called off, nobody is.
--
-- An appointment is an interaction that is planned, by the channel meeting or call, with a time. The mail is an
-- exposure of a lead (`kith report sales.to_send`); of others it is a task.

local customer_before, seller_before = days(1), hours(1)

local function name_of(meeting)
  local who = meeting.contact or meeting.about
  return who and who.name or meeting.subject or "the customer"
end

local function lead_of(meeting)
  return meeting.about and find("lead where id = :id", {id = meeting.about.id})()
end

-- False when it was moved or called off meanwhile.
local function wait_until(meeting, at, due)
  while now() < due do
    wait_for("interaction.updated", {record = meeting}, due)
    if meeting.at ~= at or not meeting.planned then return false end
  end
  return true
end

local function remind_customer(meeting)
  local lead = lead_of(meeting)
  local what = "Reminder: " .. (meeting.subject or "our appointment") .. " at " .. tostring(meeting.at)
  local shown = lead and action.sales.expose {lead = lead, step = 0, channel = "email", subject = what}
  if shown and shown.exposure then return end
  task {title = "Remind " .. name_of(meeting) .. " of " .. (meeting.subject or "the appointment"), about = meeting,
    assignee = meeting.owner, due = meeting.at - seller_before}
end

local function remind_seller(meeting)
  task {title = "Soon: " .. (meeting.subject or "appointment") .. " with " .. name_of(meeting), about = meeting,
    assignee = meeting.owner, due = meeting.at, reminder = now(), priority = "high"}
end

local function remind(meeting)
  while meeting.planned and meeting.at and meeting.at > now() do
    local at = meeting.at
    local ahead = at - customer_before > now()
    if not ahead or wait_until(meeting, at, at - customer_before) then
      if ahead then remind_customer(meeting) end
      if wait_until(meeting, at, at - seller_before) then
        remind_seller(meeting)
        if wait_until(meeting, at, at) then return "reminded" end
      end
    end
  end
  return "called off"
end

workflow("appointment reminder", {
  on = "interaction.created",
  where = "planned and at > now() and channel in ('meeting', 'call')",
  doc = "Reminds the customer a day before an appointment, and the seller an hour before.",
}, remind)

local function meet(t, values)
  t.at("2025-03-10T10:00") -- a Monday
  local rosa = t.create("user", {login = "rosa", name = "Rosa"})
  local lead = t.create("lead", {name = "Ann", owner = rosa})
  values.about, values.owner, values.channel, values.planned, values.subject = lead, rosa, "meeting", true, "The pump"
  values.at = at(date("2025-03-13"), "15:00")
  return t.create("interaction", values), lead, rosa
end
local soon = {title = "Soon: The pump with Ann"}

test("the lead is reminded a day before, the seller an hour before", function(t)
  local meeting, lead, rosa = meet(t, {})
  t.advance(at(date("2025-03-12"), "14:59"))
  t.expect_no_effect("create exposure", {lead = lead})
  t.advance(minutes(1))
  t.expect_effect("create exposure", {lead = lead, channel = "email"})
  t.advance(at(date("2025-03-13"), "13:59"))
  t.expect_no_effect("create task", soon)
  t.advance(minutes(1))
  local task = t.expect_effect("create task", soon)
  t.expect_equal(task.assignee, rosa)
  t.expect_equal(task.due, meeting.at)
  t.advance(hours(1))
  t.expect_equal(t.result("appointment reminder"), "reminded")
end)

test("when it is moved they are reminded at the new time", function(t)
  local meeting, lead = meet(t, {})
  t.advance(days(1))
  t.update(meeting, {at = at(date("2025-03-20"), "09:00")})
  t.advance(at(date("2025-03-19"), "08:00"))
  t.expect_no_effect("create exposure", {lead = lead})
  t.advance(hours(1))
  t.expect_effect("create exposure", {lead = lead})
end)

test("when it is called off nobody is", function(t)
  local meeting = meet(t, {})
  t.update(meeting, {planned = false, outcome = "called off"})
  t.advance(days(10))
  t.expect_no_effect("create task", soon)
  t.expect_equal(t.result("appointment reminder"), "called off")
end)
