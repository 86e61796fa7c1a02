// <live-logits-to-loss>: five logits under the reader's fingers, and all that
// is made of them.
"use strict";

(() => {
  const L = SurprisalWidgets;
  const float32 = 0;
  const names = ["cat", "dog", "plane", "fish", "building"];
  const logits = [2.44, 3.92, 2.50, -1.27, 3.23];

  function defaults(kernels) {
    return {
      logits: logits.map((z) => kernels.round(float32, z)),
      label: 1,
      stepSize: 1,
      steps: 0,
    };
  }

  function compute(kernels, {logits, label}) {
    const {loss, gradient} = kernels.crossEntropy(float32, logits, label);
    return {
      probs: kernels.softmax(float32, logits),
      log_probs: kernels.logSoftmax(float32, logits),
      loss, gradient,
    };
  }

  // Against the gradient, in floats.
  function step(kernels, {logits, label, stepSize, steps}) {
    const {gradient} = kernels.crossEntropy(float32, logits, label);
    const moved = logits.map((z, c) =>
      kernels.round(float32, z - stepSize * gradient[c]));
    return {logits: moved, steps: steps + 1};
  }

  // --- In words ---

  function troubleInWords({logits, label}) {
    if (logits.some(Number.isNaN)) {
      return "One logit is nan, so all that comes out of the row is nan: " +
        "nothing can be known about it.";
    }
    if (logits.includes(Infinity)) {
      return "A logit of inf leaves softmax, loss and gradient without a " +
        "value: the limit depends on the way there.";
    }
    if (logits.every((z) => z === -Infinity)) {
      return "All logits are -inf: there is nothing to share out, and every " +
        "result is nan.";
    }
    if (logits[label] === -Infinity) {
      return `The ${names[label]} has a logit of -inf: probability 0, loss ` +
        "inf. The gradient is p − y all the same, and finite.";
    }
    return null;
  }

  function demandInWords(gradient, label) {
    if (gradient.every((g) => g === 0)) {
      return "The gradient is 0 in float32: there is nothing left to learn.";
    }
    const wrong = gradient.map((g, c) => (c === label ? -1 : g));
    const worst = wrong.indexOf(Math.max(...wrong));
    return `Descent raises the ${names[label]}'s logit, and lowers the ` +
      `others: most of all the ${names[worst]}'s.`;
  }

  function inWords(state, {probs, loss, gradient}) {
    const {label, steps} = state;
    const trouble = troubleInWords(state);
    if (trouble) return trouble;
    const taken = steps === 0 ? "" :
      steps === 1 ? "After 1 step: " : `After ${steps} steps: `;
    const says = `${taken}softmax gives the ${names[label]}, the label, a ` +
      `probability of ${L.format(probs[label])}, and the loss is ` +
      `${L.costInWords(probs[label], loss)}. `;
    return says[0].toUpperCase() + says.slice(1) +
      demandInWords(gradient, label);
  }

  // --- In pictures ---

  function lowest(logProbs) {
    return Math.min(-8, ...logProbs.filter(Number.isFinite));
  }

  function drawBars(panels, {label}, {probs, log_probs, loss, gradient}) {
    const draw = (panel, what, values, options) => panel.draw(
      L.bars(names, values, {own: label, ...options}),
      `${what}: ${L.listed(names, values)}`);
    draw(panels.probs, "softmax", probs, {range: [0, 1]});
    draw(panels.logProbs, "log-softmax", log_probs,
         {range: [lowest(log_probs), 0]});
    draw(panels.gradient, "gradient", gradient,
         {range: [-1, 1], arrows: true});
    panels.logProbs.caption(`log-softmax; the loss is ${L.format(loss)}`);
  }

  // --- The element ---

  function build(content, kernels, state, change) {
    const setLogit = (c) => (x) => {
      const logits = state.logits.slice();
      logits[c] = kernels.round(float32, x);
      change({logits, steps: 0});
    };
    const text = (x) => L.shortest(kernels, float32, x);
    const sliders = names.map((name, c) => L.slider(
      {label: name, min: -10, max: 10, step: 0.01, text}, setLogit(c)));
    const label = L.choice("label (what it really is)", names,
                           (label) => change({label, steps: 0}));
    const size = L.numberField(
      {id: L.newId(), accept: (x) => x > 0 && Number.isFinite(x),
       hint: "a step size is a finite number above 0"},
      (x) => change({stepSize: x}));
    const panel = (caption) =>
      L.panel(caption, L.barWidth, names.length * L.barHeight);
    const panels = {
      probs: panel("softmax: shares of 1"),
      logProbs: panel("log-softmax"),
      gradient: panel("gradient p − y; descent goes against it"),
    };
    const status = L.statusLine();

    content.append(
      L.html("fieldset", {class: "live-sliders"},
        L.html("legend", {}, "raw outputs, or logits"),
        sliders.map((slider) => slider.element)),
      L.html("div", {class: "live-controls"}, label.element,
        L.html("span", {class: "live-choice"},
          L.html("label", {for: size.field.id}, "step size"), size.field),
        L.button("one step of gradient descent",
                 () => change(step(kernels, state))),
        L.button("reset", () => change(defaults(kernels))), size.note),
      status.element,
      L.html("div", {class: "live-panels"}, panels.probs.element,
        panels.logProbs.element, panels.gradient.element));

    return () => {
      const results = compute(kernels, state);
      sliders.forEach((slider, c) => slider.set(state.logits[c]));
      label.set(state.label);
      size.set(String(state.stepSize));
      drawBars(panels, state, results);
      status.say(inWords(state, results));
      return {logits: state.logits, label: state.label, steps: state.steps,
              step_size: state.stepSize, ...results};
    };
  }

  L.define("live-logits-to-loss", {defaults, build});
})();
