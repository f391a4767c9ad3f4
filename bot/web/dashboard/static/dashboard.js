// Comfort only: every page works without this file.
"use strict";

for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    const question = form.dataset.confirm;
    if (question && !window.confirm(question)) {
      event.preventDefault();
      return;
    }
    if (form.method === "post") {
      // A second press while the first is under way would only be told that it came late.
      setTimeout(() => form.querySelectorAll("button").forEach((button) => { button.disabled = true; }), 0);
    }
  });
}

for (const form of document.querySelectorAll("form[data-auto]")) {
  form.addEventListener("change", () => form.requestSubmit());
}

// A page taken from the browser's history has its buttons back.
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form button").forEach((button) => { button.disabled = false; });
});

for (const time of document.querySelectorAll("time[datetime]")) {
  const moment = new Date(time.dateTime);
  if (!Number.isNaN(moment.getTime())) {
    time.textContent = moment.toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  }
}

// On a phone the menu is wider than the screen: the present screen is brought into view.
for (const here of document.querySelectorAll("nav [aria-current]")) {
  here.closest("ul").scrollLeft = here.offsetLeft - 48;
}
