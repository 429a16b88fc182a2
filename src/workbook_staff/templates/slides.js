(() => {
"use strict";

// What would not fit is made smaller, step by step; at last the slide scrolls.
function fit(slide) {
  const isOver = () =>
    slide.scrollHeight > slide.clientHeight || slide.scrollWidth > slide.clientWidth;
  for (let share = 0.95; isOver() && share > 0.5; share -= 0.05) {
    slide.style.setProperty("--fit", share.toFixed(2));
  }
  if (isOver()) {
    slide.classList.add("scrolls");
    slide.tabIndex = 0;
    slide.setAttribute("role", "group");
    slide.setAttribute("aria-label", "A slide that scrolls");
  }
}

document.documentElement.classList.add("measuring");
document.querySelectorAll(".slide").forEach(fit);
document.documentElement.classList.remove("measuring");

// The speaker's window is written from here, since the policy lets no other script run.
let view = null;
const started = Date.now();

function make(name, parent) {
  const element = view.document.createElement(name);
  parent.append(element);
  return element;
}

function tell() {
  if (!view || view.closed) return;
  const slides = Reveal.getSlides();
  const number = slides.indexOf(Reveal.getCurrentSlide());
  const said = (slide) => (slide ? slide.querySelector("h1, h2").textContent : "the end");
  const minutes = Math.floor((Date.now() - started) / 60000);
  const { body } = view.document;
  body.querySelector(".place").textContent =
    `${number + 1} of ${slides.length}, ${minutes} min since it was opened`;
  body.querySelector("h1").textContent = said(slides[number]);
  body.querySelector(".said").innerHTML =
    slides[number].querySelector(".notes").innerHTML.trim() || "<p>No notes on this slide.</p>";
  body.querySelector(".next").textContent = `Next: ${said(slides[number + 1])}`;
}

function speak() {
  view = window.open("", "workbook-speaker", "width=900,height=700");
  if (!view) {
    Reveal.configure({ showNotes: true });  // beside the slide, where no window may be opened
    return;
  }
  const { document: page } = view;
  page.title = `Speaker’s notes: ${document.title}`;
  page.documentElement.lang = "en";
  page.body.replaceChildren();
  make("style", page.body).textContent =
    "body { font: 20px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 46rem; padding: 0 1rem; }" +
    ".place, .next { color: #50565e; } h1 { font-size: 1.5rem; line-height: 1.25; }";
  const main = make("main", page.body);
  for (const [name, kind] of [["p", "place"], ["h1", "now"], ["div", "said"], ["p", "next"]]) {
    make(name, main).className = kind;
  }
  page.onkeydown = (event) => {
    const forward = ["ArrowRight", "ArrowDown", "PageDown", " ", "n"].includes(event.key);
    const back = ["ArrowLeft", "ArrowUp", "PageUp", "p"].includes(event.key);
    if (forward || back) event.preventDefault();
    if (forward) Reveal.next();
    if (back) Reveal.prev();
  };
  tell();
}

Reveal.initialize({
  width: 1280,
  height: 720,
  margin: 0,
  maxScale: 4,
  center: false,
  hash: true,
  transition: "none",
  backgroundTransition: "none",
  slideNumber: "c/t",
}).then(() => {
  Reveal.addKeyBinding({ keyCode: 83, key: "S", description: "Speaker’s notes" }, speak);
  Reveal.on("slidechanged", tell);
  setInterval(tell, 10000);
});
})();
