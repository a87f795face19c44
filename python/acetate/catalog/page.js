"use strict";
// The table of a catalog: search, filter and sort over columns, and only the rows that are in sight as elements.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const ROW_PX = 24, SPARE = 20;
  const box = document.getElementById("rows"), space = document.getElementById("space");
  const body = document.getElementById("body"), head = document.getElementById("head");
  const search = document.getElementById("search"), state = document.getElementById("state");
  const count = document.getElementById("count");
  const value = (column, row) => {
    const found = column.values[row];
    return column.words && found !== null ? column.words[found] : found;
  };
  const size = data.size;
  const states = data.columns.find((column) => column.name === "state");
  const texts = data.columns.filter((column) => column.isText);
  const haystack = Array.from({ length: size }, (_, row) =>
    texts.map((column) => value(column, row) ?? "").join("\n").toLowerCase());
  let order = Array.from({ length: size }, (_, row) => row), sorted = { column: null, down: false };

  const sort = () => {
    const { column, down } = sorted;
    if (!column) return;
    const sign = down ? -1 : 1;
    const keys = Array.from({ length: size }, (_, row) => value(column, row));
    // What has no value stands last, whichever way.
    order.sort((a, b) => {
      const [x, y] = [keys[a], keys[b]];
      if (x === y) return a - b;
      if (x === null) return 1;
      if (y === null) return -1;
      return x < y ? -sign : sign;
    });
  };

  const choose = () => {
    const wanted = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const only = state.value;
    order = [];
    for (let row = 0; row < size; row++) {
      if (only && value(states, row) !== only) continue;
      if (wanted.every((word) => haystack[row].includes(word))) order.push(row);
    }
    sort();
    count.textContent = `${order.length} of ${size}`;
    space.style.height = `${order.length * ROW_PX}px`;
    box.scrollTop = 0;
    draw();
  };

  const draw = () => {
    const first = Math.max(Math.floor(box.scrollTop / ROW_PX) - SPARE, 0);
    const last = Math.min(first + Math.ceil(box.clientHeight / ROW_PX) + 2 * SPARE, order.length);
    const rows = order.slice(first, last).map((row) => {
      const line = document.createElement("div");
      line.className = `row ${value(states, row)}`;
      for (const column of data.columns) {
        const cell = document.createElement("span");
        const found = value(column, row);
        cell.className = column.isText ? "text" : "number";
        cell.style.flexBasis = `${column.width}px`;
        cell.textContent = found === null ? "–" : column.isText ? found : found.toFixed(column.digits);
        if (column.isText && found) cell.title = found;
        line.append(cell);
      }
      return line;
    });
    body.style.transform = `translateY(${first * ROW_PX}px)`;
    body.replaceChildren(...rows);
  };

  for (const column of data.columns) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = column.isText ? "text" : "number";
    button.style.flexBasis = `${column.width}px`;
    button.textContent = column.title;
    button.addEventListener("click", () => {
      sorted = { column, down: sorted.column === column ? !sorted.down : false };
      for (const other of head.children) other.removeAttribute("aria-sort");
      button.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
      sort();
      draw();
    });
    head.append(button);
  }
  for (const button of document.querySelectorAll("[data-search]")) {
    button.addEventListener("click", () => {
      search.value = button.dataset.search;
      state.value = "";
      choose();
      box.scrollIntoView();
    });
  }
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(choose, 120);
  });
  state.addEventListener("change", choose);
  box.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
  window.addEventListener("resize", draw);
  choose();
})();
