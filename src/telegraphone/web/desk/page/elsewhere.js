// Offers to sign in by an identity provider, and tells how that went for somebody who comes back from one.

import { h, setAttribute } from "/desk/elements.js";

const REFUSED = "Your organisation knows you, but you may not come in here. Ask whoever runs this contact centre.";
const UNAVAILABLE = "Your organisation's sign-in cannot be reached now. Try again, or log in with a password.";
const SAID = { "#sign-in-refused": REFUSED, "#sign-in-unavailable": UNAVAILABLE };

/** Puts one link for each provider into `place`; `page` is where the browser comes back to. */
export async function offer(place, page) {
  const answer = await fetch("/login/providers", { cache: "no-store" }).catch(() => null);
  const { providers = [] } = answer?.ok ? await answer.json() : {};
  const links = providers.map((each) =>
    h("a", { href: `/login/${encodeURIComponent(each.name)}?page=${encodeURIComponent(page)}` }, `Log in with ${each.displayName}`),
  );
  place.replaceChildren(...links);
  setAttribute(place, "hidden", !links.length);
}

/** What is to be said to who comes back and is not in, once; empty otherwise. */
export function cameBack() {
  const said = SAID[location.hash] ?? "";
  if (said) {
    history.replaceState(null, "", location.pathname);
  }
  return said;
}
