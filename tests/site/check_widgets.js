// node check_widgets.js SITE MODULES CHECKER
// Works the widgets of the site in headless Chromium with keys, typed text and
// pointer. What is nonsense is refused in words; every text and number shown is
// that of the widget's `values`; and after each action these go, with what the
// action did to the inputs, to the program CHECKER (widget_values), which
// compares them with the library's, bit for bit.
"use strict";

const { spawnSync } = require("child_process");
const path = require("path");
const url = require("url");

const [site, modules, checker] =
  process.argv.slice(2).map((name) => path.resolve(name));
const { chromium } = require(path.join(modules, "playwright-core"));
const {
  coded, fail, act, tabThrough, records, failures, counts
} = require("./widgets/driver.js");
const { readLogits, workLogits } = require("./widgets/logits_to_loss.js");
const {
  readPrecision, workPrecision
} = require("./widgets/precision_explorer.js");
const { readEntropy, workEntropy } = require("./widgets/entropy_and_kl.js");
const { readGradient, workGradient } = require("./widgets/gradient_check.js");
const {
  readDigit, sample, workDigit, workStill, digits
} = require("./widgets/draw_a_digit.js");

const digitReader = { name: "live-draw-a-digit", reads: readDigit };

const plan = [
  { file: "index.html", name: "live-logits-to-loss", reads: readLogits,
    work: workLogits },
  { file: "ch01_raw_logits.html", ...digitReader, work: workDigit },
  { file: "ch01_raw_logits.html", ...digitReader, work: workStill,
    still: true },
  { file: "ch02_softmax.html", name: "live-precision-explorer",
    reads: readPrecision, work: workPrecision },
  { file: "ch05_cross_entropy.html", name: "live-logits-to-loss",
    reads: readLogits, work: workLogits },
  { file: "ch06_entropy_and_kl.html", name: "live-entropy-and-kl",
    reads: readEntropy, work: workEntropy },
  { file: "ch07_gradients.html", name: "live-gradient-check",
    reads: readGradient, work: workGradient },
];

async function open(browser, { file, name, reads, still }) {
  const tab = await browser.newPage({ viewport: { width: 1280, height: 900 },
    reducedMotion: still ? "reduce" : "no-preference" });
  const page = still ? `${file}, without motion` : file;
  const widget = { page, name, reads, tab, visited: [],
    element: tab.locator(name) };
  tab.setDefaultTimeout(20000);
  tab.on("console", (message) => {
    if (message.type() === "error") fail(widget, "console", message.text());
  });
  tab.on("pageerror", (error) => fail(widget, "error", error.message));
  await tab.goto(url.pathToFileURL(path.join(site, file)).href);
  return widget;
}

async function check(browser, { work, ...where }) {
  const widget = await open(browser, where);
  try {
    await widget.tab.locator(`${widget.name}[data-ready]`).waitFor();
    widget.digits = await widget.tab.evaluate(() => window.SurprisalDigits);
    const opened = widget.digits ? { pixels: sample(widget, 2, 0) } : {};
    await act(widget, "opened", opened, async () => {});
    await tabThrough(widget);
    await work(widget);
  } catch (error) {
    fail(widget, "worked", error.stack);
  }
  await widget.tab.close();
  return widget;
}

// The network as CHECKER takes it.
function writtenDigits({ weights, epochs }) {
  return {
    weights: Buffer.from(weights, "base64").toString("hex"),
    epochs: epochs.map(({ trainLoss, testAccuracy }) =>
      [trainLoss, testAccuracy].map(coded)),
  };
}

// CHECKER's differences; how many values it has compared.
function compare(widgets) {
  const found = widgets.find(({ digits }) => digits);
  const input = JSON.stringify({ records,
    digits: found ? writtenDigits(found.digits) : null });
  const { status, stdout, stderr, error } = spawnSync(checker, [], {
    input, encoding: "utf8", maxBuffer: 2 ** 28 });
  const lines = (stdout || "").trim().split("\n");
  const compared = lines[lines.length - 1].match(/^(\d+) values compared/);
  if (compared) failures.push(...lines.slice(0, -1));
  if (!compared || (status !== 0 && lines.length === 1)) {
    failures.push(`${checker}: ${error || stderr || stdout}`);
  }
  return compared ? compared[1] : 0;
}

async function main() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  const widgets = [], left = [...plan];
  const work = async () => {
    while (left.length > 0) widgets.push(await check(browser, left.shift()));
  };
  await Promise.all([work(), work()]);
  await browser.close();
  const values = compare(widgets);
  [...new Set(failures)].slice(0, 40)
    .forEach((failure) => console.log(failure));
  const kinds = new Set(plan.map(({ name }) => name)).size;
  const pages = new Set(plan.map(({ file }) => file)).size;
  console.log(`${kinds} widgets (on ${pages} pages), ${counts.actions} ` +
    `actions, ${values} values compared with the library's, ` +
    `${counts.refusals} refusals: ${failures.length} failures`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

main();
