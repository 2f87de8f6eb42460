-- Before a meeting there is something to prepare, and after it something to write down and to go on with. Whoever
-- has the meeting is reminded of all three, at the right time also when the meeting is moved.
--
-- A meeting is an interaction by the channel "meeting" that is planned. What came of it stands in its outcome.

local function half_a_day_before(meeting)
  return business.hours(-4, meeting.at)
end

workflow("meeting", {
  on = "interaction.created",
  where = "channel = 'meeting' and planned and at is not null",
  doc = "Tasks to prepare a meeting, to write down what came of it, and to get in touch afterwards.",
}, function(meeting)
  local about = meeting.subject or "the meeting"
  local function remind(title, due)
    return task {title = title .. about, about = meeting, assignee = meeting.owner, due = due}
  end

  local prepare = remind("Prepare ", half_a_day_before(meeting))
  while meeting.planned and now() < meeting.at + hours(1) do
    if wait_for("interaction.updated", {record = meeting}, meeting.at + hours(1)) then
      update(prepare, {due = half_a_day_before(meeting)}) -- it was moved
    end
  end
  if prepare.state == "open" then update(prepare, {state = "done"}) end

  if not meeting.outcome then
    local write = remind("Write down what came of ", business.hours(8))
    local last = business.days(5)
    repeat
      if not wait_for("interaction.updated", {record = meeting}, last) then return "not written down" end
    until meeting.outcome
    update(write, {state = "done"})
  end

  if not meeting.contact then return "written down" end
  local held = now()
  sleep(business.days(3))
  local since = count("interaction where contact = :c and created > :held", {c = meeting.contact, held = held})
  if since > 0 then return "in touch" end
  remind("Get in touch after ", business.hours(8))
  return "reminded"
end)

local function plan(t)
  t.at("2025-03-10T10:00") -- a Monday
  local ann = t.create("contact", {name = "Ann"})
  local meeting = t.create("interaction", {contact = ann, channel = "meeting", planned = true,
    at = at(date("2025-03-13"), "10:00"), subject = "the new plant"})
  return meeting, t.expect_effect("create task", {title = "Prepare the new plant", about = meeting})
end

test("prepared half a working day before, also when it is moved", function(t)
  local meeting, prepare = plan(t)
  t.expect_equal(prepare.due, at(date("2025-03-12"), "14:00"))
  t.update(meeting, {at = at(date("2025-03-20"), "16:00")})
  t.expect_equal(prepare.due, at(date("2025-03-20"), "12:00"))
  t.advance(days(5))
  t.expect_no_effect("create task", {title = "Write down what came of the new plant"})
end)

test("written down, and gone on with", function(t)
  local meeting, prepare = plan(t)
  t.advance(days(3) + hours(1)) -- Thursday at eleven
  t.expect_equal(prepare.state, "done")
  local write = t.expect_effect("create task", {title = "Write down what came of the new plant"})
  t.update(meeting, {planned = false})
  t.expect_equal(write.state, "open")
  t.update(meeting, {outcome = "wants an offer"})
  t.expect_equal(write.state, "done")
  t.advance(days(5))
  t.expect_effect("create task", {title = "Get in touch after the new plant"})
end)

test("whoever was in touch is not reminded", function(t)
  local meeting = plan(t)
  t.advance(days(2))
  t.update(meeting, {planned = false, outcome = "wants an offer"})
  t.advance(days(1))
  t.create("interaction", {contact = meeting.contact, channel = "call", direction = "out"})
  t.advance(days(5))
  t.expect_equal(t.result("meeting"), "in touch")
end)
