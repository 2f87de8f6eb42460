-- Whom nobody sells to yet, though they are worth it: each working morning contacts and accounts that meet one of the
-- conditions become leads, each of them once, a few at a time.
--
-- The conditions are of the query language; write what your buyers have in common. `source` is what the lead says.

local a_day = 50 -- leads for each condition

local conditions = {
  {of = "contact", source = "other", why = "Got in touch with us, and nobody sells to them yet.",
    when = "lifecycle = 'prospect' and exists(interaction.contact where direction = 'in' and at > now() - 7d)"},
  {of = "account", source = "other", why = "A key account to be, without a deal or a person whom we know.",
    when = "kind = 'prospect' and tagged('target')"},
}

-- Whoever was a lead once, of whatever became of it, is none again.
local fresh = {
  contact = "not exists(lead.contact) and not exists(opportunity.contact)",
  account = "not exists(lead.account) and not exists(opportunity.account)",
}

every("50 6 * * 1-5", {
  name = "find prospects",
  doc = "Makes leads of contacts and accounts that meet a condition and were none before.",
}, function()
  for _, c in ipairs(conditions) do
    local found = {}
    for who in find(c.of .. " where (" .. c.when .. ") and " .. fresh[c.of] .. " order by created limit " .. a_day) do
      found[#found + 1] = who
    end
    for _, who in ipairs(found) do
      local contact = c.of == "contact"
      create("lead", {
        name = who.name, source = c.source, interest = c.why, owner = who.owner,
        contact = contact and who or nil, account = contact and who.account or not contact and who or nil,
        email = contact and who.email or nil, phone = contact and who.phone or nil,
        company = not contact and who.name or nil,
      })
    end
  end
end)

local function in_touch(t, name)
  local ann = t.create("contact", {name = name, email = name:lower() .. "@example.org"})
  t.transition(ann, "prospect")
  t.create("interaction", {contact = ann, channel = "web", direction = "in"})
  return ann
end

test("who got in touch becomes a lead the next morning, and only once", function(t)
  local ann = in_touch(t, "Ann")
  t.create("contact", {name = "Ben"})
  t.expect_no_effect("create lead")
  t.advance(days(1))
  local lead = t.expect_effect("create lead", {name = "Ann", contact = ann, email = "ann@example.org"})
  t.transition(lead, "unqualified")
  t.advance(days(5))
  t.expect_equal(t.count("lead"), 1)
end)

test("an account that is a target does, with its company", function(t)
  local acme = t.create("account", {name = "Acme", kind = "prospect", tags = {"target"}})
  t.create("account", {name = "Other", kind = "prospect"})
  t.advance(days(7))
  t.expect_equal(t.count("lead where account = :acme and company = 'Acme'", {acme = acme}), 1)
  t.expect_equal(t.count("lead"), 1)
end)

test("who is a lead, or has a deal, is left alone", function(t)
  local ann, ben = in_touch(t, "Ann"), in_touch(t, "Ben")
  t.create("lead", {name = "Ann", contact = ann})
  t.create("opportunity", {name = "A deal", contact = ben})
  t.advance(days(7))
  t.expect_equal(t.count("lead"), 1)
end)
