"""What differs between runs, by name, and why."""

# Test files that need packages which may not be installed. When all of them are, the file runs.
NEEDS = {
    "test_flax_comparison.py": ("flax", "jax"),
    "test_tf_comparison.py": ("h5py", "tensorflow"),
}

# Encrypted, these must fail under the library: they compare the bytes of a file, its header too. A
# program sees a file as long as the encrypted one, with spaces behind the header. Tensors are equal.
SEES_HEADER = {
    "test_pt_comparison.py::TorchTestCase::test_serialization": "all bytes of the file",
    "test_pt_model.py::TorchModelTestCase::test_save": "all bytes after the first 192",
    "test_simple.py::TestCase::test_serialization": "all bytes of the file",
}

# These save files that are encrypted, and need not fail without the library: they do not compare
# any value of those files with what it should be.
READS_NO_VALUE = {
    "test_pread_backend.py::PreadBackendTests::test_data_offset_overflow_is_rejected":
        "reads another file, which is damaged",
    "test_pread_backend.py::PreadBackendTests::test_default_backend_unchanged":
        "compares two ways of reading: both give ciphertext (which differs from itself when NaN)",
    "test_pread_backend.py::PreadBackendTests::test_invalid_backend_string_raises": "reads nothing",
    "test_pread_backend.py::PreadBackendTests::test_truncated_header_is_rejected":
        "reads another file, which is damaged",
    "test_pt_comparison.py::SliceTestCase::test_cannot_serialize_a_non_contiguous_tensor": "reads nothing",
    "test_pt_comparison.py::SliceTestCase::test_cannot_serialize_shared": "reads nothing",
    "test_pt_comparison.py::TorchTestCase::test_disjoint_tensors_shared_storage": "reads nothing",
    "test_pt_comparison.py::TorchTestCase::test_multiple_zero_sized": "its tensors are empty",
    "test_pt_comparison.py::TorchTestCase::test_zero_sized": "its tensors are empty",
    "test_pt_model.py::TorchModelTestCase::test_difference_torch_odd": "compares names only",
    "test_pt_model.py::TorchModelTestCase::test_difference_with_torch": "compares names only",
    "test_simple.py::TestCase::test_accept_path": "loads, and compares nothing",
    "test_simple.py::WindowsTestCase::test_get_correctly_dropped": "compares nothing",
}
