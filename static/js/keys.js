// Keys for people who work a list all day. A letter presses the element that names it (data-key); the help has an off switch.
(() => {
  "use strict";
  const storage = "creditpath-keys";
  const dialog = document.getElementById("keys");
  const form = document.querySelector("[data-follow-up]");

  const areOn = () => {
    try {
      return localStorage.getItem(storage) !== "off";
    } catch {
      return true;
    }
  };
  const isTyping = (element) =>
    element.matches("textarea, select, [contenteditable], input:not([type=radio], [type=checkbox], [type=submit])");

  const focusRow = (step) => {
    const links = [...document.querySelectorAll("[data-row] a.name")];
    if (!links.length) return false;
    const here = links.findIndex((link) => link === document.activeElement);
    const place = here < 0 ? (step > 0 ? 0 : links.length - 1) : here + step;
    links[Math.min(Math.max(place, 0), links.length - 1)].focus();
    return true;
  };
  const focusForm = () => {
    const chosen = form?.querySelector("[name=outcome]:checked") ?? form?.querySelector("[name=outcome]");
    if (!chosen) return false;
    chosen.focus();
    form.scrollIntoView({ block: "nearest" });
    return true;
  };
  const chooseOutcome = (number) => {
    const outcome = form?.querySelectorAll("[name=outcome]")[number - 1];
    if (!outcome || !form.contains(document.activeElement)) return false;
    outcome.checked = true;
    outcome.focus();
    outcome.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  };
  const press = (key) => {
    if ((key === "j" || key === "k") && focusRow(key === "j" ? 1 : -1)) return true;
    if (key === "l") return focusForm();
    if (form && /^[1-9]$/.test(key)) return chooseOutcome(Number(key));
    const field = document.querySelector(`[data-key-focus="${CSS.escape(key)}"]`);
    if (field) {
      field.focus();
      field.select?.();
      return true;
    }
    const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    target?.click();
    return Boolean(target);
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form?.contains(event.target)) {
      event.preventDefault();
      form.requestSubmit(form.querySelector("[value=next]") ?? form.querySelector("[value=stay]"));
      return;
    }
    if (event.key === "Escape" && isTyping(event.target)) {
      event.target.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || dialog?.open) return;
    if (event.key === "?") {
      dialog?.showModal();
      event.preventDefault();
      return;
    }
    if (areOn() && press(event.key.toLowerCase())) event.preventDefault();
  });

  const opener = document.querySelector("[data-keys-open]");
  if (opener && dialog) {
    opener.hidden = false;
    opener.addEventListener("click", () => dialog.showModal());
  }
  const box = document.querySelector("[data-keys-switch]");
  if (box) {
    box.checked = areOn();
    box.addEventListener("change", () => {
      try {
        localStorage.setItem(storage, box.checked ? "on" : "off");
      } catch {
        // not kept beyond this page
      }
    });
  }

  // A form that was sent is not sent again by a second click; the server would record it once anyway.
  form?.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 5000);
  });
  document.querySelector("[data-focus]")?.focus();
})();
