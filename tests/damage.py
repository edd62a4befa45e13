"""Damages the bytes of a file, or the values in a JSON file, at random."""

import json
import random


def damage(content: bytes, chance: random.Random) -> bytes:
    """Returns the content with bits flipped, the end cut, or a part zeroed, rotated or overwritten."""
    damaged = bytearray(content)
    kind = chance.choice(["flip", "cut", "zero", "rotate", "extreme"])
    place = chance.randrange(len(damaged))
    # The structure of most formats is at the start or the end of the file.
    if chance.random() < 0.5:
        place = min(place, chance.randrange(200), len(damaged) - 1)
    if kind == "flip":
        for _ in range(chance.choice([1, 3, 10, 100])):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    elif kind == "cut":
        del damaged[place:]
    elif kind == "zero":
        damaged[place : place + chance.randrange(1, 400)] = bytes(len(damaged[place : place + 100]))
    elif kind == "rotate":
        damaged = damaged[place:] + damaged[:place]
    else:
        for _ in range(chance.choice([1, 4])):
            place = chance.randrange(max(1, len(damaged) - 4))
            damaged[place : place + 4] = chance.choice(
                [b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", bytes(4), b"\0\0\1\0"]
            )
    return bytes(damaged)


def damage_json(content: str, chance: random.Random) -> bytes:
    """Returns the text with random bytes damaged, or with some of its values replaced by others."""
    if chance.random() < 0.3:
        return damage(content.encode(), chance)
    tree = json.loads(content)
    for _ in range(chance.choice([1, 1, 3])):
        parent, key = {"root": tree}, "root"
        while isinstance(parent[key], (dict, list)) and parent[key] and chance.random() < 0.8:
            parent = parent[key]
            key = chance.choice(list(parent)) if isinstance(parent, dict) else chance.randrange(len(parent))
        others = [None, True, -1, 1e308, float("nan"), 10**30, "", "x" * 1000, "\udcff", [], {}, [[]], {"name": 3}]
        parent[key] = chance.choice(others)
        tree = parent[key] if key == "root" else tree
    if chance.random() < 0.05:
        return b"[" * 100_000
    return json.dumps(tree).encode()
