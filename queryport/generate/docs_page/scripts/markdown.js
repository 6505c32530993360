// Markdown as components. The parser's tokens are all that is used of it: no HTML is ever made of a text, and what looks
// like HTML is shown as the text that it is.
import { lexer } from "marked";
import { html } from "./ui.js";

const SAFE_ADDRESS = /^(https?:|mailto:|#|\/|\.)/i;

export function Markdown({ text }) {
  return html`<div class="prose">${lexer(text).map(block)}</div>`;
}

function block(token) {
  switch (token.type) {
    case "heading":
      return html`<p class="prose-heading" role="heading" aria-level=${Math.min(6, token.depth + 2)}>${inlines(token.tokens)}</p>`;
    case "paragraph":
      return html`<p>${inlines(token.tokens)}</p>`;
    case "code":
      return html`<pre class="code" tabindex="0"><code>${token.text}</code></pre>`;
    case "blockquote":
      return html`<blockquote>${token.tokens.map(block)}</blockquote>`;
    case "list": {
      const items = token.items.map((item) => html`<li>${item.tokens.map(block)}</li>`);
      return token.ordered ? html`<ol start=${token.start || 1}>${items}</ol>` : html`<ul>${items}</ul>`;
    }
    case "table":
      return html`<div class="scroll" tabindex="0" role="region" aria-label="Table"><table>
        <thead><tr>${token.header.map((cell) => html`<th scope="col">${inlines(cell.tokens)}</th>`)}</tr></thead>
        <tbody>${token.rows.map((row) => html`<tr>${row.map((cell) => html`<td>${inlines(cell.tokens)}</td>`)}</tr>`)}</tbody>
      </table></div>`;
    case "hr":
      return html`<hr />`;
    case "space":
    case "def":
      return null;
    case "text":
      return token.tokens ? inlines(token.tokens) : token.text;
    case "html":
      return html`<p>${token.raw}</p>`;
    default:
      return inline(token);
  }
}

function inlines(tokens) {
  return (tokens ?? []).map(inline);
}

function inline(token) {
  switch (token.type) {
    case "strong":
      return html`<strong>${inlines(token.tokens)}</strong>`;
    case "em":
      return html`<em>${inlines(token.tokens)}</em>`;
    case "del":
      return html`<del>${inlines(token.tokens)}</del>`;
    case "codespan":
      return html`<code>${token.text}</code>`;
    case "br":
      return html`<br />`;
    case "link":
    case "image": {
      const content = token.type === "link" ? inlines(token.tokens) : token.text || token.href;
      if (!SAFE_ADDRESS.test(token.href)) return html`<span>${content}</span>`;
      return html`<a href=${token.href} rel="noopener noreferrer" target="_blank">${content}</a>`;
    }
    case "text":
      return token.tokens ? inlines(token.tokens) : token.text;
    case "escape":
      return token.text;
    default:
      return token.raw;
  }
}
