// One parameter: its rules, and the input for its value.
import { Conditions } from "./conditions.js";
import { Markdown } from "./markdown.js";
import { isNullable, rulesOf, typeName } from "./schema.js";
import { html, useId } from "./ui.js";
import { settings } from "./settings.js";
import { canBeEmpty, kindOf, optionsOf } from "./values.js";

const PLACES = { path: "in the path", query: "in the query string", header: "a header", body: "in the body" };
const INPUT_TYPES = { date: "date" };

export function Field({ field, entry, flaw, document, onEntry, idOf }) {
  const { schema } = field;
  const id = idOf(field);
  const hints = useId();
  const described = [`${hints}-rules`, flaw && `${hints}-flaw`].filter(Boolean).join(" ");
  const rules = rulesOf(schema);
  const attributes = { id, "aria-describedby": described, "aria-invalid": flaw ? "true" : undefined };
  return html`<div class=${`field ${flaw ? "field-bad" : ""}`}>
    <div class="field-head">
      ${
        // Conditions are a group with a name of its own.
        kindOf(schema) === "conditions" ? html`<span class="label">${field.name}</span>` : html`<label for=${id}>${field.name}</label>`
      }
      <span class="type">${typeName(schema, document)}</span>
      ${field.required && html`<span class="required">required</span>`}
      ${schema.deprecated && html`<span class="tag tag-warn">deprecated</span>`}
    </div>
    ${field.description && html`<${Markdown} text=${field.description} />`}
    <div class="field-input">
      <${Input} field=${field} entry=${entry} attributes=${attributes} onEntry=${onEntry} />
      <${Presence} field=${field} entry=${entry} onEntry=${onEntry} />
    </div>
    <p class="hint" id=${`${hints}-rules`}>
      ${[PLACES[field.in], ...rules].map((rule, number) => html`${number > 0 && " · "}<span>${rule}</span>`)}
    </p>
    ${flaw && html`<p class="flaw" id=${`${hints}-flaw`}>${flaw}</p>`}
  </div>`;
}

function Input({ field, entry, attributes, onEntry }) {
  const { schema } = field;
  const kind = kindOf(schema);
  const given = { ...attributes, disabled: entry.isNull, value: entry.text, spellcheck: false, autocomplete: "off" };
  const typed = ({ target: { value } }) =>
    onEntry({ sent: value !== "" || (entry.sent && canBeEmpty(schema)), isNull: false, text: value });
  if (kind === "choice") {
    const chosen = (event) => onEntry({ sent: event.target.value !== "", isNull: false, text: event.target.value });
    return html`<select ...${attributes} disabled=${entry.isNull} value=${entry.sent ? entry.text : ""} onChange=${chosen}>
      <option value="">${field.required ? "choose…" : "not sent"}</option>
      ${optionsOf(schema).map(({ text }) => html`<option key=${text} value=${text}>${text}</option>`)}
    </select>`;
  }
  if (kind === "conditions") return html`<${Conditions} field=${field} entry=${entry} attributes=${attributes} onEntry=${onEntry} />`;
  const placeholder = entry.isNull ? "null" : placeholderOf(schema, kind);
  if (isBytes(schema)) return html`<${BytesInput} given=${given} field=${field} onTyped=${typed} onEntry=${onEntry} />`;
  if (kind === "json" || kind === "lines") {
    const className = kind === "json" ? "mono" : "";
    return html`<textarea ...${given} class=${className} rows=${kind === "json" ? 4 : 3} placeholder=${placeholder} onInput=${typed}></textarea>`;
  }
  const isNumber = [schema.type].flat().some((type) => type === "integer" || type === "number");
  const isLong = schema.format === undefined && !isNumber && field.in === "body" && schema.enum === undefined;
  if (isLong) return html`<textarea ...${given} class="grows" rows="1" placeholder=${placeholder} onInput=${typed}></textarea>`;
  return html`<input ...${given} type=${INPUT_TYPES[schema.format] ?? "text"} inputmode=${isNumber ? "decimal" : undefined} placeholder=${placeholder} onInput=${typed} />`;
}

function isBytes(schema) {
  return settings.patterns[schema.pattern]?.startsWith("bytes") === true;
}

// Bytes are written in hexadecimal digits, or taken out of a file.
function BytesInput({ given, field, onTyped, onEntry }) {
  const take = async ({ target }) => {
    const [file] = target.files;
    if (file === undefined) return;
    const bytes = new Uint8Array(await file.arrayBuffer());
    onEntry({ sent: true, isNull: false, text: `\\x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}` });
  };
  return html`<div class="bytes-input">
    <input ...${given} class="mono" placeholder="\\x0aff" onInput=${onTyped} />
    <input type="file" aria-label=${`A file for ${field.name}`} disabled=${given.disabled} onChange=${take} />
  </div>`;
}

function placeholderOf(schema, kind) {
  if (kind === "lines") return "one element a line";
  if (kind === "json") return "JSON";
  return { "date-time": "2026-01-31T12:00:00Z", time: "12:00:00Z", duration: "P1DT2H", uuid: "00000000-0000-4000-8000-000000000000" }[schema.format];
}

// Whether the value is sent at all, where no text may mean an empty one; and whether null is sent.
function Presence({ field, entry, onEntry }) {
  const asksWhether = field.in !== "path" && canBeEmpty(field.schema);
  const canBeNull = isNullable(field.schema) && field.in === "body";
  if (!asksWhether && !canBeNull) return null;
  const send = (event) => onEntry({ ...entry, sent: event.target.checked, isNull: false, text: event.target.checked ? entry.text : "" });
  const nothing = (event) => onEntry({ sent: event.target.checked, isNull: event.target.checked, text: "" });
  return html`<div class="presence">
    ${
      asksWhether &&
      html`<label><input type="checkbox" checked=${entry.sent} onChange=${send} aria-label=${`Send ${field.name}`} /> send</label>`
    }
    ${
      canBeNull &&
      html`<label><input type="checkbox" checked=${entry.isNull} onChange=${nothing} aria-label=${`Send null as ${field.name}`} /> null</label>`
    }
  </div>`;
}
