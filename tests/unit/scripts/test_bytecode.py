"""Bytecode that owes nothing to the process that compiled it."""

import marshal
import secrets

from scripts.build.bytecode import bytecode_name, compile_module


def test_the_same_source_gives_the_same_bytes_whatever_the_process_has_loaded() -> None:
    """Running the module interns the names of its classes, which marshal writes down."""
    word = f"word_{secrets.token_hex(8)}"
    source = f"def {word}():\n    class Inner:\n        kinds = ('{word} x', 1.5)\n    return Inner\n".encode()
    before = compile_module(source, "/var/task/module.py")
    namespace: dict[str, object] = {}
    code = marshal.loads(before[16:])  # noqa: S302 - compiled on the line above
    exec(code, namespace)  # noqa: S102
    held = namespace[word]()  # type: ignore[operator]
    assert compile_module(source, "/var/task/module.py") == before
    assert held.kinds == (f"{word} x", 1.5)


def test_constants_survive() -> None:
    source = "VALUES = ('', 'é', '\\ud800', b'x', 1.5, 2**70, None, ..., ('a', ('b',)))\nONE = 'a' in {'a', 'b c'}\n"
    namespace: dict[str, object] = {}
    exec(marshal.loads(compile_module(source.encode(), "m.py")[16:]), namespace)  # noqa: S102, S302
    assert namespace["VALUES"] == ("", "é", "\ud800", b"x", 1.5, 2**70, None, ..., ("a", ("b",)))
    assert namespace["ONE"] is True


def test_python_looks_for_bytecode_there() -> None:
    assert bytecode_name("orders/domain.py") == "orders/__pycache__/domain.cpython-313.pyc"
