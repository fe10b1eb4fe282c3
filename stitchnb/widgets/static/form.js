// A form in the page. It decides nothing: every keystroke goes to the kernel, which answers what is wrong. What was
// typed into a credential leaves in a message, and never comes back.

const MOST_NAMED = 6;
const PATIENCE_MS = { submit: 30_000, other: 4_000 };
const SILENCE = "The kernel does not answer. It is busy, or was started anew: then run this cell again.";
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MINUTE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?$/;
const NATIVE = { date: "date", datetime: "datetime-local" };
const KEYBOARDS = { integer: "numeric", number: "decimal", email: "email", uri: "url" };

function makeControl(spec, id) {
  const common = { id, name: spec.name, "aria-required": spec.required ? "true" : null };
  const quiet = { autocomplete: "off", spellcheck: "false", autocapitalize: "off", "data-lpignore": "true" };
  if (spec.readOnly) {
    return h("input", { id, type: "text", disabled: true, value: spec.shown ?? "", placeholder: "set by Stitch" });
  }
  if (spec.kind === "choice" && !spec.secret) {
    const none = h("option", { value: "" }, spec.required ? "Choose…" : "Not set");
    const options = (spec.choices ?? []).map(([value, words]) => h("option", { value }, words));
    return h("select", common, none, ...options);
  }
  const several = spec.multiline || spec.kind === "json" || spec.kind === "list";
  if (several) {
    const look = [spec.kind === "list" ? "" : "sn-code", spec.secret ? "sn-masked" : ""].join(" ").trim();
    const rows = spec.kind === "json" ? 4 : 3;
    return h("textarea", { ...common, ...quiet, rows, class: look || null, placeholder: spec.placeholder ?? null });
  }
  const type = spec.secret ? "password" : (NATIVE[spec.kind] ?? "text");
  const keyboard = spec.secret ? null : (KEYBOARDS[spec.kind] ?? null);
  return h("input", { ...common, ...quiet, type, inputmode: keyboard, placeholder: spec.placeholder ?? null });
}

class FieldRow {
  constructor(spec, form) {
    this.spec = spec;
    this.form = form;
    this.state = { text: "", given: false, missing: false, error: "", touched: false, revision: 0 };
    this.unanswered = 0;
    this.brought = false;
    const id = uniqueId("sn");
    this.control = makeControl(spec, id);
    this.label = h("label", { for: id }, spec.label);
    this.help = h("p", { class: "sn-help", id: `${id}-help` }, spec.help ?? "");
    this.error = h("p", { class: "sn-error", id: `${id}-error`, "aria-live": "polite" });
    this.bring = spec.byStitch ? h("button", { type: "button", class: "sn-link", onclick: () => this.toggle() }) : null;
    this.element = h(
      "div",
      { class: "sn-row", "data-field": spec.name },
      h(
        "div",
        { class: "sn-label" },
        this.label,
        spec.required ? h("span", { class: "sn-star", "aria-hidden": "true", title: "required" }, "*") : null,
        apiName(spec.name),
      ),
      h("div", { class: "sn-input" }, this.control),
      h("div", { class: "sn-hint" }, h("div", { class: "sn-words" }, this.help, this.error), this.bring),
    );
    this.control.addEventListener("input", () => this.typed());
    this.control.addEventListener("blur", () => {
      if (!this.state.touched && !spec.readOnly) form.send({ type: "left", name: spec.name });
    });
  }

  typed() {
    this.unanswered += 1;
    this.form.send({ type: "input", name: this.spec.name, text: this.control.value });
  }

  // What Stitch gives unless one brings one's own.
  toggle() {
    const leave = this.brought || this.state.given;
    this.brought = !leave;
    if (leave && (this.control.value !== "" || this.state.given)) {
      this.control.value = "";
      this.typed();
    }
    this.draw();
    if (this.brought) this.control.focus();
  }

