// A click on a bar opens the list behind it; its address comes with the figure (customdata). The tables hold the same links.
(() => {
  "use strict";
  const open = (event) => {
    const address = event.points?.[0]?.customdata;
    if (typeof address === "string" && address.startsWith("/") && !address.startsWith("//")) location.assign(address);
  };
  const listen = () => {
    for (const plot of document.querySelectorAll(".js-plotly-plot:not([data-opens])")) {
      if (typeof plot.on !== "function") continue;
      plot.dataset.opens = "";
      plot.on("plotly_click", open);
    }
  };
  new MutationObserver(listen).observe(document.body, { childList: true, subtree: true });
})();
