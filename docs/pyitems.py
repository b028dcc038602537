"""pyitems: the items of a Python source, as citems.py has those of a C one.

The opening is the module's docstring and its imports; an item is a function, a
class or an assignment at top level, with its decorators and the comment right
above it.  What has no name belongs to the item before it.
"""

import ast

from citems import Item


def name_of(node):
    """The name that a statement defines, or None."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return node.name
    targets = getattr(node, "targets", [getattr(node, "target", None)])
    if len(targets) == 1 and isinstance(targets[0], ast.Name):
        return targets[0].id
    return None


def divide(text):
    """The items of a Python file; the first is always the opening."""
    lines = text.splitlines()
    items = [Item([("", "opening")], 1, 1)]
    for node in ast.parse(text).body:
        first = min([node.lineno] + [
            d.lineno for d in getattr(node, "decorator_list", [])])
        name = name_of(node)
        if name:
            while first > 1 and lines[first - 2].startswith("#"):
                first -= 1
            items.append(Item([("", name)], first, node.end_lineno))
        else:
            items[-1].last = node.end_lineno
    for item, after in zip(items, items[1:]):  # comments that stand alone
        item.last = max([item.last] + [
            n for n in range(item.last, after.first)
            if lines[n - 1].strip()])
    items[-1].last = len(lines)
    return items
