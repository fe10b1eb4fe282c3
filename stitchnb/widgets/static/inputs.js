// The inputs of a form. Each has an element, reads as text, shows text, and can be marked as faulty. Lists of texts are
// chips, of choices boxes to tick; objects and rows of them are inputs within inputs, whose text is their draft: JSON of
// what stands in them.

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MINUTE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?$/;
const NATIVE = { date: "date", datetime: "datetime-local" };
const KEYBOARDS = { integer: "numeric", number: "decimal", email: "email", uri: "url" };
const MOST_IN_A_LINE = 3;

function makeInput(spec, id, changed, words = {}) {
  if (spec.kind === "list" && spec.item?.choices && !spec.secret) return new BoxesInput(spec, id, changed);
  if (spec.kind === "list" && !spec.secret) return new ChipsInput(spec, id, changed, words);
  if (spec.kind === "rows") return new RowsInput(spec, id, changed);
  if (spec.kind === "object") return new ObjectInput(spec, id, changed);
  return new PlainInput(spec, id, changed, words);
}

class PlainInput {
  constructor(spec, id, changed, { label = null } = {}) {
    this.spec = spec;
    this.element = this.make(id);
    this.focusable = this.element;
    setAttribute(this.element, "aria-label", label);
    this.element.addEventListener("input", changed);
  }

  make(id) {
    const { spec } = this;
    const common = { id, name: spec.name, "aria-required": spec.required ? "true" : null };
    const quiet = { autocomplete: "off", spellcheck: "false", autocapitalize: "off", "data-lpignore": "true" };
    if (spec.readOnly) {
      return h("input", { id, type: "text", disabled: true, value: spec.shown ?? "", placeholder: "managed by Stitch" });
    }
    if (spec.kind === "nothing") return h("input", { id, type: "text", disabled: true, placeholder: "takes no value" });
    if (spec.kind === "choice" && !spec.secret) {
      const none = h("option", { value: "" }, spec.required ? "Choose…" : "Not set");
      const options = (spec.choices ?? []).map(([value, words]) => h("option", { value }, words));
      return h("select", common, none, ...options);
    }
    if (spec.multiline || spec.kind === "json" || spec.kind === "list") {
      const look = [spec.kind === "list" ? "" : "sn-code", spec.secret ? "sn-masked" : ""].join(" ").trim();
      const rows = spec.kind === "json" ? 4 : 3;
      return h("textarea", { ...common, ...quiet, rows, class: look || null, placeholder: spec.placeholder ?? null });
    }
    const type = spec.secret ? "password" : (NATIVE[spec.kind] ?? "text");
    const keyboard = spec.secret ? null : (KEYBOARDS[spec.kind] ?? null);
    return h("input", { ...common, ...quiet, type, inputmode: keyboard, placeholder: spec.placeholder ?? null });
  }

  get text() {
    return this.element.value;
  }

  show(text) {
    const { element, spec } = this;
    if (spec.readOnly) return;
    // A native date input shows nothing where it cannot show a value: then text does.
    if (spec.kind === "date") element.type = text === "" || DAY.test(text) ? "date" : "text";
    if (spec.kind === "datetime") element.type = text === "" || MINUTE.test(text) ? "datetime-local" : "text";
    if (element.tagName === "SELECT" && ![...element.options].some((option) => option.value === text)) {
      element.append(h("option", { value: text }, text));
    }
    if (element.value !== text) element.value = text;
  }

  get draft() {
    return this.text;
  }

  set draft(draft) {
    this.show(typeof draft === "string" ? draft : "");
  }

  disable(yes) {
    this.element.disabled = yes || this.spec.readOnly === true || this.spec.kind === "nothing";
  }

  hint(placeholder) {
    if (this.element.tagName !== "SELECT" && !this.spec.readOnly && this.spec.kind !== "nothing") {
      setAttribute(this.element, "placeholder", placeholder);
    }
  }

  mark(faulty, words) {
    setAttribute(this.element, "aria-invalid", faulty ? "true" : null);
    setAttribute(this.element, "aria-describedby", words);
  }

  focus() {
    this.element.focus();
  }
}

// What consists of other inputs.
class GroupInput {
  constructor(spec, id, changed) {
    this.spec = spec;
    this.id = id;
    this.changed = changed;
    this.disabled = false;
    this.element = h("div", { role: "group", "aria-labelledby": `${id}-label` });
  }

  hint() {}

  mark(faulty, words) {
    this.element.classList.toggle("sn-bad", faulty);
    setAttribute(this.element, "aria-describedby", words);
  }

  focus() {
    this.element.querySelector("input, select, textarea, button")?.focus();
  }
}

