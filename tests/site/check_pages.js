// node check_pages.js SITE MODULES SCREENSHOTS [PAGE...]
// Opens every page of the site in headless Chromium, as a file: no errors on the
// console, no request to a host, every link and anchor alive, and on the pages
// that are read (not the listings of sources) valid HTML and no violation of
// axe-core, in light and dark. Leaves pictures of those: light, dark, and as wide
// as a phone. Tells how soon text and formulas are there.
"use strict";

const { spawnSync } = require("child_process");
const fs = require("fs");
const path = require("path");
const url = require("url");

const [site, modules, screenshots] =
  process.argv.slice(2, 5).map((folder) => path.resolve(folder));
const wanted = process.argv.slice(5);
const { chromium } = require(path.join(modules, "playwright-core"));
const axe = fs.readFileSync(path.join(modules, "axe-core/axe.min.js"), "utf8");
const vnu = path.join(modules, "vnu-jar/build/dist/vnu.jar");

const failures = [];
const counts = { pages: 0, links: 0, widgets: 0, axe: 0, valid: 0 };

function fail(page, text) {
  failures.push(`${page}: ${text}`);
}

const pages = fs.readdirSync(site).filter((name) => name.endsWith(".html")).sort();

// Listings and lists that Doxygen makes: nobody reads them from top to bottom.
function isRead(name) {
  return !/_source\.html$|^(dir|struct|class|concept|namespace)|_8h\.html$/
    .test(name);
}

async function open(context, name) {
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error") fail(name, `console: ${message.text()}`);
  });
  page.on("pageerror", (error) => fail(name, `error: ${error.message}`));
  page.on("request", (request) => {
    if (!/^(file|data|blob):/.test(request.url())) {
      fail(name, `asks for ${request.url()}`);
    }
  });
  page.on("requestfailed", (request) =>
    fail(name, `does not find ${request.url()}`));
  await page.goto(url.pathToFileURL(path.join(site, name)).href);
  await page.waitForFunction(() => [...document.querySelectorAll(".live")]
    .every((widget) => widget.hasAttribute("data-ready")), null,
  { timeout: 60000 }).catch(() => fail(name, "a widget is not ready"));
  return page;
}

// What a page refers to, and what others may refer to in it.
async function linksOf(page) {
  return page.evaluate(() => ({
    ids: [...document.querySelectorAll("[id], a[name]")]
      .map((element) => element.id || element.name),
    links: [...document.querySelectorAll("a[href]")]
      .map((element) => element.getAttribute("href")),
    widgets: document.querySelectorAll(".live").length,
  }));
}

function checkLinks(all) {
  for (const [name, { links }] of all) {
    for (const link of new Set(links)) {
      if (/^(https?|mailto|javascript):/.test(link)) continue;
      ++counts.links;
      const target = new URL(link, "file:///" + name);
      const file = decodeURIComponent(target.pathname.slice(1));
      const id = decodeURIComponent(target.hash.slice(1));
      if (!fs.existsSync(path.join(site, file))) {
        fail(name, `link to ${link}: no such file`);
      } else if (id !== "" && all.has(file) && !all.get(file).ids.includes(id)) {
        fail(name, `link to ${link}: no such anchor`);
      }
    }
  }
}

// Doxygen's own tables of members still have attributes that HTML has given up.
const doxygens = ".*“v?align” attribute on the “td” element is obsolete.*";

function checkHtml(names) {
  const files = names.map((name) => path.join(site, name));
  const { error, stderr } = spawnSync("java", ["-jar", vnu, "--errors-only",
    "--format", "json", "--filterpattern", doxygens, ...files],
  { encoding: "utf8", maxBuffer: 2 ** 26 });
  if (error) throw error;
  for (const { url: file, lastLine, message } of JSON.parse(stderr).messages) {
    fail(path.basename(file), `line ${lastLine}: ${message}`);
  }
  counts.valid = names.length;
}

