-- Keeps contacts tidy. A name typed in capitals or in small letters only is written as a name is, and a
-- mail address that cannot be real is sent back to whoever typed it.

local function collapse(text)
  return text and (text:trim():gsub("%s+", " "))
end

before("contact.save", {
  name = "tidy names",
  doc = "Writes 'ADA LOVELACE' and 'ada lovelace' as 'Ada Lovelace'.",
  fields = {"name", "first_name", "last_name"},
}, function(contact)
  local name = contact.name
  if not name then return end
  local shout = name == name:upper() or name == name:lower()
  for _, field in ipairs {"first_name", "last_name", "name"} do
    local text = collapse(contact[field])
    contact[field] = shout and text and text:title() or text
  end
end)

-- Addresses that people type to get past a form.
local fake = {
  ["test@test.com"] = true, ["a@a.com"] = true, ["asdf@asdf.com"] = true,
  ["none@none.com"] = true, ["noemail@noemail.com"] = true,
}

before("contact.save", {
  name = "check mail address",
  doc = "Refuses a mail address without a domain, and the usual made-up ones.",
  fields = {"email"},
  where = "email is not null",
}, function(contact)
  local email = contact.email:lower()
  local domain = email:match("@(.+)$") or ""
  if not domain:find("^[^.].*%.%a%a+$") then
    refuse("The mail address " .. contact.email .. " has no complete domain, such as example.com.")
  end
  if fake[email] or domain:find("%.invalid$") then
    refuse("The mail address " .. contact.email .. " is not a real one. Leave it empty if you do not know it.")
  end
end)
