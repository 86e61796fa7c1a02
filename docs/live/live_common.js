// What the widgets share: the module, numbers as text, pictures and controls.
// Plain scripts, so that the pages also work from file://.
"use strict";

const SurprisalWidgets = (() => {
  // --- The page ---

  // live.js and digits_data.js stand beside this script.
  const folder = new URL(".", document.currentScript.src);

  const parsed = new Promise((resolve) => {
    if (document.readyState !== "loading") resolve();
    document.addEventListener("DOMContentLoaded", resolve);
  });

  const scripts = new Map();

  // Loads a script once, unless the page has brought what it defines.
  function loadScript(file, defines) {
    if (window[defines]) return Promise.resolve(window[defines]);
    if (!scripts.has(file)) scripts.set(file, new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = new URL(file, folder).href;
      script.onload = () => resolve(window[defines]);
      script.onerror = () => reject(new Error(`${file} could not be loaded`));
      document.head.append(script);
    }));
    return scripts.get(file);
  }

  // --- The module: numbers over to its heap, and results back ---

  const types = ["float32", "float64", "float16", "bfloat16"];
  const textSize = 128;

  // Runs `use` with a function that lends memory of `bytes`, then frees it.
  function withMemory(module, use) {
    const lent = [];
    const lend = (bytes) => {
      lent.push(module._malloc(bytes));
      return lent[lent.length - 1];
    };
    try {
      return use(lend);
    } finally {
      lent.forEach((pointer) => module._free(pointer));
    }
  }

  // The kernels as functions of arrays; null where the module refuses.
  function makeKernels(module) {
    const put = (lend, values) => {
      const pointer = lend(8 * values.length);
      module.HEAPF64.set(values, pointer / 8);
      return pointer;
    };
    const get = (pointer, n) =>
      Array.from(module.HEAPF64.subarray(pointer / 8, pointer / 8 + n));

    // `call` is given the pointers of the rows `inputs` and then of a row of
    // `n` results.
    const row = (inputs, n, call) => withMemory(module, (lend) => {
      const pointers = inputs.map((values) => put(lend, values));
      const result = lend(8 * n);
      return call(...pointers, result) ? get(result, n) : null;
    });
    const scalar = (inputs, call) => {
      const result = row(inputs, 1, call);
      return result && result[0];
    };
    const text = (inputs, call) => withMemory(module, (lend) => {
      const pointers = inputs.map((values) => put(lend, values));
      const start = lend(textSize);
      if (!call(...pointers, start, textSize)) return null;
      const end = module.HEAPU8.indexOf(0, start);
      return String.fromCharCode(...module.HEAPU8.subarray(start, end));
    });

    return {
      round: (type, x) => module._live_round(type, x),
      bits: (type, x) => text([], (...to) => module._live_bits(type, x, ...to)),
      softmax: (type, z, temperature = 1) => row([z], z.length, (a, to) =>
        module._live_softmax(type, a, z.length, temperature, to)),
      logSoftmax: (type, z) => row([z], z.length, (a, to) =>
        module._live_log_softmax(type, a, z.length, to)),
      exp: (type, x) => row([x], x.length, (a, to) =>
        module._live_exp(type, a, x.length, to)),
      log: (type, x) => row([x], x.length, (a, to) =>
        module._live_log(type, a, x.length, to)),
      logSumExp: (type, z) => scalar([z], (a, to) =>
        module._live_log_sum_exp(type, a, z.length, to)),
      entropy: (type, p) => scalar([p], (a, to) =>
        module._live_entropy(type, a, p.length, to)),
      crossEntropyOf: (type, p, q) => scalar([p, q], (a, b, to) =>
        module._live_cross_entropy_of(type, a, b, p.length, to)),
      klDivergence: (type, p, q) => scalar([p, q], (a, b, to) =>
        module._live_kl_divergence(type, a, b, p.length, to)),
      crossEntropy: (type, z, label) => {
        const all = row([z], z.length + 1, (a, to) =>
          module._live_cross_entropy(type, a, z.length, label, to, to + 8));
        return all && {loss: all[0], gradient: all.slice(1)};
      },
      softmaxBy: (method, type, z) => row([z], z.length, (a, to) =>
        module._live_softmax_by(method, type, a, z.length, to)),
      softmaxUlps: (type, z, probs) => row([z, probs], z.length, (a, b, to) =>
        module._live_softmax_ulps(type, a, b, z.length, to)),
      oracleSoftmax: (z, index, digits) => text([z], (a, ...to) =>
        module._live_oracle_softmax(a, z.length, index, digits, ...to)),
      numericGradient: (kind, type, z, label, index, step) => {
        const both = row([z], 2, (a, to) => module._live_numeric_gradient(
          kind, type, a, z.length, label, index, step, to, to + 8));
        return both && {derivative: both[0], error: both[1]};
      },
      loadNetwork: (weights) => withMemory(module, (lend) => {
        const pointer = lend(4 * weights.length);
        module.HEAPF32.set(weights, pointer / 4);
        return module._live_load_network(pointer, weights.length);
      }),
      digitLogits: (pixels) => withMemory(module, (lend) => {
        const from = lend(pixels.length), to = lend(40);
        module.HEAPU8.set(pixels, from);
        if (!module._live_digit_logits(from, to)) return null;
        return Array.from(module.HEAPF32.subarray(to / 4, to / 4 + 10));
      }),
    };
  }

  let kernels = null;

  function loadKernels() {
    kernels ||= loadScript("live.js", "SurprisalLive")
      .then((create) => create())
      .then(makeKernels);
    return kernels;
  }

  // --- Numbers ---

  function special(x) {
    if (Number.isNaN(x)) return "nan";
    if (!Number.isFinite(x)) return x < 0 ? "-inf" : "inf";
    return x === 0 ? (Object.is(x, -0) ? "-0" : "0") : null;
  }

  // As the chapters print numbers: `digits` significant ones, no trailing 0.
  function format(x, digits = 5) {
    const word = special(x);
    if (word) return word;
    const [mantissa, power] = x.toExponential(digits - 1).split("e");
    if (power >= -4 && power < Math.max(digits, 6)) {
      return String(Number(x.toPrecision(digits)));
    }
    const sign = power < 0 ? "-" : "+";
    const size = String(Math.abs(power)).padStart(2, "0");
    return `${Number(mantissa)}e${sign}${size}`;
  }

  // The fewest digits that lead back to x, a value of the type.
  function shortest(kernels, type, x) {
    const word = special(x);
    if (word) return word;
    for (let digits = 1; digits < 17; ++digits) {
      const text = x.toPrecision(digits);
      if (kernels.round(type, Number(text)) === x) return String(Number(text));
    }
    return String(x);
  }

  // What a reader typed, or null: a number, inf, -inf or nan.
  function parse(text) {
    const word = text.trim().toLowerCase().replace(/[−–]/g, "-");
    if (/^[+-]?nan$/.test(word)) return NaN;
    const infinity = word.match(/^([+-]?)(inf|infinity|∞)$/);
    if (infinity) return infinity[1] === "-" ? -Infinity : Infinity;
    const plain = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/;
    return plain.test(word) ? Number(word) : null;
  }

  // The loss of a label of probability p, which may be rounded to 0 or 1.
  function costInWords(p, loss) {
    const cost = `${format(loss)} nats`;
    const rounded = p === 0 ? loss !== Infinity : p === 1 && loss !== 0;
    return rounded ? `${cost}, for the probability only rounds to ${p}` :
      `−ln ${format(p)} = ${cost}`;
  }

  // --- Elements ---

  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value !== null) {
        element.setAttribute(name, value);
      }
    }
    element.append(...children.flat());
    return element;
  }

  function html(tag, attributes, ...children) {
    return fill(document.createElement(tag), attributes, children);
  }

  function svg(tag, attributes, ...children) {
    const space = "http://www.w3.org/2000/svg";
    return fill(document.createElementNS(space, tag), attributes, children);
  }

  let ids = 0;
  const newId = () => `live-${++ids}`;

  // A sentence that screen readers say when it changes.
  function statusLine() {
    const line = html("p", {class: "live-status", role: "status",
                            "aria-live": "polite"});
    return {
      element: line,
      say: (text) => {
        if (line.textContent !== text) line.textContent = text;
      },
    };
  }

  // A field for a number; what is no number is refused in words.
  function numberField({label, id, accept = () => true, hint}, onChange) {
    const field = html("input", {
      type: "text", id, inputmode: "text", autocomplete: "off",
      spellcheck: "false", class: "live-field",
      "aria-label": id ? null : label,
    });
    const note = html("span", {class: "live-note", role: "alert"});
    let shown = "";
    field.addEventListener("change", () => {
      const x = parse(field.value);
      const good = x !== null && accept(x);
      field.setAttribute("aria-invalid", String(!good));
      note.textContent = good ? "" : `${field.value || "nothing"}: ${hint}`;
      if (!good) field.value = shown;
      shown = field.value;
      if (good) onChange(x);
    });
    const set = (text) => {
      // What is being typed stays until it is taken.
      const typing = document.activeElement === field && field.value !== shown;
      shown = text;
      if (typing) return;
      field.value = text;
      field.setAttribute("aria-invalid", "false");
      note.textContent = "";
    };
    return {field, note, set};
  }

  // A slider and a field for the same number. `set` shows a number without
  // calling `onChange`; `text` writes it.
  function slider({label, min, max, step, text, accept, hint}, onChange) {
    const id = newId();
    const range = html("input", {type: "range", id, min, max, step,
      oninput: () => onChange(Number(range.value))});
    const typed = numberField({
      label: `${label}, typed`, accept,
      hint: hint || "type a number, inf, -inf or nan",
    }, onChange);
    return {
      element: html("div", {class: "live-slider"},
        html("label", {for: id}, label), range, typed.field, typed.note),
      set: (x) => {
        range.value = Number.isNaN(x) ? 0 : clamp(x, min, max);
        range.setAttribute("aria-valuetext", text(x));
        typed.set(text(x));
      },
    };
  }

  // A labelled choice among `names`.
  function choice(label, names, onChange) {
    const select = html("select", {id: newId(),
      onchange: () => onChange(select.selectedIndex)},
      names.map((name) => html("option", {}, name)));
    return {
      element: html("span", {class: "live-choice"},
        html("label", {for: select.id}, label), select),
      set: (index) => { select.selectedIndex = index; },
    };
  }

  function button(text, onClick) {
    return html("button", {type: "button", onclick: onClick}, text);
  }

  // The pointer that presses here draws or points: a selection of text that
  // reaches this far is not dragged away.
  function keepPointer(element) {
    element.addEventListener("dragstart", (event) => event.preventDefault());
  }

  // --- Pictures ---

  // A picture of `width` x `height` units with a caption. `draw` replaces what
  // it shows; `words` say the same to who cannot see it.
  function panel(caption, width, height) {
    const picture = svg("svg", {viewBox: `0 0 ${width} ${height}`,
                                role: "img", "aria-label": caption});
    const title = html("figcaption", {}, caption);
    return {
      element: html("figure", {class: "live-panel"}, title, picture),
      caption: (text) => { title.textContent = text; },
      draw: (parts, words) => {
        picture.replaceChildren(...parts.flat(3));
        picture.setAttribute("aria-label", words);
      },
    };
  }

  const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

  // From numbers to pixels, clamped to the picture.
  function scale([low, high], [from, to]) {
    return (x) => from + (to - from) * clamp((x - low) / (high - low), 0, 1);
  }

  function label(x, y, text, attributes) {
    return svg("text", {x, y, ...attributes}, text);
  }

  const barWidth = 320, barHeight = 24;

  // One bar for each of `values`, with its name before and its number behind;
  // the row `own` stands out. With `arrows`, an arrow in place of a bar.
  function bars(names, values, {range, own, arrows, zero = 0}) {
    const x = scale(range, [72, 242]);
    const axis = svg("line", {class: "live-axis", x1: x(zero), x2: x(zero),
                              y1: 2, y2: names.length * barHeight - 2});
    const rows = values.map((value, i) => {
      const y = i * barHeight + barHeight / 2;
      const kind = i === own ? "live-own" : "live-other";
      const mark = Number.isNaN(value) ? [] :
        arrows ? arrow(x(zero), x(value), y, kind) :
          bar(x(zero), x(value), y, kind);
      return [label(66, y + 4, names[i], {"text-anchor": "end"}), mark,
              label(316, y + 4, format(value), {"text-anchor": "end"})];
    });
    return [axis, rows];
  }

  function bar(from, to, y, kind) {
    return svg("rect", {class: kind, x: Math.min(from, to), y: y - 8,
                        width: Math.abs(to - from), height: 16});
  }

  function arrow(from, to, y, kind) {
    const size = Math.min(7, Math.abs(to - from));
    const neck = to - Math.sign(to - from) * size;
    return [
      svg("line", {class: `${kind} live-stroke`, x1: from, x2: neck, y1: y,
                   y2: y}),
      svg("path", {class: kind,
                   d: `M${to} ${y}L${neck} ${y - size}V${y + size}Z`}),
    ];
  }

  // "cat 0.1, dog 0.2"
  function listed(names, values, digits) {
    return names.map((name, i) => `${name} ${format(values[i], digits)}`)
      .join(", ");
  }

  // --- A widget ---

  // Defines <name>. `widget.defaults()` is the state in which it opens and is
  // printed; `widget.build(element, kernels, state, change)` fills the element
  // and returns a function that draws the state and returns the numbers shown;
  // `change(patch)` changes the state and draws. The element's own content
  // stays until the module is there.
  function define(name, widget) {
    customElements.define(name, class extends HTMLElement {
      connectedCallback() {
        if (this.started) return;
        this.started = true;
        Promise.all([loadKernels(), parsed, widget.load && widget.load()])
          .then(([kernels]) => start(this, widget, kernels))
          .catch((error) => {
            this.dataset.failed = "";
            console.error(`${name}:`, error);
          });
      }
    });
  }

  function start(element, widget, kernels) {
    const state = widget.defaults(kernels);
    const content = html("div", {class: "live-content"});
    let draw = null;
    const change = (patch) => {
      Object.assign(state, patch);
      element.values = draw(state);
    };
    draw = widget.build(content, kernels, state, change);
    change({});
    element.replaceChildren(content);
    element.classList.add("live");
    element.dataset.ready = "";
    printDefaults(() => ({...state}), () => widget.defaults(kernels), change);
  }

  // Paper shows what the page opened with, whatever its reader did since.
  function printDefaults(current, defaults, change) {
    let kept = null;
    window.addEventListener("beforeprint", () => {
      kept ||= current();
      change(defaults());
    });
    window.addEventListener("afterprint", () => {
      if (kept) change(kept);
      kept = null;
    });
  }

  return {
    define, loadScript, types, format, shortest, parse, html, svg, newId,
    statusLine, numberField, slider, choice, button, keepPointer, panel, scale,
    clamp, label, bars, barWidth, barHeight, listed, costInWords,
  };
})();
