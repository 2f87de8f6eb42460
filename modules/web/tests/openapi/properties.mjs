// SPDX-License-Identifier: Apache-2.0
// Calls every operation of the document with what fits it and with what does not, and holds each
// answer against it: its status, its form, its schema. properties.mjs FILE URL TOKEN SEED SECONDS
import { readFileSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { JSONSchemaFaker as faker } from "json-schema-faker";

const [, , file, url, token, seed, seconds] = process.argv;
const doc = JSON.parse(readFileSync(file, "utf8"));
const end = Date.now() + Number(seconds) * 1000;
let state = Number(seed) >>> 0;
const random = () => { // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};
const pick = (all) => all[Math.floor(random() * all.length)];

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema(doc, "kith");
faker.option({ random, optionalsProbability: 0.4, maxItems: 3, maxLength: 40, failOnInvalidTypes: false });

// -- what fits --------------------------------------------------------------------------------------

const pool = { record: {}, transaction: [] }; // ids that were made here
const known = (type) => pool.record[type] ?? [];

function deref(x) {
    if (Array.isArray(x)) return x.map(deref);
    if (!x || typeof x !== "object") return x;
    if (x.$ref) return deref(x.$ref.slice(2).split("/").reduce((at, key) => at[key], doc));
    return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, deref(v)]));
}

function value(schema) {
    const target = schema["x-kith-target"];
    if (target && schema.items) return known(target).length ? [pick(known(target))] : [];
    if (target === "*") return known("contact").length ? `contact/${pick(known("contact"))}` : undefined;
    if (target) return known(target).length ? pick(known(target)) : undefined;
    if (schema.pattern?.includes("@")) return `a${Math.floor(random() * 1e6)}@example.org`;
    if (schema.pattern?.includes("[A-Z]{3}")) return `${Math.floor(random() * 1e6)}.5 ${pick(["EUR", "USD"])}`;
    if (schema.contentMediaType) return pick(["{}", "[1,2]", '{"a":"b"}']);
    return faker.generate(schema);
}

function object(schema, needed = []) {
    const out = {};
    for (const [name, s] of Object.entries(schema.properties ?? {}))
        if (schema.required?.includes(name) || needed.includes(name) || random() < 0.3) {
            const v = value(s);
            if (v !== undefined) out[name] = v;
        }
    return out;
}

// -- what does not ----------------------------------------------------------------------------------

const odd = [null, true, -1, 1.5, 1e308, 9007199254740993, "", " ", "\u0000", "a\nb", "x".repeat(70000), "💥é\u0301",
    "'; DROP TABLE contact; --", "${x}", "../../etc/passwd", [], [[]], {}, { a: { b: null } }, [1, "a", null], "9999-99-99",
    "NaN", "1e999", "0SA818NN40003", "contact/0SA818NN40003", "12.345 XXX", "-999999999999999999999999 EUR"];
const oddText = ["nonsense", "0SA818NN40003", "%00", "%ff", "..%2f..", "-1", "0", "99999999999999999999", "--help", "a=b",
    "%F0%9F%92%A5", "x".repeat(300), "'", "name%20%3D", "(((((((", "now()%20%2B%20now()"];

function broken(body) {
    const names = Object.keys(body);
    const copy = structuredClone(body);
    if (names.length && random() < 0.7) copy[pick(names)] = pick(odd);
    else if (names.length && random() < 0.5) delete copy[pick(names)];
    return copy;
}
const noObject = ["", "[]", "1", '"text"', "null", "{", '{"a":}', '{"a":1}{', "[".repeat(100000), '{"a":1,"a":2}', "\xff", "nul"];

// -- one call ---------------------------------------------------------------------------------------

const faults = new Map();
const statuses = {};
let calls = 0;
function fault(call, what, text) {
    const key = `${call.operation.operationId}: ${what}`;
    if (!faults.has(key)) faults.set(key, `${call.method.toUpperCase()} ${call.path} ${call.sent ?? ""}`.slice(0, 300) + `\n    ${text}`.slice(0, 400));
}

const checkers = new Map();
function checker(pointer) {
    if (!checkers.has(pointer)) checkers.set(pointer, ajv.compile({ $ref: `kith#${pointer}` }));
    return checkers.get(pointer);
}
// Members that the document does not name; of a record with ?fields= there are others.
function unnamed(schema, value, at = "") {
    if (schema?.$ref) return unnamed(deref({ $ref: schema.$ref }), value, at);
    if (Array.isArray(value)) return value.map((v) => unnamed(schema.items, v, `${at}[]`)).find(Boolean);
    const form = schema?.anyOf?.find((s) => s.type !== "null") ?? schema;
    if (form !== schema) return unnamed(form, value, at);
    if (!value || typeof value !== "object" || !Object.keys(form?.properties ?? {}).length) return;
    return Object.entries(value).map(([name, v]) => form.properties[name]
        ? unnamed(form.properties[name], v, `${at}.${name}`)
        : form.properties.type?.const ? undefined : `${at}.${name}`).find(Boolean);
}
const escape = (s) => encodeURIComponent(s.replaceAll("~", "~0").replaceAll("/", "~1"));

