// <live-entropy-and-kl>: two distributions over four outcomes; entropy,
// cross-entropy and KL divergence as areas.
"use strict";

(() => {
  const L = SurprisalWidgets;
  const float64 = 1;
  const names = ["sun", "cloud", "rain", "snow"];
  const home = [0.5, 0.25, 0.125, 0.125];
  const mountains = [0.125, 0.125, 0.25, 0.5];
  const even = [0.25, 0.25, 0.25, 0.25];

  function defaults() {
    return {p: mountains, q: home};
  }

  // The distribution with entry i at x; the others keep their proportions.
  function withEntry(p, i, x) {
    const others = p.reduce((sum, value, j) => sum + (j === i ? 0 : value), 0);
    return p.map((value, j) => {
      if (j === i) return x;
      return others > 0 ? value / others * (1 - x) : (1 - x) / (p.length - 1);
    });
  }

  // -ln of each, never -0: the surprise, which is the length of its code.
  function surprises(kernels, p) {
    return kernels.log(float64, p).map((log) => 0 - log);
  }

  function compute(kernels, {p, q}) {
    return {
      p, q,
      entropy: kernels.entropy(float64, p),
      cross_entropy: kernels.crossEntropyOf(float64, p, q),
      kl_divergence: kernels.klDivergence(float64, p, q),
      code_p: surprises(kernels, p),
      code_q: surprises(kernels, q),
      nats_per_bit: kernels.log(float64, [2])[0],
    };
  }

  // --- In words ---

  function inWords({p, q, entropy, cross_entropy, kl_divergence, code_p, code_q,
                    nats_per_bit}) {
    const bits = (nats) => `${L.format(nats / nats_per_bit)} bits`;
    const floor = `An outcome of P cannot cost less than H(P) = ` +
      `${bits(entropy)} in the mean. `;
    if (cross_entropy === Infinity) {
      const never = p.findIndex((value, i) => value > 0 && q[i] === 0);
      return `${floor}Q has no word for ${names[never]}, which happens: ` +
        "the price H(P, Q) is inf.";
    }
    if (kl_divergence <= 0) {  // below 0 only by the rounding of P and Q
      return `${floor}The code is made for P itself: nothing is wasted.`;
    }
    const losses = p.map((value, i) =>
      value > 0 ? value * (code_q[i] - code_p[i]) : 0);
    const worst = losses.indexOf(Math.max(...losses));
    return `${floor}With the code made for Q it costs H(P, Q) = ` +
      `${bits(cross_entropy)}, so KL(P‖Q) = ${bits(kl_divergence)} are ` +
      `wasted: most of them on ${names[worst]}, whose word is too long.`;
  }

  // --- The picture: widths p, heights code lengths in bits ---

  const width = 640, height = 300, left = 34, base = 246, top = 16;
  const roomForText = 0.11;

  function tallest({p, code_p, code_q, nats_per_bit}) {
    const seen = [...code_p, ...code_q].filter((nats, i) =>
      p[i % p.length] > 0 && Number.isFinite(nats));
    return Math.max(4, Math.ceil(Math.max(...seen) / nats_per_bit));
  }

  function frame(y, most) {
    const every = Math.max(1, Math.ceil(most / 8));
    const lines = [];
    for (let bits = 0; bits <= most; bits += every) {
      lines.push(
        L.svg("line", {class: bits ? "live-grid" : "live-axis", x1: left,
                       x2: width, y1: y(bits), y2: y(bits)}),
        L.label(left - 6, y(bits) + 4, bits, {"text-anchor": "end"}));
    }
    return lines;
  }

  // The part both codes pay, and above it what Q's word is longer or shorter.
  function column(x, y, {floor, price}) {
    const rect = (from, to, kind) => L.svg("rect", {
      class: kind, x: x[0], width: x[1] - x[0], y: y(to),
      height: y(from) - y(to)});
    const low = Math.min(floor, price);
    return [
      rect(0, low, "live-other live-area"),
      price > floor ? rect(floor, price, "live-own live-area") :
        rect(price, floor, "live-third live-area"),
    ];
  }

  function drawAreas(panel, results) {
    const {p, code_p, code_q, nats_per_bit} = results;
    const most = tallest(results);
    const y = L.scale([0, most], [base, top]);
    const x = L.scale([0, 1], [left, width]);
    let from = 0;
    const columns = p.map((value, i) => {
      const to = from + value;
      const span = [x(from), x(to)];
      const middle = (span[0] + span[1]) / 2;
      from = to;
      if (value === 0) return [];
      return [
        column(span, y, {floor: code_p[i] / nats_per_bit,
                         price: code_q[i] / nats_per_bit}),
        value < roomForText ? [] : [
          L.label(middle, base + 20, names[i], {"text-anchor": "middle"}),
          L.label(middle, base + 42, L.format(value, 3),
                  {"text-anchor": "middle"}),
        ],
      ];
    });
    panel.draw([frame(y, most), columns], "Areas over the outcomes. " +
      `Width, the probability in P: ${L.listed(names, p)}. ` +
      `Height, the length of Q's words in bits: ` +
      L.listed(names, code_q.map((nats) => nats / nats_per_bit)));
  }

  function key() {
    const entry = (kind, text) => L.html("li", {},
      L.svg("svg", {viewBox: "0 0 16 16", "aria-hidden": "true"},
        L.svg("rect", {class: `${kind} live-area`, width: 16, height: 16})),
      text);
    return L.html("ul", {class: "live-key"},
      entry("live-other", "paid with either code"),
      entry("live-own", "Q's word is longer: waste"),
      entry("live-third", "Q's word is shorter: saved"));
  }

  // --- Tables ---

  function table(caption, head, rows) {
    return L.html("table", {}, L.html("caption", {}, caption),
      L.html("thead", {}, L.html("tr", {}, head.map((title) =>
        L.html("th", {scope: "col"}, title)))),
      L.html("tbody", {}, rows.map(([name, ...cells]) => L.html("tr", {},
        L.html("th", {scope: "row"}, name),
        cells.map((cell) => L.html("td", {}, L.format(cell)))))));
  }

  function quantities(results) {
    const row = (name, nats) => [name, nats, nats / results.nats_per_bit];
    return table("areas", ["quantity", "nats", "bits"], [
      row("floor H(P)", results.entropy),
      row("price H(P, Q)", results.cross_entropy),
      row("waste KL(P‖Q)", results.kl_divergence)]);
  }

  function codeLengths({code_p, code_q, nats_per_bit}) {
    return table("code lengths in bits", ["outcome", "for P", "for Q"],
      names.map((name, i) =>
        [name, code_p[i] / nats_per_bit, code_q[i] / nats_per_bit]));
  }

  // --- The element ---

  function sliders(title, key, state, change) {
    // -0 is 0.
    const set = (i) => (x) =>
      change({[key]: withEntry(state[key], i, Math.abs(x))});
    const rows = names.map((name, i) => L.slider({
      label: name, min: 0, max: 1, step: 0.005, text: (x) => L.format(x),
      accept: (x) => x >= 0 && x <= 1,
      hint: "a probability lies between 0 and 1"}, set(i)));
    return {
      element: L.html("fieldset", {}, L.html("legend", {}, title),
        rows.map((row) => row.element)),
      set: (p) => rows.forEach((row, i) => row.set(p[i])),
    };
  }

  function build(content, kernels, state, change) {
    const worlds = sliders("P, the world you are in", "p", state, change);
    const codes = sliders("Q, the world the code was made for", "q", state,
                          change);
    const panel = L.panel("width: probability in P; height: code length, bits",
                          width, height);
    const status = L.statusLine();
    const tables = L.html("div", {class: "live-tables"});
    content.append(
      L.html("div", {class: "live-pair"}, worlds.element, codes.element),
      L.html("div", {class: "live-controls"},
        L.button("make Q right: Q = P", () => change({q: state.p})),
        L.button("swap P and Q", () => change({p: state.q, q: state.p})),
        L.button("two bits for each: Q even", () => change({q: even})),
        L.button("a certain world", () => change({p: [0, 1, 0, 0]})),
        L.button("reset", () => change(defaults()))),
      status.element,
      L.html("div", {class: "live-wide"}, panel.element, key()), tables);

    return () => {
      const results = compute(kernels, state);
      worlds.set(state.p);
      codes.set(state.q);
      drawAreas(panel, results);
      tables.replaceChildren(quantities(results), codeLengths(results));
      status.say(inWords(results));
      return results;
    };
  }

  L.define("live-entropy-and-kl", {defaults, build});
})();
