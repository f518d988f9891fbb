// The links that edit a page or report an error name the line of the section that is being read.
document.addEventListener(
  "click",
  (event) => {
    const link = event.target.closest?.('a[href*="#L"], a[href*="&line="]');
    if (!link) return;
    const begun = [...document.querySelectorAll("section[data-line]")].filter(
      (section) => section.getBoundingClientRect().top < innerHeight / 3,
    );
    const line = begun.at(-1)?.dataset.line ?? "1";
    link.href = link.href.replace(/(#L|&line=)\d+$/, `$1${line}`);
  },
  true,
);
