#!/usr/bin/env python3
"""Checks a trail as it was handed over, with hashlib, Debian's `python3-cryptography` and nothing of
the host's:

    verify.py FOLDER --client casemate-client.json
    verify.py FOLDER VKEY-FILE [SEEN-CHECKPOINT]
    verify.py --many LIST

The log must follow from the checkpoint in the client's file, be that of this log or of an earlier one:
then those in `trails/` lead to it. Each log is signed with the tenant's key under its own name.

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
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# Only a log that goes on after another one begins with a number above 0.
GOES_ON = re.compile(
    rb'\{"seq":([1-9][0-9]*),"time_ms":[0-9]+,"kind":"restore",.*"before":(\{[^{}]*\})'
)


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
    except (Wrong, ValueError, KeyError, TypeError, OSError, InvalidSignature, RecursionError) as why:
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


def client_file(file):
    """The key and the checkpoint that a client has: name, size and root."""
    with at(file):
        known = json.loads(read(file).decode(), parse_constant=no_number)
        must(isinstance(known, dict), "it is not the client's file")
        must(known.get("schema") == "casemate.client/v1", "its schema is not casemate.client/v1")
        for member in ("log", "key", "checkpoint"):
            must(isinstance(known.get(member), str), f"it has no `{member}`")
        must(not known["key"].endswith("\n"), "its key is none")
        key = verifier(known["key"])
        must(key[0] == known["log"], "its key is not for its log")
        return key, (key[0], *checkpoint(known["checkpoint"].encode(), key))


def named(key, name):
    """The tenant's key under the name of another log."""
    raw = key[2].public_bytes(Encoding.Raw, PublicFormat.Raw)
    number = hashlib.sha256(name.encode() + b"\n\x01" + raw).digest()[:4]
    return name, number, key[2]


def origin(note):
    """The name in a checkpoint, whoever signed it."""
    return note.decode().split("\n", 1)[0]


def one_log(folder, below, key, points):
    """Checks one log, and that it has the roots of these sizes: its size, its root, the log before it
    and the files it is made of."""
    folder = os.path.join(folder, below)
    with at(below + "checkpoint"):
        size, signed = checkpoint(read(os.path.join(folder, "checkpoint")), key)
    own, leaves, base, before = {below + "checkpoint"}, [], 0, None
    for path, first, width in tiles("entries", size):
        own.add(below + path)
        with at(below + path):
            for place, entry in enumerate(entries(read(os.path.join(folder, path)), width), first):
                goes_on = GOES_ON.match(entry) if place == 0 else None
                with at(f"entry {place}"):
                    if goes_on:
                        base, before = int(goes_on[1]), json.loads(goes_on[2].decode())
                    line(entry, base + place)
                leaves.append(hashlib.sha256(b"\x00" + entry).digest())
    must(root(leaves) == signed, f"the {size} entries do not hash to the checkpoint's root")
    level, hashes = 0, leaves
    while hashes:
        for path, first, width in tiles(level, len(hashes)):
            own.add(below + path)
            with at(below + path):
                same = read(os.path.join(folder, path)) == b"".join(hashes[first : first + width])
                must(same, "it does not hold the hashes of the entries")
        whole = range(0, len(hashes) - 255, 256)
        level, hashes = level + 1, [root(hashes[first : first + 256]) for first in whole]
    for old, old_root in points:
        must(old <= size, f"rolled back: it is over {size} entries, and one over {old} was seen")
        same = root(leaves[:old]) == old_root
        must(same, f"forked: the first {old} entries are not those that were seen")
    return size, signed, before, own


def earlier_logs(folder, key, present, before, seen):
    """Follows the logs before the present one, to what was seen where that is not none: their files."""
    own, passed = set(), [present]
    while before:
        with at("the log before"):
            name, size, digest = before["log"], before["size"], unbase64(before["root"])
        must(name not in passed, f"the log `{name}` is named as being before itself")
        is_of = seen is not None and seen[0] == name
        with at(f"the earlier log {name}"):
            must(not is_of or seen[1] <= size, f"rolled back: it ends with {size} entries")
            is_end = is_of and seen[1] == size
            must(not is_end or seen[2] == digest, "forked: its end is not what was seen")
            must(re.fullmatch("casemate-trail/[0-9a-f]{32}", name), "its name is none")
            below = f"trails/{name.split('/')[1]}/"
            if not os.path.isdir(os.path.join(folder, below)):
                must(seen is None or is_end, f"`{below}` is not there")
                return own
            points = [(size, digest)] + ([seen[1:]] if is_of else [])
            *_, before, files = one_log(folder, below, named(key, name), points)
        own |= files
        seen = None if is_of else seen
        passed.append(name)
    must(seen is None, f"nothing leads from the log `{seen and seen[0]}` that was seen to this one")
    return own


def verify(folder, vkey, seen=None):
    if vkey == "--client":
        must(seen is not None, "the client's file is not named")
        key, seen = client_file(seen)
        with at("checkpoint"):
            key = named(key, origin(read(os.path.join(folder, "checkpoint"))))
    else:
        with at(vkey):
            key = verifier(read(vkey).decode())
        if seen:
            with at(seen):
                seen = (key[0], *checkpoint(read(seen), key))
    is_of = bool(seen) and seen[0] == key[0]
    size, signed, before, own = one_log(folder, "", key, [seen[1:]] if is_of else [])
    own |= earlier_logs(folder, key, key[0], before, seen if seen and not is_of else None)
    for above, folders, files in os.walk(folder):
        for name in files + folders:
            file = os.path.join(above, name)
            path = os.path.relpath(file, folder)
            is_folder = os.path.isdir(file) and not os.path.islink(file)
            must(path in own or path == "README.txt" or is_folder, f"`{path}` is no part of the log")
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
        print("usage: verify.py FOLDER --client CLIENT-FILE")
        print("or: verify.py FOLDER VKEY-FILE [SEEN-CHECKPOINT], or verify.py --many LIST")
        return 1
    said, sound = verdict(arguments)
    print(said)
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
