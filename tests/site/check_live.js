// node check_live.js SITE MODULES VALUES KERNELS
// Loads the module into a page of the site in headless Chromium and compares
// what it returns there with VALUES, which live_values printed, bit for bit.
// Weighs it, and the kernels alone.
"use strict";

const fs = require("fs");
const path = require("path");
const url = require("url");
const zlib = require("zlib");

const [site, modules, values, kernels] =
  process.argv.slice(2).map((name) => path.resolve(name));
const { chromium } = require(path.join(modules, "playwright-core"));

// Both scripts are there; the module is made anew.
async function compareInPage(json) {
  return window.compareLive(await window.SurprisalLive(), json);
}

function gzipped(file) {
  return zlib.gzipSync(fs.readFileSync(file), { level: 9 }).length;
}

async function main() {
  const script = path.join(site, "live.js");
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
  });
  const page = await browser.newPage();
  await page.goto(url.pathToFileURL(path.join(site, "glossary.html")).href);
  await page.addScriptTag({ path: script });
  await page.addScriptTag({ path: path.join(__dirname, "compare_live.js") });
  const json = JSON.parse(fs.readFileSync(values, "utf8"));
  const { rows, calls, values: count, different } =
    await page.evaluate(compareInPage, json);
  await browser.close();
  different.slice(0, 20).forEach((one) => console.log(one));
  const [all, alone] = [gzipped(script), gzipped(kernels)];
  console.log(`${rows} rows, ${calls} calls, ${count} values compared, ` +
    `${different.length} different; gzipped, live.js has ${all} bytes ` +
    `(less than 400000), the kernels alone ${alone} (less than 60000)`);
  const small = all < 400000 && alone < 60000;
  process.exitCode = different.length === 0 && rows > 400 && small ? 0 : 1;
}

main();
