// The console: its frame, who is signed in, and which step is shown.

import { html, nothing, render } from "./vendor/lit-html.js";
import { Failure, isSame, redeem, send, sessionOf, signIn, signOut, signedIn } from "./api.js";
import { learnCodes } from "./codes.js";
import "./form.js";
import { list, text } from "./json.js";
import { drawRegistered } from "./registered.js";
import { drawSignIn } from "./signin.js";
import { drawSkeleton, drawTypes } from "./types.js";
import { icon, plain, stranger } from "./words.js";

/** @typedef {import("./json.js").Json} Json */
/** @typedef {import("./api.js").Session} Session */

/**
 * A request that was refused for its token: who sent it, and what sends it again.
 * @typedef {{ sender: Session | null, again: () => void }} Expired
 */

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
    /** What to do again after signing in. @type {Expired} */
    this.expired = { sender: null, again: () => {} };
    /** Whom a link would sign in, and with what. @type {{ token: string, session: Session } | null} */
    this.offer = null;
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
    this.addEventListener("expired", (event) => this.expire(/** @type {CustomEvent<Expired>} */ (event).detail));
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

  /** Offers to be whom a link is for: it may come from anybody, and lead into an organization of theirs. @param {string} code */
  async enterByCode(code) {
    try {
      const token = await redeem(code);
      // Whoever has signed in meanwhile stays who they are.
      if (signedIn()) return;
      this.offer = { token, session: sessionOf(token) };
      this.draw();
      this.focusHeading();
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
    this.offer = null;
    const wasExpired = this.isExpired;
    this.isExpired = false;
    /** @type {HTMLDialogElement | null} */ (this.querySelector("dialog"))?.close();
    if (this.types === null) this.load();
    this.draw();
    if (!wasExpired) this.focusHeading();
    else if (isSame(this.expired.sender, signedIn())) this.expired.again();
    else this.redirect();
  }

  /** Somebody else has signed in over what is typed, or for another project: it is theirs to say that it goes there. */
  redirect() {
    const session = signedIn();
    if (session === null) return;
    const where = session.project ? `${plain(session.organization, 100)} / ${plain(session.project, 100)}` : `the whole organization ${plain(session.organization, 100)}`;
    this.form?.redirect(`You are ${plain(session.principal, 100)} in ${where} now, and were not before. Nothing was sent there. Press the button again if what is typed is to go there.`);
    this.reload();
  }

  /** Loads the types again under what is typed, which stays. */
  async reload() {
    const session = signedIn();
    try {
      const types = list(await send("GET", "/assets/data/types"), "data");
      if (isSame(session, signedIn())) this.types = types;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // Whatever else it is, the button that is pressed next meets it too, and says it.
      if (error.isExpired) this.expire({ sender: error.sender, again: () => this.reload() });
    }
    this.draw();
  }

  /** Has somebody sign in again, over what is typed. @param {Expired} expired */
  expire(expired) {
    [this.isExpired, this.expired, this.message] = [true, expired, "The token is not valid any more. Sign in again; nothing that you typed is lost."];
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
  if (app.offer) return drawOffer(app, app.offer);
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

/** @param {ConsoleApp} app @param {{ token: string, session: Session }} offer */
function drawOffer(app, { token, session }) {
  const enter = () => {
    signIn(token);
    app.entered();
  };
  return html`<section class="entrance card">
    <h2 tabindex="-1">Sign in by a link</h2>
    <p>What you register goes where the link leads. If you do not know it, close this page.</p>
    <p><button type="button" class="primary" @click=${enter}><span>Continue as ${stranger(session.principal)} in
      ${stranger(session.organization)} / ${session.project ? stranger(session.project) : "the whole organization"}</span></button></p>
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
