after("note.create", function(n) end)
local x = ("a"):rep(100):find("a*b")
while true do pcall(error) end