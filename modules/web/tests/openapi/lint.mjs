// SPDX-License-Identifier: Apache-2.0
// A public validator reads the document: lint.mjs FILE. Prints what it finds; 1 when any is an error.
import { createConfig, lint } from "@redocly/openapi-core";

// A report of a module has an address of its own beside that for all of them, as is allowed: the
// first is matched.
const config = await createConfig({ extends: ["recommended"], rules: { "no-ambiguous-paths": "off" } });
const problems = await lint({ ref: process.argv[2], config });
for (const p of problems)
    console.log(`${p.severity} ${p.ruleId}: ${p.message} ${p.location.map((l) => l.pointer ?? "").join(" ")}`);
process.exit(problems.some((p) => p.severity === "error") ? 1 : 0);
