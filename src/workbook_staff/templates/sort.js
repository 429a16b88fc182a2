const order = new Intl.Collator(undefined, { numeric: true });

// Headings become buttons here, so that a reader with scripts switched off sees none.
for (const table of document.querySelectorAll(".sortable")) {
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows]
        .map((row) => ({ row, text: row.cells[column].textContent.trim() }))
        .sort((a, b) => order.compare(a.text, b.text))
        .map(({ row }) => row);
      body.append(...(down ? rows.reverse() : rows));
    });
  });
}
