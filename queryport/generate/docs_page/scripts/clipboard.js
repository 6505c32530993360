// Copies texts, and writes rows as CSV.
import { toJson } from "./exact_json.js";

export async function copy(text) {
  if (navigator.clipboard !== undefined) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Outside of https and localhost there is no clipboard but the one of a selection.
  const area = document.createElement("textarea");
  area.value = text;
  area.setAttribute("readonly", "");
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

// RFC 4180: null is an empty field, a nested value its JSON.
export function csvOf(columns, rows) {
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column]))];
  return lines.map((cells) => `${cells.map(csvField).join(",")}\r\n`).join("");
}

function csvField(value) {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" ? value : toJson(value);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
