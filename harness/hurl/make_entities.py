"""Writes HTML 5's table of entities as C++: make_entities.py HEADER. Python's standard library has the table."""
import html.entities
import sys


def literal(text):
    return '"' + "".join(f"\\x{byte:02x}" for byte in text.encode()) + '"'


entries = sorted(html.entities.html5.items(), key=lambda entry: entry[0].encode())
with open(sys.argv[1], "w", encoding="utf-8") as header:
    header.write("// Made by make_entities.py. Sorted by name; a name has its semicolon where HTML 5 asks for one.\n"
                 "#pragma once\n\n#include <array>\n#include <string_view>\n\nnamespace assay::hurl {\n\n"
                 "struct Entity {\n    std::string_view name;\n    std::string_view text;\n};\n\n"
                 f"inline constexpr std::array<Entity, {len(entries)}> kEntities = {{{{\n")
    for name, text in entries:
        header.write(f'    {{"{name}", {literal(text)}}},\n')
    header.write("}};\n\n}  // namespace assay::hurl\n")
