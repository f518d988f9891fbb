// What is too wide scrolls in its own box: let the keyboard reach it, there and then.
const watch = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth + 1) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
for (const box of document.querySelectorAll(
  "span.math, div.math mjx-container, pre, .pst-scrollable-table-container, div.cell_output",
))
  watch.observe(box);
