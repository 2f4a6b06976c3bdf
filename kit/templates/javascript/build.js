// Makes a component of connector.js: `node build.js WIT-DIRECTORY WORLD COMPONENT`. `patchpanel connector build` runs it.

import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { componentize } from "componentize-qjs";

const [witPath, world, output] = process.argv.slice(2);
const source = new URL("connector.js", import.meta.url);
// Node says where a mistake is in the file.
execFileSync(process.execPath, ["--check", fileURLToPath(source)], { stdio: "inherit" });
const jsSource = await readFile(source, "utf8");
// The functions of the contract are synchronous.
const { component } = await componentize({ witPath, world, jsSource, sync: true });
await writeFile(output, component);
