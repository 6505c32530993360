// JSON in and out without a digit lost: JavaScript's numbers have no room for a bigint or for 1.50.

export class ExactNumber {
  constructor(source) {
    this.source = source;
  }

  toString() {
    return this.source;
  }

  // For code that knows nothing of exact numbers; toJson below does.
  toJSON() {
    return Number(this.source);
  }
}

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const SURE_DIGITS = 15;

export function isNumber(text) {
  return NUMBER.test(text);
}

// The value of a JSON text; a number that JavaScript would write otherwise is an ExactNumber. Throws SyntaxError.
export function parseJson(text) {
  return JSON.parse(text, (_, value, context) =>
    typeof value === "number" && context?.source !== undefined && String(value) !== context.source
      ? new ExactNumber(context.source)
      : value,
  );
}

// The JSON of a value; `indent` is the number of spaces by which members stand further in, 0 for one line.
export function toJson(value, indent = 0, margin = "") {
  if (value instanceof ExactNumber) return value.source;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const list = Array.isArray(value);
  const inner = margin + " ".repeat(indent);
  const members = list
    ? value.map((each) => toJson(each, indent, inner))
    : Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${toJson(each, indent, inner)}`);
  const [open, close] = list ? "[]" : "{}";
  if (members.length === 0) return open + close;
  return indent === 0
    ? open + members.join(", ") + close
    : `${open}\n${inner}${members.join(`,\n${inner}`)}\n${margin}${close}`;
}

// Whether a number inside of the value would be another one as a double.
export function hasLongNumber(value) {
  if (value instanceof ExactNumber) return value.source.replace(/[eE].*|\D/g, "").replace(/^0+/, "").length > SURE_DIGITS;
  return value !== null && typeof value === "object" && Object.values(value).some(hasLongNumber);
}
