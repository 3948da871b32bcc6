// Shows the description of the API: every operation with what it takes and answers, and every schema it names.

const page = document.getElementById("page");

/** A new element with attributes and children; texts stay texts, whatever they contain. */
function made(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Words in which `code` is marked by backticks. */
function phrase(text) {
  return text.split("`").map((part, place) => (place % 2 ? made("code", {}, part) : part));
}

/** Paragraphs and tables, which is all that the introduction has of Markdown. */
function prose(text) {
  return text.trim().split(/\n\n+/).map((block) => {
    if (!block.startsWith("|")) return made("p", {}, ...phrase(block));
    const rows = block.split("\n").filter((line) => !/^\|[-|]+\|$/.test(line)).map((line) => line.slice(1, -1).split("|"));
    return table(rows[0], rows.slice(1).map((row) => row.map((cell) => phrase(cell.trim()))));
  });
}

function table(heads, rows) {
  const head = made("tr", {}, ...heads.map((text) => made("th", {}, text.trim())));
  return made("table", {}, head, ...rows.map((row) => made("tr", {}, ...row.map((cell) => made("td", {}, ...cell)))));
}

/** A schema in few words: the name of one, or what it is made of. */
function brief(schema) {
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop().replace(/^SomeOf/, "");
    return [made("a", { href: `#schema-${name}` }, name)];
  }
  if ("const" in schema) return [made("code", {}, JSON.stringify(schema.const))];
  if (schema.enum) return schema.enum.flatMap((value, place) => [place ? ", " : "", made("code", {}, JSON.stringify(value))]);
  if (schema.type === "array") return ["list of ", ...brief(schema.items ?? {})];
  if (schema.properties) return [members(schema)];
  return [schema.pattern ? `text like ${schema.pattern}` : (schema.format ?? schema.type ?? "anything")];
}

function members(schema) {
  const needed = new Set(schema.required ?? []);
  const rows = Object.entries(schema.properties).map(([name, each]) => [
    [made("code", {}, name), needed.has(name) ? "" : " (sometimes)"],
    brief(each),
    phrase(each.description ?? ""),
  ]);
  return table(["name", "what", ""], rows);
}

/** A schema with everything in it; of alternatives, one after the other. */
function whole(schema) {
  const alternatives = schema.oneOf ?? schema.anyOf ?? [schema];
  return alternatives.flatMap((each, place) => [...(place ? [made("p", {}, "or")] : []), ...brief(each)]);
}

function operation(path, method, what, shared) {
  const parameters = [...(shared ?? []), ...(what.parameters ?? [])];
  const parts = [made("summary", {}, made("strong", {}, method.toUpperCase()), made("code", {}, path), made("span", {}, what.summary))];
  if (parameters.length) {
    const rows = parameters.map((each) => [[made("code", {}, each.name)], [each.in], phrase(each.schema.description ?? "")]);
    parts.push(made("h4", {}, "Parameters"), table(["name", "where", ""], rows));
  }
  const body = what.requestBody?.content["application/json"];
  if (body) parts.push(made("h4", {}, "Body"), ...whole(body.schema));
  const said = Object.entries(what.responses).find(([status]) => status < "400")[1];
  const answer = said.content?.["application/json"];
  parts.push(made("h4", {}, "Answer"), ...(answer ? whole(answer.schema) : [said.description]));
  return made("details", { id: what.operationId }, ...parts);
}

function show(description) {
  const groups = new Map();
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, what] of Object.entries(methods)) {
      if (method === "parameters") continue;
      const tag = what.tags[0];
      groups.set(tag, [...(groups.get(tag) ?? []), operation(path, method, what, methods.parameters)]);
    }
  }
  const schemas = Object.entries(description.components.schemas)
    .filter(([name]) => !name.startsWith("SomeOf"))
    .map(([name, schema]) => made("details", { id: `schema-${name}` }, made("summary", {}, made("code", {}, name)), ...whole(schema)));
  page.replaceChildren(
    ...prose(description.info.description),
    ...[...groups].flatMap(([tag, operations]) => [made("h2", {}, tag), ...operations]),
    made("h2", {}, "Schemas"),
    ...schemas,
  );
  open_named();
}

/** Links lead to parts that are folded up. */
function open_named() {
  const named = document.getElementById(location.hash.slice(1));
  if (named instanceof HTMLDetailsElement) {
    named.open = true;
    named.scrollIntoView();
  }
}

function ask_to_sign_in(problem) {
  const user = made("input", { autocomplete: "username", required: "" });
  const password = made("input", { type: "password", autocomplete: "current-password", required: "" });
  const form = made(
    "form",
    {},
    made("label", {}, "User name ", user),
    made("label", {}, "Password ", password),
    made("button", {}, "Sign in"),
    made("p", { class: "problem", role: "alert" }, problem),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = new TextEncoder().encode(`${user.value}:${password.value}`);
    load({ Authorization: `Basic ${btoa(String.fromCharCode(...text))}` }, "That was not right.");
  });
  page.replaceChildren(made("p", {}, "The description is for users of this installation."), form);
  user.focus();
}

async function load(headers, problem) {
  try {
    const answer = await fetch("/api/v2/openapi.json", { headers });
    if (answer.ok) show(await answer.json());
    else if (answer.status === 403) ask_to_sign_in(problem);
    else throw new Error(`the server answers ${answer.status}`);
  } catch (error) {
    page.replaceChildren(made("p", { class: "problem", role: "alert" }, `The description cannot be shown: ${error.message}.`));
  }
}

addEventListener("hashchange", open_named);
load({}, "");