class BoxesInput extends GroupInput {
  constructor(spec, id, changed) {
    super(spec, id, changed);
    this.element.classList.add("sn-boxes");
    this.boxes = spec.item.choices.map(([value, words]) => {
      const box = h("input", { type: "checkbox", value, name: spec.name, onchange: changed });
      this.element.append(h("label", {}, box, words));
      return box;
    });
  }

  get text() {
    return this.boxes.filter((box) => box.checked).map((box) => box.value).join("\n");
  }

  show(text) {
    const chosen = new Set(text.split("\n"));
    this.boxes.forEach((box) => (box.checked = chosen.has(box.value)));
  }

  get draft() {
    return this.text;
  }

  set draft(draft) {
    this.show(typeof draft === "string" ? draft : "");
  }

  disable(yes) {
    this.boxes.forEach((box) => (box.disabled = yes));
  }
}

// A list of texts: one input, in which Enter makes what was typed a chip. What is still being typed counts as well.
class ChipsInput extends GroupInput {
  constructor(spec, id, changed, { label = null } = {}) {
    super(spec, id, changed);
    this.items = [];
    const quiet = { autocomplete: "off", spellcheck: "false", autocapitalize: "off", "data-lpignore": "true" };
    this.entry = h("input", {
      ...quiet,
      id,
      type: "text",
      name: spec.name,
      "aria-required": spec.required ? "true" : null,
      "aria-label": label,
      oninput: changed,
      onkeydown: (event) => this.pressed(event),
      onpaste: (event) => this.pasted(event),
      onchange: () => this.keep(),
    });
    this.focusable = this.entry;
    this.list = h("ul", { class: "sn-chips", hidden: true });
    this.element = h("div", {}, this.list, this.entry);
  }

  get text() {
    return [...this.items, this.entry.value.trim()].filter((item) => item !== "").join("\n");
  }

  show(text) {
    if (text === this.text) return;
    this.items = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
    this.entry.value = "";
    this.draw();
  }

  get draft() {
    return this.text;
  }

  set draft(draft) {
    this.show(typeof draft === "string" ? draft : "");
  }

  // The value is the same before and after: it needs no message.
  keep() {
    const item = this.entry.value.trim();
    this.entry.value = "";
    if (item) this.items.push(item);
    this.draw();
  }

  pressed(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && this.entry.value.trim()) {
      // With nothing typed, Enter is the form's.
      event.preventDefault();
      event.stopPropagation();
      this.keep();
    } else if (event.key === "Backspace" && this.entry.value === "" && this.items.length) {
      event.preventDefault();
      this.entry.value = this.items.pop();
      this.draw();
    }
  }

  pasted(event) {
    const lines = event.clipboardData?.getData("text").split(/\r?\n/) ?? [];
    if (lines.length < 2) return;
    event.preventDefault();
    this.items.push(...lines.map((line) => line.trim()).filter((line) => line !== ""));
    this.draw();
    this.changed();
  }

  remove(at) {
    this.items.splice(at, 1);
    this.draw();
    this.changed();
    this.entry.focus();
  }

  draw() {
    const chips = this.items.map((item, at) => {
      const remove = { type: "button", "aria-label": `Remove ${item}`, onclick: () => this.remove(at) };
      return h("li", {}, h("span", {}, item), this.disabled ? null : h("button", remove, "×"));
    });
    this.list.hidden = chips.length === 0;
    this.list.replaceChildren(...chips);
    this.markChip();
  }

  hint(placeholder) {
    setAttribute(this.entry, "placeholder", placeholder);
  }

  disable(yes) {
    this.entry.disabled = yes;
    if (yes === this.disabled) return;
    this.disabled = yes;
    this.draw();
  }

  mark(faulty, words, place = []) {
    setAttribute(this.entry, "aria-invalid", faulty ? "true" : null);
    setAttribute(this.entry, "aria-describedby", words);
    this.faulty = faulty ? place[0] : undefined;
    this.markChip();
  }

  markChip() {
    [...this.list.children].forEach((chip, at) => chip.classList.toggle("sn-bad", at === this.faulty));
  }

  focus() {
    this.entry.focus();
  }
}

class DraftInput extends GroupInput {
  get text() {
    return this.blank ? "" : JSON.stringify(this.draft);
  }

  show(text) {
    if (text === this.text) return;
    try {
      this.draft = text === "" ? undefined : JSON.parse(text);
    } catch {
      this.draft = undefined;
    }
  }
}

