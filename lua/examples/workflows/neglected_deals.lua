-- Each Monday whoever has deals to which nothing has happened for two weeks gets a task for each of the largest,
-- unless there is one already. What counts as neglected is said by sales.stages.idle; the report without tasks is
-- `kith sales.neglected`.

local at_most = 5 -- for one seller at a time

workflow("call on neglected deals", {
  every = "0 7 * * mon",
  doc = "Makes tasks for sellers whose deals nobody cares for.",
}, function()
  local made, of = 0, {}
  for _, row in ipairs(action.sales.neglected({}).rows) do
    local asked = find("task where about = :deal and state = 'open'", {deal = row.opportunity})()
    if row.owner and not asked and (of[row.owner.id] or 0) < at_most then
      of[row.owner.id] = (of[row.owner.id] or 0) + 1
      made = made + 1
      task {
        title = "Nothing has happened for " .. row.days .. " days: " .. row.name, about = row.opportunity,
        assignee = row.owner, due = business.days(2), body = row.next_step,
      }
    end
  end
  return made .. " tasks"
end)

test("a deal that nobody cares for is a task for its owner, once", function(t)
  t.at("2025-06-02T10:00") -- a Monday
  local ben = t.create("user", {login = "ben", name = "Ben"})
  local deal = t.create("opportunity", {name = "A boat", owner = ben, next_step = "Ask for the measures"})
  t.create("opportunity", {name = "Nobody's"})
  t.advance(days(13))
  t.expect_equal(t.count("task"), 0)
  t.advance(days(8))
  local made = t.find("task where about = :deal", {deal = deal})()
  t.expect_equal(made.title, "Nothing has happened for 20 days: A boat")
  t.expect_equal(made.body, "Ask for the measures")
  t.advance(days(7))
  t.expect_equal(t.count("task"), 1)
end)
