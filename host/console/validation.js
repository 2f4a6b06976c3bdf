// Asks the host what there is to say of a connection while it is typed: after a pause, one question at a time, and only the
// newest answer counts. Nothing is dialled, and no credential is sent.

import { Failure, finding, send, signedIn } from "./api.js";
import { list, member, text, write } from "./json.js";

/** @typedef {import("./json.js").Json} Json */
/** @typedef {import("./api.js").Finding} Finding */

/** How long a pause in typing is, in milliseconds. */
const PAUSE_MS = 300;

/** What a validation came to. */
export class Verdict {
  /** @param {Json} answer */
  constructor(answer) {
    this.findings = list(answer, "findings").map(finding);
    this.normalised = member(answer, "normalised") ?? null;
    this.endpoints = list(answer, "endpoints");
    this.tlsMode = text(answer, "tls_mode");
  }

  get isValid() {
    return this.findings.every((one) => one.severity !== "error");
  }
}

/** Validates what is typed. */
export class Validation {
  /**
   * @param {() => Json} body What is asked about.
   * @param {() => void} told Called when there is something new.
   */
  constructor(body, told) {
    this.body = body;
    this.told = told;
    /** The newest answer. @type {Verdict | null} */
    this.verdict = null;
    /** Why there is none. @type {Failure | null} */
    this.failure = null;
    /** Whether what is typed has not been answered yet. */
    this.isPending = false;
    this.asked = "";
    this.timer = 0;
    /** @type {AbortController | null} */
    this.running = null;
  }

  /** What is typed may have changed. @param {number} [pause] */
  changed(pause = PAUSE_MS) {
    this.isPending = true;
    // An answer about what is typed no more counts for nothing.
    this.running?.abort();
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.ask(), pause);
  }

  /** Ends it. */
  stop() {
    clearTimeout(this.timer);
    this.running?.abort();
  }

  /** What was answered counts for nothing any more, and nothing is asked until there is a reason to. */
  forget() {
    this.stop();
    [this.verdict, this.failure, this.isPending, this.asked] = [null, null, false, ""];
  }

  async ask() {
    if (!signedIn()) return;
    const body = this.body();
    const asked = write(body);
    if (asked === this.asked && this.verdict && !this.failure) {
      this.isPending = false;
      this.told();
      return;
    }
    this.running?.abort();
    const running = new AbortController();
    this.running = running;
    try {
      const answer = await send("POST", "/assets/data/validate", body, { signal: running.signal });
      if (running.signal.aborted) return;
      this.verdict = new Verdict(answer);
      this.failure = null;
      this.asked = asked;
      this.isPending = false;
    } catch (error) {
      if (running.signal.aborted) return;
      if (!(error instanceof Failure)) throw error;
      this.failed(error);
    }
    this.told();
  }

  /** @param {Failure} failure */
  failed(failure) {
    this.isPending = false;
    this.failure = failure;
    if (failure.findings.length > 0) {
      this.failure = null;
      this.verdict = new Verdict(new Map([["findings", []]]));
      this.verdict.findings = failure.findings;
    } else if (failure.retryAfter > 0 && failure.status === 429) {
      this.changed(failure.retryAfter * 1000);
    }
  }
}
