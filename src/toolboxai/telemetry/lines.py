"""What is one line stays one, whatever somebody typed into a form. Pure."""

# CR, LF, ESC and their like become visible.
_CONTROL = {code: f"\\x{code:02x}" for code in [*range(32), *range(127, 160)]} | {
    9: "\t",
    10: "\\n",
    13: "\\r",
    # Also what ends a line for some, and what turns the direction of the text around.
    **{
        code: f"\\u{code:04x}"
        for code in [0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
    },
}


def one_line(text: str) -> str:
    """Return ``text`` with control characters written out, so that nobody can forge a line."""
    return text if text.isprintable() else text.translate(_CONTROL)
