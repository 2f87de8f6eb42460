-- A letter a month to people who may buy one day, as long as they agree: the series ends at once when somebody
-- withdraws the consent, becomes a customer or writes back.
--
-- It begins with the yes to the purpose "newsletter". A run keeps a log of all that it did, so one that goes
-- round for ever begins anew by continue_as_new(), with what it must remember.

local letters = {"What our customers say", "Five questions to ask first", "What it costs, and what it saves"}

workflow("nurture series", {
  on = "consent.given",
  where = "purpose.name = 'newsletter' and contact.lifecycle = 'prospect'",
  doc = "Writes a letter a month to a prospect who agreed to the newsletter, until something happens.",
}, function(consent, event)
  local contact = consent.contact
  local round = event.data and event.data.round or 1
  local why = wait_any({
    withdrawn = {"consent.withdrawn", {contact = contact}},
    customer = {"contact.customer", {record = contact}},
    answered = {"interaction.created", {contact = contact, direction = "in"}},
  }, days(30))
  if why == "answered" then
    task {title = "Answer " .. contact.name .. ", who reads our letters", about = contact,
          assignee = contact.owner, due = business.hours(8)}
  end
  if why then return why .. " after " .. round - 1 .. " letters" end

  -- An address may have said no by another way meanwhile, such as an unsubscribe link.
  if count("contact where id = :c and consent('newsletter')", {c = contact}) == 0 then return "no consent" end
  create("interaction", {
    contact = contact, channel = "email", direction = "out", planned = true,
    subject = letters[(round - 1) % #letters + 1],
  })
  continue_as_new {round = round + 1}
end)

local function reader(t)
  local purpose = t.create("purpose", {name = "newsletter", description = "One letter a month"})
  local ann = t.create("contact", {name = "Ann", email = "ann@example.org"})
  local yes = t.create("consent", {contact = ann, purpose = purpose, state = "given"})
  return ann, yes
end

test("a letter a month, and the first again after the last", function(t)
  local ann = reader(t)
  t.advance(days(121))
  t.expect_equal(t.count("interaction where contact = :ann", {ann = ann}), 4)
  t.expect_equal(t.count("interaction where subject = 'What our customers say'"), 2)
end)

test("it ends with the consent", function(t)
  local _, yes = reader(t)
  t.advance(days(31))
  t.expect_effect("create interaction", {subject = "What our customers say"})
  t.transition(yes, "withdrawn")
  t.advance(days(100))
  t.expect_no_effect("create interaction")
  t.expect_equal(t.result("nurture series"), "withdrawn after 1 letters")
end)

test("whoever writes back is answered by a person", function(t)
  local ann = reader(t)
  t.create("interaction", {contact = ann, channel = "email", direction = "in", subject = "Tell me more"})
  t.expect_effect("create task", {about = ann})
  t.advance(days(100))
  t.expect_no_effect("create interaction")
end)
