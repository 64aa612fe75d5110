// Reads docs/asyncapi.yaml with the AsyncAPI initiative's own parser, and fails on errors.

import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync("../../docs/asyncapi.yaml", "utf8"));
const errors = diagnostics.filter((d) => d.severity === 0);
for (const d of errors.slice(0, 10)) console.error(`${d.path.join("/")}: ${d.message}`);
if (errors.length > 0 || !document) {
  console.error(`FAILED: docs/asyncapi.yaml has ${errors.length} errors`);
  process.exit(1);
}
console.log(`docs/asyncapi.yaml is AsyncAPI ${document.version()}: ${document.channels().length} channels, ${document.allMessages().length} messages`);
