// <live-logits-to-loss> at work.
"use strict";

const {
  numberOf, type, cost, refuseAll, slideAll, choose, press, names, float32
} = require("./driver.js");

const logitRows = [
  "1000, 0, 0, 0, 0", "-inf, 3.92, 2.5, -1.27, 3.23",
  "2.44, -INF, 2.5, -1.27, 3.23", "-inf, -inf, -inf, -inf, -inf",
  "1, 2, NaN, 4, 5", "inf, 2, 3, 4, 5", "1, ∞, inf, 4, -inf",
  "2.5, 2.5, 2.5, 2.5, 2.5", "3.4e38, -3.4e38, 0, 1, 2",
  "-3.4e38, -3.4e38, -3.4e38, -3.4e38, 3.4e38", "3.5e38, -3.5e38, 0, 1, 2",
  "1e-45, -1e-45, 1e-40, -1e-40, 0", "-0, 0, -0, 0, -0",
  "88.7, -103.97, 0, -15.3, 88.6", "16, 0, 0, 0, 0", "17.4, 0, 0, 0, 0",
  "−5, +.5, 5., 0.1e1, 00012", "2.44, 3.92, 2.50, -1.27, 3.23",
];

function readLogits(reader) {
  const { seen, values } = reader;
  const { probs, log_probs: logProbs, loss, label } = values;
  reader.bars(0, "softmax", names, probs);
  reader.bars(1, "log-softmax", names, logProbs);
  reader.bars(2, "gradient", names, values.gradient);
  reader.sentence("the caption", seen.panels[1].caption,
                  /^log-softmax; the loss is (\S+)$/, [loss]);
  reader.sliders(0, names.length);
  values.logits.forEach((z, c) =>
    reader.shortest(float32, seen.fields[c].text, z));
  reader.same("the step size", Number(seen.fields[5].text), values.step_size);
  reader.same("the choice", seen.selects[0], label);
  readSentence(reader);
}

function readSentence(reader) {
  const { logits, label, probs, loss, gradient, steps } = reader.values;
  const others = gradient.filter((_, c) => c !== label);
  const worst = names.filter((_, c) => c !== label &&
    gradient[c] === Math.max(...others));
  const [status] = reader.seen.status;
  const trouble = logits.some(Number.isNaN) ? /nan/ :
    logits.includes(Infinity) ? /logit of inf/ :
      logits.every((z) => z === -Infinity) ? /All logits are -inf/ :
        logits[label] === -Infinity ? /probability 0, loss inf/ : null;
  if (trouble) return reader.sentence("the status", status, trouble, []);
  const [words, numbers] = cost(probs[label], loss);
  const taken = steps === 0 ? "^S" : `^After ${steps} steps?: s`;
  const demand = gradient.every((g) => g === 0) ? "The gradient is 0" :
    `raises the ${names[label]}'s .* most of all the (${worst.join("|")})'s\\.`;
  return reader.sentence("the status", status, new RegExp(
    `${taken}oftmax gives the ${names[label]}, the label, a probability of ` +
    `(\\S+), and the loss is ${words} .*${demand}`),
  [probs[label], ...numbers]);
}

async function typeLogits(widget, row) {
  for (const [c, text] of row.split(", ").entries()) {
    if (widget.seen.fields[c].text === text) continue;
    await type(widget, c, text, { logit: [c, numberOf(text)] });
  }
}

const descend = "one step of gradient descent";

async function descendOften(widget) {
  await press(widget, descend, { descend: [] }, "Space");
  await press(widget, descend, { descend: [] });
  for (const size of ["0.5", "10", "1e-3", "1e300"]) {
    await type(widget, 5, size, { step_size: [Number(size)] });
    for (let i = 0; i < 3; ++i) {
      await press(widget, descend, { descend: [] });
    }
  }
  await press(widget, "reset", { reset: [] }, "Space");
}

async function workLogits(widget) {
  const label = (to) => ({ label: [to] });
  for (const c of names.keys()) {
    await slideAll(widget, c, (at) => ({ logit: [c, at] }));
  }
  await press(widget, "reset", { reset: [] });
  for (const row of logitRows) {
    await typeLogits(widget, row);
    for (const key of ["End", "Home", "ArrowDown"]) {
      await choose(widget, 0, key, label);
    }
    await press(widget, descend, { descend: [] });
  }
  await descendOften(widget);
  for (const key of ["ArrowDown", "ArrowDown", "ArrowUp"]) {
    await choose(widget, 0, key, label);
  }
  for (const field of [0, 4]) {
    await refuseAll(widget, field, ["abc", "", "1e", "--1", "1,5", "0x10"],
                    "type a number, inf, -inf or nan");
  }
  await refuseAll(widget, 5, ["0", "-1", "inf", "nan", "abc", ""],
                  "a step size is a finite number above 0");
  await press(widget, "reset", { reset: [] });
}

module.exports = { readLogits, workLogits, logitRows };
