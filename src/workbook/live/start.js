// Wakes each output of workbook.live that is on the page: its data is JSON beside its still picture.

const KINDS = { pad, inside };

/** The scheme of JupyterLab, VS Code or Colab, which need not be the system's; "" elsewhere. */
function scheme() {
  const { body, documentElement } = document;
  const dark =
    body.dataset.jpThemeLight === "false" ||
    body.classList.contains("vscode-dark") ||
    documentElement.getAttribute("theme") === "dark";
  const light = body.dataset.jpThemeLight === "true" || body.classList.contains("vscode-light");
  return dark ? "dark" : light ? "light" : "";
}

function start(patience) {
  for (const host of document.querySelectorAll(".workbook-live:not([data-alive])")) {
    const data = host.querySelector('script[type="application/json"]');
    if (!data) continue;
    const spec = JSON.parse(data.textContent);
    const networks = spec.networks.map(network);
    const app = KINDS[spec.kind](spec, networks);
    const notice = spec.notice ? html`<p class="notice">${spec.notice}</p>` : "";
    host.dataset.alive = "";
    host.networks = networks;
    host.make = network;
    // JupyterLab leaves keys to what asks for them by this name.
    host.dataset.lmSuppressShortcuts = "true";
    host.style.colorScheme = scheme();
    const root = host.attachShadow({ mode: "open" });
    const style = html`<style></style>`;
    style.textContent = STYLE;
    root.append(style, html`<div class="app">${[app, notice]}</div>`, html`<slot></slot>`);
  }
  // A notebook may run the script before it shows the output.
  if (patience && !document.querySelector(".workbook-live")) setTimeout(start, 100, patience - 1);
}
start(50);
