// The sources of an account as a table. Searching and sorting is done here; what changes a source is asked of the
// kernel, which checks everything again.

const SLICE = 100;
const SAVE_AFTER_MS = 250;

// What can be done with a source depends on its state alone.
function actionsOf({ state }) {
  if (state === "deleted") return [];
  const rest = { paused: "Resume", system_paused: null }[state];
  const all = { open: "Open", rename: "Rename", rest: rest === undefined ? "Pause" : rest, delete: "Delete" };
  return Object.entries(all).filter(([, words]) => words);
}

// Puts elements in order, moving only what has to be: what is moved loses the focus.
function arrange(parent, elements) {
  const active = document.activeElement;
  const wanted = new Set(elements);
  [...parent.children].filter((child) => !wanted.has(child)).forEach((child) => child.remove());
  elements.forEach((element, i) => {
    if (parent.children[i] !== element) parent.insertBefore(element, parent.children[i] ?? null);
  });
  if (parent.contains(active)) active.focus({ preventScroll: true });
}

class AccountView {
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.drawn = new Map();
    this.most = SLICE;
    this.question = null;
    this.asked = null;
    this.look = { ...model.get("_view") };
    this.line = new Line(model, { heard: () => this.answered(), changed: () => this.told() });
    this.told = this.told.bind(this);
    this.sought = () => this.takeLook(model.get("_view"));
    model.on("change:_rows", this.told);
    model.on("change:_view", this.sought);
    this.build();
    this.told();
  }

  get content() {
    return this.model.get("_content");
  }

  build() {
    const { place, groups, columns } = this.content;
    const search = uniqueId("sn");
    const sort = uniqueId("sn");
    this.chip = h("span", { class: "sn-chip sn-mute" });
    this.search = h("input", {
      id: search,
      type: "search",
      autocomplete: "off",
      spellcheck: "false",
      oninput: () => this.seek({ search: this.search.value }, SAVE_AFTER_MS),
    });
    this.filters = Object.entries(groups).map(([group, words]) =>
      h("button", { type: "button", class: "sn-filter", onclick: () => this.seek({ state: group }) }, words, h("b")),
    );
    this.order = h("select", { id: sort, onchange: () => this.seek({ sort: this.order.value }) });
    for (const [column, words] of Object.entries(columns)) {
      this.order.append(h("option", { value: column }, `${words}, upwards`));
      this.order.append(h("option", { value: `-${column}` }, `${words}, downwards`));
    }
    this.heads = Object.entries(columns).map(([column, words]) =>
      h("th", { scope: "col", "data-column": column }, button(words, () => this.turn(column), { class: "sn-sort" })),
    );
    this.count = h("p", { class: "sn-count", role: "status" });
    this.body = h("tbody");
    this.nothing = h("p", { class: "sn-nothing" });
    this.more = button("", () => this.showMore(), { class: "sn-more" });
    this.notice = h("p", { class: "sn-notice sn-error", role: "alert" });
    this.summary = h("div", { class: "sn-summary", role: "status" });
    this.creator = button("New source", () => this.ask("new"), { class: "sn-primary" });
    this.back = button("Back to all sources", () => this.ask("back"));
    this.opened = h("b");
    const table = h(
      "table",
      { class: "sn-sources" },
      h("caption", { class: "sn-unseen" }, "Sources; a column's heading sorts by it"),
      h("thead", {}, h("tr", {}, ...this.heads, h("th", { scope: "col" }, h("span", { class: "sn-unseen" }, "Actions")))),
      this.body,
    );
    this.scroller = h("div", { class: "sn-scroller" }, table, this.nothing, this.more);
    this.whole = h(
      "div",
      {},
      h(
        "div",
        { class: "sn-tools" },
        h("div", { class: "sn-find" }, h("label", { for: search }, "Search"), this.search),
        h("div", { class: "sn-filters", role: "group", "aria-label": "Show by state" }, ...this.filters),
        h("div", { class: "sn-order" }, h("label", { for: sort }, "Sort by"), this.order),
        this.count,
      ),
      this.scroller,
    );
    this.footer = h("footer", {}, this.summary, button("Refresh", () => this.ask("refresh")), this.creator);
    this.bar = h("div", { class: "sn-bar" }, this.back, this.opened);
    this.el.classList.add("stitchnb");
    this.el.replaceChildren(
      h(
        "section",
        { class: "sn-card sn-account", "aria-label": "Sources of the account" },
        h("header", {}, h("b", {}, "Sources"), h("code", {}, place), this.chip),
        this.bar,
        this.whole,
        this.line.silence,
        this.notice,
        this.footer,
      ),
    );
  }

  // What is looked for answers at once; the kernel is told when the typing rests.
  seek(change, saveAfterMs = 0) {
    this.look = { ...this.look, ...change };
    this.most = SLICE;
    this.scroller.scrollTop = 0;
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.save(), saveAfterMs);
    this.draw();
  }

  save() {
    clearTimeout(this.saving);
    this.saving = null;
    this.model.set("_view", { ...this.look });
    try {
      this.model.save_changes();
    } catch {
      // Without a kernel one can still search.
    }
  }

  takeLook(look) {
    if (JSON.stringify(look) === JSON.stringify(this.look) || this.saving) return;
    this.look = { ...look };
    this.draw();
  }

  turn(column) {
    this.seek({ sort: this.look.sort === column ? `-${column}` : column });
  }

  showMore() {
    const first = this.most;
    this.most += SLICE;
    this.draw();
    if (this.more.hidden) this.goTo({ index: first });
  }

  told() {
    this.sources = readSources(this.model);
    this.draw();
  }

  ask(type, source = null, text = null) {
    if (this.line.busy) return;
    this.asked = { type, id: source?.id ?? null, index: this.indexOf(source) };
    this.line.send(type, { ...(source ? { id: source.id } : {}), ...(text === null ? {} : { text }) }, "long");
    this.drawWords();
  }

  act(action, source) {
    if (action === "rename") this.begin(this.renaming(source));
    else if (action === "delete") this.begin(this.deleting(source));
    else this.ask(action === "rest" ? (source.state === "paused" ? "resume" : "pause") : action, source);
  }

  renaming(source) {
    return new Question({
      source,
      kind: "rename",
      title: `Rename ${source.title}`,
      label: `New name of ${source.title}`,
      text: source.title,
      hint: `The name in lists. The schema in the destination is still ${source.name}.`,
      action: "Rename",
      isReady: (text) => text !== "",
      // Nothing is to be done for the name that it has.
      ask: (text) => (text === source.title ? this.leave() : this.ask("rename", source, text)),
      leave: () => this.leave(),
    });
  }

  deleting(source) {
    return new Question({
      source,
      kind: "delete",
      title: `Delete ${source.title}?`,
      label: `Type ${source.title} to confirm`,
      text: "",
      hint: `Type the name exactly: ${source.title}`,
      action: "Delete source",
      lines: this.content.deletion,
      isReady: (text) => text === source.title.trim(),
      ask: (text) => this.ask("delete", source, text),
      leave: () => this.leave(),
    });
  }

  begin(question) {
    this.question = question;
    this.draw();
    question.element.scrollIntoView({ block: "nearest" });
    question.input.focus({ preventScroll: true });
    question.input.select();
  }

  leave() {
    const { id, kind } = this.question;
    this.question = null;
    this.draw();
    this.goTo({ id, action: kind });
  }

  // An answer was heard. The focus goes on from where it was, unless it has gone elsewhere.
  answered() {
    const asked = this.asked;
    const { notice, wizard } = this.content;
    this.asked = null;
    if (!asked) return;
    const isOpen = this.question && this.question.id === asked.id && this.question.kind === asked.type;
    if (isOpen && this.refusal) {
      this.question.refuse(notice.text);
      this.question.input.focus();
    } else if (isOpen) {
      this.question = null;
    }
    this.draw();
    const active = document.activeElement;
    if (!(this.el.contains(active) || active.contains(this.el)) || (isOpen && this.question)) return;
    if (wizard) this.back.focus();
    else if (asked.type === "back" && this.wasOpen === null) this.creator.focus();
    else if (asked.type === "back") this.goTo({ id: this.wasOpen, action: "open" });
    else if (asked.id !== null) this.goTo({ ...asked, action: { pause: "rest", resume: "rest" }[asked.type] ?? asked.type });
  }

  // What this view asked for and was refused.
  get refusal() {
    const { notice } = this.content;
    return notice?.tone === "error" && notice.asked.view === this.line.id ? notice : null;
  }

  indexOf(source) {
    return [...this.body.querySelectorAll("tr[data-source]")].findIndex((row) => row.dataset.source === `${source?.id}`);
  }

  goTo({ id = null, action = null, index = 0 }) {
    const rows = [...this.body.querySelectorAll("tr[data-source]")];
    const own = rows.find((row) => row.dataset.source === `${id}`);
    const row = own ?? rows[Math.min(Math.max(index, 0), rows.length - 1)];
    const found = row?.querySelector(`[data-action="${action}"]`) ?? row?.querySelector("button");
    (found ?? this.search).focus();
  }

  draw() {
    const { groups, wizard } = this.content;
    if (wizard) this.wasOpen = wizard.id;
    this.bar.hidden = !wizard;
    this.whole.hidden = this.footer.hidden = Boolean(wizard);
    setText(this.opened, wizard ? wizard.title : "");
    const counts = countGroups(this.sources, groups);
    Object.keys(groups).forEach((group, i) => {
      setText(this.filters[i].lastElementChild, counts[i].toLocaleString("en"));
      this.filters[i].setAttribute("aria-pressed", String(this.look.state === group));
    });
    setText(this.chip, counts[0] === 1 ? "1 source" : `${counts[0].toLocaleString("en")} sources`);
    this.drawOrder();
    this.found = lookFor(this.sources, this.look);
    const part = this.found.slice(0, this.most);
    if (this.question && !part.some((source) => source.id === this.question.id)) this.question = null;
    const rows = part.flatMap((source) => {
      const row = this.row(source);
      return this.question?.id === source.id ? [row, this.question.element] : [row];
    });
    arrange(this.body, rows);
    // One thing alone is in colour: what a question asks comes first.
    this.creator.classList.toggle("sn-primary", !this.question);
    const rest = Math.min(this.found.length - part.length, SLICE);
    this.more.hidden = rest <= 0;
    setText(this.more, `Show ${rest} more of ${this.found.length.toLocaleString("en")}`);
    this.drawWords();
  }

  drawOrder() {
    const column = this.look.sort.replace("-", "");
    const way = this.look.sort.startsWith("-") ? "descending" : "ascending";
    this.heads.forEach((head) => setAttribute(head, "aria-sort", head.dataset.column === column ? way : null));
    this.order.value = this.look.sort;
    if (this.search.value !== this.look.search) this.search.value = this.look.search;
  }

  drawWords() {
    const { notice } = this.content;
    const n = this.found.length;
    setText(this.count, `${n.toLocaleString("en")} found`);
    this.nothing.hidden = n > 0;
    const isEmpty = this.sources.length === 0;
    setText(this.nothing, isEmpty ? "No sources yet. Create your first source." : "No sources match.");
    const inQuestion = this.question && this.refusal?.asked.id === this.question.id;
    const wrong = this.line.busy || inQuestion ? "" : (this.refusal?.text ?? "");
    this.notice.hidden = wrong === "";
    setText(this.notice, wrong);
    setText(this.summary, this.line.busy ? "Loading…" : notice?.tone === "ok" ? notice.text : "");
    setAttribute(this.body, "aria-busy", this.line.busy ? "true" : null);
  }

  row(source) {
    const facts = JSON.stringify(source);
    const known = this.drawn.get(source.id);
    if (known?.facts === facts) return known.element;
    const { id, name, title, type, typeTitle, words, tone, next, created } = source;
    const day = created === null ? "" : utcTime(created).slice(0, 10);
    const buttons = actionsOf(source).map(([action, verb]) =>
      button(verb, () => this.act(action, source), {
        class: "sn-link",
        "data-action": action,
        "aria-label": `${verb} ${title}`,
      }),
    );
    const element = h(
      "tr",
      { "data-source": id },
      h(
        "th",
        { scope: "row" },
        h("span", { class: "sn-title" }, title),
        h("small", {}, apiName(name), ` · id ${id}`),
        h("small", { class: "sn-folded" }, `${typeTitle}${day && `, created ${day}`}`),
      ),
      h("td", { class: "sn-wide" }, typeTitle, h("small", {}, h("code", {}, type))),
      h("td", {}, chip(words, tone)),
      h("td", { class: "sn-time" }, next === null ? h("span", { class: "sn-none" }, "none") : utcTime(next)),
      h("td", { class: "sn-time sn-wide" }, day),
      h("td", {}, h("div", { class: "sn-actions" }, ...buttons)),
    );
    // An element that had the focus gives it to the one that takes its place.
    const had = known?.element.contains(document.activeElement) ? document.activeElement.dataset.action : null;
    if (had) {
      known.element.replaceWith(element);
      element.querySelector(`[data-action="${had}"]`)?.focus({ preventScroll: true });
    }
    this.drawn.set(id, { facts, element });
    return element;
  }

  close() {
    if (this.saving) this.save();
    this.line.close();
    this.model.off("change:_rows", this.told);
    this.model.off("change:_view", this.sought);
  }
}

function render({ model, el }) {
  const view = new AccountView(model, el);
  return () => view.close();
}

export default { render };
