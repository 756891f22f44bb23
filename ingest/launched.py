"""What a command line starts, as far as it can be told from its words."""

import re

LAUNCHERS = {
    "npx": "npm",
    "bunx": "npm",
    "pnpx": "npm",
    "pnpm": "npm",
    "yarn": "npm",
    "uvx": "pypi",
    "uv": "pypi",
    "pipx": "pypi",
    "docker": "docker",
    "podman": "docker",
}
PATH = re.compile(r"[\\/]")
SUBCOMMANDS = {"run", "exec", "dlx", "tool", "start", "x"}
VALUED = {"-e", "--env", "-v", "--volume", "-p", "--mount", "--name", "--network", "--from"}
VALUED |= {"--directory", "--with", "--python", "-u", "--user", "--env-file", "-w", "--workdir"}


def launched(command: str, args: list[str]) -> str:
    """Say what a command starts: the package or image where it can be told, else the program.

    >>> launched("npx", ["-y", "@acme/server@1.2.0", "/home/me"])
    'npm:@acme/server'
    """
    program = PATH.split(command.strip())[-1].removesuffix(".exe").removesuffix(".cmd")
    words = words_of(args)
    if program not in LAUNCHERS:
        script = next((w for w in words if re.search(r"\.(?:m?[jt]s|py|sh|jar)$", w)), "")
        module = args[args.index("-m") + 1] if "-m" in args[:-1] else ""
        return f"{program} {PATH.split(module or script)[-1]}".strip()
    package = next((w for w in words if w not in SUBCOMMANDS), "")
    if LAUNCHERS[program] == "docker":
        package = package.split("@")[0]
    else:
        package = re.sub(r"(?<=.)(?:@|==|\[).*", "", package)
        package = package if "/" not in package or package[:1] == "@" else package.split("/")[-1]
    return f"{LAUNCHERS[program]}:{package}" if package else program


def words_of(args: list[str]) -> list[str]:
    """Leave out options and the values that belong to them."""
    words, skip = [], False
    for arg in args:
        if skip:
            skip = False
        elif arg.startswith("-"):
            skip = arg in VALUED
        else:
            words.append(arg)
    return words
