-- A letter that comes back says that an address is wrong. After the second one the address counts as not
-- verified, and somebody who knows the customer gets a list of the other ways to ask for the new one. When the
-- address is mended the task is done by itself; when nobody does it in a month, the contact is labelled.
--
-- That a letter came back is an interaction by mail with the outcome "bounced". render() writes the list:
-- what stands between {{#points}} and {{/points}} comes once for each.

local question = [[
Mail to {{contact.email}} comes back. Other ways to reach {{contact.name}}:
{{#points}}
- {{kind}}{{#label}} ({{label}}){{/label}}: {{value}}
{{/points}}
{{^points}}
none: look for the organisation instead.
{{/points}}
]]

workflow("bounced address", {
  on = "interaction.updated",
  fields = {"outcome"},
  where = "outcome = 'bounced' and channel = 'email' and contact.email is not null",
  doc = "Has somebody ask for the new mail address of a contact when letters come back.",
}, function(letter)
  local contact = letter.contact
  local wrong = contact.email
  local back = count("interaction where contact = :c and outcome = 'bounced' and at > now() - 90d", {c = contact})
  if back < 2 then return "wait for a second one" end
  if count("task where about = :c and state = 'open' and title like 'Find the address of%'", {c = contact}) > 0 then
    return "somebody looks for it"
  end

  local points = {}
  for point in find("contact_point where contact = :c and kind != 'postal' order by kind, id", {c = contact}) do
    if point.value == wrong then
      update(point, {verified = null})
    else
      points[#points + 1] = point
    end
  end
  local search = task {
    title = "Find the address of " .. contact.name, about = contact, assignee = contact.owner,
    due = business.days(5), priority = "low", body = render(question, {contact = contact, points = points}),
  }

  local last = now() + days(30)
  while contact.email == wrong do
    if not wait_for("contact.updated", {record = contact}, last) then
      local tags = contact.tags or {}
      tags[#tags + 1] = "no mail address"
      update(contact, {tags = tags})
      return "not found"
    end
  end
  update(search, {state = "done"})
  return "mended"
end)

local function bounce(t, ann)
  local letter = t.create("interaction", {contact = ann, channel = "email", direction = "out", at = now()})
  return t.update(letter, {outcome = "bounced"})
end

local function person(t)
  local ann = t.create("contact", {name = "Ann", email = "ann@old.example"})
  t.create("contact_point", {contact = ann, kind = "phone", value = "+49 30 123456", label = "work"})
  bounce(t, ann)
  t.expect_no_effect("create task")
  return ann
end

test("after the second letter somebody is asked to call", function(t)
  local ann = person(t)
  bounce(t, ann)
  local search = t.expect_effect("create task", {title = "Find the address of Ann", about = ann})
  t.expect(search.body:find("- phone (work): +49 30 123456\n", 1, true), search.body)
  t.expect(not search.body:find("none:", 1, true), search.body)
  t.update(ann, {city = "Bonn"})
  t.expect_equal(search.state, "open")
  t.update(ann, {email = "ann@new.example"})
  t.expect_equal(search.state, "done")
end)

test("two are no reason for two tasks", function(t)
  local ann = person(t)
  bounce(t, ann)
  bounce(t, ann)
  t.expect_equal(t.count("task where title = 'Find the address of Ann'"), 1)
end)

test("what nobody finds is labelled, and other labels stay", function(t)
  local ann = person(t)
  t.update(ann, {tags = {"press"}})
  bounce(t, ann)
  t.advance(days(31))
  t.expect_equal(table.concat(ann.tags, ", "), "no mail address, press")
end)
