-- A new customer goes to whoever manages the territory it lies in, and again when it moves. Which territory that
-- is say the territories themselves: their field `rule` is a condition on accounts, such as
--     billing_country = 'DE' and billing_postal_code < '54'
--
-- People write these conditions, so one may be wrong: pcall() catches the error, tells the manager, and the
-- others are tried. Two workflows share what they do by a function at the top of the file.

local function territory_of(account)
  for territory in find("territory where rule is not null order by name") do
    local ok, found = pcall(count, "account where id = :id and (" .. territory.rule .. ")", {id = account})
    if ok and found > 0 then return territory end
    if not ok and count("task where about = :t and state = 'open'", {t = territory}) == 0 then
      task {title = "Mend the rule of the territory " .. territory.name, about = territory,
            assignee = territory.manager, body = tostring(found)}
    end
  end
end

local function assign(account)
  local territory = territory_of(account)
  if not territory then
    task {title = "Find a territory for " .. account.name, about = account, due = business.days(2)}
    return "no territory"
  end
  if account.territory == territory then return "as before" end
  update(account, {territory = territory, owner = territory.manager})

  if wait_for("interaction.created", {account = account}, business.days(5)) then return "met" end
  local larger = territory.parent
  task {title = "Nobody has been in touch with " .. account.name, about = account, priority = "high",
        assignee = larger and larger.manager or territory.manager}
  return "not met"
end

workflow("territory of a new account", {
  on = "account.created",
  where = "territory is null",
  doc = "Gives a new account to the manager of its territory, and tells the next one when nobody gets in touch.",
}, assign)

workflow("territory of an account that moves", {
  on = "account.updated",
  fields = {"billing_country", "billing_postal_code"},
  doc = "Gives an account that moves to the manager of its new territory.",
}, assign)

local function germany(t)
  local anna = t.create("user", {login = "anna", name = "Anna"})
  local ben = t.create("user", {login = "ben", name = "Ben"})
  local all = t.create("territory", {name = "Germany", manager = anna})
  t.create("territory", {name = "A north", parent = all, manager = anna, rule = "billing_postal_code < '3'"})
  t.create("territory", {name = "South", parent = all, manager = ben, rule = "billing_postal_code >= '7'"})
  return anna, ben
end

test("to the manager of its territory, and to another when it moves", function(t)
  local anna, ben = germany(t)
  local acme = t.create("account", {name = "Acme", billing_postal_code = "80331"})
  t.expect_equal(acme.owner, ben)
  t.expect_equal(acme.territory.name, "South")
  t.update(acme, {billing_postal_code = "20095"})
  t.expect_equal(acme.owner, anna)
end)

test("when nobody gets in touch, the larger territory is told", function(t)
  local anna = germany(t)
  local acme = t.create("account", {name = "Acme", billing_postal_code = "80331"})
  t.advance(days(6))
  t.expect_no_effect("create task")
  t.advance(days(1))
  t.expect_effect("create task", {title = "Nobody has been in touch with Acme", about = acme, assignee = anna})
end)

test("an account that was visited is left alone", function(t)
  germany(t)
  local acme = t.create("account", {name = "Acme", billing_postal_code = "80331"})
  t.create("interaction", {account = acme, channel = "meeting"})
  t.advance(days(10))
  t.expect_no_effect("create task")
end)

test("a rule that is wrong is told of, and the others hold", function(t)
  local anna, ben = germany(t)
  t.update(t.find("territory where name = 'A north'")(), {rule = "zip < 3"})
  local acme = t.create("account", {name = "Acme", billing_postal_code = "80331"})
  local mend = t.expect_effect("create task", {title = "Mend the rule of the territory A north", assignee = anna})
  t.expect(mend.body:find("no field 'zip' in account", 1, true), mend.body)
  t.expect_equal(acme.owner, ben)
end)

test("one that lies nowhere needs a person", function(t)
  germany(t)
  t.create("account", {name = "Acme"})
  t.expect_effect("create task", {title = "Find a territory for Acme"})
end)
