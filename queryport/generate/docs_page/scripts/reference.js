// What is known of an operation beside its parameters: its facts, its SQL, its answers.
import { expanded, labelsOf, resolved, rulesOf, typeName } from "./schema.js";
import { html } from "./ui.js";

const RESULTS = {
  many: "rows",
  one: "one row",
  maybe: "one row or null",
  value: "one value",
  affected: "number of rows changed",
  none: "no result",
};

export function Facts({ details }) {
  const { facts } = details;
  const told = [
    [`answers ${RESULTS[facts.result] ?? facts.result}`],
    facts.read_only ? ["reads only", "good"] : ["changes data", "warn"],
    facts.page && ["in pages"],
    details.key && [details.key.required ? "needs an idempotency key" : "takes an idempotency key"],
    details.deprecated && ["deprecated", "warn"],
    ...callersOf(details.security).map((caller) => [`for ${caller}`]),
  ];
  return html`<ul class="facts" aria-label="Facts">
    ${told.filter(Boolean).map(([text, kind]) => html`<li class=${`tag ${kind ? `tag-${kind}` : ""}`}>${text}</li>`)}
  </ul>`;
}

const CALLERS = { iam: "IAM", jwt: "a token", key: "an API key" };

function callersOf(security) {
  return security.map((requirement) => {
    const [[scheme, scopes] = []] = Object.entries(requirement);
    if (scheme === undefined) return "anyone";
    return [CALLERS[scheme] ?? scheme, ...scopes].join(" ");
  });
}

export function Reference({ details, document }) {
  const success = details.answers.find(({ status }) => status.startsWith("2"));
  const failures = details.answers.filter(({ problems }) => problems.some(({ code }) => code));
  return html`<div class="columns columns-even">
    ${success?.schema && html`<${Fold} title="What it answers" isOpen><${Columns} schema=${success.schema} document=${document} /></${Fold}>`}
    ${
      failures.length > 0 &&
      html`<${Fold} title="How it can fail">
        <${Failures} failures=${failures} unsure=${details.facts.outcomes?.unknown ?? []} />
      </${Fold}>`
    }
  </div>`;
}

export function Fold({ title, isOpen, children }) {
  return html`<details class="panel fold" open=${isOpen}>
    <summary><h2>${title}</h2></summary>
    ${children}
  </details>`;
}

function Columns({ schema, document }) {
  const data = resolved(schema.properties?.data ?? schema, document);
  const row = data.items ? resolved(data.items, document) : data;
  const columns = Object.entries(row.properties ?? {});
  if (columns.length === 0) return html`<p class="hint">${typeName(row, document)}</p>`;
  return html`<dl class="columns-list">
    ${columns.map(([name, column]) => {
      const own = expanded(column, document, 1);
      return html`<div key=${name}>
        <dt><code>${name}</code></dt>
        <dd>
          <span class="type">${typeName(own, document)}</span>
          ${[...labelsOf(own), ...rulesOf(own)].map((rule) => html` · <span>${rule}</span>`)}
          ${own.description && html`<br />${own.description}`}
        </dd>
      </div>`;
    })}
  </dl>`;
}

// By status: what the caller sees first.
function Failures({ failures, unsure }) {
  return html`<dl class="columns-list failures">
    ${failures.map(
      ({ status, problems }) => html`<div key=${status}>
        <dt><code>${status}</code></dt>
        <dd>
          <ul>
            ${problems.map(
              ({ code, title, retryable }) => html`<li key=${code}>
                <code>${code}</code> <span class="type">${title}${retryable && " · may be repeated"}${unsure.includes(code) && " · whether it was done is not known"}</span>
              </li>`,
            )}
          </ul>
        </dd>
      </div>`,
    )}
  </dl>`;
}
