// What the page was put together with: see assemble.py.
export const settings = JSON.parse(document.getElementById("settings").textContent);
