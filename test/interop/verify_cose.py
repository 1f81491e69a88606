"""Verifies our statements and receipts with two COSE libraries that aren't ours.

argv: the library, scitt_cose or pycose.
stdin: one JSON object {"statements": [{"name", "hex", "pem", "key"}],
                        "receipts": [{"name", "hex", "entry", "root", "pem", "key"}]},
  key: {"kty", "x", "y"?} in hex; entry: the tag-18 statement with an empty unprotected header.
stdout: a JSON object of name -> true, false or the exception's name.
"""
import json
import sys


def by_scitt_cose():
    import scitt_cose

    def statement(item):
        parsed = scitt_cose.parse_signed_statement(
            bytes.fromhex(item["hex"]), public_key_pem=item["pem"]
        )
        return parsed["signature_verified"] and [parsed["issuer"], parsed["subject"]]

    def receipt(item):
        result = scitt_cose.verify_receipt(
            bytes.fromhex(item["hex"]), leaf_entry_hex=item["entry"], log_public_key_pem=item["pem"]
        )
        return result.ok and [result.tree_size, result.leaf_index, result.root]

    return statement, receipt


def thawed(value):
    """Lists and dicts, as cbor2 5 gave them: pycose 1.1.0 refuses the tuples and frozendicts of 6."""
    import cbor2

    if isinstance(value, cbor2.CBORTag):
        return cbor2.CBORTag(value.tag, thawed(value.value))
    if isinstance(value, (list, tuple)):
        return [thawed(item) for item in value]
    if hasattr(value, "items"):
        return {key: thawed(item) for key, item in value.items()}
    return value


def by_pycose():
    import cbor2

    loads = cbor2.loads
    cbor2.loads = lambda data: thawed(loads(data))

    from pycose.keys import EC2Key, OKPKey
    from pycose.messages import Sign1Message

    def opened(item):
        message = Sign1Message.decode(bytes.fromhex(item["hex"]))
        key = {name: bytes.fromhex(hexed) for name, hexed in item["key"].items() if name != "kty"}
        if item["key"]["kty"] == "OKP":
            message.key = OKPKey(crv="ED25519", x=key["x"])
        else:
            message.key = EC2Key(crv="P_256", x=key["x"], y=key["y"])
        return message

    def statement(item):
        return opened(item).verify_signature()

    def receipt(item):
        # pycose knows no receipts: it checks the signature over the root, which is handed to it.
        return opened(item).verify_signature(detached_payload=bytes.fromhex(item["root"]))

    return statement, receipt


def attempt(check, item):
    try:
        return check(item)
    except Exception as problem:
        return type(problem).__name__


request = json.load(sys.stdin)
library = {"scitt_cose": by_scitt_cose, "pycose": by_pycose}[sys.argv[1]]
statement, receipt = library()
answers = {item["name"]: attempt(statement, item) for item in request["statements"]}
answers.update({item["name"]: attempt(receipt, item) for item in request["receipts"]})
json.dump(answers, sys.stdout)
