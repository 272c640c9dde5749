"use strict";

// The page's own behaviour: moving between answers and sources, commands, keys, copying and
// saving. It reads text and moves attention; what it builds, it builds of text, never of HTML.
window.assistant = (() => {
  const ANCHOR = /^t\d+(-s\d+)?$/;
  const find = (selector, within = document) => within.querySelector(selector);
  const cards = () => [...document.querySelectorAll("#sources details.turn[open] .card")];
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const NAMED = ["a", "button", "[role=img]"]
    .map((kind) => `.gradio-container .prose ${kind}[title]:not([aria-label])`)
    .join();
  let commands = 0;
  let words = {};

  function say(key) {
    const said = find("#words textarea")?.value;
    if (said && said !== words.read) words = { ...JSON.parse(said), read: said };
    return words[key] ?? "";
  }

  // The page learns of a new value only by this event.
  function write(selector, value) {
    const box = find(`${selector} textarea`);
    if (!box) return null;
    box.value = value;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    return box;
  }

  // Numbered, so that the same command twice is two values.
  const command = (text) => write("#command", `${text}#${++commands}`);

  function goTo(id) {
    const target = ANCHOR.test(id) ? find(`#sources [id="${id}"]`) : null;
    if (!target) return;
    target.closest("details.turn").open = true;
    for (const card of document.querySelectorAll(".card.chosen")) card.classList.remove("chosen");
    if (target.matches(".card")) target.classList.add("chosen");
    target.scrollIntoView({ behavior: calm.matches ? "auto" : "smooth", block: "nearest" });
    // A `details` that can be focused itself would be left out by the Tab key with all it holds.
    (target.matches("details") ? find("summary", target) : target).focus({ preventScroll: true });
  }

  function step(distance) {
    const all = cards();
    if (!all.length) return;
    const chosen = all.findIndex((card) => card.matches(".chosen"));
    const next = chosen < 0 ? 0 : Math.max(0, Math.min(all.length - 1, chosen + distance));
    goTo(all[next].id);
  }

  function tell(button, key) {
    if (button.dataset.name) return;
    button.dataset.name = button.textContent;
    button.textContent = say(key);
    setTimeout(() => {
      button.textContent = button.dataset.name;
      delete button.dataset.name;
    }, 1500);
  }

  async function copy(button, text) {
    if (!text) return tell(button, "nothing_yet");
    try {
      await navigator.clipboard.writeText(text);
      tell(button, "copied");
    } catch {
      tell(button, "refused");
    }
  }

  function download(button, from, name, type) {
    const text = find(`${from} textarea`).value;
    if (!text) return tell(button, "nothing_yet");
    const url = URL.createObjectURL(new Blob([text], { type }));
    const link = document.createElement("a");
    link.href = url;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
    tell(button, "saved");
  }

  function ask(question) {
    const box = write("#question", question);
    if (!box) return;
    box.focus();
    box.setSelectionRange(box.value.length, box.value.length);
  }

  const pressFilters = () => find("#filters .toggle-button")?.click();
  const darken = () => document.body.classList.toggle("dark");
  const actions = {
    copy: (button) => copy(button, find("#copy-text textarea").value),
    save: (button) => download(button, "#save-text", "answers.md", "text/markdown"),
    "save-json": (button) =>
      download(button, "#save-json-text", "answer.json", "application/json"),
    "show-filters": pressFilters,
    dark: darken,
  };

  // What a button is for is one of its classes, because Gradio takes other attributes away.
  const purpose = (button) =>
    [...button.classList].find((name) => name.startsWith("do:"))?.slice(3) ?? "";

  function press(button) {
    const asked = purpose(button);
    if (asked === "stop") find("#stop")?.click();
    else command(asked);
    if (asked === "edit" || asked === "undo") find("#question textarea")?.focus();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest('#chat a[href^="#t"]');
    if (link) {
      event.preventDefault();
      goTo(link.getAttribute("href").slice(1));
      return;
    }
    const editing = event.target.closest("#chat .understood .edit");
    if (editing) return ask(find(".completed", editing.closest(".understood")).textContent);
    const address = event.target.closest("#chat .acts a.link");
    if (address) {
      event.preventDefault();
      copy(address, address.href);
      return;
    }
    const pressed = event.target.closest("#chat .acts button, #active button");
    if (pressed) return press(pressed);
    const card = event.target.closest("#sources .card");
    if (card && !event.target.closest("a, summary") && !String(getSelection())) goTo(card.id);
    const button = event.target.closest("#actions button");
    if (button && Object.hasOwn(actions, button.id)) actions[button.id](button);
  });

  const keys = {
    "/": () => find("#question textarea")?.focus(),
    j: () => step(1),
    k: () => step(-1),
    o: () => find("#sources .card.chosen h4 a")?.click(),
    c: () => find("#copy")?.click(),
    s: () => find("#save")?.click(),
    n: () => find("#new")?.click(),
    f: pressFilters,
    d: darken,
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, textarea, select, [contenteditable], [role=listbox]")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    // In another tab, or behind a dialog, the keys would act on what is not seen.
    if (find("dialog[open]") || !find("#question")?.offsetParent) return;
    if (/^[1-9]$/.test(event.key)) {
      const turn = find("#sources details.turn[open]");
      if (turn) goTo(`${turn.id}-s${event.key}`);
    } else if (Object.hasOwn(keys, event.key)) {
      event.preventDefault();
      keys[event.key]();
    }
  });

  // Gradio names each message by its source, which here is HTML; a screen reader should
  // rather read the message itself. What it took away from buttons and pills comes back.
  function nameParts() {
    for (const role of ["user", "bot"]) {
      const name = say(role === "user" ? "question" : "answer");
      for (const message of document.querySelectorAll(`#chat [data-testid="${role}"]`)) {
        if (message.getAttribute("aria-label") !== name) message.setAttribute("aria-label", name);
      }
    }
    for (const named of document.querySelectorAll(NAMED)) {
      const text = named.matches("[role=img]") ? "" : named.textContent.trim();
      named.setAttribute("aria-label", text ? `${text}, ${named.title}` : named.title);
    }
    for (const button of document.querySelectorAll("#filters .calendar:not([aria-label])")) {
      const label = find("[data-testid=block-info]", button.closest(".block"));
      if (label) button.setAttribute("aria-label", label.textContent.trim());
    }
    // A list of buttons is no list; Gradio says that it is one.
    find("#chat .examples[role]")?.removeAttribute("role");
    // Gradio says "Toggle Sidebar", in English.
    const toggle = find("#filters .toggle-button");
    if (toggle && toggle.getAttribute("aria-label") !== say("filters")) {
      toggle.setAttribute("aria-label", say("filters"));
    }
    for (const thumb of document.querySelectorAll("#chat .thumb:not([aria-pressed])")) {
      thumb.setAttribute("aria-pressed", String(thumb.matches(".pressed")));
    }
  }

  // The numbers of the index make room for the first sources, and come back in a new chat.
  let sourced = false;
  function foldAbout() {
    const now = Boolean(find("#sources .turn[open] .card"));
    const about = find("#about details.about");
    if (about && now !== sourced) {
      sourced = now;
      about.open = !now;
    }
  }

  function turnPage() {
    const direction = say("direction");
    if (direction && document.documentElement.dir !== direction) {
      document.documentElement.dir = direction;
      document.documentElement.lang = say("language");
    }
  }

  new MutationObserver(() => {
    nameParts();
    foldAbout();
    turnPage();
  }).observe(document.body, { childList: true, subtree: true });

  return { find, purpose, say, write };
})();
