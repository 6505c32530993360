// What a JSON Schema says: which values a parameter takes, in words and for the form.
import { settings } from "./settings.js";

const TYPE_NAMES = {
  integer: "whole number",
  number: "number",
  string: "text",
  boolean: "true or false",
  array: "list",
  object: "object",
};

const FORMAT_NAMES = {
  date: "date",
  "date-time": "date and time",
  "date-time-local": "date and time without a zone",
  time: "time",
  "time-local": "time without a zone",
  duration: "duration",
  uuid: "UUID",
  email: "e-mail address",
  uri: "address (URI)",
  byte: "bytes in base64",
};

// The limits of PostgreSQL's whole numbers, which its types say already; the largest as a double has it.
const OWN_LIMITS = new Set([-32768, 32767, -2147483648, 2147483647, -(2 ** 63), 2 ** 63]);

// The schema that a reference stands for; a null among alternatives becomes a mark.
export function resolved(schema, root) {
  let found = schema ?? {};
  const marks = {};
  for (let depth = 0; depth < 20 && found && typeof found === "object"; depth += 1) {
    if (found.$ref?.startsWith("#/")) {
      const target = found.$ref
        .slice(2)
        .split("/")
        .reduce((node, step) => node?.[decodeURIComponent(step).replace(/~1/g, "/").replace(/~0/g, "~")], root);
      const { $ref: _, ...besides } = found;
      found = { ...target, ...besides };
      continue;
    }
    const alternatives = found.anyOf ?? found.oneOf;
    const others = alternatives?.filter((each) => each.type !== "null");
    if (alternatives && others.length < alternatives.length) marks.nullable = true;
    if (alternatives && others.length === 1) {
      const { anyOf: _, oneOf: __, ...besides } = found;
      found = { ...others[0], ...besides };
      continue;
    }
    // A number may come as a string of digits, which is told within the same bounds.
    if (others?.length === 2 && others[0].type === "number" && others[1].type === "string") {
      const { anyOf: _, oneOf: __, ...besides } = found;
      found = { ...others[0], ...besides };
      break;
    }
    if (found.allOf?.length === 1) {
      const { allOf, ...besides } = found;
      found = { ...allOf[0], ...besides };
      continue;
    }
    break;
  }
  return found && typeof found === "object" ? { ...found, ...marks } : {};
}

// The same with its properties and its items resolved, as deep as forms look.
export function expanded(schema, root, depth = 3) {
  const found = resolved(schema, root);
  if (depth === 0) return found;
  const inner = (each) => expanded(each, root, depth - 1);
  const properties = Object.entries(found.properties ?? {}).map(([name, each]) => [name, inner(each)]);
  return {
    ...found,
    ...(found.items && typeof found.items === "object" ? { items: inner(found.items) } : {}),
    ...(properties.length > 0 ? { properties: Object.fromEntries(properties) } : {}),
  };
}

export function typesOf(schema) {
  const given = schema.type === undefined ? [] : [schema.type].flat();
  const types = given.length > 0 ? given : (schema.anyOf ?? schema.oneOf ?? []).flatMap((each) => each.type ?? []);
  return new Set(types.filter((type) => type !== "null"));
}

export function isNullable(schema) {
  return schema.nullable === true || [schema.type].flat().includes("null") || choicesOf(schema)?.includes(null) === true;
}

export function choicesOf(schema) {
  return schema.const === undefined ? schema.enum : [schema.const];
}

// The type in a word or two: `whole number`, `list of dates`.
export function typeName(schema, root) {
  if (schema["x-postgresql-type"]) return schema["x-postgresql-type"];
  if (schema.format in FORMAT_NAMES) return FORMAT_NAMES[schema.format];
  // The pattern of a PostgreSQL type stands for the words that the function's own messages have for it.
  const [meaning] = (settings.patterns[schema.pattern] ?? "").split(",");
  if (meaning !== "") return meaning.replace(/^an? (JSON )?/, "");
  // A date may also be `infinity`: of such alternatives the first says it all.
  const alternative = (schema.anyOf ?? [])[0];
  if (alternative?.format in FORMAT_NAMES) return FORMAT_NAMES[alternative.format];
  const all = [...typesOf(schema)];
  // An element of an array is one of a further dimension's arrays, if there are several.
  const types = all.length === 2 && all[1] === "array" ? all.slice(0, 1) : all;
  if (types.length === 0) return choicesOf(schema) ? "one of" : "any JSON";
  if (types.length === 1 && types[0] === "array" && schema.items) {
    return `list of ${plural(typeName(resolved(schema.items, root), root))}`;
  }
  return types.map((type) => TYPE_NAMES[type] ?? type).join(" or ");
}

