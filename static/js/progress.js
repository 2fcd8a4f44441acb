// Pages of background work: look again every two seconds, change only the card, and open what comes when the work is over.
(() => {
  "use strict";
  const card = () => document.querySelector("[data-at-work]");
  const look = async () => {
    if (document.hidden) return;
    let text;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      text = await answer.text();
    } catch {
      return; // the server is away for a moment
    }
    const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("[data-at-work]");
    if (!fresh) {
      location.reload();
    } else if (fresh.innerHTML !== card().innerHTML) {
      card().replaceChildren(...fresh.childNodes);
    }
  };
  setInterval(look, 2000);
})();
