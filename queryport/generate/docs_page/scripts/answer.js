// The answer of a call: its status, its rows or its problem, its headers.
import { copy, csvOf } from "./clipboard.js";
import { toJson } from "./exact_json.js";
import { Code } from "./highlight.js";
import { Problem } from "./problem.js";
import { Record, Table, Value } from "./table.js";
import { html, useEffect, useState } from "./ui.js";

export function Answer({ answer, details, isCalling, idAt, onNext, onPrevious, page, onSignIn }) {
  if (answer === null) return null;
  return html`<section class="panel answer" aria-label="Answer" aria-busy=${isCalling ? "true" : "false"}>
    <${Status} answer=${answer} />
    ${answer.wasTrial && answer.ok && html`<${Trial} answer=${answer} />`}
    <${Body} answer=${answer} details=${details} idAt=${idAt} onSignIn=${onSignIn} />
    ${answer.ok && details.facts.page && html`<${Pages} answer=${answer} page=${page} isCalling=${isCalling} onNext=${onNext} onPrevious=${onPrevious} />`}
    ${answer.headers && html`<${Headers} headers=${answer.headers} />`}
  </section>`;
}

// An answer in a few words, for those who do not see it come.
export function toldOf(answer) {
  if (answer === null) return "";
  if (answer.failure) return answer.failure;
  const problem = answer.ok ? null : answer.json?.title;
  return [`Answer ${answer.status} ${answer.reason}`, problem, rowsOf(answer)].filter(Boolean).join(", ");
}

function Status({ answer }) {
  const milliseconds = answer.milliseconds < 10 ? answer.milliseconds.toFixed(1) : Math.round(answer.milliseconds);
  const kind = answer.failure || answer.status >= 500 ? "bad" : answer.status >= 400 ? "warn" : "good";
  return html`<div class="panel-head">
    <h2>Answer</h2>
    <p class="status">
      <span class=${`tag tag-${kind}`}>${answer.failure ? "no answer" : `${answer.status} ${answer.reason}`}</span>
      <span>${milliseconds} ms</span>
      ${answer.failure === undefined && html`<span>${sizeOf(answer.bytes.length)}</span>`}
      ${isReplay(answer) && html`<span class="tag">replayed</span>`}
      ${rowsOf(answer) && html`<span>${rowsOf(answer)}</span>`}
    </p>
  </div>`;
}

function isReplay(answer) {
  return answer.headers?.some(([name, value]) => name === "idempotency-replayed" && value === "true");
}

function rowsOf(answer) {
  const { data, total } = answer.json ?? {};
  if (!answer.ok || !Array.isArray(data)) return null;
  const rows = `${data.length.toLocaleString("en")} ${data.length === 1 ? "row" : "rows"}`;
  return total === undefined ? rows : `${rows} of ${Number(total).toLocaleString("en")}`;
}

function sizeOf(bytes) {
  return bytes < 1000 ? `${bytes} B` : `${(bytes / 1000).toFixed(bytes < 10_000 ? 1 : 0)} kB`;
}

// Says whether the server did undo the change: one that does not know the preference makes it.
function Trial({ answer }) {
  const applied = answer.headers.find(([name]) => name === "preference-applied")?.[1] ?? "";
  return /\btx=rollback\b/.test(applied)
    ? html`<p class="notice notice-good">It was tried, and all of it was undone: nothing has changed.</p>`
    : html`<p class="notice notice-bad" role="alert">The server does not say that it undid the change: it may have been made.</p>`;
}

function Body({ answer, details, idAt, onSignIn }) {
  if (answer.failure) return html`<p class="notice notice-bad" role="alert">${answer.failure}</p>`;
  if (!answer.ok) {
    return answer.json !== undefined && answer.json !== null
      ? html`<${Problem} problem=${answer.json} idAt=${idAt} onSignIn=${onSignIn} />`
      : html`<${Raw} text=${answer.text} />`;
  }
  if (answer.text === null) return html`<${Bytes} bytes=${answer.bytes} type=${answer.type} />`;
  if (answer.text === "") return html`<p class="empty">The answer has no body.</p>`;
  const hasData = answer.json !== undefined && answer.json !== null && Object.hasOwn(answer.json, "data");
  return hasData ? html`<${Data} json=${answer.json} details=${details} />` : html`<${Raw} text=${answer.text} json=${answer.json} />`;
}

