"""Calls Berth as KEDA does: round_robin over the addresses of a name, a client certificate, and no other credential.

Reads one JSON object from stdin: address, ca, cert, key (PEM, or null: in the clear), calls (names of methods). Writes one
line of JSON for each answer. The messages are written by hand, so that no definition of Berth's is taken for granted.
"""

import json
import struct
import sys

import grpc

SERVICE = "/externalscaler.ExternalScaler/"


def counted(number, content):
    return bytes([number << 3 | 2, len(content)]) + content


def scaled_object():
    entry = counted(1, b"scalerAddress") + counted(2, b"berth:7081")
    return counted(1, b"tritons") + counted(2, b"ml") + counted(3, entry)


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """Each field as (number, value): an int, a double or bytes."""
    at, found = 0, []
    while at < len(data):
        tag, at = varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 1:
            value, at = struct.unpack("<d", data[at : at + 8])[0], at + 8
        else:
            length, at = varint(data, at)
            value, at = data[at : at + length], at + length
        found.append((tag >> 3, value))
    return found


def told(data):
    """A message as nested lists, with texts where bytes are texts."""
    return [[number, as_text(value)] for number, value in fields(data)]


def as_text(value):
    if not isinstance(value, bytes):
        return value
    return value.decode() if value.isascii() and value.decode().isprintable() else told(value)


REQUESTS = {
    "GetMetrics": counted(1, scaled_object()) + counted(2, b"servers"),
}


def channel_to(asked):
    options = [
        ("grpc.service_config", '{"loadBalancingConfig": [{"round_robin": {}}]}'),
        ("grpc.ssl_target_name_override", "localhost"),
    ]
    if asked["ca"] is None:
        return grpc.insecure_channel(asked["address"], options)
    pem = {name: asked[name] and asked[name].encode() for name in ("ca", "cert", "key")}
    return grpc.secure_channel(
        asked["address"], grpc.ssl_channel_credentials(pem["ca"], pem["key"], pem["cert"]), options
    )


def call(channel, method):
    request = REQUESTS.get(method, scaled_object())
    if method.startswith("Stream"):
        stream = channel.unary_stream(SERVICE + method)(request, timeout=60)
        answer = next(stream)
        stream.cancel()
        return answer
    return channel.unary_unary(SERVICE + method)(request, timeout=60)


def main():
    asked = json.load(sys.stdin)
    with channel_to(asked) as channel:
        for method in asked["calls"]:
            try:
                line = {"method": method, "told": told(call(channel, method))}
            except grpc.RpcError as error:
                line = {"method": method, "code": error.code().name, "details": error.details()}
            print(json.dumps(line), flush=True)


main()
