// The schedule: which kind it is, in words, and when it fires next, in UTC and where the page is.

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

function two(number) {
  return String(number).padStart(2, "0");
}

function localTime(moment, length) {
  const day = [moment.getFullYear(), two(moment.getMonth() + 1), two(moment.getDate())].join("-");
  const time = [two(moment.getHours()), two(moment.getMinutes()), two(moment.getSeconds())].join(":");
  return `${DAYS[moment.getDay()]} ${day} ${time.slice(0, length)}`;
}

function utcTime(moment, length) {
  const [day, time] = moment.toISOString().split("T");
  return `${DAYS[moment.getUTCDay()]} ${day} ${time.slice(0, length)}`;
}

class ScheduleView {
  constructor(form) {
    this.form = form;
    this.id = uniqueId("sn");
    this.radios = new Map();
    this.words = h("p", { class: "sn-help" });
    this.choice = h("div", { class: "sn-choice", role: "radiogroup", "aria-labelledby": `${this.id}-label` });
    const label = h("div", { class: "sn-label" }, h("span", { id: `${this.id}-label` }, "Start"));
    const hint = h("div", { class: "sn-hint" }, h("div", { class: "sn-words" }, this.words));
    this.head = h("div", { class: "sn-row" }, label, h("div", { class: "sn-input" }, this.choice), hint);
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "local";
    const headings = [h("th", { scope: "col" }, "UTC"), h("th", { scope: "col" }, `Here (${zone})`)];
    this.body = h("tbody");
    this.table = h("table", { class: "sn-times" }, h("thead", {}, h("tr", {}, ...headings)), this.body);
    this.note = h("p", { class: "sn-help" });
    this.foot = h(
      "div",
      { class: "sn-row sn-next" },
      h("div", { class: "sn-label" }, "Next starts"),
      h("div", { class: "sn-input" }, this.table),
      h("div", { class: "sn-hint" }, h("div", { class: "sn-words" }, this.note)),
    );
  }

  draw(schedule, locked) {
    if (!schedule) return;
    const facts = JSON.stringify(schedule);
    if (facts !== this.facts) this.redraw(schedule);
    this.facts = facts;
    this.radios.forEach((radio) => (radio.disabled = locked));
  }

  redraw({ mode, modes, words, times, note }) {
    if (modes.length !== this.radios.size) this.offer(modes);
    this.radios.forEach((radio, name) => (radio.checked = name === mode));
    this.head.hidden = modes.length < 2;
    setText(this.words, words);
    setText(this.note, note);
    this.foot.hidden = times.length === 0 && note === "";
    this.table.hidden = times.length === 0;
    const moments = times.map((time) => new Date(time));
    // Seconds only where the schedule itself has any: those of an interval are those of this very moment.
    const length = mode === "cron" && moments.some((moment) => moment.getUTCSeconds()) ? 8 : 5;
    const line = (moment) => h("tr", {}, h("td", {}, utcTime(moment, length)), h("td", {}, localTime(moment, length)));
    this.body.replaceChildren(...moments.map(line));
  }

  offer(modes) {
    this.radios.clear();
    const labels = modes.map(([mode, title]) => {
      const choose = () => this.form.send({ type: "schedule", mode });
      const radio = h("input", { type: "radio", name: this.id, value: mode, onchange: choose });
      this.radios.set(mode, radio);
      return h("label", {}, radio, title);
    });
    this.choice.replaceChildren(...labels);
  }
}
