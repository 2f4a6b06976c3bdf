// Signing in: until an identity provider does it, by a token that is typed. It stays in memory alone.

import { html, nothing } from "./vendor/lit-html.js";
import { signIn } from "./api.js";
import { icon, stranger } from "./words.js";

/**
 * @param {{ message: string, project: string, done: () => void, failed: (message: string) => void }} state
 */
export function drawSignIn({ message, project, done, failed }) {
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const value = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name)).value;
    try {
      signIn(value("token"), value("project"));
      form.reset();
      done();
    } catch (error) {
      failed(error instanceof Error ? error.message : String(error));
      /** @type {HTMLElement} */ (form.elements.namedItem("token")).focus();
    }
  };
  return html`<form class="sign-in" novalidate autocomplete="off" @submit=${submit}>
    <div class="field"><label for="token">Token</label>
      <input id="token" name="token" type="password" autocomplete="off" spellcheck="false" required aria-describedby="token-below" aria-invalid=${message !== ""}>
      <div class="below" id="token-below"><p class="help">A bearer token for this installation. It is kept in this page's memory, and gone when you leave it.</p>
        ${message ? html`<p class="finding is-error" role="alert">${icon("error")}<span>${stranger(message)}</span></p>` : nothing}</div></div>
    <div class="field"><label for="project">Project <span class="optional">optional</span></label>
      <input id="project" name="project" type="text" autocomplete="off" spellcheck="false" maxlength="255" .value=${project} aria-describedby="project-below">
      <div class="below" id="project-below"><p class="help">Without it: the token's own project, else the whole organization.</p></div></div>
    <p><button type="submit" class="primary">Sign in</button></p>
    <details><summary>Where do I get a token?</summary>
      <p>In production from your identity provider. In development, from a shell:</p>
      <pre tabindex="0"><code>patchpanel token --org acme --project sales --role developer</code></pre></details>
  </form>`;
}
