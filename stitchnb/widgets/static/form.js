// A form in the page. It decides nothing: every keystroke goes to the kernel, which answers what is wrong. What was
// typed into a credential leaves in a message, and never comes back.

const MOST_NAMED = 6;
const PATIENCE_MS = { submit: 30_000, other: 4_000 };
const EDITORS = { list: "Edit as a list", rows: "Edit as rows", object: "Edit as fields" };
const COPIES = { python: "Copy as Python", curl: "Copy as curl" };
const KEPT = "Saved. Leave blank to keep.";
const NOT_SILENT = ["left", "code"];

// Two forms of one type in one page are told apart.
function ownName(name) {
  const taken = new Set([...document.querySelectorAll(".sn-form")].map((one) => one.getAttribute("aria-label")));
  let own = name;
  for (let count = 2; taken.has(own); count += 1) own = `${name} ${count}`;
  return own;
}

function things(count) {
  return count === 1 ? "1 problem to fix" : `${count} problems to fix`;
}

class FieldRow {
  constructor(spec, form, { sub = false } = {}) {
    this.spec = spec;
    this.form = form;
    this.state = { text: "", given: false, missing: false, error: "", touched: false, revision: 0 };
    this.unanswered = 0;
    this.asJson = false;
    this.id = uniqueId("sn");
    this.label = h("label", { id: `${this.id}-label` }, spec.label);
    this.help = h("p", { class: "sn-help", id: `${this.id}-help` }, spec.help ?? "");
    this.error = h("p", { class: "sn-error", id: `${this.id}-error`, "aria-live": "polite" });
    this.holder = h("div", { class: "sn-input" });
    const turn = () => form.send({ type: "editor", name: spec.name, json: !this.asJson });
    const canTurn = spec.kind in EDITORS && !spec.secret && !spec.locked && !spec.readOnly;
    this.turner = canTurn ? h("button", { type: "button", class: "sn-link", onclick: turn }) : null;
    this.element = h(
      "div",
      { class: sub ? "sn-row sn-sub" : "sn-row", "data-field": spec.name, hidden: spec.hidden === true },
      h(
        "div",
        { class: "sn-label" },
        this.label,
        spec.required ? h("span", { class: "sn-star", "aria-hidden": "true", title: "required" }, "*") : null,
        apiName(spec.name),
      ),
      this.holder,
      h("div", { class: "sn-hint" }, h("div", { class: "sn-words" }, this.help, this.error), this.turner),
    );
    this.holder.addEventListener("focusout", (event) => {
      const inside = this.holder.contains(event.relatedTarget);
      if (!inside && !this.state.touched && !this.isFixed) form.send({ type: "left", name: spec.name });
    });
    this.build();
  }

  get isFixed() {
    return this.spec.readOnly === true || this.spec.locked === true || this.spec.kind === "nothing";
  }

  build() {
    const spec = this.asJson ? { ...this.spec, kind: "json" } : this.spec;
    this.input = makeInput(spec, this.id, () => this.typed());
    setAttribute(this.label, "for", this.input.focusable ? this.id : null);
    this.element.classList.toggle("sn-wide", ["rows", "object"].includes(spec.kind));
    this.holder.replaceChildren(this.input.element);
  }

  typed() {
    this.unanswered += 1;
    const message = { type: "input", name: this.spec.name, text: this.input.text };
    this.form.send(this.asJson ? { ...message, json: true } : message);
  }

  update(state, typedHere) {
    const isOther = this.state.revision !== state.revision;
    this.state = { ...this.state, ...state };
    if (typedHere) this.unanswered = Math.max(0, this.unanswered - 1);
    if ((this.state.json === true) !== this.asJson && this.spec.kind in EDITORS) {
      const hadFocus = this.holder.contains(document.activeElement);
      this.asJson = this.state.json === true;
      this.build();
      this.input.show(this.state.text);
      if (hadFocus) this.focus();
    } else if (!typedHere && this.unanswered === 0 && (isOther || !this.spec.secret)) {
      // The dots of a credential stay until it is another one: its text never comes back to compare.
      this.input.show(this.state.text);
    }
    if ("help" in state) setText(this.help, state.help);
    else if (!this.spec.secret) setText(this.help, [this.spec.help, this.state.kept ? KEPT : ""].join(" ").trim());
  }

