"""What Lambda's own bootstrap does: put the folders on the path in its order, then hand over to the runtime client.

Started as a program by `scripts.bench.function_process` in the bare interpreter; imports nothing of the project.
"""

import os
import sys


def main(runtime: str, layer: str) -> None:
    """Run the handler named in `_HANDLER`; `layer` stands for /opt and `runtime` for /var/runtime."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    folders = [
        os.environ["LAMBDA_TASK_ROOT"],
        f"{layer}/python/lib/{version}/site-packages",
        f"{layer}/python",
        runtime,
    ]
    # The script's own folder is not on the path in isolated mode.
    sys.path[:0] = folders
    from awslambdaric.__main__ import main as run_client

    run_client([sys.argv[0], os.environ["_HANDLER"]])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
