// <live-draw-a-digit> at work.
"use strict";

const {
  plain, says, fail, act, type, cost, refuseAll, slide, choose, press
} = require("./driver.js");

const digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

const side = 28;

function readDigit(reader) {
  const { seen, values } = reader;
  const { logits, probs, loss, label, answer } = values;
  const [words, numbers] = cost(probs[label], loss);
  reader.bars(0, "raw outputs", digits, logits);
  reader.bars(1, "softmax", digits, probs);
  if (values.pixels.every((ink) => ink === 0)) {
    reader.sentence("the status", seen.status[0], new RegExp(
      `: ${answer} gets (\\S+), the most\\.$`), [probs[answer]]);
  } else {
    reader.sentence("the status", seen.status[0], new RegExp(
      `^The network says ${answer}, with a probability of (\\S+)\\. .*label` +
      `${answer === label ? "" : ` is ${label}`}, .*loss.* ${words}$`),
    [probs[answer], ...numbers]);
  }
  reader.same("the label", seen.selects[0], label);
  readReplay(reader);
}

function readReplay(reader) {
  const { seen, values: { epoch, digit, ...values }, widget } = reader;
  const { epochs } = widget.digits;
  reader.same("the epoch", seen.fields[0].text, String(epoch));
  reader.same("the digit", seen.selects[1], digit);
  const { rows } = epochs[epoch];
  const medians = (key) => rows[digit][key].map(([box]) => box[3]);
  reader.sentence("the replay", seen.status[1], new RegExp(
    (epoch === 0 ? "^Before the training" :
      `^After epoch ${epoch} of ${epochs.length - 1}`) +
    `: training loss (\\S+) nats, .* right (\\S+)\\. For images of a ${digit}` +
    ",.* log-probability is (\\S+)\\.$"),
  [values.train_loss, values.test_accuracy, medians("logSoftmax")[digit]], 4);
  ["logits", "softmax", "logSoftmax"].forEach((key, i) =>
    reader.sentence("a box plot", seen.panels[3 + i].words, new RegExp(
      `medians: ${digits.join(" (\\S+), ")} (\\S+)$`), medians(key), 4));
  reader.same("the histograms", seen.panels[2].caption, "histograms: " +
    ["raw outputs", "softmax", "log-softmax"][seen.selects[2]]);
}

// The pixels that the paper shows; the pen is not to be on it.
async function checkPaper(widget, action) {
  const ink = await widget.element.locator("canvas").evaluate((canvas) => {
    const { data, width } = canvas.getContext("2d").getImageData(
      0, 0, canvas.width, canvas.height);
    return Array.from({ length: 784 }, (_, i) => 255 -
      data[4 * ((10 * Math.floor(i / 28) + 5) * width + 10 * (i % 28) + 5)]);
  });
  const { pixels } = plain(widget.seen.values);
  const wrong = ink.findIndex((value, i) => value !== pixels[i]);
  if (wrong !== -1) {
    fail(widget, action, `the paper shows ${ink[wrong]} at pixel ${wrong}, ` +
      `not ${pixels[wrong]}`);
  }
}

function sample(widget, label, which) {
  const all = widget.digits.samples.filter((one) => one.label === label);
  return [...Buffer.from(all[which % all.length].pixels, "base64")];
}

// The page opens with the first sample of a 2, which its button passes over.
async function takeSamples(widget) {
  for (let which = 0; which < 5; ++which) {
    for (let label = 0; label < 10; label += which < 2 ? 1 : 6) {
      await press(widget, `a sample of a ${label}`, {
        pixels: sample(widget, label, which + (label === 2 ? 1 : 0)),
        label: [label] },
      which % 2 ? "Enter" : "Space");
      await checkPaper(widget, `sample ${which} of a ${label}`);
    }
  }
}

// What the round pen leaves on its way, a quarter of a pixel at a time.
function drawn(pixels, from, to) {
  return pixels.map((ink, i) => {
    for (let k = 0; k <= 4; ++k) {
      const x = from.x + (to.x - from.x) * k / 4;
      const y = from.y + (to.y - from.y) * k / 4;
      const far = Math.hypot(i % side - x, Math.floor(i / side) - y);
      ink = Math.max(ink, Math.round(255 * Math.min(1, 1.8 - far)));
    }
    return ink;
  });
}

