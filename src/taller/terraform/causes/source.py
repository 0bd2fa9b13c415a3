"""The student's own text around a faulty line, for causes that depend on it."""


def source_at(text: str, line: int | None) -> str:
    """The header of the block around a line of HCL, and the text from that line to its end.

    The header is the first line of the result, empty when the line is in no block.
    """
    lines = text.splitlines()
    if line is None or not 1 <= line <= len(lines):
        return ""
    first = lines[line - 1]
    rest = [first]
    if first.rstrip().endswith(("{", "[", "(")):
        for below in lines[line:]:
            rest.append(below)
            if below.strip() and _indent(below) <= _indent(first):
                break
    return "\n".join([_header(lines, line), *rest])


def _header(lines: list[str], line: int) -> str:
    first = lines[line - 1]
    if not first[:1].isspace():
        return first if "{" in first else ""
    return next((above for above in reversed(lines[: line - 1]) if above[:1].strip(" #}\t")), "")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
