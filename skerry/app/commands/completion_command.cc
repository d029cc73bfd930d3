// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

#include "skerry/app/commands/commands.h"

namespace skerry::app {
namespace {

/// Options and sub-commands of one command, by their long names.
std::string words_of(const CLI::App& command) {
  std::string words;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) words += " --" + name;
    for (const std::string& name : option->get_snames()) words += " -" + name;
  }
  for (const CLI::App* each : command.get_subcommands(nullptr)) words += " " + each->get_name();
  return words;
}

// Both shells read one function: zsh through its bash emulation.
constexpr const char* kScript =
    "_skerry() {\n"
    "  local word=${COMP_WORDS[COMP_CWORD]} words typed=${COMP_WORDS[1]}\n"
    "  if [ \"$COMP_CWORD\" -gt 2 ]; then typed+=\" ${COMP_WORDS[2]}\"; fi\n"
    "  if [ \"$COMP_CWORD\" -gt 3 ]; then typed+=\" ${COMP_WORDS[3]}\"; fi\n"
    "  case \"$typed\" in\n"
    "%s"
    "    *) words='%s' ;;\n"
    "  esac\n"
    "  if [ \"$COMP_CWORD\" -le 1 ]; then words='%s'; fi\n"
    "  COMPREPLY=( $(compgen -W \"$words\" -- \"$word\") )\n"
    "  case \"$word\" in -*) ;; *) COMPREPLY+=( $(compgen -f -- \"$word\") ) ;; esac\n"
    "}\n"
    "complete -o filenames -F _skerry skerry\n";

/// What completes the words behind `typed`, and those of the commands in it, the longest first.
void add_cases(const std::string& typed, const CLI::App& command, std::string& cases) {
  for (const CLI::App* inner : command.get_subcommands(nullptr)) {
    add_cases(typed + " " + inner->get_name(), *inner, cases);
  }
  // A command that is another program knows its options alone: its help names them, and the names
  // of benches at its end.
  const std::string words =
      command.get_prefix_command()
          ? "$(\"${COMP_WORDS[0]}\" " + command.get_name() +
                " --help 2>/dev/null | grep -oE -e '--[a-z][a-z-]+' -e '^  [a-z][a-z-]+  ')"
          : "'" + words_of(command) + "'";
  cases += "    '" + typed + "'|'" + typed + " '*) words=" + words + " ;;\n";
}

void print_script(const CLI::App& program, const std::string& shell) {
  std::string cases;
  for (const CLI::App* command : program.get_subcommands(nullptr)) {
    add_cases(command->get_name(), *command, cases);
  }
  if (shell == "zsh") std::puts("autoload -U +X bashcompinit && bashcompinit");
  const std::string top = words_of(program);
  std::printf(kScript, cases.c_str(), top.c_str(), top.c_str());
}

}  // namespace

void add_completion_command(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print a shell's completion script");
  command->add_option("shell", *shell, "bash or zsh")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}))
      ->type_name("SHELL");
  command->footer("Example:\n  source <(skerry completion bash)\n");
  command->callback([&app, shell] { print_script(app, *shell); });
}

}  // namespace skerry::app
