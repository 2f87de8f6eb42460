// SPDX-License-Identifier: Apache-2.0
// A client whose types are generated from the document of the company: what does not fit them does
// not compile. client.js URL TOKEN
import createClient from "openapi-fetch";
import type { components, paths } from "./kith.js";

declare const process: { argv: string[]; exit(code: number): never };
const [, , baseUrl, token] = process.argv;
const kith = createClient<paths, "application/json" | "application/problem+json">({
    baseUrl,
    headers: { Authorization: `Bearer ${token}` },
});

function check(what: string, holds: boolean): asserts holds {
    if (holds) return;
    console.log(`not as expected: ${what}`);
    process.exit(1);
}

// A type of the company's own, with a link, a choice, money and a decimal.
const contact = await kith.POST("/api/v1/contact", { body: { name: "Ada Lovelace" } });
if (contact.error) throw contact.error;
const contactId: string = contact.data.id; // without an error there is data
const created = await kith.POST("/api/v1/visit", {
    body: { name: "First", contact: contactId, mood: "good", price: "12.50 EUR", weight: "0.25" },
    headers: { "Idempotency-Key": "visit-1" },
});
check("a visit is created", created.response.status === 201 && created.data !== undefined);
const id: string = created.data.id;
const mood: "good" | "bad" | null | undefined = created.data.mood;
const price: string | null | undefined = created.data.price;
check("it has what was sent", mood === "good" && price === "12.50 EUR");

const read = await kith.GET("/api/v1/visit/{id}", { params: { path: { id } } });
check("it is read", read.data?.name === "First" && read.data.contact === contactId);
const version = read.response.headers.get("ETag") ?? "";

const listed = await kith.GET("/api/v1/visit", { params: { query: { q: "mood = 'good'", limit: 10 } } });
check("it is listed", listed.data?.items.length === 1 && listed.data.items[0]?.id === id);

const updated = await kith.PATCH("/api/v1/visit/{id}", {
    params: { path: { id }, header: { "If-Match": version } },
    body: { mood: "bad" },
});
check("it is updated", updated.data?.mood === "bad");
const late = await kith.PATCH("/api/v1/visit/{id}", {
    params: { path: { id }, header: { "If-Match": version } },
    body: { mood: null },
});
check("somebody who is late is refused", late.error?.status === 412 && late.error.detail.includes("somebody changed"));

const wrong = await kith.POST("/api/v1/visit", { body: { name: "Second", contact: "0SA818NN40003" } });
check("a wrong value is refused with its field", wrong.error?.field === "contact");

const lead = await kith.POST("/api/v1/lead", { body: { name: "Bo", company: "ACME" } });
check("a lead is created", lead.data !== undefined);
const scored = await kith.POST("/api/v1/actions/sales.rescore", { body: { lead: lead.data.id } });
check("an action is called", typeof scored.data?.checked === "number");

const gone = await kith.DELETE("/api/v1/visit/{id}", { params: { path: { id } } });
check("it is deleted", gone.response.status === 204);
const undone = await kith.POST("/api/v1/undo/{transaction}", {
    params: { path: { transaction: gone.response.headers.get("Kith-Transaction") ?? "" } },
});
check("which is undone", (undone.data?.reversed ?? 0) > 0);

// @ts-expect-error a visit has a name
await kith.POST("/api/v1/visit", { body: { mood: "good" } });
// @ts-expect-error there is no such choice
await kith.PATCH("/api/v1/visit/{id}", { params: { path: { id } }, body: { mood: "so-so" } });
// @ts-expect-error it has no such field
const misspelt: components["schemas"]["visit.create"] = { name: "Third", moods: "good" };
// @ts-expect-error nor has signing in
const nobody: components["schemas"]["Credentials"] = { login: "anna", password: "x", remember: true };
const hidden: components["schemas"]["AgentSession"][] | undefined =
    (await kith.GET("/api/v1/agents", { params: { query: { limit: 5 } } })).data?.items;
check("sessions of agents have a form", hidden?.length === 0 && misspelt !== undefined && nobody !== undefined);
const brought = await kith.POST("/api/v1/import/{type}", {
    params: { path: { type: "contact" }, query: { map: ["Given Name=first_name", "Name=name"] } },
    headers: { "Content-Type": "text/csv" },
    body: "Given Name,Name\nGrace,Grace Hopper\n",
    bodySerializer: (text) => text,
});
check("an import takes several columns", brought.data?.created === 1);
const status = await kith.GET("/api/v1/status");
check("the status has a form", status.data?.commits.times.at(-1)?.up_to_us === null);
console.log("the client works");
