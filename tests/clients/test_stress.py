"""Everything at once, for a moment (make stress and make stress-tsan take longer)."""

import models
from configs import Config, every_mode

SECONDS = 2


@every_mode
def test_stress(serve, shim, pair, scratch, compile_program):
    program, a, b = compile_program("stress.c"), pair(Config("numpy", chunk="4096")), pair(Config("damage", chunk="4096"))
    argv = [program, SECONDS, models.SEED]

    def run(**options):
        # Files of its own: their names are linked and renamed.
        folder, copies = scratch(), []
        for files in (a, b):
            copies += [folder / f"{files.plain.stem}.safetensors", files.expected]
            copies[-2].write_bytes(files.encrypted.read_bytes())
        return shim.run([*argv, folder, *copies], **options)

    result = run(keys=a.keys, serve=serve).check()
    assert f"seed {models.SEED}: " in result.text and ", none wrong:" in result.text, result.describe()
    assert "WRONG" in run(on=False).text


def test_program_sees_wrong_bytes(shim, small, scratch, compile_program):
    """With a plain twin that differs in one byte the program must find it."""
    folder = scratch()
    twin, model = folder / "expected", folder / "model.safetensors"
    data = bytearray(small.image)
    data[len(data) // 2] ^= 1
    twin.write_bytes(data)
    model.write_bytes(small.encrypted.read_bytes())
    result = shim.run([compile_program("stress.c"), 20, models.SEED, folder, model, twin, model, twin], keys=small.keys,
                      quiet=False)
    assert result.status == 1 and "WRONG" in result.text, result.describe()
