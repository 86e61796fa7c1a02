// node pack_module.js GLUE.js MODULE.wasm SCRIPT.js
// One script of the two files that em++ made, for pages that are opened as files
// may not fetch. The module is in it gzipped, in base64: 4/3 of what a server
// that compresses would send, where base64 of the module itself, compressed by
// the server, is 1.3 times that.
"use strict";

const fs = require("fs");
const zlib = require("zlib");

// In the reader's browser: what em++ exports, given the module's bytes.
function unpacked(make, packed) {
  return async () => {
    const zipped = Uint8Array.from(atob(packed), (byte) => byte.charCodeAt(0));
    const stream = new Blob([zipped]).stream()
      .pipeThrough(new DecompressionStream("gzip"));
    return make({ wasmBinary: await new Response(stream).arrayBuffer() });
  };
}

const [glue, wasm, script] = process.argv.slice(2);
const packed =
  zlib.gzipSync(fs.readFileSync(wasm), { level: 9 }).toString("base64");
// The glue would set exports by itself.
fs.writeFileSync(script, `var SurprisalLive = (${unpacked})(((exports, module) => {
${fs.readFileSync(glue, "utf8")}
return SurprisalLive;
})(), "${packed}");
if (typeof module === "object") module.exports = SurprisalLive;
`);
