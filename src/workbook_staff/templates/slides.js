(() => {
"use strict";

const main = document.querySelector("main");
const slideOf = (section) => section.querySelector(".slide");
const isOver = (slide) =>
  slide.scrollHeight > slide.clientHeight || slide.scrollWidth > slide.clientWidth;

// A little smaller, all stays together; else what comes last goes on on a slide of its own.
function fit(section) {
  const slide = slideOf(section);
  const shrink = (least) => {
    for (let share = 1; ; share -= 0.05) {
      slide.style.setProperty("--fit", share.toFixed(2));
      if (!isOver(slide)) return true;
      if (share < least + 0.05) return false;
    }
  };
  if (shrink(0.85)) return;
  const parts = [...slide.querySelectorAll(":scope > div")];
  if (parts.length > 1) {
    const next = section.cloneNode(true);
    const rest = [...slideOf(next).querySelectorAll(":scope > div")];
    let kept = parts.length;
    // Words stay with what they are about.
    do parts[--kept].remove();
    while (kept > 1 && (!shrink(0.85) || parts[kept - 1].matches(".lead")));
    rest.slice(0, kept).forEach((part) => part.remove());
    if (!slide.querySelector(".figure")) section.classList.remove("beside");
    if (!next.querySelector(".figure")) next.classList.remove("beside");
    if (shrink(0.85)) {
      section.after(next);
      return fit(next);
    }
    slide.append(...parts.slice(kept));
  }
  if (shrink(0.5)) return;
  section.classList.add("scrolls");
  Object.assign(slide, { tabIndex: 0, role: "group", ariaLabel: "A slide that scrolls" });
}

// Two slides of one title become one, if there is room, and one thing to look at.
function join(section, next) {
  const alone = ".opening, .asking, .asking + *, :has(.figure)";
  if (section.dataset.title !== next.dataset.title || section.matches(alone) || next.matches(alone))
    return false;
  const [both, added] = [section.cloneNode(true), next.cloneNode(true)];
  const sentence = added.querySelector("h2.sentence");
  if (sentence) {
    const lead = make("div", slideOf(both), { className: "lead" });
    make("p", lead, {}).append(...sentence.childNodes);
  }
  slideOf(both).append(...added.querySelectorAll(".slide > div"));
  both.querySelector(".notes").append(...added.querySelector(".notes").childNodes);
  section.replaceWith(both);
  const fits = !isOver(slideOf(both));
  if (fits) next.remove();
  else both.replaceWith(section);
  return fits && both;
}

function make(name, parent, properties) {
  const element = Object.assign(parent.ownerDocument.createElement(name), properties);
  parent.append(element);
  return element;
}

document.documentElement.classList.add("measuring");
[...main.children].reduce((section, next) => join(section, next) || next);
[...main.children].forEach(fit);
document.documentElement.classList.replace("measuring", "showing");

const slides = [...main.children];
const titleOf = (section) => section?.querySelector("h1, h2").textContent ?? "the end";
let now = 0;
let notes = null; // the speaker's window
const started = Date.now();

const bar = make("nav", document.body, { ariaLabel: "Slides" });
const back = make("button", bar, { type: "button", textContent: "←", ariaLabel: "Back" });
const place = make("span", bar, {});
const on = make("button", bar, { type: "button", textContent: "→", ariaLabel: "Next" });

function go(number) {
  now = Math.max(0, Math.min(number, slides.length - 1));
  slides.forEach((section, i) => section.classList.toggle("now", i === now));
  place.textContent = `${now + 1} / ${slides.length}`;
  back.disabled = now === 0;
  on.disabled = now === slides.length - 1;
  history.replaceState(null, "", `#${now + 1}`);
  if (document.documentElement.classList.contains("overview"))
    slides[now].scrollIntoView({ block: "nearest" });
  tell();
}

function tell() {
  if (!notes || notes.closed) return;
  const minutes = Math.floor((Date.now() - started) / 60000);
  const { body } = notes.document;
  body.querySelector(".place").textContent =
    `${now + 1} of ${slides.length}, ${minutes} min since it was opened`;
  body.querySelector("h1").textContent = titleOf(slides[now]);
  body.querySelector(".said").innerHTML =
    slides[now].querySelector(".notes").innerHTML.trim() || "<p>No notes on this slide.</p>";
  body.querySelector(".next").textContent = `Next: ${titleOf(slides[now + 1])}`;
}

// The speaker's window is written from here, since the policy lets no other script run.
function speak() {
  notes = window.open("", "workbook-speaker", "width=900,height=700");
  if (!notes) {
    document.documentElement.classList.toggle("noted"); // below the slide
    return;
  }
  const { document: page } = notes;
  page.title = `Speaker’s notes: ${document.title}`;
  page.documentElement.lang = "en";
  page.body.replaceChildren();
  make("style", page.body, {
    textContent:
      "body { font: 20px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 46rem; " +
      "padding: 0 1rem; } h1 { font-size: 1.5rem; line-height: 1.25; }",
  });
  const parts = make("main", page.body, {});
  for (const [name, className] of [["p", "place"], ["h1", ""], ["div", "said"], ["p", "next"]])
    make(name, parts, { className });
  page.onkeydown = press;
  tell();
}

function overview(open) {
  if (document.documentElement.classList.toggle("overview", open)) go(now);
}

const KEYS = {
  ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, n: 1,
  ArrowLeft: -1, ArrowUp: -1, PageUp: -1, p: -1,
  Home: () => go(0),
  End: () => go(slides.length),
  s: speak,
  o: () => overview(),
  Escape: () => overview(),
  Enter: () => overview(false),
  f: () => (document.fullscreenElement ? document.exitFullscreen() : main.parentElement.requestFullscreen()),
  b: () => document.documentElement.classList.toggle("black"),
};

function press(event) {
  const does = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!does || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.matches("button, a") && [" ", "Enter"].includes(event.key)) return;
  event.preventDefault();
  if (typeof does === "function") does();
  else go(now + does);
}

document.addEventListener("keydown", press);
back.onclick = () => go(now - 1);
on.onclick = () => go(now + 1);
main.addEventListener("click", (event) => {
  const section = event.target.closest("section");
  if (!section || !document.documentElement.classList.contains("overview")) return;
  go(slides.indexOf(section));
  overview(false);
});
// A swipe with one finger; two enlarge the page.
let from = null;
main.addEventListener("touchstart", ({ touches }) => (from = touches.length === 1 && touches[0]));
main.addEventListener("touchend", ({ changedTouches: [to] }) => {
  const [x, y] = from ? [to.clientX - from.clientX, to.clientY - from.clientY] : [0, 0];
  if (Math.abs(x) > 50 && Math.abs(x) > 2 * Math.abs(y)) go(now + (x < 0 ? 1 : -1));
});
window.addEventListener("hashchange", () => go((parseInt(location.hash.slice(1), 10) || 1) - 1));
const scale = () =>
  document.documentElement.style.setProperty("--scale", Math.min(innerWidth / 1280, innerHeight / 720));
window.addEventListener("resize", scale);
setInterval(tell, 10000);
scale();
go((parseInt(location.hash.slice(1), 10) || 1) - 1);
})();
