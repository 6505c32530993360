// Rows as a table that sorts, one row as a list, and single values.
import { ExactNumber, toJson } from "./exact_json.js";
import { html, useMemo, useState } from "./ui.js";

const SHOWN = 200;
const collator = new Intl.Collator(undefined, { numeric: true });

export function Table({ rows, columns, label }) {
  const [order, setOrder] = useState({ column: null, isDescending: false });
  const [shown, setShown] = useState(SHOWN);
  const sorted = useMemo(() => sortedBy(rows, order), [rows, order]);
  const press = (column) =>
    setOrder((before) => {
      if (before.column !== column) return { column, isDescending: false };
      return before.isDescending ? { column: null, isDescending: false } : { column, isDescending: true };
    });
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${label}>
      <table class="rows">
        <thead>
          <tr>
            ${columns.map((column) => {
              const direction = column !== order.column ? "none" : order.isDescending ? "descending" : "ascending";
              return html`<th scope="col" key=${column} aria-sort=${direction} class=${isNumeric(rows[0][column]) ? "number-head" : undefined}>
                <button type="button" onClick=${() => press(column)}>${column}<span class="arrow" aria-hidden="true">${ARROWS[direction]}</span></button>
              </th>`;
            })}
          </tr>
        </thead>
        <tbody>
          ${sorted.slice(0, shown).map(
            (row) => html`<tr>${columns.map((column) => html`<td class=${classOf(row[column])}><${Value} value=${row[column]} /></td>`)}</tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${
      rows.length > shown &&
      html`<p class="more-rows">
        ${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows are shown.
        <button type="button" onClick=${() => setShown(shown + 5 * SHOWN)}>Show more</button>
      </p>`
    }`;
}

const ARROWS = { none: "↕", ascending: "↑", descending: "↓" };

export function Record({ row }) {
  return html`<dl class="record">
    ${Object.entries(row).map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd><${Value} value=${value} /></dd></div>`)}
  </dl>`;
}

// A value as it is; one that has members is folded.
export function Value({ value }) {
  if (value === null) return html`<span class="null">null</span>`;
  if (value === undefined) return html`<span class="null">absent</span>`;
  if (typeof value === "string") return value === "" ? html`<span class="null">empty</span>` : value;
  if (typeof value !== "object" || value instanceof ExactNumber) return String(value);
  const members = Array.isArray(value) ? value.length : Object.keys(value).length;
  if (members === 0) return Array.isArray(value) ? "[]" : "{}";
  return html`<${Folded} value=${value} members=${members} />`;
}

function Folded({ value, members }) {
  const [open, setOpen] = useState(false);
  const kind = Array.isArray(value) ? (members === 1 ? "element" : "elements") : members === 1 ? "member" : "members";
  return html`<details class="folded" onToggle=${(event) => setOpen(event.target.open)}>
    <summary>${members} ${kind}</summary>
    ${open && html`<pre>${toJson(value, 2)}</pre>`}
  </details>`;
}

function classOf(value) {
  return typeof value === "number" || value instanceof ExactNumber ? "number" : undefined;
}

function sortedBy(rows, { column, isDescending }) {
  if (column === null) return rows;
  const sign = isDescending ? -1 : 1;
  return [...rows].sort((one, other) => {
    const [left, right] = [one[column] ?? null, other[column] ?? null];
    // Null comes last in either direction.
    if (left === null || right === null) return (left === null) - (right === null);
    return sign * compared(left, right);
  });
}

function compared(left, right) {
  if (isNumeric(left) && isNumeric(right)) return Number(left) - Number(right);
  return collator.compare(asText(left), asText(right));
}

function isNumeric(value) {
  return typeof value === "number" || value instanceof ExactNumber;
}

function asText(value) {
  return typeof value === "string" ? value : toJson(value);
}
