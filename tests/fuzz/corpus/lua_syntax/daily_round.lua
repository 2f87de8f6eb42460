-- Nobody is forgotten: every working morning, new leads that nobody has touched for two days become tasks,
-- and a new contact that cannot be reached is completed.

every("0 8 * * 1-5", {
  name = "forgotten leads",
  doc = "Makes a task for each lead that is new for two days and has no open task.",
}, function()
  for lead in find("lead where state = 'new' and created < now() - 2d order by created limit 200") do
    if count("task where about = :lead and state = 'open'", {lead = lead}) == 0 then
      task {
        title = "First contact with " .. lead.name,
        about = lead,
        assignee = lead.owner,
        due = at(today(), "17:00"),
      }
    end
  end
end)

on("contact.created", {
  name = "complete contact",
  doc = "Asks for the missing mail address or phone number of a new contact.",
  where = "email is null and phone is null",
}, function(contact)
  task {
    title = "Complete the data of " .. contact.name,
    about = contact,
    assignee = contact.owner,
    due = at(today() + days(7), "17:00"),
    priority = "low",
    body = "The contact has neither a mail address nor a phone number.",
  }
end)
