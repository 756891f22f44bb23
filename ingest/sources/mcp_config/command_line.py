"""The program or package that a command line starts, as far as its words show it."""

import re
import shlex

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
    "dnx": "nuget",
}
RUNNERS = {"npm:@smithery/cli": "smithery"}  # what runs servers by their names in a list
PATH = re.compile(r"[\\/]")
SUBCOMMANDS = {"run", "exec", "dlx", "tool", "start", "x"}
VALUED = {"-e", "--env", "-v", "--volume", "-p", "--mount", "--name", "--network", "--from"}
VALUED |= {"--directory", "--with", "--python", "-u", "--user", "--env-file", "-w", "--workdir"}
VALUED |= {"--publish", "--platform", "--add-host", "--entrypoint", "-l", "--label", "--project"}
VALUED |= {"--memory", "--cpus", "--cap-drop", "--cap-add", "--security-opt", "--tmpfs", "--pull"}
VALUED |= {
    "--hostname",
    "--gpus",
    "--device",
    "--shm-size",
    "--pids-limit",
    "--ulimit",
    "--runtime",
}
VALUED |= {"--dns", "--restart", "--ipc", "--pid", "--net", "--group-add", "--userns"}
SHELLS = {"sh", "bash", "zsh", "dash", "ash"}
LINE = re.compile(r"-\w*c")  # the option of a shell that takes a command line
SCRIPT = re.compile(r"\.(?:m?[jt]s|py|sh|jar)$")
SETTING = re.compile(r"\w+=.*", re.DOTALL)
ADDRESS = re.compile(r"(?:git\+)?(\w+)://([^/?#@\s]*@)?([^?#\s]*)")


def launched(command: str, args: list[str]) -> str:
    """Return the package or image that a command starts, if it shows one, else the program.

    >>> launched("npx", ["-y", "@acme/server@1.2.0", "/home/me"])
    'npm:@acme/server'
    >>> launched("cmd", ["/c", "npx", "-y", "@acme/server"])
    'npm:@acme/server'
    >>> launched("npx", ["-y", "@smithery/cli@latest", "run", "@acme/server", "--key", "abc"])
    'smithery:@acme/server'
    """
    command, args = _unwrapped(command, args)
    program = _program(command)
    words = words_of(args)
    if program not in LAUNCHERS:
        script = next((w for w in words if SCRIPT.search(w)), "")
        module = args[args.index("-m") + 1] if "-m" in args[:-1] else ""
        return f"{program} {PATH.split(module or script)[-1]}".strip()
    if LAUNCHERS[program] == "docker" and words[:2] == ["mcp", "gateway"]:
        return "docker mcp gateway"  # a plugin that runs the servers of a catalog
    package = next((w for w in words if w not in SUBCOMMANDS), "")
    if SCRIPT.search(package):
        return f"{program} {PATH.split(package)[-1]}"
    if not package:
        return program
    return _run_by(f"{LAUNCHERS[program]}:{_package(program, package)}", words, package)


def _run_by(launcher: str, words: list[str], package: str) -> str:
    """Return the server that a package runs by its name in a list; the package if it runs none."""
    rest = words[words.index(package) + 1 :]
    runs = launcher in RUNNERS and len(rest) > 1 and rest[0] == "run"
    return f"{RUNNERS[launcher]}:{rest[1]}" if runs else launcher


def split_arguments(command: str, args: list[str]) -> list[str]:
    """Return the arguments of a command; those in the line that a shell runs, one by one.

    >>> split_arguments("bash", ["-c", "X=1 npx server --api-key $KEY"])
    ['X=1', 'npx', 'server', '--api-key', '$KEY']
    """
    if _program(command) not in SHELLS or len(args) < 2 or not LINE.fullmatch(args[0]):
        return args
    try:
        return [*shlex.split(args[1]), *args[2:]]
    except ValueError:
        return args


def _program(command: str) -> str:
    return PATH.split(command.strip())[-1].removesuffix(".exe").removesuffix(".cmd")


def _unwrapped(command: str, args: list[str]) -> tuple[str, list[str]]:
    """Remove wrappers that only start another program: a shell, `cmd /c`, `env NAME=value`."""
    program, rest = _program(command), args
    if program == "cmd" and args and args[0].lower() in ("/c", "/k"):
        rest = args[1:]
    elif program == "env":
        rest = [a for n, a in enumerate(args) if not all(map(_sets, args[: n + 1]))]
    elif program in SHELLS and len(args) > 1 and LINE.fullmatch(args[0]):
        rest = _words_of_line(args[1])
    if rest is args or not rest:
        return command, args
    return (rest[0], rest[1:]) if len(rest) > 1 else (rest[0], [])


def _sets(arg: str) -> bool:
    return SETTING.fullmatch(arg) is not None


def _words_of_line(line: str) -> list[str]:
    """Return the words of a line that runs exactly one program; [] for any other line."""
    if re.search(r"[;&|<>`$()\n]", line):
        return []
    try:
        words = shlex.split(line)
    except ValueError:
        return []
    while words and (words[0] == "exec" or _sets(words[0])):
        words = words[1:]
    return words


def _package(program: str, package: str) -> str:
    """Return a package without its version, its options and secrets in its address."""
    address = ADDRESS.match(package)
    if address:
        return f"{address[1]}://{address[3].rstrip('/')}"
    if LAUNCHERS[program] == "docker":
        return re.sub(r":[\w.-]*$", "", package.split("@")[0])
    if package.startswith(("github:", "gitlab:")):
        return package.split("#")[0]
    package = re.sub(r"(?<=.)(?:@|==|\[).*", "", package)
    return package if "/" not in package or package[:1] == "@" else package.split("/")[-1]


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
