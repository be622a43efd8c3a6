#!/usr/bin/env python3
"""Checks a trail as it was handed over, with hashlib, Debian's `python3-cryptography` and nothing of
the host's:

    verify.py FOLDER VKEY-FILE [SEEN-CHECKPOINT]
    verify.py --many LIST

It prints `ok SIZE ROOT`, or the first thing that is wrong and ends with 1. A line of LIST has the
arguments for one trail with tabs between, and gets one line of answer.

Formats: c2sp.org/tlog-tiles, c2sp.org/tlog-checkpoint, c2sp.org/signed-note.
"""
import base64
import contextlib
import hashlib
import json
import os
import re
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

# Only a log that goes on after another one begins with a number above 0.
GOES_ON = re.compile(rb'\{"seq":([1-9][0-9]*),"time_ms":[0-9]+,"kind":"restore",.*"before":\{')


class Wrong(Exception):
    """What is wrong with a trail."""


def must(holds, what):
    if not holds:
        raise Wrong(what)


@contextlib.contextmanager
def at(where):
    """Says where it is that something is wrong."""
    try:
        yield
    except (Wrong, ValueError, OSError, InvalidSignature, RecursionError) as why:
        raise Wrong(f"`{where}`: {why or type(why).__name__}") from why


def read(path):
    with open(path, "rb") as file:
        return file.read()


def unbase64(text):
    value = base64.b64decode(text, validate=True)
    must(base64.b64encode(value).decode() == text, f"`{text}` is not how its bytes are spelled")
    return value


def verifier(text):
    """The name, the id and the key in `NAME+ID+KEY`."""
    name, number, key = text.removesuffix("\n").split("+", 2)
    key = unbase64(key)
    must(len(key) == 33 and key[0] == 1, "the key is none of Ed25519")
    number_of = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    must(number == number_of.hex(), "the key's id is not that of its name and key")
    return name, number_of, Ed25519PublicKey.from_public_bytes(key[1:])


def checkpoint(note, key):
    """The size and the root that the key has signed."""
    name, number, public = key
    note = note.decode()
    must(not re.search(r"[\x00-\x09\x0b-\x1f]", note), "a control character stands in it")
    text, empty, lines = note.rpartition("\n\n")
    must(empty and lines.endswith("\n"), "it has no signatures")
    lines = lines[:-1].split("\n")
    must(len(lines) <= 100, "it has more than 100 signatures")
    own = []
    for line in lines:
        signed = re.fullmatch("— ([^\\s+]+) ([^ ]+)", line)
        must(signed, "a signature is not a dash, a name and base64")
        signature = unbase64(signed[2])
        must(len(signature) > 4, "a signature is too short")
        if (signed[1], signature[:4]) == (name, number):
            own.append(signature[4:])
    must(len(own) == 1, f"the key has signed it {len(own)} times")
    public.verify(own[0], (text + "\n").encode())
    lines = re.fullmatch("([^\n]*)\n(0|[1-9][0-9]*)\n([^\n]*)", text)
    must(lines, "it is not a name, a size and a root")
    must(lines[1] == name, "it is of another log than the key")
    root = unbase64(lines[3])
    must(len(root) == 32, "its root is none")
    return int(lines[2]), root


def entries(bundle, width):
    """The entries in a bundle, each behind its length."""
    at = 0
    for _ in range(width):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        must(at + 2 <= len(bundle) and end <= len(bundle), "it ends within an entry")
        yield bundle[at + 2 : end]
        at = end
    must(at == len(bundle), "something stands behind its last entry")


def no_number(text):
    raise ValueError(f"{text} is no JSON")


def line(entry, number):
    """That an entry is one line of JSON which begins with its number."""
    must(not re.search(rb"[\x00-\x1f\x7f]", entry), "it is not one line")
    json.loads(entry.decode(), parse_constant=no_number)
    must(entry.startswith(b'{"seq":%d,' % number), f"its number is not {number}")


def root(hashes):
    """RFC 6962, section 2.1, over the hashes of the leaves."""
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256().digest()
    left = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + root(hashes[:left]) + root(hashes[left:])).digest()


def tiles(level, items):
    """The path of each tile of so many items, its first item and its width."""
    for first in range(0, items, 256):
        *above, last = (part.zfill(3) for part in f"{first // 256:,}".split(","))
        path = "/".join(["tile", str(level), *("x" + part for part in above), last])
        width = min(256, items - first)
        yield path + (f".p/{width}" if width < 256 else ""), first, width


def verify(folder, vkey, seen=None):
    with at(vkey):
        key = verifier(read(vkey).decode())
    with at("checkpoint"):
        size, signed = checkpoint(read(os.path.join(folder, "checkpoint")), key)
    own, leaves, base = {"checkpoint"}, [], 0
    for path, first, width in tiles("entries", size):
        own.add(path)
        with at(path):
            for place, entry in enumerate(entries(read(os.path.join(folder, path)), width), first):
                number = GOES_ON.match(entry) if place == 0 else None
                base = int(number[1]) if number else base
                with at(f"entry {place}"):
                    line(entry, base + place)
                leaves.append(hashlib.sha256(b"\x00" + entry).digest())
    must(root(leaves) == signed, f"the {size} entries do not hash to the checkpoint's root")
    level, hashes = 0, leaves
    while hashes:
        for path, first, width in tiles(level, len(hashes)):
            own.add(path)
            with at(path):
                same = read(os.path.join(folder, path)) == b"".join(hashes[first : first + width])
                must(same, "it does not hold the hashes of the entries")
        whole = range(0, len(hashes) - 255, 256)
        level, hashes = level + 1, [root(hashes[first : first + 256]) for first in whole]
    if seen:
        with at(seen):
            old, old_root = checkpoint(read(seen), key)
        must(old <= size, f"rolled back: it is over {size} entries, and one over {old} was seen")
        same = root(leaves[:old]) == old_root
        must(same, f"forked: the first {old} entries are not those that were seen")
    for above, folders, files in os.walk(folder):
        for name in files + folders:
            file = os.path.join(above, name)
            path = os.path.relpath(file, folder)
            is_folder = os.path.isdir(file) and not os.path.islink(file)
            must(path in own or is_folder, f"`{path}` is no part of the log")
    return f"ok {size} {base64.b64encode(signed).decode()}"


def verdict(arguments):
    """The answer for one trail, and whether it is sound."""
    try:
        return verify(*arguments), True
    except Wrong as wrong:
        return str(wrong).replace("\n", " "), False


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "--many":
        for line in read(arguments[1]).decode().removesuffix("\n").split("\n"):
            print(verdict(line.split("\t"))[0])
        return 0
    if len(arguments) not in (2, 3):
        print("usage: verify.py FOLDER VKEY-FILE [SEEN-CHECKPOINT], or verify.py --many LIST")
        return 1
    said, sound = verdict(arguments)
    print(said)
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
