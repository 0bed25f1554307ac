"""The types of tensors, and who knows them."""

# As headers call it -> (bits, how writers' Python interfaces call it). In the order in which stock
# writers lay tensors out, last first. Nobody's Python interface writes the types without a name.
TYPES = {
    "BOOL": (8, "bool"),
    "F4": (4, "float4_e2m1fn_x2"),
    "F6_E2M3": (6, None),
    "F6_E3M2": (6, None),
    "U8": (8, "uint8"),
    "I8": (8, "int8"),
    "F8_E5M2": (8, "float8_e5m2"),
    "F8_E4M3": (8, "float8_e4m3fn"),
    "F8_E8M0": (8, "float8_e8m0fnu"),
    "F8_E4M3FNUZ": (8, "float8_e4m3fnuz"),
    "F8_E5M2FNUZ": (8, "float8_e5m2fnuz"),
    "I16": (16, "int16"),
    "U16": (16, "uint16"),
    "F16": (16, "float16"),
    "BF16": (16, "bfloat16"),
    "I32": (32, "int32"),
    "U32": (32, "uint32"),
    "F32": (32, "float32"),
    "C64": (64, "complex64"),
    "F64": (64, "float64"),
    "I64": (64, "int64"),
    "U64": (64, "uint64"),
}
RANK = {name: rank for rank, name in enumerate(TYPES)}

# The other implementation rejects a file with one of these; stock safetensors reads them since 0.8.
NOT_THEIRS = ("F8_E4M3FNUZ", "F8_E5M2FNUZ")
THEY_READ = [t for t in TYPES if t not in NOT_THEIRS]
THEY_WRITE = [t for t in THEY_READ if TYPES[t][1]]

# Their `load_file` makes numpy arrays of these.
NUMPY = ("BOOL", "U8", "I8", "I16", "U16", "I32", "U32", "I64", "U64", "F16", "F32", "F64", "C64")


def step(dtype):
    """Elements and bytes of the shortest tensor of whole bytes."""
    bits = TYPES[dtype][0]
    return {4: (2, 1), 6: (4, 3)}.get(bits, (1, bits // 8))


def asked_shape(dtype, shape):
    """The shape that a writer's Python interface wants: two numbers of 4 bits count as one there."""
    return [*shape[:-1], shape[-1] // 2] if dtype == "F4" else list(shape)
