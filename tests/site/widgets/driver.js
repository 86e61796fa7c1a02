// What works a widget as its reader would, and reads what it shows then.
"use strict";

const names = ["cat", "dog", "plane", "fish", "building"];
const [float32, float64] = [0, 1];

const records = [];
const failures = [];
const counts = { actions: 0, refusals: 0 };

// --- Numbers ---

function coded(x) {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(x);
  return Number.isNaN(x) ? "d:nan" : `d:${bytes.toString("hex")}`;
}

function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) =>
      [key, plain(item)]));
  }
  if (value === "d:nan") return NaN;
  return value.startsWith("d:") ?
    Buffer.from(value.slice(2), "hex").readDoubleBE() : value;
}

function word(x) {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x < 0 ? "-inf" : "inf";
  return Object.is(x, -0) ? "-0" : "0";
}

// Whether a text is x in so many significant digits.
function says(text, x, figures = 5) {
  if (!Number.isFinite(x) || x === 0) return text === word(x);
  return /^-?\d+(\.\d*[1-9])?(e[+-]\d\d+)?$/.test(text) &&
    Number(text) === Number(x.toPrecision(figures));
}

// What the texts that are typed here mean.
function numberOf(text) {
  const words = { nan: NaN, inf: Infinity, "-inf": -Infinity, "∞": Infinity };
  const small = text.toLowerCase().replace("−", "-");
  return small in words ? words[small] : Number(small);
}

function rowOf(text) {
  const items = text.replace(/\s*[*×]\s*/g, "*").split(/[^-−\w.*+∞]+/);
  return items.filter(Boolean).flatMap((item) => {
    const [x, times] = item.split("*").reverse();
    return Array(Number(times ?? 1)).fill(numberOf(x));
  });
}

// --- What a widget shows ---

// Runs in the page: the values, and all that is there to be read.
function look(element) {
  const view = new DataView(new ArrayBuffer(8));
  const coded = (x) => {
    if (Number.isNaN(x)) return "d:nan";
    view.setFloat64(0, x);
    return "d:" + view.getBigUint64(0).toString(16).padStart(16, "0");
  };
  const write = (x) => {
    if (typeof x === "number") return coded(x);
    if (Array.isArray(x)) return x.map(write);
    if (x === null || typeof x !== "object") return String(x);
    return Object.fromEntries(Object.entries(x).map(([key, value]) =>
      [key, write(value)]));
  };
  const all = (root, selector, get = (found) => found.textContent) =>
    [...root.querySelectorAll(selector)].map(get);
  const attributes = (...list) => (found) => Object.fromEntries(
    list.map((name) => [name, found.getAttribute(name)]));
  return {
    values: write(element.values),
    panels: all(element, "figure", (figure) => ({
      caption: figure.querySelector("figcaption").textContent,
      words: figure.querySelector("svg").getAttribute("aria-label"),
      texts: all(figure, "svg text") })),
    tables: all(element, "table", (table) => all(table, "tbody tr", (row) =>
      all(row, "th, td", (cell) => [...cell.childNodes].map(
        (node) => node.textContent)))),
    fields: all(element, "input[type=text]", (field) => ({
      text: field.value, invalid: field.getAttribute("aria-invalid") })),
    ranges: all(element, "input[type=range]", (range) => ({
      at: Number(range.value), says: range.getAttribute("aria-valuetext"),
      ...attributes("min", "max", "step")(range) })),
    selects: all(element, "select", (select) => select.selectedIndex),
    buttons: all(element, "button", (button) => ({ name: button.textContent,
      ...attributes("aria-pressed")(button) })),
    status: all(element, ".live-status"),
    place: all(element, ".live-hint[role=status]"),
    alerts: all(element, "[role=alert]").filter((text) => text !== ""),
    said: [...all(element, ".live-status, .live-hint, text, td, th, caption, " +
      "figcaption, legend, output, label"),
    ...all(element, "[aria-label]", (found) => found.ariaLabel)],
  };
}

function fail(widget, action, text) {
  failures.push(`${widget.page}: ${widget.name}, ${action}: ${text}`);
}

// Compares what is read with what is in the values.
class Reader {
  constructor(widget, action) {
    Object.assign(this, { widget, action, seen: widget.seen, texts: [] });
    this.values = plain(widget.seen.values);
  }

