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
    return style === "deepObject" ? deepPairs(name, value) : [pair(toJson(value))];
  }
  if (explode) return value.map((each) => pair(asText(each)));
  return [`${encodeURIComponent(name)}=${value.map((each) => encodeURIComponent(asText(each))).join(",")}`];
}

// `filter[total][gte]=10`: a member in brackets for each level; the elements of a list stand between commas.
function deepPairs(name, value) {
  return Object.entries(value).flatMap(([member, each]) => {
    const inner = `${name}[${member}]`;
    if (isObject(each) && Object.values(each).length > 0 && !inner.includes("][")) return deepPairs(inner, each);
    const isPlain = Array.isArray(each) && each.every((element) => !isObject(element) && !Array.isArray(element));
    const text = isPlain ? each.map((element) => encodeURIComponent(asText(element))).join(",") : encodeURIComponent(asText(each));
    return [`${encodeURIComponent(inner)}=${text}`];
  });
}

function isObject(value) {
  return value !== null && typeof value === "object" && value.constructor === Object;
}

function asText(value) {
  return typeof value === "string" ? value : toJson(value);
}
