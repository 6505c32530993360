// Light, dark, or as the system has it.
import { html, useEffect, useState } from "./ui.js";

const KEY = "queryport-theme";
const NEXT = { auto: "light", light: "dark", dark: "auto" };
const ICONS = { auto: "◐", light: "☀", dark: "☾" };

export function ThemeButton() {
  const [theme, setTheme] = useState(kept);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    keep(theme);
  }, [theme]);
  return html`<button type="button" class="quiet icon" onClick=${() => setTheme(NEXT[theme])} aria-label=${`Colours: ${theme}`} title=${`Colours: ${theme}`}>
    <span aria-hidden="true">${ICONS[theme]}</span>
  </button>`;
}

function kept() {
  try {
    const theme = localStorage.getItem(KEY);
    return theme in NEXT ? theme : "auto";
  } catch {
    return "auto"; // a browser that keeps nothing
  }
}

function keep(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // likewise: the choice then lasts as long as the page
  }
}
