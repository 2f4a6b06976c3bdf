// Makes a component of redshift.js: `node build.js WIT-DIRECTORY COMPONENT`.

import { readFile, writeFile } from "node:fs/promises";
import { componentize } from "componentize-qjs";

const [witPath, output] = process.argv.slice(2);
const jsSource = await readFile(new URL("redshift.js", import.meta.url), "utf8");
// The functions of the contract are synchronous.
const { component } = await componentize({ witPath, world: "connector-plugin", jsSource, sync: true });
await writeFile(output, component);