  fail(text) {
    fail(this.widget, this.action, text);
  }

  number(what, text, x, figures) {
    if (!says(text, x, figures)) this.fail(`${what} shows "${text}" for ${x}`);
  }

  same(what, seen, right) {
    if (seen !== right) this.fail(`${what} is "${seen}", not "${right}"`);
  }

  // Numbers in a sentence: each group of the pattern says one of the list.
  sentence(what, text, pattern, numbers, figures) {
    const match = text.match(pattern);
    if (!match) return this.fail(`${what} says "${text}", not ${pattern}`);
    return numbers.forEach((x, i) =>
      this.number(what, match[i + 1], x, figures));
  }

  // The shortest text that leads back to a value of the type: CHECKER knows.
  shortest(type, text, x) {
    this.texts.push([type, text, coded(x)]);
  }

  bars(panel, title, bars, values) {
    const { texts, words } = this.seen.panels[panel];
    this.same(`the number of texts in ${title}`, texts.length,
              2 * bars.length);
    bars.forEach((bar, i) => {
      this.same(`${title}, bar ${i}`, texts[2 * i], bar);
      this.number(`${title}, ${bar}`, texts[2 * i + 1], values[i]);
    });
    this.same(title, words, `${title}: ` + bars.map((bar, i) =>
      `${bar} ${texts[2 * i + 1]}`).join(", "));
  }

  // A field shows what its slider says, and the thumb stands there, or at the
  // end that is nearest.
  sliders(first, count) {
    for (let i = first; i < first + count; ++i) {
      const { at, says, min, max, step } = this.seen.ranges[i];
      this.same(`slider ${i}`, says, this.seen.fields[i].text);
      const right = Math.min(Math.max(numberOf(says), min), max) || 0;
      if (Math.abs(at - right) <= step) continue;
      this.fail(`the thumb of slider ${i} is at ${at} for ${says}`);
    }
  }

