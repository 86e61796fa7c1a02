// node serve.js FOLDER PORT: serves the files of a folder, to this machine alone.
"use strict";

const fs = require("fs");
const http = require("http");
const path = require("path");

const root = path.resolve(process.argv[2]);
const port = Number(process.argv[3]);
const types = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".png": "image/png",
  ".svg": "image/svg+xml",
};

// The file that a URL names; undefined if it lies outside of the folder, or if
// the URL is none.
function fileOf(url) {
  let name;
  try {
    name = decodeURIComponent(new URL(url, "http://localhost").pathname);
  } catch {
    return undefined;
  }
  const file = path.join(root, name.endsWith("/") ? name + "index.html" : name);
  return file.startsWith(root + path.sep) ? file : undefined;
}

function refuse(response) {
  response.writeHead(404, { "Content-Type": "text/plain" });
  response.end("There is no such page.\n");
}

const server = http.createServer((request, response) => {
  const file = fileOf(request.url);
  if (file === undefined) return refuse(response);
  const stream = fs.createReadStream(file);
  stream.on("error", () => refuse(response));
  stream.on("open", () => {
    const type = types[path.extname(file)] || "application/octet-stream";
    response.writeHead(200, { "Content-Type": type });
    stream.pipe(response);
  });
});
server.on("error", (error) => {
  console.error(`suite: cannot serve on port ${port}: ${error.code}`);
  process.exitCode = 1;
});
server.listen(port, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${port}/ until Ctrl-C`);
});
