-- A customer accepts a quote by its link, and a rule, a missing approver or a state of ours refuses it: they are told only
-- that it cannot be done as things stand. Whoever owns the quote learns why, and comes back to the customer.
--
-- So it is with all links: of a record without an owner whoever made the link is told.

on("link.refused", {
  name = "answer by a link that was refused",
  doc = "A task for the owner when somebody was refused what they were sent a link for; one at a time.",
}, function(record, event)
  local title = "Refused to whom you sent a link: " .. event.data.action
  if record and count("task where about = :record and title = :title and state = 'open'",
      {record = record, title = title}) > 0 then
    return
  end
  task {
    title = title, about = record, assignee = record and record.owner or event.data.by, priority = "high",
    body = event.data.reason, due = business.hours(4),
  }
end)

local refusal = {number = 7, action = "sales.answer_quote", reason = "Dean Miller has to look at it"}

test("the owner is told why, once until they have done it", function(t)
  local sam = t.create("user", {login = "link.seller", name = "Sam"})
  local lead = t.create("lead", {name = "Ada", owner = sam})
  t.publish("link.refused", lead, refusal)
  local told = t.expect_effect("create task", {title = "Refused to whom you sent a link: sales.answer_quote"})
  t.expect_equal(told.assignee, sam)
  t.expect_equal(told.body, "Dean Miller has to look at it")
  t.publish("link.refused", lead, refusal)
  t.expect_equal(t.count("task where about = :lead", {lead = lead}), 1)
  t.transition(told, "done")
  t.publish("link.refused", lead, refusal)
  t.expect_equal(t.count("task where about = :lead", {lead = lead}), 2)
end)

test("whoever made the link is told where the record has no owner", function(t)
  local sam = t.create("user", {login = "link.maker", name = "Sam"})
  local lead = t.create("lead", {name = "Ada"})
  t.update(lead, {owner = null})
  t.publish("link.refused", lead, {number = 7, action = "sales.offer", reason = "why", by = sam})
  t.expect_equal(t.expect_effect("create task").assignee, sam)
end)
