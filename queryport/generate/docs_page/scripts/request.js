// The HTTP request that a form stands for.
import { toJson } from "./exact_json.js";
import { keyOf } from "./values.js";

// `extras` has the key, the preference and the media type of the answer, as far as they are chosen.
export function requestOf(operation, values, extras = {}) {
  const given = operation.fields.filter((field) => values.has(keyOf(field)));
  const named = given.map((field) => ({ ...field, value: values.get(keyOf(field)) }));
  const of = (place) => named.filter((field) => field.in === place);
  const path = of("path").reduce(
    (text, { name, value }) => text.replace(`{${name}}`, encodeURIComponent(asText(value))),
    operation.path,
  );
  const query = of("query").flatMap(queryPairs).join("&");
  const headers = Object.fromEntries(of("header").map(({ name, value }) => [name.toLowerCase(), asText(value)]));
  if (extras.accept) headers.accept = extras.accept;
  if (extras.key) headers["idempotency-key"] = extras.key;
  if (extras.prefer) headers.prefer = extras.prefer;
  const body = bodyOf(operation, of("body"));
  if (body !== undefined) headers["content-type"] = operation.body.type;
  return {
    method: operation.method,
    path: path + (query ? `?${query}` : ""),
    headers,
    body,
    json: body === undefined ? undefined : toJson(body),
    // As a direct caller gives them: Step Functions, or boto3.
    parameters: operation.body.whole
      ? (body ?? [])
      : Object.fromEntries(named.filter((field) => field.in !== "header").map(({ direct, value }) => [direct, value])),
    key: extras.key,
  };
}

function bodyOf(operation, members) {
  if (operation.body.type === null) return undefined;
  if (operation.body.whole) return members[0]?.value;
  if (members.length === 0 && !operation.body.required) return undefined;
  return Object.fromEntries(members.map(({ name, value }) => [name, value]));
}

function queryPairs({ name, value, style, explode, asJson }) {
  const pair = (text) => `${encodeURIComponent(name)}=${encodeURIComponent(text)}`;
  if (asJson || value === null || typeof value !== "object") return [pair(asJson ? toJson(value) : asText(value))];
  if (!Array.isArray(value)) {
    if (style === "deepObject") {
      return Object.entries(value).map(([member, each]) => `${encodeURIComponent(`${name}[${member}]`)}=${encodeURIComponent(asText(each))}`);
    }
    return [pair(toJson(value))];
  }
  if (explode) return value.map((each) => pair(asText(each)));
  return [`${encodeURIComponent(name)}=${value.map((each) => encodeURIComponent(asText(each))).join(",")}`];
}

function asText(value) {
  return typeof value === "string" ? value : toJson(value);
}
