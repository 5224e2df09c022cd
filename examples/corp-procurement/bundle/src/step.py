"""Runs one step of the product: a shell script that reads and writes lines."""

import pathlib
import subprocess
import sys

step, environment = sys.argv[1:]
script = pathlib.Path(__file__).with_name("etl") / f"{step}.sh"
sys.exit(subprocess.run(["sh", str(script)], check=False).returncode)
