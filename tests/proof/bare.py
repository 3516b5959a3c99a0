"""Both commands of the README in a bare Debian folder: ``python -m tests.proof.bare STEP FOLDER``.

``debian`` makes the folder with debootstrap (git, make and certificates beside the minimum) and clones the commit into
it, ``demo`` and ``test`` run the README's commands there, ``remove`` takes it away. The commands see the folder alone,
in a process and mount namespace of their own, so that nothing of them stays. From this machine come the network with
its settings (proxies, package index) and its certificates.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

MIRROR = os.environ.get("AXSPA_PROOF_MIRROR", "http://deb.debian.org/debian")
SUITE = "bookworm"
MARK = "axspa-proof"  # only a folder that holds it is ever removed
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
NETWORK = (
    "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
    "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CERT", "PIP_DEFAULT_TIMEOUT", "PIP_PROXY",
)  # fmt: skip
# The namespace ends with its first process, and with it all mounts and every process that was left behind.
ENTER = """
set -e
mount -t proc proc "$1/proc"
mkdir -p "$1/dev/shm"
mount -t tmpfs tmpfs "$1/dev/shm"
exec chroot "$1" /bin/sh -c "$2"
"""


def lacks() -> list[str]:
    """What must be there first."""
    missing = [] if os.geteuid() == 0 else ["root"]
    return missing + [name for name in ("debootstrap", "unshare", "chroot") if shutil.which(name) is None]


def debian(folder: Path) -> None:
    """Make the folder, with a clone of the commit that is checked out."""
    remove(folder)
    folder.mkdir(parents=True)
    (folder / MARK).touch()
    root = folder / "root"
    packages = "--include=git,make,ca-certificates"
    subprocess.run(["debootstrap", "--variant=minbase", packages, SUITE, str(root), MIRROR], check=True)
    shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
    shutil.copy(CERTIFICATES, root / CERTIFICATES.relative_to("/"))
    bundle = root / "root" / "axspa-node.bundle"
    subprocess.run(["git", "bundle", "create", "--quiet", str(bundle), "HEAD"], check=True)
    inside(folder, "git clone --quiet axspa-node.bundle axspa-node && git -C axspa-node rev-parse HEAD")


def demo(folder: Path) -> None:
    """The README's first command; it ends by itself instead of by Ctrl-C."""
    inside(folder, "cd axspa-node && make demo DEMO=--exit")


def test(folder: Path) -> None:
    """The README's second command."""
    inside(folder, "cd axspa-node && make test")


def remove(folder: Path) -> None:
    """Take the folder away."""
    if (folder / MARK).is_file():
        shutil.rmtree(folder)


def inside(folder: Path, command: str) -> None:
    """Run a command of the shell in the bare Debian, as its root in its home."""
    network = {name: os.environ[name] for name in NETWORK if name in os.environ}
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8", **network}
    enter = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", ENTER, "sh"]
    subprocess.run([*enter, str(folder / "root"), f"cd && {command}"], check=True, env=environment)


STEPS = {"debian": debian, "demo": demo, "test": test, "remove": remove}


def main(step: str, folder: str) -> int:
    """Run one step; its exit status says how it went."""
    try:
        STEPS[step](Path(folder))
    except subprocess.CalledProcessError as error:
        return error.returncode if error.returncode > 0 else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
