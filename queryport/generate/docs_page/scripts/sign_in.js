// Who calls: a token or an API key, kept in this page's memory and nowhere else.
import { html, useEffect, useId, useRef, useState } from "./ui.js";

// The ways to sign in that the document names and a page can take: a bearer token, a key in a header.
export function schemesOf(document) {
  const found = [];
  for (const scheme of Object.values(document?.components?.securitySchemes ?? {})) {
    if (scheme.type === "http" && scheme.scheme?.toLowerCase() === "bearer") found.push(BEARER);
    if (scheme.type === "apiKey" && scheme.in === "header" && scheme.name.toLowerCase() !== "authorization") {
      found.push({ name: "API key", header: scheme.name.toLowerCase(), prefix: "", variable: "QUERYPORT_API_KEY" });
    }
  }
  return found.length > 0 ? found : [BEARER, API_KEY];
}

const BEARER = { name: "Token", header: "authorization", prefix: "Bearer ", variable: "QUERYPORT_TOKEN" };
const API_KEY = { name: "API key", header: "x-api-key", prefix: "", variable: "QUERYPORT_API_KEY" };

export function SignIn({ credential, onOpen, onLeave }) {
  if (credential === null) return html`<button type="button" class="quiet" onClick=${onOpen}>Sign in</button>`;
  return html`<span class="signed-in">${credential.name}</span>
    <button type="button" class="quiet" onClick=${onLeave}>Sign out</button>`;
}

export function SignInDialog({ document, onClose, onCredential }) {
  const schemes = schemesOf(document);
  const [chosen, setChosen] = useState(0);
  const [secret, setSecret] = useState("");
  const [isRefused, setRefused] = useState(false);
  const dialog = useRef(null);
  const id = useId();
  useEffect(() => dialog.current.showModal(), []);
  const submit = async (event) => {
    event.preventDefault();
    const given = secret.trim().replace(/^bearer\s+/i, "");
    if (given === "") return;
    const isKnown = await onCredential({ ...schemes[chosen], secret: given });
    setRefused(!isKnown);
  };
  return html`<dialog ref=${dialog} aria-labelledby=${`${id}-title`} onClose=${onClose}>
    <form onSubmit=${submit}>
      <h2 id=${`${id}-title`}>Sign in</h2>
      <p>It is kept in this page's memory alone, and gone when you close or reload it.</p>
      <fieldset class="choices">
        <legend>With</legend>
        ${schemes.map(
          (scheme, number) => html`<label>
            <input type="radio" name=${`${id}-scheme`} checked=${number === chosen} onChange=${() => setChosen(number)} />
            ${scheme.name}
          </label>`,
        )}
      </fieldset>
      <label for=${`${id}-secret`}>${schemes[chosen].name}</label>
      <input
        id=${`${id}-secret`}
        type="password"
        autocomplete="off"
        spellcheck="false"
        autofocus
        aria-invalid=${isRefused ? "true" : undefined}
        aria-describedby=${`${id}-told`}
        value=${secret}
        onInput=${(event) => setSecret(event.target.value)}
      />
      <p class=${isRefused ? "flaw" : "hint"} id=${`${id}-told`} role="status">
        ${isRefused ? "The function does not accept it." : html`Sent as the header <code>${schemes[chosen].header}</code>.`}
      </p>
      <div class="buttons">
        <button type="button" onClick=${() => dialog.current.close()}>Cancel</button>
        <button type="submit" class="primary">Sign in</button>
      </div>
    </form>
  </dialog>`;
}
