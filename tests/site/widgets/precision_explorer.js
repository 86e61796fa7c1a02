// <live-precision-explorer> at work.
"use strict";

const { rowOf, type, refuse, choose, press } = require("./driver.js");
const { logitRows } = require("./logits_to_loss.js");

const precisionRows = [...logitRows, "300*0", "400*1", "65504, 65504, 0, -8",
  "65520, 65519, 1", "6e-8, -6e-8, 3e-8, 2.9e-8", "1e-310, 5e-324, 0",
  "inf", "-inf", "nan, 1", "0", "[1, 2, 3]", "(1; 2) {3}", "2 × 1.5, 3* 0.1",
  "709.7, 710, -745.2", "-104, -103.2, -104.1", "0.1 0.2 0.3"];

const noLogit = "a row needs a logit";
const tooLong = "a row has at most 400 logits here";
const refusedRows = [
  ["abc", '"abc" is no number'], ["1e", '"1e" is no number'],
  ["--1", '"--1" is no number'], ["1, x", '"x" is no number'],
  ["2*", '"2*" is no number'], ["1*2*3", '"1*2*3" is no number'],
  ["1, 0x10, 2", '"0x10" is no number'], ["", noLogit], [" , ", noLogit],
  ["0*1", noLogit], ["401*0", tooLong], ["400*0, 1", tooLong],
  ["9999999999*1", tooLong],
];

const methods = ["naive", "shifted", "online", "exact"];

function readPrecision(reader, refused) {
  const { seen, values } = reader;
  reader.same("the type", seen.selects[0], values.type);
  if (!refused) readTyped(reader);
  methods.forEach((method, m) => {
    const { probs, ulps } = values[method];
    const shown = Math.min(10, probs.length);
    for (let i = 0; i < shown; ++i) readProbability(reader, method, m, i);
    const rest = probs.length - shown;
    reader.same(`rows of ${method}`, seen.tables[m].length,
                shown + (rest > 0 ? 1 : 0));
    if (rest > 0) {
      reader.same(`${method}`, seen.tables[m][shown][0][0], `and ${rest} more`);
    }
    const { texts } = seen.panels[0];
    const text = texts[texts.indexOf(method) + 1];
    if (text !== "wrong" || !ulps.includes(Infinity)) {
      reader.number(`the worst of ${method}`, text, Math.max(...ulps), 3);
    }
  });
}

// The field's row, rounded, is the values'; its button alone is pressed.
function readTyped(reader) {
  const { seen, values, widget } = reader;
  const pressed = seen.buttons.filter((one) => one["aria-pressed"] === "true");
  if (pressed.length > 1) reader.fail("two buttons are pressed");
  reader.same("the number of logits", rowOf(seen.fields[0].text).length,
              values.logits.length);
  if (!widget.famous || widget.famous === pressed[0]?.name) return;
  reader.fail(`"${widget.famous}" is not shown as pressed`);
}

function readProbability(reader, method, m, i) {
  const { type, logits, oracle, [method]: { probs, bits, ulps } } =
    reader.values;
  const [[logit], [value, code, exactly], [error]] = reader.seen.tables[m][i];
  const what = `${method} ${i}`;
  reader.shortest(type, logit, logits[i]);
  reader.shortest(type, value, probs[i]);
  reader.same(`the bits of ${what}`, code, bits[i]);
  if (method === "exact") {
    reader.same(`the oracle of ${i}`, exactly, `oracle: ${oracle[i]}`);
  }
  readError(reader, `the error of ${what}`, error, {
    p: probs[i], ulps: ulps[i], exists: oracle[i] !== "nan" });
}

function readError(reader, what, text, { p, ulps, exists }) {
  const kind = !exists ? (Number.isNaN(p) ? /^rightly nan$/ : /^wrong: /) :
    Number.isNaN(p) ? /^breaks: / :
      p === 0 && ulps > 0.5 ? /^lost: .*; (\S+) ulp$/ : /^(\S+) ulp$/;
  const given = exists && !Number.isNaN(p);
  reader.sentence(what, text, kind, given ? [ulps] : [], 3);
}

async function workPrecision(widget) {
  const named = widget.seen.buttons.map(({ name }) => name);
  for (const [i, name] of named.entries()) {
    widget.famous = name;
    await press(widget, name, (seen) => ({
      row: rowOf(seen.fields[0].text), type: [seen.selects[0]] }),
    i % 2 ? "Enter" : "Space");
  }
  widget.famous = null;
  const type_ = (to) => ({ type: [to] });
  for (const row of precisionRows) {
    await type(widget, 0, row, { row: rowOf(row) });
    for (const key of ["Home", "ArrowDown", "ArrowDown", "ArrowDown"]) {
      await choose(widget, 0, key, type_);
    }
  }
  widget.keepsText = true;
  for (const [text, problem] of refusedRows) {
    await refuse(widget, 0, text,
                 `${problem}; below is still the row before.`);
  }
  await choose(widget, 0, "ArrowUp", type_);
}

module.exports = { readPrecision, workPrecision };