async function call(c) {
    const headers = { ...(c.token === "" ? {} : { Authorization: `Bearer ${c.token ?? token}` }), ...c.headers };
    if (c.body !== undefined) headers["Content-Type"] = c.media ?? "application/json";
    c.sent = c.body?.slice(0, 200);
    let answer, text;
    try {
        const signal = AbortSignal.timeout(20000);
        answer = await fetch(url + c.path, { method: c.method.toUpperCase(), headers, body: c.body, signal });
        text = await answer.text();
    } catch (e) {
        fault(c, "no answer", String(e.cause ?? e));
        return {};
    }
    calls++;
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
    const out = { status: answer.status, headers: answer.headers, text };
    const busy = answer.status === 503 && answer.headers.get("Retry-After");
    if (answer.status >= 500 && !busy) fault(c, `status ${answer.status}`, text);
    let told = c.operation.responses[answer.status];
    let at = `/paths/${escape(c.pattern)}/${c.method}/responses/${answer.status}`;
    if (!told) return fault(c, `status ${answer.status} is not in the document`, text), out;
    if (told.$ref) (at = told.$ref.slice(1)), (told = deref(told));
    const media = (answer.headers.get("content-type") ?? "").split(";")[0];
    if (!told.content) {
        if (text) fault(c, `status ${answer.status} has a body`, text);
        return out;
    }
    if (told.content["*/*"]) return out;
    if (!told.content[media]) return fault(c, `status ${answer.status} as '${media}' is not in the document`, text), out;
    for (const name of Object.keys(told.headers ?? {}))
        if (told.headers[name].required && !answer.headers.get(name)) fault(c, `no header ${name}`, text);
    if (!media.endsWith("json") || media === "application/x-ndjson") return out;
    try {
        out.json = JSON.parse(text);
    } catch (e) {
        return fault(c, `status ${answer.status} is no JSON`, text), out;
    }
    const fits = checker(`${at}/content/${escape(media)}/schema`);
    const further = unnamed(told.content[media].schema, out.json);
    if (further) fault(c, `status ${answer.status} has a member ${further} that the document does not name`, text);
    if (!fits(out.json)) fault(c, `status ${answer.status} does not fit its schema`, ajv.errorsText(fits.errors).slice(0, 200) + "\n    " + text);
    return out;
}

// -- operations -------------------------------------------------------------------------------------

const operations = Object.entries(doc.paths).flatMap(([pattern, item]) =>
    Object.entries(item).map(([method, operation]) => ({ pattern, method, operation,
        parameters: deref(operation.parameters ?? []),
        type: doc.components.schemas[`${operation.tags[0]}.list`] ? operation.tags[0] : undefined,
        schema: deref(operation.requestBody?.content?.["application/json"]?.schema) })))
    .filter((o) => !o.operation.responses["200"]?.content?.["text/event-stream"]); // it does not end

function address(o, wrong) {
    let path = o.pattern, query = [];
    for (const p of o.parameters) {
        const text = () => {
            if (wrong && random() < 0.6) return pick(oddText);
            if (p.name === "id" && known(o.type).length) return pick(known(o.type));
            if (p.name === "transaction" && pool.transaction.length) return pick(pool.transaction);
            if (p.name === "field") return "name";
            if (p.name === "q") return o.type ? "id%20is%20not%20null" : o.pattern.endsWith("search") ? "a" : "contact";
            if (p.name === "fields") return "id";
            if (p.name === "limit") return String(1 + Math.floor(random() * 5));
            if (p.schema.enum) return encodeURIComponent(pick(p.schema.enum));
            if (p.name === "rehearse") return "1";
            if (p.schema.type === "boolean") return pick(["true", "false"]);
            if (p.schema.type === "array") return "name%3Dname";
            if (p.in === "path" && listed(o, p).length) return encodeURIComponent(pick(listed(o, p)));
            return p.name === "since" ? "2026-01-01" : p.name === "type" ? "contact" : "0SA818NN40003";
        };
        if (p.explode) continue;
        if (p.in === "path") path = path.replace(`{${p.name}}`, text());
        if (p.in === "query" && (p.required || (random() < 0.5 && (wrong || !["after", "state"].includes(p.name)))))
            query.push(`${p.name}=${text()}`);
    }
    return path + (query.length ? `?${query.join("&")}` : "");
}

