"""What is looked for in a page with a map: scripts that return what is wrong with its texts."""

from __future__ import annotations

__all__ = ["CUT", "OFF_SCREEN", "OVERLAPS", "SMALL"]

# Boxes whose text is cut: it needs more room than it has and cannot be scrolled.
CUT = """() => [...document.querySelectorAll('body *')].filter(n => {
  const style = getComputedStyle(n);
  const own = [...n.childNodes].some(c => c.nodeType === 3 && c.textContent.trim());
  const shown = n.offsetParent && style.visibility !== 'hidden' && !n.closest('script, style');
  if (!own || !shown) return false;
  const hides = style.overflowX === 'hidden' || style.textOverflow === 'ellipsis';
  return hides && n.scrollWidth > n.clientWidth + 1;
}).map(n => n.className + ': ' + n.textContent.slice(0, 40))"""
SMALL = """() => [...document.querySelectorAll('body *')].filter(n => n.offsetParent
  && [...n.childNodes].some(c => c.nodeType === 3 && c.textContent.trim())
  && !n.closest('script, style') && parseFloat(getComputedStyle(n).fontSize) < 12)
  .map(n => n.className + ': ' + n.textContent.slice(0, 40))"""
OVERLAPS = """() => {
  const boxes = [...document.querySelectorAll('.gm-label')]
    .map(n => [n.textContent, n.getBoundingClientRect()]);
  const out = [];
  const across = (p, q) => p.left < q.right && q.left < p.right;
  const meet = (p, q) => across(p, q) && p.top < q.bottom && q.top < p.bottom;
  boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
    if (meet(p, q)) out.push(a + ' / ' + b);
  }));
  return out;
}"""
OFF_SCREEN = """() => [...document.querySelectorAll(
    '.gm-head > *, .gm-panel, .gm-caption > *, .leaflet-control')]
  .filter(n => n.offsetParent).map(n => [n.className, n.getBoundingClientRect()])
  .filter(([, r]) => r.width && (r.left < 0 || r.right > innerWidth + 0.5)).map(([name]) => name)"""
