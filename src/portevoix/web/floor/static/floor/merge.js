// Making a piece of the page like another while every node that stays stays the same node: the keyboard's focus, a screen
// reader's place, an open fold and what somebody is writing are not touched.

const sameKind = (one, other) => one.nodeType === other.nodeType && one.nodeName === other.nodeName;

function attributes(old, fresh) {
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !(name === "open" && old.localName === "details")) old.removeAttribute(name);
  }
}

/** Make `old` like `fresh`, which is used up. */
export function merge(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (!sameKind(old, fresh)) {
    if (!old.contains(document.activeElement)) old.replaceWith(fresh);
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    old.nodeValue = fresh.nodeValue;
    return;
  }
  if (old === document.activeElement && old.matches("input, select, textarea")) return;
  attributes(old, fresh);
  const wanted = [...fresh.childNodes];
  const found = [...old.childNodes];
  wanted.forEach((node, place) => {
    if (found[place]) merge(found[place], node);
    else old.append(node);
  });
  for (const extra of found.slice(wanted.length)) if (!extra.contains(document.activeElement)) extra.remove();
}
