-- A lead that was qualified is called by its owner within one business day.

local function next_business_day(day)
  repeat day = day + days(1) until day.weekday <= 5
  return day
end

on("lead.qualified", {
  name = "call qualified leads",
  doc = "Gives the owner of a qualified lead a task to call, due on the next business day.",
}, function(lead)
  task {
    title = "Call " .. lead.name,
    about = lead,
    assignee = lead.owner,
    due = at(next_business_day(today()), "17:00"),
    priority = (lead.score or 0) >= 50 and "urgent" or "high",
    body = lead.phone and "Phone: " .. lead.phone or nil,
  }
end)
