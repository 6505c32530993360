// One operation: what it is, the form that calls it, its answer, and the call as code.
import { Answer, toldOf } from "./answer.js";
import { baseOf, send } from "./call.js";
import { Extras } from "./extras.js";
import { Facts, Fold, Reference } from "./reference.js";
import { Field } from "./field.js";
import { Code } from "./highlight.js";
import { fieldAt, flawsOf } from "./problem.js";
import { Markdown } from "./markdown.js";
import { Method } from "./method.js";
import { detailsOf } from "./model.js";
import { requestOf } from "./request.js";
import { exampleOf } from "./schema.js";
import { Snippets } from "./snippet_tabs.js";
import { html, useEffect, useId, useMemo, useRef, useState } from "./ui.js";
import { EMPTY, entryOf, keyOf, valuesOf } from "./values.js";

const NEW_FORM = { entries: {}, key: "", accept: "" };

export function OperationPage({ operation, document, credential, forms, onSignIn }) {
  const details = useMemo(() => detailsOf(operation, document), [operation, document]);
  const [form, setForm] = useState(forms.get(operation.name) ?? NEW_FORM);
  const [answer, setAnswer] = useState(null);
  const [flaws, setFlaws] = useState(new Map());
  const [isCalling, setCalling] = useState(false);
  const [pages, setPages] = useState([]);
  const [shown, setShown] = useState(0);
  const heading = useRef(null);
  const answerPlace = useRef(null);
  const prefix = useId();
  const idOf = (field) => `${prefix}-${field.in}-${field.name}`;

  useEffect(() => void forms.set(operation.name, form), [form]);
  useEffect(() => {
    heading.current.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, []);

  useEffect(() => {
    if (shown > 0) bringIntoView(answerPlace.current);
  }, [shown]);

  const { values, flaws: unsendable } = valuesOf(details.fields, form.entries);
  const request = requestOf(details, values, { key: form.key, accept: form.accept });

  const cursorField = details.fields.find((field) => field.name === "cursor");
  const setEntry = (field, entry) => {
    // A cursor belongs to the parameters that its page was asked for with.
    const restart = pages.length > 0 ? { [keyOf(cursorField)]: EMPTY } : {};
    setForm((before) => ({ ...before, entries: { ...before.entries, ...restart, [keyOf(field)]: entry } }));
    setFlaws((before) => new Map([...before].filter(([key]) => key !== keyOf(field))));
    setPages([]);
  };

  // A button that is disabled loses the focus: while a call runs, its button does nothing and keeps it.
  async function call({ entries = form.entries, prefer } = {}) {
    if (isCalling) return;
    const found = valuesOf(details.fields, entries);
    setFlaws(found.flaws);
    if (found.flaws.size > 0) {
      focusFirst(details.fields, found.flaws, idOf);
      return;
    }
    setCalling(true);
    // What is taken back keeps no key.
    const sent = requestOf(details, found.values, { key: prefer ? "" : form.key, accept: form.accept, prefer });
    const got = await send(sent, credential);
    setCalling(false);
    setAnswer({ ...got, wasTrial: prefer !== undefined });
    const told = flawsOf(got.json, details.fields);
    setFlaws(told);
    if (told.size > 0) focusFirst(details.fields, told, idOf);
    else setShown((before) => before + 1);
  }

  // A page is asked for with its cursor; the way back is remembered here.
  function turn(cursors) {
    const cursor = cursors.at(-1) ?? null;
    const entry = cursor === null ? EMPTY : { ...EMPTY, sent: true, text: cursor };
    const entries = { ...form.entries, [keyOf(cursorField)]: entry };
    setForm((before) => ({ ...before, entries }));
    setPages(cursors);
    return call({ entries });
  }

  function fillIn() {
    const needed = details.fields.filter((field) => field.required);
    const examples = needed.map((field) => [keyOf(field), entryOf(exampleOf(field.schema, document), field.schema)]);
    setForm((before) => ({ ...before, entries: { ...Object.fromEntries(examples), ...sentOf(before.entries) } }));
    setFlaws(new Map());
  }

  const submit = (event) => {
    event.preventDefault();
    call();
  };

  return html`<article class="operation">
    <header class="operation-head">
      <p class="crumbs"><a class="back" href="#/">‹ All operations</a><span>${operation.name}</span></p>
      <h1 ref=${heading} tabindex="-1">${operation.summary || operation.title}</h1>
      <p class="route"><${Method} method=${operation.method} /><code>${pathPieces(operation.path)}</code></p>
      <${Facts} details=${details} />
    </header>
    <div class="columns">
      <div class="column">
        ${details.description && html`<${Markdown} text=${details.description} />`}
        <section class="panel" aria-labelledby=${`${prefix}-call`}>
          <div class="panel-head">
            <h2 id=${`${prefix}-call`}>Call it</h2>
            ${details.fields.some((field) => field.required) && html`<button type="button" class="quiet" onClick=${fillIn}>Fill in an example</button>`}
          </div>
          <form
            novalidate
            onSubmit=${submit}
            onKeyDown=${(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
            }}
          >
            ${details.fields.length === 0 && html`<p class="empty">It takes no parameters.</p>`}
            ${details.fields.map(
              (field) => html`<${Field}
                key=${keyOf(field)}
                field=${field}
                entry=${form.entries[keyOf(field)] ?? EMPTY}
                flaw=${flaws.get(keyOf(field))}
                document=${document}
                onEntry=${(entry) => setEntry(field, entry)}
                idOf=${idOf}
              />`,
            )}
            <${Extras} details=${details} form=${form} onForm=${setForm} prefix=${prefix} />
            <div class="buttons">
              <button type="submit" title="Enter, or Ctrl-Enter in a text" class=${details.method === "DELETE" ? "primary danger" : "primary"} aria-disabled=${isCalling}>
                ${isCalling ? "Calling…" : details.facts.read_only ? "Call" : "Call and change"}
              </button>
              ${
                details.rollback &&
                html`<button type="button" aria-disabled=${isCalling} onClick=${() => call({ prefer: "tx=rollback" })}>
                  Try without changing anything
                </button>`
              }
            </div>
          </form>
        </section>
      </div>
      <div class="column column-side">
        <${Snippets} operation=${details} request=${request} base=${baseOf(location)} credential=${credential} isIncomplete=${unsendable.size > 0} />
        ${details.facts.sql && html`<${Fold} title="SQL" isOpen><${Code} text=${details.facts.sql} language="sql" label="SQL" /></${Fold}>`}
      </div>
    </div>
    <p class="unseen" role="status">${isCalling ? "" : toldOf(answer)}</p>
    <div ref=${answerPlace} class="answer-place"><${Answer}
      answer=${answer}
      details=${details}
      isCalling=${isCalling}
      idAt=${(pointer) => {
        const field = fieldAt(details.fields, pointer);
        return field && idOf(field);
      }}
      onNext=${(cursor) => turn([...pages, cursor])}
      onPrevious=${pages.length > 0 ? () => turn(pages.slice(0, -1)) : null}
      page=${pages.length + 1}
      onSignIn=${onSignIn}
    /></div>
    <${Reference} details=${details} document=${document} />
  </article>`;
}

function sentOf(entries) {
  return Object.fromEntries(Object.entries(entries).filter(([, entry]) => entry.sent));
}

function bringIntoView(element) {
  if (element.getBoundingClientRect().top > innerHeight * 0.55) element.scrollIntoView({ block: "start" });
}

function focusFirst(fields, flaws, idOf) {
  const first = fields.find((field) => flaws.has(keyOf(field)));
  if (first !== undefined) document.getElementById(idOf(first))?.focus();
}

function pathPieces(path) {
  return path.split(/(\{[^}]*\})/).map((piece) => (piece.startsWith("{") ? html`<span class="code-placeholder">${piece}</span>` : piece));
}
