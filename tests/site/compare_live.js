// Whether the module returns, bit for bit, what the program live_values
// returned. Under node:
//   node compare_live.js live.js live_values.json
// In a page, after this script: compareLive(module, json).
"use strict";

(function (global) {
  const view = new DataView(new ArrayBuffer(8));

  // "3ff0000000000000" to 1, and back; any NaN is "nan".
  const formats = {
    double: {
      bytes: 8,
      read: (at) => view.getFloat64(at),
      fromBits: (text) => {
        view.setBigUint64(0, BigInt("0x" + text));
        return view.getFloat64(0);
      },
      toBits: (x) => {
        view.setFloat64(0, x);
        return view.getBigUint64(0).toString(16).padStart(16, "0");
      }
    },
    float: {
      bytes: 4,
      fromBits: (text) => {
        view.setUint32(0, parseInt(text, 16));
        return view.getFloat32(0);
      },
      toBits: (x) => {
        view.setFloat32(0, x);
        return view.getUint32(0).toString(16).padStart(8, "0");
      }
    }
  };

  function numberOf(kind, text) {
    return text === "nan" ? NaN : formats[kind].fromBits(text);
  }

  function bitsOf(kind, x) {
    return Number.isNaN(x) ? "nan" : formats[kind].toBits(x);
  }

  // The module's memory as numbers. Looked up each time: memory that grows is
  // another array.
  function heap(module, kind) {
    if (kind === "double") return module.HEAPF64;
    return kind === "float" ? module.HEAPF32 : module.HEAPU8;
  }

  function bytesOf(kind) {
    return formats[kind] ? formats[kind].bytes : 1;
  }

  function putArray(module, kind, values) {
    const at = module._malloc(Math.max(1, values.length) * bytesOf(kind));
    const numbers =
      kind === "byte" ? values : values.map((bits) => numberOf(kind, bits));
    heap(module, kind).set(numbers, at / bytesOf(kind));
    return at;
  }

  function putZeros(module, kind, size) {
    const at = module._malloc(size * bytesOf(kind));
    module.HEAPU8.fill(0, at, at + size * bytesOf(kind));
    return at;
  }

  function readOut(module, kind, at, size) {
    const first = at / bytesOf(kind);
    const numbers = Array.from(
      heap(module, kind).subarray(first, first + size)
    );
    if (kind !== "text") return numbers.map((x) => bitsOf(kind, x));
    const end = numbers.indexOf(0);
    return String.fromCharCode(...numbers.slice(0, end));
  }

  // Passes the arguments of a call; returns what to pass, and what to free.
  function passArguments(module, written) {
    const outs = [];
    const memory = [];
    const passed = written.map((argument) => {
      if (typeof argument === "number") return argument;
      if ("double" in argument) return numberOf("double", argument.double);
      const at =
        "in" in argument
          ? putArray(module, argument.in, argument.values)
          : putZeros(module, argument.out, argument.size);
      memory.push(at);
      if ("out" in argument) outs.push({ ...argument, at });
      return at;
    });
    return { passed, outs, memory };
  }

  // What the module returns and writes, as live_values would have it.
  function makeCall(module, call) {
    const { passed, outs, memory } = passArguments(module, call.arguments);
    const value = module["_" + call.call](...passed);
    const returned =
      typeof call.returned === "number" ? value : bitsOf("double", value);
    const results = outs.map((out) =>
      readOut(module, out.out, out.at, out.size)
    );
    memory.forEach((at) => module._free(at));
    return { returned, results };
  }

  // The values of a call, one after the other.
  function valuesOf(outcome) {
    return [outcome.returned, ...outcome.results].flat();
  }

  // {rows, values, different}: how many were compared, and where the module
  // differs: [{row, call, place, expected, got}].
  function compareLive(module, json) {
    const summary = { rows: 0, calls: 0, values: 0, different: [] };
    for (const row of json.rows) {
      summary.rows += 1;
      for (const call of row.calls) {
        summary.calls += 1;
        const expected = valuesOf(call);
        const got = valuesOf(makeCall(module, call));
        expected.forEach((value, place) => {
          summary.values += 1;
          if (value === got[place]) return;
          summary.different.push({
            row: row.row,
            call: call.call,
            place,
            expected: value,
            got: got[place]
          });
        });
      }
    }
    return summary;
  }

  global.compareLive = compareLive;

  async function main(script, values) {
    const path = require("path");
    const json = JSON.parse(require("fs").readFileSync(values, "utf8"));
    const module = await require(path.resolve(script))();
    const summary = compareLive(module, json);
    summary.different.slice(0, 20).forEach((d) => console.log(d));
    console.log(
      `${summary.rows} rows, ${summary.calls} calls, ${summary.values} ` +
        `values compared, ${summary.different.length} different`
    );
    process.exitCode = summary.different.length === 0 ? 0 : 1;
  }

  if (typeof require === "function" && require.main === module) {
    const [script, values] = process.argv.slice(2);
    if (values === undefined) {
      console.error("usage: node compare_live.js live.js live_values.json");
      process.exitCode = 2;
    } else {
      main(script, values);
    }
  }
})(globalThis);