  get faulty() {
    return this.state.error !== "" && (this.state.touched || this.form.state.tried);
  }

  get hidden() {
    return this.state.hidden === true;
  }

  draw() {
    const { spec, state, input } = this;
    const { locked } = this.form.state;
    this.element.hidden = this.hidden;
    setText(this.error, this.faulty ? state.error : "");
    this.element.classList.toggle("sn-faulty", this.faulty);
    if (spec.readOnly) return;
    const words = this.faulty ? this.error : this.help;
    input.mark(this.faulty, words.textContent ? words.id : null, state.place ?? []);
    const kept = locked ? "sent" : state.kept ? "Saved. Leave blank to keep." : "given";
    input.hint(spec.secret && state.given ? kept : (spec.placeholder ?? null));
    input.disable(locked || spec.locked === true);
    if (this.turner) {
      setText(this.turner, this.asJson ? EDITORS[spec.kind] : "Edit as JSON");
      setAttribute(this.turner, "aria-label", `${this.turner.textContent}: ${spec.label}`);
      this.turner.hidden = locked;
    }
  }

  focus() {
    const folded = this.element.closest("details");
    if (folded) folded.open = true;
    const bad = this.holder.querySelector('[aria-invalid="true"]');
    if (bad) bad.focus();
    else this.input.focus();
  }
}

class FormView {
  constructor(model, el) {
    this.model = model;
    this.id = uniqueId("view");
    this.spec = model.get("_spec");
    this.state = { tried: false, locked: false, attempt: 0, own: false, notice: { tone: "", text: "" }, steps: [] };
    this.state.schedule = this.state.next = null;
    this.rows = new Map();
    this.switches = [];
    this.busy = false;
    this.awaited = true;
    this.build(el);
    this.listener = (message) => this.hear(message);
    model.on("msg:custom", this.listener);
    this.send({ type: "ready" });
    this.draw();
  }

  send(message) {
    // Leaving a field is not always answered.
    if (!NOT_SILENT.includes(message.type)) {
      const patience = PATIENCE_MS[message.type] ?? PATIENCE_MS.other;
      this.timer ??= setTimeout(() => (this.silence.hidden = false), patience);
    }
    try {
      this.model.send({ ...message, view: this.id });
    } catch {
      // A kernel that was ended took its connection with it: nothing will ever be answered.
      clearTimeout(this.timer);
      this.busy = false;
      setText(this.silence, RESTARTED);
      this.silence.hidden = false;
    }
  }

  heard() {
    clearTimeout(this.timer);
    this.timer = null;
    this.silence.hidden = true;
  }

  build(el) {
    const { title, type, chip: state, banner, groups, action, copies } = this.spec;
    this.steps = h("ol", { class: "sn-steps" });
    this.summary = h("div", { class: "sn-summary" });
    this.silence = h("p", { class: "sn-notice sn-warn", role: "status", hidden: true }, NO_ANSWER);
    this.notice = h("div", { class: "sn-notice", role: "alert", tabindex: "-1", "data-lm-suppress-shortcuts": "true" });
    this.button = action ? h("button", { type: "submit", class: "sn-primary" }, action) : null;
    const links = (copies ?? []).map((language) => {
      const ask = () => this.send({ type: "code", language });
      return h("button", { type: "button", class: "sn-link", onclick: ask }, COPIES[language]);
    });
    this.footer = h("footer", {}, this.summary, h("div", { class: "sn-copies" }, ...links), this.button);
    this.next = h("div", { class: "sn-sheet", hidden: true, role: "group", "aria-label": "What is next" });
    this.sheet = h("div", { class: "sn-sheet", hidden: true, role: "group", "aria-label": "The form as code" });
    this.form = h(
      "form",
      {
        novalidate: true,
        autocomplete: "off",
        onsubmit: (event) => this.submit(event),
        onkeydown: (event) => this.pressed(event),
      },
      h("div", { class: "sn-body" }, ...groups.map((group) => this.buildGroup(group))),
      this.silence,
      this.notice,
      this.next,
      this.sheet,
      this.footer,
    );
    const header = h("header", {}, h("b", {}, title), h("code", {}, type), chip(state.text, state.tone));
    const card = h(
      "section",
      { class: this.spec.header ? "sn-card sn-form" : "sn-card sn-form sn-part-of-card", "aria-label": ownName(`${title} form`) },
      this.spec.header ? header : null,
      banner ? h("p", { class: "sn-banner" }, banner) : null,
      this.spec.header ? this.steps : null,
      this.form,
    );
    el.classList.add("stitchnb");
    el.replaceChildren(card);
  }

