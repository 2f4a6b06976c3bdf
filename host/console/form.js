// The form of a connection: drawn from its connector's schemas, validated while it is typed, tested, registered.

import { render } from "./vendor/lit-html.js";
import { Failure, attempt, isSame, send, signedIn } from "./api.js";
import { Connection } from "./connection.js";
import { NoDsn, fill, parse } from "./dsn.js";
import { focusOn } from "./fields.js";
import { settle } from "./findings.js";
import { text, write } from "./json.js";
import { drawForm } from "./sections.js";
import { STAGE_COUNT } from "./stages.js";
import { Validation } from "./validation.js";
import { plain } from "./words.js";

/** @typedef {import("./json.js").Json} Json */
/** @typedef {import("./api.js").Finding} Finding */
/** @typedef {import("./model.js").Field} Field */

/** How long each stage of an answer takes to appear, in milliseconds. */
const STAGE_MS = 90;

export class ConnectionForm extends HTMLElement {
  constructor() {
    super();
    /** @type {Connection} */
    this.connection = new Connection(null);
    this.validation = new Validation(() => this.connection.outline, () => this.told());
    /** What findings have been read out. @type {Set<string>} */
    this.announced = new Set();
    /** What registering was refused for, until something is typed. @type {Finding[]} */
    this.refused = [];
    /** @type {Failure | null} */
    this.failure = null;
    /** @type {import("./stages.js").Test | null} */
    this.test = null;
    /** Whether what is typed is not what was tested. */
    this.isStale = false;
    this.isSubmitted = false;
    this.isRegistering = false;
    this.isAdvanced = false;
    this.dsnMessage = "";
    this.key = { body: "", value: "" };
    /** @type {AbortController | null} */
    this.dialling = null;
    /** @type {Map<string, Finding[]>} */
    this.settled = new Map();
    /** The fields as they were drawn last, since each of them asks for it. @type {Map<string, Field>} */
    this.places = new Map();
    /** @type {import("./fields.js").Around} */
    this.around = {
      findings: (pointer) => this.visible(pointer),
      changed: () => this.changed(),
      left: (field) => {
        field.left = true;
        this.draw();
      },
    };
  }

  /** The connection type that the form is for. @param {Json} type */
  set type(type) {
    if (type === this.connection.type) return;
    // The same, loaded once more: what is typed stays.
    if (write(type) === write(this.connection.type)) {
      this.connection.type = type;
      return;
    }
    this.connection = new Connection(type);
    this.validation.changed(0);
    this.draw();
  }

  get isDirty() {
    return this.connection.isDirty;
  }

