"""Newman's CSV report as raw cells, for the tests that compare two of them.

Raw: quotes are kept, since an absent value (nothing) and an empty one ("") are not the same.
"""
import re

RESPONSE_TIME = "responseTime"


def rows(text):
    """Rows at line feeds outside of quotes. Text that ends with a line feed has an empty last row."""
    found, start, quoted = [], 0, False
    for at, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif char == "\n" and not quoted:
            found.append(text[start:at])
            start = at + 1
    return found + [text[start:]]


def cells(text):
    return [re.findall(r'(?:^|,)("(?:[^"]|"")*"|[^,]*)', row) for row in rows(text)]


def read(path):
    """The file's text, line ends untouched."""
    return path.read_bytes().decode("utf-8")