const clamped = (x) => Math.min(Math.max(x, 0), side - 1);

// A key on the paper: where the pen is then, and what it has drawn.
async function pen(widget, key) {
  const { x, y, down } = widget.pen;
  const [right, below] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0],
    ArrowUp: [0, -1], ArrowDown: [0, 1] }[key] || [0, 0];
  const to = { x: clamped(x + right), y: clamped(y + below),
    down: key === "Enter" ? !down : down };
  const inks = key === "Space" || (key === "Enter" ? !down :
    down && key.startsWith("Arrow"));
  if (inks) widget.ink = drawn(widget.ink, { x, y }, to);
  widget.pen = to;
  await act(widget, `${key} on the paper`, { pixels: widget.ink }, () =>
    widget.element.locator("canvas").press(key));
  const place = `pen at row ${to.y + 1}, column ${to.x + 1}` +
    (to.down ? ", down" : "");
  if (widget.seen.place[0] !== place) {
    fail(widget, `${key} on the paper`,
         `it says "${widget.seen.place[0]}", not "${place}"`);
  }
}

async function penKeys(widget, ...keys) {
  for (const key of keys) await pen(widget, key);
}

async function drawWithKeys(widget) {
  const paper = widget.element.locator("canvas");
  widget.ink = Array(784).fill(0);
  widget.pen = { x: 13, y: 13, down: false };
  await press(widget, "clear", { pixels: widget.ink });
  await penKeys(widget, "Space", "ArrowLeft", "ArrowLeft", "ArrowLeft", "Enter",
                "ArrowDown", "ArrowDown", "ArrowRight", "Control+ArrowUp",
                "ArrowDown", "Enter", "ArrowUp", "ArrowUp", "Space");
  await penKeys(widget, "Enter", ...Array(14).fill("ArrowLeft"));
  // The pen is lifted when the paper is left.
  await act(widget, "Tab from the paper", {}, () => paper.press("Tab"));
  if (widget.seen.place[0] !== "") fail(widget, "Tab", "the pen is there yet");
  await checkPaper(widget, "drawing with keys");
  widget.pen.down = false;
  await penKeys(widget, "ArrowDown", "ArrowRight");
}

// A dot five pixels off the middle, and centred.
async function centre(widget) {
  const dot = (at) => drawn(Array(784).fill(0), at, at);
  widget.ink = Array(784).fill(0);
  await press(widget, "clear", { pixels: widget.ink }, "Space");
  await press(widget, "centre", { pixels: widget.ink });
  await penKeys(widget, "ArrowRight", "ArrowRight", "Space");
  const { x, y } = widget.pen;
  const shift = (at) => at - Math.round(at - 13.5);
  await press(widget, "centre", { pixels: dot({ x: shift(x), y: shift(y) }) },
              "Space");
}

function distance(x, y, [from, to]) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const t = ((x - from.x) * dx + (y - from.y) * dy) / (dx * dx + dy * dy);
  const part = Math.min(1, Math.max(0, t || 0));
  return Math.hypot(x - from.x - part * dx, y - from.y - part * dy);
}

// Ink where the pointer went, none where it did not: a browser may round the
// places that it reports.
function checkTrace(widget, action, segments) {
  const { pixels } = plain(widget.seen.values);
  pixels.forEach((ink, i) => {
    const far = Math.min(...segments.map((segment) =>
      distance(i % side, Math.floor(i / side), segment)));
    if (far > 0.4 ? far < 2.2 || ink === 0 : ink > 240) return;
    fail(widget, action, `pixel ${i}, ${far} pixels off, has the ink ${ink}`);
  });
}

// Moves in pixels of the paper.
async function pointerOn(widget) {
  const paper = widget.element.locator("canvas");
  await paper.scrollIntoViewIfNeeded();
  const box = await paper.boundingBox();
  const { mouse } = widget.tab;
  const goTo = ({ x, y }, steps = 1) => mouse.move(
    box.x + (x + 0.5) / side * box.width,
    box.y + (y + 0.5) / side * box.height, { steps });
  return { mouse, goTo };
}

