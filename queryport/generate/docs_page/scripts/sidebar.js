// The operations by folder, and the search. Of a large catalogue only open folders are in the page.
import { Method } from "./method.js";
import { foldersOf } from "./model.js";
import { addressOf } from "./route.js";
import { found } from "./search.js";
import { html, useEffect, useMemo, useRef, useState } from "./ui.js";

const MANY = 120;
const MOST_FOUND = 100;

export function Sidebar({ data, current }) {
  const [search, setSearch] = useState("");
  const input = useRef(null);
  const nav = useRef(null);
  const operations = data.operations ?? [];
  const isKnown = data.operations !== undefined; // while they are fetched there is no number to read out
  const hits = useMemo(() => found(operations, search), [operations, search]);
  const folders = useMemo(() => foldersOf(operations), [operations]);
  // Of a narrow screen an operation takes all: the list has to come first.
  const wanted = useRef(false);
  useEffect(
    () =>
      bySlash(() => {
        wanted.current = input.current.offsetParent === null;
        if (wanted.current) location.hash = "#/";
        else enter(input.current);
      }),
    [],
  );
  useEffect(() => {
    if (wanted.current && current === null) enter(input.current);
    wanted.current &&= current !== null;
  }, [current]);
  const open = (event) => {
    if (event.key !== "Enter" || !searching || hits.length !== 1) return;
    event.preventDefault();
    location.hash = addressOf(hits[0]);
  };

  const searching = search.trim() !== "";
  return html`<nav class="sidebar" aria-label="Operations" ref=${nav} onKeyDown=${(event) => walk(event, nav.current, input.current)}>
    <div class="search">
      <input
        ref=${input}
        type="search"
        aria-label="Search the operations"
        placeholder="Search…  (press /)"
        autocomplete="off"
        spellcheck="false"
        value=${search}
        onInput=${(event) => setSearch(event.target.value)}
        onKeyDown=${open}
      />
      <p class="count" role="status">${isKnown && counted(searching ? hits.length : operations.length, searching)}</p>
    </div>
    <div class="list">
      ${
        searching
          ? html`<${Found} hits=${hits} current=${current} search=${search} />`
          : folders.map(
              ({ name, members }) =>
                html`<${Folder} key=${name} name=${name} members=${members} current=${current} isLarge=${operations.length > MANY} />`,
            )
      }
    </div>
  </nav>`;
}

function counted(number, searching) {
  return `${number.toLocaleString("en")} ${number === 1 ? "operation" : "operations"}${searching ? " found" : ""}`;
}

function Folder({ name, members, current, isLarge }) {
  const holdsCurrent = members.some((operation) => operation.name === current);
  const [open, setOpen] = useState(!isLarge || holdsCurrent);
  useEffect(() => {
    if (holdsCurrent) setOpen(true);
  }, [holdsCurrent]);
  return html`<details open=${open} onToggle=${(event) => setOpen(event.target.open)}>
    <summary><span>${name || "(no folder)"}</span><span class="folder-count">${members.length}</span></summary>
    ${open && html`<ul>${members.map((each) => html`<${Entry} key=${each.name} operation=${each} current=${current} />`)}</ul>`}
  </details>`;
}

function Found({ hits, current, search }) {
  if (hits.length === 0) {
    return html`<p class="empty">Nothing has “${search.trim()}” in its name, its route or its description.</p>`;
  }
  return html`<ul>
      ${hits.slice(0, MOST_FOUND).map((each) => html`<${Entry} key=${each.name} operation=${each} current=${current} isFull />`)}
    </ul>
    ${hits.length > MOST_FOUND && html`<p class="empty">and ${hits.length - MOST_FOUND} more: search for more of the name.</p>`}`;
}

function Entry({ operation, current, isFull }) {
  return html`<li>
    <a class="entry" href=${addressOf(operation)} aria-current=${operation.name === current ? "page" : undefined} title=${operation.summary}>
      <${Method} method=${operation.method} /><span class="entry-name">${isFull ? operation.name : operation.title}</span>
    </a>
  </li>`;
}

// Up and down walk through the search, the folders and the operations.
function walk(event, nav, input) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const stops = [input, ...nav.querySelectorAll("summary, a.entry")];
  const next = stops[stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

function enter(input) {
  input.focus();
  input.select();
}

// Calls `onSlash` wherever the key is pressed and is no text; returns the function that ends it.
function bySlash(onSlash) {
  const pressed = (event) => {
    const isTyping = event.target.closest?.("input, textarea, select, dialog");
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    onSlash();
  };
  addEventListener("keydown", pressed);
  return () => removeEventListener("keydown", pressed);
}
