// From a token to a registered connection to a real PostgreSQL, with every mistake on the way.

import assert from "node:assert/strict";
import { accessible, bodies, fits, given, openForm, picture, settled, signIn, test } from "./browser.mjs";

const { database, colorScheme } = given;

await test(async (page, watched) => {
  page.on("dialog", (dialog) => dialog.accept());
  await page.goto(`${given.origin}/console/`);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.waitForLoadState("networkidle");
  assert.ok(watched.bytes > 0 && watched.bytes <= 100 * 1024, `the first page takes ${watched.bytes} bytes`);
  await accessible(page, "signing in");
  await picture(page, `${colorScheme}-1-sign-in`);
  await page.getByLabel("Token", { exact: true }).fill("no token");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").getByText("This is not a token").waitFor();

  await signIn(page);
  await page.getByLabel("Find a type").fill("no such type");
  await page.getByText("No type is called that").waitFor();
  await page.getByLabel("Find a type").fill("postgres");
  await accessible(page, "the types");
  await picture(page, `${colorScheme}-2-types`);

  await openForm(page, "postgres");
  await settled(page);
  assert.equal(await page.locator(".finding").count(), 0, "nobody has typed anything yet");
  await accessible(page, "the empty form");
  await picture(page, `${colorScheme}-3-form`);

  // What is wrong is said where it is, once the field was left, and the host is the one who says it.
  await page.getByLabel("Host", { exact: true }).fill("db.example.com");
  await page.getByLabel("Port optional").fill("70000");
  await settled(page);
  assert.equal(await page.locator(".finding.is-error").count(), 0, "the field has not been left yet");
  await page.getByLabel("Database").focus();
  await page.locator(".cell", { hasText: "Port" }).locator(".finding.is-error").waitFor();
  assert.equal(await page.getByLabel("Host", { exact: true }).getAttribute("aria-invalid"), "false");
  assert.equal(await page.getByLabel("Port optional").getAttribute("aria-invalid"), "true");
  await accessible(page, "findings");

  // The summary of errors gets the focus and leads to the fields.
  await page.locator("button.primary").focus();
  await page.keyboard.press("Enter");
  await page.locator("#summary:focus").waitFor();
  await page.locator("#summary a", { hasText: "Port" }).click();
  assert.ok(await page.getByLabel("Port optional").evaluate((field) => field === document.activeElement));
  await accessible(page, "the summary of errors");
  await picture(page, `${colorScheme}-4-findings`);

  // A connection string fills the form, and its password is nowhere else.
  await page.getByText("Paste a DSN").click();
  const dsn = `postgres://${database.user}:canary-pass@${database.host}:${database.port}/${database.name}?sslmode=disable&currentSchema=${database.schema}&target_session_attrs=any`;
  await page.getByLabel("Connection string").fill(dsn);
  await page.getByRole("button", { name: "Fill the form" }).click();
  await page.locator("#dsn-below", { hasText: "for: target_session_attrs" }).waitFor();
  assert.equal(await page.getByLabel("Connection string").inputValue(), "");
  assert.equal(await page.getByLabel("Password", { exact: true }).inputValue(), "canary-pass");
  assert.equal(await page.getByLabel("Password", { exact: true }).getAttribute("type"), "password");
  assert.ok(!(await page.content()).includes("canary-pass"), "the password is in the page's own markup");
  await page.getByLabel("Name", { exact: true }).fill(`Shop ${colorScheme}`);
  await settled(page);
  const validations = bodies(watched, "/assets/data/validate");
  assert.ok(validations.length > 0 && validations.every((body) => !body.includes("canary-pass")), "typing sends no password");
  const untouched = JSON.parse(validations.at(-1)).database_config;
  assert.deepEqual(Object.keys(untouched), ["host", "port", "database", "db_schema", "ssl_mode"], "defaults that nobody has touched are not sent");

  // A wrong password: the stage, whose fault, what to do.
  await page.getByRole("button", { name: "Test", exact: true }).click();
  const failed = page.locator(".stage.is-failed");
  await failed.waitFor();
  assert.match(await failed.innerText(), /authenticate.*password_rejected.*a credential.*28P01/is);
  await page.locator(".outcome.is-bad").waitFor();
  await accessible(page, "a test that fails");
  await picture(page, `${colorScheme}-5-failed`);

  await page.getByLabel("Password", { exact: true }).fill(database.password);
  await settled(page);
  await page.getByText("Changed since the test").waitFor();
  await page.getByRole("button", { name: "Test", exact: true }).click();
  await page.locator(".outcome.is-good").waitFor();
  assert.equal(await page.locator(".stage").count(), 9);
  assert.match(await page.locator(".stage", { hasText: "privileges" }).innerText(), /no right to change anything/);
  await accessible(page, "a test that passes");
  await picture(page, `${colorScheme}-6-passed`);

  await page.getByRole("button", { name: "Register", exact: true }).click();
  await page.getByRole("heading", { name: `Shop ${colorScheme} is registered` }).waitFor();
  const registrations = watched.requests.filter(({ method, url }) => method === "POST" && new URL(url).pathname === "/assets/data");
  assert.equal(registrations.length, 1);
  await page.getByText(`data:acme:sales:shop-${colorScheme}`, { exact: true }).waitFor();
  await accessible(page, "the record");
  await picture(page, `${colorScheme}-7-registered`);
  assert.ok(!(await page.content()).includes(database.password), "the record shows no password");
  assert.equal(await page.evaluate(() => localStorage.length + sessionStorage.length + document.cookie.length), 0, "nothing is stored");

  // A phone, and 400 % zoom: nothing is cut off.
  await page.setViewportSize({ width: 320, height: 640 });
  await fits(page, "the record");
  await page.getByRole("link", { name: "Register another" }).click();
  await fits(page, "the types");
  await openForm(page, "postgres");
  await fits(page, "the form");
  await accessible(page, "the form on a phone");
  await picture(page, `${colorScheme}-8-phone`);
}, { colorScheme, reducedMotion: "reduce" });