  connectedCallback() {
    this.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.dialling) this.cancel();
    });
  }

  disconnectedCallback() {
    this.validation.stop();
    this.dialling?.abort();
  }

  /** There is something new about what is typed. */
  told() {
    const { failure } = this.validation;
    if (failure?.isExpired) {
      this.validation.failure = null;
      this.fail(failure);
    }
    this.draw();
  }

  changed() {
    this.refused = [];
    this.failure = null;
    this.isStale = this.test !== null;
    this.validation.changed();
    this.draw();
  }

  /** Errors are shown once their field was left; before, they would come too early. @param {string} pointer */
  visible(pointer) {
    const field = this.places.get(pointer);
    const isDue = this.isSubmitted || (pointer === "/name" ? this.connection.hasLeftName : field?.left ?? true);
    return (this.settled.get(pointer) ?? []).filter((one) => isDue || one.severity !== "error");
  }

  /** Everything that is known to be wrong. @returns {Finding[]} */
  get findings() {
    const own = { severity: "error", code: "required", pointer: "/name", message: "Give the connection a name.", hint: "" };
    const found = this.validation.verdict?.findings ?? [];
    const refused = this.refused.filter((one) => !found.some((other) => other.pointer === one.pointer && other.code === one.code));
    return [...(this.connection.name.trim() === "" ? [own] : []), ...found, ...refused];
  }

  /** @param {boolean} withName */
  errors(withName) {
    const mistakes = [...this.connection.places].filter(([, field]) => field.mistake !== "");
    const own = mistakes.map(([pointer, field]) => ({ severity: "error", code: "json", pointer, message: field.mistake, hint: "" }));
    return [...this.findings, ...own].filter((one) => one.severity === "error" && (withName || one.pointer !== "/name"));
  }

  /** Whether there is nothing against it; else the summary of errors is shown and gets the focus. @param {boolean} withName */
  async isReady(withName) {
    this.isSubmitted = true;
    const sender = signedIn();
    if (this.validation.isPending || this.validation.failure || !this.validation.verdict) await this.validation.ask();
    // Somebody else has signed in meanwhile, and was told so.
    if (!isSame(sender, signedIn())) return false;
    if (this.validation.failure) this.fail(this.validation.failure);
    const isReady = !this.validation.failure && this.errors(withName).length === 0;
    this.draw();
    if (!isReady) focusOn("summary");
    return isReady;
  }

  async dial() {
    if (this.dialling || !(await this.isReady(false))) return;
    const dialling = new AbortController();
    this.dialling = dialling;
    [this.test, this.isStale, this.failure] = [{ isRunning: true, answer: null, shown: 0 }, false, null];
    this.draw();
    focusOn("test");
    try {
      const answer = await send("POST", "/assets/data/verify", this.connection.attempt, { signal: dialling.signal });
      await this.reveal(answer, dialling.signal);
      announce(`${text(answer, "message")}`);
    } catch (error) {
      this.test = null;
      if (!dialling.signal.aborted) this.fail(error, () => this.dial());
    } finally {
      if (this.dialling === dialling) this.dialling = null;
      this.draw();
    }
  }

  /** Shows the stages of an answer one after another. @param {Json} answer @param {AbortSignal} signal */
  async reveal(answer, signal) {
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    for (let shown = isStill ? STAGE_COUNT : 1; shown <= STAGE_COUNT; shown += 1) {
      signal.throwIfAborted();
      this.test = { isRunning: false, answer, shown };
      this.draw();
      if (!isStill) await new Promise((done) => setTimeout(done, STAGE_MS));
    }
  }

  cancel() {
    this.dialling?.abort();
    [this.dialling, this.test] = [null, null];
    this.draw();
    announce("The test is cancelled.");
  }

  async register() {
    if (this.isRegistering || !(await this.isReady(true))) return;
    this.isRegistering = true;
    this.draw();
    const body = this.connection.registration;
    // A repetition of the same has the same key, so that it registers nothing twice.
    if (this.key.body !== write(body)) this.key = { body: write(body), value: attempt() };
    try {
      const record = await send("POST", "/assets/data", body, { headers: { "Idempotency-Key": this.key.value } });
      this.key = { body: "", value: "" };
      this.dispatchEvent(new CustomEvent("registered", { bubbles: true, detail: record }));
    } catch (error) {
      this.fail(error, () => this.register());
    } finally {
      this.isRegistering = false;
      this.draw();
    }
  }

  /** @param {unknown} error @param {() => void} [again] */
  fail(error, again) {
    if (!(error instanceof Failure)) throw error;
    if (error.isExpired) {
      const detail = { sender: error.sender, again: again ?? (() => this.validation.changed(0)) };
      this.dispatchEvent(new CustomEvent("expired", { bubbles: true, detail }));
      return;
    }
    this.refused = error.findings;
    if (error.code === "RESOURCE_ALREADY_EXISTS") {
      this.refused = [{ severity: "error", code: "exists", pointer: "/name", message: error.message, hint: "" }];
    }
    this.failure = this.refused.length > 0 ? null : error;
    this.draw();
    focusOn("summary");
  }

  /** What is typed would go elsewhere than before: it is sent when a button is pressed again. @param {string} words */
  redirect(words) {
    this.dialling?.abort();
    this.validation.forget();
    [this.test, this.isStale, this.refused, this.failure] = [null, false, [], new Failure(words)];
    this.draw();
    announce(words);
    focusOn("summary");
  }

  /** @param {string} dsn */
  takeDsn(dsn) {
    try {
      const { connection } = this;
      const over = fill(parse(dsn), [...connection.config.parts, ...connection.credentials.parts]);
      // It is done with; what went nowhere is worth reading first.
      if (over.length === 0) this.querySelector("details.dsn")?.removeAttribute("open");
      this.dsnMessage = over.length === 0
        ? "The form is filled."
        : `The form is filled. It has no place, or another choice, for: ${plain(over.join(", "), 200)}.`;
    } catch (error) {
      if (!(error instanceof NoDsn)) throw error;
      this.dsnMessage = error.message;
    }
    announce(this.dsnMessage);
    this.changed();
  }

  draw() {
    if (!this.isConnected) return;
    this.places = this.connection.places;
    this.settled = settle(this.findings, this.places);
    render(drawForm(this), this);
    this.announce();
  }

  /** Reads out the findings that were not there before, to whoever does not see them appear. */
  announce() {
    const shown = [...this.settled.keys()].flatMap((pointer) => this.visible(pointer).map((one) => one.message));
    const fresh = shown.filter((message) => !this.announced.has(message));
    if (fresh.length > 0) announce(fresh.join(" "));
    this.announced = new Set(shown);
  }
}

/** Says something to whoever does not see it. @param {string} words */
export function announce(words) {
  const live = document.getElementById("live");
  if (live) live.textContent = plain(words, 300);
}

customElements.define("connection-form", ConnectionForm);
