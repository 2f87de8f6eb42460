// SPDX-License-Identifier: Apache-2.0
// A certified provider, with keys of its own at each start: provider.mjs PORT (0: any that is free).
// Whoever signs in says who they are; their mail addresses are verified. "anna.sales.staff" is anna
// who is in the groups sales and staff.
import { createServer } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const jwk = (type, options, more) => ({
    ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }),
    use: "sig",
    ...more,
});
const started = Date.now();
const keys = [
    jwk("rsa", { modulusLength: 2048 }, { alg: "RS256", kid: `rsa-${started}` }),
    jwk("ec", { namedCurve: "P-256" }, { alg: "ES256", kid: `ec-${started}` }),
];
const client = (name, more) => ({
    client_id: name,
    client_secret: "a secret & with %signs",
    application_type: "native", // any port of this computer
    redirect_uris: [`http://127.0.0.1/sign-in/oidc/${name}/callback`],
    ...more,
});

const server = createServer();
server.listen(Number(process.argv[2]), "127.0.0.1", () => {
    const issuer = `http://127.0.0.1:${server.address().port}`;
    const provider = new Provider(issuer, {
        clients: [
            client("real"),
            client("elliptic", { id_token_signed_response_alg: "ES256" }),
            client("posts", { token_endpoint_auth_method: "client_secret_post", id_token_signed_response_alg: "PS256" }),
            client("grouped"),
            client("public", { token_endpoint_auth_method: "none", client_secret: undefined }),
        ],
        jwks: { keys: [...keys, { ...keys[0], alg: "PS256", kid: `pss-${started}` }] },
        enabledJWA: { idTokenSigningAlgValues: ["RS256", "PS256", "ES256"] },
        pkce: { methods: ["S256"], required: () => true },
        conformIdTokenClaims: false,
        claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "preferred_username"], groups: ["groups"] },
        cookies: { keys: ["of a test"] },
        findAccount: (_, id) => ({
            accountId: id,
            claims: () => ({
                sub: id.split(".")[0],
                email: `${id.split(".")[0]}@example.org`,
                groups: id.split(".").slice(1),
                email_verified: true,
                name: `The ${id}`,
                preferred_username: id,
            }),
        }),
    });
    // As it does for the way back: any port of this computer.
    provider.Client.prototype.postLogoutRedirectUriAllowed = (uri) => /^http:\/\/127\.0\.0\.1:\d+\/sign-in$/.test(uri);
    server.on("request", provider.callback());
    console.log(`port ${server.address().port}`);
});
