// The badge of an HTTP method.
import { html } from "./ui.js";

export function Method({ method }) {
  return html`<span class=${`method method-${method.toLowerCase()}`}>${method}</span>`;
}
