"""What the format rests on: canonical JSON, digests, signatures, signed notes, Merkle proofs. Sections 1, 2, 6, 8 and 11.3 of
docs/release-log-format.md, with nothing but the standard library.
"""

import base64
import binascii
import hashlib
import json
import re


class Refused(Exception):
    """A rule that does not hold."""

    def __init__(self, rule, message):
        super().__init__(message)
        self.rule, self.message = rule, message


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def is_digest(text):
    return isinstance(text, str) and re.fullmatch("[0-9a-f]{64}", text) is not None


def unbase64(text, rule="F-101"):
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise Refused(rule, f"is not base64: {problem}") from None
    if base64.b64encode(data).decode() != text:
        raise Refused(rule, "is not strict base64")
    return data


def check_time(text, rule):
    m = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.\d{6}Z", text, re.ASCII)
    if m:
        year, month, day, hour, minute, second = map(int, m.groups())
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        days = [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        if 1 <= month <= 12 and 1 <= day <= days[month - 1] and hour < 24 and minute < 60 and second < 60:
            return
    raise Refused(rule, f"time {text!r}: want UTC with six digits")


# --- canonical JSON ---------------------------------------------------------

LARGEST = 2**53 - 1
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _string(text):
    return '"' + "".join(_ESCAPES.get(c) or (f"\\u{ord(c):04x}" if c < " " else c) for c in text) + '"'


def _encode(value, depth):
    if depth > 64:
        raise Refused("F-203", "is nested deeper than 64")
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise Refused("F-201", f"number {value} is beyond 2^53-1")
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(_encode(v, depth + 1) for v in value) + "]"
    names = sorted(value, key=lambda name: name.encode("utf-16-be"))
    return "{" + ",".join(_string(n) + ":" + _encode(value[n], depth + 1) for n in names) + "}"


def encode(value):
    """The canonical bytes of a value."""
    try:
        return _encode(value, 0).encode()
    except UnicodeEncodeError:
        raise Refused("F-202", "a string holds half a character") from None


def _object(pairs):
    out = {}
    for name, value in pairs:
        if name in out:
            raise Refused("F-202", f"name {name!r} stands twice")
        out[name] = value
    return out


def _integer(text):
    if len(text) > 17:
        raise Refused("F-201", f"number {text[:20]} is beyond 2^53-1")
    return int(text)


def _no(text):
    raise Refused("F-201", f"number {text[:20]}: want an integer")


def loose(data):
    """A value of JSON in any layout, with the restrictions of canonical JSON."""
    try:
        value = json.loads(data.decode(), object_pairs_hook=_object, parse_int=_integer, parse_float=_no, parse_constant=_no)
    except UnicodeDecodeError:
        raise Refused("F-202", "is not UTF-8") from None
    except RecursionError:
        raise Refused("F-203", "is nested deeper than 64") from None
    except ValueError as problem:
        raise Refused("F-202", f"is no JSON: {problem}") from None
    encode(value)
    return value


def decode(data):
    """The value of canonical bytes; anything else is refused."""
    value = loose(data)
    if encode(value) != data:
        raise Refused("F-202", "is JSON, but not in its canonical form")
    return value


def check(value, spec, rule="F-204", where=""):
    """Compares a value with a specification: t text, i integer, b boolean, d digest, s time, ("l", T) list, ("m", T) map, a dictionary of
    name -> (T, optional) for an object, None for anything. Lists and maps that are null become empty."""
    if spec is None:
        return value
    if isinstance(spec, tuple):
        kind, inner = spec
        if value is None:
            return [] if kind == "l" else {}
        if kind == "l" and isinstance(value, list):
            return [check(v, inner, rule, where + "[]") for v in value]
        if kind == "m" and isinstance(value, dict):
            return {n: check(v, inner, rule, f"{where}.{n}") for n, v in value.items()}
        raise Refused(rule, f"{where or 'value'}: want a {'list' if kind == 'l' else 'map'}")
    if isinstance(spec, dict):
        if not isinstance(value, dict):
            raise Refused(rule, f"{where or 'value'}: want an object")
        out = {}
        for name in value:
            if name not in spec:
                raise Refused(rule, f"{where}: field {name!r} is unknown")
        for name, (inner, optional) in spec.items():
            if name in value:
                out[name] = check(value[name], inner, rule, f"{where}.{name}".lstrip("."))
            elif not optional:
                raise Refused(rule, f"{where}: field {name!r} is not there")
        return out
    good = {
        "t": lambda v: isinstance(v, str),
        "i": lambda v: isinstance(v, int) and not isinstance(v, bool),
        "b": lambda v: isinstance(v, bool),
        "d": is_digest,
    }[spec](value)
    if not good:
        raise Refused(rule, f"{where or 'value'}: {value!r:.60} is of another type")
    return value


def fields(texts="", **others):
    """A specification of an object: names of text fields, and others by type; a name ending in _ is optional."""
    spec = {name.rstrip("?"): ("t", name.endswith("?")) for name in texts.split()}
    for name, kind in others.items():
        spec[name.removesuffix("_optional")] = (kind, name.endswith("_optional"))
    return spec


# --- Ed25519 (RFC 8032, section 5.1.7) --------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def _decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def _add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _times(n, p):
    q = (0, 1, 1, 0)
    while n:
        if n & 1:
            q = _add(q, p)
        p, n = _add(p, p), n >> 1
    return q


BASE = _decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519(public, message, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r, s = _decompress(public), signature[:32], int.from_bytes(signature[32:], "little")
    if a is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L
    x, y, z, _ = _add(_times(s, BASE), _times(k, (P - a[0], a[1], 1, P - a[3])))
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little") == r


# --- keys of passkeys: PKIX, ECDSA P-256, RSA -------------------------------


def _der(data, tag):
    """Splits one DER element off: content, rest."""
    if len(data) < 2 or data[0] != tag:
        raise Refused("F-1109", "the key or signature is no DER")
    size, at = data[1], 2
    if size & 0x80:
        at += size & 0x7F
        if not 1 <= size & 0x7F <= 4 or len(data) < at:
            raise Refused("F-1109", "the key or signature is no DER")
        size = int.from_bytes(data[2:at], "big")
        if size < 0x80 or data[2] == 0:
            raise Refused("F-1109", "the key or signature is no DER")
    if len(data) < at + size:
        raise Refused("F-1109", "the key or signature is no DER")
    return data[at : at + size], data[at + size :]


def _der_integer(data):
    raw, rest = _der(data, 2)
    if not raw or raw[0] & 0x80 or (len(raw) > 1 and raw[0] == 0 and not raw[1] & 0x80):
        raise Refused("F-1109", "a number of the key or signature is no DER")
    return int.from_bytes(raw, "big"), rest


P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
N256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B256 = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G256 = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296, 0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


def _plus(p, q):
    if p is None or q is None:
        return p or q
    if p[0] == q[0]:
        if (p[1] + q[1]) % P256 == 0:
            return None
        slope = (3 * p[0] * p[0] - 3) * pow(2 * p[1], -1, P256) % P256
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, P256) % P256
    x = (slope * slope - p[0] - q[0]) % P256
    return (x, (slope * (p[0] - x) - p[1]) % P256)


def _multiple(n, p):
    q = None
    while n:
        if n & 1:
            q = _plus(q, p)
        p, n = _plus(p, p), n >> 1
    return q


def _p256(point, digest, signature):
    if len(point) != 65 or point[0] != 4:
        return False
    x, y = int.from_bytes(point[1:33], "big"), int.from_bytes(point[33:], "big")
    if x >= P256 or y >= P256 or (y * y - x * x * x + 3 * x - B256) % P256:
        return False
    body, rest = _der(signature, 0x30)
    r, body = _der_integer(body)
    s, body = _der_integer(body)
    if rest or body or not (0 < r < N256 and 0 < s < N256):
        return False
    w = pow(s, -1, N256)
    at = _plus(_multiple(int.from_bytes(digest, "big") * w % N256, G256), _multiple(r * w % N256, (x, y)))
    return at is not None and at[0] % N256 == r


def _rsa(key, digest, signature):
    body, rest = _der(key, 0x30)
    n, body = _der_integer(body)
    e, body = _der_integer(body)
    size = (n.bit_length() + 7) // 8
    if rest or body or n.bit_length() < 1024 or e < 3 or len(signature) != size:
        return False
    head = bytes.fromhex("3031300d060960864801650304020105000420") + digest
    want = b"\x00\x01" + b"\xff" * (size - len(head) - 3) + b"\x00" + head
    return pow(int.from_bytes(signature, "big"), e, n).to_bytes(size, "big") == want


OID_EC, OID_P256 = bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d030107")
OID_RSA, OID_ED25519 = bytes.fromhex("2a864886f70d010101"), bytes.fromhex("2b6570")


def verify_pkix(public, message, signature):
    """Verifies by a PKIX public key: ECDSA P-256 and RSA with SHA-256, Ed25519."""
    body, rest = _der(public, 0x30)
    algorithm, body = _der(body, 0x30)
    bits, more = _der(body, 3)
    oid, parameters = _der(algorithm, 6)
    if rest or more or not bits or bits[0] != 0:
        return False
    digest = hashlib.sha256(message).digest()
    if oid == OID_EC:
        curve, end = _der(parameters, 6)
        return not end and curve == OID_P256 and _p256(bits[1:], digest, signature)
    if oid == OID_RSA:
        return _rsa(bits[1:], digest, signature)
    return oid == OID_ED25519 and not parameters and ed25519(bits[1:], message, signature)


# --- tree (RFC 6962) --------------------------------------------------------


def leaf(data):
    return hashlib.sha256(b"\0" + data).digest()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = _split(len(leaves))
    return node(root(leaves[:k]), root(leaves[k:]))


def _split(n):
    """The largest power of two below n."""
    return 1 << ((n - 1).bit_length() - 1)


def hashes(path, rule):
    for text in path:
        if not is_digest(text):
            raise Refused(rule, f"hash {text!r:.80}: want 64 hexadecimal digits")
    return [bytes.fromhex(text) for text in path]


def check_inclusion(path, size, want, seq, leaf_hash):
    """F-801: the leaf of event seq is in the tree of a size."""
    path = hashes(path, "F-801")
    if not 1 <= seq <= size:
        raise Refused("F-801", f"event {seq} is not in a tree of size {size}")
    sides, low, high = [], 0, size
    while high - low > 1:
        k = _split(high - low)
        if seq - 1 < low + k:
            sides.append("left")
            high = low + k
        else:
            sides.append("right")
            low += k
    if len(sides) != len(path):
        raise Refused("F-801", f"event {seq}: the proof has {len(path)} hashes, want {len(sides)}")
    for side, other in zip(reversed(sides), path):
        leaf_hash = node(leaf_hash, other) if side == "left" else node(other, leaf_hash)
    if leaf_hash != want:
        raise Refused("F-801", f"event {seq} is not in the tree of size {size}")


def check_consistency(path, old_size, old_root, new_size, new_root):
    """F-802: the tree of the new size extends that of the old one."""
    path = hashes(path, "F-802")
    if not 1 <= old_size <= new_size:
        raise Refused("F-802", f"size {new_size} does not extend size {old_size}")

    def walk(low, high, rest):
        """Old and new hash of the part from low to high, of which old_size is the end or inside."""
        if old_size == high:
            if low == 0:
                found, rest = old_root, rest
            elif rest:
                found, rest = rest[-1], rest[:-1]
            else:
                raise Refused("F-802", "the proof is too short")
            if rest:
                raise Refused("F-802", "the proof is too long")
            return found, found
        if not rest:
            raise Refused("F-802", "the proof is too short")
        k = _split(high - low)
        if old_size <= low + k:
            old, new = walk(low, low + k, rest[:-1])
            return old, node(new, rest[-1])
        old, new = walk(low + k, high, rest[:-1])
        return node(rest[-1], old), node(rest[-1], new)

    if walk(0, new_size, path) != (old_root, new_root):
        raise Refused("F-802", f"size {new_size} does not extend size {old_size}")


# --- notes, checkpoints, envelopes ------------------------------------------


def open_note(data, name, public):
    """F-803: the text of a note with exactly one signature, by this key."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Refused("F-803", "the note is not UTF-8") from None
    if any(c < " " and c != "\n" for c in text):
        raise Refused("F-803", "the note has a control character")
    text, gap, line = text.rpartition("\n\n")
    m = re.fullmatch("\u2014 (\\S+) (\\S+)\n", line)
    if not gap or not m:
        raise Refused("F-803", "want a text, an empty line and one signature")
    text += "\n"
    raw = unbase64(m[2], "F-803")
    if m[1] != name or raw[:4] != hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]:
        raise Refused("F-803", f"the note is signed by {m[1]!r} with another key")
    if not ed25519(public, text.encode(), raw[4:]):
        raise Refused("F-803", "the signature of the note is wrong")
    return text


def parse_checkpoint(text):
    """Origin, size and root of the text of a checkpoint."""
    m = re.fullmatch("([^\n]+)\n(0|[1-9][0-9]{0,18})\n([^\n]+)\n", text)
    if not m:
        raise Refused("F-804", "want three lines: origin, size, root")
    raw = unbase64(m[3], "F-804")
    if len(raw) != 32:
        raise Refused("F-804", f"the root has {len(raw)} bytes")
    return m[1], int(m[2]), raw


ENVELOPE = fields("payload payloadType", signatures=("l", fields("keyid sig")))


def open_envelope(data, kind):
    """F-1103: body and what is signed of a DSSE envelope of a type; its signature is not verified here."""
    try:
        e = check(decode(data), ENVELOPE)
    except Refused as r:
        raise Refused("F-1103", r.message) from None
    if e["payloadType"] != kind or len(e["signatures"]) != 1:
        raise Refused("F-1103", f"want one signature over {kind}")
    body = unbase64(e["payload"], "F-1103")
    pae = f"DSSEv1 {len(kind.encode())} {kind} {len(body)} ".encode() + body
    return body, pae, e["signatures"][0]["keyid"], unbase64(e["signatures"][0]["sig"], "F-1103")
