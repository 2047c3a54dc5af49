// How much of a diagram is seen at first: all of it, or, where that would be too small to read, where it begins.
const READABLE = 0.55, MARGIN = 30;

export default function see(canvas) {
  if (canvas.zoom("fit-viewport", "auto") >= READABLE) return;
  const { inner, outer } = canvas.viewbox();
  const [width, height] = [outer.width / READABLE, outer.height / READABLE];
  const above = Math.max(MARGIN, (height - inner.height) / 2);
  canvas.viewbox({ x: inner.x - MARGIN, y: inner.y - above, width, height });
}
