"use strict";

// textual.js starts when the page has loaded. It then measures the font, which has to be there, and
// needs the address of the console: beside this page, whatever name or proxy led here.
const begin = window.onload;

window.onload = async (event) => {
  const terminal = document.querySelector("#terminal");
  const address = new URL("ws", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  terminal.dataset.sessionWebsocketUrl = address.href;

  const again = document.querySelector(".ended button");
  again.onclick = () => location.reload();
  // Keys go where they are wanted, without a click.
  new MutationObserver(() => {
    const closed = document.body.classList.contains("-closed");
    (closed ? again : document.querySelector(".xterm-helper-textarea"))?.focus();
  }).observe(document.body, { attributeFilter: ["class"] });

  const fonts = ["", "bold ", "italic "].map((style) => `${style}16px "Roboto Mono"`);
  await Promise.allSettled(fonts.map((font) => document.fonts.load(font)));
  begin(event);
};
