-- A lead that was qualified is called by its owner within one business day.

on("lead.qualified", {
  name = "call qualified leads",
  doc = "Gives the owner of a qualified lead a task to call, due on the next business day.",
}, function(lead)
  task {
    title = "Call " .. lead.name,
    about = lead,
    assignee = lead.owner,
    due = at(business.days(1, today()), "17:00"),
    priority = (lead.score or 0) >= 50 and "urgent" or "high",
    body = lead.phone and "Phone: " .. lead.phone or nil,
  }
end)
