// The streams of a job as a table: their phases, their rows as they land, and how far each is. A row keeps its elements
// while its numbers change, so that a reader's place in the table is kept too.

class StreamTable {
  constructor() {
    this.rows = new Map();
    this.head = h("tr");
    this.body = h("tbody");
    this.more = h("p", { class: "sn-more-streams", hidden: true });
    this.table = h(
      "table",
      { class: "sn-streams" },
      h("caption", { class: "sn-unseen" }, "Streams of the job"),
      h("thead", {}, this.head),
      this.body,
    );
    this.element = h("div", {}, this.table, this.more);
  }

  draw({ tells_rows: tellsRows, is_over: isOver, rows, more }) {
    this.drawHead(tellsRows);
    this.table.hidden = rows.length === 0;
    const wanted = new Set(rows.map(({ name }) => name));
    for (const [name, row] of this.rows) {
      if (wanted.has(name)) continue;
      row.element.remove();
      this.rows.delete(name);
    }
    rows.forEach((stream, i) => {
      const row = this.rows.get(stream.name) ?? this.add(stream.name);
      if (this.body.children[i] !== row.element) this.body.insertBefore(row.element, this.body.children[i] ?? null);
      this.fill(row, stream, { tellsRows, isOver });
    });
    this.more.hidden = more === 0;
    setText(this.more, more === 0 ? "" : `And ${more.toLocaleString("en")} more ${more === 1 ? "stream" : "streams"}.`);
  }

  drawHead(tellsRows) {
    const kind = tellsRows ? "rows" : "loads";
    if (this.table.dataset.tells === kind) return;
    this.table.dataset.tells = kind;
    const heads = tellsRows
      ? [["Stream"], ["Phase"], ["Rows", "sn-number"], ["Rows/s", "sn-number"], ["Progress", "sn-how-far"]]
      : [["Stream"], ["Phase"], ["Last loaded (UTC)", "sn-number"]];
    this.head.replaceChildren(...heads.map(([words, look]) => h("th", { scope: "col", class: look }, words)));
    this.rows.clear();
    this.body.replaceChildren();
  }

  add(name) {
    const phase = h("td", {}, h("span"));
    const numbers = [0, 1].map(() => h("td", { class: "sn-number" }));
    const bar = h("progress", { max: "1", "aria-label": `Progress of ${name}` });
    const howFar = h("td", { class: "sn-how-far" }, bar);
    const element = h("tr", { "data-stream": name }, h("th", { scope: "row" }, name), phase);
    const row = { element, phase: phase.firstChild, numbers, bar, howFar };
    this.rows.set(name, row);
    return row;
  }

  fill({ element, phase, numbers, bar, howFar }, { phase: words, tone, rows, rate, share, moves, loaded }, { tellsRows, isOver }) {
    setText(phase, words);
    phase.className = tone === "mute" ? "sn-quiet" : `sn-chip sn-${tone}`;
    const wanted = tellsRows ? [...numbers, howFar] : [numbers[0]];
    if (element.children.length !== 2 + wanted.length) element.append(...wanted);
    const number = (value) => (value === null ? "" : value.toLocaleString("en"));
    setText(numbers[0], tellsRows ? number(rows) : loaded);
    setText(numbers[1], tellsRows ? number(rate) : "");
    // Nobody knows how far it is: then it moves without an end, but only while it does go on.
    if (share === null && moves && !isOver) bar.removeAttribute("value");
    else bar.value = share ?? 0;
  }
}
