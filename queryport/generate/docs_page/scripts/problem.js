// A problem document (RFC 9457), and the fields of the form that it speaks of.
import { toJson } from "./exact_json.js";
import { Code } from "./highlight.js";
import { html } from "./ui.js";
import { keyOf } from "./values.js";

// The flaws of a problem document by the form's fields.
export function flawsOf(problem, fields) {
  const flaws = new Map();
  for (const { pointer, detail } of problem?.errors ?? []) {
    const field = fieldAt(fields, pointer ?? "");
    if (field === undefined) continue;
    const inside = field.name === "body" ? pointer : pointer.split("/").slice(2).join("/");
    const told = inside ? `${inside}: ${detail}` : detail;
    const before = flaws.get(keyOf(field));
    flaws.set(keyOf(field), before ? `${before}; ${told}` : told);
  }
  const precondition = problem?.status === 428 ? fields.find(({ in: place, name }) => place === "header" && name === "If-Match") : undefined;
  if (precondition) flaws.set(keyOf(precondition), "is needed: the ETag of the answer that the row was read by");
  return flaws;
}

// The field that a JSON Pointer speaks of.
export function fieldAt(fields, pointer) {
  const name = pointer.split("/")[1]?.replace(/~1/g, "/").replace(/~0/g, "~");
  return fields.find((field) => field.direct === name) ?? fields.find((field) => field.in === "body" && field.name === "body");
}

const OUTCOMES = {
  not_executed: "Nothing was done.",
  rolled_back: "It was begun, and all of it was undone.",
  unknown: "Whether it was done is not known.",
  committed: "It was done, and only its answer is lost.",
};

export function Problem({ problem, idAt, onSignIn }) {
  return html`<div class="problem">
    <h3>${problem.title ?? "The call failed"} <code>${problem.code}</code></h3>
    ${problem.detail && html`<p>${problem.detail}</p>`}
    ${
      problem.errors?.length > 0 &&
      html`<ul class="flaws">
        ${problem.errors.map(({ pointer, detail }) => {
          const id = idAt(pointer ?? "");
          const place = pointer || "the parameters";
          return html`<li>
            ${id ? html`<button type="button" class="link" onClick=${() => document.getElementById(id)?.focus()}>${place}</button>` : html`<code>${place}</code>`}
            ${" "}${detail}
          </li>`;
        })}
      </ul>`
    }
    ${problem.hint && html`<p>${problem.hint}</p>`}
    ${problem.details !== undefined && html`<${Code} text=${toJson(problem.details, 2)} language="json" label="Details" />`}
    <p class="hint">
      ${OUTCOMES[problem.outcome]} ${problem.retryable === true && "The same call may succeed later."}
      ${problem.sqlstate && html` SQLSTATE <code>${problem.sqlstate}</code>.`}
    </p>
    ${(problem.status === 401 || problem.status === 403) && html`<button type="button" onClick=${onSignIn}>Sign in</button>`}
  </div>`;
}
