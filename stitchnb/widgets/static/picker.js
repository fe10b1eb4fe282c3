// The streams of a source on the left, the chosen one's fields on the right, and below what is to be changed. Searching
// is done here; every choice is told to the kernel, which knows the rules and answers with how things then are.

const STREAM_HEIGHT = 28;
const MOST_PLACES = 3;

class PickerView {
  constructor(model, el) {
    Object.assign(this, { model, el, streams: [], found: [], told: new Map(), open: null, leading: null });
    this.line = new Line(model, { heard: () => this.draw(), changed: () => this.draw() });
    this.listener = (message) => {
      if (message.type === "fields") this.takeFields(message);
    };
    this.redraw = () => this.draw();
    model.on("msg:custom", this.listener);
    model.on("change:_streams", this.redraw);
    this.build();
    this.draw();
  }

  get content() {
    return this.model.get("_content");
  }

  build() {
    const { header, title, source_id: id } = this.content;
    this.state = h("span", { class: "sn-chip" });
    this.title = h("b", {}, title);
    const top = h("header", {}, this.title, h("code", {}, `source ${id}`), this.state);
    this.finder = new Finder("streams", () => this.drawStreams());
    this.all = h("input", { type: "checkbox", onchange: () => this.toggleAll() });
    this.count = h("span", {});
    const allWords = h("span", { class: "sn-unseen" }, "Select all streams that are shown");
    this.grid = new Grid({
      label: "Streams",
      rowHeight: STREAM_HEIGHT,
      head: [
        h("span", { role: "columnheader" }, h("label", { class: "sn-box" }, this.all, allWords)),
        h("span", { role: "columnheader" }, this.count),
        h("span", { role: "columnheader", class: "sn-number", title: "Replicated / all" }, "Fields"),
      ],
      make: (stream) => this.make(stream),
      update: (row, stream) => this.update(row, stream),
      open: (stream) => this.openStream(stream.id),
    });
    this.fields = new FieldsPane({
      tell: (type, content) => this.line.send(type, { stream: this.open, ...content }),
      open: () => this.openStream(this.open),
    });
    this.table = h("tbody");
    this.rest = h("p");
    // It can have the focus because it scrolls.
    const changes = { class: "sn-changes", id: uniqueId("sn"), role: "region", "aria-label": "Changes", tabindex: "0" };
    this.changes = h("div", { ...changes, hidden: true }, changesTable(this.table), this.rest);
    this.notice = h("p", { class: "sn-notice", hidden: true });
    this.summary = h("div", { class: "sn-summary", role: "status" });
    const shower = { type: "button", class: "sn-link", "aria-expanded": "false", "aria-controls": this.changes.id };
    this.shower = h("button", { ...shower, onclick: () => this.showChanges() }, "Show changes");
    this.discarder = h("button", { type: "button", onclick: () => this.discard() }, "Discard");
    const primary = { type: "button", class: "sn-primary" };
    this.applier = h("button", { ...primary, onclick: () => this.apply() }, "Apply");
    const streams = { class: "sn-streams", "aria-label": "Streams of the source" };
    const list = h("section", streams, this.finder.element, this.grid.element);
    const kind = header ? "sn-card sn-picker" : "sn-card sn-part-of-card sn-picker";
    const card = h(
      "section",
      { class: kind, "aria-label": `Streams and fields of ${title}` },
      header ? top : null,
      h("div", { class: "sn-panes" }, list, this.fields.element),
      this.changes,
      this.line.silence,
      this.notice,
      h("footer", {}, this.summary, this.shower, this.discarder, this.applier),
    );
    this.el.classList.add("stitchnb");
    this.el.replaceChildren(card);
  }

  // While something is on its way to the kernel, the boxes are as they were clicked.
  draw() {
    if (this.line.busy) return;
    this.streams = readStreams(this.model);
    const { title, state } = this.content;
    setText(this.title, title);
    setText(this.state, state[0]);
    this.state.className = `sn-chip sn-${state[1]}`;
    const { Type: types, ...others } = STREAM_FILTERS;
    const hasViews = this.streams.some(has(STREAM.view));
    this.finder.offer(hasViews ? STREAM_FILTERS : others);
    this.drawStreams();
    this.drawFields();
    this.drawFooter();
  }

