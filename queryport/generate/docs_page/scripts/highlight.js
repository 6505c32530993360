// Colours for code: the pieces of a text that are comments, strings, numbers, keywords and placeholders.
import { html } from "./ui.js";

const SQL_WORDS = new Set(
  `all and any array as asc at begin between both by case cast check coalesce collate commit conflict constraint create
  cross current_date current_timestamp default delete desc distinct do else end except exists false fetch filter first
  following for from full group having ilike in inner insert intersect interval into is isolation join last lateral left
  level like limit materialized merge natural not nothing null nulls of offset on only or order outer over partition
  preceding range recursive returning right row rows select serializable set similar some table then time timestamp to
  true unbounded union unique update using values when where window with within zone`.split(/\s+/),
);

const PATTERNS = {
  sql: /(?<comment>--[^\n]*|\/\*[\s\S]*?\*\/)|(?<string>'(?:[^']|'')*'|\$\w*\$[\s\S]*?\$\w*\$)|(?<other>"(?:[^"]|"")*"|::)|(?<placeholder>:[A-Za-z_]\w*)|(?<number>\b\d[\d.]*\b)|(?<word>[A-Za-z_]\w*)/g,
  json: /(?<placeholder>"(?:[^"\\]|\\.)*"(?=\s*:))|(?<string>"(?:[^"\\]|\\.)*")|(?<number>-?\b\d[\d.eE+-]*\b)|(?<keyword>\b(?:true|false|null)\b)/g,
  python: /(?<string>f?"(?:[^"\\]|\\.)*")|(?<number>\b\d[\d.]*\b)|(?<keyword>\b(?:import|if|not|in|raise|print|None|True|False)\b)/g,
  javascript: /(?<string>"(?:[^"\\]|\\.)*"|`[^`]*`)|(?<number>\b\d[\d.]*\b)|(?<keyword>\b(?:const|await|if|throw|new|true|false|null)\b)/g,
  shell: /(?<string>'[^']*'|"(?:[^"\\]|\\.)*")|(?<keyword>\bcurl\b|(?<=\s)--?[A-Za-z-]+)/g,
};

const LONGEST = 60_000;

export function Code({ text, language, label }) {
  return html`<pre class="code" tabindex="0" role="region" aria-label=${label}><code>${pieces(text, language)}</code></pre>`;
}

function pieces(text, language) {
  const pattern = PATTERNS[language];
  if (pattern === undefined || text.length > LONGEST) return text;
  const found = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    let [kind] = Object.entries(match.groups).find(([, value]) => value !== undefined);
    if (kind === "word") kind = SQL_WORDS.has(match[0].toLowerCase()) ? "keyword" : "other";
    if (kind === "other") continue;
    found.push(text.slice(end, match.index), html`<span class=${`code-${kind}`}>${match[0]}</span>`);
    end = match.index + match[0].length;
  }
  return [...found, text.slice(end)];
}
