// The knowledge map in three dimensions: drag turns it, the wheel brings it nearer, pointing names a passage.
"use strict";

const figure = document.querySelector("figure[data-map]");
if (figure) {
  const map = JSON.parse(figure.dataset.map);
  const canvas = document.createElement("canvas");
  const label = figure.querySelector("p.label");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", figure.querySelector("svg").getAttribute("aria-label"));
  figure.querySelector("svg").replaceWith(canvas);

  let azimuth = 0.6, elevation = 0.4, zoom = 1, held = null, drawn = [];

  const draw = () => {
    const scale = window.devicePixelRatio || 1;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    canvas.width = width * scale;
    canvas.height = height * scale;
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    const size = Math.min(width, height) * 0.46 * zoom;
    drawn = map.points.map(([x, y, z], n) => {
      const right = x * Math.cos(azimuth) + z * Math.sin(azimuth);
      const away = z * Math.cos(azimuth) - x * Math.sin(azimuth);
      const up = y * Math.cos(elevation) + away * Math.sin(elevation);
      const near = y * Math.sin(elevation) - away * Math.cos(elevation);
      return { n, x: width / 2 + right * size, y: height / 2 - up * size, near };
    }).sort((one, other) => one.near - other.near);
    for (const point of drawn) {
      context.globalAlpha = 0.55 + 0.4 * (point.near + 1) / 2;
      context.fillStyle = map.colours[map.clusters[point.n] % map.colours.length];
      context.beginPath();
      context.arc(point.x, point.y, 3 + 2 * (point.near + 1), 0, 2 * Math.PI);
      context.fill();
    }
  };

  canvas.addEventListener("pointerdown", (event) => { held = event; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointerup", () => { held = null; });
  canvas.addEventListener("pointermove", (event) => {
    if (held) {
      azimuth += (event.clientX - held.clientX) / 150;
      elevation = Math.max(-1.5, Math.min(1.5, elevation + (event.clientY - held.clientY) / 150));
      held = event;
      draw();
      return;
    }
    const box = canvas.getBoundingClientRect();
    const x = event.clientX - box.left, y = event.clientY - box.top;
    const found = drawn.findLast((point) => Math.hypot(point.x - x, point.y - y) < 8);
    label.textContent = found ? map.labels[found.n] : "";
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom = Math.max(0.5, Math.min(8, zoom * Math.exp(-event.deltaY / 500)));
    draw();
  }, { passive: false });
  new ResizeObserver(draw).observe(canvas);
}
