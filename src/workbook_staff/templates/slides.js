(() => {
"use strict";

const main = document.querySelector("main");
const { classList } = document.documentElement;
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
    if (shrink(0.5)) {
      section.after(next);
      return fit(next);
    }
    slide.append(...parts.slice(kept));
  }
  if (shrink(0.5)) return;
  section.classList.add("scrolls");
  Object.assign(slide, { tabIndex: 0, role: "group", ariaLabel: "A slide that scrolls" });
}

function make(name, parent, properties) {
  const element = Object.assign(document.createElement(name), properties);
  parent.append(element);
  return element;
}

classList.add("measuring");
[...main.children].forEach(fit);
classList.replace("measuring", "showing");

const slides = [...main.children];
let now = 0;

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
  slides[now].scrollIntoView({ block: "nearest" });
}

const fromAddress = () => go((parseInt(location.hash.slice(1), 10) || 1) - 1);
const next = () => go(now + 1);
const previous = () => go(now - 1);
const KEYS = {
  ArrowRight: next, ArrowDown: next, PageDown: next, " ": next,
  ArrowLeft: previous, ArrowUp: previous, PageUp: previous,
  Home: () => go(0),
  End: () => go(slides.length),
  s: () => classList.toggle("noted"),
  o: () => classList.toggle("overview"),
  f: () => (document.fullscreenElement ? document.exitFullscreen() : main.parentElement.requestFullscreen()),
};

document.addEventListener("keydown", (event) => {
  const does = KEYS[event.key];
  if (!does || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.matches("button, a") && event.key === " ") return;
  event.preventDefault();
  does();
});
back.onclick = previous;
on.onclick = next;
main.addEventListener("click", (event) => {
  const section = event.target.closest("section");
  if (!section || !classList.contains("overview")) return;
  classList.remove("overview");
  go(slides.indexOf(section));
});
window.addEventListener("hashchange", fromAddress);
const scale = () =>
  document.documentElement.style.setProperty("--scale", Math.min(innerWidth / 1280, innerHeight / 720));
window.addEventListener("resize", scale);
scale();
fromAddress();
})();
