// SPDX-License-Identifier: Apache-2.0
// A browser does what people do: it sets the first password by the link, signs in, sets up a second
// factor, signs in with a recovery code, reads the reference page, and listens to events as the guide
// shows. people.mjs BROWSER LINK GUIDE [FOLDER]: pictures of all pages go there.
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import puppeteer from "puppeteer-core";

const [, , executablePath, link, guide, folder] = process.argv;
const origin = new URL(link).origin;
const widths = [1280, 360];
const faults = [];
const check = (what, holds) => {
    if (!holds) faults.push(what);
};

const browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const page = await browser.newPage();
page.setDefaultTimeout(20000);
const said = [];
page.on("console", (m) => {
    said.push(m.text());
    // What is refused is told to whoever looks, in the page; a browser logs it as well.
    if (m.type() === "error" && !/Failed to load resource.*(401|403|404|422)/.test(m.text())) faults.push(`${page.url()}: ${m.text()}`);
});
page.on("pageerror", (e) => faults.push(`${page.url()}: ${e}`));

const text = (selector) => page.$eval(selector, (e) => e.textContent.trim());
const visible = (selector) => page.$eval(selector, (e) => e.getClientRects().length > 0);
async function look(name) { // in narrow and in wide windows nothing sticks out
    for (const width of widths) {
        await page.setViewport({ width, height: 800 });
        const out = await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
        check(`${name} is ${out} pixels too wide in a window of ${width}`, out <= 0);
        if (folder) await page.screenshot({ path: `${folder}/${name}-${width}.png`, fullPage: !name.startsWith("docs") });
    }
}
async function fill(form, values, then) {
    for (const [name, value] of Object.entries(values))
        await page.$eval(`${form} ${name}`, (e, v) => { e.value = v; }, value);
    const button = await page.$(`${form} button`);
    if (then === undefined) return button.click();
    await Promise.all([page.waitForNavigation(), button.click()]);
    check(`${form} leads to ${then}, not ${page.url()}`, page.url() === origin + then);
}
const shown = (selector) => page.waitForFunction((s) => {
    const e = document.querySelector(s);
    return e && e.getClientRects().length > 0 && e.textContent.trim();
}, {}, selector);

function totp(secret) { // RFC 6238
    const bits = [...secret.replace(/=+$/, "")].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
    const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
    const at = Buffer.alloc(8);
    at.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
    const mac = createHmac("sha1", key).update(at).digest();
    return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1000000).padStart(6, "0");
}

const login = "[name=login]", password = "[name=password]", again = "[data-again]", code = "[name=code]";
const secret = "correct horse battery";

// -- the first one ----------------------------------------------------------------------------------
await page.goto(link);
check("the code stays in the address", page.url() === `${origin}/setup`);
await look("setup");
await fill("form", { [login]: "anna", [password]: secret, [again]: "something else" });
await shown(".problem");
await fill("form", { [login]: "anna", [password]: secret, [again]: secret }, "/sign-in");

// -- signing in -------------------------------------------------------------------------------------
await look("sign-in");
check("a code is asked for", !(await visible("[data-of=code]")));
await fill("form", { [login]: "anna", [password]: "wrong" });
await shown(".problem");
await look("sign-in-refused");
await fill("form", { [login]: "anna", [password]: secret }, "/account");
await shown("#sessions li");
check("the account is not anna's", (await text("#login")) === "anna");
await look("account");
check("a code is asked for before there is a secret", !(await visible("#confirm")));

// -- a second factor --------------------------------------------------------------------------------
const begin = "form[data-to='account/second-factor']", confirm = "form[data-to='account/second-factor/confirm']";
await fill(begin, { [password]: secret });
await shown(`${begin} [data-is=secret]`);
await fill(confirm, { [code]: totp(await text(`${begin} [data-is=secret]`)) });
await shown(`${confirm} [data-is=recovery]`);
const recovery = (await text(`${confirm} [data-is=recovery]`)).split("\n");
check("what is on is not said", (await text("#factor")) === "It is on." && !(await visible(begin)));
check("there are not ten recovery codes", recovery.length === 10);
await look("account-factor");
await page.reload();
await shown("#factor");
check("the second factor is not on", (await text("#factor")) === "It is on.");
await look("account-on");
await fill("form[data-to=session]", {}, "/sign-in");
await fill("form", { [login]: "anna", [password]: secret });
await shown("[data-of=code]");
await look("sign-in-code");
await fill("form", { [code]: recovery[0] }, "/account");

// -- the reference page -----------------------------------------------------------------------------
await page.goto(`${origin}/api/v1/docs`);
await page.click("#createContact > summary");
check("an operation shows no example", (await text("#createContact pre")).includes('"name"'));
await look("docs");
await page.setViewport({ width: widths[0], height: 800 });
await page.$eval("#createContact", (e) => e.scrollIntoView());
check("a field sticks out of its table", await page.$$eval("#createContact .wide",
    (all) => all.every((e) => e.scrollWidth <= e.clientWidth)));
await page.setViewport({ width: widths[1], height: 800 });
check("a field sticks out of its table in a narrow window", await page.$$eval("#createContact .wide",
    (all) => all.every((e) => e.scrollWidth <= e.clientWidth)));
await look("docs-operation");

// -- events, as the guide shows ---------------------------------------------------------------------
await page.goto(`${origin}/account`);
const script = /^```js$(.*?)^```$/ms.exec(readFileSync(guide, "utf8"))[1];
await page.evaluate(`${script}; new Promise((open) => { events.onopen = open; }).then(() => 1)`);
await page.evaluate(async () => {
    const me = await (await fetch("/api/v1/session")).json();
    await fetch("/api/v1/account", { method: "POST", body: '{"name":"Heard"}',
        headers: { "Content-Type": "application/json", "Kith-CSRF": me.csrf } });
});
for (let i = 0; i < 200 && !said.some((s) => /^\d+ /.test(s)); i++) await new Promise((go) => setTimeout(go, 50));
check("the page heard nothing", said.some((s) => /^\d+ /.test(s)));

await browser.close();
for (const fault of faults) console.log(fault);
if (!faults.length) console.log("the browser works");
process.exit(faults.length ? 1 : 0);