// What stands above every page: the search, by keys alone, and the dark mode.
async function checkHead(context) {
  const page = await open(context, "glossary.html");
  const field = page.locator("search-box input");
  await field.fill("xyzzyq");
  await page.getByText("Nothing found").waitFor();
  await field.fill("jacobian");
  await page.locator("search-box .hits a").first().waitFor();
  await field.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL(/ch07_gradients\.html#ch07_jacobian$/);
  const isDark = () => document.documentElement.classList.contains("dark-mode");
  const before = await page.evaluate(isDark);
  await page.locator("#dark-mode").click();
  if (await page.evaluate(isDark) === before) fail("head", "it stays dark, or light");
  await page.close();
}

// A term that no page leads to was forgotten where it is first used.
function checkGlossary(all) {
  const linked = new Set([...all].filter(([name]) => name !== "glossary.html")
    .flatMap(([, { links }]) => links));
  const terms = all.get("glossary.html").ids.filter((id) => id.startsWith("g_"));
  if (terms.length < 40) fail("glossary.html", "hardly any terms");
  for (const id of terms.filter((id) => !linked.has(`glossary.html#${id}`))) {
    fail("glossary.html", `no page links to ${id}`);
  }
}

async function checkAxe(page, name, scheme) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run({ preload: false }));
  ++counts.axe;
  for (const { id, nodes } of violations) {
    const places = nodes.slice(0, 3).map(({ target }) => target.join(" "));
    fail(name, `axe (${scheme}): ${id} at ${places.join(", ")}` +
      ` of ${nodes.length}`);
  }
}

async function picture(page, name, kind) {
  const file = name.replace(/\.html$/, `_${kind}.png`);
  await page.screenshot({ path: path.join(screenshots, file) });
}

async function checkWidth(page, name) {
  const wide = await page.evaluate(() => {
    const text = document.querySelector("#doc-content, .contents") || document.body;
    return text.scrollWidth - text.clientWidth;
  });
  if (wide > 1) fail(name, `${wide} px wider than a phone`);
}

// The milliseconds until a page's text and formulas stand, nothing else running.
async function timeToRead(browser, name) {
  const page = await browser.newPage();
  await page.goto(url.pathToFileURL(path.join(site, name)).href);
  const time = await page.evaluate(async () => {
    await window.MathJax.startup.promise;
    return performance.now();
  });
  await page.close();
  return Math.round(time);
}

async function checkPage({ light, dark }, name) {
  const page = await open(light, name);
  const found = await linksOf(page);
  if (isRead(name)) {
    await checkAxe(page, name, "light");
    await picture(page, name, "light");
    await page.setViewportSize({ width: 390, height: 844 });
    await checkWidth(page, name);
    await picture(page, name, "phone");
    const night = await open(dark, name);
    await checkAxe(night, name, "dark");
    await picture(night, name, "dark");
    await night.close();
  }
  await page.close();
  return found;
}

// The pages of a list that several take from, each in windows of its own.
async function work(browser, names, all) {
  const viewport = { width: 1280, height: 900 };
  const contexts = {
    light: await browser.newContext({ colorScheme: "light", viewport }),
    dark: await browser.newContext({ colorScheme: "dark", viewport }),
  };
  while (names.length > 0) {
    const name = names.pop();
    all.set(name, await checkPage(contexts, name));
    counts.widgets += all.get(name).widgets;
  }
}

async function main() {
  fs.mkdirSync(screenshots, { recursive: true });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  const head = await browser.newContext();
  await checkHead(head).catch((error) => fail("head", error.message));
  await head.close();
  const times = [];
  for (const name of ["index.html", "ch02_softmax.html"]) {
    times.push(`${name} ${await timeToRead(browser, name)} ms`);
  }
  const all = new Map();
  const left = wanted.length > 0 ? [...wanted] : [...pages];
  await Promise.all([1, 2].map(() => work(browser, left, all)));
  await browser.close();
  counts.pages = all.size;
  checkLinks(all);
  if (wanted.length === 0) checkGlossary(all);
  checkHtml([...all.keys()].filter(isRead));
  if (pages.length < 40) fail(site, "hardly any pages");
  failures.sort().forEach((failure) => console.log(failure));
  console.log(`${counts.pages} pages, ${counts.links} links, ` +
    `${counts.widgets} widgets, ${counts.axe} times axe, ${counts.valid} pages ` +
    `judged valid: ${failures.length} failures; to be read after: ` +
    times.join(", "));
  process.exitCode = failures.length === 0 ? 0 : 1;
}

main();
