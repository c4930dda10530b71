"""_ffi.py against the public header: every struct it has, field for field, and what the compiler makes of them."""

import ctypes
import re
import shutil
import subprocess

import pytest

from img2vid import _ffi
from img2vid._library import library

STRUCTS = {name: kind for name, kind in vars(_ffi).items()
           if isinstance(kind, type) and issubclass(kind, ctypes.Structure) and name.startswith("i2v_")}
ENUMS = {name: kind for name, kind in vars(_ffi).items()
         if isinstance(kind, type) and issubclass(kind, _ffi.Enum) and name.startswith("i2v_")}


@pytest.fixture(scope="module")
def header(repository):
    text = (repository / "include" / "img2vid" / "img2vid.h").read_text()
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)


@pytest.fixture(scope="module")
def compiled(repository, tmp_path_factory):
    """Evaluates C expressions with the header included."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        pytest.skip("there is no C compiler")
    folder = tmp_path_factory.mktemp("layout")

    def evaluate(expressions):
        lines = "\n".join(f'    printf("%lld\\n", (long long)({e}));' for e in expressions)
        source = "#include <img2vid/img2vid.h>\n#include <stdio.h>\nint main(void) {\n%s\n    return 0;\n}\n" % lines
        (folder / "layout.c").write_text(source)
        subprocess.run([compiler, f"-I{repository}/include", str(folder / "layout.c"), "-o", str(folder / "layout")],
                       check=True)
        return [int(line) for line in subprocess.check_output([str(folder / "layout")], text=True).split()]
    return evaluate


def declared_fields(header, struct):
    body = re.search(r"typedef struct %s \{(.*?)\} %s;" % (struct, struct), header, re.DOTALL).group(1)
    fields = []
    for declaration in filter(None, (part.strip() for part in body.split(";"))):
        pointer = re.search(r"\(\*(\w+)\)", declaration)
        if pointer:
            fields.append(pointer.group(1))
            continue
        names = [part.split("[")[0].split()[-1].lstrip("*") for part in declaration.split(",")]
        fields += names
    return fields


@pytest.mark.parametrize("struct", sorted(STRUCTS))
def test_struct_has_the_fields_of_the_header(header, struct):
    assert [name for name, _ in STRUCTS[struct]._fields_] == declared_fields(header, struct)


@pytest.mark.parametrize("struct", sorted(STRUCTS))
def test_struct_has_the_layout_of_the_header(compiled, struct):
    kind = STRUCTS[struct]
    fields = [name for name, _ in kind._fields_]
    expressions = [f"sizeof({struct})"]
    ours = [ctypes.sizeof(kind)]
    for name in fields:
        expressions += [f"offsetof({struct}, {name})", f"sizeof((({struct} *)0)->{name})"]
        ours += [getattr(kind, name).offset, getattr(kind, name).size]
    assert compiled(expressions) == ours


@pytest.mark.parametrize("struct", sorted(STRUCTS))
def test_numbers_are_of_the_headers_kind(compiled, struct):
    """An int that became a float of the same size would not show in the layout."""
    kind = STRUCTS[struct]
    simple = [(name, each) for name, each in _ffi.settable(kind).items()]
    classes = {_ffi.c_int: 1, _ffi.c_double: 2, _ffi.c_uint64: 3, _ffi.c_char_p: 4}
    generic = "_Generic((({0} *)0)->{1}, int: 1, double: 2, uint64_t: 3, char *: 4, const char *: 4, default: 1)"
    expected = [classes.get(each, 1) for _, each in simple]
    assert compiled([generic.format(struct, name) for name, _ in simple]) == expected


@pytest.mark.parametrize("enum", sorted(ENUMS))
def test_enum_has_the_constants_of_the_header(header, compiled, enum):
    kind = ENUMS[enum]
    body = re.search(r"typedef enum %s \{(.*?)\} %s;" % (enum, enum), header, re.DOTALL).group(1)
    constants = [part.split("=")[0].strip() for part in body.split(",")]
    assert [kind.PREFIX + name.upper() for name in kind.NAMES] == constants
    assert compiled(constants) == list(range(len(constants)))


@pytest.mark.parametrize("function", sorted(_ffi.FUNCTIONS))
def test_function_has_the_arguments_of_the_header(header, function):
    result, arguments = re.search(r"I2V_API ([\w ]+\*?) ?\*?%s\((.*?)\);" % function, header, re.DOTALL).groups()
    arguments = [] if arguments == "void" else split_arguments(arguments)
    our_result, ours = _ffi.FUNCTIONS[function]
    assert len(arguments) == len(ours)
    for theirs, each in zip(arguments, ours):
        is_pointer = "*" in theirs or "[" in theirs
        assert is_pointer == (not issubclass(each, (ctypes.c_int, ctypes.c_size_t, ctypes.c_int64, ctypes.c_double)))
    assert (result.strip() == "void") == (our_result is None)


def split_arguments(text):
    """At commas outside of a function pointer's parentheses."""
    return [part.strip() for part in re.split(r",(?![^(]*\))", text)]


@pytest.mark.parametrize("enum, name", [(_ffi.i2v_status, library.i2v_status_name),
                                        (_ffi.i2v_phase, library.i2v_phase_name)])
def test_names_are_the_librarys(enum, name):
    named = [constant.replace("error_", "") for constant in enum.NAMES]
    assert [name(value).decode() for value in range(len(named) + 1)] == [*named, "unknown"]
