// A connector whose texts and schema are made to break the form: its words stay words, and it freezes nothing.

import assert from "node:assert/strict";
import { accessible, bodies, given, openForm, picture, settled, signIn, test } from "./browser.mjs";

const TYPE = "zoo-break-the-form";

/** Far longer than drawing or typing takes, and far shorter than a pattern that never ends. */
const PATIENCE_MS = 5_000;

/** Nothing of a stranger's has become more than text. */
async function assertWords(page) {
  const found = await page.evaluate(() => ({
    broken: "broken" in window || "broken" in {} || "broken" in Object.prototype,
    made: [...document.querySelectorAll("console-app img, console-app script, console-app b, console-app iframe, console-app object")].map((one) => one.outerHTML),
    links: [...document.querySelectorAll("console-app a")].map((one) => one.getAttribute("href")).filter((href) => !href.startsWith("#") && !href.startsWith("/docs/codes/")),
    turned: /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(document.querySelector("console-app").textContent),
    isolated: [...document.querySelectorAll("bdi")].every((one) => getComputedStyle(one).unicodeBidi === "isolate"),
  }));
  assert.deepEqual(found, { broken: false, made: [], links: [], turned: false, isolated: true });
}

await test(async (page, watched) => {
  await signIn(page);
  await page.getByText("<b>bold</b>").first().waitFor();
  await assertWords(page);
  await picture(page, "hostile-1-types");
  const begun = Date.now();
  await openForm(page, TYPE);
  assert.ok(Date.now() - begun < PATIENCE_MS, `drawing took ${Date.now() - begun} ms`);
  await page.getByText("javascript:window.broken=3").first().waitFor();
  await assertWords(page);
  await accessible(page, "the form of a hostile connector");
  await picture(page, "hostile-2-form");

  await page.getByLabel("Name", { exact: true }).fill("Hostile");
  await page.getByLabel("Host", { exact: true }).fill("127.0.0.1");
  await page.getByLabel("Database", { exact: true }).fill("shop");
  await page.getByLabel("User name").fill("reader");

  // A pattern that takes exponential time elsewhere: the host says what is wrong, and typing goes on.
  const typed = Date.now();
  await page.getByLabel("Slow").fill(`${"a".repeat(60)}!`);
  await page.getByLabel("Slow").blur();
  await page.locator(".cell", { hasText: "Slow" }).locator(".finding.is-error").waitFor();
  assert.ok(Date.now() - typed < PATIENCE_MS, `it took ${Date.now() - typed} ms`);
  assert.equal(await page.locator("[pattern]").count(), 0, "no pattern of a schema runs in a browser");
  await page.getByLabel("Slow").fill("");

  // Names that mean something to JavaScript are members like all others.
  await page.getByLabel("__proto__").fill("a value");
  await page.getByLabel("Broken").fill("another");
  await page.getByLabel("Large").fill("123456789012345678901234567890");
  await settled(page);
  const sent = bodies(watched, "/assets/data/validate").at(-1);
  assert.ok(sent.includes('"__proto__": "a value"'), sent);
  assert.ok(sent.includes('"constructor": {"prototype": {"broken": "another"}}'), sent);
  assert.ok(sent.includes('"large": 123456789012345678901234567890'), sent);
  await assertWords(page);
  for (const label of ["__proto__", "Broken", "Large"]) await page.getByLabel(label).fill("");

  // Thousands of choices are narrowed by typing.
  const many = page.locator(".cell", { hasText: "Many" }).locator("select");
  assert.ok((await many.locator("option").count()) < 100);
  await page.getByLabel("Find a choice for Many").fill("choice-3999");
  await many.selectOption({ label: "choice-3999" });

  // Each alternative keeps what was typed into it, and one is sent.
  await page.getByLabel("Path").fill("/a");
  await page.getByLabel("Which Kinds").selectOption({ label: "By name" });
  await page.getByRole("textbox", { name: "Label optional" }).fill("b");
  await settled(page);
  assert.ok(bodies(watched, "/assets/data/validate").at(-1).includes('"kinds": {"kind": "name", "label": "b"}'));
  await page.getByLabel("Which Kinds").selectOption({ label: "By file" });
  assert.equal(await page.getByLabel("Path").inputValue(), "/a");

  // What no field can be drawn for is JSON, and what is wrong with it is said.
  await page.getByRole("textbox", { name: /^Anything/ }).fill('{"a": 1,');
  await page.getByRole("textbox", { name: /^Anything/ }).blur();
  await page.getByText("This is not JSON").waitFor();
  await page.getByRole("textbox", { name: /^Anything/ }).fill('{"__proto__": [1, 2]}');
  await settled(page);
  assert.ok(bodies(watched, "/assets/data/validate").at(-1).includes('"anything": {"__proto__": [1, 2]}'));
  await assertWords(page);
  await accessible(page, "the form when it is filled");

  // The connector's own words in a finding.
  await page.reload();
  await signIn(page);
  await openForm(page, TYPE);
  await page.getByLabel("Host", { exact: true }).fill("127.0.0.1");
  await page.getByLabel("Database", { exact: true }).fill("shop");
  await page.getByLabel("User name").fill("reader");
  await page.getByLabel("Trigger").fill("on");
  await page.locator(".finding.is-warning", { hasText: "<script>" }).waitFor();
  await assertWords(page);
  await picture(page, "hostile-3-findings");
}, { reducedMotion: "reduce" });
