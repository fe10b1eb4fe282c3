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
    this.here = h("th", { scope: "col" }, `Here (${zone})`);
    this.headings = h("tr", {}, h("th", { scope: "col" }, "UTC"));
    this.body = h("tbody");
    this.table = h("table", { class: "sn-times" }, h("thead", {}, this.headings), this.body);
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

  redraw({ modes, mode, words, times, exact, note }) {
    if (modes.length !== this.radios.size) this.offer(modes);
    this.radios.forEach((radio, name) => (radio.checked = name === mode));
    this.head.hidden = modes.length < 2;
    setText(this.words, words);
    setText(this.note, note);
    this.foot.hidden = times.length === 0 && note === "";
    this.table.hidden = times.length === 0;
    const moments = times.map((time) => new Date(time));
    const length = exact ? 8 : 5;
    // Where the clocks here go by UTC, the same column twice tells nothing.
    const isElsewhere = moments.some((moment) => moment.getTimezoneOffset() !== 0);
    if (isElsewhere) this.headings.append(this.here);
    else this.here.remove();
    const cells = (moment) => [utcTime(moment, length), ...(isElsewhere ? [localTime(moment, length)] : [])];
    const line = (moment) => h("tr", {}, ...cells(moment).map((text) => h("td", {}, text)));
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
