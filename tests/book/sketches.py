#!/usr/bin/python3
"""sketches: programs that a chapter shows and src/ does not keep compile.

    tests/book/sketches.py [CHAPTER...]

A sketch is a block ```c {sketch="name"} with a whole program.  It is compiled
with the headers of its chapter's stages, with the house's warnings.
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


def flags(chapter):
    """The compiler's words for the stages up to a chapter."""
    words = ["-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
             "-pthread"]
    packages = []
    for stage in sorted((ROOT / "src").glob("0[1-6]-*")):
        if stage.name[:2] <= chapter:
            words += [f"-I{room}" for room in sorted(stage.glob("[1-9]-*"))
                      or [stage]]
            packages += PACKAGES.get(stage.name[:2], [])
    if packages:
        words += subprocess.check_output(
            ["pkg-config", "--cflags", *packages], text=True).split()
    return words


def main(numbers):
    passed = failed = 0
    for path in sorted((ROOT / "chapters").glob("*.md"),
                       key=lambda path: path.stem):
        if numbers and path.name[:2] not in [n.zfill(2) for n in numbers]:
            continue
        text = path.read_text("utf-8")
        for block in weave.blocks(path.relative_to(ROOT), text):
            name = block.attributes.get("sketch")
            if name is None:
                continue
            with tempfile.TemporaryDirectory() as folder:
                source = Path(folder) / f"{name}.c"
                source.write_text("\n".join(block.body) + "\n")
                done = subprocess.run(
                    ["cc", *flags(path.name[:2]), "-c", "-o", "/dev/null",
                     str(source)], capture_output=True, text=True, check=False)
            good = done.returncode == 0
            passed += good
            failed += not good
            print(f"{'ok' if good else 'not ok'} {block}: {name}")
            if not good:
                print(done.stderr)
    print(f"sketches: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
