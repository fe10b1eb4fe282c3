// What every widget of the package needs to build its part of a page. Text only ever becomes text, never markup.

// True of a notebook and of a page of its own. Whether a kernel is busy or gone cannot always be told apart; once its
// connection was closed, it can.
const NO_ANSWER = "No response from the kernel. If it was restarted, re-run this cell, or reload the page.";
const RESTARTED = "The kernel was restarted. Re-run this cell, or reload the page.";

let lastId = 0;

function uniqueId(prefix) {
  lastId += 1;
  return `${prefix}-${Date.now().toString(36)}-${lastId}`;
}

// What can have the focus. Keys pressed there are for the widget: without this mark, which must be on the element
// itself, JupyterLab takes "a" on a list as "insert a cell above", and "d d" as "delete this cell".
const FOCUSABLE = ["a", "button", "input", "select", "summary", "textarea"];

function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  if (FOCUSABLE.includes(tag)) element.setAttribute("data-lm-suppress-shortcuts", "true");
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else setAttribute(element, name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// True is an attribute without a value; false, null and undefined are none.
function setAttribute(element, name, value) {
  if (value === false || value === null || value === undefined) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

// A live region speaks whenever its text is set, so it is only set where it differs.
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// A long name of the API breaks after its underscores.
function apiName(name) {
  const parts = name.split(/(?<=_)/);
  return h("code", {}, ...parts.flatMap((part, i) => (i ? [h("wbr"), part] : [part])));
}

function chip(text, tone) {
  return text ? h("span", { class: `sn-chip sn-${tone}` }, text) : null;
}

const STEP_WORDS = { done: "done", now: "to do", failed: "failed", next: "not begun" };
const STEP_SIGNS = { done: "✓", failed: "!" };

// A stepper. A step that is open is a button, which `go` is called by; the one that is shown has its content below.
function drawSteps(list, steps, notes = {}, go = null) {
  const facts = JSON.stringify([steps, notes]);
  if (list.dataset.facts === facts) return;
  list.dataset.facts = facts;
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.step : null;
  const drawn = steps.map(({ type, title, note, state, open, shown, unsaved }, i) => {
    const isHere = shown ?? state === "now";
    const stands = isHere && state === "now" ? "current step" : STEP_WORDS[state];
    const words = [title, h("span", { class: "sn-unseen" }, ` (${stands})`)];
    return h(
      "li",
      { class: `sn-${state}`, "aria-current": isHere ? "step" : null },
      h("i", { "aria-hidden": "true" }, STEP_SIGNS[state] ?? String(i + 1)),
      open && go ? h("button", { type: "button", "data-step": type, onclick: () => go(type) }, ...words) : h("span", {}, ...words),
      unsaved
        ? h("small", { class: "sn-unsaved" }, "not saved yet")
        : h("small", {}, state === "done" ? "" : (notes[type] ?? note)),
    );
  });
  list.hidden = drawn.length === 0;
  list.replaceChildren(...drawn);
  if (focused) list.querySelector(`[data-step="${CSS.escape(focused)}"]`)?.focus();
}
