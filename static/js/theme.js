// Set the chosen theme before the first paint, and let the button in the bar change it.
(() => {
  "use strict";
  const key = "creditpath-theme";
  const root = document.documentElement;
  const names = { auto: "as the system", light: "light", dark: "dark" };

  const read = () => {
    try {
      return localStorage.getItem(key) || "auto";
    } catch {
      return "auto"; // storage is switched off: the system decides
    }
  };
  const apply = (theme) => {
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
  };

  apply(read());
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("[data-theme-toggle]");
    if (!button) return;
    const show = (theme) => {
      button.setAttribute("aria-label", `Colours: ${names[theme]}. Change.`);
      button.title = `Colours: ${names[theme]}`;
      button.dataset.shows = theme;
    };
    button.hidden = false;
    show(read());
    button.addEventListener("click", () => {
      const dark = matchMedia("(prefers-color-scheme: dark)").matches;
      const order = dark ? ["auto", "light", "dark"] : ["auto", "dark", "light"];
      const next = order[(order.indexOf(read()) + 1) % 3];
      try {
        localStorage.setItem(key, next);
      } catch {
        // not kept beyond this page
      }
      apply(next);
      show(next);
    });
  });
})();
