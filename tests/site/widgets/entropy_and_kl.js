// <live-entropy-and-kl> at work.
"use strict";

const { type, refuseAll, slideAll, press } = require("./driver.js");

const outcomes = ["sun", "cloud", "rain", "snow"];

function readEntropy(reader) {
  const { seen, values } = reader;
  const bits = (nats) => nats / values.nats_per_bit;
  const cell = (table, row, column) => seen.tables[table][row][column][0];
  ["entropy", "cross_entropy", "kl_divergence"].forEach((key, row) => {
    reader.number(`${key} in nats`, cell(0, row, 1), values[key]);
    reader.number(`${key} in bits`, cell(0, row, 2), bits(values[key]));
  });
  outcomes.forEach((outcome, i) => {
    reader.same("outcome", cell(1, i, 0), outcome);
    for (const [column, key] of [[1, "p"], [2, "q"]]) {
      reader.number(`the code of ${outcome} for ${key}`, cell(1, i, column),
                    bits(values[`code_${key}`][i]));
      reader.number(`${key}, ${outcome}`,
                    seen.fields[(column - 1) * 4 + i].text, values[key][i]);
    }
  });
  reader.sliders(0, 8);
  reader.sentence("the picture", seen.panels[0].words,
    new RegExp(`${outcomes.join(" (\\S+), ")} (\\S+)\\. Height.*bits: ` +
      `${outcomes.join(" (\\S+), ")} (\\S+)$`),
    [...values.p, ...values.code_q.map(bits)]);
  readCosts(reader, bits);
}

function readCosts(reader, bits) {
  const { entropy, cross_entropy: price, kl_divergence: waste } =
    reader.values;
  const [status] = reader.seen.status;
  const floor = "H\\(P\\) = (\\S+) bits in the mean\\. ";
  if (price === Infinity) {
    reader.sentence("the status", status, new RegExp(
      `${floor}.* is (\\S+)\\.$`), [bits(entropy), price]);
  } else if (waste <= 0) {
    reader.sentence("the status", status, new RegExp(floor), [bits(entropy)]);
  } else {
    reader.sentence("the status", status, new RegExp(`${floor}.*H\\(P, Q\\) ` +
      "= (\\S+) bits, so KL\\(P‖Q\\) = (\\S+) bits"),
    [entropy, price, waste].map(bits));
  }
}

async function workEntropy(widget) {
  const buttons = { "make Q right: Q = P": "right", "swap P and Q": "swap",
    "two bits for each: Q even": "even", "a certain world": "certain",
    reset: "reset" };
  const entry = (i) => (x) => ({ [i < 4 ? "p" : "q"]: [i % 4, x] });
  const pressAll = async (key) => {
    for (const [name, input] of Object.entries(buttons)) {
      await press(widget, name, { [input]: [] }, key);
    }
  };
  await pressAll("Enter");
  for (let i = 0; i < 8; ++i) {
    for (const text of ["0.3", "0.125", ".005", "0", "1", "0.3", "1e-320"]) {
      await type(widget, i, text, entry(i)(Number(text)));
    }
    await press(widget, "swap P and Q", { swap: [] }, "Space");
    await type(widget, i, "0.31", entry(i)(0.31));
    await slideAll(widget, i, entry(i));
    if (i % 3 === 2) await pressAll("Space");
  }
  for (const i of [1, 7]) {
    await refuseAll(widget, i, ["abc", "", "1e", "--1", "2", "-0.1", "nan",
      "inf", "1.0000001"], "a probability lies between 0 and 1");
  }
  await pressAll("Enter");
}

module.exports = { readEntropy, workEntropy };