async function drawWithPointer(widget) {
  await press(widget, "clear", { pixels: Array(784).fill(0) });
  const { mouse, goTo } = await pointerOn(widget);
  const path = [{ x: 6, y: 5 }, { x: 20, y: 6 }, { x: 12, y: 24 }];
  const first = [path[0], path[1]], second = [path[1], path[2]];
  const draw = async (action, run, ...segments) => {
    await act(widget, action, (seen) =>
      ({ pixels: plain(seen.values).pixels }), run);
    checkTrace(widget, action, segments);
  };
  await draw("drag with the right button", async () => {
    await goTo(path[0]);
    await mouse.down({ button: "right" });
    await goTo(path[1], 5);
    await mouse.up({ button: "right" });
    await goTo(path[0]);
  });
  // It selects text, which the stroke behind it is not to drag.
  await draw("drag from beside the paper", async () => {
    await goTo({ x: -4, y: 9 });
    await mouse.down();
    await goTo({ x: 15, y: 9 }, 5);
    await mouse.up();
    await goTo(path[0]);
  });
  await draw("pointer pressed", () => mouse.down(), [path[0], path[0]]);
  await draw("pointer drawn", () => goTo(path[1], 10), first);
  await draw("pointer drawn on, then lifted", async () => {
    await goTo(path[2], 10);
    await mouse.up();
    await goTo(path[0], 5);
  }, first, second);
}

async function workEpochs(widget) {
  const last = widget.digits.epochs.length - 1;
  const epoch = (at) => ({ epoch: [at] });
  for (const key of ["ArrowLeft", "Home", ...Array(last).fill("ArrowRight"),
    "PageDown", "PageUp", "ArrowDown", "Home", "End"]) {
    await slide(widget, 0, key, epoch);
  }
  for (const text of ["0", "7", "-0", "1e0", String(last), "3"]) {
    await type(widget, 0, text, epoch(Math.abs(Number(text))));
  }
  await refuseAll(widget, 0, ["99", "1.5", "-1", "nan", "inf", "abc", "",
    String(last + 1)], `an epoch is a whole number up to ${last}`);
  for (const key of ["Home", ...Array(9).fill("ArrowDown"), "ArrowUp"]) {
    await choose(widget, 1, key, (to) => ({ digit: [to] }));
  }
  for (const key of ["ArrowDown", "ArrowDown", "ArrowUp", "Home"]) {
    await choose(widget, 2, key, () => ({}));
  }
}

// The training is played from its start, and stops when it is at its end.
async function play(widget) {
  await widget.element.evaluate((element) => {
    let { values } = element;
    window.playedEpochs = [];
    Object.defineProperty(element, "values", { get: () => values,
      set: (now) => { window.playedEpochs.push(now.epoch); values = now; } });
  });
  await press(widget, "play the training", (seen) => ({
    epoch: [plain(seen.values).epoch] }));
  await widget.tab.waitForFunction(() => window.playedEpochs.length > 2);
  const played = await widget.tab.evaluate(() => window.playedEpochs);
  if (played.some((epoch, i) => epoch !== i)) {
    fail(widget, "play", `it shows the epochs ${played}, not 0, 1, 2...`);
  }
  await slide(widget, 0, "End", (to) => ({ epoch: [to] }));
}

async function workDigit(widget) {
  await takeSamples(widget);
  for (const key of ["Home", "ArrowDown", "ArrowDown", "End", "ArrowUp"]) {
    await choose(widget, 0, key, (to) => ({ label: [to] }));
  }
  await drawWithKeys(widget);
  await centre(widget);
  await drawWithPointer(widget);
  await workEpochs(widget);
  await play(widget);
}

// Who wants no motion has a button that goes on by one epoch.
async function workStill(widget) {
  const epochs = widget.digits.epochs.length;
  for (let i = 0; i <= epochs; ++i) {
    await press(widget, "next epoch", { epoch: [i % epochs] });
  }
}

module.exports = { readDigit, sample, workDigit, workStill, digits };
