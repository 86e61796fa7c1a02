// <live-gradient-check>: the step of a finite difference against its error.
"use strict";

(() => {
  const L = SurprisalWidgets;
  const float32 = 0, float64 = 1;
  const names = ["cat", "dog", "plane", "fish", "building"];
  const logits = [2.44, 3.92, 2.50, -1.27, 3.23];
  const label = 1;
  const methods = [
    {key: "forward_float32", name: "forward, float32", kind: 0, type: float32},
    {key: "central_float32", name: "central, float32", kind: 1, type: float32},
    {key: "forward_float64", name: "forward, float64", kind: 0, type: float64},
    {key: "central_float64", name: "central, float64", kind: 1, type: float64},
    {key: "complex_step", name: "complex step, float64", kind: 2,
     type: float64},
  ];

  // 1, 2 and 5 times each power of ten, from 10^-1 down to 10^-16.
  const steps = ["1e-1"];
  for (let power = 2; power <= 16; ++power) {
    steps.push(...["5", "2", "1"].map((digit) => `${digit}e-${power}`));
  }

  function defaults() {
    return {index: 0, at: steps.indexOf("1e-5")};
  }

  // The row in float, as chapter 7 has it; each of them is a double too.
  function row(kernels) {
    return logits.map((z) => kernels.round(float32, z));
  }

  const curves = new Map();

  // Derivatives and errors of each method at each step, computed once.
  function curvesOf(kernels, index) {
    if (!curves.has(index)) {
      const z = row(kernels);
      curves.set(index, methods.map(({kind, type}) => steps.map((step) =>
        kernels.numericGradient(kind, type, z, label, index, Number(step)))));
    }
    return curves.get(index);
  }

  // Half an ulp of the slope: no number of the type need be farther off.
  function halfUlp(slope, digits) {
    let power = 1;
    while (power > Math.abs(slope)) power /= 2;
    return power / 2 ** digits;
  }

  function compute(kernels, {index, at}) {
    const z = row(kernels);
    const slope = kernels.crossEntropy(float64, z, label).gradient[index];
    const points = curvesOf(kernels, index).map((curve) => curve[at]);
    const pick = (part) => Object.fromEntries(methods.map(({key}, m) =>
      [key, points[m][part]]));
    return {
      logits: z, label, index, step: Number(steps[at]), slope,
      derivative: pick("derivative"), error: pick("error"),
      floor_float32: halfUlp(slope, 24),
      floor_float64: halfUlp(slope, 53),
    };
  }

  // --- In words ---

  function judged(curve, at) {
    const errors = curve.map(({error}) => error);
    const best = errors.indexOf(Math.min(...errors));
    if (at < best) return "the formula errs: a smaller step would do better";
    return at > best ? "rounding errs: a larger step would do better" :
      "no step of the curve does better";
  }

  function inWords(kernels, {at}, {index, step, error}) {
    const curve = curvesOf(kernels, index);
    const off = (m) => `${L.format(error[methods[m].key], 2)} in ` +
      `${L.types[methods[m].type]} (${judged(curve[m], at)})`;
    return `At h = ${L.format(step)}, along the ${names[index]}'s logit, the ` +
      `central difference is off by ${off(1)} and by ${off(3)}. The complex ` +
      "step subtracts nothing, and is off by " +
      `${L.format(error.complex_step, 2)}.`;
  }

  // --- The picture: powers of ten, steps to the left getting smaller ---

  const width = 640, height = 410, left = 48, right = 632, top = 14;
  const base = 358, lowest = -19;
  const x = L.scale([-16, -1], [left, right]);
  const y = L.scale([lowest, 0], [base, top]);
  const log10 = (value) => (value > 0 ? Math.log10(value) : lowest);

  function frame() {
    const lines = [];
    for (let power = 0; power >= lowest; power -= 3) {
      lines.push(
        L.svg("line", {class: "live-grid", x1: left, x2: right, y1: y(power),
                       y2: y(power)}),
        L.label(left - 6, y(power) + 4, power, {"text-anchor": "end"}));
    }
    for (let power = -16; power <= -1; power += 3) {
      lines.push(L.label(x(power), base + 22, power,
                         {"text-anchor": "middle"}));
    }
    return [lines, L.label((left + right) / 2, base + 45,
                           "log10 of the step h", {"text-anchor": "middle"})];
  }

  function polyline(curve, m) {
    const points = curve.map(({error}, i) =>
      `${x(log10(Number(steps[i])))},${y(log10(error))}`);
    return L.svg("polyline", {class: `live-curve live-curve-${m}`,
                              points: points.join(" ")});
  }

  // The name stands under the line, at the end where no curve passes.
  function floorLine(name, value, anchor) {
    const at = y(log10(value));
    const end = anchor === "start" ? left + 4 : right - 4;
    return [
      L.svg("line", {class: "live-floor", x1: left, x2: right, y1: at, y2: at}),
      L.label(end, at + 19, `${name}: half an ulp`, {"text-anchor": anchor}),
    ];
  }

  // Where chapter 7's bound h^2 / 60 + epsilon / (4 h) is least.
  function promise(epsilon) {
    const h = Math.cbrt(7.5 * epsilon);
    return L.svg("circle", {class: "live-promise", r: 5,
                            cx: x(log10(h)), cy: y(log10(h * h / 20))});
  }

  function drawCurves(panel, curve, state, results) {
    const at = x(log10(results.step));
    const marks = curve.map((points, m) => L.svg("circle", {
      class: `live-mark live-curve-${m}`, cx: at,
      cy: y(log10(points[state.at].error)), r: 4.5}));
    panel.draw([
      frame(), floorLine("float32", results.floor_float32, "start"),
      floorLine("float64", results.floor_float64, "end"),
      L.svg("line", {class: "live-axis", x1: at, x2: at, y1: top, y2: base}),
      curve.map(polyline), promise(2 ** -23), promise(2 ** -52), marks,
    ], `Error against step, both as powers of ten. At h = ` +
      `${L.format(results.step, 1)}: ` + methods.map(({key, name}) =>
        `${name} ${L.format(results.error[key], 2)}`).join(", "));
  }

  // --- The table, which is also the key to the curves ---

  function swatch(m) {
    return L.svg("svg", {viewBox: "0 0 32 12", class: "live-swatch",
                         "aria-hidden": "true"},
      L.svg("line", {class: `live-curve live-curve-${m}`, x1: 0, x2: 32, y1: 6,
                     y2: 6}));
  }

  function readings(kernels, {derivative, error, slope}) {
    const line = (head, type, value, off) => L.html("tr", {},
      L.html("th", {scope: "row"}, head),
      L.html("td", {}, L.shortest(kernels, type, value)),
      L.html("td", {}, off));
    return L.html("table", {class: "live-readings"},
      L.html("caption", {}, "at this step"),
      L.html("thead", {}, L.html("tr", {},
        ["method", "slope", "error"].map((title) =>
          L.html("th", {scope: "col"}, title)))),
      L.html("tbody", {}, methods.map(({key, name, type}, m) =>
        line([swatch(m), ` ${name}`], type, derivative[key],
             L.format(error[key], 3))),
      line(["p − y, the closed form"], float64, slope, "")));
  }

  // --- The element ---

  function stepSlider(change) {
    const id = L.newId();
    const text = L.html("output", {for: id});
    // To the right is larger, as in the picture.
    const range = L.html("input", {type: "range", id, min: 0,
      max: steps.length - 1, step: 1,
      oninput: () => change({at: steps.length - 1 - Number(range.value)})});
    return {
      element: L.html("div", {class: "live-slider"},
        L.html("label", {for: id}, "step h"), range, text),
      set: (at) => {
        range.value = steps.length - 1 - at;
        text.textContent = L.format(Number(steps[at]));
        range.setAttribute("aria-valuetext", text.textContent);
      },
    };
  }

  // A touch or click in the picture moves to the nearest step.
  function followPointer(picture, change) {
    const move = (event) => {
      if (event.buttons !== 1) return;
      const box = picture.getBoundingClientRect();
      const unit = (event.clientX - box.left) / box.width * width;
      const power = -16 + 15 * (unit - left) / (right - left);
      const distance = steps.map((step) =>
        Math.abs(log10(Number(step)) - power));
      change({at: distance.indexOf(Math.min(...distance))});
    };
    picture.addEventListener("pointerdown", move);
    picture.addEventListener("pointermove", move);
  }

  function build(content, kernels, state, change) {
    const slider = stepSlider(change);
    const index = L.choice("slope along the logit of", names,
                           (index) => change({index}));
    const panel = L.panel("log10 of the error (rings: what chapter 7 promises)",
                          width, height);
    const table = L.html("div", {class: "live-tables"});
    const status = L.statusLine();
    const picture = panel.element.querySelector("svg");
    followPointer(picture, change);
    L.keepPointer(picture);
    content.append(slider.element,
      L.html("div", {class: "live-controls"}, index.element,
        L.button("reset", () => change(defaults()))),
      status.element, L.html("div", {class: "live-wide"}, panel.element),
      table);

    return () => {
      const results = compute(kernels, state);
      slider.set(state.at);
      index.set(state.index);
      drawCurves(panel, curvesOf(kernels, state.index), state, results);
      table.replaceChildren(readings(kernels, results));
      status.say(inWords(kernels, state, results));
      return results;
    };
  }

  L.define("live-gradient-check", {defaults, build});
})();
