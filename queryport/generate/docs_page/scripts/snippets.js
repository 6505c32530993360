// The call that is in the form, as code to paste. A credential never stands in it: an environment variable does.
import { ExactNumber, hasLongNumber, toJson } from "./exact_json.js";

// Each as { name, language, text }.
export function snippetsOf(operation, request, base, credential) {
  const call = { ...request, url: base + request.path, auth: authOf(credential) };
  return [
    { name: "curl", language: "shell", text: curl(call) },
    { name: "JavaScript", language: "javascript", text: javascript(call) },
    { name: "Python", language: "python", text: python(call) },
    { name: "boto3", language: "python", text: boto3(operation, request) },
    ...(operation.facts.asl
      ? [{ name: "Step Functions", language: "json", text: toJson(taskState(operation, request), 2) }]
      : []),
  ];
}

function authOf(credential) {
  if (credential === null) return null;
  return { header: credential.header, prefix: credential.prefix, variable: credential.variable };
}

function shell(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function curl({ method, url, headers, json, auth }) {
  const lines = [`curl ${method === "GET" ? "" : `-X ${method} `}${shell(url)}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`-H ${shell(`${name}: ${value}`)}`);
  if (auth) lines.push(`-H "${auth.header}: ${auth.prefix}$${auth.variable}"`);
  if (json !== undefined) lines.push(`--data-raw ${shell(json)}`);
  return lines.join(" \\\n  ");
}

function javascript({ method, url, headers, body, json, auth }) {
  const options = [];
  if (method !== "GET") options.push(`method: ${JSON.stringify(method)}`);
  const named = Object.entries(headers).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  if (auth) named.push(`${JSON.stringify(auth.header)}: \`${auth.prefix}\${process.env.${auth.variable}}\``);
  if (named.length > 0) options.push(`headers: { ${named.join(", ")} }`);
  if (json !== undefined) {
    options.push(`body: ${hasLongNumber(body) ? JSON.stringify(json) : `JSON.stringify(${toJson(body, 2, "  ")})`}`);
  }
  const given = options.length > 0 ? `, {\n  ${options.join(",\n  ")},\n}` : "";
  return [
    `const response = await fetch(${JSON.stringify(url)}${given});`,
    "if (!response.ok) throw new Error(await response.text());",
    headers.accept ? "console.log(await response.text());" : "const { data } = await response.json();\nconsole.log(data);",
  ].join("\n");
}

function python({ method, url, headers, body, json, auth }) {
  const options = [pythonOf(url)];
  const named = Object.entries(headers)
    .filter(([name, value]) => name !== "content-type" || value !== "application/json")
    .map(([name, value]) => `${pythonOf(name)}: ${pythonOf(value)}`);
  const asText = json !== undefined && hasLongNumber(body);
  if (asText && !headers["content-type"].endsWith("+json")) named.unshift(`"content-type": "application/json"`);
  if (auth) named.push(`${pythonOf(auth.header)}: ${auth.prefix ? `${pythonOf(auth.prefix)} + ` : ""}os.environ["${auth.variable}"]`);
  if (named.length > 0) options.push(`headers={${named.join(", ")}}`);
  if (json !== undefined) options.push(asText ? `data=${pythonOf(json)}.encode()` : `json=${pythonOf(body, 4, "    ")}`);
  options.push("timeout=30");
  return [
    ...(auth ? ["import os", ""] : []),
    "import requests",
    "",
    `answer = requests.${method.toLowerCase()}(\n    ${options.join(",\n    ")},\n)`,
    "if not answer.ok:",
    "    raise SystemExit(answer.text)",
    headers.accept ? "print(answer.text)" : 'print(answer.json()["data"])',
  ].join("\n");
}

function boto3(operation, { parameters, key, headers }) {
  // The entity tag of a row is its column's value, which a header has in quotation marks.
  const tag = headers["if-match"]?.replace(/^"(.*)"$/, "$1");
  const event = {
    operation: operation.name,
    parameters,
    ...(key ? { idempotency_key: key } : {}),
    ...(tag ? { if_match: tag } : {}),
  };
  const payload = hasLongNumber(event) ? `${pythonOf(toJson(event))}.encode()` : `json.dumps(${pythonOf(event, 4, "    ")})`;
  return [
    "import json",
    "",
    "import boto3",
    "",
    'answer = boto3.client("lambda").invoke(',
    '    FunctionName="queryport",',
    `    Payload=${payload},`,
    ")",
    'payload = json.loads(answer["Payload"].read())',
    'if "FunctionError" in answer:',
    '    raise SystemExit(f"{payload[\'errorType\']}: {payload[\'errorMessage\']}")',
    'print(payload["data"])',
  ].join("\n");
}

// As `queryport asl` writes it, with the form's values for parameters.
function taskState(operation, { parameters }) {
  const { Parameters, ...besides } = operation.facts.asl;
  const { operation: name, parameters: _, "parameters.$": __, ...others } = Parameters.Payload;
  const { Type, Comment, Resource, ...rest } = besides;
  return {
    Type,
    ...(Comment ? { Comment } : {}),
    Resource,
    Parameters: { ...Parameters, Payload: { operation: name, parameters, ...others } },
    ...rest,
    // The Amazon States Language asks for a number with a fraction.
    Retry: rest.Retry.map((retrier) => ({ ...retrier, BackoffRate: new ExactNumber(retrier.BackoffRate.toFixed(1)) })),
  };
}

const PYTHON_WORDS = new Map([
  [null, "None"],
  [true, "True"],
  [false, "False"],
]);

// A value as a Python literal.
function pythonOf(value, indent = 0, margin = "") {
  if (PYTHON_WORDS.has(value)) return PYTHON_WORDS.get(value);
  if (value instanceof ExactNumber) return value.source;
  // JSON's escapes are Python's, but for the surrogates of a character beyond the first 65,536, which stand as they are.
  if (typeof value !== "object") return JSON.stringify(value);
  const list = Array.isArray(value);
  const inner = margin + " ".repeat(indent);
  const members = list
    ? value.map((each) => pythonOf(each, indent, inner))
    : Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${pythonOf(each, indent, inner)}`);
  const [open, close] = list ? "[]" : "{}";
  if (members.length === 0) return open + close;
  return indent === 0
    ? open + members.join(", ") + close
    : `${open}\n${inner}${members.join(`,\n${inner}`)},\n${margin}${close}`;
}
