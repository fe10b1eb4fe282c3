// The chosen stream: how it is replicated, and its fields.

const FIELD_HEIGHT = 31;
const NONE_CHOSEN = "Select a stream to see its fields. Field counts load when you open a stream.";
const KEYS_HELP = "Use ↑ ↓ to move and Space to select.";

class FieldsPane {
  // `tell` sends a message of this stream to the kernel, `open` asks for its fields again.
  constructor({ tell, open }) {
    Object.assign(this, { tell, reopen: open, stream: null, told: null, fields: [], found: [] });
    this.title = h("b");
    this.about = h("span", { class: "sn-about" });
    this.choosers = h("div", { class: "sn-choosers" });
    this.said = h("p", { class: "sn-said", role: "status" });
    this.finder = new Finder("fields", () => this.draw());
    this.all = h("input", { type: "checkbox", onchange: () => this.toggleAll() });
    const allWords = h("span", { class: "sn-unseen" }, "Select all fields that are shown");
    this.count = h("span", {}, "Field");
    this.grid = new Grid({
      label: "Fields",
      rowHeight: FIELD_HEIGHT,
      head: [
        h("span", { role: "columnheader" }, h("label", { class: "sn-box" }, this.all, allWords)),
        h("span", { role: "columnheader" }, this.count),
        h("span", { role: "columnheader" }, "Type"),
        h("span", { role: "columnheader" }, "Status"),
      ],
      make: (field) => this.make(field),
      update: (row, field) => this.update(row, field),
      moved: (field) => this.explain(field),
    });
    this.line = h("p", { class: "sn-line-below", role: "status" }, KEYS_HELP);
    this.body = h("div", { class: "sn-fields-body" }, this.finder.element, this.grid.element, this.line);
    this.wait = h("p", { class: "sn-wait", role: "status" }, NONE_CHOSEN);
    this.again = h("button", { type: "button", onclick: () => this.reopen() }, "Try again");
    this.head = h("div", { class: "sn-fields-head" }, h("div", {}, this.title, this.about), this.choosers, this.said);
    const section = { class: "sn-fields", "aria-label": "Fields of the stream" };
    this.element = h("section", section, this.head, this.wait, this.again, this.body);
    this.show(null, null);
  }

  // Shows a stream with what was told of its fields; that is nothing yet while they are asked for.
  show(stream, told) {
    const isOther = this.stream?.id !== stream?.id;
    this.stream = stream;
    this.told = told;
    const isThere = Boolean(told?.fields);
    // While the fields of another stream are asked for, nothing below moves.
    if (isThere || told?.error) this.element.style.minHeight = "";
    else if (!this.body.hidden) this.element.style.minHeight = `${this.element.getBoundingClientRect().height}px`;
    this.head.hidden = !stream;
    this.body.hidden = !isThere;
    this.wait.hidden = isThere;
    this.again.hidden = !told?.error;
    this.wait.classList.toggle("sn-wrong", Boolean(told?.error));
    if (!isThere) {
      setText(this.wait, !stream ? NONE_CHOSEN : (told?.error ?? "Loading fields…"));
    }
    if (stream) setText(this.title, stream.name);
    if (isOther) {
      this.grid.rewind();
      this.finder.search.value = "";
      setText(this.line, KEYS_HELP);
    }
    this.choosers.hidden = !isThere;
    this.said.hidden = !isThere;
    if (!isThere) setText(this.about, "");
    else this.drawAll();
  }

  drawAll() {
    const { id, rows, view } = this.told;
    const about = [id !== this.stream.name && id, view && "view", rows !== null && `${rows.toLocaleString("en")} rows`];
    setText(this.about, about.filter(Boolean).join(" · "));
    this.fields = readFields(this.told);
    this.finder.offer(fieldFilters(this.fields));
    this.drawChoosers();
    this.drawSaid();
    this.draw();
  }

  draw() {
    this.found = this.finder.found(this.fields);
    const [n, total] = [this.found, this.fields].map(({ length }) => length.toLocaleString("en"));
    setText(this.count, n === total ? `Field (${n})` : `Field (${n} of ${total})`);
    const open = this.found.filter(lacks(FIELD.locked));
    tickAll(this.all, open, has(FIELD.ticked));
    this.all.disabled = open.length === 0;
    this.grid.reserve(this.fields.length);
    this.grid.show(this.found, this.fields.length ? "No fields match." : "This stream has no fields.");
    this.explain(this.found.find((field) => field.id === this.explained));
  }

  drawSaid() {
    const { problems, primary_key: keys, view, view_keys: viewKeys } = this.told;
    const known = keys.length ? keys : view ? viewKeys : [];
    const none = view
      ? "A view needs keys: the fields that identify its rows."
      : "No primary key: rows are appended, never replaced.";
    const usual = known.length ? `${view ? "View keys" : "Primary key"}: ${known.join(", ")}` : none;
    const isWrong = problems.some(([severity]) => severity === "error");
    this.said.classList.toggle("sn-wrong", isWrong);
    this.said.classList.toggle("sn-mind", problems.length > 0 && !isWrong);
    const lines = problems.map(([severity, message]) => `${severity === "error" ? "Error" : "Note"}: ${message}`);
    const unselected = has(STREAM.selected)(this.stream) ? "" : "Stream not selected, so none of its fields are replicated. ";
    setText(this.said, lines.join("\n") || unselected + usual);
  }

