// <live-precision-explorer>: one row of logits, and softmax of it as four
// methods compute it: each value, its bits, and how far it is off.
"use strict";

(() => {
  const L = SurprisalWidgets;
  const [float32, float64, float16, bfloat16] = [0, 1, 2, 3];
  const mostLogits = 400;  // The oracle takes half a second for these.
  const mostShown = 10;

  const methods = [
    {key: "naive", name: "naive", how: "e^z over the sum of all e^z"},
    {key: "shifted", name: "shifted",
     how: "the same, after the maximum is subtracted"},
    {key: "online", name: "online",
     how: "one pass, with the largest logit so far"},
    {key: "exact", name: "exact", how: "surprisal::Softmax, rounded once"},
  ];

  const famous = [
    {name: "photo, 86 higher", text: "88.44, 89.92, 88.50, 84.73, 89.23",
     type: float32},
    {name: "photo", text: "2.44, 3.92, 2.50, -1.27, 3.23", type: float32},
    {name: "high", text: "1000, 999, 998", type: float32},
    {name: "low", text: "-1000, -1001, -1002", type: float32},
    {name: "steep", text: "90, 2, -2", type: float32},
    {name: "wide spread", text: "89, 88.3, 2.7, 0.1", type: float32,
     lesson: "z - max is rounded, and the exponential turns that absolute " +
       "error into a relative one."},
    {name: "doubles", text: "1000, 999, 998", type: float64},
    {name: "first one masked", text: "-inf, 0, 1", type: float32},
    {name: "float16's end", text: "10, 10, 10, 9", type: float16},
    {name: "300 zeros", text: "300*0", type: bfloat16,
     lesson: "Added up one by one, the weights stop counting at 256: in " +
       "bfloat16, 256 + 1 rounds to 256."},
  ];

  // --- A row as text ---

  function parseItem(item) {
    const [, times, text] = item.match(/^(?:(\d+)\*)?(.*)$/);
    const x = L.parse(text);
    if (x === null) return {problem: `"${item}" is no number`};
    const count = Math.min(Number(times ?? 1), mostLogits + 1);
    return {numbers: Array(count).fill(x)};
  }

  // {logits} of "1, 2, -inf" or "300*0"; {problem} if they are none.
  function parseRow(text) {
    const items = text.replace(/[[\](){}]/g, " ").replace(/\s*[*×]\s*/g, "*")
      .split(/[\s,;]+/).filter((item) => item !== "").map(parseItem);
    const wrong = items.find((item) => item.problem);
    if (wrong) return wrong;
    const logits = items.flatMap((item) => item.numbers);
    if (logits.length === 0) return {problem: "a row needs a logit"};
    if (logits.length > mostLogits) {
      return {problem: `a row has at most ${mostLogits} logits here`};
    }
    return {logits};
  }

  const rowOf = ({text, type}) =>
    ({text, type, typed: parseRow(text).logits});

  const isThe = (row, {text, type}) => row.text === text && row.type === type;

  const defaults = () => rowOf(famous[0]);

  // --- Four methods ---

  function compute(kernels, {type, typed}) {
    const logits = typed.map((z) => kernels.round(type, z));
    const results = methods.map((method, index) => {
      const probs = kernels.softmaxBy(index, type, logits);
      return {probs, ulps: kernels.softmaxUlps(type, logits, probs),
              bits: probs.map((p) => kernels.bits(type, p))};
    });
    const shown = logits.slice(0, mostShown);
    return {
      logits, results,
      weights: kernels.exp(type, logits),
      oracle: shown.map((z, i) => kernels.oracleSoftmax(logits, i, 20)),
    };
  }

  const undefinedRow = ({oracle}) => oracle[0] === "nan";
  const isNearest = (ulps) => ulps <= 0.5;

  function isLost({probs, ulps}, i) {
    return probs[i] === 0 && !isNearest(ulps[i]);
  }

  // Whether naive's sum is inf: then not even the largest weight has a share.
  function sumOverflows({weights, results}) {
    const largest = weights.indexOf(Math.max(...weights));
    return weights[largest] > 0 && !(results[0].probs[largest] > 0);
  }

  // How an answer came to be nan or 0 that should not be.
  function cause(index, row, i) {
    const weight = row.weights[i];
    if (!Number.isNaN(row.results[index].probs[i])) {
      const divided = index === 0 && weight > 0 && sumOverflows(row);
      return divided ? `${L.format(weight, 3)} / inf` : "rounds to 0";
    }
    if (index !== 0) return "-inf - -inf";
    return weight === 0 ? "0 / 0" : "inf / inf";
  }

  function errorInWords(index, row, i) {
    const {probs, ulps} = row.results[index];
    if (Number.isNaN(probs[i]) && ulps[i] === 0) return "rightly nan";
    if (undefinedRow(row)) return "wrong: there is no value";
    if (Number.isNaN(probs[i])) return `breaks: ${cause(index, row, i)}`;
    const size = `${L.format(ulps[i], 3)} ulp`;
    if (!isLost(row.results[index], i)) return size;
    return `lost: ${cause(index, row, i)}; ${size}`;
  }

  // --- In words ---

  const worst = (ulps) => Math.max(...ulps);

  function count(number, one, many) {
    return number === 1 ? `1 ${one}` : `${number} ${many}`;
  }

  function faults({probs, ulps}) {
    const lost = probs.filter((p, i) => isLost({probs, ulps}, i)).length;
    const nans = probs.filter((p, i) => Number.isNaN(p) && ulps[i] > 0).length;
    return {nans, lost};
  }

  function methodInWords(name, result) {
    const {nans, lost} = faults(result);
    const broken = [
      nans ? `${nans} of ${result.probs.length} nan` : [],
      lost ? count(lost, "probability lost as 0", "probabilities lost as 0") :
        [],
    ].flat();
    if (broken.length > 0) return `${name} breaks (${broken.join(", ")})`;
    const error = `${L.format(worst(result.ulps), 3)} ulp`;
    return isNearest(worst(result.ulps)) ?
      `${name} finds the nearest each time (${error} off at most)` :
      `${name} is up to ${error} off`;
  }

  function whyNaiveBreaks(typeName, row) {
    const {nans, lost} = faults(row.results[0]);
    if (nans + lost === 0) return "";
    const top = L.format(Math.max(...row.logits));
    if (row.weights.includes(Infinity)) {
      return `: e^${top} is larger than any ${typeName}`;
    }
    if (row.weights.every((w) => w === 0)) return `: even e^${top} rounds to 0`;
    return sumOverflows(row) ?
      `: the sum of all e^z is larger than any ${typeName}` :
      ": some e^z round to 0";
  }

  const whyOnlineBreaks = ({results}) =>
    (faults(results[2]).nans > 0 ? ": before any other logit, the largest " +
      "so far is -inf, and -inf - -inf is nan" : "");

  function inWords(state, row) {
    if (undefinedRow(row)) {
      return "Of this row nobody can say what softmax is: a logit is nan or " +
        "inf, or all are -inf. The right answer is nan, and a number beside " +
        "it would be wrong.";
    }
    const typeName = L.types[state.type];
    const [naive, shifted, online, exact] = row.results;
    const lesson = famous.find((row) => isThe(row, state))?.lesson;
    return methodInWords("Naive", naive) + whyNaiveBreaks(typeName, row) +
      ". " + methodInWords("Shifted", shifted) + "; " +
      methodInWords("online", online) + whyOnlineBreaks(row) + ". " +
      (lesson ? `${lesson} ` : "") +
      `Exact gives the ${typeName} nearest to each real number, here ` +
      `${L.format(worst(exact.ulps), 3)} ulp off at most: half a unit in ` +
      "the last place is the least that can be promised.";
  }

  // --- The errors as a picture ---

  const digits = [7, 16, 4, 3];  // A wrong 0 is off by no more than 10^these.
  const pictureHeight = methods.length * L.barHeight + 22;

  function errorScale(type) {
    const toPixels = L.scale([-2, digits[type]], [66, 250]);
    return (ulps) => toPixels(Math.log10(ulps));
  }

  function gridLine(x, text, attributes) {
    return [
      L.svg("line", {class: "live-axis", x1: x, x2: x, y1: 2,
                     y2: pictureHeight - 20, ...attributes}),
      L.label(x, pictureHeight - 4, text, {"text-anchor": "middle"}),
    ];
  }

  function dot(x, y, error) {
    if (error === Infinity) {
      return L.svg("path", {d: `M252 ${y - 5}l10 10m0 -10l-10 10`,
                            style: "stroke: var(--live-bad)",
                            "stroke-width": 3});
    }
    return L.svg("circle", {class: isNearest(error) ? "live-third" : "live-own",
                            cx: x(error), cy: y, r: 4.5});
  }

  function drawErrors(panel, {type}, row) {
    const {results} = row;
    const x = errorScale(type);
    const far = digits[type];
    const grid = [
      gridLine(x(0.5), "½"),
      gridLine(x(10 ** far), `1e${far}`, {"stroke-dasharray": "2 4"}),
      far > 5 ? gridLine(x(1e3), "1000", {"stroke-dasharray": "2 4"}) : [],
    ];
    const rows = methods.map(({name}, index) => {
      const y = index * L.barHeight + L.barHeight / 2;
      const ulps = results[index].ulps;
      const text = worst(ulps) === Infinity ? "wrong" :
        L.format(worst(ulps), 3);
      return [L.label(0, y + 4, name), ulps.map((error) => dot(x, y, error)),
              L.label(318, y + 4, text, {"text-anchor": "end"})];
    });
    const words = methods.map(({name}, index) =>
      methodInWords(name, results[index]));
    panel.draw([grid, rows], undefinedRow(row) ?
      "Errors: none is defined, for no probability is." :
      `Errors: ${words.join("; ")}.`);
  }

  // --- The values as tables ---

  const cellStyle = "padding: 0.2em 0.4em; text-align: left; " +
    "vertical-align: top; overflow-wrap: anywhere; font-weight: normal; " +
    "border-top: 1px solid var(--live-faint)";

  function cell(tag, attributes, ...children) {
    return L.html(tag, {style: cellStyle, ...attributes}, ...children);
  }

  const small = (text) => L.html("span", {style: "display: block; " +
    "font: 0.85em monospace; color: var(--live-muted)"}, text);

  const columns = [["logit", "22%"], ["value, bits", "44%"],
                   ["error", "34%"]];

  function table({name, how}) {
    const body = L.html("tbody");
    const heads = columns.map(([text, width]) => L.html("th", {
      scope: "col", style: `${cellStyle}; width: ${width}; ` +
        "background: none; color: var(--live-muted)"}, text));
    return {
      element: L.html("table", {
        style: "display: table; table-layout: fixed; width: 100%; margin: 0; " +
          "border-collapse: collapse; align-self: start",
      }, L.html("caption", {}, L.html("strong", {}, name), `: ${how}`),
        L.html("thead", {}, L.html("tr", {}, heads)), body),
      show: (rows) => body.replaceChildren(...rows),
    };
  }

  function tableRow(kernels, type, index, row, i) {
    const {probs, bits, ulps} = row.results[index];
    const good = isNearest(ulps[i]);
    const exactly = methods[index].key === "exact" ?
      [small(`oracle: ${row.oracle[i]}`)] : [];
    return L.html("tr", {},
      cell("td", {}, L.shortest(kernels, type, row.logits[i])),
      cell("td", {}, L.shortest(kernels, type, probs[i]), small(bits[i]),
           exactly),
      cell("td", {}, L.html("span", {class: good ? null : "live-note"},
                            errorInWords(index, row, i))));
  }

  function tableRows(kernels, {type}, index, row) {
    const rows = row.oracle.map((text, i) =>
      tableRow(kernels, type, index, row, i));
    const rest = row.logits.length - rows.length;
    if (rest > 0) rows.push(L.html("tr", {},
      cell("td", {colspan: columns.length}, `and ${rest} more`)));
    return rows;
  }

  // --- The element ---

  // A field for a row. What cannot be read stays there to be mended.
  function rowField(onChange) {
    const id = L.newId(), hintId = L.newId();
    const note = L.html("span", {class: "live-note", role: "alert"});
    const refuse = (problem) => {
      field.setAttribute("aria-invalid", String(problem !== ""));
      note.textContent = problem;
    };
    const field = L.html("input", {
      type: "text", id, class: "live-field", autocomplete: "off",
      spellcheck: "false", "aria-describedby": hintId, style: "width: 100%",
      onchange: () => {
        const {problem} = parseRow(field.value);
        if (problem) refuse(`${problem}; below is still the row before.`);
        else onChange(field.value);
      },
    });
    return {
      element: L.html("div", {}, L.html("label", {for: id}, "logits"), field,
        L.html("span", {id: hintId, style: "color: var(--live-muted)"},
               "numbers, inf, -inf or nan; 300*0 is 300 zeros. Enter takes " +
               "them. "), note),
      set: (text) => {
        field.value = text;
        refuse("");
      },
    };
  }

  function build(content, kernels, state, change) {
    const field = rowField((text) => change(rowOf({...state, text})));
    const type = L.choice("element type", L.types, (type) => change({type}));
    const buttons = famous.map((row) =>
      L.button(row.name, () => change(rowOf(row))));
    const status = L.statusLine();
    const errors = L.panel("error of each value in ulp, and the worst; left " +
                           "of ½ is the nearest value", 320, pictureHeight);
    const tables = methods.map(table);

    content.append(field.element,
      L.html("div", {class: "live-controls"}, type.element),
      L.html("div", {class: "live-controls", role: "group",
                     "aria-label": "rows worth a look"}, buttons),
      status.element, errors.element,
      L.html("div", {class: "live-panels", style: "margin-top: 1em; " +
        "grid-template-columns: repeat(auto-fit, minmax(min(100%, 20em), 1fr))",
      }, tables.map((table) => table.element)));

    return () => {
      const row = compute(kernels, state);
      field.set(state.text);
      type.set(state.type);
      buttons.forEach((button, i) => button.setAttribute("aria-pressed",
        String(isThe(famous[i], state))));
      drawErrors(errors, state, row);
      tables.forEach((table, index) =>
        table.show(tableRows(kernels, state, index, row)));
      status.say(inWords(state, row));
      return {type: state.type, logits: row.logits, oracle: row.oracle,
              ...Object.fromEntries(methods.map(({key}, index) =>
                [key, row.results[index]]))};
    };
  }

  L.define("live-precision-explorer", {defaults, build});
})();
