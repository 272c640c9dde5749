"use strict";

// Files that are dropped or chosen go to the server one by one; what is refused is listed here.
(() => {
  const { find, purpose, say, write } = window.assistant;
  let taken = 0;

  function line(zone, name, text, kind) {
    const item = document.createElement("p");
    const bold = document.createElement("b");
    const isolated = document.createElement("bdi");
    isolated.textContent = name;
    bold.append(isolated);
    item.className = kind;
    item.setAttribute("role", kind === "problem" ? "alert" : "status");
    item.append(bold, " ", text);
    zone.append(item);
    return item;
  }

  async function send(zone, file) {
    const waiting = line(zone, file.name, say("uploading"), "quiet");
    let problem = "";
    const address = `api/files?name=${encodeURIComponent(file.name)}`;
    const headers = { "content-type": "application/octet-stream" };
    try {
      let answer = await fetch(address, { method: "POST", headers, body: file });
      while (answer.status === 429) {
        // Many files are more than the server takes at once: it says when it takes the next.
        const seconds = Number(answer.headers.get("retry-after")) || 1;
        await new Promise((done) => setTimeout(done, seconds * 1000));
        answer = await fetch(address, { method: "POST", headers, body: file });
      }
      if (!answer.ok) problem = (await answer.json()).error;
    } catch (error) {
      problem = String(error.message);
    }
    waiting.remove();
    if (problem) line(zone, file.name, problem, "problem");
  }

  async function sendAll(zone, files) {
    for (const old of zone.querySelectorAll(".problem")) old.remove();
    for (const file of files) await send(zone, file);
    find("#refresh-added")?.click();
  }

  function choose(zone) {
    const input = document.createElement("input");
    input.type = "file";
    input.multiple = true;
    input.addEventListener("change", () => sendAll(zone, [...input.files]));
    input.click();
  }

  const zoneOf = (event) => event.target.closest?.("#drop .zone");

  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      const zone = zoneOf(event);
      if (!zone) return;
      event.preventDefault();
      zone.classList.toggle("over", name === "dragover");
      if (name === "drop") sendAll(zone, [...event.dataTransfer.files]);
    });
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("#adding button");
    if (!button) return;
    if (button.matches(".choose")) choose(zoneOf(event));
    const asked = purpose(button);
    if (asked.startsWith("take-back:")) write("#take-back", `${asked.slice(10)}#${++taken}`);
    if (asked === "rebuild") {
      find("#collection-tab-button")?.click();
      // The tab is drawn when it is first chosen.
      setTimeout(() => find("#start")?.click(), 300);
    }
  });
})();
