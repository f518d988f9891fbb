// A formula or table that is too wide scrolls in its own box: let the keyboard reach it, there and then.
const letKeyboardScroll = () => {
  for (const box of document.querySelectorAll("div.math, .pst-scrollable-table-container, div.cell_output")) {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
};
addEventListener("load", letKeyboardScroll);
addEventListener("resize", letKeyboardScroll);
