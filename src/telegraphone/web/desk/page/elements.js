// Makes and keeps elements without any markup in strings: text is only ever text, whoever wrote it.

const SVG = "http://www.w3.org/2000/svg";

/** An element. Attributes that are functions are listeners (`click`), `true` and `false` set or leave a bare attribute. */
export function h(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** The same in a picture. */
export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(name, value);
    } else {
      setAttribute(element, name, value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Sets, or with `false` and undefined removes, an attribute; leaves the document alone when nothing changes. */
export function setAttribute(element, name, value) {
  if (value === false || value === undefined || value === null) {
    element.removeAttribute(name);
  } else if (element.getAttribute(name) !== String(value === true ? "" : value)) {
    element.setAttribute(name, value === true ? "" : value);
  }
}

/** Changes a text, if it is another one: what stays the same is not read aloud again. */
export function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

const KEPT = new WeakMap();

/**
 * Makes the children of `parent` show `items`, keeping the element of each key: focus, open details and half-typed text
 * stay. `make(item)` returns `{element, update(item)}`.
 */
export function keep(parent, items, keyOf, make) {
  const before = KEPT.get(parent) ?? new Map();
  const wanted = new Set(items.map(keyOf));
  for (const [key, view] of before) {
    if (!wanted.has(key)) {
      view.element.remove(); // before the others find their places, so that none of them has to move and lose the focus
    }
  }
  const focused = document.activeElement;
  const after = new Map();
  for (const [index, item] of items.entries()) {
    const view = before.get(keyOf(item)) ?? make(item);
    after.set(keyOf(item), view);
    if (parent.children[index] !== view.element) {
      parent.insertBefore(view.element, parent.children[index] ?? null);
    }
    view.update(item);
  }
  if (focused !== document.activeElement && parent.contains(focused)) {
    focused.focus({ preventScroll: true }); // it had to move after all
  }
  KEPT.set(parent, after);
}

let count = 0;

/** An id that no other element has. */
export function freshId(word) {
  count += 1;
  return `${word}-${count}`;
}