  update(state, typedHere) {
    const isOther = this.state.revision !== state.revision;
    this.state = { ...this.state, ...state };
    if (typedHere) this.unanswered -= 1;
    // The dots of a credential stay until it is another one: its text never comes back to compare.
    else if (this.unanswered === 0 && (isOther || !this.spec.secret)) this.show(this.state.text);
    if ("help" in state) setText(this.help, state.help);
  }

  show(text) {
    const control = this.control;
    if (this.spec.readOnly) return;
    // A native date input shows nothing where it cannot show a value: then text does.
    if (this.spec.kind === "date") control.type = text === "" || DAY.test(text) ? "date" : "text";
    if (this.spec.kind === "datetime") control.type = text === "" || MINUTE.test(text) ? "datetime-local" : "text";
    if (control.tagName === "SELECT" && ![...control.options].some((option) => option.value === text)) {
      control.append(h("option", { value: text }, text));
    }
    if (control.value !== text) control.value = text;
  }

  get faulty() {
    return this.state.error !== "" && (this.state.touched || this.form.state.tried);
  }

  draw() {
    const { spec, state, control } = this;
    const shown = this.faulty ? state.error : "";
    setText(this.error, shown);
    this.element.classList.toggle("sn-faulty", this.faulty);
    if (spec.readOnly) return;
    setAttribute(control, "aria-invalid", this.faulty ? "true" : null);
    const words = this.faulty ? this.error : this.help;
    setAttribute(control, "aria-describedby", words.textContent ? words.id : null);
    const leftToStitch = spec.byStitch && !state.given && !this.brought;
    const given = this.form.state.locked ? "sent" : "given";
    const instead = leftToStitch ? "given by Stitch" : spec.secret && state.given ? given : spec.placeholder;
    if (control.tagName !== "SELECT") setAttribute(control, "placeholder", instead);
    control.disabled = this.form.state.locked || leftToStitch;
    if (this.bring) {
      setText(this.bring, leftToStitch ? "Bring your own" : "Leave it to Stitch");
      setAttribute(this.bring, "aria-label", `${this.bring.textContent}: ${spec.label}`);
      this.bring.hidden = this.form.state.locked;
    }
  }

  focus() {
    const folded = this.element.closest("details");
    if (folded) folded.open = true;
    this.control.focus();
  }
}

class FormView {
  constructor(model, el) {
    this.model = model;
    this.id = uniqueId("view");
    this.spec = model.get("_spec");
    this.state = { tried: false, locked: false, attempt: 0, notice: { tone: "", text: "" }, steps: [] };
    this.rows = new Map();
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
    if (message.type !== "left") {
      const patience = PATIENCE_MS[message.type] ?? PATIENCE_MS.other;
      this.timer ??= setTimeout(() => (this.silence.hidden = false), patience);
    }
    try {
      this.model.send({ ...message, view: this.id });
    } catch {
      // The connection of a kernel that was ended.
      this.silence.hidden = false;
    }
  }

  heard() {
    clearTimeout(this.timer);
    this.timer = null;
    this.silence.hidden = true;
  }

