// node search_index.js SITE MINISEARCH
// Reads the pages of the folder SITE and writes its search_index.js: one entry
// for each section, so that a hit leads to the place. A script and not data, for
// pages opened as files may not fetch any.
"use strict";

const fs = require("fs");
const path = require("path");

const [site, library] = process.argv.slice(2);
const MiniSearch = require(library);

const ENTITIES = {
  amp: "&", lt: "<", gt: ">", quot: '"', nbsp: " ", "#160": " ", "#39": "'",
};

function textOf(html) {
  return html
    .replace(/<(script|style|nav)\b[\s\S]*?<\/\1>/g, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/&(#?\w+);/g, (all, name) => ENTITIES[name] || " ")
    .replace(/\\[()[\]]/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

function titleOf(html) {
  const title = /<title>([\s\S]*?)<\/title>/.exec(html);
  return title === null ? "" : textOf(title[1]).replace(/ – Surprisal$/, "");
}

// The part of a page before its first heading with an anchor, and those behind.
function sectionsOf(file, html) {
  const start = html.indexOf('<div class="contents">');
  if (start < 0) return [];
  const heading = /<h[1-4][^>]*>\s*<a class="anchor" id="([^"]+)"><\/a>([\s\S]*?)<\/h[1-4]>/g;
  const page = titleOf(html);
  const sections = [{ url: file, title: page, page, from: start }];
  heading.lastIndex = start;
  for (let m = heading.exec(html); m !== null; m = heading.exec(html)) {
    sections.push({
      url: file + "#" + m[1], title: textOf(m[2]), page, from: m.index,
    });
  }
  return sections.map((section, i) => ({
    url: section.url,
    title: section.title,
    page: section.page,
    text: textOf(html.slice(
      section.from, i + 1 < sections.length ? sections[i + 1].from : undefined)),
  }));
}

const entries = [];
for (const file of fs.readdirSync(site).sort()) {
  if (!file.endsWith(".html") || file.endsWith("_source.html")) continue;
  const html = fs.readFileSync(path.join(site, file), "utf8");
  for (const section of sectionsOf(file, html)) {
    if (section.text.length > 40) entries.push({ id: entries.length, ...section });
  }
}
const options = { fields: ["title", "text"], storeFields: ["url", "title", "page"] };
const index = new MiniSearch(options);
index.addAll(entries);
const script = "window.SurprisalSearch = " + JSON.stringify({
  options, index: index.toJSON(),
}) + ";\n";
fs.writeFileSync(path.join(site, "search_index.js"), script);
