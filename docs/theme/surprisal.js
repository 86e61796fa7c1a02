// What every page does: formulas, dark mode, scripts of the widgets it holds.
"use strict";

window.MathJax = {
  svg: { fontCache: "global" },
  options: { enableMenu: false },
};

// The theme's own switch wants Doxygen's search box, and no keyboard.
document.addEventListener("DOMContentLoaded", () => {
  const button = document.querySelector("#dark-mode");
  const toggle = DoxygenAwesomeDarkModeToggle;
  const show = () => {
    button.textContent = toggle.darkModeEnabled ? "Light" : "Dark";
  };
  button.addEventListener("click", () => {
    toggle.userPreference = !toggle.darkModeEnabled;
    show();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
});

// What Doxygen leaves unsaid to those who do not see the page.
const ROLES = [
  { selector: "#doc-content", role: "main", label: "The page" },
  { selector: "#side-nav", role: "navigation", label: "The book" },
  { selector: "#main-nav", role: "navigation", label: "Menu" },
  { selector: "#top > .sm", role: "navigation", label: "Menu button" },
  { selector: "#nav-path", role: "navigation", label: "Where this page is" },
  { selector: ".headertitle > .title", role: "heading", level: 1 },
  { selector: ".toc > h3", role: "heading", level: 2 },
];

// All that may be wider than a phone scrolls, and so takes the keyboard's arrows.
const SCROLLS = ".fragment, .contents table > tbody, mjx-container[display]";

function sayRoles() {
  for (const { selector, role, label, level } of ROLES) {
    for (const element of document.querySelectorAll(selector)) {
      element.setAttribute("role", role);
      if (label !== undefined) element.setAttribute("aria-label", label);
      if (level !== undefined) element.setAttribute("aria-level", level);
    }
  }
  for (const element of document.querySelectorAll(SCROLLS)) {
    if (element.scrollWidth > element.clientWidth) element.tabIndex = 0;
  }
  for (const icon of document.querySelectorAll(".entry > a:not(.el)")) {
    icon.setAttribute("aria-label", `Source of ${icon.parentNode.textContent}`);
  }
}

// Behind all that waits for the page already: Doxygen's menu, among others.
$(() => $(sayRoles));

// Full-text search over search_index.js, which is only loaded when it is wanted.
class SearchBox extends HTMLElement {
  connectedCallback() {
    this.innerHTML =
      '<input type="search" placeholder="Search" aria-label="Search the book" ' +
      'autocomplete="off"/><div class="hits" role="status"></div>';
    this.input = this.querySelector("input");
    this.hits = this.querySelector(".hits");
    this.input.addEventListener("focus", () => this.load());
    this.input.addEventListener("input", () => this.search());
    this.addEventListener("keydown", (event) => this.onKey(event));
  }

  load() {
    if (this.loading) return;
    this.loading = true;
    const script = document.createElement("script");
    script.src = "search_index.js";
    script.onload = () => {
      const { index, options } = window.SurprisalSearch;
      this.index = MiniSearch.loadJS(index, options);
      this.search();
    };
    document.head.append(script);
  }

  search() {
    const query = this.input.value.trim();
    this.hits.replaceChildren();
    if (this.index === undefined || query === "") return;
    const found = this.index.search(query, {
      boost: { title: 3 }, prefix: true, fuzzy: 0.1, combineWith: "AND",
    });
    if (found.length === 0) this.hits.textContent = "Nothing found";
    found.slice(0, 12).forEach((hit) => this.hits.append(this.link(hit)));
  }

  link(hit) {
    const link = document.createElement("a");
    link.href = hit.url;
    link.textContent = hit.title;
    if (hit.page !== hit.title) {
      const page = document.createElement("small");
      page.textContent = " " + hit.page;
      link.append(page);
    }
    return link;
  }

  onKey(event) {
    const stops = [this.input, ...this.hits.querySelectorAll("a")];
    const at = stops.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      this.input.value = "";
      this.search();
    } else if (step !== undefined && stops[at + step] !== undefined) {
      stops[at + step].focus();
      event.preventDefault();
    }
  }
}
customElements.define("search-box", SearchBox);

// The widgets of a page, if it has any: <live-gradient-check> is defined in
// live_gradient_check.js, and so on.
document.addEventListener("DOMContentLoaded", () => {
  const names = [...document.querySelectorAll(".live")].map((widget) =>
    widget.localName.replaceAll("-", "_") + ".js");
  if (names.length === 0) return;
  for (const name of ["live_common.js", ...new Set(names)]) {
    const script = document.createElement("script");
    script.src = name;
    script.async = false;
    document.head.append(script);
  }
});
