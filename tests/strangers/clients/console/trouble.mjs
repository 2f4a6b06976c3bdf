// What goes wrong on the way: answers that come late, a test that hangs, a network that breaks, a token that ends. Nothing
// that was typed is lost by any of it.

import assert from "node:assert/strict";
import { accessible, bodies, given, openForm, picture, settled, signIn, test } from "./browser.mjs";

const { database, silent } = given;

/** The answers to this path wait until they are let go. */
async function hold(page, path) {
  const held = [];
  await page.route(`**${path}`, (route) => held.push(route));
  return { held, release: async () => {
    await page.unroute(`**${path}`);
    for (const route of held.splice(0)) await route.continue().catch(() => {});
  } };
}

async function typeAll(page) {
  await page.getByLabel("Name", { exact: true }).fill("Trouble");
  await page.getByLabel("Host", { exact: true }).fill(database.host);
  await page.getByLabel("Port optional").fill(String(database.port));
  await page.getByLabel("Database").fill(database.name);
  await page.getByLabel("User", { exact: true }).fill(database.user);
  await page.getByLabel("Password", { exact: true }).fill(database.password);
  await settled(page);
}

await test(async (page, watched) => {
  watched.allowed.push("Failed to load resource", "net::ERR");

  // The types do not come: a sentence, and Retry.
  await page.route("**/assets/data/types", (route) => route.abort());
  await page.goto(`${given.origin}/console/`);
  await page.getByLabel("Token", { exact: true }).fill(given.token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("The host cannot be reached").waitFor();
  await picture(page, "trouble-1-no-network");
  await page.unroute("**/assets/data/types");
  await page.getByRole("button", { name: "Retry" }).click();
  await openForm(page, "postgres");

  // Each pause is one question, not each key; an answer that is late counts for nothing.
  await settled(page);
  const before = bodies(watched, "/assets/data/validate").length;
  await page.getByLabel("Host", { exact: true }).pressSequentially("db.example.com", { delay: 20 });
  await settled(page);
  const asked = bodies(watched, "/assets/data/validate").length - before;
  assert.ok(asked >= 1 && asked < 8, `${asked} questions for 14 keys`);
  const late = await hold(page, "/assets/data/validate");
  await page.getByLabel("Port optional").fill("99999");
  while (late.held.length === 0) await page.waitForTimeout(20);
  await page.unroute("**/assets/data/validate");
  await page.getByLabel("Port optional").fill("5432");
  await settled(page);
  for (const route of late.held) await route.continue().catch(() => {});
  await page.getByLabel("Database").focus();
  await page.waitForTimeout(300);
  assert.equal(await page.getByLabel("Port optional").getAttribute("aria-invalid"), "false", "a late answer was taken");

  // Esc ends a test of a server that says nothing.
  await typeAll(page);
  await page.getByLabel("Port optional").fill(String(silent));
  await settled(page);
  await page.getByRole("button", { name: "Test", exact: true }).click();
  await page.locator(".stage.is-running").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Test", exact: true }).waitFor();
  assert.equal(await page.locator(".stages").count(), 0);

  // The network breaks while it is registered: the same key again, and one connection.
  await page.getByLabel("Port optional").fill(String(database.port));
  await settled(page);
  const keys = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && new URL(request.url()).pathname === "/assets/data") keys.push(request.headers()["idempotency-key"]);
  });
  await page.route("**/assets/data", (route) => route.abort());
  await page.locator("button.primary").click();
  await page.locator("#summary", { hasText: "The host cannot be reached" }).waitFor();
  await page.unroute("**/assets/data");

  // The token ends: signing in over the form loses nothing, and goes on where it was.
  await page.route("**/assets/data", (route) => route.continue({ headers: { ...route.request().headers(), authorization: "Bearer e30.e30.e30" } }));
  await page.locator("button.primary").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("nothing that you typed is lost").waitFor();
  await picture(page, "trouble-2-expired");
  await page.keyboard.press("Escape");
  assert.ok(await dialog.isVisible(), "there is nothing to do without a token");

  // Where it would go elsewhere than before, nothing is sent until the button is pressed again.
  const enter = async (project) => {
    await dialog.getByLabel("Token", { exact: true }).fill(given.token);
    await dialog.getByLabel("Project optional").fill(project);
    await dialog.getByRole("button", { name: "Sign in" }).click();
  };
  await enter("elsewhere");
  await page.locator("#summary:focus", { hasText: "in acme / elsewhere now" }).waitFor();
  await accessible(page, "signed in as somebody else");
  await page.waitForTimeout(200);
  assert.equal(keys.length, 2, "it was sent to another project");
  assert.equal(await page.getByLabel("Password", { exact: true }).inputValue(), database.password);
  await page.route("**/assets/data/*", (route) => route.continue({ headers: { ...route.request().headers(), authorization: "Bearer e30.e30.e30" } }));
  const refusal = page.waitForResponse((response) => response.request().method() === "POST" && new URL(response.url()).pathname === "/assets/data");
  await page.locator("button.primary").click();
  await refusal;
  await dialog.waitFor();
  await page.unroute("**/assets/data/*");
  await enter("sales");
  await page.locator("#summary:focus", { hasText: "in acme / sales now" }).waitFor();
  const sent = keys.length;
  await page.locator("button.primary").click();
  await dialog.waitFor();
  assert.equal(keys.length, sent + 1);
  await page.unroute("**/assets/data");
  await enter("sales");
  await page.getByRole("heading", { name: "Trouble is registered" }).waitFor();
  assert.ok(keys.length === sent + 2 && new Set(keys).size === 1 && /^[0-9a-f]{32}$/.test(keys[0]), `${keys}`);

  // Leaving what was typed asks first.
  await page.getByRole("link", { name: "Register another" }).click();
  await openForm(page, "postgres");
  await page.getByLabel("Name", { exact: true }).fill("Not yet");
  let questions = 0;
  page.once("dialog", (question) => {
    questions += 1;
    return question.dismiss();
  });
  await page.getByRole("link", { name: "All types" }).click();
  await page.waitForTimeout(200);
  assert.equal(questions, 1);
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "Not yet");
  assert.match(page.url(), /#\/types\/postgres$/);
}, { reducedMotion: "reduce" });
