// <live-draw-a-digit>: the network of the chapters looks at what is drawn; and
// below, its training once more, epoch by epoch.
"use strict";

(() => {
  const L = SurprisalWidgets;
  const float32 = 0;
  const side = 28, cell = 10, most = 255;
  const digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
  const quantities = ["logits", "softmax", "logSoftmax"];
  const titles = ["raw outputs", "softmax", "log-softmax"];

  function bytes(base64) {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  }

  function sampleOf(label, which = 0) {
    const samples = window.SurprisalDigits.samples
      .filter((sample) => sample.label === label);
    return bytes(samples[which % samples.length].pixels);
  }

  function lastEpoch() {
    return window.SurprisalDigits.epochs.length - 1;
  }

  function defaults() {
    return {pixels: sampleOf(2), label: 2, x: 13, y: 13, down: false,
            epoch: lastEpoch(), digit: 1, quantity: 0};
  }

  // --- The pen: a round one, about two pixels wide ---

  function dot(pixels, x, y) {
    for (let i = 0; i < pixels.length; ++i) {
      const far = Math.hypot(i % side - x, Math.floor(i / side) - y);
      const ink = Math.round(most * L.clamp(1.8 - far, 0, 1));
      pixels[i] = Math.max(pixels[i], ink);
    }
  }

  function line(pixels, from, to) {
    const drawn = pixels.slice();
    const parts = Math.ceil(
      4 * Math.hypot(to.x - from.x, to.y - from.y)) || 1;
    for (let k = 0; k <= parts; ++k) {
      dot(drawn, from.x + (to.x - from.x) * k / parts,
          from.y + (to.y - from.y) * k / parts);
    }
    return drawn;
  }

  // MNIST's digits have their centre of mass in the middle.
  function centred(pixels) {
    let ink = 0, across = 0, down = 0;
    pixels.forEach((value, i) => {
      ink += value;
      across += value * (i % side);
      down += value * Math.floor(i / side);
    });
    if (ink === 0) return pixels;
    const right = Math.round(across / ink - (side - 1) / 2);
    const below = Math.round(down / ink - (side - 1) / 2);
    return pixels.map((_, i) => {
      const x = i % side + right, y = Math.floor(i / side) + below;
      const inside = x >= 0 && x < side && y >= 0 && y < side;
      return inside ? pixels[y * side + x] : 0;
    });
  }

  function paint(canvas, {pixels, x, y, down}, withPen) {
    const context = canvas.getContext("2d");
    pixels.forEach((ink, i) => {
      const grey = most - ink;
      context.fillStyle = `rgb(${grey},${grey},${grey})`;
      context.fillRect(i % side * cell, Math.floor(i / side) * cell, cell,
                       cell);
    });
    if (!withPen) return;
    context.strokeStyle = context.fillStyle = "#b3400a";
    context.lineWidth = 2;
    context.beginPath();
    context.arc((x + 0.5) * cell, (y + 0.5) * cell, cell, 0, 2 * Math.PI);
    if (down) context.fill();
    context.stroke();
  }

  // --- What the network says ---

  function answer(kernels, {pixels, label}) {
    const logits = kernels.digitLogits(pixels);
    const {loss, gradient} = kernels.crossEntropy(float32, logits, label);
    return {
      label, logits, loss, gradient,
      probs: kernels.softmax(float32, logits),
      log_probs: kernels.logSoftmax(float32, logits),
      answer: logits.indexOf(Math.max(...logits)),
    };
  }

  function answerInWords({pixels}, {label, probs, loss, answer}) {
    const costs = L.costInWords(probs[label], loss);
    if (pixels.every((ink) => ink === 0)) {
      return "Empty paper, and still there are ten raw outputs, and softmax " +
        `shares 1 out among them: ${answer} gets ${L.format(probs[answer])}, ` +
        "the most.";
    }
    const says = `The network says ${answer}, with a probability of ` +
      `${L.format(probs[answer])}. `;
    return says + (answer === label ?
      `If that is the label, the loss is ${costs}.` :
      `But the label is ${label}, and the loss ${costs}.`);
  }

  function drawAnswer(panels, {label, logits, probs}) {
    const low = Math.min(-15, ...logits), high = Math.max(20, ...logits);
    panels[0].draw(L.bars(digits, logits, {range: [low, high], own: label}),
                   `raw outputs: ${L.listed(digits, logits)}`);
    panels[1].draw(L.bars(digits, probs, {range: [0, 1], own: label}),
                   `softmax: ${L.listed(digits, probs)}`);
  }

  // --- The training, epoch by epoch ---

  const width = 240, rowHeight = 22, height = 11 * rowHeight;
  const plot = [22, width - 8];

  // The ten outputs for the test images of a digit: [box, counts] of each.
  function outputs({epoch, digit}, quantity) {
    return window.SurprisalDigits.epochs[epoch].rows[digit][quantity];
  }

  function frame(range) {
    const y = 10 * rowHeight + 14;
    return [
      digits.map((name, c) => L.label(4, c * rowHeight + 16, name)),
      L.label(plot[0], y, L.format(range[0])),
      L.label(plot[1], y, L.format(range[1]), {"text-anchor": "end"}),
    ];
  }

  function histogram(counts, c, kind) {
    const tall = Math.max(...counts), base = (c + 1) * rowHeight - 2;
    const x = L.scale([0, counts.length], plot);
    return counts.map((count, bin) => L.svg("rect", {
      class: kind, x: x(bin), width: x(1) - x(0),
      y: base - 18 * count / tall, height: 18 * count / tall}));
  }

  function boxPlot([, low, q1, median, q3, high], c, kind, range) {
    const x = L.scale(range, plot), y = c * rowHeight + 11;
    return [
      L.svg("line", {class: `${kind} live-whisker`, x1: x(low), x2: x(high),
                     y1: y, y2: y}),
      L.svg("rect", {class: kind, x: x(q1), y: y - 6, height: 12,
                     width: Math.max(x(q3) - x(q1), 1)}),
      L.svg("line", {class: "live-median", x1: x(median), x2: x(median),
                     y1: y - 8, y2: y + 8}),
    ];
  }

  function drawReplay(panels, state) {
    const kind = (c) => (c === state.digit ? "live-own" : "live-other");
    const {ranges} = window.SurprisalDigits;
    const shown = quantities[state.quantity];
    panels[0].caption(`histograms: ${titles[state.quantity]}`);
    panels[0].draw([frame(ranges[shown]), outputs(state, shown).map(
      ([, counts], c) => histogram(counts, c, kind(c)))],
      `histograms of the ten ${titles[state.quantity]} for test images of a ` +
      state.digit);
    quantities.forEach((quantity, i) => {
      const all = outputs(state, quantity);
      panels[i + 1].draw([frame(ranges[quantity]), all.map(([box], c) =>
        boxPlot(box, c, kind(c), ranges[quantity]))],
        `box plots of ${titles[i]}; medians: ` +
        L.listed(digits, all.map(([box]) => box[3]), 4));
    });
  }

  // As chapter 1 says it: three quarters of its values lie above three quarters
  // of each other output's.
  function standsOut(state) {
    const all = outputs(state, "logits").map(([box]) => box);
    return all.every((box, c) =>
      c === state.digit || all[state.digit][2] > box[4]);
  }

  function replayInWords(state, {trainLoss, testAccuracy}) {
    const {epoch, digit} = state;
    const when = epoch === 0 ? "Before the training" :
      `After epoch ${epoch} of ${lastEpoch()}`;
    const median = outputs(state, "logSoftmax")[digit][0][3];
    return `${when}: training loss ${L.format(trainLoss, 4)} nats, share of ` +
      `test images answered right ${L.format(testAccuracy, 4)}. For images ` +
      `of a ${digit}, output ${digit} ` +
      (standsOut(state) ? "stands out among" : "does not stand out from") +
      " the ten, and the median of its log-probability is " +
      `${L.format(median, 4)}.`;
  }

  // --- The element ---

  function penKeys(state, change) {
    const moves = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1],
                   ArrowDown: [0, 1]};
    const draws = (to) => ({pixels: line(state.pixels, state, to)});
    return (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const move = moves[event.key];
      if (move) {
        const to = {x: L.clamp(Math.round(state.x) + move[0], 0, side - 1),
                    y: L.clamp(Math.round(state.y) + move[1], 0, side - 1)};
        change({...(state.down ? draws(to) : {}), ...to});
      } else if (event.key === " ") {
        change(draws(state));
      } else if (event.key === "Enter") {
        change({down: !state.down, ...(state.down ? {} : draws(state))});
      } else {
        return;
      }
      event.preventDefault();
    };
  }

  function penPointer(canvas, state, change) {
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      const at = (part) => L.clamp(part * side - 0.5, 0, side - 1);
      return {x: at((event.clientX - box.left) / box.width),
              y: at((event.clientY - box.top) / box.height)};
    };
    // The one pointer that draws: not a second finger, nor the right button,
    // nor a drag that began beside the paper.
    let drawing = null;
    const lift = (event) => {
      if (event.pointerId === drawing) drawing = null;
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (drawing !== null || event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      drawing = event.pointerId;
      const to = place(event);
      change({pixels: line(state.pixels, to, to), ...to, down: false});
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerId !== drawing) return;
      const to = place(event);
      change({pixels: line(state.pixels, state, to), ...to});
    });
    canvas.addEventListener("lostpointercapture", lift);
  }

  function makeCanvas(state, change) {
    const hint = L.html("p", {id: L.newId(), class: "live-hint"},
      "Draw with mouse, finger or keys: arrow keys move the pen, space " +
      "draws, Enter lowers the pen or lifts it.");
    const canvas = L.html("canvas", {
      width: side * cell, height: side * cell, tabindex: 0,
      role: "application", "aria-label": "paper of 28 by 28 pixels",
      "aria-describedby": hint.id, onkeydown: penKeys(state, change),
      onfocus: () => change({}), onblur: () => change({down: false})});
    const place = L.html("p", {class: "live-hint", role: "status"});
    penPointer(canvas, state, change);
    L.keepPointer(canvas);
    const draw = () => {
      const focused = document.activeElement === canvas;
      paint(canvas, state, focused);
      place.textContent = !focused ? "" :
        `pen at row ${Math.round(state.y) + 1}, column ` +
        `${Math.round(state.x) + 1}${state.down ? ", down" : ""}`;
    };
    return {elements: [canvas, place, hint], draw};
  }

  function sampleButtons(change) {
    const pressed = digits.map(() => 0);
    pressed[defaults().label] = 1;  // the first is shown already
    return digits.map((digit, label) => {
      const button = L.button(digit, () => change({
        pixels: sampleOf(label, pressed[label]++), label}));
      button.setAttribute("aria-label", `a sample of a ${digit}`);
      return button;
    });
  }

  function buildDrawing(kernels, state, change) {
    const canvas = makeCanvas(state, change);
    const label = L.choice("label", digits, (label) => change({label}));
    const status = L.statusLine();
    const panels = titles.slice(0, 2).map((title) =>
      L.panel(title, L.barWidth, 10 * L.barHeight));
    const blank = () => new Uint8Array(side * side);
    const element = L.html("div", {},
      L.html("div", {class: "live-controls", role: "group",
                     "aria-label": "samples of the test images"},
        "samples", sampleButtons(change)),
      L.html("div", {class: "live-controls"}, label.element,
        L.button("clear", () => change({pixels: blank()})),
        L.button("centre", () => change({pixels: centred(state.pixels)}))),
      status.element,
      L.html("div", {class: "live-draw"},
        L.html("div", {class: "live-paper"}, canvas.elements),
        L.html("div", {class: "live-panels"},
          panels.map((panel) => panel.element))));
    const draw = () => {
      const results = answer(kernels, state);
      canvas.draw();
      label.set(state.label);
      drawAnswer(panels, results);
      status.say(answerInWords(state, results));
      return results;
    };
    return {element, draw};
  }

  // Plays all epochs; whoever wants no motion goes on by one.
  function playButton(state, change) {
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const next = () => (state.epoch + 1) % (lastEpoch() + 1);
    if (still) return L.button("next epoch", () => change({epoch: next()}));
    // The reader, or paper, may have moved to the last epoch since.
    let timer = null;
    const step = () => {
      if (state.epoch < lastEpoch()) change({epoch: state.epoch + 1});
      if (state.epoch === lastEpoch()) clearInterval(timer);
    };
    return L.button("play the training", () => {
      clearInterval(timer);
      change({epoch: 0});
      timer = setInterval(step, 600);
    });
  }

  function buildReplay(state, change) {
    const epoch = L.slider({label: "epoch", min: 0, max: lastEpoch(), step: 1,
      text: String, hint: `an epoch is a whole number up to ${lastEpoch()}`,
      accept: (x) => Number.isInteger(x) && x >= 0 && x <= lastEpoch()},
      (epoch) => change({epoch: Math.abs(epoch)}));
    const digit = L.choice("test images of a", digits,
                           (digit) => change({digit}));
    const quantity = L.choice("histograms of", titles,
                              (quantity) => change({quantity}));
    const status = L.statusLine();
    const panels = ["histograms", ...titles].map((title) =>
      L.panel(title, width, height));
    const element = L.html("fieldset", {},
      L.html("legend", {}, "the training, epoch by epoch"), epoch.element,
      L.html("div", {class: "live-controls"}, digit.element, quantity.element,
        playButton(state, change)),
      status.element,
      L.html("div", {class: "live-panels live-four"},
        panels.map((panel) => panel.element)));
    const draw = () => {
      const now = window.SurprisalDigits.epochs[state.epoch];
      epoch.set(state.epoch);
      digit.set(state.digit);
      quantity.set(state.quantity);
      drawReplay(panels, state);
      status.say(replayInWords(state, now));
      return {epoch: state.epoch, digit: state.digit,
              train_loss: now.trainLoss, test_accuracy: now.testAccuracy};
    };
    return {element, draw};
  }

  function build(content, kernels, state, change) {
    const {weights} = window.SurprisalDigits;
    if (!kernels.loadNetwork(new Float32Array(bytes(weights).buffer))) {
      throw new Error("the network's weights do not fit");
    }
    const drawing = buildDrawing(kernels, state, change);
    const replay = buildReplay(state, change);
    content.append(drawing.element, replay.element);
    return () => ({pixels: Array.from(state.pixels), ...drawing.draw(),
                   ...replay.draw()});
  }

  L.define("live-draw-a-digit", {
    load: () => L.loadScript("digits_data.js", "SurprisalDigits"),
    defaults, build,
  });
})();
