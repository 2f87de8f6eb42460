-- From a lead to a customer: a new lead gets an owner in turn, and a qualified one becomes a contact, an
-- account and an opportunity, with a task to prepare the first meeting. Needs the module sales and teams with
-- the names below.

local team_for = {chat = "Inside sales", form = "Inside sales", referral = "Field sales"}

on("lead.created", {
  name = "give new leads an owner",
  doc = "Assigns a new lead in turn within the team for its source.",
  where = "owner is null and source in ('chat', 'form', 'referral')",
}, function(lead)
  action.sales.assign {lead = lead, team = team_for[lead.source]}
end)

on("lead.qualified", {
  name = "convert qualified leads",
  doc = "Makes a customer of a qualified lead, or asks its owner to do it where that needs a person.",
}, function(lead)
  local ok, made = pcall(action.sales.convert, {lead = lead, close_on = today() + days(90)})
  if ok then
    task {
      title = "Prepare the first meeting: " .. made.opportunity.name,
      about = made.opportunity,
      assignee = lead.owner,
      due = at(today() + days(3), "12:00"),
    }
  else
    task {title = "Convert " .. lead.name .. " by hand", about = lead, assignee = lead.owner, body = tostring(made)}
  end
end)
