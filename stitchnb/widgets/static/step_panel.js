// One step of a wizard as the kernel describes it: blocks one below the other, and a footer with what can be done.
// A block that has not changed stays as it is, and so keeps the focus.

class StepPanelView {
  constructor(model, el) {
    this.model = model;
    this.drawn = [];
    this.line = new Line(model, { heard: () => this.drawFooter(), changed: () => this.draw() });
    this.body = h("div", { class: "sn-body sn-blocks" });
    this.summary = h("div", { class: "sn-summary", role: "status" });
    this.buttons = h("div", { class: "sn-actions" });
    this.footer = h("footer", {}, this.summary, this.buttons);
    const look = { class: "sn-card sn-part-of-card sn-panel", tabindex: "-1", "data-lm-suppress-shortcuts": "true" };
    this.card = h("section", look, this.body, this.line.silence, this.footer);
    el.classList.add("stitchnb");
    el.replaceChildren(this.card);
    this.draw();
  }

  get content() {
    return this.model.get("_content");
  }

  draw() {
    const { label, blocks } = this.content;
    this.card.setAttribute("aria-label", label);
    this.body.hidden = blocks.length === 0;
    this.drawn.splice(blocks.length).forEach((block) => this.drop(block));
    blocks.forEach((content, at) => {
      const facts = JSON.stringify(content);
      const before = this.drawn[at];
      if (before?.facts === facts) return;
      if (before?.redraw && before.kind === content.kind) {
        before.redraw(content);
        before.facts = facts;
        return;
      }
      const block = { facts, kind: content.kind, ...this.make(content) };
      if (before) {
        before.element.replaceWith(block.element);
        before.end?.();
      } else {
        this.body.append(block.element);
      }
      this.drawn[at] = block;
    });
    this.drawFooter();
  }

  drop(block) {
    block.element.remove();
    block.end?.();
  }

  make(content) {
    switch (content.kind) {
      case "note":
        return this.makeNote(content);
      case "facts":
        return { element: h("dl", {}, ...content.facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))) };
      case "progress":
        return this.makeProgress(content);
      case "table":
        return { element: makeTable(content) };
      case "streams": {
        const table = new StreamTable();
        table.draw(content);
        return { element: table.element, redraw: (streams) => table.draw(streams) };
      }
      case "choice":
        return this.makeChoice(content);
      case "code":
        return { element: copyable(content.title, content.text) };
      case "next": {
        const element = h("section", { class: "sn-next-steps", "aria-label": content.words });
        drawNext(element, content);
        return { element };
      }
      default:
        return { element: h("p", {}, content.text) };
    }
  }

  makeNote(content) {
    const element = h("div");
    const redraw = ({ tone, text }) => {
      setAttribute(element, "class", `sn-notice sn-${tone}`);
      setAttribute(element, "role", tone === "error" ? "alert" : "status");
      // A live region speaks of what comes into it, not of what it was made with.
      setTimeout(() => setText(element, text));
    };
    redraw(content);
    return { element, redraw };
  }

  // Seconds go by in the page; how far it is, the kernel tells.
  makeProgress({ text, elapsed_s: elapsed, share }) {
    let begun = Date.now() - elapsed * 1000;
    const seconds = h("span", { class: "sn-elapsed", "aria-hidden": "true" });
    const tick = () => setText(seconds, `${Math.max(0, Math.round((Date.now() - begun) / 1000))} s`);
    const timer = setInterval(tick, 1000);
    const bar = h("progress", { max: "1" });
    const words = h("p", { role: "status" });
    const redraw = (content) => {
      begun = Date.now() - content.elapsed_s * 1000;
      tick();
      setText(words, content.text);
      setAttribute(bar, "aria-label", content.text);
      setAttribute(bar, "value", content.share);
    };
    redraw({ text, elapsed_s: elapsed, share });
    const element = h("div", { class: "sn-progress" }, h("div", {}, words, seconds), bar);
    return { element, redraw, end: () => clearInterval(timer) };
  }

  makeChoice(content) {
    const id = uniqueId("sn");
    const label = h("label", { for: id });
    const select = h("select", { id });
    let { name } = content;
    select.addEventListener("change", () => this.line.send("choose", { name, value: select.value }, "long"));
    const redraw = ({ options, value, ...told }) => {
      name = told.name;
      setText(label, told.label);
      select.replaceChildren(...options.map(([key, words]) => h("option", { value: key }, words)));
      select.value = value;
    };
    redraw(content);
    return { element: h("div", { class: "sn-choose" }, label, select), redraw };
  }

  drawFooter() {
    const { actions, summary } = this.content;
    this.footer.hidden = actions.length === 0 && summary === "";
    setText(this.summary, this.line.busy ? "Working…" : summary);
    const facts = JSON.stringify(actions);
    if (this.buttons.dataset.facts !== facts) {
      this.buttons.dataset.facts = facts;
      const had = this.buttons.contains(document.activeElement) ? document.activeElement.dataset.name : null;
      this.buttons.replaceChildren(...actions.map((action) => this.makeButton(action)));
      if (had !== null) this.refocus(had);
    }
    for (const button of this.buttons.children) {
      const isOff = this.line.busy || button.dataset.off === "true";
      button.setAttribute("aria-disabled", String(isOff));
    }
  }

  // What was pressed may be gone now: the focus then goes to what leads on. A key that is still held down must not
  // press what was never asked for, such as Stop: without anything that leads on, the whole step has the focus.
  refocus(name) {
    const same = [...this.buttons.children].find((button) => button.dataset.name === name);
    const next = same ?? this.buttons.querySelector(".sn-primary") ?? this.card;
    next.focus({ preventScroll: true });
  }

  makeButton({ name, text, primary, off }) {
    const press = () => {
      if (button.getAttribute("aria-disabled") === "true") return;
      this.line.send("press", { name }, "long");
      this.drawFooter();
    };
    const look = { class: primary ? "sn-primary" : null, "data-name": name, "data-off": String(off) };
    const button = h("button", { type: "button", ...look, onclick: press }, text);
    return button;
  }

  close() {
    this.line.close();
    this.drawn.forEach((block) => block.end?.());
  }
}

function makeTable({ caption, columns, rows }) {
  const side = ([, isNumber]) => (isNumber ? "sn-number" : null);
  const head = columns.map((column) => h("th", { scope: "col", class: side(column) }, column[0]));
  const line = (cells) => h("tr", {}, ...cells.map((cell, i) => h("td", { class: side(columns[i]) }, ...cellOf(cell))));
  const table = h(
    "table",
    { class: "sn-table" },
    h("caption", { class: "sn-unseen" }, caption),
    h("thead", {}, h("tr", {}, ...head)),
    h("tbody", {}, ...rows.map(line)),
  );
  // A wide table scrolls in a box of its own, which can have the focus for that.
  const box = { class: "sn-table-box", role: "region", "aria-label": caption, tabindex: "0" };
  return h("div", { ...box, "data-lm-suppress-shortcuts": "true" }, table);
}

// A cell is a text, or a state: a word in a colour of its own.
function cellOf(cell) {
  return typeof cell === "string" ? [cell] : [chip(cell.text, cell.tone)];
}

function render({ model, el }) {
  const view = new StepPanelView(model, el);
  return () => view.close();
}

export default { render };