function Raw({ text, json }) {
  if (text === "") return html`<p class="empty">The answer has no body.</p>`;
  return html`<${Code} label="The answer's body" language=${json === undefined ? "text" : "json"} text=${json === undefined ? text : toJson(json, 2)} />`;
}

// What is no text: a picture is shown, anything can be saved.
function Bytes({ bytes, type }) {
  const [address, setAddress] = useState("");
  useEffect(() => {
    const reader = new FileReader();
    reader.onload = () => setAddress(reader.result);
    reader.readAsDataURL(new Blob([bytes], { type }));
  }, [bytes, type]);
  return html`<div class="bytes">
    ${address && type.startsWith("image/") && html`<img src=${address} alt="The answer" />`}
    <p>${bytes.length.toLocaleString("en")} bytes of <code>${type || "an unknown type"}</code>${address && html` · <a href=${address} download="answer">Save</a>`}</p>
  </div>`;
}

function Data({ json, details }) {
  const [view, setView] = useState("rows");
  const [told, setTold] = useState("");
  const { data } = json;
  const rows = Array.isArray(data) ? data : isRow(data) ? [data] : [];
  const columns = columnsOf(rows);
  const copied = async (text, name) => {
    await copy(text);
    setTold(`${name} copied`);
    setTimeout(() => setTold(""), 3000);
  };
  return html`<div class="data">
    <div class="tools">
      <div class="switch" role="group" aria-label="Show as">
        <button type="button" aria-pressed=${view === "rows" ? "true" : "false"} onClick=${() => setView("rows")}>${Array.isArray(data) ? "Table" : "Value"}</button>
        <button type="button" aria-pressed=${view === "json" ? "true" : "false"} onClick=${() => setView("json")}>JSON</button>
      </div>
      <span class="told" role="status">${told}</span>
      ${columns.length > 0 && html`<button type="button" class="quiet" onClick=${() => copied(csvOf(columns, rows), "CSV")}>Copy CSV</button>`}
      <button type="button" class="quiet" onClick=${() => copied(toJson(data, 2), "JSON")}>Copy JSON</button>
    </div>
    ${view === "json" ? html`<${Code} label="The answer as JSON" language="json" text=${toJson(json, 2)} />` : html`<${View} data=${data} columns=${columns} details=${details} />`}
  </div>`;
}

function View({ data, columns, details }) {
  if (Array.isArray(data)) {
    if (data.length === 0) return html`<p class="empty">No rows.</p>`;
    if (columns.length > 0) return html`<${Table} rows=${data} columns=${columns} label=${`Rows of ${details.name}`} />`;
  }
  if (isRow(data)) return html`<${Record} row=${data} />`;
  if (details.facts.result === "none") return html`<p class="empty">Done. It answers nothing.</p>`;
  if (data === null) return html`<p class="empty">${details.facts.result === "maybe" ? "There is no such row." : "null"}</p>`;
  if (details.facts.result === "affected") return html`<p class="big">${String(data)} <span>${data === 1 ? "row" : "rows"} changed</span></p>`;
  return html`<p class="big"><${Value} value=${data} /></p>`;
}

function isRow(data) {
  return data !== null && typeof data === "object" && !Array.isArray(data) && data.constructor === Object;
}

function columnsOf(rows) {
  if (!rows.every(isRow)) return [];
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

function Pages({ answer, page, isCalling, onNext, onPrevious }) {
  const next = answer.json?.next ?? null;
  return html`<div class="pages" role="group" aria-label="Pages">
    <button type="button" aria-disabled=${onPrevious === null || isCalling} onClick=${() => isCalling || onPrevious?.()}>‹ Previous page</button>
    <span>Page ${page}</span>
    <button type="button" aria-disabled=${next === null || isCalling} onClick=${() => isCalling || next === null || onNext(next)}>Next page ›</button>
  </div>`;
}

function Headers({ headers }) {
  return html`<details class="headers">
    <summary>Headers <span class="folder-count">${headers.length}</span></summary>
    <dl>${headers.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
  </details>`;
}