  // Choosers are only drawn anew when they differ, so that the one that was just used keeps the focus.
  drawChoosers() {
    const { method, forced, methods, key, keys, view_keys: viewKeys, view_key_choices: choices } = this.told;
    const facts = JSON.stringify([this.stream.id, method, forced, methods, key, keys, viewKeys, choices]);
    if (this.choosers.dataset.facts === facts) return;
    this.choosers.dataset.facts = facts;
    const focused = this.choosers.contains(document.activeElement) ? document.activeElement.name : null;
    const parts = [];
    if (methods.length) parts.push(this.chooser("method", "Method", methods, method, "not chosen"));
    else if (method) parts.push(fact("Method", forced ? `${method} (forced)` : method));
    if (keys.length) parts.push(this.chooser("key", "Replication key", keys, key, "not chosen"));
    else if (key && method !== "FULL_TABLE") parts.push(fact("Replication key", key));
    if (choices.length) {
      const left = choices.filter((name) => !viewKeys.includes(name));
      const none = viewKeys.length ? "add another" : "choose";
      parts.push(this.chooser("view_keys", "View keys", left, null, none, viewKeys));
      parts.push(...viewKeys.map((name) => this.chosenKey(name, viewKeys)));
    }
    this.choosers.replaceChildren(...parts);
    if (focused) this.choosers.querySelector(`[name="${focused}"]`)?.focus();
  }

  chooser(key, words, choices, value, none, chosen = null) {
    const id = uniqueId("sn");
    const choose = () => {
      const picked = chosen ? [...chosen, select.value] : select.value;
      if (!chosen || select.value) this.tell("configure", { key, value: picked });
    };
    const select = h("select", { id, name: key, onchange: choose });
    select.append(h("option", { value: "" }, none), ...choices.map((name) => h("option", { value: name }, name)));
    select.value = value ?? "";
    return h("span", { class: "sn-chooser" }, h("label", { for: id }, words), select);
  }

  chosenKey(name, chosen) {
    const remove = () => this.tell("configure", { key: "view_keys", value: chosen.filter((one) => one !== name) });
    const attributes = { type: "button", class: "sn-key", "aria-label": `Remove view key ${name}`, onclick: remove };
    return h("button", { ...attributes, name: "view_keys" }, name, h("span", { "aria-hidden": "true" }, " ×"));
  }

  make(field) {
    const { box, label } = tickBox((on) => this.toggle(Number(cell.closest("[data-id]").dataset.id), on));
    // A locked box cannot have the focus: its cell has it then.
    const cell = h("span", { role: "gridcell", class: "sn-tick", "data-lm-suppress-shortcuts": "true" }, label);
    const name = h("span", { role: "rowheader", class: "sn-field-name" });
    const type = h("span", { role: "gridcell", class: "sn-field-type" });
    const reason = h("span", { role: "gridcell", class: "sn-field-reason" });
    name.addEventListener("click", () => (box.disabled ? cell.focus() : box.click()));
    const stops = () => [box.disabled ? cell : box];
    return { cells: [cell, name, type, reason], box, cell, label, name, type, reason, stops };
  }

  update(row, field) {
    const facts = JSON.stringify(field);
    row.box.checked = (field.flags & FIELD.ticked) !== 0;
    if (row.facts === facts) return;
    row.facts = facts;
    const isLocked = (field.flags & FIELD.locked) !== 0;
    const hadFocus = row.cell.contains(document.activeElement);
    row.box.disabled = isLocked;
    if (isLocked) row.cell.tabIndex = -1;
    else row.cell.removeAttribute("tabindex");
    if (hadFocus) (isLocked ? row.cell : row.box).focus({ preventScroll: true });
    setText(row.label.lastElementChild, `Select ${field.name}`);
    const dot = field.depth ? field.name.lastIndexOf(".") + 1 : 0;
    row.name.replaceChildren(h("span", { class: "sn-around" }, field.name.slice(0, dot)), field.name.slice(dot));
    row.name.title = field.name;
    setText(row.type, field.type);
    row.type.title = field.sqlType ? `${field.type}, in the source ${field.sqlType}` : field.type;
    const isChanged = (field.flags & FIELD.changed) !== 0;
    const isTicked = (field.flags & FIELD.ticked) !== 0;
    const change = isChanged ? chip(isTicked ? "new" : "removed", isTicked ? "ok" : "mute") : null;
    const note = chip(field.short, field.short === "problem" ? "error" : "warn");
    const why = h("span", { class: "sn-why" }, field.reason);
    row.reason.replaceChildren(...[why, change, note].filter(Boolean));
    row.reason.title = [field.reason, field.note].filter(Boolean).join("\n");
    row.element?.classList.toggle("sn-off", (field.flags & FIELD.replicated) === 0);
  }

  // In full, what the table may have cut short.
  explain(field) {
    this.explained = field?.id ?? null;
    const inSource = field?.sqlType ? ` · In the source: ${field.sqlType}` : "";
    setText(this.line, field ? `${field.name}: ${field.note || field.reason}${inSource}` : KEYS_HELP);
    this.line.classList.toggle("sn-mind", Boolean(field?.note));
  }

  toggle(which, on) {
    this.tell("fields", { which: [which], on });
  }

  toggleAll() {
    const which = this.found.filter(lacks(FIELD.locked)).map((field) => field.id);
    this.tell("fields", { which, on: this.all.checked });
  }

  // Leads to one field, or to what has to be chosen of the stream.
  lead(position) {
    const index = this.found.findIndex((field) => field.id === position);
    if (position >= 0 && index < 0) this.finder.clear();
    if (position >= 0) this.grid.focusOn(this.found.findIndex((field) => field.id === position));
    else ([...this.choosers.querySelectorAll("select")].at(-1) ?? this.finder.search).focus();
  }

  close() {
    this.grid.close();
  }
}

function fact(words, value) {
  return h("span", { class: "sn-chooser" }, h("span", { class: "sn-quiet" }, words), h("span", {}, value));
}