// What the list at the address before a parameter names: /runs of /runs/{run}.
const lists = {};
const listed = (o, p) => lists[`${o.pattern.split(`/{${p.name}}`)[0]} ${p.name}`] ?? [];
async function look() {
    for (const o of operations)
        for (const p of o.parameters.filter((p) => p.in === "path")) {
            const before = o.pattern.split(`/{${p.name}}`)[0];
            const list = operations.find((x) => x.pattern === before && x.method === "get");
            if (o.type || !list) continue;
            const all = (await call({ ...list, path: before })).json?.items ?? [];
            lists[`${before} ${p.name}`] = all.map((x) => x[p.name] ?? x.number ?? x.id).filter((x) => x !== undefined).map(String);
        }
}

function keep(o, answer) {
    const tx = answer.headers?.get("Kith-Transaction");
    if (tx) pool.transaction.push(tx);
    if (o.operation.operationId.startsWith("create") && answer.status === 201 && answer.json?.id)
        (pool.record[o.type] ??= []).push(answer.json.id);
}

async function good(o) {
    const text = ["text/csv", "application/octet-stream"].find((m) => o.operation.requestBody?.content?.[m]);
    const body = o.schema ? JSON.stringify(object(o.schema)) : text && `name\nAda ${Math.floor(random() * 1e6)}\n`;
    const answer = await call({ ...o, path: address(o, false), body, media: o.schema ? undefined : text });
    keep(o, answer);
    if (o.method === "delete" && answer.status === 204) pool.record[o.type] = [];
    return answer;
}

async function bad(o) {
    const kind = Math.floor(random() * 6);
    if (kind === 0 && o.method !== "get") {
        const answer = await call({ ...o, path: address(o, false), body: pick(noObject), media: pick([undefined, "text/plain", "application/x-ndjson"]) });
        return keep(o, answer);
    }
    if (kind === 1 && !o.operation.security) {
        const answer = await call({ ...o, path: address(o, false), token: pick(["", "kith_nonsense", "x y"]), body: o.schema ? "{}" : undefined });
        if (answer.status !== 401) fault({ ...o, path: o.pattern }, "is answered without a token", String(answer.status));
        return;
    }
    if (kind === 2 && !o.parameters.some((p) => p.explode)) {
        const path = address(o, false);
        const answer = await call({ ...o, path: `${path}${path.includes("?") ? "&" : "?"}nothing_of_this=1`, body: o.schema ? "{}" : undefined });
        if (answer.status !== 400) fault({ ...o, path }, "takes an argument that there is not", String(answer.status));
        return;
    }
    if (kind === 3 && o.schema) {
        const body = { ...object(o.schema), no_such_member: 1 };
        const answer = await call({ ...o, path: address(o, false), body: JSON.stringify(body) });
        if (answer.status < 400) fault({ ...o, path: o.pattern }, "takes a member that there is not", answer.text);
        return;
    }
    const headers = {};
    for (const p of o.parameters)
        if (p.in === "header" && random() < 0.5) headers[p.name] = pick(["*", '"x"', '"0000000000000000-0000000000000000"', "W/", "a".repeat(300), "key-1"]);
    keep(o, await call({ ...o, headers, path: address(o, random() < 0.5), body: o.schema ? JSON.stringify(broken(object(o.schema))) : undefined }));
}

// Those that make something first, twice, since they link to each other.
const making = operations.filter((o) => o.operation.operationId.startsWith("create") && o.type);
const refused = {};
for (let round = 0; round < 5; round++)
    for (const o of making) refused[o.type] = (await good(o)).json?.detail;
const made = making.filter((o) => known(o.type).length).length;
for (const o of making) if (!known(o.type).length) console.log(`no ${o.type} was made: ${refused[o.type]}`);
const rest = operations.filter((o) => !o.operation.operationId.startsWith("delete"));
let rounds = 0;
for (; rounds < 40 && (rounds < 2 || Date.now() < end); rounds++) {
    if (rounds % 4 === 0) await look();
    const all = [...rest, ...(rounds % 4 === 3 ? operations.filter((x) => !rest.includes(x)) : [])];
    for (let i = 0; i < all.length && (rounds < 2 || Date.now() < end); i += 6)
        await Promise.all(all.slice(i, i + 6).map((o) => (rounds % 2 ? good(o) : bad(o))));
}
for (const [what, text] of faults) console.log(`${what}\n    ${text}`);
console.log(`${calls} calls of ${operations.length} operations in ${rounds} rounds; ${made} of ${making.length} types made;`, JSON.stringify(statuses));
process.exit(faults.size || made < making.length / 2 ? 1 : 0);
