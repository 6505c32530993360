// What is in a form, as JSON values. The server decides what is valid; here only what cannot be sent is refused.
import { ExactNumber, isNumber, parseJson, toJson } from "./exact_json.js";
import { choicesOf, typesOf } from "./schema.js";

// The form of a field: choice, lines (a list of scalars, one a line), conditions (of a list), json, or text.
export function kindOf(schema) {
  const choices = choicesOf(schema);
  if (choices?.every((choice) => choice === null || typeof choice !== "object")) return "choice";
  if (isConditions(schema)) return "conditions";
  const types = typesOf(schema);
  if (types.size === 1 && types.has("boolean")) return "choice";
  if (types.size === 1 && types.has("array") && isScalar(schema.items)) return "lines";
  if (types.size === 0 || types.has("object") || types.has("array")) return "json";
  return "text";
}

// Whether no text at all may be a value: an empty text, or an empty list.
export function canBeEmpty(schema) {
  const kind = kindOf(schema);
  if (kind === "lines") return !schema.minItems;
  return kind === "text" && typesOf(schema).has("string") && !schema.format && !schema.pattern && !schema.minLength;
}

// An object of objects of operators: the conditions on the columns of a list.
function isConditions(schema) {
  const columns = Object.values(schema.properties ?? {});
  return columns.length > 0 && columns.every(({ properties = {} }) => "is_null" in properties);
}

function isScalar(schema) {
  const types = typesOf(schema ?? {});
  return types.size > 0 && !types.has("object") && !types.has("array");
}

// The entries of a field's menu, each with the text that stands for it in the form.
export function optionsOf(schema) {
  const choices = choicesOf(schema) ?? [true, false];
  return choices.filter((choice) => choice !== null).map((choice) => ({ text: String(choice), value: choice }));
}

// An entry says whether a field is sent at all, and as what: { sent, isNull, text }.
export const EMPTY = { sent: false, isNull: false, text: "" };

// The entry that stands for a value.
export function entryOf(value, schema) {
  if (value === null) return { sent: true, isNull: true, text: "" };
  const kind = kindOf(schema);
  if (kind === "conditions") return { ...EMPTY, sent: true, text: toJson(value) };
  if (kind === "json") return { ...EMPTY, sent: true, text: toJson(value, 2) };
  if (kind === "lines" && Array.isArray(value)) return { ...EMPTY, sent: true, text: value.map(String).join("\n") };
  return { ...EMPTY, sent: true, text: typeof value === "object" ? toJson(value) : String(value) };
}

// The values of all fields that are sent, and what is wrong with those that cannot be.
export function valuesOf(fields, entries) {
  const values = new Map();
  const flaws = new Map();
  for (const field of fields) {
    const entry = entries[keyOf(field)] ?? EMPTY;
    if (!entry.sent) {
      if (field.in === "path") flaws.set(keyOf(field), "is part of the address and needs a value");
      continue;
    }
    try {
      values.set(keyOf(field), entry.isNull ? null : valueOf(field.schema, entry.text));
    } catch (error) {
      flaws.set(keyOf(field), `is not valid JSON: ${error.message}`);
    }
  }
  return { values, flaws };
}

export function keyOf(field) {
  return `${field.in} ${field.name}`;
}

function valueOf(schema, text) {
  const kind = kindOf(schema);
  if (kind === "json" || kind === "conditions") return parseJson(text);
  if (kind === "choice") return optionsOf(schema).find((option) => option.text === text)?.value ?? text;
  if (kind === "lines") {
    const types = typesOf(schema.items);
    return text === "" ? [] : text.replace(/\n$/, "").split("\n").map((line) => scalarOf(types, line));
  }
  return scalarOf(typesOf(schema), text);
}

// A text that is no number stays one where a number is asked for: the answer then says what was expected.
export function scalarOf(types, text) {
  if ((types.has("integer") || types.has("number")) && isNumber(text.trim())) {
    const source = text.trim();
    return String(Number(source)) === source ? Number(source) : new ExactNumber(source);
  }
  if (types.has("boolean") && (text === "true" || text === "false")) return text === "true";
  return text;
}