  sound() {
    const { panels, status, said } = this.seen;
    const silent = [...status, ...panels.map(({ words }) => words)]
      .filter((text) => !text);
    const strange = said.filter((text) =>
      /undefined|NaN|Infinity|null|\[object/.test(text));
    if (silent.length > 0) this.fail("a panel or a status has no words");
    if (strange.length > 0) this.fail(`it says "${strange[0]}"`);
  }
}

// --- Actions ---

// Does something to the widget. `change` is what that means for its inputs, or
// a function that tells it from what is seen then.
async function act(widget, action, change, run, refused = false) {
  await run();
  ++counts.actions;
  widget.seen = await widget.element.evaluate(look);
  const changed = typeof change === "function" ? change(widget.seen) : change;
  const reader = new Reader(widget, action);
  reader.sound();
  if (!refused && widget.seen.alerts.length > 0) {
    reader.fail(`refused: "${widget.seen.alerts[0]}"`);
  }
  widget.reads(reader, refused);
  records.push({ page: widget.page, widget: widget.name, action,
    change: Object.fromEntries(Object.entries(changed).map(([input, to]) =>
      [input, to.map(coded)])),
    values: widget.seen.values, texts: reader.texts });
}

function control(widget, selector, index) {
  return widget.element.locator(selector).nth(index);
}

// Enter takes what is typed, and so does leaving the field.
async function type(widget, index, text, change) {
  const field = control(widget, "input[type=text]", index);
  const key = text.length % 3 ? "Enter" : "Tab";
  await act(widget, `"${text}" and ${key} typed into field ${index}`, change,
            async () => {
              await field.fill(text);
              await field.press(key);
            });
}

// Nonsense is refused with that note; a field for one number then shows what it
// did before, a field for a row what is to be mended.
async function refuse(widget, index, text, note) {
  const action = `"${text}" typed into field ${index}`;
  const field = control(widget, "input[type=text]", index);
  const before = widget.seen;
  await act(widget, action, {}, async () => {
    await field.fill(text);
    await field.press("Enter");
  }, true);
  ++counts.refusals;
  const { values, alerts, fields } = widget.seen;
  if (!alerts.includes(note)) {
    fail(widget, action, `not refused with "${note}": "${alerts.join()}"`);
  }
  const shown = widget.keepsText ? text : before.fields[index].text;
  if (fields[index].invalid !== "true" || fields[index].text !== shown) {
    fail(widget, action, `the field shows "${fields[index].text}", ` +
      `aria-invalid ${fields[index].invalid}`);
  }
  if (JSON.stringify(values) !== JSON.stringify(before.values)) {
    fail(widget, action, "the values are not those from before");
  }
}

// How a loss is told, as a pattern, and the numbers in it.
function cost(p, loss) {
  const rounded = p === 0 ? loss !== Infinity : p === 1 && loss !== 0;
  return rounded ?
    ["(\\S+) nats, for the probability only rounds to (\\S+)\\.", [loss, p]] :
    ["−ln (\\S+) = (\\S+) nats\\.", [p, loss]];
}

async function refuseAll(widget, index, texts, hint) {
  for (const text of texts) {
    await refuse(widget, index, text, `${text || "nothing"}: ${hint}`);
  }
}

// Where a key moves a slider to, or from where to where.
function slid(key, { at, min, max, step }) {
  const up = /Right$|Up$/.test(key);
  if (key === "Home") return [min, min].map(Number);
  if (key === "End") return [max, max].map(Number);
  const one = Number(at) + (up ? 1 : -1) * step;
  if (key.startsWith("Arrow")) return [one - 1e-9, one + 1e-9];
  return up ? [one - 1e-9, Number(max)] : [Number(min), one + 1e-9];
}

// A key on a slider that has room that way; `change` is told where it stands.
async function slide(widget, index, key, change) {
  const action = `${key} on slider ${index}`;
  const { ranges, values } = widget.seen;
  await act(widget, action, (seen) => change(seen.ranges[index].at), () =>
    control(widget, "input[type=range]", index).press(key));
  const [low, high] = slid(key, ranges[index]);
  const { at } = widget.seen.ranges[index];
  if (!(at >= low && at <= high)) {
    fail(widget, action, `it moves from ${ranges[index].at} to ${at}, not ` +
      `to [${low}, ${high}]`);
  }
  if (JSON.stringify(values) === JSON.stringify(widget.seen.values)) {
    fail(widget, action, "no value changes");
  }
}

const sliderKeys = ["ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown",
  "PageUp", "PageDown", "End", "ArrowLeft", "Home", "ArrowRight"];

async function slideAll(widget, index, change) {
  for (const key of sliderKeys) await slide(widget, index, key, change);
}

async function choose(widget, index, key, change) {
  const action = `${key} on choice ${index}`;
  const from = widget.seen.selects[index];
  const select = control(widget, "select", index);
  const last = await select.locator("option").count() - 1;
  const to = { Home: 0, End: last, ArrowDown: Math.min(from + 1, last),
    ArrowUp: Math.max(from - 1, 0) }[key];
  await act(widget, action, change(to), () => select.press(key));
  if (widget.seen.selects[index] !== to) {
    fail(widget, action, `choice ${widget.seen.selects[index]}, not ${to}`);
  }
}

async function press(widget, name, change, key = "Enter") {
  const button = widget.element.getByRole("button", { name, exact: true });
  await act(widget, `${key} on the button "${name}"`, change, () =>
    button.press(key));
}

// Every control is met on the way from the first to beyond the last.
async function tabThrough(widget) {
  const controls = "input, select, button, canvas";
  await widget.element.locator(controls).first().focus();
  const within = () => widget.element.evaluate((element, controls) => {
    const all = [...element.querySelectorAll(controls)];
    return [all.indexOf(document.activeElement), all.length];
  }, controls);
  let [at, length] = await within();
  for (let met = 0; at !== -1 || met !== length; ++met) {
    if (at !== met) {
      return fail(widget, "Tab", `control ${at} of ${length} follows ` +
        `${met - 1}`);
    }
    await widget.tab.keyboard.press("Tab");
    ++counts.actions;
    [at] = await within();
  }
  return act(widget, "Tab beyond the last", {}, async () => {});
}

module.exports = {
  coded, plain, says, numberOf, rowOf, fail, act, type, refuse, cost, refuseAll,
  slide, slideAll, choose, press, tabThrough, names, records, failures, counts,
  float32, float64
};