  drawStreams() {
    const fieldNames = (stream) => this.told.get(stream.id)?.names ?? "";
    this.found = this.finder.found(this.streams, fieldNames);
    const [n, total] = [this.found, this.streams].map(({ length }) => length.toLocaleString("en"));
    setText(this.count, n === total ? `${n} ${total === "1" ? "stream" : "streams"}` : `${n} of ${total} streams`);
    tickAll(this.all, this.found, has(STREAM.selected));
    this.all.disabled = this.found.length === 0;
    this.grid.reserve(this.streams.length);
    this.grid.show(this.found, total === "0" ? "This source has no streams yet." : "No streams match.");
  }

  drawFields() {
    if (this.open === null) return;
    this.fields.show(this.streams[this.open], this.told.get(this.open) ?? null);
    if (this.leading !== null && this.told.get(this.open)?.fields) {
      const position = this.leading;
      this.leading = null;
      this.fields.lead(position);
    }
  }

  drawFooter() {
    const { changes, problems, blocking, errors, applying, notice } = this.content;
    const none = changes.count === 0;
    this.notice.hidden = !notice;
    this.notice.className = `sn-notice sn-${notice?.tone ?? "ok"}`;
    this.notice.setAttribute("role", notice?.tone === "error" ? "alert" : "status");
    setText(this.notice, notice?.text ?? "");
    // What is said again as it stands would lose the focus, and be read out once more.
    const facts = JSON.stringify([changes.count, changes.named, problems, errors, applying]);
    if (this.summary.dataset.facts !== facts) {
      this.summary.dataset.facts = facts;
      this.summary.replaceChildren(...this.words());
    }
    this.shower.hidden = none;
    this.discarder.hidden = none;
    if (none) this.showChanges(false);
    this.discarder.setAttribute("aria-disabled", String(applying));
    this.applier.setAttribute("aria-disabled", String(none || blocking > 0 || applying));
    setText(this.applier, applying ? "Applying…" : "Apply");
    this.drawChanges(changes);
  }

  words() {
    const { changes, problems, errors, warnings, applying } = this.content;
    if (applying) return ["Applying the changes…"];
    const of = (wanted) => problems.filter(([severity]) => severity === wanted);
    return [
      changesInWords(changes),
      this.places("sn-wrong", errors === 1 ? "1 problem to fix" : `${errors} problems to fix`, of("error")),
      this.places("sn-mind", warnings === 1 ? "1 warning" : `${warnings} warnings`, of("warning")),
    ].filter(Boolean);
  }

  // Names the first streams that problems are at; each leads there.
  places(tone, words, problems) {
    const first = [...new Map(problems.map((problem) => [problem[1], problem])).values()].slice(0, MOST_PLACES);
    const links = first.flatMap((problem, i) => [i ? ", " : "", this.link(problem)]);
    return links.length ? h("span", { class: tone }, `${words}: `, ...links) : null;
  }

  link([, stream, position, message]) {
    const attributes = { type: "button", class: "sn-link", title: message, onclick: () => this.lead(stream, position) };
    return h("button", attributes, this.streams[stream].name);
  }

  drawChanges({ rows, count }) {
    const facts = JSON.stringify(rows);
    if (this.table.dataset.facts === facts) return;
    this.table.dataset.facts = facts;
    const drawn = rows.map(([stream, ...cells]) => {
      return h("tr", {}, h("th", { scope: "row" }, stream), ...cells.map((text) => h("td", {}, text)));
    });
    this.table.replaceChildren(...drawn);
    setText(this.rest, count > rows.length ? `${rows.length} of ${count.toLocaleString("en")} changes shown.` : "");
  }

  showChanges(shown = this.changes.hidden) {
    this.changes.hidden = !shown;
    this.shower.setAttribute("aria-expanded", String(shown));
    setText(this.shower, shown ? "Hide changes" : "Show changes");
  }

