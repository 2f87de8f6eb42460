// SPDX-License-Identifier: Apache-2.0
// A provider that lies, as it is told: /mode?token=expired&sub=7. What it is told holds for all that
// it says from then on. It is several issuers: /forged, and some that say odd things of themselves.
import { createServer } from "node:http";
import { createHash, createHmac, createPublicKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";

const pair = (type, options) => generateKeyPairSync(type, options);
const rsa = pair("rsa", { modulusLength: 2048 }), stranger = pair("rsa", { modulusLength: 2048 });
const weak = pair("rsa", { modulusLength: 1024 }), ec = pair("ec", { namedCurve: "P-256" });
const other = pair("ec", { namedCurve: "P-384" });
const shown = (key, more) => ({ ...key.publicKey.export({ format: "jwk" }), ...more });
const keys = [
    shown(rsa, { kid: "rsa" }),
    shown(rsa, { kid: "bound", alg: "RS256", use: "sig" }),
    shown(rsa, { kid: "sealing", use: "enc" }),
    shown(ec, { kid: "ec" }),
    shown(weak, { kid: "weak" }),
    shown(other, { kid: "p384" }),
    { kty: "oct", kid: "oct", k: Buffer.from("a secret & with %signs").toString("base64url") },
    shown(rsa, { kid: "twin" }),
    shown(stranger, { kid: "twin" }),
];

let mode = {}, asked = { jwks: 0, token: 0, silent: 0 };
const codes = new Map();
const b64 = (x) => Buffer.from(x).toString("base64url");
const now = () => Math.floor(Date.now() / 1000);

const pss = { padding: 6, saltLength: 32 };
const signers = {
    RS256: (data, key) => sign("sha256", data, key.privateKey),
    PS256: (data, key) => sign("sha256", data, { key: key.privateKey, ...pss }),
    RS512: (data, key) => sign("sha512", data, key.privateKey),
    ES256: (data, key) => sign("sha256", data, { key: key.privateKey, dsaEncoding: "ieee-p1363" }),
    none: () => Buffer.alloc(0),
};
const hmac = (secret) => (data) => createHmac("sha256", secret).update(data).digest();
const pem = createPublicKey(rsa.privateKey).export({ type: "spki", format: "pem" });

// How a token is signed: the name of the way, the key that is named, and the key that signs.
const ways = {
    good: ["RS256", "rsa", rsa],
    bound: ["RS256", "bound", rsa],
    pss: ["PS256", "rsa", rsa],
    ec: ["ES256", "ec", ec],
    none: ["none", "rsa"],
    none_unnamed: ["none"],
    hs256: ["HS256", "rsa", hmac(pem)],
    hs256_secret: ["HS256", "oct", hmac("a secret & with %signs")],
    stranger: ["RS256", "rsa", stranger],
    unknown: ["RS256", "nobodys", rsa],
    unnamed: ["RS256", undefined, rsa],
    rebound: ["PS256", "bound", rsa],
    sealing: ["RS256", "sealing", rsa],
    crossed: ["ES256", "rsa", ec],
    weak: ["RS256", "weak", weak],
    p384: ["ES256", "p384", other],
    twin: ["RS256", "twin", rsa],
    rs512: ["RS512", "rsa", rsa],
};
// What a token says that it should not.
const lies = {
    issuer: (c) => ({ ...c, iss: "https://accounts.example.com" }),
    audience: (c) => ({ ...c, aud: "somebody" }),
    several: (c) => ({ ...c, aud: ["somebody", c.aud] }),
    several_ours: (c) => ({ ...c, aud: ["somebody", c.aud], azp: c.aud }),
    azp: (c) => ({ ...c, azp: "somebody" }),
    expired: (c) => ({ ...c, iat: now() - 30, exp: now() - 61 }),
    late: (c) => ({ ...c, exp: now() - 20 }),
    no_expiry: (c) => ({ ...c, exp: undefined }),
    future: (c) => ({ ...c, iat: now() + 300, exp: now() + 900 }),
    unripe: (c) => ({ ...c, nbf: now() + 300 }),
    old: (c) => ({ ...c, iat: now() - 300 }),
    nonce: (c) => ({ ...c, nonce: "of another sign-in" }),
    no_nonce: (c) => ({ ...c, nonce: undefined }),
    unverified: (c) => ({ ...c, email_verified: false }),
    unsaid: (c) => ({ ...c, email_verified: undefined }),
    nobody: (c) => ({ ...c, sub: "" }),
    number: (c) => ({ ...c, sub: 7 }),
};

function token(claims) {
    const way = ways[mode.token] ?? ways.good, [alg, kid, by] = way;
    const said = (lies[mode.token] ?? ((c) => c))(claims);
    const head = { alg, kid, typ: "JWT", crit: mode.token === "crit" ? ["odd"] : undefined };
    const data = `${b64(JSON.stringify(head))}.${b64(JSON.stringify(said))}`;
    const made = typeof by === "function" ? by(data) : signers[alg](Buffer.from(data), by);
    if (mode.token === "changed")
        return `${b64(JSON.stringify(head))}.${b64(JSON.stringify({ ...said, sub: "admin" }))}.${b64(made)}`;
    return mode.token === "garbage" ? "a.b" : `${data}.${b64(made)}`;
}

function document(base, name) {
    const issuer = `${base}/${name}`;
    const d = {
        issuer,
        authorization_endpoint: `${issuer}/authorize?kept=1`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/keys`,
    };
    if (name === "liar") d.issuer = `${base}/forged`;
    if (name === "inside") d.jwks_uri = "https://10.0.0.1/keys";
    if (name === "metadata") d.token_endpoint = "https://169.254.169.254/token";
    if (name === "plain") d.token_endpoint = d.token_endpoint.replace("127.0.0.1", "localhost");
    if (name === "script") d.authorization_endpoint = "javascript:alert(1)";
    return d;
}

function authorize(url, name, answer) {
    const q = url.searchParams, code = randomBytes(9).toString("hex");
    codes.set(code, { nonce: q.get("nonce"), challenge: q.get("code_challenge"), client: q.get("client_id") });
    const back = new URL(q.get("redirect_uri"));
    back.searchParams.set("state", q.get("state"));
    back.searchParams.set("session_state", "x y"); // as some do
    if (mode.iss) back.searchParams.set("iss", mode.iss);
    if (mode.refuses) back.searchParams.set("error", mode.refuses);
    else back.searchParams.set("code", code);
    answer.writeHead(302, { location: back.href }).end();
}

function redeem(body, request, base, name, answer) {
    asked.token++;
    const form = new URLSearchParams(body), code = codes.get(form.get("code"));
    const wanted = "Basic " + Buffer.from("kith:a%20secret%20%26%20with%20%25signs").toString("base64");
    const digest = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
    codes.delete(form.get("code"));
    if (mode.answer === "never") return asked.silent++;
    if (mode.answer === "elsewhere") return answer.writeHead(307, { location: `${base}/forged/token` }).end();
    if (mode.answer === "defect") return answer.writeHead(500).end("oh");
    if (mode.answer === "long") return answer.end(JSON.stringify({ id_token: "x".repeat(300000) }));
    if (mode.answer === "nothing") return answer.end(JSON.stringify({ access_token: "x" }));
    if (request.headers.authorization !== wanted) return answer.writeHead(401).end('{"error":"invalid_client"}');
    if (!code || digest !== code.challenge) return answer.writeHead(400).end('{"error":"invalid_grant<b>"}');
    const claims = {
        iss: `${base}/${name}`, sub: mode.sub ?? "1", aud: code.client, nonce: code.nonce,
        iat: now(), exp: now() + 300, email: mode.email ?? "anna@example.org", email_verified: true,
    };
    answer.end(JSON.stringify({ access_token: "x", token_type: "Bearer", id_token: token(claims) }));
}

const server = createServer(async (request, answer) => {
    const base = `http://127.0.0.1:${server.address().port}`, url = new URL(request.url, base);
    const [, name, what] = url.pathname.split("/");
    let body = "";
    for await (const piece of request) body += piece;
    if (name === "mode") {
        mode = Object.fromEntries(url.searchParams);
        answer.end();
    } else if (name === "asked") answer.end(JSON.stringify(asked));
    else if (what === ".well-known") answer.end(JSON.stringify(document(base, name)));
    else if (what === "keys") {
        asked.jwks++;
        answer.end(JSON.stringify({ keys: name === "single" ? [keys[0], keys[3]] : keys }));
    } else if (what === "authorize") authorize(url, name, answer);
    else if (what === "token") redeem(body, request, base, name, answer);
    else answer.writeHead(404).end();
});
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
