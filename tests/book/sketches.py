#!/usr/bin/python3
"""sketches: programs that a chapter shows and src/ does not keep compile.

    tests/book/sketches.py [CHAPTER...]         without one, all of them

A sketch is a block ```c {sketch="name"} with a whole program, or several of one
name that make it up, in their order.  It is compiled with the headers of its
chapter's stages (in a part, of the rooms up to its own), with the house's
warnings.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "docs"))
import weave  # noqa: E402

PACKAGES = {"04": ["python3-embed"], "05": ["jansson"],
            "06": ["libpcre2-8", "zlib"]}


def flags(stem):
    """The compiler's words for the stages and rooms up to a chapter."""
    words = ["-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
             "-Wno-unused-parameter", "-pthread"]
    packages = []
    for stage in sorted((ROOT / "src").glob("0[1-6]-*")):
        if stage.name[:2] > stem[:2]:
            break
        rooms = [room for room in sorted(stage.glob("[1-9]-*"))
                 if not stem.startswith(f"{stage.name}-")
                 or f"{stage.name}-{room.name}" <= stem]
        words += [f"-I{room}" for room in rooms or [stage]]
        packages += PACKAGES.get(stage.name[:2], [])
    if packages:
        words += subprocess.check_output(
            ["pkg-config", "--cflags", *packages], text=True).split()
    return words


def main(wanted):
    passed = failed = 0
    for path in weave.Book(ROOT, wanted).paths:
        text = path.read_text("utf-8")
        found = {}  # name -> its blocks
        for block in weave.blocks(path.relative_to(ROOT), text):
            if "sketch" in block.attributes:
                found.setdefault(block.attributes["sketch"], []).append(block)
        for name, parts in found.items():
            with tempfile.TemporaryDirectory() as folder:
                source = Path(folder) / f"{name}.c"
                source.write_text("\n\n".join(
                    "\n".join(block.body) for block in parts) + "\n")
                done = subprocess.run(
                    ["cc", *flags(path.stem), "-c", "-o", "/dev/null",
                     str(source)], capture_output=True, text=True, check=False)
            good = done.returncode == 0
            passed += good
            failed += not good
            print(f"{'ok' if good else 'not ok'} {parts[0]}: {name}")
            if not good:
                print(done.stderr)
    print(f"sketches: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
