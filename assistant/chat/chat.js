"use strict";

// The page's own behaviour: moving between answers and sources, keys, copying and saving.
// It only ever reads text and moves attention; it never writes HTML.
(() => {
  const ANCHOR = /^t\d+(-s\d+)?$/;
  const find = (selector, within = document) => within.querySelector(selector);
  const cards = () => [...document.querySelectorAll("#sources details.turn[open] .card")];
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  function goTo(id) {
    const target = ANCHOR.test(id) ? find(`#sources [id="${id}"]`) : null;
    if (!target) return;
    target.closest("details.turn").open = true;
    for (const card of document.querySelectorAll(".card.chosen")) card.classList.remove("chosen");
    if (target.matches(".card")) target.classList.add("chosen");
    target.scrollIntoView({ behavior: calm.matches ? "auto" : "smooth", block: "nearest" });
    target.focus({ preventScroll: true });
  }

  function step(distance) {
    const all = cards();
    if (!all.length) return;
    const chosen = all.findIndex((card) => card.matches(".chosen"));
    const next = chosen < 0 ? 0 : Math.max(0, Math.min(all.length - 1, chosen + distance));
    goTo(all[next].id);
  }

  function say(button, text) {
    if (button.dataset.name) return;
    button.dataset.name = button.textContent;
    button.textContent = text;
    setTimeout(() => {
      button.textContent = button.dataset.name;
      delete button.dataset.name;
    }, 1500);
  }

  async function copy(button) {
    const text = find("#copy-text textarea").value;
    if (!text) return say(button, "Nothing to copy yet");
    try {
      await navigator.clipboard.writeText(text);
      say(button, "Copied");
    } catch {
      say(button, "The browser refused");
    }
  }

  function download(button, from, name, type) {
    const text = find(`${from} textarea`).value;
    if (!text) return say(button, "Nothing to save yet");
    const url = URL.createObjectURL(new Blob([text], { type }));
    const link = document.createElement("a");
    link.href = url;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
    say(button, "Saved");
  }

  function edit(button) {
    const box = find("#question textarea");
    const question = find(".completed", button.closest(".understood"));
    if (!box || !question) return;
    box.value = question.textContent;
    // The page learns of a new value only by this event.
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
    box.setSelectionRange(box.value.length, box.value.length);
  }

  const actions = {
    copy,
    save: (button) => download(button, "#save-text", "answers.md", "text/markdown"),
    "save-json": (button) =>
      download(button, "#save-json-text", "answer.json", "application/json"),
    dark: () => document.body.classList.toggle("dark"),
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest('#chat a[href^="#t"]');
    if (link) {
      event.preventDefault();
      goTo(link.getAttribute("href").slice(1));
      return;
    }
    const editing = event.target.closest("#chat .understood .edit");
    if (editing) return edit(editing);
    const card = event.target.closest("#sources .card");
    if (card && !event.target.closest("a, summary") && !String(getSelection())) goTo(card.id);
    const button = event.target.closest("#actions button");
    if (button && Object.hasOwn(actions, button.id)) actions[button.id](button);
  });

  const keys = {
    "/": () => find("#question textarea")?.focus(),
    j: () => step(1),
    k: () => step(-1),
    c: () => find("#copy")?.click(),
    s: () => find("#save")?.click(),
    n: () => find("#new")?.click(),
    d: () => find("#dark")?.click(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, textarea, select, [contenteditable], [role=listbox]")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (/^[1-9]$/.test(event.key)) {
      const turn = find("#sources details.turn[open]");
      if (turn) goTo(`${turn.id}-s${event.key}`);
    } else if (Object.hasOwn(keys, event.key)) {
      event.preventDefault();
      keys[event.key]();
    }
  });

  // Gradio names each message by its source, which here is HTML; a screen reader should
  // rather read the message itself.
  function nameMessages() {
    for (const role of ["user", "bot"]) {
      const name = role === "user" ? "Question" : "Answer";
      for (const message of document.querySelectorAll(`#chat [data-testid="${role}"]`)) {
        if (message.getAttribute("aria-label") !== name) message.setAttribute("aria-label", name);
      }
    }
  }

  new MutationObserver(nameMessages).observe(document.body, { childList: true, subtree: true });
})();
