// Sends a request to where the page came from, and reads the answer.
import { parseJson } from "./exact_json.js";

// The address that the page's own path is relative to, without its final slash.
export function baseOf(location) {
  return new URL(".", location.href).href.replace(/\/$/, "");
}

// The headers of a credential that the user gave; it is kept in memory alone.
export function headersOf(credential) {
  return credential === null ? {} : { [credential.header]: credential.prefix + credential.secret };
}

const TEXTUAL = /^text\/|^application\/(.*\+)?(json|xml|x-ndjson|javascript|yaml)$/;

// What is no text has `text` null. Never throws: without an answer, `failure` says why.
export async function send(request, credential) {
  const started = performance.now();
  const headers = { ...request.headers, ...headersOf(credential) };
  try {
    const response = await fetch(baseOf(location) + request.path, {
      method: request.method,
      headers,
      body: request.json,
      cache: "no-store",
      credentials: "same-origin",
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const milliseconds = performance.now() - started;
    const type = (response.headers.get("content-type") ?? "").split(";")[0].trim();
    const text = bytes.length === 0 || TEXTUAL.test(type) ? new TextDecoder().decode(bytes) : null;
    return {
      status: response.status,
      reason: response.statusText,
      ok: response.ok,
      headers: [...response.headers],
      type,
      text,
      json: jsonOf(type, text),
      milliseconds,
      bytes,
    };
  } catch (error) {
    return { failure: `The server did not answer: ${error.message}`, milliseconds: performance.now() - started };
  }
}

function jsonOf(type, text) {
  if (!/[/+]json$/.test(type) || !text) return undefined;
  try {
    return parseJson(text);
  } catch {
    return undefined; // shown as the text that it is
  }
}
