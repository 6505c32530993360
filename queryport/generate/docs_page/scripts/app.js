// The page as a whole: its data, the operation that is looked at, who calls.
import { follow } from "./live.js";
import { OperationPage } from "./operation_page.js";
import { Overview } from "./overview.js";
import { nameIn, useHash } from "./route.js";
import { Sidebar } from "./sidebar.js";
import { SignIn, SignInDialog } from "./sign_in.js";
import { load } from "./source.js";
import { ThemeButton } from "./theme.js";
import { html, useCallback, useEffect, useRef, useState } from "./ui.js";

export function App() {
  const [data, setData] = useState({ state: "loading" });
  const [credential, setCredential] = useState(null);
  const [signingIn, setSigningIn] = useState(false);
  const [news, setNews] = useState({ text: "", problems: [] });
  const name = nameIn(useHash());
  // The forms of operations that were looked at before, so that nothing typed is lost.
  const forms = useRef(new Map());

  const reload = useCallback(async () => setData(await load(credential)), [credential]);
  useEffect(() => void reload(), [reload]);
  useEffect(
    () =>
      follow(async ({ problems }) => {
        await reload();
        setNews({ text: `Taken up at ${new Date().toLocaleTimeString()}`, problems });
      }),
    [reload],
  );

  // A credential that the function does not know is not kept.
  async function signIn(given) {
    if ((await load(given)).state === "refused") return false;
    setCredential(given);
    setSigningIn(false);
    return true;
  }

  const operation = data.operations?.find((each) => each.name === name);
  const title = data.document?.info?.title ?? "Operations";
  useEffect(() => {
    document.title = operation ? `${operation.name} · ${title}` : title;
  }, [operation, title]);

  return html`
    <a class="skip" href="#main" onClick=${skip}>Skip to the content</a>
    <div class="page" data-view=${name === null ? "list" : "operation"}>
      <header class="bar">
        <a class="brand" href="#/"><${Mark} /><span>${title}</span></a>
        <span class="bar-version" title="The version of the operations">${data.document?.info?.version?.slice(0, 8)}</span>
        <span class="bar-news" role="status">${news.text}</span>
        <${SignIn} credential=${credential} onOpen=${() => setSigningIn(true)} onLeave=${() => setCredential(null)} />
        <${ThemeButton} />
      </header>
      <${Sidebar} data=${data} current=${name} />
      <main id="main" tabindex="-1">
        <${Problems} problems=${news.problems} />
        ${
          operation
            ? html`<${OperationPage}
                key=${operation.name}
                operation=${operation}
                document=${data.document}
                credential=${credential}
                forms=${forms.current}
                onSignIn=${() => setSigningIn(true)}
              />`
            : html`<${Overview} data=${data} missing=${name} onSignIn=${() => setSigningIn(true)} onRetry=${reload} />`
        }
      </main>
    </div>
    ${
      signingIn &&
      html`<${SignInDialog}
        document=${data.document}
        onClose=${() => setSigningIn(false)}
        onCredential=${signIn}
      />`
    }
  `;
}

// Files that do not compile, while `queryport serve` goes on with the others.
function Problems({ problems }) {
  if (problems.length === 0) return null;
  return html`<section class="notice notice-bad" role="alert">
    <h2>${problems.length === 1 ? "A file does not compile" : `${problems.length} problems in the files`}</h2>
    <ul>${problems.map((problem) => html`<li><pre>${problem}</pre></li>`)}</ul>
  </section>`;
}

function Mark() {
  return html`<svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
    <path d="M4 6.5C4 4.6 7.6 3 12 3s8 1.6 8 3.5S16.4 10 12 10 4 8.4 4 6.5Z" />
    <path d="M4 6.5V17.5C4 19.4 7.6 21 12 21c1 0 2-.1 2.9-.24M20 6.5V13M4 12c0 1.9 3.6 3.5 8 3.5M15 17h6m0 0-2.500-2.500M21 17l-2.5 2.5" />
  </svg>`;
}

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}
