"""Validates CBOR items against rules of a CDDL file with a tool that isn't ours.

argv: the tool, pycddl or cddl_verifier.
stdin: one JSON object {"cddl": path, "items": [{"name", "rule", "hex"}]};
stdout: a JSON object of name -> null (valid) or the reason why not.
"""
import json
import re
import sys

request = json.load(sys.stdin)
with open(request["cddl"], encoding="utf-8") as file:
    rules = file.read()


def pycddl_checker():
    from pycddl import Schema

    # pycddl 0.6.4 applies a `.cbor` inside an array to every element of it. Those four rules are
    # plain byte strings here, and the test hands over what is inside them as items of their own.
    plain = re.sub(r"(?m)^((?!proof)\S+-bytes) = bytes \.cbor \S+", r"\1 = bytes", rules)
    schemas = {}

    def check(rule, data):
        # A schema's first rule is what it validates.
        if rule not in schemas:
            schemas[rule] = Schema("start = %s\n%s" % (rule, plain))
        try:
            schemas[rule].validate_cbor(data)
        except Exception as error:
            return str(error)
        return None

    return check


def cddl_verifier_checker():
    from cddl_verifier import Validator

    validator = Validator(rules)

    def check(rule, data):
        result = validator.validate(data, root_type=rule, require_deterministic=True)
        return None if result.valid else "; ".join(d.message for d in result.diagnostics)

    return check


check = {"pycddl": pycddl_checker, "cddl_verifier": cddl_verifier_checker}[sys.argv[1]]()
answers = {i["name"]: check(i["rule"], bytes.fromhex(i["hex"])) for i in request["items"]}
json.dump(answers, sys.stdout)
