"""How large a thing may be, and that it says what it is for."""

import ast
from collections.abc import Iterator

from tests.tidy.rule import PURE_LAYERS, FunctionNode, Offence, Rule, Source, in_layers, is_product, is_python

MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50
POSITIONAL_PARAMETERS_MAX = 5
PUBLIC_METHODS_MAX = 12
PORT_METHODS_MAX = 6


def module_length(source: Source) -> Iterator[Offence]:
    if len(source.lines) > MODULE_LINES_MAX:
        yield len(source.lines), f"{len(source.lines)} lines, of at most {MODULE_LINES_MAX}"


def function_length(source: Source) -> Iterator[Offence]:
    for function in source.functions():
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > FUNCTION_LINES_MAX:
            yield function.lineno, f"{function.name} has {length} lines, of at most {FUNCTION_LINES_MAX}"


def positional_parameters(source: Source) -> Iterator[Offence]:
    for function in source.functions():
        names = [arg.arg for arg in function.args.posonlyargs + function.args.args]
        if names and names[0] in {"self", "cls"}:
            del names[0]
        if len(names) > POSITIONAL_PARAMETERS_MAX:
            what = f"{function.name} takes {len(names)} parameters by position"
            yield function.lineno, f"{what}, of at most {POSITIONAL_PARAMETERS_MAX}"


def _public_methods(node: ast.ClassDef) -> set[str]:
    return {child.name for child in node.body if isinstance(child, FunctionNode) and not child.name.startswith("_")}


def public_methods(source: Source) -> Iterator[Offence]:
    for node in source.classes():
        count = len(_public_methods(node))
        if count > PUBLIC_METHODS_MAX:
            yield node.lineno, f"{node.name} has {count} public methods, of at most {PUBLIC_METHODS_MAX}"


def _is_protocol(node: ast.ClassDef) -> bool:
    return any("Protocol" in ast.unparse(base).replace("[", ".").split(".") for base in node.bases)


def port_methods(source: Source) -> Iterator[Offence]:
    for node in source.classes():
        count = len(_public_methods(node))
        if _is_protocol(node) and count > PORT_METHODS_MAX:
            yield node.lineno, f"the port {node.name} has {count} methods, of at most {PORT_METHODS_MAX}"


def module_sentence(source: Source) -> Iterator[Offence]:
    if not source.text.strip():
        return
    docstring = ast.get_docstring(source.tree)
    if docstring is None:
        yield 1, "the module does not say what it is for"
        return
    opening = docstring.split("\n\n")[0].rstrip()
    if not opening.endswith((".", ":")) or len(opening.split()) < 3:
        yield 1, "the module does not open with a whole sentence"


def public_docstrings(source: Source) -> Iterator[Offence]:
    bodies = [source.tree.body, *(node.body for node in source.tree.body if isinstance(node, ast.ClassDef))]
    for node in (node for body in bodies for node in body):
        if not isinstance(node, FunctionNode | ast.ClassDef) or node.name.startswith("_") or ast.get_docstring(node):
            continue
        if not {ast.unparse(mark) for mark in node.decorator_list} & {"overload", "override"}:
            yield node.lineno, f"{node.name} has no docstring"


def frozen_values(source: Source) -> Iterator[Offence]:
    """Errors are none: whoever raises one has Python write the traceback into it."""
    if source.path.endswith("/errors.py"):
        return
    for node in source.classes():
        for mark in node.decorator_list:
            text = ast.unparse(mark)
            if text.startswith("dataclass") and ("frozen=True" not in text or "slots=True" not in text):
                yield node.lineno, f"{node.name} is a value, so @dataclass(frozen=True, slots=True)"


def _methods(count: int, of_what: str) -> str:
    return "".join(f"    def {of_what}{number}(self) -> None: ...\n" for number in range(count))


RULES = [
    Rule("module length", is_python, module_length, bad="x = 1\n" * 401, good="x = 1\n" * 400),
    Rule(
        "function length",
        is_python,
        function_length,
        bad="def f():\n" + "    x = 1\n" * 50,
        good="def f():\n" + "    x = 1\n" * 49,
    ),
    Rule(
        "positional parameters",
        is_product,
        positional_parameters,
        bad="def f(a, b, c, d, e, g): ...",
        good="class C:\n    def f(self, a, b, c, d, e, *, g, h): ...",
    ),
    Rule(
        "public methods",
        is_product,
        public_methods,
        bad="class C:\n" + _methods(13, "act"),
        good="class C:\n" + _methods(12, "act") + _methods(9, "_act"),
    ),
    Rule(
        "port methods",
        is_product,
        port_methods,
        bad="class P(Protocol):\n" + _methods(7, "act"),
        good="class P(Protocol):\n" + _methods(6, "act") + "class C:\n" + _methods(7, "act"),
        where="src/telegraphone/services/ports.py",
    ),
    Rule("module sentence", is_python, module_sentence, bad='"""Stuff"""', good='"""Say which calls are recorded."""'),
    Rule(
        "public docstrings",
        in_layers(*PURE_LAYERS, "services"),
        public_docstrings,
        bad="class C:\n    '''A thing.'''\n    def act(self): ...",
        good="class C:\n    '''A thing.'''\n    def act(self):\n        '''Act.'''\n    def _act(self): ...",
    ),
    Rule(
        "frozen values",
        in_layers("domain"),
        frozen_values,
        bad="@dataclass(frozen=True)\nclass C: ...",
        good="@dataclass(frozen=True, slots=True)\nclass C: ...",
    ),
]
