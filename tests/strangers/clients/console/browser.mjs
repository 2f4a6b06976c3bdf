// What all tests of the console have in common: a browser, somebody who is signed in, and what must hold on every page.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

/** What the test has started, and how to reach it. */
export const given = JSON.parse(process.env.CONSOLE_TEST ?? "{}");

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const screenshots = `${given.screenshots}/`;
mkdirSync(screenshots, { recursive: true });

/** A failing test says so and where, and a hanging one ends. */
const LIMIT_MS = 60_000;

/** Runs a test in a page of its own, and ends the process with whether it passed. */
export async function test(work, options = {}) {
  const browser = await chromium.launch({ executablePath: given.chromium, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(LIMIT_MS);
  const page = await context.newPage();
  const watched = watch(page);
  try {
    await work(page, watched);
    assert.deepEqual(watched.errors, [], "the page has errors");
    assert.deepEqual(watched.foreign, [], "the page asks other hosts");
  } catch (error) {
    await page.screenshot({ path: `${screenshots}failure-${process.argv[1].split("/").pop()}.png`, fullPage: true }).catch(() => {});
    console.error(error, watched.errors);
    process.exitCode = 1;
  } finally {
    await browser.close();
  }
}

/** What the page does that nobody sees: errors, what the policy of contents refuses, requests, bytes. */
function watch(page) {
  const watched = { errors: [], foreign: [], requests: [], bytes: 0, allowed: [] };
  page.on("pageerror", (error) => watched.errors.push(String(error)));
  page.on("console", (message) => {
    const text = `${message.text()} ${message.location().url}`;
    if (message.type() === "error" && !watched.allowed.some((part) => text.includes(part))) watched.errors.push(text);
  });
  page.on("request", (request) => {
    watched.requests.push({ method: request.method(), url: request.url(), body: request.postData() ?? "" });
    if (new URL(request.url()).origin !== given.origin) watched.foreign.push(request.url());
  });
  page.on("requestfinished", async (request) => {
    const sizes = await request.sizes().catch(() => null);
    if (sizes) watched.bytes += sizes.responseBodySize + sizes.responseHeadersSize;
  });
  return watched;
}

/** Signs in with the token. */
export async function signIn(page) {
  await page.goto(`${given.origin}/console/`);
  await page.getByLabel("Token", { exact: true }).fill(given.token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Connect a data source" }).waitFor();
}

/** Opens the form of a type. */
export async function openForm(page, type) {
  await page.locator(`a[href="#/types/${type}"]`).click();
  await page.locator("connection-form form").waitFor();
}

/** Waits until what is typed has been answered. */
export async function settled(page) {
  await page.locator(".actions", { hasNotText: "Looking" }).waitFor();
}

/** Nothing is wrong with how the page can be used, by axe's rules for WCAG 2.2 A and AA and its best practices. */
export async function accessible(page, what) {
  // Evaluated as the browser's own console would: the page's policy allows no script of a test's.
  await page.evaluate(`${axe}; true`);
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join("; ")}`);
  });
  assert.deepEqual(found, [], what);
}

/** A picture of the page, for people. */
export async function picture(page, name) {
  await page.screenshot({ path: `${screenshots}${name}.png`, fullPage: true });
}

/** Nothing is cut off or scrolls sideways. */
export async function fits(page, what) {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= window, `${what}: ${content} px in ${window} px`);
}

/** The bodies of all requests to a path. */
export function bodies(watched, path) {
  return watched.requests.filter(({ url }) => new URL(url).pathname === path).map(({ body }) => body);
}
