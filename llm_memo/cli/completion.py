"""Scripts that make Tab complete commands, options and functions in a shell.

They are made of the command line's own tables. Only the names of functions are looked up when Tab is
pressed, by ``llm-memo functions``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple


class Command(NamedTuple):
    """What a script has to know of a command."""

    summary: str
    options: Mapping[str, str]
    """Its options and words, and what they do."""
    takes_functions: bool


Commands = Mapping[str, Command]


def bash(commands: Commands) -> str:
    """For bash."""
    cases = "\n".join(f"        {name}) options='{' '.join(each.options)}' ;;" for name, each in commands.items())
    taking = "|".join(name for name, each in commands.items() if each.takes_functions)
    return f"""\
_llm_memo() {{
    local word command= options= current="${{COMP_WORDS[COMP_CWORD]}}"
    for word in "${{COMP_WORDS[@]:1:$((COMP_CWORD - 1))}}"; do
        case "$word" in -*) ;; *) command="$word"; break ;; esac
    done
    case "$command" in
        '') options='{" ".join(commands)} --cache-dir --help --version' ;;
{cases}
    esac
    case "$command:$current" in
        *:-*) ;;
        {taking.replace("|", ":*|")}:*) options="$(llm-memo functions 2>/dev/null)" ;;
    esac
    COMPREPLY=($(compgen -W "$options" -- "$current"))
}}
complete -o default -F _llm_memo llm-memo
"""


def zsh(commands: Commands) -> str:
    """For zsh, which runs bash's."""
    return f"autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n{bash(commands)}"


def fish(commands: Commands) -> str:
    """For fish."""
    lines = ["complete -c llm-memo -f"]
    for name, command in commands.items():
        lines.append(f"complete -c llm-memo -n __fish_use_subcommand -a {name} -d {_quoted(command.summary)}")
        seen = f"complete -c llm-memo -n '__fish_seen_subcommand_from {name}'"
        for option, meaning in command.options.items():
            kind = "-l" if option.startswith("--") else "-s" if option.startswith("-") else "-a"
            lines.append(f"{seen} {kind} {option.lstrip('-')} -d {_quoted(meaning)}")
        if command.takes_functions:
            lines.append(f"{seen} -a '(llm-memo functions 2>/dev/null)'")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


SHELLS: dict[str, Callable[[Commands], str]] = {"bash": bash, "fish": fish, "zsh": zsh}
