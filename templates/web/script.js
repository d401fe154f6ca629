// Nothing depends on this: it tells of news, ticks all, and hears keys.
"use strict";
const root = document.documentElement;
const news = document.getElementById("news");

// News: the server answers once the ledger is longer than this page knows.
async function listen() {
  let since = root.dataset.since;
  for (;;) {
    let now;
    try {
      const answer = await fetch("/live?since=" + since, { cache: "no-store" });
      if (!answer.ok) return;
      now = await answer.text();
    } catch {
      await new Promise((again) => setTimeout(again, 5000));
      continue;
    }
    if (now === since) continue;
    since = now;
    const busy = document.activeElement && /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
    const changed = document.querySelector("input[type=checkbox]:checked, details[open] form");
    if (!busy && !changed && !document.querySelector("form.form")) {
      location.reload();
    } else if (news) {
      const link = document.createElement("a");
      link.href = location.href;
      link.textContent = news.dataset.words;
      news.replaceChildren(link);
    }
  }
}
listen();

// A tick in the head of the table ticks all.
const corner = document.querySelector("table.orders thead .tick");
if (corner) {
  const all = document.createElement("input");
  all.type = "checkbox";
  all.setAttribute("aria-label", corner.dataset.words || "all");
  all.addEventListener("change", () => {
    for (const one of document.querySelectorAll("tbody .tick input")) one.checked = all.checked;
  });
  corner.replaceChildren(all);
}

// Keys: / for the search, j and k from order to order, never while something is written.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  const search = document.getElementById("q");
  const links = [...document.querySelectorAll("table.orders tbody th a")];
  const at = links.indexOf(document.activeElement);
  if (event.key === "/" && search) search.focus();
  else if (event.key === "j" && links.length) links[Math.min(at + 1, links.length - 1)].focus();
  else if (event.key === "k" && links.length) links[Math.max(at - 1, 0)].focus();
  else return;
  event.preventDefault();
});
