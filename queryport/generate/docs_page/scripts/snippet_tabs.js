// The call as code, a tab for each language.
import { copy } from "./clipboard.js";
import { Code } from "./highlight.js";
import { snippetsOf } from "./snippets.js";
import { html, useId, useRef, useState } from "./ui.js";

export function Snippets({ operation, request, base, credential, isIncomplete }) {
  const [chosen, setChosen] = useState(0);
  const [told, setTold] = useState("");
  const tabs = useRef(null);
  const id = useId();
  const snippets = snippetsOf(operation, request, base, credential);
  const snippet = snippets[chosen];
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = (chosen + step + snippets.length) % snippets.length;
    setChosen(next);
    tabs.current.children[next].focus();
  };
  return html`<section class="panel" aria-labelledby=${`${id}-title`}>
    <div class="panel-head">
      <h2 id=${`${id}-title`}>As code</h2>
      <span class="told" role="status">${told}</span>
      <button
        type="button"
        class="quiet"
        onClick=${async () => {
          await copy(snippet.text);
          setTold("Copied");
          setTimeout(() => setTold(""), 3000);
        }}
      >Copy</button>
    </div>
    <div class="tabs" role="tablist" aria-label="Language" ref=${tabs} onKeyDown=${move}>
      ${snippets.map(
        ({ name }, number) => html`<button
          type="button"
          role="tab"
          key=${name}
          id=${`${id}-tab-${number}`}
          aria-selected=${number === chosen ? "true" : "false"}
          aria-controls=${`${id}-panel`}
          tabindex=${number === chosen ? 0 : -1}
          onClick=${() => setChosen(number)}
        >${name}</button>`,
      )}
    </div>
    <div role="tabpanel" id=${`${id}-panel`} aria-labelledby=${`${id}-tab-${chosen}`}>
      <${Code} text=${snippet.text} language=${snippet.language} label=${`${snippet.name} code`} />
      ${isIncomplete && html`<p class="hint">Fill in the form, and its values stand here.</p>`}
    </div>
  </section>`;
}
