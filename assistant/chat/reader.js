"use strict";

// Whole articles, read in a pane beside the answer, and the list of keys. Both are dialogs.
(() => {
  const { find, say } = window.assistant;

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function show(name, title, ...content) {
    const close = element("button", { type: "button", class: "close" }, say("close"));
    const dialog = element(
      "dialog",
      { class: name, "aria-label": title, dir: say("direction") || "ltr" },
      element("div", { class: "bar-of-dialog" }, element("strong", {}, title), close),
      ...content,
    );
    const before = document.activeElement;
    close.addEventListener("click", () => dialog.close());
    // A click beside the dialog reaches the dialog itself.
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (before?.isConnected) before.focus({ preventScroll: true });
    });
    document.body.append(dialog);
    dialog.showModal();
    return dialog;
  }

  // Offsets count characters as Python does, which JavaScript's strings do not.
  function marked(text, start, end) {
    const characters = Array.from(text);
    const part = (from, to) => characters.slice(from, to).join("");
    if (!(start < end)) return [text];
    const mark = element("mark", { id: "sentence", tabindex: "-1" }, part(start, end));
    return [part(0, start), mark, part(end)];
  }

  async function read(link) {
    const address = new URL(link.href);
    const facts = link.closest(".card, li")?.querySelector(".facts")?.cloneNode(true);
    const tab = element("a", { href: link.href, target: "_blank" }, say("new_tab"));
    const body = element("div", { class: "article", role: "status" }, say("loading"));
    const dialog = show("reader", say("reading"), tab, body);
    try {
      const answer = await fetch(`api${address.pathname.slice(address.pathname.indexOf("/articles/"))}`);
      if (!answer.ok) throw new Error(String(answer.status));
      const article = await answer.json();
      const { searchParams } = address;
      const foreign = { dir: "auto", lang: article.language };
      const text = element(
        "div",
        { class: "text", ...foreign },
        ...marked(article.text, Number(searchParams.get("start")), Number(searchParams.get("end"))),
      );
      const authors = (article.authors ?? []).map((name) => element("bdi", {}, name));
      body.removeAttribute("role");
      body.replaceChildren(element("h2", foreign, article.title), ...(facts ? [facts] : []));
      if (authors.length) body.append(element("div", { class: "facts" }, ...authors));
      body.append(text);
      find("mark", text)?.scrollIntoView({ block: "center" });
      find("mark", text)?.focus({ preventScroll: true });
    } catch {
      body.textContent = say("unreadable");
      body.setAttribute("role", "alert");
    }
    return dialog;
  }

  function help() {
    const list = find("#about .keys");
    if (list) show("help", say("keys_heading"), list.cloneNode(true));
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.read");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    read(link);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select") || find("dialog[open]")) return;
    event.preventDefault();
    help();
  });
})();
