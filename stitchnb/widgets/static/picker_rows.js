// What the kernel tells of streams and fields, and which of them are looked for. The flags mirror _picker_rows.py.

const STREAM = {
  selected: 1,
  changed: 2,
  loaded: 4,
  whole: 8,
  view: 16,
  primaryKey: 32,
  replicationKey: 64,
  wrong: 128,
  warned: 256,
};
const FIELD = { ticked: 1, replicated: 2, locked: 4, changed: 8, primaryKey: 16, replicationKey: 32, warned: 64 };

function readStreams(model) {
  const streams = model.get("_streams").map(([name, flags, replicated, count], id) => {
    return { id, name, flags, replicated, count, searched: name.toLowerCase() };
  });
  for (const [id, flags, replicated, count] of model.get("_content").changed) {
    Object.assign(streams[id], { flags, replicated, count });
  }
  return streams;
}

function readFields({ fields, reasons, notes }) {
  return fields.map(([name, depth, type, sqlType, reason, flags], id) => {
    const words = [name, type, sqlType].join("\n").toLowerCase();
    const [short, note] = notes[id] ?? ["", ""];
    return { id, name, depth, type, sqlType, reason: reasons[reason], flags, short, note, searched: words };
  });
}

const has = (flag) => (item) => (item.flags & flag) !== 0;
const lacks = (flag) => (item) => (item.flags & flag) === 0;
const anything = () => true;

// Each filter has a name and its choices: words, and what is then shown. The first one of each shows everything.
const STREAM_FILTERS = {
  State: [
    ["Any state", anything],
    ["Selected", has(STREAM.selected)],
    ["Not selected", lacks(STREAM.selected)],
    ["Changed", has(STREAM.changed)],
    ["With problems", has(STREAM.wrong | STREAM.warned)],
  ],
  Type: [
    ["Any type", anything],
    ["Tables", lacks(STREAM.view)],
    ["Views", has(STREAM.view)],
  ],
  Key: [
    ["Any key", anything],
    ["Primary key", has(STREAM.primaryKey)],
    ["No primary key", lacks(STREAM.primaryKey)],
    ["Replication key", has(STREAM.replicationKey)],
    ["No replication key", lacks(STREAM.replicationKey)],
  ],
};

function fieldFilters(fields) {
  const types = [...new Set(fields.map((field) => field.type))].filter(Boolean).sort();
  return {
    State: [
      ["Any state", anything],
      ["Replicated", has(FIELD.replicated)],
      ["Not replicated", lacks(FIELD.replicated)],
      ["Changed", has(FIELD.changed)],
      ["Locked", has(FIELD.locked)],
      ["With problems", (field) => field.note !== ""],
    ],
    Type: [["Any type", anything], ...types.map((type) => [type, (field) => field.type === type])],
    Key: [
      ["Any key", anything],
      ["Primary key", has(FIELD.primaryKey)],
      ["Replication key", has(FIELD.replicationKey)],
      ["No key", lacks(FIELD.primaryKey | FIELD.replicationKey)],
    ],
  };
}

// Every word must occur, in the item itself or in what `more` gives for it.
function lookFor(items, search, filters, more = () => "") {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return items.filter((item) => {
    if (!filters.every((isShown) => isShown(item))) return false;
    return words.every((word) => item.searched.includes(word) || more(item).includes(word));
  });
}

// A search and one native list per filter. What is chosen is answered here; the kernel is not asked.
class Finder {
  constructor(what, changed) {
    this.changed = changed;
    this.filters = {};
    const id = uniqueId("sn");
    this.search = h("input", {
      id,
      type: "search",
      placeholder: `Search ${what}`,
      autocomplete: "off",
      spellcheck: "false",
      oninput: changed,
    });
    this.what = what;
    this.lists = h("div", { class: "sn-lists" });
    this.element = h(
      "div",
      { class: "sn-finder" },
      h("label", { class: "sn-unseen", for: id }, `Search ${what}`),
      this.search,
      this.lists,
    );
  }

  // Offers these filters; what was chosen stays where it is still offered.
  offer(filters) {
    const facts = JSON.stringify(filters);
    if (this.facts !== facts) {
      this.facts = facts;
      const before = Object.fromEntries(Object.entries(this.filters).map(([name, { select }]) => [name, select.value]));
      this.filters = {};
      this.lists.replaceChildren();
      for (const [name, choices] of Object.entries(filters)) this.addList(name, choices, before[name]);
    }
    for (const [name, choices] of Object.entries(filters)) this.filters[name].choices = choices;
  }

  addList(name, choices, before) {
    const id = uniqueId("sn");
    const select = h("select", { id, onchange: this.changed });
    select.append(...choices.map(([words]) => h("option", { value: words }, words)));
    if (choices.some(([words]) => words === before)) select.value = before;
    this.filters[name] = { select, choices };
    this.lists.append(h("label", { class: "sn-unseen", for: id }, `${name} of ${this.what}`), select);
  }

  found(items, more) {
    const lists = Object.values(this.filters);
    const chosen = lists.map(({ select, choices }) => choices[select.selectedIndex][1]);
    return lookFor(items, this.search.value, chosen, more);
  }

  clear() {
    this.search.value = "";
    for (const { select } of Object.values(this.filters)) select.selectedIndex = 0;
    this.changed();
  }
}