class ObjectInput extends DraftInput {
  // In a line, the labels stand above all lines, and each input says its own.
  constructor(spec, id, changed, { number = 0, inLine = false } = {}) {
    super(spec, id, changed);
    this.element.classList.add(inLine ? "sn-line" : "sn-parts");
    if (number) {
      this.element.removeAttribute("aria-labelledby");
      this.element.setAttribute("aria-label", `Item ${number}`);
    }
    this.parts = new Map();
    for (const part of spec.parts ?? []) {
      const partId = `${id}-${this.parts.size}`;
      const said = number ? `${part.label}, item ${number}` : part.label;
      const input = makeInput(part, partId, changed, { label: inLine ? said : null });
      const star = part.required ? h("span", { class: "sn-star", "aria-hidden": "true" }, "*") : null;
      const name = h("label", { id: `${partId}-label`, for: input.focusable ? partId : null }, part.label, star);
      this.element.append(inLine ? input.element : h("div", { class: "sn-part" }, name, input.element));
      this.parts.set(part.name, input);
    }
  }

  get blank() {
    return [...this.parts.values()].every((input) => input.text === "");
  }

  get draft() {
    return Object.fromEntries([...this.parts].map(([name, input]) => [name, input.draft]));
  }

  set draft(draft) {
    for (const [name, input] of this.parts) input.draft = draft?.[name];
  }

  disable(yes) {
    this.parts.forEach((input) => input.disable(yes));
  }

  mark(faulty, words, place = []) {
    const inner = faulty ? this.parts.get(place[0]) : undefined;
    super.mark(faulty && !inner, words);
    for (const input of this.parts.values()) {
      const here = input === inner;
      input.mark(here, here ? words : null, place.slice(1));
    }
  }
}

class RowsInput extends DraftInput {
  constructor(spec, id, changed) {
    super(spec, id, changed);
    const plain = (part) => !["rows", "object", "list", "json"].includes(part.kind) && !part.multiline;
    this.inLine = spec.parts.length <= MOST_IN_A_LINE && spec.parts.every(plain);
    this.rows = [];
    this.made = 0;
    const labels = spec.parts.map((part) =>
      h("span", {}, part.label, part.required ? h("span", { class: "sn-star" }, "*") : null),
    );
    this.head = h("div", { class: "sn-line sn-head", "aria-hidden": "true", hidden: true }, ...labels, h("span"));
    this.list = h("div", { class: "sn-rows" });
    this.adder = h("button", { type: "button", class: "sn-small", onclick: () => this.add(true) }, "Add");
    setAttribute(this.adder, "aria-label", spec.label ? `Add to ${spec.label}` : null);
    this.element.append(...(this.inLine ? [this.head] : []), this.list, this.adder);
    this.element.style.setProperty("--sn-parts", spec.parts.length);
  }

  get blank() {
    return this.rows.length === 0;
  }

  get draft() {
    return this.rows.map(({ input }) => input.draft);
  }

  set draft(draft) {
    const wanted = Array.isArray(draft) ? draft : [];
    while (this.rows.length > wanted.length) this.drop(this.rows.length - 1);
    while (this.rows.length < wanted.length) this.add(false);
    wanted.forEach((one, number) => (this.rows[number].input.draft = one));
  }

  add(focus) {
    this.made += 1;
    const options = { number: this.rows.length + 1, inLine: this.inLine };
    const input = new ObjectInput(this.spec, `${this.id}-${this.made}`, this.changed, options);
    const remove = h("button", { type: "button", class: "sn-small", onclick: () => this.remove(row) }, "Remove");
    const row = { input, remove, element: h("div", { class: this.inLine ? "sn-item sn-flat" : "sn-item" }) };
    row.element.append(input.element, remove);
    this.rows.push(row);
    this.list.append(row.element);
    this.number();
    input.disable(this.disabled);
    // A row that nobody has filled in is no change yet.
    if (focus) input.focus();
  }

  remove(row) {
    const at = this.rows.indexOf(row);
    this.drop(at);
    this.changed();
    (this.rows[Math.min(at, this.rows.length - 1)]?.remove ?? this.adder).focus();
  }

  drop(at) {
    this.rows.splice(at, 1)[0].element.remove();
    this.number();
  }

  number() {
    this.head.hidden = this.rows.length === 0;
    this.rows.forEach(({ input, remove }, at) => {
      remove.setAttribute("aria-label", `Remove item ${at + 1}`);
      input.element.setAttribute("aria-label", `Item ${at + 1}`);
      if (!this.inLine) return;
      this.spec.parts.forEach((part) => {
        setAttribute(input.parts.get(part.name).element, "aria-label", `${part.label}, item ${at + 1}`);
      });
    });
  }

  disable(yes) {
    this.disabled = yes;
    this.adder.hidden = yes;
    this.element.classList.toggle("sn-fixed", yes);
    this.rows.forEach(({ input, remove }) => (input.disable(yes), (remove.hidden = yes)));
  }

  mark(faulty, words, place = []) {
    const inner = faulty ? this.rows[place[0]] : undefined;
    super.mark(faulty && !inner, words);
    for (const row of this.rows) row.input.mark(row === inner, row === inner ? words : null, place.slice(1));
  }

  focus() {
    (this.rows[0]?.input ?? this.adder).focus();
  }
}