  build(el) {
    const { title, type, chip: state, banner, groups, action } = this.spec;
    this.steps = h("ol", { class: "sn-steps" });
    this.summary = h("div", { class: "sn-summary" });
    this.silence = h("p", { class: "sn-notice sn-warn", role: "status", hidden: true }, SILENCE);
    this.notice = h("div", { class: "sn-notice", role: "alert" });
    this.button = action ? h("button", { type: "submit", class: "sn-primary" }, action) : null;
    this.footer = h("footer", {}, this.summary, this.button);
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
      this.footer,
    );
    const header = h("header", {}, h("b", {}, title), h("code", {}, type), chip(state.text, state.tone));
    const card = h(
      "section",
      { class: "sn-card", "aria-label": `${title} form` },
      header,
      banner ? h("p", { class: "sn-banner" }, banner) : null,
      this.steps,
      this.form,
    );
    el.classList.add("stitchnb");
    el.replaceChildren(card);
  }

  buildGroup({ title, folded, fields }) {
    const rows = fields.map((spec) => {
      const row = new FieldRow(spec, this);
      this.rows.set(spec.name, row);
      return row.element;
    });
    const count = `${fields.length} ${fields.length === 1 ? "setting" : "settings"}`;
    return folded
      ? h("details", { class: "sn-group" }, h("summary", {}, h("span", {}, title), h("small", {}, count)), ...rows)
      : h("div", { class: "sn-group", role: "group", "aria-label": title }, h("h4", {}, title), ...rows);
  }

  hear(message) {
    this.heard();
    if (message.type === "state" ? message.to !== this.id : message.type !== "patch") return;
    for (const key of Object.keys(this.state)) if (key in message) this.state[key] = message[key];
    if ("attempt" in message) this.busy = false;
    if (message.type === "state") this.awaited = false;
    for (const [name, state] of Object.entries(message.fields)) {
      this.rows.get(name)?.update(state, message.typedIn === this.id);
    }
    if (this.state.locked) this.rows.forEach((row) => row.show(row.state.text));
    const everything = "tried" in message || "locked" in message || message.type === "state";
    this.draw(everything ? [...this.rows.keys()] : Object.keys(message.fields));
    if (message.focus && message.focus.view === this.id) this.rows.get(message.focus.name)?.focus();
  }

  get blocking() {
    return [...this.rows.values()].filter((row) => row.state.error !== "");
  }

  // JupyterLab keeps Enter from an input, so that the browser does not submit by itself.
  pressed(event) {
    if (event.key !== "Enter" || event.isComposing || event.target.tagName !== "INPUT") return;
    event.preventDefault();
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
    this.drawFooter();
    const { tone, text } = this.state.notice;
    this.notice.className = `sn-notice sn-${tone}`;
    this.notice.hidden = text === "";
    setText(this.notice, text);
    const required = [...this.rows.values()].filter((row) => row.spec.required);
    const left = required.filter((row) => row.state.error !== "").length;
    const note = left ? `${left} of ${required.length} required left` : "complete";
    drawSteps(this.steps, this.state.steps, { form: note });
  }

  drawFooter() {
    const blocking = this.blocking;
    const faulty = blocking.filter((row) => row.faulty);
    const needed = blocking.filter((row) => !row.faulty);
    const parts = [];
    if (faulty.length) {
      const things = faulty.length === 1 ? "1 thing to mend: " : `${faulty.length} things to mend: `;
      parts.push(h("span", { class: "sn-wrong" }, things, ...this.links(faulty)));
    }
    if (needed.length) parts.push(h("span", {}, "Still needed: ", ...this.links(needed)));
    if (this.busy) parts.splice(0, parts.length, h("span", { role: "status" }, "Sending…"));
    else if (!parts.length && !this.state.locked && !this.awaited) parts.push(h("span", {}, "Nothing to mend."));
    const focused = this.summary.contains(document.activeElement) ? document.activeElement.textContent : null;
    this.summary.replaceChildren(...parts);
    if (focused) [...this.summary.querySelectorAll("a")].find((link) => link.textContent === focused)?.focus();
    this.footer.hidden = this.state.locked;
    if (!this.button) return;
    // Not "disabled": one must be able to reach it, press it, and be told why nothing happens.
    this.button.setAttribute("aria-disabled", String(blocking.length > 0 || this.busy || this.awaited));
    setAttribute(this.button, "aria-busy", this.busy ? "true" : null);
  }

  links(rows) {
    const nodes = rows.slice(0, MOST_NAMED).flatMap((row, i) => [
      i ? ", " : "",
      h("a", { href: `#${row.control.id}`, onclick: (event) => (event.preventDefault(), row.focus()) }, row.spec.label),
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
