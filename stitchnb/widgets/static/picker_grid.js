// A list of any length of which only the rows in sight are in the page. All rows are of one height; the one that has
// the focus stays in the page however far it is scrolled away, so that the focus is never lost.

const OVERSCAN = 6;
const UNSEEN_HEIGHT = 400;

class Grid {
  // `head` is the first row. `make` gives a new row's cells and what can have the focus in them (`stops`), `update`
  // writes an item into it, `open` is what Enter does, and `moved` is told which item has the focus.
  constructor({ label, head, rowHeight, make, update, open = null, moved = () => {} }) {
    Object.assign(this, { rowHeight, make, update, open, moved });
    Object.assign(this, { items: [], at: new Map(), drawn: new Map(), active: null, lastIndex: 0, stop: 0, top: 0 });
    this.head = h("div", { class: "sn-grid-row sn-grid-head", role: "row", "aria-rowindex": 1 }, ...head);
    this.space = h("div", { class: "sn-grid-space", role: "rowgroup" });
    this.scroller = h(
      "div",
      {
        class: "sn-grid",
        role: "grid",
        "aria-label": label,
        onscroll: () => this.scrolled(),
        onscrollend: () => this.settled(),
        onkeydown: (event) => this.pressed(event),
        onfocusin: (event) => this.focused(event),
      },
      h("div", { role: "rowgroup", class: "sn-grid-top" }, this.head),
      this.space,
    );
    this.nothing = h("p", { class: "sn-nothing", role: "status" });
    this.element = h("div", { class: "sn-grid-frame" }, this.scroller, this.nothing);
    // A notebook takes cells out of the page that are far away; back in it they are at the top, and of another size.
    this.watcher = new ResizeObserver(() => {
      if (this.scroller.clientHeight > 0 && this.scroller.scrollTop !== this.top) this.scroller.scrollTop = this.top;
      this.draw();
    });
    this.watcher.observe(this.scroller);
  }

  // Where a page is narrow the list is as high as all that there is, up to a limit, whatever is searched for.
  reserve(count) {
    this.element.style.setProperty("--sn-all", String(count));
  }

  show(items, nothing) {
    this.items = items;
    this.at = new Map(items.map((item, index) => [item.id, index]));
    if (!this.at.has(this.active)) this.active = items[Math.min(this.lastIndex, items.length - 1)]?.id ?? null;
    setText(this.nothing, items.length ? "" : nothing);
    this.nothing.hidden = items.length > 0;
    this.space.hidden = items.length === 0;
    this.scroller.setAttribute("aria-rowcount", String(items.length + 1));
    this.space.style.height = `${items.length * this.rowHeight}px`;
    this.draw();
  }

  draw() {
    const height = this.scroller.clientHeight || UNSEEN_HEIGHT;
    const first = Math.max(0, Math.floor(this.top / this.rowHeight) - OVERSCAN);
    const last = Math.min(this.items.length, Math.ceil((this.top + height) / this.rowHeight) + OVERSCAN);
    const shown = new Set();
    for (let index = first; index < last; index += 1) shown.add(index);
    const active = this.at.get(this.active);
    if (active !== undefined) shown.add(active);
    const indexes = [...shown].sort((a, b) => a - b);
    const kept = new Set(indexes.map((index) => this.items[index].id));
    const hadFocus = this.space.contains(document.activeElement);
    for (const [id, row] of this.drawn) {
      if (!kept.has(id)) {
        row.element.remove();
        this.drawn.delete(id);
      }
    }
    let next = this.space.firstElementChild;
    for (const index of indexes) {
      const item = this.items[index];
      const row = this.drawn.get(item.id) ?? this.add(item, next);
      next = row.element.nextElementSibling;
      row.element.style.top = `${index * this.rowHeight}px`;
      row.element.setAttribute("aria-rowindex", String(index + 2));
      this.update(row, item);
      row.stops().forEach((stop, at) => {
        stop.tabIndex = item.id === this.active && at === Math.min(this.stop, row.stops().length - 1) ? 0 : -1;
      });
    }
    // The row that had the focus is not found any more: its neighbour has it then.
    if (hadFocus && !this.space.contains(document.activeElement)) this.focusOn(active ?? 0);
  }

  add(item, before) {
    const { cells, ...row } = this.make(item);
    row.element = h("div", { class: "sn-grid-row", role: "row", "data-id": item.id }, ...cells);
    this.space.insertBefore(row.element, before);
    this.drawn.set(item.id, row);
    return row;
  }

  scrolled() {
    this.top = this.scroller.scrollTop;
    this.draw();
  }

  // At rest, the first row in sight is whole, and so is not half under the head.
  settled() {
    const { scrollHeight, clientHeight } = this.scroller;
    const whole = Math.ceil(this.top / this.rowHeight) * this.rowHeight;
    if (whole !== this.top && whole <= scrollHeight - clientHeight) this.scroller.scrollTop = whole;
  }

  focused({ target }) {
    const element = target.closest("[data-id]");
    if (!element) return;
    this.active = Number(element.dataset.id);
    this.lastIndex = this.at.get(this.active);
    const stop = this.drawn.get(this.active).stops().indexOf(target);
    if (stop >= 0) this.stop = stop;
    this.draw();
    this.moved(this.items[this.lastIndex]);
  }

  pressed(event) {
    const element = event.target.closest("[data-id]");
    if (!element || event.altKey || event.ctrlKey || event.metaKey) return;
    const index = this.at.get(Number(element.dataset.id));
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / this.rowHeight) - 2);
    const places = { ArrowDown: index + 1, ArrowUp: index - 1, PageDown: index + page, PageUp: index - page };
    Object.assign(places, { Home: 0, End: this.items.length - 1 });
    if (event.key in places) this.focusOn(places[event.key]);
    else if (event.key === "ArrowRight") this.turn(index, 1);
    else if (event.key === "ArrowLeft") this.turn(index, -1);
    else if (event.key === "Enter" && this.open) this.open(this.items[index]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  turn(index, step) {
    const { length } = this.drawn.get(this.items[index].id).stops();
    this.stop = Math.max(0, Math.min(length - 1, this.stop + step));
    this.focusOn(index);
  }

  focusOn(wanted) {
    if (!this.items.length) return;
    const index = Math.max(0, Math.min(this.items.length - 1, wanted));
    this.active = this.items[index].id;
    const head = this.head.offsetHeight;
    const top = index * this.rowHeight;
    const seen = this.scroller.clientHeight - head;
    if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
    else if (top + this.rowHeight > this.scroller.scrollTop + seen) {
      this.scroller.scrollTop = Math.ceil((top + this.rowHeight - seen) / this.rowHeight) * this.rowHeight;
    }
    this.top = this.scroller.scrollTop;
    this.draw();
    const stops = this.drawn.get(this.active).stops();
    stops[Math.min(this.stop, stops.length - 1)].focus({ preventScroll: true });
  }

  rewind() {
    this.active = null;
    this.lastIndex = 0;
    this.stop = 0;
    this.top = 0;
    this.scroller.scrollTop = 0;
  }

  close() {
    this.watcher.disconnect();
  }
}

// A box to tick in a row, in the label that names it.
function tickBox(toggle) {
  const box = h("input", { type: "checkbox", onchange: () => toggle(box.checked) });
  const label = h("label", { class: "sn-box" }, box, h("span", { class: "sn-unseen" }));
  return { box, label };
}

// Whether all, none or some of the items are ticked.
function tickAll(box, items, isTicked) {
  const ticked = items.filter(isTicked).length;
  box.checked = items.length > 0 && ticked === items.length;
  box.indeterminate = ticked > 0 && ticked < items.length;
}