function plural(name) {
  return /^(whole number|number|text|date|object|UUID)$/.test(name) ? `${name}s` : name;
}

// The labels of an enum as a rule, where no menu has them.
export function labelsOf(schema) {
  const labels = choicesOf(schema)?.filter((each) => each !== null) ?? [];
  return labels.length > 0 ? [`one of ${labels.join(", ")}`] : [];
}

// The rules beyond the type, each as a short text.
export function rulesOf(schema) {
  const rules = [];
  const limit = (keyword) => (OWN_LIMITS.has(schema[keyword]) ? undefined : schema[keyword]);
  range(rules, limit("minimum"), limit("maximum"), "");
  if (schema.exclusiveMinimum !== undefined) rules.push(`more than ${schema.exclusiveMinimum}`);
  if (schema.exclusiveMaximum !== undefined) rules.push(`less than ${schema.exclusiveMaximum}`);
  if (schema.multipleOf !== undefined) rules.push(`a multiple of ${schema.multipleOf}`);
  range(rules, schema.minLength, schema.maxLength, " characters");
  range(rules, schema.minItems, schema.maxItems, " elements");
  if (schema.uniqueItems) rules.push("no element twice");
  if (schema.items?.enum) rules.push(`of ${schema.items.enum.filter((each) => each !== null).join(", ")}`);
  // That of every text is no rule worth telling, and a format says more than its pattern.
  const told = schema.pattern !== undefined && schema.pattern !== "^[^\\u0000]*$" && schema.format === undefined;
  if (told) rules.push(...ruleOfPattern(schema.pattern));
  if (isNullable(schema)) rules.push("or null");
  const fallback = schema.default ?? schema["x-default"];
  if (fallback !== undefined && fallback !== null) rules.push(`default ${JSON.stringify(fallback)}`);
  return rules;
}

function ruleOfPattern(pattern) {
  const meaning = settings.patterns[pattern];
  if (meaning === undefined) return [`matches ${pattern}`];
  const [, example] = meaning.split(", such as ");
  return example ? [`such as ${example}`] : [];
}

function range(rules, least, most, unit) {
  if (least !== undefined && least === most) rules.push(`exactly ${least}${unit}`);
  else if (least !== undefined && most !== undefined) rules.push(`${least} to ${most}${unit}`);
  else if (least !== undefined) rules.push(`at least ${least}${unit}`);
  else if (most !== undefined) rules.push(`at most ${most}${unit}`);
}

const BY_FORMAT = {
  uuid: "00000000-0000-4000-8000-000000000000",
  date: "2026-01-31",
  "date-time": "2026-01-31T12:00:00Z",
  "date-time-local": "2026-01-31T12:00:00",
  time: "12:00:00Z",
  "time-local": "12:00:00",
  duration: "P1D",
  email: "ada@example.com",
};

// A value that the schema takes, where its keywords say enough.
export function exampleOf(schema, root) {
  const own = schema.example ?? schema.examples?.[0] ?? choicesOf(schema)?.[0] ?? schema.default ?? schema["x-default"];
  if (own !== undefined) return own;
  if (schema.anyOf) return exampleOf(resolved(schema.anyOf[0], root), root);
  const types = typesOf(schema);
  if (types.has("integer") || types.has("number")) {
    const least = schema.minimum ?? (schema.exclusiveMinimum === undefined ? 1 : schema.exclusiveMinimum + 1);
    return Math.min(Math.max(1, least), schema.maximum ?? Infinity);
  }
  if (types.has("boolean")) return true;
  if (types.has("array")) return Array(schema.minItems ?? 1).fill(exampleOf(resolved(schema.items, root), root));
  if (types.has("object")) {
    const names = schema.required ?? [];
    return Object.fromEntries(names.map((name) => [name, exampleOf(resolved(schema.properties?.[name], root), root)]));
  }
  if (types.has("string")) {
    return (BY_FORMAT[schema.format] ?? "example").slice(0, schema.maxLength).padEnd(schema.minLength ?? 0, "e");
  }
  return {};
}
