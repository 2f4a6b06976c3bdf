// The console: its frame, who is signed in, and which step is shown.

import { html, nothing, render } from "./vendor/lit-html.js";
import { Failure, send, signInByCode, signOut, signedIn } from "./api.js";
import { learnCodes } from "./codes.js";
import "./form.js";
import { list, text } from "./json.js";
import { drawRegistered } from "./registered.js";
import { drawSignIn } from "./signin.js";
import { drawSkeleton, drawTypes } from "./types.js";
import { icon, plain, stranger } from "./words.js";

/** @typedef {import("./json.js").Json} Json */

/** How long loading takes before something stands there for it, in milliseconds. */
const SKELETON_MS = 300;

class ConsoleApp extends HTMLElement {
  constructor() {
    super();
    /** @type {Json[] | null} */
    this.types = null;
    /** @type {Failure | null} */
    this.failure = null;
    this.isSlow = false;
    this.sought = "";
    /** @type {Json} */
    this.record = null;
    this.message = "";
    this.isExpired = false;
    /** What to do again after signing in. @type {() => void} */
    this.again = () => {};
    this.path = location.hash;
    this.isLeaving = false;
  }

  connectedCallback() {
    const code = location.hash.match(/^#t=([\w-]+)$/)?.[1];
    // A code is for once, and not for the history of the browser.
    if (location.hash.startsWith("#t=")) history.replaceState(null, "", "#/types");
    this.path = location.hash;
    window.addEventListener("hashchange", () => this.follow());
    window.addEventListener("beforeunload", (event) => {
      if (this.isDirty) event.preventDefault();
    });
    this.addEventListener("expired", (event) => this.expire(/** @type {CustomEvent<() => void>} */ (event).detail));
    this.addEventListener("registered", (event) => {
      this.record = /** @type {CustomEvent<Json>} */ (event).detail;
      this.draw();
      this.focusHeading();
    });
    // What stands there until the scripts are.
    this.replaceChildren();
    this.draw();
    if (code) this.enterByCode(code);
  }

  /** @param {string} code */
  async enterByCode(code) {
    try {
      await signInByCode(code);
      this.entered();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.message = error.message;
      this.draw();
    }
  }

  get form() {
    return /** @type {import("./form.js").ConnectionForm | null} */ (this.querySelector("connection-form"));
  }

  get isDirty() {
    return this.form?.isDirty === true && this.record === null;
  }

  /** Shows what the address names; what is typed is not lost without a question. */
  follow() {
    if (location.hash === this.path) return;
    if (!location.hash.startsWith("#/")) {
      // A link within the page, such as the one over the navigation.
      history.replaceState(null, "", this.path || "#/types");
      return;
    }
    if (this.isDirty && !confirm("Leave the form? What is typed is lost.")) {
      history.pushState(null, "", this.path);
      return;
    }
    [this.path, this.record] = [location.hash, null];
    this.draw();
    this.focusHeading();
  }

  focusHeading() {
    queueMicrotask(() => /** @type {HTMLElement | null} */ (this.querySelector("h2"))?.focus());
    window.scrollTo(0, 0);
  }

  entered() {
    this.message = "";
    const wasExpired = this.isExpired;
    this.isExpired = false;
    /** @type {HTMLDialogElement | null} */ (this.querySelector("dialog"))?.close();
    if (this.types === null) this.load();
    this.draw();
    if (wasExpired) this.again();
    else this.focusHeading();
  }

  /** Has somebody sign in again, over what is typed. @param {() => void} again */
  expire(again) {
    [this.isExpired, this.again, this.message] = [true, again, "The token is not valid any more. Sign in again; nothing that you typed is lost."];
    this.draw();
    const dialog = /** @type {HTMLDialogElement | null} */ (this.querySelector("dialog"));
    if (dialog && !dialog.open) dialog.showModal();
  }

  async load() {
    [this.types, this.failure, this.isSlow] = [null, null, false];
    const timer = setTimeout(() => {
      this.isSlow = true;
      this.draw();
    }, SKELETON_MS);
    try {
      const [types] = await Promise.all([send("GET", "/assets/data/types"), learnCodes()]);
      this.types = list(types, "data");
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.isExpired) {
        signOut();
        this.message = "The host does not take this token. It may have expired, or be for another installation.";
      } else {
        this.failure = error;
      }
    } finally {
      clearTimeout(timer);
      this.draw();
      // What had it while the types were on their way is gone.
      if (document.activeElement === document.body) this.focusHeading();
    }
  }

