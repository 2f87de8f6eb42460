// SPDX-License-Identifier: Apache-2.0
// A client whose types are generated from the document of the company: what does not fit them does
// not compile. client.js URL TOKEN
import createClient from "openapi-fetch";
import type { paths } from "./kith.js";

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
check("a contact is created", contact.data !== undefined);
const created = await kith.POST("/api/v1/visit", {
    body: { name: "First", contact: contact.data.id, mood: "good", price: "12.50 EUR", weight: "0.25" },
    headers: { "Idempotency-Key": "visit-1" },
});
check("a visit is created", created.response.status === 201 && created.data !== undefined);
const id: string = created.data.id;
const mood: "good" | "bad" | null | undefined = created.data.mood;
const price: string | null | undefined = created.data.price;
check("it has what was sent", mood === "good" && price === "12.50 EUR");

const read = await kith.GET("/api/v1/visit/{id}", { params: { path: { id } } });
check("it is read", read.data?.name === "First" && read.data.contact === contact.data.id);
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
console.log("the client works");
