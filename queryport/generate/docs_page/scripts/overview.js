// The page before an operation is chosen, and in its stead where there is none.
import { Markdown } from "./markdown.js";
import { Method } from "./method.js";
import { foldersOf } from "./model.js";
import { addressOf } from "./route.js";
import { html } from "./ui.js";

const SHOWN = 4;

export function Overview({ data, missing, onSignIn, onRetry }) {
  if (data.state === "loading") return html`<p class="start" role="status">Loading the operations…</p>`;
  if (data.state === "refused") {
    return html`<${Empty} title="Sign in to see the operations">
      <p>This function shows its operations to callers alone.</p>
      <button type="button" class="primary" onClick=${onSignIn}>Sign in</button>
    </${Empty}>`;
  }
  if (data.state === "failed") {
    return html`<${Empty} title="The operations could not be read">
      <p>${data.why}</p>
      <button type="button" class="primary" onClick=${onRetry}>Try again</button>
    </${Empty}>`;
  }
  if (missing !== null) {
    return html`<${Empty} title="There is no such operation">
      <p>Nothing is called <code>${missing}</code>, or you may not call it. It may do so after you sign in.</p>
      <p><a href="#/">All operations</a></p>
    </${Empty}>`;
  }
  const { info = {} } = data.document;
  if (data.operations.length === 0) {
    return html`<${Empty} title="There are no operations yet">
      <p>Put a file such as <code>sql_queries/books/list.sql</code> into the project, and it shows up here.</p>
    </${Empty}>`;
  }
  return html`<article class="overview">
    <h1>${info.title ?? "Operations"}</h1>
    ${info.description && html`<${Markdown} text=${info.description} />`}
    <div class="folders">
      ${foldersOf(data.operations).map((folder) => html`<${Folder} key=${folder.name} folder=${folder} tags=${data.document.tags} />`)}
    </div>
  </article>`;
}

function Folder({ folder, tags }) {
  const { name, members } = folder;
  const described = tags?.find((tag) => tag.name === name)?.description;
  return html`<section class="card">
    <h2>${name || "(no folder)"} <span class="folder-count">${members.length}</span></h2>
    ${described && html`<${Markdown} text=${described} />`}
    <ul>
      ${members.slice(0, SHOWN).map(
        (each) => html`<li>
          <a href=${addressOf(each)}><${Method} method=${each.method} /><span>${each.summary || each.title}</span></a>
        </li>`,
      )}
    </ul>
    ${members.length > SHOWN && html`<p class="more">and ${members.length - SHOWN} more in the list</p>`}
  </section>`;
}

function Empty({ title, children }) {
  return html`<section class="blank"><h1>${title}</h1>${children}</section>`;
}
