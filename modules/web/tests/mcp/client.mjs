// SPDX-License-Identifier: Apache-2.0
// A public client of the Model Context Protocol, as an agent's program has it:
//   client.mjs stdio KITH TOKEN-FILE      client.mjs http ADDRESS TOKEN
// Prints one line for each thing that holds, and ends with 1 at the first that does not.
import assert from "node:assert/strict";
import Ajv from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [how, where, secret] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${secret}` };
const transport =
  how === "stdio"
    ? new StdioClientTransport({ command: where, args: ["--company", ".", "--token-file", secret, "mcp"] })
    : new StreamableHTTPClientTransport(new URL(where), { requestInit: { headers } });
const client = new Client({ name: "sdk", version: "1.32.2" });

const email = `grace.${process.pid}@example.org`;
let now = "";
const it = (text) => {
  if (now) console.log(`ok ${now}`);
  now = text;
};
const call = (name, args = {}) => client.callTool({ name, arguments: args });
const good = async (name, args) => {
  const result = await call(name, args);
  assert.ok(!result.isError, `${name}: ${result.content[0].text}`);
  assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
  return result.structuredContent;
};

try {
  it("connects, and is told how it is used");
  await client.connect(transport);
  assert.equal(client.getServerVersion().name, "kith");
  assert.match(client.getInstructions(), /rehearse/);

  it("lists tools whose schemas are schemas, and times it");
  const begun = performance.now();
  const { tools } = await client.listTools();
  console.error(`tools/list ${(performance.now() - begun).toFixed(1)} ms, ${JSON.stringify(tools).length} bytes`);
  const names = tools.map((tool) => tool.name);
  for (const name of ["find", "get", "create", "update", "undo", "sales-rescore"]) assert.ok(names.includes(name), name);
  for (const tool of tools) assert.match(tool.name, /^[a-zA-Z0-9_-]{1,64}$/);
  const ajv = new Ajv({ strict: true, allowUnionTypes: true });
  formats(ajv);
  for (const tool of tools) ajv.compile(tool.inputSchema);
  assert.equal(tools.find((tool) => tool.name === "find").annotations.readOnlyHint, true);

  it("reads resources");
  const { resources } = await client.listResources();
  assert.ok(resources.some((resource) => resource.uri === "kith://schema/contact"));
  assert.equal((await client.listResourceTemplates()).resourceTemplates.length, 2);
  const { contents } = await client.readResource({ uri: "kith://schema/contact" });
  const contact = JSON.parse(contents[0].text);
  assert.ok(contact.properties.email);
  for (const field of Object.values(contact.properties)) {
    const { kind, transitions, ...schema } = field;
    const fits = new Ajv({ strict: true, allowUnionTypes: true, validateFormats: false }).compile(schema);
    if ("default" in schema) assert.ok(fits(schema.default), JSON.stringify(field));
  }
  await assert.rejects(client.readResource({ uri: "kith://nothing/here" }), { code: -32002 });

  it("rehearses, and nothing is kept");
  const fields = { name: "Grace Hopper", email, tags: ["navy", "x, y"] };
  const rehearsed = await good("create", { type: "contact", fields, rehearse: true });
  assert.equal(rehearsed.rehearsal, true);
  assert.equal(rehearsed.effects[0].effect, "create");
  const query = `contact where email = '${email}'`;
  assert.deepEqual((await good("find", { query })).items, []);

  it("writes, reads and finds");
  const made = await good("create", { type: "contact", fields });
  const page = await good("get", { type: "contact", id: made.id });
  assert.equal(page.record.name, "Grace Hopper");
  assert.deepEqual([...page.record.tags].sort(), ["navy", "x, y"]);
  assert.equal((await good("find", { query })).items.length, 1);
  const record = await client.readResource({ uri: `kith://contact/${made.id}` });
  assert.equal(JSON.parse(record.contents[0].text).record.id, made.id);
  const times = [];
  for (let i = 0; i < 20; i++) {
    const from = performance.now();
    await good("find", { query });
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  console.error(`find ${times[10].toFixed(1)} ms (median of 20)`);

  it("is told what was wrong");
  const wrong = await call("update", { type: "contact", id: made.id, fields: { emial: "x" } });
  assert.equal(wrong.isError, true);
  assert.match(wrong.content[0].text, /did you mean 'email'/);
  await assert.rejects(call("nothing"), { code: -32602 });

  it("takes back what it wrote");
  const changed = await good("update", { type: "contact", id: made.id, fields: { city: "Arlington" } });
  assert.equal((await good("undo", { transaction: changed.transaction })).reversed, 1);

  it("calls an action");
  await good("sales-rescore", { rehearse: true });
  await good("sales-rescore", {});

  it("writes no more than its budget");
  let last;
  for (let i = 0; i < 20 && !last?.isError; i++)
    last = await call("create", { type: "account", fields: { name: `Account ${i}` } });
  assert.equal(last.isError, true);
  assert.equal(last.structuredContent.code, "limit reached");
  assert.match(last.content[0].text, /the session may write \d+ more of 12/);

  if (how === "http") {
    it("ends its session, which is then gone");
    const session = transport.sessionId;
    assert.match(session, /^[0-9A-Z]{13}$/);
    await transport.terminateSession();
    const answer = await fetch(where, {
      method: "POST",
      headers: { ...headers, "Content-Type": "application/json", "Mcp-Session-Id": session },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
    });
    assert.equal(answer.status, 404);
  }
  it("");
  await client.close();
} catch (error) {
  console.log(`FAIL ${now}: ${error.message}`);
  process.exit(1);
}
