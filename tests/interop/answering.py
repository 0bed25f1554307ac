"""What both workers share: they read lines of JSON and answer each with one. No line that is asked
ends the process: whatever goes wrong in the library under test is an answer too."""

import hashlib
import json
import os
import sys

Names = dict


def describe(tensors, metadata, order):
    """A model in few words: its tensors as (type, shape, SHA-256 of the bytes)."""
    return {
        "tensors": {
            name: [dtype, list(shape), hashlib.sha256(data).hexdigest()]
            for name, dtype, shape, data in tensors
        },
        "metadata": metadata, "order": list(order),
    }


def failure(e):
    """An exception as a value. Rust's panics are no `Exception`s, but they are caught here too."""
    return {"kind": type(e).__name__, "error": str(e), "errno": getattr(e, "errno", None)}


def answer(functions, request):
    try:
        return functions[request.pop("do")](**request)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as e:
        return failure(e)


def serve(functions, handle=answer):
    """Answer until the input ends. What libraries print goes to stderr, not among the answers."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        out.write(json.dumps(handle(functions, json.loads(line))) + "\n")
        out.flush()
