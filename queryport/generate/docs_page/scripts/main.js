// Starts the page.
import { App } from "./app.js";
import { html, render } from "./ui.js";

const root = document.getElementById("app");
root.textContent = "";
render(html`<${App} />`, root);
