// Which sources of an account are shown, and in which order. It mirrors _account_rows.py, where the kernel answers the
// same question.

function readSources(model) {
  const { states, types, changed } = model.get("_content");
  const byId = new Map(model.get("_rows").map((row) => [row[0], row]));
  changed.forEach((row) => byId.set(row[0], row));
  return [...byId.values()].map(([id, name, title, type, state, next, created]) => {
    const [words, tone, group] = states[state];
    const typeTitle = types[type];
    const searched = [title, name, typeTitle, type.split(".").at(-1), words].join("\n").toLowerCase();
    return { id, name, title, type, typeTitle, state, words, tone, group, next, created, searched };
  });
}

const SORT_KEYS = {
  display_name: (source) => source.title.toLowerCase(),
  type: (source) => source.typeTitle.toLowerCase(),
  state: (source) => source.words,
  next_fire_time: (source) => source.next,
  created_at: (source) => source.created,
};

function isInGroup(source, group) {
  return group === "all" ? source.group !== "deleted" : source.group === group;
}

// An id and a type's whole name as they are: parts of them, such as "form", would be found everywhere.
function hasWord({ id, type, searched }, word) {
  return word === String(id) || word === type || searched.includes(word);
}

// What has no value comes last whichever way it goes, and the id decides where nothing else does.
function lookFor(sources, { search, state, sort }) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = sources.filter((source) => isInGroup(source, state) && words.every((word) => hasWord(source, word)));
  const sign = sort.startsWith("-") ? -1 : 1;
  const key = SORT_KEYS[sort.replace("-", "")];
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  const keyed = found.map((source) => ({ source, value: key(source) }));
  keyed.sort((a, b) => {
    if (a.value === null || b.value === null) {
      return compare(a.value === null, b.value === null) || a.source.id - b.source.id;
    }
    return sign * compare(a.value, b.value) || a.source.id - b.source.id;
  });
  return keyed.map(({ source }) => source);
}

function countGroups(sources, groups) {
  return Object.keys(groups).map((group) => sources.filter((source) => isInGroup(source, group)).length);
}

function utcTime(seconds) {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
}