  buildGroup(group) {
    const { title, folded, fields } = group;
    const names = new Set(fields.map((spec) => spec.name));
    const rows = fields.map((spec) => {
      const row = new FieldRow(spec, this, { sub: names.has(spec.under) });
      this.rows.set(spec.name, row);
      return row.element;
    });
    if (group.schedule) {
      this.schedule = new ScheduleView(this);
      rows.unshift(this.schedule.head);
      rows.push(this.schedule.foot);
    }
    const notes = (group.notes ?? []).map((note) => h("p", { class: "sn-note" }, note));
    if (group.switch) rows.unshift(this.buildSwitch(group.switch));
    const count = `${fields.length} ${fields.length === 1 ? "setting" : "settings"}`;
    return folded
      ? h("details", { class: "sn-group" }, h("summary", {}, h("span", {}, title), h("small", {}, count)), ...rows)
      : h("div", { class: "sn-group", role: "group", "aria-label": title }, h("h3", {}, title), ...notes, ...rows);
  }

  buildSwitch({ label, off, on }) {
    const id = uniqueId("sn");
    const box = h("input", {
      id,
      type: "checkbox",
      role: "switch",
      onchange: () => this.send({ type: "own", on: box.checked }),
    });
    const words = h("p", { class: "sn-help", id: `${id}-help` });
    box.setAttribute("aria-describedby", words.id);
    this.switches.push({ box, words, off, on });
    return h(
      "div",
      { class: "sn-row" },
      h("div", { class: "sn-label" }, h("label", { for: id }, label)),
      h("div", { class: "sn-input sn-switch" }, box),
      h("div", { class: "sn-hint" }, h("div", { class: "sn-words" }, words)),
    );
  }

  hear(message) {
    if (message.type === "code") {
      if (message.to === this.id) this.showCode(message);
      return;
    }
    this.heard();
    if (message.type === "state" ? message.to !== this.id : message.type !== "patch") return;
    for (const key of Object.keys(this.state)) if (key in message) this.state[key] = message[key];
    if ("attempt" in message) this.busy = false;
    if (message.type === "state") this.awaited = false;
    for (const [name, state] of Object.entries(message.fields)) {
      this.rows.get(name)?.update(state, message.typedIn === this.id && message.typed === name);
    }
    if (this.state.locked) this.rows.forEach((row) => row.input.show(row.state.text));
    const everything = "tried" in message || "locked" in message || message.type === "state";
    const hadFocus = this.form.contains(document.activeElement);
    this.draw(everything ? [...this.rows.keys()] : Object.keys(message.fields));
    if (hadFocus && message.notice?.tone === "ok") this.leadToNotice();
    if (message.focus && message.focus.view === this.id) this.rows.get(message.focus.name)?.focus();
  }

  // How it ended may stand far below what was pressed; and what was pressed is gone, once a form is closed.
  leadToNotice() {
    if (this.state.locked) this.notice.focus();
    this.notice.scrollIntoView({ block: "nearest" });
  }

  showCode({ language, text }) {
    const close = h("button", { type: "button", class: "sn-link", onclick: () => (this.sheet.hidden = true) }, "Close");
    const block = codeBlock(COPIES[language].replace("Copy as ", ""), text, close);
    this.sheet.replaceChildren(block.element);
    this.sheet.hidden = text === "";
    block.copy();
  }

