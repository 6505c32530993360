// The operations of an OpenAPI document, as the page looks at them. Details are looked up when they are shown: a
// catalogue may have thousands.
import { expanded, resolved } from "./schema.js";

const METHODS = ["get", "post", "put", "patch", "delete"];
const HEADERS_OF_THEIR_OWN = ["idempotency-key", "prefer"];

const NAMED = "/operations/";

// Each operation once: called by its route if it has one, else by its name. The entry of its name has all its facts.
export function operationsOf(document) {
  const byName = new Map();
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const method of METHODS) {
      const described = item[method];
      if (!described?.["x-queryport"]) continue;
      const name = described["x-queryport"].operation ?? described.operationId;
      const isRoute = !path.startsWith(NAMED);
      const before = byName.get(name);
      const facts = { ...before?.facts, ...described["x-queryport"] };
      byName.set(name, isRoute || !before ? { name, method: method.toUpperCase(), path, isRoute, item, described, facts } : { ...before, facts });
    }
  }
  return [...byName.values()].map(searchable).sort((one, other) => (one.name < other.name ? -1 : 1));
}

function searchable(operation) {
  const { name, path, described } = operation;
  const folder = name.split(".").slice(0, -1).join(".");
  const summary = described.summary ?? "";
  const words = [name, path, summary, described.description ?? "", ...(described.tags ?? [])];
  const title = name.slice(folder ? folder.length + 1 : 0);
  return { ...operation, folder, title, summary, text: words.join("\n").toLowerCase() };
}

// The folders with their operations, in their order.
export function foldersOf(operations) {
  const folders = new Map();
  for (const operation of operations) {
    if (!folders.has(operation.folder)) folders.set(operation.folder, []);
    folders.get(operation.folder).push(operation);
  }
  return [...folders].map(([name, members]) => ({ name, members }));
}

// Everything that the page of one operation shows.
export function detailsOf(operation, document) {
  const { described, facts } = operation;
  const parameters = [...(operation.item.parameters ?? []), ...(described.parameters ?? [])].map((each) =>
    resolved(each, document),
  );
  const header = (name) => parameters.find((each) => each.in === "header" && each.name.toLowerCase() === name);
  const fields = withConditions(
    parameters
      .filter((each) => each.in !== "cookie" && !(each.in === "header" && HEADERS_OF_THEIR_OWN.includes(each.name.toLowerCase())))
      .map((each) => parameterField(each, document)),
  );
  const body = bodyOf(described, document);
  const direct = directNames(operation);
  return {
    ...operation,
    description: described.description ?? "",
    deprecated: described.deprecated === true,
    fields: [...fields, ...body.fields].map((field) => ({ ...field, direct: direct.get(`${field.in} ${field.name}`) ?? field.name })),
    body,
    key: header("idempotency-key"),
    rollback: header("prefer") !== undefined && facts.read_only !== true,
    answers: answersOf(described, document),
    security: described.security ?? document.security ?? [],
  };
}

// OpenAPI gives routes of one shape the same names for what is in their paths; an operation knows them by its own.
function directNames({ path, facts }) {
  const names = (template) => [...template.matchAll(/\{([^}]*)\}/g)].map((match) => match[1]);
  const own = names(facts.route?.path ?? path);
  return new Map(names(path).map((name, position) => [`path ${name}`, own[position] ?? name]));
}

function parameterField(parameter, document) {
  const [type, content] = Object.entries(parameter.content ?? {})[0] ?? [];
  const schema = expanded(content?.schema ?? parameter.schema, document);
  return {
    name: parameter.name,
    in: parameter.in,
    required: parameter.required === true,
    description: parameter.description ?? schema.description ?? "",
    schema: withExample(schema, parameter.example ?? content?.example),
    style: parameter.style ?? (parameter.in === "query" ? "form" : "simple"),
    explode: parameter.explode ?? parameter.in === "query",
    asJson: type !== undefined,
  };
}

// The conditions of a list, `filter[total][gte]` and the like, as one field: the object that other callers send.
function withConditions(fields) {
  const properties = {};
  const rest = [];
  let filter;
  for (const field of fields) {
    const [, column, operator] = field.in === "query" ? (/^filter\[([^\]]+)\]\[([^\]]+)\]$/.exec(field.name) ?? []) : [];
    if (column === undefined) {
      rest.push(field);
      continue;
    }
    if (filter === undefined) {
      const description = "Conditions on the rows, all of which hold";
      const schema = { type: "object", properties, additionalProperties: false };
      filter = { ...field, name: "filter", description, schema, style: "deepObject", explode: true, asJson: false };
      rest.push(filter);
    }
    properties[column] ??= { type: "object", properties: {}, additionalProperties: false };
    properties[column].properties[operator] = field.schema;
  }
  if (filter) filter.schema.example = { [Object.keys(properties)[0]]: { is_null: false } };
  return rest;
}

// The document's examples are known to be valid.
function withExample(schema, example) {
  return example === undefined ? schema : { ...schema, example };
}

function bodyOf(described, document) {
  const body = resolved(described.requestBody, document);
  const found = Object.entries(body.content ?? {}).find(([type]) => /[/+]json$/.test(type));
  if (found === undefined) return { type: null, whole: false, required: false, fields: [] };
  const [type, media] = found;
  const schema = resolved(media.schema, document);
  const whole = schema.properties === undefined && schema.type !== "object";
  const required = new Set(schema.required ?? []);
  const field = (name, member) => {
    const own = withExample(expanded(member, document), media.example?.[name]);
    return { name, in: "body", required: required.has(name), description: withoutDefault(own), schema: own };
  };
  const fields = whole
    ? [{ name: "body", in: "body", required: body.required === true, description: schema.description ?? "", schema: withExample(schema, media.example) }]
    : Object.entries(schema.properties ?? {}).map(([name, member]) => field(name, member));
  return { type, whole, required: body.required === true, fields };
}

// The default of a body's member stands in the description for other tools; here it is one of the rules.
function withoutDefault(schema) {
  const description = schema.description ?? "";
  return schema["x-default"] === undefined ? description : description.replace(/(^|\n\n)Default: `[^\n]*`\.$/, "");
}

function answersOf(described, document) {
  return Object.entries(described.responses ?? {}).map(([status, response]) => {
    const told = resolved(response, document);
    const content = Object.entries(told.content ?? {});
    const json = content.find(([type]) => /[/+]json$/.test(type))?.[1];
    return {
      status,
      description: told.description ?? "",
      formats: [...content.map(([type]) => type), ...(told["x-formats"] ?? [])],
      schema: json ? resolved(json.schema, document) : undefined,
      problems: Object.values(json?.examples ?? {}).map(({ value }) => resolved(value, document)),
    };
  });
}