  draw() {
    render(drawFrame(this), this);
  }
}

/** @param {ConsoleApp} app */
function drawFrame(app) {
  const session = signedIn();
  const leave = () => {
    if (app.isDirty && !confirm("Sign out? What is typed is lost.")) return;
    signOut();
    [app.types, app.record, app.failure] = [null, null, null];
    app.draw();
  };
  const skip = (/** @type {Event} */ event) => {
    event.preventDefault();
    document.getElementById("main")?.focus();
  };
  return html`<a class="skip" href="#main" @click=${skip}>Skip to the content</a>
    <header class="top">
      <a class="product" href="#/types">${icon("plug")}<h1>Patchpanel</h1></a>
      ${session ? html`<p class="who"><span><span class="offscreen">Organization</span> ${stranger(session.organization)}</span>
        ${session.project ? html`<span><span class="offscreen">Project</span> ${stranger(session.project)}</span>` : html`<span>whole organization</span>`}
        <span class="principal"><span class="offscreen">Signed in as</span> ${stranger(session.principal)}</span></p>
        <button type="button" class="small quiet" @click=${leave}>Sign out</button>` : nothing}
    </header>
    <div class="body">
      ${session ? html`<nav class="side" aria-label="Console"><ul>
        <li><a href="#/types" aria-current="page">${icon("plug")} Connections</a></li>
      </ul></nav>` : nothing}
      <main id="main" tabindex="-1">${session ? drawStep(app) : drawEntrance(app)}</main>
    </div>
    <dialog aria-labelledby="again" @cancel=${(/** @type {Event} */ event) => event.preventDefault()}>${app.isExpired
      ? html`<h2 id="again">Sign in again</h2>${drawSignIn({
        message: app.message,
        project: session?.project ?? "",
        done: () => app.entered(),
        failed: (message) => {
          app.message = message;
          app.draw();
        },
      })}` : nothing}</dialog>
    <p id="live" class="offscreen" aria-live="polite"></p>`;
}

/** @param {ConsoleApp} app */
function drawEntrance(app) {
  return html`<section class="entrance card">
    <h2 tabindex="-1">Sign in</h2>
    <p>A data source is registered once, every application uses it, and nobody holds the password.</p>
    ${drawSignIn({
      message: app.message,
      project: "",
      done: () => app.entered(),
      failed: (message) => {
        app.message = message;
        app.draw();
      },
    })}
  </section>`;
}

/** @param {ConsoleApp} app */
function drawStep(app) {
  if (app.failure) return drawFailure(app);
  if (app.types === null) return html`<h2 tabindex="-1">Connect a data source</h2>${app.isSlow ? drawSkeleton() : nothing}`;
  const session = signedIn();
  const name = decode(app.path.match(/^#\/types\/(.+)$/)?.[1] ?? "");
  const type = app.types.find((one) => text(one, "connection_type") === name);
  if (app.record !== null && session) {
    return html`<h2 tabindex="-1">Done</h2>${drawRegistered(app.record, session)}`;
  }
  if (!type) {
    const seek = (/** @type {string} */ sought) => {
      app.sought = sought;
      app.draw();
    };
    return html`<h2 tabindex="-1">Connect a data source</h2><p class="lead">Choose what you want to connect.</p>
      ${drawTypes({ types: app.types, sought: app.sought, seek })}`;
  }
  return html`<p class="crumbs"><a href="#/types">${icon("back")} All types</a></p>
    <h2 tabindex="-1">Connect ${stranger(text(type, "title"))}</h2>
    <p class="lead">${stranger(text(type, "description"))} <span class="quiet-text">${plain(text(type, "version"), 64)}</span></p>
    <connection-form .type=${type}></connection-form>`;
}

/** @param {ConsoleApp} app */
function drawFailure(app) {
  const { failure } = app;
  return html`<h2 tabindex="-1">Connect a data source</h2>
    <div class="card empty" role="alert">${icon("error")}
      <p>${stranger(failure?.message ?? "")}</p>
      ${failure?.requestId ? html`<p class="quiet-text">Request <code>${failure.requestId}</code></p>` : nothing}
      <button type="button" class="primary" @click=${() => app.load()}>Retry</button></div>`;
}

/** @param {string} segment */
function decode(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

customElements.define("console-app", ConsoleApp);