  get shownRows() {
    return [...this.rows.values()].filter((row) => !row.hidden);
  }

  get blocking() {
    return this.shownRows.filter((row) => row.state.error !== "");
  }

  get changed() {
    return this.shownRows.filter((row) => row.state.changed);
  }

  // JupyterLab keeps Enter from an input, so that the browser does not submit by itself.
  pressed(event) {
    const { key, target } = event;
    if (key !== "Enter" || event.isComposing || target.tagName !== "INPUT") return;
    event.preventDefault();
    if (["checkbox", "radio"].includes(target.type)) return;
    this.form.requestSubmit();
  }

  submit(event) {
    event.preventDefault();
    if (this.busy || this.state.locked || !this.button) return;
    this.busy = true;
    this.send({ type: "submit", attempt: this.state.attempt });
    this.draw([]);
  }

  draw(names = [...this.rows.keys()]) {
    names.forEach((name) => this.rows.get(name)?.draw());
    this.schedule?.draw(this.state.schedule, this.state.locked);
    for (const { box, words, off, on } of this.switches) {
      box.checked = this.state.own;
      box.disabled = this.state.locked;
      setText(words, this.state.own ? on : off);
    }
    this.drawFooter();
    const { tone, text } = this.state.notice;
    this.notice.className = `sn-notice sn-${tone}`;
    this.notice.hidden = text === "";
    setText(this.notice, text);
    drawNext(this.next, this.state.next);
    const required = this.shownRows.filter((row) => row.spec.required);
    const left = required.filter((row) => row.state.error !== "").length;
    const wrong = this.blocking.length;
    const rest = wrong ? things(wrong) : "complete";
    const note = left ? `${left} of ${required.length} required left` : rest;
    drawSteps(this.steps, this.state.steps, { form: note });
  }

  drawFooter() {
    const blocking = this.blocking;
    const faulty = blocking.filter((row) => row.faulty);
    const needed = blocking.filter((row) => !row.faulty);
    const isIdle = this.spec.update && this.changed.length === 0;
    const parts = [];
    if (faulty.length) {
      parts.push(h("span", { class: "sn-wrong" }, `${things(faulty.length)}: `, ...this.links(faulty)));
    }
    if (needed.length) parts.push(h("span", {}, "Missing: ", ...this.links(needed)));
    if (this.busy) parts.splice(0, parts.length, h("span", { role: "status" }, "Sending…"));
    else if (!parts.length && !this.state.locked && !this.awaited && this.state.notice.tone !== "error") parts.push(h("span", {}, ...this.allIsWell()));
    const focused = this.summary.contains(document.activeElement) ? document.activeElement.textContent : null;
    this.summary.replaceChildren(...parts);
    if (focused) [...this.summary.querySelectorAll("a")].find((link) => link.textContent === focused)?.focus();
    this.footer.hidden = this.state.locked;
    if (!this.button) return;
    // Not "disabled": one must be able to reach it, press it, and be told why nothing happens.
    const isOff = blocking.length > 0 || this.busy || this.awaited || isIdle;
    this.button.setAttribute("aria-disabled", String(isOff));
    setAttribute(this.button, "aria-busy", this.busy ? "true" : null);
  }

  allIsWell() {
    if (!this.spec.update) return ["Ready to create."];
    const changed = this.changed;
    if (!changed.length) return ["No changes yet."];
    return [changed.length === 1 ? "1 change: " : `${changed.length} changes: `, ...this.links(changed)];
  }

  links(rows) {
    const nodes = rows.slice(0, MOST_NAMED).flatMap((row, i) => [
      i ? ", " : "",
      h("a", { href: `#${row.id}`, onclick: (event) => (event.preventDefault(), row.focus()) }, row.spec.label),
    ]);
    return rows.length > MOST_NAMED ? [...nodes, ` and ${rows.length - MOST_NAMED} more`] : nodes;
  }

  close() {
    clearTimeout(this.timer);
    this.model.off("msg:custom", this.listener);
  }
}

function render({ model, el }) {
  const view = new FormView(model, el);
  return () => view.close();
}

export default { render };
