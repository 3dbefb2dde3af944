"""The program of docs/guides/any-language.md, run as the guide says: stubs made with protoc alone, then Ruby."""

import os
import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[4]


def test_the_guide_for_any_language_works(live, unique, tmp_path):
    for tool in ("protoc", "grpc_ruby_plugin", "ruby"):
        assert shutil.which(tool), f"{tool} is missing; install protobuf-compiler-grpc, ruby and ruby-grpc"
    guide = (ROOT / "docs" / "guides" / "any-language.md").read_text(encoding="utf-8")
    (tmp_path / "proto").symlink_to(ROOT / "proto")
    commands = [
        line for line in re.search(r"```sh\n(.*?)```", guide, re.DOTALL)[1].splitlines() if "apt install" not in line
    ]
    subprocess.run(["sh", "-ec", "\n".join(commands)], cwd=tmp_path, check=True, timeout=60)
    program = re.search(r"```ruby\n(.*?)```", guide, re.DOTALL)[1].replace("ruby_blog", unique + "_ruby")
    (tmp_path / "blog.rb").write_text(program, encoding="utf-8")
    run = subprocess.run(
        ["ruby", "-I", "gen", "blog.rb", os.environ["ROWAN_TEST_ADDRESS"]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    version, inserted, read, streamed, error = run.stdout.splitlines()
    assert re.fullmatch(r"version [0-9a-f]{16}, [1-9]\d* steps", version)
    assert inserted == "inserted user 1: posts +2"
    assert '"posts"=>[{"title"=>"The release"}]' in read
    assert streamed == "streamed 2 posts"
    assert "UNKNOWN_FIELD" in error and '"path"=>"select.emial"' in error
    assert live.get_schema(unique + "_ruby").version == version.split()[1].rstrip(",")
