// <live-gradient-check> at work.
"use strict";

const {
  says, act, slide, slideAll, choose, press, names, float32, float64
} = require("./driver.js");

const stepsShown = 46;

// 1, 2 and 5 times each power of ten, from 1e-16 to 1e-1.
function stepAt(at) {
  return Number(`${[1, 2, 5][at % 3]}e-${16 - Math.floor(at / 3)}`);
}

function readGradient(reader) {
  const { seen, values, widget } = reader;
  const { derivative, error, step, index, slope } = values;
  const keys = ["forward_float32", "central_float32", "forward_float64",
    "central_float64", "complex_step"];
  keys.forEach((key, row) => {
    const [, [value], [off]] = seen.tables[0][row];
    reader.shortest(row < 2 ? float32 : float64, value, derivative[key]);
    reader.number(`the error of ${key}`, off, error[key], 3);
  });
  reader.shortest(float64, seen.tables[0][5][1][0], slope);
  reader.same("the choice", seen.selects[0], index);
  reader.number("the slider", seen.ranges[0].says, step);
  const off = ["central_float32", "central_float64", "complex_step"]
    .map((key) => error[key]);
  reader.sentence("the status", seen.status[0], new RegExp(
    `along the ${names[index]}'s .* by (\\S+) in float32 .* by (\\S+) in ` +
    "float64 .* by (\\S+)\\.$"), off, 2);
  reader.sentence("the status", seen.status[0], /^At h = (\S+),/, [step]);
  reader.sentence("the picture", seen.panels[0].words, new RegExp(
    `: ${keys.map((key) => `.*${key.split("_")[0]}.* (\\S+)`).join(",")}$`),
  keys.map((key) => error[key]), 2);
  widget.visited.push({ reader, step, index, off });
}

// What the sentences say of smaller and larger steps, all having been seen.
function judgeSteps({ visited }) {
  for (const { reader, step, index, off } of visited) {
    const words = reader.seen.status[0].match(/\(([^)]*)\)/g);
    const curve = visited.filter((one) => one.index === index);
    [0, 1].forEach((m) => {
      const least = Math.min(...curve.map((one) => one.off[m]));
      const best = curve.filter((one) => one.off[m] === least)
        .map((one) => one.step);
      const right = step > Math.max(...best) ? "smaller step would" :
        step < Math.max(...best) ? "larger step would" : "no step";
      if (!words[m].includes(right)) {
        reader.fail(`it says "${words[m]}", not "${right}"`);
      }
    });
  }
}

// Presses, then draws, in the picture where these steps stand.
async function pointAtSteps(widget) {
  const picture = widget.element.locator("figure svg");
  await picture.scrollIntoViewIfNeeded();
  const box = await picture.boundingBox();
  const { mouse } = widget.tab;
  const goTo = (at) => mouse.move(
    box.x + box.width * (48 + (Math.log10(stepAt(at)) + 16) / 15 * 584) / 640,
    box.y + box.height / 2);
  const step = (at) => ({ step: [stepAt(at)] });
  await act(widget, "pointer without a button", {}, () => goTo(7));
  for (const at of [0, 20, 45]) {
    await goTo(at);
    await act(widget, `pointer pressed at step ${at}`, step(at), () =>
      mouse.down());
    await act(widget, `pointer drawn from step ${at}`, step(31), () =>
      goTo(31));
    await mouse.up();
  }
}

async function workGradient(widget) {
  const step = (at) => ({ step: [stepAt(at)] });
  await slideAll(widget, 0, step);
  for (const c of names.keys()) {
    const [end, key] = c % 2 ? ["End", "ArrowLeft"] : ["Home", "ArrowRight"];
    if (c === 0 || widget.seen.ranges[0].at !== (c % 2 ? 45 : 0)) {
      await slide(widget, 0, end, step);
    }
    for (let i = 1; i < stepsShown; ++i) await slide(widget, 0, key, step);
    await choose(widget, 0, "ArrowDown", (to) => ({ index: [to] }));
  }
  judgeSteps(widget);
  await pointAtSteps(widget);
  await press(widget, "reset", { reset: [] });
}

module.exports = { readGradient, workGradient };
