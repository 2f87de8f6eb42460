-- What somebody waits for is there: whoever cares for them, or wrote the wish down, tells them. Nobody writes to the
-- customer by it. The task goes when they have bought it, or want it no more.

workflow("tell who waits", {
  on = "wanted_item.available",
  again = "always",
  doc = "A task to tell a customer that what they wait for is in stock.",
}, function(wish)
  local who = wish.contact
  local todo = task {
    title = "Tell " .. who.name .. ": " .. wish.product.name .. " is there", about = wish,
    assignee = who.owner or wish.owner, due = business.hours(4), priority = "high",
  }
  local ended = wait_any({
    bought = {"wanted_item.bought", {record = wish}},
    given_up = {"wanted_item.given_up", {record = wish}},
    done = {"task.done", {record = todo}},
  }, days(30))
  if ended ~= "done" and todo.state == "open" then update(todo, {state = "cancelled"}) end
  return ended or "no answer"
end)

local function arrived(t)
  local sam = t.create("user", {login = "wanted.sam", name = "Sam"})
  local ann = t.create("contact", {name = "Ann", owner = sam})
  local pen = t.create("product", {code = "wanted.pen", name = "Pen", price = money("10 EUR")})
  local wish = t.create("wanted_item", {contact = ann, product = pen})
  t.expect_no_effect("create task")
  local stock = t.create("stock", {product = pen, location = "main"})
  t.create("stock_movement", {stock = stock, kind = "receipt", quantity = 5})
  t.advance(minutes(1))
  return wish, sam
end

test("whoever cares for the customer tells them", function(t)
  local wish, sam = arrived(t)
  local todo = t.expect_effect("create task", {about = wish, assignee = sam, priority = "high"})
  t.expect_equal(todo.title, "Tell Ann: Pen is there")
  t.transition(todo, "done")
  t.expect_equal(t.result("tell who waits"), "done")
end)

test("who wants it no more is not told", function(t)
  local wish = arrived(t)
  t.transition(wish, "given_up")
  t.expect_equal(t.expect_effect("create task", {about = wish}).state, "cancelled")
end)
