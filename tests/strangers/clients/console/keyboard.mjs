// The same journey by the keyboard alone, and a list whose elements are added, moved and removed by it.

import assert from "node:assert/strict";
import { accessible, bodies, given, settled, test } from "./browser.mjs";

const { database } = given;

await test(async (page, watched) => {
  const press = (key, times = 1) => Array.from({ length: times }).reduce((before) => before.then(() => page.keyboard.press(key)), Promise.resolve());
  const focused = () => page.evaluate(() => {
    const element = document.activeElement;
    return element?.getAttribute("aria-label") || (element?.id && document.querySelector(`label[for="${element.id}"]`)?.textContent) || element?.textContent || "";
  });
  /** Goes on by Tab until something whose words begin like this has the focus. */
  const tabTo = async (words) => {
    const passed = [];
    for (let presses = 0; presses < 60; presses += 1) {
      await press("Tab");
      const now = (await focused()).replaceAll(/\s+/g, " ").trim();
      if (now.startsWith(words)) return;
      passed.push(now);
    }
    assert.fail(`"${words}" is not reached by Tab: ${passed.join(" | ")}`);
  };
  const fill = async (words, value) => {
    await tabTo(words);
    await page.keyboard.insertText(value);
  };

  await page.goto(`${given.origin}/console/`);
  await tabTo("Skip to the content");
  await press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "main");
  await fill("Token", given.token);
  await press("Enter");
  await page.locator("h2:focus", { hasText: "Connect a data source" }).waitFor();
  await tabTo("Find a type");
  await tabTo("P PostgreSQL");
  await press("Enter");
  await page.locator("h2:focus", { hasText: "Connect PostgreSQL" }).waitFor();
  await fill("Name", "By keyboard");
  await fill("Host", database.host);
  await fill("Port", String(database.port));
  await fill("Database", database.name);
  await tabTo("TLS");
  await page.keyboard.type("disable");
  await tabTo("Advanced");
  await press("Enter");

  // Three tables: the last one goes to the top, the one in the middle goes away.
  await tabTo("Add to Tables");
  for (const table of ["sales.one", "sales.two", "sales.three"]) {
    await press("Enter");
    await page.locator(".elements input:focus").waitFor();
    await page.keyboard.insertText(table);
    if (table !== "sales.three") await tabTo("Add to Tables");
  }
  await tabTo("Move element 3 up");
  await press("Enter");
  await page.locator('[aria-label^="Move element 2 up"]:focus').waitFor();
  await press("Enter");
  await page.locator('[aria-label^="Move element 1 up"]:focus').waitFor();
  await tabTo("Remove element 2");
  await press("Enter");
  await page.locator('button[id$="-add"]:focus').waitFor();
  await settled(page);
  assert.deepEqual(JSON.parse(bodies(watched, "/assets/data/validate").at(-1)).database_config.selected_tables, ["sales.three", "sales.two"]);

  await fill("User", database.user);
  await fill("Password", database.password);
  await tabTo("Show Password");
  await press("Enter");
  assert.equal(await page.getByLabel("Password", { exact: true }).getAttribute("type"), "text");
  await tabTo("Test");
  await settled(page);
  await press("Enter");
  await page.locator(".outcome").waitFor();
  await tabTo("Register");
  await press("Enter");
  await page.locator("h2:focus", { hasText: "Done" }).waitFor();

  // A link says whom it signs in before it does, and its code is in no address.
  const issued = await page.request.post(`${given.origin}/console/codes`, { headers: { Authorization: `Bearer ${given.token}` } });
  const { code } = await issued.json();
  await page.goto("about:blank");
  const asked = watched.requests.length;
  await page.goto(`${given.origin}/console/#t=${code}`);
  await page.locator("h2:focus", { hasText: "Sign in by a link" }).waitFor();
  assert.match(page.url(), /\/console\/#\/types$/);
  await accessible(page, "a link");
  assert.ok(!watched.requests.slice(asked).some(({ url }) => url.includes("/assets/")), "nobody has signed in yet");
  await tabTo("Continue as");
  assert.match((await focused()).replaceAll(/\s+/g, " "), /^Continue as \S+ in acme \/ sales$/);
  await press("Enter");
  await page.locator("h2:focus", { hasText: "Connect a data source" }).waitFor();
}, { reducedMotion: "reduce" });