  make(stream) {
    const number = () => Number(cell.closest("[data-id]").dataset.id);
    const toggle = (on) => this.line.send("streams", { which: [number()], on });
    const { box, label } = tickBox(toggle);
    const cell = h("span", { role: "gridcell", class: "sn-tick" }, label);
    const name = h("button", { type: "button", class: "sn-stream-name", onclick: () => this.openStream(number()) });
    const mark = h("span", { class: "sn-mark" });
    const middle = h("span", { role: "gridcell", class: "sn-stream" }, name, mark);
    const count = h("span", { role: "gridcell", class: "sn-number" });
    count.addEventListener("click", () => this.openStream(number()));
    return { cells: [cell, middle, count], box, label, name, mark, count, stops: () => [box, name] };
  }

  update(row, stream) {
    const { flags, replicated, count, name } = stream;
    const isPart = count !== undefined && (flags & STREAM.whole) === 0;
    row.box.checked = (flags & STREAM.selected) !== 0;
    row.box.indeterminate = row.box.checked && isPart;
    const isOpen = stream.id === this.open;
    row.element.setAttribute("aria-selected", String(isOpen));
    setText(row.name, name);
    row.name.title = name;
    setText(row.label.lastElementChild, `Select ${name}`);
    const isKnown = count !== undefined;
    setText(row.count, isKnown ? `${replicated.toLocaleString("en")} / ${count.toLocaleString("en")}` : "–");
    row.count.title = isKnown ? `${replicated} of ${count} fields replicate` : "Open the stream to load its fields";
    drawMark(row.mark, flags);
  }

  openStream(id) {
    this.open = id;
    if (this.told.get(id)?.error) this.told.delete(id);
    this.grid.draw();
    this.drawFields();
    this.line.send("open", { stream: id });
  }

  takeFields({ stream, type, ...told }) {
    const names = (told.fields ?? []).map(([name]) => name).join("\n").toLowerCase();
    this.told.set(stream, { ...told, names });
    if (!this.line.busy) this.drawFields();
  }

  // Leads to where a problem is: the stream in the list, its fields, and there the field or what is to be chosen.
  lead(stream, position) {
    if (!this.found.some(({ id }) => id === stream)) this.finder.clear();
    this.grid.focusOn(this.found.findIndex(({ id }) => id === stream));
    this.leading = position;
    this.openStream(stream);
  }

  toggleAll() {
    this.line.send("streams", { which: this.found.map(({ id }) => id), on: this.all.checked });
  }

  discard() {
    if (!this.content.applying) this.line.send("discard");
    this.grid.scroller.querySelector("[tabindex='0']")?.focus({ preventScroll: true });
  }

  apply() {
    const { changes, problems, blocking, applying } = this.content;
    if (applying || changes.count === 0) return;
    if (blocking > 0) {
      const [, stream, position] = problems.find(([severity]) => severity === "error");
      this.lead(stream, position);
    } else {
      this.line.send("apply");
    }
  }

  close() {
    this.line.close();
    this.grid.close();
    this.fields.close();
    this.model.off("msg:custom", this.listener);
    this.model.off("change:_streams", this.redraw);
  }
}

function changesInWords({ count, named }) {
  if (count === 0) return h("span", {}, "No changes.");
  const number = count === 1 ? "1 change: " : `${count.toLocaleString("en")} changes: `;
  const names = named.join(", ");
  const more = count > named.length ? " …" : null;
  return h("span", { class: "sn-named", title: names }, number, h("strong", {}, names), more);
}

function changesTable(body) {
  const heads = ["Stream", "Field", "What", "From", "To"].map((words) => h("th", { scope: "col" }, words));
  const caption = h("caption", { class: "sn-unseen" }, "What Apply saves");
  return h("table", {}, caption, h("thead", {}, h("tr", {}, ...heads)), body);
}

// What is wrong comes before what is changed; a sign to see, words to hear.
function drawMark(mark, flags) {
  const [sign, tone, words] =
    flags & STREAM.wrong
      ? ["!", "wrong", "to fix"]
      : flags & STREAM.warned
        ? ["!", "mind", "warning"]
        : flags & STREAM.changed
          ? ["•", "brand", "changed, not applied"]
          : ["", "", ""];
  if (mark.dataset.words === words) return;
  mark.dataset.words = words;
  mark.className = `sn-mark sn-${tone}`;
  mark.title = words;
  mark.replaceChildren(h("span", { "aria-hidden": "true" }, sign), h("span", { class: "sn-unseen" }, words));
}

function render({ model, el }) {
  const view = new PickerView(model, el);
  return () => view.close();
}

export default { render };
