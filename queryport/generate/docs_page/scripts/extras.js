// What is sent beside the parameters: an idempotency key, the media type of the answer.
import { Fragment, html } from "./ui.js";

export function Extras({ details, form, onForm, prefix }) {
  const formats = details.answers.find(({ status }) => status.startsWith("2"))?.formats ?? [];
  const isRequired = details.key?.required === true;
  return html`<${Fragment}>
    ${
      details.key &&
      html`<div class="field">
        <div class="field-head">
          <label for=${`${prefix}-key`}>Idempotency-Key</label>
          ${isRequired && html`<span class="required">required</span>`}
        </div>
        <div class="field-input">
          <input id=${`${prefix}-key`} class="mono" value=${form.key} autocomplete="off" spellcheck="false" aria-describedby=${`${prefix}-key-hint`}
            onInput=${(event) => onForm((before) => ({ ...before, key: event.target.value }))} />
          <button type="button" onClick=${() => onForm((before) => ({ ...before, key: newKey() }))}>New key</button>
        </div>
        <p class="hint" id=${`${prefix}-key-hint`}>a header · calls with the same key change the data once, and get the same answer</p>
      </div>`
    }
    ${
      formats.length > 1 &&
      html`<div class="field">
        <div class="field-head"><label for=${`${prefix}-accept`}>Answer as</label></div>
        <div class="field-input">
          <select id=${`${prefix}-accept`} value=${form.accept} onChange=${(event) => onForm((before) => ({ ...before, accept: event.target.value }))}>
            <option value="">as the function prefers</option>
            ${formats.map((type) => html`<option key=${type} value=${type}>${type}</option>`)}
          </select>
        </div>
      </div>`
    }
  </${Fragment}>`;
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
