# SPDX-License-Identifier: Apache-2.0
"""String work: building, splitting, joining, replacing, searching, formatting and casing."""

TEXT = (
    "It was a bright cold day in April, and the clocks were striking. The hall smelt of "
    "boiled cabbage and old rag mats; at one end of it a coloured poster, too large for "
    "indoor display, had been tacked to the wall. Inside the flat a fruity voice was "
    "reading out a list of figures which had something to do with the production of iron."
)


def caesar(text, shift):
    letters = []
    for character in text:
        if "a" <= character <= "z":
            letters.append(chr((ord(character) - 97 + shift) % 26 + 97))
        elif "A" <= character <= "Z":
            letters.append(chr((ord(character) - 65 + shift) % 26 + 65))
        else:
            letters.append(character)
    return "".join(letters)


def palindromes(words):
    found = 0
    for word in words:
        lowered = word.strip(".,;").lower()
        if lowered and lowered == lowered[::-1]:
            found += 1
    return found


def table(rows):
    lines = []
    for row in range(rows):
        lines.append(f"{row:>6d} | {row * 3.25:10.3f} | {row % 17:04x} | {'x' * (row % 5):<5}")
    return "\n".join(lines)


def parse(block):
    total = 0
    for line in block.splitlines():
        first, second, third, _ = line.split(" | ")
        total += int(first) + int(third, 16) + len(second.strip().partition(".")[0])
    return total


def main():
    checksum = 0
    for shift in range(350):
        secret = caesar(TEXT, shift)
        checksum += secret.count("e") + secret.find("the") + len(secret.title())
    words = TEXT.split()
    for turn in range(300):
        joined = "-".join(words).replace("a", str(turn % 10)).upper()
        checksum += joined.rfind("9") + palindromes(joined.split("-"))
        checksum += sum(word.startswith("T") + word.endswith("S") for word in joined.split("-"))
    built = ""
    for index in range(40000):
        built += chr(97 + index % 26)
    return checksum, len(built), built[1234:1244], parse(table(30000))


print("string", main())
