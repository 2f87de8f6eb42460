// What the pages for people do: each form is sent as JSON to where it says.
"use strict";
const api = "/api/v1/";
let csrf = null;

async function ask(method, path, body) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  if (csrf) headers["Kith-CSRF"] = csrf;
  const answer = await fetch(api + path, {
    method, headers, body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  return { ok: answer.ok, status: answer.status, json: text ? JSON.parse(text) : {} };
}

function values(form) {
  const out = {};
  for (const input of form.querySelectorAll("input[name]"))
    if (input.value !== "") out[input.name] = input.value;
  return out;
}

// What was answered, where the form says that it is shown.
function show(form, json) {
  for (const place of form.querySelectorAll("[data-is]")) {
    const value = json[place.dataset.is];
    if (place.tagName === "A") place.href = value;
    else place.textContent = Array.isArray(value) ? value.join("\n") : value;
  }
  for (const part of form.querySelectorAll("[data-shown]")) part.hidden = false;
}

// A form that is the next step; what there is to see when it was the last one.
function goOn(form) {
  const next = document.getElementById(form.dataset.opens);
  if (next) {
    next.hidden = false;
    next.querySelector("input").focus();
  }
  if (!form.dataset.state) return;
  showState(form.dataset.state);
  for (const part of form.querySelectorAll("label, button")) part.hidden = true;
}

function showState(state) {
  document.getElementById("factor").textContent =
    { on: "It is on.", off: "It is off.", needed: "Your role needs one." }[state];
  for (const form of document.querySelectorAll("[data-when]"))
    form.hidden = !form.dataset.when.split(" ").includes(state);
}

async function send(form) {
  const problem = form.querySelector(".problem"), done = form.querySelector(".done");
  const again = form.querySelector("[data-again]");
  problem.textContent = "";
  if (done) done.textContent = "";
  if (again && again.value !== form.querySelector("[name=password]").value) {
    problem.textContent = "The two are not the same.";
    return;
  }
  const body = values(form);
  const { ok, json } = await ask(form.dataset.method, form.dataset.to,
    Object.keys(body).length ? body : undefined);
  if (!ok) {
    const more = json.field && form.querySelector("[data-of=" + json.field + "]");
    if (more) more.hidden = false;
    problem.textContent = json.detail || "That failed.";
    return;
  }
  form.reset();
  if (form.dataset.then) location.assign(form.dataset.then);
  if (done) done.textContent = form.dataset.says;
  show(form, json);
  goOn(form);
}

async function showAccount(list) {
  const me = await ask("GET", "session");
  if (!me.ok) {
    location.assign("/sign-in");
    return;
  }
  csrf = me.json.csrf;
  document.getElementById("login").textContent = me.json.user.login;
  showState(me.json.second_factor);
  document.getElementById("tied").hidden = me.json.providers.length === 0;
  document.getElementById("tied-list").replaceChildren(...me.json.providers.map((issuer) => {
    const line = document.createElement("li");
    line.textContent = issuer;
    return line;
  }));
  const sessions = await ask("GET", "sessions");
  if (!sessions.ok) return;
  for (const s of sessions.json.items.filter((x) => x.user === me.json.user.id)) {
    const line = document.createElement("li");
    const here = s.number === me.json.session.number ? " (this one)" : "";
    line.textContent = s.from + ", " + s.method + ", since " + new Date(s.began).toLocaleString() + here;
    list.append(line);
  }
  leadAway(me.json.session.method);
}

// Whom a provider signed in ("openid NAME") signs out there, too, if the settings say so.
function leadAway(method) {
  const [way, name] = method.split(" ");
  if (way !== "openid") return;
  for (const form of document.querySelectorAll("[data-then='/sign-in']"))
    form.dataset.then = "/sign-in/oidc/" + name + "/sign-out";
}

async function showProviders(list) {
  const answer = await fetch("/sign-in/oidc");
  if (!answer.ok) return;
  for (const { name, path } of (await answer.json()).items) {
    const line = document.createElement("li"), link = document.createElement("a");
    link.href = path + "?to=/account";
    link.textContent = "Sign in with " + name;
    line.append(link);
    list.append(line);
    list.hidden = false;
  }
}

const code = new URLSearchParams(location.search).get("code");
const codeInput = document.querySelector("form[data-to=setup] [name=code]");
if (codeInput && code) {
  codeInput.value = code;
  history.replaceState(null, "", location.pathname); // not left in the list of visited pages
}
for (const form of document.querySelectorAll("form"))
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form).catch(() => { form.querySelector(".problem").textContent = "Nobody answers."; });
  });
const sessions = document.getElementById("sessions");
if (sessions) showAccount(sessions);
const providers = document.getElementById("providers");
if (providers) showProviders(providers).catch(() => {}); // without them there is still the form
