// The conditions of a list, each a column, an operator and a value, as the object that they are sent as.
import { isNumber, parseJson, toJson } from "./exact_json.js";
import { typesOf } from "./schema.js";
import { html, useEffect, useRef, useState } from "./ui.js";
import { scalarOf } from "./values.js";

const OPERATORS = {
  eq: "equals",
  ne: "is not",
  lt: "below",
  lte: "at most",
  gt: "above",
  gte: "at least",
  in: "is one of",
  like: "is like",
  ilike: "is like (any case)",
  contains: "contains",
  is_null: "is null",
};

export function Conditions({ field, entry, attributes, onEntry }) {
  const { schema } = field;
  const [rows, setRows] = useState(() => rowsOf(entry.text));
  const written = useRef(entry.text);
  const group = useRef(null);
  // The number of the row that the focus goes to when it is there, or that took the place of one that is gone.
  const goal = useRef(null);
  useEffect(() => {
    if (goal.current === null) return;
    const row = group.current.querySelectorAll(".condition")[goal.current];
    (row ?? group.current).querySelector(row ? "select" : ":scope > button").focus();
    goal.current = null;
  });
  // A value from elsewhere, such as an example.
  if (written.current !== entry.text) {
    written.current = entry.text;
    setRows(rowsOf(entry.text));
  }
  const change = (changed) => {
    const text = changed.length > 0 ? toJson(objectOf(changed, schema)) : "";
    written.current = text;
    setRows(changed);
    onEntry({ sent: text !== "", isNull: false, text });
  };
  const replace = (number, part) => change(rows.map((row, each) => (each === number ? { ...row, ...part } : row)));
  const add = () => {
    goal.current = rows.length;
    change([...rows, startOf(schema, first)]);
  };
  const remove = (number) => {
    goal.current = number;
    change(rows.filter((_, each) => each !== number));
  };
  const columns = Object.keys(schema.properties);
  const first = columns[0];
  return html`<div class="conditions" role="group" ref=${group} aria-label=${field.name}>
    ${rows.map(
      (row, number) => html`<div class="condition" key=${number}>
        <select aria-label=${`Column of condition ${number + 1}`} value=${row.column}
          onChange=${({ target }) => replace(number, startOf(schema, target.value))}>
          ${columns.map((column) => html`<option key=${column} value=${column}>${column}</option>`)}
        </select>
        <select aria-label=${`Operator of condition ${number + 1}`} value=${row.operator}
          onChange=${({ target }) => replace(number, { operator: target.value, text: target.value === "is_null" ? "true" : "" })}>
          ${operatorsOf(schema, row.column).map((operator) => html`<option key=${operator} value=${operator}>${OPERATORS[operator] ?? operator}</option>`)}
        </select>
        <${Value} schema=${schema.properties[row.column].properties[row.operator]} number=${number} row=${row} onText=${(text) => replace(number, { text })} />
        <button type="button" class="quiet" aria-label=${`Remove condition ${number + 1}`} onClick=${() => remove(number)}>✕</button>
      </div>`,
    )}
    <button type="button" ...${attributes} aria-invalid=${undefined} onClick=${add}>Add a condition</button>
  </div>`;
}

function Value({ schema, number, row, onText }) {
  const label = `Value of condition ${number + 1}`;
  const choices = schema.enum ?? (isTruth(schema) ? [true, false] : undefined);
  if (choices) {
    return html`<select aria-label=${label} value=${row.text} onChange=${({ target }) => onText(target.value)}>
      <option value="">choose…</option>
      ${choices.map((choice) => html`<option key=${choice} value=${String(choice)}>${String(choice)}</option>`)}
    </select>`;
  }
  const placeholder = isList(schema) ? "a, b, c" : "";
  return html`<input aria-label=${label} value=${row.text} placeholder=${placeholder} autocomplete="off" spellcheck="false" onInput=${({ target }) => onText(target.value)} />`;
}

function isTruth(schema) {
  const types = typesOf(schema);
  return types.size === 1 && types.has("boolean");
}

function isList(schema) {
  return typesOf(schema).has("array");
}

function operatorsOf(schema, column) {
  return Object.keys(schema.properties[column].properties);
}

function startOf(schema, column) {
  const [operator] = operatorsOf(schema, column);
  return { column, operator, text: operator === "is_null" ? "true" : "" };
}

// The last of several conditions with the same column and operator counts: an object has a member once.
function objectOf(rows, schema) {
  const object = {};
  for (const { column, operator, text } of rows) {
    object[column] ??= {};
    object[column][operator] = valueOf(schema.properties[column].properties[operator], text);
  }
  return object;
}

function valueOf(schema, text) {
  const types = typesOf(schema);
  if (types.has("array") && !text.trimStart().startsWith("[")) {
    const elements = typesOf(schema.items ?? {});
    return text === "" ? [] : text.split(",").map((each) => scalarOf(elements, each.trim()));
  }
  if (types.size === 0 || types.has("object") || types.has("array")) {
    try {
      return parseJson(text);
    } catch {
      return text; // the answer says what was expected
    }
  }
  return scalarOf(types, isNumber(text.trim()) ? text.trim() : text);
}

function rowsOf(text) {
  if (text === "") return [];
  return Object.entries(parseJson(text)).flatMap(([column, conditions]) =>
    Object.entries(conditions).map(([operator, value]) => ({ column, operator, text: asText(value) })),
  );
}

function asText(value) {
  if (typeof value === "string") return value;
  const isPlain = Array.isArray(value) && value.every((each) => typeof each !== "object" && !String(each).includes(","));
  return isPlain ? value.join(", ") : toJson(value);
}
