// Nothing depends on this: it tells of news, rings, ticks all, adds up, and hears keys. At most 200 lines.
"use strict";
const root = document.documentElement;
const keys = document.getElementById("keys");

// What is chosen in this browser, and kept in it.
function chosen(name, usual) {
  const kept = document.cookie.match("(?:^|; )mailorder-" + name + "=([01])");
  return kept ? kept[1] === "1" : usual;
}
function choose(name, on) {
  document.cookie = "mailorder-" + name + "=" + Number(on) + "; Path=/; SameSite=Strict; Max-Age=31536000";
}

// Sound, if it is wished: two tones when the page is to have been heard more often than before.
const sounds = () => chosen("sound", false);
function ring() {
  const audio = new AudioContext();
  for (const [place, pitch] of [880, 660].entries()) {
    const [tone, loudness, at] = [audio.createOscillator(), audio.createGain(), audio.currentTime + place * 0.2];
    tone.frequency.value = pitch;
    loudness.gain.setValueAtTime(0.15, at);
    loudness.gain.exponentialRampToValueAtTime(0.001, at + 0.4);
    tone.connect(loudness).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.4);
  }
  setTimeout(() => audio.close(), 1500);
}

// The page as it is now, in the place of what is shown: a page that is loaded anew may not be heard before it is touched.
async function renew(calm) {
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return location.reload();
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const rung = fresh.documentElement.dataset.rung;
  if (Number(rung) > Number(root.dataset.rung)) ring();
  Object.assign(root.dataset, fresh.documentElement.dataset);
  document.title = fresh.title;
  if (!calm) return tell();
  for (const part of ["header.side", "main", "footer.colophon"]) {
    document.querySelector(part).replaceWith(fresh.querySelector(part));
  }
  arrange();
}

// Says that there is news where something is being written; where that is a form of its own, the news stands elsewhere.
function tell() {
  const [news, link] = [document.getElementById("news"), document.createElement("a")];
  const writes = written || document.querySelector("form.form") !== null;
  link.href = writes ? "/" : location.href;
  if (writes) link.target = "_blank";
  link.textContent = news.dataset.words;
  news.replaceChildren(link);
}

// A form or a link that is on its way: a page loaded anew would take its answer away.
let leaves = false;
for (const begins of ["submit", "beforeunload"]) {
  addEventListener(begins, (event) => (leaves ||= event.target.method !== "dialog"));
}

// What somebody has begun to write, in whatever form, is not taken away by news.
let written = false;
addEventListener("input", (event) => (written ||= !event.target.matches("[type=checkbox]")));

// News: the server answers once it has more than this page knows.
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
    if (leaves) return;
    if (now === since) continue;
    since = now;
    const busy = document.activeElement && document.activeElement.matches("input:not([type=checkbox]), textarea, select");
    const changed = document.querySelector("input[type=checkbox][name]:checked, details[open] form, dialog[open]");
    const calm = !busy && !changed && !written && !document.querySelector("form.form");
    if (sounds()) await renew(calm).catch(tell);
    else if (calm) location.reload();
    else tell();
  }
}
listen();

// A tick in the head of the table ticks all; the switch of the sound is there where it can be used.
function arrange() {
  const sound = document.getElementById("sound");
  if (sound) {
    sound.checked = sounds();
    sound.closest(".sound").hidden = false;
    sound.addEventListener("change", () => {
      choose("sound", sound.checked);
      if (sound.checked) ring();
    });
  }
  const opens = document.getElementById("keys-open");
  if (opens && keys) {
    opens.hidden = false;
    opens.addEventListener("click", () => keys.showModal());
  }
  const corner = document.querySelector("table.orders thead .tick");
  if (!corner) return;
  const all = document.createElement("input");
  all.type = "checkbox";
  all.setAttribute("aria-label", corner.dataset.words || "all");
  all.addEventListener("change", () => {
    for (const one of document.querySelectorAll("tbody .tick input")) one.checked = all.checked;
  });
  corner.replaceChildren(all);
}
arrange();

// The total of an order follows what is written, as its button has it; a card goes nowhere. It is reckoned under a key of its own.
const draft = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
let asked = 0;
document.addEventListener("change", async (event) => {
  const form = event.target.closest("form[action='/order']");
  if (!form || !document.getElementById("sum")) return;
  const fields = new URLSearchParams([...new FormData(form)].filter(([name]) => !name.startsWith("card-")));
  fields.set("once", draft);
  fields.set("do", "total");
  const turn = (asked += 1);
  const answer = await fetch("/order", { method: "POST", body: fields, cache: "no-store" }).catch(() => null);
  if (!answer || !answer.ok || turn !== asked) return;
  // So it is found again when the page is loaded anew, by the way back, and in the other language.
  history.replaceState(null, "", answer.url);
  for (const link of document.querySelectorAll("a[hreflang]")) link.href = answer.url + "&lang=" + link.hreflang;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const sum of document.querySelectorAll("#sum, [data-sum]")) {
    const now = fresh.getElementById(sum.id);
    if (now) sum.replaceChildren(...now.childNodes);
  }
});

// Keys: ? for the list of them, / for the search, j and k from order to order; never while something is written, and not where
// they are switched off.
const single = document.getElementById("single-keys");
if (single) {
  single.checked = chosen("keys", true);
  single.addEventListener("change", () => choose("keys", single.checked));
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  if (!chosen("keys", true) || document.querySelector("dialog[open]")) return;
  const search = document.getElementById("q");
  const links = [...document.querySelectorAll("table.orders tbody th > a")];
  const at = links.indexOf(document.activeElement);
  if (event.key === "?" && keys) keys.showModal();
  else if (event.key === "/" && search) search.focus();
  else if (event.key === "j" && links.length) links[Math.min(at + 1, links.length - 1)].focus();
  else if (event.key === "k" && links.length) links[Math.max(at - 1, 0)].focus();
  else return;
  event.preventDefault();
});
