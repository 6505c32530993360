// Where the data comes from: the OpenAPI document beside the page.
import { baseOf, headersOf } from "./call.js";
import { operationsOf } from "./model.js";

// The state of the data: ready, refused (a credential is needed) or failed.
export async function load(credential) {
  try {
    const response = await fetch(`${baseOf(location)}/openapi.json`, { headers: headersOf(credential), cache: "no-cache" });
    if (response.status === 401 || response.status === 403) return { state: "refused" };
    if (!response.ok) {
      const problem = await response.json().catch(() => ({}));
      return { state: "failed", why: `openapi.json: ${response.status} ${problem.detail ?? response.statusText}` };
    }
    const document = await response.json();
    return { state: "ready", document, operations: operationsOf(document) };
  } catch (error) {
    return { state: "failed", why: `openapi.json could not be read: ${error.message}` };
  }
}
